# SPDX-License-Identifier: EUPL-1.2
"""The pages of the table specifications, and a node's own records as events."""

import re
from datetime import UTC, datetime

import pytest
import yaml
from django.utils import timezone

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.content import CONTENT
from mostovi.people import services as people
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from mostovi.routes.incidents.models import Outcome
from mostovi.statistics import own_events
from mostovi.statistics.catalogue import specs
from mostovi.statistics.cubing import cube_rows
from mostovi.statistics.months import Month
from tests.cases.conftest import coordinator
from tests.statistics.counted import counted
from tests.statistics.test_pages import page, text

__all__ = ["coordinator"]
pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
THIS = Month.of(timezone.localdate(NOW))
LAST = THIS.back(1)


@pytest.fixture
def children(coordinator):
    """Twelve children alone whose cases were opened last month, one more this month."""
    child = people.register(
        coordinator, single={"birth": {"precision": "year", "year": LAST.year - 15}},
        names=[{"parts": [["given", "Omar"]], "script": "Latn"}],
    )  # fmt: skip
    opened = [
        cases.open_case(
            coordinator, person=child, case_type="unaccompanied_child", urgency="urgent",
            summary="Alone.",
        )
        for _ in range(13)
    ]  # fmt: skip
    moment = datetime(LAST.year, LAST.number, 15, 12, tzinfo=UTC)
    Case.objects.filter(pk__in=[one.pk for one in opened[:12]]).update(opened_at=moment)


def test_own_events_are_of_their_month_and_say_nothing_of_whom(children):
    found = list(own_events.events(LAST))
    assert {event["event"] for event in found} == {"case_opened", "child_alone_registered"}
    assert len(found) == 24
    assert {event["month"] for event in own_events.events(LAST, THIS)} == {str(LAST), str(THIS)}
    assert "Omar" not in str(found)
    assert {event["age_group"] for event in found} == {"14-15"}
    again = list(own_events.events(LAST))
    assert [event["record_key"] for event in again] == [event["record_key"] for event in found]
    assert len({event["record_key"] for event in found}) == 24


def test_own_events_fit_every_table_that_counts_them(children):
    chosen = [spec for spec in specs() if set(spec.events) & own_events.kinds()]
    cells = cube_rows(own_events.events(LAST), chosen)
    alone = cells["reg_children_alone"].to_pylist()
    assert max(row["count"] for row in alone) == 12


def test_investigators_numbers_have_codes_in_every_table_that_counts_them():
    stages = {stage for stage in Outcome.Stage.values if stage != Outcome.Stage.VICTIMS}
    words = yaml.safe_load((CONTENT / "incidents" / "words.yaml").read_text(encoding="utf-8"))
    recorded = {"ground": set(words["crimes"]), "outcome": stages}
    for spec in specs():
        for dimension in spec.dimensions if "proceeding" in spec.events else ():
            for value in recorded.get(dimension.column, ()):
                assert dimension.read(value), (dimension.code, value)
    assert {"proceeding", "victim_identified"} <= own_events.kinds()


def test_what_is_counted_is_listed_with_its_law(browser):
    client = browser(Role.ANALYST)
    shown = text(page(client, "/statistics/tables/"))
    assert "First-time applicants" in shown and "Article 4(1)(d)" in shown
    assert "Not yet checked" in shown
    answer = text(page(client, "/statistics/tables/eu_permits_first/"))
    assert "Article 6(1)(a)(i)" in answer and "from memory, not read in the text" in answer
    assert "Remunerated activities" in answer
    assert "before and after" not in answer
    assert page(client, "/statistics/tables/nothing/").status_code == 404


def test_statistician_sees_cells_before_and_after_and_is_logged(children, browser):
    client = browser(Role.STATISTICIAN)
    answer = counted(client, f"/statistics/tables/reg_children_alone/cells/?month={LAST}")
    row = re.search(r'<tr role="row" class="total.*?</tr>', answer.content.decode(), re.DOTALL)
    before, leaves = re.findall(r">(\d+|c)<", row[0])[-2:]
    assert before == "12"
    assert leaves == "c" or abs(int(leaves) - 12) <= 13
    entry = AuditEntry.objects.filter(tag="statistics.month.previewed").last()
    assert "reg_children_alone" in entry.detail
    empty = counted(client, f"/statistics/tables/reg_children_alone/cells/?month={LAST.back(20)}")
    assert "Nothing of this kind was recorded" in text(empty)
    assert page(client, "/statistics/tables/eu_permits_first/cells/").status_code == 404


def test_quality_of_own_records(children, browser):
    shown = text(counted(browser(Role.STATISTICIAN), "/statistics/tables/quality/"))
    assert "24 records" in shown
    assert "Citizenship 12 12 100 %" in shown
    assert "no private matching round" in shown


@pytest.mark.parametrize("role", [Role.ANALYST, Role.SOCIAL_WORKER, Role.INVESTIGATOR])
def test_counts_before_protection_are_the_statisticians_alone(role, children, browser):
    client = browser(role)
    for url in ("/statistics/tables/quality/", "/statistics/tables/reg_children_alone/cells/"):
        assert client.get(url).status_code == 403


@pytest.mark.parametrize("language", ["sr", "ar"])
def test_pages_in_other_languages(language, children, browser):
    client = browser(Role.STATISTICIAN)
    client.post("/language/", {"language": language, "next": "/"})
    for url in ("", "eu_asylum_applicants/", f"reg_children_alone/cells/?month={LAST}"):
        assert page(client, f"/statistics/tables/{url}").status_code == 200
    shown = text(page(client, "/statistics/tables/eu_entry_refused/"))
    wanted = {
        "sr": ("Особе којима је одбијен улазак", "двапут", "Без важеће путне исправе"),
        "ar": ("أشخاص رُفض دخولهم", "مرتين", "بلا وثيقة سفر صالحة"),
    }
    for words in wanted[language]:
        assert words in shown
    assert "One unit is" not in shown
