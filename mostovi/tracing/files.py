# SPDX-License-Identifier: EUPL-1.2
"""Files of records to be matched: CSV or Parquet in, scored pairs out.

Nothing is guessed about a column that is not known, and a row that cannot be read is named with
its number and column; nothing is written then.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from mostovi.tracing import dates, scripts
from mostovi.tracing.records import Born, Identity, Relative, Sex, WrittenName

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "unique_id", "record_id"),
    "name": ("name", "full_name"),
    "given_name": ("given_name", "first_name", "given"),
    "family_name": ("family_name", "surname", "last_name", "family"),
    "sex": ("sex", "gender"),
    "birth": ("birth", "birth_date", "date_of_birth", "dob", "year_of_birth"),
    "place": ("place", "birth_place", "place_of_birth", "place_of_origin"),
    "other_place": ("other_place", "last_place", "place_last_seen"),
    "mother": ("mother", "mother_name", "mothers_name"),
    "father": ("father", "father_name", "fathers_name"),
}
"""Column, and the headings by which it is known (small letters; spaces count as _)."""
_SEX: Final[Mapping[str, Sex]] = {
    "": Sex.UNKNOWN, "unknown": Sex.UNKNOWN, "other": Sex.OTHER, "x": Sex.OTHER,
    "f": Sex.FEMALE, "female": Sex.FEMALE, "w": Sex.FEMALE, "woman": Sex.FEMALE,
    "girl": Sex.FEMALE, "m": Sex.MALE, "male": Sex.MALE, "man": Sex.MALE, "boy": Sex.MALE,
    "1": Sex.MALE, "2": Sex.FEMALE,
}  # fmt: skip
MOST_PROBLEMS: Final = 20
"""Shown; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one value. `row` counts from 1 and includes the heading, as editors do."""

    file: str
    row: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}, column {self.column}: {self.text}"


class BadFile(ValueError):
    """The file cannot be matched. `problems` names rows and columns; some may be left out."""

    def __init__(self, message: str, problems: Sequence[Problem] = (), left_out: int = 0) -> None:
        lines = [message, *map(str, problems)]
        if left_out:
            lines.append(f"... and {left_out} more.")
        super().__init__("\n".join(lines))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Source:
    """One file whose headings were understood."""

    path: Path
    headings: Mapping[str, str]
    """Our column -> the heading in the file."""

    @property
    def people(self) -> tuple[str, ...]:
        """Whose names the file holds."""
        return ("name", *(who for who in ("mother", "father") if who in self.headings))

    def rows(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Row number and values by our columns, one row at a time."""
        for number, row in _rows(self.path):
            yield (
                number,
                {
                    column: "" if row.get(heading) is None else str(row[heading])
                    for column, heading in self.headings.items()
                },
            )


def open_source(path: Path) -> Source:
    """The file with its headings. Raises `BadFile` when no name can be found in it."""
    headings = _headings(path)
    known: dict[str, str] = {}
    for heading in headings:
        plain = heading.strip().lower().replace(" ", "_").lstrip("\ufeff")
        for column, names in COLUMNS.items():
            if plain in names:
                if column in known:
                    raise BadFile(
                        f"{path.name}: the columns {known[column]} and {heading} "
                        f"both hold {column}."
                    )
                known[column] = heading
    if "name" not in known and "given_name" not in known and "family_name" not in known:
        raise BadFile(
            f"{path.name}: no column holds a name. Call it name, or given_name and family_name. "
            f"Columns found: {', '.join(headings) or 'none'}."
        )
    return Source(path, known)


def _headings(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        import pyarrow.parquet

        try:
            return list(pyarrow.parquet.read_schema(path).names)
        except (OSError, pyarrow.ArrowInvalid) as error:
            if isinstance(error, FileNotFoundError):
                raise
            raise BadFile(f"{path.name} is not a Parquet file.") from error
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file, dialect=_dialect(path)), [])
    except UnicodeDecodeError as error:
        raise BadFile(f"{path.name} is not in UTF-8; save it as CSV UTF-8.") from error


def _dialect(path: Path) -> type[csv.Dialect]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()

    class Found(csv.excel):
        delimiter = max(",;\t", key=first.count)

    return Found


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if path.suffix == ".parquet":
        import pyarrow.parquet

        number = 1
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(batch_size=10_000):
            for row in batch.to_pylist():
                number += 1
                yield number, row
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.DictReader(file, dialect=_dialect(path)), 2):
                if None in row:
                    raise BadFile(f"{path.name}, row {number}: more values than columns.")
                yield number, row
    except UnicodeDecodeError as error:
        raise BadFile(f"{path.name} is not in UTF-8; save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise BadFile(f"{path.name}: {error}.") from error


def identity(values: Mapping[str, str], *, today: date) -> tuple[Identity, list[tuple[str, str]]]:
    """One row as a record, and what is wrong with it: column and words. Empty is not known."""
    wrong: list[tuple[str, str]] = []
    name = values.get("name", "").strip()
    if not name:
        parts = (values.get("given_name", "").strip(), values.get("family_name", "").strip())
        name = " ".join(part for part in parts if part)
    column = "name" if "name" in values else "given_name"
    try:
        scripts.clean(name)
    except scripts.UnreadableName as error:
        wrong.append((column, str(error)))
    birth = Born()
    try:
        birth = dates.read_birth(values.get("birth", ""), today=today)
    except dates.ImpossibleDate as error:
        wrong.append(("birth", str(error)))
    sex = _SEX.get(values.get("sex", "").strip().lower())
    if sex is None:
        wrong.append(("sex", f"“{values['sex']}” is not female, male, other or empty."))
    found = [values.get(key, "").strip() for key in ("place", "other_place")]
    relatives = []
    for who in ("mother", "father"):
        text = values.get(who, "").strip()
        if not text:
            continue
        try:
            scripts.clean(text)
            relatives.append(Relative(who, Identity((WrittenName(text),))))
        except scripts.UnreadableName as error:
            wrong.append((who, str(error)))
    person = Identity(
        (WrittenName(name),),
        sex or Sex.UNKNOWN,
        birth,
        tuple(place for place in found if place),
        tuple(relatives),
    )
    return person, wrong


@dataclass
class Reading:
    """Reads a source into records and gathers what is wrong."""

    source: Source
    today: date
    skip_bad: bool = False
    read: int = 0
    bad: int = 0

    def __post_init__(self) -> None:
        self.problems: list[Problem] = []

    def records(self) -> Iterator[tuple[str, Identity]]:
        """Identifier and record of every row that can be read. Finish with `finish`."""
        for number, values in self.source.rows():
            person, wrong = identity(values, today=self.today)
            self.read += 1
            if wrong:
                self.note(number, wrong)
                continue
            yield values.get("id") or str(number), person

    def note(self, number: int, wrong: Sequence[tuple[str, str]]) -> None:
        """Remember what is wrong with a row."""
        self.bad += 1
        for column, text in wrong:
            heading = self.source.headings.get(column, column)
            if len(self.problems) < MOST_PROBLEMS:
                self.problems.append(Problem(self.source.path.name, number, heading, text))

    def finish(self) -> None:
        """Raises `BadFile` when a row could not be read and bad rows are not to be skipped."""
        if self.bad and not self.skip_bad:
            left_out = self.bad - len({problem.row for problem in self.problems})
            raise BadFile(
                f"{self.source.path.name}: {self.bad} of {self.read} rows cannot be read. "
                "Correct them, or leave them out with --skip-bad-rows.",
                self.problems,
                max(0, left_out),
            )
        if not self.read:
            raise BadFile(f"{self.source.path.name} holds no rows.")


def chunks(
    rows: Iterator[tuple[int, Mapping[str, str]]], size: int
) -> Iterator[list[tuple[int, Mapping[str, str]]]]:
    """Rows in lists of at most `size`."""
    while chunk := list(itertools.islice(rows, size)):
        yield chunk
