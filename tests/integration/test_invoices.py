"""Invoices on a real database: numbers without gaps, money that adds up, and every act of it in the trail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from tests.support.api import World, world_on
from tests.support.books import HYBRID, accepted, contract, settle
from ticketos.db.ids import new_id
from ticketos.db.repositories import invoice_rows as rows
from ticketos.db.repositories import ledger
from ticketos.db.repositories.invoice_runs import SqlInvoiceRuns
from ticketos.db.repositories.invoices import Invoices
from ticketos.db.sealing import Sealer
from ticketos.dev.database import PostgresUrls
from ticketos.domain.errors import DomainError
from ticketos.domain.state import SYSTEM, Actor
from workers.schedules import scheduled_clients

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
MAKER, CHECKER = Actor("user", str(new_id())), Actor("user", str(new_id()))


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("books")) as made:
        settle(made, made.provider)
        yield made


class Desk:
    """A finance desk over one fresh client."""

    def __init__(self, world: World, **columns: Any) -> None:
        self.world = world
        self.client_id = new_id()
        with world.services.database.transaction([self.client_id]) as connection:
            tag = self.client_id.hex[-7:]
            letters = "".join(chr(ord("A") + int(c, 16)) for c in tag)
            world.services.clients.create(
                connection,
                self.client_id,
                {"slug": f"c{self.client_id.hex}", "prefix": f"C{letters}"[:8], "name": "Client"},
                now=NOW,
                actor=SYSTEM,
            )
        settle(world, self.client_id, **columns)
        self.agent = world.person(world.provider, ("agent", None)).id
        self.invoices = Invoices(world.services.audit, new_id)

    def within(self) -> Any:
        return self.world.services.database.transaction({self.client_id, self.world.provider})

    def lock(self, period: str = "2026-11") -> None:
        with self.within() as connection:
            self.invoices.lock_period(connection, self.client_id, period, now=NOW, actor=MAKER)

    def draft(self, period: str = "2026-11", actor: Actor = MAKER) -> tuple[UUID, ...]:
        with self.within() as connection:
            return self.invoices.draft(connection, self.client_id, period, now=NOW, actor=actor)

    def do(self, act: str, invoice_id: UUID, *arguments: Any, actor: Actor = CHECKER) -> Any:
        with self.within() as connection:
            row = rows.get(connection, invoice_id, lock=True)
            assert row is not None
            return getattr(self.invoices, act)(connection, row, *arguments, now=NOW, actor=actor)

    def issued(self, period: str = "2026-11") -> UUID:
        self.lock(period)
        (invoice_id,) = self.draft(period)
        self.do("approve", invoice_id)
        self.do("issue", invoice_id)
        return invoice_id

    def row(self, invoice_id: UUID) -> Any:
        with self.within() as connection:
            return rows.get(connection, invoice_id)

    def sql(self, statement: str, *values: Any) -> list[Any]:
        return self.world.sql(self.client_id, statement, values)

    def balances(self, invoice_ids: list[UUID]) -> dict[str, str]:
        """The provider's book, of these invoices alone."""
        found = self.world.sql(
            self.world.provider,
            "select account, sum(amount)::text from posting p join journal j on j.id = p.journal_id"
            " where j.source_id = any(%s) group by account order by account",
            (invoice_ids,),
        )
        return {account: f"{Decimal(amount):.2f}" for account, amount in found}


def test_from_a_month_of_accepted_units_to_an_issued_invoice(world: World) -> None:
    desk = Desk(world)
    terms = contract(world, desk.client_id)
    accepted(world, desk.client_id, terms, 120, finished_by=desk.agent)
    invoice = desk.row(invoice_id := desk.issued())
    assert (invoice["state"], invoice["net"], invoice["tax"], invoice["total"]) == (
        "issued",
        Decimal("420"),
        Decimal("75.60"),
        Decimal("495.60"),
    )
    assert invoice["number"] == f"INV/26-27/{int(invoice['number'][-4:]):04d}"
    assert (str(invoice["issued_on"]), str(invoice["due_on"])) == ("2026-12-01", "2026-12-31")
    assert {state for (state,) in desk.sql("select state from usage_event")} == {"invoiced"}
    tickets = desk.sql("select detail from ticket where kind = 'billing'")
    assert {(t.detail["invoice"], t.detail["payment_status"]) for t in tickets} == {
        (invoice["number"], "invoiced")
    }
    assert [(p.user_id, p.value, p.fee, p.payout, p.units) for p in desk.sql("select * from payout")] == [
        (desk.agent, Decimal("420"), Decimal("84"), Decimal("336"), 120)
    ]
    assert desk.balances([invoice_id]) == {
        "1200": "495.60",
        "2201": "-37.80",
        "2202": "-37.80",
        "2300": "-336.00",
        "4000": "-420.00",
        "5100": "336.00",
    }


def test_another_state_bears_igst_in_the_book_too(world: World) -> None:
    desk = Desk(world, state_code="27")
    accepted(world, desk.client_id, contract(world, desk.client_id), 120)
    assert desk.balances([desk.issued()]) == {
        "1200": "495.60",
        "2204": "-75.60",
        "2310": "-336.00",
        "4000": "-420.00",
        "5100": "336.00",
    }


def test_a_hybrid_bills_base_and_overage_and_a_month_without_usage_the_base(world: World) -> None:
    desk = Desk(world)
    small = {"kind": "hybrid", "data": {"base": "30000", "included": 20, "overage": "2"}}
    accepted(world, desk.client_id, contract(world, desk.client_id, small), 32)
    contract(world, desk.client_id, HYBRID)
    contract(world, desk.client_id)
    desk.lock()
    found = [desk.row(i) for i in desk.draft()]
    assert sorted(row["net"] for row in found) == [Decimal("30000"), Decimal("30024")], (
        "a flat month without usage has none"
    )


def test_every_money_act_is_in_the_trail_and_the_chain_holds(world: World) -> None:
    desk = Desk(world)
    accepted(world, desk.client_id, contract(world, desk.client_id), 12, finished_by=desk.agent)
    invoice_id = desk.issued()
    desk.do("credit", invoice_id, None, "sent in error")
    told = [row.event for row in desk.sql("select event from audit_event where money order by seq")]
    assert [e for e in told if e.startswith(("period", "invoice", "credit"))] == [
        "period.locked",
        "invoice.drafted",
        "invoice.approved",
        *["invoice.issued"] * 3,
        *["credit_note.issued"] * 3,
    ]
    mine = world.sql(
        world.provider,
        "select event from audit_event where entity_id = %s or after ->> 'for' = %s order by seq",
        (str(invoice_id), desk.row(invoice_id)["number"]),
    )
    assert [row.event for row in mine] == ["payout.recorded", "journal.posted", "journal.posted"]
    assert Sealer(world.services.database, lambda: NOW).verify([desk.client_id, world.provider]).first is None


def test_a_locked_month_takes_no_more_usage_and_locking_twice_is_once(world: World) -> None:
    desk = Desk(world)
    terms = contract(world, desk.client_id)
    accepted(world, desk.client_id, terms, 1)
    desk.lock()
    desk.lock()
    assert len(desk.sql("select 1 from audit_event where event = 'period.locked'")) == 1
    with pytest.raises(IntegrityError, match="month 2026-11 is locked"):
        accepted(world, desk.client_id, terms, 1)
    accepted(world, desk.client_id, terms, 2, bill_period="2026-12")
    (first,) = desk.draft()
    assert desk.row(first)["net"] == Decimal("3.50")
    desk.lock("2026-12")
    (later,) = desk.draft("2026-12")
    (line,) = desk.row(later)["snapshot"]["lines"]
    assert (line["late"], line["description"]) == ({"2026-11": 2}, "Documents accepted (with 2 of 2026-11)")


def test_locking_waits_for_an_acceptance_under_way(world: World) -> None:
    desk = Desk(world)
    terms = contract(world, desk.client_id)
    (event,) = accepted(world, desk.client_id, terms, 1)
    locked = threading.Event()

    def lock() -> None:
        desk.lock()
        locked.set()

    with ThreadPoolExecutor(1) as pool:
        with desk.within() as connection:
            connection.exec_driver_sql(
                "insert into usage_event (id, client_id, key, contract_id, unit_type, quantity, accepted_at,"
                " period, bill_period, state,"
                " fate, evidence) select %s, client_id, %s, contract_id, unit_type, 1, accepted_at, period,"
                " bill_period, 'billable', fate,"
                " evidence from usage_event where id = %s",
                (new_id(), "racing", event),
            )
            running = pool.submit(lock)
            assert not locked.wait(0.3)
        running.result(20)
    (invoice_id,) = desk.draft()
    assert desk.row(invoice_id)["net"] == Decimal("7.00"), "what was accepted in time is billed"


def test_drafting_needs_the_lock_and_repeating_it_changes_nothing(world: World) -> None:
    desk = Desk(world)
    terms = contract(world, desk.client_id)
    accepted(world, desk.client_id, terms, 3)
    with pytest.raises(DomainError, match="period-not-locked"):
        desk.draft()
    desk.lock()
    first = desk.draft()
    assert desk.draft(actor=CHECKER) == first
    assert desk.row(first[0])["row_version"] == 1
    desk.sql(
        "update contract set terms = jsonb_set(terms, '{pricing,data,unit_price}', '\"4\"') where id = %s",
        terms,
    )
    assert desk.draft() == first, "a new price draws the draft up anew, under its own id"
    assert desk.row(first[0])["net"] == Decimal("12.00")
    desk.do("approve", first[0])
    desk.sql(
        "update contract set terms = jsonb_set(terms, '{pricing,data,unit_price}', '\"5\"') where id = %s",
        terms,
    )
    assert desk.draft() == first
    assert desk.row(first[0])["net"] == Decimal("12.00"), "what was approved stays"


def test_maker_is_not_checker_and_nothing_is_issued_unapproved_or_twice(world: World) -> None:
    desk = Desk(world)
    accepted(world, desk.client_id, contract(world, desk.client_id), 3)
    desk.lock()
    (invoice_id,) = desk.draft()
    with pytest.raises(DomainError, match="invoice-not-approved"):
        desk.do("issue", invoice_id)
    with pytest.raises(DomainError, match="invoice-own-draft"):
        desk.do("approve", invoice_id, actor=MAKER)
    desk.do("approve", invoice_id)
    desk.do("issue", invoice_id)
    for act, arguments in (("issue", ()), ("approve", ()), ("cancel", ("x",))):
        with pytest.raises(DomainError, match="invoice-issued"):
            desk.do(act, invoice_id, *arguments)


def test_a_withdrawn_draft_frees_its_units(world: World) -> None:
    desk = Desk(world)
    accepted(world, desk.client_id, contract(world, desk.client_id), 3)
    desk.lock()
    (first,) = desk.draft()
    desk.do("cancel", first, "wrong contract")
    (second,) = desk.draft()
    assert second != first
    assert desk.row(second)["net"] == Decimal("10.50")


def test_a_part_is_credited_then_the_rest_and_nothing_is_left(world: World) -> None:
    desk = Desk(world)
    events = accepted(world, desk.client_id, contract(world, desk.client_id), 20, finished_by=desk.agent)
    invoice_id = desk.issued()
    part = desk.do("credit", invoice_id, events[:3], "defective")
    note = desk.row(part)
    assert (note["net"], note["tax"], note["kind"], note["of_invoice_id"]) == (
        Decimal("-10.50"),
        Decimal("-1.88"),
        "credit_note",
        invoice_id,
    )
    assert note["number"].startswith("CN/26-27/")
    states = {row.key: row.state for row in desk.sql("select key, state from usage_event")}
    assert sum(s == "reversed" for s in states.values()) == sum(s == "credited" for s in states.values()) == 3
    statuses = [
        row.detail["payment_status"]
        for row in desk.sql("select detail from ticket where kind = 'billing' order by number")
    ]
    assert sorted(statuses) == ["invoiced", "partly_credited"]
    with pytest.raises(DomainError, match="usage-already-credited"):
        desk.do("credit", invoice_id, events[:1], "again")
    rest = desk.do("credit", invoice_id, None, "cancelled")
    with pytest.raises(DomainError, match="invoice-fully-credited"):
        desk.do("credit", invoice_id, None, "again")
    everything = [invoice_id, part, rest]
    assert set(desk.balances(everything).values()) == {"0.00"}
    assert desk.sql("select sum(net), sum(tax), sum(total) from invoice where state = 'issued'") == [
        (0, 0, 0)
    ]
    assert desk.sql("select sum(value), sum(fee), sum(payout), sum(units) from payout") == [(0, 0, 0, 0)]
    assert desk.sql("select sum(quantity) from usage_event") == [(0,)]
    assert desk.row(invoice_id)["payment_state"] == "credited"


def test_a_whole_credit_note_reverses_the_invoices_entries(world: World) -> None:
    desk = Desk(world)
    accepted(world, desk.client_id, contract(world, desk.client_id), 4)
    invoice_id = desk.issued()
    note_id = desk.do("credit", invoice_id, None, "wrong client")
    pairs = world.sql(
        world.provider,
        "select o.source_id, j.source_id from journal j join journal o on o.id = j.reverses"
        " where j.source_id = %s",
        (note_id,),
    )
    assert pairs == [(invoice_id, note_id)] * 2


def test_eight_issues_at_once_take_numbers_without_gap_and_a_failed_one_takes_none(world: World) -> None:
    desks = [Desk(world) for _ in range(8)]
    ready: list[tuple[Desk, UUID]] = []
    for desk in desks:
        accepted(world, desk.client_id, contract(world, desk.client_id), 2)
        desk.lock()
        (invoice_id,) = desk.draft()
        desk.do("approve", invoice_id)
        ready.append((desk, invoice_id))
    with pytest.raises(ZeroDivisionError):
        issue_and_fail(desks[0], ready[0][1])
    assert desks[0].row(ready[0][1])["state"] == "approved"
    gate = threading.Barrier(8)

    def issue(one: tuple[Desk, UUID]) -> str:
        gate.wait(20)
        number: str = one[0].do("issue", one[1])
        return number

    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(pool.map(issue, ready))
    taken = [int(number[-4:]) for number in numbers]
    assert taken == list(range(taken[0], taken[0] + 8))
    every = world.sql(
        world.provider, "select next from invoice_counter where series = 'INV' and fiscal_year = '26-27'"
    )
    assert every == [(taken[-1] + 1,)]
    assert taken[-1] == sum(
        len(world.sql(d, "select 1 from invoice where number like 'INV/26-27/%%'"))
        for d in all_clients(world)
    )
    assert all(len(number) <= 16 for number in numbers)
    with world.services.database.transaction([world.provider]) as connection:
        assert sum(b.balance for b in ledger.trial_balance(connection, world.provider)) == 0


def issue_and_fail(desk: Desk, invoice_id: UUID) -> None:
    """An issue whose transaction does not get through."""
    with desk.within() as connection:
        row = rows.get(connection, invoice_id, lock=True)
        assert row is not None
        desk.invoices.issue(connection, row, now=NOW, actor=CHECKER)
        raise ZeroDivisionError


def all_clients(world: World) -> list[UUID]:
    with world.services.database.system() as connection:
        return [row[0] for row in connection.exec_driver_sql("select id from all_clients()")]


def test_a_scheduled_month_runs_once(world: World) -> None:
    desk = Desk(world)
    terms = contract(world, desk.client_id)
    accepted(world, desk.client_id, terms, 2)
    runs = SqlInvoiceRuns(world.services.database, desk.invoices, lambda: NOW)
    assert runs.due(desk.client_id, NOW) == ("2026-11",)
    assert runs.due(desk.client_id, datetime(2026, 11, 30, 18, 29, tzinfo=UTC)) == ("2026-10",), (
        "in Kolkata it is still November"
    )
    first = runs.run(desk.client_id, "2026-11", Actor("schedule"))
    assert len(first["invoices"]) == 1
    assert runs.run(desk.client_id, "2026-11", Actor("schedule")) == first
    assert desk.row(UUID(first["invoices"][0]))["drafted_by"] == "schedule"
    settle(world, desk.client_id, status="suspended")
    assert runs.due(desk.client_id, NOW) == ()


def test_schedules_are_kept_for_active_clients_alone(world: World) -> None:
    active, gone = Desk(world, zone="Europe/Berlin"), Desk(world, status="suspended")
    found = {one.id: one.zone for one in scheduled_clients(world.services.database)}
    assert found[active.client_id] == "Europe/Berlin"
    assert not {gone.client_id, world.provider} & set(found)
