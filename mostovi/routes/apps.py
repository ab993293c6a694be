# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class RoutesConfig(AppConfig):
    """Registers the package and what it answers to the packages beneath it."""

    name = "mostovi.routes"
    label = "routes"
    verbose_name = "Flows and routes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Take over forms of flow monitoring, and end fine rows in time."""
        from mostovi.rights import retention
        from mostovi.routes import observing, panels
        from mostovi.routes.detection_panel import alert_panel
        from mostovi.screening.submission_services import on_complete

        on_complete(observing.take_form)
        panels.register(alert_panel)
        retention.register("flow_observation", observing.end_observations)
