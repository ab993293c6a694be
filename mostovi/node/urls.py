# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the node."""

urlpatterns: list[object] = []
