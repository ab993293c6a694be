# SPDX-License-Identifier: EUPL-1.2
"""Entries as Open Referral's Human Services Data Specification 3.1, as JSON and as a data package.

Pure. What HSDS has no field for travels as its attributes with terms of the taxonomy `mostovi`
(needs, the node, for whom the service is, who is waiting), so that what is written is read back as
it was, and other tools still read the rest. JSON is a page of full services, as HSDS's interface
gives them; the data package is a zip file of one CSV table for each kind of object.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mostovi.cases.directory.entries import ACCESS, BLANK, Entry, completed, named

VERSION = "3.1"
PROFILE = "https://docs.openreferral.org/en/v3.1/hsds/"
TAXONOMY = "mostovi"
LARGEST = 20_000_000
"""Bytes that are read at most, also after unpacking."""

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one row: file or list, row number from 1, the field, and what to do."""

    where: str
    row: int
    field: str
    message: str


class Unreadable(ValueError):
    """The file as a whole cannot be read as HSDS; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the data package: its file, its columns, and the column that names its owner."""

    file: str
    columns: tuple[str, ...]
    owner: str = ""


TABLES: Mapping[str, Table] = {
    "organization": Table("organizations.csv", ("id", "name", "description", "email", "website")),
    "service": Table(
        "services.csv",
        ("id", "organization_id", "name", "description", "email", "status",
         "interpretation_services", "eligibility_description", "minimum_age", "maximum_age",
         "assured_date", "wait_time", "last_modified"),
    ),
    "location": Table(
        "locations.csv",
        ("id", "location_type", "organization_id", "name", "description", "latitude",
         "longitude"),
    ),
    "service_at_location": Table(
        "service_at_location.csv", ("id", "service_id", "location_id"), "service_id"
    ),
    "address": Table(
        "addresses.csv",
        ("id", "location_id", "address_1", "city", "state_province", "postal_code", "country",
         "address_type"),
        "location_id",
    ),
    "accessibility": Table(
        "accessibility.csv", ("id", "location_id", "description"), "location_id"
    ),
    "phone": Table("phones.csv", ("id", "service_id", "number", "description"), "service_id"),
    "schedule": Table(
        "schedules.csv",
        ("id", "service_id", "freq", "byday", "opens_at", "closes_at", "description"),
        "service_id",
    ),
    "language": Table("languages.csv", ("id", "service_id", "code"), "service_id"),
    "cost_option": Table(
        "cost_options.csv",
        ("id", "service_id", "option", "currency", "amount", "amount_description"),
        "service_id",
    ),
    "unit": Table("units.csv", ("id", "name")),
    "service_capacity": Table(
        "service_capacity.csv",
        ("id", "service_id", "unit_id", "available", "maximum", "updated"),
        "service_id",
    ),
    "taxonomy_term": Table(
        "taxonomy_terms.csv", ("id", "code", "name", "description", "taxonomy")
    ),
    "attribute": Table(
        "attributes.csv",
        ("id", "link_id", "taxonomy_term_id", "link_type", "link_entity", "value"),
        "link_id",
    ),
}  # fmt: skip
_LISTS: Mapping[str, str] = {
    "phones": "phone", "schedules": "schedule", "languages": "language",
    "cost_options": "cost_option", "capacities": "service_capacity", "attributes": "attribute",
    "service_at_locations": "service_at_location", "addresses": "address",
    "accessibility": "accessibility",
}  # fmt: skip
_NUMBERS = frozenset(
    {"latitude", "longitude", "amount", "available", "maximum", "minimum_age", "maximum_age"}
)
_TERMS: Mapping[str, str] = {
    "need": "A need that the service meets",
    "code": "The service's code between nodes",
    "node": "The node that answers for the service",
    "unit": "The unit of the node that runs the service",
    "answer_days": "Days within which it says it answers a referral",
    "takes_referrals": "Whether it can be chosen for a referral",
    "public": "Whether it may be shown to anybody",
    "condition": "A condition that a person must meet, as data",
    "source": "Where the entry comes from",
    "waiting": "How many wait for a place",
    "in_use": "How many places are in use",
    "shielded": "A place whose address is kept from everybody",
}


# --- Out ---------------------------------------------------------------------------------------


def to_service(entry: Entry) -> Object:
    """One entry as a full HSDS service."""
    key = entry["id"]
    ages = _ages(entry["conditions"])
    capacity = entry["capacity"]
    service: Object = {
        "id": key,
        "organization_id": entry["organization"]["id"],
        "name": entry["name"],
        "description": entry["description"],
        "email": entry["email"],
        "status": entry["status"],
        "interpretation_services": "yes" if entry["interpretation"] else "",
        "eligibility_description": entry["eligibility"],
        "minimum_age": ages[0],
        "maximum_age": ages[1],
        "assured_date": entry["assured_on"],
        "organization": dict(entry["organization"]),
        "phones": [
            {"id": named("phone", key, str(i)), "service_id": key, **_kept(phone)}
            for i, phone in enumerate(entry["phones"])
        ],
        "schedules": [_schedule(key, i, line) for i, line in enumerate(entry["schedules"])],
        "languages": [
            {"id": named("language", key, code), "service_id": key, "code": code}
            for code in entry["languages"]
        ],
        "cost_options": [_cost(key, i, cost) for i, cost in enumerate(entry["costs"])],
        "service_at_locations": [_at_location(entry, place) for place in entry["locations"]],
        "capacities": [_capacity(key, capacity)] if capacity else [],
        "attributes": [_attribute("service", key, *one) for one in _own(entry)],
    }
    return _without_empty(service)


def _without_empty(value: Object) -> Object:
    return {key: part for key, part in value.items() if part not in (None, "", [])}


def _kept(values: Mapping[str, Any]) -> Object:
    return {key: value for key, value in values.items() if value not in (None, "")}


def _ages(conditions: Sequence[Mapping[str, Any]]) -> tuple[int | None, int | None]:
    """HSDS's two ages, as far as the conditions name them plainly."""
    least: int | None = None
    most: int | None = None
    for condition in conditions:
        if condition.get("fact") == "age":
            least, most = condition.get("at_least", least), condition.get("at_most", most)
    return least, most


def _schedule(key: str, position: int, line: Mapping[str, Any]) -> Object:
    return _without_empty({
        "id": named("schedule", key, str(position)), "service_id": key, "freq": "WEEKLY",
        "byday": ",".join(line["days"]), "opens_at": line.get("opens", ""),
        "closes_at": line.get("closes", ""), "description": line.get("note", ""),
    })  # fmt: skip


def _cost(key: str, position: int, cost: Mapping[str, Any]) -> Object:
    return _without_empty({
        "id": named("cost", key, str(position)), "service_id": key,
        "currency": cost.get("currency", ""), "amount": cost["amount"],
        "amount_description": cost.get("note", ""),
    })  # fmt: skip


def _at_location(entry: Entry, place: Mapping[str, Any]) -> Object:
    key, here = entry["id"], place["id"]
    location = {
        "id": here,
        "location_type": "physical",
        "organization_id": entry["organization"]["id"],
        "name": place["name"],
        "latitude": place["latitude"],
        "longitude": place["longitude"],
        "addresses": [_address(entry["node"], place)] if place["place"] else [],
        "accessibility": [
            {"id": named("accessibility", here, code), "location_id": here, "description": code}
            for code in place["accessibility"]
        ],
        "attributes": [_attribute("location", here, "shielded", "yes")]
        if place["shielded"]
        else [],
    }
    return {
        "id": named("at", key, here), "service_id": key, "location_id": here,
        "location": _without_empty(location),
    }  # fmt: skip


def _address(node: str, place: Mapping[str, Any]) -> Object:
    return {
        "id": named("address", place["id"]), "location_id": place["id"],
        "address_1": place["address"], "city": place["place"], "state_province": "",
        "postal_code": "", "country": node.split("-", 1)[0].upper()[:2],
        "address_type": "physical",
    }  # fmt: skip


def _capacity(key: str, capacity: Mapping[str, Any]) -> Object:
    unit = named("unit", capacity["unit"])
    return {
        "id": named("capacity", key), "service_id": key, "unit_id": unit,
        "unit": {"id": unit, "name": capacity["unit"]},
        "available": max(0, capacity["maximum"] - capacity["in_use"]),
        "maximum": capacity["maximum"], "updated": capacity["as_of"],
    }  # fmt: skip


def _own(entry: Entry) -> Iterable[tuple[str, str]]:
    """What HSDS has no field for, as (term, value)."""
    yield "code", entry["code"]
    yield "node", entry["node"]
    yield "answer_days", str(entry["answer_days"])
    yield "takes_referrals", _flag(entry["takes_referrals"])
    yield "public", _flag(entry["public"])
    for name in ("unit", "source"):
        if entry[name]:
            yield name, entry[name]
    for need in entry["needs"]:
        yield "need", need
    for condition in entry["conditions"]:
        yield "condition", json.dumps(condition, sort_keys=True)
    if entry["capacity"]:
        yield "waiting", str(entry["capacity"]["waiting"])
        yield "in_use", str(entry["capacity"]["in_use"])


def _flag(value: bool) -> str:
    return "yes" if value else "no"


def _attribute(entity: str, key: str, term: str, value: str) -> Object:
    code = f"need.{value}" if term == "need" else term
    identifier = named("term", code)
    return {
        "id": named("attribute", key, term, value), "link_id": key, "link_entity": entity,
        "link_type": term, "taxonomy_term_id": identifier, "value": value,
        "taxonomy_term": {
            "id": identifier, "code": code, "name": value if term == "need" else term,
            "description": _TERMS[term], "taxonomy": TAXONOMY,
        },
    }  # fmt: skip


def to_json(entries: Sequence[Entry]) -> str:
    """All entries as one page of HSDS services."""
    services = [to_service(entry) for entry in entries]
    page = {
        "total_items": len(services), "total_pages": 1, "page_number": 1, "size": len(services),
        "first_page": True, "last_page": True, "empty": not services, "contents": services,
    }  # fmt: skip
    return json.dumps(page, ensure_ascii=False, indent=2)


def to_package(entries: Sequence[Entry]) -> bytes:
    """All entries as a tabular data package: CSV tables and `datapackage.json` in one zip file."""
    rows: dict[str, dict[str, Object]] = {name: {} for name in TABLES}
    for entry in entries:
        _flatten("service", to_service(entry), rows)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, table in TABLES.items():
            archive.writestr(_member(table.file), _csv(table, rows[name].values()))
        archive.writestr(_member("datapackage.json"), json.dumps(_described(), indent=2))
    return out.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    """A dated-nowhere member: the same entries give the same bytes."""
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _flatten(kind: str, value: Object, rows: dict[str, dict[str, Object]]) -> None:
    own = {}
    for key, part in value.items():
        if key in _LISTS:
            for item in part:
                _flatten(_LISTS[key], item, rows)
        elif isinstance(part, dict):
            _flatten(key, part, rows)
        else:
            own[key] = part
    rows[kind].setdefault(str(value["id"]), own)


def _csv(table: Table, rows: Iterable[Object]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, table.columns, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _described() -> Object:
    return {
        "name": "mostovi-services",
        "title": "Directory of services",
        "profile": "tabular-data-package",
        "hsds_version": VERSION,
        "resources": [
            {
                "name": name, "path": table.file, "format": "csv", "mediatype": "text/csv",
                "profile": "tabular-data-resource", "encoding": "utf-8",
                "schema": {
                    "primaryKey": "id",
                    "fields": [
                        {"name": column, "type": "number" if column in _NUMBERS else "string"}
                        for column in table.columns
                    ],
                },
            }
            for name, table in TABLES.items()
        ],
    }  # fmt: skip


# --- In ----------------------------------------------------------------------------------------


def from_json(text: str, *, node: str = "") -> tuple[list[tuple[int, Entry]], list[Trouble]]:
    """Entries with their row number, and what is wrong with the rows that could not be read.

    `node` stands in for services that name no node (files of other tools). Raises `Unreadable`.
    """
    if len(text) > LARGEST:
        raise Unreadable("The file is larger than 20 MB; split it.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("This is not JSON. Choose a file of HSDS services.") from error
    listed = document.get("contents", [document]) if isinstance(document, dict) else document
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise Unreadable("The file must hold a list of HSDS services.")
    return _read("contents", enumerate(listed, 1), node)


def from_package(data: bytes, *, node: str = "") -> tuple[list[tuple[int, Entry]], list[Trouble]]:
    """As `from_json`, from a data package; rows are lines of `services.csv` (the head is 1)."""
    tables = _tables(data)
    units = {row["id"]: row for row in tables["unit"]}
    terms = {row["id"]: row for row in tables["taxonomy_term"]}
    locations = {row["id"]: row for row in tables["location"]}
    organizations = {row["id"]: row for row in tables["organization"]}
    owned = {name: _by(tables[name], table.owner) for name, table in TABLES.items() if table.owner}
    for row in tables["attribute"]:
        row["taxonomy_term"] = terms.get(row.get("taxonomy_term_id", ""), {})
    for row in tables["service_capacity"]:
        row["unit"] = units.get(row.get("unit_id", ""), {})
    for key, row in locations.items():
        row["addresses"] = owned["address"][key]
        row["accessibility"] = owned["accessibility"][key]
        row["attributes"] = owned["attribute"][key]
    for row in tables["service_at_location"]:
        row["location"] = locations.get(row.get("location_id", ""), {})
    services = []
    for line, row in enumerate(tables["service"], 2):
        key = row.get("id", "")
        row["organization"] = organizations.get(row.get("organization_id", ""), {})
        row |= {
            many: owned[kind][key]
            for many, kind in _LISTS.items()
            if kind not in {"address", "accessibility"}
        }
        services.append((line, row))
    return _read("services.csv", services, node)


def _tables(data: bytes) -> dict[str, list[Object]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        if sum(member.file_size for member in archive.infolist()) > LARGEST:
            raise Unreadable("The package is larger than 20 MB when unpacked; split it.")
        names = {name.rsplit("/", 1)[-1]: name for name in archive.namelist()}
        if "services.csv" not in names:
            raise Unreadable("The package holds no services.csv.")
        return {
            name: _rows(archive.read(names[table.file])) if table.file in names else []
            for name, table in TABLES.items()
        }
    except (zipfile.BadZipFile, UnicodeDecodeError, csv.Error, NotImplementedError) as error:
        raise Unreadable("This is not a zip file of UTF-8 CSV tables.") from error


def _rows(data: bytes) -> list[Object]:
    reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return [
        {key: _number(key, value) for key, value in row.items() if key and value not in (None, "")}
        for row in reader
    ]


def _number(column: str, text: str) -> Any:
    if column not in _NUMBERS:
        return text
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() and column not in {"latitude", "longitude"} else value


def _by(rows: Iterable[Object], column: str) -> defaultdict[str, list[Object]]:
    found: defaultdict[str, list[Object]] = defaultdict(list)
    for row in rows:
        found[row.get(column, "")].append(row)
    return found


def _read(
    where: str, rows: Iterable[tuple[int, Object]], node: str
) -> tuple[list[tuple[int, Entry]], list[Trouble]]:
    entries: list[tuple[int, Entry]] = []
    troubles: list[Trouble] = []
    for number, service in rows:
        try:
            entries.append((number, from_service(service, node=node)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            field = str(error.args[0]) if isinstance(error, KeyError) and error.args else "row"
            troubles.append(
                Trouble(where, number, field, "is missing or not written as HSDS has it")
            )
    return entries, troubles


def from_service(service: Object, *, node: str = "") -> Entry:
    """One full HSDS service as an entry. Raises `KeyError` or `ValueError` for what is missing."""
    own = _attributes(service.get("attributes", []))
    organization = service.get("organization") or {}
    given: Entry = {
        **BLANK,
        "id": service["id"],
        "code": own.get("code", [f"hsds-{str(service['id'])[:8]}"])[0],
        "node": own.get("node", [node])[0],
        "unit": own.get("unit", [""])[0],
        "name": service["name"],
        "description": service.get("description", ""),
        "status": service["status"],
        "organization": {key: organization.get(key, "") for key in _ORGANIZATION},
        "locations": [_place(at["location"]) for at in service.get("service_at_locations", [])],
        "needs": own.get("need", []),
        "languages": [line["code"] for line in service.get("languages", []) if line.get("code")],
        "interpretation": bool(service.get("interpretation_services")),
        "email": service.get("email", ""),
        "phones": [
            _kept({"number": line["number"], "description": line.get("description")})
            for line in service.get("phones", [])
        ],
        "schedules": [_hours(line) for line in service.get("schedules", []) if "byday" in line],
        "costs": [
            _kept({"amount": line["amount"], "currency": line.get("currency"),
                   "note": line.get("amount_description")})
            for line in service.get("cost_options", []) if "amount" in line
        ],
        "conditions": [json.loads(text) for text in own.get("condition", [])],
        "eligibility": service.get("eligibility_description", ""),
        "answer_days": int(own.get("answer_days", ["5"])[0]),
        "takes_referrals": own.get("takes_referrals", ["no"])[0] == "yes",
        "public": own.get("public", ["no"])[0] == "yes",
        "source": own.get("source", [""])[0],
        "assured_on": service.get("assured_date") or None,
        "capacity": _places(service.get("capacities", []), own),
    }  # fmt: skip
    if not own.get("condition"):
        given["conditions"] = _age_condition(service)
    return completed(given)


_ORGANIZATION = ("id", "name", "description", "email", "website")


def _attributes(listed: Iterable[Object]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for attribute in listed:
        term = attribute.get("taxonomy_term") or {}
        if term.get("taxonomy") == TAXONOMY:
            kind = str(term.get("code", "")).split(".", 1)[0]
            found.setdefault(kind, []).append(str(attribute.get("value", "")))
    return found


def _place(location: Object) -> Object:
    address: Object = next(iter(location.get("addresses", [])), {})
    own = _attributes(location.get("attributes", []))
    codes = [line.get("description", "") for line in location.get("accessibility", [])]
    shielded = "yes" in own.get("shielded", [])
    return {
        "id": location["id"], "name": location.get("name") or address.get("city", ""),
        "place": address.get("city", ""), "address": address.get("address_1", ""),
        "latitude": location.get("latitude"), "longitude": location.get("longitude"),
        "accessibility": [code for code in codes if code in ACCESS], "shielded": shielded,
    }  # fmt: skip


def _hours(line: Object) -> Object:
    return _kept({
        "days": [day for day in str(line["byday"]).split(",") if day],
        "opens": str(line.get("opens_at", ""))[:5], "closes": str(line.get("closes_at", ""))[:5],
        "note": line.get("description", ""),
    })  # fmt: skip


def _places(listed: Sequence[Object], own: Mapping[str, list[str]]) -> Object | None:
    if not listed:
        return None
    (line,) = listed[:1]
    available = int(line["available"])
    maximum = int(line.get("maximum") or available)
    updated = datetime.fromisoformat(str(line["updated"]).replace("Z", "+00:00"))
    if updated.utcoffset() is None:
        updated = updated.replace(tzinfo=UTC)
    return {
        "unit": (line.get("unit") or {}).get("name", "places"), "maximum": maximum,
        "in_use": int(own.get("in_use", [str(maximum - available)])[0]),
        "waiting": int(own.get("waiting", ["0"])[0]), "as_of": updated.isoformat(),
    }  # fmt: skip


def _age_condition(service: Object) -> list[Object]:
    """HSDS's plain ages, from files that carry no conditions of ours."""
    bounds = {"at_least": service.get("minimum_age"), "at_most": service.get("maximum_age")}
    told = {key: int(value) for key, value in bounds.items() if value not in (None, "")}
    return [{"fact": "age", **told}] if told else []
