# SPDX-License-Identifier: EUPL-1.2
"""The progress report as data and as one printable HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language_info, override
from django.utils.translation import gettext as _

from mostovi.plan import services
from mostovi.plan.content import in_language, plan
from mostovi.plan.models import PartnerProgress
from mostovi.statistics.partners import NAMES


def gather(partners: Sequence[str], language: str) -> dict[str, Any]:
    """Everything the report says, in `language`: actions with the partners' reports, figures."""
    chosen = plan()
    reports = services.in_force()
    stock = services.newest_stock()
    with override(language):
        return {
            "plan": chosen.period,
            "source": chosen.source,
            "kosovo_note": _(
                "This designation is without prejudice to positions on status, and is in line with "
                "UNSCR 1244/1999 and the ICJ Opinion on the Kosovo declaration of independence."
            ),
            "node": settings.MOSTOVI.code,
            "made_on": timezone.localdate().isoformat(),
            "partners": {code: str(NAMES[code]) for code in partners},
            "commitments": {c.number: in_language(c.title, language) for c in chosen.commitments},
            "actions": [
                {
                    "number": action.number,
                    "commitment": action.commitment,
                    "title": in_language(action.title, language),
                    "reports": {
                        code: _report(reports[(action.number, code)])
                        for code in partners
                        if (action.number, code) in reports
                    },
                    "figures": [figure.code for figure in chosen.figures_of(action.number)],
                }
                for action in chosen.actions
            ],
            "figures": [
                {
                    "code": figure.code,
                    "title": in_language(figure.title, language),
                    "value": str(figure.value),
                    "qualifier": figure.qualifier.value,
                    "unit": in_language(figure.unit, language),
                    "years": figure.years,
                    "as_printed": figure.as_printed,
                    "caveat": figure.caveat,
                    "remark": figure.remark,
                    "recomputed": str(stock.value) if figure.recomputed and stock else None,
                }
                for figure in chosen.figures
            ],
        }


def _report(report: PartnerProgress) -> dict[str, Any]:
    return {
        "status": report.status,
        "status_label": str(report.get_status_display()),
        "reported_on": report.reported_on.isoformat(),
        "note": report.note,
        "office": report.office,
        "evidence": [{"title": e.title, "url": e.url} for e in report.evidence.all()],
    }


def as_html(content: dict[str, Any], language: str) -> str:
    """`content` as a page of its own, without any other file, for printing and sending."""
    with override(language):
        return render_to_string(
            "plan/report_page.html",
            {
                "report": content,
                "language": language,
                "direction": "rtl" if get_language_info(language)["bidi"] else "ltr",
                "groups": [
                    (title, [a for a in content["actions"] if a["commitment"] == number])
                    for number, title in content["commitments"].items()
                ],
                "columns": list(content["partners"].items()),
            },
        )
