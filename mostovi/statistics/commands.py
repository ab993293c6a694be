# SPDX-License-Identifier: EUPL-1.2
"""`mostovi publish MONTH`: the released tables of a month as CSV files. It never counts anew."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "publish",
        help="write released monthly tables to files",
        description="Writes what was released or received for a month, after disclosure control. "
        "Counts are released by a named officer on the page 'Monthly counts', never here.",
    )
    parser.add_argument("month", metavar="MONTH", help="the month, as 2026-10")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument(
        "--format", choices=["csv"], default="csv", help="csv (other formats are not built yet)"
    )
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")
    parser.set_defaults(handler=publish)


def publish(options: argparse.Namespace) -> int:
    """Write one file a partner. 1 when nothing was released for the month, 2 for a wrong month."""
    from mostovi.statistics import services
    from mostovi.statistics.models import MonthlyTable
    from mostovi.statistics.months import Month

    try:
        month = Month.parse(options.month)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    by_partner: dict[str, list[MonthlyTable]] = {}
    for (partner, _table), row in sorted(services.newest_tables(month).items()):
        by_partner.setdefault(partner, []).append(row)
    written = []
    if by_partner:
        options.out.mkdir(parents=True, exist_ok=True)
    for partner, rows in by_partner.items():
        path = options.out / f"{month}-{partner}.csv"
        path.write_text(services.as_csv(rows), encoding="utf-8")
        written.append({"partner": partner, "revision": rows[0].revision, "file": str(path)})
    if options.json:
        print(json.dumps({"month": str(month), "written": written}))
    else:
        for entry in written:
            print(f"{entry['file']}: revision {entry['revision']}")
        if not written:
            print(f"Nothing was released for {month}.", file=sys.stderr)
    return 0 if written else 1
