# SPDX-License-Identifier: EUPL-1.2
"""A few believable cases of invented children, and places of care, for the demo.

They come in through the services like any other, so that every record, appointment and placement
of the demo could have been made by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from mostovi.cases import recording
from mostovi.cases import services as cases
from mostovi.cases.children import assessing, guardians, placing
from mostovi.cases.children.models import CarePlace
from mostovi.cases.models import Case
from mostovi.people import consenting
from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role

ActorOf = Callable[[Role], Actor]
NEEDED = 4

PLACES: Sequence[dict[str, Any]] = (
    {"code": "foster-12", "name": "Foster family, register no. 12 (example)",
     "kind": "foster_family", "capacity": 2, "youngest": 0, "oldest": 17, "sexes": "all",
     "licence": "EX-12/24", "adults_too": True},
    {"code": "home-girls", "name": "Small home for girls (example)", "kind": "small_home",
     "capacity": 6, "youngest": 8, "oldest": 17, "sexes": "girls", "licence": "EX-3/23"},
    {"code": "home-boys", "name": "Small home for boys (example)", "kind": "small_home",
     "capacity": 8, "youngest": 10, "oldest": 17, "sexes": "boys", "licence": "EX-4/23"},
    {"code": "supported-1", "name": "Supported living, flat 1 (example)",
     "kind": "supported_living", "capacity": 3, "youngest": 16, "oldest": 17, "sexes": "all",
     "licence": "EX-9/25"},
    {"code": "centre-east", "name": "Centre, section for children (example)",
     "kind": "reception_centre", "capacity": 20, "youngest": 0, "oldest": 17, "sexes": "all",
     "licence": ""},
)  # fmt: skip


def load(actor_of: ActorOf, people: Sequence[Person], now: datetime, random: Random) -> int:
    """Open the cases for the first `NEEDED` children of `people`; how many cases were opened.

    actor_of gives an account of the demo node in a role. Persons who are adults are passed over,
    and so are those who have a guardian already.
    """
    _places(actor_of(Role.CASE_SUPERVISOR), now)
    stories = (_before_the_panel, _without_guardian, _age_in_doubt, _visited_after_reunification)
    children = [person for person in people if consenting.is_child(person, now)][: 10 * NEEDED]
    # The third story is about an age in doubt.
    doubted = [one for one in children if consenting.age_answer(one, now).in_doubt][:1]
    sure = [one for one in children if one not in doubted]
    children = [*sure[:2], *doubted, *sure[2:]][:NEEDED]
    for story, person in zip(stories, children, strict=False):
        story(actor_of, person, now)
    return min(len(stories), len(children))


def _places(actor: Actor, now: datetime) -> None:
    standing = set(CarePlace.objects.values_list("code", flat=True))
    for place in PLACES:
        if place["code"] not in standing:
            placing.save_place(actor, **place, synthetic=True, now=now)


def _opened(actor: Actor, person: Person, case_type: str, summary: str) -> Case:
    case = cases.open_case(
        actor, person=person, case_type=case_type, urgency="urgent",
        summary=f"Synthetic: {summary}",
    )  # fmt: skip
    cases.take_step(actor, case, verb="register")
    return case


def _appointed(actor_of: ActorOf, case: Case, now: datetime, kind: str = "temporary") -> None:
    guardians.appoint(
        actor_of(Role.SOCIAL_WORKER), case, kind=kind, from_day=timezone.localdate(now),
        account=actor_of(Role.GUARDIAN).account, organisation="Guardianship authority (example)",
        act="EX-101/26", authority="Centre for social work (example)", declared="none", now=now,
    )  # fmt: skip


def _settled(actor: Actor, case: Case, now: datetime) -> None:
    """The child lives at the first place that fits."""
    today = timezone.localdate(now)
    fitting = [offer for offer in placing.offers(actor, case, today, now) if not offer.against]
    if fitting:
        placing.place_child(
            actor, case, place=fitting[0].line.row, from_day=today,
            reason="Synthetic: family-like, close to the school.",
            child_view="Synthetic: would like to share a room.", now=now,
        )  # fmt: skip


def _written(actor_of: ActorOf, case: Case, kind: str, answers: dict[str, Any]) -> None:
    record = recording.write(
        actor_of(Role.SOCIAL_WORKER), case, kind=kind, answers=answers, final=True
    )
    if recording.kinds()[kind].approval:
        recording.decide(
            actor_of(Role.CASE_SUPERVISOR), case, record, approve=True,
            reason="Synthetic: complete.",
        )  # fmt: skip


def _assessed(actor_of: ActorOf, case: Case, now: datetime) -> None:
    """Guardian, assessment, safety plan, care: until the services begin."""
    worker, today = actor_of(Role.SOCIAL_WORKER), timezone.localdate(now)
    later = (today + timedelta(days=90)).isoformat()
    _appointed(actor_of, case, now)
    cases.take_step(worker, case, verb="start_assessment")
    _written(actor_of, case, "best_interests_assessment", {
        "talked_on": today.isoformat(), "guardian_there": "yes", "interpreter_there": "yes",
        "heard_how": "alone_interpreter", "child_views": "Synthetic: wants to learn.",
        "views_weighed": "Synthetic: weighs much, with regard to age.",
        "dangers": "Synthetic: owes money to smugglers.", "trafficking_screened": "yes",
        "risk_level": "medium", "relations": "Synthetic: an aunt in the region; parents missing.",
        "contact": "rare", "development": "Synthetic: four years of school.",
        "stability": "Synthetic: three weeks here.", "school": "enrolled",
        "health_words": "Synthetic: healthy, sleeps badly.",
        "weighing": "Synthetic: safety first, then family.",
        "recommendation_words": "Synthetic: small home, school, look for the aunt.",
        "determination_needed": "yes", "again_by": later,
    })  # fmt: skip
    cases.take_step(worker, case, verb="make_plan")
    cases.add_note(worker, case, text="Synthetic: school, doctor, tracing.", document="case_plan")
    _written(actor_of, case, "child_safety_plan", {
        "dangers": [{"danger": "Synthetic: callers who ask for money",
                     "adults_do": "Synthetic: the police contact is called"}],
        "trusted": [{"who": "Synthetic: the guardian", "knows": "yes"}],
        "made_with_child": "yes", "child_keeps": "card", "again_by": later,
    })  # fmt: skip
    _settled(worker, case, now)


def _before_the_panel(actor_of: ActorOf, person: Person, now: datetime) -> None:
    """An unaccompanied child whose best interests a panel is to determine."""
    worker = actor_of(Role.SOCIAL_WORKER)
    case = _opened(worker, person, "unaccompanied_child", "came alone with a group of adults.")
    _assessed(actor_of, case, now)
    if case.person.care_placements.filter(until_day=None).exists():
        cases.take_step(worker, case, verb="start_services")
        cases.take_step(worker, case, verb="ask_determination")


def _without_guardian(actor_of: ActorOf, person: Person, now: datetime) -> None:
    """A separated child for whom nobody has been appointed yet."""
    worker = actor_of(Role.SOCIAL_WORKER)
    _opened(worker, person, "separated_child", "came with a man who says he is an uncle.")


def _age_in_doubt(actor_of: ActorOf, person: Person, now: datetime) -> None:
    """A child whose age is doubted; the assessment is under way, so a child."""
    worker = actor_of(Role.SOCIAL_WORKER)
    case = _opened(worker, person, "unaccompanied_child", "two registrations with two ages.")
    _appointed(actor_of, case, now)
    row = assessing.begin(
        worker, case, grounds=["registered_as_adult_elsewhere"],
        words="Synthetic: registered as 19 at another border, says 16.", now=now,
    )  # fmt: skip
    for who in ("child", "guardian"):
        assessing.note_consent(
            worker, case, row, who=who, answer="given",
            words="Synthetic: explained with an interpreter; may say no at any time.", now=now,
        )  # fmt: skip
    assessing.step(worker, case, row, verb="begin")
    assessing.note_method(
        worker, case, row, method="interview", on=timezone.localdate(now), youngest=15 * 12 + 6,
        oldest=19 * 12, by="Synthetic: social worker with interpreter", now=now,
    )  # fmt: skip


def _visited_after_reunification(actor_of: ActorOf, person: Person, now: datetime) -> None:
    """A separated child who is with the family again; visits are due."""
    worker, today = actor_of(Role.SOCIAL_WORKER), timezone.localdate(now)
    case = _opened(worker, person, "separated_child", "lost the mother at the border.")
    _appointed(actor_of, case, now, kind="permanent")
    yes = dict.fromkeys(
        ("family_verified", "child_agrees", "guardian_agrees", "assessed_here", "family_agrees",
         "assessed_there"), "yes",
    )  # fmt: skip
    _written(actor_of, case, "family_reunification", {
        **yes, "child_words": "Synthetic: wants to be with the mother.",
        "verified_how": ["questions", "relatives"],
        "reunited_on": (today - timedelta(days=10)).isoformat(),
    })  # fmt: skip
