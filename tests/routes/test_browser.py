# SPDX-License-Identifier: EUPL-1.2
"""Pages of flows in a real browser: nothing for axe to complain of, nothing wider than a phone."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from mostovi.node.models import Account, Membership
from mostovi.rights.access import Actor
from mostovi.routes import publishing
from tests.browsing import IN_A_BROWSER, Axe
from tests.conftest import PASSWORD
from tests.routes.test_pages import FRONTEX, months

__all__ = ["months"]
pytestmark = [*IN_A_BROWSER, pytest.mark.once]
PATHS = ("/routes/", "/routes/ways/bg-rs/", "/routes/over-time/",
         "/routes/public/frontex/western-balkan/", "/routes/observe/", "/routes/fine/")  # fmt: skip


def test_pages_of_flows_satisfy_axe_on_a_phone(
    chromium: Any, live_server: Any, analyst: Actor, months: list[str]
) -> None:
    from mostovi.routes import files

    columns, rows = files.table(FRONTEX, "frontex.csv")
    publishing.import_public(
        analyst, rows, columns=columns, file_name="frontex.csv", sha256="x", now=timezone.now()
    )
    account = Account(pk=analyst.account, username="analyst", display_name="Analyst")
    account.set_password(PASSWORD)
    account.save(force_insert=True)
    Membership.objects.create(
        account=account, role=analyst.role.value, unit=analyst.unit, granted_by=analyst.account
    )
    page = chromium.new_context(viewport={"width": 360, "height": 800}).new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("input[name=login]", "analyst")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)
    for path in PATHS:
        assert page.goto(f"{live_server.url}{path}").status == 200
        found = Axe().run(page).response["violations"]
        assert not found, [(path, one["id"], one["nodes"][0]["html"]) for one in found]
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, (path, wide)
