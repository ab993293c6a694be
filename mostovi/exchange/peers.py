# SPDX-License-Identifier: EUPL-1.2
"""Who is trusted: the node directory, peers pinned by hand, this node's own keys."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from mostovi.exchange import directory, keys
from mostovi.exchange.directory import Directory, NodeEntry, Status, read_entry
from mostovi.exchange.keys import KeyPair, PublicKey, Use, new_pair
from mostovi.exchange.keystore import key_store, signing_pair
from mostovi.exchange.letters import sign, verify
from mostovi.exchange.models import DirectoryVersion, Peer
from mostovi.exchange.profiles import letter_types, profile
from mostovi.exchange.reasons import DirectoryRefused, ExchangeError, LetterRefused, Reason
from mostovi.exchange.transport import Transport, Unreachable
from mostovi.exchange.wire import canonical, format_time, parse_object
from mostovi.exchange.xroad import XRoadRoute
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record

logger = logging.getLogger(__name__)
ENTRY_TYP: Final = "mg+entry"
CONTACT_EVERY: Final = timedelta(seconds=30)
KEPT_AFTER_END: Final = timedelta(days=1)


@dataclass(frozen=True)
class KnownPeers:
    """All peers at one moment, ready to look up."""

    nodes: Mapping[str, NodeEntry]

    @cached_property
    def _signing(self) -> Mapping[str, tuple[str, PublicKey]]:
        return {
            key.kid: (node.code, key)
            for node in self.nodes.values()
            for key in node.keys
            if key.use is Use.SIGN
        }

    def signing_key(self, kid: str) -> tuple[str, PublicKey] | None:
        """(node code, key) of a pinned signing key."""
        return self._signing.get(kid)

    def require(self, code: str) -> NodeEntry:
        """The active peer `code`; raises `LetterRefused(unknown_peer | peer_suspended)`."""
        node = self.nodes.get(code)
        if node is None:
            raise LetterRefused(
                Reason.UNKNOWN_PEER,
                f"'{code}' is not in this node's directory of nodes.",
                status=403,
            )
        if node.status is not Status.ACTIVE:
            raise LetterRefused(
                Reason.PEER_SUSPENDED,
                f"'{code}' is {node.status}; no letters are exchanged with it.",
                status=403,
            )
        return node


_known: tuple[tuple[Any, ...], KnownPeers] | None = None


def known_peers() -> KnownPeers:
    """The peers, read again only when one of them changed."""
    global _known
    stamp = tuple(Peer.objects.order_by("pk").values_list("code", "revision"))
    held = _known
    if held is None or held[0] != stamp:
        held = (stamp, KnownPeers({peer.code: peer.node for peer in Peer.objects.all()}))
        _known = held
    return held[1]


def us() -> str:
    """This node's code."""
    code: str = settings.MOSTOVI.code
    return code


def own_entry() -> NodeEntry:
    """This node as it asks to stand in the directory."""
    node = settings.MOSTOVI
    name = node.name if isinstance(node.name, str) else next(iter(node.name.values()))
    impersonal = frozenset(t for t in letter_types() if not profile(t).personal)
    return NodeEntry(
        code=node.code,
        name=name,
        country=node.partner,
        endpoint="" if node.polling else node.base_url.rstrip("/"),
        polling=node.polling,
        letters=frozenset() if node.holds_persons else impersonal,
        batch=directory.MAXIMUM_BATCH,
        keys=tuple(pair.public for pair in key_store().pairs()),
    )


def signed_entry(now: datetime) -> str:
    """`own_entry` signed with the key that peers pin: how a new key becomes known."""
    return sign(canonical(own_entry().as_dict()), signing_pair(now), ENTRY_TYP)


def pinned_stewards() -> list[PublicKey]:
    """The steward keys of `node.toml`, and this node's own when it is a steward."""
    pinned = [keys.pinned_signing_key(x) for x in settings.MOSTOVI.stewards.values()]
    own = key_store().steward() if settings.MOSTOVI.steward else None
    if own is not None and all(key.kid != own.kid for key in pinned):
        pinned.append(own.public)
    return pinned


def steward_threshold() -> int:
    """How many stewards must sign; 1 unless the node is configured for more."""
    return int(getattr(settings.MOSTOVI, "steward_threshold", 1))


def newest_directory() -> DirectoryVersion | None:
    """The directory in use."""
    return DirectoryVersion.objects.order_by("-serial").first()


@transaction.atomic
def import_directory(actor: Actor, *, document: str, now: datetime) -> DirectoryVersion:
    """Take in a signed directory: peers, keys and revocations are as it says from now on.

    Raises `DirectoryRefused` when it is not signed by enough pinned stewards, or not newer than
    the one in use; nothing is changed then.
    """
    require(actor, Action.CONFIGURE, Kind.PEER)
    read = directory.open_directory(
        document, pinned=pinned_stewards(), threshold=steward_threshold(), now=now
    )
    held = newest_directory()
    if held is not None and held.serial == read.serial and held.document == document:
        return held
    directory.require_newer(read, held.serial if held else 0)
    version = DirectoryVersion.objects.create(
        serial=read.serial,
        document=document,
        stewards=sorted(read.stewards),
        issued=read.issued,
        not_after=read.not_after,
        imported_at=now,
    )
    _apply(read)
    record(
        actor,
        AuditTag.DIRECTORY_IMPORTED,
        detail={"serial": read.serial, "nodes": len(read.nodes), "stewards": len(read.stewards)},
    )
    return version


def _apply(read: Directory) -> None:
    others = {node.code: node for node in read.nodes if node.code != us()}
    for code, node in others.items():
        entry = node.as_dict()
        peer = Peer.objects.filter(code=code).first()
        if peer is None:
            Peer.objects.create(code=code, entry=entry, revision=uuid4())
        elif peer.entry != entry or peer.pinned:
            # The stewards' word replaces a pin by hand: a revocation must reach everybody.
            peer.entry, peer.pinned, peer.revision = entry, False, uuid4()
            peer.save(update_fields=["entry", "pinned", "revision"])
    for peer in Peer.objects.filter(pinned=False).exclude(code__in=others):
        peer.entry = {**peer.entry, "status": str(Status.LEFT)}
        peer.revision = uuid4()
        peer.save(update_fields=["entry", "revision"])


@transaction.atomic
def add_peer(
    actor: Actor,
    *,
    entry: Mapping[str, Any],
    endpoint: str = "",
    xroad_client: str = "",
    xroad_service: str = "",
) -> Peer:
    """Pin a peer by hand, where two nodes agreed without a steward.

    `entry` is what the other node's `mostovi exchange keys show --json` prints. Raises
    `DirectoryRefused(bad_directory)` naming what is wrong with it.
    """
    require(actor, Action.CONFIGURE, Kind.PEER)
    node = read_entry(entry)
    if node.code == us():
        raise DirectoryRefused(Reason.BAD_DIRECTORY, "This is this node's own entry.")
    if xroad_client or xroad_service:
        try:
            XRoadRoute(xroad_client, xroad_service)
        except ValueError as error:
            raise DirectoryRefused(Reason.BAD_DIRECTORY, f"{error}.") from error
    peer, created = Peer.objects.update_or_create(
        code=node.code,
        defaults={
            "entry": node.as_dict(),
            "pinned": True,
            "endpoint": endpoint.rstrip("/"),
            "xroad_client": xroad_client,
            "xroad_service": xroad_service,
            "revision": uuid4(),
        },
    )
    tag = AuditTag.PEER_PINNED if created else AuditTag.PEER_CHANGED
    record(actor, tag, detail={"peer": node.code, "keys": len(node.keys)})
    return peer


def make_steward(now: datetime) -> KeyPair:
    """This node's steward pair, made on first use. Its public part is pinned by every node."""
    store = key_store()
    pair = store.steward()
    if pair is None:
        pair = new_pair(Use.SIGN, now, timedelta(days=3650))
        store.keep_steward(pair)
    return pair


@transaction.atomic
def publish_directory(actor: Actor, *, entries: Sequence[Mapping[str, Any]], now: datetime) -> str:
    """Sign the next version of the directory with this node's steward key; returns the document.

    `entries` are new or changed nodes; those of the version in use stay, and this node's own entry
    is always present. With a threshold above 1 the document goes to the other stewards
    (`countersign_directory`) before any node accepts it.
    """
    require(actor, Action.CONFIGURE, Kind.PEER)
    if not settings.MOSTOVI.steward:
        raise DirectoryRefused(
            Reason.NO_STEWARDS, "This node is not a steward; set 'steward = true' in node.toml."
        )
    held = newest_directory()
    nodes = {node.code: node for node in _held_directory(held)}
    for node in (*(read_entry(entry) for entry in entries), own_entry()):
        nodes[node.code] = _with_history(nodes.get(node.code), node)
    document = directory.sign_directory(
        Directory(
            serial=(held.serial if held else 0) + 1,
            issued=now,
            not_after=now + directory.LIFETIME,
            nodes=tuple(nodes.values()),
        ),
        [make_steward(now)],
    )
    record(actor, AuditTag.DIRECTORY_SIGNED, detail={"nodes": len(nodes)})
    if steward_threshold() == 1:
        import_directory(actor, document=document, now=now)
    return document


def _with_history(old: NodeEntry | None, new: NodeEntry) -> NodeEntry:
    """The new entry with revocations kept: a node cannot make its revoked key valid again."""
    if old is None:
        return new
    revoked = {key.kid: key for key in old.keys if key.revoked_at is not None}
    keys_now = tuple(revoked.pop(key.kid, key) for key in new.keys)
    return replace(new, keys=(*keys_now, *revoked.values()))


def _held_directory(held: DirectoryVersion | None) -> tuple[NodeEntry, ...]:
    if held is None:
        return ()
    return directory.read_directory(directory.payload_of(held.document)).nodes


@transaction.atomic
def revoke_key(actor: Actor, *, code: str, kid: str, reason: str, now: datetime) -> str:
    """Steward: publish a directory in which key `kid` of node `code` is revoked from now on."""
    for node in _held_directory(newest_directory()):
        key = node.key(kid)
        if node.code == code and key is not None:
            entry = node.as_dict()
            entry["keys"] = [
                {**item, "revoked": {"at": format_time(now), "reason": reason[:200]}}
                if item["kid"] == kid
                else item
                for item in entry["keys"]
            ]
            return publish_directory(actor, entries=[entry], now=now)
    raise DirectoryRefused(Reason.BAD_DIRECTORY, f"'{code}' has no key {kid[:12]}.")


def countersign_directory(actor: Actor, *, document: str, now: datetime) -> str:
    """Add this steward's signature to a directory that another steward signed."""
    require(actor, Action.CONFIGURE, Kind.PEER)
    record(actor, AuditTag.DIRECTORY_SIGNED)
    return directory.countersign(document, make_steward(now))


def collect_entries(now: datetime, transport: Transport) -> list[NodeEntry]:
    """Steward: what the peers say of themselves now (new keys), each signed by a pinned key."""
    found = []
    for peer in Peer.objects.all():
        base = endpoint_of(peer)
        if not base:
            continue
        try:
            reply = transport.request("GET", f"{base}/exchange/v1/entry")
            if reply.status == 200:
                found.append(_verified_entry(reply.body, peer.code, now))
        except (Unreachable, ExchangeError) as error:
            logger.warning("entry not collected", extra={"peer": peer.code, "why": str(error)})
    return found


def _verified_entry(body: bytes, code: str, now: datetime) -> NodeEntry:
    known = known_peers()

    def pinned(kid: str) -> PublicKey | None:
        found = known.signing_key(kid)
        return found[1] if found and found[0] == code else None

    payload, _ = verify(body.strip(), pinned, now, ENTRY_TYP)
    entry = read_entry(parse_object(payload))
    if entry.code != code:
        raise DirectoryRefused(Reason.BAD_DIRECTORY, f"'{code}' sent the entry of another node.")
    return entry


def refresh_directory(now: datetime, transport: Transport) -> int:
    """Fetch the directory from the stewards' nodes; returns 1 when a newer one was taken in."""
    held = newest_directory()
    for code in settings.MOSTOVI.stewards:
        peer = Peer.objects.filter(code=code).first()
        base = endpoint_of(peer) if peer else ""
        if not base:
            continue
        try:
            reply = transport.request("GET", f"{base}/exchange/v1/directory")
            document = reply.body.decode()
            if reply.status != 200 or (held and document == held.document):
                continue
            import_directory(Actor.system(Purpose.GOVERNANCE), document=document, now=now)
            return 1
        except DirectoryRefused as error:
            if error.reason != Reason.OLD_DIRECTORY:
                logger.warning("directory refused", extra={"peer": code, "why": error.reason})
        except (Unreachable, UnicodeDecodeError):
            logger.info("directory not fetched", extra={"peer": code})
    return 0


def endpoint_of(peer: Peer) -> str:
    """Where the peer is reached; '' when it fetches its mail itself."""
    return peer.endpoint or str(peer.entry.get("endpoint", "")).rstrip("/")


def rotate_keys(
    actor: Actor,
    *,
    now: datetime,
    ahead: timedelta = keys.PUBLISH_AHEAD,
    overlap: timedelta = keys.OVERLAP,
) -> list[KeyPair]:
    """Make new keys and end the old ones after the overlap; returns the new pairs.

    The new keys count for peers once a steward has published them; until `ahead` is over letters
    are signed with the old ones. `ahead=timedelta(0)` is for a lost key: publish at once.
    """
    require(actor, Action.CONFIGURE, Kind.PEER)
    store = key_store()
    fresh = []
    for use in Use:
        new, older = keys.rotate(store.pairs(), use, now, ahead=ahead, overlap=overlap)
        # The new one first: a crash in between leaves two valid keys, never none.
        store.keep(new)
        for pair in older:
            store.keep(pair)
        fresh.append(new)
    record(actor, AuditTag.EXCHANGE_KEYS_ROTATED, detail={"keys": len(fresh)})
    return fresh


def retire_keys(now: datetime) -> int:
    """Destroy pairs that ended: nothing more can be read or signed with them."""
    ended = [p for p in key_store().pairs() if p.public.not_after + KEPT_AFTER_END <= now]
    for pair in ended:
        key_store().forget(pair.kid)
        record(
            Actor.system(Purpose.GOVERNANCE),
            AuditTag.EXCHANGE_KEY_RETIRED,
            detail={"use": str(pair.public.use)},
        )
    return len(ended)


_noted: dict[str, datetime] = {}


def note_contact(code: str, now: datetime) -> None:
    """Remember that the peer was heard of; written at most twice a minute."""
    noted = _noted.get(code)
    if noted is not None and noted <= now < noted + CONTACT_EVERY:
        return
    _noted[code] = now
    Peer.objects.filter(code=code).filter(
        Q(last_contact__isnull=True) | Q(last_contact__lt=now - CONTACT_EVERY)
    ).update(last_contact=now)


def note_failure(code: str, reason: str, now: datetime) -> None:
    """Remember why the peer could not be reached."""
    Peer.objects.filter(code=code).update(last_failure=now, last_failure_reason=reason[:40])
