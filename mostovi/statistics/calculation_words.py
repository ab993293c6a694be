# SPDX-License-Identifier: EUPL-1.2
"""The words of calculations over own records: what is being done, why one failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from mostovi.procedures.batches import RunState
from mostovi.statistics.calculation_models import Calculation

STEPS: Sequence[str | Promise] = (
    gettext_lazy("Reading this node's records"),
    gettext_lazy("Counting and protecting"),
    gettext_lazy("Done"),
)
FAILURES: Mapping[str, str | Promise] = {
    "bad_events": gettext_lazy(
        "A record holds a value that is in no list of the table. Nothing was counted. Correct the "
        "record, or ask the administrator to add the value to the list."
    ),
    "would_disclose": gettext_lazy(
        "These tables together would tell about a person, so nothing is counted. The tables or "
        "their protection must be changed first."
    ),
    "no_table": gettext_lazy("There is no such table any more. Go back to the list of tables."),
    "memory": gettext_lazy(
        "The machine's memory was not enough. Try again when less is going on, or ask the "
        "administrator for more memory."
    ),
    "stopped": gettext_lazy(
        "The work was interrupted three times. Ask the administrator whether the machine has room."
    ),
    "unexpected": gettext_lazy(
        "Something went wrong that nobody foresaw. Try again; if it fails again, tell the "
        "administrator the number of this page."
    ),
}


def progress_words(calculation: Calculation) -> str:
    """What is being done now."""
    if calculation.state == RunState.WAITING:
        return str(RunState.WAITING.label)
    return str(STEPS[min(calculation.step, len(STEPS) - 1)])


def failure_words(code: str) -> str:
    """Why a calculation failed and what can be done."""
    return str(FAILURES.get(code, FAILURES["unexpected"]))
