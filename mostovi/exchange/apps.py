# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Registers the `exchange` package."""

    name = "mostovi.exchange"
    label = "exchange"
    verbose_name = "Exchange"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Carry out the retention rule for letters."""
        from mostovi.exchange.services import end_letters
        from mostovi.rights import retention

        retention.register("letter", end_letters)
