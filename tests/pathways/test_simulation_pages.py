# SPDX-License-Identifier: EUPL-1.2
"""A reform tried on people from the browser: asked, worked on, interrupted, read, taken away."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from openpyxl import load_workbook
from pypdf import PdfReader

from mostovi.pathways import (
    making,
    populations,
    reforming,
    simulation_chart,
    simulation_queue,
    simulation_services,
    simulation_words,
    simulation_work,
)
from mostovi.pathways.library import library
from mostovi.pathways.population import on_duckdb
from mostovi.pathways.simulation_models import RunState, SimulationRun
from mostovi.pathways.simulation_pages import Shown
from mostovi.procedures import batches
from mostovi.rights.access import Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from tests.pathways.small_law import STUDY, small_law

TODAY = date(2026, 11, 24)
ROOF = "          - {code: roof, title: {en: A home}, fact: housing, is: true}\n"


@pytest.fixture
def law(tmp_path, settings):
    with small_law(tmp_path) as folder:
        yield folder


@pytest.fixture
def drafter(acting):
    return acting(Role.PATHWAYS_OFFICER)


@pytest.fixture
def reform(db, law, drafter):
    """A draft in which own money alone opens the way to study."""
    made = reforming.begin(drafter, partner="me", pathway="study", title="Money only", why="x")
    text = STUDY.replace(ROOF, "").replace('article: "51"', 'article: "53"')
    reforming.save(drafter, made.code, text=text, why="no roof", seen=1)
    return made


CHOICES = {
    "on": TODAY, "population": "synthetic", "partner": "me", "people": 2_000, "seed": 7,
    "by": ["sex", "age_group"],
}  # fmt: skip


def asked(actor, reform, **more):
    return simulation_services.ask(actor, reform.code, **{**CHOICES, **more})


def worked(run):
    """Do the work of a run in this process."""
    SimulationRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, holder="here")
    simulation_work.work(str(run.pk), "here")
    run.refresh_from_db()
    return run


@pytest.fixture
def done(reform, drafter):
    run = worked(asked(drafter, reform))
    assert run.state == RunState.DONE, (run.failure, run.failure_detail)
    return run


def url(run, end=""):
    return f"/pathways/reforms/{run.reform.code}/simulate/{run.pk}/{end}"


def page(client, where, status=200, **more):
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(where, **more)
    assert answer.status_code == status, (answer.status_code, where)
    assert len(queries) <= 20, [q["sql"][:90] for q in queries]
    assert len(answer.content) < 150_000, len(answer.content)
    return answer


def text(answer):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


# --- asking -------------------------------------------------------------------------------------


def test_a_drafter_asks_and_finds_the_run_again(reform, drafter, signed_in):
    client = signed_in(drafter)
    where = f"/pathways/reforms/{reform.code}/simulate/"
    assert "How many people" in text(page(client, where))
    begun = client.post(f"{where}begin/", {**CHOICES, "on": "2026-11-24"})
    run = SimulationRun.objects.get()
    assert begun.status_code == 302 and begun["Location"] == url(run)
    said = text(page(client, begun["Location"]))
    assert "waits for its turn" in said and "You can leave this page" in said
    assert str(run.pk) in page(client, where).content.decode()
    assert client.get(url(run, "progress.json")).json()["state"] == "waiting"
    assert AuditEntry.objects.filter(tag="pathways.simulation.asked").exists()


def test_the_same_question_twice_is_one_run(reform, drafter):
    assert asked(drafter, reform).pk == asked(drafter, reform).pk
    assert asked(drafter, reform, seed=8).pk != asked(drafter, reform).pk


def test_no_more_than_five_wait(reform, drafter):
    for seed in range(5):
        asked(drafter, reform, seed=seed)
    with pytest.raises(simulation_services.TooManyWaiting):
        asked(drafter, reform, seed=99)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("on", "31.2.2026"), ("people", "99"), ("people", "2000001"), ("people", ""),
        ("seed", "-1"), ("by", "name"), ("partner", "xx"), ("population", "everybody"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told_at_its_field(reform, drafter, signed_in, field, value):
    sent = {**CHOICES, "on": "2026-11-24", field: value}
    where = f"/pathways/reforms/{reform.code}/simulate/begin/"
    answer = signed_in(drafter).post(where, sent)
    shown = answer.content.decode()
    assert answer.status_code == 422 and f'href="#id_{field}' in shown
    assert 'value="2000"' in shown or field == "people"
    assert not SimulationRun.objects.exists()


def test_a_draft_with_faults_cannot_be_asked(reform, drafter):
    reforming.save(drafter, reform.code, text="pathway: study", why="x", seen=2, problems=3)
    with pytest.raises(simulation_services.HasFaults):
        asked(drafter, reform)


def test_who_only_reads_may_look_and_not_ask(reform, done, acting, signed_in):
    analyst = acting(Role.ANALYST)
    with pytest.raises(Refused):
        asked(analyst, reform)
    client = signed_in(analyst)
    assert "A new simulation" not in text(
        page(client, f"/pathways/reforms/{reform.code}/simulate/")
    )
    assert "Newly qualify" in text(page(client, url(done)))
    worker = signed_in(acting(Role.SOCIAL_WORKER))
    assert worker.get(url(done)).status_code in (403, 404)
    assert worker.get(url(done, "result.json")).status_code in (403, 404)


def test_a_run_of_another_draft_is_not_there(reform, done, drafter, signed_in):
    other = reforming.begin(drafter, partner="me", pathway="study", title="Other", why="x")
    client = signed_in(drafter)
    assert client.get(url(done).replace(reform.code, other.code)).status_code == 404


# --- the result ---------------------------------------------------------------------------------


def loses(done):
    """Who certainly and who possibly loses, asked of the population with other means."""
    path = populations.kept("me", 2_000, 7, simulation_work.kept_in())
    with on_duckdb(path) as table:
        columns = table.select("accepted_to_study", "enough_money", "housing", "clean_record")
        rows = columns.to_pyarrow().to_pylist()
    least = most = 0
    for row in rows:
        place, money, roof, clean = row.values()
        least += place is True and money is False and roof is True and clean is True
        possible = place is not False and money is not True and roof is not False
        most += possible and clean is not False
    return [least, most]


def test_the_figures_are_those_of_the_population(done):
    total = done.result["simulation"]["total"]
    assert total["people"] == [2_000, 2_000]
    assert total["lose"] == loses(done) and total["lose"][1] > 0
    assert total["newly_qualify"] == [0, 0]
    assert total["uncertain"][0] == total["lose"][1] - total["lose"][0]
    assert total["unchanged"] == [2_000 - total["lose"][1], 2_000 - total["lose"][0]]
    groups = done.result["simulation"]["rows"]
    for name in ("people", "lose", "unchanged", "uncertain"):
        for end in (0, 1):
            assert sum(row[name][end] for row in groups) == total[name][end]


def test_the_page_asks_one_question_and_answers_it_first(done, drafter, signed_in):
    answer = page(signed_in(drafter), url(done))
    shown, said = answer.content.decode(), text(answer)
    assert "Who gains and who loses if this becomes law: “Money only”?" in said
    order = [
        shown.index(f'total-{n}"') for n in ("newly_qualify", "lose", "unchanged", "uncertain")
    ]
    assert order == sorted(order) and order[-1] < shown.index("simulation-chart")
    assert "Women and girls" in said and "18–59 years" in said


def test_the_uncertain_share_and_what_is_missing_are_never_hidden(done, drafter, signed_in):
    said = text(page(signed_in(drafter), url(done)))
    share = done.result["simulation"]["total"]["uncertain_share"]
    assert share > 0 and simulation_words.share_words(share) in said
    assert "depends on what is not known" in said
    assert said.count("Uncertain, share") == 1


def test_a_fact_nobody_holds_is_named(reform, drafter, signed_in):
    old = "fact: accepted_to_study\n        is: true\n      - code: means"
    changed = STUDY.replace(old, old.replace("accepted_to_study", "quota_left"))
    reforming.save(drafter, reform.code, text=changed, why="quota", seen=2)
    run = worked(asked(drafter, reform))
    if "quota_left" in run.result["simulation"]["missing"]:
        assert "unknown of everybody" in text(page(signed_in(drafter), url(run)))
    else:
        assert run.result["simulation"]["total"]["uncertain"][1] > 0


def test_what_is_known_of_some_only_is_named_with_its_share(done, drafter, signed_in):
    with on_duckdb(populations.kept("me", 2_000, 7, simulation_work.kept_in())) as table:
        money = table.select("enough_money").to_pyarrow().to_pydict()["enough_money"]
    unknown = done.result["population"]["unknown"]
    assert unknown["enough_money"] == round(money.count(None) / 2_000, 4)
    share = simulation_words.share_words(unknown["enough_money"])
    assert f"not known of {share}" in text(page(signed_in(drafter), url(done)))


def test_changes_stand_with_their_source(done, drafter, signed_in):
    said = text(page(signed_in(drafter), url(done)))
    assert "A home" in said and "Money or a roof" in said
    assert "Law on Foreigners , article 51" in said and "article 53" in said


def test_golden_cases_that_change_are_listed(done):
    shown = Shown(done, done.reform.versions.get(number=2).text)
    for tried in shown.golden:
        assert tried.changes


def test_the_draft_stands_beside_every_other_law(done, drafter, signed_in):
    assert {one["law"] for one in done.result["laws"]} == {"rs", "eu"}
    serbia = next(one for one in done.result["laws"] if one["law"] == "rs")
    assert serbia["before"]["relation"] == "wider" and serbia["after"]["relation"] == "same"
    assert "EU law and conventions" in text(page(signed_in(drafter), url(done)))


def test_it_says_what_it_stands_on(done, drafter, signed_in):
    said = text(page(signed_in(drafter), url(done)))
    source = making.plan()["sources"][making.margins("me").sources[0]]
    for part in (
        "Seed 7", done.result["before"]["digest"], done.result["after"]["digest"],
        source["title"], "The people do not exist", "2024.1", "No lawyer has signed off",
    ):  # fmt: skip
        assert part in said, part


def test_the_law_in_force_may_change_afterwards(done, law, drafter, signed_in):
    SimulationRun.objects.filter(pk=done.pk).update(law_digest="0" * 64)
    assert "has changed since" in text(page(signed_in(drafter), url(done)))


def test_the_same_seed_gives_the_same_result(done, reform, drafter):
    again = worked(asked(drafter, reform))
    assert again.pk != done.pk
    assert again.result["simulation"] == done.result["simulation"]
    other = worked(asked(drafter, reform, seed=8))
    assert other.result["simulation"] != done.result["simulation"]


def test_a_draft_that_changes_nothing_says_so(law, drafter, signed_in, db):
    made = reforming.begin(drafter, partner="me", pathway="study", title="Same", why="x")
    run = worked(asked(drafter, made))
    said = text(page(signed_in(drafter), url(run)))
    assert run.result["simulation"]["same_rule"]
    assert "Nobody here would be answered otherwise" in said


@pytest.mark.parametrize("language", ["sr", "ar"])
def test_the_page_in_other_scripts(done, drafter, signed_in, language):
    client = signed_in(drafter)
    shown = page(client, url(done), headers={"accept-language": language}).content.decode()
    assert 'lang="en"' in shown and "<svg" in shown
    page(client, f"/pathways/reforms/{done.reform.code}/simulate/",
         headers={"accept-language": language})  # fmt: skip


# --- taking it away -----------------------------------------------------------------------------


def test_csv_excel_and_json_say_the_same(done, drafter, signed_in):
    client = signed_in(drafter)
    table = client.get(url(done, "result.csv")).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table)))
    data = client.get(url(done, "result.json")).json()
    book = load_workbook(io.BytesIO(client.get(url(done, "result.xlsx")).content))
    total = dict(zip(rows[0], rows[-1], strict=True))
    assert total["sex"] == "total"
    assert [int(total["lose_least"]), int(total["lose_most"])] == loses(done)
    assert data["simulation"]["total"]["lose"] == loses(done)
    assert data["population"]["seed"] == 7 and data["caveats"]
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == rows[0]
    assert [str(cell.value) for cell in sheet[sheet.max_row]][2:] == rows[-1][2:]
    assert "seed" in str([[c.value for c in line] for line in book.worksheets[1]]).lower()


def test_the_pdf_reads_back(done, drafter, signed_in):
    answer = signed_in(drafter).get(url(done, "result.pdf"))
    reader = PdfReader(io.BytesIO(answer.content))
    words = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))
    assert "Who gains and who loses" in words and "Money only" in words
    lose = simulation_words.range_words(done.result["simulation"]["total"]["lose"])
    assert f"Lose: {lose}" in words
    assert "The people do not exist" in words and "article 53" in words
    assert done.result["after"]["digest"][:20] in words.replace(" ", "")
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


@pytest.mark.parametrize("language", ["sr", "ar", "mk"])
def test_the_pdf_in_other_scripts(done, language):
    from mostovi.pathways import simulation_files

    with translation.override(language):
        made = simulation_files.as_pdf(Shown(done, done.reform.versions.get(number=2).text))
    assert PdfReader(io.BytesIO(made)).trailer["/Root"]["/Lang"].startswith(language)


def test_no_file_before_there_is_a_result(reform, drafter, signed_in):
    run = asked(drafter, reform)
    client = signed_in(drafter)
    for form in ("csv", "json", "xlsx", "pdf"):
        assert client.get(url(run, f"result.{form}")).status_code == 404
    assert client.get(url(run, "result.exe")).status_code == 404


# --- the drawing --------------------------------------------------------------------------------

_counts = st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)).map(sorted)


@given(
    st.lists(st.tuples(st.text(), _counts, _counts), min_size=1, max_size=8), st.text(),
    st.booleans(),
)  # fmt: skip
def test_the_drawing_shows_every_interval_inside_its_frame(rows, says, mirrored):
    def printable(words):
        return "".join(c for c in words if c.isprintable())

    groups = [
        simulation_chart.Group(
            printable(label),
            (
                simulation_chart.Bar("gain", *gain, words="<b>&"),
                simulation_chart.Bar("loss", *loss, words="x"),
            ),
        )
        for label, gain, loss in rows
    ]
    drawn = etree.fromstring(simulation_chart.drawn(groups, printable(says), mirrored=mirrored))
    assert drawn.get("role") == "img" and drawn.get("aria-label") == printable(says)
    space = "{http://www.w3.org/2000/svg}"
    bars = [r for r in drawn.findall(f"{space}rect") if r.get("fill") != "currentColor"]
    for bar in bars:
        start, width = float(bar.get("x")), float(bar.get("width"))
        assert start >= -0.1 and start + width <= simulation_chart.WIDTH + 0.1
    intervals = [pair for _, *pairs in rows for pair in pairs]
    hatched = sum("url(" in bar.get("fill") for bar in bars)
    assert hatched <= sum(least < most for least, most in intervals)
    assert sum("url(" not in bar.get("fill") for bar in bars) == sum(p[0] > 0 for p in intervals)
    assert len(drawn.findall(f"{space}text")) == 3 * len(rows)


# --- long work ----------------------------------------------------------------------------------


@pytest.fixture
def processes(monkeypatch):
    """Begun processes are only noted."""
    begun = []

    class Child:
        ended = None

        def poll(self):
            return self.ended

    def begin(pk, holder):
        begun.append((pk, holder, Child()))
        return begun[-1][2]

    monkeypatch.setattr(simulation_queue.QUEUE, "begin", begin)
    monkeypatch.setattr(simulation_queue.QUEUE, "children", {})
    return begun


def test_one_run_at_a_time_in_the_order_they_were_asked(reform, drafter, processes):
    now = timezone.now()
    first = asked(drafter, reform, seed=1, now=now)
    second = asked(drafter, reform, seed=2, now=now + timedelta(seconds=1))
    assert simulation_queue.turn(now) == 1 and simulation_queue.turn(now) == 0
    assert [pk for pk, *_ in processes] == [str(first.pk)]
    simulation_work.work(*processes[0][:2])
    simulation_queue.turn(now)
    assert [pk for pk, *_ in processes] == [str(first.pk), str(second.pk)]


def test_a_silent_run_is_taken_up_again_and_the_lost_process_writes_nothing(
    reform, drafter, processes
):
    now = timezone.now()
    run = asked(drafter, reform)
    simulation_queue.turn(now)
    later = now + batches.SILENCE + timedelta(seconds=1)
    simulation_queue.turn(later)
    run.refresh_from_db()
    assert run.state == RunState.WAITING
    with pytest.raises((batches.Lost, SimulationRun.DoesNotExist)):
        simulation_work.work(*processes[0][:2])
    simulation_queue.turn(later)
    simulation_work.work(*processes[1][:2])
    run.refresh_from_db()
    assert run.state == RunState.DONE and run.attempts == 2


def test_a_child_that_died_is_seen_at_once(reform, drafter, processes):
    now = timezone.now()
    run = asked(drafter, reform)
    simulation_queue.turn(now)
    processes[0][2].ended = -9
    simulation_queue.turn(now)
    run.refresh_from_db()
    assert run.state == RunState.WAITING


def test_after_three_interruptions_the_run_fails_and_says_why(
    reform, drafter, processes, signed_in
):
    now = timezone.now()
    run = asked(drafter, reform)
    for _ in range(12):
        simulation_queue.turn(now)
        now += batches.SILENCE * 2
    run.refresh_from_db()
    assert run.state == RunState.FAILED and len(processes) == 3
    assert "interrupted three times" in text(page(signed_in(drafter), url(run)))


def test_a_failed_run_says_why_and_can_be_asked_again(reform, drafter, signed_in):
    run = worked(asked(drafter, reform, on=date(2000, 1, 1)))
    assert run.state == RunState.FAILED
    client = signed_in(drafter)
    said = text(page(client, url(run)))
    assert "no version in force on this day" in said and "Try again" in said


def test_what_went_wrong_is_told_without_words_of_the_error(reform, drafter, monkeypatch):
    from mostovi.procedures import batch_process

    run = asked(drafter, reform)
    SimulationRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, holder="h")

    def break_down(pk, holder):
        raise RuntimeError("Amina from the north")

    monkeypatch.setattr(simulation_work, "work", break_down)
    monkeypatch.setattr(batches, "LOOK", 3600)
    batch_process.main(
        "pathways.SimulationRun", "mostovi.pathways.simulation_work", str(run.pk), "h", os.getppid()
    )
    run.refresh_from_db()
    assert (run.state, run.failure, run.failure_detail) == ("failed", "unexpected", "")


NODE = """
import os, sys, time, uuid
from datetime import date
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.conf import settings
from mostovi.rights.vault import create_master_key
if not (settings.MOSTOVI.keys / "vault.master").exists():
    create_master_key(settings.MOSTOVI.keys)
from mostovi.pathways import reforming, simulation_services
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role, ROLE_PURPOSES
actor = Actor(uuid.uuid4(), Role.PATHWAYS_OFFICER, ROLE_PURPOSES[Role.PATHWAYS_OFFICER][0], "u")
made = reforming.begin(actor, partner="rs", pathway="study", title="t", why="w")
simulation_services.ask(
    actor, made.code, on=date(2026, 11, 24), population="synthetic", partner="rs",
    people=int(sys.argv[1]), seed=3, by=["sex"])
"""
WORKER = """
import sys, time
import django
django.setup()
from django.utils import timezone
from mostovi.pathways import simulation_queue
from mostovi.pathways.simulation_models import SimulationRun
end = time.monotonic() + 90
while time.monotonic() < end:
    simulation_queue.turn(timezone.now())
    run = SimulationRun.objects.get()
    print(run.state, run.step, run.attempts, flush=True)
    if run.finished:
        heavy = [name for name in ("ibis", "duckdb", "numpy", "pyarrow") if name in sys.modules]
        print("heavy", heavy, flush=True)
        break
    time.sleep(0.2)
"""


@pytest.mark.nodes
@pytest.mark.slow
def test_a_killed_worker_leaves_nothing_and_the_next_one_finishes(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MOSTOVI_", "DJANGO_"))}
    environment |= {
        "MOSTOVI_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "mostovi.node.settings",
    }  # fmt: skip
    subprocess.run([sys.executable, "-c", NODE, "150000"], env=environment, check=True, timeout=300)

    def worker():
        return subprocess.Popen(
            [sys.executable, "-c", WORKER], env=environment, text=True, stdout=subprocess.PIPE
        )

    first = worker()
    assert first.stdout is not None
    for line in first.stdout:
        if line.startswith("running 1"):
            break
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    gone = time.monotonic() + 10
    while children(tmp_path) and time.monotonic() < gone:
        time.sleep(0.2)
    assert not children(tmp_path), "the process of a killed worker ends by itself"
    second = worker()
    out = second.communicate(timeout=120)[0].splitlines()
    assert out[-2].startswith("done 4"), out[-5:]
    assert out[-1] == "heavy []", "the worker itself stays small"
    assert not list((tmp_path / "cache/populations").glob(".*")), "nothing half made is left"


def children(home: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            ours = b"simulation_work" in (entry / "cmdline").read_bytes()
            here = f"MOSTOVI_HOME={home}\0".encode() in (entry / "environ").read_bytes()
            if ours and here:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_the_result_is_plain_json(done):
    assert json.loads(json.dumps(done.result)) == done.result
    assert library().partner("me")
