# SPDX-License-Identifier: EUPL-1.2
"""Verbs on alerts: check the watched series, raise alerts, review one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.routes import series
from mostovi.routes.detection_models import AlertReview, FlowAlert, SeriesCheck

# Thirty megabytes of numbers that a node waiting for people does not carry: brought in when used.
if TYPE_CHECKING:
    from mostovi.routes import detecting

AHEAD = {"month": 12, "week": 26}
RECENT = {"month": 24, "week": 104}
"""An episode that ended longer ago is in the back-test, and no longer worth an alert."""
SOURCES = (
    "Farrington et al. 1996, doi:10.2307/2983331; Noufaily et al. 2013, doi:10.1002/sim.5595; "
    "Salmon, Schumacher, Höhle 2016, doi:10.18637/jss.v070.i10; change points: Killick, Fearnhead, "
    "Eckley 2012, doi:10.1080/01621459.2012.737745 (ruptures)"
)


class NothingSaid(ValueError):
    """A review needs a verdict and its reasons."""


def watched() -> list[series.Series]:
    """The series that are checked: routes and ways as a whole, not single citizenships."""
    return [one for one in series.every() if one.code.count(":") == 1 or ":way:" in one.code]


def check_all(actor: Actor, *, rate: float, now: datetime) -> int:
    """Check every watched series and raise alerts; how many alerts are new.

    Doing it twice raises nothing twice. Raises `Refused`, `detecting.WrongRate`.
    """
    from mostovi.routes import detecting

    require(actor, Action.READ, Kind.FLOW)
    every = watched()
    results = detecting.detect_all(every, rate=rate)
    data = [
        as_data(one, result, with_forecast=True) for one, result in zip(every, results, strict=True)
    ]
    with transaction.atomic():
        new = sum(
            _keep(one, result, said, rate, now)
            for one, result, said in zip(every, results, data, strict=True)
        )
        SeriesCheck.objects.exclude(code__in=[one.code for one in every]).delete()
        record(actor, AuditTag.FLOW_CHECKED, detail={"series": len(every), "alerts": new})
    return new


def _keep(
    one: series.Series, result: detecting.Result, said: dict[str, Any], rate: float, now: datetime
) -> int:
    names = one.periods()
    SeriesCheck.objects.update_or_create(
        code=one.code,
        defaults={"rate": rate, "until": names[-1], "found": said, "made_at": now},
    )
    recent = names[max(0, len(names) - RECENT[one.period])]
    new = 0
    for episode, explained in zip(result.episodes, said["episodes"], strict=True):
        if episode.last < recent:
            continue
        _alert, made = FlowAlert.objects.update_or_create(
            code=one.code, opened=episode.opened.period,
            defaults={"last": episode.last, "alarms": episode.alarms},
            create_defaults={
                "last": episode.last, "alarms": episode.alarms, "rate": rate,
                "explanation": {**explained, "cut": said["cut"]}, "raised_at": now,
            },
        )  # fmt: skip
        new += made
    return new


def as_data(
    one: detecting.CountSeries, result: detecting.Result, *, with_forecast: bool = False
) -> dict[str, Any]:
    """A result as plain data, for the store, the command and the page."""
    from mostovi.routes import detecting, farrington

    days = farrington.calendar(one.period, one.start, len(one.counts) + AHEAD[one.period])
    names = [day.isoformat() if one.period == "week" else day.isoformat()[:7] for day in days]
    place = {name: at for at, name in enumerate(names)}
    said: dict[str, Any] = {
        "series": one.code,
        "period": one.period,
        "first": names[0],
        "until": names[len(one.counts) - 1] if one.counts else "",
        "method": detecting.METHOD,
        "sources": SOURCES,
        "cut": {
            "rate": result.cut.rate, "probability": result.cut.probability,
            "nominal": result.cut.nominal, "made_up": result.cut.made_up,
        },
        "judged": len(result.judged),
        "alarms": result.alarms,
        "episodes": [_episode(one, episode, days, place) for episode in result.episodes],
        "expected": [
            [judged.period, judged.observed, round(judged.expected, 1), judged.alarm]
            for judged in result.judged
        ],
    }  # fmt: skip
    if with_forecast:
        said["forecast"] = _forecast(one, names[len(one.counts) :])
    return said


def _episode(
    one: detecting.CountSeries,
    episode: detecting.Episode,
    days: Sequence[Any],
    place: dict[str, int],
) -> dict[str, Any]:  # fmt: skip
    from mostovi.routes import farrington

    opened = episode.opened
    at = place[opened.period]
    earlier = []
    for years in range(1, 6):
        before = farrington.year_before(days, at, years, one.period)
        if before >= 0:
            day = days[before].isoformat()
            earlier.append([day if one.period == "week" else day[:7], one.counts[before]])
    return {
        "opened": opened.period,
        "last": episode.last,
        "alarms": episode.alarms,
        "over": episode.over,
        "since": episode.since,
        "observed": opened.observed,
        "expected": round(opened.expected, 1),
        "bound": round(opened.bound),
        "probability": opened.probability,
        "dispersion": round(opened.dispersion, 1),
        "peak": episode.peak.period,
        "peak_observed": episode.peak.observed,
        "ratio": round(episode.ratio, 2),
        "earlier": earlier,
    }


def _forecast(one: detecting.CountSeries, names: Sequence[str]) -> dict[str, Any] | None:
    from mostovi.routes import detecting, forecasting

    length = detecting.IN_YEAR[one.period]
    ahead = AHEAD[one.period]
    try:
        made = forecasting.forecast(one.counts, length=length, ahead=ahead)
    except forecasting.TooShort:
        return None
    low, high = made.interval(0.95)
    inner_low, inner_high = made.interval(0.8)
    said: dict[str, Any] = {
        "months": [
            {"period": name, "middle": round(made.median[n]), "low": round(low[n]),
             "high": round(high[n]), "low80": round(inner_low[n]), "high80": round(inner_high[n])}
            for n, name in enumerate(names[:ahead])
        ],
        "scores": [],
    }  # fmt: skip
    try:
        scored = forecasting.scores(one.counts, length=length, ahead=ahead)
    except forecasting.TooShort:
        return said
    said["scores"] = [
        {"name": score.name, "origins": score.origins, "mase": round(score.mase, 2),
         "log_error": round(score.log_error, 2), "weighted": round(score.log_weighted, 3),
         "interval": round(score.log_interval, 2), "covered80": round(score.covered80, 3),
         "covered95": round(score.covered95, 3)}
        for score in scored
    ]  # fmt: skip
    return said


def alerts(actor: Actor) -> QuerySet[FlowAlert]:
    """All alerts, those that wait first. Raises `Refused`."""
    require(actor, Action.READ, Kind.FLOW)
    from django.db.models import F

    return FlowAlert.objects.order_by(F("reviewed_at").asc(nulls_first=True), "-opened", "code")


def check_of(actor: Actor, code: str) -> SeriesCheck:
    """The newest check of a series. Raises `Refused`, `SeriesCheck.DoesNotExist`."""
    require(actor, Action.READ, Kind.FLOW)
    return SeriesCheck.objects.get(code=code)


@transaction.atomic
def review(
    actor: Actor, alert: UUID, *, verdict: str, words: str, help_needed: str = "", now: datetime
) -> AlertReview:
    """Say what an alert was. Earlier reviews stay beside it.

    Raises `Refused`, `FlowAlert.DoesNotExist`, `NothingSaid`.
    """
    require(actor, Action.DECIDE, Kind.FLOW)
    found = FlowAlert.objects.select_for_update().get(pk=alert)
    if verdict not in AlertReview.Verdict.values or not words.strip():
        raise NothingSaid
    made = AlertReview.objects.create(
        alert=found, verdict=verdict, words=words.strip(), help_needed=help_needed.strip(),
        reviewed_by=actor.account, reviewed_at=now,
    )  # fmt: skip
    if verdict != AlertReview.Verdict.UNCLEAR:
        found.reviewed_at = now
        found.save(update_fields=["reviewed_at"])
    record(actor, AuditTag.FLOW_ALERT_REVIEWED, detail={"verdict": verdict})
    return made


def check_nightly(now: datetime) -> int:
    """The node's own job: check what is stored at the usual rate."""
    from mostovi.rights.purposes import Purpose

    return check_usual(Actor.system(Purpose.STATISTICS), now)


def check_usual(actor: Actor, now: datetime) -> int:
    """`check_all` at the usual rate of false alarms."""
    from mostovi.routes import detecting

    return check_all(actor, rate=detecting.DEFAULT_RATE, now=now)
