# SPDX-License-Identifier: EUPL-1.2
"""How the codes of child protection are said on screen."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mostovi.cases.children.age import Answer, Result
from mostovi.cases.children.care import Against, Sexes
from mostovi.cases.children.guardianship import Conflict, Consenter, Declared, Ending, Kind
from mostovi.people.birth import AgeReason

Text = str | Promise

KINDS: Mapping[str, Text] = {
    Kind.TEMPORARY: pgettext_lazy("guardian", "Temporary"),
    Kind.PERMANENT: pgettext_lazy("guardian", "Permanent"),
}

ENDINGS: Mapping[str, Text] = {
    Ending.REPLACED: _("Another guardian takes over"),
    Ending.OF_AGE: _("The child came of age"),
    Ending.REUNIFIED: _("The child is with the parents again"),
    Ending.CONFLICT: _("A conflict of interest"),
    Ending.RESIGNED: _("The guardian gave it up"),
    Ending.REMOVED: _("The authority removed the guardian"),
    Ending.DIED: _("The guardian died"),
    Ending.MOVED: _("The child moved to another place or country"),
    Ending.MISTAKE: _("Written down by mistake"),
}

DECLARED: Mapping[str, Text] = {
    Declared.NONE: _("No conflict of interest"),
    Declared.CONFLICT: _("There is a conflict of interest"),
    Declared.UNKNOWN: _("The guardian does not know"),
    Declared.NOT_ASKED: _("Not asked"),
}

CONFLICTS: Mapping[str, Text] = {
    Conflict.HOLDS_CASE: _("Whoever works on the case, or writes this, cannot be the guardian."),
    Conflict.SELF: _("This is the child's own file."),
    Conflict.SEEKER: _(
        "The guardian also looks for this child in a tracing request, and does not speak for the "
        "child there. Another guardian or the authority does."
    ),
    Conflict.DECLARED: _("The guardian declared a conflict of interest. Ask for somebody else."),
    Conflict.NOT_DECLARED: _("Ask the guardian about conflicts of interest first."),
    Conflict.CASELOAD: _(
        "This guardian looks after as many children as is usual. A case supervisor can agree to "
        "more, with a reason."
    ),
    Conflict.CASELOAD_FULL: _(
        "This guardian looks after as many children as one can. Ask for somebody else."
    ),
}

CONSENTERS: Mapping[str, Text] = {
    Consenter.GUARDIAN: _("The guardian speaks for the child."),
    Consenter.ANOTHER: _("Another guardian, or the guardianship authority, speaks for the child."),
    Consenter.AUTHORITY: _("Until there is a guardian, the guardianship authority speaks."),
}

SEXES: Mapping[str, Text] = {
    Sexes.ALL: _("Girls and boys"),
    Sexes.GIRLS: _("Girls"),
    Sexes.BOYS: _("Boys"),
}

AGAINST: Mapping[str, Text] = {
    Against.FULL: _("Full. Nobody is placed beyond the number of places."),
    Against.TOO_YOUNG: _("For older children."),
    Against.TOO_OLD: _("For younger children."),
    Against.OTHER_SEX: _("For children of another sex."),
    Against.NO_LICENCE: _("Not licensed."),
    Against.LICENCE_OVER: _("The licence has run out."),
    Against.CLOSED: _("Closed."),
    Against.WITH_ADULTS: _("Adults who are not family live there too."),
    Against.NOT_A_CHILD: _("For children only."),
}

ANSWERS: Mapping[str, Text] = {
    Answer.GIVEN: _("agrees"),
    Answer.REFUSED: _("does not agree"),
    Answer.WITHDRAWN: _("takes the consent back"),
    Answer.NOT_ASKED: _("not asked yet"),
}

RESULTS: Mapping[str, Text] = {
    Result.CHILD: _("A child."),
    Result.OPEN: _("It may be under or over 18: within the margin, a child."),
    Result.ADULT: _("18 or older at both ends of the margin."),
}

AGE_REASONS: Mapping[str, Text] = {
    AgeReason.BORN: _("By the date of birth."),
    AgeReason.BIRTH_UNKNOWN: _("The date of birth is not known."),
    AgeReason.BIRTH_UNSURE: _("By the date of birth it may be either."),
    AgeReason.DOUBTED: _("Somebody doubts the date of birth."),
    AgeReason.UNDER_ASSESSMENT: _("An age assessment is open, or can still be challenged."),
    AgeReason.CHALLENGED: _("The result of an age assessment is challenged."),
    AgeReason.REFUSED: _("An assessment was not agreed to. That alone makes nobody an adult."),
    AgeReason.OVERTURNED: _("The result of an age assessment was overturned."),
    AgeReason.NO_CONSENT: _("An age assessment lacks the consent of child or guardian."),
    AgeReason.NOT_CAREFUL: _("An age assessment was not done with the care it needs."),
    AgeReason.WITHIN_MARGIN: _("The margin of the age assessment reaches below 18."),
    AgeReason.CONTRADICTION: _("Age assessment and date of birth contradict each other."),
    AgeReason.ASSESSED: _("By a final age assessment."),
}

SCHEDULES: Mapping[str, Text] = {
    "urgent_placement": _("Visit in the urgent placement"),
    "placement": _("Visit in care"),
    "reunification": _("Visit after reunification"),
}

PROFESSIONS: Mapping[str, Text] = {
    "caseworker": _("caseworker"),
    "social_work": _("social work"),
    "psychology": _("psychology"),
    "paediatrics": _("paediatrics"),
    "radiology": _("radiology"),
}
