# SPDX-License-Identifier: EUPL-1.2
"""Calculations over own records: asked for by a page, made elsewhere, kept sealed for an hour."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from mostovi.procedures import batch_process, batches
from mostovi.procedures.batches import RunState
from mostovi.rights.access import Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from mostovi.rights.vault import vault
from mostovi.statistics import calculation_work, calculations, jobs
from mostovi.statistics.calculation_models import Calculation
from mostovi.statistics.events import BadEvents
from tests.cases.conftest import coordinator
from tests.node.test_starting_light import HEAVY
from tests.statistics.counted import calculate, counted
from tests.statistics.test_pages import page, text
from tests.statistics.test_table_pages import LAST, children

__all__ = ["children", "coordinator"]
pytestmark = pytest.mark.django_db
CELLS = f"/statistics/tables/reg_children_alone/cells/?month={LAST}"


@pytest.fixture
def statistician(acting):
    return acting(Role.STATISTICIAN)


def asked(actor, kind="cells", month=LAST, table="reg_children_alone"):
    return calculations.wanted(actor, kind, month, table)


def test_a_page_waits_shows_and_is_made_of_what_it_was_asked_for(children, browser):
    client = browser(Role.STATISTICIAN)
    waiting = text(page(client, CELLS))
    assert "waits for its turn" in waiting and "You can leave this page" in waiting
    page(client, CELLS)
    one = Calculation.objects.get()
    progress = client.get(f"/statistics/tables/calculations/{one.pk}/progress.json").json()
    assert progress == {"state": "waiting", "percent": 0, "words": "waits for its turn"}
    assert not AuditEntry.objects.filter(tag="statistics.month.previewed").exists()
    calculate()
    assert "Counted from the records as they stood" in text(page(client, CELLS))
    assert AuditEntry.objects.filter(tag="statistics.month.previewed").count() == 1
    assert Calculation.objects.count() == 1
    other = text(page(client, CELLS.replace(str(LAST), str(LAST.back(1)))))
    assert "waits for its turn" in other


def test_counting_again_makes_a_new_one_and_comes_back_to_the_page(children, browser):
    client = browser(Role.STATISTICIAN)
    counted(client, CELLS)
    first = Calculation.objects.get()
    answer = client.post(f"/statistics/tables/calculations/{first.pk}/anew/")
    assert answer.status_code == 302 and answer["Location"] == CELLS
    client.post(f"/statistics/tables/calculations/{first.pk}/anew/")
    assert Calculation.objects.count() == 2, "one that waits is not asked for twice"
    assert "waits for its turn" in text(page(client, CELLS))
    calculate()
    assert "Counted from the records" in text(page(client, CELLS))


def test_a_change_of_the_files_is_another_question(statistician, monkeypatch):
    first = asked(statistician)
    monkeypatch.setattr(calculations, "_files", lambda: "changed")
    assert asked(statistician).pk != first.pk


def test_the_result_lies_sealed_and_ends_with_its_key_after_an_hour(
    children, statistician, django_capture_on_commit_callbacks
):
    one = asked(statistician)
    calculate()
    one.refresh_from_db()
    assert b"12" not in bytes(one.sealed) and one.values()["rows"][0][1] == 12
    now = timezone.now()
    assert calculations.end_old(now + timedelta(minutes=59)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert calculations.end_old(now + timedelta(minutes=61)) == 1
    assert not Calculation.objects.exists()
    assert not vault().holds(one.key_id)


def test_what_waits_or_is_worked_on_is_not_ended(statistician):
    one = asked(statistician)
    assert calculations.end_old(timezone.now() + timedelta(hours=5)) == 0
    assert Calculation.objects.get().pk == one.pk


@pytest.mark.parametrize("role", [Role.ANALYST, Role.SOCIAL_WORKER, Role.INVESTIGATOR])
def test_nobody_else_asks_reads_or_repeats_one(children, statistician, acting, browser, role):
    one = asked(statistician)
    other = acting(role)
    for verb in (
        lambda: asked(other),
        lambda: calculations.find(other, one.pk),
        lambda: calculations.result(other, one),
        lambda: calculations.anew(other, one.pk),
    ):
        with pytest.raises(Refused):
            verb()
    client = browser(role)
    base = f"/statistics/tables/calculations/{one.pk}"
    assert client.get(f"{base}/progress.json").status_code == 403
    assert client.post(f"{base}/anew/").status_code == 403


def test_a_wrong_record_is_told_and_can_be_tried_again(children, browser, monkeypatch):
    def break_down(*_):
        raise BadEvents("age_group: 'old' is not in the list 'age_eu'.")

    monkeypatch.setattr(calculation_work, "cube_rows", break_down)
    said = text(counted(browser(Role.STATISTICIAN), CELLS))
    assert "Correct the record" in said and "age_group" in said and "Try again" in said


def test_a_fault_nobody_knew_leaves_no_words_of_the_error(children, statistician, monkeypatch):
    one = asked(statistician)
    Calculation.objects.update(state=RunState.RUNNING, holder="h")

    def break_down(pk, holder):
        raise RuntimeError("Amina from the north")

    monkeypatch.setattr(calculation_work, "work", break_down)
    monkeypatch.setattr(batches, "LOOK", 3600)
    batch_process.main(
        "statistics.Calculation", calculation_work.__name__, str(one.pk), "h", os.getppid()
    )
    one.refresh_from_db()
    assert (one.state, one.failure, one.failure_detail) == ("failed", "unexpected", "")


def test_the_worker_begins_one_process_at_a_time(statistician, monkeypatch):
    begun = []

    class Child:
        def poll(self):
            return None

    monkeypatch.setattr(jobs.CALCULATIONS, "begin", lambda pk, holder: begun.append(pk) or Child())
    monkeypatch.setattr(jobs.CALCULATIONS, "children", {})
    first, second = asked(statistician), asked(statistician, month=LAST.back(1))
    now = timezone.now()
    assert jobs.calculate(now) == 1 and jobs.calculate(now) == 0
    assert begun == [str(first.pk)]
    calculation_work.work(begun[0], Calculation.objects.get(pk=first.pk).holder)
    assert jobs.calculate(now) == 1 and begun[1] == str(second.pk)


PAGES = """
import json, sys, time
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.conf import settings
from mostovi.rights.vault import create_master_key
if not (settings.MOSTOVI.keys / "vault.master").exists():
    create_master_key(settings.MOSTOVI.keys)
import mostovi.node.wsgi
from django.test import Client
from django.utils import timezone
from mostovi.node import accounts
from mostovi.procedures.batches import RunState
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.statistics import jobs
from mostovi.statistics.calculation_models import Calculation

node = Actor.system(Purpose.GOVERNANCE)
account = accounts.create_account(node, username="s", display_name="S")
account.set_password("four quiet bridges stand")
account.save()
accounts.grant_role(node, account, role=Role.STATISTICIAN, unit="main")
client = Client(SERVER_NAME="localhost")
client.post("/accounts/login/", {"login": "s", "password": "four quiet bridges stand"})
pages = ["", "eu_asylum_applicants/", "reg_cases/", "quality/", "reg_cases/cells/",
         "reg_cases/protection/", "reg_cases/protection/?attack=1"]
for path in pages:
    answer = client.get("/statistics/tables/" + path)
    assert answer.status_code == 200, (path, answer.status_code, answer.get("Location"))
end = time.monotonic() + 120
while Calculation.objects.exclude(state=RunState.DONE).exists():
    assert time.monotonic() < end, list(Calculation.objects.values_list("state", "failure"))
    jobs.calculate(timezone.now())
    time.sleep(0.2)
for path in pages:
    answer = client.get("/statistics/tables/" + path)
    assert answer.status_code == 200 and b"data-progress" not in answer.content, path
print(Calculation.objects.count(), json.dumps(sorted(sys.modules)))
"""


@pytest.mark.slow
def test_the_process_that_answers_pages_never_loads_what_counting_needs(tmp_path):
    """A node of its own: pages opened, counted by real processes, opened again."""
    (tmp_path / "node.toml").write_text('code = "me"\nname = "A node"\ndemo = true\n')
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MOSTOVI_", "DJANGO_"))}
    environment |= {
        "MOSTOVI_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "mostovi.node.settings",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", PAGES], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    count, _, modules = done.stdout.splitlines()[-1].partition(" ")
    assert count == "4"
    assert not set(json.loads(modules)) & set(HEAVY)
