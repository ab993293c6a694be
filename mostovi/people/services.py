# SPDX-License-Identifier: EUPL-1.2
"""Verbs on persons: register, find, read, search, change, settle, copy, erase.

Every verb takes the actor first, asks `rights` once, works only on rows within the actor's scope
and purpose, and writes what it did into the audit chain. A person who may not be seen and one who
does not exist raise the same `Person.DoesNotExist`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from mostovi.people import codes, disclosures, fields, keeping, merging, names
from mostovi.people.birth import Birth, Precision
from mostovi.people.file import Glance, NameRow, OpenConflict, PersonFile, Row, Values
from mostovi.people.merging import Outcome
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
from mostovi.rights.access import Action, Actor, Kind, Scope, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import destroy_subject, record, record_many
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault

SEARCH_LIMIT = 50
_ROW_MODELS: Mapping[str, type[PersonName | ContactPoint | FamilyLink]] = {
    "name": PersonName,
    "contact": ContactPoint,
    "family": FamilyLink,
}


class NodeHoldsNoPersons(Exception):
    """This node refuses personal data altogether (the regional secretariat's)."""


class MustBeKept(Exception):
    """Erasure is refused while `duties` stand."""

    def __init__(self, duties: Sequence[keeping.Duty]) -> None:
        super().__init__("; ".join(duty.code for duty in duties))
        self.duties = list(duties)


class ChangeReused(Exception):
    """One change id came with two different contents; the second was not taken in."""


@dataclass(frozen=True)
class FieldChange:
    """A wish to change one field. `base` is the version its author saw.

    `id` makes it idempotent. `claimed_at` is the device's own clock: kept for people to read,
    never used to decide.
    """

    field: str
    base: int
    value: Any
    id: UUID
    claimed_at: str = ""


@dataclass(frozen=True)
class ChangeResult:
    """What became of a change; `number` is the field's version afterwards."""

    id: UUID
    field: str
    outcome: Outcome
    number: int


# --- Which rows --------------------------------------------------------------------------------


def visible(actor: Actor, action: Action, kind: Kind = Kind.PERSON) -> QuerySet[Person]:
    """The persons on whom `actor` may do `action`. Raises `Refused` when on none at all."""
    scope = require(actor, action, kind)
    rows = Person.objects.filter(purpose=actor.purpose.value)
    if scope is Scope.UNIT:
        rows = rows.filter(unit=actor.unit)
    elif scope is Scope.OWN:
        rows = rows.filter(Q(created_by=actor.account) | Q(guardian_account=actor.account))
    return rows


def find(
    actor: Actor, code: str, action: Action = Action.READ, kind: Kind = Kind.PERSON
) -> Person:
    """The person with `code`. Raises `Person.DoesNotExist` alike for absent and out of reach."""
    try:
        canonical = codes.parse_record_code(code)
    except codes.CodeError as error:
        raise Person.DoesNotExist from error
    return visible(actor, action, kind).get(code=canonical, erased_at=None)


def _again(
    actor: Actor,
    person: Person,
    action: Action,
    *,
    kind: Kind = Kind.PERSON,
    lock: bool = False,
) -> Person:
    """`person`, read anew within the actor's reach; a caller's object is no proof of access."""
    rows = visible(actor, action, kind)
    if lock:
        rows = rows.select_for_update()
    return rows.get(pk=person.pk)


# --- Register ----------------------------------------------------------------------------------


@transaction.atomic
def register(
    actor: Actor,
    *,
    single: Mapping[str, Any] | None = None,
    names: Sequence[Mapping[str, Any]] = (),
    contacts: Sequence[Mapping[str, Any]] = (),
    family: Sequence[Mapping[str, Any]] = (),
    synthetic: bool = False,
    now: datetime | None = None,
) -> Person:
    """Open a file on a person in the actor's unit and purpose.

    `single` are values of `fields.SINGLE`; the lists hold values of names, contacts and family.
    Raises `fields.InvalidField`, `Refused`, `NodeHoldsNoPersons`.
    """
    require(actor, Action.CREATE, Kind.PERSON)
    draft = Draft(single or {}, names, contacts, family, synthetic=synthetic)
    (person,) = _store(actor, [draft], now or timezone.now())
    record(actor, AuditTag.PERSON_REGISTERED, handle=person.handle)
    return person


@dataclass(frozen=True)
class Draft:
    """What is known about a person to be registered."""

    single: Mapping[str, Any]
    names: Sequence[Mapping[str, Any]] = ()
    contacts: Sequence[Mapping[str, Any]] = ()
    family: Sequence[Mapping[str, Any]] = ()
    synthetic: bool = False


@transaction.atomic
def register_many(
    actor: Actor, drafts: Iterable[Draft], *, now: datetime | None = None
) -> list[Person]:
    """Register many at once (an import, the synthetic world); feed it a few thousand at a time."""
    require(actor, Action.CREATE, Kind.PERSON)
    people = _store(actor, list(drafts), now or timezone.now())
    record_many(actor, AuditTag.PERSON_REGISTERED, handles=[person.handle for person in people])
    return people


def _store(actor: Actor, drafts: Sequence[Draft], now: datetime) -> list[Person]:
    if not settings.MOSTOVI.holds_persons:
        raise NodeHoldsNoPersons("This node holds no personal data.")
    today = timezone.localdate(now)
    keys = vault().new_keys(len(drafts))
    people: list[Person] = []
    rows: dict[str, list[tuple[Any, Values]]] = {kind: [] for kind in fields.LISTS}
    for draft, key_id in zip(drafts, keys, strict=True):
        single = {
            name: cleaned
            for name, value in draft.single.items()
            if (cleaned := fields.clean(name, value, today)) is not None
        }
        person = Person(
            key_id=key_id, code=codes.new_record_code(settings.MOSTOVI.partner),
            purpose=actor.purpose.value, unit=actor.unit, created_by=actor.account,
            created_at=now, changed_at=now, synthetic=draft.synthetic,
        )  # fmt: skip
        _show_in_clear(person, single)
        people.append(person)
        person._unsaved_values = {"single": single, "versions": {}}  # type: ignore[attr-defined]
        for kind, values in _lists(draft).items():
            for position, value in enumerate(values):
                row = _ROW_MODELS[kind](key_id=key_id, person=person, position=position)
                clean = fields.clean(f"{kind}.{row.pk}", value, today)
                rows[kind].append((row, clean))
    _seal([(person, person._unsaved_values) for person in people])  # type: ignore[attr-defined]
    _insert_with_free_codes(people)
    _link_family(actor, rows["family"])
    for kind, pairs in rows.items():
        _seal(pairs)
        _ROW_MODELS[kind]._default_manager.bulk_create(
            [row for row, _ in pairs], batch_size=1000
        )
    _insert_tokens(rows)
    return people


def _insert_tokens(rows: Mapping[str, Sequence[tuple[Any, Values]]]) -> None:
    """Tokens are by far the most rows of a person: plain SQL takes a fifth of `bulk_create`."""
    blind = vault().blind
    to_person, to_row = (
        SearchToken._meta.get_field(name).get_db_prep_value for name in ("person", "row")
    )
    values = []
    for kind, pairs in rows.items():
        for row, value in pairs:
            found = sorted(fields.tokens(f"{kind}.{row.pk}", value))
            owner = (to_person(row.person_id, connection), to_row(row.pk, connection))
            values += [(*owner, blind(text)) for text in found]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO people_searchtoken (person_id, row, token) VALUES (%s, %s, %s)", values
        )


def _lists(draft: Draft) -> dict[str, Sequence[Mapping[str, Any]]]:
    return {"name": draft.names, "contact": draft.contacts, "family": draft.family}


def _seal(pairs: Sequence[tuple[Any, Any]]) -> None:
    sealed = vault().seal_many([(row.key_id, row.seal_context, value) for row, value in pairs])
    for (row, _value), text in zip(pairs, sealed, strict=True):
        row.sealed = text


def _insert_with_free_codes(people: Sequence[Person]) -> None:
    """35 random bits collide now and then among a million; then new codes are drawn."""
    for _attempt in range(5):
        drawn = [person.code for person in people]
        taken = set(
            Person.objects.filter(code__in=drawn).values_list("code", flat=True)
            if len(drawn) <= 500
            else []
        )
        seen: set[str] = set()
        for person in people:
            while person.code in taken or person.code in seen:
                person.code = codes.new_record_code(settings.MOSTOVI.partner)
            seen.add(person.code)
        try:
            with transaction.atomic():
                Person.objects.bulk_create(people, batch_size=500)
            return
        except IntegrityError:
            for person in people:
                person.code = codes.new_record_code(settings.MOSTOVI.partner)
    raise IntegrityError("no free codes found")


def _show_in_clear(person: Person, single: Mapping[str, Any]) -> None:
    """Copy out what must be counted without opening files."""
    birth = Birth.from_json(single.get("birth"))
    person.sex = single.get("sex") or Sex.NOT_ASKED
    person.birth_year = birth.year
    if birth.precision is Precision.UNKNOWN:
        person.age_certainty = AgeCertainty.UNKNOWN
    elif birth.doubted:
        person.age_certainty = AgeCertainty.DOUBTED
    elif birth.precision is Precision.ESTIMATED:
        person.age_certainty = AgeCertainty.ESTIMATED
    else:
        person.age_certainty = AgeCertainty.EXACT


def _link_family(actor: Actor, pairs: Sequence[tuple[FamilyLink, Values]]) -> None:
    """Tie relatives named by a code to their file, if the actor may read that one.

    A code out of reach stays as written and is not confirmed to exist.
    """
    wanted = {value["other"] for _, value in pairs if value and value.get("other")}
    if not wanted:
        return
    reach = visible(actor, Action.READ).filter(code__in=wanted, erased_at=None)
    known = {person.code: person for person in reach}
    for row, value in pairs:
        row.other = known.get(value["other"]) if value else None


# --- Read --------------------------------------------------------------------------------------


@transaction.atomic
def read(actor: Actor, person: Person) -> PersonFile:
    """Open the whole file."""
    person = _again(actor, person, Action.READ)
    held = opened_file(person)
    record(actor, AuditTag.PERSON_READ, handle=person.handle)
    return held


def opened_file(person: Person) -> PersonFile:
    """The whole file. The caller has decided that it may be read, and logs it."""
    values = person.values()
    rows: dict[str, list[Any]] = {kind: [] for kind in fields.LISTS}
    found = {
        kind: opened(model._default_manager.filter(person=person))
        for kind, model in _ROW_MODELS.items()
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
            if kind == "family" and row.other_id:
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
def glances(actor: Actor, people: Sequence[Person]) -> dict[UUID, Glance]:
    """Short forms of many persons at once (three queries), logged as read one by one.

    Persons out of the actor's reach are missing from the answer.
    """
    reach = list(visible(actor, Action.READ).filter(pk__in=[person.pk for person in people]))
    found = _glances(reach)
    if reach:
        record_many(actor, AuditTag.PERSON_LISTED, handles=[person.handle for person in reach])
    return found


def _glances(people: Sequence[Person]) -> dict[UUID, Glance]:
    name_rows = PersonName.objects.filter(person__in=[person.pk for person in people])
    by_person: dict[UUID, list[names.PersonName]] = {}
    for row, value in opened(name_rows):
        if value is not None:
            by_person.setdefault(row.person_id, []).append(names.PersonName.from_json(value))
    found = {}
    for person, value in opened(people):
        single = (value or {}).get("single", {})
        listed = names.best_first(by_person.get(person.pk, []))
        found[person.pk] = Glance(
            code=person.code, name=listed[0] if listed else None,
            birth=Birth.from_json(single.get("birth")), sex=person.sex, names=listed,
            synthetic=person.synthetic, erased=value is None,
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
    found = _glances(people)
    record(actor, AuditTag.PERSON_SEARCHED, detail={"found": len(people)})
    if people:
        record_many(actor, AuditTag.PERSON_LISTED, handles=[person.handle for person in people])
    return [(person, found[person.pk]) for person in people]


def _matching(reach: QuerySet[Person], text: str, limit: int) -> list[Person]:
    if not text:
        return []
    if codes.looks_like_record_code(text):
        return list(reach.filter(code=codes.parse_record_code(text)))
    phone = names.phone_tokens(text)
    if phone and not any(character.isalpha() for character in text):
        return list(_holding(reach, [phone])[:limit])
    words = names.query_tokens(text)
    found: dict[UUID, Person] = {}
    for kinds in ("w", "wp", "wpk"):
        tier = [{token for token in word if token[0] in kinds} for word in words]
        if not all(tier) or len(found) >= limit:
            continue
        fresh = _holding(reach, tier).exclude(pk__in=list(found))
        found.update({person.pk: person for person in fresh[: limit - len(found)]})
    return list(found.values())


def _holding(reach: QuerySet[Person], wanted: Sequence[set[str]]) -> QuerySet[Person]:
    """Persons with at least one token of each set."""
    for tokens in wanted:
        blinded = [vault().blind(token) for token in sorted(tokens)]
        holders = SearchToken.objects.filter(token__in=blinded).values("person_id")
        reach = reach.filter(pk__in=holders)
    return reach


# --- Change ------------------------------------------------------------------------------------


@transaction.atomic
def change(
    actor: Actor,
    person: Person,
    *,
    changes: Sequence[FieldChange],
    device: str = "",
    now: datetime | None = None,
) -> list[ChangeResult]:
    """Take in changes, each on its own field; all or, when one cannot be, none.

    Raises `fields.InvalidField`, `merging.UnknownBase`, `ChangeReused`.
    """
    person = _again(actor, person, Action.CHANGE, lock=True)
    moment = now or timezone.now()
    editing = _Editing(actor, person, device[:60], moment)
    results = [editing.take(wish) for wish in changes]
    editing.save()
    conflicts = sum(1 for result in results if result.outcome is Outcome.CONFLICT)
    applied = sum(1 for result in results if result.outcome is Outcome.APPLIED)
    record(
        actor, AuditTag.PERSON_CHANGED, handle=person.handle,
        detail={"applied": applied, "conflicts": conflicts},
    )  # fmt: skip
    if conflicts:
        record(actor, AuditTag.CONFLICT_FOUND, handle=person.handle, detail={"count": conflicts})
    return results


class _Editing:
    """One actor's changes to one locked person."""

    def __init__(self, actor: Actor, person: Person, device: str, now: datetime) -> None:
        self.actor, self.person, self.device, self.now = actor, person, device, now
        self.values: Values = person.values()
        self.touched = False

    def take(self, wish: FieldChange) -> ChangeResult:
        """Decide on one change and store its consequence."""
        value = fields.clean(wish.field, wish.value, timezone.localdate(self.now))
        earlier = self._received(wish, value)
        if earlier is not None:
            return earlier
        standing = self.standing(wish.field)
        number = self.number(wish.field, standing)
        base_value = self._at(wish.field, wish.base, number, standing)
        outcome = merging.decide(number, standing, wish.base, base_value, value)
        if outcome is Outcome.APPLIED:
            self.apply(wish.field, value, claimed_at=wish.claimed_at)
            number += 1
        elif outcome is Outcome.CONFLICT:
            self._keep_beside(wish, value, number)
        ReceivedChange.objects.create(
            person=self.person, change_id=wish.id, field=wish.field, outcome=outcome.value,
            number=number, digest=_digest(wish, value),
        )  # fmt: skip
        return ChangeResult(wish.id, wish.field, outcome, number)

    def _received(self, wish: FieldChange, value: Any) -> ChangeResult | None:
        row = ReceivedChange.objects.filter(person=self.person, change_id=wish.id).first()
        if row is None:
            return None
        if bytes(row.digest) != _digest(wish, value):
            raise ChangeReused(f"Change {wish.id} was received before with another content.")
        return ChangeResult(wish.id, row.field, Outcome(row.outcome), row.number)

    def standing(self, name: str) -> Any:
        """The value that stands in a field."""
        kind, row_id = fields.split(name)
        if row_id is None:
            return self.values["single"].get(name)
        row = self._row(kind, row_id)
        return row.values() if row is not None else None

    def number(self, name: str, standing: Any) -> int:
        """The field's version: what was written down, else 1 for a first value, else 0."""
        line = self.values["versions"].get(name)
        if line is not None:
            return int(line["number"])
        return 0 if standing is None else 1

    def _at(self, name: str, base: int, number: int, standing: Any) -> Any:
        if base == number:
            return standing
        if base == 0:
            return None
        try:
            row = FieldVersion.objects.get(person=self.person, field=name, number=base)
        except FieldVersion.DoesNotExist as error:
            raise merging.UnknownBase(
                f"Field '{name}' has no version {base}; the newest is {number}."
            ) from error
        return row.values()["value"]

    def apply(self, name: str, value: Any, *, claimed_at: str = "") -> None:
        """Let `value` stand; what stood before goes to the field's versions."""
        standing = self.standing(name)
        number = self.number(name, standing)
        if number:
            self._archive(name, number, standing)
        self.values["versions"][name] = {
            "number": number + 1, "author": str(self.actor.account), "device": self.device,
            "at": self.now.isoformat(), "claimed_at": claimed_at[:40],
        }  # fmt: skip
        kind, row_id = fields.split(name)
        if row_id is None:
            self.values["single"][name] = value
        else:
            self._put(kind, row_id, value)
        self.touched = True

    def _archive(self, name: str, number: int, standing: Any) -> None:
        line = self.values["versions"].get(name)
        version = FieldVersion(
            key_id=self.person.key_id, person=self.person, field=name, number=number,
            author=line["author"] if line else self.person.created_by,
            at=datetime.fromisoformat(line["at"]) if line else self.person.created_at,
            device=line["device"] if line else "",
        )  # fmt: skip
        version.seal_values({"value": standing})
        version.save()

    def _keep_beside(self, wish: FieldChange, value: Any, number: int) -> None:
        rival = Conflict(
            key_id=self.person.key_id, person=self.person, field=wish.field, base=wish.base,
            number=number, author=self.actor.account, at=self.now, device=self.device,
        )  # fmt: skip
        rival.seal_values({"value": value, "claimed_at": wish.claimed_at[:40]})
        rival.save()
        self.touched = True

    def _row(self, kind: str, row_id: UUID) -> Any:
        return _ROW_MODELS[kind]._default_manager.filter(
            person=self.person, pk=row_id
        ).first()

    def _put(self, kind: str, row_id: UUID, value: Any) -> None:
        model = _ROW_MODELS[kind]
        SearchToken.objects.filter(person=self.person, row=row_id).delete()
        row = self._row(kind, row_id)
        if value is None:
            if row is not None:
                row.delete()
            return
        if row is None:
            position = model._default_manager.filter(person=self.person).count()
            row = model(
                pk=row_id, key_id=self.person.key_id, person=self.person, position=position
            )
        if isinstance(row, FamilyLink):
            _link_family(self.actor, [(row, value)])
        row.seal_values(value)
        row.save()
        SearchToken.objects.bulk_create(
            SearchToken(person=self.person, row=row_id, token=vault().blind(text))
            for text in sorted(fields.tokens(f"{kind}.{row_id}", value))
        )

    def save(self) -> None:
        """Write the person's own row, once."""
        if not self.touched:
            return
        _show_in_clear(self.person, self.values["single"])
        self.person.changed_at = self.now
        self.person.seal_values(self.values)
        self.person.save()


def _digest(wish: FieldChange, value: Any) -> bytes:
    """Recognises the same change; keyed, since short values could be guessed from a plain hash."""
    text = json.dumps([wish.field, wish.base, value], sort_keys=True, ensure_ascii=False)
    return vault().blind("change:" + hashlib.sha256(text.encode()).hexdigest())


@transaction.atomic
def settle(
    actor: Actor,
    person: Person,
    conflict_id: UUID,
    *,
    value: Any,
    reason: str,
    now: datetime | None = None,
) -> None:
    """End a conflict with `value`, for a written reason; the other value stays in the history.

    Raises `Conflict.DoesNotExist` (also when settled already), `fields.InvalidField`, ValueError
    without a reason.
    """
    person = _again(actor, person, Action.CHANGE, lock=True)
    row = Conflict.objects.filter(person=person, settled_by__isnull=True).get(pk=conflict_id)
    if not reason.strip():
        raise ValueError("Write why this value is the right one.")
    moment = now or timezone.now()
    editing = _Editing(actor, person, "", moment)
    clean = fields.clean(row.field, value, timezone.localdate(moment))
    if clean != editing.standing(row.field):
        editing.apply(row.field, clean)
        editing.save()
    kept = row.values()
    row.settled_by, row.settled_at = actor.account, moment
    row.seal_values({**kept, "reason": reason.strip()[: fields.MAX_TEXT]})
    row.save()
    record(actor, AuditTag.CONFLICT_SETTLED, handle=person.handle)


@transaction.atomic
def history(actor: Actor, person: Person, field: str) -> list[dict[str, Any]]:
    """Everything ever typed into one field, oldest first: versions, the standing value, rivals."""
    person = _again(actor, person, Action.READ)
    fields.split(field)
    lines = _history(person, field)
    record(actor, AuditTag.PERSON_HISTORY_READ, handle=person.handle)
    return lines


def _history(person: Person, field: str) -> list[dict[str, Any]]:
    editing = _Editing(Actor.system(Purpose(person.purpose)), person, "", person.changed_at)
    lines = [
        {
            "number": row.number, "value": (values or {}).get("value"), "author": str(row.author),
            "at": row.at, "device": row.device, "state": "earlier",
        }
        for row, values in opened(
            FieldVersion.objects.filter(person=person, field=field).order_by("number")
        )
    ]  # fmt: skip
    standing = editing.standing(field)
    line = editing.values["versions"].get(field)
    lines.append(
        {
            "number": editing.number(field, standing),
            "value": standing,
            "author": line["author"] if line else str(person.created_by),
            "at": datetime.fromisoformat(line["at"]) if line else person.created_at,
            "device": line["device"] if line else "",
            "state": "standing",
        }
    )
    for row, values in opened(Conflict.objects.filter(person=person, field=field)):
        lines.append(
            {
                "number": row.number, "value": (values or {}).get("value"),
                "author": str(row.author), "at": row.at, "device": row.device,
                "state": "settled" if row.settled_by else "conflict",
                "reason": (values or {}).get("reason", ""),
            }
        )  # fmt: skip
    return lines


@transaction.atomic
def entrust(actor: Actor, person: Person, *, guardian_account: UUID | None) -> None:
    """Name the account of the person's guardian, who from then on reads the file as their own."""
    person = _again(actor, person, Action.CHANGE, lock=True)
    if guardian_account == actor.account:
        raise ValueError("Nobody can entrust a file to themselves.")
    person.guardian_account = guardian_account
    person.save(update_fields=["guardian_account"])
    record(actor, AuditTag.PERSON_ENTRUSTED, handle=person.handle)


# --- The printed code --------------------------------------------------------------------------


@transaction.atomic
def issue_printed_code(actor: Actor, person: Person, *, now: datetime | None = None) -> str:
    """Make a new printed code, shown this once; an earlier one stops working at once."""
    person = _again(actor, person, Action.CHANGE, lock=True)
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
    person = _again(actor, person, Action.CHANGE, lock=True)
    stopped = person.printed_codes.filter(revoked_at=None).update(
        revoked_at=now or timezone.now()
    )
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
    person = _again(actor, person, Action.EXPORT)
    copy = complete_copy(person, now or timezone.now())
    record(actor, AuditTag.PERSON_EXPORTED, handle=person.handle)
    return copy


def complete_copy(person: Person, now: datetime) -> dict[str, Any]:
    """The copy itself. The caller has decided that it may be made, and logs it."""
    from mostovi.people.consenting import consents_as_json

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
            name: [{**line, "at": line["at"].isoformat()} for line in _history(person, name)]
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
