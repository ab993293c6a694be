# SPDX-License-Identifier: EUPL-1.2
"""A population held in memory, one bit a person: the same rules again, for trying many variants.

A fact of yes or no is two planes of bits (surely true, possibly true); a choice has them for each
of its values; a test of a number makes them when it is first asked. "All" of two unknown-aware
answers is then `&` of the planes, "any" is `|`, 64 people at a time: Kleene's tables, since each
plane by itself is a true-or-false answer and no negation is left above the tests (Kleene's "not"
swaps the planes and inverts them). Whoever changes a number of a draft reads no file again.

One person is told by `evaluating`, a file larger than memory is asked by `population`; the tests
hold all three against each other. Needs no weights (a bit is one person). Numpy and PyArrow are
imported when they are needed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple
from typing import Any as Anything

from mostovi.pathways.certainty import UNCONFIRMED, Bounds, Plain, Together
from mostovi.pathways.evaluating import COMPARE
from mostovi.pathways.expressions import (
    All,
    AtLeast,
    Comparison,
    Constant,
    Expression,
    Not,
    OtherFact,
    Test,
)
from mostovi.pathways.facts import FactKind, Vocabulary

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mostovi.pathways.population import Prepared

    Bits = np.ndarray[Anything, np.dtype[np.uint64]]

BATCH: Final = 1 << 17
"""People that are read at once; a multiple of 64."""
MOST_TESTS_KEPT: Final = 512


class Answer(NamedTuple):
    """Planes of one expression: surely true, possibly true."""

    sure: Bits
    possible: Bits


class Counts(NamedTuple):
    """How many people a rule holds for, for how many it is unknown, for how many it does not."""

    true: int
    unknown: int
    false: int


@dataclass
class Planes:
    """People in memory; made by `load`. The attributes are those of `population.Prepared`."""

    people: int
    facts: frozenset[str]
    groupings: tuple[str, ...]
    ignored: tuple[str, ...]
    on: date
    left_out: Mapping[str, int]
    yes_no: Mapping[str, Answer]
    words: Mapping[str, Mapping[str, Bits]]
    known: Mapping[str, Bits]
    numbers: Mapping[str, Anything]
    groups: Mapping[str, Mapping[str, Bits]]
    everybody: Bits
    weighted: bool = False
    _tests: dict[Test, Answer] = field(default_factory=dict, repr=False)
    _parts: dict[int, tuple[Planes, ...]] = field(default_factory=dict, repr=False)

    def problems(self) -> Mapping[str, int]:
        """Rows that were left out, by problem."""
        return self.left_out

    def missing(self, expressions: Sequence[Expression]) -> tuple[str, ...]:
        """Facts that the expressions test and nobody's row holds."""
        from mostovi.pathways.expressions import facts_of

        asked = {fact for expression in expressions for fact in facts_of(expression)}
        return tuple(
            sorted(f for f in asked if f not in self.facts and not f.startswith(UNCONFIRMED))
        )

    def count(self, plane: Bits) -> int:
        """How many people a plane holds."""
        import numpy as np

        return int(np.bitwise_count(plane & self.everybody).sum())

    def counts(self, expression: Expression) -> Counts:
        """True, unknown and false of everybody."""
        sure, possible = self.answer(expression)
        true, hoped = self.count(sure), self.count(possible)
        return Counts(true, hoped - true, self.people - hoped)

    def counts_of(
        self, expressions: Sequence[Expression], threads: int | None = None
    ) -> list[Counts]:
        """`counts` of many rules, the people shared out among processors."""
        parts = self.parts(threads or os.cpu_count() or 1)

        def asked(part: Planes) -> list[Counts]:
            return [part.counts(expression) for expression in expressions]

        with ThreadPoolExecutor(len(parts)) as pool:
            found = list(pool.map(asked, parts))
        return [Counts(*map(sum, zip(*each, strict=True))) for each in zip(*found, strict=True)]

    def parts(self, number: int) -> tuple[Planes, ...]:
        """The same people in so many parts, without a copy."""
        if number not in self._parts:
            words = len(self.everybody)
            edges = [words * place // number for place in range(number + 1)]
            self._parts[number] = tuple(
                self.part(start, end) for start, end in pairwise(edges) if end > start
            ) or (self,)
        return self._parts[number]

    def part(self, start: int, end: int) -> Planes:
        """The people of the words from `start` up to `end`."""

        def cut(planes: Mapping[str, Bits]) -> dict[str, Bits]:
            return {name: plane[start:end] for name, plane in planes.items()}

        return replace(
            self,
            people=min(end * 64, self.people) - start * 64,
            yes_no={
                name: Answer(answer.sure[start:end], answer.possible[start:end])
                for name, answer in self.yes_no.items()
            },
            words={name: cut(planes) for name, planes in self.words.items()},
            known=cut(self.known),
            numbers={name: held[start * 64 : end * 64] for name, held in self.numbers.items()},
            groups={name: cut(planes) for name, planes in self.groups.items()},
            everybody=self.everybody[start:end],
            _tests={},
            _parts={},
        )

    def forget(self) -> None:
        """Drop what was made for tests that were asked."""
        for planes in (self, *(part for parts in self._parts.values() for part in parts)):
            planes._tests.clear()

    def answer(self, expression: Expression, *, holds: bool = True) -> Answer:
        """The planes of the expression, or of its negation. They must not be changed."""
        if isinstance(expression, Test):
            found = self.test(expression)
            return found if holds else self.negation(found)
        if isinstance(expression, Not):
            return self.answer(expression.part, holds=not holds)
        if isinstance(expression, Constant):
            value = expression.value
            return self.constant(value if value is None or holds else not value)
        parts = expression.parts
        if isinstance(expression, AtLeast):
            count = expression.count if holds else len(parts) - expression.count + 1
            answers = [self.answer(part, holds=holds) for part in parts]
            return Answer(
                self.enough(count, [answer.sure for answer in answers]),
                self.enough(count, [answer.possible for answer in answers]),
            )
        return self.joined(
            (self.answer(part, holds=holds) for part in parts),
            every=isinstance(expression, All) is holds,
        )

    def certain(self, bounds: Bounds) -> Answer:
        """The planes of `certainty`'s bounds: certain, and possible."""
        if isinstance(bounds, Plain):
            return self.answer(bounds.expression)
        if isinstance(bounds, Together):
            return self.joined(map(self.certain, bounds.parts), every=bounds.every)
        sure, hoped = ~self.zero(), self.zero()
        for test, part in bounds.branches:
            within, then = self.answer(test), self.certain(part)
            sure &= ~within.possible | then.sure
            hoped |= within.possible & then.possible
        return Answer(sure, hoped)

    def joined(self, answers: Iterator[Answer], *, every: bool) -> Answer:
        """All of the answers, or any of them."""
        import numpy as np

        join = np.bitwise_and if every else np.bitwise_or
        first = next(answers, None)
        if first is None:
            return self.constant(every)
        second = next(answers, None)
        if second is None:
            return first
        sure, possible = join(first.sure, second.sure), join(first.possible, second.possible)
        for answer in answers:
            join(sure, answer.sure, out=sure)
            join(possible, answer.possible, out=possible)
        return Answer(sure, possible)

    def enough(self, count: int, planes: Sequence[Bits]) -> Bits:
        """At least `count` of the planes."""
        if count <= 0:
            return ~self.zero()
        reached = [self.zero() for _ in range(count)]
        for plane in planes:
            for place in range(count - 1, 0, -1):
                reached[place] |= reached[place - 1] & plane
            reached[0] |= plane
        return reached[count - 1]

    def zero(self) -> Bits:
        import numpy as np

        return np.zeros_like(self.everybody)

    def constant(self, value: bool | None) -> Answer:
        zero = self.zero()
        return Answer(~zero if value else zero, zero if value is False else ~zero)

    def negation(self, answer: Answer) -> Answer:
        return Answer(~answer.possible, ~answer.sure)

    # --- Tests ---

    def test(self, test: Test) -> Answer:
        found = self._tests.get(test)
        if found is None:
            if len(self._tests) >= MOST_TESTS_KEPT:
                self._tests.clear()
            found = self._tests[test] = self.make(test)
        return found

    def make(self, test: Test) -> Answer:
        import numpy as np

        fact, value = test.fact, test.value
        if fact in self.yes_no:
            answer = self.yes_no[fact]
            return answer if value is (test.comparison is Comparison.IS) else self.negation(answer)
        if fact in self.words:
            values = value if isinstance(value, tuple) else (value,)
            answer = self.among(fact, values)
            negative = test.comparison in (Comparison.IS_NOT, Comparison.NOT_IN)
            return self.negation(answer) if negative else answer
        if fact not in self.numbers:
            return self.constant(None)
        known = self.known[fact]
        if isinstance(value, OtherFact):
            if value.fact not in self.numbers:
                return self.constant(None)
            known = known & self.known[value.fact]
            value = self.numbers[value.fact]
        elif isinstance(value, float):
            # Not rounded to the few digits that would do for the small numbers of the column.
            value = np.float64(value)
        held = _packed(COMPARE[test.comparison](self.numbers[fact], value), len(self.everybody))
        return Answer(held & known, held | ~known)

    def among(self, fact: str, values: Sequence[Anything]) -> Answer:
        sure = self.zero()
        for value in values:
            plane = self.words[fact].get(value)
            if plane is not None:
                sure |= plane
        return Answer(sure, sure | ~self.known[fact])

    def combinations(self, by: Sequence[str]) -> Iterator[tuple[tuple[str, ...], Bits]]:
        """Every combination of groups that somebody is in, with its people."""

        def walk(names: Sequence[str], plane: Bits) -> Iterator[tuple[tuple[str, ...], Bits]]:
            if not names:
                yield (), plane
                return
            for value, members in self.groups[names[0]].items():
                both = plane & members
                if both.any():
                    for rest, inner in walk(names[1:], both):
                        yield (value, *rest), inner

        yield from walk(by, self.everybody)


def load(prepared: Prepared, vocabulary: Vocabulary) -> Planes:
    """Read a population into memory. Raises `ValueError` for one with weights."""
    if prepared.weighted:
        raise ValueError("people with weights are asked by a database")
    builder = _Builder(prepared, vocabulary)
    columns = [*sorted(prepared.facts), *prepared.groupings]
    table = prepared.usable
    waiting: list[pa.RecordBatch] = []
    with _reader(table.select(*columns)) as batches:
        for batch in batches:
            waiting.append(batch)
            builder.take(waiting, BATCH)
    builder.take(waiting, 1)
    return builder.planes()


def _reader(table: Anything) -> pa.RecordBatchReader:
    """The rows in batches. Ibis 12 asks DuckDB 2 for them by a name that is gone."""
    backend = table.get_backend()
    if backend.name != "duckdb":
        return table.to_pyarrow_batches(chunk_size=BATCH)
    backend._run_pre_execute_hooks(table)
    return backend.con.sql(backend.compile(table)).to_arrow_reader(BATCH)


class _Builder:
    """Collects batches of people whose number is a multiple of 64, but for the last."""

    def __init__(self, prepared: Prepared, vocabulary: Vocabulary) -> None:
        self.prepared, self.vocabulary = prepared, vocabulary
        self.left_out = prepared.problems()
        self.people = 0
        self.lengths: list[int] = []
        self.bits: dict[tuple[str, str], list[tuple[int, Bits]]] = {}
        self.numbers: dict[str, list[Anything]] = {}

    def take(self, waiting: list[pa.RecordBatch], least: int) -> None:
        """Use what waits as soon as it is enough; the rest goes on waiting."""
        import pyarrow as pa

        rows = sum(batch.num_rows for batch in waiting)
        if rows < least or not rows:
            return
        table = pa.Table.from_batches(waiting).combine_chunks()
        whole = rows if least == 1 else rows - rows % 64
        waiting[:] = table.slice(whole).to_batches()
        self.add(table.slice(0, whole).combine_chunks())

    def add(self, table: pa.Table) -> None:
        start = sum(self.lengths)
        words = -(-table.num_rows // 64)
        for name in table.column_names:
            column = _one_array(table.column(name))
            fact = self.vocabulary.facts.get(name)
            if fact is None or name in self.prepared.groupings:
                self.add_words(name, column, start, words)
            elif fact.kind is FactKind.YES_NO:
                self.put(name, "true", start, _bits(column.fill_null(False), words))
                self.put(name, "known", start, _bits(column.is_valid(), words))
            elif fact.kind is FactKind.NUMBER:
                self.put(name, "known", start, _bits(column.is_valid(), words))
                values = column.fill_null(0).to_numpy(zero_copy_only=False)
                self.numbers.setdefault(name, []).append(
                    values if fact.decimals else values.astype(_smallest(fact.highest))
                )
            else:
                self.add_words(name, column, start, words)
                self.put(name, "known", start, _bits(column.is_valid(), words))
        self.people += table.num_rows
        self.lengths.append(words)

    def add_words(self, name: str, column: Anything, start: int, words: int) -> None:
        encoded = column.dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        for code, value in enumerate(encoded.dictionary.to_pylist()):
            self.put(name, f"={value}", start, _packed(codes == code, words))

    def put(self, name: str, what: str, start: int, bits: Bits) -> None:
        self.bits.setdefault((name, what), []).append((start, bits))

    def planes(self) -> Planes:
        import numpy as np

        words = sum(self.lengths)
        whole: dict[str, dict[str, Bits]] = {}
        for (name, what), pieces in self.bits.items():
            plane = np.zeros(words, dtype=np.uint64)
            for start, bits in pieces:
                plane[start : start + len(bits)] = bits
            whole.setdefault(name, {})[what] = plane
        facts = self.vocabulary.facts
        own = {name: found for name, found in whole.items() if name in facts}
        everybody = _packed(np.ones(self.people, dtype=bool), words)
        return Planes(
            people=self.people,
            facts=self.prepared.facts,
            groupings=self.prepared.groupings,
            ignored=self.prepared.ignored,
            on=self.prepared.on,
            left_out=self.left_out,
            yes_no={
                name: Answer(found["true"], found["true"] | ~found["known"])
                for name, found in own.items()
                if "true" in found
            },
            words={
                name: {what[1:]: plane for what, plane in found.items() if what[0] == "="}
                for name, found in own.items()
                if facts[name].kind in (FactKind.CHOICE, FactKind.COUNTRY)
            },
            known={name: found["known"] for name, found in own.items() if "known" in found},
            numbers={name: np.concatenate(pieces) for name, pieces in self.numbers.items()},
            groups={
                name: {what[1:]: plane for what, plane in whole.get(name, {}).items()}
                for name in self.prepared.groupings
            },
            everybody=everybody,
        )


def _smallest(highest: float) -> str:
    """The smallest whole numbers that hold the fact: the smaller, the faster compared."""
    return "int8" if highest < 1 << 7 else "int16" if highest < 1 << 15 else "int64"


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _bits(column: pa.Array, words: int) -> Bits:
    return _packed(column.to_numpy(zero_copy_only=False), words)


def _packed(flags: Anything, words: int) -> Bits:
    """One bit a person, 64 in a word, the first in the lowest bit."""
    import numpy as np

    packed = np.packbits(np.asarray(flags, dtype=bool), bitorder="little")
    if len(packed) == words * 8:
        return packed.view("<u8")
    found = np.zeros(words * 8, dtype=np.uint8)
    found[: len(packed)] = packed
    return found.view("<u8")
