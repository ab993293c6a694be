# SPDX-License-Identifier: EUPL-1.2
"""The monthly exchange: two officers, revisions, a partner that stops, a partner without a node."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from mostovi.exchange.handlers import Reject
from mostovi.exchange.models import OutboxLetter
from mostovi.rights.access import Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from mostovi.statistics import (
    catalogue,
    consolidating,
    jobs,
    letters,
    services,
    submitting,
    today,
    uploading,
)
from mostovi.statistics.catalogue import template
from mostovi.statistics.exchange_rules import (
    Arrived,
    Asks,
    Sent,
    Standing,
    questions,
    standing_of,
)
from mostovi.statistics.models import Edition, MonthlyTable, RegionalCell, Submission
from mostovi.statistics.months import Month
from mostovi.statistics.services import NotReleasable
from tests.statistics.test_pages import page, text
from tests.statistics.test_services import COUNTS, MONTH, NOW, counted, data_of, statistician

__all__ = ["counted", "statistician"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def focal_point(acting):
    return acting(Role.PARTNER_FOCAL_POINT)


def prepared(statistician, words="", month=MONTH):
    digest = services.preview(statistician, month).digest
    return submitting.prepare(statistician, month, digest=digest, words=words, now=NOW)


# --- Two officers ---------------------------------------------------------------------------------


def test_what_the_second_officer_saw_is_what_leaves(
    counted, statistician, focal_point, secretariat_peer
):
    one = prepared(statistician)
    seen = submitting.published_of(one)
    assert not OutboxLetter.objects.exists()
    counted["cases_opened"][("male", "18-34")] += 500
    submitting.release(focal_point, one.pk, now=NOW)
    assert services.released_before(MONTH) == [seen]
    row = MonthlyTable.objects.first()
    assert (
        row is not None
        and row.letter_id == OutboxLetter.objects.get(letter_type=letters.LETTER_TYPE).pk
    )
    with pytest.raises(NotReleasable, match="decided already"):
        submitting.release(focal_point, one.pk, now=NOW)


def test_nobody_releases_what_they_prepared(counted, statistician, secretariat_peer):
    one = prepared(statistician)
    with pytest.raises(NotReleasable, match="yourself"):
        submitting.release(statistician, one.pk, now=NOW)
    assert not MonthlyTable.objects.exists()


def test_a_month_waits_once_and_goes_back_with_a_reason(
    counted, statistician, focal_point, secretariat_peer
):
    one = prepared(statistician)
    with pytest.raises(NotReleasable, match="already waits"):
        prepared(statistician)
    with pytest.raises(submitting.WordsMissing):
        submitting.give_back(focal_point, one.pk, words=" ")
    submitting.give_back(focal_point, one.pk, words="June is missing a centre.")
    assert prepared(statistician).state == "waiting"


def test_a_revision_that_was_overtaken_does_not_leave(
    counted, statistician, focal_point, secretariat_peer
):
    one = prepared(statistician)
    services.release(
        statistician, MONTH, digest=services.preview(statistician, MONTH).digest, now=NOW
    )
    with pytest.raises(NotReleasable, match="Revision 1 was released since"):
        submitting.release(focal_point, one.pk, now=NOW)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMINISTRATOR, Role.SOCIAL_WORKER])
def test_who_may_not_decide(counted, statistician, acting, role):
    with pytest.raises(Refused):
        submitting.release(acting(role), prepared(statistician).pk)


def usual_months(months=4, level=100):
    """Cells of earlier months with every indicator about `level`."""
    cells = dict.fromkeys(template().cells, level)
    return [dict(cells) for _one in range(months)]


@pytest.mark.parametrize(
    ("value", "asks"),
    [(100, None), (115, None), (201, Asks.HIGHER), (49, Asks.LOWER), (0, Asks.NOTHING)],
)
def test_an_unusual_figure_asks_for_words_and_is_never_refused(value, asks):
    now = dict.fromkeys(template().cells, 100)
    cell = template().indicator("cases_opened").cell
    now[cell] = value
    found = questions(template(), now, usual_months(), None, catalogue.exchange())
    assert [one.asks for one in found if one.where == "cases_opened"] == ([asks] if asks else [])


def test_an_unusual_month_needs_words_before_it_is_handed_over(counted, statistician, monkeypatch):
    monkeypatch.setattr(submitting, "releases", lambda partner, months: {
        MONTH.back(n): {1: dict.fromkeys(template().cells, 900)} for n in (1, 2, 3)
    })  # fmt: skip
    with pytest.raises(submitting.WordsMissing, match="unusual"):
        prepared(statistician)
    assert prepared(statistician, "Two centres closed.").words == "Two centres closed."


def test_where_a_second_officer_is_required_nobody_releases_alone(
    counted, secretariat_peer, browser, monkeypatch
):
    strict = replace(catalogue.exchange(), second_officer_required=True)
    monkeypatch.setattr("mostovi.statistics.views.exchange", lambda: strict)
    answer = browser(Role.STATISTICIAN).post(f"/statistics/{MONTH}/release/", {"digest": "x"})
    assert answer.headers["Location"] == f"/statistics/exchange/{MONTH}/prepare/"
    assert not MonthlyTable.objects.exists()


# --- At the secretariat ---------------------------------------------------------------------------


def test_two_revisions_at_once_the_higher_number_counts_and_both_stay(at_secretariat, letter):
    more = {**COUNTS, "referrals_received": {("accepted",): 9, ("other",): 7}}
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(more, revision=2)))
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS, revision=1)))
    in_force = RegionalCell.objects.get(table="referrals_received", cell="answer=accepted").value
    assert in_force == 9
    here = consolidating.consolidation(MONTH)
    assert [number for number, _delivery in here.revisions["ba"]] == [1, 2]
    assert here.in_force == {"ba": 2}
    with pytest.raises(Reject, match="already here"):
        services.receive(letter("ba", letters.LETTER_TYPE, data_of(more, revision=2)))


def test_the_secretariat_sees_whether_two_officers_looked(at_secretariat, letter):
    data = data_of(COUNTS) | {"second_officer": True}
    services.receive(letter("ba", letters.LETTER_TYPE, data))
    services.receive(letter("me", letters.LETTER_TYPE, data_of(COUNTS, partner="me")))
    found = consolidating.consolidation(MONTH).revisions
    assert found["ba"][0][1].second_officer
    assert not found["me"][0][1].second_officer


TODAY = date(2026, 11, 24)
MONTHS = [Month(2026, 10).back(n) for n in range(12)]


def standing(*sent):
    arrived = {month: Arrived(month.due(10), (1,)) for month in sent}
    return standing_of("ba", arrived, MONTHS, 15, TODAY, 3)


def test_a_partner_that_stops_is_told_from_one_that_is_late_and_one_that_never_sent():
    assert standing(*MONTHS).standing is Standing.SENDS
    assert standing(*MONTHS[1:]).standing is Standing.BEHIND
    stopped = standing(*MONTHS[3:])
    assert (stopped.standing, stopped.last) == (Standing.STOPPED, Month(2026, 7))
    assert standing().standing is Standing.NEVER
    assert standing().months[0].sent is Sent.OVERDUE
    # A month in the middle that never came is missing, but the partner sends.
    assert standing(MONTHS[0], *MONTHS[5:]).standing is Standing.SENDS


def test_a_month_before_its_day_is_awaited_and_a_late_one_says_by_how_much():
    early = standing_of("ba", {}, MONTHS[:1], 15, date(2026, 11, 14), 3)
    assert early.months[0].sent is Sent.AWAITED
    late = standing_of("ba", {MONTHS[0]: Arrived(date(2026, 11, 18), (1,))}, MONTHS, 15, TODAY, 3)
    assert (late.months[0].sent, late.months[0].days_late) == (Sent.LATE, 3)


@pytest.fixture
def secretary(acting):
    return acting(Role.SECRETARIAT)


def test_an_edition_says_which_revisions_and_a_correction_is_a_new_one(
    at_secretariat, letter, secretary
):
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS)))
    first = consolidating.publish(secretary, MONTH, revisions={"ba": 1}, now=NOW)
    with pytest.raises(NotReleasable, match="Nothing is new"):
        consolidating.publish(secretary, MONTH, revisions={"ba": 1}, now=NOW)
    services.receive(letter("me", letters.LETTER_TYPE, data_of(COUNTS, partner="me")))
    with pytest.raises(NotReleasable, match="came since you looked"):
        consolidating.publish(secretary, MONTH, revisions={"ba": 1}, now=NOW)
    second = consolidating.publish(secretary, MONTH, revisions={"ba": 1, "me": 1}, now=NOW)
    assert (first.number, second.number) == (1, 2)
    assert Edition.objects.count() == 2
    assert "mk" not in second.indicators["cases_opened"]


@pytest.mark.parametrize("role", [Role.STATISTICIAN, Role.PARTNER_FOCAL_POINT, Role.ANALYST])
def test_only_the_secretariat_publishes_the_region(at_secretariat, acting, role):
    with pytest.raises(Refused):
        consolidating.publish(acting(role), MONTH, revisions={})


def test_the_secretariats_home_says_who_owes_what(at_secretariat, letter, secretary):
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS, month=Month(2026, 8))))
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    titles = [one.title for one in today.waiting(secretary, now)]
    assert "Bosnia and Herzegovina has not sent October 2026" in titles
    assert "The region in August 2026" in titles
    assert not any("Albania" in title for title in titles)
    assert jobs.watch(now) == 6 * 3 - 1


# --- Workbooks ------------------------------------------------------------------------------------


def filled(counts=COUNTS, partner="al", change=None):
    """The empty workbook filled in as a clerk would, row by row."""
    from mostovi.statistics.cubes import with_margins

    values = {}
    for table in template().tables:
        values |= with_margins(table.measure, table.shape, counts[table.measure])
    book = load_workbook(io.BytesIO(uploading.blank(partner, MONTH)))
    for table in template().tables:
        sheet = book[table.code[:31]]
        for number, cell in enumerate(table.cells, start=4):
            assert sheet.cell(number, len(table.names)).value, (table.code, number)
            sheet.cell(number, len(table.names) + 1).value = values[cell]
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_counts_when_another_officer_has_looked(at_secretariat, secretary, focal_point):
    one = uploading.upload(focal_point, "al", MONTH, filled(), now=NOW)
    assert not MonthlyTable.objects.exists()
    submitting.release(secretary, one.pk, now=NOW)
    row = services.newest_tables(MONTH)[("al", "cases_opened")]
    assert (row.node, row.status) == ("secretariat", "received")
    assert consolidating.consolidation(MONTH).revisions["al"][0][1].channel == "workbook"


def test_no_small_number_of_a_workbook_is_stored_anywhere(at_secretariat, focal_point):
    one = uploading.upload(focal_point, "al", MONTH, filled(), now=NOW)
    stored = [value for rows in one.cells.values() for _codes, value in rows]
    assert not set(stored) & {1, 2}
    assert None in stored


def test_of_a_wrong_workbook_nothing_is_stored_and_every_row_is_named(at_secretariat, focal_point):
    def spoil(book):
        sheet = book["cases_opened"]
        sheet.cell(5, 3).value = "about 12"
        sheet.cell(sheet.max_row, 3).value = 900

    def move(book):
        sheet = book["cases_opened"]
        for row in range(4, sheet.max_row + 1):
            first, second = sheet.cell(row, 1).value, sheet.cell(row, 2).value
            sheet.cell(row, 1).value, sheet.cell(row, 2).value = second, first

    for change, words in ((spoil, "about 12"), (move, "moved")):
        with pytest.raises(uploading.WorkbookRefused) as refused:
            uploading.upload(focal_point, "al", MONTH, filled(change=change), now=NOW)
        problems = refused.value.problems
        assert any(words in one.text for one in problems), problems
        assert all("cases_opened" in one.place for one in problems)
    assert not Submission.objects.exists()


def test_a_withheld_number_that_follows_from_the_others_is_said(at_secretariat, focal_point):
    def withhold_one(book):
        table = template().table("referrals_received")
        book["referrals_received"].cell(4, len(table.names) + 1).value = "x"
        for sheet in ("persons_screened", "cases_opened"):
            for row in book[sheet].iter_rows(min_row=4):
                if row[-1].value in (1, 2):
                    row[-1].value = "x"

    with pytest.raises(uploading.WorkbookRefused) as refused:
        uploading.upload(focal_point, "al", MONTH, filled(change=withhold_one), now=NOW)
    assert any("follows from the others" in one.text for one in refused.value.problems)


def test_two_workbooks_at_once_the_higher_number_counts_whichever_is_released_first(
    at_secretariat, focal_point, secretary
):
    more = {**COUNTS, "cases_opened": {**COUNTS["cases_opened"], ("male", "18-34"): 62}}
    first = uploading.upload(focal_point, "al", MONTH, filled(), now=NOW)
    second = uploading.upload(focal_point, "al", MONTH, filled(more), words="More.", now=NOW)
    assert (first.revision, second.revision) == (1, 2)
    submitting.release(secretary, second.pk, now=NOW)
    submitting.release(secretary, first.pk, now=NOW)
    assert services.newest_tables(MONTH)[("al", "cases_opened")].revision == 2
    in_force = RegionalCell.objects.get(table="cases_opened", cell="")
    assert in_force.value == 77
    assert len(consolidating.consolidation(MONTH).revisions["al"]) == 2


def test_a_partner_with_a_node_brings_no_workbook(at_secretariat, focal_point, letter):
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS)))
    with pytest.raises(NotReleasable, match="come from node ba"):
        uploading.upload(focal_point, "ba", MONTH, filled(partner="ba"), now=NOW)


def test_a_focal_point_of_one_partner_brings_no_other_partners(at_secretariat, acting):
    albanian = acting(Role.PARTNER_FOCAL_POINT, unit="al")
    with pytest.raises(NotReleasable, match="own partner"):
        uploading.upload(albanian, "mk", MONTH, filled(partner="mk"), now=NOW)


# --- Pages ----------------------------------------------------------------------------------------


def test_the_story_of_a_month_on_the_pages(counted, secretariat_peer, browser):
    clerk, second = browser(Role.STATISTICIAN), browser(Role.PARTNER_FOCAL_POINT)
    seen = page(clerk, f"/statistics/exchange/{MONTH}/prepare/")
    digest = re.search(r'name="digest" value="(\w+)"', seen.content.decode())[1]
    answer = clerk.post(
        f"/statistics/exchange/{MONTH}/prepare/", {"digest": digest, "words": "x"}, follow=True
    )
    assert "Waits for a second officer" in text(answer)
    one = Submission.objects.get()
    url = f"/statistics/exchange/submissions/{one.pk}/"
    assert "You prepared it yourself" in text(page(clerk, url))
    looked = page(second, url)
    assert "Counted here" not in text(looked)
    assert "Say what should be corrected" in text(second.post(url, {"do": "return"}))
    done = second.post(url, {"do": "release"}, follow=True)
    assert "on its way to the secretariat" in text(done)
    assert "Released, revision 1" in text(done)
    assert AuditEntry.objects.filter(tag="statistics.month.prepared").exists()


def test_the_secretariats_pages(at_secretariat, browser, letter):
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS)))
    client = browser(Role.SECRETARIAT)
    shown = text(page(client, "/statistics/exchange/"))
    assert "never sent" in shown
    url = f"/statistics/exchange/{MONTH}/"
    assert "one officer looked" in text(page(client, url))
    answer = client.post(url, {"seen": ["ba:1"], "note": "First month."}, follow=True)
    assert "Edition 1 is published" in text(answer)
    assert "came since you looked" in text(client.post(url, {"seen": ["ba:7"]}))
    assert browser(Role.ANALYST).post(url, {"seen": ["ba:1"]}).status_code == 403


def test_a_wrong_workbook_comes_back_with_its_rows_and_a_right_one_waits(at_secretariat, browser):
    client = browser(Role.PARTNER_FOCAL_POINT)
    assert page(client, "/statistics/exchange/workbook/").status_code == 200
    empty = client.get(f"/statistics/exchange/workbook/empty.xlsx?partner=al&month={MONTH}")
    sent = {
        "partner": "al", "month": str(MONTH), "words": "As usual.",
        "file": SimpleUploadedFile("al.xlsx", empty.content),
    }  # fmt: skip
    refused = client.post("/statistics/exchange/workbook/", sent)
    assert refused.status_code == 422
    assert "cases_opened!" in text(refused)
    assert "As usual." in text(refused)
    sent["file"] = SimpleUploadedFile("al.xlsx", filled())
    taken = client.post("/statistics/exchange/workbook/", sent, follow=True)
    assert "Another officer looks at it" in text(taken)
    assert Submission.objects.count() == 1


# --- The demo -------------------------------------------------------------------------------------


def test_the_demos_region_has_a_partner_that_stopped_and_leaves_two_months_to_do(
    at_secretariat, settings, secretary
):
    from random import Random

    from mostovi.node.synthetic import statistics

    settings.MOSTOVI = replace(settings.MOSTOVI, demo=True)
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert statistics.load_region(lambda role: secretary, now, Random(7)) > 40
    found = {one.partner: one for one in consolidating.standings(now.date())}
    assert found["mk"].standing is Standing.STOPPED
    assert {of.sent for of in found["rs"].months[:2]} == {Sent.OVERDUE}
    assert Edition.objects.exists()
    assert consolidating.to_publish(now.date())
