# SPDX-License-Identifier: EUPL-1.2
"""`mostovi plan report` and `mostovi plan import-stock`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its two parts."""
    parser = subparsers.add_parser("plan", help="progress of the 21 actions, and their figures")
    parts = parser.add_subparsers(title="parts", metavar="PART", dest="part", required=True)
    report = parts.add_parser(
        "report",
        help="print the progress report",
        description="Prints what this node knows: at a partner its own reports, at the secretariat "
        "those of all partners. PDF is not built yet; print the HTML from a browser.",
    )
    report.add_argument("--partner", metavar="CODE", help="only this partner, such as ba")
    report.add_argument("--format", choices=["html", "json"], default="html")
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


def _report(options: argparse.Namespace) -> int:
    """Print the report. 1 when nothing was reported, 2 for an unknown partner or language."""
    from django.conf import settings

    from mostovi.plan import reporting
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
    partners = (options.partner,) if options.partner else PARTNERS
    content = reporting.gather(partners, options.language)
    if options.format == "json":
        print(json.dumps(content, ensure_ascii=False, indent=2))
    else:
        print(reporting.as_html(content, options.language))
    return 0 if any(action["reports"] for action in content["actions"]) else 1


def _import_stock(options: argparse.Namespace) -> int:
    """Import the table. 2 when the file cannot be read or a row is wrong."""
    from mostovi.plan import services
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose

    try:
        content = options.file.read_bytes()
    except OSError as error:
        print(f"{options.file}: {error.strerror}.", file=sys.stderr)
        return 2
    try:
        value = services.import_stock(
            Actor.system(Purpose.GOVERNANCE), content, file_name=options.file.name
        )
    except services.StockRefused as refused:
        for wrong in refused.errors:
            place = f"row {wrong.row}" if wrong.row else "file"
            column = f", column {wrong.column}" if wrong.column else ""
            found = f" Found: {wrong.found}." if wrong.found else ""
            print(f"{place}{column}: {wrong.message}{found}", file=sys.stderr)
        if refused.more:
            print(f"and {refused.more} more", file=sys.stderr)
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
