"""What learning keeps: readings people were asked about, and the memory of suppliers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ticketos.db.repositories import rows
from ticketos.domain import changes as c

if TYPE_CHECKING:
    from ticketos.db.repositories.apply import Writer


def keep_readings(writer: Writer, changes: Sequence[c.KeepReading]) -> None:
    """Keep what was read, once a document: a document read again replaces it as long as nobody learnt from it."""
    writer.many(
        "insert into kept_reading (client_id, document_id, words, unaided, shown, versions, at)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict (client_id, document_id) do update set"
        " words = excluded.words, unaided = excluded.unaided, shown = excluded.shown,"
        " versions = excluded.versions, at = excluded.at where kept_reading.learnt_at is null",
        (
            (
                writer.ticket.client_id,
                it.document_id,
                rows.jsonb(list(it.words)),
                rows.jsonb(dict(it.unaided)),
                rows.jsonb(dict(it.shown)),
                rows.jsonb(dict(it.versions)),
                writer.now,
            )
            for it in changes
        ),
    )


def learn_readings(writer: Writer, changes: Sequence[c.LearnReading]) -> None:
    """Note what a person made of a reading, and put the supplier's memory in its place."""
    writer.many(
        "update kept_reading set vendor_key = %s, final = %s, seen = %s, learnt_at = %s"
        " where client_id = %s and document_id = %s",
        (
            (
                it.vendor_key,
                rows.jsonb(dict(it.final)),
                rows.jsonb(list(it.seen)),
                it.at,
                writer.ticket.client_id,
                it.document_id,
            )
            for it in changes
        ),
    )
    writer.many(
        "insert into supplier_memory (client_id, vendor_key, memory, papers, updated_at) values (%s, %s, %s, %s, %s)"
        " on conflict (client_id, vendor_key) do update set memory = excluded.memory, papers = excluded.papers,"
        " updated_at = excluded.updated_at",
        (
            (
                writer.ticket.client_id,
                it.vendor_key,
                rows.jsonb(dict(it.memory)),
                int(it.memory["papers"]),
                it.at,
            )
            for it in sorted(changes, key=lambda change: change.vendor_key)
        ),
    )
