# SPDX-License-Identifier: EUPL-1.2
"""The UN's migrant stock: row-by-row errors, and the report's 4.3."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.plan import commands, services, stock
from mostovi.plan.models import IndicatorValue
from mostovi.rights.access import Refused
from mostovi.rights.roles import Role

HEADER = "destination,year,origin,sex,persons\n"
SHARED = Path(os.environ.get("MOSTOVI_SHARED") or Path(__file__).parents[3] / "shared")
REAL = SHARED / "data/migration/undesa_migrant_stock_2020_wb.csv"

# Synthetic: five partners, one country outside, and persons of unknown origin.
LINES = [
    f"{destination},2020,{origin},{sex},{persons}"
    for destination, origin, women, men in [
        ("DEU", "ALB", 60, 40), ("DEU", "BIH", 300, 250), ("DEU", "MNE", 10, 12),
        ("DEU", "MKD", 90, 85), ("DEU", "SRB", 410, 405), ("SRB", "BIH", 70, 66),
        ("ALB", "OOO", 9, 8), ("BIH", "SRB", 11, 9), ("MNE", "SRB", 7, 6), ("MKD", "ALB", 15, 14),
        ("SRB", "DEU", 20, 30), ("DEU", "SYR", 900, 900),
    ]
    for sex, persons in (("female", women), ("male", men))
]  # fmt: skip
SYNTHETIC = (HEADER + "\n".join(LINES) + "\n").encode()


def test_ratio_counts_moves_within_the_region_on_both_sides():
    found = stock.ratio(stock.read(SYNTHETIC).rows)
    within = 70 + 66 + 11 + 9 + 7 + 6 + 15 + 14
    assert found.within == within
    assert found.emigrants == 100 + 550 + 22 + 175 + 815 + within
    assert found.immigrants == 17 + 50 + within
    assert found.value == (Decimal(found.emigrants) / found.immigrants).quantize(Decimal("0.001"))
    assert sum(out for _code, out, _into in found.by_partner) == found.emigrants
    assert sum(into for _code, _out, into in found.by_partner) == found.immigrants


@given(st.permutations(LINES))
def test_order_of_rows_does_not_matter(lines):
    content = (HEADER + "\n".join(lines)).encode()
    assert stock.ratio(stock.read(content).rows) == stock.ratio(stock.read(SYNTHETIC).rows)


def test_a_row_for_both_sexes_takes_the_place_of_the_two():
    content = SYNTHETIC + b"DEU,2020,ALB,both,100\n"
    assert stock.ratio(stock.read(content).rows) == stock.ratio(stock.read(SYNTHETIC).rows)


@pytest.mark.parametrize(
    "spreadsheet",
    [
        b"\xef\xbb\xbf" + SYNTHETIC,
        SYNTHETIC.replace(b",", b";"),
        SYNTHETIC.replace(b"\n", b"\r\n"),
        SYNTHETIC + b",,,,\n\n",
        SYNTHETIC.replace(b"destination,", b" Destination ,"),
    ],
)
def test_what_spreadsheets_do_to_the_file_is_understood(spreadsheet):
    assert stock.read(spreadsheet).rows == stock.read(SYNTHETIC).rows


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("Germany,2020,ALB,female,1", "destination", "ISO 3166-1"),
        ("DEU,2020,al,female,1", "origin", "ISO 3166-1"),
        ("DEU,20,ALB,female,1", "year", "four digits"),
        ("DEU,2020,XKX,women,1", "sex", "female, male or both"),
        ("DEU,2020,XKX,female,1 200", "persons", "whole number"),
        ("DEU,2020,XKX,female,..", "persons", "whole number"),
        ("DEU,2020,XKX,female,-3", "persons", "whole number"),
        ("DEU,2020,DEU,female,3", "origin", "the same"),
        ("DEU,2020,ALB,female,3", "", "in row 2"),
        ("DEU,2020,ALB,female", "", "4 columns"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_taken(line, column, message):
    reading = stock.read(SYNTHETIC + line.encode() + b"\n")
    assert reading.rows == ()
    (error,) = reading.errors
    assert (error.row, error.column) == (len(LINES) + 2, column)
    assert message in error.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is missing"),
        (b"destination,origin\n", "Column 'year' is missing"),
        (HEADER.encode(), "no row"),
        (SYNTHETIC + b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_file_that_is_not_the_table_is_refused(content, message):
    reading = stock.read(content)
    assert not reading.rows
    assert any(message in error.message for error in reading.errors)


def test_a_hundred_errors_are_listed_and_the_rest_counted():
    reading = stock.read((HEADER + "x,2020,ALB,male,1\n" * 250).encode())
    assert (len(reading.errors), reading.more) == (100, 150)


@pytest.mark.skipif(not REAL.exists(), reason="the UN's table is not on this machine")
def test_the_reports_figure_comes_out_of_the_uns_table():
    found = stock.ratio(stock.read(REAL.read_bytes()).rows)
    assert (found.emigrants, found.immigrants, found.within) == (4_768_913, 1_110_173, 631_456)
    assert found.value == Decimal("4.296")
    assert round(found.value, 1) == Decimal("4.3")
    assert found.without_moves_within == Decimal("8.643")


@pytest.mark.django_db
def test_import_keeps_the_figure_and_not_the_table(acting):
    actor = acting(Role.PARTNER_FOCAL_POINT)
    value = services.import_stock(actor, SYNTHETIC, file_name="stock.csv")
    assert services.newest_stock() == value
    assert value.parts["rows"] == len(LINES)
    assert value.officer == actor.account


@pytest.mark.django_db
def test_import_refuses_a_year_that_is_not_there_and_who_may_not(acting):
    with pytest.raises(services.StockRefused, match="no row for 2020"):
        services.import_stock(acting(Role.SECRETARIAT), SYNTHETIC.replace(b",2020,", b",2015,"))
    with pytest.raises(Refused):
        services.import_stock(acting(Role.SOCIAL_WORKER), SYNTHETIC)
    assert not IndicatorValue.objects.exists()


def run(*words):
    import argparse

    parser = argparse.ArgumentParser()
    commands.register(parser.add_subparsers())
    options = parser.parse_args(["plan", *words])
    return options.handler(options)


@pytest.mark.django_db
def test_command_imports_and_prints(tmp_path, capsys):
    file = tmp_path / "stock.csv"
    file.write_bytes(SYNTHETIC)
    assert run("import-stock", str(file), "--json") == 0
    assert json.loads(capsys.readouterr().out)["year"] == 2020
    assert run("import-stock", str(file)) == 0
    assert "emigrants for 1 immigrant" in capsys.readouterr().out


@pytest.mark.django_db
def test_command_names_wrong_rows_and_missing_files(tmp_path, capsys):
    file = tmp_path / "stock.csv"
    file.write_bytes(SYNTHETIC + b"DEU,2020,XKX,women,1\n")
    assert run("import-stock", str(file)) == 2
    assert f"row {len(LINES) + 2}, column sex" in capsys.readouterr().err
    assert run("import-stock", str(tmp_path / "none.csv")) == 2
    assert not IndicatorValue.objects.exists()
