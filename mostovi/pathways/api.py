# SPDX-License-Identifier: EUPL-1.2
"""The HTTP interface of the law: packs with their versions, and the check of one person's facts.

Read only: a check answers and stores nothing. Annotations are evaluated here (no postponed
evaluation): the interface's description is made from them.
"""

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from mostovi.pathways import law_files, pack_data, signing
from mostovi.pathways.answers import check
from mostovi.pathways.facts import BadFacts, read_facts
from mostovi.pathways.law import PartnerLaw
from mostovi.pathways.library import UnknownPartner, library
from mostovi.pathways.reading import BadLaw
from mostovi.pathways.reporting import as_data
from mostovi.pathways.texts import SOURCE, texts
from mostovi.rights.access import Action, Actor, Kind
from mostovi.rights.doors import door

router = Router()


class VersionLine(Schema):
    """One version of a pack; digest: of all that it says."""

    version: str
    valid_from: date
    valid_to: date | None
    complete: bool
    digest: str
    signed_off: bool


class PackLine(Schema):
    """One pack; file_digest: SHA-256 of its file."""

    partner: str
    pathway: str
    availability: str
    file_digest: str
    versions: list[VersionLine]


class CheckIn(Schema):
    """Facts of one person, as `mostovi pathways check` takes them; nothing of it is kept."""

    partner: str = Field(max_length=8)
    on: date | None = None
    facts: dict[str, Any] = Field(max_length=300)


class Refusal(Schema):
    """What is wrong with the request."""

    detail: list[dict[str, Any]]


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _law(partner: str) -> PartnerLaw:
    if partner not in law_files.LAWS:
        raise HttpError(404, "Not found")
    try:
        return library().partner(partner)
    except UnknownPartner as error:
        raise HttpError(404, "Not found") from error
    except BadLaw as error:
        raise HttpError(503, f"The files of this law have faults: {error.problems[0]}") from error


@router.get("/law", response=list[PackLine], summary="All law packs with versions and digests")
@door(Action.READ, Kind.LAW)
def list_packs(request: HttpRequest, partner: str = "") -> list[dict[str, Any]]:
    """Of one partner, or of all. 503 when the files of a law have faults."""
    codes = [partner] if partner else [p for p in law_files.LAWS if p in library().codes]
    laws = [_law(code) for code in codes]
    signed = signing.agreed(signing.said_of(_actor(request), partner))
    return [pack_data.line(pathway, signed) for law in laws for pathway in law.pathways.values()]


@router.get("/law/{partner}/{pathway}", response=dict[str, Any], summary="One law pack")
@door(Action.READ, Kind.LAW)
def read_pack(request: HttpRequest, partner: str, pathway: str) -> dict[str, Any]:
    """Everything the pack says, each condition with its citation, evidence and review."""
    law = _law(partner)
    if pathway not in law.pathways:
        raise HttpError(404, "Not found")
    standing = signing.said_of(_actor(request), partner, pathway)
    return pack_data.whole(law, law.pathways[pathway], standing)


@router.post(
    "/check",
    response={200: dict[str, Any], 422: Refusal},
    summary="Which ways are open to a person",
)
@door(Action.READ, Kind.LAW)
def check_facts(request: HttpRequest, payload: CheckIn) -> tuple[int, Any]:
    """The same JSON as `mostovi pathways check --json`; lawyers' sign-offs here are counted in."""
    law = _law(payload.partner)
    on = payload.on or timezone.localdate()
    try:
        facts = read_facts(law.catalogue.vocabulary, payload.facts, on)
    except BadFacts as error:
        return 422, {"detail": [pack_data.problem(one) for one in error.problems]}
    rules = signing.rules_in_force(payload.partner, on)
    return 200, as_data(check(rules, facts), rules, facts, texts(SOURCE))
