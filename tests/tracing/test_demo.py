# SPDX-License-Identifier: EUPL-1.2
"""The demo's family searches are made through the services and leave something to look at."""

from datetime import UTC, datetime
from random import Random

import pytest

from mostovi.node.synthetic import tracing
from mostovi.tracing.models import Side, TracingMatch, TracingRequest

pytestmark = pytest.mark.django_db


def test_the_demo_has_searches_and_possible_matches(acting):
    made = tracing.load(lambda role: acting(role), [], datetime.now(UTC), Random(1))
    assert made == 4
    assert TracingRequest.objects.count() == 3
    assert TracingMatch.objects.filter(side=Side.HOLDER).count() >= 3
