# SPDX-License-Identifier: EUPL-1.2
"""Pages of victims, as the officer and the investigator meet them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from mostovi.cases import services as cases
from mostovi.cases.victims.identification import Ruling
from mostovi.cases.victims.models import Decision, GivenStatement
from mostovi.cases.victims.today import waiting
from mostovi.people import consenting
from mostovi.people.models import Consent
from mostovi.procedures.models import Deadline
from mostovi.rights.roles import Role
from tests.cases.victims.conftest import REASONS

pytestmark = pytest.mark.django_db

DECISION = {
    "authority": "Office of the coordinator", "decided_on": "2026-11-01",
    "basis": ["told", "document"], "reasons": REASONS, "told": "In Arabic.",
}  # fmt: skip


@pytest.fixture
def client(signed_in, coordinator):
    return signed_in(coordinator)


@pytest.fixture
def police(signed_in, investigator):
    return signed_in(investigator)


def page_of(client, name, *args):
    return client.get(reverse(f"victims:{name}", args=args))


def test_the_page_says_what_protects_and_by_which_source(client, assessed, decide):
    page = page_of(client, "protection", assessed.code).content.decode()
    assert "nobody has decided yet" in page
    decide(assessed)
    page = page_of(client, "protection", assessed.code).content.decode()
    assert "Nobody may be expelled meanwhile." in page
    assert "article 13" in page and "article 10(2)" in page
    assert "days left" in page
    assert REASONS in page


def test_a_decision_is_written_on_its_own_page(client, assessed, coordinator):
    address = reverse("victims:decide", args=[assessed.code, "reasonable_grounds"])
    assert "The recovery and reflection period begins" in client.get(address).content.decode()
    refused = client.post(address, DECISION | {"basis": ["screening"], "reasons": "short"})
    assert refused.status_code == 422
    answer = client.post(address, DECISION | {"basis": ["screening"]})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "A screening finding alone decides nothing." in text and REASONS in text
    assert client.post(address, DECISION).status_code == 302
    assert Decision.objects.get().officer == coordinator.account


def test_a_decision_out_of_its_step_says_so_and_loses_nothing(client, case):
    address = reverse("victims:decide", args=[case.code, "reasonable_grounds"])
    assert "not possible in the present step" in client.get(address).content.decode()
    answer = client.post(address, DECISION)
    assert answer.status_code == 422
    assert REASONS in answer.content.decode()
    assert not Decision.objects.exists()


@pytest.mark.parametrize("ruling", ["cooperates", "presumed", ""])
def test_there_are_no_other_decisions(client, assessed, ruling):
    assert client.get(f"/victims/{assessed.code}/decide/{ruling}/").status_code == 404


def test_the_case_page_offers_no_way_round_the_decision(client, assessed):
    answer = client.post(
        reverse("cases:step", args=[assessed.code]),
        {"verb": "record_reasonable_grounds", "reason": "The screening says so."},
    )
    assert answer.status_code == 422
    assert cases.Case.objects.get().procedure.state == "assessment"


def test_the_clock_is_stopped_and_goes_on_from_the_page(client, assessed, decide):
    decide(assessed)
    address = reverse("victims:clock", args=[assessed.code])
    empty = client.post(address, {"act": "stop", "reason": " "})
    assert empty.status_code == 422 and "Write the reason." in empty.content.decode()
    client.post(address, {"act": "stop", "reason": "in hospital"})
    page = page_of(client, "protection", assessed.code).content.decode()
    assert "The clock stands still." in page and "Let the clock go on" in page
    twice = client.post(address, {"act": "stop", "reason": "in hospital"})
    assert twice.status_code == 422
    client.post(address, {"act": "go_on", "reason": "back"})
    client.post(address, {"act": "lengthen", "reason": "needs time"})
    assert "days left" in page_of(client, "protection", assessed.code).content.decode()
    assert client.post(address, {"act": "shorten", "reason": "x"}).status_code == 404


def test_from_the_wish_to_the_statement_and_back(client, police, coordinator, case):
    new = reverse("victims:statement_new", args=[case.code])
    page = client.get(new).content.decode()
    assert "has not agreed to give investigators anything" in page
    consent_page = re.search(r'href="(/people/[^"]+purpose=investigation[^"]+)"', page)[1]
    form = client.get(consent_page.replace("&amp;", "&")).content.decode()
    assert "Investigators of this country" in form and "Investigation" in form
    terms = {
        "purpose": "investigation", "receiver": "investigators", "profile": "statement",
        "fields_chosen": ["names", "account"], "language": "ar", "expires": "2027-03-01",
        "next": new,
    }  # fmt: skip
    read_out = reverse("people:consent_read", args=[case.person.code])
    text = client.post(read_out, terms).content.decode()
    assert "التحقيق فيما جرى لك" in text
    answer = client.post(read_out, terms | {"answer": "yes", "means": "oral"})
    assert answer["Location"] == new
    consent = Consent.objects.get(purpose="investigation")
    wish = {
        "consent": str(consent.pk), "fields_chosen": ["names", "account"],
        "account": "He took my passport.",
    }  # fmt: skip
    looked = client.post(new, wish | {"act": "look"}).content.decode()
    assert "Exactly this would be seen" in looked and "ليلى حداد" in looked
    assert not GivenStatement.objects.exists()
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', looked)[1]
    changed = client.post(new, wish | {"act": "give", "seen": seen, "account": "Other words."})
    assert changed.status_code == 422 and not GivenStatement.objects.exists()
    assert client.post(new, wish | {"act": "give", "seen": seen}).status_code == 302
    given = GivenStatement.objects.get()
    assert given.reference in page_of(client, "protection", case.code).content.decode()
    read = page_of(police, "statement", given.reference).content.decode()
    assert "He took my passport." in read and "ليلى حداد" in read
    assert case.code not in read and case.person.code not in read
    consenting.withdraw(coordinator, consent)
    gone = page_of(police, "statement", given.reference)
    absent = page_of(police, "statement", "ST-0000-0000")
    assert gone.status_code == absent.status_code == 404
    assert len(gone.content) == len(absent.content)
    listed = page_of(police, "statements").content.decode()
    assert "Destroy every copy and note" in listed and given.reference in listed


def test_a_statement_that_cannot_be_given_keeps_what_was_typed(client, case, agree):
    consent = agree(case.person)
    new = reverse("victims:statement_new", args=[case.code])
    wish = {"consent": str(consent.pk), "fields_chosen": ["account"], "act": "look"}
    answer = client.post(new, wish | {"account": f"My case is {case.code}."})
    assert answer.status_code == 422
    assert "Take out the code" in answer.content.decode()
    assert f"My case is {case.code}." in answer.content.decode()
    back = client.post(new, wish | {"account": "He took my passport.", "act": "back"})
    assert back.status_code == 200 and "He took my passport." in back.content.decode()


def test_an_investigator_meets_one_room_and_closed_doors(police, case, agree, hand_over):
    given = hand_over(case, agree(case.person))
    home = police.get("/").content.decode()
    assert "/victims/statements/" in home
    for address in (
        reverse("victims:protection", args=[case.code]),
        reverse("victims:statement_new", args=[case.code]),
        reverse("victims:decide", args=[case.code, "identified"]),
        reverse("cases:case", args=[case.code]),
        reverse("people:person", args=[case.person.code]),
        reverse("people:consents", args=[case.person.code]),
    ):
        there = police.get(address)
        nowhere = police.get(
            address.replace(case.code, "ME-0000-0000").replace(case.person.code, "ME-0000-0000")
        )
        assert there.status_code == nowhere.status_code == 403
        assert case.code not in there.content.decode().replace(address, "")
    page = page_of(police, "statements").content.decode()
    assert given.reference in page and case.code not in page


def test_another_units_protection_page_looks_like_an_absent_one(signed_in, acting, case):
    stranger = signed_in(acting(Role.SOCIAL_WORKER, unit="centre"))
    for name in ("protection", "statement_new"):
        hidden, absent = page_of(stranger, name, case.code), page_of(stranger, name, "ME-0000-0000")
        assert hidden.status_code == absent.status_code == 404
        scrubbed = hidden.content.replace(case.code.encode(), b"ME-0000-0000")
        assert len(scrubbed) == len(absent.content)


def test_home_tells_of_periods_and_withdrawn_statements(
    assessed, coordinator, investigator, decide, agree, hand_over
):
    decide(assessed)
    now = datetime.now(UTC)
    assert waiting(coordinator, now) == []
    due = Deadline.objects.get(clock="reflection").due
    soon = waiting(coordinator, due - timedelta(days=3))
    assert [item.title for item in soon] == [assessed.code]
    consent = agree(assessed.person)
    given = hand_over(assessed, consent)
    consenting.withdraw(coordinator, consent)
    (told,) = waiting(coordinator, now)
    assert "destroyed" in told.why
    (for_police,) = waiting(investigator, now)
    assert for_police.title == given.reference
    assert assessed.code not in f"{for_police.title} {for_police.why} {for_police.url}"


def test_pages_stay_within_their_budget(
    client, police, assessed, decide, colleague, agree, hand_over, statements
):
    decide(assessed)
    decide(assessed, Ruling.IDENTIFIED)
    given = hand_over(assessed, agree(assessed.person))
    for who, address in (
        (client, reverse("victims:protection", args=[assessed.code])),
        (client, reverse("victims:decide", args=[assessed.code, "identified"])),
        (client, reverse("victims:statement_new", args=[assessed.code])),
        (police, reverse("victims:statements")),
        (police, reverse("victims:statement", args=[given.reference])),
    ):
        sent = statements(lambda who=who, address=address: who.get(address))
        assert len(sent) <= 20, (address, len(sent), sent)
        assert len(who.get(address).content) < 150_000


def test_the_interface_gives_the_same_as_the_pages(
    client, police, assessed, decide, agree, hand_over
):
    decide(assessed)
    address = f"/api/v1/victims/cases/{assessed.code}/protection"
    told = client.get(address).json()
    assert told["identification"] == "reasonable_grounds"
    assert {"reflection_period", "identification_open"} <= {b["code"] for b in told["barriers"]}
    given = hand_over(assessed, agree(assessed.person))
    (line,) = police.get("/api/v1/victims/statements").json()
    assert line["reference"] == given.reference
    one = police.get(f"/api/v1/victims/statements/{given.reference}").json()
    assert [field["field"] for field in one["fields"]] == ["names", "languages", "account"]
    assert assessed.code not in str(one) and assessed.person.code not in str(one)
    assert police.get("/api/v1/victims/statements/ST-0000-0000").status_code == 404
    assert police.get(address).status_code == 403
    assert client.get("/api/v1/victims/statements").status_code == 403
