# SPDX-License-Identifier: EUPL-1.2
"""Ways open in the demo: checks saved in believable cases, and a draft of a reform.

Saved through the services as anybody could: a child alone, a person who may have been trafficked, a
family that looked into work under an older day's law and again today. All of them are invented.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random

from django.utils import timezone

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.pathways import case_checking, reforming
from mostovi.pathways.library import library
from mostovi.people import consenting
from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role

ActorOf = Callable[[Role], Actor]

CHILD: Mapping[str, str] = {
    "where": "inside", "fears_persecution": "yes", "asylum_application_pending": "no",
    "guardian_appointed": "unknown", "stay_in_best_interests": "not_asked",
    "relative_here": "none",
}  # fmt: skip
VICTIM: Mapping[str, str] = {
    "where": "inside", "forced_or_controlled": "yes", "exploited_at_work": "yes",
    "recognised_victim_of_trafficking": "unknown", "helps_investigation": "not_asked",
    "stay_needed_for_recovery": "yes", "left_traffickers": "yes", "passport_valid": "no",
}  # fmt: skip
WORKER: Mapping[str, str] = {
    "where": "inside", "status_here": "asylum_applicant", "asylum_application_pending": "yes",
    "fears_persecution": "yes", "job_offer": "yes", "contract_months": "12",
    "passport_valid": "yes", "clean_record": "yes", "relative_here": "spouse",
    "relative_status": "asylum_applicant", "housing": "unknown",
}  # fmt: skip
_LATER: Mapping[str, str] = {"housing": "yes", "enough_money": "yes", "health_insurance": "no"}
_WAITING = re.compile(
    r"(fact: months_since_asylum_application,?\s+at_least: )(\{parameter: [a-z_]+\}|9\b)"
)


def load(
    actor_of: ActorOf, people: Sequence[Person], now: datetime, chance: Random
) -> int:  # fmt: skip
    """Save the checks and begin the draft; how many things were made. chance is not needed."""
    if not case_checking.has_law():
        return 0
    worker = actor_of(Role.SOCIAL_WORKER)
    children = [one for one in people if consenting.is_child(one, now)]
    adults = [one for one in people if not consenting.is_child(one, now)]
    made = 0
    if children:
        case = _case(worker, children[0], "unaccompanied_child", "urgent", now - timedelta(days=3))
        made += _check(worker, case, CHILD, now - timedelta(days=2))
    if adults:
        kind = "possible_victim_of_trafficking"
        case = _case(worker, adults[0], kind, "urgent", now - timedelta(days=5))
        made += _check(worker, case, VICTIM, now - timedelta(days=4))
    if adults[1:]:
        case = _case(worker, adults[1], "family", "soon", now - timedelta(days=30))
        made += _check(worker, case, WORKER, now - timedelta(days=20), on=_older_day(now))
        made += _check(worker, case, {**WORKER, **_LATER}, now - timedelta(days=1))
    return made + _reform(actor_of, now)


def _case(worker: Actor, person: Person, kind: str, urgency: str, now: datetime) -> Case:
    return cases.open_case(
        worker, person=person, case_type=kind, urgency=urgency, now=now,
        summary="Synthetic: asks which ways there are to stay, to work, to live with family.",
    )  # fmt: skip


def _check(
    worker: Actor, case: Case, answers: Mapping[str, str], now: datetime, on: date | None = None
) -> int:
    case_checking.save(
        worker, case, given=answers, told=set(answers), on=on or timezone.localdate(now), now=now
    )
    return 1


def _older_day(now: datetime) -> date:
    """The last day before the newest version of any way came into force: the law was another."""
    today = timezone.localdate(now)
    begun = [
        version.valid_from
        for pathway in library().partner(case_checking.partner()).pathways.values()
        for version in pathway.versions
        if version.valid_from <= today
    ]
    return max(begun, default=today) - timedelta(days=1)


def _reform(actor_of: ActorOf, now: datetime) -> int:
    """A draft that lets people who wait for an answer work after six months."""
    try:
        officer = actor_of(Role.PATHWAYS_OFFICER)
        reform = reforming.begin(
            officer, partner=case_checking.partner(), pathway="work_for_applicants",
            title="Work after six months of waiting",
            aim="Synthetic: people who wait for an answer to their asylum application may work "
            "after six months at the latest.",
            why="A copy of the law in force, to begin from.",
            now=now - timedelta(days=6),
        )  # fmt: skip
    except (LookupError, reforming.NothingInForce):
        return 0
    before = reforming.newest(reform)
    text = _WAITING.sub(r"\g<1>6", before.text).replace("Nine months", "Six months")
    reforming.save(
        officer, reform.code, text=text, seen=before.number, now=now - timedelta(days=5),
        why="Directive (EU) 2024/1346, article 17: access to work after six months at the latest.",
    )  # fmt: skip
    return 1
