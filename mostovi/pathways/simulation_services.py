# SPDX-License-Identifier: EUPL-1.2
"""Verbs on simulations of a reform: ask for one, find it again. The work itself is the worker's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mostovi.pathways import law_files, reforming
from mostovi.pathways.models import Reform
from mostovi.pathways.simulation_models import RunState, SimulationRun
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.vault import vault

SYNTHETIC = "synthetic"
MOST_UNFINISHED = 5
"""Simulations of one draft that wait or are worked on at once."""
FEWEST_PEOPLE, MOST_PEOPLE = 100, 2_000_000
MOST_SEED = 999_999


class HasFaults(Exception):
    """The draft's newest version has faults; repair them first."""


class TooManyWaiting(Exception):
    """So many simulations of the draft are not finished that no further one is taken."""


def runs(actor: Actor, reform: Reform) -> QuerySet[SimulationRun]:
    """Every simulation of a draft without its result, newest first."""
    require(actor, Action.READ, Kind.REFORM)
    return reform.simulations.defer("result")


def find(actor: Actor, code: str, pk: UUID) -> SimulationRun:
    """A simulation of the draft with `code`. Raises `SimulationRun.DoesNotExist`."""
    require(actor, Action.READ, Kind.REFORM)
    return SimulationRun.objects.select_related("reform").get(reform__code=code, pk=pk)


@transaction.atomic
def ask(
    actor: Actor,
    code: str,
    *,
    on: date,
    population: str,
    partner: str,
    people: int = 0,
    seed: int = 0,
    by: Sequence[str] = (),
    now: datetime | None = None,
) -> SimulationRun:
    """Ask for a simulation of the draft as it is now; the worker takes it up.

    The same question while it is not yet answered is the same run. Raises `Refused`,
    `Reform.DoesNotExist`, `HasFaults`, `TooManyWaiting`.
    """
    require(actor, Action.CREATE, Kind.REFORM)
    reform = Reform.objects.select_for_update().get(code=code)
    draft = reforming.newest(reform)
    if draft.problems:
        raise HasFaults
    synthetic = population == SYNTHETIC
    asked = {
        "version": draft.number,
        "draft_digest": draft.digest,
        "law_digest": law_files.digest_of_file(reform.partner, reform.pathway),
        "on": on,
        "population": population,
        "partner": partner,
        "people": people if synthetic else 0,
        "seed": seed if synthetic else 0,
        "by": list(by),
    }
    unfinished = reform.simulations.filter(state__in=[RunState.WAITING, RunState.RUNNING])
    if (same := unfinished.filter(**asked).first()) is not None:
        return same
    if unfinished.count() >= MOST_UNFINISHED:
        raise TooManyWaiting
    run = SimulationRun.objects.create(
        reform=reform, asked_by=actor.account, asked_at=now or timezone.now(), **asked
    )
    record(
        actor, AuditTag.SIMULATION_ASKED, handle=vault().handle("simulation", str(run.pk)),
        detail={"reform": reform.code, "version": draft.number, "population": population},
    )  # fmt: skip
    return run


@transaction.atomic
def note_export(actor: Actor, run: SimulationRun, form: str) -> None:
    """Write into the log that a result about real people was taken away as a file."""
    require(actor, Action.READ, Kind.REFORM)
    if run.population != SYNTHETIC:
        record(
            actor, AuditTag.SIMULATION_EXPORTED,
            handle=vault().handle("simulation", str(run.pk)),
            detail={"reform": run.reform.code, "format": form},
        )  # fmt: skip
