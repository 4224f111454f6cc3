"""The link in the mail that asks for a document's password: it opens that document and nothing else, once, and the
password is afterwards nowhere."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.policy import default
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
import structlog
from itsdangerous import TimestampSigner
from pydantic import SecretStr
from temporalio.client import Client

from schemas.acts import ActResult, CompleteTask
from schemas.ticket import StageCommand
from tests.support.api import RecordedActs, World, world_on
from tests.support.locked import SECRET, Office, everything, invoice, protected, traces
from tests.support.portal import Browser, Page, browsing
from ticketos.channels.email.mails import About, render
from ticketos.crypto import Keyring, new_key
from ticketos.dev.database import PostgresUrls
from ticketos.links import MAX_AGE_S, approval_link, password_link, survey_link
from ticketos.settings import Settings
from workers.relay import Relay
from workers.wiring import Parts

RAVI = "ravi@acme.example"
NASTY = '<img src=x onerror="alert(1)">"\'\u202e.pdf'


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("links")) as made:
        made.urls = database  # type: ignore[attr-defined]
        yield made
        made.services.pictures.close()


@pytest.fixture
def office(world: World) -> Office:
    world.services.acts = world.acts = RecordedActs()
    client = world.person(world.acme, ("client_user", world.acme))
    ticket = world.ticket(
        world.acme, service_line="data_entry", stage="delivery", requester_email=RAVI, subject="May <b>bills</b>"
    )  # fmt: skip
    return Office(world, client, ticket)


def task_of(office: Office, document: UUID) -> Any:
    return office.world.sql(office.world.acme, "select * from task where subject_id = %s", (document,))[0]


def asked(office: Office, filename: str = "statement.pdf") -> tuple[UUID, str]:
    """A protected document that was read and found locked, and the path its client's link leads to."""
    document = office.document(protected(invoice()), filename=filename)
    assert office.read(document).outcome == "locked"
    world = office.world
    return document, password_link(
        "", world.services.keyring, world.acme, office.ticket, task_of(office, document).id, RAVI
    )


async def given(browser: Browser, path: str, act: str, **fields: str) -> Page:
    """The page opened, and one of its two forms sent."""
    shown = await browser.get(path)
    (key,) = shown.all(f"//form[.//button[@value='{act}']]/input[@name='_key']/@value")
    return await browser.post(path, {"_key": key, "act": act, **fields})


def the_act(office: Office) -> CompleteTask:
    ((target, update, act),) = office.world.acts.sent
    assert (target.workflow_id, update) == (f"ticket/{office.ticket}/data_entry", "complete_task")
    assert isinstance(act, CompleteTask)
    return act


async def test_the_mail_that_asks_holds_the_link_and_nobody_else_reads_it(
    office: Office, tmp_path: Path
) -> None:
    world, services = office.world, office.world.services
    document, _ = asked(office)
    urls: PostgresUrls = world.urls  # type: ignore[attr-defined]
    settings = Settings(
        home=tmp_path, app_database_url=SecretStr(urls.app), system_database_url=SecretStr(urls.system)
    )
    parts = Parts(settings, services.keyring, services.database, services.objects, services.audit)
    await Relay(parts, cast(Client, object())).once()
    mails = [
        email.message_from_bytes(file.read_bytes(), policy=default) for file in settings.outbox_dir.iterdir()
    ]
    (mail,) = [one for one in mails if one["To"] == RAVI]
    body = mail.get_body(("plain",))
    assert body is not None
    said = body.get_content()
    assert "statement.pdf" in said
    assert "go on without this file" in said
    (path,) = re.findall(rf"{re.escape(settings.public_url)}(/p/\S+)", said)
    async with browsing(world) as browser:
        assert (await browser.get(path)).status == 200
        assert (await given(browser, path, "open", password=SECRET)).status == 200
    assert the_act(office).task_id == task_of(office, document).id
    async with world.http(office.client) as http:
        tree = await http.get(f"/v1/tickets/{office.ticket}/tree")
    assert "/p/…" in tree.text
    assert path not in tree.text, "whoever reads along gets no key"


def test_without_a_link_the_mail_leads_to_the_portal() -> None:
    """A mail that was written before there were links, and leaves after."""
    about = About("ACME-26-000001", "Bills", "Acme", "UTC")
    old = render("password", {"file": "a.pdf", "until": "2026-11-30T10:00:00+00:00"}, about).text
    assert "sign in to the portal" in old
    new = render("password", {"file": "a.pdf"}, About("N-1", "Bills", "Acme", "UTC", "https://x/p/1")).text
    assert "https://x/p/1" in new
    assert "sign in" not in new


async def test_the_page_says_what_is_asked_and_opening_it_does_nothing(office: Office) -> None:
    world = office.world
    document, path = asked(office, NASTY)
    before = everything(world)
    async with browsing(world) as browser:
        page = await browser.get(path)
    (number,) = world.sql(world.acme, "select number from ticket where id = %s", (office.ticket,))
    for said in (NASTY, number.number, "May <b>bills</b>", "Acme", "Until", "go on without this document"):
        assert said in page.text, said
    assert "onerror=" not in page.answer.text.replace("onerror=&#34;", "")
    assert page.all("//img") == page.all("//script") == []
    (until,) = page.all("//time/@datetime")
    assert datetime.fromisoformat(until) == task_of(office, document).due_at
    (field,) = page.tree.xpath("//input[@type='password']")
    assert (field.get("autocomplete"), field.get("value")) == ("off", None)
    assert page.all("//form/@method") == ["post", "post"]
    assert page.all("//form/@action") == [path, path]
    headers = page.answer.headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("private, no-store", "no-referrer")
    assert "script-src" not in headers["content-security-policy"]
    assert everything(world) == before
    assert world.acts.sent == []


async def test_a_wrong_password_is_said_and_the_right_one_opens_the_document_for_the_line(
    office: Office, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world = office.world
    document, path = asked(office)
    with structlog.testing.capture_logs() as logged:
        async with browsing(world) as browser:
            wrong = await given(browser, path, "open", password=SECRET.strip())
            assert wrong.status == 422
            assert "The password does not open statement.pdf" in wrong.text
            assert wrong.all("//input[@type='password']/@value") == []
            assert wrong.all("//input[@type='password']/@aria-invalid") == ["true"]
            nothing = await given(browser, path, "open", password="")
            assert (nothing.status, "Enter the password" in nothing.text) == (422, True)
            long = await given(browser, path, "open", password=SECRET * 100)
            assert (long.status, world.acts.sent) == (422, [])
            right = await given(browser, path, "open", password=SECRET)
            assert (right.status, "statement.pdf is open" in right.text) == (200, True)
    act = the_act(office)
    assert (act.actor.kind, act.actor.id, act.actor.origin, act.actor.roles) == (
        "customer",
        None,
        "signed link",
        (),
    )
    assert set(act.result) == {"readable", "person"}

    done = office.carry_out(act)
    assert (done.outcome, done.facts["unread"]) == ("unlocked", 1)
    assert office.row(document).state == "received"
    assert office.read(document).outcome == "keying"
    assert office.row(document).fields["total"]["value"]
    with world.services.database.transaction([world.acme]) as connection:
        trail = {one.event: one for one in world.services.audit.timeline(connection, office.ticket)}
    assert trail["document.unlocked"].personal == {"answered_by": RAVI}
    assert (trail["document.unlocked"].actor_kind, trail["document.unlocked"].origin) == (
        "customer",
        "signed link",
    )
    refused = [e for e in trail.values() if e.event == "access.refused"]
    assert [(e.why, e.actor_kind) for e in refused] == [("password-missing", "customer")], (
        "the newest of them"
    )

    said = "".join(
        (*capfd.readouterr(), caplog.text, str(logged), everything(world), act.model_dump_json())
    ) + "".join(page.answer.text + str(page.answer.headers) for page in (wrong, nothing, long, right))
    assert document.hex in said.replace("-", "")
    for trace in traces(SECRET):
        assert trace not in said, "the password is nowhere"


async def test_who_has_no_password_lets_the_request_go_on(office: Office) -> None:
    world = office.world
    document, path = asked(office)
    async with browsing(world) as browser:
        left = await given(browser, path, "leave_out", password=SECRET)
        assert (left.status, "goes on without statement.pdf" in left.text) == (200, True)
        act = the_act(office)
        assert act.result == {"leave_out": True, "person": RAVI}
        done = office.carry_out(act)
        assert (done.outcome, done.facts["people"]) == ("left_out", 0)
        later = await browser.get(path)
        assert "Already answered" in later.text
    row = office.row(document)
    assert (row.state, row.blocked_by, row.done_at is not None) == ("quarantined", [], True)


async def test_a_form_sent_twice_is_one_act_and_an_answered_link_asks_no_more(office: Office) -> None:
    world = office.world
    document, path = asked(office)
    async with browsing(world) as browser:
        shown = await browser.get(path)
        key = shown.all("//input[@name='_key']/@value")[0]
        form = {"_key": key, "act": "open", "password": SECRET}
        for _ in range(2):
            assert (await browser.post(path, form)).status == 200
        act = the_act(office)  # sent twice it is one update
        office.carry_out(act)
        world.acts.sent.clear()
        for answer in (await browser.get(path), await browser.post(path, form)):
            assert (answer.status, "Already answered" in answer.text) == (200, True)
            assert not answer.all("//input")
        assert (await browser.post(path, {"act": "leave_out"})).status == 200
    assert world.acts.sent == []
    assert office.row(document).state == "received"
    again = act.model_copy(update={"key": f"{act.key}-other"})
    assert office.carry_out(again).code == "task-not-open", "the recording step asks once more"


async def test_what_ended_meanwhile_is_said(office: Office) -> None:
    world = office.world
    lapsed, late_path = asked(office)
    office.now += timedelta(days=2, seconds=1)
    office.line.lapse(StageCommand(ticket_id=office.ticket, client_id=world.acme, subject="1"))
    office.now -= timedelta(days=2, seconds=1)
    _, open_path = asked(office, "second.pdf")
    assert task_of(office, lapsed).state == "cancelled"
    async with browsing(world) as browser:
        for late in (await browser.get(late_path), await browser.post(late_path, {"password": SECRET})):
            assert (late.status, "The time is over" in late.text) == (409, True)
        world.acts.answer = ActResult(applied=False, code="ticket-paused")
        paused = await given(browser, open_path, "open", password=SECRET)
        assert (paused.status, "The ticket is paused" in paused.text) == (409, True)
        assert paused.all("//input[@type='password']"), "it may be tried again"
        world.acts.answer = None
        waiting = await given(browser, open_path, "open", password=SECRET)
        assert (waiting.status, "being applied" in waiting.text) == (202, True)
        world.sql(
            world.acme,
            "update ticket set state = 'closed', closed_at = now() where id = %s",
            (office.ticket,),
        )
        world.acts.sent.clear()
        for closed in (await browser.get(open_path), await browser.post(open_path, {"password": SECRET})):
            assert (closed.status, "Request closed" in closed.text) == (409, True)
            assert "second.pdf" in closed.text
    assert world.acts.sent == []


async def test_somebody_who_was_quicker_is_told_of(office: Office) -> None:
    """Answered in the portal between opening this page's form and sending it."""
    world = office.world
    _, path = asked(office)
    acts = world.acts

    class Quicker(RecordedActs):
        async def act(self, *what: Any) -> ActResult | None:
            world.sql(world.acme, "update task set state = 'done' where ticket_id = %s", (office.ticket,))
            return ActResult(applied=False, code="task-not-open", params={"state": "done"})

    world.services.acts = Quicker()
    try:
        async with browsing(world) as browser:
            told = await given(browser, path, "open", password=SECRET)
    finally:
        world.services.acts = acts
    assert (told.status, "Already answered" in told.text) == (200, True)


async def test_a_link_opens_what_it_was_made_for_and_nothing_else(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, keyring = office.world, office.world.services.keyring
    document, path = asked(office)
    task, plain = task_of(office, document), world.task(world.acme, office.ticket, subject_id=document)
    elsewhere = world.ticket(world.acme)
    token = path.removeprefix("/p/")
    body, stamp, signature = token.rsplit(".", 2)
    wrong = {
        "tampered": f"/p/{body[:-2]}AA.{stamp}.{signature}",
        "signature": f"/p/{body}.{stamp}.{signature[:-4]}AAAA",
        "another key": password_link("", Keyring(new_key()), world.acme, office.ticket, task.id, RAVI),
        "another client": password_link("", keyring, world.beta, office.ticket, task.id, RAVI),
        "another request": password_link("", keyring, world.acme, elsewhere, task.id, RAVI),
        "another task": password_link("", keyring, world.acme, office.ticket, plain, RAVI),
        "approval": approval_link("", keyring, world.acme, office.ticket, str(task.id), RAVI),
        "survey": survey_link("", keyring, world.acme, office.ticket, task.id, RAVI),
    }
    async with browsing(world) as browser:
        for name, address in wrong.items():
            here = f"/p/{address.split('/')[-1]}"
            for answer in (await browser.get(here), await browser.post(here, {"password": SECRET})):
                assert (answer.status, "Link not valid" in answer.text) == (404, True), name
                assert "statement.pdf" not in answer.text, name
        for purpose in ("a", "s", "r"):
            assert (await browser.get(f"/{purpose}/{token}")).status == 404
        foreign = await browser.post(path, {"password": SECRET}, **{"Sec-Fetch-Site": "cross-site"})
        assert (foreign.status, world.acts.sent) == (403, [])
        now = TimestampSigner.get_timestamp(TimestampSigner("x"))
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: now + MAX_AGE_S + 1)
        for expired in (await browser.get(path), await browser.post(path, {"password": SECRET})):
            assert (expired.status, "Link not valid" in expired.text) == (404, True)
    assert world.acts.sent == []


async def test_only_so_many_are_tried_in_a_minute_and_opening_the_page_tries_nothing(
    database: PostgresUrls, office: Office
) -> None:
    from dataclasses import replace

    from api.app import create_app_with
    from api.services import Services

    world = office.world
    _, path = asked(office)
    few = Services(
        **{
            name: getattr(world.services, name)
            for name in ("database", "keyring", "objects", "audit", "acts", "now", "new_id")
        },
        options=replace(world.services.options, sign_ins_per_minute=2),
    )
    limited = World(few, world.acts, create_app_with(few), world.provider, world.acme, world.beta)
    try:
        async with browsing(limited) as browser:
            for _ in range(4):
                assert (await browser.get(path)).status == 200
            # On a crowded machine a minute may end between two tries: then two more are taken, and not a fifth.
            tries = [await browser.post(path, {"password": "guess"}) for _ in range(5)]
            assert [one.status for one in tries[:2]] == [422, 422]
            refused = next(one for one in tries if one.status == 429)
            assert refused.answer.headers["content-type"].startswith("text/html")
            assert "Try again in" in refused.text
            assert int(refused.answer.headers["retry-after"]) >= 1
        # From many addresses it is still one link, however its signature is written.
        body, stamp, signature = path.rsplit(".", 2)
        last = signature[-1]
        same = [f"{body}.{stamp}.{signature[:-1]}{c}" for c in (chr(ord(last) + 1), chr(ord(last) - 1), last)]
        answers = [await _from(limited, f"10.0.0.{n}", one) for n, one in enumerate(same)]
        assert set(answers) == {429}
    finally:
        few.pictures.close()


async def _from(world: World, address: str, path: str) -> int:
    import httpx2

    transport = httpx2.ASGITransport(app=world.app, client=(address, 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8080") as http:
        return (await http.post(path, data={"password": "guess"})).status_code
