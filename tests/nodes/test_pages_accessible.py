# SPDX-License-Identifier: EUPL-1.2
"""Every kind of page of a running region: accessible, fitting a phone, light, with one title.

Pages are found as people find them: each role signs in, opens what waits for it, and follows
links. What no link leads to without work before (a printed code, a referral on its way, two edits
of one field) is prepared through the pages first. A kind of page is its name in the address table;
`EXPECTED` says which must have been found, so that a page nobody can reach any more is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve

from tests.nodes.conftest import Region
from tests.nodes.test_spine import consent, register, until

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.slow]

HEAVIEST = 150_000
"""Bytes of a first view as sent: page, styles, scripts, letters."""

ENGINE = "screening:fill"
"""Carries the ODK form engine, which alone weighs more than a page may."""

WALKERS = (
    ("me", "anti-trafficking-coordinator"),
    ("me", "case-supervisor"),
    ("me", "social-worker"),
    ("me", "asylum-officer"),
    ("me", "investigator"),
    ("me", "data-protection-officer"),
    ("me", "administrator"),
    ("me", "statistician"),
    ("me", "partner-focal-point"),
    ("ba", "anti-trafficking-coordinator"),
    ("secretariat", "secretariat"),
    ("secretariat", "administrator"),
)
"""Who follows links; first who may do most, so that a page is looked at where it says most."""

_EXPECTED = """
    node:home node:about node:accessibility node:sessions node:accounts node:account
    node:account_new account_login account_change_password mfa_index mfa_activate_totp
    people:list people:new people:person people:edit people:family people:history
    people:conflicts people:printed_code people:consents people:consent_new people:consent
    people:consent_sheet people:overrides people:override_new
    cases:list cases:new cases:case cases:refer cases:referrals cases:referral
    cases:plan cases:change_plan cases:records cases:record cases:new_record cases:write_record
    cases:tasks cases:case_risk cases:supervision cases:worker cases:groups cases:new_group
    children:guardian children:care children:age children:places children:place children:place_new
    victims:protection victims:decide victims:statement_new victims:statements victims:statement
    alternatives:list alternatives:ladder alternatives:file alternatives:screening
    alternatives:places alternatives:place alternatives:place_new alternatives:detention
    directory:list directory:service directory:new directory:edit directory:history
    directory:import transfers:list transfers:new
    tracing:list tracing:new tracing:request tracing:add tracing:match
    screening:forms screening:form screening:form_import screening:fill screening:paper
    screening:submissions screening:submission screening:finding screening:devices
    exchange:status exchange:letters exchange:letter exchange:keys
    statistics:months statistics:released statistics:release statistics:region
    statistics:region_table statistics:overlaps statistics:overlap_new
    plan:dashboard plan:action plan:report plan:partner plan:figures plan:stock plan:stock_import
    procedures:list procedures:detail
    pathways:case_checks pathways:case_check pathways:case_saved pathways:case_way
    pathways:case_sheet pathways:case_compare pathways:case_goal
    portal:enter portal:file portal:ask portal:withdraw portal:requests portal:answer
    rights:protection rights:log rights:access_table
"""
EXPECTED = frozenset(_EXPECTED.split())

_MAIN = """
    node:home cases:list cases:case cases:refer cases:referral people:list people:person
    people:consent screening:finding screening:paper statistics:region plan:dashboard
"""
MAIN = frozenset(_MAIN.split())
"""Looked at in every combination of `OTHERS` too, not only in the two that all pages are."""

EVERY_PAGE = (("en", 1280), ("ar", 360))
OTHERS = (("en", 360), ("sr", 360))

AWAY = re.compile(r"/(logout|exit|leave)/|\.(csv|json|jsonl|xml|svg|bpmn|pdf)$")
LINK = re.compile(r"""<a\s[^>]*?href="([^"#]+)""")
WEIGHT = """() => [...performance.getEntriesByType("navigation"),
    ...performance.getEntriesByType("resource")]
    .filter(entry => new URL(entry.name).origin === location.origin)
    .reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""


@dataclass(frozen=True)
class Page:
    """One page to look at: where, as whom ("" for a visitor without account), at which address."""

    kind: str
    node: str
    account: str
    path: str

    def in_language(self, language: str) -> str:
        """The address; that of public figures says the language itself."""
        return re.sub(r"^/figures/en/", f"/figures/{language}/", self.path)


@dataclass
class Visitor:
    """A signed-in browser that changes language and width between looks."""

    page: Any
    base: str
    node: str

    def speak(self, language: str, width: int) -> None:
        """Go on in `language`, at `width` pixels."""
        cookie = f"mostovi_{self.node}_language"
        self.page.context.add_cookies([{"name": cookie, "value": language, "url": self.base}])
        self.page.set_viewport_size({"width": width, "height": 900})

    def look(self, where: Page, language: str, width: int, *, colours: bool) -> list[str]:
        """Open a page and say what is wrong with it.

        `colours`: measure contrast, half of the work, which no language changes.
        """
        self.speak(language, width)
        self.page.goto(where.in_language(language))
        if where.kind == ENGINE:
            self.page.locator(".question-container").first.wait_for(timeout=60_000)
        said = f"{where.kind} {where.path} as {where.account or 'visitor'} ({language}, {width})"
        found = [] if where.kind == ENGINE else too_heavy(self.page)
        return [
            f"{said}: {fault}" for fault in found + faults(self.page, where.kind, language, colours)
        ]


def too_heavy(page: Any) -> list[str]:
    """Whether a slow line has to carry too much of the page that is open.

    Asked before axe looks into closed menus and so makes letters load that no reader loads.
    """
    page.evaluate("() => document.fonts.ready.then(() => true)")
    sent = int(page.evaluate(WEIGHT))
    return [f"{sent} bytes to load"] if sent > HEAVIEST else []


def faults(page: Any, kind: str, language: str, colours: bool) -> list[str]:
    """What is wrong with the page that is open. The form engine's own titles do not count."""
    seen = page.evaluate(
        """() => ({
        titles: document.querySelectorAll("h1:not(#form-engine h1)").length,
        lang: document.documentElement.lang, dir: document.documentElement.dir,
        spill: document.documentElement.scrollWidth - innerWidth})"""
    )
    wrong = []
    if seen["titles"] != 1:
        wrong.append(f"{seen['titles']} headings of the first level")
    if (seen["lang"], seen["dir"]) != (language, "rtl" if language == "ar" else "ltr"):
        wrong.append(f"says lang={seen['lang']} dir={seen['dir']}")
    if seen["spill"] > 0:
        wrong.append(f"{seen['spill']} px wider than the screen")
    return wrong + violations(page, kind, colours=colours)


def violations(page: Any, kind: str = "", *, colours: bool = True) -> list[str]:
    """What axe finds. Inside the form engine only the grave ones: its markup is not ours."""
    options = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": colours}}}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{fault['id']}: {node['target']} {node['html'][:120]}"
        for fault in found
        for node in fault["nodes"]
        if not (
            kind == ENGINE
            and fault["impact"] not in {"serious", "critical"}
            and "form-engine" in str(node["target"])
        )
    ]


def kind_of(path: str) -> str | None:
    """The name of the page behind an address; None for what is not a page of the node."""
    plain = urlsplit(path).path
    if AWAY.search(plain):
        return None
    try:
        return resolve(plain).view_name
    except Resolver404:
        return None


def walk(visitor: Visitor, account: str, known: Collection[str]) -> Iterator[Page]:
    """Follow links from the home page, two addresses of each kind, without drawing them.

    One of a kind that is `known` from others will do: its links may lead further for this account.
    """
    waiting, visits, seen = ["/"], dict[str, int](), set[str]()
    while waiting:
        path = waiting.pop(0)
        kind = kind_of(path)
        # A list shows more than one view of itself; of a hundred files two will do.
        most = 1 if kind in known else 2 if kind and resolve(urlsplit(path).path).kwargs else 5
        if kind is None or path in seen or visits.get(kind, 0) >= most:
            continue
        seen.add(path)
        visits[kind] = visits.get(kind, 0) + 1
        answer = visitor.page.request.get(visitor.base + path)
        if answer.status != 200 or "text/html" not in answer.headers.get("content-type", ""):
            continue
        yield Page(kind, visitor.node, account, path)
        for href in LINK.findall(answer.text()):
            target = urlsplit(urljoin(answer.url, href.replace("&amp;", "&")))
            if target.netloc == urlsplit(visitor.base).netloc:
                waiting.append(target.path + (f"?{target.query}" if target.query else ""))


@dataclass
class World:
    """What was prepared and found, and a browser for each who looked."""

    enter: Callable[[str, str], Visitor]
    pages: dict[str, Page] = field(default_factory=dict)
    more: list[Page] = field(default_factory=list)
    visitors: dict[tuple[str, str], Visitor] = field(default_factory=dict)

    def visitor(self, node: str, account: str) -> Visitor:
        """The browser of an account, signed in once."""
        key = (node, account)
        if key not in self.visitors:
            self.visitors[key] = self.enter(node, account)
        return self.visitors[key]

    def keep(self, page: Page) -> None:
        """Remember the first page of a kind."""
        self.pages.setdefault(page.kind, page)

    def all(self) -> list[Page]:
        """Every page to look at."""
        return [*self.pages.values(), *self.more]


@pytest.fixture(scope="module")
def world(region: Region, chromium: Any) -> Iterator[World]:
    """A region in which every kind of page has something to show."""
    contexts: list[Any] = []

    def enter(node: str, account: str) -> Visitor:
        base = region.addresses[node]
        context = chromium.new_context(base_url=base, reduced_motion="reduce")
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        if account:
            page.goto("/accounts/login/")
            page.fill("input[name=login]", account)
            page.fill("input[name=password]", region.password)
            page.press("input[name=password]", "Enter")
            page.wait_for_url(lambda url: "/accounts/login" not in url)
        return Visitor(page, base, node)

    made = World(enter)
    prepare(made)
    for node, account in WALKERS:
        for page in walk(made.visitor(node, account), account, frozenset(made.pages)):
            made.keep(page)
    yield made
    for context in contexts:
        context.close()


# --- What no link leads to without work before -------------------------------------------------


def prepare(world: World) -> None:
    """A case with a referral on its way, a printed code that was used, two edits of one field."""
    coordinator = world.visitor("me", "anti-trafficking-coordinator")
    page = coordinator.page
    page.goto("/cases/new/")
    register(page)
    page.get_by_label("Possible victim of trafficking").check(force=True)
    page.get_by_label("urgent: within 24 hours").check(force=True)
    page.fill("[name=summary]", "Needs a safe bed.")
    page.get_by_role("button", name="Open the case").click()
    case = urlsplit(page.url).path
    person = page.get_by_role("link", name="Open the person's file").get_attribute("href")
    me = ("me", "anti-trafficking-coordinator")
    world.keep(Page("cases:case", *me, case))
    world.keep(Page("people:person", *me, person))
    world.keep(Page("people:printed_code", *me, f"{person}printed-code/"))
    world.keep(Page("people:conflicts", *me, f"{person}conflicts/"))
    world.keep(Page("people:overrides", *me, "/people/overrides/"))
    refer(world, case)
    ways(world, case)
    clash(coordinator, person)
    own_file(world, person)
    release(world)


def refer(world: World, case: str) -> None:
    """One referral sent and one left as a draft without consent."""
    page = world.visitor("me", "anti-trafficking-coordinator").page
    for send in (True, False):
        page.goto(f"{case}refer/")
        page.select_option("[name=service]", "ba-safe-house" if send else "ba-legal-aid")
        page.locator("[name=needs]").first.check(force=True)
        page.fill("textarea[name=summary]", "Needs a safe bed and a doctor.")
        page.get_by_role("button", name="See what would be sent").click()
        if send:
            consent(page)
            page.get_by_role("button", name="Send to BA").click()
            until(page, "The receiver signed for it")
        address = urlsplit(page.url).path
        world.more.append(Page("cases:referral", "me", "anti-trafficking-coordinator", address))


def ways(world: World, case: str) -> None:
    """Two checks of the ways open, saved in the case; forms, not links, lead to some of them."""
    me = ("me", "anti-trafficking-coordinator")
    page = world.visitor(*me).page
    base, saved = f"/pathways{case}", ""
    for _ in range(2):
        page.goto(f"{base}check/")
        page.locator("main button[name=do][value=result]").first.click()
        page.locator("main button[name=do][value=save]").first.click()
        page.wait_for_url("**/checks/**")
        first, saved = saved, urlsplit(page.url).path
    numbers = [path.rstrip("/").rpartition("/")[2] for path in (first, saved)]
    for kind, path in (
        ("case_checks", base), ("case_check", f"{base}check/"), ("case_saved", saved),
        ("case_way", f"{saved}asylum_refugee/"), ("case_goal", f"{saved}asylum_refugee/goal/"),
        ("case_sheet", f"{saved}sheet/?language=ar"),
        ("case_compare", f"{base}compare/?first={numbers[0]}&second={numbers[1]}"),
    ):  # fmt: skip
        world.keep(Page(f"pathways:{kind}", *me, path))


def clash(visitor: Visitor, person: str) -> None:
    """Two colleagues change one field from the same sheet."""
    other = visitor.page.context.new_page()
    for page in (visitor.page, other):
        page.goto(f"{person}edit/")
    for page, year in ((visitor.page, "1993"), (other, "1995")):
        page.fill("[name=birth_year]", year)
        page.locator("main form[method=post] button.btn-primary").first.click()
        page.wait_for_url(lambda url: "/edit/" not in url)
    assert "/conflicts/" in other.url
    other.close()


def own_file(world: World, person: str) -> None:
    """The person gets a printed code, opens the file with it, and asks for something."""
    page = world.visitor("me", "anti-trafficking-coordinator").page
    page.goto(f"{person}printed-code/")
    page.get_by_role("button", name="Make the code and show the sheet").click()
    code = page.locator(".printed-code").inner_text()
    assert violations(page) == []
    owner = world.visitor("me", "")
    owner.speak("en", 1280)
    owner.page.goto("/my-file/")
    world.keep(Page("account_login", "me", "nobody", "/accounts/login/"))
    world.keep(Page("portal:enter", "me", "nobody", "/my-file/"))
    owner.page.fill("[name=code]", code)
    owner.page.get_by_role("button", name="Open my file").click()
    for kind in ("complaint", "correction"):
        owner.page.goto(f"/my-file/file/ask/{kind}/")
        owner.page.locator("textarea").first.fill("The year of birth is wrong.")
        owner.page.locator("main form[method=post] button").last.click()
        owner.page.wait_for_url("**/my-file/file/**")
    for path in ("/my-file/file/", "/my-file/file/ask/erasure/"):
        world.keep(Page(str(kind_of(path)), "me", "", path))
    owner.page.goto("/my-file/file/")
    withdraw = owner.page.locator("a[href*='/withdraw/']").first.get_attribute("href")
    world.keep(Page("portal:withdraw", "me", "", withdraw))


def release(world: World) -> None:
    """The counts of a month that no other story speaks of are released."""
    month = date.today().replace(day=1)
    for _ in range(3):
        month = (month - timedelta(days=1)).replace(day=1)
    page = world.visitor("me", "statistician").page
    page.goto(f"/statistics/{month:%Y-%m}/release/")
    button = page.get_by_role("button", name="Release and send")
    if button.is_enabled():  # not in a region that is looked at a second time
        button.click()


# --- Looking -----------------------------------------------------------------------------------


def test_every_kind_of_page_is_found_by_following_links(world: World) -> None:
    assert EXPECTED - set(world.pages) == set()


@pytest.mark.parametrize(("language", "width"), [*EVERY_PAGE, *OTHERS])
def test_pages_are_accessible_and_fit_the_screen(world: World, language: str, width: int) -> None:
    wrong = []
    for where in world.all():
        if (language, width) in EVERY_PAGE or where.kind in MAIN:
            visitor = world.visitor(where.node, where.account.replace("nobody", ""))
            colours = language == "en" or where.kind in MAIN
            wrong += visitor.look(where, language, width, colours=colours)
    assert wrong == [], "\n".join(wrong)
