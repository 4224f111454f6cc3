"""A client's vendor list and coding rules: kept by the API, seen by that client alone, and what they do to a paper that
nobody ever corrected."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from activities.lines.data_entry import DataEntryActivities
from schemas.ticket import DocumentCommand, StageCommand
from tests.support.api import Person, World, world_on
from tests.support.portal import SAME_SITE, browsing
from ticketos.ai.extract.sandbox import SandboxedReader
from ticketos.ai.governance import GovernedReader
from ticketos.db.ids import new_id
from ticketos.db.repositories.step import SqlStore
from ticketos.db.repositories.vendors import Vendors
from ticketos.dev.database import PostgresUrls
from ticketos.dev.sim.documents import SampleDocument, generate
from ticketos.domain.ports import Reader, StepKey
from ticketos.domain.state import Actor
from workers.wiring import SandboxReader

WRONG = "DE111111125"


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("vendors")) as made:
        yield made


@pytest.fixture(autouse=True)
def clean(world: World) -> None:
    """Each test begins with an empty list and a chart of two accounts."""
    for client in (world.acme, world.beta):
        world.sql(
            client,
            "update vendor set active = false, code = id::text",
        )
        world.sql(client, "delete from coding_rule")
    for code, name in (("6815", "Office supplies"), ("6300", "Rent")):
        world.sql(
            world.acme,
            "insert into ledger_account (client_id, code, name, kind) values (%s, %s, %s, 'expense')"
            " on conflict do nothing",
            (world.acme, code, name),
        )


@pytest.fixture(scope="module")
def keeper(world: World) -> Person:
    return world.person(world.acme, ("client_admin", world.acme))


def bright(world: World, **values: Any) -> dict[str, Any]:
    about = {"client_id": str(world.acme), "code": "V-001", "name": "Bright Paper Pvt Ltd", "account": "6815"}
    return {**about, "tax_ids": ["27AAPFU0939F1ZV"], **values}


def events(world: World, name: str) -> list[Any]:
    return world.sql(
        world.acme, "select before, after from audit_event where event = %s order by seq", (name,)
    )


# --- the list ---------------------------------------------------------------------------------------------------------


async def test_a_vendor_is_added_found_changed_and_told_in_the_trail(world: World, keeper: Person) -> None:
    async with world.http(keeper) as http:
        made = await http.post("/v1/vendors", json=bright(world, aliases=["Bright Ppr", "Bright Ppr", ""]))
        assert made.status_code == 201, made.text
        vendor, address = made.json(), made.headers["location"]
        assert vendor["aliases"] == ["Bright Ppr"]
        assert (await http.post("/v1/vendors", json=bright(world))).json()["code"] == "already-exists"
        for q in ("v-00", "bright pap", "ppr", "27 AAPFU 0939"):
            found = (await http.get("/v1/vendors", params={"q": q, "active": True})).json()["items"]
            assert [one["code"] for one in found] == ["V-001"], q
        for q in ("%", "_", "nobody"):
            assert (await http.get("/v1/vendors", params={"q": q, "active": True})).json()["items"] == [], q
        unknown = await http.patch(address, json={"account": "9999"})
        assert (unknown.status_code, unknown.json()["code"]) == (422, "account-unknown")
        news = {"name": "Bright Paper Ltd", "active": False}
        kept = await http.patch(address, json=news, headers={"If-Match": made.headers["etag"]})
        assert kept.status_code == 200
        assert (kept.json()["version"], kept.json()["active"]) == (2, False)
        same = await http.patch(address, json=news, headers={"If-Match": kept.headers["etag"]})
        assert same.json()["version"] == 2, "what is there already is no change"
        late = await http.patch(address, json=news, headers={"If-Match": made.headers["etag"]})
        assert late.status_code == 412
    assert events(world, "admin.vendor_saved")[-1].before == {"name": "Bright Paper Pvt Ltd", "active": True}
    assert events(world, "admin.vendor_saved")[-1].after == news


async def test_another_clients_list_is_not_there(world: World, keeper: Person) -> None:
    foreign = world.person(world.beta, ("client_admin", world.beta))
    reader = world.person(world.provider, ("auditor", world.acme))
    agent = world.person(world.provider, ("agent", world.acme))
    async with world.http(keeper) as http:
        vendor = (await http.post("/v1/vendors", json=bright(world))).json()
        rule = {"client_id": str(world.acme), "pattern": "toner", "account": "6815"}
        made = (await http.post("/v1/coding-rules", json=rule)).json()
        doors = [
            ("GET", f"/v1/vendors/{vendor['id']}", None),
            ("PATCH", f"/v1/vendors/{vendor['id']}", {"name": "n"}),
            ("POST", "/v1/vendors", bright(world, code="V-2")),
            ("GET", f"/v1/vendors?client_id={world.acme}", None),
            ("GET", f"/v1/clients/{world.acme}/vendors/export", None),
            ("GET", f"/v1/clients/{world.acme}/coding-rules", None),
            ("POST", f"/v1/clients/{world.acme}/coding-rules/order", {"rules": [made["id"]]}),
            ("POST", "/v1/coding-rules", rule),
            ("GET", f"/v1/coding-rules/{made['id']}", None),
            ("PATCH", f"/v1/coding-rules/{made['id']}", {"pattern": "xx"}),
            ("DELETE", f"/v1/coding-rules/{made['id']}", None),
        ]
        for method, path, body in doors:
            answer = await http.request(method, path, json=body, headers=foreign.headers)
            assert answer.status_code == 404, (method, path, answer.text)
            refused = await http.request(method, path, json=body, headers=agent.headers)
            assert refused.status_code == 403, (method, path, refused.text)
            seen = await http.request(method, path, json=body, headers=reader.headers)
            assert seen.status_code == (200 if method == "GET" else 403), (method, path, seen.text)
        taken = await http.post(
            f"/v1/clients/{world.acme}/vendors/import",
            content=b"code,name\n1,x\n",
            headers={**foreign.headers, "Content-Type": "text/csv"},
        )
        assert taken.status_code == 404
        assert (await http.get("/v1/vendors", headers=foreign.headers)).json()["items"] == []
    assert world.sql(world.beta, "select count(*) from vendor where client_id = %s", (world.acme,))[0][0] == 0
    with pytest.raises(Exception, match="row-level security"):
        world.sql(
            world.beta,
            "insert into vendor (id, client_id, code, name, vendor_key, account, cost_centre, tax_code, active,"
            " row_version, updated_at) values (%s, %s, 'x', 'x', 'x', '', '', '', true, 1, now())",
            (new_id(), world.acme),
        )


async def test_a_file_is_taken_in_bad_lines_are_named_and_a_trial_keeps_nothing(
    world: World, keeper: Person
) -> None:
    path = f"/v1/clients/{world.acme}/vendors/import"
    file = (
        b"code,name,tax_ids,account\n"
        b"V-001,Bright Paper Pvt Ltd,27AAPFU0939F1ZV,6815\n"
        b"V-002,No such account,,4711\n"
        b",Without code,,\n"
        b"V-003,Corner Shop,,\n"
    )
    async with world.http(keeper, **{"Content-Type": "text/csv; charset=utf-8"}) as http:
        tried = (await http.post(path, content=file, params={"dry_run": True})).json()
        assert (tried["created"], tried["refused"], tried["dry_run"]) == (2, 2, True)
        assert (await http.get("/v1/vendors", params={"active": True})).json()["items"] == []
        taken = (await http.post(path, content=file)).json()
        assert {name: taken[name] for name in ("created", "updated", "unchanged", "refused")} == {
            "created": 2,
            "updated": 0,
            "unchanged": 0,
            "refused": 2,
        }
        assert taken["rows"] == [
            {"line": 3, "code": "V-002", "reason": "account 4711 is not in the chart of accounts"},
            {"line": 4, "code": "", "reason": "code is empty"},
        ]
        again = (await http.post(path, content=file.replace(b"Corner Shop", b"Corner Shop Ltd"))).json()
        assert (again["created"], again["updated"], again["unchanged"]) == (0, 1, 1)
        shop = (await http.get("/v1/vendors", params={"q": "V-003"})).json()["items"][0]
        assert (shop["name"], shop["version"]) == ("Corner Shop Ltd", 2)
        broken = await http.post(path, content=b"name\nx\n")
        assert (broken.status_code, broken.json()["code"]) == (422, "vendor-file-columns")
        wrong = await http.post(path, json={"code": "x"}, headers={"Content-Type": "application/json"})
        assert wrong.status_code == 415
        exported = await http.get(f"/v1/clients/{world.acme}/vendors/export")
        assert exported.headers["content-type"] == "text/csv; charset=utf-8"
        round_trip = (await http.post(path, content=exported.content)).json()
        assert round_trip["created"] == round_trip["updated"] == round_trip["refused"] == 0
    told = events(world, "admin.vendors_imported")
    assert told[-3].after == {"created": 2, "updated": 0, "unchanged": 0, "refused": 2}


def test_new_vendors_are_written_in_one_order_whatever_the_order_of_the_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, written = Vendors._add, []

    def noted(self: Vendors, connection: Any, new: Any, now: Any) -> Any:
        written.append([values["code"] for values in new.values()])
        return kept(self, connection, new, now)

    monkeypatch.setattr(Vendors, "_add", noted)
    actor = Actor("user", str(new_id()))
    with world.services.database.transaction([world.acme]) as connection:
        for content in (b"code,name\nO-2,Two\nO-1,One\n", b"code,name\nO-4,Four\nO-3,Three\n"):
            world.services.vendors.take_in(
                connection, world.acme, content, now=datetime.now(UTC), actor=actor
            )
    assert written == [["O-1", "O-2"], ["O-3", "O-4"]]


async def test_five_thousand_vendors_are_taken_in_within_seconds(world: World) -> None:
    person = world.person(world.beta, ("client_admin", world.beta))
    rows = b"".join(b"B-%05d,Vendor number %d,27AAPFU%04dF1ZV\n" % (n, n, n) for n in range(5_000))
    headers = {"Content-Type": "text/csv"}
    async with world.http(person, **headers) as http:
        path = f"/v1/clients/{world.beta}/vendors/import"
        began = time.monotonic()
        taken = (await http.post(path, content=b"code,name,tax_ids\n" + rows)).json()
        assert (taken["created"], taken["refused"]) == (5_000, 0)
        assert time.monotonic() - began < 30
        page = (await http.get("/v1/vendors", params={"limit": 100, "active": True})).json()
        after = (
            await http.get(
                "/v1/vendors", params={"limit": 100, "active": True, "cursor": page["next_cursor"]}
            )
        ).json()
        assert not {one["id"] for one in page["items"]} & {one["id"] for one in after["items"]}
        assert (await http.get("/v1/vendors", params={"cursor": "x"})).json()["code"] == "cursor-invalid"


# --- coding rules -----------------------------------------------------------------------------------------------------


async def test_rules_are_added_placed_changed_put_in_order_and_removed(world: World, keeper: Person) -> None:
    path = f"/v1/clients/{world.acme}/coding-rules"
    async with world.http(keeper) as http:

        async def order() -> list[tuple[int, str]]:
            return [(one["place"], one["pattern"]) for one in (await http.get(path)).json()["items"]]

        made = {}
        for pattern, place in (("toner", None), ("rent", None), ("paper", 1)):
            body = {"client_id": str(world.acme), "pattern": pattern, "account": "6815", "place": place}
            answer = await http.post("/v1/coding-rules", json=body)
            assert answer.status_code == 201, answer.text
            made[pattern] = answer.json()
        assert await order() == [(1, "paper"), (2, "toner"), (3, "rent")]
        wrong = {"client_id": str(world.acme), "pattern": "ink", "account": "9999"}
        assert (await http.post("/v1/coding-rules", json=wrong)).json()["code"] == "account-unknown"
        rent = f"/v1/coding-rules/{made['rent']['id']}"
        moved = await http.patch(rent, json={"account": "6300", "place": 1}, headers={"If-Match": '"1"'})
        assert (moved.json()["place"], moved.json()["account"], moved.json()["version"]) == (1, "6300", 2)
        assert (await http.patch(rent, json={"place": 2}, headers={"If-Match": '"1"'})).status_code == 412
        assert await order() == [(1, "rent"), (2, "paper"), (3, "toner")]
        ids = [made[one]["id"] for one in ("toner", "rent", "paper")]
        few = await http.post(f"{path}/order", json={"rules": ids[:2]})
        assert (few.status_code, few.json()["code"]) == (409, "rules-incomplete")
        assert (await http.post(f"{path}/order", json={"rules": ids})).status_code == 200
        assert await order() == [(1, "toner"), (2, "rent"), (3, "paper")]
        assert (await http.delete(rent)).status_code == 204
        assert (await http.delete(rent)).status_code == 404
        assert await order() == [(1, "toner"), (2, "paper")]
        body = {"client_id": str(world.acme), "account": "6815"}
        for pattern in ("ink", "glue"):
            made[pattern] = (await http.post("/v1/coding-rules", json={**body, "pattern": pattern})).json()
        assert (await http.delete(f"/v1/coding-rules/{made['toner']['id']}")).status_code == 204
        last = await http.post("/v1/coding-rules", json={**body, "pattern": "last"})
        assert last.json()["place"] == 4, "after a rule is gone, a new one is still tried last"
        assert await order() == [(1, "paper"), (2, "ink"), (3, "glue"), (4, "last")]
    changed = [one.before for one in events(world, "admin.coding_rule_saved") if one.before]
    assert changed[-1] == {"account": "6815", "place": 3}
    assert [one.before["pattern"] for one in events(world, "admin.coding_rule_removed")[-2:]] == [
        "rent",
        "toner",
    ]
    assert len(events(world, "admin.coding_rules_ordered")) == 1


# --- a paper nobody ever corrected ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with SandboxedReader() as sandbox:
        yield GovernedReader(SandboxReader(sandbox), None, 0.5, lambda: datetime.now(UTC))


class Desk:
    """Reads and posts papers of Acme by the line's own steps, with the reader in its sandbox."""

    def __init__(self, world: World, reader: Reader) -> None:
        self.world = world
        self.store = SqlStore(
            world.services.database,
            now=lambda: datetime.now(UTC),
            new_id=new_id,
            audit=world.services.audit,
        )
        self.line = DataEntryActivities(self.store, world.services.objects, reader, lambda _: None)
        contract = new_id()
        world._insert(
            "contract",
            world.acme,
            {
                "id": contract, "client_id": world.acme, "number": new_id().hex, "name": "SOW", "service_line": "data_entry",
                "starts_on": date(2026, 1, 1), "terms": {"ai": {"straight_through": True}},
            },
        )  # fmt: skip
        self.contract = contract

    def read(self, paper: SampleDocument) -> tuple[UUID, UUID]:
        ticket = self.world.ticket(
            self.world.acme,
            service_line="data_entry",
            stage="delivery",
            contract_id=self.contract,
            documents_total=1,
        )
        document = self.world.document(
            self.world.acme, ticket, paper.content, filename=paper.filename, sha256=new_id().hex * 2
        )
        self.line._read(DocumentCommand(ticket_id=ticket, client_id=self.world.acme, document_id=document))
        return ticket, document

    def post(self, ticket: UUID) -> None:
        self.line.post(StageCommand(ticket_id=ticket, client_id=self.world.acme, life=1, round=0))

    def row(self, document: UUID) -> Any:
        return self.world.sql(self.world.acme, "select * from document where id = %s", (document,))[0]


def supplier(paper: SampleDocument) -> tuple[str, str]:
    fields = paper.truth.fields
    name, number = fields["supplier_name"], fields["supplier_tax_id"]
    assert name
    assert number
    return name, number


async def test_a_paper_of_a_listed_vendor_is_recognised_and_coded_from_the_first_one_on(
    world: World, keeper: Person, reader: Reader
) -> None:
    paper = generate("invoice", 950, country="DE", form="einvoice_xml_ubl")
    name, number = supplier(paper)
    async with world.http(keeper) as http:
        rule = {"client_id": str(world.acme), "pattern": name.split()[0], "account": "6300"}
        assert (await http.post("/v1/coding-rules", json=rule)).status_code == 201
        listed = bright(
            world, name=f"{name} (Main)", aliases=[name.upper()], tax_ids=[number], cost_centre="CC9"
        )
        assert (await http.post("/v1/vendors", json=listed)).status_code == 201
        desk = Desk(world, reader)
        ticket, document = desk.read(paper)
        row = desk.row(document)
        assert row.state == "ready", row.blocked_by
        assert row.vendor == {"code": "V-001", "name": f"{name} (Main)"}
        assert {one["name"]: one["ok"] for one in row.checks}["vendor_tax_id"] is True
        desk.post(ticket)
        posted = desk.row(document)
        assert (posted.coding["account"], posted.coding["cost_centre"]) == ("6815", "CC9")
        assert posted.coding["reason"] == "vendor list: V-001"
        shown = (await http.get(f"/v1/documents/{document}")).json()
        assert shown["vendor"] == {"code": "V-001", "name": f"{name} (Main)"}
        assert world.sql(world.acme, "select count(*) from supplier_memory")[0][0] == 0
        (vendor,) = (await http.get("/v1/vendors", params={"q": "V-001"})).json()["items"]
        ended = await http.patch(f"/v1/vendors/{vendor['id']}", json={"active": False})
        assert ended.status_code == 200
        assert desk.row(desk.read(paper)[1]).vendor == {}, "a vendor not in use is nobody's"


async def test_a_number_the_list_does_not_have_goes_to_a_person(
    world: World, keeper: Person, reader: Reader
) -> None:
    paper = generate("invoice", 951, country="DE", form="einvoice_xml_ubl")
    name, number = supplier(paper)
    assert number != WRONG
    async with world.http(keeper) as http:
        listed = bright(world, name=name, tax_ids=[WRONG])
        vendor = (await http.post("/v1/vendors", json=listed)).json()
        desk = Desk(world, reader)
        ticket, document = desk.read(paper)
        row = desk.row(document)
        said = f"{number} is not the number the vendor list has for V-001 {name}"
        assert row.state == "keying"
        assert "check:vendor_tax_id" in row.blocked_by
        assert said in [one["detail"] for one in row.checks if not one["ok"]]
        agent = world.person(world.provider, ("lead", None))
        (task,) = world.sql(world.acme, "select id from task where subject_id = %s", (document,))
        async with browsing(world, agent) as browser:
            page = await browser.get(f"/validate/{task.id}")
            assert page.all("//*[@id='vendor']/b") == ["V-001"]
            assert said in page.text
            form = {**page.form(f"/validate/{task.id}"), "field_supplier_tax_id": WRONG}
            live = await browser.post(f"/validate/{task.id}/check", form)
            assert "is not the number" not in live.answer.text
            assert f"{WRONG} is the number the vendor list has" in live.answer.text
        number_added = {"tax_ids": [WRONG, number]}
        assert (await http.patch(f"/v1/vendors/{vendor['id']}", json=number_added)).status_code == 200
    other = generate("invoice", 951, country="DE", form="einvoice_xml_ubl")
    assert desk.row(desk.read(other)[1]).vendor["code"] == "V-001", "the list is read anew once it changed"
    key = StepKey(ticket, 1, "look")
    with desk.store.step(key, world.acme, Actor("user", str(agent.id))) as step:
        assert step.vendor_mark().startswith(str(world.acme))


async def test_a_printed_paper_is_spelt_as_the_list_has_it(
    world: World, keeper: Person, reader: Reader
) -> None:
    paper = generate("invoice", 930)
    name, _ = supplier(paper)
    async with world.http(keeper) as http:
        assert (
            await http.post("/v1/vendors", json=bright(world, name=name.upper(), tax_ids=[]))
        ).status_code == 201
    desk = Desk(world, reader)
    _, document = desk.read(paper)
    row = desk.row(document)
    assert row.fields["supplier_name"]["value"] == name.upper()
    assert row.vendor == {"code": "V-001", "name": name.upper()}


# --- pages ------------------------------------------------------------------------------------------------------------


async def test_a_list_is_taken_in_and_kept_by_pages(world: World, keeper: Person) -> None:
    async with browsing(world, keeper) as browser:
        page = await browser.get("/vendors/import?client=acme")
        form = page.form("/vendors/import")
        content = b"code,name,account\nV-1,Bright Paper,6815\nV-2,Wrong,9999\n"

        async def send(**more: str) -> Any:
            return await browser.client.post(
                "/vendors/import",
                data={**(await browser.get("/vendors/import")).form("/vendors/import"), **more},
                files={"files": ("list.csv", content, "text/csv")},
                headers=SAME_SITE,
            )

        assert form["client"] == "acme"
        tried = await send(dry_run="yes")
        assert tried.status_code == 200, tried.text
        assert "Nothing was kept" in tried.text
        taken = await send()
        assert "account 9999 is not in the chart of accounts" in taken.text
        both = await send(_key="one-key", dry_run="yes")
        other = await send(_key="one-key")
        assert (both.status_code, other.status_code) == (200, 422), "the same key with something else asked"
        missing = await browser.post("/vendors/import", form)
        assert (missing.status, "Choose a file first" in missing.text) == (422, True)
        listed = await browser.get("/vendors?q=bright&active=yes")
        (to,) = set(listed.all("//a[@data-row]/@href"))
        sent = await browser.submit(to, to, tax_ids="27AAPFU0939F1ZV; 29AAGCB7383J1Z4", account="6300")
        assert sent.status == 303, sent.text
        vendor = (await browser.get(to)).form(to)
        assert (vendor["tax_ids"], vendor["account"]) == ("27AAPFU0939F1ZV; 29AAGCB7383J1Z4", "6300")
        refused = await browser.submit(to, to, account="4711")
        assert (refused.status, "4711 is not in the client" in refused.text) == (422, True)
        stale = await browser.post(to, {**vendor, "_key": str(new_id()), "_version": "1", "name": "Late"})
        assert stale.status == 412
        names = "; ".join(f"{n:02} {'x' * 290}" for n in range(20))
        long = await browser.submit(to, to, aliases=names)
        assert long.status == 303 and (await browser.get(to)).form(to)["aliases"] == names, "nothing is cut"
        wide = await browser.submit(to, to, address="x" * 2_001)
        assert wide.status == 422, "what is too long is refused, not cut"
        added = await browser.submit("/vendors/new", "/vendors", code="V-9", name="Corner Shop")
        assert added.status == 303, added.text
        rows = list(csv.reader(io.StringIO((await browser.client.get("/vendors.csv?active=yes")).text)))
        assert {row[0] for row in rows[1:]} == {"V-1", "V-9"}
        rule = await browser.submit("/coding-rules", "/coding-rules", pattern="toner", account="6815")
        assert rule.status == 303, rule.text
        (to,) = set((await browser.get("/coding-rules")).all("//a[@data-row]/@href"))
        again = await browser.submit(to, to, pattern="toner", account="4711", act="save")
        assert again.status == 422
        remove = removal(await browser.get(to), to)
        gone = await browser.post(to, remove)
        assert (gone.status, gone.to) == (303, "/coding-rules?client=acme"), gone.text
        assert "No coding rules yet" in (await browser.get("/coding-rules")).text
        repeated = await browser.post(to, remove)
        assert (repeated.status, repeated.to) == (303, gone.to), (
            "the same form once more is answered as before"
        )
        assert "“toner” was removed" in (await browser.get("/coding-rules")).text


def removal(page: Any, to: str) -> dict[str, str]:
    """The form that removes a rule."""
    (form,) = page.tree.xpath(f"//details[@id='remove']/form[@action='{to}']")
    return dict(form.form_values())


async def test_saving_a_rule_does_not_move_it_back_where_others_put_it_meanwhile(
    world: World, keeper: Person
) -> None:
    path = f"/v1/clients/{world.acme}/coding-rules"
    async with browsing(world, keeper) as browser, world.http(keeper) as http:
        ids = {}
        for pattern in ("toner", "rent", "paper"):
            body = {"client_id": str(world.acme), "pattern": pattern, "account": "6815"}
            ids[pattern] = (await http.post("/v1/coding-rules", json=body)).json()["id"]
        to = f"/coding-rules/{ids['paper']}"
        open_page = (await browser.get(to)).form(to)
        order = [ids[one] for one in ("paper", "toner", "rent")]
        assert (await http.post(f"{path}/order", json={"rules": order})).status_code == 200
        assert (await browser.post(to, {**open_page, "account": "6300"})).status == 303
        rules = (await http.get(path)).json()["items"]
        assert [(one["pattern"], one["account"]) for one in rules] == [
            ("paper", "6300"),
            ("toner", "6815"),
            ("rent", "6815"),
        ]
        moved = await browser.submit(to, to, place="3")
        assert moved.status == 303
        assert (await http.get(path)).json()["items"][2]["pattern"] == "paper"


async def test_a_page_offers_to_change_only_what_is_the_viewers_over_that_client(world: World) -> None:
    both = world.person(world.provider, ("finance", world.acme), ("lead", world.beta))
    own = world.person(world.beta, ("client_admin", world.beta))
    async with world.http(own) as http:
        listed = bright(world, client_id=str(world.beta), code="B-1", account="")
        vendor = (await http.post("/v1/vendors", json=listed)).json()
        body = {"client_id": str(world.beta), "pattern": "ours", "account": "1"}
        rule = (await http.post("/v1/coding-rules", json=body)).json()
    async with browsing(world, both) as browser:
        for path in (
            "/coding-rules?client=beta",
            f"/coding-rules/{rule['id']}",
            f"/vendors/{vendor['id']}",
            "/vendors?client=beta",
            f"/people/{own.id}",
        ):
            page = await browser.get(path)
            assert page.status == 200, path
            assert not page.all("//main//form[@method='post']//button"), path
            assert not page.all("//main//a[starts-with(@href, '/vendors/new')]"), path
        assert (await browser.get("/coding-rules?client=acme")).all("//details[@id='add']")
        form = (await browser.get("/coding-rules?client=acme")).form("/coding-rules")
        typed = {"pattern": "theirs", "account": "6815"}
        wrong = await browser.post("/coding-rules", {**form, **typed, "client": "beta"})
        assert wrong.status == 404 and not wrong.tree.xpath("//form[@action='/coding-rules']")
        form = (await browser.get("/vendors/new?client=acme")).form("/vendors")
        wrong = await browser.post("/vendors", {**form, "code": "X", "name": "X", "client": "beta"})
        assert wrong.status == 404 and not wrong.tree.xpath("//form[@action='/vendors']")
    assert not world.sql(world.acme, "select 1 from coding_rule where pattern = 'theirs'")
