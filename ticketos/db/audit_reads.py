"""The audit trail as it is read: the timeline of a request, and events over many."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection

from ticketos.crypto import UnknownKeyError, UnreadableError
from ticketos.db.audit_people import AuditPeople, about
from ticketos.domain.events import BY_NAME

PersonalState = Literal["none", "readable", "erased", "damaged"]

_TIMELINE = """
select e.id, e.seq, e.client_id, e.at, e.recorded_at, e.event, e.actor_kind, e.actor_id, e.origin,
       e.ticket_id, e.root_id, e.entity, e.entity_id, e.before::text, e.after::text, e.why, e.money,
       e.personal, k.subject, k.wrapped_key
from audit_event e left join subject_key k on k.client_id = e.client_id and k.id = e.subject_id
where e.root_id = %s and e.seq > %s order by e.seq limit %s
"""

_EXPLORED = """
select e.id, e.seq, e.client_id, e.at, e.recorded_at, e.event, e.actor_kind, e.actor_id, e.origin,
       e.ticket_id, e.root_id, e.entity, e.entity_id, e.before::text, e.after::text, e.why, e.money,
       e.personal, k.subject, k.wrapped_key
from audit_event e left join subject_key k on k.client_id = e.client_id and k.id = e.subject_id
where e.client_id = any(%(clients)s)
  and (cast(%(before)s as bigint) is null or e.seq < %(before)s)
  and (cast(%(event)s as text) is null or e.event = %(event)s or starts_with(e.event, %(event)s || '.'))
  and (cast(%(actor)s as text) is null or e.actor_id = %(actor)s)
  and (cast(%(root)s as uuid) is null or e.root_id = %(root)s)
  and (cast(%(since)s as timestamptz) is null or e.at >= %(since)s)
  and (cast(%(until)s as timestamptz) is null or e.at < %(until)s)
  and (not %(money)s or e.money)
order by e.seq desc limit %(limit)s
"""

_RECENT = _TIMELINE.replace("e.seq > %s order by e.seq limit", "e.seq < %s order by e.seq desc limit")


@dataclass(frozen=True)
class TimelineEvent:
    """One entry of a request's timeline. `personal` is readable while the person's key exists, and
    `personal_state` says why it is None: nothing there, the person was erased, or damaged ciphertext."""

    id: UUID
    seq: int
    client_id: UUID
    at: datetime
    recorded_at: datetime
    event: str
    title: str
    actor_kind: str
    actor_id: str | None
    origin: str | None
    ticket_id: UUID | None
    root_id: UUID | None
    entity: str | None
    entity_id: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    why: str | None
    money: bool
    personal: Mapping[str, Any] | None
    personal_state: PersonalState


class AuditReads(AuditPeople):
    """Reads the trail; what it holds of a person is readable while the person's key exists."""

    def timeline(
        self, connection: Connection, root_id: UUID, *, after: int = 0, limit: int | None = None
    ) -> tuple[TimelineEvent, ...]:
        """Every event of a request's tree in the order of writing; `after` is the last `seq` known."""
        found = connection.exec_driver_sql(_TIMELINE, (root_id, after, limit)).all()
        return tuple(self._shown(connection, row) for row in found)

    def last_about(
        self, connection: Connection, root_id: UUID, entity_ids: Sequence[str], events: Sequence[str]
    ) -> dict[str, str]:
        """The newest of these events about each of these entities within a request's tree, by the entity's id."""
        if not entity_ids:
            return {}
        found = connection.exec_driver_sql(
            "select entity_id, event from audit_event where root_id = %s and entity_id = any(%s)"
            " and event = any(%s) order by seq",
            (root_id, list(entity_ids), list(events)),
        )
        return {row.entity_id: row.event for row in found}

    def explore(
        self,
        connection: Connection,
        client_ids: Sequence[UUID],
        *,
        limit: int,
        before: int | None = None,
        event: str | None = None,
        actor: str | None = None,
        root: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        money: bool = False,
    ) -> tuple[TimelineEvent, ...]:
        """Events of these clients, the newest first. `event` is a name or what stands before its dot, `before`
        the lowest `seq` known, the span half-open."""
        asked = {
            "before": before,
            "event": event,
            "actor": actor,
            "root": root,
            "since": since,
            "until": until,
        }
        found = connection.exec_driver_sql(
            _EXPLORED, {**asked, "clients": list(client_ids), "money": money, "limit": limit}
        ).all()
        return tuple(self._shown(connection, row) for row in found)

    def recent(
        self, connection: Connection, root_id: UUID, *, before: int | None = None, limit: int = 200
    ) -> tuple[TimelineEvent, ...]:
        """The last events of a request's tree in the order of writing; `before` is the first `seq` known."""
        last = 2**62 if before is None else before
        found = connection.exec_driver_sql(_RECENT, (root_id, last, limit)).all()
        return tuple(self._shown(connection, row) for row in reversed(found))

    def _shown(self, connection: Connection, row: Any) -> TimelineEvent:
        personal, state = self._personal(connection, row)
        return TimelineEvent(
            id=row.id,
            seq=row.seq,
            client_id=row.client_id,
            at=row.at,
            recorded_at=row.recorded_at,
            event=row.event,
            title=BY_NAME[row.event].title if row.event in BY_NAME else row.event,
            actor_kind=row.actor_kind,
            actor_id=row.actor_id,
            origin=row.origin,
            ticket_id=row.ticket_id,
            root_id=row.root_id,
            entity=row.entity,
            entity_id=row.entity_id,
            before=_parsed(row.before),
            after=_parsed(row.after),
            why=row.why,
            money=row.money,
            personal=personal,
            personal_state=state,
        )

    def _personal(self, connection: Connection, row: Any) -> tuple[Mapping[str, Any] | None, PersonalState]:
        if row.personal is None:
            return None, "none"
        if row.wrapped_key is None:
            return None, "erased"
        try:
            client_key = self._keys.of(connection, row.client_id)
            key = self._subject_key(client_key, row.client_id, row.subject, bytes(row.wrapped_key))
            return json.loads(self._keyring.decrypt(key, bytes(row.personal), about(row.id))), "readable"
        except UnknownKeyError:  # erased once, and the person came back under a new key
            return None, "erased"
        except UnreadableError:
            return None, "damaged"


def _parsed(text: str | None) -> Mapping[str, Any] | None:
    return None if text is None else json.loads(text)
