# SPDX-License-Identifier: EUPL-1.2
"""Technical rows end after the time of their rule, and not before."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from mostovi.node.job_models import JobRun
from mostovi.node.technical import end_technical
from mostovi.rights.retention import rules
from mostovi.rights.vault import vault
from mostovi.screening.models import Device

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = dt.date(2026, 11, 24)
OLD = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
RECENT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def device(name: str, created: dt.datetime, used: dt.datetime | None) -> Device:
    key_id = vault().new_key()
    return Device.objects.create(
        username=name, account=uuid4(), role="first_responder", purpose="protection", unit="border",
        label=name, key_id=key_id, sealed_ha1=b"x", created_at=created, last_used_at=used,
    )  # fmt: skip


def task(finished: dt.datetime, status: str) -> None:
    DBTaskResult.objects.create(
        args_kwargs={"args": [], "kwargs": {}}, task_path="no.task", backend_name="default",
        run_after=finished, finished_at=finished, status=status,
    )  # fmt: skip


def test_what_was_last_used_before_the_rule_ends_and_the_rest_stays() -> None:
    JobRun.objects.create(name="gone.job", due=OLD)
    JobRun.objects.create(name="gone.lately", due=RECENT)
    JobRun.objects.create(name="rights.retention", due=OLD)
    for status in ("SUCCESSFUL", "FAILED", "RUNNING"):
        task(OLD, status)
    task(RECENT, "SUCCESSFUL")
    lost = device("lost", OLD, None)
    device("worn", OLD, OLD)
    device("kept", OLD, RECENT)
    device("new", RECENT, None)
    assert end_technical(rules()["technical"], TODAY) == 5
    assert set(JobRun.objects.values_list("name", flat=True)) == {"gone.lately", "rights.retention"}
    assert DBTaskResult.objects.count() == 2
    assert set(Device.objects.values_list("username", flat=True)) == {"kept", "new"}
    assert not vault().holds(lost.key_id)
    assert end_technical(rules()["technical"], TODAY) == 0


def test_now_is_not_yet_the_end() -> None:
    device("new", timezone.now(), None)
    assert end_technical(rules()["technical"], timezone.localdate()) == 0
