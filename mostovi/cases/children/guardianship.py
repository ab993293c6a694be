# SPDX-License-Identifier: EUPL-1.2
"""Guardians: who can be one, when there was none, and in which matters one cannot consent.

Convention on the Rights of the Child, General Comment 6 (2005), paragraphs 33 to 36.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Kind(StrEnum):
    """What an appointment is: until a court decides, or lasting."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"


class Ending(StrEnum):
    """Why an appointment ended."""

    REPLACED = "replaced"
    OF_AGE = "of_age"
    REUNIFIED = "reunified"
    CONFLICT = "conflict"
    RESIGNED = "resigned"
    REMOVED = "removed"
    DIED = "died"
    MOVED = "moved"
    MISTAKE = "mistake"


class Declared(StrEnum):
    """What the guardian declared on a conflict of interest; unknown is never no."""

    NONE = "none"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    NOT_ASKED = "not_asked"


class Conflict(StrEnum):
    """What stands between a guardian and a child's interests."""

    HOLDS_CASE = "holds_case"
    SELF = "self"
    SEEKER = "seeker"
    DECLARED = "declared"
    NOT_DECLARED = "not_declared"
    CASELOAD = "caseload"
    CASELOAD_FULL = "caseload_full"


AGAINST_APPOINTMENT = frozenset(
    {
        Conflict.HOLDS_CASE, Conflict.SELF, Conflict.DECLARED, Conflict.NOT_DECLARED,
        Conflict.CASELOAD, Conflict.CASELOAD_FULL,
    }
)  # fmt: skip
"""With one of these nobody is appointed. A supervisor can lift `CASELOAD`, and nothing else.

A relative who looks for the child's family can be a good guardian; `SEEKER` alone does not stop the
appointment, but in that matter the guardian does not speak for the child.
"""

AGAINST_CONSENT = frozenset({Conflict.SEEKER, Conflict.DECLARED, Conflict.HOLDS_CASE})
"""With one of these a guardian cannot consent for the child in the matter."""


def guardian_conflicts(
    guardian: Collection[UUID],
    *,
    seekers: Collection[UUID] = (),
    holder: UUID | None = None,
    child: UUID | None = None,
    declared: Declared = Declared.NONE,
    children: int = 0,
    usual: int | None = None,
    most: int | None = None,
) -> frozenset[Conflict]:
    """Every conflict of interest of a guardian.

    guardian: all that identifies the guardian here (account, own file). seekers: the same of
    whoever seeks the child in a tracing request. holder: the account that works on the case.
    children: how many the guardian has already, this child not counted; usual, most: the limits.
    """
    known = set(guardian)
    found = set()
    if known & set(seekers):
        found.add(Conflict.SEEKER)
    if holder is not None and holder in known:
        found.add(Conflict.HOLDS_CASE)
    if child is not None and child in known:
        found.add(Conflict.SELF)
    if declared is Declared.CONFLICT:
        found.add(Conflict.DECLARED)
    elif declared is not Declared.NONE:
        found.add(Conflict.NOT_DECLARED)
    if most is not None and children >= most:
        found.add(Conflict.CASELOAD_FULL)
    elif usual is not None and children >= usual:
        found.add(Conflict.CASELOAD)
    return frozenset(found)


class Consenter(StrEnum):
    """Who speaks for the child in a matter."""

    GUARDIAN = "guardian"
    ANOTHER = "another"
    """The guardian has a conflict of interest: another guardian, or the authority, for this."""
    AUTHORITY = "authority"
    """There is no guardian now."""


def who_consents(has_guardian: bool, conflicts: Collection[Conflict]) -> Consenter:
    """Who consents for the child; never a guardian with a conflict of interest in the matter."""
    if not has_guardian:
        return Consenter.AUTHORITY
    return Consenter.ANOTHER if AGAINST_CONSENT & set(conflicts) else Consenter.GUARDIAN


class Term(Protocol):
    """From when to when somebody was guardian; both days belong to it."""

    from_day: date
    until_day: date | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Days on which a child had no guardian; `last` is None while it goes on."""

    first: date
    last: date | None

    def days(self, today: date) -> int:
        """How many days it lasted, or lasts until today."""
        return max(0, ((self.last or today) - self.first).days + 1)


def current(terms: Iterable[Term], today: date) -> Term | None:
    """Who is guardian on `today`."""
    return next(
        (
            term
            for term in terms
            if term.from_day <= today and (term.until_day is None or today <= term.until_day)
        ),
        None,
    )


def gaps(terms: Iterable[Term], since: date, today: date) -> list[Gap]:
    """Every stretch of days from `since` to `today` without a guardian, oldest first."""
    found, day = [], since
    for term in sorted(terms, key=lambda term: (term.from_day, term.until_day or date.max)):
        if term.from_day > today:
            break
        if term.from_day > day:
            found.append(Gap(day, term.from_day - timedelta(days=1)))
        if term.until_day is None:
            return found
        day = max(day, term.until_day + timedelta(days=1))
    if day <= today:
        found.append(Gap(day, None))
    return found


def overlaps(terms: Iterable[Term]) -> bool:
    """Whether two were guardian on one day beyond the day of handing over."""
    ordered = sorted(terms, key=lambda term: (term.from_day, term.until_day or date.max))
    return any(
        before.until_day is None or after.from_day < before.until_day
        for before, after in zip(ordered, ordered[1:], strict=False)
    )
