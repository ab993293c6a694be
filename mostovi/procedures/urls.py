# SPDX-License-Identifier: EUPL-1.2
"""Addresses under `/procedures/`."""

from django.urls import path

from mostovi.procedures import views

app_name = "procedures"
urlpatterns = [
    path("", views.procedure_list, name="list"),
    path("<slug:code>/", views.procedure_detail, name="detail"),
    path("<slug:code>/drawing.svg", views.procedure_svg, name="svg"),
    path("<slug:code>/procedure.bpmn", views.procedure_bpmn, name="bpmn"),
]
