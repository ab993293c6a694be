# SPDX-License-Identifier: EUPL-1.2
"""A search within one node, from the request to the visits, and every way it can end."""

from datetime import UTC, datetime, timedelta

import pytest

from mostovi.cases import recording
from mostovi.people import services as people
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.vault import vault
from mostovi.tracing import answering, indexing, joining, requesting, rounds, vocabulary
from mostovi.tracing.models import (
    NotAgain,
    PersonToken,
    SafetyNote,
    SealedAnswers,
    Side,
    Sought,
    TracingMatch,
    TracingRound,
)
from tests.tracing.conftest import WANTED

pytestmark = pytest.mark.django_db
GUARDIAN = {
    "guardian_name": "Jelena Petrović", "guardian_relation": "guardian",
    "child_view": "He wants to hear her voice.",
}  # fmt: skip


def agree(coordinator, match):
    answering.ask_person(coordinator, match, reason="Name, age and mother fit.")
    answering.answer_yes(coordinator, match, language="fa", means="oral", **GUARDIAN)
    return TracingMatch.objects.get(side=Side.SEEKER)


def both_answer(coordinator, holder, seeker, ours="five", theirs="five"):
    for match, words in ((holder, ours), (seeker, theirs)):
        answers = {one.code: words for one in joining.questions(match)}
        joining.seal_answers(coordinator, match, answers)


def test_the_boy_written_in_cyrillic_is_found_from_persian_script(coordinator, proposed):
    values = answering.read(coordinator, proposed)
    match = answering.waterfall(proposed, values)
    assert match.score > 0.9
    assert {part.field for part in match.parts} >= {"names", "birth", "sex"}
    assert proposed.procedure.state == "proposed"


def test_before_the_answer_the_searching_side_sees_nothing(coordinator, search, proposed):
    assert not TracingMatch.objects.filter(side=Side.SEEKER).exists()
    assert search.sought.get().procedure.state == "searching"


def test_the_whole_way(coordinator, search, proposed, monkeypatch):
    seeker = agree(coordinator, proposed)
    assert search.sought.get().procedure.state == "candidate"
    both_answer(coordinator, proposed, seeker)
    joining.step(coordinator, seeker, event="confirm", text="All five fit.")
    joining.step(coordinator, proposed, event="confirm", text="All five fit.")
    assert search.sought.get().procedure.state == "verified"
    joining.step(coordinator, proposed, event="agree_contact", text="By telephone, at noon.")
    joining.step(coordinator, seeker, event="agree_contact", text="At once.")
    holder = TracingMatch.objects.get(side=Side.HOLDER)
    assert holder.procedure.state == "contact_agreed"
    with pytest.raises(StepRefused):
        joining.step(coordinator, holder, event="assess")
    with pytest.raises(StepRefused):
        joining.step(coordinator, seeker, event="assess")
    monkeypatch.setattr(recording, "kinds", lambda: {"best_interests_assessment": None})
    monkeypatch.setattr(recording, "latest", lambda case, kind: {"recommendation": "together"})
    joining.step(coordinator, holder, event="assess")
    with pytest.raises(StepRefused):
        joining.step(coordinator, holder, event="reunite", text="In Tuzla.")
    for match in (holder, seeker):
        joining.prepare(coordinator, match, done=vocabulary.required(match.side))
    joining.step(coordinator, holder, event="reunite", text="In Tuzla, on Sunday.")
    joining.step(coordinator, seeker, event="visit", text="He sleeps well.")
    joining.step(coordinator, seeker, event="close", text="All is well.")
    states = set(TracingMatch.objects.values_list("procedure__state", flat=True))
    assert states == {"closed"}
    assert Sought.objects.get().procedure.state == "closed"


def test_no_leaves_everything_as_if_nobody_had_been_found(
    coordinator, search, proposed, django_capture_on_commit_callbacks
):
    answering.ask_person(coordinator, proposed, reason="It may be him.")
    with django_capture_on_commit_callbacks(execute=True):
        answering.answer_no(coordinator, proposed, fled_from=True, note="Afraid of this family.")
    match = TracingMatch.objects.get()
    assert match.procedure.state == "silent"
    assert not vault().holds(match.key_id)
    assert answering.read(coordinator, match) == {}
    assert search.sought.get().procedure.state == "searching"
    ((note, text),) = answering.safety_notes(match.person)
    assert (note.fled_from, text) == (True, "Afraid of this family.")
    rounds.turn(datetime.now(UTC), at_once=True)
    rounds.turn(datetime.now(UTC), at_once=True)
    assert TracingMatch.objects.count() == 1


def test_whoever_wants_it_is_left_out_of_every_later_match(coordinator, search, proposed):
    answering.ask_person(coordinator, proposed, reason="It may be him.")
    answering.answer_no(coordinator, proposed, not_at_all=True)
    assert SafetyNote.objects.get().not_at_all
    NotAgain.objects.all().delete()
    rounds.turn(datetime.now(UTC), at_once=True)
    assert TracingMatch.objects.count() == 1
    assert list(indexing.takes_part().filter(person=proposed.person)) == []


def test_not_now_can_be_asked_again(coordinator, proposed):
    answering.ask_person(coordinator, proposed, reason="It may be him.")
    answering.answer_not_now(coordinator, proposed, ask_again_on=None)
    assert TracingMatch.objects.get().procedure.state == "proposed"
    agree(coordinator, proposed)


def test_a_word_of_safety_tells_nothing_else(coordinator, search, proposed):
    answering.ask_person(coordinator, proposed, reason="It may be him.")
    answering.answer_yes(
        coordinator, proposed, language="fa", means="oral", message="I am safe.",
        safe_word_only=True, **GUARDIAN,
    )  # fmt: skip
    seeker = TracingMatch.objects.get(side=Side.SEEKER)
    values = answering.read(coordinator, seeker)
    assert values == {"found": {}, "message": "I am safe."}
    assert seeker.procedure.state == "safe_word"
    assert search.sought.get().procedure.state == "searching"


def test_another_person_is_not_proposed_again(coordinator, proposed):
    answering.set_aside(coordinator, proposed, reason="Another father's name.")
    rounds.turn(datetime.now(UTC), at_once=True)
    assert TracingMatch.objects.count() == 1


def test_a_guardian_who_is_part_of_the_search_cannot_answer(coordinator, proposed):
    answering.ask_person(coordinator, proposed, reason="It may be him.")
    with pytest.raises(answering.InvalidAnswer) as refused:
        answering.answer_yes(
            coordinator, proposed, language="fa", means="oral", guardian_name="Zahra Rahimi",
            child_view="He wants to.",
        )  # fmt: skip
    assert refused.value.field == "guardian_name"
    assert not TracingMatch.objects.filter(side=Side.SEEKER).exists()


def test_for_a_child_guardian_and_view_are_needed(coordinator, proposed):
    answering.ask_person(coordinator, proposed, reason="It may be him.")
    with pytest.raises(answering.InvalidAnswer):
        answering.answer_yes(coordinator, proposed, language="fa", means="oral")


def test_neither_side_sees_answers_before_both_are_bound(coordinator, proposed):
    seeker = agree(coordinator, proposed)
    answers = {one.code: "our answer" for one in joining.questions(seeker)}
    joining.seal_answers(coordinator, seeker, answers)
    assert set(joining.revealed(seeker)) == {"seeker"}
    assert joining.revealed(proposed) == {}
    with pytest.raises(joining.InvalidAnswer):
        joining.seal_answers(coordinator, seeker, answers)
    with pytest.raises(StepRefused):
        joining.step(coordinator, seeker, event="confirm", text="Too early.")
    joining.seal_answers(coordinator, proposed, answers)
    assert set(joining.revealed(seeker)) == set(joining.revealed(proposed)) == {"seeker", "holder"}


def test_answers_that_were_not_committed_to_are_refused(coordinator, proposed):
    seeker = agree(coordinator, proposed)
    joining.take_commitment(proposed, "seeker", "0" * 64, datetime.now(UTC))
    listed = [{"question": "siblings", "answer": "two"}]
    assert not joining.take_answers(proposed, "seeker", "1" * 64, listed, datetime.now(UTC))
    assert seeker.procedure.state == "candidate"


def test_it_was_not_the_person_after_all(
    coordinator, search, proposed, django_capture_on_commit_callbacks
):
    seeker = agree(coordinator, proposed)
    both_answer(coordinator, proposed, seeker, theirs="other")
    with django_capture_on_commit_callbacks(execute=True):
        joining.step(coordinator, proposed, event="refute", text="Nothing fits.")
    assert set(TracingMatch.objects.values_list("procedure__state", flat=True)) == {"not_the_same"}
    assert all(not vault().holds(match.key_id) for match in TracingMatch.objects.all())
    assert search.sought.get().procedure.state == "searching"
    rounds.turn(datetime.now(UTC), at_once=True)
    assert TracingMatch.objects.count() == 2


def test_withdrawing_the_search_stops_everything_at_both_sides(
    coordinator, search, proposed, django_capture_on_commit_callbacks
):
    agree(coordinator, proposed)
    with django_capture_on_commit_callbacks(execute=True):
        requesting.step(coordinator, search.sought.get(), verb="withdraw", reason="Her wish.")
    assert set(TracingMatch.objects.values_list("procedure__state", flat=True)) == {"withdrawn"}
    assert not any(vault().holds(match.key_id) for match in TracingMatch.objects.all())
    rounds.turn(datetime.now(UTC), at_once=True)
    assert TracingMatch.objects.count() == 2


def test_erasing_the_sought_person_takes_them_out(
    coordinator, search, proposed, django_capture_on_commit_callbacks
):
    person = proposed.person
    with django_capture_on_commit_callbacks(execute=True):
        people.erase(Actor.system(Purpose.GOVERNANCE), person, reason="own_wish")
    assert not PersonToken.objects.filter(person=person).exists()
    assert not vault().holds(TracingMatch.objects.get().key_id)
    assert not TracingMatch.objects.filter(side=Side.SEEKER).exists()
    rounds.turn(datetime.now(UTC), at_once=True)
    assert TracingMatch.objects.count() == 1


def test_erasing_who_searches_withdraws_the_search(
    coordinator, search, proposed, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        people.erase(Actor.system(Purpose.GOVERNANCE), search.person, reason="own_wish")
    assert Sought.objects.get().procedure.state == "withdrawn"
    assert not vault().holds(TracingMatch.objects.get().key_id)


def test_a_child_who_looks_for_two_parents_finds_the_mother_who_looks_for_him(
    coordinator, boy, mother
):
    parents = [
        WANTED | {"relation": "mother", "names": [{"text": "Захра Рахими"}], "sex": "female",
                  "first_year": 1980, "last_year": 1990},
        WANTED | {"relation": "father", "names": [{"text": "Карим Рахими"}],
                  "first_year": 1975, "last_year": 1990},
    ]  # fmt: skip
    request = requesting.make(coordinator, boy, sought=parents, side="child", agreed_here=True)
    requesting.begin(coordinator, request)
    looking = requesting.make(coordinator, mother, sought=[WANTED], side="adult", agreed_here=True)
    now = datetime.now(UTC)
    indexing.keep_in_step(now)
    rounds.turn(now)
    match = TracingMatch.objects.get(side=Side.HOLDER)
    assert match.person == looking.person
    fields = {p.field for p in answering.waterfall(match, match.values()).parts}
    assert "child" in fields


def test_the_index_follows_a_changed_name_and_leaves_others_alone(coordinator, boy, mother):
    now = datetime.now(UTC)
    assert indexing.keep_in_step(now) == 2
    assert indexing.keep_in_step(now) == 0
    before = set(PersonToken.objects.filter(person=boy.person).values_list("token", flat=True))
    from uuid import uuid4

    from mostovi.people.editing import FieldChange

    wish = FieldChange(
        f"name.{uuid4()}", 0,
        {"parts": [["given", "Omid"], ["family", "Karimi"]], "script": "Latn"}, uuid4(),
    )  # fmt: skip
    people.change(coordinator, boy.person, changes=[wish], now=now + timedelta(seconds=5))
    assert indexing.keep_in_step(now) == 1
    after = set(PersonToken.objects.filter(person=boy.person).values_list("token", flat=True))
    assert before < after


def test_words_about_persons_lie_sealed(coordinator, search, proposed):
    for row in (*Sought.objects.all(), *TracingMatch.objects.all(), search):
        stored = b"".join(
            bytes(v) if isinstance(v, memoryview | bytes) else str(v).encode()
            for v in type(row).objects.filter(pk=row.pk).values_list().get()
        )
        for word in ("امید", "Рахими", "هرات", "station"):
            assert word.encode() not in stored


def test_every_answer_ends_with_the_same_rows_at_rounds(coordinator, search, proposed):
    assert TracingRound.objects.filter(reason="").count() == 1
    assert SealedAnswers.objects.count() == 0
