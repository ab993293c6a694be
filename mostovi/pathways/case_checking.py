# SPDX-License-Identifier: EUPL-1.2
"""Verbs on checks inside a case: see what is known, check, save, read, compare, list.

A check is information for a person and a caseworker. It changes no status and starts nothing (R4):
a saved check is written once, under the person's key, with the law's digests and the day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.pathways import case_answers, case_knowing, law_files
from mostovi.pathways.answers import Check, PathwayAnswer, check
from mostovi.pathways.case_answers import AgeHeld, Answers
from mostovi.pathways.case_knowing import Inside, Known
from mostovi.pathways.explaining import decisive
from mostovi.pathways.facts import FactProblem, Facts
from mostovi.pathways.library import library
from mostovi.pathways.models import SavedCheck
from mostovi.pathways.rules import Rule, RuleSet
from mostovi.pathways.signing import rules_in_force
from mostovi.people.file import PersonFile
from mostovi.rights.access import Action, Actor, Kind, decide, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault

MOST_LISTED = 50
_DECIDING_KEPT = 8


class InvalidCheck(ValueError):
    """The answers cannot be taken: problems of facts, and ages that the file contradicts (R7)."""

    def __init__(self, problems: Sequence[FactProblem], refused: Sequence[str]) -> None:
        said = [*map(str, problems), *(f"'{fact}' contradicts the file (R7)" for fact in refused)]
        super().__init__("; ".join(said))
        self.problems, self.refused = tuple(problems), tuple(refused)


class NoLaw(LookupError):
    """This node's partner has no law files."""


class Erased(LookupError):
    """The person was erased; there is nobody to check for."""


@dataclass(frozen=True)
class Working:
    """A check before it is saved.

    answers: what the node knows, then what was given. told: facts that were given at this check.
    refused: answers that would make an adult of a child or of somebody whose age is in doubt.
    """

    case: Case
    file: PersonFile
    on: date
    rules: RuleSet
    known: Mapping[str, Known]
    answers: Answers
    told: frozenset[str]
    held: AgeHeld
    facts: Facts
    problems: tuple[FactProblem, ...]
    refused: tuple[str, ...]
    check: Check

    @property
    def sources(self) -> Mapping[str, str]:
        """Where each answer comes from, as a code."""
        return {fact: self._source(fact, answer) for fact, answer in self.answers.items()}

    def _source(self, fact: str, answer: str) -> str:
        known = self.known.get(fact)
        if known is not None:
            return known.source if known.answer == answer else "corrected"
        return "asked" if fact in self.told else "earlier"


@dataclass(frozen=True)
class SavedWay:
    """What a saved check says of one way. deciding: titles and places of what decided it."""

    pathway: str
    version: str
    digest: str
    answer: str
    because: str
    signed: bool
    asks: tuple[str, ...]
    deciding: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Saved:
    """A saved check as read; values are empty after erasure."""

    row: SavedCheck
    answers: Answers
    sources: Mapping[str, str]
    facts: Facts
    ways: tuple[SavedWay, ...]
    questions: tuple[str, ...]

    @property
    def erased(self) -> bool:
        """Whether the person's key is gone."""
        return not self.ways

    def way(self, pathway: str) -> SavedWay:
        """One way. Raises `KeyError`."""
        for way in self.ways:
            if way.pathway == pathway:
                return way
        raise KeyError(pathway)

    def count(self, answer: str) -> int:
        """How many ways have this answer; a no that nobody reviewed counts as `unfit`."""
        return sum(listed_under(way.answer, way.because) == answer for way in self.ways)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many ways are open, may be, do not seem to fit, are closed."""
        return {name: self.count(name) for name in LISTS}


OPEN, MAYBE, UNFIT, CLOSED = "open", "maybe", "unfit", "closed"
LISTS = (OPEN, MAYBE, UNFIT, CLOSED)


def listed_under(answer: str, because: str) -> str:
    """The part of a result: a no that no lawyer has signed off is no "closed" (R6)."""
    if answer == "maybe" and because == "unreviewed_no":
        return UNFIT
    return answer


# --- Reach ---------------------------------------------------------------------------------------


def partner() -> str:
    """The partner whose law is asked. Raises `NoLaw`."""
    code = str(settings.MOSTOVI.partner)
    if code not in law_files.PARTNERS or code not in library().codes:
        raise NoLaw(code)
    return code


def has_law() -> bool:
    """Whether this node's partner has law files."""
    try:
        partner()
    except NoLaw:
        return False
    return True


def find_case(actor: Actor, code: str, action: Action = Action.READ) -> Case:
    """The case in which `actor` may do `action` on checks. Raises `Refused`, `Case.DoesNotExist`.

    Who may read the case and make checks may make one in it; a guardian so for the own child only.
    """
    require(actor, action, Kind.PATHWAY_CHECK)
    return cases.find(actor, code)


def may_check(actor: Actor, case: Case) -> bool:
    """Whether `actor` may make a check in a case that was found by `find_case`."""
    allowed = decide(actor, Action.CREATE, Kind.PATHWAY_CHECK).allowed
    return allowed and case.person.erased_at is None and has_law()


def handle_of(row: SavedCheck) -> str:
    """The pseudonym of a saved check in the audit chain."""
    return vault().handle("pathway_check", row.pk)


# --- Checking ------------------------------------------------------------------------------------


@transaction.atomic
def work(
    actor: Actor,
    case: Case,
    *,
    given: Answers | None = None,
    told: Collection[str] = (),
    on: date | None = None,
    now: datetime | None = None,
) -> Working:
    """The check with what the node knows and what was given; the reading of the file is logged.

    given: answers that go before what the node knows. told: those of them given at this check.
    Raises `Refused`, `Case.DoesNotExist`, `NoLaw`, `Erased`.
    """
    require(actor, Action.CREATE, Kind.PATHWAY_CHECK)
    _, file = cases.read_with_file(actor, case)
    if file is None:
        raise Erased
    day = on or timezone.localdate(now or timezone.now())
    rules = rules_in_force(partner(), day)
    inside = Inside.of(case, file, day, rules)
    known = case_knowing.known(inside)
    answers = {one.fact: one.answer for one in known.values()}
    answers |= {fact: answer for fact, answer in (given or {}).items() if fact in rules.vocabulary}
    # A held answer is overruled by nothing that came from elsewhere; who says otherwise is told so.
    answers |= {one.fact: one.answer for one in known.values() if one.held and one.fact not in told}
    held = inside.age_held
    read = case_answers.read(answers, rules.vocabulary, day)
    facts = case_answers.with_benefit_of_doubt(read.facts, held)
    return Working(
        case=case, file=file, on=day, rules=rules, known=known, answers=answers,
        told=frozenset(told), held=held, facts=facts, problems=read.problems,
        refused=tuple(case_answers.refused_ages(answers, held, rules.vocabulary, day)),
        check=check(rules, facts),
    )  # fmt: skip


@transaction.atomic
def save(
    actor: Actor,
    case: Case,
    *,
    given: Answers,
    told: Collection[str] = (),
    on: date | None = None,
    ident: UUID | None = None,
    now: datetime | None = None,
) -> SavedCheck:
    """Check and keep the result as it is; the same `ident` twice is one check.

    Raises `InvalidCheck` when an answer cannot be taken; nothing is saved then.
    """
    require(actor, Action.CREATE, Kind.PATHWAY_CHECK)
    moment = now or timezone.now()
    before = SavedCheck.objects.filter(pk=ident).first() if ident is not None else None
    if before is not None and before.case_id == case.pk:
        return before
    working = work(actor, case, given=given, told=told, on=on, now=moment)
    if working.problems or working.refused:
        raise InvalidCheck(working.problems, working.refused)
    row = SavedCheck(
        id=ident if ident and before is None else uuid4(), key_id=case.key_id, case=case,
        purpose=case.purpose, partner=working.rules.partner, on=working.on,
        law_digest=law_digest(working.rules), made_at=moment, made_by=actor.account,
    )  # fmt: skip
    row.seal_values(_values(working))
    row.save(force_insert=True)
    record(
        actor, AuditTag.PATHWAY_CHECK_SAVED, handle=handle_of(row),
        detail={"partner": row.partner, "law": row.law_digest[:16]},
    )  # fmt: skip
    return row


def law_digest(rules: RuleSet) -> str:
    """SHA-256 over the digests of every law text of the day."""
    lines = [f"{rule.pathway} {rule.digest}" for rule in rules.rules]
    lines += [f"{one.pathway} {one.availability.value}" for one in rules.without_rule]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _values(working: Working) -> dict[str, Any]:
    rules = {rule.pathway: rule for rule in working.rules.rules}
    return {
        "answers": dict(working.answers),
        "sources": dict(working.sources),
        "facts": dict(working.facts),
        "ways": [_way(answer, rules[answer.pathway]) for answer in working.check.answers],
        "questions": [question.fact for question in working.check.questions],
    }


def _way(answer: PathwayAnswer, rule: Rule) -> dict[str, Any]:
    deciding = [
        {
            "code": reason.code,
            "title": dict(reason.condition.title),
            "value": reason.value,
            "cite": None
            if reason.citation is None
            else [reason.citation.act, reason.citation.article, reason.citation.paragraph,
                  reason.citation.point],
        }
        for reason in decisive(answer.reason)[:_DECIDING_KEPT]
        if reason.condition is not None
    ]  # fmt: skip
    return {
        "pathway": answer.pathway, "version": answer.version.version, "digest": rule.digest,
        "answer": answer.answer.value, "because": answer.because.value, "signed": rule.signed_off,
        "asks": list(answer.questions), "deciding": deciding,
    }  # fmt: skip


# --- Reading -------------------------------------------------------------------------------------


def of_case(actor: Actor, case: Case) -> list[Saved]:
    """The saved checks of a case that was found by `find_case`, newest first; logged once."""
    require(actor, Action.READ, Kind.PATHWAY_CHECK)
    found = _read(_rows(actor, case)[:MOST_LISTED])
    if found:
        record(
            actor, AuditTag.PATHWAY_CHECK_LISTED, handle=cases.case_handle(case),
            detail={"count": len(found)},
        )  # fmt: skip
    return found


_COLUMNS = ("id", "key_id", "sealed", "partner", "on", "law_digest", "made_at", "made_by")


def register() -> None:
    """Have the newest check of a case brought along when the case is found: a page asks for both.

    A check is held for the purpose of its case, which finding the case has compared.
    """
    of_case = SavedCheck.objects.filter(case=OuterRef("pk"), purpose=OuterRef("purpose"))
    newest = of_case.order_by("-made_at")
    along = {f"newest_check_{name}": Subquery(newest.values(name)[:1]) for name in _COLUMNS}
    cases.read_along(**along)


def latest(actor: Actor, case: Case) -> Saved | None:
    """The newest saved check of a case that was found by `cases.find` (no further statement)."""
    require(actor, Action.READ, Kind.PATHWAY_CHECK)
    brought = {name: getattr(case, f"newest_check_{name}", None) for name in _COLUMNS}
    if brought["id"] is not None:
        return _read([SavedCheck(case=case, purpose=case.purpose, **brought)])[0]
    if hasattr(case, "newest_check_id"):
        return None
    found = _read(_rows(actor, case)[:1])
    return found[0] if found else None


@transaction.atomic
def find(actor: Actor, case: Case, ident: UUID, tag: AuditTag | None = None) -> Saved:
    """One check of a case that was found by `find_case`, logged.

    Raises `SavedCheck.DoesNotExist`.
    """
    require(actor, Action.READ, Kind.PATHWAY_CHECK)
    row = _rows(actor, case).get(pk=ident)
    record(actor, tag or AuditTag.PATHWAY_CHECK_READ, handle=handle_of(row))
    return _read([row])[0]


def _rows(actor: Actor, case: Case) -> Any:
    return SavedCheck.objects.filter(case=case, purpose=actor.purpose.value).order_by("-made_at")


def _read(rows: Any) -> list[Saved]:
    return [_saved(row, values or {}) for row, values in opened(rows)]


def _saved(row: SavedCheck, values: Mapping[str, Any]) -> Saved:
    return Saved(
        row, values.get("answers", {}), values.get("sources", {}), values.get("facts", {}),
        tuple(_way_read(way) for way in values.get("ways", ())),
        tuple(values.get("questions", ())),
    )  # fmt: skip


def _way_read(way: Mapping[str, Any]) -> SavedWay:
    return SavedWay(
        way["pathway"], way["version"], way["digest"], way["answer"], way["because"],
        bool(way["signed"]), tuple(way["asks"]), tuple(way["deciding"]),
    )  # fmt: skip


def ways_of(working: Working) -> tuple[SavedWay, ...]:
    """The ways of a check as they would be saved."""
    return tuple(_way_read(way) for way in _values(working)["ways"])


def copied_of(person: Any) -> list[dict[str, Any]]:
    """All checks of a person, for the copy of the file (R8)."""
    rows = SavedCheck.objects.filter(case__person=person).order_by("made_at")
    return [
        {
            "made_at": saved.row.made_at.isoformat(),
            "law_of": saved.row.partner,
            "on": saved.row.on.isoformat(),
            "law_digest": saved.row.law_digest,
            "answers": dict(saved.answers),
            "where_from": dict(saved.sources),
            "ways": [
                {"way": way.pathway, "answer": way.answer, "because": way.because,
                 "law_version": way.version, "law_digest": way.digest}
                for way in saved.ways
            ],
        }
        for saved in _read(rows)
    ]  # fmt: skip


# --- Since then ----------------------------------------------------------------------------------


def changed_law(saved: Saved, today: date) -> tuple[str, ...]:
    """Ways whose law text today is another one than the check stood on, also new and ended ones."""
    now = {rule.pathway: rule.digest for rule in rules_in_force(saved.row.partner, today).rules}
    then = {way.pathway: way.digest for way in saved.ways}
    return tuple(code for code in law_files.kinds() if now.get(code) != then.get(code))


def given_again(saved: Saved, vocabulary: Any, today: date) -> tuple[dict[str, str], list[str]]:
    """The answers of an earlier check for a new one, and facts that must be asked again.

    A number of months is another one after months have passed. What the node knew is looked up
    anew, so that only what somebody answered is taken over.
    """
    own = {
        fact: answer
        for fact, answer in saved.answers.items()
        if saved.sources.get(fact) in {"asked", "earlier", "corrected"} and fact in vocabulary
    }
    old = case_answers.grown(own, vocabulary, saved.row.on, today)
    return case_answers.without(own, old), list(old)


@dataclass(frozen=True)
class Changed:
    """A way in two checks; "" where one of them did not know the way."""

    pathway: str
    before: str
    after: str
    law_changed: bool

    @property
    def differs(self) -> bool:
        """Whether the answer is another one."""
        return self.before != self.after


def compare(first: Saved, second: Saved) -> tuple[list[Changed], list[str]]:
    """Way by way what the two say, and the facts that were answered differently."""
    before = {way.pathway: way for way in first.ways}
    after = {way.pathway: way for way in second.ways}

    def under(way: SavedWay | None) -> str:
        return listed_under(way.answer, way.because) if way else ""

    def digest(way: SavedWay | None) -> str:
        return way.digest if way else ""

    codes = [code for code in law_files.kinds() if code in before or code in after]
    lines = [
        Changed(
            code, under(before.get(code)), under(after.get(code)),
            digest(before.get(code)) != digest(after.get(code)),
        )
        for code in codes
    ]  # fmt: skip
    return lines, case_answers.differing(first.answers, second.answers)
