"""E-invoices as pages: whoever keys, reviews, opens or signs off one without a picture sees it drawn, as text alone."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.support.api import Person, World, world_on
from tests.support.portal import Page, browsing
from ticketos.dev.database import PostgresUrls
from ticketos.dev.sim.documents import generate

SAMPLE = generate("invoice", 401, form="einvoice_xml_ubl", country="DE")
TRUTH = SAMPLE.truth.fields
EVIL = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("papers")) as made:
        yield made


@pytest.fixture(scope="module")
def agent(world: World) -> Person:
    return world.person(world.provider, ("agent", None), skills=["data_entry"])


def paper(world: World, content: bytes = SAMPLE.content, name: str = "bill.xml", **columns: object) -> UUID:
    ticket = world.ticket(world.acme, stage="delivery")
    values = {
        "filename": name,
        "content_type": "application/xml",
        "doc_type": "invoice",
        "pages": 1,
        **columns,
    }
    return world.document(world.acme, ticket, content, **values)


def shown(page: Page) -> dict[str, str]:
    """What the drawn page says, by field."""
    names = page.all("//article[@data-paper]//*[@data-says]/@data-says")
    return dict(zip(names, page.all("//article[@data-paper]//*[@data-says]"), strict=True))


async def test_the_one_who_keys_reviews_opens_or_signs_off_sees_it_drawn(world: World, agent: Person) -> None:
    reviewer = world.person(world.provider, ("qa", None))
    client = world.person(world.acme, ("client_user", world.acme))
    document = paper(world, state="keying", finished_by=agent.id, fields={"total": {"value": "0.01"}})
    (row,) = world.sql(world.acme, "select ticket_id from document where id = %s", (document,))
    keying = world.task(world.acme, row.ticket_id, subject_id=document, assigned_to=agent.id)
    review = world.task(
        world.acme, row.ticket_id, kind="qa_review", desk="qa", subject_id=document, assigned_to=reviewer.id
    )
    for who, address in (
        (agent, f"/validate/{keying}"),
        (reviewer, f"/review/{review}"),
        (client, f"/documents/{document}"),
    ):
        async with browsing(world, who) as browser:
            page = await browser.get(address)
            said = shown(page)
            assert said["number"] == TRUTH["number"] and said["supplier_name"] == TRUTH["supplier_name"], (
                address
            )
            assert "2026" in said["issue_date"] and "-" not in said["issue_date"], "a day as people write it"
            lines = page.all("//article[@data-paper]//div[@role='region']//tbody/tr/td[2]")
            assert lines == [line.description for line in SAMPLE.truth.lines]
            assert not page.all("//section[@data-viewer]//img"), "there is no picture to ask for"
            assert not page.all("//*[@data-view='draw' or @data-view='turn']")
    async with browsing(world, reviewer) as browser:
        compared = await browser.submit(f"/review/{review}", f"/review/{review}/compare")
        assert shown(compared)["number"] == TRUTH["number"]


async def test_a_file_of_data_is_shown_as_text_and_never_as_its_own_markup(
    world: World, agent: Person
) -> None:
    number = f">{TRUTH['number']}<".encode()
    assert number in SAMPLE.content
    document = paper(world, SAMPLE.content.replace(number, f">{EVIL}<".encode()))
    async with browsing(world, agent) as browser:
        page = await browser.get(f"/documents/{document}")
        assert shown(page)["number"] == "<script>alert(1)</script><img src=x onerror=alert(1)>"
        assert "<script>alert(1)" not in page.answer.text and not page.all("//img[@src='x']")


async def test_what_cannot_be_drawn_says_so_as_before(world: World, agent: Person) -> None:
    for name, content in (("bill.xml", b"<a>not an invoice</a>"), ("cut.xml", SAMPLE.content[:-40])):
        document = paper(world, content, name)
        async with browsing(world, agent) as browser:
            page = await browser.get(f"/documents/{document}")
            assert page.status == 200 and not page.all("//article[@data-paper]")
            assert page.all("//section[@data-viewer]//img") != []
        async with world.http(agent) as http:
            refused = await http.get(f"/v1/documents/{document}/paper")
            assert (refused.status_code, refused.json()["code"]) == (422, "page-unavailable")


async def test_the_api_gives_the_same_to_its_own_people_and_the_trail_knows(
    world: World, agent: Person
) -> None:
    document = paper(world)
    stranger = world.person(world.beta, ("client_user", world.beta))
    async with world.http(agent) as http:
        found = (await http.get(f"/v1/documents/{document}/paper")).json()
        assert found["fields"]["number"] == TRUTH["number"] and found["lines_total"] == len(found["lines"])
        await http.get(f"/v1/documents/{document}/paper")
    async with world.http(stranger) as http:
        assert (await http.get(f"/v1/documents/{document}/paper")).status_code == 404
    opened = world.sql(world.acme, "select event from audit_event where entity_id = %s", (str(document),))
    assert [row.event for row in opened] == ["document.downloaded"]
