"""Sign-off and survey by signed link: opening never acts, posting does, and only with a genuine link."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from activities.approval import ApprovalActivities
from schemas.acts import ActResult, DecideApproval
from tests.support.api import RecordedActs, World, world_on
from ticketos.crypto import Keyring, new_key
from ticketos.db.ids import new_id
from ticketos.db.repositories.step import SqlStore
from ticketos.dev.database import PostgresUrls
from ticketos.links import approval_link, repeat_link, survey_link
from workflows.steps import Steps

VERSION = "ab" * 32


@pytest.fixture(scope="module")
def shared_world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("api")
    with world_on(database, folder) as made:
        yield made


@pytest.fixture
def world(shared_world: World) -> World:
    fresh = RecordedActs()
    shared_world.services.acts = shared_world.acts = fresh
    return shared_world


def _delivered(world: World) -> tuple[UUID, list[UUID], str]:
    ticket_id = world.ticket(world.acme, stage="approval", subject="Invoices <b>of</b> November")
    documents = [
        world.document(world.acme, ticket_id, position=n, state="posted", filename=f"{n}.pdf")
        for n in range(2)
    ]
    world.approval(world.acme, ticket_id, VERSION, deemed_at=datetime.now(UTC) + timedelta(days=5))
    return (
        ticket_id,
        documents,
        approval_link("", world.services.keyring, world.acme, ticket_id, VERSION, "boss@acme.example"),
    )


async def test_the_page_shows_the_version_and_opening_it_changes_nothing(world: World) -> None:
    _, documents, path = _delivered(world)
    async with world.http() as http:
        page = await http.get(path)
    assert page.status_code == 200
    assert VERSION in page.text
    assert "Invoices &lt;b&gt;of&lt;/b&gt; November" in page.text
    assert "0.pdf" in page.text
    assert "1.pdf" in page.text
    for one in documents:  # a part needs a word on each
        assert f'name="unit_{one}" value="accept" checked' in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "<script" not in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert world.acts.sent == []


async def test_of_one_document_there_is_no_part_and_what_nobody_checked_again_is_said_so(
    world: World,
) -> None:
    ticket_id = world.ticket(world.acme, stage="approval")
    one = world.document(world.acme, ticket_id, position=0, state="posted", filename="0.pdf")
    world.approval(world.acme, ticket_id, VERSION)
    async with world.http() as http:
        page = await http.get(
            approval_link("", world.services.keyring, world.acme, ticket_id, VERSION, "boss@acme.example")
        )
    assert page.status_code == 200
    assert 'value="accept"' in page.text and 'value="return"' in page.text
    assert 'value="partial"' not in page.text and f"unit_{one}" not in page.text
    assert "none was drawn for a second person" in page.text and "0 checked" not in page.text


async def test_a_part_is_accepted_with_a_reason_and_refused_without(world: World) -> None:
    ticket_id, documents, path = _delivered(world)
    form = {"decision": "partial", f"unit_{documents[0]}": "accept", f"unit_{documents[1]}": "return"}
    async with world.http() as http:
        refused = await http.post(path, data=form)
        accepted = await http.post(path, data={**form, "reason": "wrong supplier"})
        twice = await http.post(path, data={**form, "reason": "wrong supplier"})
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert f'name="unit_{documents[1]}" value="return" checked' in refused.text
    assert accepted.status_code == twice.status_code == 200
    [(target, update, argument)] = world.acts.sent
    assert (target.workflow_id, update) == (f"ticket/{ticket_id}", "decide_approval")
    assert isinstance(argument, DecideApproval)
    assert argument.actor.kind == "customer"
    assert argument.units == {str(documents[0]): "accept", str(documents[1]): "return"}


@pytest.mark.parametrize(
    ("form", "event"),
    [
        ({"decision": "accept"}, "ticket.approved"),
        ({"decision": "return", "reason": "wrong supplier"}, "ticket.returned"),
    ],
)
async def test_an_auditor_reads_who_signed_until_that_person_is_erased(
    world: World, form: dict[str, str], event: str
) -> None:
    ticket_id, _, path = _delivered(world)
    auditor = world.person(world.provider, ("auditor", world.acme))

    async def told() -> Any:
        async with world.http(auditor) as http:
            answer = await http.get(f"/v1/audit-events?event={event}&ticket={ticket_id}")
            (only,) = answer.json()["items"]
            return only

    async with world.http() as http:
        assert (await http.post(path, data=form)).status_code == 200
    _carried_out(world, ticket_id)
    read = await told()
    assert (read["actor_kind"], read["actor_id"], read["origin"]) == ("customer", None, "signed link")
    assert read["personal"] == {"signed_by": "boss@acme.example"}
    with world.services.database.transaction([world.acme]) as connection:
        assert world.services.audit.erase(connection, world.acme, "boss@acme.example")
    assert (await told())["personal"] is None
    columns = world.sql(world.acme, "select row_to_json(t)::text from ticket t where id = %s", (ticket_id,))
    columns += world.sql(
        world.acme, "select row_to_json(a)::text from approval a where ticket_id = %s", (ticket_id,)
    )
    assert "boss@" not in str(columns), "nowhere else is the address kept in the clear"


def _carried_out(world: World, ticket_id: UUID) -> None:
    """The act that was sent, as the ticket's workflow has it recorded."""
    services = world.services
    [(_, _, act)] = world.acts.sent
    command = Steps(ticket_id, world.acme, 1, 0).act_command("decide_approval", act)
    store = SqlStore(services.database, now=services.now, new_id=new_id, audit=services.audit)
    assert ApprovalActivities(store).decide(command).code is None


async def test_what_the_workflow_refuses_is_told_on_the_page(world: World) -> None:
    _, _, path = _delivered(world)
    world.acts.answer = ActResult(applied=False, code="ticket-paused")
    async with world.http() as http:
        answer = await http.post(path, data={"decision": "accept"})
    assert answer.status_code == 409
    assert "The ticket is paused" in answer.text


async def test_a_forged_or_foreign_link_opens_nothing(world: World) -> None:
    ticket_id, _, path = _delivered(world)
    forged = approval_link("", Keyring(new_key()), world.acme, ticket_id, VERSION, "x@y.example")
    other_client = approval_link("", world.services.keyring, world.beta, ticket_id, VERSION, "x@y.example")
    as_survey = path.replace("/a/", "/s/")
    async with world.http() as http:
        answers = [
            await getattr(http, method)(url)
            for url in (forged, other_client, as_survey)
            for method in ("get", "post")
        ]
        genuine = await http.get(path)
    assert [answer.status_code for answer in answers] == [404] * 6
    assert genuine.status_code == 200
    assert world.acts.sent == []


async def test_an_old_version_or_a_decided_one_is_said_to_be_so(world: World) -> None:
    ticket_id, _, path = _delivered(world)
    world.approval(world.acme, ticket_id, "cd" * 32, round=1)
    async with world.http() as http:
        replaced = await http.post(path, data={"decision": "accept"})
        world.sql(world.acme, "update approval set state = 'accepted' where ticket_id = %s", (ticket_id,))
        newest = approval_link("", world.services.keyring, world.acme, ticket_id, "cd" * 32, "x@y.example")
        decided = await http.post(newest, data={"decision": "return", "reason": "late"})
    assert "Version replaced" in replaced.text
    assert "Already decided" in decided.text
    assert world.acts.sent == []


async def test_a_survey_is_kept_and_a_second_answer_replaces_the_first(world: World) -> None:
    ticket_id = world.ticket(world.acme, state="closed", closed_at=datetime.now(UTC))
    survey_id = new_id()
    world._insert(
        "survey",
        world.acme,
        {
            "id": survey_id,
            "client_id": world.acme,
            "ticket_id": ticket_id,
            "recipient": "asha@acme.example",
            "asked_at": datetime.now(UTC),
        },
    )
    path = survey_link("", world.services.keyring, world.acme, ticket_id, survey_id, "asha@acme.example")
    async with world.http() as http:
        shown = await http.get(path)
        empty = await http.post(path, data={})
        first = await http.post(path, data={"csat": "5", "ces": "9", "nps": "0", "comment": "Thanks!"})
        second = await http.post(path, data={"csat": "4", "nps": "10"})
    assert shown.text.count('type="radio"') == 5 + 7 + 11
    assert (empty.status_code, first.status_code, second.status_code) == (422, 200, 200)
    rows = world.sql(world.acme, "select csat, ces, nps, comment from survey where id = %s", (survey_id,))
    assert [tuple(row) for row in rows] == [(4, None, 10, None)]
    events = world.sql(
        world.acme, "select event, after from audit_event where ticket_id = %s order by seq", (ticket_id,)
    )
    with world.services.database.transaction([world.acme]) as connection:
        trail = world.services.audit.timeline(connection, ticket_id)
    assert [one.personal for one in trail] == [
        {"answered_by": "asha@acme.example", "comment": "Thanks!"},
        {"answered_by": "asha@acme.example"},
    ]
    assert [(row.event, row.after) for row in events] == [
        ("survey.answered", {"csat": 5, "nps": 0}),
        ("survey.answered", {"csat": 4, "nps": 10}),
    ]


def _closed(world: World) -> tuple[UUID, str]:
    ticket_id = world.ticket(
        world.acme,
        stage="closure",
        state="closed",
        subject="Locked <b>out</b>",
        channel="email",
        service_line="it_helpdesk",
        ticket_type="password",
        requester_email="ravi@acme.example",
        requester_name="Ravi",
    )
    link = repeat_link("", world.services.keyring, world.acme, ticket_id, 1, "ravi@acme.example")
    return ticket_id, link


def _follow_ups(world: World, ticket_id: UUID) -> list[Any]:
    return world.sql(
        world.acme,
        "select t.*, l.kind as link, m.body from ticket_link l join ticket t on t.id = l.ticket_id"
        " join message m on m.ticket_id = t.id where l.other_id = %s",
        (ticket_id,),
    )


async def test_opening_the_way_back_opens_no_request(world: World) -> None:
    ticket_id, path = _closed(world)
    async with world.http() as http:
        page = await http.get(path)
        empty = await http.post(path, data={"text": "  "})
    assert page.status_code == 200
    assert "Locked &lt;b&gt;out&lt;/b&gt;" in page.text
    assert "<script" not in page.text
    assert (empty.status_code, "still open" in empty.text) == (422, True)
    assert _follow_ups(world, ticket_id) == []


async def test_coming_back_opens_one_request_that_is_linked_and_of_the_same_kind(world: World) -> None:
    ticket_id, path = _closed(world)
    async with world.http() as http:
        first = await http.post(path, data={"text": "Locked out again"})
        again = await http.post(path, data={"text": "Locked out again"})
    (follow,) = _follow_ups(world, ticket_id)
    assert (first.status_code, again.status_code) == (200, 200)
    assert follow.number in first.text
    assert follow.number in again.text, "a link opens one request"
    assert (follow.link, follow.body, follow.state) == ("repeat_contact", "Locked out again", "open")
    assert (follow.service_line, follow.ticket_type, follow.channel) == ("it_helpdesk", "password", "email")
    assert (follow.requester_email, follow.requester_name) == ("ravi@acme.example", "Ravi")
    assert [start.ticket_id for start in world.acts.started] == [follow.id]
    events = world.sql(world.acme, "select event from audit_event where root_id = %s", (ticket_id,))
    assert [row.event for row in events] == ["ticket.linked"]


async def test_a_forged_link_or_one_of_another_purpose_leads_nowhere_back(world: World) -> None:
    ticket_id, path = _closed(world)
    other = survey_link("", world.services.keyring, world.acme, ticket_id, ticket_id, "ravi@acme.example")
    async with world.http() as http:
        for wrong in (path[:-3] + "abc", other.replace("/s/", "/r/")):
            assert (await http.get(wrong)).status_code == 404
            assert (await http.post(wrong, data={"text": "x"})).status_code == 404
    assert _follow_ups(world, ticket_id) == []
