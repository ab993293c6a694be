# SPDX-License-Identifier: EUPL-1.2
"""Pages on links: the network as picture and table, and the decision on one link."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList
from mostovi.routes.incidents import linking
from mostovi.routes.incidents.forms import LinkForm
from mostovi.routes.incidents.links import WIDE, Shared
from mostovi.routes.incidents.network_drawing import Edge, Node, drawn
from mostovi.routes.incidents.pairing import Thing
from mostovi.routes.incidents.store import Unfit
from mostovi.routes.incidents.views import found
from mostovi.routes.incidents.wording import add_error, say

A_PAGE = 20
"""Pairs on a page: at most twice as many incidents in its picture."""
MOST_LISTED = 200


@require_GET
@door(Action.READ, Kind.INCIDENT)
def links(request: ActingRequest) -> HttpResponse:
    """What is shared, a page of pairs at a time, or around one incident: picture and tables."""
    code, page = request.GET.get("around", ""), None
    if code:
        centre = found(request, code)
        network = linking.around(request.actor, centre)
        code = centre.code
    else:
        page = LongList(linking.pairs(request.actor), A_PAGE).get_page(request.GET.get("page"))
        network = linking.among(request.actor, list(page.object_list))
    shared = network.shared[:MOST_LISTED]
    labels = _labels(shared)
    context = {
        "picture": _picture(network, shared, labels, code), "around": code, "page": page,
        "table": _table(shared, labels, linking.written(request.actor, shared)),
        "listed": [
            {"pair": row, "kinds": [say("identifier_kinds", kind) for kind in row.kinds]}
            for row in network.pairs[:MOST_LISTED]
        ],
        "more": network.more, "shown": len(network.incidents), "wide_from": WIDE,
    }  # fmt: skip
    return render(request, "incidents/links.html", context)


def _labels(shared: Sequence[Shared]) -> dict[Thing, str]:
    """How each thing is called on the page: its kind with a number, never what it is."""
    labels: dict[Thing, str] = {}
    numbers: Counter[str] = Counter()
    for item in shared:
        numbers[item.kind] += 1
        words = say("identifier_kinds", item.kind)
        labels[item.kind, item.token] = f"{words} {numbers[item.kind]}"
    return labels


def _table(
    shared: Sequence[Shared], labels: Mapping[Thing, str], names: Mapping[Thing, str]
) -> list[dict[str, Any]]:
    return [
        {
            "label": labels[item.kind, item.token],
            "written": names.get((item.kind, item.token), ""),
            "incidents": item.incidents,
            "wide": item.is_wide,
        }
        for item in shared
    ]


def _picture(
    network: linking.Network, shared: Sequence[Shared], labels: Mapping[Thing, str], around: str
) -> str:
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    for item in shared:
        if item.is_wide:
            continue
        key = f"{item.kind}:{item.token.hex()}"
        nodes[key] = Node(key, labels[item.kind, item.token], False)
        doubted = len(item.incidents) == 2 and frozenset(item.incidents) in network.parted
        for code in item.incidents:
            nodes[code] = Node(code, code, True, code == around)
            edges.append(Edge(code, key, doubted))
    words = _("Incidents are squares, shared things circles. The tables below say the same.")
    title = _("Network of incidents")
    picture = drawn(list(nodes.values()), edges, title=title, description=words)
    # Drawn by `network_drawing`, which escapes every text.
    return mark_safe(picture)  # noqa: S308


@require_http_methods(["GET", "POST"])
@door(Action.CHANGE, Kind.INCIDENT)
def link(request: ActingRequest, one: str, other: str) -> HttpResponse:
    """Two incidents that share something, why, and a person's decision on it."""
    first, second = found(request, one), found(request, other)
    pair = linking.pair(request.actor, first, second)
    if pair is None:
        raise Http404
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            linking.decide_link(request.actor, first, second, **form.cleaned_data)
        except Unfit as unfit:
            add_error(form, unfit)
        else:
            messages.success(request, _("Your decision is kept with its reasons."))
            return redirect("incidents:links")
    shared = linking.shared_by(request.actor, first, second)
    names = linking.written(request.actor, shared)
    ruled = linking.newest_ruling(request.actor, pair)
    context = {
        "first": first, "second": second, "form": form,
        "shared": [
            (say("identifier_kinds", item.kind), names.get((item.kind, item.token), ""),
             len(item.incidents))
            for item in shared
        ],
        "ruled": ruled, "reason": ruled.values()["reason"] if ruled else "",
        "is_ruled": not pair.undecided,
    }  # fmt: skip
    return render(request, "incidents/link.html", context, status=422 if form.errors else 200)
