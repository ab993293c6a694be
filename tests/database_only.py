# SPDX-License-Identifier: EUPL-1.2
"""Pytest plugin for the run on PostgreSQL: keeps only the tests that touch the database."""

import pytest

FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that ask for no database, or for any one; the first run has covered them."""
    kept = [
        item
        for item in items
        if not item.get_closest_marker("once")
        and (
            item.get_closest_marker("django_db")
            or FIXTURES & set(getattr(item, "fixturenames", ()))
        )
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
