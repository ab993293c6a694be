# SPDX-License-Identifier: EUPL-1.2
"""Persons: who sees whom, search in every script, edits that never overwrite, copy and erasure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mostovi.people import disclosures, keeping, services
from mostovi.people.disclosures import Disclosure
from mostovi.people.fields import InvalidField
from mostovi.people.merging import Outcome, UnknownBase
from mostovi.people.models import (
    Conflict,
    ContactPoint,
    FieldVersion,
    Person,
    PersonName,
    SearchToken,
)
from mostovi.people.services import ChangeReused, FieldChange
from mostovi.rights.access import Actor, Refused
from mostovi.rights.audit import AuditTag
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.services import verify_chain
from mostovi.rights.vault import KeyDestroyed, vault

pytestmark = pytest.mark.django_db

Acting = Callable[..., Actor]


def name(text: str, **more: Any) -> dict[str, Any]:
    """A name of one part, or `Given Family`."""
    words = text.split()
    parts = [["given", words[0]]] + [["family", word] for word in words[1:]]
    return {"parts": parts, **more}


def wish(field: str, base: int, value: Any) -> FieldChange:
    return FieldChange(field=field, base=base, value=value, id=uuid4())


@pytest.fixture
def worker(acting: Acting) -> Actor:
    return acting(Role.SOCIAL_WORKER)


@pytest.fixture
def person(worker: Actor) -> Person:
    return services.register(
        worker,
        single={"birth": {"precision": "year", "year": 1994}, "sex": "female", "languages": ["ar"]},
        names=[name("محمد الحاج"), name("Muhamed Hadžić", usage="document")],
        contacts=[{"kind": "phone", "value": "+382 67 123 456", "safe": "ask_first"}],
    )


def test_identity_is_not_stored_in_clear(person: Person) -> None:
    stored = b"".join(
        bytes(row.sealed)
        for model in (Person, PersonName, ContactPoint)
        for row in model._default_manager.all()
    )
    for secret in ("Hadžić", "محمد", "67 123"):
        assert secret.encode() not in stored
    assert person.birth_year == 1994
    tokens = {bytes(row.token) for row in SearchToken.objects.all()}
    assert tokens and not any(b"hadz" in token for token in tokens)


@pytest.mark.parametrize(
    ("role", "unit", "sees"),
    [
        (Role.SOCIAL_WORKER, "border", True),
        (Role.SOCIAL_WORKER, "centre", False),
        (Role.FIRST_RESPONDER, "border", True),
        (Role.FIRST_RESPONDER, "centre", False),
        (Role.ANTI_TRAFFICKING_COORDINATOR, "centre", True),
        # The same kind of right, another purpose: not there (R1).
        (Role.ASYLUM_OFFICER, "border", False),
        # A guardian sees only those entrusted to them.
        (Role.GUARDIAN, "border", False),
    ],
)
def test_who_sees_a_person(
    person: Person, acting: Acting, role: Role, unit: str, sees: bool
) -> None:
    actor = acting(role, unit=unit)
    if sees:
        assert services.find(actor, person.code) == person
        assert services.read(actor, person).person == person
        assert [found for found, _ in services.search(actor, "Hadzic")] == [person]
    else:
        with pytest.raises(Person.DoesNotExist):
            services.find(actor, person.code)
        with pytest.raises(Person.DoesNotExist):
            services.read(actor, person)
        assert services.search(actor, "Hadzic") == []
        assert services.search(actor, person.code) == []
        assert services.glances(actor, [person]) == {}


@pytest.mark.parametrize(
    "role",
    [
        Role.ADMINISTRATOR, Role.RETURN_OFFICER, Role.INVESTIGATOR, Role.PERMIT_OFFICER,
        Role.STATISTICIAN, Role.DATA_PROTECTION_OFFICER, Role.PERSON,
    ],
)  # fmt: skip
def test_roles_without_the_right_are_refused_before_any_row(
    person: Person, acting: Acting, role: Role
) -> None:
    actor = Actor(uuid4(), role, Purpose.PROTECTION, "border")
    for verb in (
        lambda: services.find(actor, person.code),
        lambda: services.read(actor, person),
        lambda: services.search(actor, "Hadzic"),
        lambda: services.change(actor, person, changes=[]),
        lambda: services.export(actor, person),
        lambda: services.register(actor),
        lambda: services.issue_printed_code(actor, person),
    ):
        with pytest.raises(Refused):
            verb()


def test_a_guardian_reads_the_file_entrusted_to_them(
    person: Person, worker: Actor, acting: Acting
) -> None:
    guardian = acting(Role.GUARDIAN, unit="centre")
    services.entrust(worker, person, guardian_account=guardian.account)
    assert services.read(guardian, person).person == person


@pytest.mark.parametrize(
    "query",
    [
        "Hadžić", "hadzic", "Хаџић", "ХАЏИЋ", "Hadz", "Muhamed", "Mohammed", "Muhammad Hadžić",
        "محمد", "مُحَمَّد", "Мухамед", "067 123 456", "+38267123456", "٠٦٧١٢٣٤٥٦", "al-Haj",
    ],
)  # fmt: skip
def test_search_finds_a_person_in_any_script(person: Person, worker: Actor, query: str) -> None:
    services.register(worker, names=[name("Amina Begić")])
    assert [found for found, _ in services.search(worker, query)] == [person]


def test_search_by_code_tolerates_how_people_write_it(person: Person, worker: Actor) -> None:
    typed = person.code.lower().replace("-", " ").replace("0", "o").replace("1", "i")
    assert [found for found, _ in services.search(worker, typed)] == [person]


def test_search_puts_exact_words_before_similar_ones(worker: Actor) -> None:
    similar = services.register(worker, names=[name("Mehmed Alić")])
    exact = services.register(worker, names=[name("Muhamed Alić")])
    assert [found for found, _ in services.search(worker, "Muhamed")] == [exact, similar]


def test_reads_and_searches_stand_in_the_log_without_personal_data(
    person: Person, worker: Actor
) -> None:
    services.search(worker, "Hadžić")
    services.read(worker, person)
    entries = AuditEntry.objects.filter(handle=person.handle).order_by("sequence")
    tags = [entry.tag for entry in entries]
    assert tags == [
        AuditTag.PERSON_REGISTERED, AuditTag.PERSON_LISTED, AuditTag.PERSON_READ,
    ]  # fmt: skip
    written = " ".join(e.detail + e.handle + e.outcome for e in AuditEntry.objects.all())
    assert "Had" not in written and str(person.pk) not in written
    assert verify_chain()[1] == []


def test_few_queries_whatever_is_found(worker: Actor, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        services.register(worker, names=[name(f"Amir Begić{number}")])
    with django_assert_max_num_queries(20):
        assert len(services.search(worker, "Amir")) == 30
    person = services.search(worker, "Amir")[0][0]
    with django_assert_max_num_queries(20):
        services.read(worker, person)


def test_two_edits_of_one_version_end_in_one_conflict_and_lose_nothing(
    person: Person, worker: Actor, acting: Acting
) -> None:
    colleague = acting(Role.SOCIAL_WORKER)
    (first,) = services.change(worker, person, changes=[wish("notes", 0, "needs insulin")])
    (second,) = services.change(colleague, person, changes=[wish("notes", 0, "diabetes")])
    assert (first.outcome, second.outcome) == (Outcome.APPLIED, Outcome.CONFLICT)
    held = services.read(worker, person)
    assert held.single["notes"] == "needs insulin"
    (conflict,) = held.conflicts
    assert (conflict.kept, conflict.other) == ("needs insulin", "diabetes")
    assert conflict.kept_author == str(worker.account)
    services.settle(
        worker, person, conflict.row.pk, value="diabetes, needs insulin", reason="both are right"
    )
    held = services.read(worker, person)
    assert held.single["notes"] == "diabetes, needs insulin" and held.conflicts == []
    typed = [line["value"] for line in services.history(worker, person, "notes")]
    assert {"needs insulin", "diabetes", "diabetes, needs insulin"} <= set(typed)
    with pytest.raises(Conflict.DoesNotExist):
        services.settle(worker, person, conflict.row.pk, value="x", reason="again")


def test_a_field_left_alone_is_no_conflict(person: Person, worker: Actor) -> None:
    services.change(worker, person, changes=[wish("sex", 1, "male")])
    (result,) = services.change(worker, person, changes=[wish("sex", 1, "female")])
    assert result.outcome is Outcome.SAME
    assert services.read(worker, person).single["sex"] == "male"


def test_the_same_change_twice_changes_once(person: Person, worker: Actor) -> None:
    change = wish("notes", 0, "walks with a stick")
    first = services.change(worker, person, changes=[change])
    services.change(worker, person, changes=[wish("notes", 1, "walks well")])
    assert services.change(worker, person, changes=[change]) == first
    assert services.read(worker, person).single["notes"] == "walks well"
    with pytest.raises(ChangeReused):
        other = FieldChange(field="notes", base=0, value="else", id=change.id)
        services.change(worker, person, changes=[other])


def test_one_bad_change_stops_all_of_them(person: Person, worker: Actor) -> None:
    good, bad = wish("notes", 0, "fine"), wish("birth", 1, {"precision": "year", "year": 2099})
    with pytest.raises(InvalidField) as caught:
        services.change(worker, person, changes=[good, bad])
    assert (caught.value.field, caught.value.part) == ("birth", "year")
    assert services.read(worker, person).single.get("notes") is None
    with pytest.raises(UnknownBase):
        services.change(worker, person, changes=[wish("sex", 7, "male")])


def test_a_removed_name_is_found_no_longer_but_stays_in_the_history(
    person: Person, worker: Actor
) -> None:
    row = next(r for r in services.read(worker, person).names if "Hadžić" in r.name.written)
    services.change(worker, person, changes=[wish(row.field, 1, None)])
    assert services.search(worker, "Hadžić") == []
    assert services.history(worker, person, row.field)[0]["value"]["parts"][1][1] == "Hadžić"


def test_children_of_a_person_are_reached_only_through_that_person(
    person: Person, worker: Actor
) -> None:
    other = services.register(worker, names=[name("Amina")])
    row = services.read(worker, person).contacts[0]
    with pytest.raises(UnknownBase):
        services.change(worker, other, changes=[wish(row.field, 1, None)])
    assert len(services.read(worker, person).contacts) == 1


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["a", "b", "c", None])), min_size=1, max_size=7
    )
)
def test_nothing_typed_is_ever_lost(worker: Actor, edits: list[tuple[int, str | None]]) -> None:
    subject = services.register(worker)
    typed = set()
    for base, value in edits:
        try:
            services.change(worker, subject, changes=[wish("notes", base, value)])
        except UnknownBase:
            continue
        typed.add(value)
    # Emptying an empty field, or leaving it as it was, types nothing.
    kept = {line["value"] for line in services.history(worker, subject, "notes")} | {None}
    assert typed <= kept
    numbers = list(
        FieldVersion.objects.filter(person=subject)
        .order_by("number")
        .values_list("number", flat=True)
    )
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_copy_is_complete(person: Person, worker: Actor) -> None:
    services.change(worker, person, changes=[wish("notes", 0, "old"), wish("sex", 1, "other")])
    sent = Disclosure("ba", timezone.now(), "protection", ["names"], "consent")
    source = disclosures.register(lambda subject: [sent])
    try:
        copy = services.export(worker, person)
    finally:
        disclosures.unregister(source)
    assert copy["code"] == person.code
    assert copy["held"]["sex"] == "other"
    assert copy["held"]["contacts"][0]["value"] == "+382 67 123 456"
    assert {"محمد", "Hadžić"} <= {
        part[1] for held in copy["held"]["names"] for part in held["parts"]
    }
    assert [line["value"] for line in copy["history"]["sex"]] == ["female", "other"]
    assert copy["sent"][0]["receiver"] == "ba"


def test_erasure_leaves_nothing_that_says_who_it_was(
    person: Person, worker: Actor, django_capture_on_commit_callbacks: Any
) -> None:
    key, code = person.key_id, person.code
    officer = Actor.system(Purpose.GOVERNANCE)
    with django_capture_on_commit_callbacks(execute=True):
        services.erase(officer, person, reason="own_wish")
    person.refresh_from_db()
    assert not vault().holds(key)
    with pytest.raises(KeyDestroyed):
        person.values()
    assert not SearchToken.objects.filter(person=person).exists()
    assert not PersonName.objects.filter(person=person).exists()
    assert (person.birth_year, person.sex) == (None, "unknown")
    assert services.search(worker, code) == [] and services.search(worker, "Hadžić") == []
    with pytest.raises(Person.DoesNotExist):
        services.find(worker, code)


def test_a_duty_to_keep_stands_against_erasure(person: Person) -> None:
    duty = keeping.Duty("open_case", "Your case is open.", "law")
    source = keeping.register(lambda subject: [duty])
    try:
        with pytest.raises(services.MustBeKept) as caught:
            services.erase(Actor.system(Purpose.GOVERNANCE), person, reason="own_wish")
    finally:
        keeping.unregister(source)
    assert caught.value.duties == [duty]
    assert vault().holds(person.key_id)


def test_staff_of_a_case_cannot_erase(person: Person, worker: Actor) -> None:
    with pytest.raises(Refused):
        services.erase(worker, person, reason="own_wish")


def test_a_printed_code_opens_one_file_until_a_new_one_is_made(
    person: Person, worker: Actor
) -> None:
    code = services.issue_printed_code(worker, person)
    typed = code.lower().replace("-", " ")
    assert services.person_of_printed_code(typed) == person
    fresh = services.issue_printed_code(worker, person)
    assert services.person_of_printed_code(code) is None
    assert services.person_of_printed_code(fresh) == person
    assert services.revoke_printed_code(worker, person)
    assert services.person_of_printed_code(fresh) is None
    assert services.person_of_printed_code("nonsense") is None


def test_family_codes_out_of_reach_are_not_confirmed(person: Person, acting: Acting) -> None:
    stranger = acting(Role.SOCIAL_WORKER, unit="centre")
    relative = services.register(
        stranger,
        family=[{"relation": "sibling", "other": person.code}],
    )
    (row,) = services.read(stranger, relative).family
    assert row.value["other"] == person.code
    assert services.read(stranger, relative).family_codes == {}
