# SPDX-License-Identifier: EUPL-1.2
"""`/api/v1/people`: changes made offline, sent when there is a connection again.

Annotations are evaluated here (no postponed evaluation): the interface's description is made from
them.
"""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema, Status

from mostovi.people import services
from mostovi.people.fields import InvalidField
from mostovi.people.merging import UnknownBase
from mostovi.people.models import Person
from mostovi.people.services import ChangeReused, FieldChange
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import door

router = Router()
MOST_CHANGES = 200


class ChangeIn(Schema):
    """One change of one field."""

    id: UUID = Field(description="Made by the device; the same id again changes nothing.")
    field: str = Field(
        max_length=60,
        description="birth, sex, citizenships, languages, interpreter, reading, notes, "
        "or name.<uuid>, contact.<uuid>, family.<uuid>.",
    )
    base: int = Field(ge=0, description="The version the device had; 0 if the field was empty.")
    value: Any = Field(default=None, description="The new value; null empties the field.")
    claimed_at: str = Field(
        default="", max_length=40,
        description="The device's own time of the change. Kept to be read, never relied upon.",
    )  # fmt: skip


class ChangesIn(Schema):
    """Changes of one person, in the order they were made; all are taken in or none."""

    device: str = Field(default="", max_length=60)
    changes: list[ChangeIn] = Field(max_length=MOST_CHANGES)


class ChangeOut(Schema):
    """What became of a change."""

    id: UUID
    field: str
    outcome: str = Field(description="applied, same, or conflict (both values are kept).")
    version: int = Field(description="The field's version now.")


class ChangesOut(Schema):
    """One answer for each change, in order."""

    results: list[ChangeOut]


class FieldOut(Schema):
    """A field as it stands."""

    field: str
    version: int
    value: Any


class FileOut(Schema):
    """The fields of a file with their versions: what a device takes along."""

    code: str
    fields: list[FieldOut]
    conflicts: list[str]


class Problem(Schema):
    """Why nothing was taken in."""

    detail: str
    field: str = ""


def _found(request: HttpRequest, code: str, action: Action) -> Person:
    try:
        return services.find(request.actor, code, action)  # type: ignore[attr-defined]
    except Person.DoesNotExist as error:
        raise Http404 from error


@router.get("/{code}", response=FileOut, summary="A person's fields and their versions")
@door(Action.READ, Kind.PERSON)
def read_file(request: HttpRequest, code: str) -> Any:
    """The file as a device takes it along to edit offline."""
    person = _found(request, code, Action.READ)
    held = services.read(request.actor, person)  # type: ignore[attr-defined]
    return {
        "code": person.code,
        "fields": [
            {"field": name, "version": number, "value": held.value(name)}
            for name, number in sorted(held.versions.items())
        ],
        "conflicts": [one.row.field for one in held.conflicts],
    }


@router.post(
    "/{code}/changes",
    response={200: ChangesOut, 409: Problem, 422: Problem},
    summary="Send changes made offline",
)
@door(Action.CHANGE, Kind.PERSON)
def send_changes(request: HttpRequest, code: str, sent: ChangesIn) -> Any:
    """Each change names the version it was made on. A clash keeps both values and says so."""
    person = _found(request, code, Action.CHANGE)
    changes = [
        FieldChange(one.field, one.base, one.value, one.id, one.claimed_at) for one in sent.changes
    ]
    try:
        results = services.change(
            request.actor,  # type: ignore[attr-defined]
            person,
            changes=changes,
            device=sent.device,
        )
    except InvalidField as error:
        return Status(422, {"detail": str(error), "field": error.field})
    except (UnknownBase, ChangeReused) as error:
        return Status(409, {"detail": str(error)})
    return {
        "results": [
            {"id": one.id, "field": one.field, "outcome": one.outcome.value, "version": one.number}
            for one in results
        ]
    }
