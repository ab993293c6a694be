# SPDX-License-Identifier: EUPL-1.2
"""Periodic work: asking how a referral went, when nobody has."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.cases import referring
from mostovi.cases.models import Direction, Referral
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose

logger = logging.getLogger(__name__)
ASK_AFTER = timedelta(days=14)
"""After the person was met; a working value. The receiver's own clock for feedback runs beside."""


def call_for_feedback(now: datetime) -> int:
    """Ask the receiver what was done, once, for referrals whose person was met long ago."""
    rows = Referral.objects.filter(
        direction=Direction.SENT, ended_at=None, consent_withdrawn_at=None,
        procedure__state="handed_over", procedure__changed_at__lt=now - ASK_AFTER,
    )  # fmt: skip
    asked = 0
    for referral in rows.select_related("procedure")[:500]:
        try:
            referring.step(
                Actor.system(Purpose(referral.purpose)), referral, verb="call_for_feedback",
                now=now,
            )  # fmt: skip
        except Exception:
            logger.exception(
                "feedback not asked for", extra={"instance": str(referral.procedure_id)}
            )
        else:
            asked += 1
    return asked


JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "referrals.call_for_feedback": (timedelta(hours=12), call_for_feedback),
}
