"""Offers on the database and over HTTP: whose they are, who sees them, and what a lead's hand does to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.acts import AcceptTask, RefuseTask
from tests.support.api import Person, World, world_on
from ticketos.db.ids import new_id
from ticketos.db.repositories.step import SqlStore
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import OpenTask, SetTask
from ticketos.domain.ports import StepKey
from ticketos.domain.state import SYSTEM

SOON = timedelta(minutes=10)


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("offers")) as made:
        yield made


def helper(world: World) -> Person:
    made = world.person(world.provider, ("agent", None))
    world.sql(
        world.provider,
        """update app_user set skills = '["it_helpdesk"]', certifications = '{"it_helpdesk": null}'"""
        " where id = %s",
        (made.id,),
    )
    return made


def offered(world: World, to: Person, until: timedelta = SOON) -> tuple[UUID, UUID]:
    """A task of Acme offered to that person: (task, ticket)."""
    ticket_id = world.ticket(world.acme)
    ends = datetime.now(UTC) + until
    task_id = world.task(
        world.acme, ticket_id, skill="it_helpdesk", kind="work", offered_to=to.id, offer_until=ends
    )
    return task_id, ticket_id


def row(world: World, task_id: UUID) -> Any:
    return world.sql(world.acme, "select * from task where id = %s", (task_id,))[0]


async def test_an_answer_goes_to_the_tickets_own_workflow(world: World) -> None:
    mine = helper(world)
    task_id, ticket_id = offered(world, mine)
    async with world.http(mine) as http:
        shown = (await http.get(f"/v1/tasks/{task_id}")).json()
        assert (shown["offered_to"], shown["assigned_to"]) == (str(mine.id), None)
        assert (await http.post(f"/v1/tasks/{task_id}/accept")).status_code == 200
        blank = await http.post(f"/v1/tasks/{task_id}/refuse", json={"reason": ""})
        assert (blank.status_code, blank.json()["code"]) == (422, "request-invalid")
        assert (await http.post(f"/v1/tasks/{task_id}/refuse", json={"reason": "busy"})).status_code == 200
    (_, accept, yes), (target, refuse, no) = world.acts.sent[-2:]
    assert (accept, refuse, target.workflow_id) == ("accept_task", "refuse_task", f"ticket/{ticket_id}")
    assert isinstance(yes, AcceptTask)
    assert isinstance(no, RefuseTask)
    assert (yes.task_id, no.task_id, no.reason, no.actor.id) == (task_id, task_id, "busy", str(mine.id))


async def test_an_offer_is_among_ones_own_tasks_and_in_nobodys_queue(world: World) -> None:
    mine, other = helper(world), helper(world)
    task_id, _ = offered(world, mine)
    async with world.http() as http:

        async def seen(by: Person, scope: str) -> bool:
            found = (await http.get(f"/v1/tasks?scope={scope}&limit=100", headers=by.headers)).json()
            return str(task_id) in {one["id"] for one in found["items"]}

        assert await seen(mine, "mine")
        assert not await seen(other, "mine")
        assert not await seen(mine, "queue")
        assert not await seen(other, "queue")
        taken = await http.post(f"/v1/tasks/{task_id}/claim", headers=other.headers)
        assert (taken.status_code, taken.json()["code"]) == (403, "task-offered-to-other")
        done = await http.post(f"/v1/tasks/{task_id}/complete", json={}, headers=other.headers)
        assert (done.status_code, done.json()["code"]) == (403, "task-offered-to-other")


async def test_an_offer_that_ran_out_while_nobody_passed_it_on_may_be_claimed(world: World) -> None:
    mine, other = helper(world), helper(world)
    task_id, _ = offered(world, mine, -SOON)
    async with world.http(other) as http:
        assert (await http.post(f"/v1/tasks/{task_id}/claim")).status_code == 200
    assert (row(world, task_id).assigned_to, row(world, task_id).offered_to) == (other.id, None)


async def test_a_lead_who_gives_the_task_away_ends_the_offer(world: World) -> None:
    mine, other = helper(world), helper(world)
    lead = world.person(world.provider, ("lead", None))
    task_id, _ = offered(world, mine)
    async with world.http(lead) as http:
        await http.post(f"/v1/tasks/{task_id}/assign", json={"user_id": str(other.id)})
        given = row(world, task_id)
        assert (given.assigned_to, given.offered_to, given.offer_until) == (other.id, None, None)


def test_the_step_writes_offers_and_looks_again_when_the_task_was_given_away_meanwhile(world: World) -> None:
    mine, other = helper(world), helper(world)
    store = SqlStore(
        world.services.database,
        now=lambda: datetime.now(UTC),
        new_id=new_id,
        audit=world.services.audit,
    )
    ticket_id, task_id, ends = world.ticket(world.acme), new_id(), datetime.now(UTC) + SOON

    def step(name: str, change: Any) -> None:
        with store.step(StepKey(ticket_id, 1, name), world.acme, SYSTEM) as opened:
            opened.apply((change,))
            opened.finish({})

    step(
        "open",
        OpenTask(
            task_id, new_id().hex, "work", "ticket", "d", "it_helpdesk", offered_to=mine.id, offer_until=ends
        ),
    )
    (person,) = world.sql(world.provider, "select last_assigned_at from app_user where id = %s", (mine.id,))
    assert person.last_assigned_at is not None, "an offer counts for whose turn is next"
    with store.step(StepKey(ticket_id, 1, "look"), world.acme, SYSTEM) as opened:
        (seen,) = opened.tasks()
    assert (seen.offered_to, seen.offer_until) == (mine.id, ends)
    values = {
        "offered_to": other.id,
        "offer_until": ends,
        "payload": {"offered": [str(mine.id), str(other.id)]},
    }
    step("pass", SetTask(task_id, mine.id, values))
    assert row(world, task_id).offered_to == other.id
    with pytest.raises(RuntimeError, match="given away"):
        step("stale", SetTask(task_id, mine.id, values))
    with pytest.raises(ValueError, match="not a rule's"):
        step("wrong", SetTask(task_id, other.id, {"state": "done"}))
    step(
        "take", SetTask(task_id, other.id, {"assigned_to": other.id, "offered_to": None, "offer_until": None})
    )
    assert (row(world, task_id).assigned_to, row(world, task_id).row_version) == (other.id, 3)


async def test_expert_work_is_in_the_queue_of_experts_alone(world: World) -> None:
    able, plain = helper(world), helper(world)
    world.sql(world.provider, "update app_user set level = 'sme' where id = %s", (able.id,))
    payload = {"expert": "second_round"}
    task_id = world.task(
        world.acme, world.ticket(world.acme), skill="it_helpdesk", kind="rework", payload=payload
    )
    async with world.http() as http:

        async def queued(by: Person) -> bool:
            found = (await http.get("/v1/tasks?scope=queue&limit=100", headers=by.headers)).json()
            return str(task_id) in {one["id"] for one in found["items"]}

        assert (await queued(able), await queued(plain)) == (True, False)
        shown = (await http.get(f"/v1/tasks/{task_id}", headers=able.headers)).json()
        assert shown["payload"]["expert"] == "second_round"
        refused = await http.post(f"/v1/tasks/{task_id}/claim", headers=plain.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "person-not-eligible")
        done = await http.post(f"/v1/tasks/{task_id}/complete", json={}, headers=plain.headers)
        assert (done.status_code, done.json()["code"]) == (403, "expert-required")
        assert (await http.post(f"/v1/tasks/{task_id}/claim", headers=able.headers)).status_code == 200
