# SPDX-License-Identifier: EUPL-1.2
"""How soon the demo is usable, and what an idle node costs.

    .venv/bin/python benchmarks/demo_start.py [--people 300] [--idle 60]

Starts the three nodes in an empty folder with nothing gathered before (cold), stops them, starts
them again (warm), and reads memory and processor time of each node while nobody uses it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parents[1] / ".local/static"


def start(
    home: Path, port: int, people: int
) -> tuple[subprocess.Popen[str], dict[str, Any], float]:
    """The running demo, what it says of itself, and the seconds until every node answered."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "mostovi.node.main", "demo", "--json", "--home", str(home),
         "--port", str(port), "--people", str(people)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"the demo did not start (it ended with {process.wait(60)}, see above)")
    described = json.loads(line)
    return process, described, time.monotonic() - began


def stop(process: subprocess.Popen[str]) -> None:
    """End the demo and its nodes."""
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def resident_megabytes(process: int) -> float:
    """Memory of a process that is in use now."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor_seconds(process: int) -> float:
    """Processor time a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--idle", type=float, default=60.0, help="seconds to watch the idle nodes")
    parser.add_argument("--port", type=int, default=8700)
    options = parser.parse_args()
    shutil.rmtree(STATIC, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="mostovi-bench-") as folder:
        home = Path(folder) / "demo"
        process, _, cold = start(home, options.port, options.people)
        stop(process)
        process, described, warm = start(home, options.port, options.people)
        time.sleep(10)
        nodes = {node["code"]: node["process"] for node in described["nodes"]}
        before = {code: processor_seconds(number) for code, number in nodes.items()}
        time.sleep(options.idle)
        print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        print(f"cold start, {options.people} people a node: {cold:.1f} s")
        print(f"warm start: {warm:.1f} s")
        for code, number in nodes.items():
            share = (processor_seconds(number) - before[code]) / options.idle
            print(f"idle {code}: {resident_megabytes(number):.0f} MB, {share:.1%} of one core")
        stop(process)


if __name__ == "__main__":
    main()
