# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class RoutesConfig(AppConfig):
    """Registers the package and what it answers to the packages beneath it."""

    name = "mostovi.routes"
    label = "routes"
    verbose_name = "Flows and routes"
    default_auto_field = "django.db.models.BigAutoField"
