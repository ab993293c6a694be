# SPDX-License-Identifier: EUPL-1.2
"""R2 and R3 at the sender: nothing leaves without consent, nothing but what was seen and ticked."""

from datetime import UTC, datetime, timedelta

import pytest

from mostovi.cases import letters, referring
from mostovi.cases.models import Referral
from mostovi.exchange.handlers import ReceiptSeen
from mostovi.exchange.models import OutboxLetter
from mostovi.exchange.receipts import Verdict
from mostovi.people import consenting
from mostovi.people import services as people
from mostovi.people.consent import Reason
from mostovi.procedures.state import StepRefused
from tests.cases.conftest import FIELDS, said
from tests.cases.test_receiving import letter

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(case, coordinator, neighbour):
    return referring.draft(
        coordinator, case, service="ba-safe-house", need_codes=["shelter"], urgency="urgent",
        fields=FIELDS, summary="Needs a safe bed.",
    )  # fmt: skip


def sent_data():
    return [said(row) for row in OutboxLetter.objects.all()]


def send(actor, referral):
    return referring.send(actor, referral, seen=referring.outgoing(actor, referral).seen)


def receipt(referral, verdict, reason="", **more):
    now = datetime.now(UTC)
    received_at = more.get("received_at", now)
    letters.see_request_receipt(
        ReceiptSeen(
            letter=referral.letter_id, type="mostovi.referral.request.v1", to="ba",
            thread=referral.thread, verdict=verdict, reason=reason, text="",
            received_at=received_at, head="", seen_at=now,
        )
    )  # fmt: skip


def test_a_draft_sends_nothing(draft):
    assert not OutboxLetter.objects.exists()
    assert draft.procedure.state == "draft"


def test_without_consent_nothing_leaves(draft, coordinator):
    going = referring.outgoing(coordinator, draft)
    assert going.permission.reason is Reason.NOTHING_RECORDED
    with pytest.raises(referring.NotPermitted):
        referring.send(coordinator, draft, seen=going.seen)
    assert not OutboxLetter.objects.exists()


def test_with_consent_exactly_what_was_shown_leaves_once(draft, coordinator, consent_to, case):
    consent_to(case.person)
    going = referring.outgoing(coordinator, draft)
    referring.send(coordinator, draft, seen=going.seen)
    referring.send(coordinator, draft, seen=going.seen)
    (data,) = sent_data()
    assert data == going.data
    assert {name for name in data if name in referring.sharing.SHAREABLE} == set(FIELDS)
    assert "SY" not in str(data)
    assert "67 000 001" not in str(data)
    shown = {value for _, _, value in going.lines}
    assert {"ليلى", "Layla", "Needs a safe bed."} <= shown


def test_a_consent_that_does_not_name_every_ticked_field_is_not_enough(
    draft, coordinator, consent_to, case
):
    consent_to(case.person, ["names", "summary"])
    with pytest.raises(referring.NotPermitted) as refused:
        send(coordinator, draft)
    assert refused.value.permission.reason is Reason.FIELDS_NOT_NAMED


def test_a_change_after_looking_must_be_seen_first(draft, coordinator, consent_to, case):
    from uuid import uuid4

    consent_to(case.person)
    going = referring.outgoing(coordinator, draft)
    file = people.read(coordinator, case.person)
    wish = people.FieldChange("languages", file.versions["languages"], ["fa"], uuid4())
    people.change(coordinator, case.person, changes=[wish])
    with pytest.raises(referring.ChangedSinceSeen):
        referring.send(coordinator, draft, seen=going.seen)
    assert not OutboxLetter.objects.exists()
    send(coordinator, draft)
    assert sent_data()[0]["languages"] == ["fa"]


def test_withdrawal_before_sending_stops_it(draft, coordinator, consent_to, case):
    consent = consent_to(case.person)
    going = referring.outgoing(coordinator, draft)
    consenting.withdraw(coordinator, consent)
    with pytest.raises(referring.NotPermitted):
        referring.send(coordinator, draft, seen=going.seen)


def test_the_receipt_starts_the_receivers_clock(draft, coordinator, consent_to, case):
    consent_to(case.person)
    send(coordinator, draft)
    receipt(draft, Verdict.STORED)
    stored = Referral.objects.get()
    assert stored.procedure.state == "acknowledged"
    assert stored.delivered_at
    running = stored.procedure.deadlines.get(clock="answer")
    assert running.started_at == stored.delivered_at


def test_a_letter_taken_back_too_late_is_not_called_undelivered(
    draft, coordinator, consent_to, case
):
    consent_to(case.person)
    send(coordinator, draft)
    receipt(draft, None, "withdrawn")
    assert Referral.objects.get().undeliverable == "withdrawn"
    receipt(draft, Verdict.STORED, "received_before_withdrawal", received_at=None)
    stored = Referral.objects.get()
    assert (stored.undeliverable, stored.delivered_at) == ("", None)


def test_an_answer_that_comes_before_the_receipt_counts(draft, coordinator, consent_to, case):
    """The receipt was lost with the node that waited for it; it comes again later."""
    consent_to(case.person)
    send(coordinator, draft)
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    letters.receive_update(
        letter(
            letters.UPDATE, {"referral": "x", "event": "asked", "at": at, "question": "Alone?"},
            draft.thread,
        )
    )  # fmt: skip
    assert Referral.objects.get().procedure.state == "asked"
    receipt(draft, Verdict.STORED)
    stored = Referral.objects.get()
    assert stored.procedure.state == "asked"
    assert stored.delivered_at
    heard = [(event.verb, event.crossed) for event in stored.procedure.events.all()]
    assert heard[-2:] == [("acknowledge", False), ("ask", False)]


def test_a_refused_letter_is_shown_and_loses_nothing(draft, coordinator, consent_to, case):
    consent_to(case.person)
    send(coordinator, draft)
    receipt(draft, Verdict.REJECTED, "outside_profile")
    stored = Referral.objects.get()
    assert stored.undeliverable == "outside_profile"
    assert referring.read(coordinator, stored)["summary"] == "Needs a safe bed."
    referring.step(
        coordinator, stored, verb="withdraw", text="Found another.", code="other_service"
    )


def test_withdrawal_tells_the_receiver_and_ends_the_referral(draft, coordinator, consent_to, case):
    consent = consent_to(case.person)
    send(coordinator, draft)
    receipt(draft, Verdict.STORED)
    consenting.withdraw(case.person, consent)
    stored = Referral.objects.get()
    assert stored.procedure.state == "withdrawn"
    assert stored.consent_withdrawn_at
    told = OutboxLetter.objects.get(letter_type="mostovi.consent.withdrawn.v1")
    data = said(told)
    assert data["consent"] == stored.consent_handle
    assert data["referrals"] == [referring.referral_handle(stored)]


def test_an_emergency_needs_a_second_reviewer(draft, coordinator, colleague, case):
    referring.ask_for_emergency(
        coordinator,
        draft,
        duty=first_duty(),
        reason="She is unconscious and in danger of her life.",
    )
    assert not OutboxLetter.objects.exists()
    draft = Referral.objects.get()
    going = referring.outgoing(coordinator, draft)
    with pytest.raises(consenting.SecondReviewerNeeded):
        referring.decide_emergency(
            coordinator, draft, approve=True, reason="I say so.", seen=going.seen
        )
    assert not OutboxLetter.objects.exists()
    going = referring.outgoing(colleague, draft)
    referring.decide_emergency(
        colleague, draft, approve=True, reason="Confirmed by the doctor.", seen=going.seen
    )
    (data,) = sent_data()
    assert data["basis"]["kind"] == "duty"
    assert Referral.objects.get().procedure.state == "sent"


def test_a_refused_emergency_goes_back_to_draft(draft, coordinator, colleague):
    referring.ask_for_emergency(
        coordinator, draft, duty=first_duty(), reason="It seems quicker to do it this way."
    )
    referring.decide_emergency(colleague, draft, approve=False, reason="She can be asked.")
    assert not OutboxLetter.objects.exists()
    assert Referral.objects.get().procedure.state == "draft"


def first_duty():
    from mostovi.people.consent_texts import duties

    return next(code for code, duty in duties().items() if "protection" in duty.purposes)


def test_the_sender_cannot_take_the_receivers_steps(draft, coordinator, consent_to, case):
    consent_to(case.person)
    send(coordinator, draft)
    receipt(draft, Verdict.STORED)
    for verb in ("accept", "decline", "ask", "hand_over"):
        with pytest.raises(StepRefused):
            referring.step(coordinator, Referral.objects.get(), verb=verb, text="x")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"service": "me-shelter"}, "service"),
        ({"service": "nowhere"}, "service"),
        ({"need_codes": []}, "needs"),
        ({"need_codes": ["gold"]}, "needs"),
        ({"urgency": "never"}, "urgency"),
        ({"fields": ["citizenships"]}, "fields"),
        ({"summary": "  "}, "summary"),
    ],
)
def test_bad_drafts_are_refused(case, coordinator, neighbour, change, field):
    wish = {
        "service": "ba-safe-house", "need_codes": ["shelter"], "urgency": "soon",
        "fields": FIELDS, "summary": "Needs a bed.",
    }  # fmt: skip
    with pytest.raises(referring.InvalidReferral) as refused:
        referring.draft(coordinator, case, **(wish | change))
    assert refused.value.field == field
    assert not Referral.objects.exists()


def test_a_child_needs_the_guardians_consent(coordinator, neighbour):
    from mostovi.cases import services as cases
    from mostovi.rights.purposes import Purpose

    child = people.register(
        coordinator, single={"birth": {"precision": "unknown"}},
        names=[{"parts": [["given", "Ali"]], "script": "Latn"}],
    )  # fmt: skip
    case = cases.open_case(
        coordinator, person=child, case_type="unaccompanied_child", urgency="soon"
    )
    referral = referring.draft(
        coordinator, case, service="ba-child-centre", need_codes=["guardianship"],
        urgency="soon", fields=["names"], summary="",
        risk={"danger_to_life": "no", "own_view": "He feels safe."},
    )  # fmt: skip
    terms = {
        "purpose": Purpose.PROTECTION, "receiver": "ba", "fields": ["names"], "language": "en",
        "means": "oral", "expires_at": datetime.now(UTC) + timedelta(days=30),
    }  # fmt: skip
    with pytest.raises(consenting.InvalidConsent):
        consenting.give(coordinator, child, **terms)
    consenting.give(coordinator, child, guardian_name="Ana", child_view="He wants to go.", **terms)
    assert send(coordinator, referral).letter_id


def step_receipt(row, verdict, reason=""):
    now = datetime.now(UTC)
    letters.see_step_receipt(
        ReceiptSeen(
            letter=row.pk, type=row.letter_type, to="ba", thread=row.thread, verdict=verdict,
            reason=reason, text="", received_at=now, head="", seen_at=now,
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "reason"), [(Verdict.REJECTED, "not_your_step"), (None, "expired")]
)
def test_whoever_took_a_step_that_the_other_end_missed_sees_it_until_it_arrives(
    draft, coordinator, consent_to, case, signed_in, verdict, reason
):
    from mostovi.cases.today import waiting

    def told():
        return [item.why for item in waiting(coordinator, datetime.now(UTC))]

    consent_to(case.person)
    send(coordinator, draft)
    receipt(draft, Verdict.STORED)
    OutboxLetter.objects.update(state="delivered")
    stored = Referral.objects.get()
    referring.step(coordinator, stored, verb="mark_expired", text="Nobody answers there.")
    row = OutboxLetter.objects.get(letter_type="mostovi.referral.update.v1")
    why = "The other institution does not know of your last step"
    assert why not in told()
    OutboxLetter.objects.filter(pk=row.pk).update(state="dead")
    step_receipt(row, verdict, reason)
    assert why in told()
    page = signed_in(coordinator).get(f"/cases/referrals/{stored.code}/").content.decode()
    assert f"{why}." in page
    assert reason in page
    OutboxLetter.objects.filter(pk=row.pk).update(state="delivered")
    step_receipt(row, Verdict.STORED)
    assert why not in told()


def test_a_referral_withdrawn_before_it_left_never_leaves(draft, coordinator, consent_to, case):
    consent_to(case.person)
    send(coordinator, draft)
    referring.step(
        coordinator, Referral.objects.get(), verb="withdraw", text="Found another.",
        code="other_service",
    )  # fmt: skip
    waiting = OutboxLetter.objects.filter(state="waiting").values_list("letter_type", flat=True)
    assert sorted(waiting) == ["mostovi.exchange.void.v1", "mostovi.referral.update.v1"]
    assert "Layla" not in "".join(
        str(said(row)) for row in OutboxLetter.objects.exclude(sealed=b"")
    )
