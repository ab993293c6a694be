# SPDX-License-Identifier: EUPL-1.2
"""A real region: three node processes with databases and keys of their own, and a browser."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.node.test_operations_nodes import environment, free_ports


@dataclass
class Region:
    """The running nodes by code, and the accounts' password."""

    addresses: dict[str, str]
    password: str
    home: Path
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def processes(self) -> dict[str, int]:
        """The nodes' processes as they run now: one that was killed has another after a while.

        Empty for a region that was not started here, whose processes are not ours to stop.
        """
        if self.process is None:
            return {}
        found: dict[str, int] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                given = (folder / "environ").read_bytes().split(b"\0")
            except (OSError, ValueError):
                continue
            for code in self.addresses:
                home = f"MOSTOVI_HOME={self.home / code}".encode()
                if parent == self.process.pid and home in given:
                    found[code] = int(folder.name)
        return found


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    """Start the demo on free ports; `MOSTOVI_REGION` names the home of one that runs already."""
    running = os.environ.get("MOSTOVI_REGION")
    if running:
        state = json.loads((Path(running) / "demo.json").read_text(encoding="utf-8"))
        ports = {code: f"http://127.0.0.1:{port}" for code, port in state["nodes"].items()}
        yield Region(ports, "bridges-not-walls", Path(running))
        return
    home = tmp_path_factory.mktemp("region")
    process = subprocess.Popen(
        [sys.executable, "-m", "mostovi.node.main", "demo", "--json", "--home", str(home),
         "--port", str(free_ports(3)), "--people", "40"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr else ""
    described = json.loads(line)
    addresses = {node["code"]: node["url"] for node in described["nodes"]}
    yield Region(addresses, described["password"], home, process)
    process.send_signal(signal.SIGTERM)
    process.wait(60)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One Chromium for all stories."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "these tests need Chromium; script/setup says how to get it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(region: Region, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Sign in at a node: `visit("me", "first-responder")` gives the page of a fresh browser."""
    contexts: list[Any] = []

    def enter(node: str, account: str, width: int = 1280) -> Any:
        context = chromium.new_context(
            base_url=region.addresses[node], viewport={"width": width, "height": 900}
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.goto("/accounts/login/")
        page.fill("input[name=login]", account)
        page.fill("input[name=password]", region.password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        return page

    yield enter
    for context in contexts:
        context.close()
