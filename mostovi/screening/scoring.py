# SPDX-License-Identifier: EUPL-1.2
"""From answers to an explained finding, in three values. Pure: no Django, no I/O, no clock.

What is unknown, declined or was not asked never counts as no: it keeps a dimension open. A finding
recommends; a named officer decides (R4). It holds no number for a person, only which dimensions
are reached, which could still be, and what to ask next. Everything a finding says can be followed
back to the answer, the rule and the source (R5): codes here, texts in the indicator set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import product
from typing import Any

from mostovi.screening.indicators import (
    Answer,
    Dimension,
    DimensionRule,
    Evidence,
    Indicator,
    IndicatorSet,
    Lean,
    Method,
    Reach,
    Reading,
    Weight,
)


class Outcome(StrEnum):
    """What a finding recommends. There is no 'not a victim'."""

    REFER = "refer"
    NOT_ENOUGH_KNOWN = "not_enough_known"
    SIGNS_BELOW_RULE = "signs_below_rule"
    NOTHING_FOUND = "nothing_found"

    @property
    def rank(self) -> int:
        """0 for nothing found, 3 for refer: more known harm never lowers it."""
        return 3 - list(Outcome).index(self)


class Decides(StrEnum):
    """What the answer to an open question could change."""

    DANGER = "danger"
    PROFILE = "profile"
    OUTCOME = "outcome"
    DIMENSION = "dimension"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class IndicatorResult:
    """One indicator: the answer as read, the value as given, and where it came from."""

    code: str
    answer: Answer
    value: str
    path: str
    weight: Weight | None = None
    weight_evidence: Evidence | None = None
    lean: Lean | None = None
    depends_on: str = ""


@dataclass(frozen=True, slots=True)
class DimensionResult:
    """One dimension. `satisfied_by` numbers the alternative of the rule that was met.

    `needs` is the smallest number of further yeses that would reach the dimension.
    """

    code: str
    reach: Reach
    indicators: tuple[IndicatorResult, ...]
    satisfied_by: int | None = None
    needs: int | None = None
    how_known: tuple[str, ...] = ()

    def having(self, answer: Answer) -> tuple[IndicatorResult, ...]:
        """The indicators with this answer."""
        return tuple(result for result in self.indicators if result.answer is answer)


@dataclass(frozen=True, slots=True)
class DangerResult:
    """Whether the person is in danger now; COULD_BE until it has been asked and answered no."""

    reach: Reach
    signs: tuple[str, ...]
    open: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """A question worth asking. `needs`: how many yeses, this one included, reach the dimension."""

    path: str
    decides: Decides
    indicator: str = ""
    dimension: str = ""
    needs: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """The explained result of one indicator set on one submission."""

    set_name: str
    set_version: str
    set_digest: str
    method: Method
    scored_on: date
    danger: DangerResult
    outcome: Outcome
    dimensions: tuple[DimensionResult, ...]
    ask_next: tuple[NextQuestion, ...]
    profile: str = ""
    child_rule: bool = False
    age_value: str = ""
    classification: str = ""
    could_be: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()
    rescreen_on: date | None = None

    def dimension(self, code: str) -> DimensionResult:
        """The result of the dimension with this code; KeyError when there is none."""
        for result in self.dimensions:
            if result.code == code:
                return result
        raise KeyError(code)

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON-ready values; `from_json` reads it back unchanged."""
        values = asdict(self)
        values["scored_on"] = self.scored_on.isoformat()
        values["rescreen_on"] = self.rescreen_on.isoformat() if self.rescreen_on else None
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Finding:
        """The finding that `to_json` wrote. KeyError or ValueError when it is not one."""
        known = dict(values)
        known["method"] = Method(known["method"])
        known["outcome"] = Outcome(known["outcome"])
        known["scored_on"] = date.fromisoformat(known["scored_on"])
        rescreen_on = known["rescreen_on"]
        known["rescreen_on"] = date.fromisoformat(rescreen_on) if rescreen_on else None
        danger = known["danger"]
        known["danger"] = DangerResult(
            Reach(danger["reach"]), tuple(danger["signs"]), tuple(danger["open"])
        )
        known["dimensions"] = tuple(_dimension_from_json(item) for item in known["dimensions"])
        known["ask_next"] = tuple(
            NextQuestion(**{**item, "decides": Decides(item["decides"])})
            for item in known["ask_next"]
        )
        known["could_be"] = tuple(known["could_be"])
        known["interactions"] = tuple(known["interactions"])
        return cls(**known)


def flatten(answers: Mapping[str, Any]) -> dict[str, str]:
    """Nested or flat answers as one mapping 'group/question' → value.

    A path that is missing was not asked; null means asked and not known. Lists of objects are
    repeats, numbered from 1 in the path; other lists are choices and are joined by spaces.

    >>> flatten({"person": {"age": "adult", "name": None}, "signs": ["a", "b"]})
    {'person/age': 'adult', 'person/name': 'unknown', 'signs': 'a b'}
    >>> flatten({"family": [{"age": "child"}]})
    {'family[1]/age': 'child'}
    """
    return dict(_leaves(answers, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}/{key}".strip("/"))
    elif isinstance(value, list | tuple):
        if any(isinstance(item, Mapping) for item in value):
            for number, item in enumerate(value, start=1):
                yield from _leaves(item, f"{path}[{number}]")
        elif value:
            yield path, " ".join(str(item) for item in value)
    elif value is None:
        yield path, "unknown"
    elif isinstance(value, bool):
        yield path, "yes" if value else "no"
    elif str(value).strip():
        yield path, str(value).strip()


def score(indicator_set: IndicatorSet, answers: Mapping[str, Any], today: date) -> Finding:
    """Apply `indicator_set` to the `answers` of one submission (nested or flat, see `flatten`).

    Only the paths that the set names are read; nothing else in `answers` can change the result.
    `today` dates the finding and the next screening.
    """
    paths = indicator_set.paths
    read = {path: value for path, value in flatten(answers).items() if path in paths}
    if indicator_set.method is Method.DETERMINANTS:
        return _score_determinants(indicator_set, read, today)
    return _score_by_rule(indicator_set, read, today)


# --- the rule by dimension ------------------------------------------------------------------


def _score_by_rule(indicator_set: IndicatorSet, answers: Mapping[str, str], today: date) -> Finding:
    profile = indicator_set.age.profile(answers) if indicator_set.age else ""
    child_rule = indicator_set.profiles[profile].child_rule
    danger = _danger(indicator_set, answers)
    dimensions = tuple(
        _dimension_by_rule(indicator_set, dimension, profile, answers)
        for dimension in indicator_set.dimensions
    )
    reaches = {result.code: result.reach for result in dimensions}
    now, could_be = _classify(indicator_set, reaches, child_rule)
    outcome = _outcome_by_rule(indicator_set, dimensions, reaches, child_rule)
    age_path = indicator_set.age.question.path if indicator_set.age else ""
    return Finding(
        set_name=indicator_set.name,
        set_version=indicator_set.version,
        set_digest=indicator_set.digest,
        method=indicator_set.method,
        scored_on=today,
        danger=danger,
        outcome=outcome,
        dimensions=dimensions,
        ask_next=_ask_next(indicator_set, answers, danger, dimensions, child_rule),
        profile=profile,
        child_rule=child_rule,
        age_value=answers.get(age_path, ""),
        classification=now,
        could_be=could_be,
        rescreen_on=_rescreen(indicator_set, today),
    )


def _dimension_by_rule(
    indicator_set: IndicatorSet, dimension: Dimension, profile: str, answers: Mapping[str, str]
) -> DimensionResult:
    results = []
    for indicator in indicator_set.indicators:
        if indicator.dimension != dimension.code:
            continue
        claim = indicator_set.weight(indicator, profile)
        if claim is not None:
            found = _read(indicator.reading, answers)
            results.append(IndicatorResult(indicator.code, *found, claim.weight, claim.evidence))
    reach, satisfied_by = reach_of(_rule(indicator_set), results)
    sizes = [size for _, size in _smallest_sets(_rule(indicator_set), results)]
    return DimensionResult(
        code=dimension.code,
        reach=reach,
        indicators=tuple(results),
        satisfied_by=satisfied_by,
        needs=min(sizes, default=None) if reach is Reach.COULD_BE else None,
        how_known=tuple(answers.get(dimension.how_known, "").split()),
    )


def reach_of(rule: DimensionRule, results: Sequence[IndicatorResult]) -> tuple[Reach, int | None]:
    """Whether `results` reach a dimension, and by which alternative of the rule.

    Reached by the answers 'yes' alone; could still be when the open answers, if all were yes,
    would be enough; cannot be otherwise.
    """
    yes = _counts(results, lambda answer: answer is Answer.YES)
    satisfied_by = rule.satisfied_by(yes)
    if satisfied_by is not None:
        return Reach.REACHED, satisfied_by
    hoped = _counts(results, lambda answer: answer is not Answer.NO)
    return (Reach.CANNOT_BE if rule.satisfied_by(hoped) is None else Reach.COULD_BE), None


def _counts(results: Sequence[IndicatorResult], counted: Any) -> Counter[Weight]:
    return Counter(result.weight for result in results if result.weight and counted(result.answer))


def _smallest_sets(
    rule: DimensionRule, results: Sequence[IndicatorResult]
) -> list[tuple[IndicatorResult, int]]:
    """Each open indicator that could decide the dimension, with the size of its smallest set.

    A set counts for an indicator only when it would not be enough without it.
    """
    yes = _counts(results, lambda answer: answer is Answer.YES)
    if rule.satisfied_by(yes) is not None:
        return []
    available = _counts(results, lambda answer: answer.open)
    size_by_weight: dict[Weight, int] = {}
    # No alternative asks for more than three of a weight, so few combinations need a look.
    for added in product(*(range(min(4, available[weight] + 1)) for weight in Weight)):
        extra = Counter(dict(zip(Weight, added, strict=True)))
        if rule.satisfied_by(yes + extra) is None:
            continue
        for weight in Weight:
            if extra[weight] and rule.satisfied_by(yes + extra - Counter({weight: 1})) is None:
                size = min(extra.total(), size_by_weight.get(weight, extra.total()))
                size_by_weight[weight] = size
    return [
        (result, size_by_weight[result.weight])
        for result in results
        if result.answer.open and result.weight in size_by_weight
    ]


def _classify(
    indicator_set: IndicatorSet, reaches: Mapping[str, Reach], child_rule: bool
) -> tuple[str, tuple[str, ...]]:
    """The first classification that holds, and those before it that still could."""
    could_be: list[str] = []
    for classification in indicator_set.classifications:
        if classification.child_rule not in (None, child_rule):
            continue
        reach = classification.condition.evaluate(reaches.__getitem__)
        if reach is Reach.REACHED:
            return classification.code, tuple(could_be)
        if reach is Reach.COULD_BE:
            could_be.append(classification.code)
    return "", tuple(could_be)


def _outcome_by_rule(
    indicator_set: IndicatorSet,
    dimensions: Sequence[DimensionResult],
    reaches: Mapping[str, Reach],
    child_rule: bool,
) -> Outcome:
    grounds = _grounds(indicator_set, reaches, child_rule)
    if grounds is Reach.REACHED:
        return Outcome.REFER
    if grounds is Reach.COULD_BE:
        return Outcome.NOT_ENOUGH_KNOWN
    if any(result.having(Answer.YES) for result in dimensions):
        return Outcome.SIGNS_BELOW_RULE
    return Outcome.NOTHING_FOUND


def _grounds(indicator_set: IndicatorSet, reaches: Mapping[str, Reach], child_rule: bool) -> Reach:
    condition = indicator_set.refer_child if child_rule else indicator_set.refer_adult
    if condition is None:
        raise ValueError(f"indicator set '{indicator_set.name}' has no condition to refer")
    return condition.evaluate(reaches.__getitem__)


def _ask_next(
    indicator_set: IndicatorSet,
    answers: Mapping[str, str],
    danger: DangerResult,
    dimensions: Sequence[DimensionResult],
    child_rule: bool,
) -> tuple[NextQuestion, ...]:
    """Open questions, those first that could decide most with fewest answers.

    What the person has chosen not to say is not asked again.
    """
    rule = _rule(indicator_set)
    reaches = {result.code: result.reach for result in dimensions}
    before = _grounds(indicator_set, reaches, child_rule)
    ranked: list[tuple[tuple[int, int, int, int], NextQuestion]] = []
    for result in dimensions:
        if result.reach is not Reach.COULD_BE:
            continue
        # A dimension matters for the outcome when its two ends lead to different outcomes.
        worth = {
            _grounds(indicator_set, {**reaches, result.code: end}, child_rule)
            for end in (Reach.REACHED, Reach.CANNOT_BE)
        }
        decides = (
            Decides.OUTCOME if before is not Reach.REACHED and len(worth) > 1 else Decides.DIMENSION
        )
        at_once = before is not Reach.REACHED and Reach.REACHED in worth
        for indicator, needs in _smallest_sets(rule, result.indicators):
            if indicator.answer is Answer.DECLINED or indicator.weight is None:
                continue
            order = (
                0 if at_once else 1 if decides is Decides.OUTCOME else 2,
                needs,
                indicator.weight.rank,
                len(ranked),
            )
            question = NextQuestion(indicator.path, decides, indicator.code, result.code, needs)
            ranked.append((order, question))
    ranked.sort(key=lambda item: item[0])
    return (*_ask_first(indicator_set, answers, danger), *(question for _, question in ranked))


def _ask_first(
    indicator_set: IndicatorSet, answers: Mapping[str, str], danger: DangerResult
) -> list[NextQuestion]:
    """Danger comes before everything, then age, for it changes which rule applies."""
    first = []
    if danger.reach is not Reach.REACHED:
        for reading in indicator_set.danger.readings:
            if _read(reading, answers)[0] in (Answer.UNKNOWN, Answer.NOT_ASKED):
                first.append(NextQuestion(reading.question.path, Decides.DANGER))
    if indicator_set.age and not answers.get(indicator_set.age.question.path):
        first.append(NextQuestion(indicator_set.age.question.path, Decides.PROFILE))
    return first


# --- determinants: risk and protection by level ---------------------------------------------


def _score_determinants(
    indicator_set: IndicatorSet, answers: Mapping[str, str], today: date
) -> Finding:
    danger = _danger(indicator_set, answers)
    read = {
        indicator.code: _read(indicator.reading, answers)[0]
        for indicator in indicator_set.indicators
    }
    dimensions = tuple(
        _level(dimension, indicator_set.indicators, read, answers)
        for dimension in indicator_set.dimensions
    )
    leans = {result.code: result.lean for level in dimensions for result in level.indicators}
    held = {
        interaction.code: interaction.condition.evaluate(lambda leaf: _lean_reach(leaf, leans))
        for interaction in indicator_set.interactions
    }
    return Finding(
        set_name=indicator_set.name,
        set_version=indicator_set.version,
        set_digest=indicator_set.digest,
        method=indicator_set.method,
        scored_on=today,
        danger=danger,
        outcome=_outcome_determinants(dimensions, held),
        dimensions=dimensions,
        ask_next=_ask_determinants(indicator_set, answers, danger, dimensions, held),
        interactions=tuple(code for code, reach in held.items() if reach is Reach.REACHED),
        could_be=tuple(code for code, reach in held.items() if reach is Reach.COULD_BE),
        rescreen_on=_rescreen(indicator_set, today),
    )


def _level(
    dimension: Dimension,
    indicators: Sequence[Indicator],
    read: Mapping[str, Answer],
    answers: Mapping[str, str],
) -> DimensionResult:
    results = []
    for indicator in indicators:
        if indicator.dimension == dimension.code:
            answer, value, path = _read(indicator.reading, answers)
            lean, depends_on = _lean(indicator, answer, read)
            results.append(
                IndicatorResult(
                    indicator.code, answer, value, path, lean=lean, depends_on=depends_on
                )
            )
    leans = {result.lean for result in results}
    reach = (
        Reach.REACHED
        if Lean.RISK in leans
        else Reach.COULD_BE
        if leans & {Lean.OPEN, Lean.DEPENDS}
        else Reach.CANNOT_BE
    )
    return DimensionResult(dimension.code, reach, tuple(results))


def _lean(indicator: Indicator, answer: Answer, read: Mapping[str, Answer]) -> tuple[Lean, str]:
    if answer.open:
        return Lean.OPEN, ""
    leaning = indicator.leans.get(answer)
    if leaning is None:
        return Lean.NEITHER, ""
    if not leaning.depends_on:
        return leaning.fixed or Lean.NEITHER, ""
    context = read[leaning.depends_on]
    if context.open:
        return Lean.DEPENDS, leaning.depends_on
    return leaning.when.get(context, Lean.NEITHER), leaning.depends_on


def _lean_reach(leaf: str, leans: Mapping[str, Lean | None]) -> Reach:
    code, _, wanted = leaf.partition(":")
    lean = leans[code]
    if lean == wanted:
        return Reach.REACHED
    return Reach.COULD_BE if lean in (Lean.OPEN, Lean.DEPENDS) else Reach.CANNOT_BE


def _outcome_determinants(
    dimensions: Sequence[DimensionResult], held: Mapping[str, Reach]
) -> Outcome:
    if Reach.REACHED in held.values():
        return Outcome.REFER
    reaches = {result.reach for result in dimensions}
    if Reach.COULD_BE in held.values():
        return Outcome.NOT_ENOUGH_KNOWN
    if Reach.REACHED in reaches:
        return Outcome.SIGNS_BELOW_RULE
    return Outcome.NOT_ENOUGH_KNOWN if Reach.COULD_BE in reaches else Outcome.NOTHING_FOUND


def _ask_determinants(
    indicator_set: IndicatorSet,
    answers: Mapping[str, str],
    danger: DangerResult,
    dimensions: Sequence[DimensionResult],
    held: Mapping[str, Reach],
) -> tuple[NextQuestion, ...]:
    """Context first (it settles what is already answered), then what an interaction waits for."""
    awaited = Counter(
        leaf.partition(":")[0]
        for interaction in indicator_set.interactions
        if held[interaction.code] is Reach.COULD_BE
        for leaf in interaction.condition.leaves()
    )
    contexts = {
        result.depends_on
        for level in dimensions
        for result in level.indicators
        if result.lean is Lean.DEPENDS
    }
    ranked: list[tuple[tuple[int, int, bool, int], NextQuestion]] = []
    for level in dimensions:
        for result in level.indicators:
            if result.answer not in (Answer.UNKNOWN, Answer.NOT_ASKED):
                continue
            decides = (
                Decides.CONTEXT
                if result.code in contexts
                else Decides.OUTCOME
                if awaited[result.code]
                else Decides.DIMENSION
            )
            order = (
                (Decides.CONTEXT, Decides.OUTCOME, Decides.DIMENSION).index(decides),
                -awaited[result.code],
                level.reach is Reach.REACHED,
                len(ranked),
            )
            ranked.append((order, NextQuestion(result.path, decides, result.code, level.code)))
    ranked.sort(key=lambda item: item[0])
    return (*_ask_first(indicator_set, answers, danger), *(question for _, question in ranked))


# --- shared ---------------------------------------------------------------------------------


def _rule(indicator_set: IndicatorSet) -> DimensionRule:
    if indicator_set.rule is None:
        raise ValueError(f"indicator set '{indicator_set.name}' has no rule by dimension")
    return indicator_set.rule


def _read(reading: Reading, answers: Mapping[str, str]) -> tuple[Answer, str, str]:
    path = reading.question.path
    return reading.of(answers), answers.get(path, ""), path


def _danger(indicator_set: IndicatorSet, answers: Mapping[str, str]) -> DangerResult:
    found = [_read(reading, answers) for reading in indicator_set.danger.readings]
    signs = tuple(path for answer, _, path in found if answer is Answer.YES)
    still_open = tuple(path for answer, _, path in found if answer.open)
    reach = Reach.REACHED if signs else Reach.COULD_BE if still_open else Reach.CANNOT_BE
    return DangerResult(reach, signs, still_open)


def _rescreen(indicator_set: IndicatorSet, today: date) -> date | None:
    days = indicator_set.rescreen_after_days
    return today + timedelta(days=days) if days else None


def _dimension_from_json(item: Mapping[str, Any]) -> DimensionResult:
    return DimensionResult(
        code=item["code"],
        reach=Reach(item["reach"]),
        indicators=tuple(_indicator_from_json(inner) for inner in item["indicators"]),
        satisfied_by=item["satisfied_by"],
        needs=item["needs"],
        how_known=tuple(item["how_known"]),
    )


def _indicator_from_json(item: Mapping[str, Any]) -> IndicatorResult:
    weight, evidence, lean = item["weight"], item["weight_evidence"], item["lean"]
    return IndicatorResult(
        code=item["code"],
        answer=Answer(item["answer"]),
        value=item["value"],
        path=item["path"],
        weight=Weight(weight) if weight else None,
        weight_evidence=Evidence(evidence) if evidence else None,
        lean=Lean(lean) if lean else None,
        depends_on=item["depends_on"],
    )
