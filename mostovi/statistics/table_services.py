# SPDX-License-Identifier: EUPL-1.2
"""What calculations over own records and their pages share: the protection, the periods."""

from __future__ import annotations

from functools import cache
from typing import Final

import yaml

from mostovi.rights.vault import vault
from mostovi.statistics import protecting
from mostovi.statistics.catalogue import FOLDER
from mostovi.statistics.months import Month
from mostovi.statistics.specs import Dimension, Spec

QUALITY_MONTHS: Final = 12


def shown_dimensions(spec: Spec) -> list[Dimension]:
    """The dimensions that tell this node's cells apart: all but the partner."""
    return [dimension for dimension in spec.dimensions if dimension.code != "partner"]


@cache
def protection() -> protecting.Protection:
    """How tables are protected at this node."""
    content = yaml.safe_load((FOLDER / "protection.yaml").read_text(encoding="utf-8"))
    return protecting.parse_protection(content)


def noise_secret() -> bytes:
    """The node's secret for the noise on its tables."""
    return vault().blind("statistics noise")


def first_month(spec: Spec, month: Month) -> Month:
    """The first month of the spec's period that `month` lies in."""
    return month.back((month.number - 1) % spec.period.months)
