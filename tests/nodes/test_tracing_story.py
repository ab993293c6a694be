# SPDX-License-Identifier: EUPL-1.2
"""Family tracing in real browsers through two node processes.

A separated boy registered in Cyrillic at `rs` is found by his mother registered in Persian script
at `ba`. And somebody who refuses: at the seeker's node nothing differs from a round in which
nobody was found, in rows, letters, sizes and pages.
"""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.node.test_operations_nodes import environment, free_ports, mostovi

from .conftest import Region

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.slow]
ANSWERED = "Two brothers, then she."


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    """`rs` and `ba` with a small synthetic world each."""
    home = tmp_path_factory.mktemp("tracing")
    process = subprocess.Popen(
        [sys.executable, "-m", "mostovi.node.main", "demo", "--json", "--home", str(home),
         "--port", str(free_ports(2)), "--nodes", "rs,ba", "--people", "20"],
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


@pytest.fixture
def coordinators(visit: Callable[..., Any]) -> tuple[Any, Any]:
    """The anti-trafficking coordinators of both nodes, each with a browser of their own."""
    return visit("rs", "anti-trafficking-coordinator"), visit("ba", "anti-trafficking-coordinator")


def opened_case(page: Any, *, given: str, family: str, year: str, sex: str, kind: str) -> str:
    """Register a person and open a case from it; the address of the case."""
    page.goto("/cases/new/")
    page.get_by_role("link", name="Register a new person").click()
    page.fill("[name=name-0-given]", given)
    page.fill("[name=name-0-family]", family)
    page.check("[name=birth_precision][value=year]", force=True)
    page.fill("[name=birth_year]", year)
    page.check(f"[name=sex][value={sex}]", force=True)
    page.select_option("[name=language_1]", "fa")
    page.get_by_role("button", name="Register", exact=True).click()
    page.get_by_label(kind, exact=True).check(force=True)
    page.get_by_role("button", name="Open the case").click()
    page.get_by_role("heading", name="Where it stands").wait_for()
    return str(page.url)


def begun_search(
    page: Any, case: str, *, relation: str, name: str, first: str, last: str, sex: str
) -> str:
    """Three pages, a consent for `rs`, and the search begins; the address of the search."""
    page.goto(f"/tracing/new/?case={case.rstrip('/').rsplit('/', 1)[-1]}")
    page.select_option("[name=relation]", relation)
    page.fill("[name=name_1]", name)
    page.check(f"[name=sex][value={sex}]", force=True)
    page.fill("[name=first_year]", first)
    page.fill("[name=last_year]", last)
    page.get_by_role("button", name="Continue").click()
    page.fill("[name=last_contact]", "At a station, in the night.")
    page.get_by_role("button", name="Continue").click()
    page.check("[name=side][value=adult]", force=True)
    page.check("[name=agreed_here]", force=True)
    page.get_by_role("button", name="Write the search down").click()
    search = str(page.url)
    page.get_by_role("link", name="Take the person's consent").first.click()
    page.get_by_role("button", name="Show the text").click()
    page.check("[name=means][value=oral]", force=True)
    page.get_by_role("button", name=re.compile("yes|Yes|agrees|Record")).first.click()
    page.goto(search)
    page.get_by_role("button", name="Begin the search").click()
    page.get_by_text("The search takes part in the next round.").wait_for()
    return search


def indexed(region: Region, node: str) -> None:
    done = mostovi("tracing", "index", "--json", "--home", str(region.home / node))
    assert done.returncode == 0, done.stderr


def compared(region: Region) -> None:
    """A whole round of the searches at `ba` with `rs`, to its end at both nodes."""
    done = mostovi("tracing", "rounds", "--now", "--json", "--home", str(region.home / "ba"))
    assert done.returncode in {0, 1}, done.stderr
    newest = "SELECT id FROM tracing_tracinground WHERE side='seeker' AND peer='rs'"
    number = one(region, "ba", f"{newest} ORDER BY started_at DESC")
    end = time.monotonic() + 90
    ended = "SELECT count(*) FROM tracing_tracinground WHERE side='holder' AND state='ended'"
    while not one(region, "rs", f"{ended} AND id='{number}'"):
        assert time.monotonic() < end, mostovi(
            "tracing", "rounds", "--home", str(region.home / "rs")
        ).stdout
        time.sleep(0.5)


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
        page.wait_for_timeout(500)
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
    button = act.get_by_role("button", include_hidden=True)
    end = time.monotonic() + 60
    while not button.count():
        assert time.monotonic() < end, page.locator("main").inner_text()
        page.wait_for_timeout(500)
        page.reload()
    act.locator("summary").click()
    if text:
        act.locator("textarea").fill(text)
    button.first.click()
    page.get_by_text("Recorded, and the other side is told.").wait_for()


def assessed(region: Region, node: str, case: str) -> None:
    """A best interests assessment, written by one officer and approved by another."""
    code = case.rstrip("/").rsplit("/", 1)[-1]
    script = Path(__file__).with_name("best_interests_of.py")
    done = subprocess.run(
        [sys.executable, str(script), code],
        env={**environment(), "MOSTOVI_HOME": str(region.home / node)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_boy_in_cyrillic_is_found_from_persian_script(
    region: Region, coordinators: tuple[Any, Any]
) -> None:
    holder, seeker = coordinators
    boy = opened_case(
        holder, given="Омид", family="Рахими", year="2013", sex="male", kind="Separated child"
    )
    mother = opened_case(
        seeker, given="زهرا", family="رحیمی", year="1985", sex="female", kind="Family"
    )
    search = begun_search(
        seeker, mother, relation="child", name="امید رحیمی", first="2013", last="2013", sex="male"
    )
    indexed(region, "rs")
    compared(region)

    seeker.goto(search)
    assert "A person at RS agreed" not in seeker.locator("main").inner_text()
    possible_match(holder)
    shown = holder.locator("main").inner_text()
    assert "Омид Рахими" in shown
    assert "امید رحیمی" in shown
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
    assessed(region, "rs", boy)
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


def test_somebody_refuses_and_nothing_leaks(region: Region, coordinators: tuple[Any, Any]) -> None:
    holder, seeker = coordinators
    husband = opened_case(
        seeker, given="Bekim", family="Krasniqi", year="1980", sex="male", kind="Family"
    )
    search = begun_search(
        seeker, husband, relation="spouse", name="Arta Krasniqi", first="1988", last="1990",
        sex="female",
    )  # fmt: skip
    # The control: a round in which nobody at the other node fits.
    seeker.goto(search)
    compared(region)
    settle(region)
    before, seen, tail = counts(region, "ba"), letters(region), head(region)
    compared(region)
    settle(region)
    control, control_letters = grown(before, counts(region, "ba")), letters(region)[:]
    control_shapes = difference(seen, control_letters)
    control_audit, control_page = audit(region, tail), quiet(seeker)

    # The same with a match, which the sought person answers with no.
    opened_case(
        holder, given="Арта", family="Красниќи", year="1989", sex="female",
        kind="Survivor of violence",
    )  # fmt: skip
    indexed(region, "rs")
    settle(region)
    before, seen, tail = counts(region, "ba"), letters(region), head(region)
    compared(region)
    possible_match(holder)
    assert "Арта" in holder.locator("main").inner_text()
    spoken(holder)
    holder.locator("summary", has_text=re.compile("^No$")).click()
    holder.check("[name=fled_from]", force=True)
    holder.fill("[name=note]", "She has fled from him.")
    holder.get_by_role("button", name="Record 'no'").click()
    holder.get_by_text("Nothing is sent. Nobody is asked again.").wait_for()
    settle(region)

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
    compared(region)
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


def settle(region: Region) -> None:
    """Until nothing waits to be carried between the two nodes."""
    end = time.monotonic() + 60
    waiting = "SELECT count(*) FROM exchange_outboxletter WHERE state='waiting'"
    while any(one(region, node, waiting) for node in ("rs", "ba")):
        assert time.monotonic() < end
        time.sleep(0.5)
    time.sleep(1)
