# SPDX-License-Identifier: EUPL-1.2
"""Two files of one person are joined, and parted again with everything where it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.people import consenting, joining
from mostovi.people import services as people
from mostovi.people.joining import CannotJoin
from mostovi.people.models import Consent, ConsentEvent, Person, PersonName, SearchToken
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


def registered(actor, family, year=1990):
    return people.register(
        actor,
        single={"birth": {"precision": "year", "year": year}, "sex": "female", "languages": ["ar"]},
        names=[{"parts": [["given", "Layla"], ["family", family]], "script": "Latn"}],
        contacts=[],
    )


@pytest.fixture
def officer(acting):
    return acting(Role.ANTI_TRAFFICKING_COORDINATOR)


@pytest.fixture
def both(officer):
    first, second = registered(officer, "Haddad"), registered(officer, "Hadad")
    for person in (first, second):
        cases.open_case(officer, person=person, case_type="family", urgency="soon", summary="s")
    consenting.give(
        officer, second, purpose=Purpose.PROTECTION, receiver="ba", fields=["names"],
        language="ar", means="oral", expires_at=NOW + timedelta(days=90),
    )  # fmt: skip
    return first, second


def picture():
    """Which row belongs to whom, in every room."""
    return {
        model.__name__: sorted(map(str, model.objects.values_list("pk", "person")))
        for model in (Case, Consent, ConsentEvent, SearchToken, PersonName)
    }


def test_joined_files_are_read_as_one_and_parted_without_loss(officer, both):
    first, second = both
    before = picture()
    row = joining.join(officer, first, second, reason="Same fingerprint of a scar, same mother")
    assert Case.objects.filter(person=first).count() == 2
    with pytest.raises(Person.DoesNotExist):
        people.find(officer, second.code)
    assert [found.pk for found, _ in people.search(officer, "Hadad")][0] == first.pk
    again = joining.part(officer, row, reason="Two sisters")
    assert again.pk == second.pk
    assert picture() == before
    assert people.find(officer, second.code) == second
    with pytest.raises(CannotJoin):
        joining.part(officer, row, reason="Once more")


def test_what_happened_since_goes_where_it_belongs(officer, both):
    first, second = both
    row = joining.join(officer, first, second, reason="One person")
    consent = Consent.objects.get()
    consenting.withdraw(officer, consent)
    since = cases.open_case(officer, person=first, case_type="family", urgency="soon")
    theirs = cases.open_case(officer, person=first, case_type="family", urgency="soon")
    joining.part(officer, row, reason="Two", also={"cases.case": [str(theirs.pk)]})
    since.refresh_from_db()
    theirs.refresh_from_db()
    assert (since.person_id, theirs.person_id) == (first.pk, second.pk)
    assert set(ConsentEvent.objects.values_list("person", flat=True)) == {second.pk}


def test_files_that_must_not_be_joined(officer, both, acting):
    first, second = both
    child = registered(officer, "Haddad", 2015)
    with pytest.raises(CannotJoin, match="age"):
        joining.join(officer, first, child, reason="x")
    with pytest.raises(CannotJoin):
        joining.join(officer, first, first, reason="x")
    with pytest.raises(CannotJoin):
        joining.join(officer, first, second, reason=" ")
    stranger = acting(Role.SOCIAL_WORKER, unit="centre")
    with pytest.raises(Person.DoesNotExist):
        joining.join(stranger, first, second, reason="x")


def test_erasing_the_person_erases_the_joined_file_too(officer, both):
    first, second = both
    joining.join(officer, first, second, reason="One person")
    people.erase(Actor.system(Purpose.GOVERNANCE), first, reason="own_wish")
    second.refresh_from_db()
    assert second.erased_at is not None
    assert not PersonName.objects.exists()


def test_joining_and_parting_through_the_pages(officer, both, signed_in):
    first, second = both
    client = signed_in(officer)
    url = f"/people/{first.code}/joining/"
    wrong = client.post(url, {"other": "ME-0000-0000", "reason": "Same scar"})
    assert wrong.status_code == 422 and "Same scar" in wrong.content.decode()
    assert client.post(url, {"other": second.code, "reason": "Same scar"}).status_code == 302
    assert second.code in client.get(url).content.decode()
    pk = joining.of_person(first)[0].row.pk
    assert client.post(f"{url}{pk}/part/", {"reason": ""}).status_code == 422
    parted = client.post(f"{url}{pk}/part/", {"reason": "Two sisters"})
    assert parted["Location"] == f"/people/{second.code}/"
