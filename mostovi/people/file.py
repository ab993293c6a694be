# SPDX-License-Identifier: EUPL-1.2
"""A person's file, opened: what pages, exports and other packages read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from mostovi.people import ages
from mostovi.people.birth import AgeAnswer, Birth, treated_as_child
from mostovi.people.models import Conflict, Person
from mostovi.people.names import PersonName, best_first

Values = dict[str, Any]


def romanised(name: PersonName | None, recorded: Sequence[PersonName]) -> str:
    """`name` in Latin letters for those who cannot read its script.

    A recorded Latin spelling comes before our own reading: Arabic script leaves vowels out.
    """
    if name is None or name.script == "Latn":
        return ""
    latin = next((other.written for other in recorded if other.script == "Latn"), "")
    return latin or name.romanised


@dataclass(frozen=True)
class Row:
    """One row of a list: its field name (`contact.<uuid>`), value and version."""

    field: str
    value: Values
    version: int

    @property
    def id(self) -> str:
        """The row's number, as text."""
        return self.field.partition(".")[2]


@dataclass(frozen=True)
class NameRow(Row):
    """A name with its parsed form."""

    @property
    def name(self) -> PersonName:
        """The name."""
        return PersonName.from_json(self.value)


@dataclass(frozen=True)
class OpenConflict:
    """Two values of one field, waiting for somebody to choose."""

    row: Conflict
    kept: Any
    kept_author: str
    kept_at: datetime
    other: Any


@dataclass(frozen=True)
class Glance:
    """A person at a glance, for lists and headings. Erased persons have no name."""

    code: str
    name: PersonName | None
    birth: Birth
    sex: str
    synthetic: bool = False
    erased: bool = False
    names: Sequence[PersonName] = ()

    @property
    def written(self) -> str:
        """The name in its own script, or the code."""
        return self.name.written if self.name else self.code

    @property
    def romanised(self) -> str:
        """The name in Latin letters; empty when it is in Latin letters already."""
        return romanised(self.name, self.names)


@dataclass(frozen=True)
class PersonFile:
    """Everything held in `people` about one person, decrypted. Never kept beyond one request."""

    person: Person
    single: Values
    names: list[NameRow]
    contacts: list[Row]
    family: list[Row]
    versions: Mapping[str, int]
    conflicts: list[OpenConflict] = field(default_factory=list)
    family_codes: Mapping[str, UUID] = field(default_factory=dict)

    @property
    def birth(self) -> Birth:
        """Date of birth; unknown when never recorded."""
        return Birth.from_json(self.single.get("birth"))

    def is_child(self, today: date) -> bool:
        """Whether the person counts as a child (R7)."""
        return self.age_answer(today).is_child

    def age_answer(self, today: date) -> AgeAnswer:
        """Whether the person counts as a child, with the reason and its source (R7)."""
        return treated_as_child(self.birth, ages.findings_of(self.person), today)

    @property
    def main_name(self) -> PersonName | None:
        """The name to show first."""
        listed = best_first([row.name for row in self.names])
        return listed[0] if listed else None

    @property
    def romanised(self) -> str:
        """The main name in Latin letters; empty when it is in Latin letters already."""
        return romanised(self.main_name, [row.name for row in self.names])

    @property
    def other_names(self) -> list[PersonName]:
        """All names but the first."""
        return best_first([row.name for row in self.names])[1:]

    @property
    def language(self) -> str:
        """The language the person prefers, or an empty text."""
        languages = self.single.get("languages") or []
        return str(languages[0]) if languages else ""

    @property
    def glance(self) -> Glance:
        """The short form."""
        return Glance(
            code=self.person.code,
            name=self.main_name,
            birth=self.birth,
            sex=self.single.get("sex") or "not_asked",
            synthetic=self.person.synthetic,
            erased=self.person.erased_at is not None,
            names=[row.name for row in self.names],
        )

    def value(self, name: str) -> Any:
        """The value of a field by its name, None when empty."""
        rows = {row.field: row.value for row in (*self.names, *self.contacts, *self.family)}
        return rows.get(name, self.single.get(name))

    def version(self, name: str) -> int:
        """The version of a field, 0 when it was never filled."""
        return self.versions.get(name, 0)
