"""Received mail on its way to a ticket: whose address it is, and taking it in (MF1)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from api.errors import status_of, words_of
from api.failures import constraint_of
from api.services import Services
from api.smtp import RefusedMailError
from schemas.ticket import TicketStart
from ticketos.db.repositories.intake import Accepted
from ticketos.domain.errors import DomainError
from ticketos.domain.intake_types import Intake
from ticketos.domain.state import Actor

_AGAIN = "uq_message_external"


class Mailbox:
    """What the SMTP listener asks. Both methods block; they are called in threads."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def resolve(self, recipient: str) -> UUID | None:
        """The client an address belongs to: its short name, or a ticket's signed reply address."""
        services = self._services
        ticket_id = services.intake.signed_ticket(recipient)
        if ticket_id is not None:
            with services.database.system() as connection:
                owner: UUID | None = connection.exec_driver_sql(
                    "select client_id from ticket where id = %s", (ticket_id,)
                ).scalar()
            return owner
        local = recipient.rpartition("@")[0]
        with services.database.transaction(()) as connection:
            found: UUID | None = connection.exec_driver_sql("select client_by_address(%s)", (local,)).scalar()
        return found

    def accept(self, client_id: UUID, intake: Intake, raw: bytes) -> None:
        """Commit one message; its work is started right after. Raises when it was not committed:
        ``RefusedMailError`` when it never will be."""
        services = self._services
        actor = Actor("customer", origin="email")

        def commit() -> Accepted:
            with services.database.transaction([client_id]) as connection:
                return services.intake.accept(
                    connection, intake, client_id=client_id, actor=actor, raw=raw, last=True
                )

        try:
            accepted = commit()
        except IntegrityError as error:
            if constraint_of(error) != _AGAIN:
                raise
            accepted = (
                commit()
            )  # the same message came twice at once; the other delivery was quicker and is found now
        except DomainError as error:
            if status_of(error.code) >= 500:
                raise
            raise RefusedMailError(" ".join(words_of(error.code, error.params)[1].split())) from error
        if accepted.ticket_id is not None and not accepted.duplicate and not accepted.reply_to_existing:
            services.starter.offer(
                TicketStart(ticket_id=accepted.ticket_id, client_id=client_id, number=accepted.number or "")
            )
