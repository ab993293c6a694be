# SPDX-License-Identifier: EUPL-1.2
"""Loads the synthetic world into this node's database, in batches, marked synthetic.

Everything goes the way real data goes (`people.services.register_many`, `procedures.past`), sealed
under keys of its own; only cases, screenings and finished referrals are written in bulk here,
because their verbs take one at a time. One batch is one transaction: a load that is broken off
leaves whole families and can be continued.
"""

from __future__ import annotations

import gc
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass, replace
from dataclasses import fields as fields_of
from datetime import date, datetime, timedelta
from functools import cache, partial
from itertools import cycle, islice
from multiprocessing import get_context
from multiprocessing.pool import Pool
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mostovi.cases import sharing
from mostovi.cases.models import Case, CaseNote, Direction, Referral
from mostovi.cases.vocabulary import REQUEST, Service, services
from mostovi.node import planner
from mostovi.node.config import PARTNERS
from mostovi.node.models import Membership
from mostovi.node.synthetic import bulk
from mostovi.node.synthetic.lists import Lists, Weighted, shipped
from mostovi.node.synthetic.lives import REASONS, WITH_REASON, Dated, Life, life_of
from mostovi.node.synthetic.world import BLOCK, SyntheticPerson, World
from mostovi.people import codes, consent_texts, names
from mostovi.people.models import Consent, ConsentEvent, FamilyLink, Person
from mostovi.people.services import Draft, register_many
from mostovi.procedures.models import Instance
from mostovi.procedures.past import Past, PastStep, take_in
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.bulk import insert, new_id
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.services import record
from mostovi.rights.vault import vault
from mostovi.screening.indicator_files import sets_for_form
from mostovi.screening.models import Finding, Form, FormVersion, Submission
from mostovi.screening.scoring import score

logger = logging.getLogger(__name__)

DEFAULT_SEED = 20231
BATCH = 16 * BLOCK
"""People in one transaction; a whole number of blocks, so that no family is cut."""
MANY = 20_000
"""From this many on, a second processor draws and what slows writing down is put off."""
RANGE = 1_000_000
"""Each partner's node has its own range of numbers in the one region of a seed."""
FIRST_CONTACT, TRAFFICKING = "screening_first_contact", "screening_trafficking"
SHARED = ("subject", "names", "sex", "languages", "summary")
CONSENT_LASTS = timedelta(days=365)

Progress = Callable[[int], None]
_Draw = Callable[[Iterable[tuple[int, int]]], Iterator[list["_Drawn"]]]
_Pairs = list[tuple[Any, Mapping[str, Any]]]


class NotForSynthetic(Exception):
    """This node must not hold invented people; the message says why."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows were added."""

    people: int = 0
    cases: int = 0
    referrals: int = 0
    submissions: int = 0

    def __add__(self, other: Loaded) -> Loaded:
        return Loaded(
            self.people + other.people,
            self.cases + other.cases,
            self.referrals + other.referrals,
            self.submissions + other.submissions,
        )


@dataclass(frozen=True, slots=True)
class _Filled:
    """A form that was filled, with what each indicator set says: name, version, digest, finding."""

    form_id: str
    body: str
    findings: tuple[tuple[str, str, str, Mapping[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A synthetic person as drawn: all that needs no database."""

    person: SyntheticPerson
    draft: Draft
    life: Life
    forms: tuple[_Filled, ...]


@dataclass(frozen=True, slots=True)
class _Met:
    """A synthetic person with the file that was opened and what becomes of them."""

    person: SyntheticPerson
    file: Person
    draft: Draft
    life: Life
    forms: tuple[_Filled, ...]
    actor: Actor


@dataclass(frozen=True, slots=True)
class _Plan:
    """Draws people with their lives and screenings, a batch at a time."""

    world: World
    seed: int
    until: datetime
    case_share: float | None

    def batch(self, place: tuple[int, int]) -> list[_Drawn]:
        """The people from number `place[0]` on, `place[1]` of them."""
        start, size = place
        return [self._drawn(person) for person in self.world.people(size, start=start)]

    def _drawn(self, person: SyntheticPerson) -> _Drawn:
        life = life_of(person, seed=self.seed, until=self.until, case_share=self.case_share)
        return _Drawn(person, draft_of(person), life, tuple(_filled(person, life)))


@contextmanager
def _drawing(plan: _Plan, *, ahead: bool) -> Iterator[_Draw]:
    """`plan.batch` of each place; `ahead`: by another process while this one seals and writes."""
    if not ahead:
        yield lambda places: map(plan.batch, places)
        return
    # The other process must not hold the database that this one writes.
    connection.close()
    with get_context("fork").Pool(1) as pool:
        yield partial(_drawn_ahead, pool, plan)


def _drawn_ahead(
    pool: Pool, plan: _Plan, wanted: Iterable[tuple[int, int]]
) -> Iterator[list[_Drawn]]:
    places = iter(wanted)
    ahead = deque(pool.apply_async(plan.batch, (place,)) for place in islice(places, 4))
    while ahead:
        drawn = ahead.popleft().get()
        ahead.extend(pool.apply_async(plan.batch, (place,)) for place in islice(places, 1))
        yield drawn


def load(
    people: int,
    *,
    seed: int = DEFAULT_SEED,
    now: datetime | None = None,
    case_share: float | None = None,
    progress: Progress | None = None,
) -> Loaded:
    """Add the next `people` of the seed's world to this node.

    progress is called with the number loaded so far. Raises `NotForSynthetic` on a node that is
    no demonstration or holds no persons.
    """
    _refuse_real_nodes()
    moment = now or timezone.now()
    partner = settings.MOSTOVI.partner
    world = World(_of_partner(shipped(), partner), seed=seed, on=timezone.localdate(moment))
    start = list(PARTNERS).index(partner) * RANGE + _already(seed)
    plan = _Plan(world, seed, moment, case_share)
    total, turn = Loaded(), cycle(_actors())
    large = people >= MANY
    with _collector_paused() as collect, _drawing(plan, ahead=large) as draw, \
            bulk.hurried(defer=large):  # fmt: skip
        for batch in draw(_batches(start, people)):
            total += _load_batch(next(turn), batch, now=moment)
            collect()
            if progress is not None:
                progress(total.people)
    planner.inform()
    record(
        Actor.system(Purpose.GOVERNANCE),
        AuditTag.SYNTHETIC_LOADED,
        detail={"people": total.people, "cases": total.cases, "seed": seed},
    )
    return total


@contextmanager
def _collector_paused() -> Iterator[Callable[[], int]]:
    """Rows are freed by counting; looking for cycles at every allocation takes a sixth of the time.

    What cycles there are go once a batch, by the function given.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield lambda: gc.collect(1)
    finally:
        if was_on:
            gc.enable()


def _refuse_real_nodes() -> None:
    if not settings.MOSTOVI.demo:
        raise NotForSynthetic(
            "This node is no demonstration: invented people must not stand among real ones. "
            "Make a demonstration node with 'mostovi init --demo' or 'mostovi demo'."
        )
    if not settings.MOSTOVI.holds_persons:
        raise NotForSynthetic("This node holds no persons.")


def _of_partner(lists: Lists, partner: str) -> Lists:
    """The lists with the routes that reach this partner; others when it has none of its own."""
    here = [route for route in lists.routes.options if route.partner == partner]
    if not here:
        return lists
    return replace(lists, routes=Weighted(here, [lists.routes.share_of(r) for r in here]))


def _already(seed: int) -> int:
    """How many people of this world are here: the world continues where it stopped."""
    return Person.objects.filter(synthetic=True).count()


def _batches(start: int, people: int) -> Iterator[tuple[int, int]]:
    """Start and size of each batch; but for the first and last, whole ones."""
    end = start + people
    while start < end:
        size = min(BATCH - start % BATCH, end - start)
        yield start, size
        start += size


def _actors() -> list[Actor]:
    """Who meets people here: the social workers, in turn; the node itself where there are none."""
    held = Membership.objects.current().filter(role=Role.SOCIAL_WORKER.value)
    found = [
        Actor(row.account_id, Role.SOCIAL_WORKER, Purpose.PROTECTION, row.unit)
        for row in held.order_by("unit", "pk")
    ]
    system = Actor.system(Purpose.PROTECTION)
    return found or [replace(system, unit=unit) for unit in settings.MOSTOVI.units]


@transaction.atomic
def _load_batch(actor: Actor, people: Sequence[_Drawn], *, now: datetime) -> Loaded:
    files = register_many(actor, [drawn.draft for drawn in people], now=now)
    met = [
        _Met(drawn.person, file, drawn.draft, drawn.life, drawn.forms, actor)
        for drawn, file in zip(people, files, strict=True)
    ]
    _date_back(met)
    _link_families(met)
    submissions, screened = _screenings(met)
    cases = _open_cases(actor, met, submissions, now)
    referrals = _refer(actor, met, cases, now)
    return Loaded(len(files), len(cases), referrals, screened)


# --- People ------------------------------------------------------------------------------------


def draft_of(person: SyntheticPerson) -> Draft:
    """What is known about a synthetic person, as a file takes it."""
    single: dict[str, Any] = {
        "birth": {
            "precision": person.birth.precision,
            "year": person.birth.year,
            "month": person.birth.month,
            "day": person.birth.day,
            "doubted": person.birth.doubted,
        },
        "sex": person.sex,
        "citizenships": [person.origin],
        "languages": [code for code in person.languages if code != "other"],
        "interpreter": "yes",
        "notes": "Synthetic person. Not a real case.",
    }
    contacts = (
        [{"kind": "phone", "value": person.phone, "safe": person.phone_safe}]
        if person.phone
        else []
    )
    family = [
        {
            "relation": relative.relation,
            "name": relative.name,
            "travelling_together": relative.travelling_together,
            "whereabouts_known": relative.whereabouts_known,
        }
        for relative in person.relatives
    ]
    spelled = [
        {"parts": name.parts, "script": name.script, "usage": name.usage, "order": name.order}
        for name in person.names
    ]
    return Draft(single, spelled, contacts, family, synthetic=True)


def _date_back(met: Sequence[_Met]) -> None:
    """Files were opened when people came, not all today."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE people_person SET created_at = %s, changed_at = %s WHERE id = %s",
            [(_stored(m.life.met_at), _stored(m.life.met_at), _key(m.file.pk)) for m in met],
        )


def _link_families(met: Sequence[_Met]) -> None:
    """Tie relatives to each other's files; those of the batch's end stay names only."""
    files = {m.person.number: m.file for m in met}
    wanted = {
        (m.file.pk, position): files[relative.number].pk
        for m in met
        for position, relative in enumerate(m.person.relatives)
        if relative.number in files
    }
    rows = FamilyLink.objects.filter(person__in=[m.file.pk for m in met if m.person.relatives])
    pairs = [
        (_key(wanted[person, position]), _key(pk))
        for pk, person, position in rows.values_list("pk", "person_id", "position")
        if (person, position) in wanted
    ]
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE people_familylink SET other_id = %s WHERE id = %s", pairs)


def _key(identifier: UUID) -> Any:
    """A UUID as the database's driver takes it."""
    return identifier if connection.features.has_native_uuid_field else identifier.hex


def _stored(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


# --- Screenings --------------------------------------------------------------------------------


def _screenings(met: Sequence[_Met]) -> tuple[dict[int, Submission], int]:
    """Submissions with findings: by number of the person the one a case rests on, and how many."""
    versions = _versions()
    chosen = [(m, form) for m in met for form in m.forms if form.form_id in versions]
    own_keys = iter(vault().new_keys(sum(1 for m, _ in chosen if m.life.case_type is None)))
    leading: dict[int, Submission] = {}
    rows: list[tuple[Submission, str]] = []
    findings: list[tuple[Finding, Mapping[str, Any]]] = []
    for m, form in chosen:
        key_id = m.file.key_id if m.life.case_type else next(own_keys)
        instance_id = f"uuid:{new_id()}"
        version = versions[form.form_id]
        submission = Submission(
            id=new_id(), key_id=key_id, version=version, purpose=m.actor.purpose.value,
            unit=m.actor.unit, owner=m.actor.account, instance_id=instance_id, complete=True,
            channel="device", received_at=m.life.met_at,
            led_to_case=m.life.case_type is not None,
        )  # fmt: skip
        submission.root_id = submission.pk
        rows.append((submission, instance_xml(version, form.body, instance_id)))
        leading[m.person.number] = submission
        findings += _findings(submission, form, m)
    _seal([(row, {"xml": xml}) for row, xml in rows])
    _seal(findings)
    insert([row for row, _ in rows])
    insert([row for row, _ in findings])
    return leading, len(rows)


def _versions() -> dict[str, FormVersion]:
    forms = Form.objects.filter(form_id__in=[FIRST_CONTACT, TRAFFICKING])
    return {form.form_id: form.current for form in forms.prefetch_related("versions")}


def _filled(person: SyntheticPerson, life: Life) -> Iterator[_Filled]:
    """The forms that were filled about a person."""
    answered = []
    if life.screened:
        answered.append((FIRST_CONTACT, person.screening))
    if person.trafficking is not None:
        answered.append((TRAFFICKING, person.trafficking))
    for form_id, answers in answered:
        said = {path: str(answer) for path, answer in answers.items()}
        findings = tuple(
            (chosen.name, chosen.version, chosen.digest,
             plain(score(chosen, said, person.first_contact)))
            for chosen in sets_for_form(form_id)
        )  # fmt: skip
        yield _Filled(form_id, instance_body(answers), findings)


def _findings(
    submission: Submission, form: _Filled, m: _Met
) -> list[tuple[Finding, Mapping[str, Any]]]:
    found = []
    for name, version, digest, values in form.findings:
        row = Finding(
            id=new_id(), key_id=submission.key_id, submission=submission, set_name=name,
            set_version=version, set_digest=digest, created_at=m.life.met_at,
            created_by=m.actor.account,
        )  # fmt: skip
        found.append((row, values))
    return found


def plain(value: Any) -> Any:
    """What `to_json` of a finding gives, without `asdict`'s deep copies (a quarter of its time)."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is tuple:
        return [plain(item) for item in value]
    if own := _names(kind):  # type: ignore[arg-type]
        return {name: plain(getattr(value, name)) for name in own}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, date) else value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(found.name for found in fields_of(kind)) if is_dataclass(kind) else ()


def instance_body(answers: Mapping[str, str | int]) -> str:
    """The answers as the groups of an OpenRosa instance."""
    groups: dict[str, list[str]] = {}
    for path, answer in answers.items():
        group, _, question = path.partition("/")
        line = f"<{question}>{escape(str(answer))}</{question}>"
        groups.setdefault(group, []).append(line)
    return "".join(f"<{group}>{''.join(lines)}</{group}>" for group, lines in groups.items())


def instance_xml(version: FormVersion, body: str, instance_id: str) -> str:
    """The OpenRosa instance a device would have sent."""
    return (
        f"<data id={quoteattr(version.form.form_id)} version={quoteattr(version.version)}>"
        f"{body}<meta><instanceID>{instance_id}</instanceID></meta></data>"
    )


def _seal(pairs: Sequence[tuple[Any, Mapping[str, Any]]]) -> None:
    sealed = vault().seal_many([(row.key_id, row.seal_context, values) for row, values in pairs])
    for (row, _), text in zip(pairs, sealed, strict=True):
        row.sealed = text


# --- Cases -------------------------------------------------------------------------------------


def _open_cases(
    actor: Actor, met: Sequence[_Met], submissions: Mapping[int, Submission], now: datetime
) -> dict[int, Case]:
    chosen = [m for m in met if m.life.case_type is not None]
    identifiers = [new_id() for _ in chosen]
    instances = take_in(
        actor,
        [
            Past(
                "case", "institution", identifier, m.file.key_id, m.life.met_at,
                [_past_step(m, step) for step in m.life.case_steps],
            )
            for m, identifier in zip(chosen, identifiers, strict=True)
        ],
        now=now,
    )  # fmt: skip
    cases: dict[int, Case] = {}
    notes: _Pairs = []
    for m, identifier, instance in zip(chosen, identifiers, instances, strict=True):
        submission = submissions.get(m.person.number)
        case = Case(
            id=identifier, key_id=m.file.key_id, person=m.file,
            code=codes.new_record_code(settings.MOSTOVI.partner), case_type=m.life.case_type or "",
            urgency=m.life.urgency, purpose=actor.purpose.value, unit=actor.unit,
            opened_by=actor.account, holder=actor.account,
            submission_id=submission.pk if submission else None, procedure=instance,
            opened_at=m.life.met_at, changed_at=instance.changed_at,
            closed_at=instance.over_at,
        )  # fmt: skip
        cases[m.person.number] = case
        notes += _notes(case, m)
    _seal([(case, {"summary": SUMMARY}) for case in cases.values()])
    _seal(notes)
    _insert_cases(list(cases.values()))
    insert([note for note, _ in notes])
    return cases


SUMMARY = "Synthetic case for demonstration. Nobody real is meant."
DOCUMENT_BEFORE = {"make_plan": "assessment", "start_services": "case_plan"}
"""The document a step needs; it is written an hour before."""


def _past_step(m: _Met, step: Dated) -> PastStep:
    reason = REASONS[step.verb] if step.verb in WITH_REASON else ""
    return PastStep(step.verb, step.at, m.actor.role.value, m.actor.account, reason)


def _notes(case: Case, m: _Met) -> _Pairs:
    listed = ", ".join(need.replace("_", " ") for need in m.life.needs)
    found: _Pairs = []
    for step in m.life.case_steps:
        document = DOCUMENT_BEFORE.get(step.verb)
        if document is not None:
            note = CaseNote(
                id=new_id(), key_id=case.key_id, case=case, document=document,
                author=m.actor.account, written_at=step.at - timedelta(minutes=4),
            )  # fmt: skip
            found.append((note, {"text": f"Synthetic {document}. Needs: {listed}."}))
    return found


def _insert_cases(cases: Sequence[Case]) -> None:
    """35 random bits meet now and then among a million: such a code is drawn anew."""
    drawn: set[str] = set()
    taken = set(
        Case.objects.filter(code__in=[case.code for case in cases]).values_list("code", flat=True)
    )
    for case in cases:
        while case.code in taken or case.code in drawn:
            case.code = codes.new_record_code(settings.MOSTOVI.partner)
        drawn.add(case.code)
    insert(cases)


# --- Consents and referrals --------------------------------------------------------------------


def _refer(actor: Actor, met: Sequence[_Met], cases: Mapping[int, Case], now: datetime) -> int:
    """Finished referrals to services at other nodes, each under a consent. Returns how many."""
    elsewhere = [s for s in services().values() if s.node != settings.MOSTOVI.code]
    chosen = [
        (m, cases[m.person.number], _service(elsewhere, m), m.life.referral_at)
        for m in met
        if m.life.referral_at is not None and m.person.number in cases and elsewhere
    ]
    instances = take_in(
        actor,
        [
            Past(
                "referral", "sender", new_id(), m.file.key_id, began,
                [_past_step(m, step) for step in m.life.referral_steps],
                {"receiver": service.node.split("-", 1)[0]},
            )
            for m, _, service, began in chosen
        ],
        now=now,
    )  # fmt: skip
    consents: _Pairs = []
    events: _Pairs = []
    referrals: _Pairs = []
    for (m, case, service, began), instance in zip(chosen, instances, strict=True):
        consent = _consent(m, service, began)
        consents.append((consent, _words(m)))
        events.append((_consent_event(consent, m, "given", began), {}))
        if instance.state == "withdrawn":
            events.append((_consent_event(consent, m, "withdrawn", instance.changed_at), {}))
        referral = _referral(m, case, service, consent, instance)
        referrals.append((referral, {"data": _data(m, referral, service, consent)}))
    for pairs in (consents, events, referrals):
        _seal(pairs)
        insert([row for row, _ in pairs])
    return len(referrals)


def _referral(
    m: _Met, case: Case, service: Service, consent: Consent, instance: Instance
) -> Referral:
    withdrawn_at = instance.changed_at if instance.state == "withdrawn" else None
    return Referral(
        id=instance.subject, key_id=m.file.key_id, case=case, direction=Direction.SENT,
        code=codes.new_record_code(settings.MOSTOVI.partner), peer=service.node,
        service=service.code, urgency=m.life.urgency, purpose=m.actor.purpose.value,
        unit=m.actor.unit, created_by=m.actor.account, holder=m.actor.account,
        created_at=instance.started_at, consent_id=consent.pk,
        consent_handle=vault().handle("consent", consent.pk), fields=list(SHARED),
        procedure=instance, delivered_at=m.life.referral_steps[1].at,
        consent_withdrawn_at=withdrawn_at, withdrawal_confirmed_at=withdrawn_at,
        ended_at=instance.over_at,
    )  # fmt: skip


def _service(elsewhere: Sequence[Service], m: _Met) -> Service:
    """A service that meets one of the needs, or any."""
    fitting = [s for s in elsewhere if set(s.needs) & set(m.life.needs)] or list(elsewhere)
    return fitting[m.person.number % len(fitting)]


def _consent(m: _Met, service: Service, began: datetime) -> Consent:
    text = consent_texts.text("sharing", m.person.languages[0])
    child = m.person.is_child
    return Consent(
        id=new_id(), person=m.file, key_id=m.file.key_id, purpose=m.actor.purpose.value,
        receiver=service.node, profile=REQUEST, fields=sorted(SHARED), language=text.language,
        text_code=text.code, text_version=text.version, means="oral",
        interpreter_present=False, guardian=child, child_heard=child,
        expires_at=began + CONSENT_LASTS, created_at=began,
    )  # fmt: skip


def _words(m: _Met) -> dict[str, str]:
    if not m.person.is_child:
        return {}
    return {
        "guardian_name": "Synthetic guardian",
        "guardian_relation": "guardian",
        "child_view": "Synthetic: the child agrees.",
    }


def _consent_event(consent: Consent, m: _Met, kind: str, at: datetime) -> ConsentEvent:
    return ConsentEvent(
        id=new_id(), person=m.file, consent=consent, key_id=consent.key_id, kind=kind, at=at,
        by=m.actor.account,
    )  # fmt: skip


def _data(m: _Met, referral: Referral, service: Service, consent: Consent) -> dict[str, Any]:
    """What was sent, in the form of the referral's profile."""
    values: dict[str, Any] = dict(m.draft.single)
    for position, name in enumerate(m.draft.names):
        values[f"name.{position}"] = name
    personal = sharing.composed(
        values, SHARED, subject=vault().handle(f"subject-at-{service.node}", m.file.pk),
        summary=SUMMARY, safety="", romanise=names.romanise,
    )  # fmt: skip
    return {
        "referral": vault().handle("referral", referral.pk),
        "service": service.code,
        "needs": [need for need in m.life.needs if need in service.needs] or [service.needs[0]],
        "urgency": referral.urgency,
        "basis": {
            "kind": "consent",
            "consent": referral.consent_handle,
            "purpose": consent.purpose,
            "receiver": consent.receiver,
            "fields": list(SHARED),
            "given_on": timezone.localdate(consent.created_at).isoformat(),
            "expires": timezone.localdate(consent.expires_at).isoformat(),
            "language": consent.language,
            "given_by": "guardian" if consent.guardian else "person",
        },
        "deadline_days": service.answer_days,
        **personal,
    }
