# SPDX-License-Identifier: EUPL-1.2
"""Pages of incidents in a browser: nothing for axe to complain of, nothing too wide."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from mostovi.node.models import Account, Membership
from mostovi.rights.access import Actor
from mostovi.routes.incidents import joint, store
from tests.browsing import IN_A_BROWSER, Axe
from tests.conftest import PASSWORD
from tests.routes.incidents.test_joint_work import asked, entry, theirs
from tests.routes.incidents.test_pages import investigation, linked

__all__ = ["investigation", "linked"]
pytestmark = [*IN_A_BROWSER, pytest.mark.once]
SHOTS = os.environ.get("MOSTOVI_TEST_SHOTS", "")


def test_pages_of_incidents_satisfy_axe_on_a_phone(
    chromium: Any, live_server: Any, investigator: Actor, region: Any, linked: Any,
    investigation: Any,
) -> None:  # fmt: skip
    one, other = linked
    store.review_advert(
        investigator, one, found_on=timezone.localdate(), address="example.org/work", text="Work.",
        answers={"hurry": "yes"}, conclusion="look_closer", reasons="No employer.",
    )  # fmt: skip
    work = joint.draft(
        investigator, investigation, to="ba", title="Road", legal_basis="Agreement", text="Why.",
    )  # fmt: skip
    joint.propose(investigator, work, seen=joint.outgoing(work).seen)
    region.carry("ba")
    with region.at("ba"):
        joint.step(region.colleague, theirs(), verb="agree")
    region.carry("me")
    entry(investigator, work, sort="question", text="Who owns the lorry?")
    request = asked(investigator)
    account = Account(pk=investigator.account, username="investigator", display_name="I")
    account.set_password(PASSWORD)
    account.save(force_insert=True)
    Membership.objects.create(
        account=account, role=investigator.role.value, unit=investigator.unit,
        granted_by=investigator.account,
    )  # fmt: skip
    page = chromium.new_context(viewport={"width": 360, "height": 800}).new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("input[name=login]", "investigator")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)
    paths = [
        reverse("incidents:list"), reverse("incidents:links"),
        reverse("incidents:link", args=[one.code, other.code]),
        reverse("incidents:incident", args=[one.code]),
        reverse("incidents:advert", args=[one.code]),
        reverse("incidents:investigation", args=[investigation.code]),
        reverse("incidents:outcomes"), reverse("incidents:joint", args=[work.code]),
        reverse("incidents:assistance", args=[request.code]), reverse("incidents:assistance_list"),
    ]  # fmt: skip
    complaints = []
    for number, path in enumerate(paths):
        assert page.goto(f"{live_server.url}{path}").status == 200
        for found in Axe().run(page).response["violations"]:
            complaints.append((path, found["id"], found["nodes"][0]["html"][:200]))
        if page.evaluate("document.documentElement.scrollWidth") > 360:
            complaints.append((path, "too wide", ""))
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{number}-360.png", full_page=True)
            page.set_viewport_size({"width": 1280, "height": 900})
            page.screenshot(path=f"{SHOTS}/{number}-1280.png", full_page=True)
            page.set_viewport_size({"width": 360, "height": 800})
    assert not complaints
