# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class ScreeningConfig(AppConfig):
    """Registers the `screening` package."""

    name = "mostovi.screening"
    label = "screening"
    verbose_name = "Screening"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make findings as soon as a submission is complete."""
        from mostovi.screening.finding_services import find_when_complete
        from mostovi.screening.submission_services import on_complete

        on_complete(find_when_complete)
