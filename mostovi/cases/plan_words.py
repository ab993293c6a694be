# SPDX-License-Identifier: EUPL-1.2
"""The words of a plan: answers, endings, states, kinds of entry, degrees of danger."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mostovi.cases.planning import ActionState, Answer, Ending, Happens
from mostovi.cases.vocabulary import Risk

Words = Mapping[str, str | Promise]

ANSWERS: Words = {
    Answer.WORSE: _("worse"),
    Answer.UNCHANGED: _("as before"),
    Answer.BETTER: _("a little better"),
    Answer.MUCH_BETTER: _("much better"),
    Answer.REACHED: pgettext_lazy("a goal", "reached"),
    Answer.UNKNOWN: _("unknown"),
    Answer.NOT_ASKED: _("not asked"),
}
ENDINGS: Words = {
    Ending.REACHED: pgettext_lazy("a goal", "reached"),
    Ending.PARTLY: pgettext_lazy("a goal", "partly reached"),
    Ending.NOT_REACHED: pgettext_lazy("a goal", "not reached"),
    Ending.NO_LONGER_WANTED: pgettext_lazy("a goal", "no longer wanted"),
}
STATES: Words = {
    ActionState.PLANNED: pgettext_lazy("an action", "planned"),
    ActionState.UNDER_WAY: pgettext_lazy("an action", "under way"),
    ActionState.DONE: pgettext_lazy("an action", "done"),
    ActionState.NOT_DONE: pgettext_lazy("an action", "not done"),
    ActionState.NOT_NEEDED: pgettext_lazy("an action", "no longer needed"),
}
TONES: Mapping[str, str] = {
    ActionState.PLANNED: "quiet",
    ActionState.UNDER_WAY: "info",
    ActionState.DONE: "ok",
    ActionState.NOT_DONE: "warn",
    ActionState.NOT_NEEDED: "quiet",
}
HAPPENED: Words = {
    Happens.GOAL_SET: _("Goal set"),
    Happens.GOAL_CHANGED: _("Goal worded anew"),
    Happens.GOAL_ENDED: _("Goal ended"),
    Happens.ACTION_SET: _("Action agreed"),
    Happens.ACTION_CHANGED: _("Action agreed anew"),
    Happens.ACTION_MOVED: _("Action moved on"),
    Happens.OUTCOME: _("Measured"),
}
RISKS: Words = {
    Risk.LOW: pgettext_lazy("danger", "low"),
    Risk.MEDIUM: pgettext_lazy("danger", "medium"),
    Risk.HIGH: pgettext_lazy("danger", "high"),
    Risk.UNKNOWN: pgettext_lazy("danger", "unknown"),
}
TOPICS: Words = {
    "risk_low": _("Danger to the person: low"),
    "risk_medium": _("Danger to the person: medium"),
    "risk_high": _("Danger to the person: high"),
    "risk_unknown": _("Danger to the person: unknown"),
    "referred_again": _("Referred to us again"),
}
"""What a note is about that a verb wrote."""
