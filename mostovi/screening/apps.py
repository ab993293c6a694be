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
        """Make findings as soon as a submission is complete; end submissions on time."""
        from mostovi.rights import retention
        from mostovi.screening.finding_services import find_when_complete
        from mostovi.screening.submission_services import end_submissions, on_complete

        on_complete(find_when_complete)
        retention.register("submission", end_submissions)
