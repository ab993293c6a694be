# SPDX-License-Identifier: EUPL-1.2
"""A published table: what every format is written from.

The cells are an Arrow table with, in this order

    period       string   as in `cubing`
    <dimension>  string   one column for each of `spec.names`; `_T` is the total, `UNK` not known
    value        int64    what is published; null where it is hidden

A table with a column `count` or `key` holds counts before protection and is refused: these writers
write nothing that has not gone through disclosure control (R11).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.specs import Spec
from mostovi.statistics.tables import Text, in_language
from mostovi.statistics.translations import languages, merged

if TYPE_CHECKING:
    import pyarrow as pa

VALUE: Final = "value"
Words = Text | str
TOTAL_LABEL: Text = {
    "en": "Total", "sq": "Gjithsej", "bs": "Ukupno", "sr": "Укупно", "mk": "Вкупно",
    "ar": "المجموع",
}  # fmt: skip
HIDDEN_LABEL: Text = {
    "en": "hidden", "sq": "e fshehur", "bs": "skriveno", "sr": "сакривено", "mk": "скриено",
    "ar": "مخفي",
}  # fmt: skip


class NotProtected(ValueError):
    """Cells that have not gone through disclosure control."""


@dataclass(frozen=True)
class Publication:
    """A table of published cells and all that a reader must know about it.

    protection: how the cells were protected, in words. prepared: when the file's content was made.
    Words are English, or by language; `says` finds the language asked for.
    Raises `NotProtected` for counts before protection, `ValueError` for columns out of place.
    """

    spec: Spec
    cells: pa.Table
    protection: Words
    prepared: datetime
    version: str = "1.0"
    source: str = ""
    publisher: str = "MOSTOVI"
    notes: tuple[Words, ...] = field(default=())

    def __post_init__(self) -> None:
        names = self.cells.column_names
        if "count" in names or "key" in names:
            raise NotProtected(f"Table {self.spec.code} holds counts before protection.")
        wanted = ["period", *self.spec.names, VALUE]
        if names != wanted:
            raise ValueError(f"Table {self.spec.code}: the columns are {names}, not {wanted}.")

    def codes_of(self, name: str) -> list[str]:
        """The codes of a dimension that occur or are in its list, the total last."""
        dimension = next(d for d in self.spec.dimensions if d.code == name)
        occurring = set(self.cells.column(name).unique().to_pylist())
        own = [code.code for code in dimension.codes]
        return [*own, *sorted(occurring - set(own) - {TOTAL}), TOTAL]

    def text_of(self, name: str, code: str) -> Text:
        """The label of a dimension's code, by language."""
        if code == TOTAL:
            return TOTAL_LABEL
        dimension = next(d for d in self.spec.dimensions if d.code == name)
        return dimension.label_of(code)

    def label(self, name: str, code: str, language: str = "en") -> str:
        """The label of a dimension's code in one language."""
        return in_language(self.text_of(name, code), language)

    def says(self, words: Words, language: str) -> str:
        """`words` in a language, else in English."""
        return in_language(merged(words), language)

    @property
    def description(self) -> Text:
        """Definition, protection, footnotes and notes in one text, in every language."""
        parts = (self.spec.definition, self.protection, *self.spec.footnotes, *self.notes)
        return {
            language: " ".join(self.says(part, language) for part in parts)
            for language in languages()
        }

    @property
    def periods(self) -> list[str]:
        """The periods that occur, in order."""
        return sorted(str(period) for period in self.cells.column("period").unique().to_pylist())

    @property
    def hidden(self) -> int:
        """How many cells are hidden."""
        return int(self.cells.column(VALUE).null_count)
