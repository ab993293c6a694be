# SPDX-License-Identifier: EUPL-1.2
"""A case is handed from `me` to `ba` while `ba` hangs, comes back, and is killed.

The page at `me` says at every moment who is responsible, and nothing is lost.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.slow]


def until(page: Any, text: str, seconds: int = 60) -> None:
    """Reload until the page says `text`; a node that is just coming back may refuse a moment."""
    end = time.monotonic() + seconds
    while True:
        try:
            if text in page.locator("main").inner_text(timeout=5_000):
                return
        except Exception:  # noqa: BLE001, S110 - the browser's page of a refused connection
            pass
        assert time.monotonic() < end, f"'{text}' never came"
        page.wait_for_timeout(700)
        with contextlib.suppress(Exception):
            page.reload()


def open_case(page: Any) -> None:
    """Register a person and open a case."""
    page.goto("/cases/new/")
    page.get_by_role("link", name="Register a new person").click()
    page.fill("[name=name-0-given]", "Samira")
    page.fill("[name=name-0-family]", "Nazari")
    page.check("[name=birth_precision][value=year]", force=True)
    page.fill("[name=birth_year]", "1989")
    page.check("[name=sex][value=female]", force=True)
    page.get_by_role("button", name="Register", exact=True).click()
    page.get_by_label("Adult who needs protection").check(force=True)
    page.get_by_role("button", name="Open the case").click()
    page.get_by_role("heading", name="Where it stands").wait_for()


def test_a_case_passes_to_a_node_that_hangs_and_is_killed(visit: Any, region: Any) -> None:
    if "ba" not in region.processes:
        pytest.skip("the region was not started here; its processes are not ours to stop")
    officer = visit("me", "anti-trafficking-coordinator")
    open_case(officer)
    case = officer.url
    officer.get_by_role("link", name="Hand the case to another institution").click()
    officer.select_option("[name=to]", "ba")
    officer.check("[name=reason][value=lives_there]", force=True)
    officer.fill("textarea[name=summary]", "Lives with her aunt in Sarajevo now.")
    officer.get_by_role("button", name="See what would be sent").click()
    officer.get_by_role("link", name="Take the person's consent").click()
    officer.get_by_role("button", name=re.compile("Read|Show|Go on|Continue")).first.click()
    officer.check("[name=means][value=oral]", force=True)
    officer.get_by_role("button", name=re.compile("yes|Yes|agrees|Record")).first.click()

    os.kill(region.processes["ba"], signal.SIGSTOP)
    try:
        officer.get_by_role("button", name="Send to BA").click()
        officer.get_by_text("It is on its way.").wait_for()
        officer.wait_for_timeout(4_000)
        officer.reload()
        said = officer.locator("main").inner_text()
        assert "You stay responsible, whatever happens on the way" in said
        assert "The receiver signed for it" not in said
    finally:
        os.kill(region.processes["ba"], signal.SIGCONT)
    until(officer, "The receiver signed for it", seconds=120)

    receiver = visit("ba", "anti-trafficking-coordinator")
    receiver.goto("/transfers/")
    receiver.locator("tbody tr").first.get_by_role("link").click()
    assert "Lives with her aunt" in receiver.locator("main").inner_text()
    receiver.locator("summary", has_text="Take over").click()
    receiver.locator("details[open]").get_by_role("button").click()
    receiver.get_by_text("Done.").wait_for()
    os.kill(region.processes["ba"], signal.SIGKILL)

    until(officer, "The responsibility passed on", seconds=120)
    until(receiver, "Go to the case", seconds=120)
    receiver.get_by_role("link", name="Go to the case").click()
    assert "Lives with her aunt" in receiver.locator("main").inner_text()
    officer.goto(case)
    assert "Closed" in officer.locator("main").inner_text()
