# SPDX-License-Identifier: EUPL-1.2
"""Charts drawn as SVG, the same on a page and on paper: numbers come in, text goes out.

Every chart has a title and a description in words; its table is the page's job, below it. Colour is
never alone: lines differ in dashes and ends too, and are labelled where they end. The colours keep
three to one against white and against the dark ground, and part for eyes that do not see red or
green (after M. Okabe and K. Ito, Color Universal Design, 2008). Text and axes take the colour of
the page (`currentColor`), so a chart is dark on light and light on dark. Nothing needs a style
sheet or a script. `mirrored` turns the chart for languages written from right to left; figures
stay as they are.

A value that is None is not drawn and not joined over: not known, or hidden, is never zero (R6).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from xml.sax.saxutils import escape, quoteattr

Number = float | None
Written = Callable[[float], str]


class Drawn(Protocol):
    """A chart that can be drawn at any width."""

    def __call__(self, *, width: int) -> str:
        """The drawing as SVG."""


COLOURS: Final = ("#2f7fc1", "#d55e00", "#0a9270", "#b0629a", "#94780f", "#7a7f87")
DASHES: Final = ("", "7 3", "2 3", "9 3 2 3", "4 4", "1 2")
WIDTH: Final = 480
NARROW: Final = 328
"""The column of a phone 360 pixels wide: letters of a chart so wide keep their size there."""
_SIZE: Final = 13
_LINE: Final = 17
_MOST_BESIDE: Final = 0.34
"""Of the width, for labels at the ends of lines; longer ones stand below."""
_LETTER: Final = 0.58
"""A letter's width as a part of its size, on the wide side."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line over the places of the axis; low and high, where given, are its interval.

    kind: what is observed is drawn full, a forecast dashed, a reference thin and grey.
    """

    label: str
    values: Sequence[Number]
    low: Sequence[Number] = ()
    high: Sequence[Number] = ()
    kind: Literal["observed", "forecast", "reference"] = "observed"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the axis where something happened: an alert, a change, a new definition."""

    at: int
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar or a dot with its label. instead: what stands there when the value is None."""

    label: str
    value: Number
    low: Number = None
    high: Number = None
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One of several small charts on the same scale."""

    title: str
    series: Sequence[Line]
    marks: Sequence[Mark] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """A place on a route: how far along it (any unit), and its count in each period."""

    label: str
    along: float
    counts: Sequence[Number]


@dataclass(frozen=True, slots=True)
class Passage:
    """A flow from one stop and period to another; weight 0 to 1, thick or thin."""

    from_stop: int
    from_period: int
    to_stop: int
    to_period: int
    weight: float
    title: str = ""


def plain(value: float) -> str:
    """A number with thin spaces between thousands, and a decimal where it is small.

    >>> plain(1234567), plain(0.25)
    ('1\\u202f234\\u202f567', '0.25')
    """
    if value == round(value) or abs(value) >= 100:
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:.2g}"


def ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round values that cover low to high: steps of 1, 2 or 5 times a power of ten.

    >>> ticks(0, 87)
    [0.0, 50.0, 100.0]
    """
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-3):
        high = low + max(1.0, abs(low) * 1e-6)
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((s * power for s in (1, 2, 5) if s * power >= rough * 0.999), 10 * power)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{step * place:.12g}") for place in range(first, max(last, first + 1) + 1)]


@dataclass(frozen=True, slots=True)
class _Field:
    """Where numbers lie on the drawing."""

    left: float
    top: float
    width: float
    height: float
    low: float
    high: float
    places: int
    mirrored: bool = False

    def x(self, place: float) -> float:
        part = place / (self.places - 1) if self.places > 1 else 0.5
        return self.left + self.width * ((1 - part) if self.mirrored else part)

    def y(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return self.top + self.height * (1 - part)


def lines(
    *,
    title: str,
    description: str,
    places: Sequence[str],
    series: Sequence[Line],
    marks: Sequence[Mark] = (),
    unit: str = "",
    number: Written = plain,
    zero: bool = True,
    mirrored: bool = False,
    width: int = WIDTH,
    height: int = 260,
) -> str:
    """Lines over ordered places (months, years), with interval bands and marked places.

    zero: the scale begins at zero. Labels that would take the room of the lines stand below.
    Raises `ValueError` when a line is longer than the axis.
    """
    scale = _scale(series, places, zero)
    beside = max((_wide(line.label) for line in series), default=0) + 14
    below = beside > width * _MOST_BESIDE
    beside = 14 if below else beside
    axis = max(_wide(number(value)) for value in scale) + 8
    left, right = (beside, axis) if mirrored else (axis, beside)
    above = _LINE * (bool(unit) + bool(marks)) + 6
    field = _Field(
        left, above, max(width - left - right, 80), height - above - 28,
        scale[0], scale[-1], len(places), mirrored,
    )  # fmt: skip
    drawn = [_rules(field, scale, number), _along(field, places, edges=(0, width))]
    drawn += [_mark(field, mark) for mark in marks]
    drawn += [_band(field, line, _colour(line, at)) for at, line in enumerate(series)]
    drawn += [_stroke(field, line, at) for at, line in enumerate(series)]
    if below:
        key, height = _key(series, width, height, mirrored)
        drawn.append(key)
    else:
        drawn.append(_ends(field, series))
    if unit:
        drawn.append(_text(width if mirrored else 0, 12, unit, "end" if mirrored else "start"))
    return _svg(width, height, "".join(drawn), title, description)


def multiples(
    *,
    title: str,
    description: str,
    places: Sequence[str],
    panels: Sequence[Panel],
    columns: int = 2,
    number: Written = plain,
    mirrored: bool = False,
    width: int = WIDTH,
    panel_height: int = 120,
) -> str:
    """Several small charts of lines on one scale, so that they can be compared."""
    scale = _scale([line for panel in panels for line in panel.series], places, True)
    scale = [scale[0], scale[-1]] if len(scale) > 5 else scale
    # Bold letters are wider; a title that does not fit would run into its neighbour.
    broadest = max((_wide(panel.title) * 1.1 + 12 for panel in panels), default=0)
    columns = max(1, min(columns, int(width // max(broadest, 1))))
    axis = max(_wide(number(value)) for value in scale) + 8
    wide = width / columns
    drawn = []
    for index, panel in enumerate(panels):
        row, column = divmod(index, columns)
        left, top = (columns - 1 - column if mirrored else column) * wide, row * panel_height
        field = _Field(
            left + (10 if mirrored else axis), top + 24, wide - axis - 18, panel_height - 50,
            scale[0], scale[-1], len(places), mirrored,
        )  # fmt: skip
        side = left + wide - 8 if mirrored else left
        drawn.append(_text(side, top + 13, panel.title, "end" if mirrored else "start", bold=True))
        ends = (left, left + wide)
        drawn += [_rules(field, scale, number), _along(field, places, 2, edges=ends)]
        drawn += [_mark(field, Mark(mark.at, "")) for mark in panel.marks]
        drawn += [_band(field, line, _colour(line, at)) for at, line in enumerate(panel.series)]
        drawn += [_stroke(field, line, at) for at, line in enumerate(panel.series)]
    rows = math.ceil(len(panels) / columns) if panels else 1
    return _svg(width, rows * panel_height, "".join(drawn), title, description)


def bars(
    *,
    title: str,
    description: str,
    rows: Sequence[Bar],
    number: Written = plain,
    mirrored: bool = False,
    width: int = WIDTH,
    colour: int = 0,
) -> str:
    """Lying bars from zero with their values written; an interval is a line over the end."""
    return _rows(title, description, rows, number, mirrored, width, COLOURS[colour], True)


def dots(
    *,
    title: str,
    description: str,
    rows: Sequence[Bar],
    number: Written = plain,
    mirrored: bool = False,
    width: int = WIDTH,
    colour: int = 0,
) -> str:
    """Dots with their intervals; the scale is the values' own and need not begin at zero."""
    return _rows(title, description, rows, number, mirrored, width, COLOURS[colour], False)


def space_time(
    *,
    title: str,
    description: str,
    periods: Sequence[str],
    stops: Sequence[Stop],
    passages: Sequence[Passage] = (),
    hidden: str = "",
    number: Written = plain,
    mirrored: bool = False,
    width: int = WIDTH,
) -> str:
    """Where along a route and when: a circle's area is the count, a cross a count that is hidden.

    Stops lie as far apart as they are along the route, but never closer than a line of text.
    hidden: the words under the chart that explain the cross.
    """
    beside = min(max((_wide(stop.label) for stop in stops), default=0) + 12, width * 0.45)
    least, most = 30.0, max((c or 0 for stop in stops for c in stop.counts), default=0) or 1
    ys = _spread([stop.along for stop in stops], 34 * max(len(stops) - 1, 1), least)
    bottom = (ys[-1] if ys else 0) + 20
    field = _Field(
        20 if mirrored else beside + 12, 20, width - beside - 34, bottom, 0, 1,
        len(periods), mirrored,
    )  # fmt: skip
    step = field.width / max(len(periods) - 1, 1)
    largest = min(13.0, max(step * 0.48, 3.0))
    drawn = [_passage(field, ys, one) for one in passages]
    for stop, y in zip(stops, ys, strict=True):
        drawn.append(_stop(field, stop, y + 20, largest, most, number, width, periods))
    drawn.append(_along(field, periods))
    below = 20 + bottom + 30
    if hidden:
        drawn.append(
            _cross(width - 8 if mirrored else 8, below)
            + _text(width - 20 if mirrored else 20, below + 4, hidden, _start(mirrored))
        )
        below += 14
    return _svg(width, round(below), "".join(drawn), title, description)


def screens(draw: Drawn, width: int = WIDTH) -> str:
    """A chart for a page, drawn for wide and for narrow screens; the style sheet shows one of them.

    A chart that shrinks takes its letters with it: at 360 pixels they would be too small to read.
    `draw` is a chart with everything given but its width.
    """
    wide = draw(width=width).replace('class="chart"', 'class="chart chart-wide"', 1)
    narrow = draw(width=NARROW).replace('class="chart"', 'class="chart chart-narrow"', 1)
    return wide + narrow


def standalone(svg: str, *, foot: str = "", mirrored: bool = False) -> str:
    """A chart as a file of its own: dark on white, title above, `foot` (the source) below."""
    head, inner = svg.split(">", 1)
    width, height = (int(head.split(f'{name}="')[1].split('"')[0]) for name in ("width", "height"))
    title = inner.split("<title>", 1)[1].split("</title>", 1)[0]
    above = _wrapped(title, width - 16, 15)
    below = _wrapped(escape(foot), width - 16, 11) if foot else []
    top, full = 14 + 20 * len(above), height + 28 + 20 * len(above) + 15 * len(below)
    x = width - 8 if mirrored else 8
    anchor = _start(mirrored)
    words = "".join(
        f'<text x="{x}" y="{24 + 20 * at}" text-anchor="{anchor}" font-size="15" '
        f'font-weight="bold">{line}</text>'
        for at, line in enumerate(above)
    ) + "".join(
        f'<text x="{x}" y="{top + height + 16 + 15 * at}" text-anchor="{anchor}" '
        f'font-size="11">{line}</text>'
        for at, line in enumerate(below)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{full}" '
        f'viewBox="0 0 {width} {full}" color="#14202a" fill="#14202a" direction="ltr" '
        f'font-family="Noto Sans, Noto Sans Arabic, sans-serif">'
        f'<rect width="{width}" height="{full}" fill="#ffffff"/>{words}'
        f'<g transform="translate(0 {top})">{svg}</g></svg>'
    )


def _svg(width: int, height: int, inner: str, title: str, description: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label={quoteattr(title)} '
        f'fill="currentColor" direction="ltr" font-size="{_SIZE}" '
        f'font-family="Noto Sans, Noto Sans Arabic, sans-serif">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{inner}</svg>"
    )


def _start(mirrored: bool) -> str:
    return "end" if mirrored else "start"


def _wide(text: str, size: float = _SIZE) -> float:
    return len(text) * size * _LETTER


def _wrapped(text: str, width: float, size: float) -> list[str]:
    """The text in lines that fit."""
    found: list[str] = []
    for word in text.split():
        if found and _wide(f"{found[-1]} {word}", size) <= width:
            found[-1] = f"{found[-1]} {word}"
        else:
            found.append(word)
    return found


def _text(x: float, y: float, text: str, anchor: str = "start", *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>{_isolated(text)}</text>'


def _isolated(text: str) -> str:
    """Right-to-left text keeps its own order of words and brackets inside the drawing."""
    if any("\u0590" <= letter <= "\u08ff" for letter in text):
        return f"\u2067{escape(text)}\u2069"
    return escape(text)


def _scale(series: Sequence[Line], places: Sequence[str], zero: bool) -> list[float]:
    for line in series:
        if max(len(line.values), len(line.low), len(line.high)) > len(places):
            raise ValueError(f"the line {line.label!r} is longer than the axis")
    known = [
        value
        for line in series
        for part in (line.values, line.low, line.high)
        for value in part
        if value is not None and math.isfinite(value)
    ]
    low, high = min(known, default=0.0), max(known, default=1.0)
    return ticks(min(low, 0.0) if zero else low, max(high, 0.0) if zero else high)


def _rules(field: _Field, scale: Sequence[float], number: Written) -> str:
    left, right = field.left, field.left + field.width
    drawn = []
    for value in scale:
        y = field.y(value)
        strong = value == 0
        drawn.append(
            f'<path d="M{left:.1f} {y:.1f}H{right:.1f}" stroke="currentColor" '
            f'stroke-opacity="{0.6 if strong else 0.16}"/>'
        )
        x, anchor = (right + 6, "start") if field.mirrored else (left - 6, "end")
        drawn.append(_text(x, y + 4, number(value), anchor))
    return "".join(drawn)


def _along(
    field: _Field, places: Sequence[str], most: int = 0, *, edges: tuple[float, float] | None = None
) -> str:
    """Labels of the axis, as many as fit; the first is always there, and none beyond the edges."""
    if not places:
        return ""
    widest = max(_wide(place) for place in places) + 10
    room = max(1, int(field.width // widest))
    step = max(1, math.ceil(len(places) / (min(room, most) if most else room)))
    y = field.top + field.height
    drawn, before = [], None
    for at in range(0, len(places), step):
        x = field.x(at)
        drawn.append(f'<path d="M{x:.1f} {y:.1f}v4" stroke="currentColor" stroke-opacity=".6"/>')
        if edges is not None:
            half = _wide(places[at]) / 2
            x = max(edges[0] + half, min(x, edges[1] - half))
        if before is None or abs(x - before) > widest - 8:
            drawn.append(_text(x, y + 18, places[at], "middle"))
            before = x
    return "".join(drawn)


def _mark(field: _Field, mark: Mark) -> str:
    x = field.x(mark.at)
    near_end = x > field.left + field.width / 2
    label = _text(
        x + (4 if near_end else -4), field.top - 6, mark.label, "end" if near_end else "start"
    )
    return (
        f'<g><title>{escape(mark.label)}</title><path d="M{x:.1f} {field.top - 3:.1f}V'
        f'{field.top + field.height:.1f}" stroke="currentColor" stroke-dasharray="3 3" '
        f'stroke-opacity=".8"/>{label if mark.label else ""}</g>'
    )


def _colour(line: Line, at: int) -> str:
    return COLOURS[-1] if line.kind == "reference" else COLOURS[at % len(COLOURS)]


def _runs(*columns: Sequence[Number]) -> list[list[int]]:
    """Places that follow each other where every column has a value."""
    runs: list[list[int]] = []
    for at in range(min(len(column) for column in columns)):
        if any(column[at] is None for column in columns):
            continue
        if runs and runs[-1][-1] == at - 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _band(field: _Field, line: Line, colour: str) -> str:
    if not line.low or not line.high:
        return ""
    drawn = []
    for run in _runs(line.low, line.high):
        upper = [f"{field.x(at):.1f} {field.y(line.high[at] or 0):.1f}" for at in run]
        lower = [f"{field.x(at):.1f} {field.y(line.low[at] or 0):.1f}" for at in reversed(run)]
        drawn.append(
            f'<path d="M{"L".join(upper + lower)}Z" fill="{colour}" fill-opacity=".22" '
            f'stroke="{colour}" stroke-opacity=".4" stroke-width=".7"/>'
        )
    return "".join(drawn)


def _stroke(field: _Field, line: Line, at: int) -> str:
    colour = _colour(line, at)
    dash = "5 4" if line.kind == "forecast" else DASHES[at % len(DASHES)]
    drawn = []
    for run in _runs(line.values):
        points = [f"{field.x(place):.1f} {field.y(line.values[place] or 0):.1f}" for place in run]
        if len(points) == 1:
            x, y = points[0].split()
            drawn.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>')
            continue
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        drawn.append(
            f'<path d="M{"L".join(points)}" fill="none" stroke="{colour}" stroke-linejoin="round" '
            f'stroke-width="{1.2 if line.kind == "reference" else 2}"{dashed}/>'
        )
    return f"<g><title>{escape(line.label)}</title>{''.join(drawn)}</g>"


def _key(series: Sequence[Line], width: int, height: int, mirrored: bool) -> tuple[str, int]:
    """Labels of lines below the chart, each after a piece of its line; and the height with them."""
    drawn, along, y = [], 0.0, height + 8.0
    for at, line in enumerate(series):
        if not line.label:
            continue
        needed = 34 + _wide(line.label) + 12
        if along and along + needed > width + 12:
            along, y = 0.0, y + _LINE + 3
        start, away = (width - along, -1) if mirrored else (along, 1)
        dash = "5 4" if line.kind == "forecast" else DASHES[at % len(DASHES)]
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        drawn.append(
            f'<path d="M{start:.1f} {y - 4:.1f}h{away * 28}" stroke="{_colour(line, at)}" '
            f'stroke-width="{1.2 if line.kind == "reference" else 2}"{dashed}/>'
        )
        drawn.append(_text(start + away * 34, y, line.label, _start(mirrored)))
        along += needed
    return "".join(drawn), round(y + 8) if drawn else height


def _ends(field: _Field, series: Sequence[Line]) -> str:
    """Labels where the lines end, moved apart where they would touch."""
    ends = []
    for at, line in enumerate(series):
        known = [place for place, value in enumerate(line.values) if value is not None]
        if known and line.label:
            ends.append((field.y(line.values[known[-1]] or 0), at, line, known[-1]))
    ends.sort(key=lambda end: end[0])
    spread = _spread([end[0] for end in ends], None, _LINE)
    over = (spread[-1] if spread else 0) - (field.top + field.height)
    edge = field.left if field.mirrored else field.left + field.width
    drawn = []
    for (y, at, line, last), place in zip(ends, spread, strict=True):
        there = place - max(over, 0)
        away = -1 if field.mirrored else 1
        if last == field.places - 1:
            drawn.append(
                f'<path d="M{field.x(last):.1f} {y:.1f}L{edge + away * 8:.1f} {there:.1f}" '
                f'stroke="{_colour(line, at)}" stroke-opacity=".6"/>'
            )
        else:
            # A line that ends early is not drawn on to its label: that would look like values.
            drawn.append(
                f'<circle cx="{field.x(last):.1f}" cy="{y:.1f}" r="3.5" fill="none" '
                f'stroke="{_colour(line, at)}" stroke-width="1.6"/>'
            )
        drawn.append(
            f'<circle cx="{edge + away * 8:.1f}" cy="{there:.1f}" r="3" '
            f'fill="{_colour(line, at)}"/>'
        )
        drawn.append(_text(edge + away * 14, there + 4, line.label, _start(field.mirrored)))
    return "".join(drawn)


def _spread(values: Sequence[float], length: float | None, least: float) -> list[float]:
    """Positions in order, at least `least` apart; scaled to `length` where one is given."""
    if not values:
        return []
    if length is not None:
        first, span = values[0], (values[-1] - values[0]) or 1
        values = [(value - first) / span * length for value in values]
    placed = [values[0]]
    for value in values[1:]:
        placed.append(max(value, placed[-1] + least))
    return placed


def _rows(
    title: str, description: str, rows: Sequence[Bar], number: Written, mirrored: bool, width: int,
    colour: str, filled: bool,
) -> str:  # fmt: skip
    known = [
        value
        for row in rows
        for value in (row.value, row.low, row.high)
        if value is not None and math.isfinite(value)
    ]
    low, high = min(known, default=0.0), max(known, default=1.0)
    scale = [min(low, 0.0), max(high, 0.0) or 1.0] if filled else ticks(low, high)
    beside = min(max((_wide(row.label) for row in rows), default=0) + 10, width * 0.5)
    written = max(
        (_wide(row.instead if row.value is None else number(row.value)) for row in rows), default=0
    )
    span = max(width - beside - written - 16, 60)

    def x(value: float) -> float:
        along = beside + (value - scale[0]) / (scale[-1] - scale[0]) * span
        return width - along if mirrored else along

    y, drawn = 6.0, []
    for row in rows:
        label = _wrapped(row.label, beside, _SIZE) or [""]
        for at, part in enumerate(label):
            drawn.append(_text(width if mirrored else 0, y + 13 + at * 15, part, _start(mirrored)))
        drawn.append(_row(row, x, y, number, mirrored, colour, filled, scale[0]))
        y += 15 * len(label) + 9
    top, bottom = 2, y
    zero = x(0.0) if filled else x(scale[0])
    drawn.append(f'<path d="M{zero:.1f} {top}V{bottom:.1f}" stroke="currentColor" '
                 'stroke-opacity=".6"/>')  # fmt: skip
    if not filled:
        drawn += [_text(x(v), bottom + 15, number(v), "middle") for v in (scale[0], scale[-1])]
        bottom += 20
    return _svg(width, round(bottom + 4), "".join(drawn), title, description)


def _row(
    row: Bar, x: Callable[[float], float], y: float, number: Written, mirrored: bool, colour: str,
    filled: bool, base: float,
) -> str:  # fmt: skip
    away = -1 if mirrored else 1
    if row.value is None:
        return _text(x(0.0 if filled else base) + away * 6, y + 13, row.instead, _start(mirrored))
    end = x(row.value)
    furthest = end
    drawn = ""
    if filled:
        zero = x(0.0)
        drawn += (
            f'<rect x="{min(zero, end):.1f}" y="{y + 1:.1f}" width="{abs(end - zero):.1f}" '
            f'height="15" fill="{colour}"/>'
        )
        if (row.value < 0) != mirrored:
            furthest = max(zero, end) if not mirrored else min(zero, end)
    if row.low is not None and row.high is not None:
        low, high = x(row.low), x(row.high)
        furthest = min(low, high, furthest) if mirrored else max(low, high, furthest)
        drawn += (
            f'<path d="M{low:.1f} {y + 8.5:.1f}H{high:.1f}M{low:.1f} {y + 4:.1f}v9M{high:.1f} '
            f'{y + 4:.1f}v9" stroke="currentColor" stroke-width="1.6" fill="none"/>'
        )
    if not filled:
        drawn += f'<circle cx="{end:.1f}" cy="{y + 8.5:.1f}" r="5" fill="{colour}"/>'
    return drawn + _text(furthest + away * 8, y + 13, number(row.value), _start(mirrored))


def _stop(
    field: _Field, stop: Stop, y: float, largest: float, most: float, number: Written, width: int,
    periods: Sequence[str],
) -> str:  # fmt: skip
    left, right = field.left, field.left + field.width
    drawn = [
        _text(width if field.mirrored else 0, y + 4, stop.label, _start(field.mirrored)),
        f'<path d="M{left:.1f} {y:.1f}H{right:.1f}" stroke="currentColor" stroke-opacity=".16"/>',
    ]
    for at, count in enumerate(stop.counts[: len(periods)]):
        if count is None:
            drawn.append(_cross(field.x(at), y))
        elif count > 0:
            radius = max(1.2, largest * math.sqrt(count / most))
            drawn.append(
                f'<circle cx="{field.x(at):.1f}" cy="{y:.1f}" r="{radius:.1f}" '
                f'fill="{COLOURS[0]}" fill-opacity=".85"><title>'
                f"{escape(f'{stop.label}, {periods[at]}: {number(count)}')}</title></circle>"
            )
    return "".join(drawn)


def _cross(x: float, y: float) -> str:
    return (
        f'<path d="M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6" stroke="currentColor" '
        'stroke-opacity=".7" fill="none"/>'
    )


def _passage(field: _Field, ys: Sequence[float], one: Passage) -> str:
    width = 0.8 + 6 * math.sqrt(max(0.0, min(1.0, one.weight)))
    return (
        f'<path d="M{field.x(one.from_period):.1f} {ys[one.from_stop] + 20:.1f}L'
        f'{field.x(one.to_period):.1f} {ys[one.to_stop] + 20:.1f}" stroke="{COLOURS[1]}" '
        f'stroke-opacity=".45" stroke-width="{width:.1f}"><title>{escape(one.title)}</title></path>'
    )
