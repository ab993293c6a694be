# SPDX-License-Identifier: EUPL-1.2
"""`mostovi pathways`: each verb stands in its own module, `<verb>_command.py`, with `register`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command with all of its verbs."""
    parser = subparsers.add_parser(
        "pathways", help="the law as tested data: check a person, simulate a reform, compare"
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for path in sorted(Path(__file__).parent.glob("*_command.py")):
        importlib.import_module(f"mostovi.pathways.{path.stem}").register(verbs)
