# SPDX-License-Identifier: EUPL-1.2
"""Pages of checks inside a case: from what is known to a saved result, a sheet, a goal."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mostovi.cases import plans
from mostovi.cases import services as cases
from mostovi.cases.directory import services as directory
from mostovi.pathways import case_checking, texts
from mostovi.pathways.models import SavedCheck
from mostovi.people import services as people
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from tests.pathways.small_law import STUDY, reread, small_law

pytestmark = pytest.mark.django_db
BORN = {"precision": "day", "year": 1990, "month": 5, "day": 30}


@pytest.fixture
def worker(acting):
    return acting(Role.SOCIAL_WORKER)


@pytest.fixture
def client(signed_in, worker):
    return signed_in(worker)


def case_of(actor, case_type="other_vulnerable_adult", **single):
    person = people.register(
        actor, single=single,
        names=[{"parts": [["given", "Layla"], ["family", "Haddad"]], "script": "Latn"}],
    )  # fmt: skip
    return cases.open_case(actor, person=person, case_type=case_type, urgency="soon")


@pytest.fixture
def case(worker):
    directory.load_shipped()
    return case_of(worker, birth=BORN, citizenships=["SY"], languages=["ar"])


def look(answer, status=200):
    assert answer.status_code == status, (answer.status_code, answer.content[:300])
    assert len(answer.content) < 150_000, len(answer.content)
    return answer.content.decode()


def counted(call, status=200):
    with CaptureQueriesContext(connection) as queries:
        answer = call()
    sent = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(sent) <= 20, [sql[:110] for sql in sent]
    return look(answer, status)


def words(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def fields(page):
    """Hidden fields of the page's own form, as a browser would send them back."""
    main = page[page.index('id="main"') if 'id="main"' in page else 0 :]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r'<input type="hidden"[^>]*>', main):
        name = re.search(r'name="([^"]*)"', tag).group(1)
        found.setdefault(name, []).append(html.unescape(re.search(r'value="([^"]*)"', tag)[1]))
    day = re.search(r'name="on" value="([^"]*)"', main)
    if day and "on" not in found:
        found["on"] = [day[1]]
    found.pop("csrfmiddlewaretoken", None)
    found.pop("next", None)
    return found


def asked(page):
    return re.findall(r'name="q" value="([^"]+)"', page)


def url(case, rest=""):
    return f"/pathways/cases/{case.code}/{rest}"


def test_from_the_case_page_to_a_saved_result_and_its_sheet(client, worker, case):
    page = counted(lambda: client.get(f"/cases/{case.code}/"))
    assert "Ways open" in page and url(case, "check/") in page
    page = counted(lambda: client.get(url(case, "check/")))
    said = words(page)
    assert "What is known already" in said and "30 May 1990" in said
    assert "The date of birth in the person's file" in said and "Syria" in said
    assert asked(page)
    assert SavedCheck.objects.count() == 0
    # Answer a page of questions: unknown, and not asked where nothing is chosen.
    first = asked(page)
    page = counted(
        lambda: client.post(
            url(case, "check/"), fields(page) | {f"v.{first[0]}": "unknown", "do": "next"}
        )
    )
    assert not set(asked(page)) & set(first)
    assert f'name="a.{first[0]}" value="unknown"' in page
    page = counted(lambda: client.post(url(case, "check/"), fields(page) | {"do": "result"}))
    assert "Ways that" not in page and "May be open" in page and "not reviewed by a lawyer" in page
    assert "Closed now" not in page
    assert "a named officer of the authority decides" in page
    assert SavedCheck.objects.count() == 0
    detail = counted(
        lambda: client.post(url(case, "check/"), fields(page) | {"do": "way:asylum_refugee"})
    )
    assert "Why: each condition for this person" in detail
    sent = fields(page) | {"do": "save"}
    answer = client.post(url(case, "check/"), sent)
    assert answer.status_code == 302
    assert client.post(url(case, "check/"), sent).url == answer.url
    row = SavedCheck.objects.get()
    page = counted(lambda: client.get(answer.url))
    assert "Saved check" in page and row.law_digest in page
    page = counted(lambda: client.get(answer.url + "asylum_refugee/"))
    assert "Law version" in page and "not known" in words(page)
    page = counted(lambda: client.get(f"/cases/{case.code}/"))
    assert "may be open" in words(page)
    sheet = counted(lambda: client.get(answer.url + "sheet/?language=ar"))
    assert 'dir="rtl"' in sheet and texts.say("ui.not_a_decision", "ar").text in sheet
    inside = sheet[sheet.index('class="sheet"') :]
    assert "Haddad" not in inside and "Layla" not in inside


@pytest.mark.parametrize("language", sorted(texts.languages()))
def test_the_sheet_speaks_every_language_there_is(client, worker, case, language):
    row = case_checking.save(worker, case, given={"fears_persecution": "yes"})
    page = counted(lambda: client.get(url(case, f"checks/{row.pk}/sheet/?language={language}")))
    said = html.unescape(page)
    assert texts.say("ui.title", language).text in said
    assert texts.say("pathway.asylum_refugee.title", language).text in said
    assert "ui.result" not in said


@pytest.mark.parametrize("language", ["en", "sq", "bs", "sr", "mk", "ar"])
def test_pages_in_every_language_of_the_interface(client, worker, case, language):
    row = case_checking.save(worker, case, given={"forced_or_controlled": "yes"})
    for rest in ("", "check/", f"checks/{row.pk}/", f"checks/{row.pk}/victim_of_trafficking/"):
        counted(lambda r=rest: client.get(url(case, r), headers={"accept-language": language}))


def test_a_danger_shows_the_safeguard_before_anything_else(client, case):
    page = look(client.get(url(case, "check/")))
    sent = fields(page) | {"q": ["violence_now"], "v.violence_now": "yes", "do": "result"}
    page = counted(lambda: client.post(url(case, "check/"), sent))
    said = words(page)
    assert "Safety first: somebody does violence to this person" in said
    assert "May be open" not in said and not asked(page)
    # In the person's language, to be shown or read to the person.
    assert texts.say("danger.violence.text", "ar").text in said
    page = look(client.post(url(case, "check/"), fields(page) | {"do": "result"}))
    assert words(page).index("Safety first") < words(page).index("May be open")


def test_a_child_alone_meets_help_on_the_first_page(client, worker):
    child = case_of(worker, "unaccompanied_child", birth={"precision": "unknown"})
    page = counted(lambda: client.get(url(child, "check/")))
    said = words(page)
    assert said.index("Safety first") < said.index("What is known already")
    assert "treated as a child" in said and "A check cannot overrule this" in said
    assert 'value="change:age_in_doubt"' not in page


def test_an_adult_age_for_a_doubtful_one_is_refused_at_the_field(client, worker):
    child = case_of(worker, birth={"precision": "year", "year": timezone.localdate().year - 18})
    page = look(client.get(url(child, "check/")))
    sent = fields(page) | {"q": ["age"], "v.age": "25", "do": "save"}
    page = look(client.post(url(child, "check/"), sent), 422)
    assert "A check makes nobody an adult" in page and 'value="25"' in page
    assert "#q-age" in page and not SavedCheck.objects.exists()


def test_contradictions_stand_at_both_questions_and_nothing_typed_is_lost(client, case):
    page = look(client.get(url(case, "check/")))
    sent = fields(page) | {
        "a.relative_here": "none", "told": "relative_here",
        "q": ["relative_status", "residence_months"], "v.relative_status": "citizen",
        "v.residence_months": "many", "do": "next",
    }  # fmt: skip
    page = look(client.post(url(case, "check/"), sent), 422)
    assert {"relative_here", "relative_status", "residence_months"} <= set(asked(page))
    assert 'value="many"' in page
    assert texts.say("conflict.no_relative_status", "en").text in html.unescape(page)


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30"])
def test_a_day_that_is_none_is_said(client, case, day):
    page = look(client.get(url(case, "check/")))
    page = look(client.post(url(case, "check/"), fields(page) | {"on": day, "do": "next"}), 422)
    assert "This is not a day" in page


def test_running_again_and_comparing(client, worker, case):
    long_ago = timezone.now() - timedelta(days=200)
    first = case_checking.save(
        worker, case, given={"months_here": "5", "housing": "no"},
        told={"months_here", "housing"}, on=timezone.localdate(long_ago), now=long_ago,
    )  # fmt: skip
    page = counted(lambda: client.get(url(case, f"check/?since={first.pk}")))
    assert "Time has passed since the earlier check" in page
    assert 'name="a.housing" value="no"' in page and "a.months_here" not in page
    page = counted(
        lambda: client.post(url(case, "check/"), {"since": str(first.pk), "do": "result"})
    )
    answer = client.post(url(case, "check/"), fields(page) | {"do": "save"})
    second = SavedCheck.objects.order_by("-made_at")[0]
    assert answer.url == url(case, f"checks/{second.pk}/")
    page = counted(lambda: client.get(url(case)))
    assert "Compare the two" in page
    page = counted(lambda: client.get(url(case, f"compare/?first={second.pk}&second={first.pk}")))
    assert "Months lived here" in words(page) or "Answers that differ" in page
    assert client.get(url(case, f"compare/?first={first.pk}&second={first.pk}")).status_code == 302


def test_a_way_becomes_a_goal_only_when_the_caseworker_confirms_it(client, worker, case):
    row = case_checking.save(worker, case, given={})
    address = url(case, f"checks/{row.pk}/study/goal/")
    page = counted(lambda: client.get(address))
    assert "Look into this way together" in page
    assert not plans.of_case(cases.find(worker, case.code)).goals
    look(client.post(address, {"text": "To study", "own_words": ""}), 422)
    assert not plans.of_case(cases.find(worker, case.code)).goals
    done = client.post(address, {"text": "To study", "own_words": "I want to learn."})
    assert done.url == f"/cases/{case.code}/plan/"
    (goal,) = plans.of_case(cases.find(worker, case.code)).goals
    assert goal.text == "To study"


def test_a_guardian_checks_and_does_not_plan(signed_in, acting, worker):
    guardian = acting(Role.GUARDIAN)
    child = case_of(worker, "unaccompanied_child", birth={"precision": "year", "year": 2014})
    type(child.person).objects.filter(pk=child.person_id).update(guardian_account=guardian.account)
    other = case_of(worker, "unaccompanied_child", birth={"precision": "year", "year": 2014})
    client = signed_in(guardian)
    page = counted(lambda: client.get(url(child, "check/")))
    answer = client.post(url(child, "check/"), fields(page) | {"do": "save"})
    page = counted(lambda: client.get(answer.url))
    assert "Add as a goal" not in page
    assert client.get(answer.url + "study/goal/").status_code == 403
    assert client.get(url(other)).status_code == 404
    assert client.get(url(other, "check/")).status_code == 404


@pytest.mark.parametrize(
    "role", [Role.RETURN_OFFICER, Role.INVESTIGATOR, Role.PERMIT_OFFICER, Role.PATHWAYS_OFFICER]
)
def test_other_purposes_meet_a_closed_door(signed_in, acting, worker, case, role):
    row = case_checking.save(worker, case, given={})
    client = signed_in(acting(role))
    for rest in ("", "check/", f"checks/{row.pk}/", f"checks/{row.pk}/sheet/", "compare/"):
        assert client.get(url(case, rest)).status_code == 403


def test_out_of_reach_and_absent_look_the_same(signed_in, acting, worker, case):
    row = case_checking.save(worker, case, given={})
    client = signed_in(acting(Role.SOCIAL_WORKER, unit="elsewhere"))
    for rest in ("", "check/", f"checks/{row.pk}/", f"checks/{row.pk}/study/"):
        away = client.get(url(case, rest))
        absent = client.get(f"/pathways/cases/ME-AAAA-AAAA/{rest}")
        assert away.status_code == absent.status_code == 404
        assert words(away.content.decode()) == words(absent.content.decode())


def test_an_erased_person_leaves_a_check_without_words(
    client, worker, case, django_capture_on_commit_callbacks
):
    row = case_checking.save(worker, case, given={})
    with django_capture_on_commit_callbacks(execute=True):
        people.erase(Actor.system(Purpose.GOVERNANCE), case.person, reason="wish")
    assert "erased" in counted(lambda: client.get(url(case)))
    assert "This person was erased" in look(client.get(url(case, f"checks/{row.pk}/")))
    assert client.get(url(case, "check/")).status_code == 404
    assert client.get(url(case, f"checks/{row.pk}/sheet/")).status_code == 404


def test_a_law_text_that_is_gone_leaves_what_decided_then(client, worker, case, tmp_path):
    with small_law(tmp_path) as folder:
        row = case_checking.save(
            worker, case, given={"accepted_to_study": "no"}, on=date(2026, 11, 24)
        )
        address = url(case, f"checks/{row.pk}/study/")
        assert "Why: each condition" in counted(lambda: client.get(address))
        (folder / "me/study.yaml").write_text(
            STUDY.replace("enough_money", "housing", 1), encoding="utf-8"
        )
        reread()
        page = words(counted(lambda: client.get(address)))
        assert "no longer hold the text" in page and "A place to study" in page
