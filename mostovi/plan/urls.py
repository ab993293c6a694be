# SPDX-License-Identifier: EUPL-1.2
"""Addresses of `plan`."""

from django.urls import path

from mostovi.plan import following_views, report_views, views

app_name = "plan"

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("actions/<int:number>/", views.action, name="action"),
    path("actions/<int:number>/report/", views.report, name="report"),
    path("actions/<int:number>/milestone/", following_views.milestone, name="milestone_new"),
    path(
        "actions/<int:number>/milestone/<uuid:reference>/", following_views.milestone,
        name="milestone",
    ),
    path("partners/<slug:code>/", views.partner, name="partner"),
    path("support/", following_views.support, name="support"),
    path("support/new/", following_views.support_new, name="support_new"),
    path("support/match/", following_views.match, name="match"),
    path("support/answer/<uuid:reference>/", following_views.answer, name="match_answer"),
    path("support/<uuid:reference>/close/", following_views.close, name="support_close"),
    path("compare/", report_views.compare, name="compare"),
    path("report/", report_views.annual, name="progress_report"),
    path("report/<int:year>/", report_views.annual, name="annual"),
    path("report/paper.pdf", report_views.paper, name="progress_paper"),
    path("report/<int:year>/paper.pdf", report_views.paper, name="annual_paper"),
    path("of/<slug:code>/", report_views.annual_of, name="other"),
    path("figures/", views.figures, name="figures"),
    path("figures/migrant-stock/", views.stock, name="stock"),
    path("figures/migrant-stock/import/", views.stock_import, name="stock_import"),
    path("figures/asylum/", report_views.asylum_page, name="asylum"),
    path("figures/detections/", report_views.detections_page, name="detections"),
    path("figures/<slug:kind>/import/", report_views.file_import, name="file_import"),
]  # fmt: skip
