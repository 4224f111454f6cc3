"""Billing, books and reconciliation over HTTP: who may, what comes back, and the proof behind a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest

from api.access import ALL
from api.app import MONEY_ROUTERS, MONEY_RULES, create_app_with
from api.principal import CLIENT_ROLES
from tests.support.api import Person, World, world_on
from tests.support.books import accepted, contract, settle
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls

MONTH = f"{datetime.now(UTC):%Y-%m}"


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("money")) as made:
        made.app = create_app_with(made.services, routers=MONEY_ROUTERS, rules=MONEY_RULES)
        for company in (made.provider, made.acme, made.beta):
            settle(made, company)
        yield made


@pytest.fixture(scope="module")
def maker(world: World) -> Person:
    return world.person(world.provider, ("finance", None))


@pytest.fixture(scope="module")
def checker(world: World) -> Person:
    return world.person(world.provider, ("finance", None))


async def post(
    http: httpx2.AsyncClient, path: str, by: Person, body: dict[str, Any] | None = None
) -> httpx2.Response:
    return await http.post(path, json=body, headers=by.headers)


async def issued(
    http: httpx2.AsyncClient, world: World, maker: Person, checker: Person, count: int = 12
) -> dict[str, Any]:
    """An issued invoice of Acme, by the API alone; each call bills one more contract of the month."""
    terms = contract(world, world.acme)
    bill = next(
        m
        for m in (f"{2000 + n}-01" for n in range(99))
        if not world.sql(world.acme, "select 1 from billing_period where period = %s", (m,))
    )
    accepted(world, world.acme, terms, count, period=bill)
    assert (await post(http, f"/v1/billing-periods/acme/{bill}/lock", maker)).json()["state"] == "locked"
    drafted = (await post(http, "/v1/invoices/draft", maker, {"client": "acme", "period": bill})).json()
    (invoice,) = drafted["invoices"]
    assert (await post(http, f"/v1/invoices/{invoice['id']}/approve", checker)).status_code == 200
    answer = await post(http, f"/v1/invoices/{invoice['id']}/issue", maker)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_month_becomes_an_invoice_and_its_papers(
    world: World, maker: Person, checker: Person
) -> None:
    async with world.http() as http:
        invoice = await issued(http, world, maker, checker, 120)
        assert (invoice["state"], invoice["net"], invoice["total"]) == ("issued", "420.0000", "495.6000")
        assert [(t["name"], t["rate"], t["amount"]) for t in invoice["taxes"]] == [
            ("CGST", "9", "37.80"),
            ("SGST", "9", "37.80"),
        ]
        at = f"/v1/invoices/{invoice['id']}"
        pdf = await http.get(f"{at}.pdf", headers=maker.headers)
        assert (pdf.status_code, pdf.headers["content-type"], pdf.content[:5]) == (
            200,
            "application/pdf",
            b"%PDF-",
        )
        assert pdf.content == (await http.get(f"{at}.pdf", headers=maker.headers)).content
        said = (await http.get(f"{at}.json", headers=maker.headers)).json()
        assert (said["number"], said["total"], "internal" in said) == (invoice["number"], "495.60", False)
        table = list(csv.DictReader(io.StringIO((await http.get(f"{at}.csv", headers=maker.headers)).text)))
        assert [(row["code"], row["amount"]) for row in table] == [
            ("units", "420.00"),
            ("CGST", "37.80"),
            ("SGST", "37.80"),
            ("total", "495.60"),
        ]


async def test_one_call_leads_from_a_line_to_its_proof(world: World, maker: Person, checker: Person) -> None:
    buyer = world.person(world.acme, ("client_user", world.acme))
    async with world.http() as http:
        invoice = await issued(http, world, maker, checker, 12)
        at = f"/v1/invoice-lines/{invoice['lines'][0]['id']}/evidence"
        proof = (await http.get(at, headers=maker.headers)).json()
        assert (proof["invoice_number"], len(proof["units"])) == (invoice["number"], 12)
        unit = proof["units"][0]
        assert (unit["checks"][0]["verdict"], unit["approvals"][0]["state"], unit["document_state"]) == (
            "pass",
            "accepted",
            "posted",
        )
        assert unit["ticket_number"]
        assert unit["erp_reference"]
        assert unit["checks"][0]["reviewer_id"]
        theirs = (await http.get(at, headers=buyer.headers)).json()
        assert len(theirs["units"]) == 12
        assert {u["finished_by"] for u in theirs["units"]} | {
            c["reviewer_id"] for u in theirs["units"] for c in u["checks"]
        } == {None}
        first = (await http.get(f"{at}?limit=5", headers=maker.headers)).json()
        rest = (await http.get(f"{at}?limit=7&cursor={first['next_cursor']}", headers=maker.headers)).json()
        assert [u["id"] for u in (*first["units"], *rest["units"])] == [u["id"] for u in proof["units"]]
        assert (first["has_more"], rest["has_more"]) == (True, False)


async def test_a_client_sees_its_own_issued_invoices_and_nothing_of_the_house(
    world: World, maker: Person, checker: Person
) -> None:
    mine = world.person(world.acme, ("client_admin", world.acme))
    foreign = world.person(world.beta, ("client_admin", world.beta))
    async with world.http() as http:
        invoice = await issued(http, world, maker, checker, 3)
        terms, month = contract(world, world.acme), "2030-01"
        draft = new_id()
        world._insert(
            "invoice",
            world.acme,
            {
                "id": draft,
                "client_id": world.acme,
                "contract_id": terms,
                "period": month,
                "currency": "INR",
                "net": 1,
                "tax": 0,
                "total": 1,
            },
        )
        for ending in ("", ".pdf", ".json", ".csv"):
            at = f"/v1/invoices/{invoice['id']}{ending}"
            statuses = [
                (await http.get(at, headers=who.headers)).status_code for who in (maker, mine, foreign)
            ]
            assert statuses == [200, 200, 404], at
        assert [
            (await http.get(f"/v1/invoices/{draft}", headers=who.headers)).status_code
            for who in (maker, mine)
        ] == [200, 404]
        seen = (await http.get(f"/v1/invoices/{invoice['id']}", headers=mine.headers)).json()
        assert (seen["payouts"], seen["drafted_by"], seen["approved_by"]) == ([], None, None)
        own = (await http.get("/v1/invoices", headers=mine.headers)).json()["items"]
        assert str(draft) not in [one["id"] for one in own]
        assert {one["state"] for one in own} == {"issued"}
        assert (await http.get("/v1/invoices", headers=foreign.headers)).json()["items"] == []
        world.sql(world.acme, "update invoice set state = 'cancelled' where id = %s", (draft,))


async def test_refusals_come_in_words_and_are_audited(world: World, maker: Person, checker: Person) -> None:
    async with world.http() as http:
        invoice = await issued(http, world, maker, checker, 2)
        again = await post(http, f"/v1/invoices/{invoice['id']}/issue", maker)
        assert (again.status_code, again.json()["code"]) == (409, "invoice-issued")
        assert invoice["number"] in again.json()["detail"]
        open_month = await post(http, "/v1/invoices/draft", maker, {"client": "acme", "period": MONTH})
        assert (open_month.status_code, open_month.json()["detail"]) == (
            409,
            f"Lock {MONTH} first, so that no usage enters it while it is invoiced.",
        )
        dry = (
            await post(
                http, "/v1/invoices/draft", maker, {"client": "acme", "period": MONTH, "dry_run": True}
            )
        ).json()
        assert (dry["dry_run"], dry["invoices"]) == (True, [])
        refused = world.sql(
            world.acme, "select why from audit_event where event = 'access.refused' order by seq"
        )
        assert "invoice-issued" in [row.why for row in refused]


async def test_one_who_drafted_cannot_approve_over_http_either(
    world: World, maker: Person, checker: Person
) -> None:
    async with world.http() as http:
        terms = contract(world, world.beta)
        accepted(world, world.beta, terms, 2, period="2026-01")
        await post(http, "/v1/billing-periods/beta/2026-01/lock", maker)
        drafted = (
            await post(http, "/v1/invoices/draft", maker, {"client": str(world.beta), "period": "2026-01"})
        ).json()
        at = f"/v1/invoices/{drafted['invoices'][0]['id']}/approve"
        own = await post(http, at, maker)
        assert (own.status_code, own.json()["code"]) == (403, "invoice-own-draft")
        assert (await post(http, at, checker)).json()["state"] == "approved"


async def test_a_repeated_issue_answers_alike_and_a_repeated_credit_is_one_note(
    world: World, maker: Person, checker: Person
) -> None:
    async with world.http() as http:
        invoice = await issued(http, world, maker, checker, 4)
        at, headers = (
            f"/v1/invoices/{invoice['id']}/credit-notes",
            {**maker.headers, "Idempotency-Key": new_id().hex},
        )
        body = {"reason": "sent in error"}
        notes = [await http.post(at, json=body, headers=headers) for _ in range(2)]
        assert [note.status_code for note in notes] == [201, 201]
        assert notes[0].json() == notes[1].json()
        assert notes[0].json()["net"] == "-14.0000"
        read = (await http.get(f"/v1/invoices/{invoice['id']}", headers=maker.headers)).json()
        assert (read["credit_notes"], read["payment_state"]) == ([notes[0].json()["id"]], "credited")


async def test_the_books_balance_and_show_their_entries(world: World, maker: Person, checker: Person) -> None:
    buyer = world.person(world.acme, ("client_admin", world.acme))
    auditor = world.person(world.provider, ("auditor", None))
    async with world.http() as http:
        invoice = await issued(http, world, maker, checker, 6)
        trial = (
            await http.get(f"/v1/clients/{world.provider}/trial-balance", headers=auditor.headers)
        ).json()
        assert trial["balanced"]
        assert {a["account"] for a in trial["accounts"]} >= {
            "1200",
            "2201",
            "2202",
            "4000",
            "5100",
        }
        assert {a["account"]: a["name"] for a in trial["accounts"]}["1200"] == "Trade receivables"
        entries = (
            await http.get(
                f"/v1/clients/{world.provider}/journals?source_id={invoice['id']}", headers=auditor.headers
            )
        ).json()
        assert [e["memo"] for e in entries["items"]] == [
            f"Payouts of {invoice['number']}",
            f"Sale {invoice['number']}",
        ]
        assert (
            await http.get(f"/v1/clients/{world.provider}/journals", headers=buyer.headers)
        ).status_code == 404
        assert (await http.get(f"/v1/clients/{world.acme}/journals", headers=buyer.headers)).json()[
            "items"
        ] == []


async def test_a_day_is_reconciled_now_and_again(world: World, maker: Person) -> None:
    at = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)  # the 3rd in Kolkata
    ticket = world.ticket(world.acme, documents_total=1, received_at=at)
    world.document(
        world.acme,
        ticket,
        state="posted",
        doc_type="invoice",
        fields={"total": {"value": "118.00"}},
        received_at=at,
    )
    body = {"client": "acme", "day": "2026-11-03"}
    async with world.http() as http:
        answers = [await post(http, "/v1/reconciliations", maker, body) for _ in range(2)]
        assert [a.status_code for a in answers] == [200, 200], answers[0].text
        listed = (
            await http.get("/v1/reconciliations?client=acme&day=2026-11-03", headers=maker.headers)
        ).json()["items"]
    report = answers[1].json()
    assert (report["counts"]["received"], report["totals"]["INR"]["posted"]) == (1, "118.00")
    assert [one["code"] for one in report["differences"]] == ["posted-without-entry", "reference-missing"]
    assert report["differences"][0]["words"] == "Posted, but the book holds no entry"
    assert [one["id"] for one in listed] == [report["id"]] == [answers[0].json()["id"]]


PATHS = {"client": "acme", "period": "2026-02"}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/held-usage/{usage_id}/contract": {"contract_id": str(new_id())},
    "/v1/held-usage/{usage_id}/waive": {"reason": "goodwill"},
    "/v1/invoices/draft": {"client": "acme", "period": "2026-02", "dry_run": True},
    "/v1/invoices/{invoice_id}/cancel": {"reason": "r"},
    "/v1/invoices/{invoice_id}/credit-notes": {"reason": "r"},
    "/v1/disputes/{dispute_id}/accept": {"answer": "a"},
    "/v1/disputes/{dispute_id}/refuse": {"answer": "a"},
    "/v1/reconciliations": {"client": "acme", "day": "2026-11-02"},
    "/v1/clients/{client_id}/book-months/{period}/close": {},
    "/v1/clients/{client_id}/book-months/{period}/reopen": {"reason": "r"},
    "/v1/clients/{client_id}/month-ends/{period}": {},
}
REPORT: dict[str, Any] = {"counts": {}, "checks": [], "open": [], "differences": [], "trial_balance": [],
                          "control": {}, "subledger": {}}  # fmt: skip


def _disputed(world: World, invoice: dict[str, Any]) -> str:
    """A dispute of the invoice that was withdrawn: an answer finds it settled."""
    at, made = datetime.now(UTC), new_id()
    named = {"id": made, "client_id": world.acme, "invoice_id": UUID(invoice["id"]), "state": "withdrawn"}
    about = {"line_id": UUID(invoice["lines"][0]["id"]), "net": 1, "total": 1, "currency": "INR"}
    by = {"raised_by": new_id(), "raised_at": at, "due_at": at}
    world._insert("invoice_dispute", world.acme, {**named, **about, **by})
    return str(made)


async def test_every_role_gets_what_the_table_says(world: World, maker: Person, checker: Person) -> None:
    async with world.http() as http:
        invoice = await issued(http, world, maker, checker, 1)
        ran = {"id": new_id(), "client_id": world.acme, "period": "2026-02", "clean": True, "report": REPORT}
        world._insert("month_end", world.acme, {**ran, "ran_at": datetime.now(UTC)})
        ids = {
            **PATHS,
            "invoice_id": invoice["id"],
            "line_id": invoice["lines"][0]["id"],
            "client_id": str(world.acme),
            "usage_id": str(world.sql(world.acme, "select id from usage_event limit 1")[0].id),
        }
        vendor = {"client_id": str(world.acme), "code": "V-1", "name": "Bright Paper"}
        rule_ = {"client_id": str(world.acme), "pattern": "paper", "account": "6000"}
        account = {"client_id": str(world.acme), "code": "6815", "name": "Office supplies"}
        files = {
            "vendors": "code,name\nV-2,Toner\n",
            "ledger-accounts": "code,name,kind\n6000,Paper,expense\n",
        }
        bodies = {
            **BODIES,
            "/v1/invoices/{invoice_id}/disputes": {"line_id": ids["line_id"], "reason": "r"},
            "/v1/vendors": vendor,
            "/v1/vendors/{vendor_id}": {"name": "Bright"},
            "/v1/ledger-accounts": {**account, "kind": "expense"},
            "/v1/ledger-accounts/{account_id}": {"name": "Stationery"},
            "/v1/coding-rules": rule_,
            "/v1/coding-rules/{rule_id}": {"pattern": "inks"},
            "/v1/clients/{client_id}/coding-rules/order": {"rules": [str(new_id())]},
        }

        async def ask(method: str, path: str, person: Person | None = None) -> httpx2.Response:
            headers = dict(person.headers) if person else {}
            if path.endswith("/import"):
                headers["Content-Type"] = "text/csv"
                content = files[path.split("/")[-2]]
                return await http.request(method, path.format(**ids), content=content, headers=headers)
            return await http.request(method, path.format(**ids), json=bodies.get(path), headers=headers)

        for role in sorted(ALL):
            # Rules and accounts are deleted on the way.
            for name in ("vendor_id", "rule_id", "account_id"):
                ids[name] = str(new_id())
            unused = {"id": UUID(ids["account_id"]), "client_id": world.acme, "code": role, "name": role}
            world._insert("ledger_account", world.acme, {**unused, "kind": "expense"})
            named = {"client_id": world.acme, "updated_at": datetime.now(UTC)}
            listed = {**named, "id": UUID(ids["vendor_id"]), "code": role, "name": role, "vendor_key": role}
            world._insert("vendor", world.acme, listed)
            kept = {
                "id": UUID(ids["rule_id"]),
                "client_id": world.acme,
                "pattern": "toner",
                "account": "6000",
            }
            world._insert("coding_rule", world.acme, kept)
            ids["dispute_id"] = _disputed(world, invoice)
            people = [
                world.person(company if role in CLIENT_ROLES else world.provider, (role, company))
                for company in (world.acme, world.beta)
            ]
            for (method, path), rule in MONEY_RULES.items():
                # The foreign one first: what the own one deletes would be 404 for another reason.
                abroad = await ask(method, path, people[1])
                answers = [await ask(method, path, people[0]), abroad]
                allowed = role in rule.roles
                assert (answers[0].status_code == 403) is not allowed, (role, method, path, answers[0].text)
                assert answers[0].status_code not in (401, 404, 405, 500), (
                    role,
                    method,
                    path,
                    answers[0].text,
                )
                if not allowed:
                    assert answers[1].status_code == 403
                elif "{" in path or method == "POST":
                    assert answers[1].status_code == 404, (role, method, path, answers[1].text)
                else:
                    assert str(world.acme) not in answers[1].text
        for method, path in MONEY_RULES:
            assert (await ask(method, path)).status_code == 401


async def test_a_key_needs_the_scope_of_billing(world: World, maker: Person, checker: Person) -> None:
    async with world.http() as http:
        reading, writing = world.key(maker, "billing:read"), world.key(maker, "billing:write")
        assert (await http.get("/v1/invoices", headers=reading)).status_code == 200
        refused = await http.get("/v1/invoices", headers=writing)
        assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
        lock = "/v1/billing-periods/acme/2026-03/lock"
        assert (await http.post(lock, headers=reading)).json()["code"] == "scope-missing"
        assert (await http.post(lock, headers=writing)).status_code == 200


@pytest.mark.parametrize("wrong", ["2026-13", "26-01", "x"])
async def test_a_month_that_is_none_is_refused(world: World, maker: Person, wrong: str) -> None:
    async with world.http() as http:
        answer = await post(http, f"/v1/billing-periods/acme/{wrong}/lock", maker)
        assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
        unknown = await post(http, "/v1/billing-periods/nobody/2026-03/lock", maker)
        assert unknown.status_code == 404
        assert (await post(http, f"/v1/invoices/{UUID(int=0)}/approve", maker)).status_code == 404
