# SPDX-License-Identifier: EUPL-1.2
"""Records of victims, survivors and stateless persons: what must hold before they count."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from mostovi.cases import recording
from mostovi.cases import services as cases
from mostovi.cases.recording import InvalidRecord
from mostovi.cases.victims.identification import Ruling
from mostovi.people import barriers
from mostovi.people.barriers import Measure
from mostovi.procedures.state import StepRefused
from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db
OURS = (
    "compensation", "immediate_needs", "incident_of_violence", "nationality_evidence",
    "non_punishment_note", "report_to_authority", "residence_grounds", "return_or_stay",
    "risk_assessment", "safety_plan", "survivor_needs", "vulnerability_rescreening",
)  # fmt: skip
LANGUAGES = {"en", "sq", "bs", "sr", "mk", "ar"}
REPORT = {
    "authority": "Police of the municipality", "agrees": "no", "duty": "none",
    "told_before": "yes", "what": "That a life is in danger.",
}  # fmt: skip
NOTE = {
    "authority": "Prosecutor", "involvement": "Carried drugs.", "compulsion": "Under threat.",
    "asked": "Not to be charged.", "agrees": "yes", "agreed_on": "2026-11-01",
}  # fmt: skip


def open_one(actor, person, case_type):
    case = cases.open_case(actor, person=person, case_type=case_type, urgency="soon")
    cases.take_step(actor, case, verb="register")
    cases.take_step(actor, case, verb="start_assessment")
    return cases.find(actor, case.code)


def problems_of(actor, case, kind, answers):
    with pytest.raises(InvalidRecord) as refused:
        recording.write(actor, case, kind=kind, answers=answers, final=True)
    return {place for place, _ in refused.value.problems}


@pytest.mark.parametrize("code", OURS)
def test_every_question_is_asked_in_six_languages(code):
    kind = recording.kinds()[code]
    labels = [kind.title]
    for section in kind.sections:
        labels += [section.label, *(q.label for q in section.questions)]
        for question in section.questions:
            labels += [option.label for option in question.options]
            labels += [inner.label for inner in question.questions]
    assert [label["en"] for label in labels if set(label) != LANGUAGES] == []
    assert not kind.review.is_reviewed


def test_nothing_is_reported_against_the_persons_will(adult, coordinator):
    case = open_one(coordinator, adult, "survivor_of_violence")
    assert problems_of(coordinator, case, "report_to_authority", REPORT) == {"duty"}
    named = REPORT | {"duty": "vital_interests", "duty_reason": "He is at the door, armed."}
    untold = named | {"told_before": "no"}
    assert problems_of(coordinator, case, "report_to_authority", untold) == {"told_before"}
    recording.write(coordinator, case, kind="report_to_authority", answers=named, final=True)
    wished = REPORT | {"agrees": "yes"}
    recording.write(coordinator, case, kind="report_to_authority", answers=wished, final=True)


def test_a_duty_must_hold_for_the_purpose(acting):
    from mostovi.cases.victims import record_rules

    class AsylumCase:
        purpose = "asylum"

    answers = REPORT | {"duty": "child_abuse_report", "duty_reason": "CETS 201, article 12"}
    found = record_rules.report(AsylumCase(), answers, None, timezone.now())
    assert [place for place, _ in found] == ["duty"]


def test_the_note_on_non_punishment_goes_only_with_agreement(case, coordinator):
    for answer in ("no", "unknown", "not_asked"):
        found = problems_of(coordinator, case, "non_punishment_note", NOTE | {"agrees": answer})
        assert found == {"agrees"}
    row = recording.write(coordinator, case, kind="non_punishment_note", answers=NOTE, final=True)
    assert recording.latest(case, "non_punishment_note") is None, "it waits for a second person"
    assert row.number == 1


def test_an_incident_is_written_down_only_when_she_agrees(adult, coordinator):
    case = open_one(coordinator, adult, "survivor_of_violence")
    answers = {
        "agrees_to_record": "no", "kind_of_violence": "not_said", "within_72_hours": "unknown",
        "accepted": ["health"],
    }  # fmt: skip
    assert problems_of(coordinator, case, "incident_of_violence", answers) == {"agrees_to_record"}
    answers["agrees_to_record"] = "yes"
    recording.write(coordinator, case, kind="incident_of_violence", answers=answers, final=True)


def test_a_survivor_can_pause_and_clocks_stand_still(adult, coordinator):
    case = open_one(coordinator, adult, "survivor_of_violence")
    cases.take_step(coordinator, case, verb="pause")
    case = cases.find(coordinator, case.code)
    assert case.procedure.state == "paused"
    clock = case.procedure.deadlines.get(clock="assessment")
    assert clock.outcome == "suspended" and clock.due is None
    cases.take_step(coordinator, case, verb="come_back")
    clock.refresh_from_db()
    assert clock.outcome == "running"


def test_a_country_is_asked_only_with_agreement_and_without_an_asylum_claim(adult, coordinator):
    case = open_one(coordinator, adult, "risk_of_statelessness")
    cases.take_step(coordinator, case, verb="gather_evidence")

    def evidence(**answers):
        said = {
            "birth_registered": "no", "asylum_claim": "no", "origin_agreed": "yes",
            "countries": [{"country": "X", "tie": "birth", "counts_as_national": "unknown"}],
        }  # fmt: skip
        recording.write(
            coordinator, case, kind="nationality_evidence", answers=said | answers, final=True
        )

    def ask():
        cases.take_step(coordinator, case, verb="ask_country", reason="Consulate, by letter.")

    for answers in ({"origin_agreed": "no"}, {"asylum_claim": "yes"}, {"asylum_claim": "unknown"}):
        evidence(**answers)
        with pytest.raises(StepRefused):
            ask()
    evidence()
    ask()
    barred = barriers.barriers(adult, timezone.localdate(), Measure.REMOVAL)
    assert [one.code for one in barred] == ["determination_open"]


def test_an_identified_victims_return_waits_for_an_approved_assessment(
    assessed, coordinator, colleague, decide
):
    decide(assessed, Ruling.IDENTIFIED)
    today = timezone.localdate()

    def codes():
        return {one.code for one in barriers.barriers(assessed.person, today)}

    assert codes() == {"identified_victim", "safe_return"}
    answers = {
        "wishes": "return", "own_words": "Home to my mother.", "risks_there": "None known.",
        "asylum_open": "no", "safe": "safe", "reasons": "Family and police there were asked.",
    }  # fmt: skip
    row = recording.write(coordinator, assessed, kind="return_or_stay", answers=answers, final=True)
    assert "safe_return" in codes()
    recording.decide(colleague, assessed, row, approve=True, reason="Agreed.")
    assert codes() == {"identified_victim"}
    recording.write(
        coordinator, assessed, kind="residence_grounds", final=True,
        answers={
            "personal_ground": "yes", "personal_reasons": "Treatment.", "granted": "yes",
            "permit_until": (date.today() + timedelta(days=90)).isoformat(),
        },
    )  # fmt: skip
    assert codes() == {"identified_victim", "residence_permit"}


def test_the_case_page_says_what_protects(signed_in, coordinator, assessed, decide, statements):
    client = signed_in(coordinator)
    address = reverse("cases:case", args=[assessed.code])
    decide(assessed)
    page = client.get(address).content.decode()
    assert "Nobody may be expelled meanwhile." in page and "article 13" in page
    assert reverse("victims:protection", args=[assessed.code]) in page
    decide(assessed, Ruling.IDENTIFIED)
    sent = statements(lambda: client.get(address))
    assert len(sent) <= 20, (len(sent), sent)


def test_a_guardian_or_first_responder_never_meets_a_decision_form(signed_in, acting, case):
    responder = signed_in(acting(Role.FIRST_RESPONDER, unit=case.unit))
    assert responder.get(reverse("victims:protection", args=[case.code])).status_code == 200
    for name, more in (("decide", ["identified"]), ("statement_new", [])):
        answer = responder.get(reverse(f"victims:{name}", args=[case.code, *more]))
        assert answer.status_code == 403
