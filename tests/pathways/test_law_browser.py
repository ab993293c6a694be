# SPDX-License-Identifier: EUPL-1.2
"""The law's pages in a real browser: three languages, two widths, no accessibility fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from mostovi.pathways import law_files, reforming, signing
from mostovi.pathways.signed_text import digest_of
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from tests.browsing import IN_A_BROWSER, looked_at

pytestmark = IN_A_BROWSER


@pytest.fixture
def focal_point(acting: Callable[..., Actor]) -> Actor:
    return acting(Role.PARTNER_FOCAL_POINT)


def changed(text: str) -> str:
    """The text with one test turned round."""
    return text.replace("is: spouse", "is: partner", 1)


def drafted(actor: Actor) -> str:
    """A draft with a change, and one with a fault; the code of the first."""
    made = [
        reforming.begin(actor, partner="me", pathway="family_reunification", title=t, why="x")
        for t in ("A wider reading of family", "Not finished yet")
    ]
    text = law_files.text_of("me", "family_reunification")
    reforming.save(actor, made[0].code, text=changed(text), why="Try it.", seen=1)
    broken = text.replace("fact: ", "fact: no_", 1)
    reforming.save(actor, made[1].code, text=broken, why="Half.", seen=1, problems=1)
    return made[0].code


def spoken(actor: Actor) -> str:
    """A lawyer's word on the family pack; the address of its page."""
    version = str(law_files.pack("me", "family_reunification")["versions"][-1]["version"])
    row = signing.sign(
        actor, partner="me", pathway="family_reunification", version=version,
        digest=digest_of(signing.current_text("me", "family_reunification", version)),
        verdict="objected", lawyer="Ana Pravnik", lawyer_role="Adviser",
        said_on=timezone.localdate(), note="The article is another one.",
    )  # fmt: skip
    return f"/pathways/law/me/family_reunification/signed/{row.pk}/"


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["en", "sr", "ar"])
def test_every_page_can_be_read(
    focal_point: Actor, page_of: Callable[..., Any], width: int, language: str
) -> None:
    code, said = drafted(focal_point), spoken(focal_point)
    version = str(law_files.pack("me", "family_reunification")["versions"][-1]["version"])
    pages = {
        "room": "/pathways/",
        "pack": "/pathways/law/me/family_reunification/",
        "sign": f"/pathways/law/me/family_reunification/sign/?version={version}",
        "signed": said,
        "choose": "/pathways/compare/",
        "compare": "/pathways/compare/family_reunification/",
        "reforms": "/pathways/reforms/",
        "begin": "/pathways/reforms/new/",
        "reform": f"/pathways/reforms/{code}/",
        "edit": f"/pathways/reforms/{code.removesuffix('1')}2/edit/",
        "version": f"/pathways/reforms/{code}/versions/2/",
        "upload": f"/pathways/reforms/{code}/upload/",
    }
    page = page_of(focal_point, "/pathways/", width=width, language=language)
    for name, path in pages.items():
        answer = page.goto(path)
        assert answer.status == 200, path
        looked_at(page, f"law-{name}-{width}-{language}")


def test_an_example_person_opens_in_its_row(
    focal_point: Actor, page_of: Callable[..., Any]
) -> None:
    page = page_of(focal_point, "/pathways/compare/family_reunification/")
    page.locator("summary", has_text="An example").first.click()
    assert page.url.endswith("/pathways/compare/family_reunification/")
    assert page.locator(".example-person").first.is_visible()


def test_a_fault_leads_to_its_line_and_typing_is_brought_back(
    focal_point: Actor, page_of: Callable[..., Any]
) -> None:
    code = drafted(focal_point)
    page = page_of(focal_point, f"/pathways/reforms/{code.removesuffix('1')}2/edit/")
    page.locator("a[data-line]").first.click()
    assert "no_" in page.evaluate(
        "(() => { const t = document.querySelector('textarea.code-text');"
        "return t.value.slice(t.selectionStart, t.selectionEnd); })()"
    )
    page.locator("textarea.code-text").fill("half a tex")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.get_by_role("button", name="Bring back what you typed here before").click()
    assert page.locator("textarea.code-text").input_value() == "half a tex"


def test_a_draft_is_edited_and_kept_without_scripts(
    focal_point: Actor, page_of: Callable[..., Any]
) -> None:
    code = drafted(focal_point)
    page = page_of(focal_point, f"/pathways/reforms/{code}/edit/", java_script_enabled=False)
    area = page.get_by_label("Text of the draft (YAML)")
    text = area.input_value()
    area.fill(text.replace("evidence: ", "evidense: ", 1))
    page.get_by_role("button", name="Check").click()
    assert "The text has" in page.inner_text("main") and "evidense" in page.inner_text("main")
    page.get_by_label("Text of the draft (YAML)").fill(text + "# A remark.\n")
    page.get_by_label("What you changed, and why").fill("A remark.")
    page.get_by_role("button", name="Keep as a new version").click()
    assert "Kept as version 3" in page.inner_text("main")
