# ruff: noqa: S608 (statements are put together from column names of our own, never from values)
"""The rows of a request's tree: numbered by letter, found by key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ticketos.db.repositories import rows
from ticketos.domain import changes as c
from ticketos.domain.errors import DomainError
from ticketos.domain.state import TicketState

if TYPE_CHECKING:
    from ticketos.db.repositories.apply import Writer

_INSERT = """insert into ticket (id, client_id, root_id, number, kind, life, seq, stage, state, progress,
  round, channel, subject, service_line, ticket_type, priority, language, sentiment, contract_id, team, desk,
  owner_id, sla_state, documents_total, documents_done, detail, received_at, started_at, closed_at,
  row_version, document_class)
  values (%s, %s, %s, %s, %s, %s, 0, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
  'on_track', 0, 0, %s, %s, %s, %s, 1, %s)"""

_UPDATE = """update ticket set subject = %s, state = %s, owner_id = %s, desk = %s, detail = %s,
  closed_at = %s, stage = %s, round = %s, seq = seq + 1, row_version = row_version + 1
  where client_id = %s and root_id = %s and id = %s"""


def write_sub_tickets(writer: Writer, changes: Sequence[c.SubTicket]) -> None:
    """Open or update rows of the tree. An owner or desk left None stays as it is; `detail` is merged.

    Raises ``sub-ticket-letter-missing`` for a new row without a letter.
    """
    request = writer.ticket
    known = _known(writer)
    merged = _merged(changes)
    numbers = _numbers(writer, [change for change in merged if change.key not in known])
    new: dict[str, list[Any]] = {}
    changed: dict[str, list[Any]] = {}
    for change in merged:
        state = known.get(change.key)
        if state is None:
            new[change.key] = _new_row(request, change, numbers[change.key], writer)
        else:
            changed[change.key] = [
                change.subject,
                change.state,
                change.owner_id or state.owner_id,
                change.desk or state.desk,
                rows.jsonb({**state.detail, **change.detail}),
                change.closed_at,
                request.stage,
                request.round,
                request.client_id,
                request.id,
                state.id,
            ]
    if new:
        writer.many(_INSERT, new.values())
    if changed:
        writer.many(_UPDATE, changed.values())


def _merged(changes: Sequence[c.SubTicket]) -> list[c.SubTicket]:
    """One change per key: the later, with the details of all and the owner, desk and letter last named."""
    found: dict[str, c.SubTicket] = {}
    for change in changes:
        earlier = found.get(change.key)
        found[change.key] = (
            change
            if earlier is None
            else c.SubTicket(
                change.key,
                change.letter or earlier.letter,
                change.kind,
                change.subject,
                change.state,
                change.owner_id or earlier.owner_id,
                change.desk or earlier.desk,
                {**earlier.detail, **change.detail},
                change.closed_at,
            )
        )
    return list(found.values())


def _known(writer: Writer) -> dict[str, TicketState]:
    columns = rows.columns(TicketState, "t")
    found = writer.sql.execute(
        f"select {columns} from ticket t where t.client_id = %s and t.root_id = %s and t.id <> t.root_id",
        writer.here,
    ).fetchall()
    return {str(state.detail["key"]): state for state in map(rows.ticket, found)}


def _numbers(writer: Writer, opened: Sequence[c.SubTicket]) -> dict[str, str]:
    """The number of each new row, by key: the request's, a letter, and how many it has of that letter."""
    if not opened:
        return {}
    for change in opened:
        if not change.letter:
            raise DomainError("sub-ticket-letter-missing", key=change.key)
    wanted = Counter(change.letter for change in opened)
    row = writer.sql.execute(
        "update ticket set sub_counter = sub_counter || (select jsonb_object_agg(w.letter,"
        " coalesce((sub_counter ->> w.letter)::int, 0) + w.count) from unnest(%s::text[], %s::int[])"
        " as w (letter, count)) where client_id = %s and id = %s returning sub_counter",
        [list(wanted), list(wanted.values()), *writer.here],
    ).fetchone()
    if row is None:
        raise DomainError("ticket-unknown", ticket=str(writer.ticket.id))
    last = {letter: int(row[0][letter]) - count for letter, count in wanted.items()}
    numbers: dict[str, str] = {}
    for change in opened:
        last[change.letter] += 1
        numbers[change.key] = f"{writer.ticket.number}-{change.letter}{last[change.letter]}"
    return numbers


def _new_row(request: TicketState, change: c.SubTicket, number: str, writer: Writer) -> list[Any]:
    sub_id: UUID = writer.new_id()
    return [
        sub_id,
        request.client_id,
        request.id,
        number,
        change.kind,
        request.life,
        request.stage,
        change.state,
        request.progress,
        request.round,
        request.channel,
        change.subject,
        request.service_line,
        request.ticket_type,
        request.priority,
        request.language,
        request.sentiment,
        request.contract_id,
        request.team,
        change.desk or request.desk,
        change.owner_id,
        rows.jsonb({**change.detail, "key": change.key}),
        writer.now,
        writer.now,
        change.closed_at,
        request.document_class,
    ]
