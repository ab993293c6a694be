# SPDX-License-Identifier: EUPL-1.2
"""Best interests: when a determination is needed, what its panel and its record must fulfil.

UNHCR, Best Interests Procedure Guidelines (2021). A pending determination never stops urgent
action: nothing here is asked before help, care or safety, only before a solution that lasts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from mostovi.cases.children.rules import NeedOfDetermination, PanelRule


class Lack(StrEnum):
    """What a determination lacks. Pages word it; each names the question it is about."""

    FEW_MEMBERS = "few_members"
    FEW_ORGANISATIONS = "few_organisations"
    TWICE = "twice"
    CASEWORKER_VOTES = "caseworker_votes"
    NO_CHAIR = "no_chair"
    TWO_CHAIRS = "two_chairs"
    CHAIR_NOT_SIGNED = "chair_not_signed"
    NO_VOTE = "no_vote"
    ONE_OPTION = "one_option"
    ONE_SIDED = "one_sided"
    UNKNOWN_RECOMMENDATION = "unknown_recommendation"
    NOT_CARRIED = "not_carried"
    DISSENT_MISSING = "dissent_missing"
    NOT_WEIGHED = "not_weighed"
    SAFEGUARDS_OPEN = "safeguards_open"


def needed(
    solution: str, case_type: str, rules: Iterable[NeedOfDetermination]
) -> NeedOfDetermination | None:
    """The rule that asks for a determination before `solution`, if there is one."""
    return next(
        (rule for rule in rules if rule.solution == solution and case_type in rule.case_types), None
    )


def _text(value: Any) -> str:
    return str(value or "").strip()


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value or [] if any(row.values())]


def panel_lacks(members: Sequence[Mapping[str, Any]], rule: PanelRule) -> list[tuple[str, Lack]]:
    """What the panel lacks.

    members: name, organisation, part (chair, member, caseworker, guardian, expert), vote (for,
    against, abstains, none), signed (yes, no). Who presents the case and who stands for the child
    do not vote; the chair votes and signs.
    """
    found: list[tuple[str, Lack]] = []
    deciding = [row for row in members if row.get("part") in {"chair", "member"}]
    names = [_text(row.get("name")).casefold() for row in members if _text(row.get("name"))]
    if len(names) != len(set(names)):
        found.append(("members", Lack.TWICE))
    if len(deciding) < rule.members:
        found.append(("members", Lack.FEW_MEMBERS))
    organisations = {_text(row.get("organisation")).casefold() for row in deciding} - {""}
    if len(organisations) < rule.organisations:
        found.append(("members", Lack.FEW_ORGANISATIONS))
    others = [row for row in members if row.get("part") not in {"chair", "member"}]
    if any(row.get("vote") in {"for", "against", "abstains"} for row in others):
        found.append(("members", Lack.CASEWORKER_VOTES))
    if any(row.get("vote") not in {"for", "against", "abstains"} for row in deciding):
        found.append(("members", Lack.NO_VOTE))
    chairs = [row for row in deciding if row.get("part") == "chair"]
    if len(chairs) != 1:
        found.append(("members", Lack.TWO_CHAIRS if chairs else Lack.NO_CHAIR))
    elif chairs[0].get("signed") != "yes":
        found.append(("members", Lack.CHAIR_NOT_SIGNED))
    return found


def decision_lacks(
    answers: Mapping[str, Any], rule: PanelRule, safeguards: Collection[str]
) -> list[tuple[str, Lack]]:
    """What the record of a determination lacks before it can count.

    At least two options, each weighed for and against; a recommendation that is one of them and
    carried by most votes; the child's views with how they were weighed; a dissent in words where
    somebody voted against; for return, every safeguard closed (R7).
    """
    members = _rows(answers.get("members"))
    found = panel_lacks(members, rule)
    options = _rows(answers.get("options"))
    if len({_text(row.get("option")) for row in options} - {""}) < 2:
        found.append(("options", Lack.ONE_OPTION))
    if any(not (_text(row.get("reasons_for")) and _text(row.get("against"))) for row in options):
        found.append(("options", Lack.ONE_SIDED))
    recommended = _text(answers.get("recommendation"))
    if recommended and recommended not in {_text(row.get("option")) for row in options}:
        found.append(("recommendation", Lack.UNKNOWN_RECOMMENDATION))
    votes = [row.get("vote") for row in members if row.get("part") in {"chair", "member"}]
    if votes.count("for") <= len(votes) / 2:
        found.append(("members", Lack.NOT_CARRIED))
    if "against" in votes and not _text(answers.get("dissent")):
        found.append(("dissent", Lack.DISSENT_MISSING))
    if _text(answers.get("child_views")) and not _text(answers.get("views_weighed")):
        found.append(("views_weighed", Lack.NOT_WEIGHED))
    if recommended == "return":
        found += [(name, Lack.SAFEGUARDS_OPEN) for name in open_safeguards(answers, safeguards)]
    return found


def open_safeguards(answers: Mapping[str, Any], safeguards: Collection[str]) -> list[str]:
    """Safeguards that are not answered with yes: unknown, not asked and no are all open (R7)."""
    return [name for name in safeguards if answers.get(name) != "yes"]
