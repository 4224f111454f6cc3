"""People judge what AI did: agreement and correction are kept beside the act, once, and are not the client's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from schemas.acts import ActResult, CorrectTriage
from tests.support.api import World, world_on
from ticketos.db.ids import new_id
from ticketos.db.repositories.step import SqlStore
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import Emit
from ticketos.domain.ports import StepKey
from ticketos.domain.state import SYSTEM, Actor, TriageLabel

TRIAGED = {
    "service_line": "data_entry",
    "ticket_type": "invoice_entry",
    "confidence": "0.91",
    "engine": "t",
    "by": "ai",
}


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("ai")) as made:
        yield made


def act(world: World, ticket: UUID, event: str = "ticket.triaged", **after: object) -> int:
    with world.services.database.transaction([world.acme]) as connection:
        world.services.audit.record(
            connection, client_id=world.acme, ticket_id=ticket, root_id=ticket, at=datetime.now(UTC),
            actor=SYSTEM, emit=Emit(event, after={**TRIAGED, **after}),
        )  # fmt: skip
        (made,) = world.services.audit.recent(connection, ticket, before=None, limit=1)
        return made.seq


async def test_agreement_is_kept_once_and_may_still_be_corrected(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    client = world.person(world.acme, ("client_admin", world.acme))
    ticket = world.ticket(world.acme)
    seq = act(world, ticket)
    path = f"/v1/tickets/{ticket}/ai-reviews"
    async with world.http() as http:
        good = await http.post(path, json={"event": seq, "verdict": "approved"}, headers=lead.headers)
        assert (good.status_code, good.json()["event"]) == (201, "ai.approved")
        twice = await http.post(path, json={"event": seq, "verdict": "approved"}, headers=lead.headers)
        assert (twice.status_code, twice.json()["code"]) == (409, "already-judged")
        wrong = {
            "event": seq,
            "verdict": "corrected",
            "service_line": "customer_support",
            "reason": "a question",
        }
        kept = (await http.post(path, json=wrong, headers=lead.headers)).json()
        assert kept["after"] == {
            "of": "ticket.triaged",
            "act_seq": seq,
            "service_line": "customer_support",
            "suggested": {"service_line": "data_entry"},
            "label": {
                "service_line": "customer_support",
                "ticket_type": "invoice_entry",
                "priority": None,
            },
        }
        assert (kept["why"], kept["actor_id"]) == ("a question", str(lead.id))
        seen = (await http.get(f"/v1/tickets/{ticket}/tree", headers=client.headers)).text
        assert "ai.approved" not in seen
        assert "a question" not in seen


async def test_a_correction_says_what_is_right_and_only_ai_is_judged(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket, other = world.ticket(world.acme), world.ticket(world.acme)
    seq, foreign = act(world, ticket), act(world, other)
    by_hand = act(world, ticket, "ticket.edited")
    async with world.http(lead) as http:
        for body, code in (
            ({"event": seq, "verdict": "corrected"}, "correction-missing"),
            ({"event": seq, "verdict": "corrected", "service_line": "data_entry"}, "correction-missing"),
            ({"event": seq, "verdict": "corrected", "service_line": "poetry"}, "unknown-service-line"),
            ({"event": by_hand, "verdict": "approved"}, "not-an-ai-act"),
            ({"event": foreign, "verdict": "approved"}, "not-an-ai-act"),
        ):
            answer = await http.post(f"/v1/tickets/{ticket}/ai-reviews", json=body)
            assert (answer.status_code, answer.json()["code"]) == (422, code), body


async def test_what_people_said_of_a_triage_is_a_label_of_that_client_alone(world: World) -> None:
    """A verdict, a correction after it, and a person's own triage: each the last word on its request, newest first."""
    lead = world.person(world.provider, ("lead", None))
    store = SqlStore(
        world.services.database,
        now=lambda: datetime.now(UTC),
        new_id=new_id,
        audit=world.services.audit,
        provider_id=world.provider,
    )

    def labels(client: UUID) -> list[TriageLabel]:
        asking = world.ticket(client)
        with store.step(StepKey(asking, 1, "triage"), client, SYSTEM) as step:
            return list(step.triage_labels())

    before = labels(world.acme)
    ticket = world.ticket(world.acme, requester_email="ravi@acme.example", subject="Daily list")
    seq = act(world, ticket, priority="P3")
    path = f"/v1/tickets/{ticket}/ai-reviews"
    assert labels(world.acme) == before, "what the engine said by itself is nobody's word"
    async with world.http(lead) as http:
        await http.post(path, json={"event": seq, "verdict": "approved"})
        right = {"event": seq, "verdict": "corrected", "ticket_type": "receipt_entry", "priority": "P4"}
        assert (await http.post(path, json=right)).status_code == 201
        read = act(world, ticket, "document.read")
        wrong = {"event": read, "verdict": "corrected", "reason": "the total"}
        assert (await http.post(path, json=wrong)).status_code == 201
    with world.services.database.transaction([world.acme]) as connection:
        world.services.audit.record(
            connection, client_id=world.acme, ticket_id=ticket, root_id=ticket, at=datetime.now(UTC),
            actor=Actor("user", str(lead.id)),
            emit=Emit("ticket.triaged", after={"service_line": "it_helpdesk", "priority": "P2", "by": "person"}),
        )  # fmt: skip
    own = ticket, "ravi@acme.example", "Daily list"
    assert labels(world.acme) == [
        TriageLabel(*own, "it_helpdesk", "general", "P2"),
        TriageLabel(*own, "data_entry", "receipt_entry", "P4"),
        TriageLabel(*own, "data_entry", "invoice_entry", "P3"),
        *before,
    ]
    assert labels(world.beta) == []
    with store.step(StepKey(ticket, 1, "triage"), world.acme, SYSTEM) as step:
        assert list(step.triage_labels()) == before, "a request does not teach itself"


async def test_a_classification_by_ai_is_corrected_for_the_request_itself(world: World) -> None:
    lead, desk = (world.person(world.provider, (role, None)) for role in ("lead", "desk"))
    ticket, other = world.ticket(world.acme), world.ticket(world.beta)
    seq, asked = act(world, ticket, priority="P3"), act(world, ticket, "ticket.triage_needed")
    wanted = {"event": seq, "service_line": "customer_support", "priority": "P1", "reason": " a question "}
    path = f"/v1/tickets/{ticket}/classification"
    world.acts.sent.clear()
    async with world.http(desk, **{"Idempotency-Key": "once"}) as http:
        answers = [await http.post(path, json=wanted) for _ in range(2)]
        assert [one.status_code for one in answers] == [200, 200]
    [(target, update, sent)] = world.acts.sent
    assert (target.workflow_id, update) == (f"ticket/{ticket}", "correct_triage")
    assert isinstance(sent, CorrectTriage)
    assert (sent.service_line, sent.ticket_type, sent.priority) == ("customer_support", None, "P1")
    assert (sent.seq, sent.reason) == (seq, "a question")
    assert sent.said == {
        "service_line": "data_entry", "ticket_type": "invoice_entry", "priority": "P3", "engine": "t",
    }  # fmt: skip
    async with world.http(lead) as http:
        for body, code in (
            ({"event": asked, "priority": "P1"}, "not-an-ai-act"),
            ({"event": 999_999, "priority": "P1"}, "not-an-ai-act"),
        ):
            refused = await http.post(path, json=body)
            assert (refused.status_code, refused.json()["code"]) == (422, code)
        foreign = await http.post(f"/v1/tickets/{other}/classification", json=wanted)
        assert (foreign.status_code, foreign.json()["code"]) == (422, "not-an-ai-act"), "of another ticket"
        world.acts.answer = ActResult(applied=False, code="work-begun", params={"number": "ACME-1"})
        begun = await http.post(path, json=wanted)
        assert (begun.status_code, begun.json()["code"]) == (409, "work-begun")
        assert "Cancel it and raise the request again" in begun.json()["detail"]
        world.acts.answer = ActResult(applied=True, outcome="moved")
    for role in ("agent", "qa", "finance", "auditor"):
        async with world.http(world.person(world.provider, (role, None))) as http:
            assert (await http.post(path, json=wanted)).status_code == 403
    async with world.http(world.person(world.acme, ("client_admin", world.acme))) as http:
        assert (await http.post(path, json=wanted)).status_code == 403
    async with world.http(world.person(world.provider, ("lead", world.beta))) as http:
        assert (await http.post(path, json=wanted)).status_code == 404
    assert len(world.acts.sent) == 2
