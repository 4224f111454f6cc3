"""Held usage over HTTP and on the database: who may settle it, and that it is billed once, in an open month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from tests.support.api import Person, World, world_on
from tests.support.books import contract, held_unit, settle
from ticketos.dev.database import PostgresUrls

AT = datetime(2026, 11, 15, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("held")) as made:
        for company in (made.provider, made.acme, made.beta):
            settle(made, company)
        yield made


@pytest.fixture(scope="module")
def finance(world: World) -> Person:
    return world.person(world.provider, ("finance", None))


def held(world: World, line: str = "it_helpdesk", at: datetime = AT) -> tuple[UUID, UUID]:
    return held_unit(world, world.acme, line, at)


def row(world: World, usage_id: UUID) -> Any:
    return world.sql(world.acme, "select * from usage_event where id = %s", (usage_id,))[0]


def told(world: World, usage_id: UUID) -> list[tuple[str, str | None, bool]]:
    found = world.sql(
        world.acme,
        "select event, why, money from audit_event where entity_id = %s and event like 'usage.%%'",
        (str(usage_id),),
    )
    return [(one.event, one.why, one.money) for one in found]


async def test_held_usage_is_listed_given_a_contract_once_and_then_invoiced(
    world: World, finance: Person
) -> None:
    usage_id, ticket_id = held(world)
    terms = contract(world, world.acme, service_line="it_helpdesk")
    desk = world.person(world.provider, ("desk", None))
    async with world.http() as http:
        listed = (await http.get("/v1/held-usage?client=acme", headers=desk.headers)).json()
        assert [u["ticket_id"] for u in listed["items"] if u["id"] == str(usage_id)] == [str(ticket_id)]
        path, body = f"/v1/held-usage/{usage_id}/contract", {"contract_id": str(terms), "reason": "signed"}
        answer = await http.post(path, json=body, headers=desk.headers)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["state"], answer.json()["contract_id"]) == ("billable", str(terms))
        again = await http.post(path, json=body, headers=desk.headers)
        assert (again.status_code, again.json()["code"]) == (409, "usage-not-held")
        assert told(world, usage_id) == [("usage.contract_given", "signed", True)]
        (billing,) = world.sql(
            world.acme, "select detail from ticket where root_id = %s and kind = 'billing'", (ticket_id,)
        )
        assert billing.detail["payment_status"] == "not_invoiced"
        await http.post("/v1/billing-periods/acme/2026-11/lock", headers=finance.headers)
        drafted = await http.post(
            "/v1/invoices/draft", json={"client": "acme", "period": "2026-11"}, headers=finance.headers
        )
        (invoice,) = [i for i in drafted.json()["invoices"] if i["contract_id"] == str(terms)]
        line = (await http.get(f"/v1/invoices/{invoice['id']}", headers=finance.headers)).json()["lines"][0]
        assert (line["description"], line["unit"], line["quantity"]) == (
            "Requests accepted",
            "ticket",
            "1.0000",
        )
        # The month is locked now: what is settled later enters the next one.
        late, _ = held(world)
        await http.post(
            f"/v1/held-usage/{late}/contract", json={"contract_id": str(terms)}, headers=finance.headers
        )
        assert (row(world, late).bill_period, row(world, late).fate) == ("2026-12", "late")


async def test_it_is_waived_by_finance_alone_and_with_a_reason(world: World, finance: Person) -> None:
    usage_id, _ = held(world, at=datetime(2026, 9, 15, 10, tzinfo=UTC))
    desk = world.person(world.provider, ("desk", None))
    path = f"/v1/held-usage/{usage_id}/waive"
    async with world.http() as http:
        refused = await http.post(path, json={"reason": "goodwill"}, headers=desk.headers)
        assert refused.status_code == 403
        blank = await http.post(path, json={"reason": " "}, headers=finance.headers)
        assert (blank.status_code, blank.json()["code"]) == (422, "request-invalid")
        assert row(world, usage_id).state == "held"
        done = await http.post(path, json={"reason": "goodwill"}, headers=finance.headers)
        assert (done.status_code, done.json()["state"]) == (200, "waived")
    assert told(world, usage_id) == [("usage.waived", "goodwill", True)]


async def test_a_contract_of_another_client_or_line_is_refused(world: World, finance: Person) -> None:
    usage_id, _ = held(world, at=datetime(2026, 8, 15, 10, tzinfo=UTC))
    foreign, other = contract(world, world.beta, service_line="it_helpdesk"), contract(world, world.acme)
    outsider = world.person(world.provider, ("finance", world.beta))
    async with world.http() as http:
        for terms, code in ((foreign, "contract-unknown"), (other, "contract-other-line")):
            answer = await http.post(
                f"/v1/held-usage/{usage_id}/contract",
                json={"contract_id": str(terms)},
                headers=finance.headers,
            )
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        hidden = await http.post(
            f"/v1/held-usage/{usage_id}/waive", json={"reason": "r"}, headers=outsider.headers
        )
        assert hidden.status_code == 404
        assert not (await http.get("/v1/held-usage", headers=outsider.headers)).json()["items"]
    assert row(world, usage_id).state == "held"


def test_the_database_itself_lets_only_held_usage_be_given_a_contract(world: World) -> None:
    terms = contract(world, world.acme, service_line="it_helpdesk")
    usage_id, _ = held(world, at=datetime(2026, 7, 15, 10, tzinfo=UTC))
    change = "update usage_event set state = %s, contract_id = %s, bill_period = %s where id = %s"
    with pytest.raises(IntegrityError, match="append-only"):
        world.sql(world.acme, change, ("waived", terms, "2026-07", usage_id))
    world._insert(
        "billing_period", world.acme, {"client_id": world.acme, "period": "2026-07", "state": "locked"}
    )
    with pytest.raises(IntegrityError, match="is locked"):
        world.sql(world.acme, change, ("billable", terms, "2026-07", usage_id))
    world.sql(world.acme, change, ("billable", terms, "2026-10", usage_id))
    with pytest.raises(IntegrityError, match="append-only"):
        world.sql(world.acme, change, ("billable", terms, "2026-11", usage_id))
