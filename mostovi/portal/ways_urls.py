# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the self-check. An address names a language and a place, never an answer."""

from django.urls import path

from mostovi.portal import ways_views

app_name = "ways"
urlpatterns = [
    path("", ways_views.languages, name="languages"),
    path("exit/", ways_views.leave, name="exit"),
    path("worker.js", ways_views.worker, name="worker"),
    path("<slug:language>/", ways_views.places, name="places"),
    path("<slug:language>/app.webmanifest", ways_views.manifest, name="manifest"),
    path("<slug:language>/<slug:partner>/", ways_views.start, name="start"),
    path("<slug:language>/<slug:partner>/check/", ways_views.check, name="check"),
    path("<slug:language>/<slug:partner>/help/", ways_views.help_page, name="help"),
    path("<slug:language>/<slug:partner>/parts.html", ways_views.parts, name="parts"),
]
