# SPDX-License-Identifier: EUPL-1.2
"""Responsibility for a case between two nodes: always somebody's, never two's, whatever is lost.

Both ends live in one database here; `Region` carries letters between them, late, twice or never.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4, uuid5

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mostovi.cases import referring
from mostovi.cases import services as cases
from mostovi.cases.models import Case, Direction
from mostovi.cases.transfers import letters, transferring
from mostovi.cases.transfers.models import Transfer
from mostovi.cases.transfers.today import waiting
from mostovi.exchange import handlers
from mostovi.exchange.directory import NodeEntry
from mostovi.exchange.handlers import ReceiptSeen, ReceivedLetter, Reject
from mostovi.exchange.keys import Use, new_pair
from mostovi.exchange.models import OutboxLetter
from mostovi.exchange.receipts import Verdict
from mostovi.exchange.services import add_peer
from mostovi.people import consenting
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.vault import vault

pytestmark = pytest.mark.django_db
FIELDS = ["subject", "names", "birth", "languages", "summary", "plan"]
OTHER_END = UUID(int=77)


class Region:
    """Node `me` hands over, node `ba` takes over; letters lie in `OutboxLetter` until carried."""

    def __init__(self, settings, officer: Actor, colleague: Actor) -> None:
        self.settings, self.officer, self.colleague = settings, officer, colleague
        self.home = settings.MOSTOVI
        self.carried: set[UUID] = set()

    @contextmanager
    def at(self, node: str):
        self.settings.MOSTOVI = replace(self.home, code=node)
        try:
            yield
        finally:
            self.settings.MOSTOVI = self.home

    def waiting(self, to: str) -> list[OutboxLetter]:
        rows = OutboxLetter.objects.filter(to=to).exclude(sealed=b"").order_by("seq")
        rows = rows.exclude(state__in=["withdrawn", "replaced"])
        return [r for r in rows if r.pk not in self.carried and "void" not in r.letter_type]

    def carry(self, to: str, *, receipt: bool = True) -> str:
        """Carry the next letter to `to`, and its receipt back; "" when none waits."""
        found = self.waiting(to)
        if not found:
            return ""
        row = found[0]
        self.carried.add(row.pk)
        return self.take_in(row, receipt=receipt)

    def take_in(self, row: OutboxLetter, *, receipt: bool = True) -> str:
        source = "me" if row.to == "ba" else "ba"
        envelope, now = json.loads(row.values()["envelope"]), datetime.now(UTC)
        letter = ReceivedLetter(
            id=row.pk, type=row.letter_type, source=source, thread=other(row.thread), seq=row.seq,
            time=now, expires=now + timedelta(days=1), received_at=now,
            purpose=Purpose.PROTECTION, basis=envelope["basis"], data=carried(envelope["data"]),
            subject="", in_reply_to=None, attachments=(), inbox=1, digest="",
            actor=Actor.system(Purpose.PROTECTION),
        )  # fmt: skip
        verdict, reason = Verdict.STORED, ""
        try:
            with self.at(row.to), transaction.atomic():
                handlers.receiver(row.letter_type)(letter)
        except Reject as refused:
            verdict, reason = Verdict.REJECTED, refused.reason
        if receipt:
            self.receipt(row, verdict, reason, now)
        return reason or "stored"

    def receipt(self, row, verdict, reason="", at=None):
        now = datetime.now(UTC)
        seen = ReceiptSeen(
            letter=row.pk, type=row.letter_type, to=row.to, thread=row.thread, verdict=verdict,
            reason=reason, text="", received_at=at, head="", seen_at=now,
        )  # fmt: skip
        with self.at("me" if row.to == "ba" else "ba"):
            for see in handlers.receipt_hooks(row.letter_type):
                see(seen)

    @property
    def sent(self) -> Transfer:
        return Transfer.objects.select_related("procedure").get(direction="sent", peer="ba")

    @property
    def came(self) -> Transfer | None:
        rows = Transfer.objects.select_related("procedure")
        return rows.filter(direction="received", peer="me").first()

    def responsible(self) -> list[str]:
        """Who is, by the one moment both ends name."""
        passed = self.sent.procedure.state == "passed"
        return ["ba"] if passed else ["me"]


def other(thread: UUID) -> UUID:
    """The same conversation at the other end: both ends share one table of unique threads here."""
    pair = {t: uuid5(OTHER_END, str(t)) for t in Transfer.objects.values_list("thread", flat=True)}
    back = {twin: one for one, twin in pair.items()}
    return back.get(thread) or uuid5(OTHER_END, str(thread))


def carried(data):
    if "previous" in data:
        return data | {"previous": str(other(UUID(data["previous"])))}
    return data


def peer(code):
    now = datetime.now(UTC)
    keys = [new_pair(use, now - timedelta(days=1)).public for use in Use]
    entry = NodeEntry(
        code=code, name=f"Node {code}", country=code, endpoint="http://127.0.0.1:9",
        polling=False, letters=frozenset(), batch=1, keys=tuple(keys),
    )  # fmt: skip
    add_peer(Actor(uuid4(), Role.ADMINISTRATOR, Purpose.GOVERNANCE), entry=entry.as_dict())


@pytest.fixture
def region(neighbour, settings, coordinator, colleague):
    made = Region(settings, coordinator, colleague)
    with made.at("ba"):
        peer("me")
    return made


def drafted(coordinator, case, **more):
    wish = {
        "to": "ba", "reason": "lives_there", "fields": FIELDS, "summary": "Needs a caseworker.",
        "plan": "School from Monday.",
    }  # fmt: skip
    return transferring.draft(coordinator, case, **(wish | more))


@pytest.fixture
def draft(region, coordinator, case):
    return drafted(coordinator, case)


def send(coordinator, draft):
    seen = transferring.outgoing(coordinator, draft).seen
    return transferring.send(coordinator, draft, seen=seen)


@pytest.fixture
def sent(region, draft, coordinator, consent_to, case):
    consent_to(case.person, FIELDS)
    send(coordinator, draft)
    return region


def accept(region):
    with region.at("ba"):
        transferring.accept(region.colleague, region.came)


# --- Sending -----------------------------------------------------------------------------------


def test_without_consent_nothing_leaves(draft, coordinator):
    with pytest.raises(referring.NotPermitted):
        send(coordinator, draft)
    assert not OutboxLetter.objects.exists()


def test_exactly_what_was_shown_leaves_once(draft, coordinator, consent_to, case):
    consent_to(case.person, FIELDS)
    going = transferring.outgoing(coordinator, draft)
    for _again in range(2):
        transferring.send(coordinator, draft, seen=going.seen)
    data = json.loads(OutboxLetter.objects.get().values()["envelope"])["data"]
    assert data == going.data
    assert data["plan"] == "School from Monday."
    assert "67 000 001" not in str(data)


def test_what_was_not_shown_does_not_leave(draft, coordinator, consent_to, case):
    consent_to(case.person, FIELDS)
    with pytest.raises(referring.ChangedSinceSeen):
        transferring.send(coordinator, draft, seen="something else")
    assert not OutboxLetter.objects.exists()


def test_a_case_is_handed_to_one_at_a_time(draft, coordinator, case):
    with pytest.raises(transferring.InvalidTransfer):
        drafted(coordinator, case)
    transferring.discard(coordinator, draft)
    assert drafted(coordinator, case).procedure.state == "draft"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": "me"}, "to"), ({"to": "nowhere"}, "to"), ({"reason": "because"}, "reason"),
        ({"fields": ["citizenships"]}, "fields"), ({"summary": " "}, "summary"),
        ({"plan": ""}, "plan"),
    ],
)  # fmt: skip
def test_bad_drafts_are_refused(region, coordinator, case, change, field):
    with pytest.raises(transferring.InvalidTransfer) as refused:
        drafted(coordinator, case, **change)
    assert refused.value.field == field
    assert not Transfer.objects.exists()


# --- The way it should go ----------------------------------------------------------------------


def test_the_old_node_is_responsible_until_it_has_stored_the_acceptance(sent, case):
    assert sent.carry("ba") == "stored"
    assert sent.sent.procedure.state == "acknowledged"
    assert transferring.is_responsible(sent.sent)
    accept(sent)
    assert transferring.is_responsible(sent.sent)
    assert not transferring.is_responsible(sent.came)
    assert sent.carry("me") == "stored"
    ours, theirs = sent.sent, sent.came
    assert (ours.procedure.state, theirs.procedure.state) == ("passed", "passed")
    assert ours.passed_at == theirs.passed_at
    assert not transferring.is_responsible(ours)
    assert transferring.is_responsible(theirs)
    case.refresh_from_db()
    assert case.closed_at
    assert theirs.case is not None
    assert theirs.case.holder == sent.colleague.account
    assert theirs.case.person_id != case.person_id


def test_what_came_with_it_stands_in_the_new_case(sent, case):
    from mostovi.people import services as people

    sent.carry("ba")
    accept(sent)
    sent.carry("me")
    new = sent.came.case
    file = people.read(sent.colleague, new.person)
    assert {name.name.written for name in file.names} >= {"Layla Haddad"}
    assert file.single["birth"]["year"] == 1990
    words = cases.read(sent.colleague, new)["summary"]
    assert "Needs a caseworker." in words
    assert "School from Monday." in words


def test_declined_it_stays_and_the_copy_is_destroyed(
    sent, case, django_capture_on_commit_callbacks
):
    sent.carry("ba")
    with sent.at("ba"), django_capture_on_commit_callbacks(execute=True):
        transferring.decline(sent.colleague, sent.came, code="no_capacity", text="We are full.")
    assert sent.carry("me") == "stored"
    assert sent.sent.procedure.state == "declined"
    assert transferring.is_responsible(sent.sent)
    assert not vault().holds(sent.came.key_id)
    case.refresh_from_db()
    assert case.closed_at is None


# --- Lost, late, twice, crossing ---------------------------------------------------------------


def test_a_node_that_died_changes_nothing_and_loses_nothing(sent, coordinator, case):
    row = OutboxLetter.objects.get()
    sent.receipt(row, None, "expired")
    ours = sent.sent
    assert (ours.undeliverable, transferring.is_responsible(ours)) == ("expired", True)
    why = [str(item.why) for item in waiting(coordinator, datetime.now(UTC))]
    assert "The other institution did not get the case; you are responsible" in why
    case.refresh_from_db()
    assert case.closed_at is None
    transferring.take_back(coordinator, ours, reason="Their node is gone.")
    peer("rs")
    consenting_to = drafted(coordinator, case, to="rs")
    assert consenting_to.procedure.state == "draft"


def test_an_answer_that_is_overdue_is_shown_to_the_sender(sent, coordinator):
    sent.carry("ba")
    code = sent.sent.code

    def told(now):
        return [str(item.why) for item in waiting(coordinator, now) if item.title == code]

    assert told(datetime.now(UTC)) == []
    assert any("Take over or decline" in why for why in told(datetime.now(UTC) + timedelta(30)))


def test_taken_back_before_it_left_it_never_leaves(sent, coordinator):
    transferring.take_back(coordinator, sent.sent, reason="She stays.")
    assert sent.carry("ba") == "stored"  # only that it was taken back
    assert sent.came is None


def test_taken_back_it_is_gone_at_the_other_end(
    sent, coordinator, django_capture_on_commit_callbacks
):
    sent.carry("ba")
    transferring.take_back(coordinator, sent.sent, reason="She stays.")
    with django_capture_on_commit_callbacks(execute=True):
        sent.carry("ba")
    assert sent.came.procedure.state == "taken_back"
    assert not vault().holds(sent.came.key_id)
    with pytest.raises(StepRefused):
        accept(sent)


def test_an_acceptance_that_crosses_a_take_back_does_not_count(sent, coordinator, case):
    sent.carry("ba")
    accept(sent)
    transferring.take_back(coordinator, sent.sent, reason="She stays.")
    assert sent.carry("me") == "taken_back"
    assert (sent.sent.procedure.state, sent.came.procedure.state) == ("taken_back", "taken_back")
    assert sent.came.case is None
    case.refresh_from_db()
    assert case.closed_at is None


def test_after_the_acceptance_is_stored_it_cannot_be_taken_back(sent, coordinator):
    sent.carry("ba")
    accept(sent)
    sent.carry("me", receipt=False)
    with pytest.raises(StepRefused):
        transferring.take_back(coordinator, sent.sent, reason="Changed my mind.")
    assert sent.responsible() == ["ba"]


def test_a_receipt_that_is_lost_and_comes_again_tells_the_new_node(sent):
    sent.carry("ba")
    accept(sent)
    row = sent.waiting("me")[0]
    sent.carry("me", receipt=False)
    assert sent.came.procedure.state == "accepted"
    at = sent.sent.passed_at
    for _again in range(2):
        sent.receipt(row, Verdict.STORED, at=at)
    assert (sent.came.procedure.state, sent.came.passed_at) == ("passed", at)
    assert Case.objects.count() == 2


def test_the_same_case_is_not_taken_over_twice(sent):
    row = sent.waiting("ba")[0]
    sent.carry("ba")
    OutboxLetter.objects.filter(pk=row.pk).update(thread=uuid4())
    again = OutboxLetter.objects.get(pk=row.pk)
    assert sent.take_in(again, receipt=False) == "duplicate_transfer"


def test_the_consent_withdrawn_takes_it_back(sent, coordinator, case):
    sent.carry("ba")
    accept(sent)
    consenting.withdraw(coordinator, case.person.consents.get())
    assert sent.sent.procedure.state == "taken_back"
    assert sent.carry("me") == "taken_back"
    assert sent.came.procedure.state == "taken_back"


def test_the_consent_withdrawn_later_is_told_to_who_is_responsible(
    sent, coordinator, case, django_capture_on_commit_callbacks
):
    sent.carry("ba")
    accept(sent)
    sent.carry("me")
    consenting.withdraw(coordinator, case.person.consents.get())
    with django_capture_on_commit_callbacks(execute=True):
        assert sent.carry("ba") == "stored"
    came = sent.came
    assert came.consent_withdrawn_at
    assert not vault().holds(came.key_id)
    assert transferring.is_responsible(came)
    assert transferring.read(sent.colleague, came) is None


def test_a_third_node_cannot_answer(sent):
    sent.carry("ba")
    accept(sent)
    row = sent.waiting("me")[0]
    data = json.loads(row.values()["envelope"])["data"]
    now = datetime.now(UTC)
    forged = ReceivedLetter(
        id=uuid4(), type=row.letter_type, source="rs", thread=sent.sent.thread, seq=1, time=now,
        expires=now, received_at=now, purpose=Purpose.PROTECTION, basis={}, data=data, subject="",
        in_reply_to=None, attachments=(), inbox=1, digest="",
        actor=Actor.system(Purpose.PROTECTION),
    )  # fmt: skip
    with pytest.raises(Reject):
        letters.receive_answer(forged)
    assert sent.responsible() == ["me"]


def test_a_case_that_comes_back_opens_the_earlier_one(sent, case, coordinator):
    sent.carry("ba")
    accept(sent)
    sent.carry("me")
    new = sent.came.case
    with sent.at("ba"):
        consenting.give(
            sent.colleague, new.person, purpose=Purpose.PROTECTION, receiver="me", fields=FIELDS,
            language="ar", means="oral", expires_at=datetime.now(UTC) + timedelta(days=90),
        )  # fmt: skip
        back = drafted(sent.colleague, new, to="me", reason="comes_back")
        assert back.previous == sent.came.thread
        send(sent.colleague, back)
    assert sent.carry("me") == "stored"
    home = Transfer.objects.get(direction="received", peer="ba")
    transferring.accept(coordinator, home)
    assert sent.carry("ba") == "stored"
    home = Transfer.objects.get(direction="received", peer="ba")
    assert home.case_id == case.pk
    case.refresh_from_db()
    assert case.closed_at is None
    assert Case.objects.count() == 2


def test_a_closed_case_of_somebody_known_here_is_opened_again(sent, case, coordinator, acting):
    """The officer finds that the person has a file and a closed case at this node."""
    from mostovi.people import services as people

    sent.carry("ba")
    with sent.at("ba"):
        known = people.register(sent.colleague, names=[{"parts": [["given", "Layla"]],
                                                        "script": "Latn"}])  # fmt: skip
        old = cases.open_case(
            sent.colleague, person=known, case_type="other_vulnerable_adult", urgency="soon"
        )
        cases.take_step(sent.colleague, old, verb="close_early", reason="Moved on.")
    accept(sent)
    sent.carry("me")
    came = sent.came
    opened, came.case = came.case, None
    came.save(update_fields=["case"])
    again = transferring.open_here(sent.colleague, came, person=known)
    assert again.pk == old.pk != opened.pk
    assert again.closed_at is None


def test_crossing_transfers_of_one_case_are_refused(sent, case):
    """While we are still responsible nobody can hand the same case back to us."""
    sent.carry("ba")
    row = OutboxLetter.objects.filter(letter_type=transferring.TRANSFER).get()
    envelope = json.loads(row.values()["envelope"])
    now = datetime.now(UTC)
    data = envelope["data"] | {"previous": str(sent.sent.thread), "case": "a" * 16}
    data["basis"] = data["basis"] | {"receiver": "me"}
    crossing = ReceivedLetter(
        id=uuid4(), type=transferring.TRANSFER, source="ba", thread=uuid4(), seq=1, time=now,
        expires=now, received_at=now, purpose=Purpose.PROTECTION, basis={}, data=data, subject="",
        in_reply_to=None, attachments=(), inbox=1, digest="",
        actor=Actor.system(Purpose.PROTECTION),
    )  # fmt: skip
    with pytest.raises(Reject) as refused:
        letters.receive_transfer(crossing)
    assert refused.value.reason == "crossing_transfer"


MOVES = st.lists(
    st.sampled_from(
        ["to_ba"] * 3 + ["to_me"] * 2 + ["accept"] * 3 + ["take_back"] * 2
        + ["to_me_without_receipt", "decline", "withdraw", "dead"]
    ),
    min_size=3, max_size=8,
).map(lambda moves: ["to_ba", *moves])  # fmt: skip


@given(MOVES)
@example(["to_ba", "accept", "take_back", "to_me", "to_ba"])
@example(["to_ba", "accept", "to_me_without_receipt", "take_back", "withdraw"])
@example(["to_ba", "accept", "withdraw", "to_ba", "to_me"])
@example(["dead", "to_ba", "accept", "to_me", "take_back"])
@examples(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_exactly_one_is_responsible(region, case, coordinator, consent_to, moves):
    with transaction.atomic():
        region.carried = set()
        consent = consent_to(case.person, FIELDS)
        send(coordinator, drafted(coordinator, case))
        lost: list[OutboxLetter] = []
        for move in moves:
            was = region.responsible()
            _do(region, coordinator, consent, move, lost)
            ours, theirs = region.sent, region.came
            now = region.responsible()
            assert (was, now) != (["ba"], ["me"]), "responsibility never falls back by itself"
            if now == ["me"]:
                # Nobody at the other end believes to be responsible, and our case is open.
                assert theirs is None or not transferring.is_responsible(theirs)
                assert Case.objects.get(pk=case.pk).closed_at is None
            else:
                # The other end has bound itself and cannot leave.
                assert theirs is not None
                assert theirs.procedure.state in {"accepted", "passed"}
                assert ours.passed_at is not None
            if theirs is not None and theirs.case_id:
                assert now == ["ba"]
        # In the end, when everything that was lost comes again, both ends agree.
        while region.carry("ba") or region.carry("me"):
            pass
        for row in lost:
            if region.sent.passed_at:
                region.receipt(row, Verdict.STORED, at=region.sent.passed_at)
        ours, theirs = region.sent, region.came
        if theirs is not None and region.responsible() == ["ba"]:
            assert transferring.is_responsible(theirs)
            assert theirs.passed_at == ours.passed_at
        elif theirs is not None and ours.ended_at:
            assert theirs.ended_at
        transaction.set_rollback(True)


def _do(region, coordinator, consent, move, lost):
    try:
        if move == "to_ba":
            region.carry("ba")
        elif move == "to_me":
            region.carry("me")
        elif move == "to_me_without_receipt":
            lost += region.waiting("me")[:1]
            region.carry("me", receipt=False)
        elif move == "accept" and region.came:
            accept(region)
        elif move == "decline" and region.came:
            with region.at("ba"):
                transferring.decline(region.colleague, region.came, code="other", text="No.")
        elif move == "take_back":
            transferring.take_back(coordinator, region.sent, reason="She stays.")
        elif move == "withdraw":
            consenting.withdraw(coordinator, consent)
        elif move == "dead" and region.waiting("ba"):
            region.receipt(region.waiting("ba")[0], None, "expired")
    except (StepRefused, consenting.InvalidConsent, transferring.InvalidTransfer):
        pass


# --- Pages -------------------------------------------------------------------------------------


def test_the_pages_say_who_is_responsible(signed_in, sent, coordinator, case, statements):
    client = signed_in(coordinator)
    page = client.get(f"/transfers/{sent.sent.code}/").content.decode()
    assert "You stay responsible, whatever happens on the way" in page
    assert len(statements(lambda: client.get(f"/transfers/{sent.sent.code}/"))) <= 20
    assert len(statements(lambda: client.get("/transfers/?show=sent"))) <= 20
    sent.receipt(OutboxLetter.objects.get(), None, "expired")
    page = client.get(f"/transfers/{sent.sent.code}/").content.decode()
    assert "Nothing is lost and nothing has changed: you are responsible." in page
    answer = client.post(f"/transfers/{sent.sent.code}/step/", {"verb": "take_back"})
    assert answer.status_code == 422
    done = {"verb": "take_back", "reason": "Their node is gone."}
    assert client.post(f"/transfers/{sent.sent.code}/step/", done).status_code == 302
    assert "This transfer changed nothing." in client.get(
        f"/transfers/{sent.sent.code}/"
    ).content.decode()  # fmt: skip


def test_a_transfer_is_prepared_and_sent_on_pages(signed_in, region, coordinator, case, consent_to):
    client = signed_in(coordinator)
    address = f"/transfers/new/{case.code}/"
    assert client.get(address).status_code == 200
    made = {
        "to": "ba", "reason": "lives_there", "fields_shared": FIELDS, "plan": "",
        "summary": "Needs a caseworker.", "safety": "",
    }  # fmt: skip
    answer = client.post(address, made)
    assert answer.status_code == 422
    assert "Needs a caseworker." in answer.content.decode()
    answer = client.post(address, made | {"plan": "School."})
    page = client.get(answer["Location"]).content.decode()
    assert "No consent for this receiver is recorded." in page
    consent_to(case.person, FIELDS)
    seen = transferring.outgoing(coordinator, Transfer.objects.get()).seen
    client.post(answer["Location"] + "send/", {"seen": seen})
    assert Transfer.objects.get().procedure.state == "sent"
    assert Transfer.objects.get().direction == Direction.SENT
    assert client.get("/api/v1/transfers").json()[0]["responsible"] is True


def test_the_new_institution_takes_over_on_its_page(signed_in, sent, colleague):
    sent.carry("ba")
    code = sent.came.code
    with sent.at("ba"):
        client = signed_in(colleague)
        assert "Needs a caseworker." in client.get(f"/transfers/{code}/").content.decode()
        assert client.post(f"/transfers/{code}/step/", {"verb": "decline"}).status_code == 422
        assert client.post(f"/transfers/{code}/step/", {"verb": "accept"}).status_code == 302
        assert "You have accepted." in client.get(f"/transfers/{code}/").content.decode()
    sent.carry("me")
    with sent.at("ba"):
        assert "Go to the case" in client.get(f"/transfers/{code}/").content.decode()


def test_out_of_reach_is_as_if_it_were_not_there(signed_in, sent, acting):
    stranger = acting(Role.SOCIAL_WORKER, unit="centre")
    client = signed_in(stranger)
    assert client.get(f"/transfers/{sent.sent.code}/").status_code == 404
    assert client.get("/transfers/NO-SUCH/").status_code == 404
    officer = acting(Role.RETURN_OFFICER)
    assert signed_in(officer).get("/transfers/").status_code == 403
