# SPDX-License-Identifier: EUPL-1.2
"""Addresses of `plan`."""

from django.urls import path

from mostovi.plan import views

app_name = "plan"

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("actions/<int:number>/", views.action, name="action"),
    path("actions/<int:number>/report/", views.report, name="report"),
    path("partners/<slug:code>/", views.partner, name="partner"),
    path("figures/", views.figures, name="figures"),
    path("figures/migrant-stock/", views.stock, name="stock"),
    path("figures/migrant-stock/import/", views.stock_import, name="stock_import"),
]
