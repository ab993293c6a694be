# SPDX-License-Identifier: EUPL-1.2
"""Pages of lists that may be very long: counted only as far as anybody leafs through them."""

from __future__ import annotations

from time import monotonic
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MOST_PAGES = 20
FURTHEST = 4000
"""Whoever asks for a page beyond this gets the last one counted."""


REMEMBERED_FOR = 60.0
"""Seconds for which a list that was longer than anybody leafs is taken to be so still."""
_MOST_REMEMBERED = 256
_long: dict[tuple[str, str], tuple[float, int]] = {}
"""Until when, and how many rows at least, by the whole question: whose, for what, which filter."""


class LongList(Paginator):  # type: ignore[type-arg]
    """A paginator that counts `MOST_PAGES` pages, or a little further than the page asked for.

    Counting a hundred thousand rows takes longer than the page itself, and further back one
    searches. `total` is the number of pages as it is shown ("20+" when there are more). Takes
    querysets only.
    """

    _reach = MOST_PAGES

    def get_page(self, number: Any) -> Page:  # type: ignore[type-arg]
        """The page; what is no number is the first one, what is too high the last one."""
        text = str(number or "")
        if text.isascii() and text.isdigit():
            self._reach = max(MOST_PAGES, min(int(text[:9]), FURTHEST) + 10)
        if text in {"", "1"}:
            return self._first_page()
        return super().get_page(number)

    def _first_page(self) -> Page:  # type: ignore[type-arg]
        """The first page with one row more than it shows: if that is missing, nothing is counted.

        Most searches end here, and all that a worker holds.
        """
        rows = list(self.object_list[: self.per_page + 1])
        if len(rows) <= self.per_page:
            self._counted = len(rows)
        return Page(rows[: self.per_page], 1, self)

    @cached_property
    def _counted(self) -> int:
        rows: QuerySet[Any] = self.object_list.order_by()  # type: ignore[attr-defined]
        sql, parameters = rows.query.sql_with_params()
        question, now = (sql, repr(parameters)), monotonic()
        until, at_least = _long.get(question, (0.0, 0))
        if now < until and at_least > self._most:
            return at_least
        counted = rows[: self._most + 1].count()
        if counted > self._most:
            if len(_long) >= _MOST_REMEMBERED:
                _long.clear()
            _long[question] = now + REMEMBERED_FOR, counted
        return counted

    @property
    def _most(self) -> int:
        return self._reach * self.per_page

    @cached_property
    def count(self) -> int:
        """Rows, as far as they were counted."""
        return min(self._counted, self._most)

    @property
    def total(self) -> str:
        """The number of pages for readers."""
        return f"{self.num_pages}+" if self._counted > self._most else str(self.num_pages)
