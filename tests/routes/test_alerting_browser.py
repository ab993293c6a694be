# SPDX-License-Identifier: EUPL-1.2
"""Alerts, a series and an assessment in a real browser: axe is content, a phone wide enough."""

from __future__ import annotations

from typing import Any

import pytest

from mostovi.node.models import Account, Membership
from mostovi.rights.access import Actor
from mostovi.routes import alerting, assessing
from mostovi.routes.detection_models import FlowAlert
from tests.browsing import IN_A_BROWSER, Axe
from tests.conftest import PASSWORD
from tests.routes.test_alerting import FRAME, JUDGEMENT, NOW, route

__all__ = ["route"]
pytestmark = [*IN_A_BROWSER, pytest.mark.once]


def test_pages_of_alerts_satisfy_axe_on_a_phone(
    chromium: Any, live_server: Any, analyst: Actor, route: None
) -> None:
    alerting.check_all(analyst, rate=0.01, now=NOW)
    alert = FlowAlert.objects.get()
    alerting.review(analyst, alert.pk, verdict="unclear", words="Counts are late.", now=NOW)
    made = assessing.write(analyst, {**FRAME, "unknown": "The river.", "asked": "NGO"}, now=NOW)
    one = assessing.judge(
        analyst, made.pk, sources=assessing.sources("B2 | Counts | https://example.org"),
        **JUDGEMENT,
    )  # fmt: skip
    assessing.dissent(analyst, made.pk, one.pk, words="I see it otherwise.", now=NOW)
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
    for path in (
        "alerts/", f"alerts/{alert.pk}/", f"series/{alert.code}/", f"assessments/{made.pk}/",
    ):  # fmt: skip
        assert page.goto(f"{live_server.url}/routes/{path}").status == 200
        found = Axe().run(page).response["violations"]
        assert not found, [(path, one["id"], one["nodes"][0]["html"]) for one in found]
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, (path, wide)
