# SPDX-License-Identifier: EUPL-1.2
"""A procedure file that extends another, tasks in it, and the table of deadlines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.procedures import bpmn, deadlines, library, services, tasks
from mostovi.procedures.definition import Evidence, Unit
from mostovi.procedures.drawing import draw
from mostovi.procedures.loader import BadProcedure, load, load_composed
from mostovi.procedures.models import Task
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
CHILD = """
extends: case
code: case_x
version: 1
title: {en: X}
gates:
  guardian: {label: {en: A guardian is there}}
states:
  panel: {kind: open, label: {en: Panel}}
transitions:
  - {verb: make_plan, gates: [guardian]}
  - verb: ask_panel
    label: {en: Ask the panel}
    from: plan
    to: panel
    side: institution
    roles: [social_worker]
    consequences: {en: The panel looks at it.}
  - verb: panel_said
    before: start_services
    label: {en: The panel has said}
    from: panel
    to: plan
    side: institution
    roles: [social_worker]
    consequences: {en: It goes on.}
clocks:
  assessment: {amount: 7}
remove: [go_on]
tasks:
  - code: call
    label: {en: Call the person}
    on: register
    owner: holder
    amount: 1
    unit: calendar_days
    citation: working value
    source: mostovi_proposal
    evidence: proposal
    done_by: start_assessment
    escalate_to: case_supervisor
    escalate_after: {amount: 2, unit: calendar_days}
  - {code: thank, label: {en: Thank}, on: start_assessment, owner: supervisor}
"""


def base(code: str) -> tuple[str, str]:
    """The file of a procedure, as the library gives it."""
    if code == "case":
        return "content/procedures/case.yaml", library.current("case").text
    raise LookupError(code)


def test_what_is_not_said_is_taken_over_and_what_is_said_counts() -> None:
    whole = load(CHILD, "case_x.yaml", base)
    case = library.current("case").procedure
    assert whole.states.keys() == {*case.states, "panel"}
    plan = whole.transition("make_plan", "assessment")
    assert plan is not None and plan.gates == ("guardian",) and plan.documents == ("assessment",)
    assert "go_on" not in whole.verbs and whole.clocks["review"].starts_on == ("start_services",)
    assert whole.clocks["assessment"].amount == 7
    assert whole.clocks["assessment"].citation == case.clocks["assessment"].citation
    order = list(whole.verbs)
    assert order.index("panel_said") == order.index("start_services") - 1
    assert whole.tasks["call"].escalate_to == "case_supervisor"


def test_the_whole_text_stands_without_the_other_file() -> None:
    procedure, text = load_composed(CHILD, "case_x.yaml", base)
    assert "extends" not in text and "before:" not in text
    assert load(text, "stored") == procedure


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("extends: case", "extends: nothing", "case_x.yaml:2: 'extends' names 'nothing'"),
        ("remove: [go_on]", "remove: [fly]", "case_x.yaml:29: 'remove' names 'fly'"),
        ("remove: [go_on]", "remove: {states: [plan]}", "unknown state 'plan'"),
        ("on: register", "on: never", "task 'call': 'on' names unknown verb 'never'"),
        ("owner: holder", "owner: nobody", "'owner' must be holder, supervisor or a role"),
        ("source: mostovi_proposal", "source: x", "task 'call': unknown source 'x'"),
        ("escalate_to: case_supervisor", "", "'escalate_to' is missing"),
        ("code: thank", "code: call", "the code 'call' is written twice"),
        ("gates: [guardian]", "gates: [other]", "unknown gate 'other'"),
    ],
)
def test_what_is_wrong_is_named_in_the_file_where_it_stands(
    before: str, after: str, said: str
) -> None:
    assert before in CHILD
    with pytest.raises(BadProcedure) as error:
        load(CHILD.replace(before, after, 1), "case_x.yaml", base)
    assert said in str(error.value)


def test_a_file_that_leads_back_to_itself() -> None:
    with pytest.raises(BadProcedure, match="leads back"):
        load(CHILD, "case_x.yaml", lambda code: ("case.yaml", "extends: case\ncode: case\n"))


@pytest.mark.parametrize("code", sorted(library.shipped()))
def test_every_composed_file_is_drawn_and_exported(code: str) -> None:
    file = library.current(code)
    assert "extends:" not in file.text
    assert load(file.text, "stored") == file.procedure
    assert "<svg" in draw(file.procedure, language="en").svg
    exported = bpmn.export(file.procedure)
    for state in file.procedure.states.values():
        assert escape(state.label["en"]) in exported


# --- Deadlines -----------------------------------------------------------------------------------

ROWS = """
procedure: case
review: {status: unreviewed, by: null, on: null, who_can: a lawyer}
rows:
  - {clock: assessment, partner: "*", risk: "*", amount: 20, unit: calendar_days, citation: all, source: rcd_2024_1346, evidence: memory, from: 2020-01-01}
  - {clock: assessment, partner: "*", risk: high, amount: 5, unit: calendar_days, citation: danger, source: rcd_2024_1346, evidence: memory, from: 2020-01-01}
  - {clock: assessment, partner: rs, risk: "*", amount: 10, unit: calendar_days, citation: rs old, source: rcd_2024_1346, evidence: memory, from: 2020-01-01, to: 2025-12-31}
  - {clock: assessment, partner: rs, risk: "*", amount: 12, unit: calendar_days, citation: rs new, source: rcd_2024_1346, evidence: memory, from: 2026-01-01}
"""  # noqa: E501


@pytest.mark.parametrize(
    ("partner", "risk", "on", "citation"),
    [
        ("me", "unknown", date(2026, 5, 1), "all"),
        ("me", "high", date(2026, 5, 1), "danger"),
        ("rs", "high", date(2026, 5, 1), "rs new"),
        ("rs", "low", date(2025, 12, 31), "rs old"),
        ("me", "low", date(2019, 5, 1), None),
    ],
)
def test_the_most_specific_row_in_force_counts(
    partner: str, risk: str, on: date, citation: str | None
) -> None:
    table = deadlines.load(ROWS, "case.yaml")
    row = deadlines.in_force(
        table.rows, "assessment", task=False, partner=partner, risk=risk, on=on
    )
    assert (row.citation if row else None) == citation


@given(st.data())
def test_a_row_of_another_partner_or_time_never_counts(data: st.DataObject) -> None:
    partners, risks = st.sampled_from(["*", *deadlines.PARTNERS]), st.sampled_from(["*", "high"])
    days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
    rows = [
        deadlines.Row(
            "a", False, data.draw(partners), data.draw(risks), number + 1, Unit.MONTHS, "c", "s",
            Evidence.PROPOSAL, since, since + timedelta(days=data.draw(st.integers(0, 900))),
        )
        for number, since in enumerate(data.draw(st.lists(days, max_size=6)))
    ]  # fmt: skip
    on = data.draw(days)
    row = deadlines.in_force(rows, "a", task=False, partner="rs", risk="low", on=on)
    if row is None:
        assert not any(one.holds("rs", "low", on) for one in rows)
    else:
        assert row.partner in {"rs", "*"} and row.risk == "*" and row.since <= on <= row.until
        assert row.partner == "rs" or not any(
            one.holds("rs", "low", on) and one.partner == "rs" for one in rows
        )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("partner: rs", "partner: xx", "case.yaml:7: row for 'assessment': 'partner' must be"),
        ("risk: high", "risk: great", "'risk' must be one of low, medium, high"),
        ("from: 2020-01-01}", "since: 2020-01-01}", "unknown key 'since'"),
        ("to: 2025-12-31", "to: 2019-12-31", "'to' lies before 'from'"),
        ("clock: assessment", "clock: assessment, task: x", "name either a 'clock' or a 'task'"),
    ],
)
def test_a_wrong_row_is_named(before: str, after: str, said: str) -> None:
    with pytest.raises(deadlines.BadDeadlines) as error:
        deadlines.load(ROWS.replace(before, after, 1), "case.yaml")
    assert said in str(error.value)


def test_every_shipped_table_fits_its_procedure() -> None:
    for code, table in deadlines.shipped().items():
        assert deadlines.strays(table, library.current(code).procedure) == []


# --- Tasks ---------------------------------------------------------------------------------------


@pytest.fixture
def running(db: None, monkeypatch: pytest.MonkeyPatch):
    """An instance of the composed file."""
    procedure, text = load_composed(CHILD, "case_x.yaml", base)
    file = library.ProcedureFile(procedure, text, library.digest_of(text))
    monkeypatch.setattr(library, "shipped", lambda: {"case_x": file})
    actor = Actor(uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION)
    instance = services.start(actor, code="case_x", side="institution", subject=uuid4(), at=NOW)
    return actor, instance


def test_a_step_makes_its_tasks_and_another_does_them(running) -> None:
    actor, instance = running
    services.apply(actor, instance=instance, verb="register", at=NOW)
    task = Task.objects.get()
    assert (task.code, task.owner, task.owner_role) == ("call", None, "")
    assert task.due is not None and task.escalate_at is not None and task.due < task.escalate_at
    (read,) = tasks.read([task], services.procedure_of)
    assert read.rule is not None and read.rule.citation == "working value"
    assert tasks.escalate(task.escalate_at + timedelta(seconds=1)) == 1
    services.apply(actor, instance=instance, verb="start_assessment", at=NOW)
    task.refresh_from_db()
    assert task.done and task.ended_at is not None
    assert Task.objects.get(ended_at=None).owner_role == "case_supervisor"
    services.apply(actor, instance=instance, verb="close_early", at=NOW, reason="Left")
    ended = Task.objects.get(code="thank")
    assert ended.ended_at is not None and not ended.done


def test_a_task_in_free_words_needs_words(running) -> None:
    actor, instance = running
    with pytest.raises(tasks.InvalidTask):
        tasks.add(actor, instance, title="  ")
    with pytest.raises(tasks.InvalidTask):
        tasks.add(actor, instance, title="x" * 500)
