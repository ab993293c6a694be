# SPDX-License-Identifier: EUPL-1.2
"""`mostovi pathways simulate`: what a reform changes for a population, as table, JSON or CSV."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from mostovi.pathways import law_sources
from mostovi.pathways.law_sources import Law, NoSuchLaw
from mostovi.pathways.library import UnknownPartner, library
from mostovi.pathways.population import (
    GROUPINGS,
    BadPopulation,
    Prepared,
    on_duckdb,
    prepare,
)
from mostovi.pathways.reading import BadLaw
from mostovi.pathways.rules import Rule
from mostovi.pathways.simulation import MEASURES, CannotSimulate, Range, Row, Simulation, simulate

DONE, FOUND, BAD_INPUT = 0, 1, 2
_TITLES = {
    "open_before": "open today",
    "open_after": "open then",
    "newly_qualify": "newly",
    "lose": "lose",
}
_HELP = """
The population is a Parquet file with one row a person and a column for each fact (the names are
those of content/law/facts.yaml; `mostovi pathways population` makes such a file). Empty is unknown,
never no; a fact without a column is unknown of everybody. A date such as birth_date is counted to
the day given with --on. Columns that are no facts: partner, sex, age_group, vulnerability,
situation, and weight (how many people a row stands for). With a column partner only rows of the
law's partner count, unless --everyone is given. Rows that contradict themselves are left out and
counted.

Every figure is a range: at least, and at most. The truth lies between, whatever the unknown facts
turn out to be. A simulation says what rules say; it decides nothing about anybody.

Exit status: 0 nothing changes for anybody, 1 somebody may newly qualify or lose, 2 wrong input.
"""


def register(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "simulate",
        help="what a reform would change for a population",
        description="Compares the law in force with a reform on a population.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--pack", metavar="P", help="a pathway in force, as rs/family_reunification, or a file"
    )
    which.add_argument(
        "--partner", metavar="CODE", help="a partner's whole law; the reform is a folder then"
    )
    parser.add_argument(
        "--reform", type=Path, required=True, metavar="R", help="the changed pack, or a folder"
    )
    parser.add_argument("--population", type=Path, required=True, metavar="FILE.parquet")
    parser.add_argument(
        "--by", default="", metavar="A,B", help=f"show by these: {', '.join(GROUPINGS)}"
    )
    parser.add_argument("--on", type=_day, default=None, help="the day, as 2026-11-24 (today)")
    parser.add_argument(
        "--everyone", action="store_true", help="people of other partners under this law too"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the table as CSV too")
    parser.add_argument("--memory", default="1GB", help="DuckDB's memory limit, as in 1GB")
    parser.set_defaults(handler=_simulate)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a day like 2026-11-24, not {text!r}") from error


def _simulate(options: argparse.Namespace) -> int:
    on = options.on or date.today()
    by = [name.strip() for name in options.by.split(",") if name.strip()]
    try:
        laws = _laws(options, on)
        partner = options.partner or _partner_of(laws[0])
        with on_duckdb(options.population, memory=options.memory) as table:
            others = 0
            if "partner" in table.columns and not options.everyone:
                own = table.partner == partner
                others = table.filter(~own.fill_null(False)).count().to_pyarrow().as_py()
                table = table.filter(own)
            people = prepare(table, library().vocabulary, on)
            found = [
                simulate(before, after, people, by, vocabulary=library().vocabulary)
                for before, after in laws
            ]
    except (BadLaw, UnknownPartner, NoSuchLaw, CannotSimulate, BadPopulation) as error:
        sys.stderr.write(f"{error}\n")
        return BAD_INPUT
    if options.csv:
        _write_csv(options.csv, found)
    if options.json:
        data = {
            "partner": partner,
            "on": on.isoformat(),
            "people_of_other_partners_left_out": others,
            "results": [as_data(result) for result in found],
        }
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
    else:
        for line in _report(found, partner, on, others, people):
            sys.stdout.write(line + "\n")
    return FOUND if any(_changes(result) for result in found) else DONE


def _laws(options: argparse.Namespace, on: date) -> list[tuple[Law, Law]]:
    """The law in force beside the reform: one pathway, or every one that the reform changes."""
    if not options.reform.exists():
        raise FileNotFoundError(2, "No such file", str(options.reform))
    if options.partner:
        if not options.reform.is_dir():
            raise NoSuchLaw(f"{options.reform} is a file; with --partner the reform is a folder")
        before = library().partner(options.partner)
        after = law_sources.reformed(library(), options.partner, options.reform)
        changed = [
            (old, new)
            for old, new in law_sources.pairs(before, after, on)
            if _text_of(old) != _text_of(new)
        ]
        if not changed:
            raise NoSuchLaw(f"the files of {options.reform} say on {on} what the law in force says")
        return changed
    path = options.reform
    if path.is_dir():
        name = options.pack.rpartition("/")[2].removesuffix(".yaml")
        path = path / f"{name}.yaml"
    after_rule = law_sources.draft(library(), path.read_text("utf-8"), str(path), on)
    if law_sources.is_pack(options.pack):
        before_rule = law_sources.in_force(library(), options.pack, on)
    else:
        own = Path(options.pack)
        before_rule = law_sources.draft(library(), own.read_text("utf-8"), str(own), on)
    if isinstance(before_rule, Rule) and before_rule.partner != after_rule.partner:
        raise NoSuchLaw(
            f"the pack is the law of {before_rule.partner}, the reform of {after_rule.partner}"
        )
    return [(before_rule, after_rule)]


def _text_of(law: Law) -> str:
    return law.digest if isinstance(law, Rule) else law.availability


def _partner_of(pair: tuple[Law, Law]) -> str:
    return next(law.partner for law in pair if isinstance(law, Rule))


def _changes(found: Simulation) -> bool:
    return any(measure.most != 0 for measure in (found.total.newly_qualify, found.total.lose))


# --- What is printed ------------------------------------------------------------------------------


def as_data(found: Simulation) -> dict[str, Any]:
    """The result as plain values for JSON; a count that may not be shown is null."""
    return {
        "pathway": found.pathway,
        "partner": found.partner,
        "on": found.on.isoformat(),
        "versions": {"today": found.before_version, "reform": found.after_version},
        "signed_off_by_a_lawyer": found.signed_off,
        "rule_unchanged": found.same_rule,
        "ranges_exact": found.exact,
        "facts_without_column": list(found.missing),
        "unconfirmed_conditions": list(found.unconfirmed),
        "rows_left_out": dict(found.left_out),
        "columns_not_read": list(found.ignored),
        "weighted": found.weighted,
        "by": list(found.by),
        "rows": [_row_data(row, found.by) for row in found.rows],
        "total": _row_data(found.total, ()),
    }


def _row_data(row: Row, by: Sequence[str]) -> dict[str, Any]:
    return {
        **dict(zip(by, row.groups, strict=True)),
        "people": row.people,
        **{name: list(found) for name, found in row.ranges().items()},
        "undecided": row.undecided,
        "uncertain_share": row.uncertain_share,
    }


def table_of(found: Simulation) -> tuple[list[str], list[list[Any]]]:
    """Heading and rows (the total last) of the result, one column a figure, for CSV."""
    heading = ["pathway", *found.by, "people"]
    for name in MEASURES:
        heading += [f"{name}_least", f"{name}_most"]
    rows = [
        [
            found.pathway,
            *(row.groups or ["total"] * len(found.by)),
            row.people,
            *(end for measure in row.ranges().values() for end in measure),
            row.uncertain_share,
        ]
        for row in (*(found.rows if found.by else ()), found.total)
    ]
    return [*heading, "uncertain_share"], rows


def _write_csv(path: Path, found: Sequence[Simulation]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for number, result in enumerate(found):
            heading, rows = table_of(result)
            if number == 0:
                writer.writerow(heading)
            writer.writerows(rows)


def _report(
    found: Sequence[Simulation], partner: str, on: date, others: int, people: Prepared
) -> list[str]:
    lines = [f"The law of {partner} on {on}, today beside the reform"]
    first = found[0]
    if others:
        lines.append(f"{others:,} people of other partners are left out")
    for problem, rows in first.left_out.items():
        lines.append(f"{rows:,} rows left out: {problem}")
    if first.ignored:
        lines.append(f"columns not read: {', '.join(first.ignored)}")
    for result in found:
        lines += ["", *_table(result)]
    return lines


def _table(found: Simulation) -> list[str]:
    version = f"{found.before_version or 'none'} -> {found.after_version or 'none'}"
    lines = [f"{found.pathway} (version {version})"]
    if not found.signed_off:
        lines.append("  no lawyer has signed off both versions")
    if found.unconfirmed:
        lines.append(f"  conditions nobody could confirm: {', '.join(found.unconfirmed)}")
    if found.missing:
        lines.append(f"  without a column, unknown of everybody: {', '.join(found.missing)}")
    if not found.exact:
        lines.append("  the ranges hold, but may be wider than needed")
    if found.same_rule:
        lines.append("  the reform changes nothing that the rule says")
    heading = [*found.by, "people", *(_TITLES[name] for name in MEASURES), "uncertain"]
    body = [
        [
            *(row.groups or ["total"] * len(found.by)),
            _number(row.people),
            *(_range(measure) for measure in row.ranges().values()),
            "hidden" if row.uncertain_share is None else f"{row.uncertain_share:.0%}",
        ]
        for row in (*(found.rows if found.by else ()), found.total)
    ]
    widths = [max(len(line[n]) for line in [heading, *body]) for n in range(len(heading))]
    for line in [heading, *body]:
        cells = [
            text.ljust(width) if n < len(found.by) else text.rjust(width)
            for n, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return lines


def _number(value: float | None) -> str:
    return "hidden" if value is None else f"{value:,.0f}"


def _range(found: Range) -> str:
    if found.least == found.most:
        return _number(found.least)
    return f"{_number(found.least)} to {_number(found.most)}"
