"""Every page and every form: who may come in, and that no form is taken without its token. The cases come from the
portal's own table of rules, so a new page is tested the moment it is listed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from api.access import ALL, Rule
from api.portal import PORTAL_RULES
from api.principal import CLIENT_ROLES
from tests.support.api import Person, World, world_on
from tests.support.portal import SAME_SITE, browsing
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls

OPEN_ENDED = {("GET", "/live")}
"""Answers that do not end by themselves."""
PAGES = sorted(
    (key, rule)
    for key, rule in PORTAL_RULES.items()
    if key[0] == "GET" and not rule.public and key not in OPEN_ENDED
)
FORMS = sorted((key, rule) for key, rule in PORTAL_RULES.items() if key[0] == "POST" and not rule.public)


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        yield made


@pytest.fixture(scope="module")
def people(world: World) -> Callable[[str], Person]:
    known: dict[str, Person] = {}

    def person(role: str) -> Person:
        if role not in known:
            home = world.acme if role in CLIENT_ROLES else world.provider
            known[role] = world.person(home, (role, world.acme if role in CLIENT_ROLES else None))
        return known[role]

    return person


def unknown(path: str) -> str:
    return re.sub(r"\{[^}]+\}", lambda _: str(new_id()), path)


@pytest.mark.parametrize(("key", "rule"), PAGES, ids=[path for (_, path), _ in PAGES])
async def test_a_page_opens_for_its_roles_and_for_nobody_else(
    world: World, people: Callable[[str], Person], key: tuple[str, str], rule: Rule
) -> None:
    async with browsing(world) as browser:
        stranger = await browser.get(unknown(key[1]))
        assert stranger.status in (303, 401), stranger.text
        for role in sorted(ALL):
            browser.becomes(people(role))
            answer = await browser.get(unknown(key[1]))
            if role in rule.roles:
                allowed = (404,) if "{" in key[1] else (200, 303, 404)
                assert answer.status in allowed or answer.status == 303, (
                    role,
                    answer.status,
                    answer.text[:300],
                )
            else:
                assert answer.status == 403, (role, answer.status)


@pytest.mark.parametrize(("key", "rule"), FORMS, ids=[path for (_, path), _ in FORMS])
async def test_a_form_is_taken_with_its_token_alone(
    world: World, people: Callable[[str], Person], key: tuple[str, str], rule: Rule
) -> None:
    role = sorted(rule.roles)[0]
    async with browsing(world, people(role)) as browser:
        path = unknown(key[1])
        bare = await browser.client.post(path, data={"reason": "x"}, headers=SAME_SITE)
        assert bare.status_code == 403, bare.text
        foreign = await browser.client.post(
            path,
            data={"reason": "x"},
            headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        )
        assert foreign.status_code == 403


@pytest.mark.parametrize(("key", "rule"), FORMS, ids=[path for (_, path), _ in FORMS])
async def test_a_form_with_foreign_or_unknown_ids_finds_nothing(
    world: World, people: Callable[[str], Person], key: tuple[str, str], rule: Rule
) -> None:
    if "{" not in key[1]:
        return
    role = sorted(rule.roles)[0]
    async with browsing(world, people(role)) as browser:
        token = (await browser.get("/account")).form("/logout")
        answer = await browser.post(unknown(key[1]), {**token, "reason": "because"})
        assert answer.status in (404, 403, 422, 303), (role, answer.status, answer.text[:300])
        assert answer.status != 500
