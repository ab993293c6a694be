# SPDX-License-Identifier: EUPL-1.2
"""A person's data in the shape that letters carry, one field of a profile at a time (R3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from mostovi.people.birth import Birth, Precision
from mostovi.people.fields import Answer, ContactKind, Safety
from mostovi.people.file import PersonFile

FIELDS = ("names", "birth", "sex", "languages", "interpreter", "contact")
"""The fields of a referral that come from a person's file; the rest comes from the case."""
_HOW = {ContactKind.PHONE: "call", ContactKind.MESSAGING: "message", ContactKind.ADDRESS: "visit"}


def shared(held: PersonFile, fields: Collection[str], today: date) -> dict[str, Any]:
    """The values of `fields` as letters carry them; fields with nothing to say are left out.

    `contact` is the first contact that is safe to use; others never go.
    """
    made = {
        "names": [row.name.as_shared() for row in held.names][:8],
        "birth": _birth(held.birth, today),
        "sex": held.single.get("sex"),
        "languages": (held.single.get("languages") or [])[:8],
        "interpreter": _known(held.single.get("interpreter")),
        "contact": _contact(held),
    }
    return {
        name: value for name, value in made.items() if name in fields and value not in (None, [])
    }


def _birth(birth: Birth, today: date) -> dict[str, Any]:
    precision = "exact" if birth.precision is Precision.DAY else birth.precision.value
    written: dict[str, Any] = {"precision": precision}
    if birth.year is not None:
        parts = [f"{birth.year:04d}"]
        parts += [f"{part:02d}" for part in (birth.month, birth.day) if part is not None]
        written["date"] = "-".join(parts)
    if birth.is_in_doubt(today):
        written["doubtful_age"] = True
    return written


def _known(answer: str | None) -> bool | None:
    """Unknown and not asked are left out, never sent as no."""
    return {Answer.YES: True, Answer.NO: False}.get(Answer(answer)) if answer else None


def _contact(held: PersonFile) -> dict[str, Any] | None:
    for row in held.contacts:
        if row.value.get("safe") == Safety.YES and row.value.get("kind") in _HOW:
            written = {
                "allowed": True,
                "how": _HOW[ContactKind(row.value["kind"])],
                "value": row.value["value"][:200],
                "when": row.value.get("best_time", ""),
                "notes": row.value.get("note", "")[:500],
            }
            return {name: value for name, value in written.items() if value}
    return None
