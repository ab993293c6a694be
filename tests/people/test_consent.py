# SPDX-License-Identifier: EUPL-1.2
"""The consent rule (R2): a table of what it says, and a property that tries to break it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.people.consent import Event, EventKind, Reason, State, permits, states

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = frozenset({"names", "birth"})


def event(kind: EventKind, hours: float, consent: str = "c1", **more: object) -> Event:
    values: dict[str, object] = {
        "purpose": "protection", "receiver": "ba", "fields": NAMES, "by": "worker",
        "expires": NOW + 24 * HOUR,
    }  # fmt: skip
    return Event(consent, kind, NOW + hours * HOUR, **{**values, **more})  # type: ignore[arg-type]


GIVEN = event(EventKind.GIVEN, -5)
ASKED = event(EventKind.OVERRIDE_REQUESTED, -5, legal_basis="vital_interests")
APPROVED = event(EventKind.OVERRIDE_APPROVED, -4, by="second", legal_basis="vital_interests")


@pytest.mark.parametrize(
    ("events", "allowed", "reason"),
    [
        ([], False, Reason.NOTHING_RECORDED),
        ([GIVEN], True, Reason.CONSENT),
        ([event(EventKind.REFUSED, -5)], False, Reason.REFUSED),
        ([GIVEN, event(EventKind.WITHDRAWN, -1)], False, Reason.WITHDRAWN),
        # At the same instant, and by a clock that runs ahead, withdrawal wins.
        ([GIVEN, event(EventKind.WITHDRAWN, -5)], False, Reason.WITHDRAWN),
        ([GIVEN, event(EventKind.WITHDRAWN, 9)], False, Reason.WITHDRAWN),
        # A later refusal ends an earlier consent; a consent after a refusal stands.
        ([GIVEN, event(EventKind.REFUSED, -1, "c2")], False, Reason.REFUSED),
        ([event(EventKind.REFUSED, -8, "c0"), GIVEN], True, Reason.CONSENT),
        # One withdrawal ends every consent toward the same receiver.
        ([GIVEN, event(EventKind.GIVEN, -4, "c2"), event(EventKind.WITHDRAWN, -1, "c2")],
         False, Reason.WITHDRAWN),
        # The same consent cannot be revived, a new one can be given.
        ([GIVEN, event(EventKind.WITHDRAWN, -3), event(EventKind.GIVEN, -1)],
         False, Reason.WITHDRAWN),
        ([GIVEN, event(EventKind.WITHDRAWN, -3), event(EventKind.GIVEN, -1, "c2")],
         True, Reason.CONSENT),
        ([event(EventKind.GIVEN, -5, expires=NOW)], False, Reason.EXPIRED),
        ([GIVEN, event(EventKind.EXPIRED, -1)], False, Reason.EXPIRED),
        ([event(EventKind.GIVEN, 1)], False, Reason.NOT_YET),
        ([ASKED], False, Reason.SECOND_REVIEWER_MISSING),
        ([ASKED, APPROVED], True, Reason.OVERRIDE),
        ([ASKED, event(EventKind.OVERRIDE_APPROVED, -4, by="worker")],
         False, Reason.SECOND_REVIEWER_MISSING),
        ([ASKED, event(EventKind.OVERRIDE_REFUSED, -4, by="second")], False, Reason.REFUSED),
        ([event(EventKind.OVERRIDE_REQUESTED, -5, legal_basis=" "), APPROVED],
         False, Reason.NO_LEGAL_BASIS),
        # Withdrawal also stops what an override permitted before it.
        ([ASKED, APPROVED, event(EventKind.WITHDRAWN, -1, "c2")], False, Reason.WITHDRAWN),
    ],
)  # fmt: skip
def test_what_the_events_permit(events: list[Event], allowed: bool, reason: Reason) -> None:
    found = permits(events, "protection", "ba", {"names"}, NOW)
    assert (found.allowed, found.reason) == (allowed, reason)
    assert found.fields == ({"names"} if allowed else set())


@pytest.mark.parametrize(
    ("purpose", "receiver", "fields", "allowed", "covered"),
    [
        ("protection", "ba", {"names", "birth"}, True, {"names", "birth"}),
        ("asylum", "ba", {"names"}, False, set()),
        ("protection", "rs", {"names"}, False, set()),
        ("protection", "ba", {"names", "health"}, False, {"names"}),
        ("protection", "ba", set(), False, set()),
    ],
)
def test_a_consent_covers_what_it_names(
    purpose: str, receiver: str, fields: set[str], allowed: bool, covered: set[str]
) -> None:
    found = permits([GIVEN], purpose, receiver, fields, NOW)
    assert (found.allowed, found.fields) == (allowed, covered)


@pytest.mark.parametrize(
    ("guardian", "heard", "reason"),
    [
        (False, False, Reason.GUARDIAN_MISSING),
        (False, True, Reason.GUARDIAN_MISSING),
        (True, False, Reason.CHILD_NOT_HEARD),
        (True, True, Reason.CONSENT),
    ],
)
def test_a_childs_consent_needs_the_guardian_and_the_childs_view(
    guardian: bool, heard: bool, reason: Reason
) -> None:
    given_event = event(EventKind.GIVEN, -5, guardian=guardian, child_heard=heard)
    found = permits([given_event], "protection", "ba", {"names"}, NOW, child=True)
    assert found.reason is reason and found.allowed is (reason is Reason.CONSENT)


def test_two_consents_together_can_cover_what_is_asked() -> None:
    both = [GIVEN, event(EventKind.GIVEN, -4, "c2", fields=frozenset({"contact"}))]
    found = permits(both, "protection", "ba", {"names", "contact"}, NOW)
    assert found.allowed and set(found.sources) == {"c1", "c2"}


PURPOSES, RECEIVERS = ("protection", "asylum"), ("ba", "rs")
FIELDS = ("names", "birth", "contact")
events_of_a_person = st.lists(
    st.builds(
        Event,
        consent=st.sampled_from(["c1", "c2", "c3"]),
        kind=st.sampled_from(list(EventKind)),
        at=st.integers(-5, 5).map(lambda hours: NOW + hours * HOUR),
        purpose=st.sampled_from(PURPOSES),
        receiver=st.sampled_from(RECEIVERS),
        fields=st.frozensets(st.sampled_from(FIELDS)),
        expires=st.none() | st.integers(-5, 5).map(lambda hours: NOW + hours * HOUR),
        by=st.sampled_from(["", "first", "second"]),
        guardian=st.booleans(),
        child_heard=st.booleans(),
        legal_basis=st.sampled_from(["", "vital_interests"]),
    ),
    max_size=8,
)


@settings(max_examples=1500, deadline=None)
@given(
    events=events_of_a_person,
    purpose=st.sampled_from(PURPOSES),
    receiver=st.sampled_from(RECEIVERS),
    fields=st.frozensets(st.sampled_from(FIELDS), min_size=1),
    child=st.booleans(),
)
def test_nothing_is_permitted_that_nobody_allowed(
    events: list[Event], purpose: str, receiver: str, fields: frozenset[str], child: bool
) -> None:
    found = permits(events, purpose, receiver, fields, NOW, child=child)
    assert found.fields <= fields
    assert found.allowed == (found.fields == fields)
    for name in found.fields:
        grounds = [
            e
            for e in events
            if e.consent in found.sources
            and e.kind in {EventKind.GIVEN, EventKind.OVERRIDE_REQUESTED}
            and (e.purpose, e.receiver) == (purpose, receiver)
            and name in e.fields
            and e.at <= NOW
            and (e.expires is None or e.expires > NOW)
        ]
        assert grounds, f"{name} went out without an event that names it"
        for ground in grounds:
            later = [e for e in events if e.consent == ground.consent]
            # Nothing in that consent ended it, whenever that is said to have happened.
            assert not any(
                e.kind in {EventKind.WITHDRAWN, EventKind.REFUSED, EventKind.OVERRIDE_REFUSED}
                for e in later
            )
    if found.fields:
        # At least one ground is younger than every "no" of a consent with these terms.
        openings = [
            e.at for e in events
            if e.consent in found.sources
            and e.kind in {EventKind.GIVEN, EventKind.OVERRIDE_REQUESTED}
        ]  # fmt: skip
        for consent in {e.consent for e in events} - set(found.sources):
            group = [e for e in events if e.consent == consent]
            if all((e.purpose, e.receiver) == (purpose, receiver) for e in group):
                noes = [e.at for e in group if e.kind in {EventKind.WITHDRAWN, EventKind.REFUSED}]
                assert all(no < max(openings) for no in noes)
        if found.reason is Reason.OVERRIDE:
            reviewers = {
                e.by for e in events
                if e.consent in found.sources
                and e.kind in {EventKind.OVERRIDE_REQUESTED, EventKind.OVERRIDE_APPROVED}
            }  # fmt: skip
            assert len(reviewers - {""}) > 1
        elif child:
            assert any(e.guardian and e.child_heard for e in events)


@settings(max_examples=400, deadline=None)
@given(events=events_of_a_person, fields=st.frozensets(st.sampled_from(FIELDS), min_size=1))
def test_a_withdrawal_now_stops_everything_to_that_receiver(
    events: list[Event], fields: frozenset[str]
) -> None:
    stop = Event("fresh", EventKind.WITHDRAWN, NOW + 6 * HOUR, "protection", "ba")
    assert not permits([*events, stop], "protection", "ba", fields, NOW).fields
    elsewhere = permits(events, "protection", "rs", fields, NOW)
    assert permits([*events, stop], "protection", "rs", fields, NOW) == elsewhere


@settings(max_examples=400, deadline=None)
@given(events=events_of_a_person, order=st.randoms(use_true_random=False))
def test_permission_never_comes_from_the_order_events_were_read_in(
    events: list[Event], order: object
) -> None:
    # Events of one consent at one instant are told apart by nothing; leave those out.
    seen: set[tuple[str, datetime]] = set()
    distinct = [e for e in events if not ((e.consent, e.at) in seen or seen.add((e.consent, e.at)))]  # type: ignore[func-returns-value]
    mixed = list(distinct)
    order.shuffle(mixed)  # type: ignore[attr-defined]
    asked = {"names", "birth"}
    left = permits(distinct, "protection", "ba", asked, NOW)
    right = permits(mixed, "protection", "ba", asked, NOW)
    assert (left.allowed, left.fields) == (right.allowed, right.fields)


@settings(max_examples=300, deadline=None)
@given(events=events_of_a_person)
def test_what_the_page_shows_agrees_with_what_is_permitted(events: list[Event]) -> None:
    shown = states(events, NOW)
    for purpose in PURPOSES:
        for receiver in RECEIVERS:
            found = permits(events, purpose, receiver, FIELDS, NOW)
            for source in found.sources:
                assert shown[source] in {State.GIVEN, State.OVERRIDE_APPROVED}
