# SPDX-License-Identifier: EUPL-1.2
"""Addresses of persons. What belongs to a person is addressed beneath that person."""

from django.urls import path

from mostovi.people import consent_views, joining_views, views

app_name = "people"
urlpatterns = [
    path("", views.people, name="list"),
    path("new/", views.new, name="new"),
    path("overrides/", consent_views.overrides, name="overrides"),
    path("<str:code>/", views.person, name="person"),
    path("<str:code>/edit/", views.edit, name="edit"),
    path("<str:code>/joining/", joining_views.joining, name="joining"),
    path("<str:code>/joining/<uuid:pk>/part/", joining_views.part, name="part"),
    path("<str:code>/family/", views.family, name="family"),
    path("<str:code>/conflicts/", views.conflicts, name="conflicts"),
    path("<str:code>/conflicts/<uuid:pk>/", views.settle, name="settle"),
    path("<str:code>/history/<str:field>/", views.history, name="history"),
    path("<str:code>/printed-code/", views.printed_code, name="printed_code"),
    path("<str:code>/printed-code/stop/", views.stop_printed_code, name="stop_printed_code"),
    path("<str:code>/copy.json", views.copy, name="copy"),
    path("<str:code>/consents/", consent_views.consents, name="consents"),
    path("<str:code>/consents/new/", consent_views.new, name="consent_new"),
    path("<str:code>/consents/read/", consent_views.read_out, name="consent_read"),
    path("<str:code>/consents/override/", consent_views.override, name="override_new"),
    path("<str:code>/consents/<uuid:pk>/", consent_views.consent, name="consent"),
    path("<str:code>/consents/<uuid:pk>/sheet/", consent_views.sheet, name="consent_sheet"),
    path("<str:code>/consents/<uuid:pk>/withdraw/", consent_views.withdraw, name="withdraw"),
    path("<str:code>/consents/<uuid:pk>/decide/", consent_views.decide, name="override_decide"),
]
