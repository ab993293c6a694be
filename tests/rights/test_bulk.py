# SPDX-License-Identifier: EUPL-1.2
"""Rows written in bulk are the rows that `save` would have written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from mostovi.procedures.models import Event, Instance
from mostovi.rights.bulk import in_chunks, insert, new_id
from mostovi.rights.models import RetentionRun

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, 30, 1, 250, tzinfo=UTC)


def instance() -> Instance:
    return Instance(
        id=new_id(), code="case", version=1, side="institution", purpose="protection",
        subject=uuid4(), key_id=uuid4(), partners={"institution": "me", "наставник": "ž"},
        state="open", started_at=NOW, changed_at=NOW,
    )  # fmt: skip


def test_every_field_comes_back_as_it_was_given() -> None:
    rows = [instance() for _ in range(30)]
    insert(rows)
    events = [
        Event(
            id=new_id(), key_id=uuid4(), sealed=b"\x00\xff", instance=row, sequence=1, verb="v",
            from_state="a", to_state="b", side="institution", role="social_worker",
            account=None, at=NOW, recorded_at=NOW, gates=["g"], documents=[],
        )
        for row in rows
    ]  # fmt: skip
    insert(events)
    for given in [*rows, *events]:
        stored = type(given)._default_manager.get(pk=given.pk)
        for field in given._meta.local_concrete_fields:
            value = getattr(stored, field.attname)
            value = bytes(value) if isinstance(value, memoryview) else value
            assert value == getattr(given, field.attname), field.name


def test_a_row_that_was_written_is_no_longer_new() -> None:
    row = instance()
    insert([row])
    row.state = "closed"
    row.save()
    assert Instance.objects.get(pk=row.pk).state == "closed"


def test_a_broken_rule_of_the_table_stores_nothing() -> None:
    row = instance()
    twin = instance()
    twin.subject = row.subject
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([row, twin])
    assert not Instance.objects.exists()


def test_keys_that_the_database_gives_are_given() -> None:
    insert([RetentionRun(started_at=NOW), RetentionRun(started_at=NOW)])
    assert len(set(RetentionRun.objects.values_list("pk", flat=True))) == 2


def test_nothing_is_nothing() -> None:
    insert([])


def test_new_ids_sort_by_time_and_do_not_meet() -> None:
    made = [new_id() for _ in range(2000)]
    assert made == sorted(made) and len(set(made)) == 2000


def test_chunks_give_every_row_once_in_order_also_when_rows_are_changed_on_the_way() -> None:
    rows = [instance() for _ in range(23)]
    for number, row in enumerate(rows):
        row.changed_at = NOW + timedelta(days=number // 5)
    insert(rows)
    seen = []
    for row in in_chunks(Instance.objects.filter(state="open"), "changed_at", size=4):
        seen.append(row)
        Instance.objects.filter(pk=row.pk).update(state="closed")
    assert {row.pk for row in seen} == {row.pk for row in rows} and len(seen) == 23
    assert [row.changed_at for row in seen] == sorted(row.changed_at for row in seen)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL lets readers write")
def test_going_through_rows_may_write_while_another_process_writes() -> None:
    insert([instance() for _ in range(12)])

    def elsewhere() -> None:
        with closing(sqlite3.connect(connection.settings_dict["NAME"], uri=True)) as other:
            other.execute("UPDATE procedures_instance SET state = 'x' WHERE state = 'none'")
            other.commit()

    if "memory" in str(connection.settings_dict["NAME"]):
        pytest.skip("the database of this run is this process's own")
    for row in in_chunks(Instance.objects.all(), "changed_at", size=5):
        elsewhere()
        with transaction.atomic():
            Instance.objects.filter(pk=row.pk).update(state="closed")
    assert Instance.objects.filter(state="closed").count() == 12
