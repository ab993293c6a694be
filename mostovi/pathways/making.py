# SPDX-License-Identifier: EUPL-1.2
"""A synthetic population: margins of sources met to one person, everything else a stated proposal.

`content/law/population.yaml` says how many persons of which situation, sex, age and origin sources
count at a partner, and what is proposed for all other facts. What a source leaves open stays
empty (NULL) here: nobody is given an age because one was convenient. Nobody in it exists.

The file is written in parts, so that its size has no bound. The same seed, size and law files give
the same people. Numpy and PyArrow are imported when they are needed.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from typing import Any as Anything

import yaml

from mostovi.content import CONTENT
from mostovi.pathways.facts import FactKind, Vocabulary

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

FILE: Final = CONTENT / "law" / "population.yaml"
CHUNK: Final = 100_000
"""Persons that are made at once."""
SEXES: Final = ("female", "male")
UNKNOWN: Final = "unknown"
MOST_PEOPLE: Final = 1_000_000_000


class CannotMake(ValueError):
    """No such population can be made; the text says why and what can."""


@dataclass(frozen=True)
class Cell:
    """Persons whom a source counts together; None: it does not say."""

    situation: str
    sex: str | None
    band: str | None
    origin: str | None


@dataclass(frozen=True)
class Margins:
    """Counts of one partner, and the sources they come from (by code)."""

    partner: str
    counts: Mapping[Cell, Fraction]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Made:
    """What was written: people, by situation, and from which sources."""

    partner: str
    people: int
    seed: int
    by_situation: Mapping[str, int]
    sources: Mapping[str, Mapping[str, Anything]]


@lru_cache(maxsize=1)
def plan() -> Mapping[str, Anything]:
    """The content of population.yaml."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = FILE.read_text(encoding="utf-8")
    read: Mapping[str, Anything] = yaml.load(text, loader)  # noqa: S506  (both are safe loaders)
    return read


def partners() -> tuple[str, ...]:
    """Whose population can be made."""
    return tuple(plan()["partners"])


def situations(partner: str) -> tuple[str, ...]:
    """The situations that sources count at a partner. Raises `CannotMake`."""
    return tuple(_of_partner(partner))


def _of_partner(partner: str) -> Mapping[str, Anything]:
    known = plan()["partners"]
    if partner not in known:
        raise CannotMake(f"there are no margins for '{partner}'; there are {', '.join(known)}")
    found: Mapping[str, Anything] = known[partner]
    return found


def margins(partner: str, chosen: Sequence[str] = ()) -> Margins:
    """The counts of the sources, split where they meet: origins are taken evenly over sex and age.

    chosen: only these situations. Raises `CannotMake`.
    """
    entries = _of_partner(partner)
    for situation in chosen:
        if situation not in entries:
            raise CannotMake(
                f"no source counts '{situation}' at {partner}; there are {', '.join(entries)}"
            )
    proposed = plan()["ages_where_source_has_none"]
    counts: dict[Cell, Fraction] = {}
    for situation, entry in entries.items():
        if chosen and situation not in chosen:
            continue
        persons: list[tuple[str | None, str | None, Fraction]] = [
            (None, None, Fraction(entry["sex_and_age_unknown"]))
        ]
        for sex in SEXES:
            for band, count in entry[sex].items():
                if band == UNKNOWN and situation in proposed:
                    persons += _shared_out(sex, count, proposed[situation])
                else:
                    persons.append((sex, None if band == UNKNOWN else band, Fraction(count)))
        origins = entry.get("citizenship") or entry["born_in"]
        all_origins = sum(origins.values())
        for (sex_, band_, count_), (origin, share) in itertools.product(persons, origins.items()):
            if count_:
                cell = Cell(situation, sex_, band_, None if origin == UNKNOWN else origin)
                counts[cell] = counts.get(cell, Fraction(0)) + count_ * share / all_origins
    used = tuple(dict.fromkeys(entries[cell.situation]["source"] for cell in counts))
    return Margins(partner, counts, used)


def _shared_out(
    sex: str, count: int, shares: Mapping[str, float]
) -> Iterator[tuple[str, str, Fraction]]:
    total = sum(Fraction(str(share)) for share in shares.values())
    for band, share in shares.items():
        yield sex, band, count * Fraction(str(share)) / total


def allotted(counts: Mapping[Cell, Fraction], people: int) -> dict[Cell, int]:
    """Whole persons in the same proportions, adding up to `people`: cumulated and rounded.

    Every run of cells in their order, and so each situation, sex within it, and age within that,
    is met to one person.
    """
    total = sum(counts.values())
    found: dict[Cell, int] = {}
    so_far, given = Fraction(0), 0
    for cell, count in counts.items():
        so_far += count
        upto = math.floor(so_far * people / total + Fraction(1, 2))
        if upto > given:
            found[cell] = upto - given
            given = upto
    return found


def write(
    partner: str,
    people: int,
    seed: int,
    out: Path,
    vocabulary: Vocabulary,
    *,
    chosen: Sequence[str] = (),
    progress: Callable[[int], None] | None = None,
) -> Made:
    """Make a population and write it to a Parquet file. Raises `CannotMake`, `OSError`.

    progress is told how many people have been written. An existing file is only replaced once the
    new one is whole.
    """
    import pyarrow.parquet as pq

    if not 1 <= people <= MOST_PEOPLE:
        raise CannotMake(f"the number of people must lie between 1 and {MOST_PEOPLE:,}")
    found = margins(partner, chosen)
    if not found.counts:
        raise CannotMake(f"the sources count nobody at {partner}")
    maker = _Maker(partner, allotted(found.counts, people), people, seed, vocabulary)
    part = out.with_name(f".{out.name}.part")
    try:
        writer = None
        for start in range(0, people, CHUNK):
            batch = maker.batch(start, min(CHUNK, people - start))
            if writer is None:
                writer = pq.ParquetWriter(part, batch.schema, compression="zstd")
            writer.write_batch(batch)
            if progress is not None:
                progress(min(start + CHUNK, people))
        if writer is not None:
            writer.close()
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    by_situation: dict[str, int] = {}
    for cell, count in maker.cells.items():
        by_situation[cell.situation] = by_situation.get(cell.situation, 0) + count
    sources = {code: plan()["sources"][code] for code in found.sources}
    return Made(partner, people, seed, by_situation, sources)


@dataclass
class _Column:
    """Values of a chunk with where they are known. words: what the numbers stand for."""

    values: np.ndarray[Anything, Anything]
    known: np.ndarray[Anything, Anything]
    words: tuple[Anything, ...] | None = None

    def arrow(self, kind: FactKind | None, decimals: bool) -> pa.Array:
        import numpy as np
        import pyarrow as pa

        if kind is FactKind.YES_NO:
            yes = np.array([word is True for word in self.words or ()], dtype=bool)
            values = yes[self.values] if len(yes) else np.zeros(len(self.values), dtype=bool)
            return pa.array(values, mask=~self.known)
        if self.words is not None:
            indices = pa.array(self.values.astype("int32"), mask=~self.known)
            return pa.DictionaryArray.from_arrays(indices, pa.array(self.words, pa.string())).cast(
                pa.string()
            )
        kept = self.values if decimals else self.values.astype("int32")
        return pa.array(kept, mask=~self.known)


class _Maker:
    """Makes any stretch of the population."""

    def __init__(
        self,
        partner: str,
        cells: Mapping[Cell, int],
        people: int,
        seed: int,
        vocabulary: Vocabulary,
    ) -> None:
        import numpy as np

        self.partner, self.cells, self.people = partner, cells, people
        self.vocabulary = vocabulary
        self.seed = int.from_bytes(hashlib.sha256(f"{seed}:{partner}".encode()).digest()[:8], "big")
        self.ends = np.cumsum(np.array(list(cells.values()), dtype=np.int64))
        # A walk over all numbers below `people` in steps without common divisor: everybody once,
        # the order mixed, and no list of all of them in memory.
        step = max(1, int(people * 0.6180339887) + self.seed % max(1, people // 7 + 1))
        while math.gcd(step, people) != 1:
            step += 1
        self.step = step % people or 1
        self.first = self.seed % people
        self.bands = {name: tuple(ends) for name, ends in plan()["bands"].items()}

    def batch(self, start: int, size: int) -> pa.RecordBatch:
        """The people from number `start` on."""
        import numpy as np
        import pyarrow as pa

        random = np.random.default_rng([self.seed, start])
        columns = self.drawn(start, size, random)
        for fact, clauses in plan()["proposals"].items():
            columns[fact] = self.proposed(clauses, columns, size, random)
        columns["vulnerability"] = self.vulnerability(columns, size)
        arrays = {"partner": pa.array(np.full(size, self.partner))}
        for name, column in columns.items():
            fact = self.vocabulary.facts.get(name)
            arrays[name] = column.arrow(fact.kind if fact else None, bool(fact and fact.decimals))
        return pa.record_batch(arrays)

    def drawn(self, start: int, size: int, random: np.random.Generator) -> dict[str, _Column]:
        """What the margins say: situation, sex, age group, age, citizenship."""
        import numpy as np

        numbers = np.arange(start, start + size, dtype=object if self.people > 2**31 else np.int64)
        places = ((numbers * self.step + self.first) % self.people).astype(np.int64)
        cell = np.searchsorted(self.ends, places, side="right")
        listed = list(self.cells)

        def words(of: Callable[[Cell], str | None]) -> _Column:
            names = tuple(dict.fromkeys(name for c in listed if (name := of(c)) is not None))
            codes = np.array([-1 if of(c) is None else names.index(of(c) or "") for c in listed])
            values = codes[cell]
            return _Column(np.maximum(values, 0), values >= 0, names or ("",))

        low = np.array([self.bands[c.band][0] if c.band else 0 for c in listed])[cell]
        high = np.array([self.bands[c.band][1] if c.band else 0 for c in listed])[cell]
        band = words(lambda c: c.band)
        age = low + np.floor(random.random(size) * (high - low + 1)).astype(np.int64)
        return {
            "situation": words(lambda c: c.situation),
            "sex": words(lambda c: c.sex),
            "age_group": band,
            "age": _Column(age, band.known),
            "citizenship": words(lambda c: c.origin),
        }

    def proposed(
        self,
        clauses: Sequence[Mapping[str, Anything]],
        columns: Mapping[str, _Column],
        size: int,
        random: np.random.Generator,
    ) -> _Column:
        """One fact for everybody: the first clause whose `when` is met counts."""
        import numpy as np

        words = tuple(
            dict.fromkeys(word for c in clauses for word in c.get("shares", {}) if word != UNKNOWN)
        )
        numbers = any("between" in clause for clause in clauses)
        values = np.zeros(size, dtype=np.float64 if numbers else np.int64)
        known = np.zeros(size, dtype=bool)
        left = np.ones(size, dtype=bool)
        draws = random.random(size)
        for clause in clauses:
            met = left & _met(clause.get("when", {}), columns, size)
            left &= ~met
            if "between" in clause:
                drawn, sure = _numbers(clause, columns, draws, random.random(size))
            else:
                drawn, sure = _words(clause["shares"], words, draws)
            values[met], known[met] = drawn[met], sure[met]
        return _Column(values, known, None if numbers else words)

    def vulnerability(self, columns: Mapping[str, _Column], size: int) -> _Column:
        import numpy as np

        entries = plan()["vulnerability"]
        words = ("none", *dict.fromkeys(entry["code"] for entry in entries))
        values = np.zeros(size, dtype=np.int64)
        left = np.ones(size, dtype=bool)
        everything = np.ones(size, dtype=bool)
        for entry in entries:
            met = left & _met(entry["when"], columns, size)
            values[met] = words.index(entry["code"])
            left &= ~met
            for fact in entry["when"]:
                everything &= columns[fact].known
        return _Column(values, ~left | everything, words)


def _met(when: Mapping[str, Anything], columns: Mapping[str, _Column], size: int) -> Anything:
    """Where all of `when` holds; an unknown value meets nothing."""
    import numpy as np

    met = np.ones(size, dtype=bool)
    for name, wanted in when.items():
        column = columns[name]
        met &= column.known
        if isinstance(wanted, Mapping):
            met &= column.values >= wanted.get("at_least", -math.inf)
            met &= column.values <= wanted.get("at_most", math.inf)
        else:
            chosen = wanted if isinstance(wanted, list) else [wanted]
            codes = [n for n, word in enumerate(column.words or ()) if word in chosen]
            met &= np.isin(column.values, codes)
    return met


def _words(
    shares: Mapping[Anything, float], words: Sequence[Anything], draws: Anything
) -> tuple[Anything, Anything]:
    import numpy as np

    ends = np.cumsum(np.array(list(shares.values()), dtype=np.float64))
    place = np.searchsorted(ends, draws * ends[-1], side="right")
    codes = np.array([-1 if word == UNKNOWN else words.index(word) for word in shares])
    found = codes[np.minimum(place, len(codes) - 1)]
    return np.maximum(found, 0), found >= 0


def _numbers(
    clause: Mapping[str, Anything],
    columns: Mapping[str, _Column],
    draws: Anything,
    more_draws: Anything,
) -> tuple[Anything, Anything]:
    import numpy as np

    low, high = clause["between"]
    whole = isinstance(low, int) and isinstance(high, int)
    if whole:
        values = low + np.floor(draws * (high - low + 1))
    else:
        values = np.round(low + draws * (high - low), 2)
    known = more_draws * 100 >= clause.get("unknown", 0)
    if "plus" in clause:
        other = columns[clause["plus"]]
        values, known = values + other.values, known & other.known
    if "within" in clause:
        other = columns[clause["within"]]
        values = np.minimum(values, np.maximum(other.values - clause.get("less", 0), 0))
        known = known & other.known
    return values, known
