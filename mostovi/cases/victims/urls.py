# SPDX-License-Identifier: EUPL-1.2
"""Addresses of `victims`. Statements stand first: no case is addressed beneath them."""

from django.urls import path

from mostovi.cases.victims import views

app_name = "victims"
urlpatterns = [
    path("statements/", views.statement_list, name="statements"),
    path("statements/<str:reference>/", views.statement, name="statement"),
    path("<str:code>/", views.protection_page, name="protection"),
    path("<str:code>/decide/<str:ruling>/", views.decision, name="decide"),
    path("<str:code>/period/", views.clock, name="clock"),
    path("<str:code>/statement/", views.statement_new, name="statement_new"),
]
