"""Many at once, writing on a ticket, judging AI, held units and the signed pages in a real browser: axe at both widths
and in both themes, by keyboard, and without a script."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from tests.support.books import contract, held_unit, settle
from tests.support.site import CHROMIUM, Site, faults_of, ids
from ticketos.db.ids import new_id
from ticketos.dev.sim.documents import generate
from ticketos.domain.changes import Emit
from ticketos.domain.state import SYSTEM
from ticketos.links import approval_link, password_link, repeat_link, survey_link

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (system-packages.txt names it)"),
]
PAPER = generate("invoice", 77)
BILL = generate("invoice", 401, form="einvoice_xml_ubl", country="DE")
NASTY = '<img src=x onerror="document.title=\'owned\'"> "\'><script>document.title="owned"</script>'


def seeded(site: Site) -> Site:
    world, now = site.world, datetime.now(UTC)
    for company in (world.provider, world.acme, world.beta):
        settle(world, company)
    for n in range(6):
        world.ticket(
            world.acme, subject=f"Batch {n}", stage="delivery", service_line="data_entry", number=f"ACME-{n}",
            due_at=now + timedelta(hours=n), received_at=now - timedelta(minutes=n),
        )  # fmt: skip
    ticket = world.ticket(
        world.acme, subject=NASTY, number="ACME-T", requester_email="asha@acme.example", requester_name=NASTY,
        received_at=now - timedelta(hours=1),
    )  # fmt: skip
    read = {name: {"value": NASTY, "state": "confirmed"} for name in ("supplier_name", "number", "total")}
    lines = [
        {
            "description": NASTY,
            "quantity": "2",
            "unit": "KGM",
            "unit_price": "1234567.89",
            "net": "2469135.78",
        }
    ]
    document = world.document(
        world.acme, ticket, PAPER.content, state="posted", filename=NASTY, doc_type="invoice", fields=read, lines=lines,
    )  # fmt: skip
    bill = world.document(
        world.acme, ticket, BILL.content, state="posted", filename="bill.xml", content_type="application/xml",
    )  # fmt: skip
    decided = world.ticket(world.acme, stage="billing", number="ACME-D", subject=NASTY)
    for state in ("posted", "rework"):
        world.document(
            world.acme, decided, PAPER.content, state=state, filename=f"{state}.pdf", approval="accepted"
        )
    world.approval(world.acme, decided, "b" * 64, state="deemed_accepted")
    world.approval(world.acme, ticket, "a" * 64, deemed_at=now + timedelta(days=2))
    for direction, body in (("in", "Where is my invoice?"), ("out", "On its way."), ("note", NASTY)):
        world._insert(
            "message",
            world.acme,
            {
                "id": new_id(), "client_id": world.acme, "ticket_id": ticket, "direction": direction,
                "channel": "email", "external_id": direction, "body": body, "received_at": now, "sender": NASTY,
            },
        )  # fmt: skip
    triaged = {"service_line": "data_entry", "confidence": "0.91", "engine": NASTY, "by": "ai"}
    with world.services.database.transaction([world.acme]) as connection:
        for emit in (
            Emit("ticket.triaged", after={**triaged, "top": [["data_entry", "0.9"], ["it_helpdesk", "0.1"]]}),
            Emit(
                "document.read", after={"engine": "e", "confidence": "0.4", "blocked_by": ["field:total"]},
                entity="document", entity_id=str(document),
            ),
        ):  # fmt: skip
            world.services.audit.record(
                connection, client_id=world.acme, ticket_id=ticket, root_id=ticket, at=now, actor=SYSTEM, emit=emit
            )  # fmt: skip
    world.task(world.acme, ticket, subject_id=document)
    contract(world, world.acme, service_line="it_helpdesk", number="HELP-1")
    units = [held_unit(world, world.acme, line)[0] for line in ("it_helpdesk", "hr_recruitment")]
    world.sql(world.acme, "update ticket set subject = %s where service_line = 'it_helpdesk'", (NASTY,))
    survey = new_id()
    world._insert(
        "survey",
        world.acme,
        {
            "id": survey, "client_id": world.acme, "ticket_id": ticket, "life": 1,
            "recipient": "asha@acme.example", "asked_at": now,
        },
    )  # fmt: skip
    asked = [
        world.task(
            world.acme, ticket, kind="password", state=state, due_at=now + timedelta(days=2),
            subject_id=world.document(world.acme, ticket, filename=f"{n} {NASTY * 3}.pdf"),
        )
        for n, state in enumerate(("open", "done"))
    ]  # fmt: skip
    site.people = {
        "lead": world.person(world.provider, ("lead", None), name="Anita Rao"),
        "finance": world.person(world.provider, ("finance", None)),
        "client": world.person(world.acme, ("client_admin", world.acme)),
    }
    given = (site.base, world.services.keyring, world.acme, ticket)
    links = {
        "sign": approval_link(*given, "a" * 64, "x"),
        "paper": f"{approval_link(*given, 'a' * 64, 'x')}/documents/{document}",
        "bill": f"{approval_link(*given, 'a' * 64, 'x')}/documents/{bill}",
        "decided": approval_link(*given[:3], decided, "b" * 64, "x"),
        "survey": survey_link(*given, survey, "x"),
        "repeat": repeat_link(*given, 1, "x"),
        "locked": password_link(*given, asked[0], "x"),
        "answered": password_link(*given, asked[1], "x"),
    }
    site.ids = ids(ticket=ticket, fits=units[0], none=units[1]) | links
    return site


PAGES = {
    "lead": ("/tickets?chosen=all", "/tickets/{ticket}", "/tickets/{ticket}?show=ai"),
    "finance": ("/billing", "/billing/held/{fits}", "/billing/held/{none}"),
    "": (
        "{sign}",
        "{paper}",
        "{bill}",
        "{decided}",
        "{survey}",
        "{repeat}",
        "{locked}",
        "{answered}",
        "/a/not-a-link",
    ),
}


@pytest.mark.parametrize("who", PAGES)
def test_every_page_keeps_the_rules_at_every_width_and_in_both_themes(
    site: Site, browser: Browser, who: str
) -> None:
    found = site.faults(browser, who, PAGES[who])
    assert not found, "\n".join(found)


def test_every_form_opened_keeps_them_too(site: Site, browser: Browser) -> None:
    found: list[str] = []
    for width, theme in ((1280, "light"), (390, "dark")):
        context = site.context(browser, "lead", viewport={"width": width, "height": 850}, color_scheme=theme)
        page = context.new_page()
        page.goto("/tickets/{ticket}".format(**site.ids))
        for drop in ("#write-reply", "#write-note", "details[id^='correct-']"):
            page.locator(f"{drop} > summary").first.click()
            found += faults_of(page, f"{drop} {width} {theme}")
        page.goto("/tickets")
        page.locator("[data-choose]").first.check()
        for act in ("priority", "assign", "pause", "resume", "link"):
            page.click(f"#many-{act} > summary")
            found += faults_of(page, f"{act} {width} {theme}")
        context.close()
    assert not found, "\n".join(sorted(set(found)))


def test_many_are_chosen_and_paused_by_keyboard_and_stay_chosen_when_the_list_moves(
    site: Site, browser: Browser
) -> None:
    page = site.context(browser, "lead").new_page()
    page.goto("/tickets?q=Batch")
    page.keyboard.press("j")
    page.keyboard.press("x")
    boxes = page.locator("[data-choose]")
    boxes.nth(3).click(modifiers=["Shift"])
    assert page.locator("[data-choose]:checked").count() == 4
    assert "4 chosen" in page.inner_text("#many")
    page.focus("#many-pause > summary")  # while a box has the focus, nothing moves under it
    site.world.sql(site.world.acme, "update ticket set subject = 'Batch moved' where number = 'ACME-5'")
    # Raising another one is what the open page hears of; it then takes what is new and leaves what is chosen.
    httpx2.post(
        f"{site.base}/v1/tickets",
        json={"subject": "Batch new"},
        headers=site.people["client"].headers,
        timeout=30,
    )
    page.wait_for_selector("text=Batch moved")
    assert page.locator("[data-choose]:checked").count() == 4
    assert "4 chosen" in page.inner_text("#many")
    page.focus("#many-pause > summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Month end")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "Done for 4 of 4" in page.inner_text("main")
    assert faults_of(page, "outcome") == []
    with page.expect_navigation():
        page.keyboard.press("n")
    assert page.url.endswith("/tickets?q=Batch")
    sent = [argument.reason for _, update, argument in site.world.acts.sent if update == "pause"]  # type: ignore[attr-defined]
    assert sent == ["Month end"] * 4


def test_what_is_found_stays_readable_beside_a_company_with_a_long_name(site: Site, browser: Browser) -> None:
    world = site.world
    world.sql(
        world.acme, "update client set name = %s", ("Bharat Heavy Industries and Sons Private Limited",)
    )
    world.app.state.portal.companies.forget()
    page = site.context(browser, "lead", viewport={"width": 390, "height": 850}).new_page()
    page.goto("/find?q=Batch")
    assert "Private Limited" in page.inner_text(".found-one >> nth=0")
    for link in page.locator(".found-one > a").all():
        box = link.bounding_box()
        assert box is not None and box["width"] > 200
    assert faults_of(page, "/find") == []
    world.sql(world.acme, "update client set name = 'Acme'")
    world.app.state.portal.companies.forget()
    page.context.close()


def test_a_reply_by_keyboard_and_without_a_script(site: Site, browser: Browser) -> None:
    here = "/tickets/{ticket}".format(**site.ids)
    page = site.context(browser, "lead").new_page()
    page.goto(here)
    page.keyboard.press("r")
    page.keyboard.press("Tab")
    page.keyboard.type("By keyboard alone.")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "on its way" in page.inner_text("#notice")
    assert "By keyboard alone." in page.inner_text("#timeline")
    plain = site.context(browser, "lead", java_script_enabled=False).new_page()
    plain.goto(here)
    plain.click("#write-note > summary")
    plain.fill("#note-text", "By hand.")
    plain.click("#write-note button.button:not(summary)")
    assert "Only colleagues see it" in plain.inner_text("#notice")
    plain.goto("/tickets?q=Batch")
    plain.click("text=Choose all on this page")
    plain.click("#many-resume > summary")
    with plain.expect_navigation():
        plain.click("#many-resume button")
    rows = plain.locator("tbody tr").count()
    assert rows >= 6
    assert f"Done for {rows} of {rows}" in plain.inner_text("main")


def test_a_delivery_is_signed_off_without_script_or_sign_in(site: Site, browser: Browser) -> None:
    page = site.context(browser, "", java_script_enabled=False).new_page()
    page.goto(site.ids["sign"])
    assert not page.locator("script").count()
    page.check("[name=decision][value=return]")
    with page.expect_navigation():
        page.click("button")
    expect(page.locator("[role=alert]")).to_have_count(1)
    assert page.is_checked("[name=decision][value=return]")
    page.fill("#reason", "Wrong total")
    page.click("button")
    assert "is recorded" in page.inner_text("main")
