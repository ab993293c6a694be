# SPDX-License-Identifier: EUPL-1.2
"""Within what time a person's wish is answered; the periods are data in content/own_file."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import yaml

from mostovi.content import CONTENT


@dataclass(frozen=True, slots=True)
class Period:
    """A period in calendar months and the law it comes from."""

    months: int
    citation: str
    reviewed: bool

    def end(self, made_at: datetime) -> datetime:
        """The same day of the later month, or its last day where that does not exist.

        >>> from datetime import UTC
        >>> Period(1, "", False).end(datetime(2026, 1, 31, tzinfo=UTC)).date().isoformat()
        '2026-02-28'
        """
        year, month = divmod(made_at.year * 12 + made_at.month - 1 + self.months, 12)
        day = min(made_at.day, calendar.monthrange(year, month + 1)[1])
        return made_at.replace(year=year, month=month + 1, day=day)


@cache
def periods() -> Mapping[str, Period]:
    """The period of each kind of wish."""
    path = CONTENT / "own_file" / "requests.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    reviewed = document["review"]["status"] == "reviewed"
    return {
        line["kind"]: Period(line["months"], line["citation"], reviewed)
        for line in document["requests"]
    }
