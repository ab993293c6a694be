# SPDX-License-Identifier: EUPL-1.2
"""Verbs of `rights`: append to the audit chain, verify it, anchor it, run retention."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from mostovi.rights import audit, retention
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag, Break, Detail, Entry, Head
from mostovi.rights.models import AuditEntry, KeyToDestroy, RetentionRun
from mostovi.rights.purposes import Purpose
from mostovi.rights.vault import vault

_CHAIN_LOCK = 0x6D6F7374


def record(
    actor: Actor,
    tag: AuditTag,
    *,
    handle: str = "",
    outcome: str = "done",
    detail: Detail | None = None,
    purpose: Purpose | None = None,
) -> Entry:
    """Append one entry to the chain, inside the caller's transaction.

    `handle` is `vault().handle(kind, id)` of the record concerned. `detail` holds codes and counts
    only (`audit.PersonalDetail` otherwise).
    """
    return record_many(
        actor, tag, handles=[handle], outcome=outcome, detail=detail, purpose=purpose
    )[0]


def record_many(
    actor: Actor,
    tag: AuditTag,
    *,
    handles: Sequence[str],
    outcome: str = "done",
    detail: Detail | None = None,
    purpose: Purpose | None = None,
) -> list[Entry]:
    """Append one entry for each of `handles` (a list page reads many records)."""
    events = [(tag, handle) for handle in handles]
    return record_all(actor, events, outcome=outcome, detail=detail, purpose=purpose)


def record_all(
    actor: Actor,
    events: Sequence[tuple[AuditTag, str]],
    *,
    outcome: str = "done",
    detail: Detail | None = None,
    purpose: Purpose | None = None,
) -> list[Entry]:
    """Append one entry for each (event, handle), in order, with one look at the head."""
    written = json.dumps(audit.checked_detail(detail or {}), sort_keys=True)
    # No savepoint: an entry and the change it tells of stand or fall together.
    with transaction.atomic(savepoint=False):
        at = audit.timestamp(timezone.now())
        last = _locked_head()
        sequence, previous = last.sequence, last.digest
        who = str(actor.account), actor.role.value, (purpose or actor.purpose).value
        rows: list[tuple[int | str, ...]] = []
        for tag, handle in events:
            sequence += 1
            said = (sequence, at, tag.value, *who, handle, outcome, written)
            digest = audit.chained_digest(previous, said)
            rows.append((*said, previous, digest))
            previous = digest
        # Numbers and words alone: what a model would add for each row takes ten times as long.
        with connection.cursor() as cursor:
            cursor.executemany(_insertion(), rows)
        return [Entry(*row) for row in rows]  # type: ignore[arg-type]


@cache
def _insertion() -> str:
    columns = [str(AuditEntry._meta.get_field(f.name).column) for f in fields(Entry)]  # type: ignore[union-attr]
    listed, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {AuditEntry._meta.db_table} ({listed}) VALUES ({marks})"  # noqa: S608


def head() -> Head:
    """The last link of the chain; it travels to other nodes in signed receipts."""
    last = AuditEntry.objects.order_by("-sequence").values_list("sequence", "digest").first()
    return Head(*last) if last else Head(0, audit.GENESIS)


def _locked_head() -> Head:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
    # SQLite: the transaction is IMMEDIATE (settings), so this process alone may write.
    return head()


def anchor() -> Head:
    """Remember the present head in the key folder, so that a rewritten chain is found out."""
    present = head()
    path = _anchor_file()
    if present.sequence and (not (known := remembered_heads()) or known[-1] != present):
        line = f"{present.sequence} {present.digest}"
        with path.open("a", encoding="ascii") as file:
            file.write(f"{line} {vault().anchor(line)}\n")
        path.chmod(0o600)
    return present


def remembered_heads() -> list[Head]:
    """The anchored heads that this node's own key vouches for, oldest first."""
    path = _anchor_file()
    heads: list[Head] = []
    for line in path.read_text(encoding="ascii").splitlines() if path.exists() else []:
        sequence, digest, check = line.split(" ")
        if hmac.compare_digest(check, vault().anchor(f"{sequence} {digest}")):
            heads.append(Head(int(sequence), digest))
    return heads


def _anchor_file() -> Path:
    return vault().folder / "audit.heads"


def verify_chain(heads: Sequence[Head] = ()) -> tuple[int, list[Break]]:
    """Check the stored chain against the anchored heads and `heads`; (entries, breaks)."""
    count = 0

    def stored() -> Iterator[Entry]:
        nonlocal count
        for row in AuditEntry.objects.order_by("sequence").iterator(chunk_size=5000):
            count += 1
            yield row.entry()

    breaks = audit.verify(stored(), [*remembered_heads(), *heads])
    return count, breaks


@transaction.atomic
def destroy_subject(actor: Actor, key_id: UUID, *, reason: str) -> None:
    """Record and carry out the destruction of one subject's key (crypto-erasure)."""
    record(
        actor, AuditTag.KEY_DESTROYED, handle=vault().handle("key", key_id),
        detail={"reason": reason},
    )  # fmt: skip
    KeyToDestroy.objects.get_or_create(key_id=key_id)
    # Outside the database and final, so only once the log entry is sure to stay.
    transaction.on_commit(destroy_pending)


def destroy_pending() -> int:
    """Destroy every key whose destruction is decided, also those a crash left over."""
    pending = list(KeyToDestroy.objects.values_list("key_id", flat=True))
    for key_id in pending:
        vault().destroy(key_id)
        KeyToDestroy.objects.filter(key_id=key_id).delete()
    return len(pending)


def run_retention(now: datetime, actor: Actor | None = None) -> RetentionRun:
    """Carry out every retention rule, each on its own, and store the report."""
    who = actor or Actor.system(Purpose.GOVERNANCE)
    run = RetentionRun.objects.create(started_at=now)
    report = retention.carry_out(now)
    run.report = report
    run.finished_at = timezone.now()
    run.save()
    ended = sum(line["ended"] for line in report.values())
    failed = sum(1 for line in report.values() if line["failure"])
    record(who, AuditTag.RETENTION_RUN, detail={"ended": ended, "failed_rules": failed})
    return run
