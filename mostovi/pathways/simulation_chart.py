# SPDX-License-Identifier: EUPL-1.2
"""The chart of a simulation as SVG: for each group, who gains and who loses, as intervals.

From nobody to `least` is a full bar: so many for certain. From `least` to `most` is hatched: it
depends on what is not known. Every bar says its figures in words above it. Blue and orange are
told apart with any colour vision (Okabe and Ito, 2008), and the words and the hatching say the same
without colour. The same drawing stands on the page and in the PDF.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

WIDTH: Final = 360
_BETWEEN: Final = 36
_TEXT, _BAR, _GAP, _LABEL = 17, 11, 7, 21
_COLOURS: Final = {"gain": "#0072B2", "loss": "#D55E00"}
_FONTS: Final = (
    "Noto Sans Variable, Noto Sans Arabic Variable, Mostovi Latin, Mostovi Near, "
    "Mostovi Cyrillic, Mostovi Arabic, sans-serif"
)


@dataclass(frozen=True)
class Bar:
    """One interval; kind is gain or loss, words what stands above it."""

    kind: str
    least: float
    most: float
    words: str


@dataclass(frozen=True)
class Group:
    """A group with its bars."""

    label: str
    bars: tuple[Bar, ...]


def drawn(groups: Sequence[Group], says: str, *, mirrored: bool = False, columns: int = 1) -> str:
    """The SVG. says: what it shows, in words. mirrored: bars begin at the right.

    columns: how many stand side by side, on wide paper; all have one scale.
    """
    top = max((bar.most for group in groups for bar in group.bars), default=0) or 1
    size = max(1, math.ceil(len(groups) / columns))
    chunks = [groups[start : start + size] for start in range(0, len(groups), size)]
    body, height = "", 0
    for number, chunk in enumerate(chunks):
        drawing = _Drawing(top, mirrored)
        part = "".join(drawing.parts(chunk))
        place = len(chunks) - 1 - number if mirrored else number
        moved = f'<g transform="translate({place * (WIDTH + _BETWEEN)} 0)">{part}</g>'
        body, height = body + (moved if len(chunks) > 1 else part), max(height, drawing.y)
    width = len(chunks) * (WIDTH + _BETWEEN) - _BETWEEN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label={quoteattr(says)} class="simulation-chart" fill="currentColor" '
        f'font-family="{_FONTS}" font-size="13">{"".join(_patterns())}{body}</svg>'
    )


def _patterns() -> Iterator[str]:
    yield "<defs>"
    for kind, colour in _COLOURS.items():
        yield (
            f'<pattern id="hatch-{kind}" width="6" height="6" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)">'
            f'<rect width="2.4" height="6" fill="{colour}"/></pattern>'
        )
    yield "</defs>"


class _Drawing:
    def __init__(self, top: float, mirrored: bool) -> None:
        self.top, self.mirrored, self.y = top, mirrored, 0

    def parts(self, groups: Iterable[Group]) -> Iterator[str]:
        for number, group in enumerate(groups):
            self.y += 12 if number else 0
            yield self.text(group.label, bold=True, height=_LABEL)
            for bar in group.bars:
                yield self.text(bar.words, bold=False, height=_TEXT)
                yield from self.bar(bar)
        self.y += 4

    def text(self, words: str, *, bold: bool, height: int) -> str:
        self.y += height
        weight = ' font-weight="700"' if bold else ""
        place = f'x="{WIDTH}" text-anchor="end"' if self.mirrored else 'x="0" text-anchor="start"'
        # The anchor is that of a left-to-right line; the words keep their own order inside.
        base = ' direction="ltr"' if self.mirrored else ""
        marked = f"\u200f{words}\u200f" if self.mirrored else words
        return f'<text {place} y="{self.y - 5}"{weight}{base}>{escape(marked)}</text>'

    def bar(self, bar: Bar) -> Iterator[str]:
        if not bar.most:
            return
        colour = _COLOURS[bar.kind]
        least, most = self.length(bar.least), self.length(bar.most)
        y, self.y = self.y, self.y + _BAR + _GAP
        yield self.rect(0, WIDTH, y + _BAR, 0.75, 'fill="currentColor" opacity="0.35"')
        yield self.rect(0, least, y, _BAR, f'fill="{colour}"')
        if most > least:
            yield self.rect(
                least, most, y + 0.75, _BAR - 1.5,
                f'fill="url(#hatch-{bar.kind})" stroke="{colour}" stroke-width="1.5"',
            )  # fmt: skip

    def length(self, people: float) -> float:
        """At least a line for somebody."""
        return max(2.0, people / self.top * (WIDTH - 1)) if people else 0.0

    def rect(self, start: float, end: float, y: float, height: float, how: str) -> str:
        if end <= start:
            return ""
        x = WIDTH - end if self.mirrored else start
        return f'<rect x="{x:.1f}" y="{y}" width="{end - start:.1f}" height="{height}" {how}/>'
