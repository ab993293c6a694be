# SPDX-License-Identifier: EUPL-1.2
"""`mostovi check`: what is misconfigured, why it matters and what to do."""

from __future__ import annotations

import argparse
import dataclasses
import json

from mostovi.node import startup


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "check",
        help="explain what is misconfigured",
        description="Look at keys, permissions, database, clock, worker, partners, certificates, "
        "assets, translations and disk. Exit status 1 when something is to be done.",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Print the findings; 1 when there are any."""
    startup.start_django(needs_node=True)
    from mostovi.node.checks import all_problems

    problems = all_problems()
    if options.json:
        print(json.dumps([dataclasses.asdict(problem) for problem in problems], ensure_ascii=False))
    else:
        for problem in problems:
            print(f"{problem.code}: {problem.what}\n    {problem.remedy}")
        count = "1 finding." if len(problems) == 1 else f"{len(problems)} findings."
        print(count if problems else "Everything is in order.")
    return 1 if problems else 0
