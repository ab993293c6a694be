# SPDX-License-Identifier: EUPL-1.2
"""Addresses of `statistics`."""

from django.urls import path, register_converter

from mostovi.statistics import calculation_views, protection_views, table_views, views
from mostovi.statistics.months import Month

app_name = "statistics"


class MonthConverter:
    """A month in an address, as 2026-10."""

    regex = r"\d{4}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> Month:
        """The month."""
        return Month.parse(value)

    def to_url(self, value: Month | str) -> str:
        """Its text."""
        return str(value)


register_converter(MonthConverter, "month")

# The converter above must be registered before these are read.
from mostovi.statistics import exchange_urls, overlap_urls  # noqa: E402

urlpatterns = [
    *exchange_urls.urlpatterns,
    *overlap_urls.urlpatterns,
    path("", views.months, name="months"),
    path("tables/", table_views.tables, name="tables"),
    path("tables/quality/", table_views.quality_page, name="quality"),
    path(
        "tables/calculations/<uuid:pk>/progress.json",
        calculation_views.progress,
        name="calculation_progress",
    ),
    path("tables/calculations/<uuid:pk>/anew/", calculation_views.anew, name="calculate_anew"),
    path("tables/<slug:code>/", table_views.table, name="table"),
    path("tables/<slug:code>/cells/", table_views.cells, name="table_cells"),
    path("tables/<slug:code>/protection/", protection_views.protection, name="table_protection"),
    path("region/", views.region, name="region"),
    path("region/download/<month:month>.csv", views.region_csv, name="region_csv"),
    path("region/<month:month>/<slug:table>/", views.region_table, name="region_table"),
    path("<month:month>/", views.released, name="released"),
    path("<month:month>/release/", views.release, name="release"),
    path("<month:month>.csv", views.released_csv, name="released_csv"),
]
