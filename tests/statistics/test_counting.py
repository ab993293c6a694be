# SPDX-License-Identifier: EUPL-1.2
"""The month's measures counted from real cases, referrals and screenings."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.utils import timezone

from mostovi.cases import referring
from mostovi.cases import services as cases
from mostovi.people import services as people
from mostovi.rights.vault import vault
from mostovi.screening.models import Finding, Form, FormVersion, Submission
from mostovi.statistics import counting
from mostovi.statistics.catalogue import template
from mostovi.statistics.months import Month
from tests.cases.conftest import FIELDS, adult, case, consent_to, coordinator, neighbour
from tests.cases.test_referring import draft, send

__all__ = ["adult", "case", "consent_to", "coordinator", "draft", "neighbour"]
pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
MONTH = Month.of(timezone.localdate(NOW))
ADULT_GROUP = "35-59"
"""Born 1990 (`tests.cases.conftest.adult`), from 2026 on."""


def count(measure, month=MONTH):
    start, end = month.bounds(timezone.get_default_timezone())
    return dict(getattr(counting, measure)(template().table(measure), month, start, end))


def test_cases_by_sex_and_age_in_their_month_only(case, coordinator):
    child = people.register(
        coordinator, single={"birth": {"precision": "year", "year": MONTH.year - 15}},
        names=[{"parts": [["given", "Omar"]], "script": "Latn"}],
    )  # fmt: skip
    for _again in range(2):
        cases.open_case(
            coordinator, person=child, case_type="unaccompanied_child", urgency="urgent",
            summary="Alone.",
        )  # fmt: skip
    assert count("cases_opened") == {("female", ADULT_GROUP): 1, ("other", "12-17"): 2}
    assert count("cases_opened", MONTH.back(1)) == {}


def test_a_draft_is_not_a_referral_sent(draft, consent_to, coordinator, adult):
    assert count("referrals_sent") == {}
    consent_to(adult, FIELDS)
    send(coordinator, referring.find(coordinator, draft.code))
    assert count("referrals_sent") == {("female", ADULT_GROUP, "other"): 1}
    assert count("referrals_received") == {}


@pytest.fixture
def form():
    chosen = Form.objects.create(form_id="first", title="First contact")
    return FormVersion.objects.create(
        form=chosen, version="1", title="First contact", xform="<x/>", md5="0" * 32, workbook=b"",
        workbook_name="x.xlsx", workbook_sha256="0" * 64, imported_at=NOW, imported_by=uuid4(),
    )  # fmt: skip


def screened(form, *outcomes, **more):
    """A screening and its findings by the trafficking set, oldest first."""
    row = Submission(
        version=form, purpose="protection", unit="border", owner=uuid4(), channel="browser",
        instance_id=f"uuid:{uuid4()}", key_id=vault().new_key(), received_at=NOW,
        **{"current": True, "complete": True, **more},
    )  # fmt: skip
    row.seal_values({"xml": "<x/>"})
    row.save()
    for outcome in outcomes:
        finding = Finding(
            submission=row, set_name="trafficking", set_version="1", set_digest="0" * 64,
            created_at=timezone.now(), created_by=uuid4(), key_id=row.key_id,
        )  # fmt: skip
        finding.seal_values({"outcome": outcome})
        finding.save()
    return row


def test_a_screening_counts_once_by_its_newest_finding(form):
    screened(form, "not_enough_known", "refer")
    screened(form, "refer", "nothing_found")
    screened(form)
    screened(form, "refer", current=False)
    screened(form, "refer", complete=False)
    assert count("persons_screened") == {
        ("other", "unknown", "grounds"): 1,
        ("other", "unknown", "none"): 2,
    }


def test_a_screening_takes_sex_and_age_from_the_case_it_led_to(form, adult, coordinator):
    row = screened(form, "refer")
    opened = cases.open_case(
        coordinator, person=adult, case_type="possible_victim_of_trafficking", urgency="urgent",
        summary="x",
    )  # fmt: skip
    type(opened).objects.filter(pk=opened.pk).update(submission_id=row.pk)
    assert count("persons_screened") == {("female", ADULT_GROUP, "grounds"): 1}


def test_an_erased_finding_counts_as_none(form):
    row = screened(form, "refer")
    vault().destroy(row.key_id)
    assert count("persons_screened") == {("other", "unknown", "none"): 1}
