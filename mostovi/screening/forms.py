# SPDX-License-Identifier: EUPL-1.2
"""What a form asks: read an ODK XForm into questions with paths, texts, choices and conditions.

The XForm, not the workbook, is the source, because it is what ODK Collect and the browser run.
Paths are relative to the instance root: `journey/paid`; a repeat adds no index here.
Specification: https://getodk.github.io/xforms-spec/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypedDict
from xml.etree.ElementTree import Element

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

XFORMS = "http://www.w3.org/2002/xforms"
XHTML = "http://www.w3.org/1999/xhtml"
JAVAROSA = "http://openrosa.org/javarosa"
ODK = "http://www.opendatakit.org/xforms"
OPENROSA_FORMS = "http://openrosa.org/xforms"

DEFAULT_LANGUAGE = "default"
_ITEXT = re.compile(r"jr:itext\(\s*'([^']+)'\s*\)")
_ITEMSET = re.compile(
    r"^\s*(?:randomize\(\s*)?instance\(\s*'([^']+)'\s*\)/root/item(\[.*\])?", re.S
)
_LANGUAGE_CODE = re.compile(r"\(([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)\)\s*$")

Texts = Mapping[str, str]
"""Language as the form names it (`English (en)`) to text; `default` when it names none."""


class FormError(Exception):
    """The XML is not a form we can read; the message says why."""


class Kind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    ONE = "one"
    MANY = "many"
    RANK = "rank"
    FILE = "file"
    PLACE = "place"
    BARCODE = "barcode"
    ACKNOWLEDGE = "acknowledge"
    NOTE = "note"
    COMPUTED = "computed"


_KIND_OF_TYPE = {
    "string": Kind.TEXT, "int": Kind.INTEGER, "integer": Kind.INTEGER, "long": Kind.INTEGER,
    "decimal": Kind.DECIMAL, "date": Kind.DATE, "time": Kind.TIME, "dateTime": Kind.DATETIME,
    "binary": Kind.FILE, "geopoint": Kind.PLACE, "geotrace": Kind.PLACE, "geoshape": Kind.PLACE,
    "barcode": Kind.BARCODE, "odk:rank": Kind.RANK, "select": Kind.MANY, "select1": Kind.ONE,
    "boolean": Kind.TEXT,
}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """One answer a person can pick: the stored `name` and what is shown."""

    name: str
    labels: Texts


@dataclass(frozen=True)
class Question:
    """One thing the form asks, shows (note) or computes.

    `relevant`, `constraint` and `calculation` are XPath as in the form; `sections` are the paths
    of the groups and repeats around it, outermost first. `choice_source` names a list that comes
    from a media file, so that `choices` is empty.
    """

    path: str
    kind: Kind
    labels: Texts = field(default_factory=dict)
    hints: Texts = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    choice_filter: str = ""
    choice_source: str = ""
    relevant: str = ""
    required: bool = False
    constraint: str = ""
    constraint_messages: Texts = field(default_factory=dict)
    calculation: str = ""
    appearance: str = ""
    sections: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]

    def choice(self, name: str) -> Choice | None:
        """The choice stored as `name`, or None when the list has none such."""
        return next((choice for choice in self.choices if choice.name == name), None)


@dataclass(frozen=True)
class Section:
    """A group of questions, or a repeat that can be filled several times."""

    path: str
    labels: Texts
    relevant: str
    repeat: bool
    children: tuple[Section | Question, ...]
    appearance: str = ""


@dataclass(frozen=True)
class Form:
    """A form as its users meet it."""

    form_id: str
    version: str
    root: str
    title: str
    languages: tuple[str, ...]
    default_language: str
    media: tuple[str, ...]
    body: tuple[Section | Question, ...]
    questions: Mapping[str, Question]
    sections: Mapping[str, Section]

    def text(self, texts: Texts, language: str) -> str:
        """The text in `language` (a code such as `sq` or a name), else default, else any."""
        wanted = best_language(tuple(texts), language, self.default_language)
        return texts.get(wanted, "") if wanted else ""


def language_code(name: str) -> str:
    """The code inside a form's language name: `Arabic (ar)` gives `ar`; none gives ''."""
    found = _LANGUAGE_CODE.search(name)
    return found.group(1).lower() if found else ""


def best_language(offered: tuple[str, ...], wanted: str, default: str = "") -> str:
    """Which of the `offered` language names serves a reader of `wanted` best; '' if none offered.

    >>> best_language(("English (en)", "Shqip (sq)"), "sq")
    'Shqip (sq)'
    >>> best_language(("English (en)",), "mk", "English (en)")
    'English (en)'
    """
    lowered = wanted.lower()
    for name in offered:
        if name.lower() == lowered or language_code(name) == lowered:
            return name
    base = lowered.split("-")[0]
    # Bosnian, Croatian, Montenegrin and Serbian in Latin script serve one another's readers.
    family = {"bs", "hr", "sr-latn", "cnr"} if lowered in {"bs", "hr", "cnr", "sr-latn"} else {base}
    for name in offered:
        if language_code(name) in family or language_code(name).split("-")[0] == base:
            return name
    for name in offered:
        if name in {default, DEFAULT_LANGUAGE}:
            return name
    for name in offered:
        if language_code(name) == "en" or name.lower().startswith("english"):
            return name
    return offered[0] if offered else ""


def parse_xml(data: bytes, what: str = "form") -> Element:
    """Parse untrusted XML; no DTD, no entities, nothing fetched.

    Raises `FormError` with line and column when it is not well formed.
    """
    try:
        root: Element = ElementTree.fromstring(data, forbid_dtd=True)
    except ElementTree.ParseError as error:
        raise FormError(f"The {what} is not well-formed XML: {error}.") from error
    except DefusedXmlException as error:
        raise FormError(
            f"The {what} declares a document type or entity; that is refused."
        ) from error
    except (ValueError, LookupError) as error:
        raise FormError(f"The {what} has an encoding that cannot be read: {error}.") from error
    return root


def read_form(xml: str | bytes) -> Form:
    """Read an XForm. Raises `FormError` when it is not one."""
    root = parse_xml(xml.encode() if isinstance(xml, str) else xml)
    model = root.find(f"{{{XHTML}}}head/{{{XFORMS}}}model")
    if model is None:
        raise FormError("This XML has no XForms model, so it is not a form.")
    return _Reader(root, model).form()


class _Rules(TypedDict, total=False):
    relevant: str
    required: bool
    constraint: str
    constraint_messages: Texts
    calculation: str


class _Reader:
    """Holds what is looked up again and again while one form is read."""

    def __init__(self, root: Element, model: Element) -> None:
        self.root = root
        instances = model.findall(f"{{{XFORMS}}}instance")
        primary = list(instances[0]) if instances else []
        if not primary:
            raise FormError("This form has no primary instance.")
        self.primary = primary[0]
        self.root_name = _local(self.primary)
        self.secondary = {
            instance.get("id", ""): instance for instance in instances[1:] if instance.get("id")
        }
        self.itext, self.languages, self.default_language, self.itext_media = _read_itext(model)
        self.binds = {
            self.path(bind.get("nodeset", "")): bind for bind in model.iter(f"{{{XFORMS}}}bind")
        }
        self.questions: dict[str, Question] = {}
        self.sections: dict[str, Section] = {}

    def form(self) -> Form:
        body = self.root.find(f"{{{XHTML}}}body")
        children = self._children(body, "", ()) if body is not None else ()
        self._add_computed()
        title = self.root.find(f"{{{XHTML}}}head/{{{XHTML}}}title")
        return Form(
            form_id=self.primary.get("id", ""),
            version=self.primary.get("version", ""),
            root=self.root_name,
            title=(title.text or "").strip() if title is not None else "",
            languages=self.languages,
            default_language=self.default_language,
            media=self._media(),
            body=children,
            questions=self.questions,
            sections=self.sections,
        )

    def path(self, reference: str) -> str:
        """`/data/a/b` as `a/b`."""
        trimmed = reference.strip()
        for prefix in (f"/{self.root_name}/", f"/{self.root_name}"):
            if trimmed.startswith(prefix):
                return trimmed[len(prefix) :].strip("/")
        return trimmed.strip("/")

    def _children(
        self, parent: Element, base: str, sections: tuple[str, ...]
    ) -> tuple[Section | Question, ...]:
        found: list[Section | Question] = []
        for element in parent:
            name = _local(element)
            if name == "group":
                found.append(self._group(element, base, sections))
            elif name == "repeat":
                found.append(self._section(element, element, base, sections, repeat=True))
            elif name in {"input", "select", "select1", "upload", "trigger", "range", "secret"} or (
                name == "rank"
            ):
                found.append(self._question(element, base, sections))
        return tuple(found)

    def _group(self, element: Element, base: str, sections: tuple[str, ...]) -> Section:
        repeat = element.find(f"{{{XFORMS}}}repeat")
        if repeat is not None:
            return self._section(element, repeat, base, sections, repeat=True)
        return self._section(element, element, base, sections, repeat=False)

    def _section(
        self,
        outer: Element,
        inner: Element,
        base: str,
        sections: tuple[str, ...],
        *,
        repeat: bool,
    ) -> Section:
        reference = outer.get("ref") or inner.get("nodeset") or inner.get("ref") or ""
        path = self._resolve(reference, base) if reference else base
        bind = self.binds.get(path)
        inside = sections if path in sections or not path else (*sections, path)
        section = Section(
            path=path,
            labels=self._texts(outer, "label"),
            relevant=(bind.get("relevant", "") if bind is not None else "").strip(),
            repeat=repeat,
            appearance=outer.get("appearance", ""),
            children=self._children(inner, path, inside),
        )
        if path:
            self.sections[path] = section
        return section

    def _resolve(self, reference: str, base: str) -> str:
        if reference.startswith("/"):
            return self.path(reference)
        return f"{base}/{reference}".strip("/")

    def _question(self, element: Element, base: str, sections: tuple[str, ...]) -> Question:
        path = self._resolve(element.get("ref", ""), base)
        bind = self.binds.get(path)
        choices, choice_filter, source = self._choices(element)
        kind = self._kind(element, bind)
        question = Question(
            path=path,
            kind=kind,
            labels=self._texts(element, "label"),
            hints=self._texts(element, "hint"),
            choices=choices,
            choice_filter=choice_filter,
            choice_source=source,
            appearance=element.get("appearance", ""),
            sections=sections,
            **self._rules(bind),
        )
        self.questions[path] = question
        return question

    def _rules(self, bind: Element | None) -> _Rules:
        if bind is None:
            return {}
        message = bind.get(f"{{{JAVAROSA}}}constraintMsg", "")
        return {
            "relevant": bind.get("relevant", "").strip(),
            "required": bind.get("required", "").strip() not in {"", "false()"},
            "constraint": bind.get("constraint", "").strip(),
            "constraint_messages": self._reference(message) if message else {},
            "calculation": bind.get("calculate", "").strip(),
        }

    def _kind(self, element: Element, bind: Element | None) -> Kind:
        name = _local(element)
        declared = bind.get("type", "string") if bind is not None else "string"
        if name == "select1":
            return Kind.ONE
        if name == "rank" or declared == "odk:rank":
            return Kind.RANK
        if name == "select":
            return Kind.MANY
        if name == "upload":
            return Kind.FILE
        if name == "trigger":
            return Kind.ACKNOWLEDGE
        read_only = bind is not None and bind.get("readonly", "").strip() == "true()"
        if read_only and declared in {"string", ""}:
            return Kind.NOTE
        return _KIND_OF_TYPE.get(declared, Kind.TEXT)

    def _add_computed(self) -> None:
        """Questions without a control: calculations, and metadata such as `start`."""
        for path, bind in self.binds.items():
            if path in self.questions or path in self.sections or not path:
                continue
            if path.startswith("meta/") or "/meta/" in path:
                continue
            if bind.get("calculate") or bind.get(f"{{{JAVAROSA}}}preload"):
                around = tuple(p for p in self.sections if path.startswith(f"{p}/"))
                self.questions[path] = Question(
                    path=path,
                    kind=Kind.COMPUTED,
                    relevant=bind.get("relevant", "").strip(),
                    calculation=bind.get("calculate", "").strip(),
                    sections=around,
                )

    def _choices(self, element: Element) -> tuple[tuple[Choice, ...], str, str]:
        listed = tuple(
            Choice((item.findtext(f"{{{XFORMS}}}value") or "").strip(), self._texts(item, "label"))
            for item in element.findall(f"{{{XFORMS}}}item")
        )
        itemset = element.find(f"{{{XFORMS}}}itemset")
        if itemset is None:
            return listed, "", ""
        found = _ITEMSET.match(itemset.get("nodeset", ""))
        if not found:
            return listed, "", ""
        instance = self.secondary.get(found.group(1))
        if instance is None or instance.get("src"):
            source = (instance.get("src", "") if instance is not None else "").rsplit("/", 1)[-1]
            return listed, (found.group(2) or "")[1:-1], source or found.group(1)
        return self._items(instance, itemset), (found.group(2) or "")[1:-1], ""

    def _items(self, instance: Element, itemset: Element) -> tuple[Choice, ...]:
        value_ref = _ref(itemset, "value") or "name"
        label_ref = _ref(itemset, "label") or "label"
        translated = re.fullmatch(r"jr:itext\(\s*(\w+)\s*\)", label_ref)
        choices = []
        for item in instance.iter():
            if _local(item) != "item":
                continue
            values = {_local(child): (child.text or "").strip() for child in item}
            if translated:
                labels = self.itext.get(values.get(translated.group(1), ""), {})
            else:
                labels = {DEFAULT_LANGUAGE: values.get(label_ref, "")}
            choices.append(Choice(values.get(value_ref, ""), labels))
        return tuple(choices)

    def _texts(self, parent: Element, tag: str) -> Texts:
        element = parent.find(f"{{{XFORMS}}}{tag}")
        if element is None:
            return {}
        reference = element.get("ref", "")
        if reference:
            return self._reference(reference)
        text = _text(element)
        return {DEFAULT_LANGUAGE: text} if text else {}

    def _reference(self, reference: str) -> Texts:
        found = _ITEXT.search(reference)
        if found:
            return self.itext.get(found.group(1), {})
        return {DEFAULT_LANGUAGE: reference} if reference else {}

    def _media(self) -> tuple[str, ...]:
        names = set(self.itext_media)
        for instance in self.secondary.values():
            source = instance.get("src", "")
            # jr://instance/last-saved is filled by the device itself, not downloaded.
            if source.startswith("jr://file"):
                names.add(source.rsplit("/", 1)[-1])
        for child in self.root.iter():
            if _local(child) in {"input", "select1"} and "itemsets.csv" in (
                child.get("query") or ""
            ):
                names.add("itemsets.csv")
        return tuple(sorted(names))


def _read_itext(
    model: Element,
) -> tuple[dict[str, dict[str, str]], tuple[str, ...], str, set[str]]:
    texts: dict[str, dict[str, str]] = {}
    languages: list[str] = []
    default = ""
    media: set[str] = set()
    for translation in model.iter(f"{{{XFORMS}}}translation"):
        language = translation.get("lang", DEFAULT_LANGUAGE)
        languages.append(language)
        if translation.get("default") in {"true()", "true", ""}:
            default = language
        for text in translation.findall(f"{{{XFORMS}}}text"):
            for value in text.findall(f"{{{XFORMS}}}value"):
                form = value.get("form", "")
                content = _text(value)
                if content.startswith("jr://"):
                    media.add(content.rsplit("/", 1)[-1])
                elif not form and content not in {"", "-"}:
                    texts.setdefault(text.get("id", ""), {})[language] = content
    names = tuple(name for name in languages if name != DEFAULT_LANGUAGE)
    return texts, names, default or (languages[0] if languages else DEFAULT_LANGUAGE), media


def _local(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _ref(parent: Element, tag: str) -> str:
    element = parent.find(f"{{{XFORMS}}}{tag}")
    return element.get("ref", "").strip() if element is not None else ""


def _text(element: Element) -> str:
    """Text with each inserted answer (`<output value="/data/name"/>`) shown as `[name]`."""
    parts = [element.text or ""]
    for child in element:
        if _local(child) == "output":
            inserted = child.get("value") or child.get("ref") or ""
            parts.append(f"[{inserted.strip().rstrip('/').rsplit('/', 1)[-1]}]")
        else:
            parts.append(_text(child))
        parts.append(child.tail or "")
    return "".join(parts).strip()


def walk(body: tuple[Section | Question, ...]) -> Iterator[Section | Question]:
    """Every section and question in the order they are asked, sections before what is in them."""
    for item in body:
        yield item
        if isinstance(item, Section):
            yield from walk(item.children)
