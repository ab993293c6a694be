# SPDX-License-Identifier: EUPL-1.2
"""Verbs on age assessments: begin with grounds, ask for consent, record methods, decide, challenge.

The course is the procedure `age_assessment`; what counts for the age is decided in `people` (R7).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mostovi.cases import services as cases
from mostovi.cases.children import age, rules
from mostovi.cases.children.age import Answer, Course, Done
from mostovi.cases.children.models import AgeAssessment
from mostovi.cases.models import Case
from mostovi.people.birth import AgeFinding
from mostovi.people.models import Person
from mostovi.procedures import services as procedures
from mostovi.procedures.models import Instance
from mostovi.procedures.state import Choice, GateAnswer
from mostovi.rights.access import Action, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.storage import opened

PROCEDURE = "age_assessment"
LONGEST_WORDS = 4000
_CONSENTING = frozenset({"doubt", "under_way", "refused"})


class InvalidAssessment(ValueError):
    """Something cannot be written down so; `field` names the input, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Assessment:
    """An assessment as read: its row, its course, its words (empty after erasure)."""

    row: AgeAssessment
    course: Course
    words: Mapping[str, Any]


# --- Begin -------------------------------------------------------------------------------------


@transaction.atomic
def begin(
    actor: Actor,
    case: Case,
    *,
    grounds: Collection[str],
    words: str,
    now: datetime | None = None,
) -> AgeAssessment:
    """Write down grounds to doubt an age. From this moment the person is treated as a child.

    Raises `InvalidAssessment` without grounds, or while another assessment is open.
    """
    case = _case(actor, case)
    moment = now or timezone.now()
    if not set(grounds) or not set(grounds) <= set(rules.grounds()):
        raise InvalidAssessment(
            "grounds", gettext_noop("Choose at least one ground. How somebody looks is none.")
        )
    if not words.strip():
        raise InvalidAssessment("words", gettext_noop("Write what the doubt rests on."))
    _short(words)
    if AgeAssessment.objects.filter(person=case.person_id, procedure__over_at=None).exists():
        raise InvalidAssessment("grounds", gettext_noop("An assessment is open already."))
    identifier = uuid4()
    instance = procedures.start(
        actor, code=PROCEDURE, side="institution", subject=identifier, at=moment,
        key_id=case.key_id,
    )  # fmt: skip
    row = AgeAssessment(
        id=identifier, key_id=case.key_id, person_id=case.person_id, case=case,
        procedure=instance, begun_on=timezone.localdate(moment), begun_by=actor.account,
    )  # fmt: skip
    row.seal_values(
        {"grounds": sorted(set(grounds)), "words": words.strip(), "consents": {}, "methods": []}
    )
    row.save(force_insert=True)
    record(actor, AuditTag.AGE_ASSESSMENT_BEGUN, handle=cases.case_handle(case))
    return row


def _case(actor: Actor, case: Case) -> Case:
    rows = cases.visible(actor, Action.CHANGE).select_for_update(of=("self",))
    return rows.select_related("person").get(pk=case.pk)


def _short(text: str, field: str = "words") -> None:
    if len(text) > LONGEST_WORDS:
        raise InvalidAssessment(field, gettext_noop("Shorten this to 4000 characters."))


def _locked(actor: Actor, case: Case, assessment: AgeAssessment) -> AgeAssessment:
    case = _case(actor, case)
    rows = AgeAssessment.objects.select_for_update(of=("self",)).select_related("procedure")
    return rows.get(pk=assessment.pk, case=case)


# --- Consent -----------------------------------------------------------------------------------


@transaction.atomic
def note_consent(
    actor: Actor,
    case: Case,
    assessment: AgeAssessment,
    *,
    who: str,
    answer: str,
    words: str,
    now: datetime | None = None,
) -> AgeAssessment:
    """Write down what the child or the guardian said. A no stops the assessment at once.

    words: how it was explained and what was answered; needed, for a consent without information
    is none. Raises `InvalidAssessment`.
    """
    row = _locked(actor, case, assessment)
    moment = now or timezone.now()
    if row.procedure.state not in _CONSENTING:
        raise InvalidAssessment("answer", gettext_noop("The result is given; challenge it."))
    if who not in {"child", "guardian"}:
        raise InvalidAssessment("who", gettext_noop("Choose who was asked."))
    if answer not in set(Answer) - {Answer.NOT_ASKED}:
        raise InvalidAssessment("answer", gettext_noop("Choose what was answered."))
    if not words.strip():
        raise InvalidAssessment(
            "words", gettext_noop("Write how it was explained, by whom and in which language.")
        )
    _short(words)
    values = row.values()
    line = {"answer": answer, "words": words.strip(), "at": moment.isoformat()}
    earlier = values["consents"].get(who, [])
    row.seal_values({**values, "consents": {**values["consents"], who: [*earlier, line]}})
    row.save(update_fields=["sealed"])
    if answer != Answer.GIVEN and row.procedure.state != "refused":
        procedures.apply(actor, instance=row.procedure, verb="refuse")
    record(
        actor, AuditTag.AGE_ASSESSMENT_CHANGED, handle=cases.case_handle(row.case),
        detail={"who": who, "answer": answer},
    )  # fmt: skip
    return row


# --- Methods -----------------------------------------------------------------------------------


@transaction.atomic
def note_method(
    actor: Actor,
    case: Case,
    assessment: AgeAssessment,
    *,
    method: str,
    on: date,
    youngest: int,
    oldest: int,
    by: str,
    words: str = "",
    now: datetime | None = None,
) -> AgeAssessment:
    """Write down a method and its result: between `youngest` and `oldest` months of age.

    A more invasive method is refused before the less invasive ones were tried, and once they have
    settled the matter. Raises `InvalidAssessment`.
    """
    row = _locked(actor, case, assessment)
    known = rules.methods()
    if row.procedure.state != "under_way":
        raise InvalidAssessment("method", gettext_noop("The assessment is not under way."))
    if method not in known:
        raise InvalidAssessment("method", gettext_noop("Choose the method."))
    today = timezone.localdate(now or timezone.now())
    if not row.begun_on <= on <= today:
        raise InvalidAssessment(
            "on", gettext_noop("Choose a day since the assessment began, today at the latest.")
        )
    if not 0 <= youngest <= oldest <= age.OLDEST:
        raise InvalidAssessment(
            "oldest", gettext_noop("The oldest possible age is not below the youngest.")
        )
    if not by.strip():
        raise InvalidAssessment("by", gettext_noop("Write who carried it out."))
    _short(words)
    values = row.values()
    one = Done(method, on, youngest, oldest)
    before = course_of(row, values).done
    _check_method(one, before, known)
    line = {
        "method": method, "on": on.isoformat(), "youngest": youngest, "oldest": oldest,
        "by": by.strip()[:200], "words": words.strip(),
    }  # fmt: skip
    row.seal_values({**values, "methods": [*values["methods"], line]})
    row.save(update_fields=["sealed"])
    record(
        actor, AuditTag.AGE_ASSESSMENT_CHANGED, handle=cases.case_handle(row.case),
        detail={"method": method},
    )  # fmt: skip
    return row


def _check_method(one: Done, before: Sequence[Done], known: Mapping[str, rules.Method]) -> None:
    lacking = {lack for lack, method in age.lacks([*before, one], known, 0) if method == one.method}
    if age.Lack.MARGIN_TOO_SMALL in lacking:
        raise InvalidAssessment(
            "oldest",
            gettext_noop("This method cannot be so exact. Leave more between youngest and oldest."),
        )
    if age.Lack.NOT_LEAST_INVASIVE in lacking:
        raise InvalidAssessment(
            "method", gettext_noop("Less invasive methods come first. Record one of each before.")
        )
    highest = max((known[other.method].step for other in before), default=0)
    enough = len({known[other.method].profession for other in before}) >= rules.least_professions()
    if known[one.method].step > highest and enough and age.is_settled(before):
        raise InvalidAssessment(
            "method", gettext_noop("The doubt is gone already. A further method is not justified.")
        )


# --- Steps -------------------------------------------------------------------------------------


@transaction.atomic
def step(
    actor: Actor, case: Case, assessment: AgeAssessment, *, verb: str, reason: str = ""
) -> AgeAssessment:
    """Take a step of the assessment. Raises `procedures.state.StepRefused`."""
    row = _locked(actor, case, assessment)
    _short(reason, "reason")
    event = procedures.apply(actor, instance=row.procedure, verb=verb, reason=reason)
    if verb == "decide":
        row.birth_version = birth_version(row.person)
        values = row.values()
        decided = timezone.localdate(event.at).isoformat()
        row.seal_values({**values, "decided_on": decided})
        row.save(update_fields=["sealed", "birth_version"])
    record(
        actor, AuditTag.AGE_ASSESSMENT_CHANGED, handle=cases.case_handle(row.case),
        detail={"verb": verb},
    )  # fmt: skip
    return row


def choices(actor: Actor, assessment: AgeAssessment) -> list[Choice]:
    """What may be done now, with reasons against."""
    return procedures.choices(actor, instance=assessment.procedure)


# --- Read --------------------------------------------------------------------------------------


@transaction.atomic
def read(actor: Actor, case: Case) -> list[Assessment]:
    """`of_case`, logged as read."""
    case = cases.visible(actor).select_related("person").get(pk=case.pk)
    record(actor, AuditTag.AGE_ASSESSMENT_READ, handle=cases.case_handle(case))
    return of_case(case)


def of_case(case: Case) -> list[Assessment]:
    """The assessments of a case that was found by `cases.services.find`, newest first."""
    return read_of_person(case.person)


def read_of_person(person: Person) -> list[Assessment]:
    """The assessments of a person, newest first; the caller has decided that they may be read."""
    rows = person.age_assessments.select_related("procedure").prefetch_related("procedure__events")
    return [
        Assessment(row, course_of(row, words or {}), words or {})
        for row, words in reversed(opened(rows))
    ]


def course_of(row: AgeAssessment, words: Mapping[str, Any]) -> Course:
    """The course of an assessment from its record."""
    consents = words.get("consents", {})
    decided = words.get("decided_on")
    return Course(
        state=row.procedure.state,
        begun_on=row.begun_on,
        grounds=words.get("grounds", ()),
        child=_last(consents.get("child")),
        guardian=_last(consents.get("guardian")),
        done=[
            Done(line["method"], date.fromisoformat(line["on"]), line["youngest"], line["oldest"])
            for line in words.get("methods", ())
        ],
        decided_on=date.fromisoformat(decided) if decided else None,
        birth_version=row.birth_version,
    )


def _last(lines: Sequence[Mapping[str, str]] | None) -> Answer:
    return Answer(lines[-1]["answer"]) if lines else Answer.NOT_ASKED


def birth_version(person: Person) -> int:
    """The version of the recorded date of birth; 0 when none was ever recorded."""
    values = person.values()
    written = values["versions"].get("birth")
    if written is not None:
        return int(written["number"])
    return 1 if values["single"].get("birth") else 0


def findings(person: Person) -> list[AgeFinding]:
    """The person's assessments as `people` reads them."""
    rows = opened(person.age_assessments.select_related("procedure"))
    if not rows:
        return []
    version = birth_version(person)
    return [
        age.finding(
            course_of(row, words or {}), rules.methods(), rules.least_professions(), version
        )
        for row, words in rows
    ]


# --- Gates -------------------------------------------------------------------------------------


def _of(instance: Instance) -> tuple[AgeAssessment, Course]:
    row = AgeAssessment.objects.select_related("procedure", "person").get(pk=instance.subject)
    return row, course_of(row, row.values())


def consents_given(instance: Instance, now: datetime) -> GateAnswer:
    """Child and guardian have both consented."""
    _row, course = _of(instance)
    missing = []
    if course.child is not Answer.GIVEN:
        missing.append(_("The child has not consented."))
    if course.guardian is not Answer.GIVEN:
        missing.append(_("The guardian has not consented."))
    return GateAnswer(not missing, " ".join(missing))


def guardian_speaks(instance: Instance, now: datetime) -> GateAnswer:
    """The child has a guardian without a conflict of interest."""
    from mostovi.cases.children import guardians
    from mostovi.cases.children.guardianship import Consenter

    row, _course = _of(instance)
    speaks = guardians.who_consents_for(row.person)
    if speaks is Consenter.AUTHORITY:
        return GateAnswer(False, _("Ask the guardianship authority to appoint one."))
    if speaks is Consenter.ANOTHER:
        return GateAnswer(False, _("This guardian has a conflict of interest in the matter."))
    return GateAnswer(True)


def done_with_care(instance: Instance, now: datetime) -> GateAnswer:
    """Several professions, least invasive methods first."""
    _row, course = _of(instance)
    lacking = age.lacks(course.done, rules.methods(), rules.least_professions())
    return GateAnswer(
        not lacking, " ".join(dict.fromkeys(lack_words(lack) for lack, _m in lacking))
    )


def lack_words(lack: age.Lack) -> str:
    """What an assessment lacks, as a sentence."""
    return {
        age.Lack.NO_METHOD: _("No method has been recorded."),
        age.Lack.UNKNOWN_METHOD: _("A method is not on the list."),
        age.Lack.ONE_PROFESSION: _("Only one profession took part."),
        age.Lack.NOT_LEAST_INVASIVE: _("A less invasive method was left out."),
        age.Lack.MARGIN_TOO_SMALL: _("A method claims to be more exact than it can be."),
        age.Lack.NOT_NEEDED: _("A method was not needed any more."),
    }[lack]


def time_to_challenge_over(instance: Instance, now: datetime) -> GateAnswer:
    """The clock of the challenge has run out."""
    deadline = instance.deadlines.filter(clock="challenge", ended_at=None).first()
    over = deadline is not None and deadline.due is not None and deadline.due < now
    return GateAnswer(over, "" if over else _("Child and guardian can still challenge it."))
