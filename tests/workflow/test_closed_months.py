"""AG9 in the flow: a document dated into a shut month of the client's book waits for finance, the others do not."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from schemas.acts import ActorRef
from tests.support.memory import (
    MemoryStep,
    MemoryStore,
    World,
    agent,
    contract,
    document,
    good_reading,
    ticket,
)
from tests.support.running import AGENT, LEAD, Readings, running
from ticketos.domain.changes import SetTicket

STRAIGHT: Mapping[str, Any] = {"ai": {"straight_through": True}, "qa": {"sample_rate": "0"}}
FINANCE = ActorRef(kind="user", id=str(UUID(int=77)), roles=("finance",))
NUMBERS = itertools.count(88_000_000_000)


def world(
    months: Mapping[str, str], terms: Mapping[str, Any] = STRAIGHT, files: int = 2
) -> tuple[MemoryStore, Any]:
    """A request whose first file is dated into October, the others into November."""
    number = next(NUMBERS)
    request = ticket(number, documents_total=files)
    held = World(contracts=[contract(terms)], tickets={request.id: request}, agents=[agent(7, "data_entry")])
    held.book_months = dict(months)
    for i in range(files):
        one = document(
            number * 100 + i, request, position=i, filename=f"f{i}.pdf", sha256=f"{number * 100 + i:064x}"
        )
        held.documents[one.id] = one
    return MemoryStore(held), request


def reader(files: int = 2) -> Readings:
    def dated(n: int, day: str) -> dict[str, Any]:
        reading = good_reading(n)
        reading["fields"]["issue_date"] = {**reading["fields"]["issue_date"], "value": day}
        return reading

    return Readings(
        {f"f{n}.pdf": dated(n + 1, "2026-10-30" if n == 0 else "2026-11-03") for n in range(files)}
    )


def booked(run: Any) -> dict[str, tuple[date, date | None]]:
    names = {d.id: d.filename for d in run.world.documents.values()}
    return {names[j.source_id]: (j.booked_on, j.document_on) for _, j in run.world.journals.values()}


def states(run: Any) -> dict[str, str]:
    return {d.filename: d.state for d in run.world.documents.values()}


async def test_a_straight_through_document_of_a_closed_month_waits_for_finance(temporal_server: Any) -> None:
    store, request = world({"2026-10": "closed"})
    async with running(temporal_server.grpc, store, reader()) as start:
        run = await start(request)
        task = await run.task("posting_period")
        assert states(run) == {"f0.pdf": "keying", "f1.pdf": "posted"}, "the others do not wait"
        assert set(booked(run)) == {"f1.pdf"}
        for somebody in (AGENT, LEAD):
            refused = await run.complete(task, somebody, {"choice": "first_open", "reason": "x"})
            assert refused.code == "not-allowed"
        assert (await run.complete(task, FINANCE, {"choice": "first_open"})).code == "reason-missing"
        own = await run.complete(task, FINANCE, {"choice": "own_date", "reason": "x"})
        assert own.code == "period-closed"
        done = await run.complete(task, FINANCE, {"choice": "first_open", "reason": "Came late"})
        assert done.outcome == "ready"
        await run.decide("accept")
        await run.done()
    assert states(run) == {"f0.pdf": "posted", "f1.pdf": "posted"}
    assert booked(run)["f0.pdf"] == (date(2026, 11, 1), date(2026, 10, 30))
    assert booked(run)["f1.pdf"] == (date(2026, 11, 3),) * 2
    events = [
        (e.event, actor.kind) for _, actor, e in store.world.events if e.event.startswith("document.period")
    ]
    assert events == [("document.period_closed", "system"), ("document.period_decided", "user")]
    assert not next(d for d in run.world.documents.values() if d.filename == "f0.pdf").straight_through


async def test_finance_lets_one_into_a_soft_closed_month_and_leaves_one_out(
    temporal_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, request = world({"2026-11": "soft"})
    told: list[Mapping[str, Any]] = []
    kept = MemoryStep._SetTicket

    def noted(step: MemoryStep, change: SetTicket) -> None:
        told.append(change.values)
        kept(step, change)

    monkeypatch.setattr(MemoryStep, "_SetTicket", noted)
    async with running(temporal_server.grpc, store, reader()) as start:
        run = await start(request)
        first = await run.task("posting_period")
        second = next(t for t in run.world.tasks.values() if t.kind == "posting_period" and t.id != first.id)
        assert (run.now().desk, run.now().next_action.split()[0]) == ("finance", "Finance")
        await run.complete(first, FINANCE, {"choice": "own_date", "reason": "Belongs there"})
        assert run.now().desk == "finance", "another one waits"
        gone = await run.complete(second, FINANCE, {"choice": "reject", "reason": "Paid by hand"})
        assert gone.outcome == "rejected"
        await run.decide("accept")
        await run.done()
    desks = [(one["desk"], one["next_action"]) for one in told if "desk" in one]
    waited = desks.index(("finance", "Finance decides on documents of a shut month"))
    assert desks[waited + 1] == ("delivery", "Do the work"), "decided, it is delivery's again"
    assert sorted(states(run).values()) == ["posted", "rejected"]
    ((journal,),) = [[j for _, j in run.world.journals.values()]]
    assert journal.decided_in == first.id and journal.booked_on == journal.document_on


@pytest.mark.parametrize("state", ["soft", "closed"])
async def test_where_the_contract_says_so_nobody_is_asked_and_the_own_date_is_kept(
    temporal_server: Any, state: str
) -> None:
    terms = {**STRAIGHT, "posting": {"closed_period": "first_open_day"}}
    store, request = world({"2026-10": state}, terms)
    async with running(temporal_server.grpc, store, reader()) as start:
        run = await start(request)
        await run.decide("accept")
        await run.done()
    assert booked(run)["f0.pdf"] == (date(2026, 11, 1), date(2026, 10, 30))
    assert not [t for t in run.world.tasks.values() if t.kind == "posting_period"]
    told = [e.after for _, _, e in store.world.events if e.event == "document.posted" and e.after]
    assert [one.get("period_decided_by") for one in told].count("contract") == 1


async def test_a_month_shut_while_others_are_keyed_is_seen_when_it_is_posted(temporal_server: Any) -> None:
    store, request = world({})
    answers = reader()
    answers.answers["f1.pdf"] = good_reading(2, total="1118.00")
    async with running(temporal_server.grpc, store, answers) as start:
        run = await start(request)
        keying = await run.task("keying")
        run.world.book_months["2026-10"] = "soft"
        await run.complete(keying, AGENT, {"fields": {"total": "118.00", "issue_date": "2026-11-03"}})
        task = await run.task("posting_period")
        run.world.book_months["2026-10"] = "open"  # opened again: its own date is fine now
        await run.complete(task, FINANCE, {"choice": "own_date", "reason": "Opened for it"})
        await run.decide("accept")
        await run.done()
    assert booked(run)["f0.pdf"] == (date(2026, 10, 30),) * 2
