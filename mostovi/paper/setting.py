# SPDX-License-Identifier: EUPL-1.2
"""Sets a document as a tagged PDF (PDF/UA-1), without network and without a browser.

The document goes to the setter as data, never as markup: whatever a text holds, it is printed.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import unescape

from mostovi.paper.letters import FAMILIES
from mostovi.paper.parts import Document, Drawing, Heading, Lines, Paragraph, Part, Table

LAYOUT = Path(__file__).with_name("document.typ")
STANDARD: Literal["ua-1"] = "ua-1"
"""PDF/UA-1 (ISO 14289-1): headings, tables, languages and alternatives are tagged."""

_KINDS = {
    Heading: "heading", Paragraph: "paragraph", Lines: "lines", Table: "table", Drawing: "drawing",
}  # fmt: skip


def pdf(document: Document, fonts: Path | None = None) -> bytes:
    """The PDF of `document`; `fonts` is the folder that `letters.prepared` gave.

    Raises `ValueError` when the document cannot be set, with what the setter says.
    """
    import typst  # 60 MB of a process that hardly ever prints

    try:
        return bytes(
            typst.compile(
                str(LAYOUT),
                sys_inputs={"document": json.dumps(_content(document), ensure_ascii=False)},
                font_paths=[str(fonts)] if fonts else [],
                ignore_system_fonts=True,
                pdf_standards=STANDARD,
            )
        )
    except typst.TypstError as error:
        raise ValueError(f"the document cannot be set: {error}") from error


def _content(document: Document) -> dict[str, object]:
    return {
        "title": document.title,
        "language": document.language.split("-")[0],
        "mirrored": document.mirrored,
        "foot": document.foot,
        "author": document.author,
        "wide": document.wide,
        "fonts": [name.lower() for name in FAMILIES],
        "parts": [{"kind": _KINDS[type(part)], "content": _part(part)} for part in document.parts],
    }


def _part(part: Part) -> dict[str, object]:
    content = asdict(part)
    if isinstance(part, Drawing):
        content |= _lettered(part.svg)
    if isinstance(part, Table):
        content["figures"] = sorted(part.figures)
    return content


_PIECE = re.compile(r"<g\b([^>]*)>|</g>|<text\b([^>]*)>([^<]*)</text>")
_MOVED = re.compile(r'transform="translate\(\s*(-?[\d.]+)[\s,]+(-?[\d.]+)\s*\)"')
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff]")
_ISOLATES = re.compile("[\u200e\u200f\u2066-\u2069]")


def _lettered(svg: str) -> dict[str, object]:
    """A drawing whose labels in right-to-left letters the setter sets itself.

    Inside a drawing it takes one font for a whole label and keeps no text behind joined letters,
    which PDF/UA refuses. So these labels are lifted out and set at the same places. Positions are
    the drawing's; labels inside a group that is turned or scaled stay where they are.
    """
    labels: list[dict[str, object]] = []
    width = re.search(r'viewBox="0 0 ([\d.]+) ', svg)
    whole = re.search(r'<svg\b[^>]*font-size="([\d.]+)', svg)
    if width is None:
        return {"labels": labels, "across": 1.0}
    moved: list[tuple[float, float] | None] = [(0.0, 0.0)]

    def lift(found: re.Match[str]) -> str:
        if found[3] is None:
            _enter_or_leave(moved, found)
            return found[0]
        said = dict(re.findall(r'([\w-]+)="([^"]*)"', found[2]))
        by = moved[-1]
        if by is None or not _RIGHT_TO_LEFT.search(found[3]) or not {"x", "y"} <= said.keys():
            return found[0]
        on_map = "on-map" in said.get("class", "").split()
        labels.append(
            {
                "x": float(said["x"]) + by[0],
                "y": float(said["y"]) + by[1],
                "size": float(said.get("font-size") or (whole[1] if whole else 13)),
                "anchor": said.get("text-anchor", "middle" if on_map else "start"),
                "bold": on_map or "font-weight" in said,
                "text": unescape(_ISOLATES.sub("", found[3])),
            }
        )
        return ""

    lifted = _PIECE.sub(lift, svg)
    return {"svg": lifted, "labels": labels, "across": float(width[1])}


def _enter_or_leave(moved: list[tuple[float, float] | None], found: re.Match[str]) -> None:
    """Follow the groups: how far each moves what is in it; None when it does more than move."""
    if found[0] == "</g>":
        moved.pop()
        return
    by, further = moved[-1], _MOVED.search(found[1])
    if by is None or "transform=" not in found[1]:
        moved.append(by)
    else:
        moved.append((by[0] + float(further[1]), by[1] + float(further[2])) if further else None)
