# SPDX-License-Identifier: EUPL-1.2
"""`mostovi routes detect`: find changes in stored series or in a file, and forecast."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

EPILOG = """
A file has the columns period, count and, for more than one series, series. A period is a month
(2026-03) or the Monday of a week (2026-03-02); an empty count is not known. A file of Frontex
(route, nationality, month, detections) is read too: one series a route.

Every period is judged from the ones before it, so the list is a back-test. With --store the alerts
of this node's series go to the page where an analyst reviews them.

Exit status: 0 nothing is above what was to be expected, 1 alarms were found, 2 wrong input.
"""


def register(parts: Any) -> None:
    """Add the part to `mostovi routes`."""
    parser = parts.add_parser(
        "detect",
        help="find changes in count series",
        description="Finds changes in count series at a stated false-alarm rate.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--series", type=Path, metavar="FILE.csv", help="a file, instead of what is stored"
    )
    parser.add_argument("--only", default="", metavar="CODE", help="series that begin like this")
    parser.add_argument(
        "--false-alarms", type=float, default=0.01, metavar="SHARE",
        help="share of periods without change that may alarm, 0.001 to 0.1 (default: 0.01)",
    )  # fmt: skip
    parser.add_argument("--forecast", action="store_true", help="and a forecast for a year")
    parser.add_argument("--store", action="store_true", help="raise alerts on this node")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(handler=_detect)


def _detect(options: argparse.Namespace) -> int:
    from mostovi.routes import alerting, detecting, series_files

    if options.store and options.series:
        print(
            "--store raises alerts on this node's own series; leave out --series.", file=sys.stderr
        )
        return 2
    try:
        if options.series:
            data = options.series.read_bytes()
            watched: list[Any] = series_files.read(data, options.series.name)
        else:
            watched = list(alerting.watched())
        watched = [one for one in watched if one.code.startswith(options.only)]
        if options.only and not watched:
            print(f"No series begins with '{options.only}'.", file=sys.stderr)
            return 2
        if not options.json:
            print(f"{len(watched):,} series are checked.", file=sys.stderr)
        results = detecting.detect_all(watched, rate=options.false_alarms)
    except OSError as error:
        print(f"{options.series}: {error.strerror}.", file=sys.stderr)
        return 2
    except series_files.WrongFile as wrong:
        for problem in wrong.problems:
            print(f"{options.series}: {problem}", file=sys.stderr)
        return 2
    except detecting.WrongRate:
        least, most = detecting.RATES
        print(f"--false-alarms is between {least} and {most}.", file=sys.stderr)
        return 2
    if options.store:
        _store(options.false_alarms)
    said = [
        alerting.as_data(one, result, with_forecast=options.forecast)
        for one, result in zip(watched, results, strict=True)
    ]
    if options.json:
        print(json.dumps(said, ensure_ascii=False))
    else:
        for line in said:
            _say(line)
    return 1 if any(line["episodes"] for line in said) else 0


def _store(rate: float) -> None:
    from django.utils import timezone

    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose
    from mostovi.routes import alerting

    alerting.check_all(Actor.system(Purpose.STATISTICS), rate=rate, now=timezone.now())


def _say(line: dict[str, Any]) -> None:
    cut = line["cut"]
    print(f"{line['series']}: {line['judged']} periods judged, {line['alarms']} alarms")
    if cut["made_up"]:
        print(
            f"  false-alarm rate {cut['rate']:.1%}, held on {cut['made_up']} made-up series without"
            f" change (the nominal probability would have given {cut['nominal']:.1%})"
        )
    else:
        print(f"  nominal probability {cut['rate']:.1%}: too little is known to hold a rate")
    for episode in line["episodes"]:
        since = f", level changed about {episode['since']}" if episode["since"] else ""
        print(
            f"  {episode['opened']} to {episode['last']}: {episode['observed']:,} where"
            f" {episode['expected']:,.0f} were expected and up to {episode['bound']:,.0f} would"
            f" have been no alarm; highest {episode['ratio']:.1f} times{since}"
        )
    if line.get("forecast"):
        for ahead in line["forecast"]["months"]:
            print(
                f"  {ahead['period']}: {ahead['middle']:,} ({ahead['low']:,} to {ahead['high']:,})"
            )
