"""The built-in ledger keeps the contract of the port, and so does an ERP that is nothing like it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.api import World, world_on
from tests.support.erp_contract import ErpContract, entry
from ticketos.db.ids import new_id
from ticketos.db.repositories.ledger_erp import LedgerErp
from ticketos.db.repositories.month_end import SqlMonthEnds
from ticketos.db.repositories.reconciliation import SqlReconciliationRuns
from ticketos.db.repositories.step import SqlStore
from ticketos.db.session import driver
from ticketos.dev.database import PostgresUrls
from ticketos.domain import erp as port
from ticketos.domain.changes import PostJournal
from ticketos.domain.erp import Answer, Erp, Posted, Refused, Standing
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import StepKey
from ticketos.domain.state import SYSTEM
from workers.wiring import Parts, money_activities, store


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("erp")) as made:
        yield made


class TestLedger(ErpContract):
    """The built-in one, as the app role and within one transaction, which commits: constraints speak at the end."""

    @pytest.fixture
    def books(self, world: World) -> tuple[UUID, UUID]:
        return world.acme, world.beta

    @pytest.fixture
    def erp(self, world: World) -> Iterator[Erp]:
        with world.services.database.transaction([world.acme, world.beta]) as connection:
            yield LedgerErp(driver(connection), new_id)
            connection.execute(text("set constraints all immediate"))


@dataclass
class Elsewhere:
    """An ERP with numbers and a memory of its own."""

    entries: dict[UUID, list[tuple[str, PostJournal]]] = field(default_factory=dict)
    closed: bool = False

    def post(self, book: UUID, entries: Sequence[PostJournal]) -> Sequence[Answer]:
        kept = self.entries.setdefault(book, [])
        answers: list[Answer] = []
        for one in entries:
            known = next((reference for reference, e in kept if e.key == one.key), None)
            undone = next((e for _, e in kept if e.id == one.reverses), None)
            by = next((e for _, e in kept if one.reverses and e.reverses == one.reverses), None)
            if self.closed:
                answers.append(Refused(one.key, "entry-unknown", {"entry": one.key}))
            elif (wrong := port.fault(one)) is not None:
                answers.append(wrong)
            elif known is not None:
                answers.append(Posted(one.key, known, False))
            elif one.reverses and undone is None:
                answers.append(Refused(one.key, "entry-unknown"))
            elif by is not None:
                answers.append(Refused(one.key, "entry-reversed"))
            else:
                kept.append((f"SAP/{4_500_000 + len(kept)}", one))
                answers.append(Posted(one.key, kept[-1][0], True))
        return answers

    def standing(self, book: UUID, source_ids: Sequence[UUID]) -> Sequence[Standing]:
        kept = self.entries.get(book, [])
        gone = {e.reverses for _, e in kept if e.reverses}
        return [
            Standing(e.id, e.source_id, reference, e.booked_on, e.postings)  # type: ignore[arg-type]
            for reference, e in kept
            if e.source_id in source_ids and e.reverses is None and e.id not in gone
        ]


class TestAnother(ErpContract):
    """Anything that keeps the contract will do."""

    @pytest.fixture
    def books(self) -> tuple[UUID, UUID]:
        return new_id(), new_id()

    @pytest.fixture
    def erp(self) -> Erp:
        return Elsewhere()


def test_a_step_posts_in_the_erp_it_is_given_and_keeps_its_reference(world: World) -> None:
    other = Elsewhere()
    services = world.services
    store = SqlStore(
        services.database,
        now=lambda: datetime.now(UTC),
        new_id=new_id,
        audit=services.audit,
        erp=lambda sql, fresh: other,
    )
    ticket = world.ticket(world.acme)
    document = world.document(world.acme, ticket, state="ready")
    one = entry(document)
    with store.step(StepKey(ticket, 1, "post"), world.acme, SYSTEM) as step:
        step.apply([one])
        step.finish({})
    (row,) = world.sql(world.acme, "select erp_reference from document where id = %s", (document,))
    assert row.erp_reference == "SAP/4500000"
    assert world.sql(world.acme, "select id from journal where source_id = %s", (document,)) == []
    other.closed = True
    with (
        pytest.raises(DomainError, match="entry-unknown"),
        store.step(StepKey(ticket, 1, "again"), world.acme, SYSTEM) as step,
    ):
        step.apply([entry(document)])


def test_a_month_end_reconciles_with_the_erp_it_is_given(world: World) -> None:
    """What another ERP says of a document is what counts; the book of ours holds nothing of it."""
    received, other, services = datetime(2026, 10, 20, tzinfo=UTC), Elsewhere(), world.services
    ticket = world.ticket(world.acme, documents_total=1, received_at=received)
    fields = {"total": {"value": "118.00"}, "currency": {"value": "INR"}}
    paper = world.document(
        world.acme, ticket, state="posted", doc_type="invoice", fields=fields, received_at=received,
        erp_reference="SAP/4500000",
    )  # fmt: skip
    other.post(world.acme, [entry(paper)])

    def in_the_way(*erp: Any) -> list[str]:
        now = lambda: datetime(2026, 11, 5, tzinfo=UTC)  # noqa: E731
        runs = SqlMonthEnds(services.database, services.audit, new_id, now, *erp)
        return list(runs.run(world.acme, "2026-10", SYSTEM)["in_the_way"])

    assert "differences" in in_the_way()
    assert "differences" not in in_the_way(lambda sql, fresh: other)


def test_every_run_of_a_period_is_wired_to_the_same_erp(world: World) -> None:
    services, wired = world.services, lambda sql, fresh: Elsewhere()
    found = Parts(None, services.keyring, services.database, services.objects, services.audit, wired)  # type: ignore[arg-type]
    runs = [act.__self__._runs for act in money_activities(found)]  # type: ignore[attr-defined]
    days = [one._reconciliations for one in runs if isinstance(one, SqlReconciliationRuns)]
    days += [one._days for one in runs if isinstance(one, SqlMonthEnds)]
    assert len(days) == 4 and all(one._erp is wired for one in days)
    assert store(found).erp is wired
