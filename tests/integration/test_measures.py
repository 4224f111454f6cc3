"""Measures by day, week and month and by client, line, channel, team, person and clock; the rows behind each are just
those."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import Person, World, world_on
from tests.support.portal import Page, browsing
from ticketos.dev.database import PostgresUrls

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
"""A Wednesday in the middle of a month."""
BEFORE = NOW - timedelta(days=8)
"""The Tuesday of the week before."""
LATE = datetime(2026, 11, 17, 20, tzinfo=UTC)
"""Tuesday at UTC, Wednesday in India."""


@dataclass
class Planted:
    """The world and two people who worked."""

    world: World
    asha: Person
    ravi: Person

    async def rows(self, who: Person, **asked: Any) -> dict[tuple[str, str, str], dict[str, Any]]:
        """The measures the API gives, by measure, period and group's name."""
        async with self.world.http(who) as http:
            answer = await http.get("/v1/measures", params=asked)
        assert answer.status_code == 200, answer.text
        return {(row["measure"], row["period"], row["name"]): row for row in answer.json()["rows"]}

    def staff(self) -> Person:
        """A lead over every client."""
        return self.world.person(self.world.provider, ("lead", None))

    def client(self, client_id: UUID) -> Person:
        """A user of that client."""
        return self.world.person(client_id, ("client_user", client_id))


@pytest.fixture(scope="module")
def planted(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as world:
        world.services.now = lambda: NOW
        asha, ravi = (world.person(world.provider, ("agent", None), name=name) for name in ("Asha", "Ravi"))
        entry = {"service_line": "data_entry", "team": "data_entry"}
        books = {"service_line": "finance_accounting", "team": "finance_accounting"}
        one = world.ticket(
            world.acme, received_at=BEFORE, state="closed", closed_at=NOW, documents_total=3, **entry
        )
        two = world.ticket(world.acme, received_at=NOW, documents_total=1, **books)
        world.ticket(world.acme, received_at=LATE, state="cancelled", closed_at=NOW)
        other = world.ticket(world.beta, received_at=NOW, state="closed", closed_at=NOW, **entry)
        # Closed long enough ago for first contact to be known, received the month before.
        world.ticket(
            world.acme, received_at=NOW - timedelta(days=19), state="closed", closed_at=BEFORE,
            service_line="it_helpdesk", team="it_helpdesk", channel="email",
        )  # fmt: skip
        _clocks(world, one, two)
        how: tuple[tuple[UUID, datetime, dict[str, Any]], ...] = (
            (one, BEFORE, {"straight_through": True, "engine": "layer"}),
            (one, NOW, {"finished_by": asha.id, "engine": "layer"}),
            (one, NOW, {"finished_by": ravi.id}),
            (two, NOW, {"finished_by": asha.id, "engine": "layer"}),
        )
        papers = [
            world.document(world.acme, ticket, state="posted", done_at=at, filename=f"{n}.pdf", **columns)
            for n, (ticket, at, columns) in enumerate(how)
        ]
        world.document(world.beta, other, state="posted", done_at=NOW, straight_through=True, engine="layer")
        _checks(world, one, papers, asha, ravi)
        world.approval(
            world.acme, one, state="partially_accepted", decided_at=NOW,
            units={str(papers[0]): "accept", str(papers[1]): "return", str(papers[2]): "accept"},
        )  # fmt: skip
        world.approval(world.acme, two, "w" * 64, state="deemed_accepted", decided_at=NOW)
        _asked(world, one, papers, asha)
        yield Planted(world, asha, ravi)


def _clocks(world: World, one: UUID, two: UUID) -> None:
    kept, missed = {"stopped_at": NOW}, {"stopped_at": NOW, "breached_at": NOW}
    clocks: tuple[tuple[UUID, str, dict[str, Any]], ...] = (
        (one, "first_response", kept),
        (one, "turnaround", missed),
        (one, "stage:delivery", missed),
        (one, "stage:quality", kept),
        (two, "first_response", kept),
        (two, "turnaround", {}),
    )
    for ticket, kind, how in clocks:
        world._insert(
            "ticket_clock",
            world.acme,
            {
                "id": world.services.new_id(), "client_id": world.acme, "ticket_id": ticket, "kind": kind,
                "target_s": 60, "started_at": BEFORE, "fired": ["escalation_1"] if kind == "turnaround" and how else [],
                **how,
            },
        )  # fmt: skip


def _checks(world: World, ticket: UUID, papers: list[UUID], asha: Person, ravi: Person) -> None:
    critical = [{"field": "total", "category": "wrong_value", "severity": "critical"}]
    light = [{"field": "number", "category": "wrong_value", "severity": "non_critical"}]
    for paper, who, right, defects in ((papers[1], asha, 9, critical), (papers[2], ravi, 29, light)):
        world._insert(
            "qa_check",
            world.acme,
            {
                "id": world.services.new_id(), "client_id": world.acme, "ticket_id": ticket, "document_id": paper,
                "level": 2, "basis": "sample", "verdict": "fail", "fields_inspected": right + 1,
                "fields_correct": right, "ai_correct": 5, "at": NOW, "work_by": who.id, "defects": defects,
            },
        )  # fmt: skip
    world._insert(
        "qa_check",
        world.acme,
        {
            "id": world.services.new_id(), "client_id": world.acme, "ticket_id": ticket, "document_id": papers[0],
            "level": 2, "basis": "rework", "verdict": "fail", "fields_inspected": 10, "fields_correct": 0, "at": NOW,
        },
    )  # fmt: skip


def _asked(world: World, ticket: UUID, papers: list[UUID], asha: Person) -> None:
    world._insert(
        "survey",
        world.acme,
        {
            "id": world.services.new_id(), "client_id": world.acme, "ticket_id": ticket, "asked_at": NOW, "csat": 4,
            "ces": 6, "nps": 9, "answered_at": NOW,
        },
    )  # fmt: skip
    for seconds in (20, 30):
        world._insert(
            "correction",
            world.acme,
            {
                "id": world.services.new_id(), "client_id": world.acme, "document_id": papers[1], "task_id": papers[1],
                "field": "total", "seconds": seconds, "at": NOW, "person_id": asha.id,
            },
        )  # fmt: skip


def figure(row: dict[str, Any]) -> tuple[int, int, float | None]:
    """Part, whole and value."""
    return row["part"], row["whole"], None if row["value"] is None else round(float(row["value"]), 4)


async def test_every_measure_is_counted_by_its_definition(planted: Planted) -> None:
    rows = await planted.rows(planted.client(planted.world.acme), periods=1, client="acme")
    found = {name: figure(row) for (name, _, _), row in rows.items()}
    assert found["quality_score"] == (29, 40, 0.725)  # the critical defect makes its document nought
    assert found["accuracy"] == (38, 40, 0.95)
    assert found["defects"] == (2, 2, 1000.0)
    assert found["escapes"] == (1, 3, 0.3333)  # what lapsed in silence is left out
    assert found["automation"] == found["straight_through"] == (1, 4, 0.25)
    assert (found["involvement"], found["resolution"]) == ((3, 4, 0.75), (1, 3, 0.3333))
    assert (found["kept_first_response"], found["kept_turnaround"]) == ((2, 2, 1.0), (0, 1, 0.0))
    assert (found["requests"][0], found["resolved"]) == (3, (1, 3, 0.3333))
    assert rows["quality_score", "2026-11", ""]["meets"] is False
    assert not {"handling", "kept_stages"} & set(found)


async def test_the_grain_is_chosen_in_the_address(planted: Planted) -> None:
    staff = planted.staff()
    weeks = await planted.rows(staff, grain="week", periods=2, client="acme")
    assert [weeks["delivered", week, ""]["part"] for week in ("2026-W46", "2026-W47")] == [1, 3]
    days = await planted.rows(staff, grain="day", periods=2, client="acme")
    assert {day: days["requests", day, ""]["part"] for day in ("2026-11-17", "2026-11-18")} == {
        "2026-11-17": 1, "2026-11-18": 1,
    }  # fmt: skip
    india = await planted.rows(staff, grain="day", periods=2, client="acme", zone="Asia/Kolkata")
    assert india["requests", "2026-11-18", ""]["part"] == 2
    assert ("requests", "2026-11-17", "") not in india
    # A document received long before is counted when it was delivered.
    planted.world.sql(planted.world.beta, "update document set received_at = received_at - interval '1 year'")
    late = await planted.rows(staff, grain="day", periods=1, client="beta")
    assert late["delivered", "2026-11-18", ""]["part"] == 1


async def test_measures_are_parted_by_client_line_team_person_and_clock(planted: Planted) -> None:
    staff, month = planted.staff(), "2026-11"
    clients = await planted.rows(staff, periods=1, by="client")
    assert figure(clients["automation", month, "Acme"]) == (1, 4, 0.25)
    assert figure(clients["automation", month, "Beta"]) == (1, 1, 1.0)
    lines = await planted.rows(staff, periods=1, by="line", client="acme")
    assert figure(lines["automation", month, "Data entry"]) == (1, 3, 0.3333)
    assert figure(lines["defects", month, "Data entry"]) == (2, 2, 1000.0)
    assert lines["requests", month, ""]["group"] is None  # no line yet
    assert (await planted.rows(staff, periods=1, by="team"))["delivered", month, "data_entry"]["part"] == 4
    people = await planted.rows(staff, periods=1, by="agent", client="acme")
    assert figure(people["quality_score", month, "Asha"]) == (0, 10, 0.0)
    assert figure(people["quality_score", month, "Ravi"]) == (29, 30, 0.9667)
    assert figure(people["handling", month, "Asha"]) == (30_000, 1, 30.0)
    assert figure(people["escapes", month, "Asha"]) == (1, 1, 1.0)
    assert not [name for name, _, _ in people if name == "requests"]  # a request is nobody's work alone
    clocks = await planted.rows(staff, periods=1, by="clock", client="acme")
    assert figure(clocks["kept_stages", month, "stage:delivery"]) == (0, 1, 0.0)
    assert figure(clocks["kept_stages", month, "stage:quality"]) == (1, 1, 1.0)


async def test_how_the_house_is_made_up_is_not_told_to_clients(planted: Planted) -> None:
    person = planted.client(planted.world.acme)
    assert (
        figure((await planted.rows(person, periods=1, by="line"))["automation", "2026-11", "Data entry"])[1]
        == 3
    )
    async with planted.world.http(person) as http:
        for by in ("client", "team", "agent"):
            assert (await http.get("/v1/measures", params={"by": by})).status_code == 403
        assert (await http.get("/v1/measures/handling/rows")).status_code == 403
        assert (await http.get("/v1/measures/delivered/rows", params={"client": "beta"})).status_code == 404
        assert (await http.get("/v1/measures/happiness/rows")).status_code == 404
        own = (await http.get("/v1/measures/delivered/rows")).json()["items"]
        assert {row["client_id"] for row in own} == {str(planted.world.acme)}
        assert len(own) == 4
        named = (await http.get("/v1/measures", params={"measure": "escapes"})).json()
        assert [one["formula"] for one in named["definitions"]] == ["escaped / judged"]
    async with browsing(planted.world, person) as browser:
        page = await browser.get("/insights?by=agent")
        assert "Asha" not in page.text
        assert (await browser.get("/insights/rows?measure=delivered&by=agent&group=-")).status == 403


async def test_rows_come_page_by_page_and_each_once(planted: Planted) -> None:
    async with planted.world.http(planted.staff()) as http:
        seen: list[str] = []
        cursor = ""
        while True:
            asked: dict[str, Any] = {
                "limit": 2,
                "since": "2026-11-01",
                **({"cursor": cursor} if cursor else {}),
            }
            found = (await http.get("/v1/measures/delivered/rows", params=asked)).json()
            seen += [row["document_id"] for row in found["items"]]
            if not (cursor := found["next_cursor"]):
                break
        assert len(seen) == len(set(seen)) == 5


def told(page: Page, label: str) -> tuple[str, str]:
    """Where a tile leads, and its value."""
    (found,) = page.tree.xpath(f"//a[contains(@class,'tile')][span[@class='label']='{label}']")
    return found.get("href"), found.xpath("span[@class='value']")[0].text


@pytest.mark.parametrize("who", ["staff", "client"])
@pytest.mark.parametrize("grain", ["day", "week", "month"])
async def test_every_tile_leads_to_exactly_the_rows_it_counts(planted: Planted, who: str, grain: str) -> None:
    person = planted.staff() if who == "staff" else planted.client(planted.world.acme)
    async with browsing(planted.world, person) as browser:
        page = await browser.get(f"/insights?grain={grain}&periods=14")
        tiles = page.tree.xpath("//a[contains(@class,'tile')]/span[@class='label']/text()")
        assert len(tiles) >= 18
        for label in tiles:
            href, value = told(page, label)
            rows = await browser.get(href)
            assert rows.status == 200, label
            assert rows.tree.xpath("//*[@id='value']/text()") == [value], label
            listed = rows.tree.xpath("//table[@data-rows]/tbody/tr")
            assert listed, label
            adds = [cell.text_content().strip() for cell in rows.tree.xpath("//tbody/tr/td[last()]")]
            if of := rows.tree.xpath("//*[@id='of']/text()"):
                sums = [sum(int(one.split(" of ")[n].replace(",", "")) for one in adds) for n in (0, 1)]
                assert of == [f"{sums[0]:,} of {sums[1]:,}"], label
                (counted,) = rows.tree.xpath("//nav[@class='tabs']/a[2]/@href")
                assert len((await browser.get(counted)).tree.xpath("//table[@data-rows]/tbody/tr")) == sum(
                    not one.startswith("0 of") for one in adds
                ), label
            elif note := page.tree.xpath(f"//a[span[@class='label']='{label}']/span[@class='note']/text()"):
                assert len(listed) == int(note[0].split()[0]), label  # answers or papers
            else:
                assert str(sum(map(int, adds))) == value, label


async def test_groups_on_the_page_lead_to_their_rows_and_the_file_says_the_same(planted: Planted) -> None:
    async with browsing(planted.world, planted.staff()) as browser:
        page = await browser.get("/insights?by=agent&client=acme")
        (row,) = page.tree.xpath("//section[@id='parted']//tr[th='Asha']")
        (cell,) = row.xpath("td[@data-name='Quality score']/a")
        assert cell.text == "0.00%"
        rows = await browser.get(cell.get("href"))
        assert rows.tree.xpath("//*[@id='value']/text()") == ["0.00%"]
        assert "Asha" in rows.tree.xpath("//h1")[0].text_content()
        assert len(rows.tree.xpath("//table[@data-rows]/tbody/tr")) == 1
        file = page.tree.xpath("//a[starts-with(@href, '/insights.csv')]/@href")[0]
        lines = list(csv.DictReader(io.StringIO((await browser.get(file)).answer.text.lstrip("\ufeff"))))
        (asha,) = [one for one in lines if one["measure"] == "quality_score" and one["name"] == "Asha"]
        assert (asha["part"], asha["whole"]) == ("0", "10")
        listed = await browser.get("/insights/rows.csv?measure=escapes&part=1&since=2026-11-01")
        (only,) = csv.DictReader(io.StringIO(listed.answer.text.lstrip("\ufeff")))
        assert (only["document"], only["part"], only["whole"]) == ("1.pdf", "1", "1")


async def test_every_tile_says_what_it_means_where_it_is_from_and_how_fresh_it_is(planted: Planted) -> None:
    ops = planted.world.person(planted.world.provider, ("ops", None))
    client = planted.client(planted.world.acme)
    for person, path in ((ops, "/wall"), (ops, "/insights"), (client, "/overview"), (client, "/insights")):
        async with browsing(planted.world, person) as browser:
            page = await browser.get(path)
        boxes = page.tree.xpath("//div[@id='figures']//div[@class='tile-box']")
        assert len(boxes) >= 5, path
        for box in boxes:
            (label,) = box.xpath(".//span[@class='label']/text()")
            (about,) = box.xpath("details[summary]")
            assert about.xpath("summary/@aria-label") == [f"What this is: {label}"], (path, label)
            words = about.text_content()
            assert "From " in words, (path, label)
            assert "Counted at 18 Nov 2026" in words, (path, label)
