"""Papers of a version by signed link: whoever is asked to sign off sees each document beside what was read of it, those
of that very version and client alone, and the trail knows who looked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import UUID

import httpx2
import pypdfium2 as pdfium
import pytest
from itsdangerous import URLSafeTimedSerializer

from tests.support.api import World, world_on
from ticketos.crypto import Keyring, new_key
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls
from ticketos.dev.sim.documents import generate
from ticketos.links import approval_link, survey_link

VERSION, LATER, EARLIER = "ab" * 32, "cd" * 32, "ef" * 32
PAPER = generate("invoice", 77)
BILL = generate("invoice", 401, form="einvoice_xml_ubl", country="DE")
BOSS = "boss@acme.example"


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("link-papers")) as made:
        yield made
        made.services.pictures.close()


def fields(sample: Any) -> dict[str, Any]:
    return {name: {"value": value, "state": "confirmed"} for name, value in sample.truth.fields.items()}


def link(world: World, client: UUID, ticket: UUID, version: str = VERSION) -> str:
    return approval_link("", world.services.keyring, client, ticket, version, BOSS)


def paper(world: World, ticket: UUID, client: UUID | None = None, **columns: Any) -> UUID:
    values = {
        "state": "posted",
        "doc_type": "invoice",
        "pages": 1,
        "fields": fields(PAPER),
        "filename": "a.pdf",
        **columns,
    }
    return world.document(client or world.acme, ticket, PAPER.content, **values)


def many(pages: int) -> bytes:
    """The paper so many times in one file."""
    made, of = pdfium.PdfDocument.new(), pdfium.PdfDocument(PAPER.content)
    for _ in range(pages):
        made.import_pages(of, [0])
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def offered(world: World, client: UUID | None = None, **version: Any) -> tuple[UUID, UUID, str]:
    """A request with one paper before its client: ticket, document, link."""
    client = client or world.acme
    ticket = world.ticket(client, stage="approval", subject="November")
    document = paper(world, ticket, client)
    world.approval(client, ticket, VERSION, **version)
    return ticket, document, link(world, client, ticket)


def opened(world: World, document: UUID) -> list[Any]:
    return world.sql(
        world.acme,
        "select event, actor_kind, actor_id, origin, after from audit_event where entity_id = %s order by seq",
        (str(document),),
    )


async def get(world: World, path: str) -> httpx2.Response:
    async with world.http() as http:
        return await http.get(path)


async def test_the_page_of_the_mail_leads_to_each_paper_beside_what_was_read_of_it(world: World) -> None:
    lines = [
        {"description": "Paper <b>A4</b>", "quantity": "2", "unit": "RM", "unit_price": "50", "net": "100"}
    ]
    ticket, document, path = offered(world)
    world.sql(
        world.acme,
        "update document set lines = %s::jsonb where id = %s",
        (json.dumps(lines), document),
    )
    second = world.document(
        world.acme, ticket, many(12), state="posted", position=1, filename="b <i>.pdf", pages=12
    )
    async with world.http() as http:
        page = await http.get(path)
        one = await http.get(f"{path}/documents/{document}")
        other = await http.get(f"{path}/documents/{second}")
        end = await http.get(f"{path}/documents/{second}?page=11")
        picture = await http.get(f"{path}/documents/{document}/pages/1")
    for each in (document, second):
        assert f'href="{path}/documents/{each}"' in page.text
        assert f'src="{path}/documents/{each}/pages/1"' in page.text
    assert one.status_code == 200
    assert str(PAPER.truth.fields["number"]) in one.text
    assert str(PAPER.truth.fields["supplier_name"]) in one.text
    assert "Paper &lt;b&gt;A4&lt;/b&gt;" in one.text and "<b>A4" not in one.text
    assert "<form" not in one.text and "<script" not in one.text and "<input" not in one.text
    assert f'href="{path}/documents/{second}"' in one.text, "the next document"
    assert other.text.count("<img") == 10 and f"{path}/documents/{second}?page=11" in other.text
    assert f"{second}/pages/11" not in other.text and f"{second}/pages/12" in end.text
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.content.startswith(b"\x89PNG")
    for answer in (page, one, picture):
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers, "nobody is signed in"
    assert (
        page.headers["content-security-policy"].partition("nonce-")[0]
        in (one.headers["content-security-policy"])
    )


async def test_an_e_invoice_is_drawn_and_what_cannot_be_shown_says_so(world: World) -> None:
    ticket, _, path = offered(world)
    bill = world.document(
        world.acme, ticket, BILL.content, filename="bill.xml", content_type="application/xml", state="posted",
        doc_type="invoice", pages=1, fields=fields(BILL), position=1,
    )  # fmt: skip
    broken = world.document(world.acme, ticket, b"no pdf", filename="broken.pdf", state="posted", position=2)
    async with world.http() as http:
        drawn = await http.get(f"{path}/documents/{bill}")
        said = await http.get(f"{path}/documents/{broken}")
        picture = await http.get(f"{path}/documents/{broken}/pages/1")
    assert "data-paper" in drawn.text and str(BILL.truth.fields["supplier_name"]) in drawn.text
    assert "<img" not in drawn.text
    assert (said.status_code, "cannot be shown as a page" in said.text, "<img" in said.text) == (
        200,
        True,
        False,
    )
    assert (picture.status_code, "Link not valid" in picture.text) == (404, True)


async def test_nothing_but_the_papers_of_that_version_is_behind_the_link(world: World) -> None:
    ticket, document, path = offered(world)
    beside, of_another, _ = offered(world)
    _, of_beta, beta_path = offered(world, world.beta)
    accepted = paper(world, ticket, approval="accepted", position=1)
    unfinished = [
        paper(world, ticket, state=state, position=2 + n)
        for n, state in enumerate(("keying", "received", "quarantined", "rejected"))
    ]
    page = (await get(world, path)).text
    for wrong in (accepted, *unfinished, of_another, of_beta, new_id(), ticket, beside):
        assert str(wrong) not in page
        for what in ("", "/pages/1"):
            answer = await get(world, f"{path}/documents/{wrong}{what}")
            assert (answer.status_code, "Link not valid" in answer.text) == (404, True), (wrong, what)
        assert opened(world, wrong) == []
    assert (await get(world, f"{beta_path}/documents/{of_beta}")).status_code == 200
    assert (await get(world, f"{beta_path}/documents/{document}")).status_code == 404
    assert (await get(world, f"{path}/documents/{document}/pages/2")).status_code == 404
    for odd in ("not-an-id", "..%2f..%2fv1"):
        assert (await get(world, f"{path}/documents/{odd}")).status_code in (404, 422)


async def test_a_forged_foreign_old_or_withdrawn_link_shows_no_paper(world: World) -> None:
    ticket, document, path = offered(world)
    keyring = world.services.keyring
    key = next(reversed(keyring.derived("links"))).hex()
    old = URLSafeTimedSerializer(key, salt="approval")
    payload = [str(world.acme), str(ticket), VERSION, BOSS]

    class Past(old.default_signer):  # type: ignore[name-defined,misc]
        def get_timestamp(self) -> int:
            return int(datetime.now(UTC).timestamp()) - 61 * 24 * 3600

    expired = str(URLSafeTimedSerializer(key, salt="approval", signer=Past).dumps(payload))
    for wrong in (
        approval_link("", Keyring(new_key()), world.acme, ticket, VERSION, BOSS),
        approval_link("", keyring, world.beta, ticket, VERSION, BOSS),
        survey_link("", keyring, world.acme, ticket, None, BOSS).replace("/s/", "/a/"),
        f"/a/{expired}",
        f"{path[:-2]}xx",
    ):
        for what in ("", "/pages/1"):
            answer = await get(world, f"{wrong}/documents/{document}{what}")
            assert (answer.status_code, "Link not valid" in answer.text) == (404, True), wrong
            assert not answer.content.startswith(b"\x89PNG")
    assert (await get(world, f"{path}/documents/{document}/pages/1")).status_code == 200
    world.approval(world.acme, ticket, LATER, round=1)
    for what in ("", f"/documents/{document}", f"/documents/{document}/pages/1"):
        answer = await get(world, f"{path}{what}")
        assert (answer.status_code, "Version replaced" in answer.text) == (409, True), what
    newest = link(world, world.acme, ticket, LATER)
    assert (await get(world, f"{newest}/documents/{document}")).status_code == 200
    world.sql(world.acme, "update ticket set state = 'cancelled' where id = %s", (ticket,))
    for what in ("", f"/documents/{document}", f"/documents/{document}/pages/1"):
        answer = await get(world, f"{newest}{what}")
        assert (answer.status_code, "cancelled" in answer.text) == (409, True), what


async def test_what_was_decided_can_be_read_and_what_is_worked_on_again_is_said_so(world: World) -> None:
    ticket, document, path = offered(world)
    back = paper(world, ticket, position=1, filename="back.pdf")
    late = paper(world, ticket, position=2, state="received", filename="late.pdf")
    said = {str(document): "accept", str(back): "return"}
    world.sql(
        world.acme,
        "update approval set state = 'partially_accepted', units = %s::jsonb where ticket_id = %s",
        (json.dumps(said), ticket),
    )
    world.sql(world.acme, "update document set approval = 'accepted' where id = %s", (document,))
    page = await get(world, path)
    assert page.status_code == 200 and "Already decided" in page.text and "<form" not in page.text
    assert "a.pdf" in page.text and "back.pdf" in page.text and "late.pdf" not in page.text
    number = str(PAPER.truth.fields["number"])
    assert number in (await get(world, f"{path}/documents/{back}")).text
    world.sql(world.acme, "update document set state = 'rework', round = 1 where id = %s", (back,))
    again = await get(world, f"{path}/documents/{back}")
    assert again.status_code == 200 and "being worked on again" in again.text and number not in again.text
    assert f"{back}/pages/1" in again.text, "the paper is theirs"
    world.sql(world.acme, "update document set state = 'posted' where id = %s", (back,))
    assert number not in (await get(world, f"{path}/documents/{back}")).text, "that is for the next version"
    assert number in (await get(world, f"{path}/documents/{document}")).text
    assert (await get(world, f"{path}/documents/{late}")).status_code == 404


async def test_silence_accepts_what_was_before_the_client_and_nothing_of_an_earlier_version(
    world: World,
) -> None:
    ticket, document, path = offered(world, state="deemed_accepted", round=1)
    before = paper(world, ticket, position=1, approval="accepted")
    world.approval(world.acme, ticket, EARLIER, state="partially_accepted", units={str(before): "accept"})
    world.sql(world.acme, "update document set approval = 'accepted' where id = %s", (document,))
    assert (await get(world, f"{path}/documents/{document}")).status_code == 200
    assert (await get(world, f"{path}/documents/{before}")).status_code == 404


async def test_files_of_work_by_hand_are_shown_as_far_as_they_are_kept(world: World) -> None:
    ticket = world.ticket(world.acme, stage="approval")
    result = paper(world, ticket, state="received", fields={}, filename="result.pdf")
    other = paper(world, ticket, state="received", fields={}, filename="other.pdf")
    files = [{"id": str(result), "filename": "result.pdf", "sha256": "0" * 64}]
    files.append({"id": str(new_id()), "filename": "gone.pdf", "sha256": "0" * 64})
    work = {"note": "Password reset.", "files": files}
    world.approval(world.acme, ticket, VERSION, deliverable={"work": work})
    path = link(world, world.acme, ticket)
    page = await get(world, path)
    assert f"{path}/documents/{result}" in page.text
    assert "gone.pdf" in page.text and page.text.count("/documents/") == 1
    assert (await get(world, f"{path}/documents/{result}/pages/1")).status_code == 200
    assert (await get(world, f"{path}/documents/{other}")).status_code == 404


async def test_the_trail_tells_who_looked_once_an_hour_until_that_person_is_erased(world: World) -> None:
    ticket, document, path = offered(world)
    await get(world, path)
    assert opened(world, document) == [], "the list of what was delivered opens no document"
    for what in ("", "/pages/1", ""):
        await get(world, f"{path}/documents/{document}{what}")
    (one,) = opened(world, document)
    assert (one.event, one.actor_kind, one.actor_id, one.origin) == (
        "document.downloaded", "customer", None, "signed link",
    )  # fmt: skip
    assert one.after == {"as": "picture", "version": VERSION}
    someone = approval_link("", world.services.keyring, world.acme, ticket, VERSION, "cfo@acme.example")
    await get(world, f"{someone}/documents/{document}")
    with world.services.database.transaction([world.acme]) as connection:
        told = [one.personal for one in world.services.audit.timeline(connection, ticket)]
        assert told == [{"opened_by": BOSS}, {"opened_by": "cfo@acme.example"}]
        world.services.audit.erase(connection, world.acme, BOSS)
        told = [one.personal for one in world.services.audit.timeline(connection, ticket)]
    assert told == [None, {"opened_by": "cfo@acme.example"}]


async def test_pictures_count_as_every_other_page_without_sign_in(
    database: PostgresUrls, world: World
) -> None:
    from api.app import create_app_with
    from api.services import Services

    _, document, path = offered(world)
    kept = ("database", "keyring", "objects", "audit", "acts", "now", "new_id")
    few = Services(
        **{name: getattr(world.services, name) for name in kept},
        options=replace(world.services.options, anonymous_per_minute=3),
    )
    limited = World(few, world.acts, create_app_with(few), world.provider, world.acme, world.beta)
    try:
        async with limited.http() as http:
            # On a crowded machine a minute may end between two of them: then three more are answered.
            answers = [await http.get(f"{path}/documents/{document}/pages/1") for _ in range(7)]
    finally:
        few.pictures.close()
    assert answers[0].status_code == 200
    refused = next(one for one in answers if one.status_code == 429)
    assert refused.headers["content-type"].startswith("text/html")
    assert int(refused.headers["retry-after"]) >= 1


async def test_no_one_is_signed_in_by_looking(world: World) -> None:
    _, document, path = offered(world)
    async with world.http() as http:
        await http.get(f"{path}/documents/{document}")
        token = path.removeprefix("/a/")
        for address in (f"/v1/documents/{document}", f"/v1/documents/{document}/pages/1"):
            for headers in ({}, {"Authorization": f"Bearer {token}"}, {"Cookie": f"tos_session={token}"}):
                assert (await http.get(address, headers=headers)).status_code == 401
