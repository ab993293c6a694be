# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class VictimsConfig(AppConfig):
    """Registers the package and what it answers to the packages beneath it."""

    name = "mostovi.cases.victims"
    label = "victims"
    verbose_name = "Victims"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register gates, barriers, the way onward, listeners and retention."""
        from mostovi.cases.victims import registrations

        registrations.register()
