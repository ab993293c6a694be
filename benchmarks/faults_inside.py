# SPDX-License-Identifier: EUPL-1.2
"""Steps of `faults_exchange.py` inside one node: `faults_inside.py STEP`, JSON in and out.

`people` makes persons with a case and a consent, as a responder would before the referral begins;
`state` tells everything the node holds about its referrals and letters, as it lies in the database.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from mostovi.node.demo_node import take_step

FIELDS = ["subject", "names", "birth", "languages", "summary"]


def people(given: Mapping[str, Any]) -> dict[str, Any]:
    """`count` persons with an open case and consent to `receiver`: their codes."""
    from django.utils import timezone

    from mostovi.cases import services as cases
    from mostovi.node.models import Membership
    from mostovi.people import consenting
    from mostovi.people.services import Draft, register_many
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose
    from mostovi.rights.roles import Role

    held = Membership.objects.get(account__username="anti-trafficking-coordinator")
    actor = Actor(held.account_id, Role(held.role), Purpose.PROTECTION, held.unit)
    drafts = [
        Draft(
            {"birth": {"precision": "year", "year": 1990}, "languages": ["ar"]},
            [
                {"parts": [["given", "ليلى"], ["family", "حداد"]], "script": "Arab"},
                {"parts": [["given", f"Layla {number}"], ["family", "Haddad"]], "script": "Latn"},
            ],
            synthetic=True,
        )
        for number in range(given["count"])
    ]
    made = []
    for person in register_many(actor, drafts):
        case = cases.open_case(
            actor, person=person, case_type="possible_victim_of_trafficking", urgency="urgent",
            summary="Synthetic.",
        )  # fmt: skip
        consent = consenting.give(
            actor, person, purpose=Purpose.PROTECTION, receiver=given["receiver"], fields=FIELDS,
            language="ar", means="oral", expires_at=timezone.now() + timedelta(days=90),
        )  # fmt: skip
        made.append({"case": case.code, "person": person.code, "consent": str(consent.pk)})
    return {"people": made}


def state(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored: referrals with steps and words, letters out and in, the audit chain."""
    from django.db import connection

    from mostovi.exchange.models import (
        Alarm,
        InboxLetter,
        InboxThread,
        OutboxLetter,
        OutboxThread,
        ParkedLetter,
    )
    from mostovi.node.job_models import JobRun
    from mostovi.rights.models import KeyToDestroy
    from mostovi.rights.services import verify_chain

    entries, breaks = verify_chain()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        (sound,) = cursor.fetchone()
    return {
        "referrals": _referrals(),
        "outbox": [
            {
                "id": str(row.pk), "to": row.to, "type": row.letter_type, "seq": row.seq,
                "thread": str(row.thread), "digest": row.digest, "state": row.state,
                "content": len(row.sealed), "reason": row.reason, "receipt": bool(row.receipt),
                "attempts": row.deliveries.count(),
            }
            for row in OutboxLetter.objects.prefetch_related("deliveries")
        ],
        "inbox": [
            {
                "id": str(row.letter), "source": row.source, "seq": row.seq,
                "thread": str(row.thread), "digest": row.digest, "state": row.state,
            }
            for row in InboxLetter.objects.all()
        ],
        "sent_up_to": {str(t.thread): t.next_seq - 1 for t in OutboxThread.objects.all()},
        "taken_up_to": {str(t.thread): t.expected - 1 for t in InboxThread.objects.all()},
        "parked": ParkedLetter.objects.count(),
        "alarms": list(Alarm.objects.values_list("reason", flat=True)),
        "keys_to_destroy": KeyToDestroy.objects.count(),
        "failing_jobs": list(JobRun.objects.exclude(failures=0).values_list("name", flat=True)),
        "audit_entries": entries,
        "audit_breaks": [str(one) for one in breaks],
        "database": sound,
    }  # fmt: skip


def _referrals() -> list[dict[str, Any]]:
    from mostovi.cases.models import Referral
    from mostovi.cases.referring import messages
    from mostovi.rights.storage import opened

    rows = Referral.objects.select_related("procedure", "case").prefetch_related(
        "procedure__events"
    )
    return [
        {
            "code": row.code, "direction": row.direction, "thread": str(row.thread),
            "case": row.case.code if row.case else None, "letter": str(row.letter_id),
            "state": row.procedure.state, "delivered": row.delivered_at is not None,
            "undeliverable": row.undeliverable,
            "withdrawn": row.consent_withdrawn_at is not None,
            "confirmed": row.withdrawal_confirmed_at is not None,
            "steps": [event.verb for event in row.procedure.events.all()],
            "crossed": sum(event.crossed for event in row.procedure.events.all()),
            "words": sorted(message.text for message in messages(row)),
            "data": _digest_of(values),
        }
        for row, values in opened(rows)
    ]  # fmt: skip


def _digest_of(values: Mapping[str, Any] | None) -> str | None:
    """Of what was sent or received; None when its key is destroyed."""
    if values is None:
        return None
    written = json.dumps(values.get("data"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


STEPS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "people": people,
    "state": state,
}


if __name__ == "__main__":
    sys.exit(take_step(STEPS))
