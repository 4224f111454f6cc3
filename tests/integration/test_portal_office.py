"""Administration in the browser: people, clients, contracts, calendars, and the first steps of an installation."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import PASSWORD, Person, World, world_on
from tests.support.books import contract
from tests.support.databases import PostgresCluster
from tests.support.portal import SAME_SITE, Browser, Page, browsing
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        yield made


@pytest.fixture(scope="module")
def admin(world: World) -> Person:
    return world.person(world.provider, ("admin", None))


def of(page: Page, action: str) -> dict[str, Any]:
    """The form as the page filled it, ticked boxes included."""
    form = page.tree.xpath(f"//form[@action='{action}']")[0]
    values: dict[str, Any] = {}
    for name, value in form.form_values():
        values.setdefault(name, []).append(value)
    return values


async def send(browser: Browser, path: str, fields: dict[str, Any]) -> Page:
    return Page(await browser.client.post(path, data=fields, headers=SAME_SITE))


async def test_who_may_only_look_gets_fields_that_cannot_be_changed(world: World, admin: Person) -> None:
    agreed, hours = f"/contracts/{contract(world, world.acme)}", f"/calendars/{new_id()}"
    values = {"id": UUID(hours[-36:]), "client_id": world.acme, "name": "Office", "definition": {}}
    world._insert("calendar", world.acme, values)
    looks = ((f"/clients/{world.acme}", "success"), (agreed, "success"), (hours, "success"))
    for path, role in (*looks, (f"/people/{admin.id}", "wfm")):
        async with browsing(world, world.person(world.provider, (role, None))) as browser:
            page = await browser.get(path)
            assert "You can look at this, and not change it." in page.text
            assert page.tree.xpath("//main//form//fieldset[@disabled]//input[@name='name']")
            typed = "self::input[not(@type='hidden')] or self::select or self::textarea"
            outside = f"//main//form[@method='post']//*[{typed}][not(ancestor::fieldset[@disabled])]"
            assert page.all(f"{outside}/@name") == []
    async with browsing(world, admin) as browser:
        for path in (f"/clients/{world.acme}", f"/people/{admin.id}", agreed, hours):
            assert not (await browser.get(path)).tree.xpath("//main//fieldset[@disabled]")


async def test_an_administrator_adds_an_agent_who_can_sign_in_and_be_given_work(
    world: World, admin: Person
) -> None:
    async with browsing(world, admin) as browser:
        fields = of(await browser.get("/people/new"), "/people") | {
            "company": [str(world.provider)], "name": ["Meera Nair"], "email": ["meera@provider.example"],
            "password": [PASSWORD], "role": ["agent"], "scope": ["*"], "skills": ["data_entry"],
            "until_data_entry": ["2031-12-31"], "capacity": ["30"],
        }  # fmt: skip
        done = await send(browser, "/people", fields)
        assert (done.status, done.to) == (303, "/people"), done.text
        assert "Meera Nair was added" in (await browser.get("/people")).text
    row = world.sql(
        world.provider,
        "select skills, certifications, capacity from app_user where email = 'meera@provider.example'",
    )[0]
    assert (row.skills, row.certifications, row.capacity) == (
        ["data_entry"],
        {"data_entry": "2031-12-31"},
        30,
    )
    async with browsing(world) as browser:
        page = await browser.get("/login")
        signed = await browser.post(
            "/login", {**page.form("/login"), "email": "meera@provider.example", "password": PASSWORD}
        )
        assert signed.status == 303


async def test_a_person_changed_meanwhile_is_refused_with_both_versions(world: World, admin: Person) -> None:
    person = world.person(world.provider, ("agent", None), name="Before")
    path = f"/people/{person.id}"
    async with browsing(world, admin) as browser:
        fields = of(await browser.get(path), path)
        world.sql(
            world.provider,
            "update app_user set name = 'Theirs', row_version = row_version + 1 where id = %s",
            (person.id,),
        )
        stale = await send(browser, path, fields | {"name": ["Mine"]})
        assert stale.status == 412
        table = stale.all("//section[@aria-labelledby='stale']//tr")
        assert any("Theirs" in row and "Mine" in row for row in table)
        assert stale.form(path)["name"] == "Mine"  # nothing typed is lost
        assert (
            world.sql(world.provider, "select name from app_user where id = %s", (person.id,))[0].name
            == "Theirs"
        )
        done = await send(browser, path, of(stale, path))
        assert done.status == 303, done.text
    row = world.sql(world.provider, "select name from app_user where id = %s", (person.id,))[0]
    assert row.name == "Mine"
    grants = world.sql(world.provider, "select role from user_grant where user_id = %s", (person.id,))
    assert [one.role for one in grants] == ["agent"]  # the boxes that were ticked stay


async def test_taking_a_role_away_is_unticking_it(world: World, admin: Person) -> None:
    person = world.person(world.provider, ("agent", None), ("qa", None))
    path = f"/people/{person.id}"
    async with browsing(world, admin) as browser:
        fields = of(await browser.get(path), path)
        assert sorted(fields["grants"]) == ["agent:*", "qa:*"]
        assert (await send(browser, path, fields | {"grants": ["agent:*"]})).status == 303
    grants = world.sql(world.provider, "select role from user_grant where user_id = %s", (person.id,))
    assert [one.role for one in grants] == ["agent"]


async def test_a_clients_administrator_keeps_its_own_people_and_no_others(world: World) -> None:
    boss = world.person(world.acme, ("client_admin", world.acme))
    theirs = world.person(world.beta, ("client_user", world.beta), name="=Beta person")
    async with browsing(world, boss) as browser:
        page = await browser.get("/people/new")
        assert set(page.all("//select[@name='role']/option/@value")) == {"", "client_user", "client_admin"}
        fields = of(page, "/people") | {
            "name": ["=Asha"], "email": ["asha@acme.example"], "role": ["client_user"], "scope": [str(world.acme)],
        }  # fmt: skip
        assert (await send(browser, "/people", fields)).status == 303
        for role, scope in (("admin", str(world.acme)), ("client_user", str(world.beta)), ("ops", "*")):
            forged = await send(
                browser,
                "/people",
                fields | {"email": [f"{role}@x.example"], "role": [role], "scope": [scope], "_key": [role]},
            )
            assert forged.status in (403, 404), (role, forged.status)
        assert (await browser.get(f"/people/{theirs.id}")).status == 404
        token = (await browser.get("/account")).form("/logout")
        assert (await browser.post(f"/people/{theirs.id}", {**token, "name": "Taken"})).status == 404
        text = (await browser.get("/people.csv")).answer.text
        names = {row["name"] for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))}
        assert "'=Asha" in names
        assert "'=Beta person" not in names
    assert (
        world.sql(world.beta, "select name from app_user where id = %s", (theirs.id,))[0].name
        == "=Beta person"
    )
    assert not world.sql(world.acme, "select 1 from app_user where email like '%%@x.example'")


async def test_a_client_with_contract_and_calendar_is_made_and_edited(world: World, admin: Person) -> None:
    async with browsing(world, admin) as browser:
        page = await browser.get("/clients/new")
        fields = of(page, "/clients") | {
            "name": ["Gamma Traders"],
            "slug": ["gamma"],
            "prefix": ["GAMMA"],
            "state_code": ["29"],
        }
        bad = await send(browser, "/clients", fields | {"prefix": ["g a m"]})
        assert bad.status == 422
        assert bad.form("/clients")["name"] == "Gamma Traders"
        made = await send(browser, "/clients", of(bad, "/clients") | {"prefix": ["GAMMA"]})
        assert made.status == 303, made.text
        client = made.to
        client_id = UUID(client.rpartition("/")[2])
        assert "Next: its contract" in (await browser.get(client)).text

        hours = of(await browser.get("/calendars/new?client=gamma"), "/calendars") | {
            "name": ["Office"],
            "holidays": ["2026-01-26"],
        }
        assert (await send(browser, "/calendars", hours)).to == client
        wrong = await send(
            browser, "/calendars", hours | {"name": ["Wrong"], "day_0": ["18:00-09:00"], "_key": ["k2"]}
        )
        assert wrong.status == 422
        (calendar,) = world.sql(client_id, "select id, definition from calendar")
        assert calendar.definition["weekly"][0] == [["09:00", "18:00"]]
        assert calendar.definition["weekly"][6] == []

        own = f"/calendars/{calendar.id}"
        page = await browser.get(own)
        assert page.all("//input[@type='date'][@name='holidays']/@value")[0] == "2026-01-26"
        days = {
            "holidays": [
                "2026-01-26",
                "",
                "2026-08-15",
                "2026-10-02\n2026-12-25",
            ],  # the last is the box for many
            "special_day": ["2026-10-20", "2026-10-21", ""],
            "special_hours": ["09:00–13:00", "", ""],
        }
        assert (await send(browser, own, of(page, own) | days)).to == client
        (calendar,) = world.sql(client_id, "select id, definition from calendar")
        assert calendar.definition["holidays"] == ["2026-01-26", "2026-08-15", "2026-10-02", "2026-12-25"]
        assert calendar.definition["special"] == {"2026-10-20": [["09:00", "13:00"]], "2026-10-21": []}
        page = await browser.get(own)
        odd = days | {"holidays": ["Republic Day"], "special_day": [""], "special_hours": ["10:00–11:00"]}
        refused = await send(browser, own, of(page, own) | odd)
        assert refused.status == 422 and "Republic Day" in refused.form(own)["holidays"]
        assert "10:00–11:00" in refused.all("//input[@name='special_hours']/@value")

        terms = of(await browser.get("/contracts/new?client=gamma"), "/contracts") | {
            "number": ["G-1"], "name": ["Entry"], "unit_price": ["4.50"], "calendar_id": [str(calendar.id)], "deemed": ["2"],
        }  # fmt: skip
        refused = await send(browser, "/contracts", terms | {"sample_rate": ["a lot"]})
        assert refused.status == 422
        assert refused.form("/contracts")["unit_price"] == "4.50"
        assert (
            await send(browser, "/contracts", of(refused, "/contracts") | {"sample_rate": ["20"]})
        ).to == client
        (contract,) = world.sql(client_id, "select id, terms, calendar_id from contract")
        assert contract.terms["pricing"]["data"]["unit_price"] == "4.50"
        assert contract.terms["approval"] == {"required": True, "deemed_days": 2}
        assert contract.calendar_id == calendar.id

        path = f"/contracts/{contract.id}"
        form = of(await browser.get(path), path)
        world.sql(client_id, "update contract set name = 'Renamed', row_version = row_version + 1")
        stale = await send(browser, path, form | {"unit_price": ["5.00"]})
        assert stale.status == 412
        assert "Renamed" in stale.text
        assert (await send(browser, path, of(stale, path))).to == client
        assert (
            world.sql(client_id, "select terms from contract")[0].terms["pricing"]["data"]["unit_price"]
            == "5.00"
        )

        shown = of(await browser.get(client), client)
        world.sql(client_id, "update client set address = 'Elsewhere' where id = %s", (client_id,))
        late = await send(browser, client, shown | {"name": ["Gamma Ltd"]})
        assert late.status == 412
        assert "Elsewhere" in late.text


async def test_staff_who_only_read_get_no_form_and_another_client_is_not_there(world: World) -> None:
    async with browsing(world, world.person(world.provider, ("success", world.acme))) as browser:
        page = await browser.get(f"/clients/{world.acme}")
        assert page.status == 200
        assert not page.all("//main//button[contains(@class,'main-act')]")
        assert (await browser.get(f"/clients/{world.beta}")).status == 404
        token = (await browser.get("/account")).form("/logout")
        assert (await browser.post(f"/clients/{world.acme}", {**token, "name": "Mine"})).status == 403


# --- an installation that just began ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty(postgres_cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    urls = postgres_cluster.migrated_database()
    with world_on(urls, tmp_path_factory.mktemp("empty"), clients=()) as made:
        yield made
    postgres_cluster.drop(urls)


async def test_an_owner_is_led_from_nothing_to_a_first_document(empty: World) -> None:
    empty.sql(empty.provider, "update client set name = 'Provider'")
    owner = empty.person(empty.provider, ("admin", None), ("ops", None))
    async with browsing(empty, owner) as browser:
        assert (await browser.get("/")).to == "/welcome"

        async def step(which: str, **typed: str) -> Page:
            page = await browser.get("/welcome")
            path = f"/welcome/{which}"
            return await browser.post(path, {**page.form(path), **typed})

        assert "Give your company its own name" in (await step("company", name="Provider")).text
        assert (await step("company", name="Saraswati Services", state_code="29")).to == "/welcome"
        again = await step("client", name="Kaveri", slug="Not A Slug", prefix="KAV")
        assert again.status == 422
        assert again.form("/welcome/client")["name"] == "Kaveri"
        unsaid = await step("client", name="कावेरी")
        assert "No short name can be made" in unsaid.text
        assert unsaid.all("//details[@open]//input/@name") == ["slug", "prefix"]
        assert (await step("client", name="Kaveri Foods Ltd.", state_code="29")).status == 303
        (client,) = (await browser.get("/welcome")).all("//li[.//h2/small='Kaveri Foods Ltd.']//a/@href")
        assert "kaveri · KAVER" in (await browser.get(client)).text
        assert (await step("contract", unit_price="free")).status == 422
        assert (await step("contract", unit_price="9.00")).status == 303
        assert (await step("people", name="Meera", email="meera@s.example", review="on")).status == 303
        page = await browser.get("/welcome")
        form = page.form("/welcome/document")
        sent = await browser.client.post(
            "/welcome/document", data=form, files={"files": ("", b"")}, headers=SAME_SITE
        )
        assert sent.status_code == 303, sent.text
        page = await browser.get("/welcome")
        assert "You are set up" in page.text
        led = page.all("//ol[contains(@class,'steps')]//a/@href")
        assert len(led) == 5
        for href in led:
            assert (await browser.get(href)).status == 200, href

    reach = [row.id for row in empty.sql(empty.provider, "select id from client")]
    with empty.services.database.system() as connection:
        client_id = next(
            row.id
            for row in connection.exec_driver_sql("select id, kind from all_clients()")
            if row.kind == "client"
        )
    assert client_id not in reach
    (document,) = empty.sql(client_id, "select filename, size from document")
    assert document.filename.endswith(".pdf")
    assert document.size > 1_000
    roles = {
        row.role
        for row in empty.sql(empty.provider, "select role from user_grant where user_id = %s", (owner.id,))
    }
    assert {"admin", "ops", "qa", "lead", "desk"} <= roles
    (agent,) = empty.sql(
        empty.provider, "select skills, certifications from app_user where email = 'meera@s.example'"
    )
    assert "data_entry" in agent.skills
    assert "data_entry" in agent.certifications


async def test_the_steps_are_the_owners_alone(empty: World) -> None:
    async with browsing(empty, empty.person(empty.provider, ("lead", None))) as browser:
        assert (await browser.get("/welcome")).status == 403
        assert (await browser.get("/")).to == "/work"


async def test_the_list_of_people_says_how_busy_who_works_is(world: World, admin: Person) -> None:
    busy = world.person(world.provider, ("agent", None), skills=["data_entry"], capacity=4)
    ticket = world.ticket(world.acme)
    for _ in range(3):
        world.task(world.acme, ticket, assigned_to=busy.id, skill="data_entry")
    world.task(world.acme, ticket, assigned_to=busy.id, skill="data_entry", state="done")
    async with browsing(world, world.person(world.provider, ("wfm", None))) as browser:
        page = await browser.get("/people")
        cell = page.tree.xpath(f"//tr[.//a[@href='/people/{busy.id}']]/td[contains(@class, 'load')]")[0]
        assert cell.text_content().strip() == "3 of 4"
    async with browsing(world, world.person(world.acme, ("client_admin", world.acme))) as browser:
        assert "Open tasks" not in (await browser.get("/people")).text  # its people take no work


async def test_who_keeps_the_people_begins_with_them(world: World) -> None:
    async with browsing(world, world.person(world.provider, ("hr", None))) as browser:
        assert (await browser.get("/")).to == "/people"
