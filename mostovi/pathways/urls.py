# SPDX-License-Identifier: EUPL-1.2
"""Addresses under `/pathways/`."""

from django.urls import path

from mostovi.pathways import (
    case_views,
    comparison_views,
    reform_views,
    signing_views,
    simulation_views,
    views,
)

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
    path("cases/<str:code>/", case_views.checks, name="case_checks"),
    path("cases/<str:code>/check/", case_views.case_check, name="case_check"),
    path("cases/<str:code>/compare/", case_views.compare, name="case_compare"),
    path("cases/<str:code>/checks/<uuid:pk>/", case_views.saved, name="case_saved"),
    path("cases/<str:code>/checks/<uuid:pk>/sheet/", case_views.sheet, name="case_sheet"),
    path("cases/<str:code>/checks/<uuid:pk>/<slug:pathway>/", case_views.way, name="case_way"),
    path(
        "cases/<str:code>/checks/<uuid:pk>/<slug:pathway>/goal/", case_views.goal, name="case_goal"
    ),
    path("reforms/<slug:code>/simulate/", simulation_views.simulate, name="reform_simulate"),
    path("reforms/<slug:code>/simulate/begin/", simulation_views.begin, name="simulation_begin"),
    path("reforms/<slug:code>/simulate/<uuid:pk>/", simulation_views.simulation, name="simulation"),
    path(
        "reforms/<slug:code>/simulate/<uuid:pk>/progress.json",
        simulation_views.progress,
        name="simulation_progress",
    ),
    path(
        "reforms/<slug:code>/simulate/<uuid:pk>/result.<str:form>",
        simulation_views.result_file,
        name="simulation_file",
    ),
]
