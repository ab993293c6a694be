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
    expected = ("ERR_INTERNET_DISCONNECTED", "422 (Unprocessable")
    assert [error for error in errors if not any(one in error for one in expected)] == []


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


def is_kept(page: Any) -> None:
    """Wait until the browser says that it works without internet now."""
    page.wait_for_selector("#stage[data-kept=yes]", timeout=30_000)


def test_in_arabic_on_a_telephone_all_the_way_without_internet(page_at):
    page = page_at("/ways/ar/rs/")
    is_ready(page)
    is_kept(page)
    page.context.set_offline(True)
    page.goto(page.url)
    is_ready(page)
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.locator("[data-offline]").is_visible()
    words = texts.texts("ar")["ui.offline.now"].split("{date}")[0].strip()
    assert words in page.locator("[data-offline]").inner_text()
    page.locator("[data-start] button").click()
    known = {"where": "inside", "age": "٢٥", "fears_persecution": "yes"}
    for _ in range(90):
        if page.locator("#stage [data-list]").count():
            break
        fact = asked(page)
        if not fact:
            page.locator("#stage button[value=next]").click()
            continue
        choose(page, known.get(fact, "unknown"))
    page.wait_for_selector("#stage [data-list=maybe] .way")
    check_page(page)
    picture(page, "offline-result-ar-360")
    assert page.locator("#stage [data-none-left]").is_visible()
    page.locator("#stage [data-way=asylum_refugee] details").first.locator("summary").first.click()
    why = page.locator("#stage [data-way=asylum_refugee] .conditions").first.inner_text()
    assert texts.texts("ar")["ui.yes"] in why
    page.locator("#stage [data-way=asylum_refugee] [data-more] > summary").click()
    check_page(page)
    # Help is there without internet too, and a language that was never opened says what it can.
    page.goto(page.url.replace("/rs/", "/rs/help/"))
    assert page.locator("[data-danger]").count() == 3
    page.goto(page.url.replace("/ar/rs/help/", "/en/al/"))
    assert page.locator(".tiles a").count() == len(texts.offered())
    # Back with the internet, it looks for news by itself.
    page.goto(page.url.replace("/en/al/", "/ar/rs/"))
    is_ready(page)
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_function(
        "text => document.querySelector('[data-offline]').textContent.includes(text)",
        arg=texts.texts("ar")["ui.offline.updated"],
    )


def test_nothing_of_the_answers_stays_on_the_device_or_leaves_it(page_at):
    page = page_at("/ways/en/rs/")
    sent: list[tuple[str, str, str]] = []
    is_ready(page)
    is_kept(page)
    page.on("request", lambda r: sent.append((r.method, r.url, r.post_data or "")))
    page.locator("[data-start] button").click()
    choose(page, "inside")
    choose(page, "43")
    choose(page, "yes" if page.locator("#stage input[value=yes]").count() else "unknown")
    page.locator("#stage button[value=result]").first.click()
    page.wait_for_selector("#stage [data-list]")
    assert [one for one in sent if one[0] != "GET"] == []
    assert not any("43" in url.split("/ways/")[-1] or "?" in url for _, url, _ in sent)
    assert "/ways/en/rs/" in page.url and "?" not in page.url and "#" not in page.url
    assert page.context.cookies() == []
    kept = page.evaluate(
        """async () => {
          const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage),
                         JSON.stringify(history.state)];
          const bases = indexedDB.databases ? await indexedDB.databases() : [];
          found.push(JSON.stringify(bases));
          for (const name of await caches.keys())
            for (const request of await (await caches.open(name)).keys())
              found.push(request.method + request.url);
          return found;
        }"""
    )
    assert kept[:2] == ["{}", "{}"] and kept[3] == "[]"
    assert kept[2].startswith('{"ways":')
    assert all(one.startswith("GET") and "?" not in one for one in kept[4:])
    page.go_back()
    page.go_back()
    page.locator("[data-again]").first.evaluate("node => node.click()")
    page.locator("[data-remove] button").click()
    page.wait_for_function("caches.keys().then(names => names.length === 0)")


def test_back_of_the_browser_goes_one_question_back_and_keeps_answers(page_at):
    page = page_at("/ways/en/rs/")
    is_ready(page)
    page.locator("[data-start] button").click()
    choose(page, "inside")
    choose(page, "43")
    third = asked(page)
    page.go_back()
    assert asked(page) == "age"
    assert page.locator("#stage input[name=v]").input_value() == "43"
    page.locator("#stage button[value=back]").click()
    assert asked(page) == "where"
    assert page.locator("#stage input[value=inside]").is_checked()
    page.locator("#stage button[value=next]").click()
    assert asked(page) == third


def test_wrong_and_contradicting_answers_are_said_at_the_question(page_at):
    page = page_at("/ways/en/rs/")
    is_ready(page)
    page.locator("[data-start] button").click()
    page.locator("#stage button[value=next]").click()
    assert "I don't know' is an answer too" in page.locator("#stage [data-errors]").inner_text()
    choose(page, "inside")
    for wrong, words in (("200", "from 0 to 120"), ("many", "whole number")):
        choose(page, wrong)
        assert words in page.locator("#stage [data-errors]").inner_text()
        assert page.locator("#stage input[name=v]").input_value() == wrong
    check_page(page)
    page.locator("#stage input[name=v]").fill("")
    for name, value in (("day", "31"), ("month", "2"), ("year", "2001")):
        page.locator(f"#stage input[name={name}]").fill(value)
    page.locator("#stage button[value=next]").click()
    assert "does not exist" in page.locator("#stage [data-errors]").inner_text()


def test_danger_shows_help_at_once_and_leaving_wipes_the_page(page_at):
    page = page_at("/ways/en/rs/")
    is_ready(page)
    page.locator("[data-start] button").click()
    for _ in range(60):
        if asked(page) == "exploited_at_work":
            break
        choose(page, "unknown")
    choose(page, "yes")
    assert page.locator("#stage h1").inner_text() == "First, your safety"
    assert page.locator("#stage a.call").first.get_attribute("href") == "tel:192"
    check_page(page)
    picture(page, "danger-en-360")
    page.locator("#stage button[value=next]").click()
    assert asked(page) or page.locator("#stage [data-list]").count()
    page.context.set_offline(True)
    page.locator("header [data-leave]").click()
    page.wait_for_url("about:blank")
    page.context.set_offline(False)


def test_a_sheet_of_two_ways_is_one_page(page_at):
    page = page_at("/ways/en/rs/", width=1280)
    is_ready(page)
    page.locator("[data-start] button").click()
    choose(page, "inside")
    page.locator("#stage button[value=result]").first.click()
    for way in ("asylum_refugee", "study"):
        page.locator(f'#stage [data-way={way}] input[name="sheet"]').check()
    page.locator("#stage button[value=sheet]").click()
    page.wait_for_selector("#stage .sheet-way")
    check_page(page)
    printed = page.pdf(format="A4")
    if PICTURES:
        (Path(PICTURES) / "sheet.pdf").write_bytes(printed)
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") == 1


@pytest.mark.parametrize("language", [code for code in ("en", "ar") if code in LANGUAGES])
def test_without_scripts_it_is_the_same_and_as_accessible(page_at, language):
    page = page_at(f"/ways/{language}/rs/", java_script_enabled=False)
    page.locator("[data-start] button").click()
    assert page.locator("input[name=q]").get_attribute("value") == "where"
    page.locator("input[value=inside]").check()
    page.locator("button[value=next]").click()
    page.locator("input[name=v]").fill("25")
    page.locator("button[value=result]").click()
    assert page.locator("[data-list=maybe] .way").count() > 3
    picture(page, f"server-result-{language}-360")
    page.locator("button[value='way:asylum_refugee']").click()
    picture(page, f"server-way-{language}-360")
    assert page.locator(".conditions").count()


def test_pages_of_the_server_satisfy_axe(page_at):
    """The same pages as without scripts, looked at with them (axe is a script)."""
    page = page_at("/ways/ar/", width=360)
    check_page(page)
    for answers in ({"do": "next"}, {"do": "next", "q": "age", "v": "900"}, {"do": "result"},
                    {"do": "way:asylum_refugee"}, {"do": "sheet", "sheet": "asylum_refugee"},
                    {"do": "next", "q": "violence_now", "v": "yes"}):  # fmt: skip
        page.evaluate(
            """answers => { const form = document.createElement("form"); form.method = "post";
            form.action = "/ways/ar/rs/check/";
            for (const name in answers) { const field = document.createElement("input");
              field.type = "hidden"; field.name = name; field.value = answers[name];
              form.append(field); }
            document.body.append(form); form.submit(); }""",
            answers,
        )
        page.wait_for_load_state()
        page.wait_for_url("**/check/")
        check_page(page)
        page.goto(page.url.replace("rs/check/", ""))
