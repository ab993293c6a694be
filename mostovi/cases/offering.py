# SPDX-License-Identifier: EUPL-1.2
"""Which services fit a case: the directory registers here, and the referral's form asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mostovi.cases.models import Case
from mostovi.people.file import PersonFile
from mostovi.rights.access import Actor


@dataclass(frozen=True, slots=True)
class Offer:
    """A service for a case with its reasons, in words.

    fits: (tone, words) whether it is for this person; reasons: (tone, sentence) each. `is_for` is
    False only when what is known says that the service is for other people.
    """

    service: str
    fits: tuple[str, str]
    reasons: Sequence[tuple[str, str]]
    capacity: str
    is_for: bool = True


Source = Callable[[Actor, Case, PersonFile, Sequence[str], datetime], Sequence[Offer]]
_sources: list[Source] = []


def register(source: Source) -> None:
    """Have `source(actor, case, file, needs, now)` asked for services, best first."""
    if source not in _sources:
        _sources.append(source)


def offers(
    actor: Actor, case: Case, file: PersonFile, needs: Sequence[str], now: datetime
) -> list[Offer]:
    """Services for the case, best first; empty when there is no directory."""
    return [offer for source in _sources for offer in source(actor, case, file, needs, now)]
