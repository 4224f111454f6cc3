"""One act on many tickets: each has its own outcome in words, and a repeat does nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from schemas.acts import ActResult, ChangePriority, PauseTicket
from tests.support.api import RecordedActs, World, world_on
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls


@pytest.fixture(scope="module")
def shared_world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("bulk")) as made:
        yield made


@pytest.fixture
def world(shared_world: World) -> World:
    fresh = RecordedActs()
    shared_world.services.acts = shared_world.acts = fresh
    return shared_world


async def test_what_cannot_be_done_to_one_is_done_to_the_others(world: World) -> None:
    lead = world.person(world.provider, ("lead", world.acme))
    mine, foreign, nowhere = world.ticket(world.acme), world.ticket(world.beta), new_id()
    child = world.ticket(world.acme, kind="processing", root_id=mine)
    body = {
        "tickets": [str(one) for one in (mine, foreign, nowhere, child, mine)],
        "act": "priority",
        "priority": "P1",
    }
    async with world.http(lead, **{"Idempotency-Key": "many-1"}) as http:
        first = await http.post("/v1/tickets/bulk", json=body)
        again = await http.post("/v1/tickets/bulk", json=body)
    assert first.status_code == 200, first.text
    found = {one["ticket_id"]: one for one in first.json()["results"]}
    assert len(first.json()["results"]) == 4  # named twice, done once
    assert found[str(mine)]["status"] == "applied"
    assert [found[str(one)]["code"] for one in (foreign, nowhere)] == ["not-found", "not-found"]
    assert found[str(child)]["status"] == "refused"
    assert found[str(child)]["detail"]
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert [(update, argument.priority) for _, update, argument in world.acts.sent] == [  # type: ignore[attr-defined]
        ("change_priority", "P1")
    ]
    assert isinstance(world.acts.sent[0][2], ChangePriority)


async def test_a_list_that_is_not_settled_is_asked_again_and_acts_once(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    tickets = [str(world.ticket(world.acme)) for _ in range(3)]
    body = {"tickets": tickets, "act": "pause", "reason": "month end"}
    world.acts.answer = None
    async with world.http(lead, **{"Idempotency-Key": "many-2"}) as http:
        waiting = await http.post("/v1/tickets/bulk", json=body)
        assert {one["status"] for one in waiting.json()["results"]} == {"being_applied"}
        world.acts.answer = ActResult(applied=True, outcome="paused")
        settled = await http.post("/v1/tickets/bulk", json=body)
    assert {one["status"] for one in settled.json()["results"]} == {"applied"}
    keys = [argument.key for _, _, argument in world.acts.sent if isinstance(argument, PauseTicket)]
    assert len(set(keys)) == 3


async def test_a_role_may_do_in_bulk_what_it_may_do_to_one(world: World) -> None:
    agent = world.person(world.provider, ("agent", None))
    client = world.person(world.acme, ("client_user", world.acme))
    ticket = world.ticket(world.acme)
    async with world.http() as http:
        for person, act, status in (
            (agent, {"act": "priority", "priority": "P1"}, "refused"),
            (agent, {"act": "pause", "reason": "r"}, "applied"),
            (client, {"act": "pause", "reason": "r"}, "refused"),
            (client, {"act": "priority", "priority": "P2"}, "applied"),
            (client, {"act": "assign", "user_id": str(client.id)}, "refused"),
        ):
            answer = await http.post(
                "/v1/tickets/bulk", json={"tickets": [str(ticket)], **act}, headers=person.headers
            )
            (one,) = answer.json()["results"]
            assert one["status"] == status, (act, one)
            assert one["code"] == (None if status == "applied" else "forbidden")


async def test_open_tasks_are_given_together_or_not_at_all(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    agent = world.person(
        world.provider, ("agent", None), skills=["data_entry"], certifications={"data_entry": None}
    )
    free, mixed, idle = (world.ticket(world.acme) for _ in range(3))
    for ticket in (free, free, mixed):
        world.task(world.acme, ticket, skill="data_entry")
    world.task(world.acme, mixed, kind="qa_review", skill="qa", desk="quality")

    def held(ticket: UUID) -> list[UUID | None]:
        return [
            row.assigned_to
            for row in world.sql(world.acme, "select assigned_to from task where ticket_id = %s", (ticket,))
        ]

    tickets = [str(one) for one in (free, mixed, idle)]
    async with world.http(lead) as http:
        answer = await http.post(
            "/v1/tickets/bulk", json={"tickets": tickets, "act": "assign", "user_id": str(agent.id)}
        )
    first, second, third = answer.json()["results"]
    assert (first["status"], first["outcome"]) == ("applied", "2")
    assert held(free) == [agent.id, agent.id]
    assert second["status"] == "refused"
    assert held(mixed) == [None, None]
    assert third["code"] == "no-open-task"


async def test_many_are_linked_to_one_and_what_is_missing_is_said(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    one, two = world.ticket(world.acme), world.ticket(world.acme)
    hub, number = world.ticket(world.acme, number="HUB-1"), "HUB-1"
    tickets = [str(each) for each in (one, two, hub)]
    async with world.http(lead) as http:
        answer = await http.post(
            "/v1/tickets/bulk", json={"tickets": tickets, "act": "link", "other": number, "kind": "duplicate"}
        )
        assert [each["status"] for each in answer.json()["results"]] == ["applied", "applied", "refused"]
        assert answer.json()["results"][2]["code"] == "link-to-itself"
        for act, missing in (("link", "other"), ("pause", "reason"), ("priority", "priority")):
            bad = await http.post("/v1/tickets/bulk", json={"tickets": tickets, "act": act})
            assert bad.status_code == 422
            assert missing in bad.text
    rows = world.sql(world.acme, "select ticket_id from ticket_link where other_id = %s", (hub,))
    assert {row.ticket_id for row in rows} == {one, two}
