"""Hundreds of texts that would run if a page took them for markup, in every place where a text from outside is shown,
opened in a real browser. Nothing runs, nothing is asked of another host, nothing becomes an element, and the content
policy has nothing to report, so it is the pages that hold and the policy is the second wall."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Page,
    Response,
    Route,
)
from structlog.testing import capture_logs

from api.access import LINK, OPEN
from api.portal import PORTAL_RULES
from api.portal.page import policy
from tests.support.api import World
from tests.support.planted import Planted, plant, slices
from tests.support.site import CHROMIUM
from tests.support.site import Site as Served
from tests.support.xss import MARK, Vector, vectors

VECTORS = vectors()
TEXTS = [one.text for one in VECTORS]

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (system-packages.txt names it)"),
]

LISTEN = """
window.ran = (n) => console.error('RAN ' + (Array.isArray(n) ? n[0] : n));
window.alert = window.prompt = window.confirm = (n) => window.ran(n);
document.addEventListener('securitypolicyviolation', (e) =>
  console.error('POLICY ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));
"""
TURN = "() => new Promise(done => setTimeout(() => requestAnimationFrame(() => setTimeout(done)), 15))"
LOOK = r"""(mark) => {
  const bad = [];
  for (const one of document.querySelectorAll(`[${mark}]`)) bad.push('ELEMENT ' + one.outerHTML.slice(0, 120));
  for (const one of document.querySelectorAll('*'))
    for (const { name, value } of one.attributes) {
      if (name.startsWith('on')) bad.push('HANDLER ' + name);
      if (['href', 'src', 'action', 'formaction', 'data', 'srcdoc', 'xlink:href'].includes(name)
          && !/^([/?#]|otpauth:|$)/.test(value) && new URL(value, location.href).origin !== location.origin)
        bad.push('ADDRESS ' + name + '=' + value.slice(0, 80));
    }
  if (/^ran \d+$/.test(document.title)) bad.push('TITLE ' + document.title);
  if (/\b1337\b/.test(document.body.textContent)) bad.push('TEMPLATE');
  return bad;
}"""

PAGES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "client": (
        ("/overview", "/overview", ""),
        ("/requests", "/requests?view=all", ""),
        ("/requests/new", "/requests/new", ""),
        ("/requests/{ticket_id}", "/requests/{told}", ""),
        ("/approvals", "/approvals?view=decided", ""),
        ("/approvals/{ticket_id}", "/approvals/{waiting}", ""),
        ("/documents", "/documents", "next"),
        ("/documents/{document_id}", "/documents/{document}", ""),
        ("/invoices", "/invoices", ""),
        ("/invoices/{invoice_id}", "/invoices/{issued}", ""),
        ("/invoices/{invoice_id}/lines/{line_id}", "/invoices/{issued}/lines/{issued_line}", ""),
        ("/disputes", "/disputes", "end"),
        ("/disputes/{dispute_id}", "/disputes/{dispute}", ""),
        ("/statement", "/statement", ""),
        ("/ai-use", "/ai-use", ""),
        ("/insights", "/insights?months=3", ""),
        ("/insights/rows", "/insights/rows", "next"),
        ("/reconciliations", "/reconciliations", ""),
        ("/people", "/people", "next"),
        ("/people/new", "/people/new", ""),
        ("/people/{user_id}", "/people/{person}", ""),
        ("/audit", "/audit", "next"),
        ("/account", "/account", ""),
        ("/account/factor", "/account/factor", ""),
        ("/find", "/find?q=img", ""),
    ),
    "ops": (
        ("/", "/", ""),
        ("/work", "/work?scope=all", ""),
        ("/notices", "/notices?state=all", ""),
        ("/tickets", "/tickets?state=all", "next"),
        ("/tickets/{ticket_id}", "/tickets/{told}", ""),
        ("/tickets/{ticket_id}", "/tickets/{told}?show=ai", ""),
        ("/tasks/{task_id}", "/tasks/{triage}", ""),
        ("/tasks/{task_id}", "/tasks/{contract_task}", ""),
        ("/tasks/{task_id}", "/tasks/{work}", ""),
        ("/tasks/{task_id}", "/tasks/{escalation}", ""),
        ("/validate/{task_id}", "/validate/{keying}", ""),
        ("/review/{task_id}", "/review/{qa_review}", ""),
        ("/documents", "/documents", ""),
        ("/documents/{document_id}", "/documents/{document}", ""),
        ("/quality", "/quality", ""),
        ("/wall", "/wall", ""),
        ("/renewals", "/renewals", ""),
        ("/schedules", "/schedules", ""),
        ("/audit", "/audit", ""),
        ("/insights", "/insights?by=agent", ""),
        ("/insights/rows", "/insights/rows?measure=delivered", ""),
        ("/clients", "/clients", ""),
        ("/clients/new", "/clients/new", ""),
        ("/clients/{client_id}", "/clients/{acme}", ""),
        ("/contracts/new", "/contracts/new?client=acme", ""),
        ("/contracts/{contract_id}", "/contracts/{contract}", ""),
        ("/calendars/new", "/calendars/new?client=acme", ""),
        ("/calendars/{calendar_id}", "/calendars/{calendar}", ""),
        ("/people", "/people", ""),
        ("/palette", "/palette?q=img", ""),
        ("/find", "/find?q=onerror", ""),
        ("/help/keys", "/help/keys", ""),
        ("/approvals", "/approvals?view=decided", ""),
        ("/welcome", "/welcome", ""),
    ),
    "finance": (
        ("/billing", "/billing", ""),
        ("/invoices", "/invoices", ""),
        ("/invoices/{invoice_id}", "/invoices/{invoice}", ""),
        ("/invoices/{invoice_id}/lines/{line_id}", "/invoices/{invoice}/lines/{line}", ""),
        ("/billing/held/{usage_id}", "/billing/held/{held}", ""),
        ("/disputes", "/disputes", "end"),
        ("/disputes/{dispute_id}", "/disputes/{dispute}", ""),
        ("/statement", "/statement", ""),
        ("/books", "/books", ""),
        ("/books/month", "/books/month?book=acme&period=2026-10", ""),
        ("/reconciliations", "/reconciliations", ""),
        ("/vendors", "/vendors", "next"),
        ("/vendors/new", "/vendors/new?client=acme", ""),
        ("/vendors/import", "/vendors/import", ""),
        ("/vendors/{vendor_id}", "/vendors/{vendor}", ""),
        ("/coding-rules", "/coding-rules?client=acme", ""),
        ("/coding-rules/{rule_id}", "/coding-rules/{rule}", ""),
        ("/chart-of-accounts", "/chart-of-accounts?client=acme", "next"),
        ("/chart-of-accounts/new", "/chart-of-accounts/new?client=acme", ""),
        ("/chart-of-accounts/import", "/chart-of-accounts/import", ""),
        ("/chart-of-accounts/{account_id}", "/chart-of-accounts/{account}", ""),
    ),
}
"""Who opens what: the route, an address of it, and whether the pages after it are opened too."""
KNOWN = (
    *(
        "Failed to load resource",
        "does not conform to the required format",
        "cannot be parsed, or is out of range",
    ),
    "Form submission canceled",
)
"""What a browser says of a refusal, of a day that is none, of a form that was changed while it was sent: none of it is
about what ran."""
NO_PAGE = {
    *("/live", "/static/{mark}/{name:path}", "/login", "/login/code"),
    *("/login/oidc", "/login/oidc/back", "/login/oidc/out"),
}
"""Streams, files, and pages that show nothing of the database (what is typed there is tested apart)."""


@dataclass
class Site:
    """The served app, full of vectors."""

    base: str
    world: World
    planted: Planted

    def address(self, path: str) -> str:
        ids: dict[str, Any] = {**self.planted.ids, "told": self.planted.told[0], "acme": self.world.acme}
        return path.format(**ids)


@dataclass
class Heard:
    """What a browser window said that it should not have."""

    page: Page
    wrong: list[str] = field(default_factory=list)
    opened: int = 0

    def open(self, address: str) -> None:
        answer = self.page.goto(address, wait_until="load")
        assert answer is not None
        assert answer.status in (200, 201), (address, answer.status)
        self.look(address)

    def look(self, where: str) -> None:
        self.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        self.wrong += [f"{where}: {one}" for one in self.page.evaluate(LOOK, MARK)]
        self.opened += 1


def listening(context: BrowserContext, base: str) -> Heard:
    """A new window that tells of everything that ran, was blocked, or was asked of somebody else."""
    context.add_init_script(LISTEN)
    heard = Heard(context.new_page())

    page = heard.page

    def dialog(one: Dialog) -> None:
        heard.wrong.append(f"dialog: {one.message}")
        one.dismiss()

    def elsewhere(route: Route) -> None:
        heard.wrong.append(f"request: {route.request.url}")
        route.abort()

    def said(one: ConsoleMessage) -> None:
        if one.type in ("error", "warning") and not any(known in one.text for known in KNOWN):
            heard.wrong.append(one.text)

    def answered(one: Response) -> None:
        if one.status >= 500:
            heard.wrong.append(f"{one.status}: {one.url}")

    page.on("console", said)
    page.on("response", answered)
    page.on("pageerror", lambda error: heard.wrong.append(f"error: {error}"))
    page.on("dialog", dialog)
    page.route(lambda url: not url.startswith(base), elsewhere)
    return heard


def seeded(made: Served) -> Site:
    planted = plant(made.world, TEXTS)
    planted.ids["contract_task"] = planted.ids.pop("contract_kind")
    return Site(made.base, made.world, planted)


@pytest.fixture
def window(site: Site, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Heard]:
    """A window of the person a test names (``client`` where it names nobody)."""
    context = browser.new_context(base_url=site.base)
    context.set_default_timeout(30_000)
    who = getattr(request, "param", "client")
    if who:
        token = site.planted.people[who].token
        context.add_cookies([{"name": "tos_session", "value": token, "url": site.base, "httpOnly": True}])
    with capture_logs() as logs:
        heard = listening(context, site.base)
        yield heard
        context.close()
    reports = [one["report"][:300] for one in logs if one["event"] == "portal.policy_violated"]
    assert heard.opened > 0
    assert reports == []
    assert heard.wrong == []


def test_there_are_five_hundred_of_them_and_they_are_no_blanks(browser: Browser) -> None:
    """The same texts on pages that let them run: they do, and the listening hears it."""
    assert len(VECTORS) >= 500
    assert len(set(TEXTS)) == len(VECTORS)
    awake = [one for one in VECTORS if not _asleep(one)][::7]
    context = browser.new_context(base_url="http://naive.invalid")
    heard = listening(context, "http://naive.invalid")

    def answer(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[1]
        if name.isdigit():
            body = f"<!doctype html><meta charset=utf-8>{awake[int(name)].naive}"
            route.fulfill(content_type="text/html; charset=utf-8", body=body)
        else:
            route.fulfill(status=404)

    heard.page.route("http://naive.invalid/**", answer)
    alive: Counter[str] = Counter()
    for at in range(len(awake)):
        heard.wrong.clear()
        try:
            heard.page.goto(f"/{at}", wait_until="load")
            heard.page.evaluate(TURN)
            marked = heard.page.evaluate(LOOK, MARK)
        except Error:  # it has taken the page away
            marked = ["gone"]
        ran = bool(heard.wrong) or any(one.startswith("TITLE") for one in marked)
        alive["ran" if ran else "seen" if marked else "missed"] += 1
    context.close()
    assert alive["missed"] <= 0.1 * len(awake), alive
    assert alive["ran"] >= 0.5 * len(awake), f"others wait for a person to point or to press: {alive}"


def test_what_the_policy_stops_is_heard(site: Site, browser: Browser) -> None:
    """A page of ours that were careless: the policy stops the script, and both reports arrive."""
    context = browser.new_context(base_url=site.base)
    heard = listening(context, site.base)
    heard.page.route(
        f"{site.base}/careless",
        lambda route: route.fulfill(
            content_type="text/html",
            headers={"Content-Security-Policy": policy("abc")},
            body="<img src=x onerror=ran(1)><script>ran(2)</script>",
        ),
    )
    with capture_logs() as logs:
        heard.page.goto("/careless")
        end = time.monotonic() + 20
        while not any(one["event"] == "portal.policy_violated" for one in logs) and time.monotonic() < end:
            heard.page.wait_for_timeout(50)
    context.close()
    assert any(one["event"] == "portal.policy_violated" for one in logs)
    assert any(one.startswith("POLICY script-src") for one in heard.wrong), heard.wrong
    assert not any(one.startswith("RAN") for one in heard.wrong)


def test_every_page_of_the_portal_is_opened() -> None:
    """A new page must be named here, or said to show nothing."""
    listed = {path for (method, path) in PORTAL_RULES if method == "GET" and not path.endswith(".csv")}
    opened = {route for pages in PAGES.values() for route, _, _ in pages}
    assert listed - opened - NO_PAGE == set()
    assert opened - listed == set()


@pytest.mark.parametrize(("window", "who"), [(who, who) for who in PAGES], indirect=["window"])
def test_nothing_runs_where_it_is_shown(site: Site, window: Heard, who: str) -> None:
    for _, path, following in PAGES[who]:
        window.open(site.address(path))
        pages = 1
        while following and pages < 15:
            more = window.page.locator(".pages a[rel=next]")
            if more.count() == 0:
                break
            window.open(str(more.get_attribute("href")))
            pages += 1
        assert following != "next" or pages == 15, path
        assert following != "end" or 1 < pages < 15, path


@pytest.mark.parametrize("window", ["ops"], indirect=True)
def test_every_story_and_what_is_folded_in_it(site: Site, window: Heard) -> None:
    for ticket in site.planted.told:
        window.open(f"/tickets/{ticket}?order=oldest")
        shown = window.page.inner_text("#timeline")
        assert shown.count(MARK) > 100


@pytest.mark.parametrize("window", ["ops"], indirect=True)
def test_what_scripts_of_ours_put_into_a_page(site: Site, window: Heard) -> None:
    """The palette's answers and memory, a list that follows its filters, checks that follow what is typed."""
    page = window.page
    window.open(site.address("/validate/{keying}"))
    fields = page.locator("#vform input[data-name]")
    typed = list(zip(range(fields.count()), slices(TEXTS, 12), strict=False))
    checked = page.locator("#vform").get_attribute("data-check")
    for n, text in typed:
        with page.expect_response(lambda one: one.url.endswith(str(checked))):
            fields.nth(n).fill(text.replace("\n", " "))
            page.keyboard.press("Tab")
    page.evaluate(TURN)
    window.look("checks")
    for at in range(min(fields.count(), 4)):
        option = page.locator(".cands [role=option]").nth(at)
        if option.count() and option.is_visible():
            option.click()
    window.look("candidates")
    window.open(f"/tickets/{site.planted.told[0]}")
    window.open("/account")
    for words in ("", "img", "svg onload", TEXTS[0], TEXTS[40], TEXTS[-1]):
        page.keyboard.press("Control+k")
        with page.expect_response("**/palette?q=*") if words else nullcontext():
            page.keyboard.insert_text(words.replace("\n", " "))
        page.evaluate(TURN)
        window.look(f"palette {words[:20]}")
        assert page.locator("#palette[open]").count() == 1
        page.keyboard.press("Escape")
    page.goto("/tickets?state=all")
    for text in slices(TEXTS, 6):
        with page.expect_response("**/tickets?*"):
            page.fill("#filter-q", text.replace("\n", " "))
        page.evaluate(TURN)
        window.look(f"search {text[:30]}")


@pytest.mark.parametrize(("window", "who"), [(who, who) for who in PAGES], indirect=["window"])
def test_what_stands_in_the_address_comes_back_as_text(site: Site, window: Heard, who: str) -> None:
    """Every filter of every list and page, whatever it is called."""
    names = (
        *(
            "q",
            "state",
            "stage",
            "line",
            "priority",
            "client",
            "sla",
            "desk",
            "since",
            "until",
            "cursor",
            "view",
        ),
        *(
            "scope",
            "kind",
            "event",
            "actor",
            "ticket",
            "show",
            "order",
            "month",
            "period",
            "book",
            "source",
            "day",
        ),
        *("months", "type", "field", "category", "supplier", "as_of", "next", "money"),
    )
    picked = list(slices(TEXTS, 24))
    for at, (route, path, _) in enumerate(PAGES[who]):
        if (
            "{" in route and route != "/tickets/{ticket_id}"
        ):  # the page of one row takes nothing from the address
            continue
        text = picked[at % len(picked)]
        target = site.address(path).partition("?")[0]
        query = window.page.evaluate(
            "([names, text]) => new URLSearchParams(names.map((one) => [one, text])).toString()",
            [names, text],
        )
        answer = window.page.goto(f"{target}?{query}", wait_until="domcontentloaded")
        assert answer is not None
        assert answer.status < 500, (target, answer.status)
        window.look(f"{target}?…={text[:30]}")


@pytest.mark.parametrize("window", [""], indirect=True)
def test_pages_for_those_who_are_not_signed_in(site: Site, window: Heard) -> None:
    behind = {path for (method, path), rule in OPEN.items() if rule is LINK and method == "GET"}
    assert set(site.planted.links) == {path for path in behind if not path.endswith("/pages/{page}")}
    for path, address in site.planted.links.items():
        window.open(address)
        assert "<" in window.page.inner_text("body"), path
    window.page.fill("[name=password]", TEXTS[0].replace("\n", " "))
    window.page.click("button.main-act")  # it is no PDF at all, which the page says of this very file name
    window.page.wait_for_selector("[role=alert]")
    window.look("a wrong password")
    page = window.page
    for text in slices(TEXTS, 10):
        page.goto("/login?next=" + quote(f"/work?q={text}", safe=""))
        window.look("next")
        page.evaluate(
            "(text) => { const f = document.querySelector('[name=email]'); f.type = 'text'; f.value = text; }",
            text,
        )
        page.fill("[name=password]", text.replace("\n", " "))
        page.click("button.main-act")
        page.wait_for_selector("#notice .notice")
        window.look("login")


FORMS = {
    "client": ("/requests/new", "/people/new", "/approvals/{waiting}", "/requests/{told}"),
    "ops": (
        *("/clients/new", "/people/new", "/contracts/new?client=acme", "/calendars/new?client=acme"),
        *("/tickets/{told}", "/tasks/{work}", "/tasks/{escalation}", "/validate/{keying}", "/review/{qa_review}", "/work"),
    ),
    "finance": ("/invoices/{invoice}", "/reconciliations", "/books/month?book=acme&period=2026-10"),
}  # fmt: skip
FILL = """([at, text]) => {
  const form = document.querySelectorAll('main form[method=post]')[at];
  form.noValidate = true;
  for (const one of form.elements) {
    if (one.type === 'hidden' || one.type === 'file') continue;
    if (one.type === 'checkbox' || one.type === 'radio') { one.checked = true; continue; }
    if (one.tagName === 'SELECT') { if (one.options.length) one.value = one.options[one.options.length - 1].value; continue; }
    if (one.tagName === 'BUTTON') continue;
    if (one.tagName === 'INPUT') { one.type = 'text'; one.removeAttribute('maxlength'); }
    one.value = text;
  }
  HTMLFormElement.prototype.submit.call(form);
}"""


@pytest.mark.parametrize(("window", "who"), [(who, who) for who in FORMS], indirect=["window"])
def test_what_was_typed_comes_back_as_text(site: Site, window: Heard, who: str) -> None:
    """Every form of these pages, filled with a vector and sent; most are refused and show what was typed. Of the
    forms of a page that send the same act (each act of AI can be judged), two are sent."""
    page, picked = window.page, list(slices(TEXTS, 40))
    sent, alike = 0, Counter[str]()
    for path in FORMS[who]:
        page.goto(site.address(path))
        actions = page.evaluate(
            "[...document.querySelectorAll('main form[method=post]')].map((one) => one.action)"
        )
        for at, action in enumerate(actions):
            if "/views/" in action or "/work/next" in action:
                continue
            alike[action] += 1
            if alike[action] > 2:
                continue
            if page.url != site.base + site.address(path):
                page.goto(site.address(path))
            if at >= page.locator("main form[method=post]").count():  # what was sent before has used it up
                continue
            with page.expect_navigation(wait_until="load"):
                page.evaluate(FILL, [at, picked[sent % len(picked)]])
            sent += 1
            window.look(f"{action} sent")
    assert sent >= len(FORMS[who])


def _asleep(one: Vector) -> bool:
    """Spelled so that it runs only where something decodes it once too often."""
    spelled = one.text
    return any(mark in spelled for mark in ("&lt;", "%3C", "\\u003c", "＜")) or "{{" in spelled
