"""A day on a real database: counts, values and references, each difference with the ops desk once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import World, world_on
from tests.support.books import settle
from ticketos.db.ids import new_id
from ticketos.db.repositories import ledger, reconciliation
from ticketos.db.repositories.reconciliation import Reconciliations, SqlReconciliationRuns
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import PostJournal
from ticketos.domain.errors import DomainError
from ticketos.domain.ledger import Posting
from ticketos.domain.money import Money
from ticketos.domain.state import Actor

DAY = date(2026, 11, 21)
IN_DAY = datetime(2026, 11, 20, 18, 45, tzinfo=UTC)  # the 21st, 00:15 in Kolkata
NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
ROBOT = Actor("schedule")


@pytest.fixture
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("days")) as made:
        settle(made, made.acme)
        yield made


@pytest.fixture(autouse=True)
def database(postgres_cluster: Any) -> Iterator[PostgresUrls]:
    """A database per test here: each counts a whole day."""
    urls = postgres_cluster.migrated_database()
    yield urls
    postgres_cluster.drop(urls)


def received(world: World, ticket: UUID, **columns: Any) -> UUID:
    fields = {
        "total": {"value": columns.pop("total", "118.00")},
        "currency": {"value": columns.pop("currency", "INR")},
    }
    return world.document(
        world.acme, ticket, **{"received_at": IN_DAY, "fields": fields, "doc_type": "invoice", **columns}
    )


def posted(
    world: World, document: UUID, amount: str, *, key: str = "", reverses: UUID | None = None
) -> tuple[UUID, str]:
    """An entry as posting a document makes it: cost and tax against the payable."""
    total = Money.of(amount, "INR")
    journal = PostJournal(
        new_id(),
        key or f"document:{document}:1:0",
        DAY,
        "invoice",
        (Posting("6000", total), Posting("2100", -total)),
        "reversal" if reverses else "document",
        document,
        reverses,
    )
    with world.services.database.transaction([world.acme]) as connection:
        ((journal_id, number),) = ledger.post(connection, world.acme, [journal], new_id)
        connection.exec_driver_sql("update document set erp_reference = %s where id = %s", (number, document))
    return journal_id, number


def run(world: World, day: date = DAY) -> Any:
    with world.services.database.transaction([world.acme]) as connection:
        made = Reconciliations(world.services.audit, new_id)
        return made.run(connection, world.acme, day, now=NOW, actor=ROBOT)


def test_a_day_that_agrees(world: World) -> None:
    ticket = world.ticket(world.acme, documents_total=4, received_at=IN_DAY)
    _, number = posted(world, received(world, ticket, state="posted"), "118.00")
    received(world, ticket, state="rejected", total="50.00")
    received(world, ticket, state="quarantined", total=None)
    received(world, ticket, state="keying", total="10.10", currency="EUR")
    received(world, ticket, state="posted", received_at=NOW)  # the next day in Kolkata
    world.sql(world.acme, "update ticket set documents_total = 5 where id = %s", (ticket,))
    row = run(world)
    assert row["counts"] == {
        "received": 4,
        "posted": 1,
        "rejected": 1,
        "quarantined": 1,
        "open": 1,
        "withdrawn": 0,
        "entries": 1,
    }
    assert row["values"]["references"] == [number]
    assert row["values"]["totals"]["EUR"]["open"] == "10.10"
    assert Decimal(row["values"]["totals"]["INR"]["booked"]) == Decimal("118")
    assert row["differences"] == []


def test_each_difference_is_told_once_however_often_the_day_is_run(world: World) -> None:
    ticket = world.ticket(world.acme, documents_total=3, received_at=IN_DAY)
    missing = received(world, ticket, state="posted", erp_reference="J-000099")
    wrong = received(world, ticket, state="posted")
    posted(world, wrong, "117.00")
    found = {one["code"]: one for one in run(world)["differences"]}
    assert set(found) == {"posted-without-entry", "entry-total-differs", "documents-missing"}
    assert (found["posted-without-entry"]["document_id"], found["entry-total-differs"]["found"]) == (
        str(missing),
        "INR 117",
    )
    again = run(world)
    assert len(again["differences"]) == 3
    assert len(world.sql(world.acme, "select 1 from reconciliation")) == 1
    notices = world.sql(world.acme, "select desk, ticket_id, kind from notice")
    assert notices == [("ops", ticket, "reconciliation")] * 3
    told = world.sql(
        world.acme, "select event, root_id from audit_event where event like 'reconciliation.%%' order by seq"
    )
    assert [row.event for row in told] == ["reconciliation.difference"] * 3 + ["reconciliation.run"] * 2
    posted(world, missing, "118.00")
    world.sql(world.acme, "update ticket set documents_total = 2 where id = %s", (ticket,))
    assert [one["code"] for one in run(world)["differences"]] == ["entry-total-differs"], (
        "what was put right is gone"
    )


def test_a_withdrawn_document_counts_as_rejected_and_its_entry_must_be_reversed(world: World) -> None:
    ticket = world.ticket(world.acme, documents_total=1, received_at=IN_DAY, state="cancelled")
    document = received(world, ticket, state="posted")
    journal_id, _ = posted(world, document, "118.00")
    row = run(world)
    assert (row["counts"]["rejected"], row["counts"]["withdrawn"]) == (1, 1)
    assert [one["code"] for one in row["differences"]] == ["entry-without-posting"]
    posted(world, document, "-118.00", key=f"reversal:{journal_id}", reverses=journal_id)
    assert run(world)["differences"] == []


def test_a_day_that_has_not_begun_is_refused(world: World) -> None:
    assert run(world, date(2026, 11, 22))["counts"]["received"] == 0, "it began half an hour ago in Kolkata"
    with pytest.raises(DomainError, match="day-not-begun"):
        run(world, date(2026, 11, 23))


def test_a_tick_fills_in_the_days_that_were_missed(world: World) -> None:
    runs = SqlReconciliationRuns(
        world.services.database, Reconciliations(world.services.audit, new_id), lambda: NOW
    )
    assert runs.due(world.acme, NOW) == ("2026-11-21",)
    runs.run(world.acme, "2026-11-18", ROBOT)
    assert runs.due(world.acme, NOW) == ("2026-11-19", "2026-11-20", "2026-11-21")
    for day in runs.due(world.acme, NOW):
        assert runs.run(world.acme, day, ROBOT)["differences"] == 0
    assert runs.due(world.acme, NOW) == ()
    with world.services.database.transaction([world.acme]) as connection:
        newest, *older = reconciliation.listed(connection, [world.acme], limit=2)
        assert [
            r["day"] for r in reconciliation.listed(connection, [world.acme], limit=9, before=older[0]["id"])
        ] == [date(2026, 11, 19), date(2026, 11, 18)]
    assert newest["day"] == DAY
