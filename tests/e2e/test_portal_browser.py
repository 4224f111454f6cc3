"""The portal in a real browser on the real stack: a ticket by keyboard alone, live pages, no script, and what
axe, the console and the network say about every page and state."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Route,
    ViewportSize,
)

from tests.support import site
from tests.support.site import CHROMIUM, STILL, faults_in_shapes
from ticketos.dev.first_run import first_account
from ticketos.dev.sim.documents import SampleDocument, generate
from ticketos.dev.stack import Stack

PASSWORD = "correct horse battery staple"
WIDE: ViewportSize = {"width": 1280, "height": 860}
PAPERS = [generate("invoice", 4100 + index) for index in range(4)]

# A word of the first page that no field's box covers: its middle, and what it says.
OFFLINE_ONCE = """() => { const real = window.fetch; window.fetch = (...asked) => {
  if (!String(asked[0]).endsWith("/reading")) return real(...asked);
  window.fetch = real; window.wasOffline = true; return Promise.reject(new TypeError("offline")); }; }"""
"""The words of a page cannot be had the first time they are asked for."""
FREE_WORD = """words => words.filter(w => w.page === 1 && /^[A-Za-z]{3,}$/.test(w.text))
  .map(w => [(w.box[0] + w.box[2]) / 2, (w.box[1] + w.box[3]) / 2, w.text])
  .find(([x, y]) => {
    const stage = document.querySelector(".viewer-stage").getBoundingClientRect();
    const room = document.querySelector(".viewer-room").getBoundingClientRect();
    const [at, down] = [stage.left + x * stage.width, stage.top + y * stage.height];
    return at > room.left && at < room.right && down > room.top && down < Math.min(room.bottom, innerHeight)
      && !document.elementFromPoint(at, down).closest(".box");
  })"""

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (system-packages.txt names it)"),
]


@dataclass
class Office:
    """A running stack with a client, a contract and people."""

    base: str
    admin: httpx2.Client
    client_id: str = ""
    raised: dict[str, SampleDocument] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, body: Any, who: httpx2.Client | None = None) -> Any:
        answer = (who or self.admin).post(path, json=body)
        assert answer.status_code < 300, (path, answer.text)
        return answer.json()

    def get(self, path: str, **params: Any) -> Any:
        answer = self.admin.get(path, params=params)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def signed_in(self, email: str) -> httpx2.Client:
        client = httpx2.Client(base_url=self.base, timeout=30)
        token = self.post("/v1/sessions", {"email": email, "password": PASSWORD, "cookie": False}, client)[
            "token"
        ]
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    def person(self, key: str, role: str, skills: list[str], company: str | None = None) -> str:
        email = f"{key}@people.example"
        grant = {"role": role, "client_id": company}
        body = {
            "email": email,
            "name": key.title(),
            "password": PASSWORD,
            "grants": [grant],
            "skills": skills,
        }
        certified = {
            "certifications": dict.fromkeys(skills),
            "client_id": company or self.get("/v1/me")["client_id"],
        }
        self.people[key] = self.post("/v1/users", body | certified)["id"]
        return email

    def raise_ticket(self, paper: SampleDocument, subject: str) -> str:
        """A request with one document, as soon as somebody must key it."""
        files = [("files", (paper.filename, paper.content, "application/pdf"))]
        answer = self.admin.post("/v1/tickets", data={"client": "acme", "subject": subject}, files=files)
        assert answer.status_code == 201, answer.text
        ticket: str = answer.json()["id"]
        self.raised[ticket] = paper
        return ticket

    def task(self, ticket: str, kind: str) -> str:
        """The open task of that kind, once it is there."""
        found = eventually(
            lambda: self.get("/v1/tasks", ticket_id=ticket, kind=kind)["items"], f"{kind} of {ticket}"
        )
        task: str = found[0]["id"]
        if kind == "keying" and found[0]["assigned_to"] != self.people["asha"]:
            self.post(f"/v1/tasks/{task}/assign", {"user_id": self.people["asha"]})
        return task


def eventually(look: Callable[[], Any], what: str, seconds: float = 90.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"never came: {what}")


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with Stack(temporary=True, web_ui=False) as urls:
        account = first_account(urls.database, urls.home)
        assert account is not None
        made = Office(urls.portal, httpx2.Client(base_url=urls.portal, timeout=30))
        body = {"email": account.email, "password": account.password, "cookie": False}
        made.admin.headers["Authorization"] = f"Bearer {made.post('/v1/sessions', body)['token']}"
        client = made.post(
            "/v1/clients", {"slug": "acme", "prefix": "ACME", "name": "Acme Foods", "state_code": "27"}
        )
        made.client_id = client["id"]
        terms = {
            "qa": {"sample_rate": "1"},
            "ai": {"field_threshold": "0.995"},
            "pricing": {"kind": "flat", "data": {"unit_price": "3.50"}, "currency": "INR"},
        }
        contract = {
            "client_id": client["id"],
            "number": "SOW-1",
            "name": "Invoices",
            "service_line": "data_entry",
        }
        made.post("/v1/contracts", contract | {"starts_on": "2024-01-01", "terms": terms})
        made.person("asha", "agent", ["data_entry"])
        made.person("vikram", "qa", ["qa"])
        made.person("olga", "ops", [])
        made.person("boss", "client_admin", [], made.client_id)
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with site.chromium() as browser:
        yield browser


@dataclass
class Watched:
    """A page with everything it complained of or asked elsewhere for."""

    page: Page
    wrong: list[str] = field(default_factory=list)


def listen(page: Page, base: str, wrong: list[str]) -> None:
    """Write down what the page complains of and what it asks other hosts for."""

    def said(one: ConsoleMessage) -> None:
        if one.type in ("error", "warning"):
            wrong.append(one.text)

    def asked(one: Request) -> None:
        if not one.url.startswith(base):
            wrong.append(one.url)

    page.on("console", said)
    page.on("pageerror", lambda one: wrong.append(str(one)))
    page.on("request", asked)


def until(page: Page, expression: str, seconds: float = 60.0) -> None:
    """Wait until the page says so. (The browser's own waiting would need eval, which the policy forbids.)"""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(100)


@contextmanager
def watched(browser: Browser, base: str, **options: Any) -> Iterator[Watched]:
    """A new browser window; at its end nothing may have gone wrong in it."""
    context: BrowserContext = browser.new_context(base_url=base, **{"viewport": WIDE, **STILL, **options})
    context.set_default_timeout(30_000)
    found = Watched(context.new_page())
    listen(found.page, base, found.wrong)
    try:
        yield found
        assert found.wrong == []
    finally:
        context.close()


def sign_in(page: Page, email: str) -> None:
    """By keyboard: the form has the focus."""
    page.goto("/login")
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def focused(page: Page) -> str:
    """The field that has the focus, by name, else its id."""
    name: str = page.evaluate("document.activeElement.dataset.name || document.activeElement.id")
    return name


def test_a_ticket_by_keyboard_alone_while_operations_watch_it_live(office: Office, chromium: Browser) -> None:
    ticket = office.raise_ticket(PAPERS[0], "Invoice of the morning")
    truth = PAPERS[0].truth.fields
    office.task(ticket, "keying")
    with watched(chromium, office.base) as ops, watched(chromium, office.base) as agent:
        sign_in(ops.page, "olga@people.example")
        ops.page.goto(f"/tickets/{ticket}")
        ops.page.evaluate("window.neverReloaded = true")
        assert ops.page.inner_text("#progress li.now .step-name").startswith("Delivery")

        page = agent.page
        sign_in(page, "asha@people.example")
        assert page.url.endswith("/work")
        with page.expect_navigation():
            page.keyboard.press("n")
        page.wait_for_selector("#f-total")
        weak = page.locator("[data-wanted] [data-name]").evaluate_all(
            "all => all.map(one => one.dataset.name)"
        )
        assert len(weak) >= 5, weak
        keys = 0
        for name in weak:
            assert focused(page) == name
            assert page.locator(".box.now").count() == 1 or not page.get_attribute(f"#f-{name}", "data-box")
            if truth.get(name) and keys < 10:  # five values are typed, the rest are right as they stand
                page.keyboard.type(str(truth[name]))
                keys += 1
            page.keyboard.press("Enter")
            keys += 1
        assert focused(page) == "save"
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        keys += 1
        assert keys <= 20, keys
        assert "is saved" in page.inner_text("#notice")

        reviewer = office.task(ticket, "qa_review")
        with watched(chromium, office.base) as second:
            page = second.page
            sign_in(page, "vikram@people.example")
            with page.expect_navigation():
                page.keyboard.press("n")
            assert page.url.endswith(f"/review/{reviewer}")
            names = page.locator("[data-wanted] [data-name]").evaluate_all(
                "all => all.map(one => one.dataset.name)"
            )
            for name in names:
                assert focused(page) == name
                page.keyboard.type(str(truth.get(name) or ""))
                page.keyboard.press("Enter")
            assert focused(page) == "lines.count"  # lines and coding may be read again too
            with page.expect_navigation():
                page.keyboard.press("Control+Enter")
            assert "Everything you read matches" in page.inner_text("#vform")
            with page.expect_navigation():
                page.keyboard.press("Enter")
            assert "passed" in page.inner_text("#notice")

        until(
            ops.page,
            "document.querySelector('#progress li.now .step-name')?.textContent.startsWith('Approval')",
        )
        boss = office.signed_in("boss@people.example")
        offered = boss.get(f"/v1/tickets/{ticket}/tree").json()["approvals"][-1]["version"]
        office.post(f"/v1/tickets/{ticket}/approval", {"version": offered, "decision": "accept"}, boss)
        until(ops.page, "document.querySelector('#state').textContent.includes('Closed')")
        assert ops.page.evaluate("window.neverReloaded") is True


def test_palette_cheat_sheet_and_list_keys(office: Office, chromium: Browser) -> None:
    word = f"needle{secrets.token_hex(3)}"
    ticket = office.raise_ticket(PAPERS[1], f"{word} in the stack")
    other = office.raise_ticket(generate("invoice", 4150), "Another one in the list")
    for one in (ticket, other):  # nothing moves in the list any more once both wait for a person
        office.task(one, "keying")
    with watched(chromium, office.base) as found:
        page = found.page
        sign_in(page, "olga@people.example")
        page.goto("/account")
        page.focus("#field-zone")
        page.keyboard.press("Control+k")
        page.keyboard.type(word)
        page.wait_for_selector(f"#palette [role=option]:has-text('{word}')")
        for _ in range(6):  # the focus stays inside
            page.keyboard.press("Tab")
        assert page.evaluate(
            "document.getElementById('palette').contains(document.activeElement) || document.activeElement === document.body"
        )
        page.keyboard.press("Escape")
        assert focused(page) == "field-zone"  # and comes back
        page.keyboard.press("Control+k")
        page.keyboard.type(word)
        page.wait_for_selector(f"#palette [role=option]:has-text('{word}')")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.url.endswith(f"/tickets/{ticket}")
        page.goto("/account")
        page.keyboard.press("Control+k")
        page.wait_for_selector(f"#palette [role=option]:has-text('{word}')")  # recents, with nothing typed
        page.keyboard.press("Escape")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("?")
        assert "Go to Tickets" in page.inner_text("#sheet")
        page.keyboard.press("Escape")
        with page.expect_navigation():
            page.keyboard.press("g")
            page.keyboard.press("t")
        page.keyboard.press("j")
        first = page.evaluate("document.activeElement.textContent")
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.textContent") != first
        page.keyboard.press("k")
        assert page.evaluate("document.activeElement.textContent") == first
        page.fill("#filter-q", word)
        page.wait_for_url(f"**/tickets?**q={word}*")
        assert page.locator("[data-row]").count() == 1
        page.go_back()
        until(page, "document.querySelectorAll('[data-row]').length > 1")


def test_shortcuts_can_be_switched_off(office: Office, chromium: Browser) -> None:
    with watched(chromium, office.base) as found:
        page = found.page
        sign_in(page, "olga@people.example")
        page.goto("/account")
        page.uncheck("input[name=shortcuts]")
        with page.expect_navigation():
            page.click("form[action='/preferences'] button")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("?")
        page.keyboard.press("g")
        page.keyboard.press("t")
        page.wait_for_timeout(300)
        assert page.url.endswith("/account") and not page.locator("#sheet[open]").count()
        page.keyboard.press("Control+k")
        assert page.locator("#palette[open]").count() == 1


def test_a_box_is_drawn_and_a_word_pointed_at(office: Office, chromium: Browser) -> None:
    paper = PAPERS[2]
    ticket = office.raise_ticket(paper, "Draw on me")
    task = office.task(ticket, "keying")
    with watched(chromium, office.base) as found:
        page = found.page
        sign_in(page, "asha@people.example")
        page.goto(f"/validate/{task}")
        # Page and fields scroll by themselves: below them the window ends, and with it the page.
        assert page.evaluate("document.documentElement.scrollHeight - window.innerHeight") <= 1
        until(page, "document.querySelector('.viewer img').naturalWidth > 0")
        name = page.get_attribute(
            "input[data-name='supplier_name']:not([data-box='']), input[data-name='number']", "data-name"
        )
        read = page.input_value(f"#f-{name}")
        page.fill(f"#f-{name}", "")
        page.click("[data-view=draw]")
        page.focus(f"#f-{name}")
        stage = page.locator(".viewer-stage").bounding_box()
        box = [float(edge) for edge in str(page.get_attribute(f"#f-{name}", "data-box")).split(",")]
        assert stage is not None

        def at(x: float, y: float) -> tuple[float, float]:
            return stage["x"] + x * stage["width"], stage["y"] + y * stage["height"]

        page.mouse.move(*at(box[0] - 0.01, box[1] - 0.004))
        page.mouse.down()
        page.mouse.move(*at(box[2] + 0.01, box[3] + 0.004), steps=4)
        page.mouse.up()
        until(page, f"document.querySelector('#f-{name}').value !== ''")
        assert read in page.input_value(f"#f-{name}")
        page.fill(f"#f-{name}", "")
        page.focus("#f-currency")
        page.mouse.click(*at((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
        assert focused(page) == name  # the box of a field leads to the field
        assert page.input_value(f"#f-{name}") == ""
        reading = page.request.get(
            f"/v1/documents/{page.get_attribute('[data-viewer]', 'data-document')}/reading"
        )
        x, y, word = page.evaluate(FREE_WORD, reading.json()["words"])
        page.evaluate(OFFLINE_ONCE)
        page.mouse.click(*at(x, y))
        until(page, "window.wasOffline")
        assert page.input_value(f"#f-{name}") == ""
        held: list[Route] = []
        page.route("**/v1/documents/*/reading", lambda route: held.append(route))
        page.mouse.click(*at(x, y))
        end = time.monotonic() + 60
        while not held:  # the page asks for the words
            assert time.monotonic() < end, "the words were not asked for"
            page.wait_for_timeout(20)
        page.focus("#f-total")
        total = page.input_value("#f-total")
        # The words come when the person has gone on: what was pointed at goes where it was meant, nobody is called back.
        held[0].continue_()
        until(page, f"document.querySelector('#f-{name}').value === {word!r}")
        assert (focused(page), page.input_value("#f-total")) == ("total", total)
        page.focus(f"#f-{name}")
        page.click("[data-view=turn]")
        page.click("[data-view=in]")
        page.click(".box.now")
        assert focused(page) == name
        page.fill("#f-total", "1")
        page.keyboard.press("Tab")
        page.wait_for_selector("#checks li.bad:has-text('Net plus tax')")
        page.focus("#f-total")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("1")
        page.wait_for_selector("#checks li.good:has-text('Net plus tax')")


def test_without_a_script_the_forms_do_their_work(office: Office, chromium: Browser) -> None:
    ticket = office.raise_ticket(PAPERS[3], "By hand")
    task = office.task(ticket, "keying")
    with watched(chromium, office.base, java_script_enabled=False) as found:
        page = found.page
        page.goto("/work")
        page.fill("#field-email", "asha@people.example")
        page.fill("#field-password", PASSWORD)
        page.click("button.main-act")
        assert page.url.endswith("/work")
        page.select_option("#filter-kind", "keying")
        page.click("form.filters button")
        assert "kind=keying" in page.url
        page.goto(f"/validate/{task}")
        assert page.locator(".viewer img").get_attribute("src") is not None
        for name, value in PAPERS[3].truth.fields.items():
            if value and page.locator(f"#f-{name}").count():
                page.fill(f"#f-{name}", str(value))
        page.click("#save")
        assert "is saved" in page.inner_text("#notice")
        page.goto(f"/tickets/{ticket}")
        page.click("#act-pause summary")
        page.fill("#reason-pause", "Waiting for the order")
        page.click("#act-pause form button")
        assert "paused" in page.inner_text("#notice") or "being applied" in page.inner_text("#notice")
        page.goto("/find?q=hand")
        assert page.locator("a:has-text('By hand')").count() == 1
    resumed = office.admin.post(f"/v1/tickets/{ticket}/resume", json={})
    assert resumed.status_code in (200, 202, 403, 409), resumed.text


STATES: tuple[tuple[str, str], ...] = (
    ("", "/login"),
    ("olga", "/work"),
    ("olga", "/work?scope=all"),
    ("olga", "/tickets"),
    ("olga", "/tickets?state=all"),
    ("olga", "/tickets?q=nothing-like-it"),
    ("olga", "/tickets/{ticket}"),
    ("olga", "/tickets/{ticket}?show=money&order=oldest"),
    ("olga", "/documents/{document}"),
    ("olga", "/account"),
    ("olga", "/account/factor"),
    ("olga", "/quality"),
    ("olga", "/find?q=needle"),
    ("olga", "/help/keys"),
    ("olga", "/validate/{task}"),
    ("asha", "/work?scope=queue"),
    ("asha", "/validate/{task}"),
    ("boss", "/tickets"),
    ("boss", "/tickets/{ticket}"),
    ("boss", "/quality"),
)
REFUSED: tuple[tuple[str, str], ...] = (("asha", "/quality"), ("boss", "/work"), ("boss", "/tickets/{other}"))


def test_every_page_and_state_is_accessible_quiet_and_fits(
    office: Office, chromium: Browser, tmp_path: Path
) -> None:
    ticket = next(iter(office.raised)) if office.raised else office.raise_ticket(PAPERS[0], "For the eyes")
    waiting = office.raise_ticket(generate("invoice", 4199), "Still to be keyed")
    task = office.task(waiting, "keying")
    document = office.get(f"/v1/tickets/{ticket}/tree")["documents"][0]["id"]
    places = {
        "ticket": ticket,
        "task": task,
        "document": document,
        "other": "0198c0de-6c1f-7d3e-9a55-3f1e2d4c5b6a",
    }
    found: list[str] = []
    sessions: dict[str, Any] = {"": None}
    for who, path in (*STATES, *REFUSED):
        if who not in sessions:
            with watched(chromium, office.base) as entering:
                sign_in(entering.page, f"{who}@people.example")
                sessions[who] = entering.page.context.storage_state()
        context = chromium.new_context(
            base_url=office.base, viewport=WIDE, storage_state=sessions[who], **STILL
        )
        page, name = context.new_page(), f"{who or 'nobody'} {path}"
        loud: list[str] = []
        listen(page, office.base, loud)
        page.goto(path.format(**places))
        found += faults_in_shapes(page, name)
        if loud and (who, path) not in REFUSED:
            found.append(f"{name}: {loud}")
        context.close()
    assert found == []
