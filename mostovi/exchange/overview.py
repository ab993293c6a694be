# SPDX-License-Identifier: EUPL-1.2
"""How the exchange stands: what pages, commands, home pages and checks all show.

Counts, states, codes and times only; nothing of what a letter says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min, Q

from mostovi.exchange.directory import NodeEntry
from mostovi.exchange.keys import EXPIRY_WARNING, KeyPair, PublicKey, Use, current
from mostovi.exchange.keystore import key_store
from mostovi.exchange.models import (
    Alarm,
    DirectoryVersion,
    InboxLetter,
    InboxState,
    OutboxLetter,
    OutboxState,
    Peer,
)
from mostovi.exchange.peers import newest_directory

PARKED_ALARM: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class PeerLine:
    """One peer as it stands now."""

    peer: Peer
    node: NodeEntry
    signing: PublicKey | None
    encryption: PublicKey | None
    waiting: int
    dead: int

    @property
    def keys_end(self) -> datetime | None:
        """When the first of the two keys in use ends."""
        ends = [key.not_after for key in (self.signing, self.encryption) if key is not None]
        return min(ends) if len(ends) == 2 else None

    def tone(self, now: datetime) -> str:
        """`stop`, `warn` or `ok` for the status mark."""
        if self.keys_end is None or self.node.status != "active":
            return "stop"
        silent = self.peer.last_failure is not None and (
            self.peer.last_contact is None or self.peer.last_contact < self.peer.last_failure
        )
        return "warn" if silent or self.dead or self.keys_end < now + EXPIRY_WARNING else "ok"


@dataclass(frozen=True)
class Overview:
    """The whole exchange of this node at one moment."""

    peers: list[PeerLine]
    waiting: int
    oldest_waiting: datetime | None
    parked_there: int
    dead: int
    parked_here: int
    parked_long: int
    delivered: int
    received: int
    alarms: list[Alarm]
    directory: DirectoryVersion | None
    keys_ending: list[KeyPair]
    missing_keys: list[Use]

    @property
    def sound(self) -> bool:
        """Whether nobody needs to look at it."""
        return not (
            self.dead or self.parked_long or self.alarms or self.keys_ending or self.missing_keys
        )

    def as_dict(self, now: datetime) -> dict[str, Any]:
        """For `--json`."""
        return {
            "sound": self.sound,
            "outbox": {
                "waiting": self.waiting,
                "oldest_waiting": _iso(self.oldest_waiting),
                "parked_at_receiver": self.parked_there,
                "dead": self.dead,
                "delivered": self.delivered,
            },
            "inbox": {
                "received": self.received,
                "parked": self.parked_here,
                "parked_over_15_minutes": self.parked_long,
            },
            "alarms": [
                {"id": a.pk, "source": a.source, "reason": a.reason, "times": a.times}
                for a in self.alarms
            ],
            "directory": self.directory.serial if self.directory else None,
            "keys": {
                "missing": [str(use) for use in self.missing_keys],
                "ending": [
                    {"kid": pair.kid, "not_after": _iso(pair.public.not_after)}
                    for pair in self.keys_ending
                ],
            },
            "peers": [
                {
                    "code": line.peer.code,
                    "status": str(line.node.status),
                    "state": line.tone(now),
                    "pinned_by_hand": line.peer.pinned,
                    "endpoint": line.peer.endpoint or line.node.endpoint,
                    "keys_end": _iso(line.keys_end),
                    "last_contact": _iso(line.peer.last_contact),
                    "last_failure": line.peer.last_failure_reason,
                    "waiting": line.waiting,
                    "dead": line.dead,
                }
                for line in self.peers
            ],
        }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def keys_ending(now: datetime) -> tuple[list[KeyPair], list[Use]]:
    """Our keys in use that end within 30 days without a successor, and uses without a key."""
    pairs = key_store().pairs()
    ending, missing = [], []
    for use in Use:
        pair = current(pairs, use, now)
        later = any(
            p.public.use is use and p.public.not_after > now + EXPIRY_WARNING for p in pairs
        )
        if pair is None:
            missing.append(use)
        elif pair.public.not_after < now + EXPIRY_WARNING and not later:
            ending.append(pair)
    return ending, missing


def overview(now: datetime) -> Overview:
    """Everything, in a handful of queries however many letters there are."""
    states = OutboxLetter.objects.aggregate(
        waiting=Count("pk", filter=Q(state=OutboxState.WAITING)),
        parked=Count("pk", filter=Q(state=OutboxState.PARKED)),
        dead=Count("pk", filter=Q(state=OutboxState.DEAD)),
        delivered=Count("pk", filter=Q(state=OutboxState.DELIVERED)),
        oldest=Min("created_at", filter=Q(state=OutboxState.WAITING)),
    )
    inbox = InboxLetter.objects.aggregate(
        received=Count("pk"),
        parked=Count("pk", filter=Q(state=InboxState.PARKED)),
        long=Count("pk", filter=Q(state=InboxState.PARKED, received_at__lt=now - PARKED_ALARM)),
    )
    ending, missing = keys_ending(now)
    return Overview(
        peers=_peer_lines(now),
        waiting=states["waiting"],
        oldest_waiting=states["oldest"],
        parked_there=states["parked"],
        dead=states["dead"],
        parked_here=inbox["parked"],
        parked_long=inbox["long"],
        delivered=states["delivered"],
        received=inbox["received"],
        alarms=list(Alarm.objects.filter(closed_at=None)[:50]),
        directory=newest_directory(),
        keys_ending=ending,
        missing_keys=missing,
    )


def _peer_lines(now: datetime) -> list[PeerLine]:
    counts: dict[str, dict[str, Any]] = {
        line["to"]: dict(line)
        for line in OutboxLetter.objects.filter(
            state__in=[OutboxState.WAITING, OutboxState.PARKED, OutboxState.DEAD]
        )
        .values("to")
        .annotate(
            waiting=Count("pk", filter=~Q(state=OutboxState.DEAD)),
            dead=Count("pk", filter=Q(state=OutboxState.DEAD)),
        )
    }
    lines = []
    for peer in Peer.objects.all():
        node = peer.node
        found = counts.get(peer.code, {})
        lines.append(
            PeerLine(
                peer=peer,
                node=node,
                signing=node.current(Use.SIGN, now),
                encryption=node.current(Use.ENCRYPT, now),
                waiting=found.get("waiting", 0),
                dead=found.get("dead", 0),
            )
        )
    return lines
