# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class ChildrenConfig(AppConfig):
    """Registers the package and what it answers to the packages beneath it."""

    name = "mostovi.cases.children"
    label = "children"
    verbose_name = "Children"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register gates, age assessments, checks of records, sections of the case page."""
        from mostovi.cases.children import registrations

        registrations.register()
