"""A client's own chart of accounts, each change in the trail."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, func, or_, select
from sqlmodel import SQLModel

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import own_lists, rows
from ticketos.db.repositories.own_lists import Imported
from ticketos.db.session import driver
from ticketos.db.tables.own_lists import LedgerAccount
from ticketos.domain import chart as rules
from ticketos.domain import invoicing
from ticketos.domain.changes import Emit
from ticketos.domain.chart import USES, Account, Chart, Needed
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import Actor
from ticketos.lines.data_entry import account_file, coding

ACCOUNT = SQLModel.metadata.tables[str(LedgerAccount.__tablename__)]

_USED: Mapping[str, str] = {
    "entries": "select from posting where client_id = %(client)s and account = %(code)s",
    "documents": "select from document where client_id = %(client)s and coding ->> 'account' = %(code)s",
    "coding-rules": "select from coding_rule where client_id = %(client)s and account = %(code)s",
    "vendors": "select from vendor where client_id = %(client)s and account = %(code)s",
}
assert tuple(_USED) == USES
_BOOKED = """
select code from unnest(%s::varchar[]) as code
 where exists (select from posting where client_id = %s and account = code)"""


def listed(
    connection: Connection,
    client_ids: Sequence[UUID],
    *,
    q: str = "",
    kind: str | None = None,
    active: bool | None = None,
    limit: int,
    cursor: str | None = None,
) -> tuple[Sequence[RowMapping], str | None]:
    """One page of accounts by code, and the cursor of the next. ``q`` is looked for in code and name. Raises
    ``cursor-invalid``."""
    query = select(ACCOUNT).where(ACCOUNT.c.client_id.in_(client_ids))
    if kind:
        query = query.where(ACCOUNT.c.kind == kind)
    if active is not None:
        query = query.where(ACCOUNT.c.active == active)
    if q:
        like = own_lists.part_of(q)
        query = query.where(or_(ACCOUNT.c.code.ilike(like), ACCOUNT.c.name.ilike(like)))
    return own_lists.page(connection, query, ACCOUNT.c.code, ACCOUNT.c.id, limit, cursor)


def get(connection: Connection, account_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """One account."""
    query = select(ACCOUNT).where(ACCOUNT.c.id == account_id)
    return connection.execute(query.with_for_update() if lock else query).mappings().first()


def of(connection: Connection, client_id: UUID, *, naming: str = "") -> Chart:
    """The codes of a client's accounts. The one that is about to be named is held, so that nobody removes it meanwhile."""
    sql = driver(connection)
    if naming:
        held = "select 1 from ledger_account where client_id = %s and code = %s for key share"
        sql.execute(held, (client_id, naming))
    return rows.chart(sql.execute(rows.CHART, (client_id,)))


def picks(connection: Connection, client_id: UUID) -> list[tuple[str, str]]:
    """Code and name of the accounts that may be chosen."""
    return [(code, name) for code, (name, active) in names(connection, client_id).items() if active]


def names(connection: Connection, client_id: UUID) -> dict[str, tuple[str, bool]]:
    """Name of each account, and whether it is in use, by code: old documents name those switched off too."""
    query = select(ACCOUNT.c.code, ACCOUNT.c.name, ACCOUNT.c.active).where(ACCOUNT.c.client_id == client_id)
    found = connection.execute(query.order_by(ACCOUNT.c.code))
    return {code: (name, active) for code, name, active in found}


def needed(connection: Connection, client_id: UUID) -> tuple[Needed, ...]:
    """The accounts that entries of the client's book go to by themselves: those of documents, and in the provider's book
    those of its invoices."""
    settings, kind = driver(connection).execute(
        "select settings, kind from client where id = %s", (client_id,)
    ).fetchone() or ({}, "client")
    ours = invoicing.CHART if kind == "provider" else ()
    return (*coding.needed(settings or {}), *(Needed(Account(*one), "invoices") for one in ours))


def roles(found: Sequence[Needed]) -> dict[str, str]:
    """What each needed account is for, by code."""
    return {one.account.code: one.role for one in found}


def used_by(connection: Connection, client_id: UUID, code: str) -> list[str]:
    """What names an account, of ``USES``."""
    parts = ", ".join(f"exists ({query})" for query in _USED.values())
    found = driver(connection).execute(f"select {parts}", {"client": client_id, "code": code}).fetchone()
    return [use for use, there in zip(USES, found or (), strict=True) if there]


def require_settings(
    connection: Connection, client_id: UUID, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """The accounts that a client's settings newly name for its entries are in use in its chart, where it has one. Raises
    ``account-unknown``, ``account-inactive``."""
    was = coding.accounts_of(before).values()
    for account in coding.accounts_of(after).values():
        if account not in was:
            of(connection, client_id, naming=account).require(account)


class Charts(own_lists.Trail):
    """Changes to charts of accounts."""

    def __init__(self, audit: AuditTrail, new_id: NewId) -> None:
        super().__init__(audit)
        self._new_id = new_id

    def create(
        self, connection: Connection, values: Mapping[str, Any], *, now: datetime, actor: Actor
    ) -> UUID:
        """A new account; with the first come those that entries need. Raises ``account-code-invalid``,
        ``account-needed``, ``too-many-accounts``; collides on ``uq_ledger_account_client_id_code``."""
        client_id, account = values["client_id"], Account(values["code"], values["name"], values["kind"])
        _require(rules.code_refused(account.code))
        self._hold(connection, client_id)
        count = select(func.count()).where(ACCOUNT.c.client_id == client_id)
        if connection.execute(count).scalar_one() >= rules.MOST:
            raise DomainError("too-many-accounts", limit=rules.MOST)
        wanted = needed(connection, client_id)
        _require(rules.change_refused(account, values, roles(wanted), booked=False))
        account_id = self._new_id()
        emits = self._add(connection, {account_id: values}, now)
        emits += self._complete(connection, client_id, wanted, now)
        self._tell(connection, client_id, emits, now, actor)
        return account_id

    def edit(
        self,
        connection: Connection,
        row: RowMapping,
        values: Mapping[str, Any],
        *,
        now: datetime,
        actor: Actor,
    ) -> None:
        """New values of an account; those it has already are no change. Raises ``account-needed``,
        ``account-kind-fixed``."""
        if not (news := own_lists.news_of(row, values)):
            return
        client_id, code = row["client_id"], row["code"]
        booked = bool(_booked(connection, client_id, [code]))
        wanted = roles(needed(connection, client_id))
        _require(rules.change_refused(_account(row), news, wanted, booked))
        self._tell(connection, client_id, self._change(connection, [(row, news)], now), now, actor)

    def remove(self, connection: Connection, row: RowMapping, *, now: datetime, actor: Actor) -> None:
        """An account that nothing ever named is gone. Raises ``account-needed``, ``account-in-use``."""
        client_id, code = row["client_id"], row["code"]
        uses = used_by(connection, client_id, code)
        _require(rules.removal_refused(code, roles(needed(connection, client_id)), uses))
        connection.execute(delete(ACCOUNT).where(ACCOUNT.c.id == row["id"]))
        was = {name: row[name] for name in account_file.COLUMNS}
        emit = Emit(
            "admin.ledger_account_removed", before=was, entity="ledger_account", entity_id=str(row["id"])
        )
        self._tell(connection, client_id, [emit], now, actor)

    def take_in(
        self,
        connection: Connection,
        client_id: UUID,
        content: bytes,
        *,
        now: datetime,
        actor: Actor,
        dry_run: bool = False,
    ) -> Imported:
        """A whole chart from a file: new codes are added, known ones changed, none removed; good rows are taken though
        others are refused, and what entries need is added. With ``dry_run`` nothing is kept. Raises ``account-file-…``,
        ``too-many-accounts``."""
        self._hold(connection, client_id)
        here = select(ACCOUNT).where(ACCOUNT.c.client_id == client_id)
        known = {row["code"]: _account(row) for row in connection.execute(here).mappings()}
        wanted = needed(connection, client_id)
        booked = _booked(connection, client_id, list(known))
        file = account_file.read(content, known, roles(wanted), booked)
        found = own_lists.against(connection, ACCOUNT, client_id, file.rows)
        done = found.done(file.refused)
        if len(known) + done.created > rules.MOST:
            raise DomainError("too-many-accounts", limit=rules.MOST)
        if not dry_run:
            new = {self._new_id(): values for values in found.new}
            emits = [*self._add(connection, new, now), *self._change(connection, found.changed, now)]
            emits += self._complete(connection, client_id, wanted, now)
            emits.append(own_lists.told(done, "admin.chart_imported", client_id))
            self._tell(connection, client_id, emits, now, actor)
        return done

    def _hold(self, connection: Connection, client_id: UUID) -> None:
        """Until the transaction ends nobody else adds to this chart: what entries need is added once."""
        connection.exec_driver_sql(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"chart:{client_id}",)
        )

    def _complete(
        self, connection: Connection, client_id: UUID, wanted: Sequence[Needed], now: datetime
    ) -> list[Emit]:
        """Add what entries need and the chart lacks: a chart without them would refuse our own entries' accounts."""
        known = connection.execute(
            select(ACCOUNT.c.code).where(
                ACCOUNT.c.client_id == client_id, ACCOUNT.c.code.in_(list(roles(wanted)))
            )
        ).scalars()
        lacking = rules.missing(wanted, set(known))
        new = {
            self._new_id(): {"client_id": client_id, "code": one.code, "name": one.name, "kind": one.kind}
            for one in lacking
        }
        return self._add(connection, new, now)

    def _add(
        self, connection: Connection, new: Mapping[UUID, Mapping[str, Any]], now: datetime
    ) -> list[Emit]:
        whole = {account_id: {"active": True, **values} for account_id, values in new.items()}
        own_lists.add(connection, ACCOUNT, whole, now)
        return [
            Emit(
                "admin.ledger_account_saved", after=values, entity="ledger_account", entity_id=str(account_id)
            )
            for account_id, values in whole.items()
        ]

    def _change(
        self, connection: Connection, changes: Sequence[tuple[RowMapping, Mapping[str, Any]]], now: datetime
    ) -> list[Emit]:
        merged = {row["id"]: {**row, **news} for row, news in changes}
        own_lists.change(connection, ACCOUNT, ("name", "kind", "active"), merged, now)
        return [
            own_lists.saved("admin.ledger_account_saved", "ledger_account", row, news)
            for row, news in changes
        ]


def _account(row: RowMapping) -> Account:
    return Account(row["code"], row["name"], row["kind"], row["active"])


def _booked(connection: Connection, client_id: UUID, codes: Collection[str]) -> frozenset[str]:
    """Those of these accounts that have entries."""
    found = driver(connection).execute(_BOOKED, (list(codes), client_id))
    return frozenset(code for (code,) in found)


def _require(error: DomainError | None) -> None:
    if error is not None:
        raise error
