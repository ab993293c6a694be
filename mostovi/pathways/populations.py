# SPDX-License-Identifier: EUPL-1.2
"""On whom a reform can be tried: synthetic people, and the node's own cases where protected.

Results about real people leave here only through the protection that their provider registered
(R11): a population of real people without a `protect` is refused, and nobody gets at its rows. The
package that knows the cases registers them from above; this one knows no case.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from mostovi.pathways import making
from mostovi.pathways.law_sources import Law
from mostovi.pathways.library import library
from mostovi.pathways.population import Prepared, on_duckdb, prepare
from mostovi.pathways.simulation import Simulation, simulate

Open = Callable[[str, date], contextlib.AbstractContextManager[Prepared]]
"""Opens the people of a partner, counted to a day."""
Protect = Callable[[Simulation], Simulation]
"""Gives the result as it may be shown: counts that could tell about one person are None."""

SYNTHETIC: Final = "synthetic"
PEOPLE: Final = 50_000
SEED: Final = 7


class Unprotected(ValueError):
    """A population of real people was to be offered without protection of its counts."""


class NoSuchPopulation(LookupError):
    """Nothing is offered under this code."""


@dataclass(frozen=True)
class Population:
    """One population that is offered. real: of people who exist."""

    code: str
    real: bool
    _open: Open = field(repr=False)
    _protect: Protect | None = field(repr=False)


_offered: dict[str, Population] = {}


def register(code: str, open_people: Open, protect: Protect, *, real: bool = True) -> None:
    """Offer a population. Raises `Unprotected` where there is no protection.

    protect gets the whole result of one simulation and must answer with one that has the same
    groups; what it hides is None, in totals too where they would give it away.
    """
    if real and not callable(protect):
        raise Unprotected(f"the population '{code}' is of real people; it needs a protection")
    _offered[code] = Population(code, real, open_people, protect if real else None)


def unregister(code: str) -> None:
    """Offer it no longer."""
    _offered.pop(code, None)


def offered() -> tuple[Population, ...]:
    """What can be chosen, the synthetic population first."""
    return (_SYNTHETIC, *_offered.values())


def try_on(
    code: str, before: Law, after: Law, by: Sequence[str], *, partner: str, on: date
) -> Simulation:
    """Simulate on an offered population; the only way to a result about real people.

    Raises `NoSuchPopulation`, `CannotSimulate`, `Unprotected` where the protection gave back
    something else than a result with the same groups.
    """
    found = next((population for population in offered() if population.code == code), None)
    if found is None:
        raise NoSuchPopulation(code)
    with found._open(partner, on) as people:
        result = simulate(before, after, people, by, vocabulary=library().vocabulary)
    if not found.real:
        return result
    if found._protect is None:
        raise Unprotected(f"the population '{code}' has no protection")
    shown = found._protect(result)
    if not isinstance(shown, Simulation) or not (
        {row.groups for row in shown.rows} <= {row.groups for row in result.rows}
    ):
        raise Unprotected(f"the protection of '{code}' gave back no result that can be shown")
    return shown


@contextlib.contextmanager
def synthetic(
    partner: str, on: date, *, people: int = PEOPLE, seed: int = SEED, folder: Path | None = None
) -> Iterator[Prepared]:
    """The synthetic population of a partner, made once and kept. Raises `making.CannotMake`."""
    vocabulary = library().vocabulary
    with on_duckdb(kept(partner, people, seed, folder)) as table:
        yield prepare(table, vocabulary, on)


def kept(partner: str, people: int, seed: int, folder: Path | None = None) -> Path:
    """The file of a synthetic population; made when it is first asked for."""
    if folder is None:
        from django.conf import settings

        folder = settings.MOSTOVI.home / "populations"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = (library().folder / "facts.yaml").read_bytes()
    digest = hashlib.sha256(making.FILE.read_bytes() + facts).hexdigest()[:12]
    path = folder / f"{partner}-{people}-{seed}-{digest}.parquet"
    if not path.exists():
        making.write(partner, people, seed, path, library().vocabulary)
    return path


_SYNTHETIC: Final = Population(SYNTHETIC, False, synthetic, None)
