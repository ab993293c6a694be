# SPDX-License-Identifier: EUPL-1.2
"""`mostovi synthetic load` and `show`: invented people for a demonstration node."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

from mostovi.node import startup

if TYPE_CHECKING:
    from mostovi.node.synthetic.loading import Progress

LARGEST = 5_000_000


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    command = subparsers.add_parser(
        "synthetic",
        help="invented people for demonstrations and measurements",
        description="The synthetic world: invented people, the same for the same seed. Nothing "
        "in it comes from a register or is a statistic.",
    )
    verbs = command.add_subparsers(dest="verb", required=True)
    load = verbs.add_parser("load", help="add invented people to this demonstration node")
    load.add_argument("--people", type=_count, default=500, metavar="N", help="1 to 5,000,000")
    load.add_argument("--seed", type=int, default=None, help="another world")
    load.add_argument(
        "--case-share", type=_share, default=None, metavar="SHARE",
        help="share of people with a case, 0 to 1 (default: as their answers call for)",
    )  # fmt: skip
    load.add_argument("--json", action="store_true")
    load.set_defaults(handler=run_load)
    show = verbs.add_parser("show", help="print invented people as JSON lines; stores nothing")
    show.add_argument("--people", type=_count, default=5, metavar="N")
    show.add_argument("--start", type=int, default=0, metavar="NUMBER")
    show.add_argument("--seed", type=int, default=None)
    show.add_argument("--on", type=date.fromisoformat, default=None, metavar="DATE")
    show.set_defaults(handler=run_show)


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= LARGEST:
        raise argparse.ArgumentTypeError(f"write a number from 1 to {LARGEST}")
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("write a share from 0 to 1")
    return share


def run_load(options: argparse.Namespace) -> int:
    """Load people; exit 2 on a node that must not hold invented ones."""
    startup.start_django(needs_node=True)
    from mostovi.node.synthetic import loading

    began = time.monotonic()
    seed = loading.DEFAULT_SEED if options.seed is None else options.seed
    try:
        with _progress(options.people) as progress:
            loaded = loading.load(
                options.people, seed=seed, case_share=options.case_share, progress=progress
            )
    except (loading.NotForSynthetic, ValueError) as error:
        print(f"synthetic load: {error}", file=sys.stderr)
        return 2
    seconds = time.monotonic() - began
    if options.json:
        print(json.dumps({**asdict(loaded), "seconds": round(seconds, 1), "seed": seed}))
    else:
        print(
            f"{loaded.people} people, {loaded.cases} cases, {loaded.submissions} screenings and "
            f"{loaded.referrals} referrals loaded in {seconds:.0f} seconds."
        )
    return 0


@contextmanager
def _progress(people: int) -> Iterator[Progress]:
    """A bar on standard error; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), "people", TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("people", total=people)
        yield lambda done: bar.update(task, completed=done)


def run_show(options: argparse.Namespace) -> int:
    """Print people, one JSON object a line, without the hidden situation."""
    from mostovi.node.synthetic.lists import shipped
    from mostovi.node.synthetic.world import World

    seed = 0 if options.seed is None else options.seed
    world = World(shipped(), seed=seed, on=options.on or date.today())
    try:
        for person in world.people(options.people, start=options.start):
            values = asdict(person) | {"synthetic": True}
            del values["situation"]
            print(json.dumps(values, ensure_ascii=False, default=str))
    except ValueError as error:
        print(f"synthetic show: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0
    return 0
