# SPDX-License-Identifier: EUPL-1.2
"""Settings for tests: a throw-away node `me`, on SQLite or on MOSTOVI_TEST_DATABASE."""

import os
import tempfile
from pathlib import Path

if "MOSTOVI_TEST_HOME" not in os.environ:
    os.environ["MOSTOVI_TEST_HOME"] = tempfile.mkdtemp(prefix="mostovi-test-")
_home = Path(os.environ["MOSTOVI_TEST_HOME"]) / os.environ.get("PYTEST_XDIST_WORKER", "main")
_home.mkdir(parents=True, exist_ok=True)
_database = os.environ.get("MOSTOVI_TEST_DATABASE", "sqlite")
(_home / "node.toml").write_text(
    f'code = "me"\nname = "Test node"\ndemo = true\ndatabase = "{_database}"\n'
    'units = ["border", "centre"]\nallowed_hosts = ["*"]\n',
    encoding="utf-8",
)
os.environ["MOSTOVI_HOME"] = str(_home)
os.environ.setdefault("MOSTOVI_PAPER_FONTS", str(_home.with_name("fonts")))

from mostovi.node.settings import *  # noqa: E402,F403

# A test's own server finds files where they lie; only node processes serve what was gathered.
STATIC_ROOT = _home / "static"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if _database == "sqlite":
    # A file, not memory: threads that race must meet the locks of a real node.
    DATABASES["default"]["TEST"] = {"NAME": _home / "test.sqlite3"}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = (  # noqa: F405
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=OFF;"
    )
