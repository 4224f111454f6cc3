"""Billing in the browser: lock, draft, a second person approves, issue; a client sees what was issued to it, down to
the evidence of a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from babel.dates import format_date

from tests.support.api import Person, World, world_on
from tests.support.books import accepted, contract, settle
from tests.support.portal import browsing
from ticketos.dev.database import PostgresUrls

MONTH = f"{datetime.now(UTC):%Y-%m}"


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        for company in (made.provider, made.acme, made.beta):
            settle(made, company)
        accepted(made, made.acme, contract(made, made.acme), 12, period=MONTH)
        accepted(made, made.beta, contract(made, made.beta), 3, period=MONTH)
        yield made


@pytest.fixture(scope="module")
def maker(world: World) -> Person:
    return world.person(world.provider, ("finance", None), name="Nadia Maker")


@pytest.fixture(scope="module")
def checker(world: World) -> Person:
    return world.person(world.provider, ("finance", None), name="Paul Checker")


async def test_a_month_becomes_an_issued_invoice_with_its_evidence(
    world: World, maker: Person, checker: Person
) -> None:
    client = world.person(world.acme, ("client_user", world.acme))
    async with browsing(world, maker) as browser:
        named = format_date(datetime.now(UTC).date(), "MMM yyyy", locale="en_IN")
        page = await browser.get("/billing")
        assert f"Lock {named} of Acme" in page.all("//button/@aria-label")
        month = {"client": "acme", "period": MONTH}
        early = await browser.submit("/billing", "/billing/draft", **month, look="0")
        assert early.status == 409  # not locked yet
        look = await browser.submit("/billing", "/billing/draft", **month, look="1")
        assert look.status == 200
        assert "₹42.00" in look.text  # 12 × 3.50, a preview that changed nothing
        assert (await browser.submit("/billing", "/billing/lock", **month)).to == "/billing"
        assert f"{named} is locked" in (await browser.get("/billing")).text
        drafted = await browser.submit("/billing", "/billing/draft", **month, look="0")
        assert drafted.status == 303, drafted.text
        invoice = drafted.to
        own = await browser.get(invoice)
        assert "so a colleague approves it" in own.text
        assert f"{invoice}/approve" not in own.all("//form/@action")
        token = own.form("/logout")
        assert (await browser.post(f"{invoice}/approve", token)).status == 403

    async with browsing(world, client) as browser:
        assert (await browser.get(invoice)).status == 404  # a draft is nobody's but the house's
        assert invoice not in (await browser.get("/invoices")).answer.text

    async with browsing(world, checker) as browser:
        page = await browser.get(invoice)
        approve = page.form(f"{invoice}/approve")
        world.sql(
            world.acme,
            "update invoice set row_version = row_version + 1 where id = %s",
            (invoice.rpartition("/")[2],),
        )
        stale = await browser.post(f"{invoice}/approve", approve)
        assert stale.status == 412
        assert "Changed meanwhile" in stale.text
        assert (await browser.submit(invoice, f"{invoice}/approve")).to == invoice
        assert (await browser.submit(invoice, f"{invoice}/issue")).to == invoice

    async with browsing(world, client) as browser:
        page = await browser.get(invoice)
        assert page.status == 200
        assert "INV/" in page.text
        assert "Nadia" not in page.text and "Paul" not in page.text  # who did it is the house's business
        (line, *_) = page.all("//table//a[@data-row]/@href")
        proof = await browser.get(line)
        assert len(proof.all("//tbody/tr")) == 12
        assert "fields right" in proof.text
        text = (await browser.get(f"{line}/evidence.csv")).answer.text
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
        assert len(rows) == 12
        assert all(row["request"] and row["sha256"] for row in rows)
        (ticket, *_) = proof.all("//tbody//a[@data-row]/@href")
        assert (await browser.get(ticket)).status == 200

    async with browsing(world, world.person(world.beta, ("client_admin", world.beta))) as browser:
        for path in (invoice, line, f"{line}/evidence.csv"):
            assert (await browser.get(path)).status == 404, path
        assert (await browser.get("/invoices.csv")).answer.text.count("\n") == 1


async def test_a_line_is_shown_under_its_own_invoice_alone(world: World, maker: Person) -> None:
    line = world.sql(world.acme, "select id, invoice_id from invoice_line limit 1")[0]
    async with browsing(world, maker) as browser:
        assert (await browser.get(f"/invoices/{line.invoice_id}/lines/{line.id}")).status == 200
        other = world.services.new_id()
        assert (await browser.get(f"/invoices/{other}/lines/{line.id}")).status == 404


async def test_books_balance_and_lead_on_and_a_client_reads_its_own_alone(
    world: World, maker: Person
) -> None:
    async with browsing(world, maker) as browser:
        page = await browser.get("/books?book=provider")
        assert "Balanced" in page.text
        totals = page.tree.xpath("//tr[@class='sum']")
        (rupees,) = [one.text_content() for one in totals if "Total in INR" in one.text_content()]
        assert "₹0.00" in rupees
        assert len(totals) == len(page.tree.xpath("//section[@aria-labelledby='balance']//tbody"))
        assert page.all("//a[starts-with(@href, '/invoices/')]")
        assert (await browser.get("/books?book=nobody")).status == 404
        assert (await browser.get("/books?as_of=yesterday")).status == 422
        text = (await browser.get("/books/entries.csv?book=provider")).answer.text
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
        assert sum(float(row["amount"]) for row in rows) == pytest.approx(0)
    client = world.person(world.acme, ("client_admin", world.acme))
    async with browsing(world, client) as browser:
        assert (await browser.get("/books?book=acme")).status == 200
        for book in ("provider", "beta"):
            assert (await browser.get(f"/books?book={book}")).status == 404
            assert (await browser.get(f"/books/balance.csv?book={book}")).status == 404


async def test_a_day_is_reconciled_by_hand(world: World, maker: Person) -> None:
    day = datetime.now(UTC).date().isoformat()
    async with browsing(world, maker) as browser:
        done = await browser.submit("/reconciliations", "/reconciliations", client="acme", day=day)
        assert done.status == 303, done.text
        assert "is reconciled" in (await browser.get(done.to)).text
        refused = await browser.submit(
            "/reconciliations", "/reconciliations", client="acme", day="2199-01-01"
        )
        assert refused.status == 422


async def test_held_units_and_months_are_told_by_the_api_to_finance_alone(
    world: World, maker: Person
) -> None:
    async with world.http(maker) as http:
        months = (await http.get("/v1/billing-periods")).json()
        assert {(one["period"], one["client_id"]) for one in months} >= {
            (MONTH, str(world.acme)),
            (MONTH, str(world.beta)),
        }
        (acme,) = [one for one in months if one["client_id"] == str(world.acme) and one["period"] == MONTH]
        assert (acme["state"], acme["invoiced"], acme["issued"]) == ("locked", 12, 1)
        assert (await http.get("/v1/held-usage")).json()["items"] == []
    async with world.http(world.person(world.acme, ("client_admin", world.acme))) as http:
        assert (await http.get("/v1/billing-periods")).status_code == 403
