# SPDX-License-Identifier: EUPL-1.2
"""What leaves the fine rows: coarse, late, over the threshold, and seen by an analyst first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from mostovi.rights import retention
from mostovi.rights.access import Actor, Refused
from mostovi.rights.audit import AuditTag
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.routes import observing, publishing, reading, series
from mostovi.routes.catalogue import network
from mostovi.routes.measures import Measure, Nature
from mostovi.routes.models import FlowBalance, FlowCount, Observation
from mostovi.routes.public_files import FileRefused
from mostovi.routes.sheets import Seen
from tests.routes.conftest import NOW, TODAY

Counted = Callable[..., tuple[int, int]]
Published = Callable[[str], int]


def test_a_month_is_shown_rounded_and_nothing_under_the_threshold(
    counted: Counted, published: Published, analyst: Actor
) -> None:
    counted("2026-09-03", {"bg-rs": 203, "mk-rs": 9, "rs-hu": 0})
    assert published("2026-09") == 3
    shown = {line.way.code: line.counted for line in reading.month(analyst, "2026-09")}
    assert shown["bg-rs"].value == 205
    assert shown["mk-rs"] == reading.HIDDEN
    assert shown["rs-hu"].value == 0 and shown["rs-hu"].known


def test_nothing_is_prepared_before_the_delay_is_over(counted: Counted, analyst: Actor) -> None:
    counted("2026-10-03", {"bg-rs": 203})
    assert publishing.due(analyst, TODAY) == []
    with pytest.raises(publishing.NotPublishable):
        publishing.prepare(analyst, "2026-10", today=TODAY)
    assert publishing.due(analyst, date(2026, 12, 1)) == [("2026-10", False)]


def test_what_was_not_looked_at_is_not_published(counted: Counted, analyst: Actor) -> None:
    counted("2026-09-03", {"bg-rs": 203})
    seen = publishing.prepare(analyst, "2026-09", today=TODAY)
    counted("2026-09-04", {"bg-rs": 50})
    with pytest.raises(publishing.NotPublishable):
        publishing.publish(analyst, "2026-09", digest=seen.digest, now=NOW, today=TODAY)
    assert not FlowCount.objects.exists()


def test_a_revision_by_few_people_shows_nothing(counted: Counted, published: Published) -> None:
    counted("2026-09-03", {"bg-rs": 203, "mk-rs": 9})
    published("2026-09")
    counted("2026-09-04", {"bg-rs": 4, "mk-rs": 2})
    assert published("2026-09") == 0
    values = dict(FlowCount.objects.values_list("way", "value"))
    assert values == {"bg-rs": 205, "mk-rs": None}
    counted("2026-09-05", {"bg-rs": 20})
    assert published("2026-09") == 1
    row = FlowCount.objects.get(way="bg-rs")
    assert (row.value, row.revision) == (225, 2)


def test_a_month_whose_fine_rows_have_gone_stays_as_it_is(
    counted: Counted, published: Published, analyst: Actor
) -> None:
    counted("2024-11-03", {"bg-rs": 203})
    with pytest.raises(publishing.NotPublishable):
        publishing.prepare(analyst, "2024-11", today=TODAY)
    ended = observing.end_observations(retention.rules()["flow_observation"], TODAY)
    assert ended == 1 and not Observation.objects.exists()


def test_balanced_flows_join_what_was_counted_before_and_after(
    counted: Counted, published: Published, analyst: Actor
) -> None:
    counted("2026-09-03", {"bg-rs": 400, "mk-rs": 300, "xk-rs": 0, "me-rs": 0, "rs-ba": 100})
    published("2026-09")
    flows = {row.way: row for row in FlowBalance.objects.filter(period="2026-09")}
    assert not flows["rs-rs"].counted and flows["rs-rs"].high is not None
    assert flows["rs-rs"].low <= flows["rs-rs"].value <= flows["rs-rs"].high
    assert flows["al-xk"].high is None, "nothing says how many came there"
    assert "al-xk" not in {
        line.way.code for line in reading.month(analyst, "2026-09") if line.drawable
    }


def test_an_estimate_of_few_people_is_not_shown_either() -> None:
    few, some, open_way = (
        FlowBalance(value=value, low=low, high=high)
        for value, low, high in ((4, 0, 9), (6, 2, 40), (60, 0, None))
    )
    assert few.shown(10) is None and open_way.shown(10) is None
    assert some.shown(10) == (None, 0, 40)
    assert FlowBalance(value=60, low=9, high=90).shown(10) == (60, 0, 90)


def test_dangers_are_counted_by_year_with_an_interval(
    counted: Counted, published: Published, analyst: Actor
) -> None:
    for month in ("01", "02"):
        counted(f"2025-{month}-03", {"bg-rs": 300}, children_alone=30)
        counted(f"2025-{month}-04", {"bg-rs": 50}, nature="survey", violence=20)
        published(f"2025-{month}")
    published("2025")
    year = reading.dangers(analyst, [network().way("bg-rs")])["bg-rs"][0]
    assert year.year == "2025"
    assert year.children_alone.per_cent == pytest.approx(10)
    assert year.violence.per_cent == pytest.approx(40)
    assert year.violence.low and year.violence.high
    assert year.violence.low < 40 < year.violence.high
    assert not FlowCount.objects.filter(measure=Measure.VIOLENCE, period__contains="-").exists()


def test_the_same_sheet_again_counts_nobody_twice(counted: Counted) -> None:
    assert counted("2026-09-03", {"bg-rs": 20, "mk-rs": 30}) == (2, 0)
    assert counted("2026-09-03", {"bg-rs": 20, "mk-rs": 30}) == (0, 2)


def test_a_sheet_with_a_wrong_row_is_not_taken_at_all(analyst: Actor, point: object) -> None:
    good = {"reference": "1", "point": "centre", "day": "2026-09-01", "people": "4"}
    wrong = {"reference": "2", "point": "elsewhere", "day": "31.9.2026", "people": "many"}
    with pytest.raises(FileRefused) as refused:
        observing.observe_sheet(analyst, [good, wrong], now=NOW, today=TODAY)
    assert {(p.row, p.column) for p in refused.value.problems} == {
        (3, "point"), (3, "day"), (3, "people"),
    }  # fmt: skip
    assert not Observation.objects.exists()


@pytest.mark.parametrize("purpose", [Purpose.RETURN, Purpose.INVESTIGATION, Purpose.LABOUR])
def test_fine_counts_never_open_for_another_purpose(db: None, purpose: Purpose) -> None:
    holders = {
        Purpose.RETURN: Role.RETURN_OFFICER,
        Purpose.INVESTIGATION: Role.INVESTIGATOR,
        Purpose.LABOUR: Role.EMPLOYER,
    }
    for role in (holders[purpose], Role.ANALYST, Role.ADMINISTRATOR):
        actor = Actor(NO_ACCOUNT, role, purpose)
        with pytest.raises(Refused):
            observing.open_fine(actor, reason="help", words="x", now=NOW)
        with pytest.raises(Refused):
            series.observed(actor, "bg-rs")


NO_ACCOUNT = Actor.system(Purpose.STATISTICS).account


def test_fine_counts_open_for_an_hour_for_one_person_and_are_logged(
    counted: Counted, analyst: Actor, responder: Actor
) -> None:
    counted("2026-09-03", {"bg-rs": 20})
    with pytest.raises(Refused):
        observing.open_fine(responder, reason="help", words="x", now=NOW)
    opened = observing.open_fine(analyst, reason="help", words="Beds in the centre", now=NOW)
    _reading, rows = observing.fine(analyst, opened.pk, now=NOW)
    assert [row.people for row in rows] == [20]
    colleague = replace(analyst, account=NO_ACCOUNT)
    for who, when in ((analyst, NOW + timedelta(hours=1)), (colleague, NOW)):
        with pytest.raises(observing.NotNow):
            observing.fine(who, opened.pk, now=when)
    tags = list(AuditEntry.objects.order_by("sequence").values_list("tag", flat=True))
    assert tags[-2:] == [AuditTag.FINE_FLOW_OPENED.value, AuditTag.FINE_FLOW_READ.value]


def test_a_withdrawn_count_counts_no_longer(
    counted: Counted, published: Published, analyst: Actor
) -> None:
    counted("2026-09-03", {"bg-rs": 200})
    counted("2026-09-04", {"bg-rs": 100})
    opened = observing.open_fine(analyst, reason="quality", words="Typed twice", now=NOW)
    wrong = Observation.objects.get(people=100)
    observing.withdraw(analyst, opened.pk, wrong.pk, now=NOW)
    published("2026-09")
    assert FlowCount.objects.get(way="bg-rs").value == 200


def test_a_first_responder_records_only_where_a_point_is_open(
    responder: Actor, point: object
) -> None:
    seen = Seen("1", "centre", date(2026, 9, 1), "bg-rs", Nature.COUNT, 8, 12)
    assert observing.observe(responder, seen, now=NOW).people == 12
    assert observing.observe(responder, seen, now=NOW).people == 12
    assert Observation.objects.count() == 1
    with pytest.raises(observing.Unfit):
        observing.observe(responder, replace(seen, day=date(2023, 1, 1)), now=NOW)


def test_series_say_what_is_not_known(counted: Counted, published: Published) -> None:
    counted("2026-07-03", {"bg-rs": 200})
    counted("2026-09-03", {"bg-rs": 5})
    published("2026-07")
    published("2026-09")
    own = series.of("own:bg-rs")
    assert own.periods() == ("2026-07", "2026-08", "2026-09")
    assert own.counts == (200, None, None), "hidden and not published are not nought"
    assert own.until("2026-08").counts == (200, None)
    assert "own:bg-rs" in series.codes()
    assert own in series.every("own:")
    weeks = series.observed(Actor.system(Purpose.STATISTICS), "bg-rs")
    assert weeks.period == "week" and weeks.counts[0] == 200 and weeks.counts[1] is None
    with pytest.raises(series.NoSuchSeries):
        series.of("own:nowhere")
