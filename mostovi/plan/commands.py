# SPDX-License-Identifier: EUPL-1.2
"""`mostovi plan report`, and the imports of published files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its two parts."""
    parser = subparsers.add_parser("plan", help="progress of the 21 actions, and their figures")
    parts = parser.add_subparsers(title="parts", metavar="PART", dest="part", required=True)
    report = parts.add_parser(
        "report",
        help="print the progress report",
        description="Prints what this node knows: at a partner its own reports, at the secretariat "
        "those of all partners. With --year it says what had been said by the end of that year.",
    )
    report.add_argument("--partner", metavar="CODE", help="only this partner, such as ba")
    report.add_argument("--format", choices=["html", "json", "pdf"], default="html")
    report.add_argument("--year", type=int, help="what was known by the end of this year")
    report.add_argument(
        "--plan", metavar="CODE", default="", help="another plan than the one in force"
    )
    report.add_argument("--out", type=Path, metavar="FILE", help="write to a file; PDF needs one")
    report.add_argument("--language", default="en", help="language of the report (default: en)")
    report.set_defaults(handler=_report)
    stock = parts.add_parser(
        "import-stock",
        help="recompute the report's 4.3 from the UN's migrant stock",
        description="Reads a CSV with the columns destination, year, origin, sex, persons. Every "
        "row is checked; with one wrong row nothing is taken and all wrong rows are listed.",
    )
    stock.add_argument("file", type=Path, metavar="FILE.csv")
    stock.add_argument("--json", action="store_true", help="print the result as JSON")
    stock.set_defaults(handler=_import_stock)

    for name, what, handler in (
        ("import-asylum", "count UNHCR's asylum applications by partner", _import_asylum),
        (
            "import-detections",
            "count Frontex's detections on the route by month",
            _import_detections,
        ),
    ):
        part = parts.add_parser(
            name, help=what,
            description="Every row is checked; with one wrong row nothing is taken and all wrong "
            "rows are listed. Only sums are kept.",
        )  # fmt: skip
        part.add_argument("file", type=Path, metavar="FILE.csv")
        part.add_argument("--json", action="store_true", help="print the result as JSON")
        part.set_defaults(handler=handler)


def _report(options: argparse.Namespace) -> int:
    """Print or write the report. 1 when nothing was reported, 2 for wrong options."""
    from django.conf import settings

    from mostovi.plan import reporting
    from mostovi.plan.content import plans
    from mostovi.statistics.region import PARTNERS

    if options.partner and options.partner not in PARTNERS:
        print(f"Unknown partner '{options.partner}'. One of: {', '.join(PARTNERS)}.",
              file=sys.stderr)  # fmt: skip
        return 2
    languages = [code for code, _name in settings.LANGUAGES]
    if options.language not in languages:
        print(f"Unknown language '{options.language}'. One of: {', '.join(languages)}.",
              file=sys.stderr)  # fmt: skip
        return 2
    if options.plan and options.plan not in plans():
        print(f"Unknown plan '{options.plan}'. One of: {', '.join(plans())}.", file=sys.stderr)
        return 2
    if options.year and not 2000 <= options.year <= 2100:
        print("Write the year with four digits.", file=sys.stderr)
        return 2
    if options.format == "pdf" and not options.out:
        print("Name the PDF's file: --out FILE.pdf", file=sys.stderr)
        return 2
    partners = (options.partner,) if options.partner else PARTNERS
    content = reporting.gather(
        partners, options.language, year=options.year, plan_code=options.plan
    )
    try:
        _write(_as(options.format, content, options.language), options.out)
    except OSError as error:
        print(f"{options.out}: {error.strerror}.", file=sys.stderr)
        return 2
    return 0 if any(action["reports"] for action in content["actions"]) else 1


def _as(form: str, content: dict[str, Any], language: str) -> bytes:
    from mostovi.plan import reporting

    if form == "pdf":
        return reporting.as_pdf(content, language)
    if form == "json":
        return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
    return reporting.as_html(content, language).encode()


def _write(content: bytes, out: Path | None) -> None:
    if out:
        out.write_bytes(content)
    else:
        print(content.decode(), end="")


def _taken(options: argparse.Namespace, take: Callable[..., Any]) -> Any:
    """What `take` made of the file; None when it cannot be read or a row is wrong."""
    from mostovi.plan import services
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose

    try:
        content = options.file.read_bytes()
    except OSError as error:
        print(f"{options.file}: {error.strerror}.", file=sys.stderr)
        return None
    try:
        return take(Actor.system(Purpose.GOVERNANCE), content, file_name=options.file.name)
    except services.StockRefused as refused:
        for wrong in refused.errors:
            place = f"row {wrong.row}" if wrong.row else "file"
            column = f", column {wrong.column}" if wrong.column else ""
            found = f" Found: {wrong.found}." if wrong.found else ""
            print(f"{place}{column}: {wrong.message}{found}", file=sys.stderr)
        if refused.more:
            print(f"and {refused.more} more", file=sys.stderr)
        return None


def _import_stock(options: argparse.Namespace) -> int:
    """Import the table. 2 when the file cannot be read or a row is wrong."""
    from mostovi.plan import services

    value = _taken(options, services.import_stock)
    if value is None:
        return 2
    parts = value.parts
    if options.json:
        print(json.dumps({"year": value.year, "value": str(value.value), **parts}))
    else:
        print(
            f"{value.value} emigrants for 1 immigrant in {value.year}: "
            f"{parts['emigrants']:,} / {parts['immigrants']:,}, of both {parts['within']:,} within "
            f"the five; {parts['without_moves_within']} without these. The report prints 4.3."
        )
    return 0


def _import_asylum(options: argparse.Namespace) -> int:
    """Import UNHCR's file. 2 when it cannot be read or a row is wrong."""
    from mostovi.plan import asylum, importing

    value = _taken(options, importing.import_asylum)
    if value is None:
        return 2
    if options.json:
        print(json.dumps({"year": value.year, **value.parts}))
        return 0
    counted = importing.counted(value)
    for year in sorted(year for year in counted.by_year if year >= asylum.SINCE):
        row = ", ".join(f"{code} {n:,}" for code, n in sorted(counted.by_year[year].items()))
        print(f"{year}: {counted.total(year):,} first applications ({row})")
    print("The report prints no asylum figure by partner; see the page for what differs and why.")
    return 0


def _import_detections(options: argparse.Namespace) -> int:
    """Import Frontex's file. 2 when it cannot be read or a row is wrong."""
    from mostovi.plan import detections, importing

    value = _taken(options, importing.import_detections)
    if value is None:
        return 2
    if options.json:
        print(json.dumps({"year": value.year, **value.parts}))
        return 0
    for year, number in detections.by_year(value.parts["months"]).items():
        print(f"{year}: {number:,} detections")
    return 0
