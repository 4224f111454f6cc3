"""Mails leave here: written from their template when they are due, and kept as a part of the ticket's conversation."""

from __future__ import annotations

import asyncio
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from ticketos.channels.email.address import reply_address
from ticketos.channels.email.mails import LINKED, About, render
from ticketos.channels.email.send import (
    Delivered,
    OutMail,
    PermanentFailure,
    UnsendableMailError,
    compose,
    deliver,
    message_id,
)
from ticketos.db.ids import new_id
from ticketos.db.repositories import messages
from ticketos.db.session import driver
from ticketos.domain.changes import Emit
from ticketos.domain.state import SYSTEM
from ticketos.links import approval_link, password_link, repeat_link, survey_link
from workers.outbox import Hopeless, Item
from workers.wiring import Parts, utc_now

_ABOUT = """
select t.id, t.number, t.subject, t.life, c.name, c.zone, c.slug,
       (select m.external_id from message m where m.ticket_id = t.id and m.direction = 'in' order by m.received_at limit 1),
       (select s.id from survey s where s.ticket_id = t.id and s.life = t.life)
  from ticket t join client c on c.id = t.client_id where t.id = %s"""

_SENT = """
insert into message (id, client_id, ticket_id, direction, channel, external_id, sender, recipient, subject, body,
                     sent_at, received_at)
values (%s, %s, %s, 'out', 'email', %s, %s, %s, %s, %s, %s, %s) on conflict do nothing"""


_COMPANY = "select name, zone, slug from client where id = %s"


class _Ticket(NamedTuple):
    """What a mail says of its ticket; without an id it is about something else (an invoice), by its number."""

    id: UUID | None
    number: str
    subject: str
    life: int
    client_name: str
    zone: str
    client_slug: str
    asked_in: str | None
    """Message-ID of the mail the ticket began with."""
    survey_id: UUID | None


class Mailer:
    """Sends the mails of the outbox."""

    def __init__(self, found: Parts) -> None:
        self._found = found

    async def send(self, item: Item) -> str | None:
        """Write and deliver one mail. Returns why it could not be sent; ``Hopeless`` when trying again is of no use."""
        ticket = await asyncio.to_thread(self._about, item)
        if ticket is None:
            return Hopeless("the ticket is gone")
        settings = self._found.settings
        template = str(item.payload["template"])
        link = "" if ticket.id is None else self._link(template, item, ticket, ticket.id)
        values = item.payload.get("values", {})
        if (written := item.payload.get("message")) is not None:
            text = await asyncio.to_thread(self._written, item, UUID(written))
            if text is None:
                return Hopeless("the reply is gone")
            values = {"text": text}
        words = render(
            template,
            values,
            About(
                ticket.number,
                ticket.subject,
                ticket.client_name,
                ticket.zone,
                link,
                self._repeat(item, ticket),
            ),
        )
        to = str(item.payload["to"])
        now = utc_now()
        mail = OutMail(
            sender=f"{ticket.client_slug}@{settings.mail_domain}",
            sender_name="TicketingOS",
            to=(to,),
            subject=words.subject,
            text=words.text,
            message_id=message_id(item.id, settings.mail_domain),
            sent_at=now,
            loop_token=settings.mail_domain,
            reply_to=None
            if ticket.id is None
            else reply_address(ticket.id, settings.mail_domain, self._found.keyring.derive("mail")),
            in_reply_to=ticket.asked_in if "@" in (ticket.asked_in or "") else None,
        )
        try:
            raw = compose(mail)
        except UnsendableMailError as error:
            return Hopeless(str(error))
        url = settings.outbound_smtp_url.get_secret_value() if settings.outbound_smtp_url else None
        result = await deliver(raw, mail.sender, (to,), url, None if url else settings.outbox_dir)
        if isinstance(result, Delivered):
            await asyncio.to_thread(self._sent, item, mail, words.text)
            return None
        told = f"{result.code} {result.detail}"[:300]
        return Hopeless(told) if isinstance(result, PermanentFailure) else told

    def _link(self, template: str, item: Item, ticket: _Ticket, ticket_id: UUID) -> str:
        settings, keyring = self._found.settings, self._found.keyring
        values = item.payload.get("values", {})
        if LINKED.get(template) == "a":
            return approval_link(
                settings.public_url,
                keyring,
                item.client_id,
                ticket_id,
                str(values["version"]),
                str(item.payload["to"]),
            )
        if LINKED.get(template) == "s":
            return survey_link(
                settings.public_url,
                keyring,
                item.client_id,
                ticket_id,
                ticket.survey_id,
                str(item.payload["to"]),
            )
        if LINKED.get(template) == "p" and "task" in values:
            return password_link(
                settings.public_url,
                keyring,
                item.client_id,
                ticket_id,
                UUID(values["task"]),
                str(item.payload["to"]),
            )
        return ""

    def _repeat(self, item: Item, ticket: _Ticket) -> str:
        """The link by which the requester of contact work comes back."""
        if ticket.id is None or not item.payload.get("values", {}).get("contact"):
            return ""
        found = self._found
        return repeat_link(
            found.settings.public_url,
            found.keyring,
            item.client_id,
            ticket.id,
            ticket.life,
            str(item.payload["to"]),
        )

    def _about(self, item: Item) -> _Ticket | None:
        about = item.payload.get("about")
        with self._found.database.transaction((item.client_id,)) as connection:
            if item.ticket_id is None and about is not None:
                company = driver(connection).execute(_COMPANY, (item.client_id,)).fetchone()
                if company is None:
                    return None
                name, zone, slug = company
                return _Ticket(
                    None, about["number"], about.get("subject", ""), 1, name, zone, slug, None, None
                )
            row = driver(connection).execute(_ABOUT, (item.ticket_id,)).fetchone()
        return None if row is None else _Ticket(*row)

    def _sent(self, item: Item, mail: OutMail, text: str) -> None:
        with self._found.database.transaction((item.client_id,)) as connection:
            if (written := item.payload.get("message")) is not None:
                messages.left_as_mail(
                    connection, UUID(written), mail.message_id, mail.sender, mail.subject, mail.sent_at
                )
            elif item.ticket_id is not None:
                self._keep(connection, item, mail, text)
            self._found.audit.record(
                connection,
                client_id=item.client_id,
                ticket_id=item.ticket_id,
                root_id=item.ticket_id,
                at=mail.sent_at,
                actor=SYSTEM,
                emit=Emit(
                    "mail.sent",
                    after={"template": str(item.payload["template"])},
                    personal={"to": mail.to[0]},
                    subject=mail.to[0],
                ),
            )

    def _written(self, item: Item, message_id: UUID) -> str | None:
        """What a person wrote; it lies in the conversation and nowhere else."""
        with self._found.database.transaction((item.client_id,)) as connection:
            return messages.body_of(connection, message_id)

    def _keep(self, connection: Connection, item: Item, mail: OutMail, text: str) -> None:
        """A mail of ours is part of the conversation."""
        driver(connection).execute(
            _SENT,
            (
                new_id(),
                item.client_id,
                item.ticket_id,
                mail.message_id,
                mail.sender,
                mail.to[0],
                mail.subject,
                text,
                mail.sent_at,
                mail.sent_at,
            ),
        )
