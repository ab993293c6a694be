# SPDX-License-Identifier: EUPL-1.2
"""The drawing and the BPMN export: whole, readable without colour, mirrored, well-formed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from defusedxml import ElementTree as ET

from mostovi.procedures import library
from mostovi.procedures.bpmn import BPMN, BPMNDI, DC, export, running_states
from mostovi.procedures.definition import Procedure
from mostovi.procedures.drawing import WIDTH, Standing, draw, order
from mostovi.procedures.state import Happened, visits

SVG = "{http://www.w3.org/2000/svg}"
CODES = sorted(library.shipped())
LANGUAGES = ["en", "sq", "bs", "sr", "mk", "ar"]
START = datetime(2026, 11, 24, tzinfo=UTC)


def procedure(code: str) -> Procedure:
    return library.current(code).procedure


def asked() -> list[Happened]:
    """A referral in which a question has been asked."""
    return [
        Happened("record_consent", START, "sender"),
        Happened("send", START, "sender"),
        Happened("acknowledge", START, "receiver"),
        Happened("ask", START, "receiver"),
    ]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_is_drawn_once_with_its_name(code: str, language: str) -> None:
    drawn = draw(procedure(code), language=language, right_to_left=language == "ar")
    root = ET.fromstring(drawn.svg)
    groups = [g.get("data-state") for g in root.iter(f"{SVG}g")]
    assert sorted(groups) == sorted(procedure(code).states)
    assert [step.code for step in drawn.steps] == groups
    for step in drawn.steps:
        assert step.label.language == language
        for word in step.label.text.split():
            assert word in drawn.svg


def test_the_current_step_is_lit_by_shape_weight_and_words() -> None:
    referral = procedure("referral")
    drawn = draw(referral, held=visits(referral, asked()))
    root = ET.fromstring(drawn.svg)
    groups = {g.get("data-state"): g for g in root.iter(f"{SVG}g")}
    lit = groups["asked"]
    assert lit.get("data-standing") == Standing.CURRENT
    texts = [text.text for text in lit.iter(f"{SVG}text")]
    assert "Now here" in texts
    assert lit.find(f"{SVG}text").get("font-weight") == "700"
    assert groups["sent"].get("data-standing") == Standing.DONE
    assert groups["accepted"].get("data-standing") == Standing.AHEAD
    assert groups["withdrawn"].get("data-standing") == Standing.ELSEWHERE
    assert sum(g.get("data-standing") == "current" for g in groups.values()) == 1


def test_the_words_beside_the_drawing_say_the_same() -> None:
    referral = procedure("referral")
    drawn = draw(referral, held=visits(referral, asked()))
    steps = {step.code: step for step in drawn.steps}
    assert steps["asked"].standing_words == "Now here"
    assert steps["asked"].entered == START
    verbs = {exit_.verb.text for exit_ in steps["acknowledged"].exits}
    assert verbs == {"Accept", "Ask a question", "Decline", "Note that no answer came", "Withdraw"}
    root = ET.fromstring(drawn.svg)
    assert root.find(f"{SVG}title").text == referral.title["en"]
    assert root.find(f"{SVG}desc").text.startswith("Now at: Question asked")
    labelled = root.get("aria-labelledby").split()
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    assert set(labelled) == ids


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("right_to_left", [False, True])
def test_it_fits_a_narrow_phone(code: str, right_to_left: bool) -> None:
    language = "ar" if right_to_left else "sq"
    drawn = draw(procedure(code), language=language, right_to_left=right_to_left)
    root = ET.fromstring(drawn.svg)
    assert WIDTH <= 344
    for text in root.iter(f"{SVG}text"):
        start, size = float(text.get("x")), float(text.get("font-size"))
        length = len(text.text) * size * 0.56
        end = start - length if right_to_left else start + length
        assert -4 <= end <= WIDTH + 4, text.text


def test_right_to_left_is_mirrored() -> None:
    left = ET.fromstring(draw(procedure("case"), language="ar").svg)
    right = ET.fromstring(draw(procedure("case"), language="ar", right_to_left=True).svg)
    assert right.get("direction") == "rtl"
    here = [int(c.get("cx")) for c in left.iter(f"{SVG}circle")]
    there = [int(c.get("cx")) for c in right.iter(f"{SVG}circle")]
    assert there == [WIDTH - x for x in here]


def test_labels_cannot_break_out_of_the_picture() -> None:
    from dataclasses import replace

    case = procedure("case")
    evil = '</text><script>alert("x")</script>'
    states = {**case.states, "plan": replace(case.states["plan"], label={"en": evil})}
    drawn = draw(replace(case, states=states, title={"en": evil}), ident='"><script>')
    assert "<script" not in drawn.svg
    ET.fromstring(drawn.svg)


def test_no_inline_style_or_script() -> None:
    svg = draw(procedure("referral")).svg
    assert "style=" not in svg and "<style" not in svg and "<script" not in svg


@pytest.mark.parametrize("code", CODES)
def test_the_order_puts_a_branch_below_what_it_leaves(code: str) -> None:
    known = procedure(code)
    placed = [state for state, _ in order(known)]
    assert sorted(placed) == sorted(known.states)
    path = known.usual_path()
    assert [s for s in placed if s in path] == list(path)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("language", ["en", "ar"])
class TestBpmn:
    def test_references_hold(self, code: str, language: str) -> None:
        root = ET.fromstring(export(procedure(code), language=language))
        process = root.find(f"{{{BPMN}}}process")
        nodes = {
            e.get("id"): e
            for e in process
            if e.tag.rpartition("}")[2]
            in {"startEvent", "endEvent", "userTask", "exclusiveGateway", "boundaryEvent"}
        }
        flows = {f.get("id"): f for f in process.iter(f"{{{BPMN}}}sequenceFlow")}
        ids = [e.get("id") for e in root.iter() if e.get("id")]
        assert len(ids) == len(set(ids))
        for ident, flow in flows.items():
            source, target = nodes[flow.get("sourceRef")], nodes[flow.get("targetRef")]
            assert ident in {o.text for o in source.iter(f"{{{BPMN}}}outgoing")}
            assert ident in {i.text for i in target.iter(f"{{{BPMN}}}incoming")}
        for ident, node in nodes.items():
            kind = node.tag.rpartition("}")[2]
            incoming = node.findall(f"{{{BPMN}}}incoming")
            outgoing = node.findall(f"{{{BPMN}}}outgoing")
            assert bool(incoming) == (kind not in {"startEvent", "boundaryEvent"}), ident
            assert bool(outgoing) == (kind != "endEvent"), ident
        in_lanes = [r.text for r in process.iter(f"{{{BPMN}}}flowNodeRef")]
        assert sorted(in_lanes) == sorted(nodes)

    def test_everything_has_its_place_in_the_diagram(self, code: str, language: str) -> None:
        root = ET.fromstring(export(procedure(code), language=language))
        drawn = {
            e.get("bpmnElement")
            for e in root.iter()
            if e.tag in {f"{{{BPMNDI}}}BPMNShape", f"{{{BPMNDI}}}BPMNEdge"}
        }
        process = root.find(f"{{{BPMN}}}process")
        wanted = {e.get("id") for e in process if e.tag != f"{{{BPMN}}}laneSet" and e.get("id")}
        wanted |= {lane.get("id") for lane in process.iter(f"{{{BPMN}}}lane")} | {"participant"}
        assert drawn == wanted
        for bounds in root.iter(f"{{{DC}}}Bounds"):
            assert float(bounds.get("width")) > 0 and float(bounds.get("height")) > 0

    def test_clocks_are_timers_that_do_not_interrupt(self, code: str, language: str) -> None:
        known = procedure(code)
        root = ET.fromstring(export(known, language=language))
        timers = {e.get("id"): e for e in root.iter(f"{{{BPMN}}}boundaryEvent")}
        for clock in known.clocks.values():
            for state in running_states(known, clock):
                timer = timers[f"timer_{clock.code}_{state}"]
                assert timer.get("cancelActivity") == "false"
                assert timer.get("attachedToRef") == f"state_{state}"
                assert clock.citation in timer.find(f"{{{BPMN}}}documentation").text
                length = next(timer.iter(f"{{{BPMN}}}timeDuration")).text
                assert length.startswith("P") and str(clock.amount) in length


def test_the_time_to_answer_does_not_run_while_a_question_is_open() -> None:
    referral = procedure("referral")
    running = running_states(referral, referral.clocks["answer"])
    assert "acknowledged" in running and "answered" in running and "asked" not in running
