# SPDX-License-Identifier: EUPL-1.2
"""The directory in words: conditions, capacity, hours, and why a service fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from mostovi.cases import offering
from mostovi.cases.directory import services
from mostovi.cases.directory.eligibility import Answer, Condition, Facts
from mostovi.cases.directory.matching import Capacity, Fit, Room, Wanted
from mostovi.cases.models import Case
from mostovi.cases.vocabulary import case_types, needs
from mostovi.people import words as people_words
from mostovi.people.file import PersonFile
from mostovi.rights.access import Actor

TONES = {Room.FREE: "ok", Room.UNKNOWN: "quiet", Room.FULL: "warn"}


def need_words(codes: Iterable[str]) -> list[str]:
    """Needs in the reader's language."""
    return [_(needs().get(code, code)) for code in codes]


def language_words(codes: Iterable[str]) -> list[str]:
    """Languages by name."""
    return [people_words.language_name(code) for code in codes]


def day_words(code: str) -> str:
    """A day of the week by its code."""
    return {
        "MO": _("Monday"), "TU": _("Tuesday"), "WE": _("Wednesday"), "TH": _("Thursday"),
        "FR": _("Friday"), "SA": _("Saturday"), "SU": _("Sunday"),
    }.get(code, code)  # fmt: skip


def access_words(code: str) -> str:
    """How a place is accessible, by its code."""
    return {
        "step_free": _("no steps"), "lift": _("lift"),
        "accessible_toilet": _("toilet for wheelchairs"), "sign_language": _("sign language"),
        "easy_read": _("easy-to-read information"), "child_friendly": _("made for children too"),
        "women_only": _("only for women"), "separate_entrance": _("entrance of its own"),
    }.get(code, code)  # fmt: skip


def unit_words(code: str) -> str:
    """What is counted, by its code."""
    return {
        "beds": _("beds"), "places": _("places"), "appointments": _("appointments"),
        "hours": _("hours"),
    }.get(code, code)  # fmt: skip


def condition_words(condition: Condition) -> str:
    """A condition as a short phrase."""
    if "any" in condition:
        return _(" or ").join(condition_words(one) for one in condition["any"])
    fact = condition["fact"]
    if fact == "age":
        return _age_words(condition.get("at_least"), condition.get("at_most"))
    if fact == "child":
        return _("children") if condition["is"] else _("adults")
    if fact == "sex":
        named = {"female": _("women and girls"), "male": _("men and boys"),
                 "other": _("people of another sex")}  # fmt: skip
        return ", ".join(named.get(code, code) for code in condition["is"])
    return ", ".join(_(case_types().get(code, code)) for code in condition["is"])


def _age_words(least: int | None, most: int | None) -> str:
    values = {"least": least, "most": most}
    if least is None:
        return _("up to %(most)s years old") % values
    if most is None:
        return _("%(least)s years and older") % values
    return _("%(least)s to %(most)s years old") % values


def capacity_words(capacity: Capacity | None, now: datetime) -> str:
    """How full a service is, always with the day it said so."""
    if capacity is None:
        return _("has not said how many places are free")
    values = {
        "free": capacity.free, "maximum": capacity.maximum, "waiting": capacity.waiting,
        "unit": unit_words(capacity.unit), "day": date_format(timezone.localtime(capacity.as_of)),
    }  # fmt: skip
    if capacity.is_stale(now):
        return _("last said on %(day)s: %(free)s of %(maximum)s %(unit)s free; ask again") % values
    if capacity.waiting:
        return (
            _("%(free)s of %(maximum)s %(unit)s free, %(waiting)s waiting, as of %(day)s") % values
        )
    return _("%(free)s of %(maximum)s %(unit)s free, as of %(day)s") % values


def reasons(fit: Fit, now: datetime) -> list[tuple[str, str]]:
    """What speaks for and against a service, as (tone, sentence)."""
    said: list[tuple[str, str]] = []
    if fit.meets:
        said.append(
            ("ok", _("Helps with: %(needs)s") % {"needs": ", ".join(need_words(fit.meets))})
        )
    for finding in fit.findings:
        words = {"whom": condition_words(finding.condition)}
        if finding.answer is Answer.YES:
            said.append(("ok", _("For %(whom)s: yes") % words))
        elif finding.answer is Answer.NO:
            said.append(("stop", _("For %(whom)s: not by what is known") % words))
        else:
            said.append(("warn", _("For %(whom)s: find out") % words))
    said.append((TONES[fit.room], capacity_words(fit.service.capacity, now)))
    if fit.language is Answer.YES:
        said.append(("ok", _("Speaks a language of the person, or has an interpreter")))
    elif fit.language is Answer.NO:
        said.append(("warn", _("Speaks no language of the person: bring an interpreter")))
    if fit.kilometres is not None:
        said.append(("quiet", ngettext(
            "about %(count)s km away", "about %(count)s km away", fit.kilometres
        ) % {"count": fit.kilometres}))  # fmt: skip
    return said


def standing(answer: Answer) -> tuple[str, str]:
    """Whether a service is for the person, as (tone, words)."""
    return {
        Answer.YES: ("ok", pgettext("a service for a person", "fits")),
        Answer.UNKNOWN: ("warn", pgettext("a service for a person", "may fit: find out")),
        Answer.NO: ("stop", pgettext("a service for a person", "for other people")),
    }[answer]


def facts_of(case: Case | None, file: PersonFile | None, now: datetime) -> Facts:
    """What is known of a case's person for matching; nothing more leaves this function."""
    if file is None:
        return Facts(case_type=case.case_type if case else "")
    today = timezone.localdate(now)
    birth = file.birth
    return Facts(
        ages=birth.age(today), age_doubted=birth.doubted, counts_as_child=file.is_child(today),
        sex=str(file.single.get("sex") or ""), case_type=case.case_type if case else "",
        languages=tuple(file.single.get("languages") or ()),
    )  # fmt: skip


def offers(
    actor: Actor, case: Case, file: PersonFile, chosen: Sequence[str], now: datetime
) -> list[offering.Offer]:
    """The services that fit a case, best first, for the referral's form."""
    wanted = Wanted(needs=tuple(chosen), facts=facts_of(case, file, now))
    return [
        offering.Offer(
            service=fit.service.code, fits=standing(fit.eligible), reasons=reasons(fit, now),
            capacity=capacity_words(fit.service.capacity, now),
            is_for=fit.eligible is not Answer.NO,
        )
        for fit in services.fits(actor, wanted, now)
    ]  # fmt: skip


def lines_of(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """An entry's own hours as (days, times)."""
    return [
        (", ".join(day_words(day) for day in line["days"]), _times(line))
        for line in entry["schedules"]
    ]


def _times(line: Mapping[str, Any]) -> str:
    hours = f"{line.get('opens', '')}–{line.get('closes', '')}" if line.get("opens") else ""
    return " ".join(part for part in (hours, line.get("note", "")) if part)
