"""A client's vendor list and its coding rules, each change in the trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Text, bindparam, cast, delete, or_, select, update
from sqlmodel import SQLModel

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import chart, own_lists
from ticketos.db.repositories.own_lists import Imported
from ticketos.db.tables.own_lists import CodingRule, Vendor, VendorSign
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import Actor
from ticketos.lines.data_entry import vendor_file, vendors

VENDOR = SQLModel.metadata.tables[str(Vendor.__tablename__)]
SIGN = SQLModel.metadata.tables[str(VendorSign.__tablename__)]
RULE = SQLModel.metadata.tables[str(CodingRule.__tablename__)]
MOST_RULES = 500
"""Coding rules of a client; each is tried on every document nobody coded before."""


_SIGNED = frozenset(("name", "aliases", "tax_ids"))
_DEFAULTS: Mapping[str, Any] = {
    "tax_ids": [],
    "aliases": [],
    "address": "",
    "account": "",
    "cost_centre": "",
    "tax_code": "",
    "active": True,
}


def listed(
    connection: Connection,
    client_ids: Sequence[UUID],
    *,
    q: str = "",
    active: bool | None = None,
    limit: int,
    cursor: str | None = None,
) -> tuple[Sequence[RowMapping], str | None]:
    """One page of vendors by name, and the cursor of the next. ``q`` is looked for in code, name, other names and tax
    numbers. Raises ``cursor-invalid``."""
    query = select(VENDOR).where(VENDOR.c.client_id.in_(client_ids))
    if active is not None:
        query = query.where(VENDOR.c.active == active)
    if q:
        number, like = vendors.tax_key(q), own_lists.part_of(q)
        found = [VENDOR.c.code.ilike(like), VENDOR.c.name.ilike(like)]
        found.append(cast(VENDOR.c.aliases, Text).ilike(like))
        if number:
            numbered = select(SIGN.c.vendor_id).where(
                SIGN.c.client_id.in_(client_ids), SIGN.c.sign.like(f"number:{own_lists.part_of(number)}")
            )
            found.append(VENDOR.c.id.in_(numbered))
        query = query.where(or_(*found))
    return own_lists.page(connection, query, VENDOR.c.vendor_key, VENDOR.c.id, limit, cursor)


def get(connection: Connection, vendor_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """One vendor."""
    query = select(VENDOR).where(VENDOR.c.id == vendor_id)
    return connection.execute(query.with_for_update() if lock else query).mappings().first()


def rules(connection: Connection, client_ids: Sequence[UUID]) -> Sequence[RowMapping]:
    """The coding rules of these clients, each client's in the order they are tried."""
    query = select(RULE).where(RULE.c.client_id.in_(client_ids))
    return connection.execute(query.order_by(RULE.c.client_id, RULE.c.position, RULE.c.id)).mappings().all()


def rule(connection: Connection, rule_id: UUID) -> RowMapping | None:
    """One coding rule."""
    return connection.execute(select(RULE).where(RULE.c.id == rule_id)).mappings().first()


class Vendors(own_lists.Trail):
    """Changes to the vendor list and the coding rules."""

    def __init__(self, audit: AuditTrail, new_id: NewId) -> None:
        super().__init__(audit)
        self._new_id = new_id

    # --- vendors ------------------------------------------------------------------------------------------------------

    def create(
        self, connection: Connection, values: Mapping[str, Any], *, now: datetime, actor: Actor
    ) -> UUID:
        """A new vendor. Raises ``account-unknown``, ``account-inactive``; collides on ``uq_vendor_client_id_code``."""
        self._check(connection, values["client_id"], values)
        vendor_id = self._new_id()
        emits = self._add(connection, {vendor_id: values}, now)
        self._tell(connection, values["client_id"], emits, now, actor)
        return vendor_id

    def edit(
        self,
        connection: Connection,
        row: RowMapping,
        values: Mapping[str, Any],
        *,
        now: datetime,
        actor: Actor,
    ) -> None:
        """New values of a vendor; those it has already are no change. Raises as ``create``."""
        if news := own_lists.news_of(row, values):
            self._check(connection, row["client_id"], news)
            self._tell(connection, row["client_id"], self._change(connection, [(row, news)], now), now, actor)

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
        """A whole list from a file: new codes are added, known ones changed, none removed; good rows are taken though
        others are refused. With ``dry_run`` nothing is kept. Raises ``vendor-file-…``."""
        accounts = chart.of(connection, client_id)
        having = select(VENDOR.c.code, VENDOR.c.account).where(
            VENDOR.c.client_id == client_id, VENDOR.c.account.not_in(["", *accounts.active])
        )
        held = {(code, account) for code, account in connection.execute(having)}
        file = vendor_file.read(content, accounts, held)
        rows = own_lists.against(connection, VENDOR, client_id, file.rows)
        done = rows.done(file.refused)
        if not dry_run:
            new = {self._new_id(): values for values in rows.new}
            emits = [*self._add(connection, new, now), *self._change(connection, rows.changed, now)]
            emits.append(own_lists.told(done, "admin.vendors_imported", client_id))
            self._tell(connection, client_id, emits, now, actor)
        return done

    def _add(
        self, connection: Connection, new: Mapping[UUID, Mapping[str, Any]], now: datetime
    ) -> list[Emit]:
        whole = {vendor_id: {**_DEFAULTS, **values} for vendor_id, values in new.items()}
        keyed = {
            vendor_id: {**values, "vendor_key": vendors.vendor_key(values["name"])}
            for vendor_id, values in whole.items()
        }
        own_lists.add(connection, VENDOR, keyed, now)
        self._sign(connection, whole)
        return [
            Emit("admin.vendor_saved", after=values, entity="vendor", entity_id=str(vendor_id))
            for vendor_id, values in whole.items()
        ]

    def _change(
        self, connection: Connection, changes: Sequence[tuple[RowMapping, Mapping[str, Any]]], now: datetime
    ) -> list[Emit]:
        if changes:
            merged = {row["id"]: {**row, **news} for row, news in changes}
            for one in merged.values():
                one["vendor_key"] = vendors.vendor_key(one["name"])
            own_lists.change(connection, VENDOR, ("code", "name", "vendor_key", *_DEFAULTS), merged, now)
            renamed = {row["id"] for row, news in changes if not news.keys().isdisjoint(_SIGNED)}
            connection.execute(delete(SIGN).where(SIGN.c.vendor_id.in_(renamed)))
            self._sign(connection, {vendor_id: merged[vendor_id] for vendor_id in sorted(renamed)})
        return [own_lists.saved("admin.vendor_saved", "vendor", row, news) for row, news in changes]

    def _sign(self, connection: Connection, whole: Mapping[UUID, Mapping[str, Any]]) -> None:
        """Write what these vendors are met by."""
        rows = [
            {"client_id": values["client_id"], "sign": sign, "vendor_id": vendor_id}
            for vendor_id, values in whole.items()
            for sign in vendors.signs((values["name"], *values["aliases"]), values["tax_ids"])
        ]
        if rows:
            connection.execute(SIGN.insert(), rows)

    # --- coding rules -------------------------------------------------------------------------------------------------

    def create_rule(
        self, connection: Connection, values: Mapping[str, Any], *, now: datetime, actor: Actor
    ) -> UUID:
        """A new coding rule, tried after all others unless it names its place (from 1). Raises ``account-unknown``,
        ``account-inactive``, ``too-many-rules``."""
        client_id, rule_id = values["client_id"], self._new_id()
        self._check(connection, client_id, values)
        ids = self._ordered(connection, client_id)
        if len(ids) >= MOST_RULES:
            raise DomainError("too-many-rules", limit=MOST_RULES)
        plain = {name: value for name, value in values.items() if name != "place"}
        connection.execute(RULE.insert().values(id=rule_id, position=len(ids), row_version=1, **plain))
        self._place(connection, ids, rule_id, values.get("place") or len(ids) + 1)
        self._tell_rule(connection, client_id, rule_id, None, dict(values), now, actor)
        return rule_id

    def edit_rule(
        self,
        connection: Connection,
        row: RowMapping,
        values: Mapping[str, Any],
        *,
        now: datetime,
        actor: Actor,
    ) -> None:
        """New values of a rule, or another place (from 1). Raises as ``create_rule``."""
        ids = self._ordered(connection, row["client_id"])
        before = {**row, "place": ids.index(row["id"]) + 1}
        news = {name: value for name, value in values.items() if value != before[name]}
        if not news:
            return
        self._check(connection, row["client_id"], news)
        plain = {name: value for name, value in news.items() if name != "place"}
        connection.execute(
            update(RULE).where(RULE.c.id == row["id"]).values(**plain, row_version=RULE.c.row_version + 1)
        )
        if "place" in news:
            self._place(connection, ids, row["id"], news["place"])
        was = {name: before[name] for name in news}
        self._tell_rule(connection, row["client_id"], row["id"], was, news, now, actor)

    def remove_rule(self, connection: Connection, row: RowMapping, *, now: datetime, actor: Actor) -> None:
        """A rule no longer tried."""
        connection.execute(delete(RULE).where(RULE.c.id == row["id"]))
        self._write_order(connection, self._ordered(connection, row["client_id"]))
        was = {name: row[name] for name in ("pattern", "account", "cost_centre", "tax_code")}
        emit = Emit("admin.coding_rule_removed", before=was, entity="coding_rule", entity_id=str(row["id"]))
        self._tell(connection, row["client_id"], [emit], now, actor)

    def order_rules(
        self,
        connection: Connection,
        client_id: UUID,
        ids: Sequence[UUID],
        *,
        now: datetime,
        actor: Actor,
    ) -> None:
        """The order in which a client's rules are tried. Raises ``rules-incomplete`` unless each is named once."""
        present = self._ordered(connection, client_id)
        if sorted(ids) != sorted(present):
            raise DomainError("rules-incomplete", given=len(ids), of=len(present))
        if list(ids) == present:
            return
        self._write_order(connection, ids)
        emit = Emit(
            "admin.coding_rules_ordered",
            before={"rules": [str(one) for one in present]},
            after={"rules": [str(one) for one in ids]},
            entity="client",
            entity_id=str(client_id),
        )
        self._tell(connection, client_id, [emit], now, actor)

    def hold_rules(self, connection: Connection, client_id: UUID) -> None:
        """Until the transaction ends nobody else changes this client's rules: two changes of the order follow each
        other."""
        connection.exec_driver_sql(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"coding_rules:{client_id}",)
        )

    def _ordered(self, connection: Connection, client_id: UUID) -> list[UUID]:
        self.hold_rules(connection, client_id)
        query = select(RULE.c.id).where(RULE.c.client_id == client_id)
        return list(connection.execute(query.order_by(RULE.c.position, RULE.c.id)).scalars())

    def _place(self, connection: Connection, ids: Sequence[UUID], one: UUID, place: int) -> None:
        others = [other for other in ids if other != one]
        others.insert(place - 1, one)
        self._write_order(connection, others)

    def _write_order(self, connection: Connection, ids: Sequence[UUID]) -> None:
        """Positions without a gap, in this order. A rule that only moves along keeps its version: whoever has it open
        changes nothing of its place by saving it."""
        if ids:
            connection.execute(
                update(RULE).where(RULE.c.id == bindparam("rule")).values(position=bindparam("place")),
                [{"rule": one, "place": at} for at, one in enumerate(ids)],
            )

    # --- both ---------------------------------------------------------------------------------------------------------

    def _check(self, connection: Connection, client_id: UUID, values: Mapping[str, Any]) -> None:
        """An account that is newly named is in use; one that was named before it was switched off may stay."""
        if account := values.get("account"):
            chart.of(connection, client_id, naming=account).require(account)

    def _tell_rule(
        self,
        connection: Connection,
        client_id: UUID,
        rule_id: UUID,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any],
        now: datetime,
        actor: Actor,
    ) -> None:
        emit = Emit(
            "admin.coding_rule_saved",
            before=before,
            after=after,
            entity="coding_rule",
            entity_id=str(rule_id),
        )
        self._tell(connection, client_id, [emit], now, actor)
