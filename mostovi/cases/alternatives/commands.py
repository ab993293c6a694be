# SPDX-License-Identifier: EUPL-1.2
"""`mostovi alternatives check|held|ladder`: the same safeguards at the command line."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mostovi.cases.alternatives.models import LibertyFile

COLUMNS = ("case", "authority", "act", "where", "decided_on", "review_on", "expires_on")
_DATES = COLUMNS[4:]


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    parser = subparsers.add_parser("alternatives", help="alternatives to detention")
    verbs = parser.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser("check", help="what stands against detaining the person of a case")
    check.add_argument("case", help="the case's code, such as ME-7K3F-92Q9")
    check.add_argument("--json", action="store_true", help="print the refusals as JSON")
    check.set_defaults(handler=_check)
    held = verbs.add_parser(
        "held",
        help="note adults whom outside authorities hold, from a CSV file",
        description=f"Columns: {', '.join(COLUMNS)}. Each row is noted or refused on its own; "
        "whoever counts as a child is refused. Nothing here detains anybody.",
    )
    held.add_argument("file", type=Path, metavar="FILE.csv")
    held.add_argument("--json", action="store_true", help="print what happened to each row as JSON")
    held.set_defaults(handler=_held)
    ladder = verbs.add_parser("ladder", help="the measures, least restrictive first")
    ladder.add_argument("--json", action="store_true", help="print as JSON")
    ladder.set_defaults(handler=_ladder)


def _file(code: str, *, make: bool = False) -> LibertyFile | None:
    """The file of a case; opened, in liberty, when `make` is set and there is none."""
    from mostovi.cases.alternatives import files
    from mostovi.cases.alternatives.models import LibertyFile
    from mostovi.cases.models import Case
    from mostovi.people import codes
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose

    try:
        canonical = codes.parse_record_code(code)
    except codes.CodeError:
        return None
    case = Case.objects.filter(code=canonical, person__erased_at=None).first()
    if case is None:
        return None
    actor = Actor.system(Purpose(case.purpose))
    try:
        return files.find(actor, case.code)
    except LibertyFile.DoesNotExist:
        return files.open_file(actor, case) if make else None


def _check(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from mostovi.cases.alternatives import explaining, files

    file = _file(options.case)
    if file is None:
        print(f"alternatives: no file on liberty for a case {options.case}.", file=sys.stderr)
        return 2
    now = timezone.now()
    found = explaining.explained(file, files.standing_against(file, now), now)
    if options.json:
        print(json.dumps(explaining.as_json(found), ensure_ascii=False))
    else:
        print("\n\n".join(_said(one) for one in found) or "No safeguard stands against it now.")
    return 1 if found else 0


def _said(one: Any) -> str:
    sources = "; ".join(source.title for source in one.sources)
    lines = [one.label, *one.because, one.what, one.safeguard, f"Who decides: {one.who}"]
    return "\n  ".join([*lines, f"What to do now: {one.now}", f"Source: {sources}"])


def _held(options: argparse.Namespace) -> int:
    try:
        with options.file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except UnicodeDecodeError:
        print(f"{options.file}: the file is not UTF-8 text.", file=sys.stderr)
        return 2
    missing = [name for name in COLUMNS if rows and name not in rows[0]]
    if missing or not rows:
        wrong = f"column '{missing[0]}' is missing" if missing else "the file has no rows"
        print(f"{options.file}: {wrong}. Columns: {', '.join(COLUMNS)}.", file=sys.stderr)
        return 2
    report = [{"line": at, "case": row["case"], **_noted(row)} for at, row in enumerate(rows, 2)]
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        for entry in report:
            print(f"line {entry['line']}: {entry['case']}: {entry['said']}")
    return 0 if all(entry["done"] for entry in report) else 1


def _noted(row: dict[str, str]) -> dict[str, Any]:
    from django.utils import timezone

    from mostovi.cases.alternatives import detention, explaining, files, safeguards
    from mostovi.procedures.state import StepRefused
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose

    try:
        days = {name: date.fromisoformat((row[name] or "").strip()) for name in _DATES}
    except ValueError:
        return {"done": False, "said": "write dates as 2026-11-24"}
    file = _file(row["case"] or "", make=True)
    if file is None:
        return {"done": False, "said": "no such case here"}
    given: dict[str, Any] = dict(days)
    given |= {name: (row[name] or "").strip() for name in ("authority", "act", "where")}
    try:
        detention.note_held(Actor.system(Purpose(file.purpose)), file, **given)
    except safeguards.Stopped as stopped:
        found = explaining.explained(file, stopped.codes, timezone.now())
        return {
            "done": False,
            "said": "; ".join(f"refused: {one.label}. {one.now}" for one in found),
            "refusals": explaining.as_json(found),
        }
    except files.Incomplete as incomplete:
        return {"done": False, "said": str(incomplete)}
    except StepRefused as refused:
        return {"done": False, "said": f"not possible at this step ({refused})"}
    return {"done": True, "said": "noted"}


def _ladder(options: argparse.Namespace) -> int:
    from mostovi.cases.alternatives import catalogue

    steps = catalogue.ladder()
    if options.json:
        found = [{"code": s.code, "rank": s.rank, "label": dict(s.label)} for s in steps]
        print(json.dumps(found, ensure_ascii=False))
    else:
        for step in steps:
            print(f"{step.rank + 1}. {step.label['en']} ({step.code})")
    return 0
