# SPDX-License-Identifier: EUPL-1.2
"""What a document is made of. Every text is plain: nothing in it is read as markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

RIGHT_TO_LEFT = frozenset({"ar", "ckb", "fa", "ps", "ur"})
"""Languages whose documents are mirrored."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 stands under the document's title."""

    text: str
    level: Literal[1, 2, 3] = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph. tone: plain, a quiet note (source, caveat), or a warning in a frame."""

    text: str
    tone: Literal["plain", "note", "warning"] = "plain"


@dataclass(frozen=True, slots=True)
class Lines:
    """A list, one line each."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption, a head and rows of as many cells.

    figures: columns, counted from 0, whose cells are numbers and stand at the end of the line.
    Raises `ValueError` when a row is not as long as the head.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: frozenset[int] = frozenset()
    note: str = ""

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.head):
                raise ValueError(f"row {number} of {self.caption!r} has {len(row)} cells")


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG drawing; `says` tells in words what it shows, for those who cannot see it."""

    svg: str
    says: str
    caption: str = ""
    width: int = 100  # per cent of the column


Part = Heading | Paragraph | Lines | Table | Drawing


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document. foot: a short line on every page (source, date, that it is synthetic)."""

    title: str
    language: str
    parts: Sequence[Part]
    foot: str = ""
    author: str = ""
    wide: bool = False

    @property
    def mirrored(self) -> bool:
        """Whether it is read from right to left."""
        return self.language.split("-")[0] in RIGHT_TO_LEFT
