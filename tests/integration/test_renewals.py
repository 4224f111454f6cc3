"""Renewal on the database: by itself, exactly once for each end, from the contract's own figures; who sees it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from activities.renewal import RenewalActivities
from api.portal.routes import renewals as pages
from schemas.periods import PeriodResult, PeriodStart
from tests.support.api import World, world_on
from tests.support.portal import browsing
from ticketos.db.ids import new_id
from ticketos.db.repositories import renewals
from ticketos.db.repositories.renewals import SqlRenewalRuns
from ticketos.dev.database import PostgresUrls
from ticketos.domain.state import SYSTEM
from ticketos.domain.terms import Terms
from workers.runtime import sandbox
from workers.schedules import PLANS
from workflows import names
from workflows.scheduled.renewal import RenewalWorkflow

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("renewals")) as made:
        yield made


def runs(world: World) -> SqlRenewalRuns:
    return SqlRenewalRuns(world.services.database, world.services.audit, new_id, lambda: NOW)


def signed(world: World, ends_on: date | None, client: UUID | None = None, **more: Any) -> UUID:
    contract_id, owner = new_id(), client or world.acme
    values = {
        "id": contract_id,
        "client_id": owner,
        "number": contract_id.hex,
        "name": "SOW",
        "service_line": "data_entry",
        "starts_on": date(2026, 1, 1),
        "ends_on": ends_on,
        **more,
    }
    world._insert("contract", owner, values)
    return contract_id


def rows(world: World) -> list[Any]:
    return list(world.sql(world.acme, "select * from renewal order by made_at"))


async def test_the_daily_tick_advises_on_each_contract_that_ends_exactly_once(
    world: World, temporal_server: Any
) -> None:
    near = signed(world, date(2026, 12, 31))
    signed(world, date(2027, 12, 31))
    signed(world, None)
    signed(world, date(2026, 12, 31), status="draft")
    client = await Client.connect(temporal_server.grpc, data_converter=pydantic_data_converter)
    steps = RenewalActivities(runs(world))
    queue, saved = f"money-{new_id().hex[:8]}", names.MONEY
    names.MONEY = queue

    async def tick(at: datetime) -> dict[str, str]:
        found: PeriodResult = await client.execute_workflow(
            "Renewal",
            PeriodStart(client_id=world.acme, as_of=at),
            id=new_id().hex,
            task_queue=queue,
            result_type=PeriodResult,
        )
        return dict(found.facts["periods"])

    try:
        async with Worker(
            client,
            task_queue=queue,
            workflows=[RenewalWorkflow],
            activities=[steps.due, steps.run],
            activity_executor=world.pool if hasattr(world, "pool") else _pool(),
            workflow_runner=sandbox(),
        ):
            assert await tick(NOW - timedelta(days=40)) == {}
            assert list((await tick(NOW)).values()) == ["done"]
            assert await tick(NOW + timedelta(days=1)) == {}
    finally:
        names.MONEY = saved
    (made,) = rows(world)
    assert (made.contract_id, made.ends_on, made.advice) == (near, date(2026, 12, 31), "ask")
    again = runs(world).run(world.acme, f"{near}@2026-12-31", SYSTEM)
    assert (again["made"], len(rows(world))) == (False, 1)
    events = world.sql(
        world.acme, "select count(*) as n from audit_event where event = 'contract.renewal_recommended'"
    )
    assert events[0].n == 1
    told = world.sql(world.acme, "select kind, desk, ticket_id, key, detail from notice")
    assert [(n.kind, n.desk, n.ticket_id, n.key) for n in told] == [
        ("renewal", "success", None, f"renewal:{near}:2026-12-31")
    ]
    assert told[0].detail["ends_on"] == "2026-12-31"
    assert "Renewal" in {plan.workflow for plan in PLANS}


def _pool() -> Any:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(2)


def test_figures_are_those_of_the_contract_and_of_the_window(world: World) -> None:
    mine, other = signed(world, date(2026, 12, 31)), signed(world, date(2026, 12, 31))

    def ticket(contract_id: UUID, days: int, late: bool) -> None:
        at = NOW - timedelta(days=days)
        ticket_id = world.ticket(world.acme, contract_id=contract_id, received_at=at)
        world._insert(
            "ticket_clock",
            world.acme,
            {
                "id": new_id(),
                "client_id": world.acme,
                "ticket_id": ticket_id,
                "kind": "turnaround",
                "target_s": 60,
                "started_at": at,
                "stopped_at": at,
                "due_at": at,
                "breached_at": at if late else None,
            },
        )
        world._insert(
            "survey",
            world.acme,
            {
                "id": new_id(),
                "client_id": world.acme,
                "ticket_id": ticket_id,
                "recipient": "",
                "csat": 2 if late else 5,
                "asked_at": at,
                "answered_at": at,
            },
        )
        world._insert(
            "usage_event",
            world.acme,
            {
                "id": new_id(),
                "client_id": world.acme,
                "key": new_id().hex,
                "contract_id": contract_id,
                "ticket_id": ticket_id,
                "quantity": Decimal(2),
                "accepted_at": at,
                "period": "2026-11",
                "bill_period": "2026-11",
            },
        )

    for days, late in ((1, False), (80, True), (100, True)):
        ticket(mine, days, late)
    ticket(other, 1, True)
    with world.services.database.transaction([world.acme]) as connection:
        seen = renewals.figures(connection, world.acme, mine, Terms(), NOW)
    assert (seen.units, seen.units_before) == (Decimal(4), Decimal(2))
    assert (seen.met, seen.missed, seen.answers, seen.csat) == (1, 1, 2, Decimal("3.50"))


async def test_success_sees_it_by_api_and_on_the_page_and_other_roles_do_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = signed(world, date(2026, 12, 1), name="Invoices of Acme")
    runs(world).run(world.acme, f"{near}@2026-12-01", SYSTEM)
    runs(world).run(world.acme, f"{signed(world, date(2026, 12, 2))}@2026-12-02", SYSTEM)
    success, agent = (
        world.person(world.provider, ("success", None)),
        world.person(world.provider, ("agent", None)),
    )
    user = world.person(world.acme, ("client_admin", world.acme))
    async with world.http(success) as http:
        found = (await http.get("/v1/renewals")).json()["items"]
        assert (await http.get("/v1/renewals", headers=agent.headers)).status_code == 403
        assert (await http.get("/v1/renewals", headers=user.headers)).status_code == 403
    (mine,) = [one for one in found if one["contract_id"] == str(near)]
    assert (mine["advice"], mine["ends_on"], len(mine["figures"]["measures"])) == ("ask", "2026-12-01", 5)
    async with browsing(world, success) as browser:
        page = (await browser.client.get("/renewals")).text
        monkeypatch.setattr(pages, "LIMIT", 1)
        later, shown = "/renewals", []
        while later:
            here = await browser.get(later)
            shown += here.all("//section/h2 | //section//h2")
            (later,) = here.all("//a[@rel='next']/@href") or [""]
    assert len(shown) == len(found) > 1 and len(set(shown)) == len(shown)
    assert "Invoices of Acme" in page and "Ask what is still wanted" in page
