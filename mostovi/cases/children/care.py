# SPDX-License-Identifier: EUPL-1.2
"""Whether a child can live at a place of care: room, age, sex, licence; and why not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Sexes(StrEnum):
    """For whom a place is."""

    ALL = "all"
    GIRLS = "girls"
    BOYS = "boys"


class Against(StrEnum):
    """Why a place does not take a child. Pages word it."""

    FULL = "full"
    TOO_YOUNG = "too_young"
    TOO_OLD = "too_old"
    OTHER_SEX = "other_sex"
    NO_LICENCE = "no_licence"
    LICENCE_OVER = "licence_over"
    CLOSED = "closed"
    WITH_ADULTS = "with_adults"
    NOT_A_CHILD = "not_a_child"


@dataclass(frozen=True, slots=True)
class Place:
    """What matters of a place. `oldest` includes the whole year: 17 is until the 18th birthday."""

    capacity: int
    youngest: int
    oldest: int
    sexes: Sexes
    licence: str
    licensed_until: date | None
    adults_too: bool
    closed_on: date | None
    family: bool


@dataclass(frozen=True, slots=True)
class Child:
    """What matters of a child: the youngest and oldest possible age in years, and sex."""

    ages: tuple[int, int] | None
    sex: str
    is_child: bool = True


def reasons_against(
    place: Place, child: Child, *, living_there: int, on: date, siblings_there: bool = False
) -> frozenset[Against]:
    """Every reason why `place` does not take `child` on `on`; none when it does.

    An unknown age fits every age, and an unknown sex every place: it is asked, not guessed.
    Siblings stay together: neither age nor sex parts them (Guidelines for the Alternative Care of
    Children, 2010). Room and licence count for all.
    """
    found = set()
    if place.closed_on is not None and place.closed_on <= on:
        found.add(Against.CLOSED)
    if living_there >= place.capacity:
        found.add(Against.FULL)
    if not place.licence:
        found.add(Against.NO_LICENCE)
    elif place.licensed_until is not None and place.licensed_until < on:
        found.add(Against.LICENCE_OVER)
    if place.adults_too and not place.family:
        found.add(Against.WITH_ADULTS)
    if not child.is_child:
        found.add(Against.NOT_A_CHILD)
    if siblings_there:
        return frozenset(found)
    if child.ages is not None and child.ages[1] < place.youngest:
        found.add(Against.TOO_YOUNG)
    if child.ages is not None and child.ages[0] > place.oldest:
        found.add(Against.TOO_OLD)
    if (place.sexes, child.sex) in {(Sexes.GIRLS, "male"), (Sexes.BOYS, "female")}:
        found.add(Against.OTHER_SEX)
    return frozenset(found)


def free(place: Place, living_there: int) -> int:
    """How many places are free; never below zero, also when the capacity was lowered."""
    return max(0, place.capacity - living_there)


def most_pressing(against: Collection[Against]) -> list[Against]:
    """The reasons in the order in which they are told."""
    return [reason for reason in Against if reason in against]
