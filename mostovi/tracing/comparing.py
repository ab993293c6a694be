# SPDX-License-Identifier: EUPL-1.2
"""Compares two records and explains the result, part by part.

The score is absolute: it depends on the two records and the model alone. It opens a question for
a person to answer (R4); it never decides that two records are one person.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mostovi.tracing import dates, names, places, relations
from mostovi.tracing.model import Model, current
from mostovi.tracing.names import ReadName, UnreadableName
from mostovi.tracing.records import Identity, Relative, Sex


@dataclass(frozen=True, slots=True)
class Part:
    """One bar of the waterfall: what was compared, how alike it is, what that weighs.

    `code` names the explanation (`<field>.<level>`), `words` is its English text; `left` and
    `right` are the values as written. `bits` above zero speak for the same person.
    """

    field: str
    level: str
    bits: float
    code: str
    words: str
    left: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """How likely two records are one person. `score` is a probability, `weight` the sum in bits.

    `weight` is the evidence of the parts together with the prior.
    """

    score: float
    weight: float
    parts: tuple[Part, ...]
    version: str
    verdict: str


def compare(left: Identity, right: Identity, *, model: Model | None = None) -> Match:
    """Compare two records: are they the same person? Symmetric in its score.

    Names that cannot be read are no evidence; a record without any readable name matches nothing
    by its name. To ask whether `right` is a relative whom `left` looks for, compare
    `relations.sought(left, relative)` with `right`.
    """
    model = model or current()
    parts = [_prior(model)]
    parts += _names(left, right, model)
    parts += _birth(left, right, model)
    parts += _sex(left, right, model)
    parts += _places(left, right, model)
    parts += _relatives(left, right, model)
    bits = math.fsum(part.bits for part in parts)
    score = model.probability(bits - parts[0].bits)
    return Match(score, bits, tuple(parts), model.version, model.verdict(score))


def _prior(model: Model) -> Part:
    bits = math.log2(model.prior / (1 - model.prior))
    return Part("prior", "prior", bits, "prior.prior", model.prior_words)


def _part(model: Model, field: str, level: str, left: str = "", right: str = "") -> Part:
    found = model.level(field, level)
    return Part(field, level, found.bits, f"{field}.{level}", found.words, left, right)


def readable(person: Identity) -> list[tuple[str, ReadName]]:
    """The names of a person that can be read, with their text."""
    found = []
    for name in person.names:
        try:
            found.append((name.text, names.read_name(name.text, name.language)))
        except UnreadableName:
            continue
    return found


def _names(left: Identity, right: Identity, model: Model) -> list[Part]:
    best: list[Part] = []
    for text, one in readable(left):
        for written, other in readable(right):
            parts = [_part(model, "names", names.level_of(one, other), text, written)]
            rarity = names.rarity_of(one, other)
            if rarity is not None:
                parts.append(_part(model, "rarity", rarity))
            if not best or _sum(parts) > _sum(best):
                best = parts
    return best


def _sum(parts: list[Part]) -> float:
    return math.fsum(part.bits for part in parts)


def _birth(left: Identity, right: Identity, model: Model) -> list[Part]:
    level = dates.level_of(left.birth, right.birth)
    if level is None:
        return []
    return [_part(model, "birth", level, dates.shown(left.birth), dates.shown(right.birth))]


def _sex(left: Identity, right: Identity, model: Model) -> list[Part]:
    known = {Sex.FEMALE, Sex.MALE}
    if left.sex not in known or right.sex not in known:
        return []
    level = "same" if left.sex == right.sex else "different"
    return [_part(model, "sex", level, left.sex.value, right.sex.value)]


def _places(left: Identity, right: Identity, model: Model) -> list[Part]:
    level = places.level_of(left.places, right.places)
    if level is None:
        return []
    return [_part(model, "place", level, ", ".join(left.places), ", ".join(right.places))]


# --- Relatives ----------------------------------------------------------------------------------


def _relatives(left: Identity, right: Identity, model: Model) -> list[Part]:
    """One part for each relative that both records tell of, each used once, best first."""
    pairs: list[tuple[Part, int, int]] = []
    for place, one in enumerate(left.relations):
        for other_place, other in enumerate(right.relations):
            if relations.compatible(one.relation, other.relation):
                part = _relative(one, other, model)
                if part is not None:
                    pairs.append((part, place, other_place))
    pairs.sort(key=lambda pair: (-pair[0].bits, pair[1], pair[2]))
    used: tuple[set[int], set[int]] = (set(), set())
    found: list[Part] = []
    for part, place, other_place in pairs:
        if place in used[0] or other_place in used[1]:
            continue
        if part.level == "different" and part.field not in {"mother", "father"}:
            # One may have told of one child and the other of another child.
            continue
        used[0].add(place)
        used[1].add(other_place)
        found.append(part)
    return found


_FIELDS = {"mother", "father", "child", "sibling", "spouse"}


def _relative(left: Relative, right: Relative, model: Model) -> Part | None:
    field = relations.kind(left.relation)
    if field == "parent":
        field = relations.kind(right.relation)
    if field == "parent":
        field = "mother"
    if field not in _FIELDS:
        field = "sibling"
    best: Part | None = None
    for text, one in readable(left.person):
        for written, other in readable(right.person):
            part = _part(model, field, relative_level(one, other), text, written)
            if best is None or part.bits > best.bits:
                best = part
    return best


def relative_level(left: ReadName, right: ReadName) -> str:
    """The level at which two names of relatives agree; the first name counts most. Symmetric."""
    level = names.level_of(left, right)
    if level in {"three_words", "both_words", "one_and_alike"}:
        return "full"
    first = names.relation(left.first, right.first)
    return {names.SAME: "same", names.ALIKE: "alike"}.get(first, "different")
