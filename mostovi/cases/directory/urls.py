# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the directory of services."""

from django.urls import path

from mostovi.cases.directory import views

app_name = "directory"
urlpatterns = [
    path("", views.service_list, name="list"),
    path("new/", views.new, name="new"),
    path("import/", views.take_in, name="import"),
    path("export/<str:form>/", views.export, name="export"),
    path("<str:code>/", views.service_page, name="service"),
    path("<str:code>/edit/", views.edit, name="edit"),
    path("<str:code>/capacity/", views.capacity, name="capacity"),
    path("<str:code>/history/", views.history, name="history"),
]
