# SPDX-License-Identifier: EUPL-1.2
"""Tables that come in as workbooks, from partners that stay on spreadsheets.

`blank(forms, ...)` makes the workbook to fill, `read(data, forms, ...)` takes it back: the values
of every cell, or what is wrong, sheet by sheet and row by row; `texts.said(wrong)` says it.
"""

from mostovi.statistics.reading.blanks import blank
from mostovi.statistics.reading.forms import Form, form_of_spec, form_of_table
from mostovi.statistics.reading.tables import read_table
from mostovi.statistics.reading.workbooks import Read, Wrong, Wrongness, read

__all__ = [
    "Form", "Read", "Wrong", "Wrongness", "blank", "form_of_spec", "form_of_table", "read",
    "read_table",
]  # fmt: skip
