"""Seals of the audit trail: each batch of a client's events under one Merkle root, chained by hash.

A batch holds the client's events of a range of transaction numbers: from where the last seal ended up to the
oldest transaction still running. Everything below that mark is committed or gone for ever, so a batch can
miss nothing and nothing can be added to it later; no writer waits for the sealer. The bounds in
`proof.Seal` are places in that order: transaction number × 2²⁴. A leaf is the event's `seq` and `hash`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ticketos.crypto import Keyring
from ticketos.db.session import Database
from ticketos.db.verification import Head, Report, bounds, leaf, stored_seal, verify
from ticketos.domain import proof
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import Now

BATCH = 10_000
"""Events of a batch, unless one transaction wrote more."""

HEAD_KIND = "ticketos.audit-head.1"

_LOCK = 7_301_884_210_002

_DUE = """
select c.id, s.number, s.upto_xid, s.hash
from client c
left join lateral (select number, upto_xid, hash from audit_seal
                   where client_id = c.id order by number desc limit 1) s on true
where exists (select from audit_event e
              where e.client_id = c.id and e.xid >= coalesce(s.upto_xid, 0) and e.xid < %(horizon)s)
   or s.upto_xid > %(horizon)s
"""
_SEAL = """
insert into audit_seal (client_id, number, events, upto_xid, root, previous, hash, sealed_at)
values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_NEWEST = "select number, hash, sealed_at from audit_seal where client_id = %s order by number desc limit 1"
_NEWEST_MONEY = "select number, hash from money_link where client_id = %s order by number desc limit 1"
_BATCH = """
select id, seq, hash, xid from audit_event where client_id = %s and xid >= %s and xid < %s
order by xid, seq limit %s
"""


class Sealer:
    """Seals what is due. Several may run: one at a time does the work, the others find nothing to do."""

    def __init__(self, database: Database, now: Now) -> None:
        self._database = database
        self._now = now

    def seal_once(self) -> int:
        """Seal every event older than all running transactions; returns how many.

        Raises DomainError("trail-ahead-of-database"), after sealing all other clients, when a client's last
        seal names transactions this database has not reached: the rows were copied into a younger cluster.
        """
        ahead: list[str] = []
        sealed = 0
        with self._database.system() as connection:
            if not connection.exec_driver_sql("select pg_try_advisory_xact_lock(%s)", (_LOCK,)).scalar_one():
                return 0
            horizon = oldest_running(connection)
            for due in connection.exec_driver_sql(_DUE, {"horizon": horizon}).all():
                if (due.upto_xid or 0) > horizon:
                    ahead.append(str(due.id))
                else:
                    sealed += self._seal_client(connection, due, horizon)
        if ahead:
            raise DomainError("trail-ahead-of-database", clients=ahead, transaction=horizon)
        return sealed

    def _seal_client(self, connection: Connection, due: Any, horizon: int) -> int:
        last = None if due.number is None else stored_seal(due.id, due)
        start, sealed = due.upto_xid or 0, 0
        while rows := self._next(connection, due.id, start, horizon):
            end = horizon if len(rows) < BATCH else rows[-1].xid + 1
            rows = sorted(rows, key=lambda row: row.seq)
            leaves = [leaf(row.seq, bytes(row.hash)) for row in rows]
            last = proof.seal(last, str(due.id), *bounds(start, end), leaves)
            ids = [row.id for row in rows]
            values = (due.id, last.number, ids, end, last.root, last.previous, last.hash, self._now())
            connection.exec_driver_sql(_SEAL, values)
            start, sealed = end, sealed + len(rows)
        return sealed

    def _next(self, connection: Connection, client_id: UUID, start: int, horizon: int) -> Sequence[Any]:
        """The next events, whole transactions only: BATCH or more when there is more to come, else fewer."""
        rows = connection.exec_driver_sql(_BATCH, (client_id, start, horizon, BATCH)).all()
        if len(rows) < BATCH:
            return rows
        last = rows[-1].xid
        return [row for row in rows if row.xid < last] + list(
            connection.exec_driver_sql(_BATCH, (client_id, last, last + 1, None)).all()
        )

    def verify(self, clients: Collection[UUID] | None = None, heads: Sequence[Head] = ()) -> Report:
        """Check the trails of `clients` (None: all) in one snapshot, without any key; see `verification`."""
        with self._database.system() as connection:
            connection.exec_driver_sql("set transaction isolation level repeatable read, read only")
            connection.exec_driver_sql("set local statement_timeout = 0")
            known = connection.exec_driver_sql("select id, slug from client order by slug").all()
            wanted = [(row.id, row.slug) for row in known if clients is None or row.id in clients]
            return verify(connection, wanted, heads)

    def export_head(self, client: str, keyring: Keyring) -> dict[str, object]:
        """The newest seal and money link of a client (slug), signed. Kept outside, it shows later whether the
        trail was cut off or rewritten as a whole. Raises DomainError: client-unknown, trail-not-sealed."""
        with self._database.system() as connection:
            client_id = client_of(connection, client)
            newest = connection.exec_driver_sql(_NEWEST, (client_id,)).first()
            money = connection.exec_driver_sql(_NEWEST_MONEY, (client_id,)).first()
        if newest is None:
            raise DomainError("trail-not-sealed", client=client)
        head: dict[str, object] = {
            "kind": HEAD_KIND,
            "client": client,
            "client_id": str(client_id),
            "number": newest.number,
            "hash": bytes(newest.hash).hex(),
            "sealed_at": _instant(newest.sealed_at),
            "money_number": money.number if money else 0,
            "money_hash": bytes(money.hash).hex() if money else "",
            "exported_at": _instant(self._now()),
            "public_key": keyring.public_key().hex(),
        }
        return head | {"signature": keyring.sign(proof.canonical(head)).hex()}


def check_head(source: Path | Mapping[str, object], keyring: Keyring) -> Head:
    """An exported head whose signature holds. Raises DomainError: head-unreadable, head-signature-invalid."""
    try:
        content: dict[str, Any] = dict(
            json.loads(source.read_text("utf-8")) if isinstance(source, Path) else source
        )
        signature = bytes.fromhex(content.pop("signature"))
        head = Head(
            content["client"],
            UUID(content["client_id"]),
            int(content["number"]),
            bytes.fromhex(content["hash"]),
            int(content["money_number"]),
            bytes.fromhex(content["money_hash"]),
            content["exported_at"],
        )
        signed = content["kind"] == HEAD_KIND and keyring.signed(proof.canonical(content), signature)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DomainError) as error:
        raise DomainError("head-unreadable", why=type(error).__name__) from error
    if not signed:
        raise DomainError("head-signature-invalid", client=head.client)
    return head


def client_of(connection: Connection, slug: str) -> UUID:
    """The id of the client with this slug. Raises DomainError("client-unknown")."""
    found = connection.exec_driver_sql("select id from client where slug = %s", (slug,)).scalar()
    if not isinstance(found, UUID):
        raise DomainError("client-unknown", client=slug)
    return found


def oldest_running(connection: Connection) -> int:
    """Number of the oldest transaction still running: all below are committed or gone."""
    return int(
        connection.exec_driver_sql("select pg_snapshot_xmin(pg_current_snapshot())::text").scalar_one()
    )


def _instant(at: datetime) -> str:
    return str(json.loads(proof.canonical(at)))
