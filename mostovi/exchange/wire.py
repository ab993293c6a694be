# SPDX-License-Identifier: EUPL-1.2
"""JSON, times and node names as they travel: one canonical form, read strictly."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mostovi.exchange.reasons import LetterRefused, Reason

NODE_URN = "urn:mostovi:node:"
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# The only form written and accepted: UTC, with or without a fraction of a second.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


def canonical(value: Any) -> bytes:
    """`value` as RFC 8785 canonical JSON (keys are ASCII and numbers are integers by profile).

    >>> canonical({"b": 1, "a": "č"}).decode()
    '{"a":"č","b":1}'
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def sha256(content: bytes) -> str:
    """Lower-case hexadecimal SHA-256 of `content`."""
    return hashlib.sha256(content).hexdigest()


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name appears twice in one object")
    return result


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constant)


def parse_object(content: bytes) -> dict[str, Any]:
    """Parse one JSON object strictly: UTF-8, no name twice, no NaN.

    Raises `LetterRefused(malformed)`, so two readers can never understand a letter differently.
    """
    try:
        value = _DECODER.decode(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise LetterRefused(
            Reason.MALFORMED, "The content is not valid JSON; send the letter again."
        ) from error
    if not isinstance(value, dict):
        raise LetterRefused(Reason.MALFORMED, "The content is not a JSON object.")
    return value


def format_time(moment: datetime) -> str:
    """An aware time as `2026-11-24T05:00:00.123456Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_time(text: object, name: str = "time") -> datetime:
    """The aware UTC time written as `text`; raises `LetterRefused(malformed)` naming `name`."""
    if isinstance(text, str) and _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise LetterRefused(
        Reason.MALFORMED, f"'{name}' must be a UTC time such as 2026-11-24T05:00:00Z."
    )


def node_urn(code: str) -> str:
    """`ba` as `urn:mostovi:node:ba`; raises `ValueError` when `code` is not a node code."""
    if not _CODE.fullmatch(code):
        raise ValueError(f"'{code}' is not a node code")
    return NODE_URN + code


def node_code(urn: object, name: str = "source") -> str:
    """The code in a node URN; raises `LetterRefused(malformed)` naming `name`."""
    if isinstance(urn, str) and urn.startswith(NODE_URN):
        code = urn.removeprefix(NODE_URN)
        if _CODE.fullmatch(code) and len(code) <= 60:
            return code
    raise LetterRefused(Reason.MALFORMED, f"'{name}' must be a node name such as {NODE_URN}ba.")


def only(value: Mapping[str, Any], required: set[str], optional: set[str], what: str) -> None:
    """Refuse missing and unknown names of `value`; raises `LetterRefused(malformed)`."""
    missing = sorted(required - value.keys())
    if missing:
        raise LetterRefused(Reason.MALFORMED, f"{what} lacks '{missing[0]}'.")
    unknown = sorted(value.keys() - required - optional)
    if unknown:
        raise LetterRefused(Reason.MALFORMED, f"{what} has an unknown name '{unknown[0]}'.")
