# SPDX-License-Identifier: EUPL-1.2
"""What `mostovi check` says about procedures: files, edited versions, gates that nobody answers."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from mostovi.procedures import deadlines, gates, holidays, library
from mostovi.procedures.loader import BadProcedure
from mostovi.procedures.models import Definition
from mostovi.rights.problems import Problem


def check() -> list[Problem]:
    """Every problem found; reads files and the definitions in use."""
    problems: list[Problem] = []
    try:
        files = library.shipped()
    except BadProcedure as error:
        return [
            Problem("procedures.file", str(problem), "Repair the line named.")
            for problem in error.problems
        ]
    digests = {
        (row.code, row.version): row.digest
        for row in Definition.objects.only("code", "version", "digest")
    }
    for code, file in files.items():
        version = file.procedure.version
        if digests.get((code, version), file.digest) != file.digest:
            problems.append(
                Problem(
                    "procedures.version",
                    f"content/procedures/{code}.yaml was edited without a new version.",
                    f"Set 'version: {version + 1}' in the file.",
                )
            )
        problems += [
            Problem(
                "procedures.gate",
                f"Procedure '{code}': no part of this node answers the gate '{gate}'.",
                "Until one does, the steps that need it are refused.",
            )
            for gate in gates.unanswered(file.procedure)
        ]
    problems += _deadline_problems(files)
    if settings.MOSTOVI.holds_persons and settings.MOSTOVI.partner not in holidays.available():
        problems.append(
            Problem(
                "procedures.holidays",
                f"There is no list of public holidays for '{settings.MOSTOVI.partner}'.",
                f"Write content/holidays/{settings.MOSTOVI.partner}.yaml.",
            )
        )
    return problems


def _deadline_problems(files: Mapping[str, library.ProcedureFile]) -> list[Problem]:
    try:
        tables = deadlines.shipped()
    except deadlines.BadDeadlines as error:
        return [
            Problem("procedures.deadlines", str(problem), "Repair the line named.")
            for problem in error.problems
        ]
    return [
        Problem(
            "procedures.deadlines",
            f"content/deadlines/{code}.yaml names '{name}', which its procedure does not have.",
            "Correct the name, or take the row out.",
        )
        for code, table in tables.items()
        for name in (deadlines.strays(table, files[code].procedure) if code in files else [code])
    ]
