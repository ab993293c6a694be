# SPDX-License-Identifier: EUPL-1.2
"""Which simulation is worked on now: one at a time, each in a process of its own.

A run is given to a process by one conditional update, so any number of workers may ask. A run whose
process fell silent (killed, machine switched off) waits again, and fails after the third time.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.db.models import F

from mostovi.pathways.simulation_models import RunState, SimulationRun

log = logging.getLogger(__name__)

SILENCE: Final = timedelta(seconds=30)
"""After this long without a sign of life a process is taken to be gone."""
MOST_ATTEMPTS: Final = 3
_children: dict[str, subprocess.Popen[bytes]] = {}


def turn(now: datetime) -> int:
    """Look after the runs: take up silent ones, begin the next; returns how many were begun."""
    _reap()
    unfinished = SimulationRun.objects.filter(state__in=[RunState.WAITING, RunState.RUNNING])
    listed = list(unfinished.order_by("asked_at").only("state", "beat", "holder", "attempts"))
    for run in listed:
        if run.state == RunState.RUNNING and _silent(run, now):
            _take_up(run, now)
            return 0
    if any(run.state == RunState.RUNNING for run in listed) or not listed:
        return 0
    return int(_begin(listed[0], now))


def _silent(run: SimulationRun, now: datetime) -> bool:
    return run.beat is None or run.beat < now - SILENCE


def _reap() -> None:
    """Forget children that ended; one that ended without finishing its run leaves it waiting."""
    for holder, child in list(_children.items()):
        if child.poll() is not None:
            del _children[holder]
            SimulationRun.objects.filter(state=RunState.RUNNING, holder=holder).update(beat=None)


def _take_up(run: SimulationRun, now: datetime) -> None:
    """Let a run wait again whose process is gone, or end it when that happened too often."""
    mine = SimulationRun.objects.filter(pk=run.pk, holder=run.holder, state=RunState.RUNNING)
    if run.attempts >= MOST_ATTEMPTS:
        mine.update(state=RunState.FAILED, failure="stopped", finished_at=now, holder="")
        log.error("simulation stopped too often", extra={"count": run.attempts})
    else:
        mine.update(state=RunState.WAITING, holder="", beat=None, step=0)
        log.warning("simulation taken up again", extra={"count": run.attempts})


def _begin(run: SimulationRun, now: datetime) -> bool:
    holder = uuid4().hex
    given = SimulationRun.objects.filter(pk=run.pk, state=RunState.WAITING).update(
        state=RunState.RUNNING, holder=holder, beat=now, step=0, attempts=F("attempts") + 1
    )
    if given:
        _children[holder] = _process(str(run.pk), holder)
    return bool(given)


def _process(pk: str, holder: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
        "MOSTOVI_HOME": str(settings.MOSTOVI.home),
    }
    words = ["-m", "mostovi.pathways.simulation_process", pk, holder, str(os.getpid())]
    return subprocess.Popen(  # noqa: S603  (our own interpreter and fixed words)
        [sys.executable, *words], stdin=subprocess.DEVNULL, env=environment
    )
