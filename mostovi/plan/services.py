# SPDX-License-Identifier: EUPL-1.2
"""Verbs of `plan`: report progress, receive a report, import the UN's table, gather pages."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.exchange.handlers import ReceivedLetter, Reject
from mostovi.exchange.services import post
from mostovi.plan import letters, stock
from mostovi.plan.content import plan
from mostovi.plan.letters import EvidenceLine, Report
from mostovi.plan.models import Evidence, IndicatorValue, PartnerProgress
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.roles import Role
from mostovi.rights.services import record
from mostovi.statistics.region import PARTNERS
from mostovi.statistics.services import SECRETARIAT

STOCK_FIGURE = "emigrants_per_immigrant"
STOCK_SOURCE = "UN DESA, Population Division, International Migrant Stock 2020 (CC BY 3.0 IGO)"
PATIENCE = timedelta(days=30)
"""How long delivery to the secretariat is tried."""
_THREADS = UUID("5b1f4a36-5f0e-4f6c-9c36-1a7f1f8a0b21")
_NO_PERSONS = {"none": "progress of an action, no data on persons"}


class NotTheirs(Exception):
    """A status is set by the partner it is about, at the partner's own node."""


class StockRefused(Exception):
    """The file was not taken; `errors` name row, column and repair."""

    def __init__(self, errors: Sequence[stock.RowError], more: int = 0) -> None:
        super().__init__(errors[0].message if errors else "")
        self.errors = tuple(errors)
        self.more = more


def may_report(actor: Actor, partner: str) -> bool:
    """Whether `actor` may set the status of `partner`: the focal point, for the own partner.

    The secretariat sees all of them and sets none.
    """
    return actor.role is Role.PARTNER_FOCAL_POINT and settings.MOSTOVI.partner == partner


@transaction.atomic
def report_progress(
    actor: Actor,
    *,
    partner: str,
    action: int,
    status: str,
    reported_on: date,
    note: str = "",
    office: str = "",
    evidence: Sequence[EvidenceLine] = (),
    plan_code: str = "",
    now: datetime | None = None,
) -> PartnerProgress:
    """Add a report; earlier ones stay as history. It is posted to the secretariat's node.

    Raises `NotTheirs` for another partner than the node's own, `KeyError` for an unknown action,
    `Refused` for a role that may not.
    """
    require(actor, Action.CHANGE, Kind.PLAN)
    if evidence:
        require(actor, Action.CREATE, Kind.EVIDENCE)
    if not may_report(actor, partner):
        raise NotTheirs(_("A status is set by the partner's own focal point, at its own node."))
    chosen = plan(plan_code)
    chosen.action(action)
    report = Report(
        partner, action, _newest(chosen.code, partner, action) + 1, status, reported_on, note,
        office, evidence, chosen.code,
    )  # fmt: skip
    stored = _store(report, now or timezone.now(), actor)
    if settings.MOSTOVI.partner != SECRETARIAT:
        # What was recorded for an earlier day leaves today: its letter must not be born expired.
        leaves = max(now or timezone.now(), timezone.now())
        post(
            actor, to=SECRETARIAT, letter_type=letters.LETTER_TYPE, purpose=actor.purpose,
            basis=_NO_PERSONS, data=letters.compose(report), now=leaves, expires=leaves + PATIENCE,
            # One thread an action, so that reports arrive in the order they were made.
            thread=uuid5(_THREADS, _thread(chosen.code, action)),
        )  # fmt: skip
    record(
        actor, AuditTag.PLAN_PROGRESS_REPORTED,
        detail={"partner": partner, "action": action, "sequence": report.sequence},
    )  # fmt: skip
    return stored


def receive(letter: ReceivedLetter) -> None:
    """Take a partner's report at the secretariat's node. Raises `Reject` with the reason."""
    if settings.MOSTOVI.partner != SECRETARIAT:
        raise Reject("not_for_us", "Progress reports go to the secretariat's node.")
    try:
        report = letters.read(letter.data)
        plan(report.plan).action(report.action)
    except (KeyError, ValueError) as error:
        raise Reject("unknown_action", f"The report cannot be read: {error}.") from error
    if report.partner not in PARTNERS or letter.source.split("-", 1)[0] != report.partner:
        raise Reject("not_the_partner", "A node reports the progress of its own partner only.")
    newest = _newest(report.plan, report.partner, report.action)
    if report.sequence <= newest:
        raise Reject("old_report", f"Report {newest} on action {report.action} is already here.")
    _store(report, letter.received_at, None)
    record(
        letter.actor, AuditTag.PLAN_PROGRESS_RECEIVED,
        detail={
            "partner": report.partner, "action": report.action, "sequence": report.sequence,
        },
    )  # fmt: skip


def _thread(code: str, action: int) -> str:
    """What names the thread of an action; of the first plan as it was before there were others."""
    own = settings.MOSTOVI.code
    return f"{own}:{action}" if code == letters.FIRST_PLAN else f"{own}:{code}:{action}"


def _newest(code: str, partner: str, action: int) -> int:
    found = PartnerProgress.objects.filter(plan=code, partner=partner, action=action).aggregate(
        newest=Max("sequence")
    )
    return found["newest"] or 0


def _store(report: Report, at: datetime, actor: Actor | None) -> PartnerProgress:
    stored = PartnerProgress.objects.create(
        plan=report.plan,
        partner=report.partner,
        action=report.action,
        sequence=report.sequence,
        status=report.status,
        note=report.note,
        office=report.office,
        reported_on=report.reported_on,
        recorded_at=at,
        officer=actor.account if actor else None,
    )
    Evidence.objects.bulk_create(
        Evidence(report=stored, position=position, title=line.title, url=line.url)
        for position, line in enumerate(report.evidence)
    )
    return stored


@transaction.atomic
def import_stock(
    actor: Actor, content: bytes, *, file_name: str = "", now: datetime | None = None
) -> IndicatorValue:
    """Recompute the report's 4.3 from the UN's table in `content` (CSV) and store the result.

    Only the figure and its parts are kept, not the table. Raises `StockRefused` with one entry
    for each wrong row; then nothing is changed.
    """
    require(actor, Action.CHANGE, Kind.PLAN)
    reading = stock.read(content)
    if reading.errors:
        raise StockRefused(reading.errors, reading.more)
    try:
        found = stock.ratio(reading.rows)
    except ValueError as error:
        raise StockRefused([stock.RowError(0, "", "", str(error))]) from error
    value = IndicatorValue.objects.create(
        indicator=STOCK_FIGURE,
        year=found.year,
        value=found.value,
        parts={
            "emigrants": found.emigrants,
            "immigrants": found.immigrants,
            "within": found.within,
            "without_moves_within": str(found.without_moves_within),
            "by_partner": [list(line) for line in found.by_partner],
            "rows": len(reading.rows),
        },
        source=STOCK_SOURCE,
        file_name=file_name[:200],
        fingerprint=hashlib.sha256(content).hexdigest(),
        recorded_at=now or timezone.now(),
        officer=actor.account,
    )
    record(
        actor, AuditTag.PLAN_STOCK_IMPORTED,
        detail={"year": found.year, "rows": len(reading.rows), "sha256": value.fingerprint},
    )  # fmt: skip
    return value


def newest_stock() -> IndicatorValue | None:
    """The recomputed 4.3 in force, if a table was imported here."""
    return IndicatorValue.objects.filter(indicator=STOCK_FIGURE).order_by("-recorded_at").first()


def in_force(
    partner: str | None = None,
    *,
    plan_code: str = "",
    until: datetime | None = None,
    action: int | None = None,
) -> dict[tuple[int, str], PartnerProgress]:
    """The newest report of each (action, partner), with its evidence, in two queries.

    until: only what had been recorded by then, so that a year's report says what was known in it.
    """
    rows = PartnerProgress.objects.filter(plan=plan(plan_code).code).order_by("sequence")
    if partner:
        rows = rows.filter(partner=partner)
    if until:
        rows = rows.filter(recorded_at__lt=until)
    if action:
        rows = rows.filter(action=action)
    return {(row.action, row.partner): row for row in rows.prefetch_related("evidence")}
