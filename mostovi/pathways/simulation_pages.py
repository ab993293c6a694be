# SPDX-License-Identifier: EUPL-1.2
"""A finished simulation laid out for a reader: the same for the page, the PDF and the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from mostovi.pathways import (
    differences,
    drafting,
    law_files,
    presenting,
    side_by_side,
    simulation_chart,
    simulation_words,
    trying,
    wording,
)
from mostovi.pathways.drafting import Checked, ShownChange
from mostovi.pathways.law import PartnerLaw, Pathway
from mostovi.pathways.library import library
from mostovi.pathways.presenting import Reading, ShownCitation
from mostovi.pathways.reading import BadLaw
from mostovi.pathways.side_by_side import Person
from mostovi.pathways.simulation_models import SimulationRun
from mostovi.pathways.texts import Said
from mostovi.pathways.trying import Tried

COUNTED = ("people", "open_before", "open_after", "newly_qualify", "lose", "unchanged", "uncertain")
MOST_DRAWN = 20
"""Groups in the chart; the table has them all."""
_RELATION_TONES = {"same": "ok", "stricter": "warn", "wider": "info", "neither": "warn"}


@dataclass(frozen=True)
class ShownRow:
    """One group: its name and each count in words."""

    label: str
    cells: tuple[str, ...]
    share: str


@dataclass(frozen=True)
class SourcedChange:
    """What differs, and where it stands in the law of today and in the draft."""

    shown: ShownChange
    before: ShownCitation | None
    after: ShownCitation | None


@dataclass(frozen=True)
class Side:
    """How one law stands to another: in words, with examples."""

    words: str
    tone: str
    only_here: Person | None
    only_there: Person | None


@dataclass(frozen=True)
class OtherLaw:
    """Another law beside today's and beside the draft."""

    law: str
    name: str
    before: Side
    after: Side

    @property
    def moves(self) -> bool:
        """Whether the draft stands otherwise to it than the law of today."""
        return self.before.words != self.after.words


class Shown:
    """A finished run in the reader's language. Needs `run.result`."""

    def __init__(self, run: SimulationRun, draft_text: str) -> None:
        self.run, self.draft_text = run, draft_text
        self.reform = run.reform
        self.result: Mapping[str, Any] = run.result or {}
        self.simulation: Mapping[str, Any] = self.result["simulation"]

    # --- The question and the totals

    @property
    def question(self) -> str:
        """The page's title."""
        return _("Who gains and who loses if this becomes law: \u201c%(title)s\u201d?") % {
            "title": self.reform.title
        }

    @property
    def synthetic(self) -> bool:
        """Whether the people do not exist."""
        return self.run.population == "synthetic"

    @property
    def total(self) -> Mapping[str, Any]:
        """The counts of everybody."""
        return self.simulation["total"]  # type: ignore[no-any-return]

    @property
    def totals(self) -> list[tuple[str, str, str]]:
        """Code, name and count of what stands first."""
        names = ("newly_qualify", "lose", "unchanged", "uncertain")
        return [
            (name, str(simulation_words.MEASURES[name]), self.words(self.total, name))
            for name in names
        ]

    @property
    def people(self) -> str:
        """How many there are."""
        return self.words(self.total, "people")

    @property
    def share(self) -> str:
        """Of how many the change is uncertain."""
        return simulation_words.share_words(self.total["uncertain_share"])

    @property
    def uncertain(self) -> bool:
        """Whether anything is."""
        return bool(self.total["uncertain"][1])

    @property
    def nobody(self) -> bool:
        """The reform changes the answer of nobody here."""
        return not (self.total["newly_qualify"][1] or self.total["lose"][1])

    @staticmethod
    def words(row: Mapping[str, Any], name: str) -> str:
        """A count of a group in words."""
        return simulation_words.range_words(row[name])

    # --- Groups

    @property
    def by(self) -> Sequence[str]:
        """By what groups are made."""
        return self.simulation["by"]  # type: ignore[no-any-return]

    @property
    def by_words(self) -> str:
        """The same in words."""
        return wording.joined(str(simulation_words.GROUPINGS.get(name, name)) for name in self.by)

    @property
    def head(self) -> list[str]:
        """The head of the table."""
        names = [str(simulation_words.MEASURES[name]) for name in COUNTED]
        return [self.by_words or _("Group"), *names, _("Uncertain, share")]

    @cached_property
    def rows(self) -> list[ShownRow]:
        """Every group; everybody last."""
        return [self._row(row) for row in (*self.simulation["rows"], self.total)]

    def _row(self, row: Mapping[str, Any]) -> ShownRow:
        return ShownRow(
            self.label(row),
            tuple(self.words(row, name) for name in COUNTED),
            simulation_words.share_words(row["uncertain_share"]),
        )

    def label(self, row: Mapping[str, Any]) -> str:
        """What a group is called."""
        if not row["groups"]:
            return _("Everybody")
        return simulation_words.group_words(self.by, row["groups"])

    @cached_property
    def chart(self) -> str:
        """The drawing; '' where there is nothing to draw."""
        return self.chart_in(1)

    def chart_in(self, columns: int) -> str:
        """The same drawing with so many columns side by side."""
        if self.nobody:
            return ""
        listed = [self.total, *self.simulation["rows"][:MOST_DRAWN]]
        groups = [
            simulation_chart.Group(
                self.label(row), tuple(self._bar(row, n) for n in ("newly_qualify", "lose"))
            )
            for row in listed
        ]
        return simulation_chart.drawn(
            groups,
            self.chart_says,
            mirrored=get_language_bidi(),
            columns=min(columns, len(groups)),
        )

    def _bar(self, row: Mapping[str, Any], name: str) -> simulation_chart.Bar:
        least, most = row[name]
        said = _("%(what)s: %(count)s") % {
            "what": simulation_words.MEASURES[name], "count": self.words(row, name),
        }  # fmt: skip
        kind = "gain" if name == "newly_qualify" else "loss"
        return simulation_chart.Bar(kind, least or 0, most or 0, said)

    @property
    def chart_says(self) -> str:
        """The drawing in words."""
        return _(
            "Of %(people)s people, %(newly)s newly qualify and %(lose)s lose; of %(share)s it is "
            "uncertain. The figures of every group stand in the table."
        ) % {
            "people": self.people,
            "newly": self.words(self.total, "newly_qualify"),
            "lose": self.words(self.total, "lose"),
            "share": self.share,
        }

    # --- What is not known

    @property
    def missing(self) -> list[str]:
        """Facts that no person's row holds, in words."""
        return [wording.fact_words(fact) for fact in self.simulation["missing"]]

    @property
    def unknown(self) -> list[tuple[str, str]]:
        """Facts that are known of some only: each with the share of whom it is not, most first."""
        shares: Mapping[str, float] = self.result["population"].get("unknown", {})
        return [
            (wording.fact_words(fact), simulation_words.share_words(share))
            for fact, share in sorted(shares.items(), key=lambda one: -one[1])
        ]

    @cached_property
    def unconfirmed(self) -> list[Said]:
        """Conditions whose content nobody could confirm."""
        titles: dict[str, Mapping[str, str]] = {}
        for pathway in filter(None, (self._present, self._draft)):
            for version in pathway.versions:
                for top in version.conditions:
                    titles |= {one.code: one.title for one in top.walk()}
        return [
            presenting.in_language(titles.get(code) or {"en": code.replace("_", " ")}, self._spoken)
            for code in self.simulation["unconfirmed"]
        ]

    @property
    def left_out(self) -> list[tuple[str, str]]:
        """Rows that were not used: why, and how many."""
        return [
            (why, simulation_words.people_words(n))
            for why, n in self.simulation["left_out"].items()
        ]

    # --- What changes in the law

    @property
    def _spoken(self) -> str:
        return wording.language()

    @cached_property
    def _law(self) -> PartnerLaw | None:
        try:
            return library().partner(self.reform.partner)
        except (BadLaw, LookupError):
            return None

    @cached_property
    def _checked(self) -> Checked | None:
        try:
            return drafting.check(self.reform.partner, self.reform.pathway, self.draft_text)
        except (BadLaw, LookupError):
            return None

    @property
    def _draft(self) -> Pathway | None:
        return self._checked.pathway if self._checked else None

    @property
    def _present(self) -> Pathway | None:
        return self._law.pathways.get(self.reform.pathway) if self._law else None

    @property
    def law_moved(self) -> bool:
        """The law in force is no longer the one that was compared."""
        now = law_files.digest_of_file(self.reform.partner, self.reform.pathway)
        return now != self.run.law_digest

    @cached_property
    def changes(self) -> list[SourcedChange]:
        """What the draft changes, with the place of each."""
        law, present, draft = self._law, self._present, self._draft
        old = present.on(self.run.on) if present else None
        new = draft.on(self.run.on) if draft else None
        if law is None or old is None or new is None:
            return []
        reading = Reading.of(law, self.run.on)
        shown = drafting.shown_changes(reading, old, reading, new)
        return [
            SourcedChange(one, _cited(reading, change.before), _cited(reading, change.after))
            for one, change in zip(shown, differences.changes(old, new), strict=True)
        ]

    @cached_property
    def golden(self) -> list[Tried]:
        """Golden cases of which the draft says something else."""
        if self._law is None or self._draft is None:
            return []
        found = trying.golden_against(self._law, self._draft, self.run.on)
        return [] if isinstance(found, BadLaw) else [one for one in found if one.changes]

    # --- Beside the other laws

    @cached_property
    def laws(self) -> list[OtherLaw]:
        """Every other law, EU law first."""
        found = [
            OtherLaw(
                one["law"],
                wording.law_name(one["law"]),
                self._side(one["before"], one["law"]),
                self._side(one["after"], one["law"]),
            )
            for one in self.result["laws"]
        ]
        order = {code: n for n, code in enumerate((law_files.YARDSTICK, *law_files.PARTNERS))}
        return sorted(found, key=lambda other: order.get(other.law, len(order)))

    def _side(self, told: Mapping[str, Any], other: str) -> Side:
        relation = told["relation"]
        return Side(
            str(side_by_side.RELATIONS[relation]),
            _RELATION_TONES.get(relation, "quiet"),
            self._person(told.get("only_here"), other),
            self._person(told.get("only_there"), self.reform.partner),
        )

    def _person(self, example: Mapping[str, Any] | None, closed: str) -> Person | None:
        if example is None or self._law is None:
            return None
        vocabulary = self._law.catalogue.vocabulary
        facts = {
            code: value for code, value in example["facts"].items() if code in vocabulary.facts
        }
        titles = self._titles(closed)
        fails = tuple(
            presenting.in_language(titles[code], self._spoken)
            for code in example["fails"]
            if code in titles
        )
        return Person(trying.fact_lines(vocabulary, facts), fails)

    def _titles(self, law: str) -> Mapping[str, Mapping[str, str]]:
        if law == self.reform.partner:
            pathways = [self._present, self._draft]
        else:
            try:
                pathways = [library().partner(law).pathways.get(self.reform.pathway)]
            except (BadLaw, LookupError):
                pathways = []
        return {
            one.code: one.title
            for pathway in pathways
            if pathway is not None
            for version in pathway.versions
            for top in version.conditions
            for one in top.walk()
        }

    # --- Where it comes from (R5)

    @property
    def sources(self) -> list[Mapping[str, str]]:
        """The sources of the population's margins."""
        return self.result["population"].get("sources", [])  # type: ignore[no-any-return]

    @property
    def protected(self) -> Mapping[str, Any] | None:
        """What the protection of real people says of itself."""
        return self.simulation["protected"]  # type: ignore[no-any-return]

    @property
    def counted_on(self) -> date | None:
        """The day whose protected counts it stands on."""
        return date.fromisoformat(self.protected["counted_on"]) if self.protected else None

    @property
    def margin(self) -> int:
        """How far a protected count can lie from the true one."""
        return int(self.protected["rounded_to"]) - 1 if self.protected else 0

    @cached_property
    def made_from(self) -> list[tuple[str, str]]:
        """Everything that would have to be the same for the same result: name and value."""
        return list(self._made_from())

    def _made_from(self) -> Iterator[tuple[str, str]]:
        run, result = self.run, self.result
        before, after = result["before"], result["after"]
        yield _("The law on"), date_format(run.on)
        yield _("Law in force, version"), before["version"] or _("none")
        yield _("Law in force, digest"), before["digest"] or "\u2013"
        yield _("Draft"), f"{self.reform.code}, {run.version}"
        yield _("Draft, digest"), after["digest"]
        population = result["population"]
        yield _("People"), str(simulation_words.POPULATIONS.get(run.population, run.population))
        yield _("Of which partner"), wording.law_name(run.partner)
        if self.synthetic:
            yield _("How many"), simulation_words.people_words(run.people)
            yield _("Seed"), str(run.seed)
            made = f"{population.get('version', '')} {population.get('file', '')}".strip()
            yield _("Population, version and digest"), made
        if self.counted_on:
            yield _("Counted on"), date_format(self.counted_on)
        yield _("Made with"), f"Mostovi {result['made_with']}"

    @property
    def reviewed(self) -> bool:
        """Whether a lawyer signed off both laws."""
        return bool(self.simulation["signed_off"])


def _cited(reading: Reading, entry: Any) -> ShownCitation | None:
    citation = getattr(entry, "citation", None)
    return presenting.cited(reading, citation) if citation is not None else None
