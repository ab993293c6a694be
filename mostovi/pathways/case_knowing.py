# SPDX-License-Identifier: EUPL-1.2
"""What the node already knows of a person that the law asks about, and where each thing stands.

Other packages register a source; nobody's fields are read here but through their own registries
(assessments of age, safeguards that stand) and the person's file. What is not known surely is left
out: it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from mostovi.cases.models import Case
from mostovi.pathways.case_answers import AGE, IN_DOUBT, AgeHeld
from mostovi.pathways.evaluating import COMPARE
from mostovi.pathways.expressions import OtherFact, Test
from mostovi.pathways.facts import COUNTRIES, STATELESS
from mostovi.pathways.law import Condition
from mostovi.pathways.rules import RuleSet
from mostovi.people import barriers, words
from mostovi.people.birth import AgeAnswer, AgeReason, Precision
from mostovi.people.file import PersonFile

STATELESS_CODE = "XXA"
UNSPECIFIED = "XXX"


@dataclass(frozen=True, slots=True)
class Known:
    """A fact that the node holds: the answer, what it rests on in words, where to look or correct.

    source: a code for the saved check. held: a check cannot overrule it (R7).
    """

    fact: str
    answer: str
    source: str
    words: str
    url: str = ""
    held: bool = False


@dataclass(frozen=True, slots=True)
class Inside:
    """What sources are asked about: the case, the person's opened file, the day, the day's law.

    age: whether the person counts as a child, by file and age assessments (R7).
    """

    case: Case
    file: PersonFile
    on: date
    rules: RuleSet
    age: AgeAnswer

    @classmethod
    def of(cls, case: Case, file: PersonFile, on: date, rules: RuleSet) -> Inside:
        """The age is asked for once."""
        return cls(case, file, on, rules, file.age_answer(on))

    @property
    def age_held(self) -> AgeHeld:
        """What the person's file and the age assessments say, for a check to respect."""
        return AgeHeld(self.age.is_child, self.age.in_doubt)


Source = Callable[[Inside], Iterable[Known]]
_sources: list[Source] = []


def register(source: Source) -> Source:
    """Have `source(inside)` asked when a check begins; the first that knows a fact is believed."""
    if source not in _sources:
        _sources.append(source)
    return source


def unregister(source: Source) -> None:
    """The counterpart of `register`."""
    _sources.remove(source)


def known(inside: Inside) -> dict[str, Known]:
    """Everything the node knows, by fact; only facts of the vocabulary."""
    found: dict[str, Known] = {}
    for source in (_of_age, _of_citizenship, _of_guardian, _of_safeguards, _of_case, *_sources):
        for one in source(inside):
            if one.fact in inside.rules.vocabulary:
                found.setdefault(one.fact, one)
    return found


def _of_age(inside: Inside) -> Iterator[Known]:
    file, on = inside.file, inside.on
    answer = inside.age
    url = _file_url(file)
    if answer.in_doubt:
        why = _("The age is in doubt: the person counts as a child (%(source)s).")
        yield Known(IN_DOUBT, "yes", "age", why % {"source": answer.source}, url, held=True)
        return
    assessed = answer.because is AgeReason.ASSESSED
    said = _("A final age assessment") if assessed else _("The date of birth in the person's file")
    yield Known(IN_DOUBT, "no", "age", said, url)
    birth = file.birth
    ages = birth.age(on)
    if ages is None or birth.doubted:
        return
    if birth.precision is Precision.DAY and birth.earliest() is not None:
        yield Known(AGE, str(birth.earliest()), "birth", said, url)
    elif ages[0] == ages[1]:
        yield Known(AGE, str(ages[0]), "birth", said, url)
    elif told_alike(inside.rules, AGE, *ages):
        span = _("Between %(youngest)s and %(oldest)s years: the law asked makes no difference.")
        said = span % {"youngest": ages[0], "oldest": ages[1]}
        yield Known(AGE, str(ages[0]), "birth", said, url)


def told_alike(rules: RuleSet, fact: str, lowest: int, highest: int) -> bool:
    """Whether no rule gives any two whole numbers from `lowest` to `highest` different results."""
    for test in _tests(rules):
        value = test.value
        if isinstance(value, OtherFact):
            if fact in {test.fact, value.fact}:
                return False
        elif test.fact == fact:
            results = {
                COMPARE[test.comparison](number, value) for number in range(lowest, highest + 1)
            }
            if len(results) > 1:
                return False
    return True


def _tests(rules: RuleSet) -> Iterator[Test]:
    for rule in rules.rules:
        for condition in rule.conditions:
            yield from _tests_of(condition)


def _tests_of(condition: Condition) -> Iterator[Test]:
    for one in condition.walk():
        if one.test is not None:
            yield one.test


def _of_citizenship(inside: Inside) -> Iterator[Known]:
    listed = [str(code) for code in inside.file.single.get("citizenships") or ()]
    # With two citizenships the law may ask for either: somebody has to choose.
    if len(listed) != 1 or listed == [UNSPECIFIED]:
        return
    code = STATELESS if listed == [STATELESS_CODE] else listed[0]
    if code == STATELESS or code in COUNTRIES:
        yield Known("citizenship", code, "file", _("The person's file"), _file_url(inside.file))


def _of_guardian(inside: Inside) -> Iterator[Known]:
    """A guardian who is appointed here; that none is recorded does not mean that there is none."""
    person = inside.file.person
    if not inside.age.is_child:
        return
    appointed = person.guardian_account is not None
    if not appointed:
        appointed = person.guardian_appointments.filter(until_day=None).exists()
    if appointed:
        said = _("A guardian is appointed in this institution's records")
        yield Known("guardian_appointed", "yes", "guardian", said, _file_url(inside.file))


def _of_safeguards(inside: Inside) -> Iterator[Known]:
    """Decisions that stand, as far as they are safeguards of the person (R7)."""
    standing = {one.code: one for one in barriers.barriers(inside.file.person, inside.on)}
    url = reverse("cases:case", args=[inside.case.code])
    if "identified_victim" in standing:
        said = _("An officer's decision on identification")
        yield Known("recognised_victim_of_trafficking", "yes", "decision", said, url)
    if "appeal_open" in standing or "appeal_time" in standing:
        said = _("A decision that can still be challenged, or is being challenged")
        yield Known("appeal_open", "yes", "decision", said, url)


def _of_case(inside: Inside) -> Iterator[Known]:
    if inside.case.case_type == "unaccompanied_child" and inside.age.is_child:
        said = _("The kind of this case: an unaccompanied child")
        url = reverse("cases:case", args=[inside.case.code])
        yield Known("without_parents", "yes", "case", said, url)


def _file_url(file: PersonFile) -> str:
    return reverse("people:person", args=[file.person.code])


def answer_words(kind: str, answer: str) -> str:
    """A country's name for the reader; anything else as it is."""
    if kind == "country":
        return words.country_name(STATELESS_CODE if answer == STATELESS else answer)
    return answer


def source_words(codes: Mapping[str, str]) -> Mapping[str, str]:
    """The sources of a saved check in words."""
    named = {
        "age": _("date of birth or age assessment"),
        "birth": _("date of birth in the file"),
        "file": _("the person's file"),
        "guardian": _("records of guardians"),
        "decision": _("a decision in this institution"),
        "case": _("the kind of case"),
        "earlier": _("an earlier check"),
        "asked": _("asked at this check"),
        "corrected": _("corrected at this check"),
    }
    return {fact: named.get(code, code) for fact, code in codes.items()}
