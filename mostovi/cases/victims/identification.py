# SPDX-License-Identifier: EUPL-1.2
"""Where the identification of a victim of trafficking stands, from the steps that were taken.

The case goes on through plan, services and follow-up, so its present step does not say what was
decided; the steps so far do. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

PROCEDURE = "case_trafficking"


class Status(StrEnum):
    """What has been decided."""

    PRESUMED = "presumed"
    REASONABLE_GROUNDS = "reasonable_grounds"
    IDENTIFIED = "identified"
    NOT_IDENTIFIED = "not_identified"
    APPEALED = "appealed"


class Ruling(StrEnum):
    """A decision that a named officer takes and gives reasons for."""

    REASONABLE_GROUNDS = "reasonable_grounds"
    IDENTIFIED = "identified"
    NOT_IDENTIFIED = "not_identified"
    APPEAL_ALLOWED = "appeal_allowed"
    APPEAL_DISMISSED = "appeal_dismissed"


VERB_OF = {
    Ruling.REASONABLE_GROUNDS: "record_reasonable_grounds",
    Ruling.IDENTIFIED: "identify_formally",
    Ruling.NOT_IDENTIFIED: "decide_not_identified",
    Ruling.APPEAL_ALLOWED: "allow_appeal",
    Ruling.APPEAL_DISMISSED: "dismiss_appeal",
}
"""The step of the procedure that each decision takes."""

RULING_OF = {verb: ruling for ruling, verb in VERB_OF.items()}

_STATUS_AFTER = {
    "record_reasonable_grounds": Status.REASONABLE_GROUNDS,
    "identify_formally": Status.IDENTIFIED,
    "decide_not_identified": Status.NOT_IDENTIFIED,
    "record_appeal": Status.APPEALED,
    "allow_appeal": Status.IDENTIFIED,
    "dismiss_appeal": Status.NOT_IDENTIFIED,
}

Step = tuple[str, datetime]
"""A verb and when it was done."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The status, and since when (None for a presumption)."""

    status: Status
    since: datetime | None = None


def standing(steps: Sequence[Step]) -> Standing:
    """Where identification stands after `steps`, which are in order."""
    now = Standing(Status.PRESUMED)
    for verb, at in steps:
        if verb in _STATUS_AFTER:
            now = Standing(_STATUS_AFTER[verb], at)
    return now


def only_a_finding(basis: Sequence[str]) -> bool:
    """Whether a decision would rest on a screening finding alone, which decides nothing (R4)."""
    return set(basis) <= {"screening"}
