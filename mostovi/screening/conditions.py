# SPDX-License-Identifier: EUPL-1.2
"""A form's conditions (XPath) as a small tree that can be said in words.

Reads what forms really use: comparisons of a question with a value, `selected()`, and, or, not.
Whatever it does not understand stays `Raw`, shown as it is written: a condition said wrongly is
worse than one not translated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^']*'|\"[^\"]*\")|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<path>(?:/|\.\./|\./)?[\w.-]+(?:\s*/\s*(?:\.\.|[\w.-]+))*)|(?P<operator>!=|<=|>=|=|<|>)"
    r"|(?P<mark>[(),]))"
)
_FUNCTIONS = {"selected", "not", "jr:choice-name"}


@dataclass(frozen=True)
class Compared:
    """The question at `path` compared with `value` (text or number), or with nothing (`''`)."""

    path: str
    operator: str
    value: str


@dataclass(frozen=True)
class Picked:
    """The choice `value` is among those picked at `path`."""

    path: str
    value: str


@dataclass(frozen=True)
class Not:
    """The opposite."""

    part: Condition


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Any:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Raw:
    """A condition that is shown as it is written."""

    expression: str


Condition = Compared | Picked | Not | All | Any | Raw


class _Unread(Exception):
    """The expression uses more than we read."""


def read_condition(expression: str, root: str = "data") -> Condition:
    """The tree of an XPath condition; `root` is the name of the instance's first element.

    >>> read_condition(" /data/paid = 'yes'")
    Compared(path='paid', operator='=', value='yes')
    >>> read_condition("selected(/data/means, 'lorry') and not(/data/age < 18)").parts[0]
    Picked(path='means', value='lorry')
    >>> read_condition("count(/data/child) > 2")
    Raw(expression='count(/data/child) > 2')
    """
    try:
        parser = _Parser(_tokens(expression), root)
        found = parser.any()
        parser.end()
    except _Unread:
        return Raw(" ".join(expression.split()))
    return found


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens, position, expression = [], 0, expression.strip()
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if not match:
            raise _Unread
        tokens.append((str(match.lastgroup), re.sub(r"\s*/\s*", "/", match[match.lastgroup or 0])))
        position = match.end()
        while position < len(expression) and expression[position].isspace():
            position += 1
    return tokens


class _Parser:
    def __init__(self, tokens: Sequence[tuple[str, str]], root: str) -> None:
        self.tokens, self.root, self.position = tokens, root, 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.position] if self.position < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.position += 1
        return token

    def end(self) -> None:
        if self.peek()[0] != "end":
            raise _Unread

    def expect(self, text: str) -> None:
        if self.take()[1] != text:
            raise _Unread

    def any(self) -> Condition:
        parts = [self.all()]
        while self.peek() == ("path", "or"):
            self.take()
            parts.append(self.all())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def all(self) -> Condition:
        parts = [self.one()]
        while self.peek() == ("path", "and"):
            self.take()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self) -> Condition:
        kind, text = self.take()
        if text == "(":
            inside = self.any()
            self.expect(")")
            return inside
        if kind == "path" and text == "not" and self.peek()[1] == "(":
            self.take()
            inside = self.any()
            self.expect(")")
            return Not(inside)
        if kind == "path" and text == "selected" and self.peek()[1] == "(":
            return self.selected()
        if kind == "path" and self.peek()[1] != "(":
            return self.compared(text)
        raise _Unread

    def selected(self) -> Condition:
        self.take()
        kind, path = self.take()
        self.expect(",")
        value_kind, value = self.take()
        self.expect(")")
        if kind != "path" or value_kind not in {"text", "number"}:
            raise _Unread
        picked = Picked(self.plain(path), value.strip("'\""))
        if self.peek()[0] == "operator":
            # selected() = 1 and the like say nothing more, but are not worth guessing at.
            raise _Unread
        return picked

    def compared(self, path: str) -> Condition:
        operator_kind, operator = self.take()
        value_kind, value = self.take()
        if operator_kind != "operator" or value_kind not in {"text", "number"}:
            raise _Unread
        return Compared(self.plain(path), operator, value.strip("'\""))

    def plain(self, path: str) -> str:
        if not path.startswith(f"/{self.root}/"):
            raise _Unread
        return path[len(self.root) + 2 :]
