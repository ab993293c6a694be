# SPDX-License-Identifier: EUPL-1.2
"""Loading the synthetic world: marked, sealed, whole; readable through the ordinary doors."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.test import override_settings

from mostovi.cases.models import Case, CaseNote, Referral
from mostovi.cases.vocabulary import REQUEST, case_types, needs
from mostovi.exchange.profiles import preview
from mostovi.node.models import Account, Membership
from mostovi.node.synthetic import load as load_for_demo
from mostovi.node.synthetic import loading
from mostovi.node.synthetic.lists import shipped
from mostovi.node.synthetic.lives import case_type, life_of
from mostovi.node.synthetic.lives import needs as needs_of
from mostovi.node.synthetic.loading import NotForSynthetic, load, plain
from mostovi.node.synthetic.world import BLOCK, World
from mostovi.people import services as people
from mostovi.people.consenting import records
from mostovi.people.models import FamilyLink, Person, SearchToken
from mostovi.procedures import services as procedures
from mostovi.procedures.models import Deadline, Event, Instance
from mostovi.rights.access import Actor
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.services import verify_chain
from mostovi.screening import submission_services
from mostovi.screening.indicator_files import sets_for_form
from mostovi.screening.initialise import initialise
from mostovi.screening.models import Finding, Submission
from mostovi.screening.scoring import score

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
PEOPLE = 330
SYSTEM = Actor.system(Purpose.PROTECTION)


@pytest.fixture
def officers(db: None) -> list[Actor]:
    """A social worker in each of the node's two units, and the forms."""
    initialise()
    found = []
    for unit in django_settings.MOSTOVI.units:
        account = Account.objects.create_user(f"worker-{unit}", display_name="Worker")
        Membership.objects.create(
            account=account, role=Role.SOCIAL_WORKER.value, unit=unit, granted_by=uuid4()
        )
        found.append(Actor(account.pk, Role.SOCIAL_WORKER, Purpose.PROTECTION, unit))
    return found


@pytest.fixture
def loaded(officers: list[Actor], monkeypatch: pytest.MonkeyPatch) -> loading.Loaded:
    """Several batches, so that both units get people."""
    monkeypatch.setattr(loading, "BATCH", 2 * BLOCK)
    return load(PEOPLE, now=NOW)


def test_everything_is_marked_sealed_and_whole(loaded: loading.Loaded) -> None:
    assert loaded.people == Person.objects.count() == PEOPLE
    assert not Person.objects.filter(synthetic=False).exists()
    assert loaded.cases == Case.objects.count() > 50
    assert loaded.submissions == Submission.objects.count() > 50
    assert loaded.referrals == Referral.objects.count() > 3
    assert SearchToken.objects.count() > 5 * loaded.people
    known = World(shipped(), seed=loading.DEFAULT_SEED, on=date(2026, 11, 24))
    given = known.person(3 * loading.RANGE).names[0].parts[0][1].encode()
    assert not any(given in bytes(row.sealed) for row in Person.objects.all()[:50])
    count, breaks = verify_chain()
    assert count and not breaks


def test_the_files_say_what_the_world_says(loaded: loading.Loaded, officers: list[Actor]) -> None:
    world = World(
        loading._of_partner(shipped(), "me"), seed=loading.DEFAULT_SEED, on=date(2026, 11, 24)
    )
    expected = list(world.people(40, start=3 * loading.RANGE))
    files = [
        people.read(officers[0], person) for person in Person.objects.filter(unit=officers[0].unit)
    ]
    written = Counter(file.names[0].name.written for file in files if file.names)
    for person in expected:
        assert written[person.names[0].written], person.number


def test_families_are_tied_to_each_other(loaded: loading.Loaded) -> None:
    tied = FamilyLink.objects.exclude(other=None)
    assert tied.count() > 50
    pairs = set(tied.values_list("person_id", "other_id"))
    assert {(b, a) for a, b in pairs} == pairs


def test_people_are_found_by_name_in_their_script(
    loaded: loading.Loaded, officers: list[Actor]
) -> None:
    person = Person.objects.filter(unit=officers[0].unit).first()
    assert person is not None
    name = people.read(officers[0], person).names[0].name
    assert person in [found for found, _ in people.search(officers[0], name.written)]


def test_cases_stand_where_their_events_lead(loaded: loading.Loaded) -> None:
    for instance in Instance.objects.all()[:150]:
        assert procedures.replayed_state(instance) == instance.state
    states = Counter(Instance.objects.filter(code="case").values_list("state", flat=True))
    assert len(states) >= 4
    assert set(Case.objects.values_list("case_type", flat=True)) <= set(case_types())
    closed = Case.objects.filter(procedure__state="closed")
    assert closed.exists() and not closed.filter(closed_at=None).exists()
    assert not Event.objects.filter(at__gt=NOW).exists()
    assert Deadline.objects.filter(outcome="running").exists()
    for note in CaseNote.objects.select_related("case")[:50]:
        assert "Synthetic" in note.values()["text"]


def test_an_officer_can_go_on_with_a_loaded_case(
    loaded: loading.Loaded, officers: list[Actor]
) -> None:
    from mostovi.cases import services as cases

    case = Case.objects.filter(procedure__state="implementation", unit=officers[0].unit).first()
    assert case is not None
    cases.take_step(officers[0], cases.find(officers[0], case.code), verb="review")
    case.procedure.refresh_from_db()
    assert case.procedure.state == "follow_up"
    assert procedures.replayed_state(case.procedure) == "follow_up"


def test_referrals_are_finished_and_rest_on_a_consent(loaded: loading.Loaded) -> None:
    for referral in Referral.objects.select_related("case__person", "procedure"):
        assert referral.procedure.state in {"closed", "declined", "withdrawn"}
        assert referral.case is not None
        data = referral.values()["data"]
        assert preview(REQUEST, Purpose.PROTECTION, data)
        consents = {str(r.consent.pk): r for r in records(referral.case.person, NOW)}
        consent = consents[str(referral.consent_id)]
        withdrawn = referral.procedure.state == "withdrawn"
        assert consent.state in ({"withdrawn"} if withdrawn else {"given", "expired"})


def test_findings_are_those_the_sets_give(loaded: loading.Loaded) -> None:
    assert Finding.objects.count() >= loaded.submissions
    for finding in Finding.objects.select_related("submission__version__form")[:40]:
        reading = submission_services.open_submission(finding.submission)
        sets = {s.name: s for s in sets_for_form(finding.submission.version.form.form_id)}
        again = score(sets[finding.set_name], dict(reading.raw), date(2026, 1, 1))
        stored = finding.values()
        assert stored["outcome"] == again.outcome
        assert stored["classification"] == again.classification


def test_a_screening_without_case_has_a_key_of_its_own(loaded: loading.Loaded) -> None:
    keys = set(Person.objects.values_list("key_id", flat=True))
    with_case = set(Case.objects.values_list("submission_id", flat=True))
    lonely = [s for s in Submission.objects.all() if s.key_id not in keys]
    assert lonely and not with_case & {s.pk for s in lonely}
    assert {s.led_to_case for s in lonely} == {False}
    assert not Submission.objects.filter(pk__in=with_case - {None}, led_to_case=False).exists()


def test_it_goes_on_where_it_stopped(officers: list[Actor]) -> None:
    load(30, now=NOW)
    load(20, now=NOW)
    world = World(
        loading._of_partner(shipped(), "me"), seed=loading.DEFAULT_SEED, on=date(2026, 11, 24)
    )
    expected = Counter(p.names[0].written for p in world.people(50, start=3 * loading.RANGE))
    found: Counter[str] = Counter()
    for actor in officers:
        for person in Person.objects.filter(unit=actor.unit):
            found[people.read(actor, person).names[0].name.written] += 1
    assert found == expected


def test_progress_is_told(officers: list[Actor]) -> None:
    told: list[int] = []
    load(10, now=NOW, progress=told.append)
    assert told == [10]


def test_every_person_can_get_a_case(officers: list[Actor]) -> None:
    assert load(60, now=NOW, case_share=1.0).cases == 60
    assert AuditEntry.objects.filter(tag="node.synthetic.loaded").count() == 1


@pytest.mark.parametrize(
    ("change", "says"), [({"demo": False}, "real ones"), ({"holds_persons": False}, "no persons")]
)
@pytest.mark.django_db
def test_real_nodes_refuse(change: dict[str, Any], says: str) -> None:
    node = replace(django_settings.MOSTOVI, **change)
    with override_settings(MOSTOVI=node), pytest.raises(NotForSynthetic, match=says):
        load(5, now=NOW)
    assert not Person.objects.exists()


@pytest.mark.django_db
def test_the_demo_loads_nothing_where_no_persons_are_held() -> None:
    node = replace(django_settings.MOSTOVI, holds_persons=False)
    with override_settings(MOSTOVI=node):
        assert load_for_demo(node.code, 100) == 0


def test_lives_look_at_answers_never_at_origin_or_hidden_truth() -> None:
    world = World(shipped(), seed=4, on=date(2026, 11, 24))
    for person in world.people(500):
        other = replace(person, origin="XX", situation="trafficked", names=(), languages=())
        assert life_of(other, seed=4, until=NOW) == life_of(person, seed=4, until=NOW)
        assert case_type(person) in {None, *case_types()}
        assert set(needs_of(person)) <= set(needs())


def test_the_quick_way_to_plain_values_is_the_slow_one() -> None:
    world = World(shipped(), seed=4, on=date(2026, 11, 24))
    asked = [p for p in world.people(400) if p.trafficking][:10]
    for person in asked:
        said = {path: str(answer) for path, answer in (person.trafficking or {}).items()}
        for chosen in sets_for_form(loading.TRAFFICKING):
            result = score(chosen, said, date(2026, 11, 24))
            assert json.loads(json.dumps(plain(result))) == json.loads(json.dumps(result.to_json()))


def run(*arguments: str) -> int:
    import argparse

    from mostovi.node.commands import synthetic

    parser = argparse.ArgumentParser()
    synthetic.register(parser.add_subparsers())
    options = parser.parse_args(["synthetic", *arguments])
    return int(options.handler(options))


def test_the_command_shows_people_without_the_hidden_truth(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("show", "--people", "3", "--seed", "1", "--on", "2026-11-24") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["number"] for line in lines] == [0, 1, 2]
    assert all(line["synthetic"] is True and "situation" not in line for line in lines)


@pytest.mark.parametrize("people_asked", ["0", "5000001", "many"])
def test_the_command_refuses_wrong_numbers(people_asked: str) -> None:
    with pytest.raises(SystemExit) as left:
        run("load", "--people", people_asked)
    assert left.value.code == 2
