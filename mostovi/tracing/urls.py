# SPDX-License-Identifier: EUPL-1.2
"""Addresses of family tracing. What belongs to a search is addressed beneath it."""

from django.urls import path

from mostovi.tracing import match_views, views

app_name = "tracing"
urlpatterns = [
    path("", views.listing, name="list"),
    path("new/", views.new, name="new"),
    path("matches/<str:code>/", match_views.match_page, name="match"),
    path("matches/<str:code>/look/", match_views.look, name="look"),
    path("matches/<str:code>/answer/", match_views.answer, name="answer"),
    path("matches/<str:code>/answers/", match_views.answers, name="answers"),
    path("matches/<str:code>/step/", match_views.step, name="match_step"),
    path("matches/<str:code>/prepare/", match_views.prepare, name="prepare"),
    path("<str:code>/", views.request_page, name="request"),
    path("<str:code>/add/", views.add, name="add"),
    path("<str:code>/begin/", views.begin, name="begin"),
    path("<str:code>/sought/<uuid:sought>/step/", views.step, name="step"),
]
