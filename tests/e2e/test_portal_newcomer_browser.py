"""An owner's first five minutes in a real browser: from nothing to a first document by keyboard alone, typing only what
nobody else can know; every step keeps the rules of a page. The workflows are stood in for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.databases import PostgresCluster
from tests.support.site import CHROMIUM, Site, faults_of, served

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (system-packages.txt names it)"),
]
TYPED = {
    "company": ("Saraswati Services",),
    "client": ("Acme Foods Pvt Ltd",),
    "contract": ("9.50",),
    "people": ("Meera Nair", "meera@saraswati.example"),
    "document": (),
}
"""What an owner types in each step, in the order of the fields; everything else may stay as it is."""


@pytest.fixture(scope="module")
def site(postgres_cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    urls = postgres_cluster.migrated_database()
    with served(urls, tmp_path_factory.mktemp("newcomer"), clients=()) as made:
        made.world.sql(made.world.provider, "update client set name = 'Provider'")
        made.people = {"owner": made.world.person(made.world.provider, ("admin", None), ("ops", None))}
        yield made
    postgres_cluster.drop(urls)


def step(page: Page) -> str:
    """Which step is open."""
    action = page.locator("[aria-current=step] form").get_attribute("action")
    return str(action).rpartition("/")[2]


def test_an_owner_gets_from_nothing_to_a_first_document_by_keyboard(site: Site, browser: Browser) -> None:
    page = site.context(browser, "owner", viewport={"width": 390, "height": 844}).new_page()
    page.goto("/")
    found: list[str] = []
    for number, (name, words) in enumerate(TYPED.items(), 1):
        assert step(page) == name
        assert f"Step {number} of 5" in page.inner_text("[aria-current=step]")
        found += faults_of(page, name)
        for place, word in enumerate(words):
            if place:
                page.keyboard.press("Tab")
            page.keyboard.type(word)
        with page.expect_navigation():
            if words:
                page.keyboard.press("Enter")
            else:
                page.click("main button.main-act")
    assert "You are set up" in page.inner_text("main")
    found += faults_of(page, "all done")
    assert not found, "\n".join(found)
    for word in ("Saraswati Services", "Acme Foods Pvt Ltd", "1 agent"):
        assert word in page.inner_text("ol.steps")
    page.click("main a.main-act")
    assert page.inner_text("h1") == "First document"
