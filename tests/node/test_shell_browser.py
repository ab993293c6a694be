# SPDX-License-Identifier: EUPL-1.2
"""The shell in a real browser: accessibility, keyboard, passkeys, without JavaScript."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings

# Playwright runs an event loop in this thread; the fixtures' own database calls stay synchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

sync_api = pytest.importorskip("playwright.sync_api")
from axe_playwright_python.sync_playwright import Axe  # noqa: E402

from mostovi.node.models import Account  # noqa: E402
from mostovi.rights.roles import Role  # noqa: E402
from tests.node.conftest import PASSWORD  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
    pytest.mark.skipif(
        not (settings.NODE_MODULES / "bootstrap").is_dir(), reason="needs 'npm ci' for the styles"
    ),
]
LANGUAGES = ("en", "sr", "ar")
WIDTHS = (360, 1280)
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One Chromium for the module."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any, live_server: Any) -> Iterator[Open]:
    """Open a page: `opened("/about/", width=360, language="ar", user="mira")`."""
    contexts = []
    # Passkeys need a name, not a number: localhost is one.
    base = live_server.url.replace("127.0.0.1", "localhost")

    def make(
        path: str = "/", *, width: int = 1280, language: str = "en", user: str = "",
        theme: str = "auto", **options: Any,
    ) -> Any:  # fmt: skip
        context = chromium.new_context(
            base_url=base, viewport={"width": width, "height": 800}, **options
        )
        contexts.append(context)
        context.add_cookies(
            [
                {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": base},
                {"name": "mostovi_me_theme", "value": theme, "url": base},
            ]
        )
        page = context.new_page()
        page.complaints = []
        page.on(
            "console",
            lambda said: page.complaints.append(said.text) if "Security Policy" in said.text else 0,
        )
        if user:
            page.goto("/accounts/login/")
            sign_in(page, user)
        page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()


def sign_in(page: Any, username: str) -> None:
    page.fill("[name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_load_state()


@pytest.fixture
def administrator(staff: Callable[..., Account]) -> Account:
    """Ana, who administers accounts; two colleagues give her something to see."""
    staff("mira", Role.SOCIAL_WORKER)
    staff("ben", Role.ANALYST, Role.INTERPRETER)
    return staff("ana", Role.ADMINISTRATOR)


def violations(page: Any) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{fault['id']}: {node['target']} {node.get('failureSummary', '')}"
        for fault in found
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_have_no_accessibility_fault_and_fit_the_screen(
    width: int, language: str, opened: Open, administrator: Account
) -> None:
    page = opened("/accounts/login/", width=width, language=language)
    faults = {"/accounts/login/": violations(page)}
    sign_in(page, "ana")
    other = Account.objects.get(username="ben")
    for address in (
        "/", "/administration/accounts/", "/administration/accounts/new/",
        f"/administration/accounts/{other.pk}/", "/sessions/", "/accounts/2fa/",
        "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/",
        "/accounts/password/change/", "/about/", "/accessibility/", "/nothing/",
    ):  # fmt: skip
        page.goto(address)
        faults[address] = violations(page)
        spill = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert spill <= 0, f"{address} is {spill} px wider than the screen"
    assert {address: found for address, found in faults.items() if found} == {}
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_contrast_holds_in_every_theme(
    theme: str, scheme: str, opened: Open, administrator: Account
) -> None:
    page = opened("/administration/accounts/new/", user="ana", theme=theme, color_scheme=scheme)
    page.click("main .btn-primary")
    assert violations(page) == []
    dark = theme == "dark" or (theme == "auto" and scheme == "dark")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(16, 23, 29)") is dark, ground


def test_menus_are_free_of_faults_when_open(opened: Open, administrator: Account) -> None:
    for width in WIDTHS:
        page = opened("/", user="ben", width=width)
        for menu in (".acting", ".language", ".account"):
            page.click(f"{menu} > summary")
            assert violations(page) == [], menu
            page.keyboard.press("Escape")
            assert not page.locator(f"{menu}[open]").count()


def test_targets_are_large_enough_for_a_thumb(opened: Open, administrator: Account) -> None:
    page = opened("/administration/accounts/", user="ana", width=360)
    small = page.evaluate(
        """[...document.querySelectorAll('button, summary, .btn, .rooms a, input[type=search]')]
        .filter(e => e.offsetParent && (e.offsetHeight < 44 || e.offsetWidth < 44))
        .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert small == []


def test_the_first_stop_of_the_keyboard_leads_to_the_content(
    opened: Open, administrator: Account
) -> None:
    page = opened("/", user="ana")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    assert page.locator(".skip-link").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_the_layout_is_mirrored_in_arabic(opened: Open, administrator: Account) -> None:
    left = opened("/", user="ana", language="en").locator(".rail").bounding_box()
    right = opened("/", user="ana", language="ar").locator(".rail").bounding_box()
    assert left["x"] == 0
    assert right["x"] + right["width"] == 1280


def test_the_rail_becomes_a_bar_below_900_pixels(opened: Open, administrator: Account) -> None:
    wide = opened("/", user="ana", width=900).locator(".rail").bounding_box()
    narrow = opened("/", user="ana", width=899).locator(".rail").bounding_box()
    assert wide["x"] == 0 and wide["width"] < 300
    assert narrow["width"] == 899 and narrow["y"] + narrow["height"] == 800


def test_everything_works_without_javascript(opened: Open, administrator: Account) -> None:
    page = opened("/accounts/login/", java_script_enabled=False)
    assert not page.locator("#passkey_login").is_visible()
    sign_in(page, "ben")
    page.click(".acting > summary")
    page.click(".acting button:has-text('Interpreter')")
    assert "You now act as Interpreter" in page.inner_text(".messages")
    page.click(".account > summary")
    page.click("button[name=theme][value=dark]")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    page.click(".language > summary")
    page.click("button[name=language][value=ar]")
    assert page.get_attribute("html", "dir") == "rtl"
    page.click(".account > summary")
    page.click("form[action='/accounts/logout/'] button")
    assert "/accounts/login/" in page.url


def test_a_passkey_is_added_and_then_opens_without_the_password(
    opened: Open, administrator: Account, settings: Any
) -> None:
    settings.MFA_REQUIRED = True
    page = opened("/accounts/login/")
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                "hasUserVerification": True, "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip
    sign_in(page, "ana")
    assert page.url.endswith("/accounts/2fa/"), "no room before the second factor"
    page.click("text=Add a passkey")
    page.fill("[name=name]", "work laptop")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/recovery-codes/")
    assert page.locator(".recovery-codes li").count() == 10
    page.click("text=go to today")
    assert page.inner_text("h1") == "Today"

    page.click(".account > summary")
    page.click("form[action='/accounts/logout/'] button")
    page.goto("/accounts/login/")
    page.click("#passkey_login")
    page.wait_for_url(lambda url: "/accounts/" not in url)
    assert page.inner_text("h1") == "Today"
    assert page.complaints == []


def test_a_cancelled_passkey_is_said_on_the_page(opened: Open, administrator: Account) -> None:
    page = opened("/accounts/login/")
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    page.evaluate("void (navigator.credentials.get = () => Promise.reject(new Error('cancelled')))")
    page.click("#passkey_login")
    page.wait_for_selector("#passkey-said")
    assert "did not work or was cancelled" in page.inner_text("#passkey-said")


def test_paper_leaves_out_what_cannot_be_clicked(opened: Open, administrator: Account) -> None:
    page = opened("/administration/accounts/", user="ana", theme="dark")
    page.emulate_media(media="print")
    for hidden in (".rail", ".top-tools", "main .btn >> nth=0"):
        assert not page.locator(hidden).is_visible(), hidden
    assert page.locator("table").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
