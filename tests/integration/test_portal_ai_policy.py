"""AG1 in the browser and over the API: the policy as a form, and what a person is told where AI asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from schemas.acts import CompleteTask
from tests.support.api import Person, World, world_on
from tests.support.portal import SAME_SITE, Browser, Page, browsing
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import Emit
from ticketos.domain.ports import StepKey
from ticketos.domain.state import SYSTEM

OVER = {
    "trigger": "amount",
    "total": "120000.00",
    "currency": "INR",
    "limit": "100000.00",
    "words": "total 1,20,000.00 INR is over the contract's 1,00,000.00",
}


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("policy")) as made:
        yield made


@pytest.fixture(scope="module")
def admin(world: World) -> Person:
    return world.person(world.provider, ("admin", None), email="anita.rao@provider.example", name="Anita Rao")


@pytest.fixture(scope="module")
def agent(world: World) -> Person:
    return world.person(world.provider, ("agent", None), ("lead", None), skills=["data_entry"])


def of(page: Page, action: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in page.tree.xpath(f"//form[@action='{action}']")[0].form_values():
        values.setdefault(name, []).append(value)
    return values


async def send(browser: Browser, path: str, fields: dict[str, Any]) -> Page:
    return Page(await browser.client.post(path, data=fields, headers=SAME_SITE))


async def agreed(world: World, admin: Person, ai: dict[str, Any], status: int = 201) -> dict[str, Any]:
    body = {
        "client_id": str(world.acme), "number": f"AI-{new_id().hex}", "name": "Entry", "service_line": "data_entry",
        "starts_on": "2026-01-01", "terms": {"ai": ai},
    }  # fmt: skip
    async with world.http(admin) as http:
        answer = await http.post("/v1/contracts", json=body)
    assert answer.status_code == status, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_modes_triggers_and_who_answers_are_set_by_form_and_come_back(
    world: World, admin: Person
) -> None:
    contract = await agreed(world, admin, {"straight_through": True})
    path = f"/contracts/{contract['id']}"
    async with browsing(world, admin) as browser:
        page = await browser.get(path)
        form = of(page, path)
        assert (form["ai_reading"], form["ai_triage"], form["ai_duplicates"]) == (
            ["act"],
            ["act"],
            ["suggest"],
        )
        assert page.all("//select[@name='ai_duplicates']/option/@value") == ["suggest", "act with approval"]
        assert "Nobody is named yet" in page.text
        typed = {
            "ai_triage": ["act with approval"],
            "ai_coding": ["suggest"],
            "coding_threshold": ["92.5"],
            "bars": ["Total: 99.5 %\nsupplier name 85"],
            "engine_reading": ["takes over"],
            "spend_cap": ["25 usd\nINR 2,000"],
            "amount_over": ["INR 1,00,000\n2500 eur"],
            "ask_words": ["legal notice\n\nfraud "],
            "confidence_below": ["97"],
            "new_supplier": ["on"],
            "accountable": ["anita.rao@provider.example"],
        }
        for wrong, said in (
            ({"amount_over": ["INR lots"]}, "amount_over of INR"),
            ({"amount_over": ["INR"]}, "amount_over: INR"),
            ({"bars": ["colour 99"]}, "knows no field colour"),
            ({"bars": ["total 120"]}, "outside 0..1"),
            ({"engine_reading": ["always"]}, "reading may be"),
            ({"spend_cap": [""]}, "needs a spend_cap of the month"),
            ({"spend_cap": ["USD -1"]}, "spend_cap"),
            ({"accountable": ["nobody@provider.example"]}, "nobody&#39;s address here"),
            ({"ai_triage": ["always"]}, "triage may be"),
            ({"other": ['{"ai": {"straight_through": false}}']}, "say one"),
            ({"other": ['{"ai": {"modes": {"payment": "act"}}}']}, "not payment"),
        ):
            refused = await send(browser, path, form | typed | wrong | {"_key": [new_id().hex]})
            assert refused.status == 422, wrong
            assert said in refused.answer.text, (wrong, refused.text)
            assert of(refused, path)["ask_words"] == ["legal notice\n\nfraud"]  # nothing typed is lost
        assert (await send(browser, path, form | typed)).status == 303
        kept = await browser.get(path)
        assert "Anita Rao (anita.rao@provider.example) answers for what AI does" in kept.text
        back = of(kept, path)
    assert back["bars"] == ["supplier name 85\ntotal 99.5"]
    assert back["amount_over"] == ["EUR 2500\nINR 100000"]
    (row,) = world.sql(world.acme, "select terms from contract where id = %s", (contract["id"],))
    ai = row.terms["ai"]
    assert ai["modes"] == {
        "triage": "act with approval", "reading": "act", "coding": "suggest", "duplicates": "suggest",
    }  # fmt: skip
    assert (ai["engines"], ai["spend_cap"]) == ({"reading": "takes over"}, {"USD": "25", "INR": "2000"})
    assert ai["field_thresholds"] == {"total": "0.995", "supplier_name": "0.85"}
    assert ai["escalate"] == {
        "amount_over": {"INR": "100000", "EUR": "2500"},
        "words": ["legal notice", "fraud"],
        "confidence_below": "0.97",
        "new_supplier": True,
    }
    assert (ai["coding_threshold"], "straight_through" in ai) == ("0.925", False)


async def test_over_the_api_a_policy_is_refused_in_words_and_described(world: World, admin: Person) -> None:
    refused = await agreed(world, admin, {"modes": {"duplicates": "act"}}, 422)
    assert (refused["code"], refused["params"]["section"]) == ("terms-invalid", "ai")
    assert "AI never rejects a document by itself" in refused["detail"]
    other = world.person(world.beta, ("client_admin", world.beta))
    foreign = await agreed(world, admin, {"accountable": other.email}, 422)
    assert "nobody's address here" in foreign["detail"]
    made = await agreed(world, admin, {"accountable": "The desk of Anita Rao"})
    async with world.http(admin) as http:
        described = (await http.get("/openapi.json")).json()
        world.sql(world.acme, "update contract set terms = jsonb_set(terms, '{ai,accountable}', '\"left@x.example\"')"
                  " where id = %s", (made["id"],))  # fmt: skip
        renamed = await http.patch(
            f"/v1/contracts/{made['id']}",
            json={"name": "Other"},
            headers={"If-Match": f'"{made["version"]}"'},
        )
    assert renamed.status_code == 200, renamed.text  # whoever left is no reason to refuse another change
    ai = described["components"]["schemas"]["NewContract"]["properties"]["terms"]["properties"]["ai"]
    assert ai["properties"]["modes"]["properties"]["duplicates"]["enum"] == ["suggest", "act with approval"]


def field(value: str | None, **more: Any) -> dict[str, Any]:
    return {"value": value, "shown": value, "confidence": "0.97", "source": "text", "state": "auto", **more}


READ = {
    "supplier_name": "Acme Ltd", "number": "INV-9", "issue_date": "2026-11-01", "currency": "INR",
    "net_total": "100000.00", "tax_total": "20000.00", "total": "120000.00",
}  # fmt: skip


def keying(world: World, person: Person, contract: str, payload: dict[str, Any], **columns: Any) -> UUID:
    ticket = world.ticket(world.acme, stage="delivery", service_line="data_entry", contract_id=UUID(contract))
    document = world.document(
        world.acme,
        ticket,
        filename=f"{new_id().hex}.pdf",
        **{
            "state": "keying",
            "doc_type": "invoice",
            "fields": {name: field(value) for name, value in READ.items()},
            **columns,
        },
    )
    return world.task(
        world.acme,
        ticket,
        subject_id=document,
        skill="data_entry",
        assigned_to=person.id,
        payload={"fields": [], "document": str(document), **payload},
    )


def sent(world: World) -> dict[str, Any]:
    argument = world.acts.sent[-1][2]
    assert isinstance(argument, CompleteTask)
    return argument.result


async def test_a_trigger_is_told_with_its_figures_where_the_document_is_keyed(
    world: World, admin: Person, agent: Person
) -> None:
    contract = await agreed(world, admin, {"straight_through": True})
    task = keying(world, agent, contract["id"], {"asked": [OVER]}, blocked_by=["ask:amount"])
    async with browsing(world, agent) as browser:
        page = await browser.get(f"/validate/{task}")
    assert page.all("//details[@id='blocked']//li") == [
        "The total INR 1,20,000.00 is over the contract's INR 1,00,000.00"
    ]


async def test_a_coding_to_confirm_is_filled_in_and_one_to_decide_is_not(
    world: World, admin: Person, agent: Person
) -> None:
    for mode, filled in (("act with approval", "6000"), ("suggest", "")):
        contract = await agreed(world, admin, {"modes": {"reading": "act", "coding": mode}})
        task = keying(world, agent, contract["id"], {}, blocked_by=["ask:coding"])
        path = f"/validate/{task}"
        async with browsing(world, agent) as browser:
            page = await browser.get(path)
            assert page.form(path)["coding_account"] == filled
            assert page.all("//details[@id='blocked']//li") == [
                "The contract has a person decide on its coding"
            ]
            if filled:
                await browser.submit(path, path, act="next")
                assert sent(world)["coding"] == {
                    "account": "6000", "cost_centre": "", "tax_code": "input",
                }  # fmt: skip
            else:
                assert "AI suggests 6000" in page.text
                await browser.submit(path, path, act="next")
                assert "coding" not in sent(world)
                await browser.submit(path, path, act="next", coding_account="6400")
                assert sent(world)["coding"]["account"] == "6400"


async def test_nobody_is_asked_for_the_coding_of_a_document_that_moves_no_money(
    world: World, admin: Person, agent: Person
) -> None:
    for mode in ("act with approval", "suggest"):
        contract = await agreed(world, admin, {"modes": {"reading": "act", "coding": mode}})
        order = f"/validate/{keying(world, agent, contract['id'], {}, doc_type='purchase_order')}"
        invoice = f"/validate/{keying(world, agent, contract['id'], {})}"
        async with browsing(world, agent) as browser:
            page = await browser.get(order)
            assert "a person decide the coding" not in page.text and "a person confirm" not in page.text
            assert page.form(order)["coding_account"] == "6000", "what AI proposed stands"
            await browser.submit(order, order, act="next")
            assert "coding" not in sent(world), "and is no person's choice"
            await browser.submit(order, order, act="next", doc_type="invoice")
            assert "coding" not in sent(world), (
                "the page did not ask: the act refuses it, and the page asks then"
            )
            await browser.submit(invoice, invoice, act="next", doc_type="purchase_order")
            assert "coding" not in sent(world)
            await browser.submit(order, order, act="next", coding_account="6400")
            assert sent(world)["coding"]["account"] == "6400"


async def test_what_ai_may_only_suggest_stands_beside_empty_fields(
    world: World, admin: Person, agent: Person
) -> None:
    contract = await agreed(world, admin, {"modes": {"reading": "suggest"}})
    line = {"description": "Paper", "net": "100000.00"}
    task = keying(
        world,
        agent,
        contract["id"],
        {"fields": list(READ)},
        doc_type="unknown",
        fields={name: field(value) | {"value": None, "state": "suggested"} for name, value in READ.items()},
        read_result={"suggested": {"doc_type": "invoice", "lines": [line]}},
    )
    path = f"/validate/{task}"
    async with browsing(world, agent) as browser:
        page = await browser.get(path)
        form = page.form(path)
        assert {form[f"field_{name}"] for name in READ} == {""} and form["doc_type"] == "unknown"
        assert page.all("//input[@id='f-total']/@placeholder") == ["AI suggests: 120000.00"]
        assert page.all("//input[@name='line_0_description']/@placeholder") == ["Paper"]
        assert page.all("//input[@name='line_0_description']/@value") == [""]
        assert set(page.all("//div[@data-state='suggested']//input[@data-name]/@data-name")) == set(READ)
        assert page.all("//ul[@class='cands']/li[1]/@data-value") != []
        await browser.submit(path, path, act="next", doc_type="invoice", field_number="INV-9")
    assert sent(world)["fields"] == {"number": "INV-9"}  # what was not typed is not sent


async def test_a_double_to_confirm_has_its_rejection_prepared(
    world: World, admin: Person, agent: Person
) -> None:
    contract = await agreed(world, admin, {"modes": {"duplicates": "act with approval"}})
    task = keying(
        world,
        agent,
        contract["id"],
        {"prepared": {"reject": {"reason": "duplicate"}}},
        blocked_by=["duplicate"],
    )
    plain = keying(world, agent, contract["id"], {})
    async with browsing(world, agent) as browser:
        page = await browser.get(f"/validate/{task}")
        assert page.all("//details[@id='reject'][@open]//select/option[@selected]/@value") == ["duplicate"]
        assert (await browser.get(f"/validate/{plain}")).all("//details[@id='reject'][@open]") == []


@pytest.mark.parametrize(
    ("prepared", "line", "kind", "priority"),
    [
        (None, "customer_support", "", "P3"),
        ({}, "", "", "P3"),
        (
            {"service_line": "customer_support", "ticket_type": "question", "priority": "P2"},
            "customer_support",
            "question",
            "P2",
        ),
    ],
)
async def test_a_classification_is_shown_confirmed_or_chosen_as_the_contract_has_it(
    world: World, prepared: dict[str, str] | None, line: str, kind: str, priority: str
) -> None:
    desk = world.person(world.provider, ("desk", None))
    reason = {"trigger": "words", "phrase": "<b>fraud</b>", "where": "text", "words": "…"}
    record = {
        "service_line": "customer_support",
        "confidence": "0.93",
        "engine": "t",
        "top": [],
        "asked": [reason],
    }
    task = world.task(
        world.acme,
        world.ticket(world.acme, stage="triage"),
        kind="triage",
        desk="ai_triage",
        payload={"suggestion": record, **({} if prepared is None else {"prepared": prepared})},
    )
    path = f"/tasks/{task}"
    async with browsing(world, desk) as browser:
        page = await browser.get(path)
    form = page.form(path)
    assert (form["service_line"], form["ticket_type"], form["priority"]) == (line, kind, priority)
    assert page.all("//div[@id='asked']//li") == ["“<b>fraud</b>” stands in the text of the message"]
    assert ("Prepared for you to confirm" in page.text) is (priority == "P2")


async def test_the_card_of_an_act_says_why_a_person_was_asked_and_who_answers_for_it(
    world: World, agent: Person
) -> None:
    ticket = world.ticket(world.acme)
    read = {
        "engine": "r", "confidence": "0.97", "blocked_by": ["ask:amount"], "straight_through": False, "mode": "act",
        "asked": [OVER], "accountable": "Anita Rao",
    }  # fmt: skip
    mode = {"trigger": "mode", "action": "triage", "mode": "suggest", "words": "…"}
    sure = {"engine": "t", "confidence": "0.95", "mode": "suggest", "asked": [mode], "service_line": "data_entry"}  # fmt: skip
    with world.services.database.transaction([world.acme]) as connection:
        for event, after in (("document.read", read), ("ticket.triage_needed", sure)):
            world.services.audit.record(
                connection, client_id=world.acme, ticket_id=ticket, root_id=ticket, at=datetime.now(UTC),
                actor=SYSTEM, emit=Emit(event, after=after),
            )  # fmt: skip
    async with browsing(world, agent) as browser:
        page = await browser.get(f"/tickets/{ticket}")
    assert "The total INR 1,20,000.00 is over the contract's INR 1,00,000.00" in page.text
    assert "Answers for it: Anita Rao" in page.text
    assert "Asked a person. It may only suggest" in page.text
    assert "The contract has a person decide it: classification of requests" in page.text


def test_a_supplier_was_seen_when_a_paper_of_its_was_posted_coded_or_keyed_for_this_client(
    world: World,
) -> None:
    ticket = world.ticket(world.acme)
    own = world.document(
        world.acme, ticket, state="posted", business_key="sunrise traders|inv1|118.00", position=0
    )
    world.document(world.acme, ticket, state="rejected", business_key="moon traders|inv1|118.00", position=1)
    foreign = world.ticket(world.beta)
    world.document(world.beta, foreign, state="posted", business_key="star traders|inv1|118.00")
    world.sql(
        world.acme,
        "insert into vendor_memory (client_id, vendor_key, account, cost_centre, tax_code, times, last_at)"
        " values (%s, 'coded traders', '6000', '', '', 1, now())",
        (world.acme,),
    )
    from ticketos.db.repositories.step import SqlStore

    services = world.services
    store = SqlStore(services.database, now=services.now, new_id=new_id, audit=services.audit)
    asked = {
        "sunrise traders": True, "sunrise": False, "moon traders": False, "star traders": False,
        "coded traders": True, "": False,
    }  # fmt: skip
    with store.step(StepKey(ticket, 1, "look"), world.acme, SYSTEM) as step:
        assert {name: step.supplier_seen(name, new_id()) for name in asked} == asked
        assert not step.supplier_seen("sunrise traders", own)  # not by itself
