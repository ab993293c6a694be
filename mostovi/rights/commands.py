# SPDX-License-Identifier: EUPL-1.2
"""`mostovi audit verify` and `mostovi retention run`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mostovi.rights import audit


def register(subparsers: Any) -> None:
    """Add the commands to the command line."""
    audit_command = subparsers.add_parser("audit", help="check the audit log")
    verbs = audit_command.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser("verify", help="find a changed, removed or reordered entry")
    verify.add_argument(
        "--file", type=Path, help="an exported log (JSON lines) instead of this node's"
    )
    verify.add_argument(
        "--head", action="append", default=[], metavar="NUMBER:HASH",
        help="a head another node has witnessed; may be given several times",
    )  # fmt: skip
    verify.add_argument("--json", action="store_true")
    verify.set_defaults(handler=_verify)
    retention_command = subparsers.add_parser("retention", help="end what has reached its end")
    retention_verbs = retention_command.add_subparsers(dest="verb", required=True)
    run = retention_verbs.add_parser("run", help="carry out every retention rule now")
    run.add_argument("--json", action="store_true")
    run.set_defaults(handler=_retain)


def _verify(options: argparse.Namespace) -> int:
    try:
        heads = [_head(text) for text in options.head]
        if options.file:
            entries = list(_read(options.file))
            count, breaks = len(entries), audit.verify(entries, heads)
        else:
            from mostovi.rights.services import verify_chain

            count, breaks = verify_chain(heads)
    except (OSError, ValueError, TypeError) as error:
        print(f"audit verify: {error}", file=sys.stderr)
        return 2
    if options.json:
        found = [{"kind": item.kind, "sequence": item.sequence} for item in breaks]
        print(json.dumps({"entries": count, "whole": not breaks, "breaks": found}))
    elif breaks:
        for item in breaks:
            print(f"entry {item.sequence}: {item.kind}")
        print(f"The log is broken in {len(breaks)} places; {count} entries read.")
    else:
        print(f"The log is whole: {count} entries.")
    return 1 if breaks else 0


def _head(text: str) -> audit.Head:
    number, colon, digest = text.partition(":")
    if not colon or not number.isdigit() or len(digest) != 64:
        raise ValueError(f"--head {text}: write NUMBER:HASH with a hash of 64 hexadecimal digits")
    return audit.Head(int(number), digest)


def _read(path: Path) -> Iterator[audit.Entry]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield audit.Entry(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise ValueError(f"{path.name}, line {number}: not an audit entry") from error


def _retain(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from mostovi.rights.services import run_retention

    report = run_retention(timezone.now()).report
    if options.json:
        print(json.dumps(report))
    else:
        for code, line in report.items():
            print(
                f"{code}: {line['ended']} ended"
                + (f", FAILED ({line['failure']})" if line["failure"] else "")
            )
    return 1 if any(line["failure"] for line in report.values()) else 0
