"""Writes one history per path a ticket can take, from real runs: ``python -m tests.support.record_histories [PATH …]``,
into a folder of the day.

Runs on a development server of its own, payloads in clear, over the in-memory store. The server suggests continuing as
new early, so that the long path stays short. A history is only ever added: name a path to write that one alone.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from temporalio.client import WorkflowHandle, WorkflowHistory

from schemas.acts import (
    CancelTicket,
    ChangePriority,
    CorrectTriage,
    PauseTicket,
    RefuseTask,
    ResumeTicket,
    RetryStep,
)
from tests.support.memory import MemoryStore, World, agent, contract, document, good_reading, ticket
from tests.support.running import AGENT, BUYER, DESK, LEAD, REVIEWER, Readings, Running, running, sure, unsure
from ticketos.dev.temporal import DevServer

FOLDER = Path(__file__).parents[1] / "replay" / "histories"
SUGGEST_AFTER = 60
STRAIGHT: Mapping[str, Any] = {"ai": {"straight_through": True}, "qa": {"sample_rate": "0"}}
KEYED: Mapping[str, Any] = {"qa": {"sample_rate": "0"}}
BAD = {"status": "quarantined", "reason": "too-heavy", "reason_text": "Too heavy.", "engine": "test"}
LOCKED = {"status": "quarantined", "reason": "encrypted", "reason_text": "Protected.", "engine": "test"}
OPENED = "f" * 64
"""Where the readable copy of a locked document lies."""
FAIL = {"verdict": "fail", "defects": [{"field": "number", "severity": "critical", "expected": "INV-9"}]}

Body = Callable[[Running], Awaitable[None]]


@dataclass(frozen=True)
class Route:
    """A path: what the contract says, what comes in, what people do."""

    act: Body
    terms: Mapping[str, Any] = field(default_factory=lambda: STRAIGHT)
    files: int = 1
    readings: Mapping[int | str, Any] = field(default_factory=dict)
    """By position of the file, or by the address of a copy."""
    triage: Any = sure
    line: str = "data_entry"
    prepare: Callable[[MemoryStore], None] = lambda _: None


async def straight(run: Running) -> None:
    await run.decide("accept")
    await run.done()


async def keyed(run: Running) -> None:
    task = await run.task("keying")
    assert not (await run.complete(task, AGENT, {"fields": {"total": "eleven"}})).applied
    await run.complete(task, AGENT, {"fields": {"total": "118.00"}})
    await straight(run)


async def reworked(run: Running) -> None:
    await run.complete(await run.task("keying"), AGENT, {})
    await run.complete(await run.task("qa_review"), REVIEWER, FAIL)
    await run.complete(await run.task("rework"), AGENT, {"fields": {"number": "INV-9"}})
    await run.complete(await run.task("qa_review"), REVIEWER, {"verdict": "pass"})
    await straight(run)


async def returned(run: Running) -> None:
    await run.decide("return", "wrong cost centre")
    await run.complete(await run.task("rework"), AGENT, {"coding": {"account": "6200"}})
    await run.complete(await run.task("qa_review"), REVIEWER, {"verdict": "pass"})
    await straight(run)


async def returned_in_part(run: Running) -> None:
    first, second = sorted(run.world.documents, key=lambda d: run.world.documents[d].position)
    await run.decide("partial", "wrong cost centre", {str(first): "accept", str(second): "return"})
    await run.complete(await run.task("rework"), AGENT, {"coding": {"account": "6200"}})
    await run.complete(await run.task("qa_review"), REVIEWER, {"verdict": "pass"})
    await straight(run)


async def unlocked(run: Running) -> None:
    password, keying = await run.task("password"), await run.task("keying")
    await run.complete(password, BUYER, {"readable": OPENED})
    await run.until(lambda: [d.state for d in run.world.documents.values()].count("ready") == 1, "opened")
    await run.complete(keying, AGENT, {"fields": {"total": "118.00"}})
    await straight(run)


async def silent(run: Running) -> None:
    await run.done()


async def cancelled(run: Running) -> None:
    await run.task("keying")
    await run.act("cancel", CancelTicket(actor=BUYER, key="c1", reason="sent by mistake"))
    await run.done()


async def cancelled_in_temporal(run: Running) -> None:
    await run.task("keying")
    await run.handle.cancel()
    await run.done()


async def parked(run: Running) -> None:
    task = await run.task("contract")
    run.world.contracts = [contract(STRAIGHT)]
    await run.complete(task, DESK, {})
    await straight(run)


async def classified(run: Running) -> None:
    await run.complete(await run.task("triage"), DESK, {"service_line": "data_entry", "priority": "P2"})
    await straight(run)


async def attended(run: Running) -> None:
    def fail(key: Any) -> None:
        if key.step == "billing":
            raise LookupError("price list is missing")

    run.store.failing = fail
    await run.decide("accept")
    await run.until(lambda: run.now().state == "needs_attention", "attention")
    run.store.failing = lambda _: None
    await run.act("retry", RetryStep(actor=LEAD, key="again"))
    await run.done()


async def paused(run: Running) -> None:
    task = await run.task("keying")
    await run.act("pause", PauseTicket(actor=DESK, key="p1", reason="client must answer"))
    await run.act("change_priority", ChangePriority(actor=DESK, key="u1", priority="P2"))
    await run.act("resume", ResumeTicket(actor=DESK, key="r1"))
    await run.complete(task, AGENT, {})
    await straight(run)


async def rejected_by_the_lead(run: Running) -> None:
    await run.complete(await run.task("keying"), AGENT, {})
    await run.complete(await run.task("qa_review"), REVIEWER, FAIL)
    await run.complete(await run.task("escalation"), LEAD, {"decision": "reject", "reason": "wrong copy"})
    await run.done()


async def by_hand(run: Running) -> None:
    helper = AGENT.model_copy(update={"id": str(UUID(int=11))})
    await run.complete(await run.task("work"), helper, {"note": "password reset by phone"})
    await run.decide("accept")
    await run.done()


async def resorted(run: Running) -> None:
    """Sent back from a person of one line to one of another, then to the machine of a third."""
    said = {"service_line": "it_helpdesk", "ticket_type": "password", "priority": "P3", "engine": "test"}
    about = {"actor": DESK, "event": UUID(int=1), "seq": 1, "said": said, "reason": "an invoice"}
    task = await run.task("work")
    act = CorrectTriage.model_validate({**about, "key": "t1", "service_line": "hr_recruitment"})
    await run.act("correct_triage", act)
    await run.until(lambda: run.world.tasks[task.id].state == "cancelled", "the first task withdrawn")
    await run.task("contract")
    act = CorrectTriage.model_validate({**about, "key": "t2", "service_line": "data_entry"})
    run.world.contracts = [contract(STRAIGHT)]
    await run.act("correct_triage", act)
    await straight(run)


async def shut_month(run: Running) -> None:
    finance = LEAD.model_copy(update={"id": str(UUID(int=77)), "roles": ("finance",)})
    task = await run.task("posting_period")
    await run.complete(task, finance, {"choice": "first_open", "reason": "came late"})
    await straight(run)


async def silence_later(run: Running) -> None:
    await run.until(
        lambda: any(e.event == "ticket.silence_postponed" for _, _, e in run.world.events),
        "a mail that waits",
    )
    for mail in [m for m in run.world.mails.values() if m.template == "approval"]:
        run.world.times[mail.id, "done"] = datetime.now(UTC)
    await run.done()


async def late(run: Running) -> None:
    await run.until(lambda: sum("turnaround" in key for key in run.world.notices) >= 6, "the ladder")
    await run.complete(await run.task("keying"), AGENT, {})
    await straight(run)


async def offered(run: Running) -> None:
    task = await run.task("keying")
    await run.act("refuse_task", RefuseTask(actor=AGENT, key="r1", task_id=task.id, reason="on leave"))
    await run.until(lambda: run.world.tasks[task.id].assigned_to, "the lead")
    await run.complete(task, LEAD, {"fields": {"total": "118.00"}})
    await straight(run)


async def batch(run: Running) -> None:
    for _ in range(14):
        await run.complete(await run.task("keying"), AGENT, {})
    for _ in range(14):
        await run.complete(await run.task("qa_review"), REVIEWER, {"verdict": "pass"})
    await straight(run)


def _helpdesk(text: str, **_: Any) -> Mapping[str, Any]:
    return {**sure(text), "service_line": "it_helpdesk"}


def _no_contract(store: MemoryStore) -> None:
    store.world.contracts = []


def _shut(store: MemoryStore) -> None:
    store.world.book_months = {"2026-11": "closed"}


def _unposted(store: MemoryStore) -> None:
    store.world.post = False


def _just_received(store: MemoryStore) -> None:
    for key, one in list(store.world.tickets.items()):
        store.world.tickets[key] = replace(one, received_at=datetime.now(UTC))


SHORT_SLA = {
    "turnaround_s": {"standard": 2, "priority": 2},
    "first_response_s": {"P3": 1000},
    "ladder_s": [0, 1],
}
PATHS: Mapping[str, Route] = {
    "straight": Route(straight),
    "keyed": Route(
        keyed, {**KEYED, "ai": {"straight_through": True}}, readings={0: good_reading(0, total="1118.00")}
    ),
    "rework": Route(reworked, {"qa": {"sample_rate": "1"}}),
    "client_return": Route(returned),
    "client_return_in_part": Route(returned_in_part, files=2),
    "deemed": Route(silent, {**STRAIGHT, "approval": {"deemed_s": 1}}),
    "cancelled": Route(cancelled, KEYED),
    "cancelled_in_temporal": Route(cancelled_in_temporal, KEYED),
    "parked_released": Route(parked, prepare=_no_contract),
    "triage_by_person": Route(classified, triage=unsure),
    "attention_retry": Route(attended),
    "paused": Route(paused, KEYED),
    "escalation_reject": Route(
        rejected_by_the_lead, {"qa": {"sample_rate": "1"}, "rework": {"max_rounds": 0}}
    ),
    "poison": Route(straight, files=3, readings={1: BAD}),
    "password_given": Route(
        unlocked, files=2, readings={0: LOCKED, OPENED: good_reading(0), 1: good_reading(1, total="1118.00")}
    ),
    "password_lapsed": Route(straight, {**STRAIGHT, "sla": {"password_s": 1}}, 2, {0: LOCKED}),
    "split": Route(
        straight,
        readings={0: [{**good_reading(i), "first_page": i, "pages": 1} for i in (1, 2)]},
    ),
    "manual_line": Route(by_hand, files=0, triage=_helpdesk, line="it_helpdesk"),
    "resorted": Route(resorted, triage=_helpdesk, line="it_helpdesk"),
    "shut_month": Route(shut_month, prepare=_shut),
    "silence_later": Route(silence_later, {**STRAIGHT, "approval": {"deemed_s": 2}}, prepare=_unposted),
    "late": Route(late, {**KEYED, "sla": SHORT_SLA}, prepare=_just_received),
    "offered": Route(
        offered,
        {**STRAIGHT, "assignment": {"offers": {"data_entry": 600}}},
        readings={0: good_reading(0, total="1118.00")},
    ),
    "batch_continued": Route(batch, {"qa": {"sample_rate": "1"}}, files=14),
}


class ShortRuns(DevServer):
    """A server that suggests continuing as new after few events."""

    def _options(self, port: int, ui_port: int) -> list[str]:
        early = f"limit.historyCount.suggestContinueAsNew={SUGGEST_AFTER}"
        return [*super()._options(port, ui_port), "--dynamic-config-value", early]


async def record(address: str, name: str, path: Route, folder: Path) -> None:
    """Run one path and keep the histories of the ticket and of its line."""
    number = uuid.uuid4().int % 10**12
    request = ticket(number, documents_total=path.files)
    team = [agent(7, "data_entry"), agent(8, "qa"), agent(9, "lead"), agent(11, "it_helpdesk")]
    world = World(
        contracts=[contract(path.terms, service_line=path.line)], tickets={request.id: request}, agents=team
    )
    answers: dict[str, Any] = {key: value for key, value in path.readings.items() if isinstance(key, str)}
    for i in range(path.files):
        one = document(
            number * 100 + i, request, position=i, filename=f"f{i}.pdf", sha256=f"{number * 100 + i:064x}"
        )
        world.documents[one.id], answers[one.filename] = one, path.readings.get(i, good_reading(i))
    store = MemoryStore(world)
    path.prepare(store)
    async with running(address, store, Readings(answers), path.triage) as start:
        run: Running = await start(store.world.tickets[request.id])
        await path.act(run)
        first = await run.handle.describe()
        kept = await _runs(
            run.handle,
            first.raw_description.workflow_execution_info.first_run_id or run.handle.run_id or "",
            run,
        )
    _write(name, kept, folder)


def _write(name: str, kept: list[WorkflowHistory], folder: Path) -> None:
    for old in folder.glob(f"{name}.*.json"):
        old.unlink()
    for position, history in enumerate(kept):
        kind = history.events[0].workflow_execution_started_event_attributes.workflow_type.name
        stored = {"workflow_id": history.workflow_id, "history": json.loads(_anywhere(history.to_json()))}
        target = folder / f"{name}.{position}.{kind}.json"
        target.write_text(
            json.dumps(stored, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8"
        )


async def _runs(handle: WorkflowHandle[Any, Any], first_run: str, run: Running) -> list[WorkflowHistory]:
    """Every run of a workflow from the first on, each followed by those of its children."""
    found: list[WorkflowHistory] = []
    run_id = first_run
    while run_id:
        history = await run.client.get_workflow_handle(handle.id, run_id=run_id).fetch_history()
        found.append(history)
        for event in history.events:
            child = event.child_workflow_execution_started_event_attributes.workflow_execution
            if child.run_id:
                found += await _runs(run.client.get_workflow_handle(child.workflow_id), child.run_id, run)
        run_id = history.events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return found


def main() -> None:
    """Record the named paths, or all."""
    today = FOLDER / datetime.now(UTC).date().isoformat()
    today.mkdir(parents=True, exist_ok=True)
    names = sys.argv[1:] or list(PATHS)
    with (
        tempfile.TemporaryDirectory() as folder,
        ShortRuns(log=Path(folder) / "temporal.log", ui=False) as server,
    ):
        for name in names:
            asyncio.run(record(server.grpc, name, PATHS[name], today))
            sizes = [f.stat().st_size for f in today.glob(f"{name}.*.json")]
            print(f"{name:<24}{len(sizes)} runs, {sum(sizes) / 1024:.0f} KB")


def _anywhere(text: str) -> str:
    """A failure's stack trace names files of the machine it happened on; a stored history names none."""
    for folder in (f"{Path(__file__).resolve().parents[2]}/", f"{sys.prefix}/", f"{sys.base_prefix}/"):
        text = text.replace(folder, "")
    return text


if __name__ == "__main__":
    main()
