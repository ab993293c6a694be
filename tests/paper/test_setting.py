# SPDX-License-Identifier: EUPL-1.2
"""Documents become PDFs: nothing is read as markup, scripts stay readable, the order is told."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from pypdf import PdfReader

from mostovi.paper import letters, setting
from mostovi.paper.charts import Bar, Line, Mark, bars, lines
from mostovi.paper.parts import Document, Drawing, Heading, Lines, Paragraph, Table

PACKAGES = Path(__file__).resolve().parents[2] / "node_modules/@fontsource-variable"
BAR = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 1"><rect width="6" height="1"/></svg>'


@pytest.fixture(scope="module")
def fonts() -> Path:
    if not PACKAGES.is_dir():
        pytest.skip("the browser parts with the fonts are not installed")
    return letters.prepared(PACKAGES, Path(os.environ["MOSTOVI_PAPER_FONTS"]))


def words(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.parametrize(
    "text", ["#strong[x] $a^2$ @who // no", '#read("/etc/passwd")', "\\ _a_ *b* `c` <d> = e", '"']
)
def test_what_looks_like_markup_is_printed_as_it_stands(text: str) -> None:
    document = Document("Title", "en", [Paragraph(text), Lines((text,))])
    printed = words(setting.pdf(document))
    assert printed.replace(" ", "").count(text.replace(" ", "")) == 2


def test_cyrillic_and_latin_letters_can_be_copied_out_of_the_pdf(fonts: Path) -> None:
    text = "Ђорђе Ћирић, Ѓорѓи, Çamëria, ≥ 10 ×"
    assert text in words(setting.pdf(Document("Наслов", "sr", [Paragraph(text)]), fonts))


def test_an_arabic_document_is_mirrored_and_in_its_own_letters(fonts: Path) -> None:
    table = Table("الأشخاص", ("الفئة", "العدد"), (("AAA", "12"),), frozenset({1}))
    reader = PdfReader(io.BytesIO(setting.pdf(Document("الإصلاح", "ar", [table]), fonts)))
    found: dict[str, float] = {}

    def note(text: str, at: list[float], matrix: list[float], *_rest: object) -> None:
        for cell in ("12", "AAA"):
            if cell in text:
                found[cell] = at[4] + matrix[4]

    page = reader.pages[0]
    page.extract_text(visitor_text=note)
    assert found["12"] < found["AAA"], "the first column stands on the right"
    used = {str(font["/BaseFont"]) for font in _fonts(page)}
    assert any("NotoSansArabic" in name for name in used)


def _fonts(page: object) -> list[dict[str, object]]:
    return [one.get_object() for one in page["/Resources"]["/Font"].values()]  # type: ignore[index]


def test_the_pdf_is_tagged_and_says_its_language_and_title() -> None:
    drawing = Drawing(BAR, "Six of nine", "Bar")
    reader = PdfReader(io.BytesIO(setting.pdf(Document("Report", "mk", [Heading("A"), drawing]))))
    root = reader.trailer["/Root"]
    assert bool(root["/MarkInfo"]["/Marked"])
    assert root["/Lang"].startswith("mk")
    assert reader.metadata is not None and reader.metadata.title == "Report"
    assert b"Six of nine" in b"".join(
        str(one.get_object()).encode() for one in _elements(root["/StructTreeRoot"])
    )


def _elements(node: object) -> list[object]:
    found, waiting = [], [node]
    while waiting:
        one = waiting.pop()
        one = one.get_object() if hasattr(one, "get_object") else one
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            found.append(one)
            waiting.extend(one[key] for key in ("/K",) if key in one)
    return found


def test_a_row_of_another_length_than_the_head_is_refused() -> None:
    with pytest.raises(ValueError, match="row 2 of 'Counts' has 1 cells"):
        Table("Counts", ("a", "b"), (("1", "2"), ("3",)))


def test_a_document_that_skips_a_heading_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="heading level"):
        setting.pdf(Document("Title", "en", [Heading("deep", 3)]))


def test_a_long_table_repeats_its_head_on_every_page() -> None:
    rows = tuple((f"row {number}", str(number)) for number in range(120))
    reader = PdfReader(
        io.BytesIO(setting.pdf(Document("T", "en", [Table("C", ("Group", "Count"), rows)])))
    )
    assert len(reader.pages) > 2
    assert all("Group" in page.extract_text() for page in reader.pages)


def test_charts_with_arabic_labels_can_be_set(fonts: Path) -> None:
    """Brackets, figures and stars in a label, too; the setter would refuse them in the drawing."""
    rows = [
        Bar("ألبانيا (شمال)", 12, 10, 15),
        Bar("صربيا", 30),
        Bar("كوسوفو*", None, instead="مخفي"),
    ]
    said = {"title": "كم؟", "description": "كم شخصا"}
    drawings = [
        bars(rows=rows, mirrored=True, **said),
        lines(
            places=["2026-09", "2026-10"], series=[Line("المجموع (2026)", [1, 2])],
            marks=[Mark(1, "قاعدة جديدة")], unit="أشخاص", mirrored=True, **said,
        ),
    ]  # fmt: skip
    for language in ("ar", "en"):
        document = Document("تقرير", language, [Drawing(svg, "وصف", width=60) for svg in drawings])
        assert setting.pdf(document, fonts).startswith(b"%PDF")
