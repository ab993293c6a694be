# SPDX-License-Identifier: EUPL-1.2
"""SDMX-JSON 2.1 data messages, flat: one observation for each cell.

After the field guide and schema of the SDMX Technical Working Group (sdmx-twg/sdmx-json, 2.1.0).
pysdmx 1.21 writes structures and reference metadata as JSON, but no data; hence this writer.
"""

from __future__ import annotations

import json
from typing import Any, Final

from mostovi.statistics.tables import in_language
from mostovi.statistics.writing.publications import VALUE, Publication
from mostovi.statistics.writing.sdmx import (
    CONFIDENTIAL,
    FREQUENCIES,
    STATUS,
    identifier,
    version,
)

SCHEMA: Final = "https://json.sdmx.org/2.1/sdmx-json-data-schema.json"


def as_json(one: Publication, language: str = "en") -> str:
    """The message. Hidden cells have the value null and the statuses Q and C."""
    message = {
        "$schema": SCHEMA,
        "meta": {
            "schema": SCHEMA,
            "id": f"{identifier(one.spec.code)}_{one.prepared:%Y%m%dT%H%M%S}",
            "prepared": one.prepared.isoformat(),
            "contentLanguages": [language],
            "sender": {"id": one.publisher},
        },
        "data": {"structures": [_structure(one, language)], "dataSets": [_data_set(one)]},
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _data_set(one: Publication) -> dict[str, Any]:
    places = [{code: at for at, code in enumerate(one.codes_of(name))} for name in one.spec.names]
    periods = {period: at for at, period in enumerate(one.periods)}
    columns = [one.cells.column(name).to_pylist() for name in ("period", *one.spec.names, VALUE)]
    observations = {}
    for period, *codes, value in zip(*columns, strict=True):
        key = [
            0,
            *(place[code] for place, code in zip(places, codes, strict=True)),
            periods[period],
        ]
        hidden = int(value is None)
        observations[":".join(map(str, key))] = [value, hidden, hidden]
    return {"structure": 0, "action": "Information", "observations": observations}


def _structure(one: Publication, language: str) -> dict[str, Any]:
    spec = one.spec
    names = [(name, in_language(d.label, language)) for name, d in
             zip(spec.names, spec.dimensions, strict=True)]  # fmt: skip
    frequency = [{"id": FREQUENCIES[spec.period], "name": spec.period.value}]
    dimensions = [_component("FREQ", "Frequency", frequency, keyPosition=0)]
    for at, (name, label) in enumerate(names, start=1):
        values = [
            {"id": code, "name": one.label(name, code, language)} for code in one.codes_of(name)
        ]
        dimensions.append(_component(identifier(name), label, values, keyPosition=at))
    # A table of which nothing may be shown has no period, and a list of values is never empty.
    periods = [{"value": period} for period in one.periods] or None
    dimensions.append(_component("TIME_PERIOD", "Time period", periods, keyPosition=len(names) + 1))
    attributes = [
        _component(
            name, label, [{"id": code, "name": text["en"]} for code, text in meanings.items()],
            relationship={"observation": {}},
        )
        for name, label, meanings in (
            ("OBS_STATUS", "Observation status", STATUS),
            ("CONF_STATUS", "Confidentiality status", CONFIDENTIAL),
        )
    ]  # fmt: skip
    measure = _component("OBS_VALUE", "Number", None, format={"dataType": "Integer"})
    urn = "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow="
    flow = f"{urn}{one.publisher}:{identifier(spec.code)}({version(one)})"
    return {
        "name": in_language(spec.title, language),
        "description": " ".join([spec.definition, one.protection, *spec.footnotes, *one.notes]),
        "links": [{"rel": "dataflow", "urn": flow}],
        "dataSets": [0],
        "dimensions": {"observation": dimensions},
        "measures": {"observation": [measure]},
        "attributes": {"observation": attributes},
    }


def _component(
    name: str, label: str, values: list[dict[str, str]] | None, **more: Any
) -> dict[str, Any]:
    found: dict[str, Any] = {"id": name, "name": label, **more}
    return found if values is None else found | {"values": values}
