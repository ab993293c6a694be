# SPDX-License-Identifier: EUPL-1.2
"""Which searches and matches an actor reaches: the one place in `tracing` that asks `rights`.

A row out of reach and one that does not exist raise the same `DoesNotExist`.
"""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q, QuerySet

from mostovi.people import codes
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.rows import within_scope
from mostovi.rights.vault import vault
from mostovi.tracing.models import TracingMatch, TracingRequest


def us() -> str:
    """This node's code."""
    code: str = settings.MOSTOVI.code
    return code


def requests(actor: Actor, action: Action = Action.READ) -> QuerySet[TracingRequest]:
    """The searches on which `actor` may do `action`. Raises `Refused` when on none at all."""
    scope = require(actor, action, Kind.TRACING)
    own = Q(person__guardian_account=actor.account)
    rows = within_scope(TracingRequest.objects.all(), actor, scope, own=own)
    return rows.select_related("person", "case")


def find_request(actor: Actor, code: str, action: Action = Action.READ) -> TracingRequest:
    """The search with `code`. Raises `TracingRequest.DoesNotExist`."""
    try:
        canonical = codes.parse_record_code(code)
    except codes.CodeError as error:
        raise TracingRequest.DoesNotExist from error
    return requests(actor, action).get(code=canonical)


def matches(actor: Actor, action: Action = Action.READ) -> QuerySet[TracingMatch]:
    """The matches on which `actor` may do `action`; a guardian is told in person, never here."""
    scope = require(actor, action, Kind.TRACING)
    rows = within_scope(TracingMatch.objects.all(), actor, scope)
    return rows.select_related("person", "sought__request__person", "procedure")


def find_match(actor: Actor, code: str, action: Action = Action.READ) -> TracingMatch:
    """The match with `code`. Raises `TracingMatch.DoesNotExist`."""
    try:
        canonical = codes.parse_record_code(code)
    except codes.CodeError as error:
        raise TracingMatch.DoesNotExist from error
    return matches(actor, action).prefetch_related("procedure__events").get(code=canonical)


def request_handle(request: TracingRequest) -> str:
    """The pseudonym of a search in the audit chain."""
    return vault().handle("tracing_request", request.pk)


def match_handle(match: TracingMatch) -> str:
    """The pseudonym of a match in the audit chain."""
    return vault().handle("tracing_match", match.pk)
