# SPDX-License-Identifier: EUPL-1.2
"""How the law is put into words for the person reading: tests, values, amounts, evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from mostovi.pathways import texts
from mostovi.pathways.expressions import Comparison, OtherFact, ParameterValue, Scalar, Test, Value
from mostovi.pathways.facts import FactKind, Vocabulary
from mostovi.pathways.texts import Said

LAW_NAMES: Mapping[str, str | Promise] = {
    "al": gettext_lazy("Albania"),
    "ba": gettext_lazy("Bosnia and Herzegovina"),
    "xk": gettext_lazy("Kosovo*"),
    "me": gettext_lazy("Montenegro"),
    "mk": gettext_lazy("North Macedonia"),
    "rs": gettext_lazy("Serbia"),
    "eu": gettext_lazy("EU law and conventions"),
}
"""Whose law it is. Kosovo* is always shown with its footnote."""

EVIDENCE: Mapping[str, str | Promise] = {
    "text": gettext_lazy("read in the text of the act"),
    "secondary": gettext_lazy("read in a summary, not in the act"),
    "memory": gettext_lazy("written from memory, not read again"),
    "unconfirmed": gettext_lazy("not confirmed"),
}
EVIDENCE_TONES: Mapping[str, str] = {"text": "ok", "secondary": "info"}

CONFIDENCE: Mapping[str, str | Promise] = {
    "high": pgettext_lazy("the author's confidence", "high"),
    "medium": pgettext_lazy("the author's confidence", "medium"),
    "low": pgettext_lazy("the author's confidence", "low"),
}

AVAILABILITY: Mapping[str, str | Promise] = {
    "in_law": gettext_lazy("in law"),
    "none_found": gettext_lazy("none found"),
    "unknown": gettext_lazy("not known"),
    "": gettext_lazy("not written yet"),
}
AVAILABILITY_TONES: Mapping[str, str] = {"in_law": "ok", "none_found": "quiet", "unknown": "warn"}

ANSWERS: Mapping[str, str | Promise] = {
    "open": gettext_lazy("open"),
    "maybe": gettext_lazy("may be open"),
    "closed": gettext_lazy("closed"),
}

_COMPARED: Mapping[Comparison, str | Promise] = {
    Comparison.IS: gettext_lazy("%(fact)s: %(value)s"),
    Comparison.IS_NOT: gettext_lazy("%(fact)s: not %(value)s"),
    Comparison.IN: gettext_lazy("%(fact)s: one of %(value)s"),
    Comparison.NOT_IN: gettext_lazy("%(fact)s: none of %(value)s"),
    Comparison.AT_LEAST: gettext_lazy("%(fact)s: at least %(value)s"),
    Comparison.AT_MOST: gettext_lazy("%(fact)s: at most %(value)s"),
    Comparison.MORE_THAN: gettext_lazy("%(fact)s: more than %(value)s"),
    Comparison.LESS_THAN: gettext_lazy("%(fact)s: less than %(value)s"),
}


def language() -> str:
    """The reader's language."""
    return get_language() or texts.SOURCE


def say(code: str, **gaps: object) -> Said:
    """A text of the law packs' vocabulary for the reader, its gaps filled."""
    return texts.say(code, language(), **gaps)


def law_name(partner: str) -> str:
    """Whose law it is; the code itself when it is unknown."""
    return str(LAW_NAMES.get(partner, partner))


def fact_words(fact: str) -> str:
    """A fact as a noun phrase."""
    return say(f"fact.{fact}.short").text


def logic_words(value: bool | None) -> str:
    """True, false or unknown, as what it means for a condition."""
    if value is None:
        return pgettext("a condition of the law", "not known")
    if value:
        return pgettext("a condition of the law", "holds")
    return pgettext("a condition of the law", "does not hold")


LOGIC_TONES: Mapping[bool | None, str] = {True: "ok", False: "stop", None: "warn"}


def test_words(
    vocabulary: Vocabulary, test: Test, parameters: Mapping[str, str] | None = None
) -> str:
    """`Age: at least 18 years`. parameters: how each parameter of the partner is called."""
    pattern = str(_COMPARED[test.comparison])
    value = _value_words(vocabulary, test.fact, test.value, parameters or {})
    return pattern % {"fact": fact_words(test.fact), "value": value}


def _value_words(
    vocabulary: Vocabulary, fact: str, value: Value, parameters: Mapping[str, str]
) -> str:
    if isinstance(value, OtherFact):
        return fact_words(value.fact)
    if isinstance(value, ParameterValue):
        name = parameters.get(value.parameter, value.parameter.replace("_", " "))
        if value.times == 1:
            return name
        return _("%(times)s times %(what)s") % {"times": number(value.times), "what": name}
    if isinstance(value, tuple):
        return joined(scalar_words(vocabulary, fact, one) for one in value)
    return scalar_words(vocabulary, fact, value)


def scalar_words(vocabulary: Vocabulary, fact: str, value: Scalar) -> str:
    """One value of a fact in words: yes, a choice, a number with its unit, a country's code."""
    if isinstance(value, bool):
        return yes_no(value)
    known = vocabulary.facts.get(fact)
    if known is not None and known.kind is FactKind.CHOICE:
        return say(f"fact.{fact}.choice.{value}").text
    if isinstance(value, int | float):
        unit = known.unit if known is not None else ""
        return amount_words(value, unit)
    return str(value)


def yes_no(value: bool) -> str:
    """'yes' or 'no'."""
    return _("yes") if value else _("no")


def amount_words(amount: float, unit: str) -> str:
    """`30 days`; the unit as the vocabulary calls it."""
    if not unit:
        return number(amount)
    return pgettext("an amount and its unit", "%(amount)s %(unit)s") % {
        "amount": number(amount), "unit": say(f"unit.{unit}").text,
    }  # fmt: skip


def number(amount: float) -> str:
    """A number by the reader's locale."""
    whole = int(amount) if amount == int(amount) else amount
    return str(number_format(whole, use_l10n=True))


def joined(words: Iterable[str]) -> str:
    """One after the other, with the comma of the reader's script."""
    return pgettext("between the parts of a list", ", ").join(words)
