"""Signing in through a real identity provider: there and back, who gets in, and every way in which nobody does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from api.oidc import Provider, Registration
from tests.support.api import Person, World, world_on
from tests.support.oidc import CLIENT, PUBLIC_CLIENT, SECRET, IdentityProvider, identity_provider
from tests.support.portal import BASE, Browser, Page, browsing
from ticketos.dev.database import PostgresUrls
from ticketos.domain.totp import code_at, step_of

BACK = f"{BASE}/login/oidc/back"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal"), public_url=BASE) as made:
        yield made


@pytest.fixture(scope="module")
def issuer() -> Iterator[IdentityProvider]:
    with identity_provider(BACK, f"{BASE}/login") as made:
        yield made


@pytest.fixture
def provider(world: World, issuer: IdentityProvider) -> Iterator[IdentityProvider]:
    """The provider, configured, with nothing told to it yet."""
    _configure(world, issuer)
    issuer.told(account="", verified=True, amr=None, deny=False)
    yield issuer
    world.services.oidc = None


def _configure(world: World, issuer: IdentityProvider, **more: Any) -> None:
    values: dict[str, Any] = {"client_id": CLIENT, "secret": SECRET, "name": "Acme SSO", **more}
    world.services.oidc = Provider(
        Registration(issuer=issuer.issuer, **values), world.services.keyring, world.services.now, BASE
    )


async def _there(browser: Browser, wanted: str = "") -> str:
    sent = await browser.get("/login/oidc" + (f"?{urlencode({'next': wanted})}" if wanted else ""))
    assert sent.status == 303, sent.text
    return sent.to


async def _back(browser: Browser, address: str) -> Page:
    assert address.startswith(f"{BACK}?"), address
    return await browser.get(address.removeprefix(BASE), **{"Sec-Fetch-Site": "cross-site"})


async def _through(browser: Browser, provider: IdentityProvider, person: str, wanted: str = "") -> Page:
    provider.told(account=person)
    return await _back(browser, provider.visit(await _there(browser, wanted)))


def _signed_in(browser: Browser) -> bool:
    return "tos_session" in browser.client.cookies


async def test_the_button_is_there_only_where_a_provider_is(world: World, provider: IdentityProvider) -> None:
    async with browsing(world) as browser:
        page = await browser.get("/login?next=/work")
        assert page.all("//a[@href='/login/oidc?next=%2Fwork']") == ["Sign in with Acme SSO"]
        world.services.oidc = None
        assert "Acme SSO" not in (await browser.get("/login")).text
        for path in ("/login/oidc", "/login/oidc/back?code=x&state=y", "/login/oidc/out"):
            assert (await browser.get(path)).status == 404, path


@pytest.mark.parametrize("client", [CLIENT, PUBLIC_CLIENT])
async def test_a_person_with_an_account_comes_in_where_they_wanted_to(
    world: World, provider: IdentityProvider, client: str
) -> None:
    _configure(world, provider, client_id=client, secret=SECRET if client == CLIENT else None)
    person = world.person(world.provider, ("agent", None))
    async with browsing(world) as browser:
        browser.client.cookies.set("tos_session", "tos_s_planted", domain="localhost.local", path="/")
        address = await _there(browser, "/account?tab=keys")
        asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        assert {"state", "nonce", "code_challenge"} <= asked.keys() and asked["scope"].split()[0] == "openid"
        provider.told(account=person.email.upper())  # addresses are one whatever their letters
        came = await _back(browser, provider.visit(address))
        assert (came.status, came.to) == (303, "/account?tab=keys"), came.text
        set_now = [c for c in came.answer.headers.get_list("set-cookie") if c.startswith("tos_session=")]
        assert len(set_now) == 1 and "planted" not in set_now[0] and "HttpOnly" in set_now[0]
        assert (await browser.get("/account")).status == 200
    rows = world.sql(
        world.provider,
        "select after from audit_event where event = 'access.signed_in' and actor_id = %s order by seq desc",
        (str(person.id),),
    )
    assert rows[0].after == {"by": provider.issuer}


async def test_an_account_is_never_made_by_signing_in(world: World, provider: IdentityProvider) -> None:
    async with browsing(world) as browser:
        came = await _through(browser, provider, "nobody@elsewhere.example")
        assert came.status == 403
        assert "There is no account for nobody@elsewhere.example" in came.text
        assert not _signed_in(browser)
    assert world.sql(world.provider, "select 1 from app_user where email like 'nobody@%%'") == []


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_address_that_is_not_verified_is_nobodys(
    world: World, provider: IdentityProvider, verified: object
) -> None:
    person = world.person(world.provider, ("agent", None))
    provider.told(verified=verified)
    async with browsing(world) as browser:
        came = await _through(browser, provider, person.email)
        assert came.status == 403 and "has verified" in came.text
        assert not _signed_in(browser)


async def test_who_is_switched_off_or_locked_stays_out(world: World, provider: IdentityProvider) -> None:
    gone = _off(world)
    locked = world.person(world.provider, ("agent", None))
    world.sql(
        world.provider,
        "update app_user set locked_until = now() + interval '1 hour' where id = %s",
        (locked.id,),
    )
    for person in (gone, locked):
        async with browsing(world) as browser:
            came = await _through(browser, provider, person.email)
            assert came.status == 401 and "Sign-in refused" in came.text
            assert not _signed_in(browser)


def _off(world: World) -> Person:
    person = world.person(world.provider, ("agent", None))
    world.sql(world.provider, "update app_user set active = false where id = %s", (person.id,))
    return person


async def test_who_has_no_password_may_still_come_in(world: World, provider: IdentityProvider) -> None:
    person = world.person(world.provider, ("agent", None))
    world.sql(world.provider, "update app_user set password_hash = null where id = %s", (person.id,))
    async with browsing(world) as browser:
        assert (await _through(browser, provider, person.email)).to == "/"
        assert _signed_in(browser)


async def _with_factor(world: World) -> tuple[Person, bytes, int]:
    person = world.person(world.provider, ("agent", None))
    secret, now = b"0123456789abcdefghij", datetime.now(UTC)
    with world.services.database.transaction([world.provider]) as connection:
        from ticketos.domain.state import SYSTEM

        world.services.second_factor.switch_on(
            connection,
            world.provider,
            person.id,
            secret,
            code_at(secret, step_of(now) - 1),
            now=now,
            actor=SYSTEM,
        )
    return person, secret, step_of(now)


async def test_the_second_factor_stays_needed(world: World, provider: IdentityProvider) -> None:
    """One's own code is asked for whatever the provider says it did, unless the operator trusts that."""
    person, secret, step = await _with_factor(world)
    provider.told(amr=["pwd", "otp", "mfa"])
    async with browsing(world) as browser:
        came = await _through(browser, provider, person.email, "/account")
        assert came.to == "/login/code" and not _signed_in(browser)
        assert (await browser.submit("/login/code", "/login/code", code="000000")).status == 401
        entered = await browser.submit("/login/code", "/login/code", code=code_at(secret, step + 1))
        assert (entered.status, entered.to) == (303, "/account")


async def test_a_factor_shown_there_counts_where_the_operator_says_so(
    world: World, provider: IdentityProvider
) -> None:
    person, _, _ = await _with_factor(world)
    _configure(world, provider, trust_factor=True)
    provider.told(inToken=True, rotate=True)
    for methods, to in (
        (["pwd"], "/login/code"),
        (None, "/login/code"),
        (["pwd", "mfa"], "/"),
    ):
        provider.told(amr=methods)
        async with browsing(world) as browser:
            assert (await _through(browser, provider, person.email)).to == to, methods


async def test_an_answer_belongs_to_one_browser_and_counts_once(
    world: World, provider: IdentityProvider
) -> None:
    person = world.person(world.provider, ("agent", None))
    provider.told(account=person.email)
    async with browsing(world) as one, browsing(world) as other:
        answer = provider.visit(await _there(one))
        await _there(other)
        for browser in (other,):  # somebody is sent the answer to another's sign-in
            planted = await _back(browser, answer)
            assert planted.status == 401 and "Begin again" in planted.text
            assert not _signed_in(browser)
        assert (await _back(one, answer)).status == 303
        one.client.cookies.clear()
        assert (await _back(one, answer)).status == 401
    async with browsing(world) as browser:  # the same code with a cookie of its own
        answer = provider.visit(await _there(browser))
        kept = dict(browser.client.cookies)
        assert (await _back(browser, answer)).status == 303
        browser.client.cookies.clear()
        browser.client.cookies.set("tos_oidc", kept["tos_oidc"], domain="localhost.local", path="/login/oidc")
        again = await _back(browser, answer)
        assert again.status == 401 and "could not be verified" in again.text
        assert not _signed_in(browser)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "another"},
        {"state": ""},
        {"code": "guessed"},
        {"iss": "https://evil.example"},
        {"code": "", "error": "server_error"},
    ],
)
async def test_an_answer_that_was_changed_is_refused(
    world: World, provider: IdentityProvider, change: dict[str, str]
) -> None:
    person = world.person(world.provider, ("agent", None))
    provider.told(account=person.email)
    async with browsing(world) as browser:
        answer = provider.visit(await _there(browser))
        given = {name: value[0] for name, value in parse_qs(urlsplit(answer).query).items()}
        sent = {name: value for name, value in {**given, **change}.items() if value}
        came = await _back(browser, f"{BACK}?{urlencode(sent)}")
        assert came.status == 401, came.text
        assert not _signed_in(browser)


async def test_no_is_said_in_words_and_nothing_of_theirs_is_shown(
    world: World, provider: IdentityProvider
) -> None:
    provider.told(deny=True)
    async with browsing(world) as browser:
        came = await _through(browser, provider, "x@y.example")
        assert came.status == 401 and "Acme SSO did not sign you in" in came.text
        assert "<b>no</b>" not in came.answer.text


async def test_it_took_too_long(
    world: World, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = world.person(world.provider, ("agent", None))
    provider.told(account=person.email)
    async with browsing(world) as browser:
        answer = provider.visit(await _there(browser))
        later = datetime.now(UTC) + timedelta(minutes=11)
        monkeypatch.setattr(world.services.oidc, "_now", lambda: later)
        came = await _back(browser, answer)
        assert came.status == 401 and "took too long" in came.text


async def test_new_keys_of_the_provider_are_found(world: World, provider: IdentityProvider) -> None:
    person = world.person(world.provider, ("agent", None))
    for _ in range(2):
        async with browsing(world) as browser:
            assert (await _through(browser, provider, person.email)).to == "/"
        provider.told(rotate=True)


async def test_a_provider_that_is_away_is_said_and_the_password_still_works(
    world: World, provider: IdentityProvider
) -> None:
    person = world.person(world.provider, ("agent", None))
    world.services.oidc = Provider(
        Registration("http://localhost:9", CLIENT, SECRET, "Acme SSO"),
        world.services.keyring,
        world.services.now,
        BASE,
    )
    async with browsing(world) as browser:
        away = await browser.get("/login/oidc")
        assert away.status == 503 and "cannot be reached" in away.text
        assert (await browser.sign_in(person)).status == 303


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "/login/oidc"]
)
async def test_the_way_back_never_leads_to_another_host(
    world: World, provider: IdentityProvider, wanted: str
) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world) as browser:
        assert (await _through(browser, provider, person.email, wanted)).to == "/"


async def test_signing_out_leads_to_the_providers_own_way_out(
    world: World, provider: IdentityProvider
) -> None:
    person = world.person(world.provider, ("agent", None))
    async with browsing(world) as browser:
        await _through(browser, provider, person.email)
        await browser.submit("/account", "/logout")
        assert not _signed_in(browser)
        page = await browser.get("/login")
        assert page.all("//a[@href='/login/oidc/out']") == [
            "You are signed out here. Sign out of Acme SSO too"
        ]
        out = await browser.get("/login/oidc/out")
        assert out.to.startswith(
            f"{provider.issuer}/session/end?client_id=ticketos&post_logout_redirect_uri="
        )
        assert "/login/oidc/out" not in (await browser.get("/login")).answer.text
    async with browsing(world) as browser:
        await browser.sign_in(person)
        await browser.submit("/account", "/logout")
        assert "/login/oidc/out" not in (await browser.get("/login")).answer.text
