# SPDX-License-Identifier: EUPL-1.2
"""Key pairs of a node: Ed25519 to sign, X25519 to be written to, each valid for a while.

Only these two curves exist here; there is no negotiation. A key is named by its RFC 7638
thumbprint, so a name can never point to two keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, Final, Literal

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from mostovi.exchange.reasons import DirectoryRefused, LetterRefused, Reason
from mostovi.exchange.wire import format_time, parse_time

Curve = Literal["Ed25519", "X25519"]
VALIDITY: Final = timedelta(days=365)
PUBLISH_AHEAD: Final = timedelta(days=30)
OVERLAP: Final = timedelta(days=60)
EXPIRY_WARNING: Final = timedelta(days=30)


class Use(StrEnum):
    """What a key is for."""

    SIGN = "sig"
    ENCRYPT = "enc"


CURVES: Final[Mapping[Use, Curve]] = {Use.SIGN: "Ed25519", Use.ENCRYPT: "X25519"}


@lru_cache(maxsize=1024)
def _import_public(crv: str, x: str) -> OKPKey:
    return OKPKey.import_key({"kty": "OKP", "crv": crv, "x": x})


@dataclass(frozen=True)
class PublicKey:
    """A pinned public key with the time in which it may be used.

    `not_before` <= moment < `not_after`; from `revoked_at` on it is never valid again.
    """

    kid: str
    use: Use
    x: str
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None = None
    revoked_reason: str = ""

    @cached_property
    def jwk(self) -> OKPKey:
        """The key as joserfc reads it, prepared once."""
        return _import_public(CURVES[self.use], self.x)

    def valid(self, moment: datetime) -> bool:
        """Whether the key may be used at `moment`."""
        if self.revoked_at is not None and moment >= self.revoked_at:
            return False
        return self.not_before <= moment < self.not_after

    def require_valid(self, moment: datetime) -> None:
        """Raise `LetterRefused` with the exact reason when the key is not valid at `moment`."""
        if self.revoked_at is not None and moment >= self.revoked_at:
            raise LetterRefused(
                Reason.SIGNING_KEY_REVOKED,
                f"Key {self.kid[:8]} was revoked at {format_time(self.revoked_at)}.",
                status=403,
            )
        if moment < self.not_before:
            raise LetterRefused(
                Reason.SIGNING_KEY_NOT_YET_VALID,
                f"Key {self.kid[:8]} is valid from {format_time(self.not_before)}.",
                status=403,
            )
        if moment >= self.not_after:
            raise LetterRefused(
                Reason.SIGNING_KEY_EXPIRED,
                f"Key {self.kid[:8]} ended at {format_time(self.not_after)}; use a newer one.",
                status=403,
            )

    def as_entry(self) -> dict[str, Any]:
        """The key as it stands in the node directory."""
        entry: dict[str, Any] = {
            "kid": self.kid,
            "use": str(self.use),
            "kty": "OKP",
            "crv": CURVES[self.use],
            "x": self.x,
            "not_before": format_time(self.not_before),
            "not_after": format_time(self.not_after),
        }
        if self.revoked_at is not None:
            entry["revoked"] = {
                "at": format_time(self.revoked_at),
                "reason": self.revoked_reason,
            }
        return entry


def read_public(entry: Mapping[str, Any]) -> PublicKey:
    """A key from its directory entry; raises `DirectoryRefused(bad_directory)`.

    The name must be the thumbprint: a steward cannot give one name to two keys by mistake.
    """
    try:
        use = Use(entry["use"])
        if entry["kty"] != "OKP" or entry["crv"] != CURVES[use]:
            raise ValueError(f"a '{use}' key must be OKP {CURVES[use]}")
        jwk = _import_public(entry["crv"], entry["x"])
        if jwk.thumbprint() != entry["kid"]:
            raise ValueError("its name is not its thumbprint")
        revoked = entry.get("revoked") or {}
        key = PublicKey(
            kid=entry["kid"],
            use=use,
            x=entry["x"],
            not_before=parse_time(entry["not_before"], "not_before"),
            not_after=parse_time(entry["not_after"], "not_after"),
            revoked_at=parse_time(revoked["at"], "revoked.at") if revoked else None,
            revoked_reason=str(revoked.get("reason", "")),
        )
        if key.not_after <= key.not_before:
            raise ValueError("it ends before it begins")
    except (KeyError, ValueError, TypeError, JoseError, LetterRefused) as error:
        name = str(entry.get("kid", "?"))[:8] if isinstance(entry, Mapping) else "?"
        raise DirectoryRefused(
            Reason.BAD_DIRECTORY, f"Key {name} of the directory cannot be used: {error}."
        ) from error
    return key


def pinned_signing_key(x: str) -> PublicKey:
    """A key that a node's configuration pins by its value alone; it has no end of its own.

    Raises `DirectoryRefused(bad_directory)` when `x` is not an Ed25519 key in base64url.
    """
    entry = {"use": "sig", "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "?"}
    entry |= {"not_before": "2000-01-01T00:00:00Z", "not_after": "9999-01-01T00:00:00Z"}
    try:
        entry["kid"] = _import_public("Ed25519", x).thumbprint()
    except (ValueError, TypeError, JoseError) as error:
        raise DirectoryRefused(
            Reason.BAD_DIRECTORY, "A steward's key in node.toml is not an Ed25519 public key."
        ) from error
    return read_public(entry)


@dataclass(frozen=True)
class KeyPair:
    """A key pair of this node; `private` never leaves the key store."""

    public: PublicKey
    private: OKPKey

    @property
    def kid(self) -> str:
        """The thumbprint."""
        return self.public.kid

    def ending(self, not_after: datetime) -> KeyPair:
        """The same pair with an earlier end; an end is never moved later."""
        if not_after >= self.public.not_after:
            return self
        return replace(self, public=replace(self.public, not_after=not_after))


def new_pair(use: Use, not_before: datetime, validity: timedelta = VALIDITY) -> KeyPair:
    """A fresh pair, valid from `not_before`."""
    jwk = OKPKey.generate_key(CURVES[use])
    x = jwk.as_dict(private=False)["x"]
    public = PublicKey(
        kid=jwk.thumbprint(),
        use=use,
        x=str(x),
        not_before=not_before,
        not_after=not_before + validity,
    )
    return KeyPair(public, jwk)


def current(pairs: list[KeyPair], use: Use, moment: datetime) -> KeyPair | None:
    """The newest pair of `use` valid at `moment`; the newest, so that a rotation takes effect."""
    valid = [pair for pair in pairs if pair.public.use is use and pair.public.valid(moment)]
    return max(valid, key=lambda pair: (pair.public.not_before, pair.kid), default=None)


def rotate(
    pairs: list[KeyPair],
    use: Use,
    now: datetime,
    *,
    ahead: timedelta = PUBLISH_AHEAD,
    overlap: timedelta = OVERLAP,
    validity: timedelta = VALIDITY,
) -> tuple[KeyPair, list[KeyPair]]:
    """A new pair that begins `ahead` from now, and the older pairs ending `overlap` after that.

    Published 30 days ahead every peer has pinned the new key before it is used; the overlap of
    60 days lets letters written to the old key still be read. `ahead=0` is for an emergency.
    """
    fresh = new_pair(use, now + ahead, validity)
    end = fresh.public.not_before + overlap
    older = [pair.ending(end) for pair in pairs if pair.public.use is use]
    return fresh, older
