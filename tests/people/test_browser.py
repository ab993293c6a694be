# SPDX-License-Identifier: EUPL-1.2
"""Pages of persons and of own files in a real browser: accessible, narrow, mirrored, no script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from mostovi.people import consenting, services
from mostovi.people.models import Person
from mostovi.people.services import FieldChange
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from tests.browsing import IN_A_BROWSER, PICTURES, looked_at

pytestmark = IN_A_BROWSER


@pytest.fixture
def worker(acting: Callable[..., Actor]) -> Actor:
    return acting(Role.SOCIAL_WORKER)


@pytest.fixture
def person(worker: Actor, neighbours: None) -> Person:
    """A person with everything that pages show: scripts, family, consents, a conflict."""
    row = services.register(
        worker,
        single={
            "birth": {"precision": "estimated", "year": 2009}, "sex": "female",
            "languages": ["ar", "ckb"], "citizenships": ["SY", "XK"], "interpreter": "yes",
        },
        names=[
            {"parts": [["given", "ليلى"], ["patronymic", "خالد"], ["family", "الحداد"]]},
            {"parts": [["given", "Layla"], ["family", "al-Haddad"]], "usage": "document"},
            {"parts": [["given", "Лејла"], ["family", "Хадад"]], "usage": "transliteration"},
        ],
        contacts=[
            {"kind": "phone", "value": "+382 67 000 001", "safe": "no",
             "answered_by": "the uncle", "note": "He must not know."},
            {"kind": "messaging", "value": "+382 67 000 002", "safe": "yes"},
        ],
        family=[{"relation": "mother", "name": "منى", "travelling_together": "no",
                 "whereabouts_known": "unknown"}],
    )  # fmt: skip
    for value in ("Sleeps badly.", "Needs a women's shelter."):
        services.change(worker, row, changes=[FieldChange("notes", 0, value, _number(value))])
    consenting.give(
        worker, row, purpose="protection", receiver="ba", fields=["names", "birth"],
        language="ar", means="oral", guardian_name="Ana", child_view="نعم",
        expires_at=timezone.now() + timedelta(days=30),
    )  # fmt: skip
    return row


def _number(text: str) -> Any:
    from uuid import NAMESPACE_OID, uuid5

    return uuid5(NAMESPACE_OID, text)


@pytest.fixture
def page_of(
    chromium: Any, live_server: Any, signed_in: Callable[..., Any], worker: Actor
) -> Iterator[Callable[..., Any]]:
    """A page of a signed-in worker, or of nobody: `page_of("/people/", width=360)`."""
    contexts: list[Any] = []
    client: list[Any] = []

    def open_page(
        path: str, *, width: int = 1280, language: str = "en", staff: bool = True, **options: Any
    ) -> Any:
        if staff and not client:
            client.append(signed_in(worker))
        context = chromium.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 800}, **options
        )
        contexts.append(context)
        cookies = {settings.LANGUAGE_COOKIE_NAME: language}
        if staff:
            cookies[settings.SESSION_COOKIE_NAME] = (
                client[0].cookies[settings.SESSION_COOKIE_NAME].value
            )
        context.add_cookies(
            [{"name": k, "value": v, "url": live_server.url} for k, v in cookies.items()]
        )
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


# English at 1280 px and Arabic at 360 are looked at in tests/nodes/test_pages_accessible.py.
@pytest.mark.parametrize(("width", "language"), [(360, "sr")])
def test_pages_of_a_person_are_accessible(
    person: Person, page_of: Callable[..., Any], width: int, language: str
) -> None:
    own = f"/people/{person.code}/"
    consent = person.consents.get()
    for name, path in {
        "list": "/people/", "search": "/people/?q=Layla", "new": "/people/new/", "person": own,
        "edit": f"{own}edit/", "family": f"{own}family/", "conflicts": f"{own}conflicts/",
        "history": f"{own}history/notes/", "printed-code": f"{own}printed-code/",
        "consents": f"{own}consents/", "consent-new": f"{own}consents/new/",
        "consent": f"{own}consents/{consent.pk}/", "sheet": f"{own}consents/{consent.pk}/sheet/",
        "override": f"{own}consents/override/", "overrides": "/people/overrides/",
    }.items():  # fmt: skip
        page = page_of(path, width=width, language=language)
        looked_at(page, f"people-{name}-{width}-{language}")
        page.context.close()


def test_a_consent_is_taken_with_the_keyboard_alone_and_without_script(
    person: Person, page_of: Callable[..., Any]
) -> None:
    page = page_of(f"/people/{person.code}/consents/new/?fields=contact", java_script_enabled=False)
    page.select_option("#id_receiver", "rs")
    page.select_option("#id_language", "sr")
    page.get_by_role("button", name="Show the text").press("Enter")
    assert "Да ли се слажете?" in page.content()
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "people-read.png", full_page=True)
    page.fill("#id_guardian_name", "Ana")
    page.get_by_role("button", name="The answer is yes").press("Enter")
    assert page.get_by_role("alert").count() == 1
    assert page.input_value("#id_guardian_name") == "Ana"
    page.fill("#id_child_view", "She agrees.")
    page.get_by_role("button", name="The answer is yes").press("Enter")
    assert person.consents.filter(receiver="rs").count() == 1


@pytest.mark.parametrize(("width", "language"), [(1280, "en"), (360, "ar"), (360, "sr")])
def test_the_own_file_is_accessible_and_works_without_script(
    person: Person, worker: Actor, page_of: Callable[..., Any], width: int, language: str
) -> None:
    cache.clear()
    code = services.issue_printed_code(worker, person)
    page = page_of("/my-file/", width=width, language=language, staff=False)
    looked_at(page, f"own-enter-{width}-{language}")
    page.fill("#id_code", code.lower())
    page.locator("form:has(#id_code) button").click()
    looked_at(page, f"own-file-{width}-{language}")
    for kind in ("correction", "erasure"):
        page.goto(f"/my-file/file/ask/{kind}/")
        looked_at(page, f"own-{kind}-{width}-{language}")
    page.context.close()
    page = page_of("/my-file/", language="en", staff=False, java_script_enabled=False)
    page.fill("#id_code", code)
    page.get_by_role("button", name="Open my file").click()
    page.get_by_role("link", name="Take back my permission").click()
    page.get_by_role("button", name="Take it back now").click()
    assert "From now on nothing more is shared" in page.content()


def test_the_printed_address_fills_in_the_code_without_telling_the_server(
    person: Person, worker: Actor, page_of: Callable[..., Any]
) -> None:
    code = services.issue_printed_code(worker, person)
    page = page_of(f"/my-file/#{code}", staff=False)
    assert page.input_value("#id_code") == code
    assert code not in page.url


def test_the_sheet_with_the_code_prints_on_one_page(
    person: Person, page_of: Callable[..., Any], tmp_path: Path
) -> None:
    page = page_of(f"/people/{person.code}/printed-code/")
    page.get_by_role("button", name="Make the code").click()
    looked_at(page, "people-code-sheet")
    printed = page.pdf(format="A4", path=str(tmp_path / "sheet.pdf"))
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") == 1
