# SPDX-License-Identifier: EUPL-1.2
"""The same addresses behind a Security Server that passes its prefix on (`/r1/<service>/...`)."""

from django.urls import include, path

urlpatterns = [path("<path:service>/exchange/", include("mostovi.exchange.wire_urls"))]
