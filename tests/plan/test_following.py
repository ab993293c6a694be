# SPDX-License-Identifier: EUPL-1.2
"""Milestones, support put together by letters, days compared, other plans, published files."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from mostovi.exchange.handlers import Reject
from mostovi.exchange.models import OutboxLetter
from mostovi.plan import (
    asylum,
    comparing,
    content,
    detections,
    following,
    importing,
    indicators,
    letters,
    reporting,
    services,
)
from mostovi.plan.comparing import Change, Saying
from mostovi.plan.matching import Need, pairs
from mostovi.plan.models import IndicatorValue, Milestone, PartnerProgress, Support, SupportMatch
from mostovi.rights.access import Refused
from mostovi.rights.roles import Role
from mostovi.statistics import letters as statistics_letters
from mostovi.statistics.catalogue import template
from mostovi.statistics.cubes import with_margins
from mostovi.statistics.models import MonthlyTable
from tests.plan.test_plan import GAZETTE, data, page, reported, text
from tests.plan.test_stock import SHARED, run

DUE = date(2027, 3, 1)
PLAN = "wb-2023-2025"


@pytest.fixture
def focal_point(acting):
    return acting(Role.PARTNER_FOCAL_POINT)


# --- milestones --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_day_that_is_moved_stays_visible(focal_point, secretariat_peer, browser):
    first = following.say_milestone(focal_point, action=4, title="By-law", due=DUE)
    later = DUE + timedelta(days=90)
    again = {"action": 4, "title": "By-law", "due": later, "reference": first.reference}
    following.say_milestone(focal_point, **again)
    following.say_milestone(focal_point, **again)  # saying it twice says it once
    (found,) = following.milestones(PLAN, 4)
    assert (found.due, found.moved_from) == (later, DUE)
    assert Milestone.objects.count() == OutboxLetter.objects.count() == 2
    assert "at first" in text(page(browser(Role.ANALYST), "/plan/actions/4/"))


@pytest.mark.django_db
def test_only_the_partner_sets_its_milestones(acting, focal_point, secretariat_peer):
    for role in (Role.SECRETARIAT, Role.SOCIAL_WORKER):
        with pytest.raises((following.NotTheirs, Refused)):
            following.say_milestone(acting(role), action=4, title="x", due=DUE)
    with pytest.raises(KeyError):
        following.say_milestone(focal_point, action=22, title="x", due=DUE)
    with pytest.raises(Milestone.DoesNotExist):
        following.say_milestone(focal_point, action=4, title="x", due=DUE, reference=uuid4())
    assert not Milestone.objects.exists()


@pytest.mark.django_db
def test_a_wrong_milestone_form_keeps_what_was_typed(browser, secretariat_peer):
    client = browser(Role.PARTNER_FOCAL_POINT)
    url = "/plan/actions/4/milestone/"
    answer = client.post(url, {"title": "By-law on guardians", "due": "soon", "state": "open"})
    assert answer.status_code == 422
    assert "By-law on guardians" in answer.content.decode()
    form = {"title": "By-law", "due": "2027-03-01", "state": "open"}
    assert client.post(url, form).status_code == 302
    assert browser(Role.ANALYST).post(url, form).status_code == 403


# --- support -----------------------------------------------------------------------------------


def said(partner, side, sort="training", action=3, sequence=1, state="open", reference=None):
    help_ = letters.Help(
        PLAN,
        partner,
        action,
        reference or uuid4(),
        sequence,
        side,
        sort,
        f"{partner} {side}",
        state,
    )
    return letters.compose_said(help_)


NEEDS = st.builds(
    Need, st.uuids(), st.sampled_from(["al", "ba", "me"]), st.integers(1, 3),
    st.sampled_from(["training", "funds"]),
)  # fmt: skip


@given(st.lists(NEEDS, max_size=5), st.lists(NEEDS, max_size=5))
def test_only_the_same_kind_from_another_partner_is_put_together(requests, offers):
    for need, offer in pairs(requests, offers):
        assert need.sort == offer.sort and need.partner != offer.partner
    tried = [(n.reference, o.reference) for n, o in pairs(requests, offers)]
    assert pairs(requests, offers, tried) == []


@pytest.mark.django_db
def test_the_secretariat_puts_together_and_passes_the_answers_on(
    at_secretariat, letter, acting, monkeypatch, browser
):
    posted = []
    monkeypatch.setattr(following, "post", lambda *a, **k: posted.append((k["to"], k["data"])))
    for one in (said("ba", "request"), said("rs", "offer"), said("me", "offer", "funds")):
        following.receive_support(letter(one["partner"], letters.SUPPORT_TYPE, one))
    ((need, offer),) = following.suggestions(PLAN)
    assert (need.partner, offer.partner) == ("ba", "rs")
    client = browser(Role.SECRETARIAT)
    assert "Put together and tell both" in text(page(client, "/plan/support/"))
    form = {"request": need.reference, "offer": offer.reference}
    for _twice in range(2):
        assert client.post("/plan/support/match/", form).status_code == 302
    assert [to for to, _data in posted] == ["ba", "rs"]
    assert following.suggestions(PLAN) == []
    answer = {**posted[0][1], "said_by": "ba", "word": "agreed"}
    following.receive_match(letter("ba", letters.MATCH_TYPE, answer))
    assert posted[-1] == ("rs", answer)
    ((_match, words),) = following.matches(PLAN)
    assert words == {"ba": "agreed"}
    for source, change in (
        ("rs", {}), ("me", {"said_by": "me"}), ("rs", {"said_by": "rs", "word": "proposed"}),
        ("rs", {"said_by": "rs", "request_text": "something else"}), ("ba", {}),
    ):  # fmt: skip
        with pytest.raises(Reject):
            following.receive_match(letter(source, letters.MATCH_TYPE, {**answer, **change}))
    assert SupportMatch.objects.count() == 2


@pytest.mark.django_db
def test_a_partner_answers_a_match_once(focal_point, letter, secretariat_peer, browser):
    mine = following.say_support(
        focal_point, action=3, side="request", sort="training", text="Two trainers"
    )
    match = letters.Match(
        PLAN, 3, uuid4(), "secretariat", "proposed", "training", mine.reference, "me",
        "Two trainers", uuid4(), "rs", "A week of training",
    )  # fmt: skip
    following.receive_match(letter("secretariat", letters.MATCH_TYPE, letters.compose_said(match)))
    with pytest.raises(Reject):
        following.receive_match(letter("rs", letters.MATCH_TYPE, letters.compose_said(match)))
    shown = text(page(browser(Role.PARTNER_FOCAL_POINT), "/plan/support/"))
    assert "A week of training" in shown and "Decline" in shown
    following.answer_match(focal_point, match.reference, agree=True)
    following.answer_match(focal_point, match.reference, agree=True)
    with pytest.raises(following.NotOpen):
        following.answer_match(focal_point, match.reference, agree=False)
    assert OutboxLetter.objects.filter(letter_type=letters.MATCH_TYPE).count() == 1
    following.close_support(focal_point, mine.reference, state="met")
    with pytest.raises(following.NotOpen):
        following.close_support(focal_point, mine.reference, state="withdrawn")


@pytest.mark.django_db
def test_statements_of_another_partner_or_out_of_order_change_nothing(at_secretariat, letter):
    reference = uuid4()
    first = said("ba", "request", reference=reference, sequence=2)
    following.receive_support(letter("ba", letters.SUPPORT_TYPE, first))
    for source, one in (
        ("rs", said("ba", "request")),
        ("rs", said("rs", "offer", reference=reference, sequence=3)),
        ("ba", said("ba", "request", reference=reference, sequence=1)),
        ("ba", said("ba", "request", action=99)),
    ):
        with pytest.raises(Reject):
            following.receive_support(letter(source, letters.SUPPORT_TYPE, one))
    assert Support.objects.count() == 1


# --- what was said when ------------------------------------------------------------------------

DAYS = st.dates(date(2024, 1, 1), date(2026, 1, 1))
SAYINGS = st.lists(
    st.builds(
        Saying, st.just(1), st.just("ba"), st.integers(1, 9),
        st.sampled_from(["not_started", "planned", "under_way", "done", "unknown"]), DAYS, DAYS,
    ),
    max_size=6, unique_by=lambda one: one.sequence,
)  # fmt: skip


@given(SAYINGS, DAYS)
def test_what_is_said_later_never_changes_what_was_known_then(sayings, day):
    early = [one for one in sayings if one.recorded_on <= day]
    assert comparing.as_of(sayings, day) == comparing.as_of(early, day)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (None, None, Change.NOTHING_SAID), (None, "done", Change.FIRST),
        ("planned", "done", Change.FURTHER), ("done", "planned", Change.BACK),
        ("unknown", "unknown", Change.SAME), ("done", "unknown", Change.NOW_UNKNOWN),
        ("unknown", "not_started", Change.NOW_KNOWN),
    ],
)  # fmt: skip
def test_not_known_is_neither_a_step_forward_nor_back(before, after, change):
    day = date(2025, 1, 1)
    made = [
        Saying(1, "ba", at, status, day, day + timedelta(days=at))
        for at, status in ((1, before), (20, after))
        if status
    ]
    (found,) = comparing.compare(
        made, [1], ["ba"], before=day + timedelta(days=10), after=day + timedelta(days=30)
    )
    assert found.change is change


@pytest.mark.django_db
def test_a_years_report_does_not_know_what_was_said_afterwards(focal_point, secretariat_peer):
    old = datetime(2024, 12, 1, tzinfo=UTC)
    reported(focal_point, "planned", reported_on=old.date(), now=old)
    reported(focal_point, "done", reported_on=old.date())
    then = reporting.gather(["me"], "en", year=2024)["actions"][3]["reports"]["me"]
    now = reporting.gather(["me"], "en")["actions"][3]["reports"]["me"]
    assert (then["status"], now["status"]) == ("planned", "done")


@pytest.mark.django_db
def test_two_days_compared_on_a_page(focal_point, secretariat_peer, browser):
    reported(focal_point, "planned", now=datetime(2025, 1, 5, tzinfo=UTC))
    reported(focal_point, "under_way", now=datetime(2025, 6, 5, tzinfo=UTC))
    client = browser(Role.ANALYST)
    shown = text(page(client, "/plan/compare/?before=2025-02-01&after=2025-07-01"))
    assert "Further: 1" in shown and "Nothing said: 125" in shown
    wrong = client.get("/plan/compare/?before=2025-07-01&after=2025-02-01")
    assert wrong.status_code == 422


# --- plans as data -----------------------------------------------------------------------------


def write(folder: Path, name: str, **more):
    (folder / name).mkdir(parents=True)
    actions = {
        "code": name, "period": "2027-2030", "state": "draft", "follows": PLAN,
        "source": {"text": "x"}, "review": {"status": "unreviewed"},
        "commitments": [{"number": 1, "title": {"en": "One"}}],
        "actions": [
            {"number": 1, "commitment": 1, "title": {"en": "First"}, "continues": [4]},
            {"number": 2, "commitment": 1, "title": {"en": "Second"}},
        ],
        **more,
    }  # fmt: skip
    (folder / name / "actions.yaml").write_text(json.dumps(actions))


def test_a_successor_is_a_folder_of_data(tmp_path):
    write(tmp_path, "wb-next")
    found = content.plans((content.FOLDER, tmp_path))
    assert found["wb-next"].action(1).continues == (4,)
    assert found["wb-next"].figures == ()
    assert found[PLAN].state is content.State.IN_FORCE


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"state": "in_force"}, "Exactly one plan"), ({"follows": "nothing"}, "it follows"),
        ({"code": "other"}, "the code in actions.yaml"), ({"state": "perhaps"}, "perhaps"),
        ({"period": None, "commitments": []}, "no commitment 1"),
    ],
)  # fmt: skip
def test_a_wrong_plan_is_refused_by_name(tmp_path, more, message):
    write(tmp_path, "wb-next", **more)
    with pytest.raises(content.PlanContentError, match=message):
        content.plans((content.FOLDER, tmp_path))


def test_actions_do_not_stand_on_each_other_in_a_circle(tmp_path):
    write(tmp_path, "wb-next")
    circle = [{"action": a, "stands_on": b, "why": {"en": "x"}} for a, b in ((1, 2), (2, 1))]
    (tmp_path / "wb-next/dependencies.yaml").write_text(json.dumps({"dependencies": circle}))
    with pytest.raises(content.PlanContentError, match="stands on itself"):
        content.read(tmp_path / "wb-next")


@pytest.mark.django_db
def test_a_report_on_a_successor_is_kept_apart(
    focal_point, secretariat_peer, tmp_path, monkeypatch, browser
):
    write(tmp_path, "wb-next")
    monkeypatch.setattr(content, "_further", [tmp_path])
    content.plans.cache_clear()
    try:
        reported(focal_point, action=2, plan_code="wb-next")
        assert services.in_force() == {}
        assert [*services.in_force(plan_code="wb-next")] == [(2, "me")]
        assert OutboxLetter.objects.count() == 1
        shown = text(page(browser(Role.ANALYST), "/plan/of/wb-next/"))
        assert "this plan is not in force" in shown
    finally:
        content.plans.cache_clear()


def test_dependencies_of_the_plan_are_a_proposal_in_six_languages():
    found = content.plan().dependencies
    assert found and all(len(one.why) == 6 for one in found)


# --- published files ---------------------------------------------------------------------------

APPLICATIONS = (
    "year,coo_iso,coa_iso,procedure_type,app_type,dec_level,app_pc,applied\n"
    "2022,SYR,BIH,G,N,FI,P,100.0\n"
    "2022,SYR,BIH,G,N,AR,P,7\n"
    "2022,SYR,SRB,G,R,FI,P,5\n"
    "2022,SYR,SRB,G,V,FI,C,9\n"
    "2022,AFG,SRB,G,N,FA,P,40\n"
    "2022,ALB,DEU,G,N,FI,P,999\n"
)
FOUND = "route,type,nationality,month,detections\n" + "".join(
    f"Western Balkan Route,Land,SYR,2021-{month:02},{month}\n" for month in range(1, 13)
    if month != 5
)  # fmt: skip
FOUND += "Eastern Borders Route,Land,SYR,2021-01,77\nWestern Balkan Route,Land,AFG,2022-02,3\n"


def test_only_first_applications_of_persons_are_counted():
    counted = asylum.count(asylum.read_applications(APPLICATIONS.encode()).rows)
    assert counted.by_year == {2022: {"ba": 100, "rs": 40}}
    assert counted.left_out == {2022: {"review": 7, "not_first": 5, "cases": 9}}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2022,SYR,BIH,G,N,FI,P,1 000", "whole number"), ("22,SYR,BIH,G,N,FI,P,1", "four digits"),
        ("2022,SYR,Bosnia,G,N,FI,P,1", "ISO 3166-1"), ("2022,SYR,BIH,G,N,FI,X,1", "P for persons"),
        ("2022,SYR,BIH,G,N,FI,P,3", "The same as in row 2"), ("2022,SYR", "2 columns"),
    ],
)  # fmt: skip
def test_a_wrong_row_of_applications_is_named(line, message):
    table = asylum.read_applications((APPLICATIONS + line + "\n").encode())
    assert table.rows == ()
    (error,) = table.errors
    assert error.row == 8 and message in error.message


def test_a_month_between_is_nought_and_a_year_not_whole_has_no_sum():
    months = detections.by_month(detections.read_detections(FOUND.encode()).rows)
    assert months["2021-05"] == 0 and months["2022-01"] == 0
    assert list(months)[-1] == "2022-02"
    assert detections.by_year(months) == {2021: sum(range(13)) - 5}


@pytest.mark.django_db
def test_files_are_taken_by_page_and_wrong_rows_listed(browser):
    client = browser(Role.SECRETARIAT)
    url = "/plan/figures/asylum/import/"
    wrong = SimpleUploadedFile("a.csv", (APPLICATIONS + "x,SYR,BIH,G,N,FI,P,1\n").encode())
    answer = client.post(url, {"file": wrong})
    assert answer.status_code == 422 and "four digits" in text(answer)
    assert not IndicatorValue.objects.exists()
    right = SimpleUploadedFile("a.csv", APPLICATIONS.encode())
    assert "not separate" in text(client.post(url, {"file": right}, follow=True))
    right = SimpleUploadedFile("d.csv", FOUND.encode())
    shown = text(client.post("/plan/figures/detections/import/", {"file": right}, follow=True))
    assert "not people" in shown
    for name in ("asylum", "detections"):
        assert page(client, f"/plan/figures/{name}/").status_code == 200
    assert browser(Role.ANALYST).post(url, {"file": right}).status_code == 403


REAL = SHARED / "data/migration"


@pytest.mark.django_db
@pytest.mark.skipif(not REAL.exists(), reason="the published files are not on this machine")
def test_the_real_files_beside_the_report(capsys, browser):
    assert run("import-asylum", str(REAL / "unhcr_asylum_applications_wb.csv")) == 0
    out = capsys.readouterr().out
    assert "2022: 1,369 first applications (al 29, ba 141, me 163, mk 162, rs 874)" in out
    assert run("import-detections", str(REAL / "frontex_detections_2009_2022.csv")) == 0
    out = capsys.readouterr().out
    assert "2015: 764,033" in out and "2022: 144,118" in out
    client = browser(Role.ANALYST)
    shown = text(page(client, "/plan/figures/asylum/"))
    for words in ("1,369", "34,225", "144,118", "decisions, not applications"):
        assert words in shown
    assert page(client, "/plan/figures/detections/").status_code == 200


# --- report and public page --------------------------------------------------------------------


@pytest.fixture
def everything(at_secretariat, letter):
    """Reports of all partners, milestones, support and published files at the secretariat."""
    statuses = ["done", "under_way", "planned", "not_started", "unknown"]
    for at, partner in enumerate(("al", "ba", "xk", "me", "mk", "rs")):
        for action in range(1, 22):
            more = {"partner": partner, "action": action, "status": statuses[(at + action) % 5]}
            services.receive(letter(partner, letters.LETTER_TYPE, data(**more)))
    step = letters.Step(PLAN, "ba", 4, uuid4(), 1, "By-law", DUE, "open")
    following.receive_milestone(letter("ba", letters.MILESTONE_TYPE, letters.compose_said(step)))
    following.receive_support(letter("rs", letters.SUPPORT_TYPE, said("rs", "offer")))
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose

    system = Actor.system(Purpose.GOVERNANCE)
    importing.import_asylum(system, APPLICATIONS.encode())
    importing.import_detections(system, FOUND.encode())
    cache.clear()


@pytest.mark.django_db
def test_the_public_page_is_light_shows_evidence_and_no_notes(everything, client):
    answer = page(client, "/progress/")
    assert len(answer.content) < 100_000
    shown = text(answer)
    assert shown.count("Not known") >= 20 and "Tried out." not in shown
    one = text(page(client, "/progress/actions/4/"))
    assert "Official Gazette 12/26" in one and "Tried out." not in one
    assert client.get("/progress/actions/22/").status_code == 404
    found = client.get("/progress/data.json")
    assert "Tried out." not in found.content.decode()
    assert found.json()["actions"][3]["partners"]["ba"]["evidence"][0]["url"] == GAZETTE.url
    again = client.get("/progress/data.json", headers={"if-none-match": found["ETag"]})
    assert again.status_code == 304


@pytest.mark.django_db
def test_the_public_page_is_new_as_soon_as_something_is_said(at_secretariat, letter, client):
    cache.clear()
    assert "Under way" not in text(client.get("/progress/")).partition("Against smuggling")[2]
    services.receive(letter("ba", letters.LETTER_TYPE, data()))
    assert "Under way" in text(client.get("/progress/")).partition("Against smuggling")[2]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "language",
    [
        "ar",
        "sr",
        *(pytest.param(code, marks=pytest.mark.slow) for code in ("en", "sq", "bs", "mk")),
    ],
)
def test_the_report_on_paper_in_six_languages(everything, language, tmp_path):
    out = tmp_path / "report.pdf"
    words = ("report", "--format", "pdf", "--language", language, "--out", str(out))
    assert run(*words, *(("--partner", "ba") if language == "sr" else ())) == 0
    assert out.read_bytes().startswith(b"%PDF-") and b"/StructTreeRoot" in out.read_bytes()


@pytest.mark.django_db
def test_the_report_as_a_page_and_as_data(everything, browser, capsys):
    client = browser(Role.ANALYST)
    for url in ("/plan/report/", f"/plan/report/{date.today().year}/"):
        answer = page(client, url)
        assert "By-law" in text(answer) and "<svg" in answer.content.decode()
    assert client.get("/plan/report/1999/").status_code == 404
    assert run("report", "--format", "json", "--year", "2023") == 1
    assert json.loads(capsys.readouterr().out)["counts"]["ba"]["unknown"] == 21
    assert run("report", "--format", "pdf") == run("report", "--plan", "none") == 2


@pytest.mark.django_db
def test_the_demo_says_something_and_leaves_something_unsaid(settings, acting, secretariat_peer):
    from dataclasses import replace
    from random import Random

    from mostovi.node.synthetic import plan as story

    settings.MOSTOVI = replace(settings.MOSTOVI, demo=True)
    made = story.load(acting, [], datetime(2026, 11, 24, tzinfo=UTC), Random(7))
    actions = set(PartnerProgress.objects.values_list("action", flat=True))
    assert made > 20 and 0 < len(actions) < 21
    assert all(
        len(n.split("Synthetic")) == 2 for n in Support.objects.values_list("text", flat=True)
    )


@pytest.mark.django_db
def test_a_dependency_asks_and_changes_nothing(everything, browser):
    shown = text(page(browser(Role.ANALYST), "/plan/actions/4/"))
    assert "A question to Bosnia and Herzegovina: this action is reported done" in shown
    assert services.in_force()[(4, "ba")].status == "done"


def released(partner, period, number, hidden=False):
    """A month of a partner: the number stands under the first code of every dimension."""
    chosen = template()
    for table in chosen.tables:
        first = tuple(codes[0] for _name, codes in table.shape)
        counted = with_margins(table.measure, table.shape, {first: number})
        published = {cell: None if hidden else count for cell, count in counted.items()}
        MonthlyTable.objects.create(
            partner=partner, node=partner, table=table.code, period=period, revision=1,
            template=chosen.code, template_version=chosen.version, threshold=3, status="released",
            cells=statistics_letters.rows(table, published), released_at=datetime.now(UTC),
        )  # fmt: skip


@pytest.mark.django_db
def test_indicators_flow_from_released_months_and_hidden_is_no_sum(at_secretariat, client):
    released("ba", "2026-09", 10)
    released("rs", "2026-09", 30)
    released("ba", "2026-10", 20)
    released("rs", "2026-10", 0, hidden=True)
    (found,) = indicators.histories(["persons_screened"])
    assert found.values[-2:] == (40, None) and found.values[0] is None
    assert found.partners[-2:] == (2, 2)
    live = indicators.latest(until="2026-09")["persons_screened"]
    assert (live.region.low, live.region.exact, live.partners) == (40, True, 2)
    # What is released but not published by the secretariat is not on the public page.
    assert indicators.latest(public=True) == {}
    cache.clear()
    assert "Monthly counts of the nodes" not in text(client.get("/progress/"))


def test_what_is_recorded_for_an_earlier_day_does_not_expire_on_the_way(
    focal_point, secretariat_peer
):
    long_ago = datetime.now(UTC) - timedelta(days=200)
    services.report_progress(
        focal_point, partner="me", action=4, status="under_way", reported_on=long_ago.date(),
        now=long_ago,
    )  # fmt: skip
    assert OutboxLetter.objects.get().expires > datetime.now(UTC)
