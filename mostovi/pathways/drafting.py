# SPDX-License-Identifier: EUPL-1.2
"""A draft looked at: its faults by line, the pathway it makes, and what it changes, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostovi.pathways import presenting, texts, wording
from mostovi.pathways.differences import Change, How, changes
from mostovi.pathways.law import Appeal, Condition, PartnerLaw, Pathway, PathwayVersion, Sourced
from mostovi.pathways.library import YARDSTICK, library
from mostovi.pathways.loader import load_pathway
from mostovi.pathways.presenting import Reading
from mostovi.pathways.reading import BadLaw, LawProblem
from mostovi.pathways.texts import Said


@dataclass(frozen=True)
class Checked:
    """A text read as a pack: the pathway, or every fault it has."""

    text: str
    pathway: Pathway | None
    problems: tuple[LawProblem, ...] = ()


def check(partner: str, pathway: str, text: str) -> Checked:
    """Read `text` as the pack of that partner and kind.

    Raises `BadLaw` when the partner's own files have faults: then no draft can be read.
    """
    law = library().partner(partner)
    name = f"{pathway}.yaml"
    acts = None
    if partner != YARDSTICK and YARDSTICK in library().codes:
        acts = library().partner(YARDSTICK).acts.keys()
    try:
        found = load_pathway(text, name, law, eu_acts=acts)
    except BadLaw as error:
        return Checked(text, None, error.problems)
    if found.code != pathway:
        said = f"'pathway' says {found.code}, and this draft is about {pathway}"
        return Checked(text, None, (LawProblem(name, 1, said, "pathway"),))
    return Checked(text, found)


@dataclass(frozen=True)
class NumberedLine:
    """A line of a draft with its faults."""

    number: int
    text: str
    problems: tuple[LawProblem, ...]


def numbered(text: str, problems: Iterable[LawProblem]) -> list[NumberedLine]:
    """The text line by line, each fault at its line; one beyond the end stands at the last."""
    lines = text.splitlines() or [""]
    at: dict[int, list[LawProblem]] = {}
    for problem in problems:
        at.setdefault(min(max(problem.line, 1), len(lines)), []).append(problem)
    return [NumberedLine(n, line, tuple(at.get(n, ()))) for n, line in enumerate(lines, 1)]


def day_of_effect(draft: Pathway, today: date) -> date:
    """The day on which the draft is looked at: when its last version begins, at least today."""
    starts = [version.valid_from for version in draft.versions]
    return max([today, *starts[-1:]])


# --- What changes, in words ----------------------------------------------------------------------

WHAT: Mapping[str, str | Promise] = {
    "condition": gettext_lazy("Condition"),
    "document": gettext_lazy("Document"),
    "deadline": gettext_lazy("Deadline"),
    "fee": gettext_lazy("Fee"),
    "right": gettext_lazy("Right"),
    "version": gettext_lazy("The law as a whole"),
}
HOW: Mapping[How, str | Promise] = {
    How.ADDED: gettext_lazy("new"),
    How.REMOVED: gettext_lazy("gone"),
    How.CHANGED: gettext_lazy("changed"),
}
FIELDS: Mapping[str, str | Promise] = {
    "title": gettext_lazy("Title"),
    "topic": gettext_lazy("What it is about"),
    "combination": gettext_lazy("What it asks"),
    "test": gettext_lazy("What it asks"),
    "count": gettext_lazy("What it asks"),
    "citation": gettext_lazy("Where it stands"),
    "evidence": gettext_lazy("Evidence"),
    "confidence": gettext_lazy("The author's confidence"),
    "valid_from": gettext_lazy("In force"),
    "valid_to": gettext_lazy("In force"),
    "definition": gettext_lazy("Shared condition"),
    "note": gettext_lazy("Note"),
    "place": gettext_lazy("Place"),
    "amount": gettext_lazy("Amount"),
    "unit": gettext_lazy("Amount"),
    "start": gettext_lazy("Amount"),
    "currency": gettext_lazy("Amount"),
    "when": gettext_lazy("When"),
    "complete": gettext_lazy("All conditions are known"),
    "authority": gettext_lazy("Authority"),
    "appeal": gettext_lazy("Appeal"),
    "next": gettext_lazy("What can come next"),
    "implements": gettext_lazy("Carries out EU law"),
}


@dataclass(frozen=True)
class ShownField:
    """One thing that differs: its name, and what stood and stands there."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class ShownChange:
    """One change as a reader meets it."""

    what: str
    how: str
    tone: str
    title: Said
    before: str
    after: str
    fields: tuple[ShownField, ...]


def shown_changes(
    before: Reading, old: PathwayVersion, after: Reading, new: PathwayVersion
) -> list[ShownChange]:
    """Everything that differs between two versions, in words."""
    return [_shown(before, after, change) for change in changes(old, new)]


def _shown(before: Reading, after: Reading, change: Change) -> ShownChange:
    told: dict[str, ShownField] = {}
    for name in change.fields:
        shown = ShownField(
            str(FIELDS[name]),
            _field_words(before, change.before, name),
            _field_words(after, change.after, name),
        )
        if name == "place":
            shown = ShownField(shown.name, "", _("moved to another group"))
        told.setdefault(shown.name, shown)
    entry = change.after if change.after is not None else change.before
    return ShownChange(
        str(WHAT[change.what]),
        str(HOW[change.how]),
        change.how.value,
        _title(after, change.what, entry),
        _whole(before, change.before),
        _whole(after, change.after),
        tuple(told.values()),
    )


def _title(reading: Reading, what: str, entry: Any) -> Said:
    if isinstance(entry, Condition):
        return presenting.in_language(entry.title, reading.language)
    if isinstance(entry, Sourced):
        return texts.say(f"{what}.{entry.code}", reading.language)
    return Said("", reading.language)


def _whole(reading: Reading, entry: Any) -> str:
    """What an entry that is new or gone says."""
    if isinstance(entry, Condition):
        return presenting.whole_words(reading, entry)
    if isinstance(entry, Sourced):
        return presenting.entry_amount(entry)
    return ""


def _field_words(reading: Reading, entry: Any, name: str) -> str:
    if isinstance(entry, Condition) and name in {"combination", "test", "count"}:
        return presenting.whole_words(reading, entry)
    if name in {"amount", "unit", "start", "currency"}:
        return presenting.entry_amount(entry)
    if name in {"valid_from", "valid_to"}:
        return presenting.period_words(entry.valid_from, entry.valid_to)
    value: Any = getattr(entry, name, "")
    said: dict[str, Any] = {
        "citation": lambda: presenting.citation_line(presenting.cited(reading, value)),
        "evidence": lambda: str(wording.EVIDENCE[value]),
        "confidence": lambda: str(wording.CONFIDENCE[value]),
        "topic": lambda: texts.say(f"topic.{value}", reading.language).text,
        "title": lambda: presenting.in_language(value, reading.language).text,
        "note": lambda: presenting.in_language(value, reading.language).text,
        "complete": lambda: wording.yes_no(value),
        "when": lambda: _("while waiting") if value == "meanwhile" else _("afterwards"),
        "authority": lambda: presenting.authority_name(reading, value).text if value else "",
        "appeal": lambda: _appeal_words(reading, value),
        "next": lambda: wording.joined(
            texts.say(f"pathway.{code}.title", reading.language).text for code in value
        ),
        "implements": lambda: wording.joined(
            f"{one.act} {presenting.place_words(one)}".strip() for one in value
        ),
    }
    return str(said[name]()) if name in said else str(value or "")


def _appeal_words(reading: Reading, appeal: Appeal | None) -> str:
    shown = presenting.appeal_of(reading, appeal)
    if shown is None:
        return _("not confirmed")
    return wording.joined((shown.to.text, shown.within, shown.suspends))


def difference(
    law: PartnerLaw, draft: Pathway, today: date
) -> tuple[date, PathwayVersion | None, PathwayVersion | None, Sequence[ShownChange]]:
    """The day looked at, today's version, the draft's version of that day, and what differs."""
    day = day_of_effect(draft, today)
    present = law.pathways.get(draft.code)
    old = present.on(today) if present else None
    new = draft.on(day)
    # Where one of the two is not there, everything the other says is new, or gone.
    before, after = old or _nothing(new), new or _nothing(old)
    if before is None or after is None:
        return day, old, new, ()
    shown = shown_changes(Reading.of(law, today), before, Reading.of(law, day), after)
    return day, old, new, shown


def _nothing(version: PathwayVersion | None) -> PathwayVersion | None:
    """The version as if it said nothing."""
    if version is None:
        return None
    return replace(version, conditions=(), documents=(), deadlines=(), fees=(), rights=())
