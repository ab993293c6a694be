# SPDX-License-Identifier: EUPL-1.2
"""A threat assessment on paper: what its page says, in the order of the page, and nothing more."""

from __future__ import annotations

from datetime import date

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mostovi.paper.parts import Heading, Paragraph, Part, Table
from mostovi.routes.catalogue import display
from mostovi.routes.detection_models import Dissent, ThreatAssessment, ThreatJudgement
from mostovi.routes.reporting import kosovo_note, printed


def as_pdf(found: ThreatAssessment, language: str) -> bytes:
    """The assessment as a tagged PDF in the language of its frame; its texts stay as written.

    Raises `ValueError` when it cannot be set.
    """
    with translation.override(language):
        return printed(
            found.title, language, parts(found),
            foot=_("%(title)s, edition %(edition)s")
            % {"title": found.title, "edition": found.edition},
        )  # fmt: skip


def parts(found: ThreatAssessment) -> list[Part]:
    """What the document is made of, in the language that is spoken now."""
    made: list[Part] = [*_warnings(found), Paragraph(found.question), _frame(found)]
    made.append(Heading(_("Judgements")))
    for place, one in enumerate(found.judgements.prefetch_related("dissents"), start=1):
        made += _judgement(place, one)
    made += [Heading(_("What is not known")), Paragraph(found.unknown or "–")]
    return [*made, Paragraph(_note(), "note"), Paragraph(kosovo_note(), "note")]


def _warnings(found: ThreatAssessment) -> list[Part]:
    if found.state == ThreatAssessment.State.DRAFT:
        text = _("This is a draft: it is not published and may change. Do not pass it on.")
    elif found.state == ThreatAssessment.State.REPLACED:
        text = _("A newer edition has replaced this one.")
    else:
        return []
    return [Paragraph(text, "warning")]


def _frame(found: ThreatAssessment) -> Table:
    state = found.get_state_display()
    if found.published_at:
        state = f"{state}, {_day(timezone.localdate(found.published_at))}"
    rows = (
        (_("State"), state),
        (_("Edition"), str(found.edition)),
        (_("Routes and ways"), found.scope),
        (_("Covers"), f"{_day(found.covers_from)} – {_day(found.covers_until)}"),
        (_("Asked whether they judge otherwise"), found.asked or "–"),
    )
    return Table(_("What the assessment covers"), (_("What"), _("In this assessment")), rows)


def _judgement(place: int, one: ThreatJudgement) -> list[Part]:
    rows = (
        (_("How likely"), one.get_likelihood_display()),
        (_("Confidence"), one.get_confidence_display()),
        (_("Why"), one.basis),
        (_("What would change it"), one.would_change),
    )
    sources = tuple(
        (source["grade"], source["title"], source["address"] or "–") for source in one.sources
    )
    made: list[Part] = [
        Heading(f"{place}. {one.statement}", 2),
        Table(
            _("Judgement %(number)s") % {"number": place},
            (_("What"), _("In this assessment")),
            rows,
        ),
    ]
    if sources:
        head = (_("Grade"), _("Source"), _("Address"))
        made.append(Table(_("Sources"), head, sources))
    made.append(Heading(_("Who judges otherwise"), 3))
    dissents = list(one.dissents.all())
    if not dissents:
        made.append(Paragraph(_("Nobody has said so here.")))
    for each in dissents:
        made += [Paragraph(each.words), Paragraph(_who(each), "note")]
    return made


def _who(each: Dissent) -> str:
    # Roles are called on screen like their codes, and translated there.
    role = _(each.role.replace("_", " ").capitalize())
    return f"{role} · {_day(timezone.localdate(each.at))}"


def _day(day: date) -> str:
    return str(date_format(day, "DATE_FORMAT"))


def _note() -> str:
    rules = display()
    return _(
        "Made of published counts and of sources that are named: no count under %(threshold)s, "
        "nothing finer than a month and a part of a country, nothing younger than %(days)s days "
        "after the month. Grades: reliability A to F, credibility 1 to 6. How likely something is "
        "and how sure the ground is are two different things."
    ) % {"threshold": rules.threshold, "days": rules.delay_days}
