"""Sign-in, sessions, keys, people and admin by HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import PASSWORD, World, world_on
from ticketos.db.ids import new_id
from ticketos.db.repositories.first_account import bootstrap
from ticketos.dev.database import PostgresUrls

WEEK = {"zone": "Asia/Kolkata", "weekly": [[["09:00", "17:30"]]] * 5 + [[], []]}


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("api")
    with world_on(database, folder) as made:
        yield made


async def test_five_wrong_passwords_lock_the_account_and_every_refusal_sounds_the_same(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    async with world.http() as http:
        unknown = await http.post("/v1/sessions", json={"email": "nobody@x.example", "password": "wrong"})
        wrong = [
            await http.post("/v1/sessions", json={"email": person.email, "password": "wrong"})
            for _ in range(5)
        ]
        right = await http.post("/v1/sessions", json={"email": person.email, "password": PASSWORD})
        world.sql(
            world.acme,
            "update app_user set locked_until = now() - interval '1 second' where id = %s",
            (person.id,),
        )
        later = await http.post("/v1/sessions", json={"email": person.email, "password": PASSWORD})
    bodies = [{**answer.json(), "trace_id": ""} for answer in (unknown, *wrong, right)]
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "sign-in-refused"
    assert right.status_code == 401
    assert later.status_code == 201
    events = world.sql(
        world.acme, "select event from audit_event where actor_id = %s order by seq", (str(person.id),)
    )
    assert [row.event for row in events] == ["access.sign_in_failed"] * 6 + ["access.signed_in"]


async def test_a_session_ends_when_signed_out_and_when_its_owner_is_switched_off(world: World) -> None:
    admin = world.person(world.provider, ("admin", None))
    one, other = (world.person(world.acme, ("client_user", world.acme)) for _ in range(2))
    async with world.http() as http:
        assert (await http.get("/v1/me", headers=one.headers)).json()["email"] == one.email
        assert (await http.delete("/v1/sessions/current", headers=one.headers)).status_code == 204
        signed_out = await http.get("/v1/me", headers=one.headers)
        assert (await http.get("/v1/me", headers=other.headers)).status_code == 200
        await http.patch(f"/v1/users/{other.id}", json={"active": False}, headers=admin.headers)
        switched_off = await http.get("/v1/me", headers=other.headers)
    assert (signed_out.status_code, switched_off.status_code) == (401, 401)


async def test_a_browser_acts_from_our_own_pages_alone(world: World) -> None:
    person = world.person(world.acme, ("client_user", world.acme))
    async with world.http() as http:
        answer = await http.post("/v1/sessions", json={"email": person.email, "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        own = await http.post(
            "/v1/tickets", json={"subject": "own"}, headers={"Sec-Fetch-Site": "same-origin"}
        )
        old = await http.post(
            "/v1/tickets", json={"subject": "old"}, headers={"Origin": "http://localhost:8080"}
        )
        cross = await http.post(
            "/v1/tickets", json={"subject": "x"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        silent = await http.post("/v1/tickets", json={"subject": "x"})
        reading = await http.get("/v1/tickets", headers={"Sec-Fetch-Site": "cross-site"})
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (own.status_code, old.status_code, reading.status_code) == (201, 201, 200)
    assert [a.json()["code"] for a in (cross, silent)] == ["cross-site-request"] * 2


async def test_a_key_is_shown_once_works_and_is_revoked(world: World) -> None:
    person = world.person(world.acme, ("client_admin", world.acme))
    async with world.http(person) as http:
        body = {"name": "ERP", "scopes": ["tickets:read", "tickets:write"]}
        made = await http.post("/v1/api-keys", json=body, headers={"Idempotency-Key": "key-1"})
        again = await http.post("/v1/api-keys", json=body, headers={"Idempotency-Key": "key-1"})
        secret = {"Authorization": f"Bearer {made.json()['key']}"}
        used = await http.post("/v1/tickets", json={"subject": "by key"}, headers=secret)
        refused = await http.get("/v1/users", headers=secret)
        listed = (await http.get("/v1/api-keys")).json()["items"]
        gone = await http.delete(f"/v1/api-keys/{made.json()['id']}")
        after = await http.get("/v1/tickets", headers=secret)
    assert made.json()["key"].startswith("tos_k_")
    assert made.json()["key"] not in again.text
    assert again.json()["id"] == made.json()["id"]
    assert used.status_code == 201
    assert refused.json()["code"] == "scope-missing"
    assert [(one["prefix"], one["last_used_at"] is not None) for one in listed] == [
        (made.json()["key"][:14], True)
    ]
    assert (gone.status_code, after.status_code) == (204, 401)
    stored = world.sql(world.acme, "select * from idempotency_record where key = 'key-1'")
    assert made.json()["key"] not in str(stored)


async def test_a_clients_administrator_manages_its_own_people_and_no_more(world: World) -> None:
    boss = world.person(world.acme, ("client_admin", world.acme))
    provider_admin = world.person(world.provider, ("admin", None))
    async with world.http(boss) as http:
        made = await http.post(
            "/v1/users",
            json={
                "email": "new@acme.example",
                "name": "New",
                "grants": [{"role": "client_user", "client_id": str(world.acme)}],
            },
        )
        taken = await http.post("/v1/users", json={"email": "NEW@acme.example", "name": "New"})
        upward = await http.post(
            "/v1/users",
            json={
                "email": "x@acme.example",
                "name": "X",
                "grants": [{"role": "admin", "client_id": str(world.acme)}],
            },
        )
        abroad = await http.post(
            "/v1/users", json={"email": "x@beta.example", "name": "X", "client_id": str(world.beta)}
        )
        foreign = await http.patch(
            f"/v1/users/{provider_admin.id}", json={"password": "a long enough password"}
        )
    assert made.status_code == 201
    assert taken.json()["code"] == "email-taken"
    assert upward.json()["code"] == "grant-not-yours"
    assert (abroad.status_code, foreign.status_code) == (404, 404)


async def test_somebody_of_a_client_gets_no_role_beyond_their_company(world: World) -> None:
    admin, buyer = world.person(world.provider, ("admin", None)), world.person(world.acme)
    async with world.http(admin) as http:
        for scope in (None, str(world.beta)):
            body = {"grants": [{"role": "ops", "client_id": scope}]}
            edited = await http.patch(f"/v1/users/{buyer.id}", json=body)
            fresh = {"email": "y@acme.example", "name": "Y", "client_id": str(world.acme)}
            made = await http.post("/v1/users", json=fresh | body)
            assert (edited.status_code, edited.json()["code"]) == (422, "grant-outside-company")
            assert made.json()["code"] == "grant-outside-company"
        own = {"grants": [{"role": "client_user", "client_id": str(world.acme)}]}
        assert (await http.patch(f"/v1/users/{buyer.id}", json=own)).status_code == 200


async def test_nobody_takes_over_somebody_with_more_rights(world: World) -> None:
    clerk = world.person(world.provider, ("hr", world.provider))
    admin = world.person(world.provider, ("admin", None))
    colleague = world.person(world.provider)
    async with world.http(clerk) as http:
        skills = await http.patch(f"/v1/users/{colleague.id}", json={"skills": ["data_entry"]})
        takeover = await http.patch(f"/v1/users/{admin.id}", json={"password": "a long enough password"})
        stripped = await http.patch(f"/v1/users/{admin.id}", json={"grants": []})
    assert skills.status_code == 200
    assert skills.json()["skills"] == ["data_entry"]
    assert takeover.json()["code"] == stripped.json()["code"] == "grant-not-yours"


async def test_clients_contracts_and_calendars_are_kept_checked_and_audited(world: World) -> None:
    admin = world.person(world.provider, ("admin", None))
    async with world.http(admin) as http:
        client = await http.post("/v1/clients", json={"slug": "gamma", "prefix": "GAMMA", "name": "Gamma"})
        again = await http.post("/v1/clients", json={"slug": "gamma", "prefix": "GAMMB", "name": "Gamma"})
        zone = await http.post(
            "/v1/clients", json={"slug": "delta", "prefix": "DELTA", "name": "D", "zone": "Mars/Base"}
        )
        client_id = client.json()["id"]
        calendar = await http.post(
            "/v1/calendars", json={"client_id": client_id, "name": "Office", "definition": WEEK}
        )
        broken = await http.post(
            "/v1/calendars", json={"client_id": client_id, "name": "Bad", "definition": {"zone": "x"}}
        )
        contract = {
            "client_id": client_id,
            "number": "SOW-1",
            "name": "Invoices",
            "service_line": "data_entry",
            "starts_on": "2026-04-01",
            "calendar_id": calendar.json()["id"],
            "terms": {"sla": {"turnaround_s": {"standard": 3600}}},
        }
        made = await http.post("/v1/contracts", json=contract)
        terms = await http.post(
            "/v1/contracts", json={**contract, "number": "SOW-2", "terms": {"sla": {"ladder_s": "x"}}}
        )
        dates = await http.post(
            "/v1/contracts", json={**contract, "number": "SOW-3", "ends_on": "2026-03-01"}
        )
        edited = await http.patch(
            f"/v1/contracts/{made.json()['id']}",
            json={"ends_on": "2027-03-31"},
            headers={"If-Match": made.headers["etag"]},
        )
        stale = await http.patch(
            f"/v1/contracts/{made.json()['id']}",
            json={"ends_on": None},
            headers={"If-Match": made.headers["etag"]},
        )
        renamed = await http.patch(
            f"/v1/clients/{client_id}",
            json={"name": "Gamma Ltd"},
            headers={"If-Match": client.headers["etag"]},
        )
        stale_client = await http.patch(
            f"/v1/clients/{client_id}", json={"name": "G"}, headers={"If-Match": client.headers["etag"]}
        )
    assert (client.status_code, calendar.status_code, made.status_code) == (201, 201, 201), made.text
    assert (again.json()["code"], zone.json()["code"]) == ("already-exists", "zone-unknown")
    assert broken.status_code == 422
    assert terms.json()["code"] == "terms-invalid"
    assert dates.json()["code"] == "dates-crossed"
    assert edited.json()["ends_on"] == "2027-03-31"
    assert renamed.json()["name"] == "Gamma Ltd"
    assert (stale.status_code, stale_client.status_code) == (412, 412)
    events = world.sql(client_id, "select event from audit_event where event like 'admin.%%' order by seq")
    assert [row.event for row in events] == [
        "admin.client_saved",
        "admin.calendar_saved",
        "admin.contract_saved",
        "admin.contract_saved",
        "admin.client_saved",
    ]


def test_bootstrap_makes_one_provider_and_never_a_second(
    postgres_cluster: object, world: World, tmp_path: Path
) -> None:
    from tests.support.databases import PostgresCluster

    assert isinstance(postgres_cluster, PostgresCluster)
    urls = postgres_cluster.migrated_database()
    from ticketos.db.session import Database

    services = world.services
    database = Database(urls.app, urls.system)
    try:
        first = bootstrap(database, services.clients, services.accounts, now=services.now, new_id=new_id)
        second = bootstrap(database, services.clients, services.accounts, now=services.now, new_id=new_id)
    finally:
        database.dispose()
        postgres_cluster.drop(urls)
    assert first is not None
    assert len(first.password) >= 16
    assert second is None


async def test_limits_are_told_and_kept(database: PostgresUrls, tmp_path: Path, world: World) -> None:
    from api.app import create_app_with
    from api.services import Options, Services

    services = world.services
    small = Services(
        database=services.database,
        keyring=services.keyring,
        objects=services.objects,
        audit=services.audit,
        acts=services.acts,
        now=services.now,
        new_id=new_id,
        options=Options(requests_per_minute=3),
    )
    person = world.person(world.acme, ("client_user", world.acme))
    limited = World(small, world.acts, create_app_with(small), world.provider, world.acme, world.beta)
    async with limited.http(person) as http:
        answers = [await http.get("/v1/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"default";q=3;w=60'
    assert answers[0].headers["ratelimit"].startswith('"default";r=2;t=')
    assert int(answers[3].headers["retry-after"]) >= 1
    assert answers[3].json()["code"] == "rate-limited"


async def test_every_answer_is_dressed_and_the_document_is_whole(world: World) -> None:
    async with world.http() as http:
        answer = await http.get("/v1/me", headers={"X-Request-Id": "trace-12345678"})
        document = (await http.get("/openapi.json")).json()
        alive = await http.get("/healthz")
    assert answer.json()["trace_id"] == answer.headers["x-request-id"] == "trace-12345678"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert alive.json()["status"] == "ok"
    assert document["openapi"].startswith("3.1")
    raising = document["paths"]["/v1/tickets"]["post"]
    assert raising["x-scope"] == "tickets:write"
    assert "client_user" in raising["x-roles"]
    assert "application/problem+json" in raising["responses"]["422"]["content"]
    assert "NewTicket" in document["components"]["schemas"]
