# SPDX-License-Identifier: EUPL-1.2
"""Whether personal data may leave: consent events in, one permission out (R2).

The rules, all on the safe side:
* a consent names one purpose, one receiver, its fields and its end; nothing else is permitted;
* a withdrawal or refusal ends everything earlier for that purpose and receiver, at once, also
  what another form or an override permitted; at the same instant it wins;
* a consent, once withdrawn, never revives; a new one is a new event under a new consent;
* for a child, or when age is in doubt, it needs the guardian's consent and the child's view;
* an override needs a legal basis and a second reviewer who is not the first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """What happened to a consent. Stored events are never changed, only followed by others."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    OVERRIDE_REQUESTED = "override_requested"
    OVERRIDE_APPROVED = "override_approved"
    OVERRIDE_REFUSED = "override_refused"


class Means(StrEnum):
    """How the consent was taken."""

    ORAL = "oral"
    WRITTEN = "written"
    AUDIO = "audio"
    INTERPRETER = "interpreter"


class State(StrEnum):
    """Where one consent stands now."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NOT_VALID = "not_valid"
    OVERRIDE_WAITING = "override_waiting"
    OVERRIDE_APPROVED = "override_approved"
    OVERRIDE_REFUSED = "override_refused"


class Reason(StrEnum):
    """Why something is not permitted, or on what it rests."""

    CONSENT = "consent"
    OVERRIDE = "override"
    NOTHING_RECORDED = "nothing_recorded"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    FIELDS_NOT_NAMED = "fields_not_named"
    NO_FIELDS_ASKED = "no_fields_asked"
    GUARDIAN_MISSING = "guardian_missing"
    CHILD_NOT_HEARD = "child_not_heard"
    NO_LEGAL_BASIS = "no_legal_basis"
    SECOND_REVIEWER_MISSING = "second_reviewer_missing"


@dataclass(frozen=True)
class Event:
    """One consent event. `consent` ties the events of one consent or override together.

    `purpose`, `receiver`, `fields` and `expires` are read from the first event of a consent only;
    later events of the same consent cannot widen it.
    """

    consent: str
    kind: EventKind
    at: datetime
    purpose: str = ""
    receiver: str = ""
    fields: frozenset[str] = frozenset()
    expires: datetime | None = None
    by: str = ""
    guardian: bool = False
    child_heard: bool = False
    legal_basis: str = ""


@dataclass(frozen=True)
class Permission:
    """The answer. `fields` are those of the asked ones that may go; all of them iff `allowed`.

    `sources` are the consents it rests on.
    """

    allowed: bool
    fields: frozenset[str]
    reason: Reason
    sources: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The first consent it rests on, or an empty text."""
        return self.sources[0] if self.sources else ""


_ENDS = frozenset({EventKind.WITHDRAWN, EventKind.REFUSED})


@dataclass(frozen=True)
class _Grant:
    consent: str
    purpose: str
    receiver: str
    fields: frozenset[str]
    expires: datetime | None
    events: tuple[Event, ...]

    def first(self, kind: EventKind) -> Event | None:
        return next((event for event in self.events if event.kind is kind), None)

    @property
    def is_override(self) -> bool:
        return self.events[0].kind is EventKind.OVERRIDE_REQUESTED


def _grants(events: Iterable[Event]) -> list[_Grant]:
    """Consents in the order of their first events; ties by what ends before what begins."""
    ordered = sorted(events, key=lambda event: (event.at, event.kind not in _ENDS))
    groups: dict[str, list[Event]] = {}
    for event in ordered:
        groups.setdefault(event.consent, []).append(event)
    grants = []
    for consent, group in groups.items():
        # The terms come from the event that opened the consent, even if a clock was wrong and
        # its withdrawal carries an earlier time.
        opening = next(
            (e for e in group if e.kind in {EventKind.GIVEN, EventKind.OVERRIDE_REQUESTED}),
            group[0],
        )
        rest = tuple(event for event in group if event is not opening)
        grants.append(
            _Grant(
                consent, opening.purpose, opening.receiver, opening.fields, opening.expires,
                (opening, *rest),
            )
        )  # fmt: skip
    return grants


def _last_no(grants: Iterable[_Grant], purpose: str, receiver: str) -> Event | None:
    """The latest withdrawal or refusal toward this receiver for this purpose.

    One whose time lies ahead of `now` counts too: a wrong clock must not keep data flowing.
    """
    noes = [
        event
        for grant in grants
        if (grant.purpose, grant.receiver) == (purpose, receiver)
        for event in grant.events
        if event.kind in _ENDS
    ]
    return max(noes, key=lambda event: event.at, default=None)


def _standing(grant: _Grant, last_no: Event | None, now: datetime, *, child: bool) -> Reason:
    """`CONSENT` or `OVERRIDE` when the grant permits its fields now, else why not."""
    for event in grant.events:
        if event.kind is EventKind.WITHDRAWN:
            return Reason.WITHDRAWN
        if event.kind in {EventKind.REFUSED, EventKind.OVERRIDE_REFUSED}:
            return Reason.REFUSED
    opening = grant.first(EventKind.GIVEN)
    if grant.is_override:
        asked = grant.events[0]
        opening = next(
            (
                event
                for event in grant.events
                if event.kind is EventKind.OVERRIDE_APPROVED and event.by and event.by != asked.by
            ),
            None,
        )
        if not asked.legal_basis.strip():
            return Reason.NO_LEGAL_BASIS
        if opening is None or not asked.by:
            return Reason.SECOND_REVIEWER_MISSING
    if opening is None:
        return Reason.NOTHING_RECORDED
    if last_no is not None and last_no.at >= grant.events[0].at:
        # Asked for before the "no" counts as before it, even when approved after.
        return Reason.REFUSED if last_no.kind is EventKind.REFUSED else Reason.WITHDRAWN
    if grant.first(EventKind.EXPIRED) or (grant.expires is not None and grant.expires <= now):
        return Reason.EXPIRED
    if max(opening.at, grant.events[0].at) > now:
        return Reason.NOT_YET
    if grant.is_override:
        return Reason.OVERRIDE
    if child and not opening.guardian:
        return Reason.GUARDIAN_MISSING
    if child and not opening.child_heard:
        return Reason.CHILD_NOT_HEARD
    return Reason.CONSENT


# When several consents fail, the reason most useful to the worker is told.
_TELLING = (
    Reason.WITHDRAWN, Reason.REFUSED, Reason.GUARDIAN_MISSING, Reason.CHILD_NOT_HEARD,
    Reason.SECOND_REVIEWER_MISSING, Reason.NO_LEGAL_BASIS, Reason.EXPIRED, Reason.NOT_YET,
    Reason.NOTHING_RECORDED,
)  # fmt: skip


def permits(
    events: Iterable[Event],
    purpose: str,
    receiver: str,
    fields: Collection[str],
    now: datetime,
    *,
    child: bool = False,
) -> Permission:
    """May `fields` go to `receiver` for `purpose` at `now`? All of one person's `events` go in.

    `child` is true when the person is a child or their age is in doubt (`Birth.is_child`).
    """
    asked = frozenset(fields)
    if not asked:
        return Permission(False, frozenset(), Reason.NO_FIELDS_ASKED)
    grants = _grants(events)
    last_no = _last_no(grants, purpose, receiver)
    covered: set[str] = set()
    sources: list[str] = []
    rests_on = Reason.CONSENT
    failures: set[Reason] = set()
    for grant in grants:
        if (grant.purpose, grant.receiver) != (purpose, receiver):
            continue
        standing = _standing(grant, last_no, now, child=child)
        if standing not in {Reason.CONSENT, Reason.OVERRIDE}:
            failures.add(standing)
        elif grant.fields & asked:
            covered |= grant.fields & asked
            sources.append(grant.consent)
            if standing is Reason.OVERRIDE:
                rests_on = Reason.OVERRIDE
    if covered == asked:
        return Permission(True, frozenset(covered), rests_on, tuple(sources))
    if covered or not failures:
        named = any((g.purpose, g.receiver) == (purpose, receiver) for g in grants)
        reason = Reason.FIELDS_NOT_NAMED if named else Reason.NOTHING_RECORDED
    else:
        reason = next(reason for reason in _TELLING if reason in failures)
    return Permission(False, frozenset(covered), reason, tuple(sources))


_STATE = {
    Reason.CONSENT: State.GIVEN,
    Reason.OVERRIDE: State.OVERRIDE_APPROVED,
    Reason.WITHDRAWN: State.WITHDRAWN,
    Reason.REFUSED: State.REFUSED,
    Reason.EXPIRED: State.EXPIRED,
    Reason.SECOND_REVIEWER_MISSING: State.OVERRIDE_WAITING,
    Reason.NO_LEGAL_BASIS: State.NOT_VALID,
    Reason.GUARDIAN_MISSING: State.NOT_VALID,
    Reason.CHILD_NOT_HEARD: State.NOT_VALID,
    Reason.NOTHING_RECORDED: State.NOT_VALID,
    Reason.NOT_YET: State.NOT_VALID,
}


def states(events: Iterable[Event], now: datetime, *, child: bool = False) -> dict[str, State]:
    """Where each consent of one person stands, by the same rules as `permits`."""
    grants = _grants(events)
    found = {}
    for grant in grants:
        last_no = _last_no(grants, grant.purpose, grant.receiver)
        state = _STATE[_standing(grant, last_no, now, child=child)]
        if state is State.REFUSED and grant.first(EventKind.OVERRIDE_REFUSED):
            state = State.OVERRIDE_REFUSED
        found[grant.consent] = state
    return found
