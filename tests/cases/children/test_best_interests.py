# SPDX-License-Identifier: EUPL-1.2
"""Best interests determinations, durable solutions and reunification: what must hold to count."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.cases import recording
from mostovi.cases.children import best_interests, registrations, rules
from mostovi.cases.children.best_interests import Lack, decision_lacks, panel_lacks
from mostovi.cases.models import Case
from tests.cases.children.conftest import TODAY

RULE = rules.panel()
SAFEGUARDS = rules.return_safeguards()


def member(name, organisation, part="member", vote="for", signed="yes"):
    return {
        "name": name, "organisation": organisation, "part": part, "vote": vote, "signed": signed,
    }  # fmt: skip


PANEL = [
    member("Ana", "Centre for social work", "chair"),
    member("Besa", "Child rights NGO"),
    member("Cveta", "School"),
    member("Dina", "Centre for social work", "caseworker", "none"),
]
REPORT = {
    "why": "solution",
    "met_on": TODAY.isoformat(),
    "members": PANEL,
    "heard_how": "alone_interpreter",
    "child_views": "I want to go to my aunt.",
    "views_weighed": "He is fifteen and knows what he says.",
    "guardian_view": "Agrees.",
    "options": [
        {"option": "stay", "reasons_for": "School.", "against": "Far from family."},
        {"option": "family_reunification", "reasons_for": "Aunt.", "against": "New school."},
    ],
    "recommendation": "family_reunification",
    "reasons": "He wishes it and the aunt is good for him.",
    "told_child_by": "The guardian, tomorrow",
}


def lacks(**change):
    return {lack for _, lack in decision_lacks({**REPORT, **change}, RULE, SAFEGUARDS)}


def test_a_whole_report_lacks_nothing():
    assert lacks() == set()


@pytest.mark.parametrize(
    ("members", "lack"),
    [
        (PANEL[:2], Lack.FEW_MEMBERS),
        ([{**one, "organisation": "Centre"} for one in PANEL], Lack.FEW_ORGANISATIONS),
        ([*PANEL, PANEL[1]], Lack.TWICE),
        ([*PANEL[:3], {**PANEL[3], "vote": "for"}], Lack.CASEWORKER_VOTES),
        ([{**one, "part": "member"} for one in PANEL[:3]], Lack.NO_CHAIR),
        ([{**one, "part": "chair"} for one in PANEL[:3]], Lack.TWO_CHAIRS),
        ([{**PANEL[0], "signed": "no"}, *PANEL[1:]], Lack.CHAIR_NOT_SIGNED),
        ([{**PANEL[0], "vote": ""}, *PANEL[1:]], Lack.NO_VOTE),
    ],
)
def test_what_a_panel_lacks(members, lack):
    assert lack in {found for _, found in panel_lacks(members, RULE)}


@pytest.mark.parametrize(
    ("change", "lack"),
    [
        ({"options": REPORT["options"][1:]}, Lack.ONE_OPTION),
        ({"options": [{**REPORT["options"][0], "against": ""}, REPORT["options"][1]]},
         Lack.ONE_SIDED),
        ({"recommendation": "adoption"}, Lack.UNKNOWN_RECOMMENDATION),
        ({"views_weighed": ""}, Lack.NOT_WEIGHED),
        ({"members": [PANEL[0], {**PANEL[1], "vote": "against"}, *PANEL[2:]]},
         Lack.DISSENT_MISSING),
        ({"members": [{**one, "vote": "abstains"} for one in PANEL[:3]]}, Lack.NOT_CARRIED),
        ({"recommendation": "return", "options": [
            *REPORT["options"], {"option": "return", "reasons_for": "x", "against": "y"}]},
         Lack.SAFEGUARDS_OPEN),
    ],
)  # fmt: skip
def test_what_a_report_lacks(change, lack):
    assert lack in lacks(**change)


ANSWERS = st.sampled_from(["yes", "no", "unknown", "not_asked", "", None])


@given(st.fixed_dictionaries(dict.fromkeys(SAFEGUARDS, ANSWERS)))
def test_r7_return_is_an_option_only_when_every_safeguard_is_answered_with_yes(answers):
    options = [*REPORT["options"], {"option": "return", "reasons_for": "x", "against": "y"}]
    found = lacks(**answers, recommendation="return", options=options)
    closed = all(value == "yes" for value in answers.values())
    assert (Lack.SAFEGUARDS_OPEN not in found) == closed


def test_which_solutions_need_a_determination():
    needs = rules.determinations_needed()
    assert best_interests.needed("return", "separated_child", needs)
    assert best_interests.needed("stay", "unaccompanied_child", needs)
    assert not best_interests.needed("family_reunification", "separated_child", needs)


# --- With real rows ----------------------------------------------------------------------------


def decided(case, worker, supervisor, **change):
    record = recording.write(
        worker, case, kind="best_interests_determination", answers={**REPORT, **change}, final=True
    )
    recording.decide(supervisor, case, record, approve=True, reason="Complete.")


SOLUTION = {
    "solution": "family_reunification",
    "reasons": "As the panel recommended.",
    "decided_by": "Guardianship authority",
    "decided_on": TODAY.isoformat(),
    "child_views": "Wants it.",
    "guardian_view": "Agrees.",
    "if_it_fails": "He comes back to the home.",
}


def solved(case, worker, supervisor, **change):
    record = recording.write(
        worker, case, kind="durable_solution", answers={**SOLUTION, **change}, final=True
    )
    recording.decide(supervisor, case, record, approve=True, reason="Right.")


def gate(case, name):
    case = Case.objects.select_related("procedure").get(pk=case.pk)
    from django.utils import timezone

    return getattr(registrations, name)(case.procedure, timezone.now())


def test_an_incomplete_panel_is_refused_where_it_is_written(case, worker):
    with pytest.raises(recording.InvalidRecord) as refused:
        recording.write(
            worker, case, kind="best_interests_determination",
            answers={**REPORT, "members": PANEL[:2]}, final=True,
        )  # fmt: skip
    assert "members" in {path for path, _ in refused.value.problems}


def test_the_solution_waits_for_the_panel_and_follows_it(case, worker, supervisor):
    solved(case, worker, supervisor)
    assert not gate(case, "determined_where_required").is_open
    decided(case, worker, supervisor, recommendation="stay")
    assert not gate(case, "determined_where_required").is_open
    decided(case, worker, supervisor)
    assert gate(case, "determined_where_required").is_open


def test_a_child_is_not_removed_before_return_was_chosen_with_every_safeguard(
    case, worker, supervisor, acting
):
    from mostovi.people import barriers

    def barred():
        return barriers.removal_barred(case.person, TODAY, asked_for="protection").barred

    assert barred()
    solved(case, worker, supervisor)
    assert barred()
    safe = dict.fromkeys(SAFEGUARDS, "yes")
    solved(case, worker, supervisor, **safe, solution="return")
    assert not barred()


def test_return_cannot_be_chosen_while_a_safeguard_is_open(case, worker):
    safe = dict.fromkeys(SAFEGUARDS, "yes")
    with pytest.raises(recording.InvalidRecord) as refused:
        recording.write(
            worker, case, kind="durable_solution",
            answers={**SOLUTION, **safe, "solution": "return", "fit_to_travel": "unknown"},
            final=True,
        )  # fmt: skip
    assert [path for path, _ in refused.value.problems] == ["fit_to_travel"]
    recording.write(
        worker, case, kind="durable_solution",
        answers={**SOLUTION, **safe, "solution": "return"}, final=True,
    )  # fmt: skip


STEPS = {
    "family_verified": "yes", "child_words": "I want to go.", "child_agrees": "yes",
    "guardian_agrees": "yes",
    "assessed_here": "yes", "family_agrees": "yes", "assessed_there": "yes",
}  # fmt: skip


def test_nobody_is_reunited_before_both_ends_have_said_yes(case, worker):
    with pytest.raises(recording.InvalidRecord) as refused:
        recording.write(
            worker, case, kind="family_reunification",
            answers={**STEPS, "family_agrees": "unknown", "reunited_on": TODAY.isoformat()},
            final=True,
        )  # fmt: skip
    assert [path for path, _ in refused.value.problems] == ["family_agrees"]


def test_visits_after_a_reunification_are_planned_and_close_the_case(case, worker, supervisor):
    recording.write(
        worker, case, kind="family_reunification",
        answers={**STEPS, "reunited_on": (TODAY - timedelta(days=120)).isoformat()}, final=True,
    )  # fmt: skip
    schedule = rules.schedules()["reunification"]
    assert case.planned_visits.count() == schedule.at_least
    assert not gate(case, "visits_made").is_open
    for number in range(schedule.at_least):
        recording.write(
            worker, case, kind="reunification_visit",
            answers={
                "visited_on": (TODAY - timedelta(days=90 - 20 * number)).isoformat(), "by": "us",
                "child_alone": "yes", "child_says": "Is well.", "well": "well",
            },
            final=True,
        )  # fmt: skip
    assert gate(case, "visits_made").is_open


def test_a_visit_in_the_future_was_not_made(case, worker):
    with pytest.raises(recording.InvalidRecord):
        recording.write(
            worker, case, kind="care_visit",
            answers={
                "visited_on": (TODAY + timedelta(days=1)).isoformat(), "announced": "announced",
                "child_alone": "yes", "child_says": "x", "safe": "yes",
            },
            final=True,
        )  # fmt: skip
