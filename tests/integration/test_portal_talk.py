"""Notes, replies and the judging of AI on the ticket page, as their people get them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from schemas.acts import ActResult
from tests.support.api import Person, World, world_on
from tests.support.portal import browsing
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import Emit
from ticketos.domain.state import SYSTEM

TRIAGED: dict[str, object] = {
    "service_line": "data_entry", "ticket_type": "invoice_entry", "confidence": "0.91", "engine": "t", "by": "ai",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("talk")) as made:
        yield made


@pytest.fixture(scope="module")
def lead(world: World) -> Person:
    return world.person(world.provider, ("lead", None), name="Anita Rao")


def told(
    world: World, ticket: UUID, event: str, after: dict[str, object], entity_id: UUID | None = None
) -> None:
    with world.services.database.transaction([world.acme]) as connection:
        world.services.audit.record(
            connection, client_id=world.acme, ticket_id=ticket, root_id=ticket, at=datetime.now(UTC), actor=SYSTEM,
            emit=Emit(event, after=after, entity="document" if entity_id else None,
                      entity_id=str(entity_id) if entity_id else None),
        )  # fmt: skip


async def test_a_note_and_a_reply_are_written_and_the_client_reads_the_reply_alone(
    world: World, lead: Person
) -> None:
    client = world.person(world.acme, ("client_user", world.acme))
    ticket = world.ticket(world.acme, requester_email="asha@acme.example")
    here = f"/tickets/{ticket}"
    async with browsing(world, lead) as browser:
        page = await browser.get(here)
        assert "Leaves as mail to asha@acme.example" in page.text
        form = page.form(f"{here}/replies")
        for _ in range(2):  # a double click is one reply
            assert (await browser.post(f"{here}/replies", {**form, "text": "On its way."})).to == here
        noted = await browser.submit(here, f"{here}/notes", text="Ask Ravi first.")
        assert noted.status == 303
        shown = await browser.get(here)
        assert "Only colleagues see it" in shown.text
        assert shown.text.count("On its way.") == 1
        (note,) = shown.all("//*[contains(@class, 'said note')]")
        assert "Anita Rao" in note
        assert "about to leave to asha@acme.example" in shown.text
        talk = await browser.get(f"{here}?show=talk")
        assert "On its way." in talk.text
        empty = await browser.submit(here, f"{here}/replies", text="   ")
        assert empty.status == 422
        long = await browser.submit(here, f"{here}/notes", text="x" * 30_000)
        assert long.status == 422
        assert "x" * 30_000 in long.all("//textarea[@id='note-text']")  # what was typed is not lost
    async with browsing(world, client) as browser:
        page = await browser.get(f"/requests/{ticket}")
        assert "On its way." in page.text
        for inner in ("Ask Ravi", "Anita", "note"):
            assert inner not in page.text, inner


async def test_who_may_write_is_shown_a_form(world: World) -> None:
    ticket = world.ticket(world.acme)
    for role, forms in (
        ("agent", {"notes", "replies"}),
        ("qa", {"notes"}),
        ("finance", {"notes"}),
        ("success", {"notes", "replies"}),
        ("auditor", set()),
    ):
        async with browsing(world, world.person(world.provider, (role, None))) as browser:
            page = await browser.get(f"/tickets/{ticket}")
            found = {one.rpartition("/")[2] for one in page.all("//form/@action")} & {"notes", "replies"}
            assert found == forms, role


async def test_an_act_of_ai_is_agreed_with_or_corrected_once(world: World, lead: Person) -> None:
    ticket = world.ticket(world.acme, service_line="data_entry")
    told(world, ticket, "ticket.triaged", TRIAGED)
    here, judging = f"/tickets/{ticket}", f"/tickets/{ticket}/ai-reviews"
    async with browsing(world, lead) as browser:
        page = await browser.get(here)
        first, second = page.tree.xpath(f"//form[@action='{judging}']")
        agreed = await browser.post(judging, {**dict(first.form_values()), "verdict": "approved"})
        assert agreed.to == here
        page = await browser.get(here)
        assert "A person agreed" in page.text
        (correct,) = page.tree.xpath(
            f"//form[@action='{judging}']"
        )  # agreed with, and may still be corrected
        empty = await browser.post(judging, dict(correct.form_values()))
        assert empty.status == 422
        assert "Say what would have been right" in empty.text
        given = {
            **dict(second.form_values()),
            "service_line": "customer_support",
            "reason": "only a question",
        }
        assert (await browser.post(judging, given)).to == here
        page = await browser.get(f"{here}?show=ai")
        assert "A person corrected it" in page.text
        assert "only a question" in page.text
        assert not page.tree.xpath(f"//form[@action='{judging}']")


async def test_a_triage_that_follows_people_says_so_and_is_corrected_in_all_three(
    world: World, lead: Person
) -> None:
    ticket = world.ticket(world.acme, service_line="data_entry")
    learnt = {"times": 3, "likeness": "both", "engine_line": "it_helpdesk"}
    told(world, ticket, "ticket.triaged", {**TRIAGED, "priority": "P3", "learnt": learnt})
    asked = {"service_line": "data_entry", "confidence": "0.6667", "learnt": {**learnt, "times": 1}}
    other = world.ticket(world.acme)
    task = world.task(world.acme, other, kind="triage", desk="ai_triage", payload={"suggestion": asked})
    async with browsing(world, lead) as browser:
        page = await browser.get(f"/tickets/{ticket}")
        assert "People decided so for the last 3 requests of this sender with this subject." in page.text
        assert "engine_line" not in page.text
        assert "A person decided so for the last request" in (await browser.get(f"/tasks/{task}")).text
        here = f"/tickets/{ticket}/ai-reviews"
        page = await browser.get(f"/tickets/{ticket}")
        *_, form = page.tree.xpath(f"//form[@action='{here}']")
        given = {**dict(form.form_values()), "priority": "P1"}
        assert (await browser.post(here, given)).to == f"/tickets/{ticket}"
        page = await browser.get(f"/tickets/{ticket}?show=ai")
        assert "A person corrected it" in page.text


async def test_a_request_goes_another_way_from_the_card_of_the_act_as_long_as_nobody_began(
    world: World, lead: Person
) -> None:
    ticket = world.ticket(world.acme, service_line="it_helpdesk", stage="delivery")
    told(world, ticket, "ticket.triaged", {**TRIAGED, "by": "ai"})
    here = f"/tickets/{ticket}"
    opened = datetime.now(UTC)
    task = world.task(
        world.acme, ticket, kind="work", created_at=opened, assigned_to=lead.id, assigned_at=opened
    )
    async with browsing(world, lead) as browser:
        page = await browser.get(here)
        assert "yes: nobody has begun to work on it" in page.text
        assert "is looked for anew, with its contract" in page.text
        (button,) = page.tree.xpath(f"//button[@formaction='{here}/classification']")
        assert button.text_content() == "Correct this request"
        form = dict(button.xpath("ancestor::form")[0].form_values())
        world.acts.sent.clear()
        answer = await browser.post(f"{here}/classification", {**form, "service_line": "customer_support"})
        assert answer.to == here
        [(_, update, sent)] = world.acts.sent
        assert (update, getattr(sent, "service_line", "")) == ("correct_triage", "customer_support")
        assert "sorted as you say" in (await browser.get(here)).text
        world.sql(
            world.acme,
            "update task set assigned_at = %s where id = %s",
            (opened + timedelta(minutes=1), task),
        )
        page = await browser.get(here)
        assert "no: work on it has begun." in page.text
        (button,) = page.tree.xpath(
            f"//button[@formaction='{here}/classification']"
        )  # type and priority still
        form = dict(button.xpath("ancestor::form")[0].form_values())
        world.acts.answer = ActResult(applied=False, code="work-begun", params={"number": "ACME-7"})
        refused = await browser.post(f"{here}/classification", {**form, "service_line": "hr_recruitment"})
        assert refused.status == 409 and "ACME-7" in refused.text
        assert "raise the request again on the right line" in refused.text
        world.acts.answer = ActResult(applied=True, outcome="done")
        world.sql(
            world.acme, "update ticket set state = 'closed', stage = 'closure' where id = %s", (ticket,)
        )
        assert not (await browser.get(here)).all("//button/@formaction[contains(., 'classification')]")
    async with browsing(world, world.person(world.provider, ("agent", None))) as browser:
        world.sql(world.acme, "update ticket set state = 'open', stage = 'delivery' where id = %s", (ticket,))
        page = await browser.get(here)
        assert not page.all("//button/@formaction[contains(., 'classification')]")


async def test_correcting_leads_to_the_open_task_that_decides(world: World, lead: Person) -> None:
    ticket = world.ticket(world.acme)
    document = world.document(world.acme, ticket)
    told(world, ticket, "ticket.triage_needed", {**TRIAGED, "by": None})
    reading: dict[str, object] = {"engine": "e", "confidence": "0.5", "blocked_by": ["field:total"]}
    told(world, ticket, "document.read", reading, document)
    triage = world.task(world.acme, ticket, kind="triage", desk="ai_triage")
    keying = world.task(world.acme, ticket, kind="keying", subject_id=document)
    async with browsing(world, lead) as browser:
        page = await browser.get(f"/tickets/{ticket}")
        links = page.all("//div[@class='ai small']//a/@href")
        assert set(links) == {f"/tasks/{triage}", f"/validate/{keying}", f"/documents/{document}"}
    async with browsing(world, world.person(world.provider, ("auditor", None))) as browser:
        page = await browser.get(f"/tickets/{ticket}")
        assert page.all("//div[@class='ai small']//a/@href") == [f"/documents/{document}"], "evidence alone"
        assert f"/tickets/{ticket}/ai-reviews" not in page.all("//form/@action")


async def test_a_task_is_offered_to_be_done_by_whoever_may_finish_it_alone(world: World) -> None:
    """The page asks the very rule that takes the work."""
    one, other = (world.person(world.provider, ("agent", None)) for _ in range(2))
    judge = world.person(world.provider, ("qa", None))
    ticket = world.ticket(world.acme)
    own, theirs, experts, offered, review = (
        world.task(world.acme, ticket, kind=kind, subject_id=world.document(world.acme, ticket), **more)
        for kind, more in (
            ("keying", {"assigned_to": one.id}),
            ("keying", {"assigned_to": other.id}),
            ("rework", {"payload": {"expert": "amount"}}),
            ("rework", {"offered_to": other.id, "offer_until": datetime.now(UTC) + timedelta(hours=1)}),
            ("qa_review", {"payload": {"exclude": [str(judge.id)]}}),
        )
    )

    async def may_do(person: Person) -> set[str]:
        async with browsing(world, person) as browser:
            page = await browser.get(f"/tickets/{ticket}")
            return set(page.all("//ul[@id='tasks']//a/@href"))

    assert await may_do(one) == {f"/validate/{own}"}
    assert await may_do(other) == {f"/validate/{theirs}", f"/validate/{offered}"}
    assert await may_do(judge) == set(), "nobody judges their own work"
    assert await may_do(world.person(world.provider, ("sme", None))) == {f"/validate/{experts}"}
    lead = world.person(world.provider, ("lead", None))
    assert await may_do(lead) == {
        *(f"/validate/{task}" for task in (own, theirs, experts, offered)),
        f"/review/{review}",
    }


async def test_what_is_still_to_come_stands_in_the_timeline(world: World, lead: Person) -> None:
    soon = datetime.now(UTC) + timedelta(hours=2)
    ticket = world.ticket(world.acme, stage="delivery", next_action="Wait for keying", next_at=soon)
    paper = world.document(world.acme, ticket, state="keying", filename="freight.pdf")
    task = world.task(
        world.acme, ticket, subject_id=paper, assigned_to=lead.id, due_at=soon, skill="data_entry"
    )
    done = world.ticket(world.acme, state="closed", closed_at=soon, next_action="Nothing", next_at=soon)
    steps = "//*[@id='timeline']/ol[contains(@class,'pending')]/li"
    async with browsing(world, lead) as browser:
        page = await browser.get(f"/tickets/{ticket}")
        keying, timer = page.tree.xpath(steps)
        assert "freight.pdf" in keying.text_content()
        assert "Anita Rao" in keying.text_content()
        assert keying.xpath(".//a/@href") == [f"/validate/{task}"]
        assert "Wait for keying" in timer.text_content()
        order = page.tree.xpath("//*[@id='timeline']/ol/@class")
        assert "pending" in order[0]  # before what happened last
        told(world, ticket, "ticket.triaged", TRIAGED)
        oldest = (await browser.get(f"/tickets/{ticket}?order=oldest")).tree.xpath(
            "//*[@id='timeline']/ol/@class"
        )
        assert "pending" in oldest[-1]
        assert (await browser.get(f"/tickets/{ticket}?show=money")).tree.xpath(steps) == []
        assert (await browser.get(f"/tickets/{done}")).tree.xpath(steps) == []
