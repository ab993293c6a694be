# SPDX-License-Identifier: EUPL-1.2
"""Case and referral pages as their users meet them."""

import pytest
from django.urls import reverse

from mostovi.cases import referring
from mostovi.cases.models import Case, Referral
from mostovi.exchange.models import OutboxLetter
from mostovi.rights.roles import Role
from tests.cases.conftest import FIELDS

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(signed_in, coordinator):
    return signed_in(coordinator)


def test_the_list_shows_names_in_their_own_script(client, case):
    page = client.get(reverse("cases:list")).content.decode()
    assert "ليلى حداد" in page
    assert case.code in page


def test_search_from_the_page(client, case):
    found = client.get(reverse("cases:list"), {"q": "Haddad"}).content.decode()
    assert case.code in found
    nothing = client.get(reverse("cases:list"), {"q": "Petrović"}).content.decode()
    assert case.code not in nothing
    assert "Nothing found" in nothing


def test_a_case_reads_from_top_to_bottom(client, case):
    page = client.get(reverse("cases:case", args=[case.code])).content.decode()
    headings = ("How to reach safely", "What has happened", "Where it stands", "Timeline")
    order = [page.index(heading) for heading in headings]
    assert order == sorted(order)
    assert "Was made to work without pay." in page


def test_another_units_case_looks_exactly_like_an_absent_one(signed_in, acting, case):
    stranger = signed_in(acting(Role.SOCIAL_WORKER, unit="centre"))
    hidden = stranger.get(reverse("cases:case", args=[case.code]))
    absent = stranger.get(reverse("cases:case", args=["ME-0000-0000"]))
    assert hidden.status_code == absent.status_code == 404
    scrubbed = hidden.content.replace(case.code.encode(), b"ME-0000-0000")
    assert len(scrubbed) == len(absent.content)


def test_a_note_that_cannot_be_written_stays_in_the_form(client, case):
    address = reverse("cases:note", args=[case.code])
    answer = client.post(address, {"text": "x" * 4001})
    assert answer.status_code == 422
    assert "x" * 4001 in answer.content.decode()


def test_opening_a_case_from_a_registered_person(client, adult):
    address = f"{reverse('cases:new')}?person={adult.code}"
    refused = client.post(address, {"summary": "A long story"})
    assert refused.status_code == 422
    assert "A long story" in refused.content.decode()
    wish = {"case_type": "family", "urgency": "soon", "summary": "A long story"}
    answer = client.post(address, wish)
    assert answer.status_code == 302
    assert Case.objects.get().case_type == "family"


def test_from_case_to_sent_referral(client, coordinator, case, neighbour, consent_to):
    answer = client.post(
        reverse("cases:refer", args=[case.code]),
        {
            "service": "ba-safe-house", "needs": ["shelter"], "urgency": "urgent",
            "fields_shared": FIELDS, "summary": "Needs a safe bed.",
        },
    )  # fmt: skip
    page = client.get(answer["Location"]).content.decode()
    assert "No consent for this receiver is recorded." in page
    assert "Send to BA" not in page
    assert not OutboxLetter.objects.exists()
    consent_to(case.person)
    page = client.get(answer["Location"]).content.decode()
    assert "Send to BA" in page
    seen = referring.outgoing(coordinator, Referral.objects.get()).seen
    assert seen in page
    client.post(reverse("cases:send", args=[Referral.objects.get().code]), {"seen": seen})
    assert OutboxLetter.objects.count() == 1


def test_sending_a_page_that_is_out_of_date_shows_it_again(
    client, coordinator, case, neighbour, consent_to
):
    referral = referring.draft(
        coordinator, case, service="ba-safe-house", need_codes=["shelter"], urgency="soon",
        fields=["names"], summary="",
    )  # fmt: skip
    consent_to(case.person)
    address = reverse("cases:send", args=[referral.code])
    page = client.post(address, {"seen": "something else"}, follow=True).content.decode()
    assert "Look again" in page
    assert not OutboxLetter.objects.exists()


def test_pages_stay_within_their_budget(client, coordinator, case, neighbour, statements):
    referring.draft(
        coordinator, case, service="ba-safe-house", need_codes=["shelter"], urgency="soon",
        fields=["names"], summary="",
    )  # fmt: skip
    for address in (
        reverse("cases:list"),
        reverse("cases:list") + "?q=Haddad",
        reverse("cases:case", args=[case.code]),
        reverse("cases:referrals"),
        reverse("cases:referral", args=[Referral.objects.get().code]),
    ):
        sent = statements(lambda address=address: client.get(address))
        assert len(sent) <= 20, (address, sent)
