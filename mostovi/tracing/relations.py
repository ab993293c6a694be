# SPDX-License-Identifier: EUPL-1.2
"""Relatives, read both ways: a child who looks for two parents, a parent who looks for that child.

`sought` turns "my mother is Maryam, I am Ali" into "Maryam, who has a child Ali", which can be
compared with Maryam's own record; what the seeker tells of the rest of the family goes along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from mostovi.tracing.records import Identity, Relative, Sex

KINDS: Final[Mapping[str, str]] = {
    "mother": "mother", "father": "father", "parent": "parent",
    "son": "child", "daughter": "child", "child": "child",
    "brother": "sibling", "sister": "sibling", "sibling": "sibling",
    "husband": "spouse", "wife": "spouse", "spouse": "spouse",
    "grandmother": "grandparent", "grandfather": "grandparent", "grandparent": "grandparent",
    "grandchild": "grandchild", "grandson": "grandchild", "granddaughter": "grandchild",
    "uncle": "uncle_or_aunt", "aunt": "uncle_or_aunt", "uncle_or_aunt": "uncle_or_aunt",
    "nephew": "nephew_or_niece", "niece": "nephew_or_niece", "nephew_or_niece": "nephew_or_niece",
    "cousin": "cousin", "guardian": "other", "other": "other",
}  # fmt: skip
"""Relation as recorded, and the kind by which it is compared."""

_BACK: Final[Mapping[str, str]] = {
    "mother": "child", "father": "child", "parent": "child", "child": "parent",
    "sibling": "sibling", "spouse": "spouse", "grandparent": "grandchild",
    "grandchild": "grandparent", "uncle_or_aunt": "nephew_or_niece",
    "nephew_or_niece": "uncle_or_aunt", "cousin": "cousin", "other": "other",
}  # fmt: skip
# (who is sought, another relative of the seeker): who that relative is to the person sought.
_BETWEEN: Final[Mapping[tuple[str, str], str]] = {
    ("mother", "father"): "spouse", ("father", "mother"): "spouse",
    ("mother", "sibling"): "child", ("father", "sibling"): "child", ("parent", "sibling"): "child",
    ("sibling", "mother"): "mother", ("sibling", "father"): "father",
    ("sibling", "parent"): "parent", ("sibling", "sibling"): "sibling",
    ("child", "spouse"): "parent", ("child", "child"): "sibling",
    ("spouse", "child"): "child",
    ("mother", "grandparent"): "other", ("father", "grandparent"): "other",
}  # fmt: skip


def kind(relation: str) -> str:
    """The kind by which a relation is compared; `other` for one that is not known."""
    return KINDS.get(relation, "other")


def back(relation: str, sex: Sex) -> str:
    """Who the seeker of that sex is to the person sought.

    >>> back("daughter", Sex.FEMALE), back("mother", Sex.MALE)
    ('mother', 'child')
    """
    inverse = _BACK[kind(relation)]
    if inverse == "parent" and sex in {Sex.FEMALE, Sex.MALE}:
        return "mother" if sex is Sex.FEMALE else "father"
    return inverse


def sought(seeker: Identity, relative: Relative) -> Identity:
    """The person sought, with what the seeker's record tells about their family."""
    asked = kind(relative.relation)
    told = [Relative(back(relative.relation, seeker.sex), replace(seeker, relations=()))]
    for other in seeker.relations:
        if other is relative:
            continue
        between = _BETWEEN.get((asked, kind(other.relation)))
        if between:
            told.append(Relative(between, other.person))
    person = relative.person
    sex = person.sex or _sex_of(relative.relation)
    return replace(person, sex=sex, relations=(*person.relations, *told))


def _sex_of(relation: str) -> Sex:
    if relation in {"mother", "daughter", "sister", "wife", "grandmother", "aunt", "niece"}:
        return Sex.FEMALE
    if relation in {"father", "son", "brother", "husband", "grandfather", "uncle", "nephew"}:
        return Sex.MALE
    return Sex.UNKNOWN


def compatible(left: str, right: str) -> bool:
    """Whether two relations may mean the same relative: a parent may be the mother."""
    one, other = kind(left), kind(right)
    return one == other or {one, other} in ({"mother", "parent"}, {"father", "parent"})
