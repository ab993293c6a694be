# SPDX-License-Identifier: EUPL-1.2
"""R1 to R12, attacked through every door that a whole node has, with one real story in it.

Each test says which attack it tries. What one package guarantees by itself is attacked in that
package's own tests; here stands what only holds when all of them do their part.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextlib import suppress as suppress_errors
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from mostovi.cases import letters as case_letters
from mostovi.cases import referring, sharing
from mostovi.cases import services as cases
from mostovi.cases.models import Case, Referral
from mostovi.exchange import keystore, outbox
from mostovi.exchange import services as exchange
from mostovi.exchange.handlers import ReceivedLetter, Reject
from mostovi.exchange.keys import KeyPair, Use
from mostovi.exchange.models import OutboxLetter, OutboxState, ParkedLetter
from mostovi.exchange.profiles import preview, profile
from mostovi.exchange.reasons import ExchangeError
from mostovi.exchange.receipts import Verdict
from mostovi.node.models import Account, Membership
from mostovi.people import consent as consent_rules
from mostovi.people import consenting
from mostovi.people import services as people
from mostovi.people.birth import Birth, Precision
from mostovi.people.models import Person
from mostovi.portal import services as own_file
from mostovi.procedures import library
from mostovi.rights import services as rights
from mostovi.rights.access import Action, Actor, Refused, decide
from mostovi.rights.models import AuditEntry
from mostovi.rights.policy import SHIELDED_KINDS
from mostovi.rights.purposes import KEPT_OUT, SHIELDED, Purpose
from mostovi.rights.roles import GRANTABLE, ROLE_PURPOSES, Role
from mostovi.rights.storage import Sealed, opened
from mostovi.rights.vault import vault
from mostovi.screening import finding_services, submission_services
from mostovi.screening.explaining import explain
from mostovi.screening.indicator_files import shipped_indicator_sets
from mostovi.screening.indicators import IndicatorSet
from mostovi.screening.initialise import initialise
from mostovi.screening.models import Finding, FindingDecision, Submission
from mostovi.screening.scoring import Outcome, score
from mostovi.statistics.cubes import relations, with_margins
from mostovi.statistics.suppression import Rule, publish, suppress
from tests.exchange.conftest import FakePeer, Node
from tests.exchange.conftest import referral as exchanged
from tests.screening.test_findings import instance
from tests.statistics.attacker import possible_counts
from tests.test_access_matrix import addresses

REQUEST, UPDATE = "mostovi.referral.request.v1", "mostovi.referral.update.v1"
FIELDS = ["subject", "names", "birth", "languages", "summary"]
SECRETS = ("Zarifa", "زريفة", "Qandahari", "67987654", "67 987 654", "lorry with the red star",
           "hidden under the bridge", "her sister in Vlora", "sleeps at the mosque")  # fmt: skip
"""Words that stand in the story alone, in every kind of free text a person can be known by."""

some = effort(
    max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
many = effort(some, max_examples=150)


@contextmanager
def undone() -> Iterator[None]:
    """What one example does to the database does not meet the next one."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


@dataclass
class Story:
    """One person and everything a node can hold on them."""

    worker: Actor
    person: Person
    case: Case
    referral: Referral
    submission: Submission
    draft: Referral
    peer: FakePeer
    printed_code: str


def _now() -> datetime:
    return datetime.now(UTC)


def _peer() -> FakePeer:
    """Node `ba`, played with keys of its own."""
    keystore.ensure_keys(keystore.key_store(), _now())
    node = Node.fresh("ba", _now() - timedelta(days=1))
    exchange.add_peer(Actor.system(Purpose.GOVERNANCE), entry=node.entry())

    def ours() -> KeyPair:
        return next(p for p in keystore.key_store().pairs() if p.public.use is Use.SIGN)

    return FakePeer(node, ours, now=_now())


def _person(worker: Actor) -> Person:
    return people.register(
        worker,
        single={"birth": {"precision": "year", "year": 1990}, "sex": "female",
                "languages": ["ar"], "citizenships": ["SY"]},
        names=[{"parts": [["given", "Zarifa"], ["family", "Qandahari"]], "script": "Latn"},
               {"parts": [["given", "زريفة"]], "script": "Arab"}],
        contacts=[{"kind": "phone", "value": "+382 67 987 654", "safe": "no",
                   "note": "her sister in Vlora"}],
    )  # fmt: skip


def _case(worker: Actor, person: Person, **more: Any) -> Case:
    return cases.open_case(
        worker, person=person, case_type="possible_victim_of_trafficking", urgency="urgent",
        summary="Came in a lorry with the red star.", **more,
    )  # fmt: skip


def _referral(worker: Actor, case: Case) -> Referral:
    return referring.draft(
        worker, case, service="ba-safe-house", need_codes=["shelter"], urgency="urgent",
        fields=FIELDS, summary="Was hidden under the bridge.",
    )  # fmt: skip


def _consent(worker: Actor, person: Person, days: int = 90) -> Any:
    return consenting.give(
        worker, person, purpose=Purpose.PROTECTION, receiver="ba", fields=FIELDS, language="ar",
        means="oral", expires_at=_now() + timedelta(days=days),
    )  # fmt: skip


def _send(worker: Actor, referral: Referral) -> Referral:
    seen = referring.outgoing(worker, referral).seen
    return referring.send(worker, referral, seen=seen)


def told(worker: Actor) -> Story:
    """Screened, registered, a case opened, noted, consented, referred, given a printed code."""
    initialise()
    answers = {
        "session/consent_to_ask": "yes", "person/age_certainty": "child",
        "exploitation/low_or_no_salary_work": "yes",
    }  # fmt: skip
    submission = submission_services.receive(
        worker, xml=instance("screening_trafficking", answers), now=_now(),
        channel=submission_services.Channel.BROWSER,
    ).submission  # fmt: skip
    person = _person(worker)
    case = _case(worker, person, submission=submission)
    cases.add_note(worker, case, text="She sleeps at the mosque.")
    peer = _peer()
    _consent(worker, person)
    referral = _send(worker, _referral(worker, case))
    code = people.issue_printed_code(worker, person)
    own_file.ask(person, kind="correction", words="My name is Zarifa Qandahari.")
    submission.refresh_from_db()
    draft = _referral(worker, case)
    return Story(worker, person, case, referral, submission, draft, peer, code)


@pytest.fixture
def worker(acting: Callable[..., Actor]) -> Actor:
    return acting(Role.SOCIAL_WORKER)


@pytest.fixture
def coordinator(acting: Callable[..., Actor]) -> Actor:
    return acting(Role.ANTI_TRAFFICKING_COORDINATOR)


@pytest.fixture
def story(db: None, worker: Actor) -> Story:
    return told(worker)


def leaks(text: str) -> list[str]:
    """The secrets of the story that stand in `text`."""
    return [secret for secret in SECRETS if secret.lower() in text.lower()]


# --- R1: purpose -------------------------------------------------------------------------------


def test_r1_no_role_under_any_purpose_is_granted_shielded_data_for_return_or_work() -> None:
    """Ask for every action on every personal kind, as every role, under every purpose, also ones
    that the role does not hold (a forged session)."""
    for role, purpose, action, kind in product(Role, Purpose, Action, SHIELDED_KINDS):
        decision = decide(Actor(uuid4(), role, purpose), action, kind)
        if decision.allowed:
            assert purpose in SHIELDED, (role, purpose, action, kind)
            assert purpose in ROLE_PURPOSES[role]
            assert role not in {Role.ADMINISTRATOR, Role.DATA_PROTECTION_OFFICER}
    assert not SHIELDED & KEPT_OUT


def _reads(actor: Actor, story: Story) -> Iterator[Callable[[], Any]]:
    """Every service that reads; each either refuses, finds nothing, or gives the data."""
    yield lambda: list(people.visible(actor, Action.READ))
    yield lambda: people.search(actor, "Zarifa")
    yield lambda: people.search(actor, "+38267987654")
    yield lambda: people.read(actor, story.person)
    yield lambda: people.export(actor, story.person)
    yield lambda: consenting.consents(actor, story.person)
    yield lambda: list(cases.search(actor, "Zarifa"))
    yield lambda: list(cases.search(actor, story.case.code))
    yield lambda: cases.read(actor, story.case)
    yield lambda: cases.add_note(actor, story.case, text="x")
    yield lambda: cases.take_step(actor, story.case, verb="assess")
    yield lambda: list(referring.visible(actor))
    yield lambda: referring.read(actor, story.referral)
    yield lambda: referring.outgoing(actor, story.draft)
    yield lambda: referring.step(actor, story.referral, verb="withdraw", text="x")
    yield lambda: submission_services.read_submission(actor, story.submission.pk)
    yield lambda: finding_services.read_findings(actor, story.submission.pk)
    yield lambda: finding_services.find(actor, story.submission)
    yield lambda: submission_services.adopt(
        actor, submission=story.submission, key_id=story.person.key_id
    )


def test_r1_every_reading_service_refuses_every_other_purpose_and_unit(story: Story) -> None:
    """Call each service directly with an actor of each role, each purpose it holds or forges, and
    a social worker of another unit; what comes back must be a refusal or nothing."""
    strangers = [
        Actor(story.worker.account, role, purpose, story.worker.unit)
        for role, purpose in product(GRANTABLE, Purpose)
        if purpose is not Purpose.PROTECTION
    ]
    strangers.append(replace(story.worker, account=uuid4(), unit="centre"))
    for actor in strangers:
        for number, read in enumerate(_reads(actor, story)):
            try:
                found = read()
            except (Refused, Person.DoesNotExist, Case.DoesNotExist, Referral.DoesNotExist,
                    Submission.DoesNotExist):  # fmt: skip
                continue
            assert found in ([], {}, None), (actor.role, actor.purpose, number)


def _knocks(story: Story) -> Iterator[tuple[str, str]]:
    """Each staff address with real names in it, and the same with names that do not exist."""
    consent = story.person.consents.get()
    real = {
        "uuid": [story.submission.pk, consent.pk, story.case.notes.get().pk, story.referral.pk,
                 story.person.own_file_requests.get().pk, story.referral.letter_id],
        "str": [story.person.code, story.case.code, story.referral.code, "screening_trafficking"],
        "int": [story.submission.version_id], "slug": ["referral"], "path": ["x"],
        "month": ["2026-10"], "partner": ["me"],
    }  # fmt: skip
    for address in addresses():
        if address.door is None or address.door.opens_to != "staff":
            continue
        places = re.findall(r"<(?:(\w+):)?\w+>|\{\w+\}", address.route)
        combined = list(product(*(real.get(kind or "str", ["x"]) for kind in places)))
        for values in combined[:: 1 + len(combined) // 8]:
            absent = [_absent(value) for value in values]
            yield _filled(address.route, values), _filled(address.route, absent)


def _absent(value: Any) -> Any:
    if isinstance(value, UUID):
        return uuid4()
    return "ME-ZZZZ-ZZZZ" if str(value).startswith("ME-") else value


def _filled(route: str, values: Any) -> str:
    rest = iter(values)
    path = re.sub(r"<(?:\w+:)?\w+>|\{\w+\}", lambda _: str(next(rest)), route)
    return "/" + path.strip("^$").replace("\\", "")


def _without_accidents(content: bytes, path: str) -> str:
    """A page without what differs at every request (tokens, nonces) and its own address."""
    text = content.decode("utf-8", "replace").replace(path, "PATH")
    text = re.sub(r'(nonce|value)="[\w+/=-]{16,}"', "", text)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|ME-[0-9A-Z-]{9,}", "ID", text)


def test_r1_the_walk_that_strangers_take_does_find_the_person_for_her_own_worker(
    story: Story, signed_in: Any
) -> None:
    """The control of the next test: the same addresses show her to who may see her."""
    client = signed_in(story.worker, raise_request_exception=False)
    found: set[str] = set()
    for there, _absent_one in _knocks(story):
        answer = client.get(there)
        content = b"".join(answer) if answer.streaming else answer.content
        found |= set(leaks(content.decode("utf-8", "replace")))
    assert found >= {"Zarifa", "زريفة", "lorry with the red star", "sleeps at the mosque"}


STRANGERS = [
    (Role.RETURN_OFFICER, "border"), (Role.RETURN_COUNSELLOR, "border"),
    (Role.INVESTIGATOR, "border"), (Role.PERMIT_OFFICER, "border"), (Role.EMPLOYER, "border"),
    (Role.CONSULAR_OFFICER, "border"), (Role.ADMINISTRATOR, "border"),
    (Role.STATISTICIAN, "border"), (Role.SECRETARIAT, "border"), (Role.GUARDIAN, "border"),
    (Role.ASYLUM_OFFICER, "border"), (Role.SOCIAL_WORKER, "centre"),
    (Role.FIRST_RESPONDER, "centre"),
]  # fmt: skip


@pytest.mark.parametrize(("role", "unit"), STRANGERS)
@pytest.mark.slow
@pytest.mark.once
def test_r1_no_page_tells_a_stranger_what_is_there(
    story: Story, signed_in: Any, acting: Any, role: Role, unit: str, caplog: Any
) -> None:
    """Walk every staff address with real ids, also under the wrong parent. Nothing of the person
    may show, and a real id must look exactly like one that does not exist."""
    caplog.set_level(logging.DEBUG)
    client = signed_in(acting(role, unit=unit), raise_request_exception=False)
    for there, absent in _knocks(story):
        answer = client.get(there)
        content = b"".join(answer) if answer.streaming else answer.content
        assert leaks(content.decode("utf-8", "replace")) == [], there
        assert answer.status_code < 500, there
        if there == absent or answer.status_code == 200 and role is Role.ADMINISTRATOR:
            continue
        other = client.get(absent)
        assert (answer.status_code, _without_accidents(content, there)) == (
            other.status_code,
            _without_accidents(other.content, absent),
        ), there
    for path in ("/people/?q=Zarifa", "/cases/?q=Zarifa", f"/cases/?q={story.case.code}",
                 "/api/v1/cases/cases?q=Zarifa"):  # fmt: skip
        answer = client.get(path)
        assert "Qandahari" not in answer.content.decode(), path
    assert leaks(caplog.text) == []


def test_r1_an_ended_role_closes_pages_and_devices_at_once(
    story: Story, signed_in: Any, acting: Any
) -> None:
    """Keep the session and the device password after the role has ended or the account closed."""
    from mostovi.screening.device_services import add_device, still_held

    actor = acting(Role.SOCIAL_WORKER)
    client = signed_in(actor)
    device = add_device(actor, label="tablet", now=_now()).device
    path = f"/cases/{story.case.code}/"
    assert client.get(path).status_code == 200
    assert still_held(device)
    membership = Membership.objects.get(account=actor.account)
    membership.end(by=uuid4(), at=_now())
    assert client.get(path).status_code != 200
    assert not still_held(device)
    again = Membership.objects.create(
        account_id=actor.account, role=actor.role.value, unit=actor.unit, granted_by=uuid4()
    )
    assert again.ended_at is None
    assert client.get(path).status_code == 200
    Account.objects.filter(pk=actor.account).update(is_active=False)
    assert client.get(path).status_code != 200
    assert not still_held(device)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script src='run.js'></script>"),
        ("page.xhtml", b"<html xmlns='http://www.w3.org/1999/xhtml'><script src='run.js'/></html>"),
        ("page.xml", b"<html xmlns='http://www.w3.org/1999/xhtml'><script src='run.js'/></html>"),
        ("page.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script href='run.js'/></svg>"),
        ("run.js", b"fetch('/people/')"),
        ("run.mjs", b"fetch('/people/')"),
        ("run.css", b"@import 'https://example.org/'"),
    ],
)
def test_r1_form_media_of_an_administrator_never_runs_in_a_workers_browser(
    db: None, signed_in: Any, acting: Any, name: str, content: bytes
) -> None:
    """An administrator, who reads no persons, hangs a page and a script on a form and sends a
    worker the link: same origin, so the script would read what the worker may read."""
    from mostovi.screening.form_services import add_media
    from tests.screening.form_support import imported

    version = imported()
    administrator = Actor(uuid4(), Role.ADMINISTRATOR, Purpose.GOVERNANCE, "border")
    add_media(administrator, version=version, name=name, content=content)
    client = signed_in(acting(Role.SOCIAL_WORKER))
    for file in (name, None):
        path = f"/screening/forms/journey/{version.pk}/" + (f"media/{name}" if file else "form.xml")
        answer = client.get(path)
        assert answer.status_code == 200
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        kind = answer["Content-Type"]
        assert "javascript" not in kind
        assert "html" not in kind
        assert "css" not in kind


# --- R2: consent -------------------------------------------------------------------------------

MOVES = ("send", "carry", "fail", "reject", "answer", "retry", "withdraw", "expire")


@some
@given(moves=st.lists(st.sampled_from(MOVES), min_size=3, max_size=9))
def test_r2_nothing_leaves_after_consent_ended_whatever_happened_to_the_letter(
    db: None, moves: list[str]
) -> None:
    """Let letters wait, fail, die, be rejected and be tried again in any order; from the moment
    the person withdraws, the receiver must get no word of them any more, only the withdrawal."""
    with undone():
        _live_through([*moves, "withdraw", "retry", "carry", "carry"])


def _live_through(moves: list[str]) -> None:
    worker = Actor(uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION, "border")
    person = _person(worker)
    consent, peer = _consent(worker, person), _peer()
    referral = _referral(worker, _case(worker, person))
    now, ended = _now(), False
    for move in moves:
        now += timedelta(hours=7)
        peer.now = now
        if move == "send" and not ended and referral.letter_id is None:
            referral = _send(worker, referral)
        elif move in {"carry", "fail", "reject"}:
            _carry(peer, move, now, ended)
        elif move == "answer" and referral.letter_id and not ended:
            _answer(worker, referral, now)
        elif move == "retry":
            _retry_all(worker, now)
        elif move == "withdraw" and not ended:
            consenting.withdraw(person, consent)
            ended = True
            assert not _waiting(referral) & {REQUEST, UPDATE}
        elif move == "expire":
            outbox._end_expired(now + timedelta(days=15))


def _waiting(referral: Referral) -> set[str]:
    """Types of the letters of a referral that could still leave, by themselves or by hand."""
    rows = OutboxLetter.objects.filter(
        thread=referral.thread, state__in=[OutboxState.WAITING, OutboxState.DEAD]
    )
    return set(rows.values_list("letter_type", flat=True))


def _carry(peer: FakePeer, how: str, now: datetime, ended: bool) -> None:
    from mostovi.exchange.transport import Unreachable

    peer.fails = [Unreachable("gone")] * 20 if how == "fail" else []
    peer.verdict = Verdict.REJECTED if how == "reject" else Verdict.STORED
    before = len(peer.opened)
    OutboxLetter.objects.update(lease_until=None)
    outbox.relay_due(now, peer)
    came = peer.opened[before:]
    for item in came:
        said = json.dumps(item.letter.envelope(), ensure_ascii=False)
        assert not (ended and (leaks(said) or item.letter.type in {REQUEST, UPDATE})), said


def _answer(worker: Actor, referral: Referral, now: datetime) -> None:
    case_letters._hear(Actor.system(Purpose.PROTECTION), referral, "acknowledge", now)
    case_letters._hear(Actor.system(Purpose.PROTECTION), referral, "ask", now)
    referral.refresh_from_db()
    if referral.procedure.state == "asked":
        referring.step(worker, referral, verb="answer", text="Yes, she sleeps at the mosque.")


def _retry_all(worker: Actor, now: datetime) -> None:
    administrator = Actor(uuid4(), Role.ADMINISTRATOR, Purpose.GOVERNANCE)
    for row in OutboxLetter.objects.filter(state=OutboxState.DEAD):
        try:
            exchange.retry(administrator, letter_id=row.pk, now=now)
        except ExchangeError:
            continue


def test_r2_a_letter_never_waits_longer_than_the_consent_lasts(db: None, worker: Actor) -> None:
    """Send under a consent that ends tomorrow while the receiver is away for a week, then try
    the dead letter again by hand."""
    person, peer = _person(worker), _peer()
    _consent(worker, person, days=1)
    referral = _send(worker, _referral(worker, _case(worker, person)))
    later = _now() + timedelta(days=2)
    peer.now = later
    outbox.relay_due(later, peer)
    assert peer.opened == []
    with pytest.raises(ExchangeError, match="expired"):
        exchange.retry(worker, letter_id=referral.letter_id, now=later)
    outbox.relay_due(later, peer)
    assert peer.opened == []


def test_r2_withdrawal_reaches_who_got_data_under_a_consent_that_has_expired_since(
    db: None, worker: Actor
) -> None:
    """Consent ran out after the data went; the person says no. The receiver must still be told."""
    person, _ = _person(worker), _peer()
    consent = _consent(worker, person, days=1)
    referral = _send(worker, _referral(worker, _case(worker, person)))
    consenting.withdraw(person, consent, now=_now() + timedelta(days=3))
    assert "mostovi.consent.withdrawn.v1" in _waiting(referral)
    referral.refresh_from_db()
    assert referral.consent_withdrawn_at


@pytest.mark.django_db(transaction=True)
def test_r2_a_withdrawal_also_reaches_what_waits_in_order_and_files_not_yet_fetched(
    coordinator: Actor,
) -> None:
    """An answer with words on the person is parked behind a lost letter, a file is on offer; the
    withdrawal comes. Neither may be opened any more, however late the lost letter arrives."""
    node, thread, now = _peer().node, uuid4(), _now()

    def arrives(kind: str, data: dict[str, Any], basis: dict[str, str]) -> bytes:
        letter = node.letter(
            thread=thread, type=kind, data=data, basis=basis, schema=profile(kind).digest,
            time=now, expires=now + timedelta(days=1),
        )  # fmt: skip
        ours = next(p for p in keystore.key_store().pairs() if p.public.use is Use.ENCRYPT)
        return node.token(letter, ours.public)

    consent = {"consent": "0123456789abcdef"}
    step = {"referral": "abcdef0123456789", "at": "2026-11-24T10:00:00Z"}
    words = {**step, "event": "answered", "answer": "She was hidden under the bridge."}
    withdrawn = {
        "consent": consent["consent"], "referrals": ["abcdef0123456789"],
        "withdrawn_at": "2026-11-24T10:00:00Z", "scope": "use",
    }  # fmt: skip
    request = arrives(REQUEST, _told_data(), consent)
    lost = arrives(UPDATE, {**step, "event": "feedback_called"}, consent)
    answer = arrives(UPDATE, words, consent)
    end = arrives("mostovi.consent.withdrawn.v1", withdrawn, {"duty": "law"})
    assert exchange.receive(request, now).status == 202
    referral = Referral.objects.get()
    assert referring.read(coordinator, referral)
    assert exchange.receive(answer, now).status == 202
    parked = ParkedLetter.objects.get()
    assert leaks(str(parked.values()))
    with transaction.atomic():
        exchange.receive(end, now)
    rights.destroy_pending()
    assert not vault().holds(parked.key_id) or not ParkedLetter.objects.exists()
    assert not vault().holds(referral.key_id)
    assert referring.read(coordinator, referral) is None
    exchange.receive(lost, now)
    assert [m.text for m in referring.messages(referral) if m.text] == []


@pytest.mark.parametrize(
    "change", [{"receiver": "rs"}, {"purpose": "asylum"}], ids=["receiver", "purpose"]
)
def test_r2_data_under_a_consent_given_for_somebody_else_is_not_taken_in(
    db: None, change: dict[str, str]
) -> None:
    """A peer passes on data under a consent that names another receiver or purpose."""
    _peer()
    with pytest.raises(Reject):
        case_letters.receive_request(_incoming(REQUEST, _told_data(**change)))
    assert not Referral.objects.exists()


def _told_data(**basis: str) -> dict[str, Any]:
    return {
        "referral": "abcdef0123456789", "service": "me-shelter", "needs": ["shelter"],
        "urgency": "urgent", "summary": "Needs a bed.",
        "basis": {
            "kind": "consent", "consent": "0123456789abcdef", "purpose": "protection",
            "receiver": "me", "fields": ["summary"], "given_on": "2026-11-20",
            "expires": "2027-02-20", "language": "ar", **basis,
        },
    }  # fmt: skip


def _incoming(kind: str, data: dict[str, Any], thread: UUID | None = None) -> ReceivedLetter:
    now = _now()
    return ReceivedLetter(
        id=uuid4(), type=kind, source="ba", thread=thread or uuid4(), seq=1, time=now,
        expires=now + timedelta(days=1), received_at=now, purpose=Purpose.PROTECTION,
        basis={"consent": "0123456789abcdef"}, data=data, subject="", in_reply_to=None,
        attachments=(), inbox=1, digest="", actor=Actor.system(Purpose.PROTECTION),
    )  # fmt: skip


@pytest.mark.parametrize("event", sorted(set(referring.EVENT_OF_VERB.values())))
def test_r2_a_peer_cannot_erase_or_move_our_person_by_a_step_that_is_ours(
    story: Story, event: str
) -> None:
    """The receiver answers our referral with every event, also the sender's own ones; none may
    destroy the person's key or take a step on our behalf."""
    data = {"referral": "x", "event": event, "at": "2026-11-24T10:00:00Z", "text": "x"}
    before = story.referral.procedure.events.filter(side="sender").count()
    with suppress_errors(Reject):
        case_letters.receive_update(_incoming(UPDATE, data, story.referral.thread))
    assert vault().holds(story.person.key_id)
    assert story.referral.procedure.events.filter(side="sender").count() == before


# --- R3: minimum -------------------------------------------------------------------------------

WORDS = st.text(st.characters(categories=["L"]), min_size=1, max_size=12)
FILE = st.fixed_dictionaries(
    {},
    optional={
        "sex": st.sampled_from(["female", "male", "other", "unknown"]),
        "languages": st.lists(st.sampled_from(["ar", "fa", "sq"]), min_size=1, unique=True),
        "citizenships": st.just(["SY"]),
        "religion": WORDS,
        "interpreter": st.sampled_from(["yes", "no", "unknown"]),
        "birth": st.builds(
            lambda year, doubt: {"precision": "year", "year": year, "doubted": doubt},
            st.integers(1930, 2025), st.booleans(),
        ),
        "name.1": st.builds(
            lambda a: {"parts": [["given", a]], "script": "Latn", "usage": "own"}, WORDS
        ),
        "contact.1": st.builds(
            lambda safe: {"kind": "phone", "value": "+38267987654", "safe": safe},
            st.sampled_from(["yes", "no", "unknown"]),
        ),
    },
)  # fmt: skip


@many
@given(FILE, st.sets(st.sampled_from(sharing.SHAREABLE)), st.booleans())
def test_r3_only_ticked_fields_are_composed_and_every_value_is_shown_before(
    values: dict[str, Any], chosen: set[str], with_words: bool
) -> None:
    """Any file, any ticks: look for a field that was not ticked, a contact that is not safe, a
    citizenship, or a value that the preview does not show."""
    personal = sharing.composed(
        values, chosen, subject="s" * 16, summary="lorry" if with_words else "", safety="",
        romanise=str,
    )  # fmt: skip
    assert set(personal) <= chosen
    text = json.dumps(personal)
    assert "SY" not in text
    if values.get("contact.1", {}).get("safe") != "yes":
        assert "38267987654" not in text
    data = exchanged(**personal)
    shown = [value for _, _, value in preview(REQUEST, "protection", data)]
    assert len(shown) == len(list(_leaves(data)))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    else:
        yield value


# --- R4, R5, R6: findings ----------------------------------------------------------------------

SETS = shipped_indicator_sets()
NEVER_INDICATORS = ("nationalit", "ethnic", "religio", "citizenship", "race", "skin", "tribe")


def _indicators(chosen: IndicatorSet) -> list[Any]:
    return list(chosen.indicators)


def _filled_answers(chosen: IndicatorSet) -> st.SearchStrategy[dict[str, str]]:
    """Answers to the set's own questions: yes, no, unknown, declined, nonsense, or left out."""
    paths = sorted({indicator.reading.question.path for indicator in _indicators(chosen)})
    answer = st.sampled_from(["yes", "no", "unknown", "prefer_not_to_say", "not asked", ""])
    return st.dictionaries(st.sampled_from(paths), answer, max_size=25)


def test_r4_no_indicator_reads_nationality_ethnicity_or_religion() -> None:
    """Look into every indicator of every set shipped, its path, code and question."""
    for chosen in SETS:
        for indicator in _indicators(chosen):
            said = f"{indicator.code} {indicator.reading.question.path}".lower()
            assert not any(word in said for word in NEVER_INDICATORS), said


def test_r4_a_finding_changes_nothing_until_an_officer_decides_with_reasons(
    story: Story, worker: Actor
) -> None:
    """Make the worst finding there is and look for anything that moved by itself; then try to
    decide without reasons."""
    state = (story.case.procedure.state, Referral.objects.count(), Case.objects.count())
    finding_services.find(worker, story.submission)
    story.case.procedure.refresh_from_db()
    assert state == (story.case.procedure.state, Referral.objects.count(), Case.objects.count())
    assert not FindingDecision.objects.exists()
    finding = Finding.objects.first()
    assert finding
    for reasons in ("", "    ", "refer"):
        with pytest.raises(finding_services.ReasonsMissing):
            finding_services.decide(
                worker, finding, step=FindingDecision.Step.REFER, reasons=reasons, officer="M"
            )
    assert not FindingDecision.objects.exists()


@pytest.mark.parametrize("chosen", SETS, ids=lambda chosen: chosen.name)
def test_r4_r5_r6_any_answers_give_words_with_sources_never_a_number_nor_a_no(
    chosen: IndicatorSet,
) -> None:
    """R4: look for a number that ranks the person. R5: unfold every indicator to its answer, its
    question and its source. R6: take answers away; less knowledge must never sound surer that
    there is nothing."""

    @many
    @given(_filled_answers(chosen), st.data())
    def property_(answers: dict[str, str], data: Any) -> None:
        found = score(chosen, answers, date(2026, 11, 24))
        assert not {"score", "risk", "probability", "points"} & set(found.to_json())
        explanation = explain(chosen, found, "en")
        for dimension in explanation.dimensions:
            for indicator in dimension.indicators:
                assert indicator.source
                assert indicator.question or indicator.path
        assert (explanation.set_version, explanation.set_name) == (chosen.version, chosen.name)
        if not any(value == "no" for value in answers.values()):
            assert found.outcome is not Outcome.NOTHING_FOUND
        hidden = data.draw(st.sets(st.sampled_from(sorted(answers) or [""])))
        fewer = {path: value for path, value in answers.items() if path not in hidden}
        less = score(chosen, fewer, date(2026, 11, 24))
        if found.outcome is not Outcome.NOTHING_FOUND:
            no_told = all(answers[path] in {"yes", "unknown"} for path in hidden & set(answers))
            assert less.outcome is not Outcome.NOTHING_FOUND or not no_told

    property_()


def test_r6_no_procedure_refuses_anybody_by_silence() -> None:
    """Search every procedure for a clock whose running out takes a step by itself."""
    for file in library.shipped().values():
        for clock in file.procedure.clocks.values():
            assert clock.silence.value in {"flag", "expires", "none"}, clock.code
            if clock.silence_verb:
                steps = [s for s in file.procedure.transitions if s.verb == clock.silence_verb]
                assert all("system" not in {str(r) for r in step.roles} for step in steps)


# --- R7: a doubtful age is a child's -----------------------------------------------------------

BIRTHS = st.one_of(
    st.just(Birth()),
    st.builds(
        lambda year, doubted: Birth(Precision.YEAR, year, doubted=doubted),
        st.integers(1940, 2026), st.booleans(),
    ),
    st.builds(
        lambda year, margin, doubted: Birth(
            Precision.ESTIMATED, year, margin=margin, doubted=doubted
        ),
        st.integers(1960, 2026), st.integers(0, 20), st.booleans(),
    ),
)  # fmt: skip


@many
@given(BIRTHS, st.booleans(), st.booleans())
def test_r7_whoever_may_be_a_child_shares_nothing_without_guardian_and_own_view(
    birth: Birth, guardian: bool, heard: bool
) -> None:
    """Pass off anybody who may be under 18 (unknown, estimated, doubted) as an adult."""
    today = date(2026, 11, 24)
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    given_ = consent_rules.Event(
        consent="c", kind=consent_rules.EventKind.GIVEN, at=now - timedelta(days=1),
        purpose="protection", receiver="ba", fields=frozenset({"names"}),
        expires=now + timedelta(days=9), by="w", guardian=guardian, child_heard=heard,
        legal_basis="",
    )  # fmt: skip
    child = birth.is_child(today)
    youngest = birth.age(today)
    assert child or (youngest is not None and youngest[0] >= 18 and not birth.doubted)
    allowed = consent_rules.permits(
        [given_], "protection", "ba", {"names"}, now, child=child
    ).allowed
    assert allowed == (not child or (guardian and heard))
    shared = sharing.birth(birth.as_json())
    if birth.doubted and shared:
        assert shared["doubtful_age"] is True


# --- R8: the person's own view -----------------------------------------------------------------


def test_r8_the_copy_holds_everything_and_erasure_leaves_nothing_to_read(
    story: Story, acting: Any
) -> None:
    """Compare the copy with every sealed value of the person; then erase and look for any row of
    any model that still opens, any search that still finds, any code that still lets in."""
    copied = json.dumps(own_file.copy(story.person), ensure_ascii=False, default=str)
    for said in SECRETS[:3] + SECRETS[5:]:
        assert said in copied, said
    officer = acting(Role.DATA_PROTECTION_OFFICER)
    keys = {story.person.key_id, story.case.key_id, story.referral.key_id,
            story.submission.key_id}  # fmt: skip
    assert keys == {story.person.key_id}
    people.erase(officer, story.person, reason="own_wish")
    rights.destroy_pending()
    vault().destroy(story.person.key_id)
    readable = [
        model._meta.label
        for model in apps.get_models()
        if issubclass(model, Sealed)
        for row, values in opened(
            model._default_manager.filter(key_id=story.person.key_id).exclude(sealed=b"")
        )
        if values is not None
    ]
    assert readable == []
    assert people.search(story.worker, "Zarifa") == []
    assert own_file.open_file(story.printed_code) is None
    outbox.relay_due(_now() + timedelta(hours=1), story.peer)
    for item in story.peer.opened:
        assert leaks(json.dumps(item.letter.envelope(), ensure_ascii=False)) == []


@some
@given(st.data())
def test_r8_a_code_with_any_change_opens_no_file(db: None, data: Any) -> None:
    """Try every neighbour of a valid printed code: changed, swapped, cut, lengthened."""
    with undone():
        worker = Actor(uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION, "border")
        person = _person(worker)
        code = people.issue_printed_code(worker, person)
        place = data.draw(st.integers(0, len(code) - 1))
        other = data.draw(st.sampled_from("ABCDEFGHJKMNPQRSTVWXYZ0123456789"))
        wrong = code[:place] + other + code[place + 1 :]
        found = people.person_of_printed_code(wrong)
        assert found is None or people.printed_token(wrong) == people.printed_token(code)
        assert people.person_of_printed_code(code[:-1]) is None


# --- R9: trace ---------------------------------------------------------------------------------


def test_r9_every_reading_leaves_an_entry_and_no_entry_a_word_of_the_person(
    story: Story, worker: Actor
) -> None:
    """Read through each service and compare the log before and after; search the log for words."""
    readers: list[Callable[[], Any]] = [
        lambda: people.read(worker, story.person),
        lambda: people.search(worker, "Zarifa"),
        lambda: consenting.consents(worker, story.person),
        lambda: cases.read(worker, story.case),
        lambda: cases.listed(worker, [story.case]),
        lambda: referring.read(worker, story.referral),
        lambda: submission_services.read_submission(worker, story.submission.pk),
        lambda: finding_services.read_findings(worker, story.submission.pk),
        lambda: own_file.copy(story.person),
    ]
    for number, read in enumerate(readers):
        before = AuditEntry.objects.count()
        read()
        assert AuditEntry.objects.count() > before, number
    for entry in AuditEntry.objects.all():
        line = " ".join(str(value) for value in vars(entry).values())
        assert leaks(line) == []
        assert str(story.person.pk) not in line
    count, breaks = rights.verify_chain()
    assert (count, breaks) == (AuditEntry.objects.count(), [])


@some
@given(st.data())
def test_r9_any_tampering_in_the_database_is_found(db: None, data: Any) -> None:
    """Change, remove or swap an entry behind the product's back."""
    with undone():
        for _ in range(6):
            rights.record(Actor.system(Purpose.GOVERNANCE), rights.AuditTag.RETENTION_RUN)
        rows = list(AuditEntry.objects.order_by("-sequence")[:6])
        assert rights.verify_chain()[1] == []
        victim = rows[data.draw(st.integers(1, 4))]
        how = data.draw(st.sampled_from(["role", "purpose", "at", "actor", "handle", "gone"]))
        table = AuditEntry._meta.db_table
        # Not through the models: they refuse.
        with connection.cursor() as cursor:
            change = "DELETE FROM" if how == "gone" else "UPDATE"
            rest = "" if how == "gone" else f"SET {how} = 'x'"
            cursor.execute(f"{change} {table} {rest} WHERE sequence = {victim.pk:d}")
        assert rights.verify_chain()[1] != []


# --- R10: retention ----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_r10_at_the_end_of_all_periods_nobody_can_be_read(
    worker: Actor,
) -> None:
    """Close the case, let twenty years pass, run retention until it has nothing to do, and try to
    open every sealed row that is left."""
    story = told(worker)
    case_letters.receive_request(_incoming(REQUEST, _told_data()))
    Case.objects.update(closed_at=_now())
    Referral.objects.update(ended_at=_now())
    own_file_row = story.person.own_file_requests.get()
    own_file_row.settled_at = _now()
    own_file_row.save()
    later = _now() + timedelta(days=20 * 365)
    for _ in range(4):
        report = rights.run_retention(later).report
        assert all(not line["failure"] for line in report.values()), report
    rights.destroy_pending()
    for model in apps.get_models():
        if not issubclass(model, Sealed):
            continue
        rows = model._default_manager.exclude(sealed=b"")
        left = [row.pk for row, values in opened(rows) if values and leaks(str(values))]
        assert left == [], model._meta.label


def test_r10_one_person_who_must_be_kept_holds_up_nobody_else(
    db: None, worker: Actor, monkeypatch: Any
) -> None:
    """A duty to keep the oldest person stands, another has a newer case; the third one's case has
    reached its end and must be erased all the same."""
    from mostovi.people import keeping

    kept, busy, due = (_person(worker) for _ in range(3))
    for person in (kept, busy, due):
        _case(worker, person)
    Case.objects.update(closed_at=_now() - timedelta(days=9))
    _case(worker, busy)
    duty = keeping.Duty("court", "A court asked for it.", "law")
    monkeypatch.setattr(
        keeping, "_sources", [lambda person: [duty] if person.pk == kept.pk else []]
    )
    assert cases.end_closed_before((_now() - timedelta(days=1)).date(), limit=1) == 1
    erased = set(Person.objects.exclude(erased_at=None).values_list("pk", flat=True))
    assert erased == {due.pk}


# --- R11: published numbers --------------------------------------------------------------------

SHAPE = (("sex", ("female", "male")), ("age_group", ("child", "adult")))


@some
@given(
    st.lists(st.integers(0, 9), min_size=4, max_size=4),
    st.integers(0, 3), st.binary(min_size=2, max_size=4),
)  # fmt: skip
def test_r11_who_is_added_between_two_releases_cannot_be_found_by_subtracting(
    numbers: list[int], cell: int, secret: bytes
) -> None:
    """Publish a month, register one more person, publish it again: subtract one from the other,
    and solve what is hidden in the second with all its sums."""
    rule, sums = Rule(), relations("persons", SHAPE)
    keys = list(product(*(codes for _, codes in SHAPE)))
    first = with_margins("persons", SHAPE, dict(zip(keys, numbers, strict=True)))
    one_more = [n + (i == cell) for i, n in enumerate(numbers)]
    second = with_margins("persons", SHAPE, dict(zip(keys, one_more, strict=True)))
    before = publish(first, suppress(first, sums, rule, [], secret))
    hidden = suppress(second, sums, rule, [before], secret)
    after = publish(second, hidden)
    assert all(n is None or not rule.small(n) for n in after.values())
    for target in sorted(hidden):
        least = min(rule.least, second[target])
        possible = possible_counts(after, sums, target, least=least, most=max(second.values()) + 8)
        assert possible[-1] - possible[0] >= rule.protection, (target, after)


# --- R12: encrypted ----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_r12_whoever_takes_the_files_without_the_keys_reads_nobody(
    worker: Actor, signed_in: Any
) -> None:
    """Use the node through its pages as a worker would, then search the database, its log, cache,
    blobs and uploads byte by byte for the person, as UTF-8, UTF-16 and JSON escapes."""
    story = told(worker)
    client = signed_in(replace(worker, account=uuid4()))
    for path in (
        f"/people/{story.person.code}/", f"/cases/{story.case.code}/",
        f"/cases/referrals/{story.referral.code}/", "/people/?q=Zarifa", "/",
        f"/people/{story.person.code}/edit/", "/cases/?q=Zarifa",
    ):  # fmt: skip
        assert client.get(path).status_code == 200, path
    client.post(f"/cases/{story.case.code}/notes/", {"text": "Zarifa sleeps at the mosque."})
    client.post(f"/cases/{story.case.code}/notes/", {"text": "", "document": "lorry"})
    client.post("/people/new/", {"given": "Zarifa", "family": "Qandahari"})
    home = Path(settings.MOSTOVI.home)
    files = [path for path in home.rglob("*") if path.is_file() and "static" not in path.parts]
    assert any(path.suffix == ".sqlite3" for path in files) or connection.vendor != "sqlite"
    searched = {path.relative_to(home).as_posix(): path.read_bytes() for path in files}
    if connection.vendor == "sqlite":
        copy = sqlite3.connect(":memory:")
        connection.ensure_connection()
        connection.connection.backup(copy)
        searched["dump"] = "\n".join(copy.iterdump()).encode("utf-8", "surrogateescape")
    for name, content in searched.items():
        for secret in SECRETS:
            for form in (secret.encode(), secret.encode("utf-16-le"),
                         json.dumps(secret)[1:-1].encode()):  # fmt: skip
                assert form.lower() not in content.lower(), (name, secret)
