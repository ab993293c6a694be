# SPDX-License-Identifier: EUPL-1.2
"""Checks inside a case in a real browser: three languages, two widths, no accessibility fault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from mostovi.cases import services as cases
from mostovi.cases.directory import services as directory
from mostovi.pathways import case_checking
from mostovi.people import services as people
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from tests.browsing import IN_A_BROWSER, looked_at

pytestmark = IN_A_BROWSER


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("sr", 360), ("ar", 360)])
def test_a_check_is_made_saved_and_compared(
    chromium: Any,
    live_server: Any,
    signed_in: Callable[..., Any],
    acting: Callable[..., Actor],
    language: str,
    width: int,
) -> None:
    directory.load_shipped()
    worker = acting(Role.SOCIAL_WORKER)
    child = people.register(
        worker, single={"birth": {"precision": "year", "year": 2010}, "languages": ["ar"]}
    )
    case = cases.open_case(worker, person=child, case_type="unaccompanied_child", urgency="soon")
    earlier = timezone.now() - timedelta(days=90)
    case_checking.save(
        worker, case, given={"months_here": "2", "fears_persecution": "unknown"},
        told={"months_here"}, on=timezone.localdate(earlier), now=earlier,
    )  # fmt: skip
    client = signed_in(worker)
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": width, "height": 800}
    )
    cookies = {
        settings.LANGUAGE_COOKIE_NAME: language,
        settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value,
    }
    context.add_cookies(
        [{"name": k, "value": v, "url": live_server.url} for k, v in cookies.items()]
    )
    context.set_default_timeout(30_000)
    page = context.new_page()

    def look(name: str) -> None:
        looked_at(page, f"case-{name}-{width}-{language}")

    def press(verb: str) -> None:
        page.locator(f'main button[name="do"][value="{verb}"]').first.click()
        page.wait_for_load_state()

    page.goto(f"/pathways/cases/{case.code}/check/")
    look("begin")
    page.locator('main input[type="radio"][value="unknown"]').first.check(force=True)
    press("next")
    look("questions")
    press("result")
    look("result")
    press("way:unaccompanied_child")
    look("way-unsaved")
    press("save")
    look("saved")
    saved = page.url
    page.goto(saved + "unaccompanied_child/")
    look("way")
    page.goto(saved + "unaccompanied_child/goal/")
    look("goal")
    page.goto(saved + "sheet/?language=ar")
    look("sheet")
    page.goto(f"/pathways/cases/{case.code}/")
    look("checks")
    page.locator("main form button").last.click()
    page.wait_for_load_state()
    assert "/compare/" in page.url
    look("compare")
    page.goto(f"/cases/{case.code}/")
    assert page.locator("#block-pathways").count() == 1
    context.close()
