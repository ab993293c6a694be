# SPDX-License-Identifier: EUPL-1.2
"""A case of a possible victim at the step of assessment, and a consent to investigators."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mostovi.cases import services as cases
from mostovi.cases.victims import decisions, statements
from mostovi.cases.victims.identification import Ruling
from mostovi.cases.victims.statement_fields import PROFILE, RECEIVER
from mostovi.people import consenting
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

REASONS = "Held her passport, locked the door, took what she earned; nothing speaks against it."


@pytest.fixture
def investigator(acting):
    return acting(Role.INVESTIGATOR, unit="police")


@pytest.fixture
def assessed(case, coordinator):
    """The case, taken to the step of assessment by the common verbs."""
    cases.take_step(coordinator, case, verb="register")
    cases.take_step(coordinator, case, verb="start_assessment")
    return case


@pytest.fixture
def decide(coordinator):
    def write(case, ruling=Ruling.REASONABLE_GROUNDS, actor=None, **more):
        written = {
            "decided_on": datetime.now(UTC).date(), "authority": "Office of the coordinator",
            "basis": ["told", "observed"], "reasons": REASONS,
            "told": "In Arabic, with an interpreter.",
        }  # fmt: skip
        return decisions.decide(actor or coordinator, case, ruling=ruling, **(written | more))

    return write


@pytest.fixture
def agree(coordinator):
    """The person agrees that investigators receive some fields."""

    def give(person, fields=("names", "languages", "account"), days=90):
        return consenting.give(
            coordinator, person, purpose=Purpose.INVESTIGATION, receiver=RECEIVER,
            profile=PROFILE, fields=list(fields), language="ar", means="oral",
            expires_at=datetime.now(UTC) + timedelta(days=days),
        )  # fmt: skip

    return give


@pytest.fixture
def hand_over(coordinator):
    """Look at what would be seen, then give exactly that."""

    def give(case, consent, account="A man took my passport.", fields=None):
        wanted = {
            "consent": consent.pk, "fields": fields or consent.fields,
            "written": {"account": account},
        }  # fmt: skip
        looked = statements.shown(coordinator, case, **wanted)
        return statements.give(coordinator, case, seen=looked.seen, **wanted)

    return give
