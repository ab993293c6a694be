# SPDX-License-Identifier: EUPL-1.2
"""The neutral map: every border the same line, names escaped, nothing drawn from off the map."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from mostovi.paper.region_map import Course, Mark, draw, ground, read_topology

SQUARE = read_topology(
    {
        "transform": {"scale": [0.1, 0.1], "translate": [20, 42]},
        "arcs": [
            [[0, 0], [20, 0], [0, 20], [-20, 0], [0, -20]],
            [[5, 5], [5, 0], [0, 5], [-5, -5]],
        ],
        "objects": {
            "countries": {
                "geometries": [
                    {"type": "Polygon", "arcs": [[0]], "properties": {"name": "One"}},
                    {"type": "Polygon", "arcs": [[1]], "properties": {"name": "Other"}},
                ]
            }
        },
    }
)
BOX = (19.5, 41.5, 22.5, 44.5)


def test_a_map_is_well_formed_whatever_the_names_hold() -> None:
    drawn = draw(
        ground(SQUARE, BOX),
        courses=[Course((42.5, 20.5), (43.5, 21.5), 'A "b" <c>', "1,200", 1.0)],
        marks=[Mark(43, 21, "<&>", "&", 0.5)],
        title='Ways "and" <means>',
        description="A & B",
    )
    read = ElementTree.fromstring(drawn)  # noqa: S314 - our own drawing
    assert read.attrib["role"] == "img" and read.attrib["aria-label"] == 'Ways "and" <means>'
    assert drawn.count('class="border"') == 1 and "One" not in drawn and "Other" not in drawn
    assert "1,200" in drawn and "A &amp; B" in drawn


def test_what_lies_off_the_map_is_left_out() -> None:
    far = draw(
        ground(SQUARE, BOX),
        courses=[Course((10, 10), (11, 11), "far")],
        marks=[Mark(10, 10, "far")],
        title="Map",
    )
    assert "far" not in far


def test_more_people_are_a_thicker_line_and_what_is_not_counted_is_dashed() -> None:
    on = ground(SQUARE, BOX)

    def width(weight: float) -> float:
        drawn = draw(on, courses=[Course((42, 20), (43, 21), "x", weight=weight)], title="Map")
        return float(drawn.split('stroke-width="')[1].split('"')[0])

    assert width(0.1) < width(0.5) < width(1.0)
    dashed = draw(on, courses=[Course((42, 20), (43, 21), "x", unsure=True)], title="Map")
    assert 'class="course unsure"' in dashed
