# SPDX-License-Identifier: EUPL-1.2
"""Panels that other parts put on the pages of flows: alerts that wait, a forecast.

A panel is asked for each page with the actor and the code of the way (or series) that the page is
about, '' on the overview. It answers with a `Panel` or, when it has nothing to say, None. Two
statements at most: pages are held to twenty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mostovi.rights.access import Actor


@dataclass(frozen=True)
class Panel:
    """What to draw: `template` with `context`. order: smaller stands higher."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    order: int = 50


Source = Callable[[Actor, str], Panel | None]
_sources: list[Source] = []


def register(source: Source) -> Source:
    """Let `source(actor, about)` put a panel on the overview and on the pages of ways."""
    if source not in _sources:
        _sources.append(source)
    return source


def panels(actor: Actor, about: str = "") -> list[Panel]:
    """The panels of a page, in order."""
    found = [panel for source in _sources if (panel := source(actor, about)) is not None]
    return sorted(found, key=lambda panel: panel.order)
