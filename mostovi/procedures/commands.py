# SPDX-License-Identifier: EUPL-1.2
"""`mostovi procedures list` and `mostovi procedures export`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from mostovi.procedures import bpmn, library
from mostovi.procedures.definition import Procedure, words
from mostovi.procedures.drawing import draw
from mostovi.procedures.loader import BadProcedure

RIGHT_TO_LEFT = frozenset({"ar", "fa", "ps", "ur", "he"})


def register(subparsers: Any) -> None:
    """Add the commands to the command line."""
    command = subparsers.add_parser("procedures", help="procedure files: list, draw, export")
    verbs = command.add_subparsers(dest="verb", required=True)
    listing = verbs.add_parser("list", help="every procedure file, or what is wrong with one")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(handler=_list)
    check = verbs.add_parser("check", help="read a procedure file that is not installed")
    check.add_argument("file", type=Path)
    check.set_defaults(handler=_check)
    export = verbs.add_parser("export", help="draw a procedure, or export it for BPMN tools")
    export.add_argument("code")
    export.add_argument("--format", choices=["svg", "bpmn"], required=True)
    export.add_argument("--language", default="en")
    export.add_argument("--out", type=Path, help="a file (default: standard output)")
    export.set_defaults(handler=_export)


def _list(options: argparse.Namespace) -> int:
    try:
        procedures = [file.procedure for file in library.shipped().values()]
    except BadProcedure as error:
        print(error, file=sys.stderr)
        return 2
    rows = [_summary(procedure) for procedure in procedures]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        print(
            f"{row['code']:<20} version {row['version']}, {row['states']} states, "
            f"{row['clocks']} clocks, {row['review']}: {row['title']}"
        )
    return 0


def _summary(procedure: Procedure) -> dict[str, str | int]:
    return {
        "code": procedure.code,
        "version": procedure.version,
        "title": words(procedure.title, "en").text,
        "states": len(procedure.states),
        "transitions": len(procedure.transitions),
        "clocks": len(procedure.clocks),
        "review": procedure.review.status.value,
    }


def _check(options: argparse.Namespace) -> int:
    try:
        procedure = library.read(options.file).procedure
    except BadProcedure as error:
        print(error, file=sys.stderr)
        return 1
    except (OSError, UnicodeDecodeError) as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        return 2
    print(f"{options.file}: {procedure.code} {procedure.version} is in order")
    return 0


def _export(options: argparse.Namespace) -> int:
    try:
        procedure = library.current(options.code).procedure
    except (BadProcedure, library.UnknownProcedure) as error:
        print(f"procedures export: {error}", file=sys.stderr)
        return 2
    if options.format == "bpmn":
        text = bpmn.export(procedure, language=options.language)
    else:
        mirrored = options.language.split("-", 1)[0] in RIGHT_TO_LEFT
        text = draw(procedure, language=options.language, right_to_left=mirrored).svg
    if options.out is None:
        print(text)
        return 0
    try:
        options.out.write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"procedures export: {error}", file=sys.stderr)
        return 2
    return 0
