# SPDX-License-Identifier: EUPL-1.2
"""Referral to another unit of the same institution: no letter, and no more than was ticked."""

import pytest
from django.urls import reverse

from mostovi.cases import referring, within
from mostovi.cases import services as cases
from mostovi.cases.models import Case, Referral
from mostovi.exchange.models import OutboxLetter
from mostovi.people import consenting
from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db
FIELDS = ["names", "summary"]
SAFE = {"danger_to_life": "no", "own_view": "She feels safe here."}


@pytest.fixture
def worker(acting):
    return acting(Role.SOCIAL_WORKER, unit="border")


@pytest.fixture
def other(acting):
    return acting(Role.SOCIAL_WORKER, unit="centre")


@pytest.fixture
def case(adult, worker):
    return cases.open_case(
        worker, person=adult, case_type="other_vulnerable_adult", urgency="soon",
        summary="Slept outside for a week.",
    )  # fmt: skip


@pytest.fixture
def refer(case, worker, consent_to):
    def make(access="data"):
        referral = referring.draft(
            worker, case, service="unit.centre", need_codes=["shelter"], urgency="soon",
            fields=FIELDS, summary="Needs a bed.", risk=SAFE, access=access,
        )  # fmt: skip
        consent_to(case.person, FIELDS, receiver="unit-centre")
        seen = referring.outgoing(worker, referral).seen
        return referring.send(worker, referral, seen=seen)

    return make


def came(other):
    return referring.visible(other).get(direction="received")


def test_consent_comes_before_the_other_unit_is_asked(case, worker):
    referral = referring.draft(
        worker, case, service="unit.centre", need_codes=["shelter"], urgency="soon",
        fields=FIELDS, summary="Needs a bed.", risk=SAFE,
    )  # fmt: skip
    with pytest.raises(referring.NotPermitted):
        referring.send(worker, referral, seen=referring.outgoing(worker, referral).seen)
    assert Referral.objects.count() == 1


def test_the_other_unit_sees_only_what_was_ticked_and_no_letter_goes(refer, other, case):
    sent = refer()
    assert not OutboxLetter.objects.exists()
    assert (sent.procedure.state, bool(sent.delivered_at)) == ("acknowledged", True)
    data = referring.read(other, came(other))
    assert data["summary"] == "Needs a bed."
    assert "languages" not in data
    assert "outside" not in str(data)
    with pytest.raises(Case.DoesNotExist):
        cases.find(other, case.code)


def test_both_ends_have_the_same_steps_and_clocks(refer, worker, other):
    sent = refer()
    assert came(other).procedure.deadlines.filter(clock="answer", outcome="running").exists()
    referring.step(other, came(other), verb="ask", text="Does she smoke?")
    assert Referral.objects.get(pk=sent.pk).procedure.state == "asked"
    referring.step(worker, sent, verb="answer", text="No.")
    referring.step(other, came(other), verb="accept")
    meeting = {"day": "2026-12-01", "time": "9", "place": "Door", "who": "Ana", "safe_here": "yes"}
    referring.step(other, came(other), verb="arrange_meeting", answers=meeting)
    referring.step(
        worker, sent, verb="confirm_meeting",
        answers={"person_knows": "yes", "accompanied": "no"},
    )  # fmt: skip
    referring.step(other, came(other), verb="hand_over")
    referring.step(worker, sent, verb="call_for_feedback")
    referring.step(other, came(other), verb="give_feedback", text="Well.", code="service_given")
    referring.step(worker, sent, verb="close", code="completed")
    states = set(Referral.objects.values_list("procedure__state", flat=True))
    assert states == {"closed"}
    assert not OutboxLetter.objects.exists()
    assert not Referral.objects.filter(procedure__events__crossed=True).exists()


def test_after_acceptance_it_gets_no_more_when_that_was_decided(refer, other, case):
    refer(access="data")
    referring.step(other, came(other), verb="accept")
    with pytest.raises(Case.DoesNotExist):
        cases.find(other, case.code)


def test_after_acceptance_the_case_moves_when_that_was_decided(refer, worker, other, case):
    refer(access="case")
    with pytest.raises(Case.DoesNotExist):
        cases.find(other, case.code)
    referring.step(other, came(other), verb="accept")
    assert cases.find(other, case.code).holder == other.account
    with pytest.raises(Case.DoesNotExist):
        cases.find(worker, case.code)


def test_a_withdrawn_consent_ends_it_at_the_other_unit(refer, worker, other, case):
    refer()
    consent = case.person.consents.get()
    consenting.withdraw(worker, consent)
    assert referring.read(other, came(other)) is None
    sent = Referral.objects.get(direction="sent")
    assert (sent.procedure.state, bool(sent.withdrawal_confirmed_at)) == ("withdrawn", True)


@pytest.mark.parametrize("service", ["unit.border", "unit.attic", "me-shelter"])
def test_a_unit_cannot_refer_to_itself_or_to_nobody(case, worker, service):
    with pytest.raises(referring.InvalidReferral) as refused:
        referring.draft(
            worker, case, service=service, need_codes=["shelter"], urgency="soon",
            fields=FIELDS, summary="x",
        )  # fmt: skip
    assert refused.value.field == "service"


def test_the_pages_name_the_unit(signed_in, worker, other, refer):
    sent = refer()
    client = signed_in(worker)
    page = client.get(reverse("cases:referral", args=[sent.code])).content.decode()
    assert "Referral to Centre" in page
    page = signed_in(other).get(reverse("cases:referrals")).content.decode()
    assert "Border" in page
    assert within.peer_name("ba") == "BA"
