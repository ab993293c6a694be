# SPDX-License-Identifier: EUPL-1.2
"""Rounds with another node: what leaves, under which consent, and what ends it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from mostovi.exchange.handlers import ReceivedLetter, Reject
from mostovi.exchange.models import Attachment, OutboxLetter
from mostovi.people import consenting
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.vault import vault
from mostovi.tracing import (
    identities,
    indexing,
    intersection,
    letters,
    oprf,
    proposing,
    requesting,
    rounds,
)
from mostovi.tracing.joint_keys import joint_keys
from mostovi.tracing.keys import blocking_keys
from mostovi.tracing.models import Asked, Side, TracingMatch, TracingRound
from mostovi.tracing.vocabulary import (
    BLINDED,
    OFFER,
    SEARCH,
    SEARCH_FIELDS,
    WITHDRAWN,
)
from tests.cases.conftest import said

pytestmark = pytest.mark.django_db


def letter(kind, data, *, thread=None, source="ba", basis=None):
    now = datetime.now(UTC)
    return ReceivedLetter(
        id=uuid4(), type=kind, source=source, thread=thread or uuid4(), seq=1, time=now,
        expires=now + timedelta(days=1), received_at=now, purpose=Purpose.PROTECTION,
        basis=basis or {"none": "-"}, data=data, subject="", in_reply_to=None, attachments=(),
        inbox=1, digest="", actor=Actor.system(Purpose.PROTECTION),
    )  # fmt: skip


@pytest.fixture
def consent(coordinator, search):
    now = datetime.now(UTC)
    return consenting.give(
        coordinator, search.person, purpose=Purpose.PROTECTION, receiver="ba",
        fields=SEARCH_FIELDS, language="fa", means="oral", profile=SEARCH,
        expires_at=now + timedelta(days=90),
    )  # fmt: skip


def offers():
    return OutboxLetter.objects.filter(letter_type=OFFER)


def test_without_a_consent_the_round_goes_but_holds_nobody(search, neighbour):
    now = datetime.now(UTC)
    assert rounds.labelled("ba", now) == []
    rounds.begin(now)
    assert offers().count() == 1
    assert not Asked.objects.filter(peer="ba").exists()


def test_a_consent_for_a_referral_does_not_cover_a_search(coordinator, search, neighbour):
    consenting.give(
        coordinator, search.person, purpose=Purpose.PROTECTION, receiver="ba", fields=["names"],
        language="fa", means="oral", expires_at=datetime.now(UTC) + timedelta(days=9),
    )  # fmt: skip
    assert rounds.labelled("ba", datetime.now(UTC)) == []


def test_an_offer_has_the_same_size_with_and_without_a_search(search, neighbour, consent):
    now = datetime.now(UTC)
    rounds.begin(now)
    with_search = Attachment.objects.get(outbox__letter_type=OFFER).bytes
    assert Asked.objects.get(peer="ba").consent_handle == vault().handle("consent", consent.pk)
    TracingRound.objects.all().update(ended_at=now)
    requesting.step(
        Actor.system(Purpose.PROTECTION), search.sought.get(), verb="withdraw", reason="x"
    )
    rounds.begin(now, at_once=True)
    sizes = set(Attachment.objects.values_list("bytes", flat=True))
    assert sizes == {with_search}


def test_a_holder_opens_the_search_and_the_match_stays_here(boy, search, neighbour, consent):
    """Both ends in one place: what the offer holds opens with the boy's joint keys only."""
    now = datetime.now(UTC)
    ((_, labelled, _),) = rounds.labelled("ba", now)
    secret, seed = oprf.new_scalar(), b"s" * 32
    offer = intersection.offer(
        secret, [intersection.Labelled(joint_keys(labelled.keys), labelled.label)]
    )
    indexing.keep_in_step(now)
    keys = list(indexing.all_keys(10_000))
    answer = intersection.evaluated(secret, intersection.blinded(seed, keys))
    (hit,) = intersection.opened(seed, keys, answer, offer)
    assert hit.label == labelled.label
    before = OutboxLetter.objects.count()
    shared = {part for key in hit.keys for part in key.split("&")}
    system = Actor.system(Purpose.PROTECTION)
    assert proposing.propose(system, "ba", hit.label, shared, now) == 1
    assert TracingMatch.objects.get(peer="ba").person == boy.person
    assert OutboxLetter.objects.count() == before


def test_a_label_says_no_more_than_its_profile(search, neighbour, consent):
    ((_, labelled, _),) = rounds.labelled("ba", datetime.now(UTC))
    assert set(labelled.label) == {"reference", "consent", "enquirer", "sought"}
    assert "station" not in str(labelled.label)
    again = identities.from_description(labelled.label["sought"])
    assert set(blocking_keys(again)) == set(labelled.keys)


def test_each_node_calls_a_search_otherwise(search):
    row = search.sought.get()
    assert requesting.reference(row.pk, "ba") != requesting.reference(row.pk, "rs")
    assert requesting.enquirer_handle(search.person_id, "ba") != requesting.enquirer_handle(
        search.person_id, "rs"
    )


def test_withdrawing_the_consent_tells_the_other_node_and_ends_the_round(
    coordinator, search, neighbour, consent
):
    rounds.begin(datetime.now(UTC))
    consenting.withdraw(coordinator, consent)
    row = TracingRound.objects.get(peer="ba")
    assert (row.state, row.reason) == ("lost", "withdrawn")
    data = said(OutboxLetter.objects.get(letter_type=WITHDRAWN))
    assert data["references"] == [requesting.reference(search.sought.get().pk, "ba")]
    assert rounds.labelled("ba", datetime.now(UTC)) == []


def test_what_still_opens_of_a_withdrawn_search_is_not_looked_at(boy, search, neighbour, consent):
    now = datetime.now(UTC)
    ((_, labelled, _),) = rounds.labelled("ba", now)
    indexing.keep_in_step(now)
    letters.receive_withdrawn(
        letter(WITHDRAWN, {"references": [labelled.label["reference"]], "at": "-"})
    )
    system = Actor.system(Purpose.PROTECTION)
    assert proposing.propose(system, "ba", labelled.label, labelled.keys, now) == 0


def test_more_keys_than_agreed_are_refused(search, neighbour, monkeypatch):
    now = datetime.now(UTC)
    rounds.begin(now)
    row = TracingRound.objects.get(peer="ba")
    TracingRound.objects.create(
        key_id=vault().new_key(), peer="ba", side=Side.SEEKER, state="ended", sealed=b"",
        elements=rounds.rounds().budget_elements - 100, started_at=now, changed_at=now,
        ended_at=now,
    )  # fmt: skip
    with pytest.raises(Reject) as refused:
        rounds.receive_blinded(letter(BLINDED, {"round": str(row.pk), "elements": 1024}))
    assert refused.value.reason == "budget_spent"


def test_a_round_of_nobodys_is_refused(search, neighbour):
    with pytest.raises(Reject):
        rounds.receive_blinded(letter(BLINDED, {"round": str(uuid4()), "elements": 1024}))


def test_a_round_that_does_not_come_back_is_begun_anew(search, neighbour, consent):
    now = datetime.now(UTC)
    rounds.begin(now)
    later = now + timedelta(hours=rounds.rounds().give_up_after_hours + 1)
    rounds.turn(later)
    states = list(
        TracingRound.objects.filter(peer="ba").order_by("started_at").values_list(
            "state", "reason"
        )
    )  # fmt: skip
    assert states == [("lost", "no_answer"), ("offered", "")]


def test_a_node_that_cannot_be_asked_is_said_to_be_so(search, neighbour, consent, monkeypatch):
    from mostovi.exchange.reasons import LetterRefused, Reason

    def refuses(*_args, **_options):
        raise LetterRefused(Reason.PEER_SUSPENDED, "suspended", status=403)

    monkeypatch.setattr(rounds, "post", refuses)
    rounds.begin(datetime.now(UTC))
    (one,) = requesting.institutions(search, datetime.now(UTC))
    assert (one.state, one.reason) == ("unreachable", "peer_suspended")


def test_a_node_that_holds_no_persons_takes_part_in_no_round(db, monkeypatch, settings):
    from dataclasses import replace

    settings.MOSTOVI = replace(settings.MOSTOVI, holds_persons=False)
    assert rounds.turn(datetime.now(UTC)) == 0
    with pytest.raises(Reject):
        rounds.receive_offer(letter(OFFER, {"round": str(uuid4()), "entries": 1, "labels": 1}))


def test_joint_keys_need_two_facts():
    assert joint_keys(["n:a+b"]) == ()
    assert joint_keys(["n:a+b", "y:a+1990", "y:b+1990"]) == ("n:a+b&y:a+1990",)
    assert joint_keys(["r:a+m", "y:a+1990"]) == ("r:a+m&y:a+1990",)
