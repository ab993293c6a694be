# SPDX-License-Identifier: EUPL-1.2
"""How a check inside a case is laid out for a caseworker: questions, ways, reasons with sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from mostovi.pathways import case_answers, case_knowing, law_files, presenting, texts, wording
from mostovi.pathways.case_answers import NOT_ASKED, UNKNOWN, Answers
from mostovi.pathways.case_checking import (
    CLOSED,
    LISTS,
    MAYBE,
    OPEN,
    UNFIT,
    Saved,
    SavedWay,
    Working,
    listed_under,
)
from mostovi.pathways.explaining import Reason, explain
from mostovi.pathways.facts import (
    COUNTRIES,
    STATELESS,
    Fact,
    FactKind,
    FactProblem,
    Facts,
    ProblemCode,
    Vocabulary,
)
from mostovi.pathways.law import Availability, Citation, PartnerLaw, PathwayVersion, Review
from mostovi.pathways.presenting import Reading, ShownCitation, ShownEntry
from mostovi.pathways.rules import NoRule, Rule, RuleSet, rule_of_version
from mostovi.pathways.texts import Said

UNDER: Mapping[str, str | Promise] = {
    OPEN: gettext_lazy("Looks open"),
    MAYBE: gettext_lazy("May be open"),
    UNFIT: gettext_lazy("Does not seem to fit now"),
    CLOSED: gettext_lazy("Closed now"),
    "": gettext_lazy("No rule on that day"),
}
TONES: Mapping[str, str] = {OPEN: "ok", MAYBE: "info", UNFIT: "quiet", CLOSED: "stop", "": "quiet"}
ABOUT: Mapping[str, str | Promise] = {
    OPEN: gettext_lazy("What is known fits everything that the law asks, as it is read here."),
    MAYBE: gettext_lazy("Something about the person or about the law is not known yet."),
    UNFIT: gettext_lazy(
        "As it is read here, the law says no; no lawyer has checked that. Ask before you tell "
        "anybody that this way is closed."
    ),
    CLOSED: gettext_lazy("A lawyer signed off the conditions that say no."),
}
_BECAUSE: Mapping[str, str | Promise] = {
    "decided": gettext_lazy("What is known decides it."),
    "unknown_fact": gettext_lazy("Something about the person can still decide it."),
    "unknown_law": gettext_lazy(
        "Nothing about the person can decide it: a part of the law could not be confirmed."
    ),
    "unreviewed_no": gettext_lazy("The rule says no, and no lawyer has signed it off."),
}


# --- Answers in words ----------------------------------------------------------------------------


def answer_words(vocabulary: Vocabulary, fact: str, answer: str) -> str:
    """An answer as the caseworker reads it."""
    if answer in {NOT_ASKED, ""}:
        return pgettext("an answer", "not asked")
    if answer == UNKNOWN:
        return pgettext("an answer", "unknown")
    known = vocabulary.facts.get(fact)
    if known is None:
        return answer
    if known.kind is FactKind.YES_NO:
        return wording.yes_no(answer == "yes")
    if known.kind is FactKind.CHOICE:
        return wording.say(f"fact.{fact}.choice.{answer}").text
    if known.kind is FactKind.COUNTRY:
        return case_knowing.answer_words("country", answer)
    if case_answers.is_date(known, answer):
        day = parse_date(answer)
        return date_format(day, "DATE_FORMAT") if day else answer
    try:
        return wording.amount_words(float(answer), known.unit)
    except ValueError:
        return answer


@dataclass(frozen=True)
class KnownLine:
    """A fact with its answer, where it comes from, and whether a check can change it."""

    fact: str
    short: Said
    answer: str
    where_from: str
    url: str = ""
    held: bool = False


def known_lines(working: Working) -> list[KnownLine]:
    """Everything that was answered, in the order of the vocabulary."""
    sources = case_knowing.source_words(working.sources)
    lines = []
    for fact in working.rules.vocabulary:
        # "Not asked" is no knowledge; the question stands among those ahead.
        if working.answers.get(fact.code, NOT_ASKED) == NOT_ASKED:
            continue
        answer = working.answers[fact.code]
        known = working.known.get(fact.code)
        same = known is not None and known.answer == answer
        lines.append(
            KnownLine(
                fact.code,
                wording.say(f"fact.{fact.code}.short"),
                answer_words(working.rules.vocabulary, fact.code, answer),
                known.words if known is not None and same else sources[fact.code],
                known.url if known is not None and same else "",
                bool(known and known.held and same),
            )
        )
    return lines


def saved_lines(saved: Saved, vocabulary: Vocabulary) -> list[KnownLine]:
    """The answers of a saved check."""
    sources = case_knowing.source_words(saved.sources)
    return [
        KnownLine(
            fact, wording.say(f"fact.{fact}.short"), answer_words(vocabulary, fact, answer),
            sources.get(fact, ""),
        )
        for fact, answer in saved.answers.items()
        if answer != NOT_ASKED
    ]  # fmt: skip


# --- Questions -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class QuestionView:
    """A question with its answers to choose; 'unknown', 'not asked' and 'no' are three of them."""

    fact: Fact
    question: Said
    help: Said | None
    choices: tuple[tuple[str, Said, bool], ...]
    nothing: tuple[tuple[str, str, bool], ...]
    unit: Said | None = None
    countries: tuple[tuple[str, str, bool], ...] = ()
    date_label: Said | None = None
    value: str = ""
    day: str = ""
    ways: int = 0
    errors: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The fact's code."""
        return self.fact.code

    @property
    def is_written(self) -> bool:
        """Whether the answer is written, not chosen from a few."""
        return self.fact.kind in {FactKind.NUMBER, FactKind.COUNTRY}


def question(
    fact: Fact, answer: str = "", *, ways: int = 0, errors: Sequence[str] = ()
) -> QuestionView:
    """The view of a question with what was answered."""
    prefix = f"fact.{fact.code}"
    nothing = tuple(
        (code, words, (answer or NOT_ASKED) == code)
        for code, words in (
            (UNKNOWN, pgettext("an answer", "unknown")),
            (NOT_ASKED, pgettext("an answer", "not asked")),
        )
    )
    choices: tuple[tuple[str, Said, bool], ...] = ()
    if fact.kind is FactKind.YES_NO:
        language = wording.language()
        choices = (
            ("yes", Said(wording.yes_no(True), language), answer == "yes"),
            ("no", Said(wording.yes_no(False), language), answer == "no"),
        )
    elif fact.kind is FactKind.CHOICE:
        choices = tuple(
            (code, wording.say(f"{prefix}.choice.{code}"), answer == code) for code in fact.choices
        )
    written = "" if answer in {UNKNOWN, NOT_ASKED} else answer
    dated = case_answers.is_date(fact, written)
    return QuestionView(
        fact=fact,
        question=wording.say(f"{prefix}.question"),
        help=wording.say(f"{prefix}.help") if f"{prefix}.help" in texts.texts("en") else None,
        choices=choices,
        nothing=nothing,
        unit=wording.say(f"unit.{fact.unit}") if fact.unit else None,
        countries=_countries(written) if fact.kind is FactKind.COUNTRY else (),
        date_label=wording.say(f"date.{fact.from_date}") if fact.from_date else None,
        value="" if dated else written,
        day=written if dated else "",
        ways=ways,
        errors=tuple(errors),
    )


def _countries(chosen: str) -> tuple[tuple[str, str, bool], ...]:
    named = sorted((case_knowing.answer_words("country", code), code) for code in COUNTRIES)
    listed = [(STATELESS, case_knowing.answer_words("country", STATELESS)), *(
        (code, name) for name, code in named
    )]  # fmt: skip
    return tuple((code, name, code == chosen) for code, name in listed)


def problem_words(problem: FactProblem, vocabulary: Vocabulary) -> str:
    """What is wrong with an answer, for the field it stands at."""
    if problem.conflict:
        return wording.say(f"conflict.{problem.conflict}").text
    if problem.code is ProblemCode.DISAGREES:
        return wording.say("conflict.date_and_number").text
    if problem.code is ProblemCode.FUTURE_DATE:
        return wording.say("ui.error.date_future").text
    if problem.code is ProblemCode.BAD_DATE:
        return wording.say("ui.error.date").text
    about = case_answers.about(problem, vocabulary)
    fact = vocabulary.facts.get(about[0]) if about else None
    if fact is not None and fact.kind is FactKind.NUMBER:
        if problem.code is ProblemCode.WRONG_TYPE and not fact.decimals:
            return wording.say("ui.error.whole_number").text
        return wording.say(
            "ui.error.number", lowest=f"{fact.lowest:g}", highest=f"{fact.highest:g}"
        ).text
    return wording.say("ui.error.choose").text


def errors_of(working: Working) -> dict[str, list[str]]:
    """What is wrong, by fact."""
    found: dict[str, list[str]] = {}
    for problem in working.problems:
        for fact in case_answers.about(problem, working.rules.vocabulary):
            found.setdefault(fact, []).append(problem_words(problem, working.rules.vocabulary))
    for fact in working.refused:
        found.setdefault(fact, []).append(
            _(
                "By the person's file this is a child, or the age is in doubt, and a doubtful age "
                "is a child's. A check makes nobody an adult: correct the date of birth or finish "
                "the age assessment first."
            )
        )
    return found


# --- Ways ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deciding:
    """A condition that decided an answer: what it says, what it came to, where it stands."""

    title: Said
    value: bool | None
    source: str


@dataclass(frozen=True)
class WayLine:
    """A way in the list of a result."""

    code: str
    title: Said
    group: str
    under: str
    words: str
    tone: str
    because: str
    deciding: tuple[Deciding, ...]
    find_out: tuple[tuple[str, Said], ...]
    signed: bool
    complete: bool
    first: str
    law_changed: bool = False


@dataclass(frozen=True)
class Listed:
    """The ways of one part of a result."""

    under: str
    title: str
    about: str
    tone: str
    ways: tuple[WayLine, ...]


@dataclass(frozen=True)
class NotOffered:
    """A way without a rule, and why."""

    code: str
    title: Said
    why: str
    note: Said | None


def listed(
    law: PartnerLaw, ways: Iterable[SavedWay], on: date, dangers: Sequence[str] = (),
    changed: Sequence[str] = (),
) -> list[Listed]:  # fmt: skip
    """The parts of a result; ways for a danger that was told stand first within their part."""
    reading = Reading.of(law, on)
    lines = [_line(reading, way, way.pathway in changed) for way in ways]
    kinds = law_files.kinds()
    lines = [line for line in lines if line.code in kinds]
    lines.sort(key=lambda line: not line.first or line.first not in dangers)
    return [
        Listed(under, str(UNDER[under]), str(ABOUT[under]), TONES[under], found)
        for under in LISTS
        if (found := tuple(line for line in lines if line.under == under)) or under in {OPEN, MAYBE}
    ]


def _line(reading: Reading, way: SavedWay, changed: bool) -> WayLine:
    kind = law_files.kinds().get(way.pathway, {})
    version = version_with(reading.law, way)
    under = listed_under(way.answer, way.because)
    # What an open question stands for is said by the question; a no and a gap in the law are not.
    told = way.deciding[:4] if under in {UNFIT, CLOSED} or way.because == "unknown_law" else ()
    return WayLine(
        code=way.pathway,
        title=wording.say(f"pathway.{way.pathway}.title"),
        group=str(kind.get("group", "")),
        under=under,
        words=str(UNDER[under]),
        tone=TONES[under],
        because=str(_BECAUSE.get(way.because, "")),
        deciding=tuple(
            Deciding(
                presenting.in_language(one["title"], reading.language), one["value"],
                presenting.citation_line(presenting.cited(reading, _citation(one["cite"]))),
            )
            for one in told
        ),
        find_out=tuple((fact, wording.say(f"fact.{fact}.short")) for fact in way.asks[:6]),
        signed=way.signed,
        complete=version.complete if version else False,
        first=str(kind.get("first") or ""),
        law_changed=changed,
    )  # fmt: skip


def _citation(cite: Sequence[str] | None) -> Citation | None:
    return None if cite is None else Citation(*cite)


def version_with(law: PartnerLaw, way: SavedWay) -> PathwayVersion | None:
    """The very text of the law that an answer stood on, if the files still have it."""
    pathway = law.pathways.get(way.pathway)
    versions = pathway.versions if pathway else ()
    return next((one for one in versions if one.digest == way.digest), None)


def not_offered(without: Iterable[NoRule]) -> list[NotOffered]:
    """Ways for which the partner has no rule on the day."""
    why = {
        Availability.NONE_FOUND: _("Looked for in the law and not found; something may be missed."),
        Availability.UNKNOWN: _("Nobody could look yet."),
        Availability.IN_LAW: _("In the law, but no version is in force on this day."),
    }
    language = wording.language()
    return [
        NotOffered(
            one.pathway, wording.say(f"pathway.{one.pathway}.title"), why[one.availability],
            presenting.note_of(one.note, language),
        )
        for one in without
    ]  # fmt: skip


# --- One way with its reasons --------------------------------------------------------------------


@dataclass(frozen=True)
class ReasonLine:
    """A condition for this person: what it comes to, the answers it rests on, its source (R5)."""

    number: str
    title: Said
    words: str
    value: bool | None
    tone: str
    used: tuple[tuple[Said, str, str], ...]
    citation: ShownCitation | None
    evidence: str
    evidence_tone: str
    review: Review | None
    note: Said | None
    parts: tuple[ReasonLine, ...] = ()


@dataclass(frozen=True)
class WayDetail:
    """One way with everything a caseworker needs."""

    line: WayLine
    about: Said
    version: str
    digest: str
    reasons: tuple[ReasonLine, ...] = ()
    text_gone: bool = False
    documents: tuple[ShownEntry, ...] = ()
    deadlines: tuple[ShownEntry, ...] = ()
    fees: tuple[ShownEntry, ...] = ()
    rights_meanwhile: tuple[ShownEntry, ...] = ()
    rights_after: tuple[ShownEntry, ...] = ()
    authority: Said | None = None
    authority_url: str = ""
    appeal: presenting.ShownAppeal | None = None
    next: tuple[Said, ...] = ()
    note: Said | None = None
    questions: tuple[tuple[str, Said], ...] = field(default_factory=tuple)


def detail(
    rules: RuleSet, way: SavedWay, answers: Answers, sources: Mapping[str, str], facts: Facts,
    on: date, changed: Sequence[str] = (),
) -> WayDetail:  # fmt: skip
    """A way as the answer stood: by the very text of the law that it stood on."""
    law = rules.law
    assert law is not None  # noqa: S101 - rule sets of the library have their law
    reading = Reading.of(law, on)
    line = _line(reading, way, way.pathway in changed)
    about = wording.say(f"pathway.{way.pathway}.about")
    rule = _rule(rules, law, way, on)
    questions = tuple((fact, wording.say(f"fact.{fact}.question")) for fact in way.asks)
    if rule is None:
        return WayDetail(
            line, about, way.version, way.digest, text_gone=True, questions=questions
        )  # fmt: skip
    version = rule.version
    told = _Told(rules.vocabulary, answers, case_knowing.source_words(sources))
    rights = {
        when: presenting.entries(reading, "right", [r for r in version.rights if r.when == when])
        for when in ("meanwhile", "after")
    }
    authority = law.authorities.get(version.authority)
    return WayDetail(
        line=line, about=about, version=version.version, digest=way.digest,
        reasons=_reasons(reading, told, explain(rule, facts).parts, ""),
        documents=presenting.entries(reading, "document", version.documents),
        deadlines=presenting.entries(reading, "deadline", version.deadlines),
        fees=presenting.entries(reading, "fee", version.fees),
        rights_meanwhile=rights["meanwhile"], rights_after=rights["after"],
        authority=presenting.authority_name(reading, version.authority) if authority else None,
        authority_url=authority.url if authority else "",
        appeal=presenting.appeal_of(reading, version.appeal),
        next=tuple(wording.say(f"pathway.{code}.title") for code in version.next),
        note=presenting.note_of(version.note, reading.language), questions=questions,
    )  # fmt: skip


def _rule(rules: RuleSet, law: PartnerLaw, way: SavedWay, on: date) -> Rule | None:
    for rule in rules.rules:
        if rule.pathway == way.pathway and rule.digest == way.digest:
            return rule
    version = version_with(law, way)
    return rule_of_version(law, way.pathway, version, on) if version else None


@dataclass(frozen=True)
class _Told:
    vocabulary: Vocabulary
    answers: Answers
    sources: Mapping[str, str]

    def used(self, reason: Reason) -> tuple[tuple[Said, str, str], ...]:
        """The answers that a test rests on."""
        return tuple(
            (
                wording.say(f"fact.{fact}.short"),
                answer_words(self.vocabulary, fact, self.answers.get(fact, "")),
                self.sources.get(fact, ""),
            )
            for fact in reason.used
        )


def _reasons(
    reading: Reading, told: _Told, reasons: Sequence[Reason], above: str,
    outer: Citation | None = None,
) -> tuple[ReasonLine, ...]:  # fmt: skip
    lines = []
    for index, reason in enumerate(reasons, 1):
        condition = reason.condition
        if condition is None:
            continue
        number = f"{above}{index}"
        same_place = outer is not None and outer == condition.citation
        lines.append(
            ReasonLine(
                number=number,
                title=presenting.in_language(condition.title, reading.language),
                words=presenting.condition_words(reading, condition),
                value=reason.value,
                tone=wording.LOGIC_TONES[reason.value],
                used=() if reason.parts else told.used(reason),
                citation=None if same_place else presenting.cited(reading, condition.citation),
                evidence=str(wording.EVIDENCE[condition.evidence.value]),
                evidence_tone=wording.EVIDENCE_TONES.get(condition.evidence.value, "warn"),
                review=condition.review if condition.review.is_reviewed else None,
                note=presenting.note_of(condition.note, reading.language),
                parts=_reasons(reading, told, reason.parts, f"{number}.", condition.citation),
            )
        )
    return tuple(lines)
