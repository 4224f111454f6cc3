"""The page of a task by form: its papers however many the request has, and what no page of ours would send."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.api import World, world_on
from tests.support.portal import browsing
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls
from ticketos.domain.handwork import MOST_FILES


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("tasks")) as made:
        yield made


async def test_a_request_of_many_files_names_as_many_as_a_result_may_hold_and_says_that_there_are_more(
    world: World,
) -> None:
    ticket = world.ticket(world.acme, service_line="finance_accounting")
    papers = [
        world.document(world.acme, ticket, filename=f"paper-{n}.pdf", position=n, sha256=f"{n:064d}")
        for n in range(MOST_FILES + 5)
    ]
    task = world.task(world.acme, ticket, kind="work", skill="finance_accounting")
    about = {"document": str(papers[-1]), "own": "2026-10-03", "period": "2026-10", "state": "closed"}
    period = world.task(world.acme, ticket, kind="posting_period", desk="finance", payload=about)
    person = world.person(world.provider, ("lead", None), ("finance", None), ("agent", None))
    async with browsing(world, person) as browser:
        page = await browser.get(f"/tasks/{task}")
        assert page.all("//input[@name='files']/@value") == [str(one) for one in papers[:MOST_FILES]]
        assert f"The first {MOST_FILES} files are shown" in page.text
        page = await browser.get(f"/tasks/{period}")
        assert f"/documents/{papers[-1]}" in page.all("//form//a/@href")
        few = world.ticket(world.acme)
        world.document(world.acme, few)
        page = await browser.get(f"/tasks/{world.task(world.acme, few, kind='work')}")
        assert "files are shown" not in page.text


async def test_a_version_that_cannot_be_is_refused_in_words(world: World) -> None:
    ticket = world.ticket(world.acme)
    document = world.document(world.acme, ticket)
    paths = {
        f"/tasks/{world.task(world.acme, ticket, kind='contract', desk='finance')}": ("finance",),
        f"/validate/{world.task(world.acme, ticket, subject_id=document)}": ("agent", "lead"),
        f"/review/{world.task(world.acme, ticket, kind='qa_review', desk='qa', subject_id=document)}": (
            "qa",
        ),
    }
    for path, roles in paths.items():
        person = world.person(world.provider, *((role, None) for role in roles))
        async with browsing(world, person) as browser:
            token = (await browser.get("/account")).form("/logout")["_csrf"]
            kind = {"kind": "contract", "reason": "Settled", "verdict": "pass", "act": "next"}
            sent = await browser.post(path, {"_csrf": token, "_key": str(new_id()), "_version": "0", **kind})
            assert sent.status == 422, (path, sent.status, sent.text)
    assert world.acts.sent == []
