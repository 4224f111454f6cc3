"""Offers on a real Temporal server: the ticket's one timer ends them, also those of its line."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from schemas.acts import AcceptTask, ActorRef, RefuseTask
from tests.support.memory import MemoryStore, World, agent, contract, document, good_reading, ticket
from tests.support.running import LEAD, Readings, running, sure

WEAK = good_reading(total="1118.00")
BASE = {"ai": {"straight_through": True}, "qa": {"sample_rate": "0"}}


def offered(seconds: int) -> dict[str, Any]:
    return {**BASE, "assignment": {"offers": {"data_entry": seconds, "it_helpdesk": seconds}}}


def world(terms: Mapping[str, Any], line: str = "data_entry") -> tuple[MemoryStore, Any]:
    number, files = uuid.uuid4().int % 10**12, 1 if line == "data_entry" else 0
    request = ticket(number, documents_total=files)
    team = [agent(7, line), agent(17, line, load=0), agent(9, "lead")]
    held = World(contracts=[contract(terms, service_line=line)], tickets={request.id: request}, agents=team)
    for i in range(files):
        one = document(number * 100 + i, request, position=i, filename="f0.pdf", sha256=f"{number:064x}")
        held.documents[one.id] = one
    return MemoryStore(held), request


def helpdesk(text: str, **_: Any) -> Mapping[str, Any]:
    return {**sure(text), "service_line": "it_helpdesk"}


def person(number: int) -> ActorRef:
    return ActorRef(kind="user", id=str(UUID(int=number)), roles=("agent",))


def told(store: MemoryStore) -> list[str]:
    return [e.event for _, _, e in store.world.events if e.event.startswith("task.off")]


async def test_an_offer_of_the_line_is_refused_then_taken_and_the_work_goes_on(temporal_server: Any) -> None:
    store, request = world(offered(600))
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": WEAK})) as start:
        run = await start(request)
        task = await run.task("keying")
        first, second = task.offered_to.int, {7: 17, 17: 7}[task.offered_to.int]
        stranger = await run.act("accept_task", AcceptTask(actor=person(second), key="a0", task_id=task.id))
        assert (stranger.applied, stranger.code) == (False, "task-offered-to-other")
        refuse = RefuseTask(actor=person(first), key="r1", task_id=task.id, reason="on leave")
        assert (await run.act("refuse_task", refuse)).applied
        assert store.world.tasks[task.id].offered_to == UUID(int=second)
        taken = await run.act("accept_task", AcceptTask(actor=person(second), key="a1", task_id=task.id))
        assert (taken.applied, taken.outcome) == (True, "taken")
        await run.complete(store.world.tasks[task.id], person(second), {"fields": {"total": "118.00"}})
        await run.decide("accept")
        assert await run.done() == "closed"
    assert told(store) == ["task.offered", "task.offer_refused", "task.offered", "task.offer_accepted"]


async def test_offers_nobody_answers_reach_the_lead_by_the_tickets_own_timer(temporal_server: Any) -> None:
    store, request = world(offered(1), "it_helpdesk")
    async with running(temporal_server.grpc, store, Readings({}), helpdesk) as start:
        run = await start(request)
        task = await run.task("work")
        await run.until(lambda: store.world.tasks[task.id].assigned_to == UUID(int=9), "the lead")
        assert (await run.complete(task, LEAD, {"note": "done by the lead"})).applied
        await run.decide("accept")
        assert await run.done() == "closed"
        history = await run.handle.fetch_history()
    assert told(store) == [
        "task.offered",
        "task.offer_lapsed",
        "task.offered",
        "task.offer_lapsed",
        "task.offers_ended",
    ]
    kinds = [event.event_type for event in history.events]
    signalled = sum(1 for e in history.events if e.HasField("workflow_execution_signaled_event_attributes"))
    assert signalled == 1, kinds
    (billed,) = store.world.usage.values()
    assert billed.finished_by == UUID(int=9)


async def test_without_offers_the_ticket_hears_nothing_of_its_line(temporal_server: Any) -> None:
    store, request = world(BASE)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": WEAK})) as start:
        run = await start(request)
        task = await run.task("keying")
        assert task.assigned_to is not None
        await run.complete(
            task,
            ActorRef(kind="user", id=str(task.assigned_to), roles=("agent",)),
            {"fields": {"total": "118.00"}},
        )
        await run.decide("accept")
        await run.done()
        history = await run.handle.fetch_history()
    assert not [e for e in history.events if e.HasField("workflow_execution_signaled_event_attributes")]
    assert told(store) == []
