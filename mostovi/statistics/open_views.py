# SPDX-License-Identifier: EUPL-1.2
"""Open files of the region's published months: for everybody, without a key, with caches in mind.

What is here was published as an edition; nothing is counted, and no request can ask for a cell that
was not released. Every address has an ETag that changes only when a new edition is published, so a
client that asks again with If-None-Match gets 304 and no body. Any site may read them (CORS).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Final

from csp.decorators import csp_replace
from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import condition, require_safe

from mostovi.paper.charts import screens, standalone
from mostovi.paper.parts import RIGHT_TO_LEFT
from mostovi.rights.doors import public_door
from mostovi.statistics import open_data
from mostovi.statistics.catalogue import template
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.partners import NAMES
from mostovi.statistics.region import PARTNERS
from mostovi.statistics.regional_release import spec_set, specs
from mostovi.statistics.tables import in_language
from mostovi.statistics.translations import in_all
from mostovi.statistics.writing import FORMATS, Publication, write

KINDS: Final[dict[str, tuple[str, int, str]]] = {
    "csv": ("csv", 0, "text/csv; charset=utf-8"),
    "hxl.csv": ("hxl", 0, "text/csv; charset=utf-8"),
    "xlsx": ("xlsx", 0, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "sdmx.csv": ("sdmx-csv", 0, "application/vnd.sdmx.data+csv;version=2.0.0"),
    "sdmx.json": ("sdmx-json", 0, "application/vnd.sdmx.data+json;version=2.1.0"),
    "sdmx.xml": ("sdmx-ml", 0, "application/vnd.sdmx.data+xml;version=3.0.0"),
    "structure.xml": ("sdmx-ml", 1, "application/vnd.sdmx.structure+xml;version=3.0.0"),
}
"""By ending: the writer, which of its files, and the media type."""
FRESH: Final = 300
_KEPT: Final = 24 * 3600
_LARGEST_KEPT: Final = 2_000_000


def _language(request: HttpRequest) -> str:
    asked = request.GET.get("lang", "")
    return asked if asked in dict(settings.LANGUAGES) else get_language() or "en"


def _etag(request: HttpRequest, **where: str) -> str:
    said = json.dumps(
        [open_data.state(), sorted(where.items()), _language(request), template().version,
         spec_set().version]
    )  # fmt: skip
    return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


def _open(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={FRESH}, stale-while-revalidate={_KEPT}"
    response["Access-Control-Allow-Origin"] = "*"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _publication(table: str) -> Publication:
    for one in open_data.published(table):
        return one
    raise Http404


@require_safe
@public_door
@condition(etag_func=_etag)
def index(request: HttpRequest) -> HttpResponse:
    """Which tables and months there are, in which formats, and what the numbers are not."""
    language = _language(request)
    tables = [
        {
            "code": table.code,
            "title": in_language(table.title, language),
            "counts": in_language(in_all(table.counts), language),
            "dimensions": ["partner", *table.names],
            **_addresses(request, table.code),
        }
        for table in template().tables
    ]
    noisy = [
        {
            "code": code,
            "title": in_language(specs()[code].title, language),
            "counts": in_language(specs()[code].definition, language),
            "dimensions": list(specs()[code].names),
            **_addresses(request, code),
        }
        for code in open_data.noisy_codes()
    ]
    content = {
        "template": template().code,
        "version": template().version,
        "reviewed": template().reviewed,
        "synthetic": bool(settings.MOSTOVI.demo),
        "editions": [
            {"period": period, "number": number} for period, number, _at in open_data.state()
        ],
        "hidden": "An empty value with status 'hidden' is not zero: it protects people.",
        "tables": tables,
        "noise": "Numbers of these tables carry noise; a cell without a row is nobody or a few.",
        "noisy_tables": noisy,
    }
    return _open(JsonResponse(content, json_dumps_params={"ensure_ascii": False}))


def _addresses(request: HttpRequest, table: str) -> dict[str, Any]:
    def whole(name: str, **kind: str) -> str:
        return request.build_absolute_uri(reverse(name, kwargs={"table": table, **kind}))

    files = {kind: whole("open_data:file", kind=kind) for kind in KINDS}
    return {"files": files, "chart": whole("open_data:chart")}


@require_safe
@public_door
@condition(etag_func=_etag)
def file(request: HttpRequest, table: str, kind: str) -> HttpResponse:
    """One table, all published months, in one format."""
    if kind not in KINDS:
        raise Http404
    language = _language(request)
    kept_as = f"open:{kind}:{_etag(request, table=table, kind=kind)}"
    content = cache.get(kept_as)
    if content is None:
        content = _written(_publication(table), kind, language)
        if len(content) <= _LARGEST_KEPT:
            cache.set(kept_as, content, _KEPT)
    response = HttpResponse(content, content_type=KINDS[kind][2])
    response["Content-Disposition"] = f'attachment; filename="{table}.{kind}"'
    return _open(response)


def _written(one: Publication, kind: str, language: str) -> bytes:
    format_, which, _media = KINDS[kind]
    if format_ not in FORMATS:
        raise Http404
    with tempfile.TemporaryDirectory() as folder:
        return write([one], format_, Path(folder), language)[which].read_bytes()


@require_safe
@public_door
@condition(etag_func=_etag)
def chart(request: HttpRequest, table: str) -> HttpResponse:
    """The table's totals by partner and month, as a drawing for an <img> of any site."""
    language = _language(request)
    one = _publication(table)
    with override(language):
        svg = standalone(
            open_data.drawn(one, language),
            foot=_foot(request),
            mirrored=language in RIGHT_TO_LEFT,
        )
    return _open(HttpResponse(svg, content_type="image/svg+xml; charset=utf-8"))


@require_safe
@public_door
@condition(etag_func=_etag)
def drawing(request: HttpRequest, table: str) -> HttpResponse:
    """The same chart as a Vega-Lite specification over the open CSV, for those who draw anew."""
    one = _publication(table)
    address = reverse("open_data:file", kwargs={"table": table, "kind": "csv"})
    totals = [f"datum.{name} == '{TOTAL}'" for name in one.spec.names if name != "partner"]
    content = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": in_language(one.spec.title, _language(request)),
        "data": {"url": request.build_absolute_uri(address), "format": {"type": "csv"}},
        "transform": [{"filter": " && ".join([*totals, "datum.status == 'shown'"])}],
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "period", "type": "ordinal"},
            "y": {"field": "value", "type": "quantitative"},
            "color": {"field": "partner", "type": "nominal"},
        },
    }
    return _open(JsonResponse(content, json_dumps_params={"ensure_ascii": False}))


def _foot(request: HttpRequest) -> str:
    """Source and footnote; the words are those of shell/kosovo_note.html."""
    source = _("Source: regional monthly exchange, %(page)s. Gaps: not sent or hidden.") % {
        "page": request.build_absolute_uri("/figures/")
    }
    note = _(
        "This designation is without prejudice to positions on status, and is in line with "
        "UNSCR 1244/1999 and the ICJ Opinion on the Kosovo declaration of independence."
    )
    synthetic = _("Made-up data: no person is behind these figures.")
    parts = [source, f"* {note}", *([synthetic] if settings.MOSTOVI.demo else [])]
    return " ".join(parts)


@require_safe
@public_door
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # takes any view
@condition(etag_func=_etag)
def embed(request: HttpRequest, table: str) -> HttpResponse:
    """The chart with its table, for a frame of any site: no script, no cookie, no tracking."""
    language = _language(request)
    one = _publication(table)
    totals = open_data.grand_totals(one)
    months = one.periods[-12:]
    with override(language):
        context: dict[str, Any] = {
            "title": in_language(one.spec.title, language),
            "language": language,
            "mirrored": language in RIGHT_TO_LEFT,
            "svg": screens(partial(open_data.drawn, one, language)),
            "definition": in_language(one.spec.definition, language),
            "protection": one.says(one.protection, language),
            "partners": [(code, NAMES[code]) for code in PARTNERS if code.upper() in totals],
            "lines": [
                (month, [_shown(totals.get(code.upper(), {}), month) for code in PARTNERS
                         if code.upper() in totals])
                for month in reversed(months)
            ],
            "synthetic": settings.MOSTOVI.demo,
        }  # fmt: skip
        response = render(request, "statistics/embed.html", context)
    return _open(response)


def _shown(by_month: dict[str, int | None], month: str) -> tuple[str, int | None]:
    """(missing | hidden | shown, value)."""
    if month not in by_month:
        return "missing", None
    value = by_month[month]
    return ("hidden" if value is None else "shown"), value
