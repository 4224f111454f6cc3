"""A figure of a span that begins or ends within a day leads to exactly the rows it counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import html

from tests.support.api import World, world_on
from tests.support.portal import Page, browsing
from ticketos.dev.database import PostgresUrls

NOW = datetime(2026, 11, 18, 9, 20, 30, 250_000, tzinfo=UTC)
DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)
AT = (
    NOW - DAY - TICK,
    NOW - DAY,
    NOW - DAY + TICK,
    NOW - timedelta(hours=9),
    NOW - timedelta(hours=9, minutes=10),
    NOW - TICK,
)
"""The first is before the span; the wall's day begins in the middle of yesterday."""


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        made.services.now = lambda: NOW
        for n, at in enumerate(AT):
            made.ticket(made.acme, received_at=at, subject=f"Came {n}")
            made.ticket(
                made.acme,
                received_at=NOW - timedelta(days=40),
                state="closed",
                closed_at=at,
                subject=f"Went {n}",
            )
        yield made


def listed(page: Page) -> list[Any]:
    return list(page.tree.xpath("//table//a[@data-row]"))


async def test_tiles_of_the_last_day_lead_to_as_many_rows(world: World) -> None:
    async with browsing(world, world.person(world.provider, ("ops", None))) as browser:
        wall = await browser.get("/wall")
        for label in ("Received in 24 h", "Closed in 24 h"):
            (tile,) = wall.tree.xpath(f"//a[contains(@class,'tile')][span[@class='label']='{label}']")
            assert tile.xpath("span[@class='value']")[0].text == str(len(AT) - 1), label
            page = await browser.get(tile.get("href"))
            assert len(listed(page)) == len(AT) - 1, label
            # The form keeps the span, says it, and can widen it to the day.
            named = "since" if label.startswith("Received") else "closed_since"
            (chosen,) = page.tree.xpath(f"//select[@name='{named}']/option[@selected]")
            assert chosen.get("value") == (NOW - DAY).isoformat()
            assert chosen.text.startswith("17 Nov, ")
            assert page.tree.xpath(f"//select[@name='{named}']/option/@value")[1:] == ["2026-11-17", ""]
            lines = (
                await browser.get(page.tree.xpath("//a[contains(@href,'/tickets.csv')]/@href")[0])
            ).answer.text
            assert len(lines.splitlines()) == len(AT)  # with the head


async def test_each_hour_of_the_wall_leads_to_as_many_rows(world: World) -> None:
    async with browsing(world, world.person(world.provider, ("ops", None))) as browser:
        wall = await browser.get("/wall")
        (table,) = wall.tree.xpath("//table[thead//th[text()='Received']]")
        rows = table.xpath("tbody/tr")
        assert len(rows) == 25
        total = 0
        for row in rows:
            (link,) = row.xpath(".//a/@href")
            count = int(row.xpath("td[1]")[0].text_content())
            assert len(listed(await browser.get(link))) == count, html.tostring(row)
            total += count
        assert total == len(AT) - 1


async def test_the_rows_of_a_measure_take_instants(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    since, until = AT[2].isoformat(), AT[5].isoformat()
    async with world.http(lead) as http:
        found = (await http.get("/v1/measures/requests/rows", params={"since": since, "until": until})).json()
        assert sorted(row["subject"] for row in found["items"]) == ["Came 2", "Came 3", "Came 4"]
        days = {"since": "2026-11-17", "until": "2026-11-17"}
        whole = (await http.get("/v1/measures/requests/rows", params=days)).json()["items"]
        assert sorted(row["subject"] for row in whole) == ["Came 0", "Came 1", "Came 2"]
        mixed = {"since": "2026-11-18", "until": AT[4].isoformat(), "zone": "UTC"}
        assert (await http.get("/v1/measures/requests/rows", params=mixed)).json()["items"] == []
        for wrong in ("2026-11-18T09:00:00", "soon"):
            assert (await http.get("/v1/measures/requests/rows", params={"since": wrong})).status_code == 422
    async with browsing(world, lead) as browser:
        page = await browser.get(
            f"/insights/rows?measure=requests&since={since.replace('+', '%2B')}&until={until.replace('+', '%2B')}"
        )
        assert page.tree.xpath("//*[@id='value']/text()") == ["3"]
        assert len(listed(page)) == 3
        assert [one.get("value") for one in page.tree.xpath("//option[@selected]")][-2:] == [since, until]
        file = page.tree.xpath("//a[starts-with(@href, '/insights/rows.csv')]/@href")[0]
        assert len((await browser.get(file)).answer.text.splitlines()) == 4


async def test_points_of_insights_charts_lead_to_what_they_draw(world: World) -> None:
    async with browsing(world, world.person(world.provider, ("ops", None))) as browser:
        page = await browser.get("/insights?grain=day&periods=3")
        (table,) = page.tree.xpath("//table[thead//th[text()='Resolved']]")
        month = await browser.get("/insights?grain=month&periods=3")
        (by_month,) = month.tree.xpath("//table[thead//th[text()='Resolved']]")
        counts = []
        for row in (*table.xpath("tbody/tr"), *by_month.xpath("tbody/tr")):
            (link,) = row.xpath(".//a/@href")
            counts.append(int(row.xpath("td[1]")[0].text_content()))
            assert len(listed(await browser.get(link))) == counts[-1], link
        assert sum(counts) == len(AT)
