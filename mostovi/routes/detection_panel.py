# SPDX-License-Identifier: EUPL-1.2
"""Alerts on the pages of flows, and how a series is called."""

from __future__ import annotations

from django.utils.translation import gettext as _

from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.routes.catalogue import network
from mostovi.routes.detection_models import FlowAlert
from mostovi.routes.models import PublicImport
from mostovi.routes.panels import Panel
from mostovi.routes.words import route_name, way_name


def series_name(code: str) -> str:
    """A series in the reader's words."""
    source, _colon, rest = code.partition(":")
    where = rest.removeprefix("way:").split(":")[0]
    try:
        named = way_name(network().way(where))
    except KeyError:
        named = route_name(where)
    if source in PublicImport.Publisher.values:
        return f"{PublicImport.Publisher(source).label}: {named}"
    kinds = {"own": _("Counted here"), "balanced": _("Balanced flow")}
    return f"{kinds.get(source, source)}: {named}"


def alert_panel(actor: Actor, about: str) -> Panel | None:
    """How many alerts wait, on the overview and on the page of a way or route."""
    if not decide(actor, Action.READ, Kind.FLOW).allowed:
        return None
    found = FlowAlert.objects.filter(reviewed_at=None)
    if about:
        ends = about if ":" in about else f":{about}"
        found = found.filter(code__endswith=ends)
    rows = list(found[:4])
    if not rows and about:
        return None
    context = {
        "alerts": [(row, series_name(row.code)) for row in rows[:3]], "more": len(rows) > 3,
    }  # fmt: skip
    return Panel("routes/alert_panel.html", context, order=10)
