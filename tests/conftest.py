# SPDX-License-Identifier: EUPL-1.2
"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from mostovi.node.models import Account, Membership
from mostovi.rights.access import Actor
from mostovi.rights.roles import ROLE_PURPOSES, Role
from mostovi.rights.vault import create_master_key

# How long one example takes says nothing on a busy machine.
hypothesis_settings.register_profile("mostovi", deadline=None)
hypothesis_settings.load_profile("mostovi")


SLOW_FILES = (
    "tests/node/test_starting_light.py", "tests/node/test_synthetic_loading.py",
    "tests/pathways/test_comparing.py", "tests/pathways/test_law_pages.py",
    "tests/pathways/test_making.py", "tests/pathways/test_planes.py",
    "tests/pathways/test_population.py", "tests/pathways/test_simulation.py",
    "tests/pathways/test_simulation_pages.py", "tests/portal/test_ways_evaluator.py",
    "tests/portal/test_ways_pages.py", "tests/statistics/test_exchange.py",
    "tests/statistics/test_own_cases_population.py", "tests/statistics/test_protecting.py",
    "tests/statistics/test_public_figures.py", "tests/statistics/test_suppression.py",
    "tests/statistics/test_synthetic.py", "tests/statistics/test_writing.py",
)  # fmt: skip
"""Files that take long as a whole; `script/test --fast` leaves them out."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first; two browsers at once, but a region of nodes is started only once.

    Stories between nodes stay together on one worker, every other file on one of its own.
    """
    for item in items:
        if item.nodeid.startswith(SLOW_FILES):
            item.add_marker(pytest.mark.slow)
        if item.get_closest_marker("browser") or item.get_closest_marker("nodes"):
            between_nodes = "tests/nodes/" in item.nodeid
            name = "region" if between_nodes else item.nodeid.split("::")[0]
            item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture(scope="session", autouse=True)
def vault_of_the_test_node() -> None:
    """The throw-away node of the tests has a master key of its own."""
    from django.conf import settings

    keys = settings.MOSTOVI.keys
    if not (keys / "vault.master").exists():
        create_master_key(keys)


@pytest.fixture(autouse=True)
def forget_anchored_heads() -> None:
    """The anchors lie in a file and outlive a test's log, which is rolled back."""
    from django.conf import settings

    (settings.MOSTOVI.keys / "audit.heads").unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def speak_english() -> Iterator[None]:
    """A language that one test chose must not be spoken in the next."""
    with translation.override("en"):
        yield


@pytest.fixture
def acting() -> Callable[..., Actor]:
    """Make an actor: `acting(Role.SOCIAL_WORKER, unit="centre")`."""

    def make(role: Role, unit: str = "border", account: UUID | None = None) -> Actor:
        return Actor(account or uuid4(), role, ROLE_PURPOSES[role][0], unit)

    return make


PASSWORD = "four quiet bridges stand"


@pytest.fixture
def signed_in(db: None) -> Callable[..., Client]:
    """Sign in through the real entrance as an account holding the actor's role and unit."""

    def enter(actor: Actor, **options: Any) -> Client:
        cache.clear()  # lock-out counts outlast a test
        account = Account(
            pk=actor.account, username=f"a{actor.account.hex[:12]}", display_name="Test account"
        )
        account.set_password(PASSWORD)
        account.save(force_insert=True)
        Membership.objects.create(
            account=account, role=actor.role.value, unit=actor.unit, granted_by=UUID(int=0)
        )
        client = Client(**options)
        answer = client.post("/accounts/login/", {"login": account.username, "password": PASSWORD})
        assert answer.status_code == 302, answer.content
        return client

    return enter


_NO_QUESTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT pg_advisory_xact_lock")


@pytest.fixture
def statements(db: None) -> Callable[[Callable[[], Any]], list[str]]:
    """The statements that a call sends to the database; savepoints and locks are not counted.

    PostgreSQL has the log's writers queue by a lock of its own, which SQLite does by being one.
    """

    def of(call: Callable[[], Any]) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            call()
        sent = [query["sql"] for query in captured.captured_queries]
        return [sql for sql in sent if not sql.startswith(_NO_QUESTIONS)]

    return of


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One Chromium for a module of tests in a real browser."""
    from playwright.sync_api import sync_playwright

    from tests.browsing import CHROMIUM

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def page_of(
    chromium: Any, live_server: Any, signed_in: Callable[..., Any]
) -> Iterator[Callable[..., Any]]:
    """A page of a signed-in account: `page_of(officer, "/cases/", width=360)`."""
    from django.conf import settings

    contexts: list[Any] = []
    clients: dict[Any, Any] = {}

    def open_page(
        actor: Actor, path: str, *, width: int = 1280, language: str = "en", **options: Any
    ) -> Any:
        if actor.account not in clients:
            clients[actor.account] = signed_in(actor)
        context = chromium.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 800}, **options
        )
        contexts.append(context)
        session = clients[actor.account].cookies[settings.SESSION_COOKIE_NAME].value
        cookies = {
            settings.LANGUAGE_COOKIE_NAME: language,
            settings.SESSION_COOKIE_NAME: session,
        }
        context.add_cookies(
            [{"name": k, "value": v, "url": live_server.url} for k, v in cookies.items()]
        )
        context.set_default_timeout(8_000)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
