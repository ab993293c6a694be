# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Registers the `cases` package and what it answers to the packages beneath it."""

    name = "mostovi.cases"
    label = "cases"
    verbose_name = "Cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register handlers, gates and retention."""
        from mostovi.cases import registrations

        registrations.register()
