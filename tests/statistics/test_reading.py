# SPDX-License-Identifier: EUPL-1.2
"""Workbooks of partners without a node: taken whole, or refused row by row."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.statistics.catalogue import specs, template
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.reading import Wrongness, blank, form_of_spec, form_of_table, read
from mostovi.statistics.reading.forms import Form, FormDimension
from mostovi.statistics.reading.texts import help_lines, said

FORM = Form(
    "cases",
    {"en": "Cases"},
    (
        FormDimension(
            "sex", {"en": "Sex", "sr": "Пол"}, {"F": {"en": "Women"}, "M": {"en": "Men"}}
        ),
        FormDimension("age", {"en": "Age"}, {"0-17": {"en": "Child"}, "18-": {"en": "Adult"}}),
    ),
    {"en": "One unit is one case."},
)
CELLS: dict[tuple[str, ...], int | None] = {
    ("F", "0-17"): 4, ("F", "18-"): 6, ("F", TOTAL): 10,
    ("M", "0-17"): 0, ("M", "18-"): None, ("M", TOTAL): None,
    (TOTAL, "0-17"): 4, (TOTAL, "18-"): 13, (TOTAL, TOTAL): 17,
}  # fmt: skip
IS = {"partner": "ba", "period": "2026-10", "template": "month", "version": "1"}


def _filled(change: Callable[[Any], None] | None = None, language: str = "en") -> bytes:
    data = blank([FORM], values={"cases": CELLS}, language=language, **IS)
    if change is None:
        return data
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _kinds(data: bytes, **more: Any) -> list[tuple[Wrongness, str]]:
    found = read(data, [FORM], **(IS | more))
    for wrong in found.wrong:
        assert "%(" not in said(wrong)
    return [(wrong.kind, wrong.place) for wrong in found.wrong]


@pytest.mark.parametrize("language", ["en", "sr", "ar"])
def test_what_is_filled_in_comes_back_and_withheld_is_not_missing(language):
    found = read(_filled(language=language), [FORM], **IS)
    assert found.fine and found.cells == {"cases": CELLS}


def test_an_empty_template_says_which_rows_are_missing():
    data = blank([FORM], help_lines=help_lines(), **IS)
    kinds = _kinds(data)
    assert len(kinds) == 9 and {kind for kind, _place in kinds} == {Wrongness.NO_NUMBER}


def test_columns_moved_with_their_heads_are_found_again():
    def move(book):
        sheet = book["cases"]
        for row in sheet.iter_rows(min_row=3):
            row[0].value, row[2].value = row[2].value, row[0].value

    assert read(_filled(move), [FORM], **IS).cells == {"cases": CELLS}


def test_columns_moved_without_their_heads_are_named_row_by_row():
    def move(book):
        for row in book["cases"].iter_rows(min_row=4):
            row[0].value, row[1].value = row[1].value, row[0].value

    found = read(_filled(move), [FORM], **IS)
    assert Wrongness.MOVED in {wrong.kind for wrong in found.wrong}
    assert "belongs into 'sex'" in " ".join(map(said, found.wrong))
    assert not found.fine


def _set(place: str, value: Any) -> Callable[[Any], None]:
    def change(book):
        book["cases"][place] = value

    return change


@pytest.mark.parametrize(
    ("change", "kind", "place"),
    [
        (_set("A5", "Womn"), Wrongness.WRONG_CODE, "cases!A5"),
        (_set("A5", None), Wrongness.NO_CODE, "cases!A5"),
        (_set("C5", "1.234"), Wrongness.BAD_NUMBER, "cases!C5"),
        (_set("C5", -1), Wrongness.BAD_NUMBER, "cases!C5"),
        (_set("C5", "=1+1"), Wrongness.NO_NUMBER, "cases!C5"),
        (_set("C6", 11), Wrongness.BAD_TOTAL, "cases!C6"),
        (_set("C11", 5), Wrongness.TOTAL_TOO_SMALL, "cases!C11"),
        (_set("B5", "Child"), Wrongness.TWICE, "cases!5"),
        (_set("B3", "Years"), Wrongness.NO_COLUMN, "cases!3"),
        (_set("B3", "Sex"), Wrongness.COLUMN_TWICE, "cases!B3"),
        (_set("C3", "Anything"), Wrongness.NO_HEAD, "cases"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(change, kind, place):
    assert (kind, place) in _kinds(_filled(change))


def test_a_wrong_code_is_answered_with_the_one_that_was_meant():
    (wrong, *_rest) = read(_filled(_set("A5", "Womn")), [FORM], **IS).wrong
    assert "Did you mean 'F'?" in said(wrong)


def test_another_partner_month_or_template_is_refused():
    kinds = {kind for kind, _ in _kinds(_filled(), partner="rs", period="2026-09", version="2")}
    assert kinds == {
        Wrongness.OTHER_PARTNER, Wrongness.OTHER_PERIOD, Wrongness.OTHER_TEMPLATE,
    }  # fmt: skip


def test_a_number_that_should_not_have_left_is_refused():
    assert (Wrongness.TOO_FEW, "cases!C4") in _kinds(_filled(), threshold=5)


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04broken"])
def test_what_is_no_workbook_is_refused(data):
    assert [kind for kind, _ in _kinds(data)] == [Wrongness.NO_WORKBOOK]


def test_a_sheet_that_is_missing_is_named():
    def change(book):
        book["cases"].title = "Tabelle1"

    assert _kinds(_filled(change)) == [(Wrongness.NO_SHEET, "cases")]


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from(list(CELLS)), st.integers(0, 40), max_size=9))
def test_only_tables_that_add_up_are_taken(changed):
    cells = {**CELLS, **changed}
    found = read(blank([FORM], values={"cases": cells}, **IS), [FORM], **IS)

    def parts(a: tuple[str, ...]) -> list[list[int | None]]:
        sex = [a[0]] if a[0] != TOTAL else ["F", "M"]
        age = [a[1]] if a[1] != TOTAL else ["0-17", "18-"]
        return [
            *([[cells[s, a[1]] for s in sex]] if len(sex) > 1 else []),
            *([[cells[a[0], g] for g in age]] if len(age) > 1 else []),
        ]

    good = True
    for place, total in cells.items():
        for some in parts(place):
            known = sum(value or 0 for value in some)
            if total is not None:
                good &= known <= total if None in some else known == total
    assert found.fine == good
    if found.fine:
        assert found.cells == {"cases": cells}


def test_the_monthly_template_and_the_regional_one_have_workbooks():
    forms = [form_of_table(table) for table in template().tables]
    forms += [form_of_spec(spec) for spec in specs("region")]
    data = blank(forms, **IS)
    found = read(data, forms, **IS)
    assert {wrong.kind for wrong in found.wrong} <= {
        Wrongness.NO_NUMBER, Wrongness.TOO_MANY_WRONG,
    }  # fmt: skip
    assert len(data) < 500_000
