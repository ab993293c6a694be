# SPDX-License-Identifier: EUPL-1.2
"""Open files of the published region: everybody reads, caches work, and nothing else is there."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import UTC, datetime

import pytest
from defusedxml import ElementTree
from django.core.cache import cache

from mostovi.statistics.catalogue import template
from mostovi.statistics.models import Edition, MonthlyTable, Status
from mostovi.statistics.open_views import KINDS
from mostovi.statistics.region import PARTNERS

TABLE = "cases_opened"
AT = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)
BASE = "/figures/data"


def _month(partner: str, period: str, revision: int, shown: int) -> MonthlyTable:
    table = template().table(TABLE)
    cells = [
        [list(cell.keys(table.names).values()), shown if at % 3 else None]
        for at, cell in enumerate(table.cells)
    ]
    cells[-1][1] = shown
    return MonthlyTable.objects.create(
        partner=partner, node=partner, table=TABLE, period=period, revision=revision,
        template=template().code, template_version=template().version,
        threshold=template().rule.threshold, status=Status.RECEIVED, cells=cells, released_at=AT,
    )  # fmt: skip


def _edition(period: str, number: int, revisions: dict[str, int]) -> Edition:
    return Edition.objects.create(
        period=period, number=number, revisions=revisions, indicators={}, standing={},
        published_by=uuid.uuid4(), published_at=AT,
    )  # fmt: skip


@pytest.fixture
def published(db):
    """Two months; Serbia's second revision waits and is not part of an edition."""
    cache.clear()
    for at, partner in enumerate(PARTNERS):
        _month(partner, "2026-09", 1, 100 + at)
    _month("ba", "2026-10", 1, 50)
    _month("rs", "2026-10", 1, 60)
    _month("rs", "2026-10", 2, 999)
    _edition("2026-09", 1, dict.fromkeys(PARTNERS, 1))
    _edition("2026-10", 1, {"ba": 1, "rs": 1})


def _totals(content: bytes) -> dict[tuple[str, str], str]:
    return {
        (row["period"], row["partner"]): row["value"]
        for row in csv.DictReader(io.StringIO(content.decode()))
        if row["sex"] == row["age_group"] == "_T"
    }


def test_only_what_an_edition_names_is_there(client, published):
    totals = _totals(client.get(f"{BASE}/{TABLE}.csv").content)
    assert totals["2026-10", "RS"] == "60" and totals["2026-10", "BA"] == "50"
    assert ("2026-10", "AL") not in totals and len(totals) == 8


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_served_to_everybody(client, published, kind):
    answer = client.get(f"{BASE}/{TABLE}.{kind}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == KINDS[kind][2]
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer and len(answer.content) > 500


def test_asked_again_it_is_304_until_a_new_edition(client, published):
    first = client.get(f"{BASE}/{TABLE}.csv")
    assert "public" in first["Cache-Control"]
    again = client.get(f"{BASE}/{TABLE}.csv", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304 and not again.content
    _edition("2026-10", 2, {"ba": 1, "rs": 2})
    newer = client.get(f"{BASE}/{TABLE}.csv", headers={"If-None-Match": first["ETag"]})
    assert newer.status_code == 200
    assert _totals(newer.content)["2026-10", "RS"] == "999"


def test_few_statements_also_the_first_time(client, published, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        client.get(f"{BASE}/{TABLE}.sdmx.csv")
    with django_assert_max_num_queries(2):
        client.get(f"{BASE}/{TABLE}.sdmx.csv")


def test_the_index_lists_tables_files_and_editions(client, published):
    content = client.get(f"{BASE}/?lang=sr").json()
    assert content["editions"] == [
        {"period": "2026-09", "number": 1}, {"period": "2026-10", "number": 1},
    ]  # fmt: skip
    (table,) = [one for one in content["tables"] if one["code"] == TABLE]
    assert set(table["files"]) == set(KINDS)
    for address in [*table["files"].values(), table["chart"]]:
        assert client.get(address.removeprefix("http://testserver")).status_code == 200


def test_the_drawing_for_others_points_to_the_open_file(client, published):
    drawing = client.get(f"{BASE}/{TABLE}.vl.json").json()
    data = client.get(drawing["data"]["url"].removeprefix("http://testserver"))
    head = data.content.decode().splitlines()[0].split(",")
    assert {one["field"] for one in drawing["encoding"].values()} <= set(head)
    assert "datum.sex == '_T'" in drawing["transform"][0]["filter"]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_chart_and_the_frame_can_stand_on_any_site(client, published, language):
    chart = client.get(f"{BASE}/{TABLE}.svg?lang={language}")
    root = ElementTree.fromstring(chart.content)
    assert root.tag.endswith("svg") and b"1244/1999" in chart.content
    frame = client.get(f"{BASE}/{TABLE}/embed/?lang={language}")
    assert "X-Frame-Options" not in frame
    assert "frame-ancestors *" in frame["Content-Security-Policy"]
    assert b"<script" not in frame.content and len(frame.content) < 100_000
    assert "Set-Cookie" not in frame


@pytest.mark.parametrize("address", ["nothing.csv", f"{TABLE}.exe", "nothing.svg", "no/embed/"])
def test_what_is_not_there_is_404(client, published, address):
    assert client.get(f"{BASE}/{address}").status_code == 404


def test_before_the_first_edition_nothing_is_there(client, db):
    cache.clear()
    _month("ba", "2026-10", 1, 50)
    assert client.get(f"{BASE}/{TABLE}.csv").status_code == 404
    assert client.get(f"{BASE}/").json()["editions"] == []
