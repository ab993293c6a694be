# SPDX-License-Identifier: EUPL-1.2
"""What other rooms show on a case's page: calm blocks after "Where it stands".

A package registers a function in its `apps.ready()`. It answers about a case that the reader may
see, with one or two statements, or says nothing (`None`). Every reader of the page who may not see
what the block is about gets None from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mostovi.cases.models import Case
from mostovi.rights.access import Actor


@dataclass(frozen=True, slots=True)
class Section:
    """One block: lines of label and value, a way to the room behind it, a warning, a source.

    Values are texts, dates or moments; the page writes dates by the reader's locale. `verb` is the
    label of the way to `url`.
    """

    code: str
    title: str
    lines: Sequence[tuple[str, Any]] = ()
    url: str = ""
    verb: str = ""
    warning: str = ""
    source: str = ""


Of = Callable[[Actor, Case, datetime], Section | None]
_registered: list[tuple[int, str, Of]] = []


def register(order: int, of: Of) -> None:
    """Let `of(actor, case, now)` give a block; low orders stand first. Twice is once."""
    name = f"{of.__module__}.{getattr(of, '__qualname__', repr(of))}"
    kept = [line for line in _registered if line[1] != name]
    _registered[:] = sorted([*kept, (order, name, of)], key=lambda line: (line[0], line[1]))


def of_case(actor: Actor, case: Case, now: datetime) -> list[Section]:
    """The blocks of a case's page, in order."""
    found = (of(actor, case, now) for _, _, of in _registered)
    return [section for section in found if section is not None]
