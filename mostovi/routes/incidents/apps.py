# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Registers the package and what it answers to the packages beneath it."""

    name = "mostovi.routes.incidents"
    label = "incidents"
    verbose_name = "Incidents and investigations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Take in letters of investigations, and end what has reached its end."""
        from mostovi.rights import retention
        from mostovi.routes.incidents import ending, letters

        letters.register()
        retention.register("incident", ending.end)
