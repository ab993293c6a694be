# SPDX-License-Identifier: EUPL-1.2
"""Public addresses of `plan`: what the partners say, for everybody."""

from django.urls import path

from mostovi.plan import public_views

app_name = "progress"

urlpatterns = [
    path("", public_views.overview, name="overview"),
    path("actions/<int:number>/", public_views.action, name="action"),
    path("data.json", public_views.data, name="data"),
]
