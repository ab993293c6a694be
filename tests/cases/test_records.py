# SPDX-License-Identifier: EUPL-1.2
"""Structured records: files that name what is wrong, answers, versions, approval, pages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.cases import recording, records
from mostovi.cases import services as cases
from mostovi.cases.models import CaseRecordVersion
from mostovi.cases.recording import InvalidRecord
from mostovi.rights.access import Refused
from mostovi.rights.roles import Role
from mostovi.rights.vault import vault

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
KIND = """
code: talk
version: 2
title: {en: Talk}
review: {status: unreviewed, by: null, on: null, who_can: a colleague}
sources: {own: {title: Own, publisher: Mostovi, year: 2026, evidence: proposal}}
case_types: all
roles: [social_worker, anti_trafficking_coordinator]
document: assessment
repeats: true
sections:
  - code: words
    label: {en: Words}
    source: own
    questions:
      - {code: said, kind: long_text, required: final, label: {en: What was said}}
      - {code: on, kind: date, required: always, label: {en: On}}
      - {code: safe, kind: yes_no, required: final, label: {en: Safe}}
      - code: why
        kind: text
        required: final
        when: {question: safe, is: [no, unknown]}
        label: {en: Why}
      - {code: cost, kind: money, label: {en: Cost}}
      - {code: born, kind: approximate_date, label: {en: Born}}
      - code: options
        kind: rows
        label: {en: Options}
        questions:
          - {code: name, kind: text, required: always, label: {en: Name}}
          - code: like
            kind: choices
            label: {en: Like}
            options: [{code: a, label: {en: A}}, {code: b, label: {en: B}}]
"""
TALK = {"said": "All well.", "on": "2026-11-24", "safe": "yes"}


@pytest.fixture
def talk(monkeypatch):
    """A kind of record that exists for this test only."""
    kind = records.load(KIND, "talk.yaml")
    monkeypatch.setattr(recording, "kinds", lambda: {"talk": kind, **SHIPPED})
    return kind


SHIPPED = dict(records.read_folder(recording.FOLDER))


def test_every_shipped_file_loads_and_has_its_name():
    assert {"case_conference", "closing_request", "quality_checklist"} <= set(SHIPPED)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("kind: date", "kind: moment", "talk.yaml:17: question 'on': 'kind' must be one of"),
        ("source: own", "source: other", "talk.yaml:12: section 'words': unknown source 'other'"),
        ("[no, unknown]", "[never]", "'never' is no answer of question 'safe'"),
        ("question: safe", "question: none", "'when' names the unknown question 'none'"),
        ("roles: [social_worker,", "roles: [clown,", "unknown role 'clown'"),
        ("{code: cost,", "{code: said,", "question 'said' is written twice"),
        ("repeats: true", "repeat: true", "unknown key 'repeat'"),
        ("title: {en: Talk}", "title: {sq: Bisedë}", "'title' needs a text in English"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(before, after, said):
    assert before in KIND
    with pytest.raises(records.BadRecords) as error:
        records.load(KIND.replace(before, after, 1), "talk.yaml")
    assert said in str(error.value)


def test_answers_are_tidied_and_wrong_ones_named():
    kind = records.load(KIND, "talk.yaml")
    tidy, problems = records.check(
        kind,
        {
            **TALK,
            "on": {"day": "3", "month": "2", "year": "2026"},
            "cost": {"amount": "12,5", "currency": "eur"},
            "options": [{"name": ""}, {"name": "Stay", "like": ["b", "b"]}],
            "why": "is not asked",
        },
        final=True,
    )
    assert problems == []
    assert tidy["on"] == "2026-02-03"
    assert tidy["cost"] == {"amount": "12.50", "currency": "EUR"}
    assert tidy["options"] == [{"name": "Stay", "like": ["b"]}]
    assert "why" not in tidy
    _, problems = records.check(
        kind,
        {"safe": "unknown", "on": {"day": "31", "month": "2", "year": "2026"},
         "options": [{"like": ["c"]}], "born": {"year": "2010"}},
        final=True,
    )  # fmt: skip
    assert dict(problems) == {
        "said": records.MISSING, "why": records.MISSING, "on": records.NOT_A_DATE,
        "options.0.name": records.MISSING, "options.0.like": records.NOT_AN_OPTION,
        "born": records.NO_PRECISION,
    }  # fmt: skip


def test_a_draft_may_be_incomplete_but_not_unreadable():
    kind = records.load(KIND, "talk.yaml")
    assert dict(records.check(kind, {"on": "2026-01-01"}, final=False)[1]) == {}
    assert dict(records.check(kind, {"on": "soon"}, final=False)[1]) == {"on": records.NOT_A_DATE}
    assert dict(records.check(kind, {}, final=False)[1]) == {"on": records.MISSING}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


_CODES = ["said", "on", "safe", "why", "cost", "born", "options"]


@given(st.dictionaries(st.sampled_from(_CODES), _json))
def test_whatever_comes_in_is_tidied_or_named_never_an_error(answers):
    kind = records.load(KIND, "talk.yaml")
    tidy, _problems = records.check(kind, answers, final=True)
    again, problems = records.check(kind, tidy, final=False)
    assert again == tidy
    assert not [p for p in problems if p[1] != records.MISSING]


@pytest.mark.django_db
def test_a_draft_counts_for_nothing_a_final_one_is_the_document(case, coordinator, talk):
    row = recording.write(coordinator, case, kind="talk", answers={"on": "2026-11-24"})
    assert recording.latest(case, "talk") is None
    assert recording.latest(case, "talk", counted=False) == {"on": "2026-11-24"}
    assert cases.documents(case) == set()
    recording.write(coordinator, case, kind="talk", answers=TALK, record=row, final=True)
    assert recording.latest(case, "talk") == TALK
    assert cases.documents(case) == {"assessment"}
    # A correction that is only a draft leaves counting what counted.
    recording.write(coordinator, case, kind="talk", answers={"on": "2026-11-25"}, record=row)
    assert recording.latest(case, "talk") == TALK
    assert [v.number for v in CaseRecordVersion.objects.order_by("number")] == [1, 2, 3]
    read = recording.read(coordinator, case, row.pk)
    assert [answers["on"][-2:] for _, answers in read.versions] == ["25", "24", "24"]


@pytest.mark.django_db
def test_answers_are_sealed_under_the_persons_key(case, coordinator, talk):
    recording.write(coordinator, case, kind="talk", answers={**TALK, "said": "Tuzla"}, final=True)
    version = CaseRecordVersion.objects.get()
    assert b"Tuzla" not in bytes(version.sealed) and version.key_id == case.person.key_id


@pytest.mark.django_db
def test_a_domain_rule_is_asked_when_it_becomes_final_only(case, coordinator, talk, monkeypatch):
    monkeypatch.setattr(recording, "_checks", {})
    monkeypatch.setattr(recording, "_on_final", {})
    seen = []
    recording.check("talk", lambda case, answers, actor, now: [("said", "Say more.")])
    recording.on_final("talk", lambda *given: seen.append(given))
    recording.write(coordinator, case, kind="talk", answers=TALK)
    with pytest.raises(InvalidRecord) as error:
        recording.write(coordinator, case, kind="talk", answers=TALK, final=True)
    assert error.value.problems == [("said", "Say more.")]
    recording._checks.clear()
    recording.write(coordinator, case, kind="talk", answers=TALK, final=True)
    assert len(seen) == 1


CLOSING = {
    "ground": "goals_reached", "persons_view": "I manage.", "open_risks": "None known.",
    "knows_way_back": "yes",
}  # fmt: skip


@pytest.mark.django_db
def test_what_needs_approval_counts_when_somebody_else_approves(case, coordinator, colleague):
    row = recording.write(coordinator, case, kind="closing_request", answers=CLOSING, final=True)
    assert recording.latest(case, "closing_request") is None
    with pytest.raises(Refused):
        recording.decide(coordinator, case, row, approve=True, reason="Fine.")
    with pytest.raises(InvalidRecord):
        recording.decide(colleague, case, row, approve=True, reason=" ")
    returned = recording.decide(colleague, case, row, approve=False, reason="Ask her first.")
    assert returned.state == "returned"
    with pytest.raises(InvalidRecord):
        recording.decide(colleague, case, row, approve=True, reason="Again.")
    recording.write(
        coordinator, case, kind="closing_request", answers=CLOSING, record=row, final=True
    )
    recording.decide(colleague, case, row, approve=True, reason="Agreed.")
    assert recording.latest(case, "closing_request") == CLOSING


@pytest.mark.django_db
def test_only_roles_of_the_kind_write_it(case, acting, coordinator):
    responder = acting(Role.FIRST_RESPONDER)
    with pytest.raises(Refused):
        recording.write(responder, case, kind="closing_request", answers=CLOSING)
    with pytest.raises(recording.UnknownKind):
        recording.write(coordinator, case, kind="nothing", answers={})


@pytest.mark.django_db
def test_after_erasure_a_record_says_nothing(case, coordinator, talk):
    row = recording.write(coordinator, case, kind="talk", answers=TALK, final=True)
    vault().destroy(case.person.key_id)
    ((recorded),) = recording.of_case(case)
    assert recorded.row == row and recorded.answers == {}


# --- Pages ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_writing_and_approving_through_the_pages(case, coordinator, colleague, signed_in):
    client, other = signed_in(coordinator), signed_in(colleague)
    base = f"/cases/{case.code}/records/"
    assert "Request to close the case" in client.get(base).content.decode()
    page = client.post(
        f"{base}closing_request/new/", {"do": "final", "open_risks": "Rent is unpaid"}
    )
    text = page.content.decode()
    assert page.status_code == 422
    assert "Rent is unpaid" in text and 'href="#q-ground"' in text
    sent = client.post(f"{base}closing_request/new/", {"do": "final", **CLOSING})
    assert sent.status_code == 302
    url = sent["Location"]
    assert "Somebody else must approve" in client.get(url).content.decode()
    assert other.post(f"{url}decide/", {"decision": "approve", "reason": ""}).status_code == 422
    assert other.post(f"{url}decide/", {"decision": "approve", "reason": "Yes."}).status_code == 302
    assert "Approved" in client.get(url).content.decode()
    assert client.get(f"{url}write/").status_code == 200


@pytest.mark.django_db
def test_another_row_keeps_what_was_typed(case, coordinator, signed_in):
    client = signed_in(coordinator)
    page = client.post(
        f"/cases/{case.code}/records/case_conference/new/",
        {"more": "participants", "participants.0.name": "Ana", "occasion": "Threats"},
    ).content.decode()
    assert 'value="Ana"' in page and "Threats" in page and "participants.2.name" in page


@pytest.mark.django_db
def test_pages_of_records_stay_within_their_budget(case, coordinator, signed_in, statements):
    row = recording.write(coordinator, case, kind="closing_request", answers=CLOSING, final=True)
    client = signed_in(coordinator)
    base = f"/cases/{case.code}/records/"
    for address in (base, f"{base}closing_request/{row.pk}/", f"{base}case_conference/new/"):
        client.get(address)
        sent = statements(lambda address=address: client.get(address))
        assert len(sent) <= 20, (address, sent)
        assert len(client.get(address).content) < 150_000


def test_the_folder_of_the_product_is_read(tmp_path: Path):
    (tmp_path / "other.yaml").write_text(KIND, encoding="utf-8")
    with pytest.raises(records.BadRecords, match="must be named talk.yaml"):
        records.read_folder(tmp_path)
