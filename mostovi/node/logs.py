# SPDX-License-Identifier: EUPL-1.2
"""Structured logs without personal data: one JSON object a line, written from an allow-list.

What may appear is decided here and nowhere else, because a log is read by people who may read no
personal data. A line holds text that stands in the code, plus values that cannot name a person:

- the message template, and only when it stands in the log call itself (a text put together at run
  time is withheld, whoever did it);
- its arguments when they are small numbers, points in time, identifiers or members of an
  enumeration (a date alone may be a birth date, a long number a phone);
- `extra=` fields named in `FIELDS`, each in the shape given there;
- of an exception its type and where it was raised, never its message.
"""

from __future__ import annotations

import ast
import datetime as dt
import enum
import json
import logging
import re
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

REDACTED: Final = "[redacted]"
WITHHELD: Final = "message withheld: it does not stand in the log call"
REQUEST_ID_HEADER: Final = "X-Request-ID"

_request_id: ContextVar[str] = ContextVar("mostovi_request_id", default="")

_CODE = re.compile(r"[a-z0-9_.:-]{1,80}")
# Longer than any phone or identity number, and only hexadecimal: no name fits.
_HANDLE = re.compile(r"(?:[a-z][a-z_]{0,30}[:-])?[0-9a-f-]{16,64}")
_ROUTE = re.compile(r"[A-Za-z0-9_.:/<>-]{1,120}")
_PATTERN = re.compile(r"%(?:\((?P<name>\w+)\))?[#0\- +]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa%]")

# Method of a logger -> which of its arguments is the message.
_LOG_CALLS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("debug", "info", "warning", "error", "exception", "critical"), 0),
    "log": 1,
}
_LARGEST_NUMBER = 10**8

# Field of `extra=` -> the shape its text must have; numbers, times and UUIDs pass in every field.
FIELDS: Final[Mapping[str, re.Pattern[str]]] = {
    "action": _CODE,
    "attempt": _CODE,
    "bytes": _CODE,
    "code": _CODE,
    "count": _CODE,
    "form": _CODE,
    "handle": _HANDLE,
    "instance": _HANDLE,
    "errors": _CODE,
    "job": _CODE,
    "key_id": _HANDLE,
    "kind": _CODE,
    "letter": _HANDLE,
    "letter_type": _CODE,
    "method": _CODE,
    "milliseconds": _CODE,
    "month": _CODE,
    "node": _CODE,
    "outcome": _CODE,
    "package": _CODE,
    "peer": _CODE,
    "purpose": _CODE,
    "reason": _CODE,
    "role": _CODE,
    "room": _ROUTE,
    "route": _ROUTE,
    "rule": _CODE,
    "seconds": _CODE,
    "state": _CODE,
    "status": _CODE,
    "tag": _CODE,
    "task": _CODE,
    "version": _CODE,
    "why": _CODE,
    "worker": _ROUTE,
}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def request_id() -> str:
    """The id of the request being answered, or an empty text outside one."""
    return _request_id.get()


@lru_cache(maxsize=512)
def _templates(path: str) -> frozenset[str]:
    """Every text that stands in the source file as the message of a log call."""
    try:
        tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return frozenset()
    found = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        place = _LOG_CALLS.get(node.func.attr)
        if place is None or len(node.args) <= place:
            continue
        message = node.args[place]
        if isinstance(message, ast.Constant) and isinstance(message.value, str):
            found.add(message.value)
    return frozenset(found)


def _harmless(value: object, shape: re.Pattern[str] | None = None) -> Any:
    """`value` as JSON can carry it, or `REDACTED` when it could be about a person.

    Free text passes only in a field with a `shape`; without one a text must look like an id.
    """
    if isinstance(value, enum.Enum):
        return str(value.value)
    if value is None or isinstance(value, bool | int | float):
        return value if value is None or abs(value) < _LARGEST_NUMBER or shape else REDACTED
    if isinstance(value, dt.datetime | dt.timedelta | uuid.UUID):
        return str(value)
    if isinstance(value, str) and (shape or _HANDLE).fullmatch(value):
        return value
    return REDACTED


def _message(record: logging.LogRecord) -> str:
    template = record.msg
    if not isinstance(template, str) or template not in _templates(record.pathname):
        return WITHHELD
    arguments: Any = record.args
    if not arguments:
        return template
    values = iter(arguments if isinstance(arguments, tuple) else ())

    def fill(found: re.Match[str]) -> str:
        if found.group().endswith("%"):
            return "%"
        name = found.group("name")
        if name and isinstance(arguments, Mapping):
            value = arguments.get(name)
        else:
            value = next(values, REDACTED)
        return str(_harmless(value))

    return _PATTERN.sub(fill, template)


def _frames(error: BaseException, deepest: int = 8) -> list[str]:
    return [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-deepest:]
    ]


def describe_error(error: BaseException) -> str:
    """The exception's type and the place it was raised, without its message."""
    frames = _frames(error, deepest=1)
    return f"{type(error).__module__}.{type(error).__qualname__} at {frames[-1] if frames else '?'}"


def _chain(error: BaseException | None) -> list[dict[str, Any]]:
    """The exception and its causes, outermost first, by type and place only."""
    found: list[dict[str, Any]] = []
    while error is not None and len(found) < 4:
        kind = type(error)
        found.append({"type": f"{kind.__module__}.{kind.__qualname__}", "at": _frames(error)})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


class SafeJsonFormatter(logging.Formatter):
    """Writes a record as one JSON line that holds no personal data (see the module's text)."""

    def __init__(self, node: str = "") -> None:
        super().__init__()
        self.node = node

    def format(self, record: logging.LogRecord) -> str:
        """The line. A field that is not in `FIELDS` is left out and counted in `left_out`."""
        line: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "node": self.node,
            "logger": record.name,
            "event": _message(record),
        }
        if line["event"] == WITHHELD:
            line["where"] = f"{Path(record.pathname).name}:{record.lineno}"
        if _request_id.get():
            line["request"] = _request_id.get()
        left_out = 0
        for name, value in vars(record).items():
            if name in _STANDARD:
                continue
            if name in FIELDS:
                line[name] = _harmless(value, FIELDS[name])
            else:
                left_out += 1
        if left_out:
            line["left_out"] = left_out
        if record.exc_info and record.exc_info[1]:
            line["error"] = _chain(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


class RequestLogMiddleware:
    """Gives each request an id and writes one line for it: route name, never the path.

    The id is made here; one sent by the client would let it write into our logs. It goes back in
    `X-Request-ID`, so that a person who reports a fault can name the line.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.log = logging.getLogger(__name__)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; the line is written when the answer is ready."""
        token = _request_id.set(uuid.uuid4().hex)
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            response[REQUEST_ID_HEADER] = _request_id.get()
            match = request.resolver_match
            if match is None and response.status_code < 400:
                # A static file; a page asks for a dozen of them.
                return response
            self.log.info(
                "request answered",
                extra={
                    "method": str(request.method).lower(),
                    "route": (match.view_name or match.route) if match else "none",
                    "status": response.status_code,
                    "milliseconds": round((time.perf_counter() - began) * 1000, 1),
                },
            )
            return response
        finally:
            _request_id.reset(token)
