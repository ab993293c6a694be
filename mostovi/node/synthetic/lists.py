# SPDX-License-Identifier: EUPL-1.2
"""The lists the synthetic world is drawn from: `content/synthetic/*.yaml`, read once.

The questions of the trafficking screening come from the indicator set itself, so that generated
answers always fit the set in use.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, Generic, TypeVar

import yaml

from mostovi.content import CONTENT
from mostovi.screening.indicator_files import indicator_set

FOLDER = CONTENT / "synthetic"
_T = TypeVar("_T")


class BadLists(Exception):
    """A list of the synthetic world is wrong; the message names file and entry."""


class Weighted(Generic[_T]):
    """A choice with weights. `pick(0.0 <= share < 1.0)` is stable for all Python versions."""

    __slots__ = ("_ends", "options")

    def __init__(self, options: Sequence[_T], weights: Sequence[float]) -> None:
        if not options or any(weight < 0 for weight in weights) or not sum(weights):
            raise BadLists("a weighted list needs at least one positive weight")
        self.options = tuple(options)
        self._ends = list(accumulate(weights))

    def pick(self, share: float) -> _T:
        """The option at `share` of the whole weight."""
        return self.options[bisect_right(self._ends, share * self._ends[-1])]

    def share_of(self, option: _T) -> float:
        """The part of the whole weight that `option` has."""
        position = self.options.index(option)
        before = self._ends[position - 1] if position else 0.0
        return (self._ends[position] - before) / self._ends[-1]


@dataclass(frozen=True, slots=True)
class WrittenName:
    """A name in its own script, and in Latin letters; "" where there is no Latin form to add."""

    own: str
    latin: str


@dataclass(frozen=True, slots=True)
class NameSet:
    """Names of one tradition. `family` holds a form for men and a form for women."""

    code: str
    script: str
    order: str
    with_father: bool
    given: Mapping[str, tuple[WrittenName, ...]]
    family: tuple[Mapping[str, WrittenName], ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """A country people come from; decides names, languages and nothing else."""

    code: str
    names: Weighted[str]
    languages: Mapping[str, tuple[str, ...]]
    second: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HouseholdKind:
    """How people travel together."""

    code: str
    adults: int
    children: int
    first_adult: str = ""
    generations: bool = False
    siblings: bool = False

    @property
    def size(self) -> int:
        """How many people."""
        return self.adults + self.children


@dataclass(frozen=True, slots=True)
class Route:
    """A way into the region and the partner of first contact."""

    code: str
    partner: str
    come_from: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What happened to a person; `dimensions` are chances that an indicator is answered yes."""

    code: str
    dimensions: Mapping[str, float]


@dataclass(frozen=True)
class Lists:
    """Everything the world is drawn from."""

    version: str
    sets: Mapping[str, NameSet]
    origins: Weighted[Origin]
    households: Weighted[HouseholdKind]
    routes: Weighted[Route]
    situations: Weighted[Situation]
    sex_alone: Weighted[str]
    age_adult: Weighted[tuple[int, int]]
    age_child: Weighted[tuple[int, int]]
    age_unaccompanied: Weighted[tuple[int, int]]
    birth_known: Weighted[str]
    age_doubted_near_18: float
    background_yes: float
    answered_otherwise: Weighted[str]
    needs: Mapping[str, float]
    needs_after: Mapping[str, Mapping[str, float]]
    contact_safe: Weighted[str]
    phone: float
    indicators: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def shipped() -> Lists:
    """The lists of this installation. Raises `BadLists`."""
    names = _read("synthetic/names.yaml")
    margins = _read("synthetic/margins.yaml")
    return build(names, margins, trafficking_questions())


def build(
    names: Mapping[str, Any],
    margins: Mapping[str, Any],
    indicators: Mapping[str, tuple[str, ...]],
) -> Lists:
    """The lists from the parsed files and the questions of each dimension. Raises `BadLists`."""
    try:
        sets = {code: _name_set(code, values) for code, values in names["sets"].items()}
        lists = Lists(
            version=f"{names['version']}/{margins['version']}",
            sets=sets,
            origins=_shared(margins["origins"], lambda line: _origin(line, sets)),
            households=_shared(margins["households"], _household),
            routes=_shared(
                margins["routes"], lambda line: Route(line["code"], line["partner"], line["from"])
            ),
            situations=_shared(
                margins["situations"],
                lambda line: Situation(line["code"], dict(line["dimensions"])),
            ),
            sex_alone=_weights(margins["sex_alone"]),
            age_adult=_ages(margins["age_adult"]),
            age_child=_ages(margins["age_child"]),
            age_unaccompanied=_ages(margins["age_unaccompanied"]),
            birth_known=_weights(margins["birth_known"]),
            age_doubted_near_18=float(margins["age_doubted_near_18"]),
            background_yes=float(margins["background_yes"]),
            answered_otherwise=_weights(margins["answered_otherwise"]),
            needs=dict(margins["needs"]),
            needs_after={k: dict(v) for k, v in margins["needs_after"].items()},
            contact_safe=_weights(margins["contact_safe"]),
            phone=float(margins["phone"]),
            indicators=dict(indicators),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadLists(f"content/synthetic: {type(error).__name__}: {error}") from error
    _check(lists)
    return lists


def _check(lists: Lists) -> None:
    for situation in lists.situations.options:
        unknown = set(situation.dimensions) - set(lists.indicators)
        if unknown:
            raise BadLists(
                f"content/synthetic/margins.yaml: situation '{situation.code}' names the unknown "
                f"dimension '{min(unknown)}'"
            )


def _read(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((CONTENT / path).read_text(encoding="utf-8"))
    return loaded


def _shared(lines: Sequence[Mapping[str, Any]], make: Any) -> Weighted[Any]:
    return Weighted([make(line) for line in lines], [float(line["share"]) for line in lines])


def _weights(values: Mapping[str, float]) -> Weighted[str]:
    if not all(isinstance(key, str) for key in values):
        raise BadLists("content/synthetic/margins.yaml: quote the words yes and no")
    return Weighted(list(values), [float(value) for value in values.values()])


def _ages(values: Mapping[str, float]) -> Weighted[tuple[int, int]]:
    spans = [tuple(int(end) for end in key.split("-")) for key in values]
    return Weighted([(a, b) for a, b in spans], [float(value) for value in values.values()])


def _written(text: str) -> WrittenName:
    own, _, latin = text.partition("|")
    return WrittenName(own, latin)


def _name_set(code: str, values: Mapping[str, Any]) -> NameSet:
    given = {sex: tuple(_written(text) for text in values[sex]) for sex in ("female", "male")}
    return NameSet(
        code,
        values["script"],
        values["order"],
        bool(values.get("father")),
        given,
        tuple(_family(text) for text in values["family"]),
    )


def _family(text: str) -> Mapping[str, WrittenName]:
    whole = _written(text)
    own, latin = whole.own.split("/"), whole.latin.split("/")
    return {
        "male": WrittenName(own[0], latin[0]),
        "female": WrittenName(own[-1], latin[-1]),
    }


def _origin(line: Mapping[str, Any], sets: Mapping[str, NameSet]) -> Origin:
    unknown = set(line["names"]) - set(sets)
    if unknown:
        raise BadLists(
            f"content/synthetic/margins.yaml: origin {line['code']} names the unknown set "
            f"'{min(unknown)}'"
        )
    spoken = line["languages"]
    languages = {
        name: tuple(spoken[name] if isinstance(spoken, dict) else spoken) for name in line["names"]
    }
    return Origin(line["code"], _weights(line["names"]), languages, tuple(line["second"]))


def _household(line: Mapping[str, Any]) -> HouseholdKind:
    return HouseholdKind(
        line["code"],
        int(line["adults"]),
        int(line["children"]),
        line.get("first_adult", ""),
        bool(line.get("generations")),
        bool(line.get("siblings")),
    )


def trafficking_questions() -> Mapping[str, tuple[str, ...]]:
    """The questions of each dimension of the indicator set in use, as paths in its form."""
    chosen = indicator_set("trafficking")
    found: dict[str, list[str]] = {dimension.code: [] for dimension in chosen.dimensions}
    for indicator in chosen.indicators:
        found[indicator.dimension].append(indicator.reading.question.path)
    return {dimension: tuple(paths) for dimension, paths in found.items()}
