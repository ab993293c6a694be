# SPDX-License-Identifier: EUPL-1.2
"""What one node is: read from `node.toml` in its data folder, never from code."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
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
    steward_threshold: int = 1
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


@dataclass(frozen=True)
class Setting:
    """A key of `node.toml`: the shape of its value, and what it means."""

    shape: str
    meaning: str


TEXT = "a text"
FLAG = "true or false"
NUMBER = "a number"
TEXTS = "a list of texts"
TABLE = "a table of texts"

SETTINGS: Mapping[str, Setting] = {
    "code": Setting(
        TEXT,
        "Partner code or `secretariat`, perhaps with `-` and an institution. "
        "Names the node in every letter; never changes.",
    ),
    "name": Setting(TEXT, "The institution's name, as its pages and its partners show it."),
    "base_url": Setting(
        TEXT,
        "How browsers, devices and other nodes reach it. With `https://` the "
        "node sends secure cookies and believes its TLS proxy.",
    ),
    "colour": Setting(TEXT, "`#RRGGBB` of the band that tells this node from others."),
    "demo": Setting(FLAG, "Synthetic data only: marked on every page, sign-in by password alone."),
    "holds_persons": Setting(FLAG, "False on the secretariat's node, which refuses personal data."),
    "database": Setting(TEXT, "`sqlite`, or `postgresql://user:password@host:port/name`."),
    "allowed_hosts": Setting(TEXTS, "Names under which it may be asked for; others get 400."),
    "language": Setting(TEXT, "Language of pages until somebody chooses another."),
    "units": Setting(TEXTS, "Units of the institution; a role is held in one of them."),
    "steward": Setting(FLAG, "It signs the directory of nodes."),
    "stewards": Setting(
        TABLE, "Code of each steward and its public key; no other may introduce nodes."
    ),
    "steward_threshold": Setting(NUMBER, "How many stewards must have signed a directory."),
    "polling": Setting(FLAG, "It stands behind a firewall and fetches its letters."),
    "oidc": Setting(
        TABLE,
        "Sign-in with the institution's own accounts: `server_url`, `client_id`, `secret`, `name`.",
    ),
}

_SHAPES: Mapping[str, Callable[[Any], bool]] = {
    TEXT: lambda value: isinstance(value, str),
    FLAG: lambda value: isinstance(value, bool),
    NUMBER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    TEXTS: lambda value: isinstance(value, list | tuple) and all(isinstance(v, str) for v in value),
    TABLE: lambda value: (
        isinstance(value, Mapping) and all(isinstance(v, str) for v in value.values())
    ),
}


def parse(values: Mapping[str, Any], home: Path) -> NodeConfig:
    """Check `values` (the parsed TOML) and return the configuration.

    Raises `ConfigurationError` for an unknown key, a value of another shape, a missing code or an
    unknown partner.
    """
    unknown = sorted(set(values) - set(SETTINGS))
    if unknown:
        known = ", ".join(sorted(SETTINGS))
        raise ConfigurationError(f"node.toml: unknown key '{unknown[0]}'. Known: {known}.")
    for key, value in values.items():
        if not _SHAPES[SETTINGS[key].shape](value):
            raise ConfigurationError(f"node.toml: '{key}' must be {SETTINGS[key].shape}.")
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
