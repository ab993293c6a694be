# SPDX-License-Identifier: EUPL-1.2
"""`mostovi pathways compare PATHWAY`: partners beside EU law, or beside each other."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from mostovi.pathways.check_command import BAD_INPUT, DONE, day
from mostovi.pathways.comparing import Compared, Example, Relation, TopicRow, by_topic, compare
from mostovi.pathways.diagrams import TooLarge
from mostovi.pathways.law import PartnerLaw
from mostovi.pathways.library import YARDSTICK, UnknownPartner, library
from mostovi.pathways.reading import BadLaw
from mostovi.pathways.reporting import citation_data, title
from mostovi.pathways.rules import Rule, rule_of
from mostovi.pathways.texts import SOURCE, texts


def register(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "compare",
        help="for whom one law opens a way and another does not, with citations",
        description="Compares the rules exactly, not on a sample, and shows the smallest example.",
    )
    parser.add_argument("pathway", metavar="PATHWAY")
    parser.add_argument("--partner", action="append", help="default: all; may be given again")
    parser.add_argument("--with", dest="other", default=YARDSTICK, help="default: eu")
    parser.add_argument("--on", type=day, required=True, help="the day, as 2026-11-24")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(handler=_compare)


def _compare(options: argparse.Namespace) -> int:
    store = library()
    try:
        if options.pathway not in store.catalogue.pathways:
            known = ", ".join(store.catalogue.pathways)
            raise ValueError(f"unknown pathway '{options.pathway}'; there are {known}")
        codes = options.partner or [code for code in store.codes if code != options.other]
        laws = [store.partner(code) for code in (*codes, options.other)]
    except (ValueError, UnknownPartner, BadLaw) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    columns = [(law, _rule(law, options.pathway, options.on)) for law in laws]
    rows = by_topic(columns, store.catalogue.topics)
    *partners, (_, yardstick) = columns
    try:
        compared = {
            law.code: compare(rule, yardstick, store.vocabulary)
            for law, rule in partners
            if rule is not None and yardstick is not None
        }
    except TooLarge as error:
        print(f"{options.pathway}: the rules are too large to compare: {error}", file=sys.stderr)
        return BAD_INPUT
    if options.json:
        print(json.dumps(_data(options, columns, compared, rows), ensure_ascii=False, indent=2))
    else:
        for line in _text(options, columns, compared, rows):
            print(line)
    return DONE


def _rule(law: PartnerLaw, pathway: str, on: date) -> Rule | None:
    way = law.pathways.get(pathway)
    return rule_of(law, way, on) if way else None


def _data(
    options: argparse.Namespace,
    columns: Sequence[tuple[PartnerLaw, Rule | None]],
    compared: dict[str, Compared],
    rows: Sequence[TopicRow],
) -> Any:
    laws = {law.code: law for law, _ in columns}
    return {
        "pathway": options.pathway,
        "on": options.on.isoformat(),
        "with": options.other,
        "partners": [
            {
                "partner": law.code,
                "has_rule": rule is not None,
                "version": rule.version.version if rule else None,
                "complete": rule.version.complete if rule else None,
                **(_compared(compared[law.code]) if law.code in compared else {}),
            }
            for law, rule in columns[:-1]
        ],
        "topics": [
            {
                "topic": row.topic,
                "laws": {
                    cell.partner: [
                        {
                            "condition": condition.code,
                            "title": condition.title.get("en", ""),
                            "citation": citation_data(condition.citation, laws[cell.partner]),
                            "evidence": condition.evidence.value,
                        }
                        for condition in cell.conditions
                    ]
                    for cell in row.cells
                },
            }
            for row in rows
        ],
    }


def _compared(found: Compared) -> dict[str, Any]:
    return {
        "relation": found.relation.value,
        "as_far_as_confirmed": found.as_far_as_confirmed.value,
        "opens_here_only": _example(found.first_alone),
        "opens_there_only": _example(found.second_alone),
    }


def _example(example: Example | None) -> dict[str, Any] | None:
    return None if example is None else {"facts": dict(example.facts), "fails": example.fails}


_RELATIONS = {
    "same": "opens for the same people as {other}",
    "stricter": "is stricter than {other}",
    "wider": "is wider than {other}",
    "neither": "opens for some for whom {other} does not, and the other way round",
    "unclear": "cannot be told from {other} for sure: a part of a law could not be confirmed",
}


def _text(
    options: argparse.Namespace,
    columns: Sequence[tuple[PartnerLaw, Rule | None]],
    compared: dict[str, Compared],
    rows: Sequence[TopicRow],
) -> Iterator[str]:
    yield f"{title(options.pathway, texts(SOURCE))}, on {options.on}"
    for law, rule in columns:
        if rule is None:
            way = law.pathways.get(options.pathway)
            why = way.availability.value if way else "no file"
            yield f"{law.code}: no rule in force ({why})"
        elif law.code in compared:
            found = compared[law.code]
            yield f"{law.code}: {_RELATIONS[found.relation.value].format(other=options.other)}"
            if found.relation is Relation.UNCLEAR:
                words = _RELATIONS[found.as_far_as_confirmed.value].format(other=options.other)
                yield f"    as far as it could be confirmed: {words}"
            yield from _example_lines(f"open only in {law.code}", found.first_alone)
            yield from _example_lines(f"open only in {options.other}", found.second_alone)
    for row in rows:
        yield f"\n{row.topic}"
        for cell in row.cells:
            if not cell.conditions:
                yield f"  {cell.partner}: {'-' if cell.has_rule else 'no rule'}"
            for condition, cited in zip(cell.conditions, cell.cited, strict=True):
                source = cited or "no source confirms it"
                yield f"  {cell.partner}: {condition.title.get('en', condition.code)} [{source}]"


def _example_lines(what: str, example: Example | None) -> Iterator[str]:
    if example is not None:
        facts = ", ".join(f"{fact} = {value}" for fact, value in example.facts.items())
        yield f"    {what}: {facts or 'everybody'} (fails: {', '.join(example.fails)})"
