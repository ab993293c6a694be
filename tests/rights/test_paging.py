# SPDX-License-Identifier: EUPL-1.2
"""Long lists are counted as far as anybody leafs, and every page can still be reached."""

import pytest

from mostovi.rights import paging
from mostovi.rights.models import AuditEntry
from mostovi.rights.paging import LongList

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries(monkeypatch):
    """Sixty entries; four pages of two are counted."""
    monkeypatch.setattr(paging, "MOST_PAGES", 4)
    monkeypatch.setattr(LongList, "_reach", 4)
    paging._long.clear()
    AuditEntry.objects.bulk_create(
        AuditEntry(
            sequence=n,
            at="2026-11-24T10:00:00.000000Z",
            tag="audit.log.read",
            actor="a",
            role="system",
            purpose="governance",
            handle="",
            outcome="done",
            detail="{}",
            previous="0" * 64,
            digest=f"{n:064}",
        )  # fmt: skip
        for n in range(1, 61)
    )
    return AuditEntry.objects.order_by("-sequence")


def test_a_short_list_shows_its_number_of_pages(entries):
    pages = LongList(entries.filter(sequence__lte=5), 2)
    assert (pages.count, pages.total) == (5, "3")


def test_a_long_list_is_counted_only_so_far(entries, statements):
    pages = LongList(entries, 2)
    sent = statements(lambda: (pages.count, pages.total))
    assert (pages.count, pages.total, len(sent)) == (8, "4+", 1)
    assert "LIMIT 9" in sent[0] and "ORDER BY" not in sent[0]


def test_leafing_on_reaches_every_page(entries):
    number, seen = 1, []
    while True:
        page = LongList(entries, 2).get_page(str(number))
        seen += [entry.sequence for entry in page]
        if not page.has_next():
            break
        number = page.next_page_number()
    assert seen == list(range(60, 0, -1))


@pytest.mark.parametrize("asked", [None, "", "x", "-1", "0", "²", "9" * 400, "999999999"])
def test_no_page_number_breaks_it(entries, asked):
    assert list(LongList(entries, 2).get_page(asked))


def test_what_fits_one_page_is_not_counted(entries, statements):
    pages = LongList(entries.filter(sequence__lte=2), 2)
    sent = statements(lambda: (list(pages.get_page(None)), pages.total))
    assert len(sent) == 1
    assert (pages.count, pages.total, pages.get_page("1").has_other_pages()) == (2, "1", False)


def test_a_list_known_to_be_long_is_not_counted_again_for_a_while(entries, statements, monkeypatch):
    assert LongList(entries, 2).total == "4+"
    assert statements(lambda: LongList(entries, 2).total) == []
    assert statements(lambda: LongList(entries.filter(sequence__gt=1), 2).total)
    monkeypatch.setattr(paging, "REMEMBERED_FOR", -1.0)
    paging._long.clear()
    assert LongList(entries, 2).total == "4+"
    assert statements(lambda: LongList(entries, 2).total)


def test_a_short_list_is_counted_each_time(entries, statements):
    short = entries.filter(sequence__lte=5)
    assert LongList(short, 2).count == 5
    AuditEntry.objects.filter(sequence=5)._raw_delete("default")
    assert LongList(short, 2).count == 4
