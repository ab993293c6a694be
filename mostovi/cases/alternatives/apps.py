# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class AlternativesConfig(AppConfig):
    """Registers the package and what it answers to the packages beneath it."""

    name = "mostovi.cases.alternatives"
    label = "alternatives"
    verbose_name = "Alternatives to detention"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register gates and what belongs into the copy of a person's file."""
        from mostovi.cases.alternatives import registrations

        registrations.register()
