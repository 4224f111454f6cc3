"""What a Temporal server keeps of a workflow: ids and our own words, nothing of the content."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Worker

from schemas.open_text import OpenText
from ticketos.crypto import Keyring
from ticketos.dev.temporal import TemporalAddress
from ticketos.payloads import data_converter, is_encrypted, workflow_of
from workers.runtime import sandbox

SECRET = "Asha Rao, account 4711"
KEYS = Keyring(bytes(range(32)))


@activity.defn(name="codec.echo")
async def echo(text: str) -> str:
    return text


@activity.defn(name="codec.fail")
async def fail(text: str) -> None:
    raise ApplicationError(text, {"text": text}, non_retryable=True)


@workflow.defn(name="CodecChild")
class CodecChild:
    @workflow.run
    async def run(self, text: str) -> str:
        return text


@workflow.defn(name="Codec")
class Codec:
    @workflow.run
    async def run(self, text: str) -> str:
        workflow.set_current_details("Waiting for a person")
        wait = timedelta(seconds=20)
        local = await workflow.execute_local_activity(echo, text, start_to_close_timeout=wait)
        child = await workflow.execute_child_workflow(
            CodecChild.run, local, id=f"{workflow.info().workflow_id}/child"
        )
        workflow.upsert_memo({"text": child})
        await workflow.execute_activity(
            fail, child, start_to_close_timeout=wait, summary=OpenText("Fails on purpose")
        )
        return child

    @workflow.query(name="codec.text")
    def text(self) -> str:
        return SECRET


@pytest.mark.timeout(120)
async def test_the_server_sees_no_content_and_the_summary_stays_readable(
    temporal_server: TemporalAddress,
) -> None:
    client = await Client.connect(temporal_server.grpc, data_converter=data_converter(KEYS))
    plain = await Client.connect(temporal_server.grpc)
    worker = Worker(
        client, task_queue="codec", workflows=[Codec, CodecChild], activities=[echo, fail],
        workflow_runner=sandbox(), max_cached_workflows=0,
    )  # fmt: skip
    async with worker:
        handle = await client.start_workflow(
            Codec.run, SECRET, id="ticket/codec", task_queue="codec", memo={"first": SECRET},
            static_summary=OpenText("ACME-26-000123"),
        )  # fmt: skip
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert isinstance(failed.value.cause, ActivityError)
        assert SECRET in str(failed.value.cause.cause)
        assert await handle.query("codec.text") == SECRET
        step = await plain.get_workflow_handle("ticket/codec").query("__temporal_workflow_metadata")
        assert "Waiting for a person" in str(step)

    history = await handle.fetch_history()
    stored = b"".join(event.SerializeToString() for event in history.events)
    stored += (await handle.describe()).raw_description.SerializeToString()
    assert b"Asha" not in stored
    assert b"4711" not in stored
    assert b"ACME-26-000123" in stored
    assert b"Fails on purpose" in stored
    assert (
        await (await plain.get_workflow_handle("ticket/codec").describe()).static_summary()
        == "ACME-26-000123"
    )
    started = history.events[0].workflow_execution_started_event_attributes
    assert history.events[0].event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
    assert [(is_encrypted(one), workflow_of(one)) for one in started.input.payloads] == [
        (True, "ticket/codec")
    ]
