# SPDX-License-Identifier: EUPL-1.2
"""What the exchange needs when a node is set up: keys of its own."""

from django.utils import timezone

from mostovi.exchange.keystore import ensure_keys, key_store


def initialise() -> None:
    """Make the node's first keys; keys that are there already are left alone."""
    ensure_keys(key_store(), timezone.now())
