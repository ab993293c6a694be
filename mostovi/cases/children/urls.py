# SPDX-License-Identifier: EUPL-1.2
"""Addresses of child protection. What belongs to a case is addressed beneath its code."""

from django.urls import path

from mostovi.cases.children import age_views, views

app_name = "children"
urlpatterns = [
    path("places/", views.place_list, name="places"),
    path("places/new/", views.place_edit, name="place_new"),
    path("places/<slug:place>/", views.place_edit, name="place"),
    path("<str:code>/guardian/", views.guardian_page, name="guardian"),
    path("<str:code>/guardian/appoint/", views.guardian_appoint, name="guardian_appoint"),
    path("<str:code>/guardian/end/", views.guardian_end, name="guardian_end"),
    path("<str:code>/care/", views.care_page, name="care"),
    path("<str:code>/care/place/", views.care_place, name="care_place"),
    path("<str:code>/care/end/", views.care_end, name="care_end"),
    path("<str:code>/age/", age_views.age_page, name="age"),
    path("<str:code>/age/doubt/", age_views.doubt, name="age_doubt"),
    path("<str:code>/age/<uuid:assessment>/consent/", age_views.consent, name="age_consent"),
    path("<str:code>/age/<uuid:assessment>/method/", age_views.method, name="age_method"),
    path("<str:code>/age/<uuid:assessment>/step/", age_views.step, name="age_step"),
]
