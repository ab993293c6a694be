# SPDX-License-Identifier: EUPL-1.2
"""Record matching beside plain Splink with its own recommended comparisons.

    python -m benchmarks.matching scripts                     (a) pairs in two scripts
    python -m benchmarks.matching labelled FOLDER             (b) the Splink project's labelled data
    python -m benchmarks.matching scale --records 1000000     (c) one large file with itself
    python -m benchmarks.matching query --records 1000000     (d) one record against many

The peer is Splink with NameComparison on first name and surname, DateOfBirthComparison and
ExactMatch, its weights estimated on the data by its own documentation's steps (random sampling for
u, expectation maximisation for m). FOLDER holds fake_1000.csv and
historical_figures_with_errors_50k.parquet of https://github.com/moj-analytical-services/splink_datasets.
"""

from __future__ import annotations

import argparse
import csv
import logging
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.exceptions import EMTrainingException

from benchmarks import matching_data
from benchmarks.matching_train import identity
from mostovi.tracing import columns, comparing, dates, keys, linking, model, names, scripts
from mostovi.tracing.records import Born, Certainty, Identity, Sex, WrittenName

Scored = list[tuple[str, str, float]]
PRECISION = 0.99


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("scripts").add_argument("--persons", type=int, default=6000)
    verbs.add_parser("labelled").add_argument("folder", type=Path)
    for name in ("scale", "query"):
        verbs.add_parser(name).add_argument("--records", type=int, default=1_000_000)
    peer = verbs.add_parser("peer")
    peer.add_argument("file", type=Path)
    peer.add_argument("out", type=Path)
    options = parser.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)
    logging.getLogger("splink").propagate = False
    print(f"load before: {os.getloadavg()[0]:.2f}, {os.cpu_count()} cores", file=sys.stderr)
    if options.verb == "scripts":
        across_scripts(options.persons)
    elif options.verb == "labelled":
        labelled(options.folder)
    elif options.verb == "scale":
        scale(options.records)
    elif options.verb == "query":
        query(options.records)
    else:
        peer_at_scale(options.file, options.out)


# --- Measures -----------------------------------------------------------------------------------


def recall_at(scored: Iterable[tuple[bool, float]], total: int, precision: float) -> float:
    """The highest recall of any threshold at which precision is kept. Equal scores go together."""
    ranked = sorted(scored, key=lambda pair: -pair[1])
    true = best = 0
    for place, (same, score) in enumerate(ranked, 1):
        true += same
        last = place == len(ranked) or ranked[place][1] != score
        if last and true / place >= precision:
            best = true
    return best / total


def best_f1(scored: Sequence[tuple[bool, float]], total: int) -> tuple[float, float]:
    """The highest F1 of any threshold, and that threshold."""
    ranked = sorted(scored, key=lambda pair: -pair[1])
    true, best = 0, (0.0, 1.0)
    for place, (same, score) in enumerate(ranked, 1):
        true += same
        best = max(best, (2 * true / (place + total), score))
    return best


# --- The two sides ------------------------------------------------------------------------------


def ours(
    tables: Sequence[Sequence[tuple[str, Identity]]], people: Sequence[str] = ("name",)
) -> Scored:
    """Pairs scored by Mostovi."""
    connection = linking.connect(linking.Options())
    made = []
    for number, table in enumerate(tables):
        rows = ((name, columns.of(person, people)) for name, person in table)
        arrow = pyarrow.Table.from_batches(list(linking.batches(rows, people)))
        connection.register("arrow", arrow)
        connection.execute(f"CREATE TABLE t{number} AS SELECT * FROM arrow")
        made.append(f"t{number}")
    found = linking.predictions(connection, made, people, linking.Options(threshold=0.0))
    return connection.execute(
        f"SELECT unique_id_l, unique_id_r, match_probability FROM {found}"
    ).fetchall()


def plain(
    tables: Sequence[pyarrow.Table],
    comparisons: list[Any],
    blocking: list[Any],
    training: list[Any],
    deterministic: list[Any],
) -> Scored:
    """Pairs scored by Splink as its documentation recommends."""
    api = DuckDBAPI(connection=duckdb.connect())
    registered = [api.register(t, dataset_display_name=f"t{n}") for n, t in enumerate(tables)]
    settings = SettingsCreator(
        link_type="link_only" if len(tables) > 1 else "dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=blocking,
    )
    linker = Linker(registered if len(tables) > 1 else registered[0], settings)
    linker.training.estimate_probability_two_random_records_match(deterministic, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1_000_000)
    for rule in training:
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        except EMTrainingException:
            # Registers in two scripts share no spelling of a name to train on.
            continue
    found = linker.inference.predict(threshold_match_probability=0.0, warning_mode="never")
    return api._con.execute(
        f"SELECT unique_id_l, unique_id_r, match_probability FROM {found.physical_name}"
    ).fetchall()


def peer_table(
    records: Sequence[matching_data.Record], write: Callable[[str], str]
) -> pyarrow.Table:
    """Records as the peer reads them; dates that are not full dates are null."""
    return pyarrow.Table.from_pylist(
        [
            {
                "unique_id": record.identifier,
                "first_name": write(record.given) or None,
                "surname": write(record.family) or None,
                "dob": record.birth if record.birth.count("-") == 2 else None,
                "year": record.birth[:4] if record.birth.count("-") == 2 else None,
                "sex": record.sex or None,
            }
            for record in records
        ]
    )


def recommended() -> list[Any]:
    """Splink's recommended comparisons for these columns."""
    return [
        cl.NameComparison("first_name"),
        cl.NameComparison("surname"),
        cl.DateOfBirthComparison("dob", input_is_string=True),
        cl.ExactMatch("sex"),
    ]


# --- (a) ----------------------------------------------------------------------------------------


def across_scripts(count: int) -> None:
    """One register in the persons' own script, one in Latin; names of Wikidata, held out."""
    for title, origins in (
        ("names from Wikidata, held out", matching_data.wikidata("test")),
        ("names of the synthetic world, all origins", matching_data.synthetic()),
    ):
        persons = list(matching_data.families(origins, count, seed=7))
        left, right = matching_data.across(persons, seed=8)
        owner = {record.identifier: record.person for record in left + right}

        def measure(
            scored: Scored, owner: dict[str, int] = owner, total: int = len(persons)
        ) -> float:
            return recall_at(
                ((owner[a] == owner[b], score) for a, b, score in scored), total, PRECISION
            )

        tables = [
            [(record.identifier, without_relatives(identity(record))) for record in records]
            for records in (left, right)
        ]
        result = measure(ours(tables))
        print(f"{title}: {count:,} persons, recall at precision {PRECISION}")
        print(f"  mostovi                          {result:.3f}")
        for how, write in (("as written", str), ("romanised by ICU first", latin)):
            scored = plain(
                [peer_table(left, write), peer_table(right, write)],
                recommended(),
                [
                    block_on("dob"), block_on("first_name"), block_on("surname"),
                    block_on("year", "substr(first_name, 1, 1)"),
                    block_on("year", "substr(surname, 1, 1)"),
                ],
                [block_on("dob"), block_on("first_name")],
                [block_on("dob", "sex")],
            )  # fmt: skip
            peer = measure(scored)
            print(f"  splink, {how:24} {peer:.3f}  (ours {100 * (result - peer):+.1f} points)")
    names_alone()


def without_relatives(person: Identity) -> Identity:
    """The columns that both sides have."""
    return Identity(person.names, person.sex, person.birth)


def latin(text: str) -> str:
    """What a user of plain Splink would do first: ICU's romanisation, without marks."""
    import unicodedata

    plain_text = unicodedata.normalize("NFKD", scripts.romanised(text))
    return "".join(c for c in plain_text if c.isascii() and (c.isalpha() or c == " ")).lower()


def names_alone() -> None:
    """Pairs of two-word names: one name in two scripts, and two names that share a word."""
    random_ = random.Random(11)
    words = [word for origin in matching_data.wikidata("test") for word in origin.family]
    pairs: list[tuple[str, str, bool]] = []
    for _ in range(6000):
        one, two, three = random_.sample(words, 3)
        native = f"{one.native} {two.native}"
        pairs.append((native, f"{one.latin} {two.latin}", True))
        pairs.append((native, f"{three.latin} {two.latin}", False))
    scored, jaro = [], []
    connection = duckdb.connect()
    for left, right, same in pairs:
        try:
            scored.append((same, names.compare_names(left, right).score))
        except names.UnreadableName:
            scored.append((same, 0.0))
        row = connection.execute(
            "SELECT jaro_winkler_similarity(?, ?)", [latin(left), latin(right)]
        ).fetchone()
        jaro.append((same, float(row[0]) if row else 0.0))
    print("names alone, held out, half of the wrong pairs' words shared: recall at 0.99")
    print(f"  mostovi names compare            {recall_at(scored, 6000, PRECISION):.3f}")
    print(f"  Jaro-Winkler on ICU's Latin      {recall_at(jaro, 6000, PRECISION):.3f}")


# --- (b) ----------------------------------------------------------------------------------------


def labelled(folder: Path) -> None:
    """Data labelled by the Splink project; both sides see names, date of birth and place."""
    for title, rows, place in (
        ("fake_1000", _rows(folder / "fake_1000.csv"), "city"),
        ("historical figures 50k", _rows(folder / HISTORICAL), "birth_place"),
    ):
        owner = {row["unique_id"]: row["cluster"] for row in rows}
        sizes: dict[str, int] = {}
        for cluster in owner.values():
            sizes[cluster] = sizes.get(cluster, 0) + 1
        total = sum(size * (size - 1) // 2 for size in sizes.values())
        scored = [
            (owner[a] == owner[b], score)
            for a, b, score in ours([[(r["unique_id"], _person(r, place)) for r in rows]])
        ]
        found, threshold = best_f1(scored, total)
        at = {name: _f1(scored, total, least) for name, least in model.current().thresholds.items()}
        print(f"{title}: {len(rows):,} records, {total:,} true pairs")
        print(f"  mostovi  F1 {found:.3f} at {threshold:.3f}; by named threshold {at}")
        table = pyarrow.Table.from_pylist(rows)
        peer = plain(
            [table],
            [
                cl.NameComparison("first_name"),
                cl.NameComparison("surname"),
                cl.DateOfBirthComparison("dob", input_is_string=True),
                cl.LevenshteinAtThresholds(place, 2).configure(term_frequency_adjustments=True),
            ],
            [
                block_on("substr(first_name, 1, 3)", "substr(surname, 1, 4)"),
                block_on("surname", "dob"), block_on("first_name", "dob"),
                block_on("dob", place), block_on("first_name", "surname"),
                block_on("dob"),
            ],
            [block_on("first_name", "surname"), block_on("dob")],
            [block_on("first_name", "surname", "dob")],
        )  # fmt: skip
        other, threshold = best_f1([(owner[a] == owner[b], s) for a, b, s in peer], total)
        print(f"  splink   F1 {other:.3f} at {threshold:.3f}; ours {found - other:+.3f}")


HISTORICAL = "historical_figures_with_errors_50k.parquet"


def _rows(path: Path) -> list[dict[str, Any]]:
    table: pyarrow.Table = duckdb.execute(f"SELECT * FROM '{path}'").to_arrow_table()
    found = table.to_pylist()
    return [
        {key: None if value is None else str(value) for key, value in row.items()} for row in found
    ]


def _person(row: dict[str, Any], place: str) -> Identity:
    name = " ".join(row[part] for part in ("first_name", "surname") if row[part])
    parts = [int(part) for part in (row["dob"] or "").split("-") if part.isdigit()]
    born = Born(parts[0], parts[1], parts[2], Certainty.DAY) if len(parts) == 3 else Born()
    return Identity(
        (WrittenName(name),) if name else (), birth=born, places=(row[place],) if row[place] else ()
    )


def _f1(scored: Sequence[tuple[bool, float]], total: int, least: float) -> float:
    kept = [same for same, score in scored if score >= least]
    return round(2 * sum(kept) / (len(kept) + total), 3)


# --- (c) ----------------------------------------------------------------------------------------


def many(count: int) -> Iterable[matching_data.Record]:
    """So many records, two of three persons registered twice."""
    origins = matching_data.synthetic() + matching_data.wikidata("train")
    words = [w for origin in matching_data.wikidata("test") for w in origin.family]
    # Short lists would make every tenth person a namesake; families get names of Wikidata too.
    origins = [
        matching_data.Names(
            o.origin, o.female, o.male, [*o.family, *words], o.places, hijri=o.hijri
        )
        for o in origins
    ]
    persons = list(matching_data.families(origins, int(count * 0.6) + 10, seed=3))
    for number, record in enumerate(matching_data.registered(persons, 4, twice=0.667)):
        if number == count:
            return
        yield record


def scale(count: int) -> None:
    """`mostovi match` on one file, and plain Splink on the same file with the same blocking."""
    with tempfile.TemporaryDirectory(prefix="mostovi-scale-") as folder:
        path = Path(folder) / "records.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "given_name", "family_name", "birth", "sex", "place"])
            for r in many(count):
                writer.writerow([r.identifier, r.given, r.family, r.birth, r.sex, r.place])
        print(f"{count:,} records, {path.stat().st_size / 1e6:.0f} MB")
        ours_ = measured(
            [sys.executable, "-m", "mostovi.node.main", "match", str(path),
             "--out", str(Path(folder) / "ours.parquet"), "--quiet"],
            Path(folder) / "ours.parquet",
        )  # fmt: skip
        prepared = Path(folder) / "keys.parquet"
        _with_keys(path, prepared, count)
        peer = measured(
            [sys.executable, "-m", "benchmarks.matching", "peer", str(prepared),
             str(Path(folder) / "peer.parquet")],
            Path(folder) / "peer.parquet",
        )  # fmt: skip
        for name, (seconds, processor, memory), out in (
            ("mostovi", ours_, "ours.parquet"), ("splink", peer, "peer.parquet")
        ):  # fmt: skip
            row = duckdb.execute(f"SELECT count(*) FROM '{Path(folder) / out}'").fetchone()
            pairs = row[0] if row else 0
            print(
                f"  {name:8} {seconds:7.1f} s, {processor:7.1f} s of processor, "
                f"{memory:6.0f} MB at most, {pairs:,} pairs written"
            )
        print(
            f"  {ours_[0] / peer[0]:.2f} x the peer's time, {ours_[1] / peer[1]:.2f} x its "
            f"processor time; load {os.getloadavg()[0]:.2f}"
        )


def measured(command: list[str], out: Path) -> tuple[float, float, float]:
    """Seconds, processor seconds, largest memory in MB (sampled) of a command that writes `out`.

    With all its processes. On a machine that others use, processor seconds say more.
    """
    largest = 0.0
    before = _processor()
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    done = threading.Event()

    def watch() -> None:
        nonlocal largest
        while not done.wait(1.0):
            largest = max(largest, _memory(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    done.set()
    watcher.join()
    # An error in Python ends with 1 as well, and writes nothing.
    if status not in (0, 1) or not out.exists():
        raise SystemExit(f"{command[2:5]} ended with {status}")
    return time.perf_counter() - start, _processor() - before, largest


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(pid: int) -> float:
    """Resident memory of a process and its children; shared pages counted once for each."""
    total = 0.0
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) / 1000
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                total += sum(_memory(int(child)) for child in file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        return total
    return total


def _with_keys(path: Path, out: Path, count: int) -> None:
    """The same file with our keys beside it, so that both sides compare the same pairs."""
    from datetime import UTC, datetime

    from mostovi.tracing import files

    today = datetime.now(UTC).date()
    source = files.open_source(path)
    wanted = [column for column, _ in linking.blocking(count)]
    writer = None
    import pyarrow.parquet

    for chunk in files.chunks(source.rows(), linking.CHUNK):
        batch, _ = linking.prepare(chunk, ("name",), today)
        table = pyarrow.Table.from_batches([batch]).select(["unique_id", *wanted])
        values = {
            "first_name": "given_name", "surname": "family_name", "sex": "sex", "place": "place"
        }  # fmt: skip
        for ours_, theirs in values.items():
            table = table.append_column(
                ours_, pyarrow.array([v[theirs] or None for _, v in chunk], pyarrow.string())
            )
        dob = [v["birth"] if v["birth"].count("-") == 2 else None for _, v in chunk]
        table = table.append_column("dob", pyarrow.array(dob, pyarrow.string()))
        writer = writer or pyarrow.parquet.ParquetWriter(out, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def peer_at_scale(path: Path, out: Path) -> None:
    """Plain Splink on the prepared file: load, estimate, predict, write."""
    with tempfile.TemporaryDirectory(prefix="mostovi-peer-") as folder:
        connection = linking.connect(
            linking.Options(folder=Path(folder)), str(Path(folder) / "peer.duckdb")
        )
        connection.execute(f"CREATE TABLE people AS SELECT * FROM '{path}'")
        # All rows: DuckDB keeps the connection busy until a result is read to its end.
        ((count,),) = connection.execute("SELECT count(*) FROM people").fetchall()
        api = DuckDBAPI(connection=connection)
        settings = SettingsCreator(
            link_type="dedupe_only",
            comparisons=[*recommended(), cl.ExactMatch("place")],
            blocking_rules_to_generate_predictions=[
                linking.blocking_rule(column, lists)
                for column, lists in linking.blocking(int(count))
            ],
        )
        linker = Linker(api.register("people", dataset_display_name="people"), settings)
        linker.training.estimate_probability_two_random_records_match(
            [block_on("first_name", "surname", "dob")], recall=0.7
        )
        linker.training.estimate_u_using_random_sampling(max_pairs=1_000_000)
        linker.training.estimate_parameters_using_expectation_maximisation(block_on("dob"))
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on("first_name", "surname")
        )
        found = linker.inference.predict(threshold_match_probability=0.2, warning_mode="never")
        connection.execute(
            f"COPY (SELECT unique_id_l, unique_id_r, match_probability FROM "
            f"{found.physical_name}) TO '{out}' (FORMAT PARQUET)"
        )


# --- (d) ----------------------------------------------------------------------------------------

MOST_CANDIDATES = 200


def query(count: int) -> None:
    """One record against many by the index of keys: look up, fetch, compare, rank."""
    with tempfile.TemporaryDirectory(prefix="mostovi-query-") as folder:
        database = sqlite3.connect(Path(folder) / "index.sqlite3")
        database.execute("CREATE TABLE filed (key TEXT, record INTEGER)")
        database.execute(
            "CREATE TABLE records (record INTEGER PRIMARY KEY, name, birth, sex, place)"
        )
        start = time.perf_counter()
        asked = []
        random_ = random.Random(5)
        for number, record in enumerate(many(count)):
            made = keys.blocking_keys(identity(record))
            database.executemany("INSERT INTO filed VALUES (?, ?)", ((k, number) for k in made))
            database.execute(
                "INSERT INTO records VALUES (?, ?, ?, ?, ?)",
                (number, record.name, record.birth, record.sex, record.place),
            )
            if record.identifier.startswith("b") and random_.random() < 400 / count:
                asked.append((number, record))
        database.execute("CREATE INDEX by_key ON filed (key, record)")
        database.commit()
        print(f"{count:,} records filed in {time.perf_counter() - start:.0f} s")
        took: dict[str, list[float]] = {"by the clock": [], "of processor": []}
        found = 0
        for number, record in asked:
            begun = (time.perf_counter(), time.process_time())
            ranked = search(database, identity(record), number)
            ended = (time.perf_counter(), time.process_time())
            for kind, start, end in zip(took, begun, ended, strict=True):
                took[kind].append(1000 * (end - start))
            found += bool(ranked)
        print(
            f"  {len(asked)} queries, {found} with a possible match; "
            f"load {os.getloadavg()[0]:.2f}; "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB"
        )
        for kind, times in took.items():
            times.sort()
            print(
                f"  {kind}: median {times[len(times) // 2]:.0f} ms, "
                f"p95 {times[int(len(times) * 0.95)]:.0f} ms, at most {times[-1]:.0f} ms"
            )


def search(database: sqlite3.Connection, person: Identity, own: int) -> list[tuple[float, int]]:
    """Candidates that share most keys, compared and ranked by their absolute score."""
    wanted = keys.blocking_keys(person)
    marks = ", ".join("?" * len(wanted))
    candidates = database.execute(
        f"SELECT r.* FROM (SELECT record, count(*) AS shared FROM filed WHERE key IN ({marks}) "
        "GROUP BY record ORDER BY shared DESC LIMIT ?) f JOIN records r USING (record)",
        (*wanted, MOST_CANDIDATES),
    ).fetchall()
    ranked = []
    for number, name, birth, sex, place in candidates:
        if number == own:
            continue
        other = Identity(
            (WrittenName(name),), Sex(sex), dates.read_birth(birth), (place,) if place else ()
        )
        match = comparing.compare(person, other)
        if match.verdict != "unlikely":
            ranked.append((match.score, number))
    return sorted(ranked, reverse=True)


if __name__ == "__main__":
    main()
