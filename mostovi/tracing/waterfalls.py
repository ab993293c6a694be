# SPDX-License-Identifier: EUPL-1.2
"""A comparison as a waterfall that a reader without statistics understands.

Each bar begins where the one before ended. The words come first; figures are for whoever wants
them. Weights are in bits: one bit more means twice as likely.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mostovi.tracing.comparing import Match

WIDTH = 300
_FIELDS = {
    "prior": gettext_noop("Before looking"),
    "names": gettext_noop("Names"),
    "rarity": gettext_noop("How rare the name is"),
    "birth": gettext_noop("Birth"),
    "sex": gettext_noop("Sex"),
    "place": gettext_noop("Places"),
    "mother": gettext_noop("Mother"),
    "father": gettext_noop("Father"),
    "child": gettext_noop("Child"),
    "sibling": gettext_noop("Brother or sister"),
    "spouse": gettext_noop("Husband or wife"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `start` and `width` in units of the drawing; `speaks` for | against | nothing."""

    title: str
    words: str
    left: str
    right: str
    bits: str
    start: float
    width: float
    speaks: str


def bars(match: Match) -> list[Bar]:
    """The bars of a comparison, from the prior to the last part."""
    running = [0.0]
    for part in match.parts:
        running.append(running[-1] + part.bits)
    least, most = min(running), max(running)
    scale = WIDTH / ((most - least) or 1.0)
    found = []
    for part, before, after in zip(match.parts, running, running[1:], strict=False):
        speaks = "for" if part.bits > 0.05 else "against" if part.bits < -0.05 else "nothing"
        found.append(
            Bar(
                title=_(_FIELDS.get(part.field, part.field)), words=_(part.words), left=part.left,
                right=part.right, bits=f"{part.bits:+.1f}",
                start=round((min(before, after) - least) * scale, 1),
                width=max(2.0, round(abs(part.bits) * scale, 1)), speaks=speaks,
            )
        )  # fmt: skip
    return found
