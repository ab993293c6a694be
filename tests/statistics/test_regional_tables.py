# SPDX-License-Identifier: EUPL-1.2
"""The regional set as it leaves: one form for each event, letters that fit, honest sums."""

from __future__ import annotations

import copy
import json
import random
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.exchange.profiles import profile
from mostovi.statistics import attacks, cubing, protecting, regional_tables
from mostovi.statistics.catalogue import specs, template
from mostovi.statistics.cubes import with_margins
from mostovi.statistics.events import KEY_STEPS
from mostovi.statistics.months import Month
from mostovi.statistics.regional_tables import (
    LETTER_TYPE,
    NoisyFigure,
    NoisyTable,
    Prepared,
    Reason,
    State,
    Unacceptable,
)
from mostovi.statistics.suppression import publish, ranges, suppress
from mostovi.statistics.table_services import protection

SPECS = {spec.code: spec for spec in specs("region")}
EXACT = regional_tables.exact_kinds(template())
RULE = protection()
MONTH = Month(2026, 10)
DEATHS = SPECS["reg_deaths"]
SECRET = b"of the node"
COUNTRIES = [f"{a}{b}" for a in "ABCDEF" for b in "KLMNOP"]


def events_of(kind: str, number: int, chance: random.Random, **values: list[str]) -> list[dict]:
    return [
        {
            "event": kind, "month": str(MONTH), "partner": "ba",
            "record_key": chance.randrange(KEY_STEPS) / KEY_STEPS,
            **{name: chance.choice(listed) for name, listed in values.items()},
        }
        for _one in range(number)
    ]  # fmt: skip


def victims(number: int, chance: random.Random) -> list[dict]:
    return events_of(
        "victim_identified", number, chance,
        sex=["female", "male"], age_group=["16-17", "18-34", "35-59"],
    )  # fmt: skip


def protected(spec, events, earlier=None):
    before = {} if earlier is None else {
        spec.code: regional_tables.as_earlier(spec, earlier, "ba", str(MONTH))
    }  # fmt: skip
    cells = cubing.cube_rows(events, [spec])
    done = protecting.protect(cells, [spec], RULE, SECRET, before)
    return regional_tables.noisy(spec, done[spec.code].table, {"citizen"})


def letter(*tables: NoisyTable, largest: int = regional_tables.LARGEST, **left_out: Reason):
    return regional_tables.compose(
        Prepared(tables, left_out), RULE, partner="ba", month=MONTH, revision=1, version="2026.1",
        largest=largest,
    )  # fmt: skip


def read(data):
    return regional_tables.read(data, SPECS, RULE, EXACT)


def deaths(**cells: int) -> NoisyTable:
    """A small table; `T` is the total, else a fate."""
    found = {("_T", "_T", "_T" if fate == "T" else fate, "_T"): n for fate, n in cells.items()}
    return NoisyTable("reg_deaths", regional_tables.names_of(DEATHS), found)


FATES = [code.code for d in DEATHS.dimensions if d.code == "fate" for code in d.codes]


# --- One form -------------------------------------------------------------------------------------


def test_no_kind_of_event_leaves_both_exactly_and_with_noise():
    going, left_out = regional_tables.chosen(list(SPECS.values()), EXACT)
    noisy = {kind for spec in going for kind in spec.events}
    assert not noisy & EXACT
    assert {"case_opened", "child_alone_registered"} <= EXACT
    assert len(going) + len(left_out) == 24
    assert all(set(SPECS[code].events) & EXACT for code in left_out)


def test_every_table_of_the_month_says_whose_records_it_counts():
    known = {kind for spec in SPECS.values() for kind in spec.events}
    for table in template().tables:
        assert table.events and set(table.events) <= known


def test_why_both_forms_together_would_disclose_and_the_second_is_refused():
    """Beside an exact count a noisy one of the same question is the noise itself, to the unit.

    Everybody counted is a woman but one man. With noise alone, women and all have one answer; the
    exact total of the month says that somebody else is in it.
    """
    spec = SPECS["reg_cases"]
    table = template().table("cases_opened")
    seen = []
    for men in (0, 1):
        chance = random.Random(4)
        events = events_of("case_opened", 40, chance, sex=["female"], age_group=["18-34"])
        events += events_of("case_opened", men, chance, sex=["male"], age_group=["18-34"])
        cells = cubing.cube_rows(events, [spec])
        done = protecting.protect(cells, [spec], RULE, SECRET)["reg_cases"]
        answers = regional_tables.noisy(spec, done.table)
        counts = {("female", "18-34"): 40, ("male", "18-34"): men}
        full = with_margins(table.measure, table.shape, counts)
        hidden = suppress(full, table.relations, template().rule, (), SECRET)
        exact = publish(full, hidden)[table.cell({"sex": "female"})]
        seen.append((answers.cells[("F", "_T", "_T")] == answers.cells[("_T", "_T", "_T")], exact))
    # With noise the two worlds look alike; the exact table tells them apart by what it hides.
    assert seen[0][0] and seen[1][0]
    assert seen[0][1] != seen[1][1]
    with pytest.raises(Unacceptable, match="count exactly"):
        read(letter(answers)[0])


@pytest.mark.parametrize("people", [0, 1, 2])
def test_an_attacker_with_both_kinds_of_tables_does_not_learn_of_one_person(people):
    """Everything that leaves of a month: the exact tables hold nothing on the noisy ones' events.

    A planted victim, or none, or two: what is seen is the same, with all exact tables at hand.
    """
    spec, chance = SPECS["reg_victims"], random.Random(7)
    events = [{**one, "sex": "female"} for one in victims(40, chance)]
    planted = [{**one, "sex": "male"} for one in victims(people, random.Random(9))]
    seen = protected(spec, [*events, *planted])
    exact = [cell for table in template().tables for cell in table.cells]
    assert not {"victim_identified"} & {cell.measure for cell in exact}
    # The total is answered like the larger group, so subtracting says nothing.
    total = seen.cells[("_T", "_T", "_T")]
    assert seen.cells[("F", "_T", "_T")] == total
    assert ("M", "_T", "_T") not in seen.cells


def test_the_attacker_gains_nothing_from_all_noisy_tables_of_a_month():
    chance = random.Random(11)
    spec = SPECS["reg_victims"]
    events = [{**one, "citizenship": chance.choice(COUNTRIES)} for one in victims(60, chance)]
    risk = attacks.measure(events, [spec], spec, "sex", RULE, SECRET, random.Random(1), 12)
    assert risk.attacked >= 4
    assert risk.share(risk.unprotected) > 0.9
    assert risk.gain < 0.35, risk


@given(st.integers(0, 2), st.randoms(use_true_random=False))
def test_two_revisions_of_both_forms_show_no_late_person(more, chance):
    """Differencing: the noisy tables stand, the exact ones change by three or nothing."""
    spec = SPECS["reg_victims"]
    events = victims(60, chance)
    first = protected(spec, events)
    second = protected(spec, [*events, *victims(more, chance)], first)
    assert second.cells == first.cells
    table = template().table("referrals_received")
    before: list = []
    for number in (20, 20 + more):
        counts = with_margins(table.measure, table.shape, {("accepted",): number, ("other",): 9})
        hidden = suppress(counts, table.relations, template().rule, before, SECRET)
        before.append(publish(counts, hidden))
    for cell, value in before[1].items():
        was = before[0][cell]
        if value is not None and was is not None:
            assert value == was or abs(value - was) >= 3
        else:
            low, high = ranges(before[1], table.relations, 1)[cell]
            assert high is None or high - low >= 3 or was == value


def test_what_was_hidden_altogether_stays_hidden_until_many_have_come():
    spec, chance = SPECS["reg_victims"], random.Random(3)
    few = victims(4, chance)
    nothing = protected(spec, few)
    assert not nothing.cells
    assert not protected(spec, [*few, *victims(10, chance)], nothing).cells
    assert protected(spec, [*few, *victims(30, chance)], nothing).cells


def test_a_column_that_lies_sealed_is_not_split_and_says_so():
    one = protected(SPECS["reg_victims"], victims(60, random.Random(1)))
    assert one.unsplit == ("citizen",)
    assert all(codes[one.dimensions.index("citizen")] == "_T" for codes in one.cells)
    assert not one.tells_apart(("_T", "_T", "SY"))


# --- The letter -----------------------------------------------------------------------------------


def test_what_is_read_is_what_was_composed_and_it_fits_the_profile():
    one = protected(SPECS["reg_victims"], victims(80, random.Random(1)))
    (data,) = letter(one, reg_cases=Reason.EXACT)
    profile(LETTER_TYPE).check("statistics", {"none": "no persons"}, data, None)
    came = read(data)
    assert came.tables == (one,)
    assert came.left_out == {"reg_cases": Reason.EXACT}


@given(st.lists(st.integers(0, 90), min_size=2, max_size=3), st.randoms(use_true_random=False))
def test_the_letters_of_an_honest_node_are_never_refused(sizes, chance):
    """Whatever noise and standing numbers do to totals, the receiver can explain them."""
    spec, before = SPECS["reg_victims"], None
    events = victims(90, chance)
    for number, size in enumerate(sizes):
        before = protected(spec, events[:size] if number else events[: size // 3], before)
        assert read(letter(before)[0]).tables == (before,)


def large(cells: int) -> NoisyTable:
    places = [f"{a}{b}" for a in "ABCDEFGHIJKLMNOP" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    found = {(place, "_T"): 20 for place in places[:cells]} | {("_T", "_T"): 20 * cells}
    return NoisyTable("reg_irregular_stay", ("citizen", "apprehension_place"), found)


@pytest.mark.parametrize("cells", [1, 60, 400])
def test_a_large_table_goes_in_several_letters_and_none_is_too_large(cells):
    one = large(cells)
    found = letter(one, deaths(T=40), largest=3_000)
    assert (len(found) > 1) == (cells > 60)
    together: dict = {}
    for number, data in enumerate(found, start=1):
        assert len(json.dumps(data["tables"], separators=(",", ":"))) <= 3_100
        assert (data["part"], data["parts"]) == (number, len(found))
        profile(LETTER_TYPE).check("statistics", {"none": "no persons"}, data, None)
        for table in read(data).tables:
            if table.code == one.code:
                assert not together.keys() & table.cells.keys()
                together |= table.cells
    assert together == one.cells


def spoiled(change):
    (data,) = letter(deaths(T=60, **{FATES[0]: 30, FATES[1]: 28}))
    data = copy.deepcopy(data)
    change(data["tables"][0])
    return data


def moved(table):
    table["dimensions"] = table["dimensions"][::-1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (moved, "in this order"),
        (lambda t: t["cells"][0].update(value=4), "under 11"),
        (lambda t: t["cells"][0].update(value=400), "cannot be that of its parts"),
        (lambda t: t["cells"][1].update(value=400), "cannot be that of its parts"),
        (lambda t: t["cells"].append(t["cells"][0]), "there twice"),
        (lambda t: t["cells"][1]["codes"].pop(), "not one code a dimension"),
        (lambda t: t["cells"][1].update(codes=["XX", "_T", "_T", "_T"]), "is no code of"),
        (lambda t: t.update(unsplit=["fate"]), "says it is not"),
        (lambda t: t.update(table="reg_screened"), "count exactly"),
    ],
)
def test_a_wrong_table_is_refused_and_named(change, says):
    with pytest.raises(Unacceptable, match=says):
        read(spoiled(change))


def test_a_table_that_the_receiver_does_not_know_is_kept_as_unknown():
    (data,) = letter(deaths(T=60), replaced_unknown=Reason.NO_SOURCE)
    data["tables"][0]["table"] = "reg_of_tomorrow"
    (one,) = read(data).tables
    assert (one.code, one.known) == ("reg_of_tomorrow", False)


# --- Sums -----------------------------------------------------------------------------------------


def test_a_sum_says_how_many_are_in_it_and_how_far_off_it_is():
    found = regional_tables.summed(
        [NoisyFigure(State.SHOWN, 30), NoisyFigure(State.SHOWN, 12), NoisyFigure(State.MISSING)], 7
    )
    assert (found.value, found.partners) == (42, 2)
    assert found.error == pytest.approx(sqrt(14))


@pytest.mark.parametrize("state", [State.HIDDEN, State.MISSING, State.UNSPLIT])
def test_what_is_not_shown_is_never_zero_in_a_sum(state):
    found = regional_tables.summed([NoisyFigure(State.SHOWN, 30), NoisyFigure(state)], 7)
    if state is State.HIDDEN:
        assert found.value is None and found.partners == 2
    else:
        assert (found.value, found.partners) == (30, 1)
    assert regional_tables.summed([NoisyFigure(state)], 7).value is None


def test_lines_go_from_coarse_to_fine():
    one = deaths(T=60, **{FATES[0]: 30})
    other = NoisyTable(one.code, one.dimensions, {("_T", "_T", FATES[1], "_T"): 12})
    found = regional_tables.lines(DEATHS, [one, other, None], 7)
    assert [line.codes[2] for line in found] == ["_T", FATES[0], FATES[1]]
    assert [figure.state for figure in found[0].figures] == ["shown", "hidden", "missing"]
    assert found[0].region.value is None


# --- Counts of a workbook -------------------------------------------------------------------------


def test_cells_of_brought_counts_are_those_of_the_events():
    events = victims(50, random.Random(5))
    spec = SPECS["reg_victims"]
    cells = cubing.cube_rows(events, [spec])[spec.code].to_pylist()
    inner = {
        tuple(row[name] for name in spec.names): row["count"]
        for row in cells
        if "_T" not in row.values()
    }
    made = cubing.cube_counts(spec, str(MONTH), inner, dict.fromkeys(inner, 5)).to_pylist()
    plain = [{k: v for k, v in row.items() if k != "key"} for row in cells]
    assert [{k: v for k, v in row.items() if k != "key"} for row in made] == plain


def test_a_table_of_nobody_can_be_brought_and_shows_nothing():
    cells = {"reg_deaths": cubing.cube_counts(DEATHS, str(MONTH), {}, {})}
    done = protecting.protect(cells, [DEATHS], RULE, SECRET)
    assert not regional_tables.noisy(DEATHS, done["reg_deaths"].table).cells
