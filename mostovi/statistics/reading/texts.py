# SPDX-License-Identifier: EUPL-1.2
"""What is wrong in a workbook, in words: what, and what to do."""

from __future__ import annotations

from django.utils.translation import gettext as _

from mostovi.statistics.reading.workbooks import Wrong, Wrongness


def said(wrong: Wrong) -> str:
    """The sentence; the place (`Wrong.place`) is shown beside it."""
    return _words(wrong.kind, bool(wrong.values.get("meant"))) % wrong.values


def help_lines() -> list[str]:
    """What stands on the first sheet of the blank workbook."""
    return [
        _("One sheet is one table. Write whole numbers into the last column."),
        _("Write 0 where there was nobody. Write x where a number is withheld."),
        _("Do not change the heads of the columns. Columns may be moved together with their head."),
        _("Totals must be the sum of their parts. They are checked when the workbook is taken in."),
        _("Where a table has empty rows, add one row for each group that occurs."),
        _("Sheets that begin with reg_ may stay empty. With numbers they need the total too."),
    ]


def _words(kind: Wrongness, meant: bool) -> str:
    if kind is Wrongness.WRONG_CODE and meant:
        return _("'%(given)s' is no code of the column '%(name)s'. Did you mean '%(meant)s'?")
    return {
        Wrongness.TOO_LARGE: _("The workbook is too large. Send the template's sheets only."),
        Wrongness.NO_WORKBOOK: _("This cannot be read as a workbook. Save it anew as .xlsx."),
        Wrongness.NO_TABLE: _("This cannot be read as a table. Save it anew as 'CSV UTF-8'."),
        Wrongness.OTHER_PARTNER: _(
            "The file says partner '%(given)s', expected is '%(expected)s'."
        ),
        Wrongness.OTHER_PERIOD: _(
            "The file is for '%(given)s', expected is '%(expected)s'. "
            "Choose the right month or the right file."
        ),
        Wrongness.OTHER_TEMPLATE: _(
            "The workbook was made from '%(given)s', in force is '%(expected)s'. "
            "Download the workbook again and copy the numbers into it."
        ),
        Wrongness.NO_SHEET: _("This sheet is missing. Keep every sheet of the template."),
        Wrongness.NO_HEAD: _("No row has the heads of the columns: %(names)s."),
        Wrongness.NO_COLUMN: _("The column '%(name)s' is missing."),
        Wrongness.COLUMN_TWICE: _("The column '%(name)s' is there twice. Delete one."),
        Wrongness.MOVED: _(
            "'%(given)s' in the column '%(name)s' belongs into '%(other)s'. "
            "Columns seem to have moved without their heads."
        ),
        Wrongness.WRONG_CODE: _("'%(given)s' is no code of the column '%(name)s': %(codes)s."),
        Wrongness.NO_CODE: _("The column '%(name)s' is empty in this row."),
        Wrongness.NO_NUMBER: _("The number is missing. Write 0 for nobody, x if it is withheld."),
        Wrongness.BAD_NUMBER: _(
            "'%(given)s' is no whole number from 0 up. Write it without signs between the digits."
        ),
        Wrongness.TWICE: _("%(codes)s is already in row %(first)s. Keep one."),
        Wrongness.BAD_TOTAL: _(
            "The total over '%(name)s' says %(given)s, but its parts add up to %(sum)s."
        ),
        Wrongness.TOTAL_TOO_SMALL: _(
            "The total over '%(name)s' says %(given)s, but its known parts alone are %(sum)s."
        ),
        Wrongness.TOO_FEW: _(
            "%(given)s is under %(threshold)s. So small a number must not be shown: write x."
        ),
        Wrongness.TOO_MANY_ROWS: _("The sheet has more than %(most)s rows."),
        Wrongness.TOO_MANY_WRONG: _("There are %(left)s further errors. Correct these first."),
    }[kind]
