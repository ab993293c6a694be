# SPDX-License-Identifier: EUPL-1.2
"""Procedure files: those shipped are whole, and everything wrong is named with file and line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.procedures import library
from mostovi.procedures.bpmn import running_states
from mostovi.procedures.definition import Procedure, StateKind
from mostovi.procedures.loader import BadProcedure, load

SMALL = """\
code: small
version: 1
purposes: [protection]
title: {en: Small}
summary: {en: A small procedure.}
review: {status: unreviewed, by: null, on: null, who_can: a lawyer}
sources:
  act: {title: Act, publisher: Parliament, year: 2020, evidence: memory}
sides:
  office: {label: {en: the office}}
gates:
  paid: {label: {en: The fee is paid}}
states:
  new: {kind: start, label: {en: New}}
  asked: {kind: waiting, label: {en: Asked}}
  done: {kind: end, label: {en: Done}}
transitions:
  - verb: ask
    label: {en: Ask}
    from: new
    to: asked
    side: office
    roles: [social_worker]
    gates: [paid]
    consequences: {en: It is asked.}
  - verb: finish
    label: {en: Finish}
    from: asked
    to: done
    side: office
    roles: [social_worker]
    consequences: {en: It is done.}
clocks:
  reply:
    label: {en: Reply}
    amount: 10
    unit: calendar_days
    side: office
    starts_on: ask
    met_by: finish
    citation: Act, article 4
    source: act
    evidence: memory
"""


def problems(text: str) -> list[str]:
    with pytest.raises(BadProcedure) as bad:
        load(text, "small.yaml")
    return [str(problem) for problem in bad.value.problems]


def line_of(part: str) -> int:
    return SMALL[: SMALL.index(part)].count("\n") + 1


def test_the_small_file_is_whole() -> None:
    procedure = load(SMALL, "small.yaml")
    assert procedure.usual_path() == ("new", "asked", "done")
    assert procedure.clocks["reply"].amount == 10


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("    to: asked\n", "    to: askd\n", "    to: asked", "unknown state 'askd'"),
        ("    from: asked\n", "    from: new\n", "  asked: {kind", "dead end"),
        ("    citation: Act, article 4\n", "", "  reply:", "'citation' is missing"),
        ("    source: act\n", "    source: law\n", "  reply:", "unknown source 'law'"),
        ("    starts_on: ask\n", "    starts_on: beg\n", "  reply:", "never start"),
        ("    met_by: finish\n", "    met_by: ask\n", "  reply:", "would be met by the event"),
        ("    amount: 10\n", "    amount: ten\n", "    amount: 10", "whole number above 0"),
        ("unit: calendar_days", "unit: fortnights", "    unit: cal", "must be one of hours"),
        ("    met_by: finish\n", "    met_by: finish\n    suspended_by: finish\n", "  reply:",
         "never resumed"),
        ("    evidence: memory\n", "    evidence: verified\n", "    evidence: memory",
         "says when it was verified"),
        ("{kind: start, label: {en: New}}", "{kind: open, label: {en: New}}", "code:",
         "exactly one state must have kind 'start'; found none"),
        ("kind: waiting", "kind: start", "  asked: {kind", "found new, asked"),
        ("label: {en: Asked}", "label: {sq: Pyetur}", "  asked: {kind", "needs a text in English"),
        ("roles: [social_worker]\n    gates", "roles: [wizard]\n    gates", "    roles:",
         "unknown role 'wizard'"),
        ("gates: [paid]", "gates: [payed]", "  - verb: ask", "unknown gate 'payed'"),
        ("    consequences: {en: It is asked.}\n", "", "  - verb: ask",
         "'consequences' is missing"),
        ("status: unreviewed", "status: reviewed", "review:", "says who reviewed it"),
        ("version: 1\n", "version: 1\nversoin: 2\n", "purposes:", "unknown key 'versoin'"),
        ("version: 1\n", "version: 1\nversion: 2\n", "purposes:", "written twice"),
        ("[protection]", "[surveillance]", "purposes:", "unknown purpose"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_line(old: str, new: str, at: str, says: str) -> None:
    assert old in SMALL
    found = problems(SMALL.replace(old, new, 1))
    matching = [line for line in found if says in line]
    assert matching, found
    assert f"small.yaml:{line_of(at)}:" in matching[0]


def test_a_state_that_nothing_leads_to_is_named() -> None:
    text = SMALL.replace("transitions:", "  lost: {kind: end, label: {en: Lost}}\ntransitions:")
    assert problems(text) == [
        f"small.yaml:{line_of('transitions:')}: "
        "state 'lost' is unreachable: no transition leads there"
    ]


def test_all_faults_are_reported_at_once() -> None:
    text = SMALL.replace("to: asked", "to: askd").replace("source: act\n", "source: law\n")
    assert len(problems(text)) >= 3


@pytest.mark.parametrize("text", ["", "[]", "a: [", "- 1", "!!python/object:os.system {}", "x"])
def test_what_is_no_procedure_is_refused(text: str) -> None:
    assert problems(text)


@given(st.text(max_size=200))
def test_any_text_is_refused_or_read_never_a_crash(text: str) -> None:
    with pytest.raises(BadProcedure):
        load(text, "any.yaml")


@given(st.integers(0, SMALL.count("\n") - 1))
def test_a_file_with_any_line_missing_never_loads_half(number: int) -> None:
    lines = SMALL.splitlines(keepends=True)
    del lines[number]
    try:
        procedure = load("".join(lines), "small.yaml")
    except BadProcedure as bad:
        assert bad.problems
    else:
        assert procedure.start.code == "new"


@pytest.mark.parametrize("code", sorted(library.shipped()))
class TestShipped:
    @pytest.fixture
    def procedure(self, code: str) -> Procedure:
        return library.current(code).procedure

    def test_it_says_that_nobody_has_checked_it(self, procedure: Procedure) -> None:
        assert procedure.review.who_can
        assert procedure.review.is_reviewed or procedure.review.by is None

    def test_every_label_is_in_every_language_of_the_interface(self, procedure: Procedure) -> None:
        from django.conf import settings

        languages = {code for code, _ in settings.LANGUAGES}
        for named in (*procedure.states.values(), *procedure.transitions,
                      *procedure.clocks.values(), *procedure.sides.values()):  # fmt: skip
            assert languages <= set(named.label), named

    def test_every_clock_runs_somewhere_and_cites(self, procedure: Procedure) -> None:
        for clock in procedure.clocks.values():
            assert running_states(procedure, clock), clock.code
            assert clock.citation and clock.source in procedure.sources


def test_a_referral_can_be_withdrawn_everywhere_before_the_meeting() -> None:
    procedure = library.current("referral").procedure
    after = {"handed_over", "feedback_due", "feedback_received"}
    for code, state in procedure.states.items():
        can = procedure.transition("withdraw", code) is not None
        assert can == (state.kind is not StateKind.END and code not in after), code


def test_nothing_is_sent_without_consent_or_two_reviewers() -> None:
    procedure = library.current("referral").procedure
    into_sent = [step for step in procedure.transitions if step.to == "sent"]
    assert {step.verb for step in into_sent} == {"send", "send_in_emergency"}
    for step in into_sent:
        by_consent = "consent_in_force" in step.gates
        by_two = "legal_basis_named" in step.gates and step.other_than is not None
        assert by_consent or by_two
