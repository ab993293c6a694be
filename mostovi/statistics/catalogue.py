# SPDX-License-Identifier: EUPL-1.2
"""Reads the table specifications from `content/statistics`, once for each process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from mostovi.content import CONTENT
from mostovi.statistics.tables import Template, parse

FOLDER = CONTENT / "statistics"


@cache
def template(folder: Path = FOLDER) -> Template:
    """The monthly template in force."""
    month, codes = (
        yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        for name in ("month.yaml", "codes.yaml")
    )
    return parse(month, codes)
