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
        """Take months from other nodes; let measures be counted and reforms be tried on cases."""
        from django.conf import settings

        from mostovi.exchange import handlers
        from mostovi.statistics import (
            counting,
            letters,
            overlap_rounds,
            own_cases,
            own_events,
            regional_tables,
            reminders,
            services,
        )

        counting.register_all()
        own_events.register_all()
        overlap_rounds.register()
        handlers.register(letters.LETTER_TYPE, services.receive)
        handlers.register(regional_tables.LETTER_TYPE, services.receive_noisy)
        handlers.register(reminders.LETTER_TYPE, reminders.receive)
        if settings.MOSTOVI.holds_persons:
            own_cases.offer()
