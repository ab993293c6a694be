# SPDX-License-Identifier: EUPL-1.2
"""A query against the node's own index: who here could be this person?

By shared blinded keys to a few candidates, these opened and compared. The score is absolute
(`comparing`): a lone candidate is no better for being alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef

from mostovi.people.models import Person
from mostovi.rights.vault import vault
from mostovi.tracing.comparing import Match, compare
from mostovi.tracing.indexing import identities_of
from mostovi.tracing.keys import blocking_keys
from mostovi.tracing.models import PersonToken, SafetyNote
from mostovi.tracing.records import Identity
from mostovi.tracing.vocabulary import rounds

MOST_OPENED = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person of this node who may be the one, with the whole comparison."""

    person: Person
    match: Match


def candidates(
    wanted: Identity, *, shared: Collection[str] | None = None, leave_out: Collection[UUID] = ()
) -> list[Candidate]:
    """Persons of this node who may be `wanted`, best first.

    shared: the keys to look under (those that a round found), by default all of `wanted`.
    leave_out: persons who cannot be meant (the searching person).
    """
    found = nearest(blocking_keys(wanted) if shared is None else shared, leave_out)
    people = list(Person.objects.filter(pk__in=found, erased_at=None))
    opened = identities_of(people)
    compared = [
        Candidate(person, compare(wanted, opened[person.pk]))
        for person in people
        if person.pk in opened
    ]
    good = [one for one in compared if one.match.score >= rounds().least_score]
    return sorted(good, key=lambda one: -one.match.weight)[: rounds().most_candidates]


def nearest(keys: Collection[str], leave_out: Collection[UUID] = ()) -> list[UUID]:
    """Persons who share most keys with these, answered from the index alone."""
    tokens = [vault().blind(f"trace:{key}") for key in keys]
    hidden = SafetyNote.objects.filter(person=OuterRef("person"), not_at_all=True)
    rows = (
        PersonToken.objects.filter(~Exists(hidden), token__in=tokens)
        .values("person")
        .annotate(shared=Count("pk"))
        .order_by("-shared", "person")
        .values_list("person", flat=True)
    )
    left_out = set(leave_out)
    found = list(rows[: MOST_OPENED + len(left_out)])
    return [person for person in found if person not in left_out][:MOST_OPENED]
