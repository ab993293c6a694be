# SPDX-License-Identifier: EUPL-1.2
"""Reads the route graph and the rules of display from `content/routes`, once for each process."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from mostovi.content import CONTENT
from mostovi.routes import coarsening
from mostovi.routes import network as graph

FOLDER = CONTENT / "routes"


def _document(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


@cache
def network() -> graph.Network:
    """The route graph in force."""
    return graph.parse(_document("network.yaml"))


@cache
def display() -> coarsening.Display:
    """The rules of display in force."""
    return coarsening.parse(_document("display.yaml"))
