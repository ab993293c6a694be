# SPDX-License-Identifier: EUPL-1.2
"""What tests of pages in a real browser share: Chromium, when it can run, and where pictures go.

A test module takes `IN_A_BROWSER` for its `pytestmark`; the fixture `chromium` is in `conftest.py`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

# Playwright runs an event loop in this thread; the fixtures' own database calls stay synchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

pytest.importorskip("playwright.sync_api")
from axe_playwright_python.sync_playwright import Axe as Axe

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
    pytest.mark.skipif(
        not (settings.NODE_MODULES / "bootstrap").is_dir(), reason="needs 'npm ci' for the styles"
    ),
]
PICTURES = os.environ.get("MOSTOVI_PICTURES", "")
"""A folder to put a picture of every page into, for looking at them."""


def looked_at(page: Any, name: str) -> None:
    """No accessibility fault, nothing wider than the screen; a picture when asked for."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    found = Axe().run(page).response["violations"]
    assert not found, [(one["id"], [n["html"][:200] for n in one["nodes"]][:3]) for one in found]
    too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 0, f"{name} is {too_wide} px wider than the screen"
