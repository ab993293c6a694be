# SPDX-License-Identifier: EUPL-1.2
"""`mostovi backup`: one sealed, verified file that holds the whole node."""

from __future__ import annotations

import argparse
import dataclasses
import getpass
import json
import os
import sys
from pathlib import Path

from mostovi.node import startup
from mostovi.node.config import ConfigurationError
from mostovi.node.sealed_stream import Passphrase, Recipient, StreamRefused, new_recovery_key

PASSPHRASE = "MOSTOVI_BACKUP_PASSPHRASE"  # noqa: S105 - the name of a variable


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "backup",
        help="write the whole node into one sealed, verified file",
        description="Copy database, keys, attachments and settings of the running node into FILE, "
        "encrypted, and read it back. The passphrase comes from MOSTOVI_BACKUP_PASSPHRASE or is "
        "asked for; with --for no secret is needed on the node.",
    )
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE")
    parser.add_argument(
        "--for",
        dest="recipient",
        type=Path,
        metavar="KEY.pub",
        help="recovery public key that can open it, instead of a passphrase",
    )
    parser.add_argument(
        "--new-recovery-key",
        type=Path,
        metavar="KEY",
        help="make KEY (locked with a passphrase, keep it elsewhere) and KEY.pub",
    )
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")
    parser.set_defaults(handler=run)


def passphrase(*, twice: bool = False) -> str:
    """From the environment, else asked for at the terminal."""
    if given := os.environ.get(PASSPHRASE):
        return given
    if not sys.stdin.isatty():
        raise ConfigurationError(f"Put the passphrase into {PASSPHRASE}, or run it in a terminal.")
    first = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("Once more: ") != first:
        raise ConfigurationError("The two passphrases differ.")
    return first


def run(options: argparse.Namespace) -> int:
    """Make the backup, or a recovery key."""
    startup.keep_private()
    try:
        if options.new_recovery_key:
            return _make_recovery_key(options.new_recovery_key)
        return _back_up(options)
    except StreamRefused as error:
        raise ConfigurationError(str(error)) from error


def _make_recovery_key(path: Path) -> int:
    public_path = path.with_name(path.name + ".pub")
    private, public = new_recovery_key(passphrase(twice=True))
    for target, content in ((path, private), (public_path, public)):
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    print(f"Made {path} (keep it, with its passphrase, away from the node) and {public_path}.")
    return 0


def _back_up(options: argparse.Namespace) -> int:
    if options.file is None:
        raise ConfigurationError("Name the file to write: mostovi backup FILE.")
    startup.start_django(needs_node=True)
    from django.conf import settings
    from django.db import transaction

    from mostovi.node import backup
    from mostovi.rights.access import Actor
    from mostovi.rights.audit import AuditTag
    from mostovi.rights.purposes import Purpose
    from mostovi.rights.services import record

    if options.recipient:
        lock: Passphrase | Recipient = Recipient(options.recipient.read_bytes())
        check = None
    else:
        lock = check = Passphrase(passphrase(twice=True))
    with transaction.atomic():
        # Before the copy, so that the backup tells of itself.
        record(Actor.system(Purpose.GOVERNANCE), AuditTag.NODE_BACKED_UP)

    def say(step: str) -> None:
        if not options.json:
            sys.stderr.write(f"  {step}\n")

    summary = backup.make(settings.MOSTOVI, options.file, lock, check, say)
    if options.json:
        print(json.dumps({"file": str(options.file), **dataclasses.asdict(summary)}))
    else:
        size = options.file.stat().st_size / 1e6
        print(
            f"Backup of node '{summary.node}' in {options.file}: {summary.files} files, "
            f"{size:.1f} MB, verified."
        )
    return 0
