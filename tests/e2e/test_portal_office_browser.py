"""The client area, operations, finance and administration in a real browser: axe, console and network on every page
at both widths and in both themes, live figures, and the forms without script. The app is the real one on a real
database; the workflows are stood in for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.api import PASSWORD
from tests.support.books import accepted, contract, settle
from tests.support.site import CHROMIUM, Site, faults_of, ids

NASTY = '<img src=x onerror="document.title=\'owned\'"> {{7*7}} "\'><script>document.title="owned"</script>'

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (system-packages.txt names it)"),
]


def seeded(site: Site) -> Site:
    world, now = site.world, datetime.now(UTC)
    for company in (world.provider, world.acme, world.beta):
        settle(world, company)
    month = f"{now:%Y-%m}"
    accepted(world, world.acme, contract(world, world.acme), 3, period=month)
    for n in range(4):
        world.ticket(
            world.acme, subject=NASTY if n == 0 else f"Batch {n}", stage="delivery", service_line="data_entry",
            due_at=now + timedelta(hours=n - 1), sla_state="breached" if n == 0 else "on_track",
        )  # fmt: skip
    world.ticket(world.beta, subject="Stuck", stage="delivery", state="needs_attention", reason=NASTY)
    waiting = world.ticket(world.acme, subject="To decide", stage="approval")
    world.document(
        world.acme, waiting, state="posted", filename=NASTY, fields={"supplier_name": {"value": NASTY}}
    )
    world.document(world.acme, waiting, state="posted", filename="b.pdf", position=1)
    world.approval(world.acme, waiting, "a" * 64)
    world._insert(
        "reconciliation",
        world.acme,
        {
            "id": world.services.new_id(), "client_id": world.acme, "day": now.date(), "ran_at": now,
            "counts": {"received": 3, "posted": 2, "open": 1}, "differences": [{"kind": "missing", "file": NASTY}],
        },
    )  # fmt: skip
    _months(site)
    site.people = {
        "client": world.person(world.acme, ("client_admin", world.acme), name=NASTY[:60]),
        "ops": world.person(world.provider, ("ops", None), ("admin", None)),
        "finance": world.person(world.provider, ("finance", None)),
        "checker": world.person(world.provider, ("finance", None), email="checker@x.example"),
    }
    vendor, rule = world.services.new_id(), world.services.new_id()
    for n in range(3):
        world._insert(
            "vendor",
            world.acme,
            {
                "id": vendor if n == 0 else world.services.new_id(), "client_id": world.acme, "code": f"V-{n}",
                "name": f"Vendor {n}", "vendor_key": f"v{n}", "tax_ids": ["27AAPFU0939F1ZV"],
                "aliases": [NASTY] if n == 0 else [], "account": "6815", "active": n < 2, "updated_at": now,
            },
        )  # fmt: skip
    world._insert(
        "coding_rule",
        world.acme,
        {"id": rule, "client_id": world.acme, "pattern": "toner", "account": "6815", "cost_centre": "CC1"},
    )
    accounts = {code: world.services.new_id() for code in ("6815", "6820", "2100")}
    for code, account in accounts.items():
        listed = {
            "id": account,
            "client_id": world.acme,
            "code": code,
            "name": NASTY,
            "active": code != "6815",
        }
        world._insert("ledger_account", world.acme, {**listed, "kind": "expense"})
    used, unused, needed = accounts.values()
    with_contract = world.sql(world.acme, "select id from contract limit 1")[0].id
    site.ids = ids(waiting=waiting, contract=with_contract, acme=world.acme, vendor=vendor, rule=rule)
    site.ids |= ids(used=used, unused=unused, needed=needed)
    return site


def _months(site: Site) -> None:
    """One month of a client's book that is soft-closed, and one whose month-end is blocked."""
    world, now = site.world, datetime.now(UTC)
    shut = {"client_id": world.acme, "period": "2026-09", "state": "soft", "changed_at": now, "reason": NASTY}
    world._insert("book_month", world.acme, shut)
    where = {"document_id": str(world.services.new_id()), "ticket_id": str(world.services.new_id())}
    report = {
        "counts": {"received": 2, "posted": 1, "open": 1},
        "checks": [
            {"name": "open", "ok": False, "detail": NASTY},
            {"name": "trial_balance", "ok": True, "detail": "zero in every currency"},
            {"name": "subledger", "ok": True, "detail": "INR 118.00", "waived": True},
        ],
        "open": [{**where, "ticket": "ACME-1", "filename": NASTY, "state": "keying", "desk": "delivery"}],
        "differences": [
            {**where, "day": "2026-10-03", "words": NASTY, "ticket": "ACME-2", "filename": "b.pdf"}
        ],
        "trial_balance": [{"account": "2100", "name": NASTY, "currency": "INR", "balance": "-118.00"}],
        "control": {},
        "subledger": {},
    }
    about = {"client_id": world.acme, "id": world.services.new_id(), "ran_at": now, "clean": False}
    world._insert("month_end", world.acme, {**about, "period": "2026-10", "report": report})


PAGES = {
    "client": (
        "/overview", "/requests?view=all", "/requests/new", "/requests/{waiting}", "/approvals", "/approvals/{waiting}",
        "/approvals?view=decided", "/documents", "/invoices",
        "/disputes", "/statement", "/ai-use", "/insights?months=3", "/reconciliations", "/people",
        "/people/new", "/audit", "/account", "/requests?q=nothing-like-it", "/requests/00000000-0000-7000-8000-000000000000",
    ),
    "ops": (
        "/wall", "/tickets", "/tickets?sla=breached,missed", "/schedules", "/audit?event=access", "/insights", "/clients",
        "/clients/new", "/clients/{acme}", "/contracts/{contract}", "/contracts/new?client=acme",
        "/calendars/new?client=acme", "/people", "/people/new", "/welcome",
    ),
    "finance": (
        "/disputes", "/statement?client=acme",
        "/billing", "/invoices", "/books", "/reconciliations", "/vendors", "/vendors?q=nothing-like-it",
        "/vendors/{vendor}", "/vendors/new", "/vendors/import", "/coding-rules", "/coding-rules/{rule}",
        "/chart-of-accounts", "/chart-of-accounts?kind=expense&q=nothing-like-it", "/chart-of-accounts/{used}",
        "/chart-of-accounts/{unused}", "/chart-of-accounts/{needed}", "/chart-of-accounts/new?client=acme",
        "/chart-of-accounts/import",
        "/books?book=acme", "/books/month?book=acme&period=2026-09", "/books/month?book=acme&period=2026-10",
    ),
}  # fmt: skip


@pytest.mark.parametrize("who", PAGES)
def test_every_page_keeps_the_rules_at_every_width_and_in_both_themes(
    site: Site, browser: Browser, who: str
) -> None:
    found = site.faults(browser, who, PAGES[who])
    assert not found, "\n".join(found)


def test_a_list_is_taken_in_and_says_what_it_refused(site: Site, browser: Browser, tmp_path: Any) -> None:
    """The page after the act keeps the rules too."""
    rows = "".join(f"V-{n},,\n" for n in range(10, 16))
    (tmp_path / "list.csv").write_text(f"code,name,account\nV-9,Corner Shop,\n{rows}", "utf-8")
    found: list[str] = []
    for width, theme in ((1280, "light"), (390, "dark")):
        context = site.context(
            browser, "client", viewport={"width": width, "height": 850}, color_scheme=theme
        )
        page = context.new_page()
        page.goto("/vendors/import")
        page.set_input_files("[name=files]", tmp_path / "list.csv")
        page.check("[name=dry_run]")
        with page.expect_navigation():
            page.click("main button.main-act")
        assert "Nothing was kept" in page.inner_text("main")
        assert page.locator("tbody tr").count() == 6
        assert "name is empty" in page.inner_text("tbody")
        found += faults_of(page, f"taken in {width} {theme}")
        context.close()
    assert not found, "\n".join(found)


def test_the_wall_changes_by_itself_and_takes_nothing_away_from_the_keyboard(
    site: Site, browser: Browser
) -> None:
    page = site.context(browser, "ops").new_page()
    page.goto("/wall")
    tile = page.locator(".tile .value").first
    before = int(tile.inner_text())
    answer = httpx2.post(
        f"{site.base}/v1/tickets",
        json={"subject": "Fresh"},
        headers=site.people["client"].headers,
        timeout=30,
    )
    assert answer.status_code == 201
    page.wait_for_function(
        "n => Number(document.querySelector('.tile .value').textContent) === n", arg=before + 1
    )
    assert page.url.endswith("/wall")


def test_a_client_raises_and_decides_without_script(site: Site, browser: Browser, tmp_path: Any) -> None:
    (tmp_path / "bill.pdf").write_bytes(b"%PDF-1.7 bill")
    context = site.context(browser, "client", java_script_enabled=False)
    page = context.new_page()
    page.goto("/requests/new")
    page.fill("[name=subject]", "Without script")
    page.set_input_files("[name=files]", tmp_path / "bill.pdf")
    page.click("main button.main-act")
    assert "Your request is in" in page.inner_text("main")
    assert "bill.pdf" in page.inner_text("main")
    page.goto("/requests?view=all")
    page.fill("[name=q]", "Without")
    with page.expect_navigation():
        page.click(".filters button")
    assert "q=Without" in page.url
    expect(page.locator("table a[data-row]")).to_have_count(1)
    page.goto("/approvals")
    page.check("[name=chosen]")
    page.click("button[value=return]")
    assert "Say why" in page.inner_text("main")
    assert page.is_checked("[name=chosen]")
    page.fill("[name=reason]", "The total is wrong")
    page.click("button[value=return]")
    assert "We will correct it" in page.inner_text("main")
    sent = [act for _, update, act in site.world.acts.sent if update == "decide_approval"]
    assert [(one.decision, one.reason) for one in sent] == [("return", "The total is wrong")]  # type: ignore[attr-defined]


def test_finance_bills_a_month_by_keyboard(site: Site, browser: Browser) -> None:
    maker = site.context(browser, "finance").new_page()
    maker.goto("/billing")
    press(maker, "Lock")
    assert "is locked" in maker.inner_text("main")
    press(maker, "Draft")
    assert "so a colleague approves it" in maker.inner_text("main")
    checker = site.context(browser, "checker").new_page()
    checker.goto(maker.url)
    with checker.expect_navigation():
        checker.keyboard.press("e")
    checker.wait_for_selector("text=Approved. It can be issued now.")
    with checker.expect_navigation():
        checker.keyboard.press("e")
    checker.wait_for_selector("h1:has-text('INV/')")
    checker.locator("table a[data-row]").first.focus()
    checker.keyboard.press("Enter")
    checker.wait_for_selector("text=Quality evidence")


def press(page: Page, name: str) -> None:
    """Reach a button and press it, as the keyboard does."""
    button = page.locator(f"main button:has-text('{name}')").first
    button.focus()
    with (
        page.expect_navigation()
    ):  # the page that is there is loaded already: waiting for "load" would wait for nothing
        page.keyboard.press("Enter")


def test_signing_in_leads_everybody_to_their_own_first_page(site: Site, browser: Browser) -> None:
    for who, page_of in (("client", "/overview"), ("ops", "/wall"), ("finance", "/billing")):
        page = browser.new_context(base_url=site.base).new_page()
        page.goto("/login")
        page.fill("[name=email]", site.people[who].email)
        page.fill("[name=password]", PASSWORD)
        page.click("button.main-act")
        page.wait_for_url(f"**{page_of}")
