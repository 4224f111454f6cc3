"""What people spent on rework, on the database and over HTTP: the tree, the page, the file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.acts import ChangePriority
from tests.support.api import World, world_on
from tests.support.portal import browsing
from ticketos.db.ids import new_id
from ticketos.db.repositories.step import SqlStore
from ticketos.dev.database import PostgresUrls
from ticketos.domain import rework
from ticketos.domain.changes import OpenTask, SubTicket
from ticketos.domain.ports import Step, StepKey
from ticketos.domain.state import SYSTEM


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("people")) as made:
        yield made


def store(world: World) -> SqlStore:
    return SqlStore(
        world.services.database, now=lambda: datetime.now(UTC), new_id=new_id, audit=world.services.audit
    )


def defect(world: World, ticket_id: UUID, document: UUID, round_: int, **facts: Any) -> None:
    detail = {"document": str(document), "round": round_, "defects": [{"field": "total"}], **facts}
    with store(world).step(StepKey(ticket_id, 1, f"d{round_}"), world.acme, SYSTEM) as step:
        step.apply(
            (SubTicket(rework.defect_key(document, 1, round_), "D", "defect", "Defect", detail=detail),)
        )
        step.finish({})


async def test_rounds_minutes_and_cost_are_in_the_tree_on_the_page_and_in_the_file(world: World) -> None:
    ticket_id = world.ticket(world.acme)
    document = world.document(world.acme, ticket_id, filename="march.pdf")
    defect(world, ticket_id, document, 1, minutes="12.50", cost="125.00", currency="INR", hourly_rate="600")
    defect(world, ticket_id, document, 2)
    lead = world.person(world.provider, ("lead", None))
    async with world.http(lead) as http:
        tree = (await http.get(f"/v1/tickets/{ticket_id}/tree")).json()
    assert [(r["round"], r["minutes"], r["cost"]) for r in tree["rework"]] == [
        (1, "12.50", "125.00"),
        (2, None, None),
    ]
    assert tree["rework_total"] == {
        "rounds": 2,
        "minutes": "12.50",
        "cost": {"INR": "125.00"},
        "unmeasured": 1,
    }
    async with browsing(world, lead) as browser:
        shown = (await browser.client.get(f"/tickets/{ticket_id}")).text
        assert 'id="rework-total"' in shown and "₹125.00" in shown and "minutes not known" in shown
        answer = await browser.client.get("/quality/rework.csv?client=acme")
        other = await browser.client.get("/quality/rework.csv?month=2020-01")
    head, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    told = [dict(zip(head, row, strict=True)) for row in rows]
    mine = [one for one in told if one["document"] == "march.pdf"]
    assert [(one["round"], one["minutes"], one["cost"]) for one in mine] == [
        ("1", "12.50", "125.00"),
        ("2", "", ""),
    ]
    assert "march.pdf" not in other.text


async def test_rework_of_work_by_hand_stands_in_the_file_under_the_subject_of_its_request(
    world: World,
) -> None:
    ticket_id = world.ticket(world.acme, subject="Reset my password")
    defect(world, ticket_id, ticket_id, 1, minutes="3.00")
    async with browsing(world, world.person(world.provider, ("lead", None))) as browser:
        answer = await browser.client.get("/quality/rework.csv?client=acme")
    head, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert [one["minutes"] for one in told if one["document"] == "Reset my password"] == ["3.00"]


async def test_the_step_knows_since_when_a_person_has_a_task_and_what_they_finished_last(
    world: World,
) -> None:
    person = world.person(world.provider, ("agent", None))
    world.sql(
        world.provider,
        """update app_user set skills = '["data_entry"]', certifications = '{"data_entry": null}'"""
        " where id = %s",
        (person.id,),
    )
    elsewhere, done = (
        world.task(world.beta, world.ticket(world.beta)),
        datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    world.sql(
        world.beta,
        "update task set state = 'done', completed_by = %s, completed_at = %s where id = %s",
        (person.id, done, elsewhere),
    )
    ticket_id, task_id = world.ticket(world.acme), new_id()

    def seen(name: str) -> tuple[Any, Any]:
        with store(world).step(StepKey(ticket_id, 1, name), world.acme, SYSTEM) as step:
            opened: Step = step
            task = opened.task(task_id)
            return (task.assigned_at if task else None), opened.busy_until(person.id)

    with store(world).step(StepKey(ticket_id, 1, "open"), world.acme, SYSTEM) as step:
        step.apply((OpenTask(task_id, new_id().hex, "rework", "data_entry", "d", "data_entry"),))
        step.finish({})
    assert seen("queue") == (None, done), "of a client the step does not see, but no row of it"
    lead = world.person(world.provider, ("lead", None))
    async with world.http(lead) as http:
        began = datetime.now(UTC)
        given = await http.post(f"/v1/tasks/{task_id}/assign", json={"user_id": str(person.id)})
        assert datetime.fromisoformat(given.json()["assigned_at"]) >= began - timedelta(seconds=5)
        first, _ = seen("had")
        again = await http.post(f"/v1/tasks/{task_id}/assign", json={"user_id": str(person.id)})
        assert datetime.fromisoformat(again.json()["assigned_at"]) == first, "theirs already"
        back = await http.post(f"/v1/tasks/{task_id}/assign", json={"user_id": None})
        assert back.json()["assigned_at"] is None


async def test_a_request_names_the_class_of_its_documents_whatever_its_priority(world: World) -> None:
    asked = {"client": "acme", "subject": "Customs", "text": "today", "priority": "P4"}
    user = world.person(world.acme, ("client_user", world.acme))
    async with world.http(user) as http:
        made = await http.post("/v1/tickets", json={**asked, "document_class": "priority"})
        assert made.status_code == 201, made.text
        form = await http.post(
            "/v1/tickets", data={**asked, "document_class": "standard"}, files={"files": b"x"}
        )
        assert form.status_code == 201, form.text
        wrong = await http.post("/v1/tickets", json={**asked, "document_class": "express"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "request-invalid")
        changed = await http.post(
            f"/v1/tickets/{made.json()['id']}/priority", json={"priority": "P4", "document_class": "standard"}
        )
        assert changed.status_code == 200
        named = world.acts.sent[-1][2]
        dropped = await http.post(
            f"/v1/tickets/{made.json()['id']}/priority",
            json={"priority": "P4", "document_class": "by_contract"},
        )
        assert dropped.status_code == 200
    wishes = [
        world.sql(world.acme, "select detail ->> 'document_class' as wish from ticket where id = %s", (one,))[
            0
        ].wish
        for one in (made.json()["id"], form.json()["id"])
    ]
    assert wishes == ["priority", "standard"]
    acts = (named, world.acts.sent[-1][2])
    assert [a.document_class for a in acts if isinstance(a, ChangePriority)] == ["standard", "by_contract"]
    async with browsing(world, user) as browser:
        page = (await browser.client.get("/requests/new")).text
    assert 'name="document_class"' in page
    async with browsing(world, world.person(world.provider, ("desk", None))) as browser:
        page = (await browser.client.get(f"/tickets/{made.json()['id']}")).text
    choices = page[page.index('name="document_class"') :].split("</select>")[0]
    options = re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)', choices)
    assert [value for value, _, _ in options] == ["", "by_contract", "standard", "priority"]
    assert options[0][1:] == (" selected", "Leave as it is") and options[1][2] == "As the contract says"


@pytest.mark.parametrize(
    ("terms", "days", "allowed"),
    [
        ({}, 6, True),
        ({}, 8, False),
        ({"closure": {"reopen_days": 30}}, 29, True),
        ({"closure": {"reopen_days": 30}}, 31, False),
        ({"closure": {"reopen_days": 2}}, 3, False),
        ({"closure": {"reopen_days": 0}}, 0, False),
    ],
)
async def test_a_closed_request_is_reopened_within_the_contracts_days(
    world: World, terms: dict[str, Any], days: int, allowed: bool
) -> None:
    admin, desk = world.person(world.provider, ("admin", None)), world.person(world.provider, ("desk", None))
    async with world.http(admin) as http:
        made = await http.post(
            "/v1/contracts",
            json={
                "client_id": str(world.acme),
                "number": new_id().hex,
                "name": "SOW",
                "service_line": "data_entry",
                "starts_on": "2026-01-01",
                "terms": terms,
            },
        )
        assert made.status_code == 201, made.text
        ticket_id = world.ticket(
            world.acme,
            contract_id=UUID(made.json()["id"]),
            state="closed",
            stage="closure",
            progress=100,
            closed_at=datetime.now(UTC) - timedelta(days=days),
        )
        answer = await http.post(
            f"/v1/tickets/{ticket_id}/reopen", json={"reason": "a page is missing"}, headers=desk.headers
        )
    assert (answer.status_code, answer.json().get("code")) == (
        (200, None) if allowed else (409, "reopen-window-over")
    )


async def test_a_contract_that_cannot_be_worked_by_is_refused_in_words(world: World) -> None:
    admin = world.person(world.provider, ("admin", None))
    body = {
        "client_id": str(world.acme),
        "number": new_id().hex,
        "name": "SOW",
        "service_line": "data_entry",
        "starts_on": "2026-01-01",
    }
    async with world.http(admin) as http:
        for terms, told in (
            ({"assignment": {"expert": {"document_types": ["invoce"]}}}, "not invoce"),
            ({"sla": {"stage_s": {"delivry": 60}}}, "not delivry"),
            ({"closure": {"reopen_days": 99_999}}, "reopen_days must not be more than"),
            ({"closure": {"reopen_days": -1}}, "negative duration"),
            ({"rework": {"hourly_rate": "-5"}}, "hourly_rate must not be below 0"),
        ):
            refused = await http.post("/v1/contracts", json={**body, "terms": terms})
            assert (refused.status_code, refused.json()["code"]) == (422, "terms-invalid")
            assert told in refused.json()["detail"], refused.json()
