"""A client's requests: raised with files, found again, followed in calm words, and nobody else's."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from schemas.acts import CancelTicket
from tests.support.api import Person, World, world_on
from tests.support.portal import SAME_SITE, browsing
from ticketos.dev.database import PostgresUrls

FORMULA = '=HYPERLINK("https://evil.example","Pay")'


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        yield made


@pytest.fixture(scope="module")
def asha(world: World) -> Person:
    return world.person(world.acme, ("client_user", world.acme))


async def test_a_request_with_files_is_stored_once_and_begins(world: World, asha: Person) -> None:
    async with browsing(world, asha) as browser:
        form = (await browser.get("/requests/new")).form("/requests")
        fields = {**form, "subject": "Invoices of May", "text": "Please enter them.", "priority": "P2"}
        files = [
            ("files", ("a.pdf", b"%PDF-1.7 a", "application/pdf")),
            ("files", ("b.pdf", b"%PDF-1.7 b", "application/pdf")),
        ]
        sent = [
            await browser.client.post("/requests", data=fields, files=files, headers=SAME_SITE)
            for _ in range(2)
        ]
        assert [one.status_code for one in sent] == [303, 303], sent[0].text
        assert sent[0].headers["location"] == sent[1].headers["location"]
        ticket_id = sent[0].headers["location"].removeprefix("/requests/")
        (row,) = world.sql(
            world.acme, "select subject, priority, client_id from ticket where id = %s", (ticket_id,)
        )
        assert (row.subject, row.priority, row.client_id) == ("Invoices of May", "P2", world.acme)
        names = world.sql(
            world.acme, "select filename from document where ticket_id = %s order by position", (ticket_id,)
        )
        assert [one.filename for one in names] == ["a.pdf", "b.pdf"]
        page = await browser.get(f"/requests/{ticket_id}")
        assert "Your request is in" in page.text
        assert "Received, being sorted" in page.text
        assert "a.pdf" in page.text
    assert [str(start.ticket_id) for start in world.acts.started].count(ticket_id) == 1


async def test_an_empty_request_is_refused_and_keeps_what_was_chosen(world: World, asha: Person) -> None:
    async with browsing(world, asha) as browser:
        refused = await browser.submit("/requests/new", "/requests", priority="P1")
        assert refused.status == 422
        assert "Send a subject, a text or a file" in refused.text
        assert refused.form("/requests")["priority"] == "P1"


async def test_the_page_of_a_request_says_nothing_of_the_house(world: World, asha: Person) -> None:
    ticket = world.ticket(
        world.acme,
        subject="Bills",
        stage="delivery",
        state="needs_attention",
        reason="OCR worker died",
        desk="ops",
    )
    agent = world.person(world.provider, ("agent", None), name="Meera of the house")
    world.task(world.acme, ticket, assigned_to=agent.id)
    world._insert(
        "message",
        world.acme,
        {
            "id": world.services.new_id(),
            "client_id": world.acme,
            "ticket_id": ticket,
            "direction": "note",
            "channel": "api",
            "external_id": "n1",
            "body": "secret note of ours",
            "received_at": datetime.now(UTC),
        },
    )
    async with browsing(world, asha) as browser:
        page = await browser.get(f"/requests/{ticket}")
        assert page.status == 200
        assert "Our team is looking after it" in page.text
        for inner in ("Meera", "secret note", "needs_attention", "Needs attention", "keying"):
            assert inner not in page.text, inner


async def test_another_clients_request_is_not_there(world: World, asha: Person) -> None:
    theirs = world.ticket(world.beta, subject="Theirs")
    async with browsing(world, asha) as browser:
        for path in (f"/requests/{theirs}", f"/approvals/{theirs}", f"/tickets/{theirs}"):
            answer = await browser.get(path)
            if answer.status == 303:
                answer = await browser.get(answer.to)
            assert answer.status == 404, path
        form = (await browser.get("/account")).form("/logout")
        for act in ("cancel", "priority", "reopen"):
            refused = await browser.post(
                f"/requests/{theirs}/{act}", {**form, "reason": "mine now", "priority": "P1"}
            )
            assert refused.status == 404, act
        assert "Theirs" not in (await browser.get("/requests?view=all&q=Theirs")).text
        assert "Theirs" not in (await browser.get("/find?q=Theirs")).text
    assert not [one for one in world.acts.sent if str(theirs) in one[0].workflow_id]


async def test_withdrawing_needs_a_reason_and_sends_it(world: World, asha: Person) -> None:
    ticket = world.ticket(world.acme, stage="delivery")
    async with browsing(world, asha) as browser:
        page, action = f"/requests/{ticket}", f"/requests/{ticket}/cancel"
        refused = await browser.submit(page, action, reason="  ")
        assert refused.status == 422
        assert "Say why" in refused.text
        done = await browser.submit(page, action, reason="Sent twice")
        assert (done.status, done.to) == (303, page)
    sent = [act for target, update, act in world.acts.sent if str(ticket) in target.workflow_id]
    assert len(sent) == 1
    assert isinstance(sent[0], CancelTicket)
    assert sent[0].reason == "Sent twice"


async def test_the_list_pages_through_everything_once_by_filters_in_its_address(world: World) -> None:
    person = world.person(world.beta, ("client_admin", world.beta))
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    wanted = {
        str(
            world.ticket(
                world.beta, number=f"BETA-{n}", subject=f"March {n}", received_at=start + timedelta(hours=n)
            )
        )
        for n in range(120)
    }
    world.ticket(world.beta, subject="April", received_at=datetime(2026, 4, 2, tzinfo=UTC))
    seen: list[str] = []
    async with browsing(world, person) as browser:
        path = "/requests?view=all&since=2026-03-01&until=2026-03-31"
        for _ in range(5):
            page = await browser.get(path)
            seen += [href.rpartition("/")[2] for href in page.all("//table//a[@data-row]/@href")]
            following = page.all("//a[@rel='next']/@href")
            if not following:
                break
            assert "since=2026-03-01" in following[0]
            path = following[0]
    assert len(seen) == 120
    assert set(seen) == wanted


async def test_no_cell_of_the_file_is_a_formula(world: World, asha: Person) -> None:
    world.ticket(world.acme, subject=FORMULA)
    world.ticket(world.acme, subject="+91 80 1234")
    world.ticket(world.acme, subject="@cmd")
    async with browsing(world, asha) as browser:
        answer = (await browser.get("/requests.csv?view=all")).answer
    assert answer.headers["content-disposition"] == 'attachment; filename="requests.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    subjects = {row["subject"] for row in rows}
    assert "'" + FORMULA in subjects
    assert {"'+91 80 1234", "'@cmd"} <= subjects
    assert not [cell for row in rows for cell in row.values() if cell and cell[0] in "=@"]


async def test_the_file_holds_more_than_a_page(world: World) -> None:
    person = world.person(world.beta, ("client_user", world.beta))
    count = world.sql(world.beta, "select count(*) from ticket where kind = 'request'")[0][0]
    assert count > 100
    async with browsing(world, person) as browser:
        answer = (await browser.get("/requests.csv?view=all")).answer
    assert len(list(csv.reader(io.StringIO(answer.text)))) == count + 1


async def test_a_broken_cursor_and_a_wild_date_are_told_in_words(world: World, asha: Person) -> None:
    async with browsing(world, asha) as browser:
        assert (await browser.get("/requests?cursor=nonsense")).status == 400
        assert (await browser.get("/requests?since=yesterday&until=99999-01-01")).status == 200
