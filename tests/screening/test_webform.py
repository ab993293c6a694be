# SPDX-License-Identifier: EUPL-1.2
"""Real forms filled in a real browser with ODK Web Forms and sent to the same service."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

# Playwright runs an event loop in this thread; the fixtures' own database calls stay synchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

sync_api = pytest.importorskip("playwright.sync_api")
from axe_playwright_python.sync_playwright import Axe  # noqa: E402

from mostovi.screening.models import Submission  # noqa: E402
from mostovi.screening.submission_services import read_submission  # noqa: E402
from tests.screening.form_support import PASSWORD, account_for, imported, responder  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SHOTS = os.environ.get("MOSTOVI_SHOTS")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
    pytest.mark.skipif(
        not (settings.NODE_MODULES / "@getodk/web-forms").is_dir(), reason="needs 'npm ci'"
    ),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One Chromium for the module."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visitor:
    """A responder in a browser; keeps what the page complains about."""

    def __init__(self, chromium: Any, base: str, width: int) -> None:
        self.base = base
        self.actor = responder()
        name = account_for(self.actor)
        self.context = chromium.new_context(base_url=base, viewport={"width": width, "height": 900})
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto("/accounts/login/")
        self.page.fill("[name=login]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_url(lambda url: "/accounts/" not in url)

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text[:300])

    def open(self, form_id: str = "journey") -> Any:
        self.page.goto(f"/screening/forms/{form_id}/fill/")
        return self.page

    def shoot(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.fixture
def visitor(chromium: Any, live_server: Any) -> Iterator[Any]:
    """Make a visitor: `visitor(width=360)`."""
    made: list[Visitor] = []
    base = live_server.url.replace("127.0.0.1", "localhost")

    def make(width: int = 1280) -> Visitor:
        made.append(Visitor(chromium, base, width))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


def sent(someone: Visitor) -> Any:
    """The one submission, opened."""
    held = Submission.objects.get()
    return read_submission(someone.actor, held.pk)


@pytest.mark.parametrize("width", [360, 1280])
def test_fill_and_send(visitor: Any, width: int) -> None:
    imported()
    someone = visitor(width)
    page = someone.open()
    page.get_by_text("Did you pay somebody?").wait_for()
    assert not page.get_by_text("How much?").is_visible()
    page.get_by_text("Yes", exact=True).click()
    page.get_by_text("How much?").wait_for()
    page.get_by_role("spinbutton").first.press_sequentially("900")
    page.get_by_text("In a lorry").click()
    page.get_by_role("textbox").first.fill("Amir")
    someone.shoot(f"fill-{width}")
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, "the form must not scroll sideways"
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("The form was received.").wait_for()
    someone.shoot(f"sent-{width}")
    reading = sent(someone)
    assert reading.answers["journey/paid"] == "yes"
    assert reading.answers["journey/amount"] == 900
    assert reading.answers["journey/means"] == ["lorry"]
    assert reading.answers["children[1]/name"] == "Amir"
    assert reading.submission.channel == "browser"
    assert someone.complaints == []


def test_nothing_typed_is_lost_when_the_page_is_left(visitor: Any) -> None:
    imported()
    someone = visitor()
    page = someone.open()
    page.get_by_text("On foot").click()
    page.get_by_role("textbox").first.fill("Amir")
    page.get_by_text("Kept in this browser, sealed.").wait_for()
    page.wait_for_timeout(1500)
    kept = page.evaluate(
        """() => new Promise((done) => {
          const open = indexedDB.open("mostovi-screening", 1);
          open.onsuccess = () => {
            const all = open.result.transaction("drafts").objectStore("drafts").getAll();
            all.onsuccess = () => done(all.result.map((one) => new TextDecoder().decode(one.data)));
          };
        })"""
    )
    assert len(kept) == 1
    assert "Amir" not in kept[0], "what is kept on the device is sealed"
    page = someone.open()
    someone.shoot("draft")
    page.get_by_role("button", name="Go on with it").click()
    page.get_by_text("Did you pay somebody?").wait_for()
    page.wait_for_timeout(500)
    assert page.get_by_role("textbox").first.input_value() == "Amir"
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("The form was received.").wait_for()
    reading = sent(someone)
    assert reading.answers["children[1]/name"] == "Amir"
    assert reading.answers["journey/means"] == ["foot"]
    assert reading.submission.deprecated_id == "", "a draft was never sent, so nothing is edited"
    page = someone.open()
    page.get_by_text("Did you pay somebody?").wait_for()
    assert not page.get_by_role("button", name="Go on with it").is_visible()


def test_without_a_connection_the_form_waits_and_goes_out_once(visitor: Any) -> None:
    imported()
    someone = visitor()
    page = someone.open()
    page.get_by_text("On foot").click()
    someone.context.set_offline(True)
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("The server cannot be reached.").wait_for()
    someone.shoot("offline")
    assert not Submission.objects.exists()
    someone.context.set_offline(False)
    page.get_by_text("The form was received.").wait_for()
    assert Submission.objects.count() == 1
    assert not page.get_by_role("button", name="Send now").is_visible()


def test_the_form_speaks_arabic_from_right_to_left(visitor: Any) -> None:
    imported()
    someone = visitor(360)
    someone.context.add_cookies(
        [{"name": settings.LANGUAGE_COOKIE_NAME, "value": "ar", "url": someone.base}]
    )
    page = someone.open()
    page.get_by_text("هل دفعت لأحد؟").wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate("document.getElementById('form-engine').dir") == "rtl"
    someone.shoot("fill-arabic")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("width", [360, 1280])
def test_pages_are_accessible_and_do_not_scroll_sideways(visitor: Any, width: int) -> None:
    imported()
    someone = visitor(width)
    for path in ("", "forms/journey/", "forms/journey/paper/", "submissions/", "devices/"):
        someone.page.goto(f"/screening/{path}")
        assert Axe().run(someone.page).response["violations"] == [], path
        overflow = someone.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, path
    page = someone.open()
    page.get_by_text("Did you pay somebody?").wait_for()
    page.wait_for_timeout(400)
    grave = [
        violation["id"]
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
    assert grave == [], "the engine's own markup, mended where it needs it"


PUBLISHED = sorted(
    path
    for path in Path(os.environ.get("MOSTOVI_FORMS", "../shared/data/forms")).glob("*.xlsx")
    if not {"wt_xlsform_in_survey", "xl_date_ambiguous"} & set(path.stem.split("__"))
)


@pytest.mark.slow
@pytest.mark.skipif(not PUBLISHED, reason="the published forms are not here")
@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.name[-40:])
def test_published_forms_render(visitor: Any, path: Path) -> None:
    from mostovi.screening.form_services import add_media, missing_media
    from tests.screening.form_support import administrator, imported_file

    version = imported_file(path)
    for name in missing_media(version):
        add_media(administrator(), version=version, name=name, content=stand_in(name))
    someone = visitor()
    page = someone.open(version.form.form_id)
    page.locator(".odk-form .form-questions").wait_for(timeout=60_000)
    page.wait_for_timeout(300)
    someone.shoot(f"published-{path.name[-30:]}")
    assert page.locator(".question-container, .p-panel").count() > 0


def stand_in(name: str) -> bytes:
    """Something of the right kind for a media file that was not published with the form."""
    if name.endswith(".csv"):
        return b"name,label\na,A\n"
    if name.endswith(".geojson"):
        return b'{"type":"FeatureCollection","features":[]}'
    if name.endswith(".svg"):
        return b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    return b"\x89PNG\r\n\x1a\n"
