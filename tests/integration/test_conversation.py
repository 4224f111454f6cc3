"""Notes and replies: what the client sees of them and what not, and how a reply leaves as mail and its answer comes
back."""

from __future__ import annotations

import email
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr
from temporalio.client import Client

from activities.deadline import DeadlineActivities
from schemas.ticket import StageCommand
from tests.support.api import World, world_on
from ticketos.channels.email import parse
from ticketos.db.ids import new_id
from ticketos.db.repositories.step import SqlStore
from ticketos.dev.database import PostgresUrls
from ticketos.domain import deadline
from ticketos.domain.ports import StepKey
from ticketos.domain.state import SYSTEM, Actor
from ticketos.settings import Settings
from workers.relay import Relay
from workers.wiring import Parts

SAID = "Please send the second page.\n\nIt is missing."


@pytest.fixture
def world(postgres_cluster: Any, tmp_path: Path) -> Iterator[World]:
    urls: PostgresUrls = postgres_cluster.migrated_database()
    with world_on(urls, tmp_path) as made:
        made.urls = urls  # type: ignore[attr-defined]
        yield made
    postgres_cluster.drop(urls)


def relay(world: World, home: Path) -> tuple[Relay, Settings]:
    urls: PostgresUrls = world.urls  # type: ignore[attr-defined]
    settings = Settings(
        home=home, app_database_url=SecretStr(urls.app), system_database_url=SecretStr(urls.system)
    )
    services = world.services
    parts = Parts(settings, services.keyring, services.database, services.objects, services.audit)
    return Relay(parts, cast(Client, object())), settings


async def test_a_note_is_the_house_s_alone(world: World) -> None:
    agent = world.person(world.provider, ("agent", world.acme), name="Asha")
    client = world.person(world.acme, ("client_admin", world.acme))
    auditor = world.person(world.provider, ("auditor", None))
    ticket = world.ticket(world.acme)
    path = f"/v1/tickets/{ticket}"
    async with world.http() as http:
        made = await http.post(f"{path}/notes", json={"text": "Ask Ravi first."}, headers=agent.headers)
        assert made.status_code == 201, made.text
        assert (made.json()["direction"], made.json()["sender"]) == ("note", "Asha")
        inside = (await http.get(f"{path}/tree", headers=agent.headers)).json()
        assert [one["body"] for one in inside["messages"]] == ["Ask Ravi first."]
        assert "ticket.noted" in [one["event"] for one in inside["events"]]
        for asked in ("", "/tree", "/events"):
            seen = (await http.get(path + asked, headers=client.headers)).text
            assert "Ask Ravi" not in seen
            assert "noted" not in seen
        trail = "/v1/audit-events?event=ticket"
        assert "ticket.noted" in (await http.get(trail, headers=auditor.headers)).text
        assert "noted" not in (await http.get(trail, headers=client.headers)).text
        refused = await http.post(f"{path}/notes", json={"text": "x"}, headers=client.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        empty = await http.post(f"{path}/notes", json={"text": " \n "}, headers=agent.headers)
        assert (empty.status_code, empty.json()["code"]) == (422, "request-invalid")
    assert not world.sql(world.acme, "select id from outbox where kind = 'mail'")


@pytest.mark.parametrize("replied", [True, False])
async def test_the_first_reply_is_the_first_response_and_a_note_is_none(world: World, replied: bool) -> None:
    services, began = world.services, datetime.now(UTC) - timedelta(hours=1)
    agent = world.person(world.provider, ("agent", world.acme))
    ticket = world.ticket(world.acme, stage="delivery", received_at=began, next_at=began)
    clock = deadline.started(deadline.FIRST_RESPONSE, 4 * 3600, began, deadline.Timing())
    store = SqlStore(services.database, now=services.now, new_id=new_id, audit=services.audit)
    with store.step(StepKey(ticket, 1, "test", "", 0), world.acme, SYSTEM) as step:
        step.apply((clock,))
        step.finish({})

    def stopped() -> datetime | None:
        (row,) = world.sql(world.acme, "select stopped_at from ticket_clock where ticket_id = %s", (ticket,))
        return cast("datetime | None", row.stopped_at)

    path = f"/v1/tickets/{ticket}"
    async with world.http(agent) as http:
        assert (await http.post(f"{path}/notes", json={"text": "Ask Ravi first."})).status_code == 201
        assert stopped() is None, "colleagues are not the requester"
        if replied:
            assert (await http.post(f"{path}/replies", json={"text": SAID})).status_code == 201
            first = stopped()
            assert first is not None and began < first <= services.now()
            assert (await http.post(f"{path}/replies", json={"text": "And the third."})).status_code == 201
            assert stopped() == first, "once"
    told = world.sql(
        world.acme,
        "select after from audit_event where event = 'ticket.replied' and root_id = %s order by seq",
        (ticket,),
    )
    assert [row.after.get("first_response") for row in told] == [True, None] * replied
    later = SqlStore(
        services.database, now=lambda: began + timedelta(days=2), new_id=new_id, audit=services.audit
    )
    DeadlineActivities(later).tick(StageCommand(ticket_id=ticket, client_id=world.acme, subject="later"))
    notices = world.sql(world.acme, "select kind from notice where ticket_id = %s", (ticket,))
    assert ("breached" in {row.kind for row in notices}) is not replied
    (now,) = world.sql(world.acme, "select sla_state from ticket where id = %s", (ticket,))
    assert now.sla_state == ("met" if replied else "breached")


async def test_a_reply_leaves_once_in_the_thread_and_its_answer_comes_back(
    world: World, tmp_path: Path
) -> None:
    agent = world.person(world.provider, ("agent", world.acme))
    client = world.person(world.acme, ("client_user", world.acme))
    ticket = world.ticket(world.acme, subject="Invoices of May", requester_email="asha@acme.example")
    path = f"/v1/tickets/{ticket}"
    async with world.http() as http:
        once = {**agent.headers, "Idempotency-Key": "reply-1"}
        first = await http.post(f"{path}/replies", json={"text": SAID}, headers=once)
        again = await http.post(f"{path}/replies", json={"text": SAID}, headers=once)
        assert (first.status_code, again.json()) == (201, first.json())
        shown = (await http.get(f"{path}/tree", headers=client.headers)).json()
        assert [(one["direction"], one["body"], one["sent_at"]) for one in shown["messages"]] == [
            ("out", SAID, None)
        ]
        assert "Test Person" not in str(shown["messages"])  # the house speaks with one voice

    worker, settings = relay(world, tmp_path)
    assert await worker.once() == 1
    assert await worker.once() == 0
    (file,) = settings.outbox_dir.iterdir()
    mail = email.message_from_bytes(file.read_bytes(), policy=default)
    assert (mail["To"], str(mail["Subject"]).startswith("Re: Invoices of May [")) == (
        "asha@acme.example",
        True,
    )
    body = mail.get_body(("plain",))
    assert body is not None and body.get_content().replace("\r\n", "\n").startswith(SAID)
    (kept,) = world.sql(
        world.acme, "select external_id, sent_at, subject, body from message where direction = 'out'"
    )
    assert f"<{kept.external_id}>" == mail["Message-ID"]
    assert (kept.body, kept.sent_at is not None) == (SAID, True)
    (left,) = world.sql(world.acme, "select payload, state from outbox where kind = 'mail'")
    assert left.state == "done"
    assert "second page" not in str(left.payload)  # the words lie in the conversation and nowhere else
    told = [row.event for row in world.sql(world.acme, "select event from audit_event order by seq")]
    assert told.count("ticket.replied") == told.count("mail.sent") == 1

    answer = (
        f"From: asha@acme.example\r\nTo: {mail['Reply-To']}\r\nSubject: Re: {mail['Subject']}\r\n"
        f"Message-ID: <answer@acme.example>\r\nIn-Reply-To: {mail['Message-ID']}\r\n\r\nHere it is.\r\n"
    )
    intake = parse(
        answer.encode(),
        "asha@acme.example",
        (str(mail["Reply-To"]),),
        datetime.now(UTC),
        settings.mail_domain,
    )
    with world.services.database.transaction([world.acme]) as connection:
        came = world.services.intake.accept(
            connection, intake, client_id=world.acme, actor=Actor("customer", origin="email")
        )
    assert (came.ticket_id, came.reply_to_existing) == (ticket, True)


async def test_without_an_address_a_reply_is_on_the_page_and_nothing_is_mailed(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket = world.ticket(world.acme)
    async with world.http(lead) as http:
        made = await http.post(f"/v1/tickets/{ticket}/replies", json={"text": "Done."})
    assert (made.status_code, made.json()["channel"]) == (201, "portal")
    assert not world.sql(world.acme, "select id from outbox where kind = 'mail'")
