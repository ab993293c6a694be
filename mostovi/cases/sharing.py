# SPDX-License-Identifier: EUPL-1.2
"""What a referral carries about a person: only the fields that were ticked (R3).

Pure: from the values of a person's file to the data of `mostovi.referral.request.v1`. A contact
goes only when the person said it may be used; what is unknown is left out or said to be unknown,
never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

SHAREABLE = (
    "subject", "names", "birth", "sex", "languages", "interpreter", "contact", "summary", "safety",
)  # fmt: skip
"""The personal fields a referral from this node can carry, in the order of its profile."""

_PART_KIND = {
    "given": "given", "family": "family", "patronymic": "father", "tribe": "clan",
}  # fmt: skip
_USE = {"own": "main", "document": "document"}
_HOW = {"phone": "call", "messaging": "message", "email": "message", "address": "visit"}
_PRECISION = {"day": "exact"}

FileValues = Mapping[str, Any]
"""Values of a person's file by field: `birth`, `sex`, `name.<row>`, `contact.<row>`, ..."""


def composed(
    values: FileValues,
    chosen: Collection[str],
    *,
    subject: str,
    summary: str,
    safety: str,
    romanise: Callable[[str], str],
) -> dict[str, Any]:
    """The personal part of a referral: the `chosen` fields that have something to say."""
    offered: dict[str, Any] = {
        "subject": subject,
        "names": names(values, romanise),
        "birth": birth(values.get("birth")),
        "sex": values.get("sex"),
        "languages": values.get("languages"),
        "interpreter": {"yes": True, "no": False}.get(str(values.get("interpreter"))),
        "contact": safe_contact(values),
        "summary": summary.strip(),
        "safety": safety.strip(),
    }
    return {
        field: offered[field]
        for field in SHAREABLE
        if field in chosen and offered[field] not in (None, "", [], {})
    }


def names(values: FileValues, romanise: Callable[[str], str]) -> list[dict[str, Any]]:
    """Every recorded name with its script; read in Latin letters where the person gave no such."""
    rows = _rows(values, "name")
    given_in_latin = any(row["script"] == "Latn" for row in rows)
    return [_name(row, None if given_in_latin else romanise) for row in rows]


def _name(row: Mapping[str, Any], romanise: Callable[[str], str] | None) -> dict[str, Any]:
    written = " ".join(text for _, text in row["parts"])
    name: dict[str, Any] = {
        "script": row["script"],
        "parts": [
            {"kind": _PART_KIND.get(kind, "other"), "text": text} for kind, text in row["parts"]
        ],
        "use": _USE.get(row.get("usage", "own"), "other"),
    }
    if romanise is not None and row["script"] != "Latn":
        name["transliteration"] = romanise(written)
    return name


def birth(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Birth with how exactly it is known; a doubted age is said to be one (R7)."""
    if not value:
        return None
    precision = value["precision"]
    shared: dict[str, Any] = {"precision": _PRECISION.get(precision, precision)}
    if precision != "unknown":
        parts = (value["year"], value.get("month"), value.get("day"))
        shared["date"] = "-".join(
            f"{part:0{width}d}" for part, width in zip(parts, (4, 2, 2), strict=True) if part
        )
    if value.get("doubted"):
        shared["doubtful_age"] = True
    return shared


def safe_contact(values: FileValues) -> dict[str, Any] | None:
    """The first contact that the person said may be used; no other is ever shared."""
    for row in _rows(values, "contact"):
        if row.get("safe") == "yes":
            notes = ". ".join(text for text in (row.get("answered_by"), row.get("note")) if text)
            contact = {
                "allowed": True,
                "how": _HOW[row["kind"]],
                "value": row["value"],
                "when": row.get("best_time"),
                "notes": notes[:500],
            }
            return {key: value for key, value in contact.items() if value}
    return None


def _rows(values: FileValues, kind: str) -> Sequence[Mapping[str, Any]]:
    return [row for field, row in values.items() if field.startswith(f"{kind}.") and row]
