# ruff: noqa: S608 (statements are put together from column names of our own, never from values)
"""The reading half of a step: one ticket and the facts around it. Each method is one statement.

Every condition names the client, although the policies would too: a mistake then needs two to be one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ticketos.db.repositories import rows
from ticketos.db.repositories.client_facts import ClientFacts
from ticketos.domain.errors import DomainError
from ticketos.domain.state import (
    ApprovalState,
    ClockState,
    DocumentState,
    QaState,
    TaskState,
    TicketState,
)

_TICKET = rows.columns(TicketState, "t")
_DOCUMENT = rows.columns(DocumentState, "d")
_TASK = rows.columns(TaskState, "k")
_QA = rows.columns(QaState, "q").replace(
    "q.document_id",
    "coalesce(q.document_id, q.ticket_id)",  # a verdict on no document is on the ticket itself
)
_APPROVAL = rows.columns(ApprovalState, "a")


class Facts(ClientFacts):
    """What a step may ask about its ticket, and about its client."""

    def ticket(self) -> TicketState:
        """The request, as it is after the changes applied so far."""
        return self._ticket

    def documents(self, states: Sequence[str] = (), limit: int | None = None) -> tuple[DocumentState, ...]:
        """Documents in the order they came; of the given states when any are given."""
        found = self._all(
            f"select {_DOCUMENT} from document d where d.client_id = %s and d.ticket_id = %s"
            " and (%s::text[] is null or d.state = any(%s::text[])) order by d.position, d.id limit %s",
            self._ticket.client_id,
            self._ticket.id,
            list(states) or None,
            list(states) or None,
            limit,
        )
        return tuple(map(rows.document, found))

    def document(self, document_id: UUID) -> DocumentState:
        """One document of the ticket; raises ``document-unknown``."""
        row = self._one(
            f"select {_DOCUMENT} from document d where d.client_id = %s and d.ticket_id = %s and d.id = %s",
            self._ticket.client_id,
            self._ticket.id,
            document_id,
        )
        if row is None:
            raise DomainError("document-unknown", document=str(document_id))
        return rows.document(row)

    def counts(self) -> Mapping[str, int]:
        """How many documents are in each state; states without any are absent."""
        return dict(
            self._all(
                "select state, count(*) from document where client_id = %s and ticket_id = %s group by state",
                self._ticket.client_id,
                self._ticket.id,
            )
        )

    def document_events(self) -> tuple[tuple[str, datetime], ...]:
        """When documents were read and posted last, and each time a person finished with one."""
        found = self._all(
            "select 'read', read_at from document where client_id = %(c)s and ticket_id = %(t)s and read_at is not null"
            " union all select 'posted', done_at from document where client_id = %(c)s and ticket_id = %(t)s"
            " and state = 'posted' and done_at is not null"
            " union all select 'keyed', completed_at from task where client_id = %(c)s and ticket_id = %(t)s"
            " and state = 'done' and kind in ('keying', 'rework') and completed_at is not null",
            c=self._ticket.client_id,
            t=self._ticket.id,
        )
        return tuple((name, at) for name, at in found)

    def tasks(self, state: str = "open", kind: str | None = None) -> tuple[TaskState, ...]:
        """Tasks of the ticket in that state (and of that kind, where one is named), oldest first."""
        found = self._all(
            f"select {_TASK} from task k where k.client_id = %s and k.ticket_id = %s and k.state = %s"
            " and (%s::text is null or k.kind = %s) order by k.created_at, k.id",
            self._ticket.client_id,
            self._ticket.id,
            state,
            kind,
            kind,
        )
        return tuple(map(rows.task, found))

    def task(self, task_id: UUID) -> TaskState | None:
        """One task of the ticket in any state, None when it has no such task."""
        row = self._one(
            f"select {_TASK} from task k where k.client_id = %s and k.ticket_id = %s and k.id = %s",
            self._ticket.client_id,
            self._ticket.id,
            task_id,
        )
        return None if row is None else rows.task(row)

    def busy_until(self, person: UUID) -> datetime | None:
        """When this person finished a task last, of whatever client."""
        row = self._one("select last_done(%s)", person)
        return row[0]  # type: ignore[no-any-return]

    def clocks(self) -> tuple[ClockState, ...]:
        """The clocks of the ticket's present life, by kind."""
        found = self._all(
            "select kind, target_s, started_at, pauses, stopped_at, fired, breached_at from ticket_clock"
            " where client_id = %s and ticket_id = %s and life = %s order by kind",
            self._ticket.client_id,
            self._ticket.id,
            self._ticket.life,
        )
        return tuple(map(rows.clock, found))

    def approval(self) -> ApprovalState | None:
        """The version last put before the client in this life."""
        row = self._one(
            f"select {_APPROVAL} from approval a where a.client_id = %s and a.ticket_id = %s and a.life = %s"
            " order by a.round desc limit 1",
            self._ticket.client_id,
            self._ticket.id,
            self._ticket.life,
        )
        return None if row is None else rows.approval(row)

    def quality(self) -> tuple[QaState, ...]:
        """Every verdict of this life, oldest first."""
        found = self._all(
            f"select {_QA} from qa_check q where q.client_id = %s and q.ticket_id = %s and q.life = %s"
            " order by q.at, q.id",
            self._ticket.client_id,
            self._ticket.id,
            self._ticket.life,
        )
        return tuple(map(rows.qa_check, found))

    def same_file(self, sha256: str, document_id: UUID) -> UUID | None:
        """The oldest earlier document of the client with the same bytes, unless it was rejected."""
        row = self._one(
            "select id from document where client_id = %s and sha256 = %s and id < %s and state <> 'rejected'"
            " order by id limit 1",
            self._ticket.client_id,
            sha256,
            document_id,
        )
        return None if row is None else row[0]

    def same_business_key(self, business_key: str, document_id: UUID) -> UUID | None:
        """Another document of the client with that key, neither rejected nor a double itself; the oldest.

        Holds the key until the transaction ends: of two tickets that ask at once the second sees the first.
        """
        self._sql.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))",
            (f"{self._ticket.client_id}:{business_key}",),
        )
        row = self._one(
            "select id from document where client_id = %s and business_key = %s and id <> %s"
            " and state not in ('rejected', 'quarantined') and duplicate_of is null order by id limit 1",
            self._ticket.client_id,
            business_key,
            document_id,
        )
        return None if row is None else row[0]

    def kept_reading(self, document_id: UUID) -> Mapping[str, Any] | None:
        """What the reader saw on a document a person was asked about."""
        row = self._one(
            "select words, unaided, shown from kept_reading where client_id = %s and document_id = %s",
            self._ticket.client_id,
            document_id,
        )
        return None if row is None else dict(zip(("words", "unaided", "shown"), row, strict=True))

    def mail(self, key: str) -> tuple[str, datetime | None] | None:
        """State of the mail of that key and when it was handed over."""
        row = self._one(
            "select state, done_at from outbox where client_id = %s and key = %s and kind = 'mail'",
            self._ticket.client_id,
            key,
        )
        return None if row is None else (row[0], row[1])

    def first_message(self) -> tuple[str, str]:
        """Id and text of the message the request came with, both empty when it came without."""
        row = self._one(
            "select id, body from message where client_id = %s and ticket_id = %s and direction = 'in'"
            " order by received_at, id limit 1",
            self._ticket.client_id,
            self._ticket.id,
        )
        return ("", "") if row is None else (str(row[0]), str(row[1]))

    def later_messages(self) -> Sequence[str]:
        """Texts of what came in after the first message, the newest 50, oldest first."""
        found = self._all(
            "select body from (select body, received_at, id from message where client_id = %s and ticket_id = %s"
            " and direction = 'in' order by received_at, id offset 1) m order by received_at desc, id desc limit 50",
            self._ticket.client_id,
            self._ticket.id,
        )
        return [str(row[0]) for row in reversed(list(found))]

    def sub_tickets(self) -> Mapping[str, TicketState]:
        """The rows of the request's tree by their key, oldest first."""
        found = self._all(
            f"select {_TICKET} from ticket t where t.client_id = %s and t.root_id = %s and t.id <> t.root_id"
            " order by t.id",
            self._ticket.client_id,
            self._ticket.id,
        )
        return {state.detail["key"]: state for state in map(rows.ticket, found)}
