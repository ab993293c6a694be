# SPDX-License-Identifier: EUPL-1.2
"""A few invented files on alternatives to detention, made through the services."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from mostovi.cases import services as cases
from mostovi.cases.alternatives import (
    assessing,
    catalogue,
    detention,
    files,
    initialise,
    measures,
    safeguards,
)
from mostovi.cases.alternatives.assessing import Screened, Wish
from mostovi.cases.alternatives.housing import Full
from mostovi.cases.alternatives.ladder import DETENTION, Considered
from mostovi.cases.alternatives.models import LibertyFile
from mostovi.cases.alternatives.necessity import Test
from mostovi.people import consenting
from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role

_REASONS = (
    "The police do not know where to reach the person, who has moved twice this month.",
    "The person asked for regular contact, so that no letter of the court is missed.",
    "It was tried for three weeks; two letters came back.",
)
_VIEWS = (
    "Wants to stay with a cousin and go on with the language course.",
    "Is afraid of being locked up again; will come to every appointment.",
    "Wants to be near the hospital because of the treatment.",
)

Act = Callable[[Actor, LibertyFile, datetime, Random], None]


def load(
    actor_of: Callable[[Role], Actor], people: Sequence[Person], now: datetime, random: Random
) -> int:
    """Open a case with such a file for as many of `people` as there are stories; how many.

    actor_of gives an account of the demo node in a role. Adults and children are told apart by
    `consenting.is_child`, as everywhere.
    """
    initialise.initialise()
    actor = actor_of(Role.SOCIAL_WORKER)
    children = [person for person in people if consenting.is_child(person, now)]
    adults = [person for person in people if person not in children]
    pairs = [
        *zip(adults, _ADULT_LIVES, strict=False),
        *zip(children, _CHILD_LIVES, strict=False),
    ]
    begun = now - timedelta(days=20)
    for person, act in pairs:
        case = cases.open_case(
            actor, person=person, urgency="urgent", summary="Stopped at a check.", now=begun,
            case_type="unaccompanied_child" if person in children else "other_vulnerable_adult",
        )  # fmt: skip
        file = files.open_file(
            actor, case, question="Stopped at a check; the police think of detention.", now=begun
        )
        act(actor, file, begun, random)
    return len(pairs)


def _screen(actor: Actor, file: LibertyFile, now: datetime, **more: str) -> None:
    domains = {
        domain.code: {"present": "no", "met": "not_asked", "signs": [], "note": ""}
        for domain in catalogue.domains()
    }
    if more.get("rating") == "medium":
        domains["health"] = {
            "present": "yes", "met": "no", "signs": ["mental"], "note": "Sleeps badly.",
        }  # fmt: skip
    given: dict[str, Any] = {"serious_risk": "no", "with_own_child": "no", "rating": "low"} | more
    assessing.screen(
        actor, file,
        Screened(
            domains=domains, why="Talked for an hour; this holds for now and is asked again.",
            interpreter="Interpreter of the centre", **given,
        ),
        now=now,
    )  # fmt: skip


def _wish(choice: str, random: Random, **more: object) -> Wish:
    rank = {step.code: step.rank for step in catalogue.ladder()}.get(choice, 99)
    considered = {
        step.code: Considered(step.code, "would_not_work", random.choice(_REASONS))
        for step in catalogue.ladder()
        if step.rank < rank
    }
    wish = Wish(
        choice=choice, considered=considered, authority="Border police",
        intention="Keep the person until identity is known.",
        test=Test(
            "identity", random.choice(_REASONS), "Less would not reach the aim; more would harm.",
            random.choice(_VIEWS),
        ),
    )  # fmt: skip
    return replace(wish, **more)  # type: ignore[arg-type]


def _registered(actor: Actor, file: LibertyFile, now: datetime, random: Random) -> None:
    _screen(actor, file, now)
    assessing.decide(
        actor, file, _wish("registration", random, conditions="Tells of a new address."), now=now
    )


def _reports(actor: Actor, file: LibertyFile, now: datetime, random: Random) -> None:
    _screen(actor, file, now)
    assessing.decide(actor, file, _wish("reporting", random, report_every=7), now=now)
    first, second = [one.due_on for one in file.measures.get().times.all()[:2]]
    measures.keep_time(actor, file, due_on=first, kept="kept", now=now + timedelta(days=7))
    measures.keep_time(actor, file, due_on=second, kept="missed", now=now + timedelta(days=14))


def _housed(actor: Actor, file: LibertyFile, now: datetime, random: Random) -> None:
    _screen(actor, file, now, rating="medium")
    places = [entry["code"] for entry in catalogue.places()]
    try:
        assessing.decide(
            actor, file, _wish("designated_residence", random, place=places[0]), now=now
        )
    except Full:  # a demonstration with many people
        assessing.decide(
            actor, file, _wish("designated_residence", random, place=places[0], wait=True), now=now
        )


def _supported(actor: Actor, file: LibertyFile, now: datetime, random: Random) -> None:
    _screen(actor, file, now)
    assessing.decide(actor, file, _wish("case_worker_support", random), now=now)
    measures.review(
        actor, file, decision="keep", reason="It works well.", view=random.choice(_VIEWS),
        now=now + timedelta(days=15),
    )  # fmt: skip


def _resolved(actor: Actor, file: LibertyFile, now: datetime, random: Random) -> None:
    _screen(actor, file, now)
    assessing.decide(actor, file, _wish("registration", random), now=now)
    measures.review(
        actor, file, decision="end", outcome="resolved", reason="Protection was granted.",
        view="Is relieved.", now=now + timedelta(days=10),
    )  # fmt: skip


def _proposed(actor: Actor, file: LibertyFile, now: datetime, random: Random) -> None:
    today = now + timedelta(days=20)
    _screen(actor, file, today)
    wish = _wish(
        DETENTION, random, legal_aid="Free legal aid office",
        interpreter="Interpreter of the centre",
        review_on=timezone.localdate(today) + timedelta(days=4),
    )  # fmt: skip
    assessing.decide(actor, file, wish, now=today)


def _held(actor: Actor, file: LibertyFile, now: datetime, random: Random) -> None:
    day = timezone.localdate(now)
    detention.note_held(
        actor, file, authority="Police directorate", act="Decision 118/2026 on detention",
        where="Detention centre", decided_on=day, review_on=day + timedelta(days=21),
        expires_on=day + timedelta(days=60), now=now,
    )  # fmt: skip


def _refused(actor: Actor, file: LibertyFile, now: datetime, random: Random) -> None:
    """A child, or a doubtful age: the proposal is refused, care is chosen instead."""
    _screen(actor, file, now)
    try:
        assessing.decide(actor, file, _wish(DETENTION, random), now=now)
    except safeguards.Stopped:
        assessing.decide(actor, file, _wish("case_worker_support", random), now=now)


_ADULT_LIVES: Sequence[Act] = (
    _registered, _reports, _housed, _supported, _proposed, _resolved, _held,
)  # fmt: skip
_CHILD_LIVES: Sequence[Act] = (_refused,)
