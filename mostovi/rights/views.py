# SPDX-License-Identifier: EUPL-1.2
"""The data-protection officer's pages: who saw what, whether the log holds, what ends when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from django.apps import apps
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from mostovi.rights import retention, services
from mostovi.rights.access import Action, Kind, Scope
from mostovi.rights.audit import AuditTag
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.governance import governance_of
from mostovi.rights.models import AuditEntry, RetentionRun
from mostovi.rights.paging import LongList
from mostovi.rights.policy import GRANTS, OPEN_TO
from mostovi.rights.roles import Role

_PAGE = 50


@door(Action.READ, Kind.AUDIT)
def protection(request: ActingRequest) -> HttpResponse:
    """What the officer looks after: refusals, the chain's state, retention, what is held."""
    services.record(request.actor, AuditTag.RETENTION_READ)
    refused = AuditEntry.objects.filter(tag=AuditTag.ACCESS_REFUSED).order_by("-sequence")[:10]
    return render(
        request,
        "rights/protection.html",
        {
            "head": services.head(),
            "anchored": services.remembered_heads()[-1:],
            "refusals": [_refusal(entry) for entry in refused],
            "rules": retention.rules().values(),
            "uncarried": retention.uncarried(),
            "runs": [_run(run) for run in RetentionRun.objects.all()[:5]],
            "holdings": _holdings(),
        },
    )


def _refusal(entry: AuditEntry) -> dict[str, object]:
    moment = parse_datetime(entry.at)
    return {"moment": moment, "role": entry.role, "detail": entry.detail}


def _run(run: RetentionRun) -> dict[str, object]:
    """A run and what it ended, by the title of the rule; rules that ended nothing are left out."""
    titles = {code: rule.title for code, rule in retention.rules().items()}
    told = {
        titles.get(code, code): line
        for code, line in run.report.items()
        if line["ended"] or line["failure"]
    }
    return {"started_at": run.started_at, "lines": list(told.items())}


def _holdings() -> list[dict[str, object]]:
    """What is stored about persons: model, purposes, retention rule (no counts of persons)."""
    governed = [(model, governance_of(model)) for model in apps.get_models()]
    return [
        {
            "model": model._meta.label,
            "purposes": sorted(governance.purposes),
            "rule": retention.rules().get(governance.retention),
        }
        for model, governance in governed
        if governance and governance.personal
    ]


@door(Action.READ, Kind.AUDIT)
def log(request: ActingRequest) -> HttpResponse:
    """The audit chain, newest first, filtered by handle, actor or event."""
    entries = AuditEntry.objects.order_by("-sequence")
    asked = {name: request.GET.get(name, "").strip() for name in ("handle", "actor", "tag")}
    for name, value in asked.items():
        if value:
            entries = entries.filter(**{name: value})
    services.record(request.actor, AuditTag.AUDIT_READ)
    page = LongList(entries, _PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "rights/log.html",
        {"page": page, "asked": asked, "tags": [tag.value for tag in AuditTag]},
    )


@door(Action.READ, Kind.AUDIT)
@require_POST
def verify(request: ActingRequest) -> HttpResponse:
    """Recheck the whole chain now."""
    count, breaks = services.verify_chain()
    services.record(
        request.actor, AuditTag.AUDIT_VERIFIED, outcome="broken" if breaks else "whole",
        detail={"entries": count, "breaks": len(breaks)},
    )  # fmt: skip
    if breaks:
        first = breaks[0]
        messages.error(
            request,
            _(
                "The log is broken at entry %(number)s (%(kind)s). Keep the data folder as it is "
                "and tell your security contact."
            )
            % {"number": first.sequence, "kind": first.kind},
        )
    else:
        messages.success(
            request,
            ngettext(
                "The log is whole: %(count)s entry checked.",
                "The log is whole: %(count)s entries checked.",
                count,
            )
            % {"count": count},
        )
    return redirect("rights:log")


@door(Action.EXPORT, Kind.AUDIT)
def export_log(request: ActingRequest) -> StreamingHttpResponse:
    """The chain as JSON lines, for checking offline with `mostovi audit verify --file`."""
    services.record(request.actor, AuditTag.AUDIT_EXPORTED)
    response = StreamingHttpResponse(_lines(), content_type="application/jsonl")
    response["Content-Disposition"] = 'attachment; filename="audit-log.jsonl"'
    return response


def _lines() -> Iterator[str]:
    for row in AuditEntry.objects.order_by("sequence").iterator(chunk_size=2000):
        yield json.dumps(asdict(row.entry())) + "\n"


@door(Action.DECIDE, Kind.RETENTION)
@require_POST
def retain(request: ActingRequest) -> HttpResponse:
    """Carry out the retention rules now."""
    run = services.run_retention(timezone.now(), request.actor)
    ended = sum(line["ended"] for line in run.report.values())
    messages.success(
        request,
        ngettext(
            "Retention has run: %(count)s record ended.",
            "Retention has run: %(count)s records ended.",
            ended,
        )
        % {"count": ended},
    )
    return redirect("rights:protection")


@door(Action.READ, Kind.AUDIT)
def access_table(request: ActingRequest) -> HttpResponse:
    """Who may do what, as it is decided, role by role."""
    services.record(request.actor, AuditTag.AUDIT_READ, detail={"page": "access"})
    table = [
        {
            "kind": kind,
            "purposes": sorted(OPEN_TO[kind]),
            "lines": [
                {"action": action, "reach": _reach(roles)}
                for action, roles in GRANTS.get(kind, {}).items()
            ],
        }
        for kind in Kind
    ]
    return render(request, "rights/access.html", {"table": table})


def _reach(roles: Mapping[Role, Scope]) -> list[tuple[Scope, list[Role]]]:
    """Roles under what they reach, widest first."""
    found = [
        (scope, sorted(r for r, reaches in roles.items() if reaches is scope)) for scope in Scope
    ]
    return [(scope, having) for scope, having in found if having]
