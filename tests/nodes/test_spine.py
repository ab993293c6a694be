# SPDX-License-Identifier: EUPL-1.2
"""The whole path in a real browser through three node processes.

From a screening at `me` to a finding, a person, a case, a consent and a referral; its answer from
`ba`; withdrawal; the month's counts at the secretariat; and the plan. One test, because each step
needs the one before it, as in life.
"""

from __future__ import annotations

import re
import time
from datetime import date, timedelta
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.slow]


def until(page: Any, text: str, seconds: int = 40) -> None:
    """Reload until the page says `text`: letters travel by themselves."""
    end = time.monotonic() + seconds
    while text not in page.locator("main").inner_text():
        assert time.monotonic() < end, f"'{text}' never came:\n{page.locator('main').inner_text()}"
        page.wait_for_timeout(500)
        page.reload()


def screen(page: Any) -> str:
    """Fill the first-contact form in the browser's form engine; the address of the answers."""
    page.goto("/screening/forms/screening_first_contact/fill/")
    send = page.get_by_role("button", name="Send", exact=True)
    send.wait_for(timeout=60_000)

    def answer(question: str, words: str) -> None:
        container = page.locator(".question-container").filter(has_text=question)
        container.get_by_text(words, exact=True).click()

    answer("May I ask?", "Yes")
    answer("afraid that something bad", "Yes")
    answer("How old is the person?", "18 or older")
    answer("owe money for the journey", "Yes")
    answer("safe place for tonight", "No")
    send.click()
    page.get_by_text("The form was received.").wait_for()
    address: str = page.get_by_role("link", name="Open what you sent").get_attribute("href")
    return address


def register(page: Any) -> None:
    """Register a person with a name in two scripts; contact only when asked first."""
    page.get_by_role("link", name="Register a new person").click()
    page.fill("[name=name-0-given]", "نور")
    page.fill("[name=name-0-family]", "الخطيب")
    page.get_by_role("button", name="Another name").click()
    page.fill("[name=name-1-given]", "Nour")
    page.fill("[name=name-1-family]", "Al-Khatib")
    page.check("[name=birth_precision][value=year]", force=True)
    page.fill("[name=birth_year]", "1994")
    page.check("[name=sex][value=female]", force=True)
    page.select_option("[name=language_1]", "ar")
    page.fill("[name=contact-0-value]", "+382 67 000 123")
    page.check("[name=contact-0-safe][value=ask_first]", force=True)
    page.get_by_role("button", name="Register", exact=True).click()


def consent(page: Any) -> None:
    """Take the person's consent from the page that the referral led to."""
    page.get_by_role("link", name="Take the person's consent").click()
    page.get_by_role("button", name=re.compile("Read|Show|Go on|Continue")).first.click()
    page.check("[name=means][value=oral]", force=True)
    page.get_by_role("button", name=re.compile("yes|Yes|agrees|Record")).first.click()


def test_from_a_screening_to_a_safe_regional_number(visit: Any) -> None:
    responder = visit("me", "first-responder")
    responder.goto(screen(responder))
    responder.get_by_role("link", name="What was found").click()
    found = responder.locator("main").inner_text()
    assert "In danger now" in found
    assert "Puts at risk: Debt for the journey: yes" in found
    assert "Ask next" in found

    responder.get_by_role("link", name="Open a case").click()
    register(responder)
    responder.get_by_text("Another person").first.is_visible()
    responder.get_by_label("Possible victim of trafficking").check(force=True)
    responder.get_by_label("urgent: within 24 hours").check(force=True)
    responder.fill("[name=summary]", "Was made to work in a kitchen without pay.")
    responder.get_by_role("button", name="Open the case").click()
    responder.get_by_role("heading", name="Where it stands").wait_for()
    case = responder.url
    assert "نور الخطيب" in responder.locator("h1").inner_text()

    coordinator = visit("me", "anti-trafficking-coordinator")
    coordinator.goto("/cases/")
    coordinator.fill("#q", "Alkhatib")
    coordinator.press("#q", "Enter")
    coordinator.get_by_role("link", name=case.rstrip("/").rsplit("/", 1)[-1]).click()
    coordinator.get_by_role("link", name="Refer to a service").click()
    coordinator.select_option("[name=service]", "ba-safe-house")
    coordinator.get_by_label("safe accommodation").check(force=True)
    coordinator.get_by_label("Summary of the need", exact=True).first.check(force=True)
    coordinator.fill("textarea[name=summary]", "Needs a safe bed and a doctor.")
    coordinator.get_by_role("button", name="See what would be sent").click()
    shown = coordinator.locator("main").inner_text()
    assert "No consent for this receiver is recorded." in shown
    assert "+382 67 000 123" not in shown

    consent(coordinator)
    coordinator.get_by_role("button", name="Send to BA").click()
    until(coordinator, "The receiver signed for it")
    sent = coordinator.url

    receiver = visit("ba", "anti-trafficking-coordinator")
    receiver.goto("/cases/referrals/")
    receiver.locator("tbody tr").first.get_by_role("link").click()
    came = receiver.locator("main").inner_text()
    assert "Needs a safe bed and a doctor." in came
    assert "نور" in came
    assert "+382 67 000 123" not in came
    assert "kitchen" not in came
    receiver.locator("summary", has_text="Ask a question").click()
    receiver.locator("#text-ask").fill("Does she travel alone?")
    receiver.locator("details[open]").get_by_role("button").click()

    until(coordinator, "Does she travel alone?")
    coordinator.locator("summary", has_text="Answer the question").click()
    coordinator.locator("#text-answer").fill("Yes, alone.")
    coordinator.locator("details[open]").get_by_role("button").click()

    until(receiver, "Yes, alone.")
    receiver.locator("summary", has_text="Accept").click()
    receiver.locator("details[open]").get_by_role("button").click()
    until(coordinator, "Accepted")

    coordinator.goto(case)
    coordinator.get_by_role("link", name="Consents").click()
    coordinator.locator("tbody tr").first.get_by_role("link").click()
    coordinator.locator("summary", has_text="Withdraw").click()
    coordinator.get_by_role("button", name="Withdraw now").click()
    coordinator.goto(sent)
    until(coordinator, "The receiver confirmed")
    until(receiver, "can no longer show what it received")
    assert "Needs a safe bed" not in receiver.locator("main").inner_text()


def last_month() -> str:
    """The month before this one, as `2026-10`."""
    first = date.today().replace(day=1)
    return (first - timedelta(days=1)).strftime("%Y-%m")


def test_the_months_counts_reach_the_region_protected(visit: Any) -> None:
    for node in ("me", "ba"):
        statistician = visit(node, "statistician")
        statistician.goto(f"/statistics/{last_month()}/release/")
        page = statistician.locator("main").inner_text()
        assert "exactly what leaves" in page
        statistician.get_by_role("button", name="Release and send").click()
        statistician.goto(f"/statistics/{last_month()}/")
        until(statistician, "Revision 1")

    secretariat = visit("secretariat", "secretariat")
    secretariat.goto(f"/statistics/region/?month={last_month()}")
    until(secretariat, "2 of 6 partners have released this month.")
    assert "missing" in secretariat.get_by_role("row").nth(1).inner_text()


def test_progress_reported_at_one_node_shows_at_the_secretariat(visit: Any) -> None:
    focal_point = visit("ba", "partner-focal-point")
    focal_point.goto("/plan/actions/4/report/")
    focal_point.get_by_label("Under way").check(force=True)
    focal_point.fill("textarea[name=note]", "Two centres exchange referrals since October.")
    focal_point.get_by_role("button", name="Report and send").click()

    secretariat = visit("secretariat", "secretariat")
    secretariat.goto("/plan/actions/4/")
    until(secretariat, "Two centres exchange referrals since October.")


def test_the_published_figures_stand_with_their_caveats(visit: Any) -> None:
    analyst = visit("secretariat", "analyst")
    analyst.goto("/plan/figures/")
    page = analyst.locator("main").inner_text()
    for figure in ("222", "2,662", "633", "15", "513", "4.3", "1.5", "25", "340", "501", "70",
                   "1,069", "2,800"):  # fmt: skip
        assert figure in page, figure
    assert "not to be reported as official statistics" in page
