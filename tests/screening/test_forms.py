# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: E501 - each case of the tables reads best on one line
"""Reading, diagnosing, repairing and converting XLSForms; reading what was answered."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from mostovi.screening import conditions
from mostovi.screening.answers import (
    Standing,
    SubmissionError,
    parse_answers,
    raw_answers,
    read_instance,
    standing,
)
from mostovi.screening.form_services import FormRefused, import_form, visible
from mostovi.screening.forms import FormError, Kind, best_language, parse_xml, read_form
from mostovi.screening.models import Form, FormVersion
from mostovi.screening.xlsform import WorkbookError, read_book
from mostovi.screening.xlsform_check import TEXTS, repair
from mostovi.screening.xlsform_convert import Outcome, examine
from tests.screening.form_support import FORM, NOW, administrator, filled, imported, responder

SETTINGS = "| settings |\n| | form_id | form_title | version |\n| | f | F | 1 |\n"


def form(survey: str, choices: str = "", settings: str = SETTINGS) -> bytes:
    """A small form: rows without the leading empty cell."""

    def sheet(name: str, rows: str) -> str:
        lines = [line.strip() for line in rows.strip().splitlines()]
        return f"| {name} |\n" + "".join(f"| | {line.strip('|')} |\n" for line in lines)

    text = sheet("survey", survey)
    if choices:
        text += sheet("choices", choices)
    return (text + settings).encode()


YES_NO = "list_name | name | label\nyn | yes | Yes\nyn | no | No"

# what, survey, choices, the cell named, part of the xform after the repair
REPAIRS: list[tuple[str, str, str, str, str]] = [
    ("choice_twice", "type | name | label\nselect_one yn | a | A",
     YES_NO + "\nyn | no | No", "choices!B4", "<name>no</name>"),
    ("choice_name_twice", "type | name | label\nselect_one yn | a | A",
     YES_NO + "\nyn | no | Never", "choices!B4", "<name>no_2</name>"),
    ("choice_filtered",
     "type | name | label | choice_filter\nselect_one yn | a | A | \nselect_one c | b | B | r=${a}",
     YES_NO + "\nc | x | X1\nc | x | X2", "choices!B5", ""),
    ("name_reserved", "type | name | label | relevant\ntext | meta | M |\ntext | b | B | ${meta} != ''",
     "", "survey!B2", "/data/meta_question != ''"),
    ("name_twice", "type | name | label\ntext | a | A\ntext | a | B", "", "survey!B3", "<a_2/>"),
    ("name_characters", "type | name | label | relevant\ntext | my name | M |\ntext | b | ${my name} | ${my name} = '1'",
     "", "survey!B2", "/data/my_name = '1'"),
    ("name_missing", "type | name | label\ntext | | A", "", "survey!B2", "question_2"),
    ("type_spelling", "type | name | label\nText | a | A", "", "survey!A2", 'type="string"'),
    ("type_spelling", "type | name | label\nSelect_One  yn | a | A", YES_NO, "survey!A2", "<select1"),
    ("type_spelling", "type | name | label\nselect one yn | a | A\nBegin Group | g | G\ntext | b | B\nend-group", YES_NO, "survey!A3", "<group"),
    ("list_spelling", "type | name | label\nselect_one YN | a | A", YES_NO, "survey!A2", "<select1"),
    ("header_language", "type | name | label::English (en) | label:Shqip (sq)\ntext | a | A | B",
     "", "survey!D1", 'lang="Shqip (sq)"'),
    ("reference_spelling", "type | name | label | relevant\ntext | age | A |\ntext | b | B | ${Age} = '1'",
     "", "survey!D3", "/data/age = '1'"),
    ("reference_brackets", "type | name | label | relevant\ntext | age | A |\ntext | b | B | $(age) = '1'",
     "", "survey!D3", "/data/age = '1'"),
    ("expression_spelling", "type | name | label | relevant\ninteger | a | A |\ntext | b | B | ${a} == 1 AND ${a} <> 2",
     "", "survey!D3", "/data/a  = 1 and  /data/a  != 2"),
    ("choice_name_missing", "type | name | label\nselect_one yn | a | A",
     YES_NO + "\nyn | | Not sure", "choices!B4", "<name>not_sure</name>"),
    ("choice_spaces",
     "type | name | label | relevant\nselect_multiple m | a | A |\ntext | b | B | selected(${a}, 'by bus')",
     "list_name | name | label\nm | by bus | Bus\nm | foot | Foot", "choices!B2", "'by_bus'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "survey", "choices", "cell", "after"), REPAIRS,
    ids=[f"{number}-{row[0]}" for number, row in enumerate(REPAIRS)],
)  # fmt: skip
def test_a_safe_repair_is_offered_named_and_made_only_when_asked(
    code: str, survey: str, choices: str, cell: str, after: str
) -> None:
    if code == "choice_filtered":
        choices = choices.replace("list_name | name | label", "list_name | name | label | r")
        choices = choices.replace("X1", "X1 | 1").replace("X2", "X2 | 2")
    data = form(survey, choices)
    offered = examine(data, "f.md")
    assert offered.outcome is Outcome.REPAIRABLE
    problem = next(p for p in offered.errors if p.code == code)
    assert problem.where == cell
    assert problem.what
    assert problem.how
    made = examine(data, "f.md", repairing=True)
    assert made.outcome is Outcome.REPAIRED
    assert made.changes
    assert all(change.before != change.after for change in made.changes)
    squeezed = " ".join(made.xform.split())
    assert " ".join(after.split()) in squeezed or after in made.xform


def test_the_cell_and_row_are_those_of_the_workbook() -> None:
    data = form("type | name | label\ntext | a | A\nTEXT | b | B")
    (problem,) = examine(data, "f.md").errors
    assert (problem.sheet, problem.row, problem.column, problem.cell) == ("survey", 3, "type", "A3")
    assert problem.what == "The type 'TEXT' is spelt 'text'."


REFUSED: list[tuple[str, str, str, str]] = [
    ("list_missing", "type | name | label\nselect_one gone | a | A", YES_NO, "'gone' is not on the sheet"),
    ("reference_unknown", "type | name | label | relevant\ntext | a | A | ${nobody} = 1", "", "'${nobody}'"),
    ("name_twice_used", "type | name | label | relevant\ntext | a | A |\ntext | a | B |\ntext | c | C | ${a} = 1", "", "cannot be known"),
    ("type_unknown", "type | name | label\nquestion | a | A", "", "not a question type"),
    ("end_without_begin", "type | name | label\ntext | a | A\nend_group", "", "was not opened"),
    ("begin_without_end", "type | name | label\nbegin_group | g | G\ntext | a | A", "", "never closed"),
    ("expression_brackets", "type | name | label | relevant\ntext | a | A |\ntext | b | B | (${a} = 'x'", "", "do not close"),
    ("expression_invalid", "type | name | label | constraint\ninteger | a | A | . > > 3", "", "is not XPath"),
    ("no_header", "kind | name | label\ntext | a | A", "", "no column 'type'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "survey", "choices", "says"), REFUSED, ids=[r[0] for r in REFUSED]
)
def test_what_needs_a_decision_is_explained_and_never_repaired(
    code: str, survey: str, choices: str, says: str
) -> None:
    for repairing in (False, True):
        report = examine(form(survey, choices), "f.md", repairing=repairing)
        assert report.outcome is Outcome.REFUSED
        problem = next(p for p in report.errors if p.code == code)
        assert says in problem.what
        assert problem.how
        assert not problem.repair


def test_a_near_miss_is_suggested() -> None:
    report = examine(
        form("type | name | label\nselect_one yess_no | a | A", YES_NO.replace("yn", "yes_no")),
        "f.md",
    )
    assert "Did you mean 'yes_no'?" in report.errors[0].what


def test_missing_settings_are_filled_in_and_said() -> None:
    data = form("type | name | label\ntext | a | A", settings="")
    report = examine(data, "my form.md")
    assert report.outcome is Outcome.CONVERTED
    assert report.form is not None
    assert report.form.form_id == "my_form"
    assert report.form.version.startswith("content-")
    assert {p.code for p in report.notices} >= {
        "form_id_missing",
        "title_missing",
        "version_missing",
    }
    assert examine(data, "my form.md").form == report.form, "the same file gives the same version"


def test_unknown_columns_are_ignored_with_a_notice() -> None:
    report = examine(form("type | name | label | colour\ntext | a | A | red"), "f.md")
    assert report.outcome is Outcome.CONVERTED
    assert [p.details["found"] for p in report.notices] == ["colour"]


def test_a_message_of_the_converter_keeps_its_place() -> None:
    report = examine(form("type | name | label | parameters\nrange | a | A | start=x"), "f.md")
    (problem,) = report.errors
    assert problem.code == "converter"
    assert (problem.sheet, problem.row, problem.column) == ("survey", 2, "parameters")
    assert "must be a number" in problem.what


def _workbook() -> bytes:
    book = Workbook()
    survey = book.active
    survey.title = "survey"
    survey.append(["type", "name", "label"])
    survey.append(["integer", "a", "A"])
    settings = book.create_sheet("settings")
    settings.append(["form_id", "version"])
    settings.append(["x", 3.0])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_xlsx_and_csv_and_markdown_read_alike() -> None:
    report = examine(_workbook(), "x.xlsx")
    assert report.outcome is Outcome.CONVERTED
    assert report.form is not None
    assert report.form.version == "3"
    csv = b"survey,,,\n,type,name,label\n,integer,a,A\nsettings,,\n,form_id,version\n,x,3\n"
    assert examine(csv, "x.csv").form == report.form


BROKEN: list[tuple[str, bytes | Callable[[], bytes], str]] = [
    ("f.xlsx", b"", "empty"),
    ("f.xlsx", b"<html>sign in</html>", "not a workbook"),
    ("f.xlsx", b"PK\x03\x04rubbish", "damaged"),
    ("f.xlsx", _workbook()[:-300], "damaged"),
    ("f.xlsx", _archive(**{"content.xml": b"x"}), "not a workbook"),
    ("f.xlsx", lambda: _archive(**{"xl/a": b"\0" * (210 * 1024 * 1024)}), "unpacks to 210 MB"),
    ("f.xlsx", lambda: b"x" * (11 * 1024 * 1024), "10 MB"),
    ("f.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 not really", "damaged"),
    ("f.pdf", b"%PDF", "not a form format"),
    ("f.csv", b"\xff\xfe\x00", "not UTF-8"),
    ("f.md", b"nothing here", "no table"),
    ("f.csv", b",type,name\n", "names no sheet"),
]


@pytest.mark.parametrize(("name", "data", "says"), BROKEN, ids=[row[2] + row[0] for row in BROKEN])
def test_a_file_that_cannot_be_read_says_why_and_what_to_do(
    name: str, data: bytes | Callable[[], bytes], says: str
) -> None:
    data = data if isinstance(data, bytes) else data()
    with pytest.raises(WorkbookError, match=re.escape(says)):
        read_book(data, name)
    assert examine(data, name).outcome is Outcome.REFUSED


@given(st.binary(max_size=400), st.sampled_from([".xlsx", ".xls", ".csv", ".md"]))
def test_no_bytes_bring_the_reader_down(data: bytes, suffix: str) -> None:
    report = examine(data, "f" + suffix)
    assert report.form is None or report.xform


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda n: n not in {"meta", "data"}
)
LABELS = st.text(st.characters(whitelist_categories=("L", "N")), min_size=1, max_size=12)


@st.composite
def valid_forms(draw: st.DrawFn) -> bytes:
    """Forms that are right as they are."""
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique_by=str.lower))
    lines = ["type | name | label | relevant"]
    for number, name in enumerate(names):
        kind = draw(
            st.sampled_from(
                ["text", "integer", "select_one yn", "select_multiple yn", "date", "note"]
            )
        )
        relevant = ""
        if number and draw(st.booleans()):
            value = draw(st.sampled_from(["'AND == <> x'", "'no'", "1"]))
            relevant = f"${{{names[number - 1]}}} = {value}"
        lines.append(f"{kind} | {name} | {draw(LABELS)} | {relevant}")
    choices = f"list_name | name | label\nyn | yes | {draw(LABELS)}\nyn | no | {draw(LABELS)}"
    return form("\n".join(lines), choices)


@settings(max_examples=40)
@given(valid_forms())
def test_repairing_never_changes_a_valid_form(data: bytes) -> None:
    book = read_book(data, "f.md")
    repaired, changes = repair(book)
    assert changes == []
    assert repaired == book
    plain, asked = examine(data, "f.md"), examine(data, "f.md", repairing=True)
    assert plain.outcome is asked.outcome is Outcome.CONVERTED
    assert plain.xform == asked.xform


@settings(max_examples=40)
@given(valid_forms(), st.data())
def test_a_repaired_form_converts_and_repairing_it_again_changes_nothing(
    data: bytes, draw: st.DataObject
) -> None:
    text = data.decode()
    spoil = draw.draw(st.sampled_from([
        ("| text |", "| TEXT |"), ("| integer |", "| Integer |"), ("| select_one yn |", "| Select_one  YN |"),
        ("| yn | no |", "| yn | yes |"), (" = ", " == "),
    ]))  # fmt: skip
    spoilt = text.replace(*spoil)
    repaired, _ = repair(read_book(spoilt.encode(), "f.md"))
    again, changes = repair(repaired)
    assert changes == []
    assert again == repaired
    assert examine(spoilt.encode(), "f.md", repairing=True).form is not None


def test_every_problem_has_a_text() -> None:
    source = Path("mostovi/screening/xlsform_check.py").read_text(encoding="utf-8")
    used = set(re.findall(r'(?:_problem|Problem|_renaming)\(\s*"(\w+)"', source))
    assert used <= set(TEXTS)


PUBLISHED = {
    # Its choice filter is not XPath; pyxform converts it, but no device opens the result.
    "XLSForm+pyxform__tests__bug_example_xls__xl_date_ambiguous.xlsx": Outcome.REFUSED,
    "XLSForm+pyxform__tests__example_xls__choice_filter_test.xlsx": Outcome.CONVERTED,
    "getodk+sample-forms__xml-examples__preview-service__xlsforms__all-question-types-v2024091201-3.xlsx": Outcome.CONVERTED,
    # An old .xls under the name .xlsx, at which the converter itself gives up.
    "getodk+sample-forms__xml-examples__preview-service__xlsforms__ifrc-distribution-site-assessment-v1.xlsx": Outcome.CONVERTED,
    "getodk+sample-forms__xml-examples__preview-service__xlsforms__whova_form.xlsx": Outcome.CONVERTED,
    "unhcr-americas+surveyDesigner__inst__SurveyDesigner_Referential.xlsx": Outcome.CONVERTED,
    # Refers to a question that the workbook does not have.
    "unhcr-americas+surveyDesigner__tests__testthat__wt_xlsform_in_survey.xlsx": Outcome.REFUSED,
    # Cascading choices with repeated names.
    "validmeasures+liberiaS3Mforms__round1__xlsform__liberiaCoverage.xlsx": Outcome.REPAIRED,
}  # fmt: skip
FOLDER = Path(os.environ.get("MOSTOVI_FORMS", "../shared/data/forms"))


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason="the published forms are not here")
@pytest.mark.parametrize(("name", "outcome"), PUBLISHED.items(), ids=[n[-34:] for n in PUBLISHED])
def test_published_forms(name: str, outcome: Outcome) -> None:
    report = examine((FOLDER / name).read_bytes(), name, repairing=True)
    assert report.outcome is outcome
    if outcome is Outcome.REFUSED:
        assert {p.details["found"] for p in report.errors} & {"${S1}", "label::English != ''"}
        assert all(p.cell and p.how for p in report.errors)
    else:
        assert report.form is not None
        assert read_form(report.xform).questions


# --- storing ---------------------------------------------------------------------------------


@pytest.mark.django_db
class TestStoring:
    def test_the_same_workbook_again_is_the_same_version(self) -> None:
        first = import_form(administrator(), data=FORM.encode(), name="j.md", now=NOW)
        again = import_form(administrator(), data=FORM.encode(), name="j.md", now=NOW)
        assert (first.new, again.new) == (True, False)
        assert first.version == again.version

    def test_other_content_under_the_same_version_is_refused(self) -> None:
        imported()
        with pytest.raises(FormRefused, match="a version is never changed"):
            imported(FORM.replace("How much?", "How many?"))
        assert FormVersion.objects.count() == 1

    def test_a_new_version_is_filled_and_the_old_one_stays_readable(self) -> None:
        old = imported()
        new = imported(FORM.replace("| journey | The journey | 1 |", "| journey | The way | 2 |"))
        stored = Form.objects.get()
        assert stored.title == "The way"
        assert stored.current in {old, new}
        assert stored.versions.count() == 2

    def test_a_version_is_never_changed_or_deleted(self) -> None:
        version = imported()
        version.xform = "<other/>"
        for attempt in (
            version.save,
            version.delete,
            lambda: version.save(update_fields=["xform"]),
        ):
            with pytest.raises(TypeError):
                attempt()
        version.review_status = "reviewed"
        version.save(update_fields=["review_status"])

    def test_a_form_keeps_its_purpose(self) -> None:
        from mostovi.rights.purposes import Purpose

        imported()
        with pytest.raises(FormRefused, match="keeps its purpose"):
            imported(FORM.replace("| 1 |", "| 2 |"), purpose=Purpose.ASYLUM)

    def test_forms_of_another_purpose_are_not_seen(self) -> None:
        from mostovi.rights.purposes import Purpose

        imported(purpose=Purpose.ASYLUM)
        assert not visible(responder()).exists()
        assert visible(administrator()).exists()

    def test_only_those_with_the_right_import(self) -> None:
        from mostovi.rights.access import Refused

        with pytest.raises(Refused):
            import_form(responder(), data=FORM.encode(), name="j.md", now=NOW)

    def test_the_command_reports_each_file(self, tmp_path: Path, capsys: Any) -> None:
        import argparse

        from mostovi.screening import form_commands

        parser = argparse.ArgumentParser()
        form_commands.register(parser.add_subparsers())

        def run(*words: str) -> tuple[int, Any]:
            options = parser.parse_args(words)
            status = options.handler(options)
            return status, json.loads(capsys.readouterr().out)

        good, bad = tmp_path / "good.md", tmp_path / "bad.md"
        good.write_text(FORM, encoding="utf-8")
        bad.write_text(FORM.replace("| integer | age", "| Integer | age"), encoding="utf-8")
        status, rows = run(
            "forms", "import", "--json", str(good), str(bad), str(tmp_path / "no.xlsx")
        )
        assert status == 2
        assert [row["outcome"] for row in rows] == ["converted", "repairable", "unreadable"]
        assert Form.objects.count() == 1
        assert run("forms", "list", "--json")[1][0]["form_id"] == "journey"
        bad.write_text(bad.read_text(encoding="utf-8").replace("| journey | The", "| second | The"))
        status, rows = run("forms", "import", "--repair", "--json", str(bad))
        assert (status, rows[0]["outcome"], rows[0]["form_id"]) == (0, "repaired", "second")
        assert rows[0]["changes"][0]["after"] == "integer"


# --- answers ---------------------------------------------------------------------------------

STRUCTURE = examine(FORM.encode(), "journey.md").form
assert STRUCTURE is not None


def answers(body: str) -> dict[str, Any]:
    assert STRUCTURE is not None
    return parse_answers(STRUCTURE, read_instance(filled(body=body)))


def test_no_unknown_and_not_asked_are_three_things() -> None:
    assert STRUCTURE is not None
    for text, found in [
        ("<paid>no</paid>", Standing.NO), ("<paid>unknown</paid>", Standing.UNKNOWN),
        ("<paid/>", Standing.NOT_ASKED), ("", Standing.NOT_ASKED), ("<paid>yes</paid>", Standing.ANSWERED),
    ]:  # fmt: skip
        read = answers(f"<journey>{text}</journey>")
        assert standing(STRUCTURE, read, "journey/paid") is found
    assert answers("<journey><paid>unknown</paid></journey>") == {"journey/paid": None}
    assert answers("<journey><paid>no</paid></journey>") == {"journey/paid": "no"}
    assert answers("<journey><paid/></journey>") == {}


def test_answers_are_typed_and_repeats_numbered() -> None:
    body = "<journey><amount>900</amount><means>foot lorry</means></journey>"
    body += "<children><name>A</name><age>7</age></children><children><name>B</name><age>x</age></children>"
    assert answers(body) == {
        "journey/amount": 900, "journey/means": ["foot", "lorry"], "children[1]/name": "A",
        "children[1]/age": 7, "children[2]/name": "B", "children[2]/age": "x",
    }  # fmt: skip
    assert STRUCTURE is not None
    raw = raw_answers(STRUCTURE, read_instance(filled(body=body)))
    assert raw["journey/means"] == "foot lorry"
    assert raw["children[2]/age"] == "x"


def test_elements_the_form_does_not_have_are_left_out() -> None:
    assert answers("<nationality>x</nationality><journey><paid>no</paid></journey>") == {
        "journey/paid": "no"
    }


@given(st.binary(max_size=300))
def test_no_bytes_bring_the_answers_down(data: bytes) -> None:
    try:
        read_instance(data)
    except SubmissionError as error:
        assert str(error)


TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=40)


@given(TEXT.filter(lambda t: t.strip()), st.integers(-(10**9), 10**9))
def test_what_is_written_is_read(name: str, age: int) -> None:
    from xml.sax.saxutils import escape

    read = answers(f"<children><name>{escape(name)}</name><age>{age}</age></children>")
    assert read["children[1]/name"] == name.strip()
    assert read["children[1]/age"] == age


@given(st.sampled_from(["yes", "no", "unknown", "", "  ", "declined", "dont_know", "other"]))
def test_unknown_and_silence_never_become_no(text: str) -> None:
    assert STRUCTURE is not None
    read = answers(f"<journey><paid>{text}</paid></journey>")
    assert (standing(STRUCTURE, read, "journey/paid") is Standing.NO) == (text == "no")


def test_entities_and_endless_nesting_are_refused() -> None:
    with pytest.raises(SubmissionError, match="document type"):
        read_instance(b'<!DOCTYPE d [<!ENTITY a "b">]><data id="journey">&a;</data>')
    deep = "<g>" * 100 + "</g>" * 100
    with pytest.raises(SubmissionError, match="nested too deeply"):
        answers(deep)
    with pytest.raises(FormError):
        parse_xml(b'<!DOCTYPE d SYSTEM "http://example.org/x"><d/>')


def test_the_structure_has_kinds_texts_and_conditions() -> None:
    assert STRUCTURE is not None
    kinds = {path: question.kind for path, question in STRUCTURE.questions.items()}
    assert kinds["journey/means"] is Kind.MANY
    assert kinds["photo"] is Kind.FILE
    assert kinds["thanks"] is Kind.NOTE
    assert STRUCTURE.languages == ("English (en)", "العربية (ar)")
    paid = STRUCTURE.questions["journey/paid"]
    assert STRUCTURE.text(paid.labels, "ar") == "هل دفعت لأحد؟"
    assert [choice.name for choice in paid.choices] == ["yes", "no", "unknown"]
    amount = STRUCTURE.questions["journey/amount"].relevant
    assert conditions.read_condition(amount) == conditions.Compared("journey/paid", "=", "yes")


@pytest.mark.parametrize(("offered", "wanted", "best"), [
    (("English (en)", "Srpski (sr-Latn)"), "bs", "Srpski (sr-Latn)"),
    (("English (en)", "Bosanski (bs)"), "hr", "Bosanski (bs)"),
    (("English (en)", "Српски (sr)"), "sr", "Српски (sr)"),
    (("Français", "English"), "mk", "English"), ((), "en", ""),
])  # fmt: skip
def test_the_language_that_serves_the_reader(
    offered: tuple[str, ...], wanted: str, best: str
) -> None:
    assert best_language(offered, wanted) == best


@given(st.text(alphabet="/data paid()='!<>,andornotselected19 ", max_size=60))
def test_any_condition_can_be_said(expression: str) -> None:
    found = conditions.read_condition(expression)
    if isinstance(found, conditions.Raw):
        assert found.expression == " ".join(expression.split())
