# SPDX-License-Identifier: EUPL-1.2
"""The law files that come with this installation (`content/law/`), read once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from mostovi.content import CONTENT
from mostovi.pathways.facts import Vocabulary
from mostovi.pathways.law import Catalogue, PartnerLaw
from mostovi.pathways.loader import load_catalogue, load_partner
from mostovi.pathways.rules import Rule, RuleSet, SignOffs, rule_set_of

FOLDER = CONTENT / "law"
YARDSTICK = "eu"
"""EU law and conventions: compared with, no place to apply."""
_DAYS_KEPT = 64


class UnknownPartner(LookupError):
    """No folder of law has this code; the message names those that have one."""


class Library:
    """The law of all partners under one folder; a partner is read when it is first asked for."""

    def __init__(self, folder: Path = FOLDER, name: str = "content/law") -> None:
        self.folder, self.name = folder, name
        self._laws: dict[str, PartnerLaw] = {}
        self._rule_sets: dict[tuple[str, date], RuleSet] = {}

    @cached_property
    def catalogue(self) -> Catalogue:
        """What all partners share. Raises `BadLaw`."""
        return load_catalogue(_texts(self.folder), self.name)

    @property
    def vocabulary(self) -> Vocabulary:
        """The facts that law files test."""
        return self.catalogue.vocabulary

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Every partner with law files, the yardstick last."""
        found = {path.parent.name for path in self.folder.glob("*/partner.yaml")}
        return tuple(sorted(found, key=lambda code: (code == YARDSTICK, code)))

    @property
    def partners(self) -> Mapping[str, PartnerLaw]:
        """The law of every partner, the yardstick last. Raises `BadLaw`."""
        return {code: self.partner(code) for code in self.codes}

    def partner(self, code: str) -> PartnerLaw:
        """The law of a partner. Raises `UnknownPartner`, `BadLaw`."""
        if code not in self._laws:
            if code not in self.codes:
                known = ", ".join(self.codes) or "none"
                raise UnknownPartner(f"no law files for the partner '{code}'; there are {known}")
            acts = None
            if code != YARDSTICK and YARDSTICK in self.codes:
                acts = self.partner(YARDSTICK).acts.keys()
            self._laws[code] = load_partner(
                _texts(self.folder / code),
                self.catalogue,
                code=code,
                folder=f"{self.name}/{code}",
                eu_acts=acts,
            )
        return self._laws[code]

    def in_force(self, code: str, on: date) -> tuple[Rule, ...]:
        """The rules of a partner on a day. Raises `UnknownPartner`, `BadLaw`."""
        return self.rule_set(code, on).rules

    def rule_set(self, code: str, on: date, sign_offs: SignOffs | None = None) -> RuleSet:
        """The rules of a partner on a day, prepared for `answers.check`.

        sign_offs: those recorded in the product; with any, the set is built anew (keep it while
        they do not change). Without, sets are kept.
        """
        law = self.partner(code)
        if sign_offs:
            return rule_set_of(law, on, sign_offs)
        if (code, on) not in self._rule_sets:
            if len(self._rule_sets) >= _DAYS_KEPT:
                self._rule_sets.clear()
            self._rule_sets[code, on] = rule_set_of(law, on)
        return self._rule_sets[code, on]


def _texts(folder: Path) -> Mapping[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}


@lru_cache(maxsize=1)
def library() -> Library:
    """The law of this installation."""
    return Library()
