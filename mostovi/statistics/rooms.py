# SPDX-License-Identifier: EUPL-1.2
"""Rooms of `statistics` in the left rail."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    ("months", _("Monthly counts"), "statistics:months", Action.READ, Kind.STATISTIC, "table"),
    (
        "tables", _("What is counted"), "statistics:tables",
        Action.READ, Kind.STATISTIC, "journal-text",
    ),
    (
        "exchange", _("Monthly exchange"), "statistics:exchange",
        Action.DECIDE, Kind.REGIONAL_STATISTIC, "arrow-left-right",
    ),
    (
        "overlaps", _("Counted by two partners"), "statistics:overlaps",
        Action.READ, Kind.OVERLAP, "intersect",
    ),
    (
        "region", _("The region"), "statistics:region",
        Action.READ, Kind.REGIONAL_STATISTIC, "bar-chart-line",
    ),
    (
        "own_figures", _("Public figures of this node"), "statistics:own_figures",
        Action.CONFIGURE, Kind.REGIONAL_STATISTIC, "globe2",
    ),
]  # fmt: skip
