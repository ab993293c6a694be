# SPDX-License-Identifier: EUPL-1.2
"""What a statement for investigators can carry (content/cases/statement.yaml), and nothing else.

Pure: from the values of a person's file and the words of the person to the data of a statement.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

import yaml

from mostovi.content import CONTENT

PROFILE = "statement"
RECEIVER = "investigators"
WORDS = ("account", "wishes", "non_punishment")
"""Fields that are written for the statement; all others are copied from the person's file."""
LONGEST = 8000


@cache
def _document() -> Mapping[str, Any]:
    path = CONTENT / "cases" / "statement.yaml"
    document: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def title(language: str) -> str:
    """What a statement is called."""
    return _in(_document()["title"], language)


def fields(language: str) -> list[tuple[str, str]]:
    """Every field with its words in `language`, in order."""
    return [(line["code"], _in(line["label"], language)) for line in _document()["fields"]]


def codes() -> list[str]:
    """Every field, in order."""
    return [line["code"] for line in _document()["fields"]]


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get(language.split("-", 1)[0]) or texts["en"]


def composed(
    file: Mapping[str, Any], written: Mapping[str, str], chosen: Collection[str]
) -> dict[str, Any]:
    """The `chosen` fields that have something to say.

    `file` holds `birth`, `sex`, `languages`, `name.<row>`, `contact.<row>`; `written` the person's
    own words by field. A contact goes only when the person said that it may be used.
    """
    offered: dict[str, Any] = {
        "names": [_name(row) for row in _rows(file, "name")],
        "birth": file.get("birth"),
        "sex": file.get("sex") if file.get("sex") not in {"unknown", "not_asked"} else None,
        "languages": file.get("languages"),
        "contact": next((dict(r) for r in _rows(file, "contact") if r.get("safe") == "yes"), None),
        **{field: written.get(field, "").strip() for field in WORDS},
    }
    return {
        code: offered[code]
        for code in codes()
        if code in chosen and offered[code] not in (None, "", [], {})
    }


def _name(row: Mapping[str, Any]) -> str:
    return " ".join(text for _, text in row["parts"])


def _rows(file: Mapping[str, Any], kind: str) -> Sequence[Mapping[str, Any]]:
    return [row for field, row in file.items() if field.startswith(f"{kind}.") and row]
