# SPDX-License-Identifier: EUPL-1.2
"""Two nodes work on one investigation and help each other, by letters alone."""

import json
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from mostovi.exchange.models import OutboxLetter
from mostovi.exchange.profiles import ProfileViolation, profile
from mostovi.procedures.state import StepRefused
from mostovi.rights.purposes import Purpose
from mostovi.routes.incidents import assisting, investigating, joint, letters, store
from mostovi.routes.incidents.models import Assistance, JointWork
from mostovi.routes.incidents.store import Unfit

pytestmark = pytest.mark.django_db


@pytest.fixture
def investigation(investigator, region):
    return investigating.open_investigation(
        investigator, crime="smuggling", title="Lorries on the northern road"
    )


@pytest.fixture
def proposal(region, investigator, investigation):
    return joint.draft(
        investigator, investigation, to="ba", title="Lorries on the northern road",
        legal_basis="Agreement of 2025, article 3", text="Two of three vehicles come from there.",
    )  # fmt: skip


@pytest.fixture
def working(region, investigator, proposal):
    joint.propose(investigator, proposal, seen=joint.outgoing(proposal).seen)
    assert region.carry("ba") == "stored"
    with region.at("ba"):
        joint.step(region.colleague, theirs(), verb="agree")
    assert region.carry("me") == "stored"
    return JointWork.objects.select_related("procedure").get(began_here=True)


def theirs() -> JointWork:
    return JointWork.objects.select_related("procedure").get(began_here=False)


def entry(actor, row, **wish):
    made = joint.entry_data(row, entry=uuid4(), **wish)
    return joint.share(actor, row, data=made, seen=made.seen)


def test_two_nodes_share_one_investigation(region, investigator, working, incident):
    assert working.procedure.state == theirs().procedure.state == "working"
    with region.at("ba"):
        ours_there = incident()
        store.note_identifier(region.colleague, ours_there, kind="vehicle", value="пг-аб 123")

    question = entry(investigator, working, sort="question", text="Who owns the lorry?")
    entry(investigator, working, sort="identifier", kind="vehicle", value="PG AB 123")
    assert region.carry("ba") == region.carry("ba") == "stored"
    question.refresh_from_db()
    assert question.delivered_at is not None

    with region.at("ba"):
        values, entries = joint.read(region.colleague, theirs())
        assert values["legal_basis"] == "Agreement of 2025, article 3"
        assert [one.sort for one, _values, _ours in entries] == ["question", "identifier"]
        assert entries[1][2] == [ours_there.code]
        entry(
            region.colleague, theirs(), sort="answer", text="A firm in the north.",
            answers=question.reference,
        )  # fmt: skip
    assert region.carry("me") == "stored"
    _values, entries = joint.read(investigator, working)
    assert entries[-1][1]["text"] == "A firm in the north."

    joint.step(investigator, working, verb="end_proposing", text="The trial has begun.")
    assert region.carry("ba") == "stored"
    assert theirs().procedure.state == "ended"
    with region.at("ba"), pytest.raises(Unfit):
        entry(region.colleague, theirs(), sort="finding", text="One more.")


def test_only_what_was_shown_leaves_and_only_named_fields(region, investigator, proposal):
    with pytest.raises(letters.ChangedSinceSeen):
        joint.propose(investigator, proposal, seen="another")
    assert not OutboxLetter.objects.exists()
    shown = joint.outgoing(proposal)
    for _again in range(2):
        joint.propose(investigator, proposal, seen=shown.seen)
    sent = json.loads(OutboxLetter.objects.get().values()["envelope"])
    assert sent["data"] == shown.data
    assert sent["purpose"] == "investigation"
    extra = {**shown.data, "victim": "a name"}
    with pytest.raises(ProfileViolation):
        profile(letters.JOINT).check("investigation", {"duty": "x"}, extra, timezone.now())


def test_nothing_is_shared_before_both_agree_or_after_one_ended(region, investigator, proposal):
    joint.propose(investigator, proposal, seen=joint.outgoing(proposal).seen)
    with pytest.raises(Unfit):
        entry(investigator, proposal, sort="finding", text="Too early.")
    region.carry("ba")
    with region.at("ba"):
        with pytest.raises(StepRefused):
            joint.step(region.colleague, theirs(), verb="decline")
        joint.step(region.colleague, theirs(), verb="decline", text="Not our competence.")
    region.carry("me")
    proposal.procedure.refresh_from_db()
    assert proposal.procedure.state == "declined"


def test_an_entry_that_crosses_the_end_is_kept_by_nobody_else(region, investigator, working):
    with region.at("ba"):
        joint.step(region.colleague, theirs(), verb="end_invited", text="Closed here.")
    crossing = entry(investigator, working, sort="finding", text="It crossed.")
    assert region.carry("ba") == "not_working"
    crossing.refresh_from_db()
    assert crossing.undeliverable == "not_working"
    assert not theirs().entries.exists()


@pytest.mark.parametrize("purpose", [Purpose.PROTECTION, Purpose.ASYLUM, Purpose.RETURN])
def test_letters_for_another_purpose_are_taken_in_by_nobody(
    region, investigator, proposal, purpose
):
    joint.propose(investigator, proposal, seen=joint.outgoing(proposal).seen)
    with pytest.raises(ProfileViolation):
        region.carry("ba", purpose=purpose)


def asked(investigator, **more):
    wish = {
        "to": "ba", "measure": "records", "crime": "smuggling", "urgency": "routine",
        "written": {
            "legal_basis": "ETS 30", "facts": "Three lorries.", "asked": "The owner's name.",
        },
    }  # fmt: skip
    return assisting.draft(investigator, **(wish | more))


def test_a_request_runs_to_its_end_with_deadlines_at_both_nodes(region, investigator):
    row = asked(investigator)
    assisting.send(investigator, row, seen=assisting.outgoing(row).seen)
    assert region.carry("ba") == "stored"
    row = assisting.find(investigator, row.code)
    assert row.procedure.state == "received"
    assert row.delivered_at is not None
    due = row.procedure.deadlines.get(clock="decision").due
    assert timedelta(days=29) < due - timezone.now() < timedelta(days=32)

    with region.at("ba"):
        there = Assistance.objects.select_related("procedure").get(ours=False)
        assert assisting.read(region.colleague, there).data["asked"] == "The owner's name."
        assisting.step(region.colleague, there, verb="ask_more", text="Which plate?")
    assert region.carry("me") == "stored"
    row = assisting.find(investigator, row.code)
    assert row.procedure.deadlines.get(clock="decision").outcome == "suspended"
    assisting.step(investigator, row, verb="answer_more", text="PG AB 123")
    assert region.carry("ba") == "stored"
    with region.at("ba"):
        for verb, text in (("accept", ""), ("execute", "Sent under number 12.")):
            assisting.step(region.colleague, there, verb=verb, text=text)
    assert region.carry("me") == region.carry("me") == "stored"
    row = assisting.find(investigator, row.code)
    assert row.procedure.state == "executed"
    assert row.procedure.events.last().reason == "Sent under number 12."


def test_an_urgent_request_says_why(region, investigator):
    with pytest.raises(Unfit) as refused:
        asked(investigator, urgency="urgent")
    assert refused.value.field == "why_urgent"


def test_a_node_that_holds_no_records_on_people_takes_nothing_in(
    region, investigator, proposal, settings
):
    joint.propose(investigator, proposal, seen=joint.outgoing(proposal).seen)
    letter = OutboxLetter.objects.get()
    assert not profile(letter.letter_type).personal
    region.home = settings.MOSTOVI = replace(settings.MOSTOVI, holds_persons=False)
    assert region.carry("ba") == "holds_no_persons"
    assert not JointWork.objects.filter(began_here=False).exists()
