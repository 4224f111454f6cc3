"""Requests by HTTP: the thin path from sign-in to a stored request, doubles, repeats and limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from api.failures import constraint_of
from schemas.ticket import TicketStart
from tests.support.api import PASSWORD, RecordedActs, World, world_on
from ticketos.db.session import finish
from ticketos.dev.database import PostgresUrls
from ticketos.domain.intake import ticket_number


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("api")
    with world_on(database, folder) as made:
        yield made


async def test_sign_in_then_raise_a_request_with_files(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    async with world.http() as http:
        session = await http.post("/v1/sessions", json={"email": person.email, "password": PASSWORD})
        assert session.status_code == 201, session.text
        token = session.json()["token"]
        assert token.startswith("tos_s_")
        http.cookies.clear()
        answer = await http.post(
            "/v1/tickets",
            headers={"Authorization": f"Bearer {token}"},
            data={"subject": "Invoices of November", "text": "Please enter these.", "priority": "P2"},
            files=[
                ("files", ("../a.pdf", b"%PDF-1", "application/pdf")),
                ("files", ("b.pdf", b"%PDF-2", "application/pdf")),
            ],
        )
    assert answer.status_code == 201, answer.text
    ticket = answer.json()
    assert ticket["number"].startswith("ACME-")
    assert ticket["number"].endswith("-000001")
    assert (ticket["stage"], ticket["progress"], ticket["documents_total"], ticket["priority"]) == (
        "intake",
        5,
        2,
        "P2",
    )
    assert answer.headers["location"] == f"/v1/tickets/{ticket['id']}"
    async with world.http(person) as http:
        tree = (await http.get(f"/v1/tickets/{ticket['id']}/tree")).json()
        content = await http.get(f"/v1/documents/{tree['documents'][0]['id']}/content")
    assert [d["filename"] for d in tree["documents"]] == ["a.pdf", "b.pdf"]
    assert [e["event"] for e in tree["events"]] == ["ticket.received", "document.received"]
    assert tree["events"][0]["personal"]["sender"] == person.email
    assert content.content == b"%PDF-1"
    assert content.headers["content-disposition"].startswith("attachment")
    outbox = world.sql(
        world.acme, "select key, kind, payload from outbox where ticket_id = %s", (ticket["id"],)
    )
    assert [(row.key, row.kind) for row in outbox] == [(f"start:{ticket['id']}:1", "start")]
    assert str(world.acts.started[-1].ticket_id) == ticket["id"]


async def test_the_same_external_id_is_one_ticket(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    async with world.http(person) as http:
        body = {"subject": "Once", "external_id": "order-1"}
        first = await http.post("/v1/tickets", json=body)
        second = await http.post("/v1/tickets", json={**body, "text": "again"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]


async def test_two_requests_without_a_name_of_their_own_are_two_tickets(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    async with world.http(person) as http:
        first = await http.post("/v1/tickets", json={"subject": "Same words"})
        second = await http.post("/v1/tickets", json={"subject": "Same words"})
    assert first.json()["id"] != second.json()["id"]


async def test_a_repeat_with_the_same_key_gets_the_first_answer_and_another_body_is_refused(
    world: World,
) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    async with world.http(person) as http:
        headers = {"Idempotency-Key": "k-1"}
        first = await http.post("/v1/tickets", json={"subject": "Keyed"}, headers=headers)
        again = await http.post("/v1/tickets", json={"subject": "Keyed"}, headers=headers)
        other = await http.post("/v1/tickets", json={"subject": "Other"}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency-key-reused"


async def test_a_repeated_upload_is_recognised_although_its_boundary_differs(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    async with world.http(person) as http:
        answers = [
            await http.post(
                "/v1/tickets",
                data={"subject": "Upload"},
                files=[("files", ("a.txt", content, "text/plain"))],
                headers={"Idempotency-Key": "k-up"},
            )
            for content in (b"one", b"one", b"two")
        ]
    assert [answer.status_code for answer in answers] == [201, 201, 422]
    assert answers[0].json()["id"] == answers[1].json()["id"]


async def test_what_is_wrong_is_named_where_it_is_wrong(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    async with world.http(person) as http:
        wrong = await http.post(
            "/v1/tickets", json={"subject": "x", "priority": "P9", "requester": {"email": "no"}}
        )
        empty = await http.post("/v1/tickets", json={})
        broken = await http.post("/v1/tickets", content=b"{", headers={"Content-Type": "application/json"})
        media = await http.post("/v1/tickets", content=b"x", headers={"Content-Type": "text/plain"})
        missing = await http.get("/v1/nowhere")
        method = await http.put("/v1/tickets")
    assert wrong.status_code == 422
    assert wrong.headers["content-type"] == "application/problem+json"
    assert {e["pointer"] for e in wrong.json()["errors"]} == {"/priority", "/requester/email"}
    assert empty.json()["code"] == "ticket-empty"
    assert (broken.status_code, broken.json()["code"]) == (400, "request-malformed")
    assert media.status_code == 415
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    assert (method.status_code, method.json()["code"]) == (405, "method-not-allowed")


async def test_a_client_asked_for_by_name_must_be_ones_own(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    desk = world.person(world.provider, ("desk", None))
    async with world.http(person) as http:
        own = await http.post("/v1/tickets", json={"subject": "Own", "client": "acme"})
        foreign = await http.post("/v1/tickets", json={"subject": "Foreign", "client": "beta"})
        unknown = await http.post("/v1/tickets", json={"subject": "Unknown", "client": "nobody"})
    async with world.http(desk) as http:
        staff = await http.post("/v1/tickets", json={"subject": "For beta", "client": "beta"})
    assert own.status_code == 201
    assert foreign.status_code == unknown.status_code == 404
    assert {**foreign.json(), "trace_id": ""} == {**unknown.json(), "trace_id": ""}
    assert staff.status_code == 201
    assert staff.json()["number"].startswith("BETA-")


async def test_a_file_or_body_that_is_too_large_is_refused(database: PostgresUrls, world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    async with world.http(person) as http:
        length = await http.post(
            "/v1/tickets", content=b" " * (5 * 1024 * 1024), headers={"Content-Type": "application/json"}
        )

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(80):
                yield b" " * 65536

        chunked = await http.post(
            "/v1/tickets", content=endless(), headers={"Content-Type": "application/json"}
        )
        fits = await http.post("/v1/tickets", json={"subject": "Fits"})
    assert length.status_code == chunked.status_code == 413
    assert chunked.json()["code"] == "body-too-large"
    assert fits.status_code == 201


async def test_intake_goes_on_while_temporal_is_away(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    world.acts.away = True
    try:
        async with world.http(person) as http:
            answer = await http.post("/v1/tickets", json={"subject": "Away"})
            ready = await http.get("/readyz")
    finally:
        world.acts.away = False
    assert answer.status_code == 201
    assert ready.status_code == 503
    assert ready.json()["parts"] == {"database": "ok", "temporal": "unreachable"}
    waiting = world.sql(world.acme, "select state from outbox where ticket_id = %s", (answer.json()["id"],))
    assert [row.state for row in waiting] == ["waiting"]


async def test_a_request_that_comes_alone_is_started_at_once(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    acts, kept = _Awaited(), world.services.acts
    world.services.acts = acts
    try:
        async with world.http(person) as http:
            for _ in range(3):
                await asyncio.sleep(
                    1.1
                )  # others may have been held up just now: alone is who comes a second later
                acts.heard.clear()
                ticket = (await http.post("/v1/tickets", json={"subject": "Alone"})).json()
                # No relay runs here, so that only the edge itself can have started it.
                async with asyncio.timeout(30):
                    await acts.heard.wait()
                assert str(acts.started[-1].ticket_id) == ticket["id"]
    finally:
        world.services.acts = kept


async def test_a_full_door_refuses_new_requests_alone_and_says_when_to_come_again(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    with ExitStack() as crowd:
        async with world.http(person) as http:
            while not world.services.door.full:
                crowd.enter_context(world.services.door.inside())
            refused = await http.post("/v1/tickets", json={"subject": "Too many"})
            listed = await http.get("/v1/tickets")
            unknown = await http.post(
                "/v1/sessions", json={"email": "nobody@example.com", "password": "x" * 12}
            )
            crowd.close()
            taken = await http.post("/v1/tickets", json={"subject": "Room again"})
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert int(refused.headers["retry-after"]) >= 1
    assert (listed.status_code, unknown.status_code, taken.status_code) == (200, 401, 201)


async def test_while_requests_are_held_up_starts_are_left_to_the_relay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    before = len(world.acts.started)
    with monkeypatch.context() as patched:
        patched.setattr(type(world.services.door), "calm", property(lambda _: False))
        async with world.http(person) as http:
            held_up = (await http.post("/v1/tickets", json={"subject": "In a rush"})).json()
    assert world.acts.started[before:] == []
    (row,) = world.sql(world.acme, "select kind, state from outbox where ticket_id = %s", (held_up["id"],))
    assert (row.kind, row.state) == ("start", "waiting")


async def test_many_requests_of_one_client_at_once_get_a_number_each(world: World) -> None:
    person = world.person(world.beta, ("client_user", world.beta))
    async with world.http(person) as http:
        answers = await asyncio.gather(
            *(http.post("/v1/tickets", json={"subject": f"Request {n}"}) for n in range(24))
        )
    assert {answer.status_code for answer in answers} == {201}
    numbers = sorted(answer.json()["number"] for answer in answers)
    _, year, first = numbers[0].split("-")
    assert numbers == [ticket_number("BETA", year, int(first) + more) for more in range(24)]
    told = world.sql(
        world.beta,
        "select count(*) from audit_event where event = 'ticket.received' and personal is not null"
        " and ticket_id = any(%s)",
        ([answer.json()["id"] for answer in answers],),
    )
    assert told[0][0] == 24


async def test_the_same_message_many_times_at_once_is_one_ticket(world: World) -> None:
    person = world.person(world.beta, ("client_user", world.beta))
    body = {"subject": "Once", "external_id": "at-once-1"}
    async with world.http(person) as http:
        answers = await asyncio.gather(*(http.post("/v1/tickets", json=body) for _ in range(8)))
        after = await http.post("/v1/tickets", json={"subject": "And the connections are fit for more"})
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert after.status_code == 201


def test_a_last_statement_that_fails_undoes_the_whole_transaction(world: World) -> None:
    database, client = world.services.database, {"client": world.beta}
    insert = "insert into ticket_counter (client_id, fiscal_year, next) values (%(client)s, '01', 7) returning next"
    world.sql(
        world.beta,
        "insert into ticket_counter (client_id, fiscal_year, next) values (%s, '01', 1)",
        (world.beta,),
    )

    def fails() -> None:
        with database.transaction([world.beta]) as connection:
            connection.exec_driver_sql(
                "update ticket_counter set next = 99 where client_id = %s and fiscal_year = '01'",
                (world.beta,),
            )
            finish(connection, insert, client)

    for _ in range(3):  # the connection is used again and again
        with pytest.raises(IntegrityError) as refused:
            fails()
        assert constraint_of(refused.value) == "pk_ticket_counter"
        (row,) = world.sql(world.beta, "select next from ticket_counter where fiscal_year = '01'")
        assert row.next == 1
    with database.transaction([world.beta]) as connection:
        kept = finish(connection, insert.replace("'01'", "'02'"), client)
    assert kept == {"next": 7}
    (row,) = world.sql(world.beta, "select next from ticket_counter where fiscal_year = '02'")
    assert row.next == 7


async def test_the_database_writes_long_numbers_as_the_domain_does(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    numbers = []
    for count in (999_999, 1_000_000):
        world.sql(world.acme, "update ticket_counter set next = %s", (count,))
        async with world.http(person) as http:
            answer = await http.post("/v1/tickets", json={"subject": "Many"})
        numbers.append(answer.json()["number"])
    year = numbers[0].split("-")[1]
    assert numbers == [ticket_number("ACME", year, count) for count in (999_999, 1_000_000)]


class _Awaited(RecordedActs):
    """Tells when something was started."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = asyncio.Event()

    async def start(self, start: TicketStart) -> None:
        await super().start(start)
        self.heard.set()
