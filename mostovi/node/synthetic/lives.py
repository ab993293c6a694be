# SPDX-License-Identifier: EUPL-1.2
"""What becomes of a synthetic person at a node: whether a case is opened, how far it goes.

Pure, drawn from the person's number alone like the world itself. Decisions look at answers and
family, as an officer would, never at the hidden situation or at origin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import blake2b
from random import Random

from mostovi.node.synthetic.world import SyntheticPerson

CASE_PATH = (
    "register", "start_assessment", "make_plan", "start_services", "review", "close",
)  # fmt: skip
REFERRAL_PATH = (
    "record_consent", "send", "acknowledge", "accept", "hand_over", "call_for_feedback",
    "give_feedback", "close",
)  # fmt: skip
REFERRAL_ENDS: tuple[tuple[tuple[str, ...], float], ...] = (
    (REFERRAL_PATH, 0.72),
    (("record_consent", "send", "acknowledge", "decline"), 0.14),
    (("record_consent", "send", "acknowledge", "ask", "answer", *REFERRAL_PATH[3:]), 0.08),
    (("record_consent", "send", "acknowledge", "withdraw"), 0.06),
)
WITH_REASON = frozenset({"close", "decline", "ask", "answer", "withdraw"})
REASONS = {
    "close": "Synthetic: the aims of the plan were reached.",
    "decline": "Synthetic: no free place.",
    "ask": "Synthetic: which language does the person speak?",
    "answer": "Synthetic: as written in the referral.",
    "withdraw": "Synthetic: the person changed their mind.",
}
"""Words that no one could take for real ones."""

CASE_WHEN_CALLED_FOR, CASE_OTHERWISE = 0.9, 0.1
SUBMITTED, SUBMITTED_WITHOUT_CASE = 0.85, 0.25
LONGEST_STEP = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Dated:
    """A step and when it was taken."""

    verb: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Life:
    """What happened to one person at the node. Times are aware, all before `until`."""

    met_at: datetime
    screened: bool
    case_type: str | None
    urgency: str
    needs: tuple[str, ...]
    case_steps: tuple[Dated, ...]
    referral_at: datetime | None
    referral_steps: tuple[Dated, ...]


def life_of(
    person: SyntheticPerson, *, seed: int, until: datetime, case_share: float | None = None
) -> Life:
    """The life of `person` at its node up to `until`.

    case_share: the share of people who get a case whatever their answers; None opens cases as the
    answers call for it.
    """
    material = f"{seed}/life/{person.number}".encode()
    # Not for secrets: the same seed has to give the same lives.
    random = Random(int.from_bytes(blake2b(material, digest_size=8).digest()))  # noqa: S311
    minutes = 7 * 60 + int(random.random() * 13 * 60)
    day = datetime.combine(person.first_contact, time(), tzinfo=UTC)
    met_at = min(day + timedelta(minutes=minutes), until - timedelta(hours=1))
    called_for = case_type(person)
    drawn = random.random()
    natural = CASE_WHEN_CALLED_FOR if called_for else CASE_OTHERWISE
    has_case = drawn < (natural if case_share is None else case_share)
    kind = (called_for or "other_vulnerable_adult") if has_case else None
    screened = random.random() < (SUBMITTED if has_case else SUBMITTED_WITHOUT_CASE)
    steps = _steps(CASE_PATH, met_at, until, random) if has_case else ()
    referral_at, referral = _referral(steps, until, random)
    return Life(
        met_at, screened, kind, _urgency(person), needs(person), steps, referral_at, referral
    )


def case_type(person: SyntheticPerson) -> str | None:
    """The kind of case the answers call for, as `content/cases/case_types.yaml` codes it."""
    if person.household_kind == "unaccompanied_child":
        return "unaccompanied_child"
    if person.household_kind == "siblings_without_parents":
        return "separated_child"
    if signs(person, "exploitation") >= 2 and (
        person.is_child or signs(person, "coercion_at_destination") >= 2
    ):
        return "possible_victim_of_trafficking"
    said = person.screening
    if said["journey/harm_on_journey"] == "yes" and said["journey/afraid_of_company"] == "yes":
        return "survivor_of_violence"
    if said["journey/cares_alone"] == "yes":
        return "family"
    if said["health/needs_daily_support"] == "yes":
        return "other_vulnerable_adult"
    return None


def signs(person: SyntheticPerson, dimension: str) -> int:
    """How many questions of a dimension were answered yes."""
    return sum(
        answer == "yes" and path.startswith(f"{dimension}/")
        for path, answer in (person.trafficking or {}).items()
    )


def needs(person: SyntheticPerson) -> tuple[str, ...]:
    """Needs by the answers, as the referral's profile codes them."""
    said = person.screening
    found = []
    if said["support/safe_place_tonight"] == "no":
        found.append("shelter")
    if said["health/health_need"] == "yes":
        found.append("medical")
    if said["journey/harm_on_journey"] == "yes":
        found.append("mental_health")
    if person.is_alone_child:
        found += ["guardianship", "child_protection"]
    if said["support/knows_options"] == "no":
        found.append("legal_aid")
    return tuple(found or ["interpretation"])


def _urgency(person: SyntheticPerson) -> str:
    said = person.screening
    if "yes" in (said["danger/doctor_now"], said["danger/controller_near"]):
        return "emergency"
    if said["danger/afraid_now"] == "yes" or person.is_alone_child:
        return "urgent"
    return "soon" if said["support/safe_place_tonight"] == "no" else "routine"


def _steps(
    path: Sequence[str], begin: datetime, until: datetime, random: Random
) -> tuple[Dated, ...]:
    """Steps one after another, until time or patience runs out."""
    steps: list[Dated] = []
    at = begin
    for verb in path:
        at += LONGEST_STEP * (random.random() ** 2) + timedelta(minutes=5)
        if at >= until or (steps and random.random() < 0.06):
            break
        steps.append(Dated(verb, at))
    return tuple(steps)


def _referral(
    case_steps: Sequence[Dated], until: datetime, random: Random
) -> tuple[datetime | None, tuple[Dated, ...]]:
    """A finished referral during the services, for some; unfinished ones need a real peer."""
    began = next((s.at for s in case_steps if s.verb == "start_services"), None)
    share, ending = random.random(), random.random()
    if began is None or share >= 0.25:
        return None, ()
    path: tuple[str, ...] = REFERRAL_PATH
    for candidate, weight in REFERRAL_ENDS:
        if ending < weight:
            path = candidate
            break
        ending -= weight
    steps, at = [], began
    for verb in path:
        at += timedelta(hours=1 + random.random() * 30)
        steps.append(Dated(verb, at))
    return (began, tuple(steps)) if at < until else (None, ())
