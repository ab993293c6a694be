# SPDX-License-Identifier: EUPL-1.2
"""Alerts are raised once, explained, reviewed by a person; assessments keep sources and dissent."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from mostovi.node.main import main
from mostovi.rights.access import Actor, Refused
from mostovi.rights.roles import Role
from mostovi.routes import alerting, assessing, assessment_paper, series_files
from mostovi.routes.detection_models import AlertReview, FlowAlert, SeriesCheck, ThreatAssessment
from mostovi.routes.models import PublicCount, PublicImport

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def route(db: None) -> None:
    """Six years of a route whose count is five times as high in the last three months."""
    months = [f"{2020 + n // 12}-{n % 12 + 1:02d}" for n in range(72)]
    PublicCount.objects.bulk_create(
        PublicCount(
            publisher="frontex", route="western-balkan", measure="people", period=month,
            count=(200 + 30 * (n % 12) + 17 * (n % 5)) * (5 if n > 68 else 1),
        )
        for n, month in enumerate(months)
    )  # fmt: skip
    PublicImport.objects.create(
        publisher="frontex", file_name="f.csv", sha256="0" * 64, rows=72, first=months[0],
        last=months[-1], imported_at=NOW, imported_by=uuid4(),
    )  # fmt: skip


def test_a_check_raises_each_alert_once_and_explains_it(route: None, analyst: Actor) -> None:
    assert alerting.check_all(analyst, rate=0.01, now=NOW) == 1
    assert alerting.check_all(analyst, rate=0.01, now=NOW) == 0
    alert = FlowAlert.objects.get()
    told = alert.explanation
    assert (alert.code, alert.opened) == ("frontex:western-balkan", "2025-10")
    assert told["observed"] > told["bound"] > told["expected"] > 0
    assert [period for period, _count in told["earlier"]][:2] == ["2024-10", "2023-10"]
    assert told["cut"]["rate"] == 0.01
    assert len(SeriesCheck.objects.get().found["forecast"]["months"]) == 12


def test_a_person_reviews_and_earlier_reviews_stay(
    route: None, analyst: Actor, responder: Actor
) -> None:
    alerting.check_all(analyst, rate=0.01, now=NOW)
    alert = FlowAlert.objects.get()
    with pytest.raises(Refused):
        alerting.review(responder, alert.pk, verdict="change", words="x", now=NOW)
    with pytest.raises(alerting.NothingSaid):
        alerting.review(analyst, alert.pk, verdict="change", words="  ", now=NOW)
    alerting.review(analyst, alert.pk, verdict="unclear", words="Counts are late.", now=NOW)
    alert.refresh_from_db()
    assert alert.reviewed_at is None
    alerting.review(analyst, alert.pk, verdict="change", words="A new way.", now=NOW)
    alert.refresh_from_db()
    assert alert.reviewed_at == NOW
    assert [one.verdict for one in alert.reviews.all()] == ["unclear", "change"]
    with pytest.raises(TypeError):
        AlertReview.objects.first().delete()  # type: ignore[union-attr]


def test_pages_of_alerts_through_the_entrance(
    route: None, acting: Callable[..., Actor], signed_in: Callable[..., Client],
    statements: Callable[..., list[str]],
) -> None:  # fmt: skip
    analyst = acting(Role.ANALYST)
    client = signed_in(analyst)
    assert client.post(reverse("routes:check_series")).status_code == 302
    alert = FlowAlert.objects.get()
    for address in (
        reverse("routes:overview"), reverse("routes:alerts"),
        reverse("routes:alert", args=[alert.pk]), reverse("routes:series", args=[alert.code]),
        reverse("routes:assessments"), reverse("routes:assess"),
    ):  # fmt: skip
        sent = statements(lambda to=address: client.get(to))
        assert len(sent) <= 20, address
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert len(answer.content) < 150_000
    page = reverse("routes:alert", args=[alert.pk])
    wrong = client.post(page, {"verdict": "change", "words": ""})
    assert wrong.status_code == 422
    assert client.post(page, {"verdict": "nothing", "words": "Counted twice."}).status_code == 302
    assert "Counted twice." in client.get(page).content.decode()
    assert client.get(reverse("routes:series", args=["frontex:nowhere"])).status_code == 404


JUDGEMENT = {
    "statement": "More people will take the northern way.", "likelihood": "likely",
    "confidence": "low", "basis": "Three months of counts.", "would_change": "A month below 300.",
}  # fmt: skip
FRAME = {
    "title": "Northern way", "question": "Will the way be used in winter?", "scope": "ba-hr",
    "covers_from": date(2026, 10, 1), "covers_until": date(2027, 3, 31), "unknown": "", "asked": "",
}  # fmt: skip


def test_an_assessment_needs_sources_gaps_and_somebody_asked_before_it_is_shown(
    db: None, analyst: Actor, responder: Actor
) -> None:
    made = assessing.write(analyst, FRAME, now=NOW)
    with pytest.raises(assessing.NotReady) as lacking:
        assessing.publish(analyst, made.pk, now=NOW)
    assert lacking.value.lacks == ["judgement", "unknown", "asked"]
    with pytest.raises(ThreatAssessment.DoesNotExist):
        assessing.readable(responder).get(pk=made.pk)
    sources = assessing.sources("b2 | Monthly counts | https://example.org\nC3|Talk with drivers")
    one = assessing.judge(analyst, made.pk, sources=sources, **JUDGEMENT)
    assessing.change(analyst, made.pk, {"unknown": "The river.", "asked": "Border police, NGO"})
    assessing.publish(analyst, made.pk, now=NOW)
    with pytest.raises(assessing.AlreadyPublished):
        assessing.judge(analyst, made.pk, sources=sources, **JUDGEMENT)
    assessing.dissent(analyst, made.pk, one.pk, words="The counts doubled by method.", now=NOW)
    told = assessing.as_data(assessing.readable(responder).get(pk=made.pk))
    assert told["judgements"][0]["sources"][0]["grade"] == "B2"
    assert told["judgements"][0]["dissent"][0]["words"].startswith("The counts")
    newer = assessing.new_edition(analyst, made.pk, now=NOW)
    assert assessing.new_edition(analyst, made.pk, now=NOW) == newer
    assessing.change(analyst, newer.pk, {"asked": "NGO"})
    assessing.publish(analyst, newer.pk, now=NOW)
    made.refresh_from_db()
    assert made.state == "replaced"


@pytest.mark.parametrize("text", ["Monthly counts", "Z9 | x", "B2 | x | javascript:alert(1)"])
def test_a_source_without_grade_or_with_a_strange_address_is_refused(text: str) -> None:
    with pytest.raises(assessing.WrongSources) as wrong:
        assessing.sources(f"A1 | fine\n{text}")
    assert wrong.value.lines == [2]


def test_the_page_of_an_assessment_keeps_what_was_typed(
    acting: Callable[..., Actor], signed_in: Callable[..., Client]
) -> None:
    client = signed_in(acting(Role.ANALYST))
    made = client.post(reverse("routes:assess"), FRAME)
    address = made["Location"]
    wrong = client.post(f"{address}judge/", {**JUDGEMENT, "sources": "no grade"})
    assert wrong.status_code == 422
    assert "Three months of counts." in wrong.content.decode()
    client.post(f"{address}judge/", {**JUDGEMENT, "sources": "B2 | Counts"})
    refused = client.post(f"{address}publish/")
    assert refused.status_code == 422
    page = client.get(address).content.decode()
    assert "B2" in page
    one = ThreatAssessment.objects.get().judgements.get()
    answer = client.post(f"{address}{one.pk}/dissent/", {"words": "I see it otherwise."})
    assert answer.status_code == 302
    assert "I see it otherwise." in client.get(address).content.decode()


def test_a_file_names_every_wrong_row() -> None:
    text = "series,period,count\na,2026-01,3\na,2026-13,4\na,2026-01,5\na,2026-02,x\n"
    with pytest.raises(series_files.WrongFile) as wrong:
        series_files.read(text.encode(), "f.csv")
    assert [problem.split(":")[0] for problem in wrong.value.problems] == [
        "row 3", "row 4", "row 5",
    ]  # fmt: skip
    found = series_files.read(b"period,count\n2026-01-05,3\n2026-01-19,\n2026-01-26,4\n", "w.csv")
    assert (found[0].code, found[0].period, found[0].counts) == ("w", "week", (3, None, None, 4))


def test_the_command_tells_a_finding_by_its_exit_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [(f"{2020 + n // 12}-{n % 12 + 1:02d}", 200 + 20 * (n % 7)) for n in range(72)]
    file = tmp_path / "counts.csv"
    file.write_text("period,count\n" + "".join(f"{p},{c}\n" for p, c in rows))
    assert main(["routes", "detect", "--series", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["episodes"] == []
    risen = [(p, c * 9 if p > "2025-10" else c) for p, c in rows]
    file.write_text("period,count\n" + "".join(f"{p},{c}\n" for p, c in risen))
    assert main(["routes", "detect", "--series", str(file), "--forecast"]) == 1
    assert "2025-11" in capsys.readouterr().out
    assert main(["routes", "detect", "--series", str(tmp_path / "none.csv")]) == 2
    assert main(["routes", "detect", "--series", str(file), "--false-alarms", "0.9"]) == 2


@pytest.fixture
def assessed(db: None, analyst: Actor) -> ThreatAssessment:
    """Published, with a judgement on which somebody judges otherwise."""
    frame = {**FRAME, "unknown": "The river.", "asked": "Border police"}
    made = assessing.write(analyst, frame, now=NOW)
    sources = assessing.sources("B2 | Monthly counts | https://example.org")
    one = assessing.judge(analyst, made.pk, sources=sources, **JUDGEMENT)
    assessing.dissent(analyst, made.pk, one.pk, words="Counted twice, I think.", now=NOW)
    assessing.publish(analyst, made.pk, now=NOW)
    made.refresh_from_db()
    return made


@pytest.mark.parametrize("language", ["en", "sq", "bs", "sr", "mk", "ar"])
def test_an_assessment_on_paper_says_what_its_page_says(
    assessed: ThreatAssessment, language: str
) -> None:
    reader = PdfReader(io.BytesIO(assessment_paper.as_pdf(assessed, language)))
    assert reader.trailer["/Root"]["/Lang"] == language
    assert "/StructTreeRoot" in reader.trailer["/Root"]
    printed = " ".join("\n".join(page.extract_text() for page in reader.pages).split())
    for text in ("Northern way", JUDGEMENT["statement"], "Counted twice, I think.", "B2"):
        assert text in printed
    assert ("draft" in printed) is False
    if language == "en":
        assert "no count under 10" in printed
        assert "Demonstration: all data is invented." in printed


def test_drafts_reach_nobody_else_on_paper_or_over_http(
    assessed: ThreatAssessment, analyst: Actor, acting: Callable[..., Actor],
    signed_in: Callable[..., Client],
) -> None:  # fmt: skip
    draft = assessing.new_edition(analyst, assessed.pk, now=NOW)
    reader, writer = signed_in(acting(Role.SOCIAL_WORKER)), signed_in(acting(Role.ANALYST))
    api = "/api/v1/routes/assessments"
    assert [one["id"] for one in reader.get(api).json()] == [str(assessed.pk)]
    assert {one["state"] for one in writer.get(api).json()} == {"published", "draft"}
    whole = reader.get(f"{api}/{assessed.pk}").json()
    assert whole["judgements"][0]["dissent"][0]["role"] == "analyst"
    assert str(assessed.written_by) not in str(whole)
    paper = reverse("routes:assessment_pdf", args=[draft.pk])
    assert reader.get(f"{api}/{draft.pk}").status_code == reader.get(paper).status_code == 404
    answer = writer.get(paper)
    assert answer["Content-Type"] == "application/pdf"
    text = PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    assert "Do not pass it on." in " ".join(text.split())
    assert reader.post(api).status_code == 405
    assert Client().get(f"{api}/{assessed.pk}").status_code in (302, 401, 403)


def test_the_demo_has_a_change_to_review_and_a_draft_with_dissent(
    acting: Callable[..., Actor], db: None
) -> None:
    from mostovi.node.synthetic import routes as story

    analyst = acting(Role.ANALYST)
    story.load(lambda role: analyst, [], NOW, Random("7/routes"))
    alert = FlowAlert.objects.get(reviewed_at=None)
    assert alert.code == "own:bg-rs"
    assert alert.explanation["observed"] > alert.explanation["bound"]
    assert alert.explanation["cut"]["made_up"] > 0
    draft = ThreatAssessment.objects.get(state="draft")
    assert draft.replaces is not None and draft.replaces.state == "published"
    told = assessing.as_data(draft)
    assert any(one["dissent"] for one in told["judgements"])
    for one in told["judgements"]:
        texts = [one["statement"], one["basis"], one["would_change"]]
        texts += [each["words"] for each in one["dissent"]]
        assert all(text.startswith("Synthetic:") for text in texts)
