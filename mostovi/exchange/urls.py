# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the exchange: pages for administrators, and the door for other nodes."""

from django.urls import include, path

from mostovi.exchange import views

app_name = "exchange"
urlpatterns = [
    path("", views.status, name="status"),
    path("letters/", views.letters, name="letters"),
    path("letters/<uuid:pk>/", views.letter, name="letter"),
    path("letters/<uuid:pk>/retry/", views.retry, name="retry"),
    path("letters/<uuid:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("alarms/<int:pk>/close/", views.close_alarm, name="close_alarm"),
    path("keys/", views.keys, name="keys"),
    path("keys/rotate/", views.rotate, name="rotate"),
    path("nodes/import/", views.import_directory, name="import_directory"),
    path("nodes/publish/", views.publish, name="publish"),
    path("", include("mostovi.exchange.wire_urls")),
]
