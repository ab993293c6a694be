# SPDX-License-Identifier: EUPL-1.2
"""Whoever searches for a child, or is part of the search, never answers for the child."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from django.urls import reverse

from mostovi.cases.children import guardians
from mostovi.cases.models import Case
from mostovi.node.models import Account, Membership
from mostovi.rights.roles import Role
from mostovi.tracing import answering
from mostovi.tracing.models import Side, TracingMatch

pytestmark = pytest.mark.django_db
YES = {
    "language": "fa", "means": "oral", "guardian_name": "Vera Petrović",
    "guardian_relation": "guardian", "child_view": "He wants to hear her voice.",
}  # fmt: skip


def account() -> UUID:
    row = Account.objects.create(username=uuid4().hex[:12], display_name="Vera Petrović")
    Membership.objects.create(
        account=row, role=Role.GUARDIAN.value, unit="border", granted_by=UUID(int=0)
    )
    return row.pk


@pytest.fixture
def appoint(acting, boy):
    def do(**more):
        case = Case.objects.get(pk=boy.pk)
        guardians.appoint(
            acting(Role.SOCIAL_WORKER), case, kind="temporary", from_day=date(2026, 1, 1),
            act="12/26", authority="Centre for social work", declared="none",
            **{"name": "Vera Petrović", **more},
        )  # fmt: skip

    return do


def refused(coordinator, match) -> bool:
    answering.ask_person(coordinator, match, reason="It may be him.")
    try:
        answering.answer_yes(coordinator, match, **YES)
    except answering.InvalidAnswer as error:
        assert error.field == "guardian_name"
        assert not TracingMatch.objects.filter(side=Side.SEEKER).exists()
        return True
    return False


def test_a_guardian_apart_from_the_search_answers(coordinator, proposed, appoint):
    appoint(account=account())
    assert not refused(coordinator, proposed)


def test_an_account_that_wrote_the_search_down_does_not(coordinator, proposed, search, appoint):
    guardian = account()
    type(search).objects.filter(pk=search.pk).update(created_by=guardian)
    appoint(account=guardian)
    assert refused(coordinator, proposed)


def test_the_guardian_of_who_searches_does_not(coordinator, proposed, search, appoint):
    guardian = account()
    type(search.person).objects.filter(pk=search.person_id).update(guardian_account=guardian)
    appoint(account=guardian)
    assert refused(coordinator, proposed)


def test_a_guardian_with_a_file_here_who_searches_does_not(coordinator, proposed, search, appoint):
    appoint(relative=search.person.code)
    assert refused(coordinator, proposed)


def test_a_guardian_who_is_named_in_the_search_does_not(coordinator, proposed, appoint):
    """Also when the officer writes another name: the appointed one stands until it ends."""
    appoint(name="Захра Рахими")
    assert refused(coordinator, proposed)


def test_the_page_says_so_before_anybody_asks(signed_in, acting, proposed, search, appoint):
    client = signed_in(acting(Role.ANTI_TRAFFICKING_COORDINATOR))
    page = reverse("tracing:match", args=[proposed.code])
    said = "The child's guardian cannot answer here."
    assert said not in client.get(page).content.decode()
    appoint(relative=search.person.code)
    assert said in client.get(page).content.decode()


@pytest.mark.parametrize(("language", "word"), [("en", "Mother"), ("sr", "Мајка")])
def test_who_searches_is_said_in_the_readers_language(signed_in, acting, proposed, language, word):
    client = signed_in(acting(Role.ANTI_TRAFFICKING_COORDINATOR))
    client.cookies["mostovi_me_language"] = language
    page = client.get(reverse("tracing:match", args=[proposed.code])).content.decode()
    assert f"<strong>{word}</strong>" in page
