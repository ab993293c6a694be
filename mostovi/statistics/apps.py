# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class StatisticsConfig(AppConfig):
    """Registers the `statistics` package."""

    name = "mostovi.statistics"
    label = "statistics"
    verbose_name = "Statistics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Take months that come in from other nodes; let the month's measures be counted."""
        from mostovi.exchange import handlers
        from mostovi.statistics import counting, letters, services

        counting.register_all()
        handlers.register(letters.LETTER_TYPE, services.receive)
