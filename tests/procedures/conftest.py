# SPDX-License-Identifier: EUPL-1.2
"""The engine alone: what other packages registered for their own records does not count here."""

import pytest

from mostovi.procedures import gates


@pytest.fixture(autouse=True)
def _no_gates_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "_predicates", {})
