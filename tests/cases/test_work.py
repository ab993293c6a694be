# SPDX-License-Identifier: EUPL-1.2
"""Danger, tasks, plan, supervision, group sessions, closing with approval, taking up again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mostovi.cases import (
    groups,
    plans,
    recording,
    registrations,
    staff,
    supervising,
    taking_up,
    today,
)
from mostovi.cases import services as cases
from mostovi.cases.groups import InvalidSession, Participant
from mostovi.cases.models import CaseHandover, CaseNote, Direction, GroupParticipation, Referral
from mostovi.cases.planning import Answer, Happening, Happens, replay
from mostovi.cases.plans import InvalidPlan
from mostovi.cases.staff import Colleague
from mostovi.cases.supervising import InvalidTransfer
from mostovi.procedures import deadlines, tasks
from mostovi.procedures import services as procedures
from mostovi.procedures.models import Deadline, Task
from mostovi.rights.access import Refused
from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.fixture
def worker(acting):
    return acting(Role.SOCIAL_WORKER)


@pytest.fixture
def other(acting):
    return acting(Role.SOCIAL_WORKER)


@pytest.fixture
def supervisor(acting):
    return acting(Role.CASE_SUPERVISOR)


@pytest.fixture(autouse=True)
def known_staff(monkeypatch, worker, other, supervisor, coordinator):
    """The colleagues of this node."""
    listed = [
        Colleague(actor.account, f"Colleague {n}", actor.role, actor.unit)
        for n, actor in enumerate([worker, other, supervisor, coordinator])
    ]
    monkeypatch.setattr(staff, "_provider", [lambda: listed])


# --- Danger --------------------------------------------------------------------------------------


def test_setting_the_danger_counts_live_deadlines_anew(case, coordinator, monkeypatch):
    cases.take_step(coordinator, case, verb="register")
    before = Deadline.objects.get(clock="assessment")
    code = case.procedure.code
    row = deadlines.Row(
        "assessment", False, "*", "high", 2, procedures.Unit.CALENDAR_DAYS, "Rule 7", "own",
        procedures.procedure_of(case.procedure).clocks["assessment"].evidence, date(2020, 1, 1),
    )  # fmt: skip
    table = deadlines.DeadlineTable(code, (row,))
    monkeypatch.setattr(deadlines, "shipped", lambda: {code: table})
    moved = cases.set_risk(coordinator, case, risk="high", reason="Threats at the door.")
    after = Deadline.objects.get(clock="assessment")
    assert moved >= 1 and after.due < before.due
    assert procedures.rule_of(after).citation == "Rule 7"
    note = CaseNote.objects.get(topic="risk_high")
    assert note.values()["text"] == "Threats at the door."
    with pytest.raises(cases.InvalidCase):
        cases.set_risk(coordinator, case, risk="low", reason=" ")


# --- Tasks ---------------------------------------------------------------------------------------


def test_a_free_task_is_sealed_and_stands_on_home_without_its_words(case, coordinator):
    tasks.add(coordinator, case.procedure, title="Call Layla's sister", due=NOW)
    assert b"Layla" not in bytes(Task.objects.get().sealed)
    lines = [one for one in today.waiting(coordinator, NOW) if "task" in str(one.url)]
    assert [str(one.title) for one in lines] == [case.code]
    assert "Layla" not in str(lines[0].why)
    tasks.end(coordinator, Task.objects.get())
    tasks.end(coordinator, Task.objects.get())
    assert not [one for one in today.waiting(coordinator, NOW) if "task" in str(one.url)]


def test_a_late_task_tells_the_role_and_decides_nothing(case, coordinator, supervisor):
    task = tasks.add(coordinator, case.procedure, title="x", due=NOW)
    Task.objects.filter(pk=task.pk).update(
        escalate_to="case_supervisor", escalate_at=NOW + timedelta(days=1)
    )
    assert tasks.escalate(NOW) == 0
    state = case.procedure.state
    assert tasks.escalate(NOW + timedelta(days=2)) == 1
    assert tasks.escalate(NOW + timedelta(days=3)) == 0
    told = [one for one in today.waiting(supervisor, NOW) if "to be told" in str(one.why)]
    assert [str(one.title) for one in told] == [case.code]
    case.procedure.refresh_from_db()
    assert case.procedure.state == state


# --- Plan ----------------------------------------------------------------------------------------


def test_a_plan_needs_the_persons_words_and_is_the_procedures_document(case, coordinator, worker):
    with pytest.raises(InvalidPlan) as error:
        plans.set_goal(coordinator, case, text="A room", own_words="")
    assert set(error.value.problems) == {"own_words"}
    goal = plans.set_goal(coordinator, case, text="A room", own_words="I want a door I can lock")
    assert "case_plan" not in cases.documents(case)
    with pytest.raises(InvalidPlan) as error:
        plans.set_action(coordinator, case, goal, what="", cost={"amount": "much"})
    assert set(error.value.problems) == {"what", "who", "cost"}
    action = plans.set_action(
        coordinator, case, goal, what="Find a shelter", who=worker.account,
        until=date(2026, 12, 1), cost={"amount": "120", "currency": "eur"},
    )  # fmt: skip
    assert "case_plan" in cases.documents(case)
    plan = plans.of_case(case)
    assert plan.costs() == {"EUR": "120.00"}
    assert Task.objects.get(about=action).owner == worker.account
    with pytest.raises(InvalidPlan):
        plans.move_action(coordinator, case, action, state="not_done")
    plans.move_action(coordinator, case, action, state="done")
    assert Task.objects.get(about=action).done
    plans.measure(coordinator, case, goal, officer="better", person="not_asked")
    plans.measure(coordinator, case, goal, officer="better", person="worse", person_words="Cold")
    latest = plans.of_case(case).goal(goal).latest
    assert (latest.person, latest.officer) == (Answer.WORSE, Answer.BETTER)
    with pytest.raises(InvalidPlan):
        plans.measure(coordinator, case, goal, officer="not_asked", person="better")
    plans.end_goal(coordinator, case, goal, ending="partly")
    with pytest.raises(InvalidPlan):
        plans.set_action(coordinator, case, goal, what="More", who_words="she")
    assert len(plans.of_case(case).history) == 6


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Happens)), st.integers(0, 2), st.integers(0, 2),
            st.sampled_from(list(Answer)),
        )
    )
)  # fmt: skip
def test_a_plan_only_grows_whatever_happens(steps):
    from uuid import UUID

    happened, sizes = [], []
    for kind, goal, action, answer in steps:
        values = {"text": "t", "person": answer.value, "officer": "better"}
        ident = UUID(int=10 + action)
        happened.append(Happening(kind, UUID(int=goal), ident, UUID(int=9), NOW, values))
        plan = replay(happened)
        sizes.append(sum(1 + len(one.actions) + len(one.outcomes) for one in plan.goals))
    assert sizes == sorted(sizes)
    assert len(replay(happened).history) == len(steps)


# --- Supervision ---------------------------------------------------------------------------------


def test_caseload_counts_danger_and_marks_who_left(case, coordinator, supervisor, acting):
    cases.set_risk(coordinator, case, risk="high", reason="Threats.")
    (load,) = supervising.caseload(supervisor)
    assert (load.account, load.cases, load.weight) == (coordinator.account, 1, 3)
    assert not load.is_former
    cases.hand_on(coordinator, case, holder=uuid4())
    assert supervising.caseload(supervisor)[0].is_former
    elsewhere = acting(Role.CASE_SUPERVISOR, unit="centre")
    assert supervising.caseload(elsewhere) == []
    with pytest.raises(Refused):
        supervising.caseload(acting(Role.SOCIAL_WORKER))


def test_cases_of_a_colleague_who_leaves_go_on_with_everything(
    case, coordinator, supervisor, worker
):
    tasks.add(coordinator, case.procedure, title="Visit", owner=coordinator.account)
    with pytest.raises(InvalidTransfer) as error:
        supervising.transfer(
            supervisor, from_account=coordinator.account, to_account=worker.account, reason=""
        )
    assert error.value.field == "reason"
    with pytest.raises(InvalidTransfer):
        supervising.transfer(
            supervisor, from_account=coordinator.account, to_account=uuid4(), reason="Leaves"
        )
    count = supervising.transfer(
        supervisor, from_account=coordinator.account, to_account=worker.account, reason="Leaves"
    )
    case.refresh_from_db()
    assert count == 1 and case.holder == worker.account
    assert Task.objects.get().owner == worker.account
    assert CaseHandover.objects.get().values()["reason"] == "Leaves"
    now = timezone.now()
    for actor, words in ((worker, "given to you"), (coordinator, "given to a colleague")):
        assert any(words in str(one.why) for one in today.waiting(actor, now))


def test_what_is_late_quiet_and_waits(case, coordinator, supervisor):
    cases.take_step(coordinator, case, verb="register")
    later = timezone.now() + timedelta(days=90)
    assert [code for _, code, _ in supervising.late_deadlines(supervisor, later)][0] == case.code
    assert supervising.quiet(supervisor, later) == [case]
    assert supervising.quiet(supervisor, timezone.now()) == []
    assert supervising.unlooked(supervisor) == [case]
    row = recording.write(
        coordinator, case, kind="closing_request", final=True,
        answers={"ground": "moved", "persons_view": "Yes", "open_risks": "-",
                 "knows_way_back": "yes"},
    )  # fmt: skip
    assert supervising.approvals(supervisor) == [row]
    assert any("your approval" in str(one.why) for one in today.waiting(supervisor, NOW))
    gate = registrations.closing_approved(case.procedure, NOW)
    assert not gate.is_open and gate.why
    recording.decide(supervisor, case, row, approve=True, reason="Agreed")
    assert registrations.closing_approved(case.procedure, NOW).is_open


# --- Group sessions ------------------------------------------------------------------------------


def test_a_note_in_a_group_lies_under_each_persons_key(case, coordinator, second_case):
    parts = [Participant(case, True, "Spoke of Tuzla"), Participant(second_case, False)]
    with pytest.raises(InvalidSession):
        groups.hold(coordinator, topic="Rights", held_on=date(2026, 11, 1), participants=parts[:1])
    session = groups.hold(
        coordinator, topic="Rights", held_on=date(2026, 11, 1), participants=parts
    )
    stored = GroupParticipation.objects.get(case=case)
    assert stored.key_id == case.person.key_id and b"Tuzla" not in bytes(stored.sealed)
    _, seen, count = groups.read(coordinator, session.pk)
    assert count == 2 and {one.note for one in seen} == {"Spoke of Tuzla", ""}


@pytest.fixture
def second_case(coordinator):
    from mostovi.people import services as people

    person = people.register(coordinator, single={"sex": "male"}, names=[], contacts=[])
    return cases.open_case(coordinator, person=person, case_type="family", urgency="soon")


# --- Referred again ------------------------------------------------------------------------------


def received(case, coordinator, verb="accept"):
    """A referral as it stands after this end has accepted it."""
    instance = procedures.start(
        coordinator, code="referral", side="receiver", subject=uuid4(), key_id=case.key_id
    )
    row = Referral(
        key_id=case.key_id, code="ME-R111-1111", direction=Direction.RECEIVED, peer="ba",
        service="x", urgency="soon", purpose="protection", unit=case.unit,
        created_by=coordinator.account, holder=coordinator.account, created_at=NOW,
        procedure=instance,
    )  # fmt: skip
    name = {"script": "Latn", "parts": [{"kind": "family", "text": "Haddad"}]}
    row.seal_values({"data": {"names": [name]}})
    row.save()
    return row


def test_a_closed_case_referred_again_is_opened_again(case, coordinator, monkeypatch):
    cases.take_step(coordinator, case, verb="close_early", reason="Moved on")
    referral = received(case, coordinator)
    assert not taking_up.waits(referral)
    monkeypatch.setattr(taking_up, "waits", lambda row: row.case_id is None)
    (known,) = taking_up.candidates(coordinator, referral)
    assert known.cases == [case]
    with pytest.raises(cases.InvalidCase):
        taking_up.take_up(coordinator, referral, case=case, reason="")
    again = taking_up.take_up(coordinator, referral, case=case, reason="She showed her card")
    assert again.closed_at is None
    referral.refresh_from_db()
    assert referral.case_id == case.pk
    with pytest.raises(cases.InvalidCase):
        taking_up.take_up(coordinator, referral, case=case, reason="Twice")


def test_a_second_case_is_never_opened_silently(case, coordinator, signed_in):
    client = signed_in(coordinator)
    url = f"/cases/new/?person={case.person.code}"
    assert case.code in client.get(url).content.decode()
    form = {"case_type": "family", "urgency": "soon"}
    assert client.post(url, form).status_code == 422
    assert client.post(url, {**form, "another": "yes"}).status_code == 302


# --- Pages ---------------------------------------------------------------------------------------


def test_pages_of_the_work_in_a_case(case, coordinator, signed_in, statements):
    client = signed_in(coordinator)
    base = f"/cases/{case.code}/"
    assert client.post(f"{base}risk/", {"risk": "high"}).status_code == 422
    assert client.post(f"{base}risk/", {"risk": "high", "reason": "x"}).status_code == 302
    wrong = client.post(f"{base}tasks/new/", {"title": "Visit", "due.day": "40"})
    assert wrong.status_code == 422 and 'value="Visit"' in wrong.content.decode()
    assert client.post(f"{base}tasks/new/", {"title": "Visit"}).status_code == 302
    wrong = client.post(f"{base}plan/goal/", {"text": "A room"})
    assert wrong.status_code == 422 and "A room" in wrong.content.decode()
    goal = {"text": "A room", "own_words": "A door to lock", "until.day": "1", "until.month": "12",
            "until.year": "2026"}  # fmt: skip
    assert client.post(f"{base}plan/goal/", goal).status_code == 302
    ident = plans.of_case(case).goals[0].ident
    action = {"goal": ident, "what": "Look for one", "who_words": "she herself"}
    assert client.post(f"{base}plan/action/?goal={ident}", action).status_code == 302
    done = plans.of_case(case).goals[0].actions[0].ident
    for what, given_ in (("move", f"action={done}"), ("measure", f"goal={ident}"),
                         ("end", f"goal={ident}"), ("action", f"goal={ident}")):  # fmt: skip
        assert client.get(f"{base}plan/{what}/?{given_}").status_code == 200
    measured = {"goal": ident, "officer": "better", "person": "unknown"}
    assert client.post(f"{base}plan/measure/", measured).status_code == 302
    for page in ("", "tasks/", "plan/", "plan/paper/", "risk/"):
        client.get(base + page)
        sent = statements(lambda page=page: client.get(base + page))
        answer = client.get(base + page)
        assert answer.status_code == 200 and len(answer.content) < 150_000
        assert len(sent) <= 20, (page, len(sent), sent)


def test_pages_of_supervision_and_the_filters(
    case, coordinator, supervisor, worker, signed_in, statements, second_case
):
    client = signed_in(supervisor)
    assert signed_in(worker).get("/cases/supervision/").status_code == 403
    for page in ("/cases/supervision/", f"/cases/supervision/{coordinator.account}/"):
        client.get(page)
        sent = statements(lambda page=page: client.get(page))
        assert client.get(page).status_code == 200
        assert len(sent) <= 20, (page, len(sent), sent)
    url = f"/cases/supervision/{coordinator.account}/"
    assert client.post(url, {"which": "all", "reason": "Leaves"}).status_code == 422
    moved = {"which": "some", "cases": [case.code], "to": str(worker.account), "reason": "Leaves"}
    assert client.post(url, moved).status_code == 302
    listed = client.get("/cases/?type=family").content.decode()
    assert second_case.code in listed and case.code not in listed
    assert case.code not in client.get("/cases/?risk=high").content.decode()
    assert case.code not in client.get("/cases/?late=yes").content.decode()


def test_a_group_session_through_the_pages(case, second_case, coordinator, signed_in):
    client = signed_in(coordinator)
    wrong = client.get("/cases/groups/new/?more=ME-0000-0000")
    assert wrong.status_code == 422
    chosen = f"/cases/groups/new/?case={case.code}&case={second_case.code}"
    assert "Note on this person" in client.get(chosen).content.decode()
    form = {"case": [case.code, second_case.code], "topic": "", f"note-{case.code}": "Quiet"}
    wrong = client.post("/cases/groups/new/", form)
    assert wrong.status_code == 422 and "Quiet" in wrong.content.decode()
    form |= {"topic": "Rights", "held_on.day": "1", "held_on.month": "11", "held_on.year": "2026"}
    kept = client.post("/cases/groups/new/", form)
    assert kept.status_code == 302
    assert "Quiet" in client.get(kept["Location"]).content.decode()
    assert "Rights" in client.get("/cases/groups/").content.decode()


def test_what_waits_in_cases_is_asked_in_few_statements(case, coordinator, supervisor, statements):
    tasks.add(coordinator, case.procedure, title="Visit", due=NOW)
    assert len(statements(lambda: today.waiting(supervisor, NOW))) <= 11
