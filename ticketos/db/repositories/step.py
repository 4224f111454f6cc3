# ruff: noqa: S608 (statements are put together from column names of our own, never from values)
"""``Store`` and ``Step`` of ``domain.ports`` on PostgreSQL: one step is one transaction holding its ticket.

A step that ran before is found by its key and repeats its result. Two runs of one step at the same moment
meet at the ticket's row; the second then finds the result of the first. Should both get through, the unique
key of the results lets one commit, and the other undoes all it wrote and answers with what is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, text

from ticketos.db.repositories import rows
from ticketos.db.repositories.apply import Writer
from ticketos.db.repositories.client_facts import BESIDE, BESIDE_FROM
from ticketos.db.repositories.facts import Facts
from ticketos.db.repositories.ledger_erp import ErpOn, LedgerErp
from ticketos.db.session import Database, driver, encode_json
from ticketos.domain.changes import Change, Emit
from ticketos.domain.erp import Standing
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId, Now, StepKey
from ticketos.domain.state import Actor, TicketState

_TICKET = rows.columns(TicketState, "t")
_PRIOR = "select result from step_result where key = %s"
_KEEP = "insert into step_result (key, client_id, result) values (%s, %s, %s::jsonb)"
_ROW = "where t.client_id = %s and t.id = %s for no key update of t"
_FREE = f"select ({_PRIOR}), {_TICKET}, {BESIDE} from ticket t {BESIDE_FROM} {_ROW} skip locked"
_HELD = f"select {_TICKET} from ticket t {_ROW}"
_TICKET_ENDS = 1 + len(fields(TicketState))


class AuditWriter(Protocol):
    """Writes events of the catalogue into the trail, in their order, in the transaction of `connection`."""

    def record_many(
        self,
        connection: Connection,
        *,
        client_id: UUID,
        ticket_id: UUID | None,
        root_id: UUID | None,
        at: datetime,
        actor: Actor,
        emits: Sequence[Emit],
    ) -> object: ...


class SqlStep(Facts):
    """One step of one ticket; made by ``SqlStore.step`` alone."""

    def __init__(
        self,
        connection: Connection,
        key: StepKey,
        ticket: TicketState,
        prior: Mapping[str, Any] | None,
        store: SqlStore,
        provider_id: UUID,
        actor: Actor,
    ) -> None:
        sql = driver(connection)
        super().__init__(sql, ticket, provider_id)
        self.now: datetime = store.now()  # after the lock: instants of one ticket follow each other
        self.actor = actor
        self.prior = prior
        self._connection = connection
        self._key = key
        self._store = store
        self._writer = Writer(sql, ticket, key.life, provider_id, self.now, store.new_id, store.erp)
        self._emits: list[Emit] = []
        self._changed = False
        self._finished = prior is not None

    def new_id(self) -> UUID:
        """A fresh UUIDv7."""
        return self._store.new_id()

    def postings_of(self, source_id: UUID) -> tuple[Standing, ...]:
        """What stands for that source (a document) in the client's book, as its ERP says."""
        return tuple(self._writer.erp.standing(self._ticket.client_id, [source_id]))

    def apply(self, changes: Sequence[Change]) -> None:
        """Write the changes; the state the step reads afterwards holds them."""
        if self._finished:
            raise RuntimeError(f"step {self._key} is finished")
        self._changed = self._changed or bool(changes)
        self._writer.write(changes)
        self._ticket = self._writer.ticket
        # Written at the end: the chain of money acts is held by one transaction of a client at a time.
        self._emits += [change for change in changes if isinstance(change, Emit)]

    def finish(self, result: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write the trail, keep the result under the step's key for ever and commit, in one message to the server.
        Returns the result as every repeat will read it. Nothing can be read or written in the step afterwards."""
        if self._finished:
            raise RuntimeError(f"step {self._key} is finished")
        self._finished = True
        stored = encode_json(dict(result))
        try:
            with self._sql.pipeline():
                self._tell()
                self._sql.execute(_KEEP, (str(self._key), self._ticket.client_id, stored))
                self._sql.commit()
        except UniqueViolation as error:
            if error.diag.table_name != "step_result":
                raise
            self.prior = self._lost()
            return self.prior
        answer: Mapping[str, Any] = json.loads(stored)
        return answer

    def _tell(self) -> None:
        if self._emits:
            self._store.audit.record_many(
                self._connection,
                client_id=self._ticket.client_id,
                ticket_id=self._ticket.id,
                root_id=self._ticket.id,
                at=self.now,
                actor=self.actor,
                emits=self._emits,
            )

    def _lost(self) -> Mapping[str, Any]:
        """Another run of this step committed first: undo this one and take over its answer."""
        self._sql.rollback()
        found = self._store.result_of(self._key, self._ticket.client_id)
        if found is None:
            raise RuntimeError(f"step {self._key} has neither a result nor room for one")
        return found

    def require_finished(self) -> None:
        """A change without a result would be made again by the next attempt."""
        if self._changed and not self._finished:
            raise RuntimeError(f"step {self._key} changed something and was not finished")


class SqlStore:
    """Opens steps. `provider_id` None means: ask the database once for the client of kind ``provider``."""

    def __init__(
        self,
        database: Database,
        *,
        now: Now,
        new_id: NewId,
        audit: AuditWriter,
        provider_id: UUID | None = None,
        erp: ErpOn = LedgerErp,
    ) -> None:
        self.erp = erp
        self.database = database
        self.now = now
        self.new_id = new_id
        self.audit = audit
        self._provider_id = provider_id

    def provider_id(self) -> UUID:
        """The provider's own client row; raises ``provider-missing`` before set-up made one."""
        if self._provider_id is None:
            with self.database.transaction(()) as connection:
                found = connection.execute(text("select provider_client()")).scalar_one()
            if found is None:
                raise DomainError("provider-missing")
            self._provider_id = found
        return self._provider_id

    @contextmanager
    def step(self, key: StepKey, client_id: UUID, actor: Actor) -> Iterator[SqlStep]:
        """Lock the request and open the step. Raises ``ticket-unknown`` for one that is not this client's."""
        provider_id = self.provider_id()
        with self.database.transaction({client_id, provider_id}) as connection:
            ticket, prior, beside = self._lock(connection, key, client_id)
            step = SqlStep(connection, key, ticket, prior, self, provider_id, actor)
            if beside is not None:
                step.brought(beside)
            yield step
            step.require_finished()

    def result_of(self, key: StepKey, client_id: UUID) -> Mapping[str, Any] | None:
        """What an earlier run of that step answered, without waiting for the ticket."""
        with self.database.transaction({client_id}) as connection:
            row = driver(connection).execute(_PRIOR, (str(key),)).fetchone()
            return None if row is None else row[0]

    def _lock(
        self, connection: Connection, key: StepKey, client_id: UUID
    ) -> tuple[TicketState, Mapping[str, Any] | None, rows.Row | None]:
        sql = driver(connection)
        row = sql.execute(_FREE, (str(key), client_id, key.ticket_id)).fetchone()
        if row is not None:
            return rows.ticket(row[1:_TICKET_ENDS]), row[0], row[_TICKET_ENDS:]
        # Held by another step, or not there. After the wait the result must be looked up anew: the statement
        # that waited still sees the time before.
        row = sql.execute(_HELD, (client_id, key.ticket_id)).fetchone()
        if row is None:
            raise DomainError("ticket-unknown", ticket=str(key.ticket_id))
        prior = sql.execute(_PRIOR, (str(key),)).fetchone()
        return rows.ticket(row), None if prior is None else prior[0], None
