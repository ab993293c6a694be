# SPDX-License-Identifier: EUPL-1.2
"""Addresses of detection and of assessments, within those of `routes`."""

from django.urls import path

from mostovi.routes import detection_views as views

urlpatterns = [
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/check/", views.check, name="check_series"),
    path("alerts/<uuid:alert>/", views.alert, name="alert"),
    path("series/<str:code>/", views.series, name="series"),
    path("assessments/", views.assessments, name="assessments"),
    path("assessments/new/", views.assess, name="assess"),
    path("assessments/<uuid:assessment>/", views.assessment, name="assessment"),
    path("assessments/<uuid:assessment>.json", views.assessment_json, name="assessment_json"),
    path("assessments/<uuid:assessment>.pdf", views.assessment_pdf, name="assessment_pdf"),
    path("assessments/<uuid:assessment>/change/", views.assess, name="change_assessment"),
    path("assessments/<uuid:assessment>/judge/", views.judge, name="judge"),
    path("assessments/<uuid:assessment>/publish/", views.publish_assessment,
         name="publish_assessment"),
    path("assessments/<uuid:assessment>/edition/", views.new_edition, name="new_edition"),
    path("assessments/<uuid:assessment>/<int:judgement>/dissent/", views.dissent, name="dissent"),
    path("assessments/<uuid:assessment>/<int:judgement>/drop/", views.drop, name="drop_judgement"),
]  # fmt: skip
