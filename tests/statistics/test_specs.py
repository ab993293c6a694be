# SPDX-License-Identifier: EUPL-1.2
"""The table specifications: complete, cited, and refused when they are wrong."""

import re

import pytest
import yaml

from mostovi.statistics.catalogue import FOLDER, code_lists, read_set, spec_sets, specs
from mostovi.statistics.specs import UNKNOWN, Period, parse_lists, parse_set
from mostovi.statistics.tables import SpecificationError


def test_every_point_of_articles_4_to_7_has_a_table():
    points = {re.sub(r".*Article ", "", spec.legal.citation) for spec in specs("eu-862-2007")}
    wanted = [
        *(f"4(1)({p})" for p in "abcdefg"), *(f"4(2)({p})" for p in "abcde"),
        *(f"4(3)({p})" for p in "abcdefg"), *(f"4(4)({p})" for p in "abcde"),
        "5(1)(a)", "5(1)(b)", "6(1)(a)(i)", "6(1)(a)(ii)", "6(1)(a)(iii)", "6(1)(b)",
        "7(1)(a)", "7(1)(b)",
    ]  # fmt: skip
    assert sorted(points) == sorted(wanted)


def test_asylum_tables_have_the_disaggregation_and_period_of_the_regulation():
    for spec in specs("eu-862-2007"):
        if spec.legal.citation.endswith(("4(1)(a)", "4(1)(f)", "4(2)(a)", "4(2)(e)")):
            assert {"sex", "age_eu", "citizen", "unaccompanied"} <= set(spec.names)
    periods = {spec.code: spec.period for spec in specs()}
    assert periods["eu_asylum_first"] == Period.MONTH
    assert periods["eu_first_refugee"] == Period.QUARTER
    assert periods["eu_permits_first"] == Period.YEAR


def test_what_was_not_read_says_so():
    for one in spec_sets().values():
        assert not one.reviewed
        for spec in one.specs:
            assert spec.legal.evidence in {"text", "memory", "proposal", "unconfirmed"}
            assert (spec.legal.evidence == "text") == bool(spec.legal.words)
    assert {spec.legal.evidence for spec in specs("region")} == {"proposal"}


def test_the_issues_disaggregations_are_all_there():
    read = {dimension.column for spec in specs() for dimension in spec.dimensions}
    assert read >= {
        "sex", "age_group", "citizenship", "unaccompanied", "vulnerability", "permit_reason",
        "route", "partner",
    }  # fmt: skip


def test_age_lists_join_every_group_of_the_events_once():
    from mostovi.statistics.events import AGE_GROUPS

    finest = [code for _, code in AGE_GROUPS]
    for name in ("age_eu", "age_region", "child"):
        joined = [value for code in code_lists()[name].codes for value in code.joins]
        assert sorted(joined) == sorted(finest)
        assert code_lists()[name].read(None) == UNKNOWN


def test_periods():
    assert [period.of("2026-11") for period in Period] == ["2026-11", "2026-Q4", "2026"]
    assert [period.closes("2026-12") for period in Period] == [True] * 3
    assert [period.closes("2026-09") for period in Period] == [True, True, False]


GOOD = {
    "set": "x", "version": 1, "title": {"en": "x"}, "source": {"text": "x"},
    "review": {"status": "unreviewed"}, "events": {"e": {}, "s": {"stock": True}},
    "tables": [{
        "code": "t", "title": {"en": "t"}, "events": ["e"], "dimensions": ["sex"],
        "period": "month", "definition": "d", "legal": {"citation": "c", "evidence": "memory"},
    }],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dimensions": ["sx"]}, "table 't': there is no code list 'sx'"),
        ({"dimensions": ["sex", "sex"]}, "dimension 'sex' is there twice"),
        ({"events": ["z"]}, "does not describe the event 'z'"),
        ({"events": ["e", "s"]}, "stocks and flows cannot be added"),
        ({"where": {"name": ["x"]}}, "events have no column 'name'"),
        ({"legal": {"citation": "c", "evidence": "sure"}}, "evidence 'sure' is none of"),
        ({"title": {"de": "t"}}, "the English title is missing"),
        ({"definition": ...}, "table 't': 'definition' is missing"),
    ],
)
def test_a_wrong_table_is_refused_and_named(change, says):
    table = {key: v for key, v in {**GOOD["tables"][0], **change}.items() if v is not ...}
    with pytest.raises(SpecificationError, match=re.escape(says)):
        parse_set({**GOOD, "tables": [table]}, code_lists())


def test_a_value_in_two_codes_of_a_list_is_refused():
    codes = {"A": {"en": "a", "joins": ["female"]}, "B": {"en": "b", "joins": ["female"]}}
    content = {"unknown": {"en": "?"}, "lists": {"sex": {"label": {"en": "Sex"}, "codes": codes}}}
    with pytest.raises(SpecificationError, match="'female' is there twice"):
        parse_lists(content)


def test_a_file_of_ones_own_is_read_with_the_shared_lists(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(GOOD), encoding="utf-8")
    assert [spec.code for spec in read_set(path, FOLDER / "tables").specs] == ["t"]
    path.write_text("- 1", encoding="utf-8")
    with pytest.raises(SpecificationError, match=r"own\.yaml"):
        read_set(path, FOLDER / "tables")
