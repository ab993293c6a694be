# SPDX-License-Identifier: EUPL-1.2
"""The law's files as text and as plain values: for signatures, downloads and new drafts.

Rules are read by `loader`; this hands out what stands in the files, word for word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from mostovi.pathways.library import library
from mostovi.pathways.signed_text import digest_of

PARTNERS = ("al", "ba", "xk", "me", "mk", "rs")
"""The six partners, in the order in which pages show them."""
YARDSTICK = "eu"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LAWS = (*PARTNERS, YARDSTICK)

Read = TypeVar("Read", bound=Callable[..., Any])
_forgetting: list[Callable[[], None]] = []


def kept(read: Read) -> Read:
    """Keep what `read` answers until `forget`: the files do not change while a node runs."""
    keeping = cache(read)
    _forgetting.append(keeping.cache_clear)
    return keeping  # type: ignore[return-value]


def kept_few(read: Read) -> Read:
    """As `kept`, for large answers to many questions: the latest of them."""
    keeping = lru_cache(maxsize=32)(read)
    _forgetting.append(keeping.cache_clear)
    return keeping  # type: ignore[return-value]


def forget() -> None:
    """Read the files anew next time (tests, and whoever changes them on a running node)."""
    for clear in _forgetting:
        clear()


def folder() -> Path:
    """Where the law's files stand."""
    return library().folder


@kept
def kinds() -> Mapping[str, Mapping[str, Any]]:
    """Every kind of pathway with its group and icon, in the order in which they are shown."""
    found: Mapping[str, Mapping[str, Any]] = _plain("pathways.yaml").get("pathways") or {}
    return found


@kept
def topics() -> tuple[str, ...]:
    """What conditions are about, in the order in which they are compared."""
    return tuple(_plain("topics.yaml").get("topics") or ())


@kept
def text_of(partner: str, pathway: str) -> str:
    """A pack's file word for word, or '' when nobody has written it."""
    if partner not in LAWS or pathway not in kinds():
        return ""
    path = folder() / partner / f"{pathway}.yaml"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


@kept
def digest_of_file(partner: str, pathway: str) -> str:
    """SHA-256 of a pack's file; '' when there is none."""
    text = text_of(partner, pathway)
    return digest_of(text) if text else ""


@kept
def pack(partner: str, pathway: str) -> Mapping[str, Any]:
    """A pack's file as plain values; empty when nobody has written it or it is not YAML."""
    return _read(text_of(partner, pathway))


@kept
def partner_file(partner: str) -> Mapping[str, Any]:
    """The partner's own file as plain values: acts, authorities, parameters, definitions."""
    return _plain(f"{partner}/partner.yaml") if partner in LAWS else {}


@kept
def lists() -> Mapping[str, Any]:
    """The lists of countries that all partners share."""
    found: Mapping[str, Any] = _plain("facts.yaml").get("lists") or {}
    return found


@kept
def golden_text(partner: str, pathway: str) -> str:
    """The golden cases of a pack word for word, or ''."""
    if partner not in LAWS or pathway not in kinds():
        return ""
    path = folder() / partner / "golden" / f"{pathway}.yaml"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _plain(name: str) -> Mapping[str, Any]:
    path = folder() / name
    return _read(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _read(text: str) -> Mapping[str, Any]:
    try:
        found = yaml.load(text, _LOADER)  # noqa: S506  (both are safe loaders)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, Mapping) else {}
