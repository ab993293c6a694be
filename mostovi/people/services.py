# SPDX-License-Identifier: EUPL-1.2
"""Verbs on persons: register, find, read, search, change, settle, copy, erase.

Every verb takes the actor first, asks `rights` once, works only on rows within the actor's scope
and purpose, and writes what it did into the audit chain. A person who may not be seen and one who
does not exist raise the same `Person.DoesNotExist`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
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
from mostovi.people.reach import again, find, visible, within
from mostovi.people.registering import (
    ROW_MODELS,
    Draft,
    NodeHoldsNoPersons,
    register,
    register_many,
)
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.bulk import in_chunks
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import destroy_subject, record, record_all
from mostovi.rights.storage import Line, lines, opened, opened_lines
from mostovi.rights.vault import KeyDestroyed, vault

__all__ = [
    "ChangeResult", "ChangeReused", "Draft", "FieldChange", "MustBeKept", "NodeHoldsNoPersons",
    "again", "change", "complete_copy", "entrust", "erase", "erase_at_end", "export", "find",
    "glances", "glances_of", "history", "issue_printed_code", "matching", "opened_file",
    "person_of_printed_code", "printed_token", "read", "read_found", "register", "register_many",
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
    return read_found(actor, again(actor, person, Action.READ), also=also)


@transaction.atomic
def read_found(
    actor: Actor, person: Person, *, also: Sequence[tuple[AuditTag, str]] = ()
) -> PersonFile:
    """`read` of a row that was taken from the database in this very transaction.

    Its purpose, unit and owners are asked again, the database is not.
    """
    if not within(actor, person, Action.READ):
        raise Person.DoesNotExist
    held = opened_file(person)
    record_all(actor, [(AuditTag.PERSON_READ, person.handle), *also])
    return held


def opened_file(person: Person) -> PersonFile:
    """The whole file. The caller has decided that it may be read, and logs it."""
    found = _lines_of(person)
    kinds = [(model, found[kind]) for kind, model in ROW_MODELS.items()]
    itself = (person.pk, person.key_id, person.sealed)
    ((_, values),), *lists = opened_lines((Person, [itself]), *kinds)
    if values is None:
        raise KeyDestroyed("this record's key has been destroyed")
    rows: dict[str, list[Any]] = {kind: [] for kind in fields.LISTS}
    written: Mapping[str, Mapping[str, Any]] = values["versions"]
    versions = {name: 1 for name, value in values["single"].items() if value is not None}
    family_codes: dict[str, UUID] = {}
    for kind, pairs in zip(ROW_MODELS, lists, strict=True):
        for (key, _key_id, _sealed, other), value in pairs:
            name = f"{kind}.{key}"
            number = written.get(name, {}).get("number", 1)
            versions[name] = number
            rows[kind].append((NameRow if kind == "name" else Row)(name, value or {}, number))
            if other:
                family_codes[name] = other
    versions.update({name: line["number"] for name, line in written.items()})
    part = PersonFile(
        person, values["single"], rows["name"], rows["contact"], rows["family"], versions,
        family_codes=family_codes,
    )  # fmt: skip
    return PersonFile(
        person, part.single, part.names, part.contacts, part.family, versions,
        _open_conflicts(part, written) if found["conflict"] else [], family_codes,
    )  # fmt: skip


def _lines_of(person: Person) -> dict[str, list[Line]]:
    """Names, contacts and family of a file in one statement, and whether a conflict is open."""
    with connection.cursor() as cursor:
        key = Person._meta.pk.get_db_prep_value(person.pk, connection)
        cursor.execute(_every_list(), [key] * (len(ROW_MODELS) + 1))
        rows = cursor.fetchall()
    found: dict[str, list[Line]] = {kind: [] for kind in (*ROW_MODELS, "conflict")}
    for kind, _position, *line, other in rows:
        key, key_id = (_uuid(value) for value in line[:2])
        found[kind].append((key, key_id, line[2], other and _uuid(other)))
    return found


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


@cache
def _every_list() -> str:
    """One SELECT a list, joined: each alone costs more to put together than to answer."""
    # PostgreSQL wants to know of which type a value that is not there would be.
    nobody = "CAST(NULL AS uuid)" if connection.vendor == "postgresql" else "NULL"
    parts = [
        f"SELECT '{kind}', position, id, key_id, sealed, "  # noqa: S608 - our own table names
        f"{'other_id' if model is FamilyLink else nobody} AS other_id"
        f" FROM {model._meta.db_table} WHERE person_id = %s"
        for kind, model in ROW_MODELS.items()
    ]
    waiting = (
        f"SELECT 'conflict', 0, id, key_id, sealed, {nobody} FROM {Conflict._meta.db_table}"  # noqa: S608
        " WHERE person_id = %s AND settled_by IS NULL"
    )
    return " UNION ALL ".join([*parts, waiting]) + " ORDER BY 2, 3"


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
    keys = _matching(reach, text.strip()[: names.MAX_LENGTH], limit)
    people = reach.in_bulk(keys)
    found = _glances(reach.filter(pk__in=keys))
    seen = [(AuditTag.PERSON_LISTED, vault().handle("person", key)) for key in keys if key in found]
    record_all(actor, [(AuditTag.PERSON_SEARCHED, "")], detail={"found": len(keys)})
    if seen:
        record_all(actor, seen)
    return [(people[key], found[key]) for key in keys if key in found]


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
    keys = _matching(reach, text.strip()[: names.MAX_LENGTH], limit)
    record(actor, AuditTag.PERSON_SEARCHED, detail={"found": len(keys)})
    return keys


def _matching(reach: QuerySet[Person], text: str, limit: int) -> list[UUID]:
    if not text:
        return []
    if codes.looks_like_record_code(text):
        named = reach.filter(code=codes.parse_record_code(text)).values_list("pk", flat=True)
        # 'Amal Layla Jorge' reads like a code too: what no record is called may be a name.
        if coded := list(named):
            return coded
    phone = names.phone_tokens(text)
    if phone and not any(character.isalpha() for character in text):
        return list(islice(_holding(reach, [phone]), limit))
    words = names.query_tokens(text)
    sizes = _Sizes(set().union(*words))
    found: dict[UUID, None] = {}
    before: list[set[str]] = []
    for kinds in ("w", "wp", "wpk"):
        tier = [{token for token in word if token[0] in kinds and token in sizes} for word in words]
        if not all(tier) or len(found) >= limit or tier == before:
            continue
        for key in _holding(reach, sizes.rarest_first(tier)):
            found.setdefault(key)
            if len(found) >= limit:
                break
        before = tier
    return list(found)


COUNTED = (1_000, 8_000, 64_000)
"""Tokens are counted as far as this, and further only while it is not known which is the rarest."""


class _Sizes:
    """How many rows hold each token, from the index alone; those that nobody holds are left out.

    Counting a row costs a tenth of looking whether its person holds the other words too. So it
    pays to count until one word is known to be rarer than all others, and never further.
    """

    def __init__(self, tokens: Collection[str]) -> None:
        self._known = {token: size for token, size in _counted(tokens, COUNTED[0]) if size}
        self._further = list(COUNTED[1:])
        self._open = {token for token, size in self._known.items() if size == COUNTED[0]}

    def __contains__(self, token: str) -> bool:
        return token in self._known

    def rarest_first(self, tier: Sequence[set[str]]) -> list[set[str]]:
        """The words by the number of rows that hold one of their tokens, as far as known."""
        while unsure := self._unsure(tier):
            limit = self._further.pop(0)
            found = dict(_counted(unsure, limit))
            self._known |= found
            self._open = {token for token in self._open if found.get(token, limit) == limit}
        return sorted(tier, key=lambda tokens: (self._held(tokens), not tokens & self._open))

    def _held(self, tokens: set[str]) -> int:
        return sum(self._known[token] for token in tokens)

    def _unsure(self, tier: Sequence[set[str]]) -> set[str]:
        """Tokens to count on with: of words that may be rarer than the rarest that is known."""
        if len(tier) < 2 or not self._further:
            return set()
        known = [self._held(tokens) for tokens in tier if not tokens & self._open]
        least = min(known, default=None)
        maybe = [
            tokens & self._open
            for tokens in tier
            if tokens & self._open and (least is None or self._held(tokens) < least)
        ]
        return set().union(*maybe)


def _counted(tokens: Collection[str], limit: int) -> list[tuple[str, int]]:
    """How many rows hold each token, as far as `limit`."""
    named = sorted(tokens)
    if not named:
        return []
    one = (
        f"SELECT %s, count(*) FROM (SELECT 1 FROM {SearchToken._meta.db_table}"  # noqa: S608
        f" WHERE token = %s LIMIT {limit}) AS held"
    )
    asked: list[Any] = []
    for place, token in enumerate(named):
        asked += [place, vault().blind(token)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([one] * len(named)), asked)
        return [(named[place], size) for place, size in cursor.fetchall()]


def _holding(reach: QuerySet[Person], wanted: Sequence[set[str]]) -> Iterator[UUID]:
    """Persons with at least one token of each set; the rarest set comes first.

    Read from the index of tokens one by one: persons are looked at only when they hold all, and
    nothing is read beyond what is taken.
    """
    seen: set[UUID] = set()
    for key in _holders(reach, wanted).values_list("person_id", flat=True).iterator(100):
        if key not in seen:
            seen.add(key)
            yield key


def _holders(reach: QuerySet[Person], wanted: Sequence[set[str]]) -> QuerySet[SearchToken]:
    first, *others = [[vault().blind(token) for token in sorted(tokens)] for tokens in wanted]
    holders = SearchToken.objects.filter(token__in=first)
    for tokens in others:
        same = SearchToken.objects.filter(person=OuterRef("person"), token__in=tokens)
        holders = holders.filter(Exists(same))
    return holders.filter(Exists(reach.filter(pk=OuterRef("person"))))


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
    # Files that are read as this one's are the same person's, each under a key of its own.
    for other in Person.objects.filter(joined_to=person, erased_at=None):
        erase(actor, other, reason=reason, now=now)
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
    for person in in_chunks(due, "changed_at"):
        if keeping.duties(person) or keeping.in_use(person):
            continue
        erase(actor, person, reason="retention")
        ended += 1
        if ended >= limit:
            break
    return ended
