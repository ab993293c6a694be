# SPDX-License-Identifier: EUPL-1.2
"""`mostovi init`: make a node, or bring one up to date after an upgrade."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from mostovi.node import initialise, startup
from mostovi.node.config import PARTNERS, SECRETARIAT


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "init",
        help="make a node, or bring one up to date after an upgrade",
        description="Make a node's data folder: node.toml, keys, database and shipped content. "
        "On a folder that holds the node already, bring its database and content up to date.",
    )
    parser.add_argument(
        "--home",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="the node's data folder (default: MOSTOVI_HOME)",
    )
    parser.add_argument(
        "--code",
        metavar="CODE",
        help=f"{', '.join(PARTNERS)} or {SECRETARIAT}, perhaps with '-INSTITUTION' after it",
    )
    parser.add_argument("--name", metavar="TEXT", help="the institution's name")
    parser.add_argument("--base-url", metavar="URL", help="how browsers and other nodes reach it")
    parser.add_argument(
        "--database",
        metavar="URL",
        help="sqlite (default) or postgresql://user:password@host:port/name",
    )
    parser.add_argument("--units", metavar="A,B", help="units of the institution (default: main)")
    parser.add_argument("--language", metavar="CODE", help="language of new accounts (default: en)")
    parser.add_argument("--colour", metavar="#RRGGBB", help="colour of the node's band")
    parser.add_argument("--steward", action="store_true", help="it signs the directory of nodes")
    parser.add_argument("--polling", action="store_true", help="it fetches its post (firewall)")
    parser.add_argument("--demo", action="store_true", help="synthetic data only, marked so")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(handler=run)


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """What the options say, as keys of `node.toml`; what was not given is left out."""
    values: dict[str, Any] = {}
    for key in ("code", "name", "base_url", "database", "language", "colour"):
        if (given := getattr(options, key)) is not None:
            values[key] = given
    for key in ("steward", "polling", "demo"):
        if getattr(options, key):
            values[key] = True
    if options.units:
        values["units"] = [unit.strip() for unit in options.units.split(",") if unit.strip()]
    if values.get("code", "").split("-", 1)[0] == SECRETARIAT:
        values["holds_persons"] = False
    return values


def run(options: argparse.Namespace) -> int:
    """Make or update the node; prints where it is and what to do next."""
    startup.keep_private()
    startup.use_home(getattr(options, "home", None))
    home = Path(os.environ.get("MOSTOVI_HOME") or Path.home() / ".local/share/mostovi").absolute()
    values = settings_of(options)
    made = False
    if values or not (home / "node.toml").exists():
        made = initialise.write_node(home, values)
    startup.start_django(needs_node=True)

    def say(step: str) -> None:
        if not options.json:
            sys.stdout.write(f"  {step}\n")

    initialise.bring_up_to_date(say)
    if options.json:
        print(json.dumps({"home": str(home), "made": made}))
    else:
        print(f"Node {'made' if made else 'brought up to date'} in {home}.")
        print(f"Start it with: mostovi serve --home {home}")
    return 0
