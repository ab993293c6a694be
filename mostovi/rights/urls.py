# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the data-protection officer's pages."""

from django.urls import path

from mostovi.rights import views

app_name = "rights"
urlpatterns = [
    path("", views.protection, name="protection"),
    path("log/", views.log, name="log"),
    path("log/verify/", views.verify, name="verify"),
    path("log/export.jsonl", views.export_log, name="export_log"),
    path("retention/run/", views.retain, name="retain"),
    path("access/", views.access_table, name="access_table"),
]
