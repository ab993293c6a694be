# SPDX-License-Identifier: EUPL-1.2
"""The wall to investigators: what crosses, what never does, and what is left after a withdrawal."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.cases.victims import statements
from mostovi.cases.victims.models import GivenStatement, Statement
from mostovi.cases.victims.statement_fields import PROFILE, RECEIVER, codes
from mostovi.people import consenting, disclosures, sharing
from mostovi.people import services as people
from mostovi.people.models import Consent
from mostovi.rights.access import Action, Actor, Kind, Refused, decide
from mostovi.rights.models import AuditEntry
from mostovi.rights.policy import SHIELDED_KINDS
from mostovi.rights.purposes import KEPT_OUT, Purpose
from mostovi.rights.roles import Role
from mostovi.rights.services import destroy_pending
from mostovi.rights.vault import KeyDestroyed, vault

pytestmark = pytest.mark.django_db
WRITTEN = {"account": "A man took my passport.", "wishes": "", "non_punishment": ""}


def addresses(reference="ST-0000-0000"):
    return [reverse("victims:statements"), reverse("victims:statement", args=[reference])]


# --- What is needed ------------------------------------------------------------------------------


def test_nothing_is_given_without_consent_to_investigators(case, coordinator, consent_to):
    with pytest.raises(statements.InvalidStatement):
        statements.shown(
            coordinator, case, consent=consent_to(case.person).pk, fields=["names"],
            written=WRITTEN,
        )  # fmt: skip
    assert statements.agreed(coordinator, case) == []
    assert not Statement.objects.exists()


def test_only_named_fields_can_be_given(case, coordinator, agree):
    consent = agree(case.person, fields=["names"])
    with pytest.raises(statements.InvalidStatement) as refused:
        statements.shown(
            coordinator, case, consent=consent.pk, fields=["names", "account"], written=WRITTEN
        )
    assert refused.value.field == "fields"


def test_nothing_is_given_that_was_not_shown(case, coordinator, agree):
    consent = agree(case.person)
    wanted = {"consent": consent.pk, "fields": consent.fields, "written": WRITTEN}
    looked = statements.shown(coordinator, case, **wanted)
    wanted["written"] = {"account": "Something else."}
    with pytest.raises(statements.ChangedSinceSeen):
        statements.give(coordinator, case, seen=looked.seen, **wanted)
    assert not Statement.objects.exists()


def test_no_override_and_no_duty_opens_the_way(case, coordinator):
    for duty in ("court_order", "vital_interests", "child_abuse_report"):
        with pytest.raises(consenting.InvalidConsent) as refused:
            consenting.request_override(
                coordinator, case.person, purpose=Purpose.INVESTIGATION, receiver=RECEIVER,
                fields=["account"], duty=duty, reason="The prosecutor wants it very much.",
                expires_at=datetime.now(UTC) + timedelta(days=5),
            )  # fmt: skip
        assert refused.value.part == "purpose"


@pytest.mark.parametrize(
    ("purpose", "receiver"),
    [(Purpose.INVESTIGATION, "ba"), (Purpose.RETURN, RECEIVER), (Purpose.PROTECTION, RECEIVER),
     (Purpose.LABOUR, "ba"), (Purpose.ASYLUM, "ba")],
)  # fmt: skip
def test_the_way_leads_to_one_purpose_and_one_receiver_only(
    case, coordinator, purpose, receiver, neighbour
):
    permission = consenting.permission_for(
        case.person, purpose, receiver, ["names"], datetime.now(UTC)
    )
    assert not permission.allowed
    if purpose is Purpose.PROTECTION:
        assert receiver not in {one.code for one in sharing.receivers(purpose)}
        return
    with pytest.raises(consenting.InvalidConsent):
        consenting.give(
            coordinator, case.person, purpose=purpose, receiver=receiver, fields=["names"],
            profile=PROFILE, language="en", means="oral",
            expires_at=datetime.now(UTC) + timedelta(days=5),
        )  # fmt: skip


def test_a_referrals_consent_form_does_not_offer_investigators(case, neighbour):
    offered = {one.code for one in sharing.receivers("protection")}
    assert "ba" in offered and RECEIVER not in offered
    assert {one.code for one in sharing.receivers("investigation")} == {RECEIVER}
    assert [p.code for p in sharing.profiles("investigation")] == [PROFILE]


def test_a_child_needs_guardian_and_own_view(case, coordinator):
    child = people.register(
        coordinator, single={"birth": {"precision": "year", "year": 2012}}, names=[], contacts=[]
    )
    with pytest.raises(consenting.InvalidConsent) as refused:
        consenting.give(
            coordinator, child, purpose=Purpose.INVESTIGATION, receiver=RECEIVER,
            profile=PROFILE, fields=["account"], language="en", means="oral",
            expires_at=datetime.now(UTC) + timedelta(days=5),
        )  # fmt: skip
    assert refused.value.part == "guardian_name"


def test_the_node_itself_gives_nothing(case, agree):
    consent = agree(case.person)
    with pytest.raises(statements.NotAgreed):
        statements.give(
            Actor.system(Purpose.PROTECTION), case, consent=consent.pk, fields=["names"],
            written=WRITTEN, seen="",
        )  # fmt: skip


def test_codes_that_lead_back_are_refused(case, coordinator, agree):
    consent = agree(case.person)
    for text in (case.code, case.code.replace("-", " ").lower(), f"see {case.person.code}."):
        with pytest.raises(statements.InvalidStatement) as refused:
            statements.shown(
                coordinator, case, consent=consent.pk, fields=["account"],
                written={"account": f"Ask about {text}"},
            )  # fmt: skip
        assert refused.value.field == "account"


# --- What investigators see -----------------------------------------------------------------


def test_investigators_read_exactly_what_was_shown(
    case, coordinator, investigator, agree, hand_over
):
    consent = agree(case.person)
    looked = statements.shown(
        coordinator, case, consent=consent.pk, fields=consent.fields, written=WRITTEN
    )
    given = hand_over(case, consent)
    _row, lines = statements.read(investigator, given.reference)
    assert lines == looked.lines
    assert [field for field, _, _ in lines] == ["names", "languages", "account"]


def test_a_statement_leads_back_to_nothing(case, investigator, agree, hand_over):
    given = hand_over(case, agree(case.person))
    row, _lines = statements.read(investigator, given.reference)
    links = [field.name for field in Statement._meta.get_fields() if field.is_relation]
    assert links == []
    held = json.dumps([str(row.pk), row.reference, row.values()], ensure_ascii=False)
    back = (case.code, case.person.code, str(case.pk), str(case.person_id), str(case.key_id),
            str(given.consent_id), "Was made to work")  # fmt: skip
    assert [word for word in back if word in held] == []
    assert row.key_id not in {case.key_id, case.person.key_id}


def test_only_investigators_read_statements(case, coordinator, acting, agree, hand_over):
    given = hand_over(case, agree(case.person))
    for role in Role:
        if role in {Role.INVESTIGATOR, Role.PERSON, Role.SYSTEM}:
            continue
        with pytest.raises(Refused):
            statements.read(acting(role), given.reference)


def test_reading_is_logged_by_the_statements_own_handle(case, investigator, agree, hand_over):
    given = hand_over(case, agree(case.person))
    statements.read(investigator, given.reference)
    entry = AuditEntry.objects.get(tag="victims.statement.read")
    assert entry.handle == statements.statement_handle(given.statement)
    assert entry.purpose == "investigation"
    assert entry.detail == "{}"


def test_the_person_sees_that_it_was_given(case, agree, hand_over):
    hand_over(case, agree(case.person))
    (line,) = disclosures.of(case.person)
    assert (line.receiver, line.purpose) == (RECEIVER, "investigation")
    assert list(line.fields) == ["account", "languages", "names"]


# --- Withdrawal, end, erasure --------------------------------------------------------------------


def test_withdrawal_destroys_the_key_and_looks_like_never_given(
    case, coordinator, investigator, agree, hand_over, django_capture_on_commit_callbacks
):
    consent = agree(case.person)
    given = hand_over(case, consent)
    sealed = Statement.objects.get(pk=given.statement)
    with django_capture_on_commit_callbacks(execute=True):
        consenting.withdraw(coordinator, consent)
    assert not vault().holds(sealed.key_id)
    with pytest.raises(KeyDestroyed):
        sealed.values()
    for reference in (given.reference, "ST-0000-0000", "nonsense"):
        with pytest.raises(Statement.DoesNotExist):
            statements.read(investigator, reference)
    (told,) = statements.ended_lately(investigator, datetime.now(UTC))
    assert told.reference == given.reference
    assert GivenStatement.objects.get().ended_why == "withdrawn"


def test_the_person_withdraws_from_their_own_file(case, investigator, agree, hand_over):
    consent = agree(case.person)
    given = hand_over(case, consent)
    consenting.withdraw(case.person, consent)
    with pytest.raises(Statement.DoesNotExist):
        statements.read(investigator, given.reference)


def test_a_refusal_ends_what_was_given_before(case, coordinator, investigator, agree, hand_over):
    given = hand_over(case, agree(case.person))
    consenting.refuse(
        coordinator, case.person, purpose=Purpose.INVESTIGATION, receiver=RECEIVER,
        fields=["account"], profile=PROFILE,
    )  # fmt: skip
    with pytest.raises(Statement.DoesNotExist):
        statements.read(investigator, given.reference)


def test_a_consent_that_runs_out_closes_the_statement_at_that_moment(
    case, investigator, agree, hand_over
):
    given = hand_over(case, agree(case.person, days=3))
    later = datetime.now(UTC) + timedelta(days=4)
    with pytest.raises(Statement.DoesNotExist):
        statements.read(investigator, given.reference, now=later)
    assert statements.end_expired(later) == 1
    assert statements.end_expired(later) == 0
    destroy_pending()
    assert bytes(Statement.objects.get().sealed) == b""


def test_erasing_the_person_erases_what_was_given(case, acting, investigator, agree, hand_over):
    given = hand_over(case, agree(case.person))
    officer = acting(Role.DATA_PROTECTION_OFFICER)
    people.erase(officer, case.person, reason="own_wish")
    with pytest.raises(Statement.DoesNotExist):
        statements.read(investigator, given.reference)


def test_a_restored_row_without_its_key_is_not_there(case, investigator, agree, hand_over):
    given = hand_over(case, agree(case.person))
    vault().destroy(Statement.objects.get(pk=given.statement).key_id)
    with pytest.raises(Statement.DoesNotExist):
        statements.read(investigator, given.reference)
    rows = list(statements.readable(investigator))
    assert statements.listed(investigator, rows) == []


def test_retention_ends_old_statements(case, investigator, agree, hand_over):
    hand_over(case, agree(case.person))
    assert statements.end_given_before(datetime.now(UTC).date()) == 0
    assert statements.end_given_before(datetime.now(UTC).date() + timedelta(days=1)) == 1
    assert not Statement.objects.exists()


# --- Attacks (R1) --------------------------------------------------------------------------------


def test_statements_are_the_only_personal_kind_open_to_investigation():
    investigator = Actor.system(Purpose.INVESTIGATION)
    reached = {
        kind
        for kind in SHIELDED_KINDS
        for action in Action
        if decide(investigator, action, kind).allowed
    }
    assert reached == set()
    assert decide(investigator, Action.READ, Kind.STATEMENT).allowed
    for purpose in (KEPT_OUT - {Purpose.INVESTIGATION}) | {Purpose.PROTECTION, Purpose.GOVERNANCE}:
        assert not decide(Actor.system(purpose), Action.READ, Kind.STATEMENT).allowed


@contextmanager
def undone():
    """What one example does to the database does not meet the next one."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


ACTS = (
    "agree", "give", "give", "withdraw", "refuse", "expire", "step", "note", "protection_consent",
)  # fmt: skip
acts = st.lists(
    st.tuples(
        st.sampled_from(ACTS),
        st.sets(st.sampled_from(codes()), min_size=1),
    ),
    min_size=1,
    max_size=7,
)
SECRET = "hidden under the bridge"
OF_FILE = {"names": "Haddad", "account": "took my passport", "wishes": "no phone calls"}


@given(story=acts)
@effort(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_sequence_of_events_opens_the_wall(
    story, case, coordinator, investigator, client_of_investigator, neighbour, consent_to
):
    """Whatever happens, an investigator reads only named fields of a consent that stands now."""
    with undone():
        model = _Model(case, coordinator, consent_to)
        # Each story begins with something given and ends with an attempt to give more.
        everything = set(codes())
        story = [("agree", everything), ("give", everything), *story, ("give", everything)]
        for act, fields in story:
            model.play(act, fields)
            readable = {row.reference for row in statements.readable(investigator, model.now)}
            assert readable == model.alive()
            for reference in model.given:
                if reference not in readable:
                    with pytest.raises(Statement.DoesNotExist):
                        statements.read(investigator, reference, now=model.now)
            for reference in readable:
                _row, lines = statements.read(investigator, reference, now=model.now)
                seen = {field for field, _, _ in lines}
                assert seen <= model.given[reference][1]
                text = json.dumps(lines, ensure_ascii=False)
                _assert_leads_nowhere(text, case, model)
                for field, word in OF_FILE.items():
                    assert (word in text) <= (field in seen)
        for address in [*addresses(), *(addresses(ref)[1] for ref in model.given)]:
            page = client_of_investigator.get(address).content.decode()
            _assert_leads_nowhere(page, case, model)


def _assert_leads_nowhere(text, case, model):
    back = (case.code, case.person.code, str(case.pk), str(case.person_id), SECRET,
            "Was made to work", *(str(pk) for pk in model.consents))  # fmt: skip
    assert [word for word in back if word in text] == []


class _Model:
    """What the rules say must be readable, kept apart from the code under attack."""

    def __init__(self, case: Case, actor: Actor, consent_to) -> None:
        self.case, self.actor, self.consent_to = case, actor, consent_to
        self.now = datetime.now(UTC)
        self.consents: dict = {}
        self.given: dict = {}

    def alive(self):
        return {
            reference
            for reference, (consent, _) in self.given.items()
            if self.consents[consent]["stands"] and self.consents[consent]["until"] > self.now
        }

    def play(self, act, fields):
        self.now += timedelta(seconds=1)
        getattr(self, f"_{act}")(sorted(fields))

    def _agree(self, fields):
        until = self.now + timedelta(days=2)
        row = consenting.give(
            self.actor, self.case.person, purpose=Purpose.INVESTIGATION, receiver=RECEIVER,
            profile=PROFILE, fields=fields, language="en", means="oral", expires_at=until,
            now=self.now,
        )  # fmt: skip
        self.consents[row.pk] = {"fields": set(fields), "until": until, "stands": True}

    def _give(self, fields):
        """Try to give under every consent there is, standing or not, more fields than it names."""
        written = {"account": "He took my passport.", "wishes": "Please, no phone calls."}
        for pk, terms in self.consents.items():
            for wished in (fields, sorted(terms["fields"])):
                wanted = {"consent": pk, "fields": wished, "written": written, "now": self.now}
                try:
                    looked = statements.shown(self.actor, self.case, **wanted)
                    row = statements.give(self.actor, self.case, seen=looked.seen, **wanted)
                except (statements.InvalidStatement, statements.NotAgreed):
                    continue
                assert terms["stands"] and terms["until"] > self.now
                assert set(row.fields) <= set(wished) <= terms["fields"]
                self.given[row.reference] = (pk, set(row.fields))

    def _withdraw(self, _fields):
        for pk in list(self.consents)[:1]:
            consenting.withdraw(self.actor, Consent.objects.get(pk=pk), now=self.now)
            self._all_end()

    def _refuse(self, fields):
        consenting.refuse(
            self.actor, self.case.person, purpose=Purpose.INVESTIGATION, receiver=RECEIVER,
            profile=PROFILE, fields=fields, now=self.now,
        )  # fmt: skip
        self._all_end()

    def _all_end(self):
        for terms in self.consents.values():
            terms["stands"] = False

    def _expire(self, _fields):
        self.now += timedelta(days=3)
        statements.end_expired(self.now)

    def _step(self, _fields):
        case = cases.find(self.actor, self.case.code)
        verb = {"identification": "register", "registration": "start_assessment"}
        if case.procedure.state in verb:
            cases.take_step(self.actor, case, verb=verb[case.procedure.state])

    def _note(self, _fields):
        cases.add_note(self.actor, self.case, text=f"Was {SECRET}.")

    def _protection_consent(self, _fields):
        self.consent_to(self.case.person)


@pytest.fixture
def client_of_investigator(signed_in, investigator):
    return signed_in(investigator)
