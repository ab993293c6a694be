# SPDX-License-Identifier: EUPL-1.2
"""The procedure of an unaccompanied child: what each step waits for, and what never waits."""

from datetime import timedelta

import pytest
from django.urls import reverse

from mostovi.cases import recording
from mostovi.cases import services as cases
from mostovi.cases.children import placing, today
from mostovi.procedures import library
from mostovi.procedures.state import StepRefused
from tests.cases.children.conftest import TODAY
from tests.cases.children.test_best_interests import REPORT, SOLUTION, STEPS

ASSESSMENT = {
    "talked_on": TODAY.isoformat(), "guardian_there": "yes", "heard_how": "alone_interpreter",
    "child_views": "Wants to go to school.", "views_weighed": "Weighs much.", "dangers": "None.",
    "trafficking_screened": "yes", "risk_level": "low", "relations": "An aunt.",
    "contact": "rare", "development": "Well.", "stability": "Three weeks.",
    "health_words": "Healthy.", "weighing": "x", "recommendation_words": "School, aunt.",
    "determination_needed": "yes", "again_by": (TODAY + timedelta(days=90)).isoformat(),
}  # fmt: skip
SAFETY = {
    "dangers": [{"danger": "Smugglers", "adults_do": "Call the police."}],
    "trusted": [{"who": "Vera"}], "made_with_child": "yes", "child_keeps": "card",
    "again_by": (TODAY + timedelta(days=90)).isoformat(),
}  # fmt: skip


def refused(actor, case, verb):
    with pytest.raises(StepRefused) as found:
        cases.take_step(actor, case, verb=verb)
    return {reason.about for reason in found.value.reasons}


def write(worker, supervisor, case, kind, answers):
    record = recording.write(worker, case, kind=kind, answers=answers, final=True)
    if recording.kinds()[kind].approval:
        recording.decide(supervisor, case, record, approve=True, reason="Complete.")


def test_from_first_contact_to_reunification(
    case, worker, supervisor, appoint, home, signed_in, statements
):
    client = signed_in(worker)

    def page_asks_little():
        address = reverse("cases:case", args=[case.code])
        sent = statements(lambda: client.get(address))
        # Names of colleagues are looked up one by one by the page's shell.
        names = [sql for sql in sent if 'AS "display_name"' in sql]
        assert len(sent) - len(names[1:]) <= 20, "\n".join(sent)

    cases.take_step(worker, case, verb="register")
    assert refused(worker, case, "start_assessment") == {"guardian_appointed"}
    appoint(case)
    cases.take_step(worker, case, verb="start_assessment")
    assert refused(worker, case, "make_plan") == {"best_interests_assessment"}
    write(worker, supervisor, case, "best_interests_assessment", ASSESSMENT)
    cases.take_step(worker, case, verb="make_plan")
    cases.add_note(worker, case, text="School, aunt.", document="case_plan")
    write(worker, supervisor, case, "child_safety_plan", SAFETY)
    assert refused(worker, case, "start_services") == {"in_care"}
    placing.place_child(
        worker, case, place=home(), from_day=TODAY, reason="Near.", child_view="Likes it."
    )
    cases.take_step(worker, case, verb="start_services")
    page_asks_little()
    cases.take_step(worker, case, verb="ask_determination")
    page_asks_little()
    assert "solution_safeguards" in refused(supervisor, case, "take_up_solution")
    write(worker, supervisor, case, "best_interests_determination", REPORT)
    write(worker, supervisor, case, "durable_solution", SOLUTION)
    assert refused(supervisor, case, "take_up_solution") == {"solution_safeguards"}
    write(worker, supervisor, case, "family_reunification", STEPS)
    cases.take_step(supervisor, case, verb="take_up_solution")
    recording.write(
        worker, case, kind="family_reunification",
        answers={**STEPS, "reunited_on": TODAY.isoformat()}, final=True,
    )  # fmt: skip
    page_asks_little()
    cases.take_step(worker, case, verb="review")
    page_asks_little()
    with pytest.raises(StepRefused) as found:
        cases.take_step(worker, case, verb="close", reason="Together again.")
    assert {reason.about for reason in found.value.reasons} == {"visits_made", "closing_approved"}


def test_a_pending_panel_stops_no_care_and_no_urgent_help(case, worker, appoint, home):
    """While the panel is awaited the child can be moved, visited, noted, and services go on."""
    for code in ("case_unaccompanied_child", "case_separated_child", "case_family"):
        procedure = library.current(code).procedure
        pending = {step.verb for step in procedure.leaving("determination")}
        assert {"reconsider", "close_early"} <= pending
    placing.place_child(
        worker, case, place=home(), from_day=TODAY, urgent=True, reason="Danger.",
        child_view="Is afraid.",
    )  # fmt: skip
    cases.add_note(worker, case, text="Taken to a doctor.")


def test_home_tells_of_a_missing_guardian_and_a_visit(case, worker, appoint, home):
    from django.utils import timezone

    def told():
        return [str(one.why) for one in today.waiting(worker, timezone.now())]

    assert told() == ["The child has no guardian."]
    appoint(case)
    placing.place_child(
        worker, case, place=home(), from_day=TODAY, urgent=True, reason="x", child_view="y"
    )
    assert told() == ["Visit in the urgent placement"]
