# SPDX-License-Identifier: EUPL-1.2
"""One question group a page: which groups follow from what was answered, and what it comes to.

Pure. The ladder is climbed one step a page: a step that is not enough needs its reason before the
next one is shown, so that none can be passed over. What is beyond the ladder is shown only when
every step was rejected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from mostovi.cases.alternatives.catalogue import Measure
from mostovi.cases.alternatives.ladder import DETENTION, Considered
from mostovi.cases.alternatives.necessity import Test

STEP = "step-"
Groups = Mapping[str, Mapping[str, Any]]


def climbed(groups: Groups, steps: Sequence[Measure]) -> list[str]:
    """The steps of the ladder to show: every rejected one, and the first that is not."""
    shown = []
    for step in steps:
        shown.append(STEP + step.code)
        if groups.get(STEP + step.code, {}).get("enough") != "no":
            break
    return shown


def choice_in(groups: Groups, steps: Sequence[Measure]) -> str:
    """The measure that is enough; `DETENTION` when every step was rejected; "" while open."""
    for step in steps:
        enough = groups.get(STEP + step.code, {}).get("enough")
        if enough == "yes":
            return step.code
        if enough != "no":
            return ""
    return DETENTION


def sequence(groups: Groups, steps: Sequence[Measure]) -> list[str]:
    """The groups of an assessment in order, as far as the answers lead; `check` is the last."""
    found = ["question", "view", *climbed(groups, steps)]
    choice = choice_in(groups, steps)
    if not choice:
        return found
    if choice != steps[0].code:
        found.append("test")
    found.append("beyond" if choice == DETENTION else "conditions")
    return [*found, "check"]


def considered(groups: Groups, steps: Sequence[Measure]) -> dict[str, Considered]:
    """The rejected steps with their reasons."""
    found = {}
    for step in steps:
        answers = groups.get(STEP + step.code, {})
        if answers.get("enough") == "no":
            found[step.code] = Considered(
                step.code, str(answers.get("why", "")), str(answers.get("reason", ""))
            )
    return found


def test_in(groups: Groups) -> Test:
    """The written test."""
    answers = groups.get("test", {})
    return Test(
        ground=str(answers.get("ground", "")),
        evidence=str(answers.get("evidence", "")),
        proportion=str(answers.get("proportion", "")),
        view=str(groups.get("view", {}).get("view", "")),
    )


def day(text: Any) -> date | None:
    """A typed day; None when there is none or it cannot be read."""
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def number(text: Any, default: int) -> int:
    """A typed whole number; `default` when there is none or it cannot be read."""
    try:
        return int(str(text))
    except ValueError:
        return default


def group_of(field: str, groups: Sequence[str]) -> str:
    """The group that a problem with `field` belongs to."""
    if field.startswith("considered."):
        return STEP + field.partition(".")[2]
    belongs = {
        "view": "view", "ground": "test", "evidence": "test", "proportion": "test",
        "persons": "question", "choice": groups[-1] if groups else "question",
    }  # fmt: skip
    return belongs.get(field, "beyond" if "beyond" in groups else "conditions")
