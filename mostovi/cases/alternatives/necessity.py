# SPDX-License-Identifier: EUPL-1.2
"""The test of necessity and proportionality in writing: ground, evidence, proportion, own view.

Any limit of liberty beyond release needs it. Nationality, ethnicity, religion and the way of
entry are no evidence about a person (R4), so the test asks for facts of this person.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

SHORTEST = 20
"""Letters of an answer; fewer say nothing about the person."""


@dataclass(frozen=True, slots=True)
class Test:
    """The answers. `view` is what the person says about it."""

    ground: str = ""
    evidence: str = ""
    proportion: str = ""
    view: str = ""


def missing(test: Test, grounds: Collection[str], *, limits_liberty: bool) -> list[tuple[str, str]]:
    """(field, problem) for each answer that is not enough; the person's own view always counts.

    limits_liberty: a measure beyond release, or detention, is meant. Release needs no ground.
    """
    found = []
    if not test.view.strip():
        found.append(("view", "missing"))
    if not limits_liberty:
        return found
    if test.ground not in grounds:
        found.append(("ground", "missing"))
    for name in ("evidence", "proportion"):
        written = getattr(test, name).strip()
        if len(written) < SHORTEST:
            found.append((name, "too_short" if written else "missing"))
    return found


def supports_detention(test: Test, grounds: Collection[str]) -> bool:
    """Whether a proposal of detention is argued at all: a named ground, evidence, proportion."""
    return test.ground != "none" and not missing(test, grounds, limits_liberty=True)
