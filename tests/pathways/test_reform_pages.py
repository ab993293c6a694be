# SPDX-License-Identifier: EUPL-1.2
"""Drafts of reforms: nothing typed is lost, every fault has its line, and what a draft changes."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from mostovi.pathways import drafting, reforming
from mostovi.pathways.differences import How, changes, line_differences
from mostovi.pathways.library import library
from mostovi.pathways.models import Reform, ReformVersion
from mostovi.rights.access import Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from tests.pathways.small_law import STUDY, reread, small_law

TODAY = date(2026, 11, 24)
WIDER = STUDY.replace("fact: enough_money, is: true}", "fact: job_offer, is: true}")


@pytest.fixture
def law(tmp_path):
    with small_law(tmp_path) as folder:
        yield folder


@pytest.fixture
def officer(acting):
    return acting(Role.PATHWAYS_OFFICER)


@pytest.fixture
def drafter(signed_in, officer):
    return signed_in(officer)


def page(client, url, status=200, **more):
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url, **more)
    assert answer.status_code == status, (answer.status_code, url)
    assert len(queries) <= 20, [q["sql"][:90] for q in queries]
    assert len(answer.content) < 150_000, len(answer.content)
    return answer


def text(answer):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def begun(actor):
    return reforming.begin(actor, partner="me", pathway="study", title="Money", why="Copied.")


def typed(client, code, new, do="keep", why="Because.", seen=1):
    data = {"text": new, "why": why, "seen": seen, "do": do}
    return client.post(f"/pathways/reforms/{code}/edit/", data)


# --- begin, keep, find again --------------------------------------------------------------------


@pytest.mark.django_db
def test_a_draft_begins_as_the_text_in_force_word_for_word(law, officer):
    made = begun(officer)
    assert made.code == "me-study-1" and begun(officer).code == "me-study-2"
    assert reforming.newest(made).text == STUDY
    assert made.based_on == "2024.1"
    with pytest.raises(reforming.NothingInForce):
        reforming.begin(officer, partner="al", pathway="study", title="x", why="x")


def test_begin_in_the_browser(drafter, law):
    form = page(drafter, "/pathways/reforms/new/?partner=me&pathway=study").content.decode()
    assert '<option value="study" selected>' in form
    refused = drafter.post("/pathways/reforms/new/", {"partner": "al", "pathway": "study",
                                                      "title": "My reform"})  # fmt: skip
    assert refused.status_code == 422 and "Nobody has written this pack" in text(refused)
    assert 'value="My reform"' in refused.content.decode()
    made = drafter.post("/pathways/reforms/new/", {"partner": "me", "pathway": "study",
                                                   "title": "My reform"})  # fmt: skip
    assert made["Location"] == "/pathways/reforms/me-study-1/edit/"
    assert "My reform" in text(page(drafter, "/pathways/reforms/"))


def test_what_is_kept_is_a_new_version_with_who_when_and_why(drafter, officer, law):
    code = begun(officer).code
    assert typed(drafter, code, WIDER.replace("\n", "\r\n"), why="Work counts.").status_code == 302
    newest = reforming.newest(Reform.objects.get())
    assert (newest.number, newest.text, newest.problems) == (2, WIDER, 0)
    assert newest.by == officer.account
    said = text(page(drafter, f"/pathways/reforms/{code}/"))
    assert "Version 2 : Work counts." in said and "Test account" in said
    old = page(drafter, f"/pathways/reforms/{code}/versions/1/")
    assert "fact: enough_money, is: true}" in text(old)
    assert typed(drafter, code, WIDER, seen=2).status_code == 302
    assert ReformVersion.objects.count() == 2
    tags = list(AuditEntry.objects.values_list("tag", flat=True))
    assert tags.count("pathways.reform.saved") == 1


def test_a_text_with_faults_is_kept_and_each_fault_leads_to_its_line(drafter, officer, law):
    code = begun(officer).code
    bad = STUDY.replace("fact: housing", "fact: hausing").replace(
        "evidence: secondary", "evidence: x"
    )
    line = next(n for n, one in enumerate(bad.splitlines(), 1) if "hausing" in one)
    checked = typed(drafter, code, bad, do="check", why="")
    assert checked.status_code == 422
    shown = checked.content.decode()
    assert f'href="#line-{line}"' in shown and f'id="line-{line}"' in shown
    assert "hausing" in text(checked) and "The text has 2 faults" in text(checked)
    assert ReformVersion.objects.count() == 1
    assert typed(drafter, code, bad).status_code == 302
    assert reforming.newest(Reform.objects.get()).problems == 2
    said = text(page(drafter, f"/pathways/reforms/{code}/"))
    assert "the text has faults" in said and "with 2 faults" in said
    assert "hausing" in text(page(drafter, f"/pathways/reforms/{code}/edit/"))


@pytest.mark.parametrize(
    "broken",
    ["a: [", "pathway: study\n", "- 1\n", "pathway: asylum_refugee\npartner: me\n", "\t"],
)
def test_any_text_can_be_checked_and_comes_back(drafter, officer, law, broken):
    code = begun(officer).code
    answer = typed(drafter, code, broken, do="check")
    assert answer.status_code == 422
    assert answer.context["form"]["text"].value() == broken
    assert answer.context["problems"]


def test_a_reason_is_asked_for_and_the_text_stays(drafter, officer, law):
    answer = typed(drafter, begun(officer).code, WIDER, why=" ")
    assert answer.status_code == 422
    assert answer.context["form"]["text"].value() == WIDER
    assert "Write what you changed" in text(answer)


def test_two_who_save_at_once_lose_nothing(drafter, officer, law):
    code = begun(officer).code
    assert typed(drafter, code, WIDER).status_code == 302
    mine = STUDY.replace("Money or a roof", "A roof")
    answer = typed(drafter, code, mine)
    assert answer.status_code == 422 and "Somebody saved version 2" in text(answer)
    assert answer.context["form"]["text"].value() == mine
    assert answer.context["form"]["seen"].value() == "2"
    assert "job_offer" in text(answer)
    assert typed(drafter, code, mine, seen=2).status_code == 302
    assert [v.text for v in ReformVersion.objects.order_by("number")] == [STUDY, WIDER, mine]


def test_what_is_no_text_is_refused_and_stays_in_the_form(drafter, officer, law):
    code = begun(officer).code
    for wrong in ("", "a\x00b", "a\x01b", "x" * (reforming.LONGEST_TEXT + 1)):
        answer = typed(drafter, code, wrong)
        assert answer.status_code == 422
        assert ReformVersion.objects.count() == 1


@pytest.mark.django_db
def test_versions_are_never_changed(law, officer):
    version = reforming.newest(begun(officer))
    version.text = "x"
    with pytest.raises(TypeError, match="append-only"):
        version.save()
    with pytest.raises(TypeError, match="append-only"):
        version.delete()


@pytest.mark.django_db
def test_who_may_draft_and_who_may_read(law, acting, signed_in, officer):
    made = begun(officer)
    analyst = acting(Role.ANALYST)
    with pytest.raises(Refused):
        begun(analyst)
    with pytest.raises(Refused):
        reforming.save(analyst, made.code, text="x", why="x", seen=1)
    with pytest.raises(Refused):
        reforming.find(acting(Role.SOCIAL_WORKER), made.code)
    client = signed_in(analyst)
    assert "Edit" not in text(page(client, f"/pathways/reforms/{made.code}/"))
    assert typed(client, made.code, WIDER).status_code == 403
    worker = signed_in(acting(Role.SOCIAL_WORKER))
    assert worker.get(f"/pathways/reforms/{made.code}/").status_code == 403


def test_put_aside_and_taken_up_again(drafter, officer, law):
    code = begun(officer).code
    assert drafter.post(f"/pathways/reforms/{code}/aside/").status_code == 302
    answer = typed(drafter, code, WIDER)
    assert answer.status_code == 422 and "put aside" in text(answer)
    assert answer.context["form"]["text"].value() == WIDER
    drafter.post(f"/pathways/reforms/{code}/aside/")
    assert typed(drafter, code, WIDER).status_code == 302


def test_a_file_becomes_the_next_version_and_can_be_fetched(drafter, officer, law):
    code = begun(officer).code
    address = f"/pathways/reforms/{code}/upload/"
    page(drafter, address)
    sent = {"seen": 1, "why": "From our editor."}
    image = SimpleUploadedFile("x.yaml", b"\xff\xfe\x00")
    refused = drafter.post(address, sent | {"file": image})
    assert refused.status_code == 422 and "UTF-8" in text(refused)
    file = SimpleUploadedFile("x.yaml", b"\xef\xbb\xbf" + WIDER.encode())
    assert drafter.post(address, sent | {"file": file}).status_code == 302
    fetched = drafter.get(f"/pathways/reforms/{code}/draft.yaml")
    assert fetched.content.decode() == WIDER
    assert drafter.get(f"/pathways/reforms/{code}/draft.yaml?version=1").content.decode() == STUDY
    assert drafter.get(f"/pathways/reforms/{code}/draft.yaml?version=9").status_code == 404
    late = SimpleUploadedFile("x.yaml", STUDY.encode())
    answer = drafter.post(address, sent | {"file": late})
    assert answer.status_code == 422 and "Somebody saved version 2" in text(answer)


# --- what it changes ----------------------------------------------------------------------------


def test_what_a_draft_changes_is_told_condition_by_condition(drafter, officer, law):
    code = begun(officer).code
    typed(drafter, code, WIDER.replace("amount: 15", "amount: 30"))
    said = text(page(drafter, f"/pathways/reforms/{code}/"))
    assert "Condition, changed: Own money" in said
    assert "The law as a whole, changed" in said and "30 days" in said
    assert "2 of 3 cases get another answer" in said
    assert "gone" in said and "+ " in said


def test_a_draft_that_begins_later_is_looked_at_on_its_day(law):
    later = STUDY.replace("from: 2024-01-01\n    to: null", "from: 2024-01-01\n    to: 2026-12-31")
    later += (
        STUDY[STUDY.index('  - version: "2024.1"') :]
        .replace("2024.1", "2027.1")
        .replace("2024-01-01", "2027-01-01")
        .replace("fact: enough_money, is: true}", "fact: job_offer, is: true}")
    )
    checked = drafting.check("me", "study", later)
    assert checked.pathway is not None, checked.problems
    day, old, new, changed = drafting.difference(library().partner("me"), checked.pathway, TODAY)
    assert (day, old.version, new.version) == (date(2027, 1, 1), "2024.1", "2027.1")
    assert any(one.title.text == "Own money" for one in changed)


def test_a_way_that_a_draft_brings_in_is_all_new(drafter, law):
    sent = {"partner": "me", "pathway": "long_term_residence", "title": "A new way"}
    code = drafter.post("/pathways/reforms/new/", sent)["Location"].split("/")[-3]
    new = STUDY.replace("pathway: study", "pathway: long_term_residence")
    assert typed(drafter, code, new).status_code == 302
    said = text(page(drafter, f"/pathways/reforms/{code}/"))
    assert "Today no version is in force" in said
    assert "Condition, new: Money or a roof One of these is enough" in said


def test_a_law_that_moved_under_the_draft_is_said(drafter, officer, law):
    code = begun(officer).code
    (law / "me/study.yaml").write_text(WIDER)
    reread()
    said = text(page(drafter, f"/pathways/reforms/{code}/"))
    assert "The text in force changed after this draft began" in said


def version_of(whole):
    checked = drafting.check("me", "study", whole)
    assert checked.pathway is not None, checked.problems
    return checked.pathway.on(TODAY)


def differing(before, after):
    return {
        (one.how, one.code, one.fields) for one in changes(version_of(before), version_of(after))
    }


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("is: true}\n      - {code: record", "is: true}\n      - {code: record", set()),
        ("      - {code: record, definition: clean}\n", "", {(How.REMOVED, "record", ())}),
        ('article: "51"', 'article: "5"', None),
        ("fact: housing, is: true", "fact: housing, is: false", {(How.CHANGED, "roof", ("test",))}),
        (
            "{code: passport",
            "{code: photo",
            {(How.REMOVED, "passport", ()), (How.ADDED, "photo", ())},
        ),
        ("complete: false", "complete: true", {(How.CHANGED, "2024.1", ("complete",))}),
        ("amount: 30, unit", "amount: 60, unit", {(How.CHANGED, "decision", ("amount",))}),
    ],
)  # fmt: skip
def test_each_change_is_found_and_nothing_else(law, old, new, expected):
    assert old in STUDY
    found = differing(STUDY, STUDY.replace(old, new))
    if expected is None:
        # The members of a group cite what the group cites.
        assert {code for _how, code, _fields in found} == {"means", "money", "roof"}
    else:
        assert found == expected


def test_a_condition_that_moved_is_one_change(law):
    moved = STUDY.replace(
        "          - {code: roof, title: {en: A home}, fact: housing, is: true}\n"
        "      - {code: record, definition: clean}\n",
        "          - {code: job, title: {en: A job}, fact: job_offer, is: true}\n"
        "      - {code: record, definition: clean}\n"
        "      - {code: roof, title: {en: A home}, topic: income, evidence: secondary, "
        'confidence: medium, cite: {act: foreigners_2018, article: "51"}, '
        "fact: housing, is: true}\n",
    )
    found = differing(STUDY, moved)
    assert (How.ADDED, "job", ()) in found
    assert (How.CHANGED, "roof", ("place",)) in found
    assert len(found) == 2


lines = st.lists(st.sampled_from("abc "), max_size=30).map(
    lambda found: "".join(f"{x}\n" for x in found)
)


@given(lines, lines)
def test_a_text_diff_rebuilds_both_texts(before, after):
    found = line_differences(before, after, context=100)
    rows = [row for row in found if row is not None]
    if before == after:
        assert not rows
        return
    assert [r.text for r in rows if r.how is not How.ADDED] == before.splitlines()
    assert [r.text for r in rows if r.how is not How.REMOVED] == after.splitlines()
    for row in rows:
        if row.before:
            assert before.splitlines()[row.before - 1] == row.text
        if row.after:
            assert after.splitlines()[row.after - 1] == row.text


@given(st.text(max_size=200))
def test_no_text_breaks_the_check(text):
    """Whatever is typed, the check answers with a pathway or with faults that have lines."""
    checked = drafting.check("rs", "study", text)
    assert checked.pathway is not None or checked.problems
    for line in drafting.numbered(text, checked.problems):
        assert line.number >= 1
