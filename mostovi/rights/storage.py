# SPDX-License-Identifier: EUPL-1.2
"""How a record with identity fields is stored: all that identifies lies in one sealed value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from uuid import uuid4

from django.db import models
from django.db.models import QuerySet

from mostovi.rights.vault import vault

SealedRow = TypeVar("SealedRow", bound="Sealed")


class Sealed(models.Model):
    """A row whose identifying values are encrypted under its subject's key.

    `key_id` names the subject's key; rows about one person share it, so that destroying it erases
    them all. The row's label and id are bound into the encryption: a sealed value moved to another
    row does not open.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    key_id = models.UUIDField(db_index=True)
    sealed = models.BinaryField()

    class Meta:
        abstract = True

    @property
    def seal_context(self) -> str:
        """What binds the sealed value to this row."""
        return f"{self._meta.label_lower}:{self.pk}"

    def seal_values(self, values: dict[str, Any]) -> None:
        """Encrypt `values` into this row (not saved). Raises `KeyDestroyed`."""
        self.sealed = vault().seal(self.key_id, self.seal_context, values)

    def values(self) -> dict[str, Any]:
        """The decrypted values. Raises `KeyDestroyed` after erasure, `Altered` after tampering."""
        opened: dict[str, Any] = vault().unseal(self.key_id, self.seal_context, bytes(self.sealed))
        return opened


def opened(rows: Iterable[SealedRow]) -> list[tuple[SealedRow, dict[str, Any] | None]]:
    """Rows with their decrypted values, one look into the key file; `None` where erased."""
    listed = list(rows)
    values = vault().unseal_many(
        [(row.key_id, row.seal_context, bytes(row.sealed)) for row in listed]
    )
    return list(zip(listed, values, strict=True))


Line = tuple[Any, ...]


def lines(rows: QuerySet[SealedRow], *columns: str) -> list[Line]:
    """Id, key, sealed value and `columns` of each row, for `opened_lines`."""
    return list(rows.values_list("pk", "key_id", "sealed", *columns))


def opened_lines(*kinds: tuple[type[Sealed], Sequence[Line]]) -> list[list[tuple[Line, Any]]]:
    """`lines` of several models with their decrypted values, one look into the key file for all.

    For lists: that no row is built as a model takes a third of the time.
    """
    asked = []
    for model, found in kinds:
        label = model._meta.label_lower
        asked += [(key, f"{label}:{pk}", sealed) for pk, key, sealed, *_ in found]
    values = iter(vault().unseal_many(asked))
    return [[(line, next(values)) for line in found] for _, found in kinds]
