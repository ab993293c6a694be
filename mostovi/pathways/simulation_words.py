# SPDX-License-Identifier: EUPL-1.2
"""The words of simulations: what is counted, groups, populations, why a run failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from mostovi.pathways import wording

MEASURES: Mapping[str, str | Promise] = {
    "people": gettext_lazy("People"),
    "open_before": gettext_lazy("Open today"),
    "open_after": gettext_lazy("Open under the draft"),
    "newly_qualify": gettext_lazy("Newly qualify"),
    "lose": gettext_lazy("Lose"),
    "unchanged": gettext_lazy("Unchanged"),
    "uncertain": gettext_lazy("Uncertain"),
}
GROUPINGS: Mapping[str, str | Promise] = {
    "sex": gettext_lazy("Sex"),
    "age_group": gettext_lazy("Age group"),
    "vulnerability": gettext_lazy("Vulnerability"),
    "partner": gettext_lazy("Partner"),
}
OWN_GROUPINGS = ("sex", "age_group")
"""What the node's own cases can be shown by: what may be counted without opening a file."""
_GROUPS: Mapping[str, Mapping[str, str | Promise]] = {
    "sex": {"female": gettext_lazy("Women and girls"), "male": gettext_lazy("Men and boys")},
    "vulnerability": {
        "none": gettext_lazy("No known vulnerability"),
        "child_alone": gettext_lazy("Child alone"),
        "trafficking": gettext_lazy("Possible victim of trafficking"),
        "violence": gettext_lazy("Violence"),
        "illness": gettext_lazy("Serious illness"),
        "disability": gettext_lazy("Disability"),
        "pregnancy": gettext_lazy("Pregnancy"),
    },
}
UNKNOWN: Mapping[str, str | Promise] = {
    "sex": gettext_lazy("Sex other or not known"),
    "age_group": gettext_lazy("Age not known"),
    "vulnerability": gettext_lazy("Vulnerability not known"),
    "partner": gettext_lazy("Partner not known"),
}
POPULATIONS: Mapping[str, str | Promise] = {
    "synthetic": gettext_lazy("People who do not exist, made to the figures of real sources"),
    "own_cases": gettext_lazy("The open cases of this node, as protected statistics"),
}
STATES: Mapping[str, tuple[str, str | Promise]] = {
    "waiting": ("quiet", gettext_lazy("waits for its turn")),
    "running": ("info", gettext_lazy("is being worked on")),
    "done": ("ok", gettext_lazy("done")),
    "failed": ("stop", gettext_lazy("failed")),
}
STEPS: Sequence[str | Promise] = (
    gettext_lazy("Reading the law in force and the draft"),
    gettext_lazy("Making the people"),
    gettext_lazy("Asking both laws of everybody"),
    gettext_lazy("Comparing with the other laws"),
    gettext_lazy("Done"),
)
FAILURES: Mapping[str, str | Promise] = {
    "law_has_faults": gettext_lazy(
        "The partner's law files have faults, so nothing can be compared. See the law room."
    ),
    "draft_has_faults": gettext_lazy("The draft has faults. Repair them, then try again."),
    "no_version": gettext_lazy(
        "The draft has no version in force on this day. Choose a day on which it is in force."
    ),
    "no_law": gettext_lazy("Nobody has written the law of this pathway yet."),
    "no_population": gettext_lazy("These people cannot be made. Choose other people."),
    "cannot_simulate": gettext_lazy("The people cannot be shown like this. Choose other groups."),
    "too_few": gettext_lazy(
        "So few cases are open here that any figure could tell about a person. Try the reform on "
        "people who do not exist."
    ),
    "memory": gettext_lazy("The machine's memory was not enough. Choose fewer people."),
    "stopped": gettext_lazy(
        "The work was interrupted three times. Ask the administrator whether the machine has room."
    ),
    "unexpected": gettext_lazy(
        "Something went wrong that nobody foresaw. Try again; if it fails again, tell the "
        "administrator the number of this page."
    ),
}


def group_words(by: Sequence[str], codes: Sequence[str]) -> str:
    """A group in words: `Women and girls, 18-59`."""
    return wording.joined(_group(name, code) for name, code in zip(by, codes, strict=True))


def _group(name: str, code: str) -> str:
    if code == "unknown":
        return str(UNKNOWN.get(name, code))
    if name == "partner":
        return wording.law_name(code)
    if name == "age_group":
        return _("%(ages)s years") % {"ages": code.replace("-", "\u2013")}
    return str(_GROUPS.get(name, {}).get(code, code.replace("_", " ")))


_BETWEEN = pgettext_lazy("two numbers: at least, at most", "%(least)s to %(most)s")


def range_words(pair: Sequence[float | None]) -> str:
    """`120`, `120 to 340`, or that it is not shown."""
    least, most = pair
    if least is None or most is None:
        return _("not shown")
    if least == most:
        return people_words(least)
    return str(_BETWEEN) % {"least": people_words(least), "most": people_words(most)}


def people_words(count: float) -> str:
    """A count of people by the reader's locale, thousands apart."""
    whole = int(count) if count == int(count) else count
    return str(number_format(whole, use_l10n=True, force_grouping=True))


def share_words(share: float | None) -> str:
    """A share in whole percent; never 0 % for somebody, never 100 % for not everybody."""
    if share is None:
        return "\u2013"
    percent = round(100 * share)
    if percent == 0 and share > 0:
        return _("under 1 %%") % ()
    if percent == 100 and share < 1:
        return _("over 99 %%") % ()
    return _("%(n)s %%") % {"n": percent}


def progress_words(state: str, step: int) -> str:
    """That it waits, or what is being done."""
    if state == "waiting":
        return str(STATES[state][1])
    return str(STEPS[min(step, len(STEPS) - 1)])


def failure_words(code: str) -> str:
    """Why a run failed and what can be done."""
    return str(FAILURES.get(code, FAILURES["unexpected"]))
