# SPDX-License-Identifier: EUPL-1.2
"""Answers that are committed to before they are shown: neither side can adapt to the other.

A commitment is SHA-256 over a random number and the answers in canonical form. It hides them (the
number is long) and binds to them (another answer gives another commitment).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence


def new_nonce() -> str:
    """The random number that hides the answers, 64 hexadecimal digits."""
    return secrets.token_hex(32)


def commitment(thread: str, side: str, nonce: str, answers: Sequence[Mapping[str, str]]) -> str:
    """The commitment of one side in one match, 64 hexadecimal digits.

    The side is bound in, so that nobody can answer by sending the other's commitment back.
    """
    listed = [[one["question"], one["answer"]] for one in answers]
    text = json.dumps([thread, side, nonce, listed], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def is_opened_by(
    committed: str, thread: str, side: str, nonce: str, answers: Sequence[Mapping[str, str]]
) -> bool:
    """Whether these answers are the ones that were committed to."""
    return secrets.compare_digest(committed, commitment(thread, side, nonce, answers))
