# SPDX-License-Identifier: EUPL-1.2
"""The progress report as data, as one printable HTML page and as a tagged PDF.

A year's report says what had been said by that year's end, not what was said about it afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from html import unescape
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language_info, override
from django.utils.translation import gettext as _

from mostovi.paper import charts
from mostovi.paper.parts import Document, Drawing, Heading, Paragraph, Part, Table
from mostovi.plan import asylum, detections, drawing, following, importing, indicators, services
from mostovi.plan.comparing import Saying, as_of
from mostovi.plan.content import BaselineFigure, in_language, plan
from mostovi.plan.indicators import LiveFigure
from mostovi.plan.models import PartnerProgress, Status
from mostovi.plan.templatetags.progress import worded
from mostovi.statistics.partners import NAMES
from mostovi.statistics.region import PARTNERS, Figure

QUARTERS = 8


def end_of(year: int) -> datetime:
    """The first moment after a year, in the node's time."""
    return timezone.make_aware(datetime(year + 1, 1, 1))


def sayings(plan_code: str, partner: str = "") -> list[Saying]:
    """Every report as it counts in comparisons, in one query."""
    rows = PartnerProgress.objects.filter(plan=plan(plan_code).code)
    rows = rows.filter(partner=partner) if partner else rows
    return [
        Saying(
            row.action, row.partner, row.sequence, row.status, row.reported_on,
            timezone.localdate(row.recorded_at),
        )
        for row in rows
    ]  # fmt: skip


def quarter_ends(today: date, until: date | None = None) -> list[date]:
    """The last ends of quarters before `today`, oldest first, and `today` itself."""
    last = min(today, until) if until else today
    found = [last]
    year, month = last.year, (last.month - 1) // 3 * 3 + 1
    for _one in range(QUARTERS - 1):
        found.append(date(year, month, 1) - timedelta(days=1))
        year, month = (year - 1, 10) if month == 1 else (year, month - 3)
    return found[::-1]


def over_time(
    plan_code: str, today: date, until: date | None = None, partners: Sequence[str] = PARTNERS
) -> list[tuple[date, dict[str, int]]]:
    """How many statuses stood where at the end of each quarter; what nobody said is left out."""
    said = [one for one in sayings(plan_code) if one.partner in partners]
    found = []
    for day in quarter_ends(today, until):
        there = Counter(one.status for one in as_of(said, day).values())
        found.append((day, {status.value: there[status.value] for status in Status}))
    while len(found) > 1 and not sum(found[0][1].values()):
        found.pop(0)
    return found


def counts_of(
    reports: dict[tuple[int, str], PartnerProgress], partners: Sequence[str], total: int
) -> dict[str, dict[str, int]]:
    """By partner how many actions have each status; what is not reported counts as not known."""
    found = {}
    for code in partners:
        there = Counter(r.status for (_a, partner), r in reports.items() if partner == code)
        there[Status.UNKNOWN.value] += total - sum(there.values())
        found[code] = {status.value: there[status.value] for status in Status}
    return found


def gather(
    partners: Sequence[str], language: str, *, year: int | None = None, plan_code: str = ""
) -> dict[str, Any]:
    """Everything the report says, in `language`. Raises `KeyError` for an unknown plan."""
    chosen = plan(plan_code)
    until = end_of(year) if year else None
    reports = services.in_force(plan_code=chosen.code, until=until)
    stock = services.newest_stock()
    last = f"{year}-12" if year else ""
    today = timezone.localdate()
    codes = [code for figure in chosen.figures for code in figure.live]
    with override(language):
        live = indicators.latest(until=last) if codes else {}
        return {
            "plan": chosen.period,
            "plan_code": chosen.code,
            "year": year,
            "source": chosen.source,
            "kosovo_note": _(
                "This designation is without prejudice to positions on status, and is in line with "
                "UNSCR 1244/1999 and the ICJ Opinion on the Kosovo declaration of independence."
            ),
            "synthetic": bool(settings.MOSTOVI.demo),
            "node": settings.MOSTOVI.code,
            "made_on": today.isoformat(),
            "known_until": (date(year, 12, 31) if year else today).isoformat(),
            "partners": {code: str(NAMES[code]) for code in partners},
            "commitments": {c.number: in_language(c.title, language) for c in chosen.commitments},
            "counts": counts_of(reports, partners, len(chosen.actions)),
            "over_time": [
                {"day": day.isoformat(), **counts}
                for day, counts in over_time(
                    chosen.code, today, date(year, 12, 31) if year else None, partners
                )
            ],
            "actions": [
                {
                    "number": action.number,
                    "commitment": action.commitment,
                    "title": in_language(action.title, language),
                    "continues": list(action.continues),
                    "stands_on": [d.stands_on for d in chosen.stands_on(action.number)],
                    "reports": {
                        code: _report(reports[(action.number, code)])
                        for code in partners
                        if (action.number, code) in reports
                    },
                    "figures": [figure.code for figure in chosen.figures_of(action.number)],
                }
                for action in chosen.actions
            ],
            "milestones": _milestones(chosen.code, partners, until),
            "support": _support(chosen.code, partners, until),
            "figures": [_figure(figure, stock, language) for figure in chosen.figures],
            "indicators": [
                _live(live[code], language) for code in dict.fromkeys(codes) if code in live
            ],
            "asylum": asylum_content(partners),
            "detections": detections_content(),
        }


def _report(report: PartnerProgress) -> dict[str, Any]:
    return {
        "status": report.status,
        "status_label": str(report.get_status_display()),
        "reported_on": report.reported_on.isoformat(),
        "note": report.note,
        "office": report.office,
        "evidence": [{"title": e.title, "url": e.url} for e in report.evidence.all()],
    }


def _milestones(code: str, partners: Sequence[str], until: datetime | None) -> list[dict[str, Any]]:
    return [
        {
            "action": row.action, "partner": row.partner, "name": str(NAMES[row.partner]),
            "title": row.title, "due": row.due.isoformat(), "state": row.state,
            "state_label": str(row.get_state_display()),
            "moved_from": row.moved_from.isoformat() if row.moved_from else None,
        }
        for row in following.milestones(code, until=until)
        if row.partner in partners
    ]  # fmt: skip


def _support(code: str, partners: Sequence[str], until: datetime | None) -> list[dict[str, Any]]:
    return [
        {
            "action": row.action, "partner": row.partner, "name": str(NAMES[row.partner]),
            "side": row.side, "side_label": str(row.get_side_display()), "sort": row.sort,
            "sort_label": str(row.get_sort_display()), "text": row.text, "state": row.state,
            "state_label": str(row.get_state_display()),
        }
        for row in following.supports(code, until=until)
        if row.partner in partners
    ]  # fmt: skip


def _figure(figure: BaselineFigure, stock: Any, language: str) -> dict[str, Any]:
    return {
        "code": figure.code,
        "title": in_language(figure.title, language),
        "value": str(figure.value),
        "written": worded(figure.value, figure.qualifier),
        "qualifier": figure.qualifier.value,
        "unit": in_language(figure.unit, language),
        "years": figure.years,
        "as_printed": figure.as_printed,
        "caveat": figure.caveat,
        "remark": figure.remark,
        "recomputed": str(stock.value) if figure.recomputed and stock else None,
    }


def said_figure(figure: Figure) -> str:
    """A protected figure in words: exact, hidden with its range, or missing."""
    if figure.exact:
        return drawing.written(figure.low)
    if figure.state == "missing":
        return _("missing")
    if figure.high is None:
        return _("at least %(low)s") % {"low": drawing.written(figure.low)}
    return _("%(low)s to %(high)s") % {
        "low": drawing.written(figure.low), "high": drawing.written(figure.high),
    }  # fmt: skip


def _live(one: LiveFigure, language: str) -> dict[str, Any]:
    return {
        "code": one.code,
        "title": in_language(one.title, language),
        "month": str(one.month),
        "region": said_figure(one.region),
        "released_by": one.partners,
        "by_partner": {code: said_figure(figure) for code, figure in one.by_partner},
    }


def asylum_content(partners: Sequence[str]) -> dict[str, Any] | None:
    value = importing.newest(importing.ASYLUM)
    if value is None:
        return None
    counted = importing.counted(value)
    return {
        "source": value.source,
        "years": sorted(year for year in counted.by_year if year >= asylum.SINCE),
        "by_partner": {
            code: {
                str(year): counted.by_year[year].get(code)
                for year in sorted(counted.by_year)
                if year >= asylum.SINCE
            }
            for code in partners
        },
        "report_year": asylum.REPORT_YEAR,
        "region_in_report_year": counted.total(asylum.REPORT_YEAR),
    }


def detections_content() -> dict[str, Any] | None:
    value = importing.newest(importing.DETECTIONS)
    if value is None:
        return None
    months = value.parts["months"]
    years = detections.by_year(months)
    return {
        "source": value.source,
        "months": months,
        "years": {str(y): n for y, n in years.items()},
    }


# --- drawn -------------------------------------------------------------------------------------


def drawings(content: dict[str, Any], *, screens: bool = False) -> dict[str, str]:
    """The report's charts and its map, in the language that is spoken now.

    screens: for a page, each chart for wide and for narrow screens.
    """
    found = {}

    def drawn(draw: Callable[..., str], *given: Any) -> str:
        return charts.screens(partial(draw, *given)) if screens else draw(*given)

    counts = content["counts"]
    if any(action["reports"] for action in content["actions"]):
        found["done"] = drawn(drawing.done_chart, {c: counts[c] for c in content["partners"]})
        found["map"] = drawing.done_map(counts, len(content["actions"]))
        said = [
            (date.fromisoformat(one["day"]), {k: v for k, v in one.items() if k != "day"})
            for one in content["over_time"]
        ]
        if len(said) > 1:
            found["over_time"] = drawn(drawing.time_chart, said)
    if value := importing.newest(importing.DETECTIONS):
        found["detections"] = drawn(drawing.detections_chart, value)
    if value := importing.newest(importing.ASYLUM):
        found["asylum"] = drawn(
            drawing.asylum_chart, importing.counted(value).by_year, asylum.SINCE
        )
    return found


def title_of(content: dict[str, Any]) -> str:
    """The report's title in the language that is spoken now."""
    if content["year"]:
        return _("Action Plan %(period)s: annual report %(year)s") % {
            "period": content["plan"], "year": content["year"],
        }  # fmt: skip
    return _("Action Plan %(period)s: progress") % {"period": content["plan"]}


def page_context(content: dict[str, Any], language: str) -> dict[str, Any]:
    """What the report's templates need; call it in the language of the report."""
    return {
        "report": content,
        "title": title_of(content),
        "language": language,
        "direction": "rtl" if get_language_info(language)["bidi"] else "ltr",
        "groups": [
            (title, [a for a in content["actions"] if a["commitment"] == number])
            for number, title in content["commitments"].items()
        ],
        "columns": list(content["partners"].items()),
        "counts": [(name, content["counts"][code]) for code, name in content["partners"].items()],
        "drawn": {
            name: drawing.on_page(svg) for name, svg in drawings(content, screens=True).items()
        },
        "asylum_rows": asylum_table(content["asylum"])[1],
        "asylum_head": asylum_table(content["asylum"])[0],
        "detection_words": detection_words(),
        "asylum_words": asylum_words(content["asylum"]) if content["asylum"] else [],
    }


def as_html(content: dict[str, Any], language: str) -> str:
    """`content` as a page of its own, without any other file, for printing and sending."""
    with override(language):
        return render_to_string("plan/report_page.html", page_context(content, language))


def asylum_words(found: dict[str, Any]) -> list[str]:
    """Where UNHCR's applications and the report's figures differ, and why."""
    total = found["region_in_report_year"]
    number = drawing.written
    words = [
        _(
            "Counted are persons who applied for the first time, at the first instance. Reviews, "
            "courts, repeated applications and cases are left out."
        ),
        _(
            "In %(year)s these were %(total)s. The report prints 4%% of arrivals (UNHCR); were it "
            "of these, there would have been about %(arrivals)s arrivals. The report prints "
            "neither the number of arrivals nor that of claims, so the share cannot be recomputed."
        ) % {
            "year": found["report_year"], "total": number(total),
            "arrivals": number(asylum.implied_arrivals(total)),
        },
        _(
            "The report's 340 and 501 are persons who were granted a status since 2014: decisions, "
            "not applications. A decision can come in a later year, and an application can end "
            "without one, so the two are not a rate."
        ),
        _("The report gives no asylum figure by partner; these stand beside it, not against it."),
        _(
            "Kosovo* is not separate in UNHCR's file: it is counted with Serbia. No number under 5 "
            "stands in the file and 5 very often: small numbers seem to be rounded, so that sums "
            "can be a few persons off."
        ),
    ]  # fmt: skip
    detected = detections_content()
    found_year = detected["years"].get(str(asylum.REPORT_YEAR)) if detected else None
    if found_year:
        words.insert(
            2,
            _(
                "Frontex counted %(detections)s detections on the route in that year. They are "
                "crossings of the EU's border, and one person can be detected often: not the "
                "arrivals that the report means."
            )
            % {"detections": number(found_year)},
        )
    return words


def asylum_table(
    found: dict[str, Any] | None,
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows of first applications by year and partner; what is not there is no zero."""
    if not found:
        return (), []
    by_partner = found["by_partner"]
    whole = set(by_partner) == set(PARTNERS)
    rows = []
    for year in map(str, found["years"]):
        known = {code: row.get(year) for code, row in by_partner.items()}
        cells = [
            _("not separate") if code == "xk" else "–" if n is None else drawing.written(n)
            for code, n in known.items()
        ]
        total = sum(n for n in known.values() if n is not None)
        rows.append((year, *cells, *([drawing.written(total)] if whole else [])))
    names = (str(NAMES[code]) for code in by_partner)
    return (_("Year"), *names, *([_("Together")] if whole else [])), rows


# --- on paper ----------------------------------------------------------------------------------


def as_pdf(content: dict[str, Any], language: str) -> bytes:
    """The report as a tagged PDF. Raises `ValueError` when it cannot be set."""
    from mostovi.paper import letters, setting

    with override(language):
        document = Document(
            title_of(content), language, paper(content), foot=_foot(content),
            author=_("Node %(node)s") % {"node": content["node"]},
        )  # fmt: skip
        fonts = letters.prepared(
            settings.NODE_MODULES / "@fontsource-variable",
            settings.PAPER_FONTS,
        )
        return setting.pdf(document, fonts)


def _foot(content: dict[str, Any]) -> str:
    foot = title_of(content)
    if content["synthetic"]:
        return _("%(title)s. Demonstration: all data is invented.") % {"title": foot}
    return foot


def paper(content: dict[str, Any]) -> list[Part]:
    """The parts of the document, in the language that is spoken now."""
    drawn = drawings(content)
    parts: list[Part] = [
        Paragraph(
            _(
                "As known at node %(node)s by the end of %(day)s. A partner sets its own status, "
                "with evidence; nobody else does. 'Not known' and 'not reported' are not 'not "
                "started'."
            )
            % {"node": content["node"], "day": content["known_until"]}
        ),
        Heading(_("How many actions stand where?")),
    ]
    for name in ("done", "map", "over_time"):
        if drawn.get(name):
            parts.append(_drawing(drawn[name], 55 if name == "map" else 80, on_map=name == "map"))
    parts.append(_counts_table(content))
    for number, title in content["commitments"].items():
        parts.append(Heading(title))
        parts += [
            part
            for action in content["actions"]
            if action["commitment"] == number
            for part in _action_parts(action, content["partners"])
        ]
    parts += _following_parts(content)
    parts += _indicator_parts(content, drawn)
    parts += [
        Paragraph(content["source"], "note"),
        Paragraph(f"* {content['kosovo_note']}", "note"),
    ]
    return parts


def _drawing(svg: str, width: int = 100, *, on_map: bool = False) -> Drawing:
    """A chart or the map with its title, and the key of its labels where it needs one."""
    says = _title_in(svg)
    given, key = drawing.on_paper(drawing.map_on_paper(svg) if on_map else svg)
    return Drawing(given, says, f"{says} · {key}" if key else says, width)


def _title_in(svg: str) -> str:
    head = svg.partition('aria-label="')[2]
    return unescape(head.partition('"')[0])


def _counts_table(content: dict[str, Any]) -> Table:
    order = [Status.DONE, Status.UNDER_WAY, Status.PLANNED, Status.NOT_STARTED]
    head = (_("Partner"), *(str(s.label) for s in order), _("Not known or not reported"))
    rows = tuple(
        (name, *(drawing.written(content["counts"][code][s.value])
                 for s in (*order, Status.UNKNOWN)))
        for code, name in content["partners"].items()
    )  # fmt: skip
    return Table(_("Actions by status and partner"), head, rows, frozenset({1, 2, 3, 4, 5}))


def _action_parts(action: dict[str, Any], partners: dict[str, str]) -> list[Part]:
    rows = []
    for code, name in partners.items():
        said = action["reports"].get(code)
        if said is None:
            rows.append((name, _("Not reported"), ""))
            continue
        lines = [said["note"], said["office"]]
        lines += [f"{e['title']} {e['url']}".strip() for e in said["evidence"]]
        rows.append((name, f"{said['status_label']}, {said['reported_on']}",
                     "\n".join(line for line in lines if line)))  # fmt: skip
    title = f"{action['number']}. {action['title']}"
    head = (_("Partner"), _("Status"), _("What it says, and evidence"))
    return [Heading(title, 2), Table(title, head, tuple(rows))]


def _following_parts(content: dict[str, Any]) -> list[Part]:
    parts: list[Part] = []
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    if content["milestones"]:
        head = (_("Partner"), _("Action"), _("Milestone"), _("Due"), _("State"))
        rows = tuple(
            (m["name"], str(m["action"]), m["title"], m["due"] if not m["moved_from"] else
             _("%(due)s, at first %(before)s") % {"due": m["due"], "before": m["moved_from"]},
             m["state_label"])
            for m in content["milestones"]
        )  # fmt: skip
        parts += [Heading(_("Milestones")), Table(_("Milestones"), head, rows, frozenset({1}))]
    if content["support"]:
        head = (_("Partner"), _("Action"), _("Side"), _("Kind"), _("What"), _("State"))
        rows = tuple(
            (s["name"], str(s["action"]), s["side_label"], s["sort_label"], s["text"],
             s["state_label"])
            for s in content["support"]
        )  # fmt: skip
        title = _("Support asked for and offered")
        parts += [Heading(title), Table(title, head, rows, frozenset({1}))]
    return parts


def _indicator_parts(content: dict[str, Any], drawn: dict[str, str]) -> list[Part]:
    parts: list[Part] = [Heading(_("Indicators"))]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    if content["indicators"]:
        head = (_("Indicator"), _("Month"), _("Released together"), _("Partners"))
        rows = tuple(
            (one["title"], one["month"], one["region"], str(one["released_by"]))
            for one in content["indicators"]
        )
        caption = _("Monthly counts of the nodes, as released")
        parts.append(Table(caption, head, rows, frozenset({2, 3})))
    if content["figures"]:
        head = (_("Indicator"), _("Years"), _("As printed"), _("Recomputed here:"))
        rows = tuple(
            (f["title"], f["years"], f["as_printed"], f["recomputed"] or "–")
            for f in content["figures"]
        )
        parts.append(Table(_("The report's figures"), head, rows))
    if content["asylum"]:
        title = _("First asylum applications by year")
        head, lines = asylum_table(content["asylum"])
        parts.append(Heading(title, 2))
        parts.append(_drawing(drawn["asylum"]))
        figures = frozenset(range(1, len(head)))
        parts.append(Table(title, head, tuple(lines), figures, content["asylum"]["source"]))
        parts += [Paragraph(text) for text in asylum_words(content["asylum"])]
    if content["detections"]:
        title = _("Detections on the Western Balkan route by year")
        parts.append(Heading(title, 2))
        parts.append(_drawing(drawn["detections"]))
        years = content["detections"]["years"]
        rows = tuple((year, drawing.written(number)) for year, number in years.items())
        note = content["detections"]["source"]
        parts.append(Table(title, (_("Year"), _("Detections")), rows, frozenset({1}), note))
        parts.append(Paragraph(detection_words(), "note"))
    return parts


def detection_words() -> str:
    """What a detection is not."""
    return _(
        "Detected crossings of the EU's external border, not people: whoever is detected twice "
        "counts twice. More detections can mean more people, more tries or more border guards."
    )
