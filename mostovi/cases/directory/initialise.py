# SPDX-License-Identifier: EUPL-1.2
"""Take in the services that Mostovi ships (`content/services/directory.yaml`)."""

from mostovi.cases.directory import services


def initialise() -> None:
    """Add entries that are not here yet; what a partner has changed stays."""
    services.load_shipped()
