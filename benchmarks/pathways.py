# SPDX-License-Identifier: EUPL-1.2
"""Pathways beside their peers: OpenFisca-Core, hand-written SQL; one person; ten million people.

    python -m benchmarks.pathways all                        everything, one after the other
    python -m benchmarks.pathways openfisca --people 1000000 (a) rules in memory beside OpenFisca
    python -m benchmarks.pathways sql --people 1000000       (b) a file beside hand-written SQL
    python -m benchmarks.pathways person                     (c) one person with next questions
    python -m benchmarks.pathways stream --people 10000000   (d) a large file, memory at most

The population is `mostovi pathways population` of the partner (--partner rs), seed 7.
OpenFisca-Core (AGPL) is installed into a venv of its own (--venv), its variables and formulas are
written from our rules, so that both sides answer the same; it has no word for unknown: there its
default stands.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any as Anything

import ibis
import numpy as np
import pyarrow.parquet as pq

from mostovi.pathways import answers, making, planes, population, simulation
from mostovi.pathways.expressions import (
    All,
    Any,
    AtLeast,
    Comparison,
    Constant,
    Expression,
    Not,
    OtherFact,
    Test,
    facts_of,
    tests_of,
)
from mostovi.pathways.facts import FactKind, read_facts
from mostovi.pathways.law import Condition
from mostovi.pathways.library import library
from mostovi.pathways.rules import Rule

ON = date(2026, 11, 24)
SEED = 7
PEER = "OpenFisca-Core==46.0.1"
SIGNS = {
    Comparison.IS: "=",
    Comparison.IS_NOT: "<>",
    Comparison.AT_LEAST: ">=",
    Comparison.AT_MOST: "<=",
    Comparison.MORE_THAN: ">",
    Comparison.LESS_THAN: "<",
}

# Written by hand from the law files, as somebody would who knows SQL and not Mostovi. When a law
# file changes, the counts differ and the benchmark says so.
BY_HAND = {
    "rs/work_seasonal": """
        job_offer AND job_of_fixed_seasons AND passport_valid
        AND (long_stay_visa OR status_here IN ('temporary_residence', 'permanent_residence',
             'refugee', 'subsidiary_protection', 'temporary_protection'))""",
    "rs/asylum_refugee": """
        "where" IN ('inside', 'at_border') AND fears_persecution
        AND NOT serious_crime AND NOT protection_elsewhere
        AND (NOT came_through_safe_country OR CAST(NULL AS BOOLEAN))
        AND (NOT asylum_refused_before OR new_reasons_since_refusal)""",
    "rs/long_term_residence": """
        status_here IN ('temporary_residence', 'refugee', 'subsidiary_protection')
        AND ((residence_months >= 36 AND longest_absence_months <= 6 AND total_absence_months <= 10)
             OR (relative_here = 'spouse' AND relative_status IN ('citizen', 'permanent_residence')
                 AND CAST(NULL AS BOOLEAN))
             OR (relative_here = 'parent_or_guardian' AND (age < 18 OR age_in_doubt)
                 AND relative_status IN ('citizen', 'permanent_residence')
                 AND CAST(NULL AS BOOLEAN)))
        AND passport_valid AND (enough_money OR relative_enough_money) AND housing
        AND health_insurance AND NOT security_ground AND clean_record""",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["all", "openfisca", "sql", "person", "stream"])
    parser.add_argument("--partner", default="rs")
    parser.add_argument("--people", type=int)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--venv", type=Path, default=Path(tempfile.gettempdir()) / "openfisca-peer")
    parser.add_argument("--keep", type=Path, help="keep populations in this folder")
    parser.add_argument("--inner", choices=sorted(INNER), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inner:
        print(json.dumps(INNER[options.inner](options)))
        return
    print(f"partner {options.partner}, {ON}, {os.cpu_count()} cores, load {_load()}")
    with tempfile.TemporaryDirectory() as scratch:
        options.keep = options.keep or Path(scratch)
        options.keep.mkdir(parents=True, exist_ok=True)
        for part, size in (("openfisca", 1_000_000), ("sql", 1_000_000), ("person", 20_000),
                           ("stream", 10_000_000)):  # fmt: skip
            if options.part in (part, "all"):
                chosen = argparse.Namespace(**vars(options))
                chosen.people = options.people or size
                print(f"\n{part}: {chosen.people:,} people (load {_load()})")
                PARTS[part](chosen)
    print(f"\nload at the end {_load()}")


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _rules(options: argparse.Namespace) -> tuple[Rule, ...]:
    return library().in_force(options.partner, ON)


def _file(options: argparse.Namespace) -> Path:
    path: Path = options.keep / f"{options.partner}-{options.people}.parquet"
    if not path.exists():
        started = time.perf_counter()
        making.write(options.partner, options.people, SEED, path, library().vocabulary)
        size = path.stat().st_size / 1e6
        print(f"  made in {time.perf_counter() - started:.1f} s, {size:.0f} MB", file=sys.stderr)
    return path


def _own(options: argparse.Namespace, inner: str) -> Anything:
    """Run one measurement in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.pathways", options.part, "--inner", inner]
    command += ["--partner", options.partner, "--people", str(options.people)]
    command += ["--runs", str(options.runs), "--keep", str(options.keep)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed(action: Callable[[], Anything], runs: int) -> list[float]:
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return seconds


def _line(name: str, seconds: Sequence[float], peak: float | None = None) -> None:
    memory = "" if peak is None else f"  {peak:,.0f} MB at most"
    print(
        f"  {name:<58} best {min(seconds) * 1000:9.1f} ms"
        f"  median {statistics.median(seconds) * 1000:9.1f} ms{memory}"
    )


# --- (a) beside OpenFisca -------------------------------------------------------------------------


def openfisca(options: argparse.Namespace) -> None:
    python = _peer(options.venv)
    folder = options.keep / "openfisca"
    folder.mkdir(exist_ok=True)
    rules = _rules(options)
    _file(options)
    ours = _own(options, "memory")
    _write_inputs(options, folder)
    peers = {}
    for layout in ("fast", "usual"):
        system = folder / f"{layout}.py"
        system.write_text(_System(rules, usual=layout == "usual").text(), encoding="utf-8")
        script = Path(__file__).with_name("pathways_openfisca.py")
        runs = options.runs if layout == "fast" else min(3, options.runs)
        done = subprocess.run(
            [python, script, system, folder, layout, str(runs)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        peers[layout] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {len(rules)} pathways, {sum(1 for r in rules for _ in tests_of(r.expression))} tests")
    _line("Mostovi, bits, tests of numbers made anew", ours["cold"], ours["peak_mb"])
    _line("Mostovi, bits, a second variant of the rules", ours["warm"])
    _line("Mostovi, Ibis on a DuckDB table", ours["table"], ours["table_peak_mb"])
    for layout, name in (("fast", "bool, int, EnumArray; a variable a pathway"),
                         ("usual", "texts; a variable a condition")):  # fmt: skip
        _line(f"{PEER}, {name}", peers[layout]["seconds"], peers[layout]["peak_mb"])
    for name, own in (("bits", "cold"), ("bits, second variant", "warm"), ("Ibis", "table")):
        for layout in ("fast", "usual"):
            ratio = statistics.median(peers[layout]["seconds"]) / statistics.median(ours[own])
            print(f"  ratio to OpenFisca's {layout} layout, {name}: {ratio:.1f} x faster (medians)")
    print(f"  loading the population into bits, once: {ours['load']:.2f} s")
    silent = {
        pathway: peers["fast"]["eligible"][pathway] - ours["counts"][pathway][0]
        for pathway in ours["counts"]
    }
    assert peers["fast"]["eligible"] == peers["usual"]["eligible"]
    print(
        f"  answers 'yes': ours {sum(c[0] for c in ours['counts'].values()):,}, the peer's "
        f"{sum(peers['fast']['eligible'].values()):,}; of the peer's {sum(silent.values()):,} rest "
        "on a default for something unknown (or on an unconfirmed part read as no)"
    )


def _peer(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", PEER], check=True)
    return python


def _write_inputs(options: argparse.Namespace, folder: Path) -> None:
    """Each fact as the array that the peer likes best; unknown is the peer's default."""
    system = _System(_rules(options), usual=False)
    table = pq.read_table(_file(options), columns=system.facts)
    for name in system.facts:
        fact, column = library().vocabulary[name], table[name].combine_chunks()
        if fact.kind is FactKind.YES_NO:
            values = column.fill_null(False).to_numpy(zero_copy_only=False)
        elif fact.kind is FactKind.NUMBER:
            kind = "float32" if fact.decimals else "int32"
            values = column.fill_null(0).to_numpy(zero_copy_only=False).astype(kind)
        else:
            known = system.values[name]
            encoded = column.dictionary_encode()
            places = [
                known.index(word) if word in known else known.index("elsewhere")
                for word in encoded.dictionary.to_pylist()
            ]
            codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            values = np.where(codes < 0, 0, np.array([*places, 0])[codes])
        np.save(folder / f"f_{name}.npy", values)


class _System:
    """Writes our rules as OpenFisca variables."""

    def __init__(self, rules: Sequence[Rule], *, usual: bool) -> None:
        self.rules, self.usual = rules, usual
        self.facts = sorted({fact for rule in rules for fact in facts_of(rule.expression)})
        named: dict[str, set[str]] = {}
        for rule in rules:
            for test in tests_of(rule.expression):
                values = test.value if isinstance(test.value, tuple) else (test.value,)
                named.setdefault(test.fact, set()).update(map(str, values))
        self.values = {}
        for fact in self.facts:
            known = library().vocabulary[fact]
            if known.kind is FactKind.CHOICE:
                self.values[fact] = ["unknown", *known.choices]
            elif known.kind is FactKind.COUNTRY:
                self.values[fact] = ["unknown", *sorted(named[fact]), "elsewhere"]
        self.conditions: list[str] = []
        self.lines = [
            "import numpy as np",
            "from openfisca_core.entities import build_entity",
            "from openfisca_core.indexed_enums import Enum",
            "from openfisca_core.periods import MONTH",
            "from openfisca_core.variables import Variable",
            'Person = build_entity(key="person", plural="persons", label="", is_person=True)',
        ]

    def text(self) -> str:
        for fact in self.facts:
            self.input(fact)
        names = []
        for rule in self.rules:
            formula = (
                self.joined([self.condition(rule, part) for part in rule.conditions], "&")
                if self.usual
                else self.formula(rule.expression)
            )
            names.append(self.variable(f"r_{rule.pathway}", formula))
        self.lines.append(f"INPUTS = [{', '.join(f'f_{fact}' for fact in self.facts)}]")
        self.lines.append(f"CONDITIONS = [{', '.join(self.conditions)}]")
        self.lines.append(f"RULES = [{', '.join(names)}]")
        return "\n".join(self.lines) + "\n"

    def input(self, fact: str) -> None:
        known = library().vocabulary[fact]
        if fact in self.values:
            members = "".join(f'    v_{value} = "{value}"\n' for value in self.values[fact])
            self.lines.append(f"class E_{fact}(Enum):\n{members}")
            kind = f"Enum\n    possible_values = E_{fact}\n    default_value = E_{fact}.v_unknown"
        elif known.kind is FactKind.YES_NO:
            kind = "bool"
        else:
            kind = "float" if known.decimals else "int"
        self.lines.append(
            f"class f_{fact}(Variable):\n    value_type = {kind}\n    entity = Person\n"
            "    definition_period = MONTH\n"
        )

    def variable(self, name: str, formula: str) -> str:
        self.lines.append(
            f"class {name}(Variable):\n    value_type = bool\n    entity = Person\n"
            f"    definition_period = MONTH\n\n    def formula(person, period):\n"
            f"        return {formula}\n"
        )
        return name

    def condition(self, rule: Rule, condition: Condition) -> str:
        """A variable for the condition, and for each one in it."""
        parts = [self.condition(rule, part) for part in condition.parts]
        expression = condition.expression
        if isinstance(expression, All):
            formula = self.joined(parts, "&")
        elif isinstance(expression, Any):
            formula = self.joined(parts, "|")
        elif isinstance(expression, Not):
            formula = f"~{parts[0]}"
        elif isinstance(expression, AtLeast):
            formula = f"(({' + '.join(f'1 * {part}' for part in parts)}) >= {expression.count})"
        else:
            formula = self.formula(expression)
        name = f"c_{rule.pathway}_{len(self.conditions)}"
        self.conditions.append(self.variable(name, formula))
        return f'person("{name}", period)'

    def joined(self, parts: Sequence[str], sign: str) -> str:
        if not parts:
            return f"np.full(person.count, {sign == '&'})"
        return f"({f' {sign} '.join(parts)})"

    def formula(self, expression: Expression) -> str:
        if isinstance(expression, Constant):
            return f"np.full(person.count, {bool(expression.value)})"
        if isinstance(expression, Not):
            return f"~{self.formula(expression.part)}"
        if isinstance(expression, All | Any):
            sign = "&" if isinstance(expression, All) else "|"
            return self.joined([self.formula(part) for part in expression.parts], sign)
        if isinstance(expression, AtLeast):
            parts = " + ".join(f"1 * {self.formula(part)}" for part in expression.parts)
            return f"(({parts}) >= {expression.count})"
        return self.test(expression)

    def test(self, test: Test) -> str:
        fact, how, value = test.fact, test.comparison, test.value
        held = f'person("f_{fact}", period)'
        if fact in self.values:
            values = value if isinstance(value, tuple) else (value,)
            if len(values) <= 6:
                tests = [f"({held} == E_{fact}.v_{word})" for word in values]
                found = self.joined(tests, "|")
            else:
                places = [self.values[fact].index(str(word)) for word in values]
                found = f"np.isin({held}.view(np.ndarray), {places})"
            return f"~{found}" if how in (Comparison.IS_NOT, Comparison.NOT_IN) else found
        if isinstance(value, bool):
            return held if value is (how is Comparison.IS) else f"~{held}"
        other = f'person("f_{value.fact}", period)' if isinstance(value, OtherFact) else value
        sign = {"=": "==", "<>": "!="}.get(SIGNS[how], SIGNS[how])
        return f"({held} {sign} {other})"


def _memory(options: argparse.Namespace) -> Anything:
    """Our side, the population in memory."""
    rules, vocabulary = _rules(options), library().vocabulary
    expressions = [rule.expression for rule in rules]
    with population.on_duckdb(_file(options)) as table:
        started = time.perf_counter()
        held = planes.load(population.prepare(table, vocabulary, ON), vocabulary)
        load = time.perf_counter() - started

        def cold() -> None:
            held.forget()
            warm()

        def warm() -> None:
            held.counts_of(expressions)

        cold()
        found: dict[str, Anything] = {"load": load, "cold": _timed(cold, options.runs)}
        found["warm"] = _timed(warm, options.runs)
        counts = {rule.pathway: held.counts(rule.expression) for rule in rules}
        found["counts"] = counts
        found["peak_mb"] = _peak()
        connection = table.get_backend()
        connection.con.execute(f"CREATE TABLE people AS FROM read_parquet('{_file(options)}')")
        sql = _counting_sql(rules, connection.table("people"))
        rows = connection.con.execute(sql).fetchall()[0]
        assert list(rows[::2]) == [count.true for count in counts.values()]
        found["table"] = _timed(lambda: connection.con.execute(sql).fetchall(), options.runs)
        found["table_peak_mb"] = _peak()
    return found


def _counting_sql(rules: Sequence[Rule], table: Anything) -> str:
    """How many a rule holds for, and for how many it is known, as SQL that Ibis wrote."""
    seen: dict[Expression, Anything] = {}
    columns = {}
    for number, rule in enumerate(rules):
        holds = population.compile_expression(rule.expression, table, seen)
        columns[f"true_{number}"] = holds.fill_null(False).cast("int64").sum()
        columns[f"known_{number}"] = holds.count()
    return str(ibis.to_sql(table.aggregate(**columns)))


# --- (b) beside SQL -------------------------------------------------------------------------------


def sql(options: argparse.Namespace) -> None:
    _file(options)
    found = _own(options, "sql")
    _line("Mostovi, Ibis, all pathways from Parquet", found["ours"], found["peak_mb"])
    _line("plain SQL, generated from the rules, all pathways", found["generated"])
    _line("Mostovi, every row checked for contradictions first", found["checked"])
    ratio = statistics.median(found["ours"]) / statistics.median(found["generated"])
    print(f"  ratio to generated plain SQL, all pathways: {ratio:.2f} (medians)")
    print(f"  Ibis to SQL, once for a rule set: {found['compile'] * 1000:.0f} ms")
    for name, pair in found["by_hand"].items():
        own, hand = statistics.median(pair["ours"]), statistics.median(pair["hand"])
        same = "" if pair["same"] else "  (COUNTS DIFFER: the law file has changed since)"
        print(
            f"  {name}: ours {own * 1000:.1f} ms, written by hand {hand * 1000:.1f} ms, "
            f"ratio {own / hand:.2f}{same}"
        )


def _sql(options: argparse.Namespace) -> Anything:
    rules, path = _rules(options), _file(options)
    with population.on_duckdb(path) as table:
        connection = table.get_backend().con
        started = time.perf_counter()
        ours = _counting_sql(rules, table)
        found: dict[str, Anything] = {"compile": time.perf_counter() - started}
        counted = [_plain(rule.expression) for rule in rules]
        columns = ", ".join(f"count_if({text}), count({text})" for text in counted)
        generated = f"SELECT {columns} FROM read_parquet('{path}')"
        checked = _counting_sql(rules, population.prepare(table, library().vocabulary, ON).usable)
        # Turn about, so that a busy moment of the machine meets all of them.
        statements = {"ours": ours, "generated": generated, "checked": checked}
        rows = {name: connection.execute(text).fetchall() for name, text in statements.items()}
        assert rows["ours"] == rows["generated"] == rows["checked"]
        found |= _turn_about(connection, statements, options.runs)
        found["peak_mb"] = _peak()
        found["by_hand"] = {}
        for name, text in BY_HAND.items():
            partner, pathway = name.split("/")
            rule = next((r for r in rules if r.pathway == pathway), None)
            if partner != options.partner or rule is None:
                continue
            pair = {
                "ours": _counting_sql([rule], table),
                "hand": f"SELECT count_if({text}), count({text}) FROM read_parquet('{path}')",
            }
            same = len({str(connection.execute(s).fetchall()) for s in pair.values()}) == 1
            found["by_hand"][name] = _turn_about(connection, pair, options.runs) | {"same": same}
    return found


def _turn_about(connection: Anything, statements: dict[str, str], runs: int) -> dict[str, Anything]:
    seconds: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(runs):
        for name, text in statements.items():
            started = time.perf_counter()
            connection.execute(text).fetchall()
            seconds[name].append(time.perf_counter() - started)
    return dict(seconds)


def _plain(expression: Expression) -> str:
    """The rule as SQL that nobody optimised."""
    if isinstance(expression, Constant):
        truth = expression.value
        return "CAST(NULL AS BOOLEAN)" if truth is None else str(truth).upper()
    if isinstance(expression, Not):
        return f"(NOT {_plain(expression.part)})"
    if isinstance(expression, All | Any):
        sign = " AND " if isinstance(expression, All) else " OR "
        return f"({sign.join(map(_plain, expression.parts))})"
    if isinstance(expression, AtLeast):
        true = " + ".join(f"coalesce({_plain(part)}, FALSE)::INT" for part in expression.parts)
        hoped = " + ".join(f"coalesce({_plain(part)}, TRUE)::INT" for part in expression.parts)
        return (
            f"(CASE WHEN {true} >= {expression.count} THEN TRUE "
            f"WHEN {hoped} < {expression.count} THEN FALSE END)"
        )
    fact, how, value = f'"{expression.fact}"', expression.comparison, expression.value
    if isinstance(value, OtherFact):
        return f'({fact} {SIGNS[how]} "{value.fact}")'
    if isinstance(value, tuple):
        words = ", ".join(_constant(word) for word in value)
        return f"({fact} {'NOT IN' if how is Comparison.NOT_IN else 'IN'} ({words}))"
    return f"({fact} {SIGNS[how]} {_constant(value)})"


def _constant(value: Anything) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return f"'{value}'" if isinstance(value, str) else repr(value)


# --- (c) one person -------------------------------------------------------------------------------


def person(options: argparse.Namespace) -> None:
    _file(options)
    found = _own(options, "person")
    for name in ("known", "half", "nothing"):
        each = sorted(found[name])
        print(
            f"  {name:<8} {len(each):,} persons: median {statistics.median(each) * 1000:.3f} ms, "
            f"p95 {each[int(len(each) * 0.95)] * 1000:.3f} ms, at most {each[-1] * 1000:.3f} ms"
        )


def _person(options: argparse.Namespace) -> Anything:
    """All pathways of a partner with reasons and next questions: facts known as in the file, half
    of those, and hardly any."""
    rules = library().rule_set(options.partner, ON)
    rows = _people(options, 2000)
    answers.prepare(rules)
    chosen = random.Random(SEED)
    found: dict[str, list[float]] = {}
    for name, share in (("known", 1.0), ("half", 0.5), ("nothing", 0.03)):
        persons = [
            {fact: value for fact, value in row.items() if chosen.random() < share} for row in rows
        ]
        seconds = []
        for facts in persons:
            started = time.perf_counter()
            answers.check(rules, facts)
            seconds.append(time.perf_counter() - started)
        found[name] = seconds
    return found


def _people(options: argparse.Namespace, count: int) -> list[Anything]:
    vocabulary = library().vocabulary
    table = pq.read_table(_file(options), columns=list(vocabulary.facts)).slice(0, count)
    return [read_facts(vocabulary, row, ON) for row in table.to_pylist()]


# --- (d) a large file -----------------------------------------------------------------------------


def stream(options: argparse.Namespace) -> None:
    started = time.perf_counter()
    made = _own(options, "make")
    if made["seconds"]:
        people = options.people / made["seconds"]
        print(
            f"  made in {time.perf_counter() - started:.0f} s ({people:,.0f} people a second), "
            f"{made['peak_mb']:,.0f} MB at most, file {made['file_mb']:,.0f} MB"
        )
    found = _own(options, "stream")
    print(f"  all pathways, every row checked: {found['all']:.1f} s")
    print(f"  a reform by sex and age group: {found['simulate']:.1f} s")
    print(f"  memory at most {found['peak_mb']:,.0f} MB")


def _make(options: argparse.Namespace) -> Anything:
    started = time.perf_counter()
    there = (options.keep / f"{options.partner}-{options.people}.parquet").exists()
    path = _file(options)
    seconds = 0 if there else time.perf_counter() - started
    return {"seconds": seconds, "peak_mb": _peak(), "file_mb": path.stat().st_size / 1e6}


def _stream(options: argparse.Namespace) -> Anything:
    rules, vocabulary = _rules(options), library().vocabulary
    with population.on_duckdb(_file(options)) as table:
        people = population.prepare(table, vocabulary, ON)
        started = time.perf_counter()
        text = _counting_sql(rules, people.usable)
        table.get_backend().con.execute(text).fetchall()
        everything = time.perf_counter() - started
        rule = max(rules, key=lambda rule: sum(1 for _ in tests_of(rule.expression)))
        started = time.perf_counter()
        counted = list(_reformed(rule, people, vocabulary))
        assert sum(row.people or 0 for row in counted) == options.people
        return {
            "all": everything,
            "simulate": time.perf_counter() - started,
            "peak_mb": _peak(),
        }


def _reformed(rule: Rule, people: Anything, vocabulary: Anything) -> Iterator[simulation.Row]:
    """The largest rule against itself without its first condition."""
    before = simulation.expression_of(rule)
    assert isinstance(before, All)
    found = simulation.change_between(before, All(before.parts[1:]), vocabulary)
    yield from simulation._counted(found, people, ("sex", "age_group"))


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "openfisca": openfisca,
    "sql": sql,
    "person": person,
    "stream": stream,
}
INNER: dict[str, Callable[[argparse.Namespace], Anything]] = {
    "memory": _memory,
    "sql": _sql,
    "person": _person,
    "make": _make,
    "stream": _stream,
}

if __name__ == "__main__":
    main()
