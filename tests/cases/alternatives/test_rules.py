# SPDX-License-Identifier: EUPL-1.2
"""Pure rules: the ladder cannot be skipped, a child never passes, unknown never helps detention."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.cases.alternatives import catalogue, ladder, necessity, places, safeguards
from mostovi.cases.alternatives.ladder import DETENTION, Considered, Why
from mostovi.cases.alternatives.necessity import Test as Written
from mostovi.cases.alternatives.places import Guest, Room
from mostovi.cases.alternatives.safeguards import Facts
from mostovi.cases.alternatives.vulnerability import (
    Answer,
    Rating,
    Screening,
    Seen,
    least_rating,
    too_low,
)

TODAY = date(2026, 11, 24)
WHY = "Written for this person after talking."
CODES = [step.code for step in catalogue.ladder()]
ANSWERS = st.sampled_from(list(Answer))
LANGUAGES = {"en", "sq", "bs", "sr", "mk", "ar"}


# --- The ladder is what the issue asks for -----------------------------------------------------


def test_the_ladder_goes_from_release_to_an_open_centre():
    assert CODES == [
        "release", "registration", "case_worker_support", "reporting", "designated_residence",
        "guarantor", "bail", "open_centre",
    ]  # fmt: skip
    assert [step.rank for step in catalogue.ladder()] == list(range(8))


@pytest.mark.parametrize("step", catalogue.ladder(), ids=lambda step: step.code)
def test_every_measure_says_conditions_rights_source_and_review(step):
    for texts in (step.about, step.conditions, step.rights):
        assert texts["en"]
    assert set(step.label) == LANGUAGES
    assert step.source.title
    assert catalogue.in_force(step.review, "rs", TODAY).end(TODAY) > TODAY


@pytest.mark.parametrize("refusal", catalogue.refusals().values(), ids=lambda one: one.code)
def test_every_refusal_explains_itself_with_a_source(refusal):
    for texts in (refusal.what, refusal.safeguard, refusal.who, refusal.now):
        assert len(texts["en"]) > 3
    assert set(refusal.label) == LANGUAGES
    if refusal.code == "child":
        assert set(refusal.what) == set(refusal.safeguard) == set(refusal.now) == LANGUAGES
    assert refusal.sources


def test_a_partners_own_period_comes_before_that_of_all():
    general = catalogue.Period("*", date(2026, 1, 1), None, 30, "calendar_days", "x", "proposal")
    own = catalogue.Period("me", date(2026, 6, 1), None, 1, "months", "x", "proposal")
    assert catalogue.in_force([own, general], "me", TODAY) is own
    assert catalogue.in_force([own, general], "rs", TODAY) is general
    assert catalogue.in_force([own, general], "me", date(2026, 5, 1)) is general
    assert own.end(date(2026, 1, 31)) == date(2026, 2, 28)
    with pytest.raises(LookupError):
        catalogue.in_force([own], "rs", TODAY)


# --- Least restrictive first -------------------------------------------------------------------

REASONS = st.sampled_from(["", "no", "x" * 14, WHY, "   ", "Tried for two weeks without success."])
ENTRIES = st.dictionaries(
    st.sampled_from(CODES), st.tuples(st.sampled_from(["", "maybe", *Why]), REASONS)
)


def considered(entries):
    return {code: Considered(code, why, reason) for code, (why, reason) in entries.items()}


@given(st.sampled_from([*CODES, DETENTION]), ENTRIES)
def test_a_step_cannot_be_taken_over_a_milder_one_without_a_reason(chosen, entries):
    steps = catalogue.ladder()
    open_ones = ladder.skipped(steps, chosen, considered(entries))
    rank = CODES.index(chosen) if chosen != DETENTION else len(CODES)
    for code in CODES[:rank]:
        why, reason = entries.get(code, ("", ""))
        has_reason = why in set(Why) and len(reason.strip()) >= ladder.SHORTEST_REASON
        assert (code in {one.measure for one in open_ones}) is not has_reason
    assert not {one.measure for one in open_ones} & set(CODES[rank:])


@given(ENTRIES)
def test_release_never_needs_a_reason(entries):
    assert ladder.skipped(catalogue.ladder(), "release", considered(entries)) == []


@given(st.sampled_from(CODES))
def test_a_breach_changes_nothing(code):
    assert ladder.after_breach(code) == code


@given(st.booleans())
def test_a_childs_ladder_has_only_care(with_adult):
    codes = {s.code for s in ladder.suitable(catalogue.ladder(), child=True, with_adult=with_adult)}
    assert codes.isdisjoint({"bail", "guarantor"})
    assert {"release", "case_worker_support", "designated_residence"} <= codes
    assert ("reporting" in codes) is with_adult


def test_what_is_not_on_somebodys_ladder_cannot_be_chosen():
    steps = ladder.suitable(catalogue.ladder(), child=True)
    with pytest.raises(ladder.NotOnTheLadder):
        ladder.skipped(steps, "bail", {})


# --- Vulnerability -----------------------------------------------------------------------------

SEEN = st.builds(Seen, ANSWERS, ANSWERS, st.frozensets(st.sampled_from(["torture", "alone"])))
DOMAINS = st.fixed_dictionaries({domain.code: SEEN for domain in catalogue.domains()})


@given(DOMAINS, ANSWERS)
def test_unknown_never_counts_as_no(domains, risk):
    rating = least_rating(domains, risk)
    still_open = {Answer.UNKNOWN, Answer.NOT_ASKED}
    if risk in still_open or any(seen.present in still_open for seen in domains.values()):
        assert rating is not Rating.LOW
    if risk is Answer.YES:
        assert rating is Rating.HIGH
    assert not too_low(rating, domains, risk)


@given(DOMAINS, ANSWERS, st.sampled_from([d.code for d in catalogue.domains()]))
def test_one_more_unmet_need_never_lowers_the_rating(domains, risk, code):
    order = list(Rating)
    worse = {**domains, code: Seen(Answer.YES, Answer.NO, domains[code].signs)}
    if domains[code].present in {Answer.NO, Answer.YES}:
        assert order.index(least_rating(worse, risk)) >= order.index(least_rating(domains, risk))


def screening(**more):
    return Screening(
        **{
            "domains": {}, "rating": Rating.LOW, "serious_risk": Answer.NO,
            "with_own_child": Answer.NO, "screened_on": TODAY, "expires_on": TODAY + timedelta(7),
            **more,
        }
    )  # fmt: skip


def test_a_screening_runs_out():
    one = screening()
    assert one.in_force(TODAY)
    assert one.in_force(TODAY + timedelta(6))
    assert not one.in_force(TODAY + timedelta(7))
    assert not one.in_force(TODAY - timedelta(1))


# --- The path to detention ---------------------------------------------------------------------

ALL = {code: Considered(code, "tried", WHY) for code in CODES}
WHOLE = Facts(
    today=TODAY, is_child=False, screening=screening(), considered=ALL,
    test=Written("identity", WHY, WHY, "He objects."), legal_aid="Law clinic", interpreter="Ana",
    review_on=TODAY + timedelta(3), latest_review=TODAY + timedelta(7),
)  # fmt: skip


def against(**more):
    from dataclasses import replace

    return safeguards.against(replace(WHOLE, **more), catalogue.ladder(), catalogue.grounds())


def test_a_whole_proposal_for_an_adult_can_be_recorded():
    assert against() == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_child": True}, "child"),
        ({"barriers": ["reflection_period"]}, "barrier"),
        ({"screening": None}, "not_screened"),
        ({"screening": screening(expires_on=TODAY)}, "not_screened"),
        ({"screening": screening(with_own_child=Answer.YES)}, "family_with_child"),
        ({"screening": screening(with_own_child=Answer.UNKNOWN)}, "family_not_known"),
        ({"screening": screening(with_own_child=Answer.NOT_ASKED)}, "family_not_known"),
        ({"screening": screening(serious_risk=Answer.YES)}, "serious_risk"),
        ({"considered": {k: v for k, v in ALL.items() if k != "bail"}}, "ladder_skipped"),
        ({"considered": {**ALL, "bail": Considered("bail", "tried", "no")}}, "ladder_skipped"),
        ({"test": Written("none", WHY, WHY, "x")}, "no_necessity"),
        ({"test": Written("identity", "", WHY, "x")}, "no_necessity"),
        ({"test": Written("identity", WHY, WHY, "")}, "no_necessity"),
        ({"legal_aid": " "}, "no_legal_aid"),
        ({"interpreter": ""}, "no_interpreter"),
        ({"review_on": None}, "no_review_date"),
        ({"review_on": TODAY}, "no_review_date"),
        ({"review_on": TODAY + timedelta(8)}, "no_review_date"),
    ],
)
def test_each_thing_that_is_missing_refuses_the_proposal(change, code):
    assert code in against(**change)
    assert code in catalogue.refusals()


def test_for_a_child_nothing_else_is_even_asked():
    assert against(is_child=True, legal_aid="", screening=None) == ["child"]


FACTS = st.builds(
    Facts,
    today=st.just(TODAY),
    is_child=st.just(True),
    barriers=st.lists(st.sampled_from(["reflection_period"]), max_size=1),
    screening=st.none() | st.builds(
        Screening, DOMAINS, st.sampled_from(Rating), ANSWERS, ANSWERS, st.just(TODAY),
        st.just(TODAY + timedelta(7)),
    ),
    considered=st.just(ALL), test=st.just(WHOLE.test), legal_aid=st.text(), interpreter=st.text(),
    no_interpreter_needed=st.booleans(), review_on=st.none() | st.just(TODAY + timedelta(3)),
    latest_review=st.just(TODAY + timedelta(7)),
)  # fmt: skip


@given(FACTS)
def test_no_fact_lifts_the_refusal_for_a_child(facts):
    assert safeguards.against(facts, catalogue.ladder(), catalogue.grounds()) == ["child"]


def test_needs_rated_high_and_not_met_need_an_answer_and_no_refusal():
    high = screening(
        rating=Rating.HIGH, serious_risk=Answer.UNKNOWN,
        domains={"health": Seen(Answer.YES, Answer.NO)},
    )  # fmt: skip
    assert against(screening=high) == []
    asked = safeguards.answer_needed(high, catalogue.ladder(), ALL)
    assert asked == ["unmet_needs", "risk_not_known"]
    met = screening(rating=Rating.HIGH, domains={"health": Seen(Answer.YES, Answer.YES)})
    assert safeguards.answer_needed(met, catalogue.ladder(), ALL) == []
    lack = {code: Considered(code, Why.NOT_AVAILABLE, WHY) for code in CODES}
    assert safeguards.answer_needed(met, catalogue.ladder(), lack) == ["nothing_offered"]


@given(st.booleans(), st.booleans(), st.integers(-5, 5), st.booleans())
def test_a_proposal_never_stands_for_a_child_or_beyond_its_date(child, barred, days, ended):
    standing = safeguards.stands(
        is_child=child, barriers=["x"] if barred else [], review_on=TODAY + timedelta(days),
        ended=ended, today=TODAY,
    )  # fmt: skip
    assert standing == (not child and not barred and not ended and days > 0)


def test_release_needs_no_ground_and_everything_else_does():
    heard = Written(view="He agrees.")
    assert necessity.missing(heard, catalogue.grounds(), limits_liberty=False) == []
    missing = dict(necessity.missing(heard, catalogue.grounds(), limits_liberty=True))
    assert set(missing) == {"ground", "evidence", "proportion"}
    assert dict(necessity.missing(Written(), catalogue.grounds(), limits_liberty=False)) == {
        "view": "missing"
    }


# --- Places ------------------------------------------------------------------------------------

KINDS = ["designated_residence", "open_centre"]
ROOMS = st.lists(
    st.builds(
        Room, st.uuids().map(str), st.sampled_from(KINDS), st.integers(0, 5), st.integers(0, 7),
        st.booleans(), st.booleans(), st.booleans(), st.booleans(),
    ),
    max_size=8,
)  # fmt: skip
GUESTS = st.builds(Guest, st.integers(1, 6), st.booleans(), st.booleans(), st.booleans())


@given(ROOMS, GUESTS, st.sampled_from(KINDS))
def test_the_next_best_place_has_room_suits_and_is_never_stricter(rooms, guest, kind):
    found = places.next_best(rooms, guest, kind=kind, kinds=KINDS)
    for room in found:
        assert room.there + guest.persons <= room.capacity and room.open
        assert KINDS.index(room.kind) <= KINDS.index(kind)
        assert not room.women_only or guest.female
        assert room.children or not (guest.child or guest.family)
    left_out = [room for room in rooms if room not in found]
    assert not any(places.fits(r, guest) and r.kind == kind for r in left_out)
