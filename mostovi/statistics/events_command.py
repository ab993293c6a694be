# SPDX-License-Identifier: EUPL-1.2
"""`mostovi quality` and `mostovi events`: what a file of events is worth, and made-up ones."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mostovi.statistics.quality import Report


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    parser = subparsers.add_parser(
        "quality",
        help="say what a file of statistical events is worth",
        description="Completeness, timeliness, coherence and repeated records of a file of events "
        "(docs/statistics.md). Exit status 1 when there is something to look at.",
    )
    parser.add_argument("events", type=Path, metavar="FILE", help="events, .parquet or .csv")
    parser.add_argument("--json", action="store_true", help="print the whole report as JSON")
    parser.set_defaults(handler=quality)
    parser = subparsers.add_parser(
        "events",
        help="write made-up statistical events to a file",
        description="Writes events with nobody behind them, for trying out and measuring: always "
        "the same for a seed, of any number, in pieces.",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="Parquet file")
    parser.add_argument("--count", type=int, default=100_000, metavar="N", help="default: 100000")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
    parser.add_argument("--first", default="2025-01", metavar="MONTH", help="default: 2025-01")
    parser.add_argument("--months", type=int, default=12, metavar="N", help="default: 12")
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")
    parser.set_defaults(handler=events)


def quality(options: argparse.Namespace) -> int:
    """Print the report. 1 when something must be looked at, 2 when the file cannot be read."""
    from mostovi.statistics.catalogue import specs
    from mostovi.statistics.cubing import opened
    from mostovi.statistics.events import NAMES, BadEvents
    from mostovi.statistics.quality import report

    try:
        with opened(options.events) as found:
            missing = [name for name in NAMES if name not in found.columns]
            needed = {"event", "month", "partner", "record_key"} & set(missing)
            if needed:
                raise BadEvents(f"The events have no column {', '.join(sorted(needed))}.")
            measured = report(found, specs())
    except BadEvents as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(measured.as_data(), ensure_ascii=False))
    else:
        _print(measured)
    return 0 if measured.holds else 1


def _print(measured: Report) -> None:
    print(f"{measured.events} events, {measured.first} to {measured.last}")
    for one in measured.completeness:
        if one.missing:
            print(f"not known: {one.event}, {one.column}: {one.share:.1%} of {one.events}")
    for partner, month in measured.gaps:
        print(f"nothing from {partner} in {month}")
    for late in measured.timeliness:
        if late.within_one is None:
            print(f"{late.partner}: not known when events were recorded")
        else:
            print(f"{late.partner}: {late.within_one:.1%} recorded within a month after")
    for finding in measured.findings:
        print(f"look at: {finding.code}, {finding.count}: {finding.where}")


def events(options: argparse.Namespace) -> int:
    """Write made-up events. 2 for a wrong month or number."""
    from mostovi.statistics.catalogue import specs
    from mostovi.statistics.made_up_events import write
    from mostovi.statistics.months import Month

    try:
        if options.count < 1 or options.months < 1:
            raise ValueError("--count and --months are at least 1.")
        first = Month.parse(options.first)
        write(
            options.out, options.count, specs(), seed=options.seed, first=first,
            months=options.months,
        )  # fmt: skip
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"written": str(options.out), "events": options.count}))
    else:
        print(f"{options.out}: {options.count} made-up events")
    return 0
