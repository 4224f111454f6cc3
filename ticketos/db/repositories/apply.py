# ruff: noqa: S608 (statements are put together from column names of our own, never from values)
"""The writing half of a step: every change a rule may ask for, in the step's transaction.

Changes of a kind are written together: one statement each, sent in one batch where there are many. Kinds
are written in a fixed order, so that two steps of a client take the shared rows (vendor memory, journal
numbers, the chain of money acts) in the same order and cannot wait for each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from ticketos.db.repositories import rows
from ticketos.db.repositories.books import add_usage, post_journals, remember_vendors
from ticketos.db.repositories.ledger_erp import ErpOn, LedgerErp
from ticketos.db.repositories.model_calls import reserve_calls, settle_calls
from ticketos.db.repositories.readings import keep_readings, learn_readings
from ticketos.db.repositories.tree import write_sub_tickets
from ticketos.domain import changes as c
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import TicketState

TICKET_FIXED = frozenset(
    {"id", "client_id", "root_id", "number", "kind", "seq", "row_version", "sub_counter", "recorded_at"}
)
"""Columns of a ticket that no rule may set."""
DOCUMENT_FIXED = frozenset({"id", "client_id", "ticket_id", "row_version", "sha256", "address"})
"""Columns of a document that no rule may set."""

TASK_SETTABLE = frozenset({"assigned_to", "offered_to", "offer_until", "desk", "payload"})
"""Columns of an open task that a rule may set."""

Kind = TypeVar("Kind")


def task_workflow(ticket_id: UUID, workflow: str) -> str:
    """Id of the workflow that is told when a task is done: the ticket's own, or that of its line."""
    return f"ticket/{ticket_id}" if workflow == "ticket" else f"ticket/{ticket_id}/{workflow}"


class Writer:
    """Applies changes to one ticket. `ticket` is kept as it stands after them."""

    def __init__(
        self,
        sql: psycopg.Connection[Any],
        ticket: TicketState,
        life: int,
        provider_id: UUID,
        now: datetime,
        new_id: NewId,
        erp: ErpOn = LedgerErp,
    ) -> None:
        self.sql = sql
        self.erp = erp(sql, new_id)
        self.ticket = ticket
        self.now = now
        self.new_id = new_id
        self._life = life
        self._provider_id = provider_id

    def write(self, changes: Sequence[c.Change]) -> None:
        """Write them all, but for ``Emit``, which is the audit trail's."""
        by_kind: dict[type[Any], list[Any]] = defaultdict(list)
        for change in changes:
            by_kind[type(change)].append(change)
        by_kind.pop(c.Emit, None)
        for kind, write in _ORDER.items():
            found = by_kind.pop(kind, None)
            if found:
                write(self, found)
        if by_kind:
            raise TypeError(f"no way to write {sorted(kind.__name__ for kind in by_kind)}")

    def many(self, query: str, values: Iterable[Sequence[Any]]) -> int:
        """Run `query` once per item, in one batch; the number of rows changed."""
        batch = list(values)
        if len(batch) == 1:
            return self.sql.execute(query, batch[0]).rowcount
        with self.sql.cursor() as cursor:
            cursor.executemany(query, batch)
            return cursor.rowcount

    @property
    def here(self) -> tuple[UUID, UUID]:
        """Client and ticket, as most conditions want them."""
        return self.ticket.client_id, self.ticket.id

    def set_ticket(self, changes: Sequence[c.SetTicket]) -> None:
        """One new row version and one step of `seq` for all of them; the later wins."""
        values: dict[str, Any] = {}
        for change in changes:
            values |= change.values
        refused = TICKET_FIXED & values.keys() | values.keys() - rows.COLUMNS["ticket"]
        if refused:
            raise ValueError(f"not a rule's to set on a ticket: {sorted(refused)}")
        if self._life < self.ticket.life:
            raise DomainError(
                "ticket-life-over", ticket=str(self.ticket.id), life=self._life, present=self.ticket.life
            )
        names = sorted(values)
        sets = "".join(f"{name} = %s, " for name in names)
        row = self.sql.execute(
            f"update ticket t set {sets}seq = seq + 1, row_version = row_version + 1 where client_id"
            " = %s and id = %s"
            f" returning {_TICKET}",
            [*(rows.parameter("ticket", name, values[name]) for name in names), *self.here],
        ).fetchone()
        if row is None:
            raise DomainError("ticket-unknown", ticket=str(self.ticket.id))
        self.ticket = rows.ticket(row)

    def add_documents(self, changes: Sequence[c.AddDocument]) -> None:
        """Behind the last document of the ticket, which the step holds: nobody else takes the position."""
        added = self.many(
            "insert into document (id, client_id, ticket_id, position, filename, content_type, size, sha256, address,"
            " readable, received_at, state, doc_type, parent_id, first_page, last_page, straight_through, round,"
            " quality, approval, row_version, fields, lines, checks, read_result, coding, blocked_by)"
            " select %s, p.client_id, p.ticket_id,"
            " (select max(d.position) + 1 from document d where d.client_id = p.client_id and d.ticket_id = p.ticket_id),"
            " %s, p.content_type, p.size, %s, p.address, p.readable, p.received_at, 'received', 'unknown', p.id, %s, %s,"
            " false, p.round, 'pending', 'pending', 1, '{}', '[]', '[]', '{}', '{}', '[]'"
            " from document p where p.client_id = %s and p.ticket_id = %s and p.id = %s",
            (
                (a.id, a.filename, a.sha256, a.first_page, a.last_page, *self.here, a.parent_id)
                for a in changes
            ),
        )
        if added != len(changes):
            raise DomainError("document-unknown", ticket=str(self.ticket.id), missing=len(changes) - added)

    def set_documents(self, changes: Sequence[c.SetDocument]) -> None:
        """The later value wins; documents that set the same columns go in one batch."""
        merged: dict[UUID, dict[str, Any]] = defaultdict(dict)
        for change in changes:
            merged[change.document_id] |= change.values
        alike: dict[tuple[str, ...], list[UUID]] = defaultdict(list)
        for document_id, values in merged.items():
            refused = DOCUMENT_FIXED & values.keys() | values.keys() - rows.COLUMNS["document"]
            if refused:
                raise ValueError(f"not a rule's to set on a document: {sorted(refused)}")
            alike[tuple(sorted(values))].append(document_id)
        for names, ids in sorted(alike.items()):
            sets = "".join(f"{name} = %s, " for name in names)
            changed = self.many(
                f"update document set {sets}row_version = row_version + 1 where client_id = %s and"
                " ticket_id = %s and id = %s",
                (
                    [*(rows.parameter("document", name, merged[i][name]) for name in names), *self.here, i]
                    for i in ids
                ),
            )
            if changed != len(ids):
                raise DomainError("document-unknown", ticket=str(self.ticket.id), missing=len(ids) - changed)

    def open_tasks(self, changes: Sequence[c.OpenTask]) -> None:
        """A key that was used is left alone. Whoever gets a task moves back in the line of the idle."""
        self.insert(
            "task",
            [
                {
                    "id": t.id,
                    "key": t.key,
                    "kind": t.kind,
                    "subject_id": t.subject_id,
                    "workflow_id": task_workflow(self.ticket.id, t.workflow),
                    "desk": t.desk,
                    "skill": t.skill,
                    "state": "open",
                    "priority": t.priority,
                    "assigned_to": t.assigned_to,
                    "round": t.round,
                    "life": self.ticket.life,
                    "payload": dict(t.payload),
                    "result": {},
                    "created_at": self.now,
                    "due_at": t.due_at,
                    "offered_to": t.offered_to,
                    "offer_until": t.offer_until,
                    "assigned_at": self.now if t.assigned_to else None,
                    "row_version": 1,
                }
                for t in changes
            ],
            once="key",
        )
        self._moved_back({t.assigned_to or t.offered_to for t in changes})

    def _moved_back(self, given: Iterable[UUID | None]) -> None:
        """Whoever was given or offered something moves back in the line of the idle."""
        people = sorted({person for person in given if person})
        if people:
            # A hint for fairness: rows another step holds are skipped, so that nobody waits for it.
            self.sql.execute(
                "update app_user set last_assigned_at = %s where id in (select id from app_user"
                " where client_id = %s"
                " and id = any(%s) for no key update skip locked)",
                [self.now, self._provider_id, people],
            )

    def set_tasks(self, changes: Sequence[c.SetTask]) -> None:
        """Only open tasks that nobody has and that are offered as the rule saw it; else the step must look again."""
        for change in changes:
            if refused := change.values.keys() - TASK_SETTABLE:
                raise ValueError(f"not a rule's to set on a task: {sorted(refused)}")
            values = dict(change.values)
            if "assigned_to" in values:
                values["assigned_at"] = self.now if values["assigned_to"] else None
            names = sorted(values)
            sets = "".join(f"{name} = %s, " for name in names)
            changed = self.sql.execute(
                f"update task set {sets}row_version = row_version + 1 where client_id = %s and ticket_id = %s"
                " and id = %s and state = 'open' and assigned_to is null and offered_to is not distinct from %s",
                [
                    *(rows.parameter("task", name, values[name]) for name in names),
                    *self.here,
                    change.task_id,
                    change.offered,
                ],
            ).rowcount
            if changed != 1:
                raise RuntimeError(f"task {change.task_id} was given away meanwhile")
        self._moved_back(c.values.get("assigned_to") or c.values.get("offered_to") for c in changes)

    def close_tasks(self, changes: Sequence[c.CloseTask]) -> None:
        """Only open tasks of this ticket; raises ``task-not-open`` when one is not."""
        changed = self.many(
            "update task set state = %s, completed_at = %s, completed_by = %s, result = %s,"
            " row_version = row_version + 1"
            " where client_id = %s and ticket_id = %s and id = %s and state = 'open'",
            ((t.state, t.at, t.by, rows.jsonb(dict(t.result)), *self.here, t.task_id) for t in changes),
        )
        if changed != len(changes):
            raise DomainError("task-not-open", tasks=[str(t.task_id) for t in changes])

    def cancel_tasks(self, changes: Sequence[c.CancelTasks]) -> None:
        """Withdraw all that are still open."""
        change = changes[0]
        self.sql.execute(
            "update task set state = 'cancelled', completed_at = %s, result = %s, row_version ="
            " row_version + 1"
            " where client_id = %s and ticket_id = %s and state = 'open'",
            [change.at, rows.jsonb({"reason": change.reason}), *self.here],
        )

    def set_clocks(self, changes: Sequence[c.SetClock]) -> None:
        """Create or replace the clock of that kind in the ticket's present life."""
        self.many(
            "insert into ticket_clock (id, client_id, ticket_id, life, kind, target_s, started_at,"
            " stopped_at, pauses, fired,"
            " due_at, breached_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict (ticket_id, life, kind) do update set target_s = excluded.target_s,"
            " started_at = excluded.started_at, stopped_at = excluded.stopped_at, pauses = excluded.pauses,"
            " fired = excluded.fired, due_at = excluded.due_at, breached_at = excluded.breached_at",
            (
                (
                    self.new_id(),
                    *self.here,
                    self.ticket.life,
                    s.clock.kind,
                    s.clock.target_s,
                    s.clock.started_at,
                    s.clock.stopped_at,
                    rows.jsonb(rows.pauses(s.clock)),
                    rows.jsonb(sorted(s.fired)),
                    s.due_at,
                    s.breached_at,
                )
                for s in changes
            ),
        )

    def add_corrections(self, changes: Sequence[c.AddCorrection]) -> None:
        """What people changed, whole."""
        self.insert("correction", [_values(x) for x in changes], with_ticket=False)

    def add_qa_checks(self, changes: Sequence[c.AddQaCheck]) -> None:
        """A second verdict on the same document, level and round is an error of the caller and raises."""
        self.insert("qa_check", [_values(x) | {"life": self.ticket.life} for x in changes])

    def offer_approvals(self, changes: Sequence[c.OfferApproval]) -> None:
        """Put versions before the client."""
        self.insert(
            "approval",
            [_values(x) | {"life": self.ticket.life, "state": "open", "units": {}} for x in changes],
        )

    def decide_approvals(self, changes: Sequence[c.DecideApproval]) -> None:
        """Only one that is open; raises ``approval-not-open``."""
        changed = self.many(
            "update approval set state = %s, decided_at = %s, decided_by = %s, reason = %s, units = %s"
            " where client_id = %s and ticket_id = %s and id = %s and state = 'open'",
            (
                (d.state, d.at, d.by, d.reason, rows.jsonb(dict(d.units)), *self.here, d.approval_id)
                for d in changes
            ),
        )
        if changed != len(changes):
            raise DomainError("approval-not-open", approvals=[str(d.approval_id) for d in changes])

    def move_deemed(self, changes: Sequence[c.MoveDeemed]) -> None:
        """Only while the version is open; one that was decided stays as it is."""
        self.many(
            "update approval set deemed_at = %s"
            " where client_id = %s and ticket_id = %s and id = %s and state = 'open'",
            ((m.deemed_at, *self.here, m.approval_id) for m in changes),
        )

    def send_mails(self, changes: Sequence[c.SendMail]) -> None:
        """To the outbox; the relay renders and sends."""
        self.insert(
            "outbox",
            [
                {
                    "id": m.id,
                    "key": m.key,
                    "kind": "mail",
                    "state": "waiting",
                    "attempts": 0,
                    "payload": {"template": m.template, "to": m.to, "values": dict(m.values)},
                }
                for m in changes
            ],
            once="key",
        )

    def notify(self, changes: Sequence[c.Notify]) -> None:
        """Notices of desks, once per key."""
        self.insert("notice", [_values(n) for n in changes], once="key")

    def ask_surveys(self, changes: Sequence[c.AskSurvey]) -> None:
        """Remember who was asked, once per life of the ticket."""
        self.insert(
            "survey",
            [
                {"id": s.id, "life": self.ticket.life, "recipient": s.recipient, "asked_at": s.at}
                for s in changes
            ],
            once="ticket_id, life",
        )

    def insert(
        self,
        table: str,
        values: Sequence[Mapping[str, Any]],
        *,
        once: str | None = None,
        with_ticket: bool = True,
    ) -> None:
        """Insert rows of this client (and ticket); `once` names the key whose second row is left out."""
        owner = {"client_id": self.ticket.client_id} | ({"ticket_id": self.ticket.id} if with_ticket else {})
        names = (*owner, *values[0])
        query = f"insert into {table} ({', '.join(names)}) values ({', '.join(['%s'] * len(names))})"
        if once is not None:
            query += f" on conflict ({once}) do nothing"
        self.many(
            query,
            (
                [*owner.values(), *(rows.parameter(table, name, value) for name, value in row.items())]
                for row in values
            ),
        )


_TICKET = rows.columns(TicketState, "t")


def _values(change: Any) -> dict[str, Any]:
    """The fields of a change whose names are the table's columns; tuples become JSON lists."""
    named = ((f.name, getattr(change, f.name)) for f in fields(change))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in named}


_ORDER: Mapping[type[Any], Callable[[Writer, Any], None]] = {
    c.SetTicket: Writer.set_ticket,
    c.SubTicket: write_sub_tickets,
    c.AddDocument: Writer.add_documents,
    c.SetDocument: Writer.set_documents,
    c.CloseTask: Writer.close_tasks,
    c.CancelTasks: Writer.cancel_tasks,
    c.SetTask: Writer.set_tasks,
    c.OpenTask: Writer.open_tasks,
    c.SetClock: Writer.set_clocks,
    c.AddCorrection: Writer.add_corrections,
    c.AddQaCheck: Writer.add_qa_checks,
    c.OfferApproval: Writer.offer_approvals,
    c.DecideApproval: Writer.decide_approvals,
    c.MoveDeemed: Writer.move_deemed,
    c.AddUsage: add_usage,
    c.RememberVendor: remember_vendors,
    c.KeepReading: keep_readings,
    c.LearnReading: learn_readings,
    c.ReserveCall: reserve_calls,
    c.SettleCall: settle_calls,
    c.PostJournal: post_journals,
    c.SendMail: Writer.send_mails,
    c.Notify: Writer.notify,
    c.AskSurvey: Writer.ask_surveys,
}
