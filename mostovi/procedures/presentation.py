# SPDX-License-Identifier: EUPL-1.2
"""How a running procedure is put into words and pictures for the person reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import get_language, get_language_bidi, gettext_lazy
from django.utils.translation import gettext as _

from mostovi.procedures import services, state
from mostovi.procedures.definition import Clock, Evidence, Procedure, Silence, Unit, Words, words
from mostovi.procedures.drawing import Drawing, DrawingWords, draw
from mostovi.procedures.holidays import holidays_of
from mostovi.procedures.models import Deadline, Event, Instance, Outcome
from mostovi.procedures.state import Reason, Why
from mostovi.procedures.waiting import Waiting
from mostovi.rights.roles import Role

ROLE_NAMES: Mapping[str, str | Promise] = {
    Role.FIRST_RESPONDER: gettext_lazy("first responder"),
    Role.SOCIAL_WORKER: gettext_lazy("social worker"),
    Role.CASE_SUPERVISOR: gettext_lazy("case supervisor"),
    Role.GUARDIAN: gettext_lazy("guardian"),
    Role.ANTI_TRAFFICKING_COORDINATOR: gettext_lazy("anti-trafficking coordinator"),
    Role.ASYLUM_OFFICER: gettext_lazy("asylum officer"),
    Role.PERSON: gettext_lazy("the person"),
    Role.SYSTEM: gettext_lazy("Mostovi itself"),
}


@dataclass(frozen=True)
class ShownDeadline:
    """A deadline with everything a page says about it."""

    deadline: Deadline
    clock: Clock
    label: Words
    period: str
    source: str
    is_overdue: bool
    is_stopped: bool
    calendar_reviewed: bool


def language() -> str:
    """The reader's language."""
    return get_language() or "en"


def in_language(texts: Mapping[str, str]) -> Words:
    """A text of a procedure file in the reader's language, or in English."""
    return words(texts, language())


def drawing_of(
    procedure: Procedure, *, held: list[state.Visit] | None = None, ident: str = "procedure"
) -> Drawing:
    """The drawing in the reader's language and direction; `held` lights the current step."""
    say = DrawingWords(
        here=_("Now here"),
        done=_("Done"),
        ahead=_("Still to come"),
        elsewhere=_("Only if needed"),
        or_else=_("or"),
        current_is=_("Now at: {state}"),
        path_is=_("Usual path: {states}"),
    )
    return draw(
        procedure,
        language=language(),
        right_to_left=get_language_bidi(),
        held=held or (),
        say=say,
        ident=ident,
    )


def drawing_of_instance(instance: Instance) -> Drawing:
    """The drawing of a running instance with its current step lit (one query)."""
    procedure = services.procedure_of(instance)
    held = state.visits(procedure, instance.happened())
    return drawing_of(procedure, held=held, ident=f"procedure-{instance.pk}")


def shown_deadline(deadline: Deadline, now: datetime) -> ShownDeadline:
    """What a page says about `deadline` at `now`."""
    procedure = services.procedure_of(deadline.instance)
    clock = services.rule_of(deadline)
    return ShownDeadline(
        deadline=deadline,
        clock=clock,
        label=in_language(clock.label),
        period=period_words(clock.amount, clock.unit),
        source=citation_words(procedure, clock),
        is_overdue=deadline.is_overdue(now),
        is_stopped=deadline.outcome == Outcome.SUSPENDED,
        calendar_reviewed=holidays_of(deadline.instance.partners[deadline.side]).review.is_reviewed,
    )


def as_waiting(deadline: Deadline, *, title: str, url: str, now: datetime) -> Waiting:
    """A deadline as a line of a home page; `title` and `url` come from the subject's package."""
    shown = shown_deadline(deadline, now)
    if shown.is_overdue:
        why = _("The time for this has passed: %(what)s.") % {"what": shown.label.text}
    elif shown.is_stopped:
        why = _("The clock stands still: %(what)s.") % {"what": shown.label.text}
    else:
        why = _("To do: %(what)s.") % {"what": shown.label.text}
    return Waiting(
        title=title, why=why, url=url, due=deadline.due, source=shown.source, verb=shown.label.text
    )


def citation_words(procedure: Procedure, clock: Clock) -> str:
    """The citation of a clock, with how sure we are of it."""
    if clock.evidence is Evidence.VERIFIED:
        return clock.citation
    said = evidence_words(clock.evidence)
    return f"{clock.citation} ({said})"


def period_words(amount: int, unit: Unit) -> str:
    """A period in words: "3 working days"."""
    from django.utils.translation import ngettext

    shown = {
        Unit.HOURS: ngettext("%(n)d hour", "%(n)d hours", amount),
        Unit.CALENDAR_DAYS: ngettext("%(n)d calendar day", "%(n)d calendar days", amount),
        Unit.WORKING_DAYS: ngettext("%(n)d working day", "%(n)d working days", amount),
        Unit.MONTHS: ngettext("%(n)d month", "%(n)d months", amount),
    }
    return shown[unit] % {"n": amount}


def silence_words(silence: Silence) -> str:
    """What silence means, in words. Mostovi itself only flags it."""
    return {
        Silence.NONE: _("Silence has no effect."),
        Silence.DEEMED_ACCEPTED: _("By law, silence means agreement. A person records it."),
        Silence.EXPIRES: _("After that a person may note that no answer came."),
        Silence.FLAG: _("After that it is shown as overdue. Nothing else happens by itself."),
    }[silence]


def evidence_words(evidence: Evidence) -> str:
    """How sure we are of a source, in words."""
    return {
        Evidence.VERIFIED: _("read in the source"),
        Evidence.MEMORY: _("not yet checked against the text"),
        Evidence.PROPOSAL: _("working value, not from a law"),
    }[evidence]


def role_words(role: str) -> str:
    """A role's name in the reader's language."""
    return str(ROLE_NAMES.get(role, role.replace("_", " ")))


def reason_words(procedure: Procedure, reason: Reason) -> str:
    """One reason against a step, as a sentence that says what to do."""
    if reason.why is Why.GATE_CLOSED:
        label = in_language(procedure.gates[reason.about].label).text
        if reason.text:
            return _("This must hold first: %(gate)s. %(why)s") % {
                "gate": label,
                "why": reason.text,
            }
        return _("This must hold first: %(gate)s.") % {"gate": label}
    if reason.why is Why.DOCUMENT_MISSING:
        label = in_language(procedure.documents[reason.about].label).text
        return _("This document is still missing: %(document)s.") % {"document": label}
    if reason.why is Why.OTHER_SIDE:
        label = in_language(procedure.sides[reason.about].label).text
        return _("This step is taken by %(side)s.") % {"side": label}
    if reason.why is Why.ROLE:
        roles = ", ".join(role_words(role) for role in reason.about.split(", "))
        return _("Your role may not do this. Who can: %(roles)s.") % {"roles": roles}
    if reason.why is Why.WRONG_STATE:
        label = in_language(procedure.states[reason.about].label).text
        return _("This is not possible while it stands at: %(state)s.") % {"state": label}
    return {
        Why.SAME_PERSON: _("A second person must do this, not whoever took the first step."),
        Why.REASON_MISSING: _("Write the reason."),
        Why.UNKNOWN_VERB: _("This procedure has no such step."),
    }[reason.why]


def event_words(procedure: Procedure, event: Event) -> str:
    """What a step was called, in the reader's language."""
    step = procedure.transition(event.verb, event.from_state)
    if step is None:
        step = next(t for t in procedure.transitions if t.verb == event.verb)
    return in_language(step.label).text
