# SPDX-License-Identifier: EUPL-1.2
"""Writes `access_matrix.csv`: `python -m tests.write_access_matrix`, then review the change."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.test_access_matrix import MATRIX, rendered  # noqa: E402

if __name__ == "__main__":
    MATRIX.write_text(rendered(), encoding="utf-8")
