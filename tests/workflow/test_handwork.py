"""Work that a person does on a line nothing automates: reviewed, signed off, reworked, and only then billed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from tests.support.memory import MemoryStore, World, agent, contract, document, ticket
from tests.support.running import AGENT, LEAD, REVIEWER, Readings, running, sure

HELPER = AGENT.model_copy(update={"id": str(UUID(int=11))})
OTHER = REVIEWER.model_copy(update={"id": str(UUID(int=8))})


def world(terms: Mapping[str, Any], files: int = 0) -> tuple[MemoryStore, Any]:
    number = uuid.uuid4().int % 10**12
    request = ticket(number, documents_total=files, subject="Reset my password")
    people = [agent(11, "it_helpdesk", "qa"), agent(8, "qa"), agent(9, "lead")]
    held = World(
        contracts=[contract(terms, service_line="it_helpdesk")], tickets={request.id: request}, agents=people
    )
    for i in range(files):
        one = document(number * 100 + i, request, position=i, filename=f"f{i}.pdf")
        held.documents[one.id] = one
    return MemoryStore(held), request


def helpdesk(text: str, **_: Any) -> Mapping[str, Any]:
    return {**sure(text), "service_line": "it_helpdesk"}


def work_of(run: Any) -> Mapping[str, Any]:
    return dict(run.now().detail["work"])


async def test_it_is_reviewed_by_another_person_returned_by_the_client_and_billed_once(
    temporal_server: Any,
) -> None:
    store, request = world({"qa": {"sample_rate": "1"}}, files=1)
    shot = next(iter(store.world.documents.values()))
    async with running(temporal_server.grpc, store, Readings({}), helpdesk) as start:
        run = await start(request)
        task = await run.task("work")
        wrong = await run.complete(task, HELPER, {"note": "reset it", "files": [str(uuid.uuid4())]})
        assert wrong.code == "file-unknown"
        await run.complete(task, HELPER, {"note": "reset the wrong one", "files": [str(shot.id)]})

        review = await run.task("qa_review")
        assert (review.subject_id, review.assigned_to) == (None, UUID(int=8)), "not whoever did it"
        assert run.now().progress == 55
        own = HELPER.model_copy(update={"roles": ("qa", "lead")})
        assert (await run.complete(review, own, {"verdict": "pass"})).code == "own-work"
        defect = {"field": "result", "category": "not_done", "severity": "critical", "expected": "ravi's"}
        await run.complete(review, OTHER, {"verdict": "fail", "defects": [defect]})

        again = await run.task("work")
        assert (again.round, again.assigned_to) == (1, UUID(int=11)), "back to whoever did it"
        assert again.payload["defects"][0]["expected"] == "ravi's"
        await run.complete(again, HELPER, {"note": "reset ravi's password", "files": [str(shot.id)]})
        await run.complete(await run.task("qa_review"), OTHER, {"verdict": "pass"})

        first = await run.offered()
        assert run.now().progress == 75 and not run.world.usage
        await run.decide("return", reason="still locked")
        third = await run.task("work")
        assert (third.round, third.payload["returned"]) == (2, "still locked")
        await run.complete(third, HELPER, {"note": "unlocked the account too"})
        await run.complete(await run.task("qa_review"), OTHER, {"verdict": "pass"})
        assert await run.offered() != first, "another result is another version"
        await run.decide("accept")
        assert await run.done() == "closed"
    (billed,) = run.world.usage.values()
    assert (billed.unit_type, billed.quantity, billed.finished_by) == ("ticket", 1, UUID(int=11))
    assert (billed.evidence["level"], billed.evidence["verdict"]) == (2, "pass")
    defects = [t for t in run.world.subs.values() if t.kind == "defect"]
    assert len(defects) == 2 and all(t.closed_at for t in defects)
    assert (work_of(run)["quality"], work_of(run)["approval"]) == ("passed", "accepted")


async def test_a_note_that_says_nothing_fails_level_one_and_after_the_rounds_a_lead_decides(
    temporal_server: Any,
) -> None:
    store, request = world({"qa": {"sample_rate": "0"}, "rework": {"max_rounds": 0}})
    async with running(temporal_server.grpc, store, Readings({}), helpdesk) as start:
        run = await start(request)
        await run.complete(await run.task("work"), HELPER, {"note": "done"})
        lead = await run.task("escalation")
        await run.complete(lead, LEAD, {"decision": "reject", "reason": "nothing was done"})
        assert await run.done() == "closed"
    assert not run.world.usage, "what was taken out of the delivery is not billed"
    assert work_of(run)["state"] == "rejected"
    (check,) = [q for _, q in run.world.checks]
    assert (check.level, check.verdict, check.defects[0]["field"]) == (1, "fail", "note")


@pytest.mark.parametrize("required", [True, False])
async def test_silence_accepts_it_and_a_contract_may_ask_for_no_sign_off(
    temporal_server: Any, required: bool
) -> None:
    store, request = world(
        {
            "qa": {"sample_rate": "0"},
            "approval": {"required": required, "deemed_s": 1},
            "survey": {"ask": False},
        }
    )
    async with running(temporal_server.grpc, store, Readings({}), helpdesk) as start:
        run = await start(request)
        await run.complete(await run.task("work"), HELPER, {"note": "reset by phone"})
        assert await run.done() == "closed"
    events = [e.event for _, _, e in run.world.events]
    assert ("ticket.deemed_accepted" in events) is required
    assert len(run.world.usage) == 1
