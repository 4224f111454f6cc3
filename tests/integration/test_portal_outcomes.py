"""What came of the work: each figure by one definition, the same in page, API and file, a client's own alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.support.api import World, world_on
from tests.support.portal import Page, browsing
from ticketos.dev.database import PostgresUrls

NOW = datetime.now(UTC).replace(day=15)
"""The middle of a month: no month ends anywhere between planting and looking."""


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        made.services.now = lambda: NOW
        asha = made.person(made.provider, ("agent", None))
        moods = ("negative", "positive", "neutral", "neutral")
        roots = [
            made.ticket(
                made.acme,
                received_at=NOW,
                sentiment=mood,
                state="closed" if n < 3 else "cancelled",
                closed_at=NOW,
            )
            for n, mood in enumerate(moods)
        ]
        made.ticket(made.beta, received_at=NOW, sentiment="negative")
        clock = {"client_id": made.acme, "kind": "turnaround", "target_s": 60, "started_at": NOW}
        for ticket, fired in ((roots[0], ["breach", "escalation_1"]), (roots[1], ["warning_50"])):
            made._insert(
                "ticket_clock",
                made.acme,
                {"id": made.services.new_id(), "ticket_id": ticket, "fired": fired, **clock},
            )
        made._insert(
            "ticket_link",
            made.acme,
            {
                "id": made.services.new_id(), "client_id": made.acme, "ticket_id": roots[1], "other_id": roots[0],
                "kind": "repeat_contact",
            },
        )  # fmt: skip
        papers = [
            made.document(made.acme, roots[0], state="posted", done_at=NOW, **how)
            for how in (
                {"straight_through": True},
                {"straight_through": True, "finished_by": asha.id},
                {},
                {},
            )
        ]
        for n, paper in enumerate(papers[:2]):
            made._insert(
                "qa_check",
                made.acme,
                {
                    "id": made.services.new_id(), "client_id": made.acme, "ticket_id": roots[0], "document_id": paper,
                    "level": 2, "basis": "sample", "verdict": "fail" if n else "pass", "fields_inspected": 10,
                    "fields_correct": 10 - n, "ai_correct": 9, "at": NOW,
                    "defects": [{"field": "total", "category": "wrong_value", "severity": "critical"}] * n,
                },
            )  # fmt: skip
        for ticket, answer in ((roots[0], (5, 6, 10)), (roots[1], (4, 5, 3)), (roots[2], None)):
            csat, ces, nps = answer or (None, None, None)
            made._insert(
                "survey",
                made.acme,
                {
                    "id": made.services.new_id(), "client_id": made.acme, "ticket_id": ticket, "asked_at": NOW,
                    "csat": csat, "ces": ces, "nps": nps, "answered_at": NOW if answer else None,
                },
            )  # fmt: skip
        for paper, seconds in ((papers[2], 30), (papers[2], 30), (papers[3], 90)):
            made._insert(
                "correction",
                made.acme,
                {
                    "id": made.services.new_id(), "client_id": made.acme, "document_id": paper, "task_id": paper,
                    "field": "total", "seconds": seconds, "at": NOW,
                },
            )  # fmt: skip
        yield made


async def test_each_figure_is_counted_by_its_definition(world: World) -> None:
    async with world.http(world.person(world.provider, ("lead", world.acme))) as http:
        (month,) = (await http.get("/v1/measures", params={"months": 1})).json()["outcomes"]
    assert {name: month[name] for name in ("requests", "resolved", "escalated", "repeated")} == {
        "requests": 4, "resolved": 3, "escalated": 1, "repeated": 1,
    }  # fmt: skip
    assert (month["positive"], month["neutral"], month["negative"]) == (1, 2, 1)
    assert (month["delivered"], month["untouched"]) == (4, 1)
    assert (month["inspected"], month["defects"], float(month["defects_per_1000"])) == (2, 1, 500.0)
    assert (month["asked"], month["answered"]) == (3, 2)
    assert [float(month[name]) for name in ("csat", "ces", "nps")] == [4.5, 5.5, 0.0]
    assert (month["handled"], float(month["handling_s"])) == (2, 60.0)
    assert Decimal(month["resolved_rate"]) == Decimal("0.75")
    assert Decimal(month["automation_rate"]) == Decimal("0.25")
    async with world.http(world.person(world.acme, ("client_user", world.acme))) as http:
        (own,) = (await http.get("/v1/measures", params={"months": 1})).json()["outcomes"]
        assert own == {
            **month,
            "handled": 0,
            "handling_s": None,
        }  # how fast its people work is the house's own


def tile(page: Page, label: str) -> str:
    """What a tile says."""
    (found,) = page.tree.xpath(
        f"//*[contains(@class,'tile')][span[@class='label']='{label}']/span[@class='value']"
    )
    return str(found.text)


async def test_the_page_and_the_file_say_what_the_api_says_and_what_it_means(world: World) -> None:
    async with browsing(world, world.person(world.acme, ("client_user", world.acme))) as browser:
        page = await browser.get("/insights?months=3")
        shown = {
            name: tile(page, name) for name in ("Resolved", "Untouched by people", "Satisfaction (CSAT)")
        }
        assert shown == {"Resolved": "75.0%", "Untouched by people": "25.0%", "Satisfaction (CSAT)": "4.5"}
        assert (tile(page, "Defects per 1,000 documents"), tile(page, "Escalated")) == ("500", "25.0%")
        assert "Handling time" not in page.text
        assert "Cancelled ones are not resolved." in page.text
        assert "Counted at" in page.text
        assert page.all("//main/@data-live") == ["/live?about="]  # it follows what happens
        (sounded,) = page.tree.xpath('//table[../@aria-label="How the requests sounded"]')
        assert [one.text for one in sounded.xpath(".//tr[last()]/td")] == ["1", "2", "1"]
        content = (await browser.get("/insights.csv?months=1")).answer.text.lstrip("\ufeff")
        (row,) = csv.DictReader(io.StringIO(content))
        assert (row["resolved"], row["negative"], Decimal(row["csat"])) == ("3", "1", Decimal("4.5"))


async def test_every_chart_leads_to_its_rows(world: World) -> None:
    month = f"{NOW:%Y-%m}"
    async with browsing(world, world.person(world.provider, ("lead", None))) as browser:
        page = await browser.get("/insights?months=3")
        tables = page.tree.xpath("//figure//table")
        assert len(tables) >= 5
        for table in tables:
            leads = table.xpath(".//tbody//th/a/@href")
            assert len(leads) == 3, table.getparent().get("aria-label")
            assert (await browser.get(leads[-1])).status == 200
        assert f"/quality?month={month}" in page.all("//figure//th/a/@href")
        judged = await browser.get(f"/quality?month={month}")
        (lead,) = judged.tree.xpath("//figure//tbody//th/a/@href")
        assert len(judged.all("//section[@aria-labelledby='reviews']//tbody/tr")) == 2
        rows = await browser.get(lead.partition("#")[0])
        assert len(rows.all("//section[@aria-labelledby='reviews']//tbody/tr")) == 1
