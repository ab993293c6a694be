# SPDX-License-Identifier: EUPL-1.2
"""Addresses of screening; mounted at `/screening/`."""

from django.urls import path

from mostovi.screening import finding_urls, form_views

app_name = "screening"

urlpatterns = [
    *finding_urls.urlpatterns,
    path("", form_views.form_list, name="forms"),
    path("import/", form_views.form_import, name="form_import"),
    path("forms/<str:form_id>/", form_views.form_page, name="form"),
    path("forms/<str:form_id>/offer/", form_views.form_offer, name="form_offer"),
    path("forms/<str:form_id>/media/", form_views.form_media_add, name="form_media_add"),
    path("forms/<str:form_id>/fill/", form_views.fill, name="fill"),
    path("forms/<str:form_id>/paper/", form_views.paper, name="paper"),
    path("forms/<str:form_id>/<int:version_id>/form.xml", form_views.form_xml, name="form_xml"),
    path(
        "forms/<str:form_id>/<int:version_id>/media/<str:name>",
        form_views.form_media,
        name="form_media",
    ),
    path("forms/<str:form_id>/submit/", form_views.submit, name="submit"),
    path("submissions/", form_views.submission_list, name="submissions"),
    path("submissions/<uuid:pk>/", form_views.submission_page, name="submission"),
    path(
        "submissions/<uuid:pk>/files/<uuid:file_id>/",
        form_views.submission_file,
        name="submission_file",
    ),
    path("devices/", form_views.device_list, name="devices"),
    path("devices/<uuid:pk>/revoke/", form_views.device_revoke, name="device_revoke"),
]
