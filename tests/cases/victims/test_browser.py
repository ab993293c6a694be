# SPDX-License-Identifier: EUPL-1.2
"""Pages of victims in a real browser: accessible, narrow, mirrored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from mostovi.cases.victims import protection
from tests.browsing import IN_A_BROWSER, PICTURES, Axe

pytestmark = IN_A_BROWSER


@pytest.fixture
def look(chromium: Any, live_server: Any) -> Callable[..., None]:
    """No accessibility fault, nothing wider than the screen; a picture when asked for."""

    def at(client: Any, path: str, name: str, *, width: int, language: str) -> None:
        context = chromium.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 800}
        )
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookies = {
            settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: language,
        }  # fmt: skip
        context.add_cookies(
            [{"name": k, "value": v, "url": live_server.url} for k, v in cookies.items()]
        )
        page = context.new_page()
        page.goto(path)
        if PICTURES:
            picture = Path(PICTURES) / f"victims-{name}-{width}-{language}.png"
            page.screenshot(path=picture, full_page=True)
        found = Axe().run(page).response["violations"]
        assert not found, [
            (one["id"], [n["html"][:200] for n in one["nodes"]][:3]) for one in found
        ]
        too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert too_wide <= 0, f"{name} is {too_wide} px wider than the screen"
        context.close()

    return at


# English at 1280 px and Arabic at 360 are looked at in tests/nodes/test_pages_accessible.py.
@pytest.mark.parametrize(("width", "language"), [(360, "sr")])
def test_pages_of_victims_are_accessible(
    look, signed_in, coordinator, investigator, case, assessed, decide, agree, hand_over, width,
    language,
):  # fmt: skip
    given = hand_over(assessed, agree(assessed.person))
    client, police = signed_in(coordinator), signed_in(investigator)
    own = f"/victims/{assessed.code}/"
    look(client, f"{own}decide/reasonable_grounds/", "decide", width=width, language=language)
    decide(assessed)
    look(client, own, "protection", width=width, language=language)
    protection.stop(coordinator, assessed, reason="in hospital")
    look(client, own, "stopped", width=width, language=language)
    look(client, f"{own}statement/", "statement-new", width=width, language=language)
    look(police, "/victims/statements/", "statements", width=width, language=language)
    reading = f"/victims/statements/{given.reference}/"
    look(police, reading, "statement", width=width, language=language)
