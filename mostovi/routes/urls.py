# SPDX-License-Identifier: EUPL-1.2
"""Addresses of `routes`."""

from django.urls import path

from mostovi.routes import detection_urls, fine_views, publish_views, views

app_name = "routes"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("ways/<slug:code>/", views.way, name="way"),
    path("over-time/", views.over_time, name="over_time"),
    path("flows.csv", views.flows_csv, name="flows_csv"),
    path("public/", views.public_figures, name="public"),
    path("public/import/", publish_views.import_public, name="import_public"),
    path("public/<slug:publisher>/<slug:route>/", views.public_route, name="public_route"),
    path("publish/", publish_views.due, name="due"),
    path("publish/<slug:period>/", publish_views.publish, name="publish"),
    path("observe/", fine_views.observe, name="observe"),
    path("observe/file/", fine_views.observe_file, name="observe_file"),
    path("observe/file/sheet.csv", fine_views.sheet, name="sheet"),
    path("points/", fine_views.points, name="points"),
    path("points/<slug:code>/close/", fine_views.close, name="close_point"),
    path("fine/", fine_views.reason, name="reason"),
    path("fine/<uuid:reading>/", fine_views.fine, name="fine"),
    path("fine/<uuid:reading>/counts.csv", fine_views.fine_csv, name="fine_csv"),
    path("fine/<uuid:reading>/<uuid:observation>/withdraw/", fine_views.withdraw, name="withdraw"),
    *detection_urls.urlpatterns,
]
