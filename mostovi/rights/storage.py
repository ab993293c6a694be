# SPDX-License-Identifier: EUPL-1.2
"""How a record with identity fields is stored: all that identifies lies in one sealed value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import uuid4

from django.db import models

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
    values = vault().unseal_many([(r.key_id, r.seal_context, bytes(r.sealed)) for r in listed])
    return list(zip(listed, values, strict=True))
