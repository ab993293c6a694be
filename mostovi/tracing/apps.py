# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class TracingConfig(AppConfig):
    """Registers the package and what it answers to the packages beneath it."""

    name = "mostovi.tracing"
    label = "tracing"
    verbose_name = "Family tracing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register handlers, gates, consents and erasure."""
        from mostovi.tracing import registrations

        registrations.register()
