# SPDX-License-Identifier: EUPL-1.2
"""Charts say in words what they show, and never draw what is not known."""

from __future__ import annotations

import re
from functools import partial

import pytest
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.paper.charts import (
    COLOURS,
    Bar,
    Line,
    Mark,
    Panel,
    Passage,
    Stop,
    bars,
    dots,
    lines,
    multiples,
    screens,
    space_time,
    standalone,
    ticks,
)

SVG = "{http://www.w3.org/2000/svg}"
WORDS = {"title": "How many?", "description": "From 1 to 9 & back <always>."}
number = st.none() | st.floats(-1e6, 1e9, allow_nan=False)


def _all(mirrored: bool, values: list[float | None]) -> list[str]:
    places = [f"2026-{at:02}" for at in range(len(values))]
    rows = [Bar(f"row {at}", v, instead="hidden") for at, v in enumerate(values)]
    line = Line("all <of> them", values)
    return [
        lines(
            places=places, series=[line], marks=[Mark(0, "new rule")], mirrored=mirrored, **WORDS
        ),
        multiples(places=places, panels=[Panel("a", [line])] * 3, mirrored=mirrored, **WORDS),
        bars(rows=rows, mirrored=mirrored, **WORDS),
        dots(rows=rows, mirrored=mirrored, **WORDS),
        space_time(
            periods=places,
            stops=[Stop("A", 0, values), Stop("B", 10, [abs(v) if v else v for v in values])],
            passages=[Passage(0, 0, 1, 0, 0.5)],
            hidden="hidden",
            mirrored=mirrored,
            **WORDS,
        ),
    ]


@settings(max_examples=30, deadline=None)
@given(st.lists(number, min_size=1, max_size=14), st.booleans())
def test_any_numbers_give_well_formed_drawings_with_title_and_description(values, mirrored):
    for svg in _all(mirrored, values):
        for text in (svg, standalone(svg, foot="Source: a & b", mirrored=mirrored)):
            root = ElementTree.fromstring(text)
            assert root.find(f".//{SVG}title").text == "How many?"
            assert root.find(f".//{SVG}desc").text == WORDS["description"]
            assert "nan" not in text and "inf" not in text
            assert "style=" not in text and "<script" not in text


def test_a_value_that_is_not_known_is_a_gap_and_not_zero():
    svg = lines(places=list("abcde"), series=[Line("x", [5, 5, None, 5, 5])], **WORDS)
    strokes = re.findall(r'<path d="(M[^"]+)" fill="none" stroke="#2f7fc1"', svg)
    assert len(strokes) == 2
    hidden = bars(rows=[Bar("x", None, instead="hidden"), Bar("y", 0.0)], **WORDS)
    assert "hidden</text>" in hidden and hidden.count("<rect") == 1


def test_labels_of_lines_that_end_together_do_not_touch():
    series = [Line(name, [1, 5 + at / 100]) for at, name in enumerate("abcd")]
    svg = lines(places=["1", "2"], series=series, **WORDS)
    ys = sorted(float(y) for y in re.findall(r'y="([\d.]+)" text-anchor="start">[abcd]<', svg))
    assert len(ys) == 4
    assert all(after - before >= 16.9 for before, after in zip(ys, ys[1:], strict=False))


def test_a_line_that_ends_early_is_not_drawn_on_to_its_label():
    early, late = Line("early", [5, None, None]), Line("late", [1, 2, 3])
    svg = lines(places=list("abc"), series=[early, late], **WORDS)
    leaders = re.findall(r'<path d="M[\d. ]+L[\d. ]+" stroke="(#\w+)" stroke-opacity', svg)
    assert leaders == ["#d55e00"]
    assert ">early<" in svg


def test_mirrored_time_runs_from_right_to_left_and_figures_stay():
    there = lines(places=["2025", "2026"], series=[Line("x", [0, 1000])], **WORDS)
    back = lines(places=["2025", "2026"], series=[Line("x", [0, 1000])], mirrored=True, **WORDS)

    def at(svg: str, year: str) -> float:
        return float(re.search(rf'x="([\d.]+)"[^>]*>{year}<', svg)[1])

    assert at(there, "2025") < at(there, "2026")
    assert at(back, "2025") > at(back, "2026")
    assert "1\u202f000" in back


def test_a_line_longer_than_its_axis_is_refused():
    with pytest.raises(ValueError, match="longer than the axis"):
        lines(places=["a"], series=[Line("x", [1, 2])], **WORDS)


@settings(max_examples=50, deadline=None)
@given(st.floats(-1e7, 1e7), st.floats(0.001, 1e7))
def test_the_scale_covers_what_is_drawn(low, span):
    found = ticks(low, low + span)
    assert found[0] <= low + span * 1e-6 and found[-1] >= low + span * (1 - 1e-6)
    assert 2 <= len(found) <= 8


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("ground", ["#ffffff", "#10181f"])
def test_colours_part_from_light_and_dark_ground(colour, ground):
    def luminance(text: str) -> float:
        parts = [int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted([luminance(colour), luminance(ground)], reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def _places(svg: str) -> list[tuple[float, float, str, str]]:
    found = re.findall(r'<text x="([-\d.]+)" y="([\d.]+)" text-anchor="(\w+)"[^>]*>([^<]*)<', svg)
    return [(float(x), float(y), anchor, text) for x, y, anchor, text in found]


@pytest.mark.parametrize("mirrored", [False, True])
def test_on_a_phone_letters_keep_their_size_and_stay_on_the_drawing(mirrored):
    names = ["Bosnia and Herzegovina", "North Macedonia", "Montenegro"]
    months = [f"2026-{at:02}" for at in range(1, 13)]
    series = [Line(name, [at * 900.0 + n for n in range(12)]) for at, name in enumerate(names)]
    both = screens(
        partial(lines, places=months, series=series, mirrored=mirrored, **WORDS), width=720
    )
    wide, narrow = both.split("</svg>")[:2]
    assert 'class="chart chart-wide"' in wide and 'class="chart chart-narrow"' in narrow
    assert 'viewBox="0 0 328 ' in narrow and 'font-size="13"' in narrow
    assert all(f">{name}<" in narrow for name in names)
    for x, _y, anchor, text in _places(narrow):
        long = len(text) * 13 * 0.58
        left = {"start": x, "middle": x - long / 2, "end": x - long}[anchor]
        assert left >= -1 and left + long <= 329, text
    below = [y for _x, y, _anchor, text in _places(narrow) if text in names]
    assert min(below) > 250, "labels that take the room of the lines stand below them"
    assert max(y for _x, y, _a, text in _places(wide) if text in names) < 250


def test_small_charts_stand_below_each_other_where_their_titles_would_touch():
    panels = [Panel("Bosnia and Herzegovina", [Line("", [1, 2])]), Panel("B", [Line("", [2, 1])])]
    wide, narrow = (
        multiples(places=["1", "2"], panels=panels, width=width, **WORDS) for width in (480, 328)
    )
    assert 'height="120"' in wide and 'height="240"' in narrow
