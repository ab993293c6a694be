# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class PlanConfig(AppConfig):
    """Registers the `plan` package."""

    name = "mostovi.plan"
    label = "plan"
    verbose_name = "Plan"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Take progress reports that come in from other nodes."""
        from mostovi.exchange import handlers
        from mostovi.plan import letters, services

        handlers.register(letters.LETTER_TYPE, services.receive)
