"""The password of a protected document: it opens the file and is afterwards nowhere; a file of several documents."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime, timedelta

import pypdf
import pypdfium2
import pytest

from schemas.acts import CompleteTask
from schemas.ticket import StageCommand
from tests.support.api import World, world_on
from tests.support.locked import SECRET, XML, Office, everything, invoice, protected, traces
from tests.support.portal import browsing
from ticketos.ai.extract.sandbox import SandboxedReader
from ticketos.db.ids import new_id
from ticketos.db.repositories import documents
from ticketos.dev.database import PostgresUrls
from ticketos.dev.sim.documents import generate


def stack(*numbers: int) -> bytes:
    """Invoices in one file, each after a blank page."""
    writer = pypdf.PdfWriter()
    for index, number in enumerate(numbers):
        if index:
            writer.add_blank_page(595, 842)
        for page in pypdf.PdfReader(io.BytesIO(invoice(number))).pages:
            writer.add_page(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("passwords")) as made:
        yield made
        made.services.pictures.close()


@pytest.fixture
def office(world: World) -> Office:
    client = world.person(world.acme, ("client_user", world.acme))
    return Office(world, client, world.ticket(world.acme, service_line="data_entry", stage="delivery"))


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_the_sandbox_opens_a_protected_file_with_all_that_is_in_it(algorithm: str) -> None:
    content = protected(invoice(), algorithm)
    with SandboxedReader() as reader:
        assert reader.unlock(content, "a.pdf", SECRET.strip()) == ("wrong-password", b"")
        refused, copy = reader.unlock(content, "a.pdf", SECRET)
        assert reader.unlock(b"<a/>", "a.xml", SECRET)[0] == "unsupported"
        found = reader.read(copy, "a.pdf")
    assert refused is None
    assert found.status == "read"
    opened = pypdfium2.PdfDocument(copy)
    assert bytes(opened.get_attachment(0).get_data()) == XML


async def test_the_client_opens_the_document_and_the_password_is_nowhere(
    office: Office, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world, content = office.world, protected(invoice())
    document = office.document(content, filename="statement.pdf")
    assert office.read(document).outcome == "locked"
    locked = office.row(document)
    assert (locked.state, locked.reason, locked.blocked_by) == ("quarantined", "encrypted", ["password"])
    assert office.count() == (0, 1)
    plan = office.line.plan(StageCommand(ticket_id=office.ticket, client_id=world.acme))
    assert (plan.facts["people"], plan.facts["read"]) == (1, [])
    assert datetime.fromisoformat(plan.facts["until"]) == office.now + timedelta(days=2)

    world.acts.sent.clear()
    address = f"/v1/documents/{document}/password"
    async with world.http(office.client, **{"Idempotency-Key": "open-it"}) as http:
        wrong = await http.post(address, json={"password": SECRET.strip()})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "password-wrong")
        assert not world.acts.sent
        empty = await http.post(address, json={})
        assert empty.status_code == 422
        right = await http.post(address, json={"password": SECRET})
        assert right.status_code == 200, right.text
        again = await http.post(address, json={"password": SECRET})
        assert again.headers["idempotent-replayed"] == "true"
    ((target, update, act),) = world.acts.sent
    assert isinstance(act, CompleteTask)
    assert (target.workflow_id, update) == (f"ticket/{office.ticket}/data_entry", "complete_task")
    assert set(act.result) == {"readable"}

    assert office.carry_out(act).facts["unread"] == 1
    opened = office.row(document)
    assert (opened.state, opened.reason, opened.blocked_by) == ("received", None, [])
    assert (opened.sha256, opened.address) == (locked.sha256, locked.address), "the original stays as it came"
    assert world.services.objects.get(world.acme, opened.address) == content
    read = office.read(document)
    assert office.read(document) == read, "a repeat answers as before"
    assert (office.row(document).state, read.outcome) == ("keying", "keying")
    assert office.row(document).fields["total"]["value"]
    assert office.count() == (1, 1)

    said = "".join((*capfd.readouterr(), caplog.text, everything(world), act.model_dump_json(), right.text))
    assert document.hex in said.replace("-", "")
    for trace in traces(SECRET):
        assert trace not in said


async def test_only_the_client_of_a_document_that_waits_is_asked(office: Office) -> None:
    world = office.world
    document, plain = office.document(protected(invoice())), office.document(invoice(6))
    office.read(document)
    body = {"password": SECRET}
    people = {
        "agent": (world.person(world.provider, ("agent", None)), 403),
        "other": (world.person(world.beta, ("client_admin", world.beta)), 404),
    }
    for person, status in people.values():
        async with world.http(person) as http:
            assert (await http.post(f"/v1/documents/{document}/password", json=body)).status_code == status
    async with world.http(office.client) as http:
        refused = await http.post(f"/v1/documents/{plain}/password", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "password-not-asked")


async def test_only_so_many_passwords_are_tried_in_a_minute(
    database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory, world: World
) -> None:
    from dataclasses import replace

    from api.app import create_app_with
    from api.services import Services

    few = Services(
        **{
            name: getattr(world.services, name)
            for name in ("database", "keyring", "objects", "audit", "acts", "now", "new_id")
        },
        options=replace(world.services.options, sign_ins_per_minute=2),
    )
    limited = World(few, world.acts, create_app_with(few), world.provider, world.acme, world.beta)
    person = world.person(world.acme, ("client_user", world.acme))
    async with limited.http(person) as http:
        address = f"/v1/documents/{new_id()}/password"
        answers = [await http.post(address, json={"password": "guess"}) for _ in range(3)]
        assert [one.status_code for one in answers] == [404, 404, 429]
        assert int(answers[2].headers["retry-after"]) >= 1
        assert (await http.get("/v1/me")).status_code == 200, "only guessing is stopped"


async def test_the_page_of_the_request_asks_without_script(office: Office) -> None:
    world = office.world
    document = office.document(protected(invoice()), filename="statement.pdf")
    office.read(document)
    world.acts.sent.clear()
    page, action = f"/requests/{office.ticket}", f"/requests/{office.ticket}/documents/{document}/password"
    async with browsing(world, office.client) as browser:
        shown = await browser.get(page)
        assert "statement.pdf is protected by a password." in shown.text
        assert shown.all(f"//form[@action='{action}']//input[@type='password']/@autocomplete") == ["off"]
        wrong = await browser.submit(page, action, password="guess", act="open")
        assert wrong.status == 422
        assert "The password does not open statement.pdf" in wrong.text
        assert "guess" not in wrong.answer.text
        nothing = await browser.submit(page, action, password="", act="open")
        assert "Enter the password" in nothing.text
        right = await browser.submit(page, action, password=SECRET, act="open")
        assert (right.status, right.to) == (303, page)
        assert "The file is open" in (await browser.get(page)).text
    ((_, _, act),) = world.acts.sent
    assert isinstance(act, CompleteTask)
    office.carry_out(act)
    async with browsing(world, office.client) as browser:
        assert not (await browser.get(page)).all("//input[@type='password']")


async def test_a_client_without_the_password_leaves_the_document_out(office: Office) -> None:
    world, document = office.world, office.document(protected(invoice()))
    office.read(document)
    world.acts.sent.clear()
    page, action = f"/requests/{office.ticket}", f"/requests/{office.ticket}/documents/{document}/password"
    desk = world.person(world.provider, ("desk", None))
    async with browsing(world, desk) as browser:
        assert "waits for the client's password" in (await browser.get(f"/tickets/{office.ticket}")).text
    async with browsing(world, office.client) as browser:
        assert (await browser.submit(page, action, act="leave_out")).status == 303
    ((_, _, act),) = world.acts.sent
    assert isinstance(act, CompleteTask)
    done = office.carry_out(act)
    assert (done.outcome, done.facts["people"]) == ("left_out", 0)
    row = office.row(document)
    assert (row.state, row.blocked_by, row.done_at is not None) == ("quarantined", [], True)
    assert office.count() == (1, 1)


def test_a_password_that_does_not_come_is_no_longer_waited_for(office: Office) -> None:
    document = office.document(protected(invoice()))
    office.read(document)
    command = StageCommand(ticket_id=office.ticket, client_id=office.world.acme, subject="1")
    early = office.line.lapse(command)
    assert (early.facts["people"], "until" in early.facts) == (1, True)
    office.now += timedelta(days=2, seconds=1)
    late = office.line.lapse(command.model_copy(update={"subject": "2"}))
    assert (late.facts["people"], "until" in late.facts) == (0, False)
    assert office.row(document).done_at == office.now
    (task,) = office.world.sql(office.world.acme, "select state from task where subject_id = %s", (document,))
    assert task.state == "cancelled"


async def test_the_documents_of_one_file_have_rows_pages_and_duplicates_of_their_own(office: Office) -> None:
    world, content = office.world, stack(11, 12)
    before = len(pypdf.PdfReader(io.BytesIO(invoice(11))).pages)
    document = office.document(content, filename="stack.pdf")
    assert office.read(document).outcome == "split"
    assert office.row(document).state == "split"
    assert office.count() == (2, 2)
    with world.services.database.transaction([world.acme]) as connection:
        first, second = [
            one for one in documents.of_ticket(connection, office.ticket) if one["parent_id"] == document
        ]
    assert (first["first_page"], second["first_page"]) == (1, before + 2)
    assert (first["position"], second["position"]) == (1, 2), "behind the file they came in"
    assert {one["page"] for one in second["fields"].values() if one["page"]} <= {1, 2}, "pages of its own"
    numbers = [generate("invoice", n).truth.fields["number"] for n in (11, 12)]
    assert [first["fields"]["number"]["value"], second["fields"]["number"]["value"]] == numbers
    tasks = world.sql(world.acme, "select subject_id from task where ticket_id = %s", (office.ticket,))
    assert {task.subject_id for task in tasks} == {first["id"], second["id"]}

    person = world.person(world.acme, ("agent", world.acme))
    async with world.http(person) as http:
        drawn = [await http.get(f"/v1/documents/{one['id']}/pages/1") for one in (first, second)]
        assert [one.status_code for one in drawn] == [200, 200]
        assert drawn[0].content != drawn[1].content
        assert drawn[1].headers["x-pages"] == str(second["last_page"] - second["first_page"] + 1)
        beyond = await http.get(f"/v1/documents/{first['id']}/pages/{before + 1}")
        assert beyond.json()["code"] == "page-unavailable", "the next page is another document's"
        words = (await http.get(f"/v1/documents/{second['id']}/reading")).json()["words"]
        assert numbers[1] in {word["text"] for word in words}
        assert numbers[0] not in {word["text"] for word in words}

    again = office.document(content, filename="again.pdf")
    office.read(again)
    twins = world.sql(
        world.acme, "select duplicate_of from document where parent_id = %s order by position", (again,)
    )
    assert [twin.duplicate_of for twin in twins] == [first["id"], second["id"]]
