# SPDX-License-Identifier: EUPL-1.2
"""Files on somebody's liberty: open one, find it, read it, list many.

Every verb takes the actor first, asks `rights`, works on rows within the actor's purpose and scope,
and is written into the audit chain. What may not be seen and what does not exist raise the same
`LibertyFile.DoesNotExist`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from mostovi.cases import services as cases
from mostovi.cases.alternatives import catalogue, ladder, safeguards
from mostovi.cases.alternatives.ladder import Considered
from mostovi.cases.alternatives.models import (
    LibertyFile,
    MeasureTaken,
    VulnerabilityScreening,
    Weighing,
    counts_as_child,
)
from mostovi.cases.alternatives.vulnerability import Answer, Rating, Screening, Seen
from mostovi.cases.models import Case
from mostovi.people import barriers, codes
from mostovi.people import services as people
from mostovi.people.file import Glance
from mostovi.procedures import services as procedures
from mostovi.procedures.models import Event
from mostovi.procedures.state import GateAnswer
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.roles import Role
from mostovi.rights.rows import within_scope
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.rights.vault import KeyDestroyed, vault

PROCEDURE = "alternative_to_detention"
LONGEST = 4000


class Incomplete(ValueError):
    """Something is missing or too short. `problems` are (field, what to do), all at once."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class Listed:
    """A file in a list, with the short form of its person and the measure in force."""

    file: LibertyFile
    who: Glance | None
    measure: MeasureTaken | None


def handle(file: LibertyFile) -> str:
    """The pseudonym of a file in the audit chain."""
    return vault().handle("liberty", file.pk)


def visible(actor: Actor, action: Action = Action.READ) -> QuerySet[LibertyFile]:
    """The files on which `actor` may do `action`. Raises `Refused` when on none at all."""
    scope = require(actor, action, Kind.ALTERNATIVE)
    own = Q(holder=actor.account) | Q(case__person__guardian_account=actor.account)
    return within_scope(LibertyFile.objects.all(), actor, scope, own=own)


def find(actor: Actor, code: str, action: Action = Action.READ) -> LibertyFile:
    """The file of the case with `code`. Raises `LibertyFile.DoesNotExist`."""
    try:
        canonical = codes.parse_record_code(code)
    except codes.CodeError as error:
        raise LibertyFile.DoesNotExist from error
    rows = visible(actor, action).select_related("case__person", "procedure")
    return rows.prefetch_related("procedure__events").get(case__code=canonical)


def again(actor: Actor, file: LibertyFile, action: Action) -> LibertyFile:
    """`file`, read anew within the actor's reach and locked, with its case and person."""
    rows = visible(actor, action).select_for_update(of=("self",))
    return rows.select_related("case__person", "procedure").get(pk=file.pk)


@transaction.atomic
def open_file(
    actor: Actor, case: Case, *, question: str = "", now: datetime | None = None
) -> LibertyFile:
    """Open the file of `case`, in liberty; the one that is there when there is one already.

    Raises `Refused`, `Case.DoesNotExist`.
    """
    require(actor, Action.CREATE, Kind.ALTERNATIVE)
    case = cases.visible(actor, Action.CHANGE).select_for_update(of=("self",)).get(pk=case.pk)
    there = LibertyFile.objects.filter(case=case).first()
    if there is not None:
        return find(actor, case.code)
    if case.person.erased_at is not None:
        raise Case.DoesNotExist
    moment = now or timezone.now()
    identifier = uuid4()
    instance = procedures.start(
        actor, code=PROCEDURE, side="institution", subject=identifier, at=moment,
        key_id=case.key_id,
    )  # fmt: skip
    file = LibertyFile(
        id=identifier, key_id=case.key_id, case=case, purpose=case.purpose, unit=case.unit,
        opened_by=actor.account, procedure=instance, opened_at=moment, changed_at=moment,
        holder=case.holder if actor.role is Role.SYSTEM else actor.account,
    )  # fmt: skip
    file.seal_values({"question": question.strip()[:LONGEST]})
    file.save()
    record(actor, AuditTag.LIBERTY_FILE_OPENED, handle=handle(file))
    return file


@transaction.atomic
def listed(actor: Actor, files: Sequence[LibertyFile]) -> list[Listed]:
    """Files of one page of a list with short forms of their persons; each is logged as read."""
    shown = [(AuditTag.LIBERTY_FILE_LISTED, handle(file)) for file in files]
    short = people.glances(actor, [file.case.person for file in files], also=shown)
    current = {row.file_id: row for row in MeasureTaken.objects.filter(file__in=files, until=None)}
    return [Listed(file, short.get(file.case.person_id), current.get(file.pk)) for file in files]


# --- What the records say ----------------------------------------------------------------------


def screening_row(file: LibertyFile) -> VulnerabilityScreening | None:
    """The newest screening."""
    return file.screenings.order_by("-at").first()


def screening_of(file: LibertyFile) -> Screening | None:
    """The newest screening as the rules see it; None when there is none or it was erased."""
    row = screening_row(file)
    return _screening(row) if row is not None else None


def _screening(row: VulnerabilityScreening) -> Screening | None:
    try:
        values = row.values()
    except KeyDestroyed:
        return None
    return Screening(
        domains={code: seen(entry) for code, entry in values["domains"].items()},
        rating=Rating(values["rating"]),
        serious_risk=Answer(values["serious_risk"]),
        with_own_child=Answer(values["with_own_child"]),
        screened_on=row.screened_on,
        expires_on=row.expires_on,
    )


def seen(entry: Mapping[str, Any]) -> Seen:
    """One domain's answers as the rules see them; what is no answer was not asked."""
    present, met = (
        Answer(entry[name]) if entry.get(name) in set(Answer) else Answer.NOT_ASKED
        for name in ("present", "met")
    )
    return Seen(present, met, frozenset(entry.get("signs", ())))


def considered_in(values: Mapping[str, Any]) -> dict[str, Considered]:
    """The rejected measures of a weighing's sealed values."""
    return {
        entry["measure"]: Considered(entry["measure"], entry["why"], entry["reason"])
        for entry in values.get("considered", ())
    }


def weighing_row(file: LibertyFile) -> Weighing | None:
    """The newest weighing."""
    return file.weighings.order_by("-at").first()


def measure_in_force(file: LibertyFile) -> MeasureTaken | None:
    """The measure that holds now."""
    return file.measures.filter(until=None).first()


def ladder_of(
    file: LibertyFile, now: datetime, *, with_adult: bool
) -> tuple[catalogue.Measure, ...]:
    """The measures that this person may be given, least restrictive first."""
    child = counts_as_child(file, now)
    return ladder.suitable(catalogue.ladder(), child=child, with_adult=with_adult)


def barriers_of(file: LibertyFile, today: date) -> list[barriers.Barrier]:
    """Protections in force that stand against detention, told by the packages that know."""
    return barriers.barriers(file.case.person, today, barriers.Measure.DETENTION)


def standing_against(file: LibertyFile, now: datetime) -> list[str]:
    """Codes of what stands against any step toward detention now, whatever a proposal says."""
    today = timezone.localdate(now)
    child = counts_as_child(file, now)
    return safeguards.person_against(
        is_child=child,
        barriers=[] if child else [one.code for one in barriers_of(file, today)],
        screening=None if child else screening_of(file),
        today=today,
    )


# --- Steps of the procedure --------------------------------------------------------------------


def gate_answers(file: LibertyFile, now: datetime) -> dict[str, GateAnswer]:
    """What the records say about each gate of the procedure at `now`."""
    today = timezone.localdate(now)
    screening = screening_of(file)
    against = standing_against(file, now)
    others = safeguards.known(against)
    return {
        "screening_in_force": GateAnswer(screening is not None and screening.in_force(today)),
        "least_restrictive_first": GateAnswer(_ladder_followed(file, now)),
        "adult_beyond_doubt": GateAnswer(safeguards.CHILD not in against),
        "no_safeguard_against": GateAnswer(not others),
    }


def _ladder_followed(file: LibertyFile, now: datetime) -> bool:
    weighing = weighing_row(file)
    if weighing is None:
        return False
    try:
        values = weighing.values()
    except KeyDestroyed:
        return False
    steps = ladder_of(file, now, with_adult=bool(values.get("for_family")))
    try:
        return not ladder.skipped(steps, weighing.choice, considered_in(values))
    except ladder.NotOnTheLadder:
        return False


def documents(file: LibertyFile) -> Collection[str]:
    """The procedure's documents that the file holds."""
    found = set()
    if file.screenings.exists():
        found.add("vulnerability_screening")
    if file.weighings.exists():
        found.add("necessity_test")
    return found


def step(actor: Actor, file: LibertyFile, verb: str, *, now: datetime, reason: str = "") -> Event:
    """Take a step of the file's procedure, at `now`. Raises `procedures.state.StepRefused`."""
    event = procedures.apply(
        actor, instance=file.procedure, verb=verb, at=now, reason=reason,
        documents=documents(file), gates=gate_answers(file, now),
    )  # fmt: skip
    touch(file, now)
    return event


def touch(file: LibertyFile, now: datetime) -> None:
    """Store the file as changed now, over when its procedure is over."""
    file.changed_at, file.ended_at = now, file.procedure.over_at
    file.save()


def partner() -> str:
    """The partner whose periods count here."""
    code: str = settings.MOSTOVI.partner
    return code


def read_values(rows: Sequence[Any]) -> list[tuple[Any, dict[str, Any]]]:
    """Sealed rows with their values; empty ones where they were erased."""
    return [(row, values or {}) for row, values in opened(rows)]
