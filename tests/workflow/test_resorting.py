"""A classification that AI made by itself is undone: the request goes another way while nobody works on it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from schemas.acts import ActorRef, ActResult, CancelTicket, CorrectTriage
from tests.support.memory import MemoryStore, World, agent, contract, document, good_reading, ticket
from tests.support.running import AGENT, DESK, LEAD, Readings, Running, running, sure

HELPER = AGENT.model_copy(update={"id": str(UUID(int=11))})
SAID = {"service_line": "it_helpdesk", "ticket_type": "password", "priority": "P3", "engine": "test"}
TERMS: Mapping[str, Any] = {"ai": {"straight_through": True}, "qa": {"sample_rate": "0"}}


def helpdesk(text: str, **_: Any) -> Mapping[str, Any]:
    return {**sure(text), **SAID}


def world(*lines: str, files: int = 0, people: tuple[Any, ...] = ()) -> tuple[MemoryStore, Any]:
    number = uuid.uuid4().int % 10**12
    request = ticket(number, documents_total=files)
    team = people or (agent(7, "data_entry"), agent(11, "it_helpdesk"), agent(9, "lead"))
    held = World(
        contracts=[
            replace(contract(TERMS, service_line=line), id=UUID(int=500 + n)) for n, line in enumerate(lines)
        ],
        tickets={request.id: request},
        agents=list(team),
    )
    for i in range(files):
        one = document(
            number * 100 + i, request, position=i, filename=f"f{i}.pdf", sha256=f"{number * 100 + i:064x}"
        )
        held.documents[one.id] = one
    return MemoryStore(held), request


async def correct(run: Running, actor: ActorRef = DESK, **given: Any) -> ActResult:
    act = CorrectTriage(
        actor=actor, key=uuid.uuid4().hex, event=uuid.uuid4(), seq=3, said=SAID, reason="an invoice", **given
    )
    return await run.act("correct_triage", act)


def events(run: Running) -> list[str]:
    return [event.event for _, _, event in run.world.events]


async def test_from_a_person_nobody_troubled_yet_to_the_machine_and_to_the_end(temporal_server: Any) -> None:
    store, request = world("it_helpdesk", "data_entry", files=1)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading(0)}), helpdesk) as start:
        run = await start(request)
        task = await run.task("work")
        assert task.assigned_to == UUID(int=11), "it was given to somebody by itself"
        done = await correct(run, service_line="data_entry", ticket_type="invoice_entry", priority="P2")
        assert (done.applied, done.outcome) == (True, "moved")
        await run.offered()
        await run.decide("accept")
        assert await run.done() == "closed"
    now = run.now()
    assert (now.service_line, now.ticket_type, now.priority) == ("data_entry", "invoice_entry", "P2")
    assert now.contract_id == UUID(int=501), "covered by the contract of its line"
    assert run.world.tasks[task.id].state == "cancelled"
    (billed,) = run.world.usage.values()
    assert billed.unit_type == "document"
    (label,) = [e for _, _, e in run.world.events if e.event == "ai.corrected"]
    assert label.after is not None
    assert label.after["label"] == {
        "service_line": "data_entry", "ticket_type": "invoice_entry", "priority": "P2",
    }  # fmt: skip
    assert label.after["suggested"]["service_line"] == "it_helpdesk" and label.why == "an invoice"
    assert events(run).count("ticket.triaged") == 2
    asked = [one for one in run.world.mails.values() if one.template == "acknowledged"]
    assert len(asked) <= 1, "whoever asked is not told twice"


async def test_from_one_persons_line_to_another_ones_and_back(temporal_server: Any) -> None:
    store, request = world("it_helpdesk", "hr_recruitment")
    async with running(temporal_server.grpc, store, Readings({}), helpdesk) as start:
        run = await start(request)
        first = await run.task("work")
        assert (await correct(run, service_line="hr_recruitment")).applied
        second = await run.task("work")
        assert second.workflow_id == f"ticket/{request.id}/hr_recruitment" and second.id != first.id
        assert (await correct(run, service_line="it_helpdesk", ticket_type="account")).applied
        third = await run.until(
            lambda: next((t for t in run.world.tasks.values() if t.state == "open" and t.id != second.id), 0)
        )
        assert third.workflow_id == first.workflow_id and third.skill == first.skill
        await run.complete(third, HELPER, {"note": "unlocked the account"})
        await run.decide("accept")
        assert await run.done() == "closed"
    assert [t.state for t in run.world.tasks.values() if t.kind == "work"] == [
        "cancelled",
        "cancelled",
        "done",
    ]


async def test_a_parked_request_goes_on_under_the_contract_of_its_right_line(temporal_server: Any) -> None:
    store, request = world("data_entry", files=1)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading(0)}), helpdesk) as start:
        run = await start(request)
        parked = await run.task("contract")
        assert (await correct(run, LEAD, service_line="hr_recruitment")).applied
        again = await run.until(
            lambda: next((t for t in run.world.tasks.values() if t.state == "open" and t.id != parked.id), 0)
        )
        assert again.kind == "contract" and run.now().state == "parked"
        assert (await correct(run, service_line="data_entry")).applied
        await run.decide("accept")
        assert await run.done() == "closed"
    assert not [t for t in run.world.tasks.values() if t.state == "open"]


async def test_work_that_somebody_took_or_the_machine_does_is_not_taken_away(temporal_server: Any) -> None:
    store, request = world("it_helpdesk", "data_entry", people=(agent(9, "lead"),))
    async with running(temporal_server.grpc, store, Readings({}), helpdesk) as start:
        run = await start(request)
        task = await run.task("work")
        taken = replace(
            task, assigned_to=UUID(int=11), assigned_at=task.created_at + timedelta(seconds=5), row_version=2
        )
        run.world.tasks[task.id] = taken
        assert (await correct(run, service_line="data_entry")).code == "work-begun"
        assert run.world.tasks[task.id].state == "open"
        assert (await correct(run, AGENT, service_line="data_entry")).code == "not-allowed"
        assert (await correct(run)).code == "correction-missing"
        edited = await correct(run, ticket_type="account", priority="P1")
        assert (edited.applied, edited.outcome) == (True, "edited")
        assert (run.now().service_line, run.now().ticket_type, run.now().priority) == (
            "it_helpdesk", "account", "P1",
        )  # fmt: skip
        await run.complete(taken, HELPER, {"note": "reset by phone"})
        await run.decide("accept")
        assert await run.done() == "closed"
    store, request = world("data_entry", "it_helpdesk", files=1)
    reading = good_reading(0, total="1118.00")
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": reading})) as start:
        run = await start(request)
        await run.task("keying")
        assert (await correct(run, service_line="it_helpdesk")).code == "work-begun"


async def test_a_request_that_was_sent_another_way_can_be_cancelled(temporal_server: Any) -> None:
    store, request = world("it_helpdesk", "hr_recruitment")
    async with running(temporal_server.grpc, store, Readings({}), helpdesk) as start:
        run = await start(request)
        await run.task("work")
        assert (await correct(run, service_line="hr_recruitment")).applied
        await run.task("work")
        await run.act("cancel", CancelTicket(actor=LEAD, key="c1", reason="sent by mistake"))
        assert await run.done() == "cancelled"
    assert {t.state for t in run.world.tasks.values()} == {"cancelled"}
