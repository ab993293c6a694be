# SPDX-License-Identifier: EUPL-1.2
"""How long the public figures take, beside the smallest public view of the same node.

    python benchmarks/figures.py http://localhost:8972 [--rounds 200] [--json FILE]

Asks a running node in turn for the first view, a series, and the redirect that chooses a language
(the same middleware, no page). Pages are kept in memory until an edition is published, so the first
requests of each are left out. Target (DESIGN section 7): p95 within 3 times the smallest view, the
first view under 100 kB.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import urllib3

PAGES = {
    "smallest": "/figures/",
    "first view": "/figures/en/",
    "series": "/figures/en/indicators/persons_screened/",
}


def measured(base: str, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds at the 50th and 95th percentile, and bytes, of each page."""
    pool = urllib3.PoolManager(maxsize=1, retries=False)
    times: dict[str, list[float]] = {name: [] for name in PAGES}
    size: dict[str, int] = {}
    for number in range(rounds + 3):
        for name, path in PAGES.items():
            begin = time.perf_counter()
            answer = pool.request("GET", base + path, redirect=False)
            took = (time.perf_counter() - begin) * 1000
            size[name] = len(answer.data)
            if number >= 3:
                times[name].append(took)
    return {
        name: {
            "p50": round(sorted(found)[len(found) // 2], 2),
            "p95": round(sorted(found)[int(len(found) * 0.95)], 2),
            "bytes": size[name],
        }
        for name, found in times.items()
    }


def main() -> int:
    """1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measured(options.base.rstrip("/"), options.rounds)
    smallest = found["smallest"]["p95"]
    for name, one in found.items():
        print(f"{name:12} p50 {one['p50']:7.2f} ms  p95 {one['p95']:7.2f} ms "
              f"({one['p95'] / smallest:.2f} times)  {one['bytes']:7.0f} bytes")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    fine = all(one["p95"] <= 3 * smallest and one["bytes"] < 100_000 for one in found.values())
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
