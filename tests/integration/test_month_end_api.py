"""Months of a client's book over HTTP and in the portal: run, asked twice, closed, opened again; who may, and words."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import typer

from tests.support.api import Person, World, world_on
from tests.support.books import settle
from tests.support.month_ends import Direct
from tests.support.portal import browsing
from ticketos import cli
from ticketos.db.ids import new_id
from ticketos.db.repositories import ledger
from ticketos.dev import month_end_cli
from ticketos.dev.database import PostgresUrls
from ticketos.dev.month_end_cli import Told
from ticketos.domain.changes import PostJournal
from ticketos.domain.ledger import Posting
from ticketos.domain.money import Money

RECEIVED = datetime(2026, 10, 20, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def world(postgres_cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    urls: PostgresUrls = postgres_cluster.migrated_database()
    with world_on(urls, tmp_path_factory.mktemp("months")) as made:
        settle(made, made.acme)
        made.services.now = lambda: NOW
        yield made
    postgres_cluster.drop(urls)


@pytest.fixture
def finance(world: World) -> Person:
    return world.person(world.provider, ("finance", None), name="Nadia Haddad")


@pytest.fixture
async def http(world: World) -> AsyncIterator[Any]:
    async with world.http() as client:
        yield client


def stage(world: World, state: str = "posted") -> UUID:
    """A request of October with one document, posted unless said otherwise."""
    ticket = world.ticket(world.acme, documents_total=1, received_at=RECEIVED, service_line="data_entry")
    fields = {"total": {"value": "118.00"}, "currency": {"value": "INR"}}
    paper = world.document(
        world.acme, ticket, state=state, doc_type="invoice", fields=fields, received_at=RECEIVED
    )
    if state == "posted":
        total = Money.of("118.00", "INR")
        sides = (Posting("6000", total), Posting("2100", -total))
        entry = PostJournal(new_id(), new_id().hex, date(2026, 10, 14), "invoice", sides, "document", paper)
        with world.services.database.transaction([world.acme]) as connection:
            ((_, number),) = ledger.post(connection, world.acme, [entry], new_id)
            connection.exec_driver_sql(
                "update document set erp_reference = %s where id = %s", (number, paper)
            )
    return paper


def at(world: World, what: str) -> str:
    return f"/v1/clients/{world.acme}/{what}"


async def test_a_month_is_run_closed_asked_again_and_opened(world: World, finance: Person, http: Any) -> None:
    stage(world)
    assert (await http.get(at(world, "month-ends/2026-10"), headers=finance.headers)).status_code == 404
    done = await http.post(at(world, "month-ends/2026-10"), json={}, headers=finance.headers)
    assert done.status_code == 200, done.text
    first = done.json()
    assert (first["outcome"], first["state"], first["clean"]) == ("closed", "soft", True)
    assert first["ran_by"] == str(finance.id)
    again = (await http.post(at(world, "month-ends/2026-10"), json={}, headers=finance.headers)).json()
    assert again == {**first, "outcome": "ran_before"}, "asked again: it says so and gives the report"
    assert len(world.services.runs.asked) == 1, "a month that is shut starts nothing"  # type: ignore[union-attr]
    for month, status, code in (
        ("2026-11", 409, "period-not-over"),
        ("2999-12", 409, "period-not-over"),
        ("9999-12", 422, "request-invalid"),
        ("0001-01", 422, "request-invalid"),
    ):
        early = await http.post(at(world, f"month-ends/{month}"), json={}, headers=finance.headers)
        assert (early.status_code, early.json()["code"]) == (status, code)
    assert len(world.services.runs.asked) == 1, "nothing is started for a month that is not over"  # type: ignore[union-attr]
    shut = await http.post(
        at(world, "book-months/2026-10/close"), json={"reason": "Reviewed"}, headers=finance.headers
    )
    assert (shut.status_code, shut.json()["state"], shut.json()["reason"]) == (200, "closed", "Reviewed")
    twice = await http.post(at(world, "book-months/2026-10/close"), json={}, headers=finance.headers)
    assert (twice.status_code, twice.json()["code"]) == (409, "period-not-soft")
    why = await http.post(
        at(world, "book-months/2026-10/reopen"), json={"reason": ""}, headers=finance.headers
    )
    assert why.status_code == 422
    opened = await http.post(
        at(world, "book-months/2026-10/reopen"), json={"reason": "Auditor"}, headers=finance.headers
    )
    assert (opened.json()["state"], opened.json()["changed_by"]) == ("open", str(finance.id))
    listed = (await http.get(at(world, "book-months"), headers=finance.headers)).json()
    assert [(one["period"], one["state"], one["entries"], one["clean"]) for one in listed] == [
        ("2026-10", "open", 1, True)
    ]
    events = world.sql(
        world.acme, "select event, why from audit_event where event like 'book_month%%' order by seq"
    )
    assert [tuple(one) for one in events] == [
        ("book_month.soft_closed", "Month-end: nothing stands in the way"),
        ("book_month.closed", "Reviewed"),
        ("book_month.reopened", "Auditor"),
    ]


async def test_open_documents_stand_in_the_way_until_finance_says_why_not(
    world: World, finance: Person, http: Any
) -> None:
    paper = stage(world, "keying")
    blocked = (await http.post(at(world, "month-ends/2026-10"), json={}, headers=finance.headers)).json()
    assert (blocked["outcome"], blocked["state"]) == ("blocked", "open")
    assert [one["document_id"] for one in blocked["open"]] == [str(paper)]
    assert [one["name"] for one in blocked["checks"] if not one["ok"]] == ["open"]
    done = await http.post(
        at(world, "month-ends/2026-10"), json={"with_open": "Accrued by hand"}, headers=finance.headers
    )
    assert (done.json()["outcome"], done.json()["with_open"]) == ("closed", "Accrued by hand")
    assert [one["name"] for one in done.json()["checks"] if one["waived"]] == ["open"]


async def test_the_same_request_again_gets_the_first_answer_and_runs_nothing(
    world: World, finance: Person, http: Any
) -> None:
    stage(world, "keying")
    runs = world.services.runs
    assert isinstance(runs, Direct)

    async def ask(key: str, **body: str) -> Any:
        headers = {**finance.headers, "Idempotency-Key": key}
        return await http.post(at(world, "month-ends/2026-10"), json=body, headers=headers)

    runs.slow = True
    assert [(await ask("slow")).status_code for _ in range(2)] == [202, 202], "what became of it is not known"
    runs.slow = False
    first, again = await ask("one"), await ask("one")
    assert first.json()["runs"] == 1 and again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(runs.asked) == 3
    other = await ask("one", with_open="Accrued")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert (await ask("two")).json()["runs"] == 2


async def test_without_workflows_nothing_is_done_and_a_slow_one_is_under_way(
    world: World, finance: Person, http: Any
) -> None:
    runs = world.services.runs
    assert isinstance(runs, Direct)
    runs.away = True
    answer = await http.post(at(world, "month-ends/2026-10"), json={}, headers=finance.headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "workflows-unavailable")
    runs.away, runs.slow = False, True
    answer = await http.post(at(world, "month-ends/2026-10"), json={}, headers=finance.headers)
    assert (answer.status_code, answer.json()["id"]) == (202, f"month_end/{world.acme}/2026-10")


async def test_a_month_shut_with_a_later_one_says_so(world: World, finance: Person, http: Any) -> None:
    stage(world)
    await http.post(at(world, "month-ends/2026-10"), json={}, headers=finance.headers)
    answer = await http.post(at(world, "month-ends/2026-09"), json={}, headers=finance.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "period-not-open")


async def test_the_providers_own_book_has_no_month_end(world: World, finance: Person, http: Any) -> None:
    where = f"/v1/clients/{world.provider}/month-ends/2026-10"
    answer = await http.post(where, json={}, headers=finance.headers)
    assert answer.json()["code"] == "not-a-clients-book"


# --- portal -----------------------------------------------------------------------------------------------------------


async def test_the_book_shows_its_months_and_finance_takes_one_through(world: World, finance: Person) -> None:
    stage(world, "keying")
    page = "/books/month?book=acme&period=2026-10"
    async with browsing(world, finance) as browser:
        book = await browser.get("/books?book=acme")
        assert "Months of the book" in book.text
        done = await browser.submit("/books?book=acme", "/books/month/run", period="2026-10")
        assert (done.status, done.to) == (303, page)
        seen = await browser.get(page)
        assert "Something is in the way" in seen.text and "Documents still open" in seen.text
        assert "Nadia Haddad" in seen.text
        await browser.submit(page, "/books/month/run", reason="Accrued by hand")
        shut = await browser.get(page)
        assert "Soft-closed" in shut.text and "Accrued by hand" in shut.text
        assert "/books/month/run" not in shut.all("//form/@action")
        await browser.submit(page, "/books/month/close", reason="")
        assert "Takes no entry" in (await browser.get(page)).text
        refused = await browser.submit(page, "/books/month/reopen", reason=" ")
        assert refused.status == 422
        await browser.submit(page, "/books/month/reopen", reason="The auditor asks")
        assert "The auditor asks" in (await browser.get(page)).text
        text = (await browser.get("/books/month.csv?book=acme&period=2026-10")).answer.text
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
        assert ["check", "trial_balance", "ok", "zero in every currency"] in rows
        assert any(row[0] == "open" for row in rows)
        assert (await browser.get("/books/month")).to == "/books"
        assert (await browser.get("/books/month?book=nobody&period=2026-10")).status == 404
        for wrong in ("soon", "9999-12", "0001-01"):
            assert (await browser.get(f"/books/month?book=acme&period={wrong}")).status == 422
        token = (await browser.get("/account")).form("/logout")
        asked = {**token, "_key": new_id().hex, "client": "acme", "period": "2026-11"}
        assert (await browser.post("/books/month/run", asked)).status == 409
        assert (await browser.get("/books/month?book=provider&period=2026-10")).status == 404


async def test_a_client_reads_its_own_months_and_changes_none(world: World, finance: Person) -> None:
    stage(world)
    async with browsing(world, finance) as browser:
        await browser.submit("/books?book=acme", "/books/month/run", period="2026-10")
    client = world.person(world.acme, ("client_admin", world.acme))
    async with browsing(world, client) as browser:
        page = await browser.get("/books/month?book=acme&period=2026-10")
        assert page.status == 200 and "Nothing in the way" in page.text
        assert "Nadia" not in page.text, "who did it is the house's business"
        assert not [to for to in page.all("//form/@action") if to.startswith("/books")]
        token = page.form("/logout")
        assert (await browser.post("/books/month/reopen", token)).status == 403
    other = world.person(world.beta, ("client_admin", world.beta))
    async with browsing(world, other) as browser:
        assert (await browser.get("/books/month?book=acme&period=2026-10")).status == 404


async def test_finance_is_told_of_a_blocked_month_and_finds_its_page(
    world: World, finance: Person, http: Any
) -> None:
    stage(world, "keying")
    await http.post(at(world, "month-ends/2026-10"), json={}, headers=finance.headers)
    listed = (await http.get("/v1/notices", headers=finance.headers)).json()["items"]
    assert [(one["kind"], one["ticket_id"], one["number"]) for one in listed] == [("month_end", None, None)]
    async with browsing(world, finance) as browser:
        page = await browser.get("/notices")
        assert page.all("//span[@class='bell-count']") == [str(len(listed))]
        assert page.all("//a[@class='news-what']/@href") == ["/books/month?book=acme&period=2026-10"]
        assert (await browser.get(page.all("//a[@class='news-what']/@href")[0])).status == 200
        done = await browser.submit("/notices", "/notices/read")
        assert "1 notice marked as read" in (await browser.get(done.to)).text
    assert (await http.get("/v1/notices", headers=finance.headers)).json()["items"] == []


async def test_schedules_name_the_month_end_and_its_last_run(world: World, finance: Person) -> None:
    stage(world)
    async with browsing(world, finance) as browser:
        await browser.submit("/books?book=acme", "/books/month/run", period="2026-10")
        page = await browser.get("/schedules")
    row = next(one for one in page.all("//tbody/tr") if "Month-end of the book" in one and "Acme" in one)
    assert "Oct 2026" in row


async def test_finance_decides_on_a_document_of_a_shut_month_on_the_tasks_page(
    world: World, finance: Person
) -> None:
    paper = stage(world, "keying")
    ticket = world.sql(world.acme, "select ticket_id from document where id = %s", (paper,))[0][0]
    facts = {"document": str(paper), "own": "2026-10-14", "period": "2026-10", "state": "closed",
             "first_open": "2026-11-01"}  # fmt: skip
    task = world.task(
        world.acme,
        ticket,
        kind="posting_period",
        desk="finance",
        skill="finance",
        subject_id=paper,
        payload=facts,
    )
    shut = {"client_id": world.acme, "changed_at": NOW, "row_version": 1}
    for month, state in (("2026-10", "closed"), ("2026-11", "soft")):
        world._insert("book_month", world.acme, {**shut, "period": month, "state": state})
    agent = world.person(world.provider, ("agent", None), skills=["finance"])
    async with browsing(world, agent) as browser:
        assert "not finish it" in (await browser.get(f"/tasks/{task}")).text
    async with browsing(world, finance) as browser:
        page = await browser.get(f"/tasks/{task}")
        assert "Oct 2026 of the client's book is shut" in page.text
        assert page.all("//input[@name='choice']/@value") == ["first_open", "reject"], (
            "a closed month takes none"
        )
        assert "Book it on 1 Dec 2026" in page.text, "November was shut since the task was made"
        world.sql(world.acme, "update book_month set state = 'soft' where period = '2026-10'")
        page = await browser.get(f"/tasks/{task}")
        assert page.all("//input[@name='choice']/@value") == ["first_open", "own_date", "reject"]
        assert "Takes only what finance lets in" in page.text
        world.sql(world.acme, "update book_month set state = 'open' where period = '2026-10'")
        assert "Oct 2026 of the client's book was opened again" in (await browser.get(f"/tasks/{task}")).text
        done = await browser.submit(
            f"/tasks/{task}", f"/tasks/{task}", choice="first_open", reason="Came late"
        )
        assert done.to == "/work"
    (_, update, sent), *_ = world.acts.sent
    assert update == "complete_task"
    assert sent.result == {"choice": "first_open", "reason": "Came late"}  # type: ignore[attr-defined]


# --- command line -----------------------------------------------------------------------------------------------------


def on_the_command_line(
    world: World, slug: str, period: str | None, *, as_json: bool = False, port: int = 1
) -> tuple[bool, str]:
    settings = SimpleNamespace(temporal_address=f"127.0.0.1:{port}", temporal_namespace="default")
    services = world.services
    told = month_end_cli.run(settings, services.database, services.keyring, slug, period, as_json)  # type: ignore[arg-type]
    return told.shut, told.text


def test_the_command_runs_the_same_month_end_and_prints_its_report(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = stage(world, "keying")
    monkeypatch.setattr(month_end_cli, "TemporalPeriodRuns", lambda _: Direct(world.services))
    shut, told = on_the_command_line(world, "acme", "2026-10")
    assert not shut and "the month stays open" in told and "IN THE WAY open" in told and "invoice.pdf" in told
    world.sql(world.acme, "update document set state = 'rejected' where id = %s", (paper,))
    shut, told = on_the_command_line(world, "acme", "2026-10", as_json=True)
    assert (shut, json.loads(told)["outcome"]) == (True, "closed")
    shut, told = on_the_command_line(world, "acme", "2026-10")
    assert shut and "shut already" in told
    for slug, period, words in (
        ("nobody", "2026-10", "There is no client nobody."),
        ("acme", "2026-11", "2026-11 has not ended yet"),
        ("acme", "soon", "soon is none"),
        ("provider", "2026-10", "provider is none"),
    ):
        shut, told = on_the_command_line(world, slug, period)
        assert not shut and words in told, told
    (run, *_) = world.sql(
        world.acme, "select actor_kind, origin from audit_event where event = 'month_end.run'"
    )
    assert (run.actor_kind, run.origin) == ("system", "command line")


def test_the_command_without_a_stack_says_what_is_missing(world: World) -> None:
    stage(world)
    shut, told = on_the_command_line(world, "acme", "2026-10")
    assert not shut and "Is `ticketos up` running" in told


@pytest.mark.parametrize(
    ("told", "as_json", "out", "err"),
    [
        (Told(False, "no such client"), True, "", "no such client"),
        (Told(False, '{"outcome": "blocked"}', True), True, '{"outcome": "blocked"}', ""),
        (Told(True, '{"outcome": "closed"}', True), True, '{"outcome": "closed"}', ""),
        (Told(False, "stays open", True), False, "", "stays open"),
        (Told(True, "soft-closed", True), False, "soft-closed", ""),
    ],
)
def test_standard_output_holds_json_alone_where_json_was_asked_for(
    told: Told, as_json: bool, out: str, err: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(month_end_cli, "run", lambda *given: told)
    monkeypatch.setattr(cli, "_reached", lambda: (None, None, None))
    leave = nullcontext() if told.shut else pytest.raises(typer.Exit)
    with leave:
        cli.month_end("acme", "2026-10", as_json)
    said = capsys.readouterr()
    assert (said.out.strip(), said.err.strip()) == (out, err)
