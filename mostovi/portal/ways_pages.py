# SPDX-License-Identifier: EUPL-1.2
"""What the pages of the self-check show: a question, a way with its reasons, help in danger.

Words come from `Words`, law from the packs, answers from `pathways.answers`. Texts of a pack itself
(what a condition says, notes) are in the language the pack has them in, mostly English, and say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mostovi.pathways.answers import Answer, Because, Check, PathwayAnswer
from mostovi.pathways.explaining import Reason, decisive
from mostovi.pathways.expressions import Comparison, Test
from mostovi.pathways.facts import Fact, FactKind, Vocabulary
from mostovi.pathways.law import (
    Act,
    Appeal,
    Availability,
    Citation,
    Combination,
    Condition,
    Deadline,
    Evidence,
    Fee,
    PartnerLaw,
    Sourced,
)
from mostovi.pathways.rules import NoRule, Rule, RuleSet
from mostovi.pathways.texts import Said
from mostovi.portal import ways_pictures
from mostovi.portal.ways_answers import SAYING_NOTHING, SKIPPED, UNKNOWN, Answers
from mostovi.portal.ways_words import Words, country_names, number

OPEN, MAYBE, UNCHECKED_NO, CLOSED = "open", "maybe", "unchecked_no", "closed"
LISTS = (OPEN, MAYBE, UNCHECKED_NO, CLOSED)
"""The parts of a result, in their order."""

_OPPOSITE: Mapping[Comparison, Comparison] = {
    Comparison.IS: Comparison.IS_NOT,
    Comparison.IS_NOT: Comparison.IS,
    Comparison.IN: Comparison.NOT_IN,
    Comparison.NOT_IN: Comparison.IN,
    Comparison.AT_LEAST: Comparison.LESS_THAN,
    Comparison.LESS_THAN: Comparison.AT_LEAST,
    Comparison.AT_MOST: Comparison.MORE_THAN,
    Comparison.MORE_THAN: Comparison.AT_MOST,
}
_MARKS: Mapping[bool | None, str] = {True: "fits", False: "fits_not", None: "not_known"}


# --- Questions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose."""

    value: str
    label: Said
    picture: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question with its answers, what was given before, and what is wrong with it."""

    fact: Fact
    question: Said
    help: Said | None
    picture: str
    choices: tuple[Choice, ...]
    nothing: tuple[Choice, ...]
    unit: Said | None
    countries: tuple[tuple[str, str, bool], ...]
    date: Said | None
    value: str
    day: str = ""
    month: str = ""
    year: str = ""
    errors: tuple[Said, ...] = ()
    other_facts: tuple[tuple[str, Said], ...] = ()

    @property
    def code(self) -> str:
        """The fact's code."""
        return self.fact.code

    @property
    def is_written(self) -> bool:
        """Whether the answer is written or taken from a long list."""
        return self.fact.kind in {FactKind.NUMBER, FactKind.COUNTRY}


def question(
    words: Words,
    fact: Fact,
    given: str = "",
    fields: Mapping[str, str] | None = None,
    errors: tuple[Said, ...] = (),
    other_facts: tuple[str, ...] = (),
) -> QuestionView:
    """The view of a question. fields: what was written, when it could not be taken."""
    prefix = f"fact.{fact.code}"
    # By items: a form's own `dict` would give lists.
    shown = {name: value for name, value in (fields or {}).items()}  # noqa: C416
    if given and not shown:
        if given.count("-") == 2:
            shown["year"], shown["month"], shown["day"] = given.split("-")
        elif given in SAYING_NOTHING and fact.kind in {FactKind.NUMBER, FactKind.COUNTRY}:
            shown["none"] = given
        else:
            shown["v"] = given
    value = shown.get("v", "")

    def choice(code: str, label: Said, name: str = "v") -> Choice:
        picture = ways_pictures.ANSWERS.get(code, "")
        return Choice(code, label, picture, shown.get(name, "") == code)

    choices: list[Choice] = []
    if fact.kind is FactKind.YES_NO:
        choices = [choice(code, words.say(f"ui.{code}")) for code in ("yes", "no")]
    elif fact.kind is FactKind.CHOICE:
        choices = [choice(code, words.say(f"{prefix}.choice.{code}")) for code in fact.choices]
    written = fact.kind in {FactKind.NUMBER, FactKind.COUNTRY}
    nothing = (
        choice(UNKNOWN, words.say("ui.dont_know"), "none" if written else "v"),
        choice(SKIPPED, words.say("ui.rather_not_say"), "none" if written else "v"),
    )
    countries: tuple[tuple[str, str, bool], ...] = ()
    if fact.kind is FactKind.COUNTRY:
        names = country_names(words.language)
        countries = tuple((code, name, code == value) for code, name in names.items())
    return QuestionView(
        fact=fact,
        question=words.say(f"{prefix}.question"),
        help=words.say(f"{prefix}.help") if words.has(f"{prefix}.help") else None,
        picture=ways_pictures.of_fact(fact.code, fact.group),
        choices=tuple(choices),
        nothing=nothing,
        unit=words.say(f"unit.{fact.unit}") if fact.unit else None,
        countries=countries,
        date=words.say(f"date.{fact.from_date}") if fact.from_date else None,
        value=value,
        day=shown.get("day", ""),
        month=shown.get("month", ""),
        year=shown.get("year", ""),
        errors=errors,
        other_facts=tuple((code, words.say(f"fact.{code}.short")) for code in other_facts),
    )


def said_so_far(
    words: Words, vocabulary: Vocabulary, answers: Answers
) -> list[tuple[str, Said, str]]:
    """Fact, its short name and the answer, for every answer given."""
    return [
        (code, words.say(f"fact.{code}.short"), words.answer(vocabulary[code], given))
        for code, given in answers.items()
    ]


# --- Ways --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Where something stands in the law, and how it was read."""

    what: Said | None
    act: Said | None
    places: tuple[Said, ...]
    gazette: str
    evidence: str


@dataclass(frozen=True, slots=True)
class ConditionView:
    """A condition for this person; what must not be so is already turned round.

    path: its place in the rule, as the browser's evaluator counts it; turned: whether its value is
    the opposite of what stands there. mark: fits, fits_not, not_known.
    """

    path: str
    turned: bool
    label: Said
    mark: str
    group: Said | None = None
    fact: str = ""
    needed: str = ""
    given: str = ""
    parts: tuple[ConditionView, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Something to bring, to pay, to keep to, or to have: its name, an amount, a note, a source."""

    code: str
    name: Said
    amount: str
    note: Said | None
    source: Source


@dataclass(frozen=True, slots=True)
class AppealView:
    """How to fight a no."""

    authority: Said
    within: str
    suspends: bool | None
    source: Source


@dataclass(frozen=True)
class WayView:
    """A way: what it is, its answer for this person with reasons, and how to go it."""

    code: str
    title: Said
    about: Said
    local_name: Said | None
    picture: str
    list: str
    signed_off: bool
    complete: bool
    find_out: tuple[tuple[str, Said], ...] = ()
    only_law_unknown: bool = False
    conditions: tuple[ConditionView, ...] = ()
    because: tuple[ConditionView, ...] = ()
    authority: Said | None = None
    authority_url: str = ""
    documents: tuple[Line, ...] = ()
    fees: tuple[Line, ...] = ()
    deadlines: tuple[Line, ...] = ()
    rights_meanwhile: tuple[Line, ...] = ()
    rights_after: tuple[Line, ...] = ()
    appeal: AppealView | None = None
    next: tuple[Said, ...] = ()
    version: str = ""
    note: Said | None = None


@dataclass(frozen=True)
class NotOffered:
    """A way without a rule here, and why."""

    code: str
    title: Said
    why: Said
    note: Said | None


@dataclass(frozen=True)
class Result:
    """All ways by the part of the result they belong to."""

    lists: Mapping[str, list[WayView]]
    not_offered: tuple[NotOffered, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many ways are open, maybe, and neither."""
        no = len(self.lists[UNCHECKED_NO]) + len(self.lists[CLOSED])
        return {"open": len(self.lists[OPEN]), "maybe": len(self.lists[MAYBE]), "closed": no}


def list_of(answer: PathwayAnswer) -> str:
    """The part of the result that an answer belongs to."""
    if answer.answer is Answer.OPEN:
        return OPEN
    if answer.answer is Answer.CLOSED:
        return CLOSED
    return UNCHECKED_NO if answer.because is Because.UNREVIEWED_NO else MAYBE


def result(
    words: Words, rules: RuleSet, check: Check, answers: Answers, dangers: Sequence[str] = ()
) -> Result:
    """The whole result; ways for a danger that was told come first within their part."""
    lists: dict[str, list[WayView]] = {name: [] for name in LISTS}
    builder = WayBuilder(words, rules, answers)
    for answer in check.answers:
        lists[list_of(answer)].append(builder.way(answer))
    kinds = builder.law.catalogue.pathways
    for ways in lists.values():
        ways.sort(key=lambda way: kinds[way.code].first not in dangers)
    return Result(lists, tuple(not_offered(words, check.without_rule)))


def not_offered(words: Words, without: Iterable[NoRule]) -> Iterator[NotOffered]:
    """The ways for which the partner has no rule on the day."""
    for one in without:
        found = one.availability is Availability.NONE_FOUND
        code = "ui.result.none_found" if found else "ui.result.availability_unknown"
        title = words.say(f"pathway.{one.pathway}.title")
        yield NotOffered(one.pathway, title, words.say(code), of_pack(words, one.note))


def of_pack(words: Words, texts: Mapping[str, str]) -> Said | None:
    """A text of a law pack: in the language, in English, or in whichever there is."""
    for language in (words.language, "en", *texts):
        if texts.get(language):
            return Said(texts[language], language)
    return None


class WayBuilder:
    """Makes the views of a partner's ways for one person (or for nobody: all open)."""

    def __init__(self, words: Words, rules: RuleSet, answers: Answers) -> None:
        if rules.law is None:
            raise ValueError("the rule set does not carry the law it was made from")
        self.words, self.answers = words, answers
        self.law: PartnerLaw = rules.law
        self.vocabulary = rules.vocabulary
        self.rules = {rule.pathway: rule for rule in rules.rules}

    def way(self, answer: PathwayAnswer) -> WayView:
        """The view of one way."""
        words, rule = self.words, self.rules[answer.pathway]
        version, code = answer.version, answer.pathway
        authority = self.law.authorities.get(version.authority)
        rights = {
            when: self._lines("right", [r for r in version.rights if r.when == when])
            for when in ("meanwhile", "after")
        }
        listed = list_of(answer)
        return WayView(
            code=code,
            title=words.say(f"pathway.{code}.title"),
            about=words.say(f"pathway.{code}.about"),
            local_name=self._local_name(code),
            picture=self.law.catalogue.pathways[code].icon or "signpost",
            list=listed,
            signed_off=rule.signed_off,
            complete=version.complete,
            find_out=tuple((fact, words.say(f"fact.{fact}.question")) for fact in answer.questions)
            if listed == MAYBE
            else (),
            only_law_unknown=answer.because is Because.UNKNOWN_LAW,
            conditions=self.conditions(answer.reason),
            because=self._because(answer, rule),
            authority=of_pack(words, authority.name) if authority else None,
            authority_url=authority.url if authority else "",
            documents=self._lines("document", version.documents),
            fees=self._lines("fee", version.fees),
            deadlines=self._lines("deadline", version.deadlines),
            rights_meanwhile=rights["meanwhile"],
            rights_after=rights["after"],
            appeal=self._appeal(version.appeal),
            next=tuple(words.say(f"pathway.{one}.title") for one in version.next),
            version=f"{version.version} · {version.digest[:8]}",
            note=of_pack(words, version.note),
        )

    def _local_name(self, code: str) -> Said | None:
        names = self.law.pathways[code].local_name
        own = {k: v for k, v in names.items() if k != "en"}
        if not own:
            return None
        language = next((one for one in self.law.languages if one in own), next(iter(own)))
        return Said(own[language], language)

    # Conditions.

    def conditions(self, reason: Reason) -> tuple[ConditionView, ...]:
        """The conditions of a rule, from the top."""
        return tuple(
            self._shown(part, str(index), turned=False) for index, part in enumerate(reason.parts)
        )

    def _because(self, answer: PathwayAnswer, rule: Rule) -> tuple[ConditionView, ...]:
        """The conditions that make the answer what it is."""
        shown = {view.path: view for top in self.conditions(answer.reason) for view in _walk(top)}
        paths = {id(part): path for path, part in _paths(answer.reason)}
        found = dict.fromkeys(paths[id(part)] for part in decisive(answer.reason))
        return tuple(shown[path] for path in found if path in shown)

    def _shown(self, reason: Reason, path: str, turned: bool) -> ConditionView:
        condition = reason.condition
        if condition is None:
            raise ValueError("the rule as a whole is no condition")
        if condition.combination is Combination.NOT:
            return self._shown(reason.parts[0], f"{path}.0", not turned)
        value = reason.value if reason.value is None or not turned else not reason.value
        mark = _MARKS[value]
        source = self._source(condition.citation, condition.evidence, condition)
        if condition.combination is Combination.TEST and condition.test is not None:
            return self._test(condition.test, path, turned, mark, source)
        if condition.combination is Combination.UNKNOWN:
            label = self.words.say(f"topic.{condition.topic}")
            unknown = self.words.say("ui.needs.law_unknown")
            return ConditionView(path, turned, label, mark, needed=unknown.text, source=source)
        return ConditionView(
            path,
            turned,
            self.words.say(f"topic.{condition.topic}"),
            mark,
            group=self._joined(condition, turned),
            parts=tuple(
                self._shown(part, f"{path}.{index}", turned)
                for index, part in enumerate(reason.parts)
            ),
            source=source,
        )

    def _joined(self, condition: Condition, turned: bool) -> Said:
        """How the parts are joined; by De Morgan's laws when the whole must not be so."""
        is_all = (condition.combination is Combination.ALL) is not turned
        if condition.combination is not Combination.AT_LEAST:
            return self.words.say("ui.needs.all" if is_all else "ui.needs.any")
        count = condition.count
        if turned:
            count = len(condition.parts) - count + 1
        return self.words.say("ui.needs.count", number=count)

    def _test(
        self, test: Test, path: str, turned: bool, mark: str, source: Source
    ) -> ConditionView:
        if turned:
            test = Test(test.fact, _OPPOSITE[test.comparison], test.value)
        given = self.answers.get(test.fact, "")
        fact = self.vocabulary[test.fact]
        return ConditionView(
            path,
            turned,
            self.words.say(f"fact.{test.fact}.short"),
            mark,
            fact=test.fact,
            needed=self.words.needed(test, self.vocabulary),
            given=self.words.answer(fact, given) if given else "",
            source=source,
        )

    # Sources and lines.

    def _source(
        self, citation: Citation | None, evidence: Evidence, condition: Condition | None = None
    ) -> Source:
        act: Act | None = self.law.acts.get(citation.act) if citation else None
        places: list[Said] = []
        if citation:
            for name in ("article", "paragraph", "point"):
                if value := getattr(citation, name):
                    places.append(self.words.say(f"ui.result.{name}", **{name: value}))
        return Source(
            what=of_pack(self.words, condition.title) if condition else None,
            act=of_pack(self.words, act.title) if act else None,
            places=tuple(places),
            gazette="; ".join(act.gazette) if act else "",
            evidence=evidence.value,
        )

    def _lines(self, kind: str, entries: Iterable[Sourced]) -> tuple[Line, ...]:
        return tuple(
            Line(
                entry.code,
                self.words.say(f"{kind}.{entry.code}"),
                self._amount(entry),
                of_pack(self.words, entry.note),
                self._source(entry.citation, entry.evidence),
            )
            for entry in entries
        )

    def _amount(self, entry: Sourced) -> str:
        if isinstance(entry, Deadline):
            if entry.amount is None:
                return self.words.text("ui.result.deadline.unknown")
            return self.words.amount(entry.amount, entry.unit)
        if isinstance(entry, Fee):
            if entry.code == "no_fee":
                return ""
            if entry.amount is None:
                return self.words.text("ui.result.cost_unknown")
            if entry.amount == 0:
                return self.words.text("ui.result.cost_free")
            return f"{number(entry.amount)} {entry.currency}".strip()
        return ""

    def _appeal(self, appeal: Appeal | None) -> AppealView | None:
        if appeal is None:
            return None
        authority = self.law.authorities.get(appeal.to)
        name = of_pack(self.words, authority.name) if authority else None
        within = "" if appeal.amount is None else self.words.amount(appeal.amount, appeal.unit)
        return AppealView(
            name or self.words.say("ui.result.authority"),
            within,
            appeal.suspends,
            self._source(appeal.citation, appeal.evidence),
        )


def _walk(view: ConditionView) -> Iterator[ConditionView]:
    yield view
    for part in view.parts:
        yield from _walk(part)


def _paths(reason: Reason, path: str = "") -> Iterator[tuple[str, Reason]]:
    """Every reason with its place; a "not" is found at the place of what it turns round."""
    for index, part in enumerate(reason.parts):
        here = f"{path}.{index}" if path else str(index)
        shown = here
        inner = part
        while inner.condition is not None and inner.condition.combination is Combination.NOT:
            inner, shown = inner.parts[0], f"{shown}.0"
        yield shown, part
        yield from _paths(part, here)


# --- Help in danger ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """A number to call."""

    what: Said
    number: str
    dial: str
    free: bool
    source: str
    year: str


@dataclass(frozen=True, slots=True)
class DangerView:
    """Help for one danger: first what is true, then whom to call and tell."""

    code: str
    title: Said
    text: Said
    ask: Said
    picture: str
    calls: tuple[Call, ...]
    services: tuple[Any, ...] = field(default=())


_CALLS: Mapping[str, str] = {
    "emergency": "danger.number.emergency",
    "police": "danger.number.police",
    "trafficking": "service.trafficking_identification",
    "child": "service.child_protection",
    "violence": "service.gbv_support",
}
_FOR: Mapping[str, str] = {
    "trafficking": "trafficking",
    "child_alone": "child",
    "violence": "violence",
}
DANGERS = tuple(_FOR)


def danger(
    words: Words, code: str, numbers: Sequence[Mapping[str, Any]], services: Sequence[Any] = ()
) -> DangerView:
    """Help for a danger. numbers: those of the partner, from `hotlines.yaml`."""
    wanted = ("emergency", "police", _FOR[code])
    calls = tuple(
        Call(
            words.say(_CALLS[one["for"]]),
            one["number"],
            "".join(char for char in one["number"] if char.isdigit() or char == "+"),
            bool(one["free"]),
            one["source"],
            str(one["year"] or ""),
        )
        for kind in ("emergency", "police", _FOR[code])
        for one in numbers
        if one["for"] == kind and kind in wanted
    )
    return DangerView(
        code,
        words.say(f"danger.{code}.title"),
        words.say(f"danger.{code}.text"),
        words.say(f"danger.{code}.ask"),
        ways_pictures.DANGERS[code],
        calls,
        tuple(services),
    )
