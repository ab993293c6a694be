# SPDX-License-Identifier: EUPL-1.2
"""The letters a document is set in, made from the web fonts that the node already has.

The setter reads TrueType files of one weight each; the browser parts bring compressed variable
ones. They are turned once, into a folder of the node, under names of their own: the setter would
take two files of one family and weight for the same font, and a script would be lost.
"""

from __future__ import annotations

import os
from pathlib import Path

from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

SCRIPTS = {
    "Mostovi Latin": ("noto-sans", "latin"),
    "Mostovi Near": ("noto-sans", "latin-ext"),
    "Mostovi Cyrillic": ("noto-sans", "cyrillic"),
    "Mostovi Arabic": ("noto-sans-arabic", "arabic"),
}
"""Family as the setter knows it: package of the browser parts, and which of its files."""

FAMILIES = tuple(SCRIPTS)
WEIGHTS = {"Regular": 400, "Bold": 700}


def prepared(packages: Path, folder: Path) -> Path:
    """The folder with the fonts, made when it is not there yet.

    packages: the folder of the browser parts' font packages. A font that is not there is left
    out; the setter then takes its own letters, which know Latin and Cyrillic.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for family, (package, script) in SCRIPTS.items():
        source = packages / package / "files" / f"{package}-{script}-wght-normal.woff2"
        for style, weight in WEIGHTS.items():
            target = folder / f"{family.replace(' ', '-')}-{style}.ttf"
            if source.exists() and not target.exists():
                _cut(source, family, style, weight, target)
    return folder


def _cut(source: Path, family: str, style: str, weight: int, target: Path) -> None:
    font = instancer.instantiateVariableFont(TTFont(source), {"wght": weight})
    font.flavor = None
    for number, text in {1: family, 2: style, 4: f"{family} {style}", 16: None, 17: None}.items():
        font["name"].removeNames(nameID=number)
        if text:
            font["name"].setName(text, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    font["OS/2"].fsSelection = 0x20 if weight >= WEIGHTS["Bold"] else 0x40
    font["head"].macStyle = int(weight >= WEIGHTS["Bold"])
    # Two processes may prepare at once: each writes its own file, the last one stays.
    draft = target.with_suffix(f".{os.getpid()}")
    font.save(draft)
    draft.replace(target)
