# SPDX-License-Identifier: EUPL-1.2
"""Cells of many tables to what may leave (R11): noise, hidden small counts, refusal of the rest.

    published = protect(cells, specs, protection, secret)     # Mapping[spec code -> Published]

`cells` are `cubing.cube`'s. What becomes of a cell:

1. Noise by the cell-key method (`perturbation`): nothing on average, at most `largest`, the same in
   every table that asks the same question.
2. A question is answered like a wider one that has fewer than `people` more in it (a total, a
   larger group, of any of the tables), and so on. So whether a difference is nobody, one or two is
   not seen, and the same people asked for in other words give no second look.
3. Hidden, if count and noise together are under `people + largest`. So a number that is shown
   stands for at least `people` people, and nobody, one, and a few look the same: all are hidden.
4. Revisions: a number stands until the count has moved away from it by `most_off + people` or more,
   and what was hidden stays hidden until as many have come for certain. One person who is recorded
   late changes nothing that others can see.

Totals get noise of their own, not the sum of their parts' noise: each is as near to the truth as
any other number, and parts do not add up exactly. `sums` says by how much; `restored` makes a
table that adds up, from published numbers alone, at the price of moving them a little more.

A table can be asked for exact, with cells hidden until nothing follows (`suppression`); then no
other table may count the same events. `check` refuses such sets; sets whose code lists give by
subtraction a group that none of them shows (60 to 64 years, from '60 and over' less '65 and over');
and sets whose tables together would let the best linear combination of all of them come nearer to
one cell than `least_error`.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf, sqrt
from typing import TYPE_CHECKING, Any, Final

from mostovi.statistics import perturbation
from mostovi.statistics.cubes import TOTAL, Cell, relations, with_margins
from mostovi.statistics.cubing import Cells
from mostovi.statistics.perturbation import Noise, NoSuchNoise
from mostovi.statistics.specs import UNKNOWN, Dimension, Spec
from mostovi.statistics.suppression import Rule, Zero, publish, suppress
from mostovi.statistics.tables import SpecificationError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

VALUE: Final = "value"
"""The column of published numbers; null is hidden."""
_MOST_EXACT_CELLS: Final = 400
_MOST_DENSE: Final = 1 << 22
_ROUNDS: Final = 60
_DEEPEST: Final = 16


@dataclass(frozen=True)
class Protection:
    """How tables are protected. `suppress`: codes of tables that are exact with hidden cells."""

    noise: Noise = Noise()
    people: int = 3
    least_error: float = 0.6
    suppress: frozenset[str] = frozenset()
    threshold: int = 3
    source: str = ""
    reviewed: bool = False

    @property
    def shown_from(self) -> int:
        """The smallest number that is ever shown."""
        return self.people + self.noise.largest

    @property
    def hidden_below(self) -> int:
        """A hidden count is smaller than this."""
        return self.shown_from + self.noise.largest

    @property
    def most_off(self) -> int:
        """How far a number that is shown for the first time can lie from its count."""
        return self.noise.largest + 2 * self.people - 1

    @property
    def standard_error(self) -> float:
        """How far a shown number lies from its count, typically."""
        return sqrt(self.noise.variance)


@dataclass(frozen=True)
class Published:
    """One protected table.

    `table`: period, the spec's dimensions, `value`. Perturbed: a row for each number that is shown;
    every other cell is hidden (nobody or a few). Exact: all cells, null where hidden.
    """

    spec: Spec
    table: pa.Table
    exact: bool = False


def parse_protection(content: Mapping[str, Any]) -> Protection:
    """The protection of `protection.yaml`. Raises `SpecificationError` naming the entry."""
    try:
        return Protection(
            noise=_possible(Noise(int(content["largest"]), float(content["variance"]))),
            people=_at_least(content, "people", 2),
            least_error=float(content["least_error"]),
            suppress=frozenset(content.get("suppress", ())),
            threshold=_at_least(content, "threshold", 2),
            source=content["source"]["text"],
            reviewed=content["review"]["status"] == "reviewed",
        )
    except KeyError as error:
        raise SpecificationError(f"protection: {error} is missing.") from error
    except (TypeError, ValueError) as error:
        raise SpecificationError(f"protection: {error}") from error


def _possible(noise: Noise) -> Noise:
    _ = noise.table
    return noise


def _at_least(content: Mapping[str, Any], name: str, least: int) -> int:
    value = int(content[name])
    if value < least:
        raise NoSuchNoise(f"'{name}' under {least} protects nobody.")
    return value


def protect(
    cells: Cells,
    specs: Sequence[Spec],
    protection: Protection,
    secret: bytes,
    earlier: Mapping[str, pa.Table] | None = None,
) -> dict[str, Published]:
    """What may leave of `cells`. `earlier`: what left before of the same tables, newest revision.

    Raises `SpecificationError` when the tables together would disclose (`check`).
    """
    check(specs, protection)
    before = earlier or {}
    exact = [spec for spec in specs if spec.code in protection.suppress]
    found = {
        spec.code: _suppressed(cells[spec.code], spec, protection, secret, before.get(spec.code))
        for spec in exact
    }
    for together in _populations(spec for spec in specs if spec not in exact):
        found |= _perturbed(cells, together, protection, secret, before)
    return {spec.code: found[spec.code] for spec in specs}


@dataclass
class _Laid:
    """One table's cells that may be shown, with the word of each one's question."""

    spec: Spec
    coded: Mapping[str, pa.DictionaryArray]
    places: Mapping[str, np.ndarray]
    counts: np.ndarray
    keys: np.ndarray
    questions: np.ndarray
    wider: list[tuple[str, np.ndarray]]
    """For a column the change of word to a wider question, 0 where there is none."""


def _laid(
    cells: pa.Table,
    spec: Spec,
    secret: bytes,
    least: int,
    groups: Mapping[str, Collection[frozenset[str]]],
) -> _Laid:
    import numpy as np

    counts = cells.column("count").to_numpy()
    chosen = np.flatnonzero(counts >= least)
    names = ("period", *spec.names)
    coded = {name: _coded(cells.column(name)) for name in names}
    places = {name: coded[name].indices.to_numpy()[chosen] for name in names}
    start = perturbation.question(secret, spec.events, spec.where)
    questions = np.full(len(chosen), start, dtype=np.uint64)
    wider = []
    for name, dimension in zip(names, (None, *spec.dimensions), strict=True):
        codes = coded[name].dictionary.to_pylist()
        words = np.array([_word(secret, dimension, code) for code in codes], dtype=np.uint64)
        questions += words[places[name]]
        if dimension is None:
            continue
        steps = [_steps(secret, dimension, code, groups[dimension.column]) for code in codes]
        for nth in range(max(map(len, steps), default=0)):
            change = np.array([s[nth] if nth < len(s) else 0 for s in steps], dtype=np.uint64)
            wider.append((name, change))
    for column, values in spec.where.items():
        away = (0 - perturbation.value_word(secret, column, values)) % (1 << 64)
        wider.append(("period", np.full(len(coded["period"].dictionary), away, np.uint64)))
    keys = cells.column("key").to_numpy()[chosen]
    return _Laid(spec, coded, places, counts[chosen], keys, questions, wider)


def _steps(
    secret: bytes, dimension: Dimension, code: str, groups: Collection[frozenset[str]]
) -> list[int]:
    """Changes of the word from a code to all values of the column and to each larger group."""
    if code == TOTAL:
        return []
    own = values_of(dimension, code)
    away = -perturbation.value_word(secret, dimension.column, own)
    larger = [group for group in groups if own < group]
    found = [0, *(perturbation.value_word(secret, dimension.column, g) for g in larger)]
    return [(away + word) % (1 << 64) for word in found]


def _perturbed(
    cells: Cells,
    specs: Sequence[Spec],
    protection: Protection,
    secret: bytes,
    before: Mapping[str, pa.Table],
) -> dict[str, Published]:
    """Tables that share events: noise for each question, and near questions answered alike."""
    import numpy as np

    groups: dict[str, set[frozenset[str]]] = {}
    for spec in specs:
        for dimension in spec.dimensions:
            codes = (code.code for code in dimension.codes)
            found = groups.setdefault(dimension.column, set())
            found |= {values_of(dimension, code) for code in codes}
        for column, values in spec.where.items():
            groups.setdefault(column, set()).add(frozenset(values))
    # Noise cannot lift a smaller count to what is shown; what was shown before may stand.
    laid = [
        _laid(cells[spec.code], spec, secret, 1 if spec.code in before else protection.people,
              groups)
        for spec in specs
    ]  # fmt: skip
    asked = np.concatenate([one.questions for one in laid])
    counted = np.concatenate([one.counts for one in laid])
    keyed = np.concatenate([one.keys for one in laid])
    questions, first, inverse = np.unique(asked, return_index=True, return_inverse=True)
    counts, keys = counted[first], keyed[first]
    values = counts + protection.noise.of(counts, perturbation.draws(questions, keys))
    answered = _answered_alike(laid, questions, counts, inverse, protection.people)
    values = values[answered]
    values[values < protection.shown_from] = 0
    places = np.split(inverse, np.cumsum([len(one.questions) for one in laid])[:-1])
    return {
        one.spec.code: _shown(one, values[place], protection, before.get(one.spec.code))
        for one, place in zip(laid, places, strict=True)
    }


def _answered_alike(
    laid: Sequence[_Laid],
    questions: np.ndarray,
    counts: np.ndarray,
    inverse: np.ndarray,
    people: int,
) -> np.ndarray:
    """For each question the one whose answer it gets: a wider one with fewer than `people` more.

    And so on from that one, up to fewer than twice `people` more. So whether a difference is
    nobody, one or two cannot be seen, and asking the same people again in other words gives no
    second look.
    """
    import numpy as np

    best = np.arange(len(questions))
    start = 0
    for one in laid:
        mine = inverse[start : start + len(one.questions)]
        start += len(one.questions)
        for name, change in one.wider:
            steps = change[one.places[name]]
            rows = np.flatnonzero(steps)
            asked = one.questions[rows] + steps[rows]
            place = np.minimum(np.searchsorted(questions, asked), len(questions) - 1)
            more = counts[place] - one.counts[rows]
            near = (questions[place] == asked) & (more < people) & (more >= 0)
            at, wide = mine[rows[near]], place[near]
            # Which of several is followed must not depend on counts: the place, as good as drawn.
            better = (best[at] == at) | (wide < best[at])
            best[at[better]] = wide[better]
    found = best.copy()
    for _ in range(_DEEPEST):
        further = best[found]
        moves = (further != found) & (counts[further] - counts < 2 * people)
        if not moves.any():
            break
        found[moves] = further[moves]
    return found


def _shown(
    laid: _Laid, values: np.ndarray, protection: Protection, earlier: pa.Table | None
) -> Published:
    import numpy as np
    import pyarrow as pa

    names = ("period", *laid.spec.names)
    if earlier is not None:
        labels = {name: laid.coded[name].dictionary.to_pylist() for name in names}
        rows = [[labels[n][p] for p in laid.places[n]] for n in names]
        listed = list(zip(*rows, strict=True))
        values = _held(listed, laid.counts, values, earlier, names, protection)
    shown = np.flatnonzero(values)
    columns: dict[str, Any] = {
        name: pa.DictionaryArray.from_arrays(
            pa.array(laid.places[name][shown]), laid.coded[name].dictionary
        )
        for name in names
    }
    found = pa.table({**columns, VALUE: pa.array(values[shown].astype(np.int64))})
    return Published(laid.spec, found)


def _coded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    found = column.combine_chunks()
    return found if isinstance(found, pa.DictionaryArray) else found.chunk(0)


def values_of(dimension: Dimension, code: str) -> frozenset[str]:
    """The column's values that a code stands for; '' among them: not known. A total has none."""
    if code == TOTAL:
        return frozenset()
    joined = next((entry.joins for entry in dimension.codes if entry.code == code), (code,))
    return frozenset({*joined, *([""] if code == UNKNOWN else [])})


def _word(secret: bytes, dimension: Dimension | None, code: str) -> int:
    if dimension is None:
        return perturbation.value_word(secret, "period", [code])
    if code == TOTAL:
        return 0
    return perturbation.value_word(secret, dimension.column, values_of(dimension, code))


def _held(
    rows: Sequence[tuple[str, ...]],
    counts: np.ndarray,
    values: np.ndarray,
    earlier: pa.Table,
    names: Sequence[str],
    protection: Protection,
) -> np.ndarray:
    """Values of a revision: what was published stands until it is clearly wrong."""
    *codes, shown = (earlier.column(name).to_pylist() for name in (*names, VALUE))
    before = dict(zip(zip(*codes, strict=True), shown, strict=True))
    periods = {row[0] for row in before}
    held = values.copy()
    for place, row in enumerate(rows):
        if row[0] not in periods:
            continue
        stood = before.get(row)
        if stood is None:
            if counts[place] < protection.hidden_below + protection.people:
                held[place] = 0
        elif abs(int(counts[place]) - stood) < protection.most_off + protection.people:
            held[place] = stood
    return held


def _suppressed(
    cells: pa.Table, spec: Spec, protection: Protection, secret: bytes, earlier: pa.Table | None
) -> Published:
    """Exact numbers with hidden cells, one period after the other."""
    import pyarrow as pa

    shape = [(d.code, [code.code for code in d.codes]) for d in spec.dimensions]
    sums = relations(spec.code, shape)
    rule = Rule(protection.threshold, protection.threshold, Zero.PUBLISH)
    found: dict[str, list[Any]] = {name: [] for name in ("period", *spec.names, VALUE)}
    listed = cells.select(["period", *spec.names, "count"]).to_pylist()
    for period in sorted({row["period"] for row in listed}):
        inner = {
            tuple(row[name] for name in spec.names): row["count"]
            for row in listed
            if row["period"] == period and TOTAL not in [row[name] for name in spec.names]
        }
        counts = with_margins(spec.code, shape, inner)
        before = [] if earlier is None else [_cells_of(spec, period, earlier)]
        own = hmac.digest(secret, f"{spec.code}:{period}".encode(), "sha256")
        hidden = suppress(counts, sums, rule, [one for one in before if one], own)
        for cell, value in publish(counts, hidden).items():
            keys = cell.keys(spec.names)
            for name in spec.names:
                found[name].append(keys[name])
            found["period"].append(period)
            found[VALUE].append(value)
    types = {name: pa.int64() if name == VALUE else pa.string() for name in found}
    arrays = {name: pa.array(values, types[name]) for name, values in found.items()}
    return Published(spec, pa.table(arrays), exact=True)


def _cells_of(spec: Spec, period: str, table: pa.Table) -> dict[Cell, int | None]:
    return {
        Cell.of(spec.code, {name: row[name] for name in spec.names}): row[VALUE]
        for row in table.to_pylist()
        if row["period"] == period
    }


# What would disclose


def check(specs: Sequence[Spec], protection: Protection) -> None:
    """Refuse tables that would disclose. Raises `SpecificationError` with what to change."""
    for spec in specs:
        if spec.code in protection.suppress:
            _check_exact(spec, specs)
    for together in _populations(s for s in specs if s.code not in protection.suppress):
        _check_groups(together)
        error = least_error(together, protection.noise.variance)
        if error < protection.least_error:
            names = ", ".join(spec.code for spec in together)
            raise SpecificationError(
                f"{names}: put together, these tables would give the count of one cell to within "
                f"{error:.2f} (standard error; at least {protection.least_error:g} is asked). "
                f"Take out a dimension ({_widest(together)}), join codes, or raise the variance."
            )


def _check_groups(specs: Sequence[Spec]) -> None:
    """Refuse code lists that give a group by subtraction which none of them shows."""
    columns: dict[str, dict[str, Dimension]] = {}
    for spec in specs:
        for dimension in spec.dimensions:
            if not dimension.open:
                columns.setdefault(dimension.column, {})[dimension.code] = dimension
    for column, lists in columns.items():
        hidden = sorted(only_by_subtraction(lists.values()))
        if hidden:
            tables = (s.code for s in specs if any(d.code in lists for d in s.dimensions))
            raise SpecificationError(
                f"{', '.join(tables)}: they count the same events by different groups of "
                f"'{column}' ({', '.join(lists)}). Subtracting one from the other shows "
                f"{'; '.join(hidden)}, which no list shows. Use one list, or give that group a "
                "code of its own."
            )


def only_by_subtraction(lists: Iterable[Dimension]) -> set[str]:
    """Groups of one column's values that the code lists tell apart together, and none by itself."""
    groups = {values_of(one, code.code) for one in lists for code in one.codes}
    together: dict[frozenset[frozenset[str]], set[str]] = {}
    for value in frozenset[str]().union(*groups):
        together.setdefault(frozenset(g for g in groups if value in g), set()).add(value)
    return {
        " + ".join(value or UNKNOWN for value in sorted(values))
        for values in together.values()
        if frozenset(values) not in groups
    }


def _check_exact(spec: Spec, specs: Sequence[Spec]) -> None:
    size = 1
    for dimension in spec.dimensions:
        if dimension.open:
            raise SpecificationError(
                f"table '{spec.code}': a table with hidden cells has no open list "
                f"('{dimension.code}'): which codes occur would be seen. Perturb it instead."
            )
        size *= len(dimension.codes) + 1
    if size > _MOST_EXACT_CELLS:
        raise SpecificationError(
            f"table '{spec.code}': {size} cells are too many to hide cells in; at most "
            f"{_MOST_EXACT_CELLS}. Perturb it instead."
        )
    for other in specs:
        if other.code != spec.code and set(other.events) & set(spec.events):
            raise SpecificationError(
                f"table '{spec.code}' is exact and '{other.code}' counts the same events: what one "
                "hides the other would show. Protect both the same way, in one table."
            )


def _populations(specs: Iterable[Spec]) -> list[list[Spec]]:
    """Tables that share a kind of event, together."""
    groups: list[tuple[set[str], list[Spec]]] = []
    for spec in specs:
        events, together = set(spec.events), [spec]
        kept = []
        for group in groups:
            if group[0] & events:
                events, together = events | group[0], group[1] + together
            else:
                kept.append(group)
        groups = [*kept, (events, together)]
    return [together for _, together in groups]


def _widest(specs: Collection[Spec]) -> str:
    longest = max(specs, key=lambda spec: len(spec.dimensions))
    return f"{longest.code} has {', '.join(longest.names)}"


def least_error(specs: Sequence[Spec], variance: float) -> float:
    """The standard error that the best linear use of all these tables leaves, at least.

    Every question has noise of its own with `variance`. The attacker is given more than is
    published: every combination of every question that any of the tables asks about a column,
    nothing hidden. Then his normal equations are a Kronecker product over the columns, and so is
    the variance of the best linear unbiased estimate (Gauss and Markov) of one innermost cell: the
    product over the columns. The column's factor is that of the value he comes nearest to. What he
    can do without being linear or with knowledge of his own is measured by the attacks, not
    bounded here.
    """
    columns: dict[str, set[frozenset[str]]] = {}
    for spec in specs:
        for dimension in spec.dimensions:
            codes = [code.code for code in dimension.codes]
            # An open list has far more codes; the factor only grows with their number.
            codes += [f"?{n}" for n in range(10)] if dimension.open else []
            found = columns.setdefault(dimension.column, set())
            found |= {values_of(dimension, code) for code in codes}
        for column, values in spec.where.items():
            columns.setdefault(column, set()).add(frozenset(values))
    factor = 1.0
    for questions in columns.values():
        factor *= _column_factor(questions)
    if len({spec.period for spec in specs}) > 1:
        factor *= 0.5  # Months and their quarter or year: two ways to one number at the most.
    return inf if factor == inf else sqrt(variance * factor)


def _column_factor(questions: Collection[frozenset[str]]) -> float:
    """The share of the variance that is left for the value of a column that is found best."""
    import numpy as np

    listed = sorted(questions, key=sorted)
    values = sorted(frozenset().union(*listed))
    # Values that no question tells apart are one.
    seen = {tuple(value in question for question in listed) for value in values}
    design = np.array([*zip(*sorted(seen), strict=True), (True,) * len(seen)], dtype=float)
    normal = design.T @ design
    inverse = np.linalg.pinv(normal)
    estimable = np.abs(np.diag(inverse @ normal) - 1) < 1e-8
    return float(min(np.diag(inverse)[estimable], default=1.0))


# Sums


@dataclass(frozen=True)
class Sums:
    """How far totals lie from the sums of their parts, where all parts are shown."""

    compared: int
    mean_off: float
    most_off: int


def sums(published: Published) -> Sums:
    """Compare every total with the sum of its parts, where every code of the list is shown."""
    rows = _as_mapping(published)
    off = []
    for axis, dimension in enumerate(published.spec.dimensions, 1):
        if dimension.open:
            continue
        codes = [code.code for code in dimension.codes]
        for row, total in rows.items():
            if row[axis] != TOTAL or total is None:
                continue
            parts = [rows.get((*row[:axis], code, *row[axis + 1 :])) for code in codes]
            known = [part for part in parts if part is not None]
            if len(known) == len(parts):
                off.append(abs(total - sum(known)))
    if not off:
        return Sums(0, 0.0, 0)
    return Sums(len(off), sum(off) / len(off), max(off))


def _as_mapping(published: Published) -> dict[tuple[str, ...], int | None]:
    *codes, values = (column.to_pylist() for column in published.table.columns)
    return dict(zip(zip(*codes, strict=True), values, strict=True))


def complete(published: Published) -> pa.Table:
    """All cells of the table's lists, null where hidden; of an open list the codes that are shown.

    Raises `SpecificationError` when that would be more than four million cells.
    """
    import numpy as np
    import pyarrow as pa

    if published.exact:
        return published.table
    labels = _labels(published)
    shape = tuple(len(codes) for codes in labels)
    _check_size(published.spec, shape)
    values = np.full(shape, -1, dtype=np.int64)
    values[_at(published, labels)] = published.table.column(VALUE).to_numpy()
    grid = np.indices(shape, dtype=np.int32).reshape(len(shape), -1)
    columns: dict[str, Any] = {
        name: pa.DictionaryArray.from_arrays(pa.array(place), pa.array(codes, pa.string()))
        for name, place, codes in zip(("period", *published.spec.names), grid, labels, strict=True)
    }
    flat = values.ravel()
    return pa.table({**columns, VALUE: pa.array(flat, mask=flat < 0)})


def _check_size(spec: Spec, shape: Sequence[int]) -> None:
    size = 1
    for length in shape:
        size *= length
    if size > _MOST_DENSE:
        raise SpecificationError(
            f"table '{spec.code}': {size} cells cannot be laid out in full; ask for fewer periods."
        )


def _labels(published: Published) -> list[list[str]]:
    """The labels of every axis: periods and codes, the total last."""
    found = [sorted(set(published.table.column("period").to_pylist()))]
    for dimension in published.spec.dimensions:
        own = [code.code for code in dimension.codes]
        shown = set(published.table.column(dimension.code).to_pylist())
        if dimension.open:
            own = [*sorted(shown - set(own) - {TOTAL}), *(code for code in own if code in shown)]
        found.append([*own, TOTAL])
    return found


def _at(published: Published, labels: Sequence[Sequence[str]]) -> tuple[np.ndarray, ...]:
    import numpy as np

    places = []
    for name, codes in zip(("period", *published.spec.names), labels, strict=True):
        index = {code: place for place, code in enumerate(codes)}
        coded = _coded(published.table.column(name))
        known = np.array([index.get(code, -1) for code in coded.dictionary.to_pylist()])
        places.append(known[coded.indices.to_numpy()])
    return tuple(places)


def restored(published: Published) -> pa.Table:
    """The table with sums that hold, from published numbers alone.

    An innermost table of whole numbers is fitted to all that is shown (maximum likelihood under
    Poisson noise, by expectation and maximisation) and added up anew. Hidden cells stay hidden;
    what they hold together is the rest of each sum and never negative. Because nothing but
    published numbers goes in, nothing new about anybody comes out. Raises `SpecificationError` as
    `complete`.
    """
    import numpy as np
    import pyarrow as pa

    if published.exact or not published.table.num_rows:
        return published.table
    labels = _labels(published)
    shape = tuple(len(codes) for codes in labels)
    _check_size(published.spec, shape)
    at = _at(published, labels)
    wanted = published.table.column(VALUE).to_numpy().astype(float)
    fitted = np.ones(tuple(n if axis == 0 else n - 1 for axis, n in enumerate(shape)))
    weight = np.zeros(shape)
    weight[at] = 1.0
    touched = _spread(weight)
    for _ in range(_ROUNDS):
        ratio = np.zeros(shape)
        ratio[at] = wanted / np.maximum(_added_up(fitted)[at], 1e-9)
        fitted = fitted * np.divide(
            _spread(ratio), touched, out=np.zeros_like(fitted), where=touched > 0
        )
    values = _added_up(_whole(fitted))[at]
    place = published.table.column_names.index(VALUE)
    return published.table.set_column(place, VALUE, pa.array(values.astype(np.int64)))


def _added_up(inner: np.ndarray) -> np.ndarray:
    """With margins along every axis but the first."""
    import numpy as np

    for axis in range(1, inner.ndim):
        inner = np.concatenate([inner, inner.sum(axis=axis, keepdims=True)], axis=axis)
    return inner


def _spread(full: np.ndarray) -> np.ndarray:
    """The transpose of `_added_up`: what lies on a margin goes to each of its parts."""
    import numpy as np

    for axis in range(1, full.ndim):
        parts, total = np.split(full, [full.shape[axis] - 1], axis=axis)
        full = parts + total
    return full


def _whole(inner: np.ndarray) -> np.ndarray:
    """Whole numbers whose running sum stays within a half of the fitted one, so sums do too."""
    import numpy as np

    running = np.cumsum(inner.ravel())
    return np.diff(np.floor(running + 0.5), prepend=0.0).reshape(inner.shape)


def overlapping(specs: Sequence[Spec]) -> list[tuple[str, str, str]]:
    """Pairs of tables that count the same events by different groups of one column.

    Their difference is a finer group than either shows: (table, table, column), for the
    statistician.
    """
    found = []
    for left, right in combinations(specs, 2):
        if not set(left.events) & set(right.events):
            continue
        for one in left.dimensions:
            for other in right.dimensions:
                if one.column == other.column and one.code != other.code:
                    found.append((left.code, right.code, one.column))
    return found
