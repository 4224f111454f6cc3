# ruff: noqa: S608 (statements are put together from column names of our own, never from values)
"""What a step may ask about the company of its ticket: contracts, people, months, accounts, vendors, what was learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from ticketos.db.repositories import labels, rows
from ticketos.domain.chart import Chart
from ticketos.domain.matching import Agent
from ticketos.domain.ports import VendorList
from ticketos.domain.state import (
    ClientState,
    CodingFacts,
    ContractState,
    TicketState,
    TriageLabel,
    VendorState,
)
from ticketos.lines.data_entry import coding, vendors

_CONTRACT = ", ".join(f"c.{name}" for name in rows.CONTRACT) + ", c.terms, k.definition"
_CALENDAR = "left join calendar k on k.client_id = c.client_id and k.id = c.calendar_id"
_CONTRACT_FROM = f"from contract c {_CALENDAR}"
_CLIENT_NAMES = ("id", "slug", "prefix", "name", "kind", "zone", "currency", "approver_email", "settings")
_CLIENT = ", ".join(f"o.{name}" for name in _CLIENT_NAMES)

BESIDE = f"{_CLIENT}, {_CONTRACT}"
"""Columns that nearly every step asks for and that can come with the row of ticket ``t``: see `Facts.brought`."""
BESIDE_FROM = (
    "join client o on o.id = t.client_id"
    f" left join contract c on c.client_id = t.client_id and c.id = t.contract_id {_CALENDAR}"
)

WORKING_ROLES = ("agent", "sme", "lead", "qa", "desk", "finance")
"""Roles of people who can be given a task."""

MOST_SUPPLIERS = 300
"""Memories handed to the reader: more would cost more to pass on than to find."""

MOST_VENDORS = vendors.MOST


class ClientFacts:
    """What a step may ask about the client of its ticket. Each method is one statement."""

    def __init__(self, sql: psycopg.Connection[Any], ticket: TicketState, provider_id: UUID) -> None:
        self._sql = sql
        self._ticket = ticket
        self._provider_id = provider_id
        self._client: ClientState | None = None
        self._contract: ContractState | None = None
        self._chart: Chart | None = None
        self._contract_row: rows.Row | None = None  # as it came with the ticket; its terms are read at need

    def _one(self, query: str, *values: Any) -> Any:
        return self._sql.execute(query, values).fetchone()

    def _all(self, query: str, *values: Any, **named: Any) -> list[Any]:
        return self._sql.execute(query, named or values).fetchall()

    def brought(self, row: rows.Row) -> None:
        """Take over what was read together with the ticket (columns ``BESIDE``), so that nobody asks again."""
        own, agreed = row[: len(_CLIENT_NAMES)], row[len(_CLIENT_NAMES) :]
        self._client = self._client_of(own)
        self._contract_row = None if agreed[0] is None else agreed

    def client(self) -> ClientState:
        """The company the ticket belongs to."""
        if self._client is None:
            row = self._one(f"select {_CLIENT} from client o where o.id = %s", self._ticket.client_id)
            self._client = self._client_of(row)
        return self._client

    def _client_of(self, row: rows.Row) -> ClientState:
        values = dict(zip(_CLIENT_NAMES, row, strict=True))
        return ClientState(**values, provider_id=self._provider_id)

    def contract(self) -> ContractState | None:
        """The contract the ticket runs on, once it is known."""
        wanted = self._ticket.contract_id
        if wanted is None:
            return None
        if self._contract is None or self._contract.id != wanted:
            row = self._contract_row
            if row is None or row[0] != wanted:
                row = self._one(
                    f"select {_CONTRACT} {_CONTRACT_FROM} where c.client_id = %s and c.id = %s",
                    self._ticket.client_id,
                    wanted,
                )
            self._contract = rows.contract(row)
        return self._contract

    def contracts(self) -> tuple[ContractState, ...]:
        """Every contract of the client, whatever its state, by number."""
        found = self._all(
            f"select {_CONTRACT} {_CONTRACT_FROM} where c.client_id = %s order by c.number",
            self._ticket.client_id,
        )
        return tuple(map(rows.contract, found))

    def agents(self) -> tuple[Agent, ...]:
        """Active people of the provider with a working role here; load counts open tasks of all clients."""
        found = self._all(
            "with people as (select u.id, u.name, u.skills, u.certifications, u.capacity,"
            " u.available, u.ring_fence,"
            " u.level, u.last_assigned_at from app_user u where u.client_id = %s and u.active and exists ("
            " select from user_grant g where g.client_id = u.client_id and g.user_id = u.id and"
            " g.role = any(%s)"
            " and (g.scope_client_id is null or g.scope_client_id = %s)))"
            " select p.id, p.name, p.skills, p.certifications, p.capacity, coalesce(l.load, 0),"
            " p.available, p.ring_fence,"
            " p.level, p.last_assigned_at from people p"
            " left join open_load(array(select id from people)) l on l.user_id = p.id order by p.id",
            self._provider_id,
            list(WORKING_ROLES),
            self._ticket.client_id,
        )
        return tuple(map(rows.agent, found))

    def volume(self, contract_id: UUID, period: str) -> int:
        """Units other requests brought under that contract in the month (``2026-11``, in the client's zone).

        A request without documents counts as one; a cancelled one does not count. Who asks holds the contract's month
        until the end of the transaction: of two requests at once the second counts the first.
        """
        self._one("select pg_advisory_xact_lock(hashtextextended(%s, 5530214467))", f"{contract_id}:{period}")
        year, month = map(int, period.split("-"))
        zone = ZoneInfo(self.client().zone)
        start = datetime(year, month, 1, tzinfo=zone).astimezone(UTC)
        end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone).astimezone(UTC)
        row = self._one(
            "select coalesce(sum(greatest(documents_total, 1)), 0)::bigint from ticket where client_id = %s"
            " and received_at >= %s and received_at < %s and contract_id = %s and kind = 'request'"
            " and state <> 'cancelled' and id <> %s",
            self._ticket.client_id,
            start,
            end,
            contract_id,
            self._ticket.id,
        )
        return int(row[0])

    def locked_periods(self) -> frozenset[str]:
        """Months of the client that take no more usage."""
        found = self._all(
            "select period from billing_period where client_id = %s and state = 'locked'",
            self._ticket.client_id,
        )
        return frozenset(row[0] for row in found)

    def book_months(self) -> Mapping[str, str]:
        """Months of the client's book that were ever shut, with their state."""
        return dict(
            self._all("select period, state from book_month where client_id = %s", self._ticket.client_id)
        )

    def supplier_seen(self, vendor_key: str, document_id: UUID) -> bool:
        """Whether a paper of this supplier was posted for the client before, or a person coded or keyed one."""
        own = (self._ticket.client_id, vendor_key)
        row = self._one(
            "select exists (select from document where client_id = %s and split_part(business_key, '|', 1) = %s"
            " and business_key is not null and state = 'posted' and id <> %s)"
            " or exists (select from vendor_memory where client_id = %s and vendor_key = %s)"
            " or exists (select from supplier_memory where client_id = %s and vendor_key = %s)",
            *(*own, document_id, *own, *own),
        )
        return bool(row[0])

    def chart(self) -> Chart:
        """The client's accounts, read once: within a step they do not change."""
        if self._chart is None:
            self._chart = rows.chart(self._all(rows.CHART, self._ticket.client_id))
        return self._chart

    def coding_facts(self, vendor_key: str) -> CodingFacts:
        """The client's coding rules in order, what its people chose for this supplier (most often first),
        and the accounts of ``client.settings["coding"]``."""
        rules = self._all(
            "select pattern, account, cost_centre, tax_code from coding_rule where client_id = %s"
            " order by position, id",
            self._ticket.client_id,
        )
        memory = self._all(
            "select account, cost_centre, tax_code, times from vendor_memory where client_id = %s"
            " and vendor_key = %s order by times desc, last_at desc",
            self._ticket.client_id,
            vendor_key,
        )
        return CodingFacts(
            tuple(
                dict(zip(("pattern", "account", "cost_centre", "tax_code"), r, strict=True)) for r in rules
            ),
            tuple(dict(zip(("account", "cost_centre", "tax_code", "times"), r, strict=True)) for r in memory),
            None,
            vendor=None,
            chart=self.chart(),
            **coding.accounts_of(self.client().settings),
        )

    def vendors_like(self, signs: Sequence[str]) -> tuple[VendorState, ...]:
        """Active vendors of the client's list with one of these signs, by code."""
        found = self._all(
            # The signs first, as a value: a join lets the planner go over every vendor where it has no statistics yet.
            "select code, name, vendor_key, aliases, tax_ids, account, cost_centre, tax_code from vendor"
            " where client_id = %s and active and id = any(array(select vendor_id from vendor_sign"
            " where client_id = %s and sign = any(%s::varchar[]))) order by code limit 20",
            self._ticket.client_id,
            self._ticket.client_id,
            list(signs),
        )
        return tuple(
            VendorState(code, name, key, tuple(map(vendors.vendor_key, aliases)), tuple(numbers), *accounts)
            for code, name, key, aliases, numbers, *accounts in found
        )

    def vendor_mark(self) -> str:
        """Vendors are never deleted and each edit counts up: number and sum of versions tell every change."""
        row = self._one(
            "select count(*), sum(row_version) from vendor where client_id = %s", self._ticket.client_id
        )
        return f"{self._ticket.client_id}:{row[0]}:{row[1]}" if row[0] else ""

    def vendor_list(self) -> VendorList:
        """The client's active vendors as a reader compares papers with them."""
        mark = self.vendor_mark()
        if not mark:
            return VendorList()
        found = self._all(
            "select name, aliases, tax_ids, address from vendor where client_id = %s and active"
            " order by updated_at desc, code limit %s",
            self._ticket.client_id,
            MOST_VENDORS,
        )
        names = ("name", "aliases", "tax_ids", "address")
        return VendorList(mark, tuple(dict(zip(names, row, strict=True)) for row in found))

    def supplier_memories(self) -> tuple[Mapping[str, Any], ...]:
        """The client's suppliers as corrections taught them, those met last first."""
        found = self._all(
            "select memory from supplier_memory where client_id = %s order by updated_at desc, vendor_key limit %s",
            self._ticket.client_id,
            MOST_SUPPLIERS,
        )
        return tuple(row[0] for row in found)

    def supplier_memory(self, vendor_key: str) -> Mapping[str, Any] | None:
        """One supplier's memory; whoever asks holds it, so that two corrections at once both count."""
        self._sql.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))",
            (f"supplier:{self._ticket.client_id}:{vendor_key}",),
        )
        row = self._one(
            "select memory from supplier_memory where client_id = %s and vendor_key = %s",
            self._ticket.client_id,
            vendor_key,
        )
        return None if row is None else row[0]

    def model_spend(self, contract_id: UUID, month: str, currency: str) -> Decimal:
        """What models outside cost under a contract in a month and what is set aside; whoever asks holds it, so that two
        papers at once cannot both take the last of a cap."""
        self._sql.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"models:{contract_id}",))
        row = self._one(
            "select coalesce(sum(coalesce(cost, reserved)), 0) from model_call"
            " where client_id = %s and contract_id = %s and month = %s and currency = %s",
            self._ticket.client_id,
            contract_id,
            month,
            currency,
        )
        return Decimal(0) if row is None else Decimal(row[0])

    def learned(self, kind: str) -> Mapping[str, Any] | None:
        """The model in use of a kind."""
        row = self._one(
            "select version, payload from learned_model where client_id = %s and kind = %s and state = 'champion'",
            self._ticket.client_id,
            kind,
        )
        return None if row is None else {"version": row[0], "payload": row[1]}

    def triage_labels(self) -> tuple[TriageLabel, ...]:
        """What people decided of the client's other requests, newest first."""
        return labels.newest(self._sql, self._ticket.client_id, self._ticket.id)

    def client_people(self) -> tuple[str, ...]:
        """Addresses of the client's active people who may sign off in the portal, administrators first."""
        found = self._all(
            "select u.email, min(case g.role when 'client_admin' then 0 else 1 end) as rank from app_user u"
            " join user_grant g on g.client_id = u.client_id and g.user_id = u.id"
            " where u.client_id = %s and u.active and g.role in ('client_admin', 'client_user')"
            " group by u.id, u.email order by rank, u.id",
            self._ticket.client_id,
        )
        return tuple(row[0] for row in found)

    def last_survey_at(self, recipient: str) -> datetime | None:
        """When this person was last asked for this client."""
        row = self._one(
            "select max(asked_at) from survey where client_id = %s and recipient = %s",
            self._ticket.client_id,
            recipient,
        )
        return row[0]  # type: ignore[no-any-return]
