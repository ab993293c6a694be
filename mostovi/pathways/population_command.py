# SPDX-License-Identifier: EUPL-1.2
"""`mostovi pathways population`: make a synthetic population for simulations."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from mostovi.pathways import making
from mostovi.pathways.library import library

DONE, BAD_INPUT = 0, 2
_HELP = """
Situation, sex, age and origin are drawn so that the figures of UNHCR and UN DESA are met to one
person; what they do not say stays empty. All other facts are proposals without a source (see
content/law/population.yaml): good for trying rules on, no statement about real people. The same
seed and size give the same file.

Exit status: 0 written, 2 wrong input and nothing written.
"""


def register(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "population",
        help="make a synthetic population to the margins of sources",
        description="Writes a Parquet file of people who do not exist.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--partner", required=True, help="al ba me mk rs xk")
    parser.add_argument("--people", type=int, default=100_000, metavar="N")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.parquet")
    parser.add_argument(
        "--situations", default="", metavar="A,B", help="only people of these situations"
    )
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(handler=_population)


def _population(options: argparse.Namespace) -> int:
    chosen = [name.strip() for name in options.situations.split(",") if name.strip()]
    show = not options.quiet and sys.stderr.isatty()

    def progress(done: int) -> None:
        if show:
            sys.stderr.write(f"\r{done:,} of {options.people:,} people")
            sys.stderr.flush()

    try:
        made = making.write(
            options.partner,
            options.people,
            options.seed,
            options.out,
            library().vocabulary,
            chosen=chosen,
            progress=progress,
        )
    except making.CannotMake as error:
        sys.stderr.write(f"{error}\n")
        return BAD_INPUT
    if show:
        sys.stderr.write("\n")
    if options.json:
        data = {
            "partner": made.partner,
            "people": made.people,
            "seed": made.seed,
            "by_situation": dict(made.by_situation),
            "sources": {code: dict(source) for code, source in made.sources.items()},
        }
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")
        return DONE
    sys.stdout.write(f"{made.people:,} people who do not exist, in {options.out}\n")
    for situation, count in made.by_situation.items():
        sys.stdout.write(f"  {situation}: {count:,}\n")
    for source in made.sources.values():
        sys.stdout.write(f"margins: {source['publisher']}, {source['title']} ({source['date']})\n")
    sys.stdout.write("everything else is a proposal without a source\n")
    return DONE
