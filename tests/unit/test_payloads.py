"""The payload codec and the endpoint of the Web UI."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from uuid import UUID

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from google.protobuf.json_format import MessageToDict
from pydantic import BaseModel
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.converter import ActivitySerializationContext, DataConverter, WorkflowSerializationContext
from temporalio.exceptions import ApplicationError

from api.codec import codec_app, decoded, ticket_of
from schemas.open_text import OpenText
from ticketos.crypto import Keyring, UnknownKeyError, UnreadableError
from ticketos.domain.errors import DomainError
from ticketos.payloads import data_converter, is_encrypted, workflow_of

KEYS = Keyring(bytes(range(32)))
TICKET = "0190b5a0-0000-7000-8000-000000000001"
WORKFLOW = f"ticket/{TICKET}"
UI = "http://localhost:8233"


class Start(BaseModel):
    """A wire type."""

    secret: str
    amount: int


def bound(keyring: Keyring = KEYS, workflow: str = WORKFLOW) -> DataConverter:
    return data_converter(keyring).with_context(WorkflowSerializationContext("default", workflow))


def encode(*values: object, converter: DataConverter | None = None) -> list[Payload]:
    return asyncio.run((converter or bound()).encode(values))


def test_values_come_back_and_nothing_of_them_shows() -> None:
    payloads = encode(Start(secret="Asha Rao", amount=3), ["Asha Rao"])
    assert all(is_encrypted(one) and b"Asha" not in one.SerializeToString() for one in payloads)
    assert asyncio.run(bound().decode(payloads, [Start, list[str]])) == [
        Start(secret="Asha Rao", amount=3),
        ["Asha Rao"],
    ]
    assert len(payloads[1].SerializeToString()) < 200


def test_a_process_reads_what_another_wrote_and_what_an_older_master_key_wrote() -> None:
    payloads = encode("x")
    assert asyncio.run(bound(Keyring(bytes(range(32)))).decode(payloads)) == ["x"]
    assert asyncio.run(bound(Keyring(bytes(32), retired=[bytes(range(32))])).decode(payloads)) == ["x"]
    with pytest.raises(UnknownKeyError):
        asyncio.run(bound(Keyring(bytes(32))).decode(payloads))


def test_a_payload_says_its_workflow_and_fails_when_that_or_a_byte_is_changed() -> None:
    (payload,) = encode("x")
    assert workflow_of(payload) == WORKFLOW
    activity = ActivitySerializationContext("default", "1", "a", "q", WORKFLOW, "Ticket", True)
    (other,) = encode("x", converter=data_converter(KEYS).with_context(activity))
    assert workflow_of(other) == WORKFLOW
    assert asyncio.run(bound(workflow="ticket/another").decode([payload])) == [
        "x"
    ]  # parents read their children
    moved = Payload(metadata={**payload.metadata, "for": b"ticket/another"}, data=payload.data)
    with pytest.raises(UnreadableError):
        asyncio.run(bound().decode([moved]))
    for position in (0, 2, 7, 15, 30, len(payload.data) - 1):
        data = bytearray(payload.data)
        data[position] ^= 1
        with pytest.raises(UnreadableError):
            asyncio.run(bound().decode([Payload(metadata=payload.metadata, data=bytes(data))]))
    with pytest.raises(UnreadableError):
        asyncio.run(bound().decode([Payload(metadata=payload.metadata, data=b"")]))


def test_summaries_and_the_current_step_stay_readable() -> None:
    metadata = WorkflowMetadata(current_details="Waiting for the client")
    summary, nothing, step, hidden = encode(OpenText("ACME-26-000123"), None, metadata, "ACME-26-000123")
    assert json.loads(summary.data) == "ACME-26-000123"
    assert not is_encrypted(nothing)
    assert b"Waiting for the client" in step.data
    assert is_encrypted(hidden)
    assert asyncio.run(bound().decode([summary, hidden])) == ["ACME-26-000123", "ACME-26-000123"]


def test_failures_hide_message_and_trace() -> None:
    failure = Failure()
    asyncio.run(bound().encode_failure(ApplicationError("Asha Rao is unknown", {"who": "Asha"}), failure))
    assert b"Asha" not in failure.SerializeToString()
    found = asyncio.run(bound().decode_failure(failure))
    assert isinstance(found, ApplicationError)
    assert (found.message, found.details) == ("Asha Rao is unknown", ({"who": "Asha"},))


def endpoint(seen: list[Sequence[str]]) -> TestClient:
    def may_decode(request: Request, workflows: Sequence[str]) -> None:
        if request.headers.get("authorization") != "Bearer good":
            raise DomainError("unauthenticated")
        if any(ticket_of(one) != UUID(TICKET) for one in workflows):
            raise DomainError("not-found", what="workflow")
        seen.append(workflows)

    return TestClient(codec_app(KEYS, may_decode=may_decode, ui_origin=UI))


def asked(*payloads: Payload) -> dict[str, object]:
    return dict(MessageToDict(Payloads(payloads=payloads)))


def test_the_endpoint_decodes_for_those_who_may_and_tells_which_workflows() -> None:
    seen: list[Sequence[str]] = []
    client = endpoint(seen)
    headers = {"Authorization": "Bearer good", "Origin": UI}
    body = asked(*encode({"a": 1}, "b"))
    answer = client.post("/decode", json=body, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == UI
    assert seen == [[WORKFLOW]]
    assert [one["metadata"]["encoding"] for one in answer.json()["payloads"]] == ["anNvbi9wbGFpbg=="] * 2

    assert client.post("/decode", json=body).status_code == 401
    foreign = asked(*encode("c", converter=bound(workflow="ticket/0190b5a0-0000-7000-8000-00000000000f")))
    assert client.post("/decode", json=foreign, headers=headers).status_code == 404
    assert seen == [[WORKFLOW]]
    assert client.post("/encode", json=body, headers=headers).status_code == 404


def test_the_endpoint_refuses_what_it_cannot_read_in_words() -> None:
    client = endpoint([])
    headers = {"Authorization": "Bearer good"}
    for body in (b"", b"[1]", b"{", b'{"payloads": 3}', b'{"other": []}'):
        answer = client.post("/decode", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "request-malformed")
    (payload,) = encode("x")
    broken = asked(Payload(metadata=payload.metadata, data=payload.data[:-1]))
    assert client.post("/decode", json=broken, headers=headers).json()["code"] == "payload-unreadable"
    assert client.post("/decode", content=b" " * (16 * 1024 * 1024 + 1), headers=headers).status_code == 413


def test_a_page_of_another_origin_is_not_allowed_to_read_the_endpoint() -> None:
    client = endpoint([])
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-namespace",
    }
    assert client.options("/decode", headers=preflight | {"Origin": UI}).status_code == 200
    refused = client.options("/decode", headers=preflight | {"Origin": "https://evil.example"})
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers


def test_an_event_names_the_workflow_and_only_tickets_have_one() -> None:
    assert (decoded(WORKFLOW).event, decoded(WORKFLOW).entity_id) == ("access.decoded", WORKFLOW)
    assert ticket_of(f"{WORKFLOW}/data_entry") == UUID(TICKET)
    assert ticket_of("ticket/none") is None
    assert ticket_of(f"invoicing/{TICKET}/2026-11") is None
