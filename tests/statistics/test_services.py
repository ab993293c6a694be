# SPDX-License-Identifier: EUPL-1.2
"""From counting to the secretariat: what is released, what is refused, what stays."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from mostovi.exchange.handlers import Reject
from mostovi.exchange.models import OutboxLetter
from mostovi.exchange.profiles import ProfileViolation
from mostovi.rights.access import Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from mostovi.statistics import letters, services, sources
from mostovi.statistics.catalogue import template
from mostovi.statistics.cubes import with_margins
from mostovi.statistics.models import MonthlyTable, RegionalCell
from mostovi.statistics.months import Month
from mostovi.statistics.suppression import publish, suppress

MONTH = Month(2026, 10)
NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)

COUNTS = {
    "persons_screened": {
        ("female", "18-34", "grounds"): 2, ("female", "18-34", "none"): 31,
        ("male", "18-34", "none"): 54, ("male", "12-17", "grounds"): 9,
        ("male", "12-17", "none"): 17, ("female", "35-59", "none"): 12,
    },
    "cases_opened": {("female", "18-34"): 1, ("male", "12-17"): 14, ("male", "18-34"): 22},
    "referrals_sent": {("male", "12-17", "accepted"): 8, ("male", "12-17", "other"): 4},
    "referrals_received": {("accepted",): 1, ("other",): 0},
    "measures_ended": {},
}  # fmt: skip


@pytest.fixture
def counted(monkeypatch):
    """Counts that a test can change, in place of the node's own."""
    counts = {measure: dict(found) for measure, found in COUNTS.items()}
    for measure in counts:
        monkeypatch.setitem(sources._sources, measure, lambda table, m, s, e: counts[table.measure])
    return counts


@pytest.fixture
def statistician(acting):
    return acting(Role.STATISTICIAN)


def released(actor, month=MONTH, now=NOW):
    digest = services.preview(actor, month).digest
    return services.release(actor, month, digest=digest, now=now)


def data_of(counts, *, partner="ba", month=MONTH, revision=1):
    """A letter's data as an honest node composes it."""
    chosen = template()
    published = {}
    for table in chosen.tables:
        full = with_margins(table.measure, table.shape, counts[table.measure])
        hidden = suppress(full, table.relations, chosen.rule)
        published |= publish(full, hidden)
    return letters.compose(chosen, published, partner=partner, month=month, revision=revision)


@pytest.mark.django_db
def test_release_stores_and_posts_exactly_what_was_seen(counted, statistician, secretariat_peer):
    seen = services.preview(statistician, MONTH)
    tables = services.release(statistician, MONTH, digest=seen.digest, now=NOW)
    assert len(tables) == len(template().tables)
    stored = {}
    for row in tables:
        stored |= letters.cells_of(template().table(row.table), row.cells)
        assert row.released_by == statistician.account
    assert stored == seen.published
    assert OutboxLetter.objects.get(letter_type=letters.LETTER_TYPE).pk == tables[0].letter_id


@pytest.mark.django_db
def test_no_small_count_is_stored_or_leaves(counted, statistician, secretariat_peer):
    released(statistician)
    values = [v for row in MonthlyTable.objects.all() for _codes, v in row.cells]
    assert not set(values) & {1, 2}
    assert not RegionalCell.objects.filter(value__in=[1, 2]).exists()


@pytest.mark.django_db
def test_release_is_refused_when_the_counts_changed_meanwhile(
    counted, statistician, secretariat_peer
):
    digest = services.preview(statistician, MONTH).digest
    counted["cases_opened"][("male", "18-34")] += 5
    with pytest.raises(services.NotReleasable, match="changed since you looked"):
        services.release(statistician, MONTH, digest=digest, now=NOW)
    assert not MonthlyTable.objects.exists()
    assert not OutboxLetter.objects.exists()


@pytest.mark.django_db
def test_a_month_that_has_not_ended_is_not_released(counted, statistician):
    with pytest.raises(services.NotReleasable, match="not ended"):
        services.release(statistician, Month(2026, 11), digest="", now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.ANALYST, Role.PARTNER_FOCAL_POINT, Role.ADMINISTRATOR])
def test_only_the_statistician_sees_counts_before_protection(counted, acting, role):
    with pytest.raises(Refused):
        services.preview(acting(role), MONTH)
    with pytest.raises(Refused):
        services.release(acting(role), MONTH, digest="", now=NOW)


@pytest.mark.django_db
def test_a_revision_keeps_the_first_and_hides_small_changes(
    counted, statistician, secretariat_peer
):
    released(statistician)
    counted["cases_opened"][("male", "18-34")] += 1
    released(statistician)
    cell = template().table("cases_opened").cell({"sex": "male", "age_group": "18-34"})
    first, second = services.released_before(MONTH)
    assert first[cell] is None or second[cell] is None
    assert not any(
        0 < abs(second[c] - first[c]) < 3
        for c in first
        if first[c] is not None and second[c] is not None
    )
    assert set(MonthlyTable.objects.values_list("revision", flat=True)) == {1, 2}
    # One month is one partner's newest revision in the trend.
    assert RegionalCell.objects.filter(table="cases_opened", cell="").count() == 1


@pytest.mark.django_db
def test_preview_release_and_receipt_are_in_the_log(counted, statistician, secretariat_peer):
    released(statistician)
    tags = set(AuditEntry.objects.values_list("tag", flat=True))
    assert {"statistics.month.previewed", "statistics.month.released"} <= tags


@pytest.mark.django_db
def test_the_secretariat_takes_a_month_and_a_revision_supersedes(at_secretariat, letter):
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS)))
    more = {**COUNTS, "referrals_received": {("accepted",): 9, ("other",): 7}}
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(more, revision=2)))
    row = services.newest_tables(MONTH)[("ba", "referrals_received")]
    assert (row.revision, row.status) == (2, "received")
    assert MonthlyTable.objects.filter(table="referrals_received").count() == 2
    value = RegionalCell.objects.get(table="referrals_received", cell="answer=accepted").value
    assert value == 9


def change(data, path, value):
    """`data` with the value at `path` replaced."""
    copy = json.loads(json.dumps(data))
    spot = copy
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = value
    return copy


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["tables", 1, "cells", 0, "codes"], ["female", "99"], "unknown codes"),
        (["tables", 3, "cells", 1], {"codes": ["other"], "status": "shown", "value": 2},
         "under 3 is shown"),
        (["tables", 3, "cells", 0], {"codes": ["other"], "status": "hidden"}, "there twice"),
        (["tables", 0, "dimensions"], ["sex", "finding", "age_group"], "dimensions"),
        (["tables", 1, "cells"], [], "cells are missing"),
        (["tables", 1, "cells", 0], {"codes": ["female", "0-11"], "status": "missing"},
         "not used here"),
        (["tables", 1, "cells", 0], {"codes": ["female", "0-11"], "status": "shown", "value": 400},
         "contradict"),
        (["template_version"], "1999", "not the one in force"),
        (["tables", 0, "table"], "persons_counted", "every table"),
        (["partner"], "me", "own partner"),
    ],
)  # fmt: skip
def test_an_unacceptable_month_changes_nothing_and_says_why(
    at_secretariat, letter, path, value, message
):
    with pytest.raises(Reject, match=message):
        services.receive(letter("ba", letters.LETTER_TYPE, change(data_of(COUNTS), path, value)))
    assert not MonthlyTable.objects.exists()


@pytest.mark.parametrize(
    "person",
    [
        {"names": ["A"]}, {"subject": "x"}, {"records": [{"sex": "female", "birth": "1990"}]},
        {"comment": "one woman from the camp"},
    ],
)  # fmt: skip
def test_a_field_about_a_person_is_outside_the_profile(letter, person):
    for data in (
        {**data_of(COUNTS), **person},
        change(data_of(COUNTS), ["tables", 0, next(iter(person))], next(iter(person.values()))),
    ):
        with pytest.raises(ProfileViolation):
            letter("ba", letters.LETTER_TYPE, data)


@pytest.mark.django_db
def test_an_old_revision_and_a_second_node_of_a_partner_are_refused(at_secretariat, letter):
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS, revision=2)))
    with pytest.raises(Reject, match="already here"):
        services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS, revision=2)))
    with pytest.raises(Reject, match="come from node ba"):
        services.receive(letter("ba-police", letters.LETTER_TYPE, data_of(COUNTS, revision=3)))


@pytest.mark.django_db
def test_a_partners_node_takes_no_months(letter):
    with pytest.raises(Reject, match="secretariat"):
        services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS)))


@pytest.mark.django_db
def test_csv_has_a_line_a_cell_and_no_value_for_hidden_ones(at_secretariat, letter):
    services.receive(letter("ba", letters.LETTER_TYPE, data_of(COUNTS)))
    rows = [row for _k, row in sorted(services.newest_tables(MONTH).items())]
    lines = list(csv.DictReader(io.StringIO(services.as_csv(rows))))
    assert len(lines) == sum(len(table.cells) for table in template().tables)
    assert {line["value"] for line in lines if line["status"] == "hidden"} == {""}
    assert not {line["value"] for line in lines} & {"1", "2"}


@pytest.mark.django_db
def test_the_nodes_own_counts_can_be_counted(statistician):
    """The real counting functions run on an empty node and count nobody."""
    assert set(services.preview(statistician, MONTH).counts.values()) == {0}
