"""One palette everywhere: it does what the page can do, what the role can do, and finds records of every kind; forms
are sent from the keyboard; the cheat sheet says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page

from tests.support.site import CHROMIUM, Site, faults_of, ids

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (system-packages.txt names it)"),
]


def seeded(site: Site) -> Site:
    world = site.world
    site.people = {
        "admin": world.person(world.provider, ("admin", None), name="Ada Admin"),
        "leaving": world.person(world.provider, ("admin", None)),
        "lead": world.person(world.provider, ("lead", None)),
        "client": world.person(world.acme, ("client_user", world.acme)),
    }
    ticket = world.ticket(world.acme, stage="delivery", subject="Freight papers")
    paper = world.document(world.acme, ticket, state="posted", filename="zebra-4711.pdf")
    offered = world.ticket(world.acme, stage="approval", number="ACME-E")
    for _ in range(2):
        world.document(world.acme, offered, state="posted")
    world.approval(world.acme, offered, "e" * 64, deemed_at=datetime.now(UTC) + timedelta(days=3))
    site.ids = ids(ticket=ticket, paper=paper, offered=offered)
    return site


def asked(page: Page, words: str, line: str) -> None:
    """Open the palette, type, and wait until that line is the first."""
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.wait_for_selector(f"#palette [role=option][aria-selected=true]:has-text('{line}')")


def test_what_the_page_can_do_is_done_from_the_palette(site: Site, browser: Browser) -> None:
    context = site.context(browser, "lead")
    page = context.new_page()
    page.goto(f"/tickets/{site.ids['ticket']}")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette .kind:has-text('On this page')")
    assert faults_of(page, "palette") == []
    assert "Sign out" not in page.inner_text("#palette-found")  # nobody leaves by pressing Enter too soon
    page.keyboard.press("Escape")
    asked(page, "cancel", "Cancel")  # an act without a key of its own
    page.keyboard.press("Enter")
    page.wait_for_selector("#act-cancel[open] textarea")
    context.close()


def test_what_a_role_can_do_is_done_from_anywhere(site: Site, browser: Browser) -> None:
    context = site.context(browser, "leaving")
    page = context.new_page()
    page.goto("/clients?x=1")
    asked(page, "add a per", "Add a person")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/people/new")
    page.goto("/clients?x=1")
    asked(page, "dark", "Look: dark")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/clients?x=1")
    assert page.get_attribute("html", "data-theme") == "dark"
    asked(page, "sign out", "Sign out")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/login" in page.url
    context.close()


@pytest.mark.parametrize(
    ("words", "line", "to"),
    [
        ("zebra", "zebra-4711.pdf", "/documents/{paper}"),
        ("ada adm", "Ada Admin", "/people/"),
        ("acme", "Acme", "/clients/"),
        ("freight", "Freight papers", "/tickets/{ticket}"),
    ],
)
def test_records_of_every_kind_are_found(
    site: Site, browser: Browser, words: str, line: str, to: str
) -> None:
    context = site.context(browser, "admin")
    page = context.new_page()
    page.goto("/account")
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    found = page.locator(f"#palette [role=option][data-href^='{to.format(**site.ids)}']:has-text('{line}')")
    found.wait_for()
    with page.expect_navigation():
        found.click()
    assert to.format(**site.ids) in page.url
    context.close()


def test_a_client_finds_its_own_and_no_offices(site: Site, browser: Browser) -> None:
    context = site.context(browser, "client", java_script_enabled=False)
    page = context.new_page()
    page.goto("/find?q=e")
    text = page.inner_text("main")
    assert "New request" in text
    for office in ("Ada Admin", "Add a client", "Add a person", "Take the next task"):
        assert office not in text
    page.goto("/find?q=dark")
    page.get_by_role("button", name="Look: dark").click()  # the same without a script
    assert page.get_attribute("html", "data-theme") == "dark"
    context.close()


def test_a_form_is_sent_by_ctrl_enter_and_one_of_several_acts_is_not(site: Site, browser: Browser) -> None:
    context = site.context(browser, "lead")
    page = context.new_page()
    page.goto(f"/tickets/{site.ids['ticket']}")
    page.keyboard.press("?")
    sheet = page.inner_text("#sheet-keys")
    assert "Send the form you are in" in sheet
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.fill("#note-text", "Called them")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert "Called them" in page.inner_text("#timeline")
    page.goto("/tickets")
    page.keyboard.press("?")
    assert "Next and previous row" in page.inner_text("#sheet-keys")
    context.close()
    context = site.context(browser, "client")
    page = context.new_page()
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    page.goto(f"/approvals/{site.ids['offered']}")
    page.fill("#field-reason", "The total is wrong")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(500)
    assert sent == []
    context.close()
