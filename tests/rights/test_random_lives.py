# SPDX-License-Identifier: EUPL-1.2
"""R1, R2 and R7 over random sequences of case, consent, tracing and detention events.

Each package attacks its own part elsewhere. Here the parts meet: a consent given for one thing, a
search, a proposal of detention and a birth date that moves, in any order, with an oracle beside it
that knows only what the two persons said and what is known of their age.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from mostovi.cases import referring
from mostovi.cases import services as cases
from mostovi.cases.alternatives import assessing, detention
from mostovi.cases.alternatives import files as liberty
from mostovi.cases.alternatives.files import Incomplete
from mostovi.cases.alternatives.models import Held, Proposal
from mostovi.cases.alternatives.safeguards import Stopped
from mostovi.cases.models import Referral
from mostovi.cases.transfers import transferring
from mostovi.cases.victims import statements
from mostovi.cases.victims.models import GivenStatement
from mostovi.cases.victims.statement_fields import PROFILE as STATEMENT
from mostovi.cases.victims.statement_fields import RECEIVER as INVESTIGATORS
from mostovi.exchange.models import OutboxLetter
from mostovi.people import ages, consenting
from mostovi.people import reach as people_reach
from mostovi.people import services as people
from mostovi.people.birth import AgeFinding, AgeState
from mostovi.people.models import Consent
from mostovi.people.services import FieldChange
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Action, Actor, Refused
from mostovi.rights.purposes import KEPT_OUT, Purpose
from mostovi.rights.roles import GRANTABLE, Role
from mostovi.rights.vault import vault
from mostovi.tracing import answering, indexing, proposing, requesting, rounds
from mostovi.tracing import reach as tracing_reach
from mostovi.tracing.identities import from_description
from mostovi.tracing.keys import blocking_keys
from mostovi.tracing.models import Asked, Side, Sought, TracingMatch
from mostovi.tracing.vocabulary import MATCH, MATCH_FIELDS, OFFER, SEARCH, SEARCH_FIELDS
from tests.cases.alternatives.conftest import WHY, screened
from tests.cases.alternatives.conftest import detention as proposed
from tests.cases.conftest import FIELDS, neighbour  # noqa: F401
from tests.tracing.conftest import BOY_NAMES, FAMILY, WANTED, case_of

REFERRAL = "mostovi.referral.request.v1"
STATEMENT_FIELDS = ("names", "account")
GUARDIAN: dict[str, Any] = {
    "guardian_name": "Jelena Petrović",
    "guardian_relation": "guardian",
    "child_view": "He wants to.",
}
TODAY = timezone.localdate()
BIRTHS = st.sampled_from(
    [
        {"precision": "unknown"},
        {"precision": "year", "year": TODAY.year - 13},
        {"precision": "estimated", "year": TODAY.year - 19, "margin": 2},
        {"precision": "year", "year": TODAY.year - 25, "doubted": True},
        {"precision": "year", "year": TODAY.year - 30},
    ]
)
FINDINGS = st.lists(
    st.builds(
        AgeFinding,
        state=st.sampled_from(list(AgeState)),
        begun_on=st.just(TODAY - timedelta(days=9)),
        result_on=st.none() | st.just(TODAY - timedelta(days=5)),
        youngest=st.none() | st.integers(12 * 12, 25 * 12),
        oldest=st.none() | st.integers(17 * 12, 30 * 12),
        consented=st.booleans(), careful=st.booleans(), covers_birth=st.booleans(),
    ),
    max_size=1,
)  # fmt: skip
WHO = st.sampled_from(["boy", "mother"])
TERMS = st.sampled_from(["referral", "search", "match", "statement"])
EVENTS = st.one_of(
    st.tuples(st.just("agree"), st.tuples(WHO, TERMS)),
    st.tuples(st.just("withdraw"), st.tuples(WHO, TERMS)),
    st.tuples(st.just("refuse"), st.tuples(WHO, TERMS)),
    st.tuples(st.just("refer"), WHO),
    st.tuples(st.just("give_statement"), WHO),
    st.tuples(st.just("compare"), st.none()),
    st.tuples(st.just("sought_from_afar"), st.none()),
    st.tuples(st.just("answer"), st.sampled_from(["no", "fled", "not_now", "yes", "safe_word"])),
    st.tuples(st.just("end_search"), st.none()),
    st.tuples(st.just("birth"), BIRTHS),
    st.tuples(st.just("ages"), FINDINGS),
    st.tuples(st.just("propose_detention"), st.none()),
    st.tuples(st.just("not_object"), st.none()),
    st.tuples(st.just("note_held"), st.none()),
    st.tuples(st.just("step"), st.sampled_from(["register", "start_assessment", "close_early"])),
    st.tuples(st.just("note"), st.none()),
)
TOLD_NO = (
    Incomplete, StepRefused, Stopped, answering.InvalidAnswer, consenting.InvalidConsent,
    detention.SecondOfficerNeeded, referring.NotPermitted, requesting.InvalidRequest,
    statements.InvalidStatement, statements.NotAgreed, TracingMatch.DoesNotExist,
)  # fmt: skip
"""How the product says no; anything else that is raised fails the test."""


class Lives:
    """Two persons, their officers, and the oracle: what was agreed, and until when."""

    def __init__(self) -> None:
        self.worker = Actor(uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION, "border")
        self.other = Actor(uuid4(), Role.CASE_SUPERVISOR, Purpose.PROTECTION, "border")
        birth = {"birth": {"precision": "year", "year": 2013}, "sex": "male", "languages": ["fa"]}
        boy = case_of(self.worker, "separated_child", single=birth, names=BOY_NAMES, family=FAMILY)
        mother = case_of(
            self.worker,
            single={
                "birth": {"precision": "year", "year": 1985}, "sex": "female", "languages": ["fa"],
            },
            names=[{"parts": [["given", "زهرا"], ["family", "رحیمی"]], "script": "Arab"}],
        )  # fmt: skip
        self.cases = {"boy": boy, "mother": mother}
        self.file = liberty.open_file(self.worker, boy, question="They want to keep him.")
        assessing.screen(self.worker, self.file, screened())
        self.search = requesting.make(
            self.worker, mother, sought=[WANTED], side="adult", agreed_here=False
        )
        self.findings: list[AgeFinding] = []
        self.agreed: dict[tuple[str, str], set[str]] = {}
        self.yes_to: set[Any] = set()
        self.letters: set[Any] = set()
        ages.register(self.told)

    def told(self, person: Any) -> list[AgeFinding]:
        return self.findings if person.pk == self.cases["boy"].person_id else []

    def close(self) -> None:
        ages._sources.remove(self.told)

    def person(self, who: str) -> Any:
        return people.find(self.worker, self.cases[who].person.code)

    def is_child(self) -> bool:
        return consenting.is_child(self.person("boy"), timezone.now())

    # --- Events --------------------------------------------------------------------------------

    def take(self, kind: str, value: Any) -> None:
        with contextlib.suppress(*TOLD_NO), transaction.atomic():
            getattr(self, f"do_{kind}")(value)

    def do_agree(self, value: tuple[str, str]) -> None:
        who, what = value
        purpose, receiver, profile, fields = terms(what)
        guardian = GUARDIAN if who == "boy" else {}
        consent = consenting.give(
            self.worker, self.person(who), purpose=purpose, receiver=receiver, profile=profile,
            fields=fields, language="fa", means="oral",
            expires_at=timezone.now() + timedelta(days=30), **guardian,
        )  # fmt: skip
        self.agreed.setdefault((who, receiver), set()).add(vault().handle("consent", consent.pk))

    def do_withdraw(self, value: tuple[str, str]) -> None:
        """Withdrawing ends everything agreed toward that receiver for that purpose."""
        who, what = value
        purpose, receiver, _profile, _fields = terms(what)
        rows = Consent.objects.filter(
            person=self.person(who), receiver=receiver, purpose=str(purpose)
        )
        for consent in rows:
            consenting.withdraw(self.worker, consent)
        self.agreed[(who, receiver)] = set()

    def do_refuse(self, value: tuple[str, str]) -> None:
        who, what = value
        purpose, receiver, profile, fields = terms(what)
        consenting.refuse(
            self.worker, self.person(who), purpose=purpose, receiver=receiver, fields=fields,
            profile=profile,
        )  # fmt: skip
        self.agreed[(who, receiver)] = set()

    def do_refer(self, who: str) -> None:
        referral = referring.draft(
            self.worker, self.cases[who], service="ba-safe-house", need_codes=["shelter"],
            urgency="urgent", fields=FIELDS, summary="Needs a safe bed.",
        )  # fmt: skip
        seen = referring.outgoing(self.worker, referral).seen
        referring.send(self.worker, referral, seen=seen)

    def do_give_statement(self, who: str) -> None:
        for consent in Consent.objects.filter(receiver=INVESTIGATORS, person=self.person(who)):
            wanted: dict[str, Any] = {
                "consent": consent.pk, "fields": list(STATEMENT_FIELDS),
                "written": {"account": "A man took my passport."},
            }  # fmt: skip
            looked = statements.shown(self.worker, self.cases[who], **wanted)
            statements.give(self.worker, self.cases[who], seen=looked.seen, **wanted)

    def do_compare(self, _value: None) -> None:
        requesting.begin(self.worker, self.search)
        indexing.keep_in_step(timezone.now())
        rounds.turn(timezone.now(), at_once=True)

    def do_sought_from_afar(self, _value: None) -> None:
        """What a round opens at the holder: a search of the neighbour that means the boy."""
        indexing.keep_in_step(timezone.now())
        label = {
            "reference": "a1b2c3d4", "consent": "00000000",
            "enquirer": {"handle": "e5f6a7b8", "relation": "mother", "child": False},
            "sought": {
                "names": [{"text": "Омид Рахими"}], "sex": "male",
                "birth": {"first_year": 2013, "last_year": 2013},
                "relatives": [{"relation": "parent", "names": [{"text": "Захра Рахими"}]}],
            },
        }  # fmt: skip
        keys = blocking_keys(from_description(label["sought"]))
        proposing.propose(Actor.system(Purpose.PROTECTION), "ba", label, keys, timezone.now())

    def do_answer(self, said: str) -> None:
        match = TracingMatch.objects.filter(side=Side.HOLDER).order_by("-created_at").first()
        if match is None:
            return
        if match.procedure.state == "proposed":
            answering.ask_person(self.worker, match, reason="Name and age fit.")
        if said in {"no", "fled"}:
            answering.answer_no(self.worker, match, fled_from=said == "fled", note="Afraid.")
        elif said == "not_now":
            answering.answer_not_now(self.worker, match, ask_again_on=None)
        else:
            with transaction.atomic():
                answering.answer_yes(
                    self.worker, match, language="fa", means="oral",
                    safe_word_only=said == "safe_word", **GUARDIAN,
                )  # fmt: skip
            match.refresh_from_db()
            self.yes_to.add(match.thread)
            self.agreed.setdefault(("boy", "ba"), set()).add(match.consent_handle)

    def do_end_search(self, _value: None) -> None:
        requesting.step(self.worker, self.search.sought.get(), verb="withdraw", reason="Her wish.")

    def do_birth(self, value: dict[str, Any]) -> None:
        boy = self.person("boy")
        number = people.read(self.worker, boy).versions.get("birth", 0)
        people.change(self.worker, boy, changes=[FieldChange("birth", number, value, uuid4())])

    def do_ages(self, value: list[AgeFinding]) -> None:
        self.findings = value

    def fresh(self) -> Any:
        return liberty.find(self.worker, self.cases["boy"].code)

    def do_propose_detention(self, _value: None) -> None:
        assessing.decide(self.worker, self.fresh(), proposed())

    def do_not_object(self, _value: None) -> None:
        detention.answer(self.other, self.fresh(), decision="not_object", reason=WHY)

    def do_note_held(self, _value: None) -> None:
        detention.note_held(
            self.worker, self.fresh(), authority="Police", act="12/2026", where="Station",
            decided_on=TODAY, review_on=TODAY + timedelta(days=2),
            expires_on=TODAY + timedelta(days=9),
        )  # fmt: skip

    def do_step(self, verb: str) -> None:
        case = cases.find(self.worker, self.cases["boy"].code)
        cases.take_step(self.worker, case, verb=verb, reason="As agreed with him.")

    def do_note(self, _value: None) -> None:
        cases.add_note(self.worker, self.cases["boy"], text="Came with a torn jacket.")

    # --- What must hold after every event --------------------------------------------------------

    def check_consent(self) -> None:
        """R2: every new letter about a person stands on something that person agreed to."""
        for row in OutboxLetter.objects.exclude(pk__in=self.letters):
            self.letters.add(row.pk)
            envelope = json.loads(row.values()["envelope"])
            kind, basis = envelope["type"], envelope.get("basis", {})
            if kind == REFERRAL:
                assert basis["consent"] in self.standing(), "a referral left without consent"
                assert set(envelope["data"]) - {"ref", "consent"}, "an empty referral"
            elif kind == MATCH:
                assert basis["consent"] in self.standing()
                assert row.thread in self.yes_to, "the sought person had not said yes"
        for row in Asked.objects.exclude(peer=tracing_reach.us()):
            if row.last_at >= self.begun_at:
                assert row.consent_handle in self.standing(), "compared without consent"

    def standing(self) -> set[str]:
        return set().union(*self.agreed.values()) if self.agreed else set()

    def check_silence(self) -> None:
        """A no leaves nothing at the searching side, here or on its way there."""
        for match in TracingMatch.objects.filter(side=Side.HOLDER):
            if match.answer == "no":
                assert not OutboxLetter.objects.filter(thread=match.thread).exists()
                assert not TracingMatch.objects.filter(
                    side=Side.SEEKER, thread=match.thread
                ).exists()
        if not TracingMatch.objects.filter(side=Side.SEEKER).exists():
            states = set(Sought.objects.values_list("procedure__state", flat=True))
            assert not states & {"candidate", "verified", "contact_agreed", "reunified"}

    def check_walls(self) -> None:
        """R1: under return, investigation and labour nothing of this can be asked for at all."""
        for role in GRANTABLE:
            for purpose in KEPT_OUT:
                stranger = Actor(uuid4(), role, purpose, "border")
                for reach in REACHES:
                    with pytest.raises(Refused):
                        reach(stranger)
        investigator = Actor(uuid4(), Role.INVESTIGATOR, Purpose.INVESTIGATION, "police")
        readable = {row.reference for row in statements.readable(investigator)}
        alive = {
            row.reference
            for row in GivenStatement.objects.all()
            if vault().handle("consent", row.consent_id) in self.standing()
        }
        assert readable == alive
        for reference in readable:
            _row, lines = statements.read(investigator, reference)
            assert {field for field, _, _ in lines} <= set(STATEMENT_FIELDS)

    def check_child(self) -> None:
        """R7: nothing on the path to detention stands for a child or an age in doubt."""
        if not self.is_child():
            return
        now = timezone.now()
        for proposal in Proposal.objects.filter(ended_at=None):
            assert not detention.stands(proposal, now)
        held = detention.held_of(self.fresh())
        if held is not None:
            assert "child" in detention.must_be_released(held, now)


REACHES = [
    lambda actor: people_reach.visible(actor, Action.READ),
    cases.visible,
    referring.visible,
    transferring.visible,
    liberty.visible,
    tracing_reach.requests,
    tracing_reach.matches,
]


def terms(what: str) -> tuple[Purpose, str, str, tuple[str, ...] | list[str]]:
    """Purpose, receiver, profile and fields of a thing that can be agreed to."""
    return {
        "referral": (Purpose.PROTECTION, "ba", REFERRAL, FIELDS),
        "search": (Purpose.PROTECTION, "ba", SEARCH, SEARCH_FIELDS),
        "match": (Purpose.PROTECTION, "ba", MATCH, MATCH_FIELDS),
        "statement": (Purpose.INVESTIGATION, INVESTIGATORS, STATEMENT, STATEMENT_FIELDS),
    }[what]


@contextlib.contextmanager
def undone() -> Iterator[Lives]:
    """What one example does to the database does not meet the next one."""
    with transaction.atomic():
        lives = Lives()
        try:
            yield lives
        finally:
            lives.close()
            transaction.set_rollback(True)


@pytest.mark.slow
@pytest.mark.django_db
@effort(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=st.lists(EVENTS, min_size=3, max_size=12))
def test_no_sequence_of_events_breaks_purpose_consent_or_safeguards(neighbour, events):  # noqa: F811
    with undone() as lives:
        for kind, value in events:
            was_child = lives.is_child()
            before = (Proposal.objects.count(), Held.objects.count())
            lives.begun_at = datetime.now(UTC)
            lives.take(kind, value)
            if was_child and kind not in {"birth", "ages"}:
                assert (Proposal.objects.count(), Held.objects.count()) == before
            lives.check_consent()
            lives.check_silence()
            lives.check_child()
        lives.check_walls()


def test_the_sequences_reach_what_they_attack(neighbour, db):  # noqa: F811
    """The attack is not empty: with consent a referral, a match and a statement do leave."""
    with undone() as lives:
        for kind, value in [
            ("agree", ("boy", "referral")), ("refer", "boy"),
            ("agree", ("mother", "statement")), ("give_statement", "mother"),
            ("sought_from_afar", None), ("answer", "yes"),
            ("agree", ("mother", "search")), ("compare", None),
            ("birth", {"precision": "year", "year": TODAY.year - 30}),
            ("propose_detention", None),
        ]:  # fmt: skip
            lives.begun_at = datetime.now(UTC)
            getattr(lives, f"do_{kind}")(value)
            lives.check_consent()
        sent = {json.loads(r.values()["envelope"])["type"] for r in OutboxLetter.objects.all()}
        assert {REFERRAL, MATCH, OFFER} <= sent
        assert Referral.objects.exists()
        assert GivenStatement.objects.count() == 1
        assert Asked.objects.exclude(consent_handle="").exists()
        assert Proposal.objects.exists()
