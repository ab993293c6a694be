# SPDX-License-Identifier: EUPL-1.2
"""Reporting periods, age groups, and the template as data."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mostovi.statistics.catalogue import FOLDER, template
from mostovi.statistics.months import Month
from mostovi.statistics.sources import age_code, sex_code
from mostovi.statistics.tables import SpecificationError, parse

LANGUAGES = {"en", "sq", "bs", "sr", "mk", "ar"}


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)), st.integers(0, 500))
def test_months_count_back_and_forth(day, months):
    month = Month.of(day)
    assert Month.parse(str(month)) == month
    assert month.back(months).back(-months) == month
    assert month.back(1).next() == month
    assert Month.last_complete(day) == month.back(1)


def test_due_day_lies_in_the_following_month():
    assert Month(2026, 12).due(15) == date(2027, 1, 15)


def test_bounds_are_local_midnights_across_the_clock_change():
    start, end = Month(2026, 10).bounds(ZoneInfo("Europe/Sarajevo"))
    assert (start.isoformat(), end.isoformat()) == (
        "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "x", "", "2026-10-01"])
def test_what_is_not_a_month_is_refused(text):
    with pytest.raises(ValueError, match="write it as"):
        Month.parse(text)


@pytest.mark.parametrize(
    ("year", "certainty", "code"),
    [
        (2026, "exact", "0-11"), (2014, "exact", "0-11"), (2013, "exact", "12-17"),
        (2008, "exact", "12-17"), (2007, "exact", "18-34"), (1960, "exact", "60-"),
        (None, "unknown", "unknown"), (None, "doubted", "12-17"), (1990, "doubted", "12-17"),
        (2020, "doubted", "0-11"),
    ],
)  # fmt: skip
def test_age_group_takes_the_younger_side_and_a_doubtful_age_is_a_childs(year, certainty, code):
    assert age_code(year, certainty, Month(2026, 10)) == code


@pytest.mark.parametrize("sex", ["other", "unknown", "not_asked", "", None])
def test_rare_answers_are_one_code(sex):
    assert sex_code(sex) == "other"


def test_every_label_stands_in_every_language():
    chosen = template()
    texts = [t.title for t in chosen.tables] + [i.title for i in chosen.indicators]
    for table in chosen.tables:
        for dimension in table.dimensions:
            texts += [dimension.label, *dimension.codes.values()]
    assert all(set(text) == LANGUAGES and all(text.values()) for text in texts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m, c: m["tables"][0]["dimensions"].append("colour"), "no code list 'colour'"),
        (lambda m, c: m["tables"].append(m["tables"][0]), "is there twice"),
        (lambda m, c: m.update(threshold=1), "protects nobody"),
        (lambda m, c: m.update(zero="sometimes"), "sometimes"),
        (lambda m, c: m["indicators"][0].update(at={"sex": "x"}), "has no such cell"),
        (lambda m, c: m["indicators"][0].update(table="x"), "no table 'x'"),
        (lambda m, c: m.pop("template"), "'template' is missing"),
        (lambda m, c: c["lists"]["sex"]["codes"].update({"_T": {"en": "All"}}), "is the total"),
        (lambda m, c: c["lists"]["sex"]["codes"].update({"x": {"sr": "х"}}), "no English text"),
    ],
)
def test_a_wrong_specification_is_refused_whole_and_named(change, message):
    month, codes = (
        yaml.safe_load((FOLDER / name).read_text("utf-8")) for name in ("month.yaml", "codes.yaml")
    )
    change(month, codes)
    with pytest.raises(SpecificationError, match=message):
        parse(month, codes)
