"""Signing in by form: password, second factor, where one lands, and what other sites cannot make one do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.api import PASSWORD, World, world_on
from tests.support.portal import SAME_SITE, browsing
from tests.support.qr import read_back
from ticketos.dev.database import PostgresUrls
from ticketos.domain.totp import code_at, step_of


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        yield made


async def test_a_page_sends_a_stranger_to_sign_in_and_back_with_its_filters(world: World) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world) as browser:
        sent = await browser.get("/account?tab=keys")
        assert (sent.status, sent.to) == (303, "/login?next=/account%3Ftab%3Dkeys")
        arrived = await browser.sign_in(person, to="/account%3Ftab%3Dkeys")
        assert (arrived.status, arrived.to) == (303, "/account?tab=keys")
        assert (await browser.get("/account")).status == 200


async def test_a_wrong_password_says_so_and_keeps_the_address(world: World) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world) as browser:
        refused = await browser.sign_in(person, "wrong")
        assert refused.status == 401
        assert "Sign-in refused" in refused.text
        assert refused.form("/login")["email"] == person.email
        assert "tos_session" not in browser.client.cookies


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "http:evil.example",
        "/login?next=/login",
        "///evil.example",
    ],
)
async def test_signing_in_never_leads_to_another_host(world: World, wanted: str) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world) as browser:
        page = await browser.client.get("/login", params={"next": wanted})
        assert "evil" not in str(page.text).split('name="next"')[1][:60] or wanted.startswith("/%09")
        form = {**(await browser.get("/login")).form("/login"), "next": wanted}
        sent = await browser.post("/login", {**form, "email": person.email, "password": PASSWORD})
        assert sent.status == 303
        assert sent.to.startswith("/") and not sent.to.startswith(("//", "/\\")), sent.to


async def test_a_session_is_always_a_new_one(world: World) -> None:
    """What somebody planted in the browser before is not what the person is signed in with."""
    person = world.person(world.provider, ("agent", None))
    async with browsing(world) as browser:
        browser.client.cookies.set("tos_session", "tos_s_planted", domain="localhost.local", path="/")
        page = await browser.sign_in(person)
        set_now = [c for c in page.answer.headers.get_list("set-cookie") if c.startswith("tos_session=")]
        assert len(set_now) == 1
        assert "planted" not in set_now[0]
        for part in ("HttpOnly", "SameSite=lax", "Path=/"):
            assert part in set_now[0]


async def test_a_session_of_the_second_factor_is_a_new_one_too(world: World) -> None:
    """Between password and code nobody is signed in, and what comes after the code was in no browser before."""
    person = world.person(world.provider, ("agent", None))
    async with browsing(world, person) as browser:
        offer = await browser.get("/account/factor")
        secret = _secret("".join(offer.all("//code[@id='factor-secret']")))
        now = step_of(datetime.now(UTC))
        await browser.post("/account/factor", {**offer.form("/account/factor"), "code": code_at(secret, now)})
    async with browsing(world) as browser:
        browser.client.cookies.set("tos_session", "tos_s_planted", domain="localhost.local", path="/")
        await browser.sign_in(person)
        half = browser.client.cookies["tos_half"]
        assert browser.client.cookies["tos_session"] == "tos_s_planted"
        assert (await browser.get("/account")).to.startswith("/login")
        async with world.http() as http:  # the note between the two opens nothing
            for token in (half, "tos_s_planted"):
                assert (
                    await http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
                ).status_code == 401
        entered = await browser.submit("/login/code", "/login/code", code=code_at(secret, now + 1))
        given = [c for c in entered.answer.headers.get_list("set-cookie") if c.startswith("tos_session=")]
        assert len(given) == 1 and "planted" not in given[0]
        assert "tos_half" not in browser.client.cookies
        assert person.token not in given[0]


async def test_a_form_of_another_site_is_refused(world: World) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world, person) as browser:
        form = (await browser.get("/account")).form("/logout")
        for headers in (
            {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "same-site", "Origin": "http://other.localhost:8080"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {},
        ):
            answer = await browser.client.post("/logout", data=form, headers=headers)
            assert answer.status_code == 403, headers
        assert (await browser.get("/account")).status == 200  # still signed in


async def test_a_form_without_its_token_or_with_somebody_elses_is_refused(world: World) -> None:
    one, two = (world.person(world.provider, ("agent", None)) for _ in range(2))
    async with browsing(world, one) as browser:
        mine = (await browser.get("/account")).form("/logout")
        for token in ("", "x" * 40, mine["_csrf"][:-2] + "AA"):
            answer = await browser.post("/logout", {**mine, "_csrf": token})
            assert answer.status == 403
            assert "This form has expired" in answer.text
    async with browsing(world, two) as browser:
        await browser.get("/account")
        answer = await browser.post("/logout", mine)
        assert answer.status == 403
        assert "This form has expired" in answer.text


async def test_signing_in_itself_needs_the_token(world: World) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world) as browser:
        answer = await browser.client.post(
            "/login", data={"email": person.email, "password": PASSWORD}, headers=SAME_SITE
        )
        assert answer.status_code == 403
        assert "tos_session" not in browser.client.cookies


async def test_signing_out_ends_the_session_everywhere(world: World) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world, person) as browser:
        left = await browser.submit("/account", "/logout")
        assert (left.status, left.to) == (303, "/login")
        assert "You are signed out" in (await browser.get("/login")).text
        async with world.http(person) as http:
            assert (await http.get("/v1/me")).status_code == 401


async def test_a_second_factor_is_set_up_asked_for_and_works_once(world: World) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world, person) as browser:
        offer = await browser.get("/account/factor")
        secret = _secret("".join(offer.all("//code[@id='factor-secret']")))
        (picture,) = offer.tree.xpath("//*[name()='svg'][contains(@class, 'qr')]")
        (address,) = offer.all("//a[starts-with(@href, 'otpauth:')]/@href")
        assert read_back(picture) == address
        assert offer.answer.headers["cache-control"] == "no-store"
        wrong = await browser.post("/account/factor", {**offer.form("/account/factor"), "code": "000000"})
        assert wrong.status == 401
        assert "".join(wrong.all("//code[@id='factor-secret']")) == "".join(
            offer.all("//code[@id='factor-secret']")
        )  # the same secret again: what was scanned stays right
        (again,) = wrong.tree.xpath("//*[name()='svg'][contains(@class, 'qr')]")
        assert read_back(again) == address
        code = code_at(secret, step_of(datetime.now(UTC)))
        on = await browser.post("/account/factor", {**wrong.form("/account/factor"), "code": code})
        recovery = on.all("//ul[@id='recovery']//code")
        assert not on.tree.xpath("//*[name()='svg'][contains(@class, 'qr')]")
        assert len(set(recovery)) == 10
    async with browsing(world) as browser:
        asked = await browser.sign_in(person, to="/account")
        assert asked.to == "/login/code"
        assert "tos_session" not in browser.client.cookies
        used = await browser.submit("/login/code", "/login/code", code=code)
        assert used.status == 401  # it was used for setting up
        later = code_at(secret, step_of(datetime.now(UTC) + timedelta(seconds=30)))
        entered = await browser.submit("/login/code", "/login/code", code=later)
        assert (entered.status, entered.to) == (303, "/account")
    for code, status in ((recovery[0].upper(), 303), (recovery[0], 401)):
        async with browsing(world) as browser:
            await browser.sign_in(person)
            assert (await browser.submit("/login/code", "/login/code", code=code)).status == status
    async with world.http() as http:
        body = {"email": person.email, "password": PASSWORD}
        without = await http.post("/v1/sessions", json=body)
        assert (without.status_code, without.json()["code"]) == (401, "code-needed")
        assert (await http.post("/v1/sessions", json={**body, "code": recovery[1]})).status_code == 201


async def test_guessing_codes_locks_the_account(world: World) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world, person) as browser:
        offer = await browser.get("/account/factor")
        secret = _secret("".join(offer.all("//code[@id='factor-secret']")))
        now = step_of(datetime.now(UTC))
        await browser.post("/account/factor", {**offer.form("/account/factor"), "code": code_at(secret, now)})
    async with browsing(world) as browser:
        await browser.sign_in(person)
        for _ in range(5):
            await browser.submit("/login/code", "/login/code", code="111111")
        right = code_at(secret, step_of(datetime.now(UTC)) + 1)
        assert (await browser.submit("/login/code", "/login/code", code=right)).status == 401
    async with browsing(world) as browser:
        assert (await browser.sign_in(person)).status == 401


async def test_the_factor_goes_only_with_the_password(world: World) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world, person) as browser:
        offer = await browser.get("/account/factor")
        secret = _secret("".join(offer.all("//code[@id='factor-secret']")))
        code = code_at(secret, step_of(datetime.now(UTC)))
        await browser.post("/account/factor", {**offer.form("/account/factor"), "code": code})
        refused = await browser.submit("/account", "/account/factor/off", password="not mine")
        assert refused.status == 401
        gone = await browser.submit("/account", "/account/factor/off", password=PASSWORD)
        assert gone.to == "/account#factor"
    rows = world.sql(world.provider, "select totp_secret from app_user where id = %s", (person.id,))
    assert rows[0].totp_secret is None


async def test_keys_and_sessions_are_ones_own(world: World) -> None:
    person, other = (world.person(world.provider, ("agent", None)) for _ in range(2))
    async with browsing(world, person) as browser:
        none = await browser.submit("/account", "/account/keys", name="")
        assert none.status == 422
        fields = {"name": "ERP", "scopes": "tasks:read"}
        page = await browser.get("/account")
        sent = {**page.form("/account/keys"), **fields}
        made = await browser.post("/account/keys", sent)
        (secret,) = made.all("//code[@id='secret']")
        assert secret.startswith("tos_k_")
        again = await browser.post("/account/keys", sent)  # a double click makes one key, shown once
        assert again.all("//code[@id='secret']") == []
        assert len(world.sql(world.provider, "select 1 from api_key where user_id = %s", (person.id,))) == 1
        async with world.http() as http:
            assert (
                await http.get("/v1/tasks", headers={"Authorization": f"Bearer {secret}"})
            ).status_code == 200
        key_id = world.sql(world.provider, "select id from api_key where user_id = %s", (person.id,))[0].id
    async with browsing(world, other) as browser:
        form = (await browser.get("/account")).form("/logout")
        assert (await browser.post(f"/account/keys/{key_id}/revoke", form)).status == 404
        mine = world.sql(world.provider, "select id from user_session where user_id = %s", (person.id,))[0].id
        assert (await browser.post(f"/account/sessions/{mine}/end", form)).status == 404


async def test_pages_may_load_nothing_from_elsewhere(world: World) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world, person) as browser:
        page = await browser.get("/account")
        policy = page.answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        nonce = policy.split("'nonce-")[1].split("'")[0]
        for tag in page.tree.xpath("//script | //link[@rel='stylesheet']"):
            assert tag.get("nonce") == nonce
        assert not page.tree.xpath("//@style | //@onclick | //style | //script[not(@src)]")
        addresses = page.all("//@src | //@href | //@action")
        assert all(one.startswith(("/", "#")) and not one.startswith("//") for one in addresses), addresses
        second = await browser.get("/account")
        assert nonce not in second.answer.headers["content-security-policy"]
        for one in page.all("//link/@href | //script/@src"):
            served = await browser.client.get(one)
            assert served.status_code == 200
            assert "immutable" in served.headers["cache-control"]
        for bad in ("/static/x/../page.py", "/static/x/..%2fpage.py", "/static/x/nothing.css"):
            assert (await browser.client.get(bad)).status_code == 404


async def test_preferences_are_kept_and_wrong_ones_dropped(world: World) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world, person) as browser:
        await browser.submit("/account", "/preferences", zone="Europe/Berlin", shortcuts="on")
        assert "Europe/Berlin" in (await browser.get("/account")).all("//p[@class='side-foot']")[0]
        await browser.submit("/account", "/preferences", zone="../../etc/passwd")
        assert "Asia/Kolkata" in (await browser.get("/account")).all("//p[@class='side-foot']")[0]
        page = await browser.get("/account")
        dark = await browser.post(
            "/preferences/theme",
            {**page.form("/preferences/theme"), "theme": "dark", "next": "//evil.example"},
        )
        assert dark.to == "/"
        assert (await browser.get("/account")).all("/html/@data-theme") == ["dark"]


def _secret(spelled: str) -> bytes:
    import base64

    text = spelled.replace(" ", "")
    return base64.b32decode(text + "=" * (-len(text) % 8))
