# SPDX-License-Identifier: EUPL-1.2
"""Pages on links: the network as picture and table, and the decision on one link."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door
from mostovi.routes.incidents import linking
from mostovi.routes.incidents import links as pure
from mostovi.routes.incidents.forms import LinkForm
from mostovi.routes.incidents.links import Shared
from mostovi.routes.incidents.models import LinkDecision
from mostovi.routes.incidents.network_drawing import Edge, Node, drawn
from mostovi.routes.incidents.store import Unfit
from mostovi.routes.incidents.views import found
from mostovi.routes.incidents.wording import add_error, rulings, say

MOST_DRAWN = 40
"""Incidents in one picture; the table below always has all."""
MOST_LISTED = 200


@require_GET
@door(Action.READ, Kind.INCIDENT)
def links(request: ActingRequest) -> HttpResponse:
    """Everything that is shared: picture, table, what nobody has looked at yet."""
    network = linking.network(request.actor)
    around = request.GET.get("around", "")
    chosen = list(network.shared)
    if around:
        near = pure.around(network.links, around)
        chosen = [item for item in chosen if set(item.incidents) & near.keys()]
    names = linking.written(request.actor, chosen[:MOST_LISTED])
    numbers: dict[tuple[str, bytes], int] = {}
    for item in chosen:
        numbers[item.kind, item.token] = 1 + sum(1 for kind, _t in numbers if kind == item.kind)
    table = [
        {
            "label": _label(item, numbers),
            "written": names.get((item.kind, item.token), ""),
            "incidents": item.incidents,
            "wide": item.is_wide,
        }
        for item in chosen[:MOST_LISTED]
    ]
    ruled = rulings(network)
    listed = [
        {"link": link, "kinds": [say("identifier_kinds", kind) for kind in link.kinds],
         "ruling": ruled.get((link.one, link.other), ""), "ruled": network.is_ruled(link)}
        for link in network.links[:MOST_LISTED]
        if not around or around in (link.one, link.other)
    ]  # fmt: skip
    context = {
        "picture": _picture(chosen, numbers, network, around), "table": table, "listed": listed,
        "around": around, "wide_from": pure.WIDE, "groups": network.groups,
    }  # fmt: skip
    return render(request, "incidents/links.html", context)


def _label(item: Shared, numbers: dict[tuple[str, bytes], int]) -> str:
    return f"{say('identifier_kinds', item.kind)} {numbers[item.kind, item.token]}"


def _picture(
    chosen: list[Shared],
    numbers: dict[tuple[str, bytes], int],
    network: linking.Network,
    around: str,
) -> str:
    parted = {
        frozenset(pair)
        for pair, row in network.rulings.items()
        if row.ruling == LinkDecision.Ruling.NOT_CONNECTED
    }
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    for item in chosen:
        if item.is_wide:
            continue
        fresh = set(item.incidents) - nodes.keys()
        if len([n for n in nodes.values() if n.is_incident]) + len(fresh) > MOST_DRAWN:
            break
        key = f"{item.kind}:{item.token.hex()}"
        nodes[key] = Node(key, _label(item, numbers), False)
        doubted = len(item.incidents) == 2 and frozenset(item.incidents) in parted
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
    network = linking.network(request.actor)
    pair = tuple(sorted([first.code, second.code]))
    seen = next((item for item in network.links if (item.one, item.other) == pair), None)
    if seen is None:
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
    names = linking.written(request.actor, seen.shared)
    ruled = network.rulings.get((seen.one, seen.other))
    context = {
        "first": first, "second": second, "form": form,
        "shared": [
            (say("identifier_kinds", item.kind), names.get((item.kind, item.token), ""),
             len(item.incidents))
            for item in seen.shared
        ],
        "ruled": ruled, "reason": ruled.values()["reason"] if ruled else "",
        "is_ruled": network.is_ruled(seen),
    }  # fmt: skip
    return render(request, "incidents/link.html", context, status=422 if form.errors else 200)
