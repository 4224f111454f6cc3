"""Disputes on the database: raised by the client within the contract's days, answered by finance with a credit note or a
reason, told both ways, late where nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.support.api import Person, World, world_on
from tests.support.books import HYBRID, accepted, contract, settle
from tests.support.portal import browsing
from ticketos.channels.email.mails import About, render
from ticketos.db.ids import new_id
from ticketos.db.repositories.disputes import Disputes
from ticketos.dev.database import PostgresUrls

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("disputes")) as made:
        for company in (made.provider, made.acme, made.beta):
            settle(made, company)
        yield made


@pytest.fixture(scope="module")
def finance(world: World) -> Person:
    return world.person(world.provider, ("finance", None), name="Nadia Maker")


@pytest.fixture(scope="module")
def buyer(world: World) -> Person:
    return world.person(world.acme, ("client_admin", world.acme), name="Asha Buyer")


async def issued(
    http: httpx2.AsyncClient, world: World, finance: Person, count: int = 4, **columns: Any
) -> dict[str, Any]:
    """An issued invoice of Acme over so many units of 3.50."""
    month = next(
        m
        for m in (f"{2000 + n}-01" for n in range(99))
        if not world.sql(world.acme, "select 1 from billing_period where period = %s", (m,))
    )
    accepted(world, world.acme, contract(world, world.acme, **columns), count, period=month)
    second = world.person(world.provider, ("finance", None))
    await http.post(f"/v1/billing-periods/acme/{month}/lock", headers=finance.headers)
    body = {"client": "acme", "period": month}
    drafted = await http.post("/v1/invoices/draft", json=body, headers=finance.headers)
    found: dict[str, Any] = drafted.json()["invoices"][0]
    at = f"/v1/invoices/{found['id']}"
    assert (await http.post(f"{at}/approve", headers=second.headers)).status_code == 200
    answer = await http.post(f"{at}/issue", headers=finance.headers)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def units(world: World, line: str) -> list[UUID]:
    rows = world.sql(
        world.acme, "select usage_id from invoice_line_usage where line_id = %s order by 1", (line,)
    )
    return [row.usage_id for row in rows]


async def dispute(
    http: httpx2.AsyncClient, by: Person, invoice: dict[str, Any], unit: UUID | None = None, **more: Any
) -> httpx2.Response:
    body = {"line_id": invoice["lines"][0]["id"], "reason": "Counted twice", **more}
    if unit is not None:
        body["usage_id"] = str(unit)
    return await http.post(f"/v1/invoices/{invoice['id']}/disputes", json=body, headers=by.headers)


def events(world: World, dispute_id: str) -> list[str]:
    found = world.sql(
        world.acme,
        "select event from audit_event where entity_id = %s and event like 'dispute.%%' order by seq",
        (dispute_id,),
    )
    return [row.event for row in found]


async def test_an_accepted_dispute_of_a_unit_becomes_a_credit_note_and_a_mail(
    world: World, finance: Person, buyer: Person
) -> None:
    async with world.http() as http:
        invoice = await issued(http, world, finance)
        unit = units(world, invoice["lines"][0]["id"])[0]
        made = await dispute(http, buyer, invoice, unit)
        assert made.status_code == 201, made.text
        said = made.json()
        assert (said["state"], said["net"], said["total"], said["overdue"]) == (
            "open", "3.5000", "4.1200", False,
        )  # fmt: skip
        notice = world.sql(
            world.acme, "select desk, detail from notice where detail ->> 'dispute' = %s", (said["id"],)
        )
        assert [(one.desk, one.detail["invoice"]) for one in notice] == [("finance", invoice["number"])]
        again = await dispute(http, buyer, invoice, unit)
        assert (again.status_code, again.json()["code"]) == (409, "dispute-standing")
        whole = await dispute(http, buyer, invoice)
        assert whole.json()["code"] == "dispute-standing"  # a line holds its units
        at = f"/v1/disputes/{said['id']}"
        own = await http.post(f"{at}/accept", json={"answer": "Right"}, headers=buyer.headers)
        assert own.status_code == 403
        strange = {"answer": "Right", "usage_ids": [str(new_id())]}
        other = await http.post(f"{at}/accept", json=strange, headers=finance.headers)
        assert (other.status_code, other.json()["code"]) == (422, "dispute-units-others")
        done = await http.post(f"{at}/accept", json={"answer": "Right, a double"}, headers=finance.headers)
        assert (done.status_code, done.json()["state"]) == (200, "accepted"), done.text
        note = (await http.get(f"/v1/invoices/{done.json()['credit_note_id']}", headers=buyer.headers)).json()
        assert (note["total"], note["reason"], note["kind"]) == ("-4.1200", "Right, a double", "credit_note")
        twice = await http.post(f"{at}/refuse", json={"answer": "No"}, headers=finance.headers)
        assert (twice.status_code, twice.json()["code"]) == (409, "dispute-answered")
        for_client = (await http.get(at, headers=buyer.headers)).json()
        assert (for_client["answered_by"], for_client["answered_by_name"]) == (None, None)
    assert events(world, said["id"]) == ["dispute.raised", "dispute.accepted"]
    (mail,) = world.sql(
        world.acme, "select payload from outbox where key = %s", (f"dispute:{said['id']}:accepted",)
    )
    assert mail.payload["to"] == buyer.email
    about = About(mail.payload["about"]["number"], "", "Acme", "UTC")
    words = render(mail.payload["template"], mail.payload["values"], about)
    assert note["number"] in words.text and "Right, a double" in words.text


async def test_a_refusal_has_a_reason_and_frees_the_line(
    world: World, finance: Person, buyer: Person
) -> None:
    async with world.http() as http:
        invoice = await issued(http, world, finance)
        said = (await dispute(http, buyer, invoice)).json()
        assert said["total"] == invoice["total"]
        at = f"/v1/disputes/{said['id']}"
        assert (
            await http.post(f"{at}/refuse", json={"answer": " "}, headers=finance.headers)
        ).status_code == 422
        done = await http.post(f"{at}/refuse", json={"answer": "Signed by you"}, headers=finance.headers)
        assert (done.json()["state"], done.json()["answer"]) == ("refused", "Signed by you")
        second = await dispute(http, buyer, invoice, reason="We have news")
        assert second.status_code == 201  # answered is not standing
        taken = await http.post(f"/v1/disputes/{second.json()['id']}/withdraw", headers=buyer.headers)
        assert taken.json()["state"] == "withdrawn"
        assert events(world, second.json()["id"]) == ["dispute.raised", "dispute.withdrawn"]


async def test_finance_may_grant_some_units_of_a_disputed_line(
    world: World, finance: Person, buyer: Person
) -> None:
    async with world.http() as http:
        invoice = await issued(http, world, finance)
        said = (await dispute(http, buyer, invoice)).json()
        chosen = [str(one) for one in units(world, invoice["lines"][0]["id"])[:2]]
        body = {"answer": "Two of them", "usage_ids": chosen}
        done = await http.post(f"/v1/disputes/{said['id']}/accept", json=body, headers=finance.headers)
        note = (
            await http.get(f"/v1/invoices/{done.json()['credit_note_id']}", headers=finance.headers)
        ).json()
        assert Decimal(note["net"]) == Decimal("-7.00")


async def test_days_and_terms_of_the_contract_bound_disputes(
    world: World, finance: Person, buyer: Person
) -> None:
    flat = {"pricing": {"kind": "flat", "data": {"unit_price": "3.50"}}}
    async with world.http() as http:
        none = await issued(http, world, finance, terms={**flat, "disputes": {"within_days": 0}})
        refused = await dispute(http, buyer, none)
        assert (refused.status_code, refused.json()["code"]) == (409, "dispute-not-agreed")
        short = await issued(http, world, finance, terms={**flat, "disputes": {"within_days": 3}})
        set_back = "update invoice set issued_on = issued_on - %s where id = %s"
        world.sql(world.acme, set_back, (2, short["id"]))
        assert (await dispute(http, buyer, short)).status_code == 201
        late = await issued(http, world, finance, terms={**flat, "disputes": {"within_days": 3}})
        world.sql(world.acme, set_back, (5, late["id"]))
        refused = await dispute(http, buyer, late)
        assert (refused.status_code, refused.json()["code"]) == (409, "dispute-too-late")


async def test_a_base_fee_is_disputed_and_taken_back_where_it_is_all_there_is(
    world: World, finance: Person, buyer: Person
) -> None:
    async with world.http() as http:
        invoice = await issued(http, world, finance, terms={"pricing": HYBRID})
        said = (await dispute(http, buyer, invoice)).json()
        assert said["net"] == "30000.0000"
        done = await http.post(
            f"/v1/disputes/{said['id']}/accept", json={"answer": "No service"}, headers=finance.headers
        )
        assert (done.status_code, done.json().get("state")) == (200, "accepted"), done.text
        note = (await http.get(f"/v1/invoices/{done.json()['credit_note_id']}", headers=buyer.headers)).json()
        assert Decimal(note["total"]) == -Decimal(invoice["total"])


async def test_an_answer_that_does_not_come_is_told_to_finance_and_client_success(
    world: World, finance: Person, buyer: Person
) -> None:
    async with world.http() as http:
        invoice = await issued(http, world, finance)
        said = (await dispute(http, buyer, invoice)).json()
        (waiting,) = world.sql(
            world.acme, "select kind, next_at from outbox where key = %s", (f"dispute_due:{said['id']}",)
        )
        assert waiting.kind == "dispute_due"
        assert waiting.next_at == datetime.fromisoformat(said["due_at"]) > NOW + timedelta(days=4)
        acts, later = Disputes(world.services.audit, new_id), NOW + timedelta(days=20)
        for _ in range(2):
            with world.services.database.transaction([world.acme]) as connection:
                acts.fell_due(connection, UUID(said["id"]), later)
        told = world.sql(
            world.acme,
            "select desk from notice where kind = 'dispute_late' and detail ->> 'dispute' = %s order by 1",
            (said["id"],),
        )
        assert [one.desk for one in told] == ["finance", "success"]
        world.sql(
            world.acme,
            "update invoice_dispute set due_at = now() - interval '1 hour' where id = %s",
            (said["id"],),
        )
        assert (await http.get(f"/v1/disputes/{said['id']}", headers=buyer.headers)).json()["overdue"]
        await http.post(f"/v1/disputes/{said['id']}/refuse", json={"answer": "No"}, headers=finance.headers)
        with world.services.database.transaction([world.acme]) as connection:
            acts.fell_due(connection, UUID(said["id"]), later)
        assert events(world, said["id"]).count("dispute.overdue") == 2  # and none after the answer


async def test_another_client_sees_and_moves_nothing(world: World, finance: Person, buyer: Person) -> None:
    stranger = world.person(world.beta, ("client_admin", world.beta))
    async with world.http() as http:
        invoice = await issued(http, world, finance)
        assert (await dispute(http, stranger, invoice)).status_code == 404
        said = (await dispute(http, buyer, invoice)).json()
        at = f"/v1/disputes/{said['id']}"
        assert (await http.get(at, headers=stranger.headers)).status_code == 404
        assert (await http.post(f"{at}/withdraw", headers=stranger.headers)).status_code == 404
        assert (await http.get("/v1/disputes", headers=stranger.headers)).json()["items"] == []
        listed = (await http.get("/v1/disputes?state=open&client=acme", headers=finance.headers)).json()
        assert said["id"] in [one["id"] for one in listed["items"]]


async def test_the_statement_says_what_is_open_how_long_and_what_is_in_dispute(
    world: World, finance: Person, buyer: Person
) -> None:
    async with world.http() as http:
        invoice = await issued(http, world, finance)
        unit = units(world, invoice["lines"][0]["id"])[0]
        said = (await dispute(http, buyer, invoice, unit)).json()
        at = f"/v1/clients/{world.acme}/statement"
        found = (await http.get(at, headers=buyer.headers)).json()
        (account,) = found["accounts"]
        entry = next(one for one in account["entries"] if one["id"] == invoice["id"])
        assert (entry["amount"], entry["disputed"]) == (invoice["total"], said["total"])
        open_now = Decimal(account["closing"])
        assert open_now == sum(map(Decimal, account["ageing"].values()))
        disputed = world.sql(world.acme, "select sum(total) as n from invoice_dispute where state = 'open'")[
            0
        ].n
        assert open_now - Decimal(account["payable"]) == Decimal(account["ageing"]["disputed"]) == disputed
        papers = world.sql(world.acme, "select sum(total) as n from invoice where state = 'issued'")[0].n
        assert open_now == papers
        later = (NOW + timedelta(days=400)).date().isoformat()
        old = (await http.get(f"{at}?since={later}&until={later}", headers=finance.headers)).json()[
            "accounts"
        ][0]
        assert (old["opening"], old["closing"], old["entries"]) == (
            account["closing"],
            account["closing"],
            [],
        )
        assert Decimal(old["ageing"]["over_90"]) > 0
        crossed = await http.get(f"{at}?since={later}&until=2026-01-01", headers=finance.headers)
        assert (crossed.status_code, crossed.json()["code"]) == (422, "days-crossed")
        stranger = world.person(world.beta, ("client_admin", world.beta))
        assert (await http.get(at, headers=stranger.headers)).status_code == 404


async def test_a_client_reads_which_ai_works_for_it_and_what_of_it_changed(world: World) -> None:
    admin = world.person(world.provider, ("admin", None))
    reader = world.person(world.acme, ("client_user", world.acme))
    priced = {"pricing": {"kind": "flat", "data": {"unit_price": "3.50"}}}
    terms = {**priced, "ai": {"modes": {"reading": "act"}, "accountable": "Anita Rao"}}
    contract_id = contract(world, world.acme, terms=terms, number="SOW-AI")
    chief = world.person(world.acme, ("client_admin", world.acme))
    async with world.http() as http:
        path = f"/v1/contracts/{contract_id}"
        version = (await http.get(path, headers=admin.headers)).headers["ETag"]
        outside = {"engines": {"reading": "second opinion"}, "spend_cap": {"USD": "25.00"}}
        agreed = {
            "modes": {"reading": "suggest"}, "accountable": "Sam Okafor", "triage_threshold": "0.9",
            "escalate": {"amount_over": {"INR": "250000.00"}}, **outside,
        }  # fmt: skip
        news = {**priced, "ai": agreed}
        headers = {**admin.headers, "If-Match": version}
        assert (await http.patch(path, json={"terms": news}, headers=headers)).status_code == 200
        found = (await http.get(f"/v1/clients/{world.acme}/ai-use", headers=reader.headers)).json()
        (mine,) = [one for one in found["contracts"] if one["number"] == "SOW-AI"]
        assert (mine["values"]["mode.reading"], mine["values"]["accountable"]) == ("suggest", "Sam Okafor")
        assert {(one["what"], one["before"], one["after"]) for one in mine["changes"]} == {
            ("mode.reading", "act", "suggest"),
            ("accountable", "Anita Rao", "Sam Okafor"),
            ("bar.triage", "70 %", "90 %"),
            ("engine.reading", "local", "second opinion"),
            ("spend_cap", "", "USD 25.00"),
            ("asks.amount_over", "", "INR 250000.00"),
        }
        (mail,) = world.sql(
            world.acme,
            "select payload from outbox where kind = 'mail' and payload ->> 'template' = 'ai_changed'"
            " and payload ->> 'to' = %s",
            (chief.email,),
        )
        told = render("ai_changed", mail.payload["values"], About("SOW-AI", "", "Acme", "UTC")).text
        assert (
            "Reading documents: act → suggest" in told
            and "Who answers for it: Anita Rao → Sam Okafor" in told
            and "Who reads documents: local → second opinion" in told
        )
        plain = {**admin.headers, "If-Match": (await http.get(path, headers=admin.headers)).headers["ETag"]}
        assert (await http.patch(path, json={"name": "Bills"}, headers=plain)).status_code == 200
        mails = "select 1 from outbox where payload ->> 'template' = 'ai_changed' and payload ->> 'to' = %s"
        assert len(world.sql(world.acme, mails, (chief.email,))) == 1
        stranger = world.person(world.beta, ("client_user", world.beta))
        assert (
            await http.get(f"/v1/clients/{world.acme}/ai-use", headers=stranger.headers)
        ).status_code == 404


async def test_a_client_disputes_on_the_page_of_the_line_and_finance_answers_in_its_queue(
    world: World, finance: Person, buyer: Person
) -> None:
    async with world.http() as http:
        invoice = await issued(http, world, finance)
    at, line = f"/invoices/{invoice['id']}", f"/invoices/{invoice['id']}/lines/{invoice['lines'][0]['id']}"
    unit = str(units(world, invoice["lines"][0]["id"])[0])
    async with browsing(world, buyer) as browser:
        assert f"{line}#dispute" in (await browser.get(at)).all("//a/@href")
        empty = await browser.submit(line, f"{line}/dispute", usage_id=unit, reason="")
        assert empty.status == 422
        made = await browser.submit(line, f"{line}/dispute", usage_id=unit, reason="Never sent by us")
        assert made.to.startswith("/disputes/"), made.text
        page = await browser.get(made.to)
        assert "Never sent by us" in page.text and "Finance answers by" in page.text
        assert not page.all("//form[contains(@action, '/accept')]")
        seen = (await browser.get(at)).text
        assert "Payable now" in seen and "₹4.12 in dispute" in seen
        account = await browser.get("/statement")
        assert "₹4.12 in dispute" in account.text and "In dispute" in account.text
        rows = (await browser.get("/statement.csv")).answer.text
        assert invoice["number"] in rows and "closing" in rows
    async with browsing(world, finance) as browser:
        assert made.to in (await browser.get("/disputes?state=open")).all("//a[@data-row]/@href")
        news = await browser.get("/notices")
        assert made.to in news.all("//a/@href")
        assert f"Dispute on invoice {invoice['number']} over ₹4.12: In dispute" in news.text
        assert "Never sent by us" in (await browser.get("/disputes.csv")).answer.text
        blank = await browser.submit(made.to, f"{made.to}/refuse", answer=" ")
        assert blank.status == 422
        done = await browser.submit(made.to, f"{made.to}/accept", answer="You are right")
        assert done.to == made.to
        assert "You are right" in (await browser.get(made.to)).text
        assert (await browser.get(f"/statement?client={'acme'}")).status == 200
    async with browsing(world, buyer) as browser:
        page = await browser.get(made.to)
        assert page.all("//a[starts-with(@href, '/invoices/')][contains(., 'Credit note')]")
        assert "Nadia" not in page.text


async def test_a_client_opens_the_page_of_ai(world: World) -> None:
    if not world.sql(world.acme, "select 1 from contract where number = 'SOW-AI'"):
        await test_a_client_reads_which_ai_works_for_it_and_what_of_it_changed(world)
    reader = world.person(world.acme, ("client_user", world.acme))
    async with browsing(world, reader) as browser:
        page = await browser.get("/ai-use")
        assert "SOW-AI" in page.text and "Sam Okafor" in page.text and "Anita Rao" in page.text
        assert "AI never releases a payment" in page.text and "₹2,50,000.00" in page.text
        assert "The local reader, a model where it is unsure" in page.text and "$25.00" in page.text
    agent = world.person(world.provider, ("agent", None))
    async with browsing(world, agent) as browser:
        assert (await browser.get("/ai-use")).status == 403
