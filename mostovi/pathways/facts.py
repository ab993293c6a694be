# SPDX-License-Identifier: EUPL-1.2
"""What may be asked of a person, and reading the answers; contradictions and nonsense are refused.

A fact that is not known is not in `Facts`: nothing is ever filled in. "unknown", "not_asked", null
and the empty text all mean the same, not known.
"""

from __future__ import annotations

import calendar
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NoReturn, TypeAlias

from mostovi.pathways.evaluating import COMPARE
from mostovi.pathways.expressions import Comparison
from mostovi.pathways.reading import (
    LawReading,
    Table,
    amount,
    comparison_keys,
    flag,
    scalar,
    scalars,
    texts_of,
    top_table,
)

FactValue: TypeAlias = bool | int | float | str
Facts: TypeAlias = Mapping[str, FactValue]

STATELESS = "stateless"
UNKNOWN_WORDS = frozenset({"", "unknown", "not_asked"})
LATEST_AGE_YEARS = 150

COUNTRIES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
    ZW XK
    """.split()  # noqa: SIM905 - a list of one code a line would be five pages
)
"""ISO 3166-1 alpha-2, and XK as it is used for Kosovo*."""

CALLED_OTHERWISE = {"XXA": STATELESS, "XXX": ""}
"""ICAO 9303: stateless, and not specified."""


class FactKind(enum.StrEnum):
    """What an answer can be."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    NUMBER = "number"
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact that law packs may test.

    from_date: name of the date that may be given in its place; the number is then the whole years
    (unit years) or months since. danger: help comes first when the answer is yes.
    """

    code: str
    kind: FactKind
    group: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    lowest: float = 0
    highest: float = 0
    decimals: bool = False
    from_date: str = ""
    danger: str = ""
    sensitive: bool = False
    line: int = 1


@dataclass(frozen=True, slots=True)
class Conflict:
    """Answers that cannot be true together: all tests hold, or an order between two is broken."""

    code: str
    tests: tuple[tuple[str, Comparison, Any], ...] = ()
    order: tuple[str, Comparison, str] | None = None

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts it is about."""
        if self.order:
            return (self.order[0], self.order[2])
        return tuple(fact for fact, _, _ in self.tests)

    def broken_by(self, facts: Facts) -> bool:
        """True when all of its facts are known and say what cannot be."""
        if any(fact not in facts for fact in self.facts):
            return False
        if self.order:
            first, comparison, second = self.order
            return not COMPARE[comparison](facts[first], facts[second])
        return all(COMPARE[how](facts[fact], value) for fact, how, value in self.tests)


@dataclass(frozen=True)
class Vocabulary:
    """All facts, in the order in which they are asked; lists of countries; conflicts."""

    facts: Mapping[str, Fact]
    groups: tuple[str, ...] = ()
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    version: str = ""

    def __getitem__(self, code: str) -> Fact:
        return self.facts[code]

    def __contains__(self, code: object) -> bool:
        return code in self.facts

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts.values())

    @property
    def by_date(self) -> Mapping[str, Fact]:
        """The fact that each date stands in for."""
        return {fact.from_date: fact for fact in self if fact.from_date}


def read_vocabulary(text: str, file: str) -> Vocabulary:
    """The vocabulary of facts in `text` (`content/law/facts.yaml`). Raises `BadLaw`."""
    reading = LawReading(file)
    top = top_table(reading, text)
    for key in ("source", "language", "review"):
        top.node(key, required=False)
    groups = texts_of(top, "groups")
    listed = top.table("lists", required=False)
    vocabulary = Vocabulary(
        facts=top.named("facts", "fact", lambda code, table: _fact(code, table, groups)),
        groups=groups,
        lists={name: texts_of(listed, name) for name in listed.names} if listed else {},
        version=top.text("version", required=False),
    )
    for name, countries in vocabulary.lists.items():
        for country in set(countries) - COUNTRIES:
            top.problem("lists", f"list '{name}' names '{country}', which is not a country code")
    conflicts = [
        _conflict(table, vocabulary) for table in top.items("conflicts", "conflict", required=False)
    ]
    top.done()
    reading.stop()
    return replace(vocabulary, conflicts=tuple(filter(None, conflicts)))


def _fact(code: str, table: Table, groups: tuple[str, ...]) -> Fact:
    kind = table.choice("kind", FactKind)
    number = kind is FactKind.NUMBER
    fact = Fact(
        code=code,
        kind=kind,
        group=table.code("group"),
        unit=table.code("unit", required=number),
        choices=table.codes("choices", required=kind is FactKind.CHOICE),
        lowest=amount(table, "lowest", required=number) or 0,
        highest=amount(table, "highest", required=number) or 0,
        decimals=bool(flag(table, "decimals")),
        from_date=table.code("from_date", required=False),
        danger=table.code("danger", required=False),
        sensitive=bool(flag(table, "sensitive")),
        line=table.line[1],
    )
    if fact.group and fact.group not in groups:
        table.problem("group", f"unknown group '{fact.group}'")
    if number and fact.lowest >= fact.highest:
        table.problem("highest", "'highest' must be above 'lowest'")
    if fact.from_date and fact.unit not in {"years", "months"}:
        table.problem("from_date", "only years and months are counted from a date")
    if fact.danger and kind is not FactKind.YES_NO:
        table.problem("danger", "only a yes or no can be a sign of danger")
    return fact


def _conflict(table: Table, vocabulary: Vocabulary) -> Conflict | None:
    code = table.code("code")
    table.where = f"conflict '{code}'"
    held, ordered = table.table("facts", required=False), table.table("order", required=False)
    table.done()
    if (held is None) == (ordered is None):
        table.problem("code", "needs either 'facts' or 'order'")
        return None
    tests: list[tuple[str, Comparison, Any]] = []
    order = None
    for outer, fact in [
        (table, name) for table in (held, ordered) if table for name in table.names
    ]:
        inner = outer.table(fact)
        keys = comparison_keys(inner) if inner else []
        if fact not in vocabulary:
            table.problem("code", f"unknown fact '{fact}'")
        elif inner is None or len(keys) != 1 or keys[0] not in set(Comparison):
            table.problem("code", f"'{fact}' needs one comparison")
        elif held:
            node = inner.node(keys[0])
            value = scalars(node) or scalar(node) if node is not None else None
            tests.append((fact, Comparison(keys[0]), value))
        else:
            order = (fact, Comparison(keys[0]), inner.text(keys[0]))
            if order[2] not in vocabulary:
                table.problem("code", f"unknown fact '{order[2]}'")
    return Conflict(code, tuple(tests), order)


class ProblemCode(enum.StrEnum):
    """What is wrong with an answer."""

    UNKNOWN_FACT = "unknown_fact"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    BAD_DATE = "bad_date"
    FUTURE_DATE = "future_date"
    DISAGREES = "disagrees"
    CONTRADICTION = "contradiction"


@dataclass(frozen=True, slots=True)
class FactProblem:
    """One answer that cannot be taken: at which fact, why, in plain English.

    facts: every fact it is about (two or more for a contradiction). conflict: code of the conflict
    in the vocabulary, whose words are `conflict.<code>` of the texts.
    """

    fact: str
    code: ProblemCode
    text: str
    facts: tuple[str, ...] = ()
    conflict: str = ""

    def __str__(self) -> str:
        return self.text


class BadFacts(Exception):
    """The answers cannot be taken; `problems` is the whole list."""

    def __init__(self, problems: tuple[FactProblem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class _Refused(Exception):
    def __init__(self, code: ProblemCode, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(text)


def read_facts(vocabulary: Vocabulary, raw: Mapping[str, Any], on: date) -> Facts:
    """The known facts of a person on a day, in the order of the vocabulary. Raises `BadFacts`.

    raw: values as JSON has them (true, false, a choice, a number, a country code), or as a form
    has them ("yes", "no", "12"); a date under the name of the vocabulary's `from_date`.
    """
    by_date = vocabulary.by_date
    known: dict[str, FactValue] = {}
    problems: list[FactProblem] = []
    for name, value in raw.items():
        name = str(name)
        if value is None or (isinstance(value, str) and value.strip() in UNKNOWN_WORDS):
            if name not in vocabulary and name not in by_date:
                problems.append(_unknown(name, vocabulary))
            continue
        try:
            if name in vocabulary:
                read = _read_value(vocabulary[name], value)
                if read != "":
                    _keep(known, name, read, f"'{name}'")
            elif name in by_date:
                fact = by_date[name]
                _keep(known, fact.code, _since(fact, name, value, on), f"'{name}'")
            else:
                problems.append(_unknown(name, vocabulary))
        except _Refused as error:
            about = (name, by_date[name].code) if name in by_date else (name,)
            problems.append(FactProblem(name, error.code, error.text, about))
    for conflict in vocabulary.conflicts:
        if conflict.broken_by(known):
            problems.append(_contradiction(conflict, known))
    if problems:
        raise BadFacts(tuple(problems))
    return {code: known[code] for code in vocabulary.facts if code in known}


def _unknown(name: str, vocabulary: Vocabulary) -> FactProblem:
    text = f"'{name}' is not a fact that the law files know"
    near = [code for code in vocabulary.facts if name and (name in code or code in name)]
    if near:
        text += f"; did you mean {', '.join(near[:3])}?"
    return FactProblem(name, ProblemCode.UNKNOWN_FACT, text, (name,))


def _keep(known: dict[str, FactValue], code: str, value: FactValue, said_by: str) -> None:
    if code in known and known[code] != value:
        text = f"'{code}' is given twice and differently: {known[code]}, and by {said_by} {value}"
        raise _Refused(ProblemCode.DISAGREES, text)
    known[code] = value


def _contradiction(conflict: Conflict, known: Facts) -> FactProblem:
    said = " and ".join(f"'{fact}' is {_plain(known[fact])}" for fact in conflict.facts)
    return FactProblem(
        conflict.facts[0],
        ProblemCode.CONTRADICTION,
        f"these answers cannot be true together: {said}",
        conflict.facts,
        conflict.code,
    )


def _plain(value: FactValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _read_value(fact: Fact, value: Any) -> FactValue:
    if fact.kind is FactKind.YES_NO:
        return _yes_no(fact, value)
    if fact.kind is FactKind.NUMBER:
        return _number(fact, value)
    if not isinstance(value, str):
        _wrong(fact, value, "a text")
    text = value.strip()
    if fact.kind is FactKind.CHOICE:
        if text not in fact.choices:
            _wrong(fact, value, f"one of {', '.join(fact.choices)}")
        return str(text)
    country: str = CALLED_OTHERWISE.get(text.upper(), text.upper() if len(text) == 2 else text)
    if country and country != STATELESS and country not in COUNTRIES:
        _wrong(fact, value, "a country code of two letters, such as SY, or 'stateless'")
    return country


def _yes_no(fact: Fact, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in {"yes", "true"}:
        return True
    if word in {"no", "false"}:
        return False
    _wrong(fact, value, "true or false")


def _number(fact: Fact, value: Any) -> int | float:
    what = "a number" if fact.decimals else "a whole number"
    if isinstance(value, bool):
        _wrong(fact, value, what)
    if isinstance(value, str):
        try:
            value = float(value.strip().replace(",", "."))
        except ValueError:
            _wrong(fact, value, what)
    if not isinstance(value, int | float) or value != value or abs(value) == float("inf"):
        _wrong(fact, value, what)
    if not fact.decimals:
        if value != int(value):
            _wrong(fact, value, what)
        value = int(value)
    elif value == int(value):
        value = int(value)
    _in_range(fact, value)
    number: int | float = value
    return number


def _in_range(fact: Fact, value: float) -> None:
    if not fact.lowest <= value <= fact.highest:
        text = f"'{fact.code}' must lie between {fact.lowest:g} and {fact.highest:g}, not {value:g}"
        raise _Refused(ProblemCode.OUT_OF_RANGE, text)


def _wrong(fact: Fact, value: Any, what: str) -> NoReturn:
    raise _Refused(ProblemCode.WRONG_TYPE, f"'{fact.code}' must be {what}, not {value!r}")


def _since(fact: Fact, name: str, value: Any, on: date) -> int:
    """Whole years or months from the date to the day asked about."""
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value).strip())
    except ValueError as error:
        text = f"'{name}' must be a date like 2001-05-30, not {value!r}"
        raise _Refused(ProblemCode.BAD_DATE, text) from error
    if day > on:
        text = f"'{name}' is {day}: a date after {on}, the day asked about"
        raise _Refused(ProblemCode.FUTURE_DATE, text)
    months = whole_months(day, on)
    count = months // 12 if fact.unit == "years" else months
    if not fact.lowest <= count <= fact.highest:
        text = f"'{name}' is {day}: {count} {fact.unit} ago, which cannot be"
        raise _Refused(ProblemCode.OUT_OF_RANGE, text)
    return count


def whole_months(start: date, end: date) -> int:
    """Whole months between two days; a month that is too short ends on its last day.

    >>> whole_months(date(2008, 2, 29), date(2026, 2, 28))
    216
    >>> whole_months(date(2026, 1, 31), date(2026, 2, 27))
    0
    """
    months = (end.year - start.year) * 12 + end.month - start.month
    last = calendar.monthrange(end.year, end.month)[1]
    return months if end.day >= min(start.day, last) else months - 1
