# SPDX-License-Identifier: EUPL-1.2
"""Tags for the page of a filled form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from django import template

register = template.Library()
_Value = TypeVar("_Value")


@register.filter
def get(mapping: Mapping[str, _Value], key: str) -> _Value | None:
    """`{{ files|get:name }}`: the value at a key that is itself a variable, or nothing."""
    return mapping.get(key)
