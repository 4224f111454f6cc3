"""AG9, OP3 on a real database as the application: no entry enters a shut month, and the month-end that shuts one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.api import World, world_on
from tests.support.books import settle
from ticketos.db.ids import new_id
from ticketos.db.repositories import book_months, ledger, month_end, month_facts
from ticketos.db.repositories.book_months import BookMonths
from ticketos.db.repositories.month_end import SqlMonthEnds
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import PostJournal
from ticketos.domain.errors import DomainError
from ticketos.domain.ledger import Posting
from ticketos.domain.money import Money
from ticketos.domain.state import Actor

OCTOBER = date(2026, 10, 14)
RECEIVED = datetime(2026, 10, 20, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 5, 0, 0, tzinfo=UTC)
ROBOT = Actor("schedule")
FINANCE = Actor("user", str(UUID(int=77)), frozenset({"finance"}))


@pytest.fixture
def world(postgres_cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    urls: PostgresUrls = postgres_cluster.migrated_database()
    with world_on(urls, tmp_path_factory.mktemp("months")) as made:
        settle(made, made.acme)
        yield made
    postgres_cluster.drop(urls)


def entry(world: World, day: date, amount: str = "118.00", document: UUID | None = None, **more: Any) -> str:
    total = Money.of(amount, "INR")
    journal = PostJournal(
        new_id(), new_id().hex, day, "invoice", (Posting("6000", total), Posting("2100", -total)),
        "document" if document else None, document, **more,
    )  # fmt: skip
    with world.services.database.transaction([world.acme]) as connection:
        ((_, number),) = ledger.post(connection, world.acme, [journal], new_id)
        if document:
            connection.exec_driver_sql(
                "update document set erp_reference = %s where id = %s", (number, document)
            )
    return number


def document(world: World, ticket: UUID, state: str = "posted", total: str = "118.00", **more: Any) -> UUID:
    fields = {"total": {"value": total}, "currency": {"value": "INR"}}
    return world.document(
        world.acme, ticket, state=state, doc_type="invoice", fields=fields, received_at=RECEIVED, **more
    )


def posted(world: World, documents: int = 1) -> UUID:
    ticket = world.ticket(
        world.acme, documents_total=documents, received_at=RECEIVED, service_line="data_entry"
    )
    entry(world, OCTOBER, document=document(world, ticket))
    return ticket


def runs(world: World, now: datetime = NOW) -> SqlMonthEnds:
    return SqlMonthEnds(world.services.database, world.services.audit, new_id, lambda: now)


def months(world: World) -> BookMonths:
    return BookMonths(world.services.audit)


def state(world: World, period: str = "2026-10") -> str:
    with world.services.database.transaction([world.acme]) as connection:
        found = {row["period"]: row["state"] for row in book_months.listed(connection, [world.acme])}
    return str(found.get(period, "open"))


def change(
    world: World, act: str, period: str = "2026-10", reason: str = "because", now: datetime = NOW
) -> None:
    with world.services.database.transaction([world.acme]) as connection:
        done: dict[str, Any] = {"now": now, "actor": FINANCE, "reason": reason}
        if act == "soft_close":
            months(world).soft_close(connection, world.acme, period, **done)
        else:
            months(world).change(connection, world.acme, period, act, **done)  # type: ignore[arg-type]


def refused(world: World, day: date, **more: Any) -> None:
    with pytest.raises(DBAPIError) as caught:
        entry(world, day, **more)
    assert isinstance(caught.value.orig, psycopg.errors.RestrictViolation) or "no entry enters it" in str(
        caught.value
    )


def test_the_database_lets_no_entry_into_a_closed_month(world: World) -> None:
    entry(world, OCTOBER)
    change(world, "soft_close")
    refused(world, OCTOBER)
    refused(world, date(2026, 9, 30))  # what lies before is shut with it
    entry(world, date(2026, 11, 1))
    change(world, "close")
    refused(world, OCTOBER)
    refused(world, date(2021, 1, 1), decided_in=new_id())
    change(world, "reopen")
    entry(world, OCTOBER)
    refused_again = date(2026, 9, 30)
    entry(world, refused_again)  # nothing later is shut any more


def test_a_soft_closed_month_takes_only_what_a_person_of_finance_let_in(world: World) -> None:
    ticket = posted(world)
    change(world, "soft_close")
    decision = {"choice": "own_date"}
    paper, other = (document(world, ticket, "ready") for _ in range(2))
    done = {"kind": "posting_period", "state": "done", "completed_by": new_id(), "completed_at": NOW}
    done |= {"subject_id": paper}
    let_in = world.task(world.acme, ticket, result=decision, **done)
    entry(world, OCTOBER, document=paper, decided_in=let_in)
    refused(world, OCTOBER, document=other, decided_in=let_in)
    refused(world, OCTOBER, decided_in=let_in)
    for wrong in (
        {**done, "state": "open", "result": decision},
        {**done, "completed_by": None, "result": decision},
        {**done, "kind": "keying", "result": decision},
        {**done, "result": {"choice": "first_open"}},
    ):
        refused(world, OCTOBER, document=paper, decided_in=world.task(world.acme, ticket, **wrong))
    change(world, "close")
    refused(world, OCTOBER, document=paper, decided_in=let_in)


def impatient(world: World) -> None:
    with world.services.database.transaction([world.acme]) as connection:
        connection.exec_driver_sql("set local lock_timeout = '300ms'")
        months(world).soft_close(connection, world.acme, "2026-10", now=NOW, actor=FINANCE, reason="x")


def test_closing_waits_for_the_posting_under_way_and_the_next_sees_it(world: World) -> None:
    """A posting that began before the month was shut is in; closing comes after it, not beside it."""
    total = Money.of("1.00", "INR")
    journal = PostJournal(new_id(), "k1", OCTOBER, "x", (Posting("6000", total), Posting("2100", -total)))
    with world.services.database.transaction([world.acme]) as connection:
        ledger.post(connection, world.acme, [journal], new_id)
        with pytest.raises(DBAPIError, match="lock timeout"):
            impatient(world)
    change(world, "soft_close")
    refused(world, OCTOBER)


def test_another_clients_months_are_not_ours(world: World) -> None:
    change(world, "soft_close")
    with world.services.database.transaction([world.beta]) as connection:
        assert book_months.listed(connection, [world.acme, world.beta]) == []
        total = Money.of("1.00", "INR")
        journal = PostJournal(new_id(), "b1", OCTOBER, "x", (Posting("6000", total), Posting("2100", -total)))
        assert ledger.post(connection, world.beta, [journal], new_id)


def test_a_clean_month_is_soft_closed_once_and_keeps_its_report(world: World) -> None:
    posted(world)
    assert runs(world).due(world.acme, NOW) == ("2026-10",)
    done = runs(world).run(world.acme, "2026-10", ROBOT)
    assert (done["outcome"], done["clean"], done["in_the_way"]) == ("closed", True, [])
    assert state(world) == "soft"
    refused(world, OCTOBER)
    again = runs(world).run(world.acme, "2026-10", FINANCE)
    assert again == {"outcome": "ran_before", "period": "2026-10", "state": "soft"}
    assert runs(world).due(world.acme, NOW) == ()
    with world.services.database.transaction([world.acme]) as connection:
        kept = month_end.get(connection, world.acme, "2026-10")
    assert kept is not None and (kept["clean"], kept["runs"]) == (True, 1)
    report = kept["report"]
    assert report["counts"] == {"received": 1, "posted": 1}
    assert {c["name"] for c in report["checks"]} == {
        "documents", "open", "days", "differences", "trial_balance", "subledger", "earlier_months",
    }  # fmt: skip
    assert report["control"] == {"INR": "118.0000"} and len(report["trial_balance"]) == 2
    assert len(world.sql(world.acme, "select 1 from reconciliation where day >= '2026-10-01'")) == 31
    told = world.sql(
        world.acme, "select event, actor_kind from audit_event where event ~ '^(month|book)' order by seq"
    )
    assert [tuple(one) for one in told] == [
        ("month_end.run", "schedule"),
        ("book_month.soft_closed", "schedule"),
    ]


def test_what_stands_in_the_way_is_named_once_and_the_month_stays_open(world: World) -> None:
    ticket = posted(world, documents=2)
    still = document(world, ticket, "keying")
    entry(world, OCTOBER, "5.00")  # owed by the account, and by no document
    done = runs(world).run(world.acme, "2026-10", ROBOT)
    assert (done["outcome"], done["in_the_way"]) == ("blocked", ["open", "subledger"])
    assert state(world) == "open"
    runs(world).run(world.acme, "2026-10", ROBOT)
    notices = world.sql(
        world.acme, "select kind, desk, ticket_id, detail from notice where kind = 'month_end'"
    )
    assert [(n.kind, n.desk, n.ticket_id) for n in notices] == [("month_end", "finance", None)]
    assert {c["name"] for c in notices[0].detail["checks"]} == {"open", "subledger"}
    with world.services.database.transaction([world.acme]) as connection:
        kept = month_end.get(connection, world.acme, "2026-10")
    assert kept is not None and (kept["clean"], kept["runs"]) == (False, 2)
    assert [one["document_id"] for one in kept["report"]["open"]] == [str(still)]
    december = datetime(2026, 12, 5, tzinfo=UTC)
    assert runs(world).due(world.acme, december) == ("2026-10", "2026-11"), "it is tried again"
    later = runs(world, december).run(world.acme, "2026-11", ROBOT)
    assert later["in_the_way"] == ["subledger", "earlier_months"], "it would shut October with it, unchecked"
    refused_for = runs(world).run(world.acme, "2026-10", FINANCE, "accrued")
    assert refused_for["in_the_way"] == ["subledger"], "a reason waives open documents and nothing else"
    entry(world, date(2026, 10, 31), "-5.00")
    closed = runs(world).run(world.acme, "2026-10", FINANCE, "Accrued by hand")
    assert (closed["outcome"], state(world)) == ("closed", "soft")
    (shut,) = world.sql(world.acme, "select changed_by, reason from book_month")
    assert (shut.changed_by, shut.reason) == (FINANCE.user_id, "Accrued by hand")


def test_a_difference_of_any_day_stands_in_the_way(world: World) -> None:
    ticket = posted(world, documents=2)
    document(world, ticket, erp_reference="J-000099")
    done = runs(world).run(world.acme, "2026-10", ROBOT)
    assert done["in_the_way"] == ["differences"], "posted without an entry; nobody owes it in either book"


def test_the_subledger_is_what_the_documents_said_at_the_months_end(world: World) -> None:
    ticket = world.ticket(world.acme, documents_total=1, received_at=RECEIVED, service_line="data_entry")
    paper = document(world, ticket)
    entry(world, OCTOBER, document=paper)
    first = world.sql(world.acme, "select id from journal")[0].id
    # In November it was corrected: reversed and posted anew with another total.
    entry(world, date(2026, 11, 2), "-118.00", document=paper, reverses=first)
    entry(world, date(2026, 11, 2), "120.00", document=paper)
    world.sql(
        world.acme,
        "update document set fields = jsonb_set(fields, '{total,value}', '\"120.00\"') where id = %s",
        (paper,),
    )
    with world.services.database.transaction([world.acme]) as connection:
        found = month_facts.read(connection, world.acme, "2026-10").facts
    assert {c: str(a) for c, a in found.subledger.items()} == {"INR": "118.0000"}
    assert found.control == found.subledger


def test_what_is_posted_between_its_days_run_and_the_lock_is_reconciled_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = posted(world, documents=2)
    late = document(world, ticket, "rejected")
    change_it = (
        "update document set state = %s, erp_reference = %s, row_version = row_version + 1 where id = %s"
    )
    reconcile, read = SqlMonthEnds._reconcile, month_facts.read
    reads: list[str] = []

    def and_then(self: SqlMonthEnds, client: UUID, day: date, *given: Any) -> None:
        reconcile(self, client, day, *given)
        if day == date(2026, 10, 31):
            world.sql(world.acme, change_it, ("posted", "J-000099", late))

    def counted(connection: Any, client: UUID, period: str) -> month_facts.Found:
        reads.append(period)
        return read(connection, client, period)

    monkeypatch.setattr(month_facts, "read", counted)
    with monkeypatch.context() as patched:
        patched.setattr(SqlMonthEnds, "_reconcile", and_then)
        found = runs(world).run(world.acme, "2026-10", ROBOT)
    assert found["in_the_way"] == ["differences"], "posted without an entry"
    world.sql(world.acme, change_it, ("rejected", None, late))
    reads.clear()
    assert runs(world).run(world.acme, "2026-10", ROBOT)["outcome"] == "closed"
    assert len(reads) == 1, "nothing came in between: the figures are not reckoned while postings wait"


def test_one_month_is_told_as_the_list_tells_it(world: World) -> None:
    entry(world, OCTOBER)
    entry(world, date(2026, 11, 2))
    change(world, "soft_close")
    with world.services.database.transaction([world.acme]) as connection:
        for row in book_months.listed(connection, [world.acme]):
            assert book_months.one(connection, world.acme, row["period"]) == row
        implied = book_months.one(connection, world.acme, "2026-09")
    assert (implied["state"], implied["implied"], implied["entries"]) == ("soft", True, 0)


def test_a_corrected_document_that_waits_owes_what_was_posted_and_one_that_differs_is_named(
    world: World,
) -> None:
    ticket = world.ticket(world.acme, documents_total=1, received_at=RECEIVED, service_line="data_entry")
    paper = document(world, ticket, filename="waits.pdf")
    entry(world, OCTOBER, document=paper)
    said = "update document set state = %s, fields = jsonb_set(fields, '{total,value}', '\"120.00\"') where id = %s"
    world.sql(world.acme, said, ("keying", paper))
    waiting = runs(world).run(world.acme, "2026-10", ROBOT)
    assert waiting["in_the_way"] == ["open"], "its entry stands until finance decided"
    world.sql(world.acme, said, ("posted", paper))
    differs = runs(world).run(world.acme, "2026-10", ROBOT)
    assert differs["in_the_way"] == ["differences", "subledger"]
    with world.services.database.transaction([world.acme]) as connection:
        kept = month_end.get(connection, world.acme, "2026-10")
    assert kept is not None
    (apart,) = kept["report"]["apart"]
    assert (apart["document_id"], apart["booked"], apart["said"]) == (
        str(paper),
        "INR 118.0000",
        "INR 120.00",
    )
    (check,) = [one for one in kept["report"]["checks"] if one["name"] == "subledger"]
    assert check["detail"].endswith(f"{apart['ticket']} waits.pdf")


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda w: runs(w).run(w.acme, "2026-11", ROBOT), "period-not-over"),
        (lambda w: runs(w).run(w.provider, "2026-10", ROBOT), "not-a-clients-book"),
        (lambda w: runs(w).run(w.acme, "2026-10", ROBOT, "by itself"), "not-allowed"),
        (lambda w: change(w, "soft_close", "2026-11"), "period-not-over"),
        (lambda w: change(w, "close"), "period-not-soft"),
        (lambda w: change(w, "reopen"), "period-is-open"),
    ],
)
def test_refused(world: World, act: Any, code: str) -> None:
    with pytest.raises(DomainError, match=code):
        act(world)


def test_no_month_before_the_first_document_is_due(world: World) -> None:
    assert runs(world).due(world.acme, NOW) == ()
    ticket = world.ticket(world.acme, received_at=NOW)
    world.document(world.acme, ticket, received_at=NOW)
    assert runs(world).due(world.acme, NOW) == (), "the client came in November"
    assert runs(world).due(world.provider, NOW) == ()


def test_a_month_whose_run_never_came_to_be_is_due_and_is_not_shut_with_the_next(world: World) -> None:
    posted(world)
    december = datetime(2026, 12, 5, tzinfo=UTC)
    assert runs(world, december).due(world.acme, december) == ("2026-10", "2026-11")
    skipped = runs(world, december).run(world.acme, "2026-11", ROBOT)
    assert skipped["in_the_way"] == ["earlier_months"]
    assert [
        runs(world, december).run(world.acme, one, ROBOT)["outcome"] for one in ("2026-10", "2026-11")
    ] == [
        "closed",
        "closed",
    ]
    world.sql(world.acme, "update client set status = 'suspended' where id = %s", (world.acme,))
    assert runs(world).due(world.acme, datetime(2027, 2, 5, tzinfo=UTC)) == ()
    world.sql(world.acme, "update client set status = 'active' where id = %s", (world.acme,))
    assert runs(world).due(world.acme, datetime(2027, 2, 5, tzinfo=UTC)) == ("2026-12", "2027-01")


def test_a_book_of_entries_alone_begins_with_the_first(world: World) -> None:
    entry(world, date(2026, 9, 3))
    assert runs(world).due(world.acme, NOW) == ("2026-09", "2026-10")
