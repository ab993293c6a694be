# SPDX-License-Identifier: EUPL-1.2
"""How long and how often an account may be signed in, and what of it goes into the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_out
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.node.accounts import handle_of
from mostovi.node.models import Account
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.services import record

STARTED, SEEN = "session_started", "session_seen"
TOUCH_EVERY = timedelta(minutes=1)
"""Activity is noted at most this often, so that reading a page rarely writes."""


def limit_passed(started: datetime, seen: datetime, now: datetime) -> str | None:
    """`idle` or `absolute` when the session has to end at `now`, else None."""
    if now - started >= timedelta(seconds=settings.SESSION_COOKIE_AGE):
        return "absolute"
    if now - seen >= settings.SESSION_IDLE:
        return "idle"
    return None


class SessionLimitMiddleware:
    """Ends sessions after idle time and after their longest life; nothing saved is lost."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = timezone.now()
            started, seen = _moments(request.session, now)
            passed = limit_passed(started, seen, now)
            if passed:
                return _end(request, passed)
            if STARTED not in request.session:
                request.session[STARTED] = now.timestamp()
            if now - seen >= TOUCH_EVERY or SEEN not in request.session:
                request.session[SEEN] = now.timestamp()
        return self.get_response(request)


def _moments(session: Any, now: datetime) -> tuple[datetime, datetime]:
    """When the session started and was last used."""
    return (
        datetime.fromtimestamp(session.get(STARTED, now.timestamp()), UTC),
        datetime.fromtimestamp(session.get(SEEN, now.timestamp()), UTC),
    )


def _end(request: HttpRequest, why: str) -> HttpResponse:
    account = request.user
    record(
        own_actor(account), AuditTag.SESSION_ENDED, handle=handle_of(account),  # type: ignore[arg-type]
        detail={"why": why},
    )  # fmt: skip
    logout(request)
    if why == "idle":
        text = _(
            "You were signed out because nothing happened for 30 minutes. What you saved is there."
        )
    else:
        text = _("You were signed out after 12 hours. What you saved is there.")
    messages.info(request, text)
    return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")


def own_actor(account: Any) -> Actor:
    """An actor for what an account does to itself, whatever its roles."""
    return Actor(account=account.pk, role=Role.PERSON, purpose=Purpose.GOVERNANCE)


@dataclass(frozen=True)
class OpenSession:
    """One open session as its owner sees it."""

    pk: int
    device: str
    ip: str
    started: datetime
    seen: datetime | None
    current: bool


def open_sessions(account: Account, current_key: str | None) -> list[OpenSession]:
    """The account's open sessions, newest first; dead ones are cleared away."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    found = []
    for row in UserSession.objects.purge_and_list(account):
        seen = store(row.session_key).get(SEEN)
        found.append(
            OpenSession(
                pk=row.pk, device=device_name(row.user_agent), ip=row.ip, started=row.created_at,
                seen=datetime.fromtimestamp(seen, UTC) if seen else None,
                current=row.session_key == current_key,
            )
        )  # fmt: skip
    return sorted(found, key=lambda session: session.started, reverse=True)


def device_name(user_agent: str) -> str:
    """A browser's own description in words, such as 'Firefox, Windows'."""
    browsers = (
        ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )  # fmt: skip
    systems = (
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
        ("Mac OS", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
    )  # fmt: skip
    named = [
        next((name for mark, name in table if mark in user_agent), "")
        for table in (browsers, systems)
    ]
    return ", ".join(part for part in named if part) or _("Unknown device")


@transaction.atomic
def end_session(account: Account, pk: int) -> bool:
    """End one of the account's own sessions; False when it is not (or no longer) there."""
    session = UserSession.objects.filter(user_id=account.pk, pk=pk).first()
    if session is None:
        return False
    session.end()
    record(
        own_actor(account), AuditTag.SESSION_ENDED, handle=handle_of(account),
        detail={"why": "by_owner"},
    )  # fmt: skip
    return True


def forget_ended(now: datetime) -> int:
    """Delete sessions that have run out, with the addresses and browsers noted beside them."""
    ended, _models = Session.objects.filter(expire_date__lte=now).delete()
    alive = Session.objects.values("session_key")
    forgotten: int
    forgotten, _models = UserSession.objects.exclude(session_key__in=alive).delete()
    return ended + forgotten


def _signed_in(sender: Any, request: HttpRequest, user: Account, **details: Any) -> None:
    """Log the sign-in, end the oldest sessions beyond the limit, speak the account's language."""
    now = timezone.now()
    request.session[STARTED] = request.session[SEEN] = now.timestamp()
    record(own_actor(user), AuditTag.SIGNED_IN, handle=handle_of(user))
    rows = list(UserSession.objects.filter(user_id=user.pk).order_by("-created_at", "-pk"))
    for row in rows[settings.SESSIONS_PER_ACCOUNT :]:
        row.end()
        record(
            own_actor(user), AuditTag.SESSION_ENDED, handle=handle_of(user),
            detail={"why": "too_many"},
        )  # fmt: skip
    response = details.get("response")
    if response is not None and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        speak(response, user.language)


def speak(response: HttpResponse, language: str) -> None:
    """Keep `language` in the browser."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 86_400,
        secure=settings.BEHIND_HTTPS, httponly=True, samesite="Lax",
    )  # fmt: skip


def _signed_out(sender: Any, request: HttpRequest, user: Account | None, **details: Any) -> None:
    if user is not None:
        record(own_actor(user), AuditTag.SIGNED_OUT, handle=handle_of(user))


def _factor_failed(sender: Any, request: HttpRequest, user: Account, **details: Any) -> None:
    record(
        own_actor(user), AuditTag.SIGN_IN_FAILED, handle=handle_of(user), outcome="refused",
        detail={"step": "second_factor"},
    )  # fmt: skip


def _factors_changed(sender: Any, request: HttpRequest, user: Account, **details: Any) -> None:
    kind = details["authenticator"].type
    record(
        own_actor(user), AuditTag.SECOND_FACTOR_CHANGED, handle=handle_of(user),
        detail={"factor": str(kind)},
    )  # fmt: skip


def _password_changed(sender: Any, request: HttpRequest, user: Account, **details: Any) -> None:
    record(own_actor(user), AuditTag.PASSWORD_CHANGED, handle=handle_of(user))


def connect() -> None:
    """Listen to what happens at the entrance; called once when the package is ready."""
    account_signals.user_logged_in.connect(_signed_in, dispatch_uid="mostovi.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="mostovi.signed_out")
    account_signals.password_changed.connect(_password_changed, dispatch_uid="mostovi.password")
    mfa_signals.authentication_failed.connect(_factor_failed, dispatch_uid="mostovi.factor_failed")
    for signal in (
        mfa_signals.authenticator_added,
        mfa_signals.authenticator_removed,
        mfa_signals.authenticator_reset,
    ):
        signal.connect(_factors_changed, dispatch_uid=f"mostovi.factors.{id(signal)}")
