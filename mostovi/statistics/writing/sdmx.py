# SPDX-License-Identifier: EUPL-1.2
"""SDMX 3.0: structures (ML) and data (CSV 2.0, ML), with pysdmx, which the BIS keeps.

Each table is a dataflow of its own with a structure: FREQ, the dimensions, TIME_PERIOD, OBS_VALUE,
OBS_STATUS and CONF_STATUS. The partner is REF_AREA. A hidden cell is there without a value, with
the status Q (missing, suppressed) and C (confidential); which cells were small and which hidden
to protect them is never said. Codes of statuses after the SDMX content-oriented guidelines
(evidence: memory).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from mostovi.statistics.specs import Period
from mostovi.statistics.tables import Text
from mostovi.statistics.translations import in_all, said
from mostovi.statistics.writing.plain import arrow_csv
from mostovi.statistics.writing.publications import VALUE, Publication

if TYPE_CHECKING:
    import pyarrow as pa
    from pysdmx.model import Codelist
    from pysdmx.model.dataflow import Dataflow, DataStructureDefinition

CROSS_DOMAIN: Final = {"partner": "REF_AREA"}
FREQUENCIES: Final = {Period.MONTH: "M", Period.QUARTER: "Q", Period.YEAR: "A"}
FREQUENCY_WORDS: Final = {
    Period.MONTH: "Monthly", Period.QUARTER: "Quarterly", Period.YEAR: "Yearly",
}  # fmt: skip
STATUS: Final = {"A": "Normal", "Q": "Missing value; suppressed"}
CONFIDENTIAL: Final = {"F": "Free", "C": "Confidential"}
_MEASURED: Final = re.compile(r"\s*<str:MeasureRelationship>.*?</str:MeasureRelationship>", re.S)
CONCEPTS: Final = {
    "FREQ": "Frequency",
    "TIME_PERIOD": "Time period",
    "OBS_VALUE": "Number",
    "OBS_STATUS": "Observation status",
    "CONF_STATUS": "Confidentiality status",
}
_COMMON: Final = "{http://www.sdmx.org/resources/sdmxml/schemas/v3_0/common}"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def identifier(name: str) -> str:
    """An SDMX id.

    >>> identifier("partner"), identifier("age_eu"), identifier("eu-862")
    ('REF_AREA', 'AGE_EU', 'EU_862')
    """
    return CROSS_DOMAIN.get(name, re.sub(r"[^A-Z0-9_]", "_", name.upper()))


def version(one: Publication) -> str:
    """The version in three parts, as SDMX 3.0 wants it.

    The set's version '2026.1' is '2026.1.0'.
    """
    parts = [part for part in re.split(r"\D+", one.version) if part][:3]
    return ".".join(str(int(part)) for part in [*parts, "0", "0", "0"][:3])


def structures(one: Publication) -> str:
    """Code lists, concepts, the data structure and the dataflow, as SDMX-ML 3.0.

    Names and descriptions are there in every language that has them.
    """
    from pysdmx.io.format import Format
    from pysdmx.io.writer import write_sdmx
    from pysdmx.model.concept import Concept, ConceptScheme

    known: dict[str, Text] = {}
    flow, structure, lists = _model(one, known)
    concepts = ConceptScheme(
        id=f"CS_{identifier(one.spec.code)}",
        name=_known(known, said("Concepts of %(title)s", title=one.spec.title)),
        agency=one.publisher,
        version=version(one),
        items=[one.concept for one in structure.components if isinstance(one.concept, Concept)],
    )
    text = write_sdmx(
        [*lists.values(), concepts, structure, flow],
        Format.STRUCTURE_SDMX_ML_3_0,
        header=_header(one),
    )
    # Optional in the schema, and with one measure it says nothing; sdmx1 2.28 stumbles over it.
    return _in_all_languages(_MEASURED.sub("", text or ""), known)


def _known(known: dict[str, Text], text: Text) -> str:
    """The English of `text`, remembered with its translations for `_in_all_languages`."""
    known[text["en"]] = text
    return text["en"]


def _in_all_languages(message: str, known: Mapping[str, Text]) -> str:
    """Beside every English name and description those in other languages.

    pysdmx writes one language only.
    """
    from lxml import etree

    # The text is our own writer's.
    root = etree.fromstring(message.encode())
    for kind in ("Name", "Description"):
        for element in list(root.iter(f"{_COMMON}{kind}")):
            before = element
            for language, words in known.get(element.text or "", {}).items():
                if language == "en":
                    continue
                other = etree.Element(element.tag, {_LANGUAGE: language})
                other.text = words
                before.addnext(other)
                before = other
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True).decode()


def as_csv(one: Publication) -> bytes:
    """The data as SDMX-CSV 2.0 (of SDMX 3.0)."""
    import pyarrow as pa

    flow = f"{one.publisher}:{identifier(one.spec.code)}({version(one)})"
    rows = one.cells.num_rows

    def always(text: str) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))

    columns = _columns(one)
    table = pa.table(
        {
            "STRUCTURE": always("dataflow"),
            "STRUCTURE_ID": always(flow),
            "ACTION": always("I"),
            "FREQ": always(FREQUENCIES[one.spec.period]),
            **columns,
        }
    )
    return arrow_csv(table)


def as_ml(one: Publication) -> str:
    """The data as structure-specific SDMX-ML 3.0."""
    import pandas as pd
    from pysdmx.io.format import Format
    from pysdmx.io.pd import PandasDataset
    from pysdmx.io.writer import write_sdmx

    _flow, structure, _lists = _model(one, {})
    columns = {
        name: (column.cast("string") if name != "OBS_VALUE" else column).to_pylist()
        for name, column in _columns(one).items()
    }
    frame = pd.DataFrame({"FREQ": FREQUENCIES[one.spec.period], **columns}, dtype=object)
    frame["OBS_VALUE"] = ["" if value is None else str(value) for value in columns["OBS_VALUE"]]
    dataset = PandasDataset(structure=structure.to_schema(), data=frame)
    return write_sdmx([dataset], Format.DATA_SDMX_ML_3_0, header=_header(one)) or ""


def _columns(one: Publication) -> dict[str, Any]:
    import pyarrow.compute as pc

    value = one.cells.column(VALUE)
    hidden = pc.is_null(value)
    return {
        **{identifier(name): one.cells.column(name) for name in one.spec.names},
        "TIME_PERIOD": one.cells.column("period"),
        "OBS_VALUE": value,
        "OBS_STATUS": pc.if_else(hidden, "Q", "A"),
        "CONF_STATUS": pc.if_else(hidden, "C", "F"),
    }


def _header(one: Publication) -> Any:
    from pysdmx.model import Organisation
    from pysdmx.model.message import Header

    return Header(
        id=f"{identifier(one.spec.code)}_{one.prepared:%Y%m%dT%H%M%S}",
        prepared=one.prepared,
        sender=Organisation(id=one.publisher),
    )


def _model(
    one: Publication, known: dict[str, Text]
) -> tuple[Dataflow, DataStructureDefinition, dict[str, Codelist]]:
    from pysdmx.model import Code, Codelist
    from pysdmx.model.__base import DataType
    from pysdmx.model.concept import Concept
    from pysdmx.model.dataflow import (
        Component,
        Components,
        Dataflow,
        DataStructureDefinition,
        Role,
    )

    """What pysdmx writes, in English; `known` takes every text in all its languages."""
    spec, lists = one.spec, {}
    ident, number = identifier(spec.code), version(one)

    def code_list(name: str, label: str, codes: dict[str, str]) -> Codelist:
        lists[name] = Codelist(
            id=f"CL_{ident}_{name}",
            name=label,
            agency=one.publisher,
            version=number,
            items=[Code(id=code, name=text) for code, text in codes.items()],
        )
        return lists[name]

    def component(name: str, label: str, role: Role, codes: Codelist | None, **more: Any) -> Any:
        kind = more.pop("dtype", DataType.STRING)
        concept = Concept(
            id=name,
            name=label,
            dtype=kind,
            urn="urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept="
            f"{one.publisher}:CS_{ident}({number}).{name}",
        )
        reference = f"{one.publisher}:CL_{ident}_{name}({number})" if codes else None
        return Component(
            id=name,
            required=more.pop("required", True),
            role=role,
            concept=concept,
            local_dtype=None if codes else kind,
            local_codes=codes,
            local_enum_ref=f"urn:sdmx:org.sdmx.infomodel.codelist.Codelist={reference}"
            if codes
            else None,
            **more,
        )

    def named(text: Text) -> str:
        return _known(known, text)

    def words(name: str) -> str:
        return named(in_all(CONCEPTS[name]))

    frequency = FREQUENCIES[spec.period]
    found = [
        component(
            "FREQ", words("FREQ"), Role.DIMENSION,
            code_list(
                "FREQ", words("FREQ"), {frequency: named(in_all(FREQUENCY_WORDS[spec.period]))}
            ),
        )
    ]  # fmt: skip
    for dimension in spec.dimensions:
        name, label = identifier(dimension.code), named(dimension.label)
        codes = {code: named(one.text_of(dimension.code, code))
                 for code in one.codes_of(dimension.code)}  # fmt: skip
        found.append(component(name, label, Role.DIMENSION, code_list(name, label, codes)))
    found.append(
        component("TIME_PERIOD", words("TIME_PERIOD"), Role.DIMENSION, None, dtype=DataType.PERIOD)
    )
    found.append(
        component(
            "OBS_VALUE", words("OBS_VALUE"), Role.MEASURE, None,
            dtype=DataType.INTEGER, required=False,
        )
    )  # fmt: skip
    for name, meanings in (("OBS_STATUS", STATUS), ("CONF_STATUS", CONFIDENTIAL)):
        codes = {code: named(in_all(text)) for code, text in meanings.items()}
        found.append(
            component(
                name, words(name), Role.ATTRIBUTE, code_list(name, words(name), codes),
                attachment_level="O",
            )
        )  # fmt: skip
    structure = DataStructureDefinition(
        id=f"DSD_{ident}",
        name=named(spec.title),
        description=named(spec.definition),
        agency=one.publisher,
        version=number,
        components=Components(found),
    )
    flow = Dataflow(
        id=ident,
        name=named(spec.title),
        description=named(one.description),
        agency=one.publisher,
        version=number,
        structure=structure,
    )
    return flow, structure, lists
