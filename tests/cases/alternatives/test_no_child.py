# SPDX-License-Identifier: EUPL-1.2
"""R7 on every path: random births, age assessments, screenings, proposals, notes, on all doors."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mostovi.cases.alternatives import assessing, detention, files, measures
from mostovi.cases.alternatives.files import Incomplete
from mostovi.cases.alternatives.models import (
    Held,
    LibertyFile,
    MeasureTaken,
    Proposal,
    Weighing,
    counts_as_child,
)
from mostovi.cases.alternatives.safeguards import Stopped
from mostovi.people import ages, consenting
from mostovi.people import services as people
from mostovi.people.birth import AgeFinding, AgeState
from mostovi.people.services import FieldChange
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from tests.cases.alternatives.conftest import (
    WHY,
    everything_rejected,
    file_for,
    registered,
    rejecting,
    screened,
    wish,
)
from tests.cases.alternatives.conftest import detention as proposed

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()

BIRTHS = st.one_of(
    st.just({"precision": "unknown"}),
    st.builds(
        lambda year, margin: {"precision": "estimated", "year": year, "margin": margin},
        st.integers(TODAY.year - 40, TODAY.year - 5), st.integers(0, 5),
    ),
    st.builds(
        lambda year, doubted: {"precision": "year", "year": year, "doubted": doubted},
        st.integers(TODAY.year - 30, TODAY.year - 10), st.booleans(),
    ),
    st.builds(
        lambda born: {"precision": "day", "year": born.year, "month": born.month, "day": born.day},
        st.dates(TODAY - timedelta(days=19 * 366), TODAY - timedelta(days=17 * 365)),
    ),
)  # fmt: skip
FINDINGS = st.lists(
    st.builds(
        AgeFinding,
        state=st.sampled_from(list(AgeState)),
        begun_on=st.dates(TODAY - timedelta(days=60), TODAY),
        result_on=st.none() | st.just(TODAY - timedelta(days=5)),
        youngest=st.none() | st.integers(12 * 12, 30 * 12),
        oldest=st.none() | st.integers(12 * 12, 34 * 12),
        consented=st.booleans(), careful=st.booleans(), covers_birth=st.booleans(),
    ),
    max_size=2,
)  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("birth"), BIRTHS),
        st.tuples(st.just("ages"), FINDINGS),
        st.tuples(st.just("screen"), st.none()),
        st.tuples(st.just("propose"), st.none()),
        st.tuples(st.just("not_object"), st.none()),
        st.tuples(st.just("object"), st.none()),
        st.tuples(st.just("note_held"), st.none()),
        st.tuples(st.just("choose"), st.sampled_from(["release", "bail", "open_centre"])),
        st.tuples(st.just("skip"), st.sampled_from(["reporting", "bail", "detention"])),
        st.tuples(st.just("reassess"), st.none()),
        st.tuples(st.just("released"), st.none()),
        st.tuples(st.just("lapse"), st.none()),
        st.tuples(st.just("row"), st.none()),
    ),
    min_size=2,
    max_size=9,
)

MADE_NOTHING = (
    Stopped, Incomplete, StepRefused, detention.SecondOfficerNeeded, LibertyFile.DoesNotExist,
)  # fmt: skip


class Story:
    """One person's life through every door to detention; remembers what was told of the age."""

    def __init__(self, birth: dict) -> None:
        self.worker = Actor(uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION, "border")
        self.other = Actor(uuid4(), Role.CASE_SUPERVISOR, Purpose.PROTECTION, "border")
        self.person = registered(self.worker, birth)
        self.file = file_for(self.worker, self.person)
        self.findings: list[AgeFinding] = []
        ages.register(self.told)

    def told(self, person) -> list[AgeFinding]:
        return self.findings if person.pk == self.person.pk else []

    @property
    def fresh(self) -> LibertyFile:
        return files.find(self.worker, self.file.case.code)

    def is_child(self) -> bool:
        """Asked of `people`, not of the package under test."""
        person = people.find(self.worker, self.person.code)
        return consenting.is_child(person, timezone.now())

    def take(self, kind: str, value) -> None:
        child, before = self.is_child(), (Proposal.objects.count(), Held.objects.count())
        with contextlib.suppress(*MADE_NOTHING):
            getattr(self, f"do_{kind}")(value)
        after = (Proposal.objects.count(), Held.objects.count())
        if child and kind not in {"birth", "ages"}:
            assert after == before, f"{kind} wrote a row on the path to detention for a child"

    def do_birth(self, value: dict) -> None:
        person = people.find(self.worker, self.person.code)
        held = people.read(self.worker, person)
        number = held.versions.get("birth", 0)
        people.change(self.worker, person, changes=[FieldChange("birth", number, value, uuid4())])

    def do_ages(self, value) -> None:
        self.findings = value

    def do_screen(self, _value) -> None:
        assessing.screen(self.worker, self.fresh, screened())

    def do_propose(self, _value) -> None:
        assessing.decide(self.worker, self.fresh, proposed())

    def do_not_object(self, _value) -> None:
        detention.answer(self.other, self.fresh, decision="not_object", reason=WHY)

    def do_object(self, _value) -> None:
        detention.answer(self.other, self.fresh, decision="object", reason=WHY)

    def do_note_held(self, _value) -> None:
        detention.note_held(
            self.worker, self.fresh, authority="Police", act="12/2026", where="Station",
            decided_on=TODAY, review_on=TODAY + timedelta(days=2),
            expires_on=TODAY + timedelta(days=9),
        )  # fmt: skip

    def do_choose(self, code: str) -> None:
        assessing.decide(self.worker, self.fresh, wish(code))

    def do_skip(self, code: str) -> None:
        """A choice that leaves out one milder measure never stands, whoever asks."""
        short = dict(list((everything_rejected() | rejecting()).items())[1:])
        before = (Weighing.objects.count(), MeasureTaken.objects.count())
        with pytest.raises(MADE_NOTHING):
            assessing.decide(self.worker, self.fresh, wish(code, considered=short))
        assert (Weighing.objects.count(), MeasureTaken.objects.count()) == before

    def do_reassess(self, _value) -> None:
        measures.review(self.worker, self.fresh, decision="reassess", reason=WHY, view="x")

    def do_released(self, _value) -> None:
        detention.review_held(self.worker, self.fresh, released=True, reason=WHY)

    def do_lapse(self, _value) -> None:
        detention.lapse(timezone.now())

    def do_row(self, _value) -> None:
        """Even code that goes round the services."""
        weighing = self.fresh.weighings.first()
        row = Proposal(
            file=self.fresh, key_id=self.file.key_id, weighing=weighing,
            proposed_by=UUID(int=1), proposed_at=timezone.now(), review_on=date.max,
        )  # fmt: skip
        row.seal_values({"needs": []})
        if not self.is_child():
            return  # an adult's row without a service is another test's matter
        with pytest.raises(Stopped):
            row.save()
        with pytest.raises(Stopped):
            Proposal.objects.bulk_create([row])

    def check(self) -> None:
        """Nothing on the path stands for whoever counts as a child at this moment."""
        if not self.is_child():
            return
        file, now = self.fresh, timezone.now()
        assert counts_as_child(file, now)
        for proposal in Proposal.objects.filter(ended_at=None, file=file):
            assert not detention.stands(proposal, now)
        held = detention.held_of(file)
        if held is not None:
            # Noted while an adult beyond doubt; now the release is asked for, nothing else.
            assert detention.must_be_released(held, now) == ["child"]
            with pytest.raises(Stopped):
                detention.review_held(
                    self.worker, file, released=False, reason=WHY,
                    next_on=TODAY + timedelta(days=1),
                )  # fmt: skip


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(birth=BIRTHS, steps=STEPS)
def test_no_path_leads_a_child_or_a_doubtful_age_to_detention(db, birth, steps):
    story = Story(birth)
    try:
        for kind, value in [("screen", None), *steps]:
            story.take(kind, value)
            story.check()
        detention.lapse(timezone.now())
        if story.is_child():
            assert not Proposal.objects.filter(ended_at=None, file=story.file).exists()
            assert story.fresh.procedure.state != "proposed"
    finally:
        ages._sources.remove(story.told)


def test_an_age_that_is_challenged_later_ends_the_proposal(file, officer):
    found: list[AgeFinding] = []

    def source(person):
        return found

    ages.register(source)
    try:
        assessing.screen(officer, file, screened())
        assessing.decide(officer, file, proposed())
        found.append(AgeFinding(AgeState.CHALLENGED, TODAY))
        proposal = Proposal.objects.get()
        assert not detention.stands(proposal, timezone.now())
        assert detention.lapse(timezone.now()) == 1
        with pytest.raises(Stopped, match="child"):
            assessing.decide(officer, file, proposed())
    finally:
        ages._sources.remove(source)


def test_the_refusal_comes_before_any_other_question(doubtful, officer):
    with pytest.raises(Stopped) as stopped:
        assessing.decide(officer, doubtful, assessing.Wish(choice="detention"))
    assert stopped.value.codes == ("child",)


def test_somebody_whose_file_was_erased_counts_as_a_child(file, officer):
    from mostovi.rights.vault import vault

    vault().destroy(file.key_id)
    assert counts_as_child(file, timezone.now())
