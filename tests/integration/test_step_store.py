"""A step on a real database: facts in, changes out, once, whatever runs beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from ticketos.db.ids import new_id
from ticketos.db.repositories.apply import DOCUMENT_FIXED, TICKET_FIXED, task_workflow
from ticketos.db.repositories.step import SqlStore
from ticketos.db.session import Database, driver, encode_json
from ticketos.dev.database import PostgresUrls
from ticketos.domain import changes as c
from ticketos.domain.calendar import ALWAYS
from ticketos.domain.clock import Clock, Pause
from ticketos.domain.errors import DomainError
from ticketos.domain.ledger import Posting
from ticketos.domain.money import Money
from ticketos.domain.ports import StepKey, Store
from ticketos.domain.state import SYSTEM, Actor, ClockState
from workflows import names

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@dataclass
class Recorder:
    """Keeps what the trail was told (``AuditWriter``); the trail itself has tests of its own."""

    events: list[str] = field(default_factory=list)

    def record_many(
        self,
        connection: Connection,
        *,
        client_id: UUID,
        ticket_id: UUID | None,
        root_id: UUID | None,
        at: datetime,
        actor: Actor,
        emits: Sequence[c.Emit],
    ) -> None:
        self.events += [emit.event for emit in emits]


@dataclass(frozen=True)
class Desk:
    """A provider with people, a client with a contract, and a way to make requests."""

    database: Database
    store: SqlStore
    audit: Recorder
    provider: UUID
    client: UUID
    contract: UUID
    agent: UUID

    def request(self, documents: int = 0, client: UUID | None = None, **values: Any) -> UUID:
        ticket, owner = new_id(), client or self.client
        row = {
            "id": ticket,
            "client_id": owner,
            "root_id": ticket,
            "number": f"ACME-26-{ticket.hex[-12:]}",
            "kind": "request",
            "life": 1,
            "seq": 0,
            "stage": "intake",
            "state": "open",
            "progress": 5,
            "round": 0,
            "channel": "api",
            "priority": "P3",
            "language": "en",
            "sentiment": "neutral",
            "desk": "service_desk",
            "sla_state": "on_track",
            "subject": "Invoices",
            "documents_total": documents,
            "documents_done": 0,
            "received_at": NOW,
            "row_version": 1,
            **values,
        }
        blank = {
            "client_id": owner,
            "ticket_id": ticket,
            "content_type": "text/plain",
            "size": 1,
            "address": "a",
            "state": "received",
            "doc_type": "invoice",
            "straight_through": False,
            "round": 0,
            "quality": "pending",
            "approval": "pending",
            "row_version": 1,
            "received_at": NOW,
        }
        with self.database.transaction({owner}) as connection:
            _insert(connection, "ticket", row)
            for n in range(documents):
                _insert(
                    connection,
                    "document",
                    {**blank, "id": new_id(), "position": n, "sha256": f"{ticket.hex}{n}"},
                )
        return ticket

    def do(self, ticket: UUID, step: str, *changes: c.Change, **key: Any) -> Mapping[str, Any]:
        with self.store.step(StepKey(ticket, key.pop("life", 1), step, **key), self.client, SYSTEM) as opened:
            if opened.prior is not None:
                return opened.prior
            opened.apply(changes)
            return opened.finish({"did": step})

    def rows(self, query: str, *values: Any) -> list[Any]:
        with self.database.transaction({self.client, self.provider}) as connection:
            return driver(connection).execute(query, values).fetchall()


def _insert(connection: Connection, table: str, row: Mapping[str, Any]) -> None:
    values = [encode_json(v) if isinstance(v, dict | list) else v for v in row.values()]
    driver(connection).execute(
        f"insert into {table} ({', '.join(row)}) values ({', '.join(['%s'] * len(row))})", values
    )


def _client(database: Database, kind: str, **values: Any) -> UUID:
    client = new_id()
    with database.transaction({client}) as connection:
        _insert(
            connection,
            "client",
            {
                "id": client,
                "slug": client.hex[-12:],
                "prefix": client.hex[-8:],
                "name": "N",
                "kind": kind,
                "status": "active",
                "zone": "Asia/Kolkata",
                "currency": "INR",
                "country": "IN",
                "data_key": b"k",
                **values,
            },
        )
    return client


@pytest.fixture(scope="module")
def desk(database: PostgresUrls) -> Iterator[Desk]:
    db = Database(database.app)
    provider = _client(db, "provider")
    client = _client(db, "client", settings={"coding": {"default_account": "6100"}})
    calendar, contract, agent = new_id(), new_id(), new_id()
    with db.transaction({provider, client}) as connection:
        definition = {**ALWAYS.to_json(), "zone": "Asia/Kolkata"}
        _insert(
            connection,
            "calendar",
            {"id": calendar, "client_id": client, "name": "all", "definition": definition, "row_version": 1},
        )
        _insert(
            connection,
            "contract",
            {
                "id": contract,
                "client_id": client,
                "number": "C-1",
                "name": "Data entry",
                "service_line": "data_entry",
                "kind": "transaction",
                "status": "active",
                "starts_on": date(2026, 1, 1),
                "calendar_id": calendar,
                "row_version": 1,
                "terms": {"scope": {"monthly_volume": 100}, "qa": {"sample_rate": "0.2"}},
            },
        )
        _insert(
            connection,
            "app_user",
            {
                "id": agent,
                "client_id": provider,
                "email": f"{agent}@provider.example",
                "name": "Asha",
                "active": True,
                "available": True,
                "level": "sme",
                "capacity": 5,
                "skills": ["keying"],
                "certifications": {"keying": "2027-01-31"},
                "ring_fence": [],
                "failed_logins": 0,
                "row_version": 1,
            },
        )
        _insert(
            connection,
            "user_grant",
            {"id": new_id(), "client_id": provider, "user_id": agent, "role": "agent"},
        )
    audit = Recorder()
    store = SqlStore(db, now=lambda: NOW, new_id=new_id, audit=audit)
    yield Desk(db, store, audit, provider, client, contract, agent)
    db.dispose()


def test_the_store_is_the_store_the_domain_asks_for(desk: Desk) -> None:
    store: Store = desk.store
    ticket = desk.request()
    with store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        assert step.prior is None
        assert (step.now, step.actor, step.ticket().id) == (NOW, SYSTEM, ticket)
        assert step.client().provider_id == desk.provider
        assert step.client().zone == "Asia/Kolkata"


def test_a_ticket_of_another_client_is_unknown(desk: Desk) -> None:
    other = _client(desk.database, "client")
    ticket = desk.request(client=other)
    for asked, wanted in ((ticket, desk.client), (new_id(), desk.client)):
        with (
            pytest.raises(DomainError, match="ticket-unknown"),
            desk.store.step(StepKey(asked, 1, "x"), wanted, SYSTEM),
        ):
            pass
    with desk.store.step(StepKey(ticket, 1, "x"), other, SYSTEM) as step:
        assert step.ticket().client_id == other


def test_a_step_that_is_repeated_answers_as_before_and_changes_nothing(desk: Desk) -> None:
    ticket = desk.request()
    told = len(desk.audit.events)
    key = StepKey(ticket, 1, "triage", "subject", 2)
    for _ in range(3):
        with desk.store.step(key, desk.client, SYSTEM) as step:
            if step.prior is not None:
                answer = step.prior
                continue
            step.apply(
                [
                    c.SetTicket(
                        {"stage": "triage", "confidence": Decimal("0.7123"), "detail": {"top": ["a", 1]}}
                    ),
                    c.SetTicket({"progress": 10}),
                    c.Emit("ticket.triaged"),
                ]
            )
            assert (step.ticket().stage, step.ticket().progress, step.ticket().seq) == ("triage", 10, 1)
            answer = step.finish({"ids": (ticket,), "amount": Decimal("1.50")})
        assert answer == {"ids": [str(ticket)], "amount": "1.50"}
    assert desk.rows(
        "select stage, seq, row_version, confidence, detail from ticket where id = %s", ticket
    ) == [("triage", 1, 2, Decimal("0.7123"), {"top": ["a", 1]})]
    assert desk.audit.events[told:] == ["ticket.triaged"]
    with pytest.raises(RuntimeError, match="finished"), desk.store.step(key, desk.client, SYSTEM) as step:
        step.apply([c.SetTicket({"progress": 15})])


def test_an_error_in_the_block_undoes_everything_of_the_step(desk: Desk) -> None:
    ticket = desk.request()

    def fail() -> None:
        with desk.store.step(StepKey(ticket, 1, "s"), desk.client, SYSTEM) as step:
            step.apply([c.SetTicket({"stage": "triage"})])
            raise DomainError("no")

    with pytest.raises(DomainError, match="no"):
        fail()
    with (
        pytest.raises(RuntimeError, match="not finished"),
        desk.store.step(StepKey(ticket, 1, "s"), desk.client, SYSTEM) as step,
    ):
        step.apply([c.SetTicket({"stage": "triage"})])
    assert desk.rows("select stage, seq from ticket where id = %s", ticket) == [("intake", 0)]
    assert desk.do(ticket, "s", c.SetTicket({"stage": "triage"})) == {"did": "s"}


def test_the_same_step_run_by_many_at_once_takes_effect_once(desk: Desk) -> None:
    ticket = desk.request()
    gate = threading.Barrier(4)

    def attempt(number: int) -> Mapping[str, Any]:
        gate.wait()
        with desk.store.step(StepKey(ticket, 1, "race"), desk.client, SYSTEM) as step:
            if step.prior is not None:
                return step.prior
            step.apply(
                [
                    c.SetTicket({"progress": number}),
                    c.OpenTask(new_id(), f"{ticket}:{number}", "k", "ticket", "d"),
                ]
            )
            return step.finish({"winner": number})

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(attempt, range(1, 5)))
    winner = answers[0]["winner"]
    assert answers == [{"winner": winner}] * 4
    assert desk.rows("select progress, seq from ticket where id = %s", ticket) == [(winner, 1)]
    assert desk.rows("select key from task where ticket_id = %s", ticket) == [(f"{ticket}:{winner}",)]


def test_a_run_that_finds_its_result_taken_undoes_its_own_work(desk: Desk) -> None:
    ticket = desk.request()
    key = StepKey(ticket, 1, "taken")
    with desk.store.step(key, desk.client, SYSTEM) as step:
        step.apply([c.SetTicket({"progress": 77})])
        with desk.database.transaction({desk.client}) as other:  # a run that slipped past the ticket's lock
            _insert(
                other,
                "step_result",
                {"key": str(key), "client_id": desk.client, "result": {"winner": "other"}},
            )
        assert step.finish({"winner": "me"}) == {"winner": "other"}
    assert desk.rows("select progress from ticket where id = %s", ticket) == [(5,)]


def test_a_step_of_an_earlier_life_cannot_set_the_ticket(desk: Desk) -> None:
    ticket = desk.request()
    desk.do(ticket, "reopen", c.SetTicket({"life": 2}))
    with pytest.raises(DomainError, match="ticket-life-over"):
        desk.do(ticket, "late", c.SetTicket({"stage": "closure"}))
    assert desk.do(ticket, "late", c.SetTicket({"stage": "triage"}), life=2) == {"did": "late"}


def test_a_rule_cannot_set_what_is_not_its_own(desk: Desk) -> None:
    ticket = desk.request(documents=1)
    document = desk.rows("select id from document where ticket_id = %s", ticket)[0][0]
    for name in (*TICKET_FIXED, "no_such_column", "seq = 1 --"):
        with pytest.raises(ValueError, match="not a rule's"):
            desk.do(ticket, "s", c.SetTicket({name: "x"}))
    for name in (*DOCUMENT_FIXED, "no_such_column"):
        with pytest.raises(ValueError, match="not a rule's"):
            desk.do(ticket, "s", c.SetDocument(document, {name: "x"}))
    with pytest.raises(DomainError, match="document-unknown"):
        desk.do(ticket, "s", c.SetDocument(new_id(), {"state": "ready"}))


def test_rows_of_the_tree_are_numbered_by_letter_and_found_by_key(desk: Desk) -> None:
    ticket = desk.request()
    number = desk.rows("select number from ticket where id = %s", ticket)[0][0]
    desk.do(
        ticket,
        "1",
        c.SubTicket("quality", "Q", "qc", "Quality", detail={"a": 1}, desk="qa", owner_id=desk.agent),
        c.SubTicket("defect:x:1", "D", "defect", "Defect"),
        c.SubTicket("defect:y:1", "D", "defect", "Defect"),
    )
    desk.do(
        ticket,
        "2",
        c.SubTicket("quality", "", "qc", "Quality", "done", detail={"b": 2}, closed_at=NOW),
        c.SubTicket("defect:x:2", "D", "defect", "Defect"),
    )
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        subs = step.sub_tickets()
    assert {key: sub.number.removeprefix(number) for key, sub in subs.items()} == {
        "quality": "-Q1",
        "defect:x:1": "-D1",
        "defect:y:1": "-D2",
        "defect:x:2": "-D3",
    }
    quality = subs["quality"]
    assert (quality.state, quality.closed_at, quality.owner_id, quality.desk) == (
        "done",
        NOW,
        desk.agent,
        "qa",
    )
    assert quality.detail == {"a": 1, "b": 2, "key": "quality"}
    with pytest.raises(DomainError, match="letter-missing"):
        desk.do(ticket, "3", c.SubTicket("new", "", "qc", "Quality"))


def test_tasks_are_asked_once_told_to_their_workflow_and_closed_once(desk: Desk) -> None:
    ticket, first, second = desk.request(), new_id(), new_id()
    opened = c.OpenTask(
        first,
        f"{ticket}:key",
        "confirm",
        "data_entry",
        "delivery",
        skill="keying",
        assigned_to=desk.agent,
        due_at=NOW,
    )
    desk.do(ticket, "1", opened, replace(opened, id=second))
    desk.do(
        ticket, "2", replace(opened, id=second), c.OpenTask(second, f"{ticket}:other", "qa", "ticket", "qa")
    )
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        tasks = step.tasks()
        assert [t.id for t in tasks] == [first, second]
        assert [t.workflow_id for t in tasks] == [
            names.line_workflow(ticket, "data_entry"),
            names.ticket_workflow(ticket),
        ]
        agents = step.agents()
        assert [(a.id, a.load, a.level, a.idle_since, dict(a.certifications)) for a in agents] == [
            (str(desk.agent), 1, "sme", NOW, {"keying": date(2027, 1, 31)})
        ]
    desk.do(ticket, "3", c.CloseTask(first, "done", NOW, desk.agent, {"verdict": "pass"}))
    with pytest.raises(DomainError, match="task-not-open"):
        desk.do(ticket, "4", c.CloseTask(first, "done", NOW))
    desk.do(ticket, "5", c.CancelTasks(NOW, "cancelled"))
    assert desk.rows("select state, result from task where ticket_id = %s order by id", ticket) == [
        ("done", {"verdict": "pass"}),
        ("cancelled", {"reason": "cancelled"}),
    ]


def test_what_happened_to_documents_comes_with_its_instants(desk: Desk) -> None:
    ticket, task = desk.request(documents=2), new_id()
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        paper, other = (one.id for one in step.documents())
    later = NOW + timedelta(minutes=5)
    desk.do(
        ticket,
        "1",
        c.SetDocument(paper, {"state": "posted", "read_at": NOW, "done_at": later}),
        c.SetDocument(other, {"state": "quarantined", "read_at": NOW, "done_at": NOW}),
        c.OpenTask(task, f"{ticket}:key", "keying", "data_entry", "delivery", subject_id=paper),
    )
    desk.do(ticket, "2", c.CloseTask(task, "done", later, desk.agent))
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        found = sorted(step.document_events())
    assert found == [("keyed", later), ("posted", later), ("read", NOW), ("read", NOW)]


def test_workflow_ids_are_those_of_the_workflows_package() -> None:
    ticket = new_id()
    assert task_workflow(ticket, "ticket") == names.ticket_workflow(ticket)
    assert task_workflow(ticket, "data_entry") == names.line_workflow(ticket, "data_entry")


def test_clocks_come_back_as_they_were_set_and_are_replaced_by_kind(desk: Desk) -> None:
    ticket = desk.request()
    spans = (
        Pause(NOW, NOW + timedelta(minutes=5), "customer"),
        Pause(NOW + timedelta(hours=1), None, "bank"),
    )
    clock = Clock("turnaround", 60, NOW, spans)
    desk.do(
        ticket, "1", c.SetClock(Clock("turnaround", 30, NOW)), c.SetClock(Clock("first_response", 30, NOW))
    )
    desk.do(ticket, "2", c.SetClock(clock, frozenset({"warn:50", "warn:75"}), NOW, NOW))
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        assert step.clocks() == (
            ClockState(Clock("first_response", 30, NOW)),
            ClockState(clock, frozenset({"warn:50", "warn:75"}), NOW),
        )


def test_two_thousand_documents_are_written_in_one_step(desk: Desk) -> None:
    ticket = desk.request(documents=2000)
    with desk.store.step(StepKey(ticket, 1, "quality"), desk.client, SYSTEM) as step:
        documents = step.documents()
        assert [d.position for d in documents] == list(range(2000))
        step.apply(
            [
                *(
                    c.SetDocument(d.id, {"state": "posted", "fields": {"total": {"value": "1.00"}}})
                    for d in documents
                ),
                *(c.SetDocument(d.id, {"quality": "passed"}) for d in documents[:1500]),
                *(
                    c.AddQaCheck(
                        new_id(),
                        d.id,
                        1,
                        0,
                        "all",
                        "pass",
                        NOW,
                        Decimal("99.5"),
                        5,
                        5,
                        5,
                        ({"field": "total"},),
                    )
                    for d in documents
                ),
            ]
        )
        step.finish({})
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        assert step.counts() == {"posted": 2000}
        assert len(step.documents(["posted"], limit=10)) == 10
        assert step.documents(["received"]) == ()
        assert sum(d.quality == "passed" for d in step.documents()) == 1500
        checks = step.quality()
        assert len(checks) == 2000
        assert checks[0].defects == ({"field": "total"},)
        assert step.document(documents[7].id).fields == {"total": {"value": "1.00"}}
        with pytest.raises(DomainError, match="document-unknown"):
            step.document(ticket)


def test_the_lapse_of_an_open_version_moves_and_that_of_a_decided_one_does_not(desk: Desk) -> None:
    ticket, offer = desk.request(), new_id()
    desk.do(ticket, "1", c.OfferApproval(offer, 0, "hash", NOW, NOW, {}))
    desk.do(ticket, "2", c.MoveDeemed(offer, NOW + timedelta(days=1)))
    desk.do(ticket, "3", c.DecideApproval(offer, "accepted", NOW, "client", None))
    desk.do(ticket, "4", c.MoveDeemed(offer, NOW + timedelta(days=9)))
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        approval = step.approval()
    assert approval is not None
    assert approval.deemed_at == NOW + timedelta(days=1)


def test_approvals_are_offered_and_decided_once(desk: Desk) -> None:
    ticket, offer = desk.request(), new_id()
    desk.do(ticket, "1", c.OfferApproval(offer, 0, "hash", NOW, NOW, {"documents": 2}))
    decide = c.DecideApproval(offer, "accepted", NOW, "client@acme.example", None, {"d": "accepted"})
    desk.do(ticket, "2", decide)
    with pytest.raises(DomainError, match="approval-not-open"):
        desk.do(ticket, "3", decide)
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        approval = step.approval()
    assert approval is not None
    assert (approval.id, approval.version, approval.state, approval.units) == (
        offer,
        "hash",
        "accepted",
        {"d": "accepted"},
    )


def test_keyed_rows_exist_once_whatever_step_writes_them(desk: Desk) -> None:
    ticket = desk.request(documents=1)
    document = desk.rows("select id from document where ticket_id = %s", ticket)[0][0]
    usage = c.AddUsage(
        new_id(),
        f"document:{document}",
        desk.contract,
        document,
        "document",
        Decimal(1),
        NOW,
        "2026-11",
        "2026-11",
        "billable",
        desk.agent,
    )
    for name in ("1", "2"):
        desk.do(
            ticket,
            name,
            replace(usage, id=new_id()),
            replace(usage, id=new_id(), key=f"{ticket}:n", contract_id=None, fate="no_contract"),
            c.SendMail(new_id(), f"{ticket}:mail", "ack", "jane@acme.example", {"n": Decimal("1.5")}),
            c.Notify(new_id(), f"{ticket}:warn", "warning", "qa", NOW),
            c.AskSurvey(new_id(), f"{ticket}@acme.example", NOW),
        )
    of = "from {} where ticket_id = %s order by id"
    assert desk.rows("select state " + of.format("usage_event"), ticket) == [("billable",), ("held",)]
    assert desk.rows("select kind, state, payload " + of.format("outbox"), ticket) == [
        ("mail", "waiting", {"template": "ack", "to": "jane@acme.example", "values": {"n": "1.5"}})
    ]
    assert desk.rows("select kind " + of.format("notice"), ticket) == [("warning",)]
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        assert step.last_survey_at(f"{ticket}@acme.example") == NOW
        assert step.last_survey_at("nobody@acme.example") is None


def test_journals_are_numbered_without_gaps_and_a_reversed_one_no_longer_stands(desk: Desk) -> None:
    ticket, source = desk.request(), new_id()

    def journal(key: str, sign: int, reverses: UUID | None = None) -> c.PostJournal:
        sides = (
            Posting("6000", Money.of(100 * sign, "INR"), {"ticket": "t"}),
            Posting("2100", Money.of(-100 * sign, "INR")),
        )
        return c.PostJournal(
            new_id(), f"{ticket}:{key}", date(2026, 11, 20), "m", sides, "document", source, reverses
        )

    first = journal("a", 1)
    desk.do(ticket, "1", first)
    desk.do(ticket, "2", replace(first, id=new_id()))
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        assert [(one.id, one.postings) for one in step.postings_of(source)] == [(first.id, first.postings)]
    desk.do(ticket, "3", journal("b", -1, reverses=first.id))
    again = journal("c", 1)
    desk.do(ticket, "4", again)
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        assert [(one.id, one.postings) for one in step.postings_of(source)] == [(again.id, again.postings)]
    numbers = [
        row[0] for row in desk.rows("select number from journal where source_id = %s order by id", source)
    ]
    assert [int(n.removeprefix("J-")) for n in numbers] == list(
        range(int(numbers[0][2:]), int(numbers[0][2:]) + 3)
    )
    unbalanced = replace(journal("d", 1), postings=first.postings[:1] * 2)
    with pytest.raises(Exception, match="journal-unbalanced"):
        desk.do(ticket, "5", unbalanced)
    fine = replace(
        journal("e", 1),
        postings=(Posting("1", Money.of("0.00001", "INR")), Posting("2", Money.of("-0.00001", "INR"))),
    )
    with pytest.raises(DomainError, match="amount-too-fine"):
        desk.do(ticket, "6", fine)


def test_what_people_chose_and_corrected_is_remembered(desk: Desk) -> None:
    ticket = desk.request(documents=1)
    document = desk.rows("select id from document where ticket_id = %s", ticket)[0][0]
    vendor = f"vendor-{ticket}"
    for name in ("1", "2"):
        desk.do(
            ticket,
            name,
            c.RememberVendor(vendor, "6200", "C1"),
            c.AddCorrection(
                new_id(),
                document,
                None,
                "total",
                "10.00",
                "100.00",
                NOW,
                ("10.00", "100.00"),
                1,
                (0.1, 0.2, 0.3, 0.4),
                Decimal("0.61"),
                "rapidocr",
                desk.agent,
                Decimal("3.2"),
            ),
        )
    desk.do(ticket, "3", c.RememberVendor(vendor, "6300"))
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        facts = step.coding_facts(vendor)
        assert [(m["account"], m["cost_centre"], m["times"]) for m in facts.memory] == [
            ("6200", "C1", 2),
            ("6300", "", 1),
        ]
        assert (facts.default_account, facts.payable_account) == ("6100", "2100")
    assert desk.rows(
        "select shown, typed, candidates, box from correction where document_id = %s limit 1", document
    ) == [("10.00", "100.00", ["10.00", "100.00"], [0.1, 0.2, 0.3, 0.4])]


def test_contracts_come_with_terms_and_calendar_and_volume_counts_other_requests(desk: Desk) -> None:
    ticket = desk.request(contract_id=desk.contract)
    before = desk.request(
        documents=3, contract_id=desk.contract, received_at=datetime(2026, 10, 31, 18, 29, 59, tzinfo=UTC)
    )
    desk.request(
        documents=3, contract_id=desk.contract, received_at=datetime(2026, 10, 31, 18, 30, tzinfo=UTC)
    )
    desk.request(contract_id=desk.contract)
    desk.request(documents=9, contract_id=desk.contract, state="cancelled")
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        contract = step.contract()
        assert contract is not None
        assert step.contracts() == (contract,)
        assert (contract.calendar.zone, contract.terms.qa.sample_rate) == ("Asia/Kolkata", Decimal("0.2"))
        assert step.volume(desk.contract, "2026-11") == 4
        assert step.volume(desk.contract, "2026-10") == 3
    with desk.store.step(StepKey(before, 1, "look"), desk.client, SYSTEM) as step:
        assert step.volume(desk.contract, "2026-10") == 0


def test_doubles_are_found_among_the_clients_documents(desk: Desk) -> None:
    one, two = desk.request(documents=1), desk.request(documents=1)
    first, second = (desk.rows("select id from document where ticket_id = %s", t)[0][0] for t in (one, two))
    with desk.database.transaction({desk.client}) as connection:
        connection.execute(
            text("update document set sha256 = :s where id in (:a, :b)"),
            {"s": f"{one.hex}", "a": first, "b": second},
        )
    desk.do(one, "1", c.SetDocument(first, {"business_key": f"k{one}"}))
    with desk.store.step(StepKey(two, 1, "look"), desk.client, SYSTEM) as step:
        assert step.same_file(one.hex, second) == first
        assert step.same_file(one.hex, first) is None
        assert step.same_business_key(f"k{one}", second) == first
        assert step.same_business_key(f"k{one}", first) is None
    desk.do(one, "2", c.SetDocument(first, {"state": "rejected"}))
    with desk.store.step(StepKey(two, 1, "look2"), desk.client, SYSTEM) as step:
        assert step.same_file(one.hex, second) is None
        assert step.same_business_key(f"k{one}", second) is None


def test_locked_periods_and_the_first_message_are_facts_too(desk: Desk) -> None:
    ticket = desk.request()
    with desk.database.transaction({desk.client}) as connection:
        for period, state in (("2026-09", "locked"), ("2026-10", "open")):
            _insert(
                connection, "billing_period", {"client_id": desk.client, "period": period, "state": state}
            )
        for minute, body in ((5, "second"), (1, "first")):
            _insert(
                connection,
                "message",
                {
                    "id": new_id(),
                    "client_id": desk.client,
                    "ticket_id": ticket,
                    "direction": "in",
                    "channel": "api",
                    "external_id": f"{ticket}{minute}",
                    "body": body,
                    "received_at": NOW + timedelta(minutes=minute),
                },
            )
    with desk.store.step(StepKey(ticket, 1, "look"), desk.client, SYSTEM) as step:
        assert step.locked_periods() == {"2026-09"}
        message_id, text = step.first_message()
        assert text == "first"
        assert str(UUID(message_id)) == message_id
        assert step.later_messages() == ["second"]


def test_a_restarted_server_costs_no_transaction(desk: Desk, database: PostgresUrls) -> None:
    ticket = desk.request()
    assert desk.rows("select id from ticket where id = %s", ticket) == [(ticket,)]
    admin = Database(database.superuser)
    with admin.transaction(()) as connection:
        ended = (
            driver(connection)
            .execute(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname ="
                " current_database()"
                " and usename = 'ticketos_app'"
            )
            .fetchone()
        )
    admin.dispose()
    assert ended is not None
    assert ended[0] >= 1
    assert desk.rows("select id from ticket where id = %s", ticket) == [(ticket,)]


def test_text_a_database_cannot_hold_is_replaced_and_the_rest_kept(desk: Desk) -> None:
    ticket = desk.request()
    damaged = {
        "a\0b": ["x\0", "\ud83d", "\\u0000", "₹ \U0001f600"],
        "n": Decimal("1.10"),
        "at": NOW,
        "set": {"b", "a"},
    }
    desk.do(ticket, "1", c.SetTicket({"detail": damaged}))
    assert desk.rows("select detail from ticket where id = %s", ticket) == [
        (
            {
                "a\ufffdb": ["x\ufffd", "\ufffd", "\\u0000", "₹ \U0001f600"],
                "n": "1.10",
                "at": "2026-11-20T09:00:00+00:00",
                "set": ["a", "b"],
            },
        )
    ]
    with pytest.raises(ValueError, match="JSON"):
        encode_json({"n": float("nan")})
    with pytest.raises(TypeError, match="object has no JSON form"):
        encode_json({"n": object()})


def test_ids_grow_and_never_repeat_whoever_asks_and_however_fast() -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: [new_id() for _ in range(5000)], range(4)))
    assert all(ids == sorted(ids) for ids in found)
    assert len({i for ids in found for i in ids}) == 20_000
    one = new_id()
    assert (one.version, one.variant) == (7, "specified in RFC 4122")
    assert abs((one.int >> 80) / 1000 - datetime.now(UTC).timestamp()) < 60
