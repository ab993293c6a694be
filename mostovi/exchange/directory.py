# SPDX-License-Identifier: EUPL-1.2
"""The node directory: who takes part, with which keys, where, and for which letters.

It is one JSON document with one signature (compact JWS over the same payload) per steward. A node
pins the stewards' keys in its own configuration and accepts a directory only with enough of their
signatures; the number needed never comes from the document. There is no other way to trust a key
but a peer that an administrator pins by hand.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from mostovi.exchange.keys import KeyPair, PublicKey, Use, read_public
from mostovi.exchange.letters import sign, verify
from mostovi.exchange.reasons import DirectoryRefused, ExchangeError, LetterRefused, Reason
from mostovi.exchange.wire import canonical, format_time, parse_object, parse_time

TYP: Final = "mg+directory"
MAXIMUM_DIRECTORY: Final = 90_000
MAXIMUM_BATCH: Final = 64
LIFETIME: Final = timedelta(days=90)
ALWAYS_ALLOWED: Final = frozenset({"mostovi.exchange.void.v1"})


class Status(StrEnum):
    """Whether letters are exchanged with a node."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEFT = "left"


@dataclass(frozen=True)
class NodeEntry:
    """One node. `endpoint` is empty for a node that fetches its mail (polling).

    `letters` are the letter types it accepts and may send; empty means all of them. `batch` is how
    many letters it takes in one request.
    """

    code: str
    name: str
    country: str
    endpoint: str
    keys: tuple[PublicKey, ...]
    status: Status = Status.ACTIVE
    polling: bool = False
    letters: frozenset[str] = frozenset()
    batch: int = 1

    def key(self, kid: str) -> PublicKey | None:
        """The key named `kid`, valid or not."""
        return next((key for key in self.keys if key.kid == kid), None)

    def current(self, use: Use, moment: datetime) -> PublicKey | None:
        """The newest key of `use` valid at `moment`."""
        valid = [key for key in self.keys if key.use is use and key.valid(moment)]
        return max(valid, key=lambda key: (key.not_before, key.kid), default=None)

    def allows(self, letter_type: str) -> bool:
        """Whether letters of this type are exchanged with the node."""
        return not self.letters or letter_type in self.letters or letter_type in ALWAYS_ALLOWED

    def as_dict(self) -> dict[str, Any]:
        """As it stands in the document."""
        entry: dict[str, Any] = {
            "code": self.code,
            "name": self.name,
            "country": self.country,
            "status": str(self.status),
            "keys": [key.as_entry() for key in self.keys],
        }
        if self.endpoint:
            entry["endpoint"] = self.endpoint
        if self.polling:
            entry["polling"] = True
        if self.letters:
            entry["letters"] = sorted(self.letters)
        if self.batch > 1:
            entry["batch"] = self.batch
        return entry


@dataclass(frozen=True)
class Directory:
    """All nodes as of `issued`. `serial` grows with each version; an older one is refused."""

    serial: int
    issued: datetime
    not_after: datetime
    nodes: tuple[NodeEntry, ...]
    stewards: frozenset[str] = field(default=frozenset(), compare=False)

    @cached_property
    def signing_keys(self) -> Mapping[str, tuple[NodeEntry, PublicKey]]:
        """Signing keys by name, with their node."""
        return {
            key.kid: (node, key) for node in self.nodes for key in node.keys if key.use is Use.SIGN
        }

    def node(self, code: str) -> NodeEntry | None:
        """The node named `code`."""
        return next((node for node in self.nodes if node.code == code), None)

    def payload(self) -> bytes:
        """What the stewards sign."""
        return canonical(
            {
                "type": "mostovi.directory.v1",
                "serial": self.serial,
                "issued": format_time(self.issued),
                "not_after": format_time(self.not_after),
                "nodes": [node.as_dict() for node in sorted(self.nodes, key=lambda n: n.code)],
            }
        )


def _bad(sentence: str) -> DirectoryRefused:
    return DirectoryRefused(Reason.BAD_DIRECTORY, sentence)


def read_entry(value: Mapping[str, Any]) -> NodeEntry:
    """A node entry; raises `DirectoryRefused(bad_directory)` naming the member."""
    try:
        endpoint = str(value.get("endpoint", ""))
        entry = NodeEntry(
            code=str(value["code"]),
            name=str(value["name"]),
            country=str(value["country"]),
            endpoint=endpoint.rstrip("/"),
            status=Status(value.get("status", "active")),
            polling=bool(value.get("polling", False)),
            letters=frozenset(str(item) for item in value.get("letters", ())),
            batch=max(1, min(int(value.get("batch", 1)), MAXIMUM_BATCH)),
            keys=tuple(read_public(key) for key in value["keys"]),
        )
    except KeyError as error:
        raise _bad(f"A node of the directory lacks {error}.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise _bad(f"A node of the directory cannot be read: {error}.") from error
    if endpoint and urlsplit(endpoint).scheme not in {"http", "https"}:
        raise _bad(f"The endpoint of '{entry.code}' must begin with https://.")
    return entry


def _check_unique(nodes: Sequence[NodeEntry]) -> None:
    seen: set[str] = set()
    for node in nodes:
        for name in (node.code, *(key.kid for key in node.keys)):
            if name in seen:
                raise _bad(f"'{name[:12]}' stands twice in the directory.")
            seen.add(name)


def read_directory(payload: bytes) -> Directory:
    """The directory in a verified payload; raises `DirectoryRefused`."""
    try:
        value = parse_object(payload)
        if value.get("type") != "mostovi.directory.v1":
            raise _bad("This is not a Mostovi node directory.")
        nodes = tuple(read_entry(entry) for entry in value["nodes"])
        directory = Directory(
            serial=int(value["serial"]),
            issued=parse_time(value["issued"], "issued"),
            not_after=parse_time(value["not_after"], "not_after"),
            nodes=nodes,
        )
    except LetterRefused as error:
        raise _bad(str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise _bad(f"The directory lacks or misstates {error}.") from error
    _check_unique(nodes)
    return directory


def sign_directory(directory: Directory, stewards: Sequence[KeyPair]) -> str:
    """The directory as the document that is published, signed by each of `stewards`."""
    return add_signatures(directory.payload(), stewards, {})


def add_signatures(payload: bytes, stewards: Sequence[KeyPair], present: Mapping[str, str]) -> str:
    """The document of `payload` with the signatures of `stewards` added to those `present`."""
    signatures = dict(present)
    for steward in stewards:
        protected, _, signature = sign(payload, steward, TYP).split(".")
        signatures[protected] = signature
    body = sign(payload, stewards[0], TYP).split(".")[1] if stewards else ""
    return json.dumps(
        {
            "payload": body,
            "signatures": [
                {"protected": protected, "signature": signature}
                for protected, signature in sorted(signatures.items())
            ],
        },
        separators=(",", ":"),
    )


def countersign(document: str, steward: KeyPair) -> str:
    """`document` with one more steward's signature, for directories that need several."""
    outer = _outer(document)
    protected, payload, signature = sign(_payload_bytes(outer), steward, TYP).split(".")
    if payload != outer["payload"]:
        raise _bad("The directory is not written in its canonical form.")
    others = [item for item in outer["signatures"] if item["protected"] != protected]
    outer["signatures"] = [*others, {"protected": protected, "signature": signature}]
    return json.dumps(outer, separators=(",", ":"))


def _outer(document: str) -> dict[str, Any]:
    if len(document) > MAXIMUM_DIRECTORY * 2:
        raise _bad("The directory is too large.")
    try:
        outer = parse_object(document.encode())
        if not all(
            isinstance(item, dict) and isinstance(item.get("protected"), str)
            and isinstance(item.get("signature"), str)
            for item in outer["signatures"]
        ) or not isinstance(outer["payload"], str):  # fmt: skip
            raise ValueError("its signatures")
    except (LetterRefused, KeyError, TypeError, ValueError) as error:
        raise _bad("This is not a signed node directory.") from error
    return outer


def _payload_bytes(outer: Mapping[str, Any]) -> bytes:
    body: str = outer["payload"]
    try:
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except ValueError as error:
        raise _bad("The directory's payload is not readable.") from error


def open_directory(
    document: str, *, pinned: Sequence[PublicKey], threshold: int, now: datetime
) -> Directory:
    """The directory in `document` when at least `threshold` pinned stewards signed it.

    A signature by an unknown or ended key does not count; a wrong signature by a pinned key
    refuses the whole document. Raises `DirectoryRefused`.
    """
    if not pinned or threshold < 1:
        raise DirectoryRefused(
            Reason.NO_STEWARDS, "No steward is pinned; write [stewards] into node.toml."
        )
    outer = _outer(document)
    keys = {key.kid: key for key in pinned}
    signed: set[str] = set()
    payload = b""
    for item in outer["signatures"]:
        token = f"{item['protected']}.{outer['payload']}.{item['signature']}".encode()
        try:
            payload, key = verify(token, keys.get, now, TYP)
        except ExchangeError as error:
            if error.reason == Reason.BAD_SIGNATURE:
                raise DirectoryRefused(
                    error.reason, "A steward's signature does not fit the directory."
                ) from error
            continue
        signed.add(key.kid)
    if len(signed) < threshold:
        raise DirectoryRefused(
            Reason.TOO_FEW_STEWARDS,
            f"The directory is signed by {len(signed)} of the stewards this node pins; "
            f"{threshold} must sign.",
        )
    directory = read_directory(payload)
    if directory.issued > now + timedelta(minutes=5):
        raise _bad("The directory's time is ahead of this node's clock.")
    return replace(directory, stewards=frozenset(signed))


def require_newer(directory: Directory, current_serial: int) -> None:
    """Refuse a directory older than the one in use: it could bring a revoked key back."""
    if directory.serial <= current_serial:
        raise DirectoryRefused(
            Reason.OLD_DIRECTORY,
            f"Directory {directory.serial} is not newer than {current_serial}, which is in use.",
        )


def payload_of(document: str) -> bytes:
    """The signed payload of a document that was verified when it was taken in."""
    return _payload_bytes(_outer(document))
