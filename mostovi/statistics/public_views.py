# SPDX-License-Identifier: EUPL-1.2
"""The public portal of the region's figures: for everybody, without an account, kept by caches.

A page is made of editions, so it changes only when one is published: it is made once, kept, and
answered with an ETag. No cookie, no script, nothing from elsewhere. The language stands in the
address. A chart page can stand in a frame of any site.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any, Final

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import condition, require_safe

import mostovi
from mostovi.paper.charts import screens, standalone
from mostovi.rights.doors import public_door
from mostovi.statistics import open_data, public_figures, regional_pages, regional_release
from mostovi.statistics.catalogue import template
from mostovi.statistics.models import Edition
from mostovi.statistics.months import Month
from mostovi.statistics.open_views import KINDS
from mostovi.statistics.partners import NAMES
from mostovi.statistics.specs import Spec
from mostovi.statistics.tables import in_language
from mostovi.statistics.translations import in_all

FRESH: Final = 300
_MOST_KEPT: Final = 300
Where = dict[str, Any]
_kept: OrderedDict[str, bytes] = OrderedDict()
_lock = Lock()


def _etag(request: HttpRequest, **where: Any) -> str:
    """What the page is made of: the editions, the address, the product's version."""
    node = settings.MOSTOVI
    made_of = (open_data.state(), request.path, request.get_host(), mostovi.__version__,
               template().version, node.code, node.demo)  # fmt: skip
    return f'"{hashlib.sha256(repr(made_of).encode()).hexdigest()[:32]}"'


def _page(name: str, build: Callable[[HttpRequest, Where], Where]) -> Callable[..., HttpResponse]:
    """A public page: made once for each state of the editions, then kept."""

    def view(request: HttpRequest, language: str, **where: Any) -> HttpResponse:
        if language not in dict(settings.LANGUAGES):
            raise Http404
        key = f"{name}:{_etag(request)}"
        with _lock:
            content = _kept.get(key)
        if content is None:
            with override(language):
                context = _common(request, language, where) | build(request, where)
                content = render_to_string(f"figures/{name}.html", context).encode()
            with _lock:
                _kept[key] = content
                while len(_kept) > _MOST_KEPT:
                    _kept.popitem(last=False)
        return _open(HttpResponse(content), language)

    view.__name__ = view.__qualname__ = name
    return require_safe(public_door(condition(etag_func=_etag)(view)))


def _open(answer: HttpResponse, language: str) -> HttpResponse:
    answer["Cache-Control"] = f"public, max-age={FRESH}, stale-while-revalidate=86400"
    answer["Content-Language"] = language
    return answer


def _common(request: HttpRequest, language: str, where: Where) -> Where:
    """What every page needs: languages with the same page in each, and what the words stand for."""
    match = request.resolver_match
    if match is None:
        raise Http404
    partners = public_figures.partners()
    one_partner = NAMES[partners[0]] if len(partners) == 1 else ""
    return {
        "one_partner": one_partner,
        "brand": _("Figures of %(partner)s") % {"partner": one_partner}
        if one_partner
        else _("Figures of the region"),
        "language": language,
        "direction": "rtl" if public_figures.mirrored() else "ltr",
        "languages": [
            (code, name, reverse(match.view_name, kwargs={"language": code, **where}))
            for code, name in settings.LANGUAGES
        ],
        "demo": settings.MOSTOVI.demo,
        "template": template(),
        "partners": [NAMES[code] for code in partners],
        "indicators": [
            (one.code, in_language(one.title, language)) for one in template().indicators
        ],
    }


def _editions() -> dict[str, Edition]:
    return open_data.editions()


# --- Pages ----------------------------------------------------------------------------------------


@require_safe
@public_door
def choose(request: HttpRequest) -> HttpResponse:
    """To the page in the reader's language."""
    wanted = (get_language() or "en").split("-")[0]
    answer = redirect("figures:newest", language=wanted)
    answer["Cache-Control"] = f"public, max-age={FRESH}"
    patch_vary_headers(answer, ["Accept-Language", "Cookie"])
    return answer


def _newest(request: HttpRequest, where: Where) -> Where:
    editions = _editions()
    if not editions:
        return {"edition": None}
    edition = editions[max(editions)]
    first = template().indicators[0]
    over = public_figures.over_time(first, editions)
    return _month_context(edition) | {
        "months": [Month.parse(period) for period in sorted(editions, reverse=True)],
        "small": screens(partial(public_figures.small_charts, over)),
        "first": first.code,
        "over": over,
    }


def _month_context(edition: Edition) -> Where:
    first, month = template().indicators[0], Month.parse(edition.period)
    return {
        "edition": edition,
        "month": month,
        "noisy": [one for one in regional_pages.listed(month, edition.noisy) if one.known],
        "rows": public_figures.indicator_rows(edition),
        "standings": public_figures.standings(edition),
        "present": len(edition.revisions),
        "bars_title": public_figures.bar_title(first, edition),
        "bars": screens(partial(public_figures.bar_chart, first, edition)),
        "tables": [
            (one.code, in_language(one.title, public_figures.language()))
            for one in template().tables
        ],
    }


def _month(request: HttpRequest, where: Where) -> Where:
    editions = open_data.editions_of(where["month"])
    wanted = where.get("edition")
    chosen = [one for one in editions if wanted in (None, one.number)]
    if not chosen:
        raise Http404
    return _month_context(chosen[-1]) | {"editions": editions[::-1], "newest": editions[-1]}


def _indicator(request: HttpRequest, where: Where) -> Where:
    over = _over(where["code"])
    kept = {"language": public_figures.language(), "code": where["code"]}
    return {
        "over": over,
        "counts": in_language(in_all(over.indicator.table.counts), public_figures.language()),
        "chart": screens(partial(public_figures.line_chart, over), public_figures.WIDE),
        "svg_url": reverse("figures:chart", kwargs=kept),
        "embed_url": reverse("figures:embed", kwargs=kept),
        "embed_address": request.build_absolute_uri(reverse("figures:embed", kwargs=kept)),
        "kinds": _kinds(over.indicator.table.code),
    }


def _over(code: str) -> public_figures.Over:
    editions = _editions()
    try:
        indicator = template().indicator(code)
    except KeyError:
        raise Http404 from None
    if not editions:
        raise Http404
    return public_figures.over_time(indicator, editions)


_KIND_NAMES: Final = {
    "csv": "CSV", "hxl.csv": "HXL CSV", "xlsx": "Excel", "sdmx.csv": "SDMX-CSV",
    "sdmx.json": "SDMX-JSON", "sdmx.xml": "SDMX-ML", "structure.xml": "SDMX (structure)",
}  # fmt: skip


def _kinds(table: str) -> list[tuple[str, str]]:
    """(name, address) of every format of a table."""
    language = public_figures.language()
    return [
        (
            _KIND_NAMES.get(kind, kind),
            reverse("open_data:file", kwargs={"table": table, "kind": kind}) + f"?lang={language}",
        )
        for kind in KINDS
    ]


def _table(request: HttpRequest, where: Where) -> Where:
    editions = open_data.editions_of(where["month"])
    if not editions:
        raise Http404
    edition = editions[-1]
    spec = regional_release.specs().get(where["table"])
    if spec is not None:
        return _noisy(spec, edition, where["month"])
    try:
        found = public_figures.table_of(edition, where["table"])
    except KeyError:
        raise Http404 from None
    return {
        "edition": edition, "month": where["month"], "table": found,
        "kinds": _kinds(where["table"]),
    }  # fmt: skip


def _noisy(spec: Spec, edition: Edition, month: Month) -> Where:
    """A table with noise; 404 where no partner of the edition has sent it."""
    if spec.code not in {one.code for one in regional_pages.listed(month, edition.noisy)}:
        raise Http404
    found = regional_pages.region_table(spec, month, edition.noisy, public_figures.partners())
    return {
        "edition": edition, "month": month, "table": found, "kinds": _kinds(spec.code),
        "noise": regional_pages.method(), "source": regional_release.spec_set().source,
        "with_noise": True,
    }  # fmt: skip


def _about(request: HttpRequest, where: Where) -> Where:
    return {
        "data_url": request.build_absolute_uri(reverse("open_data:index")),
        "tables": [
            (one.code, in_language(one.title, public_figures.language()),
             in_language(in_all(one.counts), public_figures.language()), _kinds(one.code))
            for one in template().tables
        ],
        "noisy_tables": [
            (code, regional_pages.title_of(code), regional_pages.definition_of(code), _kinds(code))
            for code in open_data.noisy_codes()
        ],
        "noise": regional_pages.method(),
    }  # fmt: skip


def _embed(request: HttpRequest, where: Where) -> Where:
    over = _over(where["code"])
    page = reverse(
        "figures:indicator",
        kwargs={"language": public_figures.language(), "code": where["code"]},
    )
    chart = screens(partial(public_figures.line_chart, over), public_figures.WIDE)
    return {"over": over, "chart": chart, "page": page}


newest = _page("newest", _newest)
month = _page("month", _month)
indicator = _page("indicator", _indicator)
table = _page("table", _table)
about = _page("about", _about)
embed = xframe_options_exempt(csp_replace({"frame-ancestors": ["*"]})(_page("embed", _embed)))


@require_safe
@public_door
@condition(etag_func=_etag)
def chart(request: HttpRequest, language: str, code: str) -> HttpResponse:
    """The chart as a file of its own, for an image of any page."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with override(language):
        over = _over(code)
        page = request.build_absolute_uri(
            reverse("figures:indicator", kwargs={"language": language, "code": code})
        )
        foot = [
            _("Source: regional monthly exchange, %(page)s. Gaps: not sent or hidden.")
            % {"page": page}
        ]
        if settings.MOSTOVI.demo:
            foot.append(_("Made-up data: no person is behind these figures."))
        note = _(
            "This designation is without prejudice to positions on status, and is in line with "
            "UNSCR 1244/1999 and the ICJ Opinion on the Kosovo declaration of independence."
        )
        svg = standalone(
            public_figures.line_chart(over), foot=" ".join([*foot, f"* {note}"]),
            mirrored=public_figures.mirrored(),
        )  # fmt: skip
    answer = HttpResponse(svg, content_type="image/svg+xml; charset=utf-8")
    answer["Access-Control-Allow-Origin"] = "*"
    return _open(answer, language)
