# SPDX-License-Identifier: EUPL-1.2
"""`mostovi person export CODE` and `mostovi person erase CODE`."""

from __future__ import annotations

import argparse
import json
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mostovi.people.models import Person

_REASON = re.compile(r"[a-z][a-z0-9_]{2,39}\Z")


def register(subparsers: Any) -> None:
    """Add the commands to the command line."""
    person = subparsers.add_parser("person", help="copy or erase one person's file")
    verbs = person.add_subparsers(dest="verb", required=True)
    export = verbs.add_parser("export", help="print everything held on a person as JSON")
    export.add_argument("code", help="the file's code, such as ME-7K3F-92Q9")
    export.add_argument("--out", help="write to this file instead of the screen")
    export.add_argument("--json", action="store_true", help="JSON is what is printed in any case")
    export.set_defaults(handler=_export)
    erase = verbs.add_parser("erase", help="destroy a person's key; cannot be undone")
    erase.add_argument("code", help="the file's code, such as ME-7K3F-92Q9")
    erase.add_argument(
        "--reason", required=True, help="a word for the log: own_wish, court_order, retention, ..."
    )
    erase.add_argument("--yes", action="store_true", help="do not ask")
    erase.add_argument("--json", action="store_true")
    erase.set_defaults(handler=_erase)


def _person(code: str) -> Person | None:
    from mostovi.people import codes
    from mostovi.people.models import Person

    try:
        canonical = codes.parse_record_code(code)
    except codes.CodeError as error:
        print(f"person: {error}", file=sys.stderr)
        return None
    found = Person.objects.filter(code=canonical, erased_at=None).first()
    if found is None:
        print(f"person: nobody here has the code {canonical}.", file=sys.stderr)
    return found


def _export(options: argparse.Namespace) -> int:
    from mostovi.people import services
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose

    person = _person(options.code)
    if person is None:
        return 2
    copy = services.export(Actor.system(Purpose(person.purpose)), person)
    text = json.dumps(copy, ensure_ascii=False, indent=2)
    if not options.out:
        print(text)
        return 0
    try:
        with open(options.out, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        print(f"person export: {error}", file=sys.stderr)
        return 2
    print(f"Written to {options.out}. It holds personal data: keep it as you keep the file.")
    return 0


def _erase(options: argparse.Namespace) -> int:
    from mostovi.people import services
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose

    if not _REASON.match(options.reason):
        print(
            "person erase: --reason is one word for the log, such as own_wish; no names.",
            file=sys.stderr,
        )
        return 2
    person = _person(options.code)
    if person is None:
        return 2
    code = person.code
    if not options.yes and input(f"Erase {code} for good? Write the code again: ") != code:
        print("Nothing was erased.")
        return 1
    try:
        services.erase(Actor.system(Purpose.GOVERNANCE), person, reason=options.reason)
    except services.MustBeKept as kept:
        if options.json:
            duties = [{"code": duty.code, "source": duty.source} for duty in kept.duties]
            print(json.dumps({"erased": False, "duties": duties}))
        else:
            print(f"{code} must be kept:")
            for duty in kept.duties:
                print(f"  {duty.text} ({duty.source})")
        return 1
    print(json.dumps({"erased": True, "code": code}) if options.json else f"{code} is erased.")
    return 0
