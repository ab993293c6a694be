# SPDX-License-Identifier: EUPL-1.2
"""Statistical events: one row for each thing that is counted, without anything that identifies.

An event says what happened, in which month, at which partner, and the codes that tables are split
by. It has no name, no code of a file, no day and no place finer than a route. `None` in a column
means "not known" where the column applies to the event, and nothing where it does not.

`record_key` is a number in [0, 1) that belongs to the record for good. The sum of the keys of a
cell, modulo 1, is the cell's key: cells with the same records have the same key in every table,
and so get the same noise (`perturbation`). Keys are multiples of 2**-24, so that a sum of up to
500 million of them is exact in double precision and does not depend on the order.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

KEY_STEPS: Final = 1 << 24
"""Record keys are whole multiples of 1 / KEY_STEPS."""


@dataclass(frozen=True)
class Column:
    """One column of an events file. All are text but `record_key`."""

    name: str
    meaning: str
    required: bool = False


COLUMNS: Final[tuple[Column, ...]] = (
    Column("event", "What happened; one of the kinds in content/statistics/tables.", True),
    Column("month", "The month it happened in, as 2026-10. For a stock: the month at whose end "
           "the state held.", True),
    Column("partner", "The partner whose authority recorded it: al, ba, xk, me, mk, rs.", True),
    Column("recorded_month", "The month it was recorded in; empty if not known (timeliness)."),
    Column("sex", "female, male, other; empty if not known."),
    Column("age_group", "Age in completed years at the event; an age in doubt is a child's (R7)."),
    Column("citizenship", "ISO 3166-1 alpha-2 in capitals, XK, XS stateless; empty if not known."),
    Column("unaccompanied", "yes, no: a child without an adult responsible for it."),
    Column("vulnerability", "The need recorded first of all; none if looked for and not found."),
    Column("route", "The route's code; coarse by design."),
    Column("permit_reason", "family, education, work, other, protection, trafficking_victim."),
    Column("permit_length", "3-5, 6-11, 12- months of validity."),
    Column("status", "The protection status that a decision is about."),
    Column("decision", "What was decided."),
    Column("withdrawal", "explicit or implicit withdrawal of an application."),
    Column("ground", "The ground of a refusal, an apprehension, a request or a finding."),
    Column("place", "Where: kind of border or inside the territory; never a place's name."),
    Column("return_type", "voluntary, enforced, other."),
    Column("assistance", "Whether the return was assisted, and by whom."),
    Column("destination", "Country returned to, as for citizenship."),
    Column("provision", "The legal provision that a request rests on, in coarse groups."),
    Column("measure", "The measure, service or kind of help."),
    Column("outcome", "How it ended."),
    Column("record_key", "The record's key, a multiple of 2**-24 in [0, 1).", True),
)  # fmt: skip
NAMES: Final[tuple[str, ...]] = tuple(column.name for column in COLUMNS)
KEY: Final = "record_key"
AGE_GROUPS: Final = (
    (12, "0-11"), (14, "12-13"), (16, "14-15"), (18, "16-17"), (35, "18-34"), (60, "35-59"),
    (65, "60-64"), (200, "65-"),
)  # fmt: skip
"""(first age that is too old, code): the finest groups that any table needs."""

Event = Mapping[str, str | float | None]


class BadEvents(ValueError):
    """Events cannot be used; the message says which column or row, and what to do."""


def record_key(secret: bytes, kind: str, record: str) -> float:
    """The key of the record `record` of `kind`, the same for ever under the same `secret`.

    >>> 0 <= record_key(b"s", "case", "1") < 1
    True
    """
    digest = hmac.new(secret, f"{kind}:{record}".encode(), sha256).digest()
    return int.from_bytes(digest[:3], "big") / KEY_STEPS


def age_group(age: int | None) -> str | None:
    """The finest code of an age in completed years; None if not known.

    >>> age_group(17), age_group(65), age_group(None)
    ('16-17', '65-', None)
    """
    if age is None:
        return None
    return next((code for too_old, code in AGE_GROUPS if age < too_old), None)
