# SPDX-License-Identifier: EUPL-1.2
"""Pages of the investigators' store, and attacks on the wall between it and protection (R1)."""

from __future__ import annotations

import re
from datetime import date, datetime
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mostovi.exchange.models import OutboxLetter
from mostovi.rights.access import Action, Actor, Kind, Refused, decide
from mostovi.rights.governance import governance_of
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import SHIELDED, Purpose
from mostovi.rights.roles import ROLE_PURPOSES, Role
from mostovi.routes.incidents import (
    ending,
    investigating,
    joint,
    linking,
    outcomes,
    record_codes,
    store,
    today,
)
from mostovi.routes.incidents.catalogue import BadList, checklist, sign_set, words
from mostovi.routes.incidents.models import Advert, Assistance, Incident, Investigation, Outcome
from mostovi.statistics import own_events
from mostovi.statistics.months import Month

pytestmark = pytest.mark.django_db
OTHERS = ("people", "cases", "screening", "tracing", "pathways", "children", "victims",
          "alternatives", "transfers", "directory")  # fmt: skip
PHONE = "+382 67 555 123"


@pytest.fixture
def linked(incident, investigator):
    one, other = incident(), incident(summary="The same lorry.")
    for row in (one, other):
        store.note_identifier(investigator, row, kind="phone", value=PHONE)
    return sorted([one, other], key=lambda row: row.code)


@pytest.fixture
def investigation(linked, investigator):
    return investigating.open_investigation(
        investigator, crime="smuggling", title="Northern road", incidents=linked
    )


@pytest.fixture
def pages(linked, investigation, region, investigator):
    work = joint.draft(
        investigator, investigation, to="ba", title="Road", legal_basis="Agreement", text="Why.",
    )  # fmt: skip
    joint.propose(investigator, work, seen=joint.outgoing(work).seen)
    from tests.routes.incidents.test_joint_work import asked

    request = asked(investigator)
    one, other = linked
    return [
        reverse("incidents:list"), reverse("incidents:new"), reverse("incidents:links"),
        reverse("incidents:link", args=[one.code, other.code]),
        reverse("incidents:incident", args=[one.code]),
        reverse("incidents:advert", args=[one.code]),
        reverse("incidents:investigations"), reverse("incidents:investigation_new"),
        reverse("incidents:investigation", args=[investigation.code]),
        reverse("incidents:outcomes"), reverse("incidents:joint_new", args=[investigation.code]),
        reverse("incidents:joint", args=[work.code]), reverse("incidents:assistance_list"),
        reverse("incidents:assistance_new"), reverse("incidents:assistance", args=[request.code]),
    ]  # fmt: skip


def test_every_page_opens_small_and_reads_nothing_of_protection(pages, signed_in, investigator):
    client = signed_in(investigator)
    shielded = {
        model._meta.db_table for model in apps.get_models() if model._meta.app_label in OTHERS
    }
    client.get(pages[0])
    for url in pages:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            answer = client.get(url)
        assert answer.status_code == 200, url
        assert len(answer.content) < 150_000, url
        assert len(seen) <= 20, (url, len(seen))
        for query in seen.captured_queries:
            tables = set(re.findall(r'"([a-z_]+)"', query["sql"])) & shielded
            assert not tables, (url, tables)


@pytest.mark.parametrize(
    "role", [Role.SOCIAL_WORKER, Role.RETURN_OFFICER, Role.ANALYST, Role.ADMINISTRATOR]
)
def test_to_everybody_else_the_store_is_closed_whether_a_code_exists_or_not(
    linked, acting, signed_in, role
):
    client = signed_in(acting(role))
    there = client.get(reverse("incidents:incident", args=[linked[0].code]))
    nowhere = client.get(reverse("incidents:incident", args=["IN-222222"]))
    assert there.status_code == nowhere.status_code in {403, 404}
    changing = r'IN-[0-9A-Z]{6}|(?:nonce|value)="[^"]*"'
    one, other = (re.sub(changing, "", page.content.decode()) for page in (there, nowhere))
    assert one == other


def test_no_role_and_no_purpose_but_the_investigators_reaches_the_store():
    for role in Role:
        for purpose in Purpose:
            actor = Actor(uuid4(), role, purpose, "border")
            for kind in (Kind.INCIDENT, Kind.INVESTIGATION):
                allowed = decide(actor, Action.READ, kind).allowed
                insider = role in {Role.INVESTIGATOR, Role.SYSTEM}
                held = purpose is Purpose.INVESTIGATION and purpose in ROLE_PURPOSES[role]
                assert allowed == (insider and held), (role, purpose)


def test_an_investigator_reaches_no_kind_that_is_shielded(investigator):
    from mostovi.rights.policy import SHIELDED_KINDS

    for kind in SHIELDED_KINDS:
        for action in Action:
            assert not decide(investigator, action, kind).allowed, (action, kind)


def test_no_model_of_the_store_is_for_protection_or_leads_to_it():
    for model in apps.get_app_config("incidents").get_models():
        governance = governance_of(model)
        if governance is None:  # the table between an investigation and its incidents
            continue
        for field in model._meta.get_fields():
            assert not governance.of(field.name) & SHIELDED
            if field.related_model is not None:
                assert field.related_model._meta.app_label in {"incidents", "procedures"}


@pytest.mark.parametrize(
    "text", ["case ME-7K3F-92QX", "ba 7k3f 92qx", "see RS–7K3F–92QX there", "xk.7K3F.92QX"]
)
def test_a_code_of_protection_is_refused_wherever_it_is_typed(incident, investigator, text):
    with pytest.raises(store.Unfit) as refused:
        incident(summary=text)
    assert refused.value.field == "summary"
    row = incident()
    for field in ("value", "note"):
        with pytest.raises(store.Unfit):
            store.note_identifier(
                investigator, row, kind="online", **{"value": "somebody", field: text}
            )
    assert not record_codes.names_shielded(f"{row.code}, statement ST-7K3F-92QX", frozenset({"me"}))


def test_the_same_phone_in_a_protected_file_changes_nothing_here(
    linked, investigator, acting, region
):
    """The attack by linkage: would an investigator learn that a number is known to protection?"""
    from mostovi.people import services as people

    before = linking.shared_by(investigator, *linked)
    people.register(
        acting(Role.ANTI_TRAFFICKING_COORDINATOR), single={"sex": "female"},
        names=[{"parts": [["given", "Layla"]], "script": "Latn"}],
        contacts=[{"kind": "phone", "value": PHONE, "safe": "yes"}],
    )  # fmt: skip
    assert linking.shared_by(investigator, *linked) == before
    assert len(before[0].incidents) == 2
    assert linking.pairs(investigator).count() == 1


def test_reading_is_logged_without_a_word_of_it(linked, investigator, signed_in):
    client = signed_in(investigator)
    client.get(reverse("incidents:incident", args=[linked[0].code]))
    client.get(reverse("incidents:links"))
    entries = AuditEntry.objects.filter(tag__startswith="incidents.")
    assert {"incidents.incident.read", "incidents.links.read"} <= {e.tag for e in entries}
    said = " ".join(f"{entry.handle} {entry.detail}" for entry in entries)
    assert "555" not in said
    assert "lorry" not in said
    assert linked[0].code not in said


# --- Work on the pages ---------------------------------------------------------------------------


def test_an_incident_is_recorded_compared_and_decided_on_pages(linked, investigator, signed_in):
    client = signed_in(investigator)
    wrong = client.post(
        reverse("incidents:new"),
        {"crime": "smuggling", "happened_on": "2026-10-04", "place_kind": "road", "summary": ""},
    )
    assert wrong.status_code == 422
    made = client.post(
        reverse("incidents:new"),
        {"crime": "smuggling", "happened_on": "2026-10-04", "place_kind": "road",
         "means": ["car"], "summary": "Third time."},
    )  # fmt: skip
    row = Incident.objects.latest("created_at")
    assert made.url == reverse("incidents:incident", args=[row.code])
    bad = client.post(
        reverse("incidents:note", args=[row.code]), {"kind": "phone", "value": "call me"}
    )
    assert bad.status_code == 422
    assert b"call me" in bad.content
    client.post(
        reverse("incidents:note", args=[row.code]), {"kind": "phone", "value": "067/555-123"}
    )
    page = client.get(row_page := reverse("incidents:incident", args=[row.code])).content.decode()
    assert linked[0].code in page, row_page
    pair = sorted([row.code, linked[0].code])
    link = reverse("incidents:link", args=pair)
    assert PHONE in client.get(link).content.decode()
    client.post(link, {"ruling": "connected", "reason": "Same lorry, same driver."})
    page = client.get(reverse("incidents:links")).content.decode()
    assert "They belong together" in page
    assert "<svg" in page
    picture = page[page.index("<svg") : page.index("</svg>")]
    assert PHONE not in picture


def test_an_advert_is_reviewed_on_its_page(incident, investigator, signed_in):
    row, client = incident(crime="trafficking", place_kind="online"), signed_in(investigator)
    answers = {sign.code: "unknown" for sign in sign_set().signs}
    client.post(
        reverse("incidents:advert", args=[row.code]),
        {**answers, "hurry": "yes", "found_on": "2026-10-05", "address": "example.org/w",
         "conclusion": "look_closer", "reasons": "No employer."},
    )  # fmt: skip
    assert Advert.objects.get().values()["answers"]["hurry"] == "yes"
    page = client.get(reverse("incidents:incident", args=[row.code])).content.decode()
    assert "Needs a closer look" in page


def test_an_entry_leaves_only_as_it_was_shown(region, investigation, investigator, signed_in):
    work = joint.draft(
        investigator, investigation, to="ba", title="Road", legal_basis="Agreement", text="Why.",
    )  # fmt: skip
    joint.propose(investigator, work, seen=joint.outgoing(work).seen)
    region.carry("ba")
    from tests.routes.incidents.test_joint_work import theirs

    with region.at("ba"):
        joint.step(region.colleague, theirs(), verb="agree")
    region.carry("me")
    client, share = signed_in(investigator), reverse("incidents:share", args=[work.code])
    wish = {"sort": "finding", "text": "Paid through one office.", "kind": "phone"}
    sent = OutboxLetter.objects.count()
    shown = client.post(share, wish)
    assert OutboxLetter.objects.count() == sent
    page = shown.content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(entry|seen)" value="([^"]+)"', page))
    changed = client.post(share, {**wish, **hidden, "text": "Something else.", "act": "share"})
    assert OutboxLetter.objects.count() == sent
    assert changed.status_code == 200
    for _twice in range(2):
        client.post(share, {**wish, **hidden, "act": "share"})
    assert OutboxLetter.objects.count() == sent + 1


# --- Investigations and numbers ------------------------------------------------------------------


def test_a_line_of_the_checklist_that_nobody_answered_is_open(
    investigation, investigator, signed_in
):
    assert len(investigating.not_yet(investigation)) == len(checklist().items)
    client = signed_in(investigator)
    client.post(
        reverse("incidents:checklist", args=[investigation.code]), {"non_punishment": "done"}
    )
    investigation.refresh_from_db()
    assert "non_punishment" not in investigating.not_yet(investigation)
    needed = {"non_punishment", "reflection_period", "one_interview", "child_sensitive",
              "gender_sensitive"}  # fmt: skip
    assert needed <= {item.code for item in checklist().items}


def test_outcomes_reach_statistics_as_counts_and_codes_alone(investigation, investigator):
    day, month = timezone.localdate(), Month.of(timezone.localdate())
    for stage, number in (("indictment", 2), ("conviction", 1)):
        outcomes.record_outcome(
            investigator, stage=stage, crime="smuggling", happened_on=day, number=number
        )
    wrong = outcomes.record_outcome(
        investigator, stage="conviction", crime="trafficking", happened_on=day, number=9
    )
    outcomes.withdraw(investigator, wrong.pk)
    outcomes.record_outcome(
        investigator, stage="victims", crime="trafficking", happened_on=day, number=3,
        sex="female", age_group="16-17",
    )  # fmt: skip
    found = list(own_events.events(month, wanted=["proceeding", "victim_identified"]))
    stages = sorted(str(one["outcome"]) for one in found if one["event"] == "proceeding")
    assert stages == ["conviction", "indictment", "indictment", "investigation"]
    people = [one for one in found if one["event"] == "victim_identified"]
    assert len(people) == 3
    assert len({one["record_key"] for one in found}) == len(found)
    assert set(people[0]) == {"event", "month", "partner", "record_key", "sex", "age_group"}
    assert investigation.code not in str(found)
    governance = governance_of(Outcome)
    assert all(Purpose.STATISTICS in governance.of(name) for name in outcomes._READ)
    assert Purpose.STATISTICS not in governance.of("investigation")
    with pytest.raises(store.Unfit):
        outcomes.record_outcome(
            investigator, stage="conviction", crime="smuggling", happened_on=day, number=1,
            sex="female",
        )  # fmt: skip


def test_what_waits_is_said(linked, investigator, acting):
    assert [one.url for one in today.waiting(investigator, timezone.now())] == [
        reverse("incidents:links")
    ]
    assert today.waiting(acting(Role.SOCIAL_WORKER), timezone.now()) == []
    with pytest.raises(Refused):
        store.visible(acting(Role.SOCIAL_WORKER))


def test_records_end_and_numbers_stay(investigation, linked, investigator):
    from mostovi.rights.retention import rules
    from mostovi.rights.vault import vault

    rule, later = rules()["incident"], date(2040, 1, 1)
    assert ending.end(rule, later) == 0
    investigating.end(
        investigator, investigation, now=datetime.now(tz=timezone.get_default_timezone())
    )
    key = linked[0].key_id
    assert ending.end(rule, later) >= 1
    ending.end(rule, later)
    assert not Incident.objects.exists()
    assert not Investigation.objects.exists()
    assert not Assistance.objects.exists()
    assert Outcome.objects.count() == 1
    assert vault().holds(key)  # destroyed once the transaction of the test would end


def test_a_list_with_a_mistake_is_named(tmp_path):
    path = tmp_path / "adverts.yaml"
    path.write_text("groups: {a: A}\nsigns: [{code: x, group: b, asks: 'Is it?'}]\n")
    with pytest.raises(BadList, match=r"adverts.yaml, sign 1: there is no group 'b'"):
        sign_set(path)
    (tmp_path / "words.yaml").write_text("[")
    with pytest.raises(BadList, match=r"words.yaml"):
        words(tmp_path / "words.yaml")


def test_the_demo_has_something_to_look_at(region, acting, settings):
    from dataclasses import replace
    from random import Random

    from mostovi.node.synthetic import incidents as story

    settings.MOSTOVI = region.home = replace(region.home, demo=True)
    actor = acting(Role.INVESTIGATOR)
    assert story.load(lambda role: actor, [], timezone.now(), Random(7)) == 7
    assert linking.waiting(actor) >= 3
    assert region.carry("ba") == region.carry("ba") == "stored"
