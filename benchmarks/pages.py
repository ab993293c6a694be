# SPDX-License-Identifier: EUPL-1.2
"""How long pages take on a node with many cases, beside a bare Django view on the same server.

    python benchmarks/pages.py [--cases 100000] [--home DIR] [--rounds 60] [--json FILE]

Fills a node with the synthetic world (once; `--home` keeps it), starts a real `mostovi serve` with
its worker, signs in over HTTP and asks for each page in turn, so that what disturbs the machine
disturbs all pages alike. Every page passes the same middleware as the bare view, which answers
"ok" to a signed-in account; it alone is what ratios are taken to. A plain Django list of the same
cases stands beside it for comparison. Searches and files are a different one each time. A page
that shows persons also writes to the audit chain and waits for the disk; the bare view does not.

Targets (DESIGN section 7): p95 within 3 times the bare view, at most 20 statements and 150 kB.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from one_node import environment

from mostovi.node.demo import PASSWORD, DemoNode, run_step
from mostovi.node.initialise import write_node

HERE = Path(__file__).resolve().parent
CASE_SHARE = 0.8
"""The others have no case, so that files without one are searched too."""
MOST_STATEMENTS, MOST_KILOBYTES, MOST_TIMES = 20, 150, 3.0


# --- The node ----------------------------------------------------------------------------------


def filled(node: DemoNode, cases: int) -> None:
    """Make the node where it is not there, and load what is missing."""
    write_node(node.home, node.settings({}))
    run_step(node, "prepare", {"password": PASSWORD})
    while (missing := cases - count(node, "cases_case")) > 0:
        people = max(500, int(missing / CASE_SHARE))
        print(f"loading {people} people", file=sys.stderr, flush=True)
        subprocess.run(
            [sys.executable, "-m", "mostovi.node.main", "synthetic", "load", "--people",
             str(people), "--case-share", str(CASE_SHARE)],
            env=environment(node), check=True, stdout=sys.stderr,
        )  # fmt: skip


def rows(node: DemoNode, sql: str) -> list[Any]:
    """Read straight from the database file."""
    connection = sqlite3.connect(f"file:{node.home / 'db.sqlite3'}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def count(node: DemoNode, table: str) -> int:
    """How many rows a table has."""
    return int(rows(node, f"SELECT count(*) FROM {table}")[0][0])


@contextmanager
def serving(node: DemoNode) -> Iterator[None]:
    """The node answers, with a bare view beside its own pages."""
    extra = {
        "DJANGO_SETTINGS_MODULE": "measured_settings",
        "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)]),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "mostovi.node.main", "serve"],
        env=environment(node) | {"MOSTOVI_LOG_LEVEL": "WARNING"} | extra,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    pool = urllib3.PoolManager(retries=False)
    try:
        while True:
            try:
                if pool.request("GET", f"{node.url}/health").status == 200:
                    break
            except urllib3.exceptions.HTTPError:
                if process.poll() is not None:
                    raise SystemExit("the node does not start") from None
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


class Visitor:
    """One signed-in account with one kept connection."""

    def __init__(self, node: DemoNode, account: str) -> None:
        self.url = node.url
        self._pool = urllib3.PoolManager(maxsize=1, retries=False, timeout=120.0)
        self._cookies: dict[str, str] = {}
        page = self.get("/accounts/login/").data.decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        fields = {"csrfmiddlewaretoken": found[1] if found else "", "login": account,
                  "password": PASSWORD}  # fmt: skip
        self._ask("POST", "/accounts/login/", urlencode(fields))

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """The answer, read to its end."""
        return self._ask("GET", path, None, headers)

    def _ask(
        self, method: str, path: str, body: str | None, headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items()),
                **(headers or {})}  # fmt: skip
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        reply = self._pool.request(method, self.url + path, body=body, headers=sent, redirect=False)
        for line in reply.headers.getlist("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        return reply


# --- What is asked for -------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """A kind of page: addresses that are asked for in turn, and who asks."""

    name: str
    paths: Sequence[str]
    account: str = "social-worker"


def pages(node: DemoNode, known: Mapping[str, Any]) -> list[Page]:
    """Every page that is measured."""

    def searches(texts: Sequence[str], room: str = "cases") -> list[str]:
        return [f"/{room}/?q={quote(text)}" for text in texts]

    last = count(node, "cases_case")
    return [
        Page("bare view", ["/bare/"]),
        Page("plain Django list", ["/plain/"]),
        Page("home", ["/"]),
        Page("home, coordinator", ["/"], "anti-trafficking-coordinator"),
        Page("case list", ["/cases/"]),
        Page("case list, mine", ["/cases/?show=mine"]),
        Page("case list, closed", ["/cases/?show=closed"]),
        Page("case list, page 40", ["/cases/?page=40"]),
        Page("search: rare name", searches(known["rare"])),
        Page("search: common, Arabic", searches(known["Arab"])),
        Page("search: common, Latin", searches(known["Latn"])),
        Page("search: common, Cyrillic", searches(known["Cyrl"])),
        Page("search: two common words", searches(known["two"])),
        Page("search: beginning", searches(known["beginning"])),
        Page("search: no such name", searches(known["none"])),
        Page("search: phone", searches(known["phones"])),
        Page("search: code", searches(known["codes"])),
        Page("case", [f"/cases/{code}/" for code in known["codes"]]),
        Page("people", ["/people/"]),
        Page("people: common name", searches(known["Arab"] + known["Latn"], "people")),
        Page("person", [f"/people/{code}/" for code in known["people"]]),
        Page("referrals received", ["/cases/referrals/"]),
        Page("referrals sent", ["/cases/referrals/?show=sent"]),
        Page("referral", [f"/cases/referrals/{code}/" for code in known["referrals"]]),
        Page("screenings", ["/screening/submissions/"]),
        Page("plan", ["/plan/"]),
        Page("statistics: region", ["/statistics/region/"]),
        Page("statistics: months", ["/statistics/"], "statistician"),
        Page("audit log", ["/data-protection/log/"], "data-protection-officer"),
    ] if last else []  # fmt: skip


def known_of(node: DemoNode) -> dict[str, Any]:
    """Names, codes and numbers to ask for, read inside the node; kept, since it takes a while."""
    kept = node.home / "pages.json"
    if not kept.exists():
        done = subprocess.run(
            [sys.executable, __file__, "--inside"], env=environment(node), check=True,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        kept.write_text(done.stdout.splitlines()[-1], encoding="utf-8")
    found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def inside() -> None:
    """In the node: open some files and print what people would search for."""
    from mostovi.node import startup

    startup.start_django(needs_node=True)
    from collections import Counter

    from mostovi.cases.models import Case, Referral
    from mostovi.people.models import ContactPoint, Person, PersonName
    from mostovi.rights.storage import opened

    random = Random(7)
    units = {"unit": "border", "purpose": "protection"}
    cases = list(Case.objects.filter(**units).order_by("?")[:40].values_list("code", flat=True))
    people = list(Person.objects.filter(cases__code__in=cases).values_list("code", flat=True))
    names = [
        value
        for _, value in opened(
            PersonName.objects.filter(person__unit="border").order_by("?")[:4000]
        )
        if value
    ]
    common: dict[str, Counter[str]] = {}
    whole: list[str] = []
    for value in names:
        parts = [text for _, text in value["parts"]]
        common.setdefault(value["script"], Counter()).update(
            text for kind, text in value["parts"] if kind == "given"
        )
        if len(parts) > 2:
            whole.append(" ".join(parts))
    phones = [
        value["value"]
        for _, value in opened(ContactPoint.objects.filter(person__unit="border")[:300])
        if value and value["kind"] == "phone"
    ]
    latin = [name for name, _ in common["Latn"].most_common(12)]
    two = [" ".join(v["parts"][n][1] for n in (0, -1)) for v in names if v["script"] == "Latn"]
    sys.stdout.write(
        json.dumps(
            {
                "codes": cases,
                "people": people,
                "referrals": list(
                    Referral.objects.filter(**units)
                    .order_by("?")[:40]
                    .values_list("code", flat=True)
                ),
                "rare": random.sample(whole, min(40, len(whole))),
                "two": [name for name, _ in Counter(two).most_common(12)],
                "beginning": [name[:3] for name in latin],
                "none": ["Xqzwv Kjhgf", "Wvuxq", "Zzyzx Qwrtp"],
                "phones": phones[:40],
                **{
                    script: [name for name, _ in common.get(script, Counter()).most_common(12)]
                    for script in ("Arab", "Latn", "Cyrl")
                },
            }
        )
        + "\n"
    )


# --- Measuring ---------------------------------------------------------------------------------


def measure(node: DemoNode, wanted: Sequence[Page], rounds: int) -> list[dict[str, Any]]:
    """Ask for all pages in turn, `rounds` times."""
    visitors = {account: Visitor(node, account) for account in {page.account for page in wanted}}
    wanted = [page for page in wanted if page.paths]
    paths = {page.name: cycle(page.paths) for page in wanted}
    times: dict[str, list[float]] = {page.name: [] for page in wanted}
    weights: dict[str, list[int]] = {page.name: [] for page in wanted}
    statements: dict[str, list[int]] = {page.name: [] for page in wanted}
    for turn in range(rounds + 3):
        for page in wanted:
            counting = {"X-Count": "1"} if turn in {1, 2} else {}
            path = next(paths[page.name])
            began = time.perf_counter()
            reply = visitors[page.account].get(path, **counting)
            took = (time.perf_counter() - began) * 1000
            if reply.status != 200:
                raise SystemExit(f"{page.name}: {path} answered {reply.status}")
            weights[page.name].append(len(reply.data))
            if counting:
                statements[page.name].append(int(reply.headers["X-Statements"]))
            elif turn:  # the first turn warms up
                times[page.name].append(took)
    bare = percentile(times["bare view"], 95)
    return [
        {
            "page": page.name,
            "p50_ms": round(statistics.median(times[page.name]), 1),
            "p95_ms": round(percentile(times[page.name], 95), 1),
            "times_bare": round(percentile(times[page.name], 95) / bare, 1),
            "statements": max(statements[page.name]),
            "kilobytes": round(max(weights[page.name]) / 1000, 1),
        }
        for page in wanted
    ]


def percentile(values: Sequence[float], share: int) -> float:
    """The value that `share` percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, -(-len(ordered) * share // 100) - 1)]


def missed(line: Mapping[str, Any]) -> list[str]:
    """Which targets a page misses."""
    return [
        word
        for word, over in (
            ("time", line["times_bare"] > MOST_TIMES),
            ("statements", line["statements"] > MOST_STATEMENTS),
            ("weight", line["kilobytes"] > MOST_KILOBYTES),
        )
        if over
    ]


def main() -> int:
    """Fill, measure, print; exit 1 when a page has too many statements or too much weight."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--home", type=Path, help="where the node is, or is made and kept")
    parser.add_argument("--rounds", type=int, default=60, help="times each page is asked for")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--only", metavar="A,B", help="only pages whose name begins so")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside()
        return 0
    home = options.home or Path(tempfile.mkdtemp(prefix="mostovi-pages-"))
    node = DemoNode("me", home / "me", options.port or free_port(), steward=True)
    filled(node, options.cases)
    # A kept node is found under whatever port is free now.
    settings = node.home / "node.toml"
    settings.write_text(
        re.sub(r"^base_url = .*$", f'base_url = "{node.url}"', settings.read_text(), flags=re.M)
    )
    wanted = pages(node, known_of(node))
    if options.only:
        words = options.only.split(",")
        wanted = [
            page
            for page in wanted
            if page.name in {"bare view", "plain Django list"}
            or any(page.name.startswith(word) for word in words)
        ]
    with serving(node):
        lines = measure(node, wanted, options.rounds)
    found = {
        "cases": count(node, "cases_case"),
        "people": count(node, "people_person"),
        "audit_entries": count(node, "rights_auditentry"),
        "database_megabytes": round((node.home / "db.sqlite3").stat().st_size / 1e6),
        "rounds": options.rounds,
        "load_average": round(os.getloadavg()[0], 1),
        "pages": lines,
    }
    _print(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    hard = {"statements", "weight"}
    return 1 if any(hard & set(missed(line)) for line in lines) else 0


def _print(found: Mapping[str, Any]) -> None:
    for name, value in found.items():
        if name != "pages":
            print(f"{name.replace('_', ' '):20} {value:>12,}")
    print(f"{'page':28} {'p50 ms':>8} {'p95 ms':>8} {'x bare':>7} {'statements':>10} {'kB':>7}")
    for line in found["pages"]:
        print(
            f"{line['page']:28} {line['p50_ms']:>8} {line['p95_ms']:>8} {line['times_bare']:>7} "
            f"{line['statements']:>10} {line['kilobytes']:>7}  {', '.join(missed(line))}"
        )


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
