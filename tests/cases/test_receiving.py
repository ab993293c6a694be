# SPDX-License-Identifier: EUPL-1.2
"""The receiving end: kept under a key of its own, answered, and gone when consent is withdrawn."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from mostovi.cases import letters, referring
from mostovi.cases.models import Referral
from mostovi.exchange.handlers import ReceivedLetter, Reject
from mostovi.exchange.models import OutboxLetter
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.vault import vault
from tests.cases.conftest import said

pytestmark = pytest.mark.django_db
HANDLE, CONSENT = "abcdef0123456789", "0123456789abcdef"
DATA = {
    "referral": HANDLE,
    "service": "me-shelter",
    "needs": ["shelter"],
    "urgency": "urgent",
    "basis": {
        "kind": "consent", "consent": CONSENT, "purpose": "protection", "receiver": "me",
        "fields": ["names", "summary"], "given_on": "2026-11-20", "expires": "2027-02-20",
        "language": "ar",
    },
    "names": [{"script": "Latn", "parts": [{"kind": "given", "text": "Layla"}]}],
    "summary": "Needs a safe bed.",
}  # fmt: skip


def letter(kind, data, thread, source="ba", seq=1):
    now = datetime.now(UTC)
    return ReceivedLetter(
        id=uuid4(), type=kind, source=source, thread=thread, seq=seq, time=now,
        expires=now + timedelta(days=1), received_at=now, purpose=Purpose.PROTECTION,
        basis={"consent": CONSENT}, data=data, subject="", in_reply_to=None, attachments=(),
        inbox=1, digest="", actor=Actor.system(Purpose.PROTECTION),
    )  # fmt: skip


@pytest.fixture
def thread():
    return uuid4()


@pytest.fixture
def received(neighbour, thread):
    letters.receive_request(letter(letters.REQUEST, DATA, thread))
    return Referral.objects.get()


def update(thread, event, **more):
    data = {"referral": HANDLE, "event": event, "at": "2026-11-24T10:00:00Z", **more}
    letters.receive_update(letter(letters.UPDATE, data, thread, seq=2))


def withdrawal():
    data = {"consent": CONSENT, "withdrawn_at": "2026-11-24T10:00:00Z", "scope": "use"}
    letters.receive_withdrawal(letter(letters.WITHDRAWN, data, uuid4()))


def test_a_referral_waits_acknowledged_with_its_clock_running(received, coordinator):
    assert received.procedure.state == "acknowledged"
    assert received.procedure.deadlines.get(clock="answer").outcome == "running"
    assert referring.read(coordinator, received)["summary"] == "Needs a safe bed."


@pytest.mark.parametrize(
    ("verb", "text", "code", "state", "event"),
    [
        ("accept", "", "", "accepted", "accepted"),
        ("ask", "Does she travel alone?", "", "asked", "asked"),
        ("decline", "We are full.", "no_capacity", "declined", "declined"),
    ],
)
def test_each_answer_goes_back_with_its_words(
    received, coordinator, verb, text, code, state, event
):
    referring.step(coordinator, received, verb=verb, text=text, code=code)
    assert Referral.objects.get().procedure.state == state
    data = said(OutboxLetter.objects.get())
    assert data["event"] == event
    assert data["referral"] == HANDLE
    assert text in str(data)


def test_a_question_stops_the_clock_until_it_is_answered(received, coordinator, thread):
    referring.step(coordinator, received, verb="ask", text="Does she travel alone?")
    clock = received.procedure.deadlines.get(clock="answer")
    assert clock.outcome == "suspended"
    update(thread, "answered", answer="With her son.")
    clock.refresh_from_db()
    assert clock.outcome == "running"
    said = [message.text for message in referring.messages(Referral.objects.get())]
    assert said == ["Does she travel alone?", "With her son."]


def test_when_consent_is_withdrawn_nobody_can_read_it_any_more(
    received, coordinator, django_capture_on_commit_callbacks
):
    referring.step(coordinator, received, verb="accept", text="Welcome.")
    with django_capture_on_commit_callbacks(execute=True):
        withdrawal()
    stored = Referral.objects.get()
    assert stored.procedure.state == "withdrawn"
    assert referring.read(coordinator, stored) is None
    assert [message.text for message in referring.messages(stored)] == [""]
    assert not vault().holds(received.key_id)


def test_withdrawal_that_overtakes_its_referral_still_holds(neighbour, thread):
    withdrawal()
    with pytest.raises(Reject) as refused:
        letters.receive_request(letter(letters.REQUEST, DATA, thread))
    assert refused.value.reason == "consent_withdrawn"
    assert not Referral.objects.exists()


def test_withdrawal_by_another_node_touches_nothing(received, coordinator):
    data = {"consent": CONSENT, "withdrawn_at": "2026-11-24T10:00:00Z", "scope": "use"}
    letters.receive_withdrawal(letter(letters.WITHDRAWN, data, uuid4(), source="rs"))
    assert referring.read(coordinator, Referral.objects.get()) is not None


def test_an_update_from_a_third_node_is_refused(received, thread):
    data = {"referral": HANDLE, "event": "withdrawn", "at": "2026-11-24T10:00:00Z"}
    with pytest.raises(Reject):
        letters.receive_update(letter(letters.UPDATE, data, thread, source="rs"))
    assert Referral.objects.get().procedure.state == "acknowledged"


def test_the_same_thread_cannot_bring_a_second_referral(received, thread):
    with pytest.raises(Reject):
        letters.receive_request(letter(letters.REQUEST, DATA, thread))
    assert Referral.objects.count() == 1


def test_a_withdrawn_referral_is_no_longer_shown(received, coordinator, thread):
    update(thread, "withdrawn", text="Another place was found.")
    assert referring.read(coordinator, Referral.objects.get()) is None
    assert Referral.objects.get().procedure.state == "withdrawn"


def test_a_node_that_holds_no_persons_takes_none_in(neighbour, thread, settings):
    from dataclasses import replace

    settings.MOSTOVI = replace(settings.MOSTOVI, holds_persons=False)
    with pytest.raises(Reject):
        letters.receive_request(letter(letters.REQUEST, DATA, thread))
    assert not Referral.objects.exists()


def test_retention_erases_an_ended_referral_and_its_procedure(received, coordinator):
    from datetime import date

    from mostovi.cases.registrations import _end_received
    from mostovi.procedures.models import Instance
    from mostovi.rights.retention import rules

    referring.step(coordinator, received, verb="decline", text="We are full.", code="no_capacity")
    Referral.objects.update(ended_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert _end_received(rules()["received_referral"], date(2026, 11, 24)) == 1
    assert not Referral.objects.exists()
    assert not Instance.objects.exists()


def test_the_way_to_the_end_at_the_receiver(received, coordinator, thread):
    referring.step(coordinator, received, verb="accept")
    referring.step(coordinator, received, verb="hand_over")
    update(thread, "feedback_called")
    with pytest.raises(referring.InvalidReferral):
        referring.step(coordinator, received, verb="give_feedback", text="She is well.")
    referring.step(
        coordinator, received, verb="give_feedback", text="She is well.", code="service_given"
    )
    update(thread, "closed", reason="completed")
    stored = Referral.objects.get()
    assert stored.procedure.state == "closed"
    assert stored.ended_at
    told = [said(row)["event"] for row in OutboxLetter.objects.order_by("seq")]
    assert told == ["accepted", "handed_over", "feedback"]


def test_the_receiver_can_open_a_referral_while_its_question_waits(
    received, coordinator, signed_in
):
    referring.step(coordinator, received, verb="ask", text="Does she travel alone?")
    page = signed_in(coordinator).get(reverse("cases:referral", args=[received.code]))
    assert page.status_code == 200
    assert "Does she travel alone?" in page.content.decode()


def test_the_end_of_a_referral_that_never_came_is_taken_in_silence(neighbour, thread):
    update(thread, "withdrawn")
    assert not Referral.objects.exists()
    with pytest.raises(Reject):
        update(thread, "closed")
