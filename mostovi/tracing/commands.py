# SPDX-License-Identifier: EUPL-1.2
"""The commands of tracing and matching."""

from __future__ import annotations

from typing import Any

from mostovi.tracing import tracing_commands


def register(subparsers: Any) -> None:
    """Add the commands to the command line."""
    tracing_commands.register(subparsers)
