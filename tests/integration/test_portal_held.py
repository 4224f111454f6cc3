"""Held units settled in the browser: under a contract that was in force, or waived with a reason, without a script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.support.api import Person, World, world_on
from tests.support.books import contract, held_unit, settle
from tests.support.portal import browsing
from ticketos.dev.database import PostgresUrls


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("held")) as made:
        for company in (made.provider, made.acme, made.beta):
            settle(made, company)
        yield made


@pytest.fixture(scope="module")
def finance(world: World) -> Person:
    return world.person(world.provider, ("finance", None))


def held(world: World, client: UUID) -> UUID:
    """Came in on the 12th, accepted on the 15th."""
    return held_unit(world, client, received_at=datetime(2026, 11, 12, 10, tzinfo=UTC))[0]


def state(world: World, client: UUID, usage: UUID) -> tuple[str, UUID | None]:
    (row,) = world.sql(client, "select state, contract_id from usage_event where id = %s", (usage,))
    return row.state, row.contract_id


async def test_a_unit_is_billed_under_a_contract_that_was_in_force(world: World, finance: Person) -> None:
    unit = held(world, world.acme)
    fits = contract(world, world.acme, service_line="it_helpdesk", number="FITS")
    late = contract(world, world.acme, service_line="it_helpdesk", number="LATER", starts_on="2026-11-13")
    contract(world, world.acme, service_line="data_entry", number="OTHER-LINE")
    contract(world, world.beta, service_line="it_helpdesk", number="THEIRS")
    here = f"/billing/held/{unit}"
    async with browsing(world, finance) as browser:
        assert here in (await browser.get("/billing")).all("//a/@href")
        page = await browser.get(here)
        assert page.all("//select[@name='contract_id']/option") == ["FITS"], "in force when it came in"
        assert "in force when its request came in" in page.text
        form = page.form(f"{here}/contract")
        refused = await browser.post(f"{here}/contract", {**form, "contract_id": str(late), "reason": "so"})
        assert refused.status == 422
        assert "so" in refused.all("//input[@id='reason-give']/@value")
        assert state(world, world.acme, unit)[0] == "held"
        again = await browser.get(here)
        for _ in range(2):  # a double click settles once
            done = await browser.post(
                f"{here}/contract", {**again.form(f"{here}/contract"), "_key": form["_key"] + "x"}
            )
            assert done.to == here, done.text
        assert state(world, world.acme, unit) == ("billable", fits)
        settled = await browser.get(here)
        assert "Billed with Nov 2026" in settled.text
        assert not settled.tree.xpath("//main//form[@method='post']")
        assert here not in (await browser.get("/billing")).all("//a/@href")


async def test_a_unit_is_waived_with_a_reason(world: World, finance: Person) -> None:
    unit = held(world, world.beta)
    here = f"/billing/held/{unit}"
    async with browsing(world, finance) as browser:
        empty = await browser.submit(here, f"{here}/waive", reason=" ")
        assert empty.status == 422
        assert state(world, world.beta, unit)[0] == "held"
        assert (await browser.submit(here, f"{here}/waive", reason="Goodwill")).to == here
        assert "never billed" in (await browser.get(here)).text
    assert state(world, world.beta, unit)[0] == "waived"
    (told,) = world.sql(
        world.beta,
        "select why from audit_event where event = 'usage.waived' and entity_id = %s",
        (str(unit),),
    )
    assert told.why == "Goodwill"


async def test_the_desk_knows_the_contract_and_waiving_is_finance_s(world: World) -> None:
    unit = held(world, world.acme)
    here = f"/billing/held/{unit}"
    async with browsing(world, world.person(world.provider, ("desk", None))) as browser:
        page = await browser.get(here)
        assert page.status == 200
        assert set(page.all("//main//form/@action")) == {f"{here}/contract"}
        form = page.form(f"{here}/contract")
        assert (await browser.post(f"{here}/waive", {**form, "reason": "r"})).status == 403
    async with browsing(world, world.person(world.provider, ("finance", world.beta))) as browser:
        assert (await browser.get(here)).status == 404


async def test_whoever_may_only_look_is_not_told_to_settle(world: World, finance: Person) -> None:
    here = f"/billing/held/{held(world, world.acme)}"
    for person, word in ((finance, "Settle"), (world.person(world.provider, ("auditor", None)), "Open")):
        async with browsing(world, person) as browser:
            (link,) = (await browser.get("/billing")).tree.xpath(f"//a[@href='{here}']")
            assert link.text_content().split()[0] == word
