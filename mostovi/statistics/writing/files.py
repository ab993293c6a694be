# SPDX-License-Identifier: EUPL-1.2
"""Publications to files of a folder, by format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mostovi.statistics.writing.publications import Publication

Writer = Callable[[Publication, Path, str], list[Path]]


def write(
    publications: Sequence[Publication], format: str, folder: Path, language: str = "en"
) -> list[Path]:
    """Write every publication, and the structures where the format has them; the files written.

    Files of the same name are replaced, each whole. Raises `KeyError` for an unknown format.
    """
    writer = FORMATS[format]
    folder.mkdir(parents=True, exist_ok=True)
    return [path for one in publications for path in writer(one, folder, language)]


def replace(path: Path, content: bytes | str) -> Path:
    """Write `content` to `path` so that a reader sees the old file or the new one."""
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(content.encode() if isinstance(content, str) else content)
    beside.replace(path)
    return path


def _csv(one: Publication, folder: Path, language: str) -> list[Path]:
    from mostovi.statistics.writing.plain import as_csv

    return [replace(folder / f"{one.spec.code}.csv", as_csv(one))]


def _hxl(one: Publication, folder: Path, language: str) -> list[Path]:
    from mostovi.statistics.writing.plain import as_hxl

    return [replace(folder / f"{one.spec.code}.hxl.csv", as_hxl(one, language))]


def _xlsx(one: Publication, folder: Path, language: str) -> list[Path]:
    from mostovi.statistics.writing.workbooks import as_workbook

    return [replace(folder / f"{one.spec.code}.xlsx", as_workbook([one], language))]


def _sdmx_csv(one: Publication, folder: Path, language: str) -> list[Path]:
    from mostovi.statistics.writing import sdmx

    return [
        replace(folder / f"{one.spec.code}.sdmx.csv", sdmx.as_csv(one)),
        replace(folder / f"{one.spec.code}.structure.xml", sdmx.structures(one)),
    ]


def _sdmx_json(one: Publication, folder: Path, language: str) -> list[Path]:
    from mostovi.statistics.writing import sdmx, sdmx_json

    return [
        replace(folder / f"{one.spec.code}.sdmx.json", sdmx_json.as_json(one, language)),
        replace(folder / f"{one.spec.code}.structure.xml", sdmx.structures(one)),
    ]


def _sdmx_ml(one: Publication, folder: Path, language: str) -> list[Path]:
    from mostovi.statistics.writing import sdmx

    return [
        replace(folder / f"{one.spec.code}.sdmx.xml", sdmx.as_ml(one)),
        replace(folder / f"{one.spec.code}.structure.xml", sdmx.structures(one)),
    ]


FORMATS: Final[dict[str, Writer]] = {
    "csv": _csv,
    "sdmx-csv": _sdmx_csv,
    "sdmx-json": _sdmx_json,
    "sdmx-ml": _sdmx_ml,
    "hxl": _hxl,
    "xlsx": _xlsx,
}
"""How each format is written. Everything heavy is imported when the format is asked for."""
