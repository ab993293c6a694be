# SPDX-License-Identifier: EUPL-1.2
"""Making a node's data folder, and bringing an existing one up to date after an upgrade."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mostovi.node.config import ConfigurationError, parse
from mostovi.node.secrets import write_private


def write_node(home: Path, values: Mapping[str, Any]) -> bool:
    """Create the folder, `node.toml` and keys; returns False when the node was there already.

    Raises `ConfigurationError` for wrong values, or when the folder holds another node.
    """
    path = home / "node.toml"
    parse(values, home)
    if path.exists():
        import tomllib

        held = tomllib.loads(path.read_text(encoding="utf-8")).get("code")
        if held != values["code"]:
            raise ConfigurationError(
                f"{home} already holds node '{held}'. Choose another folder with --home."
            )
        make_keys(home / "keys")
        return False
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    for folder in ("keys", "blobs", "cache"):
        (home / folder).mkdir(mode=0o700, exist_ok=True)
    make_keys(home / "keys")
    # Last: a node.toml says that the folder is complete.
    temporary = path.with_suffix(".part")
    temporary.write_text(to_toml(values), encoding="utf-8")
    temporary.chmod(0o600)
    temporary.replace(path)
    return True


def make_keys(folder: Path) -> None:
    """Make the Django secret, the metrics token and the vault's master key where missing."""
    from mostovi.rights.vault import create_master_key

    for name, content in (
        ("django.secret", secrets.token_urlsafe(48)),
        ("metrics.token", secrets.token_urlsafe(32)),
    ):
        if not (folder / name).exists():
            write_private(folder / name, content.encode("ascii"))
    if not (folder / "vault.master").exists():
        create_master_key(folder)


def to_toml(values: Mapping[str, Any]) -> str:
    """`values` as TOML: texts, numbers, flags, lists of texts, and one level of tables."""
    lines = ["# One Mostovi node. Each key is explained in docs/reference.md."]
    tables: list[str] = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            tables += ["", f"[{key}]", *(f"{_toml(k)} = {_toml(v)}" for k, v in value.items())]
        else:
            lines.append(f"{key} = {_toml(value)}")
    return "\n".join(lines + tables) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for the DEL character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return str(value)


def bring_up_to_date(say: Callable[[str], None]) -> None:
    """Migrate the database and load what each package ships; may be run any number of times."""
    from django.core.management import call_command

    os.umask(0o077)
    say("database")
    call_command("migrate", interactive=False, verbosity=0)
    for label, initialise in initialisers():
        say(label)
        initialise()


def initialisers() -> Iterator[tuple[str, Callable[[], None]]]:
    """(label, `initialise`) of every package that ships content to load, lowest package first."""
    from django.apps import apps

    for config in apps.get_app_configs():
        module = f"{config.name}.initialise"
        if not config.name.startswith("mostovi.") or config.label == "node":
            continue
        if importlib.util.find_spec(module) is not None:
            yield config.label, importlib.import_module(module).initialise
