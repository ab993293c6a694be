# SPDX-License-Identifier: EUPL-1.2
"""Addresses for ODK Collect and KoboCollect; mounted at `/openrosa/`. No trailing slashes."""

from django.urls import path

from mostovi.screening import openrosa_views

app_name = "openrosa"

urlpatterns = [
    path("formList", openrosa_views.form_list, name="form_list"),
    path("forms/<int:version_id>.xml", openrosa_views.form_xml, name="form"),
    path("forms/<int:version_id>/manifest", openrosa_views.form_manifest, name="manifest"),
    path("forms/<int:version_id>/media/<str:name>", openrosa_views.form_media, name="media"),
    path("submission", openrosa_views.submission, name="submission"),
]
