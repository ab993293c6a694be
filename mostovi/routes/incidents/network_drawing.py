# SPDX-License-Identifier: EUPL-1.2
"""The network of incidents and what they share, as an SVG without scripts and without styles.

Incidents are squares, shared things are circles; a line means "noted at". The same network always
gives the same picture. It holds codes only, never a number or an address: a picture gets copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import cos, hypot, pi, sin

WIDTH, HEIGHT = 720.0, 460.0
NARROW, NARROW_HEIGHT, FEW = 328.0, 420.0, 16
"""The column of a phone, and how many things have room in it; more are looked at by scrolling."""
_MARGIN_X, _MARGIN_Y = 56.0, 36.0
_ROUNDS = 90


@dataclass(frozen=True)
class Node:
    """One incident or shared thing; `strong` is the one that was asked about."""

    key: str
    label: str
    is_incident: bool
    strong: bool = False


@dataclass(frozen=True)
class Edge:
    """A shared thing noted at an incident; `doubted` when a person refuted it for this pair."""

    incident: str
    thing: str
    doubted: bool = False


def places(nodes: Sequence[Node], edges: Sequence[Edge]) -> Mapping[str, tuple[float, float]]:
    """Where each node stands: springs along lines, everything else pushes apart. Deterministic."""
    count = max(1, len(nodes))
    at = {
        node.key: [cos(2 * pi * i / count) * (1 + i % 3 / 9), sin(2 * pi * i / count)]
        for i, node in enumerate(nodes)
    }
    ideal = 1.6 / count**0.5
    for round_ in range(_ROUNDS):
        moves = {key: [0.0, 0.0] for key in at}
        keys = list(at)
        for i, one in enumerate(keys):
            for other in keys[i + 1 :]:
                _push(at, moves, one, other, -ideal * ideal)
        for edge in edges:
            _pull(at, moves, edge.incident, edge.thing, ideal)
        step = 0.2 * (1 - round_ / _ROUNDS) + 0.005
        for key, (dx, dy) in moves.items():
            length = hypot(dx, dy) or 1.0
            at[key][0] += dx / length * min(length, step)
            at[key][1] += dy / length * min(length, step)
    return _fitted(at, WIDTH, HEIGHT)


def _push(
    at: Mapping[str, list[float]], moves: Mapping[str, list[float]], one: str, other: str, by: float
) -> None:
    dx, dy = at[other][0] - at[one][0], at[other][1] - at[one][1]
    square = dx * dx + dy * dy or 1e-4
    for key, sign in ((one, 1), (other, -1)):
        moves[key][0] += sign * by * dx / square
        moves[key][1] += sign * by * dy / square


def _pull(
    at: Mapping[str, list[float]], moves: Mapping[str, list[float]], one: str, other: str, by: float
) -> None:
    dx, dy = at[other][0] - at[one][0], at[other][1] - at[one][1]
    length = hypot(dx, dy)
    for key, sign in ((one, 1), (other, -1)):
        moves[key][0] += sign * dx * length / by
        moves[key][1] += sign * dy * length / by


def _fitted(
    at: Mapping[str, Sequence[float]], width: float, height: float
) -> dict[str, tuple[float, float]]:
    if not at:
        return {}
    xs, ys = [p[0] for p in at.values()], [p[1] for p in at.values()]
    wide, high = max(xs) - min(xs) or 1.0, max(ys) - min(ys) or 1.0
    return {
        key: (
            round(_MARGIN_X + (x - min(xs)) / wide * (width - 2 * _MARGIN_X), 1),
            round(_MARGIN_Y + (y - min(ys)) / high * (height - 2 * _MARGIN_Y), 1),
        )
        for key, (x, y) in at.items()
    }


def drawn(nodes: Sequence[Node], edges: Sequence[Edge], *, title: str, description: str) -> str:
    """The picture as SVG; every text is escaped. '' when there is nothing to draw.

    Where there are few nodes it is drawn once more for a narrow screen, with letters of the same
    size; the style sheet shows one of the two.
    """
    if not nodes:
        return ""
    at = places(nodes, edges)
    said = f'role="img" aria-label="{escape(title)}"', f"<desc>{escape(description)}</desc>"
    if len(nodes) > FEW:
        return _picture(nodes, edges, at, (WIDTH, HEIGHT), "network", said)
    close = _fitted(at, NARROW, NARROW_HEIGHT)
    return _picture(nodes, edges, at, (WIDTH, HEIGHT), "network chart-wide", said) + _picture(
        nodes, edges, close, (NARROW, NARROW_HEIGHT), "network chart-narrow", said
    )


def _picture(
    nodes: Sequence[Node], edges: Sequence[Edge], at: Mapping[str, tuple[float, float]],
    size: tuple[float, float], of: str, said: tuple[str, str],
) -> str:  # fmt: skip
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{of}" direction="ltr" '
        f'viewBox="0 0 {size[0]:g} {size[1]:g}" {said[0]}>{said[1]}'
    ]
    for edge in edges:
        (x1, y1), (x2, y2) = at[edge.incident], at[edge.thing]
        doubted = ' stroke-dasharray="5 5"' if edge.doubted else ""
        parts.append(f'<path class="line" d="M{x1:g} {y1:g}L{x2:g} {y2:g}"{doubted}/>')
    parts += [_node(node, *at[node.key]) for node in nodes]
    return "".join([*parts, "</svg>"])


def _node(node: Node, x: float, y: float) -> str:
    if node.is_incident:
        strong = " strong" if node.strong else ""
        corner = f'x="{x - 9:g}" y="{y - 9:g}" width="18" height="18"'
        shape = f'<rect class="incident{strong}" {corner}/>'
    else:
        shape = f'<circle class="thing" cx="{x:g}" cy="{y:g}" r="7"/>'
    text = f'<text x="{x:g}" y="{y + 24:g}" text-anchor="middle">{escape(node.label)}</text>'
    return f"<g>{shape}{text}</g>"
