# SPDX-License-Identifier: EUPL-1.2
"""Addresses of findings, part of screening's own (`urls`)."""

from django.urls import path

from mostovi.screening import finding_views

urlpatterns = [
    path("submissions/<uuid:pk>/finding/", finding_views.finding_page, name="finding"),
    path("submissions/<uuid:pk>/finding/again/", finding_views.find_again, name="find_again"),
    path(
        "submissions/<uuid:pk>/finding/<uuid:finding_id>/decide/",
        finding_views.decide_finding,
        name="decide_finding",
    ),
]
