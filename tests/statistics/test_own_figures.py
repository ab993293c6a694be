# SPDX-License-Identifier: EUPL-1.2
"""A partner's own node publishes its released months: off at first, by a decision, as released."""

from __future__ import annotations

import pytest
from django.test import Client

from mostovi.rights.access import Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from mostovi.statistics import own_figures, services
from mostovi.statistics.models import OwnFigures
from mostovi.statistics.services import NotReleasable
from tests.statistics.test_pages import page, text
from tests.statistics.test_regional_exchange import VICTIMS, victims
from tests.statistics.test_services import MONTH, counted, released, statistician

__all__ = ["counted", "statistician", "victims"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def focal_point(acting):
    return acting(Role.PARTNER_FOCAL_POINT)


@pytest.fixture
def public(counted, victims, statistician, secretariat_peer, focal_point):
    """One month is released and public."""
    released(statistician)
    own_figures.switch(focal_point, True)
    return statistician


def test_nothing_is_public_until_somebody_decides_so(
    counted, statistician, secretariat_peer, focal_point
):
    released(statistician)
    assert "No month has been published here yet" in text(Client().get("/figures/en/"))
    assert Client().get(f"/figures/en/{MONTH}/").status_code == 404
    own_figures.switch(focal_point, True)
    assert Client().get(f"/figures/en/{MONTH}/").status_code == 200
    own_figures.switch(focal_point, False)
    assert Client().get(f"/figures/en/{MONTH}/").status_code == 404
    assert "No month has been published" in text(Client().get("/figures/en/"))
    assert OwnFigures.objects.count() == 2
    assert AuditEntry.objects.filter(tag="statistics.figures.switched").count() == 2


@pytest.mark.parametrize("role", [Role.STATISTICIAN, Role.ANALYST, Role.SOCIAL_WORKER])
def test_who_may_not_decide(acting, role):
    with pytest.raises(Refused):
        own_figures.switch(acting(role), True)


def test_the_administrator_decides_without_seeing_counts(acting, browser):
    own_figures.switch(acting(Role.ADMINISTRATOR), True)
    client = browser(Role.ADMINISTRATOR)
    assert "/statistics/exchange/public/" in client.get("/").content.decode()
    assert page(client, "/statistics/exchange/public/").status_code == 200
    assert client.get(f"/statistics/exchange/{MONTH}/prepare/").status_code == 403


def test_the_secretariats_node_has_nothing_of_its_own(at_secretariat, acting, browser):
    with pytest.raises(NotReleasable):
        own_figures.switch(acting(Role.ADMINISTRATOR), True)
    client = browser(Role.ADMINISTRATOR)
    assert "no months of a partner" in text(page(client, "/statistics/exchange/public/"))
    client.post("/statistics/exchange/public/", {"do": "on"})
    assert not OwnFigures.objects.exists()


@pytest.mark.parametrize("language", ["en", "sq", "bs", "sr", "mk", "ar"])
def test_the_pages_speak_of_this_partner_alone(public, language):
    client = Client()
    for address in (
        "", "about/", f"{MONTH}/", f"{MONTH}/1/", f"{MONTH}/persons_screened/",
        f"{MONTH}/{VICTIMS}/", "indicators/cases_opened/", "indicators/cases_opened/embed/",
        "indicators/cases_opened/chart.svg",
    ):  # fmt: skip
        answer = page(client, f"/figures/{language}/{address}")
        assert answer.status_code == 200, address
        assert len(answer.content) < 90_000
        assert not answer.cookies
        if language == "en" and "svg" not in address:
            shown = text(answer).split("Skip to content")[-1]
            assert "Serbia" not in shown and "of 6 partners" not in shown
            assert "Released together" not in shown


def test_what_is_shown_is_what_was_released_revision_by_revision(public, counted):
    client = Client()
    first = client.get(f"/figures/en/{MONTH}/")
    assert "Montenegro in October 2026" in text(first)
    counted["cases_opened"][("male", "18-34")] += 300
    assert client.get(f"/figures/en/{MONTH}/").content == first.content
    released(public)
    newer = text(client.get(f"/figures/en/{MONTH}/"))
    assert "Edition 2" in newer
    assert "This is an earlier edition" in text(client.get(f"/figures/en/{MONTH}/1/"))
    csv = client.get("/figures/data/cases_opened.csv").content.decode()
    assert csv.count("_T") and csv.replace('"', "").count(",ME,") == csv.count("\n") - 1
    assert client.get(f"/figures/data/{VICTIMS}.csv").status_code == 200


def test_an_answer_is_not_modified_until_something_is_released_or_switched(public, focal_point):
    client = Client()
    seen = {"if-none-match": client.get("/figures/en/").headers["ETag"]}
    assert client.get("/figures/en/", headers=seen).status_code == 304
    own_figures.switch(focal_point, False)
    assert client.get("/figures/en/", headers=seen).status_code == 200


def test_switching_on_the_page(counted, statistician, secretariat_peer, browser):
    released(statistician)
    client = browser(Role.PARTNER_FOCAL_POINT)
    assert "Public figures of this node" in text(page(client, "/statistics/exchange/"))
    assert "1 released month" in text(page(client, "/statistics/exchange/public/"))
    answer = client.post("/statistics/exchange/public/", {"do": "on"}, follow=True)
    assert "The released months are public now" in text(answer)
    assert own_figures.published()
    client.post("/statistics/exchange/public/", {"do": "off"})
    assert not own_figures.published()
    assert services.released_before(MONTH)
