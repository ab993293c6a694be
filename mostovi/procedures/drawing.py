# SPDX-License-Identifier: EUPL-1.2
"""A procedure drawn as SVG by the server: one line down the page, like a line of stations.

The usual path runs straight down; states off it hang beside the state they leave. Each state says
in words where else it can lead. What is done, where one is and what is ahead differ in shape and
words, not by colour alone. Readable from 360 px; mirrored for scripts from right to left. The same
content as a list of `Step` is the text alternative. Pure: words come in, nothing is read.
"""

from __future__ import annotations

import enum
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from mostovi.procedures.definition import Procedure, State, StateKind, Words, words
from mostovi.procedures.state import Visit

WIDTH = 340
SPINE_X = 22
BRANCH_X = 52
TEXT_GAP = 22
LABEL_LINE, CAPTION_LINE, PADDING = 18, 15, 14
LABEL_PX, CAPTION_PX = 7.9, 6.75
"""Mean width of a character of the label and the caption, for breaking lines."""


class Standing(enum.StrEnum):
    """How a state relates to where the procedure stands."""

    DONE = "done"
    CURRENT = "current"
    AHEAD = "ahead"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class DrawingWords:
    """The words of a drawing that are not in the procedure file, in the reader's language."""

    here: str = "Now here"
    done: str = "Done"
    ahead: str = "Still to come"
    elsewhere: str = "Only if needed"
    or_else: str = "or"
    current_is: str = "Now at: {state}"
    path_is: str = "Usual path: {states}"


@dataclass(frozen=True)
class Exit:
    """One way on from a state: what is done, by which side, and where it leads."""

    verb: Words
    side: Words
    to: Words


@dataclass(frozen=True)
class Step:
    """One state of the text alternative."""

    code: str
    label: Words
    meaning: Words
    standing: Standing
    standing_words: str
    entered: datetime | None
    exits: tuple[Exit, ...]


@dataclass(frozen=True)
class Drawing:
    """The picture and the same in words."""

    svg: str
    steps: tuple[Step, ...]
    title: Words


@dataclass(frozen=True)
class _Row:
    """One drawn state: its lines of text and its place."""

    state: State
    branch: bool
    standing: Standing
    label: tuple[str, ...]
    caption: tuple[str, ...]
    top: int

    @property
    def x(self) -> int:
        return BRANCH_X if self.branch else SPINE_X

    @property
    def y(self) -> int:
        """The height of the middle of the station."""
        return self.top + PADDING // 2 + LABEL_LINE // 2

    @property
    def height(self) -> int:
        text = len(self.label) * LABEL_LINE + len(self.caption) * CAPTION_LINE
        return text + PADDING


def draw(
    procedure: Procedure,
    *,
    language: str = "en",
    right_to_left: bool = False,
    held: Sequence[Visit] = (),
    say: DrawingWords | None = None,
    ident: str = "procedure",
) -> Drawing:
    """The drawing of `procedure`; with `held` (states held so far) the current one is lit.

    ident makes ids unique when one page shows several drawings.
    """
    say = say or DrawingWords()
    current = held[-1].state if held else None
    rows = _rows(procedure, language, held, say, "←" if right_to_left else "→")
    title = words(procedure.title, language)
    svg = _svg(rows, title, _description(procedure, language, current, say), ident, right_to_left)
    steps = tuple(_step(procedure, row, language, held, say) for row in rows)
    return Drawing(svg, steps, title)


def order(procedure: Procedure) -> list[tuple[str, bool]]:
    """Every state once, and whether it hangs beside the usual path; other ends come last."""
    path = procedure.usual_path()
    placed: dict[str, bool] = dict.fromkeys(path, False)
    lines: list[tuple[str, bool]] = []
    for spine in path:
        lines.append((spine, False))
        waiting = [spine]
        while waiting:
            for step in procedure.leaving(waiting.pop(0)):
                off_path = step.to not in placed
                if off_path and procedure.states[step.to].kind is not StateKind.END:
                    placed[step.to] = True
                    lines.append((step.to, True))
                    waiting.append(step.to)
    return lines + [(code, True) for code in procedure.states if code not in placed]


def _rows(
    procedure: Procedure, language: str, held: Sequence[Visit], say: DrawingWords, arrow: str
) -> list[_Row]:
    path = procedure.usual_path()
    rows: list[_Row] = []
    top = 8
    for code, branch in order(procedure):
        state = procedure.states[code]
        standing = _standing(code, branch, held)
        text = words(state.label, language).text
        room = WIDTH - (BRANCH_X if branch else SPINE_X) - TEXT_GAP - 10
        caption = []
        if standing is Standing.CURRENT:
            caption.append(say.here)
        usual = path[path.index(code) + 1 : path.index(code) + 2] if code in path else ()
        targets = dict.fromkeys(s.to for s in procedure.leaving(code) if s.to not in usual)
        if targets:
            names = " · ".join(words(procedure.states[t].label, language).text for t in targets)
            joined = f"{arrow} {names}" if branch else f"{say.or_else} {arrow} {names}"
            caption += textwrap.wrap(joined, int(room / CAPTION_PX))
        row = _Row(
            state,
            branch,
            standing,
            tuple(textwrap.wrap(text, int(room / LABEL_PX))) or (code,),
            tuple(caption),
            top,
        )
        rows.append(row)
        top += row.height
    return rows


def _standing(code: str, branch: bool, held: Sequence[Visit]) -> Standing:
    if held and held[-1].state == code:
        return Standing.CURRENT
    if any(visit.state == code for visit in held):
        return Standing.DONE
    return Standing.ELSEWHERE if branch else Standing.AHEAD


def _step(
    procedure: Procedure, row: _Row, language: str, held: Sequence[Visit], say: DrawingWords
) -> Step:
    code = row.state.code
    exits = tuple(
        Exit(
            words(step.label, language),
            words(procedure.sides[step.side].label, language),
            words(procedure.states[step.to].label, language),
        )
        for step in procedure.leaving(code)
    )
    entered = next((v.entered for v in reversed(held) if v.state == code), None)
    said = {
        Standing.DONE: say.done,
        Standing.CURRENT: say.here,
        Standing.AHEAD: say.ahead,
        Standing.ELSEWHERE: say.elsewhere,
    }[row.standing]
    return Step(
        code,
        words(row.state.label, language),
        words(row.state.meaning, language),
        row.standing,
        said,
        entered,
        exits,
    )


def _description(
    procedure: Procedure, language: str, current: str | None, say: DrawingWords
) -> str:
    names = [words(procedure.states[c].label, language).text for c in procedure.usual_path()]
    parts = [say.path_is.format(states=", ".join(names))]
    if current is not None:
        label = words(procedure.states[current].label, language).text
        parts.insert(0, say.current_is.format(state=label))
    return ". ".join(parts) + "."


def _svg(
    rows: Sequence[_Row], title: Words, description: str, ident: str, right_to_left: bool
) -> str:
    height = rows[-1].top + rows[-1].height + 8
    direction = "rtl" if right_to_left else "ltr"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="procedure-drawing mw-100 h-auto" '
        f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f"aria-labelledby={quoteattr(f'{ident}-title {ident}-desc')} "
        f'font-family="system-ui, sans-serif" direction="{direction}" color="#1b1f24">',
        f"<title id={quoteattr(f'{ident}-title')}>{escape(title.text)}</title>",
        f"<desc id={quoteattr(f'{ident}-desc')}>{escape(description)}</desc>",
        *_lines(rows, right_to_left),
        *(part for row in rows for part in _station(row, right_to_left)),
        "</svg>",
    ]
    return "\n".join(parts)


def _lines(rows: Sequence[_Row], right_to_left: bool) -> list[str]:
    """The spine, the threads to the states beside it."""
    spine = [row for row in rows if not row.branch]
    x = _mirrored(SPINE_X, right_to_left)
    parts = []
    for above, below in zip(spine, spine[1:], strict=False):
        walked = Standing.AHEAD not in {above.standing, below.standing}
        dash = "" if walked else ' stroke-dasharray="2 4"'
        parts.append(
            f'<line x1="{x}" y1="{above.y}" x2="{x}" y2="{below.y}" '
            f'stroke="currentColor" stroke-width="3"{dash}/>'
        )
    last_spine = spine[0]
    for row in rows:
        if not row.branch:
            last_spine = row
        elif row.state.kind is not StateKind.END:
            turn, end = _mirrored(SPINE_X, right_to_left), _mirrored(BRANCH_X - 8, right_to_left)
            parts.append(
                f'<path d="M{turn} {last_spine.y + 10} V{row.y - 8} '
                f'Q{turn} {row.y} {_mirrored(SPINE_X + 8, right_to_left)} {row.y} H{end}" '
                f'fill="none" stroke="currentColor" stroke-width="1.5" opacity="0.7"/>'
            )
    return parts


def _station(row: _Row, right_to_left: bool) -> list[str]:
    x = _mirrored(row.x, right_to_left)
    parts = [f'<g data-state="{escape(row.state.code)}" data-standing="{row.standing}">']
    if row.standing is Standing.CURRENT:
        box = WIDTH - row.x + 8
        left = 4 if right_to_left else row.x - 14
        parts.append(
            f'<rect class="text-primary" color="#0b5ed7" x="{left}" y="{row.top}" '
            f'width="{box}" height="{row.height - 2}" rx="8" fill="currentColor" '
            f'fill-opacity="0.12" stroke="currentColor" stroke-width="2"/>'
        )
    parts += _mark(row, x)
    text_x = _mirrored(row.x + TEXT_GAP, right_to_left)
    weight = "700" if row.standing is Standing.CURRENT else "500"
    baseline = row.top + PADDING // 2 + 14
    for line in row.label:
        parts.append(
            f'<text x="{text_x}" y="{baseline}" font-size="14" font-weight="{weight}" '
            f'fill="currentColor">{escape(line)}</text>'
        )
        baseline += LABEL_LINE
    for number, line in enumerate(row.caption):
        here = number == 0 and row.standing is Standing.CURRENT
        look = ' font-weight="700"' if here else ' opacity="0.85"'
        parts.append(
            f'<text x="{text_x}" y="{baseline - 2}" font-size="12" '
            f'fill="currentColor"{look}>{escape(line)}</text>'
        )
        baseline += CAPTION_LINE
    return [*parts, "</g>"]


def _mark(row: _Row, x: int) -> list[str]:
    """A shape for each standing: tick, ring, hollow; ends are square."""
    y = row.y
    paper = 'fill="var(--bs-body-bg, #ffffff)"'
    if row.state.kind is StateKind.END:
        shape = f'<rect x="{x - 8}" y="{y - 8}" width="16" height="16" rx="2" '
    else:
        shape = f'<circle cx="{x}" cy="{y}" r="8" '
    if row.standing is Standing.CURRENT:
        return [
            f'{shape}{paper} stroke="currentColor" stroke-width="3"/>',
            f'<circle cx="{x}" cy="{y}" r="4" fill="currentColor"/>',
        ]
    if row.standing is Standing.DONE:
        tick = f"M{x - 4} {y} l3 3 l5 -6"
        return [
            f'{shape}fill="currentColor" stroke="currentColor" stroke-width="2"/>',
            f'<path d="{tick}" fill="none" stroke="var(--bs-body-bg, #ffffff)" stroke-width="2"/>',
        ]
    return [f'{shape}{paper} stroke="currentColor" stroke-width="2"/>']


def _mirrored(x: int, right_to_left: bool) -> int:
    return WIDTH - x if right_to_left else x
