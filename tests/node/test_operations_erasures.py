# SPDX-License-Identifier: EUPL-1.2
"""A person erased after the backup was made stays erased in the restored database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from mostovi.node.erasures import erase_rows_again
from mostovi.people import keeping
from mostovi.people.models import Person, PersonName, SearchToken
from mostovi.people.registering import Draft, register_many
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from mostovi.rights.vault import vault

pytestmark = pytest.mark.django_db(transaction=True)


def two_persons(actor: Actor) -> tuple[Person, Person]:
    names = [{"parts": [["given", "Amina"], ["family", "Hodžić"]]}]
    first, second = register_many(actor, [Draft({}, names=names), Draft({}, names=names)])
    return first, second


def test_rows_of_an_erased_person_go_and_the_others_stay(acting: Callable[..., Actor]) -> None:
    erased, kept = two_persons(acting(Role.SOCIAL_WORKER))
    vault().destroy(erased.key_id)  # what a restore has done before Django starts
    assert erase_rows_again(timezone.now()) == (1, 0)
    erased.refresh_from_db()
    assert erased.erased_at is not None
    assert erased.sealed == b""
    assert set(PersonName.objects.values_list("person", flat=True)) == {kept.pk}
    assert set(SearchToken.objects.values_list("person", flat=True)) == {kept.pk}
    assert erase_rows_again(timezone.now()) == (0, 0)


def test_rows_wait_while_a_duty_stands(
    acting: Callable[..., Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    erased, _ = two_persons(acting(Role.SOCIAL_WORKER))
    vault().destroy(erased.key_id)
    duty = keeping.Duty("open_case", "An open case", "law")
    monkeypatch.setattr(keeping, "_sources", [lambda person: [duty]])
    assert erase_rows_again(timezone.now()) == (0, 1)
    erased.refresh_from_db()
    assert erased.erased_at is None
