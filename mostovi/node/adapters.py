# SPDX-License-Identifier: EUPL-1.2
"""What this node decides in place of django-allauth: no sign-up, lock-out, partner sign-in."""

from __future__ import annotations

import base64
import hashlib
import math
import time
from datetime import UTC, datetime
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mostovi.node.accounts import handle_of
from mostovi.node.models import Account
from mostovi.node.sessions import STARTED
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record

_LIMIT: dict[str, str] = {"app": "allauth.account", "action": "login_failed"}
JUST_SIGNED_IN = 300
"""Seconds."""
SILENT_MESSAGES = frozenset({"account/messages/logged_in.txt"})
"""Signing in shows the day's work; a message on top of it says nothing."""


def _note(tag: AuditTag, account: Account | None, **detail: str | bool) -> None:
    """Log a failed attempt. What was typed is not kept: people type passwords into name fields."""
    record(
        Actor.system(Purpose.GOVERNANCE), tag, outcome="refused",
        handle=handle_of(account) if account else "",
        detail={"known": account is not None, **detail},
    )  # fmt: skip


class AccountAdapter(DefaultAccountAdapter):
    """Closed sign-up, and a lock-out that says when to try again."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": gettext_lazy(
            "Account name and password do not fit together. Check both. "
            "After five failed attempts the name is locked for 15 minutes."
        ),
        "email_password_mismatch": gettext_lazy(
            "Account name and password do not fit together. Check both. "
            "After five failed attempts the name is locked for 15 minutes."
        ),
        "incorrect_password": gettext_lazy("This is not your password. Try again."),
        "incorrect_code": gettext_lazy(
            "This code is not right or no longer valid. Wait for the next one and try again."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: an administrator creates accounts."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse while locked out, saying until when."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as refusal:
            raise self._locked(request, credentials) from refusal

    def _locked(self, request: HttpRequest, credentials: dict[str, Any]) -> ValidationError:
        seconds = self._seconds_left(request, credentials)
        minutes = max(1, math.ceil(seconds / 60))
        until = timezone.localtime(datetime.fromtimestamp(time.time() + seconds, UTC))
        text = ngettext(
            "Too many failed attempts. Try again in %(minutes)d minute, at %(time)s, or sign in "
            "with a passkey. If it was not you, tell your administrator.",
            "Too many failed attempts. Try again in %(minutes)d minutes, at %(time)s, or sign in "
            "with a passkey. If it was not you, tell your administrator.",
            minutes,
        )
        return ValidationError(
            text % {"minutes": minutes, "time": until.strftime("%H:%M")}, code="locked_out"
        )

    def _seconds_left(self, request: HttpRequest, credentials: dict[str, Any]) -> float:
        """Until the last full limit has room again."""
        key = self._get_login_attempts_cache_key(request, **credentials)
        left = 0.0
        for rate in ratelimit.get_rates(**_LIMIT):
            history = cache.get(ratelimit.get_cache_key(request, rate=rate, key=key, **_LIMIT), [])
            if len(history) >= rate.amount:
                left = max(left, history[rate.amount - 1] + rate.duration - time.time())
        return left

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Log the failure, and the lock-out it leads to."""
        username = str(credentials.get("username", "")).lower()
        account = Account.objects.filter(username=username).first()
        _note(AuditTag.SIGN_IN_FAILED, account, step="password")
        if self._seconds_left(request, credentials) > 0:
            _note(AuditTag.LOCKED_OUT, account)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not right after signing in: everything that proves who it is was just given."""
        just_now = time.time() - context.request.session.get(STARTED, 0) < JUST_SIGNED_IN
        return not just_now and bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The ways to confirm that it is you, in the shell's words."""
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use a code from your app"),
            "mfa_reauthenticate:webauthn": _("Use your passkey"),
        }
        found = super().get_reauthentication_methods(user)
        return [{**way, "description": words.get(way["id"], way["description"])} for way in found]

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Leave out messages that say nothing new."""
        template = kwargs.get("message_template") or (args[0] if args else None)
        if template not in SILENT_MESSAGES:
            super().add_message(request, level, *args, **kwargs)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second-factor secrets are encrypted with a key that lies outside the database."""

    def _cipher(self) -> Fernet:
        material = f"mostovi.second-factor:{settings.SECRET_KEY}".encode()
        return Fernet(base64.urlsafe_b64encode(hashlib.sha256(material).digest()))

    def encrypt(self, text: str) -> str:
        """`text` as it is stored."""
        return self._cipher().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """The stored secret in clear."""
        return self._cipher().decrypt(encrypted_text.encode("ascii")).decode()

    def _get_site_name(self) -> str:
        return str(settings.MOSTOVI.name)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """A name to start from; the owner can choose another."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey %(number)d") % {"number": number}

    def get_totp_label(self, user: Any) -> str:
        """The account name, as authenticator apps show it."""
        return str(user.username)


class PartnerIdentityAdapter(DefaultSocialAccountAdapter):
    """Sign-in through the institution's own identity provider, for prepared accounts only."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never."""
        return False

    def can_authenticate_by_email(self, login: Any, email: str) -> bool:
        """Never by an address somebody entered here; only by what an administrator tied."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Let in the account an administrator tied to this identity; nobody is created.

        The first sign-in by a verified address pins the provider's subject, so that an address
        given to somebody else later opens nothing.
        """
        account = None if request.user.is_authenticated else prepared_account(sociallogin)
        if account is None:
            _note(AuditTag.SIGN_IN_FAILED, None, step="partner")
            raise ImmediateHttpResponse(redirect("socialaccount_login_error"))
        # What else the provider says about a colleague is not needed here.
        sociallogin.account.extra_data = {}
        if sociallogin.is_existing:
            sociallogin.account.save(update_fields=["extra_data"])
        else:
            account.partner_subject = sociallogin.account.uid
            account.save(update_fields=["partner_subject"])
            sociallogin.connect(request, account)


def prepared_account(sociallogin: Any) -> Account | None:
    """The active account tied to this subject, or to an e-mail the provider says it verified."""
    active = Account.objects.filter(is_active=True)
    subject = str(sociallogin.account.uid or "")
    by_subject = active.filter(partner_subject=subject).first() if subject else None
    if by_subject:
        return by_subject
    verified = [a.email.lower() for a in sociallogin.email_addresses if a.verified and a.email]
    # An account tied to another subject is never taken over by an e-mail address.
    return active.filter(partner_email__in=verified, partner_subject="").first()
