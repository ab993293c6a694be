# SPDX-License-Identifier: EUPL-1.2
"""What stands against a step toward detention. One function, asked by every door (R7).

`against` is given everything as facts and answers with the codes of all refusals
(`content/alternatives/safeguards.yaml` says what each means, its source, who decides and what can
be done now). A child's refusal comes first and cannot be lifted by any other fact. A fact that
nobody knows stands against the step (R6 turned round: what would take liberty is never assumed).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from mostovi.cases.alternatives import ladder as ladders
from mostovi.cases.alternatives import necessity
from mostovi.cases.alternatives.catalogue import Measure
from mostovi.cases.alternatives.ladder import Considered
from mostovi.cases.alternatives.vulnerability import Answer, Screening

CHILD, FAMILY, BARRIER, RISK = "child", "family_with_child", "barrier", "serious_risk"


class Stopped(Exception):
    """A step toward detention is refused. `codes` name every safeguard that stands against it."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = tuple(codes)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is known about a proposal on one day.

    is_child: as `people.consenting.is_child` says, where doubt counts as yes. barriers: codes of
    protections in force. latest_review: the last day a proposal may stand until.
    """

    today: date
    is_child: bool
    barriers: Sequence[str] = ()
    screening: Screening | None = None
    considered: Mapping[str, Considered] = field(default_factory=dict)
    test: necessity.Test = necessity.Test()
    legal_aid: str = ""
    interpreter: str = ""
    no_interpreter_needed: bool = False
    review_on: date | None = None
    latest_review: date | None = None


def person_against(
    *, is_child: bool, barriers: Sequence[str], screening: Screening | None, today: date
) -> list[str]:
    """What stands against any step toward detention, whatever is written in the proposal."""
    if is_child:
        return [CHILD]
    found = []
    if barriers:
        found.append(BARRIER)
    if screening is None or not screening.in_force(today):
        # Without a screening that counts, what it would say is not known.
        return [*found, "not_screened"]
    if screening.with_own_child == Answer.YES:
        found.append(FAMILY)
    elif screening.with_own_child != Answer.NO:
        found.append("family_not_known")
    if screening.serious_risk == Answer.YES:
        found.append(RISK)
    return found


def known(codes: Sequence[str]) -> list[str]:
    """Those of `codes` that are a safeguard of the person, not only something nobody has asked."""
    return [code for code in codes if code in {CHILD, FAMILY, BARRIER, RISK}]


def against(facts: Facts, ladder: Sequence[Measure], grounds: Collection[str]) -> list[str]:
    """Codes of everything that stands against recording this proposal; empty when nothing does."""
    found = person_against(
        is_child=facts.is_child, barriers=facts.barriers, screening=facts.screening,
        today=facts.today,
    )  # fmt: skip
    if CHILD in found:
        return found
    if ladders.skipped(ladder, ladders.DETENTION, facts.considered):
        found.append("ladder_skipped")
    if not necessity.supports_detention(facts.test, grounds):
        found.append("no_necessity")
    if not facts.legal_aid.strip():
        found.append("no_legal_aid")
    if not facts.interpreter.strip() and not facts.no_interpreter_needed:
        found.append("no_interpreter")
    if not _reviewed_in_time(facts):
        found.append("no_review_date")
    return found


def _reviewed_in_time(facts: Facts) -> bool:
    if facts.review_on is None or facts.latest_review is None:
        return False
    return facts.today < facts.review_on <= facts.latest_review


def answer_needed(
    screening: Screening, ladder: Sequence[Measure], considered: Mapping[str, Considered]
) -> list[str]:
    """What the second officer must answer in writing, besides the reasons.

    Every proposal waits for a second officer. Needs rated high that are not met, a health risk that
    nobody knows, and a ladder rejected only for lack of offers each need an answer of their own.
    """
    found = []
    if screening.is_high_and_unmet:
        found.append("unmet_needs")
    if screening.serious_risk != Answer.NO:
        found.append("risk_not_known")
    if ladders.only_for_lack(ladder, considered):
        found.append("nothing_offered")
    return found


def stands(
    *, is_child: bool, barriers: Sequence[str], review_on: date, ended: bool, today: date
) -> bool:
    """Whether a proposal still stands: never for a child, never beyond its review date."""
    return not (is_child or barriers or ended or today >= review_on)
