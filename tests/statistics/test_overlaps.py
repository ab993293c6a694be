# SPDX-License-Identifier: EUPL-1.2
"""Counting people with another partner: the protocol, step by step, and what goes wrong in it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.overlaps import quality
from mostovi.cases.models import Case
from mostovi.exchange.models import Attachment, AttachmentState
from mostovi.people.models import Person
from mostovi.rights.access import Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.vault import vault
from mostovi.statistics import overlap_rounds, overlap_services, overlaps
from mostovi.statistics.models import OverlapRound
from mostovi.statistics.months import Month
from mostovi.statistics.overlap_rounds import ANSWER, BACK, ELEMENTS, OWN, PROPOSAL, State
from mostovi.statistics.overlap_rules import Refusal, rules
from mostovi.statistics.overlap_services import RoundRefused
from mostovi.statistics.submitting import WordsMissing
from mostovi.tracing import headcount, one_text, oprf
from mostovi.tracing.headcount import Population
from mostovi.tracing.models import SafetyNote
from tests.statistics.other_partner import OtherPartner, texts
from tests.tracing.conftest import case_of

NOW = datetime.now(UTC).replace(microsecond=0)
LAST = Month.last_complete(NOW.date())
GIVEN, FAMILY = "امید", "رحیمی"
HERE = [(GIVEN, FAMILY, 1950 + n) for n in range(30)]
THERE = [("Омид", "Рахими", 1950 + n) for n in range(-5, 25)]
"""The same name in two scripts: 25 years of birth are in both lists."""


# --- The arithmetic -------------------------------------------------------------------------------


def both_sides(left: set[str], right: set[str]) -> tuple[int, list[list[bytes]]]:
    """A whole round of two honest sides: the exact size at each, and everything that was sent."""
    a, b = oprf.new_scalar(), oprf.new_scalar()
    from_a = overlaps.sent({oprf.blind(one.encode(), a) for one in left})
    from_b = overlaps.sent({oprf.blind(one.encode(), b) for one in right})
    to_a, to_b = overlaps.returned(b, from_a), overlaps.returned(a, from_b)
    at_a = overlaps.common(to_a, to_b)
    assert at_a == overlaps.common(to_b, to_a)
    return at_a, [from_a, from_b, to_a, to_b]


@settings(max_examples=25)
@given(st.sets(st.integers(0, 300), max_size=160), st.sets(st.integers(0, 300), max_size=160))
def test_nothing_but_padded_sizes_follows_from_what_is_sent(left, right):
    """The size is right; no element is met twice, in whatever letter of whatever round."""
    first, second = {f"p{n}" for n in left}, {f"p{n}" for n in right}
    exact, sent = both_sides(first, second)
    told = len(first & second) if min(len(first), len(second)) >= overlaps.FEWEST else 0
    assert exact == told
    for elements in sent:
        assert len(elements) % overlaps.PADDED_TO == 0
        assert len(elements) >= overlaps.FEWEST_SENT
    assert {len(sent[0]), len(sent[2])} == {overlaps.padded(len(first))}
    _, again = both_sides(first, second)
    every = [one for elements in (*sent[:2], *again) for one in elements]
    assert len(set(every)) == len(every)
    # Both get the same doubly raised elements where they agree, and only there.
    assert len(set(sent[2]) & set(sent[3])) == exact


def test_the_order_says_nothing():
    secret = oprf.new_scalar()
    elements = [oprf.blind(f"p{n}".encode(), secret) for n in range(100)]
    orders = {tuple(overlaps.sent(elements)) for _ in range(5)}
    assert len(orders) == 5
    back = overlaps.returned(secret, elements)
    straight = [oprf.evaluate_blinded(secret, one) for one in elements]
    assert sorted(back) == sorted(straight)
    assert back != straight


@pytest.mark.parametrize("people", [0, 1, overlaps.FEWEST - 1])
def test_a_list_of_few_is_padding_alone(people):
    """Sent twice under one secret, nothing is the same: the few were not in it."""
    secret = oprf.new_scalar()
    few = {oprf.blind(f"p{n}".encode(), secret) for n in range(people)}
    one, other = overlaps.sent(few), overlaps.sent(few)
    assert len(one) == len(other) == overlaps.FEWEST_SENT
    assert not set(one) & set(other)
    assert not set(one) & few


def test_what_no_honest_side_sends_is_refused():
    secret = oprf.new_scalar()
    good = [oprf.random_element() for _ in range(100)]
    overlaps.returned(secret, good)
    for wrong in (good[:99], [*good[:99], good[0]], [*good[:99], bytes(32)],
                  [*good[:99], b"\xff" * 32], []):  # fmt: skip
        with pytest.raises(overlaps.NotAsAgreed):
            overlaps.returned(secret, wrong)
    with pytest.raises(overlaps.NotAsAgreed):
        overlaps.common([good[0], good[0]], good)
    with pytest.raises(overlaps.NotAsAgreed):
        overlaps.split(b"".join(good)[:-1])


def test_the_quality_is_the_one_that_was_measured():
    """On labelled pairs of the seeded generator; the file must not claim another."""
    chosen = rules()
    found = quality(chosen.people, chosen.in_both, chosen.seed)
    assert found.recall == pytest.approx(chosen.quality.recall, abs=0.005)
    assert found.precision == pytest.approx(chosen.quality.precision, abs=0.005)
    assert found.coincidence == pytest.approx(chosen.quality.coincidence, rel=0.05)
    assert chosen.identity == one_text.VERSION
    assert not chosen.reviewed


def test_recall_and_precision_count_what_they_say():
    left = {1: "a", 2: "b", 3: None, 4: "d", 5: "x"}
    right = {1: "a", 2: "c", 3: "e", 4: "d", 6: "x"}
    found = overlaps.measured(left, right)
    assert found.recall == 2 / 4
    assert found.precision == 2 / 3
    assert found.coincidence == 1 / 25


def test_an_estimate_holds_the_truth_on_other_made_up_people():
    """Lists of another seed and of other sizes than those that the quality was measured on."""
    from benchmarks.overlaps import lists

    held = 0
    for seed in range(6):
        left, right = lists((900, 700), 300, seed)
        exact = len(({*left.values()} & {*right.values()}) - {None})
        found = overlaps.told(exact, overlaps.padded(900), overlaps.padded(700), rules().quality)
        assert found is not None
        held += found.low <= 300 <= found.high
    assert held >= 5


def test_few_in_common_have_no_number():
    assert overlaps.told(overlaps.FEWEST - 1, 500, 500, rules().quality) is None
    assert overlaps.told(overlaps.FEWEST, 500, 500, rules().quality) is not None
    near = {overlaps.told(exact, 500, 500, rules().quality) for exact in range(38, 43)}
    assert len(near) == 1


# --- Two nodes ------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def statistician(acting):
    return acting(Role.STATISTICIAN)


@pytest.fixture
def people(acting):
    """Thirty persons whose file was opened last month."""
    coordinator = acting(Role.ANTI_TRAFFICKING_COORDINATOR)
    for given_name, family, year in HERE:
        case_of(
            coordinator,
            single={"birth": {"precision": "year", "year": year}, "languages": ["fa"]},
            names=[{"parts": [["given", given_name], ["family", family]], "script": "Arab"}],
        )
    Case.objects.update(opened_at=datetime(LAST.year, LAST.number, 10, tzinfo=UTC))


@pytest.fixture
def partner(db):
    return OtherPartner.met("ba", datetime.now(UTC))


@pytest.fixture
def live(django_capture_on_commit_callbacks):
    """Do something and let what follows a commit happen, as destroying keys."""

    def done(call):
        with django_capture_on_commit_callbacks(execute=True):
            return call()

    return done


def proposed_by(partner, *, first=LAST, last=LAST, number=None):
    """The partner proposes; its number and thread."""
    number, thread = number or uuid4(), uuid4()
    answer = partner.say(PROPOSAL, proposal(number, first, last), thread)
    return answer, number, thread


def proposal(number, first=LAST, last=LAST, **more):
    return {
        "round": str(number), "first": str(first), "last": str(last), "population": "either",
        "identity": one_text.VERSION, **more,
    }  # fmt: skip


def turn(partner):
    return overlap_rounds.turn(partner.now)


def agreed(partner, statistician):
    """A round of the partner's, agreed to here; our own elements have arrived there."""
    _, number, thread = proposed_by(partner)
    overlap_services.agree(statistician, number)
    turn(partner)
    answer, own = partner.letters()
    assert answer.data["answer"] == "agreed"
    assert own.data["stage"] == OWN
    return number, thread, overlaps.split(partner.file_of(own))


def finished(partner, number, thread, ours, their_texts):
    """The rest of the round, as an honest partner does it; what it counted itself."""
    partner.elements(OWN, partner.own(number, their_texts), number, thread)
    turn(partner)
    (back,) = partner.letters()
    assert back.data["stage"] == BACK
    mine = overlaps.split(partner.file_of(back))
    theirs = overlaps.returned(partner.secret, ours)
    partner.elements(BACK, theirs, number, thread)
    turn(partner)
    exact = overlaps.common(mine, theirs)
    return overlaps.told(exact, len(mine), len(theirs), rules().quality)


def test_a_round_that_was_proposed_to_us(people, partner, statistician, live):
    number, thread, ours = agreed(partner, statistician)
    row = OverlapRound.objects.get()
    assert vault().holds(row.key_id)
    found = live(lambda: finished(partner, number, thread, ours, texts(THERE)))
    row.refresh_from_db()
    assert row.state == State.COUNTED
    assert overlap_services.estimate(row) == found
    assert found.low <= 25 / rules().quality.recall <= found.high
    # The secret has ended with the round, and with it everything that could be learned.
    assert not vault().holds(row.key_id)
    assert bytes(row.sealed) == b""
    came = Attachment.objects.filter(inbox__isnull=False)
    assert came.count() == 2
    assert {one.state for one in came} == {AttachmentState.ERASED}
    partner.now = row.expires_at + timedelta(minutes=1)
    turn(partner)
    assert {one.state for one in Attachment.objects.all()} == {AttachmentState.ERASED}


def test_a_round_that_we_proposed(people, partner, statistician, live):
    row = overlap_services.propose(
        statistician, peer="ba", first=LAST, last=LAST, population=Population.FILES
    )
    (letter,) = partner.letters()
    assert letter.data == proposal(row.pk, population="files")
    turn(partner)
    assert partner.letters() == []
    partner.say(ANSWER, {"round": str(row.pk), "answer": "agreed"}, row.thread)
    turn(partner)
    (own,) = partner.letters()
    ours = overlaps.split(partner.file_of(own))
    found = live(lambda: finished(partner, row.pk, row.thread, ours, texts(THERE)))
    row.refresh_from_db()
    assert (row.state, overlap_services.estimate(row)) == (State.COUNTED, found)


@pytest.mark.parametrize("their_texts", [texts(THERE)[:10], texts(HERE[:15]) + ["x"] * 20, []])
def test_too_few_have_no_number_anywhere(people, partner, statistician, live, their_texts):
    number, thread, ours = agreed(partner, statistician)
    assert live(lambda: finished(partner, number, thread, ours, their_texts)) is None
    row = OverlapRound.objects.get()
    assert (row.state, row.value, row.low, row.high) == (State.TOO_FEW, None, None, None)


def test_too_few_here_cannot_be_told_from_nobody_in_common(partner, statistician, live):
    """Without anybody here the partner gets as many elements as with sixty, and meets none."""
    number, thread, ours = agreed(partner, statistician)
    assert len(ours) == overlaps.FEWEST_SENT
    assert live(lambda: finished(partner, number, thread, ours, texts(THERE))) is None


def test_no_identity_in_any_letter_log_audit_entry_or_table(
    people, partner, statistician, live, caplog
):
    """Everything that left, and every column of the round, is searched for what it came from."""
    caplog.set_level(logging.DEBUG)
    before = AuditEntry.objects.count()
    number, thread, ours = agreed(partner, statistician)
    live(lambda: finished(partner, number, thread, ours, texts(THERE)))
    secret_texts = texts(HERE)
    plain = {oprf.blind(t.encode(), (1).to_bytes(32, "little")) for t in secret_texts}
    said = json.dumps([letter.envelope() for letter in partner.read_letters], default=str)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM statistics_overlapround")
        said += repr(cursor.fetchall())
    entries = AuditEntry.objects.all()[before:]
    said += repr([(one.tag, one.handle, one.detail) for one in entries]) + caplog.text
    for word in (GIVEN, FAMILY, "امید رحیمی", *secret_texts, *(one.hex() for one in plain)):
        assert word not in said
    sent = [partner.file_of(letter) for letter in partner.read_letters if letter.attachments]
    assert len(sent) == 2
    files = b"".join(sent)
    assert not any(one in files for one in plain)
    # No exact number of people either: thirty here.
    assert '"here": 30' not in said
    counts = {json.loads(one.detail).get("count") for one in entries}
    assert counts <= {None}
    tags = {one.tag for one in entries}
    assert {"statistics.overlap.agreed", "statistics.overlap.counted",
            "tracing.people.raised"} <= tags  # fmt: skip


def test_each_round_has_other_elements(people, statistician):
    """Fresh secrets aside, a person is another element in another round."""
    start, end = LAST.bounds(UTC)[0], LAST.bounds(UTC)[1]
    secret = oprf.new_scalar()
    found = [
        headcount.elements(Population.EITHER, start, end, number=uuid4(), secret=secret, most=1000)
        for _ in range(2)
    ]
    assert [len(one) for one in found] == [30, 30]
    assert not found[0] & found[1]


def test_whose_files_are_read(people):
    start, end = LAST.bounds(UTC)[0], LAST.bounds(UTC)[1]

    def counted(population=Population.EITHER, most=1000):
        return len(
            headcount.elements(
                population, start, end, number=uuid4(), secret=oprf.new_scalar(), most=most
            )
        )

    assert counted() == 30
    assert counted(Population.SCREENED) == 0
    one, two, three, four = Person.objects.all()[:4]
    one.joined_to = two
    one.save()
    assert counted() == 29
    SafetyNote.objects.create(
        id=uuid4(), key_id=three.key_id, sealed=b"-", person=three, author=uuid4(), at=NOW,
        not_at_all=True,
    )  # fmt: skip
    assert counted() == 28
    Person.objects.filter(pk=four.pk).update(purpose=Purpose.ASYLUM.value)
    assert counted() == 27
    Case.objects.filter(person=two).update(purpose=Purpose.ASYLUM.value)
    Case.objects.filter(person=one).delete()
    assert counted() == 26
    with pytest.raises(headcount.TooMany):
        counted(most=25)


# --- Deciding -------------------------------------------------------------------------------------


def test_nothing_is_read_or_sent_before_an_officer_agrees(people, partner):
    answer, number, _ = proposed_by(partner)
    assert answer.status == 202
    assert turn(partner) == 0
    assert partner.letters() == []
    assert not AuditEntry.objects.filter(tag="tracing.people.raised").exists()


def test_declining_needs_a_reason_and_tells_it(partner, statistician):
    _, number, _ = proposed_by(partner)
    with pytest.raises(WordsMissing):
        overlap_services.decline(statistician, number, words="  ")
    overlap_services.decline(statistician, number, words="Our September is not complete.")
    (letter,) = partner.letters()
    assert letter.data["answer"] == "declined"
    assert letter.data["words"] == "Our September is not complete."
    with pytest.raises(RoundRefused):
        overlap_services.agree(statistician, number)
    # Nothing had left, so it can be proposed again.
    answer, _, _ = proposed_by(partner)
    assert answer.status == 202


def test_we_are_told_that_they_declined(partner, statistician):
    row = overlap_services.propose(
        statistician, peer="ba", first=LAST, last=LAST, population=Population.EITHER
    )
    partner.letters()
    partner.say(
        ANSWER, {"round": str(row.pk), "answer": "declined", "words": "Not now."}, row.thread
    )
    row.refresh_from_db()
    assert (row.state, row.words) == (State.DECLINED, "Not now.")


def test_either_side_can_end_it(people, partner, statistician, live):
    number, thread, _ = agreed(partner, statistician)
    row = live(lambda: overlap_services.withdraw(statistician, number))
    (letter,) = partner.letters()
    assert letter.data["answer"] == "withdrawn"
    assert not vault().holds(row.key_id)
    assert not Attachment.objects.exclude(state=AttachmentState.ERASED).exists()
    # What the partner still sends of it finds no round.
    late = partner.elements(OWN, partner.own(number, texts(THERE)), number, thread)
    assert late.status == 422


def test_the_partner_withdraws(people, partner, statistician):
    number, thread, _ = agreed(partner, statistician)
    partner.say(ANSWER, {"round": str(number), "answer": "withdrawn"}, thread)
    assert OverlapRound.objects.get().state == State.WITHDRAWN


@pytest.mark.parametrize(
    "role",
    [
        Role.SECRETARIAT, Role.PARTNER_FOCAL_POINT, Role.ANALYST, Role.ADMINISTRATOR,
        Role.ANTI_TRAFFICKING_COORDINATOR,
    ],
)  # fmt: skip
def test_only_a_statistician_proposes_and_decides(partner, acting, role):
    _, number, _ = proposed_by(partner)
    with pytest.raises(Refused):
        overlap_services.agree(acting(role), number)
    with pytest.raises(Refused):
        overlap_services.withdraw(acting(role), number)
    with pytest.raises(Refused):
        overlap_services.propose(
            acting(role), peer="ba", first=LAST.back(5), last=LAST.back(5),
            population=Population.EITHER,
        )  # fmt: skip


# --- Once only ------------------------------------------------------------------------------------


def test_a_month_is_in_one_round_only(people, partner, statistician, live):
    """Also together with other months, from either side, and by another node of the partner."""
    number, thread, ours = agreed(partner, statistician)
    live(lambda: finished(partner, number, thread, ours, texts(THERE)))
    for first in (LAST, LAST.back(1)):
        answer, _, _ = proposed_by(partner, first=first)
        assert (answer.status, reason(answer)) == (422, Refusal.MONTHS_USED)
    second = OtherPartner.met("ba-border", datetime.now(UTC))
    for peer in ("ba", "ba-border"):
        with pytest.raises(RoundRefused, match="two sizes would tell"):
            overlap_services.propose(
                statistician, peer=peer, first=LAST.back(3), last=LAST,
                population=Population.FILES,
            )  # fmt: skip
    answer, _, _ = proposed_by(second)
    assert reason(answer) == Refusal.MONTHS_USED
    # Other months, and the same month with another partner, are free.
    answer, _, _ = proposed_by(OtherPartner.met("rs", datetime.now(UTC)))
    assert answer.status == 202
    answer, _, _ = proposed_by(partner, first=LAST.back(2), last=LAST.back(1))
    assert answer.status == 202


def reason(answer):
    from mostovi.exchange.models import InboxLetter

    return InboxLetter.objects.order_by("-pk").values_list("reason", flat=True)[0]


def test_a_round_that_was_lost_after_elements_left_is_not_run_again(people, partner, statistician):
    number, thread, _ = agreed(partner, statistician)
    partner.say(ANSWER, {"round": str(number), "answer": "withdrawn"}, thread)
    answer, _, _ = proposed_by(partner)
    assert reason(answer) == Refusal.MONTHS_USED


def test_one_round_with_a_partner_at_a_time(partner, statistician):
    proposed_by(partner)
    answer, _, _ = proposed_by(partner, first=LAST.back(6), last=LAST.back(5))
    assert reason(answer) == Refusal.UNDER_WAY
    with pytest.raises(RoundRefused):
        overlap_services.propose(
            statistician, peer="ba", first=LAST.back(4), last=LAST.back(4),
            population=Population.EITHER,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "stands"), [(UUID(int=1), "theirs"), (UUID(int=2**128 - 1), "ours")]
)
def test_of_two_proposals_that_cross_one_stands(partner, statistician, number, stands):
    mine = overlap_services.propose(
        statistician, peer="ba", first=LAST, last=LAST, population=Population.EITHER
    )
    answer, _, _ = proposed_by(partner, number=number)
    live = OverlapRound.objects.get(ended_at=None)
    assert live.side == stands
    assert answer.status == (202 if stands == "theirs" else 422)
    mine.refresh_from_db()
    assert mine.state == (State.WITHDRAWN if stands == "theirs" else State.PROPOSED)


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (LAST, LAST.back(1), Refusal.MONTHS_WRONG),
        (LAST, LAST.next(), Refusal.MONTHS_NOT_OVER),
        (LAST.back(12), LAST, Refusal.MONTHS_TOO_MANY),
        (LAST.back(30), LAST.back(29), Refusal.MONTHS_TOO_OLD),
    ],
)
def test_wrong_months_are_refused_from_both_sides(partner, statistician, first, last, why):
    answer, _, _ = proposed_by(partner, first=first, last=last)
    assert (answer.status, reason(answer)) == (422, why)
    with pytest.raises(RoundRefused, match=str(overlap_services.REASONS[why])):
        overlap_services.propose(
            statistician, peer="ba", first=first, last=last, population=Population.EITHER
        )


def test_nodes_that_make_other_identities_do_not_count(partner):
    answer = partner.say(PROPOSAL, proposal(uuid4(), identity="name-year.2"), uuid4())
    assert reason(answer) == Refusal.OTHER_IDENTITY


def test_a_node_without_persons_takes_no_part(partner, settings):
    from dataclasses import replace

    settings.MOSTOVI = replace(settings.MOSTOVI, holds_persons=False)
    answer, _, _ = proposed_by(partner)
    assert reason(answer) == Refusal.HOLDS_NO_PERSONS
    assert turn(partner) == 0


# --- What goes wrong ------------------------------------------------------------------------------


def test_a_doubled_letter_changes_nothing(people, partner, statistician):
    number, thread, _ = agreed(partner, statistician)
    data = {"round": str(number), "stage": OWN, "elements": 100}
    letter = partner.write(ELEMENTS, data, thread, file=b"".join(partner.own(number, texts(THERE))))
    first, again = partner.bring(letter), partner.bring(letter)
    assert first.status == again.status == 202
    assert Attachment.objects.filter(inbox__isnull=False).count() == 1
    turn(partner)
    assert len(partner.letters()) == 1
    # Another letter that says the same once more is refused.
    answer = partner.elements(OWN, partner.own(number, texts(THERE)), number, thread)
    assert (answer.status, reason(answer)) == (422, "here_already")


def test_letters_out_of_order_wait_for_the_earlier_one(people, partner, statistician, live):
    """Our elements come back before theirs: the exchange holds the later letter."""
    number, thread, ours = agreed(partner, statistician)
    own = partner.own(number, texts(THERE))
    data = {"round": str(number), "elements": 100}
    early = partner.write(ELEMENTS, {**data, "stage": OWN}, thread, file=b"".join(own))
    later = partner.write(
        ELEMENTS, {**data, "stage": BACK}, thread,
        file=b"".join(overlaps.returned(partner.secret, ours)),
    )  # fmt: skip
    partner.bring(later)
    turn(partner)
    assert OverlapRound.objects.get().back_inbox is None
    partner.bring(early)
    live(lambda: [turn(partner) for _ in range(2)])
    assert OverlapRound.objects.get().state == State.COUNTED


def test_elements_before_the_agreement_are_refused(partner):
    _, number, thread = proposed_by(partner)
    answer = partner.elements(OWN, partner.own(number, texts(THERE)), number, thread)
    assert (answer.status, reason(answer)) == (422, "not_agreed")


def test_elements_of_a_round_of_nobodys_or_in_another_thread(people, partner, statistician):
    number, _thread, _ = agreed(partner, statistician)
    own = partner.own(number, texts(THERE))
    for said, where in ((uuid4(), uuid4()), (number, uuid4())):
        answer = partner.elements(OWN, own, said, where)
        assert reason(answer) == "unknown_round"
    other = OtherPartner.met("rs", datetime.now(UTC))
    assert reason(other.elements(OWN, own, number, _thread)) == "unknown_round"


@pytest.mark.parametrize(
    "garbage",
    [
        lambda own: [b"\xff" * 32, *own[1:]],
        lambda own: [bytes(32), *own[1:]],
        lambda own: [own[1], *own[1:]],
    ],
    ids=["no element", "the identity", "one twice"],
)
def test_garbage_ends_the_round_and_nothing_of_it_comes_back(
    people, partner, statistician, live, garbage
):
    number, thread, _ = agreed(partner, statistician)
    partner.elements(OWN, garbage(partner.own(number, texts(THERE))), number, thread)
    live(lambda: turn(partner))
    row = OverlapRound.objects.get()
    assert (row.state, row.reason) == (State.LOST, "not_as_agreed")
    assert not vault().holds(row.key_id)
    assert [one.data.get("stage") for one in partner.letters()] == []


@pytest.mark.parametrize(("count", "claimed"), [(100, 150), (99, 99), (50, 100), (150, 100)])
def test_sizes_that_are_not_as_agreed_are_refused(people, partner, statistician, count, claimed):
    number, thread, _ = agreed(partner, statistician)
    elements = [oprf.random_element() for _ in range(count)]
    answer = partner.elements(OWN, elements, number, thread, claimed)
    assert answer.status == 422
    assert OverlapRound.objects.get().their_inbox is None


def test_ours_must_all_come_back(people, partner, statistician, live):
    number, thread, ours = agreed(partner, statistician)
    partner.elements(OWN, partner.own(number, texts(THERE)), number, thread)
    turn(partner)
    more = [oprf.random_element() for _ in range(150)]
    assert reason(partner.elements(BACK, more, number, thread)) == "wrong_size"
    same = [oprf.evaluate_blinded(partner.secret, ours[0])] * 100
    partner.elements(BACK, same, number, thread)
    live(lambda: turn(partner))
    assert OverlapRound.objects.get().reason == "not_as_agreed"


def test_a_silent_partner_ends_in_expiry(people, partner, statistician, live):
    number, _, _ = agreed(partner, statistician)
    row = OverlapRound.objects.get()
    assert row.expires_at <= partner.now + rules().finish_within
    partner.now = row.expires_at
    live(lambda: turn(partner))
    row.refresh_from_db()
    assert row.state == State.EXPIRED
    assert not vault().holds(row.key_id)


def test_a_proposal_expires_unanswered(partner, statistician):
    _, number, _ = proposed_by(partner)
    row = OverlapRound.objects.get()
    late = row.expires_at + timedelta(seconds=1)
    with pytest.raises(RoundRefused, match="expired"):
        overlap_services.agree(statistician, number, now=late)
    overlap_rounds.turn(late)
    row.refresh_from_db()
    assert row.state == State.EXPIRED


def test_a_file_that_cannot_be_fetched_ends_the_round(people, partner, statistician):
    number, thread, _ = agreed(partner, statistician)
    letter = partner.write(
        ELEMENTS, {"round": str(number), "stage": OWN, "elements": 100}, thread,
        file=b"".join(partner.own(number, texts(THERE))),
    )  # fmt: skip
    partner.files.clear()
    partner.bring(letter)
    turn(partner)
    row = OverlapRound.objects.get()
    assert (row.state, row.reason) == (State.LOST, "file_lost")


def test_a_letter_that_the_partner_refuses_ends_the_round(partner, statistician):
    from mostovi.exchange.receipts import Verdict

    overlap_services.propose(
        statistician, peer="ba", first=LAST, last=LAST, population=Population.EITHER
    )
    partner.verdict = Verdict.REJECTED
    partner.letters()
    row = OverlapRound.objects.get()
    assert (row.state, row.reason) == (State.LOST, "refused_by_receiver")


def test_a_killed_worker_takes_the_step_again(people, partner, statistician, monkeypatch):
    """The post fails after the elements were made: nothing left, and the next turn sends once."""
    _, number, _ = proposed_by(partner)
    overlap_services.agree(statistician, number)
    real = overlap_rounds.post

    def dies(*_given, **_more):
        raise OSError("killed")

    monkeypatch.setattr(overlap_rounds, "post", dies)
    with pytest.raises(OSError, match="killed"):
        turn(partner)
    assert OverlapRound.objects.get().sent_at is None
    monkeypatch.setattr(overlap_rounds, "post", real)
    turn(partner)
    turn(partner)
    stages = [letter.data.get("stage") for letter in partner.letters()]
    assert stages == [None, OWN]
