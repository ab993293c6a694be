# SPDX-License-Identifier: EUPL-1.2
"""Profiles: what a letter of one type may carry, for which purposes, and nothing more (R3).

A profile is a JSON Schema 2020-12 file, `content/profiles/<letter type>.json`, with
`additionalProperties: false` at every object. Members beginning with `x-` say what the schema
language cannot: the purposes it serves, on which basis it may be sent, which fields are about a
person, and the words that a sender sees. Sender and receiver both check.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from mostovi.content import CONTENT
from mostovi.exchange.reasons import LetterRefused, Reason
from mostovi.exchange.wire import canonical, parse_time, sha256
from mostovi.rights.purposes import Purpose

PROFILES: Final = CONTENT / "profiles"
Label = Callable[[str], str]


@dataclass(frozen=True)
class Violation:
    """One place where data leaves its profile; `path` is a JSON pointer, '' for the whole."""

    path: str
    message: str


class ProfileViolation(LetterRefused):
    """Data outside its profile. `errors` lists every place with what to do."""

    def __init__(self, letter_type: str, errors: list[Violation], reason: Reason) -> None:
        first = errors[0]
        super().__init__(reason, f"{first.path or letter_type}: {first.message}", status=422)
        self.letter_type = letter_type
        self.errors = errors


def pointer(parts: Any) -> str:
    """The JSON pointer (RFC 6901) of a path.

    >>> pointer(["names", 0, "a/b"])
    '/names/0/a~1b'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


@dataclass(frozen=True)
class Profile:
    """One letter type."""

    letter_type: str
    schema: Mapping[str, Any]

    @cached_property
    def validator(self) -> Draft202012Validator:
        """Prepared once; format assertions are on."""
        return Draft202012Validator(
            dict(self.schema), format_checker=Draft202012Validator.FORMAT_CHECKER
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what constrains data: words and reviews may change without a new version."""
        return sha256(canonical(_constraints(self.schema)))

    @property
    def purposes(self) -> frozenset[Purpose]:
        """The purposes it may be sent for."""
        return frozenset(Purpose(name) for name in self.schema["x-purposes"])

    @property
    def bases(self) -> frozenset[str]:
        """On which basis: `consent`, `duty`, or `none` for letters without personal data."""
        return frozenset(self.schema["x-basis"])

    @property
    def personal(self) -> bool:
        """Whether it can carry data about a person of concern."""
        return bool(self.schema["x-personal-data"])

    @property
    def urgent(self) -> bool:
        """Whether it runs at once, even when an earlier letter of the thread is missing."""
        return bool(self.schema.get("x-urgent", False))

    @cached_property
    def personal_fields(self) -> frozenset[str]:
        """The top-level fields that are about a person."""
        properties: Mapping[str, Any] = self.schema["properties"]
        return frozenset(name for name, part in properties.items() if part.get("x-personal"))

    @property
    def reviewed(self) -> bool:
        """Whether a data-protection officer has signed the profile off."""
        return bool(self.schema["x-review"]["status"] == "reviewed")

    def violations(self, data: Any) -> list[Violation]:
        """Every place where `data` leaves the profile, in the order of the data."""
        errors = sorted(
            self.validator.iter_errors(data), key=lambda error: list(map(str, error.path))
        )
        return [violation for error in errors for violation in _explained(error)]

    def check(self, purpose: str, basis: Mapping[str, Any], data: Any, now: datetime) -> None:
        """Raise `ProfileViolation` unless data, purpose and basis fit the profile.

        When the basis names the fields that were agreed to, a personal field beyond them is
        refused as well (R2).
        """
        self._check_purpose(purpose)
        self._check_basis(basis, now)
        if not self.validator.is_valid(data):
            raise ProfileViolation(self.letter_type, self.violations(data), Reason.OUTSIDE_PROFILE)
        agreed = basis.get("fields")
        beyond = sorted(self.personal_fields & data.keys() - set(agreed)) if agreed else []
        if beyond:
            raise ProfileViolation(
                self.letter_type,
                [Violation(f"/{name}", "the consent does not cover this field") for name in beyond],
                Reason.NO_BASIS,
            )

    def _check_purpose(self, purpose: str) -> None:
        if purpose not in self.purposes:
            raise ProfileViolation(
                self.letter_type,
                [Violation("", f"may not be sent for the purpose '{purpose}'")],
                Reason.WRONG_PURPOSE,
            )

    def _check_basis(self, basis: Mapping[str, Any], now: datetime) -> None:
        problem = _basis_problem(self.bases, basis, now)
        if problem:
            raise ProfileViolation(
                self.letter_type, [Violation("/basis", problem)], Reason.NO_BASIS
            )


def _basis_problem(bases: frozenset[str], basis: Mapping[str, Any], now: datetime) -> str:
    kinds = sorted({"consent", "duty", "none"} & basis.keys())
    if len(kinds) != 1 or basis.keys() - {"consent", "duty", "none", "fields", "expires"}:
        return "name either the consent or the legal duty under which this is sent"
    kind = kinds[0]
    if kind not in bases:
        return f"this letter is sent under {' or '.join(sorted(bases))}, not under '{kind}'"
    if not isinstance(basis[kind], str) or not basis[kind].strip() or len(basis[kind]) > 300:
        return f"'{kind}' must hold the consent's handle or the citation of the duty"
    fields = basis.get("fields", [])
    if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
        return "'fields' must be a list of field names"
    if "expires" in basis:
        try:
            ended = parse_time(basis["expires"], "basis.expires") <= now
        except LetterRefused as error:
            return str(error)
        if ended:
            return "the consent has expired; ask again before sending"
    return ""


def _explained(error: ValidationError) -> Iterator[Violation]:
    path = pointer(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        for name in sorted(map(str, error.instance.keys() - known.keys())):
            yield Violation(
                f"{path}{pointer([name])}", "is not part of this letter's profile; leave it out"
            )
    elif error.validator == "required" and isinstance(error.instance, dict):
        for name in sorted(set(_listed(error)) - error.instance.keys()):
            yield Violation(f"{path}{pointer([name])}", "is missing")
    elif error.validator == "enum":
        allowed = ", ".join(map(str, _listed(error)))
        yield Violation(path, f"must be one of: {allowed}")
    elif error.validator in {"oneOf", "anyOf"}:
        yield Violation(path, "does not have one of the forms that the profile allows")
    else:
        yield Violation(path, _RULES.get(str(error.validator), "does not fit the profile"))


def _listed(error: ValidationError) -> list[Any]:
    value = error.validator_value
    return list(value) if isinstance(value, list) else []


# jsonschema's own messages repeat the offending value, which may be about a person.
_RULES: Mapping[str, str] = {
    "type": "has the wrong type",
    "pattern": "is not written in the form the profile asks for",
    "format": "is not written in the form the profile asks for",
    "maxLength": "is too long",
    "minLength": "is empty or too short",
    "maxItems": "has too many entries",
    "minItems": "has too few entries",
    "uniqueItems": "names something twice",
    "minimum": "is too small",
    "maximum": "is too large",
    "const": "must have the one value the profile allows",
}


def _constraints(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            key: _constraints(value)
            for key, value in part.items()
            if not key.startswith("x-") and key not in {"title", "description", "$id", "examples"}
            or isinstance(value, dict) and key == "title"
        }  # fmt: skip
    return [_constraints(item) for item in part] if isinstance(part, list) else part


@cache
def _read(path: Path) -> Profile:
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Profile(path.stem, schema)


def profile(letter_type: str) -> Profile:
    """The profile of a letter type; raises `LetterRefused(unknown_letter_type)`."""
    path = PROFILES / f"{letter_type}.json"
    if letter_type not in letter_types():
        raise LetterRefused(
            Reason.UNKNOWN_LETTER_TYPE,
            "This node has no profile for this letter type; update the software.",
            status=422,
        )
    return _read(path)


@cache
def letter_types() -> tuple[str, ...]:
    """All letter types that this node knows, sorted."""
    return tuple(sorted(path.stem for path in PROFILES.glob("*.json")))


def _plain(text: str) -> str:
    return text


def preview(
    letter_type: str, purpose: str, data: Mapping[str, Any], *, label: Label = _plain
) -> list[tuple[str, str, str]]:
    """Every value that will be sent as (JSON pointer, label, text), in the profile's order.

    `label` translates a label or a code's words. Raises `ProfileViolation` when the data would
    not be sent at all, so what is shown is what leaves.
    """
    found = profile(letter_type)
    found._check_purpose(purpose)
    errors = found.violations(data)
    if errors:
        raise ProfileViolation(letter_type, errors, Reason.OUTSIDE_PROFILE)
    return list(_leaves(found.schema, found.schema, data, [], label))


def _leaves(
    root: Mapping[str, Any],
    schema: Mapping[str, Any],
    value: Any,
    path: list[str | int],
    label: Label,
) -> Iterator[tuple[str, str, str]]:
    schema = _resolved(root, schema)
    if isinstance(value, dict):
        parts = _properties(root, schema)
        for name in [*(n for n in parts if n in value), *(n for n in value if n not in parts)]:
            yield from _leaves(root, parts.get(name, {}), value[name], [*path, name], label)
    elif isinstance(value, list):
        items = schema.get("items", {})
        titled = {"title": schema.get("title", ""), **_resolved(root, items)}
        for index, item in enumerate(value):
            yield from _leaves(root, titled, item, [*path, index], label)
    else:
        words = schema.get("x-words", {})
        title = schema.get("title") or str(path[-1] if path else "")
        code = str(value).lower() if isinstance(value, bool) else value
        yield pointer(path), label(title), label(str(words.get(code, code)))


def _resolved(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref", "")
    if not reference:
        return schema
    found: Mapping[str, Any] = root["$defs"][reference.removeprefix("#/$defs/")]
    return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}


def _properties(root: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = dict(schema.get("properties", {}))
    for branch in schema.get("oneOf", ()):
        properties.update(_resolved(root, branch).get("properties", {}))
    return properties


def words(letter_type: str) -> list[str]:
    """Every label and code word of a profile, for translators."""
    found: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("title"), str):
                found.append(part["title"])
            found.extend(part.get("x-words", {}).values() if "x-words" in part else ())
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(profile(letter_type).schema)
    return list(dict.fromkeys(found))
