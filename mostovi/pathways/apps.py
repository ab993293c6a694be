# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class PathwaysConfig(AppConfig):
    """Registers the package and what it answers to the packages beneath it."""

    name = "mostovi.pathways"
    label = "pathways"
    verbose_name = "Pathways"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the case's block and the copy of a person's file."""
        from mostovi.pathways import registrations

        registrations.register()
