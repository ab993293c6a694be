# SPDX-License-Identifier: EUPL-1.2
"""A referral run for real on both sides: steps, reasons against them, clocks, crossing letters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from mostovi.procedures import gates, services
from mostovi.procedures.models import AppendOnly, Deadline, Event, Instance, Outcome
from mostovi.procedures.services import NotExtendable, NotLive
from mostovi.procedures.state import GateAnswer, StepRefused, Why
from mostovi.rights.access import Actor, Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db

OPEN = {"consent_in_force": GateAnswer(True), "legal_basis_named": GateAnswer(True)}
MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PARTNERS = {"sender": "me", "receiver": "ba"}


def worker(role: Role = Role.SOCIAL_WORKER) -> Actor:
    return Actor(uuid4(), role, Purpose.PROTECTION)


SYSTEM = Actor.system(Purpose.PROTECTION)


def sent(actor: Actor) -> Instance:
    """A referral that the sender has sent on Monday."""
    instance = services.start(
        actor, code="referral", side="sender", subject=uuid4(), at=MONDAY, partners=PARTNERS
    )
    services.apply(actor, instance=instance, verb="record_consent", at=MONDAY, gates=OPEN)
    services.apply(actor, instance=instance, verb="send", at=MONDAY, gates=OPEN)
    return instance


def received(actor: Actor) -> Instance:
    """The same referral at the receiver, acknowledged on Monday."""
    instance = services.start(
        SYSTEM, code="referral", side="receiver", subject=uuid4(), at=MONDAY, partners=PARTNERS
    )
    services.hear(SYSTEM, instance=instance, verb="record_consent", at=MONDAY)
    services.hear(SYSTEM, instance=instance, verb="send", at=MONDAY)
    services.apply(SYSTEM, instance=instance, verb="acknowledge", at=MONDAY)
    return instance


def deadline(instance: Instance, clock: str) -> Deadline:
    return instance.deadlines.get(clock=clock)


def test_the_whole_way_at_the_sender() -> None:
    actor = worker()
    instance = sent(actor)
    later = MONDAY + timedelta(hours=1)
    for verb in ("acknowledge", "accept", "hand_over"):
        services.hear(SYSTEM, instance=instance, verb=verb, at=later)
    services.apply(actor, instance=instance, verb="call_for_feedback", at=later)
    services.hear(SYSTEM, instance=instance, verb="give_feedback", at=later)
    services.apply(actor, instance=instance, verb="close", at=later)
    instance.refresh_from_db()
    assert instance.state == "closed" == services.replayed_state(instance)
    assert instance.over_at == later
    assert not instance.deadlines.filter(outcome__in=["running", "suspended"]).exists()
    assert deadline(instance, "answer").outcome == Outcome.MET


def test_a_closed_gate_refuses_with_its_words_and_stores_nothing() -> None:
    actor = worker()
    instance = services.start(actor, code="referral", side="sender", subject=uuid4())
    closed = {"consent_in_force": GateAnswer(False, "The consent was withdrawn.")}
    with pytest.raises(StepRefused) as refused:
        services.apply(actor, instance=instance, verb="record_consent", gates=closed)
    assert [(r.why, r.about, r.text) for r in refused.value.reasons] == [
        (Why.GATE_CLOSED, "consent_in_force", "The consent was withdrawn.")
    ]
    assert not instance.events.exists()
    assert instance.state == "draft"


def test_a_gate_that_nobody_answers_is_closed() -> None:
    actor = worker()
    instance = services.start(actor, code="referral", side="sender", subject=uuid4())
    with pytest.raises(StepRefused):
        services.apply(actor, instance=instance, verb="record_consent")


def test_a_registered_gate_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "_predicates", {})
    gates.register("referral", "consent_in_force", lambda instance, now: GateAnswer(True))
    actor = worker()
    instance = services.start(actor, code="referral", side="sender", subject=uuid4())
    event = services.apply(actor, instance=instance, verb="record_consent")
    assert event.gates == ["consent_in_force"]


def test_a_gate_of_the_other_side_is_not_asked_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def unanswerable(instance: object, now: datetime) -> GateAnswer:
        raise AssertionError("only the sender's records can answer this")

    monkeypatch.setattr(gates, "_predicates", {})
    gates.register("referral", "consent_in_force", unanswerable)
    instance = services.start(worker(), code="referral", side="receiver", subject=uuid4())
    offered = services.choices(worker(), instance=instance)
    refused = next(choice for choice in offered if choice.transition.verb == "record_consent")
    assert not refused.is_allowed


@pytest.mark.parametrize(
    ("role", "verb", "why"),
    [
        (Role.FIRST_RESPONDER, "record_consent", Why.ROLE),
        (Role.SOCIAL_WORKER, "accept", Why.WRONG_STATE),
        (Role.SOCIAL_WORKER, "teleport", Why.UNKNOWN_VERB),
        (Role.SOCIAL_WORKER, "withdraw", Why.REASON_MISSING),
    ],
)
def test_what_is_refused_in_draft(role: Role, verb: str, why: Why) -> None:
    actor = worker(role)
    instance = services.start(worker(), code="referral", side="sender", subject=uuid4())
    with pytest.raises(StepRefused) as refused:
        services.apply(actor, instance=instance, verb=verb, gates=OPEN)
    assert why in {reason.why for reason in refused.value.reasons}


def test_an_emergency_needs_a_second_pair_of_eyes() -> None:
    first, second = worker(), worker(Role.ANTI_TRAFFICKING_COORDINATOR)
    instance = services.start(first, code="referral", side="sender", subject=uuid4())
    services.apply(
        first, instance=instance, verb="invoke_vital_interest", gates=OPEN, reason="Threat"
    )
    with pytest.raises(StepRefused) as refused:
        services.apply(
            first, instance=instance, verb="send_in_emergency", gates=OPEN, reason="Agreed"
        )
    assert [r.why for r in refused.value.reasons] == [Why.SAME_PERSON]
    services.apply(second, instance=instance, verb="send_in_emergency", gates=OPEN, reason="Agreed")
    assert instance.state == "sent"
    assert deadline(instance, "emergency_answer").outcome == Outcome.RUNNING


def test_the_side_that_waits_cannot_answer_for_the_other() -> None:
    actor = worker()
    instance = sent(actor)
    services.hear(SYSTEM, instance=instance, verb="acknowledge", at=MONDAY)
    with pytest.raises(StepRefused) as refused:
        services.apply(actor, instance=instance, verb="accept")
    assert [r.why for r in refused.value.reasons] == [Why.OTHER_SIDE]
    with pytest.raises(StepRefused):
        services.hear(SYSTEM, instance=instance, verb="withdraw", at=MONDAY)


def test_a_question_stops_the_time_to_answer() -> None:
    actor = worker()
    instance = received(actor)
    answer = deadline(instance, "answer")
    # Monday is not counted; Tuesday to Thursday are; 25 November is no holiday in ba.
    assert answer.due is not None
    assert answer.due.astimezone(UTC) == datetime(2026, 11, 26, 22, 59, 59, tzinfo=UTC)
    tuesday = MONDAY + timedelta(days=1)
    services.apply(actor, instance=instance, verb="ask", at=tuesday, reason="Which language?")
    answer.refresh_from_db()
    assert (answer.outcome, answer.due) == (Outcome.SUSPENDED, None)
    friday = MONDAY + timedelta(days=4)
    assert services.flag_overdue(friday + timedelta(days=2)) >= 0
    answer.refresh_from_db()
    assert answer.flagged_at is None, "a stopped clock is never overdue"
    services.hear(SYSTEM, instance=instance, verb="answer", at=friday, reason="Persian")
    answer.refresh_from_db()
    # Tuesday to Friday do not count: Monday, Tuesday, Wednesday do.
    assert answer.due is not None
    assert answer.due.astimezone(UTC).date().isoformat() == "2026-12-02"


def test_an_extension_is_given_once_and_only_while_it_runs() -> None:
    actor = worker()
    instance = received(actor)
    answer = deadline(instance, "answer")
    before = answer.due
    services.extend(actor, deadline=answer, at=MONDAY)
    assert before is not None and answer.due is not None and answer.due > before
    with pytest.raises(NotExtendable):
        services.extend(actor, deadline=answer, at=MONDAY)
    services.apply(actor, instance=instance, verb="accept", at=MONDAY)
    with pytest.raises(NotLive):
        services.extend(actor, deadline=deadline(instance, "answer"), at=MONDAY)


def test_overdue_is_flagged_once_and_refuses_nobody() -> None:
    actor = worker()
    instance = received(actor)
    late = MONDAY + timedelta(days=30)
    assert services.flag_overdue(late) == 1
    assert services.flag_overdue(late) == 0
    instance.refresh_from_db()
    assert instance.state == "acknowledged"
    services.apply(actor, instance=instance, verb="accept", at=late)
    assert deadline(instance, "answer").outcome == Outcome.MET_LATE


def test_letters_that_cross_are_kept_and_change_nothing() -> None:
    actor = worker()
    instance = sent(actor)
    services.apply(actor, instance=instance, verb="withdraw", reason="Person asked")
    event = services.hear(SYSTEM, instance=instance, verb="acknowledge", at=MONDAY)
    assert event.crossed
    instance.refresh_from_db()
    assert instance.state == "withdrawn" == services.replayed_state(instance)


def test_events_are_never_changed_or_deleted() -> None:
    instance = sent(worker())
    event = instance.events.first()
    assert event is not None
    event.verb = "withdraw"
    with pytest.raises(AppendOnly):
        event.save()
    with pytest.raises(AppendOnly):
        event.delete()
    for refused in (
        lambda: Event.objects.all().delete(),
        lambda: Event.objects.update(verb="x"),
        lambda: Event.objects.bulk_update([event], ["verb"]),
    ):
        with pytest.raises(AppendOnly):
            refused()


def test_a_reason_is_sealed_and_goes_with_the_key() -> None:
    from mostovi.rights.vault import vault

    actor = worker()
    instance = sent(actor)
    event = services.apply(
        actor, instance=instance, verb="withdraw", reason="Amina asked us to stop"
    )
    stored = Event.objects.get(pk=event.pk)
    assert b"Amina" not in bytes(stored.sealed)
    assert stored.reason == "Amina asked us to stop"
    vault().destroy(instance.key_id)
    assert Event.objects.get(pk=event.pk).reason == ""


def test_another_purpose_is_refused() -> None:
    instance = sent(worker())
    for purpose in (Purpose.RETURN, Purpose.INVESTIGATION, Purpose.LABOUR, Purpose.ASYLUM):
        other = Actor.system(purpose)
        with pytest.raises(Refused):
            services.choices(other, instance=instance)
        with pytest.raises(Refused):
            services.apply(other, instance=instance, verb="withdraw", reason="x", gates=OPEN)


def test_every_step_is_logged_without_the_subject() -> None:
    instance = sent(worker())
    entries = AuditEntry.objects.filter(tag__startswith="procedures.")
    assert entries.count() == 3
    assert not any(str(instance.subject) in entry.detail for entry in entries)


def test_an_edited_file_must_raise_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from mostovi.procedures import library

    services.start(worker(), code="referral", side="sender", subject=uuid4())
    edited = replace(library.current("referral"), digest="0" * 64)
    with pytest.raises(services.ChangedWithoutVersion):
        services.remember(edited, MONDAY)


def test_an_instance_finishes_on_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    from mostovi.procedures import library
    from mostovi.procedures.loader import load

    actor = worker()
    instance = sent(actor)
    old = library.current("referral")
    now, later = old.procedure.version, old.procedure.version + 1
    text = old.text.replace(f"version: {now}\n", f"version: {later}\n", 1)
    newer = library.ProcedureFile(load(text, "new.yaml"), text, library.digest_of(text))
    monkeypatch.setattr(library, "shipped", lambda: {"referral": newer})
    assert services.procedure_of(instance).version == now
    services.apply(actor, instance=instance, verb="withdraw", reason="Person asked")
    new = services.start(actor, code="referral", side="sender", subject=UUID(int=7))
    assert new.version == later


def test_erasing_takes_everything() -> None:
    actor = worker()
    instance = sent(actor)
    key = instance.pk
    services.erase(actor, instance=instance)
    assert not Event.objects.filter(instance=key).exists()
    assert not Instance.objects.filter(pk=key).exists()


def test_one_procedure_of_a_kind_a_subject() -> None:
    from django.db import IntegrityError

    subject = uuid4()
    services.start(worker(), code="referral", side="sender", subject=subject)
    with pytest.raises(IntegrityError):
        services.start(worker(), code="referral", side="sender", subject=subject)
