# SPDX-License-Identifier: EUPL-1.2
"""Pages of the law: which partner has which way, and one pack with everything it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mostovi.pathways import law_files, presenting, reforming, signing, trying, wording
from mostovi.pathways.law import Availability, PartnerLaw, Pathway
from mostovi.pathways.library import UnknownPartner, library
from mostovi.pathways.presenting import Confirmed, Reading
from mostovi.pathways.reading import BadLaw
from mostovi.pathways.signing import Standing
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door


@dataclass(frozen=True)
class Cell:
    """What the matrix says of one way in one partner's law; pathway is None: no file."""

    partner: str
    name: str
    availability: str
    tone: str
    confirmed: Confirmed | None
    in_force: bool
    reviewed: bool
    objected: bool


def law_of(partner: str) -> PartnerLaw | None:
    """The law of a partner; None when there is none. Raises `BadLaw` when its files have faults."""
    try:
        return library().partner(partner)
    except UnknownPartner:
        return None


def laws() -> tuple[dict[str, PartnerLaw], dict[str, BadLaw]]:
    """The law of every partner that can be read, and the faults of those that cannot."""
    found: dict[str, PartnerLaw] = {}
    faults: dict[str, BadLaw] = {}
    for partner in law_files.LAWS:
        try:
            law = law_of(partner)
        except BadLaw as error:
            faults[partner] = error
        else:
            if law is not None:
                found[partner] = law
    return found, faults


def pathway_or_404(partner: str, pathway: str) -> tuple[PartnerLaw, Pathway]:
    """One pack, or the page that says there is none."""
    law = law_of(partner) if partner in law_files.LAWS else None
    found = law.pathways.get(pathway) if law is not None else None
    if law is None or found is None:
        raise Http404
    return law, found


def asked_day(request: ActingRequest) -> tuple[date, str]:
    """The day in the address, today without one; and what is wrong with it."""
    today = timezone.localdate()
    said = request.GET.get("on", "").strip()
    if not said:
        return today, ""
    try:
        return date.fromisoformat(said), ""
    except ValueError:
        return today, _("This is not a day. Write it as year-month-day, for example 2026-11-24.")


@require_safe
@door(Action.READ, Kind.LAW)
def law_room(request: ActingRequest) -> HttpResponse:
    """The matrix: ways in rows, partners in columns, EU law last."""
    today = timezone.localdate()
    found, faults = laws()
    standing = signing.said_of(request.actor)
    signed = signing.agreed(standing)
    against = {
        (s.sign_off.partner, s.sign_off.pathway, s.sign_off.version) for s in standing if s.objects
    }
    rows = [
        (kind, [_cell(found.get(p), p, kind, today, signed, against) for p in law_files.LAWS])
        for kind in law_files.kinds()
    ]
    context = {
        "groups": _grouped(rows),
        "partners": law_files.LAWS,
        "faults": [(wording.law_name(partner), error) for partner, error in faults.items()],
        "today": today,
        "kinds": law_files.kinds(),
        "may_draft": reforming.may_draft(request.actor),
    }
    return render(request, "pathways/room.html", context)


Row = tuple[str, list[Cell]]


def _grouped(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = {}
    for kind, cells in rows:
        groups.setdefault(str(law_files.kinds()[kind]["group"]), []).append((kind, cells))
    return list(groups.items())


def _cell(
    law: PartnerLaw | None,
    partner: str,
    kind: str,
    day: date,
    signed: Mapping[tuple[str, str, str, str], Any],
    against: set[tuple[str, str, str]],
) -> Cell:
    pathway = law.pathways.get(kind) if law is not None else None
    availability = pathway.availability.value if pathway else ""
    version = pathway.on(day) if pathway else None
    code = version.version if version else ""
    reviewed = (partner, kind, code, "") in signed or bool(version and version.review.is_reviewed)
    objected = (partner, kind, code) in against
    return Cell(
        partner=partner,
        name=wording.law_name(partner),
        availability=str(wording.AVAILABILITY[availability]),
        tone=wording.AVAILABILITY_TONES.get(availability, ""),
        confirmed=presenting.confirmed(version) if version else None,
        in_force=availability != Availability.IN_LAW or version is not None,
        reviewed=reviewed and not objected,
        objected=objected,
    )


@require_safe
@door(Action.READ, Kind.LAW)
def pack(request: ActingRequest, partner: str, pathway: str) -> HttpResponse:
    """One pack on a day: what it asks, gives and costs, each with its source and who checked it."""
    law, found = pathway_or_404(partner, pathway)
    day, wrong = asked_day(request)
    standing = signing.said_of(request.actor, partner, pathway)
    context = pack_context(law, found, day, standing) | {
        "wrong_day": wrong,
        "asked": request.GET.get("on", ""),
        "may_sign": signing.may_sign(request.actor, partner),
        "may_draft": reforming.may_draft(request.actor),
        "golden": trying.golden_of(law, pathway),
    }
    return render(request, "pathways/pack.html", context, status=422 if wrong else 200)


def pack_context(
    law: PartnerLaw, found: Pathway, day: date, standing: Sequence[Standing]
) -> dict[str, Any]:
    """Everything a page says of a pack on a day."""
    reading = Reading.of(law, day, standing)
    version = found.on(day)
    context: dict[str, Any] = {
        "law": law,
        "pathway": found,
        "kind": law_files.kinds()[found.code],
        "day": day,
        "today": timezone.localdate(),
        "availability": wording.AVAILABILITY[found.availability.value],
        "tone": wording.AVAILABILITY_TONES[found.availability.value],
        "availability_note": presenting.note_of(found.availability_note, reading.language),
        "local_names": [(one, name) for one, name in found.local_name.items() if one != "en"],
        "versions": [
            (one, presenting.period_words(one.valid_from, one.valid_to)) for one in found.versions
        ],
        "version": version,
        "standing": standing,
        "signed": None,
        "kosovo": True,
    }
    code = version.version if version else ""
    whole = [s for s in standing if not s.sign_off.condition and s.sign_off.version == code]
    context["signed"] = reading.signed.get((law.code, found.code, code, ""))
    context["objected"] = [s for s in standing if s.objects and s.sign_off.version == code]
    context["whole"] = whole
    return context | (_version_context(reading, found, version) if version else {})


def _version_context(reading: Reading, found: Pathway, version: Any) -> dict[str, Any]:
    rights = presenting.entries
    return {
        "period": presenting.period_words(version.valid_from, version.valid_to),
        "note": presenting.note_of(version.note, reading.language),
        "confirmed": presenting.confirmed(version),
        "conditions": presenting.tree(reading, found.code, version),
        "facts": presenting.facts_asked(version),
        "documents": presenting.entries(reading, "document", version.documents),
        "deadlines": presenting.entries(reading, "deadline", version.deadlines),
        "fees": presenting.entries(reading, "fee", version.fees),
        "rights_meanwhile": rights(
            reading, "right", [r for r in version.rights if r.when == "meanwhile"]
        ),
        "rights_after": rights(reading, "right", [r for r in version.rights if r.when == "after"]),
        "authority": presenting.authority_name(reading, version.authority)
        if version.authority
        else None,
        "authority_source": reading.law.authorities.get(version.authority),
        "appeal": presenting.appeal_of(reading, version.appeal),
        "implements": [_implemented(reading, one) for one in version.implements],
        "digest": version.digest,
    }


def _implemented(reading: Reading, citation: Any) -> presenting.ShownCitation | None:
    """An act of the EU that the version carries out; it stands in the yardstick's own file."""
    try:
        yardstick = law_of(law_files.YARDSTICK)
    except BadLaw:
        yardstick = None
    return presenting.cited(Reading.of(yardstick or reading.law, reading.on), citation)


@require_safe
@door(Action.READ, Kind.LAW)
def pack_text(request: ActingRequest, partner: str, pathway: str) -> HttpResponse:
    """The pack's file, word for word."""
    return yaml_file(law_files.text_of(partner, pathway), f"{partner}-{pathway}.yaml")


@require_safe
@door(Action.READ, Kind.LAW)
def golden_text(request: ActingRequest, partner: str, pathway: str) -> HttpResponse:
    """The pack's golden cases, word for word."""
    return yaml_file(law_files.golden_text(partner, pathway), f"{partner}-{pathway}-golden.yaml")


def yaml_file(text: str, name: str) -> HttpResponse:
    """A text as a file to keep; nothing to keep is not found."""
    if not text:
        raise Http404
    answer = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
