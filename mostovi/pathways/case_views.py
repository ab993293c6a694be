# SPDX-License-Identifier: EUPL-1.2
"""Pages of checks inside a case: the list, the check itself, a saved result, a way, the sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mostovi.cases import plans
from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.cases.plans import InvalidPlan
from mostovi.pathways import (
    case_answers,
    case_checking,
    case_help,
    case_results,
    case_sheet,
    texts,
    wording,
)
from mostovi.pathways.case_checking import InvalidCheck, Saved, Working
from mostovi.pathways.case_forms import Brought, GoalForm, brought
from mostovi.pathways.library import library
from mostovi.pathways.models import SavedCheck
from mostovi.pathways.rules import RuleSet
from mostovi.pathways.signing import rules_in_force
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.audit import AuditTag
from mostovi.rights.doors import ActingRequest, door

_QUESTIONS_AHEAD = 6


def found(request: ActingRequest, code: str, action: Action = Action.READ) -> Case:
    """The case, or the one answer for absent and out of reach; also where no law is."""
    if not case_checking.has_law():
        raise Http404
    try:
        return case_checking.find_case(request.actor, code, action)
    except Case.DoesNotExist as error:
        raise Http404 from error


def found_check(
    request: ActingRequest, case: Case, pk: UUID, tag: AuditTag | None = None
) -> Saved:  # fmt: skip
    """A saved check of the case."""
    try:
        return case_checking.find(request.actor, case, pk, tag)
    except SavedCheck.DoesNotExist as error:
        raise Http404 from error


@require_safe
@never_cache
@door(Action.READ, Kind.PATHWAY_CHECK)
def checks(request: ActingRequest, code: str) -> HttpResponse:
    """What was checked in this case, and whether the law has changed since."""
    case = found(request, code)
    today = timezone.localdate()
    saved = case_checking.of_case(request.actor, case)
    now = case_checking.law_digest(library().rule_set(case_checking.partner(), today))
    context = {
        "case": case,
        "lines": [(one, one.row.law_digest != now) for one in saved],
        "may_check": case_checking.may_check(request.actor, case),
        "partner": case_checking.partner(),
    }
    return render(request, "pathways/case/checks.html", context)


# --- The check -----------------------------------------------------------------------------------


@never_cache
@door(Action.CREATE, Kind.PATHWAY_CHECK)
def case_check(request: ActingRequest, code: str) -> HttpResponse:
    """One step of a check. Answers travel with the page; nothing is kept before it is saved."""
    case = found(request, code, Action.CREATE)
    if case.person.erased_at is not None:
        raise Http404
    return _Step(request, case).answer()


class _Step:
    """One request of a check."""

    def __init__(self, request: ActingRequest, case: Case) -> None:
        self.request, self.actor, self.case = request, request.actor, case
        self.today = timezone.localdate()
        self.vocabulary = library().vocabulary
        self.asked_again: list[str] = []
        posted = request.method == "POST"
        self.brought = brought(request.POST, self.vocabulary) if posted else Brought()
        since = self.brought.since or _uuid(request.GET.get("since", ""))
        self.before = self._before(since, posted)
        self.brought = self._with_earlier(self.brought, posted)
        self.working = self._work()

    def _before(self, since: UUID | None, posted: bool) -> Saved | None:
        if since is not None:
            return found_check(self.request, self.case, since)
        return None if posted else case_checking.latest(self.actor, self.case)

    def _with_earlier(self, brought: Brought, posted: bool) -> Brought:
        """At the beginning, what was answered at the earlier check is taken over."""
        if self.before is None or brought.answers:
            return brought
        given, self.asked_again = case_checking.given_again(
            self.before, self.vocabulary, self.today
        )
        return Brought(
            given, frozenset(), brought.seen, (), brought.verb, brought.about, brought.on,
            brought.wrong_day, brought.ident, self.before.row.pk,
        )  # fmt: skip

    def _work(self) -> Working:
        return case_checking.work(
            self.actor, self.case, given=self.brought.answers, told=self.brought.told,
            on=self.brought.on,
        )  # fmt: skip

    def answer(self) -> HttpResponse:
        """The page that comes next."""
        if self.request.method != "POST" and self.request.GET.get("result") != "yes":
            return self._questions(begins=True)
        verb, about = self.brought.verb, self.brought.about
        errors = case_results.errors_of(self.working)
        if self.brought.wrong_day or errors:
            return self._wrong(errors)
        if verb == "change" and about in self.vocabulary:
            return self._questions(only=(about,))
        if verb == "save":
            return self._save()
        if self._new_dangers() and verb != "way":
            return self._page("danger", **self._dangers(self._new_dangers()))
        if verb == "way":
            return self._way(about)
        if verb == "result" or self.request.method != "POST":
            return self._result()
        return self._questions()

    def _wrong(self, errors: dict[str, list[str]]) -> HttpResponse:
        """The questions with what is wrong at each; nothing typed is lost."""
        shown = dict.fromkeys((*self.brought.shown, *errors))
        return self._questions(only=tuple(shown), errors=errors, status=422)

    def _new_dangers(self) -> tuple[str, ...]:
        told = case_answers.dangers(self.working.facts, self.vocabulary)
        return tuple(one for one in told if one not in self.brought.seen)

    def _questions(
        self,
        only: Sequence[str] = (),
        errors: dict[str, list[str]] | None = None,
        status: int = 200,
        begins: bool = False,
    ) -> HttpResponse:
        asked = self.working.check.questions
        group = ""
        facts = tuple(only)
        if not facts and not self.brought.wrong_day:
            ahead = case_answers.next_group(
                [question.fact for question in asked], self.working.answers, self.vocabulary
            )
            if ahead is None and not begins:
                return self._result()
            group, facts = (ahead.group, ahead.facts) if ahead else ("", ())
        deciding = {question.fact: len(question.pathways) for question in asked}
        views = [
            case_results.question(
                self.vocabulary[fact], self.working.answers.get(fact, ""),
                ways=deciding.get(fact, 0), errors=(errors or {}).get(fact, ()),
            )
            for fact in facts
        ]  # fmt: skip
        context = {
            "group": group,
            "questions": views,
            "begins": begins,
            "left": sum(1 for question in asked if question.fact not in self.working.answers),
            "asked_again": [wording.say(f"fact.{fact}.short") for fact in self.asked_again],
        }
        if begins:
            context |= self._dangers(self._new_dangers())
        return self._page("check", status, shown=facts, **context)

    def _result(self) -> HttpResponse:
        told = case_answers.dangers(self.working.facts, self.vocabulary)
        ways = case_checking.ways_of(self.working)
        law = self.working.rules.law
        assert law is not None  # noqa: S101 - rule sets of the library have their law
        context = {
            "parts": case_results.listed(law, ways, self.working.on, told),
            "not_offered": case_results.not_offered(self.working.check.without_rule),
            "ahead": _ahead([question.fact for question in self.working.check.questions]),
            "services": case_help.services(
                self.actor, self.case, self.working.file, told, timezone.now()
            ),
            **self._dangers(told),
        }
        return self._page("result", **context)

    def _way(self, pathway: str) -> HttpResponse:
        ways = {way.pathway: way for way in case_checking.ways_of(self.working)}
        if pathway not in ways:
            raise Http404
        one = case_results.detail(
            self.working.rules, ways[pathway], self.working.answers, self.working.sources,
            self.working.facts, self.working.on,
        )  # fmt: skip
        return self._page("way_unsaved", way=one)

    def _save(self) -> HttpResponse:
        try:
            row = case_checking.save(
                self.actor, self.case, given=self.brought.answers, told=self.brought.told,
                on=self.brought.on, ident=self.brought.ident,
            )  # fmt: skip
        except InvalidCheck:
            return self._wrong(case_results.errors_of(self.working))
        messages.success(self.request, _("The check is saved in the case. It decides nothing."))
        return redirect("pathways:case_saved", code=self.case.code, pk=row.pk)

    def _dangers(self, codes: Sequence[str]) -> dict[str, Any]:
        language = case_sheet.language_of(self.working.file.single.get("languages") or ())
        return {
            "dangers": [
                case_help.danger(one, self.working.rules.partner, language) for one in codes
            ],
            "now_seen": sorted({*self.brought.seen, *codes}),
        }

    def _page(self, name: str, status: int = 200, **more: Any) -> HttpResponse:
        shown = set(more.get("shown", ()))
        context: dict[str, Any] = {
            "case": self.case,
            "partner": self.working.rules.partner,
            "on": self.working.on,
            "today": self.today,
            "wrong_day": self.brought.wrong_day,
            "ident": self.brought.ident,
            "since": self.brought.since,
            "before": self.before,
            "carried": [(f, a) for f, a in self.working.answers.items() if f not in shown],
            "told": sorted(self.brought.told),
            "now_seen": sorted(self.brought.seen),
            "known": case_results.known_lines(self.working),
            "treated_as_child": self.working.held.is_child,
        }
        return render(request=self.request, template_name=f"pathways/case/{name}.html",
                      context=context | more, status=status)  # fmt: skip


def _ahead(facts: Sequence[str]) -> list[Any]:
    return [(fact, wording.say(f"fact.{fact}.question")) for fact in list(facts)[:_QUESTIONS_AHEAD]]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# --- A saved check -------------------------------------------------------------------------------


def _rules(saved: Saved, day: date) -> RuleSet:
    return rules_in_force(saved.row.partner, day)


@require_safe
@never_cache
@door(Action.READ, Kind.PATHWAY_CHECK)
def saved(request: ActingRequest, code: str, pk: UUID) -> HttpResponse:
    """A saved result, and what of the law has changed since."""
    case = found(request, code)
    one = found_check(request, case, pk)
    today = timezone.localdate()
    rules = _rules(one, one.row.on)
    law = rules.law
    assert law is not None  # noqa: S101 - rule sets of the library have their law
    changed = case_checking.changed_law(one, today)
    told = case_answers.dangers(one.facts, rules.vocabulary)
    spoken = _language(request, case)
    context = {
        "case": case,
        "saved": one,
        "dangers": [case_help.danger(danger, one.row.partner, spoken) for danger in told],
        "parts": case_results.listed(law, one.ways, one.row.on, told, changed),
        "not_offered": case_results.not_offered(rules.without_rule),
        "answers": case_results.saved_lines(one, rules.vocabulary),
        "told": told,
        "changed": [wording.say(f"pathway.{way}.title") for way in changed],
        "ahead": _ahead(one.questions),
        "may_check": case_checking.may_check(request.actor, case),
        "may_plan": _may_plan(request),
        "languages": texts.offered().items(),
        "spoken": spoken,
    }
    return render(request, "pathways/case/saved.html", context)


def _may_plan(request: ActingRequest) -> bool:
    return bool(decide(request.actor, Action.CHANGE, Kind.CASE).allowed)


def _language(request: ActingRequest, case: Case) -> str:
    """The person's language for the sheet; English after erasure."""
    _own, file = cases.read_with_file(request.actor, case)
    return case_sheet.language_of(file.single.get("languages") or ()) if file else texts.SOURCE


@require_safe
@never_cache
@door(Action.READ, Kind.PATHWAY_CHECK)
def way(request: ActingRequest, code: str, pk: UUID, pathway: str) -> HttpResponse:
    """One way of a saved check with its reasons, by the very law text that it stood on."""
    case = found(request, code)
    one = found_check(request, case, pk)
    try:
        kept = one.way(pathway)
    except KeyError as error:
        raise Http404 from error
    changed = case_checking.changed_law(one, timezone.localdate())
    shown = case_results.detail(
        _rules(one, one.row.on), kept, one.answers, one.sources, one.facts, one.row.on, changed
    )
    context = {"case": case, "saved": one, "way": shown, "may_plan": _may_plan(request),
               "partner": one.row.partner}  # fmt: skip
    return render(request, "pathways/case/way.html", context)


@require_safe
@never_cache
@door(Action.READ, Kind.PATHWAY_CHECK)
def sheet(request: ActingRequest, code: str, pk: UUID) -> HttpResponse:
    """What the person takes along, in their language, on paper; it names nobody."""
    case = found(request, code)
    one = found_check(request, case, pk, AuditTag.PATHWAY_CHECK_PRINTED)
    if one.erased:
        raise Http404
    language = request.GET.get("language", "")
    if language not in texts.offered():
        language = texts.SOURCE
    law = library().partner(one.row.partner)
    chosen = request.GET.getlist("way")
    told = case_answers.dangers(one.facts, library().vocabulary)
    context = {
        "case": case,
        "saved": one,
        "language": language,
        "direction": texts.direction(language),
        "reviewed": texts.is_reviewed(language),
        "place": texts.say(f"place.{one.row.partner}", language),
        "day": texts.day_words(one.row.on, language),
        "ways": case_sheet.sheet_ways(one, law, language, chosen),
        "others": case_sheet.others(one, language, chosen),
        "dangers": [case_help.danger(c, one.row.partner, language) for c in told],
        "places": case_help.public_places(one.row.partner),
        "law_of": texts.say("ui.law_of", language, date=texts.day_words(one.row.on, language)),
    }
    return render(request, "pathways/case/sheet.html", context)


@require_safe
@never_cache
@door(Action.READ, Kind.PATHWAY_CHECK)
def compare(request: ActingRequest, code: str) -> HttpResponse:
    """Two checks side by side: what changed in the answers, in the law, in the result."""
    case = found(request, code)
    chosen = [_uuid(request.GET.get(name, "")) for name in ("first", "second")]
    if None in chosen or chosen[0] == chosen[1]:
        messages.error(request, _("Choose two different checks to compare."))
        return redirect("pathways:case_checks", code=case.code)
    two = [found_check(request, case, pk) for pk in chosen if pk is not None]
    first, second = sorted(two, key=lambda one: one.row.made_at)
    lines, facts = case_checking.compare(first, second)
    vocabulary = library().vocabulary
    context = {
        "case": case,
        "first": first,
        "second": second,
        "lines": [
            (
                line, wording.say(f"pathway.{line.pathway}.title"),
                case_results.UNDER[line.before], case_results.TONES[line.before],
                case_results.UNDER[line.after], case_results.TONES[line.after],
            )
            for line in sorted(lines, key=lambda line: not line.differs)
        ],
        "differing": sum(line.differs for line in lines),
        "facts": [
            (
                wording.say(f"fact.{fact}.short"),
                case_results.answer_words(vocabulary, fact, first.answers.get(fact, "")),
                case_results.answer_words(vocabulary, fact, second.answers.get(fact, "")),
            )
            for fact in facts
        ],
    }  # fmt: skip
    return render(request, "pathways/case/compare.html", context)


# --- Into the plan -------------------------------------------------------------------------------


@never_cache
@door(Action.CHANGE, Kind.CASE)
def goal(request: ActingRequest, code: str, pk: UUID, pathway: str) -> HttpResponse:
    """A way as a draft of a goal; it enters the plan when the caseworker confirms it (R4)."""
    case = found(request, code)
    try:
        cases.find(request.actor, code, Action.CHANGE)
    except Case.DoesNotExist as error:
        raise Http404 from error
    one = found_check(request, case, pk)
    try:
        kept = one.way(pathway)
    except KeyError as error:
        raise Http404 from error
    title = wording.say(f"pathway.{pathway}.title")
    form = GoalForm(request.POST or None, initial={"text": _draft(kept.asks, title.text)})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            plans.set_goal(
                request.actor, case, text=given["text"], own_words=given["own_words"],
                until=given["until"],
            )  # fmt: skip
        except InvalidPlan as error:
            for name, words in error.problems.items():
                form.add_error(name if name in form.fields else None, _(words))
        else:
            messages.success(request, _("The goal stands in the plan."))
            return redirect("cases:plan", code=case.code)
    status = 422 if request.method == "POST" else 200
    context = {"case": case, "saved": one, "form": form, "title": title}
    return render(request, "pathways/case/goal.html", context, status=status)


def _draft(asks: Sequence[str], title: str) -> str:
    text = _("Look into this way together: %(way)s.") % {"way": title}
    if not asks:
        return text
    named = wording.joined(wording.fact_words(fact) for fact in asks[:8])
    return text + "\n" + _("Still to find out: %(facts)s.") % {"facts": named}
