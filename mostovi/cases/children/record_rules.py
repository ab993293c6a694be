# SPDX-License-Identifier: EUPL-1.2
"""What records about children must fulfil before they count, beyond what their files say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mostovi.cases import recording
from mostovi.cases.children import best_interests, rules
from mostovi.cases.children.best_interests import Lack
from mostovi.cases.models import Case
from mostovi.procedures.state import GateAnswer
from mostovi.rights.access import Actor

Problems = list[tuple[str, str]]

DAY_QUESTIONS = {
    "care_visit": "visited_on",
    "reunification_visit": "visited_on",
}

WORDS: Mapping[Lack, str] = {
    Lack.FEW_MEMBERS: gettext_noop("The panel needs more members who decide."),
    Lack.FEW_ORGANISATIONS: gettext_noop("The panel needs members of more organisations."),
    Lack.TWICE: gettext_noop("Somebody is on the panel twice."),
    Lack.CASEWORKER_VOTES: gettext_noop(
        "Only chair and members vote. The caseworker presents the case and does not vote."
    ),
    Lack.NO_CHAIR: gettext_noop("One member must be the chair."),
    Lack.TWO_CHAIRS: gettext_noop("Only one member can be the chair."),
    Lack.CHAIR_NOT_SIGNED: gettext_noop("The chair must sign."),
    Lack.NO_VOTE: gettext_noop("Write how each member voted."),
    Lack.ONE_OPTION: gettext_noop("Weigh at least two options."),
    Lack.ONE_SIDED: gettext_noop("For each option write what speaks for it and what against."),
    Lack.UNKNOWN_RECOMMENDATION: gettext_noop("Recommend one of the options that were weighed."),
    Lack.NOT_CARRIED: gettext_noop(
        "More than half of the panel must be for it. Without that, postpone."
    ),
    Lack.DISSENT_MISSING: gettext_noop("Somebody voted against. Write down why."),
    Lack.NOT_WEIGHED: gettext_noop("Write how the child's views were weighed."),
    Lack.SAFEGUARDS_OPEN: gettext_noop(
        "Return is no option while this is open. Unknown is not yes. Recommend something else, or "
        "find it out first."
    ),
}


def register() -> None:
    """Called once when the node starts."""
    recording.check("best_interests_determination", determination)
    recording.check("durable_solution", solution)
    recording.check("family_reunification", reunification)
    for kind in DAY_QUESTIONS:
        recording.check(kind, visit_day)


def determination(case: Case, answers: Mapping[str, Any], actor: Actor, now: datetime) -> Problems:
    """The panel, the options, the votes and the child's views; safeguards of a return."""
    lacking = best_interests.decision_lacks(answers, rules.panel(), rules.return_safeguards())
    return [(question, WORDS[lack]) for question, lack in lacking]


def solution(case: Case, answers: Mapping[str, Any], actor: Actor, now: datetime) -> Problems:
    """Return is refused while any safeguard is open, whoever wishes it (R7)."""
    if answers.get("solution") != "return":
        return []
    still_open = best_interests.open_safeguards(answers, rules.return_safeguards())
    return [(name, WORDS[Lack.SAFEGUARDS_OPEN]) for name in still_open]


def solution_open(answers: Mapping[str, Any], steps: Mapping[str, Any]) -> GateAnswer:
    """Whether the chosen solution can be carried out now; `steps` are those of a reunification."""
    chosen = answers.get("solution", "")
    if not chosen:
        return GateAnswer(False, _("The lasting solution is not chosen yet."))
    if chosen == "return":
        still_open = best_interests.open_safeguards(answers, rules.return_safeguards())
        if still_open:
            return GateAnswer(False, _("A safeguard of return is still open."))
    if chosen == "family_reunification":
        if steps.get("family_verified") != "yes":
            return GateAnswer(False, _("The family relationship is not verified yet."))
        if steps.get("child_agrees") != "yes" or steps.get("family_agrees") != "yes":
            return GateAnswer(False, _("Child and family have not both agreed."))
    return GateAnswer(True)


def reunification(case: Case, answers: Mapping[str, Any], actor: Actor, now: datetime) -> Problems:
    """Nobody is reunited without verification, both sides' yes, and an assessment at both ends."""
    if not answers.get("reunited_on"):
        return []
    needed = ("family_verified", "child_agrees", "family_agrees", "assessed_here", "assessed_there")
    problems = [
        (name, gettext_noop("Before a reunification this must be answered with yes."))
        for name in needed
        if answers.get(name) != "yes"
    ]
    return problems + _not_later_than_today("reunited_on", answers, now)


def visit_day(case: Case, answers: Mapping[str, Any], actor: Actor, now: datetime) -> Problems:
    """A visit lies behind us."""
    return _not_later_than_today("visited_on", answers, now)


def _not_later_than_today(question: str, answers: Mapping[str, Any], now: datetime) -> Problems:
    written = answers.get(question)
    if written and date.fromisoformat(written) > timezone.localdate(now):
        return [(question, gettext_noop("Choose today or a day before."))]
    return []
