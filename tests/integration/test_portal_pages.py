"""Pages of work and tickets as their people get them: who may, what is shown, what a form does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.access import ALL
from api.portal import NAV, PORTAL_RULES
from api.portal.live import Watcher
from schemas.acts import ActResult, PauseTicket
from tests.support.api import Person, World, world_on
from tests.support.portal import SAME_SITE, browsing
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import Emit
from ticketos.domain.state import SYSTEM


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        yield made


@pytest.fixture
def agent(world: World) -> Person:
    return world.person(world.provider, ("agent", None), skills=["data_entry"])


@pytest.fixture(scope="module")
def by_role(world: World) -> dict[str, Person]:
    """One person per role; a client's roles belong to Acme."""
    return {
        role: world.person(world.acme if role.startswith("client_") else world.provider, (role, world.acme))
        for role in sorted(ALL)
    }


def clock(world: World, ticket_id: UUID, *, started: datetime, due: datetime, **more: Any) -> None:
    world._insert(
        "ticket_clock",
        world.acme,
        {
            "id": new_id(),
            "client_id": world.acme,
            "ticket_id": ticket_id,
            "kind": "turnaround",
            "target_s": 3600,
            "started_at": started,
            "due_at": due,
            **more,
        },
    )


OPEN = {key for key, rule in PORTAL_RULES.items() if rule.public}
GUARDED = sorted((key, rule) for key, rule in PORTAL_RULES.items() if not rule.public and key[1] != "/live")


@pytest.mark.parametrize(("key", "rule"), GUARDED, ids=[f"{m} {p}" for (m, p), _ in GUARDED])
async def test_every_page_asks_who_is_there(
    world: World, by_role: dict[str, Person], key: tuple[str, str], rule: Any
) -> None:
    """Nobody is sent to sign in, a role that may not is told so, and no form is taken without its token."""
    path = re.sub(r"\{[^}]+\}", lambda _: str(new_id()), key[1])
    async with browsing(world) as stranger:
        answer = await stranger.client.request(key[0], path, headers=SAME_SITE)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login?next=")
    for role, person in by_role.items():
        async with browsing(world, person) as browser:
            answer = await browser.client.request(key[0], path, headers=SAME_SITE)
            page = answer.text
            if role not in rule.roles:
                assert answer.status_code == 403, (role, page[:200])
                assert "You cannot do this" in page
            elif key[0] == "POST":
                assert answer.status_code == 403, (role, page[:200])
                assert "This form has expired" in page
            else:
                assert answer.status_code in (200, 303, 404), (role, page[:400])


async def test_only_what_must_be_is_public() -> None:
    assert {
        ("GET", "/static/{mark}/{name:path}"),
        ("POST", "/csp"),
        ("GET", "/login"),
        ("POST", "/login"),
        ("GET", "/login/code"),
        ("POST", "/login/code"),
        ("GET", "/login/oidc"),
        ("GET", "/login/oidc/back"),
        ("GET", "/login/oidc/out"),
    } == OPEN


@pytest.mark.timeout(180)  # every page of the menu, as each of 14 roles
async def test_the_menu_holds_what_a_role_may_open(world: World) -> None:
    for role in sorted(ALL):
        company = world.acme if role.startswith("client_") else world.provider
        async with browsing(world, world.person(company, (role, world.acme))) as browser:
            page = await browser.get("/account")
            for to in set(page.all("//aside//nav//a/@href")):
                assert (await browser.get(to)).status in (200, 303), (role, to)
    assert len({item.key for item in NAV if item.key}) == len([item for item in NAV if item.key])


async def test_my_work_is_sorted_by_the_time_left(world: World, agent: Person) -> None:
    now = datetime.now(UTC)
    wanted = []
    for hours, priority in ((5, "P1"), (1, "P4"), (-2, "P3"), (3, "P2")):
        due = now + timedelta(hours=hours)
        ticket = world.ticket(
            world.acme, due_at=due, subject=f"in {hours}", received_at=now - timedelta(hours=4)
        )
        clock(world, ticket, started=now - timedelta(hours=4), due=due)
        world.task(world.acme, ticket, assigned_to=agent.id, skill="data_entry", priority=priority)
        wanted.append((hours, f"in {hours}"))
    async with browsing(world, agent) as browser:
        page = await browser.get("/work")
        found = page.all("//a[@data-row]//span[contains(@class,'task-what')]/span")
        assert found == [text for _, text in sorted(wanted)]
        chips = page.all("//a[@data-row]//span[contains(@class,'task-sla')]")
        assert chips[0].startswith("−2 h") and "left" in chips[1]
        tones = page.all("//a[@data-row]//span[contains(@class,'task-sla')]/span/@class")
        assert tones[0] == "chip bad" and tones[3] == "chip neutral"
        assert len(page.tree.xpath("//a[@data-row]//span[contains(@class,'task-sla')]//*[name()='svg']")) == 4
        first = await browser.submit("/work", "/work/next")
        assert first.to == page.all("//a[@data-row]/@href")[0]
        only = await browser.get("/work?priority=P2")
        assert only.all("//a[@data-row]//span[contains(@class,'task-what')]/span") == ["in 3"]
        assert only.all("//select[@name='priority']/option[@selected]") == ["P2"]


async def test_tasks_of_one_request_are_told_apart_by_their_files(world: World, agent: Person) -> None:
    ticket = world.ticket(world.acme, subject="bills of this week")
    for name in ("first.pdf", "second.pdf"):
        paper = world.document(world.acme, ticket, filename=name)
        world.task(world.acme, ticket, assigned_to=agent.id, subject_id=paper)
    async with browsing(world, agent) as browser:
        page = await browser.get("/work")
        assert page.all("//a[@data-row]//span[contains(@class,'task-what')]/span") == [
            "first.pdf",
            "second.pdf",
        ]
        assert set(page.all("//a[@data-row]//span[contains(@class,'task-what')]/small")) == {
            "bills of this week"
        }
        panel = (await browser.get(f"/tickets/{ticket}")).all("//ul[@id='tasks']/li//span[@class='wrap']")
        assert panel == ["first.pdf", "second.pdf"]
    async with world.http(agent) as http:
        told = (await http.get("/v1/tasks", params={"ticket": str(ticket), "scope": "mine"})).json()["items"]
    assert {one["document"] for one in told} == {"first.pdf", "second.pdf"}


async def test_a_paused_ticket_says_so_and_comes_last(world: World, agent: Person) -> None:
    now = datetime.now(UTC)
    due = now + timedelta(minutes=5)
    paused = world.ticket(
        world.acme, due_at=due, state="paused", subject="held", received_at=now - timedelta(hours=1)
    )
    pause = {"started_at": (now - timedelta(minutes=30)).isoformat(), "ended_at": None, "reason": "r"}
    clock(world, paused, started=now - timedelta(hours=1), due=due, pauses=[pause])
    late = world.ticket(world.acme, due_at=now + timedelta(days=9), subject="far", received_at=now)
    clock(world, late, started=now, due=now + timedelta(days=9))
    for ticket in (paused, late):
        world.task(world.acme, ticket, assigned_to=agent.id)
    async with browsing(world, agent) as browser:
        page = await browser.get("/work")
        assert page.all("//a[@data-row]//span[contains(@class,'task-what')]/span") == ["far", "held"]
        assert "Paused, 35 min left" in page.text


async def test_the_next_task_is_taken_from_the_queue_by_skill(world: World) -> None:
    one = world.person(
        world.provider, ("agent", None), skills=["data_entry"], certifications={"data_entry": None}
    )
    ticket = world.ticket(world.acme, subject="for the skilled")
    task = world.task(world.acme, ticket, skill="data_entry")
    other = world.task(world.acme, ticket, skill="payroll")
    async with browsing(world, one) as browser:
        sent = await browser.submit("/work", "/work/next")
        assert sent.to == f"/validate/{task}"
        rows = world.sql(world.acme, "select id, assigned_to from task where id = any(%s)", ([task, other],))
        assert {row.id: row.assigned_to for row in rows} == {task: one.id, other: None}
        world.sql(world.acme, "update task set state = 'done' where assigned_to = %s", (one.id,))
        done = await browser.submit("/work", "/work/next")
        assert done.to == "/work"
        assert "Nothing is waiting for you" in (await browser.get("/work")).text


async def test_work_for_experts_on_top_hides_no_task_from_who_is_none(world: World) -> None:
    one = world.person(world.provider, ("agent", None), skills=["vat"], certifications={"vat": None})
    ticket = world.ticket(world.acme, subject="many for experts")
    for _ in range(30):
        world.task(world.acme, ticket, skill="vat", priority="P1", payload={"expert": "asked"})
    task = world.task(world.acme, ticket, skill="vat", priority="P4")
    async with browsing(world, one) as browser:
        assert (await browser.submit("/work", "/work/next")).to == f"/validate/{task}"


async def test_an_empty_list_says_what_comes_next(world: World) -> None:
    new = world.person(world.provider, ("sme", None))
    skilled = world.person(
        world.provider, ("sme", None), skills=["rare_skill"], certifications={"rare_skill": None}
    )
    async with browsing(world, new) as browser:
        assert "No skill is noted for you yet" in (await browser.get("/work")).text
    async with browsing(world, skilled) as browser:
        assert "You are all caught up" in (await browser.get("/work")).text
        world.task(world.acme, world.ticket(world.acme), skill="rare_skill")
        page = await browser.get("/work")
        assert "A task of your skills waits in your queue" in page.text
        assert "/work?scope=queue" in page.all("//main//a/@href")


async def test_who_takes_no_task_sees_everybodys_and_by_name(world: World, agent: Person) -> None:
    world.task(world.acme, world.ticket(world.acme, subject="of a colleague"), assigned_to=agent.id)
    async with browsing(world, world.person(world.provider, ("wfm", None))) as browser:
        page = await browser.get("/work")
        assert "of a colleague" in page.text
        assert page.all("//h1/text()") == ["Open tasks"], "none of them is their own work"
        assert "A colleague" not in page.text
        assert not page.all("//nav[contains(@class, 'tabs')]//a")


async def test_a_view_is_saved_shared_and_forgotten(world: World, agent: Person) -> None:
    colleague = world.person(world.provider, ("agent", None))
    async with browsing(world, agent) as browser:
        page = "/work?scope=all&priority=P1"
        await browser.submit(page, "/views", name="Urgent <b>", shared="on")
        await browser.submit("/work?scope=queue", "/views", name="Mine")
        outside = {
            **(await browser.get("/work")).form("/views"),
            "query": "https://evil.example/work",
            "name": "x",
        }
        assert (await browser.post("/views", outside)).to == "/work"
        shown = await browser.get("/work")
        assert ("/work?scope=all&priority=P1") in shown.all("//div[contains(@class,'views')]//a/@href")
        assert "<b>" not in "".join(shown.all("//div[contains(@class,'views')]//a/b"))
    async with browsing(world, colleague) as browser:
        shown = await browser.get("/work")
        assert [
            one.strip() for one in shown.all("//div[contains(@class,'views')]/div/a/text()") if one.strip()
        ] == ["Urgent <b>"]
        view = world.sql(
            world.provider, "select id from saved_view where user_id = %s and name = 'Mine'", (agent.id,)
        )[0].id
        form = shown.form("/views")
        assert (await browser.post(f"/views/{view}/forget", form)).status == 404


@pytest.mark.parametrize(
    ("path", "filters"),
    [
        ("/tickets", "state=all&priority=P1"),
        ("/documents", "state=posted"),
        ("/invoices", "period=2026-10"),
        ("/audit", "event=access"),
    ],
)
async def test_every_main_list_keeps_its_own_views(world: World, path: str, filters: str) -> None:
    role, name = "admin" if path == "/invoices" else "ops", f"View of {path}"
    person, colleague = (world.person(world.provider, (role, None)) for _ in range(2))
    shown = "//div[contains(@class,'views')]/div/a"
    async with browsing(world, person) as browser:
        kept = await browser.submit(f"{path}?{filters}", "/views", name=name, shared="on")
        assert kept.to == f"{path}?{filters}"
        page = await browser.get(kept.to)
        assert page.all(f"{shown}[@aria-current]/@href") == [kept.to]
        assert name in page.text
        assert kept.to not in (await browser.get("/work?scope=all")).all(f"{shown}/@href")
        outside = {**page.form("/views"), "query": "/people?x=1", "name": "y"}
        assert (await browser.post("/views", outside)).to == path
        assert (await browser.post("/views", {**outside, "list": "people"})).status == 404
    async with browsing(world, colleague) as browser:
        page = await browser.get(path)
        assert kept.to in page.all(f"{shown}/@href")
        assert not page.all("//form[contains(@action, '/forget')]"), "it is another's to delete"


async def test_tickets_are_listed_searched_and_paged_in_the_address(world: World) -> None:
    person = world.person(world.provider, ("ops", None))
    numbers = []
    for index in range(60):
        number = f"FIND-{new_id().hex[-9:]}"
        numbers.append(number)
        world.ticket(
            world.acme,
            number=number,
            subject=f"needle {index}",
            received_at=datetime(2026, 5, 1, tzinfo=UTC) + timedelta(minutes=index),
        )
    async with browsing(world, person) as browser:
        first = await browser.get("/tickets?q=needle")
        shown = first.all("//a[@data-row]/b")
        assert shown == numbers[::-1][:50]
        (following,) = first.all("//a[@rel='next']/@href")
        second = await browser.get(following)
        assert second.all("//a[@data-row]/b") == numbers[::-1][50:]
        assert second.all("//input[@name='q']/@value") == ["needle"]
        none = await browser.get("/tickets?q=needle&stage=closure")
        assert "No request matches" in none.text
        assert (await browser.get("/tickets?q=needle&cursor=rubbish")).status == 400


async def test_a_client_sees_its_own_and_no_names_of_ours(world: World) -> None:
    agent = world.person(world.provider, ("agent", None))
    mine, foreign = world.ticket(world.acme, subject="ours"), world.ticket(world.beta, subject="theirs")
    services, now = world.services, datetime.now(UTC)
    with services.database.transaction([world.acme]) as connection:
        from ticketos.domain.state import Actor

        services.audit.record(
            connection,
            client_id=world.acme,
            ticket_id=mine,
            root_id=mine,
            at=now,
            actor=Actor("user", str(agent.id), origin="10.1.2.3"),
            emit=Emit("ticket.paused", why="waiting"),
        )
    client = world.person(world.acme, ("client_user", world.acme))
    async with browsing(world, client) as browser:
        assert (await browser.get(f"/tickets/{mine}")).to == f"/requests/{mine}"
        page = await browser.get(f"/requests/{mine}")
        assert page.status == 200 and "ours" in page.text and "Test Person" not in page.text
        assert "10.1.2.3" not in page.answer.text
        assert (await browser.get(f"/requests/{foreign}")).status == 404
        assert "theirs" not in (await browser.get("/tickets?state=all")).text
        assert "theirs" not in (await browser.get("/palette?q=theirs")).answer.text


async def test_acts_go_the_same_way_as_over_the_api_and_once(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket = world.ticket(world.acme)
    async with browsing(world, lead) as browser:
        form = (await browser.get(f"/tickets/{ticket}")).form(f"/tickets/{ticket}/pause")
        sent = len(world.acts.sent)
        for _ in range(2):  # a double click
            answer = await browser.post(
                f"/tickets/{ticket}/pause", {**form, "reason": "Waiting for the order"}
            )
            assert (answer.status, answer.to) == (303, f"/tickets/{ticket}")
        assert len(world.acts.sent) == sent + 1
        target, update, argument = world.acts.sent[-1]
        assert isinstance(argument, PauseTicket)
        assert (target.workflow_id, update, argument.reason) == (
            f"ticket/{ticket}",
            "pause",
            "Waiting for the order",
        )
        assert "The ticket is paused" in (await browser.get(f"/tickets/{ticket}")).text


async def test_a_refused_act_shows_the_page_again_with_what_was_typed(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket = world.ticket(world.acme)
    async with browsing(world, lead) as browser:
        empty = await browser.submit(f"/tickets/{ticket}", f"/tickets/{ticket}/cancel", reason="  ")
        assert empty.status == 422
        kept, world.acts.answer = (
            world.acts.answer,
            ActResult(applied=False, code="too-late-to-cancel", params={"stage": "billing"}),
        )
        try:
            late = await browser.submit(
                f"/tickets/{ticket}", f"/tickets/{ticket}/cancel", reason="changed our mind"
            )
        finally:
            world.acts.answer = kept
        assert late.status == 409
        assert "Too late to cancel" in late.text
        assert "changed our mind" in late.all("//textarea[@id='reason-cancel']")
        slow, world.acts.answer = world.acts.answer, None
        try:
            waiting = await browser.submit(f"/tickets/{ticket}", f"/tickets/{ticket}/pause", reason="r")
        finally:
            world.acts.answer = slow
        assert waiting.status == 303
        assert "is being applied" in (await browser.get(f"/tickets/{ticket}")).text
        world.acts.away = True
        try:
            away = await browser.submit(f"/tickets/{ticket}", f"/tickets/{ticket}/pause", reason="r")
        finally:
            world.acts.away = False
        assert away.status == 503


async def test_a_stale_edit_is_refused_with_both_versions(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket = world.ticket(world.acme, subject="first")
    async with browsing(world, lead) as browser:
        form = (await browser.get(f"/tickets/{ticket}")).form(f"/tickets/{ticket}/subject")
        theirs = await browser.submit(f"/tickets/{ticket}", f"/tickets/{ticket}/subject", subject="theirs")
        assert theirs.status == 303
        mine = await browser.post(f"/tickets/{ticket}/subject", {**form, "subject": "mine"})
        assert mine.status == 412
        both = mine.all("//section[contains(@class,'notice')]//dd")
        assert both == ["theirs", "mine"]
        assert (
            world.sql(world.acme, "select subject from ticket where id = %s", (ticket,))[0].subject
            == "theirs"
        )
        fresh = next(iter(mine.tree.xpath(f"//form[@action='/tickets/{ticket}/subject']")))
        again = await browser.post(f"/tickets/{ticket}/subject", dict(fresh.form_values()))
        assert again.status == 303
        assert (
            world.sql(world.acme, "select subject from ticket where id = %s", (ticket,))[0].subject == "mine"
        )


async def test_buttons_show_what_a_role_may_do(world: World) -> None:
    ticket = world.ticket(world.acme)
    shown = {}
    for role in ("agent", "lead", "qa", "auditor"):
        async with browsing(world, world.person(world.provider, (role, None))) as browser:
            page = await browser.get(f"/tickets/{ticket}")
            shown[role] = {
                one.rsplit("/", 1)[1] for one in page.all("//form/@action") if one.startswith("/tickets/")
            }
    assert shown == {
        "agent": {"pause", "links", "notes", "replies"},
        "lead": {"pause", "links", "notes", "replies", "priority", "cancel", "subject"},
        "qa": {"links", "notes"},
        "auditor": set(),
    }


async def test_what_people_write_is_shown_and_never_run(world: World) -> None:
    person = world.person(world.provider, ("ops", None))
    evil = '<script>alert(1)</script><img src=x onerror="alert(2)">{{ 7*191 }}'
    ticket = world.ticket(world.acme, subject=evil, requester_name=evil)
    world.document(world.acme, ticket, filename=evil, reason=evil)
    world._insert(
        "message",
        world.acme,
        {
            "id": new_id(),
            "client_id": world.acme,
            "ticket_id": ticket,
            "direction": "in",
            "channel": "email",
            "external_id": new_id().hex,
            "sender": evil,
            "body": evil,
            "subject": evil,
            "received_at": datetime.now(UTC),
        },
    )
    async with browsing(world, person) as browser:
        for path in (f"/tickets/{ticket}", "/tickets", "/palette?q=script", f"/find?q={evil}"):
            page = await browser.get(path)
            assert page.status == 200
            assert not page.tree.xpath("//img[@onerror] | //script[not(@src)]"), path
            assert "1337" not in page.text, path


async def test_a_page_hears_of_its_own_clients_alone(world: World) -> None:
    live = (await _started(world)).live
    mine, theirs = Watcher(frozenset({world.acme})), Watcher(frozenset({world.beta}))
    ticket = world.ticket(world.acme)
    async with world.app.router.lifespan_context(world.app):
        streams = [aiter(live.watch(one)) for one in (mine, theirs)]
        for stream in streams:
            assert (await anext(stream)).startswith("retry:"), "from here on everything is told"
        _closes(world, ticket)
        heard = await asyncio.wait_for(anext(streams[0]), 30)
        assert "event: changed" in heard and str(ticket) in heard
        # What was told of their own client shortly before may come again.
        told = [theirs.queue.get_nowait() for _ in range(theirs.queue.qsize())]
        assert {one["client_id"] for one in told} <= {world.beta}
        for stream in streams:
            await _closed(stream)


async def test_what_happened_while_a_page_was_on_its_way_is_told_at_once(world: World) -> None:
    live = (await _started(world)).live
    ticket, other = world.ticket(world.acme), world.ticket(world.acme)
    async with world.app.router.lifespan_context(world.app):
        drawn = datetime.now(UTC)
        _closes(world, ticket)
        late = datetime.now(UTC) + timedelta(seconds=1)
        heard = {}
        for name, watcher in {
            "this ticket": Watcher(frozenset({world.acme}), ticket, drawn_at=drawn),
            "every ticket": Watcher(frozenset({world.acme}), None, drawn_at=drawn),
            "another ticket": Watcher(frozenset({world.acme}), other, drawn_at=drawn),
            "another client": Watcher(frozenset({world.beta}), None, drawn_at=drawn),
            "drawn later": Watcher(frozenset({world.acme}), None, drawn_at=late),
        }.items():
            stream = aiter(live.watch(watcher))
            assert (await anext(stream)).startswith("retry:")
            heard[name] = await live.missed(watcher) is not None
            await _closed(stream)
    assert [name for name, told in heard.items() if told] == ["this ticket", "every ticket"]


def _closes(world: World, ticket: UUID) -> None:
    services = world.services
    with services.database.transaction([world.acme]) as connection:
        services.audit.record(
            connection,
            client_id=world.acme,
            ticket_id=ticket,
            root_id=ticket,
            at=datetime.now(UTC),
            actor=SYSTEM,
            emit=Emit("ticket.closed"),
        )


async def _started(world: World) -> Any:
    return world.app.state.portal


async def _closed(stream: AsyncIterator[str]) -> None:
    await stream.aclose()  # type: ignore[attr-defined]


async def test_an_address_nobody_serves_is_a_page_for_people_and_a_problem_for_programs(world: World) -> None:
    async with browsing(world) as browser:
        page = await browser.get("/no/such/page", Accept="text/html")
        assert page.status == 404 and "Not found" in page.text
        assert (
            (await browser.get("/v1/nothing", Accept="text/html"))
            .answer.headers["content-type"]
            .startswith("application/problem")
        )


async def test_pages_that_only_watch_take_nobodys_place(world: World) -> None:
    """A line that is open counts as no work in flight, however many there are."""
    person = world.person(world.provider, ("ops", None))
    kept = world.services.options
    world.services.options = replace(kept, in_flight=2)
    try:
        async with browsing(world, person) as browser:
            lines = [asyncio.create_task(browser.client.get("/live")) for _ in range(5)]
            watching = (await _started(world)).live
            for _ in range(3_000):
                if len(watching._watchers) == len(lines):
                    break
                await asyncio.sleep(0.01)
            assert len(watching._watchers) == len(lines)
            assert (await browser.get("/account")).status == 200
            for line in lines:
                line.cancel()
            await asyncio.gather(*lines, return_exceptions=True)
    finally:
        world.services.options = kept
