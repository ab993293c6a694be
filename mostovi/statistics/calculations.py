# SPDX-License-Identifier: EUPL-1.2
"""Verbs on calculations over own records: ask for one, ask anew, read the result, end old ones.

The counting itself is done in a process of its own (`calculation_work`): it loads hundreds of
megabytes that a node which waits for people must not hold.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

import mostovi
from mostovi.procedures.batches import RunState
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.vault import vault
from mostovi.statistics.calculation_models import Calculation
from mostovi.statistics.catalogue import FOLDER
from mostovi.statistics.months import Month

KEPT: Final = timedelta(hours=1)
"""How long a result is kept: it holds counts before protection, and records go on changing."""
_UNFINISHED: Final = (RunState.WAITING, RunState.RUNNING)


def wanted(actor: Actor, kind: str, month: Month, table: str = "") -> Calculation:
    """The newest calculation of this kind over the period of `month`; asked for if there is none.

    It may wait, be worked on, be done or have failed. Raises `Refused`.
    """
    require(actor, Action.PUBLISH, Kind.STATISTIC)
    newest = _kept(made_of(kind, str(month), table))
    return newest or _ask(actor, kind, str(month), table)


def anew(actor: Actor, pk: UUID) -> Calculation:
    """The same once more, from the records as they are now.

    Raises `Refused`, `Calculation.DoesNotExist`.
    """
    earlier = find(actor, pk)
    return _ask(actor, earlier.kind, earlier.month, earlier.table)


def find(actor: Actor, pk: UUID) -> Calculation:
    """A calculation by its number. Raises `Refused`, `Calculation.DoesNotExist`."""
    require(actor, Action.PUBLISH, Kind.STATISTIC)
    return Calculation.objects.get(pk=pk)


@transaction.atomic
def result(actor: Actor, calculation: Calculation) -> dict[str, Any]:
    """What came out. That somebody looked is written into the log."""
    require(actor, Action.PUBLISH, Kind.STATISTIC)
    record(
        actor, AuditTag.STATISTICS_PREVIEWED,
        detail={
            "month": calculation.month,
            "table": calculation.table or "quality",
            "kind": calculation.kind,
        },
    )  # fmt: skip
    return calculation.values()


@transaction.atomic
def end_old(now: datetime) -> int:
    """Delete what was asked for over an hour ago, and the keys; how many."""
    old = list(Calculation.objects.filter(asked_at__lt=now - KEPT).exclude(state__in=_UNFINISHED))
    for calculation in old:
        transaction.on_commit(partial(vault().destroy, calculation.key_id))
    Calculation.objects.filter(pk__in=[one.pk for one in old]).delete()
    return len(old)


@transaction.atomic
def _ask(actor: Actor, kind: str, month: str, table: str) -> Calculation:
    digest = made_of(kind, month, table)
    found = Calculation.objects.filter(made_of=digest, state__in=_UNFINISHED).first()
    if found is not None:
        return found
    asked, _made = Calculation.objects.get_or_create(
        made_of=digest,
        state__in=_UNFINISHED,
        defaults={
            "kind": kind,
            "month": month,
            "table": table,
            "key_id": vault().new_key(),
            "asked_by": actor.account,
            "asked_at": timezone.now(),
        },
    )
    return asked


def _kept(digest: str) -> Calculation | None:
    since = timezone.now() - KEPT
    return (
        Calculation.objects.filter(made_of=digest, asked_at__gte=since)
        .order_by("-asked_at", "id")
        .first()
    )


def made_of(kind: str, month: str, table: str) -> str:
    """The digest of all that a result depends on besides the records: question, files, program."""
    asked = json.dumps([kind, month, table, mostovi.__version__, _files()])
    return hashlib.sha256(asked.encode()).hexdigest()


@cache
def _files() -> str:
    digest = hashlib.sha256()
    for path in sorted(FOLDER.rglob("*.yaml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
