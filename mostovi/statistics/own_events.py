# SPDX-License-Identifier: EUPL-1.2
"""This node's own records as statistical events: read where they lie, kept nowhere.

A source is registered for each kind of event and reads only what may be counted without opening a
file (`Governance`: the purpose statistics). So citizenship, which lies sealed in the person's
file, is not known here, and nothing is counted of records that are held for protection alone:
guardians, decisions on who is a victim, family searches. To count them is a decision about rights,
not a line of code. Victims and proceedings come from numbers that investigators record.

The one look into something sealed is the one that `counting` makes too: whether a finding found
reasonable grounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from mostovi.cases.alternatives.models import MeasureTaken
from mostovi.cases.models import Case, Direction
from mostovi.rights.vault import vault
from mostovi.routes.incidents import outcomes
from mostovi.screening.models import Submission
from mostovi.statistics import counting
from mostovi.statistics.events import KEY, KEY_STEPS, Event, age_group
from mostovi.statistics.months import Month

RECORD: Final = "record"
"""What a source calls its record by, for the record's key; it is not part of the event."""
AT: Final = "at"
"""The moment of the event; of it only the month is kept."""
SEALED: Final = frozenset({"citizenship"})
"""Columns that no source knows, because they lie sealed in a person's file."""
Found = Mapping[str, Any]
Source = Callable[[datetime, datetime], Iterable[Found]]
"""Events from a moment up to another, each with `RECORD`, `AT` and columns of `events`."""
_sources: dict[str, Source] = {}


def register(kind: str, source: Source) -> None:
    """Let `source` answer for events of `kind`. A second one for a kind replaces the first."""
    _sources[kind] = source


def kinds() -> frozenset[str]:
    """The kinds of event that this node's records tell of."""
    return frozenset(_sources)


def events(
    first: Month, last: Month | None = None, wanted: Iterable[str] | None = None
) -> Iterator[Event]:
    """This node's events of the months from `first` to `last`, of the `wanted` kinds or of all."""
    zone = timezone.get_default_timezone()
    start, end = first.bounds(zone)[0], (last or first).bounds(zone)[1]
    for kind in sorted(_sources.keys() if wanted is None else _sources.keys() & set(wanted)):
        for found in _sources[kind](start, end):
            yield {
                **{name: value for name, value in found.items() if name not in {RECORD, AT}},
                "event": kind,
                "month": str(Month.of(timezone.localdate(found[AT], zone))),
                "partner": settings.MOSTOVI.partner,
                KEY: _key(kind, str(found[RECORD])),
            }


def _key(kind: str, record: str) -> float:
    """The record's key: secret, and the same in every table and every revision."""
    blind = vault().blind(f"statistics record:{kind}:{record}")
    return int.from_bytes(blind[:3], "big") / KEY_STEPS


def sex(value: str | None) -> str | None:
    """A recorded sex as events have it; answers that few give are one code together."""
    if value in {"female", "male"}:
        return value
    return None if value in {None, "", "unknown", "not_asked"} else "other"


def age(birth_year: int | None, certainty: str | None, at: datetime) -> str | None:
    """The age group in the year `at`, on the younger side; an age in doubt is a child's (R7)."""
    if birth_year is None:
        return "16-17" if certainty == "doubted" else None
    years = max(0, at.year - birth_year - 1)
    return age_group(min(years, 17) if certainty == "doubted" else years)


CHILDREN_ALONE: Final = frozenset({"unaccompanied_child"})
_NEEDS: Final = {
    "unaccompanied_child": "child", "separated_child": "child", "survivor_of_violence": "violence",
    "possible_victim_of_trafficking": "trafficking",
}  # fmt: skip
"""Vulnerability by the case's type, a code in clear. No type says 'none'."""
_PERSON: Final = ("sex", "birth_year", "age_certainty")


def _person(path: str) -> list[str]:
    return [f"{path}{name}" for name in _PERSON]


def _of(record: object, at: datetime, person: Sequence[Any]) -> dict[str, Any]:
    recorded, year, certainty = person
    return {RECORD: record, AT: at, "sex": sex(recorded), "age_group": age(year, certainty, at)}


def cases_opened(start: datetime, end: datetime) -> Iterator[Found]:
    """Cases by the month they were opened in."""
    for pk, at, case_type, *person in _cases(start, end).values_list(
        "pk", "opened_at", "case_type", *_person("person__")
    ):
        yield {
            **_of(pk, at, person),
            "vulnerability": _NEEDS.get(case_type, "other"),
            "unaccompanied": "yes" if case_type in CHILDREN_ALONE else "no",
        }


def children_alone(start: datetime, end: datetime) -> Iterator[Found]:
    """Cases of unaccompanied children, by the month they were opened in."""
    chosen = _cases(start, end).filter(case_type__in=CHILDREN_ALONE)
    for pk, at, *person in chosen.values_list("pk", "opened_at", *_person("person__")):
        yield {**_of(pk, at, person), "unaccompanied": "yes"}


def _cases(start: datetime, end: datetime) -> QuerySet[Case]:
    return Case.objects.filter(opened_at__gte=start, opened_at__lt=end).order_by()


def screened(start: datetime, end: datetime) -> Iterator[Found]:
    """Screenings, the latest edit of each once; sex and age if it led to a case."""
    chosen = Submission.objects.filter(
        current=True, complete=True, received_at__gte=start, received_at__lt=end
    )
    people = {
        row[0]: row[1:]
        for row in Case.objects.filter(submission_id__in=chosen.values("pk")).values_list(
            "submission_id", "case_type", *_person("person__")
        )
    }
    grounds = counting.with_grounds(chosen)
    for pk, at in chosen.values_list("pk", "received_at"):
        case_type, *person = people.get(pk, ("", None, None, None))
        yield {
            **_of(pk, at, person),
            "outcome": "grounds" if pk in grounds else "none",
            "vulnerability": _NEEDS.get(case_type, "other") if case_type else None,
        }


def referrals_sent(start: datetime, end: datetime) -> Iterator[Found]:
    """Referrals that left, with the answer known now."""
    sent = counting.referrals(Direction.SENT, start, end).annotate(
        accepted=counting.accepted_once()
    )
    for pk, at, accepted, *person in sent.values_list(
        "pk", "created_at", "accepted", *_person("case__person__")
    ):
        yield {**_of(pk, at, person), "outcome": "accepted" if accepted else "other"}


def referrals_received(start: datetime, end: datetime) -> Iterator[Found]:
    """Referrals that arrived; whom they are about is not opened in order to count."""
    found = counting.referrals(Direction.RECEIVED, start, end).annotate(
        accepted=counting.accepted_once()
    )
    for pk, at, accepted in found.values_list("pk", "created_at", "accepted"):
        yield {RECORD: pk, AT: at, "outcome": "accepted" if accepted else "other"}


_ENDS: Final = {"resolved": "resolved", "not_needed": "resolved", "absconded": "absconded"}


def measures_ended(start: datetime, end: datetime) -> Iterator[Found]:
    """Measures instead of detention, by the month they ended in."""
    rows = MeasureTaken.objects.filter(until__gte=start, until__lt=end).order_by()
    for pk, at, code, outcome, *person in rows.values_list(
        "pk", "until", "code", "outcome", *_person("file__case__person__")
    ):
        yield {**_of(pk, at, person), "measure": code, "outcome": _ENDS.get(outcome, "other")}


def register_all() -> None:
    """Let this node's records be counted as events; called once at start-up."""
    register("case_opened", cases_opened)
    register("child_alone_registered", children_alone)
    register("screened", screened)
    register("referral_sent", referrals_sent)
    register("referral_received", referrals_received)
    register("measure_ended", measures_ended)
    for kind, source in outcomes.SOURCES.items():
        register(kind, source)
