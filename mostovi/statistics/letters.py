# SPDX-License-Identifier: EUPL-1.2
"""The monthly letter: protected tables to and from `mostovi.statistics.month.v1`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mostovi.statistics.cubes import Cell
from mostovi.statistics.months import Month
from mostovi.statistics.suppression import Published, Rule, ranges
from mostovi.statistics.tables import Table, Template

LETTER_TYPE = "mostovi.statistics.month.v1"
METHOD = "suppression.complementary"
SHOWN, HIDDEN = "shown", "hidden"
"""There is one word for every hidden cell: to say which are small would give them away."""


class Unacceptable(ValueError):
    """The letter's tables cannot be taken; the message names the table and what is wrong."""


@dataclass(frozen=True)
class ReceivedMonth:
    """The checked content of a letter."""

    partner: str
    month: Month
    revision: int
    published: dict[Cell, int | None]
    second_officer: bool = False


def rows(table: Table, published: Published) -> list[list[Any]]:
    """`table`'s cells as stored and sent: [codes in the dimensions' order, count or None]."""
    return [[list(cell.keys(table.names).values()), published[cell]] for cell in table.cells]


def cells_of(table: Table, stored: list[list[Any]]) -> dict[Cell, int | None]:
    """The opposite of `rows`."""
    return {
        table.cell(dict(zip(table.names, codes, strict=True))): value for codes, value in stored
    }


def compose(
    template: Template,
    published: Published,
    *,
    partner: str,
    month: Month,
    revision: int,
    second_officer: bool = False,
) -> dict[str, Any]:
    """The letter's data: everything that leaves, and nothing else.

    second_officer: whether another officer than the one who prepared it looked at it.
    """
    data: dict[str, Any] = {
        "partner": partner,
        "month": str(month),
        "revision": revision,
        "template": template.code,
        "template_version": template.version,
        "protection": {"method": METHOD, "threshold": template.rule.threshold},
        "tables": [
            {
                "table": table.code,
                "measure": table.measure,
                "dimensions": list(table.names),
                "cells": [_sent(codes, value) for codes, value in rows(table, published)],
            }
            for table in template.tables
        ],
    }
    if revision > 1:
        data["replaces"] = revision - 1
    if second_officer:
        data["second_officer"] = True
    return data


def _sent(codes: list[str], value: int | None) -> dict[str, Any]:
    if value is None:
        return {"codes": codes, "status": HIDDEN}
    return {"codes": codes, "value": value, "status": SHOWN}


def read(template: Template, data: Mapping[str, Any]) -> ReceivedMonth:
    """Check a letter against the template in force. Raises `Unacceptable`.

    The profile has already refused every field it does not name. Here every table must be there
    with exactly its cells, the sums must agree, and no count under the threshold may be shown:
    the receiver does not store what should not have left.
    """
    if (data["template"], data.get("template_version")) != (template.code, template.version):
        raise Unacceptable(
            f"Template {data['template']} {data.get('template_version', '')} is not the one in "
            f"force, {template.code} {template.version}. Update the node and release again."
        )
    sent = {table["table"]: table for table in data["tables"]}
    if sorted(sent) != sorted(table.code for table in template.tables):
        raise Unacceptable("Send every table of the template once, and no other.")
    published: dict[Cell, int | None] = {}
    for table in template.tables:
        published |= _checked(table, sent[table.code], template.rule)
    try:
        ranges(published, template.relations, 0)
    except ValueError as error:
        raise Unacceptable(str(error)) from error
    return ReceivedMonth(
        data["partner"], Month.parse(data["month"]), data.get("revision", 1), published,
        data.get("second_officer", False),
    )  # fmt: skip


def _checked(table: Table, sent: Mapping[str, Any], rule: Rule) -> dict[Cell, int | None]:
    if list(table.names) != sent["dimensions"] or table.measure != sent["measure"]:
        raise Unacceptable(f"Table {table.code}: the dimensions are not those of the template.")
    expected = [cell.keys(table.names) for cell in table.cells]
    found: dict[Cell, int | None] = {}
    for entry in sent["cells"]:
        keys = dict(zip(table.names, entry["codes"], strict=False))
        if len(entry["codes"]) != len(table.names) or keys not in expected:
            raise Unacceptable(f"Table {table.code}: unknown codes {'/'.join(entry['codes'])}.")
        if entry["status"] not in {SHOWN, HIDDEN}:
            raise Unacceptable(f"Table {table.code}: status '{entry['status']}' is not used here.")
        value = entry.get("value")
        if value is not None and rule.small(value):
            raise Unacceptable(f"Table {table.code}: a count under {rule.threshold} is shown.")
        if table.cell(keys) in found:
            raise Unacceptable(f"Table {table.code}: {'/'.join(entry['codes'])} is there twice.")
        found[table.cell(keys)] = value
    if len(found) != len(expected):
        raise Unacceptable(f"Table {table.code}: {len(expected) - len(found)} cells are missing.")
    return found
