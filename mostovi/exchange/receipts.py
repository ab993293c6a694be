# SPDX-License-Identifier: EUPL-1.2
"""Signed receipts: the proof of what arrived when, from which legal clocks run at both ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from mostovi.exchange.keys import KeyPair, PublicKey
from mostovi.exchange.letters import sign, verify
from mostovi.exchange.reasons import LetterRefused, Reason
from mostovi.exchange.wire import (
    canonical,
    format_time,
    node_code,
    node_urn,
    only,
    parse_object,
    parse_time,
)

TYP: Final = "mg+receipt"


class Verdict(StrEnum):
    """What the receiver did. PARKED is not final: the sender asks again until it is."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    PARKED = "parked"


@dataclass(frozen=True)
class Receipt:
    """One receipt.

    `letter` is the letter's id, `source` its sender, `node` who received it. `sha256` is of the
    token that arrived first, `digest` of the letter's content. `head` is the newest hash of the
    receiver's audit chain at that moment, so that each node witnesses the other's log.
    `request_hash` is the X-Road-Request-Hash, when the letter came through a Security Server.
    """

    letter: UUID
    source: str
    node: str
    sha256: str
    digest: str
    received_at: datetime
    verdict: Verdict
    reason: str = ""
    text: str = ""
    head: str = ""
    request_hash: str = ""

    def payload(self) -> bytes:
        """What is signed."""
        value = {
            "id": str(self.letter),
            "source": node_urn(self.source),
            "node": node_urn(self.node),
            "sha256": self.sha256,
            "digest": self.digest,
            "received_at": format_time(self.received_at),
            "verdict": str(self.verdict),
        }
        for name in ("reason", "text", "head", "request_hash"):
            if getattr(self, name):
                value[name] = getattr(self, name)
        return canonical(value)


def issue(receipt: Receipt, key: KeyPair) -> str:
    """The receipt as a compact JWS."""
    return sign(receipt.payload(), key, TYP)


def read_receipt(
    token: str,
    *,
    their_key: Callable[[str], tuple[str, PublicKey] | None],
    now: datetime,
) -> Receipt:
    """The receipt in `token`, signed by the node it names; raises `LetterRefused`."""
    owners: dict[str, str] = {}

    def pinned(kid: str) -> PublicKey | None:
        found = their_key(kid)
        if found is not None:
            owners[kid] = found[0]
        return found[1] if found else None

    payload, key = verify(token.encode(), pinned, now, TYP)
    value = parse_object(payload)
    only(
        value,
        {"id", "source", "node", "sha256", "digest", "received_at", "verdict"},
        {"reason", "text", "head", "request_hash"},
        "The receipt",
    )
    try:
        receipt = Receipt(
            letter=UUID(value["id"]),
            source=node_code(value["source"], "source"),
            node=node_code(value["node"], "node"),
            sha256=str(value["sha256"]),
            digest=str(value["digest"]),
            received_at=parse_time(value["received_at"], "received_at"),
            verdict=Verdict(value["verdict"]),
            **{name: str(value.get(name, "")) for name in ("reason", "text", "head")},
            request_hash=str(value.get("request_hash", "")),
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise LetterRefused(Reason.BAD_RECEIPT, "The receipt is not readable.") from error
    if owners[key.kid] != receipt.node:
        raise LetterRefused(
            Reason.BAD_RECEIPT,
            f"The receipt names '{receipt.node}', but another node signed it.",
        )
    return receipt
