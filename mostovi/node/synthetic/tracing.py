# SPDX-License-Identifier: EUPL-1.2
"""Family tracing in the demo: searches that wait, and possible matches to look at.

A boy whose name was written in Cyrillic is sought by his mother, written in Persian script; a girl
looks for both her parents. All of them are invented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.people import services as people
from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from mostovi.tracing import indexing, requesting, rounds

_PAIRS: Sequence[Mapping[str, Any]] = (
    {
        "child": ("Омид", "Рахими", "Cyrl", 2013, "male"),
        "mother": ("زهرا", "رحیمی", "Arab", 1985),
        "as_told": "امید رحیمی",
        "place": "هرات",
    },
    {
        "child": ("Мариам", "Халил", "Cyrl", 2015, "female"),
        "mother": ("سميرة", "خليل", "Arab", 1988),
        "as_told": "مريم خليل",
        "place": "حلب",
    },
)


def load(
    actor_of: Callable[[Role], Actor],
    people_loaded: Sequence[Person],
    now: datetime,
    chance: Random,
) -> int:
    """Fill the node with a few searches, through the services; how many began.

    actor_of: an actor of the node by role. The persons of the world and chance are not needed.
    """
    worker = actor_of(Role.ANTI_TRAFFICKING_COORDINATOR)
    made = 0
    for pair in _PAIRS:
        given, family, script, year, sex = pair["child"]
        child = _case(worker, "separated_child", (given, family, script), year, sex, now)
        given, family, script, year = pair["mother"]
        mother = _case(worker, "family", (given, family, script), year, "female", now)
        told, born, place = pair["as_told"], pair["child"][3], pair["place"]
        made += _search(worker, mother, "child", told, born, place, now)
    made += _both_parents(worker, child, now)
    indexing.keep_in_step(now)
    rounds.search_within(now)
    return made


def _case(
    worker: Actor, kind: str, name: tuple[str, str, str], year: int, sex: str, now: datetime
) -> Case:
    given, family, script = name
    person = people.register(
        worker,
        single={"birth": {"precision": "year", "year": year}, "sex": sex, "languages": ["fa"]},
        names=[{"parts": [["given", given], ["family", family]], "script": script}],
        synthetic=True, now=now,
    )  # fmt: skip
    return cases.open_case(worker, person=person, case_type=kind, urgency="soon", now=now)


def _search(
    worker: Actor, case: Case, relation: str, name: str, year: int, place: str, now: datetime
) -> int:
    wanted = {
        "relation": relation, "names": [{"text": name}], "first_year": year, "last_year": year,
        "places": [place],
        "last_contact": "Two autumns ago, at a station; the child was put on another bus.",
    }  # fmt: skip
    request = requesting.make(
        worker, case, sought=[wanted], side="adult", agreed_here=True, now=now
    )
    return requesting.begin(worker, request, now=now)


def _both_parents(worker: Actor, child: Case, now: datetime) -> int:
    wanted = [
        {"relation": "mother", "names": [{"text": "Самира Халил"}], "sex": "female",
         "first_year": 1985, "last_year": 1991},
        {"relation": "father", "names": [{"text": "Јусуф Халил"}], "sex": "male",
         "first_year": 1980, "last_year": 1990},
    ]  # fmt: skip
    request = requesting.make(worker, child, sought=wanted, side="child", agreed_here=True, now=now)
    return requesting.begin(worker, request, now=now)
