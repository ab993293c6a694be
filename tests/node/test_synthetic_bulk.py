# SPDX-License-Identifier: EUPL-1.2
"""A large load leaves the same database as a small one, also when it is broken off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from mostovi.cases.models import Case
from mostovi.node.synthetic import bulk, loading

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite is hurried"),
]


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        return {sql for (sql,) in cursor.fetchall()}


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    bulk.make_missing()
    assert not bulk._file().exists()


def test_indexes_are_put_off_and_made_again() -> None:
    before = indexes()
    bulk.put_off()
    gone = before - indexes()
    assert any(sql.startswith('CREATE INDEX "token_person"') for sql in gone)
    assert bulk.make_missing() == len(gone)
    assert indexes() == before


def test_a_load_that_was_broken_off_is_made_whole_by_the_next() -> None:
    before = indexes()
    bulk.put_off()
    # The process was killed here; the next load finds what is missing.
    with bulk.hurried(defer=False):
        assert indexes() == before


def test_only_indexes_are_put_off_never_a_rule() -> None:
    before = indexes()
    bulk.put_off()
    assert {sql for sql in before if sql.startswith("CREATE UNIQUE")} <= indexes()


def test_a_continued_load_draws_whole_batches() -> None:
    assert list(loading._batches(1000, 1500)) == [(1000, 24), (1024, 1024), (2048, 452)]
    assert sum(size for _, size in loading._batches(64, 5000)) == 5000
    assert Case.objects.count() == 0
