# SPDX-License-Identifier: EUPL-1.2
"""What is compared: who a person is, as far as a record tells it. Plain values, no database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Certainty(StrEnum):
    """How exactly a date of birth is known."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


class Sex(StrEnum):
    """Sex as recorded. Only female and male are compared; anything else is no evidence."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class WrittenName:
    """One name as it was written. Script and language help reading and may be left out."""

    text: str
    script: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Born:
    """A date of birth in the Gregorian calendar; `dates.read_birth` makes one from text.

    `earliest` and `latest` are years, the span of an estimate or of a year of another calendar.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    certainty: Certainty = Certainty.UNKNOWN
    earliest: int | None = None
    latest: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a person is. `places` are as written: of birth, of origin, last seen, in any order."""

    names: tuple[WrittenName, ...] = ()
    sex: Sex = Sex.UNKNOWN
    birth: Born = Born()
    places: tuple[str, ...] = ()
    relations: tuple[Relative, ...] = ()


@dataclass(frozen=True, slots=True)
class Relative:
    """A relative of the person: `relation` says who `person` is to them ("mother": their mother).

    Codes are in `relations.KINDS`.
    """

    relation: str
    person: Identity
