# SPDX-License-Identifier: EUPL-1.2
"""Kinds of case, needs, urgency and the services that take referrals.

Kinds of case and services are lists that partners edit as data; needs and urgency are those of the
referral's profile, so that whatever is chosen here can be sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import yaml

from mostovi.content import CONTENT
from mostovi.exchange.profiles import profile

REQUEST = "mostovi.referral.request.v1"
UPDATE = "mostovi.referral.update.v1"
WITHDRAWN = "mostovi.consent.withdrawn.v1"


class Urgency(StrEnum):
    """How soon somebody must act."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    SOON = "soon"
    ROUTINE = "routine"


class Risk(StrEnum):
    """How great the danger to the person is, as an officer judges it; never counted by a rule."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Service:
    """A service. `answer_days` is how soon it says it answers.

    `unit` is the unit of this node that runs it, empty when another institution does.
    """

    node: str
    code: str
    name: str
    needs: tuple[str, ...]
    answer_days: int
    unit: str = ""
    takes_referrals: bool = True


@cache
def _document(path: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((CONTENT / path).read_text(encoding="utf-8"))
    return document


@cache
def case_types() -> Mapping[str, str]:
    """Words for kinds of case, by code."""
    return {line["code"]: line["label"] for line in _document("cases/case_types.yaml")["types"]}


@cache
def procedure_of_type(case_type: str) -> str:
    """The procedure that a kind of case runs on; `case` for one that names none."""
    lines = {line["code"]: line for line in _document("cases/case_types.yaml")["types"]}
    return str(lines.get(case_type, {}).get("procedure") or "case")


@cache
def needs() -> Mapping[str, str]:
    """Words for needs that a referral can name, by code, from the letter's profile."""
    words: Mapping[str, str] = profile(REQUEST).schema["properties"]["needs"]["items"]["x-words"]
    return words


@cache
def urgencies() -> Mapping[str, str]:
    """Words for degrees of urgency, by code, from the letter's profile."""
    words: Mapping[str, str] = profile(REQUEST).schema["properties"]["urgency"]["x-words"]
    return words


@cache
def step_codes(verb: str) -> Mapping[str, str]:
    """Codes with words that a step must choose from: outcomes of feedback, reasons of endings."""
    if verb == "give_feedback":
        words: Mapping[str, str] = profile(UPDATE).schema["properties"]["outcome"]["x-words"]
        return words
    reasons: Mapping[str, str] = _document("cases/referral_reasons.yaml")["reasons"].get(verb, {})
    return reasons


_directories: list[Callable[[], Mapping[str, Service]]] = []


def register_directory(source: Callable[[], Mapping[str, Service]]) -> None:
    """Let the node's directory of services say which there are, before the shipped list."""
    _directories[:] = [source]


def services() -> Mapping[str, Service]:
    """Services by code: those of the node's directory, and shipped ones that it does not hold."""
    kept = {code: one for source in _directories for code, one in source().items()}
    return {**kept, **{code: one for code, one in _shipped().items() if code not in kept}}


@cache
def _shipped() -> Mapping[str, Service]:
    lines = _document("services/directory.yaml")["services"]
    return {
        line["code"]: Service(
            line["node"],
            line["code"],
            line["name"],
            tuple(line["needs"]),
            line["answer_days"],
            takes_referrals=line.get("takes_referrals", True),
        )
        for line in lines
    }


def services_at(node: str) -> list[Service]:
    """The services of one node."""
    return [service for service in services().values() if service.node == node]


def service_name(code: str) -> str:
    """A service's name, or its code when this node's directory does not list it."""
    service = services().get(code)
    return service.name if service else code
