"""Decisions of a client: many at once, a batch in part, always by the version that was looked at."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from uuid import UUID

import pytest

from schemas.acts import ActResult, DecideApproval
from tests.support.api import Person, World, world_on
from tests.support.portal import browsing
from ticketos.dev.database import PostgresUrls


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        yield made


@pytest.fixture(scope="module")
def asha(world: World) -> Person:
    return world.person(world.acme, ("client_user", world.acme))


def offered(world: World, client_id: UUID, version: str = "a" * 64, **columns: object) -> UUID:
    ticket = world.ticket(client_id, stage="approval", **columns)
    world.approval(client_id, ticket, version)
    return ticket


def decisions(world: World, ticket: UUID) -> list[DecideApproval]:
    found = [act for target, _, act in world.acts.sent if str(ticket) in target.workflow_id]
    return [act for act in found if isinstance(act, DecideApproval)]


async def test_many_are_accepted_each_by_the_version_on_the_page(world: World, asha: Person) -> None:
    world.acts.answer = ActResult(applied=True, outcome="accepted")
    tickets = [offered(world, world.acme, letter * 64) for letter in "bcd"]
    async with browsing(world, asha) as browser:
        page = await browser.get("/approvals")
        chosen = [
            value for value in page.all("//input[@name='chosen']/@value") if UUID(value[:36]) in tickets[:2]
        ]
        assert len(chosen) == 2
        form = page.form("/approvals")
        done = await browser.client.post(
            "/approvals",
            data={**form, "decision": "accept", "chosen": chosen},
            headers={"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8080"},
        )
        assert (done.status_code, done.headers["location"]) == (303, "/approvals")
        assert "2 deliveries accepted" in (await browser.get("/approvals")).text
    assert [one.version for one in decisions(world, tickets[0])] == ["b" * 64]
    assert [one.decision for one in decisions(world, tickets[1])] == ["accept"]
    assert decisions(world, tickets[2]) == []


async def test_a_return_needs_a_reason_and_keeps_what_was_ticked(world: World, asha: Person) -> None:
    ticket = offered(world, world.acme, "e" * 64)
    async with browsing(world, asha) as browser:
        value = f"{ticket}:{'e' * 64}"
        refused = await browser.submit("/approvals", "/approvals", decision="return", chosen=value)
        assert refused.status == 422
        assert "Say why" in refused.text
        assert value in refused.all("//input[@name='chosen'][@checked]/@value")
        nothing = await browser.submit("/approvals", "/approvals", decision="accept", chosen="")
        assert "Nothing chosen" in nothing.text
    assert decisions(world, ticket) == []


async def test_what_is_refused_among_many_is_named_and_the_rest_is_done(world: World, asha: Person) -> None:
    mine, theirs = offered(world, world.acme, "f" * 64), offered(world, world.beta, "f" * 64)
    world.acts.answer = ActResult(applied=True, outcome="accepted")
    async with browsing(world, asha) as browser:
        form = (await browser.get("/approvals")).form("/approvals")
        answer = await browser.client.post(
            "/approvals",
            data={**form, "decision": "accept", "chosen": [f"{mine}:{'f' * 64}", f"{theirs}:{'f' * 64}"]},
            headers={"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8080"},
        )
        assert answer.status_code == 409
        assert "1 of 2 could not be decided" in answer.text
    assert len(decisions(world, mine)) == 1
    assert decisions(world, theirs) == []


async def test_a_batch_is_accepted_in_part(world: World, asha: Person) -> None:
    ticket = offered(world, world.acme, "1" * 64)
    good, bad = (
        world.document(world.acme, ticket, state="posted", filename=name, position=n)
        for n, name in enumerate(("good.pdf", "bad.pdf"))
    )
    world.acts.answer = ActResult(applied=True, outcome="partially_accepted")
    async with browsing(world, asha) as browser:
        path = f"/approvals/{ticket}"
        page = await browser.get(path)
        (paper,) = page.all("//a[text()='good.pdf']/@href")
        looked = await browser.get(paper)  # the page of the paper beside what was read from it
        assert looked.status == 200
        assert looked.all("//img/@src") == [f"/v1/documents/{good}/pages/1"]
        choices = {f"unit_{good}": "accept", f"unit_{bad}": "return"}
        for one in choices:  # a part needs a word on each
            assert page.all(f"//input[@name='{one}'][@value='accept']/@checked")
        refused = await browser.post(
            path, {**page.form(path), **choices, "decision": "partial", "reason": ""}
        )
        assert refused.status == 422
        assert refused.all(
            f"//input[@name='unit_{bad}'][@value='return']/@checked"
        )  # the choice is still there
        done = await browser.post(
            path, {**refused.form(path), **choices, "decision": "partial", "reason": "wrong total"}
        )
        assert (done.status, done.to) == (303, "/approvals"), done.text
    (sent,) = decisions(world, ticket)
    assert sent.units == {str(good): "accept", str(bad): "return"}
    assert (sent.decision, sent.reason, sent.version) == ("partial", "wrong total", "1" * 64)


async def test_a_version_replaced_meanwhile_is_refused_and_both_are_named(world: World, asha: Person) -> None:
    ticket = offered(world, world.acme, "2" * 64)
    async with browsing(world, asha) as browser:
        path = f"/approvals/{ticket}"
        form = (await browser.get(path)).form(path)
        world.sql(world.acme, "update approval set version = %s where ticket_id = %s", ("3" * 64, ticket))
        world.acts.answer = ActResult(applied=False, code="version-stale")
        stale = await browser.post(path, {**form, "decision": "accept"})
        assert stale.status == 409
        assert "2" * 12 in stale.text
        assert "3" * 12 in stale.text
        assert stale.form(path)["version"] == "3" * 64  # the next decision is about what is there now


async def test_staff_look_but_do_not_decide(world: World) -> None:
    ticket = offered(world, world.acme, "4" * 64)
    lead = world.person(world.provider, ("lead", None))
    async with browsing(world, lead) as browser:
        page = await browser.get(f"/approvals/{ticket}")
        assert page.status == 200
        assert not page.all("//main//form[@method='post']")
        token = (await browser.get("/account")).form("/logout")
        assert (await browser.post(f"/approvals/{ticket}", {**token, "decision": "accept"})).status == 403
        assert (await browser.post("/approvals", {**token, "decision": "accept"})).status == 403


async def test_another_clients_versions_are_neither_listed_nor_exported(world: World, asha: Person) -> None:
    theirs = offered(world, world.beta, "5" * 64, subject="=cmd|'/c calc'!A1")
    offered(world, world.acme, "6" * 64, subject="=1+1")
    async with browsing(world, asha) as browser:
        assert str(theirs) not in (await browser.get("/approvals")).answer.text
        assert (await browser.get(f"/approvals/{theirs}")).status == 404
        rows = list(
            csv.DictReader(io.StringIO((await browser.get("/approvals.csv")).answer.text.lstrip("\ufeff")))
        )
    assert "6" * 64 in {row["version"] for row in rows}
    assert "5" * 64 not in {row["version"] for row in rows}
    assert "'=1+1" in {row["subject"] for row in rows}


async def test_an_unconfirmed_decision_says_that_it_is_being_applied(world: World, asha: Person) -> None:
    ticket = offered(world, world.acme, "7" * 64)
    world.acts.answer = None
    async with browsing(world, asha) as browser:
        done = await browser.submit(f"/approvals/{ticket}", f"/approvals/{ticket}", decision="accept")
        assert done.status == 303
        assert "being applied" in (await browser.get("/approvals")).text
    world.acts.answer = ActResult(applied=True)


async def test_what_was_checked_is_said_as_it_was(world: World, asha: Person) -> None:
    failed = [{"name": "sum", "ok": False, "detail": "1 is missing", "override": "As on the paper"}]
    ticket = offered(world, world.acme, "7" * 64)
    for n, checks in enumerate(([], failed, [{"name": "sum", "ok": True, "detail": ""}])):
        world.document(world.acme, ticket, state="posted", position=n, sha256=f"{n:064d}", checks=checks)
    work = world.ticket(world.acme, stage="approval")
    world.approval(
        world.acme,
        work,
        "8" * 64,
        deliverable={"documents": 0, "units": 1, "work": {"note": "Done", "files": []}},
    )
    async with browsing(world, asha) as browser:
        said = (await browser.get(f"/approvals/{ticket}")).text
        assert "none was drawn for a second person" in said
        assert "One document failed an automatic check and was accepted with a reason." in said
        said = (await browser.get(f"/approvals/{work}")).text
        assert "A person did the work; it was not drawn for a second person." in said
        assert "automatic" not in said
