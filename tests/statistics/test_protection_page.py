# SPDX-License-Identifier: EUPL-1.2
"""The page that says what protection did to a table, for the releasing officer alone."""

import pytest

from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from tests.cases.conftest import coordinator
from tests.statistics.counted import counted
from tests.statistics.test_pages import text
from tests.statistics.test_table_pages import LAST, children

__all__ = ["children", "coordinator"]
pytestmark = pytest.mark.django_db


def test_the_statistician_sees_what_was_done_and_how_an_attacker_fares(children, browser):
    client = browser(Role.STATISTICIAN)
    address = f"/statistics/tables/reg_cases/protection/?month={LAST}"
    said = text(counted(client, address))
    assert "stands for at least 3 people" in said
    assert "Each total gets noise of its own" in said
    assert "Let an attacker try" in said
    attacked = text(counted(client, f"{address}&attack=1"))
    assert "Nobody is alone in this table" in attacked or "named it rightly" in attacked
    assert AuditEntry.objects.filter(detail__contains="protection").exists()


def test_others_do_not_see_counts_before_protection(children, browser):
    client = browser(Role.ANALYST)
    assert client.get("/statistics/tables/reg_cases/protection/").status_code == 403


def test_the_page_of_cells_leads_to_it_and_an_empty_period_says_so(children, browser):
    client = browser(Role.STATISTICIAN)
    said = text(counted(client, f"/statistics/tables/reg_cases/cells/?month={LAST}"))
    assert "how large the risk is" in said
    empty = counted(client, f"/statistics/tables/reg_cases/protection/?month={LAST.back(20)}")
    assert "Nothing of this kind was recorded" in text(empty)
