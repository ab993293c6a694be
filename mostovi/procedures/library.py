# SPDX-License-Identifier: EUPL-1.2
"""The procedure files that come with this installation (`content/procedures/*.yaml`)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mostovi.content import CONTENT
from mostovi.procedures.definition import Procedure
from mostovi.procedures.loader import BadProcedure, load_composed
from mostovi.procedures.tables import FileProblem

FOLDER = CONTENT / "procedures"


class UnknownProcedure(Exception):
    """No file, and no stored definition, has this code and version."""


@dataclass(frozen=True)
class ProcedureFile:
    """One file as shipped: the procedure, its whole text, and the digest of exactly this text.

    The text of a file that extends another holds what it takes over from there, so that a later
    change of the other file cannot change a version that is in use.
    """

    procedure: Procedure
    text: str
    digest: str


def digest_of(text: str) -> str:
    """SHA-256 of the text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def read(path: Path) -> ProcedureFile:
    """One file. Raises `BadProcedure`; the name of the file must be the procedure's code."""
    text = path.read_text(encoding="utf-8")
    name = f"content/procedures/{path.name}"
    procedure, text = load_composed(text, name, _read_base)
    if procedure.code != path.stem:
        raise BadProcedure(
            [FileProblem(name, 1, f"the file must be named {procedure.code}.yaml after its code")]
        )
    return ProcedureFile(procedure, text, digest_of(text))


def _read_base(code: str) -> tuple[str, str]:
    path = FOLDER / f"{code}.yaml"
    if not path.is_file():
        raise LookupError(code)
    return f"content/procedures/{path.name}", path.read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, ProcedureFile]:
    """The current version of every file, by code. Raises `BadProcedure`: nothing loads half."""
    return {path.stem: read(path) for path in sorted(FOLDER.glob("*.yaml"))}


def current(code: str) -> ProcedureFile:
    """The shipped file of `code`. Raises `UnknownProcedure`."""
    try:
        return shipped()[code]
    except KeyError as error:
        raise UnknownProcedure(f"there is no procedure '{code}'") from error
