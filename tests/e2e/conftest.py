"""A browser, and the app served with what a test file plants in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.site import SHELL, Site, chromium, served
from ticketos.dev.database import PostgresUrls


@pytest.fixture(scope="module")
def site(
    request: pytest.FixtureRequest, database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The app on a database of its own, with what the file's ``seeded`` plants."""
    with served(database, tmp_path_factory.mktemp("site")) as made:
        yield request.module.seeded(made)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless browser."""
    with chromium(SHELL) as made:
        yield made
