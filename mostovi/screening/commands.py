# SPDX-License-Identifier: EUPL-1.2
"""The commands of screening."""

from __future__ import annotations

from typing import Any

from mostovi.screening import finding_commands, form_commands


def register(subparsers: Any) -> None:
    """Add the commands to the command line."""
    finding_commands.register(subparsers)
    form_commands.register(subparsers)
