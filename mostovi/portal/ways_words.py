# SPDX-License-Identifier: EUPL-1.2
"""What the self-check says in the person's language: answers, what the law needs, amounts, names.

Digits are 0 to 9 in every language, as on the papers and telephones that people carry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from mostovi.pathways import texts
from mostovi.pathways.expressions import Comparison, OtherFact, ParameterValue, Test
from mostovi.pathways.facts import COUNTRIES, STATELESS, Fact, FactKind, FactValue, Vocabulary
from mostovi.pathways.texts import Said
from mostovi.portal.ways_answers import SKIPPED, UNKNOWN

_NEEDED: Mapping[Comparison, str] = {
    Comparison.AT_LEAST: "ui.needs.at_least",
    Comparison.AT_MOST: "ui.needs.at_most",
    Comparison.MORE_THAN: "ui.needs.more_than",
    Comparison.LESS_THAN: "ui.needs.less_than",
}
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST_NAMED = 8
"""A list of more countries than this is called a list."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; what it lacks is said in English and marked so by `Said`."""

    language: str

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return texts.direction(self.language)

    def say(self, code: str, **gaps: object) -> Said:
        """A text with its gaps filled."""
        return texts.say(code, self.language, **gaps)

    def text(self, code: str, **gaps: object) -> str:
        """A text with its gaps filled, in whichever language it is."""
        return self.say(code, **gaps).text

    def has(self, code: str) -> bool:
        """Whether the source has a text with this code."""
        return code in texts.texts(texts.SOURCE)

    def day(self, day: date) -> str:
        """A date in full, in the Gregorian calendar."""
        return texts.day_words(day, self.language)

    def country(self, code: str) -> str:
        """A country by its code; the stateless have a text of their own."""
        if code == STATELESS:
            return self.text("ui.stateless")
        return country_names(self.language).get(code, code)

    def language_name(self, code: str) -> str:
        """A language in this language."""
        return str(texts.locale_of(self.language).languages.get(code) or code)

    def days(self, codes: Iterable[str]) -> str:
        """Days of the week by their short names: MO is Mon."""
        names = texts.locale_of(self.language).days["stand-alone"]["abbreviated"]
        return self.listed(str(names[_DAYS.index(code)]) for code in codes if code in _DAYS)

    def amount(self, amount: float, unit: str) -> str:
        """`30 days`."""
        return f"{number(amount)} {self.text(f'unit.{unit}')}" if unit else number(amount)

    def value(self, fact: Fact, value: FactValue) -> str:
        """A value of a fact as the person would say it."""
        if isinstance(value, bool):
            return self.text("ui.yes" if value else "ui.no")
        if fact.kind is FactKind.CHOICE:
            return self.text(f"fact.{fact.code}.choice.{value}")
        if fact.kind is FactKind.COUNTRY:
            return self.country(str(value))
        return self.amount(value, fact.unit) if isinstance(value, int | float) else str(value)

    def answer(self, fact: Fact, given: str) -> str:
        """An answer as it was given in the form."""
        if given == UNKNOWN:
            return self.text("ui.dont_know")
        if given == SKIPPED:
            return self.text("ui.rather_not_say")
        if fact.kind is FactKind.YES_NO:
            return self.text("ui.yes" if given == "yes" else "ui.no")
        if fact.kind is FactKind.CHOICE:
            return self.text(f"fact.{fact.code}.choice.{given}")
        if fact.kind is FactKind.COUNTRY:
            return self.country(given)
        if given.count("-") == 2:
            return self.day(date.fromisoformat(given))
        return f"{given} {self.text(f'unit.{fact.unit}')}" if fact.unit else given

    def needed(self, test: Test, vocabulary: Vocabulary) -> str:
        """What a test asks for: `yes`, `at least 18 years`, `one of: ...`."""
        fact, value = vocabulary[test.fact], test.value
        if isinstance(value, OtherFact):
            return self.text("ui.needs.as_much_as", fact=self.text(f"fact.{value.fact}.short"))
        if isinstance(value, tuple):
            code = "ui.needs.none_of" if test.comparison is Comparison.NOT_IN else "ui.needs.one_of"
            if fact.kind is FactKind.COUNTRY and len(value) > MOST_NAMED:
                listed = self.text("ui.needs.country_list")
                return listed if test.comparison is Comparison.IN else self.text(code, list=listed)
            return self.text(code, list=self.listed(self.value(fact, one) for one in value))
        if isinstance(value, ParameterValue):
            raise TypeError("a rule of a day has the amounts of the day")
        if test.comparison in _NEEDED:
            return self.text(_NEEDED[test.comparison], amount=self.value(fact, value))
        if test.comparison is Comparison.IS:
            return self.value(fact, value)
        if isinstance(value, bool):
            return self.value(fact, not value)
        return self.text("ui.needs.none_of", list=self.value(fact, value))

    def listed(self, words: Iterable[str]) -> str:
        """One after the other, with the comma of the script."""
        comma = {"rtl": "\u060c "}.get(self.direction, ", ")
        return comma.join(words)


def number(amount: float) -> str:
    """A number without needless zeros.

    >>> number(30), number(1.5)
    ('30', '1.5')
    """
    return str(int(amount)) if amount == int(amount) else f"{amount:g}"


@lru_cache(maxsize=32)
def country_names(language: str) -> Mapping[str, str]:
    """The countries by code, in the order of the language's alphabet.

    A name that the language lacks is the English one. Kosovo* carries its star.
    """
    import icu  # large, and only for this order

    own, english = texts.locale_of(language).territories, texts.locale_of("en").territories
    names = {code: str(own.get(code) or english[code]) for code in COUNTRIES}
    names["XK"] += "*"
    key = icu.Collator.createInstance(icu.Locale(language)).getSortKey
    return dict(sorted(names.items(), key=lambda item: key(item[1])))
