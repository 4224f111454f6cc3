"""Papers by keyboard in a real browser: a review that reads everything again and finds each difference on the page, and
lines typed as in a spreadsheet."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from schemas.acts import ActResult, CompleteTask
from tests.support.site import CHROMIUM, Site, faults_of, ids
from ticketos.dev.sim.documents import generate

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (system-packages.txt names it)"),
]

PAPER = generate("invoice", 77)
LINES: list[dict[str, Any]] = [
    {"description": "Paper", "quantity": "2", "unit": "RM", "unit_price": "50.00", "net": "100.00"},
    {"description": "Ink", "quantity": "1", "unit": "C62", "unit_price": "18.00", "net": "18.00"},
]


def _field(value: str | None, at: float, **more: Any) -> dict[str, Any]:
    place = {"page": 1, "box": [0.1, at, 0.4, at + 0.03]}
    return {"value": value, "shown": value, "state": "confirmed", "source": "text", **place, **more}


FIELDS = {
    "supplier_name": _field("Acme Ltd", 0.05),
    "number": _field("INV-9", 0.1),
    "issue_date": _field("2026-11-01", 0.15),
    "currency": _field("INR", 0.2),
    "net_total": _field("118.00", 0.25),
    "tax_total": _field("0.00", 0.3),
    "total": _field("181.00", 0.35),
}


def seeded(site: Site) -> Site:
    world = site.world
    site.people = {
        "qa": world.person(world.provider, ("qa", None)),
        "agent": world.person(world.provider, ("agent", None), skills=["data_entry"]),
        "client": world.person(world.acme, ("client_user", world.acme)),
    }
    worker = site.people["agent"]
    made: dict[str, Any] = {}
    for kind, state, who in (("qa_review", "posted", "qa"), ("keying", "keying", "agent")):
        ticket = world.ticket(world.acme, stage="delivery")
        paper = world.document(
            world.acme, ticket, PAPER.content, filename="paper.pdf", state=state, doc_type="invoice", pages=1,
            fields=FIELDS, lines=LINES, coding={"account": "6000"}, finished_by=worker.id,
        )  # fmt: skip
        made[kind] = world.task(
            world.acme, ticket, kind=kind, subject_id=paper, assigned_to=site.people[who].id,
            payload={"document": str(paper), "fields": ["total"]},
        )  # fmt: skip
    bill = generate("invoice", 401, form="einvoice_xml_ubl", country="DE")
    ticket = world.ticket(world.acme, stage="delivery")
    fields = {name: {"value": value, "state": "confirmed"} for name, value in bill.truth.fields.items()}
    data = world.document(
        world.acme, ticket, bill.content, filename="bill.xml", content_type="application/xml", state="keying",
        doc_type="invoice", pages=1, fields=fields, finished_by=worker.id,
    )  # fmt: skip
    for name, kind, who in (("xml_keying", "keying", "agent"), ("xml_review", "qa_review", "qa")):
        made[name] = world.task(
            world.acme, ticket, kind=kind, subject_id=data, assigned_to=site.people[who].id,
            payload={"document": str(data), "fields": ["total"]},
        )  # fmt: skip
    site.ids = ids(**made, xml_document=data)
    world.acts.answer = ActResult(applied=True, outcome="done")
    return site


def sent(site: Site) -> Any:
    """The result of the last act."""
    argument = site.world.acts.sent[-1][2]
    assert isinstance(argument, CompleteTask)
    return argument.result


def focused(page: Page) -> str:
    """What has the focus: a value's or an input's name, else the id."""
    name: str = page.evaluate(
        "(one => one.dataset.name || (one.matches('input') && one.name) || one.id)(document.activeElement)"
    )
    return name


def test_a_review_reads_everything_again_by_keyboard_and_finds_each_difference_on_the_page(
    site: Site, browser: Browser
) -> None:
    context = site.context(browser, "qa", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"/review/{site.ids['qa_review']}")
    page.wait_for_function("document.querySelector('.viewer img').naturalWidth > 0")
    read = {name: str(one["value"]) for name, one in FIELDS.items()} | {"total": "118.00"}
    for name, value in read.items():
        assert focused(page) == name
        page.keyboard.type(value)
        page.keyboard.press("Enter")
    for name, value in (("lines.count", "2"), ("lines.sum", "118")):
        assert focused(page) == name
        page.keyboard.type(value)
        page.keyboard.press("Enter")
    # Down a column, then down the next one, and on to the coding from the last.
    for value in ("2", "3", "", "", "", ""):
        page.keyboard.type(value)
        page.keyboard.press("Enter")
    assert focused(page) == "seen_lines.1.unit_price"
    page.keyboard.press("ArrowRight")
    assert focused(page) == "seen_lines.1.net"
    for value in ("100", "18", "", "", "", ""):
        page.keyboard.type(value)
        page.keyboard.press("Enter")
    assert focused(page) == "coding.account"
    page.keyboard.type("6000")
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    # The first difference has the focus and its place on the page is marked; a place leads back to its row.
    assert focused(page) == "total"
    page.wait_for_function("document.querySelector('.viewer img').naturalWidth > 0")
    assert page.locator(".box").count() == len(FIELDS)
    assert page.get_attribute(".box.now", "title") == "Total"
    page.hover("li[data-name=number]")
    assert page.get_attribute(".box.near", "title") == "Number"
    page.click(".box[title=Supplier]")
    assert focused(page) == "supplier_name" and page.get_attribute(".box.now", "title") == "Supplier"
    page.keyboard.press("Enter")
    assert focused(page) == "total"
    page.keyboard.press("x")
    assert not page.is_checked("li[data-name=total] [name=defect]")
    page.keyboard.press(" ")
    assert page.is_checked("li[data-name=total] [name=defect]")
    page.keyboard.press("Enter")
    assert focused(page) == "lines.2.quantity"
    assert faults_of(page, "compare") == []
    page.keyboard.press("Enter")
    assert focused(page) == "save"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    defects = [(one["field"], one["found"], one["expected"]) for one in sent(site)["defects"]]
    assert defects == [("total", "181.00", "118.00"), ("lines.2.quantity", "1", "3")]
    assert sent(site)["verdict"] == "fail"
    context.close()


def _values(page: Page, column: int) -> list[str]:
    found: list[str] = page.locator(f".vlines [data-column='{column}']").evaluate_all(
        "all => all.map(one => one.value)"
    )
    return found


def test_lines_are_typed_as_in_a_spreadsheet(site: Site, browser: Browser) -> None:
    context = site.context(browser, "agent", viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.base)
    page = context.new_page()
    page.goto(f"/validate/{site.ids['keying']}")
    keys = page.keyboard
    page.focus("[name=line_0_unit]")
    # Left and right leave a cell where its text ends, and only there.
    page.evaluate("document.activeElement.setSelectionRange(1, 1)")
    keys.press("ArrowRight")
    assert focused(page) == "line_0_unit"
    keys.press("ArrowRight")
    assert focused(page) == "line_0_unit_price"
    keys.press("ArrowLeft")
    assert focused(page) == "line_0_unit"
    # The cell above is copied down; then the first of the chosen cells to all of them.
    keys.press("ArrowDown")
    keys.press("Control+d")
    assert _values(page, 2) == ["RM", "RM", "", ""]
    page.focus("[name=line_0_quantity]")
    for _ in range(3):
        keys.press("Shift+ArrowDown")
    assert page.locator("[data-chosen-cell]").count() == 4
    keys.press("Control+d")
    assert _values(page, 1) == ["2", "2", "2", "2"]
    # A row is put in between, and one is struck out.
    page.focus("[name=line_0_net]")
    keys.press("Alt+Enter")
    assert focused(page) == "line_1_description"
    assert _values(page, 0) == ["Paper", "", "Ink", "", ""]
    assert page.get_attribute("[name=line_2_description]", "aria-label") == "Description, line 3"
    keys.press("ArrowDown")
    keys.press("Alt+Delete")
    assert page.is_checked("[name=remove][value='2']") and focused(page) == "line_3_description"
    # A block of another spreadsheet fills cells from where one is, and makes the rows it needs.
    block = "Glue\t5\tBX\nTape\t7\tRO\nPins\t9\tBX"
    page.evaluate("text => navigator.clipboard.writeText(text)", block)
    keys.press("Control+v")
    page.wait_for_function("document.querySelector('[name=line_5_unit]')?.value === 'BX'")
    assert _values(page, 0) == ["Paper", "", "Ink", "Glue", "Tape", "Pins"]
    assert _values(page, 1)[3:] == ["5", "7", "9"]
    with page.expect_navigation():
        keys.press("Control+Enter")
    lines = [(one["description"], one["quantity"], one["unit"]) for one in sent(site)["lines"]]
    assert lines == [("Paper", "2", "RM"), ("Glue", "5", "BX"), ("Tape", "7", "RO"), ("Pins", "9", "BX")]
    context.close()


def test_an_e_invoice_is_drawn_and_leads_to_its_fields_and_back(site: Site, browser: Browser) -> None:
    context = site.context(browser, "agent", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"/validate/{site.ids['xml_keying']}")
    assert focused(page) == "total"
    assert page.get_attribute(".paper .now", "data-says") == "total"
    page.mouse.move(900, 500)  # off the menu, which opens under the pointer
    page.click(".paper [data-says=supplier_name]")
    assert focused(page) == "supplier_name"
    assert page.get_attribute(".paper .now", "data-says") == "supplier_name"
    page.hover("#f-number")
    assert page.get_attribute(".paper .near", "data-says") == "number"
    small = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.paper')).fontSize)")
    page.click("[data-view=in]")
    large = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.paper')).fontSize)")
    assert large > small * 1.2
    context.close()


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("agent", "/validate/{xml_keying}"),
        ("qa", "/review/{xml_review}"),
        ("client", "/documents/{xml_document}"),
    ],
)
def test_a_drawn_e_invoice_reads_well_in_every_shape(
    site: Site, browser: Browser, who: str, path: str
) -> None:
    assert site.faults(browser, who, [path]) == []
