# SPDX-License-Identifier: EUPL-1.2
"""A synthetic region on one machine: several real nodes, each its own process, data and keys.

Nothing here is a short cut through the product: nodes are made as `mostovi init` makes them, and
they meet through a directory that the steward signs. Work inside a node is done by `demo_node` in
a process of that node, because one process can be only one node.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mostovi.node.config import PARTNERS, SECRETARIAT, ConfigurationError
from mostovi.node.initialise import to_toml, write_node

PASSWORD: Final = "bridges-not-walls"  # noqa: S105 - published on purpose; demo nodes only
COLOURS: Final[Mapping[str, str]] = {
    "al": "#8a2432",
    "ba": "#1f4e79",
    "xk": "#5b4b8a",
    "me": "#0f766e",
    "mk": "#9a4a00",
    "rs": "#7a1f5c",
    SECRETARIAT: "#3f4a56",
}
UNITS: Final = ("border", "centre")
STATE: Final = "demo.json"
PATIENCE: Final = 90.0
QUICK_DEATH: Final = 5.0
PROGRESS: Final = "progress: "
# Gathering takes longest of all; it depends on the code alone, so every demo shares one folder.
STATIC: Final = Path(__file__).resolve().parents[2] / ".local/static"

Say = Callable[[str], None]


@dataclass(frozen=True)
class DemoNode:
    """One node of the demo."""

    code: str
    home: Path
    port: int
    steward: bool

    @property
    def url(self) -> str:
        """Its address: by name, because browsers make passkeys for a name, not for a number."""
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> Path:
        """Where its server writes."""
        return self.home / "logs" / "serve.log"

    @property
    def name(self) -> str:
        """What its pages call it."""
        partner = self.code.split("-", 1)[0]
        return PARTNERS.get(partner, "Regional secretariat")

    def settings(self, stewards: Mapping[str, str]) -> dict[str, Any]:
        """Its `node.toml`."""
        partner = self.code.split("-", 1)[0]
        return {
            "code": self.code,
            "name": self.name,
            "base_url": self.url,
            "colour": COLOURS[partner],
            "demo": True,
            "holds_persons": partner != SECRETARIAT,
            "steward": self.steward,
            "units": list(UNITS),
            **({"stewards": dict(stewards)} if stewards else {}),
        }


def plan(codes: Sequence[str], port: int, home: Path) -> list[DemoNode]:
    """The nodes to run. Raises `ConfigurationError` for an unknown or repeated code."""
    if len(set(codes)) != len(codes) or not codes:
        raise ConfigurationError("--nodes names a node twice, or none.")
    for code in codes:
        if code.split("-", 1)[0] not in {*PARTNERS, SECRETARIAT}:
            raise ConfigurationError(
                f"--nodes: '{code}' is not one of {', '.join(PARTNERS)}, {SECRETARIAT}."
            )
    steward = SECRETARIAT if SECRETARIAT in codes else codes[0]
    return [
        DemoNode(code, home / code, port + number, code == steward)
        for number, code in enumerate(codes)
    ]


@dataclass
class Demo:
    """The demo in `home`; its data stays from one run to the next until `fresh`."""

    nodes: list[DemoNode]
    home: Path
    people: int
    say: Say
    accounts: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def prepare(self, *, fresh: bool) -> None:
        """Make or update every node, let the steward introduce them, load the synthetic world."""
        if fresh:
            self._delete()
        self._refuse_other_shape()
        self._refuse_taken_ports()
        for node in self.nodes:
            write_node(node.home, node.settings({}))
            self._write_settings(node, self._known_stewards(node))
        self.say("databases, keys, forms and accounts")
        with ThreadPoolExecutor(1) as beside:
            gathering = beside.submit(run_step, self.nodes[0], "gather", {})
            prepared = self._each("prepare", {"password": PASSWORD})
            gathering.result()
        stewards = {n.code: found["steward"] for n, found in prepared if found["steward"]}
        for node in self.nodes:
            self._write_settings(node, stewards)
        self.say("directory of nodes, signed by the steward")
        steward = next(node for node in self.nodes if node.steward)
        entries = [found["entry"] for node, found in prepared if node is not steward]
        document = run_step(steward, "direct", {"entries": entries})["document"]
        loaded = self._loaded()
        if not loaded:
            self.say(f"synthetic world, {self.people} people a node")
        self._each("populate", {"document": document, "people": 0 if loaded else self.people})
        self.accounts = {node.code: found["accounts"] for node, found in prepared}
        self._write_state(loaded=True)

    def _each(self, step: str, given: Mapping[str, Any]) -> list[tuple[DemoNode, dict[str, Any]]]:
        """Carry out a step in all nodes side by side."""
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            return list(
                zip(
                    self.nodes,
                    pool.map(lambda n: run_step(n, step, given), self.nodes),
                    strict=True,
                )
            )

    def _write_settings(self, node: DemoNode, stewards: Mapping[str, str]) -> None:
        path = node.home / "node.toml"
        path.write_text(to_toml(node.settings(stewards)), encoding="utf-8")
        path.chmod(0o600)

    def _known_stewards(self, node: DemoNode) -> dict[str, str]:
        held = tomllib.loads((node.home / "node.toml").read_text(encoding="utf-8"))
        return dict(held.get("stewards", {}))

    def _delete(self) -> None:
        """Remove former demo nodes, and nothing that is not one."""
        for path in sorted(self.home.glob("*/node.toml")):
            if tomllib.loads(path.read_text(encoding="utf-8")).get("demo") is True:
                shutil.rmtree(path.parent)
        (self.home / STATE).unlink(missing_ok=True)

    def _state(self) -> dict[str, Any]:
        path = self.home / STATE
        if not path.exists():
            return {}
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return state

    def accounts_by_node(self) -> list[tuple[list[str], list[str]]]:
        """(codes of nodes, names of the accounts that exist at exactly these)."""
        where: dict[str, list[str]] = {}
        for code, accounts in self.accounts.items():
            for account in accounts:
                where.setdefault(account["username"], []).append(code)
        groups: dict[tuple[str, ...], list[str]] = {}
        for name, codes in where.items():
            groups.setdefault(tuple(codes), []).append(name)
        return [(list(codes), names) for codes, names in groups.items()]

    def _shape(self) -> dict[str, int]:
        return {node.code: node.port for node in self.nodes}

    def _loaded(self) -> bool:
        return bool(self._state().get("loaded"))

    def _refuse_other_shape(self) -> None:
        """Nodes know each other by address, so a kept demo keeps its nodes and ports."""
        held = self._state().get("nodes")
        if held not in (None, self._shape()):
            had = ", ".join(f"{code} on {port}" for code, port in held.items())
            raise ConfigurationError(
                f"{self.home} holds a demo with {had}. Start that one again, add --fresh to begin "
                "anew, or name another folder with --home."
            )
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write_state(loaded=self._loaded())

    def _write_state(self, *, loaded: bool) -> None:
        state = {"nodes": self._shape(), "loaded": loaded}
        (self.home / STATE).write_text(json.dumps(state), encoding="utf-8")

    def _refuse_taken_ports(self) -> None:
        for node in self.nodes:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", node.port))
                except OSError as error:
                    raise ConfigurationError(
                        f"Port {node.port} is in use. Choose other ones with --port."
                    ) from error


def run_step(
    node: DemoNode, step: str, given: Mapping[str, Any], say: Say | None = None
) -> dict[str, Any]:
    """Do one step of `demo_node` in a process of that node; `say` hears how far it is.

    Raises `ConfigurationError` when it fails.
    """
    with subprocess.Popen(  # noqa: S603 - our own interpreter and fixed words
        [sys.executable, "-m", "mostovi.node.demo_node", step],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(node),
    ) as process:
        assert process.stdin and process.stdout and process.stderr  # noqa: S101 - pipes asked for
        json.dump(given, process.stdin)
        process.stdin.close()
        complaints: list[str] = []
        for line in process.stderr:
            if line.startswith(PROGRESS) and say:
                say(f"{node.code}: {line.removeprefix(PROGRESS).strip()}")
            else:
                complaints.append(line)
        answer = process.stdout.read()
    if process.returncode:
        raise ConfigurationError(
            f"Node '{node.code}' could not be prepared ({step}):\n{''.join(complaints)[-2000:]}"
        )
    found: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return found


def _environment(node: DemoNode) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MOSTOVI_", "DJANGO_"))}
    for name in ("MOSTOVI_NODE_MODULES", "MOSTOVI_LOG_LEVEL", "MOSTOVI_TRACEBACK"):
        if name in os.environ:
            kept[name] = os.environ[name]
    return {
        **kept,
        "MOSTOVI_HOME": str(node.home),
        "MOSTOVI_STATIC_ROOT": str(STATIC),
        "PYTHONUNBUFFERED": "1",
    }


class Servers:
    """The running nodes. One that dies is started again; what it was doing must not be lost."""

    def __init__(self, nodes: Sequence[DemoNode], say: Say) -> None:
        self._nodes = nodes
        self._say = say
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, float] = {}
        self._quick_deaths: dict[str, int] = {}
        self.stopping = False

    def start(self) -> None:
        """Start all and wait until each answers. Raises `ConfigurationError` when one does not."""
        for node in self._nodes:
            self._start(node)
        ends = time.monotonic() + PATIENCE
        for node in self._nodes:
            while not answers(node):
                if self._processes[node.code].poll() is not None or time.monotonic() > ends:
                    raise ConfigurationError(
                        f"Node '{node.code}' does not answer:\n{_tail(node.log)}"
                    )
                time.sleep(0.1)

    def process(self, code: str) -> int:
        """The process number of a node."""
        return self._processes[code].pid

    def watch(self) -> int:
        """Stay until asked to stop, starting again what dies; the exit status."""
        while not self.stopping:
            time.sleep(0.2)
            for node in self._nodes:
                if self.stopping or self._processes[node.code].poll() is None:
                    continue
                if time.monotonic() - self._started[node.code] < QUICK_DEATH:
                    self._quick_deaths[node.code] = self._quick_deaths.get(node.code, 0) + 1
                if self._quick_deaths.get(node.code, 0) >= 3:
                    self._say(f"node {node.code} does not stay up:\n{_tail(node.log)}")
                    return 1
                self._say(f"node {node.code} stopped; starting it again")
                self._start(node)
        return 0

    def stop(self) -> None:
        """Ask all to finish what is in hand, and wait."""
        stop_all(self._processes.values())

    def _start(self, node: DemoNode) -> None:
        node.log.parent.mkdir(mode=0o700, exist_ok=True)
        with node.log.open("ab") as log:
            self._processes[node.code] = subprocess.Popen(
                [sys.executable, "-m", "mostovi.node.main", "serve"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**_environment(node), "MOSTOVI_STOP_WITH_PARENT": "1"},
                start_new_session=True,
            )
        self._started[node.code] = time.monotonic()


def stop_all(processes: Collection[subprocess.Popen[bytes]], *, seconds: float = 25) -> None:
    """Ask all to end, wait for each, and kill one that has not ended after `seconds`."""
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()


def answers(node: DemoNode) -> bool:
    """Whether the node says that it can answer people."""
    try:
        with urllib.request.urlopen(f"{node.url}/health", timeout=5) as reply:  # noqa: S310 - http
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _tail(path: Path, size: int = 2000) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[-size:]
    except OSError:
        return "(it wrote nothing)"
