# SPDX-License-Identifier: EUPL-1.2
"""Forms and answers as people read them: conditions in words, answers with their questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from mostovi.screening import conditions
from mostovi.screening.answers import (
    NOT_ASKED_CHOICES,
    UNKNOWN_CHOICES,
    Standing,
    Value,
    plain_path,
    standing,
)
from mostovi.screening.forms import Form, Kind, Question, Section, language_code

RTL = frozenset({"ar", "fa", "he", "ps", "ur", "ckb", "dv", "ug", "yi"})


@dataclass(frozen=True)
class ProblemText:
    """A problem or change of the import in the reader's language."""

    where: str
    what: str
    how: str
    before: str = ""
    after: str = ""


def problem_text(problem: Mapping[str, object]) -> ProblemText:
    """A stored problem (`Problem.as_json`) or change (`Change.as_json`) in words."""
    from mostovi.screening.xlsform_check import TEXTS

    what, how = TEXTS.get(str(problem["code"]), ("{found}", ""))
    details = problem.get("details")
    gaps = _Gaps({str(k): str(v) for k, v in details.items()} if isinstance(details, dict) else {})
    sheet, cell, row = problem.get("sheet"), problem.get("cell"), problem.get("row")
    where = f"{sheet}!{cell}" if cell else (f"{sheet} {row}" if row else str(sheet or ""))
    return ProblemText(
        where,
        _(what).format_map(gaps).strip(),
        _(how).format_map(gaps).strip() if how else "",
        str(problem.get("before", "")),
        str(problem.get("after", "")),
    )


class _Gaps(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def direction(language: str) -> str:
    """`rtl` or `ltr` for a form's language name or a code."""
    code = language_code(language) or language.lower()
    return "rtl" if code.split("-")[0] in RTL else "ltr"


def condition_words(form: Form, expression: str, language: str) -> str:
    """A condition of the form in words, in the language of the page with the form's own texts."""
    if not expression:
        return ""
    return _said(form, conditions.read_condition(expression, form.root), language)


def _said(form: Form, condition: conditions.Condition, language: str) -> str:
    if isinstance(condition, conditions.Raw):
        return _("the form's own rule holds: %(rule)s") % {"rule": condition.expression}
    if isinstance(condition, conditions.All):
        return _(" and ").join(_bracketed(form, part, language) for part in condition.parts)
    if isinstance(condition, conditions.Any):
        return _(" or ").join(_bracketed(form, part, language) for part in condition.parts)
    if isinstance(condition, conditions.Not):
        return _("it is not so that %(condition)s") % {
            "condition": _said(form, condition.part, language)
        }
    question = form.questions.get(condition.path)
    title = title_of(form, question, condition.path, language)
    value = _value_words(form, question, condition.value, language)
    if isinstance(condition, conditions.Picked):
        return _("“%(question)s” includes “%(answer)s”") % {"question": title, "answer": value}
    if condition.value == "":
        if condition.operator == "=":
            return _("“%(question)s” has no answer") % {"question": title}
        return _("“%(question)s” has an answer") % {"question": title}
    patterns = {
        "=": _("“%(question)s” is “%(answer)s”"),
        "!=": _("“%(question)s” is not “%(answer)s”"),
        "<": _("“%(question)s” is less than %(answer)s"),
        "<=": _("“%(question)s” is at most %(answer)s"),
        ">": _("“%(question)s” is more than %(answer)s"),
        ">=": _("“%(question)s” is at least %(answer)s"),
    }
    return patterns[condition.operator] % {"question": title, "answer": value}


def _bracketed(form: Form, condition: conditions.Condition, language: str) -> str:
    said = _said(form, condition, language)
    return f"({said})" if isinstance(condition, conditions.Any | conditions.All) else said


def _value_words(form: Form, question: Question | None, value: str, language: str) -> str:
    choice = question.choice(value) if question is not None else None
    return form.text(choice.labels, language) or value if choice else value


def title_of(form: Form, question: Question | None, path: str, language: str) -> str:
    """A question's text on one line, its name when it has none."""
    text = form.text(question.labels, language) if question is not None else ""
    return " ".join(text.split()) or plain_path(path).rsplit("/", 1)[-1]


@dataclass(frozen=True)
class AnswerLine:
    """One question with how it was answered. `tone` is the status mark's."""

    path: str
    title: str
    standing: Standing
    text: str
    file_name: str = ""
    skipped_because: str = ""


@dataclass
class AnswerGroup:
    """The answers of one section, or of one round of a repeat."""

    title: str
    level: int
    lines: list[AnswerLine] = field(default_factory=list)


def answer_groups(
    form: Form, answers: Mapping[str, Value | None], language: str
) -> list[AnswerGroup]:
    """Every question of the form in its order, with its answer or why there is none."""
    first = AnswerGroup("", 2)
    groups = [first]
    _gather(form, form.body, answers, language, "", "", groups, 2)
    computed = AnswerGroup(_("Worked out by the form"), 2)
    for path, question in form.questions.items():
        if question.kind is Kind.COMPUTED and path in answers:
            computed.lines.append(_line(form, question, path, answers, language))
    groups.append(computed)
    return [group for group in groups if group.lines]


def _gather(
    form: Form,
    body: tuple[Section | Question, ...],
    answers: Mapping[str, Value | None],
    language: str,
    base: str,
    shown: str,
    groups: list[AnswerGroup],
    level: int,
) -> None:
    for item in body:
        if isinstance(item, Question):
            if item.kind not in {Kind.NOTE, Kind.COMPUTED}:
                path = shown + item.path.removeprefix(base)
                groups[-1].lines.append(_line(form, item, path, answers, language))
            continue
        title = " ".join(form.text(item.labels, language).split())
        inside = shown + item.path.removeprefix(base)
        if item.repeat and not _rounds(answers, inside):
            reason = condition_words(form, item.relevant, language)
            groups[-1].lines.append(
                AnswerLine(inside, title, Standing.NOT_ASKED, "", skipped_because=reason)
            )
        for number in range(1, _rounds(answers, inside) + 1) if item.repeat else (0,):
            named = f"{inside}[{number}]" if number else inside
            heading = _("%(title)s, number %(number)d") % {"title": title, "number": number}
            groups.append(AnswerGroup(heading if number else title, min(level, 4)))
            _gather(form, item.children, answers, language, item.path, named, groups, level + 1)
        groups.append(AnswerGroup("", level))


def _rounds(answers: Mapping[str, Value | None], path: str) -> int:
    most = 0
    for answered in answers:
        if answered.startswith(f"{path}["):
            number = answered[len(path) + 1 :].split("]", 1)[0]
            most = max(most, int(number))
    return most


def _line(
    form: Form,
    question: Question,
    path: str,
    answers: Mapping[str, Value | None],
    language: str,
) -> AnswerLine:
    found = standing(form, answers, path)
    value = answers.get(path)
    text = ""
    if value is not None:
        picked = value if isinstance(value, list) else [str(value)]
        text = ", ".join(_value_words(form, question, name, language) for name in picked)
    reason = ""
    if found is Standing.NOT_ASKED:
        reason = condition_words(form, question.relevant, language)
    is_file = question.kind is Kind.FILE and isinstance(value, str)
    return AnswerLine(
        path, title_of(form, question, path, language), found, text,
        str(value) if is_file else "", reason,
    )  # fmt: skip


@dataclass(frozen=True)
class PaperItem:
    """One line of the printed form: a section, a note, or a question to answer by hand."""

    kind: str
    title: str
    hint: str = ""
    choices: tuple[str, ...] = ()
    several: bool = False
    only_if: str = ""
    rule: str = ""
    required: bool = False
    lines: int = 1
    level: int = 2
    offers_unknown: bool = True


def paper(form: Form, language: str) -> list[PaperItem]:
    """The form for print: all questions, choices and conditions in words."""
    items: list[PaperItem] = []
    _on_paper(form, form.body, language, items, 2)
    return items


def _on_paper(
    form: Form,
    body: tuple[Section | Question, ...],
    language: str,
    items: list[PaperItem],
    level: int,
) -> None:
    for item in body:
        only_if = condition_words(form, item.relevant, language)
        if isinstance(item, Section):
            items.append(
                PaperItem(
                    "repeat" if item.repeat else "section",
                    form.text(item.labels, language), only_if=only_if, level=min(level, 4),
                )
            )  # fmt: skip
            _on_paper(form, item.children, language, items, level + 1)
        elif item.kind is Kind.NOTE:
            items.append(PaperItem("note", form.text(item.labels, language), only_if=only_if))
        elif item.kind is not Kind.COMPUTED:
            items.append(_paper_question(form, item, language, only_if))


def _paper_question(form: Form, question: Question, language: str, only_if: str) -> PaperItem:
    names = {choice.name.lower() for choice in question.choices}
    return PaperItem(
        "question",
        form.text(question.labels, language) or question.name,
        hint=form.text(question.hints, language),
        choices=tuple(
            form.text(choice.labels, language) or choice.name for choice in question.choices
        ),
        several=question.kind in {Kind.MANY, Kind.RANK},
        only_if=only_if,
        rule=form.text(question.constraint_messages, language),
        required=question.required,
        lines=3 if "multiline" in question.appearance else 1,
        offers_unknown=bool(names & (UNKNOWN_CHOICES | NOT_ASKED_CHOICES)),
    )
