# SPDX-License-Identifier: EUPL-1.2
"""`mostovi synthesize EVENTS --out FILE`: made-up microdata with a report on its risk and use."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

MOST_RISK = 0.1
MOST_EVENTS = 2_000_000


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    from mostovi.statistics.synthetic import DEFAULT_COLUMNS

    parser = subparsers.add_parser(
        "synthesize",
        help="made-up microdata that has the counts of the events and no person",
        description="Draws made-up events by the method of pac-synth (differential privacy), "
        "attacks the result (singling out, linkability, inference) and measures its use. Writes "
        "FILE and the report beside it, FILE.report.json and FILE.report.txt. When an attack "
        "clearly gains more than --most-risk, nothing is written but the report, and the exit "
        "status is 1.",
    )
    parser.add_argument("events", type=Path, metavar="EVENTS", help="events, Parquet or CSV")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="Parquet to write")
    parser.add_argument(
        "--columns", default=",".join(DEFAULT_COLUMNS), help="columns to keep, by commas; "
        "those with one value only are left out (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--epsilon", type=float, default=4.0,
        help="the privacy that one event loses at most; smaller protects more (default: 4)",
    )  # fmt: skip
    parser.add_argument(
        "--length", type=int, choices=(1, 2, 3), default=2,
        help="combinations of so many values keep their counts; 3 needs many events (default: 2)",
    )  # fmt: skip
    parser.add_argument(
        "--most-risk", type=float, default=MOST_RISK, metavar="SHARE",
        help="the risk beyond held-back events that is still accepted, 0 to 1 (default: 0.1)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="what is held back and attacked")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(handler=synthesize)


def synthesize(options: argparse.Namespace) -> int:
    """0 written; 1 the risk is too high; 2 the events or options cannot be used."""
    import pyarrow.parquet as pq

    from mostovi.statistics import cubing, synthetic
    from mostovi.statistics.events import BadEvents

    settings = synthetic.Settings(
        tuple(name.strip() for name in options.columns.split(",") if name.strip()),
        options.epsilon, options.length, options.seed,
    )  # fmt: skip
    try:
        if not 0 < options.epsilon <= 20:
            raise BadEvents("--epsilon: write a number above 0 and at most 20.")
        with cubing.opened(options.events) as events:
            many = int(events.count().execute())
            if many > MOST_EVENTS:
                raise BadEvents(
                    f"{many} events are more than {MOST_EVENTS}; synthesize a year or a kind alone."
                )
            print(f"{many} events are being synthesized and attacked ...", file=sys.stderr)
            made, report = synthetic.synthesize(events.to_pyarrow(), settings)
    except BadEvents as error:
        print(error, file=sys.stderr)
        return 2
    lines = synthetic.in_words(report)
    worst = max(report.risks, key=lambda risk: risk.low)
    safe = worst.low <= options.most_risk
    if not safe:
        lines.append(
            f"Not written: {worst.attack} gains at least {worst.low:.3f}. Lower epsilon, or leave "
            "out a column."
        )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    report_json = {**report.as_json(), "accepted": options.most_risk, "written": safe}
    for suffix, text in (
        (".report.json", json.dumps(report_json, indent=1)),
        (".report.txt", "\n".join(lines) + "\n"),
    ):
        options.out.with_name(options.out.name + suffix).write_text(text, encoding="utf-8")
    if safe:
        unfinished = options.out.with_name(options.out.name + ".part")
        pq.write_table(made, unfinished)
        unfinished.replace(options.out)
    print(json.dumps(report_json) if options.json else "\n".join(lines))
    return 0 if safe else 1
