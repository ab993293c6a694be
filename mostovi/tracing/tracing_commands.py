# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: T201 - what a command prints is its answer
"""`mostovi tracing rounds` and `mostovi tracing index`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any


def register(subparsers: Any) -> None:
    """Add the commands to the command line."""
    tracing = subparsers.add_parser("tracing", help="family tracing: rounds and index")
    verbs = tracing.add_subparsers(dest="verb", required=True)
    rounds = verbs.add_parser("rounds", help="rounds of private matching with other nodes")
    rounds.add_argument(
        "--now", action="store_true", help="begin a round with every node at once, and wait"
    )
    rounds.add_argument(
        "--wait", type=float, default=120.0, metavar="SECONDS", help="how long to wait at most"
    )
    rounds.add_argument("--json", action="store_true")
    rounds.set_defaults(handler=_rounds)
    index = verbs.add_parser("index", help="bring the matching index up to date")
    index.add_argument("--all", action="store_true", help="build it anew from the beginning")
    index.add_argument("--json", action="store_true")
    index.set_defaults(handler=_index)


def _rounds(options: argparse.Namespace) -> int:
    from django.conf import settings
    from django.utils import timezone

    from mostovi.tracing import rounds

    if not settings.MOSTOVI.holds_persons:
        print("tracing rounds: this node holds no persons.", file=sys.stderr)
        return 2
    if options.now:
        started = timezone.now()
        _wait(started, options.wait)
    lines = rounds.overview()
    if options.json:
        print(json.dumps(lines, ensure_ascii=False))
    else:
        for line in lines:
            why = f" ({line['reason']})" if line["reason"] else ""
            print(
                f"{line['peer']:<12} {line['side']:<7} {line['state']:<10} "
                f"{line['keys']:>9} keys  {line['started_at'][:16]}{why}"
            )
        if not lines:
            print("No round has been held yet.")
    return 1 if any(line["reason"] for line in lines) else 0


def _wait(started: Any, seconds: float) -> None:
    """Until the rounds just begun are over here; the worker carries the letters."""
    from django.utils import timezone

    from mostovi.tracing import rounds
    from mostovi.tracing.models import TracingRound

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        now = timezone.now()
        # A round that was under way ends first; it may not hold what was written down since.
        rounds.begin(now, since=started)
        rounds.turn(now)
        if not TracingRound.objects.filter(side="seeker", ended_at=None).exists() and not (
            rounds.begin(timezone.now(), since=started)
        ):
            return
        time.sleep(0.5)


def _index(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from mostovi.tracing import indexing

    now, done = timezone.now(), 0
    everything = options.all
    while True:
        made = indexing.keep_in_step(now, everything=everything, limit=5_000)
        everything = False
        done += made
        if made == 0:
            break
        if not options.json and sys.stderr.isatty():
            print(f"\r{done} persons", end="", file=sys.stderr)
    print(json.dumps({"indexed": done}) if options.json else f"{done} persons indexed.")
    return 0
