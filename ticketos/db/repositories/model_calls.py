"""Questions to models outside: set aside before, settled after, and told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from ticketos.db.repositories import rows
from ticketos.domain import changes as c

if TYPE_CHECKING:
    from ticketos.db.repositories.apply import Writer


def reserve_calls(writer: Writer, changes: Sequence[c.ReserveCall]) -> None:
    """Set the most that each can cost aside."""
    writer.many(
        "insert into model_call (id, client_id, contract_id, ticket_id, document_id, action, engine, model, endpoint,"
        " prompt, input_sha256, redacted, month, currency, reserved, outcome, asked_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'asked', %s)",
        (
            (
                it.id,
                writer.ticket.client_id,
                it.contract_id,
                writer.ticket.id,
                it.document_id,
                it.call.action,
                it.call.engine,
                it.call.model[:200],
                it.call.endpoint[:300],
                it.call.prompt,
                it.call.input_sha256,
                rows.jsonb(dict(it.call.redacted)),
                it.month,
                it.call.currency,
                it.call.most,
                writer.now,
            )
            for it in changes
        ),
    )


def settle_calls(writer: Writer, changes: Sequence[c.SettleCall]) -> None:
    """Put what each cost in the place of what was set aside; unknown, that stays counted."""
    writer.many(
        "update model_call set cost = %s, tokens_in = %s, tokens_out = %s, outcome = %s, seconds = %s, answered_at = %s"
        " where client_id = %s and id = %s and answered_at is null",
        (
            (
                it.end.cost,
                it.end.tokens_in,
                it.end.tokens_out,
                it.end.outcome,
                it.end.seconds,
                writer.now,
                writer.ticket.client_id,
                it.id,
            )
            for it in changes
        ),
    )


def by_month(connection: Connection, contract_id: UUID, months: int = 12) -> Sequence[RowMapping]:
    """Per month, model and currency, the newest first: ``month``, ``model``, ``endpoint``, ``currency``, ``calls``,
    ``answered``, ``spent`` (what is set aside included)."""
    return (
        connection.execute(
            text(
                "select month, model, endpoint, currency, count(*) calls,"
                " count(*) filter (where outcome = 'answered') answered, sum(coalesce(cost, reserved)) spent"
                " from model_call where contract_id = :contract and month in (select distinct month from model_call"
                " where contract_id = :contract order by month desc limit :months)"
                " group by month, model, endpoint, currency order by month desc, currency, model, endpoint"
            ),
            {"contract": contract_id, "months": months},
        )
        .mappings()
        .all()
    )
