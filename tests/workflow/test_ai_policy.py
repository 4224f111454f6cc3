"""AG1 on a real Temporal server: where a contract leaves AI less than the act, the ticket waits for a person."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.support.memory import MemoryStore, World, agent, contract, document, good_reading, ticket
from tests.support.running import AGENT, DESK, Readings, running

TEAM = [agent(7, "data_entry"), agent(8, "qa"), agent(9, "lead"), agent(10, "triage")]


def world(ai: Mapping[str, Any], message: str = "please process") -> tuple[MemoryStore, Any]:
    number = uuid.uuid4().int % 10**12
    request = ticket(number, documents_total=1)
    held = World(
        contracts=[contract({"ai": ai, "qa": {"sample_rate": "0"}, "approval": {"required": False}})],
        tickets={request.id: request},
        agents=list(TEAM),
        message=message,
    )
    one = document(number * 100, request, position=0, filename="f0.pdf", sha256=f"{number:064x}")
    held.documents[one.id] = one
    return MemoryStore(held), request


def said(store: MemoryStore, event: str) -> Mapping[str, Any]:
    (found,) = [e.after for _, _, e in store.world.events if e.event == event]
    return found or {}


@pytest.mark.parametrize(
    ("ai", "message", "reason"),
    [
        ({"modes": {"triage": "suggest"}}, "please process", "mode"),
        ({"modes": {"triage": "act with approval"}}, "please process", "mode"),
        ({"escalate": {"words": ["court order"]}}, "A court order is attached.", "words"),
    ],
)
async def test_a_sure_classification_waits_for_a_person_where_the_contract_says_so(
    temporal_server: Any, ai: Mapping[str, Any], message: str, reason: str
) -> None:
    store, request = world({"straight_through": True, **ai}, message)
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        task = await run.task("triage")
        assert run.now().stage == "triage" and run.now().service_line is None
        assert [one["trigger"] for one in task.payload["suggestion"]["asked"]] == [reason]
        chosen = {"service_line": "data_entry", "priority": "P2", "ticket_type": "invoice_entry"}
        assert (await run.complete(task, DESK, chosen)).applied
        assert await run.done() == "closed"
    assert said(store, "ticket.triaged")["by"] == "person"
    assert len(store.world.journals) == 1


async def test_words_of_a_reply_that_came_before_the_request_was_placed_ask_a_person(
    temporal_server: Any,
) -> None:
    store, request = world({"straight_through": True, "escalate": {"words": ["court order"]}})
    store.world.replies = ["Any news?", "We have a court order now."]
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        task = await run.task("triage")
        (reason,) = task.payload["suggestion"]["asked"]
        assert (reason["phrase"], reason["where"]) == ("court order", "later")
        chosen = {"service_line": "data_entry", "priority": "P2", "ticket_type": "invoice_entry"}
        assert (await run.complete(task, DESK, chosen)).applied
        await run.complete(await run.task("keying"), AGENT, {})
        assert await run.done() == "closed"


async def test_a_document_read_after_such_a_reply_goes_to_a_person(temporal_server: Any) -> None:
    store, request = world({"straight_through": True, "escalate": {"words": ["court order"]}})

    class AsItIsRead(Readings):
        """The reply comes while the paper is being read, long after the request was placed."""

        def read(self, *paper: Any, **more: Any) -> Sequence[Mapping[str, Any]]:
            store.world.replies = ["Stop: there is a COURT  order."]
            return super().read(*paper, **more)

    async with running(temporal_server.grpc, store, AsItIsRead({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        task = await run.task("keying")
        assert said(store, "ticket.triaged")["by"] == "ai", "placed before anybody wrote so"
        assert task.payload["blocked_by"] == ["ask:words"]
        (reason,) = task.payload["asked"]
        assert reason["words"] == "“court order” stands in a later message"
        await run.complete(task, AGENT, {})
        assert await run.done() == "closed"


async def test_a_document_over_the_amount_goes_to_a_person_although_every_field_is_sure(
    temporal_server: Any,
) -> None:
    store, request = world({"straight_through": True, "escalate": {"amount_over": {"INR": "100.00"}}})
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        task = await run.task("keying")
        (reason,) = task.payload["asked"]
        assert reason["words"] == "total 118.00 INR is over the contract's 100.00"
        assert task.payload["fields"] == []  # none of them is weak
        assert not store.world.journals
        assert (await run.complete(task, AGENT, {})).applied
        assert await run.done() == "closed"
    assert said(store, "document.read")["asked"] == [reason]
    assert len(store.world.journals) == 1


async def test_a_coding_the_contract_has_confirmed_is_posted_as_the_person_gave_it(
    temporal_server: Any,
) -> None:
    store, request = world({"modes": {"reading": "act", "coding": "act with approval"}})
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        task = await run.task("keying")
        silent = await run.complete(task, AGENT, {})
        assert (silent.applied, silent.code) == (False, "coding-missing")
        assert (await run.complete(task, AGENT, {"coding": {"account": "6400"}})).applied
        assert await run.done() == "closed"
    coded = said(store, "document.coded")
    assert (coded["account"], coded["proposed"]["account"], coded["agreed"]) == ("6400", "6000", False)
    ((_, entry),) = store.world.journals.values()
    assert "6400" in {posting.account for posting in entry.postings}


@pytest.mark.parametrize("mode", ["suggest", "act with approval"])
async def test_a_type_that_ai_may_only_suggest_changes_no_promise_until_a_person_has_said_it(
    temporal_server: Any, mode: str
) -> None:
    store, request = world({"modes": {"reading": mode}})
    terms = {"ai": {"modes": {"reading": mode}}, "qa": {"sample_rate": "0"}, "approval": {"required": False}}
    store.world.contracts = [contract({**terms, "sla": {"priority_types": ["invoice"]}})]
    fields = {name: found["value"] for name, found in good_reading()["fields"].items()}
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": good_reading()})) as start:
        run = await start(request)
        task = await run.task("keying")
        assert run.now().document_class == ("standard" if mode == "suggest" else "priority")
        assert (await run.complete(task, AGENT, {"doc_type": "invoice", "fields": fields})).applied
        assert run.now().document_class == "priority"
        assert await run.done() == "closed"
    assert said(store, "ticket.class_changed")["type"] == "invoice"


async def test_a_supplier_is_new_until_a_paper_of_its_is_posted(temporal_server: Any) -> None:
    ai = {"modes": {"reading": "act"}, "escalate": {"new_supplier": True}}
    store, request = world(ai)
    later = ticket(request.id.int + 1, documents_total=1)
    paper = document(later.id.int * 100, later, position=0, filename="f1.pdf", sha256=f"{later.id.int:064x}")
    store.world.tickets[later.id], store.world.documents[paper.id] = later, paper
    second = good_reading()
    second["fields"]["number"]["value"] = "INV-2"
    async with running(
        temporal_server.grpc, store, Readings({"f0.pdf": good_reading(), "f1.pdf": second})
    ) as start:
        run = await start(request)
        task = await run.task("keying")
        assert [one["trigger"] for one in task.payload["asked"]] == ["supplier"]
        assert (await run.complete(task, AGENT, {})).applied
        assert await run.done() == "closed"
        assert await (await start(later)).done() == "closed"
    assert [t.kind for t in store.world.tasks.values() if t.ticket_id == later.id] == []
