# SPDX-License-Identifier: EUPL-1.2
"""Shipped forms are read for findings as the form library reads them, without loading it."""

from __future__ import annotations

import pytest
from pyxform.xls2json_backends import md_to_dict

from mostovi.screening import indicator_files


@pytest.mark.parametrize("name", indicator_files.shipped_form_names())
def test_a_shipped_form_has_the_same_questions_and_choices(name: str) -> None:
    text = indicator_files.shipped_form_text(name)
    ours, theirs = indicator_files._sheets(text), md_to_dict(text)
    assert ours["survey"] == theirs["survey"]
    assert ours["choices"] == theirs["choices"]


def test_escaped_bars_and_rules_between_rows_are_no_cells() -> None:
    text = "| survey |\n| | type | label |\n|---|---|---|\n| | text | this \\| that |\n# a remark"
    assert indicator_files._sheets(text)["survey"] == [{"type": "text", "label": "this | that"}]
