# SPDX-License-Identifier: EUPL-1.2
"""What a reform changes: ranges that hold for every truth, and no wider than they need to be."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any as Anything

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.pathways import certainty, simulation
from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.expressions import All, Any, Expression, facts_of
from mostovi.pathways.law import Availability
from mostovi.pathways.library import library
from mostovi.pathways.loader import load_pathway
from mostovi.pathways.population import Prepared, prepare
from mostovi.pathways.rules import NoRule, rule_of
from tests.pathways.making_rules import VOCABULARY, completions, expressions, people
from tests.pathways.test_population import table_of

ON = date(2026, 11, 24)


def of_rows(rows: list[dict[str, Anything]], sexes: list[str] | None = None) -> Prepared:
    table = table_of(rows)
    if sexes is not None:
        table = table.append_column("sex", pa.array(sexes))
    return prepare(ibis.memtable(table), VOCABULARY, ON)


@settings(max_examples=60, deadline=None)
@given(
    expressions(leaves=5, unknown=False),
    expressions(leaves=5, unknown=False),
    expressions(leaves=4, unknown=False),
    st.lists(people(), min_size=1, max_size=6),
)
def test_every_truth_lies_within_and_the_ends_are_reached(
    before: Expression, after: Expression, common: Expression, rows: list[dict[str, Anything]]
) -> None:
    before, after = All((common, before)), Any((All((common, after)), before))
    found = simulation.change_between(before, after, VOCABULARY)
    (counted,) = simulation._counted(found, of_rows(rows), ())
    asked = tuple(dict.fromkeys([*facts_of(before), *facts_of(after)]))
    ends = {name: [0, 0] for name in simulation.MEASURES}
    for row in rows:
        truths = set()
        for person in itertools.islice(completions(row, asked), 5000):
            was, becomes = evaluate(before, person), evaluate(after, person)
            if was is not None and becomes is not None:
                truths.add((was, becomes, becomes and not was, was and not becomes))
        for position, name in enumerate(simulation.MEASURES):
            ends[name][0] += all(truth[position] for truth in truths)
            ends[name][1] += any(truth[position] for truth in truths)
    for name, (least, most) in ends.items():
        given_least, given_most = getattr(counted, name)
        assert given_least <= least <= most <= given_most, name
        if found.exact and "value=OtherFact" not in repr(found):
            assert (given_least, given_most) == (least, most), name


PACK = """
pathway: family_reunification
partner: rs
availability: in_law
versions:
  - version: "1"
    from: 2020-01-01
    to: null
    complete: false
    review: {status: not_yet, by: null, on: null}
    conditions:
      - code: relative
        title: {en: A relative with a long stay}
        topic: family_link
        cite: {act: ACT, article: null, paragraph: null, point: null}
        evidence: unconfirmed
        confidence: low
        review: {status: not_yet, by: null, on: null}
        fact: relative_residence_months
        at_least: MONTHS
      - code: other_terms
        title: {en: TITLE}
        topic: other
        cite: {act: ACT, article: null, paragraph: null, point: null}
        evidence: unconfirmed
        confidence: low
        review: {status: not_yet, by: null, on: null}
        unknown: true
"""


def rule(months: int, title: str = "Other terms"):  # type: ignore[no-untyped-def]
    law = library().partner("rs")
    act = next(iter(law.acts))
    text = PACK.replace("ACT", act).replace("MONTHS", str(months)).replace("TITLE", title)
    return rule_of(law, load_pathway(text, "reform.yaml", law), ON)


def people_of(**columns: list[Anything]) -> Prepared:
    return prepare(ibis.memtable(pa.table(columns)), library().vocabulary, ON)


def test_a_lower_threshold_in_a_law_with_an_unconfirmed_part() -> None:
    found = simulation.simulate(
        rule(60), rule(36),
        people_of(relative_residence_months=[12, 40, 70, None], sex=["f", "f", "m", "m"]),
        ["sex"], vocabulary=library().vocabulary,
    )  # fmt: skip
    by_sex = {row.groups: row for row in found.rows}
    assert by_sex["f",].newly_qualify == (0, 1)  # 40 months; the unconfirmed part may stand against
    assert by_sex["m",].newly_qualify == (0, 1)  # the one whose months are unknown
    assert found.total.lose == (0, 0)
    assert found.total.open_before == (0, 2)
    assert found.total.open_after == (0, 3)
    assert found.total.people == 4
    assert found.total.uncertain_share == 0.5
    assert found.unconfirmed == ("other_terms",)
    assert not found.same_rule and found.exact and not found.signed_off


def test_an_unchanged_law_changes_nothing_though_much_is_unknown() -> None:
    found = simulation.simulate(
        rule(60), rule(60), people_of(relative_residence_months=[None, 70]),
        vocabulary=library().vocabulary,
    )  # fmt: skip
    assert found.same_rule
    assert found.total.newly_qualify == found.total.lose == (0, 0)
    assert found.total.uncertain_share == 0


def test_an_unconfirmed_part_that_is_written_anew_is_another_unknown() -> None:
    found = simulation.simulate(
        rule(60), rule(60, "Quite other terms"), people_of(relative_residence_months=[70]),
        vocabulary=library().vocabulary,
    )  # fmt: skip
    assert not found.same_rule
    assert found.total.newly_qualify == found.total.lose == (0, 1)


def test_a_way_that_is_new_and_one_that_nobody_could_look_for() -> None:
    crowd = people_of(relative_residence_months=[70, 3])
    none = NoRule("family_reunification", Availability.NONE_FOUND, {})
    found = simulation.simulate(none, rule(60), crowd, vocabulary=library().vocabulary)
    assert found.total.open_before == (0, 0) and found.total.newly_qualify == (0, 1)
    unseen = NoRule("family_reunification", Availability.UNKNOWN, {})
    found = simulation.simulate(unseen, rule(60), crowd, vocabulary=library().vocabulary)
    assert found.total.open_before == (0, 2)


def test_weights_missing_facts_and_rows_left_out_are_counted() -> None:
    crowd = people_of(relative_residence_months=[70, 3, -5], weight=[2.5, 1.5, 1.0])
    found = simulation.simulate(rule(60), rule(1), crowd, vocabulary=library().vocabulary)
    assert found.weighted and found.total.people == 4.0
    assert found.total.newly_qualify == (0.0, 1.5)
    assert found.left_out == {"out_of_range:relative_residence_months": 1}
    found = simulation.simulate(
        rule(60), rule(36), people_of(sex=["female"]), vocabulary=library().vocabulary
    )
    assert found.missing == ("relative_residence_months",)
    assert found.total.newly_qualify == (0, 1)


def test_a_column_that_is_not_there_and_another_pathway_are_refused() -> None:
    crowd = people_of(relative_residence_months=[70])
    with pytest.raises(simulation.CannotSimulate, match="cannot be shown by 'sex'"):
        simulation.simulate(rule(60), rule(1), crowd, ["sex"], vocabulary=library().vocabulary)
    other = NoRule("study", Availability.NONE_FOUND, {})
    with pytest.raises(simulation.CannotSimulate, match="different pathways"):
        simulation.simulate(rule(60), other, crowd, vocabulary=library().vocabulary)


def test_nobody_at_all_is_nobody() -> None:
    crowd = prepare(
        ibis.memtable(pa.table({"relative_residence_months": pa.array([], pa.int32())})),
        library().vocabulary, ON,
    )  # fmt: skip
    found = simulation.simulate(rule(60), rule(36), crowd, vocabulary=library().vocabulary)
    assert found.total.people == 0 and found.total.uncertain_share == 0


def test_rows_are_in_the_order_of_age_with_unknown_last() -> None:
    crowd = people_of(age=[70, None, 3, 15, 30, 8])
    found = simulation.simulate(
        rule(60), rule(36), crowd, ["age_group"], vocabulary=library().vocabulary
    )
    assert [row.groups[0] for row in found.rows] == [
        "0-4", "5-11", "12-17", "18-59", "60+", "unknown",
    ]  # fmt: skip


@pytest.mark.parametrize("partner", ["rs"])
def test_what_each_law_in_force_asks_can_be_put_to_people(partner: str) -> None:
    table = pa.table({"age": [3, 40], "citizenship": ["SY", None]})
    crowd = prepare(ibis.memtable(table), library().vocabulary, ON)
    for law in library().in_force(partner, ON):
        found = simulation.simulate(law, law, crowd, vocabulary=library().vocabulary)
        assert found.same_rule, law.pathway
        assert certainty.newly(law.expression, law.expression)
