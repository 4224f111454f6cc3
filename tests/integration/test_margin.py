"""The margin of a month: net less payouts to people and rework, by client and line, each currency by itself, for the house."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import Person, World, world_on
from tests.support.books import contract
from tests.support.portal import browsing
from ticketos.dev.database import PostgresUrls

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
END_OF_OCTOBER = "2026-10-31T20:00:00+00:00"
"""November in India."""


def _paper(
    world: World, client: UUID, agreed: UUID, net: int, paid: tuple[tuple[UUID | None, int], ...], **more: Any
) -> None:
    key = world.services.new_id()
    how: dict[str, Any] = {"currency": "INR", "state": "issued", "period": "2026-11", **more}
    world._insert(
        "invoice",
        client,
        {
            "id": key, "client_id": client, "contract_id": agreed, "net": net, "tax": 0, "total": net, "snapshot": {},
            **how,
        },
    )  # fmt: skip
    for who, amount in paid:
        world._insert(
            "payout",
            client,
            {
                "id": world.services.new_id(), "client_id": client, "invoice_id": key, "user_id": who, "value": net,
                "fee": 0, "payout": amount, "currency": how["currency"],
            },
        )  # fmt: skip


def _defect(world: World, client: UUID, root: UUID, cost: str | None, currency: str = "INR") -> None:
    key = world.services.new_id()
    detail = {"minutes": "12.00", "cost": cost, "currency": currency, "worked_to": END_OF_OCTOBER}
    world.ticket(client, root_id=root, kind="defect", detail=detail, number=f"D-{key.hex[-20:]}")


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        made.services.now = lambda: NOW
        who = made.services.new_id()
        entry = contract(made, made.acme, number="A-1")
        help_ = contract(made, made.acme, number="A-2", service_line="it_helpdesk")
        beta = contract(made, made.beta, number="B-1")
        _paper(made, made.acme, entry, 1000, ((who, 600), (None, 200)))  # 200 is nobody's pay
        _paper(made, made.acme, entry, -100, ((who, -80),), kind="credit_note")
        _paper(made, made.acme, help_, 500, ((who, 400),))
        _paper(made, made.acme, entry, 300, ((who, 240),), currency="USD", kind="credit_note")
        _paper(made, made.acme, entry, 9999, ((who, 1),), state="draft", period="2026-10")
        _paper(made, made.beta, beta, 2000, ((who, 1600),))
        request = made.ticket(made.acme, contract_id=entry, service_line="data_entry")
        for cost in ("30.50", None):
            _defect(made, made.acme, request, cost)
        _defect(made, made.acme, request, "4", "USD")
        yield made


async def seen(world: World, who: Person, **asked: Any) -> dict[str, Any]:
    async with world.http(who) as http:
        answer = await http.get("/v1/measures", params={"periods": 2, **asked})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(found: dict[str, Any]) -> dict[tuple[str, str, str], tuple[Decimal, ...]]:
    return {
        (one["month"], one["currency"], one["name"]): tuple(
            Decimal(one[name]) for name in ("net", "people", "rework", "margin", "rate")
        )
        for one in found["margin"]
    }


def figures(*values: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, values))


async def test_the_margin_is_by_currency_client_and_line(world: World) -> None:
    finance = world.person(world.provider, ("finance", None))
    month, inr = "2026-11", "INR"
    assert told(await seen(world, finance, client="acme")) == {
        (month, inr, ""): figures("1400", "920", "30.5", "449.5", "0.321071"),
        (month, "USD", ""): figures("300", "240", "4", "56", "0.186667"),
    }
    clients = told(await seen(world, finance, by="client"))
    assert clients[month, inr, "Beta"] == figures("2000", "1600", "0", "400", "0.2")
    lines = told(await seen(world, finance, by="line", client="acme"))
    assert lines[month, inr, "IT helpdesk"] == figures("500", "400", "0", "100", "0.2")
    assert lines[month, inr, "Data entry"][:3] == figures("900", "520", "30.5")
    assert told(await seen(world, finance, by="team")) == {}
    only = await seen(world, finance, measure="margin")
    assert [one["measure"] for one in only["definitions"]] == ["margin"]
    assert only["definitions"][0]["by"] == ["client", "line"]
    assert only["margin"]
    assert not (await seen(world, finance, measure="requests"))["margin"]


async def test_it_is_for_those_of_the_house_who_may_see_invoices_alone(world: World) -> None:
    agreed = (
        world.person(world.acme, ("client_admin", world.acme)),
        world.person(world.acme, ("client_user", world.acme)),
        world.person(world.provider, ("lead", None)),
        world.person(world.provider, ("ops", None)),
    )
    for person in agreed:
        found = await seen(world, person, client="acme")
        assert found["margin"] == []
        assert "margin" not in {one["measure"] for one in found["definitions"]}
        async with browsing(world, person) as browser:
            page = await browser.get("/insights?client=acme")
            assert not page.tree.xpath("//*[@id='margin']")
            assert "449" not in page.text
            assert "margin" not in (await browser.get("/insights.csv")).answer.text.splitlines()[0].split(",")
    other = world.person(world.provider, ("finance", world.beta))
    assert {key[1:] for key in told(await seen(world, other))} == {("INR", "")}
    assert told(await seen(world, other))["2026-11", "INR", ""][0] == 2000


async def test_insights_show_it_and_lead_to_the_papers(world: World) -> None:
    async with browsing(world, world.person(world.provider, ("finance", None))) as browser:
        page = await browser.get("/insights?client=acme&by=line&periods=2")
        (row,) = page.tree.xpath("//section[@id='margin']//tr[td='IT helpdesk']")
        cells = [cell.text_content().strip() for cell in row.xpath("td")]
        assert cells == ["IT helpdesk", "₹500.00", "₹400.00", "₹0.00", "₹100.00", "20.0%"]
        papers = await browser.get(row.xpath("td/a/@href")[0])
        assert papers.status == 200
        assert "period=2026-11" in row.xpath("td/a/@href")[0]
        lines = list(
            csv.DictReader(
                io.StringIO((await browser.get("/insights.csv?client=acme")).answer.text.lstrip("\ufeff"))
            )
        )
        assert lines[-1]["margin"] == "449.5000 INR; 56.0000 USD"
        empty = await browser.get("/insights?client=acme&grain=day")
        assert not empty.tree.xpath("//*[@id='margin']")
