# SPDX-License-Identifier: EUPL-1.2
"""What tables say, in all languages: `content/statistics/tables/texts`, by the English sentence.

Tables go into files that are read anywhere, so their words are data of their own and do not depend
on the language of who asks. A sentence that is changed in English falls back to English until it is
translated anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from mostovi.content import CONTENT
from mostovi.statistics.tables import Text, in_language

FOLDER: Final = CONTENT / "statistics" / "tables" / "texts"
SOURCE: Final = "en"
UNREVIEWED: Final = "The translation of titles, labels and notes has not been reviewed."


@cache
def _files(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.yaml"))
    }


def languages(folder: Path = FOLDER) -> tuple[str, ...]:
    """All languages of tables, English first."""
    return (SOURCE, *_files(folder))


def reviewed(language: str, folder: Path = FOLDER) -> bool:
    """Whether a statistician has agreed the words of a language; those of English are the source's.

    >>> reviewed("en")
    True
    """
    main = language.split("-")[0]
    found = _files(folder).get(main)
    return main == SOURCE or (found is not None and found["review"]["status"] == "reviewed")


def in_all(english: str) -> Text:
    """A text in every language that has it.

    >>> in_all("Sea")["sr"]
    'Морска'
    """
    found = {language: file["texts"].get(english) for language, file in _files(FOLDER).items()}
    return {SOURCE: english, **{language: text for language, text in found.items() if text}}


def merged(value: str | Mapping[str, str]) -> Text:
    """A text of a file of tables: English alone or by language; what it lacks is filled in."""
    if isinstance(value, str):
        return in_all(value)
    return {**in_all(value[SOURCE]), **value}


def said(english: str, **gaps: object) -> Text:
    """A sentence with gaps in every language; a gap that is itself a text is put in its own.

    >>> said("%(label)s (code)", label=in_all("Sea"))["bs"]
    'Morska (šifra)'
    """
    return {
        language: pattern
        % {
            name: in_language(gap, language) if isinstance(gap, Mapping) else gap
            for name, gap in gaps.items()
        }
        for language, pattern in in_all(english).items()
    }
