# SPDX-License-Identifier: EUPL-1.2
"""Whether the node lives and can do its work, for monitors; without details and without persons.

`/health` is public and says only `ok` or `failing` for each part. `/metrics` is Prometheus text,
for callers on the machine itself or with the token in `keys/metrics.token`.
"""

from __future__ import annotations

import datetime as dt
import hmac
import ipaddress
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import Error, connection
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

import mostovi
from mostovi.node import worker
from mostovi.node.job_models import JobRun
from mostovi.rights.doors import public_door
from mostovi.rights.vault import VaultError, vault

LATEST_HEARTBEAT: Final = dt.timedelta(seconds=90)
LATEST_POST: Final = dt.timedelta(hours=6)
LEAST_DISK: Final = 200 * 1024 * 1024


@dataclass(frozen=True)
class Gauge:
    """One measured value; `labels` are codes of the program, never about a person."""

    name: str
    meaning: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


def database_answers() -> bool:
    """The database can be read."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone())
    except Error:
        return False


def keys_open() -> bool:
    """The master key is there, and seals and opens."""
    try:
        return len(vault().handle("health", 1)) > 0
    except (VaultError, OSError):
        return False


def worker_beats() -> bool:
    """Some worker finished a job lately."""
    try:
        ago = worker.heartbeat(timezone.now())
    except Error:
        return False
    return ago is not None and ago < LATEST_HEARTBEAT


def post_leaves() -> bool:
    """No letter has waited in the outbox longer than a peer's usual outage."""
    try:
        return outbox_age(timezone.now()) < LATEST_POST
    except Error:
        return False


def disk_has_room() -> bool:
    """There is room to write."""
    return shutil.disk_usage(settings.MOSTOVI.home).free > LEAST_DISK


PARTS: Final[dict[str, Callable[[], bool]]] = {
    "database": database_answers,
    "keys": keys_open,
    "worker": worker_beats,
    "post": post_leaves,
    "disk": disk_has_room,
}
# A node whose post waits or whose worker rests still answers people, so it stays in service.
NEEDED_TO_ANSWER: Final = frozenset({"database", "keys", "disk"})


@require_safe
@never_cache
@public_door
def health(request: HttpRequest) -> HttpResponse:
    """200 when the node can answer people, else 503; the body names each part."""
    found = {name: part() for name, part in PARTS.items()}
    answers = all(found[name] for name in NEEDED_TO_ANSWER)
    body = {
        "status": "ok" if all(found.values()) else "degraded" if answers else "failing",
        "parts": {name: "ok" if good else "failing" for name, good in found.items()},
    }
    return JsonResponse(body, status=200 if answers else 503)


@require_safe
@never_cache
@public_door
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text; 404 for everybody who may not see it."""
    if not may_read_metrics(request):
        return HttpResponse(status=404)
    return HttpResponse(
        prometheus_text(gauges(timezone.now())),
        content_type="text/plain; version=0.0.4; charset=utf-8",
    )


def may_read_metrics(request: HttpRequest) -> bool:
    """Whether the caller is on this machine, not behind a proxy, or brings the token."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    path = settings.MOSTOVI.keys / "metrics.token"
    if scheme.lower() == "bearer" and path.exists():
        return hmac.compare_digest(given.strip().encode(), path.read_bytes().strip())
    # A proxy on this machine makes everybody look local; with https only the token counts.
    if settings.BEHIND_HTTPS or "X-Forwarded-For" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def outbox_age(now: dt.datetime) -> dt.timedelta:
    """How long the oldest unsent letter has waited; zero when none waits."""
    from mostovi.exchange.models import OutboxLetter, OutboxState

    waiting = OutboxLetter.objects.filter(state=OutboxState.WAITING)
    oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"]
    return dt.timedelta(0) if oldest is None else now - oldest


def gauges(now: dt.datetime) -> Iterator[Gauge]:
    """Everything that is measured: parts, jobs, post, disk, memory."""
    yield Gauge("mostovi_info", "Version and code of the node.", 1,
                (("node", settings.MOSTOVI.code), ("version", mostovi.__version__)))  # fmt: skip
    for name, part in PARTS.items():
        yield Gauge("mostovi_part_ok", "1 when the part works.", float(part()), (("part", name),))
    for run in JobRun.objects.all():
        labels = (("job", run.name),)
        yield Gauge("mostovi_job_failures", "Failed runs in a row.", run.failures, labels)
        if run.last_finished:
            age = (now - run.last_finished).total_seconds()
            yield Gauge("mostovi_job_age_seconds", "Seconds since it last ended.", age, labels)
    yield Gauge("mostovi_outbox_age_seconds", "Seconds the oldest unsent letter has waited.",
                outbox_age(now).total_seconds())  # fmt: skip
    yield Gauge("mostovi_disk_free_bytes", "Free bytes where the node's data lies.",
                shutil.disk_usage(settings.MOSTOVI.home).free)  # fmt: skip
    yield from _process()


def _process() -> Iterator[Gauge]:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
    except OSError:
        return
    import resource

    size = pages * resource.getpagesize()
    yield Gauge("mostovi_resident_bytes", "Memory of this process.", size)


def prometheus_text(values: Iterable[Gauge]) -> str:
    """The values in Prometheus' text format, grouped by name as it asks."""
    by_name: dict[str, list[Gauge]] = {}
    for gauge in values:
        by_name.setdefault(gauge.name, []).append(gauge)
    lines: list[str] = []
    for name, group in by_name.items():
        lines += [f"# HELP {name} {group[0].meaning}", f"# TYPE {name} gauge"]
        for gauge in group:
            labels = ",".join(f"{key}={json.dumps(text)}" for key, text in gauge.labels)
            lines.append(f"{name}{'{' + labels + '}' if labels else ''} {gauge.value:.10g}")
    return "\n".join(lines) + "\n"
