# SPDX-License-Identifier: EUPL-1.2
"""The law to simulate: in force, in a file, or a folder of changed files over what is in force."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from mostovi.pathways.law import PartnerLaw, Pathway
from mostovi.pathways.library import YARDSTICK, Library
from mostovi.pathways.loader import load_partner, load_pathway
from mostovi.pathways.rules import NoRule, Rule, rule_of

_PACK = re.compile(r"([a-z]{2})/([a-z_]+)")
_PARTNER = re.compile(r"^partner:\s*['\"]?([a-z]+)", re.MULTILINE)


class NoSuchLaw(ValueError):
    """There is no such pack, or it has no version for the day; the text says what to do."""


def is_pack(name: str) -> bool:
    """Whether a name has the form `partner/pathway`; anything else is a path."""
    return _PACK.fullmatch(name) is not None


def in_force(library: Library, name: str, on: date) -> Rule | NoRule:
    """The law of `partner/pathway` on a day. Raises `NoSuchLaw`, `UnknownPartner`, `BadLaw`."""
    found = _PACK.fullmatch(name)
    if found is None:
        raise NoSuchLaw(f"'{name}' is no pack; name one as in rs/family_reunification, or a file")
    law = library.partner(found[1])
    if found[2] not in law.pathways:
        raise NoSuchLaw(
            f"no pathway '{found[2]}' in the law of {law.code}; there are {', '.join(law.pathways)}"
        )
    return on_day(law, law.pathways[found[2]], on)


def draft(library: Library, text: str, file: str, on: date) -> Rule:
    """The rule that a changed pack says, with the partner's other law as it is.

    Raises `NoSuchLaw`, `UnknownPartner`, `BadLaw`.
    """
    named = _PARTNER.search(text)
    law = library.partner(named[1] if named else "")
    pathway = load_pathway(text, file, law)
    found = on_day(law, pathway, on)
    if isinstance(found, NoRule):
        periods = ", ".join(f"from {v.valid_from}" for v in pathway.versions) or "none"
        raise NoSuchLaw(
            f"{file} has no version in force on {on} (versions: {periods}); choose another day"
        )
    return found


def reformed(library: Library, partner: str, folder: Path) -> PartnerLaw:
    """A partner's whole law with the files of a folder in place of its own.

    Raises `UnknownPartner`, `BadLaw`, `NoSuchLaw` for an empty folder.
    """
    own = library.partner(partner)
    changed = _files(folder)
    if not changed:
        raise NoSuchLaw(f"{folder} holds no .yaml file")
    texts = {**_files(library.folder / partner), **changed}
    acts = library.partner(YARDSTICK).acts if YARDSTICK in library.codes else None
    return load_partner(
        texts,
        library.catalogue,
        code=own.code,
        folder=str(folder),
        eu_acts=acts if partner != YARDSTICK else None,
    )


def pairs(before: PartnerLaw, after: PartnerLaw, on: date) -> list[tuple[Law, Law]]:
    """Every pathway of two laws of one partner, in the order of the kinds of pathway."""
    found: list[tuple[Law, Law]] = []
    for code in before.catalogue.pathways:
        old, new = before.pathways.get(code), after.pathways.get(code)
        if old is not None and new is not None:
            found.append((on_day(before, old, on), on_day(after, new, on)))
    return found


Law = Rule | NoRule


def on_day(law: PartnerLaw, pathway: Pathway, on: date) -> Rule | NoRule:
    """The rule of a pathway on a day, or that there is none."""
    rule = rule_of(law, pathway, on)
    if rule is None:
        return NoRule(pathway.code, pathway.availability, pathway.availability_note)
    return rule


def _files(folder: Path) -> Mapping[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}
