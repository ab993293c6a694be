# SPDX-License-Identifier: EUPL-1.2
"""A finished simulation to take away: CSV and JSON for machines, Excel and PDF for people."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mostovi.paper.parts import Document, Drawing, Heading, Lines, Paragraph, Part, Table
from mostovi.pathways import presenting, wording
from mostovi.pathways.simulation_pages import COUNTED, OtherLaw, Shown, SourcedChange

_COLUMNS: Final = 3
"""Columns of the chart on paper."""
FORMS: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


def written(shown: Shown, form: str) -> bytes:
    """The result in one of `FORMS`."""
    return {"csv": as_csv, "json": as_json, "xlsx": as_excel, "pdf": as_pdf}[form](shown)


def as_data(shown: Shown) -> dict[str, Any]:
    """Everything the page says, as plain values; texts in the reader's language."""
    run, result = shown.run, shown.result
    return {
        "question": shown.question,
        "reform": {
            "code": shown.reform.code,
            "partner": shown.reform.partner,
            "pathway": shown.reform.pathway,
            "version": run.version,
        },
        "on": run.on.isoformat(),
        "law_moved_since": shown.law_moved,
        **{name: result[name] for name in ("before", "after", "population", "simulation", "laws")},
        "golden_cases_that_change": [one.case.title for one in shown.golden],
        "caveats": list(caveats(shown)),
        "made_with": result["made_with"],
        "made_at": result["made_at"],
    }


def as_json(shown: Shown) -> bytes:
    """The same as JSON."""
    return (json.dumps(as_data(shown), ensure_ascii=False, indent=2) + "\n").encode()


def _table(shown: Shown) -> Iterator[list[Any]]:
    """A row a group, a column a figure; everybody last. Empty: not shown."""
    names = (*COUNTED,)
    yield [
        *shown.by,
        *(f"{n}_{end}" for n in names for end in ("least", "most")),
        "uncertain_share",
    ]
    for row in (*shown.simulation["rows"], shown.total):
        yield [
            *(row["groups"] or ["total"] * len(shown.by)),
            *(row[name][end] for name in COUNTED for end in (0, 1)),
            row["uncertain_share"],
        ]


def as_csv(shown: Shown) -> bytes:
    """The table as CSV; what the figures stand on is in the JSON."""
    out = io.StringIO()
    csv.writer(out).writerows(_table(shown))
    return ("\ufeff" + out.getvalue()).encode()


def as_excel(shown: Shown) -> bytes:
    """A workbook: the figures, and what they stand on."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = _("Result")[:31]
    for number, row in enumerate(_table(shown)):
        sheet.append(row)
        if number == 0:
            for cell in sheet[1]:
                cell.font = Font(bold=True)
    for number in range(1, sheet.max_column + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 18
    sheet.freeze_panes = "A2"
    about = book.create_sheet(_("What it stands on")[:31])
    about.append([_harmless(shown.question)])
    for name, value in shown.made_from:
        about.append([name, _harmless(value)])
    for caveat in caveats(shown):
        about.append([_harmless(caveat)])
    about.column_dimensions["A"].width = 48
    about.column_dimensions["B"].width = 72
    for line in about.iter_rows():
        for cell in line:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _harmless(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def caveats(shown: Shown) -> Iterator[str]:
    """What a reader must know before believing a figure."""
    yield _(
        "Every figure is a range: at least, and at most. The truth lies between, whatever the "
        "facts that are not known turn out to be."
    )
    if shown.synthetic:
        yield _(
            "The people do not exist. How many there are of each situation, sex, age and origin "
            "follows the sources; everything else about them is a proposal without a source. No "
            "figure here is a statement about real people."
        )
    else:
        yield _(
            "The people are those with an open case at this node, counted once a month. Each count "
            "was moved to a multiple of %(base)s before the reform was tried on it, so it can lie "
            "%(margin)s away from the true one; the ranges contain that. Nothing here follows from "
            "one person, however many reforms are tried. What a case file does not say in clear "
            "is unknown."
        ) % {"base": shown.margin + 1, "margin": shown.margin}
    if not shown.reviewed:
        yield _("No lawyer has signed off both laws. They may have been read wrongly.")
    if shown.law_moved:
        yield _("The law in force here has changed since this was computed.")
    yield _("A simulation says what rules say. It decides nothing about anybody.")


# --- Paper ----------------------------------------------------------------------------------------


def as_pdf(shown: Shown) -> bytes:
    """The result as a tagged PDF in the reader's language."""
    from mostovi.paper import letters, setting

    fonts = letters.prepared(settings.NODE_MODULES / "@fontsource-variable", settings.PAPER_FONTS)
    return setting.pdf(document(shown), fonts)


def document(shown: Shown) -> Document:
    """The result as a document."""
    return Document(
        title=shown.question,
        language=wording.language(),
        parts=list(_parts(shown)),
        foot=_("%(code)s, version %(version)s, the law on %(day)s; made on %(today)s") % {
            "code": shown.reform.code, "version": shown.run.version,
            "day": date_format(shown.run.on), "today": date_format(timezone.localdate()),
        },
        author=settings.MOSTOVI.code,
        wide=True,
    )  # fmt: skip


def _parts(shown: Shown) -> Iterator[Part]:
    where = wording.say(f"pathway.{shown.reform.pathway}.title").text
    yield Paragraph(wording.joined((wording.law_name(shown.reform.partner), where)))
    yield Lines(tuple(f"{name}: {count}" for _code, name, count in shown.totals))
    yield Paragraph(shown.chart_says)
    if shown.chart:
        width = min(_COLUMNS, 1 + len(shown.simulation["rows"])) * 100 // _COLUMNS
        yield Drawing(
            shown.chart_in(_COLUMNS),
            shown.chart_says,
            _("Full: certain. Hatched: possible, it depends on what is not known."),
            width,
        )
    yield Table(
        _("Who gains and who loses"), tuple(shown.head),
        tuple((row.label, *row.cells, row.share) for row in shown.rows),
        frozenset(range(1, len(shown.head))),
    )  # fmt: skip
    yield from (Paragraph(text, "note") for text in caveats(shown))
    yield from _unknown(shown)
    yield from _changes(shown)
    yield from _others(shown)
    yield Heading(_("What it stands on"))
    yield Table(_("Versions and sources"), (_("What"), _("Which")), tuple(shown.made_from))
    for source in shown.sources:
        line = ", ".join(filter(None, (source["publisher"], source["title"], source["licence"])))
        yield Paragraph(f"{line}. {source['caveat']}", "note")


def _unknown(shown: Shown) -> Iterator[Part]:
    if not (shown.missing or shown.unknown or shown.unconfirmed):
        return
    yield Heading(_("What is not known"))
    if shown.missing:
        yield Paragraph(_("No row says these facts, so they are unknown of everybody:"))
        yield Lines(tuple(shown.missing))
    if shown.unknown:
        yield Table(
            _("Facts that are known of some only"), (_("Fact"), _("Not known of")),
            tuple(shown.unknown), frozenset({1}),
        )  # fmt: skip
    if shown.unconfirmed:
        yield Paragraph(_("Nobody could confirm what these conditions say:"))
        yield Lines(tuple(title.text for title in shown.unconfirmed))


def _changes(shown: Shown) -> Iterator[Part]:
    yield Heading(_("What the draft changes"))
    if not shown.changes:
        yield Paragraph(_("Nothing that stands in both versions differs."))
        return
    head = (_("What"), _("Today"), _("Under the draft"), _("Where it stands"))
    yield Table(_("Changes"), head, tuple(_change(one) for one in shown.changes))
    if shown.golden:
        yield Paragraph(_("Golden cases that get another answer:"))
        yield Lines(tuple(one.case.title for one in shown.golden))


def _change(one: SourcedChange) -> tuple[str, str, str, str]:
    shown = one.shown
    before = [shown.before, *(f"{f.name}: {f.before}" for f in shown.fields if f.before)]
    after = [shown.after, *(f"{f.name}: {f.after}" for f in shown.fields if f.after)]
    if shown.tone == "added":
        before = []
    if shown.tone == "removed":
        after = []
    cited = dict.fromkeys(map(presenting.citation_line, (one.before, one.after)))
    return (
        ": ".join(filter(None, (f"{shown.what}, {shown.how}", shown.title.text))),
        "; ".join(filter(None, before)) or "\u2013",
        "; ".join(filter(None, after)) or "\u2013",
        "; ".join(filter(None, cited)) or _("no article is cited"),
    )


def _others(shown: Shown) -> Iterator[Part]:
    yield Heading(_("Beside the other laws"))
    head = (_("Whose law"), _("The law of today is"), _("The draft is"), _("Changes"))
    yield Table(_("Against each other law of this pathway"), head, tuple(map(_other, shown.laws)))


def _other(other: OtherLaw) -> tuple[str, str, str, str]:
    return other.name, other.before.words, other.after.words, wording.yes_no(other.moves)
