# SPDX-License-Identifier: EUPL-1.2
"""Nodes die at any moment of a referral: is one lost, is one doubled?

    python benchmarks/faults_exchange.py [--rounds 200] [--seed 1] [--desks 6] [--json FILE]

Two real nodes, `me` and `ba`, each a process with its own database and keys. In every round a
coordinator at `me` drafts and sends a referral through the pages, and one at `ba` accepts, declines
or asks first; in some rounds the person then withdraws the consent. At a random moment of the round
one of the nodes is killed with SIGKILL, worker and all, and started again. Whoever sits at a page
does what people do: sees that it failed, waits, looks, and presses the button again where it did
not work, sometimes without looking.

Several rounds run side by side (`--desks`), so a kill also hits what others are doing. Afterwards,
when nothing waits any more, both databases must tell the same story, exactly once. Exit status 1
when they do not.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import urllib3
from one_node import environment

from mostovi.node.demo import PASSWORD, Demo, DemoNode, answers, plan, stop_all

COORDINATOR = "anti-trafficking-coordinator"
INSIDE = Path(__file__).with_name("faults_inside.py")
PATIENCE = 300.0
"""Seconds after which a page that does not show what it should is a loss."""
STORIES: Mapping[str, tuple[str, ...]] = {
    "accepted": ("draft", "send", "accept"),
    "asked": ("draft", "send", "ask", "answer", "accept"),
    "declined": ("draft", "send", "decline"),
    "withdrawn": ("draft", "send", "accept", "withdraw"),
}
WEIGHTS = (4, 3, 2, 2)
ENDS = {"accepted": "accepted", "asked": "accepted", "declined": "declined",
        "withdrawn": "withdrawn"}  # fmt: skip
STEPS_OF_STORY: Mapping[str, tuple[str, ...]] = {
    "accepted": ("record_consent", "send", "acknowledge", "accept"),
    "asked": ("record_consent", "send", "acknowledge", "ask", "answer", "accept"),
    "declined": ("record_consent", "send", "acknowledge", "decline"),
    "withdrawn": ("record_consent", "send", "acknowledge", "accept", "withdraw"),
}


class Lost(Exception):
    """Something that must happen did not happen in time."""


# --- Nodes that can be killed ------------------------------------------------------------------


def inside(node: DemoNode, step: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Do a step of `faults_inside` in a process of the node."""
    done = subprocess.run(
        [sys.executable, str(INSIDE), step], input=json.dumps(given), text=True,
        stdout=subprocess.PIPE, env=environment(node), check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


class Nodes:
    """The running nodes; a kill takes the whole process group and starts it again."""

    def __init__(self, nodes: list[DemoNode]) -> None:
        self.of = {node.code: node for node in nodes}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._one_at_a_time = threading.Lock()
        self.restarts: list[float] = []

    def start(self, code: str) -> None:
        """Start the node's `serve` and wait until it answers."""
        node, began = self.of[code], time.monotonic()
        node.log.parent.mkdir(mode=0o700, exist_ok=True)
        with node.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "mostovi.node.main", "serve"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(node),
                start_new_session=True,
            )  # fmt: skip
        self._processes[code] = process
        while not answers(node):
            if process.poll() is not None or time.monotonic() > began + PATIENCE:
                raise Lost(f"{code} did not come up; see {node.log}")
            time.sleep(0.05)
        self.restarts.append(time.monotonic() - began)

    @contextmanager
    def armed(self, code: str, delay: float) -> Iterator[None]:
        """Both nodes are up; `delay` seconds after the block begins the node is killed.

        The block ends when the node answers again. One kill at a time.
        """
        with self._one_at_a_time:
            killer = threading.Thread(target=self._kill, args=(code, delay))
            killer.start()
            try:
                yield
            finally:
                killer.join()

    def _kill(self, code: str, delay: float) -> None:
        time.sleep(delay)
        process = self._processes[code]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.start(code)

    def stop(self) -> None:
        """End what still runs."""
        stop_all(self._processes.values(), seconds=30)


# --- A person at a page ------------------------------------------------------------------------


class Browser:
    """One officer's browser at one node: cookies, form tokens, and what went wrong."""

    def __init__(self, node: DemoNode, account: str) -> None:
        self.node, self.account = node, account
        self._pool = urllib3.PoolManager(maxsize=16, retries=False, timeout=30.0)
        self._cookies: dict[str, str] = {}
        self._signing_in = threading.Lock()
        self.failed: Counter[str] = Counter()

    def get(self, path: str) -> str:
        """The page; signs in where needed. "" when there was no answer."""
        status, text, place = self._request("GET", path)
        if place.startswith("/accounts/login"):
            self._sign_in()
            status, text, place = self._request("GET", path)
        return text if status == 200 else ""

    def post(self, path: str, page: str, fields: Mapping[str, Any]) -> None:
        """Press a button of `page`. Whether it worked is seen by looking."""
        self._request("POST", path, {"csrfmiddlewaretoken": token_of(page), **fields})

    def _sign_in(self) -> None:
        with self._signing_in:
            page = self._request("GET", "/accounts/login/")[1]
            self.post("/accounts/login/", page, {"login": self.account, "password": PASSWORD})

    def _request(
        self, method: str, path: str, fields: Mapping[str, Any] | None = None
    ) -> tuple[int, str, str]:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items())}
        body = None
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(fields, doseq=True)
        try:
            reply = self._pool.request(
                method, self.node.url + path, body=body, headers=headers, redirect=False
            )
        except (urllib3.exceptions.HTTPError, OSError):
            self.failed["no answer"] += 1
            time.sleep(0.2)
            return 0, "", ""
        for line in reply.headers.getlist("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        if reply.status >= 500:
            self.failed[f"{reply.status}"] += 1
        return reply.status, reply.data.decode(), reply.headers.get("Location", "")


def token_of(page: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    return found[1] if found else ""


def seen_of(page: str) -> str:
    """The digest of what the page showed, which goes back with the button."""
    found = re.search(r'name="seen" value="([^"]+)"', page)
    return html.unescape(found[1]) if found else ""


# --- One round ---------------------------------------------------------------------------------


@dataclass
class Round:
    """What is to happen in a round, drawn beforehand, and what became of it."""

    number: int
    story: str
    fatal_step: str
    victim: str
    delay: float
    blind: bool
    seconds: float = 0.0
    lost: str = ""
    person: dict[str, str] = field(default_factory=dict)


def draw(number: int, seed: int) -> Round:
    """Round `number` of `seed`: half of the kills fall into the request, half any time later."""
    random = Random(f"{seed}/{number}")
    story = random.choices(list(STORIES), WEIGHTS)[0]
    return Round(
        number, story, random.choice(STORIES[story]), random.choice(["me", "ba"]),
        random.uniform(0.0, random.choice([0.15, 1.2])), random.random() < 0.5,
    )  # fmt: skip


class Desk:
    """The two coordinators of one referral."""

    def __init__(self, nodes: Nodes, me: Browser, ba: Browser, found: dict[int, str]) -> None:
        self.nodes, self.me, self.ba = nodes, me, ba
        self.found = found
        """Code at `ba` by round, for all desks."""

    def play(self, one: Round) -> Round:
        """Carry a round out; what fails for good is written into it."""
        began = time.monotonic()
        try:
            for step in STORIES[one.story]:
                if step == one.fatal_step:
                    with self.nodes.armed(one.victim, one.delay):
                        self._step(one, step)
                else:
                    self._step(one, step)
        except Lost as loss:
            one.lost = str(loss)
        one.seconds = round(time.monotonic() - began, 1)
        return one

    def _step(self, one: Round, step: str) -> None:
        if step == "draft":
            self._until(one, step, lambda: bool(self._draft_code(one)), lambda: self._draft(one))
        elif step == "send":
            path = self._ours(one)
            self._until(
                one, step, lambda: _shown(page := self.me.get(path)) and not seen_of(page),
                lambda: self._send(one),
            )  # fmt: skip
        elif step == "withdraw":
            self._withdraw(one)
        elif step == "answer":
            self._press(one, self.me, self._ours(one), step, "Yes, alone.")
        else:
            self._press(one, self.ba, self._theirs(one), step, f"Words of round {one.number}.")

    def _until(
        self, one: Round, what: str, is_done: Callable[[], bool], act: Callable[[], None]
    ) -> None:
        """Act and look until it is done; in half of the rounds press once more before looking."""
        ends = time.monotonic() + PATIENCE
        while not is_done():
            if time.monotonic() > ends:
                raise Lost(f"{what} could not be done")
            act()
            if one.blind and what != "draft":
                act()

    def _draft_code(self, one: Round) -> str:
        """The referral on the case's page, where the coordinator looks before drafting again."""
        case = one.person["case"]
        while not _shown(page := self.me.get(f"/cases/{case}/")):
            time.sleep(0.1)
        codes = re.findall(r'href="/cases/referrals/([^/"]+)/"', page)
        one.person["referral"] = codes[0] if codes else ""
        return one.person["referral"]

    def _draft(self, one: Round) -> None:
        path = f"/cases/{one.person['case']}/refer/"
        page = self.me.get(path)
        self.me.post(
            path, page,
            {
                "service": "ba-safe-house", "needs": ["shelter"], "urgency": "urgent",
                "fields_shared": ["subject", "names", "birth", "languages", "summary"],
                "summary": f"Round {one.number}: needs a safe bed.", "safety": "",
            },
        )  # fmt: skip

    def _ours(self, one: Round) -> str:
        return f"/cases/referrals/{one.person['referral']}/"

    def _send(self, one: Round) -> None:
        page = self.me.get(self._ours(one))
        self.me.post(f"{self._ours(one)}send/", page, {"seen": seen_of(page)})

    def _theirs(self, one: Round) -> str:
        """The referral at `ba`: its coordinator reads the list until it is there."""
        ends = time.monotonic() + PATIENCE
        while one.number not in self.found:
            if time.monotonic() > ends:
                raise Lost("it never came to ba")
            listed = self.ba.get("/cases/referrals/")
            known = set(self.found.values())
            for code in re.findall(r'href="/cases/referrals/([^/"]+)/"', listed):
                page = "" if code in known else self.ba.get(f"/cases/referrals/{code}/")
                if read := re.search(r"Round (\d+):", page):
                    self.found[int(read[1])] = code
            time.sleep(0.2)
        return f"/cases/referrals/{self.found[one.number]}/"

    def _press(self, one: Round, who: Browser, path: str, verb: str, words: str) -> None:
        """Wait until the page offers the step, then take it until it is offered no more."""
        offer = f'name="verb" value="{verb}"'
        ends = time.monotonic() + PATIENCE
        while offer not in (page := who.get(path)):
            if time.monotonic() > ends:
                raise Lost(f"{verb} was never offered")
            time.sleep(0.2)
        code = re.search(rf'id="code-{verb}".*?<option value="(\w+)"', page, re.S)
        fields = {"verb": verb, "reason": words, "code": code[1] if code else ""}

        def act() -> None:
            who.post(f"{path}step/", who.get(path) or page, fields)

        self._until(one, verb, lambda: _shown(shown := who.get(path)) and offer not in shown, act)

    def _withdraw(self, one: Round) -> None:
        path = f"/people/{one.person['person']}/consents/{one.person['consent']}/"
        offer = f'action="{path}withdraw/"'

        def act() -> None:
            page = self.me.get(path)
            self.me.post(f"{path}withdraw/", page, {"reason": ""})

        self._until(
            one, "withdraw", lambda: _shown(page := self.me.get(path)) and offer not in page, act
        )
        ends = time.monotonic() + PATIENCE
        while "can no longer show" not in self.ba.get(self._theirs(one)):
            if time.monotonic() > ends:
                raise Lost("ba still shows what was withdrawn")
            time.sleep(0.2)


def _shown(page: str) -> bool:
    return bool(page)


# --- What both databases say -------------------------------------------------------------------


def wait_until_quiet(nodes: Nodes) -> float:
    """Seconds until no letter waits at either node. Raises `Lost`."""
    began = time.monotonic()
    while any(_waiting(node) for node in nodes.of.values()):
        if time.monotonic() > began + PATIENCE:
            raise Lost("letters still wait")
        time.sleep(0.5)
    return time.monotonic() - began


def _waiting(node: DemoNode) -> int:
    file = f"file:{node.home / 'db.sqlite3'}?mode=ro"
    with sqlite3.connect(file, uri=True, timeout=20) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM exchange_outboxletter WHERE state IN ('waiting', 'parked')"
        ).fetchone()
    connection.close()
    return int(count)


def faults(rounds: list[Round], held: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Everything in which the two databases differ from what happened, in words."""
    me, ba = held["me"], held["ba"]
    found = [f"round {one.number}: {one.lost}" for one in rounds if one.lost]
    for one in rounds:
        found += [f"round {one.number} ({one.story}): {fault}" for fault in _of_round(one, me, ba)]
    came = Counter(row["thread"] for row in ba["referrals"])
    sent = {row["thread"] for row in me["referrals"] if row["letter"] != "None"}
    found += [f"{thread} is at ba, not at me" for thread in came.keys() - sent]
    for source, here, there in (("me", me, ba), ("ba", ba, me)):
        found += [f"{source}: {fault}" for fault in _of_letters(source, here, there)]
        found += [f"{source}: {fault}" for fault in _of_node(here)]
    return found


def _of_round(one: Round, me: Mapping[str, Any], ba: Mapping[str, Any]) -> Iterator[str]:
    ours = [r for r in me["referrals"] if r["case"] == one.person["case"]]
    if len(ours) != 1:
        yield f"{len(ours)} referrals at me instead of 1"
        return
    ours = ours[0]
    theirs = [r for r in ba["referrals"] if r["thread"] == ours["thread"]]
    if len(theirs) != 1:
        yield f"{len(theirs)} referrals at ba instead of 1"
        return
    (theirs,) = theirs
    ends, steps = ENDS[one.story], sorted(STEPS_OF_STORY[one.story])
    for where, row in (("me", ours), ("ba", theirs)):
        if row["state"] != ends:
            yield f"stands at {row['state']} at {where} instead of {ends}"
        withdrawn = where == "me" and one.story == "withdrawn"
        # What still waited when the person withdrew is erased, so the sender may not hear of it.
        missing = set(steps) - set(row["steps"])
        known = missing <= {"acknowledge", "accept"} if withdrawn else not missing
        if not known or len(row["steps"]) != len(set(row["steps"])):
            yield f"steps at {where}: {', '.join(row['steps'])}"
        if row["crossed"] > int(withdrawn):
            yield f"{row['crossed']} steps crossed at {where}"
        if not (row["delivered"] or withdrawn) or row["undeliverable"]:
            yield f"not noted as delivered at {where}"
    if one.story == "withdrawn":
        if theirs["data"] is not None:
            yield "ba can still read what was withdrawn"
        if not (ours["withdrawn"] and theirs["withdrawn"] and ours["confirmed"]):
            yield "the withdrawal is not noted at both ends"
    elif ours["data"] != theirs["data"]:
        yield "what came is not what was sent"
    elif ours["words"] != theirs["words"]:
        yield "the words to and fro differ"


def _of_letters(source: str, here: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    threads = {row["thread"] for row in here["referrals"]}
    came = Counter(row["id"] for row in there["inbox"] if row["source"] == source)
    taken = {row["id"]: row for row in there["inbox"] if row["source"] == source}
    for row in here["outbox"]:
        name = f"letter {row['id']} ({row['type']})"
        if row["state"] == "withdrawn":
            yield from _taken_back(row, came[row["id"]], here)
            continue
        if row["thread"] not in threads:
            yield f"{name} belongs to no referral"
        if row["state"] != "delivered" or not row["receipt"]:
            yield f"{name} is {row['state']}"
        if row["content"]:
            yield f"{name} still holds its content"
        if came[row["id"]] != 1:
            yield f"{name} was taken in {came[row['id']]} times"
        elif (taken[row["id"]]["digest"], taken[row["id"]]["state"]) != (row["digest"], "handled"):
            yield f"{name} was taken in as another or not handled"
    for letter in came.keys() - {row["id"] for row in here["outbox"]}:
        yield f"letter {letter} was never sent, or its row is lost"
    numbers: dict[str, set[int]] = {}
    for row in here["outbox"]:
        numbers.setdefault(row["thread"], set()).add(row["seq"])
    for thread, found in numbers.items():
        if found != set(range(1, here["sent_up_to"][thread] + 1)):
            yield f"thread {thread} has gaps: {sorted(found)}"
        if there["taken_up_to"].get(thread) != here["sent_up_to"][thread]:
            yield f"thread {thread} is not complete at the receiver"


def _taken_back(row: Mapping[str, Any], came: int, here: Mapping[str, Any]) -> Iterator[str]:
    """A letter that waited when the consent ended is erased and a place holder takes its number.

    If it had arrived after all, the receiver says so to the place holder, which then is not taken
    in. Either way exactly one of the two is at the receiver.
    """
    threads = {one["thread"] for one in here["referrals"] if one["withdrawn"]}
    if row["thread"] not in threads:
        yield f"letter {row['id']} was taken back though nothing was withdrawn"
    holds_place = row["type"] == "mostovi.exchange.void.v1"
    if came != int(row["reason"] == "received_before_withdrawal" and not holds_place):
        yield f"letter {row['id']} was taken back, yet taken in {came} times"
    if row["content"]:
        yield f"letter {row['id']} still holds its content"


def _of_node(here: Mapping[str, Any]) -> Iterator[str]:
    for name in ("parked", "keys_to_destroy"):
        if here[name]:
            yield f"{here[name]} {name.replace('_', ' ')}"
    for name in ("alarms", "failing_jobs", "audit_breaks"):
        if here[name]:
            yield f"{name.replace('_', ' ')}: {', '.join(here[name])}"
    if here["database"] != "ok":
        yield f"the database is damaged: {here['database']}"


# --- The whole run -----------------------------------------------------------------------------


def run(options: argparse.Namespace, home: Path) -> dict[str, Any]:
    """Make the nodes, play the rounds, compare; the result as it is printed."""
    nodes = Nodes(plan(["me", "ba"], options.port, home))
    Demo(list(nodes.of.values()), home, 0, _say).prepare(fresh=True)
    rounds = [draw(number, options.seed) for number in range(1, options.rounds + 1)]
    made = inside(nodes.of["me"], "people", {"count": len(rounds), "receiver": "ba"})
    for one, person in zip(rounds, made["people"], strict=True):
        one.person = person
    began = time.monotonic()
    try:
        for code in nodes.of:
            nodes.start(code)
        browsers = [Browser(nodes.of[code], COORDINATOR) for code in ("me", "ba")]
        desk = Desk(nodes, browsers[0], browsers[1], {})
        with ThreadPoolExecutor(options.desks) as pool:
            for done, _ in enumerate(pool.map(desk.play, rounds), 1):
                if done % 10 == 0:
                    _say(f"{done} rounds in {time.monotonic() - began:.0f} s")
        quiet = ""
        try:
            settled = wait_until_quiet(nodes)
        except Lost as loss:
            settled, quiet = PATIENCE, str(loss)
    finally:
        nodes.stop()
    held = {code: inside(node, "state", {}) for code, node in nodes.of.items()}
    found = faults(rounds, held) + ([quiet] if quiet else [])
    return _result(options, rounds, nodes, browsers, held, found, began, settled)


def _result(
    options: argparse.Namespace,
    rounds: list[Round],
    nodes: Nodes,
    browsers: list[Browser],
    held: Mapping[str, Mapping[str, Any]],
    found: list[str],
    began: float,
    settled: float,
) -> dict[str, Any]:
    letters = [row for state in held.values() for row in state["outbox"]]
    restarts = sorted(nodes.restarts)
    return {
        "rounds": len(rounds),
        "seed": options.seed,
        "kills": Counter(one.victim for one in rounds),
        "kills_by_step": Counter(one.fatal_step for one in rounds),
        "stories": Counter(one.story for one in rounds),
        "referrals_at_me": len(held["me"]["referrals"]),
        "referrals_at_ba": len(held["ba"]["referrals"]),
        "letters": len(letters),
        "letters_carried_more_than_once": sum(row["attempts"] > 1 for row in letters),
        "requests_cut_off": sum(who.failed["no answer"] for who in browsers),
        "server_errors": {
            who.node.code: {k: v for k, v in who.failed.items() if k != "no answer"}
            for who in browsers
        },
        "audit_entries": {code: state["audit_entries"] for code, state in held.items()},
        "restart_seconds_median": round(restarts[len(restarts) // 2], 2),
        "round_seconds_median": sorted(one.seconds for one in rounds)[len(rounds) // 2],
        "quiet_after_seconds": round(settled, 1),
        "minutes": round((time.monotonic() - began) / 60, 1),
        "faults": found,
        "each": [asdict(one) for one in rounds],
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print(found: Mapping[str, Any]) -> None:
    for name, value in found.items():
        if name in {"each", "faults"}:
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{key} {count}" for key, count in value.items())
        print(f"{name.replace('_', ' '):32} {value}")
    print(f"{'lost, doubled or disagreeing':32} {len(found['faults'])}")
    for fault in found["faults"]:
        print(f"  {fault}")


def main() -> int:
    """Run, print, and exit 1 when anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--desks", type=int, default=6, help="rounds side by side")
    parser.add_argument("--port", type=int, default=8760)
    parser.add_argument("--home", type=Path, help="keep the nodes here (must not hold others)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="mostovi-faults-"))
    found = run(options, home)
    _print(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if options.home is None and not found["faults"]:
        shutil.rmtree(home)
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
