# SPDX-License-Identifier: EUPL-1.2
"""Pages, interface and command line as their users meet them; the same refusal at every door."""

from __future__ import annotations

import argparse
import csv
import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from mostovi.cases.alternatives import assessing, catalogue, commands, initialise, today
from mostovi.cases.alternatives.models import Held, LibertyFile, MeasureTaken, Place, Proposal
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from tests.cases.alternatives.conftest import WHY, file_for, registered, screened, wish
from tests.cases.alternatives.conftest import detention as proposed

pytestmark = pytest.mark.django_db
REFUSED = "Detention is refused"


def at(name, file, *more):
    return reverse(f"alternatives:{name}", args=[file.case.code, *more])


@pytest.fixture
def client(signed_in, officer):
    return signed_in(officer)


def page(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:500]
    return answer.content.decode()


# --- Opening and reading -----------------------------------------------------------------------


def test_a_case_without_a_file_says_what_opening_means_and_opens_it(client, file, officer):
    case = file.case
    file.delete()
    assert "It begins in liberty" in page(client, reverse("alternatives:file", args=[case.code]))
    answer = client.post(reverse("alternatives:open", args=[case.code]))
    assert answer.status_code == 302
    assert LibertyFile.objects.get().case_id == case.pk


def test_the_list_names_the_person_in_their_own_script_and_the_measure(
    client, screened_file, officer
):
    assessing.decide(officer, screened_file, wish("registration"))
    text = page(client, reverse("alternatives:list"))
    assert "يوسف حداد" in text and "Registration of an address" in text


def test_the_file_reads_from_top_to_bottom_within_its_budget(
    client, screened_file, officer, place, statements
):
    measure = wish("designated_residence", place="house", conditions="Lives at the house.")
    assessing.decide(officer, screened_file, measure)
    client.get(at("file", screened_file))
    answers = []
    sent = statements(lambda: answers.append(client.get(at("file", screened_file))))
    text = answers[0].content.decode()
    order = [text.index(f'id="{one}"') for one in ("where", "ladder", "measure", "screening")]
    assert order == sorted(order)
    assert len(answers[0].content) < 150_000
    assert len(sent) <= 20, "\n".join(sql[:150] for sql in sent)


def test_another_unit_finds_nothing(signed_in, acting, file):
    stranger = signed_in(acting(Role.SOCIAL_WORKER, unit="centre"))
    hidden = stranger.get(at("file", file))
    absent = stranger.get(reverse("alternatives:file", args=["ME-0000-0000"]))
    assert hidden.status_code == absent.status_code == 404


@pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.RETURN_OFFICER, Role.ADMINISTRATOR])
def test_other_purposes_do_not_come_in(signed_in, acting, file, role):
    assert signed_in(acting(role)).get(at("file", file)).status_code == 403


# --- Screening and assessment, one group a page ------------------------------------------------


def heard(**more):
    return {"no_interpreter_needed": "on", "with_own_child": "no", **more}


def screen_by_pages(client, file):
    client.post(at("screening_group", file, "heard"), heard())
    for domain in catalogue.domains():
        client.post(at("screening_group", file, domain.code), {"present": "no", "met": "not_asked"})
    return client.post(
        at("screening_group", file, "rating"),
        {"serious_risk": "no", "rating": "low", "why": "All is well, says the person."},
    )


def test_a_screening_is_done_page_by_page(client, file):
    assert client.get(at("screening", file))["Location"].endswith("/heard/")
    assert screen_by_pages(client, file).status_code == 302
    assert LibertyFile.objects.get().procedure.state == "screened"


def test_what_was_typed_is_kept_even_when_it_is_wrong(client, file):
    answer = client.post(
        at("screening_group", file, "health"), {"signs": ["mental"], "note": "Cannot sleep"}
    )
    assert answer.status_code == 422
    assert "Cannot sleep" in answer.content.decode()
    again = page(client, at("screening_group", file, "health"))
    assert "Cannot sleep" in again and "checked" in again


def test_a_rating_under_the_answers_comes_back_with_the_reason(client, file):
    client.post(at("screening_group", file, "heard"), heard())
    for domain in catalogue.domains():
        client.post(
            at("screening_group", file, domain.code), {"present": "unknown", "met": "unknown"}
        )
    answer = client.post(
        at("screening_group", file, "rating"),
        {"serious_risk": "unknown", "rating": "low", "why": "All is well, says the person."},
    )
    assert answer.status_code == 422
    assert "higher rating" in answer.content.decode()
    assert "at least: Medium" in answer.content.decode()


def climb(client, file, until):
    client.post(
        at("group", file, "question"),
        {"authority": "Police", "intention": "Keep him", "for_family": "no", "persons": "1"},
    )
    client.post(at("group", file, "view"), {"view": "He wants to stay with his cousin."})
    for step in catalogue.ladder():
        if step.code == until:
            return client.post(at("group", file, f"step-{step.code}"), {"enough": "yes"})
        client.post(
            at("group", file, f"step-{step.code}"),
            {"enough": "no", "why": "would_not_work", "reason": WHY},
        )
    return None


def test_a_measure_is_found_by_climbing_the_ladder(client, screened_file, officer):
    climb(client, screened_file, "registration")
    client.post(
        at("group", screened_file, "test"),
        {"ground": "identity", "evidence": WHY, "proportion": WHY},
    )
    until = timezone.localdate() + timedelta(days=20)
    answer = client.post(
        at("group", screened_file, "conditions"),
        {"conditions": "Tells of a new address.", "review_on": until.isoformat()},
    )
    assert answer["Location"].endswith("/check/")
    assert "Milder, and not enough" in page(client, at("group", screened_file, "check"))
    assert client.post(at("group", screened_file, "check")).status_code == 302
    assert MeasureTaken.objects.get().code == "registration"


def test_a_later_step_cannot_be_opened_before_the_milder_one(client, screened_file):
    answer = client.get(at("group", screened_file, "step-bail"))
    assert answer.status_code == 302
    answer = client.post(at("group", screened_file, "step-bail"), {"enough": "yes"})
    assert answer.status_code == 302
    assert not MeasureTaken.objects.exists()


def test_a_rejected_step_needs_its_reason(client, screened_file):
    client.post(at("group", screened_file, "question"), {"for_family": "no", "persons": "1"})
    client.post(at("group", screened_file, "view"), {"view": "Nothing."})
    answer = client.post(
        at("group", screened_file, "step-release"), {"enough": "no", "reason": "no"}
    )
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Choose the kind of reason." in text and "Say why this milder measure" in text


def test_a_full_place_offers_the_next_best(client, screened_file, officer, place, supervisor):
    from mostovi.cases.alternatives import housing

    housing.save_place(
        supervisor, code="flat", name="Flat", kind="designated_residence", capacity=3
    )
    other = file_for(officer, registered(officer, {"precision": "year", "year": 1991}))
    assessing.screen(officer, other, screened())
    assessing.decide(officer, other, wish("designated_residence", place="house"))
    climb(client, screened_file, "designated_residence")
    client.post(
        at("group", screened_file, "test"),
        {"ground": "identity", "evidence": WHY, "proportion": WHY},
    )
    until = timezone.localdate() + timedelta(days=20)
    client.post(
        at("group", screened_file, "conditions"),
        {"place": "house", "review_on": until.isoformat()},
    )
    answer = client.post(at("group", screened_file, "check"))
    assert answer.status_code == 422
    assert "Next best: Flat." in answer.content.decode()


# --- A child at every door ---------------------------------------------------------------------


def test_the_page_refuses_a_child_and_explains_itself(client, doubtful):
    for answer in (client.get(at("detention", doubtful)), client.post(at("detention", doubtful))):
        text = answer.content.decode()
        assert REFUSED in text
        assert "Somebody doubts the recorded age." in text
        assert "Convention on the Rights of the Child" in text
        assert "2024/1346" in text
        for words in ("Which safeguard", "Who can decide", "What you can do now"):
            assert words in text
    assert answer.status_code == 422
    assert AuditEntry.objects.filter(tag="alternatives.detention.refused").count() == 2


def test_climbing_beyond_the_ladder_refuses_a_child(client, doubtful, officer):
    assessing.screen(officer, doubtful, screened())
    child_steps = [s for s in catalogue.ladder() if s.children == "yes"]
    client.post(at("group", doubtful, "question"), {"for_family": "no", "persons": "1"})
    client.post(at("group", doubtful, "view"), {"view": "He is afraid."})
    for step in child_steps:
        client.post(
            at("group", doubtful, f"step-{step.code}"),
            {"enough": "no", "why": "would_not_work", "reason": WHY},
        )
    assert REFUSED in page(client, at("group", doubtful, "beyond"))
    answer = client.post(at("group", doubtful, "check"))
    assert answer.status_code in {302, 422}
    assert not Proposal.objects.exists()


def held_data():
    day = timezone.localdate()
    return {
        "authority": "Police", "act": "12/2026", "where": "Station",
        "decided_on": day.isoformat(), "review_on": (day + timedelta(days=5)).isoformat(),
        "expires_on": (day + timedelta(days=20)).isoformat(),
    }  # fmt: skip


def test_noting_that_a_child_is_held_is_refused_and_the_release_is_asked_for(client, doubtful):
    answer = client.post(at("held", doubtful), held_data())
    assert answer.status_code == 422 and REFUSED in answer.content.decode()
    assert not Held.objects.exists()
    words = "The police hold him at the station since noon; the guardian knows."
    assert client.post(at("release", doubtful), {"words": words}).status_code == 302
    assert "Release was asked for" in page(client, at("file", doubtful))
    assert client.post(at("free", doubtful), {"words": "Free, at home."}).status_code == 302


def sent(client, address, data):
    return client.post(address, json.dumps(data), content_type="application/json")


def api(file, *more):
    return "/".join(["/api/v1/alternatives/files", file.case.code, *more])


def decision(choice):
    given = proposed() if choice == "detention" else wish(choice)
    return {
        "choice": given.choice, "view": "He objects.", "ground": "identity", "evidence": WHY,
        "proportion": WHY, "legal_aid": given.legal_aid, "interpreter": "Ana",
        "review_on": given.review_on.isoformat() if given.review_on else None,
        "considered": [
            {"measure": c.measure, "why": c.why, "reason": c.reason}
            for c in given.considered.values()
        ],
    }  # fmt: skip


def test_the_interface_refuses_a_child_with_the_same_words(client, doubtful, officer):
    assessing.screen(officer, doubtful, screened())
    for answer in (
        sent(client, api(doubtful, "decisions"), decision("detention")),
        sent(client, api(doubtful, "held"), held_data()),
    ):
        assert answer.status_code == 422, answer.content
        (refusal,) = answer.json()["refusals"]
        assert refusal["code"] == "child"
        assert refusal["because"] == ["Somebody doubts the recorded age."]
        assert refusal["sources"] and refusal["what_now"] and refusal["who_decides"]
    against = client.get(api(doubtful, "against")).json()
    assert [one["code"] for one in against] == ["child"]
    assert not Proposal.objects.exists() and not Held.objects.exists()


def test_the_interface_takes_the_same_decisions(client, file):
    domains = {d.code: {"present": "no"} for d in catalogue.domains()}
    answer = sent(
        client, api(file, "screenings"),
        {"domains": domains, "serious_risk": "no", "with_own_child": "no", "rating": "low",
         "why": WHY, "interpreter": "Ana"},
    )  # fmt: skip
    assert answer.json()["step"] == "screened", answer.content
    bad = decision("registration") | {"considered": []}
    answer = sent(client, api(file, "decisions"), bad)
    assert answer.status_code == 422
    assert answer.json()["problems"][0][0] == "considered.release"
    answer = sent(client, api(file, "decisions"), decision("registration"))
    assert (answer.status_code, answer.json()["measure"]) == (200, "registration")
    answer = sent(client, api(file, "happenings"), {"kind": "breach", "words": "Moved away."})
    assert answer.json()["measure"] == "registration"
    assert [one["case"] for one in client.get("/api/v1/alternatives/files").json()] == [
        file.case.code
    ]
    assert len(client.get("/api/v1/alternatives/measures").json()) == 8
    assert client.get("/api/v1/alternatives/places").json() == []


def run(*words):
    parser = argparse.ArgumentParser()
    commands.register(parser.add_subparsers())
    options = parser.parse_args(["alternatives", *map(str, words)])
    return options.handler(options)


def test_the_command_line_refuses_a_child(doubtful, capsys):
    assert run("check", doubtful.case.code) == 1
    assert "Who decides:" in capsys.readouterr().out
    assert run("check", "ME-0000-0000") == 2


def test_bulk_notes_adults_and_refuses_children_row_by_row(file, doubtful, tmp_path, capsys):
    path = tmp_path / "held.csv"
    with path.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, commands.COLUMNS)
        writer.writeheader()
        for one in (file, doubtful):
            writer.writerow({"case": one.case.code, **held_data()})
        writer.writerow({"case": "ME-0000-0000", **held_data()})
        writer.writerow({"case": file.case.code, **held_data(), "review_on": "soon"})
    assert run("held", path, "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert [entry["done"] for entry in report] == [True, False, False, False]
    assert report[1]["refusals"][0]["code"] == "child"
    assert Held.objects.get().file == file


def test_bad_files_and_the_ladder(tmp_path, capsys):
    path = tmp_path / "x.csv"
    path.write_text("case,authority\nME,1\n")
    assert run("held", path) == 2
    assert "column 'act' is missing" in capsys.readouterr().err
    assert run("ladder") == 0
    assert capsys.readouterr().out.startswith("1. Release without conditions")


# --- What waits --------------------------------------------------------------------------------


def whys(actor, days=0):
    lines = today.waiting(actor, timezone.now() + timedelta(days=days))
    return [str(line.why) for line in lines]


def test_home_shows_reviews_proposals_and_people_held(screened_file, officer, supervisor, doubtful):
    assert "Liberty is in question: screen and decide" in whys(officer)
    assessing.decide(officer, screened_file, proposed())
    assert "Detention is proposed; a second officer must answer" in whys(supervisor)
    assert "Detention is proposed; a second officer must answer" not in whys(officer)
    from mostovi.cases.alternatives import detention

    detention.want_release(officer, doubtful, words="Police hold him at the station since noon.")
    assert "Held although a safeguard protects this person" in whys(supervisor)


def test_a_second_officer_answers_on_the_page(screened_file, officer, supervisor, signed_in):
    assessing.decide(officer, screened_file, proposed())
    own = signed_in(officer)
    assert own.get(at("answer", screened_file)).status_code == 302
    other = signed_in(supervisor)
    assert "Answer as second officer" in page(other, at("answer", screened_file))
    assert other.post(at("answer", screened_file), {"decision": "object"}).status_code == 422
    answer = other.post(at("answer", screened_file), {"decision": "object", "reason": WHY})
    assert answer.status_code == 302
    assert Proposal.objects.get().second == "object"


def test_reviews_and_events_on_the_pages(client, screened_file, officer):
    assessing.decide(officer, screened_file, wish("reporting", report_every=7))
    assert "Nothing becomes stricter" in page(client, at("file", screened_file))
    bad = client.post(at("happened", screened_file), {"kind": "breach"})
    assert bad.status_code == 422
    client.post(at("happened", screened_file), {"kind": "breach", "words": "Was ill."})
    assert "A condition was not kept" in page(client, at("file", screened_file))
    day = MeasureTaken.objects.get().times.first().due_on
    ok = client.post(at("times", screened_file), {"due_on": day.isoformat(), "kept": "excused"})
    assert ok.status_code == 302
    assert client.post(at("times", screened_file), {"due_on": "x"}).status_code == 422
    assert client.post(at("review", screened_file), {"decision": "keep"}).status_code == 422
    given = {"decision": "end", "outcome": "resolved", "reason": WHY, "view": "Glad."}
    assert client.post(at("review", screened_file), given).status_code == 302
    assert MeasureTaken.objects.get().outcome == "resolved"
    assert client.post(at("again", screened_file), {"reason": "New"}).status_code == 302


def test_places_by_their_pages(client, supervisor, signed_in, place, screened_file, officer):
    assessing.decide(officer, screened_file, wish("designated_residence", place="house"))
    assert "House" in page(client, reverse("alternatives:places"))
    text = page(client, reverse("alternatives:place", args=["house"]))
    assert "يوسف حداد" in text and "Change the place" not in text
    assert client.get(reverse("alternatives:place_new")).status_code == 403
    boss = signed_in(supervisor)
    new = reverse("alternatives:place_new")
    data = {"name": "Linden", "kind": "open_centre", "capacity": "4", "is_open": "on"}
    assert boss.post(new, data).status_code == 302
    assert Place.objects.get(code="linden").capacity == 4
    assert boss.post(new, data | {"capacity": "-1"}).status_code == 422
    own = reverse("alternatives:place", args=["linden"])
    assert boss.post(own, data | {"capacity": "6"}).status_code == 302
    assert Place.objects.get(code="linden").capacity == 6


def test_the_ladder_page_shows_sources_and_how_sure_they_are(client):
    text = page(client, reverse("alternatives:ladder"))
    assert "working value, not from a law" in text and "Rights that stay" in text


def test_the_case_page_leads_to_the_file(client, screened_file, officer):
    from mostovi.cases.alternatives.registrations import section

    block = section(officer, screened_file.case, timezone.now())
    assert block.url == at("file", screened_file)
    assert block.lines[0][1] == "Screened"


def test_a_demonstration_begins_with_invented_places(settings):
    from dataclasses import replace

    settings.MOSTOVI = replace(settings.MOSTOVI, demo=True)
    initialise.initialise()
    initialise.initialise()
    assert Place.objects.count() == 4
    assert all("invented" in place.name for place in Place.objects.all())
