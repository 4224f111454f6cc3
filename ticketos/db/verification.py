"""Checks the audit trail from what the tables hold, without any key; names the first broken link in words."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import Connection, CursorResult

from ticketos.db.audit_form import COVERED, hash_of, money_hash
from ticketos.domain import proof
from ticketos.domain.errors import DomainError

_PLACES = 1 << 24  # events one transaction can have at most, in the order of the trail
_STREAM = {"stream_results": True, "yield_per": 2_000}
_EVENTS = """
select schema_version, id, client_id, at, event, actor_kind, actor_id, origin, ticket_id, root_id, entity,
       entity_id, subject_id, before::text, after::text, personal, why, money, hash, seq, xid
from audit_event where client_id = %s order by xid, seq
"""
_SEALS = """
select number, events, upto_xid, root, previous, hash from audit_seal where client_id = %s order by number
"""
_MONEY = """
select m.number, m.event_id, m.event_hash, m.previous, m.hash, e.hash as written, e.money
from money_link m left join audit_event e on e.id = m.event_id and e.client_id = m.client_id
where m.client_id = %s order by m.number
"""
_UNCHAINED = """
select e.id, e.event, e.at from audit_event e
left join money_link m on m.event_id = e.id and m.client_id = e.client_id
where e.client_id = %s and e.money and m.event_id is null order by e.seq limit 1
"""

WORDS = {
    "event-changed": "{where}: {event} was changed after it was written"
    "; its content no longer gives its hash",
    "event-removed": "{where}: event {event_id} was deleted",
    "event-moved": "{where}: event {event_id} is no longer in it; its client or transaction number,"
    " or the end of the batch, was changed",
    "event-added": "{where}: event {event_id} was added after sealing, or the end of the batch was moved",
    "event-reordered": "{where}: event {event_id} is not in its place, sequence numbers were changed",
    "event-from-nowhere": "{where}: {event} names transaction {xid}, which has not happened",
    "root-differs": "{where} does not give its sealed root: one of its events was rewritten together with its"
    " hash or got another sequence number, or the root was changed",
    "seal-missing": "{where} is missing, batch {found} comes next",
    "seal-changed": "{where}: the seal was changed, its content no longer gives its hash",
    "link-broken": "{where} does not continue the batch before: the hash it names is another",
    "head-differs": "{where} is not the one exported at {exported_at}: the chain was rewritten",
    "head-removed": "{where} was exported at {exported_at} but is gone: the chain ends with number {found}",
    "money-missing": "{where} is missing, number {found} comes next",
    "money-event-removed": "{where}: its event {event_id} was deleted or is no longer a money act",
    "money-changed": "{where}: the link does not follow from event {event_id} and the act before",
    "money-unchained": "{event} is a money act without a link in the money chain",
}
"""Reason → what a person is told."""

_WHERE = {"seals": "batch {number}", "money": "money act {number}", "waiting": "not sealed yet"}


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
    """One broken link. `chain`: seals, money or waiting (not sealed yet); `number`: the batch or money act;
    `reason`: a key of `WORDS`; `words`: what a person is told."""

    client: str
    chain: str
    number: int | None
    event_id: UUID | None
    reason: str
    words: str


@dataclass(frozen=True)
class ClientReport:
    """What was found for one client, up to its first broken link. `events` counts sealed and waiting ones;
    `head` is the hash (hex) of the last good seal."""

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
    """Check the trails of these clients (id, slug); `heads` are exported ones to hold them against."""
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
    return proof.Seal(str(client_id), row.number, 0, bounds(0, row.upto_xid)[1], 0, b"", b"", bytes(row.hash))


class _BrokenError(Exception):
    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.words)
        self.broken = broken


class _Check:
    """One client's trail, read once from front to back; one batch at a time is in memory."""

    def __init__(self, connection: Connection, client_id: UUID, slug: str) -> None:
        self._connection = connection
        self._client_id = client_id
        self._slug = slug
        self._events = self._money = self._waiting = 0
        self._oldest: datetime | None = None
        self._last: proof.Seal | None = None

    def run(self, heads: Sequence[Head]) -> ClientReport:
        own = [head for head in heads if head.client_id == self._client_id]
        broken: Broken | None = None
        try:
            with self._stream(_EVENTS) as rows:
                events = _Ahead(iter(rows))
                self._seals(events, {head.number: head for head in own})
                self._unsealed(events)
            self._money_chain({head.money_number: head for head in own if head.money_number})
        except _BrokenError as error:
            broken = error.broken
        last = self._last
        return ClientReport(
            client=self._slug,
            events=self._events,
            batches=last.number if last else 0,
            money_links=self._money,
            waiting=self._waiting,
            oldest_waiting=self._oldest,
            head=last.hash.hex() if last else None,
            broken=broken,
        )

    def _seals(self, events: _Ahead, kept: dict[int, Head]) -> None:
        with self._stream(_SEALS) as rows:
            for row in rows:
                self._seal(row, events)
                head = kept.pop(row.number, None)
                if head is not None and head.hash != bytes(row.hash):
                    self._fail("seals", row.number, "head-differs", exported_at=head.exported_at)
                self._last = stored_seal(self._client_id, row)
        for number, head in sorted(kept.items()):
            found = self._last.number if self._last else 0
            self._fail("seals", number, "head-removed", exported_at=head.exported_at, found=found)

    def _seal(self, row: Any, events: _Ahead) -> None:
        number, last = row.number, self._last
        expected = 1 if last is None else last.number + 1
        if number != expected:
            self._fail("seals", expected, "seal-missing", found=number)
        if bytes(row.previous) != (b"" if last is None else last.hash):
            self._fail("seals", number, "link-broken")
        found = events.below(row.upto_xid)
        for event in found:
            self._event(event, "seals", number)
        found.sort(key=lambda event: event.seq)
        self._same_events(number, [event.id for event in found], row.events)
        leaves = [leaf(event.seq, bytes(event.hash)) for event in found]
        if proof.merkle_root(leaves) != bytes(row.root):
            self._fail("seals", number, "root-differs")
        start, end = 0 if last is None else last.last_seq + 1, bounds(0, row.upto_xid)[1]
        try:
            same = proof.seal(last, str(self._client_id), start, end, leaves).hash == bytes(row.hash)
        except DomainError:  # no events, or an end before its start: no sealer wrote that
            same = False
        if not same:
            self._fail("seals", number, "seal-changed")

    def _event(self, row: Any, chain: str, number: int | None) -> None:
        self._events += 1
        fields = dict(zip(COVERED, row, strict=False))
        fields["before"], fields["after"] = _parsed(row.before), _parsed(row.after)
        try:
            same = hash_of(fields) == bytes(row.hash)
        except DomainError:  # a value no event was ever written with
            same = False
        if not same:
            self._fail(chain, number, "event-changed", row.id, event=_named(row))

    def _same_events(self, number: int, found: list[UUID], sealed: list[UUID]) -> None:
        if found == sealed:
            return
        present, expected = set(found), set(sealed)
        for event_id in sealed:
            if event_id not in present:
                still = self._connection.exec_driver_sql(
                    "select 1 from audit_event where id = %s", (event_id,)
                )
                self._fail("seals", number, "event-moved" if still.first() else "event-removed", event_id)
        for event_id in found:
            if event_id not in expected:
                self._fail("seals", number, "event-added", event_id)
        pairs = zip(found, sealed, strict=False)
        moved = next((one for one, other in pairs if one != other), sealed[-1])  # or one is named twice
        self._fail("seals", number, "event-reordered", moved)

    def _unsealed(self, events: _Ahead) -> None:
        snapshot = self._connection.exec_driver_sql("select pg_snapshot_xmax(pg_current_snapshot())::text")
        future = int(snapshot.scalar_one())
        for row in events.rest():
            self._event(row, "waiting", None)
            if row.xid >= future:  # it would never be sealed
                self._fail("waiting", None, "event-from-nowhere", row.id, event=_named(row), xid=row.xid)
            self._waiting += 1
            self._oldest = row.at if self._oldest is None else min(self._oldest, row.at)

    def _money_chain(self, kept: dict[int, Head]) -> None:
        previous = b""
        with self._stream(_MONEY) as rows:
            for row in rows:
                previous = self._money_link(row, previous)
                head = kept.pop(row.number, None)
                if head is not None and head.money_hash != previous:
                    self._fail("money", row.number, "head-differs", exported_at=head.exported_at)
        for number, head in sorted(kept.items()):
            self._fail("money", number, "head-removed", exported_at=head.exported_at, found=self._money)
        loose = self._connection.exec_driver_sql(_UNCHAINED, (self._client_id,)).first()
        if loose is not None:
            self._fail("money", None, "money-unchained", loose.id, event=_named(loose))

    def _money_link(self, row: Any, previous: bytes) -> bytes:
        number = self._money = self._money + 1
        if row.number != number:
            self._fail("money", number, "money-missing", found=row.number)
        if row.written is None or not row.money:
            self._fail("money", number, "money-event-removed", row.event_id)
        written = bytes(row.written)
        own = money_hash(self._client_id, number, row.event_id, written, previous)
        if (bytes(row.event_hash), bytes(row.previous), bytes(row.hash)) != (written, previous, own):
            self._fail("money", number, "money-changed", row.event_id)
        return own

    def _stream(self, query: str) -> CursorResult[Any]:
        return self._connection.exec_driver_sql(query, (self._client_id,), execution_options=_STREAM)

    def _fail(
        self, chain: str, number: int | None, reason: str, event_id: UUID | None = None, **facts: object
    ) -> NoReturn:
        where = _WHERE[chain].format(number=number)
        words = WORDS[reason].format(where=where, event_id=event_id, **facts)
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
