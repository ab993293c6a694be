# SPDX-License-Identifier: EUPL-1.2
"""Synthetic microdata: its risk report catches a file that copies people; figures are right."""

import argparse
import json
import math

import numpy as np
import pyarrow.parquet as pq
import pytest

from mostovi.statistics import synthesize_command, synthetic
from mostovi.statistics.catalogue import specs
from mostovi.statistics.events import NAMES
from mostovi.statistics.made_up_events import pieces, write
from mostovi.statistics.months import Month
from mostovi.statistics.synthetic import beyond, linked, measure, nearest, wilson

pytest.importorskip("pacsynth")
OPTIONS = {"seed": 3, "first": Month(2026, 1), "months": 3}
KIND = "asylum_first_decision"


@pytest.fixture(scope="module")
def records() -> np.ndarray:
    random = np.random.default_rng(2)
    return random.integers(1, 7, (1200, 7)).astype(np.int32)


def test_a_file_that_copies_its_people_is_found_out(records):
    used, control = records[:900], records[900:]
    risks = measure(used, used.copy(), control, np.random.default_rng(1), attempts=200)
    by_name = {risk.attack: risk for risk in risks}
    assert by_name["linkability"].low > 0.1
    assert by_name["inference of column 3"].low > 0.3
    assert by_name["singling out by 4 columns"].low > 0.02


def test_a_file_of_other_people_has_no_risk(records):
    made = np.random.default_rng(9).integers(1, 7, (900, 7)).astype(np.int32)
    risks = measure(records[:900], made, records[900:], np.random.default_rng(1), attempts=200)
    assert max(risk.low for risk in risks) < 0.05


def test_nearest_is_the_first_record_with_the_fewest_differences():
    made = np.array([[1, 1, 1], [2, 2, 2], [2, 2, 2], [3, 2, 1]], dtype=np.int32)
    assert nearest(np.array([[2, 2, 3], [3, 2, 2], [1, 1, 2]]), made).tolist() == [1, 1, 0]
    assert linked(np.array([[2, 2, 2], [1, 2, 1]]), made, [0], [1, 2]) == [True, False]


def test_rates_and_risks_are_anonymeters():
    # Printed by anonymeter 1.1.0: success_rate(100, 30, .95), (100, 10, .95), their residual risk.
    rate, control = wilson(30, 100), wilson(10, 100)
    assert np.allclose(rate, (0.3073986996, 0.0884498467), atol=1e-9)
    assert np.allclose(control, (0.1147973993, 0.0595682622), atol=1e-9)
    value, low, high = beyond(rate, control)
    assert math.isclose(value, 0.2175787782, abs_tol=1e-9)
    assert (round(low, 9), round(high, 9)) == (0.104634965, 0.330522591)
    assert beyond(control, rate)[0] == 0


def run(events, out, **more):
    options = argparse.Namespace(
        events=events, out=out, columns="sex,age_group,citizenship,partner,decision", epsilon=8.0,
        length=2, most_risk=0.1, seed=1, json=False, **more,
    )  # fmt: skip
    return synthesize_command.synthesize(options)


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    path = tmp_path_factory.mktemp("events") / "events.parquet"
    chosen = [spec for spec in specs() if spec.code == "eu_first_rejections"]
    write(path, 3000, chosen, **OPTIONS)
    return path


def test_the_command_writes_events_and_a_report_in_words_and_figures(events, tmp_path, capsys):
    out = tmp_path / "made.parquet"
    assert run(events, out) == 0
    made = pq.read_table(out)
    assert made.column_names == list(NAMES)
    assert 1000 < made.num_rows <= 3000
    assert made.column("route").null_count == made.num_rows
    report = json.loads((tmp_path / "made.parquet.report.json").read_text())
    assert report["events"] == 3000 and report["held_back"] == 600
    assert {"linkability", "singling out by 2 columns"} <= {r["attack"] for r in report["risks"]}
    assert report["utility"][0]["mean_off"] < 0.15
    printed = capsys.readouterr().out
    assert "inference of citizenship" in printed and "epsilon 8" in printed
    assert printed == (tmp_path / "made.parquet.report.txt").read_text()


def test_a_file_with_too_much_risk_is_not_written(events, tmp_path, monkeypatch, capsys):
    def copied(used, labels, columns, settings, records):
        return used.copy()

    monkeypatch.setattr(synthetic, "_made", copied)
    out = tmp_path / "made.parquet"
    assert run(events, out) == 1
    assert not out.exists()
    assert (tmp_path / "made.parquet.report.json").exists()
    assert "Not written" in capsys.readouterr().out


def test_events_that_cannot_be_used_are_refused_with_what_to_do(tmp_path, capsys):
    few = tmp_path / "few.parquet"
    pq.write_table(next(pieces(50, specs("region"), **OPTIONS)), few)
    assert run(few, tmp_path / "made.parquet") == 2
    assert run(tmp_path / "none.parquet", tmp_path / "made.parquet") == 2
    said = capsys.readouterr().err
    assert "too few" in said and "is not there" in said
