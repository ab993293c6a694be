# SPDX-License-Identifier: EUPL-1.2
"""Answers of a best interests assessment, valid for whatever its file asks."""

from __future__ import annotations

from datetime import date
from typing import Any


def answer(question: Any) -> Any:
    """A valid answer of the question's kind."""
    kind = str(question.kind)
    if kind == "rows":
        return [{one.code: answer(one) for one in question.questions}]
    first = next(iter(question.options), None)
    code = getattr(first, "code", first)
    return {
        "date": date.today().isoformat(), "choice": code, "choices": [code], "yes_no": "yes",
        "number": 1, "money": "1", "approximate_date": date.today().isoformat(),
    }.get(kind, "As it was said.")  # fmt: skip
