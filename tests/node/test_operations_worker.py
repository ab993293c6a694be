# SPDX-License-Identifier: EUPL-1.2
"""The worker runs each job once, takes over from the dead, and survives what a job throws."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
import time

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from mostovi.node import worker
from mostovi.node.job_models import JobRun
from mostovi.node.worker import Job, Lane, is_gone, lanes, new_holder, run_tasks

pytestmark = pytest.mark.django_db


class Counted:
    """A job that counts its runs."""

    def __init__(self, name: str = "t.job", every: float = 3600, fails: bool = False) -> None:
        self.runs = 0
        self.fails = fails
        self.job = Job(name, dt.timedelta(seconds=every), self)

    def __call__(self, now: dt.datetime) -> int:
        self.runs += 1
        if self.fails:
            raise ValueError("Amina Hodžić")
        return 5


def dead_holder() -> str:
    """The name of a worker whose process has ended."""
    program = (
        "import django; django.setup(); from mostovi.node import worker; print(worker.new_holder())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_job_runs_when_due_and_not_again_before() -> None:
    counted = Counted()
    assert Lane([counted.job]).turn() == 1
    assert Lane([counted.job]).turn() == 0
    run = JobRun.objects.get(name="t.job")
    assert (counted.runs, run.last_count, run.holder, run.failures) == (1, 5, "", 0)
    JobRun.objects.update(due=timezone.now())
    assert Lane([counted.job]).turn() == 1


def test_two_workers_never_run_one_job_at_the_same_time() -> None:
    counted = Counted(every=0.1)
    first, second = Lane([counted.job]), Lane([counted.job])
    assert first.turn() == 1
    assert second.turn() == 0
    assert JobRun.objects.get().holder == first.holder


def test_a_stopped_worker_gives_its_jobs_back_at_once() -> None:
    counted = Counted(every=0.1)
    assert Lane([counted.job]).once() == 1
    assert Lane([counted.job]).turn() == 1


@pytest.mark.slow
def test_a_killed_worker_is_replaced_at_once_on_the_same_machine() -> None:
    now = timezone.now()
    JobRun.objects.create(
        name="t.job", due=now, holder=dead_holder(), held_until=now + dt.timedelta(hours=1)
    )
    assert Lane([Counted().job]).turn() == 1


def test_a_worker_elsewhere_is_trusted_until_its_lease_ends() -> None:
    now = timezone.now()
    elsewhere = "other-machine/pid:[1]|17|99|abc"
    JobRun.objects.create(
        name="t.job", due=now, holder=elsewhere, held_until=now + dt.timedelta(seconds=30)
    )
    assert Lane([Counted().job]).turn() == 0
    JobRun.objects.update(held_until=now - dt.timedelta(seconds=1))
    assert Lane([Counted().job]).turn() == 1


def test_a_failing_job_rests_longer_each_time_and_the_others_go_on() -> None:
    bad, good = Counted("t.bad", fails=True), Counted("t.good")
    Lane([bad.job, good.job]).turn()
    assert good.runs == 1
    first = JobRun.objects.get(name="t.bad")
    assert first.failures == 1
    assert first.last_error.startswith("builtins.ValueError at test_operations_worker.py:")
    assert "Amina" not in first.last_error
    JobRun.objects.filter(name="t.bad").update(due=timezone.now())
    Lane([bad.job]).turn()
    assert JobRun.objects.get(name="t.bad").failures == 2


def test_a_failing_fast_job_does_not_fill_the_log() -> None:
    bad = Counted(every=0.01, fails=True)
    lane = Lane([bad.job])
    for _ in range(20):
        lane.turn()
    assert bad.runs == 1


def test_a_quiet_fast_job_does_not_write_at_every_run(
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    ran = threading.Event()

    def quiet(now: dt.datetime) -> int:
        ran.set()
        return 0

    lane = Lane([Job("t.fast", dt.timedelta(0), quiet)])
    lane.turn()
    ran.clear()
    with django_assert_num_queries(0):  # type: ignore[operator]
        lane.turn()
    assert ran.is_set()


def test_a_job_that_became_due_with_the_clock_set_back_still_runs_later() -> None:
    counted = Counted()
    lane = Lane([counted.job])
    JobRun.objects.create(name="t.job", due=timezone.now() + dt.timedelta(days=1))
    assert lane.turn() == 0
    assert lane._next["t.job"] - time.monotonic() <= worker.LEASE.total_seconds()


def test_long_jobs_do_not_hold_up_the_quick_ones() -> None:
    quick, slow = Counted("t.quick", every=0.5), Counted("t.slow", every=60)
    tasks = Job("node.tasks", dt.timedelta(seconds=1), run_tasks, long=True)
    assert lanes([quick.job, slow.job, tasks]) == [[quick.job], [slow.job, tasks]]


def test_holders() -> None:
    assert not is_gone(new_holder())
    place, process, started, _ = new_holder().split("|")
    assert is_gone(f"{place}|{process}|1|x")
    assert not is_gone("")
    assert not is_gone(f"elsewhere|{os.getpid()}|{started}|x")


def test_every_package_job_has_a_positive_interval_and_a_name() -> None:
    found = worker.jobs()
    assert len({job.name for job in found}) == len(found)
    assert all(job.every > dt.timedelta(0) for job in found)
    assert "rights.retention" in {job.name for job in found}


def test_tasks_of_a_killed_worker_are_put_back_and_messages_are_dropped() -> None:
    now = timezone.now()
    place = new_holder().split("|")[0]
    common = {
        "args_kwargs": {"args": [], "kwargs": {}}, "task_path": "no.task",
        "backend_name": "default",
        "run_after": now + dt.timedelta(days=1), "exception_class_path": "", "traceback": "",
    }  # fmt: skip
    killed = DBTaskResult.objects.create(
        status="RUNNING", started_at=now, worker_ids=[f"{place}|{os.getpid()}|1|x"], **common
    )
    living = DBTaskResult.objects.create(
        status="RUNNING", started_at=now, worker_ids=[new_holder()], **common
    )
    failed = DBTaskResult.objects.create(
        status="FAILED",
        **{**common, "traceback": '  File "a.py", line 1, in b\n    c()\nValueError: Amina'},
    )
    worker._strip_messages()
    run_tasks(now)
    assert DBTaskResult.objects.get(pk=killed.pk).status == "READY"
    assert DBTaskResult.objects.get(pk=living.pk).status == "RUNNING"
    assert DBTaskResult.objects.get(pk=failed.pk).traceback == '  File "a.py", line 1, in b'
