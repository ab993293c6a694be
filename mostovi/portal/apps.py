# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Registers the `portal` package."""

    name = "mostovi.portal"
    label = "portal"
    verbose_name = "My file"
    default_auto_field = "django.db.models.BigAutoField"
