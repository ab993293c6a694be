# SPDX-License-Identifier: EUPL-1.2
"""The exchange's addresses alone, as the node mounts them."""

from django.urls import include, path

urlpatterns = [
    path("exchange/", include("mostovi.exchange.urls")),
    path("r1/", include("mostovi.exchange.xroad_urls")),
]
