# SPDX-License-Identifier: EUPL-1.2
"""Version 2 of the referral: risk at both ends, the meeting, when it is not possible."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.urls import reverse

from mostovi.cases import letters, referring
from mostovi.cases.models import Referral
from mostovi.cases.step_forms import InvalidAnswers
from mostovi.exchange.models import OutboxLetter
from mostovi.exchange.receipts import Verdict
from mostovi.procedures import library
from mostovi.procedures import services as procedures
from mostovi.procedures.loader import load
from tests.cases.conftest import FIELDS, said
from tests.cases.test_receiving import DATA, letter, thread, update  # noqa: F401
from tests.cases.test_referring import receipt, send

pytestmark = pytest.mark.django_db
SAFE = {"danger_to_life": "no", "own_view": "She feels safe here."}
MEETING = {"day": "2026-12-01", "time": "10:00", "place": "Bus station", "who": "Ms Ana",
           "safe_here": "yes"}  # fmt: skip
AT = "2026-11-24T10:00:00Z"


def drafted(coordinator, case, **more):
    wish = {
        "service": "ba-safe-house", "need_codes": ["shelter"], "urgency": "soon",
        "fields": FIELDS, "summary": "Needs a safe bed.",
    }  # fmt: skip
    return referring.draft(coordinator, case, **(wish | more))


@pytest.fixture
def draft(case, coordinator, neighbour):
    return drafted(coordinator, case)


@pytest.fixture
def accepted(draft, coordinator, consent_to, case):
    """Sent and accepted by the other end."""
    consent_to(case.person)
    referring.assess_risk(coordinator, draft, answers=SAFE)
    send(coordinator, draft)
    receipt(draft, Verdict.STORED)
    update(draft.thread, "accepted")
    return Referral.objects.get()


@pytest.fixture
def received(neighbour, thread):  # noqa: F811
    letters.receive_request(letter(letters.REQUEST, DATA, thread))
    return Referral.objects.get()


def test_what_is_not_urgent_waits_for_the_risk(draft, coordinator, consent_to, case):
    consent_to(case.person)
    with pytest.raises(referring.InvalidReferral) as refused:
        send(coordinator, draft)
    assert refused.value.field == "risk"
    assert not OutboxLetter.objects.exists()
    referring.assess_risk(coordinator, draft, answers=SAFE)
    sent = send(coordinator, draft)
    verbs = [event.verb for event in sent.procedure.events.all()]
    assert verbs == ["record_consent", "assess_risk", "send"]


def test_urgent_help_does_not_wait(coordinator, case, neighbour, consent_to):
    consent_to(case.person)
    assert send(coordinator, drafted(coordinator, case, urgency="urgent")).letter_id


def test_the_assessment_of_risk_stays_at_the_sender(draft, coordinator, consent_to, case):
    consent_to(case.person)
    referring.assess_risk(coordinator, draft, answers=SAFE | {"from_whom": "Her employer"})
    send(coordinator, draft)
    assert "employer" not in str(said(OutboxLetter.objects.get()))
    assert referring.risk_of(draft)["from_whom"] == "Her employer"


def test_a_danger_to_life_must_be_told_and_needs_its_consent(draft, coordinator, consent_to, case):
    consent_to(case.person)
    danger = SAFE | {"danger_to_life": "yes", "must_know": "Her brother has threatened her."}
    referring.assess_risk(coordinator, draft, answers=danger)
    draft = Referral.objects.get()
    with pytest.raises(referring.NotPermitted):
        send(coordinator, draft)
    consent_to(case.person, [*FIELDS, "safety"])
    send(coordinator, draft)
    assert said(OutboxLetter.objects.get())["safety"] == "Her brother has threatened her."


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        ({}, {"danger_to_life", "own_view"}),
        ({"danger_to_life": "maybe", "own_view": "x"}, {"danger_to_life"}),
        ({"danger_to_life": "yes", "own_view": "x"}, {"must_know"}),
        (SAFE | {"star_sign": "lion"}, {"star_sign"}),
    ],
)
def test_a_form_that_is_not_filled_says_where(draft, coordinator, answers, missing):
    with pytest.raises(InvalidAnswers) as refused:
        referring.assess_risk(coordinator, draft, answers=answers)
    assert {code for code, _ in refused.value.problems} == missing
    assert referring.risk_of(draft) is None


def test_the_meeting_is_proposed_agreed_and_confirmed(received, coordinator, thread):  # noqa: F811
    referring.step(coordinator, received, verb="accept")
    with pytest.raises(InvalidAnswers):
        referring.step(coordinator, received, verb="arrange_meeting")
    assert Referral.objects.get().procedure.state == "accepted"
    referring.step(
        coordinator, received, verb="arrange_meeting",
        answers=MEETING | {"safe_here": "with_measures", "measures": "A guard at the door."},
    )  # fmt: skip
    proposed = said(OutboxLetter.objects.order_by("seq").last())
    assert proposed["meeting"] == {key: MEETING[key] for key in ("day", "time", "place", "who")}
    assert "guard" not in str(proposed)
    update(thread, "meeting_confirmed", meeting={"accompanied_by": "Her guardian"})
    assert Referral.objects.get().procedure.state == "meeting_confirmed"
    kept = [message.answers for message in referring.messages(Referral.objects.get())]
    assert {"accompanied_by": "Her guardian"} in kept
    referring.step(coordinator, Referral.objects.get(), verb="hand_over")
    assert Referral.objects.get().procedure.state == "handed_over"


def test_the_sender_asks_the_person_before_it_agrees(accepted, coordinator):
    update(accepted.thread, "meeting_proposed", meeting={"day": "2026-12-01", "who": "Ms Ana"})
    stored = Referral.objects.get()
    assert stored.procedure.state == "meeting_proposed"
    with pytest.raises(InvalidAnswers):
        referring.step(coordinator, stored, verb="confirm_meeting", answers={"accompanied": "yes"})
    referring.step(
        coordinator, stored, verb="confirm_meeting",
        answers={"person_knows": "yes", "accompanied": "yes", "accompanied_by": "Mr Petar"},
    )  # fmt: skip
    told = said(OutboxLetter.objects.order_by("seq").last())
    assert (told["event"], told["meeting"]) == (
        "meeting_confirmed", {"accompanied_by": "Mr Petar"},
    )  # fmt: skip


STATES = {
    "draft": [], "accepted": ["accepted"], "meeting_proposed": ["accepted", "meeting_proposed"],
    "not_arrived": ["accepted", "not_arrived"],
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_it_can_be_withdrawn_at_every_state_before_the_person_is_met(
    draft, coordinator, consent_to, case, state
):
    if state != "draft":
        consent_to(case.person)
        referring.assess_risk(coordinator, draft, answers=SAFE)
        send(coordinator, draft)
        receipt(draft, Verdict.STORED)
    for event in STATES[state]:
        more = {"meeting": {"day": "2026-12-01"}} if event == "meeting_proposed" else {}
        update(draft.thread, event, **more)
    stored = Referral.objects.get()
    assert stored.procedure.state == state
    referring.step(
        coordinator, stored, verb="withdraw", text="She wishes it.", code="person_wishes"
    )
    assert Referral.objects.get().procedure.state == "withdrawn"


def test_after_the_person_is_met_it_cannot_be_withdrawn(accepted, coordinator):
    from mostovi.procedures.state import StepRefused

    update(accepted.thread, "handed_over", unit="centre")
    with pytest.raises(StepRefused):
        referring.step(coordinator, Referral.objects.get(), verb="withdraw", text="x", code="other")


def test_when_a_referral_is_not_possible_it_says_what_is_done_instead(draft, coordinator):
    with pytest.raises(InvalidAnswers):
        referring.step(coordinator, draft, verb="note_not_possible", answers={"why": "no_place"})
    referring.step(
        coordinator, draft, verb="note_not_possible",
        answers={"why": "no_place", "instead": "She stays with us until Monday."},
    )  # fmt: skip
    stored = Referral.objects.get()
    assert (stored.procedure.state, bool(stored.ended_at)) == ("not_possible", True)
    assert not OutboxLetter.objects.exists()


# --- Version 1 goes on -------------------------------------------------------------------------


@pytest.fixture
def version_one(monkeypatch):
    """The node as it was before: the referral's file was version 1."""
    text = (Path(__file__).parent / "referral_v1.yaml").read_text("utf-8")
    old = library.ProcedureFile(load(text, "referral.yaml"), text, library.digest_of(text))
    new = library.shipped()
    monkeypatch.setattr(library, "shipped", lambda: {**new, "referral": old})
    yield lambda: monkeypatch.setattr(library, "shipped", lambda: new)
    procedures._stored.cache_clear()


def test_a_referral_that_began_on_version_1_finishes_on_it(
    version_one, draft, coordinator, consent_to, case
):
    consent_to(case.person)
    send(coordinator, draft)
    version_one()
    assert procedures.procedure_of(Referral.objects.get().procedure).version == 1
    receipt(draft, Verdict.STORED)
    update(draft.thread, "accepted")
    # The other end runs version 2 already: what version 1 does not know is kept, not refused.
    update(draft.thread, "meeting_proposed", meeting={"day": "2026-12-01", "who": "Ms Ana"})
    stored = Referral.objects.get()
    assert stored.procedure.state == "accepted"
    assert referring.messages(stored)[-1].answers["who"] == "Ms Ana"
    update(draft.thread, "handed_over", unit="centre")
    update(draft.thread, "feedback", outcome="service_given")
    referring.step(coordinator, Referral.objects.get(), verb="close", code="completed")
    stored = Referral.objects.get()
    assert (stored.procedure.version, stored.procedure.state) == (1, "closed")


def test_a_draft_of_version_1_is_sent_without_the_new_form(
    version_one, draft, coordinator, consent_to, case
):
    consent_to(case.person)
    version_one()
    send(coordinator, draft)
    assert Referral.objects.get().procedure.state == "sent"


# --- Pages -------------------------------------------------------------------------------------


def test_the_form_offers_services_with_reasons_and_free_places(
    signed_in, coordinator, case, neighbour, statements
):
    from mostovi.cases.directory import services as directory

    directory.load_shipped()
    client = signed_in(coordinator)
    address = reverse("cases:refer", args=[case.code])
    page = client.get(address + "?need=shelter").content.decode()
    assert "Fits best" in page
    assert "For women and girls: yes" in page
    assert "has not said how many places are free" in page
    assert len(statements(lambda: client.get(address))) <= 20
    directory.forget_listed()


def test_the_risk_is_written_on_the_page_and_errors_lose_nothing(signed_in, coordinator, draft):
    client = signed_in(coordinator)
    address = reverse("cases:risk", args=[draft.code])
    answer = client.post(address, {"assess_risk-own_view": "She is afraid of the road."})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "She is afraid of the road." in page
    assert "Choose one answer." in page
    filled = {f"assess_risk-{key}": value for key, value in SAFE.items()}
    assert client.post(address, filled).status_code == 302
    assert "Looked at with the person." in client.get(
        reverse("cases:referral", args=[draft.code])
    ).content.decode()  # fmt: skip


def test_the_meeting_is_proposed_on_the_page(signed_in, coordinator, received, statements):
    referring.step(coordinator, received, verb="accept")
    client = signed_in(coordinator)
    address = reverse("cases:referral_step", args=[received.code])
    filled = {f"arrange_meeting-{key}": value for key, value in MEETING.items()}
    wrong = client.post(address, {"verb": "arrange_meeting"} | filled | {
        "arrange_meeting-day": "tomorrow"})  # fmt: skip
    assert wrong.status_code == 422
    assert "Bus station" in wrong.content.decode()
    assert client.post(address, {"verb": "arrange_meeting"} | filled).status_code == 302
    page = client.get(reverse("cases:referral", args=[received.code]))
    assert "Bus station" in page.content.decode()
    own = statements(lambda: client.get(reverse("cases:referral", args=[received.code])))
    assert len(own) <= 20


def test_a_deadline_tells_the_sender_to_ask_the_person(accepted, coordinator):
    from mostovi.cases.today import waiting

    update(accepted.thread, "meeting_proposed", meeting={"day": "2026-12-01"})
    why = [str(item.why) for item in waiting(coordinator, datetime.now(UTC))]
    assert any("Ask the person about the meeting" in one for one in why)


def test_an_answer_that_did_not_come_is_shown_to_the_sender(draft, coordinator, consent_to, case):
    from mostovi.cases.today import waiting

    consent_to(case.person)
    referring.assess_risk(coordinator, draft, answers=SAFE)
    send(coordinator, draft)
    receipt(draft, Verdict.STORED)

    def told(now):
        return [str(item.why) for item in waiting(coordinator, now) if item.title == draft.code]

    now = datetime.now(UTC)
    assert told(now) == []
    assert any("Accept or decline" in why for why in told(now + timedelta(days=20)))


def test_feedback_is_asked_for_when_nobody_has(accepted):
    from mostovi.cases.transfers.jobs import call_for_feedback

    update(accepted.thread, "handed_over", unit="centre")
    now = datetime.now(UTC)
    assert call_for_feedback(now) == 0
    assert call_for_feedback(now + timedelta(days=15)) == 1
    assert call_for_feedback(now + timedelta(days=15)) == 0
    stored = Referral.objects.get()
    assert stored.procedure.state == "feedback_due"
    assert said(OutboxLetter.objects.order_by("seq").last())["event"] == "feedback_called"
