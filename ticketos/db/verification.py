"""Checks the audit trail from what the tables hold, without any key, and names the first broken link in words."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ticketos.db.audit import COVERED, hash_of, money_hash
from ticketos.domain import proof
from ticketos.domain.errors import DomainError

_PLACES = 1 << 24  # events one transaction can have at most, in the order of the trail
_STREAM = {"stream_results": True, "yield_per": 2_000}
_EVENTS = """
select schema_version, id, client_id, at, event, actor_kind, actor_id, origin, ticket_id, root_id, entity,
       entity_id, subject_id, before::text, after::text, personal, why, money, hash, seq, xid
from audit_event where client_id = %s order by xid, seq
"""
_SEALS = "select number, events, upto_xid, root, previous, hash from audit_seal where client_id = %s order by number"
_MONEY = """
select m.number, m.event_id, m.event_hash, m.previous, m.hash, e.hash as written, e.money
from money_link m left join audit_event e on e.id = m.event_id and e.client_id = m.client_id
where m.client_id = %s order by m.number
"""
_UNCHAINED = """
select e.id, e.event, e.at from audit_event e left join money_link m on m.event_id = e.id and m.client_id = e.client_id
where e.client_id = %s and e.money and m.event_id is null order by e.seq limit 1
"""


@dataclass(frozen=True)
class Head:
    """The state of a client's trail at one moment, checked to be signed by this installation."""

    client: str
    client_id: UUID
    number: int
    hash: bytes
    money_number: int
    money_hash: bytes
    exported_at: str


@dataclass(frozen=True)
class Broken:
    """One broken link: `chain` is seals, money, head or waiting (not yet sealed); `number` the batch or money
    link; `words` tell a person what differs."""

    client: str
    chain: str
    number: int | None
    event_id: UUID | None
    reason: str
    words: str


@dataclass(frozen=True)
class ClientReport:
    """What was found for one client. `events` were looked at (sealed and waiting) until the first broken link."""

    client: str
    events: int
    batches: int
    money_links: int
    waiting: int
    oldest_waiting: datetime | None
    head: str | None
    broken: Broken | None


@dataclass(frozen=True)
class Report:
    """The outcome of a verification; `seconds` of wall time."""

    clients: tuple[ClientReport, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """No link is broken."""
        return self.first is None

    @property
    def first(self) -> Broken | None:
        """The first broken link found."""
        return next((client.broken for client in self.clients if client.broken), None)

    @property
    def events(self) -> int:
        """Events whose hash was computed anew."""
        return sum(client.events for client in self.clients)

    @property
    def events_per_s(self) -> float:
        """Events checked per second."""
        return self.events / self.seconds if self.seconds else 0.0


def verify(connection: Connection, clients: Sequence[tuple[UUID, str]], heads: Sequence[Head] = ()) -> Report:
    """Check the trails of these clients (id, slug), in one snapshot; `heads` are exported ones to hold against."""
    started = time.perf_counter()
    reports = tuple(_Check(connection, client_id, slug).run(heads) for client_id, slug in clients)
    return Report(reports, time.perf_counter() - started)


def leaf(seq: int, event_hash: bytes) -> bytes:
    """What a seal covers of an event: where the database put it, and its hash."""
    return seq.to_bytes(8, "big") + event_hash


def bounds(from_xid: int, upto_xid: int) -> tuple[int, int]:
    """First and last place of a batch in the order of the trail; `upto_xid` itself is outside."""
    return from_xid * _PLACES, upto_xid * _PLACES - 1


def stored_seal(client_id: UUID, row: Any) -> proof.Seal:
    """A row of `audit_seal` as far as the seal after it needs it: number, end and hash."""
    end = bounds(0, row.upto_xid)[1]
    return proof.Seal(str(client_id), row.number, 0, end, 0, b"", b"", bytes(row.hash))


class _BrokenError(Exception):
    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.words)
        self.broken = broken


class _Check:
    """One client's trail, read once from front to back; a batch at a time is in memory."""

    def __init__(self, connection: Connection, client_id: UUID, slug: str) -> None:
        self._connection = connection
        self._client_id = client_id
        self._slug = slug
        self._events = self._batches = self._money = self._waiting = 0
        self._oldest: datetime | None = None
        self._head: proof.Seal | None = None

    def run(self, heads: Sequence[Head]) -> ClientReport:
        kept = {head.number: head for head in heads if head.client_id == self._client_id}
        broken: Broken | None = None
        try:
            events = _Ahead(self._stream(_EVENTS))
            for row in self._stream(_SEALS):
                self._seal(row, events, kept)
            for head in kept.values():
                self._fail(
                    "head",
                    head.number,
                    None,
                    "head-removed",
                    f"the head exported at {head.exported_at} names batch {head.number}, but the trail ends"
                    f" with batch {self._batches}: seals were removed from its end",
                )
            self._unsealed(events)
            self._money_chain([head for head in heads if head.client_id == self._client_id])
        except _BrokenError as error:
            broken = error.broken
        return ClientReport(
            self._slug,
            self._events,
            self._batches,
            self._money,
            self._waiting,
            self._oldest,
            self._head.hash.hex() if self._head else None,
            broken,
        )

    def _seal(self, row: Any, events: _Ahead, kept: dict[int, Head]) -> None:
        number, last = row.number, self._head
        expected = 1 if last is None else last.number + 1
        if number != expected:
            self._fail(
                "seals",
                expected,
                None,
                "seal-missing",
                f"batch {expected} is missing: batch {number} comes next",
            )
        if bytes(row.previous) != (b"" if last is None else last.hash):
            self._fail(
                "seals",
                number,
                None,
                "link-broken",
                f"batch {number} does not continue batch {number - 1}: the hash it names is another",
            )
        start = 0 if last is None else (last.last_seq + 1)
        found = events.below(row.upto_xid)
        for event in found:
            self._event(event, "seals", number)
        self._same_events(
            number, [event.id for event in sorted(found, key=lambda event: event.seq)], row.events
        )
        leaves = [leaf(event.seq, bytes(event.hash)) for event in sorted(found, key=lambda event: event.seq)]
        if proof.merkle_root(leaves) != bytes(row.root):
            self._fail(
                "seals",
                number,
                None,
                "root-differs",
                f"batch {number} does not give its sealed root: an event of it was rewritten together with"
                " its hash or moved to another sequence number, or the root itself was changed",
            )
        end = bounds(0, row.upto_xid)[1]
        if not leaves or end < start or self._sealed(last, start, end, leaves) != bytes(row.hash):
            self._fail(
                "seals",
                number,
                None,
                "seal-changed",
                f"the seal of batch {number} was changed: its content no longer gives its hash",
            )
        head = kept.pop(number, None)
        if head is not None and head.hash != bytes(row.hash):
            self._fail(
                "head",
                number,
                None,
                "head-differs",
                f"batch {number} is not the one that was exported at {head.exported_at}: the chain was rewritten",
            )
        self._batches, self._head = number, stored_seal(self._client_id, row)

    def _sealed(self, last: proof.Seal | None, start: int, end: int, leaves: Sequence[bytes]) -> bytes:
        return proof.seal(last, str(self._client_id), start, end, leaves).hash

    def _event(self, row: Any, chain: str, number: int | None) -> None:
        self._events += 1
        fields = dict(zip(COVERED, row, strict=False))
        fields["before"], fields["after"] = _parsed(row.before), _parsed(row.after)
        try:
            same = hash_of(fields) == bytes(row.hash)
        except DomainError:  # a value no event was ever written with
            same = False
        if not same:
            where = f"batch {number}: " if number else "not sealed yet: "
            self._fail(
                chain,
                number,
                row.id,
                "event-changed",
                f"{where}{_named(row)} was changed after it was written: its content no longer gives its hash",
            )

    def _same_events(self, number: int, found: Sequence[UUID], sealed: Sequence[UUID]) -> None:
        if found == list(sealed):
            return
        present, expected = set(found), set(sealed)
        for event_id in sealed:
            if event_id not in present:
                self._removed(number, event_id)
        for event_id in found:
            if event_id not in expected:
                self._fail(
                    "seals",
                    number,
                    event_id,
                    "event-added",
                    f"batch {number}: event {event_id} was added after sealing, or the end of the batch was moved",
                )
        moved = next(one for one, other in zip(sealed, found, strict=False) if one != other)
        self._fail(
            "seals",
            number,
            moved,
            "event-reordered",
            f"batch {number}: event {moved} is no longer in its place: sequence numbers were changed",
        )

    def _removed(self, number: int, event_id: UUID) -> None:
        still = self._connection.exec_driver_sql(
            "select client_id, xid from audit_event where id = %s", (event_id,)
        ).first()
        if still is None:
            self._fail(
                "seals", number, event_id, "event-removed", f"batch {number}: event {event_id} was deleted"
            )
        self._fail(
            "seals",
            number,
            event_id,
            "event-moved",
            f"batch {number}: event {event_id} is no longer in it: its client or transaction number, or the end of the batch, was changed",
        )

    def _unsealed(self, events: _Ahead) -> None:
        newest = int(
            self._connection.exec_driver_sql(
                "select pg_snapshot_xmax(pg_current_snapshot())::text"
            ).scalar_one()
        )
        for row in events.rest():
            self._event(row, "waiting", None)
            if row.xid >= newest:
                self._fail(
                    "waiting",
                    None,
                    row.id,
                    "event-from-nowhere",
                    f"not sealed yet: {_named(row)} names transaction {row.xid}, which has not happened",
                )
            self._waiting += 1
            self._oldest = row.at if self._oldest is None else min(self._oldest, row.at)

    def _money_chain(self, heads: Sequence[Head]) -> None:
        kept = {head.money_number: head for head in heads if head.money_number}
        previous = b""
        for row in self._stream(_MONEY):
            self._money += 1
            number = self._money
            if row.number != number:
                self._fail(
                    "money",
                    number,
                    None,
                    "link-missing",
                    f"money act {number} is missing: {row.number} comes next",
                )
            if row.written is None or not row.money:
                self._fail(
                    "money",
                    number,
                    row.event_id,
                    "event-removed",
                    f"money act {number}: its event {row.event_id} was deleted or is no money act any more",
                )
            own = money_hash(self._client_id, number, row.event_id, bytes(row.written), previous)
            if (bytes(row.event_hash), bytes(row.previous), bytes(row.hash)) != (
                bytes(row.written),
                previous,
                own,
            ):
                self._fail(
                    "money",
                    number,
                    row.event_id,
                    "link-changed",
                    f"money act {number}: its link does not follow from its event {row.event_id} and the act before",
                )
            head = kept.pop(number, None)
            if head is not None and head.money_hash != own:
                self._fail(
                    "head",
                    number,
                    row.event_id,
                    "head-differs",
                    f"money act {number} is not the one that was exported at {head.exported_at}",
                )
            previous = own
        for head in kept.values():
            self._fail(
                "head",
                head.money_number,
                None,
                "head-removed",
                f"the head exported at {head.exported_at} names money act {head.money_number}, but there are"
                f" only {self._money}",
            )
        loose = self._connection.exec_driver_sql(_UNCHAINED, (self._client_id,)).first()
        if loose is not None:
            self._fail(
                "money",
                None,
                loose.id,
                "link-missing",
                f"{_named(loose)} is a money act without a link in the money chain",
            )

    def _stream(self, query: str) -> Iterator[Any]:
        return iter(self._connection.exec_driver_sql(query, (self._client_id,), execution_options=_STREAM))

    def _fail(self, chain: str, number: int | None, event_id: UUID | None, reason: str, words: str) -> None:
        raise _BrokenError(
            Broken(self._slug, chain, number, event_id, reason, f"client {self._slug}, {words}")
        )


class _Ahead:
    """Rows in order of `xid`, handed out range by range."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def below(self, xid: int) -> list[Any]:
        """The rows up to this transaction number, itself excluded."""
        found = []
        while self._next is not None and self._next.xid < xid:
            found.append(self._next)
            self._next = next(self._rows, None)
        return found

    def rest(self) -> Iterator[Any]:
        """All that is left."""
        while self._next is not None:
            yield self._next
            self._next = next(self._rows, None)


def _parsed(text: str | None) -> object:
    return None if text is None else json.loads(text)


def _named(row: Any) -> str:
    return f"event {row.id} ({row.event}, {row.at:%Y-%m-%d %H:%M:%S %Z})"
