# SPDX-License-Identifier: EUPL-1.2
"""Verbs on staff accounts. Two rules stand above the access table:

nobody changes their own rights, and whoever administers accounts never holds a role that reads
data on persons of concern (nor the other way round). A refused attempt is written into the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, F, When
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _

from mostovi.cases.staff import Colleague
from mostovi.node.labels import ROLE_LABELS, role_label
from mostovi.node.models import Account, Membership
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.policy import reads_personal_data
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import GRANTABLE, Role
from mostovi.rights.services import record
from mostovi.rights.vault import vault

P = ParamSpec("P")
T = TypeVar("T")


class RightsRule(Exception):
    """A rule above the access table refuses this; `code` for the log, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def handle_of(account: Account | UUID) -> str:
    """The pseudonym of an account in the log."""
    return vault().handle("account", account.pk if isinstance(account, Account) else account)


def _refusals_recorded(verb: Callable[P, T]) -> Callable[P, T]:
    """Write a refusal into the log after the verb's own transaction has been rolled back."""

    @wraps(verb)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        actor, account = args[0], args[1]
        try:
            with transaction.atomic():
                return verb(*args, **kwargs)
        except RightsRule as rule:
            assert isinstance(actor, Actor)  # noqa: S101  every verb's first argument
            concerned = account.account if isinstance(account, Membership) else account
            assert isinstance(concerned, Account)  # noqa: S101  every verb's second argument
            record(
                actor, AuditTag.ACCOUNT_CHANGE_REFUSED, handle=handle_of(concerned),
                outcome="refused", detail={"why": rule.code},
            )  # fmt: skip
            raise

    return guarded


def _not_oneself(actor: Actor, account: Account) -> None:
    if actor.account == account.pk:
        raise RightsRule(
            "own_rights",
            _("Nobody changes their own account or rights. Ask another administrator."),
        )


@transaction.atomic
def create_account(
    actor: Actor,
    *,
    username: str,
    display_name: str,
    language: str = "en",
    email: str = "",
    partner_subject: str = "",
    partner_email: str = "",
) -> Account:
    """Create an account without roles and without a password.

    Raises `Refused`, or `ValidationError` naming the field that is wrong or taken.
    """
    require(actor, Action.CREATE, Kind.ACCOUNT)
    account = Account(
        username=username.lower(), display_name=display_name, language=language, email=email,
        partner_subject=partner_subject, partner_email=partner_email.lower(),
    )  # fmt: skip
    account.set_unusable_password()
    account.full_clean()
    account.save()
    record(actor, AuditTag.ACCOUNT_CREATED, handle=handle_of(account))
    return account


@_refusals_recorded
def grant_role(actor: Actor, account: Account, *, role: Role, unit: str) -> Membership:
    """Give `account` a role in a unit of this node.

    Raises `Refused`, `RightsRule` (own rights, a role nobody may be given, administrator and
    personal data in one hand, a node that holds no persons), or `ValidationError` (unit).
    """
    require(actor, Action.CHANGE, Kind.ACCOUNT)
    _not_oneself(actor, account)
    locked = Account.objects.select_for_update().get(pk=account.pk)
    if not locked.is_active:
        raise RightsRule("inactive", _("This account is deactivated. Reactivate it first."))
    if unit not in settings.MOSTOVI.units:
        raise ValidationError({"unit": _("This unit does not exist. Choose one from the list.")})
    _grantable(role, {Role(held.role) for held in locked.memberships.current()})
    membership, added = Membership.objects.get_or_create(
        account=locked, role=role.value, unit=unit, ended_at=None,
        defaults={"granted_by": actor.account},
    )  # fmt: skip
    if added:
        record(
            actor, AuditTag.ROLE_GRANTED, handle=handle_of(locked),
            detail={"role": role.value, "unit": unit},
        )  # fmt: skip
    return membership


def _grantable(role: Role, held: set[Role]) -> None:
    """Raise `RightsRule` unless `role` may join the roles already `held`."""
    if role not in GRANTABLE:
        raise RightsRule("not_grantable", _("This role cannot be given to an account."))
    if reads_personal_data(role) and not settings.MOSTOVI.holds_persons:
        raise RightsRule(
            "no_persons", _("This node holds no personal data, so nobody here needs this role.")
        )
    together = held | {role}
    if Role.ADMINISTRATOR in together and any(map(reads_personal_data, together)):
        raise RightsRule(
            "separation",
            _(
                "An administrator can never hold a role that reads personal data. "
                "Use two accounts, held by two people."
            ),
        )


@_refusals_recorded
def end_role(actor: Actor, membership: Membership) -> None:
    """End a role at once; it stays in the history. Raises `Refused` or `RightsRule`."""
    require(actor, Action.CHANGE, Kind.ACCOUNT)
    _not_oneself(actor, membership.account)
    if membership.end(by=actor.account, at=timezone.now()):
        record(
            actor, AuditTag.ROLE_ENDED, handle=handle_of(membership.account),
            detail={"role": membership.role, "unit": membership.unit},
        )  # fmt: skip


@_refusals_recorded
def deactivate(actor: Actor, account: Account) -> None:
    """Close an account and end its sessions; history stays. Raises `Refused` or `RightsRule`."""
    require(actor, Action.CHANGE, Kind.ACCOUNT)
    _not_oneself(actor, account)
    if Account.objects.filter(pk=account.pk, is_active=True).update(is_active=False):
        for session in UserSession.objects.filter(user_id=account.pk):
            session.end()
        record(actor, AuditTag.ACCOUNT_DEACTIVATED, handle=handle_of(account))


@_refusals_recorded
def reactivate(actor: Actor, account: Account) -> None:
    """Open a deactivated account again. Raises `Refused` or `RightsRule`."""
    require(actor, Action.CHANGE, Kind.ACCOUNT)
    _not_oneself(actor, account)
    if Account.objects.filter(pk=account.pk, is_active=False).update(is_active=True):
        record(actor, AuditTag.ACCOUNT_REACTIVATED, handle=handle_of(account))


class _StartTokens(PasswordResetTokenGenerator):
    """Tokens of start links; one dies with the first sign-in or the next password."""

    key_salt = "mostovi.node.accounts.start"


_START_TOKENS = _StartTokens()


@_refusals_recorded
def give_start_link(actor: Actor, account: Account) -> str:
    """The path under which the holder chooses a password; valid for three days, once.

    Only while a second factor keeps the account safe from whoever sees the link, or nobody has
    ever used it. Raises `Refused` or `RightsRule`.
    """
    require(actor, Action.CHANGE, Kind.ACCOUNT)
    _not_oneself(actor, account)
    if account.last_login and not has_second_factor(account):
        raise RightsRule(
            "no_second_factor",
            _(
                "This account is in use and has no second factor, so a link would open it to "
                "whoever holds the link. Create a new account instead."
            ),
        )
    record(actor, AuditTag.START_LINK_GIVEN, handle=handle_of(account))
    return start_path(account)


def start_path(account: Account) -> str:
    """Address of the start page of `account`, with a fresh token."""
    return reverse(
        "node:start",
        args=[urlsafe_base64_encode(force_bytes(account.pk)), _START_TOKENS.make_token(account)],
    )


def account_of_start_link(reference: str, token: str) -> Account | None:
    """The account a start link opens, or None when the link is wrong, used or too old."""
    try:
        account = Account.objects.get(pk=UUID(force_str(urlsafe_base64_decode(reference))))
    except (ValueError, Account.DoesNotExist):
        return None
    valid = account.is_active and _START_TOKENS.check_token(account, token)
    return account if valid else None


def has_second_factor(account: Account) -> bool:
    """Whether a passkey or an authenticator app is set up (recovery codes alone are not enough)."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return bool(Authenticator.objects.filter(user_id=account.pk, type__in=kinds).exists())


def display_names(accounts: Iterable[str]) -> dict[str, str]:
    """Display names by account id (as text), one query; unknown ids are left out."""
    found = Account.objects.filter(pk__in=list(accounts)).values_list("pk", "display_name")
    return {str(key): name for key, name in found}


MANY_NAMES = 300


def names_with(account: str) -> dict[str, str]:
    """The display name of `account`, and of the colleagues likeliest named beside it, in one query.

    At a node with at most `MANY_NAMES` accounts these are all; else those signed in last.
    """
    asked = Case(When(pk=account, then=0), default=1)
    rows = Account.objects.order_by(asked, F("last_login").desc(nulls_last=True))
    return {str(key): name for key, name in rows.values_list("pk", "display_name")[:MANY_NAMES]}


@transaction.atomic
def colleagues() -> list[Colleague]:
    """Every account with its current roles, for choosing somebody in a case."""
    rows = Membership.objects.current().filter(account__is_active=True).select_related("account")
    return [
        Colleague(row.account_id, row.account.display_name, Role(row.role), row.unit)
        for row in rows.order_by("account__display_name", "pk")
    ]


def create_first_administrator(*, username: str, display_name: str) -> Account:
    """The account a new node starts with. Raises `RightsRule` when there is an account already."""
    if Account.objects.exists():
        raise RightsRule("not_first", _("This node has accounts already."))
    actor = Actor.system(Purpose.GOVERNANCE)
    account = create_account(
        actor, username=username, display_name=display_name, language=settings.LANGUAGE_CODE
    )
    grant_role(actor, account, role=Role.ADMINISTRATOR, unit=settings.MOSTOVI.units[0])
    return account


@transaction.atomic
def create_demo_accounts(password: str) -> list[Account]:
    """One account for each role a demonstration shows, named like the role, all with `password`.

    A second social worker works in another unit. Accounts that exist are kept, so it can run
    again. Raises `RightsRule` on a node that is no demonstration.
    """
    if not settings.MOSTOVI.demo:
        raise RightsRule("no_demo", _("This node is no demonstration."))
    first, last = settings.MOSTOVI.units[0], settings.MOSTOVI.units[-1]
    wanted = [
        (role.value.replace("_", "-"), role, first)
        for role in ROLE_LABELS
        if role in GRANTABLE and (settings.MOSTOVI.holds_persons or not reads_personal_data(role))
    ]
    if settings.MOSTOVI.holds_persons:
        wanted.append(("social-worker-2", Role.SOCIAL_WORKER, last))
    # Hashed once: the password is public, and twenty times would be most of the demo's start.
    hashed = make_password(password)
    return [_demo_account(username, role, unit, hashed) for username, role, unit in wanted]


def _demo_account(username: str, role: Role, unit: str, hashed: str) -> Account:
    actor = Actor.system(Purpose.GOVERNANCE)
    account = Account.objects.filter(username=username).first()
    if account is None:
        account = create_account(actor, username=username, display_name=role_label(role))
        account.password = hashed
        account.save(update_fields=["password"])
        grant_role(actor, account, role=role, unit=unit)
    return account
