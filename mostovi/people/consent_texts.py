# SPDX-License-Identifier: EUPL-1.2
"""Texts of consent by language, and the legal duties an override can name; data in content/consent.

A text is plain language with four gaps: who receives, what for, what, until when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from mostovi.content import CONTENT

FOLDER = CONTENT / "consent"
FALLBACK = "en"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "prs", "ur", "ps", "ckb"})


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One text in one language."""

    code: str
    language: str
    name: str
    version: str
    source: str
    reviewed: bool
    title: str
    paragraphs: tuple[str, ...]
    rights_title: str
    rights: tuple[str, ...]
    question: str
    labels: Mapping[str, str]

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"

    def filled(self, *, receiver: str, purpose: str, until: str) -> tuple[str, ...]:
        """The paragraphs with their gaps filled; the list of things is printed apart."""
        gaps = {"receiver": receiver, "purpose": purpose, "until": until}
        return tuple(paragraph.format(**gaps) for paragraph in self.paragraphs)

    def purpose_words(self, purpose: str) -> str:
        """The purpose in the text's language."""
        return self.labels.get(f"purpose_{purpose}", purpose)


@dataclass(frozen=True, slots=True)
class LegalDuty:
    """A legal ground on which data may go without consent, and the purposes it holds for."""

    code: str
    title: str
    citation: str
    purposes: frozenset[str]
    caveat: str
    reviewed: bool


@cache
def _documents() -> Mapping[str, Mapping[str, Any]]:
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.glob("*.yaml"))
        if path.stem != "duties"
    }


def languages() -> dict[str, str]:
    """Languages a consent text exists in, with their own names."""
    return {code: document["name"] for code, document in _documents().items()}


def text(code: str, language: str) -> ConsentText:
    """The text in `language`, or in English where it is missing. Raises KeyError for the code."""
    base = language.split("-", 1)[0]
    known = _documents()
    base = {"hr": "bs", "cnr": "bs", "sh": "bs", "prs": "fa"}.get(base, base)
    document = known.get(base, known[FALLBACK])
    words = document["texts"][code]
    return ConsentText(
        code=code,
        language=document["language"],
        name=document["name"],
        version=str(document["version"]),
        source=document["source"],
        reviewed=document["review"]["status"] == "reviewed",
        title=words["title"],
        paragraphs=tuple(words["paragraphs"]),
        rights_title=words["rights_title"],
        rights=tuple(words["rights"]),
        question=words["question"],
        labels=document["labels"],
    )


@cache
def duties() -> Mapping[str, LegalDuty]:
    """Legal duties by code."""
    document = yaml.safe_load((FOLDER / "duties.yaml").read_text(encoding="utf-8"))
    reviewed = document["review"]["status"] == "reviewed"
    return {
        line["code"]: LegalDuty(
            line["code"],
            line["title"],
            line["citation"],
            frozenset(line["purposes"]),
            line.get("caveat", ""),
            reviewed,
        )
        for line in document["duties"]
    }
