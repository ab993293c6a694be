# SPDX-License-Identifier: EUPL-1.2
"""The yardstick: a file for each way, a source for each condition, two days are two laws."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mostovi.pathways.answers import check
from mostovi.pathways.golden import GoldenCase, load_golden, run
from mostovi.pathways.law import Availability, Evidence
from mostovi.pathways.library import FOLDER, library

GOLDEN = FOLDER / "eu" / "golden"


def _cases() -> list[GoldenCase]:
    return [
        case
        for path in sorted(GOLDEN.glob("*.yaml"))
        for case in load_golden(path.read_text("utf-8"), path.name, library().vocabulary)
    ]


def test_every_kind_of_pathway_has_a_file() -> None:
    law = library().partner("eu")
    assert tuple(law.pathways) == tuple(library().catalogue.pathways)


def test_every_way_in_law_has_three_golden_cases() -> None:
    counted: dict[str, set[bool | None]] = {}
    number: dict[str, int] = {}
    for case in _cases():
        counted.setdefault(case.pathway, set()).add(case.logic)
        number[case.pathway] = number.get(case.pathway, 0) + 1
    for pathway in library().partner("eu").pathways.values():
        if pathway.availability is Availability.IN_LAW:
            assert number.get(pathway.code, 0) >= 3, pathway.code
            assert {False, None} <= counted[pathway.code], pathway.code


def test_every_condition_names_an_act_with_its_official_journal_or_treaty_series() -> None:
    law = library().partner("eu")
    for pathway in law.pathways.values():
        for version in pathway.versions:
            for condition in version.walk():
                assert condition.citation is not None, condition.code
                act = law.acts[condition.citation.act]
                assert act.gazette, act.code
                if condition.evidence is Evidence.TEXT:
                    assert condition.citation.article, (pathway.code, condition.code)


@pytest.mark.parametrize("case", _cases(), ids=lambda case: f"{case.pathway}-{case.line}")
def test_golden(case: GoldenCase) -> None:
    assert run(case, library().rule_set).problems == ()


@pytest.mark.parametrize(
    ("pathway", "before", "after"),
    [
        ("asylum_refugee", date(2026, 6, 11), date(2026, 6, 12)),
        ("asylum_subsidiary", date(2026, 6, 11), date(2026, 6, 12)),
        ("work_for_applicants", date(2026, 6, 11), date(2026, 6, 12)),
        ("unaccompanied_child", date(2026, 6, 11), date(2026, 6, 12)),
        ("long_term_residence", date(2026, 6, 11), date(2026, 6, 12)),
        ("work_local_employer", date(2026, 5, 21), date(2026, 5, 22)),
        ("work_highly_skilled", date(2023, 11, 17), date(2023, 11, 18)),
    ],
)
def test_two_days_are_two_laws(pathway: str, before: date, after: date) -> None:
    answers = [check(library().rule_set("eu", on), {}).answer(pathway) for on in (before, after)]
    assert answers[0].law_version != answers[1].law_version


def test_golden_files_are_named_after_their_pathway() -> None:
    for case in _cases():
        assert Path(case.file).stem == case.pathway
