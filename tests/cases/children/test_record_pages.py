# SPDX-License-Identifier: EUPL-1.2
"""Every record about children can be opened from its page, and says where it comes from."""

import pytest
from django.urls import reverse

from mostovi.cases import recording

pytestmark = pytest.mark.django_db

KINDS = (
    "best_interests_short", "best_interests_assessment", "best_interests_determination",
    "determination_review", "child_safety_plan", "child_risk_assessment", "care_arrangement",
    "care_visit", "education_access", "health_access", "durable_solution", "family_reunification",
    "reunification_visit",
)  # fmt: skip


def test_every_kind_opens_within_the_budget(signed_in, worker, case):
    client = signed_in(worker)
    for kind in KINDS:
        page = client.get(reverse("cases:new_record", args=[case.code, kind]))
        assert page.status_code == 200, kind
        assert len(page.content) < 150_000, (kind, len(page.content))


def test_every_kind_is_marked_unreviewed_and_names_its_sources():
    for kind in KINDS:
        found = recording.kinds()[kind]
        assert not found.review.is_reviewed
        assert found.review.who_can
        assert found.sources
        for section in found.sections:
            assert section.source in found.sources
            assert {"en", "sq", "bs", "sr", "mk", "ar"} <= set(section.label)
        assert {"en", "sq", "bs", "sr", "mk", "ar"} <= set(found.title)


def test_a_determination_without_a_panel_is_not_kept_as_final(signed_in, worker, case):
    client = signed_in(worker)
    address = reverse("cases:new_record", args=[case.code, "best_interests_determination"])
    answer = client.post(address, {"child_views": "To my aunt.", "do": "final"})
    assert answer.status_code == 422
    assert "To my aunt." in answer.content.decode()
    assert recording.latest(case, "best_interests_determination") is None
