# SPDX-License-Identifier: EUPL-1.2
"""The retention rule `technical`: rows that only served the running of the node end here."""

from __future__ import annotations

from datetime import date, datetime, time

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from mostovi.node.job_models import JobRun
from mostovi.node.worker import jobs
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.retention import RetentionRule, cutoff
from mostovi.rights.services import destroy_subject
from mostovi.screening.models import Device


@transaction.atomic
def end_technical(rule: RetentionRule, today: date) -> int:
    """Delete jobs that no longer exist, old tasks, and devices nobody used; how many rows."""
    day = cutoff(rule, today)
    if day is None:
        return 0
    moment = timezone.make_aware(datetime.combine(day, time.min))
    present = [job.name for job in jobs()]
    ended, _ = JobRun.objects.exclude(name__in=present).filter(due__lt=moment).delete()
    tasks, _ = DBTaskResult.objects.finished().filter(finished_at__lt=moment).delete()
    return ended + tasks + _end_devices(moment)


def _end_devices(moment: datetime) -> int:
    """A password unused for so long belongs to a lost or forgotten device."""
    last_use = Coalesce("last_used_at", "created_at")
    unused = list(Device.objects.alias(last=last_use).filter(last__lt=moment))
    for device in unused:
        destroy_subject(Actor.system(Purpose.GOVERNANCE), device.key_id, reason="retention")
        device.delete()
    return len(unused)
