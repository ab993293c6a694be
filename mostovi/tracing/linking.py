# SPDX-License-Identifier: EUPL-1.2
"""Matches whole files with Splink on DuckDB, by the same model and levels as `comparing`.

Splink blocks, compares and scores; what a level means is SQL here and Python in `names`, `dates`,
`places`. The weights are the model's own (`model.yaml`), so the same pair gets the same score in
a file of ten records and in one of a million. Splink and pyarrow are loaded only here.
"""

from __future__ import annotations

import gc
import itertools
import logging
import math
import multiprocessing
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mostovi.tracing import columns, files, sounds
from mostovi.tracing.model import Model, current

if TYPE_CHECKING:
    import duckdb

EQUAL_WEIGHT: Final = 0.5
"""m and u of a level that is no evidence."""
CHUNK: Final = 10_000
"""Rows that are prepared at once."""
_ALWAYS: Final = (
    ("key_pairs", ("key_pairs",)),
    ("key_first_year", ()),
    ("key_last_year", ()),
    ("key_day", ()),
)
_PLACES: Final = tuple((f"{{}}_{name}", ()) for name in ("first_place", "last_place", "start"))
WIDE_UP_TO: Final = 100_000
"""Records; beyond, the wide keys would make most pairs and find hardly any more."""


def blocking(records: int) -> Sequence[tuple[str, tuple[str, ...]]]:
    """Columns on which two of so many records must agree to be compared, and which are lists."""
    width = "wide" if records <= WIDE_UP_TO else "key"
    return (*_ALWAYS, *((name.format(width), lists) for name, lists in _PLACES))


# --- The levels in SQL --------------------------------------------------------------------------


_LOW: Final = sounds.EACH_SLOT * ((1 << (sounds.BITS - 1)) - 1)
_HIGH: Final = sounds.EACH_SLOT << (sounds.BITS - 1)


def _fold(expression: str) -> str:
    """In how many slots any bit is set: the sum carries into a slot's highest bit."""
    x = f"({expression})"
    return f"bit_count(((({x} & {_LOW}) + {_LOW}) | {x}) & {_HIGH})"


def _same(left: str, right: str) -> str:
    """`names.relation(...) == SAME` for the words in these columns."""
    l, r = f"{left}{{}}_l", f"{right}{{}}_r"  # noqa: E741
    vowels = _fold(f"{l.format('_vowels')} & {r.format('_vowels')}")
    return (
        f"(({l.format('')} = {r.format('')} AND {vowels} >= {l.format('_need')})"
        f" OR {l.format('')} = {r.format('_other')} OR {l.format('_other')} = {r.format('')})"
    )


def _alike(left: str, right: str) -> str:
    """`names.relation(...) >= ALIKE`, but for words that are the same by their second reading."""
    l, r = f"{left}{{}}_l", f"{right}{{}}_r"  # noqa: E741
    return (
        f"({l.format('')} = {r.format('')} OR {l.format('_coarse')} = {r.format('_coarse')}"
        # One edit leaves the first or the last sound as it is; the distance itself is slow.
        f" OR CASE WHEN abs({l.format('_length')} - {r.format('_length')}) <= 1"
        f" AND ({l.format('_letter')} = {r.format('_letter')}"
        f" OR {l.format('_ending')} = {r.format('_ending')})"
        f" THEN levenshtein({l.format('_edit')}, {r.format('_edit')}) <= 1 ELSE FALSE END"
        f" OR {l.format('_initial')} = {r.format('_letter')}"
        f" OR {l.format('_letter')} = {r.format('_initial')})"
    )


def name_levels(prefix: str) -> dict[str, str]:
    """The condition of each level of `names.level_of`, for the columns with this prefix."""
    first, last = f"{prefix}_first", f"{prefix}_last"
    pairings = ((first, first, last, last), (first, last, last, first))
    same_one = [_same(a, b) for p in pairings for a, b in (p[:2], p[2:])]
    alike_one = [_alike(a, b) for p in pairings for a, b in (p[:2], p[2:])]
    longer = f"greatest({prefix}_words_l, {prefix}_words_r) > 2"
    shared = f"len(list_intersect({prefix}_tokens_l, {prefix}_tokens_r))"
    both_same = " OR ".join(f"({same_one[n]} AND {same_one[n + 1]})" for n in (0, 2))
    mixed = " OR ".join(
        f"({same_one[n]} AND {alike_one[n + 1]}) OR ({same_one[n + 1]} AND {alike_one[n]})"
        for n in (0, 2)
    )
    both_alike = " OR ".join(f"({alike_one[n]} AND {alike_one[n + 1]})" for n in (0, 2))
    any_same = " OR ".join(same_one)
    single = f"least({prefix}_words_l, {prefix}_words_r) = 1"
    anything = f"({any_same} OR ({longer} AND {shared} >= 1))"
    return {
        "three_words": f"least({prefix}_words_l, {prefix}_words_r) > 2 AND {shared} >= 3",
        "both_words": (
            f"{both_same} OR ({prefix}_words_l <> {prefix}_words_r"
            f" AND {prefix}_line_l = {prefix}_line_r)"
        ),
        "one_and_alike": f"{mixed} OR ({longer} AND {shared} >= 2)",
        "both_alike": both_alike,
        "only_word": f"{single} AND {anything}",
        "one_word": anything,
        "one_alike": " OR ".join(alike_one),
        "none": "ELSE",
    }


def _rarity_levels() -> dict[str, str]:
    def shared(kind: str, end: str) -> str:
        one = f"n_{end}{kind}_l"
        return f"({one} = n_first{kind}_r OR {one} = n_last{kind}_r)"

    return {
        "two_rare": f"{shared('_rare', 'first')} AND {shared('_rare', 'last')}",
        "one_rare": f"{shared('_rare', 'first')} OR {shared('_rare', 'last')}",
        "common": f"{shared('_common', 'first')} OR {shared('_common', 'last')}",
        "very_common": f"{shared('', 'first')} OR {shared('', 'last')}",
    }


def _birth_levels() -> dict[str, str]:
    year = "birth_year_l = birth_year_r"
    month = "birth_month_l = birth_month_r"
    day = "birth_day_l = birth_day_r"
    days = "birth_day_l IS NOT NULL AND birth_day_r IS NOT NULL"
    return {
        "same_day": f"{year} AND {month} AND {day}",
        "swapped": f"{year} AND birth_month_l = birth_day_r AND birth_day_l = birth_month_r",
        "one_part": (
            f"({year} AND {days} AND ({month} OR {day}))"
            f" OR ({month} AND {day} AND abs(birth_year_l - birth_year_r) <= 10)"
        ),
        "same_year": (
            f"{year} AND (birth_month_l IS NULL OR birth_month_r IS NULL"
            f" OR ({month} AND (birth_day_l IS NULL OR birth_day_r IS NULL)))"
        ),
        "overlap": (
            "(birth_year_l IS NULL OR birth_year_r IS NULL)"
            " AND birth_first_l <= birth_last_r AND birth_first_r <= birth_last_l"
        ),
        "near": "birth_first_l <= birth_last_r + 2 AND birth_first_r <= birth_last_l + 2",
        "far": "ELSE",
    }


def _place_levels() -> dict[str, str]:
    def any_of(left: str, right: str) -> str:
        both = ("place", "other")
        return " OR ".join(f"{a}_{left}_l = {b}_{right}_r" for a in both for b in both)

    return {
        "same": any_of("exact", "exact"),
        "within": f"{any_of('above', 'exact')} OR {any_of('exact', 'above')}",
        "near": any_of("country", "country"),
        "different": "ELSE",
    }


def _relative_levels(prefix: str) -> dict[str, str]:
    levels = name_levels(prefix)
    first = f"{prefix}_first"
    return {
        "full": " OR ".join(
            f"({levels[code]})" for code in ("three_words", "both_words", "one_and_alike")
        ),
        "same": _same(first, first),
        "alike": _alike(first, first),
        "different": "ELSE",
    }


def comparisons(people: Iterable[str], model: Model) -> list[dict[str, Any]]:
    """Splink's comparisons, each level with the model's m and u."""
    made = [
        _comparison(model, "names", name_levels("n"), "n_words"),
        _comparison(model, "rarity", _rarity_levels(), "n_words", no_evidence=True),
        _comparison(model, "birth", _birth_levels(), "birth_first"),
        _comparison(model, "sex", {"same": "sex_l = sex_r", "different": "ELSE"}, "sex"),
        _comparison(model, "place", _place_levels(), "place"),
    ]
    for person in people:
        if person != "name":
            prefix = columns.PEOPLE[person]
            made.append(_comparison(model, person, _relative_levels(prefix), f"{prefix}_words"))
    return made


def _comparison(
    model: Model,
    code: str,
    levels: dict[str, str],
    known: str,
    *,
    no_evidence: bool = False,
) -> dict[str, Any]:
    made: list[dict[str, Any]] = [
        {
            "sql_condition": f"{known}_l IS NULL OR {known}_r IS NULL",
            "label_for_charts": "not known",
            "is_null_level": True,
        }
    ]
    for name, condition in levels.items():
        level = model.level(code, name)
        made.append(
            {
                "sql_condition": condition,
                "label_for_charts": name,
                "m_probability": level.m,
                "u_probability": level.u,
            }
        )
    if no_evidence:
        made.append(
            {
                "sql_condition": "ELSE",
                "label_for_charts": "nothing shared",
                "m_probability": EQUAL_WEIGHT,
                "u_probability": EQUAL_WEIGHT,
            }
        )
    return {"output_column_name": code, "comparison_levels": made}


# --- Running ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Options:
    """How a run is bounded. `memory` is DuckDB's limit, as in "1GB"; `threads` its threads.

    `expected` is how many pairs of one person the files are thought to hold; the prior is then
    their share of all pairs. Without it the model's prior holds.
    """

    threshold: float = 0.2
    expected: float | None = None
    memory: str = "1GB"
    threads: int = 2
    chunks: int = 1
    folder: Path | None = None
    progress: Callable[[str], None] = field(default=lambda words: None)


def connect(options: Options, database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A DuckDB connection within the limits; what does not fit goes to the folder."""
    import duckdb

    connection = duckdb.connect(database)
    connection.execute(f"SET memory_limit = '{options.memory}'")
    connection.execute(f"SET threads = {options.threads}")
    connection.execute("SET preserve_insertion_order = false")
    if options.folder is not None:
        connection.execute(f"SET temp_directory = '{options.folder}'")
    return connection


def batches(
    rows: Iterable[tuple[Any, dict[str, Any]]], people: Sequence[str], size: int = CHUNK
) -> Iterator[Any]:
    """Arrow batches of prepared records (identifier and `columns.of`), at least one."""
    import pyarrow

    kinds = {
        "string": pyarrow.string(),
        "int64": pyarrow.int64(),
        "list": pyarrow.list_(pyarrow.int64()),
    }
    schema = pyarrow.schema(
        [("unique_id", pyarrow.string())]
        + [(name, kinds[kind]) for name, kind in columns.types(people).items()]
    )
    held: list[dict[str, Any]] = []
    for identifier, row in rows:
        held.append({"unique_id": str(identifier), **row})
        if len(held) == size:
            yield pyarrow.RecordBatch.from_pylist(held, schema=schema)
            held = []
    yield pyarrow.RecordBatch.from_pylist(held, schema=schema)


def settings(
    people: Sequence[str], *, link: bool, records: int = 0, model: Model | None = None
) -> dict[str, Any]:
    """Splink's settings: our comparisons with our weights, our blocking for so many records."""
    model = model or current()
    return {
        "link_type": "link_only" if link else "dedupe_only",
        "unique_id_column_name": "unique_id",
        "probability_two_random_records_match": model.prior,
        "comparisons": comparisons(people, model),
        "blocking_rules_to_generate_predictions": [
            blocking_rule(column, lists) for column, lists in blocking(records)
        ],
        # Keeps what each comparison weighs in the result.
        "retain_intermediate_calculation_columns": True,
        "retain_matching_columns": False,
    }


def blocking_rule(column: str, lists: Sequence[str]) -> dict[str, Any]:
    """Splink's rule: records that agree on `column` (or share an entry of a list) are compared."""
    rule: dict[str, Any] = {
        "blocking_rule": f"l.{column} = r.{column}",
        "sql_dialect": "duckdb",
    }
    if lists:
        rule["arrays_to_explode"] = list(lists)
    return rule


def predictions(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[str],
    people: Sequence[str],
    options: Options,
    *,
    prepared: dict[str, Any] | None = None,
) -> str:
    """Compare the tables by `settings` (or `prepared` ones); the name of the table of pairs."""
    from splink import DuckDBAPI, Linker

    # Splink reports through the root logger's handlers; a run reports through `progress`.
    logging.getLogger("splink").setLevel(logging.ERROR)
    logging.getLogger("splink").propagate = False
    api = DuckDBAPI(connection=connection)
    registered = [api.register(table, dataset_display_name=table) for table in tables]
    linker = Linker(
        registered if len(registered) > 1 else registered[0],
        prepared or settings(people, link=len(tables) > 1),
    )
    parts = options.chunks if options.chunks > 1 else None
    found = linker.inference.predict(
        threshold_match_probability=options.threshold,
        num_chunks_left=parts,
        num_chunks_right=1 if parts else None,
        warning_mode="never",
    )
    return str(found.physical_name)


# --- Files --------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What a run did: rows read and compared of each file, left out, pairs by verdict."""

    read: list[int] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)
    left_out: list[files.Problem] = field(default_factory=list)
    bad: int = 0
    pairs: dict[str, int] = field(default_factory=dict)


def with_prior(model: Model, counted: Sequence[int], expected: float | None) -> Model:
    """The model for files of so many records that hold `expected` pairs of one person.

    Raises `files.BadFile` for more than half of all pairs.
    """
    if expected is None:
        return model
    pairs = math.prod(counted) if len(counted) > 1 else counted[0] * (counted[0] - 1) / 2
    if not 0 < expected <= pairs / 2:
        raise files.BadFile(
            f"--expected-pairs {expected:g}: say a number above 0 and at most {pairs / 2:,.0f}, "
            "half of the pairs that these files have."
        )
    return replace(model, prior=expected / pairs)


def match_files(
    sources: Sequence[files.Source],
    out: Path,
    options: Options,
    *,
    today: date,
    skip_bad: bool = False,
) -> Outcome:
    """Match one file with itself, or two with each other, and write the scored pairs to `out`.

    Columns of the result: left_id, right_id, score (probability), weight (bits), verdict (likely,
    possible), and for each comparison the bits that it weighs (0 where a record does not know).
    Weight is the prior and these bits. Rows come in no particular order. Raises `files.BadFile`,
    in which case nothing is written.
    """
    people = tuple(who for who in columns.PEOPLE if all(who in s.people for s in sources))
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="mostovi-match-", dir=options.folder) as folder:
        bounded = replace(options, folder=Path(folder))
        connection = connect(bounded, str(Path(folder) / "records.duckdb"))
        try:
            tables = []
            for number, source in enumerate(sources):
                table = f"file_{number}"
                _load(connection, table, source, people, bounded, outcome, today, skip_bad)
                tables.append(table)
            options.progress("comparing")
            model = with_prior(current(), outcome.counted, options.expected)
            prepared = settings(
                people, link=len(tables) > 1, records=sum(outcome.counted), model=model
            )
            found = predictions(connection, tables, people, bounded, prepared=prepared)
            options.progress("writing")
            _write(connection, found, tables, people, out, outcome)
        finally:
            connection.close()
    return outcome


def _load(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    source: files.Source,
    people: Sequence[str],
    options: Options,
    outcome: Outcome,
    today: date,
    skip_bad: bool,
) -> None:
    reading = files.Reading(source, today, skip_bad)
    kinds = {"string": "VARCHAR", "int64": "BIGINT", "list": "BIGINT[]"}
    described = ", ".join(f"{c} {kinds[k]}" for c, k in columns.types(people).items())
    # Rows are numbered through all files: numbers are joined faster than what files use as ids.
    connection.execute(f"CREATE TABLE {table} (unique_id BIGINT, id VARCHAR, {described})")
    numbered = sum(outcome.read)
    for batch, wrong in _prepared(source, people, options, today):
        connection.register("batch", batch)
        connection.execute(
            f"INSERT INTO {table} SELECT {numbered} + row_number() OVER (), * FROM batch"  # noqa: S608
        )
        numbered += batch.num_rows
        connection.unregister("batch")
        reading.read += batch.num_rows + len(wrong)
        for number, problems in wrong:
            reading.note(number, problems)
        options.progress(f"{source.path.name}: {reading.read:,} rows read")
    reading.finish()
    repeated = connection.execute(
        f"SELECT id FROM {table} GROUP BY 1 HAVING count(*) > 1 LIMIT 1"  # noqa: S608
    ).fetchone()
    if repeated:
        raise files.BadFile(
            f"{source.path.name}: the id {repeated[0]} stands in more than one row."
        )
    outcome.read.append(reading.read)
    outcome.counted.append(reading.read - reading.bad)
    outcome.left_out += reading.problems
    outcome.bad += reading.bad


_Wrong = list[tuple[int, list[tuple[str, str]]]]


def _prepared(
    source: files.Source, people: Sequence[str], options: Options, today: date
) -> Iterator[tuple[Any, _Wrong]]:
    chunks = files.chunks(source.rows(), CHUNK)
    first = list(itertools.islice(chunks, 2))
    rest = itertools.chain(first, chunks)
    if options.threads < 2 or len(first) < 2:
        for chunk in rest:
            yield prepare(chunk, people, today)
        return
    # Started anew rather than forked: the parent holds DuckDB's threads.
    # They make no cycles, and looking for some in all the cached words takes a quarter of the time.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.threads, spawn, initializer=gc.disable) as pool:
        waiting: deque[Future[tuple[Any, _Wrong]]] = deque()
        for chunk in rest:
            waiting.append(pool.submit(prepare, chunk, people, today))
            if len(waiting) > 2 * options.threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def prepare(
    chunk: Sequence[tuple[int, Mapping[str, str]]], people: Sequence[str], today: date
) -> tuple[Any, _Wrong]:
    """One Arrow batch of the rows that can be read, and what is wrong with the others."""
    wrong: _Wrong = []
    held: list[tuple[str, dict[str, Any]]] = []
    for number, values in chunk:
        person, problems = files.identity(values, today=today)
        if problems:
            wrong.append((number, problems))
        else:
            held.append((values.get("id") or str(number), columns.of(person, people)))
    return next(batches(held, people, len(held) + 1)), wrong


def _write(
    connection: duckdb.DuckDBPyConnection,
    found: str,
    tables: Sequence[str],
    people: Sequence[str],
    out: Path,
    outcome: Outcome,
) -> None:
    model = current()
    verdict = " ".join(
        f"WHEN match_probability >= {least} THEN '{name}'"
        for name, least in sorted(model.thresholds.items(), key=lambda item: -item[1])
    )
    bits = ", ".join(
        f"round(mw_{code}, 3) AS {code}"
        for code in (item["output_column_name"] for item in comparisons(people, model))
    )
    ids = " UNION ALL ".join(f"SELECT unique_id, id FROM {table}" for table in tables)  # noqa: S608
    connection.execute(
        f"CREATE VIEW pairs AS WITH ids AS ({ids}) "  # noqa: S608
        f"SELECT a.id AS left_id, b.id AS right_id, "
        f"round(match_probability, 6) AS score, round(match_weight, 3) AS weight, "
        f"CASE {verdict} ELSE 'unlikely' END AS verdict, {bits} FROM {found} "
        f"JOIN ids a ON a.unique_id = unique_id_l JOIN ids b ON b.unique_id = unique_id_r"
    )
    kind = "FORMAT PARQUET" if out.suffix == ".parquet" else "FORMAT CSV, HEADER"
    partial = out.with_name(out.name + ".part")
    try:
        connection.execute(f"COPY pairs TO '{_quoted(partial)}' ({kind})")
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    counted = connection.execute("SELECT verdict, count(*) FROM pairs GROUP BY 1 ORDER BY 1")
    outcome.pairs = {str(name): int(count) for name, count in counted.fetchall()}


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
