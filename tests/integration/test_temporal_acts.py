"""Acts against a real Temporal server: applied, refused, late, unconfirmed and unreachable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from api.acts import Target, TemporalActs
from schemas.acts import ActorRef, ActResult, CancelTicket, PauseTicket
from schemas.ticket import TicketStart
from ticketos.db.ids import new_id
from ticketos.dev.temporal import TemporalAddress
from ticketos.domain.errors import DomainError
from workflows import names

FOREVER = "for ever"


@workflow.defn(name="Ticket")
class FakeTicket:
    """Speaks the ticket's protocol: pause is applied, or for ever under way, or for no reason refused; cancel ends
    it."""

    def __init__(self) -> None:
        self._done = False
        self._pauses = 0

    @workflow.run
    async def run(self, start: TicketStart) -> str:
        await workflow.wait_condition(lambda: self._done)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return str(start.ticket_id)

    @workflow.update(name="pause")
    async def pause(self, act: PauseTicket) -> ActResult:
        self._pauses += 1
        await workflow.wait_condition(lambda: act.reason != FOREVER)
        return ActResult(applied=True, outcome="paused", facts={"times": self._pauses})

    @pause.validator
    def check_pause(self, act: PauseTicket) -> None:
        if not act.reason:
            raise ApplicationError("refused", {"act": "pause"}, type="reason-missing")

    @workflow.update(name="cancel")
    async def cancel(self, act: CancelTicket) -> ActResult:
        self._done = True
        return ActResult(applied=True, outcome="cancelled")


@pytest.fixture
async def client(temporal_server: TemporalAddress) -> Client:
    return await Client.connect(temporal_server.grpc, data_converter=pydantic_data_converter)


@asynccontextmanager
async def working(client: Client) -> AsyncIterator[None]:
    async with Worker(
        client, task_queue=names.TICKETS, workflows=[FakeTicket], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        yield


def acts_on(client: Client, wait_s: float = 10.0) -> TemporalActs:
    async def connect() -> Client:
        return client

    return TemporalActs(connect, wait_s)


def fresh() -> tuple[TicketStart, Target]:
    start = TicketStart(ticket_id=new_id(), client_id=UUID(int=1))
    return start, Target(names.ticket_workflow(start.ticket_id), start)


def pause(reason: str = "waiting", key: str = "k") -> PauseTicket:
    return PauseTicket(actor=ActorRef(kind="user"), key=key, reason=reason)


async def test_an_act_is_applied_once_per_key_and_a_second_start_changes_nothing(client: Client) -> None:
    acts, (start, target) = acts_on(client), fresh()
    async with working(client):
        await acts.start(start)
        await acts.start(start)
        first = await acts.act(target, "pause", pause(key="a"))
        again = await acts.act(target, "pause", pause(key="a"))
        other = await acts.act(target, "pause", pause(key="b"))
    assert first == again == ActResult(applied=True, outcome="paused", facts={"times": 1})
    assert other is not None
    assert other.facts == {"times": 2}


async def test_a_validators_refusal_brings_its_code_and_facts(client: Client) -> None:
    acts, (start, target) = acts_on(client), fresh()
    async with working(client):
        await acts.start(start)
        refused = await acts.act(target, "pause", pause(reason=""))
        accepted = await acts.act(target, "pause", pause())
    assert refused == ActResult(applied=False, code="reason-missing", params={"act": "pause"})
    assert accepted is not None
    assert accepted.applied


async def test_an_act_on_a_ticket_that_has_not_begun_begins_it(client: Client) -> None:
    acts, (start, target) = acts_on(client), fresh()
    async with working(client):
        with pytest.raises(DomainError, match="ticket-closed"):
            await acts.act(Target(target.workflow_id), "pause", pause())
        applied = await acts.act(target, "pause", pause())
        await acts.start(start)
    assert applied is not None
    assert applied.applied


async def test_an_act_on_an_ended_ticket_is_refused_and_never_starts_it_again(client: Client) -> None:
    acts, (start, target) = acts_on(client), fresh()
    async with working(client):
        await acts.start(start)
        await acts.act(target, "cancel", CancelTicket(actor=ActorRef(kind="user"), key="c", reason="r"))
        await client.get_workflow_handle(target.workflow_id).result()
        with pytest.raises(DomainError, match="ticket-closed"):
            await acts.act(target, "pause", pause(key="late"))
        await acts.start(start)
        found = await client.get_workflow_handle(target.workflow_id).describe()
    assert found.status is not None
    assert found.status.name == "COMPLETED"


async def test_a_run_that_is_ended_from_outside_while_it_acts_is_told_as_ended(client: Client) -> None:
    acts, (start, target) = acts_on(client), fresh()
    async with working(client):
        await acts.start(start)
        held = asyncio.create_task(acts.act(target, "pause", pause(reason=FOREVER)))
        handle = client.get_workflow_handle(target.workflow_id)
        accepted = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
        for _ in range(200):
            if accepted in [e.event_type for e in (await handle.fetch_history()).events]:
                break
            await asyncio.sleep(0.05)
        await handle.terminate("by an operator")
        with pytest.raises(DomainError, match="ticket-closed"):
            await held


async def test_without_a_worker_an_act_is_unconfirmed_and_may_be_asked_for_again(client: Client) -> None:
    acts, (start, target) = acts_on(client, wait_s=1.5), fresh()
    await acts.start(start)
    assert await acts.act(target, "pause", pause(key="slow")) is None
    async with working(client):
        applied = await acts_on(client).act(target, "pause", pause(key="slow"))
    assert applied is not None
    assert applied.facts == {"times": 1}


async def test_a_server_that_is_away_takes_nothing_and_says_so() -> None:
    async def connect() -> Client:
        return await Client.connect("127.0.0.1:9")

    acts, (start, target) = TemporalActs(connect), fresh()
    assert not await acts.reachable()
    for attempt in (acts.act(target, "pause", pause()), acts.start(start)):
        with pytest.raises(DomainError, match="workflows-unavailable"):
            await attempt
