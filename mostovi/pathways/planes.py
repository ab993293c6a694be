# SPDX-License-Identifier: EUPL-1.2
"""A population held in memory, one bit a person: the same rules again, for trying many variants.

A fact of yes or no is a pair of planes of bits (surely true, possibly true); a choice has one for
each of its values; a whole number has a plane for each of its binary digits, and a comparison
joins these (Y. Li and J. Patel, *BitWeaving*, SIGMOD 2013). "All" of two unknown-aware answers is
then `&` of the pairs, "any" is `|`, 64 people at a time: Kleene's tables, since each plane by
itself is a true-or-false answer and no negation is left above the tests (Kleene's "not" swaps the
planes and inverts them). Whoever changes a number of a draft reads no file again. One processor
does it all: what is done at once is too small to be shared out.

One person is told by `evaluating`, a file larger than memory is asked by `population`; the tests
hold all three against each other. Needs no weights (a bit is one person). Numpy and PyArrow are
imported when they are needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil, floor
from typing import TYPE_CHECKING, Final, NamedTuple
from typing import Any as Anything

from mostovi.pathways.certainty import UNCONFIRMED, Bounds, Plain, Together
from mostovi.pathways.evaluating import COMPARE
from mostovi.pathways.expressions import Comparison, Expression, OtherFact, Test
from mostovi.pathways.facts import FactKind, Vocabulary
from mostovi.pathways.joining import Plan

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mostovi.pathways.population import Prepared

    Bits = np.ndarray[Anything, np.dtype[np.uint64]]
    Pair = np.ndarray[Anything, np.dtype[np.uint64]]
    """Two planes, one array: surely true, possibly true."""

BATCH: Final = 1 << 17
"""People that are read at once; a multiple of 64."""
MOST_TESTS_KEPT: Final = 512
MOST_PLANS_KEPT: Final = 16
_ALL: Final = (1 << 64) - 1


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
    yes_no: Mapping[str, Pair]
    words: Mapping[str, Mapping[str, Pair]]
    known: Mapping[str, Bits]
    numbers: Mapping[str, Anything]
    digits: Mapping[str, Sequence[Bits]]
    groups: Mapping[str, Mapping[str, Bits]]
    everybody: Bits
    weighted: bool = False
    _tests: dict[tuple[Test, bool], Pair] = field(default_factory=dict, repr=False)
    _made: list[Pair] = field(default_factory=list, repr=False)
    _spare: list[Pair] = field(default_factory=list, repr=False)
    _plans: dict[tuple[int, ...], Plan] = field(default_factory=dict, repr=False)

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
        return self.counts_of([expression])[0]

    def counts_of(self, expressions: Sequence[Expression]) -> list[Counts]:
        """`counts` of many rules; what they have in common is joined once."""
        found: list[Counts] = []
        for answer in self._plan(expressions).run(self):
            true, hoped = self._sizes(answer)
            found.append(Counts(true, hoped - true, self.people - hoped))
        return found

    def _plan(self, expressions: Sequence[Expression]) -> Plan:
        key = tuple(map(id, expressions))
        if key not in self._plans:
            if len(self._plans) >= MOST_PLANS_KEPT:
                self._plans.clear()
            self._plans[key] = Plan(expressions)
        return self._plans[key]

    def _sizes(self, pair: Pair) -> tuple[int, int]:
        """How many people the two planes hold; bits behind the last person do not count."""
        import numpy as np

        if not len(self.everybody):
            return 0, 0
        sure, possible = np.add.reduce(np.bitwise_count(pair), axis=1, dtype=np.uint32)
        behind = np.bitwise_count(pair[:, -1] & ~self.everybody[-1])
        return int(sure - behind[0]), int(possible - behind[1])

    def forget(self) -> None:
        """Drop what was made for tests that were asked; its room is used again."""
        self._spare.extend(self._made)
        self._made.clear()
        self._tests.clear()

    def room(self) -> Pair:
        """A pair to write into. Fresh memory costs more than what is written there."""
        import numpy as np

        return self._spare.pop() if self._spare else np.empty((2, len(self.everybody)), np.uint64)

    def give_back(self, pair: Pair) -> None:
        """Room that nobody reads any more."""
        self._spare.append(pair)

    def answer(self, expression: Expression) -> Answer:
        """The planes of the expression. They must not be changed."""
        (pair,) = (found.copy() for found in Plan([expression]).run(self))
        return Answer(*pair)

    def certain(self, bounds: Bounds) -> Answer:
        """The planes of `certainty`'s bounds: certain, and possible."""
        if isinstance(bounds, Plain):
            return self.answer(bounds.expression)
        if isinstance(bounds, Together):
            return self._together([self.certain(part) for part in bounds.parts], bounds.every)
        sure, hoped = ~self.zero(), self.zero()
        for test, part in bounds.branches:
            within, then = self.answer(test), self.certain(part)
            sure &= ~within.possible | then.sure
            hoped |= within.possible & then.possible
        return Answer(sure, hoped)

    def _together(self, answers: Sequence[Answer], every: bool) -> Answer:
        import numpy as np

        join = np.bitwise_and if every else np.bitwise_or
        return Answer(
            join.reduce([answer.sure for answer in answers]),
            join.reduce([answer.possible for answer in answers]),
        )

    def zero(self) -> Bits:
        import numpy as np

        return np.zeros_like(self.everybody)

    # --- Tests ---

    def test(self, test: Test, *, holds: bool = True) -> Pair:
        """The pair of a test or of its negation, kept until `forget`. It must not be changed."""
        found = self._tests.get((test, holds))
        if found is None:
            if len(self._tests) >= MOST_TESTS_KEPT:
                # Whoever asks may still read some of them, so their room is not used again.
                self._tests.clear()
                self._made.clear()
            found = self.made(test) if holds else self.negated(self.test(test))
            self._tests[test, holds] = found
        return found

    def constant(self, value: bool | None) -> Pair:
        """The same answer for everybody."""
        pair = self._own()
        pair[0] = _ALL if value else 0
        pair[1] = 0 if value is False else _ALL
        return pair

    def negated(self, pair: Pair) -> Pair:
        """Kleene's "not"."""
        import numpy as np

        return np.bitwise_not(pair[::-1], out=self._own())

    def _own(self) -> Pair:
        """Room that `forget` takes back."""
        self._made.append(self.room())
        return self._made[-1]

    def made(self, test: Test) -> Pair:
        """The pair of a test, made anew."""
        fact, value = test.fact, test.value
        negative = test.comparison in (Comparison.IS_NOT, Comparison.NOT_IN)
        if fact in self.yes_no:
            pair = self.yes_no[fact]
            return self.negated(pair) if negative is bool(value) else pair
        if fact in self.words:
            pair = self.among(fact, value if isinstance(value, tuple) else (value,))
            return self.negated(pair) if negative else pair
        if fact not in self.numbers:
            return self.constant(None)
        if isinstance(value, OtherFact):
            if value.fact not in self.numbers:
                return self.constant(None)
            known = self.known[fact] & self.known[value.fact]
            held = self._compared(test, self.numbers[value.fact])
        else:
            known = self.known[fact]
            digits = self.digits.get(fact)
            if digits is not None and isinstance(value, int | float):
                held = self._by_digits(digits, test.comparison, value)
            else:
                held = self._compared(test, value)
        pair = self._own()
        pair[0], pair[1] = held & known, held | ~known
        return pair

    def _compared(self, test: Test, value: Anything) -> Bits:
        import numpy as np

        if isinstance(value, float):
            # Not rounded to the few digits that would do for the small numbers of the column.
            value = np.float64(value)
        flags = COMPARE[test.comparison](self.numbers[test.fact], value)
        return _packed(flags, len(self.everybody))

    def _by_digits(self, digits: Sequence[Bits], how: Comparison, value: float) -> Bits:
        """A whole number compared with a fixed one by its binary digits."""
        least = ceil(value)
        if how is Comparison.AT_LEAST:
            return self._at_least(digits, least)
        if how is Comparison.LESS_THAN:
            return ~self._at_least(digits, least)
        above = self._at_least(digits, floor(value) + 1)
        if how is Comparison.MORE_THAN:
            return above
        if how is Comparison.AT_MOST:
            return ~above
        same = self._at_least(digits, least) & ~above if least == value else self.zero()
        return same if how is Comparison.IS else ~same

    def _at_least(self, digits: Sequence[Bits], value: int) -> Bits:
        """From the lowest digit up: a 1 of `value` asks for the digit, a 0 makes do with it."""
        if value <= 0:
            return ~self.zero()
        if value >> len(digits):
            return self.zero()
        lowest = (value & -value).bit_length() - 1
        found = digits[lowest].copy()
        for place in range(lowest + 1, len(digits)):
            if value >> place & 1:
                found &= digits[place]
            else:
                found |= digits[place]
        return found

    def among(self, fact: str, values: Sequence[Anything]) -> Pair:
        """The pair of "one of these words"."""
        import numpy as np

        pairs = [self.words[fact][value] for value in values if value in self.words[fact]]
        if len(pairs) == 1:
            return pairs[0]
        found = self._own()
        if not pairs:
            found[0], found[1] = 0, ~self.known[fact]
            return found
        np.bitwise_or(pairs[0], pairs[1], out=found)
        for pair in pairs[2:]:
            np.bitwise_or(found, pair, out=found)
        return found

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
                name: np.stack([found["true"], found["true"] | ~found["known"]])
                for name, found in own.items()
                if "true" in found
            },
            words={
                name: {
                    what[1:]: np.stack([plane, plane | ~found["known"]])
                    for what, plane in found.items()
                    if what[0] == "="
                }
                for name, found in own.items()
                if facts[name].kind in (FactKind.CHOICE, FactKind.COUNTRY)
            },
            known={name: found["known"] for name, found in own.items() if "known" in found},
            numbers=(numbers := {n: np.concatenate(held) for n, held in self.numbers.items()}),
            digits={
                name: _digits(held, words)
                for name, held in numbers.items()
                if held.dtype.kind == "i" and (not len(held) or held.min() >= 0)
            },
            groups={
                name: {what[1:]: plane for what, plane in whole.get(name, {}).items()}
                for name in self.prepared.groupings
            },
            everybody=everybody,
        )


def _digits(held: Anything, words: int) -> list[Bits]:
    """A plane for each binary digit, the lowest first."""
    places = int(held.max()).bit_length() if len(held) else 0
    return [_packed(held >> place & 1, words) for place in range(places)]


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
