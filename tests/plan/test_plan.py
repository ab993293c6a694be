# SPDX-License-Identifier: EUPL-1.2
"""The plan's content, reports of progress between nodes, and the pages."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mostovi.exchange.handlers import Reject
from mostovi.exchange.models import OutboxLetter
from mostovi.plan import letters, services, today
from mostovi.plan.content import PlanContentError, Qualifier, parse, plan
from mostovi.plan.letters import EvidenceLine, Report
from mostovi.plan.models import Evidence, PartnerProgress
from mostovi.rights.access import Refused
from mostovi.rights.roles import Role
from mostovi.statistics.catalogue import template
from tests.plan.test_stock import LINES, REAL, SYNTHETIC, run

LANGUAGES = {"en", "sq", "bs", "sr", "mk", "ar"}
TODAY = date(2026, 11, 24)
GAZETTE = EvidenceLine("Official Gazette 12/26", "https://example.org/12-26")


def page(client, url, **more):
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url, **more)
    assert len(queries) <= 20, [q["sql"][:90] for q in queries]
    assert len(answer.content) < 150_000
    return answer


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


# --- content ---------------------------------------------------------------------------------


def test_twenty_one_actions_in_six_languages_under_three_commitments():
    chosen = plan()
    assert [action.number for action in chosen.actions] == list(range(1, 22))
    assert [len(chosen.of_commitment(n)) for n in (1, 2, 3)] == [5, 9, 7]
    for one in (*chosen.actions, *chosen.commitments):
        assert set(one.title) == LANGUAGES and all(one.title.values())
    assert not chosen.reviewed


BASELINE = {
    "victims_identified": ("222", "exact", "2022"),
    "smuggled_migrants": ("2662", "exact", "2022"),
    "investigations": ("633", "exact", "2022"),
    "joint_investigations": ("15", "exact", "2022"),
    "indictments": ("513", "exact", "2022"),
    "emigrants_per_immigrant": ("4.3", "approximate", "2020"),
    "first_permits": ("1500000", "approximate", "2013-2021"),
    "skills_shortage": ("25", "exact", "2022"),
    "refugee_status": ("340", "exact", "since 2014"),
    "protection_status": ("501", "exact", "since 2014"),
    "asylum_claims_share": ("4", "exact", "2022"),
    "no_asylum_information": ("70", "exact", "2022"),
    "voluntary_returns": ("2800", "more_than", "since 2016"),
    "readmission_agreements": ("1", "exact", "2023"),
    "reintegration_mechanisms": ("5", "exact", "2023"),
}


def test_every_published_figure_has_value_year_source_and_place():
    found = {f.code: (str(f.value), f.qualifier.value, f.years) for f in plan().figures}
    assert found == BASELINE
    for figure in plan().figures:
        assert figure.section and figure.publisher and figure.as_printed and figure.actions
        assert set(figure.title) == set(figure.unit) == LANGUAGES
        assert figure.caveat or "no" in figure.remark


REPORT = REAL.parents[2] / "source/000_a09f3c65f2b28758.txt"


@pytest.mark.skipif(not REPORT.exists(), reason="the report is not on this machine")
def test_caveats_are_the_reports_own_words():
    report = re.sub(r"\s+", " ", REPORT.read_text(encoding="utf-8"))
    for figure in plan().figures:
        assert figure.caveat in report, figure.code


def test_live_indicators_exist_in_the_monthly_template():
    for figure in plan().figures:
        for code in figure.live:
            template().indicator(code)


def test_wrong_content_is_refused_by_name():
    title = {"en": "x"}
    actions = {
        "period": "x", "source": {"text": "x"}, "review": {"status": "unreviewed"},
        "commitments": [{"number": 1, "title": title}],
        "actions": [{"number": 1, "commitment": 9, "title": title}],
    }  # fmt: skip
    with pytest.raises(PlanContentError, match="no commitment 9"):
        parse(actions, {"figures": []})


# --- reporting ---------------------------------------------------------------------------------


@pytest.fixture
def focal_point(acting):
    return acting(Role.PARTNER_FOCAL_POINT)


def reported(actor, status="under_way", **more):
    more = {"partner": "me", "action": 4, "reported_on": TODAY, **more}
    return services.report_progress(actor, status=status, **more)


@pytest.mark.django_db
def test_a_report_is_added_to_history_and_posted(focal_point, secretariat_peer):
    reported(focal_point, "planned")
    second = reported(focal_point, note="By-law adopted.", evidence=[GAZETTE])
    assert second.sequence == 2
    assert services.in_force()[(4, "me")] == second
    assert PartnerProgress.objects.count() == 2
    assert Evidence.objects.get().report == second
    first, last = OutboxLetter.objects.order_by("seq")
    assert first.thread == last.thread


@pytest.mark.django_db
def test_reports_are_never_changed(focal_point, secretariat_peer):
    report = reported(focal_point)
    report.status = "done"
    with pytest.raises(TypeError, match="append-only"):
        report.save()
    with pytest.raises(TypeError, match="append-only"):
        report.delete()


@pytest.mark.django_db
def test_nobody_reports_for_another_partner(focal_point, acting, secretariat_peer):
    with pytest.raises(services.NotTheirs):
        reported(focal_point, partner="ba")
    with pytest.raises(services.NotTheirs):
        reported(acting(Role.SECRETARIAT))
    with pytest.raises(Refused):
        reported(acting(Role.SOCIAL_WORKER))
    with pytest.raises(KeyError):
        reported(focal_point, action=22)
    assert not PartnerProgress.objects.exists()


def data(**more):
    report = Report("ba", 4, 1, "under_way", TODAY, "Tried out.", "Ministry", [GAZETTE])
    return {**letters.compose(report), **more}


def test_a_report_survives_the_letter():
    report = Report("ba", 4, 1, "done", TODAY, "n", "o", [GAZETTE, EvidenceLine("On paper")])
    assert letters.read(letters.compose(report)) == report


@pytest.mark.django_db
def test_the_secretariat_shows_what_a_partner_reported(at_secretariat, letter, browser):
    services.receive(letter("ba", letters.LETTER_TYPE, data()))
    shown = text(page(browser(Role.SECRETARIAT), "/plan/actions/4/"))
    assert "Tried out." in shown
    assert "Official Gazette 12/26" in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "change", "message"),
    [
        ("me", {}, "own partner"),
        ("ba", {"partner": "me"}, "own partner"),
        ("ba", {"action": 22}, "cannot be read"),
        ("ba", {"reported_on": "2026-02-30"}, "cannot be read"),
        ("de", {"partner": "de"}, "own partner"),
    ],
)
def test_a_wrong_report_changes_nothing(at_secretariat, letter, source, change, message):
    with pytest.raises(Reject, match=message):
        services.receive(letter(source, letters.LETTER_TYPE, data(**change)))
    assert not PartnerProgress.objects.exists()


@pytest.mark.django_db
def test_a_report_is_taken_once_and_only_at_the_secretariat(at_secretariat, letter, settings):
    services.receive(letter("ba", letters.LETTER_TYPE, data()))
    with pytest.raises(Reject, match="already here"):
        services.receive(letter("ba", letters.LETTER_TYPE, data()))


@pytest.mark.django_db
def test_a_partners_node_takes_no_reports(letter):
    with pytest.raises(Reject, match="secretariat"):
        services.receive(letter("ba", letters.LETTER_TYPE, data()))


# --- pages -------------------------------------------------------------------------------------


@pytest.fixture
def full(at_secretariat, letter):
    """Every partner has reported on every action."""
    statuses = ["done", "under_way", "planned", "not_started", "unknown"]
    for at, partner in enumerate(("al", "ba", "xk", "me", "mk", "rs")):
        for action in range(1, 22):
            more = {"partner": partner, "action": action, "status": statuses[(at + action) % 5]}
            services.receive(letter(partner, letters.LETTER_TYPE, data(**more)))


@pytest.mark.django_db
@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_all_pages_in_every_language_with_all_reports(full, browser, language):
    client = browser(Role.SECRETARIAT, headers={"accept-language": language})
    for url in ("/plan/", "/plan/actions/3/", "/plan/actions/10/", "/plan/partners/xk/",
                "/plan/figures/", "/plan/figures/migrant-stock/"):  # fmt: skip
        answer = page(client, url)
        assert answer.status_code == 200
        assert 'class="kosovo-note"' in answer.content.decode(), url


@pytest.mark.django_db
def test_dashboard_says_in_words_what_is_not_reported(at_secretariat, browser):
    shown = text(page(browser(Role.ANALYST), "/plan/"))
    assert shown.count("Not reported") == 21 * 6


@pytest.mark.django_db
def test_figures_show_the_caveat_and_our_remark_apart(browser):
    shown = text(page(browser(Role.ANALYST), "/plan/figures/"))
    assert "not to be reported as official statistics." in shown
    assert "more than 2,800" in shown
    assert "1,069 respondents." in shown


@pytest.mark.django_db
def test_unknown_actions_and_partners_are_not_there(browser):
    client = browser(Role.ANALYST)
    for url in ("/plan/actions/0/", "/plan/actions/22/", "/plan/partners/de/"):
        assert client.get(url).status_code == 404


FORM = {"status": "done", "reported_on": "2026-11-01", "note": "Ready.", "office": "Ministry"}


@pytest.mark.django_db
def test_focal_point_reports_with_evidence(browser, secretariat_peer):
    client = browser(Role.PARTNER_FOCAL_POINT)
    assert page(client, "/plan/actions/4/report/").status_code == 200
    evidence = "Official Gazette 12/26 https://example.org/12-26\n\nLetter on paper"
    answer = client.post("/plan/actions/4/report/", {**FORM, "evidence": evidence}, follow=True)
    assert "Reported, and on its way" in text(answer)
    titles = [(e.title, e.url) for e in Evidence.objects.order_by("position")]
    assert titles == [
        ("Official Gazette 12/26", "https://example.org/12-26"), ("Letter on paper", ""),
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reported_on": "2199-01-01"}, "has not come yet"),
        ({"evidence": "https://example.org/only"}, "Line 1: write a title"),
        ({"evidence": "fine\nbroken https://"}, "Line 2: the address is not complete"),
        ({"status": "perfect"}, "perfect"),
        ({"evidence": "\n".join(f"document {n}" for n in range(21))}, "At most 20"),
    ],
)
def test_a_wrong_form_says_what_to_do_and_saves_nothing(browser, secretariat_peer, change, message):
    answer = browser(Role.PARTNER_FOCAL_POINT).post("/plan/actions/4/report/", {**FORM, **change})
    assert answer.status_code == 422
    assert message in text(answer)
    assert "Ready." in answer.content.decode()
    assert not PartnerProgress.objects.exists()


@pytest.mark.django_db
def test_the_secretariat_has_no_form_for_a_partners_status(at_secretariat, browser):
    for role in (Role.SECRETARIAT, Role.PARTNER_FOCAL_POINT):
        client = browser(role)
        assert client.get("/plan/actions/4/report/").status_code == 404
        assert client.post("/plan/actions/4/report/", FORM).status_code == 404
    assert browser(Role.ANALYST).get("/plan/actions/4/report/").status_code == 403


@pytest.mark.django_db
def test_upload_shows_every_wrong_row_then_takes_the_repaired_file(browser):
    client = browser(Role.SECRETARIAT)
    url = "/plan/figures/migrant-stock/import/"
    wrong = SimpleUploadedFile("stock.csv", SYNTHETIC + b"DEU,2020,XKX,women,1\n")
    answer = client.post(url, {"file": wrong})
    assert answer.status_code == 422
    assert f" {len(LINES) + 2} " in text(answer)
    assert "Write female, male or both." in text(answer)
    right = SimpleUploadedFile("stock.csv", SYNTHETIC)
    answer = client.post(url, {"file": right}, follow=True)
    assert "Imported and recomputed." in text(answer)
    assert "without them the figure would be" in text(answer)


@pytest.mark.django_db
@pytest.mark.skipif(not REAL.exists(), reason="the UN's table is not on this machine")
def test_the_real_table_stands_beside_the_reports_figure(browser):
    client = browser(Role.SECRETARIAT)
    with REAL.open("rb") as file:
        client.post("/plan/figures/migrant-stock/import/", {"file": file})
    shown = text(page(client, "/plan/figures/migrant-stock/"))
    for expected in ("4.296", "4,768,913", "1,110,173", "631,456", "about 4.3"):
        assert expected in shown


@pytest.mark.django_db
def test_without_the_table_the_page_shows_the_report_and_how_to_import(browser):
    shown = text(page(browser(Role.ANALYST), "/plan/figures/migrant-stock/"))
    assert "about 4.3" in shown
    assert "mostovi plan import-stock FILE.csv" in shown


# --- the report as a file ------------------------------------------------------------------------


@pytest.mark.django_db
def test_report_as_json_and_html(full, capsys):
    assert run("report", "--format", "json", "--partner", "ba") == 0
    out = capsys.readouterr().out
    assert '"Kosovo*"' not in out and '"status": "done"' in out
    assert run("report", "--language", "ar") == 0
    shown = capsys.readouterr().out
    assert 'dir="rtl"' in shown and "1244" in shown


@pytest.mark.django_db
def test_report_says_by_its_status_that_nothing_was_reported(capsys):
    assert run("report", "--format", "json") == 1
    assert run("report", "--partner", "de") == 2
    assert run("report", "--language", "xx") == 2
    assert "Unknown partner 'de'" in capsys.readouterr().err


def test_amounts_keep_the_reports_qualifier():
    from mostovi.plan.templatetags.progress import worded

    assert worded(Decimal(2800), Qualifier.MORE_THAN) == "more than 2,800"
    assert worded(Decimal("4.3"), Qualifier.APPROXIMATE) == "about 4.3"
    assert worded(Decimal(1500000), Qualifier.APPROXIMATE) == "about 1,500,000"


@pytest.mark.django_db
def test_actions_without_a_recent_report_wait_for_the_focal_point(
    focal_point, acting, secretariat_peer
):
    now = timezone.now()
    reported(focal_point, action=1, reported_on=timezone.localdate(now))
    reported(focal_point, action=2, reported_on=timezone.localdate(now) - today.STALE * 2)
    (line,) = today.waiting(focal_point, now)
    assert line.title == "20 actions without a report from the last half year"
    assert today.waiting(acting(Role.SECRETARIAT), now) == []
    for action in range(2, 22):
        reported(focal_point, action=action, reported_on=timezone.localdate(now))
    assert today.waiting(focal_point, now) == []
