"""Documents are found by what was read from them, by their own people alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import World, world_on
from tests.support.portal import browsing
from ticketos.dev.database import PostgresUrls


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        yield made


def read(world: World, client_id: UUID, supplier: str, number: str, **columns: Any) -> UUID:
    fields = {"supplier_name": {"value": supplier}, "number": {"value": number}, "total": {"value": "118.00"}}
    return world.document(client_id, world.ticket(client_id), fields=fields, **columns)


async def test_words_find_a_document_of_ones_own_client_and_no_other(world: World) -> None:
    mine = read(world, world.acme, "Malabar Stationery", "MS-4711", filename="scan1.pdf")
    theirs = read(world, world.beta, "Malabar Stationery", "MS-9999")
    person = world.person(world.acme, ("client_user", world.acme))
    async with browsing(world, person) as browser:
        for words in ("malabar", "MS-4711", "stationery 118", "scan1"):
            found = (await browser.get(f"/documents?q={words}")).answer.text
            assert str(mine) in found, words
            assert str(theirs) not in found
        assert str(mine) not in (await browser.get("/documents?q=MS-9999")).answer.text


async def test_what_was_typed_later_is_found_and_what_it_replaced_is_not(world: World) -> None:
    document = read(world, world.acme, "Old Name", "X-1")
    person = world.person(world.acme, ("client_user", world.acme))
    world.sql(
        world.acme,
        "update document set fields = jsonb_set(fields, '{supplier_name,value}', '\"Brandnew\"') where id = %s",
        (document,),
    )
    async with browsing(world, person) as browser:
        assert str(document) in (await browser.get("/documents?q=brandnew")).answer.text
        assert str(document) not in (await browser.get("/documents?q=Old+Name")).answer.text


async def test_filters_narrow_and_the_file_has_no_formula(world: World) -> None:
    read(world, world.acme, "=2+5", "-1+1", state="posted", doc_type="invoice", filename="@a.pdf")
    read(world, world.acme, "Plain", "P-1", state="quarantined", doc_type="receipt")
    person = world.person(world.acme, ("client_admin", world.acme))
    async with browsing(world, person) as browser:
        text = (await browser.get("/documents.csv?state=posted&kind=invoice")).answer.text
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert {row["state"] for row in rows} == {"posted"}
    (row,) = [row for row in rows if "2+5" in row["supplier_name"]]
    assert (row["supplier_name"], row["number"], row["file"]) == ("'=2+5", "'-1+1", "'@a.pdf")
    assert row["total"] == "118.00"


async def test_the_api_gives_the_same_list(world: World) -> None:
    mine = read(world, world.beta, "Nilgiri Tea", "NT-1")
    person = world.person(world.beta, ("client_user", world.beta))
    async with world.http(person) as http:
        answer = await http.get("/v1/documents", params={"q": "nilgiri"})
        assert [one["id"] for one in answer.json()["items"]] == [str(mine)]
        refused = await http.get("/v1/documents", params={"client": str(world.acme)})
        assert refused.status_code == 404


async def test_a_client_is_led_back_to_its_requests_from_a_document(world: World) -> None:
    document = read(world, world.acme, "Led Back", "LB-1")
    for person, way in (
        (world.person(world.acme, ("client_user", world.acme)), "/requests"),
        (world.person(world.provider, ("lead", None)), "/tickets"),
    ):
        async with browsing(world, person) as browser:
            page = await browser.get(f"/documents/{document}")
            assert page.status == 200
            first, second = page.all("//ol[@class='crumbs']//a/@href")[:2]
            assert (first, second.rpartition("/")[0]) == (way, way)


async def test_a_document_that_is_read_says_days_and_amounts_as_they_are_written(world: World) -> None:
    fields = {
        "currency": {"value": "INR"},
        "issue_date": {"value": "2026-01-19"},
        "due_date": {"value": "soon"},  # what is no day stays as it is
        "total": {"value": "719190.00"},
    }
    line = {"description": "Notebook", "quantity": "20", "unit_price": "35959.5", "net": "719190.00"}
    document = world.document(world.acme, world.ticket(world.acme), fields=fields, lines=[line])
    async with browsing(world, world.person(world.provider, ("lead", None))) as browser:
        page = await browser.get(f"/documents/{document}")
    told = " ".join(page.all("//dl[@class='dfields']//dd"))
    assert "INR 7,19,190.00" in told and "19 Jan 2026" in told and "soon" in told
    assert "719190.00" not in told and "2026-01-19" not in told
    assert page.all("//tbody//td")[:6] == ["Notebook", "20", "", "35,959.50", "", "7,19,190.00"]


async def test_a_file_put_aside_says_why_and_where_it_goes_on(world: World) -> None:
    ticket = world.ticket(world.acme, stage="delivery")
    locked, broken = (
        world.document(world.acme, ticket, state="quarantined", reason=why)
        for why in ("encrypted", "truncated")
    )
    async with browsing(world, world.person(world.provider, ("ops", None))) as browser:
        page = await browser.get(f"/documents/{locked}")
        assert "The client is asked for the password" in page.text
        assert "The file was not opened" in page.text and "structured data" not in page.text
        assert page.all("//div[@id='quarantined']//a/@href") == [f"/tickets/{ticket}"]
        assert "It was put aside and is not worked on" in (await browser.get(f"/documents/{broken}")).text
