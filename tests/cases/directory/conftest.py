# SPDX-License-Identifier: EUPL-1.2
"""The shipped directory in the test node."""

from __future__ import annotations

import pytest

from mostovi.cases.directory import services
from mostovi.rights.roles import Role


@pytest.fixture
def shipped(db):
    services.forget_listed()
    services.load_shipped()
    yield
    services.forget_listed()


@pytest.fixture
def keeper(acting):
    return acting(Role.CASE_SUPERVISOR, unit="centre")


@pytest.fixture
def worker(acting):
    return acting(Role.SOCIAL_WORKER, unit="centre")
