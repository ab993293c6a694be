# SPDX-License-Identifier: EUPL-1.2
"""A reform tried on the node's own cases tells of no person, however many are tried (R11)."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections import defaultdict
from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pypdf import PdfReader

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.pathways import (
    populations,
    reforming,
    simulation_services,
    simulation_words,
    simulation_work,
)
from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.expressions import All, Comparison, Expression, Test
from mostovi.pathways.rules import Rule
from mostovi.pathways.simulation import CannotSimulate
from mostovi.pathways.simulation_models import RunState, SimulationRun
from mostovi.people import services as people
from mostovi.rights.roles import Role
from mostovi.statistics import own_cases
from mostovi.statistics.models import ProtectedStock
from mostovi.statistics.rounding import BASE, SMALLEST_SHOWN, between, rounded
from tests.pathways.small_law import STUDY, small_law

TODAY = date(2026, 11, 24)
CELLS = list(own_cases.CELLS)


# --- the rounding ---------------------------------------------------------------------------------


@given(st.integers(0, 10_000), st.binary(min_size=4, max_size=8), st.text(max_size=4))
def test_the_true_count_lies_in_what_is_shown(count, secret, cell):
    value = rounded(count, None, cell, secret)
    least, most = between(value)
    assert value % BASE == 0 and least <= count <= most
    assert most - least >= BASE - 1, "at least five counts fit"
    assert least == 0 or least >= SMALLEST_SHOWN
    assert value == rounded(count, None, cell, secret), "asking again tells nothing more"
    assert (value == 0) or count > 0, "nobody is invented where there is nobody"


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.binary(min_size=4, max_size=8))
def test_the_true_count_lies_in_what_is_shown_month_after_month(counts, secret):
    value = None
    for count in counts:
        value = rounded(count, value, "cell", secret)
        assert between(value)[0] <= count <= between(value)[1]


def test_the_mean_over_nodes_is_right():
    for count in range(1, BASE):
        shown = [rounded(count, None, "cell", bytes([a, b])) for a in range(60) for b in range(60)]
        assert abs(sum(shown) / len(shown) - count) < 0.15


def test_an_attacker_who_sees_every_month_cannot_say_how_many_there_are():
    """Every history of counts is tried with many secrets; the attacker does not know the node's."""
    seen = defaultdict(set)
    for secret in range(12):
        for counts in itertools.product(range(15), repeat=3):
            value, history = None, []
            for count in counts:
                value = rounded(count, value, "cell", bytes([secret]))
                history.append(value)
            seen[tuple(history)].add(counts[-1])
    for history, last in seen.items():
        if history[-1] <= 5:  # above, the counts that were tried end and not those that can be
            assert max(last) - min(last) >= 3, (history, last)


def test_one_person_who_comes_and_goes_is_not_seen_by_whoever_knows_nothing_else():
    for count in range(1, 30):
        same = [
            rounded(count + 1, rounded(count, None, "c", bytes([s])), "c", bytes([s]))
            == rounded(count, None, "c", bytes([s]))
            for s in range(200)
        ]
        assert sum(same) > 100


# --- counting -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("birth_year", "certainty", "cell"),
    [
        (2026, "exact", "0-11"), (2015, "exact", "0-11"), (2014, "exact", "unknown"),
        (2010, "exact", "12-17"), (2008, "exact", "unknown"), (2007, "exact", "18-59"),
        (1966, "exact", "unknown"), (1960, "exact", "60+"), (None, "exact", "unknown"),
        (1990, "estimated", "unknown"), (1990, "doubted", "doubted"), (None, "doubted", "doubted"),
        (1990, "unknown", "unknown"),
    ],
)  # fmt: skip
def test_an_age_is_only_known_where_the_year_of_birth_decides_it(birth_year, certainty, cell):
    assert own_cases.age_cell(birth_year, certainty, 2026) == cell


def person(actor, year, sex):
    return people.register(
        actor, names=[],
        single={"birth": {"precision": "year", "year": year}, "sex": sex, "languages": ["fa"]},
    )  # fmt: skip


def test_people_are_counted_once_and_only_while_a_case_is_open(db, acting):
    worker = acting(Role.SOCIAL_WORKER)
    first, second = person(worker, 1990, "female"), person(worker, 2011, "male")
    for one in (first, first, second):
        cases.open_case(worker, person=one, case_type="family", urgency="soon")
    counted = {cell: n for cell, n in own_cases.counted(TODAY).items() if n}
    assert counted == {("female", "18-59"): 1, ("male", "12-17"): 1}
    Case.objects.filter(person=second).update(closed_at="2026-11-01T00:00Z")
    assert sum(own_cases.counted(TODAY).values()) == 1


# --- many reforms ---------------------------------------------------------------------------------


@pytest.fixture
def truth(monkeypatch, db):
    """The counts of the node's cases, which a test can change."""
    counts = {
        ("female", "18-59"): 41, ("male", "18-59"): 77, ("male", "12-17"): 13,
        ("female", "12-17"): 1, ("male", "unknown"): 6, ("male", "doubted"): 2,
        ("unknown", "unknown"): 4,
        ("male", "60+"): 3, ("female", "0-11"): 18,
    }  # fmt: skip
    monkeypatch.setattr(own_cases, "counted", lambda today: dict(counts))
    return counts


@pytest.fixture
def law(tmp_path):
    with small_law(tmp_path) as folder:
        yield folder


def rule_that(expression: Expression) -> Rule:
    """A law that opens the way to study to whoever meets `expression`."""
    top = SimpleNamespace(combination="test", expression=expression, parts=(), walk=lambda: ())
    version = SimpleNamespace(walk=lambda: (), version="x", digest="x")
    return Rule("study", "me", version, TODAY, expression, (top,), False)  # type: ignore[arg-type]


def older_than(limit: int) -> Expression:
    return Test("age", Comparison.AT_LEAST, limit)


def asked(monkeypatch, expression, by=("sex", "age_group"), on=TODAY):
    """What is shown when everybody who meets `expression` would newly qualify."""
    tests = frozenset(own_cases._tests_of(expression))
    monkeypatch.setattr(own_cases, "age_tests", lambda partner, on: tests)
    monkeypatch.setattr("mostovi.pathways.simulation.expression_of", lambda law: law.expression)
    monkeypatch.setattr("mostovi.pathways.simulation._unconfirmed", lambda rules: ())
    nobody = rule_that(All((older_than(119), Test("age", Comparison.AT_MOST, 118))))
    return populations.try_on(
        own_cases.CODE, nobody, rule_that(expression), by, partner="me", on=on
    )


def told(found):
    return {row.groups: (row.people_between, row.newly_qualify, row.undecided_between)
            for row in (*found.rows, found.total)}  # fmt: skip


def test_what_is_shown_contains_the_truth(monkeypatch, truth, law):
    for limit in (0, 12, 18, 30, 60):
        found = asked(monkeypatch, older_than(limit))
        for row in (*found.rows, found.total):
            true_people = sum(
                n for (sex, age), n in truth.items() if not row.groups or in_group(sex, age, row)
            )
            assert row.people_between.least <= true_people <= row.people_between.most
        sure = sum(
            n for (_s, age), n in truth.items()
            if (band := next((b for b in own_cases.BANDS if b.code == age), None))
            and band.low >= limit
        )  # fmt: skip
        possible = sum(
            n for (_s, age), n in truth.items()
            if not (band := next((b for b in own_cases.BANDS if b.code == age), None))
            or band.high >= limit
        )  # fmt: skip
        assert found.total.newly_qualify.least <= sure
        assert found.total.newly_qualify.most >= possible


def in_group(sex, age, row):
    band = next((b for b in own_cases.BANDS if b.code == age), None)
    group = band.code if band else "12-17" if age == "doubted" else "unknown"
    return row.groups == (sex, group)


def test_many_slightly_different_reforms_tell_no_more_than_the_published_cells(
    monkeypatch, truth, law
):
    """The attacker tries every age limit, alone and by group, on several days, and subtracts.

    All that comes out is fixed by the cells; and each cell leaves five counts or more.
    """
    cells = own_cases._cells(own_cases.stock(TODAY))
    limits = [1, 11, 12, 13, 17, 18, 19, 59, 60, 90]
    for on, limit in itertools.product((TODAY, date(2031, 1, 1)), limits):
        for by in ((), ("sex", "age_group")):
            found = asked(monkeypatch, older_than(limit), by, on)
            assert told(found) == expected(cells, limit, by)
    for value in cells.values():
        least, most = between(value)
        assert most - least >= BASE - 1


def expected(cells, limit, by):
    """From the published cells alone, by other means than the product's."""
    rows = defaultdict(lambda: [0] * 6)
    for (sex, age), value in cells.items():
        band = next((b for b in own_cases.BANDS if b.code == age), None)
        answers = (
            {evaluate(older_than(limit), {"age": n}) for n in range(band.low, band.high + 1)}
            if band else {None}
        )  # fmt: skip
        answer = answers.pop() if len(answers) == 1 else None
        group = band.code if band else "12-17" if age == "doubted" else "unknown"
        names = {"sex": sex, "age_group": group}
        least, most = between(value)
        for key in {tuple(names[n] for n in by), ()}:
            row = rows[key]
            row[0] += least
            row[1] += most
            if answer is True:
                row[2] += least
            if answer is not False:
                row[3] += most
            if answer is None:
                row[4] += least
                row[5] += most
    return {key: ((r[0], r[1]), (r[2], r[3]), (r[4], r[5])) for key, r in rows.items()}


def test_a_person_who_comes_or_goes_in_the_month_changes_nothing_at_all(monkeypatch, truth, law):
    before = [told(asked(monkeypatch, older_than(limit))) for limit in (0, 12, 18, 60)]
    for cell in CELLS:
        truth[cell] = truth.get(cell, 0) + 1
    truth["female", "12-17"] = 0
    after = [told(asked(monkeypatch, older_than(limit))) for limit in (0, 12, 18, 60)]
    assert before == after


@hypothesis_settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from(CELLS), st.integers(0, 40)), st.sampled_from(CELLS),
    st.binary(min_size=8, max_size=8),
)  # fmt: skip
def test_two_nodes_that_differ_in_one_person_can_show_the_same(counts, cell, secret):
    """For whoever does not know the secret, with and without the person look alike."""
    other = {**counts, cell: counts.get(cell, 0) + 1}
    shown = own_cases.published(counts, None, secret)
    for drawn in range(400):
        likely = secret[:6] + drawn.to_bytes(2, "big")
        again = own_cases.published(other, None, likely)
        if again[cell] == shown[cell]:
            return
    # Only a count that was certainly nobody, or is certainly somebody, can never look alike.
    assert between(shown[cell])[1] < other[cell] or between(shown[cell])[0] > other[cell]


def test_a_change_of_one_leaves_all_other_cells_as_they_are():
    counts = dict.fromkeys(CELLS, 7)
    shown = own_cases.published(counts, None, b"node")
    other = own_cases.published({**counts, CELLS[3]: 8}, shown, b"node")
    assert {cell for cell in CELLS if shown[cell] != other[cell]} <= {CELLS[3]}


# --- what leaves the node -------------------------------------------------------------------------


def worked(actor, **more):
    made = reforming.begin(actor, partner="me", pathway="study", title="Adults only", why="x")
    condition = """\
      - code: grown
        title: {en: Grown up}
        topic: scope
        cite: null
        evidence: unconfirmed
        confidence: low
        review: {status: not_yet, by: null, on: null}
        fact: age
        at_least: 18
"""
    place = STUDY.rindex("    documents:")
    text = STUDY[:place] + condition + STUDY[place:]
    reforming.save(actor, made.code, text=text, why="y", seen=1)
    run = simulation_services.ask(
        actor, made.code, on=TODAY, population="own_cases", partner="me",
        by=["sex", "age_group"], **more,
    )  # fmt: skip
    SimulationRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, holder="here")
    simulation_work.work(str(run.pk), "here")
    run.refresh_from_db()
    return run


def test_nothing_under_the_threshold_on_page_paper_file_or_log(
    truth, law, acting, signed_in, caplog
):
    drafter = acting(Role.PATHWAYS_OFFICER)
    run = worked(drafter)
    assert run.state == RunState.DONE, (run.failure, run.failure_detail)
    simulation = run.result["simulation"]
    assert simulation["protected"]["rounded_to"] == BASE
    for row in (*simulation["rows"], simulation["total"]):
        for name in ("people", "open_before", "newly_qualify", "lose", "unchanged", "uncertain"):
            least, most = row[name]
            assert least == 0 or least >= SMALLEST_SHOWN
            assert most == 0 or most >= BASE - 1
            assert most == 0 or most - least >= BASE - 1
    assert simulation["total"]["lose"][1] > 0 and simulation["left_out"] == {}
    client = signed_in(drafter)
    where = f"/pathways/reforms/{run.reform.code}/simulate/{run.pk}/"
    page = client.get(where).content.decode()
    assert "moved to a multiple of 5" in page
    data = client.get(where + "result.json").json()
    assert data["simulation"] == simulation
    pdf = PdfReader(io.BytesIO(client.get(where + "result.pdf").content))
    words = " ".join(one.extract_text() for one in pdf.pages)
    assert "multiple of 5" in " ".join(words.split())
    for cell in ProtectedStock.objects.get().cells:
        assert cell[2] % BASE == 0
    numbers = re.findall(r"\d+", json.dumps(simulation))
    assert max(map(int, numbers)) < 10_000, "a weight that carries two counts was let out"
    assert "people" not in caplog.text and "female" not in caplog.text


def test_so_few_cases_that_nothing_can_be_said_are_refused(monkeypatch, law, acting, db):
    monkeypatch.setattr(own_cases, "counted", lambda today: {})
    run = worked(acting(Role.PATHWAYS_OFFICER))
    assert (run.state, run.failure, run.failure_detail) == ("failed", "too_few", "")
    assert "any figure could tell" in simulation_words.failure_words(run.failure)


def test_the_law_of_another_partner_is_not_tried_on_our_cases(truth, law):
    with pytest.raises(CannotSimulate), own_cases.open_people("rs", TODAY):
        pass


def test_nothing_sealed_is_opened(monkeypatch, law, acting, db):
    from mostovi.rights import storage

    worker = acting(Role.SOCIAL_WORKER)
    for year in range(1980, 1999):
        one = person(worker, year, "male")
        cases.open_case(worker, person=one, case_type="family", urgency="soon")

    def closed(*_args, **_more):
        raise AssertionError("a sealed record was opened")

    monkeypatch.setattr(storage.Sealed, "values", closed)
    with own_cases.open_people("me", TODAY) as found:
        assert found.facts == {"age", "age_in_doubt"}
        assert set(found.groupings) == {"sex", "age_group"}
