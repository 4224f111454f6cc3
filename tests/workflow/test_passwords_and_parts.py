"""Protected documents wait for the client without holding up the others; files of several documents become several."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from schemas.acts import ActorRef, CancelTicket
from tests.support.memory import MemoryStore, World, agent, contract, document, good_reading, ticket
from tests.support.running import AGENT, BUYER, Readings, running

STRAIGHT: Mapping[str, Any] = {"ai": {"straight_through": True}, "qa": {"sample_rate": "0"}}
NUMBERS = itertools.count(77_000_000_000)
LOCKED = {
    "status": "quarantined",
    "reason": "encrypted",
    "reason_text": "Protected by a password.",
    "engine": "x",
}
READABLE = {"readable": "f" * 64}


def world(terms: Mapping[str, Any], files: int = 1) -> tuple[MemoryStore, Any]:
    number = next(NUMBERS)
    request = ticket(number, documents_total=files)
    held = World(contracts=[contract(terms)], tickets={request.id: request}, agents=[agent(7, "data_entry")])
    for i in range(files):
        one = document(
            number * 100 + i, request, position=i, filename=f"f{i}.pdf", sha256=f"{number * 100 + i:064x}"
        )
        held.documents[one.id] = one
    return MemoryStore(held), request


def states(run: Any) -> dict[str, str]:
    return {d.filename: d.state for d in run.world.documents.values()}


async def test_a_protected_document_is_read_once_the_client_gave_its_password(temporal_server: Any) -> None:
    store, request = world(STRAIGHT, files=2)
    reader = Readings({"f0.pdf": LOCKED, READABLE["readable"]: good_reading(2), "f1.pdf": good_reading(1)})
    async with running(temporal_server.grpc, store, reader) as start:
        run = await start(request)
        task = await run.task("password")
        (locked,) = [d for d in run.world.documents.values() if d.filename == "f0.pdf"]
        assert (locked.state, locked.reason, task.desk) == ("quarantined", "encrypted", "client")
        assert (await run.complete(task, AGENT, READABLE)).code == "not-allowed", "only the client is asked"
        assert (await run.complete(task, BUYER, {})).code == "password-missing"
        await run.until(lambda: states(run)["f1.pdf"] == "ready", "the other document")
        assert run.now().documents_done == 1, "a document that waits is not done"
        given = await run.complete(task, BUYER, READABLE)
        assert given.outcome == "unlocked"
        await run.decide("accept")
        await run.done()
    assert set(states(run).values()) == {"posted"} and len(run.world.usage) == 2
    assert run.now().documents_done == 2
    assert [m.template for m in run.world.mails.values()].count("password") == 1


async def test_an_opened_document_is_read_while_others_are_still_keyed(temporal_server: Any) -> None:
    store, request = world(STRAIGHT, files=2)
    answers = {
        "f0.pdf": LOCKED,
        READABLE["readable"]: good_reading(2),
        "f1.pdf": good_reading(1, total="1118.00"),
    }
    reader = Readings(answers)
    async with running(temporal_server.grpc, store, reader) as start:
        run = await start(request)
        keying, password = await run.task("keying"), await run.task("password")
        await run.complete(password, BUYER, READABLE)
        await run.until(lambda: states(run)["f0.pdf"] == "ready", "the opened document")
        assert states(run)["f1.pdf"] == "keying"
        await run.complete(keying, AGENT, {"fields": {"total": "118.00"}})
        await run.decide("accept")
        await run.done()


async def test_whoever_holds_the_link_of_the_mail_answers_without_a_login(temporal_server: Any) -> None:
    store, request = world(STRAIGHT)
    reader = Readings({"f0.pdf": LOCKED, READABLE["readable"]: good_reading(2)})
    visitor = ActorRef(kind="customer", origin="signed link")
    async with running(temporal_server.grpc, store, reader) as start:
        run = await start(request)
        task = await run.task("password")
        (mail,) = [m for m in run.world.mails.values() if m.template == "password"]
        assert mail.values["task"] == str(task.id), "the link names the task that asks"
        given = await run.complete(task, visitor, {**READABLE, "person": mail.to})
        assert given.outcome == "unlocked"
        await run.decide("accept")
        await run.done()
    assert set(states(run).values()) == {"posted"}
    ((_, actor, told),) = [e for e in store.world.events if e[2].event == "document.unlocked"]
    assert (actor.kind, actor.user_id) == ("customer", None)
    assert (told.personal, told.subject) == ({"answered_by": mail.to}, mail.to)


async def test_without_a_password_the_client_leaves_the_document_out(temporal_server: Any) -> None:
    store, request = world(STRAIGHT, files=2)
    reader = Readings({"f0.pdf": LOCKED, "f1.pdf": good_reading(1)})
    async with running(temporal_server.grpc, store, reader) as start:
        run = await start(request)
        assert (
            await run.complete(await run.task("password"), BUYER, {"leave_out": True})
        ).outcome == "left_out"
        await run.decide("accept")
        await run.done()
    assert states(run) == {"f0.pdf": "quarantined", "f1.pdf": "posted"}
    assert len(run.world.usage) == 1 and run.now().documents_done == 2
    assert "document.password_missing" in {e.event for _, _, e in store.world.events}


async def test_nobody_waits_for_a_password_longer_than_the_contract_says(temporal_server: Any) -> None:
    store, request = world({**STRAIGHT, "sla": {"password_s": 1}}, files=2)
    reader = Readings({"f0.pdf": LOCKED, "f1.pdf": good_reading(1)})
    async with running(temporal_server.grpc, store, reader) as start:
        run = await start(request)
        task = await run.task("password")
        await run.decide("accept")
        await run.done()
    assert run.world.tasks[task.id].state == "cancelled"
    assert states(run) == {"f0.pdf": "quarantined", "f1.pdf": "posted"} and len(run.world.usage) == 1


async def test_a_contract_may_ask_for_no_passwords(temporal_server: Any) -> None:
    store, request = world({**STRAIGHT, "sla": {"password_s": 0}}, files=2)
    reader = Readings({"f0.pdf": LOCKED, "f1.pdf": good_reading(1)})
    async with running(temporal_server.grpc, store, reader) as start:
        run = await start(request)
        await run.decide("accept")
        await run.done()
    assert not run.world.tasks and states(run)["f0.pdf"] == "quarantined"


def part(number: int, first: int, pages: int, **values: Any) -> dict[str, Any]:
    return {**good_reading(number, **values), "first_page": first, "pages": pages, "part": number, "parts": 3}


async def test_each_document_of_a_file_is_keyed_judged_and_billed_by_itself(temporal_server: Any) -> None:
    store, request = world(STRAIGHT, files=2)
    stack = [part(1, 1, 1), part(2, 3, 2, total="1118.00"), part(3, 6, 1)]
    reader = Readings({"f0.pdf": stack, "f1.pdf": good_reading(4)})
    async with running(temporal_server.grpc, store, reader) as start:
        run = await start(request)
        task = await run.task("keying")
        weak = run.world.documents[task.subject_id]
        assert (weak.filename, weak.first_page, weak.last_page) == ("f0 (pages 3-4).pdf", 3, 4)
        await run.until(lambda: run.now().documents_done == 4, "all read")
        assert run.now().documents_total == 4, "the parts count, the file they came in does not"
        await run.complete(task, AGENT, {"fields": {"total": "118.00"}})
        await run.decide("accept")
        await run.done()
    (whole,) = [d for d in run.world.documents.values() if d.filename == "f0.pdf"]
    parts = [d for d in run.world.documents.values() if d.parent_id == whole.id]
    assert whole.state == "split" and {d.state for d in parts} == {"posted"} and len(parts) == 3
    assert len({d.sha256 for d in parts} | {whole.sha256}) == 4
    billed = {u.document_id for u in run.world.usage.values()}
    assert billed == {d.id for d in run.world.documents.values() if d.state == "posted"} and len(billed) == 4
    assert {q.document_id for _, q in run.world.checks} == billed, "each judged, the file not"


async def test_the_documents_of_a_file_are_shared_out_among_the_people(temporal_server: Any) -> None:
    store, request = world(STRAIGHT)
    store.world.agents = [agent(7, "data_entry"), agent(17, "data_entry")]
    stack = [part(i, i, 1, total="1118.00") for i in range(1, 5)]
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": stack})) as start:
        run = await start(request)
        await run.until(lambda: run.now().documents_done == 4, "all read")
        given = [t.assigned_to for t in run.world.tasks.values()]
        assert sorted(given.count(one) for one in set(given)) == [2, 2]
        await run.act("cancel", CancelTicket(actor=BUYER, key="c", reason="enough"))
        await run.done()


async def test_the_same_paper_twice_in_one_file_is_found(temporal_server: Any) -> None:
    store, request = world(STRAIGHT)
    async with running(
        temporal_server.grpc, store, Readings({"f0.pdf": [part(1, 1, 1), part(1, 2, 1)]})
    ) as start:
        run = await start(request)
        task = await run.task("keying")
        twin = run.world.documents[task.subject_id]
        assert twin.duplicate_of is not None and task.payload["duplicate_of"] == str(twin.duplicate_of)
        await run.complete(task, AGENT, {"reject": {"reason": "duplicate"}})
        await run.decide("accept")
        await run.done()
    assert len(run.world.usage) == 1


async def test_a_split_file_that_is_sent_again_is_known_part_by_part(temporal_server: Any) -> None:
    store, request = world(STRAIGHT, files=2)
    one, two = store.world.documents.values()
    store.world.documents[two.id] = replace(two, sha256=one.sha256)
    stack = [part(1, 1, 1), part(2, 2, 1)]
    async with running(temporal_server.grpc, store, Readings({"f0.pdf": stack, "f1.pdf": stack})) as start:
        run = await start(request)
        for _ in range(2):
            task = await run.task("keying")
            await run.complete(task, AGENT, {"reject": {"reason": "duplicate"}})
        await run.decide("accept")
        await run.done()
    assert sorted(d.state for d in run.world.documents.values()) == [
        "posted",
        "posted",
        "rejected",
        "rejected",
        "split",
        "split",
    ]
