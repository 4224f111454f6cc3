"""Acts and tasks by HTTP: sent once, answered once, refused with a code; the workflow behind them is a
stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.acts import ActResult, CompleteTask, DecideApproval, PauseTicket
from tests.support.api import RecordedActs, World, world_on
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls


@pytest.fixture(scope="module")
def shared_world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("api")
    with world_on(database, folder) as made:
        yield made


@pytest.fixture
def world(shared_world: World) -> World:
    fresh = RecordedActs()
    shared_world.services.acts = shared_world.acts = fresh
    return shared_world


async def test_the_thin_path_from_queue_to_completed_task_and_approval(world: World) -> None:
    agent = world.person(
        world.provider, ("agent", world.acme), skills=["data_entry"], certifications={"data_entry": None}
    )
    approver = world.person(world.acme, ("client_user", world.acme))
    ticket_id = world.ticket(world.acme)
    task_id = world.task(world.acme, ticket_id, skill="data_entry")
    async with world.http(agent) as http:
        queue = (await http.get("/v1/tasks", params={"scope": "queue"})).json()["items"]
        claimed = await http.post(f"/v1/tasks/{task_id}/claim")
        mine = (await http.get("/v1/tasks", params={"scope": "mine"})).json()["items"]
        done = await http.post(
            f"/v1/tasks/{task_id}/complete",
            json={"result": {"fields": {}}, "version": 2},
            headers={"Idempotency-Key": "done-1"},
        )
    assert str(task_id) in [task["id"] for task in queue]
    assert claimed.status_code == 200, claimed.text
    assert [task["id"] for task in mine] == [str(task_id)]
    assert (done.status_code, done.json()["status"]) == (200, "applied")
    target, update, argument = world.acts.sent[-1]
    assert (target.workflow_id, update) == (f"ticket/{ticket_id}/data_entry", "complete_task")
    assert isinstance(argument, CompleteTask)
    assert argument.actor.id == str(agent.id)
    assert argument.version == 2
    async with world.http(approver) as http:
        accepted = await http.post(
            f"/v1/tickets/{ticket_id}/approval", json={"version": "abc", "decision": "accept"}
        )
    assert accepted.status_code == 200
    target, update, argument = world.acts.sent[-1]
    assert (target.workflow_id, update) == (f"ticket/{ticket_id}", "decide_approval")
    assert isinstance(argument, DecideApproval)
    assert argument.actor.kind == "client"


async def test_the_same_act_with_the_same_key_is_sent_once(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket_id = world.ticket(world.acme)
    async with world.http(lead, **{"Idempotency-Key": "p-1"}) as http:
        first = await http.post(f"/v1/tickets/{ticket_id}/pause", json={"reason": "waiting"})
        again = await http.post(f"/v1/tickets/{ticket_id}/pause", json={"reason": "waiting"})
        other = await http.post(f"/v1/tickets/{ticket_id}/pause", json={"reason": "something else"})
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len(world.acts.sent) == 1


async def test_a_pause_may_name_its_end_with_a_time_zone(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket_id = world.ticket(world.acme)
    path, body = f"/v1/tickets/{ticket_id}/pause", {"reason": "waiting"}
    async with world.http(lead) as http:
        naive = await http.post(path, json={**body, "until": "2026-12-01T09:00:00"})
        done = await http.post(path, json={**body, "until": "2026-12-01T09:00:00+05:30"})
    assert (naive.status_code, naive.json()["code"]) == (422, "request-invalid")
    assert done.status_code == 200
    _, update, argument = world.acts.sent[-1]
    assert isinstance(argument, PauseTicket)
    assert (update, argument.until) == ("pause", datetime(2026, 12, 1, 3, 30, tzinfo=UTC))


async def test_an_unconfirmed_act_is_202_and_its_repeat_learns_the_outcome(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket_id = world.ticket(world.acme)
    world.acts.answer = None
    async with world.http(lead, **{"Idempotency-Key": "slow"}) as http:
        first = await http.post(f"/v1/tickets/{ticket_id}/pause", json={"reason": "waiting"})
        world.acts.answer = ActResult(applied=True, outcome="paused")
        again = await http.post(f"/v1/tickets/{ticket_id}/pause", json={"reason": "waiting"})
    assert (first.status_code, first.json()["status"]) == (202, "being_applied")
    assert (again.status_code, again.json()["outcome"]) == (200, "paused")
    assert {argument.key for _, _, argument in world.acts.sent} == {first.json()["id"]}


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ticket-paused", 409),
        ("version-stale", 409),
        ("reason-missing", 422),
        ("not-allowed", 403),
        ("no-such-code", 422),
    ],
)
async def test_a_refusal_of_the_workflow_becomes_a_problem_and_a_line_in_the_trail(
    world: World, code: str, status: int
) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket_id = world.ticket(world.acme)
    world.acts.answer = ActResult(applied=False, code=code, params={"number": "ACME-26-000001"})
    async with world.http(lead) as http:
        answer = await http.post(f"/v1/tickets/{ticket_id}/cancel", json={"reason": "no longer needed"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    refused = world.sql(
        world.acme,
        "select why, actor_id from audit_event where event = 'access.refused' and root_id = %s",
        (ticket_id,),
    )
    assert [(row.why, row.actor_id) for row in refused] == [(code, str(lead.id))]


async def test_without_temporal_an_act_is_503_and_may_be_repeated(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket_id = world.ticket(world.acme)
    async with world.http(lead, **{"Idempotency-Key": "away"}) as http:
        world.acts.away = True
        refused = await http.post(f"/v1/tickets/{ticket_id}/pause", json={"reason": "waiting"})
        world.acts.away = False
        applied = await http.post(f"/v1/tickets/{ticket_id}/pause", json={"reason": "waiting"})
    assert (refused.status_code, refused.json()["code"]) == (503, "workflows-unavailable")
    assert refused.headers["retry-after"] == "2"
    assert applied.status_code == 200


async def test_retry_goes_to_the_workflow_that_needs_attention(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    line = world.ticket(world.acme, state="needs_attention")
    world.sql(
        world.acme,
        "update ticket set attention_workflow = %s where id = %s",
        (f"ticket/{line}/data_entry", line),
    )
    async with world.http(lead) as http:
        answer = await http.post(f"/v1/tickets/{line}/retry", json={})
    assert answer.status_code == 200
    assert world.acts.sent[-1][0].workflow_id == f"ticket/{line}/data_entry"


async def test_a_closed_ticket_is_reopened_within_seven_days_and_not_later(world: World) -> None:
    desk = world.person(world.provider, ("desk", None))
    now = datetime.now(UTC)
    recent = world.ticket(
        world.acme, state="closed", stage="closure", progress=100, closed_at=now - timedelta(days=6)
    )
    late = world.ticket(
        world.acme, state="closed", stage="closure", progress=100, closed_at=now - timedelta(days=8)
    )
    still_open = world.ticket(world.acme)
    async with world.http(desk) as http:
        reopened = await http.post(f"/v1/tickets/{recent}/reopen", json={"reason": "a page is missing"})
        refused = await http.post(f"/v1/tickets/{late}/reopen", json={"reason": "a page is missing"})
        running = await http.post(f"/v1/tickets/{still_open}/reopen", json={"reason": "a page is missing"})
    assert (reopened.status_code, reopened.json()["life"], reopened.json()["state"]) == (200, 2, "open")
    assert (refused.status_code, refused.json()["code"]) == (409, "reopen-window-over")
    assert running.json()["code"] == "ticket-not-finished"
    rows = world.sql(
        world.acme, "select key, payload from outbox where ticket_id = any(%s)", ([recent, late, still_open],)
    )
    assert [(row.key, row.payload["life"]) for row in rows] == [(f"start:{recent}:2", 2)]


async def test_a_task_goes_only_to_somebody_able_and_free_to_take_it(world: World) -> None:
    able = world.person(world.provider, ("agent", None), skills=["coding"], certifications={"coding": None})
    expired = world.person(
        world.provider, ("agent", None), skills=["coding"], certifications={"coding": "2020-01-01"}
    )
    worker = world.person(world.provider, ("agent", None), skills=["coding"], certifications={"coding": None})
    task_id = world.task(
        world.acme, world.ticket(world.acme), skill="coding", payload={"exclude": [str(worker.id)]}
    )
    answers = {}
    for name, person in (("expired", expired), ("own work", worker), ("able", able), ("taken", worker)):
        async with world.http(person) as http:
            answers[name] = await http.post(f"/v1/tasks/{task_id}/claim")
    assert answers["expired"].json()["params"]["reasons"] == ["certification-expired"]
    assert answers["own work"].json()["params"]["reasons"] == ["excluded"]
    assert answers["able"].status_code == 200
    assert answers["taken"].json()["code"] == "task-assigned-to-other"
    lead = world.person(world.provider, ("lead", None))
    async with world.http(lead) as http:
        back = await http.post(f"/v1/tasks/{task_id}/assign", json={"user_id": None})
        wrong = await http.post(f"/v1/tasks/{task_id}/assign", json={"user_id": str(expired.id)})
    assert back.json()["assigned_to"] is None
    assert wrong.status_code == 403


async def test_many_approvals_have_an_outcome_each(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    mine, foreign = world.ticket(world.acme), world.ticket(world.beta)
    body = {
        "approvals": [
            {"ticket_id": str(one), "version": "v", "decision": "accept"} for one in (mine, foreign, new_id())
        ]
    }
    async with world.http(person, **{"Idempotency-Key": "bulk"}) as http:
        first = await http.post("/v1/approvals", json=body)
        again = await http.post("/v1/approvals", json=body)
    results = first.json()["results"]
    assert [(one["status"], one["code"]) for one in results] == [
        ("applied", None),
        ("refused", "not-found"),
        ("refused", "not-found"),
    ]
    assert again.json() == first.json()
    assert len(world.acts.sent) == 1


async def test_an_edit_of_a_ticket_changed_meanwhile_is_refused(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    ticket_id = world.ticket(world.acme)
    async with world.http(person) as http:
        tag = (await http.get(f"/v1/tickets/{ticket_id}")).headers["etag"]
        unchanged = await http.get(f"/v1/tickets/{ticket_id}", headers={"If-None-Match": tag})
        edited = await http.patch(
            f"/v1/tickets/{ticket_id}", json={"subject": "Better"}, headers={"If-Match": tag}
        )
        stale = await http.patch(
            f"/v1/tickets/{ticket_id}", json={"subject": "Worse"}, headers={"If-Match": tag}
        )
        read = (await http.get(f"/v1/tickets/{ticket_id}")).json()
    assert unchanged.status_code == 304
    assert edited.status_code == 200
    assert edited.headers["etag"] != tag
    assert (stale.status_code, stale.json()["code"]) == (412, "version-mismatch")
    assert read["subject"] == "Better"


async def test_lists_page_by_cursor_without_losing_or_doubling_a_ticket(world: World) -> None:
    person = world.person(world.beta, ("client_user", world.beta))
    at = datetime(2026, 5, 1, tzinfo=UTC)
    made = [world.ticket(world.beta, received_at=at, subject=f"Paged {n}", priority="P4") for n in range(7)]
    seen: list[str] = []
    async with world.http(person) as http:
        url: str | None = "/v1/tickets?limit=3&priority=P4"
        while url:
            answer = await http.get(url)
            seen += [one["id"] for one in answer.json()["items"]]
            link = answer.headers.get("link")
            url = link[1 : link.index(">")] if link else None
        found = await http.get("/v1/tickets", params={"q": "paged 3"})
        bad = await http.get("/v1/tickets", params={"cursor": "nonsense"})
    assert seen == [str(one) for one in sorted(made, reverse=True)]
    assert [one["subject"] for one in found.json()["items"]] == ["Paged 3"]
    assert (bad.status_code, bad.json()["code"]) == (400, "cursor-invalid")


async def test_a_link_between_two_tickets_shows_on_both(world: World) -> None:
    desk = world.person(world.provider, ("desk", None))
    one, other = world.ticket(world.acme), world.ticket(world.acme)
    foreign = world.ticket(world.beta)
    async with world.http(desk) as http:
        made = await http.post(f"/v1/tickets/{one}/links", json={"other": str(other), "kind": "duplicate"})
        across = await http.post(f"/v1/tickets/{one}/links", json={"other": str(foreign)})
        trees = [(await http.get(f"/v1/tickets/{ticket}/tree")).json() for ticket in (one, other)]
    assert made.status_code == 201
    assert across.json()["code"] == "link-across-clients"
    assert [[link["id"] for link in tree["links"]] for tree in trees] == [[made.json()["id"]]] * 2
    assert [[event["event"] for event in tree["events"]] for tree in trees] == [
        ["ticket.linked", "access.refused"],
        ["ticket.linked"],
    ]
