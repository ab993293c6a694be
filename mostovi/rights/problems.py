# SPDX-License-Identifier: EUPL-1.2
"""A finding of `mostovi check`, as every package may report it in its `checks.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, why it matters and what to do; plain sentences, nothing about persons."""

    code: str
    what: str
    remedy: str
