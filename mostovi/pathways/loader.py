# SPDX-License-Identifier: EUPL-1.2
"""Reads the law files of a partner and finds everything wrong with them, with file, line and rule.

Nothing loads half: the result is a whole `PartnerLaw`, or `BadLaw` with all problems of all files.
A misspelt key, an act that is not listed, a fact compared with a value it can never have, a missing
citation, a definition that leads back to itself, or two versions in force on one day are problems,
because each of them could take a way from a person without anybody noticing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any as Anything
from typing import TypeVar

import yaml

from mostovi.pathways.diagrams import Diagram, TooLarge
from mostovi.pathways.expressions import (
    Comparison,
    OtherFact,
    ParameterValue,
    Scalar,
    Test,
    Value,
)
from mostovi.pathways.facts import COUNTRIES, STATELESS, Fact, FactKind, read_vocabulary
from mostovi.pathways.law import (
    Act,
    Amount,
    Appeal,
    Authority,
    Availability,
    Catalogue,
    Citation,
    Combination,
    Condition,
    Confidence,
    Deadline,
    Document,
    Evidence,
    Fee,
    Parameter,
    PartnerLaw,
    Pathway,
    PathwayKind,
    PathwayVersion,
    Review,
    ReviewStatus,
    Right,
)
from mostovi.pathways.reading import (
    BadLaw,
    LawProblem,
    LawReading,
    amount,
    comparison_keys,
    flag,
    plain_number,
    scalar,
    scalars,
    texts_of,
    top_table,
)
from mostovi.pathways.rules import rule_of_version
from mostovi.procedures.tables import CODE, LANGUAGE, Table

UNITS = ("hours", "days", "working_days", "weeks", "months", "years")
WHEN = ("meanwhile", "after")
GROUPS = {
    "any": Combination.ANY,
    "all": Combination.ALL,
    "not": Combination.NOT,
    "at_least": Combination.AT_LEAST,
}
DEEPEST = 12
"""Groups within groups; a condition that a lawyer can read has three or four."""

_Built = TypeVar("_Built")


# What all partners share.


def load_catalogue(files: Mapping[str, str], folder: str = "content/law") -> Catalogue:
    """The shared lists, from facts.yaml, pathways.yaml, topics.yaml, documents.yaml."""
    problems: list[LawProblem] = []

    def whole(name: str, build: Callable[[Table], _Built]) -> _Built | None:
        reading = LawReading(f"{folder}/{name}")
        try:
            top = top_table(reading, files[name])
            for key in ("version", "language", "source", "review"):
                top.node(key, required=False)
            built = build(top)
            top.done()
            reading.stop()
        except KeyError:
            problems.append(LawProblem(f"{folder}/{name}", 1, "the file is missing"))
        except BadLaw as error:
            problems.extend(error.problems)
        else:
            return built
        return None

    vocabulary = None
    try:
        vocabulary = read_vocabulary(files.get("facts.yaml", ""), f"{folder}/facts.yaml")
    except BadLaw as error:
        problems.extend(error.problems)
    kinds = whole("pathways.yaml", lambda top: top.named("pathways", "pathway", _kind))
    topics = whole("topics.yaml", lambda top: top.codes("topics", required=True))
    codes = whole(
        "documents.yaml",
        lambda top: {
            key: frozenset(top.codes(key, required=True))
            for key in ("documents", "rights", "fees", "deadlines")
        },
    )
    if problems or vocabulary is None or kinds is None or topics is None or codes is None:
        raise BadLaw(problems)
    return Catalogue(vocabulary=vocabulary, pathways=kinds, topics=topics, **codes)


def _kind(code: str, table: Table) -> PathwayKind:
    return PathwayKind(
        code=code,
        group=table.code("group"),
        icon=table.text("icon", required=False),
        first=table.code("first", required=False),
    )


# One partner.


def load_partner(
    files: Mapping[str, str],
    catalogue: Catalogue,
    *,
    code: str,
    folder: str = "",
    eu_acts: Iterable[str] | None = None,
) -> PartnerLaw:
    """The law of a partner from its files: "partner.yaml" and one "<pathway>.yaml" for each way.

    folder: put before the names in messages. eu_acts: the acts that `implements` may name (None:
    not checked). Raises `BadLaw` with the problems of all files.
    """
    folder = folder or f"content/law/{code}"
    problems: list[LawProblem] = []
    partner = None
    try:
        partner = _read_partner(
            files.get("partner.yaml", ""), f"{folder}/partner.yaml", catalogue, code
        )
    except BadLaw as error:
        problems += error.problems
    pathways = {}
    for name in sorted(files.keys() - {"partner.yaml"}):
        if partner is None:
            break
        try:
            pathway = load_pathway(files[name], f"{folder}/{name}", partner, eu_acts=eu_acts)
        except BadLaw as error:
            problems += error.problems
            continue
        pathways[pathway.code] = pathway
        if name != f"{pathway.code}.yaml":
            text = f"the file must be named {pathway.code}.yaml after its pathway"
            problems.append(LawProblem(f"{folder}/{name}", 1, text))
    if problems or partner is None:
        raise BadLaw(problems)
    ordered = {kind: pathways[kind] for kind in catalogue.pathways if kind in pathways}
    return replace(partner, pathways=ordered)


def _read_partner(text: str, file: str, catalogue: Catalogue, code: str) -> PartnerLaw:
    reading = LawReading(file)
    top = top_table(reading, text, "partner")
    for key in ("version", "language", "source", "review", "note"):
        top.node(key, required=False)
    law = PartnerLaw(
        code=top.code("partner"),
        name=top.words("name"),
        languages=texts_of(top, "languages"),
        currency=top.text("currency", required=False),
        acts=top.named("acts", "act", _act),
        authorities=top.named("authorities", "authority", _authority, required=False),
        parameters={},
        definitions={},
        pathways={},
        catalogue=catalogue,
    )
    if law.code and law.code != code:
        top.problem("partner", f"'partner' says {law.code}, and the folder is {code}")
    law = replace(
        law,
        parameters=top.named(
            "parameters", "parameter", lambda c, t: _parameter(c, t, law), required=False
        ),
    )
    law = replace(law, definitions=_definitions(top, reading, law))
    top.done()
    reading.stop()
    return law


def _act(code: str, table: Table) -> Act:
    table.node("note", required=False)
    table.node("short", required=False)
    act = Act(
        code=code,
        title=table.words("title"),
        gazette=texts_of(table, "gazette"),
        valid_from=table.day("from"),
        valid_to=table.day("to"),
        url=table.text("url", required=False),
        evidence=table.choice("evidence", Evidence),
    )
    _check_period(table, act.valid_from, act.valid_to)
    return act


def _authority(code: str, table: Table) -> Authority:
    table.node("note", required=False)
    return Authority(
        code=code,
        name=table.words("name"),
        url=table.text("url", required=False),
        evidence=table.choice("evidence", Evidence, Evidence.UNCONFIRMED),
    )


def _parameter(code: str, table: Table, law: PartnerLaw) -> Parameter:
    table.node("note", required=False)
    values = []
    for item in table.items("values", "value"):
        item.where = f"parameter '{code}'"
        start = item.day("from")
        if start is None:
            item.problem("from", "'from' is missing")
        citation, evidence, _ = _source(item, law)
        values.append(
            Amount(start or date.min, item.day("to"), amount(item, "amount"), citation, evidence)
        )
        item.done()
        _check_period(item, start, values[-1].valid_to)
    parameter = Parameter(code, table.words("title"), table.text("unit"), tuple(values))
    _check_overlap(
        table, "values", [(str(v.valid_from), v.valid_from, v.valid_to) for v in values], "value"
    )
    return parameter


# Conditions.


@dataclass(frozen=True)
class _Given:
    """What a member takes from its group (or a use from its definition) when it says nothing."""

    topic: str = ""
    citation: Citation | None = None
    evidence: Evidence | None = None
    confidence: Confidence | None = None
    review: Review = field(default_factory=Review)
    title: Mapping[str, str] = field(default_factory=dict)


Define = Callable[[str, Table], "Condition | None"]


class _Conditions:
    """Reads the conditions of one file."""

    def __init__(self, reading: LawReading, law: PartnerLaw, define: Define) -> None:
        self.reading, self.law, self.define = reading, law, define
        self.vocabulary = law.catalogue.vocabulary
        self.codes: dict[str, int] = {}

    def read(self, table: Table, given: _Given | None = None, depth: int = 0) -> Condition:
        """The condition in the table; given None: a condition of the top level."""
        code = table.code("code", required=given is None or not given.title)
        if not code and given is not None:
            code = f"{depth}_part"
        table.where = f"condition '{code}'"
        if code in self.codes and code != f"{depth}_part":
            table.problem("code", f"the code '{code}' is also used in line {self.codes[code]}")
        self.codes.setdefault(code, table.line[1])
        used = self._definition(table)
        above = _over(given or _Given(), used)
        own = self._own(table, above)
        valid_from, valid_to = table.day("from"), table.day("to")
        _check_period(table, valid_from, valid_to)
        title = table.words("title", required=not above.title) or above.title
        condition = Condition(
            code=code,
            title=title,
            topic=own.topic,
            citation=own.citation,
            evidence=own.evidence or Evidence.UNCONFIRMED,
            confidence=own.confidence or Confidence.LOW,
            review=own.review,
            combination=Combination.UNKNOWN,
            valid_from=valid_from,
            valid_to=valid_to,
            note=_any_words(table, "note"),
            file=table.line[0],
            line=table.line[1],
        )
        if used is not None:
            return self._used(table, condition, used)
        return self._body(table, condition, own, depth)

    def _definition(self, table: Table) -> Condition | None:
        name = table.code("definition", required=False)
        return self.define(name, table) if name else None

    def _used(self, table: Table, condition: Condition, used: Condition) -> Condition:
        self._only(table, "definition")
        return replace(
            condition,
            combination=used.combination,
            test=used.test,
            count=used.count,
            parts=used.parts,
            definition=table.text("definition"),
        )

    def _own(self, table: Table, above: _Given) -> _Given:
        evidence = above.evidence
        if table.text("evidence", required=above.evidence is None):
            evidence = table.choice("evidence", Evidence)
        confidence = above.confidence
        if table.text("confidence", required=above.confidence is None):
            confidence = table.choice("confidence", Confidence)
        citation = above.citation
        if "cite" in table.names:
            citation = _citation(table, "cite", self.law.acts)
        if citation is None and evidence is not Evidence.UNCONFIRMED:
            table.problem(
                "cite",
                "the citation is missing: name act and article in 'cite', "
                "or write 'cite: null' and 'evidence: unconfirmed'",
            )
        own_topic = table.code("topic", required=not above.topic)
        if own_topic and own_topic not in self.law.catalogue.topics:
            table.problem("topic", f"unknown topic '{own_topic}'")
        topic = own_topic or above.topic
        review = _review(table) if "review" in table.names else above.review
        return _Given(topic, citation, evidence, confidence, review)

    def _body(self, table: Table, condition: Condition, own: _Given, depth: int) -> Condition:
        fact = table.text("fact", required=False)
        if fact:
            test = self._test(table, fact)
            table.done()
            if test is None:
                return condition
            return replace(condition, combination=Combination.TEST, test=test)
        if flag(table, "unknown"):
            self._only(table, "unknown")
            return condition
        groups = [key for key in GROUPS if key in table.names]
        if len(groups) != 1:
            table.problem(
                "code",
                "needs exactly one of: fact (with a comparison), any, all, not, at_least, "
                "definition, unknown: true",
            )
            return condition
        return self._group(table, condition, own, groups[0], depth)

    def _group(
        self, table: Table, condition: Condition, own: _Given, key: str, depth: int
    ) -> Condition:
        if depth >= DEEPEST:
            table.problem(key, f"more than {DEEPEST} groups within groups")
            return condition
        count = 0
        if key == "not":
            node = table.node(key)
            if isinstance(node, yaml.SequenceNode) and len(node.value) == 1:
                node = node.value[0]
            if not isinstance(node, yaml.MappingNode):
                table.problem(key, "'not' holds one condition")
                return condition
            own = replace(own, title=condition.title)
            tables = [Table(self.reading, node, "condition")]
        elif key == "at_least":
            inner = table.table(key)
            if inner is None:
                return condition
            count = inner.number("count")
            tables = inner.items("of", "condition")
            inner.done()
            if count > len(tables):
                inner.problem("count", f"asks for {count} of {len(tables)}")
        else:
            tables = table.items(key, "condition")
        table.done()
        parts = tuple(self.read(part, own, depth + 1) for part in tables)
        if key == "not" and parts and parts[0].code == f"{depth + 1}_part":
            parts = (replace(parts[0], code=f"{condition.code}_not"[:40]),)
        return replace(condition, combination=GROUPS[key], parts=parts, count=count)

    def _only(self, table: Table, key: str) -> None:
        for other in {"fact", *GROUPS, "definition", "unknown"} - {key}:
            if other in table.names:
                table.node(other)
                table.problem(other, f"'{other}' and '{key}' cannot stand together")
        table.done()

    def _test(self, table: Table, name: str) -> Test | None:
        """The test of one fact; None when something is wrong with it."""
        keys = comparison_keys(table)
        before = len(self.reading.problems)
        nodes = {key: table.node(key) for key in keys}
        if name not in self.vocabulary:
            table.problem("fact", f"unknown fact '{name}'")
            return None
        if len(keys) != 1:
            found = ", ".join(keys) or "none"
            table.problem("fact", f"a fact needs exactly one comparison; found {found}")
            return None
        key, node = keys[0], nodes[keys[0]]
        if node is None:
            return None
        fact = self.vocabulary[name]
        comparison, value = self._value(table, fact, key, node)
        if len(self.reading.problems) > before or value is None:
            return None
        return Test(name, comparison, value)

    def _value(
        self, table: Table, fact: Fact, key: str, node: yaml.Node
    ) -> tuple[Comparison, Value | None]:
        if key in {"in_list", "not_in_list"}:
            comparison = Comparison.IN if key == "in_list" else Comparison.NOT_IN
            name = table.text(key)
            if fact.kind is not FactKind.COUNTRY:
                _type_error(table, key, fact, "is not a country, so no list of countries fits")
            elif name not in self.vocabulary.lists:
                table.problem(key, f"unknown list '{name}'")
            return comparison, self.vocabulary.lists.get(name)
        comparison = Comparison(key)
        if comparison.is_ordering and fact.kind is not FactKind.NUMBER:
            _type_error(table, key, fact, f"is no number, so '{key}' does not fit")
            return comparison, None
        if isinstance(node, yaml.MappingNode):
            return comparison, self._reference(table, fact, key)
        if comparison in {Comparison.IN, Comparison.NOT_IN}:
            values = scalars(node)
            if values is None:
                table.problem(key, f"'{key}' must be a list of values")
            for value in values or ():
                _check_value(table, key, fact, value)
            return comparison, values
        single = scalar(node)
        if single is None:
            table.problem(key, f"'{key}' must be a value")
        else:
            _check_value(table, key, fact, single)
        return comparison, single

    def _reference(self, table: Table, fact: Fact, key: str) -> Value | None:
        """{parameter: code, times: 1.5} or {fact: other}."""
        inner = table.table(key)
        if inner is None:
            return None
        if fact.kind is not FactKind.NUMBER:
            _type_error(table, key, fact, "is no number, so no amount fits")
        parameter = inner.code("parameter", required=False)
        other = inner.code("fact", required=False)
        times = inner.text("times", required=False)
        inner.done()
        if bool(parameter) == bool(other) or (times and not parameter):
            table.problem(key, f"'{key}' needs a number, a parameter (with 'times'), or a fact")
            return None
        if other:
            if other not in self.vocabulary:
                table.problem(key, f"unknown fact '{other}'")
            elif self.vocabulary[other].kind is not FactKind.NUMBER:
                _type_error(table, key, self.vocabulary[other], "is no number")
            elif other == fact.code:
                table.problem(key, f"'{other}' is compared with itself")
            return OtherFact(other)
        if parameter not in self.law.parameters:
            table.problem(key, f"unknown parameter '{parameter}'")
        try:
            factor = plain_number(times) if times else 1
        except ValueError:
            table.problem(key, f"'times' must be a number, not '{times}'")
            factor = 1
        return ParameterValue(parameter, factor)


def _over(given: _Given, used: Condition | None) -> _Given:
    """What holds when the table says nothing: first the definition, then the group."""
    if used is None:
        return given
    return _Given(
        used.topic, used.citation, used.evidence, used.confidence, used.review, used.title
    )


def _type_error(table: Table, key: str, fact: Fact, text: str) -> None:
    table.problem(key, f"type error, the fact '{fact.code}' ({fact.kind}) {text}")


def _check_value(table: Table, key: str, fact: Fact, value: Scalar) -> None:
    """The value must be one that the fact can have."""
    if fact.kind is FactKind.YES_NO:
        good, what = isinstance(value, bool), "true or false"
    elif fact.kind is FactKind.CHOICE:
        good, what = value in fact.choices, f"one of {', '.join(fact.choices)}"
    elif fact.kind is FactKind.COUNTRY:
        good = value in COUNTRIES or value == STATELESS
        what = "a country code of two letters (in quotes: 'NO') or stateless"
    else:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        what = f"a number between {fact.lowest:g} and {fact.highest:g}"
        if good and isinstance(value, int | float):
            good = fact.lowest <= value <= fact.highest
            if not fact.decimals and value != int(value):
                good, what = False, "a whole number"
    if not good:
        _type_error(table, key, fact, f"can only be {what}, not {value!r}")


def _definitions(top: Table, reading: LawReading, law: PartnerLaw) -> Mapping[str, Condition]:
    """The shared conditions; each is read when it is first used, so that cycles are seen."""
    outer = top.table("definitions", required=False)
    if outer is None:
        return {}
    done: dict[str, Condition | None] = {}
    open_now: list[str] = []

    def define(name: str, user: Table) -> Condition | None:
        if name in done:
            return done[name]
        if name in open_now:
            round_trip = " → ".join([*open_now[open_now.index(name) :], name])
            user.problem("definition", f"cycle of definitions, {round_trip}")
            return None
        if name not in outer.names:
            user.problem("definition", f"unknown definition '{name}'")
            return None
        node = outer.node(name)
        if node is None:
            return None
        open_now.append(name)
        table = Table(reading, _with_code(node, name), f"definition '{name}'")
        table.line = outer.key_place(name)
        before = len(reading.problems)
        condition = _Conditions(reading, law, define).read(table)
        open_now.pop()
        done[name] = condition if len(reading.problems) == before else None
        return done[name]

    for name in outer.names:
        if not CODE.match(name):
            outer.problem(name, f"'{name}' must be a code of a-z, 0-9 and _")
        define(name, outer)
    return {name: condition for name in outer.names if (condition := done.get(name)) is not None}


def _with_code(node: yaml.Node, name: str) -> yaml.Node:
    """A definition's code is its name."""
    if not isinstance(node, yaml.MappingNode) or any(k.value == "code" for k, _ in node.value):
        return node
    mark = node.start_mark
    key = yaml.ScalarNode("tag:yaml.org,2002:str", "code", mark)
    value = yaml.ScalarNode("tag:yaml.org,2002:str", name, mark)
    return yaml.MappingNode(node.tag, [(key, value), *node.value], mark, node.end_mark)


# One pathway.


def load_pathway(
    text: str, file: str, partner: PartnerLaw, *, eu_acts: Iterable[str] | None = None
) -> Pathway:
    """The pathway in `text`, standing on the partner's acts, parameters and definitions.

    For the shipped files and for the drafts of a reform. Raises `BadLaw`.
    """
    reading = LawReading(file)
    top = top_table(reading, text, "pathway")
    code = top.code("pathway")
    top.where = f"pathway '{code}'"
    for key in ("language", "source", "note"):
        top.node(key, required=False)
    if code and code not in partner.catalogue.pathways:
        top.problem("pathway", f"unknown pathway '{code}'")
    if (whose := top.code("partner")) and whose != partner.code:
        top.problem("partner", f"'partner' says {whose}, and this is the law of {partner.code}")
    availability = top.choice("availability", Availability)
    in_law = availability is Availability.IN_LAW
    note = _any_words(top, "availability_note")
    if not in_law and "en" not in note:
        top.problem(
            "availability",
            f"'{availability}' needs an 'availability_note' that says in English why",
        )
    listed = top.node("versions", required=in_law)
    empty = isinstance(listed, yaml.SequenceNode) and not listed.value
    if empty and in_law:
        top.problem("versions", "a way that is in the law needs a version")
    tables = top.items("versions", "version") if listed is not None and not empty else []
    versions = [_version(table, reading, partner, eu_acts) for table in tables]
    pathway = Pathway(
        code=code,
        partner=partner.code,
        availability=availability,
        versions=tuple(sorted(versions, key=lambda version: version.valid_from)),
        availability_note=note,
        local_name=_any_words(top, "local_name"),
        file=file,
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
    top.done()
    _check_overlap(
        top, "versions", [(v.version, v.valid_from, v.valid_to) for v in versions], "version"
    )
    if len({v.version for v in versions}) < len(versions):
        top.problem("versions", "two versions have the same name")
    reading.stop()
    _check_size(top, pathway, partner)
    reading.stop()
    return pathway


def _check_size(top: Table, pathway: Pathway, partner: PartnerLaw) -> None:
    """A rule that nobody could hold in the head cannot be decided exactly in good time either."""
    for version in pathway.versions:
        rule = rule_of_version(partner, pathway.code, version, version.valid_from)
        try:
            Diagram([rule.expression], partner.catalogue.vocabulary)
        except TooLarge:
            top.problem(
                "versions",
                f"version '{version.version}' joins too many facts at once to be decided exactly; "
                "say it with fewer alternatives that mix the same facts",
            )


def _version(
    table: Table, reading: LawReading, law: PartnerLaw, eu_acts: Iterable[str] | None
) -> PathwayVersion:
    name = table.text("version")
    table.where = f"version '{name}'"

    def define(wanted: str, user: Table) -> Condition | None:
        if wanted not in law.definitions:
            user.problem("definition", f"unknown definition '{wanted}'")
            return None
        return law.definitions[wanted]

    start = table.day("from")
    if start is None:
        table.problem("from", "'from' is missing: the first day in force")
    conditions = _Conditions(reading, law, define)
    complete = flag(table, "complete", default=None)
    if complete is None:
        table.problem("complete", "'complete' is missing: true or false")
    version = PathwayVersion(
        version=name,
        valid_from=start or date.min,
        valid_to=table.day("to"),
        complete=bool(complete),
        review=_review(table),
        conditions=tuple(conditions.read(item) for item in table.items("conditions", "condition")),
        documents=tuple(_document(item, law) for item in _entries(table, "documents", "document")),
        deadlines=tuple(_deadline(item, law) for item in _entries(table, "deadlines", "deadline")),
        fees=tuple(_fee(item, law) for item in _entries(table, "fees", "fee")),
        rights=tuple(_right(item, law) for item in _entries(table, "rights", "right")),
        authority=_authority_of(table, law),
        appeal=_appeal(table, law),
        next=table.codes("next"),
        implements=_implements(table, eu_acts),
        note=_any_words(table, "note") or _any_words(table, "summary"),
        line=table.line[1],
    )
    table.node("summary", required=False)
    table.done()
    for code in version.next:
        if code not in law.catalogue.pathways:
            table.problem("next", f"unknown pathway '{code}'")
    _check_period(table, start, version.valid_to)
    return replace(version, digest=_digest(version, law))


def _entries(table: Table, key: str, what: str) -> list[Table]:
    node = table.node(key, required=False)
    if node is None or (isinstance(node, yaml.SequenceNode) and not node.value):
        return []
    return table.items(key, what)


def _sourced(
    table: Table, law: PartnerLaw, known: frozenset[str]
) -> tuple[str, Citation | None, Evidence, Mapping[str, str]]:
    what = table.where
    code = table.code("code")
    table.where = f"{what} '{code}'"
    if code and code not in known:
        table.problem("code", f"unknown {what} '{code}'")
    citation, evidence, note = _source(table, law)
    return code, citation, evidence, note


def _document(table: Table, law: PartnerLaw) -> Document:
    document = Document(*_sourced(table, law, law.catalogue.documents))
    table.done()
    return document


def _deadline(table: Table, law: PartnerLaw) -> Deadline:
    code, citation, evidence, note = _sourced(table, law, law.catalogue.deadlines)
    deadline = Deadline(
        code, citation, evidence, note,
        amount=amount(table, "amount"),
        unit=_one_of(table, "unit", UNITS),
        start=table.code("from", required=False),
    )  # fmt: skip
    if deadline.amount is not None and not deadline.unit:
        table.problem("unit", f"'unit' is missing: one of {', '.join(UNITS)}")
    table.done()
    return deadline


def _fee(table: Table, law: PartnerLaw) -> Fee:
    code, citation, evidence, note = _sourced(table, law, law.catalogue.fees)
    fee = Fee(
        code, citation, evidence, note,
        amount=amount(table, "amount"),
        currency=table.text("currency", required=False) or law.currency,
    )  # fmt: skip
    table.done()
    return fee


def _right(table: Table, law: PartnerLaw) -> Right:
    code, citation, evidence, note = _sourced(table, law, law.catalogue.rights)
    right = Right(code, citation, evidence, note, when=_one_of(table, "when", WHEN) or "after")
    table.done()
    return right


def _authority_of(table: Table, law: PartnerLaw) -> str:
    inner = table.table("authority", required=False)
    if inner is None:
        return ""
    code = inner.code("code")
    inner.done()
    if code and code not in law.authorities:
        inner.problem("code", f"unknown authority '{code}'")
    return code


def _appeal(table: Table, law: PartnerLaw) -> Appeal | None:
    inner = table.table("appeal", required=False)
    if inner is None:
        return None
    citation, evidence, note = _source(inner, law)
    appeal = Appeal(
        to=inner.code("to", required=False),
        amount=amount(inner, "amount"),
        unit=_one_of(inner, "unit", UNITS),
        suspends=flag(inner, "suspends", default=None),
        citation=citation,
        evidence=evidence,
        note=note,
    )
    inner.done()
    if appeal.to and appeal.to not in law.authorities:
        inner.problem("to", f"unknown authority '{appeal.to}'")
    if appeal.amount is not None and not appeal.unit:
        inner.problem("unit", f"'unit' is missing: one of {', '.join(UNITS)}")
    return appeal


def _implements(table: Table, eu_acts: Iterable[str] | None) -> tuple[Citation, ...]:
    found = []
    known = None if eu_acts is None else frozenset(eu_acts)
    for item in _entries(table, "implements", "act"):
        item.where = f"{table.where}, implements"
        citation = _place(item)
        item.done()
        if known is not None and citation.act and citation.act not in known:
            item.problem("act", f"unknown act of the EU '{citation.act}'")
        found.append(citation)
    return tuple(found)


# Parts of entries.


def _source(table: Table, law: PartnerLaw) -> tuple[Citation | None, Evidence, Mapping[str, str]]:
    """Citation, evidence and note of an entry; what somebody has read has a place to cite."""
    for key in ("confidence", "review"):
        table.node(key, required=False)
    evidence = table.choice("evidence", Evidence)
    citation = _citation(table, "cite", law.acts) if "cite" in table.names else None
    if citation is None and evidence in {Evidence.TEXT, Evidence.SECONDARY}:
        table.problem("cite", "the citation is missing: name act and article in 'cite'")
    return citation, evidence, _any_words(table, "note")


def _citation(table: Table, key: str, acts: Mapping[str, Act]) -> Citation | None:
    inner = table.table(key, required=False)
    if inner is None:
        return None
    citation = _place(inner)
    inner.done()
    if citation.act and citation.act not in acts:
        table.problem(key, f"unknown act '{citation.act}'")
    return citation


def _place(table: Table) -> Citation:
    return Citation(
        act=table.code("act"),
        article=table.text("article", required=False),
        paragraph=table.text("paragraph", required=False),
        point=table.text("point", required=False),
    )


def _review(table: Table) -> Review:
    inner = table.table("review", required=False)
    if inner is None:
        return Review()
    inner.node("who_can", required=False)
    review = Review(
        status=inner.choice("status", ReviewStatus),
        by=inner.text("by", required=False) or None,
        on=inner.day("on"),
    )
    inner.done()
    if review.status is ReviewStatus.REVIEWED and not review.is_reviewed:
        table.problem("review", "'reviewed' needs the lawyer ('by') and the day ('on')")
    return review


def _any_words(table: Table, key: str) -> Mapping[str, str]:
    """A text in some languages, English or not."""
    inner = table.table(key, required=False)
    if inner is None:
        return {}
    for language in inner.names:
        if not LANGUAGE.match(language):
            inner.problem(language, f"'{language}' is not a language code")
    return {language: inner.text(language) for language in inner.names}


def _one_of(table: Table, key: str, known: tuple[str, ...]) -> str:
    value = table.text(key, required=False)
    if value and value not in known:
        table.problem(key, f"'{key}' must be one of {', '.join(known)}, not '{value}'")
        return ""
    return value


def _check_period(table: Table, first: date | None, last: date | None) -> None:
    if first and last and last < first:
        table.problem("to", f"ends on {last}, before it begins on {first}")


def _check_overlap(
    table: Table, key: str, periods: list[tuple[str, date, date | None]], what: str
) -> None:
    """Two may not hold on one day: the later would silently hide the earlier, or be hidden."""
    ordered = sorted(periods, key=lambda period: period[1])
    for (name, _, last), (later, first, _) in zip(ordered, ordered[1:], strict=False):
        if last is None or last >= first:
            table.problem(
                key,
                f"{what}s '{name}' and '{later}' overlap: both hold on {first}; "
                f"let '{name}' end on {first - timedelta(days=1)}",
            )


# The digest that a sign-off is about.


def _digest(version: PathwayVersion, law: PartnerLaw) -> str:
    """SHA-256 over all that the version says, with the parameters it uses; no reviews, no lines."""
    parameters = {
        test.value.parameter: _bare(law.parameters[test.value.parameter])
        for condition in version.walk()
        if (test := condition.test) is not None
        and isinstance(test.value, ParameterValue)
        and test.value.parameter in law.parameters
    }
    whole = {"partner": law.code, "version": _bare(version), "parameters": parameters}
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


_NOT_SIGNED = frozenset({"review", "file", "line", "digest"})


def _bare(thing: Anything) -> Anything:
    """The thing as JSON has it, without what a sign-off is not about."""
    if hasattr(thing, "__dataclass_fields__"):
        names = [name for name in thing.__dataclass_fields__ if name not in _NOT_SIGNED]
        return {"": type(thing).__name__, **{name: _bare(getattr(thing, name)) for name in names}}
    if isinstance(thing, Mapping):
        return {str(key): _bare(value) for key, value in thing.items()}
    if isinstance(thing, tuple | list):
        return [_bare(item) for item in thing]
    return str(thing) if isinstance(thing, date) else thing
