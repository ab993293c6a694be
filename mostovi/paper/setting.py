# SPDX-License-Identifier: EUPL-1.2
"""Sets a document as a tagged PDF (PDF/UA-1), without network and without a browser.

The document goes to the setter as data, never as markup: whatever a text holds, it is printed.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

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
    if isinstance(part, Table):
        content["figures"] = sorted(part.figures)
    return content
