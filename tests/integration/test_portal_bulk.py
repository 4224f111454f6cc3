"""Many requests changed at once in the list: without a script, each with its outcome in words, nothing done twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from api.portal.routes import tickets
from api.portal.routes.tickets import LIMIT
from tests.support.api import Person, RecordedActs, World, world_on
from tests.support.portal import browsing
from ticketos.dev.database import PostgresUrls

HERE = "/tickets?q=bulkword"


@pytest.fixture(scope="module")
def shared_world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("bulk")) as made:
        yield made


@pytest.fixture
def world(shared_world: World) -> World:
    fresh = RecordedActs()
    shared_world.services.acts = shared_world.acts = fresh
    return shared_world


@pytest.fixture(scope="module")
def lead(shared_world: World) -> Person:
    return shared_world.person(shared_world.provider, ("lead", None), name="Anita")


async def test_the_chosen_are_changed_and_each_says_what_became_of_it(world: World, lead: Person) -> None:
    fine = world.ticket(world.acme, subject="bulkword one", number="ACME-1")
    theirs = world.ticket(world.beta, subject="bulkword two", number="BETA-1")
    idle = world.ticket(world.acme, subject="bulkword three", number="ACME-2")
    agent = world.person(
        world.provider,
        ("agent", None),
        name="Asha",
        skills=["data_entry"],
        certifications={"data_entry": None},
    )
    for ticket, client in ((fine, world.acme), (theirs, world.beta)):
        world.task(client, ticket, skill="data_entry")
    async with browsing(world, lead) as browser:
        page = await browser.get(HERE)
        assert len(page.all("//input[@name='ticket']/@value")) == 3
        assert not page.all("//input[@name='ticket'][@checked]/@value")
        chosen = await browser.get(f"{HERE}&chosen=all")
        assert set(chosen.all("//input[@name='ticket'][@checked]/@value")) == {
            str(one) for one in (fine, theirs, idle)
        }
        assert "Asha" in chosen.all("//select[@name='assign_user_id']/option")
        form = chosen.form("/tickets/bulk")
        given = {**form, "ticket": [str(fine), str(theirs), str(idle)], "assign_user_id": str(agent.id)}
        answer = await browser.post("/tickets/bulk", {**given, "act": "assign"})
        assert answer.status == 200, answer.text
        assert "Done for 2 of 3" in answer.text
        assert answer.all("//tbody/tr/td[1]") == [
            "ACME-2",
            "ACME-1",
            "BETA-1",
        ]  # what was refused comes first
        said = answer.all("//tbody/tr/td[3]")
        assert said[1:] == ["1 task given", "1 task given"]
        assert "nobody to give it to" in said[0]
        assert answer.all("//a[@data-key='n']/@href") == [f"{HERE}&chosen=all"]
        again = await browser.post("/tickets/bulk", {**given, "act": "assign"})
        assert again.all("//tbody/tr/td[3]") == said
    told = world.sql(world.acme, "select id from audit_event where event = 'task.assigned'")
    assert len(told) == 1


async def test_workflows_are_asked_once_however_often_the_form_is_sent(world: World, lead: Person) -> None:
    tickets = [world.ticket(world.acme, subject="bulkword again") for _ in range(3)]
    async with browsing(world, lead) as browser:
        form = (await browser.get(HERE)).form("/tickets/bulk")
        fields = {
            **form,
            "ticket": [str(one) for one in tickets],
            "act": "pause",
            "pause_reason": "month end",
        }
        for _ in range(2):
            assert "Done for 3 of 3" in (await browser.post("/tickets/bulk", fields)).text
        assert [argument.reason for _, _, argument in world.acts.sent] == ["month end"] * 3  # type: ignore[attr-defined]


async def test_all_that_match_are_chosen_over_every_page_and_none_that_come_later(world: World) -> None:
    lead = world.person(world.provider, ("lead", world.acme), name="Lead of Acme")
    mine = {str(world.ticket(world.acme, subject="everyword")) for _ in range(LIMIT + 7)}
    world.ticket(world.beta, subject="everyword")
    world.ticket(world.acme, subject="otherword")
    async with browsing(world, lead) as browser:
        page = await browser.get("/tickets?q=everyword")
        assert len(page.all("//input[@name='ticket']")) == LIMIT
        (way,) = page.all(f"//a[contains(., 'Choose all {len(mine)} that match')]/@href")
        every = await browser.get(way)
        assert f"All {len(mine)} that match are chosen." in every.text
        assert set(every.all("//form[@id='many']//input[@name='ticket']/@value")) == mine
        form = every.form("/tickets/bulk")
        late = world.ticket(world.acme, subject="everyword, after the page")
        fields = {**form, "ticket": sorted(mine), "act": "pause", "pause_reason": "month end"}
        for _ in range(2):
            assert (
                f"Done for {len(mine)} of {len(mine)}" in (await browser.post("/tickets/bulk", fields)).text
            )
        assert len(world.acts.sent) == len(mine)
        assert str(late) not in str(world.acts.sent)


async def test_more_than_may_be_changed_at_once_are_not_chosen(
    world: World, lead: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "MOST_AT_ONCE", LIMIT + 1)
    now = datetime.now(UTC)
    made = [
        str(world.ticket(world.acme, subject="manyword", received_at=now - timedelta(minutes=n)))
        for n in range(LIMIT + 3)
    ]
    async with browsing(world, lead) as browser:
        page = await browser.get("/tickets?q=manyword")
        assert f"Choose the newest {LIMIT + 1} that match" in page.text
        every = await browser.get("/tickets?q=manyword&chosen=matching")
        assert f"The newest {LIMIT + 1} that match are chosen" in every.text
        assert every.all("//form[@id='many']//input[@name='ticket']/@value") == made[: LIMIT + 1]


async def test_what_is_missing_is_said(world: World, lead: Person) -> None:
    ticket = str(world.ticket(world.acme, subject="bulkword missing"))
    async with browsing(world, lead) as browser:
        form = (await browser.get(HERE)).form("/tickets/bulk")
        nothing = await browser.post("/tickets/bulk", {**form, "act": "pause", "pause_reason": "r"})
        assert nothing.status == 422
        reason = await browser.post("/tickets/bulk", {**form, "ticket": [ticket], "act": "pause"})
        assert reason.status == 422
        odd = await browser.post("/tickets/bulk", {**form, "ticket": [ticket, "x"], "act": "erase"})
        assert odd.status == 422
        elsewhere = await browser.post(
            "/tickets/bulk",
            {**form, "ticket": [ticket], "act": "resume", "back": "https://evil.example/"},
        )
        assert elsewhere.all("//a[@data-key='n']/@href") == ["/tickets"]
    assert [update for _, update, _ in world.acts.sent] == ["resume"]


async def test_acts_are_offered_to_whom_they_are_allowed(world: World) -> None:
    world.ticket(world.acme, subject="bulkword roles")
    for role, acts in (
        ("agent", {"pause", "resume", "link"}),
        ("wfm", {"assign"}),
        ("qa", {"link"}),
        ("finance", set()),
    ):
        async with browsing(world, world.person(world.provider, (role, None))) as browser:
            page = await browser.get(HERE)
            assert set(page.all("//form[@id='many']//button[@name='act']/@value")) == acts, role
            assert bool(page.all("//input[@name='ticket']")) == bool(acts), role
