# SPDX-License-Identifier: EUPL-1.2
"""The pages of flows through the real entrance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from mostovi.routes import observing, panels, publishing
from mostovi.routes.models import FineReading, FlowCount, Observation, Point

FRONTEX = b"route,type,nationality,month,detections\n" + b"".join(
    b"Western Balkan Route,Land,SYR,20%02d-%02d,%d\n" % (20 + n // 12, n % 12 + 1, 100 + n)
    for n in range(24)
)
IOM = (
    b"date,type,route,country,dead,month,lat,lon\n"
    + b"2025-03-02,Incident,Undefined,BIH,6,2025-03,44.98,15.9\n" * 2
    + b"2025-03-02,Incident,Undefined,USA,1,2025-03,31.7,-110.3\n"
)


def file(content: bytes, name: str = "file.csv") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, content)}


@pytest.fixture
def months(analyst: Actor, db: None) -> list[str]:
    """Two published months of two ways."""
    today, now = timezone.localdate(), timezone.now()
    first = today - timedelta(days=150)
    for area in ("rs-south", "rs-north"):
        observing.add_point(
            analyst, code=area, name=area, sort=Point.Sort.CENTRE, area=area, opened_on=first
        )
    rows = [
        {"reference": f"{way}{n}", "point": point, "day": str(first + timedelta(days=n)),
         "way": way, "people": 30, "hours": 10}
        for n in range(110) for way, point in (("bg-rs", "rs-south"), ("rs-rs", "rs-north"))
    ]  # fmt: skip
    observing.observe_sheet(analyst, rows, now=now, today=today)
    periods = [p for p, _done in publishing.due(analyst, today) if "-" in p]
    for period in periods:
        digest = publishing.prepare(analyst, period, today=today).digest
        publishing.publish(analyst, period, digest=digest, now=now, today=today)
    return periods


def test_all_staff_see_the_ways_and_nobody_sees_a_place_or_a_day(
    months: list[str], acting: Callable[..., Actor], signed_in: Callable[..., Client],
    statements: Callable[..., list[str]],
) -> None:  # fmt: skip
    browser = signed_in(acting(Role.RETURN_OFFICER))
    page = browser.get("/routes/")
    text = page.content.decode()
    assert page.status_code == 200 and len(page.content) < 150_000
    assert "Bulgaria → Serbia, south and centre" in text and 'class="course' in text
    assert "rs-south" not in text and "Finer counts" not in text
    asked = statements(lambda: browser.get("/routes/"))
    assert len(asked) <= 20, asked
    for path in ("/routes/ways/bg-rs/", "/routes/over-time/", "/routes/flows.csv"):
        answer = browser.get(path)
        assert answer.status_code == 200 and len(answer.content) < 150_000, path
        assert len(statements(lambda at=path: browser.get(at))) <= 20, path
    for path in ("/routes/fine/", "/routes/points/", "/routes/publish/", "/routes/observe/"):
        assert browser.get(path).status_code == 403, path
    assert browser.get("/routes/ways/nowhere/").status_code == 404


def test_an_analyst_looks_before_publishing(
    analyst: Actor, signed_in: Callable[..., Client]
) -> None:
    today = timezone.localdate()
    month = f"{today - timedelta(days=75):%Y-%m}"
    observing.add_point(
        analyst, code="centre", name="C", sort="centre", area="mk", opened_on=today.replace(day=1)
        - timedelta(days=120),
    )  # fmt: skip
    rows = [
        {"reference": way, "point": "centre", "day": f"{month}-03", "way": way, "people": people}
        for way, people in (("gr-mk", 47), ("mk-rs", 4))
    ]
    observing.observe_sheet(analyst, rows, now=timezone.now(), today=today)
    browser = signed_in(analyst)
    assert "can be published" in browser.get("/").content.decode()
    assert f"/routes/publish/{month}/" in browser.get("/routes/publish/").content.decode()
    page = browser.get(f"/routes/publish/{month}/")
    text = page.content.decode()
    assert '<span class="was">4</span>' in text and "under 10" in text and ">45<" in text
    digest = page.context["prepared"].digest
    refused = browser.post(f"/routes/publish/{month}/", {"digest": "other"})
    assert refused.status_code == 409 and not FlowCount.objects.exists()
    assert browser.post(f"/routes/publish/{month}/", {"digest": digest}).status_code == 302
    assert sorted(FlowCount.objects.values_list("value", flat=True), key=str) == [45, None]
    assert browser.get("/routes/publish/2099-01/").status_code == 409
    assert browser.get("/routes/publish/never/").status_code == 404


def test_finer_counts_need_a_reason(
    months: list[str], analyst: Actor, signed_in: Callable[..., Client]
) -> None:
    browser = signed_in(analyst)
    without = browser.post("/routes/fine/", {"reason": "help", "words": ""})
    assert without.status_code == 422
    opened = browser.post("/routes/fine/", {"reason": "help", "words": "Beds for the winter"})
    reading = FineReading.objects.get()
    assert opened["Location"] == f"/routes/fine/{reading.pk}/"
    page = browser.get(opened["Location"] + "?way=bg-rs")
    assert "Beds for the winter" in page.content.decode() and page.context["page"][0].way == "bg-rs"
    assert b"rs-south" in browser.get(opened["Location"] + "counts.csv").content
    row = page.context["page"][0]
    browser.post(f"/routes/fine/{reading.pk}/{row.pk}/withdraw/")
    assert Observation.objects.get(pk=row.pk).withdrawn_at is not None
    FineReading.objects.update(ends_at=timezone.now())
    assert browser.get(opened["Location"])["Location"] == "/routes/fine/"


def test_a_first_responder_counts_and_nothing_typed_is_lost(
    months: list[str], responder: Actor, signed_in: Callable[..., Client]
) -> None:
    browser = signed_in(responder)
    before = Observation.objects.count()
    typed = {
        "point": "rs-south", "day": str(timezone.localdate()), "nature": "count", "way": "bg-rs",
        "hours": "6", "people": "12", "children_alone": "13", "reference": "one",
    }  # fmt: skip
    wrong = browser.post("/routes/observe/", typed)
    assert wrong.status_code == 422 and 'value="13"' in wrong.content.decode()
    for _again in range(2):
        done = browser.post("/routes/observe/", {**typed, "children_alone": "3"})
        assert done.status_code == 302
    assert Observation.objects.count() == before + 1
    assert browser.get("/routes/fine/").status_code == 403


def test_a_file_with_moved_headings_or_wrong_cells_says_where(
    months: list[str], responder: Actor, signed_in: Callable[..., Client]
) -> None:
    browser = signed_in(responder)
    before = Observation.objects.count()
    moved = browser.post(
        "/routes/observe/file/", file(b"point;date;people\nrs-south;2026-01-01;2\n")
    )
    assert moved.status_code == 422 and "reference, day" in moved.content.decode()
    wrong = browser.post(
        "/routes/observe/file/",
        file(b"reference,point,day,people\n1,rs-south,2026-08-01,-2\n2,nowhere,2026-08-01,2\n"),
    )
    text = wrong.content.decode()
    assert wrong.status_code == 422 and "nowhere" in text and ">2</th>" in text
    assert Observation.objects.count() == before
    day = timezone.localdate()
    good = f"reference;point;day;people\n1;rs-south;{day:%d.%m.%Y};2\n".encode()
    assert browser.post("/routes/observe/file/", file(good)).status_code == 302
    assert Observation.objects.count() == before + 1
    assert browser.get("/routes/observe/file/sheet.csv").content.startswith(
        b"\xef\xbb\xbfreference"
    )


def test_public_figures_are_taken_in_and_drawn(
    analyst: Actor, signed_in: Callable[..., Client]
) -> None:
    browser = signed_in(analyst)
    assert browser.post("/routes/public/import/", file(b"a,b\n1,2\n")).status_code == 422
    broken = browser.post("/routes/public/import/", file(FRONTEX + b"X,Land,SYR,2022-13,1\n"))
    assert broken.status_code == 422 and "2022-13" in broken.content.decode()
    assert browser.post("/routes/public/import/", file(FRONTEX)).status_code == 302
    assert browser.post("/routes/public/import/", file(IOM)).status_code == 302
    page = browser.get("/routes/public/frontex/western-balkan/")
    text = page.content.decode()
    assert "Western Balkan route" in text and "Syria" in text and "1,266" in text
    way = browser.get("/routes/ways/ba-hr/").content.decode()
    assert ">2025</th>" in way and ">12</td>" in way
    assert browser.get("/routes/public/frontex/nowhere/").status_code == 404


def test_panels_of_others_stand_on_the_pages(
    analyst: Actor, signed_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def alert(_actor: Actor, about: str) -> panels.Panel | None:
        return panels.Panel("shell/source.html", {}) if about == "" else None

    monkeypatch.setattr(panels, "_sources", [alert])
    assert panels.panels(analyst) and not panels.panels(analyst, "bg-rs")
    assert signed_in(analyst).get("/routes/").status_code == 200


def test_an_analyst_opens_and_closes_points(
    analyst: Actor, signed_in: Callable[..., Client]
) -> None:
    browser = signed_in(analyst)
    typed = {"name": "Bus station", "code": "station", "sort": "transport", "area": "ba-west",
             "opened_on": str(timezone.localdate())}  # fmt: skip
    assert browser.post("/routes/points/", typed).status_code == 302
    assert browser.post("/routes/points/", typed).status_code == 422
    assert browser.post("/routes/points/station/close/").status_code == 302
    assert Point.objects.get().closed_on is not None
