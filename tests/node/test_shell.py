# SPDX-License-Identifier: EUPL-1.2
"""The entrance, acting, sessions, today, the rail and the words around every page."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import get_resolver, path
from django.utils import translation

from mostovi.node import accounts, acting, assets, rooms, sessions, today, views
from mostovi.node.models import Account
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Actor, Kind, decide
from mostovi.rights.audit import AuditTag
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import GRANTABLE, ROLE_PURPOSES, Role

Staff = Callable[..., Account]
SignIn = Callable[..., Client]
pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def entries(tag: AuditTag) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(tag=tag).order_by("sequence"))


# --- Default deny ---


def unguarded(request: object) -> HttpResponse:
    """A view somebody forgot to give a door."""
    return HttpResponse("secret")


urlpatterns = [*__import__("mostovi.node.urls", fromlist=["x"]).urlpatterns]
urlpatterns.append(path("forgotten/", unguarded))
handler403 = "mostovi.node.views.forbidden"
handler404 = "mostovi.node.views.not_found"


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("role", [None, Role.ADMINISTRATOR, Role.SOCIAL_WORKER])
def test_a_view_without_a_door_is_closed_to_everybody(
    role: Role | None, staff: Staff, sign_in: SignIn
) -> None:
    browser = Client()
    if role:
        staff("mira", role)
        browser = sign_in("mira")
    answer = browser.get("/forgotten/")
    assert answer.status_code == 403
    assert b"secret" not in answer.content


def test_home_sends_visitors_to_the_entrance(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer.url == "/accounts/login/?next=/"  # type: ignore[attr-defined]


# --- The entrance ---


def test_after_five_failures_the_name_is_locked_and_the_page_says_until_when(
    staff: Staff, sign_in: SignIn
) -> None:
    staff("mira", Role.SOCIAL_WORKER)
    staff("ben", Role.ANALYST)
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Client()
        for _attempt in range(5):
            browser.post("/accounts/login/", {"login": "mira", "password": "wrong guess"})
        clock.shift(timedelta(minutes=3))
        answer = browser.post(
            "/accounts/login/", {"login": "mira", "password": "four quiet bridges stand"}
        )
        text = answer.content.decode()
        assert answer.status_code == 200
        # 08:15 UTC is 09:15 where the node stands.
        assert "Try again in 12 minutes, at 09:15" in text
        sign_in("ben")
        clock.shift(timedelta(minutes=12, seconds=1))
        sign_in("mira")
    assert len(entries(AuditTag.SIGN_IN_FAILED)) == 5
    assert len(entries(AuditTag.LOCKED_OUT)) == 1
    assert len(entries(AuditTag.SIGNED_IN)) == 2


def test_a_lock_out_looks_the_same_for_a_name_nobody_has(client: Client) -> None:
    for _attempt in range(5):
        client.post("/accounts/login/", {"login": "nobody", "password": "wrong guess"})
    answer = client.post("/accounts/login/", {"login": "nobody", "password": "wrong guess"})
    assert "Too many failed attempts" in answer.content.decode()


def test_what_was_typed_at_the_entrance_is_not_in_the_log(client: Client, staff: Staff) -> None:
    staff("mira")
    client.post("/accounts/login/", {"login": "my secret password", "password": "hunter"})
    client.post("/accounts/login/", {"login": "mira", "password": "my secret password"})
    written = " ".join(str(vars(entry)) for entry in AuditEntry.objects.all())
    assert "secret" not in written and "hunter" not in written
    known = [entry.detail for entry in entries(AuditTag.SIGN_IN_FAILED)]
    assert ['"known": false' in known[0], '"known": true' in known[1]] == [True, True]


def test_an_account_name_may_be_typed_in_capitals(staff: Staff, sign_in: SignIn) -> None:
    staff("mira", Role.ANALYST)
    sign_in(" Mira ")


def test_signing_in_does_not_lead_to_another_host(staff: Staff) -> None:
    staff("mira", Role.ANALYST)
    answer = Client().post(
        "/accounts/login/?next=https://elsewhere.example/",
        {"login": "mira", "password": "four quiet bridges stand",
         "next": "https://elsewhere.example/"},
    )  # fmt: skip
    assert answer.url == "/"  # type: ignore[attr-defined]


# --- Second factor ---


def code_now(secret: str) -> str:
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, int(datetime.now(UTC).timestamp()) // 30))


def test_without_a_second_factor_no_room_opens(staff: Staff, sign_in: SignIn, settings) -> None:
    settings.MFA_REQUIRED = True
    staff("ana", Role.ADMINISTRATOR)
    browser = sign_in("ana")
    for address in ("/", "/administration/accounts/", "/sessions/", "/act/"):
        answer = browser.get(address)
        assert (answer.status_code, answer.url) == (302, "/accounts/2fa/"), address  # type: ignore[attr-defined]
    forged = browser.post("/administration/accounts/new/", {"username": "x"})
    assert forged.status_code == 302 and Account.objects.count() == 1
    page = browser.get("/accounts/2fa/").content.decode()
    assert "Before you can work here" in page
    assert browser.get("/about/").status_code == 200
    assert browser.post("/accounts/logout/").status_code == 302


def test_an_authenticator_app_opens_the_rooms_and_is_asked_at_the_next_sign_in(
    staff: Staff, sign_in: SignIn, settings
) -> None:
    settings.MFA_REQUIRED = True
    staff("ana", Role.ADMINISTRATOR)
    browser = sign_in("ana")
    page = browser.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r'class="copy">([A-Z2-7]+)<', page)
    assert secret is not None
    answer = browser.post("/accounts/2fa/totp/activate/", {"code": code_now(secret[1])})
    assert answer.status_code == 302
    assert browser.get("/administration/accounts/").status_code == 200
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert secret[1] not in str(stored.data)
    assert TOTP(stored)

    later = sign_in("ana")
    assert later.get("/").status_code == 302, "the password alone must not be enough"
    assert later.get("/accounts/2fa/authenticate/").status_code == 200
    refused = later.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert refused.status_code == 200 and later.get("/").status_code == 302
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap()
    spare = codes.get_unused_codes()[0]
    assert later.post("/accounts/2fa/authenticate/", {"code": spare}).status_code == 302
    assert later.get("/").status_code == 200


def test_recovery_codes_alone_are_no_second_factor(staff: Staff) -> None:
    account = staff("ana", Role.ADMINISTRATOR)
    Authenticator.objects.create(
        user=account, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x"}
    )
    assert not accounts.has_second_factor(account)


# --- Acting ---


def test_the_first_role_and_its_first_purpose_are_the_start(staff: Staff, sign_in: SignIn) -> None:
    staff("fatmir", Role.PARTNER_FOCAL_POINT, Role.ANALYST)
    answer = sign_in("fatmir").get("/")
    actor = answer.wsgi_request.actor  # type: ignore[attr-defined]
    assert (actor.role, actor.purpose) == (Role.PARTNER_FOCAL_POINT, Purpose.GOVERNANCE)


def test_a_role_switch_starts_the_purpose_anew_and_is_logged(staff: Staff, sign_in: SignIn) -> None:
    account = staff("fatmir", Role.ANALYST, Role.PARTNER_FOCAL_POINT)
    browser = sign_in("fatmir")
    focal = account.memberships.get(role=Role.PARTNER_FOCAL_POINT)
    browser.post("/act/", {"membership": str(focal.pk)})
    browser.post("/act/", {"purpose": "statistics"})
    actor = browser.get("/").wsgi_request.actor  # type: ignore[attr-defined]
    assert (actor.role, actor.purpose) == (Role.PARTNER_FOCAL_POINT, Purpose.STATISTICS)
    browser.post("/act/", {"membership": str(focal.pk)})
    actor = browser.get("/").wsgi_request.actor  # type: ignore[attr-defined]
    assert actor.purpose == Purpose.GOVERNANCE
    switched = entries(AuditTag.ACTING_SWITCHED)
    assert [(e.role, e.purpose) for e in switched] == [
        ("partner_focal_point", "governance"),
        ("partner_focal_point", "statistics"),
        ("partner_focal_point", "governance"),
    ]


@pytest.mark.parametrize("role", sorted(GRANTABLE))
def test_no_role_acts_for_a_purpose_it_has_not(role: Role, staff: Staff, sign_in: SignIn) -> None:
    staff("mira", role)
    browser = sign_in("mira")
    for purpose in [*Purpose, "everything", ""]:
        browser.post("/act/", {"purpose": str(purpose)})
        actor = browser.get("/about/").wsgi_request.actor  # type: ignore[attr-defined]
        assert actor.role == role and actor.purpose in ROLE_PURPOSES[role]


def test_nobody_acts_in_a_role_of_somebody_else_or_in_an_ended_one(
    staff: Staff, sign_in: SignIn
) -> None:
    ana = staff("ana", Role.ADMINISTRATOR)
    mira = staff("mira", Role.ANALYST, Role.INTERPRETER)
    interpreter = mira.memberships.get(role=Role.INTERPRETER)
    accounts.end_role(Actor.system(Purpose.GOVERNANCE), interpreter)
    browser = sign_in("mira")
    foreign = ana.memberships.get()
    for tried in (foreign.pk, interpreter.pk, 999_999, "x' OR 1=1"):
        browser.post("/act/", {"membership": str(tried)})
        actor = browser.get("/").wsgi_request.actor  # type: ignore[attr-defined]
        assert (actor.account, actor.role) == (mira.pk, Role.ANALYST)
    assert browser.get("/administration/accounts/").status_code == 403


def test_a_session_written_to_by_hand_gives_only_what_is_held(staff: Staff) -> None:
    mira = staff("mira", Role.ANALYST)
    held = acting.held_by(mira)
    forged = {acting.MEMBERSHIP: held[0].pk, acting.PURPOSE: "protection"}
    choice = acting.chosen(forged, held)
    assert choice is not None and choice[1] == Purpose.STATISTICS


def test_a_role_ended_while_it_is_chosen_falls_back_to_what_is_left(
    staff: Staff, sign_in: SignIn
) -> None:
    account = staff("fatmir", Role.ANALYST, Role.PARTNER_FOCAL_POINT)
    browser = sign_in("fatmir")
    focal = account.memberships.get(role=Role.PARTNER_FOCAL_POINT)
    browser.post("/act/", {"membership": str(focal.pk)})
    accounts.end_role(Actor.system(Purpose.GOVERNANCE), focal)
    actor = browser.get("/").wsgi_request.actor  # type: ignore[attr-defined]
    assert (actor.role, actor.purpose) == (Role.ANALYST, Purpose.STATISTICS)


# --- Sessions ---


def test_thirty_idle_minutes_end_a_session(staff: Staff, sign_in: SignIn) -> None:
    staff("mira", Role.ANALYST)
    with time_machine.travel(NOW, tick=False) as clock:
        browser = sign_in("mira")
        clock.shift(timedelta(minutes=29))
        assert browser.get("/").status_code == 200
        clock.shift(timedelta(minutes=29))
        assert browser.get("/").status_code == 200, "each use starts the time anew"
        clock.shift(timedelta(minutes=31))
        answer = browser.get("/sessions/", follow=True)
        assert answer.redirect_chain[0][0] == "/accounts/login/?next=/sessions/"
        assert "nothing happened for 30 minutes" in answer.content.decode()


def test_twelve_hours_end_a_session_that_is_always_used(staff: Staff, sign_in: SignIn) -> None:
    staff("mira", Role.ANALYST)
    with time_machine.travel(NOW, tick=False) as clock:
        browser = sign_in("mira")
        for _quarter in range(47):
            clock.shift(timedelta(minutes=15))
            assert browser.get("/about/").wsgi_request.user.is_authenticated  # type: ignore[attr-defined]
        clock.shift(timedelta(minutes=15))
        assert browser.get("/").status_code == 302


def test_a_fourth_session_ends_the_oldest(staff: Staff, sign_in: SignIn) -> None:
    staff("mira", Role.ANALYST)
    browsers = []
    for minute in range(4):
        with time_machine.travel(NOW + timedelta(minutes=minute), tick=False):
            browsers.append(sign_in("mira"))
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        answers = [browser.get("/").status_code for browser in browsers]
    assert answers == [302, 200, 200, 200]


def test_one_s_own_sessions_are_listed_and_ended_but_nobody_else_s(
    staff: Staff, sign_in: SignIn
) -> None:
    staff("mira", Role.ANALYST)
    staff("ben", Role.ANALYST)
    phone = sign_in("mira", headers={"user-agent": "Mozilla/5.0 (Android 15) Firefox/140.0"})
    desk, foreign = sign_in("mira"), sign_in("ben")
    page = desk.get("/sessions/").content.decode()
    assert "Firefox, Android" in page and page.count("Sign out there") == 1
    number = re.search(r'name="session" value="(\d+)"', page)
    assert number is not None
    foreign.post("/sessions/end/", {"session": number[1]})
    assert phone.get("/").status_code == 200
    desk.post("/sessions/end/", {"session": number[1]})
    assert phone.get("/").status_code == 302
    assert desk.get("/").status_code == 200


def test_the_session_changes_its_number_at_sign_in(staff: Staff, client: Client) -> None:
    staff("mira", Role.ANALYST)
    client.get("/accounts/login/")
    before = client.session.session_key
    client.post("/accounts/login/", {"login": "mira", "password": "four quiet bridges stand"})
    assert client.session.session_key != before


def test_ended_sessions_are_forgotten_with_their_addresses(staff: Staff, sign_in: SignIn) -> None:
    staff("mira", Role.ANALYST)
    with time_machine.travel(NOW, tick=False):
        sign_in("mira")
    with time_machine.travel(NOW + timedelta(hours=11), tick=False):
        kept = sign_in("mira")
    assert sessions.forget_ended(NOW + timedelta(hours=13)) >= 2
    assert UserSession.objects.get().session_key == kept.session.session_key
    assert sessions.forget_ended(NOW + timedelta(hours=13)) == 0


def test_passkeys_are_offered_only_where_the_node_has_a_name(staff: Staff) -> None:
    for host, offered_here in (("localhost:8000", True), ("node.example", True),
                               ("127.0.0.1:8000", False), ("[::1]:8000", False)):  # fmt: skip
        page = Client(headers={"host": host}).get("/accounts/login/").content.decode()
        assert ("passkey_login" in page) is offered_here, host


# --- Today and the rail ---


def offering(**modules: object) -> Callable[[str], dict[str, ModuleType]]:
    return lambda name: modules  # type: ignore[return-value]


def test_today_shows_overdue_first_then_due_then_new(
    staff: Staff, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waiting(actor: Actor, now: datetime) -> list[Waiting]:
        return [
            Waiting("New letter", "arrived", "/n/"),
            Waiting(
                "Soon", "due", "/s/", due=now + timedelta(days=1), source="Law 1", verb="Answer"
            ),
            Waiting(
                "Late", "over", "/l/", due=now - timedelta(days=2), source="Law 2", verb="Decide"
            ),
        ]

    monkeypatch.setattr(today, "offered", offering(cases=SimpleNamespace(waiting=waiting)))
    staff("mira", Role.SOCIAL_WORKER)
    page = sign_in("mira").get("/").content.decode()
    assert page.index(">Late<") < page.index(">Soon<") < page.index(">New letter<")
    assert "Overdue:" in page and "Law 2" in page and "Decide" in page


def test_one_faulty_room_does_not_hide_the_others(
    staff: Staff, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(actor: Actor, now: datetime) -> list[Waiting]:
        raise RuntimeError("name of a person")

    def fine(actor: Actor, now: datetime) -> list[Waiting]:
        return [Waiting("Still here", "yes", "/h/")]

    monkeypatch.setattr(
        today,
        "offered",
        offering(cases=SimpleNamespace(waiting=broken), plan=SimpleNamespace(waiting=fine)),
    )
    staff("mira", Role.SOCIAL_WORKER)
    page = sign_in("mira").get("/").content.decode()
    assert "Still here" in page and "One room could not say" in page
    assert "name of a person" not in page


def test_an_empty_day_says_why(
    staff: Staff, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(today, "offered", offering())
    staff("mira", Role.SOCIAL_WORKER)
    assert "Nothing waits for you" in sign_in("mira").get("/").content.decode()


@pytest.mark.parametrize("role", sorted(GRANTABLE))
def test_the_rail_has_exactly_the_rooms_the_role_may_enter(role: Role) -> None:
    actor = Actor.system(Purpose.GOVERNANCE)
    actor = Actor(actor.account, role, ROLE_PURPOSES[role][0])
    shown = {room.code for room in rooms.rooms_of(actor, "/")}
    allowed = {e[0] for e in rooms.entries() if decide(actor, e[3], e[4]).allowed}
    assert shown == allowed
    if role is not Role.ADMINISTRATOR and role is not Role.DATA_PROTECTION_OFFICER:
        assert Kind.ACCOUNT not in {e[4] for e in rooms.entries() if e[0] in shown}


def test_every_room_on_the_rail_opens_for_the_role_that_sees_it(
    staff: Staff, sign_in: SignIn
) -> None:
    for role in sorted(GRANTABLE):
        name = role.value.replace("_", "-")
        staff(name, role)
        browser = sign_in(name)
        actor = browser.get("/").wsgi_request.actor  # type: ignore[attr-defined]
        for room in rooms.rooms_of(actor, "/"):
            assert browser.get(room.url).status_code == 200, (role, room.url)


# --- The words around every page ---


def test_not_there_and_not_allowed_look_the_same_to_a_visitor(client: Client) -> None:
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert "There is nothing here for you" in answer.content.decode()


def test_an_unknown_account_and_a_foreign_one_answer_alike(staff: Staff, sign_in: SignIn) -> None:
    other = staff("ben")
    staff("mira", Role.SOCIAL_WORKER)
    browser = sign_in("mira")
    there = browser.get(f"/administration/accounts/{other.pk}/")
    nowhere = browser.get("/administration/accounts/00000000-0000-4000-8000-000000000000/")
    assert there.status_code == nowhere.status_code == 403


def test_errors_speak_in_the_voice_of_the_shell(staff: Staff, sign_in: SignIn) -> None:
    staff("mira", Role.SOCIAL_WORKER)
    page = sign_in("mira").get("/administration/accounts/").content.decode()
    assert "You act as Social worker for the purpose of Protection." in page
    strict = Client(enforce_csrf_checks=True)
    assert "open for too long" in strict.post("/display/", {"theme": "dark"}).content.decode()
    request = RequestFactory().post("/")
    assert views.bad_request(request, RequestDataTooBig()).status_code == 413
    assert views.bad_request(request).status_code == 400
    assert views.too_many(request).status_code == 429


def test_the_fault_page_needs_no_database(django_db_blocker) -> None:
    with django_db_blocker.block():
        answer = views.failure(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "The fault is ours" in answer.content.decode()


def test_light_and_dark_are_kept_in_the_browser(client: Client) -> None:
    client.post("/display/", {"theme": "dark", "next": "/about/"})
    assert 'data-bs-theme="dark"' in client.get("/about/").content.decode()
    client.post("/display/", {"theme": '"><script>', "next": "/about/"})
    assert 'data-bs-theme="dark"' in client.get("/about/").content.decode()
    answer = client.post("/display/", {"theme": "auto", "next": "https://elsewhere.example/"})
    assert answer.url == "/"  # type: ignore[attr-defined]


def test_the_language_is_kept_in_the_browser_and_in_the_account(
    staff: Staff, sign_in: SignIn
) -> None:
    account = staff("mira", Role.ANALYST)
    browser = sign_in("mira")
    browser.post("/language/", {"language": "ar", "next": "/about/"})
    page = browser.get("/about/").content.decode()
    assert '<html lang="ar" dir="rtl"' in page and "bootstrap.rtl" in page
    account.refresh_from_db()
    assert account.language == "ar"
    browser.post("/language/", {"language": "xx", "next": "/about/"})
    account.refresh_from_db()
    assert account.language == "ar"
    assert '<html lang="ar"' in sign_in("mira").get("/about/").content.decode()


class Strict(HTMLParser):
    """Collects what a strict content policy would block, and structural faults."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.headings = 0
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        for name in named:
            if name == "style" or name.startswith("on"):
                self.faults.append(f"{tag} {name}")
        data = named.get("type") == "application/json"
        if tag in {"script", "style"} and not data and not ("src" in named or "nonce" in named):
            self.faults.append(f"inline {tag}")
        for name in ("src", "href", "action"):
            if (named.get(name) or "").startswith(("http:", "https:", "//")):
                self.faults.append(f"external {named[name]}")
        if named.get("id"):
            self.ids.append(str(named["id"]))
        self.headings += tag == "h1"


OWN_PAGES = (
    "/", "/about/", "/accessibility/", "/sessions/", "/accounts/2fa/",
    "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", "/accounts/2fa/webauthn/",
    "/accounts/password/change/", "/accounts/reauthenticate/", "/accounts/logout/",
    "/administration/accounts/", "/administration/accounts/new/", "/nothing/",
)  # fmt: skip


@pytest.mark.parametrize("address", OWN_PAGES)
def test_pages_hold_to_the_content_policy_and_have_one_heading(
    address: str, staff: Staff, sign_in: SignIn
) -> None:
    staff("ana", Role.ADMINISTRATOR)
    answer = sign_in("ana").get(address)
    assert answer.status_code in {200, 404}
    found = Strict()
    found.feed(answer.content.decode())
    assert found.faults == []
    assert found.headings == 1
    assert len(found.ids) == len(set(found.ids))
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_each_demo_page_carries_the_banner(client: Client) -> None:
    for address in ("/accounts/login/", "/about/", "/nothing/"):
        assert "All people and cases here are invented" in client.get(address).content.decode()


@pytest.mark.parametrize("address", ["/", "/administration/accounts/", "/sessions/"])
def test_pages_of_the_shell_ask_few_questions_of_the_database(
    address: str, staff: Staff, sign_in: SignIn, django_assert_max_num_queries
) -> None:
    staff("ana", Role.ADMINISTRATOR)
    for number in range(30):
        staff(f"colleague-{number}", Role.ANALYST)
    browser = sign_in("ana")
    browser.get(address)
    with django_assert_max_num_queries(20):
        browser.get(address)


# --- Weight ---


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All static files, gathered and compressed as on a real node."""
    from django.test import override_settings

    root = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=root):
        from django.contrib.staticfiles.storage import staticfiles_storage

        kept = staticfiles_storage._wrapped if hasattr(staticfiles_storage, "_wrapped") else None
        staticfiles_storage._wrapped = assets.StaticFilesStorage(location=root)  # type: ignore[attr-defined]
        try:
            assert assets.prepare()
            assert not assets.prepare(), "nothing changed, so nothing is gathered again"
        finally:
            staticfiles_storage._wrapped = kept  # type: ignore[attr-defined]
    return root


FONTS = {
    "en": ["latin"], "sq": ["latin"], "bs": ["latin", "latin-near"], "sr": ["latin", "cyrillic"],
    "mk": ["latin", "cyrillic"], "ar": ["latin", "arabic"],
}  # fmt: skip


@pytest.mark.parametrize("language", FONTS)
def test_the_first_view_of_the_entrance_is_under_100_kb(
    language: str, gathered: Path, client: Client
) -> None:
    client.cookies["mostovi_me_language"] = language
    page = client.get("/accounts/login/").content
    asked = re.findall(rb'(?:src|href)="/static/([^"]+\.(?:css|js|svg))"', page)
    weight = len(page)
    for name in asked:
        plain = (gathered / name.decode()).read_bytes()
        weight += min(len(plain), len(gzip.compress(plain, 9)))
    for font in FONTS[language]:
        weight += (gathered / f"node/fonts/noto-{font}.woff2").stat().st_size
    assert weight < 100_000, f"{weight} bytes"


# --- Template tags ---


def drawn(source: str, **context: object) -> str:
    return Template("{% load mostovi %}" + source).render(Context(context))


def test_codes_and_numbers_stay_left_to_right() -> None:
    assert drawn("{% code 'ME-7F3' %}") == '<bdi dir="ltr" class="code">ME-7F3</bdi>'
    phone = drawn("{% phone number %}", number="+382 (20) 123-456")
    assert 'href="tel:+38220123456"' in phone and '<bdi dir="ltr">' in phone


def test_tags_escape_what_they_are_given() -> None:
    for source in ("{% code x %}", "{% phone x %}", "{% icon x %}", "{{ x|role_name }}"):
        assert "<script" not in drawn(source, x="<script>alert(1)</script>")


def test_an_icon_that_does_not_exist_draws_nothing() -> None:
    assert drawn("{% icon 'no-such-icon' %}") == ""
    assert drawn("{% icon '../../secret' %}") == ""
    assert 'aria-hidden="true"' in drawn("{% icon 'clock' %}")


def test_dates_follow_the_reader() -> None:
    moment = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    with translation.override("en"):
        assert ">25 November 2026<" in drawn("{% local_date m %}", m=moment)
        assert "00:30 CET" in drawn("{% local_date m 'time' %}", m=moment)
        assert "unknown" in drawn("{% local_date m %}", m=None)
    with translation.override("sr"):
        assert "новембар" in drawn("{% local_date m %}", m=moment)


def test_officers_are_named_with_one_query(staff: Staff, django_assert_num_queries) -> None:
    ben = staff("ben")
    with django_assert_num_queries(1):
        text = drawn("{% officer who %}{% officer who %}", who=ben.pk)
    assert text == "BenBen"
    assert drawn("{% officer who %}", who=Actor.system(Purpose.GOVERNANCE).account) != ""
    assert drawn("{% officer who %}", who="00000000-0000-4000-8000-000000000009") == (
        "a former colleague"
    )


def test_every_address_has_a_name_that_can_be_reversed_or_a_door() -> None:
    """No address of the shell itself is reachable without a door."""
    for pattern in get_resolver("mostovi.node.urls").url_patterns[0].url_patterns:
        assert getattr(pattern.callback, "door", None), pattern


def test_a_device_is_named_in_words() -> None:
    assert sessions.device_name("Mozilla/5.0 (Windows NT 10.0) Firefox/140.0") == "Firefox, Windows"
    assert sessions.device_name("curl/8") == "Unknown device"


# --- The HTTP interface ---


def test_the_interface_answers_programs_in_json(
    client: Client, staff: Staff, sign_in: SignIn
) -> None:
    described = client.get("/api/v1/openapi.json").json()
    lists = [
        path
        for path, operations in described["paths"].items()
        if "get" in operations and "{" not in path
    ]
    assert lists, "the packages offer routers"
    staff("ana", Role.ADMINISTRATOR)
    browser = sign_in("ana")
    for address in lists:
        assert client.get(address).status_code == 401, address
        refused = browser.get(address)
        if address == "/api/v1/routes/series/one":
            assert refused.status_code == 422, "it asks which series"
            continue
        if address.startswith(("/api/v1/directory/", "/api/v1/pathways/law", "/api/v1/routes/")):
            # Services, law and flows are no persons: every institution may read what there is.
            assert refused.status_code == 200
            continue
        assert refused.status_code == 403, f"{address}: administrators read no personal data"
        assert refused.json()["detail"]


def test_every_operation_of_the_interface_has_a_door() -> None:
    from mostovi.node import api

    for pattern in api.urlpatterns:
        assert getattr(pattern.callback, "door", None), pattern
