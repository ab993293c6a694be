# SPDX-License-Identifier: EUPL-1.2
"""Retention (R10): every record has a reason to be kept and an end.

Rules are data (`content/retention/rules.yaml`): for each, how long after which event, what happens
then, the reason and its source. A package registers the function that carries a rule out on its
own records; a rule that nobody carries out is a finding of `mostovi check`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, TypedDict

import yaml

from mostovi.content import CONTENT

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long a kind of record is kept. `months` is None for records kept while the node lives."""

    code: str
    title: str
    months: int | None
    counted_from: str
    then: str
    reason: str
    source: str
    reviewed: bool


class RuleReport(TypedDict):
    """What one rule did in one run."""

    ended: int
    failure: str


Carrier = Callable[[RetentionRule, date], int]
_carriers: dict[str, Carrier] = {}


def register(code: str, carry: Carrier) -> None:
    """Let `carry(rule, today)` end the records of rule `code`; it returns how many it ended."""
    _carriers[code] = carry


@cache
def rules() -> Mapping[str, RetentionRule]:
    """All retention rules by code."""
    document: dict[str, Any] = yaml.safe_load(
        (CONTENT / "retention" / "rules.yaml").read_text(encoding="utf-8")
    )
    reviewed = document["review"]["status"] == "reviewed"
    return {line["code"]: RetentionRule(reviewed=reviewed, **line) for line in document["rules"]}


def cutoff(rule: RetentionRule, today: date) -> date | None:
    """Records whose counting date lies before this day have reached their end."""
    if rule.months is None:
        return None
    month_index = today.year * 12 + today.month - 1 - rule.months
    year, month = divmod(month_index, 12)
    for day in range(today.day, 27, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    return date(year, month + 1, min(today.day, 28))


def uncarried() -> list[str]:
    """Codes of rules with an end that no package carries out."""
    return [code for code, rule in rules().items() if rule.months and code not in _carriers]


def carry_out(now: datetime) -> dict[str, RuleReport]:
    """Run every carrier; one that fails is reported and does not stop the others."""
    report: dict[str, RuleReport] = {}
    for code, carry in sorted(_carriers.items()):
        try:
            report[code] = {"ended": carry(rules()[code], now.date()), "failure": ""}
        except Exception as error:
            logger.exception("retention rule failed", extra={"rule": code})
            report[code] = {"ended": 0, "failure": type(error).__name__}
    return report
