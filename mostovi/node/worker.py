# SPDX-License-Identifier: EUPL-1.2
"""The background worker: periodic jobs of all packages and tasks queued in the database.

One loop serves a laptop and a ministry. Every job is claimed in the database before it runs, so
any number of workers may be started; a job whose worker was killed is taken over at once on the
same machine and after `LEASE` elsewhere. Jobs and tasks are idempotent: each may run again after
a kill.
"""

from __future__ import annotations

import datetime as dt
import importlib
import importlib.util
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.db import Error, close_old_connections, connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker as TaskWorker
from django_tasks_db.models import DBTaskResult

from mostovi.node.job_models import JobRun
from mostovi.node.logs import describe_error

log = logging.getLogger(__name__)

LEASE: Final = dt.timedelta(seconds=30)
# A job that runs more often than this keeps its lease between runs instead of writing each time.
FAST: Final = dt.timedelta(seconds=10)
RENEW: Final = LEASE.total_seconds() / 3
LONGEST_REST: Final = dt.timedelta(hours=1)
SHORTEST_NAP: Final = 0.05
LONGEST_NAP: Final = 0.5
TASK_INTERVAL: Final = dt.timedelta(seconds=1)
ABANDONED: Final = dt.timedelta(hours=6)

Run = Callable[[dt.datetime], int]


@dataclass(frozen=True)
class Job:
    """A periodic job as a package offers it in `jobs.JOBS`; `long` keeps it off the quick lane."""

    name: str
    every: dt.timedelta
    run: Run
    long: bool = False

    @property
    def fast(self) -> bool:
        """Whether its lease is kept between runs."""
        return self.every < FAST


def jobs() -> list[Job]:
    """All jobs of the installed packages, by name; the worker's own first."""
    found = [Job("node.tasks", TASK_INTERVAL, run_tasks, long=True)]
    for config in apps.get_app_configs():
        if not config.name.startswith("mostovi."):
            continue
        if importlib.util.find_spec(f"{config.name}.jobs") is None:
            continue
        offered: Mapping[str, tuple[dt.timedelta, Run]] = importlib.import_module(
            f"{config.name}.jobs"
        ).JOBS
        for name, (every, run) in offered.items():
            full = name if name.startswith(f"{config.label}.") else f"{config.label}.{name}"
            found.append(Job(full, every, run))
    return found


def lanes(offered: list[Job]) -> list[list[Job]]:
    """Two lists that run side by side, so that a long job never holds up the post."""
    quick = [job for job in offered if job.fast and not job.long]
    slow = [job for job in offered if job not in quick]
    return [lane for lane in (quick, slow) if lane]


@cache
def _place() -> str:
    """The machine and process-number space in which a process number means something."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = "pid"
    return f"{socket.gethostname()[:60]}/{space}"


def _started(process: int) -> str:
    """When the process began, in kernel ticks, so that a reused number is not taken for it."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def new_holder() -> str:
    """A name for a worker: `machine|process|start|random`."""
    process = os.getpid()
    return f"{_place()}|{process}|{_started(process)}|{uuid.uuid4().hex[:8]}"


def is_gone(holder: str) -> bool:
    """Whether the worker certainly no longer runs; False when it cannot be told from here."""
    place, _, rest = holder.partition("|")
    parts = rest.split("|")
    if place != _place() or len(parts) != 3 or not parts[0].isdigit():
        return False
    process, started = int(parts[0]), parts[1]
    if process == os.getpid():
        return started != _started(process)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return bool(started) and _started(process) != started


def run_tasks(now: dt.datetime) -> int:
    """Run the queued tasks that are ready; returns how many were waiting."""
    _requeue_abandoned(now)
    waiting = DBTaskResult.objects.ready().count()
    if waiting:
        TaskWorker(
            queue_names=["*"],
            interval=0,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=waiting,
            worker_id=_this_worker(),
            excluded_queue_names=[],
        ).run()
        _strip_messages()
    return waiting


@cache
def _this_worker() -> str:
    return new_holder()


def _requeue_abandoned(now: dt.datetime) -> None:
    """Put back tasks whose worker was killed; a task is written so that it may run again."""
    for task in DBTaskResult.objects.running():
        holder = task.worker_ids[-1] if task.worker_ids else ""
        if is_gone(holder) or (task.started_at and task.started_at < now - ABANDONED):
            DBTaskResult.objects.filter(pk=task.pk, status="RUNNING").update(status="READY")
            log.warning("task put back after its worker stopped", extra={"task": str(task.pk)})


def _strip_messages() -> None:
    """Keep of a failed task's traceback only the places; its message may be about a person."""
    for task in DBTaskResult.objects.failed().exclude(traceback="").only("pk", "traceback"):
        places = [line for line in task.traceback.splitlines() if line.startswith('  File "')]
        if task.traceback != (kept := "\n".join(places)):
            DBTaskResult.objects.filter(pk=task.pk).update(traceback=kept)


class Claim(Enum):
    """What asking for a job brought."""

    REFUSED = 0
    KEPT = 1
    TAKEN = 2


class Lane:
    """Runs the due jobs of one list, one after the other, until `stop` is set."""

    def __init__(self, offered: list[Job], stop: threading.Event | None = None) -> None:
        self.jobs = offered
        self.holder = new_holder()
        self.stop = stop or threading.Event()
        self._next: dict[str, float] = {}
        self._claimed: dict[str, float] = {}
        self._running = ""

    def run(self) -> None:
        """Loop until stopped; a job that fails is logged, and the others go on."""
        log.info("worker lane started", extra={"count": len(self.jobs)})
        keeper = threading.Thread(target=self._keep_lease, name="lease", daemon=True)
        keeper.start()
        try:
            while not self.stop.is_set():
                self._safe_turn()
                self.stop.wait(self._nap())
        finally:
            self._release()
            connection.close()
            log.info("worker lane stopped")

    def _safe_turn(self) -> None:
        """Nothing may end the lane but being stopped: a node without a worker is deaf and dumb."""
        try:
            close_old_connections()
            self.turn()
        except Exception as error:
            log.error("worker lane stumbled", exc_info=error)
            self.stop.wait(1.0)

    def turn(self) -> int:
        """Run every job that is due now and that this worker may hold; returns how many ran."""
        ran = 0
        for job in self.jobs:
            if self.stop.is_set() or time.monotonic() < self._next.get(job.name, 0.0):
                continue
            try:
                claim = self._claim(job)
            except Error as error:
                log.warning("job not claimed", extra={"job": job.name}, exc_info=error)
                self._later(job, 1.0)
                continue
            if claim is not Claim.REFUSED:
                self._run(job, claim)
                ran += 1
        return ran

    def once(self) -> int:
        """Run what is due now and give the leases back."""
        try:
            return self.turn()
        finally:
            self._release()

    def _nap(self) -> float:
        soonest = min((self._next.get(job.name, 0.0) for job in self.jobs), default=0.0)
        return min(max(soonest - time.monotonic(), SHORTEST_NAP), LONGEST_NAP)

    def _later(self, job: Job, seconds: float) -> None:
        self._next[job.name] = time.monotonic() + seconds

    def _claim(self, job: Job) -> Claim:
        """Take the job if it is due and nobody living holds it."""
        claimed = self._claimed.get(job.name)
        if job.fast and claimed is not None and time.monotonic() - claimed < RENEW:
            return Claim.KEPT
        now = timezone.now()
        with transaction.atomic():
            run = JobRun.objects.select_for_update().filter(name=job.name).first()
            if run is None:
                JobRun.objects.bulk_create([JobRun(name=job.name, due=now)], ignore_conflicts=True)
                run = JobRun.objects.select_for_update().get(name=job.name)
            if not self._may_hold(run, now):
                self._later(job, max(job.every.total_seconds(), 1.0))
                return Claim.REFUSED
            if run.due > now:
                self._later(job, min((run.due - now).total_seconds(), LEASE.total_seconds()))
                return Claim.REFUSED
            run.holder = self.holder
            run.held_until = now + LEASE
            run.last_started = now
            run.save(update_fields=["holder", "held_until", "last_started"])
        self._claimed[job.name] = time.monotonic()
        return Claim.TAKEN

    def _may_hold(self, run: JobRun, now: dt.datetime) -> bool:
        if run.holder in ("", self.holder) or run.held_until is None:
            return True
        return run.held_until <= now or is_gone(run.holder)

    def _run(self, job: Job, claim: Claim) -> None:
        count = 0
        failure: Exception | None = None
        self._running = job.name
        try:
            count = job.run(timezone.now()) or 0
        except Exception as error:
            failure = error
            log.error("job failed", extra={"job": job.name}, exc_info=error)
        finally:
            self._running = ""
        self._later(job, job.every.total_seconds())
        try:
            if failure is not None:
                self._note_failure(job, failure)
            elif count or claim is Claim.TAKEN:
                self._note_success(job, count)
        except Error as error:
            log.warning("job outcome not noted", extra={"job": job.name}, exc_info=error)

    def _mine(self, job: Job) -> QuerySet[JobRun]:
        return JobRun.objects.filter(name=job.name, holder=self.holder)

    def _note_success(self, job: Job, count: int) -> None:
        """A quiet run of a fast job is noted only when its lease is renewed (see `_run`)."""
        now = timezone.now()
        values: dict[str, Any] = {"last_error": "", "failures": 0, "last_finished": now}
        if count or not job.fast:
            values["last_count"] = count
        if not job.fast:
            values |= {"due": now + job.every, "holder": "", "held_until": None}
        self._mine(job).update(**values)

    def _note_failure(self, job: Job, failure: Exception) -> None:
        """Let the job rest, each time twice as long, at most an hour or its own interval."""
        now = timezone.now()
        failures = (self._mine(job).values_list("failures", flat=True).first() or 0) + 1
        rest = min(job.every * 2 ** min(failures, 16), max(job.every, LONGEST_REST))
        self._mine(job).update(
            last_error=describe_error(failure)[:400],
            failures=failures,
            last_finished=now,
            due=now + rest,
            holder="",
            held_until=None,
        )
        self._claimed.pop(job.name, None)
        self._later(job, rest.total_seconds())

    def _keep_lease(self) -> None:
        """Prolong the lease of a job that runs long, so that no other worker doubles it."""
        while not self.stop.wait(RENEW):
            if not (name := self._running):
                continue
            try:
                held = JobRun.objects.filter(name=name, holder=self.holder)
                held.update(held_until=timezone.now() + LEASE)
            except Error as failure:
                log.warning("lease not prolonged", extra={"job": name}, exc_info=failure)
            finally:
                connection.close()

    def _release(self) -> None:
        """Give back what this worker holds, so that another goes on at once."""
        try:
            JobRun.objects.filter(holder=self.holder).update(holder="", held_until=None)
        except Error as failure:
            log.warning("jobs not given back", exc_info=failure)


class Worker:
    """All lanes of one process."""

    def __init__(self, offered: list[Job] | None = None) -> None:
        self.stop = threading.Event()
        self._threads = [
            threading.Thread(target=Lane(lane, self.stop).run, name=f"worker-{number}", daemon=True)
            for number, lane in enumerate(lanes(jobs() if offered is None else offered))
        ]

    def start(self) -> None:
        """Run the lanes in threads of their own."""
        for thread in self._threads:
            thread.start()

    def finish(self, seconds: float = 20.0) -> bool:
        """Ask the lanes to stop after the job in hand; returns whether they did in time."""
        self.stop.set()
        ends = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(ends - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in self._threads)


def heartbeat(now: dt.datetime) -> dt.timedelta | None:
    """How long ago any job last ended; None when no worker ever ran here."""
    last = JobRun.objects.aggregate(last=Max("last_finished"))["last"]
    return None if last is None else now - last
