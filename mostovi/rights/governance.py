# SPDX-License-Identifier: EUPL-1.2
"""What each stored field is for and when it ends; every model carries one `Governance`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mostovi.rights.purposes import Purpose


@dataclass(frozen=True, slots=True)
class Governance:
    """The purposes of a model's fields and the retention rule that ends its rows.

    `purposes` hold for every field that `fields` does not name; `fields` may only narrow.
    `retention` is a code of `content/retention/rules.yaml`. `personal` says whether rows are about
    a person of concern. `row_purpose` names the field (the first of them that is set) which says
    for which one of `purposes` a row is held: each row is open to that one only. `counted` are
    fields that the month's counts read, without opening anybody's file.
    """

    purposes: frozenset[Purpose]
    retention: str
    personal: bool = False
    fields: Mapping[str, frozenset[Purpose]] = field(default_factory=dict)
    row_purpose: tuple[str, ...] = ()
    counted: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.purposes:
            raise ValueError("a model without purpose may not store anything (R1)")
        for name, purposes in self.fields.items():
            if not purposes <= self.purposes:
                raise ValueError(f"field '{name}' is open to more purposes than its model")

    def of(self, field_name: str) -> frozenset[Purpose]:
        """The purposes `field_name` may be used for."""
        purposes = self.fields.get(field_name, self.purposes)
        return purposes | {Purpose.STATISTICS} if field_name in self.counted else purposes


def governance_of(model: type[Any]) -> Governance | None:
    """The governance a model declares; None for models of installed packages."""
    declared: Governance | None = getattr(model, "GOVERNANCE", None)
    return declared
