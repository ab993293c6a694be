# SPDX-License-Identifier: EUPL-1.2
"""What a submission says: read an OpenRosa instance into a flat typed mapping.

`no`, `unknown` and `not asked` are three different things (UX: three different buttons), and
a rule that confuses them harms somebody. In the mapping

* a path with a value: asked and answered (`"no"` is an answer);
* a path with `None`: asked, and the person does not know or does not want to say;
* a path that is missing: not asked (skipped by the form's logic, or left empty).

Values are `str`, `int`, `float` or a list of `str` (several choices); dates stay ISO 8601 text.
Inside repeats the path has a number from 1: `children[2]/age`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from xml.etree.ElementTree import Element

from mostovi.screening.forms import Form, FormError, Kind, Question, parse_xml

Value = str | int | float | list[str]

UNKNOWN_CHOICES = frozenset({
    "unknown", "dont_know", "don_t_know", "do_not_know", "doesnt_know", "does_not_know", "dk",
    "not_known", "unsure", "not_sure", "declined", "refused", "prefer_not_to_say",
    "prefer_not_to_answer", "rather_not_say", "no_answer",
})  # fmt: skip
NOT_ASKED_CHOICES = frozenset({"not_asked", "notasked", "skipped"})
NO_CHOICES = frozenset({"no", "false", "none"})

_INDEX = re.compile(r"\[\d+\]")
_MAXIMUM_DEPTH = 60


class SubmissionError(Exception):
    """The submission cannot be read; the message says what is wrong and where."""


class Standing(StrEnum):
    """How a question stands in one submission."""

    ANSWERED = "answered"
    NO = "no"
    UNKNOWN = "unknown"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True)
class Instance:
    """One filled form as it was sent."""

    form_id: str
    version: str
    instance_id: str
    deprecated_id: str
    root: Element


def read_instance(xml: bytes) -> Instance:
    """Read the submission's XML.

    Raises `SubmissionError` when it is not well formed, names no form (`id` attribute of the
    root) or has no `instanceID`.
    """
    try:
        root = parse_xml(xml, "submission")
    except FormError as error:
        raise SubmissionError(str(error)) from error
    form_id = root.get("id", "").strip()
    if not form_id:
        raise SubmissionError(
            f"The submission's first element <{_local(root)}> has no 'id' naming the form."
        )
    meta = next((child for child in root if _local(child) == "meta"), None)
    instance_id = _meta(meta, "instanceID") or root.get("instanceID", "").strip()
    if not instance_id:
        raise SubmissionError("The submission has no meta/instanceID, so it cannot be told apart.")
    if len(instance_id) > 200:
        raise SubmissionError("The submission's instanceID is longer than 200 characters.")
    return Instance(
        form_id=form_id,
        version=root.get("version", "").strip(),
        instance_id=instance_id,
        deprecated_id=_meta(meta, "deprecatedID")[:200],
        root=root,
    )


def parse_answers(form: Form, instance: Instance) -> dict[str, Value | None]:
    """The flat mapping described at the top of this module.

    Elements that the form version does not have are left out. Raises `SubmissionError` for
    nesting deeper than any form.
    """
    found: dict[str, Value | None] = {}

    def keep(shown: str, question: Question, text: str) -> None:
        standing, value = read_answer(question, text)
        if standing is Standing.UNKNOWN:
            found[shown] = None
        elif standing is not Standing.NOT_ASKED:
            found[shown] = value

    _each(form, instance.root, "", "", keep, 0)
    return found


def _each(
    form: Form,
    parent: Element,
    path: str,
    shown: str,
    keep: Callable[[str, Question, str], None],
    depth: int,
) -> None:
    """Give `keep` every question below `parent`: its path with numbers, itself, its text."""
    if depth > _MAXIMUM_DEPTH:
        raise SubmissionError("The submission is nested too deeply to be a filled form.")
    counts: dict[str, int] = {}
    for child in parent:
        name = _local(child)
        child_path, child_shown = f"{path}/{name}".strip("/"), f"{shown}/{name}".strip("/")
        section = form.sections.get(child_path)
        if section is not None and section.repeat:
            if any("}template" in key for key in child.attrib):
                continue
            counts[name] = counts.get(name, 0) + 1
            child_shown = f"{child_shown}[{counts[name]}]"
        question = form.questions.get(child_path)
        if question is not None:
            keep(child_shown, question, (child.text or "").strip())
        elif len(child):
            _each(form, child, child_path, child_shown, keep, depth + 1)


def raw_answers(form: Form, instance: Instance) -> dict[str, str]:
    """Path to the very text that was sent, for every question answered with anything at all.

    Paths are those of `parse_answers`; for rules that read the form's own codes.
    """
    found: dict[str, str] = {}
    _each(form, instance.root, "", "", lambda shown, _, text: found.update({shown: text}), 0)
    return {path: text for path, text in found.items() if text}


def read_answer(question: Question, text: str) -> tuple[Standing, Value | None]:
    """How one question stands, and its typed value when it has one.

    Text that does not fit the declared type stays text: nothing a person said is dropped.
    """
    stripped = text.strip()
    if not stripped or question.kind is Kind.NOTE:
        return Standing.NOT_ASKED, None
    if question.kind in {Kind.MANY, Kind.RANK}:
        picked = stripped.split()
        if all(name.lower() in NOT_ASKED_CHOICES for name in picked):
            return Standing.NOT_ASKED, None
        if all(name.lower() in UNKNOWN_CHOICES for name in picked):
            return Standing.UNKNOWN, None
        only_no = all(name.lower() in NO_CHOICES for name in picked)
        return (Standing.NO if only_no else Standing.ANSWERED), picked
    if question.kind is Kind.ONE or question.kind is Kind.COMPUTED:
        lowered = stripped.lower()
        if lowered in NOT_ASKED_CHOICES:
            return Standing.NOT_ASKED, None
        if lowered in UNKNOWN_CHOICES:
            return Standing.UNKNOWN, None
        if lowered in NO_CHOICES and lowered != "none":
            return Standing.NO, stripped
        return Standing.ANSWERED, stripped
    return Standing.ANSWERED, _typed(question.kind, stripped)


def _typed(kind: Kind, text: str) -> Value:
    try:
        if kind is Kind.INTEGER:
            return int(text)
        if kind is Kind.DECIMAL:
            number = float(text)
            return number if number - number == 0 else text  # infinities and NaN stay text
    except ValueError:
        return text
    return text


def standing(form: Form, answers: Mapping[str, Value | None], path: str) -> Standing:
    """How the question at `path` stands in `answers` (repeat numbers in `path` allowed)."""
    if path not in answers:
        return Standing.NOT_ASKED
    value = answers[path]
    if value is None:
        return Standing.UNKNOWN
    question = form.questions.get(plain_path(path))
    if question is not None and question.kind in {Kind.ONE, Kind.MANY, Kind.COMPUTED}:
        text = " ".join(value) if isinstance(value, list) else str(value)
        return read_answer(question, text)[0]
    return Standing.ANSWERED


def plain_path(path: str) -> str:
    """`children[2]/age` as the form's own `children/age`."""
    return _INDEX.sub("", path)


def attachment_names(form: Form, answers: Mapping[str, Value | None]) -> tuple[str, ...]:
    """Names of the files that the answers speak of, so that we know when all have arrived."""
    names = {
        value
        for path, value in answers.items()
        if isinstance(value, str)
        and (question := form.questions.get(plain_path(path))) is not None
        and question.kind is Kind.FILE
    }
    return tuple(sorted(names))


def _meta(meta: Element | None, name: str) -> str:
    if meta is None:
        return ""
    for child in meta:
        if _local(child) == name:
            return (child.text or "").strip()
    return ""


def _local(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]
