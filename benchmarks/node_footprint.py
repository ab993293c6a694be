# SPDX-License-Identifier: EUPL-1.2
"""What a node costs while nobody uses it, and how soon it answers after it was started.

    python benchmarks/node_footprint.py [--idle 60] [--starts 5] [--people 300] [--json FILE]

One node with its worker is made in an empty folder and started several times: the first start
gathers static files, the others do not. After a warm-up (sign-in and the pages an officer opens) it
is left alone, then its memory is read: RSS counts every page in use, PSS divides what several
processes share, such as the interpreter. Last, the demo is started in an empty folder until all
three nodes answer.

Target (DESIGN section 7): below 150 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import urllib3
from demo_start import processor_seconds, start, stop
from one_node import environment
from pages import Visitor, free_port

from mostovi.node.demo import PASSWORD, STATIC, DemoNode, run_step
from mostovi.node.initialise import write_node

MOST_MEGABYTES = 150
WARM_UP = (
    "/", "/cases/", "/cases/?q=Layla", "/people/", "/people/new/", "/cases/referrals/",
    "/screening/", "/screening/submissions/", "/plan/", "/statistics/region/", "/procedures/",
)  # fmt: skip


def serve(node: DemoNode) -> tuple[subprocess.Popen[bytes], float]:
    """The node's process, and seconds until it answered."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "mostovi.node.main", "serve"],
        env=environment(node),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    pool = urllib3.PoolManager(retries=False)
    while True:
        try:
            if pool.request("GET", f"{node.url}/accounts/login/").status == 200:
                return process, time.monotonic() - began
        except urllib3.exceptions.HTTPError:
            if process.poll() is not None:
                raise SystemExit("the node does not start") from None
        time.sleep(0.02)


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop the node and wait."""
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def memory(process: int) -> dict[str, float]:
    """RSS and PSS in megabytes."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    found = dict(line.split(":", 1) for line in lines if ":" in line)
    return {name: round(int(found[name].split()[0]) * 1024 / 1e6, 1) for name in ("Rss", "Pss")}


def footprint(idle: float, starts: int) -> dict[str, Any]:
    """Starts and memory of one node."""
    shutil.rmtree(STATIC, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="mostovi-footprint-") as folder:
        node = DemoNode("me", Path(folder) / "me", free_port(), steward=True)
        write_node(node.home, node.settings({}))
        run_step(node, "prepare", {"password": PASSWORD})
        process, first = serve(node)
        end(process)
        times = []
        for _ in range(starts):
            process, took = serve(node)
            times.append(took)
            end(process)
        process, _ = serve(node)
        fresh = memory(process.pid)
        visitor = Visitor(node, "anti-trafficking-coordinator")
        for path in WARM_UP * 3:
            visitor.get(path)
        warm = memory(process.pid)
        before = processor_seconds(process.pid)
        time.sleep(idle)
        rested = memory(process.pid)
        share = (processor_seconds(process.pid) - before) / idle if idle else 0.0
        end(process)
    return {
        "first_start_seconds": round(first, 1),
        "start_seconds": round(statistics.median(times), 2),
        "fresh_rss_mb": fresh["Rss"],
        "warm_rss_mb": warm["Rss"],
        "idle_rss_mb": rested["Rss"],
        "idle_pss_mb": rested["Pss"],
        "idle_share_of_a_core": round(share, 4),
    }


def demo(people: int, port: int) -> dict[str, Any]:
    """Cold and warm start of three nodes, until all answer."""
    shutil.rmtree(STATIC, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="mostovi-footprint-") as folder:
        home = Path(folder) / "demo"
        process, _, cold = start(home, port, people)
        stop(process)
        process, described, warm = start(home, port, people)
        time.sleep(5)
        pss = [memory(node["process"])["Pss"] for node in described["nodes"]]
        stop(process)
    return {
        "demo_people_a_node": people,
        "demo_cold_seconds": round(cold, 1),
        "demo_warm_seconds": round(warm, 1),
        "demo_three_nodes_pss_mb": round(sum(pss), 1),
    }


def main() -> int:
    """Measure, print, and exit 1 when an idle node needs more than the target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--idle", type=float, default=60.0, help="seconds of rest")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--people", type=int, default=300, help="people a node of the demo")
    parser.add_argument("--port", type=int, default=8730, help="first port of the demo")
    parser.add_argument("--no-demo", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: dict[str, Any] = footprint(options.idle, options.starts)
    if not options.no_demo:
        found |= demo(options.people, options.port)
    found["load_average"] = round(os.getloadavg()[0], 1)
    _print(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 1 if found["idle_rss_mb"] > MOST_MEGABYTES else 0


def _print(found: Mapping[str, Any]) -> None:
    for name, value in found.items():
        print(f"{name.replace('_', ' '):28} {value:>10}")


if __name__ == "__main__":
    sys.exit(main())
