# SPDX-License-Identifier: EUPL-1.2
"""The regional set through the exchange: released, sent, kept, put together, published, brought."""

from __future__ import annotations

import copy
import io
import random
import re
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from mostovi.exchange.handlers import Reject
from mostovi.exchange.models import OutboxLetter, Peer
from mostovi.rights.roles import Role
from mostovi.statistics import (
    consolidating,
    letters,
    own_events,
    regional_release,
    regional_tables,
    services,
    submitting,
    uploading,
)
from mostovi.statistics.catalogue import template
from mostovi.statistics.models import Edition, MonthlyTable, NoisyMonth, Submission
from mostovi.statistics.open_views import KINDS
from mostovi.statistics.region import PARTNERS
from mostovi.statistics.regional_tables import LETTER_TYPE, NoisyTable, Prepared, Reason
from mostovi.statistics.services import NotReleasable
from tests.statistics.test_exchange import filled, prepared
from tests.statistics.test_pages import page, text
from tests.statistics.test_services import COUNTS, MONTH, NOW, counted, data_of, statistician

__all__ = ["counted", "statistician"]
pytestmark = pytest.mark.django_db
VICTIMS = "reg_victims"
ALL = ("_T", "_T", "_T")


@pytest.fixture
def victims(monkeypatch):
    """How many victims this node's investigators recorded; a test can change it."""
    found = {"number": 60}

    def source(start, end):
        for number in range(found["number"]):
            chance = random.Random(number)
            yield {
                "record": number, "at": start, "sex": chance.choice(["female", "male"]),
                "age_group": chance.choice(["16-17", "18-34"]),
            }  # fmt: skip

    monkeypatch.setitem(own_events._sources, "victim_identified", source)
    return found


@pytest.fixture
def focal_point(acting):
    return acting(Role.PARTNER_FOCAL_POINT)


@pytest.fixture
def secretary(acting):
    return acting(Role.SECRETARIAT)


def sent(total=60, *, partner="ba", revision=1, code=VICTIMS, month=MONTH, **more):
    """Letters of a partner as an honest node composes them."""
    spec = regional_release.specs()[code]
    names = regional_tables.names_of(spec)
    cells = {tuple("_T" for _n in names): total} if total else {}
    one = NoisyTable(code, names, cells, ("citizen",) if "citizen" in names else ())
    return regional_tables.compose(
        Prepared((one,), {"reg_guardians": Reason.NO_SOURCE}), regional_release.protection(),
        partner=partner, month=month, revision=revision, version="2026.1", **more,
    )  # fmt: skip


def receive(letter, data, source="ba"):
    services.receive_noisy(letter(source, LETTER_TYPE, data))


# --- At a partner's node --------------------------------------------------------------------------


def test_what_the_second_officer_saw_of_the_noisy_tables_is_what_leaves(
    counted, victims, statistician, focal_point, secretariat_peer
):
    one = prepared(statistician)
    seen = submitting.regional_of(one)
    assert {table.code for table in seen.tables} == {VICTIMS, "reg_proceedings"}
    assert seen.left_out["reg_cases"] is Reason.EXACT
    assert seen.left_out["reg_guardians"] is Reason.NO_SOURCE
    assert len(seen.tables) + len(seen.left_out) == 24
    victims["number"] = 900
    submitting.release(focal_point, one.pk, now=NOW)
    kept = regional_release.in_force("me", MONTH)
    assert kept == {one.code: one for one in seen.tables}
    assert abs(kept[VICTIMS].cells[ALL] - 60) <= regional_release.protection().most_off
    posted = OutboxLetter.objects.filter(letter_type=LETTER_TYPE)
    assert posted.get().thread == OutboxLetter.objects.get(letter_type=letters.LETTER_TYPE).thread


def test_no_count_before_protection_is_stored_with_a_submission(counted, victims, statistician):
    victims["number"] = 2  # of seven, noise would show something in one draw of fourteen
    one = prepared(statistician)
    seen = submitting.regional_of(one)
    assert VICTIMS in {table.code for table in seen.tables}
    assert [table.cells for table in seen.tables if table.cells] == []
    assert seen.shown == 0


def test_a_revision_lets_numbers_stand(counted, victims, statistician, secretariat_peer):
    def release():
        digest = services.preview(statistician, MONTH).digest
        services.release(statistician, MONTH, digest=digest, now=NOW)
        return regional_release.in_force("me", MONTH)[VICTIMS].cells

    first = release()
    victims["number"] += 2
    assert release() == first
    assert set(NoisyMonth.objects.values_list("revision", flat=True)) == {1, 2}
    victims["number"] += 60
    assert release()[ALL] > first[ALL] + 30


def test_the_digest_holds_the_noisy_tables_too(counted, victims, statistician, secretariat_peer):
    digest = services.preview(statistician, MONTH).digest
    victims["number"] += 80
    with pytest.raises(NotReleasable, match="changed since you looked"):
        services.release(statistician, MONTH, digest=digest, now=NOW)


def test_a_month_that_counted_something_else_exactly_before_leaves_without_noise(
    counted, victims, statistician, secretariat_peer
):
    """The template lost a table after the month had left: nobody knows what it counted."""
    services.release(
        statistician, MONTH, digest=services.preview(statistician, MONTH).digest, now=NOW
    )
    NoisyMonth.objects.all().delete()
    MonthlyTable.objects.filter(table="cases_opened").update(table="victims_exactly")
    found = regional_release.count(MONTH).prepared
    assert not found.tables
    assert found.left_out[VICTIMS] is Reason.EXACT


def test_a_month_does_not_leave_exactly_after_noise(
    counted, victims, statistician, secretariat_peer
):
    regional_release.store(
        [NoisyTable("reg_cases", ("sex", "age_region", "vulnerability"), {})], {}, partner="me",
        node="me", month=MONTH, revision=1, status="released", at=NOW,
    )  # fmt: skip
    digest = services.preview(statistician, MONTH).digest
    with pytest.raises(NotReleasable, match="give the noise away"):
        services.release(statistician, MONTH, digest=digest, now=NOW)
    assert not OutboxLetter.objects.exists()


def test_a_secretariat_of_an_older_version_gets_the_month_without_them(
    counted, victims, statistician, secretariat_peer
):
    entry = secretariat_peer.entry
    entry["letters"] = [one for one in entry["letters"] if one != LETTER_TYPE]
    Peer.objects.filter(pk=secretariat_peer.pk).update(entry=entry, revision=uuid.uuid4())
    services.release(
        statistician, MONTH, digest=services.preview(statistician, MONTH).digest, now=NOW
    )
    assert MonthlyTable.objects.exists()
    assert not NoisyMonth.objects.exists()


def test_a_set_too_large_for_one_letter_goes_in_several_and_is_whole_again(
    statistician, secretariat_peer, letter, settings
):
    places = [f"{a}{b}" for a in "ABCDEFGHIJKLMNOP" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    cells = {(place, kind): 20 for place in places for kind in ("_T", "UNK")}
    cells |= {("_T", kind): 20 * len(places) for kind in ("_T", "UNK")}
    names = ("citizen", "apprehension_place")
    one = NoisyTable("reg_irregular_stay", names, cells)
    services._leave_noisy(statistician, MONTH, Prepared((one,)), 1, NOW, True)
    posted = OutboxLetter.objects.filter(letter_type=LETTER_TYPE)
    assert posted.count() > 1
    composed = regional_tables.compose(
        Prepared((one,)), regional_release.protection(), partner="me", month=MONTH, revision=1,
        version="2026.1",
    )  # fmt: skip
    assert len(composed) == posted.count()
    NoisyMonth.objects.all().delete()
    settings.MOSTOVI = replace(settings.MOSTOVI, code="secretariat", holds_persons=False)
    for number, data in enumerate(reversed(composed), start=1):
        assert bool(regional_release.revisions_of(MONTH)) is False
        receive(letter, data, source="me")
        assert NoisyMonth.objects.count() == number
    assert regional_release.in_force("me", MONTH)[one.code].cells == cells


# --- At the secretariat ---------------------------------------------------------------------------


def test_revisions_and_parts_come_in_any_order_and_the_highest_whole_one_counts(
    at_secretariat, letter
):
    second = sent(90, revision=2)[0]
    receive(letter, second)
    receive(letter, sent(60)[0])
    assert regional_release.revisions_of(MONTH) == {"ba": 2}
    assert regional_release.in_force("ba", MONTH)[VICTIMS].cells[ALL] == 90
    with pytest.raises(Reject, match="already here"):
        receive(letter, second)
    third = [{**sent(99, revision=3)[0], "parts": 2, "part": part} for part in (2, 1)]
    receive(letter, third[0])
    assert regional_release.revisions_of(MONTH) == {"ba": 2}
    with pytest.raises(Reject, match="do not belong together"):
        receive(letter, {**third[1], "parts": 3})
    other = copy.deepcopy(third[1])
    other["tables"][0] |= {"table": "reg_proceedings", "dimensions": ["crime", "stage"],
                           "unsplit": [], "cells": []}  # fmt: skip
    receive(letter, other)
    assert regional_release.revisions_of(MONTH) == {"ba": 3}


def test_the_secretariat_takes_no_one_elses_tables(at_secretariat, letter):
    with pytest.raises(Reject, match="own partner"):
        receive(letter, sent(partner="me")[0], source="ba")
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS)))
    with pytest.raises(Reject, match="come from node ba"):
        receive(letter, sent()[0], source="ba-2")


def test_only_the_secretariats_node_takes_tables(letter):
    with pytest.raises(Reject, match="secretariat"):
        receive(letter, sent()[0])


@pytest.fixture
def published(at_secretariat, letter, secretary):
    """Two partners with noise, one of them hidden; a third only with the month."""
    for partner in ("ba", "me", "rs"):
        data = data_of(COUNTS, partner=partner)
        services.receive(letter(partner, letters.LETTER_TYPE, data))
    receive(letter, sent(60)[0])
    receive(letter, sent(34, partner="me")[0], source="me")
    consolidating.publish(secretary, MONTH, revisions={"ba": 1, "me": 1, "rs": 1}, now=NOW)
    return secretary


def test_an_edition_pins_the_noisy_revisions_and_late_ones_are_the_next(published, letter):
    here = consolidating.consolidation(MONTH)
    assert here.edition.noisy == {"ba": 1, "me": 1} and not here.news
    receive(letter, sent(51, partner="rs")[0], source="rs")
    here = consolidating.consolidation(MONTH)
    assert (here.new, here.new_noisy, here.news) == ({}, {"rs": 1}, 1)
    seen = {"revisions": here.in_force, "now": NOW}
    with pytest.raises(NotReleasable, match="came since you looked"):
        consolidating.publish(published, MONTH, noisy={"ba": 1, "me": 1}, **seen)
    second = consolidating.publish(published, MONTH, noisy=dict(here.noisy), **seen)
    assert second.number == 2 and second.noisy["rs"] == 1


def test_everybody_sees_the_table_with_its_noise_sums_and_what_is_missing(published):
    client = Client()
    assert "Victims of trafficking identified" in text(page(client, f"/figures/en/{MONTH}/"))
    answer = page(client, f"/figures/en/{MONTH}/{VICTIMS}/")
    shown = text(answer)
    assert "94 ± 3.7" in shown  # the root of twice the variance of 7
    assert "missing" in shown and "carries noise" in shown
    assert "Montenegro: not split by" in shown
    assert len(answer.content) < 100_000
    assert client.get(f"/figures/en/{MONTH}/reg_crossings/").status_code == 404


def test_a_hidden_part_leaves_no_sum(at_secretariat, letter, secretary):
    for partner, total in (("ba", 60), ("me", 0)):
        services.receive(letter(partner, letters.LETTER_TYPE, data_of(COUNTS, partner=partner)))
        receive(letter, sent(total, partner=partner)[0], source=partner)
    later = NOW + timedelta(hours=1)
    consolidating.publish(secretary, MONTH, revisions={"ba": 1, "me": 1}, now=later)
    shown = text(Client().get(f"/figures/en/{MONTH}/{VICTIMS}/"))
    assert "60" in shown and "±" not in shown
    csv = Client().get(f"/figures/data/{VICTIMS}.csv").content.decode()
    lines = csv.replace('"', "").splitlines()
    assert [line for line in lines if ",ME," in line][0].endswith(",,hidden")


@pytest.mark.parametrize("language", ["en", "sq", "bs", "sr", "mk", "ar"])
def test_the_table_in_every_language(published, language):
    answer = Client().get(f"/figures/{language}/{MONTH}/{VICTIMS}/")
    assert answer.status_code == 200 and not answer.cookies
    assert Client().get(f"/figures/{language}/about/").status_code == 200


def test_the_files_of_a_noisy_table_in_every_format(published):
    client = Client()
    for kind in KINDS:
        answer = client.get(f"/figures/data/{VICTIMS}.{kind}")
        assert answer.status_code == 200 and len(answer.content) > 150, kind
    csv = client.get(f"/figures/data/{VICTIMS}.csv").content.decode().replace('"', "")
    assert ",BA,_T,_T,_T,60,shown" in csv
    listed = client.get("/figures/data/").json()["noisy_tables"]
    assert [one["code"] for one in listed] == [VICTIMS]
    for path in (f"{VICTIMS}.svg", f"{VICTIMS}.vl.json", f"{VICTIMS}/embed/"):
        assert client.get(f"/figures/data/{path}").status_code == 200
    assert client.get("/figures/data/reg_crossings.csv").status_code == 404


def test_the_largest_page_stays_light(at_secretariat):
    """Six partners with a long table each; the finer cells are in the files."""
    places = [f"{a}{b}" for a in "ABCDEFGHIJ" for b in "KLMNOPQRSTUVWXY"]
    for number, partner in enumerate(PARTNERS):
        cells = {(place, "_T"): 20 + at for at, place in enumerate(places) if at % 6 != number}
        one = NoisyTable("reg_irregular_stay", ("citizen", "apprehension_place"), cells)
        regional_release.store(
            [one], {}, partner=partner, node=partner, month=MONTH, revision=1, status="received",
            at=NOW,
        )  # fmt: skip
    revisions = dict.fromkeys(PARTNERS, 1)
    Edition.objects.create(
        period=str(MONTH), number=1, revisions=revisions, noisy=revisions, indicators={},
        standing={}, published_by=uuid.uuid4(), published_at=NOW + timedelta(hours=2),
    )  # fmt: skip
    for language in ("en", "ar"):
        answer = page(Client(), f"/figures/{language}/{MONTH}/reg_irregular_stay/")
        assert 20_000 < len(answer.content) < 100_000
    assert "50 finer cells are in the files" in text(
        Client().get(f"/figures/en/{MONTH}/reg_irregular_stay/")
    )
    csv = Client().get("/figures/data/reg_irregular_stay.csv").content.decode()
    assert csv.count("\n") > 6 * 100


def test_a_table_unknown_here_is_kept_said_and_not_published(at_secretariat, letter, browser):
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS)))
    (data,) = sent(60)
    data["tables"][0] |= {"table": "reg_of_tomorrow", "dimensions": ["moon"], "unsplit": []}
    data["tables"][0]["cells"] = [{"codes": ["full"], "value": 30}]
    receive(letter, data)
    client = browser(Role.SECRETARIAT)
    shown = text(page(client, f"/statistics/exchange/{MONTH}/"))
    assert "reg_of_tomorrow" in shown and "unknown to this node" in shown
    client.post(
        f"/statistics/exchange/{MONTH}/", {"seen": ["ba:1"], "seen_noisy": ["ba:1"]}, follow=True
    )
    assert Client().get(f"/figures/en/{MONTH}/reg_of_tomorrow/").status_code == 404
    assert "reg_of_tomorrow" not in text(Client().get(f"/figures/en/{MONTH}/"))


def test_the_secretariat_looks_before_it_publishes(published, browser):
    client = browser(Role.SECRETARIAT)
    assert "94" in text(page(client, f"/statistics/exchange/{MONTH}/tables/{VICTIMS}/"))
    assert client.get(f"/statistics/exchange/{MONTH}/tables/no/").status_code == 404


# --- Pages of a partner's node --------------------------------------------------------------------


def test_the_pages_show_what_leaves_and_only_one_shows_counts(
    counted, victims, secretariat_peer, browser
):
    clerk, second = browser(Role.STATISTICIAN), browser(Role.PARTNER_FOCAL_POINT)
    seen = page(clerk, f"/statistics/exchange/{MONTH}/prepare/")
    assert "Victims of trafficking identified" in text(seen)
    assert "tables of the set are not in this month" in text(seen)
    digest = re.search(r'name="digest" value="(\w+)"', seen.content.decode())[1]
    clerk.post(f"/statistics/exchange/{MONTH}/prepare/", {"digest": digest, "words": "x"})
    url = f"/statistics/exchange/submissions/{Submission.objects.get().pk}/"
    looked = text(page(second, url))
    assert "Tables with noise" in looked and "Counted here" not in looked
    second.post(url, {"do": "release"})
    assert "Tables with noise" in text(page(clerk, f"/statistics/{MONTH}/"))
    assert page(clerk, f"/statistics/{MONTH}/release/").status_code == 200


# --- Workbooks ------------------------------------------------------------------------------------


def rows(code: str, **numbers: int):
    """Fill a regional sheet with rows: `code_code_code`, T is the total."""

    def fill(book):
        sheet = book[code]
        for at, (codes, number) in enumerate(numbers.items(), start=4):
            for column, given in enumerate(codes.split("__"), start=1):
                sheet.cell(at, column).value = "_T" if given == "T" else given
            sheet.cell(at, len(codes.split("__")) + 1).value = number

    return fill


def bring(officer, *fills, **more):
    def change(book):
        for fill in fills:
            fill(book)

    data = filled(change=change)
    return uploading.upload(officer, "al", MONTH, data, now=NOW, words="As usual.", **more)


def test_full_counts_of_a_workbook_get_noise_before_anything_is_stored(
    at_secretariat, focal_point, secretary
):
    crime, stage = (codes[0] for codes in codes_of("reg_proceedings"))
    fill = rows("reg_proceedings", **{f"{crime}__{stage}": 3, "T__T": 3})
    one = bring(focal_point, fill)
    stored = submitting.regional_of(one)
    assert [table.code for table in stored.tables] == ["reg_proceedings"]
    assert not stored.tables[0].cells
    assert stored.left_out["reg_victims"] is Reason.NOT_GIVEN
    submitting.release(secretary, one.pk, now=NOW)
    assert regional_release.revisions_of(MONTH) == {"al": 1}


def codes_of(code):
    spec = regional_release.specs()[code]
    return [[c.code for c in d.codes] for d in regional_tables.dimensions_of(spec)]


def test_the_same_workbook_twice_has_the_same_noise_and_numbers_stand(
    at_secretariat, focal_point, secretary
):
    crime, stage = (codes[0] for codes in codes_of("reg_proceedings"))
    fill = rows("reg_proceedings", **{f"{crime}__{stage}": 80, "T__T": 80})
    first = bring(focal_point, fill)
    submitting.release(secretary, first.pk, now=NOW)
    more = rows("reg_proceedings", **{f"{crime}__{stage}": 82, "T__T": 82})
    second = bring(focal_point, more)
    tables = [submitting.regional_of(one).tables[0] for one in (first, second)]
    assert tables[0].cells == tables[1].cells and tables[0].cells
    third = bring(focal_point, rows("reg_proceedings", **{f"{crime}__{stage}": 150, "T__T": 150}))
    assert submitting.regional_of(third).tables[0].cells != tables[0].cells


@pytest.mark.parametrize(
    ("numbers", "already", "says"),
    [
        ({"C__S": 40, "T__T": 41}, False, "add up to"),
        ({"C__S": 40}, False, "total of the whole table"),
        ({"C__S": "x", "T__T": 40}, False, "every number is needed"),
        ({"C__S": 4, "T__T": 40}, True, "too small to be shown"),
        ({"C__S": 400, "T__T": 40}, True, "further apart than noise"),
        ({"S__C": 40, "T__T": 40}, False, "moved"),
        ({"C__S": "about 40", "T__T": 40}, False, "about 40"),
    ],
)
def test_a_wrong_regional_sheet_is_refused_whole(
    at_secretariat, focal_point, numbers, already, says
):
    crime, stage = (codes[0] for codes in codes_of("reg_proceedings"))
    given = {key.replace("C", crime).replace("S", stage): n for key, n in numbers.items()}
    with pytest.raises(uploading.WorkbookRefused) as refused:
        bring(focal_point, rows("reg_proceedings", **given), protected_already=already)
    problems = refused.value.problems
    assert any(says in one.text for one in problems), problems
    assert not Submission.objects.exists()


def with_noise():
    """A sheet that the partner put noise on itself: sums do not add up, and one row is withheld."""
    (crime, other, *_rest), (stage, *_more) = codes_of("reg_proceedings")
    numbers = {
        f"{crime}__{stage}": 40, f"{crime}__T": 38, f"T__{stage}": 44, "T__T": 43,
        f"{other}__T": "x",
    }  # fmt: skip
    return rows("reg_proceedings", **numbers)


def test_tables_that_the_partner_protected_are_taken_as_they_are(at_secretariat, focal_point):
    one = bring(focal_point, with_noise(), protected_already=True)
    (table,) = submitting.regional_of(one).tables
    assert table.method == regional_tables.OWN_METHOD
    assert sorted(table.cells.values()) == [38, 40, 43, 44]
    with pytest.raises(uploading.WorkbookRefused):
        bring(focal_point, with_noise())


def test_two_tables_of_one_workbook_must_agree_on_the_same_people(at_secretariat, focal_point):
    reason, validity, sex, age = codes_of("reg_permits")
    fills = (
        rows("reg_permits", **{f"THB__{validity[0]}__{sex[0]}__{age[0]}": 30, "T__T__T__T": 30}),
        rows("reg_permits_victims", SY__F__Y_GE18=33, T__T__T=33),
    )
    with pytest.raises(uploading.WorkbookRefused) as refused:
        bring(focal_point, *fills)
    assert any("same group" in one.text for one in refused.value.problems)


def test_a_workbook_without_any_regional_sheet_is_taken(at_secretariat, focal_point):
    def without(book):
        for name in [one for one in book.sheetnames if one.startswith("reg_")]:
            del book[name]

    one = bring(focal_point, without)
    assert not submitting.regional_of(one).tables
    assert set(submitting.regional_of(one).left_out.values()) == {Reason.EXACT, Reason.NOT_GIVEN}


def test_the_empty_workbook_has_the_regional_sheets_and_their_codes(at_secretariat):
    book = load_workbook(io.BytesIO(uploading.blank("al", MONTH)))
    going, _left = uploading.noisy_specs()
    assert {spec.code for spec in going} <= set(book.sheetnames)
    assert len(going) == 16
    listed = [row[1].value for row in book["codes"].iter_rows()]
    assert "smuggling" in listed or len(listed) > 50
    assert len(template().tables) + len(going) + 2 == len(book.sheetnames)


def test_the_page_takes_a_workbook_that_is_protected_already(at_secretariat, browser):
    data = filled(change=with_noise())
    posted = {
        "partner": "al", "month": str(MONTH), "words": "As usual.", "already": "on",
        "file": SimpleUploadedFile("al.xlsx", data),
    }  # fmt: skip
    client = browser(Role.PARTNER_FOCAL_POINT)
    taken = client.post("/statistics/exchange/workbook/", posted, follow=True)
    assert "Protected by the partner itself" in text(taken)
