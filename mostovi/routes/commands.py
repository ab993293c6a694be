# SPDX-License-Identifier: EUPL-1.2
"""`mostovi routes`: take files in, print what is published."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_FURTHER = ("mostovi.routes.detect_command",)
"""Modules that add further parts to `mostovi routes`, where they are there."""
IMPORT_HELP = """
The columns of the heading say what the file is:
  route, nationality, month, detections      monthly detections as Frontex publishes them
  route, country, dead, month, lat, lon      incidents of the IOM Missing Migrants Project
  reference, point, day, people, ...         this node's own observations (see docs/routes.md)

With one wrong row nothing is taken in, and every wrong row is listed. A publisher's file replaces
what was taken of that publisher before; the same observation is never counted twice.

Exit status: 0 taken in, 2 the file is wrong and nothing was taken.
"""


def register(subparsers: Any) -> None:
    """Add the command and its parts."""
    parser = subparsers.add_parser("routes", help="flows of people on the routes: counts only")
    parts = parser.add_subparsers(title="parts", metavar="PART", dest="part", required=True)
    taking = parts.add_parser(
        "import",
        help="take in observations or public figures",
        description="Takes in a file of counts.",
        epilog=IMPORT_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    taking.add_argument("file", type=Path, metavar="FILE", help="a .csv (UTF-8) or .xlsx file")
    taking.add_argument("--unit", default="main", help="unit that observed (default: main)")
    taking.add_argument("--json", action="store_true", help="print the result as JSON")
    taking.set_defaults(handler=_import)
    report = parts.add_parser(
        "report",
        help="print what is published of flows",
        description="Prints the balanced flows of a month with their intervals and what made each "
        "way dangerous, from published counts alone. Exit status: 1 when nothing is published.",
    )
    report.add_argument("--month", metavar="2026-03", help="default: the newest published")
    report.add_argument("--format", choices=["text", "json", "pdf"], default="text")
    report.add_argument("--json", action="store_const", const="json", dest="format")
    report.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
    report.add_argument("--language", default="en", help="language of the report (default: en)")
    report.set_defaults(handler=_report)
    for module in _FURTHER:
        if find_spec(module):
            import_module(module).register(parts)


def _import(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from django.utils import timezone

    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose
    from mostovi.routes import files, observing, publishing, sheets
    from mostovi.routes.public_files import FileRefused, publisher_of

    actor = replace(Actor.system(Purpose.STATISTICS), unit=options.unit)
    try:
        data = options.file.read_bytes()
        columns, rows = files.table(data, options.file.name)
        if publisher_of(columns) or sheets.missing_columns(columns):
            made = publishing.import_public(
                actor, rows, columns=columns, file_name=options.file.name,
                sha256=hashlib.sha256(data).hexdigest(), now=timezone.now(),
            )  # fmt: skip
            said: dict[str, Any] = {
                "publisher": made.publisher, "rows": made.rows, "first": made.first,
                "last": made.last,
            }  # fmt: skip
            text = f"{made.rows:,} rows of {made.publisher}, {made.first} to {made.last}."
        else:
            new, known = observing.observe_sheet(
                actor, rows, now=timezone.now(), today=timezone.localdate()
            )
            said = {"observations": new, "known": known}
            text = f"{new:,} new observations, {known:,} were here already."
    except OSError as error:
        print(f"{options.file}: {error.strerror}.", file=sys.stderr)
        return 2
    except FileRefused as refused:
        print(f"{options.file}: {refused}", file=sys.stderr)
        for problem in refused.problems:
            print(f"row {problem.row}, {problem.column}: {problem.text}", file=sys.stderr)
        return 2
    print(json.dumps(said) if options.json else text)
    return 0


def _report(options: argparse.Namespace) -> int:
    from django.conf import settings

    from mostovi.routes import reporting

    languages = [code for code, _name in settings.LANGUAGES]
    if options.language not in languages:
        print(f"Unknown language. One of: {', '.join(languages)}.", file=sys.stderr)
        return 2
    if options.format == "pdf" and options.out is None:
        print("A PDF needs a file: --out FILE.pdf.", file=sys.stderr)
        return 2
    content = reporting.gather(options.month)
    if options.month and content is None:
        print(f"Nothing is published for '{options.month}'.", file=sys.stderr)
        return 1
    if content is None:
        print("Nothing is published yet.", file=sys.stderr)
        return 1
    if options.format == "pdf":
        options.out.write_bytes(reporting.as_pdf(content, options.language))
        return 0
    if options.format == "json":
        text = json.dumps(reporting.as_json(content), ensure_ascii=False, indent=2)
    else:
        text = reporting.as_text(content, options.language)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    return 0
