# SPDX-License-Identifier: EUPL-1.2
"""The demo's directory says how full services are, and shows a referral between units."""

import random
from datetime import UTC, datetime

import pytest

from mostovi.cases.directory import services
from mostovi.cases.directory.models import CapacityReport, Service
from mostovi.cases.models import Referral
from mostovi.node.synthetic import services as demo
from mostovi.rights.roles import Role
from tests.cases.conftest import adult, case, coordinator, neighbour  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped")]


def test_it_fills_the_directory_once(acting, case):  # noqa: F811
    now = datetime.now(UTC)
    worker = acting(Role.SOCIAL_WORKER)
    for _again in range(2):
        demo.load(lambda role: worker, [], now, random.Random(7))
    assert CapacityReport.objects.count() == Service.objects.count()
    assert services.find(worker, "me-health").unit == "centre"
    assert set(Referral.objects.values_list("procedure__state", flat=True)) == {"acknowledged"}
