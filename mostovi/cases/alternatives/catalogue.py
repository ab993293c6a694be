# SPDX-License-Identifier: EUPL-1.2
"""What `content/alternatives` says: measures in order, signs, grounds, refusals, periods.

Every list is data that a partner replaces. A file that is wrong is refused whole
(`CatalogueError`), naming the file and the entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import yaml

from mostovi.content import CONTENT

FOLDER = CONTENT / "alternatives"
Texts = Mapping[str, str]


class CatalogueError(ValueError):
    """A file cannot be used; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from and how sure we are of it."""

    code: str
    title: str
    evidence: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """A period that a partner's rule sets from a day on; `partner` "*" is every partner."""

    partner: str
    since: date
    until: date | None
    amount: int
    unit: str
    source: str
    evidence: str

    def end(self, start: date) -> date:
        """The last day of the period that begins on `start`."""
        if self.unit == "calendar_days":
            return start + timedelta(days=self.amount)
        index = start.year * 12 + start.month - 1 + self.amount
        year, month = divmod(index, 12)
        for day in range(start.day, 0, -1):
            try:
                return date(year, month + 1, day)
            except ValueError:
                continue
        raise AssertionError("every month has a first day")  # pragma: no cover


@dataclass(frozen=True, slots=True)
class Measure:
    """One step of the ladder. `rank` is its place, 0 the least restrictive.

    children: "yes", "with_adult" (a parent carries the condition) or "no". place: the kind of
    place it needs, or "none".
    """

    code: str
    rank: int
    label: Texts
    about: Texts
    conditions: Texts
    rights: Texts
    children: str
    place: str
    reporting: bool
    source: Source
    review: Sequence[Period]

    @property
    def needs_place(self) -> bool:
        """Whether the person lives at a place of the register."""
        return self.place != "none"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is refused, as a page or an answer of the API says it."""

    code: str
    label: Texts
    what: Texts
    safeguard: Texts
    who: Texts
    now: Texts
    sources: Sequence[Source]


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain of the screening with the signs it asks for."""

    code: str
    label: Texts
    signs: Mapping[str, Texts]


def in_language(texts: Texts, language: str) -> str:
    """`texts` in `language`, in its main part, or in English."""
    return texts.get(language) or texts.get(language.split("-")[0]) or texts["en"]


@cache
def _file(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return read


def _sources(name: str) -> dict[str, Source]:
    return {
        code: Source(
            code, entry["title"], entry["evidence"], entry.get("url", ""), entry.get("note", "")
        )
        for code, entry in _file(name)["sources"].items()
    }


def _periods(rows: Sequence[Mapping[str, Any]], where: str) -> tuple[Period, ...]:
    found = []
    for row in rows:
        if row["unit"] not in {"calendar_days", "months"} or int(row["amount"]) < 1:
            raise CatalogueError(f"{where}: a period has an amount of calendar_days or months")
        found.append(
            Period(
                row["partner"], row["from"], row["to"], int(row["amount"]), row["unit"],
                row["source"], row["evidence"],
            )
        )  # fmt: skip
    return tuple(found)


def in_force(periods: Sequence[Period], partner: str, on: date) -> Period:
    """The period of `partner` on day `on`; its own row before that of every partner.

    Raises `LookupError` when none is in force.
    """
    holding = [
        period
        for period in periods
        if period.partner in {partner, "*"}
        and period.since <= on
        and (period.until is None or on <= period.until)
    ]
    if not holding:
        raise LookupError(f"no period is in force for '{partner}' on {on}")
    return max(holding, key=lambda period: (period.partner != "*", period.since))


@cache
def ladder() -> tuple[Measure, ...]:
    """The measures, least restrictive first."""
    sources = _sources("measures.yaml")
    found = []
    for rank, entry in enumerate(_file("measures.yaml")["measures"]):
        where = f"alternatives/measures.yaml, measure '{entry['code']}'"
        if entry["children"] not in {"yes", "with_adult", "no"}:
            raise CatalogueError(f"{where}: 'children' is yes, with_adult or no")
        if entry["source"] not in sources:
            raise CatalogueError(f"{where}: unknown source '{entry['source']}'")
        found.append(
            Measure(
                entry["code"], rank, entry["label"], entry["about"], entry["conditions"],
                entry["rights"], entry["children"], entry["place"], entry["reporting"],
                sources[entry["source"]], _periods(entry["review"], where),
            )
        )  # fmt: skip
    if len({measure.code for measure in found}) != len(found):
        raise CatalogueError("alternatives/measures.yaml: a measure is there twice")
    return tuple(found)


def measure(code: str) -> Measure:
    """The measure called `code`. Raises `KeyError`."""
    for entry in ladder():
        if entry.code == code:
            return entry
    raise KeyError(code)


@cache
def refusals() -> Mapping[str, Refusal]:
    """What stands behind each refusal, by code."""
    sources = _sources("safeguards.yaml")
    return {
        code: Refusal(
            code, entry["label"], entry["what"], entry["safeguard"], entry["who"], entry["now"],
            tuple(sources[source] for source in entry["sources"]),
        )
        for code, entry in _file("safeguards.yaml")["refusals"].items()
    }  # fmt: skip


@cache
def domains() -> tuple[Domain, ...]:
    """The domains of the screening, in order."""
    return tuple(
        Domain(entry["code"], entry["label"], entry["signs"])
        for entry in _file("screening.yaml")["domains"]
    )


@cache
def grounds() -> Mapping[str, Texts]:
    """Grounds that an authority may name, by code."""
    found: Mapping[str, Texts] = _file("grounds.yaml")["grounds"]
    return found


def places() -> Sequence[Mapping[str, Any]]:
    """The invented places that a new node begins with."""
    found: Sequence[Mapping[str, Any]] = _file("places.yaml")["places"]
    return found


def proposal_period(partner: str, on: date) -> Period:
    """For how long a proposal of detention may stand at the most."""
    rows = _file("safeguards.yaml")["proposal_days"]
    return in_force(_periods(rows, "alternatives/safeguards.yaml, proposal_days"), partner, on)


def screening_period(rating: str, partner: str, on: date) -> Period:
    """After which period a screening with this rating has run out."""
    rows = _file("safeguards.yaml")["screening_days"][rating]
    return in_force(_periods(rows, "alternatives/safeguards.yaml, screening_days"), partner, on)


def reviewed(name: str) -> tuple[bool, str]:
    """Whether the file called `name` was checked, and who can check it."""
    review = _file(name)["review"]
    return review["status"] == "reviewed", review["who_can"]
