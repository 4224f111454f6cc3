"""Expert work on a real Temporal server: what comes back twice is an expert's, or the lead's where none is there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from schemas.acts import ActorRef
from tests.support.memory import MemoryStore, World, agent, contract, document, good_reading, ticket
from tests.support.running import AGENT, LEAD, REVIEWER, Readings, running

FAIL = {"verdict": "fail", "defects": [{"field": "number", "severity": "critical", "expected": "INV-9"}]}
EXPERT = ActorRef(kind="user", id=str(UUID(int=21)), roles=("sme",))


def world(number: int, *more: Any) -> tuple[MemoryStore, Any]:
    terms = {
        "ai": {"straight_through": False},
        "qa": {"sample_rate": "1"},
        "rework": {"hourly_rate": "360000"},
    }
    request = ticket(number, documents_total=1)
    team = [agent(7, "data_entry"), agent(8, "qa"), agent(9, "lead"), *more]
    held = World(contracts=[contract(terms)], tickets={request.id: request}, agents=team)
    one = document(number * 100, request, position=0, filename="f0.pdf", sha256=f"{number:064x}")
    held.documents[one.id] = one
    return MemoryStore(held), request


async def test_a_total_that_only_keying_shows_is_an_experts_and_keeps_what_was_keyed(
    temporal_server: Any,
) -> None:
    store, request = world(71_010, agent(21, "data_entry", level="sme", load=3))
    terms = {
        "ai": {"straight_through": False},
        "qa": {"sample_rate": "0"},
        "assignment": {"expert": {"amount": "100000", "currency": "INR"}},
    }
    store.world.contracts = [contract(terms)]
    misread = good_reading(net_total="847.46", tax_total="152.54", total="1000.00")
    misread["lines"] = []
    typed = {"net_total": "847457.63", "tax_total": "152542.37", "total": "1000000.00"}
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": misread})) as start:
        run = await start(request)
        first = await run.task("keying")
        mine = AGENT.model_copy(update={"id": str(first.assigned_to)})
        answer = await run.complete(first, mine, {"fields": typed, "coding": {"account": "6300"}})
        assert (answer.applied, answer.outcome) == (True, "expert")
        second = await run.task("keying")
        assert (second.assigned_to, second.payload["expert"]) == (UUID(int=21), "amount")
        (held,) = store.world.documents.values()
        assert (held.state, held.fields["total"]["value"]) == ("keying", "1000000.00")
        assert not store.world.journals, "nothing is posted before an expert has seen it"
        refused = await run.complete(second, mine, {})
        assert (refused.applied, refused.code) == (False, "task-assigned-to-other")
        assert (await run.complete(second, EXPERT, {})).outcome == "ready"
        await run.decide("accept")
        assert await run.done() == "closed"
    (done,) = store.world.documents.values()
    assert (done.state, done.finished_by, done.coding["account"]) == ("posted", UUID(int=21), "6300")


async def test_rework_that_is_passed_on_to_an_expert_states_the_minutes_of_both(temporal_server: Any) -> None:
    store, request = world(71_020, agent(21, "data_entry", level="sme", load=3))
    terms = {
        "ai": {"straight_through": False},
        "qa": {"sample_rate": "1"},
        "rework": {"hourly_rate": "360000"},
        "assignment": {"expert": {"amount": "100000", "currency": "INR"}},
    }
    store.world.contracts = [contract(terms)]
    small = good_reading(net_total="847.46", tax_total="152.54", total="1000.00")
    small["lines"] = []
    large = {"net_total": "847457.63", "tax_total": "152542.37", "total": "1000000.00"}
    wrong = {
        "verdict": "fail",
        "defects": [{"field": "total", "severity": "critical", "expected": "1000000.00"}],
    }
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": small})) as start:
        run = await start(request)
        first = await run.task("keying")
        mine = AGENT.model_copy(update={"id": str(first.assigned_to)})
        await run.complete(first, mine, {})
        await run.complete(await run.task("qa_review"), REVIEWER, wrong)
        again = await run.task("rework")
        assert (await run.complete(again, mine, {"fields": large})).outcome == "expert"
        second = next(t for t in store.world.tasks.values() if t.state == "open" and t.payload.get("expert"))
        assert (await run.complete(second, EXPERT, {})).applied
        await run.complete(await run.task("qa_review"), REVIEWER, {"verdict": "pass"})
        await run.decide("accept")
        assert await run.done() == "closed"
    (defect,) = [sub.detail for (_, key), sub in store.world.subs.items() if "defect" in key]
    turns = [e.after for _, _, e in store.world.events if e.event == "defect.worked" and e.after]
    assert len(turns) == 2, "one of each person"
    assert Decimal(defect["minutes"]) == sum(Decimal(one["minutes"]) for one in turns)
    assert again.assigned_at is not None
    assert defect["worked_from"] == again.assigned_at.isoformat(), "the first of them began it"


@pytest.mark.parametrize("there", [True, False], ids=["an expert is there", "none is there"])
async def test_a_second_round_of_the_same_document_is_expert_work(temporal_server: Any, there: bool) -> None:
    people = [agent(21, "data_entry", level="sme", load=3)] if there else []
    store, request = world(71_001 + there, *people)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        first = await run.task("keying")
        mine = AGENT.model_copy(update={"id": str(first.assigned_to)})
        await run.complete(first, mine, {})
        await run.complete(await run.task("qa_review"), REVIEWER, FAIL)
        again = await run.task("rework")
        assert (again.assigned_to, "expert" in again.payload) == (first.assigned_to, False)
        await run.complete(again, mine, {})
        await run.complete(await run.task("qa_review"), REVIEWER, FAIL)
        second = await run.task("rework")
        assert second.payload["expert"] == "second_round"
        assert second.assigned_to == UUID(int=21 if there and first.assigned_to == UUID(int=7) else 9)
        refused = await run.complete(second, mine, {"fields": {"number": "INV-9"}})
        assert (refused.applied, refused.code) == (False, "task-assigned-to-other")
        able = EXPERT if second.assigned_to == UUID(int=21) else LEAD
        assert (await run.complete(second, able, {"fields": {"number": "INV-9"}})).applied
        await run.complete(await run.task("qa_review"), REVIEWER, {"verdict": "pass"})
        await run.decide("accept")
        assert await run.done() == "closed"
    defects = {sub.number[-2:]: sub.detail for (_, key), sub in store.world.subs.items() if "defect" in key}
    assert set(defects) == {"D1", "D2"}, "a defect ticket for each round"
    for one in defects.values():
        assert Decimal(one["minutes"]) <= Decimal(one["open_minutes"]) + Decimal("0.01")
        assert Decimal(one["cost"]) == Decimal(one["minutes"]) * 6000 and one["currency"] == "INR"
    qc = store.world.subs[request.id, "quality"].detail
    assert [(r["number"][-2:], r["round"], r["minutes"]) for r in qc["rework"]] == [
        ("D1", 1, defects["D1"]["minutes"]),
        ("D2", 2, defects["D2"]["minutes"]),
    ]
    assert qc["rework_total"]["unmeasured"] == 0
    said = [e.event for _, _, e in store.world.events if e.event.startswith("task.expert")]
    assert said == ["task.expert" if there else "task.expert_missing"]
    assert ("expert_missing" in {n.kind for n in store.world.notices.values()}) is not there
