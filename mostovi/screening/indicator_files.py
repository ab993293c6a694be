# SPDX-License-Identifier: EUPL-1.2
"""Reading indicator sets from YAML, and saying with file and line what is wrong with one.

`parse_indicator_set` is strict: every text in every language, a source for every claim, no
reference to a question, value, profile or dimension that does not exist, and no question about
nationality, citizenship, ethnicity, religion or language (R4). It collects all problems at once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeVar

import yaml

from mostovi.screening.indicators import (
    LANGUAGES,
    AgeRule,
    Alternative,
    Answer,
    Classification,
    Condition,
    Danger,
    Dimension,
    DimensionRule,
    Evidence,
    Indicator,
    IndicatorSet,
    Interaction,
    Lean,
    Leaning,
    LeftOut,
    Method,
    Profile,
    Question,
    Reading,
    Review,
    Source,
    Text,
    Weight,
    WeightClaim,
    forbidden_variable,
)

_LABEL = re.compile(r"label::.*\((?P<language>[a-z]{2})\)\Z")
_INTEGER = re.compile(r"-?\d+\Z")
_E = TypeVar("_E", Evidence, Weight, Answer, Lean, Method)

Questions = Mapping[str, Mapping[str, Question]]
"""Form → path → question: what a set may refer to."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an indicator set, and where."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class IndicatorSetInvalid(ValueError):
    """The file is not a valid indicator set; `problems` says all that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class UnknownIndicatorSet(LookupError):
    """No indicator set of that name (and version) is shipped."""


class _Lined(dict[str, Any]):
    """A mapping that remembers the line of each of its keys."""

    line = 0

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


def _sheets(markdown: str) -> dict[str, list[dict[str, str]]]:
    """The sheets of an XLSForm in Markdown, their rows by column.

    Our own few lines for our own files: a finding is shown without the library that converts forms.
    """
    sheets: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in markdown.splitlines():
        cells = [cell.replace(r"\|", "|").strip() for cell in _PIPE.split(line.strip())[1:-1]]
        if not line.lstrip().startswith("|") or all(set(cell) <= set("-: ") for cell in cells):
            continue
        if cells[0]:
            rows = sheets.setdefault(cells[0].lower(), [])
        if any(cells[1:]):
            rows.append(cells[1:])
    return {
        name: [
            {head: cell for head, cell in zip(found[0], row, strict=False) if cell}
            for row in found[1:]
        ]
        for name, found in sheets.items()
        if found
    }


_PIPE = re.compile(r"(?<!\\)\|")


def read_form_questions(markdown: str, form: str) -> dict[str, Question]:
    """The questions of an XLSForm in Markdown, by path, with their labels and values.

    >>> text = "| survey |\\n| | type | name | label::English (en) |\\n| | text | why | Why? |"
    >>> read_form_questions(text, "f")["why"].text["en"]
    'Why?'
    """
    workbook = _sheets(markdown)
    values: dict[str, set[str]] = {}
    for row in workbook.get("choices", []):
        values.setdefault(row["list_name"], set()).add(row["name"])
    questions: dict[str, Question] = {}
    groups: list[str] = []
    for row in workbook["survey"]:
        kind, *rest = row.get("type", "").split()
        if kind in {"begin_group", "begin_repeat"}:
            groups.append(row["name"])
        elif kind in {"end_group", "end_repeat"}:
            groups.pop()
        elif "name" in row:
            path = "/".join([*groups, row["name"]])
            text = {
                found["language"]: str(value)
                for column, value in row.items()
                if (found := _LABEL.match(column))
            }
            choices = frozenset(values.get(rest[0], ())) if rest else frozenset()
            questions[path] = Question(form, path, text, choices)
    return questions


def parse_indicator_set(text: str, file: str, questions: Questions) -> IndicatorSet:
    """The indicator set in `text`; `file` names it in messages.

    Raises `IndicatorSetInvalid` with every problem found.
    """
    problems: list[Problem] = []
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise IndicatorSetInvalid([Problem(file, line, f"not YAML: {error}")]) from error
    document = _plain(node, file, problems) if node else None
    if not isinstance(document, _Lined):
        raise IndicatorSetInvalid([Problem(file, 1, "an indicator set is a mapping of keys")])
    digest = hashlib.sha256(text.encode()).hexdigest()
    found = _Parser(file, questions, problems).indicator_set(document, digest)
    if problems:
        raise IndicatorSetInvalid(sorted(set(problems), key=lambda problem: problem.line))
    return found


def _plain(node: yaml.Node, file: str, problems: list[Problem]) -> Any:
    """`node` as plain values. 'yes' and 'no' stay words: they are answers here."""
    if isinstance(node, yaml.MappingNode):
        mapping = _Lined()
        mapping.line = node.start_mark.line + 1
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in mapping:
                problems.append(Problem(file, line, f"'{key}' is written twice; keep one"))
            mapping[key] = _plain(value_node, file, problems)
            mapping.lines[key] = line
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, file, problems) for item in node.value]
    value = str(node.value)
    quoted = getattr(node, "style", None) is not None
    if not quoted and value in {"null", "~", ""}:
        return None
    return int(value) if not quoted and _INTEGER.match(value) else value


class _Parser:
    """Turns plain values into an `IndicatorSet`, noting every problem on the way."""

    def __init__(self, file: str, questions: Questions, problems: list[Problem]) -> None:
        self._file = file
        self._questions = questions
        self._problems = problems
        self._sources: dict[str, Source] = {}
        self._answers: dict[str, dict[str, Answer]] = {}
        self._dimensions: tuple[Dimension, ...] = ()
        self._profiles: dict[str, Profile] = {}

    def indicator_set(self, document: _Lined, digest: str) -> IndicatorSet:
        method = self._enum(Method, document, "method") or Method.DIMENSION_RULE
        self._sources = {
            code: self._source_entry(code, entry) for code, entry in self._map(document, "sources")
        }
        self._answers = {
            name: self._answer_map(entry) for name, entry in self._map(document, "answers")
        }
        self._dimensions = tuple(
            Dimension(
                code=self._string(entry, "code"),
                title=self._text(entry, "title"),
                means=entry.get("means") == "true",
                how_known=self._path(entry, "how_known") if "how_known" in entry else "",
            )
            for entry in self._entries(document, "dimensions")
        )
        if method is Method.DIMENSION_RULE:
            self._profiles = {
                code: self._profile(code, entry) for code, entry in self._map(document, "profiles")
            }
        indicators = tuple(
            self._indicator(entry, method) for entry in self._entries(document, "indicators")
        )
        self._check_unique(document, indicators)
        rescreen = self._child(document, "rescreen") if "rescreen" in document else None
        return IndicatorSet(
            name=self._string(document, "name"),
            version=self._string(document, "version"),
            title=self._text(document, "title"),
            method=method,
            review=self._review(self._child(document, "review")),
            translations={
                language: self._review(entry)
                for language, entry in self._map(document, "translations")
            },
            sources=self._sources,
            dimensions=self._dimensions,
            indicators=indicators,
            danger=self._danger(self._child(document, "danger")),
            digest=digest,
            profiles=self._profiles,
            **self._rule_parts(document, method),
            interactions=tuple(
                self._interaction(entry, indicators)
                for entry in self._entries(document, "interactions", optional=True)
            ),
            left_out=tuple(
                LeftOut(
                    self._string(entry, "code"),
                    self._text(entry, "title"),
                    self._text(entry, "reason"),
                    self._source(entry),
                )
                for entry in self._entries(document, "left_out", optional=True)
            ),
            limits=tuple(
                self._text(entry, "text")
                for entry in self._entries(document, "limits", optional=True)
            ),
            notes=tuple(
                (self._string(entry, "code"), self._text(entry, "text"), self._source(entry))
                for entry in self._entries(document, "notes", optional=True)
            ),
            rescreen_after_days=self._days(rescreen) if rescreen is not None else 0,
            rescreen_source=self._source(rescreen) if rescreen is not None else "",
        )

    # --- parts ------------------------------------------------------------------------------

    def _rule_parts(self, document: _Lined, method: Method) -> dict[str, Any]:
        if method is not Method.DIMENSION_RULE:
            return {}
        codes = {dimension.code for dimension in self._dimensions}
        rule, refer = self._child(document, "rule"), self._child(document, "refer")
        return {
            "age": self._age(self._child(document, "age")),
            "rule": DimensionRule(
                tuple(self._alternative(entry) for entry in self._entries(rule, "any_of")),
                self._text(rule, "text"),
                self._source(rule),
            ),
            "refer_adult": self._condition(refer, "adult", codes),
            "refer_child": self._condition(refer, "child", codes),
            "refer_source": self._source(refer),
            "classifications": tuple(
                self._classification(entry, codes)
                for entry in self._entries(document, "classifications")
            ),
        }

    def _indicator(self, entry: _Lined, method: Method) -> Indicator:
        code, title = self._string(entry, "code"), self._text(entry, "title")
        dimension = self._string(entry, "dimension")
        if dimension not in {known.code for known in self._dimensions}:
            self._problem(entry, "dimension", f"there is no dimension '{dimension}'")
        reading = self._reading(entry)
        for place, words in (
            ("code", code),
            ("question", reading.question.path),
            ("question", reading.question.text.get("en", "")),
            ("title", title.get("en", "")),
        ):
            word = forbidden_variable(words)
            if word:
                self._problem(
                    entry,
                    place,
                    f"'{code}' speaks of '{word}'. Nationality, citizenship, ethnicity, religion "
                    "and language are never screening indicators (R4); remove it, or list it "
                    "under left_out with the reason",
                )
        return Indicator(
            code=code,
            title=title,
            dimension=dimension,
            reading=reading,
            source=self._source(entry),
            section=self._string(entry, "section"),
            weights=self._weights(entry) if method is Method.DIMENSION_RULE else {},
            leans=self._leans(entry) if method is Method.DETERMINANTS else {},
        )

    def _weights(self, entry: _Lined) -> dict[str, WeightClaim]:
        source = self._sources.get(str(entry.get("source")))
        default = source.evidence if source else Evidence.UNVERIFIED
        weights = {}
        for profile, claim in self._child(entry, "weights").items():
            if profile not in self._profiles:
                self._problem(entry, "weights", f"there is no profile '{profile}'")
            if isinstance(claim, _Lined):
                weight = self._enum(Weight, claim, "weight")
                evidence = self._enum(Evidence, claim, "evidence") or default
                note = str(claim.get("note") or "")
            else:
                weight, evidence, note = self._as(Weight, entry, "weights", claim), default, ""
            if weight is not None:
                weights[profile] = WeightClaim(weight, evidence, note)
        return weights

    def _leans(self, entry: _Lined) -> dict[Answer, Leaning]:
        leans = {}
        for key, value in self._child(entry, "leans").items():
            answer = self._as(Answer, entry, "leans", key)
            if answer is None:
                continue
            if isinstance(value, _Lined):
                when = {
                    given: lean
                    for given in (Answer.YES, Answer.NO)
                    if (lean := self._enum(Lean, value, given.value)) is not None
                }
                because = self._text(value, "because")
                depends_on = self._string(value, "depends_on")
                leans[answer] = Leaning(depends_on=depends_on, when=when, because=because)
            else:
                leans[answer] = Leaning(fixed=self._as(Lean, entry, "leans", value))
        return leans

    def _profile(self, code: str, entry: _Lined) -> Profile:
        return Profile(
            code=code,
            title=self._text(entry, "title"),
            child_rule=entry.get("child_rule") == "true",
            source=self._source(entry),
            strongest_of=tuple(str(item) for item in entry.get("strongest_of") or ()),
        )

    def _age(self, entry: _Lined) -> AgeRule:
        profiles = {key: str(value) for key, value in self._child(entry, "profiles").items()}
        question = self._question(entry, "question")
        otherwise = self._string(entry, "otherwise")
        for code in (*profiles.values(), otherwise):
            if code not in self._profiles:
                self._problem(entry, "profiles", f"there is no profile '{code}'")
            elif code == otherwise and not self._profiles[code].child_rule:
                self._problem(
                    entry, "otherwise", "an age that is not certain must follow a child's rule (R7)"
                )
        for value in profiles:
            self._check_value(entry, "profiles", question, value)
        return AgeRule(question, profiles, otherwise, self._source(entry))

    def _alternative(self, entry: _Lined) -> Alternative:
        allowed = ("strong", "medium", "weak", "medium_or_weak")
        for key, value in entry.items():
            if key not in allowed or not isinstance(value, int) or not 0 <= value <= 3:
                self._problem(
                    entry, key, f"'{key}' must be one of {', '.join(allowed)} with a number 0 to 3"
                )
        return Alternative(
            **{key: entry[key] for key in allowed if isinstance(entry.get(key), int)}
        )

    def _classification(self, entry: _Lined, codes: set[str]) -> Classification:
        return Classification(
            code=self._string(entry, "code"),
            title=self._text(entry, "title"),
            condition=self._condition(entry, "when", codes),
            child_rule=entry["child_rule"] == "true" if "child_rule" in entry else None,
            source=self._source(entry),
        )

    def _interaction(self, entry: _Lined, indicators: tuple[Indicator, ...]) -> Interaction:
        leaves = {f"{indicator.code}:{lean}" for indicator in indicators for lean in Lean}
        return Interaction(
            code=self._string(entry, "code"),
            text=self._text(entry, "text"),
            condition=self._condition(entry, "when", leaves),
            source=self._source(entry),
        )

    def _danger(self, entry: _Lined) -> Danger:
        readings = tuple(self._reading(item) for item in self._entries(entry, "questions"))
        return Danger(readings, self._text(entry, "do_now"), self._source(entry))

    def _condition(self, entry: _Lined, key: str, leaves: set[str]) -> Condition:
        return self._condition_tree(entry, key, entry.get(key), leaves)

    def _condition_tree(self, entry: _Lined, key: str, value: Any, leaves: set[str]) -> Condition:
        if isinstance(value, str):
            if value not in leaves:
                self._problem(entry, key, f"'{value}' is nothing this set has a result for")
            return Condition("leaf", leaf=value)
        if isinstance(value, _Lined) and len(value) == 1 and set(value) <= {"all", "any"}:
            operator = next(iter(value))
            parts = value[operator] if isinstance(value[operator], list) else []
            if parts:
                return Condition(
                    operator,
                    tuple(self._condition_tree(entry, key, part, leaves) for part in parts),
                )
        self._problem(entry, key, f"'{key}' must be a name, or 'all' or 'any' with a list")
        return Condition("any")

    def _reading(self, entry: _Lined) -> Reading:
        question = self._question(entry, "question")
        name = entry.get("answers")
        values = self._answers.get(str(name)) if not isinstance(name, _Lined) else None
        if isinstance(name, _Lined):
            values = self._answer_map(name)
        elif values is None:
            self._problem(entry, "answers", f"there is no mapping of answers named '{name}'")
        for value in values or {}:
            self._check_value(entry, "answers", question, value)
        return Reading(question, values or {})

    def _answer_map(self, entry: _Lined) -> dict[str, Answer]:
        found = {value: self._enum(Answer, entry, value) for value in entry}
        return {value: answer for value, answer in found.items() if answer is not None}

    def _source_entry(self, code: str, entry: _Lined) -> Source:
        return Source(
            code=code,
            document=self._string(entry, "document"),
            section=self._string(entry, "section"),
            url=str(entry.get("url") or ""),
            evidence=self._enum(Evidence, entry, "evidence") or Evidence.UNVERIFIED,
            note=str(entry.get("note") or ""),
        )

    def _review(self, entry: _Lined) -> Review:
        status = self._string(entry, "status")
        if status not in {"unreviewed", "reviewed"}:
            self._problem(entry, "status", "status is 'unreviewed' or 'reviewed'")
        if status == "reviewed" and not (entry.get("by") and entry.get("on")):
            self._problem(entry, "status", "'reviewed' needs who (by) and when (on)")
        by, on = entry.get("by"), entry.get("on")
        return Review(status, str(by) if by else None, str(on) if on else None)

    # --- references and plain fields --------------------------------------------------------

    def _question(self, entry: _Lined, key: str) -> Question:
        reference = self._string(entry, key)
        form, _, path = reference.partition(":")
        question = self._questions.get(form, {}).get(path)
        if question is None:
            known = form in self._questions
            what = f"form '{form}' has no question '{path}'" if known else f"no form '{form}'"
            self._problem(entry, key, f"{what}; write form:group/question")
            return Question(form, path, {}, frozenset())
        return question

    def _path(self, entry: _Lined, key: str) -> str:
        return self._question(entry, key).path

    def _check_value(self, entry: _Lined, key: str, question: Question, value: str) -> None:
        if question.values and value not in question.values:
            self._problem(
                entry,
                key,
                f"question '{question.path}' has no choice '{value}'; "
                f"it has {', '.join(sorted(question.values))}",
            )

    def _source(self, entry: _Lined) -> str:
        code = entry.get("source")
        if not code:
            self._problem(entry, "source", "a source is missing; name one listed under sources")
        elif code not in self._sources:
            self._problem(entry, "source", f"there is no source '{code}' under sources")
        return str(code or "")

    def _days(self, entry: _Lined) -> int:
        days = entry.get("after_days")
        if not isinstance(days, int) or days < 1:
            self._problem(entry, "after_days", "after_days must be a whole number of days")
            return 0
        return days

    def _text(self, entry: _Lined, key: str) -> Text:
        value = entry.get(key)
        if not isinstance(value, _Lined):
            self._problem(entry, key, f"'{key}' must give a text for each language")
            return {}
        missing = [language for language in LANGUAGES if not value.get(language)]
        if missing:
            self._problem(entry, key, f"'{key}' has no text in {', '.join(missing)}")
        return {language: str(text) for language, text in value.items()}

    def _string(self, entry: _Lined, key: str) -> str:
        value = entry.get(key)
        if value is None or isinstance(value, _Lined | list):
            self._problem(entry, key, f"'{key}' is missing or not a text")
            return ""
        return str(value)

    def _enum(self, kind: type[_E], entry: _Lined, key: str) -> _E | None:
        if key not in entry:
            self._problem(entry, key, f"'{key}' is missing; it is one of {', '.join(kind)}")
            return None
        return self._as(kind, entry, key, entry[key])

    def _as(self, kind: type[_E], entry: _Lined, key: str, value: Any) -> _E | None:
        try:
            return kind(str(value))
        except ValueError:
            self._problem(entry, key, f"'{value}' is none of {', '.join(kind)}")
            return None

    def _child(self, entry: _Lined, key: str) -> _Lined:
        value = entry.get(key)
        if isinstance(value, _Lined):
            return value
        self._problem(entry, key, f"'{key}' is missing or not a mapping")
        empty = _Lined()
        empty.line = entry.lines.get(key, entry.line)
        return empty

    def _map(self, entry: _Lined, key: str) -> Iterator[tuple[str, _Lined]]:
        for code, value in self._child(entry, key).items():
            if isinstance(value, _Lined):
                yield code, value
            else:
                self._problem(entry, key, f"'{code}' under '{key}' must be a mapping")

    def _entries(self, entry: _Lined, key: str, optional: bool = False) -> list[_Lined]:
        if optional and key not in entry:
            return []
        value = entry.get(key)
        if not isinstance(value, list) or not value:
            self._problem(entry, key, f"'{key}' must be a list with at least one entry")
            return []
        for item in value:
            if not isinstance(item, _Lined):
                self._problem(entry, key, f"'{key}' holds '{item}', which is not a mapping")
        return [item for item in value if isinstance(item, _Lined)]

    def _check_unique(self, document: _Lined, indicators: tuple[Indicator, ...]) -> None:
        codes = {indicator.code for indicator in indicators}
        seen: set[str] = set()
        for entry, indicator in zip(self._entries(document, "indicators"), indicators, strict=True):
            if indicator.code in seen:
                self._problem(entry, "code", f"indicator '{indicator.code}' is written twice")
            seen.add(indicator.code)
            for leaning in indicator.leans.values():
                if leaning.depends_on and leaning.depends_on not in codes:
                    self._problem(entry, "leans", f"there is no indicator '{leaning.depends_on}'")

    def _problem(self, entry: _Lined, key: str, message: str) -> None:
        line = entry.lines.get(key, entry.line)
        self._problems.append(Problem(self._file, line, message))


# --- what is shipped ------------------------------------------------------------------------


def shipped_form_names() -> tuple[str, ...]:
    """The names of the shipped forms."""
    folder = files("mostovi.content").joinpath("forms")
    names = (entry.name for entry in folder.iterdir() if entry.name.endswith(".md"))
    return tuple(sorted(name.removesuffix(".md") for name in names))


def shipped_form_text(name: str) -> str:
    """The source of a shipped form (XLSForm in Markdown)."""
    return files("mostovi.content").joinpath("forms", f"{name}.md").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def shipped_questions() -> Questions:
    """The questions of every shipped form."""
    return {
        name: read_form_questions(shipped_form_text(name), name) for name in shipped_form_names()
    }


@lru_cache(maxsize=1)
def shipped_indicator_sets() -> tuple[IndicatorSet, ...]:
    """Every version of every shipped indicator set, newest version of a name first.

    Raises `IndicatorSetInvalid` when a file is not valid, or is not named NAME-VERSION.yaml.
    """
    folder = files("mostovi.content").joinpath("indicators")
    found = []
    for entry in folder.iterdir():
        if entry.name.endswith(".yaml"):
            text = entry.read_text(encoding="utf-8")
            read = parse_indicator_set(text, entry.name, shipped_questions())
            if entry.name != f"{read.name}-{read.version}.yaml":
                wanted = f"call this file {read.name}-{read.version}.yaml, after what it holds"
                raise IndicatorSetInvalid([Problem(entry.name, 1, wanted)])
            found.append(read)
    by_version = sorted(found, key=lambda item: item.version, reverse=True)
    return tuple(sorted(by_version, key=lambda item: item.name))


def indicator_set(name: str, version: str | None = None) -> IndicatorSet:
    """The shipped set of that name: that version, or the newest.

    Raises `UnknownIndicatorSet` when there is none.
    """
    for found in shipped_indicator_sets():
        if found.name == name and version in (None, found.version):
            return found
    names = ", ".join(sorted({found.name for found in shipped_indicator_sets()}))
    which = f"'{name}' version {version}" if version else f"'{name}'"
    raise UnknownIndicatorSet(f"there is no indicator set {which}; there are: {names}")


def sets_for_form(form: str) -> tuple[IndicatorSet, ...]:
    """The newest version of each shipped set that reads questions of `form`."""
    newest = {found.name: found for found in reversed(shipped_indicator_sets())}
    return tuple(
        found
        for found in newest.values()
        if any(indicator.reading.question.form == form for indicator in found.indicators)
    )
