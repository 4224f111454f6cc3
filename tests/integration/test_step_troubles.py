"""TA6: a step that does not get through is told on the request's page and by the API, from what Temporal itself says and
from what the request keeps; with no Temporal in reach the page stands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from temporalio import activity, workflow
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from api.machinery import Health, TemporalMachinery, _pending
from tests.support.api import Person, World, world_on
from tests.support.machine import Machine
from tests.support.portal import browsing
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls
from ticketos.domain.engines import AskLaterError
from ticketos.domain.errors import DomainError
from ticketos.domain.troubles import Trouble
from workflows import names

SAID = "could not connect to server: connection refused"


@activity.defn(name="data_entry.read")
def failing_read() -> None:
    raise ApplicationError(f"OperationalError: {SAID}\n  File x.py, line 3", type="OperationalError")


@workflow.defn(name="Failing")
class Failing:
    """Reads, and never gets through."""

    @workflow.run
    async def run(self) -> None:
        policy = RetryPolicy(initial_interval=timedelta(minutes=7), maximum_attempts=6)
        await workflow.execute_activity(
            failing_read, start_to_close_timeout=timedelta(seconds=30), retry_policy=policy
        )


class Struggling(Machine):
    """Tells what a test says of struggling steps, or does not answer."""

    def __init__(self, found: list[Trouble] | None) -> None:
        super().__init__()
        self.state = Health(found is not None)
        self.found, self.asked = found, list[Sequence[str]]()

    async def struggles(self, ids: Sequence[str], long_since: datetime) -> list[Trouble] | None:
        self.asked.append(ids)
        return self.found


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("steps")) as made:
        yield made


@pytest.fixture(scope="module")
def ops(world: World) -> Person:
    return world.person(world.provider, ("ops", None))


def request(world: World, **columns: Any) -> UUID:
    return world.ticket(
        world.acme, **{"stage": "delivery", "state": "open", "service_line": "data_entry", **columns}
    )


async def test_what_temporal_says_of_a_failing_step_stands_on_the_page_in_plain_words(
    world: World, ops: Person, temporal_server: Any
) -> None:
    ticket_id = request(world)
    client = await Client.connect(temporal_server.grpc)
    queue = f"failing-{new_id().hex[:8]}"

    async def ready() -> Client:
        return client

    world.services.machinery = TemporalMachinery(ready)
    async with Worker(
        client,
        task_queue=queue,
        workflows=[Failing],
        activities=[failing_read],
        activity_executor=ThreadPoolExecutor(1),
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await client.start_workflow(
            "Failing", id=names.line_workflow(ticket_id, "data_entry"), task_queue=queue
        )
        found: list[Trouble] | None = []
        async with asyncio.timeout(20):
            while not found:
                found = await world.services.machinery.struggles([handle.id], datetime.now(UTC))
                found = [one for one in found or () if one.state == "retrying"]
        (one,) = found
        assert (one.step, one.cause, one.attempt, one.most) == ("data_entry.read", "database", 2, 6)
        assert one.next_at is not None
        assert timedelta(minutes=5) < one.next_at - datetime.now(UTC) < timedelta(minutes=8)
        async with world.http() as http:
            said = (await http.get(f"/v1/tickets/{ticket_id}/steps", headers=ops.headers)).json()
            assert said["reachable"] is True
            assert [(t["step"], t["state"], t["attempt"]) for t in said["troubles"]] == [
                ("data_entry.read", "retrying", 2)
            ]
        async with browsing(world, ops) as browser:
            page = await browser.get(f"/tickets/{ticket_id}")
            assert "Reading documents failed once and is tried again." in page.text
            assert "The database could not be reached." in page.text
            assert "Next try:" in page.text and "After 6 tries in all" in page.text
            assert "line 3" not in page.text  # no trace
            (now,) = page.tree.xpath("//ol[@class='steps']/li[@aria-current='step']")
            assert "retrying" in now.get("class") and "tried again" in now.text_content()
        await handle.terminate()


async def test_a_step_that_waits_for_a_person_says_what_to_do(world: World, ops: Person) -> None:
    world.services.machinery = Struggling([])
    reason = "OperationalError: connection refused"
    ticket_id = request(world, state="needs_attention", reason=reason)
    async with browsing(world, ops) as browser:
        page = await browser.get(f"/tickets/{ticket_id}")
    assert "Delivery stopped." in page.text and "press Retry" in page.text
    assert "The database could not be reached." in page.text
    assert reason in "".join(page.all("//details//code/text()"))
    (now,) = page.tree.xpath("//ol[@class='steps']/li[@aria-current='step']")
    assert "stopped" in now.get("class")


async def test_a_rule_that_refused_a_step_is_called_by_its_title(world: World, ops: Person) -> None:
    world.services.machinery = Struggling([])
    ticket_id = request(world, state="needs_attention", reason="gst-state-missing party=Acme")
    async with browsing(world, ops) as browser:
        assert "A rule refused it: State missing." in (await browser.get(f"/tickets/{ticket_id}")).text


async def test_with_no_temporal_in_reach_the_page_stands_and_asks_no_more_for_a_while(
    world: World, ops: Person
) -> None:
    asked = []

    async def away() -> Client:
        asked.append(1)
        raise DomainError("workflows-unavailable")

    world.services.machinery = TemporalMachinery(away)
    ticket_id = request(world)
    async with browsing(world, ops) as browser:
        for _ in range(2):
            page = await browser.get(f"/tickets/{ticket_id}")
            assert page.status == 200
            assert "The workflow service does not answer." in page.text
    assert len(asked) == 1


async def test_many_documents_that_fail_alike_are_told_once_and_an_ended_request_asks_nobody(
    world: World, ops: Person
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=20)
    alike = [Trouble("data_entry.read", "retrying", "worker_gone", n, 6, soon) for n in (2, 4, 3)]
    machine = world.services.machinery = Struggling(alike)
    ticket_id, ended = request(world), request(world, state="closed", closed_at=datetime.now(UTC))
    async with browsing(world, ops) as browser:
        page = await browser.get(f"/tickets/{ticket_id}")
        assert "failed 3 times" in page.text and "So it is with 3 documents." in page.text
        assert len(page.all("//div[contains(@class, 'trouble')]")) == 1
        await browser.get(f"/tickets/{ended}")
    assert [list(one) for one in machine.asked] == [[f"ticket/{ticket_id}", f"ticket/{ticket_id}/data_entry"]]
    client = world.person(world.acme, ("client_admin", world.acme))
    async with world.http() as http:
        assert (await http.get(f"/v1/tickets/{ticket_id}/steps", headers=client.headers)).status_code == 403


async def test_a_model_outside_that_is_busy_is_named_and_no_person_is_promised(
    world: World, ops: Person
) -> None:
    """What the reading step raises then is told by its class; the step goes on without the model, and asks nobody."""
    error = PendingActivityInfo(attempt=2, maximum_attempts=6)
    error.activity_type.name = "data_entry.read"
    error.last_failure.application_failure_info.type = AskLaterError.__name__
    told = _pending(error)
    assert (told.cause, told.attempt, told.most) == ("model", 2, None)
    error.last_failure.application_failure_info.type = "OperationalError"
    assert _pending(error).most == 6
    world.services.machinery = Struggling([told])
    async with browsing(world, ops) as browser:
        page = await browser.get(f"/tickets/{request(world)}")
        assert "The model outside that the contract asks for is busy or away." in page.text
        assert "asks for attention" not in page.text
