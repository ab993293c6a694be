# SPDX-License-Identifier: EUPL-1.2
"""The work of a simulation, done in a process of its own (`procedures.batches`).

Only that process loads what tables of people need; the node that answers pages stays small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

import mostovi
from mostovi.pathways import drafting, law_sources, making, populations
from mostovi.pathways.comparing import Example, compare
from mostovi.pathways.diagrams import TooLarge
from mostovi.pathways.facts import Facts
from mostovi.pathways.library import UnknownPartner, library
from mostovi.pathways.population import BadPopulation, Prepared, on_duckdb, prepare
from mostovi.pathways.reading import BadLaw
from mostovi.pathways.rules import NoRule, Rule
from mostovi.pathways.simulation import CannotSimulate, Simulation, facts_asked, simulate
from mostovi.pathways.simulation_models import RunState, SimulationRun
from mostovi.pathways.simulation_results import as_result
from mostovi.procedures import batches

Law = Rule | NoRule
STEPS = ("law", "population", "counting", "other_laws")
"""What is done, in this order; a run's `step` counts how many are finished."""
_KEPT_POPULATIONS = 20


class _Stopped(Exception):
    """The run cannot be finished; `code` says why (`simulation_words.FAILURES`)."""

    def __init__(self, code: str, detail: object = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, str(detail)[:500]


def work(pk: str, holder: str) -> bool:
    """Finish the run that `holder` was given; returns whether a result was found.

    A failure is written into the run. Raises `batches.Lost`.
    """
    run = SimulationRun.objects.select_related("reform").get(pk=pk, holder=holder)
    try:
        result = _worked(run, holder)
    except _Stopped as stopped:
        batches.end(
            run, holder, RunState.FAILED, failure=stopped.code, failure_detail=stopped.detail
        )
        return False
    batches.end(run, holder, RunState.DONE, result=result, step=len(STEPS))
    return True


def _step(run: SimulationRun, holder: str, number: int) -> None:
    batches.step(run, holder, number, len(STEPS))


def _worked(run: SimulationRun, holder: str) -> Mapping[str, Any]:
    _step(run, holder, 0)
    before, after = _laws(run)
    _step(run, holder, 1)
    found, population = _counted(run, holder, before, after)
    _step(run, holder, 3)
    laws = _other_laws(run, before, after)
    return {
        "simulation": as_result(found),
        "before": _version(before),
        "after": _version(after),
        "population": population,
        "laws": laws,
        "made_with": mostovi.__version__,
        "made_at": timezone.now().isoformat(),
    }


def _laws(run: SimulationRun) -> tuple[Law, Law]:
    """The law in force on the day and the draft's version of that day."""
    reform = run.reform
    text = reform.versions.get(number=run.version).text
    try:
        law = library().partner(reform.partner)
        checked = drafting.check(reform.partner, reform.pathway, text)
    except (BadLaw, UnknownPartner) as error:
        raise _Stopped("law_has_faults", error) from error
    if checked.pathway is None:
        raise _Stopped("draft_has_faults", "; ".join(str(one) for one in checked.problems[:3]))
    after = law_sources.on_day(law, checked.pathway, run.on)
    if isinstance(after, NoRule):
        raise _Stopped("no_version", ", ".join(str(v.valid_from) for v in checked.pathway.versions))
    present = law.pathways.get(reform.pathway)
    if present is None:
        raise _Stopped("no_law", reform.pathway)
    return law_sources.on_day(law, present, run.on), after


def _counted(
    run: SimulationRun, holder: str, before: Law, after: Law
) -> tuple[Simulation, Mapping[str, Any]]:
    if run.population == populations.SYNTHETIC:
        return _on_synthetic(run, holder, before, after)
    _step(run, holder, 2)
    try:
        found = populations.try_on(
            run.population, before, after, run.by, partner=run.partner, on=run.on
        )
    except populations.NoSuchPopulation as error:
        raise _Stopped("no_population", run.population) from error
    except CannotSimulate as error:
        # Words of the population's keeper; a name of a class says which of the known reasons it is.
        code = "too_few" if type(error).__name__ == "TooFew" else "cannot_simulate"
        raise _Stopped(code, "" if code == "too_few" else error) from error
    return found, {"code": run.population, "partner": run.partner}


def _on_synthetic(
    run: SimulationRun, holder: str, before: Law, after: Law
) -> tuple[Simulation, Mapping[str, Any]]:
    vocabulary = library().vocabulary
    try:
        path = populations.kept(run.partner, run.people, run.seed, kept_in())
        _step(run, holder, 2)
        with on_duckdb(path) as table:
            people = prepare(table, vocabulary, run.on)
            found = simulate(before, after, people, run.by, vocabulary=vocabulary)
            unknown = _unknown(people, before, after)
    except making.CannotMake as error:
        raise _Stopped("no_population", error) from error
    except (CannotSimulate, BadPopulation) as error:
        raise _Stopped("cannot_simulate", error) from error
    _tidy(path.parent)
    margins = making.margins(run.partner)
    return found, {
        "code": run.population,
        "partner": run.partner,
        "people": run.people,
        "seed": run.seed,
        "file": path.stem.rpartition("-")[2],
        "version": str(making.plan().get("version", "")),
        "unknown": unknown,
        "sources": [
            {
                key: str(making.plan()["sources"][code].get(key, ""))
                for key in ("title", "publisher", "date", "licence", "caveat")
            }
            for code in margins.sources
        ],
    }


def kept_in() -> Path:
    """Where made populations are kept: a cache, which backups leave out."""
    return Path(settings.MOSTOVI.home / "cache" / "populations")


def _unknown(people: Prepared, before: Law, after: Law) -> Mapping[str, float]:
    """Of which share of the people each fact is unknown that the laws ask about; none left out."""
    asked = dict.fromkeys((*facts_asked(before), *facts_asked(after)))
    table = people.usable
    shares = {fact: table[fact].isnull().mean() for fact in asked if fact in people.facts}
    if not shares:
        return {}
    row = table.aggregate(**shares).to_pyarrow().to_pylist()[0]
    return {fact: round(share, 4) for fact, share in row.items() if share}


def _tidy(folder: Path) -> None:
    """Keep the newest populations; any other is made again from its seed when it is needed."""
    files = sorted(folder.glob("*.parquet"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[_KEPT_POPULATIONS:]:
        path.unlink(missing_ok=True)


def _version(law: Law) -> Mapping[str, Any]:
    if isinstance(law, NoRule):
        return {"version": "", "digest": "", "availability": law.availability.value}
    return {
        "version": law.version.version,
        "digest": law.digest,
        "complete": law.version.complete,
        "signed_off": law.signed_off,
    }


# --- Beside the other laws ------------------------------------------------------------------------


def _other_laws(run: SimulationRun, before: Law, after: Law) -> list[Mapping[str, Any]]:
    """How the law of today and the draft stand to every other law of this pathway on the day."""
    found: list[Mapping[str, Any]] = []
    for code in library().codes:
        if code == run.reform.partner:
            continue
        try:
            rules = library().in_force(code, run.on)
        except BadLaw:
            continue
        other = next((rule for rule in rules if rule.pathway == run.reform.pathway), None)
        found.append(
            {"law": code, "before": _relation(before, other), "after": _relation(after, other)}
        )
    return found


def _relation(own: Law, other: Rule | None) -> Mapping[str, Any]:
    if other is None or isinstance(own, NoRule):
        return {"relation": "no_rule"}
    try:
        compared = compare(own, other, library().vocabulary)
    except TooLarge:
        return {"relation": "too_large"}
    return {
        "relation": compared.relation.value,
        "only_here": _example(compared.first_alone),
        "only_there": _example(compared.second_alone),
    }


def _example(example: Example | None) -> Mapping[str, Any] | None:
    if example is None:
        return None
    return {"facts": _plain(example.facts), "fails": list(asdict(example)["fails"])}


def _plain(facts: Facts) -> Mapping[str, Any]:
    return {code: str(v) if isinstance(v, date) else v for code, v in facts.items()}
