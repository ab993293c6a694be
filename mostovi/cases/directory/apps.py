# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    """Registers the directory of services and what it answers to `cases`."""

    name = "mostovi.cases.directory"
    label = "directory"
    verbose_name = "Services"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let referrals choose from this directory."""
        from mostovi.cases.directory import registrations

        registrations.register()
