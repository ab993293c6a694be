# SPDX-License-Identifier: EUPL-1.2
"""Addresses of `incidents`. Every one is for investigators alone."""

from django.urls import path

from mostovi.routes.incidents import investigation_views, link_views, views, work_views

app_name = "incidents"

urlpatterns = [
    path("", views.incident_list, name="list"),
    path("new/", views.new, name="new"),
    path("links/", link_views.links, name="links"),
    path("links/<slug:one>/<slug:other>/", link_views.link, name="link"),
    path("investigations/", investigation_views.investigations, name="investigations"),
    path("investigations/new/", investigation_views.new, name="investigation_new"),
    path("investigations/<slug:code>/", investigation_views.investigation, name="investigation"),
    path(
        "investigations/<slug:code>/incident/", investigation_views.add_incident,
        name="add_incident",
    ),
    path("investigations/<slug:code>/checklist/", investigation_views.checklist, name="checklist"),
    path("investigations/<slug:code>/end/", investigation_views.end, name="end"),
    path("investigations/<slug:code>/joint/", work_views.propose, name="joint_new"),
    path("outcomes/", investigation_views.outcome_list, name="outcomes"),
    path("outcomes/<uuid:pk>/withdraw/", investigation_views.withdraw, name="outcome_withdraw"),
    path("joint/<slug:code>/", work_views.joint_page, name="joint"),
    path("joint/<slug:code>/send/", work_views.joint_send, name="joint_send"),
    path("joint/<slug:code>/step/", work_views.joint_step, name="joint_step"),
    path("joint/<slug:code>/attach/", work_views.joint_attach, name="joint_attach"),
    path("joint/<slug:code>/share/", work_views.share, name="share"),
    path("assistance/", work_views.assistance_list, name="assistance_list"),
    path("assistance/new/", work_views.assistance_new, name="assistance_new"),
    path("assistance/<slug:code>/", work_views.assistance_page, name="assistance"),
    path("assistance/<slug:code>/send/", work_views.assistance_send, name="assistance_send"),
    path("assistance/<slug:code>/step/", work_views.assistance_step, name="assistance_step"),
    path("<slug:code>/", views.incident, name="incident"),
    path("<slug:code>/identifier/", views.note, name="note"),
    path("<slug:code>/identifier/<uuid:pk>/remove/", views.forget, name="forget"),
    path("<slug:code>/advert/", views.advert, name="advert"),
]  # fmt: skip
