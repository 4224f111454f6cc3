"""The wall, insights, schedules and the audit explorer: figures that are right, lead to their rows, and are one's own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html

from api.machinery import Health, Timetable
from schemas.acts import RetryStep
from tests.support.api import World, world_on
from tests.support.machine import Machine
from tests.support.portal import browsing
from ticketos.db.sealing import Sealer
from ticketos.dev.database import PostgresUrls
from workflows import names

NOW = datetime.now(UTC).replace(day=15)
"""The middle of a month: no month ends anywhere between planting and looking."""


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        made.services.machinery, made.services.now = Machine(), lambda: NOW
        for n in range(3):
            made.ticket(made.acme, stage="delivery", service_line="data_entry", subject=f"A{n}")
        made.ticket(
            made.acme, stage="delivery", service_line="data_entry", sla_state="breached", subject="Late one"
        )
        made.ticket(made.acme, stage="triage", subject="Unsorted")
        made.ticket(
            made.beta,
            stage="delivery",
            service_line="data_entry",
            state="needs_attention",
            reason="disk full",
            subject="Stuck",
        )
        made.ticket(
            made.beta, stage="closure", state="closed", closed_at=NOW - timedelta(hours=2), subject="Done"
        )
        made.task(
            made.acme,
            made.ticket(made.acme, stage="delivery", service_line="data_entry"),
            due_at=NOW - timedelta(1),
        )
        yield made


async def test_the_wall_counts_what_is_open_and_every_figure_leads_to_as_many_rows(world: World) -> None:
    async with browsing(world, world.person(world.provider, ("ops", None))) as browser:
        wall = await browser.get("/wall")
        assert wall.status == 200
        for label, count in (("Open requests", 7), ("Need attention", 1), ("Late", 1), ("Closed in 24 h", 1)):
            (tile,) = wall.tree.xpath(f"//a[contains(@class,'tile')][span[@class='label']='{label}']")
            assert tile.xpath("span[@class='value']")[0].text == str(count), label
            rows = (await browser.get(tile.get("href"))).all("//table//a[@data-row]")
            assert len(rows) == count, label
        boxes = wall.tree.xpath("//a[contains(@class,'box')]")
        assert sum(int(box.xpath("b")[0].text) for box in boxes) == 7
        for box in boxes:
            listed = await browser.get(box.get("href"))
            assert len(listed.all("//table//a[@data-row]")) == int(box.xpath("b")[0].text), box.get("href")
        assert "Nobody works on it" in wall.text  # no worker on documents
        assert wall.all("//main/@data-live") == ["/live?about="]


async def test_retrying_is_one_click_for_who_may_and_nothing_for_others(world: World) -> None:
    (stuck,) = world.sql(world.beta, "select id from ticket where state = 'needs_attention'")
    async with browsing(world, world.person(world.provider, ("lead", None))) as browser:
        done = await browser.submit("/wall", f"/wall/{stuck.id}/retry")
        assert (done.status, done.to) == (303, "/wall")
        assert "being tried again" in (await browser.get("/wall")).text
    (sent,) = [act for target, _, act in world.acts.sent if str(stuck.id) in target.workflow_id]
    assert isinstance(sent, RetryStep)
    async with browsing(world, world.person(world.provider, ("auditor", None))) as browser:
        page = await browser.get("/wall")
        assert "Stuck" in page.text or "disk full" in page.text
        assert not page.all("//main//form[contains(@action,'/retry')]")
        token = page.form("/logout")
        assert (await browser.post(f"/wall/{stuck.id}/retry", token)).status == 403
    async with browsing(world, world.person(world.provider, ("lead", world.acme))) as browser:
        assert "disk full" not in (await browser.get("/wall")).text
        token = (await browser.get("/wall")).form("/logout")
        assert (await browser.post(f"/wall/{stuck.id}/retry", token)).status == 404
        elsewhere = await browser.post(f"/wall/{stuck.id}/retry", {**token, "next": "//evil.example"})
        assert "evil" not in elsewhere.to


async def test_the_board_says_when_the_machinery_is_away(world: World) -> None:
    person = world.person(world.provider, ("ops", None))
    machine = world.services.machinery
    assert isinstance(machine, Machine)
    before, machine.state = machine.state, Health(False)
    try:
        async with browsing(world, person) as browser:
            assert "Does not answer" in (await browser.get("/wall")).text
        async with world.http(person) as http:
            assert (await http.get("/v1/board")).json()["workflows"] is False
    finally:
        machine.state = before


async def test_schedules_show_last_and_next_run(world: World) -> None:
    machine = world.services.machinery
    assert isinstance(machine, Machine)
    own = names.period_schedule("invoicing", world.acme)
    machine.tables = {
        own: Timetable(own, next_at=datetime(2031, 5, 1, 6, tzinfo=UTC), paused=True, note="audit")
    }
    world.sql(
        world.acme,
        "insert into period_run (client_id, kind, period) values (%s, 'reconciliation', '2026-11-20')",
        (world.acme,),
    )
    async with browsing(world, world.person(world.provider, ("ops", None))) as browser:
        text = (await browser.get("/schedules?client=acme")).text
        assert "1 May 2031" in text
        assert "Paused" in text
        assert "for 20 Nov 2026" in html.fromstring(text).text_content()
        assert "Not known" in text  # Temporal has no schedule of the other kind
        assert "Beta" not in text.split("Next run")[1]


async def test_a_schedule_runs_now_for_whom_its_work_is(world: World) -> None:
    machine = world.services.machinery
    assert isinstance(machine, Machine)
    renewal, invoicing = (names.period_schedule(kind, world.acme) for kind in ("renewal", "invoicing"))
    machine.tables = {
        one: Timetable(one, next_at=datetime(2031, 5, 1, 6, tzinfo=UTC)) for one in (renewal, invoicing)
    }
    machine.started.clear()
    ops = world.person(world.provider, ("ops", None))
    async with browsing(world, ops) as browser:
        page = await browser.get("/schedules?client=acme")
        forms = page.all("//table//form/@action")
        assert forms == [
            f"/schedules/{world.acme}/renewal/run"
        ]  # invoices are finance's; the rest is not made yet
        done = await browser.submit("/schedules?client=acme", forms[0])
        assert done.to == "/schedules?client=acme"
        assert "It runs now" in (await browser.get(done.to)).text
    assert machine.started == [renewal]
    trail = world.sql(world.acme, "select actor_id, after from audit_event where event = 'schedule.asked'")
    assert [(str(row[0]), row[1]["kind"]) for row in trail] == [(str(ops.id), "renewal")]
    async with world.http(ops) as http:
        refused = await http.post(f"/v1/schedules/{world.acme}/invoicing/run")
        unknown = await http.post(f"/v1/schedules/{world.acme}/learning/run")
        odd = await http.post(f"/v1/schedules/{world.acme}/nonsense/run")
        provider = await http.post(f"/v1/schedules/{world.provider}/renewal/run")
        machine.tables[renewal] = Timetable(renewal, running=1)
        busy = await http.post(f"/v1/schedules/{world.acme}/renewal/run")
    assert [one.status_code for one in (refused, unknown, odd, provider, busy)] == [403, 404, 422, 404, 409]
    async with world.http(world.person(world.provider, ("finance", world.beta))) as http:
        assert (await http.post(f"/v1/schedules/{world.acme}/invoicing/run")).status_code == 404
    async with world.http(world.person(world.provider, ("finance", None))) as http:
        assert (await http.post(f"/v1/schedules/{world.acme}/invoicing/run")).status_code == 200
    assert machine.started == [renewal, invoicing]


async def test_insights_give_the_interval_of_the_sample_and_lead_to_the_month(world: World) -> None:
    ticket = world.ticket(world.acme, received_at=NOW, documents_total=4, state="closed", closed_at=NOW)
    document = world.document(world.acme, ticket, state="posted", done_at=NOW)
    world._insert(
        "qa_check",
        world.acme,
        {
            "id": world.services.new_id(), "client_id": world.acme, "ticket_id": ticket, "document_id": document,
            "level": 2, "basis": "sample", "verdict": "passed", "fields_inspected": 400, "fields_correct": 399,
            "ai_correct": 380, "at": NOW,
        },
    )  # fmt: skip
    for kind, breached in (("turnaround", None), ("first_response", NOW)):
        world._insert(
            "ticket_clock",
            world.acme,
            {
                "id": world.services.new_id(), "client_id": world.acme, "ticket_id": ticket, "kind": kind,
                "target_s": 60, "started_at": NOW, "stopped_at": NOW, "breached_at": breached,
            },
        )  # fmt: skip
    person = world.person(world.acme, ("client_user", world.acme))
    async with world.http(person) as http:
        found = (await http.get("/v1/measures", params={"months": 1})).json()
        assert found["accuracy"][0]["rate"] == "0.997500"
        # Wilson's bounds for 399 of 400 at 95 %, by an independent calculation.
        assert float(found["accuracy"][0]["low"]) == pytest.approx(0.98598, abs=1e-4)
        assert float(found["accuracy"][0]["high"]) == pytest.approx(0.99956, abs=1e-4)
        assert {one["kind"]: one["rate"] for one in found["promises"]} == {
            "turnaround": "1.000000", "first_response": "0.000000",
        }  # fmt: skip
        assert found["clients"] == [str(world.acme)]
        assert (await http.get("/v1/measures", params={"client": str(world.beta)})).status_code == 404
        assert (await http.get("/v1/measures", params={"zone": "Mars/Olympus"})).status_code == 422
    async with browsing(world, person) as browser:
        page = await browser.get("/insights?months=3")
        assert "99.75%" in page.text
        assert page.all("//svg[contains(@class,'chart')]")
        (link,) = [
            href for href in page.all("//th[@scope='row']/a/@href") if f"since={NOW:%Y-%m}-01" in href
        ][:1]
        assert link.startswith("/requests?")
        assert (await browser.get(link)).status == 200
        rows = list(
            csv.DictReader(
                io.StringIO((await browser.get("/insights.csv?months=1")).answer.text.lstrip("\ufeff"))
            )
        )
        assert (rows[0]["inspected"], rows[0]["correct"]) == ("400", "399")


async def test_the_explorer_finds_by_event_ticket_and_day_and_shows_clients_their_own(world: World) -> None:
    ops = world.person(world.provider, ("ops", None), name="Olga Ops")
    ticket = world.ticket(world.beta, subject="Old subject", requester_email="jane@beta.example")
    number = world.sql(world.beta, "select number from ticket where id = %s", (ticket,))[0].number
    async with world.http(ops) as http:
        assert (await http.patch(f"/v1/tickets/{ticket}", json={"subject": "New subject"})).status_code == 200
    async with browsing(world, ops) as browser:
        page = await browser.get(f"/audit?ticket={number}")
        assert "Details edited" in page.text
        assert "Olga Ops" in page.text
        assert "New subject" in page.text  # personal values are readable while their key exists
        assert "Details edited" in (await browser.get("/audit?event=ticket.edited")).text
        assert (
            "Details edited"
            not in (await browser.get("/audit?event=invoice")).all("//section[@id='events']")[0]
        )
        assert "Nothing matches" in (await browser.get("/audit?ticket=NOPE-1")).text
        assert "Nothing matches" in (await browser.get("/audit?since=2020-01-01&until=2020-01-02")).text
        assert (await browser.get("/audit?cursor=x")).status == 400
    async with browsing(world, world.person(world.beta, ("client_admin", world.beta))) as browser:
        page = await browser.get(f"/audit?ticket={number}")
        assert "Details edited" in page.text
        assert "Olga" not in page.text
        assert "from 1" not in page.text  # no network address
        assert "Acme" not in (await browser.get("/audit")).all("//section[@id='events']")[0]
    async with browsing(world, world.person(world.acme, ("client_admin", world.acme))) as browser:
        assert "Nothing matches" in (await browser.get(f"/audit?ticket={number}")).text
        assert (await browser.get("/audit?client=beta")).status == 404


async def test_verifying_says_that_the_trail_is_whole_and_names_what_was_changed(
    world: World, database: PostgresUrls
) -> None:
    Sealer(world.services.database, world.services.now).seal_once()
    ops = world.person(world.provider, ("ops", None))
    async with browsing(world, ops) as browser:
        good = await browser.submit("/audit", "/audit/verify")
        assert good.status == 200
        assert "The trail is whole" in good.text
        mine = await browser.post("/audit/verify", {**good.form("/audit/verify"), "client": "acme"})
        assert mine.all("//tbody/tr/td[1]") == ["acme"]
    client = world.person(world.acme, ("client_admin", world.acme))
    async with browsing(world, client) as browser:
        own = await browser.submit("/audit", "/audit/verify")
        assert own.all("//tbody/tr/td[1]") == ["acme"]
        token = (await browser.get("/audit")).form("/audit/verify")
        assert (await browser.post("/audit/verify", {**token, "client": "beta"})).status == 404


async def test_the_ticket_list_takes_every_filter_figures_use_and_gives_it_all_as_a_file(
    world: World,
) -> None:
    world.ticket(world.acme, subject="=SUM(1)", service_line=None, stage="triage")
    async with browsing(world, world.person(world.provider, ("ops", None))) as browser:
        assert "Late one" in (await browser.get("/tickets?sla=breached,missed")).text
        assert "Late one" not in (await browser.get("/tickets?sla=on_track")).text
        assert "Unsorted" in (await browser.get("/tickets?line=-")).text
        assert "A0" not in (await browser.get("/tickets?line=-")).text
        text = (await browser.get("/tickets.csv?line=-&state=all")).answer.text
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
        assert "'=SUM(1)" in {row["subject"] for row in rows}
        assert {row["service_line"] for row in rows} == {""}
    async with browsing(world, world.person(world.provider, ("lead", world.beta))) as browser:
        text = (await browser.get("/tickets.csv?state=all")).answer.text
        assert {row["client"] for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))} == {"Beta"}
    async with browsing(world, world.person(world.acme, ("client_user", world.acme))) as browser:
        assert (await browser.get("/tickets?q=Late")).to == "/requests?q=Late"
