# SPDX-License-Identifier: EUPL-1.2
"""All tables of a PostgreSQL node out to files and back, with the server's own COPY.

No client programs are needed and versions of the server may differ. Everything is read in one
snapshot and written back in one transaction.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from mostovi.node.config import ConfigurationError
from mostovi.node.sealed_stream import StreamRefused

SHAPE: Final = "shape.json"
BUFFER: Final = 1024 * 1024

_Connection = psycopg.Connection[tuple[Any, ...]]


def copy_out(url: str, folder: Path) -> Iterator[Path]:
    """Write each table of the database at `url` into `folder`; yields the files."""
    folder.mkdir(mode=0o700, parents=True)
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        shape = _shape(connection)
        for table, columns in shape.items():
            path = folder / f"{table}.copy"
            with (
                path.open("wb") as file,
                connection.cursor().copy(_copy(table, columns, "TO STDOUT")) as rows,
            ):
                for block in rows:
                    file.write(block)
            yield path
        path = folder / SHAPE
        held = {"tables": shape, "sequences": _sequences(connection)}
        path.write_text(json.dumps(held), encoding="utf-8")
        yield path


@contextlib.contextmanager
def copied_in(url: str, folder: Path, home: Path) -> Iterator[None]:
    """Replace all rows by those in `folder`; commits when the body ends well, else changes nothing.

    `home` is the folder of the node's settings, to make the tables of an empty database first.
    Raises `StreamRefused` when the tables are not those of the backup.
    """
    try:
        held = json.loads((folder / SHAPE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StreamRefused("The backup's tables are damaged.") from error
    try:
        connection = psycopg.connect(url)
    except psycopg.OperationalError as error:
        raise ConfigurationError("The database named in the backup cannot be reached.") from error
    with connection:
        if not _shape(connection):
            connection.commit()
            _make_tables(home)
        present = _shape(connection)
        if present != held["tables"]:
            raise StreamRefused(
                "The database's tables are not those of the backup. Install the version of Mostovi "
                "that made it, restore, then upgrade."
            )
        names = sql.SQL(", ").join(map(sql.Identifier, present))
        connection.execute(sql.SQL("TRUNCATE {}").format(names))
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
        for table, columns in present.items():
            _fill(connection, table, columns, folder / f"{table}.copy")
        for name, value in held["sequences"].items():
            connection.execute("SELECT setval(%s::regclass, %s)", [name, value])
        # A broken reference must show now, while everything can still be taken back.
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield


def _fill(connection: _Connection, table: str, columns: list[str], path: Path) -> None:
    with (
        path.open("rb") as file,
        connection.cursor().copy(_copy(table, columns, "FROM STDIN")) as rows,
    ):
        while block := file.read(BUFFER):
            rows.write(block)


def _copy(table: str, columns: list[str], direction: str) -> sql.Composed:
    return sql.SQL("COPY {} ({}) " + direction).format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


def _shape(connection: _Connection) -> dict[str, list[str]]:
    """Table -> its columns, in order, without generated ones."""
    rows = connection.execute(
        "SELECT c.table_name, c.column_name FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'"
        " AND c.is_generated = 'NEVER' ORDER BY c.table_name, c.column_name"
    )
    shape: dict[str, list[str]] = {}
    for table, column in rows:
        shape.setdefault(table, []).append(column)
    return shape


def _sequences(connection: _Connection) -> dict[str, int]:
    rows = connection.execute(
        "SELECT quote_ident(sequencename), last_value FROM pg_sequences"
        " WHERE schemaname = current_schema() AND last_value IS NOT NULL"
    )
    return {name: int(value) for name, value in rows}


def _make_tables(home: Path) -> None:
    environment = {
        **os.environ,
        "MOSTOVI_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "mostovi.node.settings",
    }
    command = [sys.executable, "-m", "django", "migrate", "--no-input", "--verbosity", "0"]
    subprocess.run(command, check=True, env=environment)  # noqa: S603 - fixed words only
