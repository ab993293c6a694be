# SPDX-License-Identifier: EUPL-1.2
"""All addresses of a node: the shell's own, and those of every package that has a `urls` module."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from mostovi.node import api, health, views

app_urls: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("about/", views.about, name="about"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("act/", views.switch, name="switch"),
    path("display/", views.theme, name="theme"),
    path("sessions/", views.own_sessions, name="sessions"),
    path("sessions/end/", views.end_own_session, name="end_session"),
    path("start/<str:reference>/<str:token>/", views.start, name="start"),
    path("administration/accounts/", views.account_list, name="accounts"),
    path("administration/accounts/new/", views.account_new, name="account_new"),
    path("administration/accounts/<uuid:pk>/", views.account, name="account"),
    path("administration/accounts/<uuid:pk>/grant/", views.account_grant, name="account_grant"),
    path(
        "administration/accounts/<uuid:pk>/roles/<int:membership>/end/",
        views.account_end_role,
        name="account_end_role",
    ),
    path("administration/accounts/<uuid:pk>/state/", views.account_state, name="account_state"),
    path(
        "administration/accounts/<uuid:pk>/start-link/",
        views.account_start_link,
        name="account_start_link",
    ),
]

MOUNTS: tuple[tuple[str, str], ...] = (
    ("people/", "mostovi.people.urls"),
    ("children/", "mostovi.cases.children.urls"),
    ("victims/", "mostovi.cases.victims.urls"),
    ("alternatives/", "mostovi.cases.alternatives.urls"),
    ("services/", "mostovi.cases.directory.urls"),
    ("transfers/", "mostovi.cases.transfers.urls"),
    ("cases/", "mostovi.cases.urls"),
    ("tracing/", "mostovi.tracing.urls"),
    ("routes/", "mostovi.routes.urls"),
    ("incidents/", "mostovi.routes.incidents.urls"),
    ("figures/", "mostovi.statistics.public_urls"),
    ("progress/", "mostovi.plan.public_urls"),
    ("pathways/", "mostovi.pathways.urls"),
    ("ways/", "mostovi.portal.ways_urls"),
    ("openrosa/", "mostovi.screening.openrosa_urls"),
    ("screening/", "mostovi.screening.urls"),
    ("exchange/", "mostovi.exchange.urls"),
    ("r1/", "mostovi.exchange.xroad_urls"),
    ("statistics/", "mostovi.statistics.urls"),
    ("plan/", "mostovi.plan.urls"),
    ("procedures/", "mostovi.procedures.urls"),
    ("my-file/", "mostovi.portal.urls"),
    ("data-protection/", "mostovi.rights.urls"),
)
"""Where a package's addresses begin; those not built yet are left out."""

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((app_urls, "node"))),
    path("language/", views.set_language, name="set_language"),
    path("accounts/", include("allauth.urls")),
    path("health", health.health, name="health"),
    path("metrics", health.metrics, name="metrics"),
    path("api/v1/", (api.urlpatterns, api.app_name, api.namespace)),
    *(path(prefix, include(module)) for prefix, module in MOUNTS if find_spec(module)),
]

handler400 = "mostovi.node.views.bad_request"
handler403 = "mostovi.node.views.forbidden"
handler404 = "mostovi.node.views.not_found"
handler429 = "mostovi.node.views.too_many"
handler500 = "mostovi.node.views.failure"
