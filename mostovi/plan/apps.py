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
        """Take what comes in from other nodes; read the plans that stand in the node's folder."""
        from django.conf import settings

        from mostovi.exchange import handlers
        from mostovi.plan import content, following, letters, services

        content.look_also_in(settings.MOSTOVI.home / "plans")
        handlers.register(letters.LETTER_TYPE, services.receive)
        handlers.register(letters.MILESTONE_TYPE, following.receive_milestone)
        handlers.register(letters.SUPPORT_TYPE, following.receive_support)
        handlers.register(letters.MATCH_TYPE, following.receive_match)
