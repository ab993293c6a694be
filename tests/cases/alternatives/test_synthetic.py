# SPDX-License-Identifier: EUPL-1.2
"""The demonstration shows one file of each kind, and no child near detention."""

from dataclasses import replace
from random import Random

import pytest
from django.utils import timezone

from mostovi.cases.alternatives.models import Held, LibertyFile, MeasureTaken, Proposal
from mostovi.node.synthetic import alternatives
from tests.cases.alternatives.conftest import registered

pytestmark = pytest.mark.django_db


def test_one_file_of_each_kind(settings, officer):
    settings.MOSTOVI = replace(settings.MOSTOVI, demo=True)
    births = [{"precision": "day", "year": 1980 + n, "month": 2, "day": 3} for n in range(8)]
    births.append({"precision": "year", "year": 2010})
    people = [registered(officer, birth) for birth in births]
    made = alternatives.load(lambda role: officer, people, timezone.now(), Random(1))
    assert made == 8
    assert Proposal.objects.count() == Held.objects.count() == 1
    child = LibertyFile.objects.get(case__person=people[-1])
    assert child.measures.get().code == "case_worker_support"
    assert MeasureTaken.objects.filter(outcome="resolved").count() == 1
