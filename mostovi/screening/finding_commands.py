# SPDX-License-Identifier: EUPL-1.2
"""`mostovi screen`: the explained findings of one submission given as JSON.

docs/screening.md describes the file. Nothing is stored and no record is read.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from django.utils import translation

from mostovi.screening import finding_words
from mostovi.screening.explaining import (
    ExplainedDimension,
    ExplainedIndicator,
    Explanation,
    explain,
)
from mostovi.screening.indicator_files import (
    IndicatorSetInvalid,
    UnknownIndicatorSet,
    indicator_set,
    shipped_questions,
)
from mostovi.screening.indicators import LANGUAGES, Answer, IndicatorSet, Reach
from mostovi.screening.scoring import Outcome, flatten, score

_INDEX = re.compile(r"\[\d+\]")
FOUND = frozenset({Outcome.REFER, Outcome.SIGNS_BELOW_RULE})
"""Outcomes that a person must look at (exit status 1), besides danger now."""


class BadAnswers(ValueError):
    """The file is not the answers of one submission; the message says what to do."""


def register(subparsers: Any) -> None:
    """Add `mostovi screen` to the command line."""
    parser = subparsers.add_parser(
        "screen",
        help="explained findings of one submission",
        description=(
            "Apply an indicator set to the answers of one submission and explain the result. "
            "Exit status: 1 when something was found that a person must look at, 2 for bad input."
        ),
    )
    parser.add_argument("submission", metavar="SUBMISSION.json", help="answers; '-' reads stdin")
    parser.add_argument("--set", required=True, dest="set_name", metavar="NAME")
    parser.add_argument("--version-of-set", metavar="VERSION", help="default: the newest")
    parser.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="default: today")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="language of the texts")
    parser.add_argument("--json", action="store_true", help="print the finding as JSON")
    parser.set_defaults(handler=screen)


def screen(options: argparse.Namespace) -> int:
    """Print the finding; 1 when a person must look at it, 2 when the input is wrong."""
    try:
        chosen = indicator_set(options.set_name, options.version_of_set)
        answers = read_answers(options.submission)
    except (UnknownIndicatorSet, IndicatorSetInvalid, BadAnswers) as error:
        sys.stderr.write(f"screen: {error}\n")
        return 2
    stray = stray_paths(chosen, answers)
    if stray:
        shown = ", ".join(stray[:5]) + (", …" if len(stray) > 5 else "")
        sys.stderr.write(
            f"screen: {len(stray)} of the answers belong to no question of '{chosen.name}' and "
            f"were not read: {shown}\n"
        )
    finding = score(chosen, answers, options.on or date.today())
    with translation.override(options.language):
        explanation = explain(chosen, finding, options.language)
        if options.json:
            said = json.dumps(as_json(explanation), ensure_ascii=False, indent=2, default=str)
        else:
            said = "\n".join(as_lines(explanation))
    sys.stdout.write(said + "\n")
    in_danger = finding.danger.reach is Reach.REACHED
    return 1 if in_danger or finding.outcome in FOUND else 0


def stray_paths(chosen: IndicatorSet, answers: Mapping[str, Any]) -> list[str]:
    """Paths in `answers` that no form of the set asks for (a slip, or another form)."""
    forms = {indicator.reading.question.form for indicator in chosen.indicators}
    known = {path for form in forms for path in shipped_questions()[form]}
    return sorted(path for path in flatten(answers) if _INDEX.sub("", path) not in known)


def read_answers(name: str) -> Mapping[str, Any]:
    """The answers in the file `name` ('-' for standard input). Raises `BadAnswers`."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as error:
        raise BadAnswers(f"{name}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadAnswers(f"{name}: is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise BadAnswers(f"{name}:{error.lineno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise BadAnswers(f"{name}: nested too deeply") from error
    answers = document.get("answers", document) if isinstance(document, dict) else document
    if not isinstance(answers, dict):
        raise BadAnswers(
            f"{name}: the answers must be one JSON object, such as "
            '{"person/age_certainty": "adult"}'
        )
    return answers


def as_json(explanation: Explanation) -> dict[str, Any]:
    """The explanation as JSON-ready values, with its summary in words."""
    values = asdict(explanation)
    values["summary"] = str(finding_words.summary(explanation))
    values["recommendation_only"] = str(finding_words.RECOMMENDATION)
    for dimension, said in zip(explanation.dimensions, values["dimensions"], strict=True):
        said["label"] = str(finding_words.reach_label(explanation, dimension))
    for question, asked in zip(explanation.ask_next, values["ask_next"], strict=True):
        asked["why"] = finding_words.why_ask(question)
    return values


def as_lines(explanation: Explanation) -> Iterator[str]:
    """The explanation as text, most urgent first."""
    danger = explanation.danger
    if danger.reach is Reach.REACHED:
        yield f"!! IN DANGER NOW: {danger.do_now}"
        yield from (f"   yes: {sign}" for sign in danger.signs)
        yield ""
    yield f"{explanation.title} ({explanation.set_name} {explanation.set_version})"
    yield str(finding_words.summary(explanation))
    yield str(finding_words.RECOMMENDATION)
    if not (explanation.set_reviewed and explanation.language_reviewed):
        yield "Not yet checked: the indicator set and its texts."
    if explanation.classification:
        yield _cited(explanation.classification.text, explanation.classification.source.code)
    yield from (f"Could still turn out to be: {each.text}" for each in explanation.could_be)
    if explanation.profile:
        yield f"Applies: {explanation.profile}"
    yield from (_cited(each.text, each.source.code) for each in explanation.interactions)
    if explanation.rule:
        yield _cited(explanation.rule.text, explanation.rule.source.code)
    for dimension in explanation.dimensions:
        yield ""
        yield from _dimension_lines(explanation, dimension)
    if explanation.ask_next:
        yield ""
        yield "Ask next:"
        for number, question in enumerate(explanation.ask_next, start=1):
            yield f"  {number}. {question.text}  [{question.path}]"
            yield f"     {finding_words.why_ask(question)}"
    yield ""
    yield from (f"Note: {_cited(note.text, note.source.code)}" for note in explanation.notes)
    if explanation.rescreen_on:
        yield f"Screen again by {explanation.rescreen_on.isoformat()}."
    yield from (f"Limit: {limit}" for limit in explanation.limits)
    for what, why, source in explanation.left_out:
        yield f"Left out: {what}. {_cited(why, source.code)}"
    yield "Sources:"
    for source in explanation.sources:
        evidence = finding_words.EVIDENCE[source.evidence]
        yield f"  [{source.code}] {source.document}. {source.section}. ({evidence}) {source.url}"


def _dimension_lines(explanation: Explanation, dimension: ExplainedDimension) -> Iterator[str]:
    yield f"{dimension.title}: {finding_words.reach_label(explanation, dimension)}"
    if dimension.needs:
        yield f"  {finding_words.needs_sentence(dimension.needs)}"
    unasked = 0
    for item in dimension.indicators:
        if item.answer is Answer.NOT_ASKED:
            unasked += 1
        else:
            yield _indicator_line(item)
    if unasked:
        yield f"  {unasked} not asked"


def _indicator_line(item: ExplainedIndicator) -> str:
    weight = f", {finding_words.WEIGHTS[item.weight]}" if item.weight else ""
    lean = f", {finding_words.LEANS[item.lean]}" if item.lean else ""
    answer = finding_words.ANSWERS[item.answer]
    return f"  {answer}: {item.title}{weight}{lean}  [{item.path}] [{item.source.code}]"


def _cited(text: str, source: str) -> str:
    return f"{text} [{source}]"
