"""Mail on its way to a ticket: whose address it is, answers, doubles at the same moment, and echoes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from api.mailbox import Mailbox
from api.services import REPLY_KEY
from api.smtp import RefusedMailError
from tests.support.api import World, world_on
from ticketos.channels.email import parse, reply_address
from ticketos.db.ids import new_id
from ticketos.db.repositories.intake import MAX_FILES
from ticketos.dev.database import PostgresUrls

DOMAIN = "tickets.localhost"


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("api")
    with world_on(database, folder) as made:
        yield made


def mail(
    to: str = f"acme@{DOMAIN}", subject: str = "Invoices", extra: str = "", message_id: str | None = None
) -> bytes:
    name = message_id or f"<{new_id().hex}@customer.example>"
    return (
        f"From: Asha <asha@customer.example>\r\nTo: {to}\r\nSubject: {subject}\r\n"
        f"Message-ID: {name}\r\n{extra}"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nPlease enter these.\r\n"
    ).encode()


def deliver(world: World, raw: bytes, to: str = f"acme@{DOMAIN}") -> None:
    mailbox = Mailbox(world.services)
    client_id = mailbox.resolve(to)
    assert client_id is not None
    mailbox.accept(client_id, parse(raw, "asha@customer.example", (to,), datetime.now(UTC), DOMAIN), raw)


def tickets(world: World) -> list[UUID]:
    return [row.id for row in world.sql(world.acme, "select id from ticket order by recorded_at, id")]


def test_an_address_belongs_to_its_client_a_reply_address_to_its_ticket_and_others_to_nobody(
    world: World,
) -> None:
    mailbox = Mailbox(world.services)
    ticket_id = world.ticket(world.beta)
    address = reply_address(ticket_id, DOMAIN, world.services.keyring.derive(REPLY_KEY))
    assert mailbox.resolve(f"ACME@{DOMAIN}") == world.acme
    assert mailbox.resolve(address) == world.beta
    assert mailbox.resolve(f"nobody@{DOMAIN}") is None
    assert mailbox.resolve(reply_address(ticket_id, DOMAIN, b"x" * 32)) is None


def test_a_mail_that_will_never_be_taken_is_refused_for_good_in_words(world: World) -> None:
    parts = "".join(
        f"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=f{n}.pdf\r\n\r\n%PDF-{n}\r\n"
        for n in range(MAX_FILES + 1)
    )
    raw = (
        f"From: Asha <asha@customer.example>\r\nTo: acme@{DOMAIN}\r\nSubject: All of them\r\n"
        f"Message-ID: <{new_id().hex}@customer.example>\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/mixed; boundary="b"\r\n\r\n{parts}--b--\r\n'
    ).encode()
    with pytest.raises(RefusedMailError, match=f"at most {MAX_FILES} files"):
        deliver(world, raw)


def test_the_same_mail_delivered_by_many_at_once_is_one_ticket(world: World) -> None:
    before = tickets(world)
    raw = mail(subject="Once only")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: deliver(world, raw), range(8)))
    made = [one for one in tickets(world) if one not in before]
    assert len(made) == 1
    assert len(world.sql(world.acme, "select id from message where ticket_id = %s", (made[0],))) == 1


def test_an_answer_to_the_signed_address_joins_its_ticket_and_wakes_it(world: World) -> None:
    deliver(world, mail(subject="Question"))
    ticket_id = tickets(world)[-1]
    address = reply_address(ticket_id, DOMAIN, world.services.keyring.derive(REPLY_KEY))
    deliver(world, mail(to=address, subject="Anything else"), to=address)
    assert tickets(world)[-1] == ticket_id
    kinds = world.sql(
        world.acme, "select kind from outbox where ticket_id = %s order by created_at", (ticket_id,)
    )
    events = world.sql(
        world.acme, "select event from audit_event where root_id = %s order by seq", (ticket_id,)
    )
    assert [row.kind for row in kinds] == ["start", "reply"]
    assert [row.event for row in events] == ["ticket.received", "ticket.reply_received"]


def test_an_answer_to_our_mail_is_known_by_its_reference_and_subject(world: World) -> None:
    deliver(world, mail(subject="By reference", message_id="<first@customer.example>"))
    ticket_id = tickets(world)[-1]
    reference = "In-Reply-To: <first@customer.example>\r\nReferences: <first@customer.example>\r\n"
    deliver(world, mail(subject="Re: By reference", extra=reference))
    assert tickets(world)[-1] == ticket_id
    deliver(world, mail(subject="A new matter", extra=reference))
    assert tickets(world)[-1] != ticket_id


def test_an_answer_to_a_closed_ticket_is_a_new_request_linked_to_it(world: World) -> None:
    closed = world.ticket(world.acme, state="closed", closed_at=datetime.now(UTC))
    address = reply_address(closed, DOMAIN, world.services.keyring.derive(REPLY_KEY))
    deliver(world, mail(to=address), to=address)
    follow_up = tickets(world)[-1]
    links = world.sql(
        world.acme, "select ticket_id, other_id, kind from ticket_link where other_id = %s", (closed,)
    )
    assert [tuple(row) for row in links] == [(follow_up, closed, "follow_up")]


def test_an_absence_note_is_kept_on_its_ticket_wakes_nobody_and_makes_no_ticket(world: World) -> None:
    deliver(world, mail(subject="Paused one"))
    ticket_id = tickets(world)[-1]
    address = reply_address(ticket_id, DOMAIN, world.services.keyring.derive(REPLY_KEY))
    away = "Auto-Submitted: auto-replied\r\n"
    deliver(world, mail(to=address, subject="Out of office: Paused one", extra=away), to=address)
    deliver(world, mail(subject="Out of office: unknown", extra=away))
    assert tickets(world)[-1] == ticket_id
    kinds = world.sql(world.acme, "select kind from outbox where ticket_id = %s", (ticket_id,))
    assert [row.kind for row in kinds] == ["start"]
    refused = world.sql(world.acme, "select why from audit_event where event = 'access.refused'")
    assert [row.why for row in refused] == ["intake-out-of-office"]
