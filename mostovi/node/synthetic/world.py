# SPDX-License-Identifier: EUPL-1.2
"""A seeded world of invented people, one after the other, in constant memory.

Person number i of a seed is the same whatever the size of the world: people are drawn in blocks
of `BLOCK`, each from its own streams of random numbers, so that any block can be made alone.

Three streams are kept apart so that one cannot colour the other:
* structure: who travels with whom, sex, age (no origin in it);
* origin: country, names, languages, route (nothing else follows from it);
* situation: what happened, and the answers to screening questions, drawn for each person from
  its number alone. Changing the origins changes no answer, which a test proves.

The latent `situation` exists in the generator only; it is never stored in a node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from random import Random

from mostovi.node.synthetic.lists import (
    HouseholdKind,
    Lists,
    NameSet,
    Origin,
    Situation,
    WrittenName,
)

BLOCK = 64
"""People in a block; a household never crosses from one to the next."""
ADULT = 18
YOUNGEST_ASKED = 6
"""Smaller children are not asked about trafficking; a specialist sees them."""
MOST = 10_000_000
"""Numbers beyond this are refused: the world is for tests, not for filling disks."""

Answers = Mapping[str, str | int]
"""Answers by path in the form ("journey/travels_with"), as the form codes them."""


@dataclass(frozen=True, slots=True)
class SyntheticName:
    """One name in one script: parts of (kind, text), usage as `people.names.Usage`."""

    script: str
    usage: str
    order: str
    parts: tuple[tuple[str, str], ...]

    @property
    def written(self) -> str:
        """The whole name."""
        return " ".join(text for _, text in self.parts)


@dataclass(frozen=True, slots=True)
class Relative:
    """A relative. `number` is None for somebody who is not in the region."""

    relation: str
    name: str
    number: int | None
    travelling_together: str
    whereabouts_known: str


@dataclass(frozen=True, slots=True)
class SyntheticBirth:
    """What is known of the birth: precision as `people.birth.Precision`."""

    precision: str
    year: int | None
    month: int | None
    day: int | None
    doubted: bool


@dataclass(frozen=True, slots=True)
class SyntheticPerson:
    """One invented person. `situation` is hidden truth for tests; never store it."""

    number: int
    household: int
    household_kind: str
    sex: str
    age: int
    birth: SyntheticBirth
    origin: str
    name_set: str
    names: tuple[SyntheticName, ...]
    languages: tuple[str, ...]
    relatives: tuple[Relative, ...]
    phone: str
    phone_safe: str
    route: str
    partner: str
    first_contact: date
    situation: str
    screening: Answers
    trafficking: Answers | None

    @property
    def is_child(self) -> bool:
        """Under 18, or treated so because the age is in doubt (R7)."""
        return self.age < ADULT or self.birth.doubted

    @property
    def is_alone_child(self) -> bool:
        """A child without an adult of the family."""
        return self.household_kind in {"unaccompanied_child", "siblings_without_parents"}


@dataclass(slots=True)
class _Member:
    """A place in a household before names are drawn."""

    number: int
    sex: str
    age: int
    adult: bool
    birth: SyntheticBirth
    name: tuple[WrittenName, WrittenName] | None = None


class World:
    """The people of one seed, seen from the day `on` (ages and first contacts count from it)."""

    def __init__(self, lists: Lists, *, seed: int, on: date) -> None:
        self._lists, self._seed, self._on = lists, seed, on

    def people(self, count: int, *, start: int = 0) -> Iterator[SyntheticPerson]:
        """People `start` to `start + count - 1`, one at a time. Raises `ValueError`."""
        if count < 0 or start < 0 or start + count > MOST:
            raise ValueError(f"ask for people between 0 and {MOST}")
        end = start + count
        for block in range(start // BLOCK, -(-end // BLOCK)):
            for person in self.block(block):
                if start <= person.number < end:
                    yield person

    def person(self, number: int) -> SyntheticPerson:
        """One person by number."""
        return self.block(number // BLOCK)[number % BLOCK]

    def block(self, block: int) -> list[SyntheticPerson]:
        """The `BLOCK` people of one block."""
        random = self._stream("structure", block)
        first, left = block * BLOCK, BLOCK
        people: list[SyntheticPerson] = []
        while left:
            kind = self._lists.households.pick(random.random())
            if kind.size > left:
                kind = next(k for k in self._lists.households.options if k.size == 1)
            people += self._household(kind, first, random)
            first += kind.size
            left -= kind.size
        return people

    def _stream(self, tag: str, number: int) -> Random:
        material = f"{self._seed}/{tag}/{number}".encode()
        # Not for secrets: the same seed has to give the same world.
        return Random(int.from_bytes(blake2b(material, digest_size=8).digest()))  # noqa: S311

    def _household(self, kind: HouseholdKind, first: int, random: Random) -> list[SyntheticPerson]:
        members = self._members(kind, first, random)
        origin_random = self._stream("origin", first)
        origin = self._lists.origins.pick(origin_random.random())
        names = self._lists.sets[origin.names.pick(origin_random.random())]
        route = self._lists.routes.pick(origin_random.random())
        contact = self._on - timedelta(days=int(origin_random.random() ** 2 * 540))
        family = names.family[int(origin_random.random() * len(names.family))]
        taken: set[str] = set()
        for member in members:
            pool = names.given[member.sex]
            place = int(origin_random.random() * len(pool))
            while pool[place].own in taken and len(taken) < len(pool):
                place = (place + 1) % len(pool)
            taken.add(pool[place].own)
            member.name = (pool[place], family[member.sex])
        languages = self._languages(origin, names.code, origin_random)
        return [
            self._person(
                member, members, kind, origin, names, languages, origin_random,
                route.code, route.partner, contact,
            )
            for member in members
        ]  # fmt: skip

    def _languages(self, origin: Origin, name_set: str, random: Random) -> tuple[str, ...]:
        spoken = list(origin.languages[name_set])
        if random.random() < 0.35:
            spoken.append(origin.second[int(random.random() * len(origin.second))])
        return tuple(dict.fromkeys(spoken))

    # --- Structure: sex, age, birth ------------------------------------------------------------

    def _members(self, kind: HouseholdKind, first: int, random: Random) -> list[_Member]:
        lists = self._lists
        ages = lists.age_child if kind.adults else lists.age_unaccompanied
        children = [
            (
                "female" if random.random() < self._girls(kind) else "male",
                _within(ages.pick(random.random()), random),
            )
            for _ in range(kind.children)
        ]
        oldest = max((age for _, age in children), default=0)
        members: list[_Member] = []
        for place in range(kind.adults):
            sex = self._adult_sex(kind, place, members, random)
            age = self._adult_age(kind, place, members, oldest, random)
            members.append(_Member(first + place, sex, age, True, self._birth(age, random)))
        for place, (sex, age) in enumerate(children, start=first + kind.adults):
            members.append(_Member(place, sex, age, False, self._birth(age, random)))
        return members

    def _girls(self, kind: HouseholdKind) -> float:
        return 0.48 if kind.adults else 0.08

    def _adult_sex(
        self, kind: HouseholdKind, place: int, members: list[_Member], random: Random
    ) -> str:
        share = random.random()
        if place == 0:
            if kind.first_adult:
                return kind.first_adult
            if kind.adults == 1 or kind.siblings:
                return self._lists.sex_alone.pick(share)
            return "female" if share < 0.5 else "male"
        if kind.siblings or kind.generations:
            return "female" if share < 0.5 else "male"
        return "male" if members[0].sex == "female" else "female"

    def _adult_age(
        self,
        kind: HouseholdKind,
        place: int,
        members: list[_Member],
        oldest_child: int,
        random: Random,
    ) -> int:
        """Parents are at least 18 years older than their oldest child."""
        age = _within(self._lists.age_adult.pick(random.random()), random)
        if place and kind.generations:
            age = min(members[0].age + 20 + int(random.random() * 15), 95)
        elif place:
            age = max(ADULT, members[0].age + int(random.random() * 9) - 4)
        return max(age, oldest_child + ADULT) if kind.children else age

    def _birth(self, age: int, random: Random) -> SyntheticBirth:
        days_back = int(random.random() * 364)
        born = _years_before(self._on, age) - timedelta(days=days_back)
        precision = self._lists.birth_known.pick(random.random())
        near = abs(age - ADULT) <= 2
        doubted = random.random() < self._lists.age_doubted_near_18 and near
        if precision == "unknown":
            return SyntheticBirth(precision, None, None, None, doubted)
        month = born.month if precision in {"day", "month"} else None
        day = born.day if precision == "day" else None
        return SyntheticBirth(precision, born.year, month, day, doubted)

    # --- Origin: names, languages, phone -------------------------------------------------------

    def _person(
        self,
        member: _Member,
        members: list[_Member],
        kind: HouseholdKind,
        origin: Origin,
        names: NameSet,
        languages: tuple[str, ...],
        random: Random,
        route: str,
        partner: str,
        contact: date,
    ) -> SyntheticPerson:
        lists = self._lists
        spelled = self._names(member, members, names, random)
        phone = _phone(random) if member.age >= 12 and random.random() < lists.phone else ""
        safe = lists.contact_safe.pick(random.random())
        relatives = self._relatives(member, members, kind, names, random)
        answering = self._stream("situation", member.number)
        situation = lists.situations.pick(answering.random())
        screening = self._screening(member, kind, situation, answering)
        asked = answering.random() < (0.04 if situation.code == "none" else 0.7)
        old_enough = member.age >= YOUNGEST_ASKED
        trafficking = (
            self._trafficking(member, situation, answering) if asked and old_enough else None
        )
        return SyntheticPerson(
            member.number, members[0].number, kind.code, member.sex, member.age, member.birth,
            origin.code, names.code, spelled, languages, relatives, phone, safe, route, partner,
            contact, situation.code, screening, trafficking,
        )  # fmt: skip

    def _names(
        self, member: _Member, members: list[_Member], names: NameSet, random: Random
    ) -> tuple[SyntheticName, ...]:
        given, family = _known(member)
        parts = [("given", given)]
        if names.with_father:
            parts.append(("patronymic", self._father(member, members, names, random)))
        parts.append(("family", family))
        own = SyntheticName(
            names.script, "own", names.order, tuple((k, name.own) for k, name in parts)
        )
        if names.script == "Latn":
            return (own,)
        latin = tuple((k, name.latin) for k, name in parts)
        found = [own, SyntheticName("Latn", "transliteration", names.order, latin)]
        if random.random() < 0.15:
            misread = tuple((k, respelled(text, random)) for k, text in latin)
            if misread != latin:
                found.append(SyntheticName("Latn", "document", names.order, misread))
        return tuple(found)

    def _father(
        self, member: _Member, members: list[_Member], names: NameSet, random: Random
    ) -> WrittenName:
        pool = names.given["male"]
        drawn = pool[int(random.random() * len(pool))]
        if not member.adult:
            for other in members:
                if other.adult and other.sex == "male":
                    return _known(other)[0]
        return drawn

    def _relatives(
        self,
        member: _Member,
        members: list[_Member],
        kind: HouseholdKind,
        names: NameSet,
        random: Random,
    ) -> tuple[Relative, ...]:
        found = [
            Relative(relation_to(member, other, kind), _whole(other), other.number, "yes", "yes")
            for other in members
            if other is not member
        ]
        if random.random() < 0.4:
            found.append(self._left_behind(member, kind, names, random))
        return tuple(found)

    def _left_behind(
        self, member: _Member, kind: HouseholdKind, names: NameSet, random: Random
    ) -> Relative:
        options = ["mother", "father", "sibling"]
        if member.age >= 22 and kind.code == "alone":
            options.append("spouse")
        relation = options[int(random.random() * len(options))]
        same = {"mother": "female", "father": "male"}.get(relation)
        other = "female" if member.sex == "male" else "male"
        sex = same or (other if relation == "spouse" else member.sex)
        pool = names.given[sex]
        given = pool[int(random.random() * len(pool))]
        own_family = _known(member)[1].own if relation != "spouse" else ""
        known = ("yes", "yes", "yes", "no", "unknown")[int(random.random() * 5)]
        return Relative(relation, f"{given.own} {own_family}".strip(), None, "no", known)

    # --- Situation: what happened, what is answered --------------------------------------------

    def _screening(
        self, member: _Member, kind: HouseholdKind, situation: Situation, random: Random
    ) -> Answers:
        """Answers to the first-contact form. Nothing here looks at origin."""
        lists = self._lists
        chances = {**lists.needs, **lists.needs_after.get(situation.code, {})}
        if member.age < 15:
            chances |= {"pregnancy_or_infant": 0.0, "own_means": 0.05}
        if member.age < 7:
            chances["can_read"] = 0.0
        held = situation.code == "trafficked"
        answers: dict[str, str | int] = {
            "session/consent_to_ask": "yes",
            "danger/afraid_now": _answer(0.25 if held else 0.03, random, lists),
            "danger/doctor_now": _answer(0.04, random, lists),
            "danger/controller_near": _answer(0.2 if held else 0.01, random, lists),
            "person/age_certainty": _certainty(member),
            "journey/travels_with": "alone" if kind.size == 1 else "family",
            "journey/cares_alone": "yes" if kind.adults == 1 and kind.children else "no",
        }
        if member.birth.precision != "unknown" and not member.birth.doubted:
            answers["person/age_years"] = member.age
        for question, chance in chances.items():
            answers[_PLACES[question]] = _answer(chance, random, lists)
        if kind.size == 1 and member.age < ADULT:
            answers["journey/travels_with"] = "alone"
        return answers

    def _trafficking(self, member: _Member, situation: Situation, random: Random) -> Answers:
        """Answers to the trafficking form: every dimension that was gone into."""
        lists = self._lists
        answers: dict[str, str | int] = {
            "session/consent_to_ask": "yes",
            "person/age_certainty": _certainty(member),
        }
        gone_into = []
        for dimension, questions in lists.indicators.items():
            chance = situation.dimensions.get(dimension, 0.0)
            if not chance and random.random() < 0.5:
                continue
            gone_into.append(dimension)
            for question in questions:
                answers[question] = _answer(max(chance, lists.background_yes), random, lists)
        answers["plan/parts"] = " ".join(gone_into)
        return answers


_PLACES = {
    "health_need": "health/health_need",
    "pregnancy_or_infant": "health/pregnancy_or_infant",
    "needs_daily_support": "health/needs_daily_support",
    "can_read": "health/can_read",
    "own_means": "health/own_means",
    "harm_on_journey": "journey/harm_on_journey",
    "afraid_of_company": "journey/afraid_of_company",
    "family_contact": "journey/family_contact",
    "owes_for_journey": "journey/owes_for_journey",
    "trusted_person": "support/trusted_person",
    "safe_place_tonight": "support/safe_place_tonight",
    "treated_badly_here": "support/treated_badly_here",
    "knows_options": "support/knows_options",
    "may_stay_for_now": "support/may_stay_for_now",
    "reaches_services": "support/reaches_services",
}


def _answer(chance: float, random: Random, lists: Lists) -> str:
    """Yes with `chance`; otherwise no, unknown, rather not said or not asked."""
    if random.random() < chance:
        return "yes"
    return lists.answered_otherwise.pick(random.random())


def _certainty(member: _Member) -> str:
    if member.birth.doubted or (member.birth.precision == "unknown" and member.age < 25):
        return "not_certain"
    return "adult" if member.age >= ADULT else "child"


def _within(span: tuple[int, int], random: Random) -> int:
    low, high = span
    return low + int(random.random() * (high - low + 1))


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _known(member: _Member) -> tuple[WrittenName, WrittenName]:
    if member.name is None:  # pragma: no cover - names are drawn for the whole household first
        raise AssertionError("names are drawn before they are used")
    return member.name


def _whole(member: _Member) -> str:
    given, family = _known(member)
    return f"{given.own} {family.own}"


def relation_to(person: _Member, other: _Member, kind: HouseholdKind) -> str:
    """What `other` is to `person`, as `people.fields.Relation`."""
    if kind.siblings or not (person.adult or other.adult):
        return "sibling"
    if person.adult and other.adult:
        if not kind.generations:
            return "spouse"
        older = other.age > person.age
        return ("mother" if other.sex == "female" else "father") if older else "child"
    if person.adult:
        return "child"
    return "mother" if other.sex == "female" else "father"


_RESPELLINGS = (
    ("kh", "h"), ("ou", "u"), ("ee", "i"), ("oo", "u"), ("ei", "i"), ("ah", "a"), ("sh", "ch"),
    ("ss", "s"), ("mm", "m"), ("dd", "d"), ("al-", "al "), ("y", "i"), ("q", "k"), ("w", "v"),
    ("z", "s"), ("e", "a"), ("o", "u"),
)  # fmt: skip


def respelled(text: str, random: Random) -> str:
    """`text` as another office might have written it: one change that is often seen."""
    fitting = [(old, new) for old, new in _RESPELLINGS if old in text[1:]]
    if not fitting:
        return text
    old, new = fitting[int(random.random() * len(fitting))]
    return text[0] + text[1:].replace(old, new, 1)


def _phone(random: Random) -> str:
    """A number that rings nowhere: ranges kept for fiction by Ofcom, ARCEP and NANPA."""
    share = int(random.random() * 1_000_000)
    family, rest = share % 3, share // 3
    if family == 0:
        return f"+44 7700 900{rest % 1000:03d}"
    if family == 1:
        return f"+33 6 39 98 {rest // 100 % 100:02d} {rest % 100:02d}"
    return f"+1 {200 + rest // 100 % 800:03d} 555 01{rest % 100:02d}"
