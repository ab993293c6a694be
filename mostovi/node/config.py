# SPDX-License-Identifier: EUPL-1.2
"""What one node is: read from `node.toml` in its data folder, never from code."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

PARTNERS: Mapping[str, str] = {
    "al": "Albania",
    "ba": "Bosnia and Herzegovina",
    "xk": "Kosovo*",
    "me": "Montenegro",
    "mk": "North Macedonia",
    "rs": "Serbia",
}
SECRETARIAT = "secretariat"


class ConfigurationError(Exception):
    """`node.toml` is missing or wrong; the message names the key and says what to write."""


@dataclass(frozen=True)
class NodeConfig:
    """One node's identity and settings.

    `code` is the partner code (`PARTNERS`) or `secretariat`, optionally followed by `-` and an
    institution. `holds_persons` is false on the regional secretariat's node, which refuses to
    store personal data. `demo` marks every page as synthetic and allows password-only accounts.
    """

    code: str
    name: str
    home: Path
    base_url: str = "http://127.0.0.1:8000"
    colour: str = "#1f4e79"
    demo: bool = False
    holds_persons: bool = True
    database: str = "sqlite"
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    language: str = "en"
    units: tuple[str, ...] = ("main",)
    steward: bool = False
    stewards: Mapping[str, str] = field(default_factory=dict)
    polling: bool = False
    oidc: Mapping[str, str] = field(default_factory=dict)

    @property
    def partner(self) -> str:
        """The partner code this node belongs to, or `secretariat`."""
        return self.code.split("-", 1)[0]

    @property
    def keys(self) -> Path:
        """Folder of key material; kept out of the database on purpose (R12)."""
        return self.home / "keys"

    @property
    def blobs(self) -> Path:
        """Folder of encrypted attachments."""
        return self.home / "blobs"


_KNOWN = {
    "code", "name", "base_url", "colour", "demo", "holds_persons", "database", "allowed_hosts",
    "language", "units", "steward", "stewards", "polling", "oidc",
}  # fmt: skip


def parse(values: Mapping[str, Any], home: Path) -> NodeConfig:
    """Check `values` (the parsed TOML) and return the configuration.

    Raises `ConfigurationError` for an unknown key, a missing code or an unknown partner.
    """
    unknown = sorted(set(values) - _KNOWN)
    if unknown:
        raise ConfigurationError(f"node.toml: unknown key '{unknown[0]}'. Known: {sorted(_KNOWN)}.")
    for key in ("code", "name"):
        if not values.get(key):
            raise ConfigurationError(f"node.toml: '{key}' is missing. Run 'mostovi init'.")
    partner = str(values["code"]).split("-", 1)[0]
    if partner not in PARTNERS and partner != SECRETARIAT:
        raise ConfigurationError(
            f"node.toml: code '{values['code']}' must start with one of "
            f"{', '.join(PARTNERS)} or '{SECRETARIAT}'."
        )
    settled = dict(values)
    for key in ("allowed_hosts", "units"):
        if key in settled:
            settled[key] = tuple(settled[key])
    return NodeConfig(home=home, **settled)


def load(environ: Mapping[str, str] = os.environ) -> NodeConfig:
    """Read the node of `MOSTOVI_HOME` (default `~/.local/share/mostovi`)."""
    home = Path(environ.get("MOSTOVI_HOME") or Path.home() / ".local/share/mostovi").absolute()
    path = home / "node.toml"
    if not path.exists():
        # Commands such as `init` and `--help` must run before a node exists.
        return NodeConfig(code="ba", name="Node not set up yet", home=home, demo=False)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path.name}: {error}.") from error
    return parse(values, home)


def database_from_url(url: str) -> dict[str, Any]:
    """Django's setting for a `postgresql://user:password@host:port/name` address."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ConfigurationError(
            "node.toml: 'database' must be \"sqlite\" or postgresql://user:password@host:port/name."
        )
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }
