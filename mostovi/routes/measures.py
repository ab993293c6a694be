# SPDX-License-Identifier: EUPL-1.2
"""What is counted on the routes, and the codes it goes by. Counts only, no person anywhere."""

from __future__ import annotations

from enum import StrEnum


class Measure(StrEnum):
    """One thing that is counted.

    `asked` and `violence` come from surveys: of `asked` people, `violence` told of violence.
    """

    PEOPLE = "people"
    CHILDREN_ALONE = "children_alone"
    VIOLENCE = "violence"
    ASKED = "asked"
    DEATHS = "deaths"
    MISSING = "missing"


class Nature(StrEnum):
    """How an observation came about."""

    COUNT = "count"
    SURVEY = "survey"


COUNTED = {
    Nature.COUNT: (Measure.PEOPLE, Measure.CHILDREN_ALONE, Measure.DEATHS, Measure.MISSING),
    Nature.SURVEY: (Measure.ASKED, Measure.VIOLENCE),
}
"""Which measures an observation of each nature adds to."""
