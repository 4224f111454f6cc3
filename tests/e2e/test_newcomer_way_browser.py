"""The way of whoever is new, by what stands on the pages: from the paper to the invoice line, through three sign-ins.
The same clicks as `benchmarks.newcomer` makes on the whole stack; what workflows would do between them is put into the
database here."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from playwright.sync_api import Browser

from benchmarks.newcomer import Told, Walk, told_of
from schemas.acts import ActResult, CompleteTask, DecideApproval
from tests.support.api import PASSWORD
from tests.support.books import contract, settle
from tests.support.site import CHROMIUM, Site, faults_of, ids
from ticketos.dev.sim.trial import SUBJECT, SignIn, Trial, paper

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (system-packages.txt names it)"),
]
NUMBER = "ACME-26-000001"
WRONG = "T1/24-25/1745"


def seeded(site: Site) -> Site:
    """A worn bill that waits for an agent of its own; its number was misread."""
    world, sheet = site.world, paper()
    for company in (world.provider, world.acme):
        settle(world, company)
    signed = contract(world, world.acme)
    site.people = {
        "agent": world.person(world.provider, ("agent", None), skills=["data_entry"], email="k@p.example"),
        "client": world.person(
            world.acme, ("client_admin", world.acme), name="Tara Bose", email="t@a.example"
        ),
        "finance": world.person(world.provider, ("finance", None), email="n@p.example"),
    }
    ticket = world.ticket(
        world.acme,
        subject=SUBJECT,
        number=NUMBER,
        stage="delivery",
        service_line="data_entry",
        contract_id=signed,
    )
    read = {**sheet.truth.fields, "number": WRONG}
    fields = {
        name: {
            "value": value,
            "confidence": "0.80" if name == "number" else "0.99",
            "source": "ocr",
            "page": 1,
            "box": [0.1, 0.1, 0.3, 0.12],
            "state": "weak" if name == "number" else "auto",
            "blocked_by": ["low-confidence"] if name == "number" else [],
        }
        for name, value in read.items()
        if value
    }
    document = world.document(
        world.acme, ticket, sheet.content, filename="Bill of 15 January.pdf", state="keying", doc_type="invoice",
        pages=1, fields=fields, blocked_by=["field:number"], read_result={"candidates": {}},
    )  # fmt: skip
    world.task(
        world.acme, ticket, subject_id=document, skill="data_entry", assigned_to=site.people["agent"].id,
        payload={"fields": ["number"], "document": str(document)},
    )  # fmt: skip
    site.ids = ids(ticket=ticket, document=document, contract=signed)
    world.acts.answer = ActResult(applied=True, outcome="done")
    return site


def test_the_pages_alone_lead_from_a_misread_bill_to_its_invoice_line(site: Site, browser: Browser) -> None:
    world, found = site.world, list[str]()
    ticket, document = site.ids["ticket"], site.ids["document"]
    people = {one.email: who for who, one in site.people.items()}
    context = browser.new_context(reduced_motion="reduce", viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.set_default_timeout(60_000)
    walk = Walk(page, Told(site.base, "Acme", PASSWORD, people))
    page.goto(site.base)

    walk.sign_in(site.people["agent"].email)
    walk.key()
    keyed = next(act for _, _, act in world.acts.sent if isinstance(act, CompleteTask))
    assert keyed.result["fields"] == {"number": paper().truth.fields["number"]}
    now = datetime.now(UTC)
    world.sql(world.acme, "update task set state = 'done'")
    world.sql(world.acme, "update document set state = 'posted'")
    world.approval(world.acme, ticket, "c" * 64)
    world.sql(world.acme, "update ticket set stage = 'approval', seq = seq + 1")
    page.reload()  # no event was written, so nothing tells the page that is open
    walk.follow(site.people["client"].email)

    walk.sign_in(site.people["client"].email)
    period = f"{now:%Y-%m}"
    world._insert(
        "usage_event",
        world.acme,
        {
            "id": world.services.new_id(), "client_id": world.acme, "key": f"document:{document}",
            "contract_id": site.ids["contract"], "ticket_id": ticket, "document_id": document,
            "quantity": Decimal(1), "accepted_at": now, "period": period, "bill_period": period,
            "evidence": {"level": 1, "verdict": "pass"},
        },
    )  # fmt: skip
    walk.accept()
    found += faults_of(page, "the client's request")
    (accepted,) = [act for _, _, act in world.acts.sent if isinstance(act, DecideApproval)]
    assert accepted.decision == "accept"
    walk.sign_out()

    walk.sign_in(site.people["finance"].email)
    walk.bill(NUMBER)
    found += faults_of(page, "the evidence")
    page.goto(f"{site.base}/tickets/{ticket}")
    assert "1 unit is accepted and counts on the invoice of" in page.inner_text("#bill")
    found += faults_of(page, "the request with its bill")
    assert not found, "\n".join(found)
    assert (walk.typed, walk.looked) == (7, 1)
    context.close()


def test_the_output_says_all_that_is_needed_and_nothing_before_it_is_whole() -> None:
    people = (
        SignIn("keys it", "Kiran Das", "k@p.example"),
        SignIn("bills it", "Nadia Haddad", "n@p.example"),
    )
    lines = Trial("http://localhost:8080", "abcd-efgh-jkmn", people).lines()
    told = told_of(["Ready. Ctrl-C ends it.", *lines])
    assert told == Told(
        "http://localhost:8080",
        "Himadri Tea Estates Pvt Ltd",
        "abcd-efgh-jkmn",
        {"k@p.example": "keys it", "n@p.example": "bills it"},
    )
    assert told_of(lines[:-1]) is None
