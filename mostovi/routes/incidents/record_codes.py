# SPDX-License-Identifier: EUPL-1.2
"""Codes of this store (`IN-7K3FQ2`), and refusal of codes of stores that are none of its business.

They look unlike codes of cases and persons on purpose: neither can be typed for the other.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Final

_SYMBOLS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_STATEMENT: Final = "ST"
"""What a person agreed to give to investigators may be named here: it was given for that."""
_SHIELDED = re.compile(r"(?<![0-9A-Za-z])([A-Za-z]{2})[\s\-‐-―−_./·]+[0-9A-Za-z]{4}"
                       r"[\s\-‐-―−_./·]+[0-9A-Za-z]{4}(?![0-9A-Za-z])")  # fmt: skip
PREFIXES: Final = {"incident": "IN", "investigation": "IV", "joint": "JI", "assistance": "LA"}


def new_code(kind: str, taken: Callable[[str], bool]) -> str:
    """A fresh code for a record of `kind`."""
    while True:
        code = f"{PREFIXES[kind]}-{''.join(secrets.choice(_SYMBOLS) for _ in range(6))}"
        if not taken(code):
            return code


def names_shielded(text: str, partners: frozenset[str]) -> bool:
    """Whether `text` names a record of protection by its code, however it is typed.

    >>> names_shielded("see me 7K3F 92QX", frozenset({"me"}))
    True
    >>> names_shielded("statement ST-7K3F-92QX, plate PG-AB-123", frozenset({"me"}))
    False
    """
    return any(
        found.group(1).lower() in partners and found.group(1).upper() != _STATEMENT
        for found in _SHIELDED.finditer(text)
    )
