# SPDX-License-Identifier: EUPL-1.2
"""Why data is held and asked for (R1). Every stored field and every request has one of these."""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """What data may be used for. A request is made under exactly one purpose."""

    PROTECTION = "protection"
    ASYLUM = "asylum"
    PATHWAYS = "pathways"
    LABOUR = "labour"
    RETURN = "return"
    INVESTIGATION = "investigation"
    STATISTICS = "statistics"
    LEARNING = "learning"
    GOVERNANCE = "governance"


SHIELDED = frozenset({Purpose.PROTECTION, Purpose.ASYLUM})
"""Purposes whose data is never readable for a purpose in `KEPT_OUT` (R1)."""

KEPT_OUT = frozenset({Purpose.RETURN, Purpose.INVESTIGATION, Purpose.LABOUR})
"""Purposes under which protection and asylum data is out of reach by every route (R1)."""


def open_for(held: Purpose, asked: Purpose) -> bool:
    """Whether data held for `held` may be read under `asked`: only under the very same purpose.

    Counts leave through `statistics`, which reads no record on anybody's behalf, so there is no
    exception here to abuse.
    """
    return held == asked
