# SPDX-License-Identifier: EUPL-1.2
"""Verbs on guardians: appoint, end, history, and who speaks for a child in a matter.

`Person.guardian_account` is kept in step: it names the account of whoever is guardian now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases import services as cases
from mostovi.cases.children import rules
from mostovi.cases.children.guardianship import (
    AGAINST_APPOINTMENT,
    Conflict,
    Consenter,
    Declared,
    Ending,
    Gap,
    Kind,
    gaps,
    guardian_conflicts,
    who_consents,
)
from mostovi.cases.children.models import GuardianAppointment
from mostovi.cases.models import Case
from mostovi.people import services as people
from mostovi.people.models import Person
from mostovi.rights.access import Action, Actor, decide
from mostovi.rights.access import Kind as RightsKind
from mostovi.rights.audit import AuditTag
from mostovi.rights.roles import Role
from mostovi.rights.services import record
from mostovi.rights.storage import opened

LONGEST = 400
LONGEST_WORDS = 2000


class InvalidGuardian(ValueError):
    """An appointment cannot be written down so; `field` names the input."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class GuardianConflict(Exception):
    """Somebody cannot be guardian of this child; `conflicts` says why."""

    def __init__(self, conflicts: Collection[Conflict]) -> None:
        super().__init__(", ".join(sorted(conflicts)))
        self.conflicts = frozenset(conflicts)


@dataclass(frozen=True, slots=True)
class Guardian:
    """An appointment as read: its row and its words (empty after erasure)."""

    row: GuardianAppointment
    words: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Guardianship:
    """A child's guardians: the one now, those before, and the days without one."""

    now: Guardian | None
    before: Sequence[Guardian]
    gaps: Sequence[Gap]

    @property
    def missing_since(self) -> date | None:
        """Since when there has been no guardian; None when there is one."""
        return self.gaps[-1].first if self.gaps and self.gaps[-1].last is None else None


Seekers = Callable[[Person], Collection[UUID]]
_seekers: list[Seekers] = []


def register_seekers(source: Seekers) -> Seekers:
    """Have `source(child)` tell who seeks the child: accounts and persons' ids (family tracing)."""
    if source not in _seekers:
        _seekers.append(source)
    return source


def seekers_of(child: Person) -> frozenset[UUID]:
    """Everybody who seeks the child in a tracing request, by account and person."""
    return frozenset(one for source in _seekers for one in source(child))


# --- Appoint and end ---------------------------------------------------------------------------


@transaction.atomic
def appoint(
    actor: Actor,
    case: Case,
    *,
    kind: str,
    from_day: date,
    name: str = "",
    organisation: str = "",
    contact: str = "",
    act: str = "",
    authority: str = "",
    declared: str = Declared.NOT_ASKED,
    declared_words: str = "",
    account: UUID | None = None,
    relative: str = "",
    over_limit_reason: str = "",
    ends_because: str = "",
    now: datetime | None = None,
) -> GuardianAppointment:
    """Write down that a guardian was appointed for the child of this case.

    account: the guardian's account at this node; relative: the code of the guardian's own file
    here. ends_because: why the present guardian's appointment ends, where there is one; it ends on
    `from_day`. Raises `InvalidGuardian`, `GuardianConflict`.
    """
    case = _locked(actor, case)
    moment = now or timezone.now()
    today = timezone.localdate(moment)
    person = Person.objects.select_for_update().get(pk=case.person_id)
    family = _relative(actor, relative)
    _check_words(kind, from_day, today, name, act, authority, declared, account)
    before = list(person.guardian_appointments.all())
    standing = next((row for row in before if row.until_day is None), None)
    if before and from_day < max(row.until_day or row.from_day for row in before):
        raise InvalidGuardian(
            "from_day", gettext_noop("On that day somebody else was guardian already.")
        )
    _check_conflicts(
        actor, case, account=account, family=family, declared=Declared(declared),
        over_limit_reason=over_limit_reason,
    )  # fmt: skip
    if standing is not None:
        if ends_because not in set(Ending):
            raise InvalidGuardian(
                "ends_because", gettext_noop("Say why the present guardian's appointment ends.")
            )
        _end_row(standing, from_day, Ending(ends_because), "")
    row = GuardianAppointment(
        key_id=person.key_id, person=person, case=case, account=account, relative=family,
        kind=kind, from_day=from_day, written_by=actor.account, written_at=moment,
    )  # fmt: skip
    row.seal_values(
        {
            "name": name.strip() or _account_name(account),
            "organisation": organisation.strip(),
            "contact": contact.strip(),
            "act": act.strip(),
            "authority": authority.strip(),
            "declared": str(declared),
            "declared_words": declared_words.strip()[:LONGEST_WORDS],
            "over_limit_reason": over_limit_reason.strip()[:LONGEST_WORDS],
        }
    )
    row.save(force_insert=True)
    people.entrust(actor, person, guardian_account=account)
    record(
        actor, AuditTag.GUARDIAN_APPOINTED, handle=cases.case_handle(case),
        detail={"kind": kind, "here": account is not None},
    )  # fmt: skip
    return row


@transaction.atomic
def end(
    actor: Actor,
    case: Case,
    *,
    until_day: date,
    because: str,
    words: str = "",
    now: datetime | None = None,
) -> GuardianAppointment:
    """End the present guardian's appointment. From then on the child has no guardian.

    Raises `InvalidGuardian`.
    """
    case = _locked(actor, case)
    today = timezone.localdate(now or timezone.now())
    person = Person.objects.select_for_update().get(pk=case.person_id)
    row = person.guardian_appointments.filter(until_day=None).first()
    if row is None:
        raise InvalidGuardian("until_day", gettext_noop("There is no guardian at present."))
    if because not in set(Ending):
        raise InvalidGuardian("because", gettext_noop("Choose why it ends."))
    if until_day < row.from_day:
        raise InvalidGuardian("until_day", gettext_noop("It cannot end before the day it began."))
    if until_day > today:
        raise InvalidGuardian("until_day", gettext_noop("Choose today or a day before."))
    _end_row(row, until_day, Ending(because), words)
    people.entrust(actor, person, guardian_account=None)
    record(
        actor, AuditTag.GUARDIAN_ENDED, handle=cases.case_handle(case),
        detail={"because": because},
    )  # fmt: skip
    return row


def _end_row(row: GuardianAppointment, day: date, because: Ending, words: str) -> None:
    row.until_day, row.ended = day, because.value
    row.seal_values({**row.values(), "ended_words": words.strip()[:LONGEST_WORDS]})
    row.save(update_fields=["until_day", "ended", "sealed"])


def _locked(actor: Actor, case: Case) -> Case:
    rows = cases.visible(actor, Action.CHANGE).select_for_update(of=("self",))
    return rows.get(pk=case.pk)


def _relative(actor: Actor, code: str) -> Person | None:
    if not code.strip():
        return None
    try:
        return people.find(actor, code)
    except Person.DoesNotExist as error:
        raise InvalidGuardian(
            "relative", gettext_noop("No person with this code is registered here.")
        ) from error


def _check_words(
    kind: str,
    from_day: date,
    today: date,
    name: str,
    act: str,
    authority: str,
    declared: str,
    account: UUID | None,
) -> None:
    if kind not in set(Kind):
        raise InvalidGuardian("kind", gettext_noop("Choose temporary or permanent."))
    if from_day > today:
        raise InvalidGuardian("from_day", gettext_noop("Choose today or a day before."))
    if account is None and not name.strip():
        raise InvalidGuardian(
            "name", gettext_noop("Write the guardian's name, or choose the account.")
        )
    if account is not None and account not in {choice.account for choice in guardian_accounts()}:
        raise InvalidGuardian("account", gettext_noop("Choose a guardian from the list."))
    if not act.strip():
        raise InvalidGuardian(
            "act", gettext_noop("Write the number or name of the decision that appoints.")
        )
    if not authority.strip():
        raise InvalidGuardian("authority", gettext_noop("Write which authority decided."))
    if declared not in set(Declared):
        raise InvalidGuardian(
            "declared", gettext_noop("Say what the guardian declared on conflicts of interest.")
        )
    for field, text in (("name", name), ("act", act), ("authority", authority)):
        if len(text) > LONGEST:
            raise InvalidGuardian(field, gettext_noop("Shorten this to 400 characters."))


def _check_conflicts(
    actor: Actor,
    case: Case,
    *,
    account: UUID | None,
    family: Person | None,
    declared: Declared,
    over_limit_reason: str,
) -> None:
    limit = rules.caseload(settings.MOSTOVI.partner)
    known = {one for one in (account, family.pk if family else None) if one}
    found = guardian_conflicts(
        known, holder=case.holder, child=case.person_id, declared=declared,
        children=children_of(account, other_than=case.person_id) if account else 0,
        usual=limit.usual, most=limit.most,
    )  # fmt: skip
    if account is not None and account == actor.account:
        found |= {Conflict.HOLDS_CASE}
    against = found & AGAINST_APPOINTMENT
    may_lift = decide(actor, Action.DECIDE, RightsKind.SUPERVISION).allowed
    if against == {Conflict.CASELOAD} and may_lift and over_limit_reason.strip():
        return
    if against:
        raise GuardianConflict(against)


# --- Read --------------------------------------------------------------------------------------


@transaction.atomic
def read(actor: Actor, case: Case, today: date) -> Guardianship:
    """`of_case`, logged as read."""
    case = cases.visible(actor).select_related("person").get(pk=case.pk)
    record(actor, AuditTag.GUARDIAN_READ, handle=cases.case_handle(case))
    return of_case(case, today)


def of_case(case: Case, today: date) -> Guardianship:
    """The guardians of the child of a case that was found by `cases.services.find`.

    Days without a guardian are counted from the day the case was opened.
    """
    rows = list(case.person.guardian_appointments.all())
    read = [Guardian(row, words or {}) for row, words in opened(rows)]
    now = next((one for one in read if one.row.until_day is None), None)
    since = timezone.localdate(case.opened_at)
    end_day = timezone.localdate(case.closed_at) if case.closed_at else today
    return Guardianship(
        now, [one for one in reversed(read) if one is not now], gaps(rows, since, end_day)
    )


@dataclass(frozen=True, slots=True)
class GuardianAccount:
    """A guardian with an account here, and how many children they look after."""

    account: UUID
    name: str
    children: int


def guardian_accounts() -> list[GuardianAccount]:
    """Accounts that hold the role of guardian, with the number of children of each."""
    accounts = (
        get_user_model()
        .objects.filter(
            memberships__role=Role.GUARDIAN.value, memberships__ended_at=None, is_active=True
        )
        .distinct()
        .order_by("display_name")
    )
    rows = GuardianAppointment.objects.filter(account__isnull=False, until_day=None)
    loads = Counter(rows.values_list("account", flat=True))
    return [GuardianAccount(row.pk, row.display_name, loads[row.pk]) for row in accounts]


def _account_name(account: UUID | None) -> str:
    if account is None:
        return ""
    named = get_user_model().objects.filter(pk=account).values_list("display_name", flat=True)
    return str(named.first() or "")


def children_of(account: UUID, *, other_than: UUID | None = None) -> int:
    """How many children an account is guardian of now."""
    rows = GuardianAppointment.objects.filter(account=account, until_day=None)
    return rows.exclude(person=other_than).count()


def is_guardian_of(who: UUID | Person, person: Person, on: date | None = None) -> bool:
    """Whether `who` (an account, or somebody with a file here) is the child's guardian on a day.

    For `on` None: now. Family tracing asks it of whoever seeks the child.
    """
    rows = person.guardian_appointments.all()
    if isinstance(who, Person):
        rows = rows.filter(relative=who)
    else:
        rows = rows.filter(Q(account=who) | Q(relative=who))
    if on is None:
        return rows.filter(until_day=None).exists()
    return rows.filter(Q(until_day=None) | Q(until_day__gte=on), from_day__lte=on).exists()


def conflicts_in_matter(person: Person, *, seekers: Collection[UUID] = ()) -> frozenset[Conflict]:
    """The conflicts of interest of the child's present guardian in a matter.

    seekers: accounts and persons' ids of whoever seeks the child in it; those that tracing has
    registered count as well.
    """
    row = person.guardian_appointments.filter(until_day=None).first()
    if row is None:
        return frozenset()
    ((_row, words),) = opened([row])
    declared = (words or {}).get("declared", Declared.NOT_ASKED)
    return guardian_conflicts(
        {one for one in (row.account, row.relative_id) if one},
        seekers={*seekers, *seekers_of(person)}, declared=Declared(declared), child=person.pk,
    )  # fmt: skip


def who_consents_for(person: Person, *, seekers: Collection[UUID] = ()) -> Consenter:
    """Who speaks for the child in a matter: the guardian, another one, or the authority.

    A guardian who seeks the child never consents to being told where the child is.
    """
    has_guardian = person.guardian_appointments.filter(until_day=None).exists()
    return who_consents(has_guardian, conflicts_in_matter(person, seekers=seekers))
