"""Reports as PDF: a client's month says what Insights say, is its own alone, and every list prints."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pypdf
import pytest

from tests.support.api import World, world_on
from tests.support.portal import browsing
from ticketos.dev.database import PostgresUrls

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        made.services.now = lambda: NOW
        made.sql(made.acme, "update client set name = %s where id = %s", ("कावेरी फूड्स", made.acme))
        line = {"service_line": "data_entry", "team": "data_entry", "received_at": NOW}
        late = made.ticket(made.acme, subject="Escalated one", documents_total=2, **line)
        made.ticket(made.acme, subject="Done", state="closed", closed_at=NOW, **line)
        made.ticket(made.beta, subject="Secret of Beta", **line)
        made._insert(
            "ticket_clock",
            made.acme,
            {
                "id": made.services.new_id(), "client_id": made.acme, "ticket_id": late, "kind": "turnaround",
                "target_s": 60, "started_at": NOW, "fired": ["breach", "escalation_1"], "breached_at": NOW,
            },
        )  # fmt: skip
        read: dict[str, Any] = {"straight_through": True, "engine": "layer", "filename": "sent-back.pdf"}
        paper = made.document(made.acme, late, state="posted", done_at=NOW, **read)
        made.document(made.acme, late, state="posted", done_at=NOW - timedelta(days=40))
        made._insert(
            "qa_check",
            made.acme,
            {
                "id": made.services.new_id(), "client_id": made.acme, "ticket_id": late, "document_id": paper,
                "level": 2, "basis": "sample", "verdict": "fail", "fields_inspected": 400, "fields_correct": 399,
                "ai_correct": 380, "at": NOW,
            },
        )  # fmt: skip
        made.approval(made.acme, late, state="returned", decided_at=NOW, units={str(paper): "return"})
        made.approval(made.acme, late, "w" * 64, round=1, offered_at=NOW)
        made._insert(
            "invoice",
            made.acme,
            {
                "id": made.services.new_id(), "client_id": made.acme, "contract_id": _contract(made),
                "period": "2026-11", "currency": "INR", "net": 100000, "tax": 18000, "total": 118000,
                "drafted_by": "x", "snapshot": {}, "state": "issued", "number": "INV/26/1", "payment_state": "open",
            },
        )  # fmt: skip
        yield made


def _contract(world: World) -> object:
    from tests.support.books import contract

    return contract(world, world.acme, name="SOW", number="S1")


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


async def test_the_report_of_a_month_says_what_the_measures_say(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    async with world.http(person) as http:
        answer = await http.get(f"/v1/clients/{world.acme}/service-reports/2026-11.pdf")
        measures = (await http.get("/v1/measures", params={"periods": 2, "zone": "Asia/Kolkata"})).json()
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "private, no-store"
    text = " ".join(text_of(answer.content).split())
    accuracy = next(r for r in measures["rows"] if r["measure"] == "accuracy")
    assert f"{float(accuracy['value']) * 100:.2f}%" in text
    assert f"({float(accuracy['low']) * 100:.2f}%" in text
    assert "99.8%, missed" in text
    for said in (
        *(
            "Escalated one",
            "sent-back.pdf",
            "₹1,00,000.00",
            "₹1,18,000.00",
            "Nov 2026",
            "Oct 2026",
            "Page 1 of",
        ),
        *("Data entry", "Open with us", "1 / 2", "What AI did"),
    ):
        assert said in text, said
    assert "Secret of Beta" not in text
    root = pypdf.PdfReader(io.BytesIO(answer.content)).trailer["/Root"]
    assert root["/Lang"] == "en-IN"  # type: ignore[index]


async def test_a_report_is_the_clients_own_and_of_a_month_that_is_one(world: World) -> None:
    async with world.http(world.person(world.beta, ("client_admin", world.beta))) as http:
        assert (await http.get(f"/v1/clients/{world.acme}/service-reports/2026-11.pdf")).status_code == 404
        own = await http.get(f"/v1/clients/{world.beta}/service-reports/2026-11.pdf")
        assert own.status_code == 200
        assert "Escalated one" not in text_of(own.content)
        assert "Secret of Beta" in text_of(own.content)
        assert (await http.get(f"/v1/clients/{world.beta}/service-reports/2026-13.pdf")).status_code == 422
    async with world.http(world.person(world.provider, ("lead", world.acme))) as http:
        lead = await http.get(f"/v1/clients/{world.acme}/service-reports/2026-11.pdf")
        assert "₹1,00,000.00" not in text_of(lead.content)  # who may not see invoices is told no cost
        assert "Nothing was issued" in text_of(lead.content)


async def test_the_page_offers_the_reports_of_its_months(world: World) -> None:
    async with browsing(world, world.person(world.acme, ("client_user", world.acme))) as browser:
        page = await browser.get("/insights?months=3")
        links = page.all("//p[@id='reports']/a/@href")
        assert len(links) == 3
        assert (await browser.get(links[0])).answer.headers["content-type"] == "application/pdf"
    async with browsing(world, world.person(world.provider, ("lead", None))) as browser:
        assert not (await browser.get("/insights")).all("//p[@id='reports']/a")
        assert (await browser.get("/insights?client=acme")).all("//p[@id='reports']/a")


async def test_a_list_prints_with_what_it_was_narrowed_to(world: World) -> None:
    async with browsing(world, world.person(world.acme, ("client_user", world.acme))) as browser:
        page = await browser.get("/insights/rows?measure=delivered&since=2026-11-01&until=2026-11-30")
        (link,) = page.tree.xpath("//a[contains(@href,'as=pdf')]/@href")
        answer = (await browser.get(link)).answer
        assert answer.headers["content-disposition"] == 'attachment; filename="rows-delivered.pdf"'
        text = text_of(answer.content)
        assert "sent-back.pdf" in text
        assert "From: 1 Nov 2026" in text
        assert "Figure: Documents delivered" in text
        for head in ("Service line", "Counted", "Document"):
            assert head in text
        assert "service_line" not in text
        assert "1 row" in text
        assert "Secret" not in text
        listed = (await browser.get("/requests.csv?view=all&as=pdf")).answer
        assert "Escalated one" in text_of(listed.content)
        assert "Secret" not in text_of(listed.content)
