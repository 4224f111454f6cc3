"""A client's own chart of accounts: kept by API and pages, seen by that client alone, and what coding makes of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.support.api import Person, World, world_on
from tests.support.portal import SAME_SITE, Page, browsing
from ticketos.db.ids import new_id
from ticketos.db.repositories import chart, coding, learning_examples, ledger
from ticketos.db.repositories.tickets import get as ticket_of
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import PostJournal
from ticketos.domain.ledger import Posting
from ticketos.domain.money import Money
from ticketos.lines.data_entry.coding_model import LEARNABLE

NEEDED = ["1400", "2100", "6000", "6990"]
FILE = (
    b"code,name,kind,active\n"
    b"6815,Office supplies,expense,yes\n"
    b"6310,Rent,expense,\n"
    b"=cmd,Formula,expense,yes\n"
    b"6820,Odd,revenue,yes\n"
    b"2100,Trade payables,liability,no\n"
    b",Without code,expense,yes\n"
)


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("chart")) as made:
        yield made


@pytest.fixture(scope="module")
def keeper(world: World) -> Person:
    return world.person(world.acme, ("client_admin", world.acme))


@pytest.fixture(autouse=True)
def clean(world: World) -> None:
    for client in (world.acme, world.beta, world.provider):
        for table in ("ledger_account", "coding_rule", "vendor_memory"):
            world.sql(client, f"delete from {table}")
        world.sql(client, "update vendor set active = false, account = '', code = id::text")
    world.sql(world.acme, "update client set settings = '{}' where id = %s", (world.acme,))


def supplies(world: World, **values: Any) -> dict[str, Any]:
    return {
        "client_id": str(world.acme),
        "code": "6815",
        "name": "Office supplies",
        "kind": "expense",
        **values,
    }


def events(world: World, name: str) -> list[Any]:
    return world.sql(
        world.acme, "select before, after from audit_event where event = %s order by seq", (name,)
    )


def booked(world: World, account: str, client: UUID | None = None) -> None:
    """An entry on this account."""
    book = client or world.acme
    sides = tuple(
        Posting(one, Money(amount, "INR")) for one, amount in ((account, Decimal(5)), ("2100", Decimal(-5)))
    )
    entry = PostJournal(new_id(), str(new_id()), datetime.now(UTC).date(), "m", sides, "document", new_id())
    with world.services.database.transaction([book]) as connection:
        ledger.post(connection, book, [entry], new_id)


async def accounts(http: Any, **query: Any) -> list[str]:
    found = (await http.get("/v1/ledger-accounts", params=query)).json()["items"]
    return [one["code"] for one in found]


# --- one by one -------------------------------------------------------------------------------------------------------


async def test_an_account_is_added_found_changed_and_told_in_the_trail(world: World, keeper: Person) -> None:
    async with world.http(keeper) as http:
        key = {"Idempotency-Key": str(new_id())}
        made = await http.post("/v1/ledger-accounts", json=supplies(world, code="6899"), headers=key)
        assert made.status_code == 201, made.text
        address = made.headers["location"]
        again = await http.post("/v1/ledger-accounts", json=supplies(world, code="6899"), headers=key)
        assert (again.status_code, again.json()["id"]) == (201, made.json()["id"]), "sent twice, added once"
        assert await accounts(http) == sorted(["6899", *NEEDED]), "with the first come those entries need"
        twice = await http.post("/v1/ledger-accounts", json=supplies(world, code="6899"))
        assert (twice.status_code, twice.json()["code"]) == (409, "already-exists")
        for wrong, code in (
            ({"code": "68 15"}, "account-code-invalid"),
            ({"kind": "revenue"}, "request-invalid"),
        ):
            refused = await http.post("/v1/ledger-accounts", json=supplies(world, **wrong))
            assert (refused.status_code, refused.json()["code"]) == (422, code)
        for query, codes in (
            ({"q": "SUPPL"}, ["6899"]),
            ({"q": "68"}, ["6899"]),
            ({"q": "%"}, []),
            ({"kind": "liability"}, ["2100"]),
            ({"active": False}, []),
            ({"client_id": str(world.acme), "kind": "expense"}, ["6000", "6899", "6990"]),
        ):
            assert await accounts(http, **query) == codes, query
        news = {"name": "Stationery", "active": False}
        kept = await http.patch(address, json=news, headers={"If-Match": made.headers["etag"]})
        assert (kept.json()["version"], kept.json()["active"]) == (2, False)
        same = await http.patch(address, json=news, headers={"If-Match": kept.headers["etag"]})
        assert same.json()["version"] == 2, "what is there already is no change"
        late = await http.patch(address, json={"name": "Late"}, headers={"If-Match": made.headers["etag"]})
        assert (late.status_code, late.json()["params"]) == (412, {"current": "2"})
        assert (await http.patch(address, json={"code": "1"})).status_code == 422, "a code never changes"
        gone = await http.delete(address, headers={"If-Match": kept.headers["etag"]})
        assert (gone.status_code, (await http.get(address)).status_code) == (204, 404)
    saved = events(world, "admin.ledger_account_saved")
    assert (saved[-1].before, saved[-1].after) == ({"name": "Office supplies", "active": True}, news)
    assert len([one for one in saved if one.after.get("code") in NEEDED]) == 4
    assert events(world, "admin.ledger_account_removed")[-1].before == {
        "code": "6899",
        "name": "Stationery",
        "kind": "expense",
        "active": False,
    }


async def test_pages_of_accounts_hold_each_once(world: World, keeper: Person) -> None:
    rows = "".join(f"{n},Account,asset\n" for n in range(7000, 7009))
    async with world.http(keeper, **{"Content-Type": "text/csv"}) as http:
        path = f"/v1/clients/{world.acme}/ledger-accounts/import"
        assert (await http.post(path, content=f"code,name,kind\n{rows}")).json()["created"] == 9
        found: list[str] = []
        cursor = None
        while True:
            query = {"limit": 4, **({"cursor": cursor} if cursor else {})}
            page = (await http.get("/v1/ledger-accounts", params=query)).json()
            found += [one["code"] for one in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert found == sorted([*NEEDED, *(str(n) for n in range(7000, 7009))])
        wrong = await http.get("/v1/ledger-accounts", params={"cursor": "x"})
        assert wrong.json()["code"] == "cursor-invalid"


async def test_what_is_in_use_is_switched_off_and_never_removed(world: World, keeper: Person) -> None:
    async with world.http(keeper) as http:
        made = {}
        for code in ("8100", "8102", "8101", "8103", "8104"):
            made[code] = (await http.post("/v1/ledger-accounts", json=supplies(world, code=code))).json()[
                "id"
            ]
        ticket = world.ticket(world.acme)
        world.document(world.acme, ticket, coding={"account": "8101"})
        booked(world, "8100")
        rule = {"client_id": str(world.acme), "pattern": "toner", "account": "8102"}
        assert (await http.post("/v1/coding-rules", json=rule)).status_code == 201
        vendor = {"client_id": str(world.acme), "code": "V-1", "name": "Bright", "account": "8103"}
        assert (await http.post("/v1/vendors", json=vendor)).status_code == 201
        uses = {"8100": ["entries"], "8101": ["documents"], "8102": ["coding-rules"], "8103": ["vendors"]}
        for code, used_by in uses.items():
            refused = await http.delete(f"/v1/ledger-accounts/{made[code]}")
            assert (refused.status_code, refused.json()["code"]) == (409, "account-in-use")
            assert refused.json()["params"]["used_by"] == used_by
            off = await http.patch(f"/v1/ledger-accounts/{made[code]}", json={"active": False})
            assert (off.status_code, off.json()["active"]) == (200, False)
        assert (await http.delete(f"/v1/ledger-accounts/{made['8104']}")).status_code == 204
        kind = await http.patch(f"/v1/ledger-accounts/{made['8100']}", json={"kind": "asset"})
        assert (kind.status_code, kind.json()["code"]) == (409, "account-kind-fixed")
        free = await http.patch(f"/v1/ledger-accounts/{made['8102']}", json={"kind": "asset"})
        assert free.json()["kind"] == "asset"


async def test_what_entries_need_stays_in_use(world: World, keeper: Person) -> None:
    admin = world.person(world.provider, ("admin", None))
    async with world.http(keeper) as http:
        await http.post("/v1/ledger-accounts", json=supplies(world))
        listed = (await http.get("/v1/ledger-accounts")).json()["items"]
        at = {one["code"]: f"/v1/ledger-accounts/{one['id']}" for one in listed}
        for code in NEEDED:
            refused = await http.patch(at[code], json={"active": False})
            assert (refused.status_code, refused.json()["code"]) == (409, "account-needed"), code
            assert (await http.delete(at[code])).json()["code"] == "account-needed"
            assert (await http.patch(at[code], json={"name": f"Our {code}"})).status_code == 200
        client = f"/v1/clients/{world.acme}"

        async def settle(account: str) -> Any:
            body = {"settings": {"coding": {"default_account": account}}}
            return await http.patch(client, json=body, headers=admin.headers)

        assert (await settle("5100")).json()["code"] == "account-unknown"
        assert (await settle("6815")).status_code == 200
        assert (await http.patch(at["6815"], json={"active": False})).json()["code"] == "account-needed"
        assert (await http.patch(at["6000"], json={"active": False})).status_code == 200, "needed no more"
        assert (await settle("6000")).json()["code"] == "account-inactive"
    owner = world.person(world.provider, ("finance", None))
    async with world.http(owner) as http:
        own = supplies(world, client_id=str(world.provider), code="1000", kind="asset")
        assert (await http.post("/v1/ledger-accounts", json=own)).status_code == 201
        found = (await http.get("/v1/ledger-accounts", params={"client_id": str(world.provider)})).json()
        at = {one["code"]: f"/v1/ledger-accounts/{one['id']}" for one in found["items"]}
        sales = await http.patch(at["4000"], json={"active": False})
        assert (sales.json()["code"], sales.json()["params"]["role"]) == ("account-needed", "invoices")


async def test_another_clients_chart_is_not_there(world: World, keeper: Person) -> None:
    foreign = world.person(world.beta, ("client_admin", world.beta))
    reader = world.person(world.provider, ("auditor", world.acme))
    agent = world.person(world.provider, ("agent", world.acme))
    async with world.http(keeper) as http:
        made = (await http.post("/v1/ledger-accounts", json=supplies(world))).json()
        doors = [
            ("GET", f"/v1/ledger-accounts/{made['id']}", None),
            ("PATCH", f"/v1/ledger-accounts/{made['id']}", {"name": "n"}),
            ("DELETE", f"/v1/ledger-accounts/{made['id']}", None),
            ("POST", "/v1/ledger-accounts", supplies(world, code="1")),
            ("GET", f"/v1/ledger-accounts?client_id={world.acme}", None),
            ("GET", f"/v1/clients/{world.acme}/ledger-accounts/export", None),
        ]
        for method, path, body in doors:
            answer = await http.request(method, path, json=body, headers=foreign.headers)
            assert answer.status_code == 404, (method, path, answer.text)
            refused = await http.request(method, path, json=body, headers=agent.headers)
            assert refused.status_code == 403, (method, path, refused.text)
            seen = await http.request(method, path, json=body, headers=reader.headers)
            assert seen.status_code == (200 if method == "GET" else 403), (method, path, seen.text)
        taken = await http.post(
            f"/v1/clients/{world.acme}/ledger-accounts/import",
            content=FILE,
            headers={**foreign.headers, "Content-Type": "text/csv"},
        )
        assert taken.status_code == 404
        assert await accounts(http) == sorted(["6815", *NEEDED])
        listed = await http.get("/v1/ledger-accounts", headers=foreign.headers)
        assert listed.json()["items"] == []
    assert world.sql(world.beta, "select count(*) from ledger_account")[0][0] == 0
    with pytest.raises(Exception, match="row-level security") as refusal:
        world.sql(
            world.beta,
            "insert into ledger_account (client_id, code, name, kind) values (%s, '1', 'n', 'asset')",
            (world.acme,),
        )
    assert isinstance(refusal.value.__cause__ or refusal.value, psycopg.Error)


# --- as a file --------------------------------------------------------------------------------------------------------


async def test_a_chart_is_taken_in_bad_lines_are_named_and_a_trial_keeps_nothing(
    world: World, keeper: Person
) -> None:
    path = f"/v1/clients/{world.acme}/ledger-accounts/import"
    async with world.http(keeper, **{"Content-Type": "text/csv; charset=utf-8"}) as http:
        tried = (await http.post(path, content=FILE, params={"dry_run": True})).json()
        assert (tried["created"], tried["refused"], tried["dry_run"]) == (2, 4, True)
        assert await accounts(http) == []
        taken = (await http.post(path, content=FILE)).json()
        assert {name: taken[name] for name in ("created", "updated", "unchanged")} == {
            "created": 2,
            "updated": 0,
            "unchanged": 0,
        }
        kinds = "asset, liability, equity, income, expense"
        assert taken["rows"] == [
            {
                "line": 4,
                "code": "=cmd",
                "reason": "code may hold letters, digits and . - _ / between them, at most 40",
            },
            {"line": 5, "code": "6820", "reason": f"kind is “revenue”; write one of {kinds}"},
            {
                "line": 6,
                "code": "2100",
                "reason": "account 2100 is needed: entries go to it by themselves, so it cannot be switched off",
            },
            {"line": 7, "code": "", "reason": "code is empty"},
        ]
        assert await accounts(http) == sorted(["6815", "6310", *NEEDED])
        booked(world, "6310")
        other = b"code,name,kind\n6815,Stationery,expense\n6310,Rent,asset\n2100,Creditors,liability\n"
        changed = (await http.post(path, content=other)).json()
        assert (changed["created"], changed["updated"], changed["refused"]) == (0, 2, 1)
        assert changed["rows"][0]["reason"] == "account 6310 has entries as expense; its kind stays"
        for content, code in (
            (b"name\nx\n", "account-file-columns"),
            ("é".encode("latin-1"), "account-file-no-text"),
        ):
            broken = await http.post(path, content=content)
            assert (broken.status_code, broken.json()["code"]) == (422, code)
        wrong = await http.post(path, json={}, headers={"Content-Type": "application/json"})
        assert wrong.status_code == 415
    told = events(world, "admin.chart_imported")
    assert told[-2].after == {"created": 2, "updated": 0, "unchanged": 0, "refused": 4}


async def test_a_chart_is_given_out_without_formulas_and_taken_back_unchanged(
    world: World, keeper: Person
) -> None:
    path = f"/v1/clients/{world.acme}/ledger-accounts"
    async with world.http(keeper) as http:
        for n, name in enumerate(('=HYPERLINK("http://evil.example")', "+1", "@sum", "-2+3")):
            body = supplies(world, code=f"70{n:02}", name=name, active=n != 1)
            assert (await http.post("/v1/ledger-accounts", json=body)).status_code == 201
        given = await http.get(f"{path}/export")
        assert given.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.reader(io.StringIO(given.text.removeprefix("\ufeff"))))
        assert rows[0] == ["code", "name", "kind", "active"]
        assert [row for row in rows if row[0].startswith("70")] == [
            ["7000", '\'=HYPERLINK("http://evil.example")', "expense", "yes"],
            ["7001", "+1", "expense", "no"],
            ["7002", "'@sum", "expense", "yes"],
            ["7003", "'-2+3", "expense", "yes"],
        ]
        back = await http.post(f"{path}/import", content=given.content, headers={"Content-Type": "text/csv"})
        assert (back.json()["unchanged"], back.json()["updated"], back.json()["refused"]) == (8, 0, 0)
    async with browsing(world, keeper) as browser:
        file = await browser.client.get("/chart-of-accounts.csv?q=HYPER")
        assert file.text.splitlines()[1].startswith("7000,\"'=HYPERLINK")


# --- who names an account ---------------------------------------------------------------------------------------------


async def test_vendors_and_rules_take_accounts_in_use_and_keep_what_they_have(
    world: World, keeper: Person
) -> None:
    async with world.http(keeper) as http:
        made = (await http.post("/v1/ledger-accounts", json=supplies(world))).json()
        about = {"client_id": str(world.acme)}
        vendor = {**about, "code": "V-1", "name": "Bright", "account": "6815"}
        rule = {**about, "pattern": "toner", "account": "6815"}
        addresses = [
            (await http.post("/v1/vendors", json=vendor)).headers["location"],
            (await http.post("/v1/coding-rules", json=rule)).headers["location"],
        ]
        off = await http.patch(f"/v1/ledger-accounts/{made['id']}", json={"active": False})
        assert off.status_code == 200
        for address, news in zip(addresses, ({"name": "Brighter"}, {"pattern": "inks"}), strict=True):
            kept = await http.patch(address, json={**news, "account": "6815"})
            assert kept.status_code == 200, "what it has already, it may keep"
            assert (await http.patch(address, json={"account": "6000"})).status_code == 200
            back = await http.patch(address, json={"account": "6815"})
            assert (back.status_code, back.json()["code"]) == (422, "account-inactive")
            assert "6815 is switched off" in back.json()["detail"]
        for path, body in (("/v1/vendors", {**vendor, "code": "V-2"}), ("/v1/coding-rules", rule)):
            assert (await http.post(path, json=body)).json()["code"] == "account-inactive"
        world.sql(world.acme, "update vendor set account = '6815' where code = 'V-1'")
        file = b"code,name,account\nV-1,Bright again,6815\nV-3,New,6815\n"
        taken = await http.post(
            f"/v1/clients/{world.acme}/vendors/import", content=file, headers={"Content-Type": "text/csv"}
        )
        assert (taken.json()["updated"], taken.json()["created"]) == (1, 0)
        assert taken.json()["rows"] == [
            {"line": 3, "code": "V-3", "reason": "account 6815 is switched off in the chart of accounts"}
        ]


def proposed(world: World, supplier: str) -> dict[str, str]:
    """How a document of this supplier would be coded."""
    ticket = world.ticket(world.acme, service_line="data_entry")
    document = world.document(
        world.acme, ticket, doc_type="invoice", fields={"supplier_name": {"value": supplier}}
    )
    with world.services.database.transaction([world.acme, world.provider]) as connection:
        row = ticket_of(connection, ticket)
        assert row is not None
        return coding.proposal(connection, row, document, world.provider)


async def test_coding_goes_to_accounts_in_use_and_learns_from_them_alone(
    world: World, keeper: Person
) -> None:
    async with world.http(keeper) as http:
        ids = {}
        for code in ("6815", "6300", "6400"):
            ids[code] = (await http.post("/v1/ledger-accounts", json=supplies(world, code=code))).json()["id"]

        async def switch(code: str, active: bool) -> None:
            done = await http.patch(f"/v1/ledger-accounts/{ids[code]}", json={"active": active})
            assert done.status_code == 200

        vendor = {"client_id": str(world.acme), "code": "V-1", "name": "Bright Paper", "account": "6300"}
        assert (await http.post("/v1/vendors", json=vendor)).status_code == 201
        rule = {"client_id": str(world.acme), "pattern": "bright", "account": "6400"}
        assert (await http.post("/v1/coding-rules", json=rule)).status_code == 201
        world._insert(
            "vendor_memory",
            world.acme,
            {"client_id": world.acme, "vendor_key": "bright paper", "account": "6815", "times": 3},
        )
        by_off = []
        for code in ("", "6815", "6300", "6400"):
            if code:
                await switch(code, False)
            found = proposed(world, "Bright Paper")
            by_off.append((found["by"], found["account"]))
        assert by_off == [("memory", "6815"), ("vendor", "6300"), ("rule", "6400"), ("default", "6000")]
        await switch("6815", True)
        assert proposed(world, "Bright Paper")["by"] == "memory", "and back with it"

        about: dict[str, Any] = {"state": "posted", "done_at": datetime.now(UTC)}
        taught = {
            code: world.document(
                world.acme, world.ticket(world.acme), coding={"account": code, "by": "person"}, **about
            )
            for code in ("6815", "6300", "9999")
        }

        def learnt() -> set[UUID]:
            with world.services.database.transaction([world.acme]) as connection:
                split = learning_examples.split(connection, world.acme, LEARNABLE)
            return {one for one in (*split.known, *split.kept_back) if one in taught.values()}

        assert learnt() == {taught["6815"]}
        world.sql(world.acme, "delete from ledger_account")
        assert learnt() == set(taught.values()), "without a chart every choice teaches"


# --- pages ------------------------------------------------------------------------------------------------------------


def options(page: Page) -> list[str]:
    return list(page.all("//datalist[@id='accounts']/option/@value"))


async def test_a_chart_is_kept_by_pages(world: World, keeper: Person) -> None:
    async with browsing(world, keeper) as browser:
        assert "No accounts yet" in (await browser.get("/chart-of-accounts")).text

        async def send(**more: str) -> Any:
            form = (await browser.get("/chart-of-accounts/import")).form("/chart-of-accounts/import")
            return await browser.client.post(
                "/chart-of-accounts/import",
                data={**form, **more},
                files={"files": ("chart.csv", FILE, "text/csv")},
                headers=SAME_SITE,
            )

        tried = await send(dry_run="yes")
        assert "Nothing was kept" in tried.text
        assert "No accounts yet" in (await browser.get("/chart-of-accounts")).text
        taken = await send()
        assert "kind is “revenue”" in taken.text and "6820" in taken.text
        missing = await browser.post(
            "/chart-of-accounts/import",
            (await browser.get("/chart-of-accounts/import")).form("/chart-of-accounts/import"),
        )
        assert (missing.status, "Choose a file first" in missing.text) == (422, True)

        added = await browser.submit(
            "/chart-of-accounts/new", "/chart-of-accounts", code="6400", name="Insurance", kind="expense"
        )
        assert (added.status, added.to) == (303, "/chart-of-accounts?client=acme"), added.text
        assert "Account 6400 was added." in (await browser.get("/chart-of-accounts")).text
        typed = {"code": "64 00", "name": "Kept as typed", "kind": "asset"}
        refused = await browser.submit("/chart-of-accounts/new", "/chart-of-accounts", **typed)
        assert refused.status == 422
        assert {name: refused.form("/chart-of-accounts")[name] for name in typed} == typed
        assert "is no code of an account" in refused.text

        for query, codes in (
            ("q=suppl", ["6815"]),
            ("kind=liability", ["2100"]),
            ("active=no", []),
            ("client=acme&kind=expense&q=6", ["6000", "6310", "6400", "6815", "6990"]),
        ):
            page = await browser.get(f"/chart-of-accounts?{query}")
            assert list(page.all("//a[@data-row]/b")) == codes, query

        (to,) = set((await browser.get("/chart-of-accounts?q=6815")).all("//a[@data-row]/@href"))
        for path in ("/vendors/new?client=acme", "/coding-rules?client=acme"):
            assert "6815" in options(await browser.get(path))
        rule = await browser.submit("/coding-rules", "/coding-rules", pattern="toner", account="6815")
        assert rule.status == 303, rule.text
        vendor = await browser.submit("/vendors/new", "/vendors", code="V-7", name="Seven", account="6815")
        assert vendor.status == 303, vendor.text
        open_page = (await browser.get(to)).form(to)
        off = {name: value for name, value in open_page.items() if name != "active"}
        assert (await browser.post(to, {**off, "name": "Stationery"})).status == 303
        late = await browser.post(to, {**open_page, "_key": str(new_id()), "name": "Mine"})
        assert late.status == 412
        assert "Stationery" in late.text and "Mine" in late.text, "both versions are shown"
        for path in ("/vendors/new?client=acme", "/coding-rules?client=acme"):
            assert "6815" not in options(await browser.get(path)), path
        rules = await browser.get("/coding-rules?client=acme")
        assert "Stationery" in rules.text and "Switched off" in rules.text
        listed = await browser.get("/vendors?q=V-7")
        assert "Stationery" in listed.text and "Switched off" in listed.text, "a code is said with its name"
        (at,) = set(listed.all("//a[@data-row]/@href"))
        assert "Stationery. " in (await browser.get(at)).text
        assert "Switched off in the chart of accounts" in (await browser.get(at)).text
        assert (await browser.submit(at, at, name="Seven Ltd")).status == 303, "an old account may stay"

        used = await browser.get(to)
        assert "coding rules" in used.all("//*[@id='uses']")[0]
        assert not used.all("//*[@id='remove']")
        (payable,) = set((await browser.get("/chart-of-accounts?q=2100")).all("//a[@data-row]/@href"))
        page = await browser.get(payable)
        assert "it cannot be switched off" in page.text
        assert not page.all("//input[@type='checkbox'][@name='active']/@name")
        assert (await browser.submit(payable, payable, name="Creditors")).status == 303

        (unused,) = set((await browser.get("/chart-of-accounts?q=6400")).all("//a[@data-row]/@href"))
        (form,) = (await browser.get(unused)).tree.xpath(f"//details[@id='remove']/form[@action='{unused}']")
        remove = dict(form.form_values())
        assert (await browser.post(unused, remove)).status == 303
        assert "Account 6400 was removed." in (await browser.get("/chart-of-accounts")).text
        assert (await browser.post(unused, remove)).status == 303, "sent again, answered as before"
        assert (await browser.get(unused)).status == 404


async def test_an_old_document_still_names_an_account_that_is_switched_off(
    world: World, keeper: Person
) -> None:
    agent = world.person(world.provider, ("agent", world.acme), ("lead", world.acme), skills=["data_entry"])
    ticket = world.ticket(world.acme, service_line="data_entry", stage="delivery")
    document = world.document(
        world.acme,
        ticket,
        state="keying",
        doc_type="invoice",
        coding={"account": "6815", "by": "person", "reason": "chosen by a person"},
    )
    task = world.task(world.acme, ticket, subject_id=document, skill="data_entry", assigned_to=agent.id)
    async with world.http(keeper) as http:
        made = (await http.post("/v1/ledger-accounts", json=supplies(world))).json()
        await http.patch(f"/v1/ledger-accounts/{made['id']}", json={"active": False})
    async with browsing(world, agent) as browser:
        page = await browser.get(f"/documents/{document}")
        assert "Office supplies" in page.text and "Switched off" in page.text
        keying = await browser.get(f"/validate/{task}")
        assert keying.form(f"/validate/{task}")["coding_account"] == "6815"
        assert options(keying) == NEEDED


async def test_a_page_offers_to_change_only_what_is_the_viewers_over_that_client(world: World) -> None:
    both = world.person(world.provider, ("finance", world.acme), ("lead", world.beta))
    own = world.person(world.beta, ("client_admin", world.beta))
    async with world.http(own) as http:
        body = supplies(world, client_id=str(world.beta))
        account = (await http.post("/v1/ledger-accounts", json=body)).json()
    async with browsing(world, both) as browser:
        for path in ("/chart-of-accounts?client=beta", f"/chart-of-accounts/{account['id']}"):
            page = await browser.get(path)
            assert page.status == 200, path
            assert not page.all("//main//form[@method='post']//button"), path
            assert not page.all("//main//a[starts-with(@href, '/chart-of-accounts/new')]"), path
        form = (await browser.get("/chart-of-accounts/new?client=acme")).form("/chart-of-accounts")
        typed = {"code": "9", "name": "Theirs", "kind": "asset", "client": "beta"}
        wrong = await browser.post("/chart-of-accounts", {**form, **typed})
        assert wrong.status == 404 and not wrong.tree.xpath("//form[@action='/chart-of-accounts']")
    assert not world.sql(world.beta, "select 1 from ledger_account where name = 'Theirs'")


def test_the_migration_keeps_the_accounts_there_were(world: World) -> None:
    """Rows as the books wrote them before, with neither id nor version."""
    with world.services.database.transaction([world.acme]) as connection:
        ledger.ensure_chart(connection, world.acme, [("1", "One", "asset")])
        ledger.ensure_chart(connection, world.acme, [("1", "Another name", "asset")])
        assert chart.names(connection, world.acme) == {"1": ("One", True)}
