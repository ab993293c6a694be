# SPDX-License-Identifier: EUPL-1.2
"""`mostovi match` and `mostovi names compare`."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mostovi.tracing import names, tracing_commands
from mostovi.tracing.model import current
from mostovi.tracing.names import NameMatch, UnreadableName

COLUMNS_HELP = """
Columns that are read (others are left alone): id; name, or given_name and family_name; sex
(female, male, other); birth (2009-05-31, 31.5.2009, 2009, 2007-2010, ~2009; years of the Hijri
calendars are converted); place and other_place; mother and father (their names). Empty is not
known. Headings such as first_name, surname, dob, gender are understood.

The result has a row for each pair that reaches the threshold: left_id, right_id, score
(probability, 0 to 1), weight (bits), verdict, and what each comparison weighs (bits; 0 when not
known). A score asks a person to look; it decides nothing.

Exit status: 0 no pair found, 1 pairs were found, 2 the input was wrong and nothing was written.
"""


def register(subparsers: Any) -> None:
    """Add the commands to the command line."""
    tracing_commands.register(subparsers)
    match = subparsers.add_parser(
        "match",
        help="match records across scripts: one file with itself, or two files",
        description="Finds records that may be the same person.",
        epilog=COLUMNS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    match.add_argument("left", type=Path, metavar="LEFT", help="a .csv (UTF-8) or .parquet file")
    match.add_argument("right", type=Path, nargs="?", metavar="RIGHT", help="a second file")
    match.add_argument(
        "--out", type=Path, required=True, metavar="PAIRS", help="a .csv or .parquet file"
    )
    match.add_argument(
        "--threshold",
        default="possible",
        metavar="T",
        help="a named threshold (possible, likely) or a probability; default: possible",
    )
    match.add_argument(
        "--expected-pairs",
        type=float,
        metavar="N",
        help="how many pairs of one person the files may hold; scores of large files are too high "
        "without it",
    )
    match.add_argument("--memory", default="1GB", help="DuckDB's memory limit, as in 1GB")
    match.add_argument("--threads", type=int, default=2)
    match.add_argument("--skip-bad-rows", action="store_true", help="leave out what is unreadable")
    match.add_argument("--json", action="store_true", help="print the summary as JSON")
    match.add_argument("--quiet", action="store_true", help="no progress")
    match.set_defaults(handler=_match)

    command = subparsers.add_parser("names", help="compare names across scripts")
    verbs = command.add_subparsers(dest="verb", required=True)
    compare = verbs.add_parser(
        "compare",
        help="how alike two names are, and why",
        description="How alike two names are, and why. The score is the probability that both "
        "write one person's name, had one pair in fifty done so before looking.",
        epilog="Exit status: 0 done, 1 a pair of the file could not be read, 2 wrong input.",
    )
    compare.add_argument("names", nargs="*", metavar="NAME", help="two names")
    compare.add_argument(
        "--pairs", type=Path, metavar="FILE", help="a CSV file with the columns left and right"
    )
    compare.add_argument("--json", action="store_true")
    compare.set_defaults(handler=_compare)


# --- match --------------------------------------------------------------------------------------


def _match(options: argparse.Namespace) -> int:
    # Splink and pyarrow take memory that only this command needs.
    from mostovi.tracing import files, linking

    try:
        threshold = _threshold(options.threshold)
        paths = [path for path in (options.left, options.right) if path is not None]
        for path in paths:
            if path.suffix not in {".csv", ".tsv", ".txt", ".parquet"}:
                raise files.BadFile(f"{path.name}: name a .csv or .parquet file.")
        if options.out.suffix not in {".csv", ".parquet"}:
            raise files.BadFile(f"--out {options.out.name}: name a .csv or .parquet file.")
        if not options.out.absolute().parent.is_dir():
            raise files.BadFile(f"--out: there is no folder {options.out.absolute().parent}.")
        if options.out.absolute() in {path.absolute() for path in paths}:
            raise files.BadFile("--out: the result would overwrite its input.")
        outcome = linking.match_files(
            [files.open_source(path) for path in paths],
            options.out,
            linking.Options(
                threshold=threshold,
                expected=options.expected_pairs,
                memory=options.memory,
                threads=max(1, options.threads),
                progress=(lambda words: None) if options.quiet else _progress,
            ),
            today=datetime.now(UTC).date(),
            skip_bad=options.skip_bad_rows,
        )
    except files.BadFile as error:
        print(f"match: {error}", file=sys.stderr)
        return 2
    finally:
        if not options.quiet and sys.stderr.isatty():
            print(file=sys.stderr)
    for problem in outcome.left_out:
        print(f"left out: {problem}", file=sys.stderr)
    total = sum(outcome.pairs.values())
    if options.json:
        summary = {
            "rows": outcome.read,
            "rows_left_out": outcome.bad,
            "pairs": total,
            "verdicts": outcome.pairs,
            "threshold": threshold,
            "model": current().version,
            "out": str(options.out),
        }
        print(json.dumps(summary, ensure_ascii=False, indent=2))
    else:
        rows = " and ".join(f"{count:,}" for count in outcome.read)
        kinds = ", ".join(f"{count:,} {name}" for name, count in outcome.pairs.items())
        print(f"{rows} rows compared, {total:,} pairs ({kinds or 'none'}) in {options.out}")
    return 1 if total else 0


def _threshold(text: str) -> float:
    from mostovi.tracing import files

    named = current().thresholds
    if text in named:
        return named[text]
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise files.BadFile(
            f"--threshold {text}: name one of {', '.join(named)}, or a probability from 0 to 1."
        )
    return value


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)


# --- names compare ------------------------------------------------------------------------------


def _compare(options: argparse.Namespace) -> int:
    if options.pairs is not None:
        if options.names:
            print("names compare: give two names or --pairs, not both", file=sys.stderr)
            return 2
        return _compare_file(options.pairs, as_json=options.json)
    if len(options.names) != 2:
        print("names compare: give two names, or --pairs FILE", file=sys.stderr)
        return 2
    left, right = options.names
    try:
        found = names.compare_names(left, right)
    except UnreadableName as error:
        print(f"names compare: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(_as_json(left, right, found), ensure_ascii=False, indent=2))
        return 0
    _print_match(found)
    return 0


def _print_match(found: NameMatch) -> None:
    print(f"{found.score:.4f}  {found.level}: {found.explanation}")
    for part in found.parts:
        print(f"  {part.bits:+5.1f} bits  {part.left or '-'} / {part.right or '-'}: {part.words}")
    for repair in found.repairs:
        print(f"  read with: {repair.value.replace('_', ' ')}")


def _as_json(left: str, right: str, found: NameMatch) -> dict[str, Any]:
    return {
        "left": left,
        "right": right,
        "score": round(found.score, 6),
        "bits": round(found.bits, 3),
        "level": found.level,
        "explanation": found.explanation,
        "words": [
            {"left": p.left, "right": p.right, "relation": p.relation, "bits": round(p.bits, 3)}
            for p in found.parts
        ],
        "repairs": [repair.value for repair in found.repairs],
        "model": current().version,
    }


def _compare_file(path: Path, *, as_json: bool) -> int:
    results = _results(path)
    failed = False
    try:
        first = next(results, None)
        if first is None:
            print(f"names compare: {path.name} holds no rows", file=sys.stderr)
            return 2
        writer = csv.writer(sys.stdout, lineterminator="\n")
        if not as_json:
            writer.writerow(["left", "right", "score", "level", "explanation"])
        for row in _with(first, results):
            failed |= "error" in row
            if as_json:
                print(json.dumps(row, ensure_ascii=False))
            else:
                writer.writerow(
                    [row["left"], row["right"], row.get("score", ""), row.get("level", "error"),
                     row.get("explanation", row.get("error", ""))]
                )  # fmt: skip
    except ValueError as error:
        print(f"names compare: {error}", file=sys.stderr)
        return 2
    return 1 if failed else 0


def _with(first: dict[str, Any], rest: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from rest


def _results(path: Path) -> Iterator[dict[str, Any]]:
    """One result a row, in order; a row that cannot be read has `error` instead of a score."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns = [name.strip().lower() for name in reader.fieldnames or []]
        if not {"left", "right"} <= set(columns):
            raise ValueError(f"{path.name} needs the columns left and right; it has {columns}.")
        reader.fieldnames = columns
        for number, row in enumerate(reader, 2):
            left, right = row["left"] or "", row["right"] or ""
            try:
                yield _as_json(left, right, names.compare_names(left, right))
            except UnreadableName as error:
                yield {"left": left, "right": right, "error": f"row {number}: {error}"}
