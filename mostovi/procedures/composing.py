# SPDX-License-Identifier: EUPL-1.2
"""A procedure file that extends another: both are put together into one whole text.

`extends: case` takes over everything of `case` that the file does not say itself. Tables (states,
clocks, documents, gates, sides, sources) are joined by code, transitions by verb, tasks by code;
an entry that both have takes each key from the newer file, and a key set to null is dropped. A new
transition may say `before: <verb>` to stand before that one (the first way out of a state is its
usual one). `remove` names what is not taken over: a list of codes, or a table with the lists
`states`, `verbs`, `clocks`, `tasks`, `documents`, `gates`.

Pure. Lines and files of what is wrong stay those of the file in which it was written.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

import yaml

Place = tuple[str, int]
"""File and line."""

ReadBase = Callable[[str], tuple[str, str]]
"""Name and text of the file of a procedure, by code. Raises `LookupError` for an unknown one."""

TABLES = ("sides", "documents", "gates", "sources", "states", "clocks")
LISTS = {"transitions": "verb", "tasks": "code"}
REMOVABLE = {
    "states": "states", "verbs": "transitions", "clocks": "clocks", "tasks": "tasks",
    "documents": "documents", "gates": "gates",
}  # fmt: skip
NAMING = frozenset({"transitions", "clocks", "tasks"})
NAMES_IN = {
    "from": "states", "documents": "documents", "gates": "gates",
    **dict.fromkeys(
        ("starts_on", "met_by", "suspended_by", "resumed_by", "on", "done_by"), "transitions"
    ),
}  # fmt: skip
"""Lists inside an entry, and the part of the file whose codes they name."""
DEEPEST = 5
"""How many files may stand on one another."""


class CannotCompose(Exception):
    """The files cannot be read or put together; `problems` are (file, line, words)."""

    def __init__(self, problems: Sequence[tuple[str, int, str]]) -> None:
        super().__init__("; ".join(f"{file}:{line}: {words}" for file, line, words in problems))
        self.problems = tuple(problems)


class _Named(io.StringIO):
    """A text that knows the file it comes from, so that YAML's marks do too."""

    name = ""


def place_of(node: yaml.Node) -> Place:
    """Where `node` was written."""
    return str(node.start_mark.name), int(node.start_mark.line) + 1


def compose(text: str, file: str, read_base: ReadBase | None = None) -> tuple[yaml.Node, str]:
    """The document as nodes, and as text with everything it extends. Raises `CannotCompose`."""
    root = _parsed(text, file)
    if not isinstance(root, yaml.MappingNode) or _key(root, "extends") is None:
        return root, text
    whole = _joined(root, file, read_base, ())
    return whole, yaml.serialize(_bare(whole), allow_unicode=True, width=100)


def _parsed(text: str, file: str) -> yaml.Node:
    stream = _Named(text)
    stream.name = file
    try:
        root = yaml.compose(stream, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        what = getattr(error, "problem", None) or "unreadable"
        raise CannotCompose([(file, line, f"not valid YAML: {what}")]) from error
    if root is None:
        raise CannotCompose([(file, 1, "the file is empty")])
    return root


def _joined(
    own: yaml.MappingNode, file: str, read_base: ReadBase | None, above: tuple[str, ...]
) -> yaml.MappingNode:
    """`own` on top of what it extends, and of what that extends."""
    named = _key(own, "extends")
    if named is None:
        return own
    line = place_of(named)[1]
    code = str(named.value) if isinstance(named, yaml.ScalarNode) else ""
    if code in above or len(above) >= DEEPEST:
        raise CannotCompose([(file, line, f"'extends: {code}' leads back to this file")])
    try:
        if read_base is None:
            raise LookupError(code)
        base_file, text = read_base(code)
    except LookupError as error:
        words = f"'extends' names '{code}', and there is no such procedure"
        raise CannotCompose([(file, line, words)]) from error
    base = _parsed(text, base_file)
    if not isinstance(base, yaml.MappingNode):
        raise CannotCompose([(base_file, 1, "the file must be a table of 'key: value' lines")])
    return _over(_joined(base, base_file, read_base, (*above, code)), own, file)


def _over(base: yaml.MappingNode, own: yaml.MappingNode, file: str) -> yaml.MappingNode:
    base = _without(base, own, file)
    said = {str(key.value): (key, value) for key, value in own.value}
    # A second writing of the same key must still be found by whoever reads the whole.
    twice = [pair for pair in own.value if said[str(pair[0].value)][0] is not pair[0]]
    pairs = []
    for key, value in base.value:
        name = str(key.value)
        if name == "extends":
            continue
        own_key, own_value = said.pop(name, (key, None))
        pairs.append((own_key, value if own_value is None else _merged(name, value, own_value)))
    for name, (key, value) in said.items():
        if name in LISTS and isinstance(value, yaml.SequenceNode):
            value = _merged(name, yaml.SequenceNode(value.tag, [], value.start_mark), value)
        if name not in {"extends", "remove"}:
            pairs.append((key, value))
    return yaml.MappingNode(own.tag, pairs + twice, own.start_mark, own.end_mark)


def _merged(name: str, base: yaml.Node, own: yaml.Node) -> yaml.Node:
    """One part of the file: joined where parts can be joined, else the newer one."""
    if name in TABLES and isinstance(base, yaml.MappingNode) and isinstance(own, yaml.MappingNode):
        return _joined_table(base, own)
    if name in LISTS and isinstance(base, yaml.SequenceNode) and isinstance(own, yaml.SequenceNode):
        return _joined_list(base, own, LISTS[name])
    return own


def _joined_table(base: yaml.MappingNode, own: yaml.MappingNode) -> yaml.MappingNode:
    newer = {str(key.value): (key, value) for key, value in own.value}
    pairs = []
    for key, value in base.value:
        own_key, own_value = newer.pop(str(key.value), (key, None))
        pairs.append((own_key, value if own_value is None else _entry(value, own_value)))
    left = [pair for pair in own.value if str(pair[0].value) in newer]
    return yaml.MappingNode(own.tag, pairs + left, own.start_mark, own.end_mark)


def _entry(base: yaml.Node, own: yaml.Node) -> yaml.Node:
    """One entry: each key from the newer file where that has it."""
    if not isinstance(base, yaml.MappingNode) or not isinstance(own, yaml.MappingNode):
        return own
    said = {str(key.value) for key, _ in own.value}
    kept = [pair for pair in base.value if str(pair[0].value) not in said]
    return yaml.MappingNode(own.tag, kept + own.value, own.start_mark, own.end_mark)


def _joined_list(base: yaml.SequenceNode, own: yaml.SequenceNode, by: str) -> yaml.SequenceNode:
    names_before = [_scalar(item, by) for item in base.value]
    names_now = [_scalar(item, by) for item in own.value]
    items: list[yaml.Node] = []
    for name, item in zip(names_before, base.value, strict=True):
        if name is None or name not in names_now:
            items.append(item)
        elif names_before.count(name) == 1 and names_now.count(name) == 1:
            items.append(_entry(item, own.value[names_now.index(name)]))
        elif name not in {_scalar(other, by) for other in items}:
            items += [o for n, o in zip(names_now, own.value, strict=True) if n == name]
    for name, item in zip(names_now, own.value, strict=True):
        if name is None or name not in names_before:
            items.insert(_position(items, _scalar(item, "before"), by), item)
    return yaml.SequenceNode(own.tag, [_plain(item) for item in items], own.start_mark)


def _position(items: Sequence[yaml.Node], before: str | None, by: str) -> int:
    names = [_scalar(item, by) for item in items]
    return names.index(before) if before in names else len(items)


def _plain(item: yaml.Node) -> yaml.Node:
    """A transition without its `before`, which only said where it stands."""
    if not isinstance(item, yaml.MappingNode) or _key(item, "before") is None:
        return item
    pairs = [pair for pair in item.value if str(pair[0].value) != "before"]
    return yaml.MappingNode(item.tag, pairs, item.start_mark, item.end_mark)


def _without(base: yaml.MappingNode, own: yaml.MappingNode, file: str) -> yaml.MappingNode:
    """`base` without what `own` removes."""
    removed = _key(own, "remove")
    if removed is None:
        return base
    gone: dict[str, set[str]] = {}
    problems = []
    for part, node in _removals(removed):
        hit = [name for name in [part] if name] or ["transitions", "states", "clocks", "tasks"]
        known = [name for name in hit if node.value in _names(base, name)]
        if not known:
            words = f"'remove' names '{node.value}', which is not in the extended file"
            problems.append((file, place_of(node)[1], words))
        for name in known:
            gone.setdefault(name, set()).add(str(node.value))
    if problems:
        raise CannotCompose(problems)
    pairs = []
    for key, value in base.value:
        name = str(key.value)
        if isinstance(value, yaml.MappingNode) and name in gone:
            left = [pair for pair in value.value if str(pair[0].value) not in gone[name]]
            value = yaml.MappingNode(value.tag, left, value.start_mark, value.end_mark)
        elif isinstance(value, yaml.SequenceNode) and name in gone:
            left = [item for item in value.value if _scalar(item, LISTS[name]) not in gone[name]]
            value = yaml.SequenceNode(value.tag, left, value.start_mark, value.end_mark)
        pairs.append((key, _unnamed(value, gone) if name in NAMING else value))
    return yaml.MappingNode(base.tag, pairs, base.start_mark, base.end_mark)


def _unnamed(node: yaml.Node, gone: Mapping[str, set[str]]) -> yaml.Node:
    """`node` whose lists of verbs, states, documents and gates no longer name what is gone."""
    if isinstance(node, yaml.SequenceNode):
        items = [_unnamed(item, gone) for item in node.value]
        return yaml.SequenceNode(node.tag, items, node.start_mark, node.end_mark)
    if not isinstance(node, yaml.MappingNode):
        return node
    pairs = []
    for key, value in node.value:
        lost = gone.get(NAMES_IN.get(str(key.value), ""), set())
        if isinstance(value, yaml.SequenceNode) and lost:
            left = [item for item in value.value if item.value not in lost]
            value = yaml.SequenceNode(value.tag, left, value.start_mark, value.end_mark)
        elif isinstance(value, yaml.MappingNode):
            value = _unnamed(value, gone)
        pairs.append((key, value))
    return yaml.MappingNode(node.tag, pairs, node.start_mark, node.end_mark)


def _removals(node: yaml.Node) -> list[tuple[str, yaml.ScalarNode]]:
    """What is to go: (part of the file or "", code)."""
    if isinstance(node, yaml.MappingNode):
        listed = [(REMOVABLE.get(str(key.value), ""), value) for key, value in node.value]
    else:
        listed = [("", node)]
    return [
        (part, item)
        for part, value in listed
        for item in (value.value if isinstance(value, yaml.SequenceNode) else [value])
        if isinstance(item, yaml.ScalarNode)
    ]


def _names(base: yaml.MappingNode, part: str) -> set[str | None]:
    node = _key(base, part)
    if isinstance(node, yaml.MappingNode):
        return {str(key.value) for key, _ in node.value}
    if isinstance(node, yaml.SequenceNode):
        return {_scalar(item, LISTS[part]) for item in node.value}
    return set()


def _key(node: yaml.Node, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if str(key.value) == name), None)


def _scalar(node: yaml.Node, name: str) -> str | None:
    value = _key(node, name)
    return str(value.value) if isinstance(value, yaml.ScalarNode) else None


def _bare(node: yaml.Node) -> yaml.Node:
    """The same document with every node once, so that no anchors are written."""
    if isinstance(node, yaml.MappingNode):
        pairs = [(_bare(key), _bare(value)) for key, value in node.value]
        return yaml.MappingNode(node.tag, pairs, flow_style=node.flow_style)
    if isinstance(node, yaml.SequenceNode):
        items = [_bare(item) for item in node.value]
        return yaml.SequenceNode(node.tag, items, flow_style=node.flow_style)
    style = node.style if isinstance(node, yaml.ScalarNode) else None
    return yaml.ScalarNode(node.tag, node.value, style=style)
