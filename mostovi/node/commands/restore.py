# SPDX-License-Identifier: EUPL-1.2
"""`mostovi restore`: put a backup in place, after checking all of it."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

from mostovi.node import startup
from mostovi.node.commands.backup import passphrase
from mostovi.node.config import ConfigurationError


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "restore",
        help="put a backup in place, after checking all of it",
        description="Check FILE to the last byte, carry out again every erasure recorded since it "
        "was made, then put it in place of the node's folder, which is kept beside it.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--home",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="the node's data folder (default: MOSTOVI_HOME)",
    )
    parser.add_argument(
        "--key", type=Path, metavar="KEY", help="recovery key, for a backup made with --for"
    )
    parser.add_argument(
        "--database",
        metavar="URL",
        help="where the PostgreSQL database is now, when not where it was",
    )
    parser.add_argument(
        "--replace", action="store_true", help="the folder holds a node: replace it"
    )
    parser.add_argument(
        "--erasures",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="an erasure ledger kept elsewhere (keys/erasures.jsonl of the lost node)",
    )
    parser.add_argument("--check", action="store_true", help="only check the file")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Check or restore; exit 2 with nothing changed when the file is not in order."""
    startup.keep_private()
    from mostovi.node import backup
    from mostovi.node.sealed_stream import Passphrase, RecoveryKey, StreamRefused

    startup.use_home(getattr(options, "home", None))
    home = Path(os.environ.get("MOSTOVI_HOME") or Path.home() / ".local/share/mostovi").absolute()
    for ledger in options.erasures:
        ledger.read_bytes()
    try:
        secret = passphrase()
        key: Passphrase | RecoveryKey = (
            RecoveryKey(options.key.read_bytes(), secret) if options.key else Passphrase(secret)
        )
        if options.check:
            summary = backup.inspect(options.file, key)
            if options.json:
                print(json.dumps(dataclasses.asdict(summary)))
            else:
                print(
                    f"The backup of node '{summary.node}', made {summary.made}, is whole: "
                    f"{summary.files} files."
                )
            return 0
        done = backup.restore(
            options.file,
            home,
            key,
            replace=options.replace,
            database=options.database,
            ledgers=tuple(options.erasures),
            say=_say,
        )
    except StreamRefused as error:
        raise ConfigurationError(f"{options.file}: {error} Nothing was changed.") from error
    rows, waiting = _finish(home)
    if options.json:
        print(
            json.dumps(
                {
                    "home": str(home),
                    "erasures": done.erasures,
                    "rows_erased": rows,
                    "rows_waiting": waiting,
                    "kept": str(done.kept or ""),
                    **dataclasses.asdict(done.summary),
                }
            )
        )
        return 0
    print(f"Node '{done.summary.node}' as of {done.summary.made} is in {home}.")
    print(f"Erasures recorded since then and carried out again: {done.erasures}.")
    if rows or waiting:
        print(
            f"Rows of {rows} erased persons went again; those of {waiting} wait for a duty to end."
        )
    if done.kept:
        print(f"What was there lies in {done.kept}. Delete it when the node is found to be well.")
    return 0


def _say(step: str) -> None:
    sys.stderr.write(f"  {step}\n")


def _finish(home: Path) -> tuple[int, int]:
    """Bring the restored database to this version, log the restore, erase rows of the erased."""
    from mostovi.node.initialise import bring_up_to_date

    os.environ["MOSTOVI_HOME"] = str(home)
    startup.start_django(needs_node=True)
    from django.db import transaction
    from django.utils import timezone

    from mostovi.node.erasures import erase_rows_again
    from mostovi.rights.access import Actor
    from mostovi.rights.audit import AuditTag
    from mostovi.rights.purposes import Purpose
    from mostovi.rights.services import record

    bring_up_to_date(lambda step: None)
    with transaction.atomic():
        record(Actor.system(Purpose.GOVERNANCE), AuditTag.NODE_RESTORED)
    return erase_rows_again(timezone.now())
