# SPDX-License-Identifier: EUPL-1.2
"""Verbs on persons: register, find, read, search, change, settle, copy, erase.

Every verb takes the actor first, asks `rights` once, works only on rows within the actor's scope
and purpose, and writes what it did into the audit chain. A person who may not be seen and one who
does not exist raise the same `Person.DoesNotExist`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from mostovi.people import codes, disclosures, fields, keeping, names
from mostovi.people.birth import Birth
from mostovi.people.consenting import consents_as_json
from mostovi.people.editing import (
    ChangeResult,
    ChangeReused,
    FieldChange,
    change,
    history,
    history_of,
    settle,
)
from mostovi.people.file import Glance, NameRow, OpenConflict, PersonFile, Row
from mostovi.people.models import (
    AgeCertainty,
    Conflict,
    ContactPoint,
    FamilyLink,
    FieldVersion,
    Person,
    PersonCode,
    PersonName,
    ReceivedChange,
    SearchToken,
    Sex,
)
from mostovi.people.reach import again, find, visible
from mostovi.people.registering import (
    ROW_MODELS,
    Draft,
    NodeHoldsNoPersons,
    register,
    register_many,
)
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import destroy_subject, record, record_all, record_many
from mostovi.rights.storage import lines, opened, opened_lines
from mostovi.rights.vault import vault

__all__ = [
    "ChangeResult", "ChangeReused", "Draft", "FieldChange", "MustBeKept", "NodeHoldsNoPersons",
    "again", "change", "complete_copy", "entrust", "erase", "erase_at_end", "export", "find",
    "glances", "glances_of", "history", "issue_printed_code", "matching", "opened_file",
    "person_of_printed_code", "printed_token", "read", "register", "register_many",
    "revoke_printed_code", "search", "settle", "visible",
]  # fmt: skip

SEARCH_LIMIT = 50


class MustBeKept(Exception):
    """Erasure is refused while `duties` stand."""

    def __init__(self, duties: Sequence[keeping.Duty]) -> None:
        super().__init__("; ".join(duty.code for duty in duties))
        self.duties = list(duties)


# --- Read --------------------------------------------------------------------------------------


@transaction.atomic
def read(actor: Actor, person: Person, *, also: Sequence[tuple[AuditTag, str]] = ()) -> PersonFile:
    """Open the whole file. `also` are events of the same reading, logged together with it."""
    person = again(actor, person, Action.READ)
    held = opened_file(person)
    record_all(actor, [(AuditTag.PERSON_READ, person.handle), *also])
    return held


def opened_file(person: Person) -> PersonFile:
    """The whole file. The caller has decided that it may be read, and logs it."""
    values = person.values()
    rows: dict[str, list[Any]] = {kind: [] for kind in fields.LISTS}
    found = {
        kind: opened(model._default_manager.filter(person=person))
        for kind, model in ROW_MODELS.items()
    }
    written: Mapping[str, Mapping[str, Any]] = values["versions"]
    versions = {name: 1 for name, value in values["single"].items() if value is not None}
    family_codes: dict[str, UUID] = {}
    for kind, pairs in found.items():
        for row, value in pairs:
            name = f"{kind}.{row.pk}"
            number = written.get(name, {}).get("number", 1)
            versions[name] = number
            rows[kind].append((NameRow if kind == "name" else Row)(name, value or {}, number))
            if isinstance(row, FamilyLink) and row.other_id:
                family_codes[name] = row.other_id
    versions.update({name: line["number"] for name, line in written.items()})
    part = PersonFile(
        person, values["single"], rows["name"], rows["contact"], rows["family"], versions,
        family_codes=family_codes,
    )  # fmt: skip
    return PersonFile(
        person, part.single, part.names, part.contacts, part.family, versions,
        _open_conflicts(part, written), family_codes,
    )  # fmt: skip


def _open_conflicts(
    part: PersonFile, written: Mapping[str, Mapping[str, Any]]
) -> list[OpenConflict]:
    person = part.person
    waiting = opened(Conflict.objects.filter(person=person, settled_by__isnull=True))
    found = []
    for row, values in waiting:
        line = written.get(row.field)
        at = datetime.fromisoformat(line["at"]) if line else person.created_at
        author = line["author"] if line else str(person.created_by)
        found.append(
            OpenConflict(row, part.value(row.field), author, at, (values or {}).get("value"))
        )
    return found


@transaction.atomic
def glances(
    actor: Actor, people: Sequence[Person], *, also: Sequence[tuple[AuditTag, str]] = ()
) -> dict[UUID, Glance]:
    """Short forms of many persons at once (three queries), logged as read one by one.

    Persons out of the actor's reach are missing from the answer. `also` are events of the same
    reading, such as the cases that a list shows them with, written into the log together.
    """
    return glances_of(actor, [person.pk for person in people], also=also)


@transaction.atomic
def glances_of(
    actor: Actor, keys: Collection[UUID], *, also: Sequence[tuple[AuditTag, str]] = ()
) -> dict[UUID, Glance]:
    """`glances` of persons of whom only the keys are known (relatives in a file)."""
    found = _glances(visible(actor, Action.READ).filter(pk__in=keys))
    handle = vault().handle
    seen = [(AuditTag.PERSON_LISTED, handle("person", key)) for key in found]
    if seen or also:
        record_all(actor, [*seen, *also])
    return found


def _glances(reach: QuerySet[Person]) -> dict[UUID, Glance]:
    people = lines(reach, "code", "sex", "synthetic")
    name_rows = PersonName.objects.filter(person__in=[line[0] for line in people])
    rows, files = opened_lines((PersonName, lines(name_rows, "person_id")), (Person, people))
    by_person: dict[UUID, list[names.PersonName]] = {}
    for (*_, person), value in rows:
        if value is not None:
            by_person.setdefault(person, []).append(names.PersonName.from_stored(value))
    found = {}
    for (key, _, _, code, sex, synthetic), value in files:
        single = (value or {}).get("single", {})
        listed = names.best_first(by_person.get(key, []))
        found[key] = Glance(
            code=code, name=listed[0] if listed else None,
            birth=Birth.from_json(single.get("birth")), sex=sex, names=listed,
            synthetic=synthetic, erased=value is None,
        )  # fmt: skip
    return found


# --- Search ------------------------------------------------------------------------------------


@transaction.atomic
def search(actor: Actor, text: str, *, limit: int = SEARCH_LIMIT) -> list[tuple[Person, Glance]]:
    """Persons by code, phone number, or name in any script, best first, at most `limit`.

    Whole words come before beginnings, those before skeletons. What was searched for is not
    logged, only that somebody searched and whom they saw.
    """
    reach = visible(actor, Action.READ).filter(erased_at=None)
    people = _matching(reach, text.strip()[: names.MAX_LENGTH], limit)
    found = _glances(reach.filter(pk__in=[person.pk for person in people]))
    record(actor, AuditTag.PERSON_SEARCHED, detail={"found": len(people)})
    if people:
        record_many(actor, AuditTag.PERSON_LISTED, handles=[person.handle for person in people])
    return [(person, found[person.pk]) for person in people if person.pk in found]


@transaction.atomic
def matching(
    actor: Actor, text: str, *, among: Exists | None = None, limit: int = SEARCH_LIMIT
) -> list[UUID]:
    """Persons that `search` would find, without opening a file: for lists of what is theirs.

    `among` narrows it to persons with something, such as a case, so that the limit falls on them.
    """
    reach = visible(actor, Action.READ).filter(erased_at=None)
    if among is not None:
        reach = reach.filter(among)
    people = _matching(reach, text.strip()[: names.MAX_LENGTH], limit)
    record(actor, AuditTag.PERSON_SEARCHED, detail={"found": len(people)})
    return [person.pk for person in people]


def _matching(reach: QuerySet[Person], text: str, limit: int) -> list[Person]:
    if not text:
        return []
    if codes.looks_like_record_code(text):
        return list(reach.filter(code=codes.parse_record_code(text)))
    phone = names.phone_tokens(text)
    if phone and not any(character.isalpha() for character in text):
        return list(_holding(reach, [phone])[:limit])
    words = names.query_tokens(text)
    sizes = _sizes(set().union(*words))
    found: dict[UUID, Person] = {}
    before: list[set[str]] = []
    for kinds in ("w", "wp", "wpk"):
        tier = [{token for token in word if token[0] in kinds and token in sizes} for word in words]
        if not all(tier) or len(found) >= limit or tier == before:
            continue
        tier.sort(key=lambda tokens: sum(sizes[token] for token in tokens))
        fresh = _holding(reach, tier).exclude(pk__in=list(found))
        found.update({person.pk: person for person in fresh[: limit - len(found)]})
        before = tier
    return list(found.values())


def _sizes(tokens: Collection[str]) -> dict[str, int]:
    """How many rows hold each token; those that nobody holds are left out."""
    blinded = {vault().blind(token): token for token in tokens}
    counted = SearchToken.objects.filter(token__in=list(blinded)).values("token")
    return {
        blinded[bytes(token)]: size
        for token, size in counted.annotate(size=Count("pk")).values_list("token", "size")
    }


def _holding(reach: QuerySet[Person], wanted: Sequence[set[str]]) -> QuerySet[Person]:
    """Persons with at least one token of each set; the rarest set comes first.

    The sets are cut with each other in the index of tokens, so that only persons who hold all are
    looked at.
    """
    first, *others = [[vault().blind(token) for token in sorted(tokens)] for tokens in wanted]
    holders = SearchToken.objects.filter(token__in=first)
    for tokens in others:
        same = SearchToken.objects.filter(person=OuterRef("person"), token__in=tokens)
        holders = holders.filter(Exists(same))
    return reach.filter(pk__in=holders.values("person_id"))


# --- Entrust -----------------------------------------------------------------------------------


@transaction.atomic
def entrust(actor: Actor, person: Person, *, guardian_account: UUID | None) -> None:
    """Name the account of the person's guardian, who from then on reads the file as their own."""
    person = again(actor, person, Action.CHANGE, lock=True)
    if guardian_account == actor.account:
        raise ValueError("Nobody can entrust a file to themselves.")
    person.guardian_account = guardian_account
    person.save(update_fields=["guardian_account"])
    record(actor, AuditTag.PERSON_ENTRUSTED, handle=person.handle)


# --- The printed code --------------------------------------------------------------------------


@transaction.atomic
def issue_printed_code(actor: Actor, person: Person, *, now: datetime | None = None) -> str:
    """Make a new printed code, shown this once; an earlier one stops working at once."""
    person = again(actor, person, Action.CHANGE, lock=True)
    moment = now or timezone.now()
    person.printed_codes.filter(revoked_at=None).update(revoked_at=moment)
    code = codes.new_printed_code()
    PersonCode.objects.create(
        person=person, token=printed_token(code), issued_at=moment, issued_by=actor.account
    )
    record(actor, AuditTag.PRINTED_CODE_ISSUED, handle=person.handle)
    return code


@transaction.atomic
def revoke_printed_code(actor: Actor, person: Person, *, now: datetime | None = None) -> bool:
    """Stop the printed code (lost, taken away); whether there was one."""
    person = again(actor, person, Action.CHANGE, lock=True)
    stopped = person.printed_codes.filter(revoked_at=None).update(revoked_at=now or timezone.now())
    record(actor, AuditTag.PRINTED_CODE_REVOKED, handle=person.handle)
    return bool(stopped)


def printed_token(code: str) -> bytes:
    """What is stored of a printed code. With 75 random bits and a key it cannot be guessed."""
    return vault().blind(f"printed:{code}")


def person_of_printed_code(text: str) -> Person | None:
    """The person whose valid printed code this is; None for wrong, revoked and erased alike.

    The lookup is by keyed token, so its time tells nothing about how close a guess came.
    """
    try:
        token = printed_token(codes.parse_printed_code(text))
    except codes.CodeError:
        token = printed_token("no code")
    row = (
        PersonCode.objects.select_related("person")
        .filter(token=token, revoked_at=None, person__erased_at=None)
        .first()
    )
    return row.person if row else None


# --- Copy and erase ----------------------------------------------------------------------------


@transaction.atomic
def export(actor: Actor, person: Person, *, now: datetime | None = None) -> dict[str, Any]:
    """A complete machine-readable copy: what is held, where it came from, to whom it went."""
    person = again(actor, person, Action.EXPORT)
    copy = complete_copy(person, now or timezone.now())
    record(actor, AuditTag.PERSON_EXPORTED, handle=person.handle)
    return copy


def complete_copy(person: Person, now: datetime) -> dict[str, Any]:
    """The copy itself. The caller has decided that it may be made, and logs it."""
    held = opened_file(person)
    names_of_fields = sorted(
        set(held.versions)
        | set(FieldVersion.objects.filter(person=person).values_list("field", flat=True))
        | set(Conflict.objects.filter(person=person).values_list("field", flat=True))
    )
    return {
        "format": "mostovi.person.v1",
        "made_at": now.isoformat(),
        "node": settings.MOSTOVI.code,
        "code": person.code,
        "purpose": person.purpose,
        "unit": person.unit,
        "registered_at": person.created_at.isoformat(),
        "changed_at": person.changed_at.isoformat(),
        "synthetic": person.synthetic,
        "held": {
            **held.single,
            "names": [row.value for row in held.names],
            "contacts": [row.value for row in held.contacts],
            "family": [row.value for row in held.family],
        },
        "history": {
            name: [{**line, "at": line["at"].isoformat()} for line in history_of(person, name)]
            for name in names_of_fields
        },
        "consents": consents_as_json(person, now),
        "sent": [disclosure.as_json() for disclosure in disclosures.of(person)],
        "elsewhere": keeping.copies(person),
    }


@transaction.atomic
def erase(actor: Actor, person: Person, *, reason: str, now: datetime | None = None) -> None:
    """Erase a person: the key is destroyed, tokens and rows go, an empty row stays for counts.

    `reason` is a short code (own_wish, retention, court_order, ...). Needs the right to carry out
    retention, which reads no file. Raises `MustBeKept` while a duty stands.
    """
    require(actor, Action.ERASE, Kind.RETENTION)
    person = Person.objects.select_for_update().get(pk=person.pk, erased_at=None)
    standing = keeping.duties(person)
    if standing:
        raise MustBeKept(standing)
    handle, key_id = person.handle, person.key_id
    keeping.erase_elsewhere(person)
    for model in (
        SearchToken, PersonName, ContactPoint, FamilyLink, FieldVersion, Conflict,
        ReceivedChange, PersonCode,
    ):  # fmt: skip
        model._default_manager.filter(person=person).delete()
    person.family_of.update(other=None)
    # Consents and their events stay without the words in them: they prove that sharing was lawful.
    person.code = f"erased-{uuid4().hex[:16]}"
    person.sealed = b""
    person.sex, person.birth_year = Sex.UNKNOWN, None
    person.age_certainty = AgeCertainty.UNKNOWN
    person.guardian_account = None
    person.erased_at = person.changed_at = now or timezone.now()
    person.save()
    record(actor, AuditTag.PERSON_ERASED, handle=handle, detail={"reason": reason})
    destroy_subject(actor, key_id, reason=reason)


def erase_at_end(rule_cutoff: date, *, limit: int = 1000) -> int:
    """Erase persons unchanged since `rule_cutoff` against whom no duty stands; how many."""
    actor = Actor.system(Purpose.GOVERNANCE)
    ended = 0
    due = Person.objects.filter(erased_at=None, changed_at__date__lt=rule_cutoff)
    for person in due.order_by("changed_at").iterator(chunk_size=200):
        if keeping.duties(person) or keeping.in_use(person):
            continue
        erase(actor, person, reason="retention")
        ended += 1
        if ended >= limit:
            break
    return ended
