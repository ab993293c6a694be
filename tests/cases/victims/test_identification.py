# SPDX-License-Identifier: EUPL-1.2
"""Identification: named officers decide with reasons; findings and jobs move nobody."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from mostovi.cases import recording
from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.cases.victims import decisions, protection
from mostovi.cases.victims.identification import PROCEDURE, VERB_OF, Ruling, Status
from mostovi.cases.victims.models import Decision
from mostovi.people import barriers
from mostovi.people.barriers import Measure
from mostovi.procedures import library
from mostovi.procedures import services as procedures
from mostovi.procedures.models import Deadline
from mostovi.procedures.state import StepRefused, Why
from mostovi.rights.access import Actor, Refused
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
CLOSING = {
    "ground": "goals_reached", "persons_view": "I can go on alone now.",
    "open_risks": "None known.", "knows_way_back": "yes",
}  # fmt: skip


def again(actor, case):
    return cases.find(actor, case.code)


def against(case, measure=None):
    return {one.code for one in barriers.barriers(case.person, TODAY(), measure)}


def test_the_common_verbs_of_a_case_still_lead_from_registration_to_closing(
    case, coordinator, colleague
):
    def note(document):
        cases.add_note(coordinator, case, text="written", document=document)

    for verb in ("register", "start_assessment"):
        cases.take_step(coordinator, case, verb=verb)
    note("assessment")
    cases.take_step(coordinator, case, verb="make_plan")
    note("case_plan")
    for verb in ("start_services", "review"):
        cases.take_step(coordinator, case, verb=verb)
    with pytest.raises(StepRefused):
        cases.take_step(coordinator, case, verb="close", reason="done")
    asked = recording.write(coordinator, case, kind="closing_request", answers=CLOSING, final=True)
    recording.decide(colleague, case, asked, approve=True, reason="Read; nothing is left open.")
    cases.take_step(coordinator, case, verb="close", reason="done")
    assert again(coordinator, case).closed_at


def test_a_decision_moves_the_case_and_starts_the_period(assessed, coordinator, decide):
    decide(assessed)
    case = again(coordinator, assessed)
    assert case.procedure.state == "reasonable_grounds"
    facts = protection.facts(case, TODAY())
    assert facts.standing.status is Status.REASONABLE_GROUNDS
    assert facts.until >= TODAY() + timedelta(days=30)


@pytest.mark.parametrize("verb", VERB_OF.values())
def test_no_step_of_identification_is_taken_without_its_decision(assessed, coordinator, verb):
    with pytest.raises(StepRefused):
        cases.take_step(coordinator, assessed, verb=verb, reason="the screening says so")
    assert again(coordinator, assessed).procedure.state == "assessment"


def test_a_screening_finding_alone_decides_nothing(assessed, coordinator, decide):
    with pytest.raises(decisions.InvalidDecision) as refused:
        decide(assessed, basis=["screening"])
    assert refused.value.field == "basis"
    assert again(coordinator, assessed).procedure.state == "assessment"
    assert not Decision.objects.exists()


def test_the_node_itself_decides_nothing(assessed, decide):
    with pytest.raises((Case.DoesNotExist, Refused)):
        decide(assessed, actor=Actor.system(Purpose.PROTECTION))
    assert not Decision.objects.exists()


def test_only_some_roles_identify_formally(assessed, acting, decide):
    worker = acting(Role.SOCIAL_WORKER, unit=assessed.unit)
    decide(assessed, actor=worker)
    with pytest.raises(StepRefused) as refused:
        decide(assessed, Ruling.IDENTIFIED, actor=worker)
    assert Why.ROLE in {reason.why for reason in refused.value.reasons}
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"decided_on": date(2999, 1, 1)}, "decided_on"),
        ({"authority": " "}, "authority"),
        ({"basis": []}, "basis"),
        ({"reasons": "because"}, "reasons"),
        ({"told": ""}, "told"),
    ],
)
def test_what_a_decision_must_say(assessed, decide, change, field):
    with pytest.raises(decisions.InvalidDecision) as refused:
        decide(assessed, **change)
    assert refused.value.field == field


def test_whoever_refused_does_not_decide_on_the_appeal(assessed, coordinator, colleague, decide):
    decide(assessed, Ruling.NOT_IDENTIFIED)
    cases.take_step(coordinator, assessed, verb="record_appeal")
    with pytest.raises(StepRefused) as refused:
        decide(assessed, Ruling.APPEAL_DISMISSED)
    assert Why.SAME_PERSON in {reason.why for reason in refused.value.reasons}
    decide(assessed, Ruling.APPEAL_ALLOWED, actor=colleague)
    case = again(coordinator, assessed)
    assert protection.facts(case, TODAY()).standing.status is Status.IDENTIFIED


def test_services_go_on_while_identification_is_open(assessed, coordinator, decide):
    cases.add_note(coordinator, assessed, text="written", document="assessment")
    cases.take_step(coordinator, assessed, verb="make_plan")
    cases.add_note(coordinator, assessed, text="written", document="case_plan")
    cases.take_step(coordinator, assessed, verb="start_services")
    decide(assessed)
    cases.take_step(coordinator, assessed, verb="go_on")
    case = again(coordinator, assessed)
    assert case.procedure.state == "implementation"
    assert protection.facts(case, TODAY()).standing.status is Status.REASONABLE_GROUNDS


# --- What stands against removal and detention ------------------------------------------------


def test_a_presumed_victim_is_protected_before_anybody_has_decided(case):
    assert against(case, Measure.REMOVAL) == {"presumed_victim"}
    assert against(case, Measure.DETENTION) == {"presumed_victim"}


@pytest.mark.parametrize("next_ruling", [None, Ruling.IDENTIFIED, Ruling.NOT_IDENTIFIED])
def test_the_period_protects_whatever_is_decided_next(assessed, decide, next_ruling):
    decide(assessed)
    if next_ruling:
        decide(assessed, next_ruling)
    assert "reflection_period" in against(assessed, Measure.REMOVAL)


def test_the_period_outlasts_the_case(assessed, coordinator, decide):
    decide(assessed)
    cases.take_step(coordinator, assessed, verb="close_early", reason="moved on")
    assert against(assessed) == {"reflection_period"}
    later = TODAY() + timedelta(days=400)
    assert barriers.barriers(assessed.person, later) == []


def test_a_refusal_leaves_time_to_appeal(assessed, coordinator, decide):
    decide(assessed, Ruling.NOT_IDENTIFIED)
    assert against(assessed) == {"appeal_time"}
    cases.take_step(coordinator, assessed, verb="record_appeal")
    assert against(assessed) == {"appeal_open"}


def test_return_officers_learn_that_something_stands_and_not_what(assessed, decide):
    decide(assessed)
    told = barriers.removal_barred(assessed.person, TODAY(), asked_for=Purpose.RETURN)
    nobody = barriers.removal_barred(assessed.person, TODAY())
    protected = barriers.removal_barred(assessed.person, TODAY(), asked_for=Purpose.PROTECTION)
    assert told.barred and told == nobody
    assert "reflection" in protected.because and "article 13" in protected.source
    for word in ("reflection", "traffick", "victim", "Council"):
        assert word.lower() not in f"{told.because} {told.source}".lower()


def test_a_person_without_a_case_is_not_barred(adult):
    assert barriers.removal_barred(adult, TODAY()) == (False, "", "")


# --- The clock ---------------------------------------------------------------------------------


def test_a_stopped_clock_protects_without_an_end_and_adds_the_days(assessed, coordinator, decide):
    decide(assessed)
    before = protection.facts(again(coordinator, assessed), TODAY()).until
    protection.stop(coordinator, assessed, reason="in hospital")
    stopped = protection.facts(again(coordinator, assessed), TODAY())
    assert stopped.until is None and stopped.run.stopped
    assert "reflection_period" in against(assessed)
    protection.go_on(
        coordinator, assessed, reason="back", now=datetime.now(UTC) + timedelta(days=10)
    )
    after = protection.facts(again(coordinator, assessed), TODAY()).until
    assert after >= before + timedelta(days=10)


def test_a_period_that_ends_while_it_is_stopped_counts_its_days(assessed, coordinator, decide):
    decide(assessed)
    protection.stop(coordinator, assessed, reason="missing")
    decide(assessed, Ruling.IDENTIFIED)
    facts = protection.facts(again(coordinator, assessed), TODAY())
    assert facts.until >= TODAY() + timedelta(days=30)


def test_more_time_is_given_with_a_reason_that_stays_in_the_case(assessed, coordinator, decide):
    decide(assessed)
    before = protection.facts(again(coordinator, assessed), TODAY()).until
    protection.lengthen(coordinator, assessed, reason="She sleeps badly and needs time.")
    after = protection.facts(again(coordinator, assessed), TODAY()).until
    assert after >= before + timedelta(days=28)
    assert any("sleeps badly" in note.text for note in cases.notes(assessed))


def test_there_is_no_verb_that_makes_the_period_shorter():
    file = library.current(PROCEDURE).procedure
    clock = file.clocks["reflection"]
    assert (clock.amount, clock.unit.value) == (30, "calendar_days")
    assert not clock.suspended_by
    assert clock.silence_verb is None


# --- Support never depends on cooperation --------------------------------------------------------

FORBIDDEN = ("cooperat", "testif", "statement", "investigat", "complain", "press charges")


def test_nothing_in_the_procedure_asks_for_cooperation():
    """No gate, document, state or task names it; texts say only that nothing depends on it."""
    file = library.current(PROCEDURE).procedure
    codes = [*file.gates, *file.documents, *file.states, *file.clocks, *file.tasks, *file.verbs]
    labels = [
        item.label["en"]
        for group in (file.gates, file.documents, file.states, file.clocks, file.tasks)
        for item in group.values()
    ]
    assert [word for word in FORBIDDEN for text in codes + labels if word in text.lower()] == []


def test_no_decision_form_or_stored_decision_has_a_place_for_cooperation():
    from mostovi.cases.victims.forms import DecisionForm

    names = [*DecisionForm.base_fields, *(field.name for field in Decision._meta.get_fields())]
    assert [word for word in FORBIDDEN for name in names if word in name] == []


def test_every_step_is_open_alike_with_and_without_a_statement(
    assessed, coordinator, agree, hand_over, decide
):
    def open_steps():
        case = again(coordinator, assessed)
        made = procedures.choices(
            coordinator, instance=case.procedure, documents=["assessment", "case_plan"]
        )
        return [(choice.transition.verb, choice.is_allowed) for choice in made]

    decide(assessed)
    without = open_steps()
    hand_over(assessed, agree(assessed.person))
    assert open_steps() == without


def test_deadlines_say_their_source(assessed, decide):
    decide(assessed)
    clock = library.current(PROCEDURE).procedure.clocks["reflection"]
    assert "article 13" in clock.citation
    assert Deadline.objects.filter(clock="reflection").count() == 1


def test_records_of_a_victim_ask_nothing_about_cooperation_as_a_condition():
    for kind in recording.kinds().values():
        if kind.case_types and "possible_victim_of_trafficking" in kind.case_types:
            required = [q.code for q in kind.questions if q.required.value != "never"]
            assert [w for w in FORBIDDEN[:2] for code in required if w in code] == [], kind.code


def test_no_partners_law_gives_less_than_the_convention(monkeypatch):
    from dataclasses import replace

    from mostovi.cases.victims.checks import check
    from mostovi.procedures import deadlines

    assert check() == []
    table = deadlines.shipped()[PROCEDURE]
    short = replace(table, rows=(replace(table.rows[0], amount=10),))
    monkeypatch.setattr(deadlines, "shipped", lambda: {PROCEDURE: short})
    (problem,) = check()
    assert "less than 30 days" in problem.what
