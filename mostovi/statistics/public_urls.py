# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the public figures. The language stands in the address, for the caches' sake."""

from django.urls import include, path

from mostovi.statistics import public_views as views
from mostovi.statistics import urls  # noqa: F401 - registers the converter `month`

pages = [
    path("", views.choose, name="choose"),
    path("<slug:language>/", views.newest, name="newest"),
    path("<slug:language>/about/", views.about, name="about"),
    path("<slug:language>/indicators/<slug:code>/", views.indicator, name="indicator"),
    path("<slug:language>/indicators/<slug:code>/chart.svg", views.chart, name="chart"),
    path("<slug:language>/indicators/<slug:code>/embed/", views.embed, name="embed"),
    path("<slug:language>/<month:month>/", views.month, name="month"),
    path("<slug:language>/<month:month>/<int:edition>/", views.month, name="edition"),
    path("<slug:language>/<month:month>/<slug:table>/", views.table, name="table"),
]
urlpatterns = [
    path("data/", include("mostovi.statistics.open_urls")),
    path("", include((pages, "figures"))),
]
