# SPDX-License-Identifier: EUPL-1.2
"""From what is recorded to what is compared, and to what a search tells another node.

Pure. A description is plain JSON in the form of `mostovi.tracing.search.v1`; an `Identity` is what
`comparing` reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mostovi.tracing import relations
from mostovi.tracing.records import Born, Certainty, Identity, Relative, Sex, WrittenName

Description = Mapping[str, Any]
MOST_NAMES, MOST_PLACES, MOST_RELATIVES = 6, 8, 8
_KINDS = {
    "mother", "father", "parent", "child", "spouse", "sibling", "grandparent", "grandchild",
    "uncle_or_aunt", "nephew_or_niece", "cousin",
}  # fmt: skip


def relation_of(code: str) -> str:
    """A relation of a person's file as the comparison knows it.

    >>> relation_of("aunt_or_uncle"), relation_of("caregiver")
    ('uncle_or_aunt', 'other')
    """
    return "uncle_or_aunt" if code == "aunt_or_uncle" else relations.kind(code)


def of_file(
    single: Mapping[str, Any],
    names: Iterable[Mapping[str, Any]],
    family: Iterable[Mapping[str, Any]],
) -> Identity:
    """A person as recorded in `people`: single values, names, relatives by their written names."""
    languages = single.get("languages") or []
    language = str(languages[0]) if languages else ""
    told = [
        Relative(relation_of(row["relation"]), Identity(names=(WrittenName(row["name"]),)))
        for row in family
        if row.get("name")
    ]
    places = [place for place in (single.get("birth_place"), single.get("origin")) if place]
    return Identity(
        names=tuple(_written(name, language) for name in names),
        sex=_sex(single.get("sex")),
        birth=_born(single.get("birth")),
        places=tuple(map(str, places)),
        relations=tuple(told),
    )


def _written(name: Mapping[str, Any], language: str) -> WrittenName:
    text = " ".join(part for _, part in name["parts"] if part)
    script = str(name.get("script") or "")
    # The person's language helps with names in its own script; a Latin spelling has none.
    return WrittenName(
        text, "" if script == "Zyyy" else script, language if script != "Latn" else ""
    )


def _sex(value: object) -> Sex:
    return Sex(value) if value in {"female", "male", "other"} else Sex.UNKNOWN


def _born(value: Mapping[str, Any] | None) -> Born:
    if not value or value.get("precision") in {None, "unknown"} or not value.get("year"):
        return Born()
    year, certainty = int(value["year"]), Certainty(value["precision"])
    margin = int(value.get("margin") or 0) if certainty is Certainty.ESTIMATED else 0
    spread = (year - margin, year + margin) if margin else (None, None)
    return Born(year, value.get("month"), value.get("day"), certainty, *spread)


def of_sought(values: Mapping[str, Any]) -> Identity:
    """A sought person as an officer wrote them down (`requesting.clean_sought`)."""
    first, last = values.get("first_year"), values.get("last_year")
    birth = Born()
    if first and first == last:
        birth = Born(int(first), certainty=Certainty.YEAR)
    elif first and last:
        middle = (int(first) + int(last)) // 2
        birth = Born(middle, None, None, Certainty.ESTIMATED, int(first), int(last))
    return Identity(
        names=tuple(
            WrittenName(name["text"], name.get("script", ""), name.get("language", ""))
            for name in values.get("names", ())
        ),
        sex=_sex(values.get("sex")),
        birth=birth,
        places=tuple(values.get("places", ())),
    )


def enriched(person: Identity, sought: Iterable[tuple[str, Identity]]) -> Identity:
    """A person together with whom they look for: what they said of their family counts as well."""
    known = list(person.relations)
    for relation, other in sought:
        known.append(Relative(relation_of(relation), other))
    return replace(person, relations=tuple(known))


def looked_for(
    seeker: Identity, relation: str, wanted: Identity, others: Sequence[tuple[str, Identity]] = ()
) -> Identity:
    """The sought person with the relatives that the seeker's own record tells of."""
    relative = Relative(relation_of(relation), wanted)
    whole = enriched(seeker, others)
    return relations.sought(replace(whole, relations=(relative, *whole.relations)), relative)


def described(person: Identity) -> dict[str, Any]:
    """An identity as plain values: names, sex, span of birth, places, relatives one step away."""
    found = _described(person)
    if person.places:
        found["places"] = [place[:80] for place in person.places[:MOST_PLACES]]
    told = [
        {"relation": _kind(one.relation), **_described(one.person)}
        for one in person.relations[:MOST_RELATIVES]
        if one.person.names
    ]
    if told:
        found["relatives"] = told
    return found


def _kind(relation: str) -> str:
    kind = relations.kind(relation)
    return kind if kind in _KINDS else "other"


def _described(person: Identity) -> dict[str, Any]:
    found: dict[str, Any] = {"names": [_name(name) for name in person.names[:MOST_NAMES]]}
    if person.sex is not Sex.UNKNOWN:
        found["sex"] = person.sex.value
    birth = person.birth
    if birth.year is not None:
        found["birth"] = {
            "first_year": birth.earliest or birth.year,
            "last_year": birth.latest or birth.year,
            **{part: value for part in ("month", "day") if (value := getattr(birth, part))},
        }
    return found


def _name(name: WrittenName) -> dict[str, str]:
    parts = {"script": name.script, "language": name.language}
    return {"text": name.text[:200], **{key: value for key, value in parts.items() if value}}


def from_description(value: Description) -> Identity:
    """The counterpart of `described`."""
    birth = value.get("birth") or {}
    return replace(
        of_sought({**value, **birth}),
        birth=_birth(birth),
        relations=tuple(
            Relative(one["relation"], from_description(one)) for one in value.get("relatives", ())
        ),
    )


def _birth(value: Mapping[str, Any]) -> Born:
    if not value:
        return Born()
    first, last = value["first_year"], value["last_year"]
    if first != last:
        return Born((first + last) // 2, None, None, Certainty.ESTIMATED, first, last)
    month, day = value.get("month"), value.get("day")
    certainty = Certainty.DAY if month and day else Certainty.MONTH if month else Certainty.YEAR
    return Born(first, month, day if month else None, certainty)
