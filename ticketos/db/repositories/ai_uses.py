"""Which AI is used for a client: its contracts, what changed in them, the engines that acted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

WINDOW = timedelta(days=90)
MOST_CHANGES = 200

_CONTRACTS = """
select id, number, name, service_line, status, starts_on, ends_on, terms from contract
 where client_id = :c and status <> 'draft' order by number"""

_SAVED = """
select entity_id, at, before -> 'terms' as was, after -> 'terms' as now from audit_event
 where client_id = :c and event = 'admin.contract_saved' and before ? 'terms' and after ? 'terms'
   and coalesce(before -> 'terms' -> 'ai', '{}') <> coalesce(after -> 'terms' -> 'ai', '{}')
 order by seq desc limit :most"""

_ENGINES = """
select 'triage' as action, after ->> 'engine' as engine, count(*) as acts, max(at) as last_at from audit_event
 where client_id = :c and event in ('ticket.triaged', 'ticket.triage_needed') and at >= :since and after ? 'engine'
 group by 2
union all
select 'reading', engine, count(*), max(received_at) from document
 where client_id = :c and engine is not null and received_at >= :since group by 2
 order by 1, 3 desc"""


def contracts(connection: Connection, client_id: UUID) -> Sequence[RowMapping]:
    """The client's contracts, drafts apart, by number."""
    return connection.execute(text(_CONTRACTS), {"c": client_id}).mappings().all()


def changes(connection: Connection, client_id: UUID) -> Mapping[UUID, list[tuple[datetime, Any, Any]]]:
    """Changes of AI's terms by contract, the newest first: when, the terms before, the terms after."""
    found: dict[UUID, list[tuple[datetime, Any, Any]]] = {}
    for entity, at, was, now in connection.execute(text(_SAVED), {"c": client_id, "most": MOST_CHANGES}):
        found.setdefault(UUID(entity), []).append((at, was, now))
    return found


def engines(connection: Connection, client_id: UUID, now: datetime) -> Sequence[RowMapping]:
    """Engines that acted in the window before ``now``, by action."""
    return connection.execute(text(_ENGINES), {"c": client_id, "since": now - WINDOW}).mappings().all()
