# SPDX-License-Identifier: EUPL-1.2
"""What makes a large load fast on SQLite, and how it is undone.

Only for demonstration nodes, whose content can be drawn again: for the time of the load commits
wait for the disk less often, and indexes in no order of time are made once at the end. What was
put off stands in a file until it is made, so that a load that was broken off is found out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

logger = logging.getLogger(__name__)

HURRIED = (
    "PRAGMA synchronous=NORMAL",
    "PRAGMA cache_size=-262144",
    "PRAGMA wal_autocheckpoint=32768",
    "PRAGMA temp_store=FILE",
)
_SECONDARY = """
    SELECT i.name, i.sql FROM sqlite_master AS i
    WHERE i.type = 'index' AND i.sql IS NOT NULL AND i.sql NOT LIKE 'CREATE UNIQUE%%'
    AND (SELECT name FROM pragma_index_info(i.name) WHERE seqno = 0) NOT LIKE '%%\\_id' ESCAPE '\\'
    ORDER BY i.name
"""
"""Keys sort by time and cost little as they come; dates, tokens and words do not."""


def _file() -> Path:
    return Path(settings.MOSTOVI.home) / "indexes_to_make.json"


@contextmanager
def hurried(*, defer: bool) -> Iterator[None]:
    """Write fast within; with `defer` the indexes that cost most are made at the end."""
    if connection.vendor != "sqlite":
        yield
        return
    make_missing()
    if not defer:
        yield
        return
    put_off()
    with connection.cursor() as cursor:
        for line in HURRIED:
            cursor.execute(line)
    try:
        yield
    finally:
        make_missing()
        # The next connection has the node's own settings again.
        connection.close()


def put_off() -> None:
    """Drop the indexes that a load can do without; remember how to make them."""
    with connection.cursor() as cursor:
        cursor.execute(_SECONDARY)
        found = dict(cursor.fetchall())
        _file().write_text(json.dumps(found), encoding="utf-8")
        for name in found:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")


def make_missing() -> int:
    """Make the indexes that were put off; how many. Also after a load that was broken off."""
    if not _file().exists():
        return 0
    wanted: dict[str, str] = json.loads(_file().read_text(encoding="utf-8"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
        there = {name for (name,) in cursor.fetchall()}
        for name, sql in wanted.items():
            if name not in there:
                cursor.execute(sql)
    _file().unlink()
    logger.info("indexes made", extra={"count": len(wanted)})
    return len(wanted)
