# SPDX-License-Identifier: EUPL-1.2
"""Two people at once, in two connections: one value stands, the other is kept, none is lost."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connections

from mostovi.people import services
from mostovi.people.merging import Outcome
from mostovi.people.models import PersonCode
from mostovi.people.services import FieldChange
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from mostovi.rights.services import verify_chain

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], object]) -> list[object]:
    """The results (or exceptions) of `calls`, started at the same moment in threads."""
    ready = Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(place: int, call: Callable[[], object]) -> None:
        ready.wait()
        try:
            results[place] = call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results[place] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_edits_of_one_version_at_the_same_moment(acting: Callable[..., Actor]) -> None:
    actors = [acting(Role.SOCIAL_WORKER) for _ in range(4)]
    person = services.register(actors[0])

    def edit(actor: Actor, value: str) -> Callable[[], object]:
        wish = FieldChange("notes", 0, value, uuid4())
        return lambda: services.change(actor, person, changes=[wish])[0].outcome

    typed = ["a", "b", "c", "d"]
    results = at_once(*(edit(a, v) for a, v in zip(actors, typed, strict=True)))
    assert sorted(map(str, results)) == ["applied", "conflict", "conflict", "conflict"], results
    held = services.read(actors[0], person)
    in_play = {held.single["notes"], *(one.other for one in held.conflicts)}
    assert in_play == set(typed)
    assert verify_chain()[1] == []


def test_one_change_sent_twice_at_the_same_moment(acting: Callable[..., Actor]) -> None:
    actor = acting(Role.SOCIAL_WORKER)
    person = services.register(actor)
    wish = FieldChange("notes", 0, "once", uuid4())
    results = at_once(
        *(lambda: services.change(actor, person, changes=[wish])[0].outcome for _ in range(3))
    )
    assert results == [Outcome.APPLIED] * 3
    held = services.read(actor, person)
    assert (held.version("notes"), held.conflicts) == (1, [])


def test_two_printed_codes_at_the_same_moment_leave_one_that_works(
    acting: Callable[..., Actor],
) -> None:
    actor = acting(Role.SOCIAL_WORKER)
    person = services.register(actor)
    codes = at_once(*(lambda: services.issue_printed_code(actor, person) for _ in range(3)))
    working = [code for code in codes if services.person_of_printed_code(str(code))]
    assert len(working) == 1
    assert PersonCode.objects.filter(person=person, revoked_at=None).count() == 1
