"""Tickets as people list, read, edit, link and reopen them. Stages are written by a ticket's activities
alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, RowMapping, Select, bindparam, func, select, text, tuple_, update
from sqlmodel import SQLModel

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import cursors
from ticketos.db.tables.clients import Contract
from ticketos.db.tables.invoices import UsageEvent
from ticketos.db.tables.steps import Outbox
from ticketos.db.tables.tickets import Approval, Message, Ticket, TicketClock, TicketLink
from ticketos.domain import reopen as reopening
from ticketos.domain.changes import Emit, SetTicket
from ticketos.domain.clock import TURNAROUND
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import OPEN_STATES, Actor, TicketState
from ticketos.domain.terms import ClosureTerms, Terms

_TABLES = SQLModel.metadata.tables
_TICKET = _TABLES[str(Ticket.__tablename__)]
_STATE_FIELDS = tuple(TicketState.__dataclass_fields__)


@dataclass(frozen=True)
class Filter:
    """What a list of requests shows: those of ``client_ids``; elsewhere empty and None mean any.
    ``newest_first`` is by the instant of receipt. Spans are half-open: since ≤ received < until, and the same for
    the close."""

    client_ids: tuple[UUID, ...] = ()
    states: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    service_line: str | None = None
    line_undecided: bool = False
    priority: str | None = None
    found: tuple[UUID, ...] | None = None
    newest_first: bool = True
    sla_states: tuple[str, ...] = ()
    desk: str | None = None
    open_only: bool = False
    since: datetime | None = None
    until: datetime | None = None
    closed_since: datetime | None = None
    closed_until: datetime | None = None


def listed(
    connection: Connection, chosen: Filter, limit: int, cursor: str | None
) -> tuple[Sequence[RowMapping], str | None]:
    """One page of requests and the cursor of the next (None at the end). Raises ``cursor-invalid``."""
    query = _filtered(select(_TICKET).where(_TICKET.c.kind == "request"), chosen)
    order = tuple_(_TICKET.c.received_at, _TICKET.c.id)
    if cursor is not None:
        last = tuple_(*(bindparam(None, value) for value in cursors.decode(cursor)))
        query = query.where(order < last if chosen.newest_first else order > last)
    columns = (_TICKET.c.received_at, _TICKET.c.id)
    query = query.order_by(*(c.desc() if chosen.newest_first else c.asc() for c in columns)).limit(limit + 1)
    rows = connection.execute(query).mappings().all()
    if len(rows) <= limit:
        return rows, None
    last_row = rows[limit - 1]
    return rows[:limit], cursors.encode(last_row["received_at"], last_row["id"])


def newest(connection: Connection, chosen: Filter, most: int) -> list[UUID]:
    """Which requests the filter finds, the newest ``most`` of them at most."""
    query = _filtered(select(_TICKET.c.id).where(_TICKET.c.kind == "request"), chosen)
    order = (_TICKET.c.received_at.desc(), _TICKET.c.id.desc())
    return list(connection.execute(query.order_by(*order).limit(most)).scalars())


def searched(connection: Connection, client_ids: Sequence[UUID], q: str, most: int = 500) -> tuple[UUID, ...]:
    """Requests by the beginnings of words of number, subject and requester, the newest first."""
    hits = connection.exec_driver_sql("select id from search_ticket(%s, %s, %s)", (list(client_ids), q, most))
    return tuple(row.id for row in hits)


def _filtered(query: Select[Any], chosen: Filter) -> Select[Any]:
    if len(chosen.client_ids) == 1:
        query = query.where(_TICKET.c.client_id == chosen.client_ids[0])
    else:
        query = query.where(_TICKET.c.client_id.in_(chosen.client_ids))
    if chosen.states:
        query = query.where(_TICKET.c.state.in_(chosen.states))
    if chosen.stages:
        query = query.where(_TICKET.c.stage.in_(chosen.stages))
    if chosen.service_line is not None:
        query = query.where(_TICKET.c.service_line == chosen.service_line)
    if chosen.line_undecided:
        query = query.where(_TICKET.c.service_line.is_(None))
    if chosen.priority is not None:
        query = query.where(_TICKET.c.priority == chosen.priority)
    if chosen.found is not None:
        query = query.where(_TICKET.c.id.in_(chosen.found))
    if chosen.sla_states:
        query = query.where(_TICKET.c.sla_state.in_(chosen.sla_states))
    if chosen.desk is not None:
        query = query.where(_TICKET.c.desk == chosen.desk)
    # Said even where the states say it already: the indexes over open requests are found by these words.
    if chosen.open_only or (chosen.states and OPEN_STATES.issuperset(chosen.states)):
        query = query.where(_TICKET.c.closed_at.is_(None))
    for column, since, until in (
        (_TICKET.c.received_at, chosen.since, chosen.until),
        (_TICKET.c.closed_at, chosen.closed_since, chosen.closed_until),
    ):
        if since is not None:
            query = query.where(column >= since)
        if until is not None:
            query = query.where(column < until)
    return query


def counts(connection: Connection, chosen: Filter) -> dict[str, int]:
    """How many requests of the filter are in each stage."""
    query = _filtered(select(_TICKET.c.stage, func.count()).where(_TICKET.c.kind == "request"), chosen)
    return {row[0]: row[1] for row in connection.execute(query.group_by(_TICKET.c.stage))}


def counted(connection: Connection, chosen: Filter, most: int) -> int:
    """How many requests the filter finds, but never more than ``most`` + 1: a list that says "more than"
    answers as fast over a million requests as over a hundred."""
    rows = _filtered(select(_TICKET.c.id).where(_TICKET.c.kind == "request"), chosen).limit(most + 1)
    return int(connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one())


def get(connection: Connection, ticket_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """One ticket; ``lock`` keeps others from changing it until the transaction ends."""
    query = select(_TICKET).where(_TICKET.c.id == ticket_id)
    return connection.execute(query.with_for_update() if lock else query).mappings().first()


def clocks_of(connection: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, RowMapping]:
    """The turnaround clock of each of these tickets in its present life."""
    rows = connection.exec_driver_sql(
        "select c.* from ticket_clock c join ticket t on t.id = c.ticket_id and t.client_id = c.client_id"
        " where c.ticket_id = any(%s) and c.kind = %s and c.life = t.life",
        (list(ticket_ids), TURNAROUND),
    ).mappings()
    return {row["ticket_id"]: row for row in rows}


def numbers_of(connection: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, RowMapping]:
    """Number, subject and state of these tickets."""
    query = select(_TICKET.c.id, _TICKET.c.number, _TICKET.c.subject, _TICKET.c.state)
    rows = connection.execute(query.where(_TICKET.c.id.in_(list(ticket_ids)))).mappings()
    return {row["id"]: row for row in rows}


def by_number(connection: Connection, client_id: UUID, number: str) -> RowMapping | None:
    """One ticket of a client by the number people quote."""
    query = select(_TICKET).where(_TICKET.c.client_id == client_id, _TICKET.c.number == number)
    return connection.execute(query).mappings().first()


def state_of(row: RowMapping) -> TicketState:
    """The ticket as rules read it."""
    return TicketState(**{name: row[name] for name in _STATE_FIELDS})


@dataclass(frozen=True)
class Tree:
    """Everything of one request but its documents, tasks, checks and events, which have files of their
    own."""

    children: Sequence[RowMapping]
    clocks: Sequence[RowMapping]
    messages: Sequence[RowMapping]
    approvals: Sequence[RowMapping]
    usage: Sequence[RowMapping]
    links: Sequence[RowMapping]


def tree(connection: Connection, root_id: UUID) -> Tree:
    """The rows around a request, each list in the order things happened."""

    def of(model: type[SQLModel], *order: str, column: str = "ticket_id") -> Sequence[RowMapping]:
        table = _TABLES[str(model.__tablename__)]
        query = select(table).where(table.c[column] == root_id)
        return connection.execute(query.order_by(*(table.c[name] for name in order))).mappings().all()

    children = (
        connection.execute(
            select(_TICKET)
            .where(_TICKET.c.root_id == root_id, _TICKET.c.id != root_id)
            .order_by(_TICKET.c.recorded_at, _TICKET.c.id)
        )
        .mappings()
        .all()
    )
    link = _TABLES[str(TicketLink.__tablename__)]
    links = (
        connection.execute(
            select(link)
            .where((link.c.ticket_id == root_id) | (link.c.other_id == root_id))
            .order_by(link.c.created_at)
        )
        .mappings()
        .all()
    )
    return Tree(
        children,
        of(TicketClock, "life", "kind"),
        of(Message, "received_at", "id"),
        of(Approval, "life", "round"),
        of(UsageEvent, "recorded_at", "id"),
        links,
    )


def approval_of(connection: Connection, ticket_id: UUID) -> RowMapping | None:
    """The newest version put before the client."""
    table = _TABLES[str(Approval.__tablename__)]
    query = (
        select(table)
        .where(table.c.ticket_id == ticket_id)
        .order_by(table.c.life.desc(), table.c.round.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()


def accepted_before(connection: Connection, approval: RowMapping) -> frozenset[str]:
    """Ids of the units that earlier versions of the same ticket were accepted by, as far as somebody named them."""
    table = _TABLES[str(Approval.__tablename__)]
    query = select(table.c.units).where(
        table.c.ticket_id == approval["ticket_id"], table.c.id != approval["id"]
    )
    said = connection.execute(query).scalars()
    return frozenset(unit for units in said for unit, choice in (units or {}).items() if choice == "accept")


class TicketEdits:
    """Changes people make to a ticket outside its stages, each in the trail."""

    def __init__(self, audit: AuditTrail, new_id: NewId) -> None:
        self._audit = audit
        self._new_id = new_id

    def set_subject(
        self, connection: Connection, row: RowMapping, subject: str, *, actor: Actor, at: datetime
    ) -> RowMapping:
        """Another subject; the old one stays in the trail."""
        if subject == row["subject"]:
            return row
        changed = (
            connection.execute(
                update(_TICKET)
                .where(_TICKET.c.id == row["id"])
                .values(subject=subject, row_version=_TICKET.c.row_version + 1)
                .returning(*_TICKET.c)
            )
            .mappings()
            .one()
        )
        person = row["requester_email"]
        # A subject is the requester's own words: it goes into the trail as theirs, so erasing them erases it.
        emit = (
            Emit(
                "ticket.edited",
                after={"changed": ["subject"]},
                subject=person,
                personal={"before": row["subject"], "after": subject},
            )
            if person
            else Emit("ticket.edited", before={"subject": row["subject"]}, after={"subject": subject})
        )
        self._record(connection, row, actor, at, emit)
        return changed

    def link(
        self,
        connection: Connection,
        row: RowMapping,
        other: RowMapping,
        kind: str,
        *,
        actor: Actor,
        at: datetime,
    ) -> RowMapping:
        """Tie two tickets of one client together; the same link twice is one. Raises ``link-to-itself``,
        ``link-across-clients``."""
        if other["id"] == row["id"]:
            raise DomainError("link-to-itself", number=row["number"])
        if other["client_id"] != row["client_id"]:
            raise DomainError("link-across-clients")
        table = _TABLES[str(TicketLink.__tablename__)]
        made = connection.exec_driver_sql(
            "insert into ticket_link (id, client_id, ticket_id, other_id, kind) values (%s, %s, %s, %s, %s)"
            " on conflict (ticket_id, other_id, kind) do nothing",
            (self._new_id(), row["client_id"], row["id"], other["id"], kind),
        ).rowcount
        if made:
            for one, two in ((row, other), (other, row)):
                self._record(
                    connection,
                    one,
                    actor,
                    at,
                    Emit(
                        "ticket.linked",
                        after={"other": two["number"], "kind": kind},
                        entity="ticket",
                        entity_id=str(two["id"]),
                    ),
                )
        return (
            connection.execute(
                select(table).where(
                    table.c.ticket_id == row["id"], table.c.other_id == other["id"], table.c.kind == kind
                )
            )
            .mappings()
            .one()
        )

    def reopen(
        self, connection: Connection, row: RowMapping, reason: str, *, actor: Actor, at: datetime
    ) -> RowMapping:
        """The ticket's next life: its new state, the trail and the start of its workflow. ``row`` must be
        locked."""
        verdict = reopening.decide(state_of(row), actor, reason, at, closure_terms(connection, row))
        life = verdict.facts["life"]
        for change in verdict.changes:
            match change:
                case SetTicket(values):
                    connection.execute(
                        update(_TICKET)
                        .where(_TICKET.c.id == row["id"])
                        .values(**values, row_version=_TICKET.c.row_version + 1)
                    )
                case Emit():
                    self._record(connection, row, actor, at, change)
                case _:
                    raise AssertionError(f"reopening does not {type(change).__name__}")
        payload = {"ticket_id": str(row["id"]), "client_id": str(row["client_id"]), "life": life}
        connection.execute(
            _TABLES[str(Outbox.__tablename__)].insert(),
            {
                "id": self._new_id(),
                "client_id": row["client_id"],
                "ticket_id": row["id"],
                "kind": "start",
                "key": f"start:{row['id']}:{life}",
                "payload": payload,
                "next_at": at,
            },
        )
        reopened = get(connection, row["id"])
        assert reopened is not None
        return reopened

    def _record(
        self, connection: Connection, row: RowMapping, actor: Actor, at: datetime, emit: Emit
    ) -> None:
        self._audit.record(
            connection,
            client_id=row["client_id"],
            ticket_id=row["id"],
            root_id=row["root_id"],
            at=at,
            actor=actor,
            emit=emit,
        )


def answer_survey(
    connection: Connection,
    audit: AuditTrail,
    survey_id: UUID,
    answers: dict[str, int | None],
    comment: str | None,
    person: str,
    *,
    at: datetime,
) -> Row[Any] | None:
    """Keep the answers to a survey, or None when there is no such survey. A second answer replaces the
    first. ``person`` is the address the question was mailed to."""
    row = connection.execute(
        text(
            "update survey set csat = :csat, ces = :ces, nps = :nps, comment = :comment, answered_at = :at"
            " where id = :id returning id, client_id, ticket_id, recipient, csat, ces, nps"
        ),
        {**answers, "comment": comment, "at": at, "id": survey_id},
    ).first()
    if row is None:
        return None
    scores = {name: value for name, value in answers.items() if value is not None}
    personal = {"answered_by": person, **({"comment": comment} if comment else {})}
    emit = Emit(
        "survey.answered",
        after=scores,
        entity="survey",
        entity_id=str(row.id),
        personal=personal,
        subject=person,
    )
    audit.record(
        connection,
        client_id=row.client_id,
        ticket_id=row.ticket_id,
        root_id=row.ticket_id,
        at=at,
        actor=Actor("customer", origin="link"),
        emit=emit,
    )
    return row


def closure_terms(connection: Connection, row: RowMapping) -> ClosureTerms:
    """What the ticket's contract says of reopening; the default where it has none yet."""
    table = _TABLES[str(Contract.__tablename__)]
    query = select(table.c.terms).where(
        table.c.client_id == row["client_id"], table.c.id == row["contract_id"]
    )
    stated = connection.execute(query).scalar_one_or_none()
    return Terms.from_json(stated or {}).closure
