# SPDX-License-Identifier: EUPL-1.2
"""A search finds the same persons wherever it begins; it begins at the rarest word."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from mostovi.people import codes, names, services
from mostovi.people.names import PersonName
from mostovi.people.services import Draft, register_many
from mostovi.rights.access import Action, Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

WORDS = ("Amal", "Amel", "Layla", "Leila", "Hadžić", "Hadzic", "Haj", "Đorđe", "Jorge", "Am")
ASKED = (*WORDS, "ليلى", "Ђорђе", "Хаџић", "Amalia")


def _name(words: tuple[str, ...]) -> dict[str, object]:
    kinds = ("given", "patronymic", "family")
    return {"parts": [[kinds[n], word] for n, word in enumerate(words)], "script": "Latn"}


def _words(words: tuple[str, ...]) -> PersonName:
    return PersonName.from_stored({"usage": "own", "order": "given_first", **_name(words)})


def _plain(people: list[tuple[str, ...]], text: str) -> list[set[int]]:
    """By tier, which persons are found, read off the tokens without any index."""
    filed = [names.search_tokens(_words(words)) for words in people]
    asked = names.query_tokens(text)
    tiers = []
    for kinds in ("w", "wp", "wpk"):
        wanted = [{token for token in word if token[0] in kinds} for word in asked]
        tiers.append({
            place for place, tokens in enumerate(filed)
            if wanted and all(word & tokens for word in wanted)
        })  # fmt: skip
    return tiers


class TestSearching(TestCase):
    def test_a_name_that_reads_like_a_code_is_searched_as_a_name(self):
        assert codes.looks_like_record_code("Amal Layla Jorge")
        worker = Actor(services.uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION, "border")
        (row,) = register_many(worker, [Draft({}, [_name(("Amal", "Layla", "Jorge"))])])
        reach = services.visible(worker, Action.READ)
        assert services._matching(reach, "Amal Layla Jorge", 5) == [row.pk]
        assert services._matching(reach, row.code, 5) == [row.pk]

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(
        people=st.lists(
            st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(tuple), max_size=12
        ),
        query=st.lists(st.sampled_from(ASKED), min_size=1, max_size=3).map(" ".join),
        counted=st.sampled_from([(1,), (1, 2), (1, 2, 3), (2, 5, 9), (1000,)]),
        limit=st.integers(1, 13),
    )
    def test_the_same_persons_as_plain_evaluation(self, people, query, counted, limit):
        worker = Actor(services.uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION, "border")
        rows = register_many(worker, [Draft({}, [_name(words)]) for words in people])
        place = {row.pk: n for n, row in enumerate(rows)}
        tiers = _plain(people, query)
        reach = services.visible(worker, Action.READ)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(services, "COUNTED", counted)
            found = [place[key] for key in services._matching(reach, query, limit)]
        assert len(found) == len(set(found)) == min(limit, len(set().union(*tiers)))
        # Whole words before beginnings, those before skeletons.
        held: set[int] = set()
        for tier in tiers:
            held |= tier
            assert set(found[: len(held)]) <= held
            assert len(set(found) & held) == min(limit, len(held))


@pytest.mark.django_db
def test_it_begins_at_the_rarest_and_counts_no_further_than_it_must(
    acting, monkeypatch, statements
):
    worker = acting(Role.SOCIAL_WORKER)
    people = [("Amal", "Hadzic")] * 30 + [("Layla", "Hadzic")] * 12 + [("Zlatan", "Hadzic")]
    register_many(worker, [Draft({}, [_name(words)]) for words in people])
    monkeypatch.setattr(services, "COUNTED", (5, 20, 40))

    def first(*words: str) -> tuple[str, int]:
        tier = [{f"w:{word}"} for word in words]
        sizes = services._Sizes(set().union(*tier))
        asked = statements(lambda: tier.__setitem__(slice(None), sizes.rarest_first(tier)))
        return next(iter(tier[0]))[2:], len(asked)

    assert first("hadzic", "zlatan", "amal") == ("zlatan", 0)
    assert first("hadzic", "amal", "layla") == ("layla", 1)
    assert first("hadzic", "amal") == ("amal", 2)
    assert first("hadzic") == ("hadzic", 0)
