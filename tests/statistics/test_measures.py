# SPDX-License-Identifier: EUPL-1.2
"""Measures instead of detention as counts: complete, protected, and never a person."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from mostovi.cases.alternatives import assessing, measures
from mostovi.cases.alternatives.models import MeasureTaken
from mostovi.statistics import counting, services
from mostovi.statistics.catalogue import template
from mostovi.statistics.cubes import with_margins
from mostovi.statistics.models import MonthlyTable
from mostovi.statistics.months import Month
from mostovi.statistics.suppression import ranges
from tests.cases.alternatives.conftest import (
    WHY,
    file_for,
    officer,
    registered,
    screened,
    wish,
)

__all__ = ["officer"]
pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
MONTH = Month.of(timezone.localdate(NOW))
TABLES = ("measures_by_kind", "measures_by_sex", "measures_by_age", "measures_kept")


def count(code, month=MONTH):
    start, end = month.bounds(timezone.get_default_timezone())
    return dict(counting.measures_ended(template().table(code), month, start, end))


def ended(officer, outcome, *, sex="male", year=1990, code="registration", breach=False):
    file = file_for(officer, registered(officer, {"precision": "year", "year": year}, sex))
    assessing.screen(officer, file, screened())
    more = {"report_every": 7} if code == "reporting" else {}
    assessing.decide(officer, file, wish(code, **more))
    if breach:
        measures.happened(officer, file, kind="breach", words="Did not come.")
    if outcome:
        measures.review(
            officer, file, decision="end", outcome=outcome, reason=WHY, view="Says nothing."
        )
    return file


def test_measures_that_ended_are_counted_by_how(officer):
    ended(officer, "resolved")
    ended(officer, "not_needed", sex="female", year=MONTH.year - 15, code="case_worker_support")
    ended(officer, "absconded", code="reporting")
    ended(officer, "other", breach=True)
    ended(officer, "")  # still in force
    assert count("measures_by_kind") == {
        ("registration", "resolved"): 1, ("case_worker_support", "resolved"): 1,
        ("reporting", "absconded"): 1, ("registration", "other"): 1,
    }  # fmt: skip
    assert count("measures_by_sex") == {
        ("male", "resolved"): 1, ("female", "resolved"): 1,
        ("male", "absconded"): 1, ("male", "other"): 1,
    }  # fmt: skip
    assert count("measures_by_age")[("12-17", "resolved")] == 1
    assert count("measures_kept") == {
        ("registration", "kept"): 1, ("case_worker_support", "kept"): 1,
        ("reporting", "missed"): 1, ("registration", "missed"): 1,
    }  # fmt: skip
    assert count("measures_by_kind", MONTH.back(1)) == {}


def test_a_measure_that_another_follows_counts_once_as_another_end(officer):
    file = ended(officer, "", code="case_worker_support")
    measures.review(officer, file, decision="reassess", reason=WHY, view="Glad.")
    assessing.decide(officer, file, wish("registration"))
    assert count("measures_by_kind") == {("case_worker_support", "other"): 1}


def test_every_measure_of_the_ladder_has_its_code(officer):
    from mostovi.cases.alternatives.catalogue import ladder

    codes = template().table("measures_by_kind").dimensions[0].codes
    assert set(codes) == {step.code for step in ladder()}
    for step in ladder():
        assert dict(codes[step.code]) == dict(step.label)


def test_all_tables_agree_and_small_counts_are_hidden_in_all_of_them(officer):
    for _n in range(2):
        ended(officer, "resolved")
    computed = services.compute(MONTH)
    counts, published = computed.counts, computed.published
    for code in TABLES:
        table = template().table(code)
        full = with_margins(table.measure, table.shape, count(code))
        assert all(counts[cell] == number for cell, number in full.items())
        shown = [published[cell] for cell in table.cells if published[cell] is not None]
        assert all(number == 0 or number >= 3 for number in shown)
        assert published[table.cell({})] is None
    bounds = ranges(published, template().relations, 1)
    for cell, number in published.items():
        if number is None:
            low, high = bounds[cell]
            assert high is None or high - low >= template().rule.protection


def test_a_month_released_before_these_tables_existed_can_be_released_again(officer):
    row = template().table("cases_opened")
    MonthlyTable.objects.create(
        partner="me", node="me", table=row.code, period=str(MONTH), revision=1,
        template="mostovi.month", template_version="2026.1", threshold=3, status="released",
        cells=[[list(cell.keys(row.names).values()), 0] for cell in row.cells],
        released_at=NOW - timedelta(days=1),
    )  # fmt: skip
    ended(officer, "resolved")
    assert services.compute(MONTH).revision == 2


def test_an_erased_person_is_still_counted_and_nothing_about_them_is_read(officer, statements):
    file = ended(officer, "resolved")
    from mostovi.rights.vault import vault

    vault().destroy(file.key_id)
    assert count("measures_by_kind") == {("registration", "resolved"): 1}
    sent = statements(lambda: count("measures_by_sex"))
    assert len(sent) == 1 and "sealed" not in sent[0]
    assert MeasureTaken.objects.get().outcome == "resolved"
