# SPDX-License-Identifier: EUPL-1.2
"""The demo as an administrator meets it: real processes, killed, backed up, restored, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.nodes, pytest.mark.slow]

PASSPHRASE = {"MOSTOVI_BACKUP_PASSPHRASE": "correct horse battery"}


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("MOSTOVI_HOME", "DJANGO_"))}


def mostovi(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mostovi.node.main", *words],
        capture_output=True, text=True, env={**environment(), **PASSPHRASE}, check=False,
    )  # fmt: skip


def free_ports(count: int) -> int:
    """The first of `count` free ports in a row, among those of this worker."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for first in range(18_200 + 400 * worker, 18_600 + 400 * worker, 7):
        try:
            held = [socket.create_server(("127.0.0.1", first + n)) for n in range(count)]
        except OSError:
            continue
        for probe in held:
            probe.close()
        return first
    raise RuntimeError("no free ports")


class Running:
    """A demo in a process of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mostovi.node.main", "demo", "--json", "--home", str(home),
             "--port", str(port), "--nodes", "me,secretariat", "--people", "20"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read() if self.process.stderr else ""
        self.described: dict[str, Any] = json.loads(line)
        self.nodes = {node["code"]: node for node in self.described["nodes"]}

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    return tmp_path_factory.mktemp("demo"), free_ports(2)


@pytest.fixture(scope="module")
def demo(place: tuple[Path, int]) -> Iterator[Running]:
    running = Running(*place)
    yield running
    if running.process.poll() is None:
        running.stop()


def health(node: dict[str, Any]) -> dict[str, Any]:
    with urllib.request.urlopen(f"{node['url']}/health", timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def until(condition: Any, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            if condition():
                return
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.3)
    raise AssertionError("did not come true in time")


def test_every_node_answers_and_knows_the_others(demo: Running) -> None:
    for node in demo.nodes.values():
        until(lambda node=node: health(node)["status"] == "ok")
        done = mostovi("check", "--home", node["home"], "--json")
        assert json.loads(done.stdout) == [], done.stderr
        assert done.returncode == 0


def test_databases_and_keys_are_separate(demo: Running) -> None:
    homes = [Path(node["home"]) for node in demo.nodes.values()]
    for name in ("django.secret", "vault.master", "metrics.token"):
        assert len({(home / "keys" / name).read_bytes() for home in homes}) == len(homes)
    assert all((home / "db.sqlite3").exists() for home in homes)


def test_the_secretariat_holds_no_persons(demo: Running) -> None:
    import sqlite3

    path = Path(demo.nodes["secretariat"]["home"]) / "db.sqlite3"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        for table in ("people_person", "screening_submission", "cases_case"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608


def test_an_office_of_open_browsers_does_not_shut_the_next_one_out(demo: Running) -> None:
    node = demo.nodes["me"]
    port = int(node["url"].rpartition(":")[2])
    with contextlib.ExitStack() as open_browsers:
        for _ in range(50 * 6):
            line = open_browsers.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            line.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert line.recv(15).startswith(b"HTTP/1.1 ")
        assert health(node)["status"] == "ok"


def test_logs_are_json_lines(demo: Running) -> None:
    lines = (Path(demo.nodes["me"]["home"]) / "logs/serve.log").read_text().splitlines()
    events = [json.loads(line)["event"] for line in lines if line.startswith("{")]
    assert "serving" in events
    assert len(lines) - len(events) <= 2  # the address, printed for people


def test_a_running_node_is_backed_up_and_restored_elsewhere(demo: Running, tmp_path: Path) -> None:
    home = demo.nodes["me"]["home"]
    done = mostovi("backup", "--home", home, str(tmp_path / "b"), "--json")
    assert done.returncode == 0, done.stderr
    assert mostovi("restore", "--home", home, "--replace", str(tmp_path / "b")).returncode == 2
    restored = mostovi("restore", "--home", str(tmp_path / "other"), str(tmp_path / "b"), "--json")
    assert restored.returncode == 0, restored.stderr
    verified = mostovi("audit", "verify", "--home", str(tmp_path / "other"), "--json")
    assert json.loads(verified.stdout)["whole"] is True
    whole = (tmp_path / "b").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    refused = mostovi("restore", "--home", str(tmp_path / "third"), str(tmp_path / "cut"))
    assert refused.returncode == 2
    assert "Nothing was changed" in refused.stderr
    assert not (tmp_path / "third").exists()


def test_a_killed_node_comes_back_by_itself(demo: Running) -> None:
    node = demo.nodes["me"]
    os.kill(node["process"], signal.SIGKILL)
    until(lambda: health(node)["status"] == "ok")
    assert json.loads(mostovi("audit", "verify", "--home", node["home"], "--json").stdout)["whole"]


def test_stopping_leaves_no_process_and_data_stays(demo: Running, place: tuple[Path, int]) -> None:
    import sqlite3

    home, port = place
    assert demo.stop() == 0
    for node in demo.nodes.values():
        with pytest.raises(OSError):
            health(node)
    database = home / "me/db.sqlite3"
    with sqlite3.connect(database) as connection:
        before = connection.execute("SELECT count(*) FROM people_person").fetchone()[0]
    other = mostovi(
        "demo", "--home", str(home), "--port", str(port + 1), "--nodes", "me,secretariat"
    )
    assert other.returncode == 2
    assert "--fresh" in other.stderr
    again = Running(home, port)
    assert again.stop() == 0
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM people_person").fetchone()[0] == before


def test_killing_the_demo_itself_leaves_no_orphans(place: tuple[Path, int]) -> None:
    running = Running(*place)
    running.process.kill()
    running.process.wait(10)

    def all_gone() -> bool:
        for node in running.nodes.values():
            try:
                health(node)
            except OSError:
                continue
            return False
        return True

    until(all_gone, 40)
