# SPDX-License-Identifier: EUPL-1.2
"""The public figures: what everybody sees, from editions alone."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from mostovi.rights.roles import Role
from mostovi.statistics import consolidating, letters, services
from mostovi.statistics.months import Month
from tests.statistics.test_pages import page, text
from tests.statistics.test_services import COUNTS, MONTH, NOW, data_of

pytestmark = pytest.mark.django_db
LANGUAGES = ("en", "sq", "bs", "sr", "mk", "ar")


@pytest.fixture
def published(at_secretariat, letter, acting):
    """Two partners over three months; the newest month of one is missing."""
    secretary = acting(Role.SECRETARIAT)
    for back in (3, 2, 1, 0):
        month = MONTH.back(back)
        sent = {"ba": 1} if back == 0 else {"ba": 1, "me": 1}
        for partner in sent:
            data = data_of(COUNTS, partner=partner, month=month)
            services.receive(letter(partner, letters.LETTER_TYPE, data))
        consolidating.publish(secretary, month, revisions=sent, note="A note.", now=NOW)
    return secretary


def test_nothing_is_public_before_the_secretariat_publishes(at_secretariat, letter):
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS)))
    shown = text(Client().get("/figures/en/"))
    assert "No month has been published here yet" in shown
    assert Client().get(f"/figures/en/{MONTH}/").status_code == 404


def test_the_reader_is_led_to_a_language(published):
    answer = Client().get("/figures/", headers={"accept-language": "mk"})
    assert answer.headers["Location"] == "/figures/mk/"
    assert Client().get("/figures/xx/").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_light_and_asks_for_nothing_elsewhere(published, language):
    client = Client()
    for address in (
        "", "about/", f"{MONTH}/", f"{MONTH}/1/", f"{MONTH}/persons_screened/",
        "indicators/cases_opened/", "indicators/cases_opened/embed/",
        "indicators/cases_opened/chart.svg",
    ):  # fmt: skip
        answer = page(client, f"/figures/{language}/{address}")
        assert answer.status_code == 200
        assert len(answer.content) < 90_000
        assert not answer.cookies
        html = answer.content.decode().replace("http://www.w3.org/2000/svg", "")
        outside = re.findall(r'(?:src|href)="(https?://(?!testserver)[^"]+)"', html)
        assert not outside
        assert "<script" not in html
        if "chart.svg" not in address:
            assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in html


def test_a_missing_partner_is_missing_and_never_zero(published):
    shown = text(page(Client(), "/figures/en/"))
    assert "1 of 6 partners is in these figures" in shown
    assert "Montenegro has not sent this month" in shown
    assert "Albania has not sent any month yet" in shown
    over = text(page(Client(), "/figures/en/indicators/cases_opened/"))
    assert over.count("missing") >= 4 * 4


def test_a_page_is_answered_not_modified_until_an_edition_is_published(published, letter):
    client = Client()
    first = client.get("/figures/en/")
    assert "max-age" in first.headers["Cache-Control"]
    assert "public" in first.headers["Cache-Control"]
    again = client.get("/figures/en/", headers={"if-none-match": first.headers["ETag"]})
    assert again.status_code == 304
    services.receive(letter("me", letters.LETTER_TYPE, data_of(COUNTS, partner="me")))
    assert client.get("/figures/en/").content == first.content
    consolidating.publish(published, MONTH, revisions={"ba": 1, "me": 1}, now=NOW)
    newer = client.get("/figures/en/", headers={"if-none-match": first.headers["ETag"]})
    assert newer.status_code == 200
    assert "2 of 6 partners" in text(newer)
    assert "This is an earlier edition" in text(client.get(f"/figures/en/{MONTH}/1/"))


def test_only_a_chart_page_may_stand_in_a_frame(published):
    framed = Client().get("/figures/en/indicators/cases_opened/embed/")
    assert "frame-ancestors *" in framed.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed.headers
    other = Client().get("/figures/en/")
    assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"]
    assert other.headers["X-Frame-Options"] == "DENY"


def test_the_open_files_stand_beneath_the_pages(published):
    client = Client()
    listed = client.get("/figures/data/")
    assert listed.status_code == 200
    csv = client.get("/figures/data/cases_opened.csv")
    assert csv.status_code == 200
    about = client.get("/figures/en/about/").content.decode()
    assert "/figures/data/cases_opened.csv" in about


def test_unknown_months_tables_and_indicators_are_not_there(published):
    client = Client()
    for address in (f"{Month(2020, 1)}/", f"{MONTH}/9/", f"{MONTH}/nothing/", "indicators/x/"):
        assert client.get(f"/figures/en/{address}").status_code == 404
