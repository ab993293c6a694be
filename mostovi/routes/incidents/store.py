# SPDX-License-Identifier: EUPL-1.2
"""The verbs on incidents: record one, note what could be the same elsewhere, review an advert."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record, record_many
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault
from mostovi.routes.incidents import pairing, record_codes
from mostovi.routes.incidents.catalogue import ANSWERS, sign_set, words
from mostovi.routes.incidents.identifiers import COUNTRY_CODES, Unreadable, normalised
from mostovi.routes.incidents.models import Advert, Identifier, Incident

LONGEST: Final = 8000
UNREADABLE: Final[Mapping[str, str]] = {
    "empty": gettext_noop("Write it as it was found."),
    "phone_letters": gettext_noop("A phone number has no letters."),
    "phone_country": gettext_noop("Write the number with its country, as +382 67 123 456."),
    "phone_length": gettext_noop("This is too short or too long for a phone number."),
    "vehicle_form": gettext_noop("Write the plate or chassis number, with its digits."),
    "account_check": gettext_noop("This IBAN is mistyped: its check digits do not fit."),
    "account_length": gettext_noop("This is too short or too long for an account."),
    "address_number": gettext_noop("Write street and number, and the town."),
    "online_short": gettext_noop("Write the whole name or address used online."),
}


class Unfit(ValueError):
    """What was typed cannot be stored. `field` says where, the message what to do."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True)
class ReadIncident:
    """An incident with its sealed values and what hangs on it."""

    row: Incident
    values: Mapping[str, Any]
    identifiers: Sequence[tuple[Identifier, Mapping[str, Any] | None]]
    adverts: Sequence[tuple[Advert, Mapping[str, Any] | None]]


def handle(row: Any) -> str:
    """The pseudonym of any row of this store in the audit chain."""
    return vault().handle(row._meta.label_lower, row.pk)


def blind(kind: str, form: str) -> bytes:
    """The blind key of a normalised identifier. The name in it keeps other stores' keys apart."""
    return vault().blind(f"incidents:{kind}:{form}")


def visible(actor: Actor, action: Action = Action.READ) -> QuerySet[Incident]:
    """The incidents within reach. Raises `Refused` for everybody but investigators (R1)."""
    require(actor, action, Kind.INCIDENT)
    return Incident.objects.all()


def fit(field: str, text: str, *, needed: bool = False, longest: int = LONGEST) -> str:
    """Free text, tidied. Raises `Unfit` when missing, too long, or naming a protected record."""
    tidy = text.strip()
    if needed and not tidy:
        raise Unfit(field, gettext_noop("This is needed."))
    if len(tidy) > longest:
        raise Unfit(field, gettext_noop("Shorten this."))
    if record_codes.names_shielded(tidy, frozenset({*COUNTRY_CODES, settings.MOSTOVI.partner})):
        raise Unfit(
            field,
            gettext_noop(
                "Take out the code of a case or person: records of protection do not belong here. "
                "Use the reference of a statement that the person agreed to give."
            ),
        )
    return tidy


def code_of(field: str, group: str, value: str) -> str:
    """A code of `words()[group]`. Raises `Unfit`."""
    if value not in words()[group]:
        raise Unfit(field, gettext_noop("Choose one of the list."))
    return value


def _codes(field: str, group: str, values: Collection[str]) -> list[str]:
    return sorted({code_of(field, group, value) for value in values})


@transaction.atomic
def record_incident(
    actor: Actor,
    *,
    crime: str,
    happened_on: date,
    place_kind: str,
    means: Collection[str] = (),
    methods: Collection[str] = (),
    summary: str,
    place: str = "",
    source: str = "",
    now: datetime | None = None,
) -> Incident:
    """Store an incident under a key of its own. Raises `Refused`, `Unfit`."""
    require(actor, Action.CREATE, Kind.INCIDENT)
    moment = now or timezone.now()
    if happened_on > timezone.localdate(moment):
        raise Unfit("happened_on", gettext_noop("This day is still to come."))
    row = Incident(
        key_id=vault().new_key(),
        code=record_codes.new_code(
            "incident", lambda code: Incident.objects.filter(code=code).exists()
        ),
        crime=code_of("crime", "crimes", crime), happened_on=happened_on,
        place_kind=code_of("place_kind", "place_kinds", place_kind),
        means=_codes("means", "means", means), methods=_codes("methods", "methods", methods),
        created_by=actor.account, created_at=moment, changed_at=moment,
    )  # fmt: skip
    row.seal_values(
        {
            "summary": fit("summary", summary, needed=True),
            "place": fit("place", place, longest=500),
            "source": fit("source", source, longest=500),
        }
    )
    row.save(force_insert=True)
    record(actor, AuditTag.INCIDENT_RECORDED, handle=handle(row), detail={"crime": crime})
    return row


def find(actor: Actor, code: str, action: Action = Action.READ) -> Incident:
    """One incident. Raises `Incident.DoesNotExist`, absent or out of reach alike."""
    return visible(actor, action).get(code=code)


@transaction.atomic
def read(actor: Actor, row: Incident) -> ReadIncident:
    """An incident with everything on it; the reading is logged."""
    row = visible(actor).get(pk=row.pk)
    record(actor, AuditTag.INCIDENT_READ, handle=handle(row))
    return ReadIncident(row, row.values(), opened(row.identifiers.all()), opened(row.adverts.all()))


@transaction.atomic
def listed(
    actor: Actor, rows: Sequence[Incident]
) -> Sequence[tuple[Incident, Mapping[str, Any] | None]]:
    """Incidents of a page with their sealed values; each reading is logged."""
    require(actor, Action.READ, Kind.INCIDENT)
    if rows:
        record_many(actor, AuditTag.INCIDENT_LISTED, handles=[handle(row) for row in rows])
    return opened(rows)


@transaction.atomic
def note_identifier(
    actor: Actor, row: Incident, *, kind: str, value: str, note: str = "",
    now: datetime | None = None,
) -> Identifier:  # fmt: skip
    """Note a phone, vehicle, account, address or online name; the same one again is the same.

    Raises `Unfit` when it has no form that could be compared.
    """
    row = visible(actor, Action.CHANGE).select_for_update().get(pk=row.pk)
    moment = now or timezone.now()
    code_of("kind", "identifier_kinds", kind)
    written = fit("value", value, needed=True, longest=200)
    token = token_of(kind, written)
    known = row.identifiers.filter(kind=kind, token=token).first()
    if known is not None:
        return known
    made = Identifier(incident=row, key_id=row.key_id, kind=kind, token=token, created_at=moment)
    made.seal_values({"value": written, "note": fit("note", note, longest=500)})
    made.save(force_insert=True)
    row.changed_at = moment
    row.save(update_fields=["changed_at"])
    record(actor, AuditTag.INCIDENT_NOTED, handle=handle(row), detail={"kind": kind})
    pairing.refresh([(kind, token)], moment)
    return made


def token_of(kind: str, written: str) -> bytes:
    """The blind key of what was written. Raises `Unfit`."""
    try:
        return blind(kind, normalised(kind, written, settings.MOSTOVI.partner))
    except Unreadable as error:
        raise Unfit("value", UNREADABLE[error.code]) from error


@transaction.atomic
def forget_identifier(actor: Actor, row: Incident, pk: UUID, now: datetime | None = None) -> None:
    """Take out an identifier that was noted by mistake. Raises `Identifier.DoesNotExist`."""
    row = visible(actor, Action.CHANGE).select_for_update().get(pk=row.pk)
    gone = row.identifiers.get(pk=pk)
    record(
        actor, AuditTag.INCIDENT_NOTED, handle=handle(row), outcome="removed",
        detail={"kind": gone.kind},
    )  # fmt: skip
    gone.delete()
    row.changed_at = now or timezone.now()
    row.save(update_fields=["changed_at"])
    pairing.refresh([(gone.kind, bytes(gone.token))], row.changed_at, taken_from=[row.pk])


@transaction.atomic
def review_advert(
    actor: Actor,
    row: Incident,
    *,
    found_on: date,
    address: str,
    text: str,
    answers: Mapping[str, str],
    conclusion: str,
    reasons: str,
    now: datetime | None = None,
) -> Advert:
    """Keep an officer's review of an advert. A sign without an answer is unknown, never 'no' (R6).

    `conclusion` is the officer's own and needs reasons: no number of signs makes it (R4).
    """
    row = visible(actor, Action.CHANGE).select_for_update().get(pk=row.pk)
    moment, known = now or timezone.now(), sign_set()
    if conclusion not in known.conclusions:
        raise Unfit("conclusion", gettext_noop("Choose one of the list."))
    if found_on > timezone.localdate(moment):
        raise Unfit("found_on", gettext_noop("This day is still to come."))
    given = {sign.code: answers.get(sign.code) or "unknown" for sign in known.signs}
    for code, answer in given.items():
        if answer not in ANSWERS:
            raise Unfit(code, gettext_noop("Choose one of the list."))
    made = Advert(
        incident=row, key_id=row.key_id, set_version=known.version, found_on=found_on,
        conclusion=conclusion, reviewed_by=actor.account, reviewed_at=moment,
    )  # fmt: skip
    made.seal_values(
        {
            "address": fit("address", address, needed=True, longest=500),
            "text": fit("text", text),
            "answers": given,
            "reasons": fit("reasons", reasons, needed=True),
        }
    )
    made.save(force_insert=True)
    row.changed_at = moment
    row.save(update_fields=["changed_at"])
    record(actor, AuditTag.ADVERT_REVIEWED, handle=handle(row), detail={"conclusion": conclusion})
    return made
