# SPDX-License-Identifier: EUPL-1.2
"""What stands against removing or detaining a person, asked of every package that knows (R7).

`people` knows no safeguard itself. Packages register a function that answers from their own
records; whoever must not act against a safeguard (return, alternatives to detention) asks here and
need not know the packages. A barrier's words tell what it rests on and so belong to the purposes
protection and asylum; anybody else learns from `removal_barred` that something stands, not what
(R1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext as _

from mostovi.rights.purposes import SHIELDED, Purpose

if TYPE_CHECKING:
    from mostovi.people.models import Person


class Measure(StrEnum):
    """What a barrier stands against."""

    REMOVAL = "removal"
    DETENTION = "detention"


@dataclass(frozen=True, slots=True)
class Barrier:
    """One safeguard in force.

    code: stable, for tests and counts. because: words in the reader's language. source: citation.
    evidence: how sure we are of the source (verified, memory, proposal). until: its last day, None
    while no day can be named.
    """

    code: str
    measures: frozenset[Measure]
    because: str
    source: str
    evidence: str = "proposal"
    until: date | None = None


class Answer(NamedTuple):
    """Whether something is barred, why, and by which source."""

    barred: bool
    because: str = ""
    source: str = ""


Source = Callable[["Person", date], Sequence[Barrier]]
_sources: list[Source] = []


def register(source: Source) -> Source:
    """Have `source(person, today)` asked for barriers; usable as a decorator."""
    if source not in _sources:
        _sources.append(source)
    return source


def unregister(source: Source) -> None:
    """The counterpart of `register`."""
    _sources.remove(source)


def barriers(person: Person, today: date, measure: Measure | None = None) -> list[Barrier]:
    """Every barrier in force on `today` (against `measure`), those without an end first.

    For callers who act for protection or asylum; for others there is `removal_barred`.
    """
    found = [barrier for source in _sources for barrier in source(person, today)]
    wanted = [one for one in found if measure is None or measure in one.measures]
    return sorted(wanted, key=lambda one: (one.until is not None, one.until or today, one.code))


def removal_barred(
    person: Person, today: date, *, asked_for: Purpose | str | None = None
) -> Answer:
    """Whether the person may not be removed on `today`.

    `asked_for` is the purpose of whoever asks. Only for protection and asylum does the answer say
    which safeguard stands; for every other purpose the words are always the same ones.
    """
    return _answer(person, today, Measure.REMOVAL, asked_for)


def detention_barred(
    person: Person, today: date, *, asked_for: Purpose | str | None = None
) -> Answer:
    """Whether the person may not be detained on `today`; as `removal_barred`."""
    return _answer(person, today, Measure.DETENTION, asked_for)


def _answer(
    person: Person, today: date, measure: Measure, asked_for: Purpose | str | None
) -> Answer:
    standing = barriers(person, today, measure)
    if not standing:
        return Answer(False)
    if asked_for not in SHIELDED:
        return Answer(
            True,
            _("A safeguard of the person stands against it. Ask this node's protection staff."),
            _("Safeguards come before every measure; which one it is stays with protection."),
        )
    because = " ".join(dict.fromkeys(one.because for one in standing))
    return Answer(True, because, "; ".join(dict.fromkeys(one.source for one in standing)))
