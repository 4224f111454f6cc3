"""Every way a ticket can go, on a real Temporal server, replayed on every task (no workflow cache)."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.service import RPCError

from schemas.acts import CancelTicket, ChangePriority, PauseTicket, ResumeTicket, RetryStep
from tests.support.memory import CLIENT, MemoryStore, World, agent, contract, document, good_reading, ticket
from tests.support.running import AGENT, BUYER, DESK, LEAD, REVIEWER, Readings, running, sure, unsure
from ticketos.domain import unreached
from ticketos.domain.ports import StepKey
from ticketos.domain.state import SYSTEM
from workflows import names

STRAIGHT = {"ai": {"straight_through": True}, "qa": {"sample_rate": "0"}}
TEAM = [agent(7, "data_entry"), agent(8, "qa"), agent(9, "lead")]


def world(terms: Mapping[str, Any], files: int = 1, number: int | None = None) -> tuple[MemoryStore, Any]:
    number = number or uuid.uuid4().int % 10**12
    request = ticket(number, documents_total=files)
    held = World(contracts=[contract(terms)], tickets={request.id: request}, agents=list(TEAM))
    for i in range(files):
        one = document(
            number * 100 + i, request, position=i, filename=f"f{i}.pdf", sha256=f"{number * 100 + i:064x}"
        )
        held.documents[one.id] = one
    return MemoryStore(held), request


def helpdesk(text: str, **_: Any) -> Mapping[str, Any]:
    return {**sure(text), "service_line": "it_helpdesk"}


def progress(store: MemoryStore) -> list[str]:
    return [e.event for _, _, e in store.world.events]


async def test_a_clean_invoice_goes_straight_through_to_approval_billing_and_closure(
    temporal_server: Any,
) -> None:
    store, request = world(STRAIGHT)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        assert (await run.decide("accept")).applied
        assert await run.done() == "closed"
    end = run.now()
    assert (end.stage, end.state, end.progress) == ("closure", "closed", 100)
    assert len(run.world.usage) == 1 and len(run.world.journals) == 1
    assert "task.completed" not in progress(store)
    assert {t.number.rsplit("-", 1)[1] for t in run.world.subs.values()} == {"P1", "Q1", "B1"}


async def test_a_weak_field_is_keyed_by_a_person_and_kept_as_a_correction(temporal_server: Any) -> None:
    store, request = world({"qa": {"sample_rate": "0"}, "ai": {"straight_through": True}})
    async with running(
        temporal_server.grpc, store, Readings({"f0.pdf": good_reading(total="1118.00")})
    ) as start:
        run = await start(request)
        task = await run.task("keying")
        assert task.assigned_to == UUID(int=7)
        refused = await run.complete(task, AGENT, {"fields": {"total": "1118.00"}})
        assert (refused.applied, refused.code) == (False, "checks-failed")
        wrong = await run.complete(task, AGENT, {"fields": {"total": "eleven"}})
        assert wrong.code == "amount-unreadable"
        assert (await run.complete(task, AGENT, {"fields": {"total": "118.00"}})).applied
        with pytest.raises(RPCError, match="already completed"):
            await run.complete(task, AGENT, {"fields": {"total": "118.00"}})
        await run.decide("accept")
        await run.done()
    (kept,) = run.world.corrections
    assert (kept.field, kept.shown, kept.typed) == ("total", "1118.00", "118.00")


async def test_a_failed_review_opens_a_defect_and_the_item_comes_back_until_it_passes(
    temporal_server: Any,
) -> None:
    store, request = world({"ai": {"straight_through": False}, "qa": {"sample_rate": "1"}})
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.complete(await run.task("keying"), AGENT, {})
        review = await run.task("qa_review")
        own = await run.complete(review, AGENT.model_copy(update={"roles": ("qa",)}), {"verdict": "pass"})
        assert own.code in ("own-work", "task-assigned-to-other")
        assert (await run.complete(review, REVIEWER, {"verdict": "fail"})).code == "defect-missing"
        fail = {
            "verdict": "fail",
            "defects": [{"field": "number", "severity": "critical", "expected": "INV-9"}],
        }
        assert (await run.complete(review, REVIEWER, fail)).applied
        rework = await run.task("rework")
        assert rework.payload["defects"][0]["expected"] == "INV-9"
        await run.complete(rework, AGENT, {"fields": {"number": "INV-9"}})
        await run.complete(await run.task("qa_review"), REVIEWER, {"verdict": "pass"})
        await run.decide("accept")
        await run.done()
    (defect,) = [t for t in run.world.subs.values() if t.kind == "defect"]
    assert defect.closed_at is not None and defect.number.endswith("-D1")
    reversals = [j for _, j in run.world.journals.values() if j.reverses]
    assert len(run.world.journals) == 3 and len(reversals) == 1
    assert len(run.world.usage) == 1, "rework is never billed"
    log = run.world.subs[request.id, "processing"].detail["steps"]
    assert [(one["round"], one["step"], one.get("documents")) for one in log] == [
        (0, "started", None),
        (0, "read", 1),
        (0, "keyed", 1),
        (0, "posted", 1),
        (0, "finished", None),
        (1, "started", None),
        (1, "keyed", 1),
        (1, "posted", 1),
        (1, "finished", None),
    ]


async def test_an_item_rejected_in_rework_stands_in_the_books_no_more(temporal_server: Any) -> None:
    store, request = world(STRAIGHT)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.decide("return", "not ours")
        rework = await run.task("rework")
        assert (await run.complete(rework, AGENT, {"reject": {"reason": "client_request"}})).applied
        assert await run.done() == "closed"
    assert run.world.documents[lead_document(run)].state == "rejected"
    posted, reversal = sorted(
        (j for _, j in run.world.journals.values()), key=lambda j: j.reverses is not None
    )
    assert (posted.reverses, reversal.reverses) == (None, posted.id)
    assert "document.unposted" in progress(store) and not run.world.usage


async def test_after_the_last_round_a_lead_decides(temporal_server: Any) -> None:
    store, request = world({"qa": {"sample_rate": "1"}, "rework": {"max_rounds": 0}})
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.complete(await run.task("keying"), AGENT, {})
        await run.complete(
            await run.task("qa_review"), REVIEWER, {"verdict": "fail", "defects": [{"field": "number"}]}
        )
        lead = await run.task("escalation")
        assert (await run.complete(lead, AGENT, {"decision": "reject", "reason": "x"})).code == "not-allowed"
        assert (
            await run.complete(lead, LEAD, {"decision": "reject", "reason": "client sent a wrong copy"})
        ).applied
        await run.done()
    assert run.world.documents[lead_document(run)].state == "rejected"
    assert not run.world.usage
    back = [journal for _, journal in run.world.journals.values() if journal.reverses is not None]
    assert [type(journal.booked_on) for journal in back] == [date], "a day of the client's, no instant"


def lead_document(run: Any) -> UUID:
    return UUID(str(next(iter(run.world.documents))))


async def test_the_client_accepts_a_part_and_returns_the_rest_with_a_reason(temporal_server: Any) -> None:
    store, request = world(STRAIGHT, files=2)
    answers = {"f0.pdf": good_reading(1), "f1.pdf": good_reading(2)}
    async with running(temporal_server.grpc, store, Readings(answers)) as start:
        run = await start(request)
        first, second = sorted(run.world.documents, key=lambda d: run.world.documents[d].position)
        refused = await run.decide("partial", units={str(first): "accept", str(second): "return"})
        assert refused.code == "reason-missing"
        await run.decide("partial", "wrong cost centre", {str(first): "accept", str(second): "return"})
        await run.complete(await run.task("rework"), AGENT, {"coding": {"account": "6200"}})
        await run.complete(await run.task("qa_review"), REVIEWER, {"verdict": "pass"})
        await run.decide("accept")
        await run.done()
    assert len(run.world.usage) == 2
    assert run.world.documents[second].coding["account"] == "6200"


async def test_silence_for_the_contracts_days_is_acceptance(temporal_server: Any) -> None:
    store, request = world({**STRAIGHT, "approval": {"deemed_s": 1}})
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        assert await run.done() == "closed"
    assert "ticket.deemed_accepted" in progress(store)
    assert len(run.world.usage) == 1


async def test_a_deadline_that_was_taken_away_accepts_nothing_when_it_comes(temporal_server: Any) -> None:
    store, request = world({**STRAIGHT, "approval": {"deemed_s": 6}})
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        version = await run.offered()
        lost(store, request, version)
        assert (run.now().desk, run.now().next_action) == ("ops", "Find another address for the sign-off")
        await run.until(lambda: any(":tick:" in key for key in run.world.results), "the deadline")
        assert (run.now().stage, run.world.usage) == ("approval", {})
        task = await run.task("signer")
        assert (await run.complete(task, AGENT, {"email": "cfo@acme.example"})).code == "not-allowed"
        assert (await run.complete(task, DESK, {"email": "the boss"})).code == "address-invalid"
        assert (await run.complete(task, DESK, {"email": "cfo@acme.example"})).applied
        assert run.now().desk == "client_reviewer"
        assert await run.done() == "closed", "the days began anew, and this time the silence is an answer"
    mails = [m for m in run.world.mails.values() if m.template == "approval"]
    assert [m.to for m in mails] == [store.world.client.approver_email, "cfo@acme.example"]
    assert {m.values["version"] for m in mails} == {version}
    assert "ticket.deemed_accepted" in progress(store)
    assert len(run.world.usage) == 1


async def test_a_client_who_decides_after_a_lost_mail_leaves_nobody_looking(temporal_server: Any) -> None:
    store, request = world(STRAIGHT)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        lost(store, request, await run.offered())
        await run.decide("accept")
        assert await run.done() == "closed"
    assert [t.state for t in run.world.tasks.values() if t.kind == "signer"] == ["cancelled"]


def lost(store: MemoryStore, request: Any, version: str) -> None:
    """The mail that offers this version cannot be delivered."""
    with store.step(StepKey(request.id, 1, "approval.unreached", "mail-1", 0), CLIENT, SYSTEM) as step:
        verdict = unreached.stop(
            step.ticket(), step.approval(), (), version, "mail-1", "refused", step.now, step.new_id
        )
        assert verdict.outcome == "stopped"
        step.apply(verdict.changes)


async def test_an_unsure_message_is_classified_by_a_person_and_kept_as_a_label(temporal_server: Any) -> None:
    store, request = world(STRAIGHT)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()}), unsure) as start:
        run = await start(request)
        task = await run.task("triage")
        assert (await run.complete(task, DESK, {"service_line": "gardening"})).code == "unknown-service-line"
        await run.complete(task, DESK, {"service_line": "data_entry", "priority": "P2"})
        await run.decide("accept")
        await run.done()
    assert run.now().priority == "P2"


async def test_a_ticket_without_a_contract_is_parked_and_released(temporal_server: Any) -> None:
    store, request = world(STRAIGHT)
    valid, store.world.contracts = store.world.contracts, []
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        task = await run.task("contract")
        assert (run.now().state, run.now().reason) == ("parked", "contract-missing")
        store.world.contracts = valid
        await run.complete(task, DESK, {})
        await run.decide("accept")
        await run.done()


async def test_pausing_holds_the_stages_and_shifts_the_clocks(temporal_server: Any) -> None:
    store, request = world({"ai": {"straight_through": False}, "qa": {"sample_rate": "0"}})
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        task = await run.task("keying")
        due = run.now().sla_state
        assert (await run.act("pause", PauseTicket(actor=DESK, key="p1", reason=""))).code == "reason-missing"
        assert (
            await run.act("pause", PauseTicket(actor=DESK, key="p2", reason="client must answer"))
        ).applied
        assert (await run.complete(task, AGENT, {})).code == "ticket-paused"
        assert (await run.act("resume", ResumeTicket(actor=DESK, key="r1"))).applied
        assert (await run.complete(task, AGENT, {})).applied
        await run.decide("accept")
        await run.done()
    assert due and {"ticket.paused", "ticket.resumed"} <= set(progress(store))


async def test_a_pause_at_approval_ends_by_itself_though_no_clock_runs(temporal_server: Any) -> None:
    store, request = world({**STRAIGHT, "sla": {"pause_max_s": 2}})
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.offered()
        assert (await run.act("pause", PauseTicket(actor=DESK, key="p1", reason="buyer away"))).applied
        assert "ticket.paused" in progress(store)
        await run.until(lambda: run.now().state == "open", "the end of the pause")
        await run.decide("accept")
        assert await run.done() == "closed"
    assert [e.why for _, _, e in store.world.events if e.event == "ticket.resumed"] == [
        "longest pause reached"
    ]


async def test_a_pause_ends_at_the_instant_that_was_named(temporal_server: Any) -> None:
    store, request = world(STRAIGHT)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.offered()
        until = datetime.now(UTC) + timedelta(seconds=5)
        act = PauseTicket(actor=DESK, key="p1", reason="buyer away", until=until)
        assert (await run.act("pause", act)).applied
        await run.until(lambda: run.now().state == "open", "the end of the pause")
        assert datetime.now(UTC) >= until
        await run.decide("accept")
        assert await run.done() == "closed"


@pytest.mark.parametrize("step", ["tick", "act.resume"])
async def test_a_deadline_that_cannot_be_looked_at_needs_attention_until_somebody_retries(
    temporal_server: Any, step: str
) -> None:
    store, request = world({**STRAIGHT, "sla": {"pause_max_s": 1}})
    broken = True

    def fail(key: Any) -> None:
        if broken and key.step == step and key.subject != "by-hand":
            raise LookupError("calendar is missing")

    store.failing = fail
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.offered()
        await run.act("pause", PauseTicket(actor=DESK, key="p1", reason="buyer away"))
        await run.until(lambda: run.now().state == "needs_attention", "attention")
        assert "calendar is missing" in str(run.now().reason)
        broken = False
        assert (await run.act("retry", RetryStep(actor=LEAD, key="again"))).applied
        await run.until(lambda: run.now().state == "open", "the end of the pause")
        await run.decide("accept")
        assert await run.done() == "closed"


async def test_cancelling_withdraws_tasks_and_reverses_what_was_posted(temporal_server: Any) -> None:
    store, request = world(STRAIGHT)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.offered()
        assert (
            await run.act("cancel", CancelTicket(actor=BUYER, key="c1", reason="sent by mistake"))
        ).applied
        assert await run.done() == "cancelled"
    assert run.now().state == "cancelled"
    total = sum(
        p.money.amount for _, j in run.world.journals.values() for p in j.postings if p.account == "2100"
    )
    assert total == 0 and not run.world.usage


async def test_what_was_accepted_before_a_cancel_is_billed_all_the_same(temporal_server: Any) -> None:
    store, request = world(STRAIGHT, files=2)
    answers = {"f0.pdf": good_reading(1), "f1.pdf": good_reading(2)}
    async with running(temporal_server.grpc, store, Readings(answers)) as start:
        run = await start(request)
        first, second = sorted(run.world.documents, key=lambda d: run.world.documents[d].position)
        await run.decide("partial", "wrong supplier", {str(first): "accept", str(second): "return"})
        await run.task("rework")
        await run.act("cancel", CancelTicket(actor=BUYER, key="c1", reason="no longer needed"))
        assert await run.done() == "cancelled"
    (billed,) = run.world.usage.values()
    assert (billed.document_id, billed.fate) == (first, "billable")
    assert run.world.subs[request.id, "billing"].state == "recorded"
    assert "ticket.billed" in progress(store)
    standing = {j.source_id for _, j in run.world.journals.values()} - {
        j.source_id for _, j in run.world.journals.values() if j.reverses
    }
    assert standing == {first}, "what is billed stays posted, the rest is taken back"


async def test_cancelling_while_a_person_keys_ends_the_line_too(temporal_server: Any) -> None:
    store, request = world({"qa": {"sample_rate": "0"}})
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.task("keying")
        await run.act("cancel", CancelTicket(actor=BUYER, key="c1", reason="sent by mistake"))
        assert await run.done() == "cancelled"
    assert not [t for t in run.world.tasks.values() if t.state == "open"]


async def test_who_acts_while_the_ticket_is_cancelled_is_answered(temporal_server: Any) -> None:
    """The second keying and the cancellation reach the line's workflow in one task."""
    store, request = world({"qa": {"sample_rate": "0"}}, files=2)
    begun, go_on = threading.Event(), threading.Event()

    def hold(key: StepKey) -> None:
        if key.subject == "first":
            begun.set()
            assert go_on.wait(20)

    store.failing = hold
    answers = {"f0.pdf": good_reading(1), "f1.pdf": good_reading(2)}
    async with running(temporal_server.grpc, store, Readings(answers), cached=10) as start:
        run = await start(request)
        both = await run.until(
            lambda: (
                [t for t in list(run.world.tasks.values()) if t.kind == "keying"][1:2]
                and [t for t in list(run.world.tasks.values()) if t.kind == "keying"]
            ),
            "two papers to key",
        )
        first = asyncio.create_task(run.complete(both[0], AGENT, {}, key="first"))
        await run.until(begun.is_set, "the first is being finished")
        second = asyncio.create_task(run.complete(both[1], AGENT, {}, key="second"))
        await run.act("cancel", CancelTicket(actor=BUYER, key="c1", reason="sent by mistake"))
        go_on.set()
        told = await asyncio.gather(first, second, return_exceptions=True)
        assert await run.done() == "cancelled"
    assert [getattr(t, "code", t) for t in told] == ["task-not-open", "task-not-open"]


async def test_temporals_own_cancel_ends_the_ticket_the_same_way(temporal_server: Any) -> None:
    store, request = world({"qa": {"sample_rate": "0"}})
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.task("keying")
        await run.handle.cancel()
        assert await run.done() == "cancelled"
    assert run.now().state == "cancelled"


async def test_temporals_own_cancel_when_it_is_too_late_leaves_the_ticket_at_work(
    temporal_server: Any,
) -> None:
    store, request = world(STRAIGHT)
    broken = True

    def fail(key: Any) -> None:
        if broken and key.step == "closure":
            raise LookupError("survey cannot be made")

    store.failing = fail
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.decide("accept")
        await run.until(lambda: run.now().state == "needs_attention", "attention")
        await run.handle.cancel()
        for _ in range(100):  # until the workflow has heard of it and asked the rule
            events = [e.event_type for e in (await run.handle.fetch_history()).events]
            heard = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED
            if heard in events and EventType.EVENT_TYPE_MARKER_RECORDED in events[events.index(heard) :]:
                break
            await asyncio.sleep(0.05)
        broken = False
        assert (await run.act("retry", RetryStep(actor=LEAD, key="again"))).applied
        assert await run.done() == "closed"
    assert len(run.world.usage) == 1


async def test_a_step_that_cannot_be_done_needs_attention_until_somebody_retries(
    temporal_server: Any,
) -> None:
    store, request = world(STRAIGHT)
    broken = True

    def fail(key: Any) -> None:
        if broken and key.step == "billing":
            raise LookupError("price list is missing")

    store.failing = fail
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.decide("accept")
        await run.until(lambda: run.now().state == "needs_attention", "attention")
        assert "price list is missing" in str(run.now().reason)
        broken = False
        before = store.world.tickets[request.id].detail["held"]
        assert (await run.act("retry", RetryStep(actor=LEAD, key="again"))).applied
        assert await run.done() == "closed"
    assert (before["desk"], before["next_action"]) == ("client_reviewer", "Record for billing")


async def test_a_poison_document_is_quarantined_and_the_rest_goes_on(temporal_server: Any) -> None:
    store, request = world(STRAIGHT, files=3)
    bad = {
        "status": "quarantined",
        "reason": "too-heavy",
        "reason_text": "The file could not be read within the limits.",
        "engine": "x",
    }
    answers = {"f0.pdf": good_reading(1), "f1.pdf": bad, "f2.pdf": good_reading(2)}
    async with running(temporal_server.grpc, store, Readings(answers)) as start:
        run = await start(request)
        await run.decide("accept")
        await run.done()
    states = sorted(d.state for d in run.world.documents.values())
    assert states == ["posted", "posted", "quarantined"] and len(run.world.usage) == 2


async def test_the_client_hears_when_nothing_could_be_processed(temporal_server: Any) -> None:
    store, request = world(STRAIGHT)
    bad = {"status": "quarantined", "reason": "hostile", "reason_text": "Attackers use it.", "engine": "x"}
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": bad})) as start:
        run = await start(request)
        assert await run.done() == "closed"
    mails = {m.template: m for m in run.world.mails.values()}
    assert set(mails) == {"acknowledged", "not_processed"}
    assert mails["not_processed"].values["files"][0]["reason"] == "hostile"
    assert not run.world.surveys and not run.world.usage


async def test_the_same_invoice_in_another_file_goes_to_a_person_who_rejects_it(temporal_server: Any) -> None:
    store, request = world(STRAIGHT, files=2)
    answers = {"f0.pdf": good_reading(1), "f1.pdf": good_reading(1)}
    async with running(temporal_server.grpc, store, Readings(answers)) as start:
        run = await start(request)
        task = await run.task("keying")
        assert task.payload["duplicate_of"]
        await run.complete(task, AGENT, {"reject": {"reason": "duplicate"}})
        await run.decide("accept")
        await run.done()
    assert len(run.world.usage) == 1


async def test_a_line_that_is_not_built_goes_to_a_person(temporal_server: Any) -> None:
    store, request = world(STRAIGHT, files=0)
    store.world.contracts = [contract(STRAIGHT, service_line="it_helpdesk")]
    store.world.agents.append(agent(11, "it_helpdesk"))

    async with running(temporal_server.grpc, store, Readings({}), helpdesk) as start:
        run = await start(request)
        task = await run.task("work")
        helper = AGENT.model_copy(update={"id": str(UUID(int=11))})
        assert (await run.complete(task, helper, {})).code == "note-missing"
        await run.complete(task, helper, {"note": "password reset by phone"})
        assert not run.world.usage, "not billed before the client has accepted it"
        await run.decide("accept")
        assert await run.done() == "closed"
    (billed,) = run.world.usage.values()
    assert (billed.key, billed.unit_type, billed.quantity) == (f"ticket:{request.id}", "ticket", 1)
    assert (billed.finished_by, billed.contract_id) == (UUID(int=11), store.world.contracts[0].id)
    assert run.world.subs[request.id, "processing"].detail["agents"] == [str(UUID(int=11))]


async def test_a_request_worked_by_hand_closes_though_a_file_came_with_it(temporal_server: Any) -> None:
    store, request = world(STRAIGHT, files=1)
    store.world.contracts = [contract(STRAIGHT, service_line="it_helpdesk")]
    store.world.agents.append(agent(11, "it_helpdesk"))
    async with running(temporal_server.grpc, store, Readings({}), helpdesk) as start:
        run = await start(request)
        task = await run.task("work")
        first = store.world.clocks[request.id, 1, "first_response"].clock
        assert first.stopped_at is None, (
            "a screenshot is no upload that waits in a queue: nobody has answered yet"
        )
        helper = AGENT.model_copy(update={"id": str(UUID(int=11))})
        await run.complete(task, helper, {"note": "cable replaced"})
        await run.decide("accept")
        assert await run.done() == "closed"
    assert [t.kind for t in run.world.tasks.values()] == ["work"]
    assert run.now().round == 0 and "ticket.rework_started" not in progress(store)
    assert list(run.world.usage) == [f"ticket:{request.id}"]


async def test_a_file_that_was_forgotten_and_comes_later_is_read_by_its_line(temporal_server: Any) -> None:
    store, request = world(STRAIGHT, files=0)
    late = document(request.id.int * 100, request, filename="late.pdf", sha256="a" * 64)
    async with running(temporal_server.grpc, store, Readings({"late.pdf": good_reading()})) as start:
        run = await start(request)
        task = await run.task("work")
        with store.lock:
            store.world.documents[late.id] = late
            store.world.tickets[request.id] = replace(store.world.tickets[request.id], documents_total=1)
        await run.complete(task, AGENT, {"note": "asked for the file"})
        await run.decide("accept")  # what was done
        await run.decide("accept")  # the file
        assert await run.done() == "closed"
    assert [t.kind for t in run.world.tasks.values()] == ["work"]
    assert (run.now().round, run.world.documents[late.id].state) == (1, "posted")
    assert set(run.world.usage) == {f"document:{late.id}", f"ticket:{request.id}"}


@pytest.mark.slow
async def test_a_short_contract_warns_breaches_and_escalates_exactly_once_each(temporal_server: Any) -> None:
    sla = {
        "turnaround_s": {"standard": 2, "priority": 2},
        "first_response_s": {"P3": 1000},
        "ladder_s": [0, 1],
    }
    store, request = world({"qa": {"sample_rate": "0"}, "sla": sla})
    request = replace(request, received_at=datetime.now(UTC))
    store.world.tickets[request.id] = request
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        await run.until(lambda: sum(1 for n in run.world.notices if "turnaround" in n) >= 6, "ladder")
        assert (await run.act("change_priority", ChangePriority(actor=DESK, key="u1", priority="P1"))).applied
        shown = (await run.handle.describe()).typed_search_attributes
        assert (shown[names.SLA], shown[names.PRIORITY]) == ("breached", 1), (
            "what operations filter by in Temporal"
        )
        await run.complete(await run.task("keying"), AGENT, {})
        await run.decide("accept")
        await run.done()
    fired = sorted(k.rsplit(":", 1)[1] for k in run.world.notices if "turnaround" in k)
    assert fired == ["breach", "escalation_1", "escalation_2", "warning_50", "warning_75", "warning_90"]
