# SPDX-License-Identifier: EUPL-1.2
"""What `mostovi check` says about the law: faults in files, golden cases, stale sign-offs."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from mostovi.pathways import law_files, signing, trying
from mostovi.pathways.library import UnknownPartner, library
from mostovi.pathways.models import SignOff
from mostovi.pathways.reading import BadLaw
from mostovi.rights.problems import Problem


def check() -> list[Problem]:
    """Every problem found; reads all law files."""
    problems = [problem for partner in law_files.LAWS for problem in _law(partner)]
    return problems + list(_sign_offs())


def _law(partner: str) -> Iterator[Problem]:
    try:
        law = library().partner(partner)
    except UnknownPartner:
        yield Problem(
            "pathways.law",
            f"There are no law files for '{partner}'.",
            f"Write content/law/{partner}/partner.yaml and its packs.",
        )
        return
    except BadLaw as error:
        for one in error.problems:
            yield Problem("pathways.law", str(one), "Repair the line named.")
        return
    missing = [kind for kind in law_files.kinds() if kind not in law.pathways]
    if missing:
        yield Problem(
            "pathways.missing",
            f"The law of '{partner}' says nothing of: {', '.join(missing)}.",
            "Write each pack, or say in it that no such way was found.",
        )
    for pathway in law.pathways:
        golden = trying.golden_of(law, pathway)
        if isinstance(golden, BadLaw):
            for one in golden.problems:
                yield Problem("pathways.golden", str(one), "Repair the line named.")
            continue
        for case in golden:
            for text in case.problems:
                yield Problem(
                    "pathways.golden",
                    f"{partner}/golden/{pathway}.yaml:{case.case.line}: {case.case.title}: {text}",
                    "Correct the pack, or the case with a lawyer.",
                )


def _sign_offs() -> Iterator[Problem]:
    rows = SignOff.objects.filter(withdrawal=None, partner=settings.MOSTOVI.partner)
    for row in rows.select_related("withdrawal").defer("said"):
        if signing.state_of(row) is signing.State.TEXT_CHANGED:
            what = f"condition '{row.condition}'" if row.condition else "the whole text"
            yield Problem(
                "pathways.sign_off",
                f"{row.pathway} {row.version}: {what} changed after a lawyer's word of "
                f"{row.said_on}, which no longer counts.",
                "Let a lawyer read it again, or take the old word back.",
            )
