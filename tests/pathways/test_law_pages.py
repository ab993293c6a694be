# SPDX-License-Identifier: EUPL-1.2
"""The law's pages: the matrix, a pack, its versions over time, sign-offs, comparison, downloads."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mostovi.pathways import law_files, signing
from mostovi.pathways.answers import Answer, check
from mostovi.pathways.models import SignOff, SignOffWithdrawal
from mostovi.pathways.signed_text import digest_of
from mostovi.rights.access import Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from tests.pathways.small_law import STUDY, reread, small_law

TODAY = date(2026, 11, 24)


@pytest.fixture
def law(tmp_path):
    with small_law(tmp_path) as folder:
        yield folder


@pytest.fixture
def reader(signed_in, acting):
    return signed_in(acting(Role.SOCIAL_WORKER))


@pytest.fixture
def focal_point(acting):
    return acting(Role.PARTNER_FOCAL_POINT)


def page(client, url, status=200, **more):
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url, **more)
    assert answer.status_code == status, (answer.status_code, url)
    assert len(queries) <= 20, [q["sql"][:90] for q in queries]
    assert len(answer.content) < 150_000, len(answer.content)
    return answer


def text(answer):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


# --- the matrix and a pack ----------------------------------------------------------------------


def test_the_room_shows_every_way_of_every_law(reader, law):
    shown = page(reader, "/pathways/").content.decode()
    for kind in law_files.kinds():
        assert f"/pathways/compare/{kind}/" in shown
    assert "/pathways/law/me/study/" in shown and "3/4" not in shown
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))
    assert "in law 2/4 not reviewed" in said
    assert "none found not reviewed" in said
    assert "not written yet" in said


def test_the_room_with_the_law_of_this_installation(reader):
    page(reader, "/pathways/")


@pytest.mark.parametrize("language", ["en", "sq", "bs", "sr", "mk", "ar"])
def test_every_pack_of_this_installation_has_its_page(reader, language):
    chosen = law_files.kinds() if language == "en" else ("family_reunification", "study")
    for partner in law_files.LAWS:
        for kind in chosen:
            if law_files.text_of(partner, kind):
                page(
                    reader,
                    f"/pathways/law/{partner}/{kind}/",
                    headers={"accept-language": language},
                )


def test_a_pack_says_each_condition_with_its_source(reader, law):
    said = text(page(reader, "/pathways/law/me/study/"))
    assert "1 A place to study" in said and "2.1 Own money" in said
    assert "Law on Foreigners" in said and "article 50, paragraph 2" in said
    assert "Sl. list CG 12/2018" in said
    assert "read in a summary, not in the act" in said
    assert "could not confirm that these are all the conditions" in said
    assert "30 days" in said and "Ministry of the Interior" in said
    assert "Administrative Court" in said


def test_what_is_not_known_is_said_to_be_unknown(reader, law):
    shown = page(reader, "/pathways/law/me/study/").content.decode()
    fees = shown[shown.index("<h2>Fees</h2>") :]
    assert "not known" in fees[: fees.index("</ul>")]
    said = text(page(reader, "/pathways/law/me/study/"))
    assert "Does it stop removal? not known" in said


def test_the_law_of_another_day(reader, law):
    said = text(page(reader, "/pathways/law/me/study/?on=2020-01-01"))
    assert "Version 2018.1" in said and "Money or a roof" not in said
    said = text(page(reader, "/pathways/law/me/study/?on=2000-01-01"))
    assert "No version is in force on this day" in said


def test_a_day_that_is_none_is_told_at_its_field(reader, law):
    shown = page(reader, "/pathways/law/me/study/?on=31.2.2026", status=422).content.decode()
    assert 'value="31.2.2026"' in shown and "This is not a day" in shown


def test_a_way_that_was_not_found_says_why(reader, law):
    said = text(page(reader, "/pathways/law/me/long_term_residence/"))
    assert "none found" in said and "We looked into the act" in said


@pytest.mark.parametrize("where", ["xx/study", "me/nothing", "al/study", "../me/study"])
def test_a_pack_that_is_not_there(reader, law, where):
    assert reader.get(f"/pathways/law/{where}/").status_code == 404


def test_golden_cases_stand_with_their_outcome(reader, law):
    said = text(page(reader, "/pathways/law/me/study/"))
    assert "A student with neither money nor a home" in said
    assert "does not hold" in said
    (law / "me/golden/study.yaml").write_text(
        (law / "me/golden/study.yaml").read_text().replace("expect: open", "expect: closed")
    )
    reread()
    said = text(page(reader, "/pathways/law/me/study/"))
    assert "is told 'open'" in said


def test_files_with_faults_are_named_and_none_is_used(reader, law):
    (law / "me/study.yaml").write_text(STUDY.replace("fact: enough_money", "fact: enough_mony"))
    reread()
    said = text(page(reader, "/pathways/"))
    assert "enough_mony" in said and "me/study.yaml:" in said


def test_the_text_word_for_word(reader, law):
    answer = reader.get("/pathways/law/me/study/pack.yaml")
    assert answer.content.decode() == STUDY
    assert 'filename="me-study.yaml"' in answer["Content-Disposition"]
    assert reader.get("/pathways/law/me/golden.yaml").status_code == 404
    assert b"A student with money" in reader.get("/pathways/law/me/study/golden.yaml").content


# --- sign-offs ----------------------------------------------------------------------------------


def signed(actor, **more):
    more = {
        "partner": "me", "pathway": "study", "version": "2024.1", "verdict": "agreed",
        "lawyer": "Ana Pravnik", "lawyer_role": "Ministry, legal adviser", "said_on": TODAY,
        **more,
    }  # fmt: skip
    now = signing.current_text(
        more["partner"], more["pathway"], more["version"], more.get("condition", "")
    )
    return signing.sign(actor, **{"digest": digest_of(now), **more})


HOMELESS = {
    "accepted_to_study": True, "enough_money": False, "housing": False, "clean_record": True,
}  # fmt: skip


def answer_of(facts):
    return check(signing.rules_in_force("me", TODAY), facts).answer("study").answer


@pytest.mark.django_db
def test_a_no_is_told_only_after_a_lawyer_agreed_to_the_whole_text(law, focal_point):
    assert answer_of(HOMELESS) is Answer.MAYBE
    row = signed(focal_point)
    assert answer_of(HOMELESS) is Answer.CLOSED
    signing.take_back(focal_point, row.pk, reason="Mistaken paragraph.")
    assert answer_of(HOMELESS) is Answer.MAYBE
    assert SignOff.objects.count() == 1


@pytest.mark.django_db
def test_an_agreement_to_one_condition_is_not_one_to_the_whole(law, focal_point):
    signed(focal_point, condition="means")
    assert answer_of(HOMELESS) is Answer.MAYBE


@pytest.mark.django_db
def test_an_objection_to_a_condition_stands_against_the_whole(law, focal_point):
    signed(focal_point)
    signed(focal_point, condition="roof", verdict="objected", note="The act says more.")
    assert answer_of(HOMELESS) is Answer.MAYBE


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("study", 'article: "51"', 'article: "52"'),
        ("study", "fact: housing, is: true", "fact: housing, is: false"),
        ("partner", "fact: clean_record", "fact: housing"),
        ("partner", "Sl. list CG 12/2018", "Sl. list CG 13/2018"),
    ],
)
def test_a_changed_word_takes_the_sign_off_away(law, focal_point, file, before, after):
    signed(focal_point)
    path = law / f"me/{file}.yaml"
    path.write_text(path.read_text().replace(before, after))
    reread()
    assert answer_of(HOMELESS) is not Answer.CLOSED
    (standing,) = signing.said_of(focal_point, "me", "study")
    assert standing.state is signing.State.TEXT_CHANGED


@pytest.mark.django_db
def test_what_is_no_word_of_the_law_takes_nothing_away(law, focal_point):
    signed(focal_point)
    path = law / "me/study.yaml"
    whole = path.read_text()
    path.write_text("# A remark.\n" + whole.replace("local_name: {sr: Студирање}\n", ""))
    reread()
    assert answer_of(HOMELESS) is Answer.CLOSED


def test_a_lawyer_may_confirm_that_no_such_way_was_found(signed_in, focal_point, law):
    client = signed_in(focal_point)
    shown = page(client, "/pathways/law/me/long_term_residence/")
    assert "not reviewed by a lawyer" in text(shown)
    address = "/pathways/law/me/long_term_residence/sign/?version="
    assert address in shown.content.decode()
    assert "found no such way" in text(page(client, address))
    signed(focal_point, pathway="long_term_residence", version="")
    assert "reviewed by a lawyer" in text(page(client, "/pathways/law/me/long_term_residence/"))
    assert "none found reviewed" in text(page(client, "/pathways/"))
    assert answer_of(HOMELESS) is Answer.MAYBE


@pytest.mark.django_db
def test_the_same_word_is_recorded_once(law, focal_point):
    assert signed(focal_point).pk == signed(focal_point).pk
    tags = list(AuditEntry.objects.values_list("tag", flat=True))
    assert tags.count("pathways.law.signed") == 1


@pytest.mark.django_db
def test_only_the_partners_own_focal_point_signs(law, acting, focal_point):
    with pytest.raises(signing.NotTheirs):
        signed(focal_point, partner="rs")
    for role in (Role.SECRETARIAT, Role.PATHWAYS_OFFICER, Role.SOCIAL_WORKER):
        with pytest.raises(Refused):
            signed(acting(role))
    assert not SignOff.objects.exists()


@pytest.mark.django_db
def test_nobody_signs_what_they_did_not_see(law, focal_point):
    with pytest.raises(signing.TextChanged):
        signed(focal_point, digest="0" * 64)
    with pytest.raises(signing.NothingToSign):
        signed(focal_point, version="1999.1")
    with pytest.raises(signing.NothingToSign):
        signed(focal_point, condition="nothing")
    with pytest.raises(signing.NeedsNote):
        signed(focal_point, verdict="objected")


@pytest.mark.django_db
def test_sign_offs_are_never_changed(law, focal_point):
    row = signed(focal_point)
    row.note = "Other words."
    for change in (row.save, row.delete):
        with pytest.raises(TypeError, match="append-only"):
            change()
    signing.take_back(focal_point, row.pk, reason="x")
    with pytest.raises(signing.AlreadyTakenBack):
        signing.take_back(focal_point, row.pk, reason="x")
    with pytest.raises(TypeError, match="append-only"):
        SignOffWithdrawal.objects.get().delete()


def test_the_pages_of_a_sign_off(signed_in, focal_point, acting, law):
    client = signed_in(focal_point)
    address = "/pathways/law/me/study/sign/?version=2024.1"
    shown = page(client, address)
    digest = shown.context["form"].initial["digest"]
    assert "Own money" in text(shown)
    typed = {"digest": digest, "verdict": "objected", "lawyer": "Ana Pravnik",
             "lawyer_role": "Adviser", "said_on": "2026-11-24", "note": ""}  # fmt: skip
    refused = client.post(address, typed)
    assert refused.status_code == 422 and "Write what is wrong" in text(refused)
    assert 'value="Ana Pravnik"' in refused.content.decode()
    assert client.post(address, typed | {"verdict": "agreed"}).status_code == 302
    said = text(page(client, "/pathways/law/me/study/"))
    assert "reviewed by a lawyer" in said and "reviewed by Ana Pravnik" in said
    assert "in law 2/4 reviewed" in text(page(client, "/pathways/"))
    one = f"/pathways/law/me/study/signed/{SignOff.objects.get().pk}/"
    assert "It counts: the text is as it was" in text(page(client, one))
    other = signed_in(acting(Role.SOCIAL_WORKER))
    assert "Take it back" not in text(page(other, one))
    assert other.post(one, {"reason": "x"}).status_code == 404
    assert client.post(one, {"reason": ""}).status_code == 422
    assert client.post(one, {"reason": "Mistaken."}).status_code == 302
    assert "Taken back" in text(page(client, "/pathways/law/me/study/"))
    assert other.get(address).status_code == 403
    assert client.get("/pathways/law/rs/study/sign/?version=2024.1").status_code == 404


def test_a_text_that_changed_under_the_form_is_read_again(signed_in, focal_point, law):
    client = signed_in(focal_point)
    address = "/pathways/law/me/study/sign/?version=2024.1&condition=means"
    typed = {"digest": page(client, address).context["form"].initial["digest"],
             "verdict": "agreed", "lawyer": "Ana", "lawyer_role": "Adviser",
             "said_on": "2026-11-24"}  # fmt: skip
    path = law / "me/study.yaml"
    path.write_text(path.read_text().replace("Own money", "Money of one's own"))
    reread()
    refused = client.post(address, typed)
    assert refused.status_code == 422 and "The text changed" in text(refused)
    assert not SignOff.objects.exists()
    again = typed | {"digest": refused.context["form"]["digest"].value()}
    assert client.post(address, again).status_code == 302


# --- side by side -------------------------------------------------------------------------------


def test_the_laws_side_by_side(reader, law):
    said = text(page(reader, "/pathways/compare/study/"))
    assert "the same test as EU law and conventions" in said
    assert "differs from EU law and conventions" in said
    assert "not asked by EU law and conventions" in said
    assert "article 51" in said
    assert "Montenegro stricter for some, wider for others" in said
    assert "Serbia stricter nobody found An example" in said
    said = text(page(reader, "/pathways/compare/study/?against=me"))
    assert "Serbia stricter nobody found An example" in said
    page(reader, "/pathways/compare/")
    assert reader.get("/pathways/compare/nothing/").status_code == 404


def test_every_comparison_of_this_installation(reader):
    for kind in law_files.kinds():
        page(reader, f"/pathways/compare/{kind}/")


def test_the_comparison_as_files(reader, law):
    answer = reader.get("/pathways/compare/study/table.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][0] == "Topic" and len(rows[0]) == 8
    assert any("article 51" in cell for row in rows for cell in row)
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(reader.get("/pathways/compare/study/table.xlsx").content))
    assert book.active.cell(1, 1).value == "Topic"
    assert reader.get("/pathways/compare/study/table.pdf").status_code == 404
