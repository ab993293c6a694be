# SPDX-License-Identifier: EUPL-1.2
"""Writing many thousand new rows at once, and going through many thousand while others write.

`bulk_create` builds a statement for every few hundred rows and a placeholder for every value; one
prepared statement for all rows of a table takes a third of its time on SQLite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils.compat
from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)
Prepared = tuple[str, Callable[[Any], Any] | None]
ROWS_A_STATEMENT = 500


def new_id() -> UUID:
    """An identifier that sorts by time (RFC 9562, version 7): neighbours lie in the same page.

    A million random ones would touch a different page of every index for every row. Of the time
    they tell nothing that the row does not say in clear anyway; 74 bits of them are random.
    """
    return uuid_utils.compat.uuid7()


def insert(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model, all values set; like `bulk_create` without signals.

    Rows whose keys the database gives stay without them. Raises `IntegrityError`.
    """
    if not rows:
        return
    model = type(rows[0])
    if connection.vendor != "sqlite":
        model._default_manager.bulk_create(rows, batch_size=ROWS_A_STATEMENT)
        return
    columns = [
        field
        for field in model._meta.local_concrete_fields
        if not isinstance(field, models.AutoField) or rows[0].pk is not None
    ]
    prepared = [_prepared(field) for field in columns]
    name = connection.ops.quote_name
    listed = ", ".join(name(str(field.column)) for field in columns)
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {name(model._meta.db_table)} ({listed}) VALUES ({marks})",  # noqa: S608
            [_values(row, prepared) for row in rows],
        )
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


def in_chunks(rows: models.QuerySet[Row], by: str, *, size: int = 200) -> Iterator[Row]:
    """`rows` in order of the field `by`, each chunk read to its end before any of it is given.

    What is done with a row may write: on SQLite a connection in the middle of reading cannot begin
    to write once another process has written, and says at once that the database is locked.
    """
    last: Any = None
    while True:
        further = rows.order_by(by, "pk")
        if last is not None:
            at = getattr(last, by)
            beyond = models.Q(**{by: at, "pk__gt": last.pk}) | models.Q(**{f"{by}__gt": at})
            further = further.filter(beyond)
        chunk = list(further[:size])
        yield from chunk
        if len(chunk) < size:
            return
        last = chunk[-1]


def _values(row: models.Model, prepared: Sequence[Prepared]) -> list[Any]:
    held = row.__dict__
    return [
        held[name] if prepare is None or held[name] is None else prepare(held[name])
        for name, prepare in prepared
    ]


def _prepared(field: Any) -> Prepared:
    """How a field's value becomes what the driver takes; None where it already is."""
    target = field.target_field if field.is_relation else field
    if getattr(target, "auto_now", False) or getattr(target, "auto_now_add", False):
        raise TypeError(f"{field} is set when it is saved; a bulk row has all its values")
    if isinstance(target, models.UUIDField):
        return field.attname, lambda value: value.hex
    if isinstance(target, models.DateTimeField):
        return field.attname, connection.ops.adapt_datetimefield_value
    plain = (models.CharField, models.TextField, models.IntegerField, models.BooleanField)
    if isinstance(target, (*plain, models.BinaryField)):
        return field.attname, None
    return field.attname, lambda value: target.get_db_prep_save(value, connection)
