# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from __future__ import annotations

from datetime import date

from django.apps import AppConfig

from mostovi.rights import retention
from mostovi.rights.retention import RetentionRule


class PeopleConfig(AppConfig):
    """Registers the `people` package and its retention rule."""

    name = "mostovi.people"
    label = "people"
    verbose_name = "People"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Persons end by the rule `person`; see `services.erase_at_end`."""
        retention.register("person", _end_persons)


def _end_persons(rule: RetentionRule, today: date) -> int:
    from mostovi.people import services

    last_day = retention.cutoff(rule, today)
    return services.erase_at_end(last_day) if last_day else 0
