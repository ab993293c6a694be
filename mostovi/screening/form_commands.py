# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: T201 - what a command prints is its answer
"""`mostovi forms import` and `mostovi forms list`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mostovi.screening.xlsform_convert import Report

LONGEST_LIST = 20


def register(subparsers: Any) -> None:
    """Add the commands to the command line."""
    forms = subparsers.add_parser(
        "forms", help="import and list forms", description="Import and list forms (XLSForm)."
    )
    verbs = forms.add_subparsers(title="commands", metavar="COMMAND", dest="verb", required=True)
    taking = verbs.add_parser(
        "import",
        help="import XLSForms (.xlsx, .xls, .csv, .md)",
        description="Check, convert and take in forms. Exit status 0: all taken in; 1: at least "
        "one has problems; 2: a file cannot be read.",
    )
    taking.add_argument("files", nargs="+", type=Path, metavar="FILE")
    taking.add_argument(
        "--repair", action="store_true", help="apply the safe repairs and show what they change"
    )
    taking.add_argument("--check", action="store_true", help="report only, take nothing in")
    taking.add_argument("--purpose", default="protection", choices=["protection", "asylum"])
    taking.add_argument("--source", default="", metavar="TEXT", help="who made the form, and where")
    taking.add_argument(
        "--media", type=Path, metavar="DIR", help="folder with the files that the forms use"
    )
    taking.add_argument("--json", action="store_true", help="print the result as JSON")
    taking.set_defaults(handler=import_forms)
    listing = verbs.add_parser("list", help="list the forms that are here")
    listing.add_argument("--json", action="store_true", help="print the result as JSON")
    listing.set_defaults(handler=list_forms)


def import_forms(options: argparse.Namespace) -> int:
    """Take in every file on its own; one that fails does not stop the others."""
    status, results = 0, []
    for path in options.files:
        result = _import(path, options)
        results.append(result)
        status = max(status, int(result["status"]))
        if not options.json:
            _say(result, options)
    if options.json:
        print(json.dumps(results, ensure_ascii=False, indent=2))
    return status


def _import(path: Path, options: argparse.Namespace) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = f"The file cannot be read: {error.strerror or error}."
        return {"file": str(path), "outcome": "unreadable", "status": 2, "message": reason,
                "problems": [], "changes": []}  # fmt: skip
    if options.check:
        from mostovi.screening.xlsform_convert import examine

        return _reported(path, examine(data, path.name, repairing=options.repair))
    return _stored(path, data, options)


def _stored(path: Path, data: bytes, options: argparse.Namespace) -> dict[str, Any]:
    from django.utils import timezone

    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose
    from mostovi.screening.form_services import FormRefused, import_form, missing_media

    media = {}
    if options.media:
        media = {f.name: f.read_bytes() for f in sorted(options.media.iterdir()) if f.is_file()}
    try:
        # Whoever runs commands on the node's own machine acts as the node itself.
        imported = import_form(
            Actor.system(Purpose.GOVERNANCE), data=data, name=path.name, repairing=options.repair,
            purpose=Purpose(options.purpose), source=options.source,
            media=_wanted(data, path, options, media), now=timezone.now(),
        )  # fmt: skip
    except FormRefused as refused:
        known = _reported(path, refused.report) if refused.report else {"file": str(path)}
        return {"problems": [], "changes": [], **known, "outcome": _outcome(refused.report),
                "status": 1, "message": str(refused)}  # fmt: skip
    version = imported.version
    return {
        **_reported(path, imported.report),
        "status": 0,
        "new": imported.new,
        "form_id": version.form.form_id,
        "version": version.version,
        "languages": version.languages,
        "missing_media": missing_media(version),
    }


def _wanted(
    data: bytes, path: Path, options: argparse.Namespace, media: dict[str, bytes]
) -> dict[str, bytes]:
    if not media:
        return {}
    from mostovi.screening.xlsform_convert import examine

    form = examine(data, path.name, repairing=options.repair).form
    return {name: media[name] for name in form.media if name in media} if form else {}


def _outcome(report: Report | None) -> str:
    if report is None or report.form is not None:
        return "refused"
    return report.outcome.value


def _reported(path: Path, report: Report) -> dict[str, Any]:
    return {
        "file": str(path),
        "outcome": report.outcome.value,
        "status": 0 if report.form is not None else 1,
        "problems": [problem.as_json() for problem in report.problems],
        "changes": [change.as_json() for change in report.changes],
    }


def _say(result: dict[str, Any], options: argparse.Namespace) -> None:
    words = {
        "converted": "taken in" if not options.check else "converts",
        "repaired": "taken in with repairs" if not options.check else "converts with repairs",
        "repairable": "not taken in; can be repaired safely (--repair)",
        "refused": "not taken in",
        "unreadable": "not taken in",
    }
    head = f"{result['file']}: {words[result['outcome']]}"
    if "form_id" in result:
        head += f" as '{result['form_id']}', version '{result['version']}'"
        head += "" if result["new"] else " (was here already)"
    print(head)
    if result.get("message"):
        print(f"  {result['message']}")
    stops = [p for p in result["problems"] if p["severity"] == "error"]
    groups: dict[str, list[str]] = {}
    for problem in stops:
        text = f"{problem['what'].strip()} {problem['how'].strip()}".strip()
        groups.setdefault(text, []).append(_where(problem))
    for text, places in list(groups.items())[:LONGEST_LIST]:
        more = f" ({len(places)} cells)" if len(places) > 1 else ""
        print(f"  {places[0]}{text}{more}")
    if len(groups) > LONGEST_LIST:
        print(f"  and {len(groups) - LONGEST_LIST} more; --json lists them all")
    if result["changes"]:
        print("  changed:" if result["status"] == 0 else "  a repair would change:")
    for change in result["changes"]:
        print(
            f"    {_where(change)}{change['before']!r} becomes {change['after']!r}. {change['why']}"
        )
    for name in result.get("missing_media", []):
        print(f"  the form needs the file '{name}'; give its folder with --media")
    notices = sum(1 for p in result["problems"] if p["severity"] == "warning")
    if notices:
        print(f"  {notices} notice(s); --json lists them")
    sys.stdout.flush()


def _where(place: dict[str, Any]) -> str:
    if place.get("cell"):
        return f"{place['sheet']}!{place['cell']}: "
    return f"{place['sheet']}: " if place.get("sheet") else ""


def list_forms(options: argparse.Namespace) -> int:
    """Every form with its newest version."""
    from mostovi.screening.models import Form

    rows = []
    for form in Form.objects.prefetch_related("versions").order_by("form_id"):
        version = form.current
        rows.append(
            {
                "form_id": form.form_id, "title": form.title, "version": version.version,
                "purpose": form.purpose, "offered": form.offered, "hash": version.hash,
                "languages": version.languages, "source": version.source,
                "review": version.review_status, "repairs": len(version.changes),
                "submissions": version.submissions.count(),
            }
        )  # fmt: skip
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    if not rows:
        print("No form yet. Import one: mostovi forms import FILE.xlsx")
    for row in rows:
        offered = "" if row["offered"] else ", not offered"
        print(f"{row['form_id']}  {row['version']}  {row['title']} ({row['purpose']}{offered})")
    return 0
