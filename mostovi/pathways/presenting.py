# SPDX-License-Identifier: EUPL-1.2
"""How a law pack is laid out for a reader: conditions as a numbered tree, each with its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mostovi.pathways import texts, wording
from mostovi.pathways.expressions import ParameterValue, facts_of
from mostovi.pathways.law import (
    Appeal,
    Citation,
    Combination,
    Condition,
    Deadline,
    Fee,
    PartnerLaw,
    PathwayVersion,
    Review,
    Sourced,
    holds,
)
from mostovi.pathways.models import SignOff
from mostovi.pathways.signing import Standing, agreed
from mostovi.pathways.texts import Said

_JOINED: Mapping[Combination, str | Promise] = {
    Combination.ALL: gettext_lazy("All of these:"),
    Combination.ANY: gettext_lazy("One of these is enough:"),
    Combination.NOT: gettext_lazy("This must not be so:"),
    Combination.UNKNOWN: gettext_lazy(
        "The law asks something here that could not be confirmed. It is unknown for everybody."
    ),
}


@dataclass(frozen=True, slots=True)
class ShownCitation:
    """Where it stands: the act by its title, the place in it, the gazette, the address."""

    act: Said
    place: str
    gazette: str
    url: str
    period: str = ""


@dataclass(frozen=True)
class ShownCondition:
    """One condition as a reader meets it. number is like `2.1`; held counts for the tests beneath.

    signed is the agreement that covers it (its own or the whole version's), said what lawyers said
    of it alone. value: what it comes to for a person, when one is looked at.
    """

    number: str
    condition: Condition
    title: Said
    topic: Said
    words: str
    citation: ShownCitation | None
    evidence: str
    tone: str
    confidence: str
    review: Review | None
    signed: SignOff | None
    said: tuple[Standing, ...]
    note: Said | None
    period: str
    in_force: bool
    parts: tuple[ShownCondition, ...] = ()

    @property
    def anchor(self) -> str:
        """Where links lead to."""
        return f"condition-{self.condition.code}"


@dataclass(frozen=True)
class ShownEntry:
    """A document, deadline, fee or right: its name, how much, its source."""

    name: Said
    amount: str
    citation: ShownCitation | None
    evidence: str
    tone: str
    note: Said | None


@dataclass(frozen=True)
class Confirmed:
    """How many tests of a version were read in the text of the act, of how many."""

    text: int
    all: int
    unknown: int = 0

    @property
    def whole(self) -> bool:
        """Every one was."""
        return self.all > 0 and self.text == self.all


@dataclass(frozen=True)
class Reading:
    """What a version is read with: whose law, which day, in which language, what lawyers said."""

    law: PartnerLaw
    on: date
    language: str
    standing: Sequence[Standing] = ()
    signed: Mapping[tuple[str, str, str, str], SignOff] = field(default_factory=dict)

    @classmethod
    def of(cls, law: PartnerLaw, on: date, standing: Sequence[Standing] = ()) -> Reading:
        """For the reader's language."""
        return cls(law, on, wording.language(), standing, agreed(standing))

    @property
    def parameters(self) -> Mapping[str, str]:
        """How each parameter is called, with its amount of the day."""
        return {code: self._parameter(code) for code in self.law.parameters}

    def _parameter(self, code: str) -> str:
        parameter = self.law.parameters[code]
        name = in_language(parameter.title, self.language).text
        amount = parameter.on(self.on)
        if amount is None:
            return _("%(what)s (amount not known)") % {"what": name}
        shown = f"{wording.number(amount)} {parameter.unit}".strip()
        return _("%(what)s (%(amount)s)") % {"what": name, "amount": shown}


def in_language(words: Mapping[str, str], language: str) -> Said:
    """A text of a pack in the reader's language, else in English, else in what there is."""
    for one in (language, language.split("-", 1)[0], texts.SOURCE, *words):
        if words.get(one):
            return Said(words[one], one)
    return Said("", language)


def note_of(words: Mapping[str, str], language: str) -> Said | None:
    """A note, or None when there is none."""
    said = in_language(words, language)
    return said if said.text else None


def leaves(conditions: Iterable[Condition]) -> Iterator[Condition]:
    """The conditions that are no groups: what has a source of its own to confirm."""
    for condition in conditions:
        for one in condition.walk():
            if not one.parts:
                yield one


def confirmed(version: PathwayVersion) -> Confirmed:
    """How much of a version was read in the text of an act."""
    tests = list(leaves(version.conditions))
    return Confirmed(
        sum(one.evidence == "text" for one in tests),
        len(tests),
        sum(one.combination is Combination.UNKNOWN for one in tests),
    )


def facts_asked(version: PathwayVersion) -> tuple[str, ...]:
    """The facts that the version asks, in the order of its conditions."""
    found: dict[str, None] = {}
    for condition in version.conditions:
        found |= dict.fromkeys(facts_of(condition.expression))
    return tuple(found)


def tree(reading: Reading, pathway: str, version: PathwayVersion) -> tuple[ShownCondition, ...]:
    """The conditions of a version, numbered."""
    return _numbered(reading, (pathway, version.version), version.conditions, "", None)


def _numbered(
    reading: Reading,
    of: tuple[str, str],
    conditions: Sequence[Condition],
    above: str,
    outer: Condition | None,
) -> tuple[ShownCondition, ...]:
    return tuple(
        _shown(reading, of, condition, f"{above}{number}", outer)
        for number, condition in enumerate(conditions, 1)
    )


def _shown(
    reading: Reading,
    of: tuple[str, str],
    condition: Condition,
    number: str,
    outer: Condition | None,
) -> ShownCondition:
    key = (reading.law.code, *of)
    own = reading.signed.get((*key, condition.code))
    said = tuple(
        one
        for one in reading.standing
        if (one.sign_off.pathway, one.sign_off.version, one.sign_off.condition)
        == (*of, condition.code)
    )
    objected = any(one.objects for one in said)
    return ShownCondition(
        number=number,
        condition=condition,
        title=in_language(condition.title, reading.language),
        topic=texts.say(f"topic.{condition.topic}", reading.language),
        words=condition_words(reading, condition),
        # A member with the same source as its group says it once, at the group.
        citation=None
        if outer is not None and outer.citation == condition.citation
        else cited(reading, condition.citation),
        evidence=str(wording.EVIDENCE[condition.evidence.value]),
        tone=wording.EVIDENCE_TONES.get(condition.evidence.value, "warn"),
        confidence=str(wording.CONFIDENCE[condition.confidence.value]),
        review=condition.review if condition.review.is_reviewed else None,
        signed=None if objected else own or reading.signed.get((*key, "")),
        said=said,
        note=note_of(condition.note, reading.language),
        period=period_words(condition.valid_from, condition.valid_to),
        in_force=holds(condition.valid_from, condition.valid_to, reading.on),
        parts=_numbered(reading, of, condition.parts, f"{number}.", condition),
    )


def condition_words(reading: Reading, condition: Condition) -> str:
    """What a condition tests, or how its parts are joined."""
    if condition.combination is Combination.TEST and condition.test is not None:
        known = reading.parameters if isinstance(condition.test.value, ParameterValue) else {}
        return wording.test_words(reading.law.catalogue.vocabulary, condition.test, known)
    if condition.combination is Combination.AT_LEAST:
        return ngettext(
            "At least %(count)s of these:", "At least %(count)s of these:", condition.count
        ) % {"count": condition.count}
    return str(_JOINED[condition.combination])


def whole_words(reading: Reading, condition: Condition) -> str:
    """A condition with all its parts in one line, for tables."""
    if not condition.parts:
        return condition_words(reading, condition)
    inner = "; ".join(whole_words(reading, part) for part in condition.parts)
    return _("%(joined)s (%(parts)s)") % {
        "joined": condition_words(reading, condition).removesuffix(":"), "parts": inner,
    }  # fmt: skip


def cited(reading: Reading, citation: Citation | None) -> ShownCitation | None:
    """Where a thing stands, or None when nothing is cited."""
    if citation is None:
        return None
    act = reading.law.acts.get(citation.act)
    if act is None:
        return ShownCitation(Said(citation.act, "en"), place_words(citation), "", "")
    return ShownCitation(
        in_language(act.title, reading.language),
        place_words(citation),
        "; ".join(act.gazette),
        act.url,
        period_words(act.valid_from, act.valid_to),
    )


def place_words(citation: Citation) -> str:
    """`article 55, paragraph 1, point 2`."""
    places = []
    if citation.article:
        places.append(_("article %(number)s") % {"number": citation.article})
    if citation.paragraph:
        places.append(_("paragraph %(number)s") % {"number": citation.paragraph})
    if citation.point:
        places.append(_("point %(number)s") % {"number": citation.point})
    return wording.joined(places)


def citation_line(shown: ShownCitation | None) -> str:
    """A citation in one line, for tables and files."""
    if shown is None:
        return ""
    line = wording.joined(filter(None, (shown.act.text, shown.place)))
    return f"{line} ({shown.gazette})" if shown.gazette else line


def period_words(first: date | None, last: date | None) -> str:
    """From when until when something holds; '' when nothing is said."""
    if first is None and last is None:
        return ""
    start = date_format(first, "SHORT_DATE_FORMAT") if first else ""
    end = date_format(last, "SHORT_DATE_FORMAT") if last else ""
    if not end:
        return _("from %(first)s") % {"first": start}
    if not start:
        return _("until %(last)s") % {"last": end}
    return _("from %(first)s to %(last)s") % {"first": start, "last": end}


def entries(reading: Reading, prefix: str, listed: Iterable[Sourced]) -> tuple[ShownEntry, ...]:
    """Documents, deadlines, fees or rights; `prefix` is that of their texts."""
    return tuple(
        ShownEntry(
            texts.say(f"{prefix}.{one.code}", reading.language),
            entry_amount(one),
            cited(reading, one.citation),
            str(wording.EVIDENCE[one.evidence.value]),
            wording.EVIDENCE_TONES.get(one.evidence.value, "warn"),
            note_of(one.note, reading.language),
        )
        for one in listed
    )


def entry_amount(entry: Sourced) -> str:
    """How long or how much, of a deadline or a fee; "" of what has no amount."""
    if isinstance(entry, Deadline):
        if entry.amount is None:
            return _("not known")
        amount = wording.amount_words(entry.amount, entry.unit)
        if not entry.start:
            return amount
        return _("%(amount)s, counted from: %(start)s") % {
            "amount": amount, "start": entry.start.replace("_", " "),
        }  # fmt: skip
    if isinstance(entry, Fee):
        if entry.amount is None:
            return _("not known")
        if entry.amount == 0:
            return _("free of charge")
        return f"{wording.number(entry.amount)} {entry.currency}".strip()
    return ""


@dataclass(frozen=True)
class ShownAppeal:
    """Against a no: to whom, until when, whether it stops removal, its source."""

    to: Said
    within: str
    suspends: str
    citation: ShownCitation | None
    evidence: str
    tone: str
    note: Said | None


def appeal_of(reading: Reading, appeal: Appeal | None) -> ShownAppeal | None:
    """The appeal in words, or None when it could not be confirmed."""
    if appeal is None:
        return None
    within = _("not known")
    if appeal.amount is not None:
        within = wording.amount_words(appeal.amount, appeal.unit)
    suspends = {
        True: _("yes, the person may stay meanwhile"),
        False: _("no, not by itself"),
        None: _("not known"),
    }[appeal.suspends]
    return ShownAppeal(
        authority_name(reading, appeal.to),
        within,
        suspends,
        cited(reading, appeal.citation),
        str(wording.EVIDENCE[appeal.evidence.value]),
        wording.EVIDENCE_TONES.get(appeal.evidence.value, "warn"),
        note_of(appeal.note, reading.language),
    )


def authority_name(reading: Reading, code: str) -> Said:
    """An authority by its name."""
    authority = reading.law.authorities.get(code)
    if authority is None:
        return Said(code.replace("_", " "), texts.SOURCE)
    return in_language(authority.name, reading.language)
