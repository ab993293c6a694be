# SPDX-License-Identifier: EUPL-1.2
"""Work too heavy for a process that answers pages: one run at a time, in a process of its own.

A page stores what is asked (`Batch`); the worker's quick lane begins a process for the oldest run
that waits (`Queue.turn`); that process does the work, says every few seconds that it lives
(`carry_out`), and ends. So whatever the work loads is gone with it, and the node stays small.

A run is given to a process by one conditional update, so any number of workers may ask. A run whose
process fell silent (killed, machine switched off) waits again, and fails after the third time.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from django.conf import settings
from django.db import Error, connection, models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

log = logging.getLogger(__name__)

PROGRAM: Final = "mostovi.procedures.batch_process"
SILENCE: Final = timedelta(seconds=30)
"""After this long without a sign of life a process is taken to be gone."""
MOST_ATTEMPTS: Final = 3
BEAT: Final = 5.0
"""Seconds between two signs of life."""
LOOK = 1.0
"""Seconds between two looks whether the worker that began the process is still there."""


class RunState(models.TextChoices):
    """How far a run is."""

    WAITING = "waiting", _("waits for its turn")
    RUNNING = "running", _("is being worked on")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Lost(Exception):
    """The run was given to another process meanwhile; what this one found is thrown away."""


class Batch(models.Model):
    """One run of heavy work, as somebody asked for it.

    step is how many of `steps` are done. holder names the process that works on it and beat when
    that process last said so: a run whose holder fell silent is taken up again, at most
    `MOST_ATTEMPTS` times. failure is a code of the package's words, failure_detail what it names.
    """

    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.WAITING)
    step = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=0)
    holder = models.CharField(max_length=40, blank=True)
    beat = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=40, blank=True)
    failure_detail = models.CharField(max_length=500, blank=True)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def finished(self) -> bool:
        """Nothing more will happen to it."""
        return self.state in (RunState.DONE, RunState.FAILED)

    @property
    def percent(self) -> int:
        """How much of the work is done."""
        return round(100 * self.step / self.steps) if self.steps else 0


# --- The worker's side ----------------------------------------------------------------------------


@dataclass
class Queue:
    """The runs of one model. `module`: whose `work` does a run, loaded in its process only."""

    model: type[Batch]
    module: str
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def turn(self, now: datetime) -> int:
        """Look after the runs: take up silent ones, begin the next; returns how many were begun."""
        self._reap()
        unfinished = self._rows().filter(state__in=[RunState.WAITING, RunState.RUNNING])
        listed = list(unfinished.order_by("asked_at").only("state", "beat", "holder", "attempts"))
        for run in listed:
            if run.state == RunState.RUNNING and (run.beat is None or run.beat < now - SILENCE):
                self._take_up(run, now)
                return 0
        if any(run.state == RunState.RUNNING for run in listed) or not listed:
            return 0
        return int(self._begin(listed[0], now))

    def begin(self, pk: str, holder: str) -> subprocess.Popen[bytes]:
        """Start the process that works on a run."""
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
            "MOSTOVI_HOME": str(settings.MOSTOVI.home),
        }
        words = ["-m", PROGRAM, self.model._meta.label, self.module, pk, holder, str(os.getpid())]
        return subprocess.Popen(  # noqa: S603  (our own interpreter and fixed words)
            [sys.executable, *words], stdin=subprocess.DEVNULL, env=environment
        )

    def _rows(self) -> models.QuerySet[Any]:
        return self.model._default_manager.all()

    def _reap(self) -> None:
        """Forget children that ended; one that ended without finishing leaves its run waiting."""
        for holder, child in list(self.children.items()):
            if child.poll() is not None:
                del self.children[holder]
                self._rows().filter(state=RunState.RUNNING, holder=holder).update(beat=None)

    def _take_up(self, run: Batch, now: datetime) -> None:
        """Let a run wait again whose process is gone, or end it when that happened too often."""
        mine = self._rows().filter(pk=run.pk, holder=run.holder, state=RunState.RUNNING)
        if run.attempts >= MOST_ATTEMPTS:
            mine.update(state=RunState.FAILED, failure="stopped", finished_at=now, holder="")
            log.error("work stopped too often", extra={"count": run.attempts})
        else:
            mine.update(state=RunState.WAITING, holder="", beat=None, step=0)
            log.warning("work taken up again", extra={"count": run.attempts})

    def _begin(self, run: Batch, now: datetime) -> bool:
        holder = uuid4().hex
        given = (
            self._rows()
            .filter(pk=run.pk, state=RunState.WAITING)
            .update(
                state=RunState.RUNNING, holder=holder, beat=now, step=0, attempts=F("attempts") + 1
            )
        )
        if given:
            self.children[holder] = self.begin(str(run.pk), holder)
        return bool(given)


# --- The process's side ---------------------------------------------------------------------------


def step(run: Batch, holder: str, number: int, steps: int) -> None:
    """Write down that `number` of `steps` are done. Raises `Lost`."""
    if not _held(run, holder).update(step=number, steps=steps, beat=timezone.now()):
        raise Lost


def end(run: Batch, holder: str, state: RunState, **values: Any) -> None:
    """Finish the run with `values`. Raises `Lost`."""
    now = timezone.now()
    if not _held(run, holder).update(state=state, finished_at=now, holder="", **values):
        raise Lost
    log.info("work ended", extra={"state": str(state)})


def _held(run: Batch, holder: str) -> models.QuerySet[Any]:
    return _mine(type(run), str(run.pk), holder)


def _mine(model: type[Batch], pk: str, holder: str) -> models.QuerySet[Any]:
    return model._default_manager.filter(pk=pk, holder=holder, state=RunState.RUNNING)


def carry_out(
    model: type[Batch], work: Callable[[str, str], object], pk: str, holder: str, parent: int
) -> int:
    """Work on the run in this process; whatever goes wrong is written into it. Exit status 0.

    The process ends when `parent`, the worker that began it, has ended, so that a killed worker
    leaves nothing behind.
    """
    threading.Thread(target=_live, args=(model, pk, holder, parent), daemon=True).start()
    try:
        work(pk, holder)
    except Lost:
        return 0
    except MemoryError:
        _fail(model, pk, holder, "memory")
    except Exception as error:  # noqa: BLE001  (a run never hangs because of a fault nobody knew)
        # What the error says may quote anything; its kind is enough to look for it.
        log.error("work failed", extra={"state": type(error).__name__.lower()[:40]})
        memory = type(error).__name__ == "OutOfMemoryException"
        _fail(model, pk, holder, "memory" if memory else "unexpected")
    return 0


def _fail(model: type[Batch], pk: str, holder: str, failure: str) -> None:
    _mine(model, pk, holder).update(
        state=RunState.FAILED, failure=failure, finished_at=timezone.now(), holder=""
    )


def _live(model: type[Batch], pk: str, holder: str, parent: int) -> None:
    wait = threading.Event()
    beat = 0.0
    while not wait.wait(LOOK):
        if os.getppid() != parent:
            os._exit(3)
        beat += LOOK
        if beat < BEAT:
            continue
        beat = 0.0
        try:
            if not _mine(model, pk, holder).update(beat=timezone.now()):
                os._exit(3)
        except Error as error:
            log.warning("no sign of life written", exc_info=error)
        finally:
            connection.close()
