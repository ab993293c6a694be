# SPDX-License-Identifier: EUPL-1.2
"""Addresses under `/pathways/`."""

from django.urls import path

from mostovi.pathways import comparison_views, reform_views, signing_views, views

app_name = "pathways"
urlpatterns = [
    path("", views.law_room, name="room"),
    path("law/<slug:partner>/<slug:pathway>/", views.pack, name="pack"),
    path("law/<slug:partner>/<slug:pathway>/pack.yaml", views.pack_text, name="pack_text"),
    path("law/<slug:partner>/<slug:pathway>/golden.yaml", views.golden_text, name="golden_text"),
    path("law/<slug:partner>/<slug:pathway>/sign/", signing_views.sign, name="sign"),
    path(
        "law/<slug:partner>/<slug:pathway>/signed/<uuid:pk>/", signing_views.signed, name="signed"
    ),
    path("compare/", comparison_views.choose, name="compare_choose"),
    path("compare/<slug:pathway>/", comparison_views.compare, name="compare"),
    path("compare/<slug:pathway>/table.<str:form>", comparison_views.table, name="compare_table"),
    path("reforms/", reform_views.reforms, name="reforms"),
    path("reforms/new/", reform_views.begin, name="reform_begin"),
    path("reforms/<slug:code>/", reform_views.reform, name="reform"),
    path("reforms/<slug:code>/edit/", reform_views.edit, name="reform_edit"),
    path("reforms/<slug:code>/upload/", reform_views.upload, name="reform_upload"),
    path("reforms/<slug:code>/aside/", reform_views.aside, name="reform_aside"),
    path("reforms/<slug:code>/draft.yaml", reform_views.draft_text, name="reform_text"),
    path("reforms/<slug:code>/versions/<int:number>/", reform_views.version, name="reform_version"),
]
