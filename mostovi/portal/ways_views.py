# SPDX-License-Identifier: EUPL-1.2
"""The self-check: which ways are open to me? Anonymous, in the person's language, also offline.

Nothing about a visitor is kept: no session, no cookie, no log of answers. Answers come in the body
of a request and go back in hidden fields of its page. The same pages work without scripts; with
them the browser does it all itself from `parts.html` and `law.json`, which hold no answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import conditional_page, require_GET

from mostovi.pathways import texts
from mostovi.pathways.answers import check as checked
from mostovi.pathways.facts import ProblemCode
from mostovi.pathways.library import library
from mostovi.pathways.rules import RuleSet
from mostovi.pathways.signing import rules_in_force
from mostovi.pathways.texts import Said
from mostovi.portal import ways_answers, ways_law, ways_pages, ways_places
from mostovi.portal.views import QUICK_EXIT
from mostovi.portal.ways_answers import Answers
from mostovi.portal.ways_words import Words
from mostovi.rights.doors import public_door

PLACES = ("al", "ba", "me", "mk", "rs", "xk")
"""The partners in the order of their codes; the node's own comes first."""


def places_with_law() -> list[str]:
    """The partners that have law here, the node's own first."""
    own = settings.MOSTOVI.code
    found = [code for code in PLACES if code in library().codes]
    return sorted(found, key=lambda code: code != own)


class Page:
    """What every page of one language and place needs."""

    def __init__(self, language: str, partner: str = "") -> None:
        if language not in texts.offered() or (partner and partner not in places_with_law()):
            raise Http404
        self.words = Words(language)
        self.language, self.partner = language, partner
        self.on = timezone.localdate()

    @property
    def rules(self) -> RuleSet:
        """The rules of the place today, with what lawyers signed off here."""
        return rules_in_force(self.partner, self.on)

    def context(self, **more: Any) -> dict[str, Any]:
        """The context of a template."""
        context: dict[str, Any] = {
            "words": self.words,
            "language": self.language,
            "direction": self.words.direction,
            "partner": self.partner,
            "on": self.words.day(self.on),
            "text_checked": texts.is_reviewed(self.language),
            "demo": settings.MOSTOVI.demo,
        }
        if self.partner:
            where = {"language": self.language, "partner": self.partner}
            context |= {
                "place": self.words.say(f"place.{self.partner}"),
                "check_url": reverse("ways:check", kwargs=where),
                "help_url": reverse("ways:help", kwargs=where),
                "start_url": reverse("ways:start", kwargs=where),
            }
        return context | more

    def answer(self, template: str, status: int = 200, **more: Any) -> HttpResponse:
        """The page."""
        html = render_to_string(f"portal/ways/{template}.html", self.context(**more))
        answer = HttpResponse(html, status=status)
        answer["Content-Language"] = self.language
        answer["Referrer-Policy"] = "no-referrer"
        return answer


def _revalidated(answer: HttpResponse) -> HttpResponse:
    """May be kept by the browser, and is asked for again each time (answered "not modified")."""
    patch_cache_control(answer, no_cache=True, public=True)
    return answer


@require_GET
@public_door
@conditional_page
def languages(request: HttpRequest) -> HttpResponse:
    """Choose a language, each by its own name."""
    offered = [(code, name, texts.direction(code)) for code, name in texts.offered().items()]
    return _revalidated(Page("en").answer("languages", offered=offered))


@require_GET
@public_door
@conditional_page
def places(request: HttpRequest, language: str) -> HttpResponse:
    """Choose the place that it is about."""
    page = Page(language)
    listed = [(code, page.words.say(f"place.{code}")) for code in places_with_law()]
    return _revalidated(page.answer("places", places=listed))


@require_GET
@public_door
@conditional_page
def start(request: HttpRequest, language: str, partner: str) -> HttpResponse:
    """What this is, before the first question."""
    page = Page(language, partner)
    where = {"language": language, "partner": partner}
    offline = {
        "parts": reverse("ways:parts", kwargs=where),
        "help": reverse("ways:help", kwargs=where),
        "places": reverse("ways:places", kwargs={"language": language}),
        "languages": reverse("ways:languages"),
        "manifest": reverse("ways:manifest", kwargs={"language": language}),
        "style": static("portal/ways/ways.css"),
        "script": static("portal/ways/ways.js"),
        "icon": static("node/mark.svg"),
        "worker": reverse("ways:worker"),
        "exit": reverse("ways:exit"),
    }
    return _revalidated(page.answer("start", offline=offline))


@require_GET
@public_door
@conditional_page
def help_page(request: HttpRequest, language: str, partner: str) -> HttpResponse:
    """Help in danger, for whoever looks for it without answering anything."""
    page = Page(language, partner)
    found, _places = ways_places.services(page.words, partner)
    return _revalidated(page.answer("help", dangers=_dangers(page, ways_pages.DANGERS, found)))


@public_door
@never_cache
def leave(request: HttpRequest) -> HttpResponse:
    """Leave at once for a harmless page; what the browser kept of these pages is dropped."""
    answer = redirect(QUICK_EXIT)
    answer["Clear-Site-Data"] = '"cache"'
    answer["Referrer-Policy"] = "no-referrer"
    return answer


# --- One step after the other, without scripts ---------------------------------------------------


@csrf_exempt  # No cookie and no account: there is nothing that a forged request could use.
@public_door
@never_cache
def check(request: HttpRequest, language: str, partner: str) -> HttpResponse:
    """One step: take the answer in the body, show the next question, the result, or help."""
    page = Page(language, partner)
    if request.method != "POST":
        return redirect("ways:start", language=language, partner=partner)
    return _Step(page, request).answer()


class _Step:
    """One request of the self-check."""

    def __init__(self, page: Page, request: HttpRequest) -> None:
        self.page, self.words, self.rules = page, page.words, page.rules
        self.vocabulary = self.rules.vocabulary
        self.form = request.POST
        self.answers = ways_answers.from_form(
            [(name, str(value)) for name, value in self.form.items()], self.vocabulary
        )
        self.asked = self.form.get("q", "") if self.form.get("q", "") in self.vocabulary else ""
        self.verb, _, self.about = self.form.get("do", "next").partition(":")
        self.known_before = self._facts()

    def _facts(self) -> Mapping[str, Any]:
        return ways_answers.read(self.answers, self.vocabulary, self.page.on).facts

    def answer(self) -> HttpResponse:
        """The page that comes next."""
        if self.asked:
            refused = self._take()
            if refused is not None:
                return refused
        if self.verb == "back":
            before = self.answers.before(self.asked)
            return self._question(before) if before else self._start()
        if self.verb == "ask" and self.about in self.vocabulary:
            return self._question(self.about)
        if self.verb in {"result", "way", "sheet"}:
            return self._result()
        return self._next()

    def _start(self) -> HttpResponse:
        return redirect("ways:start", language=self.page.language, partner=self.page.partner)

    def _take(self) -> HttpResponse | None:
        """Take the answer of the question that was shown, or say what is wrong with it."""
        fact = self.vocabulary[self.asked]
        given = ways_answers.given(fact, self.form)
        if given is None:
            if self.verb == "next":
                return self._refused(self.words.say("ui.error.choose"))
            return None
        tried = self.answers.with_answer(self.asked, given)
        problems = [
            problem
            for problem in ways_answers.read(tried, self.vocabulary, self.page.on).problems
            if self.asked in problem.facts or fact.from_date in problem.facts
        ]
        wrong_alone = any(not p.conflict and p.code is not ProblemCode.DISAGREES for p in problems)
        if problems and self.verb == "next":
            others = [f for p in problems for f in p.facts if f in tried and f != self.asked]
            said = [
                self.words.say(code, **gaps)
                for code, gaps in (ways_answers.error_of(p, fact) for p in problems)
            ]
            return self._refused(*said, others=tuple(dict.fromkeys(others)))
        if not wrong_alone:
            self.answers = tried
        return None

    def _refused(self, *errors: Said, others: tuple[str, ...] = ()) -> HttpResponse:
        return self._question(
            self.asked, errors=errors, others=others, fields=self.form, status=422
        )

    def _question(
        self,
        code: str,
        errors: tuple[Said, ...] = (),
        others: tuple[str, ...] = (),
        fields: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        given = self.answers.get(code, "")
        view = ways_pages.question(self.words, self.vocabulary[code], given, fields, errors, others)
        order = list(self.answers)
        number = order.index(code) + 1 if code in self.answers else len(order) + 1
        asked = self._check().questions
        depends = next((q.pathways for q in asked if q.fact == code), ())
        return self.page.answer(
            "question", status, question=view, number=number, depends=len(depends), **self._kept()
        )

    def _kept(self) -> dict[str, Any]:
        return {
            "answers": self.answers,
            "so_far": ways_pages.said_so_far(self.words, self.vocabulary, self.answers),
        }

    def _check(self) -> Any:
        return checked(self.rules, self._facts())

    def _next(self) -> HttpResponse:
        facts = self._facts()
        told = ways_answers.dangers(facts, self.vocabulary)
        new = [
            one
            for one in told
            if one not in ways_answers.dangers(self.known_before, self.vocabulary)
        ]
        if new and self.asked:
            found, _places = ways_places.services(self.words, self.page.partner)
            return self.page.answer(
                "danger", dangers=_dangers(self.page, tuple(new), found), **self._kept()
            )
        asked = [question.fact for question in checked(self.rules, facts).questions]
        code = ways_answers.next_fact(asked, self.answers, facts)
        return self._question(code) if code else self._result(none_left=True)

    def _result(self, none_left: bool = False) -> HttpResponse:
        facts = self._facts()
        told = ways_answers.dangers(facts, self.vocabulary)
        found = checked(self.rules, facts)
        result = ways_pages.result(self.words, self.rules, found, self.answers, told)
        services, places = ways_places.services(self.words, self.page.partner)
        ways = {way.code: way for listed in result.lists.values() for way in listed}
        context = {
            "result": result,
            "none_left": none_left or not self._left(found, facts),
            "dangers": _dangers(self.page, told, services),
            "services": services,
            "map": mark_safe(ways_places.drawn(self.words, self.page.partner, places)),  # noqa: S308
            **self._kept(),
        }
        if self.verb == "way" and self.about in ways:
            return self.page.answer("way", way=ways[self.about], **context)
        if self.verb == "sheet":
            chosen = [ways[code] for code in self.form.getlist("sheet") if code in ways]
            if chosen:
                told_too = self.form.get("with_answers") == "yes"
                return self.page.answer("sheet", ways=chosen, with_answers=told_too, **context)
            context["sheet_error"] = True
            return self.page.answer("result", 422, **context)
        return self.page.answer("result", **context)

    def _left(self, found: Any, facts: Mapping[str, Any]) -> str:
        return ways_answers.next_fact([q.fact for q in found.questions], self.answers, facts)


def _dangers(
    page: Page, codes: tuple[str, ...], services: list[ways_places.ServiceView]
) -> list[ways_pages.DangerView]:
    numbers = ways_places.hotlines().get(page.partner, ())
    return [
        ways_pages.danger(
            page.words,
            code,
            numbers,
            [s for s in services if ways_places.FOR_DANGER[code] & set(s.needs)],
        )
        for code in codes
    ]


# --- For the browser that does it itself ---------------------------------------------------------


@require_GET
@public_door
@conditional_page
def parts(request: HttpRequest, language: str, partner: str) -> HttpResponse:
    """Every question, way and help as HTML, for the browser to show by itself; no page."""
    page = Page(language, partner)
    found, places_found = ways_places.services(page.words, partner)
    html = _parts(page.rules, page, repr((language, found)), found, places_found)
    answer = HttpResponse(html)
    answer["Content-Language"] = language
    return _revalidated(answer)


_made: dict[tuple[Any, str], str] = {}
_MOST_MADE = 40


def _parts(
    rules: RuleSet, page: Page, about: str, found: list[Any], places_found: list[Any]
) -> str:
    """The parts, made once for the same law, language and services."""
    if (rules, about) not in _made:
        if len(_made) >= _MOST_MADE:
            _made.clear()
        context = page.context(
            questions=_questions(page, rules),
            result=ways_pages.result(page.words, rules, checked(rules, {}), Answers()),
            all_dangers=_dangers(page, ways_pages.DANGERS, found),
            services=found,
            map=mark_safe(ways_places.drawn(page.words, page.partner, places_found)),  # noqa: S308
            whole=True,
            drawings=set(),
            law={
                "first": ways_answers.FIRST,
                "child_first": ways_answers.CHILD_FIRST,
                "safety_first": ways_answers.SAFETY_FIRST,
                "accusing_last": ways_answers.ACCUSING_LAST,
                "words": _script_words(page.language),
                "law": ways_law.small(rules),
            },
        )
        _made[rules, about] = render_to_string("portal/ways/parts.html", context)
    return _made[rules, about]


def _questions(page: Page, rules: RuleSet) -> list[ways_pages.QuestionView]:
    """The questions that the rules of the place can ask at all."""
    asked = ways_law.facts_asked(rules)
    return [
        ways_pages.question(page.words, fact) for fact in rules.vocabulary if fact.code in asked
    ]


_IN_THE_SCRIPT = (
    "ui.question_number", "ui.why_asked.text", "ui.change_answer", "ui.dont_know",
    "ui.rather_not_say", "ui.result.summary", "ui.result.fits", "ui.result.fits_not",
    "ui.result.not_known", "ui.result.you_said", "ui.error.choose",
    "ui.error.number", "ui.error.whole_number", "ui.error.date", "ui.error.date_future",
    "ui.error.see_answer", "ui.result.print_nothing",
)  # fmt: skip


@lru_cache(maxsize=32)
def _script_words(language: str) -> Mapping[str, str]:
    words = Words(language)
    conflicts = (f"conflict.{one.code}" for one in library().vocabulary.conflicts)
    shorts = (f"fact.{fact.code}.short" for fact in library().vocabulary)
    codes = (*_IN_THE_SCRIPT, *conflicts, *shorts)
    return {code: words.text(code) for code in codes}


@require_GET
@public_door
@conditional_page
def manifest(request: HttpRequest, language: str) -> HttpResponse:
    """The web app manifest: the self-check can be put on a telephone's first screen."""
    page = Page(language)
    answer = JsonResponse(
        {
            "name": page.words.text("ui.title"),
            "short_name": page.words.text("ui.title"),
            "description": page.words.text("ui.lead"),
            "lang": language,
            "dir": page.words.direction,
            "id": reverse("ways:languages"),
            "start_url": reverse("ways:places", kwargs={"language": language}),
            "scope": reverse("ways:languages"),
            "display": "browser",
            "background_color": "#ffffff",
            "theme_color": "#175676",
            "icons": [{"src": static("node/mark.svg"), "sizes": "any", "type": "image/svg+xml"}],
        },
        content_type="application/manifest+json",
        json_dumps_params={"ensure_ascii": False},
    )
    return _revalidated(answer)


@require_GET
@public_door
@conditional_page
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker; its address gives it the scope of these pages and no other."""
    answer = HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")
    return _revalidated(answer)


@lru_cache(maxsize=1)
def _worker() -> str:
    return (Path(__file__).parent / "static/portal/ways/worker.js").read_text(encoding="utf-8")
