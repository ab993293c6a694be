# SPDX-License-Identifier: EUPL-1.2
"""`mostovi check` finds what is misconfigured, says why it matters and what to do."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import socket
import ssl
import threading
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import DatabaseError, connection
from django.utils import timezone

from mostovi.node import checks
from mostovi.node.initialise import make_keys
from mostovi.node.job_models import JobRun
from mostovi.rights.problems import Problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def node(settings: Any, tmp_path: Path) -> Any:
    """A well-kept node, whose settings a test may spoil with `node(base_url=...)`."""
    home = tmp_path / "me"
    home.mkdir(mode=0o700)
    (home / "node.toml").write_text("")
    (home / "node.toml").chmod(0o600)
    make_keys(home / "keys")
    settings.ALLOWED_HOSTS = ["127.0.0.1", "node.example.org"]
    settings.BEHIND_HTTPS = False

    def change(**values: Any) -> None:
        settings.MOSTOVI = dataclasses.replace(settings.MOSTOVI, **values)
        settings.BEHIND_HTTPS = settings.MOSTOVI.base_url.startswith("https://")

    change(home=home, demo=False, base_url="http://127.0.0.1:8000")
    return change


def codes(found: Iterable[Problem]) -> list[str]:
    found = list(found)
    assert all(problem.what.endswith(".") and problem.remedy for problem in found)
    return [problem.code for problem in found]


def test_a_well_kept_node_has_no_findings(node: Any) -> None:
    JobRun.objects.create(name="j", due=timezone.now(), last_finished=timezone.now())
    for check in (checks.settings_file, checks.keys, checks.clock, checks.background_work,
                  checks.governance, checks.disk, checks.framework):  # fmt: skip
        assert list(check()) == [], check.__name__


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"base_url": "http://node.example.org"}, "https"),
        ({"base_url": "https://node.example.org", "demo": True}, "demo"),
        ({"base_url": "https://other.example.org"}, "allowed_hosts"),
    ],
)
def test_settings_that_do_not_fit_are_found(node: Any, values: dict[str, Any], code: str) -> None:
    node(**values)
    assert codes(checks.settings_file()) == [code]


def test_debug_and_any_host_are_found(node: Any, settings: Any) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["*"]
    assert codes(checks.settings_file()) == ["allowed_hosts", "debug"]


def test_keys_that_others_can_read_are_found(node: Any, settings: Any) -> None:
    path = settings.MOSTOVI.keys / "vault.master"
    path.chmod(0o640)
    (found,) = checks.keys()
    assert found.code == "permissions"
    assert found.remedy == f"chmod 600 {path}"


def test_missing_keys_are_found(node: Any, settings: Any, tmp_path: Path) -> None:
    (settings.MOSTOVI.keys / "vault.master").unlink()
    assert codes(checks.keys()) == ["keys", "keys"]
    node(home=tmp_path / "empty")
    assert codes(checks.keys()) == ["keys"]


def test_an_unreachable_database_is_found(node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DatabaseError("password of amina")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    (found,) = checks.database()
    assert "amina" not in found.what + found.remedy


def test_missing_migrations_are_found(node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.MigrationExecutor, "migration_plan", lambda *_: [1, 2])
    assert "migrations" in codes(checks.database())


def test_a_clock_set_back_is_found(node: Any) -> None:
    later = timezone.now() + dt.timedelta(hours=1)
    JobRun.objects.create(name="j", due=later, last_finished=later)
    assert codes(checks.clock()) == ["clock"]


def test_a_resting_worker_and_a_failing_job_are_found(node: Any) -> None:
    past = timezone.now() - dt.timedelta(hours=1)
    JobRun.objects.create(name="j", due=past, last_finished=past, failures=3, last_error="E at x:1")
    assert codes(checks.background_work()) == ["worker", "job"]


def test_a_retention_rule_that_nobody_carries_out_is_found(
    node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks.retention, "uncarried", lambda: ["letter"])
    assert codes(checks.governance()) == ["retention"]


def test_a_full_disk_is_found(node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")(10, 9, 10**6)
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: usage)
    assert codes(checks.disk()) == ["disk"]


def test_browser_parts_that_were_not_fetched_are_found(node: Any, settings: Any) -> None:
    settings.STATICFILES_DIRS = []
    settings.LOCALE_PATHS = []
    assert codes(checks.browser_parts()) == ["assets", "assets"]


def test_a_translation_that_is_not_compiled_is_found(
    node: Any, settings: Any, tmp_path: Path
) -> None:
    source = tmp_path / "locale/sr/LC_MESSAGES/django.po"
    source.parent.mkdir(parents=True)
    source.write_text("")
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    assert "translations" in codes(checks.browser_parts())


@pytest.fixture
def peer() -> Iterator[HTTPServer]:
    """Another node whose clock is two hours off."""

    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(503)
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return "Tue, 01 Jan 2030 00:00:00 GMT"

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_peer_with_another_clock_or_none_that_answers_is_found(peer: HTTPServer) -> None:
    url = f"http://127.0.0.1:{peer.server_port}"
    assert codes(checks._ask_peer(("ba", url))) == ["clock"]
    peer.shutdown()
    peer.server_close()
    assert codes(checks._ask_peer(("ba", url))) == ["peer"]
    assert codes(checks._ask_peer(("ba", "file:///etc/passwd"))) == ["peer"]


def test_a_check_that_fails_is_a_finding_and_the_others_go_on(
    node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> list[Problem]:
        raise ValueError("Amina Hodžić")

    def fine() -> list[Problem]:
        return [Problem("x", "X is wrong.", "Mend it.")]

    monkeypatch.setattr(checks, "_all_checks", lambda: [("broken", broken), ("fine", fine)])
    found = checks.all_problems()
    assert [problem.code for problem in found] == ["check", "x"]
    assert "Amina" not in found[0].what


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dt.timedelta], int]:
    """A TLS server whose certificate this machine trusts and that ends so much later; its port."""
    held: list[socket.socket] = []

    def start(lasts: dt.timedelta) -> int:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        now = timezone.now()
        made = (
            x509.CertificateBuilder()
            .subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - dt.timedelta(days=90))
            .not_valid_after(now + lasts)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
            .sign(key, SHA256())
        )  # fmt: skip
        path = tmp_path / "proxy.pem"
        path.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + made.public_bytes(Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        listening = socket.create_server(("127.0.0.1", 0))
        held.append(listening)

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    raw, _ = listening.accept()
                    with contextlib.suppress(OSError):
                        context.wrap_socket(raw, server_side=True).close()

        threading.Thread(target=answer, daemon=True).start()
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.load_verify_locations(path)
        monkeypatch.setattr(checks.ssl, "create_default_context", lambda: trusting)
        return int(listening.getsockname()[1])

    yield start  # type: ignore[misc]
    for listening in held:
        listening.close()


def test_a_certificate_is_looked_at_from_outside(
    node: Any, proxy: Callable[[dt.timedelta], int]
) -> None:
    node(base_url=f"https://localhost:{proxy(dt.timedelta(days=60))}")
    assert codes(checks.certificate()) == []
    node(base_url=f"https://localhost:{proxy(dt.timedelta(days=9))}")
    assert "ends on" in next(checks.certificate()).what
    node(base_url=f"https://localhost:{proxy(dt.timedelta(days=-1))}")
    assert "expired" in next(checks.certificate()).what
    node(base_url="https://localhost:1")
    assert "Nothing answers" in next(checks.certificate()).what
    node(base_url="http://127.0.0.1:8000")
    assert codes(checks.certificate()) == []
