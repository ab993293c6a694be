# SPDX-License-Identifier: EUPL-1.2
"""Addresses of a person's own file, and of the staff's answers to what is asked from there."""

from django.urls import path

from mostovi.portal import staff_views, views

app_name = "portal"
urlpatterns = [
    path("", views.enter, name="enter"),
    path("file/", views.own_file, name="file"),
    path("file/copy.json", views.copy, name="copy"),
    path("file/consents/<uuid:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("file/ask/<str:kind>/", views.ask, name="ask"),
    path("leave/", views.leave, name="leave"),
    path("exit/", views.quick_exit, name="exit"),
    path("requests/", staff_views.requests, name="requests"),
    path("requests/<uuid:pk>/", staff_views.answer, name="answer"),
    path("corrections/", staff_views.corrections, name="corrections"),
    path("corrections/<uuid:pk>/", staff_views.correct, name="correct"),
]
