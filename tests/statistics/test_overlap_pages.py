# SPDX-License-Identifier: EUPL-1.2
"""Pages of counts with another partner: who sees them, what they say, what they let do."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape
from uuid import uuid4

import pytest
from django.utils.html import strip_tags

from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.statistics import overlap_services, today
from mostovi.statistics.models import OverlapRound
from mostovi.statistics.overlap_rounds import State
from tests.statistics.counted import counted as calculated
from tests.statistics.other_partner import OtherPartner
from tests.statistics.test_overlaps import LAST, proposed_by

pytestmark = pytest.mark.django_db
LIST, NEW = "/statistics/overlaps/", "/statistics/overlaps/new/"


@pytest.fixture
def partner(db):
    return OtherPartner.met("ba", datetime.now(UTC))


@pytest.fixture
def asked(partner):
    """A proposal of the partner's waits here."""
    _, number, _ = proposed_by(partner, first=LAST.back(2))
    return OverlapRound.objects.get(pk=number)


def text(answer) -> str:
    return " ".join(unescape(strip_tags(answer.content.decode())).split())


def url(row) -> str:
    return f"{LIST}{row.pk}/"


def test_a_proposal_waits_for_the_statistician_and_is_agreed(asked, partner, browser):
    client = browser(Role.STATISTICIAN)
    assert "Bosnia and Herzegovina proposes a count" in text(client.get("/"))
    shown = text(client.get(url(asked)))
    for said in ("Proposed, not yet answered", "If you agree, this node reads names and years",
                 "Not yet checked: rules and quality", "49 give equal results"):  # fmt: skip
        assert said in shown
    answer = client.post(url(asked), {"do": "agree"}, follow=True)
    assert "The two nodes count now" in text(answer)
    assert "If you end it now, nothing has left" in text(answer)
    asked.refresh_from_db()
    assert asked.state == State.AGREED and asked.decided_by is not None
    assert "proposes a count" not in text(client.get("/"))
    again = client.post(url(asked), {"do": "agree"})
    assert again.status_code == 409
    assert "It has been decided already." in text(again)


def test_declining_without_a_reason_keeps_the_page(asked, browser):
    client = browser(Role.STATISTICIAN)
    answer = client.post(url(asked), {"do": "decline", "words": " "})
    assert answer.status_code == 422
    assert "Say why" in text(answer)
    answer = client.post(url(asked), {"do": "decline", "words": "Not complete."}, follow=True)
    assert "Declined" in text(answer) and "Not complete." in text(answer)


def test_proposing(partner, browser):
    client = browser(Role.STATISTICIAN)
    given = {"peer": "ba", "first": str(LAST.back(1)), "last": str(LAST), "population": "files"}
    wrong = client.post(NEW, {**given, "first": str(LAST), "last": str(LAST.back(1))})
    assert wrong.status_code == 422
    assert "The last month lies before the first one." in text(wrong)
    answer = client.post(NEW, given, follow=True)
    assert "Proposed. The partner's statistician decides now." in text(answer)
    assert "People whose file was opened" in text(answer)
    again = client.post(NEW, given)
    assert again.status_code == 422
    assert "A round with this partner is under way." in text(again)
    row = OverlapRound.objects.get()
    answer = client.post(url(row), {"do": "withdraw"}, follow=True)
    assert "Ended, and the partner is told." in text(answer)
    OverlapRound.objects.update(sent_at=datetime.now(UTC))
    used = client.post(NEW, given)
    assert "two sizes would tell whether the other partner knows this person" in text(used)
    for wrong in ({"peer": "rs"}, {"first": "1999-01"}, {"population": "everybody"}):
        assert client.post(NEW, {**given, **wrong}).status_code == 422


@pytest.mark.parametrize("role", [Role.SECRETARIAT, Role.PARTNER_FOCAL_POINT,
                                  Role.DATA_PROTECTION_OFFICER])  # fmt: skip
def test_others_read_and_do_nothing(asked, browser, role):
    client = browser(role)
    assert "Bosnia and Herzegovina" in text(client.get(LIST))
    assert "Propose a count" not in text(client.get(LIST))
    shown = client.get(url(asked)).content.decode()
    assert 'value="agree"' not in shown
    assert client.post(url(asked), {"do": "agree"}).status_code == 403
    assert client.get(NEW).status_code == 403
    asked.refresh_from_db()
    assert asked.state == State.PROPOSED


@pytest.mark.parametrize("role", [Role.ANALYST, Role.INVESTIGATOR, Role.ADMINISTRATOR,
                                  Role.ANTI_TRAFFICKING_COORDINATOR])  # fmt: skip
def test_nobody_else_learns_of_rounds(asked, browser, role):
    client = browser(role)
    for address in (LIST, NEW, url(asked), f"{LIST}{uuid4()}/"):
        assert client.get(address).status_code == 403
    actor = Actor(uuid4(), role, Purpose.STATISTICS)
    assert [one for one in today.waiting(actor, datetime.now(UTC)) if "overlaps" in one.url] == []


def test_a_round_that_is_not_there(partner, browser):
    assert browser(Role.STATISTICIAN).get(f"{LIST}{uuid4()}/").status_code == 404


def test_the_secretariats_node_says_why_it_has_none(at_secretariat, browser):
    client = browser(Role.SECRETARIAT)
    assert "This node holds no persons and has nobody to count." in text(client.get(LIST))


def counted(asked, **values):
    OverlapRound.objects.filter(pk=asked.pk).update(
        ended_at=datetime.now(UTC), sent_at=datetime.now(UTC), **values
    )


def test_what_was_counted_stands_on_its_pages_and_in_the_report(asked, browser, acting):
    counted(asked, state=State.COUNTED, value=51, low=38, high=64)
    client = browser(Role.STATISTICIAN)
    for address in (LIST, url(asked)):
        assert "about 51 (38 to 64)" in text(client.get(address))
    actor = acting(Role.STATISTICIAN)
    done = overlap_services.counted(actor, LAST.back(11))
    told = overlap_services.duplicates(done)
    ((key, found),) = told.items()
    assert key == f"ba {LAST.back(2)}/{LAST}"
    assert (found.value, found.low, found.high) == (51, 38, 64)
    assert overlap_services.counted(actor, LAST.next()) == []


def test_the_quality_page_tells_what_was_counted(asked, browser):
    counted(asked, state=State.COUNTED, value=51, low=38, high=64)
    shown = text(calculated(browser(Role.STATISTICIAN), "/statistics/tables/quality/"))
    assert "people counted by both partners: about 51 (38 to 64)" in shown
    assert "no private matching round" not in shown


def test_too_few_have_no_number_on_any_page(asked, browser, acting):
    counted(asked, state=State.TOO_FEW)
    client = browser(Role.STATISTICIAN)
    shown = text(client.get(url(asked)))
    assert "too few people for a number" in shown
    assert "Which of these it is, neither side learns." in shown
    assert "too few people for a number" in text(client.get(LIST))
    done = overlap_services.counted(acting(Role.STATISTICIAN), LAST.back(11))
    assert list(overlap_services.duplicates(done).values()) == [None]


def test_a_lost_round_says_why_and_that_it_is_not_run_again(asked, browser):
    counted(asked, state=State.LOST, reason="not_as_agreed")
    shown = text(browser(Role.STATISTICIAN).get(url(asked)))
    assert "The other node sent something that is not as agreed." in shown
    assert "These months are not counted with this partner again." in shown
