"""People judge what AI did: agreement and correction are kept beside the act, once, and are not the client's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.support.api import World, world_on
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import Emit
from ticketos.domain.state import SYSTEM

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
