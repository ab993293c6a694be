# SPDX-License-Identifier: EUPL-1.2
"""Starting Django inside a command, for the node that the command names."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from mostovi.node.config import ConfigurationError

SETTINGS = "mostovi.node.settings"
QUIET = "WARNING"


def use_home(home: Path | None) -> None:
    """Make `home` the node of this process; must come before `start_django`."""
    if home is not None:
        os.environ["MOSTOVI_HOME"] = str(home.absolute())


def keep_private() -> None:
    """Files that this process makes can be read by the node's user only."""
    os.umask(0o077)


def start_django(*, log_level: str = QUIET, needs_node: bool = False) -> None:
    """Load settings and models once.

    Raises `ConfigurationError` when `node.toml` is wrong, or when `needs_node` and there is none.
    """
    os.environ.setdefault("MOSTOVI_LOG_LEVEL", log_level)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django
    from django.apps import apps
    from django.conf import settings

    if not apps.ready:
        django.setup()
    logging.captureWarnings(True)
    if needs_node and not (settings.MOSTOVI.home / "node.toml").exists():
        raise ConfigurationError(
            f"There is no node in {settings.MOSTOVI.home}. Make one with 'mostovi init --home DIR "
            "--code ba --name NAME', or name its folder with --home or MOSTOVI_HOME."
        )
