# SPDX-License-Identifier: EUPL-1.2
"""Addresses of transfers of cases."""

from django.urls import path

from mostovi.cases.transfers import views

app_name = "transfers"
urlpatterns = [
    path("", views.transfer_list, name="list"),
    path("new/<str:code>/", views.new, name="new"),
    path("<str:code>/", views.transfer_page, name="transfer"),
    path("<str:code>/send/", views.send, name="send"),
    path("<str:code>/step/", views.step, name="step"),
    path("<str:code>/open/", views.open_here, name="open"),
]
