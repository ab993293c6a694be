# SPDX-License-Identifier: EUPL-1.2
"""The synthetic world: the same for everybody, right in its scripts, blind to origin."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.content import CONTENT
from mostovi.node.synthetic import lists as lists_module
from mostovi.node.synthetic.lists import BadLists, Lists, Weighted, build, shipped
from mostovi.node.synthetic.world import ADULT, BLOCK, SyntheticPerson, World
from mostovi.people import scripts
from mostovi.people.fields import Relation
from mostovi.people.names import PersonName

ON = date(2026, 11, 24)
SAMPLE = 312 * BLOCK


@pytest.fixture(scope="module")
def lists() -> Lists:
    return shipped()


@pytest.fixture(scope="module")
def sample(lists: Lists) -> list[SyntheticPerson]:
    return list(World(lists, seed=11, on=ON).people(SAMPLE))


@given(st.integers(0, 2**40), st.integers(0, 3000), st.integers(1, 200))
@settings(max_examples=25, deadline=None)
def test_a_person_is_the_same_in_a_world_of_any_size(seed: int, number: int, more: int) -> None:
    world = World(shipped(), seed=seed, on=ON)
    alone = world.person(number)
    assert alone.number == number
    (streamed,) = world.people(1, start=number)
    assert streamed == alone
    later = list(World(shipped(), seed=seed, on=ON).people(more, start=max(0, number - more + 1)))
    assert later[min(number, more - 1)] == alone


def test_the_same_seed_gives_the_same_world_and_another_seed_another(lists: Lists) -> None:
    one = list(World(lists, seed=1, on=ON).people(300))
    assert one == list(World(lists, seed=1, on=ON).people(300))
    other = list(World(lists, seed=2, on=ON).people(300))
    assert sum(a == b for a, b in zip(one, other, strict=True)) == 0


def test_the_world_does_not_change_unnoticed(lists: Lists) -> None:
    """Measurements and demonstrations name people by number; a change must be meant."""
    lines = [
        f"{p.number} {p.sex} {p.age} {p.household_kind} {p.situation} "
        f"{p.screening['health/health_need']}"
        for p in World(lists, seed=1, on=ON).people(200)
    ]
    digest = sha256("\n".join(lines).encode()).hexdigest()
    assert digest[:16] == "24018b0de761717d"


def test_sizes_out_of_reach_are_refused(lists: Lists) -> None:
    world = World(lists, seed=1, on=ON)
    for count, start in ((-1, 0), (1, -1), (10_000_001, 0)):
        with pytest.raises(ValueError, match="between 0 and"):
            next(iter(world.people(count, start=start)))
    assert list(world.people(0)) == []


def test_it_streams_in_constant_memory(lists: Lists) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in World(lists, seed=3, on=ON).people(count):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(BLOCK)
    assert peak(40 * BLOCK) < 1.5 * peak(4 * BLOCK)


def test_names_are_in_the_script_of_their_language(
    sample: list[SyntheticPerson], lists: Lists
) -> None:
    for person in sample:
        own = person.names[0]
        assert own.script == lists.sets[person.name_set].script
        for _, text in own.parts:
            assert scripts.detect(text) == own.script, text
        latin = [name for name in person.names if name.usage != "own"]
        assert bool(latin) == (own.script != "Latn")
        for name in latin:
            assert scripts.detect(name.written) == "Latn" == name.script
    seen = {person.names[0].script for person in sample}
    assert {"Arab", "Latn", "Cyrl", "Beng", "Deva", "Ethi"} <= seen


@pytest.mark.parametrize(
    ("name_set", "letters"),
    [("pashto", "ټډړږښګڼځڅېۍ"), ("urdu", "ٹڈڑےںہھ"), ("persian", "پچژگ"), ("serbian", "ђћљњџј"),
     ("macedonian", "ѓќѕљњџј"), ("ukrainian", "іїєґ"), ("turkish", "çğışöü"),
     ("albanian", "ëç"), ("bosnian", "čćđšž")],
)  # fmt: skip
def test_lists_use_the_letters_of_their_language(lists: Lists, name_set: str, letters: str) -> None:
    known = lists.sets[name_set]
    text = " ".join(
        [n.own for names in known.given.values() for n in names]
        + [form.own for forms in known.family for form in forms.values()]
    ).lower()
    assert sum(letter in text for letter in letters) >= 2


def test_no_list_uses_letters_of_another_alphabet_of_its_script(lists: Lists) -> None:
    """An Arabic name with a Persian yeh, or a Serbian one with a Russian letter, is a mistake."""
    foreign = {
        "arabic_east": "یکگپچژ", "arabic_west": "یکگپچژ", "persian": "يك", "dari": "يك",
        "urdu": "ي", "serbian": "йъыэяюё", "macedonian": "йъыэяюђћ", "russian": "їієјљњ",
        "ukrainian": "ыэъё",
    }  # fmt: skip
    for code, letters in foreign.items():
        known = lists.sets[code]
        for name in [n for names in known.given.values() for n in names] + [
            form for forms in known.family for form in forms.values()
        ]:
            assert not set(name.own.lower()) & set(letters), (code, name.own)


def test_every_name_is_one_that_a_file_takes(sample: list[SyntheticPerson]) -> None:
    for person in sample[:3000]:
        for name in person.names:
            PersonName.from_json(
                {"parts": name.parts, "script": name.script, "usage": name.usage,
                 "order": name.order}
            )  # fmt: skip


def test_margins_are_those_of_the_lists(sample: list[SyntheticPerson], lists: Lists) -> None:
    heads = [p for p in sample if p.household == p.number]
    origins = Counter(p.origin for p in heads)
    for origin in lists.origins.options:
        wanted = lists.origins.share_of(origin)
        assert abs(origins[origin.code] / len(heads) - wanted) < 0.012, origin.code
    situations = Counter(p.situation for p in sample)
    for situation in lists.situations.options:
        share = situations[situation.code] / SAMPLE
        assert abs(share - lists.situations.share_of(situation)) < 0.01
    phones = sum(1 for p in sample if p.phone and p.age >= 12) / sum(p.age >= 12 for p in sample)
    assert abs(phones - lists.phone) < 0.015
    alone = [p for p in sample if p.household_kind == "alone"]
    men = sum(p.sex == "male" for p in alone) / len(alone)
    assert abs(men - 0.82) < 0.015


def test_families_fit_together(sample: list[SyntheticPerson]) -> None:
    by_number = {p.number: p for p in sample}
    opposite = {
        "spouse": {"spouse"}, "sibling": {"sibling"}, "child": {"mother", "father"},
        "mother": {"child"}, "father": {"child"},
    }  # fmt: skip
    for person in sample:
        for relative in person.relatives:
            Relation(relative.relation)
            if relative.number is None:
                assert relative.travelling_together == "no"
                continue
            other = by_number[relative.number]
            assert other.household == person.household and other.route == person.route
            assert other.number // BLOCK == person.number // BLOCK
            back = next(r for r in other.relatives if r.number == person.number)
            assert back.relation in opposite[relative.relation]
            if relative.relation in {"mother", "father"}:
                assert other.age - person.age >= ADULT
                assert other.sex == ("female" if relative.relation == "mother" else "male")
        if person.household_kind == "unaccompanied_child":
            assert person.age < ADULT and person.is_alone_child
    for household in {p.household for p in sample[:5000]}:
        names = [p.names[0].parts[0][1] for p in sample[household : household + 8]
                 if p.household == household]  # fmt: skip
        assert len(names) == len(set(names))


def test_birth_fits_age(sample: list[SyntheticPerson]) -> None:
    for person in sample:
        birth = person.birth
        if birth.precision == "day":
            born = date(birth.year or 0, birth.month or 0, birth.day or 0)
            years = ON.year - born.year - ((ON.month, ON.day) < (born.month, born.day))
            assert years == person.age
        assert (birth.day is None) == (birth.precision != "day")
        assert (birth.year is None) == (birth.precision == "unknown")
        assert person.first_contact <= ON


def test_phones_ring_nowhere(sample: list[SyntheticPerson]) -> None:
    for person in sample:
        if person.phone:
            fictional = (
                person.phone.startswith("+44 7700 900"),
                person.phone.startswith("+33 6 39 98"),
                person.phone.startswith("+1 ") and " 555 01" in person.phone,
            )
            assert any(fictional), person.phone


def altered(**changes: Any) -> Lists:
    """The lists with the margins changed."""
    read = lambda path: yaml.safe_load((CONTENT / path).read_text("utf-8"))  # noqa: E731
    margins = read("synthetic/margins.yaml") | changes
    return build(read("synthetic/names.yaml"), margins, lists_module.trafficking_questions())


def answers(world: World, count: int) -> Iterator[tuple[Any, ...]]:
    for p in world.people(count):
        yield p.situation, p.screening, p.trafficking, p.sex, p.age, p.household_kind


@pytest.mark.parametrize("only", ["SY", "AF", "RU", "AL"])
def test_no_answer_changes_when_everybody_comes_from_elsewhere(lists: Lists, only: str) -> None:
    origin = next(o for o in lists.origins.options if o.code == only)
    elsewhere = replace(lists, origins=Weighted([origin], [1.0]))
    here = World(lists, seed=5, on=ON)
    there = World(elsewhere, seed=5, on=ON)
    assert {p.origin for p in there.people(500)} == {only}
    assert list(answers(here, 2000)) == list(answers(there, 2000))


def test_signs_of_trafficking_are_as_frequent_whatever_the_origin(
    sample: list[SyntheticPerson], lists: Lists
) -> None:
    asked = [p for p in sample if p.trafficking is not None]
    overall = Counter(answer for p in asked for answer in p.trafficking.values() if p.trafficking)
    yes = overall["yes"] / overall.total()
    for origin in ("SY", "AF", "TR"):
        group = [p for p in asked if p.origin == origin]
        counts = Counter(a for p in group for a in (p.trafficking or {}).values())
        assert abs(counts["yes"] / counts.total() - yes) < 0.02


def test_answers_follow_what_happened(sample: list[SyntheticPerson]) -> None:
    def yes_in(person: SyntheticPerson, dimension: str) -> int:
        return sum(
            answer == "yes" and path.startswith(f"{dimension}/")
            for path, answer in (person.trafficking or {}).items()
        )

    trafficked = [p for p in sample if p.situation == "trafficked" and p.trafficking]
    nothing = [p for p in sample if p.situation == "none" and p.trafficking]
    for dimension in ("exploitation", "coercion_at_destination"):
        assert sum(yes_in(p, dimension) >= 2 for p in trafficked) > 0.9 * len(trafficked)
        assert sum(yes_in(p, dimension) >= 2 for p in nothing) < 0.1 * len(nothing)
    every = Counter(a for p in sample for a in (p.trafficking or {}).values())
    assert {"yes", "no", "unknown", "prefer_not_to_say", "not_asked"} <= set(every)


def test_answers_fit_the_forms(sample: list[SyntheticPerson]) -> None:
    """Every path and choice is one of the form's; otherwise no indicator would see it."""
    for form, field in (("screening_first_contact", "screening"),
                        ("screening_trafficking", "trafficking")):  # fmt: skip
        text = (CONTENT / f"forms/{form}.md").read_text(encoding="utf-8")
        paths, group = set(), ""
        for line in text.splitlines():
            cells = [cell.strip() for cell in line.split("|")[2:4]]
            if len(cells) == 2 and cells[0] == "begin_group":
                group = f"{cells[1]}/"
            elif len(cells) == 2 and cells[0]:
                paths.add(group + cells[1])
        for person in sample[:2000]:
            assert set(getattr(person, field) or {}) <= paths


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"origins": [{"code": "XX", "share": 1, "names": {"martian": 1}, "languages": [],
                       "second": ["en"]}]}, "martian"),
        ({"situations": [{"code": "x", "share": 1, "dimensions": {"luck": 1}}]}, "luck"),
        ({"phone": "often"}, "often"),
        ({"contact_safe": {True: 1}}, "quote"),
        ({"households": []}, "positive weight"),
    ],
)  # fmt: skip
def test_wrong_lists_are_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadLists, match=says):
        altered(**changes)


def test_the_lists_say_what_they_are() -> None:
    for name in ("names", "margins"):
        document = yaml.safe_load((lists_module.FOLDER / f"{name}.yaml").read_text("utf-8"))
        assert document["review"]["status"] == "unreviewed"
        assert document["source"] and document["caveat"] and document["version"]
