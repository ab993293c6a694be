# SPDX-License-Identifier: EUPL-1.2
"""`mostovi publish` and `mostovi workbook`: tables out as files, and in from spreadsheets."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any, Final

from mostovi.statistics import events_command, synthesize_command

FORMATS: Final = ("csv", "sdmx-csv", "sdmx-json", "sdmx-ml", "hxl", "xlsx")
_MONTH: Final = re.compile(r"\d{4}-\d{1,2}")


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    events_command.register(subparsers)
    synthesize_command.register(subparsers)
    parser = subparsers.add_parser(
        "publish",
        help="write released months, or protected tables of a file of events",
        description="With a month, writes what was released or received for it, after disclosure "
        "control; counts are released by a named officer on the page 'Monthly counts', never here. "
        "With a file of table specifications (YAML) and a file of events, counts the events, "
        "protects the cells as content/statistics/protection.yaml says, and writes the tables. "
        "Counts before protection are never written.",
        epilog="Columns of events: event, month (2026-10), partner, record_key (a number in "
        "[0, 1) that belongs to the record for good), and those that the tables are split by; "
        "see docs/statistics.md. Examples: mostovi publish 2026-10 --out DIR; "
        "mostovi publish tables.yaml --events events.parquet --out DIR --format sdmx-csv",
    )
    parser.add_argument(
        "what", metavar="MONTH|TABLES.yaml", help="a month as 2026-10, or a file of tables"
    )
    parser.add_argument("--events", type=Path, metavar="FILE", help="events, .parquet or .csv")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--format", choices=FORMATS, default="csv", help="default: csv")
    parser.add_argument("--language", default="en", help="of labels: en, sq, bs, sr, mk, ar")
    parser.add_argument(
        "--earlier", type=Path, metavar="DIR",
        help="CSV files published before of the same tables: numbers stand until clearly wrong",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")
    parser.set_defaults(handler=publish)
    register_workbook(subparsers)


def publish(options: argparse.Namespace) -> int:
    """1 when nothing was released for the month, 2 for what cannot be published."""
    if options.events is None and (
        _MONTH.fullmatch(options.what) or not options.what.endswith((".yaml", ".yml"))
    ):
        return _month(options)
    if options.events is None:
        print("Name the file of events: --events FILE.parquet", file=sys.stderr)
        return 2
    return _events(options)


def _month(options: argparse.Namespace) -> int:
    from mostovi.statistics import services
    from mostovi.statistics.models import MonthlyTable
    from mostovi.statistics.months import Month

    try:
        month = Month.parse(options.what)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    by_partner: dict[str, list[MonthlyTable]] = {}
    for (partner, _table), row in sorted(services.newest_tables(month).items()):
        by_partner.setdefault(partner, []).append(row)
    written: list[dict[str, Any]] = []
    if by_partner:
        options.out.mkdir(parents=True, exist_ok=True)
    if options.format != "csv":
        from mostovi.statistics.open_data import publications_of_rows
        from mostovi.statistics.writing import write

        rows = [row for several in by_partner.values() for row in several]
        for one in publications_of_rows(rows):
            for path in write([one], options.format, options.out, options.language):
                written.append({"table": one.spec.code, "file": str(path)})
        return _told(options, {"month": str(month)}, written)
    for partner, several in by_partner.items():
        path = options.out / f"{month}-{partner}.csv"
        path.write_text(services.as_csv(several), encoding="utf-8")
        written.append({"partner": partner, "revision": several[0].revision, "file": str(path)})
    return _told(options, {"month": str(month)}, written)


def _events(options: argparse.Namespace) -> int:
    from django.conf import settings
    from django.utils import timezone

    from mostovi.statistics import table_services
    from mostovi.statistics.events import BadEvents
    from mostovi.statistics.publishing import publications_of
    from mostovi.statistics.tables import SpecificationError
    from mostovi.statistics.writing import write

    try:
        found = publications_of(
            Path(options.what), options.events,
            table_services.protection(), table_services.noise_secret(),
            now=timezone.now(), publisher=f"MOSTOVI_{settings.MOSTOVI.code.upper()}",
            earlier=options.earlier,
        )  # fmt: skip
        written: list[dict[str, Any]] = []
        for one in found:
            for path in write([one], options.format, options.out, options.language):
                written.append({"table": one.spec.code, "file": str(path)})
    except (SpecificationError, BadEvents, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return _told(options, {"tables": options.what}, written)


def _told(options: argparse.Namespace, of: dict[str, str], written: list[dict[str, Any]]) -> int:
    if options.json:
        print(json.dumps({**of, "written": written}))
    else:
        for entry in written:
            revision = f": revision {entry['revision']}" if "revision" in entry else ""
            print(f"{entry['file']}{revision}")
        if not written:
            print(f"Nothing was released for {options.what}.", file=sys.stderr)
    return 0 if written else 1


def register_workbook(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    """Add `mostovi workbook`."""
    parser = subparsers.add_parser(
        "workbook",
        help="make or check the monthly workbook of a partner without a node",
        description="The workbook has a sheet for each table of the monthly template. To check "
        "it says what is wrong, cell by cell, and stores nothing; it is taken in on the page of "
        "the regional exchange.",
    )
    actions = parser.add_subparsers(dest="action", required=True)
    blank = actions.add_parser("blank", help="write the workbook to fill in")
    blank.add_argument("--partner", required=True, help="al, ba, xk, me, mk or rs")
    blank.add_argument("--month", required=True, help="as 2026-10")
    blank.add_argument("--out", type=Path, required=True, metavar="FILE.xlsx")
    blank.add_argument("--language", default="en", help="of labels: en, sq, bs, sr, mk, ar")
    blank.set_defaults(handler=_blank)
    fill = actions.add_parser(
        "fill", help="make the workbook from one file a table: CSV, SDMX-CSV or HXL CSV"
    )
    fill.add_argument("--partner", required=True, help="al, ba, xk, me, mk or rs")
    fill.add_argument("--month", required=True, help="as 2026-10")
    fill.add_argument(
        "--tables", type=Path, required=True, metavar="DIR",
        help="folder with TABLE.csv, TABLE.sdmx.csv or TABLE.hxl.csv for each table",
    )  # fmt: skip
    fill.add_argument("--out", type=Path, required=True, metavar="FILE.xlsx")
    fill.set_defaults(handler=_fill)
    check = actions.add_parser("check", help="say what is wrong in a filled workbook")
    check.add_argument("file", type=Path, metavar="FILE.xlsx")
    check.add_argument("--partner", default="", help="the partner it must be from")
    check.add_argument("--month", default="", help="the month it must be for")
    check.add_argument("--json", action="store_true", help="print the errors as JSON")
    check.set_defaults(handler=_check)


def _blank(options: argparse.Namespace) -> int:
    from django.utils.translation import override

    from mostovi.statistics.months import Month
    from mostovi.statistics.region import PARTNERS
    from mostovi.statistics.uploading import blank
    from mostovi.statistics.writing.files import replace

    try:
        month = Month.parse(options.month)
        if options.partner not in PARTNERS:
            raise ValueError(f"'{options.partner}' is none of {', '.join(PARTNERS)}.")
        with override(options.language):
            replace(options.out, blank(options.partner, month))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(options.out)
    return 0


def _fill(options: argparse.Namespace) -> int:
    from mostovi.statistics import reading
    from mostovi.statistics.catalogue import template
    from mostovi.statistics.reading.texts import help_lines, said
    from mostovi.statistics.uploading import forms
    from mostovi.statistics.writing.files import replace

    values: dict[str, Any] = {}
    wrong: list[reading.Wrong] = []
    try:
        for form in forms():
            names = [f"{form.code}{ending}" for ending in (".csv", ".sdmx.csv", ".hxl.csv")]
            name = next((one for one in names if (options.tables / one).is_file()), names[0])
            if form.optional and not (options.tables / name).is_file():
                continue
            found = reading.read_table(
                (options.tables / name).read_bytes(), form, name,
                partner=options.partner, period=options.month,
            )  # fmt: skip
            wrong += found.wrong
            values.update(found.cells)
        for one in wrong:
            print(f"{one.place}: {said(one)}", file=sys.stderr)
        if wrong:
            return 1
        chosen = template()
        content = reading.blank(
            forms(), partner=options.partner, period=options.month, template=chosen.code,
            version=chosen.version, help_lines=help_lines(), values=values,
        )  # fmt: skip
        replace(options.out, content)
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    print(options.out)
    return 0


def _check(options: argparse.Namespace) -> int:
    from mostovi.statistics import reading
    from mostovi.statistics.catalogue import template
    from mostovi.statistics.reading.texts import said
    from mostovi.statistics.uploading import forms

    try:
        data = options.file.read_bytes()
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    chosen = template()
    found = reading.read(
        data, forms(), partner=options.partner, period=options.month, template=chosen.code,
        version=chosen.version,
    )  # fmt: skip
    if options.json:
        wrong = [{"place": one.place, "kind": one.kind, "text": said(one)} for one in found.wrong]
        print(json.dumps({"fine": found.fine, "wrong": wrong}, ensure_ascii=False))
    else:
        for one in found.wrong:
            print(f"{one.place or options.file}: {said(one)}")
        if found.fine:
            print(f"{options.file}: nothing is wrong.")
    return 0 if found.fine else 1
