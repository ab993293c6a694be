# SPDX-License-Identifier: EUPL-1.2
"""The house around a page is drawn once for all who would see the same, and for nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mostovi.node.templatetags import mostovi as tags
from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def header(browser: Client, path: str = "/people/", **options: Any) -> str:
    text = browser.get(path, **options).content.decode()
    return text[text.index("<header") : text.index("</header>")]


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    tags._parts.clear()


def test_nobody_meets_the_header_of_another(staff: Callable[..., Any], sign_in: SignIn) -> None:
    staff("mira", Role.SOCIAL_WORKER, Role.FIRST_RESPONDER)
    staff("goran", Role.SOCIAL_WORKER)
    mira, goran = sign_in("mira"), sign_in("goran")
    for _ in range(2):
        assert "Mira" in header(mira) and "Goran" not in header(mira)
        assert "Goran" in header(goran) and "Mira" not in header(goran)
        assert "First responder" in header(mira) and "First responder" not in header(goran)


def test_a_role_that_ended_leaves_the_switcher_at_once(
    staff: Callable[..., Any], sign_in: SignIn
) -> None:
    account = staff("mira", Role.SOCIAL_WORKER, Role.FIRST_RESPONDER)
    mira = sign_in("mira")
    assert "First responder" in header(mira)
    held = account.memberships.filter(role=Role.FIRST_RESPONDER.value)
    held.update(ended_at=timezone.now(), ended_by=account.pk)
    assert "First responder" not in header(mira)


def test_forms_of_a_kept_part_carry_their_own_token_and_address(
    staff: Callable[..., Any], sign_in: SignIn
) -> None:
    staff("mira", Role.SOCIAL_WORKER)
    mira = sign_in("mira", enforce_csrf_checks=False)
    seen = set()
    for path in ("/people/", "/people/?q=%22%3E%3Cb%3E&page=2"):
        drawn = header(mira, path)
        assert "shell-place" not in drawn and "shell-token" not in drawn
        assert "<b>" not in drawn
        places = set(re.findall(r'name="next" value="([^"]*)"', drawn))
        assert places == {path.replace("&", "&amp;")}
        seen |= set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', drawn))
    assert len(seen) == 2 and all(len(token) == 64 for token in seen)


def test_a_form_of_a_kept_header_is_accepted(staff: Callable[..., Any], sign_in: SignIn) -> None:
    staff("mira", Role.SOCIAL_WORKER)
    sign_in("mira")
    browser = Client(enforce_csrf_checks=True)
    for _ in range(2):
        page = browser.get("/accounts/login/").content.decode()
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
        answer = browser.post(
            "/language/", {"language": "sr", "next": "/", "csrfmiddlewaretoken": token}
        )
        assert answer.status_code != 403


def test_each_language_and_display_has_parts_of_its_own(
    staff: Callable[..., Any], sign_in: SignIn
) -> None:
    staff("mira", Role.SOCIAL_WORKER)
    mira = sign_in("mira")
    english = header(mira)
    serbian = header(mira, HTTP_ACCEPT_LANGUAGE="sr")
    mira.cookies["mostovi_me_theme"] = "dark"
    dark = header(mira)
    assert len({english, serbian, dark}) == 3


def test_kept_parts_do_not_grow_without_end(
    staff: Callable[..., Any], sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tags, "_MOST_PARTS", 4)
    staff("mira", Role.SOCIAL_WORKER)
    mira = sign_in("mira")
    for path in ("/", "/people/", "/cases/", "/plan/"):
        assert mira.get(path).status_code == 200
    assert len(tags._parts) <= 4
