# SPDX-License-Identifier: EUPL-1.2
"""UNHCR's asylum applications by partner, held against what the report prints. Pure.

What is counted: applications lodged for the first time (`app_type` N) as the file gives them for
the first instance (`dec_level` FI, or FA where first instance and review are one number), in
persons (`app_pc` P), in one of the partners (`coa_iso`), government's and UNHCR's procedures
together. Not counted, but told: reviews and courts (AR, JR), repeated applications and those of
which the file does not tell first and repeated apart (R, NR, V, and others), and cases (`app_pc`
C), which are not persons. Kosovo* is not separate: UNHCR counts it with Serbia in this file.
No number under 5 stands in the file, and 5 very often: small numbers seem to be rounded, so that
sums can be a few persons off.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from mostovi.plan.columns import Table, Wrong, read

PARTNERS: Mapping[str, str] = {"ALB": "al", "BIH": "ba", "MNE": "me", "MKD": "mk", "SRB": "rs"}
"""The partners that the file names, as ISO 3166-1 alpha-3 and as our codes."""
COLUMNS = (
    "year",
    "coo_iso",
    "coa_iso",
    "procedure_type",
    "app_type",
    "dec_level",
    "app_pc",
    "applied",
)
FIRST_INSTANCE = frozenset({"FI", "FA"})
REPORT_YEAR = 2022
REPORT_SHARE = Decimal(4)
"""Per cent of arrivals in 2022 that asked for asylum, as the report prints it (UNHCR)."""
SINCE = 2014
"""The report counts refugee status and protection since this year."""


@dataclass(frozen=True, slots=True)
class Applications:
    """One row of the file."""

    year: int
    origin: str
    asylum: str
    procedure: str
    application: str
    level: str
    unit: str
    applied: int

    @property
    def first(self) -> bool:
        """Whether it counts by the definition above."""
        persons = self.unit == "P"
        return persons and self.application == "N" and self.level in FIRST_INSTANCE


@dataclass(frozen=True)
class Counted:
    """First applications by year and partner, and what was left out of them by reason."""

    by_year: Mapping[int, Mapping[str, int]]
    left_out: Mapping[int, Mapping[str, int]]

    def total(self, year: int) -> int:
        """All partners of the file in a year."""
        return sum(self.by_year.get(year, {}).values())

    def since(self, year: int, until: int) -> int:
        """All years from `year` to `until`."""
        return sum(self.total(one) for one in self.by_year if year <= one <= until)

    @property
    def last(self) -> int:
        """The newest year."""
        return max(self.by_year)


def read_applications(content: bytes) -> Table[Applications]:
    """Read the file; only rows whose country of asylum is one of the partners are kept."""
    return read(content, COLUMNS, _row, lambda row: (
        row.year, row.origin, row.asylum, row.procedure, row.application, row.level, row.unit,
    ))  # fmt: skip


def _row(values: dict[str, str], wrong: Wrong) -> Applications | None:
    if not re.fullmatch(r"\d{4}", values["year"]) or not 1950 <= int(values["year"]) <= 2100:
        wrong("year", "Write the year with four digits.")
    if not re.fullmatch(r"[A-Z]{3}", values["coa_iso"]):
        wrong("coa_iso", "Write the three-letter ISO 3166-1 code in capitals, such as BIH.")
    if not re.fullmatch(r"\d{1,9}(\.0+)?", values["applied"]):
        wrong("applied", "Write a whole number without separators.")
        return None
    if values["app_pc"] not in ("P", "C"):
        wrong("app_pc", "Write P for persons or C for cases.")
    if values["coa_iso"] not in PARTNERS or not values["year"].isdigit():
        return None
    return Applications(
        int(values["year"]), values["coo_iso"], values["coa_iso"], values["procedure_type"],
        values["app_type"], values["dec_level"], values["app_pc"],
        int(values["applied"].partition(".")[0]),
    )  # fmt: skip


def count(rows: Iterable[Applications]) -> Counted:
    """Count first applications. A partner without a row in a year is missing, not zero."""
    by_year: dict[int, Counter[str]] = {}
    left_out: dict[int, Counter[str]] = {}
    for row in rows:
        if row.first:
            by_year.setdefault(row.year, Counter())[PARTNERS[row.asylum]] += row.applied
        else:
            left_out.setdefault(row.year, Counter())[_reason(row)] += row.applied
    if not by_year:
        raise ValueError("The file has no first applications in one of the partners.")
    return Counted(by_year, left_out)


def _reason(row: Applications) -> str:
    if row.unit == "C":
        return "cases"
    if row.level not in FIRST_INSTANCE or row.application in ("A", "J"):
        return "review"
    return "not_first"


def implied_arrivals(applications: int, share: Decimal = REPORT_SHARE) -> int:
    """How many arrivals the report's share would mean, were it made of these applications.

    >>> implied_arrivals(1379)
    34475
    """
    return int(Decimal(applications) * 100 / share)
