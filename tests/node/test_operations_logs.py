# SPDX-License-Identifier: EUPL-1.2
"""Logs hold no personal data, whatever a careless line of code hands them."""

from __future__ import annotations

import ast
import datetime as dt
import io
import json
import logging
import uuid
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from mostovi.node import logs
from mostovi.node.logs import REDACTED, WITHHELD, SafeJsonFormatter

NAME = "Amina Hodžić"
PHONE = "+382 69 123 456"
SECRETS = (NAME, "Amina", "Hodžić", PHONE, "38269123456", "1990-05-17", "أمينة")

Logged = Callable[[], dict[str, Any]]


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, Logged]]:
    """A logger that writes with our formatter, and what it wrote last."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(SafeJsonFormatter(node="me"))
    logger = logging.getLogger("test.adversary")
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.DEBUG)

    def last() -> dict[str, Any]:
        line = stream.getvalue().splitlines()[-1]
        for secret in SECRETS:
            assert secret not in line
        found: dict[str, Any] = json.loads(line)
        return found

    yield logger, last
    logger.removeHandler(handler)


def test_text_put_together_at_run_time_is_withheld(log: tuple[logging.Logger, Logged]) -> None:
    logger, last = log
    name = NAME
    for write in (
        lambda: logger.info(f"opened the case of {name}"),
        lambda: logger.info("opened the case of " + name),
        lambda: logger.info("opened the case of {}".format(name)),  # noqa: UP032 - the adversary
        lambda: logger.info(name),
        lambda: logger.info({"name": name}),
    ):
        write()
        line = last()
        assert line["event"] == WITHHELD
        assert line["where"].startswith("test_operations_logs.py:")


@pytest.mark.parametrize(
    "value",
    [NAME, "Amina", PHONE, "38269123456", 38269123456, dt.date(1990, 5, 17), [NAME], {"n": NAME},
     Exception(NAME), NAME.encode(), "أمينة", "amina.hodzic@example.org", "1705990123456"],
)  # fmt: skip
def test_arguments_that_could_be_about_a_person_are_redacted(
    log: tuple[logging.Logger, Logged], value: object
) -> None:
    logger, last = log
    logger.info("opened the case of %s", value)
    assert last()["event"] == f"opened the case of {REDACTED}"


class Colour(StrEnum):
    GREEN = "green"


@pytest.mark.parametrize(
    "value",
    [7, 1.5, True, None, Colour.GREEN, uuid.UUID(int=7), "0123456789abcdef0123456789abcdef",
     dt.datetime(2026, 11, 24, tzinfo=dt.UTC)],
)  # fmt: skip
def test_numbers_codes_and_identifiers_are_written(
    log: tuple[logging.Logger, Logged], value: object
) -> None:
    logger, last = log
    logger.info("handled %s", value)
    assert last()["event"] == f"handled {value}"


def test_named_arguments_are_held_to_the_same(log: tuple[logging.Logger, Logged]) -> None:
    logger, last = log
    logger.info("%(count)d cases of %(name)s, 100%%", {"count": 3, "name": NAME})
    assert last()["event"] == f"3 cases of {REDACTED}, 100%"


def test_only_listed_fields_in_their_shape_are_written(log: tuple[logging.Logger, Logged]) -> None:
    logger, last = log
    logger.info(
        "letter sent",
        extra={"peer": "ba", "letter_type": "mostovi.referral.request.v1", "name_of": NAME,
               "handle": NAME, "status": 202, "route": "cases:case", "reason": PHONE},
    )  # fmt: skip
    line = last()
    assert line["peer"] == "ba"
    assert line["letter_type"] == "mostovi.referral.request.v1"
    assert line["status"] == 202
    assert line["route"] == "cases:case"
    assert line["handle"] == line["reason"] == REDACTED
    assert line["left_out"] == 1


def test_exceptions_are_named_without_their_message(log: tuple[logging.Logger, Logged]) -> None:
    logger, last = log
    try:
        try:
            raise KeyError(NAME)
        except KeyError as error:
            raise ValueError(f"no such person: {NAME}") from error
    except ValueError:
        logger.exception("lookup failed")
    outer, inner = last()["error"]
    assert outer["type"] == "builtins.ValueError"
    assert inner["type"] == "builtins.KeyError"
    assert outer["at"][-1].startswith("test_operations_logs.py:")


class Kept(logging.Handler):
    """Keeps the lines that the formatter makes."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(SafeJsonFormatter())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@given(st.text(min_size=1))
def test_no_text_reaches_the_line_through_an_argument(text: str) -> None:
    kept = Kept()
    logger = logging.Logger("test.property")
    logger.addHandler(kept)
    logger.info("handled %s", text, extra={"name_of": text})
    assert kept.lines[0]["event"] == f"handled {REDACTED}" or looks_like_a_handle(text)
    assert kept.lines[0]["left_out"] == 1


def looks_like_a_handle(text: str) -> bool:
    """At least sixteen characters, hexadecimal but for a lower-case kind in front."""
    tail = text.replace(":", "-").rpartition("-")[2]
    return len(text) >= 16 and set(tail) <= set("0123456789abcdef-")


@pytest.mark.django_db
def test_a_request_is_logged_by_route_without_path_or_query(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="mostovi.node.logs"):
        answer = client.get("/health", {"q": NAME})
    lines = [json.loads(SafeJsonFormatter().format(r)) for r in caplog.records]
    mine = [line for line in lines if line["event"] == "request answered"]
    assert mine[0]["route"] == "health"
    assert mine[0]["status"] == answer.status_code
    assert len(answer["X-Request-ID"]) == 32
    assert "Amina" not in json.dumps(lines)


@pytest.mark.django_db
def test_the_request_id_cannot_be_chosen_from_outside(client: Client) -> None:
    answer = client.get("/health", headers={"X-Request-ID": "x" * 32})
    assert answer["X-Request-ID"] != "x" * 32


def log_calls() -> Iterator[tuple[str, ast.Call]]:
    """Every log call of the product, with where it stands."""
    root = Path(logs.__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in logs._LOG_CALLS
                and isinstance(node.func.value, ast.Name | ast.Attribute)
                and ast.unparse(node.func.value).rpartition(".")[2] in {"log", "logger"}
            ):
                yield f"{path.relative_to(root)}:{node.lineno}", node


def test_every_log_call_says_its_message_in_place() -> None:
    bad = [
        where
        for where, call in log_calls()
        if not (isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str))
    ]
    assert bad == [], "these would be withheld"


def test_every_field_that_is_logged_is_on_the_list() -> None:
    unknown = {
        (where, key.value)
        for where, call in log_calls()
        for keyword in call.keywords
        if keyword.arg == "extra" and isinstance(keyword.value, ast.Dict)
        for key in keyword.value.keys
        if isinstance(key, ast.Constant) and key.value not in logs.FIELDS
    }
    assert unknown == set(), "these would be left out; see FIELDS in mostovi/node/logs.py"
