# SPDX-License-Identifier: EUPL-1.2
"""Pytest plugin for the run on PostgreSQL: keeps only the tests that touch the database."""

import pytest

ANY_DATABASE = (
    "tests/node/test_shell.py", "tests/node/test_statement_budget.py",
    "tests/pathways/test_case_pages.py", "tests/portal/test_ways_pages.py",
    "tests/statistics/test_public_figures.py", "tests/screening/test_forms.py",
    "tests/test_api.py",
)  # fmt: skip
"""Files about pages and words: what they find does not depend on the database beneath."""
FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that ask for no database, or for any one; the first run has covered them."""
    kept = [
        item
        for item in items
        if not item.get_closest_marker("once")
        and not item.nodeid.startswith(ANY_DATABASE)
        and (
            item.get_closest_marker("django_db")
            or FIXTURES & set(getattr(item, "fixturenames", ()))
        )
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
