# SPDX-License-Identifier: EUPL-1.2
"""In a real browser: a 17-year-old of doubtful age is proposed for detention and is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mostovi.cases import services as cases
from mostovi.cases.alternatives import assessing, detention, housing
from mostovi.cases.alternatives.models import Held, LibertyFile, Proposal
from mostovi.rights.access import Actor
from tests.browsing import IN_A_BROWSER, looked_at
from tests.cases.alternatives.conftest import (
    WHY,
    file_for,
    registered,
    screened,
    wish,
)
from tests.cases.alternatives.conftest import detention as proposed

pytestmark = IN_A_BROWSER


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_a_17_year_old_of_doubtful_age_is_proposed_for_detention_and_the_system_refuses(
    officer: Actor, page_of: Callable[..., Any], script: bool
) -> None:
    born = timezone.localdate() - timedelta(days=17 * 365 + 200)
    birth = {
        "precision": "day", "year": born.year, "month": born.month, "day": born.day,
        "doubted": True,
    }  # fmt: skip
    case = cases.open_case(
        officer, person=registered(officer, birth), case_type="unaccompanied_child",
        urgency="urgent", summary="Stopped at a road.",
    )  # fmt: skip
    page = page_of(officer, f"/alternatives/{case.code}/", java_script_enabled=script)
    page.get_by_role("button", name="Open the file").click()
    page.get_by_role("link", name="An authority proposes detention").click()
    text = page.inner_text("main")
    assert "Detention is refused" in text
    assert "This person is a child, or may be" in text
    assert "Somebody doubts the recorded age." in text
    assert "Convention on the Rights of the Child, articles 3 and 37" in text
    assert "Directive (EU) 2024/1346, article 13(2)" in text
    assert "Nobody can allow an exception in Mostovi." in text
    assert "Choose care instead" in text
    if script:
        looked_at(page, "refusal-1280-en")
    # And when an authority holds him already.
    page.get_by_text("An authority holds this person now").click()
    page.get_by_label("Who holds the person").fill("Police station, since noon; guardian told.")
    page.get_by_role("button", name="Ask for the release").click()
    assert "Held although a safeguard protects this person" in page.inner_text("main")
    page.goto("/")
    assert "Held although a safeguard protects this person" in page.inner_text("main")
    assert not Proposal.objects.exists() and not Held.objects.exists()
    assert LibertyFile.objects.get().procedure.state == "presumption"


def test_a_measure_is_found_step_by_step_on_a_phone(
    officer: Actor, file: LibertyFile, page_of: Callable[..., Any]
) -> None:
    assessing.screen(officer, file, screened())
    page = page_of(officer, f"/alternatives/{file.case.code}/new/", width=360)
    page.get_by_label("Which authority asks").fill("Border police")
    page.get_by_label("This person alone").check()
    looked_at(page, "question-360-en")
    page.get_by_role("button", name="Keep and go on").click()
    page.get_by_label("The person's own view").fill("He will stay with his cousin.")
    page.get_by_role("button", name="Keep and go on").click()
    page.get_by_label("No, and here is why").check()
    page.get_by_role("button", name="Keep and go on").click()
    looked_at(page, "step-wrong-360-en")
    assert page.get_by_role("alert").count() == 1
    assert page.get_by_label("No, and here is why").is_checked()
    page.get_by_label("It would not work for this person").check()
    page.fill("#id_reason", WHY)
    page.get_by_role("button", name="Keep and go on").click()
    page.get_by_label("Yes, this is enough").check()
    page.get_by_role("button", name="Keep and go on").click()
    page.get_by_label("To find out identity or nationality").check()
    page.get_by_label("What shows it for this person").fill(WHY)
    page.get_by_label("Why the limit is not heavier").fill(WHY)
    page.get_by_role("button", name="Keep and go on").click()
    looked_at(page, "conditions-360-en")
    page.get_by_role("button", name="Keep and go on").click()
    looked_at(page, "check-360-en")
    page.get_by_role("button", name="Choose this measure").click()
    assert "The measure is in force under your name." in page.inner_text("main")
    looked_at(page, "file-360-en")


# English at 1280 px and Arabic at 360 are looked at in tests/nodes/test_pages_accessible.py.
@pytest.mark.parametrize(("width", "language"), [(360, "sr")])
def test_every_page_is_accessible_and_fits(
    officer: Actor,
    supervisor: Actor,
    place: Any,
    doubtful: LibertyFile,
    file: LibertyFile,
    page_of: Callable[..., Any],
    width: int,
    language: str,
) -> None:
    high = screened(
        rating="high", serious_risk="unknown",
        domains={"health": {"present": "yes", "met": "no", "signs": ["mental"]}},
    )  # fmt: skip
    assessing.screen(officer, file, high)
    assessing.decide(officer, file, proposed())
    housed = file_for(officer, registered(officer, {"precision": "year", "year": 1980}))
    assessing.screen(officer, housed, screened())
    assessing.decide(
        officer, housed, wish("designated_residence", place="house", conditions="Lives there.")
    )
    times = file_for(officer, registered(officer, {"precision": "year", "year": 1981}))
    assessing.screen(officer, times, screened())
    assessing.decide(officer, times, wish("reporting", report_every=7))
    kept = file_for(officer, registered(officer, {"precision": "year", "year": 1982}))
    day = timezone.localdate()
    detention.note_held(
        officer, kept, authority="Police", act="12/2026", where="Centre", decided_on=day,
        review_on=day + timedelta(days=3), expires_on=day + timedelta(days=9),
    )  # fmt: skip
    housing.save_place(supervisor, code="open", name="Open centre", kind="open_centre", capacity=9)
    doubt, code = f"/alternatives/{doubtful.case.code}/", f"/alternatives/{file.case.code}/"
    home, report = f"/alternatives/{housed.case.code}/", f"/alternatives/{times.case.code}/"
    for name, actor, path in (
        ("list", officer, "/alternatives/"), ("ladder", officer, "/alternatives/ladder/"),
        ("places", supervisor, "/alternatives/places/"),
        ("place", supervisor, "/alternatives/places/house/"),
        ("place-new", supervisor, "/alternatives/places/new/"),
        ("file-presumed", officer, doubt), ("refusal", officer, f"{doubt}detention/"),
        ("heard", officer, f"{doubt}screening/heard/"),
        ("domain", officer, f"{doubt}screening/health/"),
        ("rating", officer, f"{doubt}screening/rating/"),
        ("file-proposed", supervisor, code), ("answer", supervisor, f"{code}detention/answer/"),
        ("file-housed", officer, home), ("review", officer, f"{home}review/"),
        ("propose", officer, f"{home}detention/"), ("held", officer, f"{home}held/"),
        ("file-times", officer, report),
        ("file-held", officer, f"/alternatives/{kept.case.code}/"),
        ("held-review", officer, f"/alternatives/{kept.case.code}/held/review/"),
    ):  # fmt: skip
        page = page_of(actor, path, width=width, language=language)
        looked_at(page, f"alternatives-{name}-{width}-{language}")
        page.context.close()
