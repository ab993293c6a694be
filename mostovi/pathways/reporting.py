# SPDX-License-Identifier: EUPL-1.2
"""A check as plain data, the shape of `mostovi pathways check --json`, and as text to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mostovi.pathways.answers import Answer, Because, Check, PathwayAnswer
from mostovi.pathways.explaining import Reason, decisive
from mostovi.pathways.facts import Facts, FactValue
from mostovi.pathways.law import Citation, Condition, PartnerLaw, Review
from mostovi.pathways.questions import Question
from mostovi.pathways.rules import RuleSet

WORDS = {Answer.OPEN: "OPEN", Answer.MAYBE: "MAYBE", Answer.CLOSED: "CLOSED"}


def as_data(check: Check, rules: RuleSet, facts: Facts, titles: Mapping[str, str]) -> Any:
    """The whole check as JSON has it; titles: English texts by code."""
    return {
        "partner": rules.partner,
        "on": rules.on.isoformat(),
        "facts": dict(facts),
        "law_versions": {
            answer.pathway: {"version": answer.version.version, "digest": answer.law_version}
            for answer in check.answers
        },
        "answers": [_answer(answer, rules, titles) for answer in check.answers],
        "next_questions": [_question(question, titles) for question in check.questions],
        "without_rule": [
            {
                "pathway": none.pathway,
                "title": title(none.pathway, titles),
                "availability": none.availability.value,
                "note": dict(none.note),
            }
            for none in check.without_rule
        ],
    }


def title(pathway: str, titles: Mapping[str, str]) -> str:
    """The English title of a pathway, or its code in words."""
    return titles.get(f"pathway.{pathway}.title", pathway.replace("_", " "))


def _answer(answer: PathwayAnswer, rules: RuleSet, titles: Mapping[str, str]) -> dict[str, Any]:
    version, law = answer.version, rules.law
    return {
        "pathway": answer.pathway,
        "title": title(answer.pathway, titles),
        "answer": answer.answer.value,
        "logic": answer.logic,
        "because": answer.because.value,
        "decided_by": [reason.code for reason in decisive(answer.reason)],
        "reasons": [reason_data(part, law) for part in answer.reason.parts],
        "next_questions": list(answer.questions),
        "law_version": {
            "version": version.version,
            "digest": answer.law_version,
            "from": version.valid_from.isoformat(),
            "to": version.valid_to.isoformat() if version.valid_to else None,
            "complete": version.complete,
            "review": review_data(version.review),
        },
    }


def reason_data(reason: Reason, law: PartnerLaw | None) -> dict[str, Any]:
    """A reason with its parts, its source and how sure anybody is of it."""
    condition = reason.condition
    data: dict[str, Any] = {"condition": reason.code, "value": reason.value}
    if condition is not None:
        data |= {
            "title": dict(condition.title),
            "topic": condition.topic,
            "kind": condition.combination.value,
            "facts": dict(reason.used) if not reason.parts else None,
            "citation": citation_data(condition.citation, law),
            "evidence": condition.evidence.value,
            "confidence": condition.confidence.value,
            "review": review_data(condition.review),
        }
    if reason.parts:
        data["parts"] = [reason_data(part, law) for part in reason.parts]
    return {key: value for key, value in data.items() if value is not None or key == "value"}


def citation_data(citation: Citation | None, law: PartnerLaw | None) -> dict[str, Any] | None:
    """Act, article, paragraph, point, with the act's title and gazette."""
    if citation is None:
        return None
    act = law.acts.get(citation.act) if law else None
    return {
        "act": citation.act,
        "article": citation.article,
        "paragraph": citation.paragraph,
        "point": citation.point,
        "title": dict(act.title) if act else {},
        "gazette": list(act.gazette) if act else [],
        "url": act.url if act else "",
    }


def review_data(review: Review) -> dict[str, Any]:
    """Status, person and day."""
    return {
        "status": review.status.value,
        "by": review.by,
        "on": review.on.isoformat() if review.on else None,
    }


def _question(question: Question, titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "fact": question.fact,
        "question": titles.get(f"fact.{question.fact}.question", ""),
        "decides": round(question.decides, 4),
        "pathways": list(question.pathways),
    }


def as_text(
    check: Check, rules: RuleSet, titles: Mapping[str, str], *, all_reasons: bool = False
) -> Iterator[str]:
    """The check for a person to read, line by line."""
    for wanted in Answer:
        for answer in check.answers:
            if answer.answer is wanted:
                yield from _lines(answer, rules, titles, all_reasons)
    for none in check.without_rule:
        why = {"none_found": "no such way found in the law", "unknown": "nobody could look"}
        say = why.get(none.availability.value, "not in force on this day")
        yield f"  --    {title(none.pathway, titles)}: {say}"
    if check.questions:
        yield ""
        yield "Ask next (how much of what is open one answer can be expected to settle):"
        for question in check.questions[:7]:
            words = titles.get(f"fact.{question.fact}.question", question.fact)
            yield f"  {question.decides:4.0%}  {question.fact}: {words}"
        if more := len(check.questions) - 7:
            yield f"        and {more} more" if more > 0 else ""


_WHY = {
    Because.UNKNOWN_FACT: "depends on what is not known yet",
    Because.UNKNOWN_LAW: "a part of the law could not be confirmed; nothing about you decides it",
    Because.UNREVIEWED_NO: "the rule as written says no, but no lawyer has signed it off",
}


def _lines(
    answer: PathwayAnswer, rules: RuleSet, titles: Mapping[str, str], all_reasons: bool
) -> Iterator[str]:
    why = f": {_WHY[answer.because]}" if answer.because in _WHY else ""
    yield f"{WORDS[answer.answer]:<7} {title(answer.pathway, titles)}{why}"
    if all_reasons:
        for part in answer.reason.parts:
            yield from _tree(part, rules.law, 1)
    elif answer.logic is False:
        for reason in decisive(answer.reason):
            yield f"          not met: {_said(reason, rules.law)}"
    if answer.questions:
        yield f"          find out: {', '.join(answer.questions)}"
    review = answer.version.review
    signed = f"signed off by {review.by} on {review.on}" if review.is_reviewed else "not signed off"
    yield f"          law version {answer.version.version} ({answer.law_version[:12]}), {signed}"


def _tree(reason: Reason, law: PartnerLaw | None, depth: int) -> Iterator[str]:
    mark = {True: "yes", False: "no ", None: "?  "}[reason.value]
    yield f"{'  ' * depth}      {mark} {_said(reason, law)}"
    for part in reason.parts:
        yield from _tree(part, law, depth + 1)


def _said(reason: Reason, law: PartnerLaw | None) -> str:
    condition: Condition | None = reason.condition
    if condition is None:
        return ""
    used = ", ".join(f"{fact} = {_plain(value)}" for fact, value in reason.used.items())
    source = law.cited(condition.citation) if law else ""
    facts = f" [{used}]" if used and not reason.parts else ""
    source = source or "no source confirms it"
    return f"{condition.title.get('en', condition.code)}{facts}; {source}; {condition.evidence}"


def _plain(value: FactValue | None) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
