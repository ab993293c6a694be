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
    a person of concern.
    """

    purposes: frozenset[Purpose]
    retention: str
    personal: bool = False
    fields: Mapping[str, frozenset[Purpose]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.purposes:
            raise ValueError("a model without purpose may not store anything (R1)")
        for name, purposes in self.fields.items():
            if not purposes <= self.purposes:
                raise ValueError(f"field '{name}' is open to more purposes than its model")

    def of(self, field_name: str) -> frozenset[Purpose]:
        """The purposes `field_name` may be used for."""
        return self.fields.get(field_name, self.purposes)


def governance_of(model: type[Any]) -> Governance | None:
    """The governance a model declares; None for models of installed packages."""
    declared: Governance | None = getattr(model, "GOVERNANCE", None)
    return declared
