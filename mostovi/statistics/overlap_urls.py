# SPDX-License-Identifier: EUPL-1.2
"""Addresses of counts with another partner, within those of `statistics`."""

from django.urls import path

from mostovi.statistics import overlap_views as views

urlpatterns = [
    path("overlaps/", views.overlaps, name="overlaps"),
    path("overlaps/new/", views.propose, name="overlap_new"),
    path("overlaps/<uuid:pk>/", views.overlap, name="overlap"),
]
