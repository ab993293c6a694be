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

from mostovi.node import startup
from mostovi.node.config import PARTNERS, SECRETARIAT

if TYPE_CHECKING:
    from mostovi.node.demo import Demo, DemoNode, Servers

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
    startup.keep_private()
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

    console = Console(highlight=False, soft_wrap=True)
    nodes = Table("Node", "Address", title="Synthetic people, real nodes", title_justify="left")
    for node in region.nodes:
        nodes.add_row(f"{node.name} ({node.code})", node.url)
    console.print(nodes)
    for codes, names in region.accounts_by_node():
        everywhere = len(codes) == len(region.nodes)
        console.print(f"\nAccounts at {'every node' if everywhere else ' and '.join(codes)}:")
        console.print("  " + ", ".join(names))
    console.print(f"\nPassword of every account: [bold]{demo.PASSWORD}[/bold]")
    for line in _tour(region.nodes):
        console.print(line)
    console.print(f"\nData in {region.home}; each node logs to logs/serve.log. Ctrl-C stops all.")


def _tour(nodes: list[DemoNode]) -> list[str]:
    """What to try, from a screening at one node to the region's number."""
    persons = [node for node in nodes if node.code != SECRETARIAT]
    if len(persons) < 2:
        return []
    sender, receiver = persons[1], persons[0]
    region = next((node for node in nodes if node.code == SECRETARIAT), None)
    lines = [
        "\nTry, in this order (sign in as the account named):",
        f"  1. first-responder at {sender.url}: fill in a screening form, read the findings",
        f"  2. social-worker at {sender.url}: open a case, take consent",
        f"  3. anti-trafficking-coordinator at {sender.url}: refer the case to {receiver.code}",
        f"  4. anti-trafficking-coordinator at {receiver.url}: accept it, ask, or decline",
    ]
    if region:
        lines += [
            f"  5. statistician at {sender.url}: send the month's counts",
            f"  6. secretariat at {region.url}: the region's numbers and the plan",
        ]
    return lines
