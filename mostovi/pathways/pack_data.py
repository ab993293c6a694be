# SPDX-License-Identifier: EUPL-1.2
"""Law packs as plain data for the HTTP interface."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mostovi.pathways.expressions import OtherFact, ParameterValue, Test
from mostovi.pathways.facts import FactProblem
from mostovi.pathways.law import Condition, PartnerLaw, Pathway, PathwayVersion, Sourced
from mostovi.pathways.models import SignOff
from mostovi.pathways.reporting import citation_data, review_data
from mostovi.pathways.signing import Standing, agreed

Signed = Mapping[tuple[str, str, str, str], SignOff]


def line(pathway: Pathway, signed: Signed) -> dict[str, Any]:
    """A pack in a list."""
    return {
        "partner": pathway.partner,
        "pathway": pathway.code,
        "availability": pathway.availability.value,
        "file_digest": pathway.digest,
        "versions": [_version_line(pathway, version, signed) for version in pathway.versions],
    }


def _version_line(pathway: Pathway, version: PathwayVersion, signed: Signed) -> dict[str, Any]:
    key = (pathway.partner, pathway.code, version.version, "")
    return {
        "version": version.version,
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "complete": version.complete,
        "digest": version.digest,
        "signed_off": version.review.is_reviewed or key in signed,
    }


def whole(law: PartnerLaw, pathway: Pathway, standing: Iterable[Standing]) -> dict[str, Any]:
    """Everything a pack says, and what lawyers said of it at this node."""
    said = list(standing)
    signed = agreed(said)
    return line(pathway, signed) | {
        "availability_note": dict(pathway.availability_note),
        "local_name": dict(pathway.local_name),
        "versions": [
            _version_line(pathway, version, signed) | _version(law, version)
            for version in pathway.versions
        ],
        "sign_offs": [_sign_off(one) for one in said],
    }


def _version(law: PartnerLaw, version: PathwayVersion) -> dict[str, Any]:
    appeal = version.appeal
    return {
        "review": review_data(version.review),
        "note": dict(version.note),
        "conditions": [_condition(law, condition) for condition in version.conditions],
        "documents": [_entry(law, entry) for entry in version.documents],
        "deadlines": [_entry(law, entry) for entry in version.deadlines],
        "fees": [_entry(law, entry) for entry in version.fees],
        "rights": [_entry(law, entry) for entry in version.rights],
        "authority": version.authority,
        "appeal": appeal
        and {
            "to": appeal.to, "amount": appeal.amount, "unit": appeal.unit,
            "suspends": appeal.suspends, "citation": citation_data(appeal.citation, law),
            "evidence": appeal.evidence.value, "note": dict(appeal.note),
        },
        "next": list(version.next),
        "implements": [
            {"act": one.act, "article": one.article, "paragraph": one.paragraph, "point": one.point}
            for one in version.implements
        ],
    }  # fmt: skip


def _condition(law: PartnerLaw, condition: Condition) -> dict[str, Any]:
    data: dict[str, Any] = {
        "condition": condition.code,
        "title": dict(condition.title),
        "topic": condition.topic,
        "kind": condition.combination.value,
        "citation": citation_data(condition.citation, law),
        "evidence": condition.evidence.value,
        "confidence": condition.confidence.value,
        "review": review_data(condition.review),
        "valid_from": condition.valid_from,
        "valid_to": condition.valid_to,
        "definition": condition.definition or None,
        "note": dict(condition.note),
    }
    if condition.test is not None:
        data["test"] = _test(condition.test)
    if condition.parts:
        data["parts"] = [_condition(law, part) for part in condition.parts]
    if condition.count:
        data["count"] = condition.count
    return data


def _test(test: Test) -> dict[str, Any]:
    value: Any = test.value
    if isinstance(value, OtherFact):
        value = {"fact": value.fact}
    elif isinstance(value, ParameterValue):
        value = {"parameter": value.parameter, "times": value.times}
    elif isinstance(value, tuple):
        value = list(value)
    return {"fact": test.fact, "comparison": test.comparison.value, "value": value}


_SOURCED = ("code", "citation", "evidence", "note")


def _entry(law: PartnerLaw, entry: Sourced) -> dict[str, Any]:
    own = [name for name in type(entry).__dataclass_fields__ if name not in _SOURCED]
    return {
        "code": entry.code,
        **{name: getattr(entry, name) for name in own},
        "citation": citation_data(entry.citation, law),
        "evidence": entry.evidence.value,
        "note": dict(entry.note),
    }


def _sign_off(one: Standing) -> dict[str, Any]:
    row = one.sign_off
    return {
        "version": row.version,
        "condition": row.condition,
        "verdict": str(row.verdict),
        "lawyer": row.lawyer,
        "lawyer_role": row.lawyer_role,
        "said_on": row.said_on,
        "note": row.note,
        "text_digest": row.digest,
        "state": one.state.value,
    }


def problem(one: FactProblem) -> dict[str, Any]:
    """A fact that cannot be taken."""
    return {
        "fact": one.fact,
        "code": one.code.value,
        "text": one.text,
        "facts": list(one.facts),
        "conflict": one.conflict,
    }
