# SPDX-License-Identifier: EUPL-1.2
"""Two partners count the people known to both, in real browsers through two node processes.

Thirty men registered in Persian script at `me`, thirty in Cyrillic at `ba`; twenty-five are the
same. A statistician proposes, the other one agrees, the nodes count, both read the same number.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest

from mostovi.statistics.months import Month

from .conftest import Region
from .hand import Hand

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.slow]
MONTH = Month.last_complete(date.today()).back(8)
"""A month that no other story tells of."""


@pytest.fixture
def hands(region: Region) -> Iterator[dict[str, Hand]]:
    """A hand in both nodes, which have thirty people each, twenty-five of them the same."""
    made = {node: Hand(region.home / node) for node in ("me", "ba")}
    made["me"].ask(
        "people", given="امید", family="رحیمی", script="Arab",
        years=list(range(1960, 1990)), month=str(MONTH),
    )  # fmt: skip
    made["ba"].ask(
        "people", given="Омид", family="Рахими", script="Cyrl",
        years=list(range(1965, 1995)), month=str(MONTH),
    )  # fmt: skip
    assert [hand.answer() for hand in made.values()] == [30, 30]
    yield made
    for hand in made.values():
        hand.close()


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not met():
        assert time.monotonic() < end, "the round does not come to its end"


def rows(region: Region, node: str, statement: str) -> list[tuple[Any, ...]]:
    path = region.home / node / "db.sqlite3"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        return connection.execute(statement).fetchall()


def test_two_partners_count_the_people_known_to_both(
    region: Region, hands: dict[str, Hand], visit: Callable[..., Any]
) -> None:
    proposer, other = visit("me", "statistician"), visit("ba", "statistician")
    proposer.goto("/statistics/overlaps/new/")
    proposer.select_option("[name=peer]", "ba")
    for name in ("first", "last"):
        proposer.select_option(f"[name={name}]", str(MONTH))
    proposer.get_by_role("button", name="Propose", exact=True).click()
    proposer.get_by_text("The partner's statistician decides now.").wait_for()
    address = urlsplit(proposer.url).path

    until(lambda: bool(hands["me"]("count") and hands["ba"]("count")))
    other.goto("/")
    assert "Montenegro proposes a count" in other.locator("main").inner_text()
    other.locator(f"main a[href='{address}']").first.click()
    other.get_by_role("button", name="Agree").click()
    other.get_by_text("The two nodes count now").wait_for()

    until(lambda: not any([hands["me"]("count"), hands["ba"]("count")]))
    told = set()
    for page in (proposer, other):
        page.goto("/statistics/overlaps/")
        told.add(page.locator("tbody tr").first.get_by_text("about").inner_text())
    (number,) = told
    assert number.startswith("about 51 (")

    proposer.goto("/statistics/overlaps/new/")
    proposer.select_option("[name=peer]", "ba")
    proposer.select_option("[name=first]", str(MONTH.back(1)))
    proposer.select_option("[name=last]", str(MONTH))
    proposer.get_by_role("button", name="Propose", exact=True).click()
    proposer.get_by_text("It is not counted again").first.wait_for()

    columns = "SELECT state, value, low, high, here, there, length(sealed) FROM "
    at_me, at_ba = (
        rows(region, node, columns + "statistics_overlapround") for node in ("me", "ba")
    )
    assert at_me == at_ba
    assert at_me[0][-1] == 0
    came = "SELECT state FROM exchange_attachment WHERE kind LIKE 'overlap%' AND inbox_id NOT NULL"
    for node in ("me", "ba"):
        assert {state for (state,) in rows(region, node, came)} == {"erased"}
