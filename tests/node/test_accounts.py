# SPDX-License-Identifier: EUPL-1.2
"""Who may change whose rights, tried by service, by form and by tampering."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.models import Authenticator
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from mostovi.node import accounts
from mostovi.node.acting import actor_for
from mostovi.node.adapters import PartnerIdentityAdapter, SecondFactorAdapter, prepared_account
from mostovi.node.models import Account, Membership
from mostovi.rights.access import Actor, Refused
from mostovi.rights.audit import AuditTag
from mostovi.rights.models import AuditEntry
from mostovi.rights.policy import reads_personal_data
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import GRANTABLE, Role

Staff = Callable[..., Account]
SignIn = Callable[..., Client]
pytestmark = pytest.mark.django_db

PERSONAL = sorted(role for role in GRANTABLE if reads_personal_data(role))


def as_administrator(account: Account) -> Actor:
    return actor_for(account, account.memberships.get(), Purpose.GOVERNANCE)


def logged(tag: AuditTag) -> int:
    return AuditEntry.objects.filter(tag=tag).count()


# --- Nobody changes their own rights ---


def test_an_administrator_cannot_give_a_role_to_themselves(staff: Staff) -> None:
    admin = staff("ana", Role.ADMINISTRATOR)
    with pytest.raises(accounts.RightsRule, match="Nobody changes their own"):
        accounts.grant_role(as_administrator(admin), admin, role=Role.STATISTICIAN, unit="border")
    assert [m.role for m in admin.memberships.all()] == ["administrator"]
    assert logged(AuditTag.ACCOUNT_CHANGE_REFUSED) == 1


def test_the_form_is_hidden_and_a_direct_post_is_refused(staff: Staff, sign_in: SignIn) -> None:
    admin = staff("ana", Role.ADMINISTRATOR)
    browser = sign_in("ana")
    page = f"/administration/accounts/{admin.pk}/"
    assert "Give this role" not in browser.get(page).content.decode()
    answer = browser.post(page + "grant/", {"role": "statistician", "unit": "border"})
    assert answer.status_code == 403
    assert "Nobody changes their own" in answer.content.decode()
    assert admin.memberships.count() == 1


def test_nobody_ends_their_own_role_or_account_or_makes_their_own_link(
    staff: Staff, sign_in: SignIn
) -> None:
    admin = staff("ana", Role.ADMINISTRATOR)
    browser = sign_in("ana")
    held = admin.memberships.get()
    page = f"/administration/accounts/{admin.pk}/"
    assert browser.post(f"{page}roles/{held.pk}/end/").status_code == 403
    assert browser.post(page + "state/", {"change": "deactivate"}).status_code == 403
    assert browser.post(page + "start-link/").status_code == 403
    admin.refresh_from_db()
    held.refresh_from_db()
    assert admin.is_active and held.ended_at is None
    assert logged(AuditTag.ACCOUNT_CHANGE_REFUSED) == 3


@pytest.mark.parametrize("role", sorted(GRANTABLE - {Role.ADMINISTRATOR}))
def test_every_other_role_is_kept_from_changing_accounts(
    role: Role, staff: Staff, sign_in: SignIn
) -> None:
    other = staff("victim", Role.STATISTICIAN)
    staff("mira", role)
    browser = sign_in("mira")
    page = f"/administration/accounts/{other.pk}/"
    assert browser.post(page + "grant/", {"role": "analyst", "unit": "border"}).status_code == 403
    assert browser.post(page + "state/", {"change": "deactivate"}).status_code == 403
    assert browser.post("/administration/accounts/new/", {"username": "x"}).status_code == 403
    other.refresh_from_db()
    assert other.is_active and other.memberships.count() == 1


def test_a_forged_actor_of_another_role_is_refused_by_the_service(staff: Staff) -> None:
    other = staff("victim")
    forged = Actor(uuid4(), Role.SOCIAL_WORKER, Purpose.GOVERNANCE)
    with pytest.raises(Refused):
        accounts.grant_role(forged, other, role=Role.ANALYST, unit="border")


# --- Administrators and personal data stay apart ---


@pytest.mark.parametrize("role", PERSONAL)
def test_an_administrator_never_gets_a_role_that_reads_personal_data(
    role: Role, staff: Staff
) -> None:
    admin, colleague = staff("ana", Role.ADMINISTRATOR), staff("ben", Role.ADMINISTRATOR)
    with pytest.raises(accounts.RightsRule, match="can never hold"):
        accounts.grant_role(as_administrator(admin), colleague, role=role, unit="border")


@pytest.mark.parametrize("role", PERSONAL)
def test_whoever_reads_personal_data_never_becomes_administrator(role: Role, staff: Staff) -> None:
    admin, worker = staff("ana", Role.ADMINISTRATOR), staff("mira", role)
    with pytest.raises(accounts.RightsRule, match="can never hold"):
        accounts.grant_role(as_administrator(admin), worker, role=Role.ADMINISTRATOR, unit="border")


def test_an_ended_role_no_longer_stands_in_the_way(staff: Staff) -> None:
    admin, worker = staff("ana", Role.ADMINISTRATOR), staff("mira", Role.SOCIAL_WORKER)
    accounts.end_role(as_administrator(admin), worker.memberships.get())
    accounts.grant_role(as_administrator(admin), worker, role=Role.ADMINISTRATOR, unit="border")
    assert [m.role for m in worker.memberships.current()] == ["administrator"]


@pytest.mark.parametrize("role", [Role.PERSON, Role.SYSTEM])
def test_some_roles_belong_to_no_account(role: Role, staff: Staff) -> None:
    admin, other = staff("ana", Role.ADMINISTRATOR), staff("ben")
    with pytest.raises(accounts.RightsRule, match="cannot be given"):
        accounts.grant_role(as_administrator(admin), other, role=role, unit="border")


def test_a_node_without_persons_gives_no_role_that_reads_them(staff: Staff, settings) -> None:
    admin, other = staff("ana", Role.ADMINISTRATOR), staff("ben")
    settings.MOSTOVI = replace(settings.MOSTOVI, holds_persons=False)
    with pytest.raises(accounts.RightsRule, match="holds no personal data"):
        accounts.grant_role(as_administrator(admin), other, role=Role.SOCIAL_WORKER, unit="border")


# --- Tampering ---


@pytest.mark.parametrize(
    "sent",
    [
        {"role": "system", "unit": "border"},
        {"role": "person", "unit": "border"},
        {"role": "superuser", "unit": "border"},
        {"role": "analyst", "unit": "elsewhere"},
        {"role": "", "unit": ""},
        {},
    ],
)
def test_values_that_were_not_offered_change_nothing(
    sent: dict[str, str], staff: Staff, sign_in: SignIn
) -> None:
    staff("ana", Role.ADMINISTRATOR)
    other = staff("ben")
    answer = sign_in("ana").post(f"/administration/accounts/{other.pk}/grant/", sent)
    assert answer.status_code == 400
    assert not other.memberships.exists()


def test_a_role_is_ended_only_through_the_account_that_holds_it(
    staff: Staff, sign_in: SignIn
) -> None:
    staff("ana", Role.ADMINISTRATOR)
    one, two = staff("ben", Role.ANALYST), staff("cvita", Role.ANALYST)
    held = two.memberships.get()
    browser = sign_in("ana")
    assert (
        browser.post(f"/administration/accounts/{one.pk}/roles/{held.pk}/end/").status_code == 404
    )
    held.refresh_from_db()
    assert held.ended_at is None


def test_extra_fields_of_the_new_account_form_are_ignored(staff: Staff, sign_in: SignIn) -> None:
    staff("ana", Role.ADMINISTRATOR)
    sign_in("ana").post(
        "/administration/accounts/new/",
        {
            "username": "Dino", "display_name": "Dino", "language": "en", "is_active": "",
            "password": "x", "is_superuser": "1", "role": "investigator",
        },
    )  # fmt: skip
    created = Account.objects.get(username="dino")
    assert created.is_active and not created.has_usable_password()
    assert not created.memberships.exists()


def test_a_taken_name_is_said_at_the_field(staff: Staff, sign_in: SignIn) -> None:
    staff("ana", Role.ADMINISTRATOR)
    answer = sign_in("ana").post(
        "/administration/accounts/new/",
        {"username": "ana", "display_name": "Other", "language": "en"},
    )
    assert "This account name is taken" in answer.content.decode()
    with pytest.raises(ValidationError, match="taken"):
        accounts.create_account(
            Actor.system(Purpose.GOVERNANCE), username="ana", display_name="Again"
        )


# --- History ---


def test_rights_history_is_only_added_to(staff: Staff) -> None:
    held = staff("ben", Role.ANALYST).memberships.get()
    held.role = Role.INVESTIGATOR
    with pytest.raises(TypeError):
        held.save()
    with pytest.raises(TypeError):
        held.delete()
    assert Membership.objects.get(pk=held.pk).role == "analyst"


def test_granting_twice_is_one_role_and_ending_twice_is_one_entry(staff: Staff) -> None:
    admin, other = staff("ana", Role.ADMINISTRATOR), staff("ben")
    actor = as_administrator(admin)
    first = accounts.grant_role(actor, other, role=Role.ANALYST, unit="border")
    assert accounts.grant_role(actor, other, role=Role.ANALYST, unit="border") == first
    accounts.end_role(actor, first)
    accounts.end_role(actor, first)
    assert logged(AuditTag.ROLE_ENDED) == 1
    entry = AuditEntry.objects.filter(tag=AuditTag.ROLE_GRANTED).last()
    assert entry is not None and entry.actor == str(admin.pk) and "analyst" in entry.detail


def test_an_ended_role_closes_at_the_next_page(staff: Staff, sign_in: SignIn) -> None:
    admin = staff("ana", Role.ADMINISTRATOR)
    leaving = staff("ben", Role.ADMINISTRATOR)
    browser = sign_in("ben")
    assert browser.get("/administration/accounts/").status_code == 200
    accounts.end_role(as_administrator(admin), leaving.memberships.get())
    assert browser.get("/administration/accounts/").status_code in {302, 403}
    assert "no role yet" in browser.get("/").content.decode()


def test_deactivating_ends_the_sessions_and_closes_the_entrance(
    staff: Staff, sign_in: SignIn
) -> None:
    admin, other = staff("ana", Role.ADMINISTRATOR), staff("ben", Role.ANALYST)
    browser = sign_in("ben")
    accounts.deactivate(as_administrator(admin), other)
    assert browser.get("/").url.startswith("/accounts/login/")  # type: ignore[attr-defined]
    answer = Client().post(
        "/accounts/login/", {"login": "ben", "password": "four quiet bridges stand"}
    )
    assert answer.status_code == 302 and "inactive" in answer.url  # type: ignore[attr-defined]
    accounts.reactivate(as_administrator(admin), other)
    sign_in("ben")


# --- Start links ---


def test_a_start_link_sets_the_password_once(staff: Staff, sign_in: SignIn) -> None:
    admin = staff("ana", Role.ADMINISTRATOR)
    new = accounts.create_account(as_administrator(admin), username="emin", display_name="Emin")
    link = accounts.give_start_link(as_administrator(admin), new)
    chosen = {"new_password1": "seven slow rivers run", "new_password2": "seven slow rivers run"}
    assert Client().get(link).status_code == 200
    assert Client().post(link, chosen).status_code == 302
    assert Client().get(link).status_code == 404
    sign_in("emin", "seven slow rivers run")


def test_a_weak_first_password_is_refused_with_what_to_do(staff: Staff) -> None:
    admin = staff("ana", Role.ADMINISTRATOR)
    new = accounts.create_account(as_administrator(admin), username="emin", display_name="Emin")
    link = accounts.give_start_link(as_administrator(admin), new)
    answer = Client().post(link, {"new_password1": "short", "new_password2": "short"})
    assert "12 characters" in answer.content.decode()
    new.refresh_from_db()
    assert not new.has_usable_password()


@pytest.mark.parametrize("part", ["reference", "token"])
def test_a_changed_start_link_opens_nothing(part: str, staff: Staff) -> None:
    admin, other = staff("ana", Role.ADMINISTRATOR), staff("ben")
    new = accounts.create_account(as_administrator(admin), username="emin", display_name="Emin")
    reference, token = accounts.start_path(new).strip("/").split("/")[1:]
    if part == "reference":
        reference = accounts.start_path(other).strip("/").split("/")[1]
    else:
        token = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert Client().get(f"/start/{reference}/{token}/").status_code == 404


def test_no_link_opens_an_account_in_use_that_has_no_second_factor(
    staff: Staff, sign_in: SignIn
) -> None:
    admin, other = staff("ana", Role.ADMINISTRATOR), staff("ben", Role.ANALYST)
    sign_in("ben")
    other.refresh_from_db()
    with pytest.raises(accounts.RightsRule, match="no second factor"):
        accounts.give_start_link(as_administrator(admin), other)
    Authenticator.objects.create(user=other, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert accounts.give_start_link(as_administrator(admin), other)


# --- First administrator and demonstration ---


def test_the_first_administrator_is_made_once(db: None) -> None:
    first = accounts.create_first_administrator(username="ana", display_name="Ana")
    assert [m.role for m in first.memberships.current()] == ["administrator"]
    with pytest.raises(accounts.RightsRule, match="has accounts already"):
        accounts.create_first_administrator(username="ben", display_name="Ben")


def test_demo_accounts_cover_every_grantable_role_and_can_be_made_again(db: None) -> None:
    made = accounts.create_demo_accounts("quiet demo bridges 26")
    assert {m.role for m in Membership.objects.all()} == {role.value for role in GRANTABLE}
    assert accounts.create_demo_accounts("quiet demo bridges 26") == made
    worker = Account.objects.get(username="social-worker")
    assert worker.check_password("quiet demo bridges 26")


def test_demo_accounts_are_refused_on_a_real_node(db: None, settings) -> None:
    settings.MOSTOVI = replace(settings.MOSTOVI, demo=False)
    with pytest.raises(accounts.RightsRule):
        accounts.create_demo_accounts("quiet demo bridges 26")
    assert not Account.objects.exists()


# --- The institution's own sign-in ---


def identity(uid: str = "s-1", email: str = "", verified: bool = True) -> SimpleNamespace:
    """What the provider says about somebody."""
    addresses = [SimpleNamespace(email=email, verified=verified)] if email else []
    return SimpleNamespace(
        account=SimpleNamespace(uid=uid), email_addresses=addresses, is_existing=False
    )


def test_only_a_prepared_account_is_matched(staff: Staff) -> None:
    ben = staff("ben")
    assert prepared_account(identity()) is None
    Account.objects.filter(pk=ben.pk).update(partner_subject="s-1")
    assert prepared_account(identity("s-1")) == ben
    assert prepared_account(identity("s-2")) is None
    Account.objects.filter(pk=ben.pk).update(is_active=False)
    assert prepared_account(identity("s-1")) is None


def test_an_address_counts_only_when_the_provider_verified_it(staff: Staff) -> None:
    ben = staff("ben")
    Account.objects.filter(pk=ben.pk).update(partner_email="ben@example.org")
    assert prepared_account(identity("s-9", "Ben@Example.org")) == ben
    assert prepared_account(identity("s-9", "ben@example.org", verified=False)) is None
    Account.objects.filter(pk=ben.pk).update(partner_subject="s-1")
    assert prepared_account(identity("s-9", "ben@example.org")) is None


def test_an_unknown_identity_creates_nobody(db: None) -> None:
    request = RequestFactory().get("/")
    request.user = SimpleNamespace(is_authenticated=False)  # type: ignore[assignment]
    with pytest.raises(ImmediateHttpResponse):
        PartnerIdentityAdapter().pre_social_login(request, identity())
    assert not Account.objects.exists()
    assert logged(AuditTag.SIGN_IN_FAILED) == 1


@pytest.fixture
def partner(settings: Any) -> None:
    """A node whose institution has its own identity provider."""
    app = {
        "provider_id": "partner", "name": "Ministry", "client_id": "mostovi", "secret": "",
        "settings": {"server_url": "https://id.example.org"},
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


def through_the_partner(uid: str, email: str = "") -> HttpResponseBase:
    """What follows when the institution's provider has vouched for somebody."""
    request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1")
    SessionMiddleware(lambda given: HttpResponse()).process_request(request)
    request.user = AnonymousUser()
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    login = SocialLogin(
        provider=PartnerIdentityAdapter().get_provider(request, "partner"),
        user=Account(),
        account=SocialAccount(provider="partner", uid=uid),
        email_addresses=[EmailAddress(email=email, verified=True, primary=True)] if email else [],
    )
    with context.request_context(request):
        return complete_social_login(request, login)


def test_the_whole_way_in_through_the_partner(staff: Staff, partner: None) -> None:
    ben = staff("ben", Role.ANALYST)
    Account.objects.filter(pk=ben.pk).update(partner_subject="s-1")
    assert through_the_partner("s-1").url == "/"  # type: ignore[attr-defined]
    assert through_the_partner("s-1").url == "/", "known from now on"  # type: ignore[attr-defined]
    assert logged(AuditTag.SIGNED_IN) == 2
    refused = through_the_partner("s-2", "ben@example.org")
    assert refused.url == "/accounts/3rdparty/login/error/"  # type: ignore[attr-defined]
    assert Account.objects.count() == 1


def test_an_address_pins_its_first_subject(staff: Staff, partner: None) -> None:
    ben = staff("ben", Role.ANALYST)
    Account.objects.filter(pk=ben.pk).update(partner_email="ben@example.org")
    assert through_the_partner("s-1", "ben@example.org").url == "/"  # type: ignore[attr-defined]
    refused = through_the_partner("s-2", "ben@example.org")
    assert "error" in refused.url  # type: ignore[attr-defined]
    Account.objects.filter(pk=ben.pk).update(partner_subject="s-7")
    refused = through_the_partner("s-1", "ben@example.org")
    assert "error" in refused.url, "untied by the administrator"  # type: ignore[attr-defined]


def test_the_entrance_offers_the_partner_s_sign_in(client: Client, partner: None) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert 'action="/accounts/oidc/partner/login/' in page and "Ministry" in page


def test_a_second_factor_is_asked_after_the_partner_too(staff: Staff, partner: None) -> None:
    ben = staff("ben", Role.ANALYST)
    Account.objects.filter(pk=ben.pk).update(partner_subject="s-1")
    secret = SecondFactorAdapter().encrypt("JBSWY3DPEHPK3PXP")
    Authenticator.objects.create(user=ben, type=Authenticator.Type.TOTP, data={"secret": secret})
    assert through_the_partner("s-1").url == "/accounts/2fa/authenticate/"  # type: ignore[attr-defined]
    assert logged(AuditTag.SIGNED_IN) == 0


def test_sign_up_is_closed(client: Client, db: None) -> None:
    for address in ("/accounts/signup/", "/accounts/3rdparty/signup/", "/accounts/email/"):
        assert client.get(address).status_code == 403
        assert client.post(address, {"username": "x"}).status_code == 403
    assert not Account.objects.exists()


def test_secrets_of_second_factors_are_not_stored_in_clear() -> None:
    adapter = SecondFactorAdapter()
    stored = adapter.encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in stored
    assert adapter.decrypt(stored) == "JBSWY3DPEHPK3PXP"
