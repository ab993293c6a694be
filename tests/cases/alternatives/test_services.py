# SPDX-License-Identifier: EUPL-1.2
"""From the first question to the end: measures, reviews, places, proposals, people held outside."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from mostovi.cases.alternatives import assessing, detention, files, housing, jobs, measures
from mostovi.cases.alternatives.files import Incomplete
from mostovi.cases.alternatives.models import (
    Held,
    LibertyFile,
    MeasureTaken,
    Outcome,
    Place,
    Proposal,
    Stay,
)
from mostovi.cases.alternatives.safeguards import Stopped
from mostovi.people import barriers
from mostovi.rights.access import Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from tests.cases.alternatives.conftest import (
    WHY,
    everything_rejected,
    file_for,
    registered,
    rejecting,
    screened,
    wish,
)  # fmt: skip
from tests.cases.alternatives.conftest import (
    detention as proposed,
)

pytestmark = pytest.mark.django_db
TOMORROW = timedelta(days=1)


def at_step(file):
    return LibertyFile.objects.get(pk=file.pk).procedure.state


def test_a_file_begins_in_liberty_and_is_opened_once(file, officer):
    again = files.open_file(officer, file.case)
    assert again.pk == file.pk
    assert at_step(file) == "presumption"


def test_nothing_is_decided_before_a_screening(file, officer):
    with pytest.raises(Incomplete) as refused:
        assessing.decide(officer, file, wish())
    assert refused.value.problems[0][0] == "choice"
    assert at_step(file) == "presumption"


def test_a_screening_says_everything_that_is_missing_at_once(file, officer):
    with pytest.raises(Incomplete) as refused:
        assessing.screen(officer, file, assessing.Screened(domains={}))
    fields = {field for field, _message in refused.value.problems}
    assert {"health.present", "serious_risk", "interpreter", "rating", "why"} - fields == {
        "serious_risk"
    }
    assert not file.screenings.exists()


def test_a_rating_lower_than_the_answers_is_refused(file, officer):
    unsure = screened(domains={"health": {"present": "unknown", "met": "unknown"}})
    with pytest.raises(Incomplete, match="higher rating"):
        assessing.screen(officer, file, unsure)
    assessing.screen(officer, file, replace(unsure, rating="medium"))
    assert at_step(file) == "screened"


def test_the_least_restrictive_measure_that_is_enough_is_in_force(screened_file, officer):
    row = assessing.decide(officer, screened_file, wish("case_worker_support"))
    assert isinstance(row, MeasureTaken)
    assert (row.code, row.chosen_by) == ("case_worker_support", officer.account)
    assert at_step(screened_file) == "in_force"
    stored = files.find(officer, screened_file.case.code)
    assert stored.review_on > timezone.localdate()
    assert {d.clock for d in stored.procedure.deadlines.all() if d.is_live} == {"first_review"}


def test_a_skipped_step_is_named_and_nothing_is_stored(screened_file, officer):
    skipping = wish("designated_residence", considered=rejecting("release", "registration"))
    with pytest.raises(Incomplete) as refused:
        assessing.decide(officer, screened_file, skipping)
    fields = [field for field, _message in refused.value.problems]
    assert fields[:2] == ["considered.case_worker_support", "considered.reporting"]
    assert not screened_file.weighings.exists()


def test_an_expired_screening_stops_a_decision(screened_file, officer):
    later = timezone.now() + timedelta(days=40)
    with pytest.raises(Incomplete):
        assessing.decide(officer, screened_file, wish(), now=later)


def test_bail_is_no_measure_for_a_child(doubtful, officer):
    assessing.screen(officer, doubtful, screened())
    with pytest.raises(Incomplete) as refused:
        assessing.decide(officer, doubtful, wish("bail"))
    assert refused.value.problems[0][0] == "choice"
    assessing.decide(officer, doubtful, wish("case_worker_support"))


# --- While it lasts ----------------------------------------------------------------------------


@pytest.fixture
def reporting(screened_file, officer):
    assessing.decide(officer, screened_file, wish("reporting", report_every=7))
    return files.find(officer, screened_file.case.code)


def test_agreed_times_are_set_until_the_review_and_noted_one_by_one(reporting, officer):
    measure = files.measure_in_force(reporting)
    times = list(measure.times.all())
    assert len(times) == 4
    assert all(one.due_on <= reporting.review_on for one in times)
    measures.keep_time(officer, reporting, due_on=times[0].due_on, kept="kept")
    measures.keep_time(officer, reporting, due_on=times[1].due_on, kept="excused")
    assert files.find(officer, reporting.case.code).breach_at is None
    measures.keep_time(officer, reporting, due_on=times[2].due_on, kept="missed")
    assert files.find(officer, reporting.case.code).breach_at is not None


@pytest.mark.parametrize("kind", ["breach", "absconded"])
def test_a_breach_makes_nothing_stricter_by_itself(reporting, officer, kind):
    before = files.measure_in_force(reporting)
    with pytest.raises(Incomplete):
        measures.happened(officer, reporting, kind=kind)
    measures.happened(officer, reporting, kind=kind, words="Did not come; was ill.")
    jobs.JOBS["alternatives.lapse"][1](timezone.now() + timedelta(days=60))
    assert files.measure_in_force(reporting) == before
    assert at_step(reporting) == "in_force"


def review(actor, file, decision, **more):
    return measures.review(
        actor, file, decision=decision, reason=WHY, view="He wants to work.", **more
    )


def test_a_review_keeps_the_measure_for_no_longer_than_its_period(reporting, officer):
    too_far = timezone.localdate() + timedelta(days=90)
    with pytest.raises(Incomplete):
        review(officer, reporting, "keep", next_on=too_far)
    review(officer, reporting, "keep")
    assert at_step(reporting) == "in_force"
    live = {d.clock for d in reporting.procedure.deadlines.all() if d.is_live}
    assert live == {"next_review"}


def test_a_review_hears_the_person(reporting, officer):
    with pytest.raises(Incomplete) as refused:
        measures.review(officer, reporting, decision="keep", reason=WHY, view=" ")
    assert refused.value.problems == [
        ("view", "Write what the person says, also when it is nothing.")
    ]


def test_after_a_breach_it_begins_again_from_liberty_and_the_measure_goes_on(reporting, officer):
    measures.happened(officer, reporting, kind="breach", words="Missed it.")
    review(officer, reporting, "reassess")
    assert at_step(reporting) == "presumption"
    assert files.measure_in_force(reporting).code == "reporting"
    assessing.decide(officer, reporting, wish("registration"))
    ended = MeasureTaken.objects.exclude(until=None).get()
    assert (ended.outcome, ended.kept) == (Outcome.MILDER, "missed")
    assert files.measure_in_force(reporting).code == "registration"


def test_the_end_has_an_outcome_and_the_file_can_be_opened_again(reporting, officer):
    with pytest.raises(Incomplete):
        review(officer, reporting, "end")
    review(officer, reporting, "end", outcome="resolved")
    ended = MeasureTaken.objects.get()
    assert (ended.outcome, ended.kept) == ("resolved", "kept")
    stored = files.find(officer, reporting.case.code)
    assert stored.ended_at is not None and stored.review_on is None
    measures.open_again(officer, stored, reason="A new decision is considered.")
    assert at_step(stored) == "presumption"
    assert files.find(officer, stored.case.code).ended_at is None


# --- Places ------------------------------------------------------------------------------------


def test_nobody_is_put_where_there_is_no_room(place, screened_file, officer, supervisor):
    assessing.decide(officer, screened_file, wish("designated_residence", place="house"))
    other = file_for(officer, registered(officer, {"precision": "year", "year": 1991}))
    assessing.screen(officer, other, screened())
    housing.save_place(
        supervisor, code="flat", name="Flat", kind="designated_residence", capacity=3
    )
    housing.save_place(supervisor, code="centre", name="C", kind="open_centre", capacity=9)
    housing.save_place(
        supervisor, code="women", name="W", kind="designated_residence", capacity=9, women_only=True
    )
    with pytest.raises(housing.Full) as full:
        assessing.decide(officer, other, wish("designated_residence", place="house"))
    assert [room.code for room in full.value.others] == ["flat"]
    assert files.measure_in_force(other) is None and at_step(other) == "screened"
    assessing.decide(officer, other, wish("designated_residence", place="house", wait=True))
    waiting = Stay.objects.get(measure__file=other)
    assert waiting.since is None
    with pytest.raises(housing.Full):
        housing.arrive(officer, other)
    review(officer, screened_file, "end", outcome="not_needed")
    assert housing.arrive(officer, other).since is not None


def test_a_whole_family_needs_room_together(place, screened_file, officer):
    together = wish("designated_residence", place="house", for_family=True, persons=3)
    with pytest.raises(housing.Full):
        assessing.decide(officer, screened_file, together)


def test_a_smaller_capacity_moves_nobody(place, screened_file, officer, supervisor):
    assessing.decide(officer, screened_file, wish("designated_residence", place="house"))
    housing.save_place(
        supervisor, code="house", name="House", kind="designated_residence", capacity=0
    )
    (row, room, waiting), *_more = housing.standing(Place.objects.filter(code="house"))
    assert (room.there, room.free, waiting) == (1, 0, 0)
    with pytest.raises(Refused):
        housing.save_place(
            officer, code="house", name="House", kind="designated_residence", capacity=5
        )


# --- Proposals of detention --------------------------------------------------------------------


@pytest.fixture
def proposal(screened_file, officer):
    return assessing.decide(officer, screened_file, proposed())


def test_a_proposal_detains_nobody_and_ends_by_itself(proposal, screened_file):
    assert at_step(screened_file) == "proposed"
    assert not Held.objects.exists()
    assert detention.lapse(timezone.now()) == 0
    later = timezone.now() + timedelta(days=3)
    assert not detention.stands(proposal, later)
    assert detention.lapse(later) == 1
    assert at_step(screened_file) == "presumption"
    assert Proposal.objects.get().ended_because == "lapsed"
    assert detention.lapse(later) == 0


def test_who_proposed_cannot_answer(proposal, screened_file, officer, supervisor):
    with pytest.raises(detention.SecondOfficerNeeded):
        detention.answer(officer, screened_file, decision="not_object", reason=WHY)
    detention.answer(supervisor, screened_file, decision="object", reason=WHY)
    assert at_step(screened_file) == "presumption"
    assert Proposal.objects.get().ended_because == "objected"


def test_needs_rated_high_must_be_answered_by_the_second_officer(file, officer, supervisor):
    high = screened(
        rating="high", serious_risk="unknown",
        domains={"health": {"present": "yes", "met": "no", "signs": ["mental"]}},
    )  # fmt: skip
    assessing.screen(officer, file, high)
    assessing.decide(officer, file, proposed(considered=everything_rejected("not_available")))
    with pytest.raises(Incomplete) as refused:
        detention.answer(supervisor, file, decision="not_object", reason=WHY)
    assert {field for field, _m in refused.value.problems} == {
        "unmet_needs", "risk_not_known", "nothing_offered",
    }  # fmt: skip
    answers = dict.fromkeys(["unmet_needs", "risk_not_known", "nothing_offered"], WHY)
    detention.answer(supervisor, file, decision="not_object", reason=WHY, answers=answers)
    assert at_step(file) == "proposed"
    assert Proposal.objects.get().values()["answer"]["unmet_needs"] == WHY


def test_a_health_risk_refuses_and_the_refusal_is_in_the_log(file, officer):
    assessing.screen(officer, file, screened(rating="high", serious_risk="yes"))
    with pytest.raises(Stopped) as stopped:
        assessing.decide(officer, file, proposed())
    assert stopped.value.codes == ("serious_risk",)
    assert AuditEntry.objects.filter(tag="alternatives.detention.refused").count() == 1
    assert not file.weighings.exists()


@pytest.fixture
def barred(request):
    """A protection of another package, for instance a reflection period."""

    def source(person, today):
        return [
            barriers.Barrier(
                "reflection_period", frozenset(barriers.Measure), "Time to recover and reflect",
                "Council of Europe Convention, article 13",
            )
        ]  # fmt: skip

    barriers.register(source)
    yield source
    barriers.unregister(source)


def test_a_protection_of_another_package_refuses(screened_file, officer, barred):
    with pytest.raises(Stopped, match="barrier"):
        assessing.decide(officer, screened_file, proposed())
    with pytest.raises(Stopped, match="barrier"):
        note_held(officer, screened_file)


def test_a_protection_that_comes_later_ends_the_proposal(proposal, screened_file, barred):
    assert detention.lapse(timezone.now()) == 1
    assert Proposal.objects.get().ended_because == "safeguard"
    assert at_step(screened_file) == "presumption"


# --- Held by an outside authority --------------------------------------------------------------


def note_held(actor, file, **more):
    today = timezone.localdate()
    return detention.note_held(
        actor, file,
        **{
            "authority": "Border police", "act": "Decision 12/2026, Law on Foreigners",
            "where": "Centre", "decided_on": today, "review_on": today + timedelta(days=7),
            "expires_on": today + timedelta(days=30), **more,
        },
    )  # fmt: skip


def test_somebody_held_outside_is_not_forgotten(screened_file, officer):
    assessing.decide(officer, screened_file, wish())
    held = note_held(officer, screened_file)
    assert at_step(screened_file) == "held_elsewhere"
    assert MeasureTaken.objects.get().outcome == "held"
    today = timezone.localdate()
    assert not held.is_overdue(today)
    assert files.find(officer, screened_file.case.code).review_on == held.review_on
    assert held.is_overdue(today + timedelta(days=7))
    detention.review_held(
        officer, screened_file, released=False, reason="The court looked at it.",
        next_on=today + timedelta(days=14),
    )  # fmt: skip
    assert not Held.objects.get().is_overdue(today + timedelta(days=7))
    assert Held.objects.get().is_overdue(today + timedelta(days=30))
    detention.review_held(officer, screened_file, released=True, reason="Released.")
    assert at_step(screened_file) == "presumption"
    assert not Held.objects.get().is_overdue(today + timedelta(days=90))


def test_held_without_an_act_a_review_or_an_end_is_not_recorded(screened_file, officer):
    today = timezone.localdate()
    for change in ({"act": ""}, {"review_on": today}, {"expires_on": today + TOMORROW}):
        with pytest.raises(Incomplete):
            note_held(officer, screened_file, **change)
    assert not Held.objects.exists()


def test_an_unscreened_adult_who_is_held_is_recorded(file, officer):
    note_held(officer, file)
    assert at_step(file) == "held_elsewhere"


def test_a_child_who_is_held_is_asked_for_and_not_recorded_as_detained(doubtful, officer):
    with pytest.raises(Stopped, match="child"):
        note_held(officer, doubtful)
    assert not Held.objects.exists()
    detention.want_release(officer, doubtful, words="Police hold him at the station since noon.")
    assert files.find(officer, doubtful.case.code).release_wanted_at is not None
    assert at_step(doubtful) == "presumption"
    detention.free_again(officer, doubtful, words="He is at the children's house.")
    assert files.find(officer, doubtful.case.code).release_wanted_at is None


# --- Rights ------------------------------------------------------------------------------------


def test_another_unit_and_another_purpose_see_nothing(file, acting):
    stranger = acting(Role.SOCIAL_WORKER, unit="centre")
    with pytest.raises(LibertyFile.DoesNotExist):
        files.find(stranger, file.case.code)
    asylum = acting(Role.ASYLUM_OFFICER)
    with pytest.raises(LibertyFile.DoesNotExist):
        files.find(asylum, file.case.code)
    for role in (Role.INVESTIGATOR, Role.RETURN_OFFICER, Role.ADMINISTRATOR, Role.STATISTICIAN):
        with pytest.raises(Refused):
            files.visible(acting(role))


def test_a_draft_is_kept_until_it_is_finished(file, officer):
    assessing.keep_draft(officer, file, "screening", "health", {"note": "Sleeps badly"})
    assessing.keep_draft(officer, file, "screening", "rating", {"why": "x"})
    kept = assessing.draft_of(officer, file, "screening")
    assert kept == {"health": {"note": "Sleeps badly"}, "rating": {"why": "x"}}
    assessing.screen(officer, file, screened())
    assert assessing.draft_of(officer, file, "screening") == {}
