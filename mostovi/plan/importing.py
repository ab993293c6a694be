# SPDX-License-Identifier: EUPL-1.2
"""Verbs that take UNHCR's and Frontex's published files; only sums are kept, not the files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from mostovi.plan import asylum, detections
from mostovi.plan.models import IndicatorValue
from mostovi.plan.services import StockRefused
from mostovi.plan.stock import RowError
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record

ASYLUM = "asylum_applications"
ASYLUM_SOURCE = "UNHCR, Refugee Data Finder, asylum applications (CC BY 4.0)"
DETECTIONS = "western_balkan_detections"
DETECTIONS_SOURCE = (
    "Frontex, monthly detections of irregular border crossings, Western Balkan route"
)


class FileRefused(StockRefused):
    """The file was not taken; `errors` name row, column and repair."""


@transaction.atomic
def import_asylum(
    actor: Actor, content: bytes, *, file_name: str = "", now: datetime | None = None
) -> IndicatorValue:
    """Count first applications by partner and year. Raises `FileRefused`; then nothing changed."""
    require(actor, Action.CHANGE, Kind.PLAN)
    table = asylum.read_applications(content)
    if table.errors:
        raise FileRefused(table.errors, table.more)
    try:
        found = asylum.count(table.rows)
    except ValueError as error:
        raise FileRefused([RowError(0, "", "", str(error))]) from error
    parts = {
        "by_year": {str(year): dict(row) for year, row in sorted(found.by_year.items())},
        "left_out": {str(year): dict(row) for year, row in sorted(found.left_out.items())},
        "rows": len(table.rows),
    }
    value = _keep(actor, ASYLUM, found.last, found.total(found.last), parts, ASYLUM_SOURCE,
                  content, file_name, now)  # fmt: skip
    record(actor, AuditTag.PLAN_ASYLUM_IMPORTED, detail=_told(value))
    return value


@transaction.atomic
def import_detections(
    actor: Actor, content: bytes, *, file_name: str = "", now: datetime | None = None
) -> IndicatorValue:
    """Count the route's detections by month. Raises `FileRefused`; then nothing is changed."""
    require(actor, Action.CHANGE, Kind.PLAN)
    table = detections.read_detections(content)
    if table.errors:
        raise FileRefused(table.errors, table.more)
    try:
        months = detections.by_month(table.rows)
    except ValueError as error:
        raise FileRefused([RowError(0, "", "", str(error))]) from error
    years = detections.by_year(months)
    if not years:
        raise FileRefused([RowError(0, "", "", "The file holds no whole year.")])
    year = max(years)
    parts = {"months": dict(months), "rows": len(table.rows)}
    value = _keep(actor, DETECTIONS, year, years[year], parts, DETECTIONS_SOURCE, content,
                  file_name, now)  # fmt: skip
    record(actor, AuditTag.PLAN_DETECTIONS_IMPORTED, detail=_told(value))
    return value


def newest(indicator: str) -> IndicatorValue | None:
    """The value in force, if a file was imported at this node."""
    return IndicatorValue.objects.filter(indicator=indicator).order_by("-recorded_at").first()


def counted(value: IndicatorValue) -> asylum.Counted:
    """The stored applications as they were counted."""
    by_year, left_out = (
        {int(year): row for year, row in value.parts[part].items()}
        for part in ("by_year", "left_out")
    )
    return asylum.Counted(by_year, left_out)


def _keep(
    actor: Actor, indicator: str, year: int, number: int, parts: Mapping[str, object],
    source: str, content: bytes, file_name: str, now: datetime | None,
) -> IndicatorValue:  # fmt: skip
    return IndicatorValue.objects.create(
        indicator=indicator, year=year, value=number, parts=parts, source=source,
        file_name=file_name[:200], fingerprint=hashlib.sha256(content).hexdigest(),
        recorded_at=now or timezone.now(), officer=actor.account,
    )  # fmt: skip


def _told(value: IndicatorValue) -> dict[str, str | int | bool | None]:
    return {"year": value.year, "rows": value.parts["rows"], "sha256": value.fingerprint}
