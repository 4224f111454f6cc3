"""Internal targets of the stages on a real Temporal server: told by the ticket's one timer, once for each pass."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from schemas.acts import ActorRef
from tests.support.memory import MemoryStore, World, agent, contract, document, good_reading, ticket
from tests.support.running import Readings, running

TARGETS = {"delivery": 1, "approval": 1}


def world(number: int, targets: Mapping[str, int | None]) -> tuple[MemoryStore, Any]:
    terms = {"qa": {"sample_rate": "0"}, "sla": {"stage_s": targets}}
    request = ticket(number, documents_total=1, received_at=datetime.now(UTC))
    team = [agent(7, "data_entry"), agent(8, "qa"), agent(9, "lead")]
    held = World(contracts=[contract(terms)], tickets={request.id: request}, agents=team)
    one = document(number * 100, request, position=0, filename="f0.pdf", sha256=f"{number:064x}")
    held.documents[one.id] = one
    return MemoryStore(held), request


def late(store: MemoryStore) -> list[str]:
    return [n.desk for n in store.world.notices.values() if n.kind == "stage_late"]


async def _keyed(run: Any) -> None:
    task = await run.task("keying")
    by = ActorRef(kind="user", id=str(task.assigned_to), roles=("agent", "lead", "qa"))
    await run.complete(task, by, {})


async def test_the_desk_of_each_stage_is_told_once_by_the_tickets_own_timer(temporal_server: Any) -> None:
    store, request = world(72_001, TARGETS)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.task("keying")
        await run.until(lambda: late(store) == ["delivery"], "delivery's desk")
        await _keyed(run)
        await run.until(lambda: late(store) == ["delivery", "client_reviewer"], "who waits for the client")
        await run.decide("return", "wrong")
        task = await run.task("rework")
        await run.until(lambda: late(store).count("delivery") == 2, "the second pass")
        by = ActorRef(kind="user", id=str(task.assigned_to or UUID(int=9)), roles=("lead",))
        await run.complete(task, by, {"coding": {"account": "6200"}})
        review = await run.task("qa_review")
        reviewer = ActorRef(kind="user", id=str(review.assigned_to or UUID(int=8)), roles=("qa",))
        await run.complete(review, reviewer, {"verdict": "pass"})
        await run.decide("accept")
        assert await run.done() == "closed"
    said = [e.event for _, _, e in store.world.events if e.event == "clock.stage_late"]
    assert len(said) == len(late(store))


async def _timers(temporal_server: Any, number: int, targets: Mapping[str, int | None]) -> tuple[int, int]:
    store, request = world(number, targets)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await _keyed(run)
        await run.decide("accept")
        await run.done()
        history = await run.handle.fetch_history()
    ticked = sum(1 for key in store.world.results if ":tick:" in key)
    return sum(1 for e in history.events if e.HasField("timer_started_event_attributes")), ticked


async def test_default_targets_cost_a_ticket_no_timer(temporal_server: Any) -> None:
    off = dict.fromkeys(("triage", "contract", "delivery", "quality", "rework", "approval"))
    without = await _timers(temporal_server, 72_011, off)
    assert await _timers(temporal_server, 72_012, {}) <= without
