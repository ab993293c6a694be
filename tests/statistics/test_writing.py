# SPDX-License-Identifier: EUPL-1.2
"""What is written is read back by clients that share no code with the writer."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import openpyxl
import pytest

from mostovi.statistics.catalogue import specs
from mostovi.statistics.cubing import cube_rows
from mostovi.statistics.writing import FORMATS, NotProtected, Publication, write

pytest.importorskip("pysdmx")
NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
EVENTS = [
    {
        "event": "asylum_application",
        "month": f"2026-{10 + at % 2}",
        "partner": partner,
        "sex": sex,
        "age_group": age,
        "citizenship": citizenship,
        "unaccompanied": "no",
        "record_key": at / 64,
    }
    for at, (partner, sex, age, citizenship) in enumerate(
        [("ba", "female", "0-11", "AF"), ("rs", "male", "18-34", "SY"), ("rs", None, "60-64", None)]
        * 8
    )
]


@pytest.fixture(scope="module")
def publication():
    """A table of made-up applicants; the first 5 cells are hidden."""
    import pyarrow as pa

    spec = next(one for one in specs() if "asylum_application" in one.events and not one.where)
    cells = cube_rows(EVENTS, [spec])[spec.code]
    value = [None if at < 5 else count for at, count in enumerate(cells["count"].to_pylist())]
    published = cells.drop_columns(["count", "key"]).append_column("value", pa.array(value))
    return Publication(spec, published, "Five cells are hidden.", NOW, "2026.1", "made up")


@pytest.fixture(scope="module")
def written(publication, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    return {name: write([publication], name, folder / name) for name in FORMATS}


def _expected(publication) -> dict[tuple[str, ...], int | None]:
    columns = [publication.cells[name].to_pylist() for name in publication.cells.column_names]
    return {(period, *codes): value for period, *codes, value in zip(*columns, strict=True)}


def _read_by_sdmx1(message, publication) -> dict[tuple[str, ...], int | None]:
    from mostovi.statistics.writing.sdmx import identifier

    names = ["TIME_PERIOD", *map(identifier, publication.spec.names)]
    found = {}
    for data_set in message.data:
        for seen in data_set.obs:
            values = {name: str(key.value) for name, key in seen.key.values.items()}
            value = seen.value
            empty = value in (None, "", "NaN") or value != value
            found[tuple(values[name] for name in names)] = None if empty else int(value)
    return found


def test_counts_before_protection_are_refused(publication):
    cells = cube_rows(EVENTS, [publication.spec])[publication.spec.code]
    with pytest.raises(NotProtected):
        Publication(publication.spec, cells, "none", NOW)


def test_sdmx_csv_is_read_back_by_sdmx1_and_pysdmx(publication, written):
    import sdmx
    from pysdmx.io import read_sdmx

    data, structure = written["sdmx-csv"]
    model = sdmx.read_sdmx(structure)
    message = sdmx.read_sdmx(data, structure=next(iter(model.structure.values())))
    assert _read_by_sdmx1(message, publication) == _expected(publication)
    (frame,) = [one.data for one in read_sdmx(data, validate=False).data]
    assert len(frame) == publication.cells.num_rows
    assert (frame["CONF_STATUS"] == "C").sum() == 5


def test_sdmx_ml_is_valid_and_read_back_by_sdmx1(publication, written):
    import sdmx
    from pysdmx.io import read_sdmx

    data, structure = written["sdmx-ml"]
    read_sdmx(data, validate=True)
    read_sdmx(structure, validate=True)
    model = sdmx.read_sdmx(structure)
    message = sdmx.read_sdmx(data, structure=next(iter(model.structure.values())))
    assert _read_by_sdmx1(message, publication) == _expected(publication)


def test_the_structure_has_names_and_definitions_in_every_language(publication):
    import sdmx

    from mostovi.statistics.writing.sdmx import structures

    model = sdmx.read_sdmx(io.BytesIO(structures(publication).encode()))
    for language, serbia, total in (
        ("en", "Serbia", "Total"), ("sq", "Serbia", "Gjithsej"), ("bs", "Srbija", "Ukupno"),
        ("sr", "Србија", "Укупно"), ("mk", "Србија", "Вкупно"), ("ar", "صربيا", "المجموع"),
    ):  # fmt: skip
        labels = {
            c.name.localizations.get(language)
            for one in model.codelist.values()
            for c in one.items.values()
        }
        assert {serbia, total} <= labels, language
    (flow,) = model.dataflow.values()
    assert flow.name.localizations["sr"] == "Тражиоци међународне заштите"
    assert "Five cells are hidden." in flow.description.localizations["en"]
    assert "Једна јединица је једна особа" in flow.description.localizations["sr"]
    (data,) = model.structure.values()
    concept = data.dimensions.get("AGE_EU").concept_identity
    assert concept.name.localizations["mk"] == "Возрасна група"


def test_sdmx_json_has_names_in_every_language(publication):
    from mostovi.statistics.writing.sdmx_json import as_json

    message = json.loads(as_json(publication, "sr"))
    assert message["meta"]["contentLanguages"][0] == "sr"
    assert len(set(message["meta"]["contentLanguages"])) == 6
    (structure,) = message["data"]["structures"]
    assert structure["name"] == "Тражиоци међународне заштите"
    assert structure["names"]["ar"] == "طالبو الحماية الدولية"
    for dimension in structure["dimensions"]["observation"]:
        assert dimension["name"] == dimension["names"]["sr"]
        for value in dimension.get("values", []):
            if "names" in value and set(value["names"]) != {"en"}:
                assert set(value["names"]) == {"en", "sq", "bs", "sr", "mk", "ar"}, value


def test_the_workbook_of_a_language_is_in_that_language(publication):
    from mostovi.statistics.writing.workbooks import as_workbook

    book = openpyxl.load_workbook(io.BytesIO(as_workbook([publication], "sr")))
    lines = [cell for row in book.worksheets[0].iter_rows(values_only=True) for cell in row if cell]
    texts = "\n".join(map(str, lines))
    for words in (
        "Тражиоци међународне заштите", "Једна јединица је једна особа", "Правни основ",
        "Држављанство (шифра)", "Превод наслова, ознака и напомена није прегледан.",
    ):  # fmt: skip
        assert words in texts
    assert "One unit is" not in texts


def test_sdmx_json_says_the_same_as_the_cells(publication, written):
    message = json.loads(written["sdmx-json"][0].read_text("utf-8"))
    (structure,), (data,) = message["data"]["structures"], message["data"]["dataSets"]
    dimensions = structure["dimensions"]["observation"]
    assert [one["keyPosition"] for one in dimensions] == list(range(len(dimensions)))
    found = {}
    for key, (value, status, confidential) in data["observations"].items():
        at = [one["values"][int(i)] for one, i in zip(dimensions, key.split(":"), strict=True)]
        codes = [value.get("id", value.get("value")) for value in at]
        found[codes[-1], *codes[1:-1]] = value
        assert (value is None) == (status == 1) == (confidential == 1)
    assert found == _expected(publication)


def test_sdmx_json_is_read_back_by_sdmx1(publication, written):
    """sdmx1 2.28 reads the older outline of the message: the same parts, one level higher."""
    import sdmx

    message = json.loads(written["sdmx-json"][0].read_text("utf-8"))
    structure = message["data"]["structures"][0]
    for period in structure["dimensions"]["observation"][-1]["values"]:
        period["id"] = period["value"]
    for one in message["data"]["dataSets"]:
        del one["structure"]
    # It also knows one name only, where the standard has one for each language beside it.
    for kind in ("dimensions", "measures", "attributes"):
        for one in structure[kind]["observation"]:
            for named in (one, *one.get("values", [])):
                named.pop("names", None)
    older = {"header": message["meta"], "structure": structure, **message["data"]}
    read = sdmx.read_sdmx(io.BytesIO(json.dumps(older).encode()))
    assert _read_by_sdmx1(read, publication) == _expected(publication)


def test_a_table_of_which_nothing_may_be_shown_is_still_written(publication, tmp_path):
    from dataclasses import replace

    empty = replace(publication, cells=publication.cells.slice(0, 0))
    for name in FORMATS:
        assert all(path.stat().st_size for path in write([empty], name, tmp_path))
    message = json.loads((tmp_path / f"{empty.spec.code}.sdmx.json").read_text("utf-8"))
    for one in message["data"]["structures"][0]["dimensions"]["observation"]:
        assert one.get("values", ["not empty"])


def test_hxl_has_tags_under_the_head_and_names_beside_codes(publication, written):
    head, tags, *rows = csv.reader(written["hxl"][0].open(encoding="utf-8"))
    assert len(head) == len(tags) and all(tag.startswith("#") for tag in tags)
    assert tags[-2:] == ["#indicator+value+num", "#status+protection"]
    assert tags.index("#country+code+v_iso2") == tags.index("#country+name") - 1
    assert sum(row[-1] == "hidden" and row[-2] == "" for row in rows) == 5


def test_the_workbook_carries_definition_legal_basis_and_footnotes(publication, written):
    book = openpyxl.load_workbook(written["xlsx"][0])
    (sheet,) = book.worksheets
    lines = [
        [cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)
    ]
    texts = [str(line[0]) for line in lines if line]
    assert publication.spec.definition["en"] in texts
    assert any(publication.spec.legal.citation in text for text in texts)
    for note in publication.spec.footnotes:
        assert any(text.endswith(note["en"]) for text in texts)
    assert sum(line[-1] == "hidden" for line in lines if line) == 5


def test_no_text_of_a_workbook_is_a_formula(publication):
    from dataclasses import replace

    from mostovi.statistics.writing.workbooks import as_workbook

    spec = replace(publication.spec, title={"en": "=1+1"}, footnotes=({"en": "=HYPERLINK(1)"},))
    book = openpyxl.load_workbook(io.BytesIO(as_workbook([replace(publication, spec=spec)])))
    kinds = {cell.data_type for row in book.worksheets[0].iter_rows() for cell in row}
    assert "f" not in kinds


def test_every_specification_can_be_described_in_sdmx():
    """Codes, ids and versions keep to what SDMX allows, for all tables there are."""
    import re

    from mostovi.statistics.writing.sdmx import identifier

    for spec in specs():
        names = [identifier(name) for name in (spec.code, *spec.names)]
        assert len(set(names)) == len(names)
        for name in names:
            assert re.fullmatch(r"[A-Z][A-Z0-9_]*", name)
        for dimension in spec.dimensions:
            for code in dimension.codes:
                assert re.fullmatch(r"[A-Za-z0-9_@$\-]+", code.code), (spec.code, code.code)
