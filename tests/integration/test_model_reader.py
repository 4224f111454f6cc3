"""A contract that has a model outside read: asked within its cap, without personal data, and kept; silence asks a person."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.lines.data_entry import DataEntryActivities
from activities.lines.spending import ContractPurse
from schemas.ticket import DocumentCommand, StageVerdict
from tests.support.api import World, world_on
from tests.support.locked import InProcess
from tests.support.model_server import ModelServer, Reply, model_server, seen
from tests.support.papers import paper as drawn
from tests.support.portal import browsing
from ticketos.ai import governance
from ticketos.ai.engines.openai import OpenAiModel
from ticketos.ai.extract import confidence
from ticketos.ai.extract.analysis import analyse
from ticketos.ai.extract.memory import packed
from ticketos.ai.governance import GovernedReader
from ticketos.db.ids import new_id
from ticketos.db.repositories.step import SqlStore
from ticketos.dev.database import PostgresUrls
from ticketos.dev.sim.documents.composed import Paper, compose
from ticketos.domain.engines import TAKES_OVER, Call, End, ModelUse, Price, Reserved
from ticketos.domain.ports import StepKey
from ticketos.domain.state import SYSTEM

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PRICE = Price(Decimal("2.00"), Decimal("8.00"), "USD")
CAP = {"USD": "5.00"}


class NumberBlind(InProcess):
    """The real reader, that sees no document number."""

    def read(self, data: bytes, filename: str, *_: Any, **__: Any) -> list[dict[str, Any]]:
        found = super().read(data, filename)
        for one in found:
            one["fields"].pop("number", None)
            one["candidates"].pop("number", None)
        return found


@pytest.fixture
def world(postgres_cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    urls: PostgresUrls = postgres_cluster.migrated_database()
    with world_on(urls, tmp_path_factory.mktemp("models")) as made:
        yield made
    postgres_cluster.drop(urls)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


class Desk:
    """Documents of one client under one contract, read by the line's own step with a model beside the reader."""

    def __init__(self, world: World, server: ModelServer | None, ai: Mapping[str, Any]) -> None:
        self.world = world
        services = world.services
        self.store = SqlStore(services.database, now=lambda: NOW, new_id=new_id, audit=services.audit)
        model = OpenAiModel(server.url, "small-reader", "sk", PRICE, 2.0) if server else None
        reader = GovernedReader(NumberBlind(), model, 0.85, lambda: NOW)
        self.line = DataEntryActivities(self.store, services.objects, reader, lambda _: None)
        self.contract = new_id()
        terms = {"ai": {"modes": {"reading": "act"}, **ai}}
        world._insert(
            "contract",
            world.acme,
            {"id": self.contract, "client_id": world.acme, "number": new_id().hex, "name": "SOW",
             "service_line": "data_entry", "starts_on": date(2026, 1, 1), "terms": terms},
        )  # fmt: skip

    def brought(self, paper: Paper) -> DocumentCommand:
        """The paper as a document of a new request."""
        acme = self.world.acme
        ticket = self.world.ticket(
            acme, service_line="data_entry", stage="delivery", contract_id=self.contract, documents_total=1
        )
        document = self.world.document(acme, ticket, paper.pdf(), sha256=new_id().hex * 2)
        return DocumentCommand(ticket_id=ticket, client_id=acme, document_id=document)

    async def read(self, command: DocumentCommand, attempt: int = 1) -> StageVerdict:
        """As the worker runs it, at that attempt."""
        around = ActivityEnvironment()
        around.info = replace(around.info, attempt=attempt)
        found: StageVerdict = await around.run(self.line.read, command)
        return found

    def row(self, command: DocumentCommand) -> Any:
        (row,) = self.world.sql(
            self.world.acme, "select * from document where id = %s", (command.document_id,)
        )
        return row

    def calls(self) -> Sequence[Any]:
        return self.world.sql(self.world.acme, "select * from model_call order by asked_at, id")

    def told(self, command: DocumentCommand) -> dict[str, Any]:
        """What the trail says of the reading."""
        rows = self.world.sql(
            self.world.acme,
            "select after from audit_event where event = 'document.read' and ticket_id = %s",
            (command.ticket_id,),
        )
        return dict(rows[0][0])


def invoice(seed: int = 3) -> Paper:
    return compose("invoice", seed, market="DE", maker="m7", buyer="b", lines=2)


def knows(paper: Paper) -> str:
    known: dict[str, Any] = {name: value for name, value in paper.known().items() if value}
    return seen(**known)


async def test_a_second_opinion_finds_what_the_reader_missed_and_is_kept_without_content(
    world: World, server: ModelServer
) -> None:
    desk, paper = Desk(world, server, {"engines": {"reading": "second opinion"}, "spend_cap": CAP}), invoice()
    server.reply = lambda _: Reply(knows(paper), usage=(1_500, 250))
    command = desk.brought(paper)
    assert (await desk.read(command)).outcome == "keying"
    number = desk.row(command).fields["number"]
    assert (number["value"], number["source"], number["state"]) == (paper.known()["number"], "model", "weak")
    assert number["box"], "the agent sees where it stands"
    assert desk.row(command).engine == "pdfium+small-reader"
    told = desk.told(command)["opinion"]
    assert (told["outcome"], told["model"], told["use"]) == ("answered", "small-reader", "second opinion")
    assert Decimal(told["cost"]) == Decimal("0.005")  # 1,500 × 2 and 250 × 8 per million
    assert "number" in told["added"] and "total" in told["agreed"]
    assert desk.told(command)["versions"]["prompt"].startswith("reading-")
    (call,) = desk.calls()
    assert (call.outcome, call.cost, call.tokens_in, call.currency) == (
        "answered",
        Decimal("0.005"),
        1_500,
        "USD",
    )
    assert call.reserved > call.cost
    assert (call.month, call.document_id) == ("2026-11", command.document_id)
    assert str(paper.known()["number"]) not in json.dumps([told, dict(call._mapping)], default=str)


async def test_what_models_cost_is_told_by_the_api_and_on_the_contracts_page(
    world: World, server: ModelServer
) -> None:
    desk, paper = Desk(world, server, {"engines": {"reading": "second opinion"}, "spend_cap": CAP}), invoice()
    server.reply = lambda _: Reply(knows(paper), usage=(1_500, 250))
    await desk.read(desk.brought(paper))
    server.reply = lambda _: Reply(status=400)
    await desk.read(desk.brought(paper))
    finance = world.person(world.provider, ("finance", world.acme), ("admin", world.acme))
    async with world.http(finance) as http:
        answer = await http.get(f"/v1/contracts/{desk.contract}/model-spend")
        assert answer.status_code == 200, answer.text
        (month,) = answer.json()
        assert Decimal(month.pop("spent")) == Decimal("0.005")
        assert month == {
            "month": "2026-11", "model": "small-reader", "endpoint": server.url.split("/")[2], "currency": "USD",
            "calls": 2, "answered": 1,
        }  # fmt: skip
    async with browsing(world, finance) as browser:
        page = await browser.get(f"/contracts/{desk.contract}")
        assert "1 of 2 answered" in page.text and "0.0050 USD" in page.text
        assert page.all("//select[@name='engine_reading']/option[@selected]/@value") == ["second opinion"]


async def test_a_model_that_takes_over_and_agrees_lets_a_document_through(
    world: World, server: ModelServer
) -> None:
    desk = Desk(
        world, server, {"engines": {"reading": "takes over"}, "spend_cap": CAP, "field_threshold": "0.80"}
    )
    desk.line._reader._local = InProcess()  # type: ignore[attr-defined]
    paper = invoice()
    server.reply = lambda _: Reply(knows(paper))
    command = desk.brought(paper)
    verdict = await desk.read(command)
    assert verdict.outcome == "straight", desk.row(command).blocked_by


async def test_personal_data_never_leave(world: World, server: ModelServer) -> None:
    desk = Desk(world, server, {"engines": {"reading": "second opinion"}, "spend_cap": CAP})
    desk.line._reader._local = Letter()  # type: ignore[attr-defined]
    server.reply = lambda text: Reply(seen(supplier_name="Kaveri Foods", number="A 17 [EMAIL-1]"))
    command = desk.brought(invoice())
    await desk.read(command)
    (sent,) = server.sent()
    whole = json.dumps(server.asked)
    for secret in Letter.SECRETS:
        assert secret not in whole
    assert "Kaveri Foods" in sent and "[PERSON-1]" in sent
    (call,) = desk.calls()
    assert call.redacted == {"account": 1, "email": 1, "person": 1, "phone": 1}
    number = desk.row(command).fields["number"]["value"]
    assert number == "A 17 anita@kaveri.example", "what comes home is put back, and must stand on the page"


async def test_the_cap_of_the_month_is_never_passed(world: World, server: ModelServer) -> None:
    desk = Desk(world, server, {"engines": {"reading": "second opinion"}, "spend_cap": {"USD": "0.05"}})
    server.reply = lambda _: Reply(
        seen(), usage=(4_000, 3_500)
    )  # 0.036 a question, up to 0.04 and more at most
    first, second = desk.brought(invoice(3)), desk.brought(invoice(4))
    await desk.read(first)
    assert (await desk.read(second)).outcome == "keying", "the local reading stands"
    assert len(server.asked) == 1
    told = desk.told(second)["opinion"]
    assert told["outcome"] == "over-cap" and "cap of this month is used up" in told["words"]
    assert "cost" not in told
    assert sum(call.cost for call in desk.calls()) <= Decimal("0.05")


def test_a_stack_in_one_file_is_asked_about_for_a_bounded_time(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 1_000, 40))
    monkeypatch.setattr(governance, "monotonic", lambda: next(clock))
    reader = GovernedReader(Stack(), OpenAiModel(server.url, "m", "k"), 0.85, lambda: NOW)
    found = reader.read(b"", "stack.pdf", model=ModelUse(TAKES_OVER, Free()))
    assert [one["opinion"]["outcome"] for one in found] == [*["answered"] * 2, *["too-many"] * 4]
    assert len(server.asked) == 2


async def test_without_a_model_here_a_contract_that_wants_one_asks_a_person(world: World) -> None:
    desk = Desk(world, None, {"engines": {"reading": "takes over"}, "spend_cap": CAP})
    desk.line._reader._local = InProcess()  # type: ignore[attr-defined]
    command = desk.brought(invoice())
    assert (await desk.read(command)).outcome == "keying"
    (reason,) = [one for one in desk.told(command)["asked"] if one["trigger"] == "engine"]
    assert reason["words"] == "the model that reads under this contract did not: no model is set up here"
    assert "ask:engine" in desk.row(command).blocked_by


async def test_a_model_that_is_away_is_asked_again_later_and_then_left(
    world: World, server: ModelServer
) -> None:
    desk = Desk(world, server, {"engines": {"reading": "takes over"}, "spend_cap": CAP})
    server.reply = lambda _: Reply(status=429, headers={"retry-after": "7"})
    command = desk.brought(invoice())
    for attempt in (1, 2):
        with pytest.raises(ApplicationError) as error:
            await desk.read(command, attempt)
        assert (error.value.type, error.value.non_retryable) == ("AskLaterError", False)
        assert error.value.next_retry_delay is not None
        assert error.value.next_retry_delay.total_seconds() == 7
        assert desk.row(command).state == "received"
    assert (await desk.read(command, 3)).outcome == "keying"
    assert desk.told(command)["opinion"]["outcome"] == "busy"
    assert [(call.outcome, call.cost) for call in desk.calls()] == [("busy", 0)] * 3
    assert (await desk.read(command, 4)).outcome == "keying", "a repeat answers what was decided"
    assert len(server.asked) == 3


async def test_an_answer_out_of_form_costs_its_most_and_the_reading_stands(
    world: World, server: ModelServer
) -> None:
    desk = Desk(world, server, {"engines": {"reading": "second opinion"}, "spend_cap": CAP})
    server.reply = lambda _: Reply("I am sure the total is 5")
    command = desk.brought(invoice())
    assert (await desk.read(command)).outcome == "keying"
    (call,) = desk.calls()
    assert (call.outcome, call.cost) == ("unreadable", None)
    with desk.store.step(StepKey(command.ticket_id, 1, "look"), world.acme, SYSTEM) as step:
        assert step.model_spend(desk.contract, "2026-11", "USD") == call.reserved


async def test_a_contract_read_locally_asks_nobody(world: World, server: ModelServer) -> None:
    desk = Desk(world, server, {})
    await desk.read(desk.brought(invoice()))
    assert not server.asked and not desk.calls()


def test_two_papers_at_once_cannot_both_take_the_last_of_the_cap(world: World, server: ModelServer) -> None:
    desk = Desk(world, server, {"engines": {"reading": "second opinion"}, "spend_cap": {"USD": "1.00"}})
    call = Call("reading", "openai", "m", "h", "p", "0" * 64, {}, Decimal("0.30"), "USD")
    commands = [desk.brought(invoice()) for _ in range(8)]
    together, found = threading.Barrier(len(commands)), list[Reserved]()

    def reserve(command: DocumentCommand) -> None:
        together.wait()
        found.append(ContractPurse(desk.store, command, 1).reserve(call))

    threads = [threading.Thread(target=reserve, args=(command,)) for command in commands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.refused for one in found) == ["", "", "", *["over-cap"] * 5]


def test_another_client_sees_no_call(world: World, server: ModelServer) -> None:
    desk = Desk(world, server, {"engines": {"reading": "second opinion"}, "spend_cap": CAP})
    call = Call("reading", "openai", "m", "h", "p", "0" * 64, {}, Decimal("0.30"), "USD")
    assert ContractPurse(desk.store, desk.brought(invoice()), 1).reserve(call).id is not None
    assert len(desk.calls()) == 1
    assert not world.sql(world.beta, "select * from model_call")


class Free:
    """A purse that pays for everything."""

    def reserve(self, call: Call) -> Reserved:
        return Reserved(new_id())

    def settle(self, reserved: Any, end: End) -> None:
        pass


class Letter(InProcess):
    """A paper with people on it."""

    SECRETS = ("Anita Rao", "anita@kaveri.example", "98450 12345", "5512 3456 7890")

    def read(self, data: bytes, filename: str, *_: Any, **__: Any) -> list[dict[str, Any]]:
        pages = drawn(
            """
Kaveri Foods
Contact: Anita Rao  Tel: +91 98450 12345
Bill A 17 anita@kaveri.example
A/C No: 5512 3456 7890
Total 118.00
"""
        ).pages
        found = confidence.conclude(filename, analyse([*pages]), NOW.date(), "pdfium", 1)
        words = tuple(packed(pages))
        fields = {name: it for name, it in found.fields.items() if name not in ("number", "supplier_name")}
        return [found.model_copy(update={"words": words, "fields": fields}).model_dump(mode="json")]


class Stack(Letter):
    """Six such papers in one file."""

    def read(self, data: bytes, filename: str, *_: Any, **__: Any) -> list[dict[str, Any]]:
        return super().read(data, filename) * 6
