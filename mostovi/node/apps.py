# SPDX-License-Identifier: EUPL-1.2
"""Django's entry to the package."""

from django.apps import AppConfig


class NodeConfig(AppConfig):
    """Registers the `node` package."""

    name = "mostovi.node"
    label = "node"
    verbose_name = "Node"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to sign-ins, sign-outs and changes of second factors; say what to do."""
        from mostovi.cases import staff
        from mostovi.node import accounts, forms, sessions, technical
        from mostovi.rights import retention

        sessions.connect()
        retention.register("technical", technical.end_technical)
        staff.register(accounts.colleagues)
        forms.speak_plainly()
