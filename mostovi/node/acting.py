# SPDX-License-Identifier: EUPL-1.2
"""In which role and for which purpose a signed-in account acts.

The choice lives in the session and is checked against the account's present memberships at every
request, so an ended role closes at once and a forged choice falls back to what is held.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import get_language

from mostovi.node.accounts import handle_of, has_second_factor
from mostovi.node.models import Account, Membership
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.doors import door_of
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import ROLE_PURPOSES, Role
from mostovi.rights.services import record

MEMBERSHIP, PURPOSE = "acting_membership", "acting_purpose"
BEFORE_SECOND_FACTOR = frozenset(
    {
        "account_change_password", "account_reauthenticate", "mfa_activate_totp",
        "mfa_add_webauthn", "mfa_download_recovery_codes", "mfa_edit_webauthn",
        "mfa_generate_recovery_codes", "mfa_index", "mfa_list_webauthn", "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn", "mfa_view_recovery_codes",
    }
)  # fmt: skip
"""The only account pages open to somebody who still has to set up a second factor."""


class NotHeld(Exception):
    """The account does not hold the role or may not act for the purpose it asked for."""


def held_by(account: Account) -> list[Membership]:
    """The memberships `account` can act in now, oldest first."""
    return [m for m in account.memberships.current() if ROLE_PURPOSES[Role(m.role)]]


def chosen(session: Any, memberships: list[Membership]) -> tuple[Membership, Purpose] | None:
    """What the session chose if it is held, else the first role with its first purpose."""
    if not memberships:
        return None
    wanted = session.get(MEMBERSHIP)
    membership = next((m for m in memberships if m.pk == wanted), memberships[0])
    purposes = ROLE_PURPOSES[Role(membership.role)]
    purpose = session.get(PURPOSE) if membership.pk == wanted or wanted is None else None
    return membership, Purpose(purpose) if purpose in purposes else purposes[0]


def actor_for(account: Account, membership: Membership, purpose: Purpose) -> Actor:
    """The actor every service is given."""
    return Actor(
        account=account.pk, role=Role(membership.role), purpose=purpose, unit=membership.unit,
        language=get_language() or settings.LANGUAGE_CODE,
    )  # fmt: skip


@transaction.atomic
def switch(request: HttpRequest, *, membership: str = "", purpose: str = "") -> Actor:
    """Act in another held role (its purpose starts anew), or for another purpose of the role.

    Raises `NotHeld`; the session then stays as it was.
    """
    account = request.user
    if not isinstance(account, Account):
        raise NotHeld
    memberships = held_by(account)
    present = chosen(request.session, memberships)
    if present is None:
        raise NotHeld
    target, aim = present
    if membership:
        found = next((m for m in memberships if str(m.pk) == membership), None)
        if found is None:
            raise NotHeld
        target, aim = found, ROLE_PURPOSES[Role(found.role)][0]
    elif purpose:
        if purpose not in ROLE_PURPOSES[Role(target.role)]:
            raise NotHeld
        aim = Purpose(purpose)
    actor = actor_for(account, target, aim)
    record(actor, AuditTag.ACTING_SWITCHED, handle=handle_of(account), detail={"unit": target.unit})
    request.session[MEMBERSHIP] = target.pk
    request.session[PURPOSE] = aim.value
    return actor


class ActingMiddleware:
    """Sets `request.actor` (or None); keeps people without a second factor out of the rooms."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        acting: Any = request
        acting.actor, acting.memberships, acting.membership = None, [], None
        acting.must_enrol = False
        account = request.user
        if isinstance(account, Account):
            acting.must_enrol = settings.MFA_REQUIRED and not has_second_factor(account)
            if not acting.must_enrol:
                self._set_actor(acting, account)
        return self.get_response(request)

    @staticmethod
    def _set_actor(request: Any, account: Account) -> None:
        request.memberships = held_by(account)
        choice = chosen(request.session, request.memberships)
        if choice:
            request.membership, purpose = choice
            request.actor = actor_for(account, request.membership, purpose)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Send somebody without a second factor to its set-up before any room."""
        match = request.resolver_match
        if not getattr(request, "must_enrol", False) or match is None:
            return None
        entrance = door_of(match)
        closed = entrance is not None and entrance.opens_to in {"staff", "account"}
        if closed and match.view_name not in BEFORE_SECOND_FACTOR:
            return redirect("mfa_index")
        return None
