# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from __future__ import annotations

from datetime import date

from django.apps import AppConfig

from mostovi.rights import retention
from mostovi.rights.retention import RetentionRule


class PortalConfig(AppConfig):
    """Registers the `portal` package, its retention rule and its part of a copy."""

    name = "mostovi.portal"
    label = "portal"
    verbose_name = "My file"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Wishes end by the rule `own_file`, and are part of what a person gets as a copy."""
        from mostovi.people import keeping
        from mostovi.portal import services

        retention.register("own_file", _end_wishes)
        keeping.register_copier(services.copied)


def _end_wishes(rule: RetentionRule, today: date) -> int:
    from mostovi.portal import services

    last_day = retention.cutoff(rule, today)
    return services.end_settled_before(last_day) if last_day else 0
