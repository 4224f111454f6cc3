"""Score, level and the log of rounds on a ticket's page and in its tree; contracts whose days are over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import World, world_on
from tests.support.books import contract
from tests.support.portal import browsing
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import Emit
from ticketos.domain.state import SYSTEM


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("rounds")) as made:
        yield made


def judged(
    world: World, ticket: UUID, document: UUID, level: int, number: int, verdict: str, **more: Any
) -> None:
    world._insert(
        "qa_check",
        world.acme,
        {
            "id": new_id(), "client_id": world.acme, "ticket_id": ticket, "document_id": document, "level": level,
            "round": number, "verdict": verdict, "at": datetime.now(UTC), "fields_inspected": 8,
            "fields_correct": 8 if verdict == "pass" else 7, **more,
        },
    )  # fmt: skip


async def test_the_ticket_page_and_the_tree_tell_score_level_and_rounds(world: World) -> None:
    lena = world.person(world.provider, ("qa", None), name="Lena Hoffmann")
    asha = world.person(world.acme, ("client_user", world.acme), name="Asha Rao")
    ticket = world.ticket(world.acme, stage="approval", round=1)
    document = world.document(world.acme, ticket, state="posted")
    wrong = {"field": "total", "category": "wrong_value", "severity": "critical", "comment": "tax left out"}
    judged(world, ticket, document, 1, 0, "pass")
    judged(world, ticket, document, 2, 0, "fail", reviewer_id=lena.id, defects=[wrong])
    judged(world, ticket, document, 1, 1, "pass")
    world.approval(
        world.acme, ticket, "c" * 64, round=1, state="returned", reason="wrong cost centre",
        decided_at=datetime.now(UTC), decided_by=str(asha.id),
    )  # fmt: skip
    with world.services.database.transaction([world.acme]) as connection:
        for rounds in (0, 1):
            world.services.audit.record(
                connection, client_id=world.acme, ticket_id=ticket, root_id=ticket, at=datetime.now(UTC),
                actor=SYSTEM, emit=Emit("ticket.quality_passed", after={"rounds": rounds, "score": "100"}),
            )  # fmt: skip
    async with browsing(world, world.person(world.provider, ("lead", None))) as browser:
        page = await browser.get(f"/tickets/{ticket}")
        card = " ".join(page.all("//section[@aria-labelledby='quality-title']")[0].split())
        tree = (await browser.client.get(f"/v1/tickets/{ticket}/tree")).json()
    for said in (
        "100 % right by the automatic check of everything (level 1)",
        "First passFailed",
        "Lena Hoffmann",
        "87.5 % (level 2)",
        "Total: Wrong value (Critical) · tax left out",
        "Rework 1Passed",
        "Returned",
        "Asha Rao · wrong cost centre",
    ):
        assert said in card, (said, card)
    facts = page.all("//*[@id='timeline']//span[@class='fact']")
    assert [" ".join(one.split()) for one in facts if one.startswith("Rounds")] == ["Rounds 1"]
    assert [(one["round"], one["outcome"], one["level"]) for one in tree["rounds"]] == [
        (0, "failed", 2),
        (1, "passed", 1),
    ]
    assert tree["rounds"][0]["reviewers"] == [str(lena.id)]
    async with browsing(world, asha) as browser:
        theirs = (await browser.client.get(f"/v1/tickets/{ticket}/tree")).json()["rounds"]
    assert [one["reviewers"] for one in theirs] == [[], []], "who judged is the provider's business"


async def test_a_contract_whose_days_are_over_says_so(world: World) -> None:
    today = datetime.now(UTC).date()
    for number, starts, ends, status in (
        ("OVER", -60, -2, "active"),
        ("NOW", -60, 60, "active"),
        ("SOON", 3, None, "active"),
        ("HELD", -60, -2, "suspended"),
    ):
        contract(
            world, world.acme, number=number, status=status, starts_on=today + timedelta(days=starts),
            ends_on=None if ends is None else today + timedelta(days=ends),
        )  # fmt: skip
    async with browsing(world, world.person(world.provider, ("admin", None))) as browser:
        page = await browser.get(f"/clients/{world.acme}")
        lines = [" ".join(one.split()) for one in page.all("//section[@aria-labelledby='contracts']//li")]
        (over,) = page.all("//section[@aria-labelledby='contracts']//li/a[b='OVER']/@href")
        assert "· Ended" in (await browser.get(over)).text
    told = {one.split()[0]: one.rsplit("· ", 1)[1] for one in lines}
    assert told == {"OVER": "Ended", "NOW": "Active", "SOON": "Not begun", "HELD": "Suspended"}
