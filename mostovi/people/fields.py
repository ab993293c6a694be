# SPDX-License-Identifier: EUPL-1.2
"""The fields of a person's file: their names, the values they take, and how a value is made tidy.

A field is one value (`birth`, `sex`, ...) or one row of a list (`name.<uuid>`, `contact.<uuid>`,
`family.<uuid>`); the value None empties a field or takes a row away. Every field is versioned and
merged on its own (`merging`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from mostovi.people import codes, names
from mostovi.people.birth import Birth, BirthError


class InvalidField(ValueError):
    """A value cannot be recorded. `field` names the field, `part` the input within it."""

    def __init__(self, field: str, message: str, part: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.part = part


class Answer(StrEnum):
    """Answers to a yes-or-no question; unknown and not asked are answers, not gaps."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    NOT_ASKED = "not_asked"


class Safety(StrEnum):
    """May this contact be used?"""

    YES = "yes"
    NO = "no"
    ASK_FIRST = "ask_first"
    UNKNOWN = "unknown"
    NOT_ASKED = "not_asked"


class ContactKind(StrEnum):
    """Ways to reach a person."""

    PHONE = "phone"
    MESSAGING = "messaging"
    EMAIL = "email"
    ADDRESS = "address"


class Relation(StrEnum):
    """What the other is to the person."""

    MOTHER = "mother"
    FATHER = "father"
    CHILD = "child"
    SPOUSE = "spouse"
    SIBLING = "sibling"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"
    AUNT_OR_UNCLE = "aunt_or_uncle"
    COUSIN = "cousin"
    CAREGIVER = "caregiver"
    OTHER = "other"


SEXES = ("female", "male", "other", "unknown", "not_asked")
SINGLE = ("birth", "sex", "citizenships", "languages", "interpreter", "reading", "notes")
LISTS = ("name", "contact", "family")
MAX_TEXT = 4000
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")


def split(field: str) -> tuple[str, UUID | None]:
    """Kind and row of a field; raises `InvalidField` for one that does not exist.

    >>> split("birth")
    ('birth', None)
    """
    if field in SINGLE:
        return field, None
    kind, _, row = field.partition(".")
    if kind in LISTS:
        try:
            return kind, UUID(row)
        except ValueError:
            pass
    raise InvalidField(field, f"There is no field '{field[:60]}' in a person's file.")


def clean(field: str, value: Any, today: date) -> Any:
    """The tidy JSON value to be stored; raises `InvalidField`. None stays None."""
    kind, _ = split(field)
    if value is None:
        return None
    try:
        return _CLEANERS[kind](field, value, today)
    except InvalidField:
        raise
    except BirthError as error:
        raise InvalidField(field, str(error), error.part) from error
    except names.InvalidName as error:
        raise InvalidField(field, str(error), "parts") from error
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise InvalidField(field, "The value does not have the form this field takes.") from error


def _clean_birth(field: str, value: Any, today: date) -> Any:
    birth = Birth.from_json(value)
    birth.check(today)
    return birth.as_json()


def _clean_sex(field: str, value: Any, today: date) -> Any:
    if value not in SEXES:
        raise InvalidField(field, f"Choose one of: {', '.join(SEXES)}.")
    return value


def _clean_answer(field: str, value: Any, today: date) -> Any:
    return _choice(field, "", value, Answer)


def _clean_text(field: str, value: Any, today: date) -> Any:
    return _text(field, "", value, MAX_TEXT) or None


def _clean_languages(field: str, value: Any, today: date) -> Any:
    return _listed(field, value, _LANGUAGE, "a language code such as ar or prs")


def _clean_citizenships(field: str, value: Any, today: date) -> Any:
    upper = [str(item).upper() for item in value]
    if upper == ["XXA"] or upper == ["XXX"]:
        # ICAO 9303 codes for stateless and for unspecified.
        return upper
    return _listed(field, upper, _COUNTRY, "a country code such as SY, XXA (stateless) or XXX")


def _clean_name(field: str, value: Any, today: date) -> Any:
    return names.PersonName.from_json(value).as_json()


def _clean_contact(field: str, value: Mapping[str, Any], today: date) -> Any:
    kind = _choice(field, "kind", value.get("kind"), ContactKind)
    text = _text(field, "value", value.get("value"), 300)
    if not text:
        raise InvalidField(field, "Write the number or address, or take it away.", "value")
    if kind == ContactKind.PHONE and len(names.phone_digits(text)) < 5:
        raise InvalidField(field, "A phone number has at least five digits.", "value")
    return {
        "kind": kind,
        "value": text,
        "safe": _choice(field, "safe", value.get("safe", "not_asked"), Safety),
        "answered_by": _text(field, "answered_by", value.get("answered_by"), 200),
        "best_time": _text(field, "best_time", value.get("best_time"), 200),
        "note": _text(field, "note", value.get("note"), 1000),
    }


def _clean_family(field: str, value: Mapping[str, Any], today: date) -> Any:
    name = _text(field, "name", value.get("name"), names.MAX_LENGTH)
    other = str(value.get("other") or "").strip()
    if other:
        try:
            other = codes.parse_record_code(other)
        except codes.CodeError as error:
            raise InvalidField(field, str(error), "other") from error
    if not name and not other:
        raise InvalidField(field, "Write the name, or the code of a person held here.", "name")
    return {
        "relation": _choice(field, "relation", value.get("relation"), Relation),
        "name": name,
        "other": other,
        "travelling_together": _choice(
            field, "travelling_together", value.get("travelling_together", "not_asked"), Answer
        ),
        "whereabouts_known": _choice(
            field, "whereabouts_known", value.get("whereabouts_known", "not_asked"), Answer
        ),
        "whereabouts": _text(field, "whereabouts", value.get("whereabouts"), 300),
        "note": _text(field, "note", value.get("note"), 1000),
    }


def _choice(field: str, part: str, value: Any, options: type[StrEnum]) -> str:
    try:
        return options(value).value
    except ValueError as error:
        listed = ", ".join(option.value for option in options)
        raise InvalidField(field, f"Choose one of: {listed}.", part) from error


def _text(field: str, part: str, value: Any, longest: int) -> str:
    text = str(value or "").strip()
    if len(text) > longest:
        raise InvalidField(field, f"Shorten this to {longest} characters.", part)
    return text


def _listed(field: str, value: Any, pattern: re.Pattern[str], form: str) -> list[str]:
    items = list(dict.fromkeys(str(item).strip() for item in value if str(item).strip()))
    wrong = next((item for item in items if not pattern.match(item)), None)
    if wrong is not None:
        raise InvalidField(field, f"'{wrong[:20]}' is not {form}.")
    return items


_CLEANERS: Mapping[str, Callable[[str, Any, date], Any]] = {
    "birth": _clean_birth,
    "sex": _clean_sex,
    "citizenships": _clean_citizenships,
    "languages": _clean_languages,
    "interpreter": _clean_answer,
    "reading": _clean_answer,
    "notes": _clean_text,
    "name": _clean_name,
    "contact": _clean_contact,
    "family": _clean_family,
}


def tokens(
    field: str, value: Any, of_word: Callable[[str], set[str]] = names.word_tokens
) -> set[str]:
    """Search tokens of a field's value: names and phone numbers have some, the rest none."""
    kind, _ = split(field)
    if value is None:
        return set()
    if kind == "name":
        return names.search_tokens(names.PersonName.from_json(value), of_word)
    if kind == "contact" and value["kind"] in {ContactKind.PHONE, ContactKind.MESSAGING}:
        return names.phone_tokens(value["value"])
    return set()
