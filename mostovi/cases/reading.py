# SPDX-License-Identifier: EUPL-1.2
"""A referral's data as a person reads it: one line a field, nothing left out.

Pure. The exchange's `preview` gives every single value with its place; here values that belong
together (the parts of a name, a contact) stand together, so that a reader sees in one look what
goes. Each value of the preview appears exactly once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute

Line = tuple[str, str, str]
"""Place (JSON pointer), label, value; as `exchange.profiles.preview` gives them."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value and, where it does not speak for itself, what it is."""

    text: str
    label: str = ""


@dataclass
class Group:
    """A field with its entries; each entry is a run of values that belong together."""

    field: str
    title: str
    entries: list[list[Value]] = attribute(default_factory=list)


def grouped(lines: Iterable[Line], titles: Mapping[str, str]) -> list[Group]:
    """The lines by top-level field, in order; `titles` are the words for fields.

    >>> [g.title for g in grouped([("/sex", "Sex", "female")], {"sex": "Sex"})]
    ['Sex']
    """
    groups: dict[str, Group] = {}
    entries: dict[tuple[str, str], list[Value]] = {}
    kind = ""
    for place, label, value in lines:
        steps = place.strip("/").split("/")
        name, item = steps[0], steps[1] if len(steps) > 1 and steps[1].isdigit() else ""
        group = groups.setdefault(name, Group(name, titles.get(name, label)))
        if (name, item) not in entries:
            group.entries.append(entries.setdefault((name, item), []))
        if steps[-1] == "kind" and len(steps) > 3:
            # The kind of a name part is said beside its text, which comes next.
            kind = value
        elif kind:
            entries[name, item].append(Value(value, kind))
            kind = ""
        else:
            _add(
                entries[name, item],
                Value(value, label if len(steps) > 1 and not _bare(steps) else ""),
            )
    return list(groups.values())


def _bare(steps: Sequence[str]) -> bool:
    """Whether the value is itself an item of a list and needs no label of its own."""
    return len(steps) == 2 and steps[1].isdigit()


def _add(entry: list[Value], value: Value) -> None:
    """Values under one label (the fields of a consent) are read as one."""
    if value.label and entry and entry[-1].label == value.label:
        entry[-1] = Value(f"{entry[-1].text}, {value.text}", value.label)
    else:
        entry.append(value)
