# SPDX-License-Identifier: EUPL-1.2
"""Family tracing in real browsers through three node processes.

A separated boy registered in Cyrillic at `rs` is found by his mother registered in Persian script
at `ba`. And somebody who refuses: at the seeker's node nothing differs from a round in which
nobody was found, in rows, letters, sizes and pages. `me` takes part in every round and learns
nothing. What no story tells (other people's files, the next turn of a worker) is done by a hand in
each node.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.node.test_operations_nodes import environment, free_ports

from .conftest import Region
from .hand import Hand

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.slow]
NODES = ("rs", "ba", "me")
ANSWERED = "Two brothers, then she."
FARSI = "امید رحیمی"


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    """Three nodes without anybody in them; `MOSTOVI_TRACING_REGION`: one that runs."""
    running = os.environ.get("MOSTOVI_TRACING_REGION")
    if running:
        state = json.loads((Path(running) / "demo.json").read_text(encoding="utf-8"))
        ports = {code: f"http://localhost:{port}" for code, port in state["nodes"].items()}
        yield Region(ports, "bridges-not-walls", Path(running))
        return
    home = tmp_path_factory.mktemp("tracing")
    process = subprocess.Popen(
        [sys.executable, "-m", "mostovi.node.main", "demo", "--json", "--home", str(home),
         "--port", str(free_ports(len(NODES))), "--nodes", ",".join(NODES), "--people", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr else ""
    described = json.loads(line)
    addresses = {node["code"]: node["url"] for node in described["nodes"]}
    yield Region(addresses, described["password"], home, process)
    process.send_signal(signal.SIGTERM)
    process.wait(60)


@dataclass
class Hands:
    """A hand in each node."""

    of: dict[str, Hand]

    def __getitem__(self, node: str) -> Hand:
        return self.of[node]

    def together(self, verb: str) -> list[Any]:
        """The same in every node at once."""
        for hand in self.of.values():
            hand.ask(verb)
        return [hand.answer() for hand in self.of.values()]

    def settle(self) -> None:
        """Until no round is under way and no letter waits, seen twice."""
        end, calm = time.monotonic() + 90, 0
        while calm < 2:
            assert time.monotonic() < end, "the rounds do not come to an end"
            calm = 0 if any(self.together("turn")) else calm + 1


@pytest.fixture(scope="module")
def hands(region: Region) -> Iterator[Hands]:
    """The nodes have compared with one another, and will not by themselves for ten minutes."""
    made = Hands({node: Hand(region.home / node) for node in NODES})
    made.together("index")
    made.settle()
    made.together("begin")
    made.settle()
    yield made
    for hand in made.of.values():
        hand.close()


@pytest.fixture
def coordinators(visit: Callable[..., Any]) -> tuple[Any, Any]:
    """The anti-trafficking coordinators of both nodes, each with a browser of their own."""
    return visit("rs", "anti-trafficking-coordinator"), visit("ba", "anti-trafficking-coordinator")


def begun_search(page: Any, case: str, *, relation: str, name: str, year: str, sex: str) -> str:
    """Three pages, a consent for `rs`, and the search begins; the address of the search."""
    page.goto(f"/tracing/new/?case={case}")
    page.select_option("[name=relation]", relation)
    page.fill("[name=name_1]", name)
    page.check(f"[name=sex][value={sex}]", force=True)
    page.fill("[name=first_year]", year)
    page.fill("[name=last_year]", year)
    page.get_by_role("button", name="Continue").click()
    page.fill("[name=last_contact]", "At a station, in the night.")
    page.get_by_role("button", name="Continue").click()
    page.check("[name=side][value=adult]", force=True)
    page.check("[name=agreed_here]", force=True)
    page.get_by_role("button", name="Write the search down").click()
    search = str(page.url)
    page.locator("main a[href*='receiver=rs']").first.click()
    page.get_by_role("button", name="Show the text").click()
    page.check("[name=means][value=oral]", force=True)
    page.get_by_role("button", name=re.compile("yes|Yes|agrees|Record")).first.click()
    page.goto(search)
    page.get_by_role("button", name="Begin the search").click()
    page.get_by_text("The search takes part in the next round.").wait_for()
    return search


def compared(region: Region, hands: Hands) -> None:
    """A whole round of the searches at `ba` with every node, to its end everywhere."""
    asked = "SELECT count(*) FROM tracing_tracinground WHERE side='holder' AND peer='ba'"
    ended = f"{asked} AND state='ended'"
    before = [one(region, node, ended) for node in ("rs", "me")]
    hands["ba"]("begin")
    hands.settle()
    assert [one(region, node, ended) for node in ("rs", "me")] == [n + 1 for n in before]


def rows(region: Region, node: str, statement: str) -> list[tuple[Any, ...]]:
    path = region.home / node / "db.sqlite3"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        return connection.execute(statement).fetchall()


def one(region: Region, node: str, statement: str) -> Any:
    return rows(region, node, statement)[0][0]


def until(page: Any, text: str, seconds: int = 60) -> None:
    end = time.monotonic() + seconds
    while text not in page.locator("main").inner_text():
        assert time.monotonic() < end, f"'{text}' never came:\n{page.locator('main').inner_text()}"
        page.wait_for_timeout(300)
        page.reload()


def possible_match(page: Any) -> None:
    """Open the newest possible match at the sought person's node."""
    page.goto("/tracing/?show=matches")
    page.locator("tbody tr").first.get_by_role("link").click()


def spoken(page: Any) -> None:
    page.fill("#text", "Name and age fit.")
    page.get_by_role("button", name="Speak with the person").click()
    page.get_by_role("heading", name="What does the person say?").wait_for()


def sealed(page: Any, answer: str) -> None:
    for box in page.locator("form[action$='/answers/'] textarea").all():
        box.fill(answer)
    page.get_by_role("button", name="Seal the answers").click()


def stepped(page: Any, summary: str, text: str = "") -> None:
    """Take a step as soon as the other side's letter has made it possible."""
    act = page.locator("details.act").filter(has=page.locator("summary", has_text=summary)).first
    button = act.locator("form button")
    end = time.monotonic() + 60
    while not button.count():
        assert time.monotonic() < end, f"no '{summary}':\n{page.locator('main').inner_text()}"
        page.wait_for_timeout(300)
        page.reload()
    act.locator("summary").click()
    if text:
        act.locator("textarea").fill(text)
    button.first.click()
    page.get_by_text("Recorded, and the other side is told.").wait_for()


def learned_nothing(region: Region, visit: Callable[..., Any]) -> None:
    """`me` took part, opened no label, has no match, and keeps nothing that could open one."""
    ended = "SELECT count(*) FROM tracing_tracinground WHERE side='holder' AND state='ended'"
    assert one(region, "me", f"{ended} AND peer='ba' AND elements > 0") >= 1
    asked = "SELECT count(*) FROM tracing_asked WHERE peer='me'"
    assert one(region, "ba", asked) >= 1
    for table in ("tracing_tracingmatch", "tracing_sealedanswers", "tracing_matchwords"):
        assert one(region, "me", f"SELECT count(*) FROM {table}") == 0  # noqa: S608
    tags = "SELECT count(*) FROM rights_auditentry WHERE tag LIKE 'tracing.match%'"
    assert one(region, "me", tags) == 0
    rest = "SELECT count(*) FROM tracing_tracinground WHERE peer='ba' AND length(sealed) > 0"
    assert one(region, "me", rest) == 0
    came = "SELECT count(*) FROM exchange_attachment WHERE peer='ba' AND kind='tracing_offer'"
    assert one(region, "me", f"{came} AND inbox_id NOT NULL AND state='erased'") >= 1
    assert one(region, "me", f"{came} AND inbox_id NOT NULL AND state!='erased'") == 0
    page = visit("me", "anti-trafficking-coordinator")
    page.goto("/tracing/?show=matches")
    assert page.locator("tbody tr").count() == 0
    page.goto("/")
    assert "/tracing/matches/" not in page.content()


def test_a_boy_in_cyrillic_is_found_from_persian_script(
    region: Region, hands: Hands, coordinators: tuple[Any, Any], visit: Callable[..., Any]
) -> None:
    holder, seeker = coordinators
    boy = hands["rs"](
        "case", given="Омид", family="Рахими", script="Cyrl", year=2013, sex="male",
        language="fa", type="separated_child",
    )  # fmt: skip
    mother = hands["ba"](
        "case", given="زهرا", family="رحیمی", script="Arab", year=1985, sex="female",
        language="fa", type="family",
    )  # fmt: skip
    hands["ba"]("consent", case=mother, receivers=["me"])
    search = begun_search(seeker, mother, relation="child", name=FARSI, year="2013", sex="male")
    hands["rs"]("index")
    compared(region, hands)
    learned_nothing(region, visit)

    seeker.goto(search)
    assert "A person at RS agreed" not in seeker.locator("main").inner_text()
    possible_match(holder)
    shown = holder.locator("main").inner_text()
    assert "Омид Рахими" in shown
    assert FARSI in shown
    assert "What speaks for it" in shown
    spoken(holder)
    holder.locator("summary", has_text="Yes, or only a word of safety").click()
    holder.select_option("select[name=language]", "fa")
    holder.check("[name=means][value=oral]", force=True)
    holder.fill("[name=message]", "I am well. I go to school.")
    holder.fill("[name=guardian_name]", "Jelena Petrović")
    holder.fill("[name=child_view]", "He wants to hear her voice.")
    holder.get_by_role("button", name="Record 'yes'").click()
    holder.get_by_role("heading", name="Verification").wait_for()

    until(seeker, "A person at RS agreed")
    seeker.get_by_role("link", name="A person at RS agreed").click()
    assert "I am well. I go to school." in seeker.locator("main").inner_text()
    sealed(seeker, ANSWERED)
    until(holder, "Seal the answers")
    assert ANSWERED not in holder.locator("main").inner_text()
    sealed(holder, "His own words.")
    until(holder, ANSWERED)
    until(seeker, "His own words.")

    stepped(seeker, "It is the person", "All answers fit.")
    stepped(holder, "It is the person", "All answers fit.")
    stepped(seeker, "The person wants contact", "By telephone, at once.")
    until(holder, "By telephone, at once.")
    stepped(holder, "The person wants contact", "By telephone, after school.")
    until(holder, "Preparations for being together")
    holder.locator("summary", has_text="Best interests are assessed").first.click()
    assert "This must hold first" in holder.locator("main").inner_text()
    hands["rs"]("assess", case=boy)
    holder.reload()
    stepped(holder, "Best interests are assessed")
    until(seeker, "Preparations for being together")
    for page in (holder, seeker):
        for box in page.locator("form[action$='/prepare/'] input[type=checkbox]").all():
            box.check(force=True)
        page.get_by_role("button", name="Save and tell the other side").click()
        page.get_by_text("Recorded, and the other side is told.").wait_for()
    until(holder, "The way, and who goes along, is arranged; ")
    stepped(holder, "They are together", "In Tuzla, on Sunday.")
    until(seeker, "In Tuzla, on Sunday.")
    stepped(seeker, "Record a visit", "He sleeps well and goes to school.")
    seeker.goto(search)
    assert "Follow-up" in seeker.locator(".sought .status").first.inner_text()


# --- Nothing leaks -------------------------------------------------------------------------------

# What differs by itself: sessions, jobs, and what the browser's own visits write into the log.
OWN = {"django_session", "node_jobrun", "django_tasks_db_dbtaskresult", "axes_accesslog"}


def counts(region: Region, node: str) -> dict[str, int]:
    tables = rows(region, node, "SELECT name FROM sqlite_master WHERE type='table'")
    return {
        name: one(region, node, f'SELECT count(*) FROM "{name}"')  # noqa: S608 - our own tables
        for (name,) in tables
        if name not in OWN and not name.startswith("sqlite_")
    }


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def letters(region: Region) -> list[tuple[Any, ...]]:
    """What `ba` sent to and received from `rs`: kinds and sizes, in order."""
    sent = rows(region, "ba", "SELECT id, letter_type, length(sealed) FROM exchange_outboxletter"
                " ORDER BY id")  # fmt: skip
    came = rows(region, "ba", "SELECT id, letter_type FROM exchange_inboxletter ORDER BY id")
    files = rows(region, "ba", "SELECT id, bytes, kind FROM exchange_attachment")
    return [*sent, *came, *files]


def audit(region: Region, since: int) -> list[tuple[Any, ...]]:
    fields = "tag, role, outcome, detail"
    new = f"SELECT {fields} FROM rights_auditentry WHERE sequence > {since}"  # noqa: S608
    return rows(region, "ba", f"{new} AND role = 'system' ORDER BY tag, detail")


def quiet(page: Any) -> str:
    """What a search's page says, without dates and times."""
    page.reload()
    return re.sub(r"\d+", "#", page.locator("main").inner_text())


def test_somebody_refuses_and_nothing_leaks(
    region: Region, hands: Hands, coordinators: tuple[Any, Any], visit: Callable[..., Any]
) -> None:
    holder, seeker = coordinators
    husband = hands["ba"](
        "case", given="Bekim", family="Krasniqi", script="Latn", year=1980, sex="male",
        language="sq", type="family",
    )  # fmt: skip
    wanted = {
        "relation": "spouse", "names": [{"text": "Arta Krasniqi"}], "first_year": 1988,
        "last_year": 1990, "sex": "female",
    }  # fmt: skip
    search = hands["ba"]("search", case=husband, receivers=["rs", "me"], sought=wanted)
    # The control: a round in which nobody at the other node fits.
    seeker.goto(f"/tracing/{search}/")
    compared(region, hands)
    before, seen, tail = counts(region, "ba"), letters(region), head(region)
    compared(region, hands)
    control, control_letters = grown(before, counts(region, "ba")), letters(region)[:]
    control_shapes = difference(seen, control_letters)
    control_audit, control_page = audit(region, tail), quiet(seeker)

    # The same with a match, which the sought person answers with no.
    hands["rs"](
        "case", given="Арта", family="Красниќи", script="Cyrl", year=1989, sex="female",
        language="sq", type="survivor_of_violence",
    )  # fmt: skip
    hands["rs"]("index")
    before, seen, tail = counts(region, "ba"), letters(region), head(region)
    compared(region, hands)
    possible_match(holder)
    assert "Арта" in holder.locator("main").inner_text()
    spoken(holder)
    holder.locator("summary", has_text=re.compile("^No$")).click()
    holder.check("[name=fled_from]", force=True)
    holder.fill("[name=note]", "She has fled from him.")
    holder.get_by_role("button", name="Record 'no'").click()
    holder.get_by_text("Nothing is sent. Nobody is asked again.").wait_for()
    hands.settle()

    assert grown(before, counts(region, "ba")) == control
    assert difference(seen, letters(region)) == control_shapes
    assert audit(region, tail) == control_audit
    assert quiet(seeker) == control_page
    told = "SELECT count(*) FROM tracing_tracingmatch m JOIN tracing_sought s ON m.sought_id=s.id"
    assert one(region, "ba", told + " WHERE m.peer='rs' AND s.relation='spouse'") == 0
    # When the last letter of the round left `rs`, nobody there knew of a match yet.
    last = one(region, "rs", "SELECT max(created_at) FROM exchange_outboxletter")
    found = one(region, "rs", "SELECT max(created_at) FROM tracing_tracingmatch")
    assert last < found
    # The same pair is not proposed again.
    compared(region, hands)
    holder.goto("/tracing/?show=matches")
    assert "Арта" not in holder.locator("main").inner_text()


def head(region: Region) -> int:
    return int(one(region, "ba", "SELECT max(sequence) FROM rights_auditentry"))


def difference(
    before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """Kinds and sizes of what is new."""
    known = {line[0] for line in before}
    return sorted(tuple(map(str, line[1:])) for line in after if line[0] not in known)
