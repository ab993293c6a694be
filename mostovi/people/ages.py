# SPDX-License-Identifier: EUPL-1.2
"""Age assessments of a person, told by the package that carries them out.

`people` decides who counts as a child (R7) and must know of every assessment, whoever holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from mostovi.people.birth import AgeFinding

if TYPE_CHECKING:
    from mostovi.people.models import Person

Source = Callable[["Person"], Sequence[AgeFinding]]
_sources: list[Source] = []


def register(source: Source) -> Source:
    """Have `source(person)` asked whenever the person's age matters; usable as a decorator."""
    if source not in _sources:
        _sources.append(source)
    return source


def findings_of(person: Person) -> Iterator[AgeFinding]:
    """Every age assessment of the person, in the order they were begun.

    Nothing is asked of anybody before the first is taken: where the date of birth alone decides,
    assessments are not read.
    """
    found = [finding for source in _sources for finding in source(person)]
    yield from sorted(found, key=lambda finding: finding.begun_on)
