"""The trail on a real database: what it keeps, what it seals, what it notices when rows are changed."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, insert
from typer.testing import CliRunner

from ticketos.crypto import Keyring
from ticketos.db.audit import AuditTrail
from ticketos.db.audit_cli import audit_commands
from ticketos.db.audit_form import COVERED, hash_of
from ticketos.db.ids import new_id
from ticketos.db.sealing import Sealer, check_head
from ticketos.db.session import Database, driver
from ticketos.db.tables.clients import Client
from ticketos.db.verification import Broken
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor

LINKS = "select number, previous, hash from money_link where client_id = %s order by number"
BATCHES = "select events from audit_seal where client_id = %s order by number"
AT = datetime(2026, 11, 21, 9, 30, 15, 123456, tzinfo=UTC)
OFF = "disable trigger append_only, no force row level security"
ON = "enable trigger append_only, force row level security"
AGENT = Actor("user", "0190b5a0-0000-7000-8000-000000000001", origin="203.0.113.7")


@dataclass(frozen=True)
class Trail:
    """One client's trail and everything around it."""

    urls: PostgresUrls
    database: Database
    keyring: Keyring
    client_id: UUID
    slug: str
    audit: AuditTrail
    sealer: Sealer

    def write(self, *emits: Emit, root_id: UUID | None = None) -> tuple[UUID, ...]:
        with self.database.transaction([self.client_id]) as connection:
            return self.write_in(connection, *emits, root_id=root_id)

    def write_in(self, connection: Connection, *emits: Emit, root_id: UUID | None = None) -> tuple[UUID, ...]:
        return self.audit.record_many(
            connection,
            client_id=self.client_id,
            ticket_id=root_id,
            root_id=root_id,
            at=AT,
            actor=AGENT,
            emits=emits or (Emit("ticket.edited"),),
        )

    def seal(self) -> None:
        """Seal until nothing of this client waits (other databases of the cluster may hold the mark back)."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            self.sealer.seal_once()
            if not self.report().waiting:
                return
            time.sleep(0.02)
        raise AssertionError("the trail was not sealed within 30 s")

    def report(self) -> Any:
        return self.sealer.verify([self.client_id]).clients[0]

    def broken(self) -> Broken:
        found = self.sealer.verify([self.client_id]).first
        assert found is not None
        return found

    def rows(self, query: str, *values: object) -> list[Any]:
        with self.database.system() as connection:
            return list(connection.exec_driver_sql(query, values).all())

    def as_owner(self, statement: str, *values: object) -> None:
        """What an administrator could do: switch the guards off, change rows, switch them on again."""
        tables = ("audit_event", "audit_seal", "money_link")
        with psycopg.connect(self.urls.owner.replace("+psycopg", "", 1)) as connection:
            for table in tables:
                connection.execute(f"alter table {table} {OFF}")
            assert connection.execute(statement, values).rowcount > 0
            for table in tables:
                connection.execute(f"alter table {table} {ON}")


@pytest.fixture(scope="module")
def app(database: PostgresUrls) -> Iterator[Database]:
    opened = Database(database.app, database.system, app_pool=12, system_pool=4)
    yield opened
    opened.dispose()


@pytest.fixture
def trail(app: Database, database: PostgresUrls) -> Trail:
    keyring, client_id = Keyring(os.urandom(32)), new_id()
    slug = f"c{client_id.hex[-12:]}"
    with app.transaction([client_id]) as connection:
        connection.execute(
            insert(Client).values(
                id=client_id,
                slug=slug,
                prefix=client_id.hex[-8:],
                name="Acme",
                data_key=keyring.new_client_key(),
            )
        )
    sealer = Sealer(app, lambda: datetime.now(UTC))
    return Trail(database, app, keyring, client_id, slug, AuditTrail(keyring, new_id), sealer)


def three_batches(trail: Trail) -> list[UUID]:
    events: list[UUID] = []
    for batch in range(3):
        events += trail.write(Emit("ticket.edited", after={"batch": batch}), Emit("ticket.assigned"))
        trail.seal()
    assert trail.report().batches == 3
    assert trail.report().broken is None
    return events


def test_an_event_keeps_who_what_when_where_before_after_and_why(trail: Trail) -> None:
    root = new_id()
    emit = Emit(
        "ticket.priority_changed",
        before={"priority": "P3"},
        after={"priority": "P1", "score": Decimal("0.9700")},
        why="The client called",
        entity="ticket",
        entity_id=str(root),
    )
    trail.write(Emit("ticket.received"), emit, root_id=root)
    with trail.database.transaction([trail.client_id]) as connection:
        first, second = trail.audit.timeline(connection, root)
        after_first = trail.audit.timeline(connection, root, after=first.seq)
        limited = trail.audit.timeline(connection, root, limit=1)
    assert (first.event, second.event) == ("ticket.received", "ticket.priority_changed")
    assert (second.actor_kind, second.actor_id, second.origin) == ("user", AGENT.id, "203.0.113.7")
    assert (second.at, second.title, second.why) == (AT, "Priority changed", "The client called")
    assert (second.before, second.after) == ({"priority": "P3"}, {"priority": "P1", "score": "0.97"})
    assert first.before is None
    assert after_first == (second,)
    assert limited == (first,)


def test_an_ordinary_event_costs_one_statement_and_takes_no_lock(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []

    class Noting(psycopg.Cursor[Any]):
        def execute(self, query: Any, *args: Any, **options: Any) -> Any:
            statements.append(query)
            return super().execute(query, *args, **options)

        def executemany(self, query: Any, *args: Any, **options: Any) -> Any:
            statements.append(query)
            return super().executemany(query, *args, **options)

    with trail.database.transaction([trail.client_id]) as connection:
        monkeypatch.setattr(driver(connection), "cursor_factory", Noting)
        trail.write_in(connection, Emit("ticket.edited", after={"a": 1}))
        trail.write_in(connection, Emit("ticket.edited"), Emit("ticket.assigned"), Emit("ticket.triaged"))
        locks = connection.exec_driver_sql(
            "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
        )
        assert locks.scalar_one() == 0
    assert len([one for one in statements if "insert into audit_event" in one]) == 2
    assert len(statements) == 3


def test_text_the_database_cannot_keep_does_not_stop_an_act(trail: Trail) -> None:
    root = new_id()
    odd: dict[Any, Any] = {
        "text": "a\x00b",
        "half": "x\ud800",
        "float": 0.1,
        "set": {"b", "a"},
        "tuple": (1, None, True),
        7: "key",
    }
    trail.write(Emit("ticket.edited", after=odd, why="\x00"), root_id=root)
    with trail.database.transaction([trail.client_id]) as connection:
        (shown,) = trail.audit.timeline(connection, root)
    assert shown.after == {
        "text": "a�b",
        "half": "x?",
        "float": "0.1",
        "set": ["a", "b"],
        "tuple": [1, None, True],
        "7": "key",
    }
    trail.seal()
    assert trail.report().broken is None


def test_an_event_outside_the_catalogue_and_personal_values_of_nobody_are_refused(trail: Trail) -> None:
    with pytest.raises(DomainError, match="event-unknown"):
        trail.write(Emit("ticket.invented"))
    with pytest.raises(DomainError, match="audit-subject-missing"):
        trail.write(Emit("ticket.received", personal={"name": "Asha"}))
    trail.write(Emit("ticket.received", personal={"name": "Asha"}, subject="asha@example.com"))


def test_erasing_a_person_makes_their_values_unreadable_and_breaks_no_hash(trail: Trail) -> None:
    root = new_id()
    trail.write(
        Emit("ticket.received", personal={"name": "Asha Rao"}, subject="Asha@Example.com"),
        Emit("mail.queued", personal={"to": "ben@example.com"}, subject="ben@example.com"),
        root_id=root,
    )
    trail.seal()

    def seen() -> list[tuple[str, Any]]:
        with trail.database.transaction([trail.client_id]) as connection:
            return [(one.personal_state, one.personal) for one in trail.audit.timeline(connection, root)]

    assert seen() == [("readable", {"name": "Asha Rao"}), ("readable", {"to": "ben@example.com"})]
    with trail.database.transaction([trail.client_id]) as connection:
        assert trail.audit.erase(connection, trail.client_id, "asha@example.com")
        assert not trail.audit.erase(connection, trail.client_id, "asha@example.com")
    assert seen() == [("erased", None), ("readable", {"to": "ben@example.com"})]
    assert trail.report().broken is None

    trail.write(
        Emit("ticket.reopened", personal={"name": "Asha Rao"}, subject="asha@example.com"), root_id=root
    )
    assert seen() == [
        ("erased", None),
        ("readable", {"to": "ben@example.com"}),
        ("readable", {"name": "Asha Rao"}),
    ]
    stored = " ".join(
        row[0] for row in trail.rows("select e::text from audit_event e where root_id = %s", root)
    )
    assert "ticket.reopened" in stored
    assert "Asha" not in stored
    assert b"Asha".hex() not in stored


def test_a_changed_row_is_named_with_its_batch(trail: Trail) -> None:
    events = three_batches(trail)
    trail.as_owner("update audit_event set why = 'no' where id = %s", events[2])
    broken = trail.broken()
    assert (broken.reason, broken.number, broken.event_id) == ("event-changed", 2, events[2])
    named = f"event {events[2]} (ticket.edited, 2026-11-21 09:30:15 UTC)"
    assert broken.words.startswith(f"client {trail.slug}, batch 2: {named} was changed")


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "actor_id = null",
        "origin = '198.51.100.1'",
        "event = 'ticket.closed'",
        "before = '{}'",
        "after = '{\"batch\": 1.0}'",
        "after = after || '{\"x\": 1}'",
        "money = true",
        "schema_version = 2",
        "subject_id = id",
        "personal = '\\x00'",
        "entity = ''",
        "ticket_id = id",
        "root_id = id",
        "actor_kind = 'ai'",
    ],
)
def test_every_covered_column_is_covered(trail: Trail, change: str) -> None:
    events = three_batches(trail)
    trail.as_owner(f"update audit_event set {change} where id = %s", events[2])
    assert (trail.broken().reason, trail.broken().number, trail.broken().event_id) == (
        "event-changed",
        2,
        events[2],
    )


def test_a_row_rewritten_together_with_its_hash_is_found_by_its_batch(trail: Trail) -> None:
    events = three_batches(trail)
    (row,) = trail.rows(f"select {', '.join(COVERED)} from audit_event where id = %s", events[4])
    forged = hash_of({**row._mapping, "after": {"batch": 2}, "why": "forged"})
    trail.as_owner("update audit_event set why = 'forged' where id = %s", events[4])
    assert (trail.broken().reason, trail.broken().event_id) == ("event-changed", events[4])
    trail.as_owner("update audit_event set hash = %s where id = %s", forged, events[4])
    assert (trail.broken().reason, trail.broken().number) == ("root-differs", 3)


def test_a_deleted_row_is_named(trail: Trail) -> None:
    events = three_batches(trail)
    trail.as_owner("delete from audit_event where id = %s", events[3])
    broken = trail.broken()
    assert (broken.reason, broken.number, broken.event_id) == ("event-removed", 2, events[3])
    assert broken.words.endswith(f"batch 2: event {events[3]} was deleted")


def test_a_row_added_to_a_sealed_batch_is_named(trail: Trail) -> None:
    three_batches(trail)
    (late,) = trail.write(Emit("ticket.edited", why="backdated"))
    trail.as_owner(
        "update audit_event set xid = s.upto_xid - 1 from audit_seal s"
        " where s.client_id = %s and s.number = 2 and audit_event.id = %s",
        trail.client_id,
        late,
    )
    assert (trail.broken().reason, trail.broken().number, trail.broken().event_id) == ("event-added", 2, late)


def test_a_row_moved_out_of_its_batch_or_renumbered_is_named(trail: Trail) -> None:
    events = three_batches(trail)
    trail.as_owner("update audit_event set xid = xid + 1000000 where id = %s", events[2])
    assert (trail.broken().reason, trail.broken().number, trail.broken().event_id) == (
        "event-moved",
        2,
        events[2],
    )


def test_a_changed_sequence_number_breaks_the_root(trail: Trail) -> None:
    events = three_batches(trail)
    with psycopg.connect(trail.urls.owner.replace("+psycopg", "", 1)) as connection:
        connection.execute(f"alter table audit_event {OFF}")
        connection.execute("alter table audit_event alter column seq set generated by default")
        connection.execute("update audit_event set seq = seq + 1000000 where id = %s", [events[5]])
        connection.execute("alter table audit_event alter column seq set generated always")
        connection.execute(f"alter table audit_event {ON}")
    assert (trail.broken().reason, trail.broken().number) == ("root-differs", 3)


@pytest.mark.parametrize(
    ("change", "reason", "number"),
    [
        ("update audit_seal set root = sha256(root) where client_id = %s and number = 2", "root-differs", 2),
        ("update audit_seal set hash = sha256(hash) where client_id = %s and number = 2", "seal-changed", 2),
        (
            "update audit_seal set previous = sha256(previous) where client_id = %s and number = 2",
            "link-broken",
            2,
        ),
        ("delete from audit_seal where client_id = %s and number = 2", "seal-missing", 2),
        ("delete from audit_seal where client_id = %s and number = 1", "seal-missing", 1),
    ],
)
def test_a_touched_seal_is_named(trail: Trail, change: str, reason: str, number: int) -> None:
    three_batches(trail)
    trail.as_owner(change, trail.client_id)
    assert (trail.broken().reason, trail.broken().number) == (reason, number)


def test_an_exported_head_shows_removed_seals_and_refuses_a_changed_file(
    trail: Trail, tmp_path: Path
) -> None:
    three_batches(trail)
    document = trail.sealer.export_head(trail.slug, trail.keyring)
    head = check_head(document, trail.keyring)
    assert trail.sealer.verify([trail.client_id], [head]).ok
    trail.as_owner("delete from audit_seal where client_id = %s and number = 3", trail.client_id)
    assert trail.sealer.verify([trail.client_id]).ok  # its events merely look as if they waited for a seal
    found = trail.sealer.verify([trail.client_id], [head]).first
    assert found is not None
    assert (found.reason, found.number) == ("head-removed", 3)
    for changed in (document | {"number": 2}, document | {"signature": "00" * 64}):
        with pytest.raises(DomainError, match="head-signature-invalid"):
            check_head(changed, trail.keyring)
    with pytest.raises(DomainError, match="head-signature-invalid"):
        check_head(document, Keyring(os.urandom(32)))
    for content in ("no json", "[]", "{}"):
        (tmp_path / "head.json").write_text(content)
        with pytest.raises(DomainError, match="head-unreadable"):
            check_head(tmp_path / "head.json", trail.keyring)


def test_money_acts_of_parallel_writers_form_one_chain(trail: Trail) -> None:
    def work(writer: int) -> None:
        for number in range(15):
            trail.write(
                Emit("ticket.edited"), Emit("usage.recorded", after={"writer": writer, "number": number})
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    links = trail.rows(LINKS, trail.client_id)
    assert [row.number for row in links] == list(range(1, 61))
    assert [bytes(row.previous) for row in links] == [b"", *(bytes(row.hash) for row in links[:-1])]
    assert trail.report().broken is None
    assert trail.report().money_links == 60


@pytest.mark.parametrize(
    ("change", "reason", "number"),
    [
        ("delete from money_link where client_id = %s and number = 2", "money-missing", 2),
        ("delete from money_link where client_id = %s and number = 3", "money-unchained", None),
        (
            "update money_link set previous = sha256(previous) where client_id = %s and number = 2",
            "money-changed",
            2,
        ),
        ("update money_link set hash = sha256(hash) where client_id = %s and number = 3", "money-changed", 3),
    ],
)
def test_a_touched_money_chain_is_named(trail: Trail, change: str, reason: str, number: int | None) -> None:
    for _ in range(3):
        trail.write(Emit("journal.posted"))
    assert trail.report().broken is None
    trail.as_owner(change, trail.client_id)
    assert (trail.broken().reason, trail.broken().number) == (reason, number)


def test_a_rewritten_money_chain_differs_from_the_exported_head(trail: Trail) -> None:
    trail.write(Emit("journal.posted"))
    trail.write(Emit("journal.posted"))
    trail.seal()
    head = check_head(trail.sealer.export_head(trail.slug, trail.keyring), trail.keyring)
    trail.as_owner("delete from money_link where client_id = %s and number = 2", trail.client_id)
    assert trail.broken().reason == "money-unchained"
    found = trail.sealer.verify([trail.client_id], [head]).first
    assert found is not None
    assert (found.chain, found.reason, found.number) == ("money", "head-removed", 2)


def test_what_an_open_transaction_wrote_is_sealed_after_it_ends(trail: Trail) -> None:
    with trail.database.transaction([trail.client_id]) as older:
        older.exec_driver_sql("select pg_current_xact_id()")
        (second,) = trail.write()  # a younger transaction that is done, with a lower sequence number
        trail.sealer.seal_once()
        assert trail.report().batches == 0
        assert trail.report().waiting == 1
        (first,) = trail.write_in(older)
    trail.seal()
    sealed = trail.rows(BATCHES, trail.client_id)
    assert sorted(one for row in sealed for one in row[0]) == sorted([first, second])
    assert trail.report().broken is None


def test_sealing_while_writers_run_loses_nothing_and_repeats_nothing(trail: Trail) -> None:
    done = threading.Event()

    def write(writer: int) -> list[UUID]:
        written: list[UUID] = []
        for number in range(25):
            with trail.database.transaction([trail.client_id]) as connection:
                written += trail.write_in(connection, Emit("ticket.edited", after={"n": number}))
                if (writer + number) % 3 == 0:
                    connection.exec_driver_sql("select pg_sleep(0.01)")
                written += trail.write_in(connection, Emit("document.read"), Emit("document.posted"))
        return written

    def seal() -> int:
        sealed = 0
        while not done.is_set():
            sealed += trail.sealer.seal_once()
        return sealed

    with ThreadPoolExecutor(6) as pool:
        sealers = [pool.submit(seal) for _ in range(2)]
        written = [one for part in pool.map(write, range(4)) for one in part]
        done.set()
        for sealer in sealers:
            sealer.result()
    trail.seal()
    batches = trail.rows("select events from audit_seal where client_id = %s", trail.client_id)
    assert sorted(one for row in batches for one in row[0]) == sorted(written)
    assert len(batches) > 1
    assert trail.report().broken is None
    assert trail.report().events == 300


def test_a_batch_ends_at_a_transaction_when_much_waits(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticketos.db.sealing.BATCH", 5)
    for size in (3, 3, 7, 1, 1):
        trail.write(*[Emit("ticket.edited")] * size)
    trail.seal()
    sizes = [len(row[0]) for row in trail.rows(BATCHES, trail.client_id)]
    assert sum(sizes) == 15
    assert max(sizes) >= 7
    assert trail.report().broken is None


def test_an_event_that_claims_a_future_transaction_is_named(trail: Trail) -> None:
    (event_id,) = trail.write()
    assert trail.report().broken is None
    trail.as_owner("update audit_event set xid = xid + 1000000000 where id = %s", event_id)
    assert (trail.broken().reason, trail.broken().event_id) == ("event-from-nowhere", event_id)


def test_the_sealer_says_when_the_rows_come_from_an_older_cluster(trail: Trail) -> None:
    trail.write()
    trail.seal()
    trail.as_owner(
        "update audit_seal set upto_xid = upto_xid + 1000000000 where client_id = %s", trail.client_id
    )
    with pytest.raises(DomainError, match="trail-ahead-of-database"):
        trail.sealer.seal_once()
    trail.as_owner(
        "update audit_seal set upto_xid = upto_xid - 1000000000 where client_id = %s", trail.client_id
    )
    trail.sealer.seal_once()


def test_the_command_says_whole_or_broken_and_names_it(trail: Trail, tmp_path: Path) -> None:
    commands, run = audit_commands(lambda: (trail.database, trail.keyring)), CliRunner()
    events = three_batches(trail)
    head = tmp_path / "head.json"
    exported = run.invoke(commands, ["export-head", "--client", trail.slug, "--out", str(head)])
    assert exported.exit_code == 0, exported.output
    trail.seal()
    whole = run.invoke(commands, ["verify", "--client", trail.slug])
    assert whole.exit_code == 0, whole.output
    assert "The audit trail is whole: 1 clients, 7 events, 4 batches" in whole.output
    assert run.invoke(commands, ["verify", "--head", str(head), "--json"]).exit_code == 0
    assert trail.rows(
        "select 1 from audit_event where client_id = %s and event = 'seal.exported'", trail.client_id
    )

    trail.as_owner("update audit_event set why = 'x' where id = %s", events[0])
    broken = run.invoke(commands, ["verify", "--client", trail.slug, "--json"])
    assert broken.exit_code == 1
    document = json.loads(broken.stdout)
    assert (document["ok"], document["broken"]["number"], document["broken"]["event_id"]) == (
        False,
        1,
        str(events[0]),
    )
    assert (
        f"BROKEN: client {trail.slug}, batch 1"
        in run.invoke(commands, ["verify", "--client", trail.slug]).output
    )
    unknown = run.invoke(commands, ["verify", "--client", "nobody"])
    assert unknown.exit_code == 1
    assert "There is no client nobody." in unknown.output
