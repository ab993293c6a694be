# SPDX-License-Identifier: EUPL-1.2
"""The sheet that a person takes along: the result of a check in the person's own language.

It names nobody. Texts of the law's files are in the language they are in, and marked so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from mostovi.pathways import presenting, texts
from mostovi.pathways.case_checking import LISTS, MAYBE, OPEN, Saved, SavedWay, listed_under
from mostovi.pathways.case_results import version_with
from mostovi.pathways.law import Deadline, Fee, PartnerLaw, PathwayVersion, Sourced
from mostovi.pathways.texts import Said

_OF_THE_FILE = {"prs": "fa", "ku": "kmr", "hr": "bs", "cnr": "bs", "sh": "bs"}
"""Languages of a person's file that a language of the texts stands for."""


def language_of(spoken: Iterable[str]) -> str:
    """The first of the person's languages that the texts are in; English when there is none."""
    offered = texts.offered()
    for code in spoken:
        for one in (code, code.split("-", 1)[0], _OF_THE_FILE.get(code, "")):
            if one in offered:
                return one
    return texts.SOURCE


@dataclass(frozen=True)
class SheetLine:
    """Something to bring, pay or keep to."""

    name: Said
    amount: str = ""


@dataclass(frozen=True)
class SheetWay:
    """One way on the sheet."""

    under: str
    title: Said
    about: Said
    checked: bool
    complete: bool
    find_out: tuple[Said, ...]
    law_unknown: bool
    authority: Said | None
    bring: tuple[SheetLine, ...]
    costs: tuple[SheetLine, ...]
    times: tuple[SheetLine, ...]
    meanwhile: tuple[SheetLine, ...]
    appeal_to: Said | None
    appeal_within: Said | None


def sheet_ways(
    saved: Saved, law: PartnerLaw, language: str, chosen: Collection[str] = ()
) -> list[SheetWay]:
    """The ways for the sheet in full: those chosen, or those that look open."""
    ways = [way for way in saved.ways if (way.pathway in chosen if chosen else _under(way) == OPEN)]
    ways.sort(key=lambda way: LISTS.index(_under(way)))
    return [_way(way, law, language) for way in ways]


def others(saved: Saved, language: str, chosen: Collection[str] = ()) -> list[Said]:
    """The names of the ways that look open or may be, and are not on the sheet in full."""
    return [
        texts.say(f"pathway.{way.pathway}.title", language)
        for way in saved.ways
        if _under(way) in ({OPEN, MAYBE} if chosen else {MAYBE}) and way.pathway not in chosen
    ]


def _under(way: SavedWay) -> str:
    return listed_under(way.answer, way.because)


def _way(way: SavedWay, law: PartnerLaw, language: str) -> SheetWay:
    version = version_with(law, way)
    return SheetWay(
        under=_under(way),
        title=texts.say(f"pathway.{way.pathway}.title", language),
        about=texts.say(f"pathway.{way.pathway}.about", language),
        checked=way.signed,
        complete=bool(version and version.complete),
        find_out=tuple(texts.say(f"fact.{fact}.question", language) for fact in way.asks[:8]),
        law_unknown=way.because == "unknown_law",
        authority=_authority(law, version, language),
        bring=_lines("document", version.documents if version else (), language),
        costs=_lines("fee", version.fees if version else (), language),
        times=_lines("deadline", version.deadlines if version else (), language),
        meanwhile=_lines(
            "right", [r for r in version.rights if r.when == "meanwhile"] if version else (),
            language,
        ),
        **_appeal(law, version, language),
    )  # fmt: skip


def _authority(law: PartnerLaw, version: PathwayVersion | None, language: str) -> Said | None:
    found = law.authorities.get(version.authority) if version else None
    return presenting.in_language(found.name, language) if found else None


def _appeal(
    law: PartnerLaw, version: PathwayVersion | None, language: str
) -> dict[str, Said | None]:
    appeal = version.appeal if version else None
    if appeal is None:
        return {"appeal_to": None, "appeal_within": None}
    to = law.authorities.get(appeal.to)
    within = None
    if appeal.amount is not None:
        amount = _amount(appeal.amount, appeal.unit, language)
        within = texts.say("ui.result.appeal.within", language, amount=amount)
    return {
        "appeal_to": presenting.in_language(to.name, language) if to else None,
        "appeal_within": within,
    }


def _lines(kind: str, entries: Iterable[Sourced], language: str) -> tuple[SheetLine, ...]:
    return tuple(
        SheetLine(texts.say(f"{kind}.{one.code}", language), _entry_amount(one, language))
        for one in entries
    )


def _entry_amount(entry: Sourced, language: str) -> str:
    if isinstance(entry, Deadline):
        if entry.amount is None:
            return texts.say("ui.result.deadline.unknown", language).text
        return _amount(entry.amount, entry.unit, language)
    if isinstance(entry, Fee) and entry.code != "no_fee":
        if entry.amount is None:
            return texts.say("ui.result.cost_unknown", language).text
        if entry.amount == 0:
            return texts.say("ui.result.cost_free", language).text
        return f"{entry.amount:g} {entry.currency}".strip()
    return ""


def _amount(amount: float, unit: str, language: str) -> str:
    return f"{amount:g} {texts.say(f'unit.{unit}', language).text}" if unit else f"{amount:g}"
