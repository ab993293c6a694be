# SPDX-License-Identifier: EUPL-1.2
"""Reminders: once for a due day, once a week, by the job or by hand; answered by releasing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mostovi.exchange.handlers import Reject
from mostovi.exchange.models import OutboxLetter
from mostovi.rights.access import Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from mostovi.statistics import jobs, letters, reminders, services, today
from mostovi.statistics.models import Reminder
from mostovi.statistics.months import Month
from mostovi.statistics.reminders import LETTER_TYPE, NotReminded
from tests.regional import peer
from tests.statistics.test_pages import page, text
from tests.statistics.test_services import (
    COUNTS,
    MONTH,
    counted,
    data_of,
    released,
    statistician,
)

__all__ = ["counted", "statistician"]
pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DATA = {"month": str(MONTH), "due": "2026-11-15", "rule": "Working proposal: the 15th."}


@pytest.fixture
def secretary(acting):
    return acting(Role.SECRETARIAT)


@pytest.fixture
def bosnian_node(at_secretariat, letter):
    """Bosnia and Herzegovina has a node and has sent up to August."""
    peer("ba")
    data = data_of(COUNTS, month=Month(2026, 8))
    services.receive(letter("ba", letters.LETTER_TYPE, data))


def written():
    return list(OutboxLetter.objects.filter(letter_type=LETTER_TYPE).values_list("to", flat=True))


def test_the_job_reminds_once_a_week_the_oldest_month_first(bosnian_node):
    assert jobs.JOBS["statistics.write_reminders"][1](NOW) == 1
    assert Reminder.objects.get().period == "2026-09"
    for hours in (1, 24, 6 * 24 + 23):
        assert reminders.write_due(NOW + timedelta(hours=hours)) == 0
    assert reminders.write_due(NOW + timedelta(days=7, minutes=1)) == 1
    assert set(Reminder.objects.values_list("period", flat=True)) == {"2026-09", "2026-10"}
    # Both months were reminded of; there is nothing to add until another day is due.
    assert reminders.write_due(NOW + timedelta(days=15)) == 0
    assert reminders.write_due(NOW + timedelta(days=30)) == 1
    assert written() == ["ba"] * 3


def test_a_partner_that_has_sent_or_has_no_node_is_not_reminded(bosnian_node, letter):
    for month in (Month(2026, 9), Month(2026, 10)):
        services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS, month=month)))
    assert reminders.write_due(NOW) == 0


def test_the_secretariat_reminds_by_hand_and_the_week_holds_for_both(bosnian_node, secretary):
    one = reminders.write(secretary, "ba", now=NOW)
    assert (one.period, str(one.due)) == ("2026-09", "2026-10-15")
    assert AuditEntry.objects.filter(tag="statistics.month.reminded").exists()
    assert reminders.write_due(NOW + timedelta(days=1)) == 0
    with pytest.raises(NotReminded, match="this week"):
        reminders.write(secretary, "ba", now=NOW + timedelta(days=2))
    with pytest.raises(NotReminded, match="no node"):
        reminders.write(secretary, "al", now=NOW)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.STATISTICIAN, Role.PARTNER_FOCAL_POINT])
def test_only_the_secretariat_reminds(bosnian_node, acting, role):
    with pytest.raises(Refused):
        reminders.write(acting(role), "ba", now=NOW)


def test_only_the_secretariats_node_writes(secretary):
    with pytest.raises(NotReminded, match="secretariat"):
        reminders.write(secretary, "ba", now=NOW)
    assert reminders.write_due(NOW) == 0


def test_a_node_that_takes_no_reminders_stops_nobody(at_secretariat, letter):
    """An older node does not know the letter; the others are reminded all the same."""
    peer("ba", letters=[letters.LETTER_TYPE])
    peer("me")
    assert reminders.write_due(NOW) == 1
    assert written() == ["me"]
    assert set(Reminder.objects.values_list("partner", flat=True)) == {"me"}


# --- At the partner's node ------------------------------------------------------------------------


def test_it_waits_at_home_until_the_month_is_released(
    counted, statistician, secretariat_peer, letter
):
    old = {**DATA, "month": "2026-02", "due": "2026-03-15"}
    for data in (DATA, old, DATA):
        reminders.receive(letter("secretariat", LETTER_TYPE, data))
    assert Reminder.objects.count() == 2
    waiting = {one.title: one for one in today.waiting(statistician, NOW)}
    assert "reminded this node" in waiting["Counts of October 2026"].why
    assert "reminded this node" in waiting["Counts of February 2026"].why
    assert waiting["Counts of February 2026"].source == DATA["rule"]
    assert "reminded" not in waiting["Counts of September 2026"].why
    released(statistician)
    titles = [one.title for one in today.waiting(statistician, NOW)]
    assert "Counts of October 2026" not in titles and "Counts of February 2026" in titles


@pytest.mark.parametrize(
    ("source", "data", "reason"),
    [
        ("ba", DATA, "Only the secretariat"),
        ("secretariat", {**DATA, "due": "2026-02-31"}, "no day"),
    ],
)
def test_what_is_no_reminder_is_refused(letter, source, data, reason):
    with pytest.raises(Reject, match=reason):
        reminders.receive(letter(source, LETTER_TYPE, data))
    assert not Reminder.objects.exists()


def test_a_node_without_counts_takes_no_reminder(settings, letter):
    settings.MOSTOVI = replace(settings.MOSTOVI, holds_persons=False)
    with pytest.raises(Reject, match="no monthly counts"):
        reminders.receive(letter("secretariat", LETTER_TYPE, DATA))


# --- Pages ----------------------------------------------------------------------------------------


def test_the_button_stands_beside_who_owes(bosnian_node, browser):
    client = browser(Role.SECRETARIAT)
    shown = page(client, "/statistics/exchange/")
    assert "Remind of" in text(shown)
    answer = client.post("/statistics/exchange/remind/", {"partner": "ba"}, follow=True)
    assert "Bosnia and Herzegovina is reminded of" in text(answer)
    assert "Remind of" not in text(answer)
    again = client.post("/statistics/exchange/remind/", {"partner": "ba"}, follow=True)
    assert "was reminded this week" in text(again)
    assert browser(Role.ANALYST).post("/statistics/exchange/remind/").status_code == 403
