"""The statements by which a message is taken in."""

from __future__ import annotations

from psycopg import sql
from sqlalchemy import Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlmodel import SQLModel

from ticketos.db.audit_form import INSERT_NAMED
from ticketos.db.tables.documents import Document
from ticketos.db.tables.steps import Outbox
from ticketos.db.tables.tickets import Message, Ticket, TicketLink
from ticketos.domain.intake import NUMBER_DIGITS

FACTS = """
select c.prefix, c.zone, c.status,
       (select m.ticket_id from message m
         where m.client_id = c.id and m.channel = %s and m.direction = 'in' and m.external_id = %s),
       k.id, k.wrapped_key
  from client c
  left join subject_key k on k.client_id = c.id and k.subject = %s and k.wrapped_key is not null
 where c.id = %s"""

SIGNED = "select id, state, subject from ticket where id = %s and client_id = %s and kind = 'request'"

REFERENCED = """
select t.id, t.state, t.subject from message m join ticket t on t.client_id = m.client_id and t.id =
m.ticket_id where m.client_id = %s and m.external_id = any(%s) order by m.received_at desc limit 1"""

_COUNT = """
insert into ticket_counter (client_id, fiscal_year, next) values (%(ticket_client_id)s, %(fiscal_year)s, 2)
on conflict (client_id, fiscal_year) do update set next = ticket_counter.next + 1
returning (next - 1)::text as taken"""

_TABLES = SQLModel.metadata.tables
TICKET, _MESSAGE, _OUTBOX, DOCUMENT, LINK = (
    _TABLES[str(model.__tablename__)] for model in (Ticket, Message, Outbox, Document, TicketLink)
)


def _insert(table: Table, *names: str, **computed: str) -> str:
    """An insert of these columns, as ``%(table_column)s`` or as computed by SQL; the others get the defaults
    the table declares."""
    fixed = {
        column.name: str(sql.Literal(column.default.arg).as_string(None))
        for column in table.c
        if column.name not in (*names, *computed) and isinstance(column.default, ScalarElementColumnDefault)
    }
    values = [*(f"%({table.name}_{name})s" for name in names), *computed.values(), *fixed.values()]
    columns = (*names, *computed, *fixed)
    return f"insert into {table.name} ({', '.join(columns)}) values ({', '.join(values)})"  # noqa: S608


MESSAGE_INSERT = _insert(
    _MESSAGE,
    "id",
    "client_id",
    "ticket_id",
    "direction",
    "channel",
    "external_id",
    "sender",
    "recipient",
    "subject",
    "body",
    "headers",
    "sent_at",
    "received_at",
)
OUTBOX_INSERT = _insert(_OUTBOX, "id", "client_id", "ticket_id", "key", "kind", "payload", "next_at")
_NUMBER = f"(select %(number_stem)s || lpad(taken, greatest(length(taken), {NUMBER_DIGITS}), '0') from c)"  # noqa: S608
_TICKET_INSERT = _insert(
    TICKET,
    "id",
    "client_id",
    "root_id",
    "stage",
    "progress",
    "channel",
    "subject",
    "requester_name",
    "requester_email",
    "priority",
    "desk",
    "next_action",
    "next_at",
    "documents_total",
    "detail",
    "received_at",
    number=_NUMBER,
)
OPEN_TICKET = (  # built of constants alone
    f"with c as ({_COUNT}), t as ({_TICKET_INSERT} returning *), m as ({MESSAGE_INSERT}),"  # noqa: S608
    f" o as ({OUTBOX_INSERT}), e as ({INSERT_NAMED}) select * from t"
)
"""One message to the server for the number and the four rows every request has."""
