# SPDX-License-Identifier: EUPL-1.2
"""The self-check without scripts: one question a page, nothing lost, nothing kept, danger first."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from mostovi.cases.directory.models import Location, Organization, Service
from mostovi.pathways import texts
from mostovi.pathways.answers import check
from mostovi.pathways.library import library
from mostovi.portal import ways_answers, ways_map, ways_pages
from mostovi.portal.ways_answers import Answers
from mostovi.portal.ways_places import hotlines
from mostovi.portal.ways_words import Words, country_names
from mostovi.rights.models import AuditEntry

ON = date(2026, 11, 24)
LANGUAGES = tuple(texts.offered())
PLACES = tuple(code for code in library().codes if code != "eu")


class Visitor:
    """Somebody without scripts: presses buttons and sends what stands in the form."""

    def __init__(self, place: str = "rs", language: str = "en") -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.address = f"/ways/{language}/{place}/check/"
        self.page, self.status, self.fields = "", 200, {}
        self.answers: Any = None

    def press(self, verb: str, **fields: Any) -> Visitor:
        """Press a button; fields are what was chosen or written on this page."""
        kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.page)
        sent = {name: unescape(value) for name, value in kept if name != "sheet"} | fields
        self.answers = self.client.post(self.address, sent | {"do": verb})
        self.status, self.page = self.answers.status_code, self.answers.content.decode()
        return self

    def answer(self, value: str) -> Visitor:
        return self.press("next", v=value)

    @property
    def asked(self) -> str:
        found = re.search(r'name="q" value="(\w+)"', self.page)
        return found[1] if found else ""

    @property
    def text(self) -> str:
        main = self.page.split("<main", 1)[1].split(">", 1)[1].split("</main>")[0]
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())

    def start(self) -> Visitor:
        return self.press("next")

    def answer_all(self, **known: str) -> Visitor:
        """Answer every question: what is known, otherwise 'I don't know'."""
        self.start()
        for _ in range(120):
            if not self.asked:
                if "danger-box" in self.page and 'data-frame="danger"' in self.page:
                    self.press("next")
                    continue
                return self
            self.press(
                "next",
                **(
                    {"v": known[self.asked]}
                    if self.asked in known
                    else {"none": "unknown", "v": "" if 'name="none"' in self.page else "unknown"}
                ),
            )
            assert self.status == 200, self.text
        raise AssertionError("the questions do not end")


@pytest.fixture
def visitor(db: None) -> Visitor:
    return Visitor()


# --- Every page ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_in_its_language_and_direction_and_light(db, client, language):
    words = Words(language)
    for path in ("", f"{language}/", f"{language}/rs/", f"{language}/rs/help/"):
        answer = client.get(f"/ways/{path}")
        page = answer.content.decode()
        shown = language if path else "en"
        assert f'<html lang="{shown}" dir="{texts.direction(shown)}">' in page
        assert answer["Content-Language"] == shown
        assert len(answer.content) < 60_000
        assert not answer.cookies
        assert "http://" not in page and "https://" not in page, "nothing comes from elsewhere"
    assert words.text("ui.anonymous") in unescape(page)


def test_the_first_view_is_under_100_kilobytes(db, client):
    weight = 0
    page = client.get("/ways/ar/rs/", headers={"accept-encoding": "gzip"})
    weight += len(page.content)
    from django.contrib.staticfiles import finders

    for name in ("portal/ways/ways.css", "portal/ways/ways.js", "node/mark.svg"):
        weight += len(gzip.compress(open(finders.find(name), "rb").read()))  # noqa: SIM115
    alone = weight
    weight += len(client.get("/ways/ar/rs/parts.html", headers={"accept-encoding": "gzip"}).content)
    assert alone < 30_000
    assert weight < 100_000, "with everything that works without internet later"


@pytest.mark.parametrize("place", PLACES)
def test_every_place_has_a_way_through_to_a_result(db, place):
    visitor = Visitor(place).answer_all()
    assert visitor.status == 200
    assert "There are no more questions" in visitor.text
    assert len(visitor.page) < 150_000


def test_an_unknown_language_or_place_is_not_there(db, client):
    for path in ("/ways/xx/", "/ways/en/zz/", "/ways/en/eu/", "/ways/en/rs/nothing/"):
        assert client.get(path).status_code == 404
    assert client.post("/ways/en/zz/check/", {"do": "next"}).status_code == 404


def test_looking_at_the_address_of_a_step_leads_to_its_start(db, client):
    answer = client.get("/ways/en/rs/check/?a.where=inside")
    assert answer.status_code == 302
    assert answer["Location"] == "/ways/en/rs/"


# --- One step after the other ----------------------------------------------------------------


def test_the_first_questions_are_where_and_how_old(visitor):
    assert visitor.start().asked == "where"
    assert visitor.answer("inside").asked == "age"


def test_what_a_danger_hides_behind_is_asked_early_and_of_children_first(visitor):
    visitor.start().answer("inside").answer("15")
    assert visitor.asked == "without_parents"
    assert visitor.answer("no").asked in {"violence_now", "forced_or_controlled"}
    other = Visitor()
    assert other.start().answer("inside").answer("30").asked in {
        "violence_now",
        "forced_or_controlled",
    }


def test_nobody_is_met_with_a_suspicion_before_everything_else_is_asked():
    strongest = ("security_ground", "job_offer", "serious_crime", "housing")
    asked: dict[str, str] = {}
    order = []
    while fact := ways_answers.next_fact(strongest, asked, {}):
        order.append(fact)
        asked[fact] = "unknown"
    assert order == ["job_offer", "housing", "security_ground", "serious_crime"]


def test_back_shows_the_answer_and_keeps_what_was_written(visitor):
    visitor.start().answer("inside")
    visitor.press("back", v="17")
    assert visitor.asked == "where"
    assert re.search(r'value="inside" checked', visitor.page)
    assert visitor.answer("inside").asked != "age", "17 was kept"
    assert "17 years" in visitor.text
    visitor.press("ask:age")
    assert visitor.asked == "age" and 'value="17"' in visitor.page


def test_back_on_the_first_question_leads_to_the_start(visitor):
    assert visitor.start().press("back").status == 302


def test_not_knowing_and_not_saying_are_answers_and_are_not_asked_again(visitor):
    visitor.start().answer("unknown")
    assert visitor.asked == "age"
    visitor.press("next", none="skipped", v="")
    assert visitor.asked not in {"where", "age"}
    assert "I don't know" in visitor.text and "I'd rather not say" in visitor.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Please choose one answer"),
        ({"v": "two hundred"}, "whole number"),
        ({"v": "200"}, "from 0 to 120"),
        ({"v": "17.5"}, "whole number"),
        ({"day": "31", "month": "2", "year": "2001"}, "This date does not exist"),
        ({"day": "1", "month": "1", "year": "2090"}, "in the future"),
        ({"day": "1", "month": "1", "year": "1801"}, "from 0 to 120"),
    ],
)
def test_what_is_wrong_is_said_at_the_question_and_nothing_is_lost(visitor, fields, words):
    visitor.start().answer("inside")
    visitor.press("next", **fields)
    assert visitor.status == 422
    assert visitor.asked == "age" and words in visitor.text
    for value in fields.values():
        assert f'value="{value}"' in visitor.page
    assert 'name="a.where" value="inside"' in visitor.page


def test_a_date_of_birth_stands_for_the_age_and_digits_of_any_script_are_read(visitor):
    visitor.start().answer("inside")
    visitor.press("next", day="٢", month="5", year="2001")
    assert visitor.status == 200 and 'name="a.age" value="2001-05-02"' in visitor.page
    other = Visitor()
    other.start().answer("inside").answer("২৫")
    assert 'name="a.age" value="25"' in other.page


def test_answers_that_contradict_each_other_are_named_and_can_both_be_changed(visitor):
    visitor.press("next", **{"a.age": "30", "a.age_in_doubt": "no"})
    visitor.press("ask:without_parents")
    visitor.press("next", v="yes")
    assert visitor.status == 422
    assert "18 or older" in visitor.text
    assert 'value="ask:age"' in visitor.page
    visitor.press("ask:age", v="yes")
    assert visitor.asked == "age"
    assert 'name="a.without_parents" value="yes"' in visitor.page, "what was said is not lost"


def test_the_result_can_be_seen_at_any_time(visitor):
    visitor.start().press("result")
    assert visitor.status == 200 and "Your result" in visitor.text
    assert "Answer more questions" in visitor.text
    assert visitor.press("next").asked == "where"


def test_nobody_is_told_that_a_way_is_closed(db):
    """R6: no lawyer has signed anything off."""
    for place in PLACES:
        visitor = Visitor(place)
        visitor.press("next", **{"a.where": "abroad", "a.age": "70", "a.passport_valid": "no"})
        visitor.press("result")
        closed = visitor.page.split('data-list="closed"')[1].split("</section>")[0]
        assert closed.startswith(' class="list-no" hidden') and "data-way=" not in closed
        assert "Ask before you give up" in visitor.text


def test_a_way_says_why_where_what_it_costs_and_where_the_law_says_so(visitor):
    visitor.press("next", **{"a.where": "inside", "a.age": "30", "a.fears_persecution": "yes"})
    visitor.press("result").press("way:asylum_refugee")
    for words in (
        "Danger in your country", "You said: Yes", "Fits", "What the law says", "Article",
        "The office that decides", "What to bring", "What it costs", "How long it takes",
        "Your rights while you wait", "If the answer is 'no'", "No lawyer has checked",
        "Version of this text",
    ):  # fmt: skip
        assert words in visitor.text, words
    assert visitor.press("sheet", sheet="asylum_refugee").status == 200
    assert "A sheet to take with you" in visitor.text and "You said" not in visitor.text


def test_a_sheet_shows_answers_only_when_asked_to(visitor):
    visitor.press("next", **{"a.age": "33"}).press("result")
    assert "33 years" not in visitor.press("sheet", sheet=["asylum_refugee"]).text
    visitor.press("result").press("sheet", sheet=["asylum_refugee"], with_answers="yes")
    assert "33 years" in visitor.text
    assert visitor.press("result").press("sheet").status == 422
    assert "Choose at least one way" in visitor.text


# --- Danger first ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ("forced_or_controlled", "Nobody may force you"),
        ("exploited_at_work", "Nobody may force you"),
        ("violence_now", "Nobody may hurt you"),
        ("without_parents", "You are under 18"),
    ],
)
def test_help_comes_at_once_and_the_questions_wait(visitor, fact, words):
    visitor.press(f"ask:{fact}")
    visitor.press("next", v="yes")
    assert visitor.asked == ""
    assert visitor.text.startswith("First, your safety")
    assert words in visitor.text and "192" in visitor.text and "Leave quickly" in visitor.text
    assert f'name="a.{fact}" value="yes"' in visitor.page
    assert visitor.press("next").asked, "then it goes on"
    visitor.press("result")
    assert visitor.text.index(words) < visitor.text.index("Your result")


def test_the_way_for_the_danger_comes_first_among_its_kind(visitor):
    visitor.press("next", **{"a.forced_or_controlled": "yes"}).press("result")
    ways = re.findall(r'data-way="(\w+)"', visitor.page.split('data-list="maybe"')[1])
    assert ways[0] == "victim_of_trafficking"


def test_a_number_to_call_has_a_source_and_none_is_invented_for_bosnia():
    for place, numbers in hotlines().items():
        assert place in PLACES
        for one in numbers:
            assert one["source"] and one["url"].startswith("http") and one["number"]
    assert "112" not in {one["number"] for one in hotlines()["ba"]}


# --- Nothing is kept ---------------------------------------------------------------------------


def _rows() -> dict[str, int]:
    with connection.cursor() as cursor:
        return {
            table: cursor.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
            for table in connection.introspection.table_names()
        }


def test_no_cookie_no_session_no_row_and_no_word_of_an_answer_in_the_log(visitor, capsys, caplog):
    before = _rows() if connection.vendor == "sqlite" else {}
    entries, sessions = AuditEntry.objects.count(), Session.objects.count()
    visitor.answer_all(where="inside", age="43", forced_or_controlled="yes", citizenship="SY")
    visitor.press("result").press("sheet", sheet=["asylum_refugee"])
    assert visitor.client.cookies == {} or not visitor.client.cookies
    assert visitor.answers["Cache-Control"].count("no-store") == 1
    assert visitor.answers["Referrer-Policy"] == "no-referrer"
    assert (AuditEntry.objects.count(), Session.objects.count()) == (entries, sessions)
    if before:
        assert _rows() == before
    logged = caplog.text + "".join(capsys.readouterr())
    for word in ("forced_or_controlled", "citizenship", "inside", "asylum_refugee"):
        assert word not in logged


def test_addresses_never_carry_an_answer(visitor):
    visitor.answer_all(where="inside", age="43")
    for target in re.findall(r'(?:href|action|formaction|src)="([^"]+)"', visitor.page):
        assert "?" not in target.split("tel:")[0]
        assert "inside" not in target and "asylum" not in target.lower() or "http" in target


def test_leaving_shows_something_harmless_and_drops_what_the_browser_kept(db, client):
    answer = client.get("/ways/exit/")
    assert answer.status_code == 302 and "wikipedia" in answer["Location"]
    assert answer["Clear-Site-Data"] == '"cache"'


def test_pages_ask_the_database_little(visitor, statements):
    visitor.press("next", **{"a.forced_or_controlled": "yes"})
    assert len(statements(lambda: visitor.press("result"))) <= 6


# --- Places that help --------------------------------------------------------------------------


@pytest.fixture
def directory(db: None) -> None:
    cache.clear()
    organization = Organization.objects.create(name="Network (example)")
    for code, public, shielded in (
        ("open", True, False),
        ("secret", True, True),
        ("inner", False, False),
    ):
        row = Service.objects.create(
            code=f"rs-{code}", node="rs", name=f"The {code} house", organization=organization,
            public=public, needs=["gbv_support"], phones=[{"number": "+381 11 000 001"}],
            changed_at=datetime.now(UTC),
        )  # fmt: skip
        where = {} if shielded else {"latitude": 44.8, "longitude": 20.46, "address": "Street 1"}
        place = Location.objects.create(
            organization=organization, name="Place", place="Beograd", shielded=shielded, **where
        )
        row.locations.add(place)


def test_public_services_are_listed_and_drawn_and_a_secret_place_never(directory, visitor):
    visitor.start().press("result")
    assert "The open house" in visitor.text and "The secret house" in visitor.text
    assert "The inner house" not in visitor.text, "not public"
    assert visitor.page.count('class="pin"') == 1
    visitor.press("ask:violence_now").press("next", v="yes")
    assert "The open house" in visitor.text, "where help against violence is, at once"


def test_borders_are_all_drawn_alike():
    square = {"type": "Polygon", "arcs": [[0]], "properties": {"name": "Serbia"}}
    other = {"type": "Polygon", "arcs": [[1]], "properties": {"name": "Kosovo"}}
    topology = ways_map.read_topology(
        {
            "transform": {"scale": [0.1, 0.1], "translate": [20, 42]},
            "arcs": [
                [[0, 0], [20, 0], [0, 20], [-20, 0], [0, -20]],
                [[5, 5], [5, 0], [0, 5], [-5, -5]],
            ],
            "objects": {"countries": {"geometries": [square, other]}},
        }
    )
    drawn = ways_map.draw(topology, "rs", [ways_map.Place(1, 'A "house" <b>', 43, 21)], "Map")
    assert drawn.count('class="border"') == 1 and drawn.count('class="land"') == 1
    assert '<title>A "house" &lt;b&gt;</title>' in drawn
    assert "Serbia" not in drawn and "Kosovo" not in drawn
    with pytest.raises(KeyError):
        ways_map.draw(topology, "zz", [], "Map")


# --- What the browser gets -----------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
def test_the_parts_hold_every_question_and_way_and_nothing_personal(db, client, place):
    page = client.get(f"/ways/en/{place}/parts.html").content.decode()
    law = json.loads(re.search(r'<script id="law" type="application/json">(.*?)</script>', page)[1])
    for pathway in law["law"]["pathways"]:
        assert f'data-way="{pathway["pathway"]}"' in page
    for fact in law["law"]["facts"]:
        assert f'<fieldset class="question" data-fact="{fact}">' in page
        assert f"fact.{fact}.short" in law["words"]
    assert not re.search(r"<(input|option)[^>]* (checked|selected)", page)
    assert client.get(f"/ways/en/{place}/parts.html", headers={"if-none-match": "x"}).has_header(
        "ETag"
    )


def test_the_worker_keeps_no_request_with_answers(client):
    answer = client.get("/ways/worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert 'request.method !== "GET"' in answer.content.decode()


def test_the_manifest_stays_within_these_pages(db, client):
    manifest = client.get("/ways/ar/app.webmanifest").json()
    assert manifest["scope"] == "/ways/" and manifest["start_url"] == "/ways/ar/"
    assert manifest["dir"] == "rtl"


# --- Words and answers, without pages -------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_country_has_a_name_and_kosovo_its_star(language):
    names = country_names(language)
    assert len(names) > 200 and all(names.values())
    assert names["XK"].endswith("*")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("language", ("en", "ar"))
def test_every_condition_of_every_way_has_words(language, place):
    rules = library().rule_set(place, ON)
    result = ways_pages.result(Words(language), rules, check(rules, {}), Answers())
    ways = [way for listed in result.lists.values() for way in listed]
    assert len(ways) == len(rules.rules)

    def look(condition):
        assert condition.label.text and condition.mark in {"fits", "fits_not", "not_known"}
        assert condition.needed or condition.group
        for part in condition.parts:
            look(part)

    for way in ways:
        for condition in way.conditions:
            look(condition)
        for line in (*way.documents, *way.fees, *way.deadlines, *way.rights_meanwhile):
            assert line.name.text and not line.name.text.startswith(("document.", "fee.", "right."))


_FACTS = sorted(library().vocabulary.facts)


@given(
    st.dictionaries(
        st.sampled_from(_FACTS),
        st.sampled_from(
            ["yes", "no", "unknown", "skipped", "17", "30", "SY", "2001-05-30", "none", "x"]
        ),
    )
)
def test_answers_never_raise_and_saying_nothing_never_decides(given_answers):
    vocabulary = library().vocabulary
    read = ways_answers.read(given_answers, vocabulary, ON)
    silent = {f: v for f, v in given_answers.items() if v not in ways_answers.SAYING_NOTHING}
    assert ways_answers.read(silent, vocabulary, ON).facts == read.facts
    for problem in read.problems:
        fact = vocabulary[problem.facts[-1]]
        code, gaps = ways_answers.error_of(problem, fact)
        assert "{" not in Words("en").text(code, **gaps)


@pytest.mark.parametrize("path", ["/accounts/login/", "/my-file/"])
def test_the_public_entrances_lead_to_the_self_check(db, client, path):
    assert 'href="/ways/"' in client.get(path).content.decode()


@pytest.mark.parametrize("language", texts.languages())
@pytest.mark.parametrize("code", ["ui.law_of", "ui.offline.now"])
def test_a_date_that_brings_its_own_full_stop_ends_the_sentence_once(language, code):
    words = Words(language)
    assert ".." not in words.text(code, date=words.day(ON))
