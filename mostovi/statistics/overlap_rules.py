# SPDX-License-Identifier: EUPL-1.2
"""Rules of counting with another partner: which months, how long, and when not again. Pure.

A month is in one round with a partner only. If a second round over the same people were run after
one side's list had changed by a person, the two sizes would tell whether that person is known to
the other side; and so would rounds of one month alone and of that month with its neighbours. What
counts is that elements have left: a round that was lost after that is not run again either,
because the other side may have its result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mostovi.content import CONTENT
from mostovi.statistics.months import Month
from mostovi.statistics.overlaps import Quality
from mostovi.statistics.tables import SpecificationError


class Refusal(StrEnum):
    """Why a round is not run. Also the reason that a node gives another."""

    MONTHS_WRONG = "months_wrong"
    MONTHS_NOT_OVER = "months_not_over"
    MONTHS_TOO_MANY = "months_too_many"
    MONTHS_TOO_OLD = "months_too_old"
    MONTHS_USED = "months_used"
    UNDER_WAY = "round_under_way"
    NOT_A_PARTNER = "not_a_partner"
    OTHER_IDENTITY = "other_identity"
    HOLDS_NO_PERSONS = "holds_no_persons"


@dataclass(frozen=True)
class Rules:
    """What `content/statistics/overlaps.yaml` says."""

    answer_within: timedelta
    finish_within: timedelta
    most_months: int
    months_back: int
    most_people: int
    identity: str
    quality: Quality
    quality_source: str
    people: tuple[int, int]
    in_both: int
    seed: int
    source: str
    reviewed: bool


def parse(content: Mapping[str, Any]) -> Rules:
    """The rules of the file. Raises `SpecificationError` naming what is missing or wrong."""
    try:
        found = content["quality"]
        first, second = found["people"]
        return Rules(
            answer_within=timedelta(days=int(content["answer_within_days"])),
            finish_within=timedelta(hours=int(content["finish_within_hours"])),
            most_months=int(content["most_months"]),
            months_back=int(content["months_back"]),
            most_people=int(content["most_people"]),
            identity=str(found["identity"]),
            quality=Quality(
                float(found["recall"]), float(found["precision"]), float(found["coincidence"])
            ),
            quality_source=str(found["source"]),
            people=(int(first), int(second)),
            in_both=int(found["in_both"]),
            seed=int(found["seed"]),
            source=content["source"]["text"],
            reviewed=all(
                one["review"]["status"] == "reviewed" for one in (content, content["quality"])
            ),
        )
    except KeyError as error:
        raise SpecificationError(f"overlaps: {error} is missing.") from error
    except (TypeError, ValueError) as error:
        raise SpecificationError(f"overlaps: {error}") from error


@cache
def rules(path: Path = CONTENT / "statistics" / "overlaps.yaml") -> Rules:
    """The rules in force."""
    return parse(yaml.safe_load(path.read_text(encoding="utf-8")))


Span = tuple[Month, Month]


def months_refused(first: Month, last: Month, newest: Month, chosen: Rules) -> Refusal | None:
    """What is wrong with a span of months when `newest` is the newest that is over."""
    if first > last:
        return Refusal.MONTHS_WRONG
    if last > newest:
        return Refusal.MONTHS_NOT_OVER
    if last >= first.back(-chosen.most_months):
        return Refusal.MONTHS_TOO_MANY
    if first <= newest.back(chosen.months_back):
        return Refusal.MONTHS_TOO_OLD
    return None


def meets(span: Span, earlier: Iterable[Span]) -> bool:
    """Whether a month of `span` is in one of `earlier`.

    >>> a, b, c = (Month(2026, n) for n in (1, 2, 3))
    >>> meets((a, b), [(b, c)]), meets((a, b), [(c, c)])
    (True, False)
    """
    return any(span[0] <= last and first <= span[1] for first, last in earlier)
