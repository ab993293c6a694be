# SPDX-License-Identifier: EUPL-1.2
"""SDMX-JSON 2.1 data messages, flat: one observation for each cell.

After the field guide and schema of the SDMX Technical Working Group (sdmx-twg/sdmx-json, 2.1.0).
pysdmx 1.21 writes structures and reference metadata as JSON, but no data; hence this writer.
"""

from __future__ import annotations

import json
from typing import Any, Final

from mostovi.statistics.tables import Text, in_language
from mostovi.statistics.translations import in_all, languages
from mostovi.statistics.writing.publications import VALUE, Publication
from mostovi.statistics.writing.sdmx import (
    CONCEPTS,
    CONFIDENTIAL,
    FREQUENCIES,
    FREQUENCY_WORDS,
    STATUS,
    identifier,
    version,
)

SCHEMA: Final = "https://json.sdmx.org/2.1/sdmx-json-data-schema.json"


def as_json(one: Publication, language: str = "en") -> str:
    """The message. Hidden cells have the value null and the statuses Q and C.

    Names are in `language` (`name`) and in every language there is (`names`).
    """
    message = {
        "$schema": SCHEMA,
        "meta": {
            "schema": SCHEMA,
            "id": f"{identifier(one.spec.code)}_{one.prepared:%Y%m%dT%H%M%S}",
            "prepared": one.prepared.isoformat(),
            "contentLanguages": [language, *(code for code in languages() if code != language)],
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

    def named(text: Text) -> dict[str, Any]:
        return _named(text, language)

    frequency = [{"id": FREQUENCIES[spec.period], **named(in_all(FREQUENCY_WORDS[spec.period]))}]
    dimensions = [_component("FREQ", named(in_all(CONCEPTS["FREQ"])), frequency, keyPosition=0)]
    for at, dimension in enumerate(spec.dimensions, start=1):
        name = dimension.code
        values = [{"id": code, **named(one.text_of(name, code))} for code in one.codes_of(name)]
        dimensions.append(
            _component(identifier(name), named(dimension.label), values, keyPosition=at)
        )
    # A table of which nothing may be shown has no period, and a list of values is never empty.
    periods = [{"value": period} for period in one.periods] or None
    dimensions.append(
        _component(
            "TIME_PERIOD", named(in_all(CONCEPTS["TIME_PERIOD"])), periods,
            keyPosition=len(spec.dimensions) + 1,
        )
    )  # fmt: skip
    attributes = [
        _component(
            name, named(in_all(CONCEPTS[name])),
            [{"id": code, **named(in_all(text))} for code, text in meanings.items()],
            relationship={"observation": {}},
        )
        for name, meanings in (("OBS_STATUS", STATUS), ("CONF_STATUS", CONFIDENTIAL))
    ]  # fmt: skip
    measure = _component(
        "OBS_VALUE", named(in_all(CONCEPTS["OBS_VALUE"])), None, format={"dataType": "Integer"}
    )
    urn = "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow="
    flow = f"{urn}{one.publisher}:{identifier(spec.code)}({version(one)})"
    return {
        **named(spec.title),
        "description": in_language(one.description, language),
        "descriptions": dict(one.description),
        "links": [{"rel": "dataflow", "urn": flow}],
        "dataSets": [0],
        "dimensions": {"observation": dimensions},
        "measures": {"observation": [measure]},
        "attributes": {"observation": attributes},
    }


def _named(text: Text, language: str) -> dict[str, Any]:
    """The name in the language asked for, and in every language."""
    return {"name": in_language(text, language), "names": dict(text)}


def _component(
    name: str, names: dict[str, Any], values: list[dict[str, Any]] | None, **more: Any
) -> dict[str, Any]:
    found: dict[str, Any] = {"id": name, **names, **more}
    return found if values is None else found | {"values": values}
