# SPDX-License-Identifier: EUPL-1.2
"""Pages of counts with another partner in a real browser: on a phone, from right to left."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mostovi.rights.roles import Role
from mostovi.statistics.models import OverlapRound
from tests.browsing import IN_A_BROWSER, looked_at
from tests.statistics.other_partner import OtherPartner
from tests.statistics.test_overlaps import LAST, proposed_by

pytestmark = IN_A_BROWSER


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ar", 360)])
def test_pages_are_accessible_and_fit(page_of, acting, language, width):
    for code, first in (("ba", 2), ("rs", 5)):
        partner = OtherPartner.met(code, datetime.now(UTC))
        _, number, _ = proposed_by(partner, first=LAST.back(first))
    OverlapRound.objects.filter(partner="ba").update(
        state="counted", value=51, low=38, high=64, ended_at=datetime.now(UTC)
    )
    officer = acting(Role.STATISTICIAN)
    for name in ("", "new/", f"{number}/"):
        page = page_of(officer, f"/statistics/overlaps/{name}", width=width, language=language)
        page.locator("h1").wait_for()
        looked_at(page, f"overlaps-{name.strip('/')[:3] or 'list'}-{language}")
