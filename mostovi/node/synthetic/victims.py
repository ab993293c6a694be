# SPDX-License-Identifier: EUPL-1.2
"""A few believable cases of invented victims, survivors and stateless persons, for the demo.

They come in through the services like any other, so that every record, decision and statement of
the demo could have been made by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from random import Random

from django.utils import timezone

from mostovi.cases import recording
from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.cases.victims import decisions, protection, statements
from mostovi.cases.victims.identification import Ruling
from mostovi.cases.victims.statement_fields import PROFILE, RECEIVER
from mostovi.people import consenting
from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

ActorOf = Callable[[Role], Actor]
COORDINATOR = Role.ANTI_TRAFFICKING_COORDINATOR
REASONS = (
    "Synthetic: her passport was kept, the door was locked, her wages were taken; two colleagues "
    "told the same. Nothing known speaks against it."
)
TOLD = "Synthetic: in her language, with an interpreter; she has it in writing."
NEEDED = 6


def load(actor_of: ActorOf, people: Sequence[Person], now: datetime, random: Random) -> int:
    """Open the cases for the first `NEEDED` adults of `people`; how many cases were opened.

    actor_of gives an account of the demo node in a role. Persons who count as children are passed
    over, and so are those out of the actor's reach.
    """
    living = (one for one in people if one.erased_at is None)
    adults = list(islice((one for one in living if not consenting.is_child(one, now)), NEEDED))
    stories = (_recovering, _identified, _presumed, _survivor, _stateless, _vulnerable)
    for story, person in zip(stories, adults, strict=False):
        story(actor_of, person, now)
    return min(len(stories), len(adults))


def _opened(actor: Actor, person: Person, case_type: str, urgency: str, summary: str) -> Case:
    case = cases.open_case(
        actor, person=person, case_type=case_type, urgency=urgency, summary=f"Synthetic: {summary}"
    )
    for verb in ("register", "start_assessment"):
        cases.take_step(actor, case, verb=verb)
    return case


def _decided(actor: Actor, case: Case, ruling: Ruling, now: datetime) -> None:
    decisions.decide(
        actor, case, ruling=ruling, decided_on=timezone.localdate(now),
        authority="Synthetic: Office of the national coordinator",
        basis=["told", "observed", "screening"], reasons=REASONS, told=TOLD,
    )  # fmt: skip


def _planned(actor: Actor, case: Case) -> None:
    for document, verb in (("assessment", "make_plan"), ("case_plan", "start_services")):
        cases.add_note(actor, case, text="Synthetic: agreed with the person.", document=document)
        cases.take_step(actor, case, verb=verb)


def _needs(actor: Actor, case: Case) -> None:
    recording.write(
        actor, case, kind="immediate_needs", final=True,
        answers={
            "safe_now": "yes", "needs": ["shelter", "health", "rest"],
            "in_own_words": "Synthetic: to sleep, and that nobody calls the house.",
            "given": [{"what": "Bed in the safe house", "by": "Shelter"}],
            "spoken_in": "Synthetic: through an interpreter",
        },
    )  # fmt: skip


def _recovering(actor_of: ActorOf, person: Person, now: datetime) -> None:
    """In the recovery and reflection period, with a statement given of her own will."""
    coordinator = actor_of(COORDINATOR)
    case = _opened(
        coordinator, person, "possible_victim_of_trafficking", "urgent",
        "worked in a house without pay and could not leave it.",
    )  # fmt: skip
    _needs(coordinator, case)
    recording.write(
        coordinator, case, kind="risk_assessment", final=True,
        answers={
            "person_took_part": "yes", "own_view": "Synthetic: that the man who kept her asks "
            "her family where she is.",
            "dangers": [{
                "from": "The man who kept her", "how_near": "soon",
                "protects": "The address is not known", "to_do": "Speak with her sister first",
            }],
            "knows_whereabouts": "no", "family_at_risk": "unknown",
            "look_again": (timezone.localdate(now) + timedelta(days=14)).isoformat(),
        },
    )  # fmt: skip
    _decided(coordinator, case, Ruling.REASONABLE_GROUNDS, now)
    cases.take_step(coordinator, case, verb="inform_of_reflection")
    _statement(coordinator, case, now)


def _statement(actor: Actor, case: Case, now: datetime) -> None:
    consent = consenting.give(
        actor, case.person, purpose=Purpose.INVESTIGATION, receiver=RECEIVER, profile=PROFILE,
        fields=["languages", "account", "wishes"], language="en", means="interpreter",
        interpreter_present=True, interpreter="Synthetic", expires_at=now + timedelta(days=180),
    )  # fmt: skip
    written = {
        "account": "Synthetic: a man at the station took my passport and said I owe him money.",
        "wishes": "Synthetic: please do not call me; ask through my lawyer.",
    }
    looked = statements.shown(
        actor, case, consent=consent.pk, fields=consent.fields, written=written
    )
    statements.give(
        actor, case, consent=consent.pk, fields=consent.fields, written=written, seen=looked.seen
    )


def _identified(actor_of: ActorOf, person: Person, now: datetime) -> None:
    coordinator = actor_of(COORDINATOR)
    case = _opened(
        coordinator, person, "possible_victim_of_trafficking", "soon",
        "was made to beg by people who had promised work.",
    )  # fmt: skip
    _decided(coordinator, case, Ruling.REASONABLE_GROUNDS, now)
    cases.take_step(coordinator, case, verb="inform_of_reflection")
    protection.lengthen(coordinator, case, reason="Synthetic: needs more time to recover.")
    _decided(coordinator, case, Ruling.IDENTIFIED, now)
    _planned(coordinator, case)


def _presumed(actor_of: ActorOf, person: Person, now: datetime) -> None:
    coordinator = actor_of(COORDINATOR)
    case = _opened(
        coordinator, person, "possible_victim_of_trafficking", "emergency",
        "was found in a lorry with others and says little.",
    )  # fmt: skip
    _needs(coordinator, case)


def _survivor(actor_of: ActorOf, person: Person, now: datetime) -> None:
    worker = actor_of(COORDINATOR)
    case = _opened(worker, person, "survivor_of_violence", "urgent", "left her husband this week.")
    recording.write(
        worker, case, kind="safety_plan", final=True,
        answers={
            "warning_signs": "Synthetic: he drinks and then calls again and again.",
            "safe_contact": "Synthetic: only by message, never in the evening.",
            "code_word": "yes", "where_to_go": "Synthetic: to the neighbour, then to the shelter.",
            "whom_to_call": [{"who": "Neighbour", "knows": "yes"}], "person_agrees": "yes",
            "look_again": (timezone.localdate(now) + timedelta(days=7)).isoformat(),
        },
    )  # fmt: skip


def _stateless(actor_of: ActorOf, person: Person, now: datetime) -> None:
    worker = actor_of(COORDINATOR)
    case = _opened(
        worker, person, "risk_of_statelessness", "routine", "was never entered in a register."
    )
    cases.take_step(worker, case, verb="gather_evidence")
    recording.write(
        worker, case, kind="nationality_evidence", final=True,
        answers={
            "birth_registered": "no", "why_not": "Synthetic: born on the way.", "born_here": "no",
            "countries": [
                {"country": "Synthetic", "tie": "mother", "counts_as_national": "unknown"}
            ],
            "asylum_claim": "no", "origin_agreed": "no",
        },
    )  # fmt: skip
    cases.take_step(worker, case, verb="ask_for_determination")


def _vulnerable(actor_of: ActorOf, person: Person, now: datetime) -> None:
    worker = actor_of(COORDINATOR)
    case = _opened(worker, person, "other_vulnerable_adult", "soon", "is ill and travels alone.")
    _planned(worker, case)
