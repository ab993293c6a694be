# SPDX-License-Identifier: EUPL-1.2
"""Made-up persons who are registered twice, by registrars who hear and write differently.

Names come from lists in which a person or a source, not a rule of ours, wrote both scripts. The
generator itself transliterates nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

HERE = Path(__file__).parent
TWO_SCRIPTS = HERE / "data" / "names_in_two_scripts.tsv"
SYNTHETIC = HERE.parent / "mostovi" / "content" / "synthetic" / "names.yaml"
VOWELS = "aeiou"


@dataclass(frozen=True)
class Word:
    """One word of a name in Latin letters and in its own script (equal when that is Latin)."""

    latin: str
    native: str


@dataclass(frozen=True)
class Names:
    """Where persons of one origin take their names from."""

    origin: str
    female: Sequence[Word]
    male: Sequence[Word]
    family: Sequence[Word]
    places: Sequence[tuple[str, ...]] = ()
    hijri: bool = False


@dataclass(frozen=True)
class Person:
    """Who somebody is."""

    number: int
    origin: Names
    given: tuple[Word, ...]
    family: Word
    sex: str
    year: int
    month: int
    day: int
    place: tuple[str, ...]
    mother: Word
    father: Word


@dataclass(frozen=True)
class Record:
    """What one register holds of a person. Empty text is not known."""

    identifier: str
    person: int
    given: str
    family: str
    birth: str
    sex: str
    place: str
    mother: str = ""
    father: str = ""
    origin: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The whole name, given name first."""
        return f"{self.given} {self.family}".strip()


def wikidata(part: str = "test") -> list[Names]:
    """Origins whose names are Wikidata's: half of the words each for tuning and for the test."""
    arabic, cyrillic = [], []
    for line in TWO_SCRIPTS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        latin, native = line.split("\t")
        (arabic if "\u0600" <= native[0] <= "\u06ff" else cyrillic).append(Word(latin, native))
    made = []
    for origin, words in (("arabic", arabic), ("cyrillic", cyrillic)):
        random.Random(origin).shuffle(words)
        half = len(words) // 2
        chosen = words[half:] if part == "test" else words[:half]
        third = len(chosen) // 4
        made.append(
            Names(
                f"wikidata {origin}", chosen[:third], chosen[third : 2 * third], chosen[2 * third :]
            )
        )
    return made


PLACES = {
    "arabic_east": "sy iq ps lb", "arabic_west": "ma dz tn", "dari": "af ir",
    "pashto": "af pk/khyber", "persian": "ir", "urdu": "pk", "bengali": "bd", "turkish": "tr",
    "kurdish": "iq sy tr", "somali": "so", "tigrinya": "er et", "russian": "ru",
    "ukrainian": "ua", "albanian": "al xk mk", "serbian": "rs ba", "bosnian": "ba rs",
    "macedonian": "mk", "spanish": "cu", "devanagari": "in np",
}  # fmt: skip


def synthetic() -> list[Names]:
    """The origins of the synthetic world, with the places of the gazetteer in several scripts."""
    root = yaml.safe_load(SYNTHETIC.read_text(encoding="utf-8"))
    gazetteer = yaml.safe_load(
        (SYNTHETIC.parent.parent / "names" / "places.yaml").read_text(encoding="utf-8")
    )["places"]
    made = []
    for origin, lists in root["sets"].items():
        words = {
            kind: [_word(entry) for entry in lists[kind]] for kind in ("female", "male", "family")
        }
        starts = PLACES.get(origin, "gr bg").split()
        places = [
            tuple(entry["names"][:6])
            for entry in gazetteer
            if "/" in entry["code"] and any(entry["code"].startswith(start) for start in starts)
        ]
        made.append(
            Names(
                origin,
                words["female"],
                words["male"],
                words["family"],
                places,
                hijri=origin in {"dari", "pashto", "persian"},
            )  # fmt: skip
        )
    return made


def _word(entry: str) -> Word:
    native, _, latin = entry.partition("|")
    native, latin = native.split("/")[0], latin.split("/")[0]
    return Word(latin or native, native)


def families(origins: Sequence[Names], count: int, seed: int) -> Iterator[Person]:
    """Persons, many of them brothers and sisters: the pairs that are easily taken for one."""
    random_ = random.Random(seed)
    number = 0
    while number < count:
        origin = random_.choice(origins)
        family = _pick(random_, origin.family)
        mother, father = _pick(random_, origin.female), _pick(random_, origin.male)
        place = random_.choice(origin.places) if origin.places else ()
        first = random_.randrange(1965, 2018)
        for _ in range(random_.choice([1, 1, 1, 1, 2, 2, 3, 4])):
            sex = random_.choice(["female", "male", "male"])
            given = [_pick(random_, origin.female if sex == "female" else origin.male)]
            if random_.random() < 0.15:
                given.append(_pick(random_, origin.male))
            yield Person(
                number, origin, tuple(given), family, sex,
                first + random_.randrange(9), random_.randrange(1, 13), random_.randrange(1, 29),
                place, mother, father,
            )  # fmt: skip
            number += 1


def _pick(random_: random.Random, words: Sequence[Word]) -> Word:
    """Some names are borne by many, most by few."""
    return words[int(len(words) * random_.random() ** 2.2)]


def registered(
    persons: Sequence[Person], seed: int, *, twice: float = 0.5, places: bool = True
) -> Iterator[Record]:
    """Each person once in own or Latin script, and a share of them again by another registrar."""
    random_ = random.Random(seed)
    for person in persons:
        yield _record(person, random_, "a", native=random_.random() < 0.6, places=places)
        if random_.random() < twice:
            yield _record(person, random_, "b", native=random_.random() < 0.2, places=places)


def across(persons: Sequence[Person], seed: int) -> tuple[list[Record], list[Record]]:
    """Two registers of the same persons: one in their own script, one in Latin."""
    random_ = random.Random(seed)
    left = [_record(person, random_, "a", native=True, places=False) for person in persons]
    right = [_record(person, random_, "b", native=False, places=False) for person in persons]
    return left, right


def _record(
    person: Person, random_: random.Random, register: str, *, native: bool, places: bool
) -> Record:
    def written(word: Word) -> str:
        return word.native if native else _misheard(word.latin, random_)

    given = " ".join(written(word) for word in person.given)
    if len(person.given) > 1 and random_.random() < 0.5:
        given = written(person.given[0])
    family = written(person.family)
    chance = random_.random()
    if chance < 0.05:
        given, family = family, given
    elif chance < 0.09:
        family = ""
    elif chance < 0.12:
        family = written(person.father)
    of_family = f" {family}" if family and random_.random() < 0.4 else ""
    relatives = {
        "mother": written(_told(person.mother, person.origin.female, random_, 0.4)),
        "father": written(_told(person.father, person.origin.male, random_, 0.5)),
    }
    relatives = {who: told + of_family if told else "" for who, told in relatives.items()}
    sex = person.sex
    if random_.random() < 0.01:
        sex = "female" if sex == "male" else "male"
    return Record(
        f"{register}{person.number}", person.number, given, family, _birth(person, random_),
        "" if random_.random() < 0.05 else sex,
        _place(person, random_) if places else "",
        origin=person.origin.origin, **relatives,
    )  # fmt: skip


def _told(word: Word, others: Sequence[Word], random_: random.Random, chance: float) -> Word:
    """A relative's name where it was told; now and then a wrong one."""
    if random_.random() > chance:
        return Word("", "")
    return _pick(random_, others) if random_.random() < 0.03 else word


def _place(person: Person, random_: random.Random) -> str:
    """Place of birth, or where the family last lived, in one of its languages."""
    if not person.place or random_.random() < 0.3:
        return ""
    place = person.place
    if random_.random() < 0.15:
        place = random_.choice(person.origin.places)
    return random_.choice(place)


def _misheard(latin: str, random_: random.Random) -> str:
    """A clerk's slip in one word of ten; a capital at the front."""
    text = latin
    if random_.random() < 0.10 and len(text) > 3:
        place = random_.randrange(1, len(text) - 1)
        kind = random_.randrange(4)
        if kind == 0:
            text = text[:place] + text[place + 1 :]
        elif kind == 1:
            text = text[:place] + text[place] + text[place:]
        elif kind == 2:
            text = text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]
        else:
            text = text[:place] + random_.choice(VOWELS + "rsnmlt") + text[place + 1 :]
    return text[:1].upper() + text[1:]


def _birth(person: Person, random_: random.Random) -> str:
    year, month, day = person.year, person.month, person.day
    chance = random_.random()
    if chance < 0.08:
        return ""
    if chance < 0.20:
        return f"{year}-01-01"
    if chance < 0.25:
        return str(year)
    if chance < 0.30:
        about = year + random_.choice([-2, -1, 0, 1, 2])
        return f"{about - 2}-{about + 2}"
    if chance < 0.34 and day <= 12:
        return f"{year}-{day:02}-{month:02}"
    if chance < 0.38:
        return f"{year + random_.choice([-1, 1])}-{month:02}-{day:02}"
    if chance < 0.42:
        return f"{year}-{month:02}-{min(28, day + random_.choice([1, 2, 10])):02}"
    if chance < 0.47 and person.origin.hijri:
        return str(year - 621)
    return f"{year}-{month:02}-{day:02}"
