# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the monthly exchange, within those of `statistics`."""

from django.urls import path

from mostovi.statistics import exchange_views as views

urlpatterns = [
    path("exchange/", views.overview, name="exchange"),
    path("exchange/<month:month>/prepare/", views.prepare, name="prepare"),
    path("exchange/submissions/<int:pk>/", views.submission, name="submission"),
    path("exchange/public/", views.public, name="own_figures"),
    path("exchange/remind/", views.remind, name="remind"),
    path("exchange/workbook/", views.upload, name="upload"),
    path("exchange/workbook/empty.xlsx", views.blank, name="blank_workbook"),
    path("exchange/<month:month>/tables/<slug:table>/", views.noisy_table, name="noisy_table"),
    path("exchange/<month:month>/", views.consolidate, name="consolidate"),
]
