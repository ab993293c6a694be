# SPDX-License-Identifier: EUPL-1.2
"""Reads the table specifications from `content/statistics`, once for each process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from mostovi.content import CONTENT
from mostovi.statistics import exchange_rules
from mostovi.statistics.specs import Dimension, Spec, SpecSet, parse_lists, parse_set
from mostovi.statistics.tables import SpecificationError, Template, parse

FOLDER = CONTENT / "statistics"
LISTS = "lists.yaml"


@cache
def template(folder: Path = FOLDER) -> Template:
    """The monthly template in force."""
    month, codes = (
        yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        for name in ("month.yaml", "codes.yaml")
    )
    return parse(month, codes)


@cache
def exchange(folder: Path = FOLDER) -> exchange_rules.Rules:
    """The rules of the regional exchange in force."""
    content = yaml.safe_load((folder / "exchange.yaml").read_text(encoding="utf-8"))
    return exchange_rules.parse(content)


@cache
def code_lists(folder: Path = FOLDER / "tables") -> dict[str, Dimension]:
    """The code lists that table specifications share."""
    return parse_lists(yaml.safe_load((folder / LISTS).read_text(encoding="utf-8")))


@cache
def spec_sets(folder: Path = FOLDER / "tables") -> dict[str, SpecSet]:
    """All sets of table specifications, by their code."""
    paths = sorted(path for path in folder.glob("*.yaml") if path.name != LISTS)
    found = [read_set(path, folder) for path in paths]
    return {one.code: one for one in found}


def read_set(path: Path, folder: Path = FOLDER / "tables") -> SpecSet:
    """The set in one file, with the shared code lists. Raises `SpecificationError`."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecificationError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise SpecificationError(f"{path.name}: this is no set of tables.")
    lists = code_lists(folder)
    if "lists" in content:
        lists = lists | parse_lists({"unknown": {"en": "Not known"}, **content})
    try:
        return parse_set(content, lists)
    except SpecificationError as error:
        raise SpecificationError(f"{path.name}: {error}") from error


def specs(code: str | None = None) -> list[Spec]:
    """The specifications of one set, or of all."""
    return [spec for key, one in spec_sets().items() if code in (None, key) for spec in one.specs]
