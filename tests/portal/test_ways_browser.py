# SPDX-License-Identifier: EUPL-1.2
"""The self-check in a real browser: in Arabic on a telephone, without internet, without traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mostovi.cases.directory.models import Location, Organization, Service
from mostovi.pathways import texts
from tests.browsing import IN_A_BROWSER, PICTURES, Axe

pytestmark = IN_A_BROWSER
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def service(db: None) -> Service:
    """A public service in Serbia with a place on the map."""
    organization = Organization.objects.create(name="Legal aid network (example)")
    row = Service.objects.create(
        code="rs-legal-aid", node="rs", name="Free legal aid office (example)", public=True,
        organization=organization,
        needs=["legal_aid", "trafficking_identification"], languages=["sr", "ar"],
        phones=[{"number": "+381 11 000 001"}],
        schedules=[{"days": ["MO", "FR"], "opens": "09:00", "closes": "16:00"}],
        changed_at=datetime.now(UTC),
    )  # fmt: skip
    place = Location.objects.create(
        organization=organization, name="Office", place="Beograd", latitude=44.8, longitude=20.46
    )
    row.locations.add(place)
    return row


@pytest.fixture
def page_at(chromium: Any, live_server: Any, service: Service) -> Iterator[Callable[..., Any]]:
    """A page of the self-check in a new visitor's browser; its own errors fail the test."""
    contexts: list[Any] = []
    errors: list[str] = []

    def open_page(path: str, *, width: int = 360, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 740}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.set_default_timeout(15_000)
        page.goto(live_server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [error for error in errors if "ERR_INTERNET_DISCONNECTED" not in error] == []


def picture(page: Any, name: str) -> None:
    """Keep a picture for looking at, when asked to."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def is_ready(page: Any) -> None:
    page.wait_for_selector("#stage[data-ready=yes]")


def choose(page: Any, value: str) -> None:
    """Answer the question that is shown."""
    radio = page.locator(f'#stage input[type=radio][value="{value}"]')
    if radio.count():
        radio.check()
    elif page.locator("#stage select[name=v]").count():
        page.locator("#stage select[name=v]").select_option(value)
    else:
        page.locator("#stage input[name=v]").fill(value)
    page.locator("#stage button[value=next]").click()


def asked(page: Any) -> str:
    """The fact that is asked now, or "" when none is."""
    field = page.locator("#stage input[name=q]")
    return field.get_attribute("value") if field.count() else ""


def check_page(page: Any) -> None:
    """Nothing for axe to complain of, and nothing wider than the screen."""
    found = Axe().run(page, options=AXE)
    assert found.response["violations"] == [], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


LANGUAGES = [code for code in ("en", "sr", "ar", "ti", "bn") if code in texts.offered()]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", LANGUAGES)
def test_from_the_first_question_to_the_result(page_at, language, width):
    page = page_at(f"/ways/{language}/rs/", width=width)
    is_ready(page)
    check_page(page)
    picture(page, f"start-{language}-{width}")
    page.locator("[data-start] button").click()
    assert asked(page) == "where"
    check_page(page)
    picture(page, f"where-{language}-{width}")
    choose(page, "inside")
    assert asked(page) == "age"
    check_page(page)
    picture(page, f"age-{language}-{width}")
    choose(page, "25")
    for _ in range(4):
        choose(page, "yes" if page.locator("#stage input[value=yes]").count() else "unknown")
        if page.locator("#stage [data-dangers]").count():
            break
    page.locator("#stage button[value=result]").first.click()
    page.wait_for_selector("#stage [data-list=maybe] .way")
    check_page(page)
    picture(page, f"result-{language}-{width}")
