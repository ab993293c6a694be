# SPDX-License-Identifier: EUPL-1.2
"""A finding put into words: every result with its question, answer, rule and source (R5).

Pure: joins a `scoring.Finding` with the `IndicatorSet` that made it, in one language. The page,
the command line and the case file all show the same `Explanation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from mostovi.screening.indicators import (
    Answer,
    Evidence,
    Indicator,
    IndicatorSet,
    Lean,
    Method,
    Reach,
    Source,
    Text,
    Weight,
)
from mostovi.screening.scoring import (
    Decides,
    DimensionResult,
    Finding,
    IndicatorResult,
    Outcome,
)


@dataclass(frozen=True, slots=True)
class ExplainedIndicator:
    """One indicator with the answer, the question it came from, its weight and its source."""

    code: str
    title: str
    question: str
    path: str
    form: str
    answer: Answer
    value: str
    source: Source
    section: str
    weight: Weight | None = None
    weight_evidence: Evidence | None = None
    weight_note: str = ""
    lean: Lean | None = None
    because: str = ""
    depends_on: str = ""


@dataclass(frozen=True, slots=True)
class ExplainedDimension:
    """One dimension or level. `tally`: per weight, how many are yes and how many open."""

    code: str
    title: str
    reach: Reach
    needs: int | None
    how_known: tuple[str, ...]
    tally: tuple[tuple[Weight, int, int], ...]
    indicators: tuple[ExplainedIndicator, ...]

    def leaning(self, *leans: Lean) -> tuple[ExplainedIndicator, ...]:
        """The factors that lean one of these ways."""
        return tuple(item for item in self.indicators if item.lean in leans)

    @property
    def risks(self) -> tuple[ExplainedIndicator, ...]:
        """Factors that put at risk."""
        return self.leaning(Lean.RISK)

    @property
    def protections(self) -> tuple[ExplainedIndicator, ...]:
        """Factors that protect."""
        return self.leaning(Lean.PROTECTIVE)

    @property
    def unsettled(self) -> tuple[ExplainedIndicator, ...]:
        """Factors not known, or whose meaning depends on something not known."""
        return self.leaning(Lean.OPEN, Lean.DEPENDS)


@dataclass(frozen=True, slots=True)
class ExplainedQuestion:
    """A question to ask next, and what its answer could change."""

    path: str
    text: str
    decides: Decides
    dimension: str
    needs: int


@dataclass(frozen=True, slots=True)
class Cited:
    """A text with its source."""

    code: str
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class ExplainedDanger:
    """The signs of danger by their questions, and what to do now."""

    reach: Reach
    signs: tuple[str, ...]
    open: tuple[str, ...]
    do_now: str
    source: Source


@dataclass(frozen=True, slots=True)
class Explanation:
    """A whole finding in one language, with whether somebody has checked the set and its texts."""

    set_name: str
    set_version: str
    title: str
    method: Method
    outcome: Outcome
    scored_on: date
    set_reviewed: bool
    language: str
    language_reviewed: bool
    danger: ExplainedDanger
    dimensions: tuple[ExplainedDimension, ...]
    ask_next: tuple[ExplainedQuestion, ...]
    classification: Cited | None
    could_be: tuple[Cited, ...]
    interactions: tuple[Cited, ...]
    notes: tuple[Cited, ...]
    limits: tuple[str, ...]
    left_out: tuple[tuple[str, str, Source], ...]
    sources: tuple[Source, ...]
    profile: str = ""
    profile_source: Source | None = None
    child_rule: bool = False
    age_known: bool = False
    rule: Cited | None = None
    refer_source: Source | None = None
    rescreen_on: date | None = None
    rescreen_source: Source | None = None

    @property
    def reached(self) -> tuple[ExplainedDimension, ...]:
        """The dimensions that are reached."""
        return tuple(item for item in self.dimensions if item.reach is Reach.REACHED)


def in_language(text: Text, language: str) -> str:
    """The text in `language`, else in English, else in any."""
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def explain(indicator_set: IndicatorSet, finding: Finding, language: str) -> Explanation:
    """Explain `finding` with the set that made it.

    Raises ValueError when the set is another one, or another version, than the finding's.
    """
    made_with = (finding.set_name, finding.set_version)
    if made_with != (indicator_set.name, indicator_set.version):
        raise ValueError(f"finding of {made_with} cannot be explained by {indicator_set.name}")
    return _Explainer(indicator_set, finding, language).explanation()


class _Explainer:
    def __init__(self, indicator_set: IndicatorSet, finding: Finding, language: str) -> None:
        self._set = indicator_set
        self._finding = finding
        self._language = language

    def explanation(self) -> Explanation:
        found, chosen = self._finding, self._set
        profile = chosen.profiles.get(found.profile)
        review = chosen.translations.get(self._language)
        named = {item.code: item for item in chosen.classifications}
        now = named.get(found.classification)
        rule = chosen.rule
        return Explanation(
            set_name=chosen.name,
            set_version=chosen.version,
            title=self._text(chosen.title),
            method=found.method,
            outcome=found.outcome,
            scored_on=found.scored_on,
            set_reviewed=chosen.review.reviewed,
            language=self._language,
            language_reviewed=review is None or review.reviewed,
            danger=self._danger(),
            dimensions=tuple(self._dimension(result) for result in found.dimensions),
            ask_next=tuple(
                ExplainedQuestion(
                    question.path,
                    self._question(question.path),
                    question.decides,
                    self._title(question.dimension) if question.dimension else "",
                    question.needs,
                )
                for question in found.ask_next
            ),
            classification=self._cited(now.code, now.title, now.source) if now else None,
            could_be=tuple(
                self._cited(code, named[code].title, named[code].source)
                for code in found.could_be
                if code in named
            ),
            interactions=tuple(
                self._cited(item.code, item.text, item.source)
                for item in chosen.interactions
                if item.code in found.interactions
            ),
            notes=tuple(self._cited(code, text, source) for code, text, source in chosen.notes),
            limits=tuple(self._text(text) for text in chosen.limits),
            left_out=tuple(
                (self._text(item.title), self._text(item.reason), chosen.sources[item.source])
                for item in chosen.left_out
            ),
            sources=tuple(chosen.sources.values()),
            profile=self._text(profile.title) if profile else "",
            profile_source=chosen.sources[profile.source] if profile else None,
            child_rule=found.child_rule,
            age_known=bool(found.age_value),
            rule=self._cited("rule", rule.text, rule.source) if rule else None,
            refer_source=chosen.sources.get(chosen.refer_source),
            rescreen_on=found.rescreen_on,
            rescreen_source=chosen.sources.get(chosen.rescreen_source),
        )

    def _danger(self) -> ExplainedDanger:
        danger = self._finding.danger
        return ExplainedDanger(
            danger.reach,
            tuple(self._question(path) for path in danger.signs),
            tuple(self._question(path) for path in danger.open),
            self._text(self._set.danger.do_now),
            self._set.sources[self._set.danger.source],
        )

    def _dimension(self, result: DimensionResult) -> ExplainedDimension:
        order = {Answer.YES: 0, Answer.NO: 2}
        indicators = sorted(result.indicators, key=lambda item: order.get(item.answer, 1))
        return ExplainedDimension(
            code=result.code,
            title=self._title(result.code),
            reach=result.reach,
            needs=result.needs,
            how_known=result.how_known,
            tally=tuple(self._tally(result)),
            indicators=tuple(self._indicator(item) for item in indicators),
        )

    def _tally(self, result: DimensionResult) -> list[tuple[Weight, int, int]]:
        counted = []
        for weight in Weight:
            of_weight = [item for item in result.indicators if item.weight is weight]
            yes = sum(item.answer is Answer.YES for item in of_weight)
            still_open = sum(item.answer.open for item in of_weight)
            if of_weight:
                counted.append((weight, yes, still_open))
        return counted

    def _indicator(self, result: IndicatorResult) -> ExplainedIndicator:
        indicator = self._set.indicator(result.code)
        question = indicator.reading.question
        leaning = indicator.leans.get(result.answer)
        depends_on = (
            self._text(self._set.indicator(result.depends_on).title) if result.depends_on else ""
        )
        return ExplainedIndicator(
            code=result.code,
            title=self._text(indicator.title),
            question=self._text(question.text),
            path=result.path,
            form=question.form,
            answer=result.answer,
            value=result.value,
            source=self._set.sources[indicator.source],
            section=indicator.section,
            weight=result.weight,
            weight_evidence=result.weight_evidence,
            weight_note=self._weight_note(indicator),
            lean=result.lean,
            because=self._text(leaning.because) if leaning and leaning.because else "",
            depends_on=depends_on,
        )

    def _weight_note(self, indicator: Indicator) -> str:
        if not self._finding.profile:
            return ""
        claim = self._set.weight(indicator, self._finding.profile)
        return claim.note if claim else ""

    def _title(self, dimension: str) -> str:
        return self._text(self._set.dimension(dimension).title)

    def _question(self, path: str) -> str:
        question = self._set.question(path)
        return self._text(question.text) if question else path

    def _cited(self, code: str, text: Text, source: str) -> Cited:
        return Cited(code, self._text(text), self._set.sources[source])

    def _text(self, text: Mapping[str, str]) -> str:
        return in_language(text, self._language)
