# SPDX-License-Identifier: EUPL-1.2
"""Pages of statistics, seen as the people who use them."""

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mostovi.rights.roles import Role
from mostovi.statistics import jobs, letters, services, today
from mostovi.statistics.months import Month
from tests.statistics.test_services import COUNTS, MONTH, counted, data_of, released, statistician

__all__ = ["counted", "statistician"]
pytestmark = pytest.mark.django_db


def page(client, url, **more):
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url, **more)
    assert len(queries) <= 20, [q["sql"][:90] for q in queries]
    assert len(answer.content) < 150_000
    return answer


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def region(at_secretariat, letter):
    """Two partners released; four did not."""
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS)))
    large = {**COUNTS, "cases_opened": {("female", "18-34"): 40, ("male", "18-34"): 60}}
    services.receive(letter("me", letters.LETTER_TYPE, data_of(large, partner="me")))


def test_region_shows_missing_partners_and_ranges(region, browser):
    answer = page(browser(Role.SECRETARIAT), f"/statistics/region/?month={MONTH}")
    shown = text(answer)
    assert "2 of 6 partners have released" in shown
    assert shown.count("missing") >= 4
    assert "Not in the sum, because they have not released: Albania · Kosovo* ·" in shown
    assert "without prejudice to positions on status" in shown


def test_region_gives_a_range_where_a_part_is_hidden(region, browser):
    answer = page(browser(Role.ANALYST), f"/statistics/region/?month={MONTH}")
    row = answer.content.decode().split("referrals received")[0]
    assert "hidden to protect people" in row
    assert re.search(r"at least \d+|\d+ to \d+", text(answer))


@pytest.mark.parametrize("language", ["en", "sq", "bs", "sr", "mk", "ar"])
def test_region_and_its_tables_in_every_language(region, browser, language):
    client = browser(Role.SECRETARIAT, headers={"accept-language": language})
    for url in (
        f"/statistics/region/?month={MONTH}&indicator=cases_opened",
        f"/statistics/region/{MONTH}/persons_screened/",
    ):
        assert page(client, url).status_code == 200
    assert page(client, f"/statistics/region/{MONTH}/nothing/").status_code == 404


def test_region_without_any_release_says_why(at_secretariat, browser):
    answer = page(browser(Role.SECRETARIAT), "/statistics/region/?month=rubbish")
    assert "Nobody has released this month" in text(answer)


def test_region_can_be_downloaded(region, browser):
    answer = page(browser(Role.ANALYST), f"/statistics/region/download/{MONTH}.csv")
    lines = answer.content.decode().splitlines()
    assert lines[0].startswith("partner,period,revision,table")
    assert {line.split(",")[0] for line in lines[1:]} == {"ba", "me"}


def test_statistician_looks_releases_and_sees_what_left(counted, secretariat_peer, browser):
    client = browser(Role.STATISTICIAN)
    url = f"/statistics/{MONTH}/release/"
    seen = page(client, url)
    digest = re.search(r'name="digest" value="(\w+)"', seen.content.decode())[1]
    assert "exactly what leaves" in text(seen)
    answer = client.post(url, {"digest": digest}, follow=True)
    assert "Released, and on its way" in text(answer)
    assert "Revision 1" in text(answer)
    assert page(client, f"/statistics/{MONTH}.csv").status_code == 200
    again = page(client, url)
    assert "there is nothing to release" in text(again)


def test_release_of_other_counts_than_seen_is_refused_with_the_reason(
    counted, secretariat_peer, browser
):
    answer = browser(Role.STATISTICIAN).post(f"/statistics/{MONTH}/release/", {"digest": "old"})
    assert answer.status_code == 409
    assert "have changed since you looked" in text(answer)


def test_without_the_secretariat_among_the_peers_nothing_is_lost(counted, browser):
    client = browser(Role.STATISTICIAN)
    url = f"/statistics/{MONTH}/release/"
    digest = re.search(r'name="digest" value="(\w+)"', client.get(url).content.decode())[1]
    answer = client.post(url, {"digest": digest})
    assert answer.status_code == 409
    assert "nothing was released" in text(answer)


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.STATISTICIAN, 200), (Role.ANALYST, 403), (Role.SOCIAL_WORKER, 403)],
)
def test_who_sees_counts_before_protection(counted, browser, role, status):
    assert browser(role).get(f"/statistics/{MONTH}/release/").status_code == status


def test_a_month_nobody_released_is_not_there(browser):
    client = browser(Role.STATISTICIAN)
    assert client.get(f"/statistics/{MONTH}/").status_code == 404
    assert client.get("/statistics/2199-01/release/").status_code == 404


def test_months_waiting_stand_on_the_statisticians_home(counted, statistician, secretariat_peer):
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    before = today.waiting(statistician, now)
    assert [item.is_overdue(now) for item in before] == [True, True, True]
    assert jobs.remind(now) == 3
    released(statistician, now=now)
    assert len(today.waiting(statistician, now)) == 2


def test_months_page_says_what_is_due(counted, browser, secretariat_peer, statistician):
    released(statistician)
    shown = text(page(browser(Role.STATISTICIAN), "/statistics/"))
    assert "Released, revision 1" in shown
    assert "Overdue" in shown
    assert "Look and release" in shown


def test_secretariat_has_no_counts_of_its_own(at_secretariat, browser):
    shown = text(page(browser(Role.STATISTICIAN), "/statistics/"))
    assert "no counts of its own" in shown
    assert (
        browser(Role.STATISTICIAN).get(f"/statistics/{Month(2026, 9)}/release/").status_code == 404
    )
