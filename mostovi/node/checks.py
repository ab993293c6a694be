# SPDX-License-Identifier: EUPL-1.2
"""What `mostovi check` looks at. Each check explains what it finds and what to do about it."""

from __future__ import annotations

import datetime as dt
import email.utils
import importlib
import importlib.util
import logging
import os
import shutil
import socket
import ssl
import stat
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core import checks as django_checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from mostovi.node import worker
from mostovi.node.job_models import JobRun
from mostovi.rights import retention
from mostovi.rights.governance import Governance
from mostovi.rights.problems import Problem
from mostovi.rights.vault import VaultError, vault

log = logging.getLogger(__name__)

LEAST_FREE: Final = 1024**3
KEY_WARNING: Final = dt.timedelta(days=30)
CERTIFICATE_WARNING: Final = dt.timedelta(days=21)
DIRECTORY_WARNING: Final = dt.timedelta(days=14)
LARGEST_SKEW: Final = dt.timedelta(seconds=120)
BUILT: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PEER_TIMEOUT: Final = 5.0
KEY_USES: Final = {"sig": "sign", "enc": "encrypt"}
# Tables of installed libraries hold no data of persons of concern and carry no governance.
FOREIGN_LABELS: Final = frozenset(
    {"auth", "contenttypes", "sessions", "account", "mfa", "socialaccount", "usersessions"}
    | {"django_tasks_database", "django_tasks_db"}
)


def settings_file() -> Iterator[Problem]:
    """node.toml: private, and true to how the node is reached."""
    node = settings.MOSTOVI
    yield from _private(node.home / "node.toml")
    host = urlsplit(node.base_url).hostname or ""
    local = host in {"localhost", "::1"} or host.startswith("127.")
    if not local and not settings.BEHIND_HTTPS:
        yield Problem(
            "https",
            f"base_url {node.base_url} is not https.",
            "Put a TLS proxy in front and write its https address into node.toml.",
        )
    if node.demo and not local:
        yield Problem(
            "demo",
            "This is a demo node (demo = true) with an address others can reach.",
            "Demo accounts share a published password. Make a real node.",
        )
    if host and not _allowed(host):
        yield Problem(
            "allowed_hosts",
            f"allowed_hosts does not name {host} of base_url.",
            f'Add "{host}" to allowed_hosts in node.toml, or every page answers 400.',
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Problem(
            "allowed_hosts",
            'allowed_hosts holds "*".',
            "Name the hosts: links in messages are built from the name in the request.",
        )
    if settings.DEBUG:
        yield Problem(
            "debug",
            "DEBUG is on, which shows data and settings in error pages.",
            "Start the node with its own settings (mostovi.node.settings).",
        )


def _allowed(host: str) -> bool:
    from django.http.request import validate_host

    return validate_host(host, settings.ALLOWED_HOSTS)


def keys() -> Iterator[Problem]:
    """Key material: present, private, and opening the vault."""
    folder: Path = settings.MOSTOVI.keys
    if not folder.is_dir():
        yield Problem(
            "keys", "The node has no key folder.", "Run 'mostovi init' or restore a backup."
        )
        return
    for path in (folder, *sorted(folder.rglob("*"))):
        yield from _private(path)
    for name in ("django.secret", "vault.master"):
        if not (folder / name).exists():
            yield Problem(
                "keys",
                f"keys/{name} is missing.",
                "Restore it from a backup; for a new node run 'mostovi init'.",
            )
    try:
        vault().handle("check", 1)
    except (VaultError, OSError):
        yield Problem(
            "keys",
            "The vault does not open: personal data cannot be read.",
            "Restore keys/vault.master from a backup.",
        )


def _private(path: Path) -> Iterator[Problem]:
    try:
        found = path.stat()
    except OSError:
        return
    name = path.relative_to(settings.MOSTOVI.home).as_posix()
    if stat.S_IMODE(found.st_mode) & 0o077:
        mode = "700" if path.is_dir() else "600"
        yield Problem(
            "permissions", f"{name} can be read or changed by other users.", f"chmod {mode} {path}"
        )
    if found.st_uid != os.geteuid():
        yield Problem(
            "permissions",
            f"{name} belongs to another user than the one running this.",
            f"Run the node as its owner, or: chown {os.geteuid()} {path}",
        )


def database() -> Iterator[Problem]:
    """The database answers, is private, and has this version's tables."""
    try:
        connection.ensure_connection()
    except DatabaseError:
        yield Problem(
            "database",
            "The database cannot be reached.",
            "See 'database' in node.toml; is the server running, the password right?",
        )
        return
    if connection.vendor == "sqlite":
        for path in (settings.MOSTOVI.home, settings.MOSTOVI.home / "db.sqlite3"):
            yield from _private(path)
    executor = MigrationExecutor(connection)
    if missing := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield Problem(
            "migrations",
            f"{len(missing)} database changes of this version are missing.",
            "Stop the node, make a backup, run 'mostovi init'.",
        )
    if connection.vendor == "postgresql" and connection.pg_version < 150000:  # type: ignore[attr-defined]
        yield Problem("database", "PostgreSQL is older than 15.", "Upgrade the server.")


def clock() -> Iterator[Problem]:
    """The clock is not visibly wrong: legal deadlines and signatures depend on it."""
    now = timezone.now()
    if now < BUILT:
        yield Problem("clock", f"The clock says {now:%d %B %Y}.", "Set it, and switch on NTP.")
    last = JobRun.objects.order_by("-last_finished").exclude(last_finished=None).first()
    if last and last.last_finished and last.last_finished > now + LARGEST_SKEW:
        yield Problem(
            "clock",
            "The clock is behind the time of work already recorded.",
            "Set it, and switch on NTP (timedatectl set-ntp true).",
        )


def background_work() -> Iterator[Problem]:
    """A worker runs and its jobs succeed."""
    ago = worker.heartbeat(timezone.now())
    if ago is None or ago > dt.timedelta(minutes=5):
        yield Problem(
            "worker",
            "No worker has done anything for five minutes.",
            "Run 'mostovi serve' (holds one), or 'mostovi worker'.",
        )
    for run in JobRun.objects.filter(failures__gt=2):
        yield Problem(
            "job",
            f"The job {run.name} failed {run.failures} times: {run.last_error}.",
            "Look into the log for its line 'job failed'.",
        )


def exchange_keys() -> Iterator[Problem]:
    """The node's own keys and the directory last long enough."""
    from mostovi.exchange.keys import Use, current
    from mostovi.exchange.keystore import key_store
    from mostovi.exchange.models import DirectoryVersion

    now = timezone.now()
    for use in Use:
        pair = current(key_store().pairs(), use, now)
        if pair is None:
            yield Problem(
                "exchange_keys",
                f"The node has no valid key to {KEY_USES[use.value]} with.",
                "Run 'mostovi exchange keys rotate --now'.",
            )
        elif pair.public.not_after < now + KEY_WARNING:
            yield Problem(
                "exchange_keys",
                f"The key to {KEY_USES[use.value]} ends on {pair.public.not_after:%d %B %Y}.",
                "Run 'mostovi exchange keys rotate'.",
            )
    directory = DirectoryVersion.objects.order_by("-serial").first()
    if directory is None:
        yield Problem(
            "directory",
            "The node knows no directory, so it has no partners.",
            "Import the signed directory that your steward sent you.",
        )
    elif directory.not_after < now + DIRECTORY_WARNING:
        yield Problem(
            "directory",
            f"The directory of nodes ends on {directory.not_after:%d %B %Y}.",
            "Ask the steward for a new one.",
        )


def peers() -> Iterator[Problem]:
    """Every peer with an address answers, and its clock agrees with ours."""
    from mostovi.exchange.models import Peer

    reachable = [
        (peer.code, peer.endpoint or peer.node.endpoint)
        for peer in Peer.objects.exclude(code=settings.MOSTOVI.code)
    ]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(_ask_peer, [pair for pair in reachable if pair[1]]):
            yield from found


def _ask_peer(peer: tuple[str, str]) -> list[Problem]:
    code, endpoint = peer
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"}:
        return [Problem("peer", f"The address of {code} is not http(s).", "Correct the directory.")]
    request = urllib.request.Request(f"{parts.scheme}://{parts.netloc}/health", method="HEAD")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=PEER_TIMEOUT) as answer:  # noqa: S310
            date = answer.headers.get("Date", "")
    except urllib.error.HTTPError as error:
        date = error.headers.get("Date", "")
    except OSError:
        return [
            Problem(
                "peer",
                f"{code} at {parts.netloc} does not answer.",
                "Letters wait and are sent again by themselves; call its operators.",
            )
        ]
    try:
        skew = abs(email.utils.parsedate_to_datetime(date) - timezone.now())
    except (ValueError, TypeError):
        return []
    if skew > LARGEST_SKEW:
        return [
            Problem(
                "clock",
                f"The clocks here and at {code} differ by {skew.total_seconds():.0f} s.",
                "Switch on NTP at both; letters far off in time are refused.",
            )
        ]
    return []


def certificate() -> Iterator[Problem]:
    """The TLS certificate that others see at `base_url` is valid, and for some time to come."""
    parts = urlsplit(settings.MOSTOVI.base_url)
    if parts.scheme != "https" or not parts.hostname:
        return
    where = f"{parts.hostname}:{parts.port or 443}"
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), PEER_TIMEOUT) as raw,
            context.wrap_socket(raw, server_hostname=parts.hostname) as wrapped,
        ):
            held = wrapped.getpeercert() or {}
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or error.reason
        yield Problem(
            "certificate",
            f"The TLS certificate at {where} is not accepted: {why}.",
            "Install a valid one in the proxy; other nodes refuse to write until then.",
        )
        return
    except OSError:
        yield Problem(
            "certificate",
            f"Nothing answers at {where} from this machine.",
            "Start the TLS proxy; if it answers only from outside, look at it from there.",
        )
        return
    ends = dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(held["notAfter"])), dt.UTC)
    if ends < timezone.now() + CERTIFICATE_WARNING:
        yield Problem(
            "certificate",
            f"The TLS certificate at {where} ends on {ends:%d %B %Y}.",
            "Renew it, or see why it does not renew by itself.",
        )


def browser_parts() -> Iterator[Problem]:
    """Bootstrap, the forms engine and fonts are here; translations are compiled."""
    present = {
        prefix for prefix, _ in (d for d in settings.STATICFILES_DIRS if isinstance(d, tuple))
    }
    for name, meaning in (
        ("bootstrap", "pages are plain"),
        ("web-forms", "forms cannot be filled in the browser"),
    ):
        if f"vendor/{name}" not in present:
            yield Problem(
                "assets", f"The browser part '{name}' is missing: {meaning}.", "Run script/setup."
            )
    for folder in settings.LOCALE_PATHS:
        for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
            compiled = source.with_suffix(".mo")
            if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
                yield Problem(
                    "translations",
                    f"The translation {source.parts[-3]} is not compiled.",
                    "Run script/setup.",
                )


def governance() -> Iterator[Problem]:
    """Every table says what it is for and when its rows end, and something ends them (R1, R10)."""
    for code in retention.uncarried():
        yield Problem(
            "retention",
            f"Nothing carries out the retention rule '{code}'.",
            "Remove the rule, or register what carries it out.",
        )
    for model in apps.get_models():
        label = model._meta.app_label
        if label in FOREIGN_LABELS or isinstance(getattr(model, "GOVERNANCE", None), Governance):
            continue
        yield Problem(
            "governance",
            f"{model._meta.label} says neither purpose nor retention.",
            "Give the model a GOVERNANCE; until then nothing may be stored in it.",
        )


def disk() -> Iterator[Problem]:
    """There is room for data and a backup."""
    usage = shutil.disk_usage(settings.MOSTOVI.home)
    if usage.free < LEAST_FREE:
        yield Problem(
            "disk",
            f"Only {usage.free / 1e6:.0f} MB are free where the node's data lies.",
            "Make room; below 200 MB the node reports itself as failing.",
        )


def framework() -> Iterator[Problem]:
    """What Django itself finds wrong."""
    for found in django_checks.run_checks():
        if found.level >= django_checks.ERROR:
            yield Problem(
                "framework", str(found.msg), found.hint or "See the Django documentation."
            )


OWN: Final[tuple[Callable[[], Iterable[Problem]], ...]] = (
    settings_file,
    keys,
    database,
    clock,
    background_work,
    exchange_keys,
    peers,
    certificate,
    browser_parts,
    governance,
    disk,
    framework,
)


def all_problems() -> list[Problem]:
    """The findings of the node and of every package; a check that fails is itself a finding."""
    found: list[Problem] = []
    for name, check in _all_checks():
        try:
            found += check()
        except Exception as error:
            log.warning("check failed", extra={"kind": name}, exc_info=error)
            found.append(
                Problem(
                    "check",
                    f"'{name}' could not be checked ({type(error).__name__}).",
                    "Mend the findings above first, then run 'mostovi check' again.",
                )
            )
    return found


def _all_checks() -> Iterator[tuple[str, Callable[[], Iterable[Problem]]]]:
    for own in OWN:
        yield own.__name__, own
    for config in apps.get_app_configs():
        module = f"{config.name}.checks"
        if (
            config.name.startswith("mostovi.")
            and config.label != "node"
            and importlib.util.find_spec(module)
        ):
            yield config.label, importlib.import_module(module).check
