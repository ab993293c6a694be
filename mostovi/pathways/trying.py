# SPDX-License-Identifier: EUPL-1.2
"""The golden cases of a pack held against the law in force and against a draft, for pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from mostovi.pathways import law_files, presenting, wording
from mostovi.pathways.answers import PathwayAnswer, check
from mostovi.pathways.explaining import decisive
from mostovi.pathways.facts import Facts, Vocabulary
from mostovi.pathways.golden import GoldenCase, load_golden, run
from mostovi.pathways.law import PartnerLaw, Pathway
from mostovi.pathways.library import library
from mostovi.pathways.reading import BadLaw
from mostovi.pathways.rules import Rule, RuleSet, rule_of
from mostovi.pathways.texts import Said


@dataclass(frozen=True)
class Outcome:
    """What a rule says of a case: the answer, what decides it, and what would still be asked."""

    answer: str
    logic: bool | None
    deciding: tuple[Said, ...]
    asked: tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    """A case with what was expected, what the law says, and what a draft would say.

    problems: where the law does not say what the lawyer expected. draft None: none was tried.
    """

    case: GoldenCase
    facts: tuple[tuple[str, str], ...]
    now: Outcome | None
    problems: tuple[str, ...]
    draft: Outcome | None = None

    @property
    def changes(self) -> bool:
        """Whether the draft gives the person another answer, or the rule another value."""
        if self.now is None or self.draft is None:
            return self.now is not self.draft
        return (self.now.answer, self.now.logic) != (self.draft.answer, self.draft.logic)


def cases_of(partner: str, pathway: str) -> tuple[GoldenCase, ...]:
    """The golden cases of a pack. Raises `BadLaw`."""
    text = law_files.golden_text(partner, pathway)
    if not text:
        return ()
    return load_golden(text, f"golden/{pathway}.yaml", library().vocabulary)


def golden_of(law: PartnerLaw, pathway: str) -> list[Tried] | BadLaw:
    """Each case against the law in force on its day; the faults of a file that cannot be read."""
    try:
        cases = cases_of(law.code, pathway)
    except BadLaw as error:
        return error
    return [_tried(law, case, law.pathways.get(pathway)) for case in cases]


def golden_against(law: PartnerLaw, draft: Pathway, day: date) -> list[Tried] | BadLaw:
    """Each case against the law in force on its day, and against a draft on the day of effect."""
    try:
        cases = cases_of(law.code, draft.code)
    except BadLaw as error:
        return error
    present = law.pathways.get(draft.code)
    after = rule_of(law, draft, day)
    return [
        _tried(law, case, present, outcome(law, after, case.facts) if after else None)
        for case in cases
    ]


def _tried(
    law: PartnerLaw, case: GoldenCase, present: Pathway | None, draft: Outcome | None = None
) -> Tried:
    rule = rule_of(law, present, case.on) if present else None
    verdict = run(case, lambda _partner, _on: _alone(law, rule, case.on))
    return Tried(
        case,
        fact_lines(law.catalogue.vocabulary, case.facts),
        outcome(law, rule, case.facts) if rule else None,
        verdict.problems,
        draft,
    )


def _alone(law: PartnerLaw, rule: Rule | None, on: date) -> RuleSet:
    return RuleSet(law.code, on, (rule,) if rule else (), law.catalogue.vocabulary, (), law)


def outcome(law: PartnerLaw, rule: Rule, facts: Facts) -> Outcome:
    """What the rule says of a person."""
    return _outcome(check(_alone(law, rule, rule.on), facts).answers[0])


def _outcome(answer: PathwayAnswer) -> Outcome:
    language = wording.language()
    titles = [
        presenting.in_language(reason.condition.title, language)
        for reason in decisive(answer.reason)
        if reason.condition is not None and answer.logic is not True
    ]
    return Outcome(
        answer.answer.value, answer.logic, tuple(dict.fromkeys(titles)),
        tuple(map(wording.fact_words, answer.questions)),
    )  # fmt: skip


def fact_lines(vocabulary: Vocabulary, facts: Facts) -> tuple[tuple[str, str], ...]:
    """Facts of a person in words, each with its value."""
    return tuple(
        (wording.fact_words(fact), wording.scalar_words(vocabulary, fact, value))
        for fact, value in facts.items()
    )


def changing(tried: Iterable[Tried]) -> int:
    """How many of the cases the draft answers otherwise."""
    return sum(one.changes for one in tried)
