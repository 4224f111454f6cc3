"""Mails that never arrive: given up after the last attempt or at once, told to operations, and no sign-off by silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP
from psycopg.types.json import Jsonb
from pydantic import SecretStr
from temporalio.client import Client

from api.mailbox import Mailbox
from api.services import REPLY_KEY
from schemas.acts import CompleteTask
from tests.support.api import World, world_on
from tests.support.portal import browsing
from ticketos.channels.email import parse, reply_address
from ticketos.channels.email.send import message_id
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls
from ticketos.settings import Settings
from workers.relay import MAIL_ATTEMPTS, Relay
from workers.wiring import Parts

DOMAIN = "tickets.localhost"
VERSION = "ab" * 32
GONE, LATER, TAKEN = "550 5.1.1 no such person", "451 4.3.2 try again later", "250 OK"


@dataclass
class Postman:
    """An SMTP server that says to every recipient what it was told to."""

    answer: str = GONE
    asked: list[str] = field(default_factory=list)

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.asked.append(address)
        if self.answer == TAKEN:
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        return "250 OK"


@dataclass
class Office:
    """A relay that sends through the postman."""

    world: World
    home: Path
    urls: PostgresUrls
    postman: Postman = field(default_factory=Postman)

    @asynccontextmanager
    async def relay(self) -> AsyncIterator[Relay]:
        server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(self.postman, hostname="postman"), "127.0.0.1", 0
        )
        port = server.sockets[0].getsockname()[1]
        settings = Settings(
            home=self.home,
            app_database_url=SecretStr(self.urls.app),
            system_database_url=SecretStr(self.urls.system),
            outbound_smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"),
            mail_domain=DOMAIN,
        )
        services = self.world.services
        parts = Parts(settings, services.keyring, services.database, services.objects, services.audit)
        try:
            yield Relay(parts, cast(Client, None))
        finally:
            server.close()
            await server.wait_closed()

    def offered(self) -> UUID:
        """A ticket whose version waits for the client's word until tomorrow."""
        world = self.world
        ticket_id = world.ticket(
            world.acme, stage="approval", desk="client_reviewer", next_action="The client accepts or returns"
        )
        world.approval(world.acme, ticket_id, VERSION, deemed_at=datetime.now(UTC) + timedelta(days=1))
        return ticket_id

    def mail(self, ticket_id: UUID, template: str = "approval") -> UUID:
        row_id = new_id()
        values = {"version": VERSION, "units": 1, "documents": 1} if template == "approval" else {}
        payload = {"template": template, "to": "boss@acme.example", "values": values}
        self.world.sql(
            self.world.acme,
            "insert into outbox (id, client_id, ticket_id, key, kind, payload, state, attempts, next_at)"
            " values (%s, %s, %s, %s, 'mail', %s, 'waiting', 0, clock_timestamp())",
            (row_id, self.world.acme, ticket_id, f"{ticket_id}:{row_id}", Jsonb(payload)),
        )
        return row_id

    def row(self, row_id: UUID) -> tuple[str, int]:
        (row,) = self.world.sql(
            self.world.acme, "select state, attempts from outbox where id = %s", (row_id,)
        )
        return row.state, row.attempts

    def due(self) -> None:
        self.world.sql(
            self.world.acme, "update outbox set next_at = clock_timestamp() where state = 'waiting'"
        )

    def notices(self, ticket_id: UUID) -> list[tuple[str, str]]:
        found = self.world.sql(
            self.world.acme, "select kind, desk from notice where ticket_id = %s order by kind", (ticket_id,)
        )
        return [(row.kind, row.desk) for row in found]

    def events(self, ticket_id: UUID) -> list[tuple[str, str | None]]:
        found = self.world.sql(
            self.world.acme,
            "select event, why from audit_event where root_id = %s order by seq",
            (ticket_id,),
        )
        return [(row.event, row.why) for row in found]

    def deemed(self, ticket_id: UUID) -> datetime | None:
        (row,) = self.world.sql(
            self.world.acme, "select deemed_at from approval where ticket_id = %s", (ticket_id,)
        )
        return cast("datetime | None", row.deemed_at)

    def whose_turn(self, ticket_id: UUID) -> tuple[str, list[tuple[str, str]]]:
        (row,) = self.world.sql(self.world.acme, "select desk from ticket where id = %s", (ticket_id,))
        tasks = self.world.sql(
            self.world.acme, "select kind, desk from task where ticket_id = %s", (ticket_id,)
        )
        return row.desk, [(task.kind, task.desk) for task in tasks]

    def bounce(self, ticket_id: UUID, returned: UUID | None, status: str = "5.1.1") -> None:
        """The far end gives one of our mails back, by the address all of them carry."""
        reply_to = reply_address(ticket_id, DOMAIN, self.world.services.keyring.derive(REPLY_KEY))
        action = "failed" if status.startswith("5") else "delayed"
        names = "" if returned is None else f"Message-ID: <{message_id(returned, DOMAIN)}>\r\n"
        raw = (
            "From: MAILER-DAEMON@acme.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"
            f"To: acme@{DOMAIN}\r\nMessage-ID: <{new_id().hex}@acme.example>\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
            "--b\r\nContent-Type: text/plain\r\n\r\nIt came back.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; acme.example\r\n\r\n"
            f"Final-Recipient: rfc822; boss@acme.example\r\nAction: {action}\r\nStatus: {status}\r\n"
            "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
            f"{names}Reply-To: {reply_to}\r\nSubject: Your delivery\r\n--b--\r\n"
        ).encode()
        Mailbox(self.world.services).accept(
            self.world.acme, parse(raw, "", (f"acme@{DOMAIN}",), datetime.now(UTC), DOMAIN), raw
        )


@pytest.fixture
def office(postgres_cluster: Any, tmp_path: Path) -> Iterator[Office]:
    urls: PostgresUrls = postgres_cluster.migrated_database()
    with world_on(urls, tmp_path) as world:
        yield Office(world, tmp_path, urls)
    postgres_cluster.drop(urls)


async def test_a_mail_that_is_refused_for_good_is_dead_at_once_and_told(office: Office) -> None:
    ticket_id = office.world.ticket(office.world.acme)
    row = office.mail(ticket_id, "acknowledged")
    async with office.relay() as relay:
        await relay.once()
        office.due()
        assert await relay.once() == 0, "what is dead is not tried again"
    assert office.postman.asked == ["boss@acme.example"]
    assert office.row(row) == ("dead", 1)
    assert office.notices(ticket_id) == [("outbox_dead", "ops")]
    ((event, why),) = office.events(ticket_id)
    assert event == "mail.failed"
    assert "5.1.1 no such person" in str(why)


async def test_a_mail_is_tried_so_often_and_then_given_up(office: Office) -> None:
    office.postman.answer = LATER
    ticket_id = office.offered()
    row = office.mail(ticket_id)
    async with office.relay() as relay:
        for attempt in range(1, MAIL_ATTEMPTS):
            await relay.once()
            assert office.row(row) == ("waiting", attempt)
            assert await relay.once() == 0, "the next attempt waits its time"
            office.due()
        assert office.events(ticket_id) == []
        assert office.deemed(ticket_id) is not None
        await relay.once()
    assert office.row(row) == ("dead", MAIL_ATTEMPTS)
    assert len(office.postman.asked) == MAIL_ATTEMPTS
    assert office.notices(ticket_id) == [("approval_unreached", "ops"), ("outbox_dead", "ops")]
    assert [event for event, _ in office.events(ticket_id)] == ["ticket.approval_unreached", "mail.failed"]


async def test_a_sign_off_mail_that_cannot_be_sent_is_not_accepted_by_silence(office: Office) -> None:
    ticket_id = office.offered()
    office.mail(ticket_id)
    async with office.relay() as relay:
        await relay.once()
    assert office.deemed(ticket_id) is None
    assert office.whose_turn(ticket_id) == ("ops", [("signer", "ops")])
    assert office.events(ticket_id)[0] == ("ticket.approval_unreached", "the mail could not be sent")


async def test_a_sign_off_mail_that_is_delivered_leaves_the_days_as_they_are(office: Office) -> None:
    office.postman.answer = TAKEN
    ticket_id = office.offered()
    row = office.mail(ticket_id)
    async with office.relay() as relay:
        await relay.once()
    assert office.row(row) == ("done", 1)
    assert office.deemed(ticket_id) is not None
    assert office.whose_turn(ticket_id) == ("client_reviewer", [])


@pytest.mark.parametrize(
    ("which", "status", "stopped"),
    [
        ("the sign-off", "5.1.1", True),
        ("nothing", "5.1.1", True),
        ("the sign-off", "4.4.1", False),
        ("another mail", "5.1.1", False),
    ],
)
async def test_a_sign_off_mail_that_comes_back_is_not_accepted_by_silence(
    office: Office, which: str, status: str, stopped: bool
) -> None:
    office.postman.answer = TAKEN
    ticket_id = office.offered()
    sign_off, other = office.mail(ticket_id), office.mail(ticket_id, "acknowledged")
    async with office.relay() as relay:
        await relay.once()
        for _ in range(2):  # servers like to say it twice
            office.bounce(ticket_id, {"the sign-off": sign_off, "another mail": other}.get(which), status)
        await relay.once()
    assert (office.deemed(ticket_id) is None) is stopped
    assert office.whose_turn(ticket_id) == (
        ("ops", [("signer", "ops")]) if stopped else ("client_reviewer", [])
    )
    told = [one for one in office.events(ticket_id) if one[0] == "ticket.approval_unreached"]
    assert told == [("ticket.approval_unreached", "the mail came back as undeliverable")] * stopped


async def test_operations_give_another_address_in_the_portal(office: Office) -> None:
    world, ticket_id = office.world, office.offered()
    row = office.mail(ticket_id)
    async with office.relay() as relay:
        await relay.once()
    (task,) = world.sql(world.acme, "select id from task where ticket_id = %s", (ticket_id,))
    here = f"/tasks/{task.id}"
    async with browsing(world, world.person(world.provider, ("ops", None))) as browser:
        assert "The mail with the delivery did not arrive" in (await browser.get(here)).text
        assert (await browser.submit(here, here, email="cfo@acme.example")).to == "/work"
    ((target, update, act),) = world.acts.sent
    assert (target.workflow_id, update) == (f"ticket/{ticket_id}", "complete_task")
    assert isinstance(act, CompleteTask)
    assert (act.task_id, act.result) == (task.id, {"email": "cfo@acme.example"})
    assert office.row(row) == ("dead", 1)


async def test_a_bounce_after_the_decision_changes_nothing(office: Office) -> None:
    office.postman.answer = TAKEN
    ticket_id = office.offered()
    sign_off = office.mail(ticket_id)
    async with office.relay() as relay:
        await relay.once()
        office.world.sql(
            office.world.acme, "update approval set state = 'accepted' where ticket_id = %s", (ticket_id,)
        )
        office.bounce(ticket_id, sign_off)
        await relay.once()
    assert office.whose_turn(ticket_id) == ("client_reviewer", [])


async def test_a_mail_about_an_invoice_leaves_without_a_request_and_a_late_answer_is_told(
    office: Office,
) -> None:
    world = office.world
    office.postman.answer = TAKEN
    payload = {
        "template": "dispute_answered",
        "to": "boss@acme.example",
        "about": {"number": "INV/26-27/0001", "subject": ""},
        "values": {"state": "refused", "answer": "It came twice from you", "line": "Documents"},
    }
    row_id = new_id()
    world.sql(
        world.acme,
        "insert into outbox (id, client_id, key, kind, payload, state, attempts, next_at)"
        " values (%s, %s, %s, 'mail', %s, 'waiting', 0, clock_timestamp())",
        (row_id, world.acme, f"dispute:{row_id}", Jsonb(payload)),
    )
    gone, unknown = new_id(), new_id()
    world.sql(
        world.acme,
        "insert into outbox (id, client_id, key, kind, payload, state, attempts, next_at)"
        " values (%s, %s, %s, 'dispute_due', %s, 'waiting', 0, clock_timestamp())",
        (gone, world.acme, f"dispute_due:{unknown}", Jsonb({"dispute": str(unknown)})),
    )
    async with office.relay() as relay:
        await relay.once()
    assert office.row(row_id) == ("done", 1)
    assert office.postman.asked == ["boss@acme.example"]
    assert office.row(gone) == ("done", 1)  # a dispute that is no more owes no answer
    (sent,) = world.sql(
        world.acme,
        "select ticket_id, after from audit_event where event = 'mail.sent' order by seq desc limit 1",
    )
    assert (sent.ticket_id, sent.after["template"]) == (None, "dispute_answered")


async def test_a_mail_about_an_invoice_that_is_refused_is_told_to_operations(office: Office) -> None:
    world, row_id = office.world, new_id()
    payload = {
        "template": "ai_changed",
        "to": "boss@acme.example",
        "about": {"number": "SOW-1", "subject": ""},
        "values": {"name": "Bills", "changes": [["mode.reading", "act", "suggest"]]},
    }
    world.sql(
        world.acme,
        "insert into outbox (id, client_id, key, kind, payload, state, attempts, next_at)"
        " values (%s, %s, %s, 'mail', %s, 'waiting', 0, clock_timestamp())",
        (row_id, world.acme, f"mail:{row_id}", Jsonb(payload)),
    )
    async with office.relay() as relay:
        await relay.once()
    assert office.row(row_id) == ("dead", 1)
    told = world.sql(world.acme, "select desk, ticket_id from notice where key = %s", (f"outbox:{row_id}",))
    assert [(one.desk, one.ticket_id) for one in told] == [("ops", None)]
