"""Contracts and working calendars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, Table, select, text, update
from sqlmodel import SQLModel

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import persons, rows
from ticketos.db.session import driver
from ticketos.db.tables.clients import Calendar, Contract
from ticketos.domain import agreement, ai_use
from ticketos.domain.calendar import WorkCalendar
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import Actor, ContractState
from ticketos.domain.terms import Terms
from ticketos.lines import KEYS, line_of

_TABLES = SQLModel.metadata.tables
CONTRACT = _TABLES[str(Contract.__tablename__)]
CALENDAR = _TABLES[str(Calendar.__tablename__)]


AI_CHANGED = "ai_changed"
"""The mail that tells a client of other terms of AI."""
_CHIEFS = """
select u.email from app_user u where u.client_id = %s and u.active and exists (
  select from user_grant g where g.client_id = u.client_id and g.user_id = u.id and g.role = 'client_admin')
 order by u.email"""
_MAIL = """insert into outbox (id, client_id, key, kind, payload, state, attempts, next_at)
values (%s, %s, %s, 'mail', %s, 'waiting', 0, %s)"""


def listed(
    connection: Connection, table: Table, client_ids: Sequence[UUID], *, limit: int, after: UUID | None = None
) -> Sequence[RowMapping]:
    """Contracts or calendars of these companies, in the order they were created."""
    query = select(table).where(table.c.client_id.in_(client_ids))
    if after is not None:
        query = query.where(table.c.id > after)
    return connection.execute(query.order_by(table.c.id).limit(limit)).mappings().all()


def get(connection: Connection, table: Table, row_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """One contract or calendar."""
    query = select(table).where(table.c.id == row_id)
    return connection.execute(query.with_for_update() if lock else query).mappings().first()


def on_its_calendar(connection: Connection, client_id: UUID, contract_id: UUID) -> ContractState:
    """A contract with its terms and working calendar. Raises ``contract-unknown``."""
    names = ", ".join(f"c.{name}" for name in rows.CONTRACT)
    found = (
        driver(connection)
        .execute(
            f"select {names}, c.terms, k.definition from contract c"  # noqa: S608 (names of our own)
            " left join calendar k on k.client_id = c.client_id and k.id = c.calendar_id"
            " where c.client_id = %s and c.id = %s",
            (client_id, contract_id),
        )
        .fetchone()
    )
    if found is None:
        raise DomainError("contract-unknown", contract=str(contract_id))
    return rows.contract(found)


class Agreements:
    """Changes to contracts and calendars, each in the trail."""

    def __init__(self, audit: AuditTrail, new_id: NewId) -> None:
        self._audit = audit
        self._new_id = new_id

    def create_contract(
        self, connection: Connection, values: Mapping[str, Any], *, now: datetime, actor: Actor
    ) -> UUID:
        """A new contract. Raises ``terms-invalid``, ``dates-crossed``, ``calendar-unknown``; collides on
        ``uq_contract_client_id_number``."""
        self._check_contract(connection, values)
        return self._create(connection, CONTRACT, "contract", values, now, actor)

    def edit_contract(
        self,
        connection: Connection,
        row: RowMapping,
        values: Mapping[str, Any],
        *,
        now: datetime,
        actor: Actor,
    ) -> None:
        """New values of a contract; raises as ``create_contract``."""
        before = (row["terms"].get("ai") or {}).get("accountable") or ""
        self._check_contract(connection, {**row, **values}, str(before).strip())
        self._edit(connection, CONTRACT, "contract", row, values, now, actor)
        if changed := ai_use.differences(row["terms"], values.get("terms", row["terms"])):
            self._tell_client(connection, row, changed, now)

    def _tell_client(
        self, connection: Connection, row: RowMapping, changed: Sequence[ai_use.Difference], now: datetime
    ) -> None:
        """AG10: the client's administrators read by mail what changed of the AI under their contract."""
        payload = {
            "template": AI_CHANGED,
            "about": {"number": row["number"], "subject": ""},
            "values": {
                "name": row["name"],
                "changes": [[one.what, one.before, one.after] for one in changed],
            },
        }
        for address in driver(connection).execute(_CHIEFS, (row["client_id"],)).fetchall():
            mail_id = self._new_id()
            driver(connection).execute(
                _MAIL,
                (mail_id, row["client_id"], f"mail:{mail_id}", Jsonb({**payload, "to": address[0]}), now),
            )

    def create_calendar(
        self, connection: Connection, values: Mapping[str, Any], *, now: datetime, actor: Actor
    ) -> UUID:
        """A new calendar. Raises ``calendar-…`` codes; collides on ``uq_calendar_client_id_name``."""
        return self._create(connection, CALENDAR, "calendar", _with_plain_calendar(values), now, actor)

    def edit_calendar(
        self,
        connection: Connection,
        row: RowMapping,
        values: Mapping[str, Any],
        *,
        now: datetime,
        actor: Actor,
    ) -> None:
        """New values of a calendar; raises as ``create_calendar``."""
        self._edit(connection, CALENDAR, "calendar", row, _with_plain_calendar(values), now, actor)

    def _check_contract(self, connection: Connection, values: Mapping[str, Any], before: str = "") -> None:
        """``before`` is who answered for AI until now: whoever left since need not be replaced to change a price."""
        stated = values["terms"]
        terms, line = Terms.from_json(stated), values["service_line"]
        agreement.check(
            terms,
            priced=not {"kind", "data"}.isdisjoint(stated.get("pricing") or ()),
            document_types=line_of(line).document_types if line in KEYS else (),
        )
        if terms.ai.accountable != before:
            self._check_person(connection, values["client_id"], terms.ai.accountable)
        starts, ends = values["starts_on"], values.get("ends_on")
        if ends is not None and ends < starts:
            raise DomainError("dates-crossed", starts_on=starts.isoformat(), ends_on=ends.isoformat())
        calendar_id = values.get("calendar_id")
        if calendar_id is not None:
            calendar = get(connection, CALENDAR, calendar_id)
            if calendar is None or calendar["client_id"] != values["client_id"]:
                raise DomainError("calendar-unknown", calendar_id=str(calendar_id))

    def _check_person(self, connection: Connection, client_id: UUID, accountable: str) -> None:
        """An address must be that of somebody active, of the provider or of the client. A name is taken as it is."""
        if "@" not in accountable:
            return
        found = persons.person_at(connection, accountable)
        provider = connection.execute(text("select provider_client()")).scalar_one()
        if found is None or not found["active"] or found["client_id"] not in (client_id, provider):
            raise DomainError(
                "terms-invalid", section="ai", cause=f"accountable: {accountable} is nobody's address here"
            )

    def _create(
        self,
        connection: Connection,
        table: Table,
        noun: str,
        values: Mapping[str, Any],
        now: datetime,
        actor: Actor,
    ) -> UUID:
        row_id = self._new_id()
        connection.execute(table.insert().values(id=row_id, **values))
        self._record(connection, values["client_id"], noun, row_id, None, values, now, actor)
        return row_id

    def _edit(
        self,
        connection: Connection,
        table: Table,
        noun: str,
        row: RowMapping,
        values: Mapping[str, Any],
        now: datetime,
        actor: Actor,
    ) -> None:
        connection.execute(
            update(table).where(table.c.id == row["id"]).values(**values, row_version=table.c.row_version + 1)
        )
        before = {name: row[name] for name in values}
        self._record(connection, row["client_id"], noun, row["id"], before, values, now, actor)

    def _record(
        self,
        connection: Connection,
        client_id: UUID,
        noun: str,
        row_id: UUID,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any],
        now: datetime,
        actor: Actor,
    ) -> None:
        emit = Emit(f"admin.{noun}_saved", before=before, after=after, entity=noun, entity_id=str(row_id))
        self._audit.record_apart(connection, client_id, now, actor, emit)


def _with_plain_calendar(values: Mapping[str, Any]) -> dict[str, Any]:
    """The definition in its one canonical form."""
    if "definition" not in values:
        return dict(values)
    return {**values, "definition": WorkCalendar.from_json(values["definition"]).to_json()}
