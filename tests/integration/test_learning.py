"""Learning on a real database: a correction teaches in its own transaction; versions are contested and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from activities.lines.data_entry import DataEntryActivities
from activities.lines.learning import learnt
from schemas.ticket import DocumentCommand
from tests.support.api import World, world_on
from tests.support.oddities import odd, pdf_of
from ticketos.ai.extract.memory import packed
from ticketos.ai.extract.memory.places import same_value
from ticketos.ai.extract.reader import Reader
from ticketos.ai.extract.scoring.scorer import Scorer, fits
from ticketos.ai.extract.scoring.trees import fingerprint
from ticketos.db.ids import new_id
from ticketos.db.learn_cli import learn_commands
from ticketos.db.repositories.learning import Learning, SqlLearningRuns
from ticketos.db.repositories.step import SqlStore
from ticketos.dev.database import PostgresUrls
from ticketos.dev.sim.documents.composed import Paper, compose
from ticketos.domain.errors import DomainError
from ticketos.domain.learning import Learnable, Outcome
from ticketos.domain.ports import StepKey
from ticketos.domain.state import SYSTEM, Actor
from ticketos.lines.data_entry import keying, vendors
from workers.wiring import LEARNABLES

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
ROBOT = Actor("schedule")


class InProcess:
    """The real reader, in this process."""

    def __init__(self) -> None:
        self.reader = Reader()
        self.known: Sequence[Mapping[str, Any]] = ()
        self.scorer: Mapping[str, Any] | None = None

    def read(
        self,
        data: bytes,
        filename: str,
        timeout_s: float = 60.0,
        memory: Sequence[Mapping[str, Any]] = (),
        scorer: Any = None,
        vendors: Any = None,
        model: Any = None,
    ) -> Sequence[Mapping[str, Any]]:
        from ticketos.ai.extract.memory import SupplierMemory

        self.known, self.scorer = memory, scorer
        known = [SupplierMemory.from_json(one) for one in memory]
        return [
            one.model_dump(mode="json")
            for one in self.reader.read_all(data, filename, memory=known, scorer=Scorer.from_model(scorer))
        ]


@pytest.fixture
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("learning")) as made:
        yield made


@pytest.fixture(autouse=True)
def database(postgres_cluster: Any) -> Iterator[PostgresUrls]:
    """A database per test: each counts what was learnt."""
    urls = postgres_cluster.migrated_database()
    yield urls
    postgres_cluster.drop(urls)


class Office:
    """Documents of one client come in, are read by the line's own step, and keyed by one person."""

    def __init__(self, world: World) -> None:
        self.world, self.reader = world, InProcess()
        self.store = SqlStore(
            world.services.database, now=lambda: NOW, new_id=new_id, audit=world.services.audit
        )
        self.line = DataEntryActivities(self.store, world.services.objects, self.reader, lambda _: None)
        self.person = world.person(world.acme, ("agent", world.acme))
        self.documents: list[UUID] = []

    def read(self, paper: Paper) -> tuple[UUID, UUID]:
        """A new ticket with the paper, read; returns ticket and document."""
        ticket = self.world.ticket(self.world.acme, service_line="data_entry", stage="delivery")
        document = self.world.document(self.world.acme, ticket, paper.pdf())
        self.line._read(DocumentCommand(ticket_id=ticket, client_id=self.world.acme, document_id=document))
        self.documents.append(document)
        return ticket, document

    def fields(self, document: UUID) -> dict[str, Any]:
        return dict(
            self.world.sql(self.world.acme, "select fields from document where id = %s", (document,))[0][0]
        )

    def key(self, paper: Paper, ticket: UUID, document: UUID) -> None:
        """Type the truth into everything the task asks for."""
        with self.store.step(
            StepKey(ticket, 1, f"key:{document}"), self.world.acme, Actor("user", str(self.person.id))
        ) as step:
            (task,) = step.tasks()
            known = paper.known()
            typed = {name: known.get(name) for name in task.payload["fields"]}
            result = {"fields": typed, "override_reason": "as printed", "doc_type": "invoice"}
            state = step.document(document)
            verdict = keying.on_keyed(
                step.ticket(), task, state, result, step.actor, NOW.date(), lambda _: None, NOW, step.new_id
            )
            step.apply((*verdict.changes, *learnt(step, task, state, typed, verdict)))
            step.finish({"outcome": verdict.outcome})


def paper(seed: int, maker: str = "m1") -> Paper:
    return compose("invoice", seed, market="DE", maker=maker, buyer="b", lines=2)


def test_a_correction_teaches_in_its_own_transaction_and_the_next_paper_gains(world: World) -> None:
    office = Office(world)
    asked, it, document, rows = [], paper(0), UUID(int=0), list[Any]()
    for seed in range(6):
        it = paper(seed)
        ticket, document = office.read(it)
        fields = office.fields(document)
        asked.append(sum(field["state"] != "auto" for field in fields.values()))
        rows = world.sql(world.acme, "select state, read_result from document where id = %s", (document,))
        assert rows[0][1]["versions"]["reader"]
        if rows[0][0] == "keying":
            office.key(it, ticket, document)
    assert len(office.reader.known) == 1, "one supplier is known and was told to the reader"
    assert asked[-1] < asked[0]
    (row,) = world.sql(world.acme, "select vendor_key, papers from supplier_memory")
    assert row[0] == vendors.vendor_key(it.truth.fields["supplier_name"])
    assert row[1] >= 1
    assert same_value(
        "supplier_name", office.fields(document)["supplier_name"]["value"], it.truth.fields["supplier_name"]
    )
    assert rows[0][1]["memory"]["supplier"] == row[0]


def test_what_one_client_taught_no_other_client_sees(world: World) -> None:
    office = Office(world)
    it = paper(1)
    ticket, document = office.read(it)
    office.key(it, ticket, document)
    for table in ("supplier_memory", "kept_reading"):
        assert world.sql(world.acme, f"select count(*) from {table}")[0][0] == 1
        assert world.sql(world.beta, f"select count(*) from {table}")[0][0] == 0


def kept(world: World, count: int, *, right: bool, ticket: UUID) -> None:
    """Readings as people judged them: the reader says 0.93 and is right, or wrong, every time."""
    for index in range(count):
        document = world.document(world.acme, ticket)
        shown = {"number": [f"R-{index}", 0.85 if right else 0.93, "text"]}
        final = {"number": f"R-{index}" if right else "other"}
        world._insert(
            "kept_reading",
            world.acme,
            {
                "client_id": world.acme,
                "document_id": document,
                "vendor_key": "v",
                "words": [],
                "unaided": {},
                "shown": shown,
                "final": final,
                "seen": ["number"],
                "versions": {},
                "at": NOW,
                "learnt_at": NOW,
            },
        )


def retrain(world: World) -> dict[str, Any]:
    found = Learning(world.services.audit, new_id).retrain(
        world.services.database, world.acme, now=datetime.now(UTC), actor=ROBOT
    )
    return {contest.kind: contest for contest in found}


def champion(world: World, kind: str = "reader") -> Any:
    step = StepKey(world.ticket(world.acme), 1, "look")
    store = SqlStore(world.services.database, now=lambda: NOW, new_id=new_id, audit=world.services.audit)
    with store.step(step, world.acme, SYSTEM) as opened:
        return opened.learned(kind)


def test_a_better_challenger_takes_over_a_worse_does_not_and_rollback_goes_back(world: World) -> None:
    ticket = world.ticket(world.acme, documents_total=1)
    assert not retrain(world)["reader"].promoted, "nothing was learnt from"
    kept(world, 200, right=False, ticket=ticket)
    first = retrain(world)["reader"]
    assert first.promoted, first.why
    assert champion(world)["version"] == first.version
    again = retrain(world)["reader"]
    assert not again.promoted, "the same again is not better"
    assert champion(world)["version"] == first.version
    kept(world, 400, right=True, ticket=ticket)
    second = retrain(world)["reader"]
    assert second.promoted, second.why
    learner = Learning(world.services.audit, new_id)
    with world.services.database.transaction([world.acme]) as connection:
        facts = learner.rollback(connection, world.acme, "reader", now=datetime.now(UTC), actor=ROBOT)
        assert (facts["from"], facts["to"]) == (second.version, first.version)
    assert champion(world)["version"] == first.version
    with world.services.database.transaction([world.acme]) as connection:
        assert (
            learner.rollback(connection, world.acme, "reader", now=datetime.now(UTC), actor=ROBOT)["to"]
            is None
        )
    assert champion(world) is None
    with world.services.database.transaction([world.acme]) as connection:
        with pytest.raises(DomainError, match="model-none-in-use"):
            learner.rollback(connection, world.acme, "reader", now=datetime.now(UTC), actor=ROBOT)
        with pytest.raises(DomainError, match="model-kind-unknown"):
            learner.rollback(connection, world.acme, "nose", now=datetime.now(UTC), actor=ROBOT)
    events = [
        row[0]
        for row in world.sql(world.acme, "select event from audit_event where entity = 'model' order by seq")
    ]
    assert events.count("model.promoted") == 2
    assert events.count("model.rolled_back") == 2


def test_the_night_is_due_after_a_correction_and_once(world: World) -> None:
    runs = SqlLearningRuns(world.services.database, Learning(world.services.audit, new_id), lambda: NOW)
    assert runs.due(world.acme, NOW) == ()
    kept(world, 3, right=True, ticket=world.ticket(world.acme))
    (day,) = runs.due(world.acme, NOW)
    assert runs.run(world.acme, day, ROBOT) == {"day": day, "promoted": []}
    assert runs.due(world.acme, NOW) == ()


def test_the_command_retrains_shows_and_takes_back(world: World) -> None:
    kept(world, 200, right=False, ticket=world.ticket(world.acme))
    (slug,) = world.sql(world.acme, "select slug from client where id = %s", (world.acme,))[0]
    app = learn_commands(lambda: (world.services.database, world.services.keyring), lambda: LEARNABLES)
    shell = CliRunner()
    done = shell.invoke(app, ["retrain", "--client", slug, "--json"])
    assert done.exit_code == 0, done.output
    contests = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["kind"], one["promoted"]) for one in contests] == [
        ("scorer", False),
        ("reader", True),
        ("coder", False),
    ]
    shown = shell.invoke(app, ["status", "--client", slug])
    assert "reader 1: champion" in shown.stdout
    assert "scorer: 200 examples" in shown.stdout
    assert shell.invoke(app, ["rollback", "--client", slug, "--kind", "reader"]).exit_code == 0
    refused = shell.invoke(app, ["rollback", "--client", slug, "--kind", "reader"])
    assert refused.exit_code == 1
    assert "as it was shipped" in refused.output
    assert shell.invoke(app, ["status", "--client", "nobody"]).exit_code == 1


def odd_papers(world: World, client: UUID, count: int) -> None:
    """Corrected papers of a trade whose total is what its papers call the amount due."""
    ticket = world.ticket(client)
    for seed in range(count):
        pages, final = odd(seed)
        world._insert(
            "kept_reading",
            client,
            {
                "client_id": client,
                "document_id": world.document(client, ticket),
                "vendor_key": vendors.vendor_key(final["supplier_name"]),
                "words": packed(pages),
                "unaided": {},
                "shown": {},
                "final": final,
                "seen": ["total"],
                "versions": {},
                "at": NOW,
                "learnt_at": NOW,
            },
        )


@pytest.mark.timeout(300)
def test_the_scorer_is_retrained_used_for_one_client_alone_and_rolled_back(world: World) -> None:
    odd_papers(world, world.acme, 60)
    # What cannot be read again is left out and counted; it stops nothing.
    spoilt = {"words": [{"number": 1}, "no page"], "final": {"total": None}}
    one = world.sql(world.acme, "select document_id from kept_reading order by document_id limit 1")[0][0]
    world.sql(
        world.acme,
        "update kept_reading set words = %s, final = %s where document_id = %s returning 1",
        (json.dumps(spoilt["words"]), json.dumps(spoilt["final"]), one),
    )
    slugs = {
        client: world.sql(client, "select slug from client where id = %s", (client,))[0][0]
        for client in (world.acme, world.beta)
    }
    app = learn_commands(lambda: (world.services.database, world.services.keyring), lambda: LEARNABLES)
    shell = CliRunner()
    done = shell.invoke(app, ["retrain", "--client", slugs[world.acme], "--json"])
    assert done.exit_code == 0, done.output
    contest = json.loads(done.stdout.splitlines()[0])
    assert (contest["kind"], contest["promoted"]) == ("scorer", True), contest
    assert contest["challenger"]["fields"] == ["total"]
    model = champion(world, "scorer")
    pages, final = odd(900)
    (read,) = Reader().read_all(pdf_of(pages), "a.pdf", scorer=Scorer.from_model(model))
    assert read.fields["total"].value == final["total"]
    assert read.versions["scorer"] == str(model["version"])
    # Nobody else's: no row of it is seen by another client, whose reader reads as it was shipped.
    assert world.sql(world.beta, "select count(*) from learned_model")[0][0] == 0
    lonely = shell.invoke(app, ["status", "--client", slugs[world.beta]])
    assert "scorer: 0 examples, 0 of them kept back to judge by; 10 are needed" in lonely.stdout
    back = shell.invoke(app, ["rollback", "--client", slugs[world.acme], "--kind", "scorer"])
    assert "taken back for what was shipped" in back.stdout
    assert champion(world, "scorer") is None
    events = world.sql(world.acme, "select event from audit_event where entity_id = 'scorer' order by seq")
    assert [row[0] for row in events] == ["model.promoted", "model.rolled_back"]


def test_a_step_hands_the_clients_own_scorer_to_the_reader_and_the_document_names_it(world: World) -> None:
    office = Office(world)
    own = {"base": fingerprint(), "fields": {}}
    world._insert(
        "learned_model",
        world.acme,
        {"id": new_id(), "client_id": world.acme, "kind": "scorer", "version": 7, "state": "champion",
         "payload": own, "scores": {}, "trained_at": NOW, "promoted_at": NOW},
    )  # fmt: skip
    _, document = office.read(paper(3))
    assert office.reader.scorer == {"version": 7, "payload": own}
    (row,) = world.sql(world.acme, "select read_result from document where id = %s", (document,))
    assert row[0]["versions"]["scorer"] == "7"


def test_every_document_read_names_the_coder_that_stood_ready(
    world: World,
) -> None:
    office = Office(world)
    _, before = office.read(paper(3))
    world._insert(
        "learned_model",
        world.acme,
        {"id": new_id(), "client_id": world.acme, "kind": "coder", "version": 4, "state": "champion",
         "payload": {"words": [], "labels": []}, "scores": {}, "trained_at": NOW, "promoted_at": NOW},
    )  # fmt: skip
    _, after = office.read(paper(4))
    rows = world.sql(
        world.acme, "select read_result from document where id in (%s, %s) order by id", (before, after)
    )
    assert ["coder" in row[0]["versions"] for row in rows] == [False, True]
    assert rows[1][0]["versions"]["coder"] == "4"


def test_a_version_that_came_into_use_meanwhile_is_not_overthrown_by_one_that_never_met_it(
    world: World,
) -> None:
    begun, retrained = list[Any](), list[Any]()

    def judge(challenger: Any, present: Any, rows: Any, alive: Any) -> Outcome:
        if not begun:
            begun.append(1)
            retrained.append(again.retrain(world.services.database, world.acme, now=NOW, actor=ROBOT))
        return Outcome({"judges": 50}, {}, True, "better")

    again = Learning(world.services.audit, new_id, [Learnable("x", "papers", lambda rows, alive: {}, judge)])
    (late,) = again.retrain(world.services.database, world.acme, now=NOW, actor=ROBOT)
    ((first,),) = retrained
    assert (first.promoted, late.promoted) == (True, False)
    assert "came into use" in late.why
    assert champion(world, "x")["version"] == first.version


def test_rollback_restores_the_version_before_byte_for_byte(world: World) -> None:
    def stored() -> Any:
        return world.sql(
            world.acme, "select version, payload::text from learned_model where state = 'champion'"
        )

    turn = iter(range(9))

    def fit(rows: Any, alive: Any) -> dict[str, Any]:
        return {"base": fingerprint(), "fields": {}, "turn": next(turn), "odd": 0.1 + 0.2}

    kind = Learnable("scorer", "papers", fit, lambda *_: Outcome({"judges": 50}, {}, True, "better"), fits)
    learner = Learning(world.services.audit, new_id, [kind])
    at = [datetime(2026, 11, day, tzinfo=UTC) for day in (21, 22)]
    learner.retrain(world.services.database, world.acme, now=at[0], actor=ROBOT)
    first = stored()
    learner.retrain(world.services.database, world.acme, now=at[1], actor=ROBOT)
    assert stored() != first
    with world.services.database.transaction([world.acme]) as connection:
        learner.rollback(connection, world.acme, "scorer", now=datetime.now(UTC), actor=ROBOT)
    assert stored() == first
