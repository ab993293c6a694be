# SPDX-License-Identifier: EUPL-1.2
"""`mostovi person export` and `mostovi person erase`: what they print and their exit status."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mostovi.people import commands, keeping, services
from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db


def run(*words: str) -> int:
    """Run a command line, without the program's name."""
    parser = argparse.ArgumentParser()
    commands.register(parser.add_subparsers())
    options = parser.parse_args(words)
    status: int = options.handler(options)
    return status


@pytest.fixture
def person(acting: Callable[..., Actor]) -> Person:
    worker = acting(Role.SOCIAL_WORKER)
    return services.register(worker, names=[{"parts": [["given", "Хасан"]]}])


def test_export_prints_the_copy(person: Person, capsys: Any, tmp_path: Path) -> None:
    assert run("person", "export", person.code.lower()) == 0
    assert json.loads(capsys.readouterr().out)["held"]["names"][0]["parts"] == [["given", "Хасан"]]
    out = tmp_path / "copy.json"
    assert run("person", "export", person.code, "--out", str(out)) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["code"] == person.code
    assert run("person", "export", person.code, "--out", str(tmp_path / "no" / "x")) == 2


@pytest.mark.parametrize("code", ["ME-0000-0000", "nonsense", "ME-7K3F-92Q8"])
def test_a_code_of_nobody_is_bad_input(db: None, capsys: Any, code: str) -> None:
    assert run("person", "export", code) == 2
    assert run("person", "erase", code, "--reason", "own_wish", "--yes") == 2
    assert "person:" in capsys.readouterr().err


def test_erase_asks_and_needs_a_word_for_the_log(
    person: Person, capsys: Any, monkeypatch: Any
) -> None:
    assert run("person", "erase", person.code, "--reason", "Hasan asked", "--yes") == 2
    monkeypatch.setattr("builtins.input", lambda question: "no")
    assert run("person", "erase", person.code, "--reason", "own_wish") == 1
    monkeypatch.setattr("builtins.input", lambda question: person.code)
    assert run("person", "erase", person.code, "--reason", "own_wish") == 0
    assert run("person", "erase", person.code, "--reason", "own_wish", "--yes") == 2
    person.refresh_from_db()
    assert person.erased_at is not None


def test_erase_names_the_duty_that_stands_against_it(person: Person, capsys: Any) -> None:
    keeping.register(lambda subject: [keeping.Duty("open_case", "A case is open", "the law")])
    words = ("person", "erase", person.code, "--reason", "own_wish", "--yes")
    assert run(*words) == 1
    assert "A case is open (the law)" in capsys.readouterr().out
    assert run(*words, "--json") == 1
    assert json.loads(capsys.readouterr().out)["duties"][0]["code"] == "open_case"
