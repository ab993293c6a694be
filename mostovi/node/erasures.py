# SPDX-License-Identifier: EUPL-1.2
"""After a restore: rows of persons who were erased since the backup was made go again.

Their keys are destroyed before the node starts (`backup.restore`), so no identity comes back. What
is left are rows without identity, which the ordinary erasure removes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from mostovi.people.models import Person
from mostovi.people.services import MustBeKept, erase
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.vault import vault

log = logging.getLogger(__name__)

CHUNK = 500


def erase_rows_again(now: datetime) -> tuple[int, int]:
    """(persons erased, persons whose rows stay until a duty recorded in the backup ends)."""
    actor = Actor.system(Purpose.GOVERNANCE)
    done = waiting = 0
    for person in _left_over(vault().folder / "erasures.jsonl"):
        try:
            erase(actor, person, reason="restored", now=now)
            done += 1
        except MustBeKept:
            log.warning("rows of an erased person stay until a duty ends")
            waiting += 1
    return done, waiting


def _left_over(ledger: Path) -> Iterator[Person]:
    if not ledger.exists():
        return
    lines = ledger.read_text(encoding="utf-8").splitlines()
    keys = list({UUID(json.loads(line)["key"]) for line in lines if line.strip()})
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        yield from Person.objects.filter(key_id__in=chunk, erased_at=None)
