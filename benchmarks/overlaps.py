# SPDX-License-Identifier: EUPL-1.2
"""How good the identities are by which two partners count the people known to both.

    python -m benchmarks.overlaps

Made-up persons, each registered by two registrars who hear and write differently: some are in the
first partner's list, some in the second's, the rest in both. `content/statistics/overlaps.yaml`
holds the figures, and `tests/statistics/test_overlaps.py` holds them to this measurement.
"""

from __future__ import annotations

from benchmarks import matching_data
from mostovi.statistics.overlap_rules import rules
from mostovi.statistics.overlaps import Quality, measured
from mostovi.tracing.dates import read_birth
from mostovi.tracing.one_text import one_text
from mostovi.tracing.records import Identity, WrittenName

Texts = dict[int, str | None]


def lists(people: tuple[int, int], both: int, seed: int) -> tuple[Texts, Texts]:
    """Two partners' lists: a person's number and the text that the partner's record gives."""
    first, second = people
    persons = list(matching_data.families(matching_data.synthetic(), first + second - both, seed))
    left: Texts = {}
    right: Texts = {}
    for record in matching_data.registered(persons, seed, twice=1.0, places=False):
        place = record.person
        if record.identifier.startswith("a") and place < first:
            left[place] = text_of(record)
        elif record.identifier.startswith("b") and first - both <= place < first + second - both:
            right[place] = text_of(record)
    return left, right


def text_of(record: matching_data.Record) -> str | None:
    """The text of one register's record."""
    return one_text(Identity((WrittenName(record.name),), birth=read_birth(record.birth)))


def quality(people: tuple[int, int], both: int, seed: int) -> Quality:
    """The quality on lists of so many people."""
    return measured(*lists(people, both, seed))


def main() -> None:
    chosen = rules()
    found = quality(chosen.people, chosen.in_both, chosen.seed)
    print(f"recall: {found.recall:.3f}")
    print(f"precision: {found.precision:.3f}")
    print(f"coincidence: {found.coincidence:.8f}")


if __name__ == "__main__":
    main()
