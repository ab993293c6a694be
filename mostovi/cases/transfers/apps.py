# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class TransfersConfig(AppConfig):
    """Registers transfers of cases and what they answer to the packages beneath."""

    name = "mostovi.cases.transfers"
    label = "transfers"
    verbose_name = "Transfers of cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register handlers, gates, disclosures, retention and the block on a case's page."""
        from mostovi.cases.transfers import registrations

        registrations.register()
