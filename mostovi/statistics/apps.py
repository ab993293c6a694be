# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class StatisticsConfig(AppConfig):
    """Registers the `statistics` package."""

    name = "mostovi.statistics"
    label = "statistics"
    verbose_name = "Statistics"
    default_auto_field = "django.db.models.BigAutoField"
