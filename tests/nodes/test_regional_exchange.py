# SPDX-License-Identifier: EUPL-1.2
"""The regional exchange in a real browser through three node processes.

Two officers release a month at `me` and at `ba`; a partner without a node brings a workbook at the
secretariat, wrong at first; the secretariat sees who has sent, publishes, and everybody reads it
without an account, in another language, without JavaScript: the counts, and a table with noise from
two nodes and one workbook. Then `me` publishes its own months too.
"""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import pytest

from mostovi.statistics.months import Month
from tests.nodes.test_spine import until

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.slow]

MONTH = Month.last_complete(date.today()).back(1)
"""The month before the last: the last one is another story's."""
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def handed_over(visit: Any, node: str) -> None:
    """Prepared by one officer, released by another."""
    clerk = visit(node, "statistician")
    clerk.goto(f"/statistics/exchange/{MONTH}/prepare/")
    assert "Counted here" in clerk.locator("main").inner_text()
    clerk.fill("#words", "Synthetic: as it was counted.")
    clerk.get_by_role("button", name="Hand to a second officer").click()
    clerk.get_by_text("Handed over.").wait_for()

    second = visit(node, "partner-focal-point")
    second.goto("/")
    second.locator("a[href^='/statistics/exchange/submissions/']").last.wait_for()
    second.goto("/statistics/exchange/")
    second.get_by_role("link", name=f"Look {MONTH.first_day:%B %Y}").first.click()
    shown = second.locator("main").inner_text()
    assert "Counted here" not in shown
    assert "Victims of trafficking identified" in shown
    assert "Synthetic: as it was counted." in shown
    second.get_by_role("button", name="Release and send").click()
    second.get_by_text("on its way to the secretariat").wait_for()


def filled(empty: bytes, *, wrong: bool) -> bytes:
    """The workbook as a clerk fills it: twelve in every group, totals that add up, or not."""
    from openpyxl import load_workbook

    from mostovi.statistics.catalogue import template
    from mostovi.statistics.cubes import with_margins

    book = load_workbook(io.BytesIO(empty))
    from itertools import product

    measures = [table.measure for table in template().tables]
    for table in template().tables:
        each = 12 if measures.count(table.measure) == 1 else 0
        groups = dict.fromkeys(product(*(codes for _name, codes in table.shape)), each)
        values = with_margins(table.measure, table.shape, groups)
        for number, cell in enumerate(table.cells, start=4):
            book[table.code].cell(number, len(table.names) + 1).value = values[cell]
    for number, row in enumerate((("F", "Y_GE18", "SY", 41), ("_T", "_T", "_T", 41)), start=4):
        for column, value in enumerate(row, start=1):
            book["reg_victims"].cell(number, column).value = value
    if wrong:
        book["reg_victims"].cell(4, 1).value = "Q"
        book["cases_opened"].cell(4, 3).value = "about twelve"
        book["referrals_received"].cell(6, 2).value = 999
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def brought(page: Any, content: bytes) -> None:
    """A workbook of Albania, taken to the secretariat's page."""
    page.goto(f"/statistics/exchange/workbook/?partner=al&month={MONTH}")
    page.set_input_files(
        "input[name=file]", {"name": "al.xlsx", "mimeType": WORKBOOK, "buffer": content}
    )
    page.fill("textarea[name=words]", "Synthetic: two new centres.")
    page.get_by_role("button", name="Check and take in").click()


def test_a_month_from_three_offices_to_everybody(visit: Any, region: Any, chromium: Any) -> None:
    for node in ("me", "ba"):
        handed_over(visit, node)

    officer = visit("secretariat", "partner-focal-point")
    empty = officer.request.get(
        f"/statistics/exchange/workbook/empty.xlsx?partner=al&month={MONTH}"
    ).body()
    brought(officer, filled(empty, wrong=True))
    refused = officer.locator("main").inner_text()
    assert "about twelve" in refused
    assert "referrals_received!" in refused
    assert "reg_victims!A4" in refused
    assert "Synthetic: two new centres." in officer.locator("textarea[name=words]").input_value()
    officer.goto("/statistics/exchange/")
    assert "Albania" in officer.locator("main").inner_text()
    assert not officer.locator("a[href^='/statistics/exchange/submissions/']").count()
    brought(officer, filled(empty, wrong=False))
    officer.get_by_text("Another officer looks at it").wait_for()
    assert officer.get_by_role("button", name="Take it back").count()

    secretary = visit("secretariat", "secretariat")
    secretary.goto("/statistics/exchange/")
    assert "stopped after" in secretary.locator("main").inner_text()
    secretary.locator("a[href^='/statistics/exchange/submissions/']").first.click()
    secretary.get_by_role("button", name="Release", exact=True).click()
    secretary.get_by_text("It counts from now on.").wait_for()

    secretary.goto(f"/statistics/exchange/{MONTH}/")
    until(secretary, "from the partner's node")
    for partner in ("Montenegro", "Bosnia and Herzegovina"):
        row = secretary.get_by_role("row").filter(has_text=partner).first
        for _again in range(40):
            if "two officers looked" in row.inner_text():
                break
            secretary.wait_for_timeout(500)
            secretary.reload()
        assert "two officers looked" in row.inner_text()
    assert "missing" in secretary.locator("main").inner_text()
    assert "Victims of trafficking identified" in secretary.locator("main").inner_text()
    secretary.fill("#note", "Synthetic: Serbia is still missing.")
    secretary.get_by_role("button", name="Publish this month").click()
    secretary.get_by_text("Everybody can see it now.").wait_for()

    context = chromium.new_context(
        base_url=region.addresses["secretariat"], java_script_enabled=False, locale="ar",
        viewport={"width": 360, "height": 800},
    )  # fmt: skip
    anybody = context.new_page()
    asked: list[str] = []
    anybody.on("request", lambda request: asked.append(request.url))
    anybody.goto("/figures/")
    assert anybody.url.endswith("/figures/ar/")
    assert anybody.locator("html").get_attribute("dir") == "rtl"
    assert anybody.evaluate("document.documentElement.scrollWidth") <= 360
    anybody.goto(f"/figures/en/{MONTH}/")
    shown = anybody.locator("main").inner_text()
    assert "3 of 6 partners are in these figures" in shown
    assert "Synthetic: Serbia is still missing." in shown
    assert "North Macedonia has sent nothing since" in shown
    assert not context.cookies()
    assert all(url.startswith(region.addresses["secretariat"]) for url in asked)
    csv = anybody.request.get("/figures/data/cases_opened.csv").text()
    assert str(MONTH) in csv
    with_noise(anybody)
    context.close()
    own_figures_of_montenegro(visit, region, chromium)


def with_noise(anybody: Any) -> None:
    """The table of two nodes and one workbook: noise, a sum that says how far off it can be."""
    anybody.get_by_role("link", name="Victims of trafficking identified").click()
    total = anybody.locator("tr.total").first.inner_text()
    assert re.search(r"± [45]\.", total)
    shown = anybody.locator("main").inner_text()
    assert "carries noise" in shown and "missing" in shown
    assert "not split by Citizenship" in shown
    assert anybody.evaluate("document.documentElement.scrollWidth") <= 360
    table = anybody.request.get("/figures/data/reg_victims.csv").text().replace('"', "")
    totals = {
        line.split(",")[2]: line.split(",")[6]
        for line in table.splitlines()
        if line.startswith(f"reg_victims,{MONTH}") and ",_T,_T,_T," in line
    }
    assert set(totals) == {"AL", "BA", "ME"}
    assert all(int(value) >= 11 for value in totals.values())


def own_figures_of_montenegro(visit: Any, region: Any, chromium: Any) -> None:
    """Nothing is public at the partner's node until its focal point decides so."""
    context = chromium.new_context(base_url=region.addresses["me"], java_script_enabled=False)
    anybody = context.new_page()
    assert anybody.goto(f"/figures/en/{MONTH}/").status == 404
    officer = visit("me", "partner-focal-point")
    officer.goto("/statistics/exchange/public/")
    officer.get_by_role("button", name="Publish own months").click()
    officer.get_by_text("The released months are public now.").wait_for()
    anybody.goto(f"/figures/en/{MONTH}/")
    shown = anybody.locator("main").inner_text()
    assert "Montenegro in" in shown and "Serbia" not in shown
    context.close()
