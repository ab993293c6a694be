# SPDX-License-Identifier: EUPL-1.2
"""What `mostovi check` says about screening: indicator sets that are wrong, edited or missing."""

from __future__ import annotations

from mostovi.rights.problems import Problem
from mostovi.screening.indicator_files import IndicatorSetInvalid, shipped_indicator_sets
from mostovi.screening.models import Finding


def check() -> list[Problem]:
    """Every problem found; reads the shipped sets and which versions findings were made with."""
    try:
        shipped = {(each.name, each.version): each.digest for each in shipped_indicator_sets()}
    except IndicatorSetInvalid as error:
        return [
            Problem("screening.indicators", str(problem), "Repair the line named.")
            for problem in error.problems
        ]
    used = Finding.objects.order_by().values_list("set_name", "set_version", "set_digest")
    problems = []
    for name, version, digest in sorted(used.distinct()):
        held = shipped.get((name, version))
        if held is None:
            problems.append(
                Problem(
                    "screening.indicators",
                    f"Findings were made with '{name}' version {version}, which is not here.",
                    f"Put content/indicators/{name}-{version}.yaml back; they cannot be explained.",
                )
            )
        elif held != digest:
            problems.append(
                Problem(
                    "screening.indicators",
                    f"content/indicators/{name}-{version}.yaml was edited after findings were made "
                    "with it.",
                    "Put the file back as it was and give the edited one a new version.",
                )
            )
    return problems
