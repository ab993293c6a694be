# SPDX-License-Identifier: EUPL-1.2
"""Help beside a check: what comes first in danger, numbers to call, services of the directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import yaml
from django.utils.translation import gettext as _

from mostovi.cases.directory import reading
from mostovi.cases.directory import services as directory
from mostovi.cases.directory.eligibility import Answer
from mostovi.cases.directory.matching import Wanted
from mostovi.cases.directory.models import Service, Status
from mostovi.cases.models import Case
from mostovi.content import CONTENT
from mostovi.pathways import texts
from mostovi.pathways.texts import Said
from mostovi.people.file import PersonFile
from mostovi.rights.access import Action, Actor, Kind, decide

ALWAYS_NEEDED = ("legal_aid", "asylum_procedure", "documents")
"""Needs that whoever looks for a legal way has; a danger's come before."""
_OFFERED = 5
_PUBLIC = 12

DANGER_NEEDS: Mapping[str, tuple[str, ...]] = {
    "trafficking": ("trafficking_identification", "shelter"),
    "child_alone": ("child_protection", "guardianship"),
    "violence": ("gbv_support", "shelter"),
}
"""Which needs of the directory a service for a danger meets."""


@cache
def hotlines() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Numbers to call in danger, by partner (`content/law/hotlines.yaml`)."""
    text = (CONTENT / "law" / "hotlines.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Sequence[Mapping[str, Any]]] = yaml.safe_load(text)["numbers"]
    return found


@dataclass(frozen=True)
class Offered:
    """A service of the directory with what speaks for and against it."""

    code: str
    name: str
    reasons: Sequence[tuple[str, str]]
    can_refer: bool


def services(
    actor: Actor, case: Case, file: PersonFile, dangers: Sequence[str], now: datetime
) -> list[Offered]:
    """Services of the directory for the case, best first; a danger's needs before all others."""
    needs = [need for one in dangers for need in DANGER_NEEDS.get(one, ())]
    wanted = Wanted(
        needs=tuple(dict.fromkeys([*needs, *ALWAYS_NEEDED])),
        facts=reading.facts_of(case, file, now),
    )
    fits = [
        fit
        for fit in directory.fits(actor, wanted, now)
        if fit.meets and fit.eligible is not Answer.NO
    ]
    may_refer = decide(actor, Action.CREATE, Kind.REFERRAL).allowed
    return [
        Offered(fit.service.code, fit.service.name, reading.reasons(fit, now), may_refer)
        for fit in fits[:_OFFERED]
    ]


@dataclass(frozen=True)
class Place:
    """A public service as it stands on a person's sheet."""

    name: str
    where: tuple[str, ...]
    phones: tuple[str, ...]


def public_places(partner: str) -> list[Place]:
    """Services that may be shown to anybody; a shielded place has no address. Two statements."""
    rows = Service.objects.filter(node=partner, public=True, status=Status.ACTIVE)
    return [
        Place(
            row.name,
            tuple(
                ", ".join(part for part in (one.address, one.place) if part)
                for one in row.locations.all()
                if not one.shielded
            ),
            tuple(str(one.get("number", "")) for one in row.phones),
        )
        for row in rows.prefetch_related("locations")[:_PUBLIC]
    ]


# --- Danger first --------------------------------------------------------------------------------


@dataclass(frozen=True)
class DangerView:
    """What comes before everything else: what a caseworker does, what to tell the person, numbers.

    In the person's language (`tell`), for the person to read too.
    """

    code: str
    title: str
    steps: tuple[str, ...]
    tell_first: Said
    tell: Said
    numbers: tuple[Mapping[str, Any], ...]


def danger(code: str, partner: str, language: str) -> DangerView:
    """The safeguard of a danger. language: of the person, as the texts know it."""
    steps = {
        "trafficking": (
            _("Speak alone, away from whoever came along, with an interpreter you trust."),
            _("Ask only what is needed for safety now. Nobody has to tell the story today."),
            _("Tell the anti-trafficking coordinator; the recovery and reflection period may run."),
            _("Nothing goes to police or to another country without the person's consent."),
        ),
        "child_alone": (
            _("See that the child sleeps in a safe place tonight, never in detention."),
            _("Ask the guardianship authority for a guardian today; write it in the case."),
            _("Go on together with the guardian as soon as there is one, and hear the child."),
        ),
        "violence": (
            _("Speak alone; the one who does harm must not learn of this conversation."),
            _("Ask whether it is safe to go back today; offer a safe house."),
            _("Leaving a violent partner need not end the right to stay: check that way below."),
        ),
    }
    titles = {
        "trafficking": _("this person may be forced or used by others"),
        "child_alone": _("a child without parents"),
        "violence": _("somebody does violence to this person"),
    }
    wanted = {"trafficking": "trafficking", "child_alone": "child", "violence": "violence"}
    return DangerView(
        code,
        titles.get(code, code),
        steps.get(code, ()),
        texts.say(f"danger.{code}.title", language),
        texts.say(f"danger.{code}.text", language),
        tuple(
            one
            for one in hotlines().get(partner, ())
            if one.get("for") in {"emergency", "police", wanted.get(code)}
        ),
    )
