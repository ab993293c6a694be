# SPDX-License-Identifier: EUPL-1.2
"""Shared fixtures."""

from tests.regional import at_secretariat, browser, letter, secretariat_peer

__all__ = ["at_secretariat", "browser", "letter", "secretariat_peer"]
