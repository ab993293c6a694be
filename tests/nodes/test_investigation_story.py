# SPDX-License-Identifier: EUPL-1.2
"""Two authorities investigate together, through two node processes, in a browser where it matters.

The same phone and the same lorry at both nodes; a proposal while the other node hangs; findings and
a phone by letter, one letter twice; a request for legal assistance with its deadlines, while the
other node is killed; an indictment, counted. Nothing is lost and nothing is there twice.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from typing import Any

import pytest

from tests.nodes.hand import Hand
from tests.nodes.test_transfer import until

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.slow]

TODAY = date.today()


@pytest.fixture
def hand(region: Any) -> Iterator[Hand]:
    made = Hand(region.home / "me")
    yield made
    made.close()


@contextmanager
def hanging(region: Any, node: str) -> Iterator[None]:
    """The node answers nobody for as long as this lasts."""
    process = region.processes[node]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def incident(page: Any, summary: str, noted: dict[str, str]) -> str:
    """Record an incident and what could be the same elsewhere; its code."""
    page.goto("/incidents/new/")
    page.fill("[name=happened_on]", (TODAY - timedelta(days=3)).isoformat())
    page.fill("[name=summary]", summary)
    page.get_by_role("button", name="Record", exact=True).click()
    for kind, value in noted.items():
        page.select_option("[name=kind]", kind)
        page.fill("[name=value]", value)
        page.get_by_role("button", name="Note and compare").click()
        page.get_by_text("Noted and compared").wait_for()
    return str(page.url.rstrip("/").rsplit("/", 1)[-1])


def act(page: Any, verb: str, words: str = "") -> None:
    """Open a step, say why, take it."""
    page.locator("summary", has_text=re.compile(f"^{verb}$")).click()
    chosen = page.locator("details[open]")
    if words:
        chosen.locator("textarea").fill(words)
    chosen.get_by_role("button", name=verb, exact=True).click()
    page.locator(".messages").get_by_text("Done").wait_for()


def share(page: Any, **fields: str) -> None:
    """Put something into the joint workspace, as it was shown."""
    for name, value in fields.items():
        field = page.locator(f"form:has(button:has-text('See what')) [name={name}]")
        if name in {"sort", "kind"}:
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("button", name="See what would be sent").click()
    page.get_by_role("button", name="Share it").click()
    page.get_by_text("Its receipt will stand beside it.").wait_for()


def newest(page: Any, kind: str, text: str) -> None:
    """Open what came in from the other node last, as soon as it says `text`."""
    for _again in range(60):
        page.goto("/incidents/assistance/")
        page.locator(f"main a[href^='/incidents/{kind}/']:not([href$='/new/'])").first.click()
        if text in page.locator("main").inner_text():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"'{text}' never came")


def back(page: Any) -> None:
    """Reload until the node answers again."""
    for _again in range(120):
        with suppress(Exception):
            if page.reload(timeout=5_000).ok:
                return
        page.wait_for_timeout(500)
    raise AssertionError("the node did not come back")


def test_two_nodes_investigate_together(visit: Any, region: Any, hand: Hand) -> None:
    if "ba" not in region.processes:
        pytest.skip("the region was not started here; its processes are not ours to stop")
    counted = hand("proceedings")
    ours, theirs = visit("me", "investigator"), visit("ba", "investigator")
    here = incident(
        ours, "Nine people in a lorry.", {"phone": "067/777-345", "vehicle": "pg sy 777"}
    )
    there = incident(
        theirs, "A lorry left empty.", {"phone": "+382 67 777 345", "vehicle": "ПГ СY 777"}
    )

    # A proposal, written while the other node hangs.
    ours.goto(f"/incidents/investigations/new/?incident={here}")
    ours.fill("[name=title]", "Lorries by night")
    ours.get_by_role("button", name="Open", exact=True).click()
    investigation = ours.url
    ours.get_by_role("link", name="Propose joint work").click()
    ours.select_option("[name=to]", "ba")
    ours.fill("[name=title]", "Lorries by night")
    ours.fill("[name=legal_basis]", "Agreement on police cooperation, article 3")
    ours.fill("[name=text]", "The lorry crosses where we meet.")
    ours.get_by_role("button", name="See what would be sent").click()
    shown = ours.locator("main").inner_text()
    assert "Exactly this would be sent" in shown
    assert here not in shown
    with hanging(region, "ba"):
        ours.get_by_role("button", name="Send the proposal").click()
        ours.get_by_text("Nothing is shared before both agree.").wait_for()
        workspace = ours.url
        assert not ours.get_by_role("heading", name="Share something").count()
    newest(theirs, "joint", "Lorries by night")
    act(theirs, "Agree")
    until(ours, "Share something")

    # Findings in both directions; ours goes twice.
    with hanging(region, "ba"):
        share(ours, sort="identifier", kind="phone", value="+382 67 777 345", text="The driver's.")
        copied = hand("copy", letter_type="mostovi.investigation.entry.v1", to="ba")
        assert copied == 1
    until(ours, "Signed for there:")
    assert hand("send_copies") == [["delivered", True]]
    theirs.reload()
    said = theirs.locator("main").inner_text()
    assert said.count("The driver's.") == 1
    assert f"Also noted at your incident: {there}" in said

    # Legal assistance: asked, killed on the way, something more asked, carried out.
    ours.goto(investigation)
    ours.get_by_role("link", name="Ask for legal assistance").click()
    ours.select_option("[name=to]", "ba")
    ours.fill("[name=legal_basis]", "European Convention on Mutual Assistance")
    ours.fill("[name=facts]", "One phone at two incidents.")
    ours.fill("[name=asked]", "Who pays for the phone.")
    ours.fill("[name=reply_by]", (TODAY + timedelta(days=20)).isoformat())
    ours.get_by_role("button", name="See what would be sent").click()
    os.kill(region.processes["ba"], signal.SIGKILL)
    ours.get_by_role("button", name="Send to BA").click()
    request = ours.url
    # As soon as the killed node is back and heard of, what waits for it goes.
    back(theirs)
    share(theirs, sort="finding", text="Paid in cash at one petrol station.")
    until(ours, "Decide on the request")
    newest(theirs, "assistance", "Who pays for the phone.")
    act(theirs, "Ask for more", "Of which month?")
    until(ours, "Of which month?")
    act(ours, "Answer", "Of October.")
    until(theirs, "Of October.")
    act(theirs, "Accept")
    until(ours, "Carry it out")
    act(theirs, "Report that it was carried out", "The papers go by the court's channel.")
    until(ours, "The papers go by the court's channel.")
    assert "Carried out" in ours.locator(".lead-line").inner_text()

    # An outcome is counted, and nothing is there twice.
    ours.goto(investigation)
    ours.get_by_role("link", name="Record an outcome").click()
    ours.select_option("[name=stage]", "indictment")
    ours.fill("[name=happened_on]", TODAY.isoformat())
    ours.fill("[name=number]", "2")
    ours.get_by_role("button", name="Record", exact=True).click()
    ours.locator("tbody th", has_text="Indictments").first.wait_for()
    after = hand("proceedings")
    assert after["indictment"] == counted.get("indictment", 0) + 2
    assert after["investigation"] == counted.get("investigation", 0) + 1
    ours.goto(workspace)
    newest(theirs, "joint", "Lorries by night")
    for page in (ours, theirs):
        said = page.locator("main").inner_text()
        assert said.count("The driver's.") == said.count("Paid in cash at one") == 1
    assert request.startswith(region.addresses["me"])
