# SPDX-License-Identifier: EUPL-1.2
"""`mostovi demo`: a synthetic region of several real nodes on this machine."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from mostovi.node.config import PARTNERS, SECRETARIAT

if TYPE_CHECKING:
    from mostovi.node.demo import Demo, Servers

DEFAULT_HOME = Path(__file__).resolve().parents[3] / ".local/demo"


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "demo",
        help="run a synthetic region: several real nodes on this machine",
        description="Make the nodes where they do not exist, load a synthetic world, start each "
        "in its own process with its own database and keys, and print addresses and accounts. "
        "Ctrl-C stops all of them; their data stays for the next time.",
    )
    parser.add_argument(
        "--nodes",
        default=f"ba,me,{SECRETARIAT}",
        metavar="CODES",
        help=f"of {', '.join(PARTNERS)}, {SECRETARIAT} (default: %(default)s)",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=8000,
        metavar="N",
        help="port of the first node; the others follow (default: %(default)s)",
    )
    parser.add_argument(
        "--people",
        type=int,
        default=300,
        metavar="N",
        help="people in each node's synthetic world (default: %(default)s)",
    )
    parser.add_argument(
        "--home",
        type=Path,
        default=DEFAULT_HOME,
        metavar="DIR",
        help="folder of the nodes' folders (default: .local/demo of the clone)",
    )
    parser.add_argument("--fresh", action="store_true", help="delete the former demo first")
    parser.add_argument("--json", action="store_true", help="print one JSON line when all is ready")
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Prepare, start, print, and stay until stopped."""
    from mostovi.node import demo

    began = time.monotonic()

    def say(step: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - began:5.1f} s] {step}\n")

    home = options.home.absolute()
    nodes = demo.plan([c for c in options.nodes.split(",") if c], options.port, home)
    region = demo.Demo(nodes, home, options.people, say)
    region.prepare(fresh=options.fresh)
    servers = demo.Servers(nodes, say)

    def stop(number: int, frame: FrameType | None) -> None:
        servers.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        say("starting the nodes")
        servers.start()
        say("ready")
        if options.json:
            print(json.dumps(_described(region, servers)), flush=True)
        else:
            _print_guide(region)
        return servers.watch()
    finally:
        say("stopping the nodes")
        servers.stop()


def _described(region: Demo, servers: Servers) -> dict[str, object]:
    from mostovi.node import demo

    return {
        "password": demo.PASSWORD,
        "nodes": [
            {
                "code": node.code,
                "url": node.url,
                "home": str(node.home),
                "process": servers.process(node.code),
                "accounts": [account["username"] for account in region.accounts[node.code]],
            }
            for node in region.nodes
        ],
    }


def _print_guide(region: Demo) -> None:
    from rich.console import Console
    from rich.table import Table

    from mostovi.node import demo

    console = Console(highlight=False)
    table = Table(title="Mostovi demo: synthetic people, real nodes", title_justify="left")
    table.add_column("Node", no_wrap=True)
    table.add_column("Address", no_wrap=True)
    table.add_column("Accounts")
    for node in region.nodes:
        names = ", ".join(account["username"] for account in region.accounts[node.code])
        table.add_row(f"{node.name}\n({node.code})", node.url, names)
    console.print(table)
    console.print(f"Password of every account: [bold]{demo.PASSWORD}[/bold]")
    persons = [node for node in region.nodes if node.code != SECRETARIAT]
    first, last = persons[-1] if persons else None, persons[0] if persons else None
    if first and last:
        console.print("\nTry, in this order (sign in as the account named):")
        console.print(f"  1. first-responder at {first.url}: fill in a screening form.")
        console.print("  2. The same: read the explained findings, open a case, take consent.")
        console.print(
            f"  3. anti-trafficking-coordinator at {first.url}: refer the case to {last.code}."
        )
        console.print(f"  4. anti-trafficking-coordinator at {last.url}: accept it, or ask.")
        console.print("  5. statistician: send the month's counts; secretariat: see the region.")
    console.print(
        f"\nData: {region.home}. Logs: logs/serve.log in each node's folder. Ctrl-C stops all."
    )
