# SPDX-License-Identifier: EUPL-1.2
"""R11 for the tables of this release: hidden cells stay hidden from whoever reads all the rest."""

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mostovi.statistics.cubes import Cell, relations, with_margins
from mostovi.statistics.suppression import Rule, Zero, primary, publish, ranges, suppress
from tests.statistics.attacker import possible_counts

SEX = ("sex", ("female", "male"))
AGE = ("age_group", ("child", "adult", "old"))
YOUNG = ("age_group", ("child", "adult"))
ANSWER = ("grounds", ("yes", "no"))

many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def table(dimensions, values):
    keys = product(*(codes for _, codes in dimensions))
    return with_margins("persons", dimensions, dict(zip(keys, values, strict=True)))


def tables(*dimensions):
    size = 1
    for _, codes in dimensions:
        size *= len(codes)
    # Small counts are where the danger is, a few large ones make them stand out.
    counts = st.one_of(st.integers(0, 4), st.integers(0, 25))
    return st.lists(counts, min_size=size, max_size=size).map(
        lambda values: table(dimensions, values)
    )


def cell(**keys):
    return Cell.of("persons", keys)


def attack(counts, sums, rule, hidden):
    """Assert that each hidden cell keeps values at least `protection` apart."""
    published = publish(counts, hidden)
    for target in sorted(hidden):
        least = min(rule.least, counts[target])
        possible = possible_counts(
            published, sums, target, least=least, most=max(counts.values()) + 8
        )
        assert counts[target] in possible
        assert possible[-1] - possible[0] >= rule.protection, (target, possible, published)


@pytest.mark.parametrize("rule", [Rule(), Rule(zero=Zero.SUPPRESS), Rule(5, 4)])
@pytest.mark.parametrize(
    ("dimensions", "examples"), [((AGE,), 60), ((SEX, AGE), 60), ((SEX, YOUNG, ANSWER), 15)]
)
def test_attacker_with_all_totals_cannot_narrow_a_hidden_cell(dimensions, examples, rule):
    sums = relations("persons", dimensions)

    @settings(many, max_examples=examples)
    @given(tables(*dimensions), st.binary(min_size=1, max_size=2))
    def property_(counts, secret):
        hidden = suppress(counts, sums, rule, secret=secret)
        assert all(c in hidden for c, n in counts.items() if rule.small(n))
        attack(counts, sums, rule, hidden)

    property_()


@many
@given(tables(SEX, AGE, ANSWER))
def test_tables_of_one_release_do_not_give_each_other_away(full):
    """Two tables, by sex and age and by sex and answer, share the totals by sex."""
    first, second = relations("persons", (SEX, AGE)), relations("persons", (SEX, ANSWER))
    sums = [*first, *second]
    counts = {c: full[c] for relation in sums for c in relation.cells}
    hidden = suppress(counts, sums, Rule())
    attack(counts, sums, Rule(), hidden)


@many
@given(tables(SEX, AGE), st.lists(st.integers(0, 4), min_size=6, max_size=6))
def test_subtracting_two_revisions_shows_nobody(before, late):
    """No cell can be seen to have changed by one or two persons, and nothing hidden reappears."""
    sums, rule = relations("persons", (SEX, AGE)), Rule()
    added = table((SEX, AGE), late)
    after = {c: count + added[c] for c, count in before.items()}
    first = publish(before, suppress(before, sums, rule))
    hidden = suppress(after, sums, rule, earlier=[first])
    second = publish(after, hidden)
    for c in after:
        if first[c] is None:
            assert second[c] is None
        elif second[c] is not None:
            assert not 0 < abs(second[c] - first[c]) < rule.threshold
    attack(after, sums, rule, hidden)


@many
@given(tables(SEX, AGE), st.lists(st.integers(0, 4), min_size=6, max_size=6))
def test_two_revisions_together_do_not_give_away_a_cell_that_did_not_change(before, late):
    """The strongest guess about a hidden cell, that it is the same in both, does not help."""
    sums, rule = relations("persons", (SEX, AGE)), Rule()
    added = table((SEX, AGE), late)
    after = {c: count + added[c] for c, count in before.items()}
    first = publish(before, suppress(before, sums, rule))
    second = publish(after, suppress(after, sums, rule, earlier=[first]))
    same = {c for c in after if first[c] is None and before[c] == after[c]}
    both, joined = _side_by_side(first, second, sums, same)
    for target in same:
        possible = possible_counts(
            both, joined, _named(target, "first"), least=0, most=max(after.values()) + 8
        )
        assert len(possible) > 1, (target, possible)


def _named(c, when):
    return Cell(f"{when} {c.measure}", c.codes)


def _side_by_side(first, second, sums, same):
    """Both releases as one system, the cells of `same` being one unknown."""

    def later(c):
        return _named(c, "first" if c in same else "second")

    both = {_named(c, "first"): v for c, v in first.items()}
    both |= {later(c): v for c, v in second.items() if c not in same}
    joined = []
    for relation in sums:
        kind = type(relation)
        joined.append(
            kind(_named(relation.total, "first"), tuple(_named(p, "first") for p in relation.parts))
        )
        joined.append(kind(later(relation.total), tuple(later(p) for p in relation.parts)))
    return both, joined


def test_grand_total_under_the_threshold_is_hidden_too():
    counts = table((SEX, AGE), [1, 0, 0, 0, 1, 0])
    hidden = suppress(counts, relations("persons", (SEX, AGE)), Rule())
    assert cell() in hidden
    assert cell(sex="female") in hidden


def test_zero_is_published_by_default_and_hidden_on_request():
    counts = table((AGE,), [0, 7, 9])
    sums = relations("persons", (AGE,))
    assert suppress(counts, sums, Rule()) == frozenset()
    assert cell(age_group="child") in suppress(counts, sums, Rule(zero=Zero.SUPPRESS))


def test_one_small_cell_takes_a_neighbour_with_it_but_not_the_total():
    counts = table((AGE,), [2, 40, 60])
    hidden = suppress(counts, relations("persons", (AGE,)), Rule())
    assert cell(age_group="child") in hidden
    assert len(hidden) == 2
    assert cell() not in hidden


def test_a_one_and_a_two_are_hidden_alike():
    """The pattern must not tell which small number it hides."""
    sums = relations("persons", (AGE,))
    for neighbours in product(range(3, 8), repeat=2):
        one, two = ([small, *neighbours] for small in (1, 2))
        assert suppress(table((AGE,), one), sums, Rule()) == suppress(
            table((AGE,), two), sums, Rule()
        )


def test_cell_that_was_hidden_stays_hidden_in_a_revision():
    earlier = {cell(age_group="child"): None, cell(age_group="adult"): 20}
    counts = table((AGE,), [50, 21, 60])
    found = primary(counts, Rule(), [earlier])
    assert found == {cell(age_group="child"), cell(age_group="adult")}


@many
@given(tables(SEX, AGE))
def test_ranges_hold_the_truth_and_are_exact_where_published(counts):
    sums, rule = relations("persons", (SEX, AGE)), Rule()
    hidden = suppress(counts, sums, rule)
    found = ranges(publish(counts, hidden), sums, rule.least)
    for c, (low, high) in found.items():
        assert low <= counts[c]
        assert high is None or counts[c] <= high
        if c not in hidden:
            assert (low, high) == (counts[c], counts[c])
        else:
            assert high is None or high - low >= rule.protection


def test_ranges_refuse_sums_that_contradict_each_other():
    published = {cell(): 5, cell(age_group="child"): 4, cell(age_group="adult"): 4,
                 cell(age_group="old"): None}  # fmt: skip
    with pytest.raises(ValueError, match="contradict"):
        ranges(published, relations("persons", (AGE,)), 1)


def test_a_threshold_that_protects_nobody_is_refused():
    with pytest.raises(ValueError, match="protects nobody"):
        Rule(threshold=1)


def test_replaying_the_method_on_every_small_table_pins_no_count():
    """All tables of three counts up to 7, with four secrets: equal releases hide unequal counts."""
    sums = relations("persons", (AGE,))
    same_release = defaultdict(list)
    for values in product(range(8), repeat=3):
        counts = table((AGE,), values)
        for secret in (b"a", b"b", b"c", b"d"):
            published = publish(counts, suppress(counts, sums, Rule(), secret=secret))
            same_release[tuple(published.items())].append(counts)
    for release, tables_ in same_release.items():
        for c, value in release:
            assert value is not None or len({counts[c] for counts in tables_}) > 1, release
