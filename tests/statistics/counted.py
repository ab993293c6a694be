# SPDX-License-Identifier: EUPL-1.2
"""Pages that wait for a calculation: opened, the work done in this process, opened again."""

from __future__ import annotations

from typing import Any

from mostovi.procedures.batches import RunState
from mostovi.statistics import calculation_work
from mostovi.statistics.calculation_models import Calculation
from tests.statistics.test_pages import page


def calculate() -> list[Calculation]:
    """Do the work of every calculation that waits."""
    waiting = list(Calculation.objects.filter(state=RunState.WAITING))
    for one in waiting:
        Calculation.objects.filter(pk=one.pk).update(state=RunState.RUNNING, holder="here")
        calculation_work.work(str(one.pk), "here")
        one.refresh_from_db()
    return waiting


def counted(client: Any, address: str) -> Any:
    """The page with its result."""
    assert "Look again" in page(client, address).content.decode()
    calculate()
    return page(client, address)
