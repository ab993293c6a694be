# SPDX-License-Identifier: EUPL-1.2
"""How the month's measures are counted at a node: in the database, without opening a file.

One exception: whether a screening finding found reasonable grounds lies sealed inside the
finding. The node opens it here to count it and keeps nothing but the count.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from mostovi.cases.alternatives.models import MeasureTaken
from mostovi.cases.models import Case, Direction, Referral
from mostovi.procedures.models import Event
from mostovi.rights.storage import opened
from mostovi.screening.models import Finding, Submission
from mostovi.screening.scoring import Outcome
from mostovi.statistics import sources
from mostovi.statistics.months import Month
from mostovi.statistics.sources import Counts, age_code, sex_code, tally
from mostovi.statistics.tables import Table

TRAFFICKING = "trafficking"
NOT_SENT = ("draft", "consent_recorded", "emergency_review")
"""States of a referral of ours that has not left."""


def cases_opened(table: Table, month: Month, start: datetime, end: datetime) -> Counts:
    """Cases by sex and age group of the person."""
    rows = (
        Case.objects.filter(opened_at__gte=start, opened_at__lt=end)
        .order_by()
        .values_list("person__sex", "person__birth_year", "person__age_certainty")
        .annotate(count=Count("pk"))
    )
    return tally(
        ((sex_code(sex), age_code(year, certainty, month)), count)
        for sex, year, certainty, count in rows
    )


def referrals_sent(table: Table, month: Month, start: datetime, end: datetime) -> Counts:
    """Referrals that left, by sex, age group and whether they were accepted."""
    rows = (
        referrals(Direction.SENT, start, end)
        .annotate(accepted=accepted_once())
        .values_list(
            "case__person__sex", "case__person__birth_year", "case__person__age_certainty",
            "accepted",
        )
        .annotate(count=Count("pk"))
    )  # fmt: skip
    return tally(
        ((sex_code(sex), age_code(year, certainty or "", month), _answer(accepted)), count)
        for sex, year, certainty, accepted, count in rows
    )


def referrals_received(table: Table, month: Month, start: datetime, end: datetime) -> Counts:
    """Referrals that arrived, by whether they were accepted."""
    rows = (
        referrals(Direction.RECEIVED, start, end)
        .annotate(accepted=accepted_once())
        .values_list("accepted")
        .annotate(count=Count("pk"))
    )
    return tally(((_answer(accepted),), count) for accepted, count in rows)


def referrals(direction: Direction, start: datetime, end: datetime) -> QuerySet[Referral]:
    """Referrals that arrived, or that really left, made in a time."""
    made = Referral.objects.filter(
        direction=direction, created_at__gte=start, created_at__lt=end
    ).order_by()
    if direction == Direction.SENT:
        made = made.exclude(procedure__state__in=NOT_SENT)
    return made


def accepted_once() -> Exists:
    """Whether a referral has ever been accepted, also when it went on afterwards."""
    return Exists(Event.objects.filter(instance=OuterRef("procedure"), to_state="accepted"))


def _answer(accepted: bool) -> str:
    return "accepted" if accepted else "other"


def persons_screened(table: Table, month: Month, start: datetime, end: datetime) -> Counts:
    """Screenings by sex, age group and finding.

    Sex and age are those of the person of the case that the screening led to; without a case
    they are not known here.
    """
    screened = Submission.objects.filter(
        Q(current=True, complete=True), received_at__gte=start, received_at__lt=end
    )
    persons = {
        row[0]: row[1:]
        for row in Case.objects.filter(submission_id__in=screened.values("pk")).values_list(
            "submission_id", "person__sex", "person__birth_year", "person__age_certainty"
        )
    }
    grounds = with_grounds(screened)
    unknown = ("unknown", None, "unknown")
    return tally(
        (
            (
                sex_code(persons.get(pk, unknown)[0]),
                age_code(persons.get(pk, unknown)[1], persons.get(pk, unknown)[2], month),
                "grounds" if pk in grounds else "none",
            ),
            1,
        )
        for pk in screened.values_list("pk", flat=True)
    )


def with_grounds(screened: QuerySet[Submission]) -> set[object]:
    """The screenings whose newest finding by the trafficking set recommends a referral."""
    newest: dict[object, bool] = {}
    findings = (
        Finding.objects.filter(submission__in=screened.values("pk"), set_name=TRAFFICKING)
        .order_by("created_at")
        .only("key_id", "sealed", "submission_id")
    )
    for finding, values in opened(findings):
        newest[finding.submission_id] = (values or {}).get("outcome") == Outcome.REFER
    return {pk for pk, found in newest.items() if found}


_ENDS = {"resolved": "resolved", "not_needed": "resolved", "absconded": "absconded"}


def measures_ended(table: Table, month: Month, start: datetime, end: datetime) -> Counts:
    """Measures instead of detention that ended, by whatever the table is split by.

    One function for several tables: they count the same measures and are protected as one.
    """
    rows = (
        MeasureTaken.objects.filter(until__gte=start, until__lt=end)
        .order_by()
        .values_list(
            "code", "outcome", "kept", "file__case__person__sex",
            "file__case__person__birth_year", "file__case__person__age_certainty",
        )
        .annotate(count=Count("pk"))
    )  # fmt: skip
    counted = []
    for code, outcome, kept, sex, year, certainty, count in rows:
        codes = {
            "measure": code, "outcome": _ENDS.get(outcome, "other"), "kept": kept or "kept",
            "sex": sex_code(sex), "age_group": age_code(year, certainty, month),
        }  # fmt: skip
        counted.append((tuple(codes[name] for name in table.names), count))
    return tally(counted)


def register_all() -> None:
    """Let the month's measures be counted; called once at start-up."""
    for count in (
        cases_opened, referrals_sent, referrals_received, persons_screened, measures_ended,
    ):  # fmt: skip
        sources.register(count.__name__, count)
