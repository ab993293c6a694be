# SPDX-License-Identifier: EUPL-1.2
"""A service's entry as plain values: what the shipped file, the form, HSDS and the history hold.

Pure. `check` says everything that is wrong with an entry, by field, so that nothing is half saved.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from mostovi.cases.directory.eligibility import BadCondition
from mostovi.cases.directory.eligibility import check as check_condition

Entry = dict[str, Any]
Problem = tuple[str, str]
"""A field of the entry, and what to do."""

NAMESPACE = UUID("6f2c1d3e-5a0b-5e4f-9a55-0c7f2f0f7a11")
"""Ids made from codes are the same at every node."""

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
STATUSES = ("active", "temporarily closed", "inactive", "defunct")
ACCESS = (
    "step_free", "lift", "accessible_toilet", "sign_language", "easy_read", "child_friendly",
    "women_only", "separate_entrance",
)  # fmt: skip
"""Ways in which a place is accessible; a place's text goes into its description."""

CAPACITY_UNITS = ("beds", "places", "appointments", "hours")

_CODE = re.compile(r"^[a-z][a-z0-9_.-]{1,59}\Z")
_NODE = re.compile(r"^[a-z]{2,12}(-[a-z0-9]{1,20})?\Z")
_LANGUAGE = re.compile(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_PHONE = re.compile(r"^\+?[0-9][0-9 /()-]{1,30}\Z")
_TIME = re.compile(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+\Z")

BLANK: Mapping[str, Any] = {
    "id": "", "code": "", "node": "", "unit": "", "name": "", "description": "",
    "status": "active", "organization": {}, "locations": [], "needs": [], "languages": [],
    "interpretation": False, "email": "", "phones": [], "schedules": [], "costs": [],
    "conditions": [], "eligibility": "", "answer_days": 5, "takes_referrals": True,
    "public": False, "source": "", "assured_on": None, "capacity": None,
}  # fmt: skip


def named(kind: str, *parts: str) -> str:
    """The id of a thing that has a code but no id of its own."""
    return str(uuid5(NAMESPACE, ":".join((kind, *parts))))


def completed(given: Mapping[str, Any]) -> Entry:
    """An entry with every field, ids included; what was given stands as it is."""
    entry: Entry = {key: given.get(key, default) for key, default in BLANK.items()}
    entry["id"] = entry["id"] or named("service", str(entry["code"]))
    organization = dict(entry["organization"] or {})
    organization = {
        "id": organization.get("id") or named("organization", str(organization.get("name", ""))),
        "name": organization.get("name", ""),
        "description": organization.get("description", ""),
        "email": organization.get("email", ""),
        "website": organization.get("website", ""),
    }
    entry["organization"] = organization
    entry["locations"] = [
        {
            "id": place.get("id") or named("location", entry["code"], str(place.get("name", ""))),
            "name": place.get("name", ""),
            "place": place.get("place", ""),
            "address": place.get("address", ""),
            "latitude": place.get("latitude"),
            "longitude": place.get("longitude"),
            "accessibility": list(place.get("accessibility", [])),
            "shielded": bool(place.get("shielded", False)),
        }
        for place in entry["locations"] or []
    ]
    return entry


def check(
    entry: Entry, *, needs: Collection[str], case_types: Sequence[str], units: Collection[str] = ()
) -> list[Problem]:
    """Everything that is wrong with a completed entry; empty when it can be saved."""
    return [
        *_check_heads(entry, needs, units),
        *_check_ways(entry),
        *_check_conditions(entry, case_types),
        *(problem for place in entry["locations"] for problem in _check_place(place)),
        *_check_capacity(entry["capacity"]),
    ]


def _check_heads(entry: Entry, needs: Collection[str], units: Collection[str]) -> list[Problem]:
    found: list[Problem] = []
    if not _is_uuid(entry["id"]):
        found.append(("id", "must be a UUID"))
    if not _CODE.match(str(entry["code"])):
        found.append(("code", "use small letters, figures, - and _, beginning with a letter"))
    if not _NODE.match(str(entry["node"])):
        found.append(("node", "name the node of the partner, such as ba"))
    for field in ("name",):
        if not _text(entry[field], 200):
            found.append((field, "write the name of the service, up to 200 characters"))
    if not _text(entry["organization"]["name"], 200):
        found.append(("organization", "write who runs the service"))
    if entry["status"] not in STATUSES:
        found.append(("status", f"must be one of {', '.join(STATUSES)}"))
    strange = [str(need) for need in entry["needs"] if need not in needs]
    if not entry["needs"] or strange:
        words = f"unknown: {', '.join(strange)}" if strange else "choose at least one need"
        found.append(("needs", words))
    if entry["unit"] and units and entry["unit"] not in units:
        found.append(("unit", "choose a unit of this institution"))
    if type(entry["answer_days"]) is not int or not 1 <= entry["answer_days"] <= 60:
        found.append(("answer_days", "a number of days from 1 to 60"))
    if entry["assured_on"] and not _is_day(entry["assured_on"]):
        found.append(("assured_on", "a date such as 2026-11-24"))
    return found


def _check_ways(entry: Entry) -> list[Problem]:
    found: list[Problem] = []
    bad = [str(code) for code in entry["languages"] if not _LANGUAGE.match(str(code))]
    if bad:
        found.append(("languages", f"not a language code: {', '.join(bad)}"))
    for phone in entry["phones"]:
        if not _PHONE.match(str(phone.get("number", ""))):
            found.append(("phones", "a telephone number has figures, spaces and a + in front"))
    for email in (entry["email"], entry["organization"]["email"]):
        if email and not _EMAIL.match(str(email)):
            found.append(("email", "write the address as name@place.tld"))
    for line in entry["schedules"]:
        days = line.get("days", [])
        times = (line.get("opens", ""), line.get("closes", ""))
        if not days or not set(days) <= set(DAYS):
            found.append(("schedules", "days are MO, TU, WE, TH, FR, SA, SU"))
        elif any(time and not _TIME.match(str(time)) for time in times):
            found.append(("schedules", "times are written as 08:00"))
    for cost in entry["costs"]:
        amount = cost.get("amount")
        if isinstance(amount, bool) or not isinstance(amount, int | float) or amount < 0:
            found.append(("costs", "an amount is a number, 0 when it costs nothing"))
    return found


def _check_conditions(entry: Entry, case_types: Sequence[str]) -> list[Problem]:
    found: list[Problem] = []
    for condition in entry["conditions"]:
        try:
            check_condition(condition, case_types)
        except BadCondition as error:
            found.append(("conditions", str(error)))
    return found


def _check_place(place: Mapping[str, Any]) -> list[Problem]:
    if not _text(place["name"], 200):
        return [("locations", "a place needs a name")]
    where = (place["latitude"], place["longitude"])
    if place["shielded"] and (place["address"] or where != (None, None)):
        return [("locations", "a shielded place holds no address and no point on a map")]
    if (where[0] is None) != (where[1] is None):
        return [("locations", "give latitude and longitude, or neither")]
    if where[0] is not None:
        bounds = zip(where, (90, 180), strict=True)
        if not all(_number(value) and abs(value) <= most for value, most in bounds):
            return [("locations", "latitude is within 90 and longitude within 180 degrees")]
    strange = [str(code) for code in place["accessibility"] if code not in ACCESS]
    if strange:
        return [("locations", f"unknown accessibility: {', '.join(strange)}")]
    return []


def _check_capacity(capacity: Mapping[str, Any] | None) -> list[Problem]:
    if capacity is None:
        return []
    found: list[Problem] = []
    if capacity.get("unit") not in CAPACITY_UNITS:
        found.append(("capacity", f"what is counted must be one of {', '.join(CAPACITY_UNITS)}"))
    numbers = [capacity.get(key) for key in ("maximum", "in_use", "waiting")]
    if not all(type(number) is int and 0 <= number <= 100_000 for number in numbers):
        found.append(("capacity", "maximum, in use and waiting are whole numbers from 0"))
    return found


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Names of the fields that differ, in the order of an entry."""
    return [key for key in BLANK if before.get(key) != after.get(key) and key != "capacity"]


def _text(value: Any, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= most


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_uuid(value: Any) -> bool:
    try:
        return str(UUID(str(value))) == str(value).lower()
    except ValueError:
        return False


def _is_day(value: Any) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True
