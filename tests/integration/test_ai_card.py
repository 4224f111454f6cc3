"""The card of an act of AI: what it was read from, its cost, whether it can be undone and until when, who decides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.portal.ai_card import is_local
from api.portal.catalogue import Texts
from tests.support.api import Person, World, world_on
from tests.support.portal import browsing
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import Emit
from ticketos.domain.engines import REFUSALS
from ticketos.domain.state import SYSTEM

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
FIELDS = {
    "total": {"value": "12", "page": 2, "box": [0.1, 0.1, 0.2, 0.2], "confidence": "0.51"},
    "number": {"value": "7", "page": 1, "box": [0.3, 0.1, 0.4, 0.2], "confidence": "0.99"},
    "currency": {"value": "INR"},
}


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("ai")) as made:
        made.services.now = lambda: NOW
        yield made


def act(world: World, ticket: UUID, event: str, **after: Any) -> None:
    with world.services.database.transaction([world.acme]) as connection:
        world.services.audit.record(
            connection, client_id=world.acme, ticket_id=ticket, root_id=ticket, at=NOW, actor=SYSTEM,
            emit=Emit(event, after=after),
        )  # fmt: skip


async def card(world: World, person: Person, ticket: UUID) -> dict[str, str]:
    """What the only card of a ticket says, by its names, and the rest of it under ``all``."""
    async with browsing(world, person) as browser:
        page = await browser.get(f"/tickets/{ticket}")
    (found,) = page.tree.xpath("//div[contains(@class,'ai ')]")
    names = found.xpath(".//dl[contains(@class,'ai-card')]/dt")
    said = {one.text: " ".join(one.getnext().text_content().split()) for one in names}
    links = " ".join(found.xpath(".//dl[contains(@class,'ai-card')]//a/@href"))
    return {**said, "links": links, "all": " ".join(found.text_content().split())}


def read(
    world: World, ticket: UUID, engine: str = "pdfium+rapidocr", blocked: tuple[str, ...] = (), **columns: Any
) -> UUID:
    document = world.document(world.acme, ticket, fields=FIELDS, filename="bill.pdf", **columns)
    act(
        world,
        ticket,
        "document.read",
        document=str(document),
        engine=engine,
        confidence="0.51",
        blocked_by=blocked,
    )
    return document


async def test_a_reading_leads_to_the_boxes_it_was_read_from_and_says_who_decides_until_when(
    world: World,
) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket = world.ticket(world.acme)
    document = read(world, ticket, blocked=("field:total",), state="keying")
    world.task(world.acme, ticket, kind="keying", subject_id=document, due_at=NOW + timedelta(days=2))
    said = await card(world, lead, ticket)
    assert said["Read from"] == "Total, page 2"
    assert said["links"] == f"/documents/{document}#field-total"
    assert said["Cost"] == "none; it ran on our own machines"
    assert said["Can it be undone"].startswith("nothing has been done yet: a person decides until 20 Nov")
    queue = Texts()("ticket.queue")
    assert f"The decision is with {queue}, until 20 Nov" in said["all"]
    async with browsing(world, lead) as browser:
        shown = await browser.get(f"/documents/{document}")
        assert shown.all("//*[@id='field-total']")


async def test_without_a_doubt_the_least_sure_fields_are_named_first(world: World) -> None:
    ticket = world.ticket(world.acme)
    read(world, ticket, state="posted", straight_through=True)
    said = await card(world, world.person(world.provider, ("lead", None)), ticket)
    number = Texts().word("field", "number")
    assert said["Read from"] == f"Total, page 2 · {number}, page 1"
    assert "currency" not in said["links"]  # it has no place on a page


POSTED: dict[str, Any] = {"state": "posted"}
ACCEPTED: dict[str, Any] = {"state": "posted", "approval": "accepted"}


def closed(days: int) -> dict[str, Any]:
    """A request that was closed so many days ago."""
    return {"state": "closed", "closed_at": NOW - timedelta(days=days)}


@pytest.mark.parametrize(
    ("ticket", "document", "waits", "words"),
    [
        ({}, POSTED, True, "yes: the client can still send it back until 21 Nov"),
        ({}, ACCEPTED, False, "yes: it is accepted, and the request can be opened again within 7 days"),
        (closed(2), ACCEPTED, False, "yes: by opening the request again until 23 Nov"),
        (closed(9), ACCEPTED, False, "no longer: it is accepted"),
        ({}, {"state": "rejected"}, False, "there is nothing to undo"),
    ],
)
async def test_whether_it_can_be_undone_follows_the_state_it_is_in(
    world: World, ticket: dict[str, Any], document: dict[str, Any], waits: bool, words: str
) -> None:
    root = world.ticket(world.acme, **ticket)
    read(world, root, **document)
    if waits:
        world.approval(world.acme, root, deemed_at=NOW + timedelta(days=3), offered_at=NOW)
    said = await card(world, world.person(world.provider, ("lead", None)), root)
    assert said["Can it be undone"].startswith(words)


async def test_a_classification_quotes_the_words_it_was_made_of(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket = world.ticket(world.acme)
    ids = []
    for at, body in (
        (NOW - timedelta(hours=1), "Please enter <b>these</b> bills"),
        (NOW + timedelta(hours=1), "Later words"),
    ):
        ids.append(new_id())
        world._insert(
            "message",
            world.acme,
            {
                "id": ids[-1], "client_id": world.acme, "ticket_id": ticket, "direction": "in", "channel": "email",
                "external_id": str(ids[-1]), "subject": "Bills", "body": body, "received_at": at,
            },
        )  # fmt: skip
    act(
        world,
        ticket,
        "ticket.triaged",
        engine="rules-1",
        confidence="0.9",
        by="ai",
        service_line="data_entry",
    )
    said = await card(world, lead, ticket)
    assert said["Read from"] == "“Bills Please enter <b>these</b> bills”"
    assert said["links"] == f"/tickets/{ticket}#message-{ids[0]}"
    assert said["Can it be undone"].startswith("no: the request goes on as it was sorted")
    async with browsing(world, lead) as browser:
        page = await browser.get(f"/tickets/{ticket}")
        assert page.all(f"//*[@id='message-{ids[0]}']")


async def test_cost_is_what_was_kept_and_never_made_up(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket, other = world.ticket(world.acme), world.ticket(world.acme)
    act(
        world,
        ticket,
        "ticket.triaged",
        engine="elsewhere-4",
        by="ai",
        cost={"amount": "0.0125", "currency": "USD"},
    )
    act(world, other, "ticket.triaged", engine="elsewhere-4", by="ai")
    free = world.ticket(world.acme)
    act(world, free, "ticket.triaged", engine="rules-1", by="ai", cost=0)
    assert (await card(world, lead, free))["Cost"] == "none; it ran on our own machines"
    assert (await card(world, lead, ticket))["Cost"] == "USD 0.0125"
    assert (await card(world, lead, other))["Cost"] == "not recorded"
    assert [is_local(one) for one in ("pdfium+rapidocr+tesseract", "xml:ubl", "rules-1", "pdfium+cloud", "")] == [
        True, True, True, False, False,
    ]  # fmt: skip


async def test_a_decision_is_handed_to_a_colleague_who_may_take_it_and_it_is_recorded(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    asha = world.person(
        world.provider,
        ("agent", None),
        name="Asha",
        skills=["data_entry"],
        certifications={"data_entry": None},
    )
    untrained = world.person(world.provider, ("agent", None))
    agent = world.person(world.provider, ("agent", None))
    ticket = world.ticket(world.acme)
    document = read(world, ticket, state="keying")
    task = world.task(world.acme, ticket, kind="keying", subject_id=document, skill="data_entry")
    path = f"/tasks/{task}/assign"
    async with browsing(world, lead) as browser:
        done = await browser.submit(f"/tickets/{ticket}", path, email=asha.email)
        assert (done.status, done.to) == (303, f"/tickets/{ticket}")
        page = await browser.get(f"/tickets/{ticket}")
        assert "The decision is with Asha" in page.tree.text_content()
        for who in (untrained.email, "nobody@people.example"):
            refused = await browser.submit(f"/tickets/{ticket}", path, email=who)
            assert refused.status in (403, 422), who
        evil = await browser.submit(f"/tickets/{ticket}", path, email=asha.email, next="//evil.example")
        assert "evil" not in evil.to
    (row,) = world.sql(world.acme, "select assigned_to from task where id = %s", (task,))
    assert row.assigned_to == asha.id
    kept = world.sql(
        world.acme,
        "select actor_id from audit_event where event = 'task.assigned' and ticket_id = %s",
        (ticket,),
    )
    assert str(lead.id) in {one.actor_id for one in kept}
    async with browsing(world, agent) as browser:
        page = await browser.get(f"/tickets/{ticket}")
        assert not page.all(f"//form[@action='{path}']")


async def test_whoever_may_not_open_documents_reads_where_it_stood_and_is_led_nowhere(world: World) -> None:
    success = world.person(world.provider, ("success", None))
    ticket = world.ticket(world.acme)
    read(world, ticket, blocked=("field:total",), state="ready")
    said = await card(world, success, ticket)
    assert (said["Read from"], said["links"]) == ("Total, page 2", "")


async def test_a_models_part_in_a_reading_is_told_with_its_cost(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket = world.ticket(world.acme)
    document = world.document(world.acme, ticket, fields=FIELDS, filename="bill.pdf", state="ready")
    opinion = {
        "outcome": "answered", "use": "second opinion", "model": "small-reader", "endpoint": "models.example",
        "cost": "0.0049", "currency": "USD", "redacted": {"email": 1, "phone": 2}, "agreed": ["total"],
        "not_printed": ["number"],
    }  # fmt: skip
    act(world, ticket, "document.read", document=str(document), engine="pdfium+small-reader", opinion=opinion)
    said = await card(world, lead, ticket)
    told = said["A model outside"]
    assert told.startswith("small-reader at models.example read it too.")
    assert "It read the same: Total." in told
    number = Texts().word("field", "number")
    assert f"It named what is not printed, which does not count: {number}." in told
    assert "3 personal data were withheld from it." in told
    assert said["Cost"] == "USD 0.0049"


async def test_a_model_that_said_nothing_cost_nothing_and_the_card_says_why(world: World) -> None:
    lead = world.person(world.provider, ("lead", None))
    ticket = world.ticket(world.acme)
    document = world.document(world.acme, ticket, fields=FIELDS, filename="bill.pdf", state="ready")
    opinion = {"outcome": "over-cap", "use": "takes over", "words": "…"}
    act(world, ticket, "document.read", document=str(document), engine="pdfium", opinion=opinion)
    said = await card(world, lead, ticket)
    assert said["A model outside"] == "It did not read: the contract's spending cap of this month is used up."


def test_every_way_a_model_may_be_silent_has_words() -> None:
    texts = Texts()
    assert [code for code in REFUSALS if not texts.has(f"outside.{code}")] == []
