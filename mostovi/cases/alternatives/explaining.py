# SPDX-License-Identifier: EUPL-1.2
"""A refusal in words: what is refused, which safeguard, its source, who decides, what to do now.

Pages, the interface and the command line say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from mostovi.cases.alternatives import catalogue, files, safeguards
from mostovi.cases.alternatives.catalogue import Source
from mostovi.cases.alternatives.models import LibertyFile
from mostovi.people import consenting
from mostovi.people.birth import AgeReason
from mostovi.rights.vault import KeyDestroyed

AGE_WORDS: Mapping[AgeReason, str | Promise] = {
    AgeReason.BORN: _("The recorded date of birth makes the person a child."),
    AgeReason.BIRTH_UNKNOWN: _("The date of birth is not known."),
    AgeReason.BIRTH_UNSURE: _("The recorded date of birth leaves it open whether it is a child."),
    AgeReason.DOUBTED: _("Somebody doubts the recorded age."),
    AgeReason.UNDER_ASSESSMENT: _("An age assessment is under way."),
    AgeReason.CHALLENGED: _("The age assessment was challenged."),
    AgeReason.REFUSED: _("The person refused an age assessment; that alone proves nothing."),
    AgeReason.OVERTURNED: _("The age assessment was overturned."),
    AgeReason.NO_CONSENT: _("The age assessment was done without informed consent."),
    AgeReason.NOT_CAREFUL: _("The age assessment was not careful enough to count."),
    AgeReason.WITHIN_MARGIN: _(
        "Within the margin of the age assessment the person may be under 18."
    ),
    AgeReason.CONTRADICTION: _("The date of birth and the age assessment contradict each other."),
    AgeReason.ASSESSED: _("The age assessment found a child."),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One refusal in the reader's language. `because` is what holds for this person now."""

    code: str
    label: str
    because: Sequence[str]
    what: str
    safeguard: str
    who: str
    now: str
    sources: Sequence[Source]


def explained(file: LibertyFile, codes: Sequence[str], now: datetime) -> list[Explained]:
    """The refusals `codes` of a file that the reader may see, in the reader's language."""
    refusals = catalogue.refusals()
    return [_one(file, refusals[code], now) for code in codes]


def _one(file: LibertyFile, refusal: catalogue.Refusal, now: datetime) -> Explained:
    language = get_language() or "en"
    because: list[str] = []
    sources = list(refusal.sources)
    if refusal.code == safeguards.CHILD:
        because = _age(file, now)
    elif refusal.code == safeguards.BARRIER:
        standing = files.barriers_of(file, timezone.localdate(now))
        because = [barrier.because for barrier in standing]
        sources = [Source(b.code, b.source, b.evidence) for b in standing] or sources
    said = [
        catalogue.in_language(texts, language)
        for texts in (refusal.label, refusal.what, refusal.safeguard, refusal.who, refusal.now)
    ]
    label, what, safeguard, who, then = said
    return Explained(refusal.code, label, because, what, safeguard, who, then, sources)


def _age(file: LibertyFile, now: datetime) -> list[str]:
    try:
        answer = consenting.age_answer(file.case.person, now)
    except KeyDestroyed:
        return []
    return [str(AGE_WORDS[answer.because])]


def as_json(refusals: Sequence[Explained]) -> list[dict[str, object]]:
    """The refusals for the interface and `--json`."""
    return [
        {
            "code": one.code, "label": one.label, "because": list(one.because),
            "what": one.what, "safeguard": one.safeguard, "who_decides": one.who,
            "what_now": one.now,
            "sources": [
                {"title": source.title, "evidence": source.evidence, "url": source.url}
                for source in one.sources
            ],
        }
        for one in refusals
    ]  # fmt: skip
