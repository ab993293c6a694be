# SPDX-License-Identifier: EUPL-1.2
"""A node that waits for people holds no library that only a batch needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

HEAVY = (
    "splink", "duckdb", "pyarrow", "pandas", "numpy", "icu", "rigour", "openpyxl", "pyxform",
    "lxml.html", "reportlab", "ibis",
)  # fmt: skip
"""Each costs between five and eighty megabytes; matching, forms and reports load them when used."""

PROGRAM = """
import json, sys
from mostovi.node.wsgi import application
from django.urls import get_resolver
get_resolver().url_patterns
from mostovi.node.rooms import entries
entries()
print(json.dumps(sorted(sys.modules)))
"""


def test_the_application_starts_without_heavy_libraries() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "mostovi.node.settings"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "mostovi.cases.views" in loaded
    assert not loaded & set(HEAVY)
