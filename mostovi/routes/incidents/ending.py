# SPDX-License-Identifier: EUPL-1.2
"""The end of what the store holds (R10): keys destroyed, rows gone, numbers of outcomes kept."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mostovi.procedures import services as procedures
from mostovi.procedures.models import Instance
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.retention import RetentionRule, cutoff
from mostovi.rights.services import destroy_subject, record
from mostovi.routes.incidents import pairing
from mostovi.routes.incidents.models import Assistance, Incident, Investigation, JointWork

AT_ONCE: Final = 500


def end(rule: RetentionRule, today: date) -> int:
    """Erase what has reached its end; returns how many records. An open investigation keeps
    its incidents."""
    before = cutoff(rule, today)
    if before is None:
        return 0
    moment = timezone.make_aware(datetime.combine(before, time.min))
    system = Actor.system(Purpose.INVESTIGATION)
    with transaction.atomic():
        ended = _end_running(system, moment)
        for investigation in Investigation.objects.filter(ended_at__lt=moment)[:AT_ONCE]:
            # Joint work that ended with it was ended above, or is younger and keeps it.
            if investigation.joint_works.exists() or investigation.assistance.exists():
                continue
            destroy_subject(system, investigation.key_id, reason="retention")
            investigation.delete()
            ended += 1
        for incident in Incident.objects.filter(changed_at__lt=moment, investigations=None)[
            :AT_ONCE
        ]:
            destroy_subject(system, incident.key_id, reason="retention")
            noted = list(incident.identifiers.order_by().values_list("kind", "token"))
            incident.delete()
            # What was widely shared may be telling again.
            pairing.refresh([(kind, bytes(token)) for kind, token in noted], timezone.now())
            ended += 1
        if ended:
            record(system, AuditTag.INCIDENTS_ENDED, detail={"count": ended})
    return ended


def _end_running(system: Actor, moment: datetime) -> int:
    ended = 0
    for model in (JointWork, Assistance):
        unsent = Q(letter_id=None, changed_at__lt=moment)
        over = model.objects.filter(Q(procedure__over_at__lt=moment) | unsent)
        for row in over.select_related("procedure")[:AT_ONCE]:
            instance: Instance = row.procedure
            destroy_subject(system, row.key_id, reason="retention")
            row.delete()
            procedures.erase(system, instance=instance)
            ended += 1
    return ended
