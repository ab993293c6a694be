# SPDX-License-Identifier: EUPL-1.2
"""What `tracing` answers to the packages beneath it: gates, consents, disclosures, erasure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from mostovi.cases import recording, sections
from mostovi.cases.models import Case
from mostovi.exchange.profiles import profile
from mostovi.people import consent_listeners, consenting, disclosures, keeping
from mostovi.people import sharing as people_sharing
from mostovi.people.models import Consent, ConsentEvent, Person
from mostovi.procedures import gates
from mostovi.procedures.models import Instance
from mostovi.procedures.state import GateAnswer
from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import opened
from mostovi.tracing import answering, indexing, joining, letters, reach, requesting, vocabulary
from mostovi.tracing.models import (
    Asked,
    NotAgain,
    SafetyNote,
    Side,
    Sought,
    TracingMatch,
    TracingRequest,
)
from mostovi.tracing.telling import permission_of, person_of
from mostovi.tracing.vocabulary import MATCH, MATCH_FIELDS, SEARCH, SEARCH_FIELDS

BEST_INTERESTS = ("best_interests_determination", "best_interests_assessment")


def register() -> None:
    """Called once when the node starts."""
    letters.register()
    gates.register("tracing", "enquirer_consent", enquirer_consent)
    gates.register("tracing_match", "sought_consent", sought_consent)
    gates.register("tracing_match", "answers_revealed", answers_revealed)
    gates.register("tracing_match", "best_interests", best_interests)
    gates.register("tracing_match", "preparations_done", preparations_done)
    people_sharing.register_profiles(profiles)
    disclosures.register(disclosed)
    consent_listeners.register(consent_ended)
    keeping.register_eraser(erase_of_person)
    keeping.register_copier(copied)
    answering.register_conflict(guardian_conflict)
    sections.register(45, case_section)
    _register_seekers()


def _register_seekers() -> None:
    """A child's guardian who is also the one who searches is told apart by the children package."""
    from mostovi.cases.children import guardians

    guardians.register_seekers(seekers_within)


def case_section(actor: Actor, case: Case, now: datetime) -> sections.Section | None:
    """The case page's block: the person's own searches, or the way to begin one."""
    if not decide(actor, Action.READ, Kind.TRACING).allowed:
        return None
    if case.purpose != Purpose.PROTECTION.value or case.person.erased_at is not None:
        return None
    rows = list(reach.requests(actor).filter(case=case).order_by("-created_at")[:1])
    if rows:
        url = reverse("tracing:request", args=[rows[0].code])
        line = (_("Last change"), rows[0].changed_at)
        return sections.Section(
            "tracing", _("Family tracing"), lines=[line], url=url, verb=_("Open the search")
        )
    if not decide(actor, Action.CREATE, Kind.TRACING).allowed:
        return None
    url = f"{reverse('tracing:new')}?case={case.code}"
    return sections.Section(
        "tracing", _("Family tracing"), url=url, verb=_("Begin a search for family")
    )


# --- Gates ---------------------------------------------------------------------------------------


def enquirer_consent(instance: Instance, now: datetime) -> GateAnswer:
    """The searching person agreed to at least one comparison."""
    row = Sought.objects.select_related("request__person").get(pk=instance.subject)
    return GateAnswer(is_open=requesting.may_begin(row, now))


def _match(instance: Instance) -> TracingMatch:
    rows = TracingMatch.objects.select_related("person", "sought__request__person")
    return rows.get(pk=instance.subject)


def sought_consent(instance: Instance, now: datetime) -> GateAnswer:
    """The sought person's own consent stands (R2); within this node the recorded answer."""
    match = _match(instance)
    if match.peer == reach.us():
        return GateAnswer(is_open=match.answer in {"yes", "safe_word"})
    permission = permission_of(match, now)
    return GateAnswer(is_open=permission.allowed)


def answers_revealed(instance: Instance, now: datetime) -> GateAnswer:
    """Both sides' answers are here, each bound before it saw the other's."""
    return GateAnswer(is_open=joining.both_revealed(_match(instance)))


def best_interests(instance: Instance, now: datetime) -> GateAnswer:
    """For our child an assessment that counts; for two adults nothing; else the other side's."""
    match = _match(instance)
    person = person_of(match)
    if not consenting.is_child(person, now):
        if match.other_is_child:
            return GateAnswer(False, _("The child is cared for by the other institution."))
        return GateAnswer(True)
    cases = Case.objects.filter(person=person, purpose=Purpose.PROTECTION.value)
    known = set(recording.kinds())
    found = any(
        recording.latest(case, kind) is not None
        for case in cases
        for kind in BEST_INTERESTS
        if kind in known
    )
    return GateAnswer(found, "" if found else _("Write it in the child's case."))


def preparations_done(instance: Instance, now: datetime) -> GateAnswer:
    """What is required is done at both ends."""
    match = _match(instance)
    other = Side.SEEKER if match.side == Side.HOLDER else Side.HOLDER
    here = vocabulary.required(match.side) <= set(match.done_here)
    there = vocabulary.required(other) <= set(match.done_there)
    return GateAnswer(here and there)


# --- Guardians -----------------------------------------------------------------------------------


def seekers_within(child: Person) -> Collection[UUID]:
    """Who seeks this child in a search of this node: the persons who search, the accounts of their
    guardians, and the accounts that wrote the searches down."""
    within = TracingMatch.objects.filter(
        side=Side.HOLDER, peer=reach.us(), person=child, ended_at=None
    ).values_list("reference", flat=True)
    rows = Asked.objects.filter(peer=reach.us(), reference__in=list(within)).values_list(
        "sought__request__person", "sought__request__person__guardian_account",
        "sought__request__created_by",
    )  # fmt: skip
    return {one for row in rows for one in row if one is not None}


def guardian_conflict(child: Person, label: Mapping[str, Any]) -> str:
    """The child's guardian is who searches, is named in the search, or has another conflict."""
    from mostovi.cases.children import guardians
    from mostovi.cases.children.guardianship import Consenter

    if guardians.who_consents_for(child) is Consenter.ANOTHER:
        return "guardian_conflict"
    held = child.guardian_appointments.filter(until_day=None)
    names = [(words or {}).get("name", "") for _, words in opened(held)]
    return "guardian_in_search" if any(answering.named(label, name) for name in names) else ""


# --- Consent -------------------------------------------------------------------------------------


def profiles(language: str) -> Sequence[people_sharing.Profile]:
    """What a consent for a search, and one of a sought person, can name."""
    with override(language):
        search = [
            ("enquirer", _("That you search, and who you are to the person")),
            ("sought", _("Whom you look for: names, age, places, and relatives' names")),
            ("answers", _("Your answers to questions that only family can know")),
            ("text", _("How and when you want contact")),
        ]
        match = [
            ("found", _("That you are here, and your name as registered")),
            ("message", _("Your message")),
            ("answers", _("Your answers to questions that only family can know")),
            ("text", _("How and when you want contact")),
        ]
        titles = {code: _(profile(code).schema["title"]) for code in (SEARCH, MATCH)}
    assert {name for name, _words in search} == set(SEARCH_FIELDS)  # noqa: S101 - one list
    assert {name for name, _words in match} == set(MATCH_FIELDS)  # noqa: S101 - one list
    return [
        people_sharing.Profile(SEARCH, titles[SEARCH], Purpose.PROTECTION, search),
        people_sharing.Profile(MATCH, titles[MATCH], Purpose.PROTECTION, match),
    ]


def consent_ended(consent: Consent, event: ConsentEvent) -> None:
    """A consent was withdrawn: searches leave the rounds with that node, matches stop (R2)."""
    if consent.purpose != Purpose.PROTECTION.value:
        return
    joining.consent_ended(consent.receiver, consent.person_id, event.at)
    requesting.consent_ended(consent, event.at)


# --- The person's rights -------------------------------------------------------------------------


def disclosed(person: Person) -> Sequence[disclosures.Disclosure]:
    """To whom a person's search was offered, sealed; and who was told that they agreed (R8)."""
    asked = Asked.objects.filter(sought__request__person=person).exclude(peer=reach.us())
    told = TracingMatch.objects.filter(
        side=Side.HOLDER, person=person, answer__in=["yes", "safe_word"]
    ).exclude(peer=reach.us())
    return [
        *(
            disclosures.Disclosure(
                receiver=one.peer, at=one.first_at, purpose="protection",
                fields=["enquirer", "sought"], basis="consent", state="searching",
            )
            for one in asked
        ),
        *(
            disclosures.Disclosure(
                receiver=one.peer, at=one.changed_at, purpose="protection",
                fields=["found", "message"], basis="consent", state=one.procedure.state,
                withdrawn=one.procedure.state == "withdrawn",
            )
            for one in told.select_related("procedure")
        ),
    ]  # fmt: skip


def copied(person: Person) -> tuple[str, object]:
    """The person's own searches and safety notes. Who looks for the person is not among them:
    that is the other person's."""
    searches = TracingRequest.objects.filter(person=person)
    return "family_searches", {
        "searches": [
            {
                "code": row.code,
                "made_at": row.created_at.isoformat(),
                "circumstances": (values or {}).get("circumstances", ""),
                "sought": [
                    {"relation": one.row.relation, "state": one.row.procedure.state, **one.values}
                    for one in requesting.sought_of(row)
                ],
            }
            for row, values in opened(searches)
        ],
        "safety_notes": [
            {"at": row.at.isoformat(), "text": text} for row, text in answering.safety_notes(person)
        ],
    }


def erase_of_person(person: Person) -> None:
    """Out of the index and every round; searches are withdrawn, matches end at both sides (R8)."""
    actor, now = Actor.system(Purpose.PROTECTION), _now()
    indexing.remove([person.pk])
    live = Sought.objects.filter(request__person=person, ended_at=None)
    for row in live.select_related("procedure", "request__person"):
        if not requesting.follow(actor, row, "withdraw", now, reason="erased"):
            requesting.stop(actor, row, now)
    mine = TracingMatch.objects.filter(person=person, side=Side.HOLDER, ended_at=None)
    for match in mine.select_related("procedure", "person"):
        joining.end_for_erasure(actor, match, now)
    NotAgain.objects.filter(person=person).delete()
    SafetyNote.objects.filter(person=person).delete()


def _now() -> datetime:
    from django.utils import timezone

    return timezone.now()
