# SPDX-License-Identifier: EUPL-1.2
"""Write and approve a best interests assessment inside a node: `best_interests_of.py CASE`."""

from __future__ import annotations

import sys
from datetime import date
from typing import Any
from uuid import uuid4


def main(code: str) -> int:
    from mostovi.node import startup

    startup.start_django()
    from mostovi.cases import recording, services
    from mostovi.cases.models import Case
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose
    from mostovi.rights.roles import Role

    unit = Case.objects.get(code=code).unit
    author = Actor(uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION, unit)
    approver = Actor(uuid4(), Role.ANTI_TRAFFICKING_COORDINATOR, Purpose.PROTECTION, unit)
    case = services.find(author, code)
    kind = recording.kinds()["best_interests_assessment"]
    answers = {one.code: answer(one) for section in kind.sections for one in section.questions}
    row = recording.write(author, case, kind=kind.code, answers=answers, final=True)
    recording.decide(approver, case, row, approve=True, reason="Complete and well weighed.")
    return 0


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
