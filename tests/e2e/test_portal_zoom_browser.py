"""Every page at 200 % zoom and at 320 px: nothing is cut off, nothing lies over anything else, and what the page is for
can be reached and pressed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from api.portal import PORTAL_RULES
from schemas.extraction import FIELD_NAMES
from tests.support.books import accepted, contract, held_unit, settle
from tests.support.site import CHROMIUM, Site
from ticketos.db.ids import new_id
from ticketos.dev.sim.documents import generate
from ticketos.links import approval_link

PAPER = generate("invoice", 77)
LONG = "Invoices of the Kanchipuram-and-Tiruchirappalli wholesale cooperative society, second delivery of November"
UNBROKEN = "invoice_" + "0123456789abcdef" * 5 + ".pdf"

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (system-packages.txt names it)"),
]

SHAPES: dict[str, ViewportSize] = {
    # What a browser of 1280 px does at 200 %: half as many CSS pixels, each drawn twice as large.
    "200 %": {"width": 640, "height": 430},
    "320 px": {"width": 320, "height": 640},
}
PAGES: dict[str, tuple[tuple[str, str], ...]] = {
    "client": (
        *(
            ("/overview", "/overview"),
            ("/requests", "/requests?view=all"),
            ("/requests/new", "/requests/new"),
        ),
        *(("/requests/{ticket_id}", "/requests/{ticket}"), ("/approvals", "/approvals")),
        *(("/approvals/{ticket_id}", "/approvals/{waiting}"), ("/documents", "/documents")),
        *(
            ("/insights", "/insights?months=3&by=line"),
            ("/insights/rows", "/insights/rows"),
            ("/people", "/people"),
            ("/people/new", "/people/new"),
        ),
        *(("/statement", "/statement"), ("/ai-use", "/ai-use"), ("/disputes", "/disputes")),
        ("/disputes/{dispute_id}", "/disputes/{dispute}"),
        *(("/audit", "/audit"), ("/account", "/account"), ("/account/factor", "/account/factor")),
    ),
    "ops": (
        *(
            ("/", "/"),
            ("/work", "/work?scope=all"),
            ("/notices", "/notices"),
            ("/tickets", "/tickets?state=all"),
        ),
        *(("/tickets/{ticket_id}", "/tickets/{ticket}"), ("/tasks/{task_id}", "/tasks/{triage}")),
        *(("/validate/{task_id}", "/validate/{keying}"), ("/review/{task_id}", "/review/{qa_review}")),
        *(
            ("/documents/{document_id}", "/documents/{document}"),
            ("/quality", "/quality"),
            ("/wall", "/wall"),
        ),
        *(("/schedules", "/schedules"), ("/clients", "/clients"), ("/clients/new", "/clients/new")),
        ("/renewals", "/renewals"),
        *(("/clients/{client_id}", "/clients/{acme}"), ("/contracts/new", "/contracts/new?client=acme")),
        *(
            ("/contracts/{contract_id}", "/contracts/{contract}"),
            ("/calendars/new", "/calendars/new?client=acme"),
        ),
        *(("/calendars/{calendar_id}", "/calendars/{calendar}"), ("/people/{user_id}", "/people/{person}")),
        *(("/find", "/find?q=Invoices"), ("/help/keys", "/help/keys"), ("/welcome", "/welcome")),
    ),
    "finance": (
        *(
            ("/billing", "/billing"),
            ("/invoices", "/invoices"),
            ("/invoices/{invoice_id}", "/invoices/{invoice}"),
        ),
        *(
            ("/invoices/{invoice_id}/lines/{line_id}", "/invoices/{invoice}/lines/{line}"),
            ("/books", "/books"),
        ),
        ("/billing/held/{usage_id}", "/billing/held/{held}"),
        *(
            ("/reconciliations", "/reconciliations"),
            ("/books/month", "/books/month?book=acme&period=2026-10"),
        ),
        *(
            ("/vendors", "/vendors"),
            ("/vendors/new", "/vendors/new"),
            ("/vendors/import", "/vendors/import"),
            ("/vendors/{vendor_id}", "/vendors/{vendor}"),
        ),
        *(("/coding-rules", "/coding-rules"), ("/coding-rules/{rule_id}", "/coding-rules/{rule}")),
        *(
            ("/chart-of-accounts", "/chart-of-accounts"),
            ("/chart-of-accounts/new", "/chart-of-accounts/new"),
            ("/chart-of-accounts/import", "/chart-of-accounts/import"),
            ("/chart-of-accounts/{account_id}", "/chart-of-accounts/{account}"),
        ),
    ),
    "": (
        ("/login", "/login"),
        ("/a/{token}", "{sign}"),
        ("/a/{token}/documents/{document_id}", "{sign}/documents/{signed}"),
    ),
}
NO_PAGE = {
    *("/live", "/static/{mark}/{name:path}", "/palette", "/login/code"),
    *("/login/oidc", "/login/oidc/back", "/login/oidc/out"),
}
"""Streams, files, parts of pages, and steps between two pages; the code's form is the sign-in form's twin."""

FITS = """() => {
  const root = document.documentElement, wide = root.clientWidth, bad = [];
  if (root.scrollWidth > wide) {
    const over = [...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > wide
      && !one.closest('.scroll, .viewer, [tabindex="0"]'));
    bad.push(`${root.scrollWidth - wide} px too wide: ${over.slice(-1).map((one) => one.outerHTML.slice(0, 100))}`);
  }
  return bad;
}"""
REACHED = """(one) => {
  one.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
  const box = one.getBoundingClientRect(), x = box.left + box.width / 2, y = box.top + box.height / 2;
  if (box.width < 24 || box.height < 24) return `small: ${box.width} × ${box.height}`;
  if (x < 0 || x > innerWidth || y < 0 || y > innerHeight) return `outside: ${x}, ${y}`;
  const there = document.elementFromPoint(x, y);
  return there && (one === there || one.contains(there)) ? '' : `under ${there && there.outerHTML.slice(0, 100)}`;
}"""


def seeded(site: Site) -> Site:
    world, now, ids = site.world, datetime.now(UTC), site.ids
    acme = ids["acme"] = world.acme
    for company in (world.provider, world.acme, world.beta):
        settle(world, company)
    site.people = {
        "client": world.person(acme, ("client_admin", acme), name=LONG[:60]),
        "ops": world.person(
            world.provider, *((one, None) for one in ("ops", "admin", "lead", "qa", "agent"))
        ),
        "finance": world.person(world.provider, ("finance", None)),
    }
    ids["person"] = site.people["client"].id
    ids["contract"] = contract(world, acme, name=LONG)
    accepted(world, acme, ids["contract"], 3, period=f"{now:%Y-%m}")
    ids["ticket"] = world.ticket(
        acme, subject=LONG, stage="delivery", state="needs_attention", reason=LONG, service_line="data_entry",
        requester_email=f"{UNBROKEN}@x.example", due_at=now - timedelta(hours=3), sla_state="breached",
    )  # fmt: skip
    ids["waiting"] = world.ticket(acme, subject=LONG, stage="approval")
    world.approval(acme, ids["waiting"], "a" * 64)
    ids["sign"] = approval_link("", world.services.keyring, acme, ids["waiting"], "a" * 64, "x")
    read = {
        name: {
            "value": LONG if n % 3 else "12",
            "confidence": "0.4",
            "state": "weak",
            "blocked_by": ["check:sum"],
        }
        for n, name in enumerate(FIELD_NAMES)
    }
    lines = [{"description": LONG, "quantity": "2", "unit_price": "1234567.89", "net": "2469135.78"}] * 3
    ids["document"] = world.document(
        acme, ids["ticket"], filename=UNBROKEN, doc_type="invoice", fields=read, lines=lines, pages=1
    )
    ids["signed"] = world.document(
        acme, ids["waiting"], PAPER.content, filename=UNBROKEN, doc_type="invoice", fields=read, lines=lines,
        state="posted",
    )  # fmt: skip
    payload = {"fields": list(FIELD_NAMES[:5])}
    for kind in ("keying", "qa_review", "triage"):
        ids[kind] = world.task(acme, ids["ticket"], kind=kind, subject_id=ids["document"], payload=payload)
    ids["held"], _ = held_unit(world, acme)
    ids["vendor"], ids["rule"] = new_id(), new_id()
    world._insert(
        "vendor",
        acme,
        {
            "id": ids["vendor"], "client_id": acme, "code": UNBROKEN[:60], "name": LONG[:300], "vendor_key": "x",
            "aliases": [LONG[:300]], "tax_ids": [UNBROKEN[:40]], "account": UNBROKEN[:40], "updated_at": now,
        },
    )  # fmt: skip
    world._insert(
        "coding_rule",
        acme,
        {"id": ids["rule"], "client_id": acme, "pattern": UNBROKEN, "account": UNBROKEN[:40]},
    )
    ids["account"] = new_id()
    account = {"id": ids["account"], "client_id": acme, "code": UNBROKEN[:40], "name": LONG[:200]}
    world._insert("ledger_account", acme, {**account, "kind": "expense", "active": False})
    ids["calendar"], ids["invoice"], ids["line"] = new_id(), new_id(), new_id()
    about = {"client_id": acme}
    world._insert("calendar", acme, {**about, "id": ids["calendar"], "name": LONG, "definition": {}})
    world._insert(
        "invoice",
        acme,
        {
            **about, "id": ids["invoice"], "contract_id": ids["contract"], "period": "2026-01", "currency": "INR",
            "net": 123456789, "tax": 22222222, "total": 145679011,
        },
    )  # fmt: skip
    world._insert(
        "invoice_line",
        acme,
        {
            **about, "id": ids["line"], "invoice_id": ids["invoice"], "position": 0, "code": "documents",
            "description": LONG, "quantity": 100000, "unit_price": 1234, "amount": 123456789,
        },
    )  # fmt: skip
    ids["dispute"] = new_id()
    world._insert(
        "invoice_dispute",
        acme,
        {
            **about, "id": ids["dispute"], "invoice_id": ids["invoice"], "line_id": ids["line"], "reason": LONG,
            "answer": UNBROKEN, "net": 123456789, "total": 145679011, "currency": "INR", "raised_by": new_id(),
            "raised_at": now, "due_at": now,
        },
    )  # fmt: skip
    world._insert(
        "reconciliation",
        acme,
        {
            **about, "id": new_id(), "day": now.date(), "ran_at": now, "counts": {"received": 1234567},
            "differences": [{"kind": "missing", "file": UNBROKEN}],
        },
    )  # fmt: skip
    return site


def test_every_page_is_looked_at() -> None:
    listed = {path for (method, path) in PORTAL_RULES if method == "GET" and not path.endswith(".csv")}
    looked_at = {route for pages in PAGES.values() for route, _ in pages}
    assert listed - looked_at - NO_PAGE == set()


@pytest.mark.parametrize("who", PAGES)
def test_a_page_fits_and_its_main_act_is_reached(site: Site, browser: Browser, who: str) -> None:
    context = browser.new_context(base_url=site.base, device_scale_factor=2, reduced_motion="reduce")
    if who:
        token = site.people[who].token
        context.add_cookies([{"name": "tos_session", "value": token, "url": site.base, "httpOnly": True}])
    page, wrong, acts = context.new_page(), [], 0
    for _, path in PAGES[who]:
        address = path.format(**site.ids)
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, (address, answer.status)
        for shape, size in SHAPES.items():
            page.set_viewport_size(size)
            wrong += [f"{path} {shape}: {one}" for one in page.evaluate(FITS)]
            acts += _reach(page, f"{path} {shape}", wrong)
    context.close()
    assert wrong == []
    assert acts >= len(SHAPES) * (1 if who in ("", "finance") else 4)


def _reach(page: Page, path: str, wrong: list[str]) -> int:
    """The page's main acts, its menu and its first control: each in sight when asked for, and under nothing."""
    top = page.locator("header a:visible, header button:visible, header summary:visible").all()[:4]
    acts = page.locator("main .main-act:visible").all()
    found = [(one.inner_text(), one.evaluate(REACHED)) for one in (*acts, *top)]
    wrong += [f"{path}: {name!r} {said}" for name, said in found if said]
    return len(acts)
