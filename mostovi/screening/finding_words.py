# SPDX-License-Identifier: EUPL-1.2
"""The interface's words for findings: one place, so that page and command line say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from mostovi.screening.explaining import ExplainedDimension, ExplainedQuestion, Explanation
from mostovi.screening.indicators import Answer, Evidence, Lean, Method, Reach, Weight
from mostovi.screening.scoring import Decides, Outcome

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    Words = str | StrPromise

ANSWERS: Mapping[Answer, Words] = {
    Answer.YES: _("Yes"),
    Answer.NO: _("No"),
    Answer.UNKNOWN: _("Not known"),
    Answer.DECLINED: _("Would rather not say"),
    Answer.NOT_ASKED: _("Not asked"),
}
REACHES: Mapping[Reach, Words] = {
    Reach.REACHED: _("Reached"),
    Reach.COULD_BE: _("Could still be reached"),
    Reach.CANNOT_BE: _("Cannot be reached on these answers"),
}
LEVEL_REACHES: Mapping[Reach, Words] = {
    Reach.REACHED: _("Risk found"),
    Reach.COULD_BE: _("Not enough known"),
    Reach.CANNOT_BE: _("No risk found in what was asked"),
}
WEIGHTS: Mapping[Weight, Words] = {
    Weight.STRONG: _("Strong"),
    Weight.MEDIUM: _("Medium"),
    Weight.WEAK: _("Weak"),
}
EVIDENCE: Mapping[Evidence, Words] = {
    Evidence.VERIFIED: _("read in the source"),
    Evidence.UNVERIFIED: _("read in another's copy, not yet checked in the source"),
    Evidence.MEMORY: _("not yet checked in the source"),
}
LEANS: Mapping[Lean, Words] = {
    Lean.RISK: _("Puts at risk"),
    Lean.PROTECTIVE: _("Protects"),
    Lean.DEPENDS: _("Depends on something not known"),
    Lean.NEITHER: _("Neither"),
    Lean.OPEN: _("Not known"),
}
DECIDES: Mapping[Decides, Words] = {
    Decides.DANGER: _("whether there is danger now"),
    Decides.PROFILE: _("which rule applies"),
    Decides.OUTCOME: _("what is recommended"),
    Decides.DIMENSION: _("one dimension"),
    Decides.CONTEXT: _("what another answer means"),
}
HOW_KNOWN: Mapping[str, Words] = {
    "stated": _("the person said so"),
    "observed": _("seen by the officer"),
    "document": _("from a document"),
    "other_person": _("from somebody else"),
}
OUTCOMES: Mapping[tuple[Method, Outcome], Words] = {
    (Method.DIMENSION_RULE, Outcome.REFER): _(
        "There are reasonable grounds to refer this person for identification and help."
    ),
    (Method.DIMENSION_RULE, Outcome.NOT_ENOUGH_KNOWN): _(
        "Not enough is known yet to say. What to ask next is listed below."
    ),
    (Method.DIMENSION_RULE, Outcome.SIGNS_BELOW_RULE): _(
        "Signs were found that do not complete the rule. Talk them over with the coordinator."
    ),
    (Method.DIMENSION_RULE, Outcome.NOTHING_FOUND): _(
        "Nothing was found in what was asked. This does not mean that nothing happened."
    ),
    (Method.DETERMINANTS, Outcome.REFER): _(
        "Several things together put this person at risk. There are grounds to refer for help."
    ),
    (Method.DETERMINANTS, Outcome.NOT_ENOUGH_KNOWN): _(
        "Not enough is known yet to say. What to ask next is listed below."
    ),
    (Method.DETERMINANTS, Outcome.SIGNS_BELOW_RULE): _(
        "There are risks. Look with the person at what protects and at what is needed."
    ),
    (Method.DETERMINANTS, Outcome.NOTHING_FOUND): _(
        "No risk was found in what was asked. Screen again when the situation changes."
    ),
}
TONES: Mapping[Reach, str] = {Reach.REACHED: "warn", Reach.COULD_BE: "info", Reach.CANNOT_BE: ""}
OUTCOME_TONES: Mapping[Outcome, str] = {
    Outcome.REFER: "warn",
    Outcome.NOT_ENOUGH_KNOWN: "info",
    Outcome.SIGNS_BELOW_RULE: "info",
    Outcome.NOTHING_FOUND: "quiet",
}
RECOMMENDATION: Words = _("This is a recommendation. A named officer decides.")


def summary(explanation: Explanation) -> Words:
    """The finding in one sentence."""
    return OUTCOMES[explanation.method, explanation.outcome]


def reach_label(explanation: Explanation, dimension: ExplainedDimension) -> Words:
    """What the dimension's or level's result is called."""
    labels = REACHES if explanation.method is Method.DIMENSION_RULE else LEVEL_REACHES
    return labels[dimension.reach]


def needs_sentence(needs: int | None) -> str:
    """How many more answers 'yes' would reach a dimension."""
    if needs is None:
        return ""
    return ngettext(
        "%(count)d more answer 'yes' would reach it.",
        "%(count)d more answers 'yes' would reach it.",
        needs,
    ) % {"count": needs}


def why_ask(question: ExplainedQuestion) -> str:
    """What the answer to a question could change, as a short sentence."""
    if question.decides in (Decides.DANGER, Decides.PROFILE):
        return _("Decides %(what)s.") % {"what": DECIDES[question.decides]}
    if question.needs > 1:
        return ngettext(
            "%(dimension)s: with %(others)d other answer 'yes' it could decide %(what)s.",
            "%(dimension)s: with %(others)d other answers 'yes' it could decide %(what)s.",
            question.needs - 1,
        ) % {
            "dimension": question.dimension,
            "others": question.needs - 1,
            "what": DECIDES[question.decides],
        }
    return _("%(dimension)s: could decide %(what)s.") % {
        "dimension": question.dimension,
        "what": DECIDES[question.decides],
    }
