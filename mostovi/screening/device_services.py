# SPDX-License-Identifier: EUPL-1.2
"""Verbs on field devices: add one, revoke it, and recognise it when it asks."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from mostovi.rights.access import Action, Actor, Kind, Scope, decide, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.rows import within_scope
from mostovi.rights.services import record
from mostovi.rights.vault import KeyDestroyed, vault
from mostovi.screening import digest
from mostovi.screening.models import Device, DigestNonce

NONCE_LIFE = timedelta(hours=1)
FAILURES_ALLOWED = 20
FAILURE_WINDOW = timedelta(minutes=15)
_PASSWORD_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # noqa: S105 - no l, o, 0, 1
_LAST_USED_STEP = timedelta(minutes=10)


class Locked(Exception):
    """Too many wrong passwords; it opens again by itself."""


@dataclass(frozen=True)
class NewDevice:
    """A device with its password, which is known at this moment only."""

    device: Device
    password: str


@dataclass(frozen=True)
class Recognised:
    """The device that proved its password, or none; `stale`: the nonce was old, the rest right."""

    device: Device | None
    stale: bool = False


def realm() -> str:
    """The protection space that passwords belong to."""
    return f"Mostovi {settings.MOSTOVI.code}"


@transaction.atomic
def add_device(actor: Actor, *, label: str, now: datetime) -> NewDevice:
    """Add a device that acts as `actor` does now."""
    require(actor, Action.CREATE, Kind.DEVICE)
    require(actor, Action.CREATE, Kind.SUBMISSION)
    password = "-".join(
        "".join(secrets.choice(_PASSWORD_ALPHABET) for _ in range(5)) for _ in range(5)
    )
    device = Device(
        username=f"device-{secrets.token_hex(4)}",
        account=actor.account,
        role=actor.role.value,
        purpose=actor.purpose.value,
        unit=actor.unit,
        language=actor.language,
        label=label.strip()[:100] or "device",
        key_id=vault().new_key(),
        created_at=now,
    )
    stored = digest.ha1(device.username, realm(), password)
    device.sealed_ha1 = vault().seal(device.key_id, _context(device), {"ha1": stored})
    device.save(force_insert=True)
    record(actor, AuditTag.DEVICE_ADDED, handle=vault().handle("device", device.pk))
    return NewDevice(device, password)


@transaction.atomic
def revoke_device(actor: Actor, *, device_id: UUID, now: datetime) -> Device:
    """Close the device's door for good. Raises `Device.DoesNotExist`."""
    scope = require(actor, Action.CHANGE, Kind.DEVICE)
    device = visible(actor, scope).select_for_update().get(pk=device_id)
    if device.revoked_at is None:
        device.revoked_at = now
        device.save(update_fields=["revoked_at"])
        record(actor, AuditTag.DEVICE_REVOKED, handle=vault().handle("device", device.pk))
    return device


def visible(actor: Actor, scope: Scope) -> QuerySet[Device]:
    """The devices within `scope`: an account's own, a unit's, or all under the purpose."""
    return within_scope(Device.objects.all(), actor, scope, own=Q(account=actor.account))


def recognise(request: HttpRequest, now: datetime) -> Recognised:
    """Check the request's Authorization header: Digest, or Basic when it came over HTTPS.

    Raises `Locked` after too many wrong passwords for one device name.
    """
    header = request.headers.get("Authorization", "")
    scheme = header.partition(" ")[0].lower()
    if scheme == "basic":
        return Recognised(_by_basic(header)) if request.is_secure() else Recognised(None)
    if scheme != "digest":
        return Recognised(None)
    try:
        answer = digest.parse(header)
    except digest.DigestError:
        return Recognised(None)
    if answer.realm != realm() or not _same_address(answer.uri, request):
        return Recognised(None)
    device = _proved(
        answer.username, lambda known: digest.verified(answer, known, request.method or "")
    )
    if device is None:
        return Recognised(None)
    if not _fresh(answer, now):
        return Recognised(None, stale=True)
    return Recognised(device)


def _by_basic(header: str) -> Device | None:
    try:
        text = base64.b64decode(header.partition(" ")[2], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    username, _, password = text.partition(":")
    answered = digest.ha1(username, realm(), password)
    return _proved(username, lambda known: hmac.compare_digest(known, answered))


def _proved(username: str, proves: Callable[[str], bool]) -> Device | None:
    """The open device called `username` if `proves(its HA1)`; counts what fails."""
    counter = f"screening.device.failures.{vault().blind(username).hex()}"
    if cache.get(counter, 0) >= FAILURES_ALLOWED:
        raise Locked
    device = Device.objects.filter(username=username, revoked_at=None).first()
    known = _ha1(device) if device is not None else None
    if device is not None and known and proves(known) and still_held(device):
        return device
    cache.add(counter, 0, int(FAILURE_WINDOW.total_seconds()))
    try:
        cache.incr(counter)
    except ValueError:
        cache.set(counter, 1, int(FAILURE_WINDOW.total_seconds()))
    return None


def _ha1(device: Device) -> str | None:
    try:
        opened = vault().unseal(device.key_id, _context(device), bytes(device.sealed_ha1))
    except KeyDestroyed:
        return None
    return str(opened["ha1"])


def still_held(device: Device) -> bool:
    """Whether the device's account is open and still holds the role in the unit (R1).

    The account model lies in a higher package; it is asked through Django's own name for it.
    """
    account = get_user_model().objects.filter(pk=device.account, is_active=True).first()
    if account is None:
        return False
    memberships = getattr(account, "memberships", None)
    if memberships is not None and not (
        memberships.current().filter(role=device.role, unit=device.unit).exists()
    ):
        return False
    return decide(device.actor(), Action.CREATE, Kind.SUBMISSION).allowed


def used(device: Device, now: datetime) -> None:
    """Remember roughly when the device was last here."""
    if device.last_used_at is None or now - device.last_used_at > _LAST_USED_STEP:
        Device.objects.filter(pk=device.pk).update(last_used_at=now)


def new_nonce(now: datetime) -> str:
    """A nonce that proves its own age and origin, so that asking for one stores nothing."""
    body = f"{int(now.timestamp()):x}.{secrets.token_hex(8)}"
    return f"{body}.{_nonce_check(body)}"


def _nonce_check(body: str) -> str:
    return salted_hmac("mostovi.screening.nonce", body, algorithm="sha256").hexdigest()[:24]


def _fresh(answer: digest.Answer, now: datetime) -> bool:
    """Whether the nonce is ours and young and its count was not used before."""
    body, _, check = answer.nonce.rpartition(".")
    if not body or not hmac.compare_digest(check, _nonce_check(body)):
        return False
    age = now.timestamp() - int(body.split(".")[0], 16)
    if not -60 <= age <= NONCE_LIFE.total_seconds():
        return False
    with transaction.atomic():
        row = _nonce_row(answer.nonce, now)
        window = digest.counted(row.highest, int(row.seen), answer.count)
        if window is None:
            return False
        row.highest, row.seen = window
        row.save(update_fields=["highest", "seen"])
    return True


def _nonce_row(nonce: str, now: datetime) -> DigestNonce:
    row = DigestNonce.objects.select_for_update().filter(pk=nonce).first()
    if row is not None:
        return row
    try:
        with transaction.atomic():
            return DigestNonce.objects.create(pk=nonce, issued_at=now)
    except IntegrityError:
        return DigestNonce.objects.select_for_update().get(pk=nonce)


def forget_nonces(now: datetime) -> int:
    """Delete nonces that no longer open anything; returns how many."""
    old = DigestNonce.objects.filter(issued_at__lt=now - 2 * NONCE_LIFE)
    return old.delete()[0]


def _same_address(uri: str, request: HttpRequest) -> bool:
    full = request.get_full_path()
    return uri in {full, request.build_absolute_uri(full)}


def _context(device: Device) -> str:
    return f"screening.device:{device.pk}"
