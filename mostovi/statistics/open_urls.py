# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the open files, beneath the public figures."""

from django.urls import path, re_path

from mostovi.statistics import open_views

app_name = "open_data"

urlpatterns = [
    path("", open_views.index, name="index"),
    path("<slug:table>.svg", open_views.chart, name="chart"),
    path("<slug:table>.vl.json", open_views.drawing, name="drawing"),
    path("<slug:table>/embed/", open_views.embed, name="embed"),
    re_path(r"^(?P<table>[\w-]+)\.(?P<kind>[a-z.]{3,13})$", open_views.file, name="file"),
]
