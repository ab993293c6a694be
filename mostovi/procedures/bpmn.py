# SPDX-License-Identifier: EUPL-1.2
"""A procedure as BPMN 2.0 XML with its diagram, for tools such as bpmn-io and Camunda Modeler.

Each state becomes a task (an end becomes an end event), each transition a flow, a choice between
several an exclusive gateway, each clock a timer on the edge of the tasks in which it runs. The
timer does not interrupt: it leads to a flag for a person, because no clock of Mostovi decides.
The file is for reading and discussing; it is not executable, and is never read back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET  # Only writes; nothing is parsed here.

from mostovi.procedures.definition import (
    Clock,
    Procedure,
    StateKind,
    Transition,
    Unit,
    words,
)

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

TASK = (120, 80)
EVENT = (36, 36)
GATEWAY = (50, 50)
COLUMN, ROW, LANE_TITLE = 330, 230, 60


@dataclass(frozen=True)
class _Box:
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        return self.y + self.height // 2

    @property
    def right(self) -> int:
        return self.x + self.width


@dataclass
class _Flow:
    ident: str
    source: str
    target: str
    name: str = ""
    note: str = ""


@dataclass
class _Node:
    ident: str
    tag: str
    name: str
    box: _Box
    lane: str
    note: str = ""
    attached_to: str = ""
    duration: str = ""


@dataclass
class _Diagram:
    nodes: dict[str, _Node] = field(default_factory=dict)
    flows: list[_Flow] = field(default_factory=list)
    lanes: dict[str, _Box] = field(default_factory=dict)

    def add(self, node: _Node) -> None:
        self.nodes[node.ident] = node

    def connect(self, source: str, target: str, name: str = "", note: str = "") -> None:
        ident = f"flow_{len(self.flows) + 1}"
        self.flows.append(_Flow(ident, source, target, name, note))


def export(procedure: Procedure, *, language: str = "en") -> str:
    """The BPMN 2.0 XML of `procedure`, labelled in `language` where it has been translated."""
    diagram = _diagram(procedure, language)
    for prefix, space in (
        ("bpmn", BPMN),
        ("bpmndi", BPMNDI),
        ("dc", DC),
        ("di", DI),
        ("xsi", XSI),
    ):
        ET.register_namespace(prefix, space)
    root = ET.Element(
        f"{{{BPMN}}}definitions",
        {
            "id": f"definitions_{procedure.code}",
            "targetNamespace": f"urn:mostovi:procedure:{procedure.code}:{procedure.version}",
            "exporter": "Mostovi",
        },
    )
    title = words(procedure.title, language).text
    collaboration = ET.SubElement(root, f"{{{BPMN}}}collaboration", {"id": "collaboration"})
    ET.SubElement(
        collaboration,
        f"{{{BPMN}}}participant",
        {"id": "participant", "name": title, "processRef": f"process_{procedure.code}"},
    )
    _write_process(root, procedure, diagram, language)
    _write_shapes(root, diagram)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def running_states(procedure: Procedure, clock: Clock) -> tuple[str, ...]:
    """The states in which `clock` can run: from its start until it is met, stopped or over."""
    stops = {*clock.met_by, *clock.suspended_by, clock.silence_verb}
    begins = {*clock.starts_on, *clock.resumed_by}
    waiting = [t.to for t in procedure.transitions if t.verb in begins]
    running: dict[str, None] = {}
    while waiting:
        state = waiting.pop(0)
        if state in running or procedure.is_over(state):
            continue
        running[state] = None
        waiting += [t.to for t in procedure.leaving(state) if t.verb not in stops]
    return tuple(code for code in procedure.states if code in running)


def duration(clock: Clock) -> str:
    """The period as an ISO 8601 duration; working days are given as days, the note says so.

    >>> from mostovi.procedures.library import current
    >>> duration(current("referral").procedure.clocks["answer"])
    'P3D'
    """
    if clock.unit is Unit.HOURS:
        return f"PT{clock.amount}H"
    return f"P{clock.amount}{'M' if clock.unit is Unit.MONTHS else 'D'}"


def _diagram(procedure: Procedure, language: str) -> _Diagram:
    diagram = _Diagram()
    lane_of = {code: _lane(procedure, code) for code in procedure.states}
    column_of = _columns(procedure)
    depth = {
        side: max(
            [
                sum(1 for c in procedure.states if lane_of[c] == side and column_of[c] == n)
                for n in set(column_of.values())
            ]
        )
        or 1
        for side in procedure.sides
    }
    width = LANE_TITLE + (max(column_of.values()) + 2) * COLUMN
    top = 0
    for side in procedure.sides:
        diagram.lanes[side] = _Box(30, top, width, depth[side] * ROW)
        top += depth[side] * ROW
    used: dict[tuple[str, int], int] = {}
    for code in procedure.states:
        if _ends_beside_path(procedure, code):
            continue
        cell = (lane_of[code], column_of[code])
        row = used.get(cell, 0)
        used[cell] = row + 1
        x = 30 + LANE_TITLE + COLUMN // 2 + column_of[code] * COLUMN
        y = diagram.lanes[lane_of[code]].y + row * ROW + 40
        _add_state(diagram, procedure, code, lane_of[code], x, y, language)
    for clock in procedure.clocks.values():
        _add_timers(diagram, procedure, clock, language)
    _add_flows(diagram, procedure, language)
    return diagram


def _lane(procedure: Procedure, code: str) -> str:
    """The side that is expected to move next; an end belongs to the side that leads there."""
    sides = procedure.sides_to_move(code)
    if sides:
        return sides[0]
    return next(t.side for t in procedure.transitions if t.to == code)


def _columns(procedure: Procedure) -> dict[str, int]:
    """Each state's distance from the start along the usual path; others stand beside it."""
    columns = {code: number for number, code in enumerate(procedure.usual_path())}
    waiting = list(columns)
    while waiting:
        code = waiting.pop(0)
        for step in procedure.leaving(code):
            if step.to not in columns:
                columns[step.to] = columns[code] + 1
                waiting.append(step.to)
    return columns


def _add_state(
    diagram: _Diagram, procedure: Procedure, code: str, lane: str, x: int, y: int, language: str
) -> None:
    state = procedure.states[code]
    name = words(state.label, language).text
    note = words(state.meaning, language).text
    leaving = list(procedure.leaving(code))
    if _ends_beside_path(procedure, code):
        return
    if state.kind is StateKind.START:
        box = _Box(x - 90, y + TASK[1] // 2 - 18, *EVENT)
        diagram.add(_Node(f"start_{code}", "startEvent", "", box, lane))
        diagram.connect(f"start_{code}", f"state_{code}")
    if state.kind is StateKind.END and not leaving:
        box = _Box(x + TASK[0] // 2 - 18, y + TASK[1] // 2 - 18, *EVENT)
        diagram.add(_Node(f"state_{code}", "endEvent", name, box, lane, note))
        return
    diagram.add(_Node(f"state_{code}", "userTask", name, _Box(x, y, *TASK), lane, note))
    if len(leaving) > 1 or state.kind is StateKind.END:
        box = _Box(x + TASK[0] + 35, y + TASK[1] // 2 - 25, *GATEWAY)
        diagram.add(_Node(f"choice_{code}", "exclusiveGateway", "", box, lane))
        diagram.connect(f"state_{code}", f"choice_{code}")
    if state.kind is StateKind.END:
        box = _Box(x + TASK[0] + 115, y + TASK[1] // 2 - 18, *EVENT)
        diagram.add(_Node(f"end_{code}", "endEvent", "", box, lane))
        diagram.connect(f"choice_{code}", f"end_{code}")


def _add_timers(diagram: _Diagram, procedure: Procedure, clock: Clock, language: str) -> None:
    for code in running_states(procedure, clock):
        host = diagram.nodes.get(f"state_{code}")
        if host is None or host.tag != "userTask":
            continue
        taken = sum(1 for node in diagram.nodes.values() if node.attached_to == host.ident)
        x = host.box.x + 6 + taken * 42
        name = words(clock.label, language).text
        timer = _Node(
            f"timer_{clock.code}_{code}",
            "boundaryEvent",
            name,
            _Box(x, host.box.y + TASK[1] - 18, *EVENT),
            host.lane,
            _clock_note(procedure, clock),
            host.ident,
            duration(clock),
        )
        diagram.add(timer)
        flag = f"flag_{clock.code}_{code}"
        box = _Box(x, timer.box.y + 72, *EVENT)
        diagram.add(_Node(flag, "endEvent", "Flagged for a person", box, host.lane))
        diagram.connect(timer.ident, flag)


def _clock_note(procedure: Procedure, clock: Clock) -> str:
    source = procedure.sources[clock.source]
    parts = [
        f"{clock.amount} {clock.unit.value.replace('_', ' ')}",
        clock.citation,
        f"source: {source.title} ({source.publisher}, {source.year}), {clock.evidence.value}",
        f"silence: {clock.silence.value}",
    ]
    if clock.suspended_by:
        parts.append(f"stopped by: {', '.join(clock.suspended_by)}")
    if clock.extension is not None:
        rule = clock.extension
        parts.append(f"extension: {rule.amount} {rule.unit.value}, {rule.ground}")
    return "; ".join(parts)


def _add_flows(diagram: _Diagram, procedure: Procedure, language: str) -> None:
    for step in procedure.transitions:
        for code in step.from_states:
            source = f"choice_{code}" if f"choice_{code}" in diagram.nodes else f"state_{code}"
            diagram.connect(
                source,
                _target(diagram, procedure, source, step.to, language),
                words(step.label, language).text,
                _step_note(step),
            )


def _target(diagram: _Diagram, procedure: Procedure, source: str, to: str, language: str) -> str:
    """The node a flow leads to. An end beside the usual path gets its own event at each source:
    one shared event would draw lines across the whole page."""
    if not _ends_beside_path(procedure, to):
        return f"state_{to}"
    gateway = diagram.nodes[source]
    ident = f"state_{to}_after_{source}"
    count = sum(1 for other in diagram.nodes if other.endswith(f"_after_{source}"))
    box = _Box(gateway.box.x + 7 + count * 62, gateway.box.y + 84, *EVENT)
    name = words(procedure.states[to].label, language).text
    diagram.add(_Node(ident, "endEvent", name, box, gateway.lane))
    return ident


def _ends_beside_path(procedure: Procedure, code: str) -> bool:
    is_end = procedure.is_over(code) and not list(procedure.leaving(code))
    return is_end and code not in procedure.usual_path()


def _step_note(step: Transition) -> str:
    parts = [f"by: {', '.join(step.roles)} ({step.side})"]
    if step.gates:
        parts.append(f"gates: {', '.join(step.gates)}")
    if step.documents:
        parts.append(f"documents: {', '.join(step.documents)}")
    if step.reason_required:
        parts.append("with a reason")
    if step.other_than:
        parts.append(f"not by whoever did: {step.other_than}")
    return "; ".join(parts)


def _write_process(
    root: ET.Element, procedure: Procedure, diagram: _Diagram, language: str
) -> None:
    process = ET.SubElement(
        root,
        f"{{{BPMN}}}process",
        {"id": f"process_{procedure.code}", "isExecutable": "false"},
    )
    _note(process, words(procedure.summary, language).text)
    lanes = ET.SubElement(process, f"{{{BPMN}}}laneSet", {"id": "lanes"})
    for side, named in procedure.sides.items():
        name = words(named.label, language).text
        lane = ET.SubElement(lanes, f"{{{BPMN}}}lane", {"id": f"lane_{side}", "name": name})
        for node in diagram.nodes.values():
            if node.lane == side:
                ET.SubElement(lane, f"{{{BPMN}}}flowNodeRef").text = node.ident
    for node in diagram.nodes.values():
        _write_node(process, node, diagram.flows)
    for flow in diagram.flows:
        attributes = {"id": flow.ident, "sourceRef": flow.source, "targetRef": flow.target}
        if flow.name:
            attributes["name"] = flow.name
        _note(ET.SubElement(process, f"{{{BPMN}}}sequenceFlow", attributes), flow.note)


def _write_node(process: ET.Element, node: _Node, flows: Iterable[_Flow]) -> None:
    attributes = {"id": node.ident}
    if node.name:
        attributes["name"] = node.name
    if node.attached_to:
        attributes |= {"attachedToRef": node.attached_to, "cancelActivity": "false"}
    element = ET.SubElement(process, f"{{{BPMN}}}{node.tag}", attributes)
    _note(element, node.note)
    for flow in flows:
        if flow.target == node.ident:
            ET.SubElement(element, f"{{{BPMN}}}incoming").text = flow.ident
    for flow in flows:
        if flow.source == node.ident:
            ET.SubElement(element, f"{{{BPMN}}}outgoing").text = flow.ident
    if node.duration:
        timer = ET.SubElement(
            element, f"{{{BPMN}}}timerEventDefinition", {"id": f"{node.ident}_definition"}
        )
        expression = ET.SubElement(
            timer, f"{{{BPMN}}}timeDuration", {f"{{{XSI}}}type": "bpmn:tFormalExpression"}
        )
        expression.text = node.duration


def _note(element: ET.Element, text: str) -> None:
    if text:
        ET.SubElement(element, f"{{{BPMN}}}documentation").text = text


def _write_shapes(root: ET.Element, diagram: _Diagram) -> None:
    outer = ET.SubElement(root, f"{{{BPMNDI}}}BPMNDiagram", {"id": "diagram"})
    plane = ET.SubElement(
        outer, f"{{{BPMNDI}}}BPMNPlane", {"id": "plane", "bpmnElement": "collaboration"}
    )
    boxes = list(diagram.lanes.values())
    pool = _Box(0, 0, boxes[0].width + 30, sum(box.height for box in boxes))
    _shape(plane, "participant", pool, horizontal=True)
    for side, box in diagram.lanes.items():
        _shape(plane, f"lane_{side}", box, horizontal=True)
    for node in diagram.nodes.values():
        _shape(plane, node.ident, node.box, marker=node.tag == "exclusiveGateway")
    for number, flow in enumerate(diagram.flows):
        edge = ET.SubElement(
            plane, f"{{{BPMNDI}}}BPMNEdge", {"id": f"{flow.ident}_edge", "bpmnElement": flow.ident}
        )
        for x, y in _waypoints(diagram.nodes[flow.source], diagram.nodes[flow.target], number):
            ET.SubElement(edge, f"{{{DI}}}waypoint", {"x": str(x), "y": str(y)})


def _shape(
    plane: ET.Element, element: str, box: _Box, *, horizontal: bool = False, marker: bool = False
) -> None:
    attributes = {"id": f"{element}_shape", "bpmnElement": element}
    if horizontal:
        attributes["isHorizontal"] = "true"
    if marker:
        attributes["isMarkerVisible"] = "true"
    shape = ET.SubElement(plane, f"{{{BPMNDI}}}BPMNShape", attributes)
    ET.SubElement(
        shape,
        f"{{{DC}}}Bounds",
        {"x": str(box.x), "y": str(box.y), "width": str(box.width), "height": str(box.height)},
    )


def _waypoints(source: _Node, target: _Node, number: int) -> list[tuple[int, int]]:
    """Straight where possible; else a step in the gap before the target, spread by `number`."""
    here, there = source.box, target.box
    if source.attached_to or "_after_" in target.ident:
        below, x, end_x = here.y + here.height, here.x + here.width // 2, there.x + there.width // 2
        if x == end_x:
            return [(x, below), (x, there.y)]
        return [(x, below), (x, below + 12), (end_x, below + 12), (end_x, there.y)]
    if here.middle == there.middle and here.right < there.x < here.right + COLUMN:
        return [(here.right, here.middle), (there.x, there.middle)]
    spread = 12 + (number % 5) * 8
    leave, enter = here.right + spread, there.x - spread
    if leave <= enter and enter - leave < COLUMN:
        return [
            (here.right, here.middle),
            (enter, here.middle),
            (enter, there.middle),
            (there.x, there.middle),
        ]
    level = max(here.y, there.y) - 14 - spread // 2
    return [
        (here.right, here.middle),
        (leave, here.middle),
        (leave, level),
        (enter, level),
        (enter, there.middle),
        (there.x, there.middle),
    ]
