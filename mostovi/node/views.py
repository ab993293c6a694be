# SPDX-License-Identifier: EUPL-1.2
"""Pages of the shell itself: today, acting, accounts, one's own sessions, and what went wrong."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import get_template
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as django_set_language

from mostovi.node import accounts, acting, sessions, today
from mostovi.node.forms import AccountForm, GrantForm, StartForm
from mostovi.node.labels import purpose_label, role_label
from mostovi.node.models import Account, Membership
from mostovi.node.rooms import rooms_of
from mostovi.node.shell import THEMES, theme_cookie
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door, public_door, signed_in_door

_PAGE = 50
_YEAR = 365 * 86_400


def _back(request: HttpRequest) -> HttpResponse:
    """To the page the form was on, if it is one of ours."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = settings.LOGIN_REDIRECT_URL
    return redirect(target)


# --- Today and acting --------------------------------------------------------------------------


@signed_in_door
def home(request: Any) -> HttpResponse:
    """What waits for the acting role: overdue, due, new; each with its one next action."""
    now = timezone.now()
    actor = request.actor
    items, silent = today.waiting_for(actor, now) if actor else ([], [])
    return render(
        request,
        "node/today.html",
        {
            "now": now,
            "actor": actor,
            "groups": today.grouped(items[: today.MOST], now),
            "beyond": max(0, len(items) - today.MOST),
            "silent": silent,
            "shortcuts": rooms_of(actor, request.path)[:4] if actor else [],
        },
    )


@require_POST
@signed_in_door
def switch(request: HttpRequest) -> HttpResponse:
    """Act in another role or for another purpose."""
    try:
        actor = acting.switch(
            request,
            membership=request.POST.get("membership", ""),
            purpose=request.POST.get("purpose", ""),
        )
    except acting.NotHeld:
        messages.error(request, _("You do not hold that role, or it has no such purpose."))
        return _back(request)
    messages.success(
        request,
        _("You now act as %(role)s for the purpose of %(purpose)s.")
        % {"role": role_label(actor.role), "purpose": purpose_label(actor.purpose)},
    )
    # The page before may belong to the other role; today is open to all.
    return (
        redirect(settings.LOGIN_REDIRECT_URL) if request.POST.get("membership") else _back(request)
    )


@require_POST
@public_door
def theme(request: HttpRequest) -> HttpResponse:
    """Keep light, dark or automatic in the browser."""
    response = _back(request)
    if request.POST.get("theme") in THEMES:
        response.set_cookie(
            theme_cookie(), request.POST["theme"], max_age=_YEAR, httponly=True, samesite="Lax",
            secure=settings.BEHIND_HTTPS,
        )  # fmt: skip
    return response


@require_POST
@public_door
def set_language(request: HttpRequest) -> HttpResponse:
    """Change the language, and remember it for the account."""
    language = request.POST.get("language", "")
    if isinstance(request.user, Account) and language in dict(settings.LANGUAGES):
        Account.objects.filter(pk=request.user.pk).update(language=language)
    return django_set_language(request)


@public_door
def about(request: HttpRequest) -> HttpResponse:
    """What Mostovi is and who runs this node."""
    return render(request, "node/about.html")


@public_door
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement."""
    return render(request, "node/accessibility.html")


# --- One's own account -------------------------------------------------------------------------


@never_cache
@signed_in_door
def own_sessions(request: HttpRequest) -> HttpResponse:
    """Where one's account is signed in."""
    assert isinstance(request.user, Account)  # noqa: S101  the door let in an account
    found = sessions.open_sessions(request.user, request.session.session_key)
    return render(
        request,
        "node/sessions.html",
        {"sessions": found, "most": settings.SESSIONS_PER_ACCOUNT, "idle": settings.SESSION_IDLE},
    )


@require_POST
@signed_in_door
def end_own_session(request: HttpRequest) -> HttpResponse:
    """End one of one's own sessions, or all but this one."""
    assert isinstance(request.user, Account)  # noqa: S101  the door let in an account
    found = sessions.open_sessions(request.user, request.session.session_key)
    wanted = request.POST.get("session", "")
    ended = [
        session
        for session in found
        if not session.current and (wanted == "others" or wanted == str(session.pk))
    ]
    for session in ended:
        sessions.end_session(request.user, session.pk)
    if ended:
        messages.success(request, _("Signed out there."))
    return redirect("node:sessions")


@sensitive_post_parameters()
@never_cache
@public_door
def start(request: HttpRequest, reference: str, token: str) -> HttpResponse:
    """Choose the first password with a link from the administrator."""
    account = accounts.account_of_start_link(reference, token)
    if account is None:
        return render(request, "node/start_closed.html", status=404)
    form = StartForm(account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your password is set. Sign in with it now."))
        return redirect("account_login")
    return render(request, "node/start.html", {"form": form, "account": account})


# --- Administration ----------------------------------------------------------------------------


@door(Action.READ, Kind.ACCOUNT)
def account_list(request: ActingRequest) -> HttpResponse:
    """All accounts of the node with the roles they hold now."""
    wanted = request.GET.get("q", "").strip()
    found = Account.objects.prefetch_related(
        Prefetch("memberships", Membership.objects.current(), to_attr="held")
    )
    if wanted:
        found = found.filter(Q(display_name__icontains=wanted) | Q(username__icontains=wanted))
    page = Paginator(found, _PAGE).get_page(request.GET.get("page"))
    return render(request, "node/accounts/list.html", {"page": page, "wanted": wanted})


@door(Action.CREATE, Kind.ACCOUNT)
def account_new(request: ActingRequest) -> HttpResponse:
    """Create an account."""
    form = AccountForm(request.POST or None, initial={"language": request.actor.language})
    if request.method == "POST" and form.is_valid():
        try:
            account = accounts.create_account(request.actor, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(
                request, _("The account is there. Give it a role, then hand over its start link.")
            )
            return redirect("node:account", pk=account.pk)
    return render(request, "node/accounts/new.html", {"form": form})


@never_cache
@door(Action.READ, Kind.ACCOUNT)
def account(request: ActingRequest, pk: UUID) -> HttpResponse:
    """One account: what it holds, what it held, and what can be done."""
    return _account_page(request, get_object_or_404(Account, pk=pk))


def _account_page(
    request: ActingRequest, account: Account, *, form: GrantForm | None = None, link: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    held = account.memberships.all()
    return render(
        request,
        "node/accounts/account.html",
        {
            "account": account,
            "current": [m for m in held if m.ended_at is None],
            "ended": [m for m in held if m.ended_at is not None],
            "form": form or GrantForm(),
            "own": account.pk == request.actor.account,
            "may_change": accounts_open_to(request, Action.CHANGE),
            "second_factor": accounts.has_second_factor(account),
            "link": request.build_absolute_uri(link) if link else "",
        },
        status=status,
    )


def accounts_open_to(request: ActingRequest, action: Action) -> bool:
    """Whether the acting role may do `action` on accounts (to show or leave out buttons)."""
    from mostovi.rights.access import decide

    return decide(request.actor, action, Kind.ACCOUNT).allowed


def _refused(request: ActingRequest, account: Account, rule: accounts.RightsRule) -> HttpResponse:
    messages.error(request, str(rule))
    return _account_page(request, account, status=403)


@require_POST
@door(Action.CHANGE, Kind.ACCOUNT)
def account_grant(request: ActingRequest, pk: UUID) -> HttpResponse:
    """Give the account a role."""
    concerned = get_object_or_404(Account, pk=pk)
    form = GrantForm(request.POST)
    if not form.is_valid():
        return _account_page(request, concerned, form=form, status=400)
    try:
        accounts.grant_role(
            request.actor, concerned, role=form.chosen_role(), unit=form.cleaned_data["unit"]
        )
    except accounts.RightsRule as rule:
        return _refused(request, concerned, rule)
    messages.success(request, _("The role is given."))
    return redirect("node:account", pk=pk)


@require_POST
@door(Action.CHANGE, Kind.ACCOUNT)
def account_end_role(request: ActingRequest, pk: UUID, membership: int) -> HttpResponse:
    """End a role; it stays in the history."""
    concerned = get_object_or_404(Account, pk=pk)
    held = get_object_or_404(concerned.memberships.current(), pk=membership)
    try:
        accounts.end_role(request.actor, held)
    except accounts.RightsRule as rule:
        return _refused(request, concerned, rule)
    messages.success(request, _("The role is ended. It closed at once."))
    return redirect("node:account", pk=pk)


@require_POST
@door(Action.CHANGE, Kind.ACCOUNT)
def account_state(request: ActingRequest, pk: UUID) -> HttpResponse:
    """Deactivate or reactivate an account."""
    concerned = get_object_or_404(Account, pk=pk)
    change = {"deactivate": accounts.deactivate, "reactivate": accounts.reactivate}.get(
        request.POST.get("change", "")
    )
    if change is None:
        raise Http404
    try:
        change(request.actor, concerned)
    except accounts.RightsRule as rule:
        return _refused(request, concerned, rule)
    messages.success(request, _("Done."))
    return redirect("node:account", pk=pk)


@require_POST
@never_cache
@door(Action.CHANGE, Kind.ACCOUNT)
def account_start_link(request: ActingRequest, pk: UUID) -> HttpResponse:
    """Show a new start link once."""
    concerned = get_object_or_404(Account, pk=pk)
    try:
        link = accounts.give_start_link(request.actor, concerned)
    except accounts.RightsRule as rule:
        return _refused(request, concerned, rule)
    return _account_page(request, concerned, link=link)


# --- What went wrong ---------------------------------------------------------------------------


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, or 413 when the request was too large."""
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    return render(request, "400.html", status=400)


def too_large(request: HttpRequest) -> HttpResponse:
    """413."""
    return render(request, "413.html", status=413)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the acting role and purpose do not open this."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: the same for what is not there and for what may not be seen."""
    return render(request, "404.html", status=404)


def too_many(request: HttpRequest) -> HttpResponse:
    """429."""
    return render(request, "429.html", status=429)


def failure(request: HttpRequest) -> HttpResponse:
    """500: drawn without the database, which may be what failed."""
    return HttpResponse(get_template("500.html").render({}), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long, or a browser without cookies."""
    return render(request, "403_csrf.html", status=403)
