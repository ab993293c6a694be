# SPDX-License-Identifier: EUPL-1.2
"""Addresses for other nodes, mounted once under `exchange/` and once behind X-Road's prefix."""

from django.urls import path

from mostovi.exchange import endpoints

urlpatterns = [
    path("v1/messages", endpoints.messages, name="messages"),
    path("v1/receipts", endpoints.receipts, name="receipts"),
    path("v1/blobs/<str:sha256>", endpoints.blobs, name="blobs"),
    path("v1/directory", endpoints.directory, name="directory"),
    path("v1/entry", endpoints.entry, name="entry"),
]
